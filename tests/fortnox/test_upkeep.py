"""Access kept alive without anybody: renewal in time, newest encryption keys, and who needs a person."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from saldo import encryption
from saldo.encryption import UnreadableSecretError
from saldo.fortnox import connecting, upkeep
from saldo.fortnox.credentials import Kind
from saldo.fortnox.errors import FortnoxError
from saldo.fortnox.upkeep import Upkeep, UpkeepError
from tests.fortnox.conftest import OTHER_TENANT, TENANT, TOKEN_PATH, Fortnox
from tests.fortnox.test_credentials import BASIC

pytestmark = pytest.mark.database

KEYS = "AIRFLOW__SALDO__ENCRYPTION_KEYS"


@pytest.fixture
def two(fortnox: Fortnox) -> Fortnox:
    """Two companies whose access is a person's."""
    fortnox.settings(access={tenant: {"service_account": False} for tenant in (TENANT, OTHER_TENANT)})
    for tenant in (TENANT, OTHER_TENANT):
        fortnox.warehouse.execute(
            "update control.organization set disconnected_at = null where tenant_id = %s", [tenant]
        )
        assert connecting.connect_with_code(fortnox.approval(tenant)).kind is Kind.REFRESH_TOKEN
    fortnox.admin("DELETE", "requests")
    return fortnox


def ends_in(fortnox: Fortnox, tenant: str, days: float) -> None:
    fortnox.warehouse.execute(
        "update control.credential set refresh_expires_at = now() + %s * interval '1 day' "
        "where organization_id = %s",
        [days, fortnox.organizations[tenant]],
    )


def kept_up() -> dict[str, Upkeep]:
    return {item.access.tenant_id: item for item in upkeep.keep_up()}


def test_what_ends_within_thirty_days_is_renewed_also_while_its_access_token_is_good(two: Fortnox) -> None:
    ends_in(two, TENANT, 29)
    done = kept_up()
    assert done[TENANT].done == "renewed"
    assert done[TENANT].access.days_left == 28, "as it was found"
    assert done[OTHER_TENANT].done == "nothing to do"
    assert (two.asked()["tokens"], two.asked(OTHER_TENANT)["tokens"]) == (1, 0)
    assert {access.days_left for access in upkeep.overview()} == {44}
    upkeep.check(list(done.values()))
    assert kept_up()[TENANT].done == "nothing to do"


def test_client_credentials_and_disconnected_companies_are_left_alone(two: Fortnox) -> None:
    ends_in(two, TENANT, 1)
    two.warehouse.execute(
        "update control.organization set disconnected_at = now() where tenant_id = %s", [TENANT]
    )
    two.settings(access={})
    connecting.connect_with_tenant_id(OTHER_TENANT)
    two.admin("DELETE", "requests")
    assert {item.done for item in kept_up().values()} == {"nothing to do"}
    assert two.asked()["tokens"] == two.asked(OTHER_TENANT)["tokens"] == 0


def test_one_that_fails_stops_no_other_and_is_named_with_what_to_do(two: Fortnox) -> None:
    ends_in(two, TENANT, 1)
    ends_in(two, OTHER_TENANT, 1)
    two.settings(access={TENANT: {"service_account": False, "revoked": True}})
    for asked in (1, 1):
        done = kept_up()
        assert done[TENANT].needs_person
        assert two.asked()["tokens"] == asked, "what is lost is not asked for again"
        with pytest.raises(UpkeepError) as raised:
            upkeep.check(list(done.values()))
        lines = str(raised.value).splitlines()
        assert lines[0] == "Of 2 organizations 1 could not be kept up:"
        assert lines[1].startswith(
            f"  fortnox__{TENANT} (organization {two.organizations[TENANT]}): Fortnox no "
        )
        assert "Connect the company again" in lines[1]
        assert "Provbolaget" not in str(raised.value), "a log names nobody"
    assert done[OTHER_TENANT].failure == ""
    assert two.asked(OTHER_TENANT)["tokens"] == 1
    [state] = [access.state for access in upkeep.overview() if access.tenant_id == TENANT]
    assert state.startswith("lost: Fortnox no longer takes")


def test_a_failure_that_passes_needs_no_person(two: Fortnox) -> None:
    ends_in(two, TENANT, 1)
    two.fault("status", TOKEN_PATH, status=503)
    failed = kept_up()[TENANT]
    assert (failed.needs_person, failed.done) == (False, "")
    with pytest.raises(UpkeepError, match="HTTP 503"):
        upkeep.check([failed])
    assert kept_up()[TENANT].done == "renewed"


def test_an_answer_that_was_lost_is_found_out_before_anybody_needs_a_token(two: Fortnox) -> None:
    two.warehouse.execute("update control.credential set asked_at = now()")
    assert {access.state for access in upkeep.overview()} == {
        "the last renewal has no answer yet: the next use tells"
    }
    assert kept_up()[TENANT].done == "renewed"
    assert {access.state for access in upkeep.overview()} == {"good"}


