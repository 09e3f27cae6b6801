"""The reference tables: what belongs to which line, and what sums what."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from saldo import settings
from tests.support import Warehouse
from tests.warehouse.oracle import Mapping


def reference(name: str) -> list[dict[str, str]]:
    path = settings.include_dir() / "sql" / "reference" / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("bas_year", [2015, 2025, 2026, 2030])
def test_every_account_number_is_on_one_line(bas_year: int) -> None:
    ranges = [
        range(int(row["account_from"]), int(row["account_to"]) + 1)
        for row in reference("statement_account_range")
        if int(row["bas_year_from"]) <= bas_year <= int(row["bas_year_to"])
    ]
    numbers = sorted(number for accounts in ranges for number in accounts)
    assert numbers == list(range(1000, 9000))


def test_chart_of_2026_moves_goods_and_machinery() -> None:
    mapping = Mapping()
    moved = {
        account: (mapping.line(account, 2025), mapping.line(account, 2026))
        for account in ("1230", "1250", "4010", "4299", "4300", "3001")
    }
    assert moved == {
        "1230": ("equipment", "machinery"),
        "1250": ("equipment", "equipment"),
        "4010": ("raw_materials_cost", "goods_for_resale_cost"),
        "4299": ("raw_materials_cost", "goods_for_resale_cost"),
        "4300": ("raw_materials_cost", "raw_materials_cost"),
        "3001": ("net_sales", "net_sales"),
    }


def test_accounts_are_on_the_side_that_their_class_says() -> None:
    lines = {row["line_code"]: row for row in reference("dim_statement_line")}
    for row in reference("statement_account_range"):
        line, first = lines[row["line_code"]], int(row["account_from"])
        if first >= 8990:
            assert row["line_code"] == "calculated_result"
            continue
        statement = "balance_sheet" if first < 3000 else "income_statement"
        assert (line["statement_code"], line["kind"]) == (statement, "line"), row
        assert line["sign"] == ("1" if first < 2000 else "-1"), row


def test_every_account_moves_cash_by_the_reverse_of_its_movement_and_cash_itself_by_none() -> None:
    weights = dict.fromkeys(range(1000, 9000), 0)
    for row in reference("cash_flow_account_range"):
        for number in range(int(row["account_from"]), int(row["account_to"]) + 1):
            weights[number] += int(row["weight"])
    assert {number for number, weight in weights.items() if weight == 0} == set(range(1900, 2000))
    assert set(weights.values()) == {0, 1}


def test_every_line_has_accounts_and_every_label_two_languages() -> None:
    lines = reference("dim_statement_line")
    mapped = {
        row["line_code"]
        for name in ("statement_account_range", "cash_flow_account_range")
        for row in reference(name)
    }
    assert {row["line_code"] for row in lines if row["kind"] == "line"} == mapped - {"calculated_result"}
    assert [row for row in lines if not all(row.values())] == []
    assert [int(row["line_order"]) for row in lines] == sorted({int(row["line_order"]) for row in lines})


@pytest.mark.database
def test_subtotals_hold_each_line_once_and_the_sides_hold_all(module_warehouse: Warehouse) -> None:
    def components(subtotal: str) -> set[Any]:
        return {
            row[0]
            for row in module_warehouse.rows(
                "select component.line_code from mart.bridge_statement_line bridge "
                "join mart.dim_statement_line line on line.statement_line_key = bridge.statement_line_key "
                "join mart.dim_statement_line component "
                "on component.statement_line_key = bridge.component_line_key where line.line_code = %s",
                [subtotal],
            )
        }

    lines = reference("dim_statement_line")
    sheet = {
        sign: {
            row["line_code"]
            for row in lines
            if row["statement_code"] == "balance_sheet" and row["kind"] != "subtotal" and row["sign"] == sign
        }
        for sign in ("1", "-1")
    }
    income = {
        row["line_code"]
        for row in lines
        if row["statement_code"] == "income_statement" and row["kind"] == "line"
    }
    assert components("net_result") == income
    assert components("calculated_result") == income | {"calculated_result"}
    assert components("total_assets") == sheet["1"]
    assert components("total_equity_liabilities") == sheet["-1"] | income
    assert components("total_equity") & {"accounts_outside_chart", "unbalanced_vouchers"} == set()
    assert (
        components("operating_result")
        < components("result_after_financial")
        < components("result_before_tax")
    )
    assert components("net_sales") == {"net_sales"}


@pytest.mark.database
def test_calendar_is_whole_years_without_a_gap(module_warehouse: Warehouse) -> None:
    assert module_warehouse.rows(
        "select min(calendar_date)::text, max(calendar_date)::text, count(*), "
        "max(calendar_date) - min(calendar_date) + 1 from mart.dim_date"
    ) == [("1980-01-01", "2079-12-31", 36525, 36525)]
    assert module_warehouse.rows(
        "select date_key, quarter_sv, month_sv, month_en, week_sv, iso_year, weekday_name_sv, "
        "is_month_end, is_weekend "
        "from mart.dim_date where calendar_date in ('2024-12-30', '2021-01-03', '2024-02-29') order by 1"
    ) == [
        (20210103, "kv 1 2021", "jan 2021", "Jan 2021", "v. 53 2020", 2020, "söndag", False, True),
        (20240229, "kv 1 2024", "feb 2024", "Feb 2024", "v. 9 2024", 2024, "torsdag", True, False),
        (20241230, "kv 4 2024", "dec 2024", "Dec 2024", "v. 1 2025", 2025, "måndag", False, False),
    ]


@pytest.mark.database
def test_months_end_where_they_end(module_warehouse: Warehouse) -> None:
    assert (
        module_warehouse.rows(
            "select month_order, count(*) filter (where is_month_end) from mart.dim_date group by 1 "
            "having count(*) filter (where is_month_end) <> 1"
        )
        == []
    )
