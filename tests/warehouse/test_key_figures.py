"""Key figures computed a second time, by hand from the oracle's statements."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd
import pytest

from saldo.warehouse.build import BuildResult, build
from tests.support import Warehouse
from tests.warehouse import oracle
from tests.warehouse.books import Year, company, land, voucher
from tests.warehouse.documents import Record, invoice, payment, supplier_invoice
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

_tenants = itertools.count(6000)
SPANS = ("month", "year_to_date", "rolling_12")


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


def built(
    organization_id: int, *years: Year, as_of: str = "2026-12-31", **documents: list[Record]
) -> BuildResult:
    land(organization_id, *years, documents=documents, as_of=as_of)
    return build(organization_id)


def figures(warehouse: Warehouse, organization_id: int) -> dict[tuple[int, int, str, str], tuple[Any, Any]]:
    """(year id, period, span, key figure) -> value, last year's value."""
    rows = warehouse.rows(
        "select financial_year_id, period_number, span, kpi_code, value, last_year_value from mart.kpi "
        "join mart.dim_kpi using (kpi_key) "
        "join mart.dim_fiscal_period period using (organization_id, fiscal_period_key) "
        "join mart.dim_financial_year years on years.organization_id = kpi.organization_id "
        "and years.financial_year_key = kpi.financial_year_key where kpi.organization_id = %s",
        [organization_id],
    )
    return {row[:4]: row[4:] for row in rows}


@dataclass(frozen=True)
class At:
    """What the oracle's statements say at the end of a period over a span; None is not known."""

    flows: Mapping[str, Decimal | None]
    last_year: Mapping[str, Decimal | None]
    planned: Mapping[str, Decimal | None]
    cash: Mapping[str, Decimal | None]
    beginning: Mapping[str, Decimal | None]
    closing: Mapping[str, Decimal]
    accounts: Callable[[int, int], Decimal]
    accounts_at_beginning: Callable[[int, int], Decimal | None]
    moved: Callable[[int, int], Decimal | None]
    days: int
    months: int
    tax: Decimal

    def flow(self, line: str) -> Decimal | None:
        return self.flows.get(line, None if None in self.flows.values() else Decimal())

    def average(self, line: str) -> Decimal | None:
        if None in self.beginning.values():
            return None
        return (self.beginning.get(line, Decimal()) + self.closing.get(line, Decimal())) / 2  # type: ignore[operator]


class NotKnownError(Exception):
    pass


def known(value: Decimal | None) -> Decimal:
    if value is None:
        raise NotKnownError
    return value


def over(above: Decimal, below: Decimal, factor: int = 1) -> Decimal:
    if below <= 0:
        raise NotKnownError
    return above / below * factor


INTEREST_BEARING = ((2310, 2399), (2410, 2419), (2480, 2489))
FINANCIAL_INCOME = (
    "result_group", "result_associates", "result_participating", "result_other_financial_assets",
    "interest_income",
)  # fmt: skip


