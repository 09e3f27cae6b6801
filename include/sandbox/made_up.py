"""Companies made up from a seed and a size: the same seed always gives the same books.

A small trading company: customer and supplier invoices with 25, 12 and 6 % VAT, their payments in time and
late, cash sales, card purchases, bank charges, quarterly VAT settlements in whole kronor and their payment,
last year's result moved from 2099 to 2091, one voucher with a struck and replaced row, one wholly struck.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate, product
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox import chart
from sandbox.books import (
    RESULT_OF_THE_YEAR,
    Company,
    CostCenter,
    LedgerYear,
    Party,
    Project,
    Row,
    Voucher,
)

_OUTGOING = {25: (3001, 2611), 12: (3002, 2621), 6: (3003, 2631)}
_VAT_ACCOUNTS = (2611, 2621, 2631, 2641)
_SALES_RATES, _SALES_RATE_WEIGHTS = (25, 12, 6), (80, 13, 7)
_SIGN = "Testbokföraren"


class _Purchase(NamedTuple):
    account: int
    rate: int
    weight: int
    typical: int  # kronor before VAT
    text: str


_PURCHASES = (
    _Purchase(4010, 25, 46, 17_000, "Varor"),
    _Purchase(5010, 25, 6, 24_000, "Hyra"),
    _Purchase(5020, 25, 4, 2_200, "El"),
    _Purchase(5060, 25, 4, 1_500, "Städning"),
    _Purchase(5710, 25, 6, 900, "Frakt"),
    _Purchase(5831, 12, 5, 1_800, "Hotell"),
    _Purchase(5810, 6, 5, 1_100, "Tågbiljetter"),
    _Purchase(5910, 25, 5, 4_000, "Annons"),
    _Purchase(6212, 25, 4, 700, "Mobil"),
    _Purchase(6230, 25, 3, 600, "Bredband"),
    _Purchase(6310, 0, 2, 3_500, "Försäkring"),
    _Purchase(6530, 25, 4, 5_000, "Bokföring"),
    _Purchase(6540, 25, 6, 2_500, "IT-drift"),
)
_CARD_PURCHASES = (
    _Purchase(5410, 25, 10, 900, "Verktyg"),
    _Purchase(5460, 25, 14, 350, "Förbrukning"),
    _Purchase(5611, 25, 16, 620, "Drivmedel"),
    _Purchase(6110, 25, 14, 280, "Kontorsmateriel"),
    _Purchase(6970, 6, 6, 190, "Facktidning"),
    _Purchase(7690, 12, 6, 240, "Frukt till personalen"),
)


class YearSpecification(BaseModel):
    """One financial year of a company to make up; ``id`` defaults to its place in the list."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: date = Field(alias="from")
    end: date = Field(alias="to")
    id: int | None = Field(default=None, gt=0)
    vouchers: int | None = Field(default=None, ge=25, le=1_000_000)

    @model_validator(mode="after")
    def _in_order(self) -> YearSpecification:
        if not self.start < self.end:
            raise ValueError("a financial year must start before it ends")
        return self


