"""What the report shows, read from the marts: one company, one month, one language."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from psycopg import IsolationLevel
from psycopg.rows import class_row

from saldo.database import Connection, Role, connect
from saldo.sql import statement

Amount = Decimal | None
T = TypeVar("T")

# What stands in `amounts`, in its order, for each kind of statement; the SQL files say the same.
INCOME_COLUMNS = (
    "month", "last_year", "difference", "budget", "deviation", "to_date", "last_year_to_date",
    "difference_to_date", "budget_to_date", "deviation_to_date", "rolling_12",
)  # fmt: skip
BALANCE_COLUMNS = ("opening_of_year", "opening", "change", "closing", "last_year", "difference")
CASH_COLUMNS = (
    "month", "last_year", "difference", "to_date", "last_year_to_date", "difference_to_date", "rolling_12",
)  # fmt: skip
RECEIVABLE, PAYABLE = "receivable", "payable"


@dataclass(frozen=True, slots=True)
class Organization:
    """Whose report it is, and how fresh it is; moments are Swedish time."""

    organization_name: str
    organization_number: str
    dag_id: str
    last_voucher_date: datetime.date | None
    accounting_method: str
    landed_at: str | None
    built_at: str | None


@dataclass(frozen=True, slots=True)
class Period:
    """The month that is reported; `last_year_label` is None where there is no ledger of it."""

    period_key: int
    label: str
    last_year_label: str | None
    month_date: datetime.date
    year_label: str
    is_running: bool
    is_locked: bool
    has_budget: bool

    @property
    def month(self) -> str:
        """As `saldo explain` is asked for it."""
        return f"{self.month_date:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement. What cannot be known is None."""

    code: str
    label: str
    section: str
    kind: str
    level: int
    amounts: Sequence[Amount]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing on it in any column."""
        return not any(self.amounts)


@dataclass(frozen=True, slots=True)
class Account:
    """An account's part of a line, in the line's columns."""

    line_code: str
    account: str
    label: str
    amounts: Sequence[Amount]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, and what each line is made of: accounts, or for a subtotal other lines."""

    code: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    accounts: dict[str, tuple[Account, ...]]
    parts: dict[str, tuple[str, ...]]

    def amount(self, line: str, column: str) -> Amount:
        """One cell; None where it cannot be known or the company has no such line."""
        found = next((each for each in self.lines if each.code == line), None)
        return None if found is None else found.amounts[self.columns.index(column)]

    @property
    def shown(self) -> tuple[Line, ...]:
        """The lines that have something on them."""
        return tuple(line for line in self.lines if not line.is_empty)


@dataclass(frozen=True, slots=True)
class Month:
    """A column of the statement by month."""

    period_key: int
    label: str


@dataclass(frozen=True, slots=True)
class Development:
    """A line in one month, for the charts over time."""

    code: str
    label: str
    month_name: str
    year: int
    amount: Decimal
    last_year_amount: Amount
    budget_amount: Amount
    rolling_12_amount: Amount


@dataclass(frozen=True, slots=True)
class Step:
    """What a line moved the operating result by since last year."""

    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CashAccount:
    """A cash account when the month begins, what it moved by, and when the month ends."""

    account: str
    label: str
    amounts: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Week:
    """A week that is expected: opening, customers, suppliers, wages, payroll taxes, VAT, closing."""

    week_start_date: datetime.date
    week_end_date: datetime.date
    amounts: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Event:
    """A payment that is expected."""

    kind: str
    expected_date: datetime.date
    invoice_number: str | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is open of a span of days overdue."""

    label: str
    is_overdue: bool
    as_of_date: datetime.date
    invoice_count: int
    amount: Decimal
    last_year_amount: Amount


@dataclass(frozen=True, slots=True)
class Party:
    """A customer, supplier or article, with amounts."""

    label: str
    amounts: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A sub-ledger beside its control accounts."""

    subledger_amount: Decimal
    ledger_amount: Decimal
    difference_amount: Decimal
    is_cash_method: bool


@dataclass(frozen=True, slots=True)
class PaymentDays:
    """How late payments of twelve months came, weighted by amount; None where there were none."""

    days_late: Amount
    late_share: Amount


