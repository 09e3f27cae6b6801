"""What a stack on this machine remembers: `.saldo/state.json`, readable by its owner alone."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local import LocalError
from local.ports import Ports

ROOT = Path(__file__).resolve().parents[1]


def _password() -> str:
    return secrets.token_urlsafe(24)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True)
class Secrets:
    """Made once for a stack. None is ever written anywhere but the state file and what must have it."""

    postgres: str = field(default_factory=_password)
    airflow_database: str = field(default_factory=_password)
    saldo_app: str = field(default_factory=_password)
    saldo_migrator: str = field(default_factory=_password)
    saldo_report: str = field(default_factory=_password)
    airflow_admin: str = field(default_factory=_password)
    airflow_fernet_key: str = field(default_factory=_fernet_key)
    airflow_jwt: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    airflow_api: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    saldo_encryption_keys: str = field(default_factory=_fernet_key)


@dataclass
class State:
    """A stack: where it lives, its ports and secrets, whose books it serves, and what it has started.

    Attributes:
        directory: the folder of the stack, `.saldo/` in the checkout.
        sie: the SIE files and folders served as companies; empty means the made-up companies.
        connected: {tenant id: DAG id} of the companies that `make up` has connected.
        environment: what the Python environment was made from when the processes were started.
        processes: {name: process id}, each the leader of its own session (local.processes).
    """

    directory: Path
    ports: Ports = field(default_factory=Ports)
    secrets: Secrets = field(default_factory=Secrets)
    sie: list[str] = field(default_factory=list)
    connected: dict[str, str] = field(default_factory=dict)
    environment: str = ""
    processes: dict[str, int] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        """Where every process writes its log, and works."""
        return self.directory / "logs"

    @property
    def airflow_home(self) -> Path:
        """AIRFLOW_HOME, task logs included."""
        return self.directory / "airflow"

    @property
    def sandbox(self) -> Path:
        """The sandbox's certificate and key."""
        return self.directory / "sandbox"

    @property
    def passwords_file(self) -> Path:
        """Who may log in to the Airflow UI, as the simple auth manager reads it."""
        return self.airflow_home / "passwords.json"

    def save(self) -> None:
        """Writes the state so that it is there whole or not at all."""
        # As root, PostgreSQL's user must pass through this folder to its data, but not look around.
        self.directory.mkdir(mode=0o711, exist_ok=True)
        for folder in (self.logs, self.airflow_home, self.sandbox):
            folder.mkdir(mode=0o700, exist_ok=True)
        _write_private(self.directory / "state.json", _to_json(self))
        _write_private(self.passwords_file, {"admin": self.secrets.airflow_admin})


def load(directory: Path) -> State | None:
    """The state of the stack in a folder, None when there has been none.

    Raises:
        LocalError: the file is damaged or of a later version of Saldo.
    """
    path = directory / "state.json"
    try:
        stored = json.loads(path.read_text())
        # What an earlier version did not know yet gets its default; a secret is made then.
        return State(
            directory=directory,
            ports=Ports(**stored["ports"]),
            secrets=Secrets(**stored["secrets"]),
            sie=list(stored.get("sie", [])),
            connected=dict(stored.get("connected", {})),
            environment=str(stored.get("environment", "")),
            processes={name: int(pid) for name, pid in stored.get("processes", {}).items()},
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LocalError(
            f"{path} is damaged or of a later version: end what runs from {directory}, "
            f"then remove that folder; make up makes it anew."
        ) from None


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """One command at a time may change a stack.

    Raises:
        LocalError: another one is at it.
    """
    directory.mkdir(mode=0o711, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(
                "Another make up, down or clean is at work here: wait until it is done."
            ) from None
        yield


def _to_json(state: State) -> dict[str, Any]:
    return {
        "ports": asdict(state.ports),
        "secrets": asdict(state.secrets),
        "sie": state.sie,
        "connected": state.connected,
        "environment": state.environment,
        "processes": state.processes,
    }


def _write_private(path: Path, content: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
