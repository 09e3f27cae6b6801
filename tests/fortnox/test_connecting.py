"""The ways in: what each takes, what it leaves, and one clear sentence for each that does not lead in."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from saldo import organizations
from saldo.database import Role, connect
from saldo.fortnox import connecting
from saldo.fortnox.connecting import (
    PowerBI,
    connect_with_code,
    connect_with_legacy_token,
    connect_with_tenant_id,
)
from saldo.fortnox.credentials import Kind
from saldo.fortnox.errors import (
    AccessRevokedError,
    CredentialsRejectedError,
    FortnoxError,
    NotConnectedError,
    RateLimitedError,
)
from saldo.fortnox.hook import FortnoxHook
from saldo.fortnox.oauth import Grant, Login
from tests.fortnox.conftest import BACK, OTHER_TENANT, TENANT, TOKEN_PATH, Fortnox
from tests.fortnox.test_credentials import app

pytestmark = pytest.mark.database

PERSONAL = {TENANT: {"service_account": False}}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_PAUSE_SECONDS", 0.01)


@pytest.fixture
def legacy(fortnox: Fortnox) -> str:
    """An API-kod that has not been used, of a company whose access is a person's."""
    code = str(uuid.uuid4())
    fortnox.settings(api_code_tenant=TENANT, api_code=code, access=PERSONAL)
    return code


def legacy_token(fortnox: Fortnox, code: str) -> str:
    headers = {"Authorization-Code": code, "Client-Secret": "sandbox-secret"}
    answer = httpx.get(f"{fortnox.sandbox.base_url}/3/customers", headers=headers)
    return str(answer.json()["Authorization"]["AccessToken"])


def takes(fortnox: Fortnox, tenant: str = TENANT) -> Any:
    with fortnox.hook(tenant) as hook:
        return hook.company_information()["DatabaseNumber"]


# A code


def test_an_approval_of_a_person_is_kept_by_its_refresh_token_and_says_what_that_means(
    fortnox: Fortnox,
) -> None:
    fortnox.settings(access=PERSONAL)
    connected = connect_with_code(fortnox.approval(), power_bi=PowerBI("w", "d"))
    assert connected.kind is Kind.REFRESH_TOKEN
    assert "ends when the person who approved leaves" in connected.note
    assert "account_type=service" in connected.note
    organization = connected.organization
    assert (organization.tenant_id, organization.name) == (TENANT, f"Provbolaget {TENANT} AB")
    assert (organization.workspace_id, organization.dataset_id) == ("w", "d")
    assert fortnox.credential("credential_kind, scopes") == (
        "refresh_token", "companyinformation customer bookkeeping",
    )  # fmt: skip
    assert takes(fortnox) == int(TENANT)


def test_an_approval_with_a_service_account_leaves_nothing_that_rotates(fortnox: Fortnox) -> None:
    fortnox.settings(access={OTHER_TENANT: {"service_account": False}})
    connected = connect_with_code(fortnox.approval(OTHER_TENANT, account_type="service"))
    assert (connected.kind, connected.note) == (Kind.CLIENT_CREDENTIALS, "")
    columns = "credential_kind, refresh_token, refresh_expires_at"
    assert fortnox.credential(columns, OTHER_TENANT) == ("client_credentials", None, None)
    assert takes(fortnox, OTHER_TENANT) == int(OTHER_TENANT)


def test_a_bare_code_is_taken_with_its_redirect_uri(fortnox: Fortnox) -> None:
    code = fortnox.approval().partition("code=")[2].partition("&")[0]
    assert connect_with_code(f"  {code}\n", BACK).organization.tenant_id == TENANT


def test_an_address_without_its_beginning_is_taken_too(fortnox: Fortnox) -> None:
    query = fortnox.approval().partition("?")[2]
    assert connect_with_code(query, BACK).organization.tenant_id == TENANT


