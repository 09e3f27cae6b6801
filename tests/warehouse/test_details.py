"""Single records beside lists: what is due, what lands, what the marts are told, the history of both."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from saldo.database import Connection, Role, connect
from saldo.warehouse import landing
from saldo.warehouse.landing import DetailAnswer, DueDetail, Merged
from tests.support import Warehouse
from tests.warehouse.test_landing import MICROSECOND, at, landed, make_organization, merge, page, seconds

pytestmark = pytest.mark.database


@pytest.fixture
def organization(module_warehouse: Warehouse) -> int:
    return make_organization()


def land(organization: int, *records: dict[str, Any], resource: str = "invoices", **more: Any) -> Merged:
    """A list of documents with rows."""
    with connect(Role.LOADER, organization) as connection:
        return merge(
            connection,
            page(*records, list_key="Invoices"),
            resource=resource,
            list_key="Invoices",
            key_fields=["DocumentNumber"],
            **{"is_detailed": True} | more,
        )


def invoice(number: str, total: int = 100) -> dict[str, Any]:
    return {"DocumentNumber": number, "Total": total}


def due(organization: int, resource: str = "invoices", limit: int = 100) -> list[DueDetail]:
    with connect(Role.LOADER, organization) as connection:
        return landing.details_due(connection, resource, limit)


def due_numbers(organization: int) -> list[str]:
    return [detail.document_key for detail in due(organization)]


def answer(detail: DueDetail, note: str = "", body: str | None = None) -> DetailAnswer:
    record = {"DocumentNumber": detail.document_key, "Note": note}
    return DetailAnswer(detail.document_key, detail.due_at, body or json.dumps({"Invoice": record}))


def land_details(
    organization: int,
    answers: Iterable[DetailAnswer],
    *,
    asked_at: datetime | None = None,
    resource: str = "invoices",
) -> Merged:
    with connect(Role.LOADER, organization) as connection:
        return merge_details(connection, answers, asked_at=asked_at, resource=resource)


def merge_details(
    connection: Connection,
    answers: Iterable[DetailAnswer],
    *,
    asked_at: datetime | None = None,
    resource: str = "invoices",
) -> Merged:
    return landing.merge_details(
        connection,
        resource=resource,
        detail_key="Invoice",
        answers=answers,
        asked_at=asked_at or at(next(seconds)),
    )


def details(warehouse: Warehouse, organization: int, *columns: str) -> list[tuple[Any, ...]]:
    listed = ", ".join(columns or ("detail_record ->> 'Note'", "detail_due_at is not null"))
    return warehouse.rows(
        f"select {listed} from landing.document where organization_id = %s order by resource, document_key",
        [organization],
    )


def history(warehouse: Warehouse, organization: int, part: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select document_key, coalesce(record ->> 'Note', record ->> 'Total'), valid_from, "
        "case when valid_to = 'infinity' then null else valid_to end from staging.document_history "
        "where organization_id = %s and part = %s order by document_key, valid_from",
        [organization, part],
    )


# The backlog


def test_what_is_new_changed_or_alive_again_is_due(organization: int) -> None:
    land(organization, invoice("1"), invoice("2"), invoice("3"))
    assert due_numbers(organization) == ["3", "2", "1"]
    land_details(organization, map(answer, due(organization)))
    assert due(organization) == []

    land(organization, invoice("1"), invoice("2", 200))
    assert due_numbers(organization) == ["2"], "3 is gone, 1 is as it was"
    land(organization, invoice("1"), invoice("2", 200), invoice("3"))
    assert due_numbers(organization) == ["3", "2"]


def test_documents_without_rows_are_never_due(organization: int) -> None:
    land(organization, invoice("1"), is_detailed=False)
    land(organization, invoice("1", 2), is_detailed=False, names_changes=True)
    assert due(organization) == []


def test_what_is_gone_is_due_no_more(organization: int) -> None:
    land(organization, invoice("1"), invoice("2"))
    land(organization, invoice("2"))
    assert due_numbers(organization) == ["2"]


def test_increment_names_what_changed_even_when_the_list_shows_nothing(
    module_warehouse: Warehouse, organization: int
) -> None:
    """As when a row's text changed: no field of the list tells."""
    land(organization, invoice("1"), invoice("2"))
    land_details(organization, map(answer, due(organization)))
    before = landed(organization)

    assert land(organization, invoice("2"), is_whole=False, names_changes=True) == Merged(1, 0, 0)
    assert due_numbers(organization) == ["2"]
    assert landed(organization) == before, "nothing has landed yet"

    [first] = due(organization)
    land(organization, invoice("2"), is_whole=False, names_changes=True)
    [second] = due(organization)
    assert second.due_at > first.due_at, "named again, it is another wait"
    assert history(module_warehouse, organization, "list")[1][3] is None


