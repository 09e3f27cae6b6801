"""The report as a file: each number is the marts', nothing of elsewhere is asked for, no name does harm."""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from saldo import settings
from saldo.report import document, figures, headlines
from saldo.report.charts import Drawing, Point
from saldo.report.formats import Formats
from saldo.warehouse.build import build
from tests.report.reading import Element, cells, columns, exactly, number, read
from tests.support import Warehouse
from tests.warehouse.books import Row, Voucher, Year, company, day, land, voucher
from tests.warehouse.documents import article, bought, invoice, sold, supplier_invoice, with_rows
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

HOSTILE = (
    """</svg></style><script>alert(1)</script><img src="https://evil.example/x" onerror='alert(2)'>&{{7*7}}"""
)
SECTIONS = (
    "overview", "income", "months", "balance", "cash", "liquidity", "receivables", "payables", "sales",
    "costs", "vat", "key_figures", "vouchers", "quality",
)  # fmt: skip
STATEMENTS = {
    "income_statement": (
        "income",
        {
            "month": "amount", "last_year": "last_year_amount", "budget": "budget_amount",
            "difference": "amount - last_year_amount", "deviation": "deviation_amount",
            "to_date": "year_to_date_amount", "last_year_to_date": "last_year_to_date_amount",
            "difference_to_date": "year_to_date_amount - last_year_to_date_amount",
            "budget_to_date": "budget_to_date_amount", "deviation_to_date": "deviation_to_date_amount",
            "rolling_12": "rolling_12_amount",
        },
    ),
    "balance_sheet": (
        "balance",
        {
            "opening_of_year": "opening_of_year_amount", "opening": "opening_amount",
            "change": "change_amount", "closing": "closing_amount",
            "last_year": "last_year_closing_amount",
            "difference": "closing_amount - last_year_closing_amount",
        },
    ),
    "cash_flow": (
        "cash",
        {
            "month": "amount", "last_year": "last_year_amount", "difference": "amount - last_year_amount",
            "to_date": "year_to_date_amount", "last_year_to_date": "last_year_to_date_amount",
            "difference_to_date": "year_to_date_amount - last_year_to_date_amount",
            "rolling_12": "rolling_12_amount",
        },
    ),
}  # fmt: skip


def hostile_customer(number_: str) -> dict[str, Any]:
    return {"CustomerNumber": number_, "Name": HOSTILE, "OrganisationNumber": "", "City": "<b>Ort</b>"}


@pytest.fixture(scope="module")
def organization_id(module_warehouse: Warehouse) -> Iterator[int]:
    """Three busy years with a budget, invoices of hostile people, and another company beside it."""
    other = company(2, "Den andra firman AB")
    land(other, busy_year(1, "2025-01-01", "2025-12-31", seed=9))
    build(other)
    of = company(1, f"Bolaget {HOSTILE}")
    newest = busy_year(3, "2025-01-01", "2025-12-31", seed=3)
    hostile = voucher(
        "2025-06-10", ("1930", "125"), ("3001", "-100"), ("2610", "-25"), text=HOSTILE, series="H"
    )
    budget = {
        (account, f"2025{month:02}"): amount
        for account, amount in (("3001", "-90000"), ("5010", "40000"))
        for month in range(1, 13)
    }
    newest = replace(newest, vouchers=(*newest.vouchers, hostile), budget=budget)
    land(
        of,
        busy_year(1, "2023-01-01", "2023-12-31", seed=1),
        busy_year(2, "2024-01-01", "2024-12-31", seed=2),
        newest,
        documents={
            "customers": [hostile_customer("1"), {**hostile_customer("2"), "Name": "Kund två"}],
            "suppliers": [{"SupplierNumber": "1", "Name": HOSTILE}],
            "articles": [article("A1", HOSTILE)],
            "invoices": [
                with_rows(
                    invoice("1", "2025-03-01", "2025-03-31", "1250", balance="1250"),
                    sold("1000", "A1"),
                ),
                with_rows(
                    invoice("2", "2024-05-01", "2024-05-31", "2500", customer="2", balance="2500"),
                    sold("2000"),
                ),
                with_rows(
                    invoice("3", "2025-05-20", "2025-06-20", "12.50", customer="2", balance="12.50"),
                    sold("10"),
                ),
            ],
            "supplierinvoices": [
                with_rows(
                    supplier_invoice("9", "2025-04-01", "2025-05-01", "625", balance="625"),
                    bought("4010", debit="500"), bought("2440", credit="625"), bought("2640", debit="125"),
                )
            ],
        },
        as_of="2025-06-15",
    )  # fmt: skip
    build(of)
    return of


