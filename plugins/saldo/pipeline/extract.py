"""What the extract tasks do: Fortnox's answers into landing, each resource with its status.

Nothing here is held over from one task to the next: what is left to do is read from the warehouse.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from saldo.database import Connection, Role, connect
from saldo.fortnox import sie
from saldo.fortnox.errors import NotAvailableError
from saldo.fortnox.hook import FortnoxHook
from saldo.fortnox.resources import CATALOGUE, COMPANY_INFORMATION, FINANCIAL_YEARS, REGISTERS, SIE, Resource
from saldo.organizations import Organization
from saldo.pipeline.year_facts import UnfitFileError, YearReader
from saldo.warehouse import landing
from saldo.warehouse.landing import FinancialYear, Merged, SyncStatus
from saldo.warehouse.ledger import land_facts, land_vouchers
from saldo.warehouse.migrations import check_version

STOCKHOLM = ZoneInfo("Europe/Stockholm")
# A list of up to four pages is read whole at every run: it costs little and shows what is gone.
_READ_AT_ONCE = 2000
_RECENT = timedelta(days=550)
_OLDER_YEARS_EVERY = timedelta(hours=20)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for, beyond what is new.

    Attributes:
        run_id: Airflow's id of the run.
        full_reload: read everything again, also what looks unchanged.
        years: only financial years that touch one of these calendar years.
        resources: only these resources of the catalogue.
        interval: a backfill's: only financial years that touch it. A backfill moves no state of its own.
    """

    run_id: str
    full_reload: bool = False
    years: frozenset[int] = frozenset()
    resources: frozenset[str] = frozenset()
    interval: tuple[date, date] | None = None

    def wants(self, resource: Resource) -> bool:
        """Whether the resource is among those asked for."""
        return not self.resources or resource.name in self.resources

    def chooses_years(self) -> bool:
        """Whether the run names its years instead of leaving them to the calendar."""
        return bool(self.full_reload or self.years or self.interval)

    def wants_year(self, year: FinancialYear) -> bool:
        """Whether the financial year is among those asked for."""
        if self.interval and not (year.start_date < self.interval[1] and year.end_date >= self.interval[0]):
            return False
        touched = range(year.start_date.year, year.end_date.year + 1)
        return not self.years or not self.years.isdisjoint(touched)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What the first task leaves to the others."""

    ledger: bool
    registers: tuple[str, ...]
    build: bool
    refresh: bool


@dataclass(slots=True)
class Extraction:
    """One extract task at work for one organization."""

    organization: Organization
    request: Request
    hook: FortnoxHook
    statuses: list[SyncStatus] = field(default_factory=list)

    def changes(self) -> Remaining:
        """Asks the hot set what is new and lands what it got; returns what is left to do."""
        if not self.request.interval:
            self._move_today()
        for resource in (COMPANY_INFORMATION, FINANCIAL_YEARS):
            self.land(resource)
        if self.request.wants(SIE):
            for year in self._years_to_read(SIE):
                self._fetch_sie(year)
        left = self._land_small_registers()
        with self._transaction() as connection:
            versions = landing.versions(connection)
            ledger = self.request.wants(SIE) and bool(self._ledger_years(connection))
        build = ledger or bool(left) or versions.built < versions.landed
        return Remaining(ledger, left, build, build or versions.refreshed < versions.built)

    def registers(self, names: tuple[str, ...]) -> None:
        """Lands whole registers, of every financial year in question where they are kept per year."""
        for name in names:
            for year in self._scopes(CATALOGUE[name]):
                self.land(CATALOGUE[name], year)

    def ledger(self) -> None:
        """Makes the ledger of every stored SIE file that has not become it yet."""
        with self._transaction() as connection:
            years = self._ledger_years(connection)
        refused: list[str] = []
        for number, year in enumerate(years, 1):
            log.info("Financial year %s to %s (%d of %d)", year.start_date, year.end_date, number, len(years))
            try:
                self._load_sie(year)
            except (sie.NotSie, UnfitFileError) as error:
                refused.append(f"financial year {year.financial_year_id}: {error}")
                self._note(SIE, _scope(year), "refused", Merged(0, 0, 0), time.monotonic(), 0, str(error))
        if refused:
            raise UnfitFileError("; ".join(refused))

    def land(self, resource: Resource, year: FinancialYear | None = None) -> None:
        """Lands one resource whole; a missing scope or licence skips it with a plain status."""
        began, asked = time.monotonic(), self.hook.requests_made
        scope = _scope(year)
        try:
            sweep = self.hook.sweep(resource, year.financial_year_id if year else None)
        except NotAvailableError as error:
            self._note(resource, scope, "skipped", Merged(0, 0, 0), began, asked, str(error))
            return
        with self._transaction() as connection:
            merged = landing.merge_documents(
                connection,
                resource=resource.name,
                list_key=resource.list_key,
                key_fields=resource.key_fields,
                scope=scope,
                pages=(page.text for page in sweep.pages),
            )
            nul_count = sum(page.nul_count for page in sweep.pages)
            detail = f"{nul_count} NUL characters left out" if nul_count else ""
            status = self._status(resource, scope, "ok", merged, began, asked, detail, sweep.asked_at)
            landing.write_status(connection, status)
        self._say(status)

    def _move_today(self) -> None:
        today = datetime.now(STOCKHOLM).date()
        with self._transaction() as connection:
            if landing.set_as_of(connection, today):
                log.info("The marts will call %s today", today)

    def _scopes(self, resource: Resource) -> list[FinancialYear | None]:
        return list(self._years_to_read(resource)) if resource.is_per_year else [None]

    def _years_to_read(self, resource: Resource) -> list[FinancialYear]:
        with self._transaction() as connection:
            years = landing.financial_years(connection)
            swept = landing.swept_at(connection, resource.name)
        if not years:
            log.warning("Fortnox lists no financial year for this company: there is no ledger to read yet")
        if self.request.chooses_years():
            return [year for year in years if self.request.wants_year(year)]
        today, now = datetime.now(STOCKHOLM).date(), datetime.now(UTC)
        return [
            year
            for year in years
            if year.end_date >= today - _RECENT
            or swept.get(_scope(year), datetime.min.replace(tzinfo=UTC)) < now - _OLDER_YEARS_EVERY
        ]

    def _fetch_sie(self, year: FinancialYear) -> None:
        began, asked = time.monotonic(), self.hook.requests_made
        try:
            data, asked_at = self.hook.sie(year.financial_year_id)
        except NotAvailableError as error:
            self._note(SIE, _scope(year), "skipped", Merged(0, 0, 0), began, asked, str(error))
            return
        with self._transaction() as connection:
            is_new = landing.store_sie(
                connection, year.financial_year_id, data, sie.content_digest(data), asked_at
            )
            detail = f"{len(data)} bytes, {'new content' if is_new else 'unchanged'}"
            status = self._status(
                SIE, _scope(year), "ok", Merged(1, int(is_new), 0), began, asked, detail, asked_at
            )
            landing.write_status(connection, status)
        self._say(status)

    def _land_small_registers(self) -> tuple[str, ...]:
        with self._transaction() as connection:
            known = landing.swept_counts(connection)
        left: list[str] = []
        for resource in filter(self.request.wants, REGISTERS):
            scopes = self._scopes(resource)
            counts = [known.get((resource.name, _scope(year))) for year in scopes]
            if self.request.full_reload or None in counts or sum(filter(None, counts)) > _READ_AT_ONCE:
                left.append(resource.name)
                continue
            for year in scopes:
                self.land(resource, year)
        return tuple(left)

    def _ledger_years(self, connection: Connection) -> list[FinancialYear]:
        pending = set(landing.pending_sie(connection))
        years = landing.financial_years(connection)
        if self.request.full_reload:
            stored = landing.swept_at(connection, SIE.name)
            pending |= {
                year.financial_year_id
                for year in years
                if self.request.wants_year(year) and _scope(year) in stored
            }
        return [year for year in years if year.financial_year_id in pending]

    def _load_sie(self, year: FinancialYear, *, is_second_look: bool = False) -> None:
        began, asked = time.monotonic(), self.hook.requests_made
        with self._transaction() as connection:
            data = landing.stored_sie(connection, year.financial_year_id)
        reader = YearReader(data, year)
        with self._transaction() as connection:
            landed = land_vouchers(
                connection, year.financial_year_id, reader.vouchers(), fallback_date=year.start_date
            )
            contradictions = reader.contradictions()
            if contradictions and not is_second_look:
                log.warning(
                    "The file contradicts itself on %d accounts; it may have been written while someone "
                    "booked: fetching it once more",
                    len(contradictions),
                )
                connection.rollback()
                self._fetch_sie(year)
                self._load_sie(year, is_second_look=True)
                return
            land_facts(connection, year.financial_year_id, reader.facts())
            merged = Merged(landed.fetched, landed.changed, landed.deleted)
            status = self._status(
                SIE, _scope(year), "ok", merged, began, asked, reader.summary(), datetime.now(UTC)
            )
            landing.write_status(connection, status)
        self._say(status)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with connect(Role.LOADER, self.organization.organization_id) as connection:
            yield connection

    def _note(
        self,
        resource: Resource,
        scope: str,
        verdict: str,
        merged: Merged,
        began: float,
        asked: int,
        detail: str,
    ) -> None:
        status = self._status(resource, scope, verdict, merged, began, asked, detail, datetime.now(UTC))
        with self._transaction() as connection:
            landing.write_status(connection, status)
        self._say(status)

    def _status(
        self,
        resource: Resource,
        scope: str,
        verdict: str,
        merged: Merged,
        began: float,
        asked: int,
        detail: str,
        swept_at: datetime,
    ) -> SyncStatus:
        return SyncStatus(
            resource=resource.name,
            scope=scope,
            run_id=self.request.run_id,
            status=verdict,
            fetched=merged.fetched,
            changed=merged.changed,
            deleted=merged.deleted,
            requests=self.hook.requests_made - asked,
            seconds=round(time.monotonic() - began, 3),
            detail=detail,
            swept_at=swept_at,
        )

    def _say(self, status: SyncStatus) -> None:
        self.statuses.append(status)
        log.info("%s", status)


@contextmanager
def extraction(organization: Organization, request: Request) -> Iterator[Extraction]:
    """An extraction with its hook; stops at once when the warehouse is behind this version of Saldo."""
    with connect(Role.LOADER, organization.organization_id, autocommit=True) as connection:
        check_version(connection)
        yield Extraction(organization, request, FortnoxHook(organization.tenant_id, connection))


def _scope(year: FinancialYear | None) -> str:
    return str(year.financial_year_id) if year else ""
