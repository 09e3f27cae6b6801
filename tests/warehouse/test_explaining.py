"""Every cell of every statement is the sum of what explains it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from saldo.database import Role, connect
from saldo.warehouse.build import build
from tests.support import Warehouse
from tests.warehouse.books import Year, company, land, voucher
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

_tenants = itertools.count(8000)
CELL = {"income_statement": "amount", "cash_flow": "amount", "balance_sheet": "closing_amount"}


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


def odd_year() -> Year:
    """Everything that makes a derived line: balances off, accounts outside, vouchers that do not balance."""
    busy = busy_year(
        2, "2025-01-01", "2025-12-31", seed=82, opening={"1930": "100", "2081": "-40.25", "9010": "3"}
    )
    odd = (
        voucher("2025-02-02", ("1930", "7"), ("3001", "-6")),
        voucher("2025-05-02", ("9010", "50"), ("1930", "-50.50")),
        voucher("2024-12-02", ("7832", "20"), ("1229", "-20")),
    )
    return replace(busy, vouchers=(*busy.vouchers, *odd))


@pytest.mark.parametrize("statement", CELL)
def test_every_cell_is_the_sum_of_its_rows(
    statement: str, module_warehouse: Warehouse, organization_id: int
) -> None:
    land(organization_id, busy_year(1, "2023-07-01", "2024-12-31", seed=81), odd_year())
    build(organization_id)

    found = module_warehouse.rows(
        "select line_code, fiscal_period_key, sum(contribution_amount) from mart.statement_cell_row "
        "where organization_id = %s and statement_code = %s group by 1, 2",
        [organization_id, statement],
    )
    cells = module_warehouse.rows(
        f"select line_code, fiscal_period_key, {CELL[statement]} from mart.{statement} "
        "join mart.dim_statement_line using (statement_line_key) where organization_id = %s",
        [organization_id],
    )
    explained = {row[:2]: row[2] for row in found}
    assert len(cells) > 500
    assert {row[:2]: (row[2], explained.pop(row[:2], Decimal())) for row in cells} == {
        row[:2]: (row[2], row[2]) for row in cells
    }
    assert explained == {}


def test_one_cell_asked_for_by_its_name(module_warehouse: Warehouse, organization_id: int) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-01-10", ("1930", "1000"), ("3001", "-800"), ("2611", "-200")),
        voucher("2025-03-10", ("1930", "-300"), ("5010", "300")),
    ), opening={"1930": "100", "2081": "-100"})  # fmt: skip
    land(organization_id, year)
    build(organization_id)

    with connect(Role.TRANSFORMER, organization_id) as connection:
        rows = connection.execute(
            "select voucher_series, voucher_number, row_number, voucher_date::text, contribution_amount "
            "from mart.explain(%s, 'balance_sheet', 'cash_bank', '2025-02-01') order by row_number, 2",
            [organization_id],
        ).fetchall()

    assert rows == [("", "", 0, None, 100), ("A", "1", 1, "2025-01-10", 1000)]
