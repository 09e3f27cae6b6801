"""Lands the ledger of a financial year: only vouchers that changed are written, what they were is closed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from psycopg.types.json import Jsonb

from saldo.database import Connection, run
from saldo.sql import statement
from saldo.warehouse.landing import advance_landed, lock

_COST_CENTER = "1"
_PROJECT = "6"
_BATCH_CHARACTERS = 1_500_000


class Row(Protocol):
    """A row of a voucher; amount in SEK, debit positive. `objects` are (dimension, object) pairs."""

    @property
    def account(self) -> str: ...  # noqa: D102
    @property
    def objects(self) -> Sequence[tuple[str, str]]: ...  # noqa: D102
    @property
    def amount(self) -> Decimal: ...  # noqa: D102
    @property
    def date(self) -> datetime.date | None: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def quantity(self) -> Decimal | None: ...  # noqa: D102
    @property
    def signature(self) -> str | None: ...  # noqa: D102
    @property
    def is_struck(self) -> bool: ...  # noqa: D102
    @property
    def is_added(self) -> bool: ...  # noqa: D102


class Voucher(Protocol):
    """A voucher; `digest` differs when anything of it does."""

    @property
    def series(self) -> str: ...  # noqa: D102
    @property
    def number(self) -> str: ...  # noqa: D102
    @property
    def date(self) -> datetime.date | None: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def registration_date(self) -> datetime.date | None: ...  # noqa: D102
    @property
    def signature(self) -> str | None: ...  # noqa: D102
    @property
    def rows(self) -> Sequence[Row]: ...  # noqa: D102
    @property
    def digest(self) -> bytes: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class VouchersLanded:
    """How many vouchers a file held, how many of them were written, and how many are gone."""

    fetched: int
    changed: int
    deleted: int


@dataclass(frozen=True, slots=True)
class YearFacts:
    """What a SIE file says beside its vouchers. Parameter names are those of the SQL files."""

    content_digest: bytes
    start_date: datetime.date
    end_date: datetime.date
    program: str
    accounts: list[dict[str, Any]]
    objects: list[dict[str, Any]]
    balances: list[dict[str, Any]]
    faults: list[dict[str, Any]]
    contradictions: list[dict[str, Any]]


def lock_ledger(connection: Connection, financial_year_id: int) -> None:
    """One writer at a time for a year's ledger, until the transaction ends."""
    lock(connection, f"ledger {financial_year_id}")


def land_vouchers(
    connection: Connection,
    financial_year_id: int,
    vouchers: Iterable[Voucher],
    *,
    fallback_date: datetime.date,
) -> VouchersLanded:
    """Compares a year's vouchers one by one with those landed and writes the difference, set-based.

    Vouchers with equal series and number are told apart by their ordinal in the file. `fallback_date`
    stands in where a voucher's date could not be read (the file's faults name it). While PostgreSQL
    writes one batch the next is read, so `vouchers` must not use the connection.
    """
    lock_ledger(connection, financial_year_id)
    year = {"financial_year_id": financial_year_id}
    known = {
        (series, number, ordinal): digest
        for series, number, ordinal, digest in run(connection, "landing/voucher_known", year)
    }
    run(connection, "landing/voucher_stage")
    run(connection, "landing/voucher_row_stage")
    seen: dict[tuple[str, str], int] = {}
    changed = deleted = 0
    with ThreadPoolExecutor(max_workers=1) as writer:
        writing: Future[None] | None = None
        for batch in _batches(vouchers, known, seen, fallback_date):
            changed += len(batch.changed)
            deleted += len(batch.gone)
            if writing is not None:
                writing.result()
            writing = writer.submit(_write, connection, year, batch)
        if writing is not None:
            writing.result()
    run(connection, "landing/voucher_unstage")
    if changed or deleted:
        advance_landed(connection)
    return VouchersLanded(sum(seen.values()), changed, deleted)


@dataclass(slots=True)
class _Batch:
    """COPY lines of vouchers that changed or are gone, and of the rows of those that changed."""

    changed: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    has_former: bool = False
    characters: int = 0


def _write(connection: Connection, year: dict[str, int], batch: _Batch) -> None:
    """Closes what the batch's vouchers were and inserts what they are."""
    with connection.cursor() as cursor:
        with cursor.copy("copy incoming_voucher from stdin") as copy:
            copy.write("".join((*batch.changed, *batch.gone)))
        with cursor.copy("copy incoming_voucher_row from stdin") as copy:
            copy.write("".join(batch.rows))
    if batch.has_former or batch.gone:
        run(connection, "landing/voucher_close", year)
        run(connection, "landing/voucher_row_close", year)
    run(connection, "landing/voucher_insert", year)
    run(connection, "landing/voucher_row_insert", year)
    run(connection, "landing/voucher_stage_empty")


