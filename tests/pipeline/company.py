"""A made-up company whose Fortnox a test changes, and the extract tasks that run for it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from saldo import organizations
from saldo.fortnox.clock import STOCKHOLM
from saldo.fortnox.resources import Group
from saldo.organizations import Organization
from saldo.pipeline.extract import LIST_GROUPS, Remaining, extraction
from saldo.pipeline.work import Request
from tests.sandbox.callers import companies_file
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import Warehouse, point_at_sandbox, without_pace

TODAY = datetime.now(STOCKHOLM).date()
_runs = itertools.count(1)


def calendar_year(year: int) -> dict[str, str]:
    """A financial year for a company to make up."""
    return {"from": f"{year}-01-01", "to": f"{year}-12-31"}


THIS_YEAR = [calendar_year(TODAY.year)]


@contextlib.contextmanager
def companies(directory: Path, patch: pytest.MonkeyPatch, *kinds: dict[str, Any]) -> Iterator[Sandbox]:
    """A sandbox with these companies, asked without pace; what a kind leaves out is a small usual company."""
    # What is dated in the future was changed there too, and would come whatever lastmodified says.
    usual = {"years": THIS_YEAR, "booked_until": (TODAY - timedelta(days=1)).isoformat()}
    numbered = [{**usual, "tenant_id": str(7_300_001 + place), **kind} for place, kind in enumerate(kinds)]
    with running_sandbox("--companies", companies_file(directory, *numbered)) as sandbox:
        point_at_sandbox(sandbox, patch)
        without_pace(sandbox, patch)
        yield sandbox


def with_small_pages(patch: pytest.MonkeyPatch, size: int) -> None:
    """Lists of so many records a page, so that a small company's lists have several."""
    for module in ("fortnox.hook", "pipeline.plan"):
        patch.setattr(f"saldo.{module}.PAGE_SIZE", size)


@dataclass(frozen=True)
class Ran:
    """What one run of the extract tasks asked for and left."""

    requests: int
    remaining: Remaining
    lines: dict[str, Any]
    """The status lines by resource, the last of each."""


@dataclass(frozen=True)
class Company:
    """One company: its books at Fortnox, and what has landed of them."""

    sandbox: Sandbox
    warehouse: Warehouse
    organization: Organization

    @classmethod
    def connect(cls, sandbox: Sandbox, warehouse: Warehouse, tenant: str) -> Company:
        [company] = [item for item in sandbox.companies() if item["tenant_id"] == tenant]
        return cls(
            sandbox,
            warehouse,
            organizations.register(
                tenant_id=tenant,
                name=company["name"],
                organization_number=company["organization_number"],
                workspace_id=company["workspace_id"],
                dataset_id=company["dataset_id"],
            ),
        )

    def book(self, method: str, path: str, body: object = None) -> Any:
        """Changes something at Fortnox."""
        return self.sandbox.admin(method, f"{self.organization.tenant_id}/{path}", body)

    def asked(self) -> dict[str, int]:
        """How often Fortnox was asked for each path, as Fortnox itself counted."""
        counted = self.sandbox.admin("GET", "requests")["fortnox"]
        found: dict[str, int] = counted.get(self.organization.tenant_id, {}).get("paths", {})
        return {path.removeprefix("GET /3/"): count for path, count in found.items() if "/3/" in path}

    def run(self, **request: Any) -> Ran:
        """The extract tasks of one run, one after another."""
        before = sum(self.asked().values())
        with extraction(self.organization, Request(f"run {next(_runs)}", **request)) as work:
            remaining = work.interval() if work.work.request.interval else work.changes()
            if Group.LEDGER in remaining.tasks:
                work.books.load()
            for group in LIST_GROUPS:
                if group in remaining.tasks:
                    work.group(group, remaining.lists.get(group, ()))
            statuses = list(work.work.statuses)
            assert work.work.hook.requests_made == sum(self.asked().values()) - before
        return Ran(
            work.work.hook.requests_made,
            remaining,
            {f"{line.resource} {line.scope}".strip(): line for line in statuses},
        )

    def first_runs(self) -> None:
        """All that there is, single records and voucher lists too, as if the first report were built."""
        self.run()
        self.is_built()
        self.run()

    def is_built(self) -> None:
        """Says that the marts show what has landed, without building them."""
        self.warehouse.execute(
            "insert into control.version_built select organization_id, landed, now() from control.version "
            "on conflict (organization_id) do update set built = excluded.built"
        )

    def time_passes(self, passed: timedelta = timedelta(hours=25)) -> None:
        """As if what is known had been asked for so much earlier."""
        self.warehouse.execute(
            "update control.sync_cursor set asked_at = asked_at - %(passed)s, "
            "swept_at = swept_at - %(passed)s, probed_at = probed_at - %(passed)s",
            {"passed": passed},
        )

    def cursors(self) -> list[tuple[Any, ...]]:
        """All that scheduled runs go by."""
        return self.warehouse.rows("select * from control.sync_cursor order by organization_id, 2, 3")

    def documents(self, resource: str, columns: str = "document_key, deleted_at is not null") -> list[Any]:
        """What landed of a resource, by key."""
        return self.warehouse.rows(
            f"select {columns} from landing.document where resource = %s "
            "order by length(document_key), document_key",
            [resource],
        )