def test_older_increment_makes_nothing_due_that_a_newer_list_has_brought(organization: int) -> None:
    land(organization, invoice("1"), asked_at=at(100))
    land_details(organization, map(answer, due(organization)))
    land(organization, invoice("1"), asked_at=at(50), is_whole=False, names_changes=True)
    assert due(organization) == []


def test_newest_come_first_and_numbers_go_by_size(organization: int) -> None:
    land(organization, *map(invoice, ["9", "10", "100", "99", "2", "A1"]))
    assert due_numbers(organization) == ["100", "A1", "99", "10", "9", "2"]
    assert [detail.document_key for detail in due(organization, limit=2)] == ["100", "A1"]


def test_backlog_is_counted_by_resource(organization: int) -> None:
    land(organization, invoice("1"), invoice("2"))
    land(organization, invoice("1"), resource="orders")
    land(make_organization(), invoice("7"))
    with connect(Role.LOADER, organization) as connection:
        assert landing.details_left(connection) == {"invoices": 2, "orders": 1}
        assert [detail.document_key for detail in landing.details_due(connection, "orders", 9)] == ["1"]


def test_backlog_is_read_from_its_index(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, *(invoice(str(number)) for number in range(1, 3000)))
    land_details(organization, map(answer, due(organization, limit=2900)))
    with connect(Role.LOADER, organization) as connection:
        connection.execute("analyze landing.document_invoices")
        plan = "\n".join(
            row[0]
            for row in connection.execute(
                "explain select document_key, detail_due_at from landing.document "
                "where organization_id = control.current_organization_id() and resource = 'invoices' "
                "and detail_due_at is not null order by length(document_key) desc, document_key desc limit 9"
            )
        )
    assert "Index Scan" in plan
    assert "Sort" not in plan


# Merging


def test_single_records_land_as_they_came_beside_their_lists(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, invoice("1"), invoice("2"))
    text = '{"Invoice": {"Net": 100.10, "InvoiceRows": [{"Price": 12345678901234567.89}]}}'
    two, one = due(organization)
    assert land_details(organization, [answer(one, body=text)], asked_at=at(5000)) == Merged(1, 1, 0)
    found = details(
        module_warehouse, organization, "list_record ->> 'Total'", "detail_record::text", "detail_changed_at"
    )
    assert found == [
        ("100", '{"Net": 100.10, "InvoiceRows": [{"Price": 12345678901234567.89}]}', at(5000)),
        ("100", None, None),
    ]
    assert due(organization) == [two]


def test_unchanged_record_is_not_touched(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, invoice("1"))
    answers = [*map(answer, due(organization))]
    land_details(organization, answers)
    physical = ("ctid::text", "xmin::text", "xmax::text", "detail_changed_at")
    before = details(module_warehouse, organization, *physical)
    told = landed(organization)

    assert land_details(organization, answers, asked_at=at(6000)) == Merged(1, 0, 0)

    assert details(module_warehouse, organization, *physical) == before
    assert landed(organization) == told


