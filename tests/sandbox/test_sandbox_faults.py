"""Each fault looks to a plain client as its name says, and the next answer is right again."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.callers import Fortnox, ask_for_token
from tests.sandbox.faults import ANSWERS, CONTENT, content, timeout
from tests.sandbox.process import Sandbox

LIST = "customers?limit=100"


@pytest.fixture(scope="module")
def company(_spares: tuple[Sandbox, Iterator[str]]) -> tuple[Sandbox, str, Fortnox]:
    """One company for all of the module: no fault outlives its test."""
    sandbox, tenants = _spares
    tenant = next(tenants)
    return sandbox, tenant, Fortnox.of(sandbox, tenant)


@pytest.fixture(autouse=True)
def _no_limit(company: tuple[Sandbox, str, Fortnox]) -> Iterator[None]:
    sandbox, _, _ = company
    settings = sandbox.admin("GET", "settings")
    sandbox.admin("POST", "settings", {"requests_per_window": 1_000_000})
    yield
    sandbox.admin("POST", "settings", settings)
    sandbox.admin("DELETE", "faults")


def arrange(company: tuple[Sandbox, str, Fortnox], *faults: dict[str, Any]) -> Fortnox:
    sandbox, tenant, fortnox = company
    sandbox.admin("POST", "faults", [{"tenant": tenant, **fault} for fault in faults])
    return fortnox


def raw(fortnox: Fortnox, path: str, encoding: str = "identity") -> tuple[int, httpx.Headers, bytes]:
    """The answer as it crossed the wire."""
    with fortnox.http.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
        return answer.status_code, answer.headers, b"".join(answer.iter_raw())


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("path", [LIST, "customers/1", "sie/4"])
def test_no_fault_gives_the_right_answer_and_none_lasts(
    company: tuple[Sandbox, str, Fortnox], path: str, name: str
) -> None:
    right = company[2].get(path).content
    fortnox = arrange(company, ANSWERS[name])
    try:
        answer = fortnox.get(path)
    except (httpx.TransportError, httpx.DecodingError):
        assert ANSWERS[name]["kind"] in {"cut", "cut_gzip", "reset", "reset_midway"}
    else:
        assert answer.content != right
        assert answer.status_code == ANSWERS[name].get("status", 200)
    assert fortnox.get(path).content == right


def test_a_fault_may_wait_for_its_request(company: tuple[Sandbox, str, Fortnox]) -> None:
    """For the third page, or for the n-th request whatever it asks."""
    fortnox = arrange(
        company,
        {"kind": "status", "status": 503, "path_contains": "page=3"},
        {"kind": "status", "status": 504, "after": 2, "times": 2},
    )
    pages = [1, 2, 3, 3, 1, 2]
    statuses = [fortnox.get(f"customers?limit=1&page={page}").status_code for page in pages]
    assert statuses == [200, 200, 503, 504, 504, 200]


def test_a_reset_in_the_middle_comes_after_the_headers(company: tuple[Sandbox, str, Fortnox]) -> None:
    fortnox = arrange(company, ANSWERS["reset in the middle"])
    with fortnox.http.stream("GET", LIST) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.ReadError):
            answer.read()


def test_half_a_gzip_is_a_whole_answer_by_its_length(company: tuple[Sandbox, str, Fortnox]) -> None:
    fortnox = arrange(company, ANSWERS["half of its gzip"])
    status, headers, body = raw(fortnox, LIST)
    assert (status, headers["content-encoding"], int(headers["content-length"])) == (200, "gzip", len(body))
    with pytest.raises(EOFError):
        gzip.decompress(body)


def test_an_answer_may_take_longer_than_the_client_waits(company: tuple[Sandbox, str, Fortnox]) -> None:
    fortnox = arrange(company, timeout(30))
    began = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        fortnox.http.get(LIST, timeout=0.2)
    assert fortnox.get(LIST).status_code == 200
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", CONTENT)
def test_one_field_of_one_record_is_another(company: tuple[Sandbox, str, Fortnox], name: str) -> None:
    right = company[2].json(LIST)["Customers"]
    fortnox = arrange(company, content(name, "City", record=1), content(name, "Unheard", record=0))
    status, headers, body = raw(fortnox, LIST)
    assert (status, int(headers["content-length"])) == (200, len(body))
    value = CONTENT[name]
    if value is None:
        found = json.loads(body)["Customers"]
        assert found[1] == {key: value for key, value in right[1].items() if key != "City"}
        assert [found[0], *found[2:]] == [right[0], *right[2:]]
        return
    assert b'"City":' + value.encode("latin-1") + b',"CustomerNumber":"2"' in body
    _, _, body = raw(fortnox, LIST)
    assert b',"Unheard":' + value.encode("latin-1") + b"}" in body


def test_single_records_parts_and_tokens_have_fields_too(company: tuple[Sandbox, str, Fortnox]) -> None:
    sandbox, tenant, _ = company
    here = {"path_contains": "/3/"}
    fortnox = arrange(
        company,
        {**content("API_NORIGHT", "Name"), **here},
        {**content("null", "DefaultTemplates.Order"), **here},
        {**content("null", "DefaultTemplates.0.Order"), **here},
        {**content("null", "City", record=99), **here},
        {**content("null", "City"), **here},
        {**content("a text for a number", "expires_in"), "path_contains": "/oauth-v1/token"},
    )
    assert fortnox.json("customers/1")["Customer"]["Name"] == "API_NORIGHT"
    assert fortnox.json("customers/1")["Customer"]["DefaultTemplates"]["Order"] is None
    assert fortnox.json("customers/1")["Customer"]["DefaultTemplates"]["Order"] == "DEFAULTTEMPLATE"
    assert all(record["City"] for record in fortnox.json(LIST)["Customers"]), "there is no such record"
    assert fortnox.get("sie/4").content.startswith(b"#FLAGGA"), "nor a field in a file"
    assert ask_for_token(sandbox, tenant).json()["expires_in"] == "tolv komma fem"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "content"},
        {"kind": "cut", "field": "City"},
        {"kind": "content", "field": "City", "raw": "€"},
        {"kind": "explosion"},
    ],
)
def test_faults_that_make_no_sense_are_refused(
    company: tuple[Sandbox, str, Fortnox], fault: dict[str, Any]
) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        arrange(company, fault)


def test_longer_answers_are_compressed_for_those_who_take_it(company: tuple[Sandbox, str, Fortnox]) -> None:
    sandbox, _, fortnox = company
    plain = raw(fortnox, LIST)[2]
    _, headers, body = raw(fortnox, LIST, "gzip, deflate")
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    assert len(body) == int(headers["content-length"]) < len(plain) / 2
    assert gzip.decompress(body) == plain
    for path in ("projects/1", "sie/4"):
        assert "content-encoding" not in raw(fortnox, path, "gzip")[1], path
    sandbox.admin("POST", "settings", {"gzip": False})
    assert "content-encoding" not in raw(fortnox, LIST, "gzip")[1]
