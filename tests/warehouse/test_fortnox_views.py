"""Fortnox's records as typed columns: every view reads its fields, whatever Fortnox writes in them."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from typing import Any

import pytest
from psycopg import sql as composed
from psycopg.rows import dict_row

from saldo import organizations, sql
from saldo.database import Role, connect
from saldo.fortnox.resources import CATALOGUE
from tests.support import Warehouse
from tests.warehouse.records import FIELD, FILES, GOOD, READ, TYPED, filled, put, resource_of

pytestmark = pytest.mark.database

_tenants = itertools.count(8_400_000)


@pytest.fixture
def organization(module_warehouse: Warehouse) -> int:
    tenant = str(next(_tenants))
    return organizations.register(tenant_id=tenant, name="Prov AB", organization_number="").organization_id


def view(organization: int, name: str) -> list[dict[str, Any]]:
    with connect(Role.TRANSFORMER, organization) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        query = composed.SQL("select * from {} order by 1, 2")
        return cursor.execute(query.format(composed.Identifier("staging", f"fortnox_{name}"))).fetchall()


def only(organization: int, name: str) -> dict[str, Any]:
    [row] = view(organization, name)
    return row


# Every view


def typed_columns(name: str) -> dict[str, str]:
    return {match["column"]: match["cast"] for match in FIELD.finditer(FILES[name])}


def test_every_list_of_the_catalogue_has_its_view() -> None:
    lists = {name for name, resource in CATALOGUE.items() if resource.list_key}
    assert lists <= FILES.keys()


def test_every_cast_is_understood_by_these_tests() -> None:
    for name, text in TYPED.items():
        casts = len(re.findall(r"staging\.as_(?:numeric|date|integer|boolean)\(", text))
        known = len(typed_columns(name)) + len(re.findall(r"coalesce\(staging\.as_boolean\(", text))
        assert casts == known, name


@pytest.mark.parametrize("name", TYPED)
def test_what_can_be_read_is_read(organization: int, name: str) -> None:
    put(organization, resource_of(name), *filled(name, GOOD))
    row = only(organization, name)
    assert {column: row[column] for column in typed_columns(name)} == {
        column: READ[cast] for column, cast in typed_columns(name).items()
    }
    assert row["uncastable"] == {}


@pytest.mark.parametrize("name", TYPED)
def test_what_cannot_be_read_is_empty_and_listed(organization: int, name: str) -> None:
    junk = dict.fromkeys(GOOD, "API_NORIGHT")
    list_record, detail_record = filled(name, junk)
    put(organization, resource_of(name), list_record, detail_record)
    row = only(organization, name)
    columns = {column: value for column, value in row.items() if column in typed_columns(name)}
    assert columns == dict.fromkeys(typed_columns(name))
    assert len(row["uncastable"]) == len(typed_columns(name))
    assert set(row["uncastable"].values()) == {"API_NORIGHT"}
    with connect(Role.TRANSFORMER, organization) as connection:
        listed = connection.execute(
            "select relation_name, uncastable from staging.uncastable_value"
        ).fetchall()
    assert (name, row["uncastable"]) in listed


@pytest.mark.parametrize("name", TYPED)
@pytest.mark.parametrize("unset", ["", None])
def test_what_is_not_set_is_no_fault(organization: int, name: str, unset: str | None) -> None:
    put(organization, resource_of(name), *filled(name, dict.fromkeys(GOOD, unset)))
    row = only(organization, name)
    assert {row[column] for column in typed_columns(name)} <= {None}
    assert row["uncastable"] == {}


@pytest.mark.parametrize("name", FILES)
def test_what_is_gone_or_no_record_is_in_no_view(organization: int, name: str) -> None:
    resource = resource_of(name)
    put(organization, resource, *filled(name, GOOD), is_deleted=True)
    for key, odd in enumerate((None, "text", 7, [1])):
        put(organization, resource, odd, key=f"?{key}")
    assert view(organization, name) == []


def test_union_of_what_cannot_be_read_is_complete(module_warehouse: Warehouse) -> None:
    assert module_warehouse.rows(
        "select table_name from information_schema.columns where table_schema = 'staging' "
        "and column_name = 'uncastable' and table_name <> 'uncastable_value' order by 1"
    ) == [(f"fortnox_{name}",) for name in sorted(TYPED)]
    union = next(file for file in sql.files("staging") if file.name == "uncastable_value")
    read = re.findall(r"from staging\.fortnox_(\w+)\n", union.text)
    assert sorted(read) == sorted(TYPED)
    assert re.findall(r"'(\w+)' as relation_name", union.text) == read


# What is odd about single resources


def test_invoice_is_its_list_and_its_single_record(organization: int) -> None:
    listed = {
        "DocumentNumber": "7", "CustomerNumber": "1", "Total": 1250, "Balance": 0.5, "CurrencyRate": "1",
        "Currency": "SEK", "VoucherNumber": 12, "VoucherSeries": "B", "VoucherYear": 3, "Booked": True,
        "Cancelled": False, "FinalPayDate": None, "InvoiceDate": "2025-02-01", "Project": "",
    }  # fmt: skip
    put(organization, "invoices", listed, key="7")
    before = only(organization, "invoices")
    assert before["has_detail"] is False
    assert before["net_amount_currency"] is None

    detail = {
        "DocumentNumber": "7", "Total": 9999, "Net": 1000.0, "TotalVAT": 250, "Credit": "false",
        "ContractReference": "0", "OrderReference": 0, "OfferReference": "15",
        "CreditInvoiceReference": 8, "InvoicePeriodStart": "", "VATIncluded": True, "Unknown": [1],
    }  # fmt: skip
    put(organization, "invoices", listed | {"DocumentNumber": "8"}, detail, key="8")
    after = view(organization, "invoices")[1]
    assert after["has_detail"] is True
    assert (after["total_amount_currency"], after["balance_amount_currency"]) == (1250, Decimal("0.5"))
    assert (after["net_amount_currency"], after["vat_amount_currency"]) == (1000, 250)
    assert (after["is_credit"], after["is_vat_included"], after["is_booked"]) == (False, True, True)
    assert (after["contract_number"], after["order_number"]) == (None, None)
    assert (after["offer_number"], after["credit_invoice_number"]) == ("15", "8")
    assert (after["voucher_number"], after["financial_year_id"]) == ("12", 3)
    assert (after["project_number"], after["period_start_date"], after["final_pay_date"]) == (None,) * 3


def test_supplier_invoice_writes_amounts_as_texts_and_its_flag_in_two_ways(organization: int) -> None:
    put(organization, "supplierinvoices", {
        "GivenNumber": "1", "Total": "1250.00", "Balance": "-0.50", "CurrencyRate": "11.2345", "Cancel": True,
        "Credit": False,
    }, {"VAT": "250", "Cancelled": True, "CreditReference": 0})  # fmt: skip
    row = only(organization, "supplierinvoices")
    assert (row["total_amount_currency"], row["balance_amount_currency"]) == (1250, Decimal("-0.5"))
    assert (row["currency_rate"], row["vat_amount_currency"]) == (Decimal("11.2345"), 250)
    assert (row["is_cancelled"], row["credit_invoice_number"]) == (True, None)


def test_contract_spells_its_interval_in_two_ways(organization: int) -> None:
    put(organization, "contracts", {"DocumentNumber": "1", "Invoiceinterval": 3}, key="1")
    put(organization, "contracts", {"DocumentNumber": "2", "InvoiceInterval": 6}, key="2")
    assert [row["invoice_interval"] for row in view(organization, "contracts")] == [3, 6]


def test_account_numbers_keep_their_zeros_and_0_is_none(organization: int) -> None:
    rows = [{"AccountNumber": number} for number in (3001, 27, "0027", 0, None, "")]
    put(organization, "invoices", {"DocumentNumber": "1"}, {"InvoiceRows": rows})
    assert [row["account_number"] for row in view(organization, "invoice_row")] == [
        "3001", "0027", "0027", None, None, None,
    ]  # fmt: skip


ROWS = {
    "invoice_row": ("invoices", "DocumentNumber", "InvoiceRows"),
    "order_row": ("orders", "DocumentNumber", "OrderRows"),
    "offer_row": ("offers", "DocumentNumber", "OfferRows"),
    "contract_row": ("contracts", "DocumentNumber", "InvoiceRows"),
    "supplierinvoice_row": ("supplierinvoices", "GivenNumber", "SupplierInvoiceRows"),
    "invoiceaccrual_row": ("invoiceaccruals", "InvoiceNumber", "InvoiceAccrualRows"),
    "supplierinvoiceaccrual_row": (
        "supplierinvoiceaccruals", "SupplierInvoiceNumber", "SupplierInvoiceAccrualRows",
    ),
    "contractaccrual_row": ("contractaccruals", "DocumentNumber", "AccrualRows"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_rows_come_in_their_order_and_removed_ones_are_marked(organization: int, name: str) -> None:
    resource, key, rows_key = ROWS[name]
    records = [
        {"CostCenter": "A"},
        {"CostCenter": "", "Removed": True},
        {"CostCenter": "C", "Removed": False},
    ]
    put(organization, resource, {key: "7"}, {rows_key: [*records, "no row"]}, key="7")
    put(organization, resource, {key: "8"}, {rows_key: []}, key="8")
    put(organization, resource, {key: "9"}, {rows_key: None}, key="9")
    put(organization, resource, {key: "10"}, {}, key="10")
    put(organization, resource, {key: "11"}, key="11")
    found = view(organization, name)
    assert [
        (row["document_key"], row["row_number"], row["cost_center_number"], row["is_removed"])
        for row in found
    ] == [("7", 1, "A", False), ("7", 2, None, True), ("7", 3, "C", False), ("7", 4, None, False)]


def test_rows_written_as_numbers_and_as_texts_are_the_same(organization: int) -> None:
    one = {"Price": 100.5, "VAT": 25, "DeliveredQuantity": "2.00", "HouseWork": False, "RowId": 1}
    other = {"Price": "100.5", "VAT": "25", "DeliveredQuantity": 2, "HouseWork": "false", "RowId": "1"}
    put(organization, "invoices", {"DocumentNumber": "1"}, {"InvoiceRows": [one, other]})
    first, second = view(organization, "invoice_row")
    assert first | {"row_number": 2} == second


def test_locked_period_without_a_date_locks_nothing(organization: int) -> None:
    put(organization, "lockedperiod", {"EndDate": ""}, key="")
    assert only(organization, "lockedperiod")["locked_until_date"] is None


def test_personal_numbers_stay_in_landing(organization: int) -> None:
    put(
        organization, "taxreductions", {"Id": 1, "SocialSecurityNumber": "19121212-1212", "CustomerName": "N"}
    )
    assert not {"19121212-1212", "N"} & set(map(str, only(organization, "taxreductions").values()))
