"""Marts that say how whole the books are: series of vouchers, years that follow each other, freshness."""

from __future__ import annotations

from decimal import Decimal

import pytest

from saldo.warehouse.build import build
from tests.support import Warehouse
from tests.warehouse.books import Row, Year, company, land, voucher
from tests.warehouse.documents import invoice

pytestmark = pytest.mark.database


def test_voucher_series_say_what_they_are_for_and_what_they_lack(warehouse: Warehouse) -> None:
    organization_id = company()
    year = Year(
        1,
        "2025-01-01",
        "2025-12-31",
        (
            voucher("2025-01-10", ("1930", "10"), ("3041", "-10"), number="1"),
            voucher("2025-01-11", ("1930", "10"), ("3041", "-9"), number="4"),
            voucher("2025-01-11", ("1930", "10"), ("3041", "-10"), number="4", ordinal=2),
            voucher("2026-01-02", Row("1930", Decimal("5"), is_struck=True), number="6"),
            voucher("2025-03-01", ("1930", "10"), ("3041", "-10"), series="B", number="X1"),
        ),
    )
    documents = {
        "voucherseries": [
            {"Code": "A", "Description": "Redovisning", "Manual": True, "Year": 1},
            {"Code": "L", "Description": "Lön", "Manual": False, "Year": 1},
        ],
        "predefinedvoucherseries": [
            {"Name": "INVOICE", "VoucherSeries": "B"},
            {"Name": "CASHINVOICE", "VoucherSeries": "B"},
        ],
    }
    land(organization_id, year, documents=documents)
    build(organization_id)
    assert warehouse.rows(
        "select voucher_series, series_name, series_uses, is_manual, first_number, last_number, "
        "voucher_count, missing_count, repeated_count, empty_count, unbalanced_count, outside_year_count, "
        "first_voucher_date::text, last_voucher_date::text, days_to_registration "
        "from mart.voucher_series order by 1"
    ) == [
        ("A", "Redovisning", "", True, 1, 6, 4, 3, 1, 1, 1, 1, "2025-01-10", "2026-01-02", 0),
        ("B", "", "CASHINVOICE, INVOICE", None, None, None, 1, 0, 0, 0, 0, 0, "2025-03-01", "2025-03-01", 0),
        ("L", "Lön", "", False, None, None, 0, 0, 0, 0, 0, 0, None, None, None),
    ]


def test_years_follow_each_other_account_by_account(warehouse: Warehouse) -> None:
    organization_id = company()
    first = Year(
        1, "2024-01-01", "2024-12-31", (voucher("2024-05-05", ("1930", "100"), ("3041", "-100")),),
        opening={"1930": "50", "2081": "-50"},
    )  # fmt: skip
    second = Year(
        2, "2025-01-01", "2025-12-31", (voucher("2025-05-05", ("1510", "7"), ("3041", "-7")),),
        opening={"1930": "149", "2081": "-50", "2099": "-100", "1220": "1"},
    )  # fmt: skip
    land(organization_id, first, second, Year(3, "2026-01-01", "2026-12-31"))
    build(organization_id)
    assert warehouse.rows(
        "select financial_year_label, account_number, former_closing_balance, continuity.opening_balance, "
        "difference_amount, is_result_carried from mart.year_continuity as continuity "
        "inner join mart.dim_financial_year using (organization_id, financial_year_key) "
        "inner join mart.dim_account using (organization_id, account_key) "
        "where financial_year_label = '2025' order by 2"
    ) == [
        ("2025", "1220", Decimal("0.00"), Decimal("1.00"), Decimal("1.00"), False),
        ("2025", "1510", Decimal("0.00"), Decimal("0.00"), Decimal("0.00"), False),
        ("2025", "1930", Decimal("150.00"), Decimal("149.00"), Decimal("-1.00"), False),
        ("2025", "2081", Decimal("-50.00"), Decimal("-50.00"), Decimal("0.00"), False),
        ("2025", "2099", Decimal("0.00"), Decimal("-100.00"), Decimal("-100.00"), True),
    ]


def test_currencies_are_those_of_the_register_and_of_the_documents(warehouse: Warehouse) -> None:
    organization_id = company()
    documents = {
        "currencies": [
            {"Code": "JPY", "Description": "Yen", "BuyRate": 7.5, "Unit": 100, "Date": "2025-06-01"},
            {"Code": "NOK"},
        ],
        "invoices": [
            invoice("1", "2025-01-10", "2025-02-10", "100", currency="EUR", rate="11", balance="100")
        ],
    }
    land(organization_id, Year(1, "2025-01-01", "2025-12-31"), documents=documents)
    build(organization_id)
    assert warehouse.rows(
        "select currency, currency_name, rate, rate_date::text from mart.dim_currency order by 1"
    ) == [
        ("EUR", "", None, None),
        ("JPY", "Yen", Decimal("0.07500000"), "2025-06-01"),
        ("NOK", "", None, None),
        ("SEK", "", Decimal("1.00000000"), None),
    ]


def test_a_period_that_fortnox_locked_is_locked(warehouse: Warehouse) -> None:
    organization_id = company()
    years = (Year(1, "2024-01-01", "2024-12-31"), Year(2, "2025-01-01", "2025-12-31"))
    land(organization_id, *years, documents={"lockedperiod": [{"EndDate": "2025-02-28"}]})
    build(organization_id)
    assert warehouse.rows(
        "select count(*) filter (where is_locked), max(end_date) filter (where is_locked)::text, count(*) "
        "from mart.dim_fiscal_period"
    ) == [(14, "2025-02-28", 24)]
    assert warehouse.rows(
        "select financial_year_label, is_closed from mart.dim_financial_year order by 1"
    ) == [("2024", True), ("2025", False)]
    assert warehouse.rows("select locked_until_date::text from mart.dim_organization") == [("2025-02-28",)]


def test_freshness_is_what_the_runs_said(warehouse: Warehouse) -> None:
    organization_id = company()
    warehouse.execute(
        "insert into control.sync_status values "
        "(%s, 'customers', '', 'run', 'done', 5, 2, 1, 1, 0.5, 'read whole', '2025-06-01 08:00+00')",
        [organization_id],
    )
    assert warehouse.rows(
        "select resource, status, fetched_count, changed_count, deleted_count, detail "
        "from mart.sync_freshness"
    ) == [("customers", "done", 5, 2, 1, "read whole")]
