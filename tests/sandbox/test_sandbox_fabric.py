"""Fabric and what Power BI does with what is published there: over HTTP, against a real PostgreSQL."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.postgres import EmbeddedPostgres
from tests.sandbox.process import Sandbox, running_sandbox
from tests.sandbox.publishing import (
    FABRIC,
    POWER_BI,
    Publisher,
    TinyWarehouse,
    credentials,
    definition,
    model_files,
    report_files,
    table,
    tiny_warehouse,
)
from tests.support import PASSWORDS, Warehouse

pytestmark = pytest.mark.database

QUICK = {
    "operation_seconds": 0.05,
    "refresh_seconds": 0.05,
    "history_lag_seconds": 0,
    "reserved_seconds": 0,
    "retry_after": 0,
}
THREE = (
    'EVALUATE ROW ( "Tillgångar", [Summa tillgångar], "Resultat", [Årets resultat], '
    '"Kund", [Kundfordringar] )'
)
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def warehouse(postgres: EmbeddedPostgres) -> Iterator[TinyWarehouse]:
    with tiny_warehouse(postgres) as made:
        yield made


@pytest.fixture(scope="module")
def _running() -> Iterator[Sandbox]:
    with running_sandbox("--companies", "demo") as sandbox:
        yield sandbox


@pytest.fixture
def publisher(_running: Sandbox) -> Iterator[Publisher]:
    """A publisher whose sandbox has the test's settings until its end."""
    before = _running.admin("GET", "settings")
    _running.admin("POST", "settings", QUICK)
    yield Publisher(_running)
    _running.admin("POST", "settings", before)
    _running.admin("DELETE", "faults")
    _running.admin("DELETE", "operations")


@pytest.fixture
def published(publisher: Publisher, warehouse: TinyWarehouse) -> tuple[str, str, str]:
    """Workspace, bound model and connection."""
    workspace = publisher.workspace()
    connection = publisher.connection(warehouse)
    model = publisher.model(workspace, model_files(warehouse))
    assert publisher.bind(workspace, model, warehouse.path, connection).status_code == 200
    return workspace, model, connection


def settings(publisher: Publisher, **changes: Any) -> None:
    publisher.sandbox.admin("POST", "settings", changes)


