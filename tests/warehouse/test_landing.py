"""What Fortnox answered, as it lies in landing: merged, with history, one organization at a time."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from saldo import organizations
from saldo.database import Connection, Role, connect, run
from saldo.warehouse import landing
from saldo.warehouse.landing import Cursor, FinancialYear, Merged, SyncStatus, Versions
from tests.support import Warehouse

pytestmark = pytest.mark.database

_tenants = itertools.count(8_100_000)
seconds = itertools.count()
NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def organization(module_warehouse: Warehouse) -> int:
    return make_organization()


def make_organization() -> int:
    tenant = str(next(_tenants))
    return organizations.register(tenant_id=tenant, name="Prov AB", organization_number="").organization_id


def page(*records: dict[str, Any] | str, list_key: str = "Customers") -> str:
    texts = [record if isinstance(record, str) else json.dumps(record) for record in records]
    return f'{{"MetaInformation": {{}}, "{list_key}": [{", ".join(texts)}]}}'


def customer(number: str, name: str = "Kund AB") -> dict[str, Any]:
    return {"CustomerNumber": number, "Name": name}


def at(second: int) -> datetime:
    """A moment of Fortnox's clock."""
    return NOON + timedelta(seconds=second)


def merge(
    connection: Connection,
    *pages: str,
    resource: str = "customers",
    list_key: str = "Customers",
    key_fields: Sequence[str] = ("CustomerNumber",),
    scope: str = "",
    asked_at: datetime | None = None,
    is_whole: bool = True,
    **more: bool,
) -> Merged:
    """Merges; each list is asked for a second after the one before, unless the test says when."""
    return landing.merge_documents(
        connection,
        resource=resource,
        list_key=list_key,
        key_fields=key_fields,
        scope=scope,
        pages=pages,
        asked_at=asked_at or at(next(seconds)),
        is_whole=is_whole,
        **more,
    )


def land(organization: int, *pages: str, **more: Any) -> Merged:
    """A merge in a transaction of its own."""
    with connect(Role.LOADER, organization) as connection:
        return merge(connection, *pages, **more)


def documents(warehouse: Warehouse, organization: int, *columns: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        f"select {', '.join(columns)} from landing.document where organization_id = %s "
        "order by resource, document_key",
        [organization],
    )


def history(warehouse: Warehouse, organization: int) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select document_key, part, record ->> 'Name', valid_from, valid_to from landing.document_version "
        "where organization_id = %s order by document_key, valid_to",
        [organization],
    )


def landed(organization: int) -> int:
    with connect(Role.LOADER, organization) as connection:
        return landing.versions(connection).landed


# Documents


def test_new_records_land_as_they_came(module_warehouse: Warehouse, organization: int) -> None:
    assert land(organization, page(customer("1"), customer("2"))) == Merged(2, 2, 0)
    found = documents(
        module_warehouse, organization, "document_key", "list_record", "deleted_at", "detail_record"
    )
    assert found == [("1", customer("1"), None, None), ("2", customer("2"), None, None)]
    assert landed(organization) == 1


def test_unchanged_rows_are_not_touched(module_warehouse: Warehouse, organization: int) -> None:
    pages = page(customer("1"), customer("2")), page(customer("3"))
    land(organization, *pages)
    # xmax would show a row lock, which is written too
    physical = ("ctid::text", "xmin::text", "xmax::text", "changed_at")
    before = documents(module_warehouse, organization, *physical)

    assert land(organization, *pages) == Merged(3, 0, 0)

    assert documents(module_warehouse, organization, *physical) == before
    assert history(module_warehouse, organization) == []
    assert landed(organization) == 1


def test_same_record_written_another_way_is_unchanged(organization: int) -> None:
    land(organization, page('{"CustomerNumber": "1", "Name": "Åkeri/A"}'))
    spelled = page(r'{ "Name":"\u00c5keri\/A",  "CustomerNumber":"1" }')
    assert land(organization, spelled) == Merged(1, 0, 0)


def test_changed_record_leaves_its_former_self(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, page(customer("1", "Före"), customer("2")))
    [(began,), _] = documents(module_warehouse, organization, "changed_at")

    assert land(organization, page(customer("1", "Efter"), customer("2"))) == Merged(2, 1, 0)

    [(name, changed), _] = documents(module_warehouse, organization, "list_record ->> 'Name'", "changed_at")
    assert name == "Efter"
    assert history(module_warehouse, organization) == [("1", "list", "Före", began, changed)]
    assert changed > began
    assert landed(organization) == 2


