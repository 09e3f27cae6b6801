"""The sandboxes that the tests of the sandbox share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.callers import Fortnox, companies_file
from tests.sandbox.process import Sandbox, running_sandbox

YEARS = [
    {"from": "2023-07-01", "to": "2024-06-30", "id": 5},
    {"from": "2024-07-01", "to": "2025-06-30", "id": 2},
    {"from": "2025-07-01", "to": "2025-12-31", "id": 9},
]
TWIN: dict[str, Any] = {"seed": 41, "vouchers": 1_500, "years": YEARS}


@pytest.fixture(scope="session")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Two companies, 101 and 102, with the same books; nothing here changes them, and no limit binds."""
    companies = companies_file(
        tmp_path_factory.mktemp("twins"),
        {**TWIN, "tenant_id": "101", "name": "Tvilling Åkeri AB"},
        {**TWIN, "tenant_id": "102", "name": "Tvilling Öl AB"},
    )
    with running_sandbox("--companies", companies) as sandbox:
        sandbox.admin("POST", "settings", {"requests_per_window": 1_000_000, "today": "2026-03-02"})
        yield sandbox


@pytest.fixture(scope="session")
def twin(twins: Sandbox) -> Fortnox:
    """The Fortnox of the first twin."""
    return Fortnox.of(twins, "101")


@pytest.fixture(scope="session")
def _spares(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Iterator[str]]]:
    tenants = [str(tenant) for tenant in range(301, 361)]
    companies = companies_file(
        tmp_path_factory.mktemp("spares"),
        *({"tenant_id": tenant, "seed": int(tenant)} for tenant in tenants),
    )
    with running_sandbox("--companies", companies) as sandbox:
        yield sandbox, iter(tenants)


@pytest.fixture
def spare(_spares: tuple[Sandbox, Iterator[str]]) -> Iterator[tuple[Sandbox, str]]:
    """A sandbox whose settings and faults are the test's until its end, and a tenant that is its alone."""
    sandbox, tenants = _spares
    settings = sandbox.admin("GET", "settings")
    sandbox.admin("DELETE", "requests")
    yield sandbox, next(tenants)
    sandbox.admin("POST", "settings", settings)
    sandbox.admin("DELETE", "faults")
