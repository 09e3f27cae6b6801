"""Lands what Fortnox answered: JSON as it came, SIE files as they came, and what each sweep did."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from psycopg.rows import TupleRow

from saldo.database import Connection, run

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_MOST_KEY_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge found and did, in records.

    `keyless` counts those that say not which record they are, or are no JSON objects: those of lists are
    landed under a key made of their content, and single records are left out.
    """

    fetched: int
    changed: int
    deleted: int
    keyless: int = 0


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """One line of what an extract task did: a resource, and the financial year where it is kept per year.

    `swept_at` is Fortnox's own clock (UTC) when the list was asked for. `mode` says how it was asked:
    whole, increment, count, interval, details, file, or nothing. The details are those of the resource's
    documents: how many single records were landed, how many are due still, and when the last of them is
    expected.
    """

    resource: str
    scope: str
    run_id: str
    status: str
    fetched: int
    changed: int
    deleted: int
    requests: int
    seconds: float
    detail: str
    swept_at: datetime
    mode: str = ""
    details_done: int = 0
    details_left: int = 0
    expected_at: datetime | None = None

    def __str__(self) -> str:
        """The line as the task's log shows it."""
        name = f"{self.resource} {self.scope}".strip()
        told = "  ".join(filter(None, (self._details(), self.detail)))
        return (
            f"{name:<24} {self.status:<10} fetched {self.fetched:>7}  changed {self.changed:>7}  "
            f"deleted {self.deleted:>5}  requests {self.requests:>3}  {self.seconds:6.1f} s  {told}"
        ).rstrip()

    def _details(self) -> str:
        if not (self.details_done or self.details_left):
            return ""
        told = f"details {_spaced(self.details_done)} done, {_spaced(self.details_left)} left"
        if self.expected_at is None:
            return told
        return f"{told}, expected {self.expected_at.astimezone(STOCKHOLM):%H:%M}"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far landing has come with a resource, or with one financial year of it.

    All times are UTC, those of lists by Fortnox's clock: `asked_at` when the newest answer that told all
    changes until then was asked for, `swept_at` the same of the newest whole list. `lastmodified` is what a
    probe found at `probed_at`: honoured, ignored, refused, or None before any. `record_count` is Fortnox's
    total when it was last counted.
    """

    asked_at: datetime | None = None
    swept_at: datetime | None = None
    lastmodified: str | None = None
    probed_at: datetime | None = None
    record_count: int | None = None

    @property
    def read_at(self) -> datetime | None:
        """When the newest answer of any kind was asked for."""
        return max(filter(None, (self.asked_at, self.swept_at)), default=None)


@dataclass(frozen=True, slots=True)
class DueDetail:
    """A document whose single record is to be asked for; `due_at` tells this wait from a later one."""

    document_key: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class DetailAnswer:
    """A single record's answer, JSON as it came; `due_at` as it was read, or None if it was not due."""

    document_key: str
    due_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Versions:
    """How far each step has come for one organization; a step runs when it is behind the one before."""

    landed: int
    built: int
    refreshed: int
    as_of_date: date | None


def versions(connection: Connection) -> Versions:
    """The organization's versions.

    Raises:
        LookupError: the organization is not registered.
    """
    row = run(connection, "control/version_read").fetchone()
    if row is None:
        raise LookupError("This organization is not in Saldo's registry: connect it with `saldo connect`")
    return Versions(*row)


def advance_landed(connection: Connection) -> None:
    """Says that something changed; in the transaction of the change."""
    run(connection, "control/version_landed")


def set_as_of(connection: Connection, today: date) -> bool:
    """Moves the day that the marts call today; a new Swedish date is a change, once a day."""
    return run(connection, "control/version_as_of", {"as_of_date": today}).fetchone() is not None


def lock(connection: Connection, name: str) -> None:
    """One writer at a time for (organization, name), until the transaction ends."""
    run(connection, "control/lock", {"name": name})


