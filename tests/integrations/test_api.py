"""The REST API: each action by script, through Airflow's API server and the sandbox's Fortnox."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from saldo import organizations
from tests.integrations.conftest import ADDRESS, Browsing
from tests.integrations.test_pages import approved
from tests.sandbox.process import Sandbox
from tests.support import Warehouse, point_at_sandbox
from tests.warehouse.books import company

pytestmark = [pytest.mark.database, pytest.mark.airflow]

API = "/saldo/api/v1"
DOCS = Path(__file__).parents[2] / "docs" / "api.md"
Scripting = Callable[[str], TestClient]


@pytest.fixture(autouse=True)
def fortnox(sandbox: Sandbox, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    point_at_sandbox(sandbox, monkeypatch)
    return sandbox


@pytest.fixture
def script(browse: Browsing) -> Scripting:
    """A client with a person's token and no cookie."""

    def of(person: str) -> TestClient:
        client = browse("anonymous")
        answer = client.post("/auth/token", json={"username": person, "password": person})
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    return of


def tenant_of(sandbox: Sandbox, number: int = 0) -> str:
    return str(sandbox.admin("GET", "companies")[number]["tenant_id"])


def test_a_company_lives_its_whole_life_by_script(script: Scripting, sandbox: Sandbox) -> None:
    admin, tenant = script("admin"), tenant_of(sandbox)
    dag_id = f"fortnox__{tenant}"
    one = f"{API}/companies/{dag_id}"
    assert admin.post(f"{API}/app/test").status_code == 204

    first = admin.post(f"{API}/connections", json={"tenant_id": tenant})
    again = admin.post(f"{API}/connections", json={"tenant_id": tenant})
    assert (first.status_code, first.json()["is_new"], first.json()["dag_id"]) == (201, True, dag_id)
    assert (again.status_code, again.json()["is_new"]) == (200, False)
    assert len(organizations.read().organizations) == 1

    listed = admin.get(f"{API}/companies").json()
    assert (listed["total"], listed["companies"][0]["status"]) == (1, "pending")
    assert admin.get(f"{API}/companies", params={"status": "published"}).json()["total"] == 0
    assert admin.get(f"{API}/companies", params={"offset": 1}).json() == {"companies": [], "total": 1}

    changed = admin.patch(one, json={"schedule": "daily", "readers": ["vd@bolaget.example"]}).json()
    assert (changed["schedule"], changed["readers"]) == ("daily", ["vd@bolaget.example"])
    assert admin.patch(one, json={"modules": ["invoice"]}).json()["modules"] == ["invoice"]
    assert admin.get(one).json() == changed | {"modules": ["invoice"]}
    assert admin.post(f"{one}/pause", json={"is_paused": True}).status_code == 204

    name = first.json()["name"]
    connected = admin.post(f"{one}/erase", json={"name": name})
    assert (connected.status_code, "Disconnect it first" in connected.json()["detail"]) == (409, True)
    assert admin.delete(one).json() == {"is_ended_at_fortnox": False}
    assert admin.post(f"{one}/erase", json={"name": name + "x"}).status_code == 409
    assert admin.post(f"{one}/erase", json={"name": name}).status_code == 204
    assert admin.get(one).status_code == 404
    assert admin.get(f"{API}/companies").json()["total"] == 0


def test_an_approvals_code_connects(script: Scripting, browse: Browsing, sandbox: Sandbox) -> None:
    back = approved(browse("admin"), tenant_of(sandbox))
    answer = script("admin").post(f"{API}/connections", json={"code": ADDRESS + back})
    assert (answer.status_code, answer.json()["access"]) == (201, "client_credentials")


