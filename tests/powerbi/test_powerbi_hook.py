"""What the hook makes of Power BI's answers, against the sandbox over HTTP."""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from saldo.powerbi import hook as hook_module
from saldo.powerbi import publishing
from saldo.powerbi.errors import (
    AccessDeniedError,
    AlreadyRunningError,
    NotConfiguredError,
    NotFoundError,
    PowerBIError,
    QuotaExceededError,
    ThrottledError,
    UnconfirmedError,
    UnreachableError,
)
from saldo.powerbi.history import History, Refresh
from saldo.powerbi.hook import PowerBIHook, Service
from saldo.provider import get_provider_info
from tests.powerbi.service import CONNECTION, SECRET, Dataset, PowerBIService, connection, running_service
from tests.sandbox.process import free_port


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerBIService]:
    with running_service(tmp_path_factory.mktemp("companies")) as service:
        yield service


@pytest.fixture
def dataset(service: PowerBIService) -> Iterator[Dataset]:
    with service.dataset() as dataset:
        yield dataset


@pytest.fixture
def hook() -> PowerBIHook:
    return PowerBIHook()


def start(hook: PowerBIHook, dataset: Dataset) -> str | None:
    return hook.start_refresh(dataset.workspace_id, dataset.dataset_id)


def history(hook: PowerBIHook, dataset: Dataset) -> History:
    return hook.refreshes(dataset.workspace_id, dataset.dataset_id)


def answered_history(hook: PowerBIHook, dataset: Dataset, entry: dict[str, Any]) -> Refresh:
    dataset.fault(method="GET", kind="json", body={"value": [entry]})
    return history(hook, dataset).refreshes[0]


def test_a_refresh_is_asked_for_and_found_in_the_history(hook: PowerBIHook, dataset: Dataset) -> None:
    dataset.settings(history_lag_seconds=0, refresh_seconds=0)
    before = history(hook, dataset)
    request_id = start(hook, dataset)
    assert request_id is not None
    assert [each["request_id"] for each in dataset.asked()] == [request_id]
    assert dataset.asked()[0]["body"] == {"notifyOption": "NoNotification"}
    after = history(hook, dataset)
    found = after.find(request_id)
    assert found is not None
    assert found.is_completed
    assert not found.is_running
    assert after.first_since(before.as_of) == found
    assert abs(after.as_of - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_refresh_in_progress_is_running(hook: PowerBIHook, dataset: Dataset) -> None:
    dataset.arrange("hold")
    dataset.settings(history_lag_seconds=0)
    request_id = start(hook, dataset)
    running = history(hook, dataset).running()
    assert running is not None
    assert running.request_id == request_id
    assert running.status == "Unknown"
    dataset.arrange("release")
    assert history(hook, dataset).running() is None


@pytest.mark.parametrize("status", [400, 409])
def test_a_running_refresh_refuses_another_in_either_way(
    hook: PowerBIHook, dataset: Dataset, status: int
) -> None:
    dataset.settings(busy_status=status)
    dataset.arrange("hold")
    start(hook, dataset)
    with pytest.raises(AlreadyRunningError, match="Another refresh request is already executing"):
        start(hook, dataset)


@pytest.mark.parametrize("status", [400, 429])
def test_the_quota_is_told_from_a_throttled_request(hook: PowerBIHook, dataset: Dataset, status: int) -> None:
    dataset.settings(quota=0, quota_status=status)
    with pytest.raises(QuotaExceededError, match=r"last 24 hours exceeded limit.*switch that schedule off"):
        start(hook, dataset)


def test_the_quota_frees_a_day_after_the_eighth_latest_refresh() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    starts = [now - timedelta(hours=hours) for hours in (1, 2, 3, 4, 5, 6, 7, 8, 9, 30)]
    refreshes = tuple(Refresh(str(start), "Completed", start, start) for start in starts)
    assert History(refreshes, now).quota_frees_at() == now + timedelta(hours=16)


def test_the_reserve_is_free_until_seven_of_a_day_are_used() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    starts = [now - timedelta(hours=hours) for hours in (1, 2, 3, 4, 5, 6, 7, 30)]
    refreshes = tuple(Refresh(str(start), "Completed", start, start) for start in starts)
    assert History(refreshes[1:], now).reserve_frees_at() is None
    assert History(refreshes, now).reserve_frees_at() == now + timedelta(hours=17)


def test_the_quota_is_asked_again_in_an_hour_where_the_history_explains_nothing() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert History((), now).quota_frees_at() == now + timedelta(hours=1)


def throttled(hook: PowerBIHook, dataset: Dataset, **headers: str) -> ThrottledError:
    body = {
        "error": {"code": "TooManyRequests", "message": "You have exceeded the amount of requests allowed"}
    }
    dataset.fault(method="POST", kind="status", status=429, body=body, headers=headers)
    with pytest.raises(ThrottledError, match="You have exceeded the amount") as raised:
        start(hook, dataset)
    return raised.value


def test_throttled_says_for_how_long(hook: PowerBIHook, dataset: Dataset) -> None:
    assert throttled(hook, dataset, **{"Retry-After": "3392"}).retry_after == 3392
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=20), usegmt=True)
    assert throttled(hook, dataset, **{"Retry-After": until}).retry_after == pytest.approx(1200, abs=60)
    assert throttled(hook, dataset).retry_after == 60


