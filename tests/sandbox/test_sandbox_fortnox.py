"""Paging, order, search, pace, tokens and time as the real API has them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.sandbox.callers import Fortnox, all_of, ask_for_token
from tests.sandbox.process import Sandbox


def numbers(body: Any) -> list[str]:
    return [record["CustomerNumber"] for record in body["Customers"]]


def meta(body: Any) -> tuple[int, int, int]:
    return tuple(body["MetaInformation"].values())


def test_pages_of_the_default_size_hold_everything_once(twin: Fortnox) -> None:
    pages = [twin.json(f"customers?page={page}") for page in (1, 2)]
    assert [meta(page) for page in pages] == [(125, 2, 1), (125, 2, 2)]
    assert [len(page["Customers"]) for page in pages] == [100, 25]
    assert numbers(pages[0]) + numbers(pages[1]) == [str(number) for number in range(1, 126)]


def test_offset_keeps_the_page_number_and_the_total(twin: Fortnox) -> None:
    body = twin.json("customers?limit=2&offset=2")
    assert meta(body) == (125, 63, 1)
    assert numbers(body) == ["3", "4"]


def test_an_offset_past_the_end_says_that_there_is_nothing(twin: Fortnox) -> None:
    assert twin.json("projects?offset=10000") == {
        "MetaInformation": {"@TotalResources": 0, "@TotalPages": 0, "@CurrentPage": 1},
        "Projects": [],
    }


def test_an_empty_list_is_an_answer(twin: Fortnox) -> None:
    body = twin.json("customers?name=finns%20inte")
    assert meta(body) == (0, 0, 1)
    assert body["Customers"] == []


def test_projects_sort_as_text_and_customers_as_numbers(twin: Fortnox) -> None:
    projects = [project["ProjectNumber"] for project in twin.json("projects")["Projects"]]
    assert projects == ["1", "10", "11", "12", "2", "3", "4", "5", "6", "7", "8", "9"]
    assert numbers(twin.json("customers?limit=11"))[8:] == ["9", "10", "11"]
    backwards = numbers(twin.json("customers?limit=2&sortby=customernumber&sortorder=descending"))
    assert backwards == ["125", "124"]


def test_searches_are_substrings_in_any_case_and_all_must_match(twin: Fortnox) -> None:
    assert numbers(twin.json("customers?customernumber=12&limit=500")) == [
        "12", "112", "120", "121", "122", "123", "124", "125",
    ]  # fmt: skip
    first = twin.json("customers?limit=1")["Customers"][0]
    found = twin.json(f"customers?name={first['Name'][1:-1].upper()}&city={first['City']}")
    assert first in found["Customers"]
    assert all(record["City"] == first["City"] for record in found["Customers"])


def test_active_and_inactive_customers_are_all_customers(twin: Fortnox) -> None:
    active, inactive = (
        numbers(twin.json(f"customers?filter={kind}&limit=500")) for kind in ("active", "inactive")
    )
    assert inactive
    assert sorted(active + inactive, key=int) == [str(number) for number in range(1, 126)]


def test_financial_years_are_found_by_date_and_their_ids_say_nothing(twin: Fortnox) -> None:
    years = twin.json("financialyears")["FinancialYears"]
    assert [(year["Id"], year["FromDate"]) for year in years] == [
        (9, "2025-07-01"),
        (2, "2024-07-01"),
        (5, "2023-07-01"),
    ]
    assert [year["Id"] for year in twin.json("financialyears?date=2024-06-30")["FinancialYears"]] == [5]
    assert twin.json("financialyears?date=2019-01-01")["FinancialYears"] == []
    by_id = twin.json("financialyears?sortby=id")["FinancialYears"]
    assert [year["Id"] for year in by_id] == [2, 5, 9]


def test_accounts_belong_to_a_financial_year(twin: Fortnox) -> None:
    def bank(query: str) -> Any:
        return next(one for one in twin.json(f"accounts{query}")["Accounts"] if one["Number"] == 1930)

    assert bank("")["Year"] == 9, "without a year the latest, since no year holds the sandbox's today"
    assert bank("?financialyear=5") == bank("?financialyeardate=2024-06-30")
    carried = twin.json("accounts/1930?financialyear=5")["Account"]["BalanceCarriedForward"]
    assert carried == bank("?financialyear=2")["BalanceBroughtForward"]
    assert bank("?financialyear=5")["BalanceBroughtForward"] != carried


def test_the_26th_request_in_five_seconds_is_refused(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    settings = sandbox.admin("GET", "settings")
    assert (settings["requests_per_window"], settings["window_seconds"]) == (25, 5.0)
    sandbox.admin("POST", "settings", {"window_seconds": 600})  # a slow machine must not let one out
    fortnox = Fortnox.of(sandbox, tenant)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: fortnox.get("costcenters"), range(26)))
    assert sorted(answer.status_code for answer in answers) == [200] * 25 + [429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "retry-after" not in refused.headers
    assert "ErrorInformation" not in refused.text
    assert ask_for_token(sandbox, tenant).status_code == 200, "tokens have no part in it"
    sandbox.admin("POST", "settings", {"window_seconds": 0.05})
    time.sleep(0.06)
    assert fortnox.get("costcenters").status_code == 200, "the window slides"
    counted = sandbox.admin("GET", "requests")["fortnox"][tenant]
    assert (counted["requests"], counted["throttled"], counted["tokens"]) == (27, 1, 2)
    assert counted["paths"] == {"GET /3/costcenters": 27}
    sandbox.admin("DELETE", "requests")
    assert sandbox.admin("GET", "requests")["fortnox"] == {}


def test_a_token_that_has_expired_is_worthless(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    sandbox.admin("POST", "settings", {"token_seconds": 0})
    assert ask_for_token(sandbox, tenant).json()["expires_in"] == 0
    assert Fortnox.of(sandbox, tenant).get("customers").status_code == 401


@pytest.mark.parametrize("register", ["customers", "suppliers", "projects", "costcenters"])
def test_registers_change_and_say_so(spare: tuple[Sandbox, str], register: str) -> None:
    sandbox, tenant = spare
    fortnox = Fortnox.of(sandbox, tenant)

    def total(query: str = "") -> int:
        return int(fortnox.json(f"{register}{query}")["MetaInformation"]["@TotalResources"])

    before = total()
    number = sandbox.admin("POST", f"{tenant}/{register}", {"name": "Ny på Önnemo"})["number"]
    assert total() == before + 1
    sandbox.admin("PATCH", f"{tenant}/{register}/{number}", {"name": "Omdöpt"})
    assert "Omdöpt" in fortnox.get(f"{register}/{number}").json().popitem()[1].values()
    if register != "suppliers":  # which are not known to heed lastmodified
        assert total("?lastmodified=2026-01-01%2012:30") == 1
        assert total("?lastmodified=2100-01-01") == 0
    sandbox.admin("DELETE", f"{tenant}/{register}/{number}")
    assert fortnox.get(f"{register}/{number}").status_code == 404
    assert total() == before


def test_vouchers_come_by_series_and_number_of_one_financial_year(twin: Fortnox) -> None:
    listed = all_of(twin, "vouchers", "financialyear=2")
    assert len(listed) == 1_500
    keys = [(one["VoucherSeries"], one["VoucherNumber"]) for one in listed]
    assert keys == sorted(keys)
    assert {one["Year"] for one in listed} == {2}
    series = twin.json("vouchers?financialyear=2&voucherseries=M")["Vouchers"]
    assert [one["VoucherNumber"] for one in series] == [1, 2, 3, 4]
    butik = twin.json("vouchers?financialyear=2&costcenter=10&voucherseries=B&limit=500")["Vouchers"]
    shown = twin.json(butik[0]["@url"].split("/3/")[1])["Voucher"]["VoucherRows"]
    assert "10" in {row["CostCenter"] for row in shown}
    assert twin.json("vouchers/sublist/M?financialyear=2")["Vouchers"] == series
    assert twin.json("vouchers/sublist?limit=1")["MetaInformation"]["@TotalResources"] == 1_500
    october = twin.json("vouchers?financialyear=2&fromdate=2024-10-01&todate=2024-10-31&limit=500")[
        "Vouchers"
    ]
    assert october == [one for one in listed if "2024-10-01" <= one["TransactionDate"] <= "2024-10-31"]
    assert twin.get("vouchers/B/1").json()["Voucher"]["Year"] == 9, "without a year the current one"
    assert twin.get("vouchers/B/99999?financialyear=2").status_code == 404
    backwards = twin.json("vouchers?financialyear=2&sortby=vouchernumber&sortorder=descending&limit=1")
    assert backwards["Vouchers"][0]["VoucherNumber"] == max(number for _, number in keys)


def test_a_struck_row_is_there_and_marked_as_removed(twin: Fortnox) -> None:
    (corrected,) = [
        one
        for one in all_of(twin, "vouchers", "financialyear=2")
        if one["Description"] == "Kortköp rättat konto"
    ]
    rows = twin.json(corrected["@url"].split("/3/")[1])["Voucher"]["VoucherRows"]
    assert [row["Removed"] for row in rows] == [False, True, False, False]
    assert sum(row["Debit"] - row["Credit"] for row in rows if not row["Removed"]) == pytest.approx(0)


def test_invoices_come_by_number_and_payments_by_date(twin: Fortnox) -> None:
    invoices = all_of(twin, "invoices")
    found = [int(one["DocumentNumber"]) for one in invoices]
    assert found == sorted(found)
    payments = all_of(twin, "invoicepayments")
    days = [one["PaymentDate"] for one in payments]
    assert days == sorted(days)
    by_total = twin.json("invoices?sortby=total&sortorder=descending&limit=3")["Invoices"]
    assert [one["Total"] for one in by_total] == sorted((one["Total"] for one in invoices), reverse=True)[:3]
    june = twin.json("invoices?fromdate=2024-06-01&todate=2024-06-30&limit=500")["Invoices"]
    assert june == [one for one in invoices if "2024-06-01" <= one["InvoiceDate"] <= "2024-06-30"]
    assert june
    one = payments[7]
    mine = twin.json(f"invoicepayments?invoicenumber={one['InvoiceNumber']}")["InvoicePayments"]
    assert one in mine


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("invoices?filter=cancelled", lambda one: one["Cancelled"]),
        ("invoices?filter=fullypaid", lambda one: one["Booked"] and one["Balance"] == 0),
        ("invoices?filter=unpaid", lambda one: one["Booked"] and one["Balance"] != 0),
        ("invoices?filter=unpaidoverdue", lambda one: one["Balance"] != 0 and one["DueDate"] < "2026-03-02"),
        ("invoices?credit=true", lambda one: one["Total"] < 0),
        ("invoices?currency=EUR", lambda one: one["Currency"] == "EUR" and one["CurrencyRate"] != "1"),
        ("invoices?invoicetype=CASHINVOICE", lambda one: one["InvoiceType"] == "CASHINVOICE"),
        ("supplierinvoices?filter=unpaid", lambda one: one["Balance"] != "0"),
        ("supplierinvoices?filter=cancelled", lambda one: one["Cancel"]),
        ("orders?filter=invoicecreated", lambda one: one["Sent"]),
        ("contracts?filter=inactive", lambda one: one["Status"] == "INACTIVE"),
    ],
)
def test_filters_choose_among_all(twin: Fortnox, path: str, holds: Any) -> None:
    name, query = path.split("?")
    everything = all_of(twin, name)
    chosen = all_of(twin, name, query)
    assert chosen == [one for one in everything if holds(one)]
    assert 0 < len(chosen) < len(everything)


def test_prices_of_an_article_start_at_a_quantity(twin: Fortnox) -> None:
    prices = twin.json("prices/sublist/B/100")["Prices"]
    assert [one["FromQuantity"] for one in prices] == [0, 10]
    assert twin.json("prices/B/100")["Price"]["Price"] == prices[0]["Price"]
    assert twin.json("prices/B/100/10")["Price"]["Price"] == prices[1]["Price"] < prices[0]["Price"]
    assert len(all_of(twin, "prices")) > len(all_of(twin, "articles"))
    assert [one["Code"] for one in twin.json("pricelists")["PriceLists"]] == ["A", "B"]
