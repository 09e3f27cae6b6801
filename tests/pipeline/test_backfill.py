"""The three ways to read something again: backfill, the trigger form, and clearing a task."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from local.postgres import EmbeddedPostgres
from tests.pipeline.company import TODAY, Company, calendar_year, companies
from tests.pipeline.test_kills import fresh_warehouse
from tests.sandbox.process import Sandbox
from tests.support import Warehouse, dag_of, run_dag

pytestmark = [pytest.mark.database, pytest.mark.slow]

CHANGES = "extract.changes"
YEARS = [calendar_year(TODAY.year - 1), calendar_year(TODAY.year)]
JANUARY = (date(TODAY.year, 1, 1), date(TODAY.year, 2, 1))
LIKE = {"years": YEARS, "organization_number": "556000-0167"}
USUAL, CHANGED_IN_TURN = "7300001", ("7300002", "7300003", "7300004", "7300005", "7300006", "7300007")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with (
        pytest.MonkeyPatch.context() as patch,
        companies(tmp_path_factory.mktemp("sandbox"), patch, *[LIKE] * (1 + len(CHANGED_IN_TURN))) as running,
    ):
        running.admin("POST", "settings", {"last_modified": {"supplierinvoices": "honoured"}})
        yield running


@pytest.fixture
def company(sandbox: Sandbox, warehouse: Warehouse) -> Company:
    return Company.connect(sandbox, warehouse, USUAL)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def backfill(company: Company, first: date, until: date, run_id: str = "backfill") -> Any:
    """A run of the DAG as `airflow backfill` makes one; `until` is not in it any more."""
    interval = (midnight(first), midnight(until))
    return run_dag(dag_of(company.organization), run_id, interval=interval)


def asked_while(company: Company, does: Callable[[], Any]) -> dict[str, int]:
    before = company.asked()
    does()
    return {
        path: count - before.get(path, 0)
        for path, count in company.asked().items()
        if count > before.get(path, 0)
    }


# Backfill runs


def test_a_backfill_reads_its_interval_in_one_task_and_leaves_the_cursors_alone(
    company: Company, warehouse: Warehouse
) -> None:
    company.first_runs()
    inside = company.book("POST", "invoices", {"date": str(JANUARY[0]), "booked": False})["number"]
    last = company.book("POST", "invoices", {"date": f"{TODAY.year}-01-31", "booked": False})["number"]
    outside = company.book("POST", "invoices", {"date": str(JANUARY[1]), "booked": False})["number"]
    before, versions = company.cursors(), warehouse.rows("select * from control.version_built")

    run = backfill(company, *JANUARY)

    assert run.errors == {}
    assert run.executed == [CHANGES]
    landed = [key for key, _ in company.documents("invoices")]
    assert {inside, last} <= {*landed}
    assert outside not in landed
    assert company.cursors() == before
    assert warehouse.rows("select * from control.version_built") == versions


def test_the_first_run_of_all_may_be_a_backfill(company: Company) -> None:
    run = backfill(company, *JANUARY)

    assert run.errors == {}
    assert company.cursors() == []
    assert company.documents("financialyears")
    company.first_runs()
    assert company.documents("customers")


def test_a_backfill_reads_the_ledger_of_the_years_that_it_touches(
    company: Company, warehouse: Warehouse
) -> None:
    company.first_runs()
    company.book("POST", "vouchers", {"date": f"{TODAY.year - 1}-05-05", "text": "Glömd"})
    company.book("POST", "vouchers", {"date": f"{TODAY.year}-05-05", "text": "Inte än"})
    warehouse.execute("update control.sync_status set swept_at = swept_at - interval '2 hours'")
    texts = "select voucher_text from landing.voucher where voucher_text in ('Glömd', 'Inte än')"

    asked = asked_while(company, lambda: backfill(company, *JANUARY))

    assert asked["sie/4"] == 1
    assert warehouse.rows(texts) == [("Inte än",)]


def test_many_backfill_runs_share_one_file_a_year(company: Company, warehouse: Warehouse) -> None:
    company.first_runs()
    warehouse.execute("update control.sync_status set swept_at = swept_at - interval '2 hours'")
    turn = date(TODAY.year, 1, 1)

    asked = asked_while(
        company,
        lambda: [
            backfill(company, turn + timedelta(days=day), turn + timedelta(days=day + 1), f"run {day}")
            for day in range(-3, 3)
        ],
    )

    assert asked["sie/4"] == 2


def test_rows_changed_within_the_interval_reach_the_single_record(company: Company) -> None:
    number = company.book("POST", "invoices", {"date": str(JANUARY[0]), "booked": False})["number"]
    company.first_runs()
    company.book("PATCH", f"invoices/{number}", {"text": "Bara raden"})

    backfill(company, *JANUARY)
    assert "Bara raden" not in str(company.documents("invoices", "detail_record"))
    company.run()

    assert "Bara raden" in str(company.documents("invoices", "detail_record"))


def test_the_next_run_builds_and_refreshes_once_for_all_backfill_runs(
    company: Company, sandbox: Sandbox
) -> None:
    dag = dag_of(company.organization)
    assert run_dag(dag, "first").errors == run_dag(dag, "details").errors == {}
    refreshes = len(sandbox.admin("GET", "refreshes"))
    company.book("POST", "invoices", {"date": str(JANUARY[0])})
    for month in (1, 2, 3):
        day = date(TODAY.year, month, 1)
        assert backfill(company, day, day + timedelta(days=7), f"run {month}").executed == [CHANGES]

    following = [run_dag(dag, "next"), run_dag(dag, "after")]

    assert {"transform.build", "publish.refresh"} <= {*following[0].executed}
    assert following[1].states["publish.refresh"].startswith("skipped")
    assert len(sandbox.admin("GET", "refreshes")) == refreshes + 1


# The trigger form


def form(company: Company, **params: Any) -> Any:
    run = run_dag(dag_of(company.organization), "by hand", params)
    assert run.errors == {}
    return run


def test_from_and_to_are_days_of_the_form_both_included(company: Company) -> None:
    company.first_runs()
    numbers = {
        day: company.book("POST", "invoices", {"date": f"{TODAY.year}-01-{day}", "booked": False})["number"]
        for day in ("09", "10", "12", "13")
    }

    run = form(company, from_date=f"{TODAY.year}-01-10", to_date=f"{TODAY.year}-01-12")

    landed = {key for key, _ in company.documents("invoices")}
    assert {day for day, number in numbers.items() if number in landed} == {"10", "12"}
    assert {"extract.sales", "transform.build"} <= {*run.executed}, "a run by hand goes on to the report"
    assert "extract.registers" not in run.executed


def test_the_form_leaves_open_what_is_left_empty() -> None:
    from saldo.pipeline.operators import request_of
    from tests.support import _DagRun

    def interval(**params: Any) -> Any:
        context: Any = {"dag_run": _DagRun("r"), "params": params}
        return request_of(context).interval

    assert interval() is None
    assert interval(from_date="2025-01-10")[0] == date(2025, 1, 10)
    assert interval(to_date="2025-01-10")[1] == date(2025, 1, 11)
    with pytest.raises(ValueError, match="first day must not be after the last"):
        interval(from_date="2025-01-10", to_date="2025-01-09")


def test_only_the_financial_years_asked_for(company: Company) -> None:
    company.first_runs()

    asked = asked_while(company, lambda: company.run(full_reload=True, years=frozenset({TODAY.year - 1})))

    assert asked["sie/4"] == 1


def test_only_the_resources_asked_for_and_those_whole(company: Company) -> None:
    company.first_runs()

    asked = asked_while(company, lambda: company.run(resources=frozenset({"customers", "units"})))

    assert asked == {"customers": 1, "units": 1}


def test_everything_anew_reads_single_records_again(company: Company, warehouse: Warehouse) -> None:
    company.first_runs()
    before = warehouse.dump("landing")
    warehouse.execute("update landing.document set detail_record = '{}' where resource = 'invoices'")

    company.run(full_reload=True)

    after = warehouse.dump("landing")
    versions = "landing.document_version"
    assert {**after, versions: []} == {**before, versions: []}
    assert len(after[versions]) > len(before[versions])


@pytest.mark.parametrize(
    "request_",
    [
        {"full_reload": True},
        {"full_reload": True, "years": frozenset({TODAY.year})},
        {"resources": frozenset({"invoices", "vouchers", "accounts"})},
    ],
    ids=["everything", "a year", "three resources"],
)
def test_a_dry_run_counts_the_requests_that_the_run_then_makes(
    company: Company, warehouse: Warehouse, request_: dict[str, Any]
) -> None:
    company.first_runs()
    before, cursors = warehouse.dump("landing", "staging", "mart"), company.cursors()

    counted = counted_by(company, **request_)
    assert warehouse.dump("landing", "staging", "mart") == before
    assert company.cursors() == cursors

    assert company.run(**request_).requests == sum(counted.values())


def counted_by(company: Company, **request: Any) -> dict[str, int]:
    from saldo.pipeline.extract import extraction
    from saldo.pipeline.work import Request

    with extraction(company.organization, Request("dry", is_dry=True, **request)) as work:
        return work.count_requests()


def test_a_dry_run_of_an_interval_counts_what_is_dated_in_it(company: Company) -> None:
    company.first_runs()
    whole, january = counted_by(company), counted_by(company, interval=JANUARY)

    assert january.keys() == {"sie", "vouchers", "invoices", "orders", "offers"}
    assert january["sie"] == 2
    assert january["invoices"] < whole["invoices"]


def test_a_dry_run_before_any_other_writes_nothing_and_ends_there(
    company: Company, warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = warehouse.dump("landing", "mart")

    run = form(company, dry_run=True)

    assert run.executed == [CHANGES]
    assert warehouse.dump("landing", "mart") == empty
    assert company.cursors() == []
    assert re.search("A run that reads all of this makes [0-9]+ requests", capsys.readouterr().out)
    assert counted_by(company)["sie"] == 2 * len(YEARS)


# Clearing a task


@pytest.mark.parametrize("request_", [{}, {"full_reload": True}, {"interval": JANUARY}])
def test_a_cleared_task_does_no_harm(
    company: Company, warehouse: Warehouse, request_: dict[str, Any]
) -> None:
    company.first_runs()
    company.book("POST", "invoices", {"date": str(JANUARY[0])})
    company.run(**request_)
    company.run()
    once = warehouse.dump()

    company.run(**request_)
    company.run()

    assert warehouse.dump() == once


# In any order


def changes_of(company: Company, turn: int) -> None:
    """One thing of each kind, another at each turn."""
    company.book("POST", "invoices", {"date": f"{TODAY.year}-01-1{turn}"})
    invoices = sorted(key for key, _ in company.documents("invoices"))
    company.book("PATCH", f"invoices/{invoices[turn]}", {"text": f"Ändrad {turn}"})
    company.book("PATCH", f"customers/{turn + 1}", {"name": f"Omdöpt {turn} AB"})
    company.book("DELETE", f"suppliers/{turn + 1}")


WAYS: dict[str, Callable[[Company], Any]] = {
    "hourly": lambda company: company.run(),
    "backfill": lambda company: backfill(company, *JANUARY),
    "form": lambda company: company.run(interval=JANUARY),
    "anew": lambda company: company.run(full_reload=True),
}
ORDERS = [order for place, order in enumerate(itertools.permutations(WAYS)) if place % 4 == 0]


def state_after(company: Company, order: tuple[str, ...]) -> dict[str, list[tuple[str, ...]]]:
    """The warehouse after the ways in that order, with changes before each, and a scheduled run at last."""
    company.first_runs()
    for turn, way in enumerate(order):
        changes_of(company, turn)
        WAYS[way](company)
        if way == "backfill":
            WAYS[way](company)  # cleared, too
    company.time_passes()
    company.run()
    company.run()
    assert company.warehouse.rows(
        "select count(*) from landing.document where detail_due_at is not null"
    ) == [(0,)]
    own = company.organization.tenant_id
    found = company.warehouse.dump("landing", "staging")
    # The companies are alike but for their tenant ids, which stand in the files and so in their digests.
    del found["landing.sie_file"], found["landing.ledger_year"]
    return {
        relation: [tuple(value and value.replace(own, "TENANT") for value in row) for row in rows]
        for relation, rows in found.items()
    }


def test_in_any_order_beside_the_hourly_run_the_warehouse_is_the_same(
    sandbox: Sandbox, postgres: EmbeddedPostgres, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = []
    for tenant, order in zip(CHANGED_IN_TURN, ORDERS, strict=True):
        with fresh_warehouse(postgres, template, monkeypatch) as warehouse:
            states.append(state_after(Company.connect(sandbox, warehouse, tenant), order))

    former = states[0]["landing.document_version"]
    assert len(former) >= 2 * len(WAYS), "a customer's and an invoice's row at each turn"
    for order, state in zip(ORDERS[1:], states[1:], strict=True):
        for relation, rows in state.items():
            assert rows == states[0][relation], f"{relation} after {order}, unlike {ORDERS[0]}"