def test_a_forbidden_call_names_the_tenant_setting(hook: PowerBIHook, dataset: Dataset) -> None:
    body = {"error": {"code": "", "message": "API is not accessible for application"}}
    dataset.fault(kind="status", status=403, body=body)
    with pytest.raises(
        AccessDeniedError,
        match=r"API is not accessible for application.*allow service principals.*Contributor",
    ) as raised:
        start(hook, dataset)
    assert not raised.value.passes


def test_an_unknown_dataset_is_named(hook: PowerBIHook, dataset: Dataset) -> None:
    with pytest.raises(NotFoundError, match=r"no-such-dataset.*PowerBIEntityNotFound.*saldo connect"):
        hook.refreshes(dataset.workspace_id, "no-such-dataset")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "html"},
        {"kind": "cut"},
        {"kind": "reset"},
        {"kind": "json"},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_reading_is_tried_again(hook: PowerBIHook, dataset: Dataset, fault: dict[str, Any]) -> None:
    dataset.fault(method="GET", times=2, **fault)
    assert history(hook, dataset).refreshes == ()


def test_reading_ends_with_what_was_wrong(dataset: Dataset) -> None:
    dataset.fault(method="GET", kind="status", status=503, times=9)
    with pytest.raises(UnreachableError, match="503"):
        history(PowerBIHook(read_attempts=2), dataset)


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "reset"}], ids=lambda fault: str(fault["kind"])
)
def test_asking_is_never_tried_again(hook: PowerBIHook, dataset: Dataset, fault: dict[str, Any]) -> None:
    dataset.fault(method="POST", **fault)
    with pytest.raises(UnconfirmedError):
        start(hook, dataset)
    assert dataset.asked() == []


def test_a_service_that_is_not_there_took_nothing(
    service: PowerBIService, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv(CONNECTION, connection(service.sandbox, base_url=elsewhere))
    with pytest.raises(UnreachableError, match=f"{elsewhere} does not answer") as raised:
        start(PowerBIHook(), dataset)
    assert not isinstance(raised.value, UnconfirmedError)


@pytest.mark.parametrize(
    ("said", "advice", "passes"),
    [
        ({"errorCode": "ModelRefreshFailed_CredentialsNotSpecified"}, "Give the semantic model cred", False),
        ({"errorCode": "DMTS_DatasourceHasNoCredentialError"}, "Give the semantic model credentials", False),
        ({"errorCode": "DM_GWPipeline_Gateway_InvalidConnectionCredentials"}, "renew them", False),
        ({"errorCode": "DM_GWPipeline_Gateway_MashupDataAccessError"}, "can be reached from Power BI", True),
        ({"errorCode": "ModelRefresh_ShortMessage_ProcessingError"}, "saldo migrate", True),
        ({"errorCode": "Refresh_Attempts_Exhausted"}, "each attempt", True),
        ({"errorCode": "SomethingNew"}, "refresh history", True),
    ],
)
def test_a_failure_carries_the_services_reason_and_advice(
    hook: PowerBIHook, dataset: Dataset, said: dict[str, str], advice: str, passes: bool
) -> None:
    entry = {
        "requestId": "r-1",
        "status": "Failed",
        "startTime": "2026-11-23T09:25:43.153Z",
        "endTime": "2026-11-23T09:31:43.153Z",
        "serviceExceptionJson": json.dumps({**said, "errorDescription": "Table Huvudbok."}),
    }
    failure = answered_history(hook, dataset, entry).failure()
    assert f"r-1 as Failed: {said['errorCode']}: Table Huvudbok. " in str(failure)
    assert advice in str(failure)
    assert failure.passes is passes


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"status": "Cancelled"}, "Somebody cancelled it"),
        ({"status": "Disabled"}, "Enable refreshes"),
        ({"status": "Unknown", "extendedStatus": "TimedOut"}, "as TimedOut.*each attempt"),
        ({"status": "Failed", "serviceExceptionJson": "no JSON"}, "no JSON"),
        (
            {"status": "Failed", "refreshAttempts": [{"serviceExceptionJson": '{"errorCode":"OfAttempt"}'}]},
            "OfAttempt",
        ),
        ({"status": "Unknown", "endTime": "2026-11-23T09:31:43.1530000"}, "as Unknown"),
    ],
)
def test_whatever_is_no_completion_is_a_failure(
    hook: PowerBIHook, dataset: Dataset, entry: dict[str, Any], words: str
) -> None:
    refresh = answered_history(hook, dataset, {"requestId": "r-1", **entry})
    assert not refresh.is_running
    assert not refresh.is_completed
    with pytest.raises(PowerBIError, match=words):
        raise refresh.failure()


