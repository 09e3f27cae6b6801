"""A whole Saldo as `make up` starts it, with no company connected yet."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import environment, stack
from local.ports import Ports
from local.progress import Progress
from local.state import State
from tests.sandbox.process import free_port

PASSWORD = "viewer-of-the-tests"


@dataclass
class Saldo:
    """A running stack, and the companies of its sandbox."""

    state: State
    companies: list[dict[str, Any]]

    @property
    def airflow(self) -> str:
        return environment.airflow_url(self.state)

    @property
    def pages(self) -> str:
        return f"{self.airflow}/saldo"

    def token(self, person: str = "admin") -> str:
        password = self.state.secrets.airflow_admin if person == "admin" else PASSWORD
        answer = httpx.post(f"{self.airflow}/auth/token", json={"username": person, "password": password})
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token()}"}
        return httpx.request(method, f"{self.airflow}/{path}", headers=headers, timeout=60, **more)

    def get(self, path: str) -> Any:
        return self.ask("GET", path).raise_for_status().json()


@contextmanager
def running_saldo(companies: Path | None = None) -> Iterator[Saldo]:
    """The stack, with a viewer beside the administrator; the sandbox has the demo's companies or a file's."""
    directory = Path(tempfile.mkdtemp(prefix="saldo-browser-"))
    state = State(directory, Ports(free_port(), free_port() // 2 * 2, free_port()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            environment._ONE_MACHINE, "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "admin:admin,viewer:viewer"
        )
        if companies is not None:
            patch.setattr(stack.Launch, "_start_sandbox", _with_companies_of(companies))
        # Whoever is said to be connected already is not connected.
        patch.setattr(stack.Launch, "_sandbox", _all_connected(stack.Launch._sandbox))
        state.save()
        try:
            with Progress(every=3600) as progress:
                stack.Launch(state, [], progress).run()
            passwords = {"admin": state.secrets.airflow_admin, "viewer": PASSWORD}
            state.passwords_file.write_text(json.dumps(passwords))
            yield Saldo(
                state, httpx.get(f"{environment.sandbox_url(state)}/sandbox/companies", timeout=60).json()
            )
        finally:
            stack.stop(state)
            shutil.rmtree(directory, ignore_errors=True)


def _all_connected(started: Any) -> Any:
    def sandbox(launch: stack.Launch) -> list[stack.Company]:
        found: list[stack.Company] = started(launch)
        launch._state.connected = {each.tenant_id: f"fortnox__{each.tenant_id}" for each in found}
        return found

    return sandbox


def _with_companies_of(file: Path) -> Any:
    def start(launch: stack.Launch, _sie: list[str]) -> None:
        state = launch._state
        command = [
            sys.executable, "-m", "sandbox", "--companies", str(file), "--directory", str(state.sandbox),
            "--port", str(state.ports.sandbox), "--token-port", str(state.ports.sandbox_token),
        ]  # fmt: skip
        launch._start(stack.SANDBOX, command, environment.sandbox_environment())

    return start
