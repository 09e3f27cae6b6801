"""Refresh tokens: taken once, so asked for once, stored before use, and never asked with again when lost."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from saldo import encryption
from saldo.database import Role, connect, run
from saldo.fortnox import connecting, credentials
from saldo.fortnox.credentials import Kind
from saldo.fortnox.errors import (
    AccessRevokedError,
    CredentialsRejectedError,
    CredentialsUnansweredError,
    FortnoxError,
    TemporaryError,
)
from saldo.fortnox.oauth import GrantRefusedError, Login
from tests.fortnox.conftest import TENANT, TOKEN_PATH, Fortnox
from tests.fortnox.test_credentials import app

pytestmark = pytest.mark.database

# Processes as they are, but with the modules of this one: importing Airflow sixteen times takes a minute.
PROCESSES = multiprocessing.get_context("fork")


@pytest.fixture
def rotating(fortnox: Fortnox) -> Fortnox:
    """A company whose access is a person's: by a refresh token. Its access token has just ended."""
    fortnox.settings(access={TENANT: {"service_account": False}})
    connected = connecting.connect_with_code(fortnox.approval())
    assert connected.kind is Kind.REFRESH_TOKEN
    end_access_token(fortnox)
    fortnox.admin("DELETE", "requests")
    return fortnox


def end_access_token(fortnox: Fortnox) -> None:
    fortnox.warehouse.execute("update control.credential set expires_at = now()")


def refresh_token(fortnox: Fortnox) -> str:
    return encryption.decrypt(bytes(fortnox.credential("refresh_token")[0]))


def take(fortnox: Fortnox, refused: str | None = None) -> str:
    with fortnox.hook() as hook:
        return hook.credentials().access_token(refused=refused)


def is_asked(fortnox: Fortnox) -> bool:
    return bool(fortnox.credential("asked_at is not null")[0])


def test_the_next_refresh_token_is_stored_before_the_access_token_is_used(rotating: Fortnox) -> None:
    used = refresh_token(rotating)
    seen: list[str] = []
    for _ in range(3):
        end_access_token(rotating)
        seen.append(take(rotating))
        assert refresh_token(rotating) != used
        used = refresh_token(rotating)
    assert len(set(seen)) == 3
    assert rotating.asked()["tokens"] == 3
    days, asked, renewed = rotating.credential(
        "round(extract(epoch from refresh_expires_at - now()) / 86400), asked_at, now() - renewed_at < '9 s'"
    )
    assert (days, asked, renewed) == (45, None, True)
    assert used.encode() not in bytes(rotating.credential("refresh_token")[0])


