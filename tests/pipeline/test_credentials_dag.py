"""The DAG that keeps access alive: there whatever the registry says, and one line an organization."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from saldo import organizations
from saldo.fortnox import upkeep
from saldo.pipeline.credentials import DAG_ID, build
from tests.support import PASSWORDS, Warehouse, run_dag

pytestmark = [pytest.mark.database, pytest.mark.airflow]


def parse() -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag()
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_it_is_there_without_a_registry_and_two_parses_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk import CronDataIntervalTimetable
    from airflow.serialization.serialized_objects import DagSerialization

    monkeypatch.setenv("AIRFLOW_CONN_SALDO_WAREHOUSE", "postgresql://nobody:nothing@127.0.0.1:9/nowhere")
    dag = parse()[DAG_ID]
    assert type(dag.timetable) is CronDataIntervalTimetable
    assert not dag.catchup
    assert (dag.max_active_runs, dag.is_paused_upon_creation) == (1, False)
    text = str(DagSerialization.to_dict(dag))
    assert text == str(DagSerialization.to_dict(parse()[DAG_ID]))
    assert not any(password in text for password in PASSWORDS.values())


def test_a_worker_builds_it_for_its_own_task_alone(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = organizations.register(tenant_id="1001", name="Bolaget AB", organization_number="")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", DAG_ID)
    assert list(parse()) == [DAG_ID]
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", organization.dag_id)
    assert list(parse()) == [organization.dag_id]


def test_its_log_is_a_line_an_organization_and_it_fails_after_all_was_done(
    warehouse: Warehouse,
) -> None:
    for tenant in ("1001", "1002"):
        organizations.register(
            tenant_id=tenant, name=f"Bolaget {tenant} AB", organization_number="556000-0001"
        )
    assert run_dag(build()).errors == {}
    first, second = [access.organization_id for access in upkeep.overview()]

    warehouse.execute(
        "update control.credential set credential_kind = 'refresh_token', refresh_token = '', "
        "refresh_expires_at = now() + interval '40.5 days', lost_at = now(), lost_reason = 'It is gone' "
        "where organization_id = %s",
        [first],
    )
    with capture_logs() as logged:
        [error] = run_dag(build()).errors.values()
    assert isinstance(error, upkeep.UpkeepError)
    named = str(error).splitlines()[1]
    assert named.startswith(f"  fortnox__1001 (organization {first}): It is gone. Connect the company")
    text = "\n".join(str(entry["event"]) % tuple(entry.get("positional_args", ())) for entry in logged)
    lines = [line.split(maxsplit=4) for line in text.splitlines() if "fortnox__" in line]
    assert [line[:4] for line in lines[:2]] == [
        [str(first), "fortnox__1001", "refresh_token", "40"],
        [str(second), "fortnox__1002", "client_credentials", "-"],
    ]
    assert "Bolaget" not in text
    assert "556000" not in text
