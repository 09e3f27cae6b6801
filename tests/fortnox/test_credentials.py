"""Access tokens: asked for once for all, kept encrypted, never shown."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from saldo import encryption
from saldo.encryption import UnreadableSecretError
from saldo.fortnox import oauth
from saldo.fortnox.credentials import Credentials
from saldo.fortnox.errors import (
    AccessRevokedError,
    CredentialsRejectedError,
    CredentialsUnansweredError,
    RateLimitedError,
    TemporaryError,
)
from saldo.fortnox.hook import FortnoxHook
from tests.fortnox.conftest import TENANT, TOKEN_PATH, Fortnox
from tests.sandbox.process import free_port

pytestmark = pytest.mark.database

BASIC = base64.b64encode(b"sandbox-client:sandbox-secret").decode()


def credentials(hook: FortnoxHook) -> Credentials:
    return hook._open()[1]


def app(url: str, secret: str = "sandbox-secret") -> str:
    """Airflow's connection to an app at Fortnox."""
    return json.dumps(
        {
            "conn_type": "fortnox",
            "login": "sandbox-client",
            "password": secret,
            "host": url,
            "extra": {"oauth_url": f"{url}/oauth-v1"},
        }
    )


def stored(fortnox: Fortnox) -> bytes:
    query = "select access_token from control.credential where organization_id = %s"
    return bytes(fortnox.warehouse.rows(query, [fortnox.organizations[TENANT]])[0][0])


def test_sixteen_that_need_a_token_at_once_ask_once(fortnox: Fortnox) -> None:
    fortnox.fault("slow", TOKEN_PATH, seconds=0.3)  # time for all of them to come

    def take(refused: str | None) -> str:
        with fortnox.hook() as hook:
            return credentials(hook).access_token(refused=refused)

    with ThreadPoolExecutor(16) as processes:
        tokens = set(processes.map(take, [None] * 16))
    assert len(tokens) == 1
    assert fortnox.asked()["tokens"] == 1

    # Fortnox takes it no longer and all of them notice at once: one more.
    with ThreadPoolExecutor(16) as processes:
        renewed = set(processes.map(take, [*tokens] * 16))
    assert len(renewed) == 1
    assert renewed != tokens
    assert fortnox.asked()["tokens"] == 2


def test_token_outlives_the_process_until_it_nears_its_end(fortnox: Fortnox) -> None:
    for _ in range(2):
        with fortnox.hook() as hook:
            hook.company_information()
    assert fortnox.asked()["tokens"] == 1

    fortnox.warehouse.execute("update control.credential set expires_at = now() + interval '100 seconds'")
    with fortnox.hook() as hook:
        hook.company_information()
    assert fortnox.asked()["tokens"] == 2


def test_token_that_ended_early_is_renewed_once(fortnox: Fortnox) -> None:
    with fortnox.hook() as first, fortnox.hook() as second:
        for hook in (first, second):
            hook.company_information()
        assert fortnox.asked()["tokens"] == 1

        fortnox.fault("json", status=401, body={"message": "unauthorized"})
        assert first.company_information()["DatabaseNumber"] == int(TENANT)
        assert fortnox.asked()["tokens"] == 2

        # The other one finds what the first has put there.
        fortnox.fault("json", status=401, body={"message": "unauthorized"})
        assert second.company_information()["DatabaseNumber"] == int(TENANT)
        assert fortnox.asked()["tokens"] == 2


def test_token_that_is_refused_when_new_means_the_access_is_gone(fortnox: Fortnox) -> None:
    fortnox.fault("json", status=401, body={"message": "unauthorized"}, times=9)
    with fortnox.hook() as hook, pytest.raises(AccessRevokedError, match="Connect the company again"):
        hook.company_information()
    assert fortnox.faults_left() == 7
    assert fortnox.asked()["tokens"] == 2


def test_token_is_encrypted_at_rest(fortnox: Fortnox) -> None:
    with fortnox.hook() as hook:
        token = credentials(hook).access_token()
    assert token.encode() not in stored(fortnox)
    assert token.split(".")[1].encode() not in stored(fortnox)
    assert encryption.decrypt(stored(fortnox)) == token


def test_keys_rotate(fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    monkeypatch.setenv("AIRFLOW__SALDO__ENCRYPTION_KEYS", old)
    with fortnox.hook() as hook:
        token = credentials(hook).access_token()

    monkeypatch.setenv("AIRFLOW__SALDO__ENCRYPTION_KEYS", f"{new}, {old}")
    with fortnox.hook() as hook:
        assert credentials(hook).access_token() == token
        assert fortnox.asked()["tokens"] == 1
        credentials(hook).access_token(refused=token)
    assert Fernet(new).decrypt(stored(fortnox)), "what is written is written with the newest"

    monkeypatch.setenv("AIRFLOW__SALDO__ENCRYPTION_KEYS", old)
    with (
        fortnox.hook() as hook,
        pytest.raises(UnreadableSecretError, match=r"put the key .* back at the end"),
    ):
        credentials(hook).access_token()


@pytest.mark.parametrize(
    ("keys", "sentence"), [("", "set .*ENCRYPTION_KEYS"), ("not-a-key-at-all", "32 bytes as url-safe base64")]
)
def test_missing_or_mistyped_key_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, keys: str, sentence: str
) -> None:
    monkeypatch.setenv("AIRFLOW__SALDO__ENCRYPTION_KEYS", keys)
    with pytest.raises(UnreadableSecretError, match=sentence) as raised:
        encryption.encrypt("secret")
    assert "not-a-key-at-all" not in str(raised.value)