def test_record_that_is_gone_is_marked_and_kept(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, page(customer("1"), customer("2")))
    assert land(organization, page(customer("2"))) == Merged(1, 0, 1)
    gone = "deleted_at is not null"
    assert documents(module_warehouse, organization, "document_key", gone) == [("1", True), ("2", False)]
    assert landed(organization) == 2

    before = documents(module_warehouse, organization, "xmin::text", "deleted_at")
    assert land(organization, page(customer("2"))) == Merged(1, 0, 0), "it is gone once"
    assert documents(module_warehouse, organization, "xmin::text", "deleted_at") == before


@pytest.mark.parametrize("name", ["Kund AB", "Ny AB"], ids=["as it was", "changed"])
def test_record_that_returns_is_alive_again_and_was_gone_meanwhile(
    module_warehouse: Warehouse, organization: int, name: str
) -> None:
    land(organization, page(customer("1"), customer("2")), asked_at=at(0))
    land(organization, page(customer("2")), asked_at=at(10))
    returned = page(customer("1", name), customer("2"))
    assert land(organization, returned, asked_at=at(20)) == Merged(2, 1, 0)
    found = documents(module_warehouse, organization, "list_record ->> 'Name'", "changed_at", "deleted_at")
    assert found == [(name, at(20), None), ("Kund AB", at(0), None)]
    assert history(module_warehouse, organization) == [("1", "list", "Kund AB", at(0), at(10))]


def test_empty_list_says_that_all_are_gone(organization: int) -> None:
    land(organization, page(customer("1"), customer("2")))
    assert land(organization, page()) == Merged(0, 0, 2)
    assert land(organization, page()) == Merged(0, 0, 0)


def test_list_of_one_year_says_nothing_of_another(module_warehouse: Warehouse, organization: int) -> None:
    accounts: dict[str, Any] = {
        "resource": "accounts",
        "list_key": "Accounts",
        "key_fields": ("Year", "Number"),
    }

    def account(year: int, number: int) -> dict[str, int]:
        return {"Year": year, "Number": number}

    land(organization, page(account(1, 1930), account(1, 3001), list_key="Accounts"), scope="1", **accounts)
    assert land(organization, page(account(2, 1930), list_key="Accounts"), scope="2", **accounts) == Merged(
        1, 1, 0
    )
    assert land(organization, page(account(1, 1930), list_key="Accounts"), scope="1", **accounts) == Merged(
        1, 0, 1
    )

    found = documents(module_warehouse, organization, "document_key", "scope", "deleted_at is null")
    assert found == [("1/1930", "1", True), ("1/3001", "1", False), ("2/1930", "2", True)]


def test_equal_numbers_of_other_resources_and_organizations_are_others(
    module_warehouse: Warehouse, organization: int
) -> None:
    other = make_organization()
    suppliers: dict[str, Any] = {
        "resource": "suppliers",
        "list_key": "Suppliers",
        "key_fields": ("SupplierNumber",),
    }
    land(organization, page(customer("1", "Min kund")))
    land(other, page(customer("1", "Annans kund")))
    land(organization, page({"SupplierNumber": "1", "Name": "Leverantör"}, list_key="Suppliers"), **suppliers)
    land(other, page())

    found = documents(module_warehouse, organization, "resource", "list_record ->> 'Name'", "deleted_at")
    assert found == [("customers", "Min kund", None), ("suppliers", "Leverantör", None)]
    assert documents(module_warehouse, other, "list_record ->> 'Name'", "deleted_at is null") == [
        ("Annans kund", False)
    ]


def test_numbers_keep_every_digit(module_warehouse: Warehouse, organization: int) -> None:
    numbers = ["12345678901234567.89", "0.1", "-0.30", "100", "1e2", "9007199254740993"]
    records = [f'{{"CustomerNumber": "{place}", "Total": {text}}}' for place, text in enumerate(numbers)]
    land(organization, page(*records))
    found = documents(module_warehouse, organization, "(list_record ->> 'Total')::numeric")
    assert [row[0] for row in found] == [Decimal(text) for text in numbers]
    texts = documents(module_warehouse, organization, "list_record ->> 'Total'")
    assert [row[0] for row in texts[:3]] == numbers[:3]
    assert land(organization, page(*records)) == Merged(6, 0, 0)


