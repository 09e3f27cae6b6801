"""Links for a company's administrator, who has no login, through the API server and the sandbox's Fortnox."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from saldo import organizations
from saldo.fortnox import invitations
from tests.integrations.conftest import ADDRESS, Browsing
from tests.sandbox.process import Sandbox
from tests.support import Warehouse, point_at_sandbox

pytestmark = [pytest.mark.database, pytest.mark.airflow]

LINKS = "/saldo/connect/links"
CLOSED = "Länken går inte att använda"


@pytest.fixture(autouse=True)
def fortnox(sandbox: Sandbox, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    point_at_sandbox(sandbox, monkeypatch)
    return sandbox


def company(sandbox: Sandbox, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.admin("GET", "companies")[number]
    return found


def link(browser: TestClient, **form: Any) -> str:
    """A new link, from the page that shows it once."""
    answer = browser.post(LINKS, data={"addressee": "Kunden AB", "modules": ["invoice"]} | form)
    found = re.search(rf">({re.escape(ADDRESS)}/saldo/approve\?key=[^<]+)</code>", answer.text)
    assert found is not None, answer.text
    return html.unescape(found[1]).removeprefix(ADDRESS)


def approved(browser: TestClient, address: str, tenant: str) -> str:
    """Where Fortnox sends the administrator back to."""
    page = browser.get(address)
    assert page.status_code == 200, page.text
    key = html.unescape(re.search(r'name="key" value="([^"]+)"', page.text)[1])  # type: ignore[index]
    sent = browser.post("/saldo/approve", data={"key": key})
    assert sent.status_code == 303, sent.text
    answer = httpx.get(f"{sent.headers['location']}&tenant={tenant}")
    return str(answer.headers["location"]).removeprefix(ADDRESS)


def states() -> list[str]:
    return [each.state for each in invitations.overview()]


def test_an_administrator_without_a_login_lets_the_company_in(browse: Browsing, sandbox: Sandbox) -> None:
    admin, client = browse("admin"), browse("anonymous")
    wanted = company(sandbox)
    address = link(admin, organization_number=wanted["organization_number"])
    assert states() == ["sent"]

    page = client.get(address)
    assert "<strong>testserver</strong> ber om att få läsa" in page.text
    assert "<li>Kundfakturor och avtal</li>" in page.text
    assert "<li>Kunder</li>" not in page.text, "a module that was not chosen"
    assert states() == ["opened"]
    answer = client.get(approved(client, address, wanted["tenant_id"]))

    assert (answer.status_code, "Tack!" in answer.text) == (200, True)
    (connected,) = organizations.read().organizations
    assert connected.name == wanted["name"]
    (listed,) = invitations.overview()
    assert (listed.state, listed.organization_name, listed.made_by) == ("used", wanted["name"], "admin")
    assert wanted["name"] not in answer.text
    for place in (address, "/saldo/connect", "/saldo/", "/saldo/organizations"):
        assert client.get(place).status_code in (401, 404)


def test_a_link_for_whichever_company_waits_for_a_last_look(browse: Browsing, sandbox: Sandbox) -> None:
    admin, client = browse("admin"), browse("anonymous")
    client.get(approved(client, link(admin), company(sandbox)["tenant_id"]))
    assert organizations.read().organizations == ()
    (line,) = admin.get("/saldo/organizations").json()
    assert line["attention"] == "unconfirmed"


def test_a_link_is_used_once(browse: Browsing, sandbox: Sandbox) -> None:
    admin, first, second = browse("admin"), browse("anonymous"), browse("anonymous")
    address, tenant = link(admin), company(sandbox)["tenant_id"]
    one, other = approved(first, address, tenant), approved(second, address, tenant)
    assert first.get(one).status_code == 200
    late = second.get(other)
    assert (late.status_code, CLOSED in late.text) == (404, True)
    assert (second.get(address).status_code, first.get(one).status_code) == (404, 422)


def test_two_browsers_at_once_let_one_company_in(browse: Browsing, sandbox: Sandbox) -> None:
    address, tenants = link(browse("admin")), [company(sandbox, number)["tenant_id"] for number in (0, 1)]
    browsers = [browse("anonymous") for _ in tenants]
    backs = [approved(browser, address, tenant) for browser, tenant in zip(browsers, tenants, strict=True)]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda pair: pair[0].get(pair[1]), zip(browsers, backs, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [200, 404]
    assert len(browse("admin").get("/saldo/organizations").json()) == 1


def test_what_fortnox_declines_leaves_the_link_good(browse: Browsing, sandbox: Sandbox) -> None:
    admin, client = browse("admin"), browse("anonymous")
    address = link(admin)
    declined = client.get(approved(client, address, ""))
    assert (declined.status_code, "Länken gäller fortfarande" in declined.text) == (422, True)
    assert client.get(approved(client, address, company(sandbox)["tenant_id"])).status_code == 200


def test_another_company_than_the_invited_one_is_not_let_in(browse: Browsing, sandbox: Sandbox) -> None:
    admin, client = browse("admin"), browse("anonymous")
    wanted, other = company(sandbox), company(sandbox, 1)
    address = link(admin, organization_number=wanted["organization_number"])

    answer = client.get(approved(client, address, other["tenant_id"]))

    assert (answer.status_code, "ett annat företag" in answer.text) == (422, True)
    assert organizations.read().organizations == ()
    assert admin.get("/saldo/organizations").json() == []
    assert client.get(approved(client, address, wanted["tenant_id"])).status_code == 200
    assert len(organizations.read().organizations) == 1


def test_another_company_that_waits_for_a_last_look_waits_still(browse: Browsing, sandbox: Sandbox) -> None:
    admin, client = browse("admin"), browse("anonymous")
    wanted, other = company(sandbox), company(sandbox, 1)
    client.get(approved(client, link(admin), other["tenant_id"]))
    address = link(admin, organization_number=wanted["organization_number"])

    assert client.get(approved(client, address, other["tenant_id"])).status_code == 422

    (line,) = admin.get("/saldo/organizations").json()
    assert (line["name"], line["attention"]) == (other["name"], "unconfirmed")
    assert admin.get(f"/saldo/connect/look/fortnox__{other['tenant_id']}").status_code == 200


def test_a_link_that_is_no_good_is_always_answered_alike(
    browse: Browsing, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    admin, client = browse("admin"), browse("anonymous")
    revoked, old = link(admin), link(admin)
    back = approved(client, revoked, company(sandbox)["tenant_id"])
    assert "Länken är återkallad" in admin.post(f"{LINKS}/end", data={"invitation_id": 1}).text
    assert admin.post(f"{LINKS}/end", data={"invitation_id": 1}).status_code == 422
    warehouse.execute("update control.invitation set ends_at = now() where invitation_id = 2")
    answers = [client.get(place) for place in (revoked, old, "/saldo/approve", "/saldo/approve?key=forged")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert CLOSED in answers[0].text
    assert client.get(back).status_code == 404, "approved before it was revoked"
    assert organizations.read().organizations == ()
    assert states() == ["ended", "revoked"]


def test_an_approval_in_another_browser_is_refused(browse: Browsing, sandbox: Sandbox) -> None:
    client, thief = browse("anonymous"), browse("anonymous")
    back = approved(client, link(browse("admin")), company(sandbox)["tenant_id"])
    answer = thief.get(back)
    assert (answer.status_code, "Öppna länken igen" in answer.text) == (422, True)
    logged_in = browse("op").get(back)
    assert urlsplit(logged_in.headers["location"]).path == "/saldo/connect/back"
    assert browse("op").get(logged_in.headers["location"]).status_code == 422
    assert client.get(back).status_code == 200


def test_who_may_not_connect_may_make_no_link(browse: Browsing) -> None:
    assert browse("viewer").post(LINKS, data={"addressee": "x"}).status_code == 403
    assert browse("anonymous").post(LINKS, data={"addressee": "x"}).status_code == 401
    assert invitations.overview() == []


@pytest.mark.parametrize("form", [{"addressee": " "}, {"addressee": "x", "organization_number": "12"}])
def test_a_link_needs_an_addressee_and_a_whole_number(browse: Browsing, form: dict[str, str]) -> None:
    answer = browse("admin").post(LINKS, data=form)
    assert (answer.status_code, "Skriv vem länken är till" in answer.text) == (422, True)


def test_a_hostile_addressee_stays_a_text(browse: Browsing) -> None:
    link(browse("admin"), addressee="<img src=x onerror=alert(1)>")
    assert "<img" not in browse("admin").get("/saldo/connect").text


def test_neither_key_nor_code_is_in_a_log_or_the_audit(
    browse: Browsing, sandbox: Sandbox, warehouse: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    from airflow.models import Log
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    with create_session() as session:
        session.execute(delete(Log))
    client, tenant = browse("anonymous"), company(sandbox)["tenant_id"]
    address = link(browse("admin"))
    back = approved(client, address, tenant)
    client.get(back)
    browse("anonymous").get(address)

    with create_session() as session:
        audit = session.execute(select(Log.event, Log.owner, Log.dag_id, Log.extra).order_by(Log.id)).all()
    assert [tuple(line)[:3] for line in audit] == [
        ("saldo_make_link", "admin", None),
        ("saldo_invitation_opened", "invitation 1", None),
        ("saldo_invitation_answered", "invitation 1", f"fortnox__{tenant}"),
    ]
    said = "".join(capfd.readouterr()) + str(audit) + str(warehouse.rows("select * from control.invitation"))
    assert "/saldo/approve" in said
    key = parse_qs(urlsplit(address).query)["key"][0]
    for secret in (key, key.split(".")[0].strip('"'), *parse_qs(urlsplit(back).query)["code"]):
        assert secret not in said


@pytest.mark.parametrize("method", ["HEAD", "PUT", "GET"])
def test_neither_is_in_the_log_of_a_request_that_no_page_answered(
    browse: Browsing,
    sandbox: Sandbox,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    # Chats that show what a link leads to ask by HEAD; a GET finds no warehouse.
    client = browse("anonymous")
    address = link(browse("admin"))
    back = approved(client, address, company(sandbox)["tenant_id"])
    capfd.readouterr()
    monkeypatch.setenv("AIRFLOW_CONN_SALDO_WAREHOUSE", "postgres://nobody@127.0.0.1:1/none")
    status = 503 if method == "GET" else 405
    assert [client.request(method, place).status_code for place in (address, back)] == [status, status]
    assert client.get(address.replace("/approve?", "/approve/?")).status_code == 307
    said = "".join(capfd.readouterr())
    assert said.count("request finished") == 3
    for secret in ("key", "code", "state"):
        (value,) = parse_qs(urlsplit(back if secret != "key" else address).query)[secret]
        assert value not in said
        assert value.split(".")[0].strip('"') not in said


def test_who_asks_too_often_waits(browse: Browsing, warehouse: Warehouse) -> None:
    client, guess = browse("anonymous"), "/saldo/approve?key=guess"
    assert client.get(guess).status_code == 404
    warehouse.execute("update control.anonymous_request set requests = %s", [invitations.REQUESTS_A_MINUTE])
    warehouse.execute(
        "insert into control.anonymous_request select caller_digest, counted_minute + interval '1 minute', "
        "requests from control.anonymous_request"
    )  # a minute may end here
    refused = client.get(guess)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    warehouse.execute(
        "update control.anonymous_request set counted_minute = counted_minute - interval '2 hours'"
    )
    assert client.get(guess).status_code == 404
    assert len(warehouse.rows("select * from control.anonymous_request")) == 1