def merge_documents(
    connection: Connection,
    *,
    resource: str,
    list_key: str,
    key_fields: Sequence[str],
    scope: str,
    pages: Iterable[str],
    asked_at: datetime,
    is_whole: bool,
    is_detailed: bool = False,
    names_changes: bool = False,
) -> Merged:
    """Merges a list (JSON texts of its pages) into landing.document.

    An unchanged record is not touched, a changed one leaves its former self in landing.document_version.
    Of a record that comes twice the last counts. Numbers keep every digit: PostgreSQL reads them, Python
    never does.

    Args:
        connection: the loader's, in a transaction.
        resource: the resource's name in landing.
        list_key: the key of the answer that holds the records.
        key_fields: the fields that tell a record from all others, at most three; none for the one object
            that there is.
        scope: bounds the list: a financial year's says nothing of another year's records.
        pages: the answers, in the order in which they came.
        asked_at: when the first page was asked for, by Fortnox's clock, in whole seconds. A row that a
            later answer has written is neither overwritten nor marked deleted.
        is_whole: what the list no longer holds within its scope is marked deleted.
        is_detailed: single records are wanted too, so that what is new, changed or alive again is due.
        names_changes: the list names what changed (by lastmodified), so that every record in it is due,
            even when the list itself shows no difference.

    Raises:
        ValueError: a page does not hold the list, which must not be taken for an empty one.
    """
    key_fields = list(key_fields)
    if len(key_fields) > _MOST_KEY_FIELDS:
        raise ValueError(f"landing/document_merge.sql joins {_MOST_KEY_FIELDS} key fields, not {key_fields}")
    lock(connection, resource)
    run(connection, "landing/document_stage")
    run(connection, "landing/document_stage_plain")
    with connection.cursor() as cursor, cursor.copy("copy incoming_page (body) from stdin") as copy:
        for page in pages:
            copy.write_row([page])
    parameters = {
        "resource": resource,
        "list_key": list_key,
        "key_fields": key_fields,
        "scope": scope,
        "asked_at": asked_at,
        "is_whole": is_whole,
        "is_detailed": is_detailed,
        "names_changes": names_changes,
    }
    row = _run_by_hash(connection, "landing/document_merge", parameters)
    *counts, pages_without_list = row
    if pages_without_list:
        raise ValueError(f"{pages_without_list} pages of {resource} hold no {list_key}")
    run(connection, "landing/document_unstage")
    merged = Merged(*counts)
    if merged.changed or merged.deleted:
        advance_landed(connection)
    return merged


def _run_by_hash(connection: Connection, name: str, parameters: dict[str, Any]) -> TupleRow:
    run(connection, "landing/nested_loops", {"allowed": "off"})
    row = run(connection, name, parameters).fetchone()
    run(connection, "landing/nested_loops", {"allowed": "on"})
    assert row is not None
    return row


def details_due(connection: Connection, resource: str, limit: int) -> list[DueDetail]:
    """The documents of a resource whose single record is to be asked for, the newest first."""
    rows = run(connection, "landing/detail_due", {"resource": resource, "due_limit": limit}).fetchall()
    return [DueDetail(*row) for row in rows]


def details_left(connection: Connection) -> dict[str, int]:
    """How many documents of each resource wait for their single record; only those where any do."""
    return dict(run(connection, "landing/detail_left").fetchall())


def merge_details(
    connection: Connection,
    *,
    resource: str,
    detail_key: str,
    answers: Iterable[DetailAnswer],
    asked_at: datetime,
) -> Merged:
    """Lands the single records of documents that lists have landed, and takes them off the backlog.

    A document stays due when it was put on the backlog again since its `due_at` was read. An unchanged
    record is not touched, a changed one leaves its former self in landing.document_version; `asked_at` is
    Fortnox's clock when the first of them was asked for, and a record that a later answer has written
    stays. The marts count as behind only when no document of any resource is due any more.
    """
    lock(connection, resource)
    run(connection, "landing/detail_stage")
    with (
        connection.cursor() as cursor,
        cursor.copy("copy incoming_detail (document_key, due_at, body) from stdin") as copy,
    ):
        for answer in answers:
            copy.write_row([answer.document_key, answer.due_at, answer.text])
    parameters = {"resource": resource, "detail_key": detail_key, "asked_at": asked_at}
    fetched, changed, unreadable = _run_by_hash(connection, "landing/detail_merge", parameters)
    run(connection, "landing/detail_unstage")
    _advance_for_details(connection, has_changed=bool(changed))
    return Merged(fetched, changed, 0, unreadable)


def clear_details(connection: Connection, resource: str, details: Iterable[DueDetail]) -> None:
    """Takes documents off the backlog that Fortnox says are not found, unless they were put on again."""
    lock(connection, resource)
    waiting = list(details)
    parameters = {
        "resource": resource,
        "document_keys": [detail.document_key for detail in waiting],
        "due_ats": [detail.due_at for detail in waiting],
    }
    run(connection, "landing/detail_clear", parameters)
    _advance_for_details(connection, has_changed=False)


def count_details(connection: Connection) -> None:
    """Has the marts count as behind for the single records that changed, although some are due still: those
    do not come, and the marts must not wait for them."""
    run(connection, "control/version_details_landed", {"waits": False})


def _advance_for_details(connection: Connection, *, has_changed: bool) -> None:
    run(connection, "control/version_details", {"has_changed": has_changed})
    # a statement of its own, so that it sees what the task that held the version's row has landed
    run(connection, "control/version_details_landed", {"waits": True})


def cursors(connection: Connection) -> dict[tuple[str, str], Cursor]:
    """How far landing has come, by resource and scope."""
    return {
        (resource, scope): Cursor(*rest)
        for resource, scope, *rest in run(connection, "control/sync_cursor_read").fetchall()
    }


