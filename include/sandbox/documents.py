"""The documents of a company: what it sells, buys, agrees, and is paid for.

Amounts are whole öre, or hundredths of another currency; rates are SEK for one unit in ten-thousandths;
quantities are hundredths. ``modified`` is naive Swedish local time, as Fortnox compares it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sandbox.books import Row, VoucherId

ONE_TO_ONE = 10_000


def part_of(amount: int, numerator: int, denominator: int) -> int:
    """A share of an amount, halves away from zero, so that a credit mirrors what it credits."""
    share = (abs(amount) * numerator * 2 + denominator) // (2 * denominator)
    return -share if amount < 0 else share


def in_sek(amount: int, rate: int) -> int:
    """An amount of a currency in öre."""
    return amount if rate == ONE_TO_ONE else part_of(amount, rate, ONE_TO_ONE)


@dataclass(slots=True)
class Article:
    """What is sold; ``rate`` is its VAT in per cent, ``account`` where its income is booked."""

    number: str
    name: str
    modified: datetime
    price: int = 100_00
    cost: int = 60_00
    rate: int = 25
    account: int = 3001
    unit: str = "st"
    kind: str = "STOCK"
    supplier: str = ""
    stock: int = 0
    active: bool = True


@dataclass(slots=True)
class PriceList:
    """A list of prices, found by its code."""

    number: str
    name: str
    modified: datetime
    preselected: bool = False


@dataclass(slots=True)
class Price:
    """What an article costs in a price list from a quantity on."""

    price_list: str
    article: str
    from_quantity: int
    price: int
    modified: datetime


class SalesRow(NamedTuple):
    """A row of an invoice, order, offer or contract; ``total`` is as printed: after discount, with VAT where
    the document's prices include it. ``net`` is without VAT."""

    article: str
    text: str
    account: int
    quantity: int
    price: int
    rate: int
    total: int
    net: int
    cost_center: str = ""
    project: str = ""
    discount: int = 0
    unit: str = "st"
    cost: int = 0


@dataclass(slots=True)
class Sale:
    """What invoices, orders, offers and contracts have in common; amounts in the document's currency."""

    number: int
    customer: str
    customer_name: str
    """The name as it was then: a customer who is renamed keeps the former one here."""
    day: date
    rows: tuple[SalesRow, ...]
    net: int
    vat: int
    round_off: int
    modified: datetime
    currency: str = "SEK"
    rate: int = ONE_TO_ONE
    vat_included: bool = False
    cost_center: str = ""
    project: str = ""
    comments: str = ""
    terms: str = "30"
    cancelled: bool = False

    @property
    def total(self) -> int:
        """What it comes to, rounded as printed."""
        return self.net + self.vat + self.round_off


@dataclass(slots=True)
class Invoice(Sale):
    """A customer invoice. Where ``voucher`` is None though it is booked, it was open when the books began."""

    due: date = date.min
    kind: str = "INVOICE"
    booked: bool = False
    voucher: VoucherId | None = None
    balance: int = 0
    paid_on: date | None = None
    credits: int = 0
    """The invoice that this one credits; 0 where it credits none."""
    credited_by: int = 0
    order: int = 0
    contract: int = 0
    tax_reduction: int = 0

    @property
    def total_sek(self) -> int:
        """Its total as it was booked."""
        return in_sek(self.total, self.rate)


@dataclass(slots=True)
class Order(Sale):
    """An order, or an offer: ``until`` is the day of delivery or of expiry, ``next`` what it became."""

    until: date | None = None
    next: int = 0
    """The invoice made of it; of an offer the order."""
    former: int = 0
    """The offer that an order came from."""


@dataclass(slots=True)
class Contract(Sale):
    """An agreement that is invoiced every ``interval`` months between ``day`` and ``end``."""

    end: date = date.max
    interval: int = 1
    length: int = 12
    continuous: bool = True
    status: str = "ACTIVE"
    last_invoice: date | None = None


@dataclass(slots=True)
class Payment:
    """A payment of a customer or to a supplier. ``amount`` is in the invoice's currency, ``sek`` what the
    bank account got or gave, ``settled`` what the invoice's account was relieved of."""

    number: int
    invoice: int
    day: date
    amount: int
    sek: int
    settled: int
    modified: datetime
    currency: str = "SEK"
    rate: int = ONE_TO_ONE
    written_off: int = 0
    voucher: VoucherId | None = None


@dataclass(slots=True)
class SupplierInvoice:
    """A supplier's invoice; ``rows`` are those of its voucher, ``total`` is in its currency."""

    number: int
    supplier: str
    supplier_name: str
    reference: str
    day: date
    due: date
    rows: tuple[Row, ...]
    total: int
    vat: int
    modified: datetime
    currency: str = "SEK"
    rate: int = ONE_TO_ONE
    booked: bool = False
    voucher: VoucherId | None = None
    balance: int = 0
    paid_on: date | None = None
    credits: int = 0
    cancelled: bool = False
    cost_center: str = ""
    project: str = ""
    comments: str = ""

    @property
    def total_sek(self) -> int:
        """Its total as it was booked."""
        return in_sek(self.total, self.rate)


@dataclass(slots=True)
class Accrual:
    """An amount moved out of its month: booked to ``accrual_account`` and back in ``times`` equal parts."""

    number: int
    """The number of the invoice, supplier invoice or contract."""
    text: str
    modified: datetime
    account: int
    accrual_account: int
    total: int
    times: int
    start: date
    end: date
    cost_center: str = ""
    project: str = ""
    period: str = "MONTHLY"


@dataclass(slots=True)
class TaxReduction:
    """A tax reduction (rot) asked for on an invoice, which pays that part of it."""

    number: int
    document: int
    customer_name: str
    personal_number: str
    asked: int
    modified: datetime
    approved: int = 0
    voucher: VoucherId | None = None
