"""What the pages ask of the Airflow that they are part of: its address, its runs, to read the DAG file now.

The pages run in the API server, which may use Airflow's database; tasks never do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from saldo.pipeline import credentials

DAG_FILE = "fortnox.py"
_STOCKHOLM = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, slots=True)
class DagState:
    """A DAG as the scheduler has it; times are Swedish texts, empty where there is none."""

    is_paused: bool
    run_state: str
    run_at: str
    next_at: str


def base_url() -> str:
    """The address under which browsers reach this Airflow, without a slash at its end ([api] base_url)."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="http://localhost:8080")).rstrip("/")


def dag_states(session: Session) -> dict[str, DagState]:
    """Every organization's DAG that the scheduler knows, by its id, with its latest run."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun

    newest = (
        select(DagRun.dag_id, func.max(DagRun.run_after).label("run_after"))
        .where(DagRun.dag_id.startswith("fortnox__"))
        .group_by(DagRun.dag_id)
        .subquery()
    )
    runs = {
        dag_id: (state, started)
        for dag_id, state, started in session.execute(
            select(DagRun.dag_id, DagRun.state, func.coalesce(DagRun.start_date, DagRun.run_after)).join(
                newest, (DagRun.dag_id == newest.c.dag_id) & (DagRun.run_after == newest.c.run_after)
            )
        )
    }
    dags = session.execute(
        select(DagModel.dag_id, DagModel.is_paused, DagModel.next_dagrun_create_after).where(
            DagModel.dag_id.startswith("fortnox__"), ~DagModel.is_stale
        )
    )
    return {
        dag_id: DagState(
            is_paused,
            str(runs[dag_id][0] or "") if dag_id in runs else "",
            _swedish(runs[dag_id][1]) if dag_id in runs else "",
            "" if is_paused else _swedish(next_at),
        )
        for dag_id, is_paused, next_at in dags
    }


def read_dags_now(session: Session) -> bool:
    """Asks the DAG processor to read the organizations' DAG file before any other; False where it has not
    found Saldo's DAGs yet, and will read them all anyway."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbag import DagPriorityParsingRequest

    beside = session.execute(
        select(DagModel.bundle_name, DagModel.relative_fileloc).where(DagModel.dag_id == credentials.DAG_ID)
    ).first()
    if beside is None:
        return False
    path = str(PurePosixPath(beside.relative_fileloc).with_name(DAG_FILE))
    asked = session.scalar(
        select(DagPriorityParsingRequest).where(
            DagPriorityParsingRequest.bundle_name == beside.bundle_name,
            DagPriorityParsingRequest.relative_fileloc == path,
        )
    )
    if asked is None:
        session.add(DagPriorityParsingRequest(bundle_name=beside.bundle_name, relative_fileloc=path))
    return True


def _swedish(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(_STOCKHOLM):%Y-%m-%d %H:%M}"
