"""The Swedish calendar, and which financial year and period a day is of."""

from __future__ import annotations

import datetime

import pytest
from dateutil.easter import easter

from saldo.warehouse.build import build
from tests.support import Warehouse
from tests.warehouse.books import Year, company, land

pytestmark = pytest.mark.database


def test_holidays_of_a_year(module_warehouse: Warehouse) -> None:
    assert module_warehouse.rows(
        "select calendar_date::text, holiday_sv from mart.dim_date "
        "where calendar_year = 2025 and holiday_sv <> '' order by 1"
    ) == [
        ("2025-01-01", "nyårsdagen"), ("2025-01-06", "trettondedag jul"), ("2025-04-18", "långfredagen"),
        ("2025-04-20", "påskdagen"), ("2025-04-21", "annandag påsk"), ("2025-05-01", "första maj"),
        ("2025-05-29", "Kristi himmelsfärdsdag"), ("2025-06-06", "nationaldagen"),
        ("2025-06-08", "pingstdagen"), ("2025-06-20", "midsommarafton"), ("2025-06-21", "midsommardagen"),
        ("2025-11-01", "alla helgons dag"),
        ("2025-12-24", "julafton"), ("2025-12-25", "juldagen"), ("2025-12-26", "annandag jul"),
        ("2025-12-31", "nyårsafton"),
    ]  # fmt: skip


def test_easter_of_a_hundred_years(module_warehouse: Warehouse) -> None:
    assert module_warehouse.rows(
        "select calendar_date from mart.dim_date where holiday_sv like '%%påskdagen%%' order by 1"
    ) == [(easter(year),) for year in range(1980, 2080)]


def test_days_that_the_law_moved_and_that_meet(module_warehouse: Warehouse) -> None:
    found = dict(
        module_warehouse.rows(
            "select calendar_date::text, holiday_sv || ' / ' || holiday_en from mart.dim_date "
            "where calendar_date in ('2004-05-31', '2005-05-16', '2004-06-06', '2005-06-06', '2008-05-01')"
        )
    )
    assert found == {
        "2004-05-31": "annandag pingst / Whit Monday",
        "2005-05-16": " / ",
        "2004-06-06": " / ",
        "2005-06-06": "nationaldagen / National Day",
        "2008-05-01": "Kristi himmelsfärdsdag, första maj / Ascension Day, May Day",
    }


def test_working_days_of_a_month(module_warehouse: Warehouse) -> None:
    ((days,),) = module_warehouse.rows(
        "select array_agg(day_of_month order by day_of_month) from mart.dim_date "
        "where month_order = 202506 and is_working_day"
    )
    assert days == [2, 3, 4, 5, 9, 10, 11, 12, 13, 16, 17, 18, 19, 23, 24, 25, 26, 27, 30]


def test_every_day_of_the_years_has_its_period(warehouse: Warehouse) -> None:
    organization_id = company()
    years = (Year(1, "2023-07-17", "2024-06-30"), Year(2, "2024-07-01", "2025-06-30"))
    land(organization_id, *years)
    build(organization_id)
    rows = warehouse.rows(
        "select bridge.date_key, dim_financial_year.financial_year_label, period_number, "
        "day_of_financial_year "
        "from mart.bridge_organization_date as bridge inner join mart.dim_financial_year "
        "using (organization_id, financial_year_key) inner join mart.dim_fiscal_period "
        "using (organization_id, fiscal_period_key) order by 1"
    )
    days = (datetime.date(2025, 6, 30) - datetime.date(2023, 7, 17)).days + 1
    assert len(rows) == days
    assert rows[0] == (20230717, "2023/24", 1, 1)
    assert rows[15] == (20230801, "2023/24", 2, 16)
    assert rows[-1] == (20250630, "2024/25", 12, 365)


def test_of_two_years_that_both_have_a_day_the_newer_counts(warehouse: Warehouse) -> None:
    organization_id = company()
    land(organization_id, Year(1, "2024-01-01", "2024-12-31"), Year(2, "2024-07-01", "2025-06-30"))
    build(organization_id)
    assert warehouse.rows(
        "select date_key, financial_year_label from mart.bridge_organization_date "
        "inner join mart.dim_financial_year using (organization_id, financial_year_key) "
        "where date_key in (20240630, 20240701, 20241231) order by 1"
    ) == [(20240630, "2024"), (20240701, "2024/25"), (20241231, "2024/25")]