def test_times_without_a_zone_are_utc(hook: PowerBIHook, dataset: Dataset) -> None:
    entry = {"requestId": "r-1", "status": "Completed", "startTime": "2026-11-23T09:25:43.5469603"}
    started_at = answered_history(hook, dataset, entry).started_at
    assert started_at == datetime(2026, 11, 23, 9, 25, 43, 546960, tzinfo=UTC)


def test_the_connection_test_tells_what_is_seen(hook: PowerBIHook, service: PowerBIService) -> None:
    assert hook.test_connection() == (
        True,
        "Signed in, and the service principal sees at least one workspace",
    )
    none = {"path_contains": "/v1.0/myorg/groups", "kind": "json", "body": {"value": []}}
    service.sandbox.admin("POST", "faults", [none])
    succeeded, message = hook.test_connection()
    assert succeeded
    assert "sees no workspace" in message


def test_a_refused_secret_is_told_and_never_shown(
    service: PowerBIService, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = connection(service.sandbox).replace(SECRET, "not-the-secret")
    monkeypatch.setenv(CONNECTION, wrong)
    succeeded, message = PowerBIHook().test_connection()
    assert not succeeded
    assert "AADSTS7000215" in message
    assert "client secret (has it expired?)" in message
    assert "not-the-secret" not in message
    with pytest.raises(AccessDeniedError) as raised:
        start(PowerBIHook(), dataset)
    assert raised.value.__context__ is None


def test_a_sign_in_that_does_not_answer_may_pass(
    service: PowerBIService, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = f"https://127.0.0.1:{free_port()}"
    monkeypatch.setenv(CONNECTION, connection(service.sandbox, authority=nowhere))
    with pytest.raises(UnreachableError, match=r"Microsoft Entra.*does not answer") as raised:
        history(PowerBIHook(read_attempts=1), dataset)
    assert raised.value.passes
    assert SECRET not in str(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"tenant_id": None}, "lacks extra tenant_id"),
        ({"verify": "/nowhere/ca.pem"}, "/nowhere/ca.pem.*not there"),
    ],
)
def test_an_unfinished_connection_says_what_is_missing(
    service: PowerBIService,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    extra: dict[str, str | None],
    words: str,
) -> None:
    monkeypatch.setenv(CONNECTION, connection(service.sandbox, **extra))
    with pytest.raises(NotConfiguredError, match=words):
        start(PowerBIHook(), dataset)


def test_no_log_line_holds_secret_or_token(
    hook: PowerBIHook, dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("azure", "msal", "httpx", "httpcore", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    caplog.set_level(logging.DEBUG)
    start(hook, dataset)
    history(hook, dataset)
    token = hook._token(Service.POWER_BI)
    assert len(caplog.records) > 5
    for secret in (SECRET, token):
        assert secret not in caplog.text


def signs_in_by(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Any:
    """What the hook signs in with where the connection says so."""
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "powerbi_saldo", **fields}))
    return PowerBIHook()._credential


def test_other_ways_to_sign_in_than_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from azure.identity import CertificateCredential, ManagedIdentityCredential, WorkloadIdentityCredential

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "saldo")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, token = tmp_path / "saldo.pem", tmp_path / "token"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    token.write_text("token")
    by_certificate = {"auth": "certificate", "tenant_id": "tenant", "certificate": str(pem)}
    assert isinstance(signs_in_by(monkeypatch, login="app", extra=by_certificate), CertificateCredential)
    by_workload = {"auth": "workload_identity", "tenant_id": "tenant", "token_file": str(token)}
    assert isinstance(signs_in_by(monkeypatch, login="app", extra=by_workload), WorkloadIdentityCredential)
    managed = signs_in_by(monkeypatch, extra={"auth": "managed_identity"})
    assert isinstance(managed, ManagedIdentityCredential)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"auth": "carrier_pigeon"}, "names a way to sign in that there is not: carrier_pigeon"),
        ({"auth": "certificate", "tenant_id": "t"}, "lacks extra certificate"),
        ({"auth": "certificate", "tenant_id": "t", "certificate": "/nowhere.pem"}, "is not there"),
    ],
)
def test_a_way_to_sign_in_that_cannot_be_is_told(
    monkeypatch: pytest.MonkeyPatch, extra: dict[str, str], says: str
) -> None:
    with pytest.raises(NotConfiguredError, match=says):
        signs_in_by(monkeypatch, login="app", extra=extra)


def test_the_connection_form_has_a_field_for_all_that_is_read_from_the_extra() -> None:
    [form] = [
        each for each in get_provider_info()["connection-types"] if each["connection-type"] == "powerbi_saldo"
    ]
    sources = [inspect.getsource(module) for module in (hook_module, publishing)]
    read = {name for source in sources for name in re.findall(r'extra\.get\("(\w+)"\)', source)}
    assert len(read) > 8
    assert set(form["conn-fields"]) == read | {service.extra for service in Service}