def test_record_without_its_key_is_kept_by_what_it_says(
    module_warehouse: Warehouse, organization: int
) -> None:
    records = [
        {"Name": "Utan nummer"},
        {"CustomerNumber": None, "Name": "Inget nummer"},
        {"CustomerNumber": "", "Name": "Tomt nummer"},
        customer("1"),
    ]
    assert land(organization, page(*records)) == Merged(4, 4, 0, keyless=3)
    assert land(organization, page(*reversed(records))) == Merged(4, 0, 0, keyless=3)
    keys = [row[0] for row in documents(module_warehouse, organization, "document_key")]
    assert len(set(keys)) == 4
    assert sorted(key[0] for key in keys) == ["1", "?", "?", "?"]


def test_part_of_a_key_is_no_key(module_warehouse: Warehouse, organization: int) -> None:
    """Else account 1930 of no year would be another list's number 1930."""
    accounts: dict[str, Any] = {
        "resource": "accounts",
        "list_key": "Accounts",
        "key_fields": ("Year", "Number"),
    }
    records = [{"Year": None, "Number": 1930}, {"Year": 1}, {"Year": 1, "Number": 1930}]
    assert land(organization, page(*records, list_key="Accounts"), **accounts) == Merged(3, 3, 0, keyless=2)
    keys = [row[0] for row in documents(module_warehouse, organization, "document_key")]
    assert keys[0] == "1/1930"
    assert {key[0] for key in keys[1:]} == {"?"}


def test_record_that_is_no_object_stops_nothing(module_warehouse: Warehouse, organization: int) -> None:
    odd = page(customer("1"), "null", '"text"', "7", "[1, 2]", customer("2"))
    assert land(organization, odd) == Merged(6, 6, 0, keyless=4)
    assert land(organization, odd) == Merged(6, 0, 0, keyless=4)
    assert module_warehouse.rows(
        "select customer_number from staging.fortnox_customers where organization_id = %s order by 1",
        [organization],
    ) == [("1",), ("2",)]


def test_page_without_the_list_is_not_an_empty_list(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, page(customer("1")))
    for answer in ('{"MetaInformation": {}}', '{"Kunder": []}', "[]", "null"):
        with pytest.raises(ValueError, match="1 pages of customers hold no Customers"):
            land(organization, page(), answer)
    assert documents(module_warehouse, organization, "deleted_at") == [(None,)]


def test_more_key_fields_than_the_statement_joins_are_refused(organization: int) -> None:
    with pytest.raises(ValueError, match="3 key fields"):
        land(organization, page(), key_fields=["A", "B", "C", "D"])


def test_of_a_record_that_comes_twice_the_last_counts(module_warehouse: Warehouse, organization: int) -> None:
    """As at the border of two pages, where the second is the later answer."""
    first, second = (
        page(customer("1"), customer("2", "Före")),
        page(customer("2", "Efter"), customer("3", "a"), customer("3", "b")),
    )
    assert land(organization, first, second) == Merged(3, 3, 0)
    names = documents(module_warehouse, organization, "list_record ->> 'Name'")
    assert names == [("Kund AB",), ("Efter",), ("b",)]
    assert land(organization, first, second) == Merged(3, 0, 0)


def test_one_object_lands_as_a_list_of_one(module_warehouse: Warehouse, organization: int) -> None:
    company: dict[str, Any] = {
        "resource": "companyinformation",
        "list_key": "CompanyInformation",
        "key_fields": ("DatabaseNumber",),
    }
    text = '{"CompanyInformation": {"DatabaseNumber": 4711, "CompanyName": "Prov AB"}}'
    assert land(organization, text, **company) == Merged(1, 1, 0)
    assert land(organization, text, **company) == Merged(1, 0, 0)
    assert documents(module_warehouse, organization, "document_key") == [("4711",)]


def test_the_one_object_that_there_is_needs_no_key(module_warehouse: Warehouse, organization: int) -> None:
    period: dict[str, Any] = {"resource": "lockedperiod", "list_key": "LockedPeriod", "key_fields": ()}
    locked = '{"LockedPeriod": {"EndDate": "2025-12-31"}}'
    assert land(organization, locked, **period) == Merged(1, 1, 0)
    assert land(organization, '{"LockedPeriod": {"EndDate": "2026-01-31"}}', **period) == Merged(1, 1, 0)
    found = documents(module_warehouse, organization, "document_key", "list_record ->> 'EndDate'")
    assert found == [("", "2026-01-31")]
    assert land(organization, '{"LockedPeriod": null}', **period) == Merged(0, 0, 1)


