"""Companies made up from a seed and a size: the same seed always gives the same books.

A small trading company whose documents and ledger agree to the öre; how a year of it goes is in made_up_year.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from itertools import product

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
)
from sandbox.documents import (
    Accrual,
    Article,
    Contract,
    Invoice,
    Price,
    PriceList,
    SalesRow,
    SupplierInvoice,
    part_of,
)
from sandbox.made_up_year import DEFERRED, CarriedOver, OpenItem, YearMaker, is_agreed_on, whole_kronor


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
    """A company to make up; ``vouchers`` are those of a year; after ``booked_until`` nothing is booked.

    A company that ``closes`` its years books each result from 8999 to 2099 on the last day.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    tenant_id: str = Field(pattern=r"^[1-9][0-9]{0,17}$")
    seed: int
    vouchers: int = Field(ge=25, le=1_000_000)
    years: list[YearSpecification] = Field(min_length=1)
    organization_number: str | None = None
    booked_until: date | None = None
    closes: bool = True

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
    """The company with its registers, its documents and all its years."""
    rng = random.Random(f"saldo sandbox {specification.seed}")
    company = Company(
        specification.tenant_id,
        specification.name,
        specification.organization_number or chart.organization_number(int(specification.tenant_id)),
        address=f"{rng.choice(chart.STREETS)} {rng.randrange(1, 90)}",
    )
    company.zip_code, company.city = rng.choice(chart.CITIES)
    _fill_registers(company, rng, specification)
    _fill_articles(company, rng, specification)
    _fill_contracts(company, rng, specification)
    carried = CarriedOver(_open_items(rng, company, specification))
    opening = _opening_balances(rng, carried.items, specification)
    accounts = chart.chart_of_accounts()
    previous: LedgerYear | None = None
    for place, wanted in enumerate(specification.years, 1):
        year = LedgerYear(company, wanted.id or place, wanted.start, wanted.end, accounts, opening, previous)
        maker = YearMaker(rng, company, year, wanted.vouchers or specification.vouchers, carried)
        carried = maker.make(closes=specification.closes, booked_until=specification.booked_until)
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

    def party(number: int, name: str, currency: str) -> Party:
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
            currency=currency,
        )

    for number in range(1, customers + 1):
        currency = "EUR" if number % 13 == 5 else "SEK"
        company.customers[str(number)] = party(number, names[number], currency)
    for number in range(1, suppliers + 1):
        currency = "EUR" if number % 11 == 4 else "SEK"
        company.suppliers[str(number)] = party(number, names[customers + number], currency)
    company.suppliers["1"].name = 'Krogen "Gyllene Älgen" HB'  # quotes have to be escaped in SIE and JSON
    for code, name in chart.COST_CENTERS:
        company.cost_centers[code] = CostCenter(code, name, made)
    for number, name in enumerate(chart.PROJECT_NAMES, 1):
        start = specification.years[0].start + timedelta(days=rng.randrange(200))
        company.projects[str(number)] = Project(str(number), name, made, start=start)


_INCOME = {25: 3001, 12: 3002, 6: 3003}