def move_cursor(
    connection: Connection,
    resource: str,
    scope: str,
    *,
    asked_at: datetime,
    record_count: int | None,
    is_whole: bool,
    tells_changes: bool = True,
) -> None:
    """Moves a cursor, in the transaction of the rows; never backwards.

    `record_count` is Fortnox's total, or None where this list did not tell it. A list does not tell all
    changes (`tells_changes`) where rows are wanted that it does not show: the next increment is then asked
    for since the moment of the last one.
    """
    parameters = {
        "resource": resource,
        "scope": scope,
        "asked_at": asked_at,
        "record_count": record_count,
        "is_whole": is_whole,
        "tells_changes": tells_changes,
    }
    run(connection, "control/sync_cursor_move", parameters)


def note_lastmodified(
    connection: Connection,
    resource: str,
    scope: str,
    verdict: Literal["honoured", "ignored", "refused"],
    probed_at: datetime,
) -> None:
    """Keeps what a probe of lastmodified found, unless a later one found something."""
    parameters = {"resource": resource, "scope": scope, "lastmodified": verdict, "probed_at": probed_at}
    run(connection, "control/sync_cursor_probed", parameters)


def write_status(connection: Connection, status: SyncStatus) -> None:
    """Keeps the latest status of a resource, in the transaction of its rows."""
    run(
        connection,
        "control/sync_status_write",
        {field: getattr(status, field) for field in status.__dataclass_fields__},
    )


@dataclass(frozen=True, slots=True)
class FinancialYear:
    """A financial year as Fortnox lists it or, with an id below zero, as a SIE file of the company's own
    states it; `end_date` is its last day."""

    financial_year_id: int
    start_date: date
    end_date: date


def financial_years(connection: Connection) -> list[FinancialYear]:
    """The financial years that Fortnox lists, oldest first: its ids are not in order of time."""
    return [FinancialYear(*row) for row in run(connection, "landing/financial_years").fetchall()]


def ledger_years(connection: Connection) -> list[FinancialYear]:
    """The financial years whose ledger is here, oldest first: also those that Fortnox lists no more, and
    those of files, whose ids are below zero."""
    return [FinancialYear(*row) for row in run(connection, "landing/ledger_years").fetchall()]


def close_file_years(connection: Connection, year: FinancialYear) -> int:
    """Has the years of files give way for a year whose ledger Fortnox gave, where they overlap it; returns
    how many did. Their vouchers are closed and their bytes stay."""
    parameters = {"start_date": year.start_date, "end_date": year.end_date}
    return len(run(connection, "landing/file_year_close", parameters).fetchall())


def store_sie(
    connection: Connection, financial_year_id: int, data: bytes, content_digest: bytes, fetched_at: datetime
) -> bool:
    """Keeps a SIE file's bytes when its content is new; returns whether it was.

    Kept are the newest and, of each month, the last (Swedish time). A file that was asked for before the
    newest one (`fetched_at`, Fortnox's clock) comes too late and is not kept.
    """
    lock(connection, "sie")
    year = {"financial_year_id": financial_year_id}
    newest = run(connection, "landing/sie_file_newest", year).fetchone()
    if newest is not None and (bytes(newest[0]) == content_digest or fetched_at < newest[1]):
        return False
    run(connection, "landing/sie_file_supersede", year)
    run(
        connection,
        "landing/sie_file_store",
        year
        | {
            "content_digest": content_digest,
            "fetched_at": fetched_at,
            "byte_count": len(data),
            "data": gzip.compress(data, compresslevel=6, mtime=0),
        },
    )
    run(connection, "landing/sie_file_thin", year)
    return True


def pending_sie(connection: Connection) -> list[int]:
    """The financial years whose newest stored file has not become the ledger yet."""
    return [row[0] for row in run(connection, "landing/sie_file_pending").fetchall()]


def stored_sie(connection: Connection, financial_year_id: int) -> bytes:
    """The newest stored SIE file of a financial year.

    Raises:
        LookupError: none is stored.
    """
    row = run(connection, "landing/sie_file_data", {"financial_year_id": financial_year_id}).fetchone()
    if row is None:
        raise LookupError(f"no SIE file is stored for financial year {financial_year_id}")
    return gzip.decompress(row[0])


def alive_count(connection: Connection, resource: str, scope: str) -> int:
    """How many records of a resource's scope landing holds that are not deleted."""
    row = run(connection, "landing/document_alive", {"resource": resource, "scope": scope}).fetchone()
    assert row is not None
    return int(row[0])


def sie_asked_at(connection: Connection, scope: str) -> datetime | None:
    """When a financial year's SIE file was last asked for by any run, Fortnox's clock (UTC)."""
    row = run(connection, "control/sync_status_sie", {"scope": scope}).fetchone()
    return row[0] if row else None