def test_one_transaction_may_merge_again_and_something_else(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, page(customer("1", "a")))
    with connect(Role.LOADER, organization) as connection:
        assert merge(connection, page(customer("1", "b"))) == Merged(1, 1, 0)
        assert merge(connection, page(customer("1", "c"), customer("2"))) == Merged(2, 2, 0)
        costcenters: dict[str, Any] = {
            "resource": "costcenters",
            "list_key": "CostCenters",
            "key_fields": ["Code"],
        }
        assert merge(connection, page({"Code": "1"}, list_key="CostCenters"), **costcenters) == Merged(
            1, 1, 0
        )
    versions = history(module_warehouse, organization)
    assert [row[2] for row in versions] == ["a", "b"]
    assert versions[0][4] == versions[1][3], "one begins where the other ends"


def test_two_writers_of_one_resource_take_turns(module_warehouse: Warehouse, organization: int) -> None:
    other = make_organization()
    waiting = (
        "select count(*) from pg_locks where locktype = 'advisory' and not granted "
        "and database = (select oid from pg_database where datname = current_database())"
    )
    with ThreadPoolExecutor(1) as second_process:
        with connect(Role.LOADER, organization) as connection:
            assert merge(connection, page(customer("1"), customer("2"))) == Merged(2, 2, 0)
            second = second_process.submit(land, organization, page(customer("1"), customer("2", "Ny")))
            end = time.monotonic() + 20
            while module_warehouse.rows(waiting) == [(0,)]:
                assert time.monotonic() < end, "the second writer does not wait"
                time.sleep(0.01)
            assert land(other, page(customer("1"))) == Merged(1, 1, 0), "another organization need not wait"
            assert not second.done()
        assert second.result(20) == Merged(2, 1, 0)


def test_rollback_leaves_nothing(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, page(customer("1", "a")))
    before = documents(module_warehouse, organization, "*")
    with suppress(ZeroDivisionError), connect(Role.LOADER, organization) as connection:
        assert merge(connection, page(customer("1", "b"), customer("2"))) == Merged(2, 2, 0)
        _ = 1 / 0
    assert documents(module_warehouse, organization, "*") == before
    assert history(module_warehouse, organization) == []
    assert landed(organization) == 1
    assert land(organization, page(customer("1", "b"))) == Merged(1, 1, 0), "and nothing is in the way"


# Increments, and answers that come in another order than they were asked for


def test_increment_says_nothing_of_what_it_does_not_name(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, page(customer("1"), customer("2"), customer("3")))
    increment = page(customer("2", "Ny"), customer("4"))
    assert land(organization, increment, is_whole=False) == Merged(2, 2, 0)
    assert land(organization, increment, is_whole=False) == Merged(2, 0, 0)
    assert land(organization, page(), is_whole=False) == Merged(0, 0, 0)
    found = documents(module_warehouse, organization, "list_record ->> 'Name'", "deleted_at is null")
    assert found == [("Kund AB", True), ("Ny", True), ("Kund AB", True), ("Kund AB", True)]


def test_times_are_those_of_fortnox(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, page(customer("1", "a"), customer("2")), asked_at=at(0))
    land(organization, page(customer("1", "b")), asked_at=at(60))
    found = documents(module_warehouse, organization, "changed_at", "deleted_at")
    assert found == [(at(60), None), (at(0), at(60))]
    assert history(module_warehouse, organization) == [("1", "list", "a", at(0), at(60))]


def test_changes_of_one_second_are_told_apart(module_warehouse: Warehouse, organization: int) -> None:
    for name in "abc":
        assert land(organization, page(customer("1", name)), asked_at=at(0)) == Merged(1, 1, 0)
    assert land(organization, page(), asked_at=at(0)) == Merged(0, 0, 1)
    assert land(organization, page(customer("1", "d")), asked_at=at(0)) == Merged(1, 1, 0)
    assert documents(module_warehouse, organization, "changed_at", "deleted_at") == [
        (at(0) + 4 * MICROSECOND, None)
    ]
    assert history(module_warehouse, organization) == [
        ("1", "list", name, at(0) + number * MICROSECOND, at(0) + (number + 1) * MICROSECOND)
        for number, name in enumerate("abc")
    ]


