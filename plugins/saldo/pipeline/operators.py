"""The tasks of an organization's DAG, except the refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator, BaseOperatorLink
from airflow.sdk.bases.skipmixin import SkipMixin
from airflow.sdk.exceptions import AirflowSkipException, DagRunTriggerException

from saldo.fortnox.resources import Group
from saldo.pipeline.links import ReportLink, SyncStatusLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from saldo.organizations import Organization
    from saldo.pipeline.extract import Extraction, Remaining
    from saldo.pipeline.work import Request

LISTS, IS_FIRST, IS_TIME_UP = "lists", "is_first", "is_time_up"


def request_of(context: Context) -> Request:
    """What this run was asked for: by its trigger form, or by being a backfill."""
    from saldo.pipeline.work import Request

    run, params = context["dag_run"], context["params"]
    is_backfill = run.run_type == "backfill"
    return Request(
        run_id=run.run_id,
        full_reload=bool(params.get("full_reload")),
        years=frozenset(int(year) for year in params.get("financial_years") or ()),
        resources=frozenset(params.get("resources") or ()),
        interval=_interval_of_run(run) if is_backfill else _interval_of_form(params),
        is_backfill=is_backfill,
        is_dry=bool(params.get("dry_run")),
    )


def _interval_of_run(run: Any) -> tuple[date, date]:
    """The Swedish days that a backfill run's data interval touches, the last one not included."""
    from saldo.fortnox.clock import STOCKHOLM

    start, end = run.data_interval_start, run.data_interval_end
    assert start is not None
    assert end is not None
    first, last = start.astimezone(STOCKHOLM).date(), end.astimezone(STOCKHOLM).date()
    return first, last if first < last else first + timedelta(days=1)


def _interval_of_form(params: Any) -> tuple[date, date] | None:
    """The days from and to of the trigger form, both included by who fills it in; open where left empty."""
    first, last = params.get("from_date"), params.get("to_date")
    if not first and not last:
        return None
    start = date.fromisoformat(first) if first else date(1980, 1, 1)
    end = date.fromisoformat(last) if last else date(2079, 12, 31)
    if end < start:
        raise ValueError(f"The run is asked for {start} to {end}: the first day must not be after the last")
    return start, end + timedelta(days=1)


