"""A company and its books, as both the REST lists and the SIE writer read them.

Amounts are whole öre (int) everywhere inside the sandbox; debit is positive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol

RESULT_OF_THE_YEAR = 2099
FIRST_RESULT_ACCOUNT = 3000


class Account(NamedTuple):
    """One account of the chart; ``vat_code`` is None where Fortnox has none."""

    number: int
    name: str
    sru: int | None = None
    vat_code: str | None = None
    active: bool = True


class Row(NamedTuple):
    """One row of a voucher. ``mark`` is "" (original), "struck" (removed) or "added" (put in afterwards)."""

    account: int
    amount: int
    cost_center: str = ""
    project: str = ""
    text: str = ""
    mark: str = ""
    sign: str = ""


class Voucher(NamedTuple):
    """One voucher with its rows, struck ones included; immutable, a change replaces it."""

    series: str
    number: int
    day: date
    registered: date
    text: str
    rows: tuple[Row, ...]


@dataclass
class Party:
    """A customer or a supplier; ``modified`` is naive Swedish local time, as Fortnox compares it."""

    number: str
    name: str
    modified: datetime
    organisation_number: str = ""
    address: str = ""
    zip_code: str = ""
    city: str = ""
    email: str = ""
    phone: str = ""
    active: bool = True


@dataclass
class Project:
    """A project; ``status`` is NOTSTARTED, ONGOING or COMPLETED."""

    number: str
    name: str
    modified: datetime
    status: str = "ONGOING"
    start: date | None = None
    end: date | None = None


@dataclass
class CostCenter:
    """A cost centre, found by its code."""

    number: str
    name: str
    modified: datetime
    active: bool = True


class Year(Protocol):
    """A financial year of a company, made up or from a file."""

    @property
    def id(self) -> int:
        """Fortnox's number of the year, which need not follow the calendar."""

    @property
    def start(self) -> date:
        """Its first day."""

    @property
    def end(self) -> date:
        """Its last day."""

    @property
    def accounts(self) -> list[Account]:
        """The chart of accounts of the year, by number."""

    def opening(self) -> dict[int, int]:
        """Opening balance in öre by balance account."""

    def closing(self) -> dict[int, int]:
        """Closing balance or result in öre by account."""

    def sie(self, kind: int, generated: date) -> bytes | None:
        """The SIE file of type ``kind`` (1 to 4), or None where the year cannot give that type."""


@dataclass
class Company:
    """A company with its registers and its financial years, oldest first."""

    tenant_id: str
    name: str
    organization_number: str
    years: list[Year] = field(default_factory=list)
    customers: dict[str, Party] = field(default_factory=dict)
    suppliers: dict[str, Party] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    cost_centers: dict[str, CostCenter] = field(default_factory=dict)
    address: str = ""
    zip_code: str = ""
    city: str = ""
    register_changes: int = 0

    def year_by_id(self, year_id: int) -> Year | None:
        """The financial year with that id."""
        return next((year for year in self.years if year.id == year_id), None)

    def year_by_date(self, day: date) -> Year | None:
        """The financial year that holds the day."""
        return next((year for year in self.years if year.start <= day <= year.end), None)

    def current_year(self, today: date) -> Year:
        """The year of today, else the latest: Fortnox always has one selected."""
        return self.year_by_date(today) or self.years[-1]


class Movements:
    """Sums in öre of a year's rows that count, which are all but the struck ones."""

    def __init__(self, vouchers: Iterable[Voucher]) -> None:
        """Add up the vouchers."""
        self.by_account: dict[int, int] = defaultdict(int)
        self.by_month: dict[tuple[int, str], int] = defaultdict(int)
        self.by_object: dict[tuple[int, str, str], int] = defaultdict(int)
        self.by_month_and_object: dict[tuple[int, str, str, str], int] = defaultdict(int)
        for voucher in vouchers:
            month = f"{voucher.day:%Y%m}"
            for row in voucher.rows:
                if row.mark == "struck":
                    continue
                account, amount = row.account, row.amount
                self.by_account[account] += amount
                self.by_month[account, month] += amount
                for dimension, code in (("1", row.cost_center), ("6", row.project)):
                    if code:
                        self.by_object[account, dimension, code] += amount
                        self.by_month_and_object[account, month, dimension, code] += amount


