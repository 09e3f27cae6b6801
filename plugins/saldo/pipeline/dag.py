"""Builds the DAG of one organization. Nothing volatile stands in it: equal books, equal DAG."""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.sdk import (
    DAG,
    Asset,
    CronDataIntervalTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    TaskGroup,
)

from saldo.pipeline.operators import (
    LEDGER,
    REGISTERS,
    BuildMartsOperator,
    ExtractChangesOperator,
    FortnoxToPostgresOperator,
)
from saldo.pipeline.refresh import PowerBIRefreshOperator

if TYPE_CHECKING:
    from saldo.organizations import Organization

TIMEZONE = "Europe/Stockholm"
START_DATE = pendulum.datetime(2026, 1, 1, tz=TIMEZONE)
LEDGER_TASK, REGISTERS_TASK = "extract.ledger", "extract.registers"
BUILD_TASK, REFRESH_TASK = "transform.build", "publish.refresh"

RUNBOOK = """
### What this does
Every hour: asks Fortnox what is new, lands it in PostgreSQL, builds the marts and checks them against the
books, and refreshes the Power BI dataset. When nothing changed, one task runs and the rest is skipped.

### When a task failed
The log's last lines say what to do. The data that people see stays the last good one.

| task | what it means | what to do |
|---|---|---|
| `extract.*` | Fortnox or the network failed for long, or the access was revoked | clear the task; if it says *connect the company again*, do that |
| `transform.build` | a check found that the marts are not the books | read which check and which rows in the log; clear the task after the cause is mended |
| `publish.refresh` | Power BI refused or failed | the log holds Power BI's own reason; clear the task: it never starts a second refresh beside a running one |

A run that failed needs no care of its own: the next one does what it left.

### By hand
*Trigger* opens a form: everything anew, certain years, certain resources.
`airflow backfill create --dag-id ID --from-date 2025-01-01 --to-date 2025-12-31 --max-active-runs 1` reads the
financial years of that interval again; it neither reads nor moves what the hourly runs go by.
"""  # noqa: E501 (a table row is one line)


def minute_of(dag_id: str) -> int:
    """The minute of each hour at which the DAG starts: spread over organizations, the same at every parse."""
    return zlib.crc32(dag_id.encode()) % 60


def build(organization: Organization) -> DAG:
    """The DAG: extract.changes, then what it lets run of extract, transform and publish."""
    identity: dict[str, Any] = {
        "organization_id": organization.organization_id,
        "dag_id_of_organization": organization.dag_id,
    }
    with DAG(
        organization.dag_id,
        dag_display_name=organization.name,
        description="Fortnox to PostgreSQL and Power BI",
        doc_md=RUNBOOK,
        schedule=CronDataIntervalTimetable(f"{minute_of(organization.dag_id)} * * * *", timezone=TIMEZONE),
        start_date=START_DATE,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["saldo", "fortnox"],
        params=_form(),
        default_args={
            "owner": "saldo",
            "retries": 3,
            "retry_delay": timedelta(minutes=1),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=15),
            "retry_policy": _retry_policy(),
            "trigger_rule": "none_failed",
        },
    ) as dag:
        with TaskGroup("extract"):
            changes = ExtractChangesOperator(
                task_id="changes",
                tasks=[LEDGER_TASK, REGISTERS_TASK, BUILD_TASK, REFRESH_TASK],
                max_active_tis_per_dag=1,
                **identity,
            )
            groups = [
                FortnoxToPostgresOperator(
                    task_id=group,
                    group=group,
                    changes_task_id=changes.task_id,
                    max_active_tis_per_dag=1,
                    outlets=[Asset(f"fortnox://{organization.tenant_id}/{group}")],
                    **identity,
                )
                for group in (LEDGER, REGISTERS)
            ]
        with TaskGroup("transform"):
            marts = BuildMartsOperator(task_id="build", max_active_tis_per_dag=1, **identity)
        with TaskGroup("publish"):
            refresh = PowerBIRefreshOperator(
                task_id="refresh",
                organization_id=organization.organization_id,
                max_active_tis_per_dag=1,
                # Airflow may end a try by a race of its own while it resumes; the next goes on at once.
                retry_delay=timedelta(seconds=10),
            )
        changes >> groups >> marts >> refresh
    return dag


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
        "resources": Param(
            [],
            type=["null", "array"],
            examples=sorted(CATALOGUE),
            title="Resources",
            description="Only these. Empty: all. The ledger is `sie`.",
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