def test_a_company_is_connected_whose_organization_nobody_knew(fortnox: Fortnox) -> None:
    with connect(Role.PAGE) as connection:
        connection.execute("update control.organization set tenant_id = '99', dag_id = 'fortnox__99' "
                           "where tenant_id = %s", [TENANT])  # fmt: skip
    before = organizations.read().revision
    try:
        connected = connect_with_code(fortnox.approval())
        assert connected.organization.organization_id != fortnox.organizations[TENANT]
        assert organizations.read().revision > before
    finally:
        fortnox.warehouse.execute(
            "update control.organization set tenant_id = '98', dag_id = 'fortnox__98', "
            f"disconnected_at = now() where tenant_id = '{TENANT}'; "
            f"update control.organization set tenant_id = '{TENANT}', dag_id = 'fortnox__{TENANT}' "
            "where tenant_id = '99'"
        )


def test_what_fortnox_gives_once_is_stored_before_anything_else_is_asked(fortnox: Fortnox) -> None:
    fortnox.settings(access=PERSONAL)
    fortnox.fault("status", "/3/companyinformation", status=403, times=9)
    with pytest.raises(FortnoxError):
        connect_with_code(fortnox.approval())
    fortnox.admin("DELETE", "faults")
    assert fortnox.credential("credential_kind") == ("refresh_token",)
    assert connect_with_tenant_id(TENANT).kind is Kind.REFRESH_TOKEN, "no second approval is needed"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (f"{BACK}?error=access_denied&error_description=The+user+denied", "did not approve your app"),
        (f"{BACK}?error=invalid_scope&state=s", "scopes that Saldo asks for.*has the licences"),
        (
            f"{BACK}?error=invalid_request&error_description=Client+does+not+allow+service+account",
            "Client does not allow service account.*Allow service accounts",
        ),
        (f"{BACK}?error=server_error", "did not approve: server_error"),
        (f"{BACK}?state=s", "holds no code.*account is locked.*approve your app"),
        (BACK, "holds no code"),
        ("   ", "There is no code: give the whole address"),
        (f"{BACK}?code=unknown&state=s", "once, within ten minutes and with the redirect_uri"),
        ("something", "once, within ten minutes"),
        (str(uuid.UUID(int=1)), r"API-kod.*closed on 2025-04-30.*approve your app in Fortnox instead"),
    ],
)  # fmt: skip
def test_a_code_that_does_not_lead_in_says_why_and_what_to_do(
    fortnox: Fortnox, address: str, sentence: str
) -> None:
    with pytest.raises(NotConnectedError, match=sentence) as raised:
        connect_with_code(address)
    assert "\n" not in str(raised.value)
    assert fortnox.credential("credential_kind") == ("client_credentials",)


def test_a_code_is_taken_once(fortnox: Fortnox) -> None:
    address = fortnox.approval()
    connect_with_code(address)
    with pytest.raises(NotConnectedError, match="takes the code of an approval once"):
        connect_with_code(address)
    with pytest.raises(NotConnectedError, match="with the redirect_uri that it was asked with"):
        connect_with_code(fortnox.approval(), "https://another.example/")


def test_a_code_whose_answer_is_lost_wants_a_new_approval(fortnox: Fortnox) -> None:
    fortnox.fault("cut", TOKEN_PATH)
    with pytest.raises(NotConnectedError, match="takes the code of an approval once: have the company"):
        connect_with_code(fortnox.approval())


def test_a_login_that_is_busy_is_asked_again_and_then_said(fortnox: Fortnox) -> None:
    fortnox.fault("status", TOKEN_PATH, status=503, times=2)
    assert connect_with_code(fortnox.approval())
    fortnox.fault("status", TOKEN_PATH, status=429, times=9)
    with pytest.raises(RateLimitedError):
        connect_with_code(fortnox.approval())
    assert fortnox.faults_left() == 6


def test_an_approval_of_another_company_than_meant_changes_nothing(fortnox: Fortnox) -> None:
    fortnox.settings(access=PERSONAL)
    with pytest.raises(NotConnectedError, match=f"tenant id {TENANT} and not of {OTHER_TENANT}"):
        connect_with_code(fortnox.approval(), tenant_id=OTHER_TENANT)
    assert fortnox.credential("refresh_token") == (None,)
    with pytest.raises(ValueError, match="digits only"):
        connect_with_code(fortnox.approval(), tenant_id="556000-0000")


