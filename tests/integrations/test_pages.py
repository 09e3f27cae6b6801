"""The page Integrations and the ways to connect, through Airflow's API server and the sandbox's Fortnox."""

from __future__ import annotations

import csv
import html
import json
import os
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from saldo import organizations
from saldo.fortnox import errors as fortnox_errors
from saldo.integrations.airflow_side import DagState
from saldo.integrations.overview import lines
from saldo.integrations.pages import texts
from saldo.warehouse.build import build
from tests.integrations.conftest import ADDRESS, Browsing
from tests.sandbox.process import Sandbox
from tests.support import Warehouse, point_at_sandbox
from tests.warehouse.books import Year, company, land, voucher

pytestmark = [pytest.mark.database, pytest.mark.airflow]

CONNECT = "/saldo/connect"


@pytest.fixture(autouse=True)
def fortnox(sandbox: Sandbox, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox is Fortnox; the warehouse is empty."""
    point_at_sandbox(sandbox, monkeypatch)
    return sandbox


def tenant_of(sandbox: Sandbox) -> str:
    return str(sandbox.admin("GET", "companies")[0]["tenant_id"])


def approved(browser: TestClient, tenant: str, **form: Any) -> str:
    """Where Fortnox sends the browser back to when the company's administrator approves (or, without a
    tenant, declines)."""
    sent = browser.post(f"{CONNECT}/fortnox", data=form or {"modules": ["customer", "invoice"]})
    assert sent.status_code == 303
    back = httpx.get(sent.headers["location"])
    assert back.status_code == 200, "the page on which the company approves"
    answer = httpx.get(f"{sent.headers['location']}&tenant={tenant}")
    return str(answer.headers["location"]).removeprefix(ADDRESS)


def back_from_fortnox(browser: TestClient, address: str) -> Any:
    """The answer to whom Fortnox sent back: the address that Fortnox knows leads on."""
    on = browser.get(address)
    if on.status_code == 303 and urlsplit(on.headers["location"]).path == f"{CONNECT}/back":
        return browser.get(on.headers["location"])
    return on


def connected(browser: TestClient, tenant: str) -> Any:
    """The company approves and is taken: the answer to that."""
    looked = back_from_fortnox(browser, approved(browser, tenant))
    assert looked.headers["location"] == f"{ADDRESS}{CONNECT}/look/fortnox__{tenant}"
    return browser.post(f"{CONNECT}/take", data={"dag_id": f"fortnox__{tenant}"})


def refusal(answer: Any) -> str:
    found = re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None, answer.text
    return found[1]


# Who may


# What a sent link leads to, and where Fortnox sends browsers back to.
_WITHOUT_LOGIN = {("GET", "/approve"), ("POST", "/approve"), ("GET", "/connect/callback")}


def test_every_route_asks_who_is_there_and_what_they_may(browse: Browsing) -> None:
    from saldo.integrations.web import app

    anonymous, viewer, op = browse("anonymous"), browse("viewer"), browse("op")
    looked_at = set()
    for route in app.routes:
        assert isinstance(route, APIRoute)
        path = "/saldo" + route.path.replace("{dag_id}", "fortnox__1").replace("{name}", "copy")
        for method in route.methods:
            looked_at.add((method, route.path))
            if (method, route.path) in _WITHOUT_LOGIN:
                assert anonymous.request(method, path).status_code in (404, 422), path
                continue
            assert anonymous.request(method, path).status_code == 401, path
            may_change = method != "GET" or route.path.startswith(("/connect", "/api/v1/links"))
            answer = viewer.request(method, path)
            assert (answer.status_code == 403) == may_change, path
            assert op.request(method, path).status_code in (200, 204, 303, 404, 422), path
    assert ("POST", "/connect/paste") in looked_at
    assert looked_at >= _WITHOUT_LOGIN


def test_a_form_of_another_site_is_refused(browse: Browsing) -> None:
    answer = browse("admin").post(
        f"{CONNECT}/paste", data={"key": "x"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "another address" in answer.json()["detail"]
    assert browse("admin").get(CONNECT).headers["referrer-policy"] == "same-origin", "else Origin is null"


def test_who_did_what_is_in_airflows_audit_log_and_no_key_is(browse: Browsing, sandbox: Sandbox) -> None:
    from airflow.models import Log
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    with create_session() as session:
        session.execute(delete(Log))
    browser, tenant = browse("admin"), tenant_of(sandbox)
    back = approved(browser, tenant)
    back_from_fortnox(browser, back)
    browser.post(f"{CONNECT}/take", data={"dag_id": f"fortnox__{tenant}"})
    browse("op").post(f"{CONNECT}/paste", data={"key": "not-a-key"})
    browser.get(CONNECT)
    browse("viewer").post(f"/saldo/organizations/fortnox__{tenant}/end")
    browser.post(f"/saldo/organizations/fortnox__{tenant}/end")

    with create_session() as session:
        found = session.execute(select(Log.event, Log.owner, Log.dag_id, Log.extra).order_by(Log.id)).all()
    assert [tuple(line)[:3] for line in found] == [
        ("saldo_to_fortnox", "admin", None),
        ("saldo_from_fortnox", "admin", f"fortnox__{tenant}"),
        ("saldo_take", "admin", f"fortnox__{tenant}"),
        ("saldo_paste", "op", None),
        ("saldo_disconnect", "admin", f"fortnox__{tenant}"),
    ]
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert not [line for line in found if code in str(line) or "not-a-key" in str(line)]


# Your own app


def test_set_up_is_shown_in_four_steps_and_the_app_tried(
    browse: Browsing, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browse("admin")
    page = browser.get(CONNECT, headers={"Accept-Language": "en"}).text
    assert page.count("<li>") == 4
    assert f">{ADDRESS}{CONNECT}/callback</code>" in page
    assert "companyinformation bookkeeping" in page
    assert '<details class="setup">' in page, "closed, since the app is there"

    assert "Companies can be connected now" in browser.post(f"{CONNECT}/app?lang=en").text

    wrong = json.loads(os.environ["AIRFLOW_CONN_FORTNOX_DEFAULT"]) | {"password": "wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", json.dumps(wrong))
    answer = browser.post(f"{CONNECT}/app")
    assert answer.status_code == 422
    assert "client credentials are invalid" in refusal(answer)

    monkeypatch.delenv("AIRFLOW_CONN_FORTNOX_DEFAULT")
    assert '<details class="setup" open>' in browser.get(CONNECT).text
    assert "ingen Fortnox-app" in refusal(browser.post(f"{CONNECT}/app"))


# Connect with Fortnox


def test_a_company_approves_is_looked_at_and_connected(browse: Browsing, sandbox: Sandbox) -> None:
    browser, tenant = browse("admin"), tenant_of(sandbox)
    company = sandbox.admin("GET", "companies")[0]

    answer = back_from_fortnox(browser, approved(browser, tenant))

    assert answer.status_code == 303, answer.text
    look = browser.get(answer.headers["location"])
    assert html.escape(company["name"]) in look.text
    assert 'Kunder <span class="good">hämtas' in look.text
    assert 'Kundfakturor och avtal <span class="good">hämtas' in look.text
    assert 'Ordrar <span class="look">inte godkänd' in look.text
    assert organizations.read().organizations == ()
    (line,) = browser.get("/saldo/organizations").json()
    assert (line["name"], line["status"], line["attention"]) == (
        company["name"], "needs_attention", "unconfirmed",
    )  # fmt: skip

    answer = browser.post(f"{CONNECT}/take", data={"dag_id": f"fortnox__{tenant}"})

    assert answer.headers["location"] == f"{ADDRESS}/saldo/?now=fortnox__{tenant}"
    (connected,) = organizations.read().organizations
    assert (connected.tenant_id, connected.name) == (tenant, company["name"])
    page = browser.get(answer.headers["location"])
    assert html.escape(connected.name) in page.text
    assert "är anslutet" in page.text
    (line,) = browser.get("/saldo/organizations").json()
    assert (line["name"], line["status"], line["credential_kind"]) == (
        connected.name, "pending", "client_credentials",
    )  # fmt: skip


def test_a_company_that_was_the_wrong_one_is_forgotten(browse: Browsing, sandbox: Sandbox) -> None:
    browser, tenant = browse("admin"), tenant_of(sandbox)
    back_from_fortnox(browser, approved(browser, tenant))

    answer = browser.post(f"{CONNECT}/forget", data={"dag_id": f"fortnox__{tenant}"})

    assert "Företaget är glömt" in answer.text
    assert browser.get("/saldo/organizations").json() == []
    assert organizations.read().organizations == ()


def test_a_module_without_licence_shows_before_anything_is_connected(
    browse: Browsing, sandbox: Sandbox
) -> None:
    browser, tenant = browse("admin"), tenant_of(sandbox)
    look = f"{CONNECT}/look/fortnox__{tenant}"
    back_from_fortnox(browser, approved(browser, tenant))
    sandbox.admin("POST", "settings", {"access": {tenant: {"unlicensed_scopes": ["customer"]}}})
    try:
        assert 'Kunder <span class="look">licens saknas i Fortnox' in browser.get(look).text
    finally:
        sandbox.admin("POST", "settings", {"access": {}})


def test_nobody_is_taken_who_did_not_let_saldo_in(browse: Browsing) -> None:
    browser = browse("admin")
    assert browser.get(f"{CONNECT}/look/fortnox__404404").status_code == 404
    assert browser.post(f"{CONNECT}/take", data={"dag_id": "fortnox__404404"}).status_code == 404


def test_connecting_twice_does_no_harm(browse: Browsing, sandbox: Sandbox, warehouse: Warehouse) -> None:
    browser, tenant = browse("admin"), tenant_of(sandbox)
    connected(browser, tenant)
    before = warehouse.rows("select organization_id, dag_id, connected_at from control.organization")

    answer = back_from_fortnox(browser, approved(browser, tenant))

    assert answer.headers["location"] == f"{ADDRESS}/saldo/?before=fortnox__{tenant}"
    assert warehouse.rows("select organization_id, dag_id, connected_at from control.organization") == before
    since = browser.get("/saldo/organizations").json()[0]["connected_at"]
    assert f"är anslutet sedan {since}" in browser.get(answer.headers["location"]).text
    assert "inget hämtas en andra gång" in browser.get(answer.headers["location"]).text


def test_only_the_chosen_modules_are_asked_for(browse: Browsing) -> None:
    sent = browse("admin").post(f"{CONNECT}/fortnox", data={"modules": ["invoice", "no such module"]})
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert set(asked["scope"][0].split()) == {
        "companyinformation", "bookkeeping", "settings", "costcenter", "project", "invoice",
    }  # fmt: skip
    assert asked["account_type"] == ["service"]
    assert asked["redirect_uri"] == [f"{ADDRESS}{CONNECT}/callback"]


def test_a_company_that_declines_is_told_so(browse: Browsing, sandbox: Sandbox) -> None:
    browser = browse("admin")
    answer = back_from_fortnox(browser, approved(browser, ""))
    assert answer.status_code == 422
    assert "did not approve" in refusal(answer)
    assert organizations.read().organizations == ()


def test_an_answer_that_was_not_asked_for_is_refused(browse: Browsing, sandbox: Sandbox) -> None:
    tenant = tenant_of(sandbox)
    browser, other = browse("admin"), browse("op")
    back = approved(browser, tenant)

    stolen = back_from_fortnox(other, back)
    forged = back_from_fortnox(browser, re.sub("state=[^&]+", "state=forged", back))
    bare = back_from_fortnox(browser, f"{CONNECT}/callback?code=x")

    for answer in (stolen, forged, bare):
        assert answer.status_code == 422
        assert "hör inte till" in refusal(answer)
    assert organizations.read().organizations == ()


def test_an_answer_is_taken_once(browse: Browsing, sandbox: Sandbox) -> None:
    browser = browse("admin")
    back = approved(browser, tenant_of(sandbox))
    assert (
        back_from_fortnox(browser, back).headers["location"].endswith(f"/look/fortnox__{tenant_of(sandbox)}")
    )
    reloaded = back_from_fortnox(browser, back)
    assert reloaded.status_code == 422
    assert "Om företaget står i listan är det anslutet" in refusal(reloaded)
    assert len(browser.get("/saldo/organizations").json()) == 1


def test_neither_code_nor_state_is_in_the_log(
    browse: Browsing, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = browse("admin")
    back = approved(browser, tenant_of(sandbox))
    sent = parse_qs(urlsplit(back).query)
    stolen = back_from_fortnox(browse("op"), back)
    taken = back_from_fortnox(browser, back)
    assert (stolen.status_code, taken.status_code) == (422, 303)
    said = "".join(capfd.readouterr())
    assert "/saldo/connect/callback" in said
    assert "/saldo/connect/back" in said
    assert sent["code"][0] not in said
    assert sent["state"][0] not in said


# Paste


def test_the_address_that_the_browser_ended_on_connects(browse: Browsing, sandbox: Sandbox) -> None:
    browser, tenant = browse("admin"), tenant_of(sandbox)
    came = ADDRESS + approved(browser, tenant)
    answer = browser.post(f"{CONNECT}/paste", data={"key": came})
    assert answer.headers["location"].endswith(f"{CONNECT}/look/fortnox__{tenant}")


def test_the_bare_code_connects(browse: Browsing, sandbox: Sandbox) -> None:
    browser, tenant = browse("admin"), tenant_of(sandbox)
    code = parse_qs(urlsplit(approved(browser, tenant)).query)["code"][0]
    answer = browser.post(f"{CONNECT}/paste", data={"key": code})
    assert answer.headers["location"].endswith(f"{CONNECT}/look/fortnox__{tenant}")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("", "no code"),
        ("nothing-like-a-code", "Fortnox"),
        (f"{ADDRESS}{CONNECT}/callback?state=x", "holds no code"),
        ("<script>alert(1)</script>", "Fortnox"),
    ],
)
def test_a_key_that_is_none_is_answered_with_what_to_do(browse: Browsing, key: str, sentence: str) -> None:
    answer = browse("admin").post(f"{CONNECT}/paste", data={"key": key})
    assert answer.status_code == 422
    assert sentence in refusal(answer)
    assert "<script>alert" not in answer.text
    assert organizations.read().organizations == ()


def test_each_refusal_has_a_sentence_in_both_languages() -> None:
    code = "".join(path.read_text() for path in Path(fortnox_errors.__file__).parent.glob("*.py"))
    causes = set(re.findall(r'cause = "(\w+)"|cause="(\w+)"', code))
    names = {name for pair in causes for name in pair if name}
    assert len(names) > 15
    for spoken in ("sv", "en"):
        assert {f"error_{name}" for name in names} <= set(texts(spoken))


def test_a_refusal_is_in_the_readers_language_with_fortnox_own_words(browse: Browsing) -> None:
    said = {
        spoken: refusal(
            browse("admin").post(f"{CONNECT}/paste?lang={spoken}", data={"key": "no-code-at-all"})
        )
        for spoken in ("sv", "en")
    }
    assert said["sv"].startswith("Fortnox tog inte emot koden.")
    assert said["en"].startswith("Fortnox did not take the code.")
    assert "Authorization code doesn&#39;t exist" in said["sv"]


def test_an_old_access_token_that_fortnox_does_not_know_is_said_so(browse: Browsing) -> None:
    answer = browse("admin").post(f"{CONNECT}/token", data={"token": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert "does not know this access token" in refusal(answer)


def test_without_an_app_the_page_says_what_to_make(browse: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_FORTNOX_DEFAULT")
    browser = browse("admin")
    assert "fortnox_default" in refusal(browser.get(CONNECT))
    assert browser.post(f"{CONNECT}/fortnox").status_code == 422


def test_an_app_that_airflow_keeps_in_its_own_connections_is_found(
    browse: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    monkeypatch.delenv("AIRFLOW_CONN_FORTNOX_DEFAULT")
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")  # as the API server's own start does
    kept = Connection(conn_id="fortnox_default", conn_type="fortnox", login="kept-client", password="kept")
    with create_session() as session:
        session.add(kept)
    try:
        assert "kept-client" in browse("admin").get(CONNECT).text
    finally:
        with create_session() as session:
            session.delete(kept)


# Behind a proxy


def test_below_a_prefix_every_address_keeps_it(
    browse: Browsing, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow's [api] base_url has the prefix; the proxy takes it off before Airflow sees the address."""
    outside = "https://data.example/airflow"
    company(7)
    browser, tenant = browse("admin"), tenant_of(sandbox)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", outside)

    for path in (
        "/saldo/",
        CONNECT,
        "/saldo/organizations/fortnox__7",
        "/saldo/organizations/fortnox__7/years",
    ):
        page = browser.get(path).text
        led_to = re.findall(r'(?:href|src|action|data-source|data-root|data-airflow)="([^"]*)"', page)
        assert len(led_to) > 1, path
        assert [each for each in led_to if not each.startswith(outside)] == [], path

    sent = browser.post(f"{CONNECT}/fortnox", headers={"Origin": "https://data.example"})
    assert parse_qs(urlsplit(sent.headers["location"]).query)["redirect_uri"] == [
        f"{outside}{CONNECT}/callback"
    ]
    cookie = sent.headers["set-cookie"]
    assert "Path=/airflow/saldo/connect" in cookie
    assert "Secure" in cookie
    came = urlsplit(httpx.get(f"{sent.headers['location']}&tenant={tenant}").headers["location"])
    browser.cookies.set("saldo_state", cookie.split("=", 1)[1].split(";")[0])
    on = browser.get(f"{came.path.removeprefix('/airflow')}?{came.query}")
    assert on.headers["location"].startswith(f"{outside}{CONNECT}/back?")
    back = urlsplit(on.headers["location"])
    answer = browser.get(f"{back.path.removeprefix('/airflow')}?{back.query}")
    assert answer.headers["location"] == f"{outside}{CONNECT}/look/fortnox__{tenant}"