def test_older_answer_overwrites_nothing_newer(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, page(customer("1", "a"), customer("2", "a")), asked_at=at(0))
    land(organization, page(customer("1", "c"), customer("3")), asked_at=at(20), is_whole=False)
    before = documents(module_warehouse, organization, "*")

    late = page(customer("1", "b"), customer("2", "b"))
    assert land(organization, late, asked_at=at(10)) == Merged(2, 1, 0)

    after = documents(module_warehouse, organization, "*")
    assert after[0] == before[0], "changed since"
    assert after[2] == before[2], "made since, so it is not gone"
    assert documents(module_warehouse, organization, "list_record ->> 'Name'")[1] == ("b",)


def test_older_answer_revives_nothing_that_is_gone_since(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, page(customer("1")), asked_at=at(0))
    land(organization, page(), asked_at=at(20))
    assert land(organization, page(customer("1", "b")), asked_at=at(10)) == Merged(1, 0, 0)
    assert documents(module_warehouse, organization, "deleted_at") == [(at(20),)]


# Statuses, cursors, versions and years


def status(resource: str, scope: str = "", verdict: str = "ok", fetched: int = 3, **more: Any) -> SyncStatus:
    return SyncStatus(resource, scope, "run", verdict, fetched, 1, 0, 2, 0.25, "", NOON, **more)


def test_status_keeps_the_latest_of_each_resource_and_year(
    module_warehouse: Warehouse, organization: int
) -> None:
    details: dict[str, Any] = {"mode": "details", "details_done": 400, "details_left": 1600}
    with connect(Role.LOADER, organization) as connection:
        for written in (
            status("customers", fetched=1, mode="whole"), status("customers", fetched=2, mode="increment"),
            status("accounts", "1"), status("accounts", "2", "skipped"),
            status("invoices", **details, expected_at=NOON + timedelta(minutes=92)),
        ):  # fmt: skip
            landing.write_status(connection, written)
    assert module_warehouse.rows(
        "select resource, scope, status, mode, fetched, details_done, details_left, expected_at "
        "from control.sync_status where organization_id = %s order by resource, scope",
        [organization],
    ) == [
        ("accounts", "1", "ok", "", 3, 0, 0, None),
        ("accounts", "2", "skipped", "", 3, 0, 0, None),
        ("customers", "", "ok", "increment", 2, 0, 0, None),
        ("invoices", "", "ok", "details", 3, 400, 1600, NOON + timedelta(minutes=92)),
    ]
    with connect(Role.PAGE, organization) as connection:
        rows = run(connection, "control/page_resources").fetchall()
    assert rows[-1] == (
        *("invoices", "", "ok", 3, 1, 0, 2, Decimal("0.250"), "", "2026-02-03 13:00:00"),
        *("details", 400, 1600, "2026-02-03 14:32", None),
    )


def test_status_says_how_far_the_details_are() -> None:
    assert "details" not in str(status("customers"))
    left = str(status("invoices", details_left=1_234_567))
    assert left.endswith("0.2 s  details 0 done, 1 234 567 left")
    expected = NOON + timedelta(minutes=92)
    told = str(status("invoices", details_done=400, details_left=1600, expected_at=expected))
    assert told.endswith("details 400 done, 1 600 left, expected 14:32"), "Swedish time"


def move(organization: int, second: int, record_count: int | None = None, *, is_whole: bool = True) -> None:
    with connect(Role.LOADER, organization) as connection:
        landing.move_cursor(
            connection, "customers", "",
            asked_at=at(second), record_count=record_count, is_whole=is_whole,
        )  # fmt: skip


def cursor(organization: int) -> Cursor:
    with connect(Role.LOADER, organization) as connection:
        return landing.cursors(connection)["customers", ""]


def test_cursor_follows_lists_and_increments(organization: int) -> None:
    move(organization, 0, 7)
    assert cursor(organization) == Cursor(at(0), at(0), record_count=7)
    move(organization, 10, is_whole=False)
    assert cursor(organization) == Cursor(at(10), at(0), record_count=7)
    move(organization, 20, 9, is_whole=False)
    assert cursor(organization) == Cursor(at(20), at(0), record_count=9)
    move(organization, 30, 8)
    assert cursor(organization) == Cursor(at(30), at(30), record_count=8)