class LedgerYear:
    """A financial year whose vouchers the sandbox holds and may change.

    A year after another opens with the former's closing balances. The former's result lies on 2099 until
    somebody books it away, which is how Fortnox carries a year that nobody has closed.
    """

    def __init__(
        self,
        company: Company,
        year_id: int,
        start: date,
        end: date,
        chart: dict[int, Account],
        opening: dict[int, int] | None = None,
        previous: LedgerYear | None = None,
    ) -> None:
        """An empty year; ``opening`` (öre by account) counts only where there is no year before it."""
        self.id, self.start, self.end = year_id, start, end
        self.company, self.previous = company, previous
        self.vouchers: dict[tuple[str, int], Voucher] = {}
        self._chart = chart
        self._own_opening = opening or {}
        self._changes = 0
        self._movements: tuple[int, Movements] | None = None
        self._files: dict[int, tuple[tuple[int, ...], date, bytes]] = {}

    @property
    def accounts(self) -> list[Account]:
        """The chart of accounts, which all years of a made-up company share."""
        return [self._chart[number] for number in sorted(self._chart)]

    @property
    def state(self) -> tuple[int, ...]:
        """Changes whenever a voucher of this or an earlier year does."""
        return (*(self.previous.state if self.previous else ()), self._changes)

    def movements(self) -> Movements:
        """The sums of the year's rows, kept until a voucher changes."""
        if self._movements is None or self._movements[0] != self._changes:
            self._movements = (self._changes, Movements(list(self.vouchers.values())))
        return self._movements[1]

    def opening(self) -> dict[int, int]:
        """Opening balances in öre of the balance accounts."""
        if self.previous is None:
            return dict(self._own_opening)
        closing = self.previous.closing()
        balances = {number: amount for number, amount in closing.items() if number < FIRST_RESULT_ACCOUNT}
        result = sum(amount for number, amount in closing.items() if number >= FIRST_RESULT_ACCOUNT)
        balances[RESULT_OF_THE_YEAR] = balances.get(RESULT_OF_THE_YEAR, 0) + result
        return balances

    def closing(self) -> dict[int, int]:
        """Closing balances and results in öre by account."""
        closing = self.opening()
        for account, amount in self.movements().by_account.items():
            closing[account] = closing.get(account, 0) + amount
        return closing

    def next_number(self, series: str) -> int:
        """The first number of the series that is free at its end."""
        return max((number for taken, number in self.vouchers if taken == series), default=0) + 1

    def put(self, voucher: Voucher) -> None:
        """Add or replace a voucher; an account it is the first to use joins the chart."""
        for row in voucher.rows:
            if row.account not in self._chart:
                self._chart[row.account] = Account(row.account, f"Konto {row.account}")
        self.vouchers[voucher.series, voucher.number] = voucher
        self._changes += 1

    def fill(self, vouchers: list[Voucher]) -> None:
        """Take all vouchers of a made-up year at once."""
        self.vouchers = {(voucher.series, voucher.number): voucher for voucher in vouchers}
        self._changes += 1

    def remove(self, series: str, number: int) -> bool:
        """Delete a voucher; False where there is none."""
        found = self.vouchers.pop((series, number), None) is not None
        self._changes += found
        return found

    def sie(self, kind: int, generated: date) -> bytes:
        """The SIE file in the layout of Fortnox 3.57, made again only after a change or on another day."""
        from sandbox.sie_writer import write_sie

        known = self._files.get(kind)
        state = (*self.state, self.company.register_changes)
        if known is None or known[:2] != (state, generated):
            known = (state, generated, write_sie(self, kind, generated))
            self._files[kind] = known
        return known[2]
