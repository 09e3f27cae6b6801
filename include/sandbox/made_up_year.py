"""One financial year of a made-up company: what it trades, pays, accrues and closes with.

Customer and supplier invoices in kronor and euro, with 25, 12 and 6 % VAT, credited, paid late, in parts or
never; cash invoices, orders and offers before invoices, tax reductions; payroll with tax and fees, rent,
depreciation, a loan, accruals; quarterly VAT settlements in whole kronor; last year's result moved to 2091,
corrections of three kinds, the year's result and its tax. Every document and its voucher are made together
from the same numbers, so that they agree to the öre.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import NamedTuple

from sandbox.books import (
    FIRST_RESULT_ACCOUNT,
    RESULT_OF_THE_YEAR,
    Company,
    LedgerYear,
    Party,
    Row,
    Voucher,
    VoucherId,
)
from sandbox.documents import (
    ONE_TO_ONE,
    Accrual,
    Article,
    Invoice,
    Order,
    Payment,
    SalesRow,
    SupplierInvoice,
    TaxReduction,
    in_sek,
    part_of,
)

RECEIVABLES, PAYABLES, BANK = 1510, 2440, 1930
PREPAID, DEFERRED = 1790, 2970
ROUNDING, EXCHANGE_GAIN, EXCHANGE_LOSS, EU_SALES = 3740, 3960, 7960, 3108
OUTGOING_VAT = {25: 2611, 12: 2621, 6: 2631}
INCOMING_VAT = 2641
_REVERSE_OUT, _REVERSE_IN = 2614, 2645
_VAT_ACCOUNTS = {*OUTGOING_VAT.values(), INCOMING_VAT, _REVERSE_OUT, _REVERSE_IN}
_SIGN = "Testbokföraren"
_TAX_RATE, _FEE_RATE = 206, 3142  # of income, per mille; employer's fees, in ten-thousandths
_UNBOOKED_DAYS = 5


class _Purchase(NamedTuple):
    account: int
    rate: int
    weight: int
    typical: int  # kronor before VAT
    text: str


_PURCHASES = (
    _Purchase(4010, 25, 46, 17_000, "Varor"),
    _Purchase(5020, 25, 4, 2_200, "El"),
    _Purchase(5060, 25, 4, 1_500, "Städning"),
    _Purchase(5710, 25, 6, 900, "Frakt"),
    _Purchase(5831, 12, 5, 1_800, "Hotell"),
    _Purchase(5810, 6, 5, 1_100, "Tågbiljetter"),
    _Purchase(5910, 25, 5, 4_000, "Annons"),
    _Purchase(6212, 25, 4, 700, "Mobil"),
    _Purchase(6230, 25, 3, 600, "Bredband"),
    _Purchase(6310, 0, 4, 3_500, "Försäkring"),
    _Purchase(6530, 25, 4, 5_000, "Bokföring"),
    _Purchase(6540, 25, 6, 2_500, "IT-drift"),
)
_EU_GOODS = _Purchase(4515, 0, 0, 14_000, "Varor från EU")
_CARD_PURCHASES = (
    _Purchase(5410, 25, 10, 900, "Verktyg"),
    _Purchase(5460, 25, 14, 350, "Förbrukning"),
    _Purchase(5611, 25, 16, 620, "Drivmedel"),
    _Purchase(6110, 25, 14, 280, "Kontorsmateriel"),
    _Purchase(6970, 6, 6, 190, "Facktidning"),
    _Purchase(7690, 12, 6, 240, "Frukt till personalen"),
)
_SALES_RATES, _SALES_RATE_WEIGHTS = (25, 12, 6), (80, 13, 7)


class OpenItem(NamedTuple):
    """A payment to come: of ``amount`` in the document's currency, less what is written off."""

    day: date
    document: Invoice | SupplierInvoice
    amount: int
    written_off: int = 0
    reduction: TaxReduction | None = None


class Debt(NamedTuple):
    """A tax or fee that is paid on a day: the rows are those of its payment."""

    day: date
    text: str
    rows: tuple[Row, ...]


@dataclass
class Numbers:
    """The next free numbers; they run on from year to year."""

    invoice: int = 1_001
    bill: int = 1
    payment: int = 1
    supplier_payment: int = 1
    order: int = 1
    offer: int = 1
    reduction: int = 1


@dataclass
class CarriedOver:
    """What one year leaves to the next."""

    items: list[OpenItem]
    debts: list[Debt] = field(default_factory=list)
    numbers: Numbers | None = None


class _Draft(NamedTuple):
    day: date
    series: str
    text: str
    rows: tuple[Row, ...]
    reference_type: str = "MANUAL"
    number: int = 0
    document: Invoice | SupplierInvoice | Payment | Accrual | None = None
    reduction: TaxReduction | None = None


def whole_kronor(ore: int) -> int:
    """The nearest whole krona, in öre."""
    return part_of(ore, 1, 100) * 100


def is_agreed_on(article: Article) -> bool:
    """Whether it is sold by contract and not otherwise: a service that is not paid by the hour."""
    return article.kind == "SERVICE" and article.unit != "h"


def euro_rate(day: date) -> int:
    """What a euro costs on a day, in ten-thousandths of a krona; it swings, as rates do."""
    return 112_000 + int(3_000 * math.sin(day.toordinal() / 40))


