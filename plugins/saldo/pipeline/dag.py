"""Builds the DAG of one organization. Nothing volatile stands in it: equal books, equal DAG."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.sdk import (
    DAG,
    Asset,
    BaseOperator,
    CronDataIntervalTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    TaskGroup,
)

from saldo.fortnox.resources import Group
from saldo.pipeline.links import ReportLink
from saldo.pipeline.operators import (
    BuildMartsOperator,
    ExtractChangesOperator,
    FortnoxToPostgresOperator,
    NextRunOperator,
)
from saldo.pipeline.refresh import PowerBIRefreshOperator

if TYPE_CHECKING:
    from saldo.organizations import Organization

TIMEZONE = "Europe/Stockholm"
START_DATE = pendulum.datetime(2026, 1, 1, tz=TIMEZONE)
GROUP_TASKS = {group.value: f"extract.{group.value}" for group in Group}
BUILD_TASK, NEXT_TASK, REFRESH_TASK = "transform.build", "transform.next", "publish.refresh"

RUNBOOK = """
### What this does
At its hours (every one, unless its page says otherwise): asks Fortnox what is new, lands it in PostgreSQL, builds the marts and checks them against the
books, and refreshes the Power BI dataset. When nothing changed, one task runs and the rest is skipped.
The first run leaves out what the first report does not need (rows of invoices and orders, the voucher list);
runs right after it fetch that, ten minutes each, newest first.

### When a task failed
The log's last lines say what to do. The data that people see stays the last good one.

| task | what it means | what to do |
|---|---|---|
| `extract.*` | Fortnox or the network failed for long, or the access was revoked | clear the task; if it says *connect the company again*, do that |
| `transform.build` | a check found that the marts are not the books | read which check and which rows in the log; clear the task after the cause is mended |
| `transform.next` | the next run could not be asked for | nothing: the hourly run does what is left |
| `publish.refresh` | Power BI refused or failed | the log holds Power BI's own reason; clear the task: it never starts a second refresh beside a running one |

A run that failed needs no care of its own: the next one does what it left. A resource that the company's licence
or rights leave out is skipped with a status of its own; *Rows by resource* on any extract task shows all.

