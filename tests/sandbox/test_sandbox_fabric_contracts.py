"""Fabric's answers have the shape of recorded ones: contracts.json's part ``fabric``, by request and status.

What nobody recorded of models and reports is held to what was recorded of items in general.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.postgres import EmbeddedPostgres
from tests.sandbox.distil import CONTRACTS as CONTRACTS_FILE
from tests.sandbox.process import running_sandbox
from tests.sandbox.publishing import (
    Publisher,
    TinyWarehouse,
    definition,
    model_files,
    report_files,
    tiny_warehouse,
)
from tests.sandbox.test_sandbox_contracts import misfits

pytestmark = pytest.mark.database

FABRIC: dict[str, dict[str, Any]] = json.loads(CONTRACTS_FILE.read_text())["fabric"]
NOT_PLAYED = {
    "GET /v1/workspaces/{id}/folders 200",
    "GET /v1/workspaces/{id}/items 200",
    "POST /v1/workspaces/{id}/folders 201",
}
"""Recorded, but no part of publishing."""
Answers = dict[str, list[httpx.Response]]


@pytest.fixture(scope="module")
def warehouse(postgres: EmbeddedPostgres) -> Iterator[TinyWarehouse]:
    with tiny_warehouse(postgres) as made:
        yield made


@pytest.fixture(scope="module")
def answers(warehouse: TinyWarehouse) -> Iterator[Answers]:
    """The sandbox's answers, by the name of the contract that each is held to."""
    with running_sandbox("--companies", "demo") as sandbox:
        sandbox.admin("POST", "settings", {"operation_seconds": 0.1, "retry_after": 20})
        yield _ask(Publisher(sandbox), warehouse)


def _ask(publisher: Publisher, warehouse: TinyWarehouse) -> Answers:
    ask = publisher.fabric
    [capacity] = ask.get("/capacities").json()["value"]
    [gateway] = [one for one in ask.get("/gateways").json()["value"] if one["type"] == "VirtualNetwork"]
    workspace = f"/workspaces/{publisher.workspace(capacityId=capacity['id'], description='Prov')}"
    created = ask.post("/connections", json=publisher.connection_body(warehouse))
    connection = f"/connections/{created.json()['id']}"
    on_gateway = publisher.connection(
        warehouse, connectivityType="VirtualNetworkGateway", gatewayId=gateway["id"]
    )
    listed = ask.get("/connections")
    role = {"principal": {"id": capacity["id"], "type": "User"}, "role": "User"}
    given = ask.post(f"{connection}/roleAssignments", json=role)
    body = {"displayName": "Saldo", "definition": definition(model_files(warehouse))}
    model = ask.post(f"{workspace}/semanticModels", json=body)
    running = ask.get(model.headers["Location"])
    publisher.ended(model)
    done = ask.get(model.headers["Location"])
    result = ask.get(done.headers["Location"])
    model_path = f"{workspace}/semanticModels/{result.json()['id']}"
    shown = {"displayName": "Rapport", "definition": definition(report_files(result.json()["id"]))}
    report = ask.post(f"{workspace}/reports", json=shown)
    report_path = f"{workspace}/reports/{publisher.result(report)['id']}"
    item_202 = [ask.post(f"{path}/getDefinition") for path in (model_path, report_path)]
    updated = [
        ask.post(f"{path}/updateDefinition", json=sent)
        for path, sent in ((model_path, body), (report_path, shown))
    ]
    return {
        "GET /v1/connections 200": [listed],
        "POST /v1/connections 201": [created],
        "GET /v1/connections/{id} 200": [ask.get(f"/connections/{on_gateway}")],
        "GET /v1/connections/{id}/roleAssignments 200": [ask.get(f"{connection}/roleAssignments")],
        "POST /v1/connections/{id}/roleAssignments 201": [given],
        "GET /v1/operations/{id} 200": [running, done],
        "GET /v1/operations/{id}/result 200": [result],
        "GET /v1/workspaces/{id} 200": [ask.get(workspace)],
        "GET /v1/workspaces/{id}/items/{id}/connections 200": [
            ask.get(f"{workspace}/items/{report_path.rpartition('/')[2]}/connections")
        ],
        "GET /v1/workspaces/{id}/reports/{id} 200": [ask.get(report_path)],
        "GET /v1/workspaces/{id}/semanticModels/{id} 200": [ask.get(model_path)],
        "POST /v1/workspaces/{id}/items 202": [model, report],
        "POST /v1/workspaces/{id}/items/{id}/getDefinition 202": item_202,
        "POST /v1/workspaces/{id}/items/{id}/updateDefinition 202": updated,
        "POST /v1/workspaces/{id}/reports 202": [report],
        "POST /v1/workspaces/{id}/semanticModels 202": [model],
        "DELETE /v1/connections/{id}/roleAssignments/{id} 200": [
            ask.delete(f"{connection}/roleAssignments/{capacity['id']}")
        ],
        "DELETE /v1/connections/{id} 200": [ask.delete(connection)],
    }


def wrong(name: str, kind: str, record: dict[str, Any]) -> list[str]:
    """What of a body, and of what it holds, is not as it was recorded."""
    contract = FABRIC[name]["body"].get(kind)
    if not contract:
        return []  # nothing but its being there was recorded
    found = [f"{kind}: {misfit}" for misfit in misfits(record, contract)]
    for key, value in record.items():
        below = f"{kind}.{key}".removeprefix(".")
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                found += wrong(name, f"{below}[]" if isinstance(value, list) else below, part)
    return found


@pytest.mark.parametrize("name", sorted(FABRIC.keys() - NOT_PLAYED))
def test_answers_have_the_shape_of_recorded_ones(answers: Answers, name: str) -> None:
    for answer in answers[name]:
        assert answer.status_code == int(name.rpartition(" ")[2])
        assert set(FABRIC[name]["headers"]) <= set(answer.headers), name
        if "" in FABRIC[name]["body"]:
            assert wrong(name, "", answer.json()) == []
        else:
            assert answer.content in {b"", b"null"}


def test_a_misfit_deep_in_an_answer_would_be_found(answers: Answers) -> None:
    name = "GET /v1/connections 200"
    body = answers[name][0].json()
    del body["value"][0]["connectionDetails"]["path"]
    assert wrong(name, "", body) == ["value[].connectionDetails: path is missing"]


def test_every_recorded_request_is_played_or_said_not_to_be(answers: Answers) -> None:
    assert answers.keys() | NOT_PLAYED == FABRIC.keys()


def test_media_types_are_those_recorded(answers: Answers) -> None:
    for name, found in answers.items():
        expected = "application/octet-stream" if name.startswith("DELETE") else "application/json"
        assert {answer.headers["content-type"].partition(";")[0] for answer in found} == {expected}
