"""The ledger in landing: only vouchers that changed are written, and what they were is closed, not lost."""

from __future__ import annotations

import hashlib
import itertools
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from saldo import organizations
from saldo.database import Role, connect
from saldo.warehouse import landing
from saldo.warehouse.ledger import VouchersLanded, YearFacts, land_facts, land_vouchers
from tests.support import Warehouse

pytestmark = pytest.mark.database

_tenants = itertools.count(8_200_000)
FALLBACK = date(2025, 1, 1)
UNTIL = "nullif(valid_to, 'infinity')"  # infinity is no time of Python's


@dataclass(frozen=True)
class Row:
    account: str = "1930"
    amount: Decimal = Decimal("100.00")
    objects: tuple[tuple[str, str], ...] = ()
    date: date | None = None
    text: str = ""
    quantity: Decimal | None = None
    signature: str | None = None
    is_struck: bool = False
    is_added: bool = False


@dataclass(frozen=True)
class Voucher:
    series: str = "A"
    number: str = "1"
    date: date | None = date(2025, 3, 4)
    text: str = ""
    registration_date: date | None = None
    signature: str | None = None
    rows: tuple[Row, ...] = (Row(), Row("3001", Decimal("-100.00")))

    @property
    def digest(self) -> bytes:
        return hashlib.md5(repr(self).encode()).digest()


@pytest.fixture
def organization(module_warehouse: Warehouse) -> int:
    tenant = str(next(_tenants))
    return organizations.register(tenant_id=tenant, name="Prov AB", organization_number="").organization_id


def land(organization: int, vouchers: Iterable[Voucher], year: int = 1) -> VouchersLanded:
    with connect(Role.LOADER, organization) as connection:
        return land_vouchers(connection, year, vouchers, fallback_date=FALLBACK)


def landed(organization: int) -> int:
    with connect(Role.LOADER, organization) as connection:
        return landing.versions(connection).landed


def vouchers(
    warehouse: Warehouse, organization: int, *columns: str, only: str = "true"
) -> list[tuple[Any, ...]]:
    return _rows(warehouse, "voucher", organization, columns, only)


def rows(warehouse: Warehouse, organization: int, *columns: str, only: str = "true") -> list[tuple[Any, ...]]:
    return _rows(warehouse, "voucher_row", organization, columns, only)


def _rows(
    warehouse: Warehouse, table: str, organization: int, columns: tuple[str, ...], only: str
) -> list[tuple[Any, ...]]:
    last = ", row_number" if table == "voucher_row" else ""
    return warehouse.rows(
        f"select {', '.join(columns)} from landing.{table} where organization_id = %s and {only} order by "
        f"financial_year_id, voucher_series, voucher_number, voucher_ordinal, valid_to{last}",
        [organization],
    )


def test_voucher_lands_with_all_it_says(module_warehouse: Warehouse, organization: int) -> None:
    voucher = Voucher(
        "B",
        "0012",
        date(2025, 3, 4),
        "Försäljning",
        date(2025, 3, 5),
        "Bokföraren",
        (
            Row("1930", Decimal("1250.50"), date=date(2025, 3, 3), text="Bank", quantity=Decimal("2.5"),
                signature="AB"),
            Row("3001", Decimal("-1000.4"), is_added=True),
            Row("2611", Decimal("-250.10"), is_struck=True),
        ),
    )  # fmt: skip
    assert land(organization, [voucher]) == VouchersLanded(1, 1, 0)
    assert vouchers(
        module_warehouse, organization,
        "financial_year_id", "voucher_series", "voucher_number", "voucher_ordinal", "voucher_date",
        "voucher_text", "registration_date", "signature", "digest", "valid_to = 'infinity'",
    ) == [
        (1, "B", "0012", 1, date(2025, 3, 4), "Försäljning", date(2025, 3, 5), "Bokföraren",
         voucher.digest, True)
    ]  # fmt: skip
    assert rows(
        module_warehouse, organization,
        "row_number", "account_number", "amount", "row_date", "row_text", "quantity", "signature",
        "is_struck", "is_added",
    ) == [
        (1, "1930", Decimal("1250.50"), date(2025, 3, 3), "Bank", Decimal("2.5"), "AB", False, False),
        (2, "3001", Decimal("-1000.4"), None, "", None, "", False, True),
        (3, "2611", Decimal("-250.10"), None, "", None, "", True, False),
    ]  # fmt: skip
    assert landed(organization) == 1