def test_sixteen_processes_that_need_a_token_at_once_ask_once_and_lose_none(rotating: Fortnox) -> None:
    rotating.fault("slow", TOKEN_PATH, seconds=0.5)  # time for all of them to come
    together, answers = PROCESSES.Barrier(16), PROCESSES.SimpleQueue()

    def one() -> None:
        together.wait()
        answers.put(take(rotating))

    processes = [PROCESSES.Process(target=one) for _ in range(16)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 16
    assert len({answers.get() for _ in processes}) == 1
    assert rotating.asked()["tokens"] == 1

    end_access_token(rotating)
    take(rotating)
    assert rotating.asked()["tokens"] == 2, "the refresh token that they left is good"


def test_sixteen_threads_of_one_connection_ask_once_also_when_the_token_is_refused(
    rotating: Fortnox,
) -> None:
    with rotating.hook() as hook, ThreadPoolExecutor(16) as threads:

        def one(refused: str | None) -> str:
            return hook.credentials().access_token(refused=refused)

        rotating.fault("slow", TOKEN_PATH, seconds=0.2)
        tokens = set(threads.map(one, [None] * 16))
        assert len(tokens) == 1
        assert rotating.asked()["tokens"] == 1
        renewed = set(threads.map(one, [*tokens] * 16))
        assert len(renewed) == 1
        assert renewed != tokens
        assert rotating.asked()["tokens"] == 2


def killed_at(moment: str, work: Callable[[], Any], patch: pytest.MonkeyPatch) -> None:
    """Does the work in a process of its own, and kills it with SIGKILL at the moment."""
    come = PROCESSES.Event()

    def stop() -> None:
        come.set()
        time.sleep(600)

    def run_or_stop(connection: Any, name: str, parameters: Any = None) -> Any:
        if name == moment:
            stop()
        return run(connection, name, parameters)

    def one() -> None:
        if moment == "request":
            patch.setattr(Login, "refresh", lambda *_: stop())
        patch.setattr(credentials, "run", run_or_stop)
        work()

    process = PROCESSES.Process(target=one)
    process.start()
    assert come.wait(60)
    process.kill()
    process.join(60)
    assert process.exitcode == -9


def test_killed_between_answer_and_commit_is_detected_and_said_without_end(
    rotating: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at("control/credential_write", lambda: take(rotating), monkeypatch)
    assert rotating.asked()["tokens"] == 1
    assert is_asked(rotating)

    sentence = r"answer to the renewal of 20.* was lost on the way.*takes a refresh token once.*Connect the "
    with pytest.raises(AccessRevokedError, match=sentence + r"company again.*saldo connect --code"):
        take(rotating)
    assert rotating.asked()["tokens"] == 2, "once, since the request might never have arrived"
    for _ in range(3):
        with rotating.hook() as hook, pytest.raises(AccessRevokedError, match=sentence):
            hook.company_information()
    assert rotating.asked()["tokens"] == 2, "what is lost is not asked for again"
    lost, access_token, asked = rotating.credential("lost_at is not null, access_token, asked_at")
    assert (lost, access_token, asked) == (True, None, None)

    assert connecting.connect_with_code(rotating.approval()).kind is Kind.REFRESH_TOKEN
    assert take(rotating), "connected again"
    assert rotating.credential("lost_at, lost_reason") == (None, None)


def test_killed_before_the_request_loses_nothing(rotating: Fortnox, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_at("request", lambda: take(rotating), monkeypatch)
    assert is_asked(rotating)
    assert take(rotating)
    assert not is_asked(rotating)


@pytest.mark.parametrize("kind", ["cut", "reset_midway", "short"])
def test_an_answer_lost_on_the_way_ends_like_a_kill(rotating: Fortnox, kind: str) -> None:
    rotating.fault(kind, TOKEN_PATH)
    with pytest.raises(CredentialsUnansweredError):
        take(rotating)
    assert is_asked(rotating)
    with pytest.raises(AccessRevokedError, match="lost on the way"):
        take(rotating)


def test_a_request_that_never_arrived_is_made_again(rotating: Fortnox) -> None:
    rotating.fault("reset", TOKEN_PATH)
    with pytest.raises(CredentialsUnansweredError):
        take(rotating)
    assert is_asked(rotating)
    assert take(rotating)
    assert not is_asked(rotating)


@pytest.mark.parametrize(("status", "is_open"), [(429, False), (500, False), (503, False), (502, True)])
def test_a_login_that_is_busy_took_nothing_unless_a_gateway_says_so(
    rotating: Fortnox, status: int, is_open: bool
) -> None:
    rotating.fault("status", TOKEN_PATH, status=status, times=2)
    with pytest.raises(TemporaryError):
        take(rotating)
    assert is_asked(rotating) is is_open

    rotating.warehouse.execute("update control.credential set asked_at = '2026-01-01 12:00+01'")
    with pytest.raises(TemporaryError):
        take(rotating)
    assert is_asked(rotating), "what was lost earlier is still open"
    assert take(rotating)
    assert not is_asked(rotating)


def test_a_wrong_client_secret_uses_nothing_up(rotating: Fortnox, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(rotating.sandbox.base_url, "mistyped"))
        with pytest.raises(CredentialsRejectedError):
            take(rotating)
    assert not is_asked(rotating)
    assert take(rotating)


def test_a_refresh_token_that_ended_or_was_withdrawn_says_which(rotating: Fortnox) -> None:
    rotating.settings(access={TENANT: {"service_account": False, "revoked": True}})
    with pytest.raises(AccessRevokedError, match=r"withdrew its approval, or .*approved this app once more"):
        take(rotating)
    assert rotating.asked()["tokens"] == 1

    rotating.warehouse.execute(
        "update control.credential set lost_at = null, lost_reason = null, "
        "refresh_expires_at = '2026-01-01 12:00+01' where refresh_token is not null"
    )
    with pytest.raises(AccessRevokedError, match=r"ended on 2026-01-01 12:00: it lives 45 days"):
        take(rotating)


def test_a_refresh_token_that_somebody_else_put_there_meanwhile_is_used(
    rotating: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, refresh, tried = refresh_token(rotating), Login.refresh, []

    def refuse_once(login: Login, token: str) -> Any:
        tried.append(token)
        if token == "from-a-backup":
            put(good)
            raise GrantRefusedError("Invalid refresh token", status=400)
        return refresh(login, token)

    def put(token: str) -> None:
        rotating.warehouse.execute(
            "update control.credential set refresh_token = %s where organization_id = %s",
            [encryption.encrypt(token), rotating.organizations[TENANT]],
        )

    put("from-a-backup")
    monkeypatch.setattr(Login, "refresh", refuse_once)
    assert take(rotating)
    assert tried == ["from-a-backup", good]


def test_postgresql_that_goes_away_at_the_answer_is_waited_for(
    rotating: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "_STORE_PAUSE_SECONDS", 0.01)
    before, left = refresh_token(rotating), [2]

    def run_or_lose(connection: Any, name: str, parameters: Any = None) -> Any:
        if name == "control/credential_write" and left[0]:
            left[0] -= 1
            rotating.warehouse.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        return run(connection, name, parameters)

    monkeypatch.setattr(credentials, "run", run_or_lose)
    with rotating.hook() as hook:
        token = hook.credentials().access_token()
        with pytest.raises(psycopg.OperationalError):
            hook.credentials().access_token(refused=token)
    assert left == [0]
    assert refresh_token(rotating) != before
    end_access_token(rotating)
    assert take(rotating)


def test_a_token_that_another_process_left_is_taken_without_asking(rotating: Fortnox) -> None:
    token = take(rotating)
    assert take(rotating) == token
    with rotating.hook() as hook:
        assert hook.company_information()["DatabaseNumber"] == int(TENANT)
    assert rotating.asked()["tokens"] == 1


def test_tokens_need_a_connection_whose_statements_commit(fortnox: Fortnox) -> None:
    from saldo.fortnox.hook import FortnoxHook

    with (
        connect(Role.LOADER, fortnox.organizations[TENANT]) as connection,
        pytest.raises(ValueError, match="autocommit"),
    ):
        FortnoxHook(TENANT, connection).credentials()


def test_a_process_that_holds_the_lock_keeps_others_waiting_and_none_after_its_death(
    rotating: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    killed_at("request", lambda: take(rotating), monkeypatch)
    assert take(rotating)
    assert time.monotonic() - began < 30


def test_no_failure_of_the_login_leaves_the_lock(rotating: Fortnox) -> None:
    rotating.fault("status", TOKEN_PATH, status=503)
    with rotating.hook() as hook:
        with pytest.raises(FortnoxError):
            hook.credentials().access_token()
        held = (
            "select count(*) from pg_locks where locktype = 'advisory' and database = "
            "(select oid from pg_database where datname = current_database())"
        )
        assert rotating.warehouse.rows(held) == [(0,)]
