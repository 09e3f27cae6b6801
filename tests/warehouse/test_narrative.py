"""What changed, in words that sum."""

from __future__ import annotations

import itertools
import re

import pytest

from saldo.warehouse.build import build
from tests.support import Warehouse
from tests.warehouse.books import Year, company, land, voucher
from tests.warehouse.documents import Record, invoice
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

_tenants = itertools.count(7000)


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


def sentences(
    warehouse: Warehouse, organization_id: int, *years: Year, month: str, as_of: str = "2026-01-15",
    **documents: list[Record],
) -> list[tuple[str, str]]:  # fmt: skip
    """Swedish with plain spaces, English."""
    land(organization_id, *years, documents=documents, as_of=as_of)
    build(organization_id)
    rows = warehouse.rows(
        "select text_sv, text_en from mart.narrative "
        "join mart.dim_fiscal_period using (organization_id, fiscal_period_key) "
        "where organization_id = %s and label_sv = %s order by sentence_number",
        [organization_id, month],
    )
    return [(swedish.replace("\N{NO-BREAK SPACE}", " "), english) for swedish, english in rows]


BEFORE = Year(1, "2024-01-01", "2024-12-31", (
    voucher("2024-03-10", ("1930", "500000"), ("3001", "-500000")),
    voucher("2024-03-25", ("7010", "100000"), ("7510", "31420"), ("1930", "-131420")),
))  # fmt: skip
NOW = Year(2, "2025-01-01", "2025-12-31", (
    voucher("2025-03-10", ("1930", "527828.40"), ("3001", "-527828.40")),
    voucher("2025-03-25", ("7010", "180000"), ("7510", "60460"), ("7690", "3000"), ("1930", "-243460")),
    voucher("2025-03-26", ("5010", "300"), ("6110", "0.70"), ("1220", "1000"), ("1930", "-1300.70")),
))  # fmt: skip


def test_result_is_told_by_the_lines_and_accounts_that_changed_most(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    """-112 040 + 27 828.40 - 300.70 = -84 512.30"""
    told = sentences(module_warehouse, organization_id, BEFORE, NOW, month="mar 2025")

    assert told == [
        (
            "Rörelseresultatet är 84 512 kr lägre än i fjol: personalkostnader +112 040 (7010, 7510), "
            "nettoomsättning +27 828 (3001), övriga externa kostnader +301 (5010, 6110), "
            "övrigt +1 på resultatet.",
            "Operating result is 84,512 kr lower than last year: personnel costs +112,040 (7010, 7510), "
            "net sales +27,828 (3001), other external costs +301 (5010, 6110), other +1 on the result.",
        ),
        (
            "Kassan ökade med 283 068 kr: löpande verksamheten +284 068, investeringar -1 000, "
            "finansiering och övrigt +0.",
            "Cash rose by 283,068 kr: operations +284,068, investing -1,000, financing and other +0.",
        ),
    ]


def test_month_without_a_year_before_and_month_like_the_one_before(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    first = sentences(module_warehouse, organization_id, BEFORE, month="mar 2024")[0]
    assert first == (
        "Rörelseresultatet är 368 580 kr; det finns inget fjolår att jämföra med.",
        "Operating result is 368,580 kr; there is no last year to compare with.",
    )
    quiet = sentences(module_warehouse, organization_id, BEFORE, NOW, month="apr 2025")
    assert quiet == [
        ("Rörelseresultatet är detsamma som i fjol.", "Operating result is the same as last year."),
        (
            "Kassan är oförändrad: löpande verksamheten +0, investeringar +0, finansiering och övrigt +0.",
            "Cash is unchanged: operations +0, investing +0, financing and other +0.",
        ),
    ]


def test_receivables_name_whose_claims_are_overdue(module_warehouse: Warehouse, organization_id: int) -> None:
    told = sentences(
        module_warehouse, organization_id, NOW, month="apr 2025",
        customers=[
            {"CustomerNumber": number, "Name": name} for number, name in (("1", "Ett AB"), ("2", "Två AB"))
        ],
        invoices=[
            invoice("1", "2025-03-01", "2025-03-31", "12000", balance="12000"),
            invoice("2", "2025-03-01", "2025-03-31", "7000.60", balance="7000.60", customer="2"),
            invoice("3", "2025-03-01", "2025-05-31", "90000", balance="90000", customer="2"),
        ],
    )  # fmt: skip

    assert told[2] == (
        "Kundfordringarna är 109 001 kr, varav 19 001 kr har förfallit; mest hos 1 Ett AB (12 000 kr).",
        "Trade receivables are 109,001 kr, of which 19,001 kr is overdue; "
        "most of it with 1 Ett AB (12,000 kr).",
    )
    march = sentences(
        module_warehouse, organization_id, NOW, month="mar 2025",
        invoices=[invoice("3", "2025-03-01", "2025-05-31", "90000", balance="90000")],
    )  # fmt: skip
    assert march[2][0] == "Kundfordringarna är 90 000 kr, inget har förfallit."


def test_nothing_is_said_of_a_month_that_has_not_begun(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    assert sentences(module_warehouse, organization_id, NOW, month="jul 2025", as_of="2025-06-30") == []


def test_parts_of_every_sentence_sum_to_its_total(module_warehouse: Warehouse, organization_id: int) -> None:
    years = [
        busy_year(1, "2024-01-01", "2024-12-31", seed=71),
        busy_year(2, "2025-01-01", "2025-12-31", seed=72),
    ]
    land(organization_id, *years, as_of="2026-01-15")
    build(organization_id)

    told = module_warehouse.rows(
        "select topic, text_en from mart.narrative where organization_id = %s and topic <> 'receivables'",
        [organization_id],
    )
    summed = 0
    for _, text in told:
        total = re.match(r".*? ([\d,]+) kr (higher|lower|:)|Cash (rose|fell) by ([\d,]+) kr", text)
        if not total or "no last year" in text:
            continue
        whole = int((total[1] or total[4]).replace(",", ""))
        if "lower" in text or "fell" in text:
            whole = -whole
        parts = [
            (name, int(amount.replace(",", "")))
            for name, amount in re.findall(r"[:,] ([a-z].*?) ([+-]\d+(?:,\d{3})*)", text)
        ]
        assert parts, text
        costs = ("cost", "materials and consumables", "goods for resale", "depreciation", "write-downs")
        signed = [-amount if any(word in name for word in costs) else amount for name, amount in parts]
        assert sum(signed) == whole, text
        summed += 1
    assert summed >= 30
