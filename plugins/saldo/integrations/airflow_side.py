"""What the pages ask of the Airflow that they are part of: its address, its runs, to read the DAG file now.

The pages run in the API server, which may use Airflow's database; tasks never do.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from saldo import organizations
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
        .where(_is_an_organizations(DagRun.dag_id))
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
            _is_an_organizations(DagModel.dag_id), ~DagModel.is_stale
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


def _is_an_organizations(dag_id: Any) -> Any:
    return or_(dag_id.startswith("fortnox__"), dag_id.startswith("sie__"))


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


class RunsStillError(RuntimeError):
    """A task of the DAG is running: nothing was removed."""


def pause(session: Session, dag_id: str, is_paused: bool) -> None:
    """Pauses a DAG, or lets it go on; nothing where Airflow has not read it yet."""
    from airflow.models.dag import DagModel

    session.execute(update(DagModel).where(DagModel.dag_id == dag_id).values(is_paused=is_paused))


def forget(session: Session, dag_id: str) -> None:
    """Removes all that Airflow keeps of a DAG that is no more: its runs, XCom, rendered fields, state, assets
    with their events, audit lines, and the logs on this machine's disk.

    Logs that Airflow keeps elsewhere ([logging] remote_logging) and those on other machines' disks are out
    of reach.

    Raises:
        RunsStillError: a task is running, or about to.
    """
    from airflow.api.common.delete_dag import delete_dag
    from airflow.configuration import conf
    from airflow.exceptions import DagNotFound
    from airflow.models import Log
    from airflow.models.asset import AssetActive, AssetEvent, AssetModel
    from airflow.models.taskinstance import TaskInstance

    at_work = select(TaskInstance.task_id).where(
        TaskInstance.dag_id == dag_id, TaskInstance.state.in_(("running", "queued", "deferred", "restarting"))
    )
    if session.execute(at_work.limit(1)).first():
        raise RunsStillError("A task is running, or about to")
    with suppress(DagNotFound):
        delete_dag(dag_id, keep_records_in_log=False, session=session)
    tenant_id = organizations.tenant_of(dag_id)
    assets = session.scalars(
        select(AssetModel).where(AssetModel.uri.regexp_match(f"^[a-z]+://{re.escape(tenant_id)}/"))
    ).all()
    session.execute(delete(Log).where(Log.dag_id == dag_id))
    for asset in assets:
        session.execute(delete(AssetEvent).where(AssetEvent.asset_id == asset.id))
        session.execute(delete(AssetActive).where(AssetActive.uri == asset.uri))
        session.delete(asset)
    session.commit()
    logs = Path(conf.get("logging", "base_log_folder"))
    shutil.rmtree(logs / f"dag_id={dag_id}", ignore_errors=True)


def _swedish(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(_STOCKHOLM):%Y-%m-%d %H:%M}"
