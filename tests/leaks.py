"""Looks for secrets in all that a test run leaves behind, whatever the single tests look at.

What a test's code printed and logged, by pytest's capturing; the control schema of each warehouse, before
it is dropped; and every file of Airflow's home when the run ends: its logs, and its database with XCom,
rendered fields, serialized DAGs and state stores. tests/conftest.py asks it; a run that shows one has failed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

# The head of every token of the sandbox, of Fortnox's kind and of Entra's: each is made anew when asked for.
TOKEN = base64.urlsafe_b64encode(b'{"alg": "HS256", "typ": "JWT"}').rstrip(b"=").decode()
ENCRYPTION_KEY = "c2FsZG8tdGVzdHMtc2FsZG8tdGVzdHMtc2FsZG8tdGU="
_SHOWN = 60


class Leaks:
    """The secrets that are known, and where one was seen."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets: set[str] = set()
        self.found: list[str] = []
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """One more that must be seen nowhere, nor as PostgreSQL shows bytes."""
        self._secrets |= {secret, secret.encode().hex()}

    def known(self) -> list[str]:
        """All that must be seen nowhere."""
        return sorted(self._secrets)

    def look_through(self, text: str, place: str) -> None:
        """Notes each secret that stands in the text, with what is around it but not itself."""
        for secret in self._secrets:
            position = text.find(secret)
            if position >= 0:
                before = text[max(0, position - _SHOWN) : position]
                self.found.append(f"{place}: ...{before}[{secret[:3]}...]")

    def look_through_files(self, directory: Path) -> None:
        """The same for all files below a directory, whatever they are."""
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                self.look_through(path.read_bytes().decode("latin-1"), path.name)


def basic_header(client_id: str, client_secret: str) -> str:
    """What a client's id and secret look like in a request's header."""
    return base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


LEAKS = Leaks(
    [
        TOKEN,
        ENCRYPTION_KEY,
        "app-password",
        "migrator-password",
        "report-password",
        "sandbox-secret",
        "sandbox-powerbi-secret",
        basic_header("sandbox-client", "sandbox-secret"),
        basic_header("sandbox-powerbi", "sandbox-powerbi-secret"),
    ]
)
