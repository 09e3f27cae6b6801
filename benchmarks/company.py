"""A made-up company's file and throw-away warehouses, for the benchmarks."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg

from local.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[1]
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
