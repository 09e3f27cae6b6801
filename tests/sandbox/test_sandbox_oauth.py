"""Consent, the grants, revocation, migration, the older API-kod, scopes and licences."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.sandbox.callers import FORTNOX_CLIENT, Fortnox, ask_for_token
from tests.sandbox.process import Sandbox

BACK = "https://saldo.example/callback"
SCOPES = "companyinformation customer bookkeeping"


def authorize(sandbox: Sandbox, **changes: str | None) -> httpx.Response:
    """The answer to the integration's consent link; a change to None leaves the parameter out."""
    asked = {
        "client_id": FORTNOX_CLIENT[0],
        "scope": SCOPES,
        "state": "a b&c",
        "access_type": "offline",
        "response_type": "code",
        "redirect_uri": BACK,
        "account_type": "service",
        **changes,
    }
    parameters = {name: value for name, value in asked.items() if value is not None}
    return httpx.get(f"{sandbox.base_url}/oauth-v1/auth", params=parameters)


def came_back(answer: httpx.Response) -> dict[str, str]:
    """What the redirect brings the integration."""
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def post(sandbox: Sandbox, path: str, **form: str) -> httpx.Response:
    return httpx.post(f"{sandbox.base_url}/oauth-v1/{path}", auth=FORTNOX_CLIENT, data=form)


def exchange(sandbox: Sandbox, code: str, redirect_uri: str = BACK) -> httpx.Response:
    return post(sandbox, "token", grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def refresh(sandbox: Sandbox, token: str) -> httpx.Response:
    return post(sandbox, "token", grant_type="refresh_token", refresh_token=token)


def connect(sandbox: Sandbox, tenant: str, **changes: str | None) -> Any:
    """Both tokens of a fresh consent."""
    answer = exchange(sandbox, came_back(authorize(sandbox, tenant=tenant, **changes))["code"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def code_of(answer: httpx.Response) -> tuple[int, int]:
    information = {name.lower(): value for name, value in answer.json()["ErrorInformation"].items()}
    return answer.status_code, information["code"]


INVALID_GRANT = (400, "invalid_grant")


def test_a_browser_is_asked_in_swedish_and_brought_back(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    page = authorize(sandbox, state='"><script>')
    assert page.headers["content-type"].startswith("text/html")
    assert "Godkänn" in page.text
    assert f'<option value="{tenant}">' in page.text
    assert "<script>" not in page.text
    agreed = came_back(authorize(sandbox, tenant=tenant))
    assert agreed.keys() == {"code", "state"}
    assert agreed["state"] == "a b&c"
    assert came_back(authorize(sandbox, tenant=""))["error"] == "access_denied"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "customer everything"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"state": None}, "invalid_request"),
        ({"response_type": "token"}, "invalid_request"),
    ],
)
def test_a_wrong_link_comes_back_before_anybody_is_asked(
    spare: tuple[Sandbox, str], changes: dict[str, str | None], error: str
) -> None:
    assert came_back(authorize(spare[0], **changes))["error"] == error


