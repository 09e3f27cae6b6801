"""What changes is found by lastmodified where it is heeded, and document and ledger change together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.sandbox.callers import Fortnox
from tests.sandbox.process import Sandbox
from tests.sandbox.test_sandbox_books import Read

SINCE = "lastmodified=2026-01-01%2000:00"
KEYS = {
    "vouchers": "Vouchers",
    "invoices": "Invoices",
    "invoicepayments": "InvoicePayments",
    "supplierinvoices": "SupplierInvoices",
    "supplierinvoicepayments": "SupplierInvoicePayments",
    "orders": "Orders",
    "offers": "Offers",
    "contracts": "Contracts",
    "articles": "Articles",
}


class Tenant:
    """A company whose books end with 2025, seen through Fortnox and changed through /sandbox."""

    def __init__(self, sandbox: Sandbox, number: str) -> None:
        self.sandbox, self.number, self.fortnox = sandbox, number, Fortnox.of(sandbox, number)

    def do(self, method: str, path: str, body: object = None) -> Any:
        return self.sandbox.admin(method, f"{self.number}/{path}", body)

    def changed(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.fortnox.json(f"{path}?limit=500&{SINCE}")[KEYS[path]]
        return found

    def single(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.fortnox.json(path).popitem()[1]
        return found

    def total(self, path: str) -> int:
        return int(self.fortnox.json(path)["MetaInformation"]["@TotalResources"])

    def account(self, number: str) -> Decimal:
        return Read(self.fortnox.sie(1)).balances.get(("#UB", number), Decimal(0))

    def open_invoices(self, path: str = "invoices") -> Decimal:
        records = self.fortnox.json(f"{path}?limit=500")[KEYS[path]]
        return sum(
            (
                (Decimal(str(one["Balance"])) * Decimal(one["CurrencyRate"])).quantize(Decimal("0.01"))
                for one in records
                if one["Booked"]
            ),
            Decimal(0),
        )


@pytest.fixture
def tenant(spare: tuple[Sandbox, str]) -> Tenant:
    sandbox, number = spare
    sandbox.admin("POST", "settings", {"requests_per_window": 1_000_000})
    return Tenant(sandbox, number)


def test_nothing_has_changed_at_first(tenant: Tenant) -> None:
    for path in set(KEYS) - {"supplierinvoices", "contracts"}:
        assert tenant.changed(path) == [], path
        assert path in {"orders", "offers"} or tenant.total(path) > 0, path


def test_an_invoice_is_written_booked_paid_and_its_payment_deleted(tenant: Tenant) -> None:
    number = tenant.do("POST", "invoices", {"quantity": 3, "text": "Tre stycken", "booked": False})["number"]
    (listed,) = tenant.changed("invoices")
    assert (listed["DocumentNumber"], listed["Booked"], listed["VoucherNumber"]) == (number, False, None)
    assert tenant.changed("vouchers") == []
    assert tenant.open_invoices() == tenant.account("1510")
    tenant.do("POST", f"invoices/{number}/book")
    single = tenant.single(f"invoices/{number}")
    (voucher,) = tenant.changed("vouchers")
    assert (voucher["ReferenceType"], voucher["ReferenceNumber"]) == ("INVOICE", number)
    assert (voucher["VoucherSeries"], voucher["VoucherNumber"]) == ("B", single["VoucherNumber"])
    rows = tenant.single(f"vouchers/B/{single['VoucherNumber']}?financialyear=1")["VoucherRows"]
    assert rows[0]["Debit"] == single["Total"] == single["Balance"]
    assert single["InvoiceRows"][0]["Description"] == "Tre stycken"
    assert tenant.open_invoices() == tenant.account("1510")

    first = tenant.do("POST", f"invoices/{number}/pay", {"amount": 1})["number"]
    second = tenant.do("POST", f"invoices/{number}/pay")["number"]
    assert [one["Number"] for one in tenant.changed("invoicepayments")] == [first, second]
    assert tenant.single(f"invoices/{number}")["Balance"] == 0
    assert tenant.single(f"invoices/{number}")["FinalPayDate"] == "2025-12-31"
    assert [one["Number"] for one in tenant.fortnox.json(f"invoicepayments?invoicenumber={number}")["InvoicePayments"]] == [first, second]  # fmt: skip # noqa: E501
    assert tenant.open_invoices() == tenant.account("1510")
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        tenant.do("POST", f"invoices/{number}/pay", {"amount": 1})

    before = tenant.total("vouchers")
    tenant.do("DELETE", f"invoicepayments/{first}")
    assert tenant.total("vouchers") == before - 1
    assert tenant.single(f"invoices/{number}")["Balance"] == 1
    assert tenant.single(f"invoices/{number}")["FinalPayDate"] is None
    assert tenant.open_invoices() == tenant.account("1510")
    assert tenant.fortnox.get(f"invoicepayments/{first}").status_code == 404


def test_a_credit_settles_what_it_credits(tenant: Tenant) -> None:
    number = tenant.do("POST", "invoices", {"quantity": "2.5"})["number"]
    credit = tenant.do("POST", f"invoices/{number}/credit", {"date": "2025-12-31"})["number"]
    pair = [tenant.single(f"invoices/{one}") for one in (number, credit)]
    assert [one["Balance"] for one in pair] == [0, 0]
    assert pair[0]["Total"] == -pair[1]["Total"]
    assert [one["Credit"] for one in pair] == ["false", "true"]
    assert [one["CreditInvoiceReference"] for one in pair] == [credit, number]
    assert tenant.open_invoices() == tenant.account("1510")
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        tenant.do("POST", f"invoices/{number}/credit")


def test_a_supplier_s_invoice_goes_the_same_way(tenant: Tenant) -> None:
    number = tenant.do("POST", "supplierinvoices", {"net": "800.40", "account": 5410})["number"]
    single = tenant.single(f"supplierinvoices/{number}")
    assert (single["Total"], single["Balance"], single["VAT"]) == ("1000.5", "1000.5", "200.1")
    codes = [
        (row["Account"], row["Code"], row["Debit"], row["Credit"]) for row in single["SupplierInvoiceRows"]
    ]
    assert codes == [(2440, "TOT", 0, 1000.5), (5410, None, 800.4, 0), (2641, "VAT", 200.1, 0)]
    payment = tenant.do("POST", f"supplierinvoices/{number}/pay")["number"]
    assert [one["Number"] for one in tenant.changed("supplierinvoicepayments")] == [int(payment)]
    assert tenant.open_invoices("supplierinvoices") == -tenant.account("2440")
    other = tenant.do("POST", "supplierinvoices")["number"]
    credit = tenant.do("POST", f"supplierinvoices/{other}/credit")["number"]
    assert tenant.single(f"supplierinvoices/{credit}")["Credit"] is True
    tenant.do("DELETE", f"supplierinvoicepayments/{payment}")
    assert tenant.open_invoices("supplierinvoices") == -tenant.account("2440")
    waiting = tenant.do("POST", "supplierinvoices", {"booked": False})["number"]
    tenant.do("POST", f"supplierinvoices/{waiting}/cancel")
    cancelled = tenant.fortnox.json("supplierinvoices?filter=cancelled")["SupplierInvoices"]
    assert waiting in [one["GivenNumber"] for one in cancelled]
    assert all(one["Cancel"] for one in cancelled)


def test_a_row_s_text_changes_and_the_list_does_not(tenant: Tenant) -> None:
    before = tenant.fortnox.json("invoices?limit=500")["Invoices"]
    number = before[-1]["DocumentNumber"]
    amounts = tenant.single(f"invoices/{number}")
    tenant.do("PATCH", f"invoices/{number}", {"text": "Rättad text"})
    assert tenant.fortnox.json("invoices?limit=500")["Invoices"] == before
    assert [one["DocumentNumber"] for one in tenant.changed("invoices")] == [number]
    after = tenant.single(f"invoices/{number}")
    assert after["InvoiceRows"][0]["Description"] == "Rättad text"
    assert after["Total"] == amounts["Total"]
    order, offer = (tenant.do("POST", path)["number"] for path in ("orders", "offers"))
    for path in (f"orders/{order}", f"offers/{offer}", "contracts/1", "supplierinvoices/1"):
        tenant.do("PATCH", path, {"text": "Rättad text"})
        assert "Rättad text" in str(tenant.single(path))


def test_what_is_not_booked_is_cancelled_and_what_is_booked_is_not(tenant: Tenant) -> None:
    number = tenant.do("POST", "invoices", {"booked": False})["number"]
    tenant.do("POST", f"invoices/{number}/cancel")
    assert (
        tenant.single(f"invoices/{number}")["Cancelled"],
        tenant.single(f"invoices/{number}")["Balance"],
    ) == (
        True,
        0,
    )
    booked = tenant.do("POST", "invoices")["number"]
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        tenant.do("POST", f"invoices/{booked}/cancel")
    for path in ("orders", "offers"):
        order = tenant.do("POST", path, {"date": "2025-06-01"})["number"]
        tenant.do("POST", f"{path}/{order}/cancel")
        assert [(one["DocumentNumber"], one["Cancelled"]) for one in tenant.changed(path)] == [(order, True)]


def test_a_voucher_that_changed_is_found_and_one_that_went_is_not(tenant: Tenant) -> None:
    added = tenant.do("POST", "vouchers")
    assert [(one["VoucherSeries"], one["VoucherNumber"]) for one in tenant.changed("vouchers")] == [
        ("A", added["number"])
    ]
    tenant.do("PATCH", "vouchers/1/B/1", {"text": "Ny text"})
    assert [one["Description"] for one in tenant.changed("vouchers")][1:] == ["Ny text"]
    before = tenant.total("vouchers")
    tenant.do("DELETE", f"vouchers/1/A/{added['number']}")
    assert len(tenant.changed("vouchers")) == 1
    assert tenant.total("vouchers") == before - 1
    assert tenant.fortnox.get(f"vouchers/A/{added['number']}?financialyear=1").status_code == 404


def test_articles_and_prices_come_and_go(tenant: Tenant) -> None:
    number = tenant.do("POST", "articles", {"name": "Ny hylla"})["number"]
    assert [one["ArticleNumber"] for one in tenant.changed("articles")] == [number]
    tenant.do("PATCH", f"articles/{number}", {"name": "Hyllan"})
    assert tenant.single(f"articles/{number}")["Description"] == "Hyllan"
    tenant.do("DELETE", f"articles/{number}")
    assert tenant.changed("articles") == []
    before = tenant.total("prices")
    tenant.do("DELETE", "prices/B/100/10")
    assert tenant.total("prices") == before - 1
    assert tenant.fortnox.get("prices/B/100/10").status_code == 404
    accruals = tenant.total("contractaccruals")
    tenant.do("DELETE", "contractaccruals/1")
    assert tenant.total("contractaccruals") == accruals - 1


def test_lastmodified_is_heeded_ignored_or_refused_as_a_test_wants(tenant: Tenant) -> None:
    def answer(path: str) -> httpx.Response:
        return tenant.fortnox.get(f"{path}?lastmodified=2100-01-01")

    def total(path: str) -> int:
        return int(answer(path).json()["MetaInformation"]["@TotalResources"])

    assert total("invoices") == 0
    assert total("supplierinvoices") > 0, "unknown of Fortnox: ignored unless set"
    tenant.sandbox.admin(
        "POST",
        "settings",
        {
            "last_modified": {
                f"{tenant.number}/supplierinvoices": "honoured", "invoices": "ignored", "orders": "refused",
            }
        },
    )  # fmt: skip
    assert total("supplierinvoices") == 0
    assert total("invoices") > 0
    assert answer("orders").status_code == 400
    tenant.sandbox.admin(
        "POST", "settings", {"last_modified": {"orders": "refused", f"{tenant.number}/orders": "honoured"}}
    )
    assert total("orders") == 0


def test_what_is_done_at_a_set_time_was_changed_then(tenant: Tenant) -> None:
    before = len(tenant.changed("invoices"))
    tenant.sandbox.admin("POST", "settings", {"now": "2025-12-30T08:00:00"})
    tenant.do("POST", "invoices")
    assert len(tenant.changed("invoices")) == before
    tenant.sandbox.admin("POST", "settings", {"now": None})
    tenant.do("POST", "invoices")
    assert len(tenant.changed("invoices")) == before + 1