def test_unchanged_record_comes_off_the_backlog(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, invoice("1"))
    land_details(organization, map(answer, due(organization)), asked_at=at(5000))
    told = landed(organization)
    land(organization, invoice("1"), names_changes=True)
    assert land_details(organization, map(answer, due(organization)), asked_at=at(6000)) == Merged(1, 0, 0)
    assert due(organization) == []
    assert history(module_warehouse, organization, "detail") == [("1", "", at(5000), None)]
    assert landed(organization) == told, "nothing is new to the marts"


def test_changed_record_leaves_its_former_self(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, invoice("1"), asked_at=at(0))
    land_details(organization, [answer(due(organization)[0], "a")], asked_at=at(10))
    for moment, note in ((20, "b"), (20, "c")):
        land(organization, invoice("1"), names_changes=True, asked_at=at(moment))
        assert land_details(
            organization, [answer(due(organization)[0], note)], asked_at=at(moment)
        ) == Merged(1, 1, 0)
    assert history(module_warehouse, organization, "detail") == [
        ("1", "a", at(10), at(20)),
        ("1", "b", at(20), at(20) + MICROSECOND),
        ("1", "c", at(20) + MICROSECOND, None),
    ]
    assert history(module_warehouse, organization, "list") == [("1", "100", at(0), None)]


def test_record_put_on_the_backlog_again_meanwhile_stays_due(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, invoice("1"), invoice("2"))
    read = due(organization)
    land(organization, invoice("1", 200), invoice("2"))
    assert land_details(organization, [answer(detail, "before") for detail in read]) == Merged(2, 2, 0)
    assert due_numbers(organization) == ["1"]
    assert details(module_warehouse, organization) == [("before", True), ("before", False)]
    with connect(Role.LOADER, organization) as connection:
        landing.clear_details(connection, "invoices", read)
    assert due_numbers(organization) == ["1"], "what is not found is compared as well"


def test_older_answer_overwrites_nothing_newer(module_warehouse: Warehouse, organization: int) -> None:
    land(organization, invoice("1"), asked_at=at(0))
    [read] = due(organization)
    land_details(organization, [answer(read, "new")], asked_at=at(20))
    assert land_details(organization, [answer(read, "old")], asked_at=at(10)) == Merged(1, 0, 0)
    assert details(module_warehouse, organization) == [("new", False)]


def test_of_a_document_that_comes_twice_the_last_counts(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, invoice("1"))
    [read] = due(organization)
    assert land_details(organization, [answer(read, "first"), answer(read, "last")]) == Merged(1, 1, 0)
    assert details(module_warehouse, organization) == [("last", False)]


def test_answer_that_holds_no_record_changes_nothing_and_is_counted(
    module_warehouse: Warehouse, organization: int
) -> None:
    """It comes off the backlog all the same, or the marts would wait for it for ever."""
    bodies = ['{"Other": {}}', '{"Invoice": null}', '{"Invoice": [1]}', "[]", "7"]
    land(organization, *(invoice(str(number)) for number, _ in enumerate(bodies)))
    land_details(organization, [answer(detail, "as it was") for detail in due(organization)])
    land(organization, *(invoice(str(number), 7) for number, _ in enumerate(bodies)))
    answers = [answer(detail, body=body) for detail, body in zip(due(organization), bodies, strict=True)]
    assert land_details(organization, answers, asked_at=at(6000)) == Merged(5, 0, 0, keyless=5)
    assert details(module_warehouse, organization) == [("as it was", False)] * 5


def test_document_that_is_gone_or_unknown_takes_no_record(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, invoice("1"))
    read = due(organization)
    land(organization)
    unknown = DueDetail("2", None)
    assert land_details(organization, map(answer, [*read, unknown])) == Merged(2, 0, 0)
    assert details(module_warehouse, organization) == [(None, False)]


def test_record_asked_for_without_being_due(module_warehouse: Warehouse, organization: int) -> None:
    """As in a full reload."""
    land(organization, invoice("1"), is_detailed=False)
    assert land_details(organization, [answer(DueDetail("1", None), "a")]) == Merged(1, 1, 0)
    assert details(module_warehouse, organization) == [("a", False)]