def test_only_changed_vouchers_are_written(module_warehouse: Warehouse, organization: int) -> None:
    books = [Voucher(number=str(number)) for number in range(1, 6)]
    assert land(organization, books) == VouchersLanded(5, 5, 0)
    physical = ("ctid::text", "xmin::text", "xmax::text")
    voucher_before = vouchers(module_warehouse, organization, *physical)
    rows_before = rows(module_warehouse, organization, *physical)

    assert land(organization, books) == VouchersLanded(5, 0, 0)
    assert vouchers(module_warehouse, organization, *physical) == voucher_before
    assert rows(module_warehouse, organization, *physical) == rows_before
    assert landed(organization) == 1

    books[2] = replace(books[2], text="rättad")
    assert land(organization, books) == VouchersLanded(5, 1, 0)
    untouched = "voucher_number <> '3'"
    assert vouchers(module_warehouse, organization, *physical, only=untouched) == [
        row for place, row in enumerate(voucher_before) if place != 2
    ]
    assert rows(module_warehouse, organization, *physical, only=untouched) == [
        row for place, row in enumerate(rows_before) if place not in (4, 5)
    ]
    assert landed(organization) == 2


def test_changed_voucher_is_closed_and_written_anew(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, [Voucher(text="före")])
    rest = Row("3001", Decimal("-70"))
    land(organization, [Voucher(text="efter", rows=(Row(amount=Decimal(70)), rest, rest))])

    [before, after] = vouchers(module_warehouse, organization, "voucher_text", "valid_from", UNTIL)
    assert (before[0], after[0]) == ("före", "efter")
    assert before[1] < before[2] == after[1]
    found = rows(module_warehouse, organization, "amount", "valid_from", UNTIL)
    assert found == [
        (Decimal("100.00"), *before[1:]),
        (Decimal("-100.00"), *before[1:]),
        (Decimal(70), *after[1:]),
        (Decimal(-70), *after[1:]),
        (Decimal(-70), *after[1:]),
    ]


def test_voucher_that_is_gone_is_closed_and_may_return(
    module_warehouse: Warehouse, organization: int
) -> None:
    first, second = Voucher(number="1"), Voucher(number="2")
    now = "valid_to = 'infinity'"
    land(organization, [first, second])

    assert land(organization, [second]) == VouchersLanded(1, 0, 1)
    assert vouchers(module_warehouse, organization, "voucher_number", only=now) == [("2",)]
    assert rows(module_warehouse, organization, "voucher_number", only=now) == [("2",), ("2",)]
    assert landed(organization) == 2
    assert land(organization, [second]) == VouchersLanded(1, 0, 0)
    assert landed(organization) == 2

    assert land(organization, [first, second]) == VouchersLanded(2, 1, 0)
    assert vouchers(module_warehouse, organization, "voucher_number", only=now) == [("1",), ("2",)]
    assert rows(module_warehouse, organization, "voucher_number", only=now) == [
        ("1",),
        ("1",),
        ("2",),
        ("2",),
    ]
    assert len(vouchers(module_warehouse, organization, "1")) == 3, "and that it was gone is still to be seen"

    assert land(organization, []) == VouchersLanded(0, 0, 2)
    assert vouchers(module_warehouse, organization, "1", only=now) == []


def test_equal_numbers_are_told_apart_by_their_place(module_warehouse: Warehouse, organization: int) -> None:
    one, two, three = (Voucher(text=text) for text in ("ett", "två", "tre"))
    assert land(organization, [one, two, two, Voucher(series="B")]) == VouchersLanded(4, 4, 0)
    assert land(organization, [one, two, two, Voucher(series="B")]) == VouchersLanded(4, 0, 0)
    assert land(organization, [one, three, two, Voucher(series="B")]) == VouchersLanded(4, 1, 0)
    assert land(organization, [one, three, Voucher(series="B")]) == VouchersLanded(3, 0, 1)
    now = vouchers(
        module_warehouse, organization, "voucher_series", "voucher_ordinal", "voucher_text",
        only="valid_to = 'infinity'",
    )  # fmt: skip
    assert now == [("A", 1, "ett"), ("A", 2, "tre"), ("B", 1, "")]


