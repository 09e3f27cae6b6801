"""Receivables and payables: what was open on any day, what became of it, and whether the ledger agrees."""

from __future__ import annotations

import datetime
import itertools
import random
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from saldo.warehouse.build import BuildResult, build
from tests.support import Warehouse
from tests.warehouse.books import Year, company, day, land, voucher
from tests.warehouse.documents import Record, invoice, listed_voucher, payment, supplier_invoice

pytestmark = pytest.mark.database

_tenants = itertools.count(3000)
YEAR = Year(1, "2025-01-01", "2025-12-31", (voucher("2025-01-01", ("1930", "0")),))
CUSTOMERS = [{"CustomerNumber": number, "Name": f"Kund {number}"} for number in "12"]
SUPPLIERS = [{"SupplierNumber": number, "Name": f"Leverantör {number}"} for number in "12"]


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


def built(
    organization_id: int, documents: dict[str, list[Record]], year: Year = YEAR, as_of: str = "2026-01-15"
) -> BuildResult:
    registers = {"customers": CUSTOMERS, "suppliers": SUPPLIERS}
    land(organization_id, year, documents={**registers, **documents}, as_of=as_of)
    return build(organization_id)


def failing(result: BuildResult) -> dict[str, list[dict[str, Any]]]:
    return {check.name: [row["detail"] for row in check.sample] for check in result.checks if check.failing}


def movements(warehouse: Warehouse, organization_id: int, number: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select movement_kind, movement_date::text, amount, amount_currency from mart.fct_subledger_movement "
        "where organization_id = %s and invoice_number = %s order by side, movement_number",
        [organization_id, number],
    )


def open_at(warehouse: Warehouse, organization_id: int, number: str) -> dict[str, Decimal]:
    """The last day of each month on which it was open -> what was open."""
    return dict(
        warehouse.rows(
            "select to_char(as_of_date, 'YYYY-MM'), open_amount from mart.fct_open_item "
            "where organization_id = %s and invoice_number = %s and is_period_end order by 1",
            [organization_id, number],
        )
    )


def test_invoice_is_open_until_it_is_paid(module_warehouse: Warehouse, organization_id: int) -> None:
    result = built(organization_id, {
        "invoices": [invoice("7", "2025-02-10", "2025-03-12", "1000", paid_on="2025-05-05")],
        "invoicepayments": [
            payment("1", "7", "2025-03-31", "400"), payment("2", "7", "2025-05-05", "600"),
        ],
    })  # fmt: skip

    assert movements(module_warehouse, organization_id, "7") == [
        ("invoiced", "2025-02-10", 1000, 1000),
        ("paid", "2025-03-31", -400, -400),
        ("paid", "2025-05-05", -600, -600),
    ]
    assert open_at(module_warehouse, organization_id, "7") == {
        "2025-02": 1000,
        "2025-03": 600,
        "2025-04": 600,
    }
    assert "open_amount_unlike_fortnox" not in failing(result)


