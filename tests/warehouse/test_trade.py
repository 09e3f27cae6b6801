"""Sales, purchases, recurring revenue and what cash is expected to do."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from saldo.warehouse.build import BuildResult, build
from tests.support import Warehouse
from tests.warehouse.books import Year, company, land, voucher
from tests.warehouse.documents import (
    Record,
    article,
    bought,
    contract,
    invoice,
    payment,
    sold,
    supplier_invoice,
    with_rows,
)

pytestmark = pytest.mark.database

_tenants = itertools.count(5000)
YEAR = Year(1, "2025-01-01", "2025-12-31", (voucher("2025-01-01", ("4010", "0"), ("1930", "0")),))
REGISTERS: dict[str, list[Record]] = {
    "customers": [{"CustomerNumber": number, "Name": f"Kund {number}"} for number in "12"],
    "suppliers": [{"SupplierNumber": "1", "Name": "Leverantör"}],
    "articles": [article("A1", "Hylla"), article("A2", "Bänk")],
    "projects": [{"ProjectNumber": "P1", "Description": "Bryggan"}],
    "costcenters": [{"Code": "10", "Description": "Verkstad"}, {"Code": "20", "Description": "Butik"}],
}


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


def built(
    organization_id: int, documents: dict[str, list[Record]], year: Year = YEAR, as_of: str = "2025-06-18"
) -> BuildResult:
    land(organization_id, year, documents={**REGISTERS, **documents}, as_of=as_of)
    return build(organization_id)


def failing(result: BuildResult) -> dict[str, list[dict[str, Any]]]:
    return {check.name: [row["detail"] for row in check.sample] for check in result.checks if check.failing}


def test_sales_by_customer_article_seller_and_object(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    result = built(organization_id, {"invoices": [
        with_rows(
            invoice("1", "2025-02-10", "2025-03-12", "287.5", balance="287.5", CostCenter="10", Project="P1"),
            sold("100", "A1"), sold("110", "A2", CostCenter="20", ContributionValue=30.0), sold("0", "gone"),
            OurReference="Säljaren", Freight=20.0,
        ),
        with_rows(
            invoice("2", "2025-02-11", "2025-03-12", "-12.5", customer="9", currency="EUR", rate="11.5",
                    balance="-12.5"),
            sold("-10", "A1"),
        ),
        with_rows(invoice("3", "2025-02-10", "2025-02-10", "125", InvoiceType="CASHINVOICE"), sold("100")),
        invoice("4", "2025-02-10", "2025-03-12", "999", balance="999") | {"Booked": False},
    ]})  # fmt: skip

    assert module_warehouse.rows(
        "select invoice_number, row_number, customer_number, article_number, seller_name, "
        "cost_center_number, project_number, net_amount, net_amount_currency, contribution_amount "
        "from mart.fct_sales_row sales join mart.dim_customer using (organization_id, customer_key) "
        "join mart.dim_article using (organization_id, article_key) "
        "join mart.dim_seller using (organization_id, seller_key) "
        "join mart.dim_cost_center using (organization_id, cost_center_key) "
        "join mart.dim_project using (organization_id, project_key) "
        "where organization_id = %s order by 1, 2",
        [organization_id],
    ) == [
        ("1", -1, "1", "", "Säljaren", "10", "P1", 20, 20, None),
        ("1", 1, "1", "A1", "Säljaren", "10", "P1", 100, 100, None),
        ("1", 2, "1", "A2", "Säljaren", "20", "P1", 110, 110, 30),
        ("1", 3, "1", "", "Säljaren", "10", "P1", 0, 0, None),
        ("2", 1, "", "A1", "", "", "", -115, -10, None),
        ("3", 1, "1", "", "", "", "", 100, 100, None),
    ]
    assert "invoice_rows_unlike_total" not in failing(result)


def test_invoice_whose_rows_are_not_its_total_is_listed(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    good, bad = (
        with_rows(
            invoice(number, "2025-02-10", "2025-03-12", "125", balance="125"), sold("100"), TotalVAT=vat
        )
        for number, vat in (("1", 26.0), ("2", 26.01))
    )

    result = built(organization_id, {"invoices": [good, bad]})

    assert failing(result)["invoice_rows_unlike_total"] == [
        {"invoice": "2", "total_without_vat": "98.99", "rows": "100.00"}
    ]


def test_purchases_are_what_is_booked_beside_debt_and_vat(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    built(organization_id, {"supplierinvoices": [
        with_rows(
            supplier_invoice("1", "2025-02-10", "2025-03-12", "125", balance="125"),
            bought("2440", credit="125"), bought("2641", debit="25"),
            bought("4010", debit="90", CostCenter="10"), bought("4010", debit="10", Removed=True),
            bought("1930", debit="12"), bought("4010", credit="2"),
        ),
    ]})  # fmt: skip

    assert module_warehouse.rows(
        "select row_number, supplier_number, account_number, cost_center_number, net_amount "
        "from mart.fct_purchase_row join mart.dim_supplier using (organization_id, supplier_key) "
        "join mart.dim_account using (organization_id, account_key) "
        "join mart.dim_cost_center using (organization_id, cost_center_key) "
        "where organization_id = %s order by 1",
        [organization_id],
    ) == [(3, "1", "4010", "10", 90), (5, "1", "1930", "", 12), (6, "1", "4010", "", -2)]


def test_recurring_revenue_is_spread_over_the_months_of_a_contract(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    built(organization_id, {
        "contracts": [
            contract("1", "300", 3, "2025-01-15", "2025-04-14"),
            contract("2", "100", 1, "2027-04-01", "2027-04-30", ContractLength=24),
            contract("3", "1000", 12, "2027-05-01", "2020-01-01", Continuous=True),
            contract("7", "90", 3, "2025-01-01", "2025-03-31", ContractLength=6),
            contract("4", "10", 1, "2025-01-01", "2025-01-31", Active=False),
            contract("5", "10", 1, "2025-01-01", "2025-01-31", Currency="EUR"),
            contract("6", "10", 1, "2025-01-01", "2025-01-31", Currency="NOK"),
        ],
        "currencies": [{"Code": "EUR", "BuyRate": 11.5, "Unit": 1}],
    })  # fmt: skip

    assert module_warehouse.rows(
        "select contract_number, min(month_order), max(month_order), count(*), sum(net_amount), "
        "min(net_amount_currency), min(seller_name) "
        "from mart.contract_revenue join mart.dim_seller using (organization_id, seller_key) "
        "where organization_id = %s group by 1 order by 1",
        [organization_id],
    ) == [
        ("1", 202501, 202504, 4, 400, 100, "Säljaren"),
        ("2", 202704, 202706, 3, 300, 100, "Säljaren"),
        ("3", 202705, 202706, 2, Decimal("166.66"), Decimal("83.33"), "Säljaren"),
        ("5", 202501, 202501, 1, 115, 10, "Säljaren"),
        ("7", 202501, 202506, 6, 180, 30, "Säljaren"),
    ]


def liquidity(warehouse: Warehouse, organization_id: int) -> dict[int, tuple[Decimal, ...]]:
    """Week -> opening, receivable, payable, wages, payroll taxes, VAT, closing."""
    return {
        row[0]: row[1:]
        for row in warehouse.rows(
            "select week_number, opening_amount, receivable_amount, payable_amount, wages_amount, "
            "payroll_taxes_amount, vat_amount, closing_amount from mart.liquidity where organization_id = %s",
            [organization_id],
        )
    }


def test_thirteen_weeks_of_cash(module_warehouse: Warehouse, organization_id: int) -> None:
    """Today is Wednesday 18 June 2025; the first week ends on the 25th."""
    wages = [
        voucher(f"2025-0{month}-25", ("7010", "300"), ("2710", "-90"), ("1930", "-210"))
        for month in (3, 4, 5)
    ]  # fmt: skip
    fees = [
        voucher(f"2025-0{month}-25", ("7510", "94.20"), ("2731", "-94.20")) for month in (3, 4, 5)
    ]  # fmt: skip
    year = Year(1, "2025-01-01", "2025-12-31", (
        *wages, *fees,
        voucher("2025-06-18", ("1930", "125"), ("3001", "-100"), ("2611", "-25")),
        voucher("2025-06-19", ("1930", "9999"), ("3001", "-9999")),
    ), opening={"1930": "5000", "2650": "-75", "2081": "-4925"})  # fmt: skip

    built(organization_id, {
        "invoices": [
            # customer 1 pays ten days late
            invoice("1", "2025-03-01", "2025-03-31", "100", paid_on="2025-04-10"),
            invoice("2", "2025-05-01", "2025-06-12", "40", balance="40"),
            # customer 2 never paid: as all do; and the claim is overdue
            invoice("3", "2025-05-01", "2025-05-31", "7", balance="7", customer="2"),
            # due on Sunday 22 June, with ten days Wednesday 2 July
            invoice("4", "2025-06-01", "2025-06-22", "11", balance="11"),
            invoice("5", "2025-06-01", "2025-12-31", "900", balance="900"),
        ],
        "invoicepayments": [payment("1", "1", "2025-04-10", "100")],
        "supplierinvoices": [supplier_invoice("9", "2025-06-01", "2025-06-29", "60", balance="60")],
    }, year)  # fmt: skip

    weeks = liquidity(module_warehouse, organization_id)
    assert len(weeks) == 13
    cash = 5000 - 3 * 210 + 125
    # 22 June (12 + 10) is a Sunday: the 20th; wages on Wednesday the 25th
    assert weeks[1] == (cash, 40 + 7, 0, -210, 0, 0, cash - 163)
    # 2 July; suppliers' 29 June is a Sunday: the 27th
    assert weeks[2] == (cash - 163, 11, -60, 0, 0, 0, cash - 212)
    # 12 July is a Saturday: the 11th
    assert weeks[4][3:6] == (0, Decimal("-184.20"), 0)
    # the VAT debt of today is due on 12 August
    assert weeks[8][5] == -100
    assert sum(week[5] for week in weeks.values()) == -100
    assert [number for number, week in weeks.items() if week[3]] == [1, 6, 10]
    assert [week[0] for week in weeks.values()][1:] == [week[-1] for week in weeks.values()][:-1]
    assert module_warehouse.rows(
        "select event_kind, invoice_number, expected_date::text, amount from mart.liquidity_event "
        "where organization_id = %s and invoice_number is not null order by expected_date, invoice_number",
        [organization_id],
    ) == [
        ("receivable", "3", "2025-06-19", 7),
        ("receivable", "2", "2025-06-20", 40),
        ("payable", "9", "2025-06-27", -60),
        ("receivable", "4", "2025-07-02", 11),
    ]