def test_company_information_of_another_company_is_refused(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FortnoxHook, "company_information", lambda _: {"DatabaseNumber": 1})
    with pytest.raises(NotConnectedError, match=f"of tenant 1 and the token of {TENANT}"):
        connect_with_code(fortnox.approval())


def test_a_token_that_names_no_company_needs_the_tenant_id(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Grant, "tenant_id", None)
    with pytest.raises(NotConnectedError, match="does not say which company"):
        connect_with_code(fortnox.approval())
    assert connect_with_code(fortnox.approval(), tenant_id=TENANT).organization.tenant_id == TENANT


def test_an_approval_without_refresh_token_serves_where_client_credentials_do(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = Login.exchange

    def without(login: Login, code: str, redirect_uri: str | None) -> Grant:
        grant = exchange(login, code, redirect_uri)
        return Grant(grant.access_token, grant.lifetime, None, grant.scopes)

    monkeypatch.setattr(Login, "exchange", without)
    assert connect_with_code(fortnox.approval()).kind is Kind.CLIENT_CREDENTIALS
    fortnox.settings(access=PERSONAL)
    with pytest.raises(AccessRevokedError):
        connect_with_code(fortnox.approval())


# A tenant id


def test_a_company_that_approves_with_a_service_account_later_is_switched(fortnox: Fortnox) -> None:
    fortnox.settings(access=PERSONAL)
    connect_with_code(fortnox.approval())
    assert connect_with_tenant_id(TENANT).kind is Kind.REFRESH_TOKEN, "what works is kept"
    fortnox.settings(access={})
    assert connect_with_tenant_id(TENANT).kind is Kind.CLIENT_CREDENTIALS
    assert fortnox.credential("credential_kind, refresh_token") == ("client_credentials", None)


def test_what_is_lost_is_not_kept_by_connecting_with_the_tenant_id(fortnox: Fortnox) -> None:
    fortnox.settings(access=PERSONAL)
    connect_with_code(fortnox.approval())
    fortnox.warehouse.execute(
        "update control.credential set lost_at = now(), lost_reason = 'It is gone', access_token = null "
        "where refresh_token is not null"
    )
    with pytest.raises(AccessRevokedError, match=r"It is gone\. Connect the company again"):
        connect_with_tenant_id(TENANT)


# The older ways


def test_an_old_access_token_is_migrated_once(fortnox: Fortnox, legacy: str) -> None:
    token = legacy_token(fortnox, legacy)
    connected = connect_with_legacy_token(f"{token}\n")
    assert connected.kind is Kind.REFRESH_TOKEN
    assert takes(fortnox) == int(TENANT)
    with pytest.raises(NotConnectedError, match="has changed it before: have the company approve") as raised:
        connect_with_legacy_token(token)
    assert token not in str(raised.value)
    assert takes(fortnox) == int(TENANT), "what was there is left"


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        (400, "Could not create JWT", "set your app to OAuth2 in Fortnox's developer portal"),
        (
            403,
            "Not allowed to create JWT for given access-token",
            "made for the client id in",
        ),
        (
            403,
            "Not allowed to create JWT for given access-token due to missing license",
            "lacks the licence for integrations",
        ),
        (404, "Access-token not found", "does not know this access token"),
    ],
)
def test_an_old_access_token_that_is_not_migrated_says_why(
    fortnox: Fortnox, status: int, error: str, sentence: str
) -> None:
    fortnox.fault("status", "/oauth-v1/migrate", status=status, body={"error": error})
    with pytest.raises(NotConnectedError, match=sentence) as raised:
        connect_with_legacy_token("an-old-access-token")
    assert "an-old-access-token" not in str(raised.value)


def test_an_old_access_token_under_a_wrong_secret_or_a_lost_answer(
    fortnox: Fortnox, legacy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fortnox.fault("cut", "/oauth-v1/migrate")
    with pytest.raises(NotConnectedError, match="changes an old access token once: try again"):
        connect_with_legacy_token("an-old-access-token")
    monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(fortnox.sandbox.base_url, "mistyped"))
    with pytest.raises(CredentialsRejectedError, match="Check client id and client secret"):
        connect_with_legacy_token(legacy_token(fortnox, legacy))


