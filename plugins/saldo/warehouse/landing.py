"""Lands what Fortnox answered: JSON as it came, SIE files as they came, and what each sweep did."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from saldo.database import Connection, run


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge found and did, in records."""

    fetched: int
    changed: int
    deleted: int


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """One line of what an extract task did: a resource, and the financial year where it is kept per year.

    `swept_at` is Fortnox's own clock (UTC) when the sweep began.
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

    def __str__(self) -> str:
        """The line as the task's log shows it."""
        name = f"{self.resource} {self.scope}".strip()
        return (
            f"{name:<24} {self.status:<10} fetched {self.fetched:>7}  changed {self.changed:>7}  "
            f"deleted {self.deleted:>5}  requests {self.requests:>3}  {self.seconds:6.1f} s  {self.detail}"
        ).rstrip()


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
    key_fields: Iterable[str],
    scope: str,
    pages: Iterable[str],
) -> Merged:
    """Merges a whole list (JSON texts of its pages) into landing.document.

    An unchanged record is not touched, a changed one leaves its former self in landing.document_version,
    one that is gone is marked deleted. Of a record that comes twice the last counts. `scope` bounds the
    sweep: a financial year's list says nothing of another year's records. Numbers keep every digit:
    PostgreSQL reads them, Python never does.
    """
    lock(connection, resource)
    run(connection, "landing/document_stage")
    with connection.cursor() as cursor, cursor.copy("copy incoming_page (body) from stdin") as copy:
        for page in pages:
            copy.write_row([page])
    parameters = {
        "resource": resource,
        "list_key": list_key,
        "key_fields": list(key_fields),
        "scope": scope,
    }
    row = run(connection, "landing/document_merge", parameters).fetchone()
    assert row is not None
    run(connection, "landing/document_unstage")
    merged = Merged(*row)
    if merged.changed or merged.deleted:
        advance_landed(connection)
    return merged


def write_status(connection: Connection, status: SyncStatus) -> None:
    """Keeps the latest status of a resource, in the transaction of its rows."""
    run(
        connection,
        "control/sync_status_write",
        {field: getattr(status, field) for field in status.__dataclass_fields__},
    )


def swept_counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many records each (resource, scope) held when it was last swept."""
    rows = run(connection, "control/sync_status_read").fetchall()
    return {(resource, scope): fetched for resource, scope, status, fetched in rows if status == "ok"}


def swept_at(connection: Connection, resource: str) -> dict[str, datetime]:
    """When each scope of a resource was last swept well (UTC)."""
    rows = run(connection, "control/sync_status_swept", {"resource": resource}).fetchall()
    return dict(rows)


@dataclass(frozen=True, slots=True)
class FinancialYear:
    """A financial year as Fortnox lists it; `end_date` is its last day."""

    financial_year_id: int
    start_date: date
    end_date: date


def financial_years(connection: Connection) -> list[FinancialYear]:
    """The landed financial years, oldest first: Fortnox's ids are not in order of time."""
    return [FinancialYear(*row) for row in run(connection, "landing/financial_years").fetchall()]


def store_sie(
    connection: Connection, financial_year_id: int, data: bytes, content_digest: bytes, fetched_at: datetime
) -> bool:
    """Keeps a SIE file's bytes when its content is new; returns whether it was.

    Kept are the newest and, of each month, the last (Swedish time).
    """
    lock(connection, "sie")
    year = {"financial_year_id": financial_year_id}
    newest = run(connection, "landing/sie_file_newest", year).fetchone()
    if newest is not None and bytes(newest[0]) == content_digest:
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
