"""Starts the sandbox as the process that it is elsewhere; for the tests here and for those of others."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

INCLUDE = Path(__file__).parents[2] / "include"
START_SECONDS = 30


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox; ``token_url`` is the authority of Entra ID, without a tenant."""

    base_url: str
    token_url: str
    ca_path: Path
    process: subprocess.Popen[str]

    def companies(self) -> list[dict[str, Any]]:
        """What it serves: tenant_id, name, organization_number, workspace_id, dataset_id, financial_years."""
        found: list[dict[str, Any]] = self.admin("GET", "companies")
        return found

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Call /sandbox/{path}; the answer's JSON, or None where it has no body."""
        # Plain http: reading the machine's certificates for it takes longer than the request.
        answer = httpx.request(method, f"{self.base_url}/sandbox/{path}", json=body, verify=False)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def free_port() -> int:
    """A port that nothing listens on now, below those that the system gives to outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def start(
    *arguments: str, port: int, token_port: int, directory: Path, stderr: int | IO[str] = subprocess.PIPE
) -> subprocess.Popen[str]:
    """The process, not waited for."""
    return subprocess.Popen(
        [
            sys.executable, "-m", "sandbox", "--port", str(port), "--token-port", str(token_port),
            "--directory", str(directory), *arguments,
        ],
        env={**os.environ, "PYTHONPATH": str(INCLUDE)},
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        text=True,
    )  # fmt: skip


@contextlib.contextmanager
def running_sandbox(*arguments: str) -> Iterator[Sandbox]:
    """A sandbox on free ports; no latency and short refreshes unless the arguments say otherwise.

    What it says on stderr, such as an error of its own, is passed on when it has ended.
    """
    port, token_port = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory(prefix="sandbox-") as directory,
        tempfile.TemporaryFile("w+") as said,
    ):
        quick = ("--latency-ms", "0", "--refresh-seconds", "0.3")  # what is given later wins
        process = start(
            *quick, *arguments, port=port, token_port=token_port, directory=Path(directory), stderr=said
        )
        sandbox = Sandbox(
            f"http://127.0.0.1:{port}",
            f"https://127.0.0.1:{token_port}",
            Path(directory) / "powerbi-ca.pem",
            process,
        )
        try:
            _wait_until_healthy(sandbox)
            yield sandbox
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
            finally:
                said.seek(0)
                sys.stderr.write(said.read())


def _wait_until_healthy(sandbox: Sandbox) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if sandbox.process.poll() is not None:
            raise RuntimeError("The sandbox ended instead of serving; its reason is on stderr.")
        with contextlib.suppress(httpx.TransportError):
            sandbox.companies()
            return
        time.sleep(0.05)
    raise RuntimeError(f"The sandbox does not answer after {START_SECONDS} s.")