def test_month_that_has_ended_does_not_change_by_a_later_payment_or_day(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    unpaid = invoice("7", "2025-02-10", "2025-03-12", "1000", balance="1000")
    built(organization_id, {"invoices": [unpaid]}, as_of="2025-04-10")
    assert open_at(module_warehouse, organization_id, "7") == {"2025-02": 1000, "2025-03": 1000}

    built(organization_id, {
        "invoices": [unpaid | {"Balance": 0, "FinalPayDate": "2025-05-05"}],
        "invoicepayments": [payment("1", "7", "2025-05-05", "1000")],
    }, as_of="2025-12-15")  # fmt: skip

    assert open_at(module_warehouse, organization_id, "7") == {
        "2025-02": 1000, "2025-03": 1000, "2025-04": 1000,
    }  # fmt: skip


def test_today_s_open_items_are_those_of_the_day_itself(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    documents = {"invoices": [invoice("7", "2025-02-10", "2025-03-12", "1000", balance="1000")]}

    built(organization_id, documents, as_of="2025-03-20")
    assert module_warehouse.rows(
        "select as_of_date::text, days_overdue, is_period_end from mart.fct_open_item "
        "where organization_id = %s and is_today",
        [organization_id],
    ) == [("2025-03-20", 8, False)]

    built(organization_id, documents, as_of="2025-03-31")
    assert module_warehouse.rows(
        "select as_of_date::text, is_today, is_period_end from mart.fct_open_item "
        "where organization_id = %s order by 1",
        [organization_id],
    ) == [("2025-02-28", False, True), ("2025-03-31", True, True)]


@pytest.mark.parametrize("due", ["0001-01-01", "9999-12-31"])
def test_invoice_due_when_dates_begin_or_end_is_open_too(
    module_warehouse: Warehouse, organization_id: int, due: str
) -> None:
    built(organization_id, {"invoices": [invoice("7", "2025-12-10", due, "100", balance="100")]})
    assert open_at(module_warehouse, organization_id, "7") == {"2025-12": 100}


def test_invoice_in_a_currency_leaves_no_cents(module_warehouse: Warehouse, organization_id: int) -> None:
    result = built(organization_id, {
        "invoices": [
            invoice("7", "2025-02-10", "2025-03-12", "100.01", currency="EUR", rate="11.2345",
                    paid_on="2025-04-05"),
        ],
        "invoicepayments": [
            payment("1", "7", "2025-03-01", "380.00", rate="11.4", Currency="EUR"),
            payment("2", "7", "2025-04-05", "730.11", rate="10.9480", Currency="EUR"),
        ],
    })  # fmt: skip

    # 100.01 at 11.2345 = 1123.56; 380 / 11.4 = 33.33; 730.11 / 10.948 = 66.69, and a cent that is nothing
    assert movements(module_warehouse, organization_id, "7") == [
        ("invoiced", "2025-02-10", Decimal("1123.56"), Decimal("100.01")),
        ("paid", "2025-03-01", -380, Decimal("-33.33")),
        ("currency_difference", "2025-03-01", Decimal("5.56"), 0),
        ("paid", "2025-04-05", Decimal("-730.11"), Decimal("-66.69")),
        ("currency_difference", "2025-04-05", Decimal("-19.12"), 0),
        ("currency_difference", "2025-04-05", Decimal("0.11"), Decimal("0.01")),
    ]
    assert sum(row[2] for row in movements(module_warehouse, organization_id, "7")) == 0
    assert open_at(module_warehouse, organization_id, "7") == {
        "2025-02": Decimal("1123.56"), "2025-03": Decimal("749.12"),
    }  # fmt: skip
    assert "open_amount_unlike_fortnox" not in failing(result)


def test_rate_for_a_hundred_units(module_warehouse: Warehouse, organization_id: int) -> None:
    built(organization_id, {
        "invoices": [invoice("7", "2025-02-10", "2025-03-12", "10000", balance="10000", currency="JPY",
                             rate="6.85", unit=100)],
    })  # fmt: skip

    assert open_at(module_warehouse, organization_id, "7")["2025-03"] == 685


def test_credit_settles_what_is_left_of_its_invoice(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    result = built(organization_id, {
        "invoices": [
            invoice("7", "2025-02-10", "2025-03-12", "1000", paid_on="2025-04-20", credited="8"),
            invoice("8", "2025-04-20", "2025-04-20", "-600", credited="7", paid_on="2025-04-20"),
            invoice("9", "2025-04-25", "2025-04-25", "-300", credited="7", balance="-300"),
        ],
        "invoicepayments": [payment("1", "7", "2025-03-01", "400")],
    })  # fmt: skip

    assert movements(module_warehouse, organization_id, "7")[1:] == [
        ("paid", "2025-03-01", -400, -400),
        ("matched", "2025-04-20", -600, -600),
    ]
    assert movements(module_warehouse, organization_id, "8") == [
        ("credited", "2025-04-20", -600, -600),
        ("matched", "2025-04-20", 600, 600),
    ]
    # the invoice was settled: what was credited beyond it stays open
    assert movements(module_warehouse, organization_id, "9") == [("credited", "2025-04-25", -300, -300)]
    assert open_at(module_warehouse, organization_id, "7") == {"2025-02": 1000, "2025-03": 600}
    assert "open_amount_unlike_fortnox" not in failing(result)


def test_part_of_a_credit_is_matched_and_the_rest_stays(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    result = built(organization_id, {
        "supplierinvoices": [
            supplier_invoice("7", "2025-02-10", "2025-03-12", "1000", paid_on="2025-04-20"),
            supplier_invoice("8", "2025-04-20", "2025-04-20", "700", credited="7", balance="100"),
        ],
        "supplierinvoicepayments": [payment("1", "7", "2025-03-01", "400")],
    })  # fmt: skip

    assert movements(module_warehouse, organization_id, "8") == [
        ("credited", "2025-04-20", -700, -700),
        ("matched", "2025-04-20", 600, 600),
    ]
    assert open_at(module_warehouse, organization_id, "8")["2025-05"] == -100
    assert "open_amount_unlike_fortnox" not in failing(result)


def test_what_is_settled_without_payment(module_warehouse: Warehouse, organization_id: int) -> None:
    built(organization_id, {
        "invoices": [
            invoice("1", "2025-02-10", "2025-03-12", "1000", paid_on="2025-03-05"),
            invoice("2", "2025-02-10", "2025-03-12", "500", paid_on="2025-06-30"),
            invoice("3", "2025-02-10", "2025-03-12", "500"),
        ],
        "invoicepayments": [payment("1", "1", "2025-03-05", "999", write_off=True)],
    })  # fmt: skip

    assert movements(module_warehouse, organization_id, "1")[1:] == [
        ("paid", "2025-03-05", -999, -999),
        ("written_off", "2025-03-05", -1, -1),
    ]
    assert movements(module_warehouse, organization_id, "2")[1:] == [("settled", "2025-06-30", -500, -500)]
    assert movements(module_warehouse, organization_id, "3")[1:] == [("settled", "2025-02-10", -500, -500)]


def test_overpaid_invoice_is_in_credit_and_what_fortnox_says_otherwise_is_listed(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    result = built(organization_id, {
        "invoices": [
            invoice("1", "2025-02-10", "2025-03-12", "1000", balance="-50"),
            invoice("2", "2025-02-10", "2025-03-12", "1000", balance="300"),
        ],
        "invoicepayments": [payment("1", "1", "2025-03-05", "1050"), payment("2", "2", "2025-03-05", "600")],
    })  # fmt: skip

    assert module_warehouse.rows(
        "select invoice_number, open_amount, name_sv from mart.fct_open_item "
        "join mart.dim_ageing_bucket using (ageing_bucket_key) "
        "where organization_id = %s and is_today order by 1",
        [organization_id],
    ) == [("1", -50, "Kreditsaldo"), ("2", 400, "Över 120 dagar")]
    assert failing(result)["open_amount_unlike_fortnox"] == [
        {"side": "receivable", "invoice": "2", "currency": "SEK", "fortnox": "300.0", "computed": "400.00"}
    ]


def test_what_is_no_claim_is_not_in_the_sub_ledger(module_warehouse: Warehouse, organization_id: int) -> None:
    built(organization_id, {
        "invoices": [
            invoice("1", "2025-02-10", "2025-03-12", "1000", balance="1000", Booked=False),
            invoice("2", "2025-02-10", "2025-03-12", "1000", balance="1000", Cancelled=True),
            invoice("3", "2025-02-10", "2025-02-10", "1000", InvoiceType="CASHINVOICE"),
        ],
        "supplierinvoices": [
            supplier_invoice("4", "2025-02-10", "2025-03-12", "1000", Booked=False),
            supplier_invoice("5", "2025-02-10", "2025-03-12", "1000", Cancel=True),
        ],
        "invoicepayments": [
            payment("1", "3", "2025-02-10", "1000"), payment("2", "none", "2025-02-10", "1"),
        ],
    })  # fmt: skip

    assert module_warehouse.rows(
        "select count(*) from mart.fct_subledger_movement where organization_id = %s", [organization_id]
    ) == [(0,)]


def test_payment_not_booked_yet_settles_nothing(module_warehouse: Warehouse, organization_id: int) -> None:
    built(organization_id, {
        "invoices": [invoice("1", "2025-02-10", "2025-03-12", "1000", balance="1000")],
        "invoicepayments": [payment("1", "1", "2025-03-05", "1000", Booked=False)],
    })  # fmt: skip

    assert movements(module_warehouse, organization_id, "1") == [("invoiced", "2025-02-10", 1000, 1000)]


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-40, 1),
        (0, 1),
        (1, 2),
        (30, 2),
        (31, 3),
        (60, 3),
        (61, 4),
        (90, 4),
        (91, 5),
        (120, 5),
        (121, 6),
        (900, 6),
    ],
)
def test_buckets_by_days_overdue(
    days: int, bucket: int, module_warehouse: Warehouse, organization_id: int
) -> None:
    due = day("2025-06-30") - datetime.timedelta(days=days)
    made = min(due, day("2025-06-01"))
    built(organization_id, {
        "supplierinvoices": [supplier_invoice("1", str(made), str(due), "10", balance="10", supplier="2")],
    }, as_of="2025-06-30")  # fmt: skip

    assert module_warehouse.rows(
        "select ageing_bucket_key, days_overdue, supplier_number from mart.fct_open_item "
        "join mart.dim_supplier using (organization_id, supplier_key) "
        "where organization_id = %s and is_today",
        [organization_id],
    ) == [(bucket, days, "2")]
    assert module_warehouse.rows(
        "select side, ageing_bucket_key, invoice_count, open_amount from mart.ageing "
        "where organization_id = %s and is_today",
        [organization_id],
    ) == [("payable", bucket, 1, 10)]


def test_roll_forward_names_what_came_and_went(module_warehouse: Warehouse, organization_id: int) -> None:
    built(organization_id, {
        "invoices": [
            invoice("1", "2024-12-10", "2025-01-09", "1000", paid_on="2025-01-20"),
            invoice("2", "2025-01-15", "2025-02-14", "300", balance="300"),
            invoice("3", "2025-01-16", "2025-02-14", "200", paid_on="2025-01-31", credited="4"),
            invoice("4", "2025-01-31", "2025-01-31", "-200", paid_on="2025-01-31", credited="3"),
            invoice("5", "2025-01-16", "2025-02-14", "70", paid_on="2025-01-17"),
        ],
        "invoicepayments": [payment("1", "1", "2025-01-20", "998", write_off=True)],
    })  # fmt: skip

    columns = (
        "opening_amount", "invoiced_amount", "credited_amount", "paid_amount", "written_off_amount",
        "settled_amount", "currency_difference_amount", "closing_amount",
    )  # fmt: skip
    (january, february) = module_warehouse.rows(
        f"select {', '.join(columns)} from mart.subledger_roll_forward "
        "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
        "where organization_id = %s and side = 'receivable' and period_number < 3 order by period_number",
        [organization_id],
    )
    assert january == (1000, 570, -200, -998, -2, -70, 0, 300)
    assert february == (300, 0, 0, 0, 0, 0, 0, 300)


def test_days_late_are_weighted_by_amount(module_warehouse: Warehouse, organization_id: int) -> None:
    built(organization_id, {
        "invoices": [
            invoice("1", "2025-02-01", "2025-03-03", "900", paid_on="2025-04-02"),
            invoice("2", "2025-03-01", "2025-03-31", "100", paid_on="2025-04-01"),
            invoice("3", "2025-03-01", "2025-03-31", "100", customer="2", paid_on="2025-04-01"),
        ],
        "invoicepayments": [
            payment("1", "1", "2025-04-02", "900"), payment("2", "2", "2025-03-21", "100"),
            payment("3", "2", "2025-04-01", "-10"), payment("4", "3", "2025-04-10", "100"),
        ],
    })  # fmt: skip

    assert module_warehouse.rows(
        "select customer_number, label_sv, payment_count, late_payment_count, paid_amount, late_paid_amount, "
        "days_late_product, days_to_pay_product from ("
        "select behaviour.*, customer_number, period.label_sv from mart.payment_behaviour behaviour "
        "join mart.dim_customer using (organization_id, customer_key) "
        "join mart.dim_fiscal_period period using (organization_id, fiscal_period_key)) found "
        "where organization_id = %s order by 1, date_key",
        [organization_id],
    ) == [
        ("1", "mar 2025", 1, 0, 100, 0, -1000, 2000),
        ("1", "apr 2025", 1, 1, 900, 900, 900 * 30, 900 * 60),
        ("2", "apr 2025", 1, 1, 100, 100, 1000, 4000),
    ]


CLAIM = (("1510", "1000"), ("3041", "-1000"))
PAID = (("1930", "1000"), ("1510", "-1000"))
LISTED = [
    listed_voucher(1, "B", "1", "INVOICE", "1"),
    listed_voucher(1, "B", "2", "INVOICE", "2"),
    listed_voucher(1, "C", "1", "INVOICEPAYMENT", "1"),
    listed_voucher(1, "A", "1"),
]
ONE_PAID_ONE_OPEN = {
    "invoices": [
        invoice("1", "2025-02-10", "2025-03-12", "1000", paid_on="2025-03-10"),
        invoice("2", "2025-02-10", "2025-03-12", "1000", balance="1000"),
    ],
    "invoicepayments": [payment("1", "1", "2025-03-10", "1000")],
    "vouchers": LISTED,
}


def booked(*extra: Any, first: tuple[Any, ...] = CLAIM) -> Year:
    return Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-02-10", *first, series="B"), voucher("2025-02-10", *CLAIM, series="B"),
        voucher("2025-03-10", *PAID, series="C"), *extra,
    ))  # fmt: skip