def test_an_api_code_is_exchanged_and_migrated_where_the_setting_says_so(
    fortnox: Fortnox, legacy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotConnectedError, match="closed on 2025-04-30"):
        connect_with_code(legacy)
    assert fortnox.asked()["requests"] == 0, "recognized without asking"

    monkeypatch.setenv("AIRFLOW__SALDO__LEGACY_API_CODE", "True")
    connected = connect_with_code(legacy)
    assert (connected.kind, connected.organization.tenant_id) == (Kind.REFRESH_TOKEN, TENANT)
    assert takes(fortnox) == int(TENANT)

    with pytest.raises(NotConnectedError, match="taken once: have the company make a new one"):
        connect_with_code(legacy)
    with pytest.raises(NotConnectedError, match="seven days and belongs to one app"):
        connect_with_code(str(uuid.uuid4()))


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        ({"kind": "cut"}, NotConnectedError, "taken once"),
        ({"kind": "html"}, NotConnectedError, "taken once"),
        ({"kind": "status", "status": 500}, NotConnectedError, "taken once"),
        ({"kind": "status", "status": 429}, RateLimitedError, "next run"),
        ({"kind": "status", "status": 403}, NotConnectedError, "does not take this API-kod"),
    ],
)
def test_an_api_code_is_never_sent_twice(
    fortnox: Fortnox,
    legacy: str,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    kind: type[FortnoxError],
    sentence: str,
) -> None:
    monkeypatch.setenv("AIRFLOW__SALDO__LEGACY_API_CODE", "True")
    fortnox.fault(path="/3/customers", times=3, **fault)
    with pytest.raises(kind, match=sentence):
        connect_with_code(legacy)
    assert fortnox.faults_left() == 2


def test_disconnected_company_keeps_its_data_and_none_of_its_access(fortnox: Fortnox) -> None:
    fortnox.settings(access=PERSONAL)
    connect_with_code(fortnox.approval())
    organization_id = organizations.find(TENANT)

    assert connecting.disconnect(TENANT) is True

    assert organizations.read(f"fortnox__{TENANT}").organizations == ()
    assert organizations.find(TENANT) == organization_id
    with connect(Role.PAGE, organization_id) as connection:
        assert connection.execute(
            "select access_token, refresh_token, scopes, renewed_at from control.credential "
            "where organization_id = %s",
            [organization_id],
        ).fetchall() == [(None, None, "", None)]
    with pytest.raises(AccessRevokedError):
        takes(fortnox)
    assert connecting.disconnect(TENANT) is False, "once more: there is nothing left to end"


def test_connecting_again_goes_on_with_the_same_organization(fortnox: Fortnox) -> None:
    first = connect_with_tenant_id(TENANT).organization
    assert connecting.disconnect(TENANT) is False, "an approval with a service account stands at Fortnox"
    assert connect_with_tenant_id(TENANT).organization == first


def test_access_is_forgotten_also_where_fortnox_does_not_answer(fortnox: Fortnox) -> None:
    fortnox.settings(access=PERSONAL)
    connect_with_code(fortnox.approval())
    fortnox.fault("json", "/revoke", status=503, body={})
    assert connecting.disconnect(TENANT) is False
    with connect(Role.LOADER, organizations.find(TENANT)) as connection:
        assert connection.execute("select refresh_token from control.credential").fetchall() == [(None,)]


def test_access_that_no_key_opens_any_more_is_forgotten_too(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    fortnox.settings(access=PERSONAL)
    connect_with_code(fortnox.approval())
    monkeypatch.setenv("AIRFLOW__SALDO__ENCRYPTION_KEYS", Fernet.generate_key().decode())
    assert connecting.disconnect(TENANT) is False
    with connect(Role.LOADER, organizations.find(TENANT)) as connection:
        assert connection.execute("select refresh_token from control.credential").fetchall() == [(None,)]


def test_only_what_was_connected_can_be_disconnected(fortnox: Fortnox) -> None:
    with pytest.raises(LookupError, match="ever connected"):
        connecting.disconnect("404404")
