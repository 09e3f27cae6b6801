"""Made-up books are right: read here by a few lines that share nothing with the code that writes them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from sandbox.books import LedgerYear
from sandbox.demo import demo_companies
from sandbox.made_up import CompanySpecification, make_up
from tests.sandbox.callers import Fortnox
from tests.sandbox.conftest import TWIN
from tests.sandbox.process import Sandbox

NOW, LATER = date(2026, 11, 23), date(2028, 2, 1)
FIELD = re.compile(r'"(?:\\"|[^"])*"|\{[^}]*\}|\S+')


class Read:
    """What a SIE file says, amounts as Decimal kronor."""

    def __init__(self, text: str) -> None:
        self.balances: dict[tuple[str, str], Decimal] = {}
        self.months: dict[tuple[str, str], Decimal] = {}
        self.vouchers: dict[tuple[str, str], list[list[str]]] = {}
        self.days: dict[tuple[str, str], str] = {}
        self.labels: Counter[str] = Counter()
        rows: list[list[str]] = []
        for line in text.split("\r\n"):
            label, *fields = FIELD.findall(line) or [""]
            self.labels[label] += 1
            if label in {"#IB", "#UB", "#RES"}:
                self.balances[label, fields[1]] = Decimal(fields[2])
            elif label == "#PSALDO" and fields[3] == "{}":
                self.months[fields[2], fields[1]] = Decimal(fields[4])
            elif label == "#VER":
                rows = self.vouchers[fields[0], fields[1]] = []
                self.days[fields[0], fields[1]] = fields[2]
            elif label in {"#TRANS", "#BTRANS", "#RTRANS"}:
                rows.append([label, *fields])

    def sums(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for rows in self.vouchers.values():
            for label, account, _, amount, *_ in rows:
                if label == "#TRANS":
                    sums[account] += Decimal(amount)
        return sums


@pytest.mark.parametrize("year", [5, 2, 9])
def test_opening_balance_and_rows_give_closing_balance_and_result(twin: Fortnox, year: int) -> None:
    file = Read(twin.sie(year))
    sums = file.sums()
    assert len(file.vouchers) == 1_500
    for rows in file.vouchers.values():
        assert sum(Decimal(row[3]) for row in rows if row[0] == "#TRANS") == 0
    results = {account: amount for (label, account), amount in file.balances.items() if label == "#RES"}
    closing = {account: amount for (label, account), amount in file.balances.items() if label == "#UB"}
    opening = {account: amount for (label, account), amount in file.balances.items() if label == "#IB"}
    assert opening.keys() == closing.keys()
    assert sums.keys() <= closing.keys() | results.keys()
    assert closing == {account: opening[account] + sums.get(account, Decimal(0)) for account in closing}
    assert results == {account: sums[account] for account in results}
    assert sum(opening.values()) == 0
    assert sum(closing.values()) + sum(results.values()) == 0
    months: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for voucher, rows in file.vouchers.items():
        for row in rows:
            if row[0] == "#TRANS":
                months[row[1], file.days[voucher][:6]] += Decimal(row[3])
    assert file.months == months


def test_a_year_opens_as_the_former_closed_with_its_result_on_2099(twin: Fortnox) -> None:
    files = [Read(twin.sie(year)) for year in (5, 2, 9)]
    for former, latter in pairwise(files):
        closing = {account: amount for (label, account), amount in former.balances.items() if label == "#UB"}
        closing["2099"] += sum(amount for (label, _), amount in former.balances.items() if label == "#RES")
        opening = {account: amount for (label, account), amount in latter.balances.items() if label == "#IB"}
        assert {account: opening.get(account, 0) for account in closing} == closing
        assert sum(opening.values()) == 0


def test_the_books_look_like_those_of_a_small_company(twin: Fortnox) -> None:
    file = Read(twin.sie(5))
    assert {series for series, _ in file.vouchers} == set("ABCDEFIKLM")
    for series in "ABCDEFIKLM":
        taken = [int(number) for one, number in file.vouchers if one == series]
        assert taken == list(range(1, len(taken) + 1))
    days = [file.days["B", str(number)] for number in range(1, 300)]
    assert days == sorted(days)
    accounts = {row[1] for rows in file.vouchers.values() for row in rows}
    assert {"3001", "3002", "3003", "2611", "2621", "2631", "2641", "2650", "3740"} <= accounts
    objects = {row[2] for rows in file.vouchers.values() for row in rows}
    assert {"{}", '{"1" "10"}', '{"6" "1"}', '{"1" "LAG" "6" "12"}'} <= objects
    settled = [rows for (series, _), rows in file.vouchers.items() if series == "M"]
    assert len(settled) == 4
    assert all(Decimal(row[3]) % 1 == 0 for rows in settled for row in rows if row[1] == "2650")


def test_sales_carry_the_vat_of_their_rate(twin: Fortnox) -> None:
    rates = {
        "3001": ("2611", Decimal("0.25")),
        "3002": ("2621", Decimal("0.12")),
        "3003": ("2631", Decimal("0.06")),
    }
    seen: Counter[str] = Counter()
    for (series, _), rows in Read(twin.sie(5)).vouchers.items():
        sales = [row for row in rows if row[1] in rates]
        if series != "B" or len({row[1] for row in sales}) < len(sales):
            continue
        for row in sales:
            account, rate = rates[row[1]]
            vat = sum(Decimal(other[3]) for other in rows if other[1] == account)
            assert abs(vat - Decimal(row[3]) * rate) <= Decimal("0.02"), "rows with VAT inside round alone"
            seen[row[1]] += 1
    assert min(seen[account] for account in rates) > 5


def test_struck_rows_stand_in_the_file_and_count_for_nothing(twin: Fortnox) -> None:
    vouchers = Read(twin.sie(2)).vouchers.values()
    corrected = [rows for rows in vouchers if "#RTRANS" in {row[0] for row in rows}]
    assert [[row[0] for row in rows] for rows in corrected] == [
        ["#TRANS", "#BTRANS", "#TRANS", "#RTRANS", "#TRANS"]
    ]
    bank, struck, _vat, added, twin_row = corrected[0]
    assert struck[-1] == added[-1] == '"Testbokföraren"'
    assert added[1:-1] == twin_row[1:], "the twin is the same row without its sign"
    assert struck[3] == added[3]
    assert struck[1] != added[1]
    assert bank[4] == '""'
    wholly = [rows for rows in vouchers if rows and {row[0] for row in rows} == {"#BTRANS"}]
    assert len(wholly) == 1


def test_the_file_is_laid_out_as_fortnox_lays_it_out(twin: Fortnox) -> None:
    answer = twin.get("sie/4?financialyear=2")
    assert answer.headers["content-type"] == "text/plain"
    raw = answer.content
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert b"\x8fkeri" in raw.split(b"#ADRESS")[0], "Å is 8F in CP437"
    text = raw.decode("cp437")
    lines = text.split("\r\n")
    assert [line.split(" ")[0] for line in lines[:15]] == [
        "#FLAGGA", "#FORMAT", "#SIETYP", "#PROGRAM", "#GEN", "#FNR", "#FNAMN", "#ADRESS", "#RAR", "#RAR",
        "#ORGNR", "#OMFATTN", "#KPTYP", "", "#KONTO",
    ]  # fmt: skip
    assert lines[3:6] == ['#PROGRAM "Fortnox" 3.57.11', "#GEN 20260302", "#FNR 101"]
    assert lines[8:10] == ["#RAR 0 20240701 20250630", "#RAR -1 20230701 20240630"]
    voucher = text[text.index("#VER B 1 ") :].split("\r\n")
    assert re.fullmatch(r'#VER B 1 \d{8} "Kundfaktura [^"]+" \d{8}', voucher[0])
    assert voucher[1] == "{"
    assert re.fullmatch(r'#TRANS 1510 \{\} \d+ "" "" 0', voucher[2])
    assert re.search(r"#IB 0 1930 -?[\d.]+ 0\r\n#UB 0 1930 -?[\d.]+ 0\r\n", text)
    amounts = re.findall(r"#TRANS \d+ \{[^}]*\} (\S+) ", text)
    assert [amount for amount in amounts if not re.fullmatch(r"-?\d+(\.\d?[1-9])?", amount)] == []
    assert r"\"Gyllene Älgen\"" in text


def test_smaller_types_hold_less(twin: Fortnox) -> None:
    labels = {kind: Read(twin.sie(2, kind)).labels for kind in (1, 2, 3, 4)}
    assert [labels[kind]["#VER"] for kind in (1, 2, 3)] == [0, 0, 0]
    assert [labels[kind]["#PSALDO"] > 0 for kind in (1, 2, 3)] == [False, True, True]
    assert labels[3]["#PSALDO"] > labels[2]["#PSALDO"] == labels[4]["#PSALDO"]
    assert labels[1]["#UB"] == labels[4]["#UB"] > 0
    assert Read(twin.sie(2, 2)).months == Read(twin.sie(2)).months


def test_a_budget_stands_in_the_types_that_have_months(twin: Fortnox) -> None:
    lines = {kind: re.findall(r"#PBUDGET .*", twin.sie(2, kind)) for kind in (1, 2, 3, 4)}
    assert lines[1] == []
    assert lines[2] == lines[3] == lines[4]
    assert len(lines[2]) == 12 * 6
    assert all(re.fullmatch(r"#PBUDGET 0 202[45]\d\d \d{4} \{\} -?\d+000 0\r?", line) for line in lines[2])
    income = [line for line in lines[2] if " 3001 " in line]
    assert all(line.split()[5].startswith("-") for line in income)


def test_balances_of_the_accounts_are_those_of_the_file(twin: Fortnox) -> None:
    file = Read(twin.sie(2))
    for account in twin.json("accounts?financialyear=2&limit=500")["Accounts"]:
        said = file.balances.get(("#IB", str(account["Number"])), Decimal(0))
        assert Decimal(str(account["BalanceBroughtForward"])) == said


def test_companies_of_one_seed_share_everything_but_who_they_are(twins: Sandbox, twin: Fortnox) -> None:
    other = Fortnox.of(twins, "102")
    assert twin.json("customers") == other.json("customers")
    assert twin.json("accounts") == other.json("accounts")
    own = re.compile(r"#(FNR|FNAMN|ORGNR) .*")
    assert own.sub("", twin.sie(2)) == own.sub("", other.sie(2))
    assert twin.sie(2) != other.sie(2)


def test_the_same_seed_gives_the_same_books_in_another_process(twin: Fortnox) -> None:
    specification = {**TWIN, "tenant_id": "101", "name": "Tvilling Åkeri AB"}
    company = make_up(CompanySpecification.model_validate(specification))
    for year in company.years:
        again = year.sie(4, date(2026, 3, 2))
        assert again == twin.get(f"sie/4?financialyear={year.id}").content
    names = [supplier["Name"] for supplier in twin.json("suppliers")["Suppliers"]]
    assert names == [supplier.name for supplier in company.suppliers.values()]


def test_another_seed_gives_other_books(spare: tuple[Sandbox, str], twin: Fortnox) -> None:
    sandbox, tenant = spare
    files = [Read(Fortnox.of(sandbox, other).sie(1)) for other in (tenant, "360")]
    assert files[0].sums() != files[1].sums()
    assert [len(file.vouchers) for file in files] == [60, 60]


def test_the_demo_shows_three_kinds_of_years(sandbox: Sandbox) -> None:
    companies = sandbox.companies()
    spans = [[(year["from"], year["to"]) for year in company["financial_years"]] for company in companies]
    assert spans[0][0] == ("2025-01-01", "2025-12-31")
    assert spans[1][0] == ("2025-05-01", "2026-04-30")
    assert spans[2][:2] == [("2024-01-01", "2024-12-31"), ("2025-01-01", "2025-12-31")]
    assert len(spans[2]) > len(spans[0])
    ids = [year["id"] for year in companies[2]["financial_years"]]
    assert ids != sorted(ids), "ids of financial years need not follow the calendar"
    assert all(luhn(company["organization_number"]) for company in companies)
    assert len({company[key] for company in companies for key in ("workspace_id", "dataset_id")}) == 6
    for company in companies:
        fortnox = Fortnox.of(sandbox, company["tenant_id"])
        file = Read(fortnox.sie(company["financial_years"][0]["id"]))
        assert 300 < len(file.vouchers) < 2_001


def test_the_demo_grows_with_time_and_never_changes_what_was_booked() -> None:
    now, later = ({one.tenant_id: make_up(one) for one in demo_companies(day)} for day in (NOW, LATER))
    for tenant, company in now.items():
        for year in company.years:
            again = later[tenant].year_by_id(year.id)
            assert isinstance(year, LedgerYear)
            assert isinstance(again, LedgerYear)
            assert (again.start, again.end, again.opening()) == (year.start, year.end, year.opening())
            assert year.vouchers.items() <= again.vouchers.items()
        for name in ("invoices", "supplier_invoices"):
            documents, again_documents = getattr(company, name), getattr(later[tenant], name)
            for number, document in documents.items():
                if document.booked:
                    same = again_documents[number]
                    assert (same.voucher, same.total, same.rows) == (
                        document.voucher,
                        document.total,
                        document.rows,
                    )
        assert company.invoice_payments.keys() <= later[tenant].invoice_payments.keys()
        for shelf in (company.invoices, company.orders, company.invoice_payments, company.years[-1].vouchers):
            assert max(one.modified.date() for one in shelf.values()) <= NOW, "nothing has changed tomorrow"
    assert [len(company.years) for company in now.values()] == [1, 1, 3]
    assert [len(company.years) for company in later.values()] == [3, 2, 5]


def luhn(number: str) -> bool:
    digits = [int(digit) * (2 - place % 2) for place, digit in enumerate(number.replace("-", ""))]
    return sum(digit // 10 + digit % 10 for digit in digits) % 10 == 0


def test_vouchers_come_and_go_and_the_balances_follow(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    fortnox = Fortnox.of(sandbox, tenant)
    before = fortnox.sie(1)
    given: dict[str, Any] = {
        "series": "A",
        "date": "2025-03-04",
        "text": 'Sagt och "gjort"',
        "rows": [
            {"account": 4999, "amount": "100.05", "cost_center": "10", "project": "3", "text": "Nytt konto"},
            {"account": 1930, "amount": -100.05},
        ],
    }
    added = sandbox.admin("POST", f"{tenant}/vouchers", given)
    file = Read(fortnox.sie(1))
    rows = file.vouchers["A", str(added["number"])]
    assert rows[0] == ["#TRANS", "4999", '{"1" "10" "6" "3"}', "100.05", '""', '"Nytt konto"', "0"]
    assert file.balances["#RES", "4999"] == Decimal("100.05")
    assert file.balances["#UB", "1930"] == Read(before).balances["#UB", "1930"] - Decimal("100.05")
    assert 4999 in {account["Number"] for account in fortnox.json("accounts?limit=500")["Accounts"]}
    made_up = sandbox.admin("POST", f"{tenant}/vouchers")
    assert made_up["number"] == added["number"] + 1
    for voucher in (added, made_up):
        sandbox.admin("DELETE", f"{tenant}/vouchers/1/A/{voucher['number']}")
    assert fortnox.sie(1) == before


def test_only_the_day_of_writing_changes_in_an_unchanged_file(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    fortnox = Fortnox.of(sandbox, tenant)
    sandbox.admin("POST", "settings", {"today": "2026-01-02"})
    first = fortnox.sie(1)
    assert fortnox.sie(1) == first
    sandbox.admin("POST", "settings", {"today": "2026-01-03"})
    assert fortnox.sie(1) == first.replace("#GEN 20260102", "#GEN 20260103") != first
