"""A whole run of an organization's DAG, task by task, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import Warehouse, connect_companies, dag_of, point_at_sandbox, run_dag

pytestmark = pytest.mark.database

TASKS = ["extract.changes", "extract.ledger", "extract.registers", "transform.build", "publish.refresh"]


@pytest.fixture
def own_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with running_sandbox("--companies", "demo") as running:
        point_at_sandbox(running, monkeypatch)
        yield running


def refreshes_of(sandbox: Sandbox, dataset_id: str) -> int:
    return sum(refresh["dataset_id"] == dataset_id for refresh in sandbox.admin("GET", "refreshes"))


def test_first_run_does_everything_and_the_second_one_task(
    warehouse: Warehouse, own_sandbox: Sandbox
) -> None:
    organization = connect_companies(own_sandbox)[0]

    first = run_dag(dag_of(organization), "first")
    after_first = warehouse.dump()
    second = run_dag(dag_of(organization), "second")

    assert first.errors == {}
    assert first.states == dict.fromkeys(TASKS, "success")
    assert second.executed == ["extract.changes"]
    assert warehouse.dump() == after_first
    assert refreshes_of(own_sandbox, organization.dataset_id) == 1
    assert after_first["mart.fct_ledger_row"]


def test_a_failed_refresh_is_made_up_by_the_next_run(warehouse: Warehouse, own_sandbox: Sandbox) -> None:
    organization = connect_companies(own_sandbox)[0]
    own_sandbox.admin("POST", f"datasets/{organization.dataset_id}", {"action": "fail_next"})

    failed = run_dag(dag_of(organization), "first")
    made_up = run_dag(dag_of(organization), "second")

    assert failed.states["publish.refresh"] == "failed"
    assert made_up.executed == ["extract.changes", "publish.refresh"]
    assert made_up.errors == {}
    assert warehouse.rows(
        "select refreshed from control.version where organization_id = 1"
    ) == warehouse.rows("select built from control.version_built where organization_id = 1")