# It starts by itself


def test_the_dag_file_is_asked_to_be_read_at_once(browse: Browsing, sandbox: Sandbox) -> None:
    from airflow.models.dag import DagModel
    from airflow.models.dagbag import DagPriorityParsingRequest
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    with create_session() as session:
        session.merge(DagBundleModel(name="dags-folder"))
        session.flush()
        beside = DagModel(
            dag_id="saldo__credentials", bundle_name="dags-folder", relative_fileloc="x/tokens.py"
        )
        session.merge(beside)
    browser = browse("admin")
    try:
        for _ in range(2):
            back_from_fortnox(browser, approved(browser, tenant_of(sandbox)))
            browser.post(f"{CONNECT}/take", data={"dag_id": f"fortnox__{tenant_of(sandbox)}"})
        with create_session() as session:
            asked = session.execute(
                select(DagPriorityParsingRequest.bundle_name, DagPriorityParsingRequest.relative_fileloc)
            ).all()
        assert [tuple(row) for row in asked] == [("dags-folder", "x/fortnox.py")]
    finally:
        with create_session() as session:
            session.execute(delete(DagPriorityParsingRequest))
            session.execute(delete(DagModel))


# The list


def dag(**fields: Any) -> DagState:
    return DagState(**({"is_paused": False, "run_state": "success", "run_at": "", "next_at": ""} | fields))


