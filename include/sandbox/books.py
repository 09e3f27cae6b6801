"""A company and its books, as both the REST lists and the SIE writer read them.

Amounts are whole öre (int) everywhere inside the sandbox; debit is positive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from sandbox import documents

RESULT_OF_THE_YEAR = 2099
FIRST_RESULT_ACCOUNT = 3000
_LONG_AGO = datetime.combine(date.min, time())


Key = TypeVar("Key")
Record = TypeVar("Record")


class Shelf(dict[Key, Record], Generic[Key, Record]):
    """Records by key and in Fortnox's order. Order and indexes are made once and kept until a record changes,
    so that a page of a long list costs no more than its records; change it by the methods here alone."""

    def __init__(
        self,
        key: Callable[[Record], Key],
        order: Callable[[Record], Any],
        modified: Callable[[Record], datetime],
    ) -> None:
        """An empty shelf; ``order`` is what Fortnox lists by, ``modified`` what ``lastmodified`` compares."""
        super().__init__()
        self.changes = 0
        self._key, self._order, self._modified = key, order, modified
        self._orders: dict[str, list[Record]] = {}
        self._times: list[tuple[datetime, int]] | None = None

    def put(self, record: Record) -> None:
        """Add or replace a record."""
        self[self._key(record)] = record
        self.touch()

    def fill(self, records: Iterable[Record]) -> None:
        """Add many records at once."""
        self.update((self._key(record), record) for record in records)
        self.touch()

    def drop(self, key: Key) -> bool:
        """Delete a record; False where there is none."""
        found = self.pop(key, None) is not None
        if found:
            self.touch()
        return found

    def touch(self) -> None:
        """Forget order and indexes: a record has changed in its place."""
        self.changes += 1
        self._orders, self._times = {}, None

    def in_order(self) -> list[Record]:
        """The records as Fortnox lists them."""
        return self.sorted_by("", self._order)

    def sorted_by(self, name: str, order: Callable[[Record], Any]) -> list[Record]:
        """The records in an order that ``name`` stands for; equal ones as Fortnox lists them."""
        if name not in self._orders:
            former = self.in_order() if name else self.values()
            self._orders[name] = sorted(former, key=order)
        return self._orders[name]

    def since(self, moment: datetime) -> list[Record]:
        """The records that were changed at the moment or later, as Fortnox lists them."""
        records = self.in_order()
        if self._times is None:
            self._times = sorted((self._modified(record), place) for place, record in enumerate(records))
        late = self._times[bisect_left(self._times, (moment, -1)) :]
        return [records[place] for place in sorted(place for _, place in late)]


class Account(NamedTuple):
    """One account of the chart; ``vat_code`` is None where Fortnox has none."""

    number: int
    name: str
    sru: int | None = None
    vat_code: str | None = None
    active: bool = True
    modified: datetime = _LONG_AGO


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
    reference_type: str = "MANUAL"
    """What it was booked from: MANUAL or INVOICE, INVOICEPAYMENT, SUPPLIERINVOICE and so on."""
    reference: str = ""
    """The number of that document."""
    changed: datetime | None = None

    @property
    def modified(self) -> datetime:
        """When it was last changed, naive Swedish local time; what is made up was booked at noon."""
        return self.changed or datetime.combine(self.day, time(12))


class VoucherId(NamedTuple):
    """Which voucher: the id of its financial year, its series and its number."""

    year: int
    series: str
    number: int


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
    currency: str = "SEK"


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


def voucher_shelf() -> Shelf[tuple[str, int], Voucher]:
    """An empty shelf of vouchers, which come by series and then by number: Fortnox, "Vouchers"."""
    return Shelf(
        key=lambda voucher: (voucher.series, voucher.number),
        order=lambda voucher: (voucher.series, voucher.number),
        modified=lambda voucher: voucher.modified,
    )


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

    @property
    def vouchers(self) -> Shelf[tuple[str, int], Voucher]:
        """The vouchers of the year by series and number."""

    def opening(self) -> dict[int, int]:
        """Opening balance in öre by balance account."""

    def closing(self) -> dict[int, int]:
        """Closing balance or result in öre by account."""

    def sie(self, kind: int, generated: date) -> bytes | None:
        """The SIE file of type ``kind`` (1 to 4), or None where the year cannot give that type."""


def _shelf(
    key: Callable[[Any], str], order: Callable[[Any], Any] | None = None
) -> Callable[[], Shelf[str, Any]]:
    """Makes an empty shelf."""
    return lambda: Shelf(key, order or key, lambda record: record.modified)


def number_of(record: Any) -> str:
    """The key of what has a number."""
    return str(record.number)


def size_of(record: Any) -> tuple[int, str]:
    """Numbers in order of size; Fortnox also allows letters in them, which come after."""
    number = str(record.number)
    return (int(number), "") if number.isdigit() else (10**18, number)


def _price_key(price: documents.Price) -> str:
    return f"{price.price_list}/{price.article}/{price.from_quantity}"


def _by_payment_date(payment: documents.Payment) -> tuple[date, int]:
    """Payments come by date, so that one entered late moves those after it: Fortnox, "Invoice payments"."""
    return payment.day, payment.number


@dataclass
class Company:
    """A company with its registers, its documents and its financial years, oldest first."""

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
    articles: Shelf[str, documents.Article] = field(default_factory=_shelf(number_of, size_of))
    price_lists: Shelf[str, documents.PriceList] = field(default_factory=_shelf(number_of))
    prices: Shelf[str, documents.Price] = field(default_factory=_shelf(_price_key))
    invoices: Shelf[str, documents.Invoice] = field(default_factory=_shelf(number_of, size_of))
    invoice_payments: Shelf[str, documents.Payment] = field(
        default_factory=_shelf(number_of, _by_payment_date)
    )
    invoice_accruals: Shelf[str, documents.Accrual] = field(default_factory=_shelf(number_of, size_of))
    supplier_invoices: Shelf[str, documents.SupplierInvoice] = field(
        default_factory=_shelf(number_of, size_of)
    )
    supplier_payments: Shelf[str, documents.Payment] = field(
        default_factory=_shelf(number_of, _by_payment_date)
    )
    supplier_accruals: Shelf[str, documents.Accrual] = field(default_factory=_shelf(number_of, size_of))
    orders: Shelf[str, documents.Order] = field(default_factory=_shelf(number_of, size_of))
    offers: Shelf[str, documents.Order] = field(default_factory=_shelf(number_of, size_of))
    contracts: Shelf[str, documents.Contract] = field(default_factory=_shelf(number_of, size_of))
    contract_accruals: Shelf[str, documents.Accrual] = field(default_factory=_shelf(number_of, size_of))
    tax_reductions: Shelf[str, documents.TaxReduction] = field(default_factory=_shelf(number_of, size_of))

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
        self._vouchers = voucher_shelf()
        self.budget: dict[tuple[int, str], int] = {}
        """Budgeted change in öre by account and month (YYYYMM)."""
        self._chart = chart
        self._own_opening = opening or {}
        self._opening: tuple[tuple[int, ...], dict[int, int]] | None = None
        self._movements: tuple[int, Movements] | None = None
        self._files: dict[int, tuple[tuple[int, ...], date, bytes]] = {}

    @property
    def accounts(self) -> list[Account]:
        """The chart of accounts, which all years of a made-up company share."""
        return [self._chart[number] for number in sorted(self._chart)]

    @property
    def vouchers(self) -> Shelf[tuple[str, int], Voucher]:
        """The vouchers of the year; ``put`` adds those that may bring a new account."""
        return self._vouchers

    @property
    def state(self) -> tuple[int, ...]:
        """Changes whenever a voucher of this or an earlier year does."""
        return (*(self.previous.state if self.previous else ()), self.vouchers.changes)

    def movements(self) -> Movements:
        """The sums of the year's rows, kept until a voucher changes."""
        if self._movements is None or self._movements[0] != self.vouchers.changes:
            self._movements = (self.vouchers.changes, Movements(list(self.vouchers.values())))
        return self._movements[1]

    def opening(self) -> dict[int, int]:
        """Opening balances in öre of the balance accounts."""
        if self.previous is None:
            return dict(self._own_opening)
        state = self.previous.state
        if self._opening is None or self._opening[0] != state:
            closing = self.previous.closing()
            balances = {number: amount for number, amount in closing.items() if number < FIRST_RESULT_ACCOUNT}
            result = sum(amount for number, amount in closing.items() if number >= FIRST_RESULT_ACCOUNT)
            balances[RESULT_OF_THE_YEAR] = balances.get(RESULT_OF_THE_YEAR, 0) + result
            self._opening = (state, balances)
        return dict(self._opening[1])

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
                self._chart[row.account] = Account(
                    row.account, f"Konto {row.account}", modified=voucher.modified
                )
        self.vouchers.put(voucher)

    def remove(self, series: str, number: int) -> bool:
        """Delete a voucher; False where there is none."""
        return self.vouchers.drop((series, number))

    def sie(self, kind: int, generated: date) -> bytes:
        """The SIE file in the layout of Fortnox 3.57, made again only after a change or on another day."""
        from sandbox.sie_writer import write_sie

        known = self._files.get(kind)
        state = (*self.state, self.company.register_changes)
        if known is None or known[:2] != (state, generated):
            known = (state, generated, write_sie(self, kind, generated))
            self._files[kind] = known
        return known[2]