class CompanySpecification(BaseModel):
    """A company to make up; ``vouchers`` are those of a year; after ``booked_until`` nothing is booked."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    tenant_id: str = Field(pattern=r"^[1-9][0-9]{0,17}$")
    seed: int
    vouchers: int = Field(ge=25, le=1_000_000)
    years: list[YearSpecification] = Field(min_length=1)
    organization_number: str | None = None
    booked_until: date | None = None

    @model_validator(mode="after")
    def _years_follow(self) -> CompanySpecification:
        self.years = sorted(self.years, key=lambda year: year.start)
        for former, latter in zip(self.years, self.years[1:], strict=False):
            if latter.start != former.end + timedelta(days=1):
                raise ValueError(f"the year from {latter.start} must follow on the year to {former.end}")
        ids = [year.id or place for place, year in enumerate(self.years, 1)]
        if len(set(ids)) < len(ids):
            raise ValueError("two financial years have the same id")
        return self


def make_up(specification: CompanySpecification) -> Company:
    """The company with its registers and all its years."""
    rng = random.Random(f"saldo sandbox {specification.seed}")
    company = Company(
        specification.tenant_id,
        specification.name,
        specification.organization_number or chart.organization_number(int(specification.tenant_id)),
        address=f"{rng.choice(chart.STREETS)} {rng.randrange(1, 90)}",
    )
    company.zip_code, company.city = rng.choice(chart.CITIES)
    _fill_registers(company, rng, specification)
    open_items = _opening_items(rng, company, specification)
    opening = _opening_balances(rng, open_items)
    accounts = chart.chart_of_accounts()
    previous: LedgerYear | None = None
    for place, wanted in enumerate(specification.years, 1):
        year = LedgerYear(company, wanted.id or place, wanted.start, wanted.end, accounts, opening, previous)
        maker = _YearMaker(rng, company, year, wanted.vouchers or specification.vouchers, open_items)
        vouchers = maker.vouchers()
        if specification.booked_until is not None:
            vouchers = [voucher for voucher in vouchers if voucher.day <= specification.booked_until]
        year.fill(vouchers)
        open_items = maker.left_open
        company.years.append(year)
        previous = year
    return company


def _fill_registers(company: Company, rng: random.Random, specification: CompanySpecification) -> None:
    made = datetime.combine(specification.years[0].start, time(8))
    names = [
        f"{first} {second} {form}"
        for first, second, form in product(chart.FIRST_PARTS, chart.SECOND_PARTS, sorted(set(chart.FORMS)))
    ]
    rng.shuffle(names)
    customers = min(2_400, max(8, specification.vouchers // 12))
    suppliers = min(1_000, max(6, specification.vouchers // 25))

    def party(number: int, name: str) -> Party:
        zip_code, city = rng.choice(chart.CITIES)
        return Party(
            str(number),
            name,
            made,
            organisation_number=chart.organization_number(rng.randrange(100_000)),
            address=f"{rng.choice(chart.STREETS)} {rng.randrange(1, 99)}",
            zip_code=zip_code,
            city=city,
            email=f"faktura{number}@example.com",
            phone=f"070-174 06 {number % 100:02d}",
            active=number % 17 != 0,
        )

    for number in range(1, customers + 1):
        company.customers[str(number)] = party(number, names[number])
    for number in range(1, suppliers + 1):
        company.suppliers[str(number)] = party(number, names[customers + number])
    company.suppliers["1"].name = 'Krogen "Gyllene Älgen" HB'  # quotes have to be escaped in SIE and JSON
    for code, name in chart.COST_CENTERS:
        company.cost_centers[code] = CostCenter(code, name, made)
    for number, name in enumerate(chart.PROJECT_NAMES, 1):
        start = specification.years[0].start + timedelta(days=rng.randrange(200))
        company.projects[str(number)] = Project(str(number), name, made, start=start)


@dataclass(frozen=True)
class _OpenItem:
    """An invoice or a VAT debt that will be paid on a day; what the company is owed is positive."""

    day: date
    account: int
    amount: int
    text: str


_PAYMENT_SERIES = {1510: "C", 2440: "E", 2650: "A"}


def _opening_items(
    rng: random.Random, company: Company, specification: CompanySpecification
) -> list[_OpenItem]:
    start = specification.years[0].start
    items = []
    for number in range(max(2, specification.vouchers // 60)):
        customer, supplier = (
            rng.choice([*company.customers.values()]),
            rng.choice([*company.suppliers.values()]),
        )
        items.append(
            _OpenItem(
                start + timedelta(days=rng.randrange(1, 40)),
                1510,
                rng.randrange(800_00, 25_000_00, 100),
                f"Inbetalning kundfaktura {900 - number} {customer.name}",
            )
        )
        items.append(
            _OpenItem(
                start + timedelta(days=rng.randrange(1, 30)),
                2440,
                -rng.randrange(300_00, 12_000_00, 50),
                f"Betalning leverantörsfaktura {supplier.name}",
            )
        )
    return items


def _opening_balances(rng: random.Random, open_items: Sequence[_OpenItem]) -> dict[int, int]:
    balances = {
        1220: rng.randrange(80_000_00, 400_000_00, 100_00),
        1229: -rng.randrange(10_000_00, 70_000_00, 100_00),
        1460: rng.randrange(40_000_00, 200_000_00),
        1930: rng.randrange(150_000_00, 600_000_00),
        2081: -50_000_00,
        RESULT_OF_THE_YEAR: -rng.randrange(20_000_00, 250_000_00),
    }
    for item in open_items:
        balances[item.account] = balances.get(item.account, 0) + item.amount
    balances[2091] = -sum(balances.values())
    return balances


class _Draft(NamedTuple):
    day: date
    series: str
    text: str
    rows: tuple[Row, ...]


def _vat(net: int, rate: int) -> int:
    return (net * rate + 50) // 100


def _whole_kronor(ore: int) -> int:
    """The nearest whole krona, in öre."""
    return (ore + 50) // 100 * 100


class _YearMaker:
    """Makes the vouchers of one year; what is not paid when it ends lies in ``left_open``."""

    def __init__(
        self,
        rng: random.Random,
        company: Company,
        year: LedgerYear,
        count: int,
        open_items: Sequence[_OpenItem],
    ) -> None:
        self._rng, self._year, self._count = rng, year, count
        self._open = list(open_items)
        self.left_open: list[_OpenItem] = []
        self._drafts: list[_Draft] = []
        self._customers = [*company.customers.values()]
        self._suppliers = [*company.suppliers.values()]
        self._cost_centers = [*company.cost_centers]
        self._projects = [*company.projects]
        self._days = [year.start + timedelta(days=day) for day in range((year.end - year.start).days + 1)]
        # Trade sleeps at weekends and in July, and wakes before Christmas.
        self._day_weights = [
            *accumulate(
                (0.05 if day.weekday() > 4 else 1.0) * {7: 0.5, 11: 1.2, 12: 1.3}.get(day.month, 1.0)
                for day in self._days
            )
        ]

    def vouchers(self) -> list[Voucher]:
        """All vouchers of the year, exactly as many as asked for, in order of day."""
        periods = self._vat_periods()
        reserved = 2 * len(periods) + sum(item.account == 2650 for item in self._open) + 4
        trade = max(0, self._count - reserved)
        self._sales(round(trade * 0.26))
        self._supplier_invoices(round(trade * 0.20))
        self._payments(trade - len(self._drafts))
        self._small_trade(trade - len(self._drafts))
        self._corrections()
        self._last_years_result()
        for end in periods:
            self._settle_vat(end)
        self._pay_vat()
        while len(self._drafts) < self._count:
            self._bank_charge(self._day())
        return self._numbered()

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

    def _sale_rows(self, typical: int) -> tuple[int, list[Row]]:
        """Gross amount, and the rows of income and VAT against it."""
        cost_center, project = self._objects()
        gross, rows = 0, []
        rates = self._rng.choices(_SALES_RATES, _SALES_RATE_WEIGHTS, k=2 if self._rng.random() < 0.3 else 1)
        for rate in sorted(set(rates), reverse=True):
            net = self._kronor(typical)
            vat = _vat(net, rate)
            income, vat_account = _OUTGOING[rate]
            rows += [Row(income, -net, cost_center, project), Row(vat_account, -vat)]
            gross += net + vat
        return gross, rows

    def _sales(self, count: int) -> None:
        rng = self._rng
        for number, day in enumerate(sorted(self._day() for _ in range(count)), 1001):
            customer = rng.choice(self._customers)
            gross, rows = self._sale_rows(9_000)
            total = _whole_kronor(gross)
            if total != gross:
                rows.append(Row(3740, gross - total))
            self._drafts.append(
                _Draft(day, "B", f"Kundfaktura {number} {customer.name}", (Row(1510, total), *rows))
            )
            late = rng.choice((-6, -3, -1, 0, 0, 0, 1, 2, 5, 12, 33)) if rng.random() > 0.01 else 400
            self._open.append(
                _OpenItem(
                    day + timedelta(days=30 + late),
                    1510,
                    total,
                    f"Inbetalning kundfaktura {number} {customer.name}",
                )
            )

    def _supplier_invoices(self, count: int) -> None:
        weights = [kind.weight for kind in _PURCHASES]
        for _ in range(count):
            supplier, day = self._rng.choice(self._suppliers), self._day()
            kind = self._rng.choices(_PURCHASES, weights)[0]
            gross, rows = self._purchase_rows(kind)
            self._drafts.append(
                _Draft(day, "D", f"Leverantörsfaktura {supplier.name}", (Row(2440, -gross), *rows))
            )
            self._open.append(
                _OpenItem(
                    day + timedelta(days=self._rng.choice((10, 20, 30, 30, 30))),
                    2440,
                    -gross,
                    f"Betalning leverantörsfaktura {supplier.name}",
                )
            )

    def _purchase_rows(self, kind: _Purchase) -> tuple[int, list[Row]]:
        cost_center, project = self._objects()
        net = self._kronor(kind.typical)
        vat = _vat(net, kind.rate)
        if net >= 1_000_00 and self._rng.random() < 0.4:
            part = net * self._rng.randrange(20, 80) // 10_000 * 100
            other = self._rng.choice(self._cost_centers)
            rows = [
                Row(kind.account, net - part, cost_center, project, kind.text),
                Row(kind.account, part, other, text=kind.text),
            ]
        else:
            rows = [Row(kind.account, net, cost_center, project, kind.text)]
        if vat:
            rows.append(Row(2641, vat))
        return net + vat, rows

    def _payments(self, room: int) -> None:
        """Pay what falls due in the year; what finds no room is paid a year later than the others."""
        invoices = sorted((item for item in self._open if item.account != 2650), key=lambda item: item.day)
        self._open = [item for item in self._open if item.account == 2650]
        for item in invoices:
            if item.day > self._year.end or room <= 0:
                self.left_open.append(item)
                continue
            room -= 1
            self._pay(item)

    def _pay(self, item: _OpenItem) -> None:
        self._drafts.append(
            _Draft(
                max(item.day, self._year.start),
                _PAYMENT_SERIES[item.account],
                item.text,
                (Row(1930, item.amount), Row(item.account, -item.amount)),
            )
        )

    def _small_trade(self, count: int) -> None:
        weights = [kind.weight for kind in _CARD_PURCHASES]
        for _ in range(count):
            day, what = self._day(), self._rng.random()
            if what < 0.45:
                gross, rows = self._sale_rows(1_900)
                self._drafts.append(_Draft(day, "F", "Dagskassa", (Row(1930, gross), *rows)))
            elif what < 0.9:
                kind = self._rng.choices(_CARD_PURCHASES, weights)[0]
                gross, rows = self._purchase_rows(kind)
                self._drafts.append(
                    _Draft(day, "L", f"Kortköp {kind.text.lower()}", (Row(1930, -gross), *rows))
                )
            elif what < 0.95:
                interest = self._rng.randrange(5_00, 900_00)
                self._drafts.append(_Draft(day, "I", "Ränta", (Row(1930, interest), Row(8310, -interest))))
            else:
                self._bank_charge(day)

    def _bank_charge(self, day: date) -> None:
        charge = self._rng.randrange(2_00, 150_00)
        self._drafts.append(_Draft(day, "A", "Bankavgift", (Row(1930, -charge), Row(6570, charge))))

    def _corrections(self) -> None:
        cost_center, _ = self._objects()
        net = self._kronor(800)
        vat = _vat(net, 25)
        self._drafts.append(
            _Draft(
                self._day(),
                "L",
                "Kortköp rättat konto",
                (
                    Row(1930, -net - vat),
                    Row(5410, net, cost_center, text="Kontorsstol", mark="struck", sign=_SIGN),
                    Row(2641, vat),
                    Row(5460, net, cost_center, text="Kontorsstol", mark="added", sign=_SIGN),
                ),
            )
        )
        self._drafts.append(
            _Draft(
                self._day(),
                "A",
                "Dubbelbokat, struket",
                (
                    Row(1930, -net, mark="struck", sign=_SIGN),
                    Row(6991, net, mark="struck", sign=_SIGN),
                ),
            )
        )

    def _last_years_result(self) -> None:
        result = self._year.opening().get(RESULT_OF_THE_YEAR, 0)
        if result:
            day = self._days[min(130, len(self._days) - 1)]
            self._drafts.append(
                _Draft(
                    day,
                    "A",
                    "Omföring av föregående års resultat",
                    (Row(RESULT_OF_THE_YEAR, -result), Row(2091, result)),
                )
            )

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
        owed = _whole_kronor(total)
        rows = [Row(account, -amount) for account, amount in sorted(sums.items()) if amount]
        rows += [Row(2650, owed)] if owed else []
        rows += [Row(3740, total - owed)] if total != owed else []
        self._drafts.append(_Draft(end, "M", "Momsredovisning", tuple(rows)))
        if owed:
            month = end.month + 2
            payday = date(end.year + (month - 1) // 12, (month - 1) % 12 + 1, 12)
            self._open.append(_OpenItem(payday, 2650, owed, "Moms" if owed < 0 else "Återbetald moms"))

    def _pay_vat(self) -> None:
        for item in self._open:
            if item.day <= self._year.end:
                self._pay(item)
            else:
                self.left_open.append(item)

    def _numbered(self) -> list[Voucher]:
        """The drafts in order of day, numbered by series; most are registered days or weeks later."""
        numbers: dict[str, int] = defaultdict(int)
        vouchers = []
        for draft in sorted(self._drafts, key=lambda draft: draft.day):
            numbers[draft.series] += 1
            lag = self._rng.randrange(1, 45) if self._rng.random() < 0.88 else 0
            vouchers.append(
                Voucher(
                    draft.series,
                    numbers[draft.series],
                    draft.day,
                    draft.day + timedelta(days=lag),
                    draft.text,
                    draft.rows,
                )
            )
        return vouchers