def sales_entries(invoice: Invoice, account: int = RECEIVABLES) -> tuple[Row, ...]:
    """The rows of the voucher that books an invoice: the receivable, income by object, VAT, rounding."""
    if invoice.currency != "SEK":
        sek = invoice.total_sek
        return (Row(account, sek), Row(EU_SALES, -sek, invoice.cost_center, invoice.project))
    income: dict[tuple[int, str, str], int] = {}
    nets: dict[int, int] = {}
    vats: dict[int, int] = {}
    for row in invoice.rows:
        key = (row.account, row.cost_center, row.project)
        income[key] = income.get(key, 0) - row.net
        nets[row.rate] = nets.get(row.rate, 0) + row.net
        vats[row.rate] = vats.get(row.rate, 0) + row.total - row.net
    entries = [Row(account, invoice.total)]
    entries += [Row(one, amount, center, project) for (one, center, project), amount in income.items()]
    for rate, net in nets.items():
        if rate:
            vat = vats[rate] if invoice.vat_included else part_of(net, rate, 100)
            entries.append(Row(OUTGOING_VAT[rate], -vat))
    if invoice.round_off:
        entries.append(Row(ROUNDING, -invoice.round_off))
    return tuple(entries)


def sums_of(rows: Sequence[SalesRow], *, vat_included: bool, rounded: bool) -> tuple[int, int, int]:
    """Net, VAT and rounding of an invoice's rows; VAT is reckoned on the sum of each rate."""
    net = sum(row.net for row in rows)
    if vat_included:
        vat = sum(row.total - row.net for row in rows)
    else:
        nets: dict[int, int] = {}
        for row in rows:
            nets[row.rate] = nets.get(row.rate, 0) + row.net
        vat = sum(part_of(amount, rate, 100) for rate, amount in nets.items())
    return net, vat, whole_kronor(net + vat) - net - vat if rounded else 0


def credit_of(
    invoice: Invoice, number: int, day: date, modified: datetime, rows: int | None = None
) -> Invoice:
    """The invoice that credits another, all of it or its first ``rows`` rows."""
    mirrored = tuple(
        row._replace(quantity=-row.quantity, total=-row.total, net=-row.net) for row in invoice.rows[:rows]
    )
    if len(mirrored) == len(invoice.rows):
        net, vat, round_off = -invoice.net, -invoice.vat, -invoice.round_off
    else:
        net, vat, round_off = sums_of(mirrored, vat_included=invoice.vat_included, rounded=True)
    return replace(
        invoice, number=number, day=day, due=day, rows=mirrored, net=net, vat=vat, round_off=round_off,
        modified=modified, credits=invoice.number, balance=net + vat + round_off, booked=False, voucher=None,
        paid_on=None, credited_by=0, order=0, tax_reduction=0, comments="",
    )  # fmt: skip


def settle(document: Invoice | SupplierInvoice, amount: int, moment: datetime) -> None:
    """Take an amount off what is open of a document."""
    document.balance -= amount
    document.paid_on = None if document.balance else moment.date()
    document.modified = moment


def payment_entries(payment: Payment, account: int) -> tuple[Row, ...]:
    """The rows of the voucher that books a payment: money, the invoice's account, and what is between."""
    sign = 1 if account == RECEIVABLES else -1
    entries = [Row(BANK, sign * payment.sek), Row(account, -sign * payment.settled)]
    if payment.written_off:
        entries.append(Row(ROUNDING, sign * payment.written_off))
    gain = sign * (payment.sek + payment.written_off - payment.settled)
    if gain:
        entries.append(Row(EXCHANGE_GAIN if gain > 0 else EXCHANGE_LOSS, -gain))
    return tuple(entries)