def told(at: At) -> dict[str, Callable[[], Decimal]]:
    """Each key figure by its own formula."""

    def f(line: str) -> Decimal:
        return known(at.flow(line))

    def s(line: str) -> Decimal:
        return at.closing.get(line, Decimal())

    def a(line: str) -> Decimal:
        return known(at.average(line))

    def ebitda() -> Decimal:
        return f("operating_result") - f("depreciation") - f("writedown_current_assets")

    def adjusted() -> Decimal:
        return s("total_equity") + s("total_untaxed_reserves") * (1 - at.tax)

    def adjusted_average() -> Decimal:
        return a("total_equity") + a("total_untaxed_reserves") * (1 - at.tax)

    def with_income() -> Decimal:
        return f("operating_result") + sum((f(line) for line in FINANCIAL_INCOME), Decimal())

    def interest_bearing() -> Decimal:
        return -sum((at.accounts(*span) for span in INTEREST_BEARING), Decimal())

    def employed() -> Decimal:
        bearing = -sum(
            ((known(at.accounts_at_beginning(*span)) + at.accounts(*span)) / 2 for span in INTEREST_BEARING),
            Decimal(),
        )
        liabilities = (
            a("total_non_current_liabilities") + a("total_current_liabilities") + a("total_provisions")
        )
        return a("total_assets") - (liabilities - bearing)

    def goods() -> Decimal:
        return f("change_inventories") + f("raw_materials_cost") + f("goods_for_resale_cost")

    def cash() -> Decimal:
        return s("total_cash") + s("total_short_term_investments")

    def burn() -> Decimal:
        out = known(at.cash["cash_from_operations"]) + known(at.cash["cash_from_investing"])
        return -out / at.months

    def sales() -> Decimal:
        return f("net_sales")

    def growth() -> Decimal:
        before = known(at.last_year["net_sales"])
        return over(sales() - before, before, 100)

    def moved(first: int, last: int) -> Decimal:
        return known(at.moved(first, last))

    return {
        "gross_margin": lambda: over(sales() + goods(), sales(), 100),
        "ebitda": ebitda,
        "ebitda_margin": lambda: over(ebitda(), sales(), 100),
        "operating_margin": lambda: over(f("operating_result"), sales(), 100),
        "profit_margin": lambda: over(with_income(), sales(), 100),
        "net_margin": lambda: over(f("result_after_financial"), sales(), 100),
        "adjusted_equity": adjusted,
        "equity_ratio": lambda: over(adjusted(), s("total_assets"), 100),
        "quick_ratio": lambda: over(
            s("total_current_assets") - s("total_inventories"), s("total_current_liabilities"), 100
        ),
        "current_ratio": lambda: over(s("total_current_assets"), s("total_current_liabilities"), 100),
        "working_capital": lambda: s("total_current_assets") - s("total_current_liabilities"),
        "debt_to_equity": lambda: over(
            s("total_non_current_liabilities") + s("total_current_liabilities") + s("total_provisions")
            + s("total_untaxed_reserves") * at.tax, adjusted(),
        ),
        "net_debt": lambda: interest_bearing() - cash(),
        "interest_coverage": lambda: over(
            f("operating_result") + f("interest_income"), -f("interest_expense")
        ),
        "return_on_equity": lambda: over(f("result_after_financial") * (1 - at.tax), adjusted_average(), 100),
        "return_on_assets": lambda: over(with_income(), a("total_assets"), 100),
        "return_on_capital_employed": lambda: over(with_income(), employed(), 100),
        "asset_turnover": lambda: over(sales(), a("total_assets")),
        "dio": lambda: over(a("total_inventories"), -goods() / at.days),
        "personnel_cost_ratio": lambda: over(-f("personnel_costs"), sales(), 100),
        "revenue_growth": growth,
        "rule_of_40": lambda: growth() + over(ebitda(), sales(), 100),
        "cash_position": cash,
        "burn_rate": burn,
        "runway_months": lambda: over(cash(), burn()),
        "vat_liability": lambda: -at.accounts(2600, 2699),
        "budget_deviation": lambda: f("operating_result") - known(at.planned["operating_result"]),
        "fortnox_revenue": lambda: -moved(3000, 3799),
        "fortnox_result": lambda: (
            -moved(3000, 3999) - moved(8000, 8399) - (moved(4000, 7999) + moved(8400, 8499))
        ),
        "fortnox_liquidity": lambda: at.accounts(1900, 1999),
        "equity_to_share_capital": lambda: over(s("total_equity"), s("share_capital"), 100),
    }  # fmt: skip


ROLLING_ONLY = {
    "return_on_equity", "return_on_assets", "return_on_capital_employed", "asset_turnover", "rule_of_40",
}  # fmt: skip
OF_SUBLEDGERS = {"dso", "dpo", "cash_conversion_cycle", "overdue_share", "avg_days_to_pay"}


