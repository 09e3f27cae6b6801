"""The companies as the page Integrations lists them: a status each, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from saldo.database import Role, connect, run
from saldo.integrations.airflow_side import DagState
from saldo.organizations import is_on_fortnox

_NO_DAG = DagState(is_paused=False, run_state="", run_at="", next_at="")
_ENDS_SOON_DAYS = 7
# Of what saldo.pipeline.alerts raises, that which nothing else here tells.
_RAISED = ("report_late", "report_old", "resource_lost")


class Status(StrEnum):
    """How far a company is, or what is wrong."""

    PENDING = "pending"
    ACTIVATED = "activated"
    LOADING = "loading"
    PUBLISHED = "published"
    NEEDS_ATTENTION = "needs_attention"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Line:
    """A company's line. Times are Swedish texts, empty where nothing happened yet; `attention` and `status`
    are keys of the page's texts."""

    name: str
    tenant_id: str
    dag_id: str
    connected_at: str
    status: Status
    attention: str
    data_until: str
    run_state: str
    run_at: str
    next_at: str
    ledger_rows: int
    details_left: int
    expected_at: str
    stopping_checks: int
    warning_checks: int
    refreshed_at: str
    credential_kind: str
    days_left: int | None


def lines(dags: Mapping[str, DagState]) -> list[dict[str, Any]]:
    """Every company, oldest first, as JSON takes it. `dags` is Airflow's side."""
    with connect(Role.PAGE) as connection:
        cursor = run(connection, "control/page_organizations")
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [asdict(_line(row, dags.get(row["dag_id"], _NO_DAG))) for row in rows]


def _line(row: Mapping[str, Any], dag: DagState) -> Line:
    attention = _attention(row, dag)
    return Line(
        name=row["organization_name"],
        tenant_id=row["tenant_id"],
        dag_id=row["dag_id"],
        connected_at=row["connected_at"] or "",
        status=_status(row, dag, attention),
        attention=attention,
        data_until=row["data_until"] or "",
        run_state=dag.run_state,
        run_at=dag.run_at,
        next_at=dag.next_at,
        ledger_rows=row["ledger_rows"],
        details_left=row["details_left"],
        expected_at=(row["expected_at"] or "") if row["details_left"] else "",
        stopping_checks=row["stopping_checks"],
        warning_checks=row["warning_checks"],
        refreshed_at=row["refreshed_at"] or "",
        credential_kind=row["credential_kind"] or ("" if is_on_fortnox(row["tenant_id"]) else "files"),
        days_left=row["days_left"],
    )


def _attention(row: Mapping[str, Any], dag: DagState) -> str:
    """The first thing that a person should look at, the worst first; an empty text where nothing is."""
    if row["is_unconfirmed"]:
        return "unconfirmed"
    if not row["is_connected"]:
        return ""
    if row["lost_reason"]:
        return "access_lost"
    if row["stopping_checks"]:
        return "checks_stop"
    if dag.run_state == "failed":
        return "run_failed"
    if dag.is_paused:
        return "paused"
    raised = next((cause for cause in _RAISED if cause in row["causes"]), "")
    if raised:
        return raised
    if row["days_left"] is not None and row["days_left"] <= _ENDS_SOON_DAYS:
        return "access_ends"
    is_at_it = dag.run_state in ("queued", "running")
    if row["built"] and not row["has_dataset"] and not is_at_it:
        return "no_report"
    return ""


def _status(row: Mapping[str, Any], dag: DagState, attention: str) -> Status:
    if not row["is_connected"] and not attention:
        return Status.DISCONNECTED
    if attention:
        return Status.NEEDS_ATTENTION
    if row["built"] and row["refreshed"]:
        return Status.PUBLISHED
    if row["landed"] or dag.run_state == "running":
        return Status.LOADING
    return Status.ACTIVATED if dag.run_state else Status.PENDING