class YearMaker:
    """Makes the vouchers and documents of one year, exactly as many vouchers as asked for."""

    def __init__(
        self, rng: random.Random, company: Company, year: LedgerYear, count: int, carried: CarriedOver
    ) -> None:
        self._rng, self._company, self._year, self._count = rng, company, year, count
        self._items, self._debts = list(carried.items), list(carried.debts)
        self._numbers = carried.numbers or Numbers(
            invoice=max(1_001, len(company.invoices) + 1), bill=len(company.supplier_invoices) + 1
        )
        self._left: list[OpenItem] = []
        self._drafts: list[_Draft] = []
        self._orders: list[Order] = []
        self._offers: list[Order] = []
        self._unposted: list[Invoice | SupplierInvoice] = []
        self._reductions: list[TaxReduction] = []
        self._customers = [*company.customers.values()]
        self._suppliers = [*company.suppliers.values()]
        self._cost_centers = [*company.cost_centers]
        self._projects = [*company.projects]
        self._articles: dict[int, list[Article]] = defaultdict(list)
        for article in company.articles.in_order():
            if article.active and not is_agreed_on(article):
                self._articles[article.rate].append(article)
        self._contracts = [one for one in company.contracts.in_order() if one.status == "ACTIVE"]
        self._days = [year.start + timedelta(days=day) for day in range((year.end - year.start).days + 1)]
        self._months = [*self._month_spans()]
        # Trade sleeps at weekends and in July, and wakes before Christmas.
        self._day_weights = [
            *accumulate(
                (0.05 if day.weekday() > 4 else 1.0) * {7: 0.5, 11: 1.2, 12: 1.3}.get(day.month, 1.0)
                for day in self._days
            )
        ]
        self._monthly_sales = count * 3_200_00 // 12
        """About what a month's sales come to, in öre: wages, rent and budget follow it."""

    def make(self, *, closes: bool, booked_until: date | None) -> CarriedOver:
        """Fill the year and the company's shelves; what follows ``booked_until`` is made and left out, so
        that the same books go on where they ended once it is later."""
        periods = self._vat_periods()
        reserved = 2 * len(periods) + len(self._debts) + 5
        accruals = min(40, self._count // 400 or self._count // 100)
        reserved += 8 * accruals + 2 * (self._count >= 40)
        every = next(
            months for months in (1, 3, 6, 12, 1_000) if self._routines(months) <= self._spare(reserved)
        )
        trade = max(0, self._count - reserved - self._routines(every))
        self._sales(round(trade * 0.26))
        self._supplier_invoices(round(trade * 0.20))
        self._payments(trade - len(self._drafts))
        self._small_trade(trade - len(self._drafts))
        self._routine(every)
        self._accruals(accruals)
        self._corrections()
        self._last_years_result()
        for end in periods:
            self._settle_vat(end)
        left_debts = self._pay_debts()
        while len(self._drafts) < self._count - closes:
            self._bank_charge(self._day())
        if closes:
            left_debts += self._close()
        self._year.budget = self._budget()
        self._shelve(booked_until)
        return CarriedOver(self._left, left_debts, self._numbers)

    def _spare(self, reserved: int) -> int:
        return (self._count - reserved) // 2

    def _routines(self, every: int) -> int:
        """Vouchers of the routines: wages and their tax, rent, depreciation and loan every so many months."""
        return 5 * len(self._months[every - 1 :: every])

    def _month_spans(self) -> Iterator[tuple[date, date]]:
        """First and last day of each month, cut by the year's own limits."""
        start = self._year.start
        for day in self._days:
            if (day + timedelta(days=1)).day == 1 or day == self._year.end:
                yield start, day
                start = day + timedelta(days=1)

    def _vat_periods(self) -> list[date]:
        """The last days of the quarters, counted from the start of the year."""
        ends = []
        for place, day in enumerate(self._days):
            following = day + timedelta(days=1)
            months = (following.year - self._year.start.year) * 12 + following.month - self._year.start.month
            if place == len(self._days) - 1 or (following.day == 1 and months % 3 == 0):
                ends.append(day)
        return ends

    def _day(self) -> date:
        return self._rng.choices(self._days, cum_weights=self._day_weights)[0]

    def _objects(self) -> tuple[str, str]:
        rng = self._rng
        return (
            rng.choice(self._cost_centers) if rng.random() < 0.8 else "",
            rng.choice(self._projects) if rng.random() < 0.2 else "",
        )

    def _kronor(self, typical: int) -> int:
        """An amount in öre, spread around ``typical`` kronor as invoices are: many small, few large."""
        ore = int(typical * 100 * self._rng.lognormvariate(0, 0.8))
        return max(100, ore - ore % (50 if self._rng.random() < 0.4 else 100))

    # Sales

    def _sales(self, count: int) -> None:
        """Invoices and cash invoices, some of them credited, and cancelled ones, which have no voucher."""
        rng = self._rng
        credited = max(int(count >= 8), count * 4 // 100)
        invoices = count - credited
        cancelled = max(int(count >= 8), count // 100)
        days = sorted(self._day() for _ in range(invoices + cancelled))
        places = rng.sample(range(len(days)), cancelled + credited)
        events = [(day, place, False) for place, day in enumerate(days)]
        for place in places[cancelled:]:
            events.append(
                (min(days[place] + timedelta(days=rng.randrange(1, 20)), self._year.end), place, True)
            )
        made: dict[int, Invoice] = {}
        dropped, to_credit, marked = set(places[:cancelled]), set(places[cancelled:]), set(places)
        for day, place, is_credit in sorted(events, key=lambda event: (event[0], event[2])):
            if is_credit:
                self._credit(made[place], day)
                continue
            invoice = made[place] = self._sale(day, may_be_cash=place not in marked)
            if place in dropped:
                invoice.cancelled, invoice.balance = True, 0
                self._unposted.append(invoice)
                continue
            self._book_sale(invoice)
            if place not in to_credit:
                self._expect_payment(invoice)

    def _sale(self, day: date, *, may_be_cash: bool) -> Invoice:
        rng, number = self._rng, self._numbers.invoice
        self._numbers.invoice += 1
        customer = rng.choice(self._customers)
        made = datetime.combine(day, time(10))
        center, project = self._objects()
        if customer.currency == "EUR":
            return self._euro_sale(number, customer, day, made, center, project)
        what = rng.random()
        if what < 0.08 and may_be_cash:
            rows = self._sales_rows(1_900, center, project, vat_included=True)
            net, vat, round_off = sums_of(rows, vat_included=True, rounded=False)
            return Invoice(
                number, customer.number, customer.name, day, rows, net, vat, round_off, made,
                due=day, kind="CASHINVOICE", vat_included=True, cost_center=center, project=project,
                terms="0",
            )  # fmt: skip
        if what < 0.16 and self._contracts:
            contract = rng.choice(self._contracts)
            return Invoice(
                number, contract.customer, contract.customer_name, day, contract.rows, contract.net,
                contract.vat, contract.round_off, made, due=day + timedelta(days=30), kind="AGREEMENTINVOICE",
                balance=contract.total,
                cost_center=contract.cost_center, contract=contract.number,
            )  # fmt: skip
        included = what < 0.22
        rows = self._sales_rows(8_000, center, project, vat_included=included)
        net, vat, round_off = sums_of(rows, vat_included=included, rounded=True)
        days = rng.choice((10, 20, 30, 30, 30, 30))
        invoice = Invoice(
            number, customer.number, customer.name, day, rows, net, vat, round_off, made,
            due=day + timedelta(days=days), vat_included=included, balance=net + vat + round_off,
            cost_center=center, project=project, terms=str(days),
        )  # fmt: skip
        if what > 0.8:
            self._order_before(invoice)
        elif what > 0.76:
            self._open_order(invoice)
        return invoice

    def _euro_sale(
        self, number: int, customer: Party, day: date, made: datetime, center: str, project: str
    ) -> Invoice:
        rate = euro_rate(day)
        article = self._rng.choice(self._articles[25])
        price = part_of(article.price, ONE_TO_ONE, rate)
        quantity = max(1, self._kronor(9_000) // article.price) * 100
        total = price * quantity // 100
        row = SalesRow(
            article.number, article.name, EU_SALES, quantity, price, 0, total, total, center, project,
            unit=article.unit, cost=part_of(article.cost, ONE_TO_ONE, rate),
        )  # fmt: skip
        return Invoice(
            number, customer.number, customer.name, day, (row,), total, 0, 0, made, currency="EUR", rate=rate,
            due=day + timedelta(days=30), balance=total, cost_center=center, project=project,
        )  # fmt: skip

    def _sales_rows(
        self, typical: int, center: str, project: str, *, vat_included: bool
    ) -> tuple[SalesRow, ...]:
        rng = self._rng
        count = rng.choice((1, 1, 1, 2, 2, 3))
        rows = []
        for place, rate in enumerate(sorted(rng.choices(_SALES_RATES, _SALES_RATE_WEIGHTS, k=count))[::-1]):
            article = rng.choice(self._articles[rate])
            price = part_of(article.price, 100 + rate, 100) if vat_included else article.price
            quantity = max(1, self._kronor(typical) // article.price) * 100
            if article.unit == "h" and rng.random() < 0.4:
                quantity += 50
            discount = rng.choice((5, 10, 25)) if rng.random() < 0.08 else 0
            total = part_of(price * quantity, 100 - discount, 10_000)
            net = total - part_of(total, rate, 100 + rate) if vat_included else total
            other = place and rng.random() < 0.3
            rows.append(
                SalesRow(
                    article.number, article.name, article.account, quantity, price, rate, total, net,
                    rng.choice(self._cost_centers) if other else center, project, discount, article.unit,
                    article.cost,
                )
            )  # fmt: skip
        return tuple(rows)

    def _book_sale(self, invoice: Invoice) -> None:
        name = invoice.customer_name
        series, account, kind, text = "B", RECEIVABLES, "INVOICE", f"Kundfaktura {invoice.number} {name}"
        if invoice.kind == "CASHINVOICE":
            series, account, kind, text = "F", BANK, "CASHINVOICE", f"Kontantfaktura {invoice.number} {name}"
        elif invoice.credits:
            text = f"Kreditfaktura {invoice.number} {name}"
        self._drafts.append(
            _Draft(invoice.day, series, text, sales_entries(invoice, account), kind, invoice.number, invoice)
        )

    def _credit(self, invoice: Invoice, day: date) -> None:
        """Credit an invoice, a third of those with several rows only in part; the rest is paid."""
        number = self._numbers.invoice
        self._numbers.invoice += 1
        only = 1 if len(invoice.rows) > 1 and self._rng.random() < 0.34 else None
        credit = credit_of(invoice, number, day, datetime.combine(day, time(10)), only)
        self._book_sale(credit)
        rest = invoice.total + credit.total
        if rest > 0:
            self._items.append(OpenItem(max(day, invoice.due) + timedelta(days=3), invoice, rest))

    def _expect_payment(self, invoice: Invoice) -> None:
        """Mostly on time, some late, one in a hundred not for a year; some in parts, some a krona short."""
        rng = self._rng
        if invoice.kind == "CASHINVOICE":
            return
        late = rng.choice((-6, -3, -1, 0, 0, 0, 1, 2, 5, 12, 33)) if rng.random() > 0.01 else 400
        day, total, what = max(invoice.day, invoice.due + timedelta(days=late)), invoice.total, rng.random()
        if invoice.currency != "SEK" or total < 1_000_00:
            self._items.append(OpenItem(day, invoice, total))
        elif what < 0.04:
            first = total // 200_00 * 100_00
            self._items.append(OpenItem(day, invoice, first))
            self._items.append(OpenItem(day + timedelta(days=21), invoice, total - first))
        elif what < 0.05:
            self._items.append(OpenItem(day, invoice, total, written_off=1_00))
        elif what < 0.09 and invoice.rows[0].unit == "h" and not invoice.vat_included:
            self._reduce_tax(invoice, day)
        else:
            self._items.append(OpenItem(day, invoice, total))

    def _reduce_tax(self, invoice: Invoice, day: date) -> None:
        """Rot: the customer pays less, and the tax agency the rest after six weeks."""
        work = invoice.rows[0]
        asked = part_of(work.net + part_of(work.net, work.rate, 100), 30, 10_000) * 100
        number = self._numbers.reduction
        self._numbers.reduction += 1
        invoice.tax_reduction = asked
        reduction = TaxReduction(
            number, invoice.number, invoice.customer_name,
            f"190001{number % 28 + 1:02d}{number % 10_000:04d}", asked, invoice.modified,
        )  # fmt: skip
        self._reductions.append(reduction)
        self._items.append(OpenItem(day, invoice, invoice.total - asked))
        self._items.append(OpenItem(day + timedelta(days=42), invoice, asked, reduction=reduction))

    def _order_before(self, invoice: Invoice) -> None:
        order = self._order_like(invoice, self._rng.randrange(2, 15))
        order.next = invoice.number
        invoice.order = order.number
        if self._rng.random() < 0.4:
            offer = replace(
                order, number=self._numbers.offer, day=order.day - timedelta(days=9), next=order.number,
                until=order.day + timedelta(days=21),
            )  # fmt: skip
            self._numbers.offer += 1
            order.former = offer.number
            self._offers.append(offer)

    def _open_order(self, invoice: Invoice) -> None:
        """An order or an offer like an invoice that has none, and which nothing has come of."""
        order = self._order_like(invoice, 0)
        order.cancelled = self._rng.random() < 0.2
        if self._rng.random() < 0.5:
            self._orders.pop()
            self._numbers.order -= 1
            order.number = self._numbers.offer
            self._numbers.offer += 1
            self._offers.append(order)

    def _order_like(self, invoice: Invoice, days_before: int) -> Order:
        day = invoice.day - timedelta(days=days_before)
        order = Order(
            self._numbers.order, invoice.customer, invoice.customer_name, day, invoice.rows, invoice.net,
            invoice.vat, invoice.round_off, datetime.combine(day, time(9)), vat_included=invoice.vat_included,
            cost_center=invoice.cost_center, project=invoice.project, terms=invoice.terms, until=invoice.day,
        )  # fmt: skip
        self._numbers.order += 1
        self._orders.append(order)
        return order

    # Purchases

    def _supplier_invoices(self, count: int) -> None:
        rng = self._rng
        weights = [kind.weight for kind in _PURCHASES]
        credited = count * 2 // 100
        days = sorted(self._day() for _ in range(count - credited))
        again = set(rng.sample(range(len(days)), credited))
        for place, day in enumerate(days):
            supplier = rng.choice(self._suppliers)
            kind = _EU_GOODS if supplier.currency == "EUR" else rng.choices(_PURCHASES, weights)[0]
            bill = self._bill(supplier, day, kind)
            self._book_bill(bill)
            if place in again:
                self._credit_bill(bill)
                continue
            days_to_pay = rng.choice((10, 20, 30, 30, 30))
            bill.due = day + timedelta(days=days_to_pay)
            self._items.append(OpenItem(bill.due, bill, bill.total))
            if rng.random() < 0.006:
                refused = replace(
                    bill, number=self._numbers.bill, cancelled=True, balance=0, comments="Dubblett"
                )
                self._numbers.bill += 1
                self._unposted.append(refused)

    def _bill(self, supplier: Party, day: date, kind: _Purchase) -> SupplierInvoice:
        gross, rows = self._purchase_rows(kind)
        number, rate, vat = self._numbers.bill, ONE_TO_ONE, gross - rows[0].amount
        self._numbers.bill += 1
        if kind is _EU_GOODS:
            rate = euro_rate(day)
            cents = part_of(gross, ONE_TO_ONE, rate)
            sek, vat = in_sek(cents, rate), 0
            reverse = part_of(sek, 25, 100)
            first = rows[0]._replace(amount=sek)
            rows = [first, Row(_REVERSE_IN, reverse), Row(_REVERSE_OUT, -reverse)]
            gross = cents
        else:
            sek, vat = gross, sum(row.amount for row in rows if row.account == INCOMING_VAT)
        return SupplierInvoice(
            number, supplier.number, supplier.name, str(self._rng.randrange(10_000, 999_999)), day,
            day + timedelta(days=30), (Row(PAYABLES, -sek), *rows), gross, vat,
            datetime.combine(day, time(11)), currency=supplier.currency, rate=rate, balance=gross,
            cost_center=rows[0].cost_center, project=rows[0].project,
        )  # fmt: skip

    def _book_bill(self, bill: SupplierInvoice) -> None:
        kind = "Leverantörskredit" if bill.credits else "Leverantörsfaktura"
        text = f"{kind} {bill.number} {bill.supplier_name}"
        self._drafts.append(_Draft(bill.day, "D", text, bill.rows, "SUPPLIERINVOICE", bill.number, bill))

    def _credit_bill(self, bill: SupplierInvoice) -> None:
        day = min(bill.day + timedelta(days=self._rng.randrange(1, 20)), self._year.end)
        credit = replace(
            bill, number=self._numbers.bill, day=day, due=day, total=-bill.total, vat=-bill.vat,
            rows=tuple(row._replace(amount=-row.amount) for row in bill.rows), credits=bill.number,
            modified=datetime.combine(day, time(11)), balance=-bill.total,
        )  # fmt: skip
        self._numbers.bill += 1
        self._book_bill(credit)

    def _purchase_rows(self, kind: _Purchase) -> tuple[int, list[Row]]:
        cost_center, project = self._objects()
        net = self._kronor(kind.typical)
        vat = part_of(net, kind.rate, 100)
        if net >= 1_000_00 and self._rng.random() < 0.4 and kind is not _EU_GOODS:
            part = net * self._rng.randrange(20, 80) // 10_000 * 100
            other = self._rng.choice(self._cost_centers)
            rows = [
                Row(kind.account, net - part, cost_center, project, kind.text),
                Row(kind.account, part, other, text=kind.text),
            ]
        else:
            rows = [Row(kind.account, net, cost_center, project, kind.text)]
        if vat:
            rows.append(Row(INCOMING_VAT, vat))
        return net + vat, rows

    # Payments

    def _payments(self, room: int) -> None:
        """Pay what falls due in the year; what finds no room is paid a year later than the others."""
        for item in sorted(self._items, key=lambda item: item.day):
            if item.day > self._year.end or room <= 0:
                self._left.append(item)
                continue
            room -= 1
            self._pay(item)

    def _pay(self, item: OpenItem) -> None:
        document, day = item.document, max(item.day, self._year.start)
        is_sale = isinstance(document, Invoice)
        rate = ONE_TO_ONE if document.currency == "SEK" else euro_rate(day)
        paid = item.amount - item.written_off
        payment = Payment(
            0, document.number, day, paid, in_sek(paid, rate), in_sek(item.amount, document.rate),
            datetime.combine(day, time(15)), document.currency, rate, item.written_off,
        )  # fmt: skip
        if isinstance(document, Invoice):
            who = "Skatteverket" if item.reduction else document.customer_name
            series, kind, text = "C", "INVOICEPAYMENT", f"Inbetalning kundfaktura {document.number} {who}"
        else:
            series, kind = "E", "SUPPLIERPAYMENT"
            text = f"Betalning leverantörsfaktura {document.number} {document.supplier_name}"
        entries = payment_entries(payment, RECEIVABLES if is_sale else PAYABLES)
        self._drafts.append(_Draft(day, series, text, entries, kind, 0, payment, item.reduction))

    # What has no documents

    def _small_trade(self, count: int) -> None:
        weights = [kind.weight for kind in _CARD_PURCHASES]
        for _ in range(count):
            day, what = self._day(), self._rng.random()
            if what < 0.45:
                self._takings(day)
            elif what < 0.9:
                kind = self._rng.choices(_CARD_PURCHASES, weights)[0]
                gross, rows = self._purchase_rows(kind)
                self._draft(day, "L", f"Kortköp {kind.text.lower()}", Row(BANK, -gross), *rows)
            elif what < 0.95:
                interest = self._rng.randrange(5_00, 900_00)
                self._draft(day, "I", "Ränta", Row(BANK, interest), Row(8310, -interest))
            else:
                self._bank_charge(day)

    def _draft(self, day: date, series: str, text: str, *rows: Row) -> None:
        self._drafts.append(_Draft(day, series, text, rows))

    def _takings(self, day: date) -> None:
        center, project = self._objects()
        net = self._kronor(1_900)
        vat = part_of(net, 25, 100)
        rows = (Row(BANK, net + vat), Row(3001, -net, center, project), Row(OUTGOING_VAT[25], -vat))
        self._draft(day, "F", "Dagskassa", *rows)

    def _bank_charge(self, day: date) -> None:
        charge = self._rng.randrange(2_00, 150_00)
        self._draft(day, "A", "Bankavgift", Row(BANK, -charge), Row(6570, charge))

    def _routine(self, every: int) -> None:
        """Wages, their tax and fees, rent, depreciation and the loan, for so many months at a time."""
        opening = self._year.opening()
        loan, value = -opening.get(2350, 0), opening.get(1220, 0) + opening.get(1229, 0)
        part, wear = max(1_000_00, whole_kronor(loan // 60)), opening.get(1220, 0) // 60
        for first, last in self._months[every - 1 :: every]:
            wages = max(15_000_00, whole_kronor(self._monthly_sales * 15 // 100)) * min(every, 12)
            self._wages(last, wages)
            rent = max(6_000_00, whole_kronor(self._monthly_sales * 5 // 100)) * min(every, 12)
            vat = part_of(rent, 25, 100)
            self._draft(
                first, "A", "Hyra", Row(5010, rent, self._cost_centers[0]), Row(INCOMING_VAT, vat),
                Row(BANK, -rent - vat),
            )  # fmt: skip
            worn = min(value, wear * min(every, 12))
            value -= worn
            if worn:
                self._draft(last, "A", "Avskrivning inventarier", Row(7832, worn), Row(1229, -worn))
            repaid = min(loan, part * min(every, 12))
            if repaid:
                interest = part_of(loan * min(every, 12), 45, 12_000)
                rows = (Row(2350, repaid), Row(8410, interest), Row(BANK, -repaid - interest))
                self._draft(last, "A", "Lån: ränta och amortering", *rows)
            loan -= repaid

    def _wages(self, last: date, wages: int) -> None:
        tax = whole_kronor(wages * 30 // 100)
        fees = part_of(wages, _FEE_RATE, 10_000)
        payday = min(last, last.replace(day=min(25, last.day)))
        self._draft(
            payday, "A", f"Löner {payday:%Y-%m}", Row(7210, wages, self._cost_centers[-2]),
            Row(2710, -tax), Row(BANK, tax - wages), Row(7510, fees), Row(2731, -fees),
        )  # fmt: skip
        due = (last.replace(day=1) + timedelta(days=32)).replace(day=12)
        rows = (Row(2710, tax), Row(2731, fees), Row(BANK, -tax - fees))
        self._debts.append(Debt(due, "Skatt och arbetsgivaravgifter", rows))

    def _accruals(self, count: int) -> None:
        """Move some invoices' income and some suppliers' costs over the three months that follow them."""
        latest = self._year.end - timedelta(days=100)
        candidates = [draft for draft in self._drafts if draft.day <= latest and draft.document is not None]
        for kind, series_text in (("INVOICE", "kundfaktura"), ("SUPPLIERINVOICE", "leverantörsfaktura")):
            possible = [
                draft for draft in candidates if draft.reference_type == kind and draft.rows[0].amount
            ]
            possible = [draft for draft in possible if not getattr(draft.document, "credits", 0)]
            for draft in self._rng.sample(possible, min(count, len(possible))):
                self._accrue(draft, f"Periodisering av {series_text} {draft.number}")

    def _accrue(self, draft: _Draft, text: str) -> None:
        row, times = draft.rows[1], 3
        other = DEFERRED if row.amount < 0 else PREPAID
        ends = [last for _, last in self._months if last > draft.day][:times]
        accrual = Accrual(
            draft.number, text, datetime.combine(draft.day, time(12)), row.account, other, abs(row.amount),
            times, draft.day.replace(day=1), ends[-1], row.cost_center, row.project,
        )  # fmt: skip
        rows = (row._replace(amount=-row.amount), Row(other, row.amount))
        self._drafts.append(_Draft(draft.day, "K", text, rows, "ACCRUAL", draft.number, accrual))
        left = row.amount
        for place, day in enumerate(ends):
            part = left if place == times - 1 else part_of(row.amount, 1, times)
            left -= part
            rows = (row._replace(amount=part), Row(other, -part))
            self._drafts.append(
                _Draft(day, "K", f"{text} {place + 1}/{times}", rows, "ACCRUAL", draft.number)
            )

    def _corrections(self) -> None:
        """A row struck and put in again, a voucher struck wholly, and one reversed by another voucher."""
        cost_center, _ = self._objects()
        net = self._kronor(800)
        vat = part_of(net, 25, 100)
        self._draft(
            self._day(), "L", "Kortköp rättat konto",
            Row(BANK, -net - vat),
            Row(5410, net, cost_center, text="Kontorsstol", mark="struck", sign=_SIGN),
            Row(INCOMING_VAT, vat),
            Row(5460, net, cost_center, text="Kontorsstol", mark="added", sign=_SIGN),
        )  # fmt: skip
        self._draft(
            self._day(), "A", "Dubbelbokat, struket",
            Row(BANK, -net, mark="struck", sign=_SIGN),
            Row(6991, net, mark="struck", sign=_SIGN),
        )  # fmt: skip
        if self._count >= 40:
            day = self._days[len(self._days) // 3]
            rows = (Row(BANK, -net), Row(6110, net, cost_center))
            self._draft(day, "L", "Kortköp bokat två gånger", *rows)
            reversed_rows = [row._replace(amount=-row.amount) for row in rows]
            self._draft(day + timedelta(days=20), "A", "Rättelse: kortköp bokat två gånger", *reversed_rows)

    def _last_years_result(self) -> None:
        result = self._year.opening().get(RESULT_OF_THE_YEAR, 0)
        if result:
            day = self._days[min(130, len(self._days) - 1)]
            rows = (Row(RESULT_OF_THE_YEAR, -result), Row(2091, result))
            self._draft(day, "A", "Omföring av föregående års resultat", *rows)

    def _settle_vat(self, end: date) -> None:
        sums: dict[int, int] = defaultdict(int)
        for draft in self._drafts:
            if draft.day <= end:
                for row in draft.rows:
                    if row.account in _VAT_ACCOUNTS and row.mark != "struck":
                        sums[row.account] += row.amount
        total = sum(sums.values())
        if not any(sums.values()):
            return
        owed = whole_kronor(total)
        rows = [Row(account, -amount) for account, amount in sorted(sums.items()) if amount]
        rows += [Row(2650, owed)] if owed else []
        rows += [Row(ROUNDING, total - owed)] if total != owed else []
        self._draft(end, "M", "Momsredovisning", *rows)
        if owed:
            month = end.month + 2
            payday = date(end.year + (month - 1) // 12, (month - 1) % 12 + 1, 12)
            text = "Moms" if owed < 0 else "Återbetald moms"
            self._debts.append(Debt(payday, text, (Row(BANK, owed), Row(2650, -owed))))

    def _pay_debts(self) -> list[Debt]:
        """Pay the taxes that fall due in the year, as long as there is room; the others are left."""
        left = []
        for debt in sorted(self._debts, key=lambda debt: debt.day):
            if debt.day <= self._year.end and len(self._drafts) < self._count - 1:
                self._draft(max(debt.day, self._year.start), "A", debt.text, *debt.rows)
            else:
                left.append(debt)
        return left

    def _close(self) -> list[Debt]:
        """Book the year's result, and the tax on it where it is positive, on the last day."""
        result = sum(
            row.amount
            for draft in self._drafts
            for row in draft.rows
            if row.account >= FIRST_RESULT_ACCOUNT and row.mark != "struck"
        )
        tax = max(0, -result * _TAX_RATE // 1_000 // 100 * 100)
        left = -result - tax
        rows = [Row(8910, tax), Row(2510, -tax)] if tax else []
        rows += [Row(8999, left), Row(RESULT_OF_THE_YEAR, -left)] if left else []
        self._draft(self._year.end, "A", "Årets resultat", *rows)
        if not tax:
            return []
        return [Debt(self._year.end + timedelta(days=70), "Slutlig skatt", (Row(2510, tax), Row(BANK, -tax)))]

    def _budget(self) -> dict[tuple[int, str], int]:
        """A budget in thousands of kronor a month; income is negative, as everywhere in the ledger."""
        shares = {3001: -100, 4010: 42, 5010: 5, 6540: 3, 7210: 15, 7510: 5}
        return {
            (account, f"{first:%Y%m}"): self._monthly_sales * share // 100 // 1_000_00 * 1_000_00
            for account, share in shares.items()
            for first, _ in self._months
        }

    # What was made is numbered and put on the shelves

    def _shelve(self, booked_until: date | None) -> None:
        """Book what is not after ``booked_until``; invoices of the few days after it lie there unbooked."""
        last = booked_until or date.max
        booked = [(draft, voucher) for draft, voucher in self._numbered() if draft.day <= last]
        self._year.vouchers.fill(voucher for _, voucher in booked)
        documents = [draft for draft, _ in booked if draft.document is not None]
        for draft, voucher in booked:
            if isinstance(draft.document, Invoice | SupplierInvoice | Payment):
                draft.document.voucher = VoucherId(self._year.id, voucher.series, voucher.number)
        lying = [
            draft.document
            for draft in self._drafts
            if isinstance(draft.document, Invoice | SupplierInvoice)
            and last < draft.day <= (last + timedelta(days=_UNBOOKED_DAYS) if booked_until else date.min)
            and not draft.document.credits
            and draft.series != "F"
        ]
        for document in lying:
            document.modified = datetime.combine(last, time(17))
        posted = [
            draft.document for draft in documents if isinstance(draft.document, Invoice | SupplierInvoice)
        ]
        for document in posted:
            document.booked = True
        unposted = [document for document in self._unposted if document.day <= last]
        company = self._company
        everything = [*posted, *lying, *unposted]
        company.invoices.fill(one for one in everything if isinstance(one, Invoice))
        company.supplier_invoices.fill(one for one in everything if isinstance(one, SupplierInvoice))
        for draft in documents:
            self._take_effect(draft)
        self._shelve_the_rest(documents, last)

    def _take_effect(self, draft: _Draft) -> None:
        """What a payment or a credit does to the invoice that it concerns."""
        company, document, moment = self._company, draft.document, datetime.combine(draft.day, time(15))
        if isinstance(document, Invoice):
            if document.contract:
                company.contracts[str(document.contract)].last_invoice = document.day
            if document.kind == "CASHINVOICE":
                document.paid_on = document.day
            if document.credits:
                credited = company.invoices[str(document.credits)]
                credited.credited_by = document.number
                settle(credited, -document.total, moment)
                settle(document, document.total, moment)
        elif isinstance(document, SupplierInvoice):
            if document.credits:
                settle(company.supplier_invoices[str(document.credits)], -document.total, moment)
                settle(document, document.total, moment)
        elif isinstance(document, Payment):
            paid: Invoice | SupplierInvoice = (
                company.invoices[str(document.invoice)]
                if draft.reference_type == "INVOICEPAYMENT"
                else company.supplier_invoices[str(document.invoice)]
            )
            settle(paid, document.amount + document.written_off, moment)
            if draft.reduction:
                draft.reduction.approved, draft.reduction.voucher = draft.reduction.asked, document.voucher
                draft.reduction.modified = moment

    def _shelve_the_rest(self, documents: Sequence[_Draft], last: date) -> None:
        company = self._company
        for draft in documents:
            if isinstance(draft.document, Accrual):
                is_cost = draft.document.accrual_account == PREPAID
                (company.supplier_accruals if is_cost else company.invoice_accruals).put(draft.document)
        for shelf, kind in (
            (company.invoice_payments, "INVOICEPAYMENT"),
            (company.supplier_payments, "SUPPLIERPAYMENT"),
        ):
            shelf.fill(
                draft.document
                for draft in documents
                if isinstance(draft.document, Payment) and draft.reference_type == kind
            )
        company.orders.fill(order for order in self._orders if order.day <= last)
        company.offers.fill(offer for offer in self._offers if offer.day <= last)
        for sales, following in ((self._orders, company.invoices), (self._offers, company.orders)):
            for sale in sales:
                if str(sale.next) not in following:
                    sale.next = 0
        booked = {draft.number for draft in documents if isinstance(draft.document, Invoice)}
        company.tax_reductions.fill(one for one in self._reductions if one.document in booked)

    def _numbered(self) -> Iterator[tuple[_Draft, Voucher]]:
        """The drafts in order of day, numbered by series; most are registered days or weeks later."""
        numbers: dict[str, int] = defaultdict(int)
        for draft in sorted(self._drafts, key=lambda draft: draft.day):
            numbers[draft.series] += 1
            lag = self._rng.randrange(1, 45) if self._rng.random() < 0.88 else 0
            number = draft.number
            if isinstance(draft.document, Payment):
                number = draft.document.number = self._payment_number(draft.reference_type)
            yield (
                draft,
                Voucher(
                    draft.series,
                    numbers[draft.series],
                    draft.day,
                    draft.day + timedelta(days=lag),
                    draft.text,
                    draft.rows,
                    draft.reference_type,
                    str(number) if number else "",
                ),
            )

    def _payment_number(self, kind: str) -> int:
        numbers = self._numbers
        if kind == "INVOICEPAYMENT":
            numbers.payment += 1
            return numbers.payment - 1
        numbers.supplier_payment += 1
        return numbers.supplier_payment - 1
