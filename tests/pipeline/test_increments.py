"""What runs ask for when little or nothing changed, and how what changed or is gone comes through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from saldo.fortnox.clock import STOCKHOLM
from saldo.fortnox.resources import CATALOGUE, Group
from tests.pipeline.company import TODAY, Company, calendar_year, companies, with_small_pages
from tests.sandbox.process import Sandbox
from tests.support import Warehouse

pytestmark = [pytest.mark.database, pytest.mark.slow]

AT_MOST = 12
NEXT_YEAR = TODAY.year + 1
YEARS = {
    "one year": [calendar_year(TODAY.year)],
    "two years": [calendar_year(TODAY.year), calendar_year(NEXT_YEAR)],
    "three years": [calendar_year(year) for year in (TODAY.year - 1, TODAY.year, NEXT_YEAR)],
}
if TODAY - timedelta(days=550) >= TODAY.replace(year=TODAY.year - 1, month=12, day=31):
    YEARS["three years"] = [calendar_year(year) for year in (TODAY.year, NEXT_YEAR, NEXT_YEAR + 1)]
LONG_AGO = [calendar_year(year) for year in range(TODAY.year - 3, TODAY.year + 1)]
PERIODS = [*YEARS, "with an old year"]
HONOURED, IGNORED, REFUSED = "honoured", "ignored", "refused"
VERDICTS = [HONOURED, IGNORED, REFUSED]
HOT = {resource.url_path for resource in CATALOGUE.values() if resource.is_hot}
TENANTS = {name: str(7_300_001 + place) for place, name in enumerate(PERIODS)}
USUAL = TENANTS["one year"]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    kinds = [{"years": years} for years in (*YEARS.values(), LONG_AGO)]
    # Tests change the companies: each makes sure of what it needs, and none counts what others may add.
    with (
        pytest.MonkeyPatch.context() as patch,
        companies(tmp_path_factory.mktemp("sandbox"), patch, *kinds) as running,
    ):
        yield running


@pytest.fixture(autouse=True)
def as_it_was(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.admin("POST", "settings", {"last_modified": {}, "access": {}, "now": None})
    sandbox.admin("DELETE", "faults")


def everywhere(sandbox: Sandbox, verdict: str) -> None:
    """What Fortnox does with lastmodified, whatever list it is asked of."""
    sandbox.admin("POST", "settings", {"last_modified": dict.fromkeys(CATALOGUE, verdict)})


@pytest.fixture
def company(sandbox: Sandbox, warehouse: Warehouse) -> Company:
    everywhere(sandbox, HONOURED)
    return Company.connect(sandbox, warehouse, USUAL)


def asked_by(company: Company, **request: Any) -> dict[str, int]:
    """What a run asks for, by path, as Fortnox counts it."""
    before = company.asked()
    company.run(**request)
    return {
        path: count - before.get(path, 0)
        for path, count in company.asked().items()
        if count > before.get(path, 0)
    }


# How little it asks for


LONGER = [(years, verdict, 5) for years in YEARS for verdict in VERDICTS]


@pytest.mark.parametrize(("years", "verdict", "page_size"), [("three years", HONOURED, 500), *LONGER])
def test_where_nothing_changed_a_run_asks_at_most_twelve_times(
    sandbox: Sandbox,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    years: str,
    verdict: str,
    page_size: int,
) -> None:
    everywhere(sandbox, verdict)
    with_small_pages(monkeypatch, page_size)
    company = Company.connect(sandbox, warehouse, TENANTS[years])
    company.first_runs()
    longer = warehouse.rows(
        "select resource from control.sync_cursor where scope = '' and record_count > %s", [page_size]
    )
    assert ({("customers",), ("invoices",)} <= {*longer}) is (page_size == 5)
    landed = warehouse.dump("landing")

    ran = company.run()

    assert ran.requests <= AT_MOST
    assert ran.remaining.tasks == frozenset()
    assert warehouse.dump("landing") == landed


def test_every_hot_list_is_asked_for_at_every_run(company: Company) -> None:
    company.first_runs()

    asked = asked_by(company)

    hot = HOT - {CATALOGUE["sie"].url_path}
    assert asked == {**dict.fromkeys(hot, 1), "vouchers": 2}


def test_a_long_list_without_increments_is_counted_and_read_when_the_count_differs(
    company: Company, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere(sandbox, REFUSED)
    monkeypatch.setattr("saldo.pipeline.plan.HOT_REQUESTS", 0)
    with_small_pages(monkeypatch, 5)
    company.first_runs()
    assert asked_by(company)["supplierinvoices"] == 1

    company.book("POST", "supplierinvoices", {"booked": False})
    ran = company.run()

    assert ran.lines["supplierinvoices"].mode == "whole"
    assert ran.lines["supplierinvoices"].changed == 1
    assert ran.lines["customers"].mode == "count"


def test_cold_lists_come_once_a_day(company: Company) -> None:
    company.first_runs()

    company.time_passes(timedelta(hours=19))
    assert "units" not in asked_by(company)
    company.time_passes(timedelta(hours=2))
    assert asked_by(company)["units"] == 1
    assert "units" not in asked_by(company)


def test_what_fortnox_does_with_lastmodified_is_found_out_and_shown(
    company: Company, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    sandbox.admin(
        "POST",
        "settings",
        {
            "last_modified": {
                f"{USUAL}/invoices": HONOURED,
                f"{USUAL}/orders": IGNORED,
                f"{USUAL}/contracts": REFUSED,
            }
        },
    )

    company.first_runs()

    shown = dict(
        warehouse.rows(
            "select resource, lastmodified from control.sync_cursor "
            "where resource in ('invoices', 'orders', 'contracts', 'modesofpayments')"
        )
    )
    assert shown == {
        "invoices": HONOURED, "orders": IGNORED, "contracts": REFUSED, "modesofpayments": None,
    }  # fmt: skip
    page = page_of(company)
    assert "fungerar" in row_of(page, "invoices", "ändringar")
    assert "ignoreras" in row_of(page, "orders", "hela listan")
    assert "nekas" in row_of(page, "contracts", "hela listan")
    assert "0 kvar" in row_of(page, "invoices", "en och en")[10]


def page_of(company: Company) -> list[list[str]]:
    """The organization's page, as the cells of its rows."""
    from saldo.database import Role, connect, run
    from saldo.integrations.actions import company as company_of
    from saldo.integrations.pages import render, texts

    with connect(Role.PAGE, company.organization.organization_id) as connection:
        resources = run(connection, "control/page_resources").fetchall()
    html = render(
        "organization.html",
        t=texts("sv"),
        lang="sv",
        company=company_of(company.organization.dag_id),
        resources=resources,
        checks=[],
        modules=[],
        schedules=[],
        policies=[],
        switched_off=set(),
    )
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in html.split("<tr>")]


