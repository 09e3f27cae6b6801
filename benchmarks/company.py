"""A made-up company, as a file or served by the sandbox, and throw-away warehouses, for the benchmarks."""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from tests.sandbox.process import Sandbox, running_sandbox
from tests.support import point_at_sandbox

# Before anything imports Airflow: what it says of its work would stand between the figures.
os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")

ROOT = Path(__file__).parents[1]
TENANT = "1"
LOGINS = {"WAREHOUSE": "saldo_app", "MIGRATION": "saldo_migrator", "REPORT": "saldo_report"}

_MAKE = """
import sys
from datetime import date
from sandbox.made_up import CompanySpecification, make_up
company = make_up(CompanySpecification.model_validate(
    {"name": "Mätbolaget AB", "seed": 1, "vouchers": int(sys.argv[1]), "tenant_id": "1",
     "years": [{"from": "2025-01-01", "to": "2025-12-31"}]}
))
open(sys.argv[2], "wb").write(company.years[0].sie(4, date(2026, 1, 5)))
"""


def made_up_file(path: Path, vouchers: int) -> None:
    """Writes the SIE 4 file of a made-up year; in another process, so that it leaves no memory behind."""
    subprocess.run(
        [sys.executable, "-c", _MAKE, str(vouchers), str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "include")},
        check=True,
    )


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall clock that it took, and megabytes of the peak above what the process stood at.

    The kernel is asked to forget the peak before: that of the start, or of the process that began this one,
    may be higher. So this needs Linux.
    """
    Path("/proc/self/clear_refs").write_text("5")
    idle, began = _peak_kilobytes(), time.perf_counter()
    work()
    return time.perf_counter() - began, (_peak_kilobytes() - idle) / 1024


def _peak_kilobytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))


@contextmanager
def temporary_warehouse() -> Iterator[Callable[[str], AbstractContextManager[None]]]:
    """One durable embedded PostgreSQL; what is yielded makes a migrated, empty warehouse by name."""
    password = secrets.token_urlsafe(12)
    os.environ["AIRFLOW__SALDO__ENCRYPTION_KEYS"] = "c2FsZG8tYmVuY2htYXJrcy1zYWxkby1iZW5jaG1hcms="
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory,
        EmbeddedPostgres(Path(directory), random.randrange(20_000, 32_000), password) as server,
    ):
        os.environ["SALDO_ADMIN_URL"] = server.url("postgres")

        @contextmanager
        def warehouse(name: str) -> Iterator[None]:
            from saldo.warehouse.migrations import migrate, set_up

            for connection, login in LOGINS.items():
                os.environ[f"AIRFLOW_CONN_SALDO_{connection}"] = server.url(name, login, password)
            set_up()
            migrate()
            yield
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute(f'drop database "{name}" with (force)')

        yield warehouse


@contextmanager
def sandbox_company(
    vouchers: int, first_day: date, last_day: date, booked_until: date | None = None
) -> Iterator[Sandbox]:
    """The sandbox with one made-up company of one financial year, at Fortnox's limits; Airflow's connection
    leads to it, here and in the processes begun meanwhile."""
    company = {
        "name": "Mätbolaget AB",
        "seed": 1,
        "vouchers": vouchers,
        "tenant_id": TENANT,
        "years": [{"from": first_day, "to": last_day}],
        "booked_until": booked_until,
    }
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        file = Path(directory) / "companies.json"
        file.write_text(json.dumps([company], default=str))
        with running_sandbox("--companies", str(file)) as sandbox:
            point_at_sandbox(sandbox, patch)
            yield sandbox


def counted(sandbox: Sandbox) -> tuple[int, int]:
    """How many requests the company's Fortnox got since this was last asked, and how many it refused."""
    requests, refused = 0, 0
    for tenant in sandbox.admin("GET", "requests")["fortnox"].values():
        requests, refused = tenant["requests"], tenant["throttled"]
    sandbox.admin("DELETE", "requests")
    return requests, refused
