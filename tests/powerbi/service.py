"""The sandbox's Power BI as tests use it: a fresh dataset for each test, and what was asked of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sandbox.process import Sandbox, running_sandbox

SECRET = "sandbox-powerbi-secret"
CONNECTION = "AIRFLOW_CONN_POWERBI_DEFAULT"
_DATASETS = 60


def connection(sandbox: Sandbox, **extra: str | None) -> str:
    """The Airflow connection of the sandbox's Power BI, as JSON; `extra` overrides or, None, takes away."""
    settings = {
        "tenant_id": "sandbox-tenant",
        "base_url": sandbox.base_url,
        "authority": sandbox.token_url,
        "verify": str(sandbox.ca_path),
        **extra,
    }
    return json.dumps(
        {
            "conn_type": "powerbi_saldo",
            "login": "sandbox-powerbi",
            "password": SECRET,
            "extra": {name: value for name, value in settings.items() if value is not None},
        }
    )


@dataclass
class Dataset:
    """One dataset that no other test uses."""

    sandbox: Sandbox
    tenant_id: str
    workspace_id: str
    dataset_id: str

    def arrange(self, action: str, **more: Any) -> str | None:
        """Has the sandbox do something to it; the id of the refresh concerned."""
        found: str | None = self.sandbox.admin(
            "POST", f"datasets/{self.dataset_id}", {"action": action, **more}
        )["request_id"]
        return found

    def asked(self) -> list[dict[str, Any]]:
        """The refreshes that the API took, oldest first."""
        return [each for each in self._refreshes() if each["type"] == "ViaApi"]

    def fault(self, **fault: Any) -> None:
        """Has the next request for this dataset that matches go wrong."""
        path = f"/datasets/{self.dataset_id}/refreshes"
        self.sandbox.admin("POST", "faults", [{"path_contains": path, **fault}])

    def settings(self, **settings: Any) -> None:
        """Turns the sandbox's settings until the end of the test."""
        self.sandbox.admin("POST", "settings", settings)

    def requests(self) -> int:
        """How many requests for this dataset have come through."""
        paths = self.sandbox.admin("GET", "requests")["power_bi"]["paths"]
        return sum(count for path, count in paths.items() if self.dataset_id in path)

    def _refreshes(self) -> list[dict[str, Any]]:
        found = self.sandbox.admin("GET", "refreshes")
        return [each for each in found if each["dataset_id"] == self.dataset_id]


@dataclass
class PowerBIService:
    """A running sandbox and the datasets that no test has had yet."""

    sandbox: Sandbox
    unused: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def dataset(self) -> Iterator[Dataset]:
        """A fresh dataset; afterwards settings and faults are as they were."""
        before = self.sandbox.admin("GET", "settings")
        company = self.unused.pop()
        try:
            yield Dataset(self.sandbox, company["tenant_id"], company["workspace_id"], company["dataset_id"])
        finally:
            self.sandbox.admin("DELETE", "faults")
            self.sandbox.admin("POST", "settings", before)


@contextmanager
def running_service(directory: Path) -> Iterator[PowerBIService]:
    """A sandbox of its own; the Airflow connection points to it meanwhile."""
    companies = [
        {
            "name": f"Provbolag {number} AB",
            "tenant_id": str(7_000_000 + number),
            "seed": number,
            "vouchers": 25,
            "years": [{"from": "2025-01-01", "to": "2025-12-31"}],
        }
        for number in range(_DATASETS)
    ]
    file = directory / "companies.json"
    file.write_text(json.dumps(companies), encoding="utf-8")
    before = os.environ.get(CONNECTION)
    with running_sandbox("--companies", str(file)) as sandbox:
        os.environ[CONNECTION] = connection(sandbox)
        try:
            yield PowerBIService(sandbox, sandbox.companies())
        finally:
            if before is None:
                del os.environ[CONNECTION]
            else:
                os.environ[CONNECTION] = before