def test_document_seen_alive_since_is_not_marked_gone_by_an_older_list(organization: int) -> None:
    land(organization, invoice("1"), asked_at=at(0))
    land_details(organization, map(answer, due(organization)), asked_at=at(20))
    assert land(organization, asked_at=at(10)) == Merged(0, 0, 0)
    assert land(organization, asked_at=at(30)) == Merged(0, 0, 1)


def test_both_parts_end_with_a_document_and_begin_again(
    module_warehouse: Warehouse, organization: int
) -> None:
    land(organization, invoice("1"), asked_at=at(0))
    land_details(organization, [answer(due(organization)[0], "a")], asked_at=at(5))
    land(organization, asked_at=at(10))
    assert history(module_warehouse, organization, "list") == [("1", "100", at(0), at(10))]
    assert history(module_warehouse, organization, "detail") == [("1", "a", at(5), at(10))]

    land(organization, invoice("1", 200), asked_at=at(20))
    land_details(organization, [answer(due(organization)[0], "b")], asked_at=at(25))
    assert history(module_warehouse, organization, "list") == [
        ("1", "100", at(0), at(10)), ("1", "200", at(20), None),
    ]  # fmt: skip
    assert history(module_warehouse, organization, "detail") == [
        ("1", "a", at(5), at(10)), ("1", "a", at(20), at(25)), ("1", "b", at(25), None),
    ]  # fmt: skip


def test_one_transaction_may_merge_several_batches(organization: int) -> None:
    land(organization, invoice("1"), invoice("2"))
    two, one = due(organization)
    with connect(Role.LOADER, organization) as connection:
        assert merge_details(connection, [answer(one)]) == Merged(1, 1, 0)
        assert merge_details(connection, [answer(two), answer(one, "again")]) == Merged(2, 2, 0)
        assert merge_details(connection, []) == Merged(0, 0, 0)
    assert due(organization) == []


# What the marts are told


def test_marts_are_told_once_nothing_is_left(organization: int) -> None:
    land(organization, invoice("1"), invoice("2"))
    land(organization, invoice("1"), resource="orders")
    told = landed(organization)
    two, one = due(organization)

    land_details(organization, [answer(two)])
    land_details(organization, [answer(one)])
    assert landed(organization) == told, "an order is left"

    land_details(organization, map(answer, due(organization, "orders")), resource="orders")
    assert landed(organization) == told + 1


def test_last_of_the_backlog_need_not_be_what_changed(organization: int) -> None:
    land(organization, invoice("1"), invoice("2"))
    told = landed(organization)
    two, one = due(organization)
    land_details(organization, [answer(two)])
    with connect(Role.LOADER, organization) as connection:
        landing.clear_details(connection, "invoices", [one])
    assert due(organization) == []
    assert landed(organization) == told + 1
    with connect(Role.LOADER, organization) as connection:
        landing.clear_details(connection, "invoices", [one])
    assert landed(organization) == told + 1, "and once"


def test_list_that_lands_tells_the_marts_of_the_details_too(organization: int) -> None:
    land(organization, invoice("1"), invoice("2"))
    two, _ = due(organization)
    land_details(organization, [answer(two)])
    land(organization, invoice("2"))
    told = landed(organization)
    land_details(organization, [])
    assert landed(organization) == told


def test_of_two_tasks_that_finish_at_once_one_tells_the_marts(organization: int) -> None:
    land(organization, invoice("1"))
    land(organization, invoice("1"), resource="orders")
    told = landed(organization)
    orders = [*map(answer, due(organization, "orders"))]
    with ThreadPoolExecutor(1) as second_process:
        with connect(Role.LOADER, organization) as connection:
            merge_details(connection, map(answer, due(organization)))
            second = second_process.submit(land_details, organization, orders, resource="orders")
            with pytest.raises(TimeoutError):
                second.result(0.5)
        assert second.result(20) == Merged(1, 1, 0)
    assert landed(organization) == told + 1
