"""What every part of an extract task shares: whose books, what was asked for, and what came of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from saldo import settings
from saldo.database import Connection
from saldo.fortnox.hook import FortnoxHook
from saldo.fortnox.resources import Resource
from saldo.organizations import Organization
from saldo.warehouse import landing
from saldo.warehouse.landing import Cursor, FinancialYear, Merged, SyncStatus, Versions

NOTHING = Merged(0, 0, 0)

Cursors = dict[tuple[str, str], Cursor]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for, beyond what is new.

    Attributes:
        run_id: Airflow's id of the run.
        full_reload: read everything again, also what looks unchanged.
        years: only financial years that touch one of these calendar years.
        resources: only these resources of the catalogue.
        interval: only what is dated from its first day until before its second, and only financial years
            that touch it. Such a run moves no state that the scheduled ones go by.
        is_backfill: one of many runs that share what they ask Fortnox for.
        is_dry: count the requests, and ask for nothing else.
    """

    run_id: str
    full_reload: bool = False
    years: frozenset[int] = frozenset()
    resources: frozenset[str] = frozenset()
    interval: tuple[date, date] | None = None
    is_backfill: bool = False
    is_dry: bool = False

    def wants(self, resource: Resource) -> bool:
        """Whether the resource is among those asked for."""
        return not self.resources or resource.name in self.resources

    def asks_anew(self) -> bool:
        """Whether what is wanted is read whole, whatever is known of it."""
        return bool(self.full_reload or self.resources)

    def chooses_years(self) -> bool:
        """Whether the run names its years instead of leaving them to the calendar."""
        return bool(self.full_reload or self.years or self.interval)

    def wants_year(self, year: FinancialYear) -> bool:
        """Whether the financial year is among those asked for."""
        if self.interval and not (year.start_date < self.interval[1] and year.end_date >= self.interval[0]):
            return False
        touched = range(year.start_date.year, year.end_date.year + 1)
        return not self.years or not self.years.isdisjoint(touched)


@dataclass(slots=True)
class Work:
    """One extract task at work for one organization, with a line for each thing it did.

    `connection` is the loader's of this organization, in autocommit mode; the hook has another one, which
    its threads share.
    """

    organization: Organization
    request: Request
    hook: FortnoxHook
    connection: Connection
    statuses: list[SyncStatus] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """The connection, in a transaction: committed when the block ends, rolled back when it raises."""
        with self.connection.transaction():
            yield self.connection

    def cursors(self) -> Cursors:
        """How far landing has come, by resource and scope."""
        return landing.cursors(self.connection)

    def versions(self) -> Versions:
        """How far each step has come."""
        return landing.versions(self.connection)

    def is_taken(self, resource: Resource) -> bool:
        """Whether the run is to read a resource: it was asked for, and nobody switched it off."""
        switched_on = {name.strip() for name in settings.get("resources_on", "").split(",")}
        is_on = not resource.is_off or resource.name in switched_on
        return is_on and self.request.wants(resource) and self.organization.fetches(resource.scope)

    def begin(self, resource: Resource, year: FinancialYear | None = None, scope: str = "") -> Line:
        """Starts the line of a resource: its seconds and requests count from here."""
        return Line(self, resource.name, scope or scope_of(year), time.monotonic(), self.hook.requests_made)


@dataclass(frozen=True, slots=True)
class Line:
    """What one resource does in this task, from its first request to its status."""

    work: Work
    resource: str
    scope: str
    began: float
    requests_before: int

    def end(
        self,
        connection: Connection,
        status: str,
        mode: str,
        merged: Merged = NOTHING,
        *,
        detail: str = "",
        swept_at: datetime | None = None,
        details_done: int = 0,
        details_left: int = 0,
        expected_at: datetime | None = None,
    ) -> SyncStatus:
        """Keeps the line's status in the transaction of its rows; say it once that is committed."""
        line = SyncStatus(
            resource=self.resource,
            scope=self.scope,
            run_id=self.work.request.run_id,
            status=status,
            fetched=merged.fetched,
            changed=merged.changed,
            deleted=merged.deleted,
            requests=self.work.hook.requests_made - self.requests_before,
            seconds=round(time.monotonic() - self.began, 3),
            detail=detail,
            swept_at=swept_at or datetime.now(UTC),
            mode=mode,
            details_done=details_done,
            details_left=details_left,
            expected_at=expected_at,
        )
        landing.write_status(connection, line)
        return line

    def say(self, status: SyncStatus) -> None:
        """The line in the task's log and in its table."""
        self.work.statuses.append(status)
        log.info("%s", status)

    def note(self, status: str, mode: str, detail: str) -> None:
        """Keeps and says a line that has no rows."""
        with self.work.transaction() as connection:
            line = self.end(connection, status, mode, detail=detail)
        self.say(line)


def scope_of(year: FinancialYear | None) -> str:
    """The scope under which a year's records are kept, empty for what is kept whole."""
    return str(year.financial_year_id) if year else ""
