"""The sandbox's answers have the shape of real ones.

contracts.json holds key names, JSON types and what may be null or absent; distil.py says what of it comes
from recorded answers and what from the public description. Every resource of the sandbox's catalogue is held
against it here: one that is added needs no test, only to be named in distil.py where its description is new.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.resource import API, Resource
from sandbox.resources import CATALOGUE
from sandbox.settings_resources import OBJECTS
from tests.sandbox.callers import FORTNOX_CLIENT, Fortnox, ask_for_token
from tests.sandbox.distil import CONTRACTS as CONTRACTS_FILE
from tests.sandbox.distil import as_text, distil, json_type, recordings
from tests.sandbox.process import Sandbox

CONTRACTS = json.loads(CONTRACTS_FILE.read_text())
RECORDED: dict[str, dict[str, str]] = CONTRACTS["recorded"]
WRITTEN: dict[str, dict[str, str]] = CONTRACTS["written"]
DESCRIBED: dict[str, dict[str, str]] = CONTRACTS["described"]
TOKEN: dict[str, str] = CONTRACTS["written"]["token"]


def error_shape(name: str) -> dict[str, str]:
    """The contract of an error's body by its status, or of the token endpoint's errors."""
    shape: dict[str, str] = CONTRACTS["errors"][name]["shape"]
    return shape


def misfits(record: dict[str, Any], contract: dict[str, str]) -> list[str]:
    """What of the record is not as the contract says."""
    types = {key: kinds.split("|") for key, kinds in contract.items()}
    found = [f"{key} is missing" for key in types.keys() - record.keys() if "absent" not in types[key]]
    found += [f"{key} is not in the contract" for key in record.keys() - types.keys()]
    return found + [
        f"{key} is {json_type(value)}, not {contract[key]}"
        for key, value in record.items()
        if key in types and json_type(value) not in types[key]
    ]


# The public description names these rows without what is in them: held to their twins of the other side.
ALIKE = {
    "supplierinvoiceaccruals single.SupplierInvoiceAccrualRows[]":
        "invoiceaccruals single.InvoiceAccrualRows[]",
}  # fmt: skip


def check(recorded: str, described: str, record: dict[str, Any]) -> None:
    """Hold a record, its objects and its rows against what was recorded of them, else what is described."""
    contract = RECORDED.get(recorded) or DESCRIBED.get(ALIKE.get(described, described))
    assert contract is not None, f"distil.py knows neither {recorded} nor {described}"
    if recorded not in RECORDED:
        # Real answers to POST hold fields that the description lacks: those are taken from there, where a
        # number that only ever was whole may have decimals too.
        written = {
            key: kinds.replace("integer", "integer|number")
            for key, kinds in WRITTEN.get(recorded, {}).items()
        }
        contract = written | contract
    assert misfits(record, contract) == [], recorded
    if recorded in RECORDED:
        assert list(record) == [key for key in contract if key in record], recorded
    for key, value in record.items():
        if isinstance(value, dict):
            check(f"{recorded}.{key}", f"{described}.{key}", value)
        for row in value if isinstance(value, list) else ():
            if isinstance(row, dict):
                check(f"{recorded}.{key}[]", f"{described}.{key}[]", row)


def listed(fortnox: Fortnox, resource: Resource[Any]) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = fortnox.json(f"{resource.path}?limit=500")[resource.list_key]
    assert records, f"the made-up company has no {resource.path} to hold against their contract"
    return records


by_path = pytest.mark.parametrize("resource", CATALOGUE, ids=lambda resource: resource.path)


@by_path
def test_lists_have_the_shape_of_real_ones(twin: Fortnox, resource: Resource[Any]) -> None:
    for record in listed(twin, resource):
        check(resource.list_key, f"{resource.path} list", record)
    answer = twin.get(f"{resource.path}/")
    body = answer.json()
    assert list(body) == ["MetaInformation"] * resource.counted + [resource.list_key]
    if resource.counted:
        assert misfits(body["MetaInformation"], RECORDED["MetaInformation"]) == []
        assert list(body["MetaInformation"]) == list(RECORDED["MetaInformation"])
    assert set(CONTRACTS["headers"]["200"]) <= set(answer.headers)
    assert answer.headers["server"] == "Fortnox"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "resource",
    [resource for resource in CATALOGUE if f"{resource.path} single" in DESCRIBED],
    ids=lambda resource: resource.path,
)
def test_single_records_have_the_shape_of_real_ones(twin: Fortnox, resource: Resource[Any]) -> None:
    """Some of them, spread over the list, by their own addresses; labels have no such address."""
    records = listed(twin, resource)
    for record in records[:: max(1, len(records) // 8)]:
        body = twin.json(record["@url"].removeprefix(f"{API}/"))
        assert list(body) == [resource.single_key]
        check(resource.single_key, f"{resource.path} single", body[resource.single_key])


@pytest.mark.parametrize("path", ["companyinformation", *OBJECTS])
def test_objects_have_the_shape_of_real_ones(twin: Fortnox, path: str) -> None:
    ((name, record),) = twin.json(path).items()
    check(name, f"{path} single", record)


def test_answers_are_escaped_as_real_ones_are(twin: Fortnox) -> None:
    raw = twin.get("customers?limit=500").content
    assert rb'"@url":"https:\/\/api.fortnox.se\/3\/customers\/1"' in raw
    assert raw.isascii()
    assert rb"\u00e4" in raw
    assert b": " not in raw.split(b"Customers")[0]


@pytest.mark.parametrize(
    ("path", "status", "message", "code"),
    [
        ("customers/123456789", 404, "Kan inte hitta kunden.", 2000433),
        ("projects/123456789", 404, "Kan inte hitta projektet.", 2001161),
        ("suppliers/123456789", 404, None, None),
        ("accounts/9999", 404, None, None),
        ("financialyears/4711", 404, None, None),
        ("nonsense", 404, None, 2000762),
        ("customers?filter=doesntexist", 400, "Ett ogiltigt filter har använts.", 2000587),
        ("customers?page=1000", 400, "Angiven sida hittades ej (24).", None),
        ("customers?limit=501", 400, None, None),
        ("customers?limit=many", 400, None, None),
        ("customers?sortby=colour", 400, None, None),
        ("accounts?financialyear=4711", 400, None, None),
        ("sie/4?financialyear=4711", 400, None, None),
        ("sie/4?financialyeardate=2001-01-01", 400, None, None),
    ],
)
def test_errors_have_the_shape_of_their_status(
    twin: Fortnox, path: str, status: int, message: str | None, code: int | None
) -> None:
    answer = twin.get(path)
    assert answer.status_code == status
    information = answer.json()["ErrorInformation"]
    assert list(answer.json()) == ["ErrorInformation"]
    assert misfits(information, error_shape(f"{status}.ErrorInformation")) == []
    said = {key.lower(): value for key, value in information.items()}
    assert message in {None, said["message"]}
    assert code in {None, said["code"]}
    assert set(CONTRACTS["headers"][str(status)]) <= set(answer.headers)


def test_a_missing_or_wrong_token_is_unauthorized(twins: Sandbox) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Bearer a.b.c"}):
        answer = httpx.get(f"{twins.base_url}/3/customers", headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized"})
        assert set(CONTRACTS["headers"]["401"]) <= set(answer.headers)


def test_a_token_comes_without_a_refresh_token(twins: Sandbox) -> None:
    answer = ask_for_token(twins, "101")
    assert answer.status_code == 200
    assert misfits({**answer.json(), "refresh_token": ""}, TOKEN) == []
    assert "refresh_token" not in answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["expires_in"] == 3600


def test_the_token_endpoint_refuses_in_json_that_it_calls_something_else(twins: Sandbox) -> None:
    url = f"{twins.base_url}/oauth-v1/token"
    grant = {"grant_type": "client_credentials"}
    tenant = {"TenantId": "101"}
    stranger = httpx.post(url, auth=("somebody", "else"), headers=tenant, data=grant)
    refusals = [
        (stranger, 401, "invalid_client", "text/plain"),
        (httpx.post(url, data=grant), 401, "invalid_client", "text/plain"),
        (ask_for_token(twins, "404"), 400, "invalid_request", "text/html"),
        (ask_for_token(twins, None), 400, "invalid_request", "text/html"),
        (ask_for_token(twins, "101", scope="everything"), 400, "invalid_scope", "text/html"),
        (ask_for_token(twins, "101", grant_type="password"), 400, "unsupported_grant_type", "text/html"),
        (ask_for_token(twins, "101", grant_type="refresh_token"), 400, "invalid_grant", "text/html"),
    ]
    for answer, status, error, media_type in refusals:
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert misfits(answer.json(), error_shape("token")) == []
        assert answer.headers["content-type"].startswith(media_type)


def test_the_contracts_are_what_the_recordings_say(shared: Path) -> None:
    """Committed is what ``python -m tests.sandbox.distil ../shared`` writes."""
    assert CONTRACTS_FILE.read_text() == as_text(distil(shared))


@by_path
def test_not_found_is_said_as_it_was_recorded(twin: Fortnox, resource: Resource[Any]) -> None:
    """A code that was recorded for one resource is no other's."""
    answer = twin.get(f"{resource.path}/finns%20inte")
    assert answer.status_code == 404
    information = answer.json()["ErrorInformation"]
    assert misfits(information, error_shape("404.ErrorInformation")) == []
    same = [one.path for one in CATALOGUE if one.not_found[1] == information["Code"]]
    if information["Code"] in CONTRACTS["errors"]["404"]["codes"]:
        assert same == [resource.path]