@dataclass(frozen=True, slots=True)
class SubLedger:
    """Open invoices of customers or suppliers."""

    side: str
    buckets: tuple[Bucket, ...]
    parties: tuple[Party, ...]
    reconciliation: Reconciliation | None
    payment_days: PaymentDays

    @property
    def total(self) -> Decimal:
        """All that is open."""
        return sum((bucket.amount for bucket in self.buckets), Decimal())

    @property
    def last_year_total(self) -> Amount:
        """All that was open a year before; None where that is not known."""
        known = [each.last_year_amount for each in self.buckets if each.last_year_amount is not None]
        return sum(known, Decimal()) if known else None

    @property
    def overdue(self) -> Decimal:
        """What is past its due date."""
        return sum((bucket.amount for bucket in self.buckets if bucket.is_overdue), Decimal())

    @property
    def last_year_overdue(self) -> Amount:
        """What was past its due date a year before; None where that is not known."""
        if self.last_year_total is None:
            return None
        known = (each.last_year_amount for each in self.buckets if each.is_overdue)
        return sum((amount for amount in known if amount is not None), Decimal())

    @property
    def as_of_date(self) -> datetime.date | None:
        """The day at whose end this was open."""
        return self.buckets[0].as_of_date if self.buckets else None

    @property
    def has_any(self) -> bool:
        """Whether there is anything to show."""
        return any(bucket.invoice_count for bucket in self.buckets)


@dataclass(frozen=True, slots=True)
class VatBox:
    """A box of the VAT return; `settled_amount` stands beside box 49 alone."""

    code: str
    label: str
    amounts: Sequence[Amount]
    settled_amount: Amount


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A key figure of the month, the year to date and twelve months, and what it is made of."""

    code: str
    label: str
    unit: str
    good: str
    formula: str
    accounts: str
    figures: Sequence[Amount]
    last_year_figures: Sequence[Amount]
    numerators: Sequence[Amount]
    denominators: Sequence[Amount]


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher with its rows."""

    voucher_date: datetime.date
    voucher: str
    about: str
    amount: Decimal
    accounts: Sequence[str]
    amounts: Sequence[Decimal]

    @property
    def rows(self) -> list[tuple[str, Decimal]]:
        """Account and amount."""
        return list(zip(self.accounts, self.amounts, strict=True))


@dataclass(frozen=True, slots=True)
class Check:
    """A check of the books, and what it found."""

    code: str
    label: str
    meaning: str
    status: str
    finding_count: int
    checked_at: str
    findings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a resource of Fortnox was last asked for."""

    resource: str
    status: str
    fetched_count: int
    swept_at: str


@dataclass(frozen=True, slots=True)
class Month13:
    """The columns of the statement by month."""

    months: tuple[Month, ...]
    statement: Statement


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the report of a month shows."""

    period: Period
    sentences: tuple[str, ...]
    income: Statement
    by_month: Month13
    development: tuple[Development, ...]
    bridge: tuple[Step, ...]
    balance: Statement
    cash_flow: Statement
    cash: tuple[CashAccount, ...]
    weeks: tuple[Week, ...]
    events: tuple[Event, ...]
    receivables: SubLedger
    payables: SubLedger
    customers: tuple[Party, ...]
    articles: tuple[Party, ...]
    suppliers: tuple[Party, ...]
    vat: tuple[VatBox, ...]
    vat_accounts: dict[str, tuple[Account, ...]]
    key_figures: tuple[KeyFigure, ...]
    vouchers: tuple[Voucher, ...]
    voucher_count: int

    def key_figure(self, code: str) -> KeyFigure | None:
        """A key figure by its name for programs; None where it has no meaning for the month."""
        return next((each for each in self.key_figures if each.code == code), None)


@dataclass(frozen=True, slots=True)
class Report:
    """A company's report; `figures` is None before there is a ledger of a month that has begun."""

    organization: Organization
    figures: Figures | None
    checks: tuple[Check, ...]
    freshness: tuple[Freshness, ...]


def read(organization_id: int, language: str, month: datetime.date | None = None) -> Report:
    """Reads a company's report of a month, the newest with something booked unless one is asked for.

    All of it is of one moment, also where a build comes between.

    Raises:
        LookupError: there are no marts of the company, or no ledger of the month asked for.
    """
    with connect(Role.TRANSFORMER, organization_id) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        reader = _Reader(connection, {"language": language, "month": month})
        organization = reader.first(Organization, "organization")
        if organization is None:
            raise LookupError("The company has no marts yet: its first run builds them")
        period = reader.first(Period, "period")
        if period is None and month is not None:
            raise LookupError(f"There is no ledger of {month:%Y-%m}: the report shows months that have begun")
        return Report(
            organization=organization,
            figures=_figures(reader.of(period), period) if period else None,
            checks=reader.all(Check, "checks"),
            freshness=reader.all(Freshness, "freshness"),
        )


