"""Fifty organizations in one warehouse, of which five fail, each in a way of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from saldo.encryption import UnreadableSecretError
from saldo.fortnox import hook
from saldo.fortnox.errors import AccessRevokedError, TemporaryError
from saldo.pipeline.year_facts import UnfitFileError
from tests.oracle import stated_closing
from tests.sandbox.callers import Fortnox, companies_file
from tests.sandbox.faults import ANSWERS
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import (
    Run,
    Warehouse,
    connect_companies,
    dag_of,
    point_at_sandbox,
    run_dag,
    without_pace,
)

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.timeout(2400)]

TENANTS = [str(9_000_001 + place) for place in range(50)]
REVOKED, NO_BOOKKEEPING, DOWN, BROKEN_FILE, OTHER_KEY = (TENANTS[place] for place in (3, 14, 25, 36, 47))
FAILING = {REVOKED, NO_BOOKKEEPING, DOWN, BROKEN_FILE, OTHER_KEY}
YEAR = 5
# An access token under a key that Saldo does not have any more.
UNREADABLE = b"gAAAAABlZ2FyIGljaGUgbmljaHQgbGVzYmFy"


@dataclass(frozen=True)
class Fleet:
    """All organizations by tenant id, after the run of each that gives its first report."""

    sandbox: Sandbox
    warehouse: Warehouse
    organizations: dict[str, Any]
    runs: dict[str, Run]

    def id_of(self, tenant: str) -> int:
        """Its key in every table."""
        found: int = self.organizations[tenant].organization_id
        return found

    def errors(self, tenant: str) -> dict[str, BaseException]:
        """What its tasks failed with."""
        return self.runs[tenant].errors

    def digests(self) -> dict[int, list[tuple[str, str]]]:
        """Of each organization, what every table holds of it, moments and runs included."""
        tables = self.warehouse.rows(
            "select table_schema || '.' || table_name from information_schema.columns "
            "join information_schema.tables using (table_schema, table_name) "
            "where column_name = 'organization_id' and table_type = 'BASE TABLE' "
            "and table_schema in ('landing', 'control', 'mart') order by 1"
        )
        found: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for (table,) in tables:
            for organization_id, digest in self.warehouse.rows(
                "select organization_id, md5(string_agg(source::text, '|' order by source::text)) "
                f"from {table} as source group by 1"
            ):
                found[organization_id].append((table, digest))
        return dict(found)


@pytest.fixture(scope="module")
def fleet(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    companies = companies_file(
        tmp_path_factory.mktemp("many"),
        *(
            {
                "name": f"Bolag {tenant} AB",
                "tenant_id": tenant,
                "seed": int(tenant),
                "vouchers": 25,
                "years": [{"from": "2026-01-01", "to": "2026-12-31", "id": YEAR}],
            }
            for tenant in TENANTS
        ),
    )
    with running_sandbox("--companies", companies) as sandbox, pytest.MonkeyPatch.context() as patch:
        module_warehouse.point_at(patch)
        point_at_sandbox(sandbox, patch)
        without_pace(sandbox, patch)
        patch.setattr(hook, "_FIRST_PAUSE_SECONDS", 0.001)
        organizations = {item.tenant_id: item for item in connect_companies(sandbox)}
        module_warehouse.execute("update control.organization set workspace_id = null, dataset_id = null")
        fleet = Fleet(sandbox, module_warehouse, organizations, {})
        arrange(fleet)
        for tenant in TENANTS:
            fleet.runs[tenant] = run_dag(dag_of(organizations[tenant]), tries=2)
        yield fleet


def arrange(fleet: Fleet) -> None:
    """The five ways to fail."""
    access = {REVOKED: {"revoked": True}, NO_BOOKKEEPING: {"unlicensed_scopes": ["bookkeeping"]}}
    fleet.sandbox.admin("POST", "settings", {"access": access})
    broken = (
        "#FLAGGA 0\r\n#FORMAT PC8\r\n#SIETYP 4\r\n#RAR 0 20250101 20251231\r\n#VER A 1 20250101\r\n{\r\n}\r\n"
    )
    fleet.sandbox.admin(
        "POST",
        "faults",
        [
            {**ANSWERS["500"], "tenant": DOWN, "path_contains": "/3/", "times": 100_000},
            {
                "kind": "json",
                "body": broken,
                "tenant": BROKEN_FILE,
                "path_contains": "/3/sie",
                "times": 100_000,
            },
        ],
    )
    fleet.warehouse.execute(
        "update control.credential set access_token = %s, expires_at = now() + interval '1 hour' "
        "where organization_id = %s",
        [UNREADABLE, fleet.id_of(OTHER_KEY)],
    )


def stated(fleet: Fleet, tenant: str, directory: Path) -> dict[str, Decimal]:
    """Closing balances and results as the company's own SIE file states them."""
    path = directory / f"{tenant}.se"
    path.write_bytes(Fortnox.of(fleet.sandbox, tenant).get(f"sie/4?financialyear={YEAR}").content)
    return stated_closing(path)