### By hand
*Trigger* opens a form: everything anew, an interval, certain years, certain resources, or only a count of requests.
`airflow backfill create --dag-id ID --from-date 2025-01-01 --to-date 2025-01-03` reads what is dated in that
interval again, a run an hour of it; it neither reads nor moves what the hourly runs go by, and the next of those
builds the marts. For a long range the form's *From* and *To* is one run.
"""  # noqa: E501 (a table row is one line)


def minute_of(dag_id: str) -> int:
    """The minute of each hour at which the DAG starts: spread over organizations, the same at every parse."""
    return zlib.crc32(dag_id.encode()) % 60


def build(organization: Organization) -> DAG:
    """The DAG: extract.changes, then what it lets run of extract, transform and publish; of a company that is
    not on Fortnox, transform and publish alone."""
    fortnox = Asset(f"fortnox://{organization.tenant_id}/api")
    landed = {
        name: Asset(f"saldo://{organization.tenant_id}/landing/{name}") for name in ("changes", *GROUP_TASKS)
    }
    marts = Asset(f"saldo://{organization.tenant_id}/mart")
    identity: dict[str, Any] = {
        "organization_id": organization.organization_id,
        "dag_id_of_organization": organization.dag_id,
    }
    with DAG(
        organization.dag_id,
        dag_display_name=organization.name,
        description="Fortnox to PostgreSQL and Power BI"
        if organization.is_on_fortnox
        else "SIE files to Power BI",
        doc_md=RUNBOOK,
        schedule=_timetable(organization),
        start_date=START_DATE,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["saldo", "fortnox" if organization.is_on_fortnox else "sie"],
        params=_form() if organization.is_on_fortnox else {},
        default_args={
            "owner": "saldo",
            "retries": 3,
            "retry_delay": timedelta(minutes=1),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=15),
            "retry_policy": _retry_policy(),
            "trigger_rule": "none_failed",
            # Also binds backfills, which ignore max_active_runs: waiting happens in the scheduler.
            "max_active_tis_per_dag": 1,
        },
    ) as dag:
        extracted = _extract(fortnox, landed, identity) if organization.is_on_fortnox else []
        with TaskGroup("transform"):
            build_marts = BuildMartsOperator(
                task_id="build",
                moves_today=not organization.is_on_fortnox,
                inlets=list(landed.values()),
                outlets=[marts],
                **identity,
            )
            next_run = [_next_run(identity)] if organization.is_on_fortnox else []
        with TaskGroup("publish"):
            refresh = PowerBIRefreshOperator(
                task_id="refresh",
                organization_id=organization.organization_id,
                inlets=[marts],
                outlets=[Asset(f"powerbi://{organization.tenant_id}/dataset")],
                # Airflow may end a try by a race of its own while it resumes; the next goes on at once.
                retry_delay=timedelta(seconds=10),
            )
            refresh.operator_extra_links = (ReportLink(),)
        extracted >> build_marts >> next_run >> refresh
        # The one between is skipped before the build begins, unless a backlog needs it.
        build_marts >> refresh
    return dag


def _extract(fortnox: Asset, landed: Mapping[str, Asset], identity: Mapping[str, Any]) -> list[BaseOperator]:
    """The tasks that ask Fortnox; returns the last of them."""
    with TaskGroup("extract"):
        changes = ExtractChangesOperator(
            task_id="changes",
            groups=GROUP_TASKS,
            build=BUILD_TASK,
            next_run=NEXT_TASK,
            refresh=REFRESH_TASK,
            inlets=[fortnox],
            outlets=[landed["changes"]],
            **identity,
        )
        groups: list[BaseOperator] = [
            FortnoxToPostgresOperator(
                task_id=group.value,
                group=group.value,
                changes_task_id=changes.task_id,
                inlets=[fortnox],
                outlets=[landed[group.value]],
                **identity,
            )
            for group in Group
        ]
        changes >> groups
    return groups


def _next_run(identity: Mapping[str, Any]) -> BaseOperator:
    return NextRunOperator(
        task_id="next",
        changes_task_id="extract.changes",
        group_task_ids=list(GROUP_TASKS.values()),
        **identity,
    )


def _timetable(organization: Organization) -> CronDataIntervalTimetable | None:
    """The organization's own hours; of a schedule that this version does not know, every hour."""
    if organization.schedule == "manual":
        return None
    hours = {"every_3_hours": "*/3", "every_6_hours": "*/6", "daily": "5"}.get(organization.schedule, "*")
    return CronDataIntervalTimetable(f"{minute_of(organization.dag_id)} {hours} * * *", timezone=TIMEZONE)


def _form() -> dict[str, Param]:
    from saldo.fortnox.resources import CATALOGUE

    return {
        "full_reload": Param(
            False,
            type="boolean",
            title="Everything anew",
            description="Read every financial year and every resource again, also what looks unchanged. "
            "Harmless at any time: only what differs is written.",
        ),
        "financial_years": Param(
            [],
            type=["null", "array"],
            # Texts, since Airflow's form takes a list of anything else as JSON alone.
            items={"type": "string", "pattern": "^[0-9]{4}$"},
            title="Financial years",
            description="Calendar years such as 2025, one a line: the financial years that touch them. "
            "Empty: those that are open or ended within 18 months.",
        ),
        "from_date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="From",
            description="Only what is dated from this day on, and the financial years that it touches.",
        ),
        "to_date": Param(
            None, type=["null", "string"], format="date", title="To", description="The last such day."
        ),
        "resources": Param(
            [],
            type=["null", "array"],
            examples=sorted(CATALOGUE),
            title="Resources",
            description="Only these, read whole. Empty: all. The ledger is `sie`.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Count only",
            description="Say in the log how many requests reading all of it would take, and do nothing else.",
        ),
    }


def _retry_policy() -> ExceptionRetryPolicy:
    return ExceptionRetryPolicy(
        [
            RetryRule(exception=kind, action=RetryAction.FAIL, reason=reason)
            for kind, reason in (
                ("saldo.fortnox.errors.AccessRevokedError", "the company must be connected again"),
                ("saldo.fortnox.errors.CredentialsRejectedError", "fortnox_default must be mended"),
                ("saldo.warehouse.migrations.OutdatedWarehouseError", "run `saldo migrate`"),
            )
        ]
    )