def said(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, whose header says the same."""
    body = answer.json()
    assert body.keys() == {"requestId", "errorCode", "message", "moreDetails", "isRetriable"}
    assert answer.headers["x-ms-public-api-error-code"] == body["errorCode"]
    assert answer.headers["RequestId"] == body["requestId"]
    return answer.status_code, body["errorCode"]


def failure(entry: dict[str, Any]) -> tuple[str, str]:
    assert entry["status"] == "Failed"
    error = json.loads(entry["serviceExceptionJson"])
    return error["errorCode"], error["errorDescription"]


def row(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["results"][0]["tables"][0]["rows"][0]
    return found


def update(publisher: Publisher, place: str, files: dict[str, str], **options: bool) -> httpx.Response:
    body = {"definition": definition(files), **({"options": options} if options else {})}
    return publisher.fabric.post(f"{place}/updateDefinition", json=body)


@pytest.mark.parametrize("long_running", [True, False])
def test_from_an_empty_tenant_to_a_report_with_figures(
    publisher: Publisher, warehouse: TinyWarehouse, long_running: bool
) -> None:
    settings(publisher, long_running=long_running)
    workspace = publisher.workspace(description="Till provet")
    connection = publisher.connection(warehouse)
    model = publisher.model(workspace, model_files(warehouse))
    place = f"/workspaces/{workspace}"
    unbound = publisher.fabric.get(f"{place}/items/{model}/connections").json()["value"]
    details = {"path": warehouse.path, "type": "PostgreSQL"}
    assert unbound == [{"connectivityType": "None", "connectionDetails": details}]
    assert publisher.bind(workspace, model, warehouse.path, connection).content == b""
    [bound] = publisher.fabric.get(f"{place}/items/{model}/connections").json()["value"]
    assert (bound["id"], bound["connectivityType"], bound["connectionDetails"]) == (
        connection,
        "ShareableCloud",
        details,
    )
    assert publisher.refreshed(workspace, model)["status"] == "Completed"
    answer = publisher.query(workspace, model, THREE)
    assert row(answer) == {"[Tillgångar]": 250.75, "[Resultat]": -12.5, "[Kund]": 30.3}
    assert answer.content.startswith(b"\xef\xbb\xbf")
    [told] = [
        item
        for seen in publisher.sandbox.admin("GET", "workspaces")
        for item in seen["items"]
        if item["id"] == model
    ]
    assert told["rows"] == {"Balans": 3, "Resultat": 2, "Reskontra": 4, "Rader": 3}
    body = {"displayName": "Saldo", "definition": definition(report_files(model))}
    report = publisher.result(publisher.fabric.post(f"{place}/reports", json=body))
    assert (report["type"], report["workspaceId"]) == ("Report", workspace)
    [shown] = publisher.powerbi.get(f"/{workspace}/reports").json()["value"]
    assert (shown["id"], shown["datasetId"]) == (report["id"], model)
    assert publisher.powerbi.get(f"/{workspace}/reports/{report['id']}").json() == shown
    assert publisher.powerbi.get(f"/{workspace}/reports/{NOBODY}").status_code == 404
    listed = publisher.fabric.get(f"{place}/semanticModels").json()["value"]
    assert [item["id"] for item in listed] == [model]
    for path in (f"reports/{report['id']}", f"semanticModels/{model}"):
        assert publisher.fabric.delete(f"{place}/{path}").status_code == 200
        assert said(publisher.fabric.get(f"{place}/{path}")) == (404, "ItemNotFound")
    assert publisher.powerbi.get(f"/{workspace}/datasets/{model}").status_code == 404


def test_each_api_takes_its_own_tokens_alone(publisher: Publisher) -> None:
    fabric, powerbi = str(publisher.fabric.base_url), str(publisher.powerbi.base_url).rstrip("/")
    for headers in ({}, publisher.bearer(POWER_BI)):
        assert said(httpx.get(f"{fabric}workspaces", headers=headers)) == (401, "InvalidToken")
    assert httpx.get(powerbi, headers=publisher.bearer(FABRIC)).status_code == 401
    settings(publisher, power_bi_token_seconds=0)
    stale = publisher.bearer(FABRIC)
    assert said(httpx.get(f"{fabric}workspaces", headers=stale)) == (401, "TokenExpired")
    with pytest.raises(KeyError):
        publisher.bearer("https://graph.microsoft.com")
    publisher.sandbox.admin("DELETE", "requests")
    publisher.fabric.get("/capacities")
    counted = publisher.sandbox.admin("GET", "requests")["fabric"]
    assert counted == {"requests": 1, "paths": {"GET /v1/capacities": 1}}


def test_workspaces_have_names_roles_and_capacities(publisher: Publisher) -> None:
    [capacity] = publisher.fabric.get("/capacities").json()["value"]
    workspace = publisher.workspace(displayName="Prövningen", capacityId=capacity["id"])
    place = f"/workspaces/{workspace}"
    found = publisher.fabric.get(place).json()
    assert (found["displayName"], found["capacityId"]) == ("Prövningen", capacity["id"])
    again = publisher.fabric.post("/workspaces", json={"displayName": "Prövningen"})
    assert said(again) == (409, "WorkspaceNameAlreadyExists")
    assert said(publisher.fabric.post("/workspaces", json={})) == (400, "InvalidInput")
    assert said(publisher.fabric.post("/workspaces", content=b"[1]")) == (400, "InvalidInput")
    assert said(publisher.fabric.post("/workspaces", content=b"{")) == (400, "InvalidInput")
    assign = publisher.fabric.post(f"{place}/assignToCapacity", json={"capacityId": NOBODY})
    assert said(assign) == (404, "CapacityNotFound")
    anna = {"principal": {"id": NOBODY, "type": "User"}, "role": "Viewer"}
    assert publisher.fabric.post(f"{place}/roleAssignments", json=anna).status_code == 201
    taken = publisher.fabric.post(f"{place}/roleAssignments", json=anna)
    assert said(taken) == (409, "PrincipalAlreadyHasWorkspaceRolePermissions")
    for wrong, code in (
        ({"principal": {"id": "1", "type": "Robot"}, "role": "Viewer"}, "InvalidInput"),
        ({"principal": {"id": "1", "type": "User"}, "role": "King"}, "InvalidInput"),
        (
            {"principal": {"id": "1", "type": "ServicePrincipalProfile"}, "role": "Viewer"},
            "PrincipalTypeNotSupported",
        ),
    ):
        assert said(publisher.fabric.post(f"{place}/roleAssignments", json=wrong)) == (400, code)
    changed = publisher.fabric.patch(f"{place}/roleAssignments/{NOBODY}", json={"role": "Member"})
    assert changed.json()["role"] == "Member"
    roles = publisher.fabric.get(f"{place}/roleAssignments").json()["value"]
    assert [role["role"] for role in roles] == ["Admin", "Member"]
    users = publisher.powerbi.get(f"/{workspace}/users").json()["value"]
    assert [user["principalType"] for user in users] == ["App", "User"]
    assert publisher.fabric.delete(f"{place}/roleAssignments/{NOBODY}").status_code == 200
    gone = publisher.fabric.delete(f"{place}/roleAssignments/{NOBODY}")
    assert said(gone) == (404, "EntityNotFound")
    assert publisher.fabric.delete(place).status_code == 200
    assert said(publisher.fabric.get(place)) == (404, "WorkspaceNotFound")
    assert {one["type"] for one in publisher.fabric.get("/gateways").json()["value"]} == {
        "OnPremises",
        "VirtualNetwork",
    }


def test_a_workspace_can_move_to_a_capacity(publisher: Publisher) -> None:
    workspace = publisher.workspace()
    assert "capacityId" not in publisher.fabric.get(f"/workspaces/{workspace}").json()
    [capacity] = publisher.fabric.get("/capacities").json()["value"]
    moved = publisher.fabric.post(
        f"/workspaces/{workspace}/assignToCapacity", json={"capacityId": capacity["id"]}
    )
    assert moved.status_code == 202
    assert publisher.fabric.get(f"/workspaces/{workspace}").json()["capacityId"] == capacity["id"]


def test_lists_come_in_pages(publisher: Publisher) -> None:
    settings(publisher, page_size=2)
    made = [publisher.workspace() for _ in range(3)]
    seen, url = [], "/workspaces"
    while url:
        body = publisher.fabric.get(url).json()
        assert len(body["value"]) <= 2
        seen += [workspace["id"] for workspace in body["value"]]
        url = body.get("continuationUri", "")
        if url:
            token = body["continuationToken"]
            by_token = publisher.fabric.get("/workspaces", params={"continuationToken": token})
            assert by_token.json() == publisher.fabric.get(url).json()
    assert len(seen) == len(set(seen)) >= 6
    assert seen[-3:] == made
    wrong = publisher.fabric.get("/workspaces", params={"continuationToken": "!"})
    assert said(wrong) == (400, "InvalidContinuationToken")


def test_a_connection_is_tried_before_it_is_made(publisher: Publisher, warehouse: TinyWarehouse) -> None:
    def refusal(**changes: Any) -> tuple[int, str]:
        body = publisher.connection_body(warehouse, **changes)
        return said(publisher.fabric.post("/connections", json=body))

    made = publisher.connection_body(warehouse)
    assert publisher.fabric.post("/connections", json=made).status_code == 201
    assert refusal(displayName=made["displayName"]) == (409, "DuplicateConnectionName")
    wrong = credentials(warehouse.user, "wrong")
    assert refusal(credentialDetails=wrong) == (400, "IncorrectCredentials")
    assert refusal(credentialDetails={**wrong, "skipTestConnection": True}) == (
        400,
        "InvalidCredentialDetails",
    )
    assert refusal(credentialDetails={**wrong, "connectionEncryption": "Any"}) == (
        400,
        "InvalidCredentialDetails",
    )
    no_user = {**wrong, "credentials": {"credentialType": "Basic", "password": "x"}}
    assert refusal(credentialDetails=no_user) == (400, "InvalidCredentialDetails")
    assert refusal(credentialDetails={**wrong, "credentials": {}}) == (400, "InvalidCredentialDetails")
    details = made["connectionDetails"]
    for changed in ({"type": "SQL"}, {"creationMethod": "PostgreSQL"}, {"parameters": []}):
        assert refusal(connectionDetails={**details, **changed}) == (400, "InvalidConnectionDetails")
    nowhere = [{**details["parameters"][0], "value": "127.0.0.1:1"}, details["parameters"][1]]
    assert refusal(connectionDetails={**details, "parameters": nowhere}) == (400, "IncorrectCredentials")
    assert refusal(connectivityType="OnPremisesGateway", gatewayId=NOBODY) == (
        400,
        "CreateGatewayConnectionFailed",
    )
    assert refusal(privacyLevel="Loud") == (400, "InvalidInput")
    kinds = publisher.fabric.get("/connections/supportedConnectionTypes").json()["value"]
    [postgres] = [kind for kind in kinds if kind["type"] == details["type"]]
    assert postgres["supportsSkipTestConnection"] is False
    settings(publisher, warehouse_tls=True)
    assert refusal() == (400, "IncorrectCredentials"), "this PostgreSQL has no TLS"


def test_a_connection_lives(publisher: Publisher, warehouse: TinyWarehouse) -> None:
    connection = publisher.connection(warehouse)
    place = f"/connections/{connection}"
    found = publisher.fabric.get(place).json()
    assert found["connectionDetails"] == {"path": warehouse.path, "type": "PostgreSQL"}
    assert "password" not in json.dumps(found).lower()
    assert publisher.fabric.post(f"{place}/testConnection").json() == {"status": "Online", "errors": []}
    publisher.sandbox.admin("POST", f"connections/{connection}", {"password": "spoilt"})
    offline = publisher.fabric.post(f"{place}/testConnection").json()
    assert (offline["status"], offline["errors"][0]["errorCode"]) == (
        "Offline",
        "DM_GWPipeline_Gateway_InvalidConnectionCredentials",
    )
    change = {"connectivityType": "ShareableCloud", "credentialDetails": credentials(warehouse.user, "no")}
    assert said(publisher.fabric.patch(place, json=change)) == (400, "IncorrectCredentials")
    change["credentialDetails"] = credentials(warehouse.user)
    change["displayName"] = f"Omdöpt {connection}"
    assert publisher.fabric.patch(place, json=change).json()["displayName"] == f"Omdöpt {connection}"
    assert publisher.fabric.post(f"{place}/testConnection").json()["status"] == "Online"
    taken = {"connectivityType": "ShareableCloud", "displayName": f"Omdöpt {connection}"}
    other = publisher.connection(warehouse)
    assert said(publisher.fabric.patch(f"/connections/{other}", json=taken)) == (
        409,
        "DuplicateConnectionName",
    )
    kind = publisher.fabric.patch(place, json={"connectivityType": "PersonalCloud"})
    assert said(kind) == (400, "InvalidRequest")
    role = {"principal": {"id": NOBODY, "type": "Group"}, "role": "User"}
    assert publisher.fabric.post(f"{place}/roleAssignments", json=role).status_code == 201
    again = publisher.fabric.post(f"{place}/roleAssignments", json=role)
    assert said(again) == (409, "PrincipalAlreadyHasConnectionRolePermissions")
    owner = publisher.fabric.patch(f"{place}/roleAssignments/{NOBODY}", json={"role": "Owner"})
    assert owner.json()["role"] == "Owner"
    assert publisher.fabric.delete(f"{place}/roleAssignments/{NOBODY}").status_code == 200
    assert publisher.fabric.delete(place).status_code == 200
    assert said(publisher.fabric.delete(place)) == (404, "EntityNotFound")


def test_an_operation_is_on_another_host_and_says_null(
    publisher: Publisher, warehouse: TinyWarehouse
) -> None:
    settings(publisher, operation_host="localhost", operation_seconds=0.4, retry_after=20)
    workspace = publisher.workspace()
    body = {"displayName": "Saldo", "definition": definition(model_files(warehouse))}
    accepted = publisher.fabric.post(f"/workspaces/{workspace}/semanticModels", json=body)
    operation = accepted.headers["x-ms-operation-id"]
    assert accepted.headers["Location"].startswith("http://localhost:")
    assert accepted.headers["Location"].endswith(f"/v1/operations/{operation}")
    assert (accepted.headers["Retry-After"], accepted.text) == ("20", "null")
    running = publisher.fabric.get(accepted.headers["Location"])
    assert running.headers["Retry-After"] == "20"
    assert (running.json()["status"], running.json()["percentComplete"]) == ("Running", None)
    assert not running.json()["createdTimeUtc"].endswith("Z")
    early = publisher.fabric.get(f"{accepted.headers['Location']}/result")
    assert said(early) == (400, "OperationHasNoResult")
    assert publisher.fabric.get(f"/workspaces/{workspace}/semanticModels").json()["value"] == []
    twin = publisher.fabric.post(f"/workspaces/{workspace}/semanticModels", json=body)
    assert said(twin) == (400, "ItemDisplayNameAlreadyInUse"), "also while it is being made"
    assert publisher.ended(accepted)["status"] == "Succeeded"
    done = publisher.fabric.get(f"/operations/{operation}")
    assert done.headers["Location"].endswith(f"{operation}/result")
    model = publisher.result(accepted)["id"]
    place = f"/workspaces/{workspace}/semanticModels/{model}"
    updated = update(publisher, place, model_files(warehouse))
    assert publisher.ended(updated)["status"] == "Succeeded"
    ended = publisher.fabric.get(f"/operations/{updated.headers['x-ms-operation-id']}")
    assert "location" not in ended.headers
    assert said(publisher.fabric.get(f"/operations/{NOBODY}")) == (404, "OperationNotFound")
    assert said(publisher.fabric.get(f"/operations/{NOBODY}/result")) == (404, "OperationNotFound")


def test_a_definition_is_given_back_and_replaced_whole(
    publisher: Publisher, warehouse: TinyWarehouse
) -> None:
    workspace = publisher.workspace()
    files = model_files(warehouse)
    model = publisher.model(workspace, files)
    place = f"/workspaces/{workspace}/semanticModels/{model}"

    def given() -> dict[str, str]:
        parts = publisher.result(publisher.fabric.post(f"{place}/getDefinition"))["definition"]["parts"]
        return {part["path"]: base64.b64decode(part["payload"]).decode() for part in parts}

    assert given() == files
    smaller = model_files(warehouse, organization=8, Reskontra=None)
    assert publisher.ended(update(publisher, place, smaller))["status"] == "Succeeded"
    assert given() == smaller
    parameters = publisher.powerbi.get(f"/{workspace}/datasets/{model}/parameters").json()["value"]
    assert parameters[-1] == {
        "name": "OrganizationId",
        "type": "Text",
        "isRequired": True,
        "currentValue": "8",
    }


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("no parts", lambda parts: parts.clear()),
        ("a part is missing", lambda parts: parts.pop(1)),
        ("twice", lambda parts: parts.append(parts[0])),
        ("no base64", lambda parts: parts[1].update(payload="Åäö")),
        ("half of its base64", lambda parts: parts[1].update(payload="abc")),
        ("nothing", lambda parts: parts[1].pop("payload")),
        ("another payloadType", lambda parts: parts[1].update(payloadType="Link")),
        ("no path", lambda parts: parts[1].pop("path")),
        ("no UTF-8", lambda parts: parts[1].update(payload=base64.b64encode(b"\xe5\xe4").decode())),
        ("no JSON", lambda parts: parts[0].update(payload=base64.b64encode(b"{").decode())),
        ("no object", lambda parts: parts[0].update(payload=base64.b64encode(b"1").decode())),
        ("no tables", lambda parts: parts.__setitem__(slice(4, None), [])),
    ],
)
def test_a_corrupted_definition_is_refused(
    publisher: Publisher, warehouse: TinyWarehouse, what: str, change: Any
) -> None:
    workspace = publisher.workspace()
    sent = definition(model_files(warehouse))
    change(sent["parts"])
    body = {"displayName": "Saldo", "definition": sent}
    answer = publisher.fabric.post(f"/workspaces/{workspace}/semanticModels", json=body)
    assert said(answer) == (400, "CorruptedPayload"), what


def test_what_is_no_tmdl_fails_in_its_operation(publisher: Publisher, warehouse: TinyWarehouse) -> None:
    workspace = publisher.workspace()
    files = model_files(warehouse, Balans="tabel Balans\n")
    place = f"/workspaces/{workspace}/semanticModels"
    body = {"displayName": "Saldo", "definition": definition(files)}
    state = publisher.ended(publisher.fabric.post(place, json=body))
    assert (state["status"], state["error"]["errorCode"]) == ("Failed", "Workload_FailedToParseFile")
    assert publisher.fabric.get(place).json()["value"] == []
    model = publisher.model(workspace, model_files(warehouse))
    assert publisher.ended(update(publisher, f"{place}/{model}", files))["status"] == "Failed"


@pytest.mark.parametrize(
    "reference",
    [
        {"byPath": {"path": "../Saldo.SemanticModel"}},
        {"byConnection": {"connectionString": "Data Source=powerbi://api.powerbi.com"}},
        {"byConnection": {"connectionString": f"semanticmodelid={NOBODY}"}},
        None,
    ],
)
def test_a_report_names_a_model_that_is_there(publisher: Publisher, reference: Any) -> None:
    workspace = publisher.workspace()
    files = report_files(NOBODY)
    files["definition.pbir"] = json.dumps({"version": "4.0", "datasetReference": reference})
    body = {"displayName": "Rapport", "definition": definition(files)}
    answer = publisher.fabric.post(f"/workspaces/{workspace}/reports", json=body)
    assert said(answer) == (400, "CorruptedPayload")


def test_a_name_is_taken_and_stays_so_after_a_deletion(
    publisher: Publisher, warehouse: TinyWarehouse
) -> None:
    settings(publisher, reserved_seconds=0.5)
    workspace = publisher.workspace()
    place = f"/workspaces/{workspace}/semanticModels"
    body = {"displayName": "Saldo", "definition": definition(model_files(warehouse))}
    model = publisher.model(workspace, model_files(warehouse))
    assert said(publisher.fabric.post(place, json=body)) == (400, "ItemDisplayNameAlreadyInUse")
    publisher.fabric.delete(f"{place}/{model}")
    reserved = publisher.fabric.post(place, json=body)
    assert said(reserved) == (400, "ItemDisplayNameNotAvailableYet")
    assert reserved.json()["isRetriable"] is True
    time.sleep(0.5)
    assert publisher.model(workspace, model_files(warehouse)) != model


def test_only_what_fits_can_be_bound(
    publisher: Publisher, warehouse: TinyWarehouse, published: tuple[str, str, str]
) -> None:
    workspace, model, connection = published

    def refusal(path: str = warehouse.path, which: str | None = connection, **more: Any) -> tuple[int, str]:
        return said(publisher.bind(workspace, model, path, which, **more))

    invalid = (400, "InvalidRequest")
    assert refusal(warehouse.path.upper()) == invalid
    assert refusal(which=NOBODY) == invalid
    assert refusal(connectivityType="OnPremisesGateway") == invalid
    assert refusal(connectionDetails={"type": "postgresql", "path": warehouse.path}) == invalid
    assert refusal(connectionDetails=None) == invalid
    parameters = [
        {"dataType": "Text", "name": "server", "value": f"localhost:{warehouse.server.port}"},
        {"dataType": "Text", "name": "database", "value": warehouse.database},
    ]
    details = publisher.connection_body(warehouse)["connectionDetails"]
    elsewhere = publisher.connection(warehouse, connectionDetails={**details, "parameters": parameters})
    assert refusal(which=elsewhere) == invalid, "the same server by another name is another path"
    assert publisher.bind(workspace, model, warehouse.path, None).status_code == 200
    code, _ = failure(publisher.refreshed(workspace, model))
    assert code == "ModelRefreshFailed_CredentialsNotSpecified"
    publisher.sandbox.admin("POST", f"datasets/{model}", {"action": "foreign_owner"})
    assert refusal() == (403, "InsufficientPrivileges")


def test_a_model_of_somebody_else_is_taken_over(
    publisher: Publisher, warehouse: TinyWarehouse, published: tuple[str, str, str]
) -> None:
    workspace, model, connection = published
    place = f"/{workspace}/datasets/{model}"
    assert publisher.powerbi.get(place).json()["configuredBy"] == "sandbox-powerbi"
    publisher.sandbox.admin("POST", f"datasets/{model}", {"action": "foreign_owner"})
    assert "@" in publisher.powerbi.get(place).json()["configuredBy"]
    [owner] = publisher.powerbi.get(f"{place}/users").json()["value"]
    assert owner["principalType"] == "User"
    off = {"value": {"enabled": False}}
    assert publisher.powerbi.patch(f"{place}/refreshSchedule", json=off).status_code == 403
    assert publisher.powerbi.post(f"{place}/Default.TakeOver").status_code == 200
    assert publisher.powerbi.get(place).json()["configuredBy"] == "sandbox-powerbi"
    code, _ = failure(publisher.refreshed(workspace, model))
    assert code == "ModelRefreshFailed_CredentialsNotSpecified", "a new owner brings no credentials"
    publisher.bind(workspace, model, warehouse.path, connection)
    assert publisher.refreshed(workspace, model)["status"] == "Completed"


def test_schedules_and_users_of_a_dataset(publisher: Publisher, published: tuple[str, str, str]) -> None:
    workspace, model, _ = published
    place = f"/{workspace}/datasets/{model}"
    schedule = f"{place}/refreshSchedule"
    on = {"value": {"enabled": True, "days": ["Monday"], "times": ["07:00"]}}
    assert publisher.powerbi.patch(schedule, json=on).status_code == 200
    both = {"value": {"enabled": False, "days": []}}
    assert publisher.powerbi.patch(schedule, json=both).status_code == 400
    assert publisher.powerbi.patch(schedule, json={"value": {"hour": 7}}).status_code == 400
    assert publisher.powerbi.patch(schedule, json={"value": {"enabled": False}}).status_code == 200
    found = publisher.powerbi.get(schedule).json()
    assert (found["enabled"], found["days"]) == (False, ["Monday"])
    anna = {"identifier": "anna@sandlada.example", "principalType": "User", "datasetUserAccessRight": "Read"}
    assert publisher.powerbi.post(f"{place}/users", json=anna).status_code == 200
    for wrong in ({**anna, "principalType": "App"}, {**anna, "datasetUserAccessRight": "ReadWrite"}, {}):
        assert publisher.powerbi.post(f"{place}/users", json=wrong).status_code == 400
    assert anna in publisher.powerbi.get(f"{place}/users").json()["value"]
    listed = publisher.powerbi.get(f"/{workspace}/datasets").json()["value"]
    assert [dataset["id"] for dataset in listed] == [model]


def test_a_refresh_says_why_it_could_not_read(
    publisher: Publisher, warehouse: TinyWarehouse, published: tuple[str, str, str]
) -> None:
    workspace, model, connection = published
    place = f"/workspaces/{workspace}/semanticModels/{model}"

    def reason(**changes: Any) -> tuple[str, str]:
        assert publisher.ended(update(publisher, place, model_files(warehouse, **changes)))["error"] is None
        return failure(publisher.refreshed(workspace, model))

    wrong_model = "ModelRefresh_ShortMessage_ProcessingError"
    code, told = reason(Reskontra=table("Reskontra", "fct_open_item", "no_such_column"))
    assert (code, "no_such_column" in told) == (wrong_model, True)
    code, told = reason(Reskontra=table("Reskontra", "no_such_relation", "side"))
    assert (code, "mart.no_such_relation" in told) == (wrong_model, True)
    code, told = reason(organization="sju")
    assert (code, "sju" in told) == (wrong_model, True)
    warehouse.execute(f"revoke select on mart.fct_open_item from {warehouse.user}")
    try:
        code, told = reason()
        assert (code, "fct_open_item" in told) == ("DM_GWPipeline_Gateway_MashupDataAccessError", True)
    finally:
        warehouse.execute(f"grant select on mart.fct_open_item to {warehouse.user}")
    publisher.sandbox.admin("POST", f"connections/{connection}", {"password": "spoilt"})
    assert reason()[0] == "DM_GWPipeline_Gateway_InvalidConnectionCredentials"
    publisher.fabric.delete(f"/connections/{connection}")
    assert reason()[0] == "ModelRefreshFailed_CredentialsNotSpecified"
    assert row(publisher.query(workspace, model, THREE, includeNulls=True)) == {
        "[Tillgångar]": None,
        "[Resultat]": None,
        "[Kund]": None,
    }, "nothing was ever imported"


def test_a_database_that_is_gone_is_unreachable(
    publisher: Publisher, warehouse: TinyWarehouse, postgres: EmbeddedPostgres
) -> None:
    workspace = publisher.workspace()
    with tiny_warehouse(postgres) as other:
        connection = publisher.connection(other)
        model = publisher.model(workspace, model_files(other))
        publisher.bind(workspace, model, other.path, connection)
        assert publisher.refreshed(workspace, model)["status"] == "Completed"
        before = row(publisher.query(workspace, model, THREE))
    code, _ = failure(publisher.refreshed(workspace, model))
    # its login went with it, and PostgreSQL does not tell a stranger which of the two is missing
    assert code in {
        "DM_GWPipeline_Gateway_MashupDataAccessError",
        "DM_GWPipeline_Gateway_InvalidConnectionCredentials",
    }
    assert row(publisher.query(workspace, model, THREE)) == before, "a failed refresh changes nothing"
    beside = TinyWarehouse(warehouse.server, "postgres", "")
    beside.execute(f"alter database {warehouse.database} allow_connections false")
    try:
        reading = publisher.connection_body(warehouse)
        answer = publisher.fabric.post("/connections", json=reading)
        assert answer.json()["moreDetails"][0]["errorCode"] == "DM_GWPipeline_Gateway_MashupDataAccessError"
    finally:
        beside.execute(f"alter database {warehouse.database} allow_connections true")


def test_a_refresh_that_is_cancelled_or_held_changes_nothing_yet(
    publisher: Publisher, warehouse: TinyWarehouse, published: tuple[str, str, str]
) -> None:
    workspace, model, _ = published
    publisher.refreshed(workspace, model)
    place = f"/{workspace}/datasets/{model}/refreshes"

    def arrange(action: str, **more: Any) -> Any:
        return publisher.sandbox.admin("POST", f"datasets/{model}", {"action": action, **more})

    warehouse.execute("insert into mart.fct_open_item values (7, 'receivable', true, 1)")
    kund = 'EVALUATE ROW ( "Kund", [Kundfordringar] )'
    try:
        arrange("hold")
        assert publisher.powerbi.post(place).status_code == 202
        time.sleep(0.3)
        assert row(publisher.query(workspace, model, kund)) == {"[Kund]": 30.3}
        arrange("cancel")
        arrange("release")
        assert row(publisher.query(workspace, model, kund)) == {"[Kund]": 30.3}
        arrange("fail_next")
        assert (
            failure(publisher.refreshed(workspace, model))[0] == "ModelRefreshFailed_CredentialsNotSpecified"
        )
        assert row(publisher.query(workspace, model, kund)) == {"[Kund]": 30.3}
        arrange("foreign", seconds=0)
        end = time.monotonic() + 10
        while publisher.powerbi.get(place).json()["value"][0]["status"] == "Unknown":
            assert time.monotonic() < end
            time.sleep(0.02)
        assert row(publisher.query(workspace, model, kund)) == {"[Kund]": 31.3}
    finally:
        warehouse.execute("delete from mart.fct_open_item where open_amount = 1")


def test_rows_beyond_the_cap_are_counted_only(publisher: Publisher, published: tuple[str, str, str]) -> None:
    workspace, model, _ = published
    settings(publisher, rows_kept=1)
    publisher.refreshed(workspace, model)
    items = [item for one in publisher.sandbox.admin("GET", "workspaces") for item in one["items"]]
    [told] = [item for item in items if item["id"] == model]
    assert told["rows"]["Reskontra"] == 4
    assert row(publisher.query(workspace, model, 'EVALUATE ROW("K",[Kundfordringar])')) == {"[K]": 10.1}


def test_enhanced_refresh_needs_a_capacity(publisher: Publisher, published: tuple[str, str, str]) -> None:
    workspace, model, _ = published
    place = f"/{workspace}/datasets/{model}/refreshes"
    enhanced = {"type": "Full", "commitMode": "transactional"}
    refused = publisher.powerbi.post(place, json=enhanced)
    assert (refused.status_code, "notifyOption" in refused.json()["error"]["message"]) == (400, True)
    [capacity] = publisher.fabric.get("/capacities").json()["value"]
    publisher.fabric.post(f"/workspaces/{workspace}/assignToCapacity", json={"capacityId": capacity["id"]})
    both = {**enhanced, "notifyOption": "NoNotification"}
    assert publisher.powerbi.post(place, json=both).status_code == 400
    answer = publisher.powerbi.post(place, json=enhanced)
    assert answer.status_code == 202
    end = time.monotonic() + 10
    while (found := publisher.powerbi.get(answer.headers["Location"])).status_code == 202:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert found.json()["extendedStatus"] == "Completed"
    settings(publisher, quota=0)
    assert publisher.powerbi.post(place).status_code == 202, "a capacity has no daily quota"


def test_the_quota_of_a_shared_capacity(publisher: Publisher, published: tuple[str, str, str]) -> None:
    workspace, model, _ = published
    settings(publisher, quota=1)
    publisher.refreshed(workspace, model)
    refused = publisher.powerbi.post(f"/{workspace}/datasets/{model}/refreshes")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request Throttled")


def test_an_update_that_loses_data_needs_leave(
    publisher: Publisher, warehouse: TinyWarehouse, published: tuple[str, str, str]
) -> None:
    workspace, model, _ = published
    place = f"/workspaces/{workspace}/semanticModels/{model}"
    without = model_files(warehouse, Reskontra=None)
    assert publisher.ended(update(publisher, place, without))["status"] == "Succeeded", "nothing to lose yet"
    publisher.ended(update(publisher, place, model_files(warehouse)))
    publisher.refreshed(workspace, model)
    retyped = table("Reskontra", "fct_open_item", "side", "is_today", "open_amount", data_type="string")
    narrower = table("Reskontra", "fct_open_item", "side", "is_today")
    for changed in (None, retyped, narrower):
        files = model_files(warehouse, Reskontra=changed)
        state = publisher.ended(update(publisher, place, files))
        assert state["status"] == "Failed"
        assert state["error"]["errorCode"] == "Alm_InvalidRequest_PurgeRequired"
        assert "Reskontra" in state["error"]["message"]
    more = table("Ny", "fct_open_item", "side")
    assert publisher.ended(update(publisher, place, model_files(warehouse, Ny=more)))["status"] == "Succeeded"
    publisher.refreshed(workspace, model)
    allowed = update(publisher, place, without, allowPurgeData=True)
    assert publisher.ended(allowed)["status"] == "Succeeded"
    what_is_left = 'EVALUATE ROW ( "Tillgångar", [Summa tillgångar] )'
    assert row(publisher.query(workspace, model, what_is_left)) == {"[Tillgångar]": 250.75}
    assert publisher.query(workspace, model, THREE).status_code == 400


def test_an_update_may_cost_the_connection(
    publisher: Publisher, warehouse: TinyWarehouse, published: tuple[str, str, str]
) -> None:
    workspace, model, _ = published
    place = f"/workspaces/{workspace}/semanticModels/{model}"
    items = f"/workspaces/{workspace}/items/{model}/connections"

    def connectivity() -> str:
        found: str = publisher.fabric.get(items).json()["value"][0]["connectivityType"]
        return found

    publisher.ended(update(publisher, place, model_files(warehouse, organization=8)))
    assert connectivity() == "ShareableCloud"
    settings(publisher, updates_unbind=True)
    publisher.ended(update(publisher, place, model_files(warehouse)))
    assert connectivity() == "None"


def test_queries_and_what_is_no_query(publisher: Publisher, published: tuple[str, str, str]) -> None:
    workspace, model, _ = published
    publisher.refreshed(workspace, model)

    def refusal(query: str) -> str:
        answer = publisher.query(workspace, model, query)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "DatasetExecuteQueriesError")
        details = answer.json()["error"]["pbi.error"]["details"]
        assert [detail["code"] for detail in details] == ["DetailsMessage", "AnalysisServicesErrorCode"]
        found: str = details[0]["detail"]["value"]
        return found

    assert "Okänt" in refusal('EVALUATE ROW ( "X", [Okänt] )')
    assert refusal("EVALUATE SUMMARIZECOLUMNS ( Balans[date_key] )")
    assert refusal("ROW ( 1 )")
    assert refusal('EVALUATE ROW ( "X", [Kundfordringar], )  x')
    query = 'evaluate row("Ett ""namn""", 1 + 1, "K", [Kundfordringar], "T", BLANK ())'
    assert row(publisher.query(workspace, model, query)) == {'[Ett "namn"]': 2, "[K]": 30.3}
    answered = publisher.sandbox.admin("POST", f"datasets/{model}/answers", {"K": 4.5, "Andra": 1})
    assert answered["K"] == 4.5
    with_nulls = row(publisher.query(workspace, model, query, includeNulls=True))
    assert with_nulls == {'[Ett "namn"]': 2, "[K]": 4.5, "[T]": None}
    place = f"/{workspace}/datasets/{model}/executeQueries"
    for queries in ([], [{"query": "a"}, {"query": "b"}], None):
        assert publisher.powerbi.post(place, json={"queries": queries}).status_code == 400


