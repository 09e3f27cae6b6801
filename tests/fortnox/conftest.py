"""A sandbox of these tests' own, which they turn as they like, and hooks that speak to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from saldo.fortnox import hook as hook_module
from saldo.fortnox import oauth, pacing
from saldo.fortnox.hook import FortnoxHook
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import Warehouse, connect_companies, point_at_sandbox

TOKEN_PATH = "/oauth-v1/token"
TENANT, OTHER_TENANT = "7000001", "7000002"
# Where the browser ends after an approval.
BACK = "https://saldo.example/callback"


@dataclass(frozen=True)
class Fortnox:
    """The sandbox as a test turns it.

    `organizations` are its companies in the warehouse, by tenant id; `masked` is what Airflow was told to
    keep out of its logs.
    """

    sandbox: Sandbox
    warehouse: Warehouse
    organizations: dict[str, int]
    masked: list[str]

    @contextmanager
    def hook(self, tenant: str = TENANT, kind: type[FortnoxHook] = FortnoxHook) -> Iterator[FortnoxHook]:
        """A hook as a process of its own would have one: with its own connection to the warehouse."""
        from saldo.database import Role, connect

        with connect(Role.LOADER, self.organizations.get(tenant), autocommit=True) as connection:
            yield kind(tenant, connection)

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Calls /sandbox/{path}."""
        return self.sandbox.admin(method, path, body)

    def fault(self, kind: str, path: str = "/3/", times: int = 1, **more: Any) -> None:
        """The next `times` requests for the path meet it."""
        self.admin("POST", "faults", [{"kind": kind, "path_contains": path, "times": times, **more}])

    def faults_left(self) -> int:
        """How many requests would still meet a fault."""
        return sum(fault["times"] for fault in self.admin("GET", "faults"))

    def asked(self, tenant: str = TENANT) -> dict[str, Any]:
        """What Fortnox was asked for the company: requests, paths, throttled, tokens."""
        nothing = {"requests": 0, "paths": {}, "throttled": 0, "tokens": 0}
        found: dict[str, Any] = self.admin("GET", "requests")["fortnox"].get(tenant, nothing)
        return found

    def approval(self, tenant: str = TENANT, **changes: str) -> str:
        """The whole address that the browser ends on when the company has answered the approval.

        Without `account_type="service"` the access is the person's: nothing but a refresh token.
        """
        asked = {
            "client_id": "sandbox-client",
            "scope": "companyinformation customer bookkeeping",
            "state": "s",
            "access_type": "offline",
            "response_type": "code",
            "redirect_uri": BACK,
            "tenant": tenant,
            **changes,
        }
        answer = httpx.get(f"{self.sandbox.base_url}/oauth-v1/auth", params=asked)
        return answer.headers["location"]

    def credential(self, columns: str, tenant: str = TENANT) -> tuple[Any, ...]:
        """What is stored of the company's access."""
        query = f"select {columns} from control.credential where organization_id = %s"
        return self.warehouse.rows(query, [self.organizations[tenant]])[0]

    def settings(self, **changes: Any) -> None:
        """Turns the sandbox's settings."""
        self.admin("POST", "settings", changes)


@pytest.fixture(scope="package")
def own_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    companies = [
        {
            "name": f"Provbolaget {tenant} AB",
            "tenant_id": tenant,
            "seed": 1,
            "vouchers": 25,
            "years": [{"from": "2025-01-01", "to": "2025-12-31", "id": 4}],
        }
        for tenant in (TENANT, OTHER_TENANT)
    ]
    file = tmp_path_factory.mktemp("sandbox") / "companies.json"
    file.write_text(json.dumps(companies))
    with running_sandbox("--companies", str(file)) as running:
        yield running


@pytest.fixture(scope="module")
def organizations(own_sandbox: Sandbox, module_warehouse: Warehouse) -> dict[str, int]:
    return {item.tenant_id: item.organization_id for item in connect_companies(own_sandbox)}


@pytest.fixture
def fortnox(
    own_sandbox: Sandbox,
    module_warehouse: Warehouse,
    organizations: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> Fortnox:
    """The sandbox without faults, fast and without limit, and no token or slot in the warehouse."""
    point_at_sandbox(own_sandbox, monkeypatch)
    monkeypatch.setattr(hook_module, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(pacing, "WINDOW_SECONDS", 0.001)
    module_warehouse.execute(
        "update control.credential set access_token = null, expires_at = null, refresh_token = null, "
        "refresh_expires_at = null, credential_kind = 'client_credentials', asked_at = null, "
        "lost_at = null, lost_reason = null, renewed_at = null; truncate control.request_pace"
    )
    found = Fortnox(own_sandbox, module_warehouse, organizations, [])
    # Airflow's own compiles one expression of all secrets anew for each: slow where every test has a token.
    monkeypatch.setattr(oauth, "mask_secret", found.masked.append)
    found.settings(
        requests_per_window=100_000,
        window_seconds=5,
        token_seconds=3600,
        access={},
        redirect_uri=None,
        api_code_tenant=None,
    )
    found.admin("DELETE", "faults")
    found.admin("DELETE", "grants")
    found.admin("DELETE", "requests")
    return found
