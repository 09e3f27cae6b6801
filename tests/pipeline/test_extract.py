"""The extract tasks against the sandbox: what lands, what a second run does, what a change does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from saldo.fortnox.resources import Group
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import Warehouse, connect_companies, point_at_sandbox, without_pace

pytestmark = pytest.mark.database


@pytest.fixture
def own_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with running_sandbox("--companies", "demo", "--latency-ms", "0") as running:
        point_at_sandbox(running, monkeypatch)
        without_pace(running, monkeypatch)
        yield running


def extract(organization: Any, run_id: str = "run", **request: Any) -> Any:
    """Changes, ledger and lists as their tasks would; returns what changes left to do."""
    from saldo.pipeline.extract import LIST_GROUPS, extraction
    from saldo.pipeline.work import Request

    asked = Request(run_id, **request)
    with extraction(organization, asked) as work:
        remaining = work.changes()
        work.books.load()
        for group in LIST_GROUPS:
            work.group(group, remaining.lists[group])
    return remaining


def test_second_run_changes_nothing(warehouse: Warehouse, own_sandbox: Sandbox) -> None:
    organization = connect_companies(own_sandbox)[2]
    extract(organization, "first")
    before = warehouse.dump("landing")
    landed = warehouse.rows("select landed from control.version order by organization_id")

    remaining = extract(organization, "second")

    assert remaining.tasks == frozenset()
    assert warehouse.dump("landing") == before
    assert warehouse.rows("select landed from control.version order by organization_id") == landed
    assert len(before["landing.voucher"]) > 1000


def test_full_reload_changes_nothing_either(warehouse: Warehouse, own_sandbox: Sandbox) -> None:
    organization = connect_companies(own_sandbox)[0]
    extract(organization)
    before = warehouse.dump("landing")

    extract(organization, full_reload=True)

    assert warehouse.dump("landing") == before


def test_a_new_voucher_is_one_voucher_written(warehouse: Warehouse, own_sandbox: Sandbox) -> None:
    organization = connect_companies(own_sandbox)[0]
    extract(organization)
    count = warehouse.rows("select count(*) from landing.voucher")[0][0]

    own_sandbox.admin("POST", f"{organization.tenant_id}/vouchers", {})
    remaining = extract(organization)

    assert Group.LEDGER in remaining.tasks
    assert warehouse.rows("select count(*) from landing.voucher")[0][0] == count + 1
    assert warehouse.rows(
        "select fetched, changed, deleted from control.sync_status where resource = 'sie'"
    ) == [(count + 1, 1, 0)]


def test_a_module_that_is_switched_off_is_not_asked_for_and_what_it_gave_stays(
    own_sandbox: Sandbox, warehouse: Warehouse
) -> None:
    from saldo import organizations
    from saldo.organizations import Schedule, Settings

    first = connect_companies(own_sandbox)[0]
    extract(first)
    landed = "select resource, count(*) from landing.document where deleted_at is null group by 1"
    before = dict(warehouse.rows(landed))
    assert before["invoices"] > 0
    off = Settings(Schedule.HOURLY, frozenset({"invoice", "order"}), (), "", "")
    organizations.change(first.organization_id, off)
    own_sandbox.admin("DELETE", "requests")

    [changed] = organizations.read(first.dag_id).organizations
    extract(changed, "next", full_reload=True)

    asked = own_sandbox.admin("GET", "requests")["fortnox"][first.tenant_id]["paths"]
    assert "GET /3/customers" in asked
    assert not [
        path for path in asked if path.startswith(("GET /3/invoices", "GET /3/orders", "GET /3/contract"))
    ]
    assert dict(warehouse.rows(landed)) == before