def _batches(
    vouchers: Iterable[Voucher],
    known: dict[tuple[str, str, int], bytes],
    seen: dict[tuple[str, str], int],
    fallback_date: datetime.date,
) -> Iterator[_Batch]:
    """The difference between `vouchers` and `known`, in batches of bounded size; those gone come last."""
    batch = _Batch()
    for voucher in vouchers:
        identity = (voucher.series, voucher.number)
        ordinal = seen[identity] = seen.get(identity, 0) + 1
        former = known.pop((*identity, ordinal), None)
        if former == voucher.digest:
            continue
        batch.has_former |= former is not None
        _add(batch, voucher, ordinal, fallback_date)
        if batch.characters > _BATCH_CHARACTERS:
            yield batch
            batch = _Batch()
    batch.gone = [
        f"{_text(series)}\t{_text(number)}\t{ordinal}\t\\N\t\\N\t\\N\t\\N\t\\N\n"
        for series, number, ordinal in known
    ]
    if batch.changed or batch.gone:
        yield batch


def _add(batch: _Batch, voucher: Voucher, ordinal: int, fallback_date: datetime.date) -> None:
    key = f"{_text(voucher.series)}\t{_text(voucher.number)}\t{ordinal}"
    batch.changed.append(
        f"{key}\t{voucher.date or fallback_date}\t{_text(voucher.text)}"
        f"\t{voucher.registration_date or NULL}\t{_text(voucher.signature or '')}"
        f"\t\\\\x{voucher.digest.hex()}\n"
    )
    for position, row in enumerate(voucher.rows, 1):
        objects, text, quantity = row.objects, row.text, row.quantity
        cost_center, project, rest = _dimensions(objects) if objects else NO_DIMENSIONS
        # !s, since formatting a Decimal takes several times as long as writing it
        line = (
            f"{key}\t{position}\t{_text(row.account)}\t{row.amount!s}"
            f"\t{cost_center}\t{project}\t{rest}"
            f"\t{row.date or NULL}\t{_text(text) if text else text}"
            f"\t{NULL if quantity is None else quantity!s}\t{_text(row.signature or '')}"
            f"\t{'t' if row.is_struck else 'f'}\t{'t' if row.is_added else 'f'}\n"
        )
        batch.rows.append(line)
        batch.characters += len(line)


NO_DIMENSIONS = ("", "", "")
NULL = r"\N"
_UNSAFE = re.compile(r"[\\\t\n\r\x00]")
_ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\x00": ""}


def _text(value: str) -> str:
    """A text as COPY reads it; PostgreSQL holds no NUL."""
    if _UNSAFE.search(value) is None:
        return value
    return _UNSAFE.sub(lambda match: _ESCAPES[match[0]], value)


def _dimensions(objects: Sequence[tuple[str, str]]) -> tuple[str, str, str]:
    cost_center = project = ""
    rest: list[str] = []
    for dimension, number in objects:
        if dimension == _COST_CENTER and not cost_center:
            cost_center = _text(number)
        elif dimension == _PROJECT and not project:
            project = _text(number)
        else:
            rest.append(_text(f"{dimension}:{number}"))
    return cost_center, project, " ".join(rest)


def land_facts(connection: Connection, financial_year_id: int, facts: YearFacts) -> None:
    """Replaces what the year's file says beside its vouchers: accounts, objects, balances, faults.

    Counts as a change when the file's content, or what is found wrong with it, is not as it was.
    """
    year = {"financial_year_id": financial_year_id}
    with connection.cursor() as cursor:
        for name, records in (
            ("account", facts.accounts),
            ("object", facts.objects),
            ("balance", facts.balances),
        ):
            run(connection, f"landing/ledger_{name}_clear", year)
            if records:
                cursor.executemany(
                    statement(f"landing/ledger_{name}_insert"),
                    [record | year for record in records],
                )
    written = run(
        connection,
        "landing/ledger_year_write",
        year
        | {
            "content_digest": facts.content_digest,
            "start_date": facts.start_date,
            "end_date": facts.end_date,
            "program": facts.program,
            "faults": Jsonb(facts.faults),
            "contradictions": Jsonb(facts.contradictions),
        },
    )
    if written.rowcount:
        advance_landed(connection)