def test_years_are_apart(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, [Voucher()], year=1)
    assert land(organization, [Voucher()], year=2) == VouchersLanded(1, 1, 0)
    assert land(organization, [], year=1) == VouchersLanded(0, 0, 1)
    assert vouchers(module_warehouse, organization, "financial_year_id", only="valid_to = 'infinity'") == [
        (2,)
    ]


def test_two_years_may_land_in_one_transaction(organization: int) -> None:
    with connect(Role.LOADER, organization) as connection:
        for year in (1, 2):
            found = land_vouchers(connection, year, [Voucher()], fallback_date=FALLBACK)
            assert found == VouchersLanded(1, 1, 0)


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ((), ("", "", "")),
        ((("1", "20"),), ("20", "", "")),
        ((("6", "P1"), ("1", "20")), ("20", "P1", "")),
        ((("1", "20"), ("1", "30"), ("6", "1"), ("6", "2")), ("20", "1", "1:30 6:2")),
        ((("7", "anna"), ("2", "20A"), ("1", "x")), ("x", "", "7:anna 2:20A")),
        ((("1", "a\tb\\"), ("8", "c\nd")), ("a\tb\\", "", "8:c\nd")),
    ],
)
def test_objects_become_cost_center_project_and_the_rest(
    module_warehouse: Warehouse,
    organization: int,
    objects: tuple[tuple[str, str], ...],
    expected: tuple[str, str, str],
) -> None:
    land(organization, [Voucher(rows=(Row(objects=objects),))])
    assert rows(module_warehouse, organization, "cost_center", "project", "objects") == [expected]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("tab\there", "tab\there"),
        ("back\\slash \\N \\. \\x41", "back\\slash \\N \\. \\x41"),
        ("\\N", "\\N"),
        ("\\.", "\\."),
        ("line\nline\r\nline\r", "line\nline\r\nline\r"),
        ("n\x00ul\x00", "nul"),
        ("\"quoted\", and 'so' {on}", "\"quoted\", and 'so' {on}"),
        ("åäö ÅÄÖ € 😀 \u2028", "åäö ÅÄÖ € 😀 \u2028"),
        (" ", " "),
    ],
    ids=repr,
)
def test_texts_survive_copy(module_warehouse: Warehouse, organization: int, text: str, held: str) -> None:
    voucher = Voucher(text, text, text=text, signature=text, rows=(Row(text, text=text, signature=text),))
    land(organization, [voucher])
    columns = ("voucher_series", "voucher_number", "voucher_text", "signature")
    assert vouchers(module_warehouse, organization, *columns) == [(held,) * 4]
    assert rows(
        module_warehouse, organization, "voucher_series", "account_number", "row_text", "signature"
    ) == [(held,) * 4]
    if text == held:
        assert land(organization, [voucher]) == VouchersLanded(1, 0, 0)
        assert land(organization, []) == VouchersLanded(0, 0, 1), "it is found again to be closed"


def test_date_that_could_not_be_read_becomes_the_years_first(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, [Voucher(date=None)])
    assert vouchers(module_warehouse, organization, "voucher_date") == [(FALLBACK,)]


def test_amounts_keep_every_digit(module_warehouse: Warehouse, organization: int) -> None:
    amounts = [Decimal(text) for text in ("12345678901234567.89", "0.1", "-0.005", "1E+3", "0")]
    land(organization, [Voucher(rows=tuple(Row(amount=amount) for amount in amounts))])
    assert [row[0] for row in rows(module_warehouse, organization, "amount")] == amounts


def test_file_that_breaks_off_leaves_the_ledger_as_it_was(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, [Voucher()])
    before = vouchers(module_warehouse, organization, "voucher_text", "xmin::text", UNTIL)

    def breaking() -> Iterator[Voucher]:
        yield Voucher(text="ny")
        raise ValueError("the file ends here")

    with pytest.raises(ValueError, match="the file ends here"):
        land(organization, breaking())
    assert vouchers(module_warehouse, organization, "voucher_text", "xmin::text", UNTIL) == before
    assert land(organization, [Voucher()]) == VouchersLanded(1, 0, 0)


def test_other_organizations_keep_their_vouchers(module_warehouse: Warehouse, organization: int) -> None:
    other = organizations.register(tenant_id=str(next(_tenants)), name="Annan AB", organization_number="")
    land(other.organization_id, [Voucher(text="annans")])
    land(organization, [Voucher(text="min")])
    land(organization, [])
    current = "valid_to = 'infinity'"
    assert vouchers(module_warehouse, other.organization_id, "voucher_text", only=current) == [("annans",)]