def test_a_link_is_made_listed_and_ended(script: Scripting) -> None:
    admin = script("admin")
    made = admin.post(f"{API}/links", json={"addressee": "Kunden AB", "modules": ["invoice"]})
    assert made.status_code == 201
    assert made.json()["link"].startswith(f"{ADDRESS}/saldo/approve?key=")
    (listed,) = admin.get(f"{API}/links").json()
    assert (listed["addressee"], listed["state"]) == ("Kunden AB", "sent")
    place = f"{API}/links/{listed['invitation_id']}"
    assert [admin.delete(place).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(
    ("key", "status", "sentence"),
    [
        ({"code": "nothing"}, 422, "once, within ten minutes"),
        ({"access_token": "nothing"}, 422, "does not know this access token"),
        ({"tenant_id": "404404"}, 422, "Fortnox"),
        ({"tenant_id": "x"}, 422, "pattern"),
        ({}, 422, "Give one of"),
        ({"code": "a", "tenant_id": "1"}, 422, "Give one of"),
        ({"cod": "a"}, 422, "extra"),
    ],
)
def test_a_key_that_leads_nowhere_is_said_and_not_repeated(
    script: Scripting, key: dict[str, str], status: int, sentence: str
) -> None:
    secret = {name: f"{value}-5ecret" if name != "tenant_id" else value for name, value in key.items()}
    answer = script("admin").post(f"{API}/connections", json=secret)
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert "5ecret" not in answer.text
    assert organizations.read().organizations == ()


def test_a_key_too_long_is_not_repeated_either(script: Scripting) -> None:
    answer = script("admin").post(f"{API}/connections", json={"code": "5ecret" * 1000})
    assert (answer.status_code, "5ecret" in answer.text) == (422, False)


def test_without_an_app_nothing_is_connected(script: Scripting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_FORTNOX_DEFAULT")
    admin = script("admin")
    for answer in (
        admin.post(f"{API}/connections", json={"tenant_id": "1"}),
        admin.post(f"{API}/app/test"),
        admin.post(f"{API}/links", json={"addressee": "x"}),
    ):
        assert (answer.status_code, "fortnox_default" in answer.json()["detail"]) == (409, True)


def test_a_warehouse_that_is_away_is_said(script: Scripting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SALDO_WAREHOUSE", "postgresql://saldo_app:x@127.0.0.1:1/saldo")
    answer = script("admin").get(f"{API}/companies")
    assert (answer.status_code, "saldo_warehouse" in answer.json()["detail"]) == (503, True)


def test_who_may_only_look_changes_nothing(script: Scripting) -> None:
    company(7)
    viewer = script("viewer")
    one = f"{API}/companies/fortnox__7"
    assert viewer.get(one).status_code == 200
    for answer in (
        viewer.delete(one),
        viewer.patch(one, json={"schedule": "daily"}),
        viewer.post(f"{API}/connections", json={"tenant_id": "1"}),
        viewer.get(f"{API}/links"),
    ):
        assert answer.status_code == 403
    assert len(organizations.read().organizations) == 1


def test_another_site_cannot_use_a_persons_cookie(browse: Browsing) -> None:
    company(7)
    admin = browse("admin")
    for headers in ({"Origin": "https://evil.example"}, {"Content-Type": "text/plain"}):
        answer = admin.post(f"{API}/links", content='{"addressee": "x"}', headers=headers)
        assert answer.status_code in (403, 422), headers
    assert admin.get(f"{API}/links").json() == []


# Its description


def described(script: Scripting) -> dict[str, Any]:
    found: dict[str, Any] = script("viewer").get(f"{API}/openapi.json").json()
    return found


def test_the_description_is_behind_the_login_and_says_where(script: Scripting, browse: Browsing) -> None:
    assert browse("anonymous").get(f"{API}/openapi.json").status_code == 401
    description = described(script)
    assert description["servers"] == [{"url": f"{ADDRESS}/saldo"}]
    for path, methods in description["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            assert {"401", "403"} <= set(operation["responses"]), path


def test_the_handbook_names_each_operation_and_no_other(script: Scripting) -> None:
    operations = {
        (method.upper(), path) for path, methods in described(script)["paths"].items() for method in methods
    }
    told = set(re.findall(r"^\| `(GET|POST|PATCH|DELETE) (/api/v1/[^`]*)`", DOCS.read_text(), re.MULTILINE))
    assert told == operations


def test_whatever_is_asked_the_answer_is_one_that_is_described(
    airflow_server: Any, script: Scripting, warehouse: Warehouse
) -> None:
    """Made-up requests of every kind, right and wrong: nothing fails within, and no answer is a surprise."""
    headers = {"Authorization": script("admin").headers["Authorization"]}
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", airflow_server, headers=headers)
    looked_at = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def ask(case: Any) -> None:
            # A key of the right form may lead nowhere at Fortnox, and a module may be none.
            case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

        company(7)
        ask()
        looked_at.add(operation.label)
    assert len(looked_at) == 11