def test_each_company_has_one_status_and_one_thing_to_do(warehouse: Warehouse) -> None:
    year = Year(1, "2025-01-01", "2025-12-31", (voucher("2025-05-05", ("1930", "10"), ("3041", "-10")),))
    landed, lost, paused = company(1), company(2), company(3)
    company(4)
    land(landed, year)
    warehouse.execute(
        "update control.credential set lost_reason = 'gone', lost_at = now() where organization_id = %s",
        [lost],
    )
    found = {
        line["tenant_id"]: (line["status"], line["attention"])
        for line in lines({
            "fortnox__1": dag(run_state="running"), "fortnox__2": dag(), "fortnox__3": dag(is_paused=True),
            "fortnox__4": dag(run_state="queued"),
        })
    }  # fmt: skip
    assert found == {
        "1": ("loading", ""), "2": ("needs_attention", "access_lost"), "3": ("needs_attention", "paused"),
        "4": ("activated", ""),
    }  # fmt: skip
    assert lines({})[2]["status"] == "pending"
    build(landed)
    assert (lines({})[0]["status"], lines({})[0]["attention"]) == ("needs_attention", "no_report")
    warehouse.execute("update control.organization set dataset_id = 'd' where organization_id = %s", [landed])
    assert lines({})[0]["status"] == "loading"
    warehouse.execute("update control.version set refreshed = landed where organization_id = %s", [landed])
    assert lines({})[0]["status"] == "published"
    warehouse.execute("insert into control.alert values (%s, 'resource_lost', now())", [landed])
    assert lines({})[0]["attention"] == "resource_lost"
    warehouse.execute("update control.alert set cleared_at = now()")
    assert lines({})[0]["attention"] == ""
    warehouse.execute(
        "update control.organization set disconnected_at = now() where organization_id = %s", [paused]
    )
    assert lines({})[2]["status"] == "disconnected"


def test_a_hostile_name_stays_a_name(browse: Browsing, warehouse: Warehouse) -> None:
    hostile = '<img src=x onerror="alert(1)">'
    company(7, hostile)
    browser = browse("admin")
    page = browser.get("/saldo/?now=fortnox__7")
    assert "<img" not in page.text
    assert "&lt;img" in page.text
    assert browser.get("/saldo/organizations").json()[0]["name"] == hostile
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_pages_speak_swedish_and_english(browse: Browsing, pages: Path) -> None:
    browser = browse("admin")
    assert 'lang="sv"' in browser.get("/saldo/").text
    english = browser.get("/saldo/", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert 'lang="en"' in english.text
    assert "Connect a company" in english.text
    with (pages / "texts.csv").open(encoding="utf-8", newline="") as found:
        for row in csv.DictReader(found):
            assert all(row.values()), row
