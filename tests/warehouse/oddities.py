# ruff: noqa: E501 (a record is a line)
"""What the views must bear and no golden company has: landed for organizations that are never built."""

from __future__ import annotations

from typing import Any

import psycopg

from saldo.database import Role, connect, run
from saldo.warehouse.arrangement import set_policy
from tests.warehouse.books import DETAIL, Year, company, land, voucher
from tests.warehouse.documents import Record, invoice, payment, supplier_invoice
from tests.warehouse.records import FILES, GOOD, filled, put, resource_of

JUNK = dict.fromkeys(GOOD, "API_NORIGHT")
RATES = [(None, None), (2, None), (2, 0), (20, 10), (0, 1), (-1, 1), (0.0001, 1), (0.00005, 1), (0.00015, None), (10000, 1), (10001, 1), (1, 2)]  # fmt: skip


def land_oddities(superuser: psycopg.Connection[Any], first: int) -> dict[str, int]:
    """Lands them for organizations of the tenants from `first` on; their organization_id by name."""
    _every_kind_of_record(company(first, "Poster AB"))
    _odd_records(company(first + 1, "Udda AB"))
    _rolled(company(first + 2, "Rullande AB"))
    _rolled_without_opening(company(first + 3, "Utan ingående AB"))
    _odd_rows(superuser, company(first + 4, "Rader AB"))
    for tenant in range(first, first + 5):
        with connect(Role.TRANSFORMER, company(tenant)) as connection:
            run(connection, "control/key_map_assign")
    superuser.execute(
        "update control.key_map set is_member = false where organization_id = %s and natural_key = '1933'",
        [company(first + 4)],
    )
    return {f"oddities_{number}": company(first + number) for number in range(5)}


def _every_kind_of_record(organization: int) -> None:
    for number, name in enumerate(FILES):
        resource = resource_of(name)
        listed, detail = filled(name, GOOD)
        put(organization, resource, listed, detail, key=f"{number}/whole")
        put(organization, resource, *filled(name, JUNK), key=f"{number}/unreadable")
        put(organization, resource, listed, key=f"{number}/listed only")
        put(organization, resource, *filled(name, dict.fromkeys(GOOD, "")), key=f"{number}/unset")
        put(organization, resource, dict.fromkeys(listed, ""), detail, key=f"{number}/numberless")
        put(organization, resource, listed, detail, key=f"{number}/gone", is_deleted=True)
        put(organization, resource, "text", detail, key=f"{number}/no record")
        put(organization, "something else", listed, detail, key=f"{number}/of something else")


def _odd_records(organization: int) -> None:
    def records(made: list[Record]) -> list[Record]:
        return [
            record | {"DocumentNumber": str(at), "GivenNumber": str(at), "Number": str(at)}
            for at, record in enumerate(made, 1)
        ]

    rates = [{"CurrencyRate": rate, "CurrencyUnit": unit} for rate, unit in RATES]
    invoices = [
        *(invoice("1", "2025-01-10", "2025-02-09", "1000", balance="10") | rate for rate in rates),
        *(
            invoice("1", "2025-01-10", "2025-02-09", amount, balance=amount)
            | {DETAIL: {"CreditInvoiceReference": "7"}}
            for amount in ("-10", "0", "0.5", "1")
        ),
        invoice("1", "2025-01-10", "", "10", balance="10"),
        invoice("1", "", "2025-02-09", "10", balance="10"),
        *(
            invoice("1", "2025-01-10", "2025-02-09", "10") | {"InvoiceType": kind}
            for kind in (None, "", "CASHINVOICE")
        ),
        *(invoice("1", "2025-01-10", "2025-02-09", "10") | {"Cancelled": told} for told in (None, "", True)),
        *(invoice("1", "2025-01-10", "2025-02-09", "10") | {"Booked": told} for told in (None, "", False)),
        invoice("1", "2025-01-10", "2025-02-09", "10") | {"Total": None},
        invoice("1", "2025-01-10", "2025-02-09", "10") | {"CustomerNumber": None, "Currency": None},
    ]
    bought = [
        *(supplier_invoice("1", "2025-01-10", "2025-02-09", "1000", balance="10") | rate for rate in rates),
        *(
            supplier_invoice("1", "2025-01-10", "2025-02-09", amount, balance=amount)
            | {"Credit": credit, DETAIL: {"CreditReference": 7}}
            for amount in ("-10", "0", "10")
            for credit in (True, False, None)
        ),
        supplier_invoice("1", "2025-01-10", "", "10", balance="10"),
        supplier_invoice("1", "", "2025-02-09", "10", balance="10"),
        *(
            supplier_invoice("1", "2025-01-10", "2025-02-09", "10") | {"Cancel": one, "Cancelled": other}
            for one in (None, "", True, "x")
            for other in (None, "", True, "x")
        ),
        *(
            supplier_invoice("1", "2025-01-10", "2025-02-09", "10") | {"Booked": told}
            for told in (None, "", False)
        ),
        supplier_invoice("1", "2025-01-10", "2025-02-09", "10") | {"Total": None},
        supplier_invoice("1", "2025-01-10", "2025-02-09", "10") | {"SupplierNumber": None, "Currency": None},
    ]
    payments = [
        *(payment("1", "1", "2025-02-09", "1000") | rate for rate in rates),
        *(payment("1", "1", "2025-02-09", "10") | {"Booked": told} for told in (None, "", False, True)),
        payment("1", "1", "", "10"),
        payment("1", "1", "2025-02-09", "10") | {"Amount": None},
        *(
            payment("1", "1", "2025-02-09", "10") | {"WriteOffExist": told}
            for told in (None, "", False, True)
        ),
    ]
    land(organization, documents={
        "invoices": records(invoices), "invoicepayments": records(payments),
        "supplierinvoices": records(bought), "supplierinvoicepayments": records(payments),
        "financialyears": [{"Id": "x", "FromDate": "2025-01-01", "ToDate": "2025-12-31"}],
        "contracts": [{"DocumentNumber": str(at)} | told for at, told in enumerate(
            ({"Invoiceinterval": 3}, {"InvoiceInterval": 4}, {"Invoiceinterval": 5, "InvoiceInterval": 6}, {"InvoiceInterval": "x"})
        )],
    })  # fmt: skip