def _fill_articles(company: Company, rng: random.Random, specification: CompanySpecification) -> None:
    made = datetime.combine(specification.years[0].start, time(8))
    suppliers = [*company.suppliers]
    articles = []
    for place in range(min(2_000, max(len(chart.ARTICLES), specification.vouchers // 20))):
        name, unit, rate, kind = chart.ARTICLES[place % len(chart.ARTICLES)]
        price = max(20_00, int(400_00 * rng.lognormvariate(0, 0.7)) // 50 * 50)
        articles.append(
            Article(
                str(100 + place),
                f"{name} {place // len(chart.ARTICLES) + 1}",
                made,
                price=price,
                cost=part_of(price, 60, 100),
                rate=rate,
                account=_INCOME[rate],
                unit=unit,
                kind=kind,
                supplier="" if kind == "SERVICE" else rng.choice(suppliers),
                stock=0 if kind == "SERVICE" else rng.randrange(200) * 100,
                active=place % 29 != 28,
            )
        )
    company.articles.fill(articles)
    company.price_lists.fill(
        PriceList(code, name, made, preselected=code == "A") for code, name in chart.PRICE_LISTS
    )
    prices = [Price("A", article.number, 0, article.price, made) for article in articles]
    prices += [
        Price("B", article.number, quantity, part_of(article.price, share, 100), made)
        for article in articles[::2]
        for quantity, share in ((0, 85), (10, 80))
    ]
    company.prices.fill(prices)


def _fill_contracts(company: Company, rng: random.Random, specification: CompanySpecification) -> None:
    start = specification.years[0].start
    made = datetime.combine(start, time(8))
    services = [article for article in company.articles.in_order() if is_agreed_on(article)]
    customers = [customer for customer in company.customers.values() if customer.currency == "SEK"]
    cost_centers = [*company.cost_centers]
    for number in range(1, min(60, max(2, specification.vouchers // 50)) + 1):
        article, customer = rng.choice(services), rng.choice(customers)
        quantity = rng.randrange(1, 9) * 100
        total = article.price * quantity // 100
        center = rng.choice(cost_centers)
        row = SalesRow(
            article.number, article.name, article.account, quantity, article.price, article.rate, total,
            total, center, unit=article.unit, cost=article.cost,
        )  # fmt: skip
        vat = part_of(total, article.rate, 100)
        gross = total + vat
        company.contracts.put(
            Contract(
                number, customer.number, customer.name, start, (row,), total, vat,
                whole_kronor(gross) - gross, made, cost_center=center,
                end=start + timedelta(days=364), interval=rng.choice((1, 3)),
                status="INACTIVE" if number % 9 == 0 else "ACTIVE", continuous=number % 4 != 0,
            )
        )  # fmt: skip
        company.contract_accruals.put(
            Accrual(
                number, f"Periodisering av avtal {number}", made, article.account, DEFERRED, total, 3, start,
                start + timedelta(days=364), center,
            )
        )  # fmt: skip


def _open_items(rng: random.Random, company: Company, specification: CompanySpecification) -> list[OpenItem]:
    """What customers owe and suppliers are owed as the books begin: booked in a year that Fortnox has not."""
    start = specification.years[0].start
    customers = [party for party in company.customers.values() if party.currency == "SEK"]
    suppliers = [party for party in company.suppliers.values() if party.currency == "SEK"]
    items = []
    for number in range(1, max(2, specification.vouchers // 60) + 1):
        payday = start + timedelta(days=rng.randrange(1, 40))
        day = min(payday - timedelta(days=30), start - timedelta(days=1))
        made = datetime.combine(start, time(8))
        total = rng.randrange(800_00, 25_000_00, 100)
        net = part_of(total, 80, 100)
        row = SalesRow("", "Ingående fordran", 3001, 100, net, 25, net, net)
        customer = rng.choice(customers)
        invoice = Invoice(
            number, customer.number, customer.name, day, (row,), net, total - net, 0, made,
            due=day + timedelta(days=30), booked=True, balance=total,
        )  # fmt: skip
        company.invoices.put(invoice)
        items.append(OpenItem(payday, invoice, total))
        payday = start + timedelta(days=rng.randrange(1, 30))
        day = min(payday - timedelta(days=30), start - timedelta(days=1))
        total = rng.randrange(300_00, 12_000_00, 50)
        vat = total - part_of(total, 80, 100)
        rows = (Row(2440, -total), Row(4010, total - vat, text="Ingående skuld"), Row(2641, vat))
        supplier = rng.choice(suppliers)
        bill = SupplierInvoice(
            number, supplier.number, supplier.name, str(rng.randrange(10_000, 99_999)), day,
            day + timedelta(days=30), rows, total, vat, made, booked=True, balance=total,
        )  # fmt: skip
        company.supplier_invoices.put(bill)
        items.append(OpenItem(payday, bill, total))
    return items


def _opening_balances(
    rng: random.Random, items: list[OpenItem], specification: CompanySpecification
) -> dict[int, int]:
    balances = {
        1220: rng.randrange(80_000_00, 400_000_00, 100_00),
        1229: -rng.randrange(10_000_00, 70_000_00, 100_00),
        1460: rng.randrange(40_000_00, 200_000_00),
        1930: rng.randrange(150_000_00, 600_000_00),
        2081: -50_000_00,
        2350: -rng.randrange(100_000_00, 500_000_00, 1_000_00),
        RESULT_OF_THE_YEAR: -rng.randrange(20_000_00, 250_000_00),
        1510: sum(item.amount for item in items if isinstance(item.document, Invoice)),
        2440: -sum(item.amount for item in items if isinstance(item.document, SupplierInvoice)),
    }
    balances[1930] += specification.vouchers * 100_00  # a larger company starts with more
    balances[2091] = -sum(balances.values())
    return balances