@pytest.fixture(scope="module")
def html(organization_id: int) -> str:
    return document.write(organization_id, "sv")


@pytest.fixture(scope="module")
def page(html: str) -> Element:
    return read(html)


def mart(
    warehouse: Warehouse, statement: str, columns_: str, organization_id: int, month: str
) -> dict[str, Any]:
    rows = warehouse.rows(
        f"select line_code, {columns_} from mart.{statement} "
        "join mart.dim_statement_line using (statement_line_key) "
        "join mart.dim_fiscal_period as period using (organization_id, fiscal_period_key) "
        "where organization_id = %s and month_date = %s",
        [organization_id, f"{month}-01"],
    )
    return {row[0]: row[1:] for row in rows}


# Each number is the marts'


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("month", ["2025-06", "2024-12", "2023-03"])
def test_every_cell_of_a_statement_is_the_marts(
    organization_id: int, module_warehouse: Warehouse, statement: str, month: str
) -> None:
    section, of_columns = STATEMENTS[statement]
    asked = datetime.date.fromisoformat(f"{month}-01")
    shown = read(document.write(organization_id, "sv", asked)).by_id(section)
    expected = mart(module_warehouse, statement, ", ".join(of_columns.values()), organization_id, month)
    found = cells(shown, statement)

    compared = 0
    for line, amounts in expected.items():
        if not any(amounts):
            assert line not in found, "a line that has nothing is left out"
            continue
        for key, amount in zip(of_columns, amounts, strict=True):
            if key not in columns(shown):
                assert all(row[list(of_columns).index(key)] is None for row in expected.values()), key
                continue
            cell = found[line][key]
            assert exactly(cell) == amount, (line, key)
            if amount is not None:
                assert number(cell.text) == amount.quantize(Decimal(1), ROUND_HALF_UP), (line, key)
                compared += 1
    assert found.keys() <= expected.keys()
    assert compared > 30


@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_line_opens_to_accounts_that_sum_to_it(page: Element, statement: str) -> None:
    section = page.by_id(STATEMENTS[statement][0])
    opened = 0
    for body in section.all("tbody"):
        if "line" not in body.classes:
            continue
        head, *parts = body.all("tr")
        accounts = [row.all("td") for row in parts if "made" not in row.classes]
        for position, key in enumerate(columns(section)):
            if key.endswith("_percent") or key == "share":
                continue
            amount = exactly(head.all("td")[position])
            if amount is not None:
                sums = sum((exactly(row[position]) or Decimal() for row in accounts), Decimal())
                assert sums == amount, (head.text, key)
                opened += 1
    assert opened > 20


def test_each_line_says_the_command_that_shows_its_vouchers(page: Element, organization_id: int) -> None:
    from saldo.pipeline.explain import explain

    said = [code.text for code in page.by_id("income").all("code")]
    assert said
    for command in said[:3]:
        _, _, dag_id, cell = command.split()
        assert dag_id == "fortnox__1"
        line = cell.split("/")[1]
        amount = exactly(cells(page.by_id("income"), "income_statement")[line]["month"])
        assert explain(organization_id, cell).amount == amount


def test_every_month_of_the_statement_by_month_is_the_marts(
    page: Element, organization_id: int, module_warehouse: Warehouse
) -> None:
    section = page.by_id("months")
    months = module_warehouse.rows(
        "select label_sv, month_date::text from mart.dim_fiscal_period where organization_id = %s "
        "and month_date between '2024-06-01' and '2025-06-01' order by month_date",
        [organization_id],
    )
    assert columns(section) == [label for label, _ in months]
    assert len(months) == 13
    found = cells(section, "income_by_month")
    for label, first in months:
        of_mart = mart(module_warehouse, "income_statement", "amount", organization_id, first[:7])
        for line, (amount,) in of_mart.items():
            if line in found:
                assert exactly(found[line][label]) == amount, (line, label)


def test_the_overview_opens_with_the_narrative(
    page: Element, organization_id: int, module_warehouse: Warehouse
) -> None:
    told = module_warehouse.rows(
        "select text_sv from mart.narrative "
        "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
        "where organization_id = %s and month_date = '2025-06-01' order by sentence_number",
        [organization_id],
    )
    overview = page.by_id("overview")
    shown = next(each for each in overview.every() if "sentences" in each.classes).all("p")
    assert [each.text.replace("−", "-") for each in shown] == [text for (text,) in told]