def _rolled(organization: int) -> None:
    rows = (
        voucher("2020-02-01", ("1930", "100"), ("1930", "50"), ("3001", "-150")),
        voucher("2020-03-01", ("0100", "7"), ("9100", "-4"), ("2440", "-3")),
    )
    limits = [
        (1, "2020-01-01", "2020-12-31"), (2, "2021-01-01", "2021-12-31"), (3, "2022-01-01", "2022-12-31"),
        (4, "2024-01-01", "2024-12-31"), (5, "2025-01-01", "2025-12-31"),
        (8, "2030-01-01", "2030-06-30"), (9, "2030-01-01", "2030-12-31"), (10, "2031-01-01", "2031-12-31"),
        (11, "2040-01-01", "2040-12-31"), (12, "2041-01-01", "2041-12-31"),
    ]  # fmt: skip
    land(
        organization,
        *(
            Year(number, start, end, rows if number < 11 else (), opening={"1930": str(number), "2091": "-5", "0200": "2"} if number < 11 else {})
            for number, start, end in limits
        ),
        documents={"financialyears": [{"Id": 20, "FromDate": "2019-01-01", "ToDate": "2019-12-31"}]},
    )  # fmt: skip
    set_policy(organization, opening_policy="rolled")


def _rolled_without_opening(organization: int) -> None:
    rows = (voucher("2020-02-01", ("1930", "100"), ("3001", "-100")),)
    land(organization, Year(1, "2020-01-01", "2020-12-31", rows), Year(2, "2021-01-01", "2021-12-31", rows))
    set_policy(organization, opening_policy="rolled")


def _odd_rows(superuser: psycopg.Connection[Any], organization: int) -> None:
    """Earlier versions, balances of other years, parts of budgets, objects of other dimensions, no years."""

    def put_rows(statement: str, *rows: tuple[Any, ...]) -> None:
        for row in rows:
            superuser.execute(statement, [organization, *row])

    put_rows(
        "insert into landing.ledger_balance values (%s, %s, %s, %s, %s, %s, %s, %s, null)",
        *((77, kind, year, "", account, "", amount) for kind in ("IB", "UB", "RES") for year, account, amount in ((0, "1930", 5), (-1, "1931", 6), (0, "1932", 0), (0, "1933", 1), (0, "1934", 1), (0, "1935", 1))),
        *((77, "PBUDGET", year, "202501", account, objects, amount) for year, account, objects, amount in (
            (0, "5010", "", 100), (0, "5010", "1 10", 60), (0, "5010", "1 20", 30),
            (0, "5020", "1 10", 70), (0, "5020", "1 20", 40), (-1, "5030", "", 9),
        )),
        (77, "UB", 0, "", "2440", "", 5),
        (77, "RES", 0, "", "3010", "", 5),
        *((77, kind, year, "", "1980", "", "1.004") for kind in ("IB", "OIB") for year in (0, -1)),
        (77, "OIB", 0, "", "1940", "1 10", 8),
    )  # fmt: skip
    put_rows(
        "insert into landing.ledger_object values (%s, 77, %s, %s, 'namn')",
        *((dimension, f"{dimension}0") for dimension in ("1", "6", "7")),
    )
    for valid_to in ("2025-01-01", "infinity"):
        put_rows(
            "insert into landing.voucher values (%s, 77, 'A', '1', 1, '2025-01-01', 'text', null, '', '\\x00', '2024-01-01', %s)",
            (valid_to,),
        )
        put_rows(
            "insert into landing.voucher_row values (%s, 77, 'A', '1', 1, 1, '1950', 1, '', '', '', null, '', null, '', false, false, '2024-01-01', %s)",
            (valid_to,),
        )
        put_rows(
            "insert into landing.voucher_row values (%s, 77, 'A', '1', 1, %s, %s, %s, '', '', '', null, '', null, '', %s, false, '2024-01-01', %s)",
            (2, "1960", "1.004" if valid_to == "infinity" else "1.005", False, valid_to),
            (3, "1970", "1", True, valid_to),
        )
    put_rows(
        "insert into control.arrangement values (%s, %s, %s, %s)",
        (1930, 1930, "trade_receivables"),
        (1934, 1934, "trade_payables"),
        (2440, 2440, "net_sales"),
        (2000, 2001, "owner_equity"),
        (3000, 3001, "net_sales"),
        (1932, 1932, "net_sales"),
        (1935, 1935, "total_assets"),
    )
    put_rows(
        "insert into landing.document (organization_id, resource, document_key, list_record, detail_record, changed_at, deleted_at) values (%s, %s, %s, null, %s, now(), %s)",
        ("accounts", "1", '{"Number": 1930}', None), ("customers", "1", '{}', None), ("invoices", "1", '{"DocumentNumber": "1"}', None), ("invoices", "2", '{"DocumentNumber": "2"}', "2025-01-01"),
    )  # fmt: skip
    put_rows(
        "insert into control.check_result values (%s, %s, %s, %s, '[]', 1, now())",
        ("of_one_s_own", "stop", 3),
        ("balance_sheet_balances", "stop", 1),
        ("voucher_empty", "warn", 0),
        ("file_faulty", "warn", 2),
    )
