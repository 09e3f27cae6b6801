"""A small company in a sandbox of its own, whose Fortnox fails as a test arranges it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.postgres import EmbeddedPostgres
from tests.sandbox.callers import companies_file
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import (
    Run,
    Warehouse,
    connect_companies,
    dag_of,
    point_at_sandbox,
    run_until_done,
    without_pace,
)

TENANT = "8000001"
# As the DAG's own: three more after the first.
TRIES = 4
Dump = dict[str, list[tuple[str, ...]]]


@dataclass(frozen=True)
class Company:
    """The small company, connected in a warehouse of the test's own.

    `right` is what the warehouse holds after a run that meets no fault.
    """

    sandbox: Sandbox
    warehouse: Warehouse
    organization: Any
    right: Dump

    def faults(self, *faults: dict[str, Any]) -> None:
        """Each strikes the company's requests that match it."""
        self.sandbox.admin("POST", "faults", [{"tenant": TENANT, **fault} for fault in faults])

    def faults_left(self) -> list[dict[str, Any]]:
        """Those that have not struck as often as they were to."""
        left: list[dict[str, Any]] = self.sandbox.admin("GET", "faults")
        return left

    def mend(self) -> None:
        """Fortnox is well again."""
        self.sandbox.admin("DELETE", "faults")
        self.settings(access={})

    def settings(self, **changes: Any) -> None:
        """Turns the sandbox's settings; they are as they were when the test ends."""
        self.sandbox.admin("POST", "settings", changes)

    def run(self, run_id: str = "run", **more: Any) -> list[Run]:
        """A run of the DAG and those that it asks for, with Airflow's retries."""
        return run_until_done(dag_of(self.organization), run_id, tries=TRIES, **more)

    def a_day_later(self) -> None:
        """Everything was last asked for a day and an hour earlier than it was."""
        self.warehouse.execute(
            "update control.sync_cursor set asked_at = asked_at - interval '25 hours', "
            "swept_at = swept_at - interval '25 hours'; "
            "update control.credential set access_token = null, expires_at = null"
        )

    def status(self, resource: str, scope: str | None = None) -> dict[str, str]:
        """What its status says, by the resource's scopes or for one of them: status, then detail."""
        return {
            found: f"{status}: {detail}"
            for found, status, detail in self.warehouse.rows(
                "select scope, status, detail from control.sync_status where resource = %s", [resource]
            )
            if scope is None or found == scope
        }

    def not_ok(self) -> dict[str, str]:
        """The resources whose status is another than ok, and which."""
        return {
            " ".join(filter(None, (resource, scope))): status
            for resource, scope, status in self.warehouse.rows(
                "select resource, scope, status from control.sync_status where status <> 'ok'"
            )
        }

    def differs(self, *but: str) -> dict[str, tuple[int, int]]:
        """How many rows each relation lacks and has too many, beside the fault-free state."""
        now = self.warehouse.dump()
        assert now.keys() == self.right.keys()
        return {
            name: (len(set(rows) - set(now[name])), len(set(now[name]) - set(rows)))
            for name, rows in self.right.items()
            if rows != now[name] and name not in but
        }


@dataclass(frozen=True)
class _Prepared:
    sandbox: Sandbox
    template: str
    right: Dump


def _quick(sandbox: Sandbox, patch: pytest.MonkeyPatch) -> None:
    from saldo.fortnox import hook

    point_at_sandbox(sandbox, patch)
    without_pace(sandbox, patch)
    patch.setattr(hook, "_FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture(scope="package")
def _prepared(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Prepared]:
    """The sandbox, a warehouse to copy in which the company is connected, and the fault-free state."""
    from saldo import organizations

    companies = companies_file(
        tmp_path_factory.mktemp("faults"),
        {
            "name": "Motgångens Bageri AB",
            "tenant_id": TENANT,
            "seed": 11,
            "vouchers": 40,
            "years": [
                {"from": f"{year}-01-01", "to": f"{year}-12-31", "id": identity}
                for year, identity in ((2023, 3), (2024, 1), (2025, 2), (2026, 7))
            ],
        },
    )
    connected, fault_free = (
        Warehouse(postgres, f"warehouse_{name}") for name in ("small_company", "fault_free")
    )
    with running_sandbox("--companies", companies) as sandbox:
        # What is patched here must not outlive it: the fixture lives as long as the package's other tests.
        with pytest.MonkeyPatch.context() as patch:
            _quick(sandbox, patch)
            connected.create(template)
            connected.point_at(patch)
            connect_companies(sandbox)
            # Nothing here is about the report, and each refresh would be waited for.
            connected.execute("update control.organization set workspace_id = null, dataset_id = null")
            [organization] = organizations.read(f"fortnox__{TENANT}").organizations
            fault_free.create(connected.name)
            fault_free.point_at(patch)
            for run in run_until_done(dag_of(organization)):
                assert run.errors == {}
        yield _Prepared(sandbox, connected.name, fault_free.dump())
        fault_free.drop()
        connected.drop()


@pytest.fixture
def company(
    postgres: EmbeddedPostgres, _prepared: _Prepared, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Company]:
    """The small company, connected and never run yet."""
    from saldo import organizations

    warehouse = Warehouse(postgres, f"warehouse_{secrets.token_hex(4)}")
    warehouse.create(_prepared.template)
    warehouse.point_at(monkeypatch)
    sandbox = _prepared.sandbox
    _quick(sandbox, monkeypatch)
    settings = sandbox.admin("GET", "settings")
    sandbox.admin("DELETE", "requests")
    [organization] = organizations.read(f"fortnox__{TENANT}").organizations
    try:
        yield Company(sandbox, warehouse, organization, _prepared.right)
    finally:
        sandbox.admin("DELETE", "faults")
        sandbox.admin("POST", "settings", settings)
        warehouse.drop()