class _OrganizationOperator(BaseOperator):
    """A task of one organization; its registry row is read when the task runs, not at parsing."""

    operator_extra_links: tuple[BaseOperatorLink, ...] = (SyncStatusLink(),)

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

    A backfill run reads its interval here and leaves nothing to the others: the next hourly run builds and
    refreshes once for all of them. A dry run counts requests and ends.

    Args:
        groups: the task ids of the groups, by group.
        next_run: the task id that asks for another run.
        build, definition, refresh: the task ids of the build and of what publishes it.
    """

    def __init__(
        self,
        *,
        groups: Mapping[str, str],
        next_run: str,
        build: str,
        definition: str,
        refresh: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.groups = dict(groups)
        self.next_run = next_run
        self.build = build
        self.definition = definition
        self.refresh = refresh

    def execute(self, context: Context) -> None:
        """Lands the hot set; leaves in XCom which lists remain."""
        from saldo.pipeline.extract import extraction

        request = request_of(context)
        remaining: Remaining | None = None
        with extraction(self.organization(), request) as work:
            if request.is_dry:
                self._say_requests(work.count_requests())
            else:
                remaining = work.interval() if request.interval else work.changes()
        if request.is_backfill:
            self.log.info("The next hourly run builds the marts, once for all backfill runs")
            remaining = None
        wanted: dict[str, bool] = {}
        if remaining is not None:
            wanted = {task_id: group in remaining.tasks for group, task_id in self.groups.items()} | {
                self.next_run: remaining.next_run,
                self.build: remaining.build,
                self.definition: remaining.definition,
                self.refresh: remaining.refresh,
            }
        report(self, context, work)
        ti, lists = context["ti"], remaining.lists if remaining else {}
        ti.xcom_push(key=LISTS, value={group.value: list(names) for group, names in lists.items()})
        ti.xcom_push(key=IS_FIRST, value=bool(remaining and remaining.is_first))
        tasks = [*self.groups.values(), self.next_run, self.build, self.definition, self.refresh]
        skipped = [task_id for task_id in tasks if not wanted.get(task_id)]
        if len(skipped) == len(tasks):
            self.log.info("Nothing more to do in this run")
        else:
            self.log.info("Next: %s", ", ".join(task_id for task_id in tasks if task_id not in skipped))
        assert self.dag is not None
        self.skip(ti, [self.dag.get_task(task_id) for task_id in skipped])

    def _say_requests(self, requests: Mapping[str, int]) -> None:
        lines = "\n".join(f"  {name:<24} {count:>9}" for name, count in requests.items())
        self.log.info("A run that reads all of this makes %d requests:\n%s", sum(requests.values()), lines)


class FortnoxToPostgresOperator(_OrganizationOperator):
    """Lands one group of Fortnox's resources: the ledger, or the lists that the first task left over and the
    single records that are due.

    Doing it twice changes nothing.

    Args:
        group: a group of the catalogue: ledger, registers, sales or purchases.
        changes_task_id: the task that found out what there is to do.
    """

    def __init__(self, *, group: str, changes_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.group = Group(group)
        self.changes_task_id = changes_task_id

    def execute(self, context: Context) -> None:
        """Fetches and lands; each resource in transactions of its own, so that a retry goes on."""
        from saldo.pipeline.extract import extraction

        with extraction(self.organization(), request_of(context)) as work:
            try:
                if self.group is Group.LEDGER:
                    work.ledger()
                else:
                    lists = context["ti"].xcom_pull(task_ids=self.changes_task_id, key=LISTS) or {}
                    work.group(self.group, lists.get(self.group.value, ()))
                    context["ti"].xcom_push(key=IS_TIME_UP, value=work.lists.is_time_up)
            finally:
                report(self, context, work)


class NextRunOperator(_OrganizationOperator):
    """Asks for another run of the same DAG when this one left single records to be fetched.

    It comes before the refresh, which stays last; the run that it asks for waits until this one has ended.
    Only a run that ended by its time, or the company's first, asks: one that Fortnox refused would ask for
    ever.

    Args:
        changes_task_id: the task that says whether this is the company's first run.
        group_task_ids: the tasks that say whether their time was up.
    """

    def __init__(self, *, changes_task_id: str, group_task_ids: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.changes_task_id = changes_task_id
        self.group_task_ids = list(group_task_ids)

    def execute(self, context: Context) -> None:
        """Asks.

        Raises:
            AirflowSkipException: nothing is left, or what is left is left for another reason than time.
        """
        from saldo.pipeline.extract import extraction

        ti = context["ti"]
        is_first = ti.xcom_pull(task_ids=self.changes_task_id, key=IS_FIRST)
        is_cut = any(ti.xcom_pull(task_ids=task_id, key=IS_TIME_UP) for task_id in self.group_task_ids)
        with extraction(self.organization(), request_of(context)) as work:
            left = work.backlog()
        if not left or not (is_first or is_cut):
            raise AirflowSkipException("Nothing is left for a run right after this one")
        self.log.info("%s: asking for the next run", left)
        raise DagRunTriggerException(
            trigger_dag_id=self.dag_id,
            dag_run_id=f"details__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
            conf={},
            reset_dag_run=False,
            skip_when_already_exists=True,
            wait_for_completion=False,
            allowed_states=[],
            failed_states=[],
            poke_interval=60,
            deferrable=False,
        )


def report(operator: BaseOperator, context: Context, work: Extraction) -> None:
    """The table of what each resource did: whole in the log, its sums in the asset's event."""
    statuses = work.work.statuses
    lines = "\n".join(f"  {status}" for status in statuses)
    requests = work.work.hook.requests_made
    operator.log.info("%d requests to Fortnox; by resource:\n%s", requests, lines or "  none was asked for")
    for asset in operator.outlets:
        if isinstance(asset, Asset):
            context["outlet_events"][asset].extra = {
                "fetched": sum(status.fetched for status in statuses),
                "changed": sum(status.changed for status in statuses),
                "deleted": sum(status.deleted for status in statuses),
                "requests": requests,
            }


class BuildMartsOperator(_OrganizationOperator):
    """Builds the marts and checks them in one transaction; skipped when they are up to date.

    Args:
        moves_today: nothing asks Fortnox for this company, so here is where its today moves on.
    """

    operator_extra_links = (SyncStatusLink(), ReportLink())

    def __init__(self, *, moves_today: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.moves_today = moves_today

    def execute(self, context: Context) -> None:
        """Builds.

        Raises:
            ChecksFailedError: a stop check failed; the marts are as they were.
            AirflowSkipException: nothing has landed since the last build.
        """
        from saldo.warehouse.build import build

        if self.moves_today:
            self._move_today()
        result = build(self.organization_id)
        if not result.built:
            raise AirflowSkipException("The marts are up to date with what has landed")
        for asset in self.outlets:
            if isinstance(asset, Asset):
                context["outlet_events"][asset].extra = {
                    "version": result.landed,
                    "checks": len(result.checks),
                    "checks_passed": sum(not check.failing for check in result.checks),
                }

    def _move_today(self) -> None:
        from saldo.database import Role, connect
        from saldo.fortnox.clock import STOCKHOLM
        from saldo.warehouse import landing

        with connect(Role.LOADER, self.organization_id) as connection:
            landing.set_as_of(connection, datetime.now(STOCKHOLM).date())