def test_what_was_recorded_is_answered_word_for_word(shared: Path, twins: Sandbox, twin: Fortnox) -> None:
    """Errors that do not depend on a company's data: same request, same status, type and bytes."""
    served = {resource.path for resource in CATALOGUE}
    url = f"{twins.base_url}/oauth-v1/token"
    grant = {"grant_type": "refresh_token", "refresh_token": "old"}
    held = set()
    for recording in recordings(shared / "fortnox"):
        real, uri = recording["response"], recording["request"]["uri"]
        _, is_api, path = uri.partition("https://api.fortnox.se/3/")
        if real["status"] < 400 or "body_raw" not in real or (path, real["status"]) in held:
            continue
        if real["status"] == 401 and is_api:
            answer = httpx.get(f"{twins.base_url}/3/{path}", headers={"Authorization": "Bearer old"})
        elif uri.endswith("/oauth-v1/token"):
            client = FORTNOX_CLIENT if real["status"] == 400 else ("somebody", "else")
            answer = httpx.post(url, auth=client, data=grant)
        elif is_api and recording["request"]["method"] == "GET" and path.split("/")[0] in served:
            answer = twin.get(path)
        else:
            continue  # the sandbox writes nothing and does not serve everything
        assert answer.status_code == real["status"], uri
        assert answer.text == real["body_raw"], uri
        assert answer.headers["content-type"] == real["headers"]["Content-Type"][0], uri
        held.add((path, real["status"]))
    assert {status for _, status in held} >= {400, 401, 404}
    assert len(held) >= 7
