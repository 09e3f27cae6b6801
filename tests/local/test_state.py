"""The state file: private, whole, and the same when read again."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import fields
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from local import LocalError
from local.environment import environment, setup_environment
from local.ports import Ports
from local.state import Secrets, State, exclusive, load


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / ".saldo", Ports(21_000, 21_010, 21_020))


def test_what_is_saved_is_read_again(state: State) -> None:
    assert load(state.directory) is None
    state.sie = ["/books/a.se"]
    state.connected = {"42": "fortnox__42"}
    state.environment = "a hash"
    state.processes = {"sandbox": 4711}
    state.save()
    assert load(state.directory) == state


def test_secrets_are_for_their_owner_alone(state: State) -> None:
    before = os.umask(0)
    try:
        state.save()
    finally:
        os.umask(before)
    for file in (state.directory / "state.json", state.passwords_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for folder in (state.logs, state.airflow_home, state.sandbox):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not stat.S_IMODE(state.directory.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO) & ~0o011


def test_every_stack_has_secrets_of_its_own() -> None:
    one, other = Secrets(), Secrets()
    values = [getattr(secrets, field.name) for secrets in (one, other) for field in fields(Secrets)]
    assert len(set(values)) == len(values)
    assert all(len(value) >= 32 for value in values)
    Fernet(one.airflow_fernet_key)
    Fernet(one.saldo_encryption_keys)


def test_what_an_earlier_version_did_not_know_gets_its_default(state: State) -> None:
    state.save()
    path = state.directory / "state.json"
    earlier = {"ports": {"airflow": 9080}, "secrets": {"postgres": state.secrets.postgres}}
    path.write_text(json.dumps(earlier))
    found = load(state.directory)
    assert found is not None
    assert found.ports == Ports(airflow=9080)
    assert found.secrets.postgres == state.secrets.postgres
    assert found.secrets.airflow_admin not in ("", state.secrets.airflow_admin)
    assert (found.sie, found.connected, found.processes) == ([], {}, {})


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"ports": {}}', '{"ports": {"web": 1}}'])
def test_a_damaged_file_is_one_sentence(state: State, content: str) -> None:
    state.save()
    (state.directory / "state.json").write_text(content)
    with pytest.raises(LocalError, match="is damaged or of a later version"):
        load(state.directory)


def test_one_command_at_a_time(state: State) -> None:
    with (
        exclusive(state.directory),
        pytest.raises(LocalError, match="Another make up, down or clean is at work"),
        exclusive(state.directory),
    ):
        pytest.fail("two at once")
    with exclusive(state.directory):
        pass


def test_only_the_set_up_may_be_superuser_or_owner(state: State) -> None:
    running, setting_up = environment(state), setup_environment(state)
    privileged = {state.secrets.postgres, state.secrets.saldo_migrator}
    assert not [name for name, value in running.items() if any(secret in value for secret in privileged)]
    assert setting_up.items() >= running.items()
    assert state.secrets.postgres in setting_up["SALDO_ADMIN_URL"]
    assert state.secrets.saldo_migrator in setting_up["AIRFLOW_CONN_SALDO_MIGRATION"]


def test_another_airflow_in_the_shell_does_not_reach_the_stack(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW__CORE__SQL_ALCHEMY_CONN", "sqlite:////tmp/other.db")
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    given = environment(state)
    assert given["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert not {"AIRFLOW__CORE__SQL_ALCHEMY_CONN", "PGHOST", "PYTHONDONTWRITEBYTECODE"} & set(given)
    assert "127.0.0.1" in given["NO_PROXY"].split(",")