def reconciled(warehouse: Warehouse, organization_id: int, month: str) -> dict[str, Decimal]:
    """The reconciliation's amounts of a month that are not zero."""
    names = (
        "subledger_amount", "ledger_amount", "difference_amount", "opening_difference_amount",
        "manual_voucher_amount", "amount_changed_amount", "voucher_without_document_amount",
        "document_without_voucher_amount", "voucher_list_missing_amount",
    )  # fmt: skip
    (row,) = warehouse.rows(
        f"select {', '.join(names)} from mart.subledger_reconciliation "
        "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
        "where organization_id = %s and side = 'receivable' and label_sv = %s",
        [organization_id, month],
    )
    return {name.removesuffix("_amount"): amount for name, amount in zip(names, row, strict=True) if amount}


def test_sub_ledger_that_is_its_control_accounts(module_warehouse: Warehouse, organization_id: int) -> None:
    other = voucher("2025-04-01", ("1519", "-500"), ("6350", "500"))
    result = built(organization_id, ONE_PAID_ONE_OPEN, booked(other))

    assert reconciled(module_warehouse, organization_id, "dec 2025") == {
        "subledger": 1000, "ledger": 1000,
    }  # fmt: skip
    assert failing(result).keys() == set()


DIFFERENCES: dict[str, tuple[Year, dict[str, Any], str, dict[str, int]]] = {
    "a voucher by hand on 1510": (
        booked(voucher("2025-03-20", ("1510", "-70"), ("3740", "70"))), {},
        "mar 2025", {"ledger": 930, "difference": 70, "manual_voucher": 70},
    ),
    "a row of an invoice's voucher edited": (
        booked(first=(("1510", "1100"), ("3041", "-1100"))), {},
        "feb 2025", {"subledger": 2000, "ledger": 2100, "difference": -100, "amount_changed": -100},
    ),
    "an invoice deleted whose voucher stays": (
        booked(), {"invoices": ONE_PAID_ONE_OPEN["invoices"][:1]},
        "feb 2025", {"difference": -1000, "ledger": 2000, "voucher_without_document": -1000},
    ),
    "an invoice whose voucher was deleted": (
        Year(1, "2025-01-01", "2025-12-31", (
            voucher("2025-02-10", *CLAIM, series="B"), voucher("2025-03-10", *PAID, series="C"),
        )), {},
        "feb 2025", {"subledger": 2000, "ledger": 1000, "difference": 1000, "document_without_voucher": 1000},
    ),
    "an invoice of another month than its voucher": (
        booked(), {"invoices": [
            ONE_PAID_ONE_OPEN["invoices"][0],
            invoice("2", "2025-03-02", "2025-04-02", "1000", balance="1000"),
        ]},
        "feb 2025", {"ledger": 2000, "difference": -1000, "voucher_without_document": -1000},
    ),
    "the voucher list is not here yet": (
        booked(voucher("2025-03-20", ("1510", "-70"), ("3740", "70"))), {"vouchers": []},
        "mar 2025", {"ledger": 930, "difference": 70, "voucher_list_missing": 70},
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", DIFFERENCES)
def test_difference_to_the_ledger_has_its_cause(
    cause: str, module_warehouse: Warehouse, organization_id: int
) -> None:
    year, documents, month, expected = DIFFERENCES[cause]

    result = built(organization_id, {**ONE_PAID_ONE_OPEN, **documents}, year)

    assert reconciled(module_warehouse, organization_id, month) == {"subledger": 1000, **expected}
    assert failing(result)["subledger_unlike_ledger"][0]["difference"] == f"{expected['difference']}.00"


def test_difference_stays_a_difference_and_is_no_later_month_s_cause(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    manual = voucher("2025-03-20", ("1510", "-70"), ("3740", "70"))
    result = built(organization_id, ONE_PAID_ONE_OPEN, booked(manual))

    assert reconciled(module_warehouse, organization_id, "jun 2025") == {
        "subledger": 1000, "ledger": 930, "difference": 70, "opening_difference": 70,
    }  # fmt: skip
    # where it came, and the month that ended last
    assert [row["period"] for row in failing(result)["subledger_unlike_ledger"]] == ["dec 2025", "mar 2025"]
    assert module_warehouse.rows(
        "select cause, voucher, difference_amount from mart.subledger_difference where organization_id = %s",
        [organization_id],
    ) == [("manual_voucher", "A 1", 70)]


def test_cash_method_is_not_held_against_its_ledger(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    years = [{"Id": 1, "FromDate": "2025-01-01", "ToDate": "2025-12-31", "AccountingMethod": "CASH"}]
    result = built(organization_id, {**ONE_PAID_ONE_OPEN, "financialyears": years})

    assert "subledger_unlike_ledger" not in failing(result)
    assert reconciled(module_warehouse, organization_id, "dec 2025")["difference"] == 1000


def test_open_amounts_of_many_documents_are_a_simple_replay_s(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    """The oracle goes through the days, invoice by invoice, and keeps what is left in the currency."""
    chance = random.Random(7)
    invoices, payments = [], []
    told: dict[str, tuple[Decimal, list[tuple[datetime.date, Decimal]]]] = {}
    for number in map(str, range(1, 121)):
        made = day("2024-06-01") + datetime.timedelta(days=chance.randint(0, 500))
        due = made + datetime.timedelta(days=30)
        currency, rate = chance.choice(
            (("SEK", Decimal(1)), ("SEK", Decimal(1)), ("EUR", Decimal("11.1234")))
        )
        total = Decimal(chance.randint(100, 900_000)) / 100
        left, events, paid = total, [(made, total)], made
        for _ in range(chance.randint(0, 3)):
            paid += datetime.timedelta(days=chance.randint(0, 60))
            part = min(left, Decimal(chance.randint(1, int(total * 100))) / 100)
            if part <= 0:
                break
            payment_rate = rate if currency == "SEK" else rate + Decimal(chance.randint(-900, 900)) / 1000
            sek = (part * payment_rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
            payments.append(
                payment(str(len(payments) + 1), number, str(paid), str(sek), rate=str(payment_rate))
            )
            events.append((paid, -part))
            left -= part
        invoices.append(invoice(
            number, str(made), str(due), str(total), balance=str(left), currency=currency, rate=str(rate),
            paid_on="" if left else str(paid),
        ))  # fmt: skip
        told[number] = (rate, events)

    result = built(organization_id, {"invoices": invoices, "invoicepayments": payments}, as_of="2025-12-31")

    ends = [datetime.date(2025, month % 12 + 1, 1) - datetime.timedelta(days=1) for month in range(1, 12)]
    ends.append(datetime.date(2025, 12, 31))
    expected = {}
    for number, (rate, events) in told.items():
        for end in ends:
            left = sum((amount for date, amount in events if date <= end), Decimal())
            sek = (left * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
            if left:
                expected[number, end] = (left, sek)
    found = module_warehouse.rows(
        "select invoice_number, as_of_date, open_amount_currency, open_amount from mart.fct_open_item "
        "where organization_id = %s",
        [organization_id],
    )
    assert {row[:2]: row[2:] for row in found} == expected
    assert "open_amount_unlike_fortnox" not in failing(result)
    received = module_warehouse.rows(
        "select sum(amount) from mart.fct_subledger_movement where organization_id = %s "
        "and movement_kind = 'paid'",
        [organization_id],
    )
    assert received == [(-sum(Decimal(str(each["Amount"])) for each in payments),)]