def test_wrong_secret(fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(fortnox.sandbox.base_url, "mistyped"))
    with (
        fortnox.hook() as hook,
        pytest.raises(CredentialsRejectedError, match="Check client id and client secret"),
    ):
        hook.company_information()
    assert fortnox.asked()["tokens"] == 1, "asking again would not make it right"


def test_wrong_tenant(fortnox: Fortnox) -> None:
    with fortnox.hook("4711") as hook, pytest.raises(AccessRevokedError, match="names no tenant"):
        hook.company_information()


def test_app_that_may_not_do_this_is_not_taken_for_a_company_that_left(fortnox: Fortnox) -> None:
    fortnox.fault("json", TOKEN_PATH, status=400, body={"error": "unauthorized_client"})
    with fortnox.hook() as hook, pytest.raises(CredentialsRejectedError, match="unauthorized_client"):
        hook.company_information()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cut"},
        {"kind": "reset"},
        {"kind": "slow", "seconds": 0.6},
        {"kind": "html"},
        {"kind": "status", "status": 307},
        {"kind": "json", "body": {}},
        {"kind": "json", "body": {"access_token": "t", "expires_in": None}},
    ],
    ids=["cut", "reset", "timeout", "web page", "redirect", "no token", "no lifetime"],
)
def test_token_request_is_never_repeated_blindly(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object]
) -> None:
    fortnox.fault(path=TOKEN_PATH, times=5, **fault)  # type: ignore[arg-type]
    with monkeypatch.context() as patch, fortnox.hook() as hook:
        if fault["kind"] == "slow":
            patch.setattr(oauth, "_TIMEOUT_SECONDS", 0.2)
        with pytest.raises(CredentialsUnansweredError, match="Check that Fortnox's login"):
            hook.company_information()
    assert fortnox.faults_left() == 4

    fortnox.admin("DELETE", "faults")
    with fortnox.hook() as hook:
        assert hook.company_information(), "the next try asks anew"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_login_that_says_it_is_busy_is_asked_again(fortnox: Fortnox, status: int) -> None:
    fortnox.fault("status", TOKEN_PATH, times=2, status=status)
    with fortnox.hook() as hook:
        assert hook.company_information()
    assert fortnox.asked()["tokens"] == 1

    fortnox.warehouse.execute("update control.credential set access_token = null")
    fortnox.fault("status", TOKEN_PATH, times=100, status=status)
    kind = RateLimitedError if status == 429 else TemporaryError
    with fortnox.hook() as hook, pytest.raises(kind, match="the next run goes on"):
        hook.company_information()
    assert fortnox.faults_left() == 94


def test_login_that_cannot_be_reached_is_asked_again_and_then_named(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(f"http://127.0.0.1:{free_port()}"))
    with fortnox.hook() as hook:
        with pytest.raises(TemporaryError, match="login did not answer"):
            hook.company_information()
        assert credentials(hook).requests_made == 6


def test_secrets_are_shown_nowhere(
    fortnox: Fortnox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def note(raised: pytest.ExceptionInfo[BaseException], hook: FortnoxHook) -> None:
        shown.extend([repr(raised.value), "".join(traceback.format_exception(raised.value)), repr(hook)])

    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        with fortnox.hook() as hook:
            hook.company_information()
            token = credentials(hook).access_token()
            shown.extend([repr(hook), repr(credentials(hook)), str(vars(hook))])
            for fault in ({"kind": "cut"}, {"kind": "status", "status": 500}, {"kind": "html"}):
                fortnox.fault(**fault, times=6)  # type: ignore[arg-type]
                with pytest.raises(TemporaryError) as raised:
                    hook.company_information()
                note(raised, hook)
        for kind in ("cut", "reset"):
            fortnox.warehouse.execute("update control.credential set access_token = null")
            fortnox.fault(kind, TOKEN_PATH)
            with fortnox.hook() as hook, pytest.raises(CredentialsUnansweredError) as lost:
                hook.company_information()
            note(lost, hook)
        monkeypatch.setenv(
            "AIRFLOW_CONN_FORTNOX_DEFAULT", app(fortnox.sandbox.base_url, "sandbox-secret-mistyped")
        )
        with fortnox.hook() as hook, pytest.raises(CredentialsRejectedError) as rejected:
            hook.company_information()
        note(rejected, hook)
        assert hook.test_connection()[0] is False

    shown.extend(str(entry) for entry in logged)
    shown.extend(record.getMessage() + str(record.exc_text) + str(record.args) for record in caplog.records)
    assert {BASIC, token} <= set(fortnox.masked)
    text = "\n".join(shown)
    assert "trying again in" in text
    assert "POST /oauth-v1/token" in text
    for secret in ("sandbox-secret", BASIC, token, token.split(".")[2]):
        assert secret not in text
