"""The tasks of an organization's DAG, except the refresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.bases.skipmixin import SkipMixin
from airflow.sdk.exceptions import AirflowSkipException

from saldo.pipeline.links import SyncStatusLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from saldo.organizations import Organization
    from saldo.pipeline.extract import Extraction, Request

LEDGER = "ledger"
REGISTERS = "registers"


def request_of(context: Context) -> Request:
    """What this run was asked for: by its trigger form, or by being a backfill."""
    from saldo.pipeline.extract import STOCKHOLM, Request

    run, params = context["dag_run"], context["params"]
    interval: tuple[date, date] | None = None
    if run.run_type == "backfill":
        start, end = run.data_interval_start, run.data_interval_end
        assert start is not None
        assert end is not None
        interval = (start.astimezone(STOCKHOLM).date(), end.astimezone(STOCKHOLM).date())
        if interval[0] == interval[1]:
            interval = (interval[0], date.fromordinal(interval[1].toordinal() + 1))
    return Request(
        run_id=run.run_id,
        full_reload=bool(params.get("full_reload")),
        years=frozenset(int(year) for year in params.get("financial_years") or ()),
        resources=frozenset(params.get("resources") or ()),
        interval=interval,
    )


class _OrganizationOperator(BaseOperator):
    """A task of one organization; its registry row is read when the task runs, not at parsing."""

    operator_extra_links = (SyncStatusLink(),)

    def __init__(self, *, organization_id: int, dag_id_of_organization: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization_id = organization_id
        self.dag_id_of_organization = dag_id_of_organization

    def organization(self) -> Organization:
        """The organization as the registry has it now.

        Raises:
            AirflowSkipException: it was disconnected meanwhile.
        """
        from saldo import organizations

        found = organizations.read(self.dag_id_of_organization).organizations
        if not found:
            raise AirflowSkipException("This company was disconnected: nothing is fetched for it any more")
        return found[0]


class ExtractChangesOperator(_OrganizationOperator, SkipMixin):
    """Asks Fortnox what is new, lands it, and lets only those tasks run that have something to do.

    Args:
        tasks: the task ids of the ledger, the registers, the build and the refresh, in that order.
    """

    def __init__(self, *, tasks: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tasks = list(tasks)

    def execute(self, context: Context) -> None:
        """Lands the hot set; leaves in XCom which registers remain."""
        from saldo.pipeline.extract import extraction

        with extraction(self.organization(), request_of(context)) as work:
            remaining = work.changes()
        report(self, context, work)
        wanted = (remaining.ledger, bool(remaining.registers), remaining.build, remaining.refresh)
        skipped = [task_id for task_id, is_wanted in zip(self.tasks, wanted, strict=True) if not is_wanted]
        ti = context["ti"]
        ti.xcom_push(key=REGISTERS, value=list(remaining.registers))
        if len(skipped) == len(self.tasks):
            self.log.info("Nothing changed: nothing more to do in this run")
        else:
            self.log.info("Next: %s", ", ".join(t for t in self.tasks if t not in skipped))
        assert self.dag is not None
        self.skip(ti, [self.dag.get_task(task_id) for task_id in skipped])


class FortnoxToPostgresOperator(_OrganizationOperator):
    """Lands one group of Fortnox's resources: the ledger, or the registers that the first task left over.

    Doing it twice changes nothing.

    Args:
        group: "ledger" or "registers".
        changes_task_id: the task that found out what there is to do.
    """

    def __init__(self, *, group: str, changes_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if group not in (LEDGER, REGISTERS):
            raise ValueError(f"{group!r} is no group of resources: use {LEDGER!r} or {REGISTERS!r}")
        self.group = group
        self.changes_task_id = changes_task_id

    def execute(self, context: Context) -> None:
        """Fetches and lands; each resource in transactions of its own, so that a retry goes on."""
        from saldo.pipeline.extract import extraction

        with extraction(self.organization(), request_of(context)) as work:
            if self.group == LEDGER:
                work.ledger()
            else:
                names = context["ti"].xcom_pull(task_ids=self.changes_task_id, key=REGISTERS)
                work.registers(tuple(names or ()))
        report(self, context, work)


def report(operator: BaseOperator, context: Context, work: Extraction) -> None:
    """The table of what each resource did: whole in the log, its sums in the asset's event."""
    lines = "\n".join(f"  {status}" for status in work.statuses)
    operator.log.info(
        "%d requests to Fortnox; by resource:\n%s", work.hook.requests_made, lines or "  none was asked for"
    )
    for asset in operator.outlets:
        if isinstance(asset, Asset):
            context["outlet_events"][asset].extra = {
                "changed": sum(status.changed for status in work.statuses),
                "deleted": sum(status.deleted for status in work.statuses),
                "requests": work.hook.requests_made,
            }


class BuildMartsOperator(_OrganizationOperator):
    """Builds the marts and checks them in one transaction; skipped when they are up to date."""

    def execute(self, context: Context) -> None:
        """Builds.

        Raises:
            ChecksFailedError: a stop check failed; the marts are as they were.
            AirflowSkipException: nothing has landed since the last build.
        """
        from saldo.warehouse.build import build

        result = build(self.organization_id)
        if not result.built:
            raise AirflowSkipException("The marts are up to date with what has landed")
