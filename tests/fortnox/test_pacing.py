"""Request slots that any number of processes share, as PostgreSQL gives them out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from saldo.database import Connection, Role, connect
from saldo.fortnox import pacing
from saldo.fortnox.pacing import REQUESTS_PER_WINDOW, Pace
from tests.support import Warehouse

pytestmark = pytest.mark.database

_NOTE_SLOTS = """
create table public.slot (tenant_id text, slot timestamptz);
create function public.note_slot() returns trigger language plpgsql security definer as $$
begin
    insert into public.slot values (new.tenant_id, new.reserved[cardinality(new.reserved)]);
    return new;
end
$$;
create trigger note_slot after insert or update on control.request_pace
for each row execute function public.note_slot();
"""


@pytest.fixture(scope="module")
def noted(module_warehouse: Warehouse) -> Warehouse:
    """The warehouse, made to note every slot that it gives out."""
    module_warehouse.execute(_NOTE_SLOTS)
    return module_warehouse


@pytest.fixture
def connection(noted: Warehouse) -> Iterator[Connection]:
    with connect(Role.LOADER, autocommit=True) as opened:
        yield opened


def slots_of(warehouse: Warehouse, tenant: str) -> list[datetime]:
    return [
        row[0]
        for row in warehouse.rows("select slot from public.slot where tenant_id = %s order by 1", [tenant])
    ]


def test_no_window_holds_more_than_24_whoever_asks(noted: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "WINDOW_SECONDS", 0.5)

    def reserve_many(_process: int) -> None:
        with connect(Role.LOADER, autocommit=True) as connection:
            pace = Pace(connection, "app", "crowded")
            for _ in range(25):
                pace._reserve()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(reserve_many, range(6)))

    slots = slots_of(noted, "crowded")
    assert len(slots) == 150
    closest = min(later - earlier for earlier, later in zip(slots, slots[REQUESTS_PER_WINDOW:], strict=False))
    assert closest >= timedelta(seconds=0.5)
    # Nor are slots given away: the last one lies as early as the limit allows.
    assert slots[-1] - slots[0] < timedelta(seconds=0.5 * (150 // REQUESTS_PER_WINDOW) + 2)


def test_other_tenants_and_other_apps_are_not_slowed(connection: Connection) -> None:
    busy = Pace(connection, "app", "busy")
    waits = [busy._reserve() for _ in range(2 * REQUESTS_PER_WINDOW + 1)]

    apart = pacing.WINDOW_SECONDS / 50
    assert waits[0] == 0
    assert all(wait <= place * apart for place, wait in enumerate(waits[:REQUESTS_PER_WINDOW]))
    assert waits[-1] > 2 * pacing.WINDOW_SECONDS - 2
    assert Pace(connection, "app", "idle")._reserve() == 0
    assert Pace(connection, "another app", "busy")._reserve() == 0


@pytest.mark.parametrize(
    ("ages", "expected", "kept"),
    [
        ([], 0.0, 1),
        ([0.0], 0.104, 2),
        ([0.5], 0.0, 2),
        ([0.0] * 10, 0.104, 11),
        ([0.0] * 23, 0.104, 24),
        ([1.0] * 24, 4.2, 24),
        ([6.0] + [0.0] * 23, 0.104, 24),
        ([3.0] + [0.0] * 23, 2.2, 24),
        ([9.0, 9.0, 2.0] + [0.0] * 23, 3.2, 24),  # a former version kept more: only the latest 24 count
        ([-2.0] * 24, 7.2, 24),
    ],
    ids=["none yet", "one just now", "one before", "ten", "room for one", "24", "24, the oldest past",
         "24, the oldest within", "more than 24", "24 ahead"],
)  # fmt: skip
def test_slot_follows_from_those_before(
    connection: Connection,
    noted: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    ages: list[float],
    expected: float,
    kept: int,
) -> None:
    monkeypatch.setattr(pacing, "WINDOW_SECONDS", 5.2)
    tenant = request.node.name
    if ages:
        noted.execute(
            "insert into control.request_pace select 'app', %s, "
            "array_agg(clock_timestamp() - make_interval(secs => age)) from unnest(%s::numeric[]) as age",
            [tenant, ages],
        )
    seconds = Pace(connection, "app", tenant)._reserve()

    assert max(0, expected - 0.9) <= seconds <= expected
    counted = "select cardinality(reserved) from control.request_pace where tenant_id = %s"
    assert noted.rows(counted, [tenant]) == [(kept,)]


def test_waits_for_its_slot(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "WINDOW_SECONDS", 0.4)
    monkeypatch.setattr(pacing, "REQUESTS_PER_WINDOW", 2)
    pace = Pace(connection, "app", "waiting")
    began = time.monotonic()
    for _ in range(3):
        pace.wait()
    assert time.monotonic() - began >= 0.4


def test_slot_that_was_slept_over_is_not_used(
    connection: Connection, noted: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped meanwhile must not fall into the window of those after it."""
    naps = []

    def oversleep_once(seconds: float, _sleep: Any = time.sleep) -> None:
        naps.append(seconds)
        _sleep(seconds + (0.2 if len(naps) == 1 else 0))

    monkeypatch.setattr(pacing.time, "sleep", oversleep_once)
    Pace(connection, "app", "slept over").wait()

    assert len(naps) == 2
    assert len(slots_of(noted, "slept over")) == 2
