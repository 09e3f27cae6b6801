"""The sandbox's answers have the shape of real ones.

contracts.json holds key names, JSON types and what may be null: under "recorded" as distilled from recorded
answers of the real API, with keys in their order; under "described" from its public description, which says
nothing of order. Where the recordings lie beside the checkout, the contract is held against them too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.callers import FORTNOX_CLIENT, Fortnox, ask_for_token
from tests.sandbox.process import Sandbox

CONTRACTS = json.loads((Path(__file__).parent / "contracts.json").read_text())
RECORDED: dict[str, dict[str, str]] = CONTRACTS["recorded"]
DESCRIBED: dict[str, dict[str, str]] = CONTRACTS["described"]
LISTS = {
    "customers": "Customers",
    "projects": "Projects",
    "suppliers": "Suppliers",
    "costcenters": "CostCenters",
    "accounts": "Accounts",
    "financialyears": "FinancialYears",
}
SINGLES = {
    "customers/1": "Customer",
    "projects/2": "Project",
    "suppliers/1": "Supplier",
    "costcenters/LAG": "CostCenter",
    "accounts/1930": "Account",
    "financialyears/5": "FinancialYear",
    "companyinformation": "CompanyInformation",
}


def json_type(value: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]


def misfits(record: dict[str, Any], contract: dict[str, str]) -> list[str]:
    """What of the record is not as the contract says."""
    found = [f"{key} is missing" for key in contract.keys() - record.keys()]
    found += [f"{key} is not in the contract" for key in record.keys() - contract.keys()]
    return found + [
        f"{key} is {json_type(value)}, not {contract[key]}"
        for key, value in record.items()
        if key in contract and json_type(value) not in contract[key].split("|")
    ]


def check(name: str, record: dict[str, Any]) -> None:
    if name in RECORDED:
        assert misfits(record, RECORDED[name]) == []
        assert list(record) == list(RECORDED[name])
        for key, value in record.items():
            if isinstance(value, dict):
                check(f"{name}.{key}", value)
    else:
        assert misfits(record, DESCRIBED[name]) == []


@pytest.mark.parametrize("path", LISTS)
def test_lists_have_the_shape_of_real_ones(twin: Fortnox, path: str) -> None:
    answer = twin.get(f"{path}/")
    body = answer.json()
    assert list(body) == ["MetaInformation", LISTS[path]]
    assert misfits(body["MetaInformation"], CONTRACTS["MetaInformation"]) == []
    assert list(body["MetaInformation"]) == list(CONTRACTS["MetaInformation"])
    assert body[LISTS[path]]
    for record in body[LISTS[path]]:
        check(LISTS[path], record)
    assert set(CONTRACTS["headers"]["200"]) <= set(answer.headers)
    assert answer.headers["server"] == "Fortnox"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", SINGLES)
def test_single_records_have_the_shape_of_real_ones(twin: Fortnox, path: str) -> None:
    body = twin.json(path)
    assert list(body) == [SINGLES[path]]
    check(SINGLES[path], body[SINGLES[path]])


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
    assert misfits(information, CONTRACTS["errors"][str(status)]["ErrorInformation"]) == []
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
    assert misfits(answer.json(), CONTRACTS["token"]) == []
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
        assert misfits(answer.json(), CONTRACTS["errors"]["token"]) == []
        assert answer.headers["content-type"].startswith(media_type)


def recordings(shared: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((shared / "fortnox" / "recorded").rglob("*.json")):
        recording = json.loads(path.read_text())
        if "request" in recording and "status" in recording["response"]:
            yield recording


def test_the_contract_holds_for_the_recorded_answers(shared: Path) -> None:
    held = set()
    for recording in recordings(shared):
        body = recording["response"]["body"]
        for name, contents in body.items() if isinstance(body, dict) else ():
            if recording["request"]["method"] == "GET" and name in RECORDED:
                for record in contents if isinstance(contents, list) else [contents]:
                    check(name, record)
                    held.add(name)
    assert held == {"Customers", "Customer", "Projects", "Project"}


def test_the_error_contract_holds_for_the_recorded_errors(shared: Path) -> None:
    held = set()
    for recording in recordings(shared):
        status, body = str(recording["response"]["status"]), recording["response"]["body"]
        if not status.startswith("4"):
            continue
        if "oauth-v1" in recording["request"]["uri"]:
            assert misfits(body, CONTRACTS["errors"]["token"]) == []
        elif "ErrorInformation" in body:
            assert misfits(body["ErrorInformation"], CONTRACTS["errors"][status]["ErrorInformation"]) == []
        else:
            assert misfits(body, CONTRACTS["errors"][status]) == []
        held.add((status, "oauth-v1" in recording["request"]["uri"]))
    assert held == {("400", False), ("400", True), ("401", False), ("401", True), ("404", False)}


def test_what_was_recorded_is_answered_word_for_word(shared: Path, twins: Sandbox, twin: Fortnox) -> None:
    """Errors that do not depend on a company's data: same request, same status, type and bytes."""
    answers = {
        "404_2000433_01": twin.get("customers/123456789"),
        "404_2001161_08": twin.get("projects/123456789"),
        "401_nocode_11": httpx.get(f"{twins.base_url}/3/customers", headers={"Authorization": "Bearer old"}),
        "401_nocode_12": httpx.post(
            f"{twins.base_url}/oauth-v1/token", auth=("x", "y"), data={"grant_type": "refresh_token"}
        ),
        "400_nocode_13": httpx.post(
            f"{twins.base_url}/oauth-v1/token", auth=FORTNOX_CLIENT, data={"grant_type": "refresh_token"}
        ),
        "400_2000587_02": twin.get("customers?filter=doesntexist"),
    }
    for name, answer in answers.items():
        path = shared / "fortnox" / "recorded" / "errors" / f"{name}.json"
        real = json.loads(path.read_text())["response"]
        assert answer.status_code == real["status"], name
        assert answer.text == real["body_raw"], name
        assert answer.headers["content-type"] == real["headers"]["Content-Type"][0], name