def month_of(text: str | None) -> datetime.date | None:
    """The month that is written as YYYY-MM; None where none is.

    Raises:
        ValueError: it is written in another way.
    """
    if not text:
        return None
    try:
        return datetime.datetime.strptime(text, "%Y-%m").replace(tzinfo=datetime.UTC).date()
    except ValueError:
        raise ValueError(f"{text[:20]!r} is no month: write it like 2025-03") from None


class _Reader:
    """Asks for rows with what they are asked by."""

    def __init__(self, connection: Connection, parameters: dict[str, Any]) -> None:
        self._connection = connection
        self._parameters = parameters

    def of(self, period: Period) -> _Reader:
        return _Reader(self._connection, self._parameters | {"period": period.period_key})

    def all(self, of: type[T], name: str, **more: Any) -> tuple[T, ...]:
        with self._connection.cursor(row_factory=class_row(of)) as cursor:
            return tuple(cursor.execute(statement(f"report/{name}"), self._parameters | more).fetchall())

    def first(self, of: type[T], name: str, **more: Any) -> T | None:
        return next(iter(self.all(of, name, **more)), None)

    def pairs(self, name: str) -> dict[str, tuple[str, ...]]:
        rows = self._connection.execute(statement(f"report/{name}"), self._parameters).fetchall()
        return {key: tuple(found) for key, found in rows}

    def column(self, name: str) -> tuple[Any, ...]:
        rows = self._connection.execute(statement(f"report/{name}"), self._parameters).fetchall()
        return tuple(row[0] for row in rows)


def _figures(reader: _Reader, period: Period) -> Figures:
    parts = reader.pairs("statement_parts")
    months = reader.all(Month, "months")
    keys = [month.period_key for month in months]
    return Figures(
        period=period,
        sentences=reader.column("narrative"),
        income=_statement(
            "income_statement",
            INCOME_COLUMNS,
            reader.all(Line, "income_statement"),
            reader.all(Account, "income_accounts"),
            parts,
        ),
        by_month=Month13(
            months,
            _statement(
                "income_by_month",
                tuple(month.label for month in months),
                reader.all(Line, "income_by_month", periods=keys),
                reader.all(Account, "income_accounts_by_month", periods=keys),
                parts,
            ),
        ),
        development=reader.all(Development, "development"),
        bridge=reader.all(Step, "result_bridge"),
        balance=_statement(
            "balance_sheet",
            BALANCE_COLUMNS,
            reader.all(Line, "balance_sheet"),
            reader.all(Account, "balance_accounts"),
            parts,
        ),
        cash_flow=_statement(
            "cash_flow",
            CASH_COLUMNS,
            reader.all(Line, "cash_flow"),
            reader.all(Account, "cash_accounts"),
            parts,
        ),
        cash=reader.all(CashAccount, "cash_balances"),
        weeks=reader.all(Week, "liquidity"),
        events=reader.all(Event, "liquidity_events"),
        receivables=_sub_ledger(reader, RECEIVABLE),
        payables=_sub_ledger(reader, PAYABLE),
        customers=reader.all(Party, "sold_by_customer"),
        articles=reader.all(Party, "sold_by_article"),
        suppliers=reader.all(Party, "bought_by_supplier"),
        vat=reader.all(VatBox, "vat_return"),
        vat_accounts=_by_line(reader.all(Account, "vat_accounts")),
        key_figures=reader.all(KeyFigure, "key_figures"),
        vouchers=reader.all(Voucher, "vouchers"),
        voucher_count=reader.column("voucher_count")[0],
    )


def _statement(
    code: str,
    columns: tuple[str, ...],
    lines: tuple[Line, ...],
    accounts: tuple[Account, ...],
    parts: dict[str, tuple[str, ...]],
) -> Statement:
    codes = {line.code for line in lines}
    return Statement(
        code,
        columns,
        lines,
        _by_line(accounts),
        {
            line: tuple(part for part in found if part in codes)
            for line, found in parts.items()
            if line in codes
        },
    )


def _by_line(accounts: Sequence[Account]) -> dict[str, tuple[Account, ...]]:
    """The accounts of each line, those left out that have nothing in any column."""
    found: dict[str, tuple[Account, ...]] = {}
    for account in accounts:
        if any(account.amounts):
            found[account.line_code] = (*found.get(account.line_code, ()), account)
    return found


def _sub_ledger(reader: _Reader, side: str) -> SubLedger:
    payment_days = reader.first(PaymentDays, "payment_days", side=side)
    assert payment_days is not None
    return SubLedger(
        side,
        reader.all(Bucket, "ageing", side=side),
        reader.all(Party, "open_parties", side=side),
        reader.first(Reconciliation, "reconciliation", side=side),
        payment_days,
    )