def test_the_old_encryption_key_can_go_when_all_is_encrypted_anew(
    two: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = encryption.settings.get("encryption_keys", ""), Fernet.generate_key().decode()
    monkeypatch.setenv(KEYS, f"{new},{old}")
    assert upkeep.reencrypt() == 4
    assert upkeep.reencrypt() == 0
    assert kept_up()[TENANT].done == "nothing to do"

    monkeypatch.setenv(KEYS, new)
    ends_in(two, TENANT, 1)
    assert kept_up()[TENANT].done == "renewed"
    with two.hook(OTHER_TENANT) as hook:
        assert hook.company_information()
    assert two.asked(OTHER_TENANT)["tokens"] == 0, "its access token is the one from before"

    # The other way round: what was not encrypted anew says what to do, and stops no other.
    monkeypatch.setenv(KEYS, Fernet.generate_key().decode())
    with pytest.raises(UnreadableSecretError, match="put the key"):
        upkeep.reencrypt()
    assert {"put the key that was used before" in item.failure for item in kept_up().values()} == {True}
    monkeypatch.setenv(KEYS, f"{old},{new}")
    assert {item.done for item in kept_up().values()} == {"encrypted anew"}


def test_a_secret_that_was_renewed_meanwhile_is_not_put_back(
    two: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = encryption.settings.get("encryption_keys", ""), Fernet.generate_key().decode()
    rotated, renewed = encryption.rotated, []

    def renew_in_between(token: bytes) -> bytes | None:
        if not renewed:
            renewed.append(token)
            with two.hook() as hook:
                hook.credentials().renew()
        return rotated(token)

    monkeypatch.setenv(KEYS, f"{new},{old}")
    monkeypatch.setattr(encryption, "rotated", renew_in_between)
    upkeep.reencrypt()
    with two.hook() as hook:
        hook.credentials().renew()


def test_no_secret_is_in_any_log_error_or_overview(
    two: Fortnox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets: set[str] = {"sandbox-secret", BASIC}
    shown: list[str] = []

    def collect() -> None:
        for tenant in (TENANT, OTHER_TENANT):
            for secret in two.credential("access_token, refresh_token", tenant):
                if secret is not None:
                    secrets.add(encryption.decrypt(bytes(secret)))

    def attempt(work: Any, *arguments: Any) -> None:
        try:
            shown.append(repr(work(*arguments)))
        except (FortnoxError, UpkeepError) as error:
            shown.extend([repr(error), "".join(traceback.format_exception(error)), str(vars(error))])
        collect()

    def answered() -> None:
        upkeep.check(upkeep.keep_up())

    monkeypatch.setenv("AIRFLOW__SALDO__LEGACY_API_CODE", "True")
    api_code = "0f9619ff-8b86-d011-b42d-00cf4fc964ff"
    secrets |= {api_code, "an-old-access-token"}
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        collect()
        for fault in ({"kind": "status", "status": 500}, {"kind": "cut"}, {"kind": "html"}, None):
            for tenant in (TENANT, OTHER_TENANT):
                ends_in(two, tenant, 1)
            if fault is not None:
                two.fault(path=TOKEN_PATH, **fault)  # type: ignore[arg-type]
            attempt(answered)
            attempt(upkeep.overview)
        for body in ({"access_token": "half-an-answer", "expires_in": []}, {"error": "invalid_grant"}):
            address = two.approval()
            secrets.add(address.partition("code=")[2].partition("&")[0])
            two.fault("json", TOKEN_PATH, body=body, status=200 if "expires_in" in body else 400)
            attempt(connecting.connect_with_code, address)
        two.admin("DELETE", "faults")
        attempt(connecting.connect_with_code, two.approval())
        for fault in ({"kind": "cut"}, {"kind": "status", "status": 403}):
            two.fault(path="/oauth-v1/migrate", **fault)  # type: ignore[arg-type]
            attempt(connecting.connect_with_legacy_token, "an-old-access-token")
        attempt(connecting.connect_with_code, api_code)

    shown.extend(str(entry) for entry in logged)
    shown.extend(
        record.getMessage() + str(record.exc_text) + str(record.args)
        for record in caplog.records
        if not record.name.startswith("http")  # the test's own browser, which shows the code as one does
    )
    text = "\n".join(shown)
    assert "could not be kept up" in text
    assert "POST /oauth-v1/migrate" in text
    assert len(secrets) > 12
    assert [secret for secret in secrets if secret in text] == []
    assert "half-an-answer" not in text
    assert secrets - set(two.masked) == {"sandbox-secret"}, "which Airflow masks itself"