def every_at(years: list[Year]) -> dict[tuple[int, int, str], At]:
    """The statements at the end of every period, over each span."""
    income, sheet, cash = oracle.income_statement(years), oracle.balance_sheet(years), oracle.cash_flow(years)
    ranges = {*INTEREST_BEARING, (2600, 2699), (1900, 1999)}
    flows = {(3000, 3799), (3000, 3999), (8000, 8399), (4000, 7999), (8400, 8499)}
    closing: dict[Any, Decimal] = {}
    opening: dict[Any, Decimal] = {}
    monthly: dict[Any, Decimal] = {}
    places: list[tuple[int, int, pd.Period]] = []
    for year in years:
        moved = oracle._moved(year)
        for number, month in enumerate(moved.columns, 1):
            places.append((year.financial_year_id, number, month))
            for span in ranges | flows:
                at = [a for a in moved.index if span[0] <= oracle.bas_number(a) <= span[1]]
                start = sum((Decimal(year.opening.get(a, "0")) for a in at), Decimal())
                amounts = [sum(moved.loc[at, each], Decimal()) for each in moved.columns[:number]]
                monthly[span, month] = amounts[-1]
                closing[span, year.financial_year_id, number] = start + sum(amounts, Decimal())
                opening[span, year.financial_year_id, number] = start + sum(amounts[:-1], Decimal())
    of_month = {month: (year_id, number) for year_id, number, month in places}
    found = {}
    for year in years:
        tax = Decimal("0.206") if year.start >= "2021" else Decimal("0.214")
        for number, month in enumerate(pd.period_range(year.start, year.end, freq="M"), 1):
            key = (year.financial_year_id, number)
            before = of_month.get(month - 12)
            twelve = [month - back for back in range(12)]
            first_day = {
                "month": month.start_time, "year_to_date": pd.Timestamp(year.start),
                "rolling_12": (month - 11).start_time,
            }  # fmt: skip
            for place, span in enumerate(SPANS):
                begin = {
                    "month": {line: cell[1] for (y, n, line), cell in sheet.items() if (y, n) == key},
                    "year_to_date": {line: cell[0] for (y, n, line), cell in sheet.items() if (y, n) == key},
                    "rolling_12": {line: cell[4] for (y, n, line), cell in sheet.items() if (y, n) == key},
                }[span]  # fmt: skip
                last_key = before if before is not None else None
                cells = {line: cell for (y, n, line), cell in income.items() if (y, n) == key}
                last = {
                    line: (cell[3], cell[4], income[(*last_key, line)][2] if last_key else None)[place]
                    for line, cell in cells.items()
                }

                def begins(
                    first: int, end: int, span: str = span, key: Any = key, before: Any = before
                ) -> Any:
                    if span == "month":
                        return opening[(first, end), *key]
                    if span == "year_to_date":
                        return opening[(first, end), key[0], 1]
                    return closing[(first, end), *before] if before else None

                def moves(first: int, end: int, span: str = span, month: Any = month, number: int = number,
                          twelve: Any = twelve) -> Any:  # fmt: skip
                    months = {"month": [month], "rolling_12": twelve}.get(span) or [
                        month - back for back in range(number)
                    ]
                    if any(each not in of_month for each in months):
                        return None
                    return sum((monthly[(first, end), each] for each in months), Decimal())

                found[(*key, span)] = At(
                    flows={line: cell[place] for line, cell in cells.items()},
                    last_year=last,
                    planned={line: (cell[5], cell[6], None)[place] for line, cell in cells.items()},
                    cash={line: cell[place] for (y, n, line), cell in cash.items() if (y, n) == key},
                    beginning=begin,
                    closing={line: cell[3] for (y, n, line), cell in sheet.items() if (y, n) == key},
                    accounts=lambda first, end, key=key: closing[(first, end), *key],  # type: ignore[misc]
                    accounts_at_beginning=begins,
                    moved=moves,
                    days=(month.end_time.normalize() - first_day[span]).days + 1,
                    months={"month": 1, "year_to_date": number, "rolling_12": 12}[span],
                    tax=tax,
                )
    return found