def test_cursor_never_moves_backwards(organization: int) -> None:
    move(organization, 10, 7)
    move(organization, 30, 9, is_whole=False)
    move(organization, 20, 8)
    assert cursor(organization) == Cursor(at(30), at(20), record_count=9), "a whole list, but an older count"
    move(organization, 0, 1)
    assert cursor(organization) == Cursor(at(30), at(20), record_count=9)


def test_cursor_is_of_its_resource_and_scope(organization: int) -> None:
    with connect(Role.LOADER, organization) as connection:
        for second, (resource, scope) in enumerate((("accounts", "1"), ("accounts", "2"), ("units", ""))):
            landing.move_cursor(
                connection, resource, scope, asked_at=at(second), record_count=second, is_whole=True
            )
        assert landing.cursors(connection) == {
            ("accounts", "1"): Cursor(at(0), at(0), record_count=0),
            ("accounts", "2"): Cursor(at(1), at(1), record_count=1),
            ("units", ""): Cursor(at(2), at(2), record_count=2),
        }
    with connect(Role.LOADER, make_organization()) as connection:
        assert landing.cursors(connection) == {}


def test_rolled_back_rows_take_their_cursor_with_them(organization: int) -> None:
    with suppress(ZeroDivisionError), connect(Role.LOADER, organization) as connection:
        landing.move_cursor(connection, "customers", "", asked_at=at(0), record_count=1, is_whole=True)
        _ = 1 / 0
    with connect(Role.LOADER, organization) as connection:
        assert landing.cursors(connection) == {}


def test_probe_is_kept_beside_the_cursor_and_the_later_one_counts(organization: int) -> None:
    with connect(Role.LOADER, organization) as connection:
        landing.note_lastmodified(connection, "customers", "", "honoured", at(10))
    assert cursor(organization) == Cursor(lastmodified="honoured", probed_at=at(10))
    move(organization, 20, 5)
    with connect(Role.LOADER, organization) as connection:
        landing.note_lastmodified(connection, "customers", "", "refused", at(30))
        landing.note_lastmodified(connection, "customers", "", "ignored", at(15))
    assert cursor(organization) == Cursor(at(20), at(20), "refused", at(30), 5)


def test_day_of_the_marts_counts_as_a_change_once(organization: int) -> None:
    with connect(Role.LOADER, organization) as connection:
        assert landing.set_as_of(connection, date(2026, 2, 3))
        assert not landing.set_as_of(connection, date(2026, 2, 3))
        assert landing.set_as_of(connection, date(2026, 2, 4))
        assert landing.versions(connection) == Versions(2, 0, 0, date(2026, 2, 4))


def test_unknown_organization_is_told_to_connect(module_warehouse: Warehouse) -> None:
    with connect(Role.LOADER, 999_999) as connection, pytest.raises(LookupError, match="saldo connect"):
        landing.versions(connection)


def test_financial_years_come_by_time_and_only_the_readable_and_living(organization: int) -> None:
    def year(number: object, start: str, end: str) -> dict[str, object]:
        return {"Id": number, "FromDate": start, "ToDate": end}

    years: dict[str, Any] = {
        "resource": "financialyears",
        "list_key": "FinancialYears",
        "key_fields": ["Id"],
    }
    good = [year(2, "2024-07-01", "2025-06-30"), year(7, "2023-07-01", "2024-06-30")]
    bad = [year(3, "igår", "2022-06-30"), year("x", "2021-07-01", "2022-06-30"), year(9, "2020-07-01", "")]
    deleted = [year(4, "2019-07-01", "2020-06-30")]
    land(organization, page(*good, *bad, *deleted, list_key="FinancialYears"), **years)
    land(organization, page(*good, *bad, list_key="FinancialYears"), **years)
    with connect(Role.LOADER, organization) as connection:
        assert landing.financial_years(connection) == [
            FinancialYear(7, date(2023, 7, 1), date(2024, 6, 30)),
            FinancialYear(2, date(2024, 7, 1), date(2025, 6, 30)),
        ]


# SIE files


def store(organization: int, data: bytes, moment: str, year: int = 1, digest: bytes | None = None) -> bool:
    fetched_at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    with connect(Role.LOADER, organization) as connection:
        return landing.store_sie(connection, year, data, digest or data, fetched_at)