def test_many_vouchers_stream_in_bounded_memory(module_warehouse: Warehouse, organization: int) -> None:
    text = "x" * 1000

    def many() -> Iterator[Voucher]:
        for number in range(20_000):
            yield Voucher(number=str(number), rows=(Row(text=text),))

    tracemalloc.start()
    try:
        assert land(organization, many()) == VouchersLanded(20_000, 20_000, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000, "of 20 million characters of row text"
    counted = "select count(*), sum(length(row_text)) from landing.voucher_row where organization_id = %s"
    assert module_warehouse.rows(counted, [organization]) == [(20_000, 20_000_000)]


# What the file says beside its vouchers

IB: dict[str, Any] = {
    "kind": "IB",
    "year_index": 0,
    "period": "",
    "account": "1930",
    "objects": "",
    "amount": Decimal("1.10"),
    "quantity": None,
}
PSALDO = IB | {
    "kind": "PSALDO",
    "period": "202501",
    "objects": "1:20",
    "amount": Decimal("12345678901234567.89"),
    "quantity": Decimal(2),
}
FACTS = YearFacts(
    content_digest=b"first",
    start_date=date(2025, 1, 1),
    end_date=date(2025, 12, 31),
    program="Fortnox 3.57.11",
    accounts=[
        {"number": "1930", "name": "Bank", "kind": "T", "sru": "7281"},
        {"number": "0027", "name": "", "kind": None, "sru": None},
    ],
    objects=[{"dimension": "1", "number": "20", "name": name} for name in ("Före", "Efter")],
    balances=[IB, PSALDO, IB | {"amount": Decimal("1.20")}],
    faults=[{"line": 3, "reason": "'å' is no amount", "source": "#TRANS"}],
    contradictions=[],
)


def land_year(organization: int, facts: YearFacts, year: int = 1) -> None:
    with connect(Role.LOADER, organization) as connection:
        land_facts(connection, year, facts)


def test_facts_of_a_year_land(module_warehouse: Warehouse, organization: int) -> None:
    land_year(organization, FACTS)
    of = f"where organization_id = {organization} order by 1, 2"
    assert module_warehouse.rows(
        f"select account_number, account_name, account_kind, sru_code from landing.ledger_account {of}"
    ) == [("0027", "", None, None), ("1930", "Bank", "T", "7281")]
    assert module_warehouse.rows(
        f"select dimension_number, object_number, object_name from landing.ledger_object {of}"
    ) == [("1", "20", "Efter")]
    assert module_warehouse.rows(
        "select balance_kind, period, account_number, objects, amount, quantity "
        f"from landing.ledger_balance {of}"
    ) == [
        ("IB", "", "1930", "", Decimal("1.20"), None),
        ("PSALDO", "202501", "1930", "1:20", Decimal("12345678901234567.89"), Decimal(2)),
    ]
    assert module_warehouse.rows(f"select program, faults, contradictions from landing.ledger_year {of}") == [
        ("Fortnox 3.57.11", FACTS.faults, [])
    ]


def test_facts_are_replaced_and_only_those_of_the_year(
    module_warehouse: Warehouse, organization: int
) -> None:
    land_year(organization, FACTS, 1)
    land_year(organization, FACTS, 2)
    land_year(organization, replace(FACTS, content_digest=b"second", accounts=[], objects=[], balances=[]), 1)
    for table in ("account", "object", "balance"):
        assert module_warehouse.rows(
            f"select distinct financial_year_id from landing.ledger_{table} where organization_id = %s",
            [organization],
        ) == [(2,)]


@pytest.mark.parametrize(
    ("change", "advanced"),
    [
        ({}, 0),
        ({"program": "Fortnox 3.58"}, 0),
        ({"content_digest": b"second"}, 1),
        ({"faults": []}, 1),
        ({"contradictions": [{"account": "1930"}]}, 1),
        ({"end_date": date(2026, 4, 30)}, 1),
    ],
    ids=["nothing", "the program's version", "the content", "the faults", "contradictions", "the year"],
)
def test_year_counts_as_changed_when_it_did(organization: int, change: dict[str, Any], advanced: int) -> None:
    land_year(organization, FACTS)
    before = landed(organization)
    land_year(organization, replace(FACTS, **change))
    assert landed(organization) - before == advanced