def test_every_key_figure_of_every_period_and_span_is_the_oracle_s(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    budget = {("3001", f"2026{month:02}"): "-90000.50" for month in range(1, 13)}
    healthy = {
        "1930": "60000000", "1460": "900000", "2081": "-50000000", "2091": "-8000000", "2120": "-900000",
        "2350": "-2000000",
    }  # fmt: skip
    years = [
        busy_year(4, "2020-01-01", "2020-12-31", seed=51, opening=healthy),
        busy_year(1, "2024-07-01", "2025-12-31", seed=72, opening=healthy),
        Year(**{**busy_year(2, "2026-01-01", "2026-12-31", seed=53).__dict__, "budget": budget}),
    ]

    built(organization_id, *years)

    found = figures(module_warehouse, organization_id)
    expected: dict[tuple[int, int, str, str], Decimal | None] = {}
    for (year_id, number, span), at in every_at(years).items():
        for code, formula in told(at).items():
            if code in ROLLING_ONLY and span != "rolling_12":
                continue
            if code == "budget_deviation" and span == "rolling_12":
                continue
            try:
                value = formula().quantize(Decimal("0.0001"), ROUND_HALF_UP)
            except NotKnownError:
                value = None
            expected[year_id, number, span, code] = value
    compared = {key: value for key, (value, _) in found.items() if key[3] not in OF_SUBLEDGERS}
    assert compared.keys() == expected.keys()
    wrong = {
        key: (compared[key], expected[key])
        for key in expected
        if (compared[key] is None) != (expected[key] is None)
        or (expected[key] is not None and abs(compared[key] - expected[key]) > Decimal("0.0001"))
    }
    assert wrong == {}
    known_share = sum(value is not None for value in expected.values()) / len(expected)
    assert known_share > 0.6
    assert {key[3] for key, value in expected.items() if value is not None} == {key[3] for key in expected}


def test_last_year_s_value_is_that_of_its_own_period(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    years = [
        busy_year(1, "2024-01-01", "2024-12-31", seed=61),
        busy_year(2, "2025-01-01", "2025-12-31", seed=62),
    ]

    built(organization_id, *years)

    found = figures(module_warehouse, organization_id)
    for (year_id, number, span, code), (value, _) in found.items():
        if year_id == 1:
            assert found[2, number, span, code][1] == value
            assert found[1, number, span, code][1] is None


def test_key_figures_of_the_sub_ledgers(module_warehouse: Warehouse, organization_id: int) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (voucher("2025-01-01", ("1930", "0")),))
    built(
        organization_id, year, as_of="2025-02-28",
        customers=[{"CustomerNumber": "1", "Name": "Kund"}],
        invoices=[
            invoice("1", "2024-12-20", "2025-01-19", "310", paid_on="2025-01-30"),
            invoice("2", "2025-01-10", "2025-02-09", "620", balance="620"),
            invoice("3", "2025-02-01", "2025-03-03", "380", balance="380"),
        ],
        invoicepayments=[payment("1", "1", "2025-01-30", "310")],
        supplierinvoices=[supplier_invoice("1", "2025-01-05", "2025-02-04", "155", balance="155")],
    )  # fmt: skip

    found = figures(module_warehouse, organization_id)

    def value(number: int, span: str, code: str) -> Any:
        return found[1, number, span, code][0]

    # January: (310 + 620) / 2 over 620 / 31 days
    assert value(1, "month", "dso") == Decimal("23.25")
    # to the end of February: (310 + 1000) / 2 over 1000 / 59 days
    assert value(2, "year_to_date", "dso") == Decimal("38.645")
    assert value(1, "month", "dpo") == Decimal("15.5")
    assert value(1, "month", "avg_days_to_pay") == 41
    assert value(2, "month", "avg_days_to_pay") is None
    assert value(2, "year_to_date", "avg_days_to_pay") == 41
    # 620 fell due on 9 February
    assert value(1, "month", "overdue_share") == 0
    assert value(2, "month", "overdue_share") == 62
    # a month that has not ended has no open items
    assert value(3, "month", "overdue_share") is None
    # no goods were sold: no days of inventory, so no cycle
    assert value(1, "month", "cash_conversion_cycle") is None


def test_cash_conversion_cycle_is_its_three_parts(module_warehouse: Warehouse, organization_id: int) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-01-02", ("4010", "310"), ("1460", "-310")),
    ), opening={"1460": "620", "2081": "-620"})  # fmt: skip
    built(
        organization_id, year, as_of="2025-02-28",
        invoices=[invoice("1", "2025-01-10", "2025-02-09", "620", balance="620")],
        supplierinvoices=[supplier_invoice("1", "2025-01-05", "2025-02-04", "155", balance="155")],
    )  # fmt: skip

    found = {
        code: value
        for (_, number, span, code), (value, _) in figures(module_warehouse, organization_id).items()
        if (number, span) == (1, "month")
    }
    # receivables 310 over 20 a day, inventories 465 over 10 a day, payables 77.5 over 5 a day
    assert (found["dso"], found["dio"], found["dpo"]) == (15.5, 46.5, 15.5)
    assert found["cash_conversion_cycle"] == 46.5


@pytest.mark.parametrize(
    ("equity", "is_warned"), [("-25000", False), ("-24999.99", True), ("5000", True)]
)  # fmt: skip
def test_equity_under_half_the_share_capital_is_warned_of(
    equity: str, is_warned: bool, module_warehouse: Warehouse, organization_id: int
) -> None:
    rest = str(Decimal(equity) + 50000)
    year = Year(1, "2025-01-01", "2025-12-31", opening={
        "2081": "-50000", "2091": rest, "1930": str(-Decimal(equity)),
    })  # fmt: skip

    result = built(organization_id, year, as_of="2025-05-05")

    found = next(check for check in result.checks if check.name == "equity_under_half_share_capital")
    assert found.failing == is_warned