def figures(fleet: Fleet, tenant: str) -> dict[str, Decimal]:
    """The same as the mart has them."""
    rows = fleet.warehouse.rows(
        "select dim_account.account_number, trial_balance.closing_balance from mart.trial_balance "
        "join mart.dim_account using (organization_id, account_key) "
        "where organization_id = %s",
        [fleet.id_of(tenant)],
    )
    return {account: amount for account, amount in rows if amount}


def test_forty_five_are_complete_and_their_figures_are_those_of_their_files(
    fleet: Fleet, tmp_path: Path
) -> None:
    whole = [tenant for tenant in TENANTS if tenant not in FAILING]
    assert len(whole) == 45
    for tenant in whole:
        assert fleet.errors(tenant) == {}, tenant
        assert len(stated(fleet, tenant, tmp_path)) > 20
        assert figures(fleet, tenant) == stated(fleet, tenant, tmp_path), tenant
    assert fleet.warehouse.rows(
        "select count(*) from control.version join control.version_built using (organization_id) "
        "where built = landed and organization_id <> all(%s)",
        [[fleet.id_of(tenant) for tenant in FAILING]],
    ) == [(45,)]
    assert (
        fleet.warehouse.rows(
            "select distinct resource, status from control.sync_status "
            "where status <> 'ok' and organization_id <> all(%s)",
            [[fleet.id_of(tenant) for tenant in FAILING]],
        )
        == []
    )


def test_five_say_why(fleet: Fleet) -> None:
    for tenant, task, kind, said in (
        (REVOKED, "extract.changes", AccessRevokedError, "Connect the company again"),
        (DOWN, "extract.changes", TemporaryError, "Fortnox answered 500"),
        (BROKEN_FILE, "extract.ledger", UnfitFileError, "The file is of 2025-01-01 to 2025-12-31"),
        (OTHER_KEY, "extract.changes", UnreadableSecretError, "put the key that was used before back"),
    ):
        errors = fleet.errors(tenant)
        assert list(errors) == [task], tenant
        assert isinstance(errors[task], kind), tenant
        assert said in str(errors[task]), tenant
    assert fleet.errors(NO_BOOKKEEPING) == {}
    assert fleet.warehouse.rows(
        "select resource, status, detail from control.sync_status "
        "where organization_id = %s and status <> 'ok' order by resource limit 1",
        [fleet.id_of(NO_BOOKKEEPING)],
    ) == [
        (
            "financialyears",
            "skipped",
            "Det finns ingen aktiv licens för önskat scope (Fortnox code 2001101). This resource is skipped "
            "until the company has the scope and the licence for it",
        )
    ]


def test_no_run_touches_the_rows_of_another(fleet: Fleet) -> None:
    for tenant in (TENANTS[0], *sorted(FAILING)):
        before = fleet.digests()
        run_dag(dag_of(fleet.organizations[tenant]), "again", params={"full_reload": True})
        after = fleet.digests()
        own = fleet.id_of(tenant)
        assert before.pop(own) != after.pop(own) or tenant in {REVOKED, OTHER_KEY}, tenant
        assert after == before, tenant
        assert len(before) == 49
