"""Lands Fortnox's lists, whole or by what changed, and the single records whose rows are wanted."""

from __future__ import annotations

import logging
import operator
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg

from saldo.fortnox import pacing
from saldo.fortnox.errors import (
    NotAvailableError,
    NotFoundError,
    RejectedRequestError,
    TemporaryError,
)
from saldo.fortnox.hook import Detail
from saldo.fortnox.resources import COMPANY_INFORMATION, Group, Resource, of_group
from saldo.pipeline import plan
from saldo.pipeline.plan import Mode
from saldo.pipeline.work import NOTHING, Work, scope_of
from saldo.warehouse import landing
from saldo.warehouse.landing import Cursor, DetailAnswer, DueDetail, FinancialYear, Merged

# One task fetches details for so long; the next run goes on.
DETAILS_FOR = timedelta(minutes=10)
_DETAILS_AT_ONCE = 100
_DUE_AT_ONCE = 1000
_DETAILS_BETWEEN_LOG_LINES = 500
# After so many resources in a row that could not be read it may be Fortnox or the network that is down; after
# so many single records it is at least the resource.
_FAILURES_IN_A_ROW = 2
_RECORD_FAILURES_IN_A_ROW = 10
_RECORDS_NAMED = 3
TOO_LONG = timedelta(hours=24)
# What PostgreSQL cannot hold: an amount beyond all numbers, JSON nested too deep, a row that is too long.
_UNHELD = (psycopg.DataError, psycopg.errors.ProgramLimitExceeded, psycopg.errors.StatementTooComplex)
_LONGEST_REASON = 200

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Lists:
    """The lists of one organization, in one task.

    A missing licence, a refusal or a passing fault of one resource is a line in its status and stops no
    other; `failed` are those that Fortnox did not give this time. `is_time_up` says that details were left
    because the task had its time.
    """

    work: Work
    failed: list[str] = field(default_factory=list)
    is_time_up: bool = False
    _failing: set[str] = field(default_factory=set)

    def land(self, resource: Resource, year: FinancialYear | None, mode: Mode) -> None:
        """Lands one list. What is dated in an interval neither reads nor moves a cursor.

        Raises:
            FortnoxError: as attempt.
        """
        if mode is Mode.COUNT:
            self.attempt(resource, year, mode, partial(self._land_if_counted, resource, year))
            return
        for part in (Mode.INCREMENT, Mode.WHOLE) if mode is Mode.BOTH else (mode,):
            self.attempt(resource, year, part, partial(self._land, resource, year, part))

    def land_changes(self, resource: Resource, year: FinancialYear | None, since: datetime) -> int:
        """Lands what of a list was changed since a moment of Fortnox's clock; returns how many records
        Fortnox named.

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        return self._land(resource, year, Mode.INCREMENT, since)

    def raise_if_long_failing(self) -> None:
        """Makes the task red for what Fortnox has not given for a day; a shorter fault mends itself.

        Raises:
            TemporaryError: names the resources.
        """
        if not self.failed:
            return
        cursors = self.work.cursors()
        latest: dict[str, datetime] = {}
        for (name, _), cursor in cursors.items():
            if cursor.read_at is not None:
                latest[name] = max(cursor.read_at, latest.get(name, cursor.read_at))
        now = datetime.now(UTC)
        long = [name for name in self.failed if name in latest and latest[name] < now - TOO_LONG]
        if long:
            raise TemporaryError(f"Fortnox has not given {', '.join(sorted(long))} for more than a day")

    def details(self, group: Group) -> None:
        """Fetches single records that are due, newest first, until none is or the time is up.

        What is due stands in the warehouse, so a killed task loses no more than its last hundred.
        """
        until = time.monotonic() + DETAILS_FOR.total_seconds()
        for resource in of_group(group):
            if resource.detail_key and self.work.is_taken(resource):
                self.attempt(resource, None, Mode.DETAILS, partial(self._details, resource, until))

    def attempt(
        self, resource: Resource, year: FinancialYear | None, mode: Mode, land: Callable[[], object]
    ) -> None:
        """Lands something of a resource; what stands in its way becomes the resource's status.

        Raises:
            TemporaryError: this resource and another before it could not be read, none between them could,
                and Fortnox does not say who the company is either: it or the network is down.
            FortnoxError: the company's access or the operator's app is what stands in the way.
        """
        try:
            land()
        except NotAvailableError as error:
            self._give_up(resource, year, mode, "skipped", str(error))
        except TemporaryError as error:
            self.failed.append(resource.name)
            self._failing.add(resource.name)
            self._note(resource, year, mode, "failed", str(error))
            if len(self._failing) >= _FAILURES_IN_A_ROW:
                self._check_that_fortnox_answers()
        except (RejectedRequestError, NotFoundError) as error:
            self._give_up(resource, year, mode, "refused", str(error))
        except _UNHELD as error:
            reason = (error.diag.message_primary or type(error).__name__)[:_LONGEST_REASON]
            self._give_up(
                resource, year, mode, "refused", f"The warehouse cannot hold what Fortnox sent: {reason}"
            )
        else:
            self._failing.clear()

    def _check_that_fortnox_answers(self) -> None:
        """Tells a Fortnox that is down from resources that fail, which may be all that a task has to read."""
        # That it does not tell is an answer too.
        with suppress(NotAvailableError, RejectedRequestError, NotFoundError):
            self.work.hook.page(COMPANY_INFORMATION)
        self._failing.clear()

    def _give_up(
        self, resource: Resource, year: FinancialYear | None, mode: Mode, status: str, reason: str
    ) -> None:
        """Notes what will not come, and does not ask for it again before its time."""
        self._failing.clear()
        self._note(resource, year, mode, status, reason)
        if mode not in (Mode.WHOLE, Mode.INCREMENT) or self.work.request.is_backfill:
            return
        known = self.work.cursors().get((resource.name, scope_of(year)))
        if known is not None and known.swept_at is not None:
            # What changes while Fortnox refuses is asked for since the last answer, once it gives one again.
            return
        with self.work.transaction() as connection:
            landing.move_cursor(
                connection,
                resource.name,
                scope_of(year),
                asked_at=datetime.now(UTC),
                record_count=None,
                is_whole=False,
            )

    def _note(
        self, resource: Resource, year: FinancialYear | None, mode: Mode, status: str, reason: str
    ) -> None:
        log.warning("%s: %s", resource.name, reason)
        scope = "details" if mode is Mode.DETAILS else ""
        self.work.begin(resource, year, scope).note(status, mode, reason)

    def _land(
        self, resource: Resource, year: FinancialYear | None, mode: Mode, since: datetime | None = None
    ) -> int:
        line, scope = self.work.begin(resource, year), scope_of(year)
        before = self.work.cursors().get((resource.name, scope), Cursor())
        names_changes = mode in (Mode.INCREMENT, Mode.INTERVAL) or self.work.request.asks_anew()
        if mode is Mode.INCREMENT and since is None:
            since = self._last_asked(resource, year)
        sweep = self.work.hook.sweep(
            resource,
            year.financial_year_id if year else None,
            since=since,
            interval=self.work.request.interval if mode is Mode.INTERVAL else None,
        )
        try:
            with self.work.transaction() as connection:
                merged = landing.merge_documents(
                    connection,
                    resource=resource.name,
                    list_key=resource.list_key,
                    key_fields=resource.key_fields,
                    scope=scope,
                    pages=sweep.pages(),
                    asked_at=sweep.asked_at,
                    is_whole=mode is Mode.WHOLE,
                    is_detailed=resource.detail_key is not None,
                    names_changes=names_changes,
                )
                if mode is not Mode.INTERVAL and not self.work.request.is_backfill:
                    landing.move_cursor(
                        connection,
                        resource.name,
                        scope,
                        asked_at=sweep.asked_at,
                        record_count=sweep.total if mode is Mode.WHOLE else None,
                        is_whole=mode is Mode.WHOLE,
                        tells_changes=names_changes or resource.detail_key is None,
                    )
                oddities = _oddities(sweep.unheld, merged.keyless)
                status = line.end(connection, "ok", mode, merged, detail=oddities, swept_at=sweep.asked_at)
        finally:
            sweep.close()
        line.say(status)
        if mode is Mode.WHOLE and not self.work.request.is_backfill:
            cursor = self.work.cursors()[resource.name, scope]
            is_honoured = self.find_out_lastmodified(resource, year, cursor)
            if is_honoured and before.asked_at is not None:
                # What was changed in rows alone while nobody could be asked.
                self._land(resource, year, Mode.INCREMENT)
        return sweep.total

    def _land_if_counted(self, resource: Resource, year: FinancialYear | None) -> None:
        """Lands a list whole if it has another number of records than when it was last read."""
        line = self.work.begin(resource, year)
        cursor = self.work.cursors().get((resource.name, scope_of(year)))
        total, _ = self.work.hook.count(resource, year.financial_year_id if year else None)
        if cursor is None or total != cursor.record_count:
            self._land(resource, year, Mode.WHOLE)
        else:
            line.note("ok", Mode.COUNT, f"{total} records, as before")

    def _last_asked(self, resource: Resource, year: FinancialYear | None) -> datetime:
        cursor = self.work.cursors().get((resource.name, scope_of(year)))
        if cursor is None or cursor.asked_at is None:
            raise ValueError(f"{resource.name} was never read: nothing is known of what changed since")
        return cursor.asked_at

    def find_out_lastmodified(
        self, resource: Resource, year: FinancialYear | None, cursor: Cursor | None
    ) -> bool:
        """Asks what this company's Fortnox does with `lastmodified`, where that is not known of the list;
        returns whether it was found to be honoured. What just landed counts, whether or not it answers."""
        now = datetime.now(UTC)
        known = self.work.cursors().get((resource.name, ""))
        if not plan.asks_for_changes(resource, cursor, known, now):
            return False
        assert cursor is not None
        try:
            verdict = self.work.hook.honours_lastmodified(
                resource, cursor.record_count or 1, year.financial_year_id if year else None
            )
        except (TemporaryError, NotAvailableError) as error:
            log.info("%s: not known yet whether lastmodified works: %s", resource.name, error.reason)
            return False
        log.info("%s: Fortnox's lastmodified is %s for this company", resource.name, verdict)
        with self.work.transaction() as connection:
            landing.note_lastmodified(connection, resource.name, "", verdict, now)
        return verdict == plan.HONOURED

    def _details(self, resource: Resource, until: float) -> None:
        """Fetches the due details of one resource; the threads go on while a batch is written.

        One that Fortnox does not give stays due, and none of the others waits for it.

        Raises:
            FortnoxError: many in a row did not come, so that it is the resource and not a record.
        """
        line = self.work.begin(resource, scope="details")
        due: dict[str, DueDetail] = {}
        batch: list[Detail] = []
        failures: list[Detail] = []
        merged, in_a_row, unheld = NOTHING, 0, 0
        try:
            for detail in self.work.hook.details(resource, self._due(resource, due, until)):
                if detail.failure is not None:
                    failures.append(detail)
                    in_a_row += 1
                    if in_a_row == _RECORD_FAILURES_IN_A_ROW:
                        raise detail.failure
                    continue
                in_a_row = 0
                unheld += detail.unheld
                batch.append(detail)
                if len(batch) == _DETAILS_AT_ONCE:
                    merged = _sum(merged, self._keep(resource, batch, due))
                    batch = []
                    if merged.fetched % _DETAILS_BETWEEN_LOG_LINES == 0:
                        log.info("%s: %d single records fetched", resource.name, merged.fetched)
        finally:
            if batch:
                merged = _sum(merged, self._keep(resource, batch, due))
        with self.work.transaction() as connection:
            left = landing.details_left(connection)
            own, all_left = left.get(resource.name, 0), sum(left.values())
            done = merged.fetched
            if not done and not own:
                return
            if failures and not self.is_time_up:
                landing.count_details(connection)
            rate = pacing.REQUESTS_PER_WINDOW / pacing.WINDOW_SECONDS
            status = line.end(
                connection,
                "failed" if failures else "ok",
                Mode.DETAILS,
                Merged(done, merged.changed, 0),
                detail="; ".join(filter(None, (_failed(failures), _oddities(unheld, merged.keyless)))),
                details_done=done,
                details_left=own,
                expected_at=datetime.now(UTC) + timedelta(seconds=all_left / rate) if own else None,
            )
        line.say(status)

    def _due(self, resource: Resource, taken: dict[str, DueDetail], until: float) -> Iterator[str]:
        """The keys that are due and not taken yet, newest first, while there is time."""
        while True:
            found = landing.details_due(self.work.connection, resource.name, len(taken) + _DUE_AT_ONCE)
            fresh = [item for item in found if taken.get(item.document_key) != item]
            if not fresh:
                return
            for item in fresh:
                if time.monotonic() >= until:
                    self.is_time_up = True
                    return
                taken[item.document_key] = item
                yield item.document_key

    def _keep(self, resource: Resource, batch: list[Detail], due: dict[str, DueDetail]) -> Merged:
        """Writes a batch; what it wrote is no longer due. Fetched are those that are answered for, gone or
        not."""
        assert resource.detail_key is not None
        with self.work.transaction() as connection:
            merged = landing.merge_details(
                connection,
                resource=resource.name,
                detail_key=resource.detail_key,
                answers=[
                    DetailAnswer(detail.key, due[detail.key].due_at, detail.text)
                    for detail in batch
                    if detail.text is not None
                ],
                asked_at=min(detail.asked_at for detail in batch),
            )
            gone = [due[detail.key] for detail in batch if detail.text is None]
            if gone:
                landing.clear_details(connection, resource.name, gone)
        return Merged(len(batch), merged.changed, 0, merged.keyless)


def _sum(first: Merged, second: Merged) -> Merged:
    return Merged(*map(operator.add, astuple(first), astuple(second)))


def _failed(failures: Sequence[Detail]) -> str:
    """Which single records did not come and why, in words."""
    named = [f"{detail.key}: {detail.failure.reason}" for detail in failures if detail.failure is not None]
    more = f" and {len(named) - _RECORDS_NAMED} more" if len(named) > _RECORDS_NAMED else ""
    return f"not given, and asked for again: {', '.join(named[:_RECORDS_NAMED])}{more}" if named else ""


def _oddities(unheld: int, keyless: int) -> str:
    """What could not be kept as it came."""
    found = []
    if unheld:
        found.append(f"{unheld} characters that the warehouse cannot hold were left out")
    if keyless:
        found.append(f"{keyless} records came without their key")
    return "; ".join(found)
