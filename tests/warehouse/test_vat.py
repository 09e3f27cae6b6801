"""The VAT return's boxes from the books."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from saldo.warehouse.build import BuildResult, build
from tests.support import Warehouse
from tests.warehouse.books import Row, Year, company, land, voucher

pytestmark = pytest.mark.database

_tenants = itertools.count(4000)


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


def built(
    organization_id: int, *vouchers: Any, start: str = "2025", codes: dict[str, str] | None = None
) -> BuildResult:
    listed = [
        {"Year": 1, "Number": number, "Description": number, "VATCode": code}
        for number, code in (codes or {}).items()
    ]
    year = Year(1, f"{start}-01-01", f"{start}-12-31", vouchers)
    land(organization_id, year, documents={"accounts": listed})
    return build(organization_id)


def boxes(warehouse: Warehouse, organization_id: int, period: int = 1) -> dict[str, Decimal]:
    """The boxes of a month that are not zero."""
    return dict(
        warehouse.rows(
            "select box, amount from mart.vat_return "
            "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
            "join mart.dim_vat_box using (vat_box_key) "
            "where organization_id = %s and period_number = %s and amount <> 0",
            [organization_id, period],
        )
    )


SALE = voucher("2025-01-10", ("1930", "1250"), ("3001", "-1000"), ("2611", "-250"))
PURCHASE = voucher("2025-01-12", ("4010", "400"), ("2641", "100"), ("1930", "-500"))
FROM_THE_EU = voucher(
    "2025-01-20", ("4515", "200"), ("1930", "-200"), ("2614", "-50"), ("2645", "50")
)  # fmt: skip


def test_boxes_of_a_month(module_warehouse: Warehouse, organization_id: int) -> None:
    """The worked example of docs/accounting.md."""
    built(organization_id, SALE, PURCHASE, FROM_THE_EU)

    assert boxes(module_warehouse, organization_id) == {
        "05": 1000, "10": 250, "20": 200, "30": 50, "48": 150, "49": 150,
    }  # fmt: skip
    assert boxes(module_warehouse, organization_id, 2) == {}


def test_voucher_that_settles_the_month_leaves_the_boxes_alone(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    settled = voucher(
        "2025-01-31", ("2611", "250"), ("2641", "-100"), ("2650", "-149.60"), ("3740", "-0.40"), series="M"
    )
    paid = voucher("2025-02-26", ("2650", "149.60"), ("1630", "-149.60"))

    built(organization_id, SALE, PURCHASE, settled, paid)

    assert boxes(module_warehouse, organization_id) == {"05": 1000, "10": 250, "48": 100, "49": 150}
    assert boxes(module_warehouse, organization_id, 2) == {}
    assert module_warehouse.rows(
        "select box, settled_amount from mart.vat_return "
        "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
        "join mart.dim_vat_box using (vat_box_key) "
        "where organization_id = %s and period_number = 1 and settled_amount is not null",
        [organization_id],
    ) == [("49", Decimal("149.60"))]


@pytest.mark.parametrize(
    "row", [("1930", "5"), ("9999", "5"), ("3001", "5")], ids=["a bank row", "a row outside", "a sale"]
)
def test_voucher_with_other_rows_settles_nothing(
    row: tuple[str, str], module_warehouse: Warehouse, organization_id: int
) -> None:
    odd = voucher("2025-01-31", ("2611", "250"), ("2650", "-255"), row)

    built(organization_id, SALE, odd)

    assert "10" not in boxes(module_warehouse, organization_id)


def test_account_s_own_code_beats_its_number(module_warehouse: Warehouse, organization_id: int) -> None:
    built(
        organization_id,
        voucher("2025-01-10", ("1930", "2000"), ("3041", "-1000"), ("3001", "-1000")),
        voucher("2025-01-10", ("2699", "-120"), ("1930", "120")),
        codes={"3041": "MP2", "2699": "U2", "3001": "of no box"},
    )

    assert boxes(module_warehouse, organization_id) == {"05": 2000, "11": 120, "49": 120}


def test_chart_of_2026_has_purchases_elsewhere(module_warehouse: Warehouse, organization_id: int) -> None:
    built(organization_id, voucher("2026-01-10", ("4075", "10"), ("1930", "-10")), start="2026")

    assert boxes(module_warehouse, organization_id) == {"20": 10}


def test_same_account_before_2026_is_of_no_box(module_warehouse: Warehouse, organization_id: int) -> None:
    built(organization_id, voucher("2025-01-10", ("4075", "10"), ("1930", "-10")))

    assert boxes(module_warehouse, organization_id) == {}


@pytest.mark.parametrize(
    ("tax", "is_warned"), [("-250", False), ("-240", False), ("-239", True), ("-261", True), ("0", True)]
)
def test_vat_that_is_not_its_rate_of_the_sales_is_listed(
    tax: str, is_warned: bool, module_warehouse: Warehouse, organization_id: int
) -> None:
    struck = Row("2611", Decimal(-999), is_struck=True)
    result = built(
        organization_id, voucher("2025-01-10", ("3001", "-1000"), ("2611", tax), ("1930", "1"), struck)
    )

    found = next(check for check in result.checks if check.name == "vat_unlike_base")
    assert [row["detail"]["expected"] for row in found.sample] == (["250.00"] if is_warned else [])
