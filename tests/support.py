"""What tests share: warehouses, companies in them, a run of a DAG's operators without Airflow's scheduler."""

from __future__ import annotations

import asyncio
import fnmatch
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from tests.leaks import LEAKS
from tests.sandbox.process import Sandbox

PASSWORDS = {
    "saldo_app": "app-password",
    "saldo_migrator": "migrator-password",
    "saldo_report": "report-password",
}
_CONNECTIONS = {"warehouse": "saldo_app", "migration": "saldo_migrator", "report": "saldo_report"}
_STAMPS = [
    line
    for line in Path(__file__).with_name("run_stamps.txt").read_text().splitlines()
    if line[:1] not in "#"
]


@dataclass(frozen=True)
class Warehouse:
    """One warehouse database of the test run's PostgreSQL."""

    server: EmbeddedPostgres
    name: str

    def url(self, login: str = "saldo_app") -> str:
        """Its address for one of Saldo's logins."""
        return self.server.url(self.name, login, PASSWORDS[login])

    def point_at(self, patch: pytest.MonkeyPatch) -> None:
        """Makes it the one that Airflow's connections lead to."""
        for connection, login in _CONNECTIONS.items():
            patch.setenv(f"AIRFLOW_CONN_SALDO_{connection.upper()}", self.url(login))

    def create(self, template: str) -> None:
        """Copies the template."""
        self._as_superuser(f'create database "{self.name}" template "{template}" owner saldo_owner')

    def drop(self) -> None:
        """Ends its connections and deletes it; what control held is looked through for secrets."""
        self._look_for_secrets()
        self._as_superuser(f'drop database if exists "{self.name}" with (force)')

    def _look_for_secrets(self) -> None:
        with psycopg.connect(self.server.url("postgres")) as connection:
            if not connection.execute("select from pg_database where datname = %s", [self.name]).rowcount:
                return
        for (table,) in self.rows("select tablename from pg_tables where schemaname = 'control'"):
            for (row,) in self.rows(f'select source::text from control."{table}" as source'):
                LEAKS.look_through(row, f"control.{table}")

    def _as_superuser(self, statement: str) -> None:
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def rows(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Reads as the superuser, whom row-level security does not bind."""
        with psycopg.connect(self.server.url(self.name)) as connection:
            return connection.execute(query, parameters).fetchall()

    def execute(self, query: str, parameters: Any = None) -> None:
        """Writes as the superuser: for faults that no role of Saldo's could bring about."""
        with psycopg.connect(self.server.url(self.name)) as connection:
            connection.execute(query, parameters)

    def dump(self, *schemas: str, references: bool = True) -> dict[str, list[tuple[str, ...]]]:
        """Every relation of the schemas, ordered; of run_stamps.txt only whether a column is open. Without
        `references` those that are the same for every organization, such as the calendar, are left out."""
        found: dict[str, list[tuple[str, ...]]] = {}
        with psycopg.connect(self.server.url(self.name)) as connection:
            relations = connection.execute(
                "select table_schema, table_name, array_agg(column_name::text order by ordinal_position) "
                "from information_schema.columns where table_schema = any(%s) group by 1, 2 order by 1, 2",
                [list(schemas or ("landing", "staging", "mart"))],
            ).fetchall()
            for schema, table, columns in relations:
                if not references and "organization_id" not in columns:
                    continue
                if f"{schema}.{table}.*" in _STAMPS:
                    continue
                listed = ", ".join(compared(f"{schema}.{table}", column) for column in columns)
                rows = connection.execute(f'select {listed} from "{schema}"."{table}"').fetchall()
                found[f"{schema}.{table}"] = sorted(rows, key=lambda row: tuple(map(str, row)))
        return found


def compared(relation: str, column: str) -> str:
    """What is compared of a column: its text; of a moment or a run only whether there is one."""
    if any(fnmatch.fnmatchcase(f"{relation}.{column}", stamp) for stamp in _STAMPS):
        return f"coalesce(\"{column}\"::text in ('', 'infinity'), true)::text"
    return f'"{column}"::text'


def point_at_sandbox(
    sandbox: Sandbox, patch: pytest.MonkeyPatch, *, published_from: Warehouse | None = None
) -> None:
    """Makes Fortnox and Power BI the sandbox's; reports are published where a warehouse is given for them."""
    publishing = {}
    if published_from is not None:
        publishing = {
            "fabric_url": sandbox.base_url,
            "warehouse_server": f"127.0.0.1:{published_from.server.port}",
            "warehouse_database": published_from.name,
        }
    patch.setenv(
        "AIRFLOW_CONN_FORTNOX_DEFAULT",
        json.dumps(
            {
                "conn_type": "fortnox",
                "login": "sandbox-client",
                "password": "sandbox-secret",
                "host": sandbox.base_url,
                "extra": {"oauth_url": f"{sandbox.base_url}/oauth-v1"},
            }
        ),
    )
    patch.setenv(
        "AIRFLOW_CONN_POWERBI_DEFAULT",
        json.dumps(
            {
                "conn_type": "powerbi_saldo",
                "login": "sandbox-powerbi",
                "password": "sandbox-powerbi-secret",
                "extra": {
                    "tenant_id": "sandbox-tenant",
                    "base_url": sandbox.base_url,
                    "authority": sandbox.token_url,
                    "verify": str(sandbox.ca_path),
                    **publishing,
                },
            }
        ),
    )


def without_pace(sandbox: Sandbox, patch: pytest.MonkeyPatch) -> None:
    """Lets a test ask as fast as it can, where the pace is not what it is about."""
    from saldo.fortnox import pacing

    sandbox.admin("POST", "settings", {"requests_per_window": 1_000_000, "quota": 1_000})
    patch.setattr(pacing, "WINDOW_SECONDS", 0.001)


def connect_companies(sandbox: Sandbox) -> list[Any]:
    """Registers every company of the sandbox, as `saldo connect` does; returns the organizations."""
    from saldo import organizations

    return [
        organizations.register(
            tenant_id=company["tenant_id"],
            name=company["name"],
            organization_number=company["organization_number"],
            workspace_id=company["workspace_id"],
            dataset_id=company["dataset_id"],
        )
        for company in sandbox.companies()
    ]


@dataclass
class _TaskInstance:
    xcoms: dict[tuple[str, str], Any]
    task_id: str
    map_index: int = -1
    try_number: int = 1

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[self.task_id, key] = json.loads(json.dumps(value))

    def xcom_pull(self, task_ids: str, key: str = "return_value") -> Any:
        return self.xcoms.get((task_ids, key))


@dataclass
class _DagRun:
    run_id: str
    run_type: str = "manual"
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None


class _AnyEvent(dict[Any, Any]):
    def __missing__(self, key: Any) -> Any:
        self[key] = type("Event", (), {"extra": {}})()
        return self[key]


@dataclass
class Run:
    """The tasks of one run, each executed, skipped or failed, in order."""

    states: dict[str, str] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    asked_for_next: bool = False
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the assets' events carry, by the asset's URI."""

    @property
    def executed(self) -> list[str]:
        """The tasks that had a process of their own: not those that another task skipped."""
        return [task for task, state in self.states.items() if state != "skipped by another"]


def run_dag(
    dag: Any,
    run_id: str = "test",
    params: dict[str, Any] | None = None,
    interval: tuple[datetime, datetime] | None = None,
    tries: int = 1,
) -> Run:
    """Executes a DAG's operators in this process, in order, with deferrals, as Airflow would.

    A task that fails is tried so many times, at once and only where its retry policy lets it.
    """
    from airflow.sdk.exceptions import AirflowSkipException, DagRunTriggerException, DownstreamTasksSkipped

    run, skipped = Run(), set()
    dag_run = _DagRun(run_id, "backfill", *interval) if interval else _DagRun(run_id)
    for task in dag.topological_sort():
        if task.task_id in skipped:
            run.states[task.task_id] = "skipped by another"
            continue
        if any(
            run.states.get(upstream) in ("failed", "upstream failed") for upstream in task.upstream_task_ids
        ):
            run.states[task.task_id] = "upstream failed"
            continue
        context = {
            "dag_run": dag_run,
            "run_id": run_id,
            "params": params or {},
            "ti": _TaskInstance(run.xcoms, task.task_id),
            "outlet_events": (events := _AnyEvent()),
            "dag": dag,
            "task": task,
        }
        run.states[task.task_id] = "success"
        try:
            for tried in range(1, tries + 1):
                try:
                    _execute(task, context)
                    break
                except Exception as error:
                    if tried == tries or not _is_tried_again(task, error, tried, tries):
                        raise
        except DagRunTriggerException as trigger:
            run.asked_for_next = trigger.trigger_dag_id == dag.dag_id
        except DownstreamTasksSkipped as skip:
            skipped |= {item if isinstance(item, str) else item[0] for item in skip.tasks}
        except AirflowSkipException:
            run.states[task.task_id] = "skipped"
        except Exception as error:
            run.states[task.task_id] = "failed"
            run.errors[task.task_id] = error
        if run.states[task.task_id] == "success":
            run.events |= {asset.uri: event.extra for asset, event in events.items()}
    return run


def _execute(task: Any, context: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import TaskDeferred

    method, arguments = task.execute, {}
    while True:
        try:
            method(context, **arguments)
            return
        except TaskDeferred as deferred:
            event = asyncio.run(_first_event(deferred.trigger))
            method = getattr(task, deferred.method_name)
            arguments = {**(deferred.kwargs or {}), "event": event}


def _is_tried_again(task: Any, error: Exception, tried: int, tries: int) -> bool:
    from airflow.sdk import RetryAction
    from airflow.sdk.exceptions import AirflowException

    if isinstance(error, AirflowException):  # which says for itself what is to become of the task
        return False
    decision = task.retry_policy.evaluate(error, tried, tries - 1)
    return decision.action is not RetryAction.FAIL


def run_until_done(dag: Any, run_id: str = "test", **more: Any) -> list[Run]:
    """A run and those that it asks for, as Airflow would start them one after another."""
    runs = [run_dag(dag, run_id, **more)]
    while runs[-1].asked_for_next:
        runs.append(run_dag(dag, f"{run_id} {len(runs) + 1}", tries=more.get("tries", 1)))
    return runs


async def _first_event(trigger: Any) -> Any:
    async for event in trigger.run():
        return event.payload
    raise AssertionError("the trigger ended without an event")


def dag_of(organization: Any) -> Any:
    """The organization's DAG, as the DAG file builds it."""
    from saldo.pipeline.dag import build

    return build(organization)