def row_of(page: list[list[str]], resource: str, mode: str) -> list[str]:
    return next((cells for cells in page if cells[:1] == [resource] and cells[2] == mode), [])


def test_what_fortnox_did_not_honour_is_asked_again_after_a_month(
    company: Company, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    everywhere(sandbox, IGNORED)
    company.first_runs()
    everywhere(sandbox, HONOURED)
    verdict = "select lastmodified from control.sync_cursor where resource = 'invoices'"

    company.time_passes(timedelta(days=29))
    company.run()
    assert warehouse.rows(verdict) == [(IGNORED,)]
    company.time_passes(timedelta(days=2))
    company.run()
    assert warehouse.rows(verdict) == [(HONOURED,)]


def text_of_first_row(company: Company, number: str) -> str:
    rows = dict(
        company.documents("invoices", "document_key, detail_record #>> '{InvoiceRows,0,Description}'")
    )
    return str(rows[number])


def test_a_change_of_rows_alone_outlasts_an_increment_that_fails_beside_a_sweep_that_does_not(
    company: Company,
) -> None:
    number = company.book("POST", "invoices", {"text": "Före"})["number"]
    company.first_runs()
    # Longer ago than the overlap of two increments.
    an_hour_ago = datetime.now(STOCKHOLM).replace(tzinfo=None) - timedelta(hours=1)
    company.sandbox.admin("POST", "settings", {"now": an_hour_ago.isoformat()})
    company.book("PATCH", f"invoices/{number}", {"text": "Efter"})
    company.sandbox.admin("POST", "settings", {"now": None})
    company.time_passes()
    increment = "/3/invoices?limit=500&offset=0&lastmodified"
    company.sandbox.admin("POST", "faults", [{"kind": "status", "path_contains": increment, "times": 1000}])
    company.run()
    assert company.warehouse.rows(
        "select swept_at > now() - interval '1 hour' from control.sync_cursor where resource = 'invoices'"
    ) == [(True,)]
    assert text_of_first_row(company, number) == "Före"

    company.sandbox.admin("DELETE", "faults")
    company.run()

    assert text_of_first_row(company, number) == "Efter"


def test_a_change_of_rows_alone_is_found_too_while_nobody_knows_yet_what_lastmodified_does(
    company: Company,
) -> None:
    number = company.book("POST", "invoices", {"text": "Före"})["number"]
    company.first_runs()
    company.warehouse.execute("update control.sync_cursor set lastmodified = null, probed_at = null")
    company.book("PATCH", f"invoices/{number}", {"text": "Efter"})

    company.run()

    assert text_of_first_row(company, number) == "Efter"


def test_a_record_that_is_dated_ahead_does_not_hide_that_lastmodified_works(
    company: Company, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    sandbox.admin("POST", "settings", {"now": f"{TODAY + timedelta(days=400)}T12:00:00"})
    company.book("POST", "invoices", {"date": TODAY.isoformat()})
    sandbox.admin("POST", "settings", {"now": None})

    company.first_runs()

    assert warehouse.rows("select lastmodified from control.sync_cursor where resource = 'invoices'") == [
        (HONOURED,)
    ]


def test_tax_reductions_hold_personal_numbers_and_are_off_unless_switched_on(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.first_runs()
    assert "taxreductions" not in company.asked()
    assert "taxreductions" not in asked_by(company, full_reload=True)
    assert "taxreductions" not in asked_by(company, resources=frozenset({"taxreductions"}))

    monkeypatch.setenv("AIRFLOW__SALDO__RESOURCES_ON", "contracts, taxreductions")
    assert asked_by(company)["taxreductions"] == 1


# What changed


@pytest.mark.parametrize("verdict", VERDICTS)
def test_what_is_new_or_changed_comes_with_the_next_run(
    company: Company, sandbox: Sandbox, verdict: str
) -> None:
    everywhere(sandbox, verdict)
    company.first_runs()

    customer = company.book("POST", "customers", {"name": "Nykund AB"})["number"]
    company.book("PATCH", "suppliers/2", {"name": "Omdöpt AB"})
    invoice = company.book("POST", "invoices", {"customer": customer})["number"]
    ran = company.run()

    assert (customer, False) in company.documents("customers")
    assert ("2", "Omdöpt AB") in company.documents("suppliers", "document_key, list_record ->> 'Name'")
    assert (invoice, True) in company.documents("invoices", "document_key, detail_record is not null")
    assert Group.LEDGER in ran.remaining.tasks, "the invoice is booked"
    assert [line for name, line in ran.lines.items() if name.startswith("sie")][-1].changed == 1


@pytest.mark.parametrize("resource", ["invoices", "supplierinvoices", "orders"])
def test_what_changed_in_the_rows_alone_reaches_the_single_record(company: Company, resource: str) -> None:
    company.first_runs()
    [(key, former)] = company.documents(resource, "document_key, list_record")[:1]

    company.book("PATCH", f"{resource}/{key}", {"text": "En annan text"})
    if not CATALOGUE[resource].is_hot:
        company.time_passes()
    company.run()

    [(_, listed, single)] = company.documents(resource, "document_key, list_record, detail_record::text")[:1]
    assert listed == former, "the list shows nothing of it"
    assert "En annan text" in single


def test_rows_changed_while_fortnox_refused_the_list_reach_the_single_record(
    company: Company, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A licence that lapsed for two days must not be a gap in what was asked for."""
    company.first_runs()
    [(key,)] = company.documents("invoices", "document_key")[:1]
    company.time_passes(timedelta(hours=2))
    sandbox.admin("POST", "settings", {"access": {USUAL: {"missing_scopes": ["invoice"]}}})
    company.book("PATCH", f"invoices/{key}", {"text": "Under tiden"})
    assert company.run().lines["invoices"].status == "skipped"
    sandbox.admin("POST", "settings", {"access": {}})
    # As if it were given again so long after the change that no overlap reaches back to it.
    monkeypatch.setattr("saldo.fortnox.clock.OVERLAP", timedelta(minutes=-2))

    company.run()

    [(single,)] = company.documents("invoices", "detail_record::text")[:1]
    assert "Under tiden" in single


def test_a_voucher_changed_between_two_lists_is_not_lost_when_the_file_alone_is_read(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run asked for `sie` moves the file on and not the list of vouchers."""
    company.first_runs()
    company.time_passes(timedelta(hours=2))
    company.book("PATCH", f"vouchers/{year_of(company)}/A/1", {"text": "En annan text"})
    company.run(resources=frozenset({"sie"}))
    # As if the file were read so long after the change that no overlap reaches back to it.
    monkeypatch.setattr("saldo.fortnox.clock.OVERLAP", timedelta(minutes=-2))

    company.run()

    assert "En annan text" in str(company.documents("vouchers", "list_record"))


def year_of(company: Company) -> int:
    [found] = [
        item for item in company.sandbox.companies() if item["tenant_id"] == company.organization.tenant_id
    ]
    return int(found["financial_years"][-1]["id"])


# What is gone


@pytest.mark.parametrize("verdict", [HONOURED, REFUSED])
def test_a_deleted_customer_is_marked_dropped_by_staging_and_alive_if_it_returns(
    company: Company, sandbox: Sandbox, warehouse: Warehouse, verdict: str
) -> None:
    everywhere(sandbox, verdict)
    number = company.book("POST", "customers", {"name": "Kortlivad AB"})["number"]
    company.first_runs()
    staged = f"select customer_name from staging.fortnox_customers where customer_number = '{number}'"
    assert warehouse.rows(staged) == [("Kortlivad AB",)]

    company.book("DELETE", f"customers/{number}")
    gone = company.run()

    assert gone.lines["customers"].deleted == 1
    assert (number, True) in company.documents("customers")
    assert warehouse.rows(staged) == []

    company.book("POST", "customers", {"number": number, "name": "Kortlivad AB"})
    company.run()

    assert (number, False) in company.documents("customers")
    assert warehouse.rows(staged) == [("Kortlivad AB",)]


@pytest.mark.parametrize("verdict", [HONOURED, REFUSED])
def test_a_deleted_payment_opens_its_invoice_again(company: Company, sandbox: Sandbox, verdict: str) -> None:
    everywhere(sandbox, verdict)
    invoice = company.book("POST", "invoices", {})["number"]
    payment = company.book("POST", f"invoices/{invoice}/pay", {})["number"]
    company.first_runs()
    assert (payment, False) in company.documents("invoicepayments")

    company.book("DELETE", f"invoicepayments/{payment}")
    company.run()

    assert (payment, True) in company.documents("invoicepayments")
    [balance] = [
        balance
        for key, balance in company.documents("invoices", "document_key, list_record ->> 'Balance'")
        if key == invoice
    ]
    assert float(balance) > 0


def test_what_is_gone_from_a_longer_list_is_found_within_the_day(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_small_pages(monkeypatch, 5)
    number = company.book("POST", "customers", {"name": "Kortlivad AB"})["number"]
    company.first_runs()
    company.book("DELETE", f"customers/{number}")

    hourly = company.run()
    assert hourly.lines["customers"].mode == "increment"
    assert (number, False) in company.documents("customers")
    company.time_passes()
    company.run()
    assert (number, True) in company.documents("customers")


@pytest.mark.parametrize("verdict", [HONOURED, REFUSED])
def test_a_deleted_voucher_leaves_the_ledger_and_the_list_and_may_return(
    company: Company, sandbox: Sandbox, warehouse: Warehouse, verdict: str
) -> None:
    everywhere(sandbox, verdict)
    number = company.book("POST", "vouchers", {"series": "B", "date": f"{TODAY.year}-01-07"})["number"]
    year = year_of(company)
    company.first_runs()
    key = f"{year}/B/{number}"
    in_the_ledger = (
        f"select count(*) from staging.ledger_voucher where voucher_series = 'B' "
        f"and voucher_number = '{number}'"
    )
    assert warehouse.rows(in_the_ledger) == [(1,)]
    assert (key, False) in company.documents("vouchers")

    company.book("DELETE", f"vouchers/{year}/B/{number}")
    company.run()
    company.time_passes()
    company.run()
    assert warehouse.rows(in_the_ledger) == [(0,)]
    assert (key, True) in company.documents("vouchers")

    company.book("POST", "vouchers", {"series": "B", "number": number, "date": f"{TODAY.year}-01-07"})
    company.run()
    company.time_passes()
    company.run()
    assert warehouse.rows(in_the_ledger) == [(1,)]
    assert (key, False) in company.documents("vouchers")


# What was before


def history(company: Company, resource: str, key: str, part: str, value: str) -> list[Any]:
    """What a document said, oldest first, and whether it still does; each version begins where one ends."""
    found = company.warehouse.rows(
        f"select {value}, valid_from, nullif(valid_to, 'infinity') as ended from staging.document_history "
        "where resource = %s and document_key = %s and part = %s order by valid_from",
        [resource, key, part],
    )
    assert all(ended is None or valid_from < ended for _, valid_from, ended in found)
    assert all(former[2] == latter[1] for former, latter in pairwise(found))
    return [(said, ended is None) for said, _, ended in found]


def test_a_customer_keeps_what_it_was_called_and_when(company: Company) -> None:
    number = company.book("POST", "customers", {"name": "Första namnet AB"})["number"]
    company.first_runs()
    company.book("PATCH", f"customers/{number}", {"name": "Andra namnet AB"})
    company.run()
    of_the_customer = ("customers", number, "list", "record ->> 'Name'")
    assert history(company, *of_the_customer) == [("Första namnet AB", False), ("Andra namnet AB", True)]

    company.book("DELETE", f"customers/{number}")
    company.run()

    assert history(company, *of_the_customer) == [("Första namnet AB", False), ("Andra namnet AB", False)]


def test_an_invoice_keeps_its_former_list_record_and_rows(company: Company) -> None:
    number = company.book("POST", "invoices", {"text": "Före", "booked": False})["number"]
    company.first_runs()

    company.book("PATCH", f"invoices/{number}", {"text": "Efter"})
    company.book("POST", f"invoices/{number}/cancel")
    company.run()

    rows = "record #>> '{InvoiceRows,0,Description}'"
    assert ("Före", False) in history(company, "invoices", number, "detail", rows)
    assert ("Efter", True) in history(company, "invoices", number, "detail", rows)
    cancelled = "(record ->> 'Cancelled')::boolean"
    assert history(company, "invoices", number, "list", cancelled) == [(False, False), (True, True)]


def test_a_voucher_keeps_its_former_text_and_rows(company: Company, warehouse: Warehouse) -> None:
    voucher = {"series": "B", "date": f"{TODAY.year}-01-07", "text": "Före"}
    number, year = company.book("POST", "vouchers", voucher)["number"], year_of(company)
    company.first_runs()
    company.book("PATCH", f"vouchers/{year}/B/{number}", {"text": "Efter"})
    company.run()
    versions = (
        "select voucher_text, valid_to = 'infinity' from landing.voucher "
        f"where voucher_series = 'B' and voucher_number = '{number}' and valid_from < valid_to "
        "order by valid_from"
    )
    assert warehouse.rows(versions) == [("Före", False), ("Efter", True)]

    company.book("DELETE", f"vouchers/{year}/B/{number}")
    company.run()

    assert warehouse.rows(versions) == [("Före", False), ("Efter", False)]
    assert warehouse.rows(
        "select valid_to = 'infinity', count(*) from landing.voucher_row "
        f"where voucher_series = 'B' and voucher_number = '{number}' group by 1"
    ) == [(False, 6)]


# Financial years


def test_older_years_are_looked_at_once_a_day(sandbox: Sandbox, warehouse: Warehouse) -> None:
    everywhere(sandbox, HONOURED)
    company = Company.connect(sandbox, warehouse, TENANTS["with an old year"])
    company.first_runs()
    company.book("POST", "vouchers", {"date": f"{TODAY.year - 3}-03-01"})
    of_the_old_year = (
        f"select count(*) from landing.voucher where voucher_date = '{TODAY.year - 3}-03-01' "
        "and voucher_text = 'Bokfört i sandlådan'"
    )

    hourly = company.run()
    assert Group.LEDGER not in hourly.remaining.tasks
    company.time_passes()
    daily = company.run()

    assert Group.LEDGER in daily.remaining.tasks
    assert warehouse.rows(of_the_old_year) == [(1,)]


def test_a_new_financial_year_is_noticed_and_its_ledger_read(
    sandbox: Sandbox, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Fortnox lists at first lacks the last year; then somebody adds it there."""
    everywhere(sandbox, HONOURED)
    company = Company.connect(sandbox, warehouse, TENANTS["two years"])
    company.first_runs()
    [(new,)] = warehouse.rows(
        "select document_key from landing.document where resource = 'financialyears' "
        f"and list_record ->> 'FromDate' = '{NEXT_YEAR}-01-01'"
    )
    for table in ("document", "sie_file"):
        column = "document_key" if table == "document" else "financial_year_id::text"
        warehouse.execute(f"delete from landing.{table} where {column} = %s", [new])
    warehouse.execute("delete from control.sync_cursor where scope = %s", [new])

    assert new not in [key for key, _ in company.documents("financialyears")]
    company.time_passes()
    ran = company.run()

    assert (new, False) in company.documents("financialyears")
    assert f"sie {new}" in ran.lines


def test_while_no_year_holds_today_the_years_are_asked_for_at_every_run(
    company: Company, warehouse: Warehouse
) -> None:
    company.first_runs()
    assert "financialyears" not in asked_by(company)
    warehouse.execute(
        "update landing.document set list_record = jsonb_set(list_record, '{ToDate}', %s) "
        "where resource = 'financialyears'",
        [f'"{TODAY.year}-01-31"'],
    )

    assert asked_by(company)["financialyears"] == 1
