"""The doctor: each step in order, one plain sentence each, and nothing left behind."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from saldo import cli
from saldo.pipeline import doctor
from saldo.pipeline.doctor import Finding, Verdict
from saldo.warehouse.build import build
from tests.pipeline.test_publish import Published
from tests.powerbi.service import CONNECTION, connection
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import Warehouse, connect_companies, point_at_sandbox, without_pace
from tests.warehouse.books import company, land
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

_tenants = itertools.count(8300)
STEPS = [
    "token", "tenant settings", "connection types", "reach", "isolation", "workspace",
    "connection, model, binding", "refresh", "query", "delete",
]  # fmt: skip


@pytest.fixture(scope="module")
def fabric() -> Iterator[Sandbox]:
    with running_sandbox("--companies", "demo") as running:
        running.admin("POST", "settings", {"operation_seconds": 0.05, "retry_after": 0})
        yield running


@pytest.fixture(autouse=True)
def settings_as_before(fabric: Sandbox) -> Iterator[None]:
    before = fabric.admin("GET", "settings")
    yield
    fabric.admin("DELETE", "faults")
    fabric.admin("POST", "settings", before)


@pytest.fixture(scope="module")
def organization_id(module_warehouse: Warehouse) -> int:
    made = company(next(_tenants), name="Provbolag AB")
    land(made, busy_year(1, "2025-01-01", "2025-12-31"), as_of="2025-12-31")
    build(made)
    return made


@pytest.fixture(autouse=True)
def set_up(fabric: Sandbox, module_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fabric, warehouse_server=f"127.0.0.1:{module_warehouse.server.port}",
        warehouse_database=module_warehouse.name)  # fmt: skip


def use(patch: pytest.MonkeyPatch, fabric: Sandbox, **extra: str) -> None:
    patch.setenv(CONNECTION, connection(fabric, fabric_url=fabric.base_url, **extra))


def found(organization_id: int) -> dict[str, Finding]:
    findings = list(doctor.examine_power_bi(organization_id))
    return {finding.step.removeprefix("Power BI: "): finding for finding in findings}


def left_behind(fabric: Sandbox) -> list[Any]:
    return [each for each in fabric.admin("GET", "workspaces") if "doctor" in each["name"]]


def test_a_set_up_that_works_is_tried_in_order_and_leaves_nothing(
    fabric: Sandbox, organization_id: int, module_warehouse: Warehouse
) -> None:
    findings = found(organization_id)
    assert list(findings) == STEPS
    assert {name for name, finding in findings.items() if finding.verdict is not Verdict.GOOD} == {"reach"}
    assert "private address, which Power BI's cloud cannot reach" in findings["reach"].sentence
    assert left_behind(fabric) == []
    login = f"{module_warehouse.name}_report_{organization_id}"
    assert module_warehouse.rows("select from pg_roles where rolname = %s", [login]) == []


def test_a_company_that_is_published_keeps_its_login(
    organization_id: int, fabric: Sandbox, module_warehouse: Warehouse
) -> None:
    """The doctor's connection must not change the password that the company's own goes by."""
    Published(organization_id, module_warehouse, fabric).publish()
    assert found(organization_id)["refresh"].verdict is Verdict.GOOD
    assert found(organization_id)["refresh"].verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("fault", "step", "says"),
    [
        ({"path_contains": "/v1.0/myorg/groups", "kind": "status", "status": 403}, "token", "admin portal"),
        ({"path_contains": "/v1/workspaces", "kind": "status", "status": 403}, "tenant settings",
         "allow service principals"),
        ({"path_contains": "/semanticModels", "method": "POST", "kind": "status", "status": 403},
         "connection, model, binding", "Power BI denied access"),
        ({"path_contains": "/executeQueries", "kind": "status", "status": 403}, "query", "denied access"),
    ],
)  # fmt: skip
def test_a_step_that_fails_says_what_to_change_and_the_rest_is_not_tried(
    fabric: Sandbox, organization_id: int, fault: dict[str, Any], step: str, says: str
) -> None:
    fabric.admin("POST", "faults", [fault])
    findings = found(organization_id)
    assert findings[step].verdict is Verdict.BAD
    assert says in findings[step].sentence
    later = [finding for name, finding in findings.items() if name not in STEPS[: STEPS.index(step) + 1]]
    assert {finding.verdict for finding in later[:-1]} <= {Verdict.UNTRIED}
    assert left_behind(fabric) == []


def test_a_warehouse_out_of_reach_is_found_before_anything_is_published(
    fabric: Sandbox, organization_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, fabric, warehouse_server="127.0.0.1:1", warehouse_database="saldo")
    findings = found(organization_id)
    assert findings["connection, model, binding"].verdict is Verdict.BAD
    assert left_behind(fabric) == []


def test_without_an_address_it_says_so(
    fabric: Sandbox, organization_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, fabric)
    assert "has no warehouse_server" in found(organization_id)["reach"].sentence


def test_one_connection_for_all_is_pointed_out(
    fabric: Sandbox, organization_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, fabric, warehouse_server="127.0.0.1:1", warehouse_connection_id="shared")
    isolation = found(organization_id)["isolation"]
    assert isolation.verdict is Verdict.LOOK
    assert "can read every company that its login may" in isolation.sentence


def test_a_gateway_is_named_with_what_it_needs(
    fabric: Sandbox, organization_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, fabric, warehouse_server="db:5432", gateway_id="g", connectivity="VirtualNetworkGateway")
    assert "through a VNet data gateway" in found(organization_id)["reach"].sentence


def test_a_company_that_is_not_connected_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "424242"]) == 1
    assert "No such company is connected: 424242" in capsys.readouterr().err


def test_fortnox_is_tried_from_the_app_to_each_modules_licence(
    fabric: Sandbox, module_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at_sandbox(fabric, monkeypatch)
    without_pace(fabric, monkeypatch)
    tenant = connect_companies(fabric)[0].tenant_id
    good = [(finding.step, finding.verdict) for finding in doctor.examine_fortnox(tenant)]
    assert good == [("Fortnox: app", Verdict.GOOD), ("Fortnox: company", Verdict.GOOD)]

    fabric.admin("POST", "settings", {"access": {tenant: {"unlicensed_scopes": ["customer"]}}})
    *_, licence = doctor.examine_fortnox(tenant)
    assert licence.verdict is Verdict.LOOK
    assert licence.sentence.startswith("customer: without a licence in Fortnox")

    lacking = json.loads(os.environ["AIRFLOW_CONN_FORTNOX_DEFAULT"]) | {"password": "wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", json.dumps(lacking))
    app, company_of_it = doctor.examine_fortnox(tenant)
    assert (app.verdict, company_of_it.verdict) == (Verdict.BAD, Verdict.UNTRIED)
    assert "wrong" not in app.sentence.split()