def stored(warehouse: Warehouse, organization: int) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select financial_year_id, convert_from(content_digest, 'UTF8'), is_newest from landing.sie_file "
        "where organization_id = %s order by financial_year_id, fetched_at",
        [organization],
    )


def test_file_reads_back_byte_for_byte(module_warehouse: Warehouse, organization: int) -> None:
    data = bytes(range(256)) * 4000 + b"\r\n"
    assert store(organization, data, "2026-01-01", digest=b"a")
    with connect(Role.LOADER, organization) as connection:
        assert landing.stored_sie(connection, 1) == data
        with pytest.raises(LookupError, match="financial year 2"):
            landing.stored_sie(connection, 2)
    [(size, kept)] = module_warehouse.rows(
        "select byte_count, length(data) from landing.sie_file where organization_id = %s", [organization]
    )
    assert size == len(data)
    assert kept < len(data) / 10


def test_unchanged_content_is_not_stored_again(module_warehouse: Warehouse, organization: int) -> None:
    assert store(organization, b"#GEN 20260101", "2026-01-01", digest=b"same")
    before = module_warehouse.rows(
        "select xmin::text, * from landing.sie_file where organization_id = %s", [organization]
    )
    assert not store(organization, b"#GEN 20260102", "2026-01-02", digest=b"same")
    assert before == module_warehouse.rows(
        "select xmin::text, * from landing.sie_file where organization_id = %s", [organization]
    )


def test_newest_and_the_last_of_each_month_are_kept(module_warehouse: Warehouse, organization: int) -> None:
    for text, moment in (
        ("a", "2026-01-10"),
        ("b", "2026-01-20"),
        ("c", "2026-01-31T22:30"),  # 23:30 in Sweden
        ("d", "2026-01-31T23:30"),  # February in Sweden
        ("e", "2026-02-10"),
        ("f", "2026-04-01"),
        ("g", "2026-04-02"),
    ):
        assert store(organization, text.encode(), moment)
    store(organization, b"another year", "2026-01-15", year=2)
    assert stored(module_warehouse, organization) == [
        (1, "c", False),
        (1, "e", False),
        (1, "g", True),
        (2, "another year", True),
    ]


def test_content_that_returns_is_the_newest_again(module_warehouse: Warehouse, organization: int) -> None:
    for text, moment in (("a", "2026-01-10"), ("b", "2026-02-10"), ("a", "2026-02-20")):
        assert store(organization, text.encode(), moment)
    assert [row[1] for row in stored(module_warehouse, organization) if row[2]] == ["a"]
    with connect(Role.LOADER, organization) as connection:
        assert landing.stored_sie(connection, 1) == b"a"


def test_file_that_comes_too_late_is_not_the_newest(module_warehouse: Warehouse, organization: int) -> None:
    assert store(organization, b"new", "2026-02-10T10:00:01")
    assert not store(organization, b"old", "2026-02-10T10:00:00")
    assert not store(organization, b"old", "2026-01-10")
    assert store(organization, b"same second", "2026-02-10T10:00:01")
    assert [row[1:] for row in stored(module_warehouse, organization) if row[2]] == [("same second", True)]
    with connect(Role.LOADER, organization) as connection:
        assert landing.stored_sie(connection, 1) == b"same second"


def test_file_is_pending_until_the_ledger_is_made_of_it(
    module_warehouse: Warehouse, organization: int
) -> None:
    store(organization, b"one", "2026-01-01", year=1)
    store(organization, b"two", "2026-01-01", year=2)
    module_warehouse.execute(
        "insert into landing.ledger_year "
        "values (%s, 2, 'two', now(), '2026-01-01', '2026-12-31', '', '[]', '[]')",
        [organization],
    )
    with connect(Role.LOADER, organization) as connection:
        assert landing.pending_sie(connection) == [1]
    store(organization, b"two and a half", "2026-01-02", year=2)
    with connect(Role.LOADER, organization) as connection:
        assert landing.pending_sie(connection) == [1, 2]


def test_two_that_store_the_same_file_at_once_store_it_once(
    module_warehouse: Warehouse, organization: int
) -> None:
    begin = threading.Barrier(4)

    def process(_number: int) -> bool:
        begin.wait(20)
        return store(organization, b"same", "2026-01-01")

    with ThreadPoolExecutor(4) as processes:
        assert sorted(processes.map(process, range(4))) == [False, False, False, True]
