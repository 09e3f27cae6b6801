# ruff: noqa: E501 (a voucher or a record is a line)
"""Cases that the first golden companies lack: limits of ranges, ties, gaps, steps of one invoice, odd years."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.warehouse.books import DETAIL, Row, Voucher, Year, voucher
from tests.warehouse.documents import (
    Record,
    article,
    bought,
    contract,
    invoice,
    listed_voucher,
    payment,
    sold,
    supplier_invoice,
    with_rows,
)


def row(account: str, amount: str, cost_center: str = "", project: str = "", **fields: bool) -> Row:
    return Row(account, Decimal(amount), cost_center, project, **fields)


SMALL = (
    ("1930", "1250"), ("3001", "-1000"), ("2611", "-250"),
)  # fmt: skip


def small(start: str, end: str, *days: str, year_id: int = 1, **fields: object) -> Year:
    made = tuple(voucher(day, *SMALL) for day in days)
    return replace(Year(year_id, start, end, made), **fields)  # type: ignore[arg-type]


# Years that are listed and have no ledger, two of the same days among them, and documents in all of them.
LISTED_YEARS: dict[str, list[Record]] = {
    "financialyears": [
        {"Id": 1, "FromDate": "2022-01-01", "ToDate": "2022-12-31"},
        {"Id": 2, "FromDate": "2023-01-01", "ToDate": "2023-12-31"},
        {"Id": 3, "FromDate": "2024-01-01", "ToDate": "2024-12-31"},
        {"Id": 4, "FromDate": "2025-01-01", "ToDate": "2025-12-31"},
        {"Id": 5, "FromDate": "2025-01-01", "ToDate": "2025-12-31"},
        {"Id": 6, "FromDate": "2026-01-01", "ToDate": "2026-02-01", "AccountingMethod": "ACCRUAL"},
        {"Id": 7, "FromDate": "2026-01-01", "ToDate": "2026-02-01", "AccountingMethod": "CASH"},
    ],
    "customers": [{"CustomerNumber": "1", "Name": "Ett"}],
    "projects": [{"ProjectNumber": "4/2025-01", "Description": "Heter som en period", "Status": "NOTSTARTED"}],
    "invoices": [
        invoice("1", "2022-03-01", "2022-03-31", "10", paid_on="2022-04-02"),
        invoice("2", "2023-03-01", "2023-03-31", "20", paid_on="2023-04-02"),
        invoice("3", "2024-03-01", "2024-03-31", "40", paid_on="2024-04-02"),
        invoice("4", "2025-03-01", "2025-03-31", "80", paid_on="2025-04-02"),
        invoice("5", "2022-03-01", "2022-03-31", "160", balance="160"),
    ],
    "invoicepayments": [
        payment("1", "1", "2022-04-02", "10"), payment("2", "2", "2023-04-02", "20"),
        payment("3", "3", "2024-04-02", "40"), payment("4", "4", "2025-04-02", "80"),
    ],
    "vouchers": [
        listed_voucher(1, "A", "1"), listed_voucher(2, "A", "1"), listed_voucher(4, "A", "1"),
    ],
}  # fmt: skip

# Every range of accounts that a mart asks for begins and ends with an account that is used, and the accounts
# beside it are used too; a day's rows are also of today, of tomorrow and of the year before.
_RANGE_ENDS = (
    "1000", "1509", "1510", "1511", "1517", "1518", "1650", "1899", "1900", "1910", "1999", "2000", "2311", "2360",
    "2409", "2410", "2419", "2420", "2439", "2440", "2441", "2447", "2448", "2449", "2450", "2500", "2599", "2600",
    "2611", "2699", "2700", "2709", "2710", "2719", "2720", "2739", "2740", "2999", "3000", "3799", "3800",
    "6999", "7000", "7399", "7400", "8499", "8500", "8989", "8990", "8999",
)  # fmt: skip


def _everywhere(day: str, step: int, **fields: str) -> Voucher:
    """A voucher with another amount on each of the accounts, and the rest on 1930."""
    amounts = [(account, Decimal(step * (place * place + 1))) for place, account in enumerate(_RANGE_ENDS)]
    rows = [Row(account, amount if account < "2600" else -amount) for account, amount in amounts]
    return voucher(day, *rows, Row("1930", -sum((row.amount for row in rows), Decimal())), **fields)


ACCOUNT_RANGES = (
    Year(1, "2024-01-01", "2024-12-31", (
        voucher("2024-05-01", ("2611", "-25"), ("2641", "25"), series="M"),
        voucher("2024-05-01", ("2612", "-15"), ("3001", "-60"), ("1930", "75"), series="M"),
        voucher("2024-06-01", ("9010", "5"), ("1930", "-5")),
        voucher("2024-07-01", ("3001", "-7"), ("1930", "7")),
    ), opening={"1930": "100", "2081": "-100"}, stated={("UB", "9010"): "5"},
       accounts={"1930": "Gammal bank", "3001": "Gammal", "2611": "Moms", "1": "Ett", "5999": "Filen"},
       kinds={"3001": "I", "2611": "S"},
       objects={
           ("cost_center", "1"): "Gammalt ställe", ("project", "1"): "Gammalt projekt",
           ("cost_center", "6"): "Gammalt ställe 6", ("project", "6"): "Gammalt projekt 6",
       }),
    Year(2, "2025-01-01", "2025-12-31", (
        _everywhere("2025-01-31", 1), _everywhere("2025-03-10", -1), _everywhere("2025-04-10", 2),
        _everywhere("2025-05-10", 3), _everywhere("2025-06-30", 5), _everywhere("2025-07-01", -3),
        voucher("2025-06-10", ("2650", "-10"), ("2659", "-5"), ("2611", "15"), series="M"),
        voucher("2025-06-10", ("2611", "-4"), ("2641", "4"), series="M"),
        voucher("2025-06-10", ("2660", "-7"), ("2640", "7"), series="M"),
        voucher("2025-06-11", ("2650", "3"), ("1650", "-3"), series="M"),
        voucher("2025-06-11", ("2600", "-2"), ("2650", "2"), series="M"),
        voucher("2025-06-12", ("2700", "-1"), ("2650", "1"), series="M"),
        voucher("2025-06-12", ("1660", "9"), ("1665", "4"), ("1930", "-13")),
        voucher("2025-06-12", ("2699", "-1"), ("2650", "1"), series="M"),
        voucher("2025-06-13", ("2660", "-6"), ("2650", "6"), series="M"),
        voucher("2025-06-13", ("3001", "-1"), ("2650", "1"), series="M"),
        voucher("2025-06-13", ("0027", "-9"), ("2650", "9"), series="M"),
        voucher("2025-06-14", ("2611", "-8"), ("2650", "8"), row("1930", "8", is_struck=True), series="M"),
        voucher("2025-06-14", ("2611", "-16"), ("2612", "-4"), ("1930", "20"), series="M", number="1", ordinal=2),
        voucher("2025-06-14", ("4075", "30"), ("3050", "-30"), row("3001", "9", "S", is_struck=True)),
        voucher("2025-06-14", ("3001", "-1"), row("5010", "1", "1", "1")),
    ), opening={
        "1510": "10", "1511": "20", "1900": "7", "1910": "30", "1999": "40", "2000": "-50", "2311": "-5", "2360": "-6",
        "2440": "-11", "2441": "-12", "2599": "-21", "2600": "-22", "2611": "-31", "2699": "-23", "2700": "-24",
        "1899": "8", "1930": "90",
    }, accounts={"1930": "Ny bank", "3001": "", "2611": "Utgående moms", "5010": "Lokalhyra"},
       kinds={"3001": "K"},
       objects={
           ("cost_center", "1"): "Nytt ställe", ("project", "1"): "Nytt projekt", ("cost_center", "3"): "Ställe 3",
           ("project", "3"): "Projekt 3", ("cost_center", "4"): "Ställe 4", ("project", "4"): "Projekt 4",
       }),
    Year(3, "2026-01-01", "2026-12-31", (
        voucher("2026-05-01", ("3001", "-60"), ("1930", "60")),
    ), opening={"1930": "1"}, accounts={"5010": "", "3001": ""},
       objects={
           ("cost_center", "1"): "", ("project", "1"): "", ("project", "3"): "Nytt projekt 3",
           ("cost_center", "4"): "Nytt ställe 4",
       }),
    Year(4, "2027-01-01", "2027-12-31", (voucher("2027-05-01", ("5010", "1"), ("1930", "-1")),),
         opening={"1930": "1"}, states_balances=False,
         objects={("cost_center", "6"): "Nytt ställe 6", ("project", "6"): "Nytt projekt 6"}),
    # a year that ends before it begins is none
    Year(5, "2028-12-31", "2028-01-01", objects={("cost_center", "5"): "Ställe 5", ("project", "5"): "Projekt 5"}),
)  # fmt: skip

ACCOUNT_RANGE_DOCUMENTS: dict[str, list[Record]] = {
    "accounts": [
        {"Year": 1, "Number": 3050, "Description": "Gammal lista", "VATCode": "MP2", "Active": False, "SRU": 1},
        {"Year": 2, "Number": 3050, "Description": "Listan", "VATCode": "MP1", "Active": True, "SRU": 2},
        {"Year": 3, "Number": 3050, "Description": "", "VATCode": "", "SRU": ""},
        {"Year": 99, "Number": 3050, "Description": "Ett år som inte finns", "VATCode": "MP3", "Active": False},
        {"Year": 2, "Number": 5999, "Description": "Listan"},
        {"Year": 99, "Number": 5999, "Description": "Bara där", "VATCode": "MP3", "Active": False, "SRU": 9},
        {"Year": 2, "Number": 1930, "Description": "Listans bank", "Active": True},
        *(
            {"Year": year, "Number": number, "Description": f"{number} av {year}"}
            for number in range(5990, 5998) for year in (2, 99, 1)
        ),
    ],
    "customers": [{"CustomerNumber": "3001", "Name": "Heter som ett konto"}, {"CustomerNumber": "2"}],
    "suppliers": [{"SupplierNumber": "1", "Name": "Ett"}, {"SupplierNumber": "2"}],
    "articles": [{"ArticleNumber": "A"}],
    "projects": [{"ProjectNumber": "2"}],
    "supplierinvoices": [
        with_rows(
            supplier_invoice("1", "2025-06-10", "2025-06-30", "40", balance="40", supplier="2", Project="2"),
            *(bought(account, debit=str(place + 1)) for place, account in enumerate(_RANGE_ENDS)),
            bought("0027", debit="1"), bought("5010", debit="9", Removed=True), bought("5010", debit="9", credit="4"),
            {"Account": 5010, "Debit": 3.0}, {"Account": 5010, "Credit": 2.0},
            bought("9999", debit="1"), bought("5010", debit="2", Project="1", CostCenter="1"),
        ),
        with_rows(
            supplier_invoice("2", "2025-06-10", "2025-06-30", "4", balance="4", supplier="", CostCenter="1"),
            bought("5010", debit="4"),
        ),
        with_rows(supplier_invoice("3", "", "2025-06-30", "4", balance="4"), bought("5010", debit="4")),
        supplier_invoice("4", "2025-06-10", "2025-06-30", "5", balance="5"),
    ],
}  # fmt: skip

# What an invoice can go through, on both sides and with the same numbers.
SUBLEDGERS = Year(1, "2025-01-01", "2025-12-31", (
    voucher("2025-01-10", ("1510", "600"), ("1511", "350"), ("3001", "-950"), series="B"),
    voucher("2025-01-10", ("1510", "49"), ("2440", "-49"), series="B"),
    voucher("2025-01-11", ("2440", "-700"), ("1510", "20"), ("4010", "680"), series="D"),
    voucher("2025-02-10", ("1930", "300"), ("1510", "-300"), ("2440", "3"), ("3740", "-3"), series="C"),
    voucher("2025-02-10", ("2440", "100"), ("1510", "7"), ("1930", "-107"), series="E"),
    voucher("2025-02-11", ("1510", "5"), ("3740", "-5"), series="B"),
    voucher("2025-02-12", ("1510", "6"), ("3740", "-6"), series="B"),
    voucher("2025-02-13", ("1510", "11"), ("3740", "-11")),
    voucher("2025-02-14", ("1510", "12"), ("3740", "-12")),
    voucher("2025-02-15", ("1510", "13"), ("3740", "-13"), series="B"),
    voucher("2025-02-15", ("2440", "13"), ("3740", "-13"), series="D"),
    voucher("2025-01-02", ("1510", "90"), ("3001", "-90"), series="B", number="9"),
    voucher("2025-05-25", ("7010", "300"), ("2710", "-90"), ("1930", "-210")),
))  # fmt: skip

SUBLEDGER_DOCUMENTS: dict[str, list[Record]] = {
    "financialyears": [{"Id": 1, "FromDate": "2025-01-01", "ToDate": "2025-12-31", "AccountingMethod": "ACCRUAL"}],
    "customers": [{"CustomerNumber": number, "Name": f"Kund {number}"} for number in ("1", "2", "3", "4", "5")],
    "suppliers": [{"SupplierNumber": "1", "Name": "Leverantör"}],
    "invoices": [
        # three credits of which the last has more than what is left, two of them on one day
        invoice("1", "2025-01-10", "2025-02-09", "1000"),
        invoice("2", "2025-02-10", "2025-02-10", "-150", credited="1"),
        invoice("3", "2025-03-05", "2025-03-05", "-150", credited="1"),
        invoice("4", "2025-04-01", "2025-04-01", "-100", credited="1"),
        invoice("5", "2025-04-01", "2025-04-01", "-300", credited="1"),
        invoice("6", "2025-02-05", "2025-02-05", "-5", balance="-5", credited="1", currency="EUR", rate="11"),
        # left over when Fortnox calls it settled: under one of the currency, more, less, one
        *(
            invoice(number, "2025-02-01", "2025-03-03", total, currency=currency, rate="11.2345", customer="2",
                    paid_on="2025-03-03")
            for number, total, currency in (
                ("11", "10.5", "EUR"), ("12", "8.5", "EUR"), ("13", "11", "EUR"), ("14", "10.5", "SEK"),
                ("15", "11.5", "EUR"), ("16", "12", "EUR"),
            )
        ),
        invoice("17", "2025-01-02", "2025-02-01", "100"), invoice("18", "2025-01-02", "2025-02-01", "100"),
        invoice("19", "2025-02-02", "2025-03-01", "-40", credited="18"),
        invoice("20", "2025-02-02", "2025-03-04", "0"), invoice("21", "2025-04-03", "2025-04-29", "0.5", balance="0.5"),
        invoice("22", "2025-02-02", "2025-03-04", "60", balance="59"), invoice("23", "2025-02-03", "2025-03-04", "-1", credited="22"),
        invoice("24", "2025-02-02", "2025-03-04", "60", paid_on="2025-02-20"),
        invoice("25", "2025-02-21", "2025-03-04", "-60", balance="-60", credited="24"),
        invoice("26", "2025-02-02", "2025-03-04", "70"), invoice("27", "2025-02-04", "2025-03-04", "-70", credited="26"),
        invoice("28", "2025-02-02", "2025-03-04", "70", currency="JPY", rate="0.4", unit=100, balance="1", paid_on=""),
        # the currency's cents, step by step
        invoice("31", "2025-01-05", "2025-02-04", "100.01", currency="EUR", rate="11.2345", customer="2"),
        invoice("32", "2025-01-20", "2025-01-20", "-20.03", currency="EUR", rate="11.2345", customer="2", credited="31"),
        invoice("33", "2025-01-20", "2025-01-20", "-10.06", currency="EUR", rate="11.2345", customer="2", credited="31"),
        invoice("34", "2025-03-01", "2025-03-31", "1", currency="EUR", rate="11.005", customer="2", balance="2"),
        invoice("35", "2025-03-01", "2025-03-31", "10", currency="EUR", rate="0.15", customer="2", balance="9.6"),
        invoice("36", "2025-03-02", "2025-03-31", "-0.1", currency="EUR", rate="0.15", customer="2", credited="35"),
        invoice("37", "2025-03-02", "2025-03-31", "-0.3", currency="EUR", rate="0.15", customer="2", credited="35"),
        # overdue by a day, by none and by as much as another customer
        invoice("41", "2025-05-01", "2025-05-30", "500", balance="500", customer="3"),
        invoice("42", "2025-05-01", "2025-05-31", "600", balance="600", customer="3"),
        invoice("43", "2025-05-01", "2025-05-29", "500", balance="500", customer="4"),
        invoice("44", "2025-07-25", "2025-07-26", "90", balance="90", customer="4"),
        invoice("45", "2025-07-20", "2025-08-02", "91", balance="91", customer="5"),
        invoice("46", "2025-07-20", "2025-10-25", "92", balance="92", customer="5"),
        invoice("47", "2025-07-20", "2025-10-27", "93", balance="93", customer="5"),
        invoice("48", "2025-07-20", "2026-04-27", "94", balance="94", customer="5"),
        invoice("49", "2025-07-20", "2025-10-23", "95", balance="95", customer="5"),
        invoice("53", "2025-07-20", "2025-09-01", "96", balance="96", customer="3"),
        invoice("50", "2024-06-01", "2024-07-01", "900", customer="3"), invoice("51", "2025-06-01", "2025-07-01", "800", customer="4"),
        invoice("52", "2025-01-31", "2025-01-31", "1", balance="1", currency="VND", rate="0.004", customer="2"),
        invoice("56", "2025-07-20", "2025-09-10", "99", balance="99", customer="4"),
        # due when a date begins and ends
        invoice("54", "2025-07-20", "9999-12-31", "97", balance="97"), invoice("55", "2025-07-20", "0001-01-01", "98", balance="98"),
        # every kind of movement on the first day of a month
        invoice("61", "2025-05-01", "2025-05-31", "31", paid_on="2025-06-01"),
        invoice("62", "2025-06-01", "2025-06-30", "-11", credited="61"),
        invoice("63", "2025-05-01", "2025-05-31", "33", paid_on="2025-06-01"), invoice("64", "2025-05-02", "2025-05-31", "34", paid_on="2025-06-01"),
        invoice("65", "2025-05-02", "2025-05-31", "35", paid_on="2025-06-02"), invoice("66", "2025-05-02", "2025-05-31", "36", paid_on="2025-06-02"),
        invoice("67", "2025-05-03", "2025-05-31", "3.7", currency="EUR", rate="11", paid_on="2025-06-01"),
        invoice("70", "2025-05-02", "2025-05-31", "7", paid_on="2025-06-01"), invoice("71", "2025-05-02", "2025-05-31", "8", paid_on="2025-06-01"), invoice("68", "2025-06-02", "2025-06-30", "-12", balance="-12"),
        invoice("69", "2025-05-03", "2025-05-31", "3.8", currency="EUR", rate="11", paid_on="2025-06-02"),
    ],
    "invoicepayments": [
        payment("5", "5", "2025-04-01", "-200"), payment("35", "34", "2025-03-10", "-11", rate="11"),
        payment("1", "1", "2025-02-10", "300"), payment("2", "1", "2025-03-10", "200"),
        *(
            payment(number, number, "2025-03-03", amount, rate=rate)
            for number, amount, rate in (
                ("11", "110.00", "11"), ("12", "110.00", "11"), ("13", "110.00", "11"), ("14", "10.00", "1"),
                ("15", "110.00", "11"), ("16", "110.00", "11"),
            )
        ),
        payment("17", "17", "2025-02-03", "40", write_off=True), payment("171", "17", "2025-02-05", "20"),
        payment("172", "17", "2025-02-05", "30"), payment("24", "24", "2025-02-20", "60"),
        payment("28", "28", "2025-02-20", "0.26", rate="0.004"),
        payment("31", "31", "2025-01-12", "333.33", rate="11.1"), payment("32", "31", "2025-01-20", "100.07", rate="11.3"),
        payment("33", "31", "2025-02-02", "77.77", rate="11"), payment("34", "31", "2025-02-02", "55.55", rate="11.5"),
        payment("41", "404", "2025-02-03", "40"), payment("42", "41", "2025-05-05", "0"),
        payment("43", "41", "2025-05-06", "-20"), payment("44", "43", "2025-05-07", "-0.5"),
        payment("50", "50", "2024-07-25", "900"), payment("51", "51", "2025-07-26", "750"), payment("52", "51", "2025-07-25", "50"),
        payment("53", "43", "2024-07-26", "5"), payment("61", "61", "2025-06-01", "10"), payment("63", "63", "2025-06-01", "30", write_off=True),
        payment("64", "64", "2025-06-01", "30"), payment("65", "65", "2025-06-02", "30", write_off=True), payment("66", "66", "2025-06-02", "30"),
        payment("70", "70", "2025-06-01", "5"), payment("71", "71", "2025-06-01", "5", write_off=True), payment("67", "67", "2025-06-01", "40", rate="11.5"), payment("69", "69", "2025-06-02", "40", rate="11.5"),
    ],
    "supplierinvoices": [
        supplier_invoice("1", "2025-01-11", "2025-02-10", "700", balance="600"),
        supplier_invoice("2", "2025-01-11", "2025-02-10", "70", balance="70"),
        supplier_invoice("3", "2025-06-01", "2025-06-30", "50", balance="50", credited="2"),
    ],
    "supplierinvoicepayments": [payment("1", "1", "2025-02-10", "100")],
    "vouchers": [
        listed_voucher(1, "B", "1", "INVOICE", "1"), listed_voucher(1, "B", "2", "INVOICE", "1"),
        listed_voucher(1, "D", "1", "SUPPLIERINVOICE", "1"), listed_voucher(1, "C", "1", "INVOICEPAYMENT", "1"),
        listed_voucher(1, "E", "1", "SUPPLIERPAYMENT", "1"), listed_voucher(1, "B", "3", "INVOICE"),
        listed_voucher(1, "B", "4", "INVOICE", "1"), listed_voucher(1, "B", "5", "INVOICEPAYMENT", "17"),
        listed_voucher(1, "D", "2", "SUPPLIERINVOICE", "404"), listed_voucher(1, "B", "9", "INVOICE", "17"),
    ],
}  # fmt: skip

TRADE_DOCUMENTS: dict[str, list[Record]] = {
    "customers": [{"CustomerNumber": "1", "Name": "Ett"}],
    "currencies": [
        {"Code": "EUR", "BuyRate": 11.5, "Unit": 0}, {"Code": "JPY", "BuyRate": 7.5}, {"Code": "KWD", "BuyRate": 10000, "Unit": 1},
        {"Code": "XAU", "BuyRate": 10000.5, "Unit": 1}, {"Code": "XPT", "BuyRate": 15000, "Unit": 0},
    ],
    "invoices": [
        with_rows(
            invoice("1", "2025-05-10", "2025-06-09", "10", balance="10", currency="EUR", rate="11", unit=0, customer=""),
            sold("1.0045", ContributionValue=1.0045), {**sold("3", "gone"), "Description": None}, AdministrationFee=4.0, Freight=1.0,
        ),
        *(
            with_rows(invoice(number, "2025-05-10", "2025-06-09", "1", balance="1", currency="XYZ", rate=rate), sold("1"))
            for number, rate in (("2", "0.5"), ("3", "10000.5"), ("4", "20000"), ("5", "-1"))
        ),
        with_rows(
            invoice("11", "2025-05-10", "2025-06-09", "1", balance="1", currency="XPT", rate="15000", unit=0), sold("1"),
        ),
        with_rows(invoice("12", "2025-05-10", "2025-06-09", "1", balance="1"), sold("1.0045", ContributionValue=1.0045)),
        invoice("10", "2024-11-20", "2024-12-20", "1", paid_on="2025-01-10"),
        with_rows(invoice("6", "2025-05-10", "2025-06-09", "1", balance="1", currency=""), sold("1"), Freight=0.0, AdministrationFee=0.0),
        with_rows(invoice("7", "2025-05-10", "2025-06-09", "1", balance="1"), AdministrationFee=1.0, Freight=2.0),
        with_rows(invoice("8", "", "2025-06-09", "1", balance="1"), sold("1")),
        with_rows(
            invoice("9", "2025-05-10", "2025-06-09", "1", balance="1", CostCenter="10", Project="P1"), sold("1"),
            sold("2", CostCenter="20", Project="P2"), sold("3", CostCenter="gone", Project="gone"), OurReference="Säljaren",
        ),
    ],
    "invoicepayments": [payment("1", "10", "2025-01-10", "1")],
    "contracts": [
        contract("1", "1.0045", 1, "2025-01-31", "2025-05-01"),
        contract("2", "100", 1, "2025-01-01", "2025-02-28", ContractLength=1),
        contract("3", "100", 1, "2025-01-15", "2025-03-31", ContractLength=0),
        contract("4", "100", 1, "2025-03-01", "2025-05-31", ContractDate=None),
        contract("5", "100", 1, "2025-03-02", "2025-05-31", ContractDate=None, ContractLength=2),
        contract("6", "100", 1, "2025-03-01", "2025-03-31", Currency="EUR", OurReference=None),
        contract("7", "100", 1, "2025-03-01", "2025-03-31", Currency="JPY", CustomerNumber=""),
        contract("8", "100", 1, "2025-03-01", "2025-03-31", Currency="KWD"), contract("9", "100", 1, "2025-03-01", "2025-03-31", Currency="XAU"),
        contract("10", "100", 1, "2025-03-01", "2025-03-31", Currency="NOK"), contract("11", "100", 1, "2025-03-01", "2025-03-31", Currency=""),
        contract("12", "100", 1, "2025-03-01", "2025-03-31", Continuous=None), contract("13", "100", 1, "2025-03-01", "2025-03-31") | {
            DETAIL: {"ContractDate": "2025-03-01", "Active": True},
        },
        contract("14", "100", 1, "2029-03-01", "2029-03-31"), contract("15", "100", 1, "2025-03-01", "2025-03-31", Currency="XPT"),
    ],
    "projects": [{"ProjectNumber": "P1", "Description": "Bryggan"}, {"ProjectNumber": "P2"}],
    "costcenters": [{"Code": "10"}, {"Code": "20", "Description": "Butik"}],
    "articles": [article("A1", "Hylla")],
}  # fmt: skip

# Small amounts, and pairs of which none is the larger one.
SMALL_AMOUNTS = (
    Year(1, "2020-01-31", "2020-12-31", (
        voucher("2020-01-31", ("1220", "10"), ("1930", "-10")),
        voucher("2020-05-02", ("5010", "10"), ("5020", "20"), ("3001", "-50"), ("1930", "20")),
        voucher("2020-06-02", ("5010", "1"), ("1930", "-1")), voucher("2020-12-02", ("5010", "1"), ("1930", "-1")),
    ), opening={"1930": "1000", "2120": "-1000"}),
    Year(2, "2021-01-01", "2021-12-31", (
        voucher("2021-01-02", ("5010", "0.40"), ("4010", "0.40"), ("1930", "-0.80")),
        voucher("2021-02-02", ("5010", "7"), ("5020", "7"), ("5030", "7"), ("1930", "-21")),
        voucher("2021-03-02", ("5010", "7"), ("4010", "7"), ("7010", "7"), ("7832", "7"), ("1930", "-28")),
        voucher("2021-04-02", ("3001", "-0.50"), ("1930", "0.50")),
        voucher("2021-05-02", ("5010", "0.50"), ("1930", "-0.50")),
        voucher("2021-12-02", ("5010", "0.50"), ("1930", "-0.50")), voucher("2021-12-03", ("2710", "-0.01"), ("1930", "0.01")),
    ), opening={"1220": "10", "1930": "1008", "2120": "-1000", "2091": "-18"}),
    Year(3, "2022-01-01", "2022-02-01", (voucher("2022-02-01", ("1510", "100"), ("3001", "-100")),)),
)  # fmt: skip

# Half the share capital is left, then less by an öre; VAT off its base by as much as is let pass and by more;
# a file that contradicts itself; invoices whose rows come near their totals.
CAPITAL_USED_UP = (
    Year(1, "2024-01-01", "2024-12-31", (
        voucher("2024-02-01", ("3001", "1000"), ("2611", "240.05"), ("1930", "-1240.05")),
        voucher("2024-03-01", ("3001", "-1000"), ("2611", "-200"), ("1930", "1200")),
        voucher("2024-04-01", ("3001", "-50"), ("2611", "-10"), ("1930", "60")),
        voucher("2024-04-02", ("3001", "-50"), ("2611", "-12"), ("1930", "62")),
    ), opening={"1930": "30000", "2081": "-50000", "2091": "20000"},
       stated={("UB", "1930"): "30081.964", ("RES", "3001"): "-100.004"},
       contradictions=(
           {"account": "1930", "kind": "UB", "stated": "30081.964", "computed": "30081.954"},
           {"account": "1930", "kind": "UB", "stated": "1", "computed": "7.004"},
           {"account": "1930", "kind": "RES", "stated": "1", "computed": "30081.95"},
           {"account": "2611", "kind": "UB", "stated": "1", "computed": "30081.95"},
       )),
    Year(2, "2025-01-01", "2025-12-31", (
        voucher("2025-01-20", ("1930", "-5100"), ("5010", "5100")),
        voucher("2025-03-20", ("1930", "-0.01"), ("5010", "0.01")),
        voucher("2025-03-21", ("1510", "500"), ("1930", "-500")),
    ), opening={"1930": "30081.95", "2611": "18.05", "2081": "-50000", "2091": "19900"}),
)  # fmt: skip
CAPITAL_DOCUMENTS = {
    "customers": [{"CustomerNumber": "1", "Name": "Kund"}, {"CustomerNumber": None, "Name": "Utan nummer"}],
    "invoices": [
        with_rows(
            invoice("1", "2025-01-10", "2025-02-09", "125", balance="125"),
            sold("99"),
            TotalVAT=25,
            RoundOff=0.6,
        ),
        with_rows(invoice("2", "2025-01-10", "2025-02-09", "125", balance="125"), sold("98.5"), TotalVAT=25),
        with_rows(invoice("3", "2025-01-10", "2025-02-09", "1.5", balance="1.5"), TotalVAT=0),
    ],
}
