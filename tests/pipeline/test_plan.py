"""What is done about a list, by what is known of it: decided without asking anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from saldo.fortnox.resources import CATALOGUE, Declared, Resource
from saldo.pipeline import plan
from saldo.pipeline.plan import HONOURED, Mode, Step
from saldo.warehouse.landing import Cursor

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
AN_HOUR_AGO, YESTERDAY = NOW - timedelta(hours=1), NOW - timedelta(hours=21)
MONTHS_AGO = NOW - timedelta(days=31)

# Hot without and with rows, cold without and with rows.
CUSTOMERS, INVOICES = CATALOGUE["customers"], CATALOGUE["invoices"]
UNITS, ORDERS = CATALOGUE["units"], CATALOGUE["orders"]
COMPANY = CATALOGUE["companyinformation"]


def known(count: int, *, asked: datetime = AN_HOUR_AGO, swept: datetime | None = AN_HOUR_AGO) -> Cursor:
    return Cursor(asked_at=asked, swept_at=swept, record_count=count)


def step(resource: Resource, cursor: Cursor | None, verdict: str | None = HONOURED) -> Step | None:
    return plan.step(resource, cursor, verdict, NOW, anew=False)


@pytest.mark.parametrize(
    ("count", "requests"), [(0, 1), (1, 1), (500, 1), (501, 2), (999, 2), (1000, 3), (1498, 3), (1499, 4)]
)
def test_a_page_after_the_first_brings_one_record_less(count: int, requests: int) -> None:
    assert plan.pages(count) == requests


@pytest.mark.parametrize("resource", [CUSTOMERS, INVOICES, UNITS, ORDERS, COMPANY])
@pytest.mark.parametrize("cursor", [None, Cursor(lastmodified=HONOURED, probed_at=NOW)])
def test_what_was_never_read_is_read_whole(resource: Resource, cursor: Cursor | None) -> None:
    assert step(resource, cursor) == Step(Mode.WHOLE, 1)


def test_anew_is_whole_whatever_is_known() -> None:
    assert plan.step(ORDERS, known(1200), HONOURED, NOW, anew=True) == Step(Mode.WHOLE, 3)


@pytest.mark.parametrize(
    ("resource", "count", "verdict", "expected"),
    [
        (CUSTOMERS, 500, HONOURED, Step(Mode.WHOLE, 1)),
        (CUSTOMERS, 501, HONOURED, Step(Mode.INCREMENT, 1)),
        (CUSTOMERS, 501, "ignored", Step(Mode.WHOLE, 2)),
        (CUSTOMERS, 501, None, Step(Mode.WHOLE, 2)),
        (INVOICES, 3, HONOURED, Step(Mode.INCREMENT, 1)),
        (INVOICES, 3, "refused", Step(Mode.WHOLE, 1)),
        (INVOICES, 100_000, HONOURED, Step(Mode.INCREMENT, 1)),
        (INVOICES, 100_000, "refused", None),
    ],
)
def test_hot_lists_an_hour_later(resource: Resource, count: int, verdict: str, expected: Step | None) -> None:
    assert step(resource, known(count), verdict) == expected


@pytest.mark.parametrize(
    ("resource", "count", "verdict", "expected"),
    [
        (CUSTOMERS, 501, HONOURED, Step(Mode.BOTH, 3)),
        (CUSTOMERS, 100, HONOURED, Step(Mode.WHOLE, 1)),
        (INVOICES, 3, HONOURED, Step(Mode.BOTH, 2)),
        (INVOICES, 100_000, "refused", Step(Mode.WHOLE, plan.pages(100_000))),
        (UNITS, 9, None, Step(Mode.WHOLE, 1)),
        (ORDERS, 9, HONOURED, Step(Mode.BOTH, 2)),
        (COMPANY, 1, None, Step(Mode.WHOLE, 1)),
    ],
)
def test_a_day_later_everything_is_read_and_what_is_gone_found(
    resource: Resource, count: int, verdict: str | None, expected: Step
) -> None:
    assert step(resource, known(count, asked=YESTERDAY, swept=YESTERDAY), verdict) == expected


@pytest.mark.parametrize(
    ("resource", "count", "verdict", "allowance", "expected"),
    [
        (CUSTOMERS, 501, "refused", 2, Step(Mode.WHOLE, 2)),
        (CUSTOMERS, 501, "refused", 1, Step(Mode.COUNT, 1)),
        (CUSTOMERS, 1_997, "refused", 4, Step(Mode.WHOLE, 4)),
        (CUSTOMERS, 1_997, "ignored", 3, Step(Mode.COUNT, 1)),
        (CUSTOMERS, 1_998, "refused", 99, None),
        (CUSTOMERS, 501, HONOURED, 0, Step(Mode.INCREMENT, 1)),
        (INVOICES, 3, "refused", -5, Step(Mode.WHOLE, 1)),
    ],
)
def test_what_a_run_cannot_afford_to_read_it_counts(
    resource: Resource, count: int, verdict: str, allowance: int, expected: Step | None
) -> None:
    assert plan.step(resource, known(count), verdict, NOW, anew=False, allowance=allowance) == expected


def test_what_is_due_is_read_whatever_the_run_can_afford() -> None:
    cursor = known(501, asked=YESTERDAY, swept=YESTERDAY)

    assert plan.step(CUSTOMERS, cursor, "refused", NOW, anew=False, allowance=0) == Step(Mode.WHOLE, 2)


@pytest.mark.parametrize("resource", [UNITS, ORDERS, COMPANY])
def test_cold_ones_wait_for_the_next_day(resource: Resource) -> None:
    assert step(resource, known(9)) is None


def test_increments_do_not_put_the_sweep_off() -> None:
    assert step(CUSTOMERS, known(501, swept=YESTERDAY)) == Step(Mode.BOTH, 3)


def test_what_was_asked_for_and_never_given_waits_its_time_and_comes_whole() -> None:
    assert step(ORDERS, known(0, swept=None)) is None
    assert step(ORDERS, known(0, asked=YESTERDAY, swept=None)) == Step(Mode.WHOLE, 1)


@pytest.mark.parametrize(
    ("resource", "count", "probe", "asks"),
    [
        (INVOICES, 3, None, True),
        (CUSTOMERS, 501, None, True),
        (CUSTOMERS, 500, None, False),  # one page: an increment saves nothing
        (INVOICES, 0, None, False),  # an empty list says nothing of a filter
        (CATALOGUE["modesofpayments"], 501, None, False),  # known not to work
        (INVOICES, 3, (HONOURED, MONTHS_AGO), False),
        (INVOICES, 3, ("ignored", AN_HOUR_AGO), False),
        (INVOICES, 3, ("ignored", MONTHS_AGO), True),
        (INVOICES, 3, ("refused", MONTHS_AGO), True),
    ],
)
def test_when_a_companys_fortnox_is_asked_what_it_does_with_lastmodified(
    resource: Resource, count: int, probe: tuple[str, datetime] | None, asks: bool
) -> None:
    verdict = Cursor(lastmodified=probe[0], probed_at=probe[1]) if probe else None

    assert plan.asks_for_changes(resource, known(count), verdict, NOW) is asks


def test_every_entry_that_may_know_increments_can_be_asked() -> None:
    """A catalogue entry is data: none may be of a kind that the plan has no answer for."""
    for resource in CATALOGUE.values():
        found = step(resource, known(100_000, asked=YESTERDAY, swept=YESTERDAY))
        assert found is not None
        if resource.lastmodified is Declared.NO:
            assert not plan.asks_for_changes(resource, known(100_000), None, NOW)
