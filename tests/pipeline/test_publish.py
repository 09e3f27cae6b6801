"""Publishing: the model and the report into a workspace, read back, current, and only once.

The operator runs as Airflow runs it, each resumption in an operator of its own; Fabric and Power BI are the
sandbox over HTTP, which signs in to the warehouse and reads it as Power BI would.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from saldo.database import Role, connect, run
from saldo.pipeline.publish import PublishDefinitionOperator, take_down
from saldo.pipeline.refresh import PowerBIRefreshOperator
from saldo.powerbi.errors import OperationFailedError, PowerBIError, UnconfirmedError
from saldo.powerbi.fabric import PURGE_REQUIRED, Fabric, Kind
from saldo.powerbi.hook import PowerBIHook, Service
from saldo.warehouse.build import build
from tests.pipeline.test_refresh import wake
from tests.powerbi.service import CONNECTION, connection
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import Warehouse
from tests.warehouse.books import company, land
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

_tenants = itertools.count(8100)


@pytest.fixture(scope="module")
def fabric() -> Iterator[Sandbox]:
    with running_sandbox("--companies", "demo") as running:
        running.admin("POST", "settings", {"operation_seconds": 0.05, "retry_after": 0, "page_size": 2})
        yield running


@pytest.fixture(autouse=True)
def settings_as_before(fabric: Sandbox) -> Iterator[None]:
    before = fabric.admin("GET", "settings")
    yield
    fabric.admin("DELETE", "faults")
    fabric.admin("DELETE", "operations")
    fabric.admin("POST", "settings", before)


@dataclass(frozen=True)
class Published:
    """An organization whose marts are built, and what Fabric has of it."""

    organization_id: int
    warehouse: Warehouse
    fabric: Sandbox

    def operator(self) -> PublishDefinitionOperator:
        return PublishDefinitionOperator(task_id="definition", organization_id=self.organization_id)

    def publish(self) -> dict[str, str]:
        """One try through all its deferrals."""
        event: dict[str, Any] | None = None
        while True:
            try:
                if event is None:
                    return self.operator().execute({})
                return self.operator().resume({}, event=event)
            except TaskDeferred as deferred:
                event = wake(deferred)

    def refresh(self) -> dict[str, Any]:
        """The task after it, through all its deferrals."""
        event: dict[str, Any] | None = None
        while True:
            operator = PowerBIRefreshOperator(
                task_id="refresh",
                organization_id=self.organization_id,
                history_lag=timedelta(seconds=5),
                first_poll_seconds=0.05,
            )
            try:
                return operator.execute({}) if event is None else operator.resume({}, event=event)
            except TaskDeferred as deferred:
                event = wake(deferred)

    def readers(self) -> set[str]:
        """Who may see the workspace in Power BI."""
        return set(PowerBIHook().readers(self.row()["workspace_id"]))

    def row(self) -> dict[str, Any]:
        query = "select row_to_json(publication) from control.publication where organization_id = %s"
        found = self.warehouse.rows(query, [self.organization_id])
        return dict(found[0][0]) if found else {}

    def refreshed(self) -> int:
        """The version that the model shows, as the next refresh goes by it."""
        with connect(Role.TRANSFORMER, self.organization_id) as session:
            row = run(session, "control/refresh_read").fetchone()
        assert row is not None
        return int(row[3])

    def workspace(self) -> dict[str, Any]:
        """What the sandbox holds for this organization."""
        mine = [
            each
            for each in self.fabric.admin("GET", "workspaces")
            if f"Saldo {self.organization_id}" in each["name"]
        ]
        assert len(mine) == 1, mine
        return dict(mine[0])

    def sent(self) -> int:
        """How many changes have been sent to Fabric so far."""
        paths = self.fabric.admin("GET", "requests")["fabric"]["paths"]
        return sum(count for path, count in paths.items() if not path.startswith("GET"))


@pytest.fixture
def published(fabric: Sandbox, module_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Published:
    organization_id = company(next(_tenants), name="Åkeri & Söner AB")
    land(organization_id, busy_year(1, "2025-01-01", "2025-12-31"), as_of="2025-12-31")
    build(organization_id)
    monkeypatch.setenv(
        CONNECTION,
        connection(
            fabric,
            fabric_url=fabric.base_url,
            warehouse_server=f"127.0.0.1:{module_warehouse.server.port}",
            warehouse_database=module_warehouse.name,
        ),
    )
    return Published(organization_id, module_warehouse, fabric)


def items(workspace: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in workspace["items"] if each["type"] == kind]


def test_a_company_gets_its_workspace_connection_model_and_report(published: Published) -> None:
    result = published.publish()
    workspace = published.workspace()
    assert workspace["name"] == f"Åkeri & Söner AB – Saldo {published.organization_id}"
    (model,), (report,) = items(workspace, "SemanticModel"), items(workspace, "Report")
    assert result == {"workspace_id": workspace["id"], "report_id": report["id"]}
    known = published.row()
    assert known["workspace_id"] == workspace["id"]
    assert known["model_id"] == model["id"]
    assert known["connection_id"] == model["connection_id"]
    assert known["compared_at"] is None


def test_publishing_twice_sends_nothing(published: Published) -> None:
    published.publish()
    sent = published.sent()
    with pytest.raises(AirflowSkipException, match="nothing to send"):
        published.publish()
    assert published.sent() == sent


def test_power_bi_sees_the_rows_of_one_company_and_no_other(published: Published) -> None:
    other = company(next(_tenants), name="Grannen AB")
    land(other, busy_year(1, "2025-01-01", "2025-12-31", seed=2), as_of="2025-12-31")
    build(other)
    published.publish()
    login = f"{published.warehouse.name}_report_{published.organization_id}"
    grants = published.warehouse.rows(
        "select organization_id from control.reader_grant where role_name = %s", [login]
    )
    assert grants == [(published.organization_id,)]
    superuser = published.warehouse.server.url(published.warehouse.name)
    with psycopg.connect(superuser) as session:
        session.execute(f'set session authorization "{login}"')
        seen = session.execute("select distinct organization_id from mart.fct_ledger_row").fetchall()
        assert seen == [(published.organization_id,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("select * from landing.document")


def test_a_try_that_was_lost_begins_again_and_makes_nothing_twice(published: Published) -> None:
    for kind in ("workspaces", "connections", "semanticModels", "reports"):
        fault = {"path_contains": f"/{kind}", "method": "POST", "kind": "lost"}
        published.fabric.admin("POST", "faults", [fault])
        with pytest.raises(UnconfirmedError):
            published.publish()
    published.publish()
    workspace = published.workspace()
    assert len(items(workspace, "SemanticModel")) == len(items(workspace, "Report")) == 1


def test_a_new_version_of_the_model_is_sent_to_the_same_items_and_refreshed(published: Published) -> None:
    first = published.publish()
    published.warehouse.execute("update control.version set refreshed = 1, refreshed_at = now()")
    assert published.refreshed() == 1
    published.warehouse.execute("update control.publication set definition = 'of an older version'")
    assert published.publish() == first
    workspace = published.workspace()
    assert len(items(workspace, "SemanticModel")) == len(items(workspace, "Report")) == 1
    assert published.refreshed() == 0


def test_a_change_that_takes_loaded_data_with_it_is_sent_so(published: Published) -> None:
    published.publish()
    published.warehouse.execute("update control.publication set definition = 'of an older version'")
    published.fabric.admin("POST", "operations", {"error_code": PURGE_REQUIRED, "message": "data is lost"})
    published.publish()


def test_a_model_that_somebody_edited_is_taken_over(published: Published) -> None:
    published.publish()
    model_id = published.row()["model_id"]
    published.fabric.admin("POST", f"datasets/{model_id}", {"action": "foreign_owner"})
    published.warehouse.execute("update control.publication set definition = 'of an older version'")
    published.publish()
    (model,) = items(published.workspace(), "SemanticModel")
    assert model["owner"] == "sandbox-powerbi"
    assert model["connection_id"] == published.row()["connection_id"]


def test_a_failed_operation_says_the_services_words(published: Published) -> None:
    published.fabric.admin(
        "POST", "operations", {"error_code": "Workload_FailedToParseFile", "message": "line 7 is odd"}
    )
    with pytest.raises(OperationFailedError, match="Workload_FailedToParseFile: line 7 is odd"):
        published.publish()
    published.publish()


def test_too_many_requests_are_waited_for_or_left_to_the_next_run(published: Published) -> None:
    wait = {"path_contains": "/workspaces", "method": "POST", "kind": "status", "status": 429}
    published.fabric.admin("POST", "faults", [wait | {"headers": {"Retry-After": "0"}}])
    published.publish()
    published.warehouse.execute("update control.publication set definition = 'of an older version'")
    long_wait = wait | {"path_contains": "/updateDefinition", "headers": {"Retry-After": "3392"}}
    published.fabric.admin("POST", "faults", [long_wait])
    with pytest.raises(AirflowSkipException, match="again in 3392 s: the first run after that publishes"):
        published.publish()


def test_a_workspace_that_saldo_made_and_somebody_deleted_is_made_again(published: Published) -> None:
    first = published.publish()
    published.fabric.admin("DELETE", f"workspaces/{first['workspace_id']}")
    published.warehouse.execute("update control.publication set definition = 'of an older version'")
    assert published.publish()["workspace_id"] != first["workspace_id"]


def test_a_given_workspace_that_is_gone_is_told_with_what_to_do(published: Published) -> None:
    published.warehouse.execute(
        "update control.organization set workspace_id = 'gone' where organization_id = %s",
        [published.organization_id],
    )
    with pytest.raises(AirflowFailException, match="is gone, or the service principal may not see it"):
        published.publish()


def test_a_warehouse_that_power_bi_cannot_reach_is_told(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"fabric_url": published.fabric.base_url, "warehouse_server": "127.0.0.1:1"}
    monkeypatch.setenv(CONNECTION, connection(published.fabric, **extra))
    with pytest.raises((AirflowFailException, PowerBIError), match=r"127\.0\.0\.1"):
        published.publish()


def test_without_an_address_of_the_warehouse_nothing_is_published(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONNECTION, connection(published.fabric))
    with pytest.raises(AirflowSkipException, match=r"Publishing is not set up: .*warehouse_server"):
        published.publish()


def test_without_a_connection_to_power_bi_nothing_is_published(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CONNECTION)
    with pytest.raises(AirflowSkipException, match="There is no Airflow connection powerbi_default"):
        published.publish()


def test_a_dataset_named_by_hand_is_left_to_its_owner(published: Published) -> None:
    published.warehouse.execute("update control.organization set workspace_id = 'w', dataset_id = 'd'")
    with pytest.raises(AirflowSkipException, match="names the dataset d"):
        published.publish()
    published.warehouse.execute("update control.organization set workspace_id = null, dataset_id = null")


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"connectivity": "OnPremisesGateway"}, "and no gateway_id"),
        ({"connectivity": "Tunnel", "gateway_id": "g"}, "says connectivity Tunnel"),
    ],
)
def test_an_extra_that_contradicts_itself_is_told(
    published: Published, monkeypatch: pytest.MonkeyPatch, extra: dict[str, str], says: str
) -> None:
    monkeypatch.setenv(CONNECTION, connection(published.fabric, warehouse_server="db:5432", **extra))
    with pytest.raises(AirflowFailException, match=says):
        published.publish()


def test_what_was_published_is_taken_down_with_its_login(published: Published) -> None:
    published.publish()
    known = published.row()
    take_down(published.organization_id)
    assert known["workspace_id"] not in {each["id"] for each in published.fabric.admin("GET", "workspaces")}
    login = f"{published.warehouse.name}_report_{published.organization_id}"
    assert published.warehouse.rows("select from pg_roles where rolname = %s", [login]) == []
    take_down(published.organization_id)


def test_power_bi_shows_the_warehouses_figures_and_only_then_readers_get_in(published: Published) -> None:
    reader = "ekonomichef@example.se"
    published.warehouse.execute(
        "update control.organization set readers = %s where organization_id = %s",
        [reader, published.organization_id],
    )
    published.publish()
    assert reader not in published.readers()
    published.refresh()
    assert published.row()["compared_at"] is not None
    assert reader in published.readers()
    assert published.refreshed() > 0


def test_another_figure_fails_with_both_numbers_and_lets_nobody_in(published: Published) -> None:
    published.warehouse.execute(
        "update control.organization set readers = 'a@example.se' where organization_id = %s",
        [published.organization_id],
    )
    published.publish()
    model_id = published.row()["model_id"]
    published.fabric.admin("POST", f"datasets/{model_id}/answers", {"receivables": 12345.67})
    with pytest.raises(AirflowFailException, match=r"receivables is 12,345\.67 in Power BI and 0\.00 in the"):
        published.refresh()
    assert published.row()["compared_at"] is None
    assert "a@example.se" not in published.readers()
    assert published.refreshed() == 0


def test_a_reader_who_is_named_later_gets_in_with_the_next_refresh(published: Published) -> None:
    published.publish()
    published.refresh()
    published.warehouse.execute(
        "update control.organization set readers = 'b@example.se' where organization_id = %s",
        [published.organization_id],
    )
    published.warehouse.execute(
        "update control.version_built set built = built + 1 where organization_id = %s",
        [published.organization_id],
    )
    published.refresh()
    assert "b@example.se" in published.readers()


def test_a_reader_who_is_named_no_more_is_let_out_and_others_stay(published: Published) -> None:
    def name(readers: str) -> None:
        published.warehouse.execute(
            "update control.organization set readers = %s where organization_id = %s",
            [readers, published.organization_id],
        )

    name("c@example.se d@example.se")
    published.publish()
    published.refresh()
    PowerBIHook().add_reader(published.row()["workspace_id"], "boss@example.se")
    name("d@example.se")
    published.warehouse.execute(
        "update control.version_built set built = built + 1 where organization_id = %s",
        [published.organization_id],
    )
    published.refresh()
    assert {"d@example.se", "boss@example.se"} <= published.readers()
    assert "c@example.se" not in published.readers()


@pytest.mark.parametrize("kind", ["semanticModels", "reports"])
def test_what_somebody_deleted_is_published_again(published: Published, kind: str) -> None:
    published.publish()
    known = published.row()
    item_id = known["model_id"] if kind == "semanticModels" else known["report_id"]
    published.fabric.admin("POST", "settings", {"reserved_seconds": 3})
    Fabric(PowerBIHook()).delete_item(known["workspace_id"], Kind(kind), item_id)
    with pytest.raises(PowerBIError, match="ItemDisplayNameNotAvailableYet"):
        published.publish()
    time.sleep(3)
    published.publish()
    workspace = published.workspace()
    assert len(items(workspace, "SemanticModel")) == len(items(workspace, "Report")) == 1


def test_a_model_that_somebody_deleted_is_published_again_by_the_next_run(published: Published) -> None:
    first = published.publish()
    published.fabric.admin("DELETE", f"workspaces/{first['workspace_id']}")
    with pytest.raises(AirflowFailException, match="gone from Power BI: the next run publishes it again"):
        published.refresh()
    assert published.row()["release_digest"] == ""
    published.publish()
    published.refresh()
    assert published.refreshed() > 0


def test_in_a_capacity_the_refresh_is_the_enhanced_one_and_no_quota_holds_it_back(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = PowerBIHook()
    capacity = hook.get(Service.FABRIC, "/v1/capacities")["value"][0]["id"]
    monkeypatch.setenv(
        CONNECTION,
        connection(
            published.fabric,
            fabric_url=published.fabric.base_url,
            warehouse_server=f"127.0.0.1:{published.warehouse.server.port}",
            warehouse_database=published.warehouse.name,
            capacity_id=capacity,
        ),
    )
    published.publish()
    known = published.row()
    assert PowerBIHook().is_on_capacity(known["workspace_id"])
    for _ in range(8):
        published.fabric.admin("POST", f"datasets/{known['model_id']}", {"action": "foreign", "seconds": 0})
    published.refresh()
    refreshes = published.fabric.admin("GET", "refreshes")
    kinds = [each["type"] for each in refreshes if each["dataset_id"] == known["model_id"]]
    assert kinds[-1] == "ViaEnhancedApi"


def test_a_password_that_no_longer_works_is_told(published: Published) -> None:
    published.publish()
    wrong = {"password": "another"}
    published.fabric.admin("POST", f"connections/{published.row()['connection_id']}", wrong)
    with pytest.raises(AirflowFailException, match="refused the user or password: renew them"):
        published.refresh()


def test_the_password_that_power_bi_reads_with_is_in_no_log_event_or_row(
    published: Published, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    password = "a-password-that-is-nowhere"
    monkeypatch.setattr("saldo.pipeline.publish.secrets.token_urlsafe", lambda _: password)
    caplog.set_level(logging.DEBUG)
    events = []
    monkeypatch.setattr(
        PublishDefinitionOperator, "defer", lambda _, *, trigger, method_name: events.append(trigger)
    )
    with suppress(Exception):
        published.operator().execute({})
    assert events, "the model takes Fabric a while"
    told = str([trigger.serialize() for trigger in events])
    assert password not in caplog.text + told + str(published.row())
    found = published.warehouse.rows("select rolpassword from pg_authid where rolname like '%report%'")
    assert password not in str(found)
