# ruff: noqa: E501 (a voucher or a record is a line)
"""Small made-up companies of every kind, whose marts are kept as golden files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from saldo.warehouse.arrangement import set_policy
from saldo.warehouse.build import BuildResult, build
from tests.warehouse.books import Year, company, land, voucher
from tests.warehouse.crowd import Crowd
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
from tests.warehouse.golden_cases import (
    ACCOUNT_RANGE_DOCUMENTS,
    ACCOUNT_RANGES,
    CAPITAL_DOCUMENTS,
    CAPITAL_USED_UP,
    LISTED_YEARS,
    SMALL,
    SMALL_AMOUNTS,
    SUBLEDGER_DOCUMENTS,
    SUBLEDGERS,
    TRADE_DOCUMENTS,
    row,
    small,
)


@dataclass(frozen=True)
class Company:
    """What is landed for it; `opening_policy` where it is not the default. Of a large one digests are kept."""

    name: str
    years: tuple[Year, ...] = ()
    documents: dict[str, list[Record]] = field(default_factory=dict)
    as_of: str = "2025-06-18"
    opening_policy: str | None = None
    is_large: bool = False
    is_in_group: bool = False


BEFORE = Year(
    2,
    "2024-01-01",
    "2024-12-31",
    (
        voucher("2024-01-15", ("1510", "1250"), ("3001", "-1000"), ("2611", "-250"), series="B"),
        voucher("2024-02-10", ("1930", "1250"), ("1510", "-1250"), series="C"),
        voucher("2024-02-20", row("4010", "400", "10"), ("2641", "100"), ("2440", "-500"), series="D"),
        voucher("2024-03-05", ("2440", "500"), ("1930", "-500"), series="E"),
        voucher("2024-03-25", ("7010", "300"), ("2710", "-90"), ("1930", "-210")),
        voucher("2024-03-31", ("2611", "250"), ("2641", "-100"), ("2650", "-150"), series="M"),
        voucher("2024-05-12", ("2650", "150"), ("1630", "-150")),
        voucher("2024-06-30", ("7832", "80"), ("1229", "-80")),
        voucher("2024-09-10", ("3001", "-600"), ("2611", "-150"), ("1930", "750")),
        voucher("2024-11-05", ("5010", "120"), ("2641", "30"), ("1930", "-150")),
        voucher("2024-12-31", ("8811", "50"), ("2120", "-50")),
        voucher("2024-12-31", ("8910", "40"), ("2512", "-40")),
    ),
    opening={"1930": "5000", "1220": "900", "1460": "300", "2081": "-500", "2091": "-4700", "2350": "-1000"},
)

EVERYTHING = Year(1, "2025-01-01", "2025-12-31", (
    voucher("2025-01-10", ("1510", "1875"), row("3001", "-1500", "10", "P1"), ("2611", "-375"), series="B"),
    voucher("2025-01-20", ("1510", "-250"), ("3001", "200"), ("2611", "50"), series="B"),
    voucher("2025-02-12", ("1930", "1624"), ("3740", "1"), ("1510", "-1625"), series="C"),
    voucher("2025-02-15", ("1510", "1123.56"), ("3108", "-1123.56"), series="B"),
    voucher("2025-03-16", ("1930", "1100"), ("7960", "23.56"), ("1510", "-1123.56"), series="C"),
    voucher("2025-02-20", row("4010", "640", "20"), ("2641", "160"), ("2440", "-800"), series="D"),
    voucher("2025-03-22", ("2440", "800"), ("1930", "-800"), series="E"),
    voucher("2025-03-25", ("7010", "420"), ("2710", "-126"), ("1930", "-294")),
    voucher("2025-03-25", ("7510", "132"), ("2731", "-132")),
    voucher("2025-04-25", ("7010", "430"), ("2710", "-129"), ("1930", "-301")),
    voucher("2025-04-12", ("4515", "200"), ("1930", "-200"), ("2614", "-50"), ("2645", "50")),
    voucher("2025-04-30", ("2611", "325"), ("2641", "-160"), ("2650", "-164.60"), ("3740", "-0.40"), series="M"),
    voucher("2025-05-02", ("1220", "700"), ("2641", "175"), ("1930", "-875")),
    voucher("2025-05-20", ("1930", "300"), ("1229", "80"), ("1220", "-350"), ("3973", "-30")),
    voucher("2025-05-28", ("1510", "500"), ("3001", "-400"), ("2611", "-100"), series="B"),
    voucher("2025-05-30", ("2440", "-375"), ("2641", "75"), ("6110", "300"), series="D"),
    voucher("2025-06-02", ("1510", "-70"), ("3740", "70")),
    voucher("2025-06-03", ("5010", "11"), ("5020", "12"), row("6540", "13", "20", "P1"), ("2739", "-9"), ("1930", "-27")),
    voucher("2025-06-04", ("2740", "-8"), ("2720", "-7"), ("7399", "6"), ("7400", "5"), ("6999", "4")),
    voucher("2025-06-05", ("2448", "-3"), ("1518", "3"), ("1900", "2"), ("1999", "-2")),
    voucher("2025-06-10", ("8410", "15"), ("2350", "100"), ("1930", "-115")),
    voucher("2025-06-11", ("2091", "60"), ("2898", "-60")),
    voucher("2025-06-16", ("8020", "-12"), ("1310", "-88"), ("1930", "100")),
    voucher("2025-06-17", ("1810", "33"), ("1930", "-33"), row("5010", "9", is_struck=True)),
), opening={
    "1930": "6440", "1220": "900", "1229": "-80", "1310": "100", "1460": "300", "1630": "-150", "2081": "-500",
    "2091": "-4700", "2099": "-880", "2120": "-50", "2350": "-1000", "2512": "-40", "2710": "-90",
    "1510": "0", "2440": "0", "2019": "-250",
}, budget={("3001", "202501"): "-1200", ("3041", "202501"): "-100", ("3001", "202507"): "-1", ("3001", "202506"): "-900", ("5010", "202502"): "75"},
   objects={("cost_center", "20"): "Butik i filen"})  # fmt: skip

DOCUMENTS: dict[str, list[Record]] = {
    "companyinformation": [{"DatabaseNumber": 1, "CompanyName": "Allt AB", "City": "Visby", "CountryCode": "SE"}],
    "financialyears": [
        {"Id": 1, "FromDate": "2025-01-01", "ToDate": "2025-12-31", "AccountingMethod": "ACCRUAL"},
        {"Id": 2, "FromDate": "2024-01-01", "ToDate": "2024-12-31", "accountCharts": "Bas 2024"},
    ],
    "accounts": [
        {"Year": 1, "Number": 3108, "Description": "EU", "VATCode": "", "Active": True, "SRU": 7410},
        {"Year": 1, "Number": 3001, "Description": "Sälj", "VATCode": "MP1", "Active": True},
        {"Year": 2, "Number": 3001, "Description": "Gammalt namn", "VATCode": "MP2", "Active": False, "SRU": 1},
        {"Year": 1, "Number": 1, "Description": "Ett konto", "Active": True},
        {"Year": 1, "Number": 8811, "Active": True},
        {"Year": 1, "Number": 8910, "Description": "Ny", "Active": False, "SRU": 2, "VATCode": "MP3"},
        {"Year": 2, "Number": 8910, "Description": "Gammal", "Active": True, "SRU": 3, "VATCode": "U1"},
    ],
    "customers": [
        {"CustomerNumber": number, "Name": name, "City": "Visby"} for number, name in (("1", "Ett"), ("2", "Två"))
    ],
    "suppliers": [{"SupplierNumber": "1", "Name": "Leverantör"}],
    "projects": [
        {"ProjectNumber": "P1", "Description": "Bryggan", "Status": "ONGOING", "StartDate": "2025-01-01"},
        {"ProjectNumber": "1", "Description": "Första", "Status": "COMPLETED", "EndDate": "2025-03-01"},
    ],
    "costcenters": [
        {"Code": "10", "Description": "Verkstad", "Active": True}, {"Code": "1", "Description": "Ett", "Active": False},
    ],
    "lockedperiod": [{"EndDate": "2025-03-31"}],
    "voucherseries": [
        {"Code": "A", "Description": "Redovisning", "Manual": True, "Year": 1},
        {"Code": "L", "Description": "Lön", "Manual": False, "Year": 1}, {"Code": "A", "Year": 99},
    ],
    "predefinedvoucherseries": [
        {"Name": "INVOICE", "VoucherSeries": "B"}, {"Name": "CASHINVOICE", "VoucherSeries": "B"}, {"Name": "VAT"},
        {"Name": "SALARY", "VoucherSeries": "L"},
    ],
    "articles": [article("A1", "Hylla"), article("A2", "Bänk"), article("1", "Ettan"), {"ArticleNumber": "8"}],
    "currencies": [{"Code": "EUR", "BuyRate": 11.5, "Unit": 1}, {"Code": "JPY", "BuyRate": 7.5, "Unit": 100}],
    "invoices": [
        with_rows(
            invoice("1", "2025-01-10", "2025-02-09", "1875", paid_on="2025-02-12", credited="2", Project="P1"),
            sold("1400", "A1", ContributionValue=300.0), sold("90", "A2", CostCenter="20"),
            Freight=10.0, OurReference="Säljaren", CreditInvoiceReference="2",
        ),
        with_rows(
            invoice("2", "2025-01-20", "2025-01-20", "-250", paid_on="2025-02-12", credited="1"),
            sold("-200", "A1"), CreditInvoiceReference="1",
        ),
        with_rows(
            invoice("3", "2025-02-15", "2025-03-17", "100.01", currency="EUR", rate="11.2345", customer="2",
                    paid_on="2025-03-16"),
            sold("100.01"),
        ),
        with_rows(invoice("4", "2025-05-28", "2025-06-12", "500", balance="500"), sold("400", "A2")),
        invoice("5", "2025-06-01", "2025-07-20", "900", balance="900", customer="9"),
        with_rows(invoice("6", "2025-03-03", "2025-03-03", "125", InvoiceType="CASHINVOICE"), sold("100", "A1")),
        with_rows(
            invoice("7", "2025-06-02", "2025-06-20", "250", balance="250", customer="2"),
            sold("200", "A1"), {**sold("0"), "TotalExcludingVAT": None}, {**sold("77"), "Removed": True},
            OurReference="Säljaren",
        ),
        with_rows(invoice("8", "2025-06-02", "2025-07-02", "50", balance="50", Booked=False), sold("40")),
        with_rows(invoice("9", "2025-06-02", "2025-07-02", "50", balance="50", Cancelled=True), sold("40")),
        invoice("10", "2025-03-01", "2025-03-31", "90", paid_on="2025-04-08"),
        invoice("11", "2025-03-01", "2025-03-31", "60", paid_on="2025-04-20"),
        invoice("12", "2024-10-01", "2024-10-31", "33", balance="33"),
        invoice("13", "2025-02-01", "2025-03-01", "44", balance="44"),
        invoice("14", "2025-04-01", "2025-04-30", "80", balance="-5", customer="2"),
        invoice("15", "2025-04-02", "2025-05-02", "21", paid_on="2025-05-31"),
        invoice("16", "2025-05-12", "2025-06-18", "8000", balance="8000", currency="JPY", rate="7.25", unit=100),
    ],
    "invoicepayments": [
        payment("1", "1", "2025-02-12", "1624", write_off=True),
        payment("2", "3", "2025-03-16", "1100", rate="10.999", Currency="EUR"),
        payment("3", "10", "2025-04-08", "40"), payment("4", "10", "2025-04-08", "50"),
        payment("5", "11", "2025-04-20", "60"), payment("6", "14", "2025-05-05", "85"),
        payment("7", "13", "2025-05-05", "44", Booked=False),
    ],
    "supplierinvoices": [
        with_rows(
            supplier_invoice("1", "2025-02-20", "2025-03-22", "800", paid_on="2025-03-22", CostCenter="10"),
            bought("2440", credit="800"), bought("2641", debit="160"), bought("4010", debit="640"),
        ),
        with_rows(
            supplier_invoice("2", "2025-05-30", "2025-06-29", "375", balance="375"),
            bought("6110", debit="300", Project="P1"), bought("6110", debit="77", Removed=True),
        ),
        with_rows(
            supplier_invoice("3", "2025-06-02", "2025-06-30", "40", balance="40", supplier="9"),
            bought("2440", credit="40"), bought("2450", debit="30"), bought("2599", debit="6"), bought("2700", debit="4"),
        ),
        with_rows(
            supplier_invoice("4", "2025-06-02", "2025-07-02", "9", balance="9", Booked=False), bought("6110", debit="9")
        ),
        with_rows(supplier_invoice("5", "2025-06-02", "2025-07-02", "9", Cancel=True), bought("6110", debit="9")),
        supplier_invoice("6", "2025-06-03", "2025-06-03", "15", balance="5", credited="3"),
    ],
    "supplierinvoicepayments": [payment("1", "1", "2025-03-22", "800")],
    "contracts": [
        contract("1", "300", 3, "2025-01-15", "2025-04-14"),
        contract("2", "90", 1, "2026-11-01", "2026-11-30", Currency="EUR", ContractLength=24),
        contract("3", "1000", 12, "2027-03-01", "2027-03-31", Continuous=True, OurReference=""),
        contract("4", "900", 1, "2025-05-01", "2025-05-31", Currency="JPY", CustomerNumber="9"),
        contract("5", "900", 0, "2025-05-01", "2025-05-31"),
        contract("6", "900", 1, "2025-05-01", "2025-05-31", Active=False),
    ],
    "vouchers": [
        *(listed_voucher(1, "B", str(number), "INVOICE", str(number)) for number in (1, 2, 3, 4)),
        listed_voucher(1, "C", "1", "INVOICEPAYMENT", "1"), listed_voucher(1, "C", "2", "INVOICEPAYMENT", "2"),
        listed_voucher(1, "D", "1", "SUPPLIERINVOICE", "1"), listed_voucher(1, "D", "2", "SUPPLIERINVOICE", "2"),
        listed_voucher(1, "E", "1", "SUPPLIERPAYMENT", "1"), listed_voucher(1, "A", "1"),
    ],
}  # fmt: skip

COMPANIES = (
    Company("everything", (BEFORE, EVERYTHING), DOCUMENTS, is_in_group=True),
    Company("broken", (
        small("2023-07-01", "2024-06-30", "2023-07-01", "2024-06-30", year_id=7),
        small("2024-07-01", "2025-06-30", "2024-07-01", "2025-03-31", opening={"1930": "2500", "2611": "-500"}),
    )),
    Company("short_first_and_eighteen_months", (
        small("2023-05-08", "2023-12-31", "2023-05-08", "2023-12-31", year_id=1),
        small("2024-01-01", "2025-06-30", "2024-01-31", "2025-06-01", year_id=2,
               opening={"1930": "2500", "2611": "-500", "2099": "-2000"}),
        small("2025-07-01", "2026-06-30", year_id=3),
    ), is_in_group=True),
    Company("within_months_and_without_vouchers", (
        small("2023-07-17", "2024-07-16", "2023-07-20", "2024-07-10", year_id=1),
        small("2024-07-17", "2025-07-16", year_id=2, opening={"1930": "2500", "2081": "-2000"}),
    )),
    Company("sole_trader_rolled", (
        small("2023-01-01", "2023-12-31", "2023-04-01", year_id=1, opening={"1930": "100", "2010": "-100"}),
        small("2024-01-01", "2024-12-31", "2024-04-01", year_id=2, opening={"1930": "1", "9010": "5"}),
        small("2025-01-01", "2025-12-31", "2025-04-01", year_id=3),
    ), opening_policy="rolled"),
    Company("cash_method", (
        small("2025-01-01", "2025-12-31", "2025-02-01"),
    ), {
        "financialyears": [{"Id": 1, "FromDate": "2025-01-01", "ToDate": "2025-12-31", "AccountingMethod": "CASH"}],
        "invoices": [invoice("1", "2025-01-10", "2025-02-09", "1250", balance="1250")],
    }),
    Company("unbalanced_and_outside", (
        Year(1, "2025-01-01", "2025-12-31", (
            voucher("2025-01-15", ("1930", "125"), ("3001", "-100"), ("2610", "-25")),
            voucher("2025-03-15", ("1930", "-50"), ("9010", "50")),
            voucher("2025-03-15", ("1930", "7")),
            voucher("2025-04-15", ("1930", "-4.50"), ("3041", "1.25")),
            voucher("2025-04-16", ("1930", "2")),
            voucher("2024-12-30", ("1930", "3"), ("3041", "-3")),
            voucher("2026-01-02", ("151", "4"), ("193010", "-4"), number="9"),
            voucher("2026-01-02", ("0027", "4"), ("FEL", "-4"), number="9", ordinal=2),
            voucher("2025-12-31", ("8999", "103"), ("2099", "-103")),
        ), opening={"1930": "1000", "2081": "-700"}),
    )),
    Company("chart_of_2026", (
        Year(1, "2025-01-01", "2025-12-31", (voucher("2025-05-05", ("4010", "10"), ("1240", "5"), ("1930", "-15")),)),
        Year(2, "2026-01-01", "2026-12-31", (
            voucher("2026-05-05", ("4010", "20"), ("4075", "8"), ("1240", "5"), ("1930", "-33")),
        ), opening={"1240": "5", "1930": "-15"}),
    ), as_of="2026-06-01"),
    Company("nothing"),
    Company("overlapping", (
        small("2023-01-01", "2023-12-31", "2023-07-01", year_id=4),
        small("2023-07-01", "2023-12-31", "2023-07-01", year_id=2),
        small("2024-01-01", "2024-12-31", "2024-02-01", year_id=6, opening={"1930": "1250", "2611": "-250"}, budget={("3001", "202402"): "-5"}),
        small("2024-01-01", "2024-06-30", "2024-02-01", year_id=3),
        small("2022-01-01", "2022-02-01", "2022-02-01", year_id=8),
    ), {
        "financialyears": [
            {"Id": 6, "FromDate": "2024-01-01", "ToDate": "2024-12-31", "AccountingMethod": "ACCRUAL"},
            {"Id": 3, "FromDate": "2024-01-01", "ToDate": "2024-06-30", "AccountingMethod": "CASH"},
        ],
    }, as_of="2024-05-05"),
    Company("tax_rate_of_2021", (
        small("2020-01-01", "2020-12-31", "2020-05-05", year_id=1), small("2021-01-01", "2021-12-31", "2021-05-05", year_id=2),
    ), as_of="2021-12-31"),
    Company("settled_by_credits", (
        Year(1, "2024-01-31", "2024-12-31", (
            voucher("2024-01-31", ("1900", "50"), ("3041", "-50")),
            voucher("2024-02-03", ("1930", "10"), ("3041", "-3"), number="50"),
            voucher("2024-02-03", ("1930", "10"), ("3041", "-10"), number="50", ordinal=2),
            voucher("2024-02-05", row("5010", "4", "9", "9"), ("1930", "-4")),
            voucher("2024-05-01", ("1510", "45"), ("3001", "-45"), series="B"),
        ), opening={"1930": "500", "1940": "300", "2350": "-100", "2360": "-200", "2081": "-500"},
           objects={("cost_center", "9"): "Ställe i filen"}),
        Year(2, "2025-01-01", "2025-12-31", (
            voucher("2025-01-10", ("1510", "900"), ("3001", "-900"), series="B"),
            voucher("2025-01-12", ("1900", "50"), ("3041", "-50")),
        ), opening={"1900": "25", "1930": "475", "1940": "300", "2350": "-100", "2360": "-200", "2081": "-500"}),
    ), {
        "customers": [{"CustomerNumber": str(number), "Name": f"Kund {number}"} for number in range(1, 7)],
        "invoices": [
            invoice("1", "2025-01-10", "2025-02-10", "1000", currency="EUR", rate="11.2345"),
            invoice("5", "2025-02-01", "2025-02-01", "-300.01", credited="1", currency="EUR", rate="11.2345"),
            invoice("4", "2025-02-02", "2025-02-02", "-450.02", credited="1", currency="EUR", rate="11.2345"),
            invoice("2", "2025-02-02", "2025-02-02", "-400.03", credited="1", currency="EUR", rate="11.2345"),
            invoice("3", "2025-03-01", "2025-03-01", "-500", credited="1", currency="EUR", rate="11.2345"),
            invoice("6", "2025-01-31", "2025-02-28", "70", paid_on=""),
            invoice("7", "2025-03-31", "2025-03-31", "-30", credited="6"),
            invoice("10", "2024-05-01", "2024-05-31", "40"), invoice("11", "2025-01-01", "2025-01-31", "80"),
            invoice("12", "2025-01-01", "2025-01-31", "60", customer="2"),
            invoice("13", "2025-01-01", "2025-01-31", "60.50", customer="2", balance="0.50"),
            invoice("14", "2025-01-01", "2025-01-31", "10", customer="4", balance="10"),
            invoice("15", "2025-01-01", "2025-01-31", "100", customer="5", balance="100"),
            invoice("16", "2025-01-01", "2025-01-31", "100", customer="6", balance="100"),
            invoice("17", "2025-06-01", "2025-07-01", "500", customer="3", balance="500"),
            invoice("18", "2024-01-31", "2024-01-31", "25"),
            invoice("19", "2025-06-01", "2025-07-15", "90", balance="90"),
        ],
        "invoicepayments": [
            payment("1", "10", "2024-06-18", "40"), payment("2", "11", "2025-02-10", "80"),
            payment("3", "12", "2025-02-20", "60"), payment("4", "13", "2025-02-20", "60.50"),
            payment("5", "13", "2025-02-21", "-0.50"), payment("6", "14", "2025-02-21", "0"),
            payment("7", "18", "2024-01-31", "25"),
        ],
        "vouchers": [listed_voucher(2, "B", "1", "INVOICE", "1"), listed_voucher(1, "B", "1", "INVOICE", "10"), listed_voucher(2, "A", "1")],
        "lockedperiod": [{"EndDate": "2024-12-31"}],
    }),
    Company("tax_of_an_ore", (
        Year(1, "2025-01-01", "2025-12-31", (voucher("2025-03-05", ("7510", "0.01"), ("2710", "-0.01")),),
             stated={("UB", "2710"): "-0.01"}, states_balances=False),
    ), as_of="2025-05-13"),
    Company("result_carried", (
        Year(1, "2023-01-01", "2023-12-31", (voucher("2023-05-05", ("1930", "100"), ("2081", "-100")),)),
        Year(2, "2024-01-01", "2024-12-31", (voucher("2024-05-05", ("1930", "600"), ("3001", "-1000"), ("4010", "400")),),
             opening={"1930": "100", "2099": "-100"}),
        Year(3, "2025-01-01", "2025-12-31", opening={"1930": "700", "2099": "-700"}),
        Year(4, "2026-01-01", "2026-12-31", opening={"1930": "700", "2081": "-100", "2099": "-600"}),
    )),
    Company("wages_without_tax", (
        Year(1, "2025-01-01", "2025-12-31", (voucher("2025-05-05", ("7010", "300"), ("1930", "-300")),),
             opening={"2650": "-500", "1930": "500"}),
    ), documents={
        "invoices": [invoice("1", "2025-06-01", "2025-07-01", "500", balance="500")],
        "supplierinvoices": [supplier_invoice("1", "2025-06-01", "2025-09-12", "90", balance="90")],
    }, as_of="2025-06-12"),
    *(
        Company(f"tax_without_wages_{as_of}", (
            Year(1, "2025-01-01", "2025-12-31", (voucher("2025-03-05", ("7510", "90"), ("2710", "-90")), voucher("2025-03-06", ("2710", "7"))),
                 stated={("UB", "2710"): "-83", ("UB", "7510"): "90"}, states_balances=False),
        ), as_of=as_of)
        for as_of in ("2025-05-13", "2025-04-11")
    ),
    Company("listed_years", (
        small("2023-01-01", "2023-12-31", "2023-04-01", "2023-06-01", year_id=2),
        replace(
            small("2025-01-01", "2025-12-31", year_id=4, opening={"1930": "100", "2081": "-100"}),
            vouchers=(voucher("2025-03-01", ("7010", "300"), *SMALL, ("1930", "-300")),),
        ),
    ), LISTED_YEARS, is_large=True),
    Company("without_today", (
        Year(1, "2025-01-01", "2025-12-31", (
            voucher("2025-04-01", *SMALL), voucher("2025-04-02", ("1930", "3")),
        ), states_balances=False),
    ), {
        "invoices": [invoice("1", "2025-01-10", "2025-02-09", "1250", balance="1250")],
    }, as_of="", is_large=True),
    Company("only_listed", (), {"financialyears": [{"Id": 1, "FromDate": "2025-01-01", "ToDate": "2025-12-31"}]}, is_large=True),
    Company("end_of_the_calendar", (
        Year(1, "2079-01-01", "2079-12-31", (
            voucher("2079-11-25", ("7010", "300"), ("2710", "-90"), ("1930", "-210")),
        )),
    ), as_of="2079-12-28", is_large=True),
    Company("account_ranges", ACCOUNT_RANGES, ACCOUNT_RANGE_DOCUMENTS, as_of="2025-06-30", is_large=True, is_in_group=True),
    Company("subledgers", (SUBLEDGERS,), SUBLEDGER_DOCUMENTS, as_of="2025-07-25", is_large=True),
    Company("trade", (
        replace(
            small("2024-07-17", "2025-07-16", year_id=1, opening={"2650": "-3", "1930": "3"}, budget={
                ("3001", "202507"): "-5", ("5010", "202507"): "2", ("3001", "202508"): "-7",
            }), vouchers=(voucher("2025-05-25", ("7010", "300"), ("1930", "-300")),)
        ),
        small("2025-07-17", "2026-07-16", year_id=2, budget={("3001", "202507"): "-3"}, opening={"2710": "-1", "1930": "1"}),
    ), TRADE_DOCUMENTS, as_of="2025-06-26", is_large=True),
    Company("small_amounts", SMALL_AMOUNTS, {
        "invoices": [invoice("1", "2022-02-01", "2022-03-03", "100"), invoice("2", "2022-02-01", "2022-03-03", "100", balance="100")],
        "invoicepayments": [payment("1", "1", "2022-02-01", "100")],
    }, as_of="2021-12-31", is_large=True),
    Company("never_run", (small("2025-01-01", "2025-12-31", "2025-02-01"),), {
        "invoices": [invoice("1", "2025-01-10", "2025-02-09", "1250", balance="1250")],
        "contracts": [contract("1", "300", 3, "2025-01-15", "2025-04-14")],
    }, as_of=""),
    *(
        Company(f"crowd_{seed}", Crowd(seed, as_of).years(), Crowd(seed, as_of).documents(), as_of, is_large=True)
        for seed, as_of in ((1, "2025-06-26"), (2, "2025-05-31"), (3, "2025-06-25"))
    ),
    *(Company(f"capital_used_up_{as_of}", CAPITAL_USED_UP, CAPITAL_DOCUMENTS, as_of, is_large=True) for as_of in ("2025-02-10", "2025-04-30", "2025-06-01")),
)  # fmt: skip


def land_all() -> dict[str, tuple[int, BuildResult]]:
    """Registers, lands and builds each of them; its organization_id and what its build found, by name."""
    return {told.name: _land_and_build(number, told) for number, told in enumerate(COMPANIES, 1)}


def _land_and_build(number: int, told: Company) -> tuple[int, BuildResult]:
    organization_id = company(number, told.name)
    land(organization_id, *told.years, documents=told.documents, as_of=told.as_of)
    if told.opening_policy:
        set_policy(organization_id, opening_policy=told.opening_policy)
    if told.is_in_group:
        set_policy(organization_id, group_code="G1", group_name="Gruppen")
    return organization_id, build(organization_id)
