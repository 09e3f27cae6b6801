"""A whole run of an organization's DAG, task by task, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from saldo import sql
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import (
    Run,
    Warehouse,
    connect_companies,
    dag_of,
    point_at_sandbox,
    run_dag,
    run_until_done,
    without_pace,
)

pytestmark = pytest.mark.database

TASKS = [
    "extract.changes", "extract.ledger", "extract.registers", "extract.sales", "extract.purchases",
    "transform.build", "transform.next", "publish.refresh",
]  # fmt: skip
# These companies' pages name a dataset.
LEFT_OUT = {"publish.definition": "skipped by another"}


MADE_OF_SINGLE_RECORDS = {
    f"mart.{name}"
    for name in (
        "fct_sales_row", "fct_purchase_row", "contract_revenue", "dim_seller", "fct_subledger_movement",
        "fct_open_item", "ageing", "subledger_roll_forward", "subledger_reconciliation",
        "subledger_difference", "payment_behaviour", "kpi", "kpi_input", "narrative", "liquidity",
        "liquidity_event",
    )
}  # fmt: skip


@pytest.fixture
def own_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with running_sandbox("--companies", "demo", "--latency-ms", "0") as running:
        point_at_sandbox(running, monkeypatch)
        without_pace(running, monkeypatch)
        yield running


def refreshes_of(sandbox: Sandbox, dataset_id: str) -> int:
    return sum(refresh["dataset_id"] == dataset_id for refresh in sandbox.admin("GET", "refreshes"))


def events_tell_what_was_done(run: Run, tenant: str, sandbox: Sandbox, warehouse: Warehouse) -> None:
    landing = [event for uri, event in run.events.items() if uri.startswith(f"saldo://{tenant}/landing/")]
    assert len(landing) == 5
    paths = sandbox.admin("GET", "requests")["fortnox"][tenant]["paths"]
    assert sum(event["requests"] for event in landing) == sum(
        count for path, count in paths.items() if "/3/" in path
    )
    statuses = "select sum(fetched), sum(changed), sum(deleted) from control.sync_status"
    # A year's file and the ledger made of it are told by one status and by two tasks.
    assert sum(event["fetched"] for event in landing) > warehouse.rows(statuses)[0][0]
    assert {name for event in landing for name in event} == {"fetched", "changed", "deleted", "requests"}
    checks = len(sql.files("checks"))
    [(built, refreshed, passed)] = warehouse.rows(
        "select built, refreshed, (select count(*) from control.check_result where failing = 0) "
        "from control.version join control.version_built using (organization_id)"
    )
    assert run.events[f"saldo://{tenant}/mart"] == {
        "version": built, "checks": checks, "checks_passed": passed,
    }  # fmt: skip
    assert run.events[f"powerbi://{tenant}/dataset"]["version"] == refreshed == built


def test_first_run_gives_the_report_the_next_the_details_and_the_third_is_one_task(
    warehouse: Warehouse, own_sandbox: Sandbox
) -> None:
    organization = connect_companies(own_sandbox)[0]

    first = run_dag(dag_of(organization), "first")
    events_tell_what_was_done(first, organization.tenant_id, own_sandbox, warehouse)
    details_after_first = warehouse.rows(
        "select count(*) from landing.document where detail_record is not null"
    )
    marts_after_first = warehouse.dump("mart")
    details = run_dag(dag_of(organization), "details")
    before = warehouse.dump()
    third = run_dag(dag_of(organization), "third")

    assert first.errors == details.errors == {}
    assert first.states == dict.fromkeys(TASKS, "success") | LEFT_OUT
    assert details_after_first == [(0,)], "the first report does not wait for them"
    assert first.asked_for_next
    assert not details.asked_for_next
    marts = warehouse.dump("mart")
    # what is made of single records alone, and which credit settles which invoice
    assert {name for name, rows in marts.items() if rows != marts_after_first[name]} <= MADE_OF_SINGLE_RECORDS
    assert marts["mart.fct_sales_row"]
    assert not marts_after_first["mart.fct_sales_row"]
    assert warehouse.rows("select count(*) from landing.document where detail_due_at is not null") == [(0,)]
    assert third.executed == ["extract.changes"]
    assert warehouse.dump() == before
    assert refreshes_of(own_sandbox, organization.dataset_id) == 2
    assert before["mart.fct_ledger_row"]


def test_a_failed_refresh_is_made_up_by_the_next_run(warehouse: Warehouse, own_sandbox: Sandbox) -> None:
    organization = connect_companies(own_sandbox)[0]
    run_until_done(dag_of(organization), "first")
    own_sandbox.admin("POST", f"{organization.tenant_id}/vouchers", {})
    own_sandbox.admin("POST", f"datasets/{organization.dataset_id}", {"action": "fail_next"})

    failed = run_dag(dag_of(organization), "second")
    made_up = run_dag(dag_of(organization), "third")

    assert failed.states["publish.refresh"] == "failed"
    assert made_up.executed == ["extract.changes", "publish.refresh"]
    assert made_up.errors == {}
    assert warehouse.rows(
        "select refreshed from control.version where organization_id = 1"
    ) == warehouse.rows("select built from control.version_built where organization_id = 1")
