"""What an operator decides about a company's statements: other lines, rolled openings, a group."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import pytest

from saldo.warehouse.arrangement import arrange, set_policy
from saldo.warehouse.build import BuildResult, build
from tests.support import Warehouse
from tests.warehouse.books import Year, company, land, voucher
from tests.warehouse.test_marts import statement

pytestmark = pytest.mark.database

_tenants = itertools.count(9000)


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


def arranged(tmp_path: Path, organization_id: int, *lines: str) -> int:
    file = tmp_path / "arrangement.csv"
    file.write_text("\n".join(["account_from,account_to,line_code", *lines, ""]), encoding="utf-8")
    return arrange(organization_id, file)


def failing(result: BuildResult) -> set[str]:
    return {check.name for check in result.checks if check.failing}


GOODS = Year(1, "2025-01-01", "2025-12-31", (
    voucher("2025-02-01", ("4010", "100"), ("1930", "-100")),
    voucher("2025-02-01", ("4310", "30"), ("1930", "-30")),
    voucher("2025-02-01", ("1510", "7"), ("1930", "-7")),
))  # fmt: skip


def test_accounts_are_on_the_line_that_the_company_wants(
    module_warehouse: Warehouse, organization_id: int, tmp_path: Path
) -> None:
    land(organization_id, GOODS)
    assert (
        arranged(tmp_path, organization_id, "4000,4299,goods_for_resale_cost", "1510,1510,other_receivables")
        == 2
    )
    result = build(organization_id)

    income = statement(module_warehouse, organization_id, GOODS, "income_statement", "amount")
    assert income[2, "goods_for_resale_cost"] == (-100,)
    assert income[2, "raw_materials_cost"] == (-30,)
    sheet = statement(module_warehouse, organization_id, GOODS, "balance_sheet", "closing_amount")
    assert sheet[2, "other_receivables"] == (7,)
    assert failing(result) == set()

    assert arranged(tmp_path, organization_id) == 0
    build(organization_id)
    income = statement(module_warehouse, organization_id, GOODS, "income_statement", "amount")
    assert income[2, "raw_materials_cost"] == (-130,)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("4010,x,net_sales", "numbers of four digits"),
        ("4299,4000,net_sales", "begins before it ends"),
        ("8980,8999,net_sales", "within 1000-8989"),
        ("1900,2099,cash_bank", "must not reach over"),
        ("4010,4010,total_assets", "there is no line"),
        ("4010,4010,cash_bank", "of another side"),
        ("2440,2440,trade_receivables", "of another side"),
        ("3000,3999,net_sales\n3500,3600,other_operating_income", "overlap at 3500"),
    ],
)
def test_arrangement_that_makes_no_sense_is_refused_and_the_former_stays(
    line: str, reason: str, module_warehouse: Warehouse, organization_id: int, tmp_path: Path
) -> None:
    land(organization_id, GOODS)
    arranged(tmp_path, organization_id, "4000,4299,goods_for_resale_cost")

    with pytest.raises(ValueError, match=reason):
        arranged(tmp_path, organization_id, *line.split("\n"))

    build(organization_id)
    income = statement(module_warehouse, organization_id, GOODS, "income_statement", "amount")
    assert income[2, "goods_for_resale_cost"] == (-100,)


def test_file_with_other_columns_is_refused(organization_id: int, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("account,line\n", encoding="utf-8")
    with pytest.raises(ValueError, match="first line must be account_from,account_to,line_code"):
        arrange(organization_id, file)


YEARS = (
    Year(1, "2023-01-01", "2023-12-31", (
        voucher("2023-03-01", ("1930", "900"), ("3041", "-900")),
    ), opening={"1930": "100", "2081": "-100"}),
    # typed by hand, and stale
    Year(2, "2024-01-01", "2024-12-31", (
        voucher("2024-03-01", ("1930", "50"), ("3041", "-50")),
    ), opening={"1930": "90", "2081": "-100", "9010": "5"}),
    Year(3, "2025-01-01", "2025-12-31", opening={"1930": "1"}),
)  # fmt: skip


def openings(warehouse: Warehouse, organization_id: int) -> dict[tuple[str, str], Decimal]:
    return {
        (row[0], row[1]): row[2]
        for row in warehouse.rows(
            "select financial_year_label, account_number, opening_balance from mart.trial_balance trial "
            "join mart.dim_account using (organization_id, account_key) "
            "join mart.dim_financial_year using (organization_id, financial_year_key) "
            "where organization_id = %s and opening_balance <> 0",
            [organization_id],
        )
    }


def test_years_open_as_reported_or_with_what_the_year_before_closed_with(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    """The worked example of docs/accounting.md."""
    land(organization_id, *YEARS)
    reported = build(organization_id)
    assert openings(module_warehouse, organization_id) == {
        ("2023", "1930"): 100, ("2023", "2081"): -100,
        ("2024", "1930"): 90, ("2024", "2081"): -100, ("2024", "9010"): 5,
        ("2025", "1930"): 1,
    }  # fmt: skip
    assert {"opening_unlike_closing", "opening_not_in_balance"} <= failing(reported)

    set_policy(organization_id, opening_policy="rolled")
    rolled = build(organization_id)

    assert rolled.built
    assert openings(module_warehouse, organization_id) == {
        ("2023", "1930"): 100, ("2023", "2081"): -100,
        ("2024", "1930"): 1000, ("2024", "2081"): -100, ("2024", "2099"): -900, ("2024", "9010"): 5,
        ("2025", "1930"): 1050, ("2025", "2081"): -100, ("2025", "2099"): -950,
    }  # fmt: skip
    # the warnings about the file's own opening balances stay
    assert {"opening_unlike_closing", "opening_not_in_balance"} <= failing(rolled)
    sheet = statement(module_warehouse, organization_id, YEARS[2], "balance_sheet", "closing_amount")
    assert sheet[12, "total_assets"] == sheet[12, "total_equity_liabilities"] == (1050,)
    assert module_warehouse.rows(
        "select opening_policy from mart.dim_organization where organization_id = %s", [organization_id]
    ) == [("rolled",)]


def test_rolling_begins_anew_after_a_year_that_is_missing_and_knows_a_sole_trader(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    land(
        organization_id,
        Year(1, "2022-01-01", "2022-12-31", (voucher("2022-03-01", ("1930", "5"), ("3041", "-5")),)),
        Year(2, "2024-01-01", "2024-12-31", (
            voucher("2024-03-01", ("1930", "50"), ("3041", "-50")),
        ), opening={"1930": "90", "2010": "-90"}),
        Year(3, "2025-01-01", "2025-12-31"),
    )  # fmt: skip
    set_policy(organization_id, opening_policy="rolled")
    build(organization_id)

    assert openings(module_warehouse, organization_id) == {
        ("2024", "1930"): 90, ("2024", "2010"): -90,
        ("2025", "1930"): 140, ("2025", "2010"): -90, ("2025", "2019"): -50,
    }  # fmt: skip


def test_group_sums_its_companies_and_shows_apart_what_they_have_with_each_other(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    mother, daughter, other = organization_id, company(next(_tenants)), company(next(_tenants))
    for each, claim, amount in ((mother, "1660", "70"), (daughter, "2460", "-70"), (other, "1660", "9")):
        year = Year(1, "2025-01-01", "2025-12-31", (
            voucher("2025-02-01", (claim, amount), ("1930", str(-Decimal(amount)))),
            voucher("2025-02-01", ("1930", "10"), ("3041", "-10")),
        ))  # fmt: skip
        land(each, year)
        if each != other:
            set_policy(each, group_code="G1", group_name="Gruppen")
        build(each)

    rows = module_warehouse.rows(
        "select line_code, organization_count, amount, intra_group_amount from mart.group_statement "
        "join mart.dim_statement_line using (statement_line_key) "
        "where group_code = 'G1' and month_date = '2025-02-01'"
    )
    found = {row[0]: row[1:] for row in rows}
    assert found["receivables_group_st"] == (1, 70, 70)
    assert found["liabilities_group_st"] == (1, 70, 70)
    assert found["net_sales"] == (2, 20, 0)
    assert found["total_assets"] == (2, 90, 70)
    assert found["total_equity_liabilities"] == (2, 90, 70)

    set_policy(daughter, group_code="", group_name="")
    build(daughter)
    assert module_warehouse.rows(
        "select sum(organization_count) from mart.group_statement join mart.dim_statement_line "
        "using (statement_line_key) where line_code = 'net_sales' and month_date = '2025-02-01'"
    ) == [(1,)]


def test_group_needs_a_code_and_a_name(organization_id: int) -> None:
    for half in ({"group_code": "G"}, {"group_code": "G", "group_name": ""}):
        with pytest.raises(ValueError, match="give both"):
            set_policy(organization_id, **half)
