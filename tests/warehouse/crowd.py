# ruff: noqa: E501 (a record is a line)
"""A company in which everything meets that can: drawn by chance from edges, ties, gaps and odd values."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.warehouse.books import DETAIL, Row, Voucher, Year, day
from tests.warehouse.documents import (
    Record,
    bought,
    contract,
    invoice,
    listed_voucher,
    payment,
    sold,
    supplier_invoice,
    with_rows,
)

# The limits of every range of accounts that some mart goes by, and what lies beside them.
ACCOUNTS = tuple(map(str, (
    1000, 1099, 1229, 1310, 1329, 1460, 1510, 1513, 1517, 1518, 1519, 1560, 1630, 1650, 1651, 1899, 1900, 1930, 1999,
    2000, 2019, 2081, 2091, 2099, 2120, 2350, 2439, 2440, 2447, 2448, 2449, 2450, 2510, 2599, 2600, 2611, 2614, 2621,
    2631, 2640, 2641, 2645, 2649, 2650, 2659, 2660, 2699, 2700, 2709, 2710, 2719, 2720, 2729, 2730, 2739, 2740, 2899,
    2999, 3000, 3001, 3041, 3108, 3308, 3740, 3799, 3800, 3960, 3999, 4000, 4010, 4515, 4999, 5010, 6999, 7000, 7010,
    7399, 7400, 7510, 7599, 7700, 7832, 7899, 7960, 7999, 8000, 8020, 8099, 8400, 8410, 8811, 8899, 8910, 8989, 8990,
    8999,
)))  # fmt: skip
ODD_ACCOUNTS = ("0027", "9010", "151", "193010", "FEL")
SETTLING = (
    "2611",
    "2621",
    "2641",
    "2650",
    "2659",
    "1650",
    "3740",
    "2600",
    "2699",
    "2599",
    "2700",
    "1651",
    "2660",
    "9010",
)
AMOUNTS = ("0", "0.01", "1", "1", "99.99", "100", "100", "100", "250", "1000.50", "12345.67")
SERIES = "ABCDEM"
REGISTERED = 6
INVOICES = 150
OFTEN_CREDITED = 15


class Crowd:
    """Draws the books and the documents; the same for the same seed."""

    def __init__(self, seed: int, as_of: str) -> None:
        self._chance = random.Random(seed)
        self._today = day(as_of)

    def years(self) -> tuple[Year, ...]:
        """Four years: a long one that starts within a month, two calendar years, one not begun."""
        return (
            self._year(5, "2022-07-17", "2023-12-31", 60),
            self._year(2, "2024-01-01", "2024-12-31", 160),
            self._year(9, "2025-01-01", "2025-12-31", 220),
            Year(7, "2026-01-01", "2026-12-31"),
        )

    def _pick(self, *values: Any) -> Any:
        return self._chance.choice(values)

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _day(self, first: datetime.date, last: datetime.date) -> datetime.date:
        """A day of the span, most often the first or last of a month, or one about today."""
        near = self._today + datetime.timedelta(days=self._chance.randint(-2, 2))
        found = first + datetime.timedelta(days=self._chance.randint(0, (last - first).days))
        kind = self._chance.random()
        if kind < 0.3:
            found = found.replace(day=1)
        elif kind < 0.6:
            found = (found.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
            found -= datetime.timedelta(days=1)
        elif kind < 0.75:
            found = near
        return min(max(found, first), last)

    def _amount(self) -> Decimal:
        return Decimal(self._pick(*AMOUNTS)) * self._pick(1, 1, -1)

    def _year(self, financial_year_id: int, start: str, end: str, vouchers: int) -> Year:
        first, last = day(start), day(end)
        made = [self._voucher(first, last) for _ in range(vouchers)]
        made += [
            replace(self._settlement(first, last), number=str(9000 + place // 2), ordinal=place % 2 + 1)
            for place in range(vouchers // 12)
        ]
        made += [
            Voucher(first, (Row(account, Decimal(amount)), Row("1930", -Decimal(amount))))
            for amount, account in enumerate(ACCOUNTS, 1)
        ]
        opening = {
            account: str(self._amount()) for account in ACCOUNTS if account < "3" and self._happens(0.5)
        }
        opening |= {"3001": "5"} if self._happens(0.5) else {}
        months = [f"{start[:4]}{month:02}" for month in range(1, 13)]
        budget = {
            (account, month): str(self._amount())
            for account in ("3001", "3041", "4010", "5010", "7010", "8999", "1930")
            for month in months
            if self._happens(0.5) and financial_year_id == 9
        }
        objects = {
            (kind, number): self._pick("", f"{kind} {number} i filen {financial_year_id}")
            for kind in ("cost_center", "project")
            for number in ("1", "2", "3", "7", "8")
            if self._happens(0.6)
        }
        return Year(
            financial_year_id, start, end, tuple(made), opening=opening, budget=budget, objects=objects,
            states_balances=self._happens(0.7),
            kinds={account: self._pick("T", "S", "K", "I") for account in ACCOUNTS if self._happens(0.5)},
        )  # fmt: skip

    def _row(self, account: str, amount: Decimal) -> Row:
        cost_center = self._pick("", "", "1930", *map(str, range(1, 9)))
        project = self._pick("", "", "1930", *map(str, range(1, 9)))
        return Row(
            account, amount, cost_center, project,
            is_struck=self._happens(0.07), is_added=self._happens(0.05), text=self._pick("", "text"),
        )  # fmt: skip

    def _voucher(self, first: datetime.date, last: datetime.date) -> Voucher:
        accounts = [self._pick(*ACCOUNTS) for _ in range(self._pick(1, 1, 2, 3))]
        rows = [self._row(account, self._amount()) for account in accounts]
        if self._happens(0.03):
            rows.append(self._row(self._pick(*ODD_ACCOUNTS), self._amount()))
        balance = -sum((row.amount for row in rows if not row.is_struck), Decimal())
        if self._happens(0.96):
            rows.append(Row(self._pick("1930", "1930", "1510", "2440", *ACCOUNTS), balance))
        date = self._day(first, last)
        registered = date + datetime.timedelta(days=self._chance.randint(0, 90))
        return Voucher(date, tuple(rows), series=self._pick(*SERIES), registered=registered)

    def _settlement(self, first: datetime.date, last: datetime.date) -> Voucher:
        rows = [self._row(self._pick(*SETTLING), self._amount()) for _ in range(self._pick(1, 2, 3))]
        rows.append(Row(self._pick("2650", "2650", "2659", "2641"), self._amount()))
        balance = -sum((row.amount for row in rows if not row.is_struck), Decimal())
        rows.append(Row(self._pick("2611", "2641", "1650"), balance))
        return Voucher(self._day(first, last), tuple(rows), series="M")

    def documents(self) -> dict[str, list[Record]]:
        """The registers, with gaps, and documents of three years."""
        customers = [self._with_gaps({"CustomerNumber": str(n), "Name": f"Kund {n}", "City": "Visby"}, "CustomerNumber")
                     for n in range(1, REGISTERED)]  # fmt: skip
        suppliers = [self._with_gaps({"SupplierNumber": str(n), "Name": f"Lev {n}"}, "SupplierNumber")
                     for n in range(1, REGISTERED)]  # fmt: skip
        projects = [
            self._with_gaps(
                {
                    "ProjectNumber": str(number), "Description": f"Projekt {number}", "StartDate": "2024-01-01",
                    "Status": self._pick("NOTSTARTED", "ONGOING", "COMPLETED", "ODD"), "EndDate": "2025-05-05",
                },
                "ProjectNumber",
            )
            for number in range(1, REGISTERED)
        ]  # fmt: skip
        projects[0]["Status"] = "NOTSTARTED"
        centers = [self._with_gaps({"Code": str(n), "Description": f"Ställe {n}", "Active": self._happens(0.7)}, "Code")
                   for n in range(1, REGISTERED)]  # fmt: skip
        articles = [self._with_gaps({"ArticleNumber": str(n), "Description": f"Vara {n}", "Unit": "st"}, "ArticleNumber")
                    for n in range(1, REGISTERED)]  # fmt: skip
        accounts = [
            self._with_gaps(
                {
                    "Year": year, "Number": int(account), "Description": f"{account} år {year}", "SRU": year,
                    "VATCode": self._pick("", "MP1", "MP2", "MP3", "U1", "I", "ODD"), "Active": self._happens(0.5),
                },
                "Year", "Number",
            )
            for year in (5, 2, 9)
            for account in ("1930", "2611", "2641", "3001", "3041", "3308", "4010", "4515", "5010")
            if self._happens(0.7)
        ]  # fmt: skip
        invoices = [self._invoice(number) for number in range(1, INVOICES)]
        bills = [self._supplier_invoice(number) for number in range(1, INVOICES)]
        return {
            "companyinformation": [{"DatabaseNumber": 1, "CompanyName": "Trängsel AB", "CountryCode": "SE"}],
            "financialyears": [
                {"Id": 2, "FromDate": "2024-01-01", "ToDate": "2024-12-31", "AccountingMethod": "CASH"},
                {"Id": 9, "FromDate": "2025-01-01", "ToDate": "2025-12-31", "AccountingMethod": "ACCRUAL"},
                {"Id": 1, "FromDate": "2021-07-17", "ToDate": "2022-07-16"},
                {"Id": 11, "FromDate": "2027-01-01", "ToDate": "2027-12-31", "AccountingMethod": "CASH"},
            ],
            "accounts": accounts, "customers": customers, "suppliers": suppliers, "projects": projects,
            "costcenters": centers, "articles": articles,
            "currencies": [
                {"Code": "EUR", "BuyRate": 11.5, "Unit": 1}, {"Code": "JPY", "BuyRate": 7.5, "Unit": 100},
                {"Code": "USD", "BuyRate": 10000, "Unit": 0}, {"Code": "NOK", "BuyRate": 10000.5},
                {"Code": "DKK", "BuyRate": -1, "Unit": 1}, {"Code": "CHF"}, {"Code": "GBP", "BuyRate": 0},
            ],
            "invoices": invoices,
            "invoicepayments": self._payments(invoices, "DocumentNumber"),
            "supplierinvoices": bills,
            "supplierinvoicepayments": self._payments(bills, "GivenNumber"),
            "contracts": [self._contract(number) for number in range(1, 60)],
            "vouchers": self._voucher_list(),
        }  # fmt: skip

    def _with_gaps(self, record: Record, *kept: str) -> Record:
        """Some fields are empty, some are not there."""
        return {
            name: self._pick(None, "") if name not in kept and self._happens(0.12) else value
            for name, value in record.items()
            if name in kept or self._happens(0.9)
        }

    def _number(self) -> str:
        return self._pick("", "99", "1930", *map(str, range(1, REGISTERED + 2)))

    def _dates(self) -> tuple[str, str]:
        first = self._day(datetime.date(self._pick(2022, 2024, 2024), 1, 1), datetime.date(2025, 7, 10))
        due = first + datetime.timedelta(days=self._pick(0, 10, 30, 30, 60, 90, 120))
        return first.isoformat(), self._pick(
            due, due, self._today, self._today - datetime.timedelta(days=30)
        ).isoformat()

    def _in_currency(self) -> dict[str, Any]:
        return self._pick(
            {}, {}, {}, {"currency": "EUR", "rate": "11.2345"}, {"currency": "JPY", "rate": "7.25", "unit": 100},
            {"currency": "USD", "rate": "10000", "unit": 0}, {"currency": "USD", "rate": "10000.5"},
            {"currency": "DKK", "rate": "-1"}, {"currency": "EUR", "rate": "0"}, {"currency": "EUR", "rate": None},
            {"currency": None}, {"currency": "USD", "rate": "15000", "unit": 0}, {"currency": "EUR", "rate": "11", "unit": None},
        )  # fmt: skip

    def _total(self, number: int) -> Decimal:
        return self._amount() * 10 if number > OFTEN_CREDITED else abs(self._amount()) * 30

    def _credited(self, total: Decimal) -> str:
        """The invoice that a negative one credits: some are credited several times, some are not there."""
        among = self._pick(OFTEN_CREDITED, OFTEN_CREDITED, OFTEN_CREDITED, INVOICES + 20)
        return str(self._chance.randint(1, among)) if total < 0 and self._happens(0.8) else ""

    def _invoice(self, number: int) -> Record:
        date, due = self._dates()
        total = self._total(number)
        credited = self._credited(total) or "0"
        record = invoice(
            str(number), date, due, str(total), balance=str(self._pick(0, 0, total, total / 2)),
            customer=self._number(), credited=credited,
            paid_on=self._pick("", date, due, self._today.isoformat()), **self._in_currency(),
            Booked=self._happens(0.92), Cancelled=self._pick(False, False, False, False, True, None),
            InvoiceType=self._pick("INVOICE", "INVOICE", "INVOICE", "CASHINVOICE", "CREDIT"),
            Project=self._number(), CostCenter=self._number(),
        )  # fmt: skip
        if self._happens(0.15):
            return {**record, "InvoiceDate": None} if self._happens(0.1) else record
        rows = [
            self._with_gaps(
                sold(
                    str(self._amount()), self._number(), CostCenter=self._number(), Project=self._number(),
                    ContributionValue=float(self._amount()),
                ),
            )
            for _ in range(self._pick(1, 1, 2, 3))
        ]  # fmt: skip
        return with_rows(
            record, *rows, Freight=self._pick(0, 0, 25.0), AdministrationFee=self._pick(0, 0, 15.0),
            OurReference=self._pick("", None, "Säljaren", "En annan"), CreditInvoiceReference=credited,
        )  # fmt: skip

    def _supplier_invoice(self, number: int) -> Record:
        date, due = self._dates()
        total = self._total(number)
        credited = self._credited(total)
        record = supplier_invoice(
            str(number), date, due, str(total), balance=str(self._pick(0, 0, total, total / 2)),
            supplier=self._number(), credited=credited,
            paid_on=self._pick("", date, due, self._today.isoformat()), **self._in_currency(),
            Booked=self._happens(0.92), Cancel=self._pick(False, False, False, False, True, None),
            Project=self._number(), CostCenter=self._number(),
        )  # fmt: skip
        if self._happens(0.15):
            return record
        rows = [
            self._with_gaps(
                bought(
                    self._pick(*ACCOUNTS), self._pick("0", "100", "12.50"), self._pick("0", "0", "40"),
                    CostCenter=self._number(), Project=self._number(),
                ),
                "Account",
            )
            for _ in range(self._pick(1, 2, 4))
        ]  # fmt: skip
        return with_rows(record, *rows)

    def _payments(self, invoices: list[Record], key: str) -> list[Record]:
        made = []
        for number in range(1, 260):
            paid = self._pick(*invoices)
            total = abs(Decimal(str(paid["Total"])))
            date = self._day(datetime.date(2024, 1, 1), datetime.date(2025, 7, 10)).isoformat()
            made.append(
                payment(
                    str(number), paid[key], self._pick(date, date, paid["DueDate"], paid["InvoiceDate"] or date),
                    str(self._pick(total, total / 2, total / 2, total + 1, -total / 4, 0, Decimal("0.5"))),
                    rate=self._pick("1", "1", "11", "0"), write_off=self._happens(0.15),
                    Booked=self._happens(0.93), Currency=paid["Currency"],
                )
            )  # fmt: skip
        return made

    def _contract(self, number: int) -> Record:
        start = self._day(datetime.date(2024, 6, 1), datetime.date(2026, 6, 1))
        end = start + datetime.timedelta(days=self._pick(0, 29, 30, 89, 364))
        made = contract(
            str(number), str(abs(self._amount())), self._pick(0, 1, 1, 2, 3, 6, 12, -1), start.isoformat(),
            end.isoformat(), Currency=self._pick("SEK", "SEK", "EUR", "JPY", "USD", "NOK", "DKK", "CHF", "XXX"),
            CustomerNumber=self._number(), Continuous=self._pick(True, False, None),
            ContractLength=self._pick(0, 0, 1, 12, 24), Active=self._happens(0.9),
            OurReference=self._pick("", None, "Säljaren"),
        )  # fmt: skip
        detail = self._with_gaps(made[DETAIL], "Active")
        return {**self._with_gaps(made, "DocumentNumber", DETAIL), DETAIL: detail}

    def _voucher_list(self) -> list[Record]:
        kinds = ("INVOICE", "INVOICEPAYMENT", "SUPPLIERINVOICE", "SUPPLIERPAYMENT", "MANUAL", "ACCRUAL")
        return [
            listed_voucher(9, series, str(number), self._pick(*kinds), self._pick("", str(self._chance.randint(1, 12))))
            for series in SERIES
            for number in range(1, 45)
            if self._happens(0.9)
        ]  # fmt: skip
