"""Keeps the ledger: one SIE file a financial year, fetched only when Fortnox says that vouchers changed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from psycopg import Rollback

from saldo.fortnox import sie
from saldo.fortnox.errors import TemporaryError
from saldo.fortnox.resources import SIE, VOUCHERS
from saldo.pipeline import plan
from saldo.pipeline.lists import TOO_LONG, Lists
from saldo.pipeline.plan import Mode
from saldo.pipeline.work import Work, scope_of
from saldo.pipeline.year_facts import UnfitFileError, YearReader
from saldo.warehouse import landing
from saldo.warehouse.landing import Cursor, FinancialYear, Merged
from saldo.warehouse.ledger import land_facts, land_vouchers, lock_ledger

# Backfill runs that touch the same year share one file that is no older than this.
_SHARED_FOR = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Books:
    """The ledger of one organization, in one task."""

    work: Work
    lists: Lists

    def look(self, year: FinancialYear) -> None:
        """Fetches the year's file if vouchers may have changed since the last one, or if that one is not the
        ledger yet: its task was killed, or it was no good.

        The list of vouchers says so with two requests: which were changed since, and how many there are. What
        changed is asked for since the older of list and file, so that a task killed between the two leaves
        the next one asking for the same again, and a run that fetched the file alone costs the list nothing.
        Once a day the file is fetched all the same: names of accounts and opening balances change without a
        voucher.

        Raises:
            FortnoxError: as Lists.attempt.
        """
        self.lists.attempt(SIE, year, Mode.FILE, partial(self._look, year))

    def overdue(self, years: Sequence[FinancialYear]) -> list[FinancialYear]:
        """The years whose file never came, or has not for more than a day."""
        cursors, limit = self.work.cursors(), datetime.now(UTC) - TOO_LONG
        found = [(year, cursors.get((SIE.name, scope_of(year)))) for year in years]
        return [
            year for year, file in found if file is None or file.asked_at is None or file.asked_at < limit
        ]

    def _look(self, year: FinancialYear) -> None:
        cursors = self.work.cursors()
        file = cursors.get((SIE.name, scope_of(year)))
        listed = cursors.get((VOUCHERS.name, scope_of(year)))
        known = cursors.get((VOUCHERS.name, ""))
        is_pending = year.financial_year_id in landing.pending_sie(self.work.connection)
        if file is None or file.asked_at is None or is_pending or self.work.request.asks_anew():
            self._fetch(year)
            return
        if known is None or known.lastmodified != plan.HONOURED:
            self._fetch(year)
            return
        if listed is not None and listed.swept_at is not None:
            since = min(file.asked_at, listed.asked_at or file.asked_at)
            named: int | None = self.lists.land_changes(VOUCHERS, year, since)
        else:
            named, _ = self.work.hook.count(VOUCHERS, year.financial_year_id, since=file.asked_at)
        total, _ = self.work.hook.count(VOUCHERS, year.financial_year_id)
        if named or total != file.record_count or file.asked_at <= datetime.now(UTC) - plan.DAILY:
            self._fetch(year, total)

    def unlisted(self, years: Sequence[FinancialYear]) -> list[FinancialYear]:
        """The years whose voucher list has to be read whole: it never was, it holds another number of
        vouchers than landing does, or nothing shorter tells what changed and the day is over."""
        found = []
        now = datetime.now(UTC)
        cursors = self.work.cursors()
        known = cursors.get((VOUCHERS.name, ""))
        is_told = known is not None and known.lastmodified == plan.HONOURED
        for year in years:
            file = cursors.get((SIE.name, scope_of(year)))
            listed = cursors.get((VOUCHERS.name, scope_of(year)))
            if listed is None or listed.asked_at is None:
                found.append(year)
            elif listed.swept_at is None or not is_told:
                found += [year] if listed.asked_at <= now - plan.DAILY else []
            elif file is not None and file.record_count is not None:
                alive = landing.alive_count(self.work.connection, VOUCHERS.name, scope_of(year))
                # Vouchers that share a number are fewer in landing, however often their list is read.
                is_news = file.record_count != listed.record_count or listed.swept_at <= now - plan.DAILY
                found += [year] if file.record_count != alive and is_news else []
        return found

    def _fetch(self, year: FinancialYear, total: int | None = None) -> None:
        """Fetches the year's SIE file and keeps it if its content is new."""
        line = self.work.begin(SIE, year)
        if total is None:
            total, _ = self.work.hook.count(VOUCHERS, year.financial_year_id)
        data, asked_at = self.work.hook.sie(year.financial_year_id)
        if total and b"#VER" not in data:
            raise TemporaryError(f"Fortnox lists {total} vouchers and sent a SIE file without any")
        with self.work.transaction() as connection:
            is_new = landing.store_sie(
                connection, year.financial_year_id, data, sie.content_digest(data), asked_at
            )
            if not self.work.request.is_backfill:
                landing.move_cursor(
                    connection, SIE.name, scope_of(year), asked_at=asked_at, record_count=total, is_whole=True
                )
            detail = f"{len(data)} bytes, {'new content' if is_new else 'unchanged'}"
            status = line.end(
                connection, "ok", Mode.FILE, Merged(1, int(is_new), 0), detail=detail, swept_at=asked_at
            )
        line.say(status)
        if not self.work.request.is_backfill:
            self.lists.find_out_lastmodified(VOUCHERS, year, Cursor(record_count=total))

    def fetch_shared(self, year: FinancialYear) -> None:
        """Fetches the year's file, unless another run did so within the hour.

        Raises:
            FortnoxError: as Lists.attempt.
        """
        asked_at = landing.sie_asked_at(self.work.connection, scope_of(year))
        if asked_at is not None and asked_at > datetime.now(UTC) - _SHARED_FOR:
            log.info("Financial year %s to %s: fetched at %s", year.start_date, year.end_date, asked_at)
            return
        self.lists.attempt(SIE, year, Mode.FILE, partial(self._fetch, year))

    def pending(self) -> list[FinancialYear]:
        """The years whose newest file has not become the ledger yet; all that have one, for a full reload."""
        pending = set(landing.pending_sie(self.work.connection))
        years = landing.financial_years(self.work.connection)
        if self.work.request.full_reload:
            cursors = self.work.cursors()
            pending |= {
                year.financial_year_id
                for year in years
                if self.work.request.wants_year(year) and (SIE.name, scope_of(year)) in cursors
            }
        return [year for year in years if year.financial_year_id in pending]

    def load(self) -> None:
        """Makes the ledger of every stored SIE file that has not become it yet.

        Raises:
            UnfitFileError: a file is none, or not of its year; the others are loaded.
        """
        refused: list[str] = []
        years = self.pending()
        for number, year in enumerate(years, 1):
            log.info("Financial year %s to %s (%d of %d)", year.start_date, year.end_date, number, len(years))
            try:
                self._load(year)
            except (sie.NotSie, UnfitFileError) as error:
                refused.append(f"financial year {year.financial_year_id}: {error}")
                self.work.begin(SIE, year).note("refused", Mode.FILE, str(error))
        if refused:
            raise UnfitFileError("; ".join(refused))

    def _load(self, year: FinancialYear, *, is_second_look: bool = False) -> None:
        line = self.work.begin(SIE, year)
        connection = self.work.connection
        with connection.transaction():
            # The lock comes first: who waited for it reads the file that is the newest by then.
            lock_ledger(connection, year.financial_year_id)
            reader = YearReader(landing.stored_sie(connection, year.financial_year_id), year)
            landed = land_vouchers(
                connection, year.financial_year_id, reader.vouchers(), fallback_date=year.start_date
            )
            contradictions = reader.contradictions()
            if contradictions and not is_second_look:
                raise Rollback
            land_facts(connection, year.financial_year_id, reader.facts())
            if landing.close_file_years(connection, year):
                landing.advance_landed(connection)
                log.info("Fortnox has this year now: the file that it was taken from gives way")
            merged = Merged(landed.fetched, landed.changed, landed.deleted)
            status = line.end(connection, "ok", Mode.FILE, merged, detail=reader.summary())
        if not contradictions or is_second_look:
            line.say(status)
            return
        log.warning(
            "The file contradicts itself on %d accounts; it may have been written while someone booked: "
            "fetching it once more",
            len(contradictions),
        )
        self._fetch(year)
        self._load(year, is_second_look=True)
