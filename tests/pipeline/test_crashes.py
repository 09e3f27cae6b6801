"""A run that ends after any statement or answer, and is run again, leaves what an undisturbed one leaves."""

from __future__ import annotations

import itertools
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from saldo.fortnox import hook
from saldo.fortnox.clock import STOCKHOLM
from saldo.fortnox.pacing import Pace
from tests.crash import crashing
from tests.pipeline.company import TODAY, Company, calendar_year, companies
from tests.support import Run, Warehouse, dag_of, run_until_done

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.timeout(2400)]

YEARS = [calendar_year(TODAY.year - 1), calendar_year(TODAY.year)]
NO_REPORT = "update control.organization set workspace_id = null, dataset_id = null"

# CRASHES=3 ends the longer runs at each third boundary only.
EVERY = int(os.environ.get("CRASHES", "1"))

log = logging.getLogger(__name__)


@pytest.fixture
def company(tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A small company, connected and never run yet."""
    with companies(tmp_path, monkeypatch, {"years": YEARS, "vouchers": 25}) as sandbox:
        # The overlap would make up for a cursor that moved before its rows were there. A slot that is
        # reserved and not used costs time alone.
        monkeypatch.setattr(hook, "lastmodified_since", _to_the_second)
        monkeypatch.setattr(Pace, "wait", lambda _: None)
        yield Company.connect(sandbox, warehouse, sandbox.companies()[0]["tenant_id"])


def _to_the_second(since: datetime) -> str:
    return since.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")


@contextmanager
def copied(source: Warehouse, patch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    copy = Warehouse(source.server, f"warehouse_{secrets.token_hex(4)}")
    copy.create(source.name)
    copy.point_at(patch)
    try:
        yield copy
    finally:
        copy.drop()
        source.point_at(patch)


def run(company: Company) -> list[Run]:
    """The DAG, and the runs that it asks for."""
    dag = dag_of(company.organization)
    refresh = dag.get_task("publish.refresh")
    refresh.history_lag, refresh.first_poll_seconds = timedelta(seconds=1), 0.05
    return run_until_done(dag)


def run_well(company: Company) -> None:
    for each in run(company):
        assert each.errors == {}


def crash_everywhere(company: Company, patch: pytest.MonkeyPatch, every: int = EVERY) -> int:
    """Ends the runs at each (or every third) of their boundaries and runs them again; returns how many
    boundaries there are."""
    with copied(company.warehouse, patch) as warehouse:
        run_well(company)
        right = warehouse.dump()
    for boundary in itertools.count(1, every):
        with copied(company.warehouse, patch) as warehouse:
            with crashing(warehouse, boundary) as crash:
                run(company)
            if not crash.has_happened:
                log.info("%d steps, of which %d make a difference", crash.steps, crash.differences)
                return crash.differences
            run_well(company)
            assert warehouse.dump() == right, f"after boundary {boundary}"
    raise AssertionError


def test_the_first_runs(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.warehouse.execute(NO_REPORT)
    assert crash_everywhere(company, monkeypatch) > 50


@pytest.mark.parametrize("passed", [timedelta(hours=1), timedelta(hours=25)], ids=["hour", "day"])
def test_a_later_run(company: Company, monkeypatch: pytest.MonkeyPatch, passed: timedelta) -> None:
    company.warehouse.execute(NO_REPORT)
    run_well(company)
    leaver = company.book("POST", "suppliers", {"name": "Borta AB"})["number"]
    run_well(company)
    change_at_fortnox(company, leaver)
    if passed > timedelta(days=1):
        company.time_passes(passed)
    assert crash_everywhere(company, monkeypatch) > 10


def change_at_fortnox(company: Company, leaver: str) -> None:
    """Something of each kind: new, changed, booked, paid, deleted."""
    [*_, year] = company.sandbox.companies()[0]["financial_years"]
    company.book("POST", "vouchers")
    company.book("PATCH", f"vouchers/{year['id']}/A/1", {"text": "Rättad text"})
    company.book("PATCH", "customers/1", {"name": "Nytt Namn AB"})
    company.book("POST", "customers", {"name": "Ny Kund AB"})
    company.book("POST", "projects", {"name": "Nytt projekt"})
    invoice = company.book("POST", "invoices")["number"]
    company.book("POST", f"invoices/{invoice}/pay")
    company.book("PATCH", f"invoices/{invoice}", {"text": "Ny radtext"})
    company.book("POST", "supplierinvoices")
    company.book("DELETE", f"suppliers/{leaver}")


def test_the_refresh(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it ended, the report shows what was built in the end, and no version was asked for twice."""
    company.sandbox.admin("POST", "settings", {"refresh_seconds": 0.1, "history_lag_seconds": 0})
    [report] = company.warehouse.rows("select workspace_id, dataset_id from control.organization")
    company.warehouse.execute(NO_REPORT)
    run_well(company)
    company.warehouse.execute("update control.organization set workspace_id = %s, dataset_id = %s", report)
    boundaries = crash_everywhere(company, monkeypatch, every=1)
    assert boundaries > 5
    asked: list[Any] = company.sandbox.admin("GET", "refreshes")
    assert {refresh["status"] for refresh in asked} == {"Completed"}
    assert len(asked) == boundaries + len(("undisturbed", "past the last boundary"))