def test_a_column_that_was_not_imported_is_no_figure(publisher: Publisher, warehouse: TinyWarehouse) -> None:
    workspace, connection = publisher.workspace(), publisher.connection(warehouse)
    files = model_files(warehouse, Reskontra=table("Reskontra", "fct_open_item", "side", "is_today"))
    model = publisher.model(workspace, files)
    publisher.bind(workspace, model, warehouse.path, connection)
    publisher.refreshed(workspace, model)
    assert publisher.query(workspace, model, 'EVALUATE ROW("K",[Kundfordringar])').status_code == 400


def test_a_model_with_roles_answers_no_service_principal(
    publisher: Publisher, warehouse: TinyWarehouse
) -> None:
    workspace = publisher.workspace()
    role = {"definition/roles/Läsare.tmdl": "role Läsare\n\tmodelPermission: read\n"}
    model = publisher.model(workspace, model_files(warehouse) | role)
    answer = publisher.query(workspace, model, THREE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "PowerBINotAuthorizedException")
    assert publisher.powerbi.get(f"/{workspace}/datasets/{model}").json()["isEffectiveIdentityRequired"]


def test_queries_in_a_minute_are_counted(publisher: Publisher, published: tuple[str, str, str]) -> None:
    workspace, model, _ = published
    settings(publisher, queries_per_minute=0)
    answer = publisher.query(workspace, model, THREE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


def test_an_answer_is_lost_after_the_effect(publisher: Publisher, warehouse: TinyWarehouse) -> None:
    workspace = publisher.workspace()
    place = f"/workspaces/{workspace}/semanticModels"
    body = {"displayName": "Saldo", "definition": definition(model_files(warehouse))}
    fault = {"kind": "lost", "method": "POST", "path_contains": place}
    publisher.sandbox.admin("POST", "faults", [fault])
    with pytest.raises(httpx.TransportError):
        publisher.fabric.post(place, json=body)
    time.sleep(0.1)
    assert [item["displayName"] for item in publisher.fabric.get(place).json()["value"]] == ["Saldo"]


def test_fabric_is_throttled_by_a_fault(publisher: Publisher) -> None:
    fault = {
        "kind": "status",
        "status": 429,
        "headers": {"Retry-After": "7"},
        "path_contains": "/v1/workspaces",
    }
    publisher.sandbox.admin("POST", "faults", [fault])
    answer = publisher.fabric.get("/workspaces")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert publisher.fabric.get("/workspaces").status_code == 200


def test_an_operation_fails_or_is_slow_where_it_was_arranged(
    publisher: Publisher, warehouse: TinyWarehouse
) -> None:
    workspace = publisher.workspace()
    place = f"/workspaces/{workspace}/semanticModels"
    body = {"displayName": "Saldo", "definition": definition(model_files(warehouse))}
    publisher.sandbox.admin("POST", "operations", {"error_code": "Dataset_Import_FailedToImportDataset"})
    state = publisher.ended(publisher.fabric.post(place, json=body))
    assert (state["status"], state["error"]["errorCode"]) == (
        "Failed",
        "Dataset_Import_FailedToImportDataset",
    )
    publisher.sandbox.admin("POST", "operations", {"seconds": 60})
    slow = publisher.fabric.post(place, json=body)
    assert slow.status_code == 202, "the name of what failed is free"
    assert publisher.fabric.get(slow.headers["Location"]).json()["status"] == "Running"
    settings(publisher, long_running=False)
    publisher.sandbox.admin("POST", "operations", {"error_code": "Broken"})
    other = publisher.fabric.post(place, json={**body, "displayName": "Annan"})
    assert said(other) == (400, "Broken")


def test_a_workspace_is_deleted_by_others(
    publisher: Publisher, warehouse: TinyWarehouse, published: tuple[str, str, str]
) -> None:
    workspace, model, _ = published
    place = f"/workspaces/{workspace}"
    settings(publisher, operation_seconds=0.3)
    pending = update(publisher, f"{place}/semanticModels/{model}", model_files(warehouse))
    publisher.sandbox.admin("DELETE", f"workspaces/{workspace}")
    assert said(publisher.fabric.get(place)) == (404, "WorkspaceNotFound")
    assert said(publisher.fabric.get(f"{place}/semanticModels")) == (404, "WorkspaceNotFound")
    assert publisher.powerbi.get(f"/{workspace}/datasets/{model}").status_code == 404
    for path in ("users", "datasets", "reports", "reports/1"):
        assert publisher.powerbi.get(f"/{workspace}/{path}").status_code == 404
    assert publisher.ended(pending)["error"]["errorCode"] == "ItemNotFound"


def test_the_measures_read_what_saldo_has(publisher: Publisher, module_warehouse: Warehouse) -> None:
    """Names of relations and columns are the real warehouse's, which is empty here."""
    real = TinyWarehouse(module_warehouse.server, module_warehouse.name, "saldo_report")
    workspace = publisher.workspace()
    login = credentials(real.user, PASSWORDS[real.user])
    connection = publisher.connection(real, credentialDetails=login)
    model = publisher.model(workspace, model_files(real))
    publisher.bind(workspace, model, real.path, connection)
    ended = publisher.refreshed(workspace, model)
    assert ended["status"] == "Completed", ended
    assert row(publisher.query(workspace, model, THREE)) == {}


def test_the_sandbox_goes_on_answering_while_it_reads(
    publisher: Publisher, warehouse: TinyWarehouse, published: tuple[str, str, str]
) -> None:
    workspace, model, _ = published
    warehouse.execute(
        "alter table mart.fct_open_item rename to fct_open_item_kept",
        "create view mart.fct_open_item as select kept.* from mart.fct_open_item_kept as kept, pg_sleep(1)",
        f"grant select on mart.fct_open_item to {warehouse.user}",
    )
    try:
        with ThreadPoolExecutor(1) as pool:
            refreshing = pool.submit(publisher.refreshed, workspace, model)
            started = time.monotonic()
            assert Publisher(publisher.sandbox).fabric.get("/capacities").status_code == 200
            assert time.monotonic() - started < 0.9
            assert refreshing.result()["status"] == "Completed"
    finally:
        warehouse.execute(
            "drop view mart.fct_open_item", "alter table mart.fct_open_item_kept rename to fct_open_item"
        )


def test_what_the_sandbox_begins_with_is_there_too(publisher: Publisher) -> None:
    companies = publisher.sandbox.companies()
    listed = {one["id"]: one for one in publisher.fabric.get("/workspaces").json()["value"]}
    every = str(publisher.powerbi.base_url).rstrip("/")
    groups = {one["id"] for one in publisher.powerbi.get(every).json()["value"]}
    assert {company["workspace_id"] for company in companies} <= listed.keys() & groups
    first = companies[0]
    [dataset] = publisher.powerbi.get(f"/{first['workspace_id']}/datasets").json()["value"]
    assert dataset["id"] == first["dataset_id"]
    models = publisher.fabric.get(f"/workspaces/{first['workspace_id']}/semanticModels").json()
    assert models == {"value": []}
    assert publisher.refreshed(first["workspace_id"], first["dataset_id"])["status"] == "Completed"
