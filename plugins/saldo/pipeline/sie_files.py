"""Takes SIE files of a company's years from before it was on Fortnox: summarized first, then landed.

A year of a file lies in the same tables as Fortnox's, under a number below zero, which Fortnox never gives:
so its lists and sweeps pass it by. Where Fortnox has the year, Fortnox's is the one that counts.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from saldo.database import Connection, Role, connect, run
from saldo.fortnox import sie
from saldo.fortnox.resources import FINANCIAL_YEARS
from saldo.organizations import organization_digits
from saldo.pipeline.year_facts import YearReader
from saldo.warehouse import landing
from saldo.warehouse.landing import FinancialYear
from saldo.warehouse.ledger import land_facts, land_vouchers, lock_ledger
from saldo.warehouse.migrations import check_version

# All that is given at once is in memory, beside one file's accounts and balances.
LARGEST_FILE = 100_000_000
LARGEST_SUM = 200_000_000

log = logging.getLogger(__name__)


class RefusedFilesError(ValueError):
    """Nothing was taken; the message names each file and why."""


class Fate(StrEnum):
    """What becomes of a file: it is taken, Fortnox has its year, or it cannot be taken."""

    TAKEN = "taken"
    FORTNOX = "fortnox"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class File:
    """A SIE file as it was given: its name, for people, and its bytes."""

    name: str
    data: bytes


@dataclass(slots=True)
class Summary:
    """What a file holds, before it is taken. Amounts are in SEK, debit positive.

    `states_other_number` tells of a file that states another organization number than the company's, or none.
    `reason` is the sentence that says why the file is refused or left to Fortnox, else empty.
    `opening_sum` is seldom zero: last year's result may not have been booked to equity yet.
    """

    name: str
    encoding: str = ""
    company: str = ""
    organization_number: str = ""
    program: str = ""
    start_date: date | None = None
    end_date: date | None = None
    accounts: int = 0
    vouchers: int = 0
    rows: int = 0
    struck_rows: int = 0
    unbalanced: int = 0
    debit: Decimal = Decimal()
    credit: Decimal = Decimal()
    opening_sum: Decimal = Decimal()
    faults: int = 0
    contradictions: int = 0
    fate: Fate = Fate.TAKEN
    reason: str = ""
    states_other_number: bool = False
    has_balances: bool = field(default=False, repr=False)

    def refuse(self, reason: str) -> None:
        """Keeps the first reason why the file cannot be taken."""
        if self.fate is not Fate.REFUSED:
            self.fate, self.reason = Fate.REFUSED, reason

    def year(self) -> FinancialYear:
        """The financial year that the file is taken as; a corrected file of the same year is the same."""
        assert self.start_date is not None
        assert self.end_date is not None
        return FinancialYear(-int(f"{self.start_date:%Y%m%d}"), self.start_date, self.end_date)


def summarize(file: File) -> Summary:
    """What one file holds; never raises for what it holds."""
    found = Summary(file.name)
    if len(file.data) > LARGEST_FILE:
        found.refuse(f"The file is larger than {LARGEST_FILE // 1_000_000} MB: export a year at a time")
        return found
    labels: dict[str, tuple[str, ...]] = {}
    try:
        for record in sie.parse(file.data):
            _count(found, record, labels)
    except sie.NotSie as error:
        found.refuse(str(error))
        return found
    found.encoding = sie.detect_encoding(file.data)
    found.company = _printable(" ".join(labels.get("FNAMN", ())))
    found.organization_number = _printable((*labels.get("ORGNR", ()), "")[0])
    found.program = _printable(" ".join(labels.get("PROGRAM", ())))
    kind = (*labels.get("SIETYP", ()), "1")[0]
    currency = (*labels.get("VALUTA", ()), "SEK")[0] or "SEK"
    if kind != "4":
        found.refuse(f"The file is SIE type {kind}, which holds no vouchers: export type 4 instead")
    elif found.start_date is None or found.end_date is None:
        found.refuse("The file does not say which financial year it is of (no #RAR 0)")
    elif not found.has_balances:
        found.refuse("The file holds no balances, as one for import (4I) does: export SIE 4E, a whole year")
    elif currency.upper() != "SEK":
        found.refuse("The file is kept in another currency than SEK, which the statements cannot hold")
    else:
        found.contradictions = len(sie.contradictions(file.data))
    return found


def _count(found: Summary, record: sie.Record, labels: dict[str, tuple[str, ...]]) -> None:
    match record:
        case sie.Voucher():
            amounts = [row.amount for row in record.rows if not row.is_struck]
            found.vouchers += 1
            found.rows += len(amounts)
            found.struck_rows += len(record.rows) - len(amounts)
            found.unbalanced += bool(sum(amounts))
            found.debit += sum((amount for amount in amounts if amount > 0), Decimal())
            found.credit -= sum((amount for amount in amounts if amount < 0), Decimal())
        case sie.Balance(kind="IB" | "UB" | "RES", year_index=0):
            found.has_balances = True
            if record.kind == "IB":
                found.opening_sum += record.amount
        case sie.Account():
            found.accounts += 1
        case sie.Fault():
            found.faults += 1
        case sie.Year(index=0):
            found.start_date, found.end_date = record.start, record.end
        case sie.Identification():
            labels[record.label] = record.values


def look(organization_id: int, files: Sequence[File], *, is_other_number: bool = False) -> list[Summary]:
    """What the files hold and what would become of each with this organization; takes nothing.

    `is_other_number`: somebody has decided that files which state another organization number, or none, are
    of this company all the same.
    """
    summaries = [summarize(file) for file in files]
    with connect(Role.LOADER, organization_id) as connection:
        check_version(connection)
        _judge(connection, files, summaries, is_other_number=is_other_number)
    return summaries


def take(organization_id: int, files: Sequence[File], *, is_other_number: bool = False) -> list[Summary]:
    """Lands the files' years beside those of the organization, all or none; its next run builds them.

    A file of a year that was taken before replaces it: only vouchers that differ are written, and what they
    were is closed. The same file again changes nothing. Years that Fortnox has are left to it.

    Raises:
        RefusedFilesError: a file cannot be taken; nothing was.
    """
    summaries = [summarize(file) for file in files]
    with connect(Role.LOADER, organization_id) as connection:
        check_version(connection)
        # Nobody else takes a file, and no list of Fortnox's years lands, between the look and the end.
        landing.lock(connection, FINANCIAL_YEARS.name)
        _judge(connection, files, summaries, is_other_number=is_other_number)
        refused = [f"{each.name}: {each.reason}" for each in summaries if each.fate is Fate.REFUSED]
        if refused:
            raise RefusedFilesError("; ".join(refused))
        for file, summary in zip(files, summaries, strict=True):
            if summary.fate is Fate.TAKEN:
                _land(connection, file, summary.year())
    return summaries


def _judge(
    connection: Connection, files: Sequence[File], summaries: Sequence[Summary], *, is_other_number: bool
) -> None:
    """Tells of each summary what becomes of its file."""
    if sum(len(file.data) for file in files) > LARGEST_SUM:
        for each in summaries:
            each.refuse(
                f"The files are together larger than {LARGEST_SUM // 1_000_000} MB: take fewer at once"
            )
    row = run(connection, "control/organization_number").fetchone()
    assert row is not None
    number = organization_digits(row[0])
    known = [*landing.financial_years(connection), *landing.ledger_years(connection)]
    by_year: defaultdict[tuple[date | None, date | None], list[Summary]] = defaultdict(list)
    for each in summaries:
        if each.fate is Fate.REFUSED:
            continue
        each.states_other_number = not number or organization_digits(each.organization_number) != number
        if each.states_other_number and not is_other_number:
            each.refuse(
                "The file states another organization number than the company's, or none: look whether it "
                "is the company's, and say so"
            )
            continue
        year = each.year()
        if any(_limits(other) == _limits(year) for other in known if other.financial_year_id > 0):
            each.fate = Fate.FORTNOX
            each.reason = (
                "Fortnox has this year, and Fortnox's is the one that counts: the file is not needed"
            )
            continue
        by_year[_limits(year)].append(each)
        for other in known:
            if _limits(other) != _limits(year) and _overlaps(other, year):
                whose = "a file taken before" if other.financial_year_id < 0 else "Fortnox"
                each.refuse(
                    f"The file's year {year.start_date} to {year.end_date} overlaps {other.start_date} to "
                    f"{other.end_date}, which {whose} has: years do not overlap"
                )
    taken = [each for group in by_year.values() for each in group]
    for each in taken:
        if len(by_year[_limits(each.year())]) > 1:
            each.refuse("Two of the files are of the same year: keep the one that is right")
        elif any(other is not each and _overlaps(other.year(), each.year()) for other in taken):
            each.refuse("The file's year overlaps that of another of the files: years do not overlap")


def _land(connection: Connection, file: File, year: FinancialYear) -> None:
    lock_ledger(connection, year.financial_year_id)
    landing.store_sie(
        connection, year.financial_year_id, file.data, sie.content_digest(file.data), datetime.now(UTC)
    )
    reader = YearReader(file.data, year)
    landed = land_vouchers(
        connection, year.financial_year_id, reader.vouchers(), fallback_date=year.start_date
    )
    reader.contradictions()
    land_facts(connection, year.financial_year_id, reader.facts())
    log.info(
        "Financial year %s to %s from a file: %s; %d vouchers written, %d gone",
        year.start_date, year.end_date, reader.summary(), landed.changed, landed.deleted,
    )  # fmt: skip


def _limits(year: FinancialYear) -> tuple[date, date]:
    return year.start_date, year.end_date


def _overlaps(one: FinancialYear, other: FinancialYear) -> bool:
    return one.start_date <= other.end_date and other.start_date <= one.end_date


def _printable(text: str) -> str:
    """A text of the file without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