def test_the_cards_are_the_statements_and_the_key_figures(
    page: Element, organization_id: int, module_warehouse: Warehouse
) -> None:
    cards = {card.all("span")[0].text: card.all("strong")[0] for card in page.by_id("overview").all("li")}
    assert list(cards) == [
        "Nettoomsättning", "Bruttomarginal", "EBITDA", "Rörelseresultat", "Resultat efter finansiella poster",
        "Likvida medel", "Soliditet", "Förfallna kundfordringar",
    ]  # fmt: skip
    income = mart(module_warehouse, "income_statement", "amount", organization_id, "2025-06")
    assert exactly(cards["Nettoomsättning"]) == income["net_sales"][0]
    assert exactly(cards["Rörelseresultat"]) == income["operating_result"][0]
    values = dict(
        module_warehouse.rows(
            "select kpi_code, round(value, 2) from mart.kpi join mart.dim_kpi using (kpi_key) "
            "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
            "where organization_id = %s and month_date = '2025-06-01' and span = 'month'",
            [organization_id],
        )
    )
    assert exactly(cards["Likvida medel"]) == values["cash_position"]
    assert exactly(cards["EBITDA"]) == values["ebitda"]
    # Invoices 1 and 2 of 1250 and 2500 kr are past their day on 15 June, the third is not.
    assert exactly(cards["Förfallna kundfordringar"]) == Decimal("3750.00")


def test_the_balance_is_shown_to_balance_and_cash_to_agree(page: Element) -> None:
    check = page.by_id("balance_check").all("td")
    assert {exactly(cell) for cell in check} == {Decimal("0.00")}
    assert "Kassaflödet är förändringen på kassakontona." in page.by_id("cash").text


def test_vat_boxes_are_the_marts(page: Element, organization_id: int, module_warehouse: Warehouse) -> None:
    boxes = module_warehouse.rows(
        "select box, sum(amount) filter (where month_date = '2025-06-01'), "
        "sum(amount) filter (where month_date >= '2025-04-01'), sum(amount) from mart.vat_return "
        "join mart.dim_vat_box using (vat_box_key) "
        "join mart.dim_fiscal_period as period using (organization_id, fiscal_period_key) "
        "where organization_id = %s and month_date between '2025-01-01' and '2025-06-01' group by box",
        [organization_id],
    )
    compared = 0
    for box, *amounts in boxes:
        if any(amounts):
            row = page.by_id(f"vat-{box}")
            assert [exactly(cell) for cell in row.all("td")] == amounts, box
            compared += 1
    assert compared > 1


def test_what_is_open_is_the_marts_and_ties_out(page: Element) -> None:
    section = page.by_id("receivables")
    assert "3 750 av 3 763 kr i kundfordringar har förfallit (99,7 %)" in section.text.replace("\u00a0", " ")
    assert "Avstämning mot huvudboken" in section.text
    assert "Kund två" in section.text


def test_only_the_company_asked_for_is_in_it(html: str) -> None:
    assert "Den andra firman" not in html


# What is hostile, and what is asked for


def test_hostile_names_stay_names(html: str, page: Element) -> None:
    assert html.count("alert(1)") > 5
    assert page.all("script") == []
    assert page.all("img") == []
    assert "49" not in page.all("h1")[0].text, "a name is no template"
    assert page.all("h1")[0].text == f"Bolaget {HOSTILE}"
    for element in page.every():
        assert not [name for name in element.attributes if name.startswith("on")], element


def test_a_hostile_name_stays_a_name_in_a_chart() -> None:
    chart = Drawing(Formats.of("sv")).bars([Point(HOSTILE, Decimal(1))] * 2, HOSTILE)
    svg = read(str(chart.svg))
    assert svg.all("script") == svg.all("img") == []
    assert svg.all("svg")[0].attributes["aria-label"] == HOSTILE
    assert not any(name.startswith("on") for each in svg.every() for name in each.attributes)