def test_a_stranger_and_another_address_are_not_brought_back(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    sandbox.admin("POST", "settings", {"redirect_uri": BACK})
    assert refused(authorize(sandbox, client_id="somebody")) == (400, "invalid_client")
    assert refused(authorize(sandbox, redirect_uri=f"{BACK}/2")) == (400, "redirect_uri_mismatch")
    assert "code" in came_back(authorize(sandbox, tenant=tenant, redirect_uri=None))


def test_a_code_is_exchanged_once_for_two_tokens(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    code = came_back(authorize(sandbox, tenant=tenant))["code"]
    assert refused(exchange(sandbox, code, f"{BACK}/2")) == (400, "redirect_uri_mismatch")
    answer = exchange(sandbox, code)
    assert list(answer.json()) == ["access_token", "expires_in", "token_type", "scope", "refresh_token"]
    assert answer.json()["scope"] == SCOPES
    assert Fortnox.by(sandbox, answer.json()["access_token"]).get("customers").status_code == 200
    assert refused(exchange(sandbox, code)) == INVALID_GRANT
    assert sandbox.admin("GET", "requests")["fortnox"][tenant]["tokens"] == 2
    sandbox.admin("POST", "settings", {"authorization_code_seconds": 0})
    late = came_back(authorize(sandbox, tenant=tenant))["code"]
    assert refused(exchange(sandbox, late)) == INVALID_GRANT


def test_a_refresh_token_works_once(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    first = connect(sandbox, tenant)
    second = refresh(sandbox, first["refresh_token"]).json()
    assert list(second) == list(first)
    assert second["scope"] == first["scope"]
    assert refused(refresh(sandbox, first["refresh_token"])) == INVALID_GRANT
    assert refresh(sandbox, second["refresh_token"]).status_code == 200, "the newest lives on"
    assert Fortnox.by(sandbox, first["access_token"]).get("customers").status_code == 200
    assert Fortnox.by(sandbox, second["refresh_token"]).get("customers").status_code == 401
    assert refused(refresh(sandbox, second["access_token"])) == INVALID_GRANT


def test_of_many_refreshes_at_once_one_gets_the_new_pair(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    token = connect(sandbox, tenant)["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(sandbox, token), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


def test_an_answer_that_is_lost_takes_the_refresh_token_with_it(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    for kind in ("cut", "reset_midway"):
        token = connect(sandbox, tenant)["refresh_token"]
        sandbox.admin("POST", "faults", [{"kind": kind, "path_contains": "/oauth-v1/token"}])
        with pytest.raises(httpx.TransportError):
            refresh(sandbox, token)
        assert refused(refresh(sandbox, token)) == INVALID_GRANT
    token = connect(sandbox, tenant)["refresh_token"]
    sandbox.admin("POST", "faults", [{"kind": "reset", "path_contains": "/oauth-v1/token"}])
    with pytest.raises(httpx.TransportError):
        refresh(sandbox, token)
    assert refresh(sandbox, token).status_code == 200, "what never reached the endpoint changed nothing"


def test_two_consents_stand_side_by_side(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    tokens = [connect(sandbox, tenant)["refresh_token"] for _ in range(2)]
    assert [refresh(sandbox, token).status_code for token in tokens] == [200, 200]


def test_a_refresh_token_lives_long_only_offline(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    sandbox.admin("POST", "settings", {"token_seconds": 0})
    assert refused(refresh(sandbox, connect(sandbox, tenant, access_type=None)["refresh_token"])) == (
        INVALID_GRANT
    )
    kept = connect(sandbox, tenant)["refresh_token"]
    assert refresh(sandbox, kept).status_code == 200
    sandbox.admin("POST", "settings", {"refresh_token_seconds": 0})
    assert refused(refresh(sandbox, connect(sandbox, tenant)["refresh_token"])) == INVALID_GRANT


def test_a_revoked_refresh_token_is_dead_and_anything_counts_as_revoked(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    tokens = connect(sandbox, tenant)
    for token in (tokens["refresh_token"], "garbage"):
        answer = post(sandbox, "revoke", token_type_hint="refresh_token", token=token)
        assert (answer.status_code, answer.json()) == (200, {"revoked": True})
    assert refused(refresh(sandbox, tokens["refresh_token"])) == INVALID_GRANT
    working = Fortnox.by(sandbox, tokens["access_token"])
    assert working.get("customers").status_code == 200, "access tokens cannot be revoked"


def test_client_credentials_need_a_service_account(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    sandbox.admin("POST", "settings", {"access": {tenant: {"service_account": False}}})
    assert refused(ask_for_token(sandbox, tenant)) == (400, "invalid_request")
    connect(sandbox, tenant, account_type=None)
    assert refused(ask_for_token(sandbox, tenant)) == (400, "invalid_request")
    connect(sandbox, tenant)
    given = ask_for_token(sandbox, tenant)
    assert given.status_code == 200
    assert set(given.json()["scope"].split()) == set(SCOPES.split()), "what was approved and no more"


def test_the_integration_is_activated_once_a_token_was_given(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare

    def status() -> str:
        page = httpx.get(f"{sandbox.base_url}/oauth-v1/integrations").text
        return page.split(f'id="{tenant}"')[1].split("<td>")[3].split("</td>")[0]

    came_back(authorize(sandbox, tenant=tenant))
    assert status() == "Inaktiverad"
    connect(sandbox, tenant)
    assert status() == "Aktiverad"


def test_access_that_the_customer_ended_is_no_access(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    tokens = connect(sandbox, tenant)
    code = came_back(authorize(sandbox, tenant=tenant))["code"]
    fortnox = Fortnox.by(sandbox, tokens["access_token"])
    sandbox.admin("POST", "settings", {"access": {tenant: {"revoked": True}}})
    answer = fortnox.get("customers")
    assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized"})
    assert refused(ask_for_token(sandbox, tenant)) == (400, "invalid_request")
    assert refused(refresh(sandbox, tokens["refresh_token"])) == INVALID_GRANT
    assert refused(exchange(sandbox, code)) == INVALID_GRANT
    assert came_back(authorize(sandbox, tenant=tenant))["error"] == "access_denied"
    sandbox.admin("POST", "settings", {"access": {}})
    assert fortnox.get("customers").status_code == 200


@pytest.mark.parametrize("status", [400, 403])
def test_what_is_not_approved_or_not_paid_for_is_refused(spare: tuple[Sandbox, str], status: int) -> None:
    sandbox, tenant = spare
    fortnox = Fortnox.of(sandbox, tenant)
    access = {
        "missing_scopes": ["customer"],
        "unlicensed_scopes": ["project"],
        "contracts": False,
        "refusal_status": status,
    }
    sandbox.admin("POST", "settings", {"access": {tenant: access}})
    assert code_of(fortnox.get("customers")) == (status, 2000663)
    assert code_of(fortnox.get("customers/1")) == (status, 2000663)
    assert code_of(fortnox.get("projects")) == (status, 2001101)
    for path in ("contracts", "contractaccruals"):
        answer = fortnox.get(path)
        assert answer.status_code == status
        assert answer.json()["ErrorInformation"]["message"] == "Feature inte tillgänglig."
    assert fortnox.get("suppliers").status_code == 200
    assert "customer " not in ask_for_token(sandbox, tenant).json()["scope"]
    assert refused(ask_for_token(sandbox, tenant, scope="customer")) == (400, "invalid_scope")
    assert came_back(authorize(sandbox, tenant=tenant, scope="project"))["error"] == "invalid_scope"
    sandbox.admin("POST", "settings", {"access": {tenant: {"api_licence": False, "refusal_status": status}}})
    assert code_of(fortnox.get("suppliers")) == (status, 2001103)


def test_a_token_opens_what_it_was_asked_for(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    narrow = Fortnox.by(sandbox, ask_for_token(sandbox, tenant, scope="supplier").json()["access_token"])
    assert narrow.get("suppliers").status_code == 200
    for path in ("customers", "sie/4", "companyinformation"):
        assert code_of(narrow.get(path)) == (400, 2000663)


def legacy(sandbox: Sandbox, code: str) -> httpx.Response:
    """The older way: an API-kod for an access token, on any resource."""
    headers = {"Authorization-Code": code, "Client-Secret": FORTNOX_CLIENT[1]}
    return Fortnox.with_headers(sandbox, headers).get("customers")


def by_legacy_token(sandbox: Sandbox, token: str) -> Fortnox:
    return Fortnox.with_headers(sandbox, {"Access-Token": token, "Client-Secret": FORTNOX_CLIENT[1]})


def test_one_company_still_speaks_the_older_way(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    assert sandbox.admin("GET", "settings")["api_code_tenant"] == sandbox.companies()[-1]["tenant_id"]
    sandbox.admin("POST", "settings", {"api_code_tenant": None})
    assert code_of(legacy(sandbox, "sandbox-api-kod")) == (400, 2000719)
    sandbox.admin("POST", "settings", {"api_code_tenant": tenant, "api_code": "once"})
    assert code_of(legacy(sandbox, "sandbox-api-kod")) == (400, 2000719)
    answer = legacy(sandbox, "once")
    assert list(answer.json()) == ["Authorization"]
    token = answer.json()["Authorization"]["AccessToken"]
    fortnox = by_legacy_token(sandbox, token)
    assert fortnox.json("companyinformation")["CompanyInformation"]["DatabaseNumber"] == int(tenant)
    stranger = Fortnox.with_headers(sandbox, {"Access-Token": token, "Client-Secret": "wrong"})
    assert stranger.get("customers").status_code == 401
    assert code_of(legacy(sandbox, "once")) == (400, 2000721)
    assert fortnox.get("customers").status_code == 401, "used twice, it ends the integration"


def test_a_legacy_token_is_migrated_once(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    sandbox.admin("POST", "settings", {"api_code_tenant": tenant, "api_code": "to migrate"})
    token = legacy(sandbox, "to migrate").json()["Authorization"]["AccessToken"]
    stranger = httpx.post(f"{sandbox.base_url}/oauth-v1/migrate", data={"access_token": token})
    assert (stranger.status_code, stranger.json()["error_description"]) == (401, "Invalid authorization")
    missing = post(sandbox, "migrate", access_token="unknown")
    assert (missing.status_code, missing.json()["error_description"]) == (404, "Access-token not found")
    sandbox.admin("POST", "settings", {"access": {tenant: {"api_licence": False}}})
    unpaid = post(sandbox, "migrate", access_token=token)
    assert unpaid.status_code == 403
    assert unpaid.json()["error_description"].endswith("due to missing license")
    sandbox.admin("POST", "settings", {"access": {}})
    tokens = post(sandbox, "migrate", access_token=token).json()
    assert Fortnox.by(sandbox, tokens["access_token"]).get("customers").status_code == 200
    assert refresh(sandbox, tokens["refresh_token"]).status_code == 200
    assert by_legacy_token(sandbox, token).get("customers").status_code == 401
    assert post(sandbox, "migrate", access_token=token).status_code == 404


def test_a_legacy_token_is_revoked_by_a_form_in_parts(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    sandbox.admin("POST", "settings", {"api_code_tenant": tenant, "api_code": "to revoke"})
    token = legacy(sandbox, "to revoke").json()["Authorization"]["AccessToken"]
    answer = httpx.post(
        f"{sandbox.base_url}/oauth-v1/revoke", auth=FORTNOX_CLIENT, files={"token": (None, token)}
    )
    assert answer.json() == {"revoked": True}
    assert by_legacy_token(sandbox, token).get("customers").status_code == 401
