"""Where a number of a statement comes from: accounts, voucher rows, and the lines of the SIE file."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from saldo.database import Connection, Role, connect, run
from saldo.fortnox import sie
from saldo.table import lay_out
from saldo.warehouse.landing import stored_sie

STATEMENTS = ("income_statement", "balance_sheet", "cash_flow")
_CELL = re.compile(r"^(?P<statement>\w+)/(?P<line>\w+)/(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])$")


@dataclass(frozen=True, slots=True)
class Source:
    """A row of a voucher or an account's opening balance: its part of the cell in SEK, signed as the cell is.

    `sie_line` is the line in the year's newest stored SIE file (of #TRANS, or #IB), None where that file has
    it no longer; `sie_digest` names the file by the start of its content's hash. `document` is the Fortnox
    record that the voucher came from, as last changed at `document_changed_at`.
    """

    account: str
    voucher: str
    voucher_date: datetime.date | None
    row_number: int
    amount: Decimal
    sie_line: int | None
    sie_digest: str
    document: str
    document_changed_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cell, its amount in the marts, and what it is made of."""

    name: str
    period: str
    amount: Decimal
    sources: tuple[Source, ...]

    @property
    def by_account(self) -> dict[str, Decimal]:
        """The part of each account, in the order of their numbers."""
        parts: dict[str, Decimal] = {}
        for source in self.sources:
            parts[source.account] = parts.get(source.account, Decimal()) + source.amount
        return parts


@dataclass(frozen=True, slots=True)
class _File:
    digest: str
    rows: dict[tuple[str, str, int, int], int]
    openings: dict[str, int]


def explain(organization_id: int, cell: str) -> Explanation:
    """Explains one cell, for example `balance_sheet/cash_bank/2025-03`.

    The month's amount of the income statement and the cash flow, the closing amount of the balance sheet.

    Raises:
        ValueError: the cell is not written like that.
        LookupError: there is no such line, or no ledger of that month.
    """
    match = _CELL.match(cell)
    if not match or match["statement"] not in STATEMENTS:
        raise ValueError(
            f"{cell!r} is no cell: write <statement>/<line>/<YYYY-MM>, for example "
            f"balance_sheet/cash_bank/2025-03; statements are {', '.join(STATEMENTS)}"
        )
    asked = {
        "statement": match["statement"],
        "line": match["line"],
        "month": datetime.date(int(match["year"]), int(match["month"]), 1),
    }
    with connect(Role.TRANSFORMER, organization_id) as connection:
        run(connection, "control/settings_before_statistics")
        found = run(connection, "control/explain_cell", asked).fetchone()
        if found is None or found[3] is None:
            raise LookupError(
                f"There is no {cell}: mart.dim_statement_line lists the lines, "
                "mart.dim_fiscal_period the months that have a ledger"
            )
        rows = run(connection, "control/explain_rows", asked).fetchall()
        files = {year_id: _lines_of(connection, year_id) for year_id in {row[0] for row in rows}}
    return Explanation(found[0], found[1], found[3], tuple(_source(row, files[row[0]]) for row in rows))


def _lines_of(connection: Connection, financial_year_id: int) -> _File:
    """Where the rows and the opening balances stand in the newest stored file."""
    try:
        data = stored_sie(connection, financial_year_id)
    except LookupError:
        return _File("", {}, {})
    rows: dict[tuple[str, str, int, int], int] = {}
    openings: dict[str, int] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for record in sie.parse(data):
        match record:
            case sie.Voucher():
                seen[record.series, record.number] += 1
                key = (record.series, record.number, seen[record.series, record.number])
                rows |= {(*key, number): row.line for number, row in enumerate(record.rows, 1)}
            case sie.Balance() if record.kind == "IB" and record.year_index == 0:
                openings[record.account] = record.line
    return _File(sie.content_digest(data).hex()[:12], rows, openings)


def _source(row: tuple[object, ...], file: _File) -> Source:
    _, account, series, number, ordinal, row_number, date, amount, document, changed_at = row
    line = (
        file.rows.get((str(series), str(number), int(str(ordinal)), int(str(row_number))))
        if row_number
        else file.openings.get(str(account).split(" ", maxsplit=1)[0])
    )
    return Source(
        account=str(account),
        voucher=f"{series} {number}".strip(),
        voucher_date=date if isinstance(date, datetime.date) else None,
        row_number=int(str(row_number)),
        amount=Decimal(str(amount)),
        sie_line=line,
        sie_digest=file.digest,
        document=str(document),
        document_changed_at=changed_at if isinstance(changed_at, datetime.datetime) else None,
    )


def as_text(explanation: Explanation) -> str:
    """The explanation as a terminal shows it."""
    lines = [f"{explanation.name}, {explanation.period}: {explanation.amount:,.2f}", ""]
    accounts = [["account", "amount"]]
    accounts += [[account, f"{amount:,.2f}"] for account, amount in explanation.by_account.items()]
    lines += lay_out(accounts, right=[1])
    rows = [["account", "voucher", "row", "date", "amount", "SIE line", "file", "document"]]
    for source in explanation.sources:
        rows.append(
            [
                source.account.split(" ", maxsplit=1)[0],
                source.voucher or "opening balance",
                str(source.row_number or ""),
                str(source.voucher_date or ""),
                f"{source.amount:,.2f}",
                str(source.sie_line or "-"),
                source.sie_digest or "-",
                f"{source.document} ({source.document_changed_at:%Y-%m-%d %H:%M} UTC)"
                if source.document_changed_at
                else "",
            ]
        )
    return "\n".join([*lines, "", *lay_out(rows, right=[2, 4, 5])])
