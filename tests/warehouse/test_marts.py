"""The marts against books computed a second time, in every kind of financial year that occurs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from saldo.warehouse.build import BuildResult, build
from tests.support import Warehouse
from tests.warehouse import oracle
from tests.warehouse.books import Row, Year, company, land, voucher
from tests.warehouse.documents import invoice
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

_tenants = itertools.count(1000)


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


def built(organization_id: int, *years: Year, **landed: Any) -> BuildResult:
    land(organization_id, *years, **landed)
    return build(organization_id)


def warnings(result: BuildResult) -> set[str]:
    return {check.name for check in result.checks if check.failing}


def statement(
    warehouse: Warehouse, organization_id: int, year: Year, table: str, *columns: str
) -> dict[tuple[int, str], tuple[Decimal, ...]]:
    """(period number, line) -> the columns."""
    rows = warehouse.rows(
        f"select period_number, line_code, {', '.join(columns)} from mart.{table} "
        "join mart.dim_statement_line using (statement_line_key) "
        "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
        f"join mart.dim_financial_year on dim_financial_year.organization_id = {table}.organization_id "
        f"and dim_financial_year.financial_year_key = {table}.financial_year_key "
        f"where {table}.organization_id = %s and financial_year_id = %s",
        [organization_id, year.financial_year_id],
    )
    assert len({row[:2] for row in rows}) == len(rows)
    return {(row[0], row[1]): row[2:] for row in rows}


STATEMENTS = {
    "income_statement": (
        "amount", "year_to_date_amount", "rolling_12_amount", "last_year_amount", "last_year_to_date_amount",
        "budget_amount", "budget_to_date_amount",
    ),
    "cash_flow": (
        "amount", "year_to_date_amount", "rolling_12_amount", "last_year_amount", "last_year_to_date_amount",
    ),
    "balance_sheet": (
        "opening_of_year_amount", "opening_amount", "change_amount", "closing_amount",
        "last_year_closing_amount",
    ),
}  # fmt: skip


def assert_statements_are_the_oracle_s(warehouse: Warehouse, organization_id: int, *years: Year) -> None:
    """`years` are all that the organization has."""
    for name, columns in STATEMENTS.items():
        found = {
            (year.financial_year_id, *key): amounts
            for year in years
            for key, amounts in statement(warehouse, organization_id, year, name, *columns).items()
        }
        expected = getattr(oracle, name)(years)
        assert found.keys() == expected.keys(), name
        assert {key: (found[key], expected[key]) for key in found if found[key] != expected[key]} == {}, name
        if name == "balance_sheet":
            for year_id, period in {key[:2] for key in found}:
                assert (
                    found[year_id, period, "total_assets"][:4]
                    == found[year_id, period, "total_equity_liabilities"][:4]
                )


YEARS = {
    "calendar": busy_year(1, "2025-01-01", "2025-12-31"),
    "broken": busy_year(1, "2024-07-01", "2025-06-30", seed=2),
    "short first year from mid-month": busy_year(1, "2020-05-08", "2020-12-31", seed=3, opening={}),
    "eighteen months": busy_year(1, "2023-07-01", "2024-12-31", seed=4),
    "from the 17th to the 16th": busy_year(1, "2024-07-17", "2025-07-16", seed=5),
    "chart of 2026": busy_year(1, "2026-01-01", "2026-12-31", seed=6),
    "opening balances off by last year's result": busy_year(
        1, "2025-01-01", "2025-12-31", seed=7, opening={"1930": "100", "2081": "-40.25"}
    ),
    "opening balance on a result account": busy_year(
        1, "2025-01-01", "2025-12-31", seed=8, opening={"3001": "-10", "1930": "10"}
    ),
}


@pytest.mark.parametrize("kind", YEARS)
def test_every_cell_of_the_statements_is_the_oracle_s(
    kind: str, module_warehouse: Warehouse, organization_id: int
) -> None:
    year = YEARS[kind]

    built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)


def test_years_beside_each_other_each_by_its_own_chart(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    years = [
        busy_year(3, "2024-01-01", "2024-12-31", seed=11),
        busy_year(1, "2025-01-01", "2025-12-31", seed=12),
        busy_year(2, "2026-01-01", "2026-12-31", seed=13),
    ]

    built(organization_id, *years)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, *years)
    goods = [("raw_materials_cost",), ("goods_for_resale_cost",)]
    lines = module_warehouse.rows(
        "select distinct line_code, bas_year from mart.fct_account_balance_period "
        "join mart.dim_account using (organization_id, account_key) "
        "join mart.dim_financial_year using (organization_id, financial_year_key) "
        "join mart.dim_statement_line on dim_statement_line.statement_line_key "
        "= fct_account_balance_period.statement_line_key "
        "where organization_id = %s and account_number = '4010' order by bas_year",
        [organization_id],
    )
    assert lines == [(*goods[0], 2024), (*goods[0], 2025), (*goods[1], 2026)]


def test_years_of_other_lengths_and_limits_after_each_other(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    years = [
        busy_year(8, "2020-05-08", "2021-04-30", seed=21, opening={}),
        busy_year(3, "2021-05-01", "2022-10-31", seed=22),
        busy_year(5, "2022-11-01", "2023-10-31", seed=23),
        # two open at once, and one missing before the last
        busy_year(6, "2023-11-01", "2024-10-31", seed=24, vouchers=20),
        busy_year(2, "2026-01-01", "2026-12-31", seed=25, vouchers=5),
    ]

    built(organization_id, *years)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, *years)
    known = module_warehouse.rows(
        "select count(*) filter (where has_twelve_months), count(last_year_period_key), count(*) "
        "from mart.dim_fiscal_period where organization_id = %s",
        [organization_id],
    )
    assert known == [(54 - 11 + 1, 54 - 12, 54 + 12)]


def test_years_that_end_within_a_month_compare_with_the_same_part_of_it(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    years = [
        busy_year(1, "2023-07-17", "2024-07-16", seed=31),
        busy_year(2, "2024-07-17", "2025-07-16", seed=32),
    ]

    built(organization_id, *years)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, *years)


def test_budget_beside_what_was_booked(module_warehouse: Warehouse, organization_id: int) -> None:
    vouchers = (
        voucher("2025-02-01", ("1930", "900"), ("3001", "-900")),
        voucher("2025-02-10", ("5010", "250"), ("1930", "-250")),
    )
    budget = {("3001", "202501"): "-500", ("3001", "202502"): "-800", ("6110", "202502"): "40"}
    year = Year(1, "2025-01-01", "2025-12-31", vouchers, budget={**budget, ("3001", "202601"): "-1"})
    without = Year(2, "2024-01-01", "2024-12-31", vouchers=(voucher("2024-02-01", ("1930", "0")),))

    result = built(organization_id, year, without)

    assert_statements_are_the_oracle_s(
        module_warehouse, organization_id, replace(year, budget=budget), without
    )
    columns = ("amount", "budget_amount", "deviation_amount", "deviation_to_date_amount")
    cells = statement(module_warehouse, organization_id, year, "income_statement", *columns)
    assert cells[1, "net_sales"] == (0, 500, -500, -500)
    assert cells[2, "net_sales"] == (900, 800, 100, -400)
    assert cells[2, "other_external_costs"] == (-250, -40, -210, -210)
    assert cells[3, "operating_result"] == (0, 0, 0, -610)
    assert [check.failing for check in result.checks if check.name == "budget_outside_year"] == [1]


def test_split_by_cost_centre_and_project_sums_to_the_income_statement(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    year = busy_year(1, "2025-01-01", "2025-12-31", seed=41)

    built(organization_id, year)

    split = module_warehouse.rows(
        "select line_code, cost_center_number, project_number, sum(amount) "
        "from mart.income_statement_by_object "
        "join mart.dim_statement_line using (statement_line_key) "
        "join mart.dim_cost_center using (organization_id, cost_center_key) "
        "join mart.dim_project using (organization_id, project_key) "
        "where organization_id = %s group by 1, 2, 3",
        [organization_id],
    )
    whole = statement(module_warehouse, organization_id, year, "income_statement", "year_to_date_amount")
    sums: dict[str, Decimal] = {}
    for line, _, _, amount in split:
        sums[line] = sums.get(line, Decimal()) + amount
    assert sums == {
        line: amount for (period, line), (amount,) in whole.items() if period == 12 and line in sums
    }
    booked: dict[tuple[str, str], Decimal] = {}
    for row in year.rows():
        if 3000 <= int(row.account) < 8990:
            key = (row.cost_center, row.project)
            booked[key] = booked.get(key, Decimal()) - row.amount
    assert {
        (center, project): amount for line, center, project, amount in split if line == "net_result"
    } == booked


def test_cash_flow_of_a_year_line_by_line(module_warehouse: Warehouse, organization_id: int) -> None:
    """The worked example of docs/accounting.md."""
    year = Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-01-10", ("1510", "1250"), ("3001", "-1000"), ("2611", "-250")),
        voucher("2025-02-10", ("1930", "1000"), ("1510", "-1000")),
        voucher("2025-03-10", ("1220", "400"), ("1930", "-400")),
        voucher("2025-06-30", ("7832", "80"), ("1229", "-80")),
        voucher("2025-09-01", ("1930", "300"), ("1229", "80"), ("1220", "-320"), ("3973", "-60")),
        voucher("2025-10-01", ("1930", "500"), ("2350", "-500")),
        voucher("2025-11-01", ("2091", "150"), ("2898", "-150")),
        voucher("2025-11-20", ("2898", "150"), ("1930", "-150")),
        voucher("2025-12-31", ("8910", "200"), ("2512", "-200")),
        voucher("2025-12-31", ("8999", "780"), ("2099", "-780")),
    ), opening={"1930": "100", "2081": "-50", "2091": "-50"})  # fmt: skip

    built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    flow = statement(module_warehouse, organization_id, year, "cash_flow", "year_to_date_amount")
    assert {line: amount for (period, line), (amount,) in flow.items() if period == 12 and amount} == {
        "cash_result_after_financial": 980,
        "cash_depreciation": 80,
        "cash_disposal_results": -60,
        "cash_before_working_capital": 1000,
        "cash_trade_receivables": -250,
        "cash_other_liabilities": 250,
        "cash_from_operations": 1000,
        "cash_tangible": -100,
        "cash_from_investing": -100,
        "cash_dividends": -150,
        "cash_loans": 500,
        "cash_from_financing": 350,
        "cash_flow_total": 1250,
    }


def test_result_closed_to_equity_is_not_counted_twice(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-03-01", ("1930", "1000"), ("3001", "-1000")),
        voucher("2025-12-31", ("8999", "1000"), ("2099", "-1000")),
    ))  # fmt: skip

    built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    sheet = statement(module_warehouse, organization_id, year, "balance_sheet", "closing_amount")
    assert sheet[11, "calculated_result"] == (1000,)
    assert sheet[12, "calculated_result"] == (0,)
    assert sheet[12, "result_for_year"] == (1000,)
    assert sheet[12, "total_equity"] == (1000,)
    income = statement(module_warehouse, organization_id, year, "income_statement", "year_to_date_amount")
    assert income[12, "net_result"] == (1000,)


def test_unbalanced_voucher_is_shown_and_the_sheet_balances_still(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-02-01", ("1930", "100"), ("3001", "-98")),
        voucher("2025-04-01", ("1930", "-7.50"), ("5010", "5")),
    ))  # fmt: skip

    result = built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    sheet = statement(module_warehouse, organization_id, year, "balance_sheet", "closing_amount")
    line = [sheet[period, "unbalanced_vouchers"][0] for period in range(1, 6)]
    assert line == [0, 2, 2, Decimal("-0.50"), Decimal("-0.50")]
    unbalanced = next(check for check in result.checks if check.name == "voucher_unbalanced")
    assert unbalanced.failing == 2
    assert {row["detail"]["voucher"]: row["detail"]["difference"] for row in unbalanced.sample} == {
        "A 1": "2.00",
        "A 2": "-2.50",
    }


def test_four_derived_lines_make_the_two_sides_equal(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    """The worked example of docs/accounting.md."""
    vouchers = (
        voucher("2025-01-15", ("1930", "125"), ("3001", "-100"), ("2610", "-25")),
        voucher("2025-03-15", ("1930", "-50"), ("9010", "50")),
        voucher("2025-03-15", ("1930", "7")),
    )
    year = Year(1, "2025-01-01", "2025-12-31", vouchers, opening={"1930": "1000", "2081": "-700"})

    built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    sheet = statement(module_warehouse, organization_id, year, "balance_sheet", "closing_amount")
    assert {line: amount for (period, line), (amount,) in sheet.items() if period == 12 and amount} == {
        "cash_bank": 1082,
        "total_cash": 1082,
        "total_current_assets": 1082,
        "total_assets": 1082,
        "share_capital": 700,
        "total_equity_restricted": 700,
        "prior_result_not_carried_forward": 300,
        "calculated_result": 100,
        "total_equity_unrestricted": 400,
        "total_equity": 1100,
        "vat_liabilities": 25,
        "total_current_liabilities": 25,
        "accounts_outside_chart": -50,
        "unbalanced_vouchers": 7,
        "total_equity_liabilities": 1082,
    }


def test_trial_balance_beside_what_the_file_states(module_warehouse: Warehouse, organization_id: int) -> None:
    vouchers = (
        voucher("2025-02-01", ("1930", "125"), ("3001", "-100"), ("2610", "-25")),
        voucher("2025-03-01", ("9010", "40"), ("1930", "-40")),
        voucher("2025-03-01", ("7090", "3"), ("1930", "-3")),
    )
    opening = {"1930": "1000", "2081": "-1000", "7090": "0"}
    built(organization_id, Year(1, "2025-01-01", "2025-12-31", vouchers, opening=opening))

    rows = module_warehouse.rows(
        "select account_number, opening_balance, debit_amount, credit_amount, net_amount, closing_balance, "
        "stated_kind, stated_amount, difference_amount, row_count "
        "from mart.trial_balance join mart.dim_account using (organization_id, account_key) "
        "where organization_id = %s order by 1",
        [organization_id],
    )
    assert rows == [
        ("1930", 1000, 125, 43, 82, 1082, "UB", 1082, 0, 3),
        ("2081", -1000, 0, 0, 0, -1000, "UB", -1000, 0, 0),
        ("2610", 0, 0, 25, -25, -25, "UB", -25, 0, 1),
        ("3001", 0, 0, 100, -100, -100, "RES", -100, 0, 1),
        # a result account that has an #IB is stated by #UB
        ("7090", 0, 3, 0, 3, 3, "UB", 3, 0, 1),
        ("9010", 0, 40, 0, 40, 40, "RES", 40, 0, 1),
    ]


def test_file_that_states_closings_and_no_results(module_warehouse: Warehouse, organization_id: int) -> None:
    vouchers = (voucher("2025-02-01", ("1930", "125"), ("3001", "-100"), ("2610", "-25")),)
    year = Year(
        1, "2025-01-01", "2025-12-31", vouchers, states_balances=False,
        stated={("UB", "1930"): "125", ("UB", "2610"): "-25"},
    )  # fmt: skip

    built(organization_id, year)

    assert module_warehouse.rows(
        "select account_number, stated_kind, stated_amount, difference_amount "
        "from mart.trial_balance join mart.dim_account using (organization_id, account_key) "
        "where organization_id = %s order by 1",
        [organization_id],
    ) == [("1930", "UB", 125, 0), ("2610", "UB", -25, 0), ("3001", None, None, None)]


def test_accounts_that_are_no_bas_accounts(module_warehouse: Warehouse, organization_id: int) -> None:
    odd = ("0027", "9010", "FEL", "193010", "151", "30 00")
    year = Year(1, "2025-01-01", "2025-12-31", tuple(
        voucher("2025-02-01", (account, "100"), ("1930", "-100")) for account in odd
    ), accounts={"1930": "Bank"})  # fmt: skip

    result = built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    found = module_warehouse.rows(
        "select account_number, line_code, mapping_source, is_outside_chart from mart.dim_account "
        "join mart.dim_statement_line using (statement_line_key) where organization_id = %s",
        [organization_id],
    )
    outside = ("accounts_outside_chart", "none", True)
    assert {row[0]: row[1:] for row in found} == {
        "1930": ("cash_bank", "exact", False),
        "193010": ("cash_bank", "padded", False),
        "151": ("trade_receivables", "padded", False),
        "0027": outside,
        "9010": outside,
        "FEL": outside,
        "30 00": outside,
    }
    assert {"account_outside_chart", "account_undeclared"} <= warnings(result)


def test_rows_outside_their_year_count_in_its_nearest_period(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (
        voucher("2024-11-20", ("1930", "10"), ("3001", "-10")),
        voucher("2026-02-02", ("1930", "5"), ("3001", "-5")),
    ))  # fmt: skip

    result = built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    assert "voucher_outside_year" in warnings(result)
    rows = module_warehouse.rows(
        "select voucher_date::text, date_key, is_outside_year from mart.fct_ledger_row "
        "where organization_id = %s and debit_amount > 0 order by 1",
        [organization_id],
    )
    assert rows == [("2024-11-20", 20250101, True), ("2026-02-02", 20251231, True)]


def test_struck_rows_stay_and_count_nothing(module_warehouse: Warehouse, organization_id: int) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-02-01", ("1930", "10"), ("3041", "-10"), Row("3041", Decimal("-99"), is_struck=True)),
        voucher(
            "2025-02-02", Row("1930", Decimal(7), is_struck=True), Row("5010", Decimal(-7), is_struck=True)
        ),
    ))  # fmt: skip

    result = built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    rows = module_warehouse.rows(
        "select voucher_number, row_number, amount, debit_amount, credit_amount, struck_amount "
        "from mart.fct_ledger_row where organization_id = %s and is_struck order by 1, 2",
        [organization_id],
    )
    assert rows == [("1", 3, 0, 0, 0, -99), ("2", 1, 0, 0, 0, 7), ("2", 2, 0, 0, 0, -7)]
    assert warnings(result) == {"voucher_empty"}


def test_vouchers_with_the_same_number_both_count(module_warehouse: Warehouse, organization_id: int) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-02-01", ("1930", "10"), ("3041", "-10"), number="7"),
        voucher("2025-02-01", ("1930", "10"), ("3041", "-10"), number="7", ordinal=2),
    ))  # fmt: skip

    result = built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    assert warnings(result) == {"voucher_number_repeated"}
    income = statement(module_warehouse, organization_id, year, "income_statement", "year_to_date_amount")
    assert income[12, "net_sales"] == (20,)


def test_organization_without_anything_builds(module_warehouse: Warehouse, organization_id: int) -> None:
    result = built(organization_id)

    assert result.built
    assert warnings(result) == set()
    rows = module_warehouse.rows(
        "select as_of_date::text, date_key, fiscal_period_key from mart.as_of where organization_id = %s",
        [organization_id],
    )
    assert rows == [("2025-06-15", 20250615, None)]


def test_listed_year_without_ledger_has_periods_and_no_statements(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    listed = [
        {"Id": 4, "FromDate": "2025-07-01", "ToDate": "2026-06-30", "AccountingMethod": "CASH"},
        {"Id": 9, "FromDate": "2024-07-01", "ToDate": "2025-06-30", "accountCharts": "Bas 2024"},
    ]

    built(organization_id, busy_year(4, "2025-07-01", "2026-06-30"), documents={"financialyears": listed})

    found = module_warehouse.rows(
        "select years.financial_year_id, years.financial_year_label, years.has_ledger, years.is_broken, "
        "previous.financial_year_id, years.account_chart, "
        "(select count(*) from mart.dim_fiscal_period p "
        "where p.financial_year_key = years.financial_year_key), "
        "(select count(distinct fiscal_period_key) from mart.balance_sheet s "
        "where s.financial_year_key = years.financial_year_key) "
        "from mart.dim_financial_year years left join mart.dim_financial_year previous "
        "on years.previous_financial_year_key = previous.financial_year_key "
        "where years.organization_id = %s order by 1",
        [organization_id],
    )
    assert found == [
        (4, "2025/26", True, True, 9, "", 12, 12),
        (9, "2024/25", False, True, None, "Bas 2024", 12, 0),
    ]


def test_year_with_opening_balances_only(module_warehouse: Warehouse, organization_id: int) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", opening={"1930": "500", "2081": "-300"})

    built(organization_id, year)

    assert_statements_are_the_oracle_s(module_warehouse, organization_id, year)
    sheet = statement(module_warehouse, organization_id, year, "balance_sheet", "closing_amount")
    assert sheet[12, "prior_result_not_carried_forward"] == (200,)


@pytest.mark.parametrize(
    ("start", "end", "label", "months", "flags"),
    [
        ("2025-01-01", "2025-12-31", "2025", 12, {"is_calendar_year"}),
        ("2024-05-01", "2025-04-30", "2024/25", 12, {"is_broken"}),
        ("2020-05-08", "2020-12-31", "2020-05 – 2020-12", 8, {"is_short"}),
        ("2023-07-01", "2024-12-31", "2023/24", 18, {"is_long"}),
        ("2025-01-01", "2025-12-30", "2025-01 – 2025-12", 12, {"is_broken", "is_short"}),
    ],
)
def test_kinds_of_financial_years(
    start: str, end: str, label: str, months: int, flags: set[str],
    module_warehouse: Warehouse, organization_id: int,
) -> None:  # fmt: skip
    built(organization_id, Year(1, start, end))

    names = ("is_calendar_year", "is_broken", "is_short", "is_long")
    (row,) = module_warehouse.rows(
        f"select financial_year_label, month_count, {', '.join(names)} from mart.dim_financial_year "
        "where organization_id = %s",
        [organization_id],
    )
    assert row[:2] == (label, months)
    assert {name for name, is_set in zip(names, row[2:], strict=True) if is_set} == flags
    limits = module_warehouse.rows(
        "select min(start_date)::text, max(end_date)::text, count(*) from mart.dim_fiscal_period "
        "where organization_id = %s",
        [organization_id],
    )
    assert limits[0][:2] == (start, end)


def test_registers_become_dimensions_with_a_member_none(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    year = Year(
        1, "2025-01-01", "2025-12-31",
        (voucher("2025-02-01", Row("1930", Decimal(10), "10", "P1"), Row("3001", Decimal(-10), "20")),),
        objects={
            ("cost_center", "10"): "Verkstad i filen",
            ("cost_center", "30"): "Oanvänd",
            ("project", "P3"): "Bara i filen",
        },
    )  # fmt: skip
    documents = {
        "companyinformation": [{"DatabaseNumber": 7, "CompanyName": "Riktiga Namnet AB", "City": "Visby"}],
        "customers": [{"CustomerNumber": "1", "Name": "Åsa & Co", "City": None}],
        "suppliers": [{"SupplierNumber": "1", "Name": "", "Active": True}],
        "projects": [
            {"ProjectNumber": "P1", "Description": "Bryggan", "Status": "ONGOING", "StartDate": "2025-01-02"},
            {"ProjectNumber": "P2", "Description": "Båten", "Status": "COMPLETED", "EndDate": "2025-03-04"},
        ],
        "costcenters": [{"Code": "10", "Description": "Verkstad", "Active": False}],
        "accounts": [{"Year": 1, "Number": 27, "Description": "Nollan", "Active": True, "SRU": 7201}],
    }  # fmt: skip

    built(organization_id, year, documents=documents)

    def labels(table: str, column: str = "label_sv") -> list[str]:
        return [
            row[0]
            for row in module_warehouse.rows(
                f"select {column} from mart.{table} where organization_id = %s order by 1", [organization_id]
            )
        ]

    assert labels("dim_organization", "organization_name") == ["Riktiga Namnet AB"]
    assert labels("dim_customer") == ["(saknas)", "1 Åsa & Co"]
    assert labels("dim_supplier", "label_en") == ["(none)", "1"]
    assert labels("dim_project") == ["(saknas)", "P1 Bryggan", "P2 Båten", "P3 Bara i filen"]
    assert labels("dim_project", "project_number || ' ' || status_en") == [
        " (none)",
        "P1 Ongoing",
        "P2 Completed",
        "P3 (none)",
    ]
    assert labels("dim_project", "coalesce(start_date, end_date)::text") == [
        "2025-01-02", "2025-03-04", None, None,
    ]  # fmt: skip
    assert labels("dim_cost_center") == ["(saknas)", "10 Verkstad", "20", "30 Oanvänd"]
    assert labels("dim_account", "account_label") == ["0027 Nollan", "1930 Konto 1930", "3001 Konto 3001"]
    rows = module_warehouse.rows(
        "select account_number, cost_center_number, project_number from mart.fct_ledger_row "
        "join mart.dim_account using (organization_id, account_key) "
        "join mart.dim_cost_center using (organization_id, cost_center_key) "
        "join mart.dim_project using (organization_id, project_key) where organization_id = %s order by 1",
        [organization_id],
    )
    assert rows == [("1930", "10", "P1"), ("3001", "20", "")]


def test_organization_has_the_accounting_method_of_its_newest_year(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    years = (
        Year(1, "2025-01-01", "2025-12-31", (voucher("2025-05-02", ("1930", "1"), ("3001", "-1")),)),
        Year(7, "2024-01-01", "2024-12-31", (voucher("2024-03-02", ("1930", "1"), ("3001", "-1")),)),
    )
    listed = [
        {"Id": 1, "FromDate": "2025-01-01", "ToDate": "2025-12-31", "AccountingMethod": "ACCRUAL"},
        {"Id": 7, "FromDate": "2024-01-01", "ToDate": "2024-12-31", "AccountingMethod": "CASH"},
    ]

    built(organization_id, *years, documents={"financialyears": listed})

    assert module_warehouse.rows(
        "select organization_name, accounting_method_sv, first_voucher_date::text, last_voucher_date::text "
        "from mart.dim_organization where organization_id = %s",
        [organization_id],
    ) == [("Påhittade Bolaget AB", "Faktureringsmetoden", "2024-03-02", "2025-05-02")]


def test_account_has_the_name_of_the_newest_year_that_names_it(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    built(
        organization_id,
        Year(9, "2023-01-01", "2023-12-31", accounts={"1930": "Gammal bank", "1940": "Plusgiro"}),
        Year(2, "2024-01-01", "2024-12-31", accounts={"1930": "Ny bank"}),
        Year(5, "2025-01-01", "2025-12-31", accounts={"1930": ""}),
    )

    assert module_warehouse.rows(
        "select account_number, account_name from mart.dim_account where organization_id = %s order by 1",
        [organization_id],
    ) == [("1930", "Ny bank"), ("1940", "Plusgiro")]


def test_keys_survive_rebuilds_and_what_comes_and_goes(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    def keys() -> dict[str, int]:
        return dict(
            module_warehouse.rows(
                "select customer_number, customer_key from mart.dim_customer where organization_id = %s",
                [organization_id],
            )
        )

    def customers(*numbers: str) -> dict[str, Any]:
        return {"customers": [{"CustomerNumber": number, "Name": number} for number in numbers]}

    built(organization_id, documents=customers("b", "d"))
    first = keys()
    built(organization_id, documents=customers("a", "b"))
    second = keys()
    built(organization_id, documents=customers("a", "b", "c", "d"))
    third = keys()

    assert first == {
        "": organization_id * 10**7,
        "b": organization_id * 10**7 + 1,
        "d": organization_id * 10**7 + 2,
    }
    assert second == {"": first[""], "b": first["b"], "a": organization_id * 10**7 + 3}
    assert third == second | {"d": first["d"], "c": organization_id * 10**7 + 4}


def test_no_closed_month_changes_by_building_it_later(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    years = (busy_year(1, "2024-01-01", "2024-12-31"), busy_year(2, "2025-01-01", "2025-12-31", seed=2))
    documents = {"invoices": [invoice("1", "2025-01-10", "2025-02-10", "100", balance="100")]}
    built(organization_id, *years, documents=documents)
    before = module_warehouse.dump("mart")

    built(organization_id, *years, documents=documents, as_of="2026-01-31")

    after = module_warehouse.dump("mart")
    changed = {relation for relation in before if before[relation] != after[relation]}
    # today itself, what is expected from it on, the months that ended meanwhile, and what is found of them
    assert changed == {
        "mart.as_of", "mart.liquidity", "mart.liquidity_event", "mart.narrative", "mart.fct_open_item",
        "mart.ageing", "mart.kpi", "mart.kpi_input", "mart.check_state", "mart.check_finding",
    }  # fmt: skip
    assert set(before["mart.narrative"]) < set(after["mart.narrative"])
    ended = {
        relation: module_warehouse.rows(
            f"select count(*) from mart.{relation} where organization_id = %s and is_period_end "
            "and as_of_date < '2025-06-15'",
            [organization_id],
        )
        for relation in ("fct_open_item", "ageing")
    }
    assert ended == {"fct_open_item": [(5,)], "ageing": [(5,)]}


def test_nothing_is_built_twice(module_warehouse: Warehouse, organization_id: int) -> None:
    first = built(organization_id, busy_year(1, "2025-01-01", "2025-12-31"))

    second = build(organization_id)

    assert first.built
    assert (second.landed, second.built, second.checks) == (first.landed, False, ())


def test_as_of_names_the_newest_period_begun(module_warehouse: Warehouse, organization_id: int) -> None:
    years = (Year(1, "2025-01-01", "2025-12-31"), Year(2, "2026-01-01", "2026-12-31"))
    built(organization_id, *years, as_of="2025-12-31")

    def period() -> list[tuple[Any, ...]]:
        return module_warehouse.rows(
            "select label_sv from mart.as_of "
            "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
            "where organization_id = %s",
            [organization_id],
        )

    assert period() == [("dec 2025",)]
    built(organization_id, *years, as_of="2027-03-01")
    assert period() == [("dec 2026",)]
