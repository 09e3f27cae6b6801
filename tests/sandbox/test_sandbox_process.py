"""The process: ports, arguments, faults, and its end."""

from __future__ import annotations

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.callers import Fortnox, ask_for_token
from tests.sandbox.process import Sandbox, free_port, running_sandbox, start


@pytest.mark.parametrize("taken", ["--port", "--token-port"])
def test_a_taken_port_is_one_sentence(tmp_path: Path, taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = {"--port": free_port(), "--token-port": free_port(), taken: other.getsockname()[1]}
        process = start(port=ports["--port"], token_port=ports["--token-port"], directory=tmp_path / "state")
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said == (
        f"The sandbox cannot start: port {ports[taken]} on 127.0.0.1 cannot be used "
        f"(Address already in use); choose another with {taken}.\n"
    )
    assert not (tmp_path / "state").exists(), "nothing is left behind"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]x", "Invalid JSON"),
        ('[{"name": "A", "tenant_id": "1", "seed": 1, "vouchers": 9, "years": []}]', "0.vouchers: "),
        (
            '[{"name": "A", "tenant_id": "1", "seed": 1, "vouchers": 50, "years": ['
            '{"from": "2024-01-01", "to": "2024-12-31"}, {"from": "2025-02-01", "to": "2025-12-31"}]}]',
            "the year from 2025-02-01 must follow on the year to 2024-12-31",
        ),
    ],
)
def test_companies_that_cannot_be_made_up_are_one_sentence(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "companies.json"
    path.write_text(content)
    process = start(
        "--companies", str(path), port=free_port(), token_port=free_port(), directory=tmp_path / "state"
    )
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said.startswith(f"The sandbox cannot start: {path} is not a list of companies to make up: ")
    assert reason in said
    assert said.count("\n") == 1


def test_sigterm_ends_it_at_once_also_while_requests_are_open() -> None:
    with running_sandbox("--latency-ms", "60000") as sandbox:
        fortnox = Fortnox.of(sandbox, "9000001")
        with ThreadPoolExecutor(2) as pool:
            open_requests = [pool.submit(fortnox.http.get, "customers", timeout=50) for _ in range(2)]
            while sandbox.admin("GET", "requests")["fortnox"]["9000001"]["requests"] < 2:
                pass
            assert not any(request.done() for request in open_requests), "slow answers overlap"
            sandbox.process.send_signal(signal.SIGTERM)
            assert sandbox.process.wait(timeout=10) == 0
            for request in open_requests:
                assert isinstance(request.exception(timeout=10), httpx.TransportError)
        for url in (sandbox.base_url, sandbox.token_url):
            with pytest.raises(httpx.ConnectError):
                httpx.get(url)


def test_tokens_and_trust_outlive_a_restart(tmp_path: Path) -> None:
    with running_sandbox("--directory", str(tmp_path), "--certificate-name", "sandbox") as first:
        headers = Fortnox.of(first, "9000002").http.headers
        trusted = (tmp_path / "powerbi-ca.pem").read_bytes()
        first.process.send_signal(signal.SIGINT)
        assert first.process.wait(timeout=10) == 0
    with running_sandbox("--directory", str(tmp_path)) as second:
        assert httpx.get(f"{second.base_url}/3/customers", headers=headers).status_code == 200
        assert (tmp_path / "powerbi-ca.pem").read_bytes() == trusted
        assert httpx.get(second.token_url, verify=str(tmp_path / "powerbi-ca.pem")).status_code == 404
    secrets = [path for path in tmp_path.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert len(secrets) == 2
    assert {path.stat().st_mode & 0o077 for path in secrets} == {0}


def outcome(fortnox: Fortnox) -> Any:
    """Status of a request, or the name of what befell it."""
    try:
        answer = fortnox.get("customers?limit=500")
    except httpx.TransportError as error:
        return type(error).__name__
    return answer.status_code, answer.headers["content-type"], answer.text[:12]


def test_faults_strike_in_order_and_are_used_up(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    fortnox = Fortnox.of(sandbox, tenant)
    healthy = outcome(fortnox)
    assert healthy == (200, "application/json", '{"MetaInform')
    here = {"path_contains": "/3/customers", "tenant": tenant}
    sandbox.admin(
        "POST",
        "faults",
        [
            {**here, "kind": "status", "status": 503, "times": 2},
            {**here, "kind": "html"},
            {**here, "kind": "json", "body": {"Customers": "API_NORIGHT"}},
            {**here, "kind": "cut"},
            {**here, "kind": "reset"},
            {**here, "kind": "slow", "seconds": 0.05},
            {**here, "kind": "status", "status": 429, "method": "DELETE"},
        ],
    )
    assert [outcome(fortnox) for _ in range(8)] == [
        (503, "application/json", "{}"),
        (503, "application/json", "{}"),
        (200, "text/html; charset=utf-8", "<html><head>"),
        (200, "application/json", '{"Customers"'),
        "RemoteProtocolError",
        "ReadError",
        healthy,
        healthy,
    ]
    (waiting,) = [fault for fault in sandbox.admin("GET", "faults") if fault["tenant"] == tenant]
    assert waiting["method"] == "DELETE"
    sandbox.admin("DELETE", "faults")
    assert sandbox.admin("GET", "faults") == []


def test_faults_strike_tokens_and_power_bi_too(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    sandbox.admin(
        "POST",
        "faults",
        [
            {"kind": "status", "status": 500, "path_contains": "/oauth-v1/token", "tenant": tenant},
            {
                "kind": "status",
                "status": 429,
                "path_contains": "/refreshes",
                "headers": {"Retry-After": "3392"},
            },
            {"kind": "reset", "path_contains": "/oauth2/v2.0/token"},
        ],
    )
    assert ask_for_token(sandbox, tenant).status_code == 500
    assert ask_for_token(sandbox, tenant).status_code == 200
    throttled = httpx.post(f"{sandbox.base_url}/v1.0/myorg/groups/a/datasets/b/refreshes")
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "3392")
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{sandbox.token_url}/sandbox-tenant/oauth2/v2.0/token", verify=str(sandbox.ca_path))


def test_settings_are_checked(spare: tuple[Sandbox, str]) -> None:
    sandbox, _ = spare
    for wrong in ({"colour": "red"}, {"latency_ms": -1}, {"busy_status": 418}):
        with pytest.raises(httpx.HTTPStatusError, match="422"):
            sandbox.admin("POST", "settings", wrong)
    assert sandbox.admin("GET", "settings")["latency_ms"] == 0