def test_nothing_of_elsewhere_is_asked_for(html: str, page: Element) -> None:
    for element in page.every():
        for name in ("src", "href", "xlink:href", "action", "data", "poster"):
            assert element.attributes.get(name, "#").startswith("#"), element
    style = page.all("style")[0].text
    assert "@import" not in style
    assert "url(" not in style
    policy = next(each for each in page.all("meta") if "http-equiv" in each.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'")
    assert "<script" not in html


def test_every_link_within_leads_somewhere(page: Element) -> None:
    ids = [each.attributes["id"] for each in page.every() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    links = {each.attributes["href"] for each in page.all("a")}
    assert {link for link in links if link[1:] not in ids} == set()


def test_it_is_small(html: str) -> None:
    assert len(html.encode()) < 2_000_000


# Languages, and companies with little in them


def test_all_sections_are_there_in_both_languages(organization_id: int, page: Element) -> None:
    english = read(document.write(organization_id, "en"))
    for of in (page, english):
        assert [each.attributes["id"] for each in of.all("section")] == list(SECTIONS)
        assert all(each.text for each in of.all("h2"))
    assert english.all("html")[0].attributes["lang"] == "en"
    assert "Income statement" in english.text
    for word in ("Resultaträkning", "Föreg", "Kundreskontra", "Verifikation", "Förändring av", "Kontroll "):
        assert word not in english.text, word
    assert len(english.all("td")) == len(page.all("td"))


def test_the_words_are_there_in_both_languages_and_each_is_used() -> None:
    folder = settings.include_dir() / "report"
    with (folder / "texts.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert all(row["sv"] and row["en"] for row in rows)
    keys = [row["key"] for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        swedish, english = (sorted(re.findall(r"{\w+}", row[language])) for language in ("sv", "en"))
        assert swedish == english, row["key"]
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for place in (folder, Path(document.__file__).parent)
        for path in sorted(place.rglob("*"))
        if path.suffix in (".html", ".py")
    )
    put_together = (
        "unit_",
        "kind_",
        "week_",
        "days_",
        "tie_",
        "control_",
        "top_10_",
        "cash_headline_",
        "no_",
    )
    unused = [
        key for key in keys if not re.search(rf"\b{key}\b", code) and not key.startswith(put_together)
        and not key.endswith("_headline")
    ]  # fmt: skip
    assert unused == []


def test_a_company_without_a_ledger_says_so(warehouse: Warehouse) -> None:
    of = company(5, "Nystartade AB")
    land(of, as_of="2025-06-15")
    build(of)
    page = read(document.write(of, "sv"))
    assert "Det finns ännu ingen bokföring" in page.text
    assert [each.attributes["id"] for each in page.all("section")] == ["quality"]
    with pytest.raises(LookupError, match="no ledger of 2025-03"):
        document.write(of, "sv", day("2025-03-01"))


def test_a_company_that_was_never_built_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(LookupError, match="no marts yet"):
        document.write(company(6), "sv")


def test_a_ledger_alone_has_all_sections(warehouse: Warehouse) -> None:
    of = company(5)
    only = Voucher(day("2025-06-02"), (Row("1930", Decimal("100.55")), Row("3001", Decimal("-100.55"))))
    land(of, Year(1, "2025-01-01", "2025-12-31", (only,)), as_of="2025-06-15")
    build(of)
    for language in ("sv", "en"):
        page = read(document.write(of, language))
        assert [each.attributes["id"] for each in page.all("section")] == list(SECTIONS)
        assert "None" not in page.text
    text = read(document.write(of, "sv")).text
    for sentence in (
        "Fakturornas rader är inte hämtade ännu eller finns inte.",
        "Det finns inga öppna kundfakturor.",
        "Det finns inga öppna leverantörsfakturor.",
        "Rullande tolv månader visas när bokföringen täcker tolv månader.",
        "Det finns inga kostnader bokförda hittills i år.",
    ):
        assert sentence in text
    income = read(document.write(of, "sv")).by_id("income")
    assert "Föreg. år" not in income.text


def test_a_month_in_which_nothing_is_booked_yet_is_not_the_newest(warehouse: Warehouse) -> None:
    of = company(5)
    land(of, Year(1, "2025-01-01", "2025-12-31", (voucher("2025-05-05", ("1930", "1"), ("3001", "-1")),)))
    build(of)
    shown = figures.read(of, "sv").figures
    assert shown is not None
    assert shown.period.label == "maj 2025"


def test_a_list_shows_the_largest_and_sums_the_others() -> None:
    assert headlines.LARGEST == 10


@pytest.mark.parametrize(
    ("language", "value", "decimals", "written"),
    [
        ("sv", "-1234567.895", 2, "−1\u00a0234\u00a0567,90"),
        ("en", "-1234567.895", 2, "−1,234,567.90"),
        ("sv", "-0.4", 0, "0"),
        ("sv", "999.5", 0, "1\u00a0000"),
    ],
)
def test_numbers_are_written_as_the_language_does(
    language: str, value: str, decimals: int, written: str
) -> None:
    assert Formats.of(language).number(Decimal(value), decimals) == written
