"""From the bytes of a SIE file to a committed ledger and checked marts, beside a bare COPY of the same rows.

    .venv/bin/python -m benchmarks.ledger [--vouchers 100000] [--repeat 3]

Both run in processes of their own against one embedded PostgreSQL, in turn, so that their ratio holds on a
noisy machine. The bare COPY gets the rows ready-made as Python values and writes them with psycopg's
write_row into a table without index; the ledger reads the file, holds it against itself, compares every
voucher with what is landed (nothing, then everything) and writes vouchers and rows with their history. Then
the marts are built from it and checked, in their one transaction.
Printed: seconds of wall clock (the best of the repeats), the ratio, and peak memory above an idle process.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.company import made_up_file, measured, temporary_warehouse
from saldo import organizations
from saldo.database import Role, connect
from saldo.fortnox import sie
from saldo.pipeline.year_facts import YearReader
from saldo.warehouse import landing
from saldo.warehouse.build import build
from saldo.warehouse.landing import FinancialYear
from saldo.warehouse.ledger import land_facts, land_vouchers

YEAR = FinancialYear(1, date(2025, 1, 1), date(2025, 12, 31))


def load(path: Path) -> None:
    """What the task extract.ledger does with a file."""
    data = path.read_bytes()
    reader = YearReader(data, YEAR)
    organization_id = organizations.read().organizations[0].organization_id
    with connect(Role.LOADER, organization_id) as connection:
        land_vouchers(connection, YEAR.financial_year_id, reader.vouchers(), fallback_date=YEAR.start_date)
        land_facts(connection, YEAR.financial_year_id, reader.facts())


def build_marts() -> None:
    """What the task transform.build does: marts and checks, committed together."""
    organization_id = organizations.read().organizations[0].organization_id
    with connect(Role.LOADER, organization_id) as connection:
        landing.set_as_of(connection, YEAR.end_date)
    if not build(organization_id).built:
        raise SystemExit("There was nothing to build")


def bare_copy(rows: list[tuple[Any, ...]]) -> None:
    """The least that gets the rows into a table with the ledger's columns: no index, no rules."""
    database = conninfo_to_dict(os.environ["AIRFLOW_CONN_SALDO_WAREHOUSE"])["dbname"]
    with psycopg.connect(os.environ["SALDO_ADMIN_URL"], dbname=database) as connection:
        connection.execute("create table if not exists bare (like landing.voucher_row)")
        with connection.cursor() as cursor, cursor.copy("copy bare from stdin") as copy:
            for row in rows:
                copy.write_row(row)


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    """Every row of the file as Python values, in the order of landing.voucher_row."""
    fetched = datetime.now(UTC)
    return [
        (
            1, 1, voucher.series, voucher.number, 1, position, row.account, row.amount, "", "", "",
            row.date, row.text, row.quantity, row.signature or "", row.is_struck, row.is_added,
            fetched, "infinity",
        )
        for voucher in sie.parse(path.read_bytes())
        if isinstance(voucher, sie.Voucher)
        for position, row in enumerate(voucher.rows, 1)
    ]  # fmt: skip


PHASES: dict[str, Callable[[Path], Callable[[], None]]] = {
    "bare": lambda path: partial(bare_copy, rows_of(path)),
    "load": lambda path: partial(load, path),
    "build": lambda path: build_marts,
}


def measure(phase: str, path: Path) -> None:
    """In a process of its own: prepares, then prints seconds and megabytes above what it stood at."""
    work = PHASES[phase](path)
    with connect(Role.LOADER):
        pass
    print(json.dumps(measured(work)))


def in_a_process(phase: str, path: Path) -> tuple[float, float]:
    """Seconds and megabytes of a phase."""
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.ledger", "--phase", phase, "--file", str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    seconds, megabytes = json.loads(process.stdout.splitlines()[-1])
    return seconds, megabytes


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vouchers", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--phase", choices=PHASES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.phase:
        measure(options.phase, options.file)
        return
    with tempfile.TemporaryDirectory() as directory, temporary_warehouse() as warehouse:
        path = Path(directory) / "year.se"
        made_up_file(path, options.vouchers)
        bare, first, again, built = [], [], [], []
        for _ in range(options.repeat):
            with warehouse(secrets.token_hex(4)):
                bare.append(in_a_process("bare", path))
                organizations.register(tenant_id="1", name="Mätbolaget AB", organization_number="")
                first.append(in_a_process("load", path))
                again.append(in_a_process("load", path))
                built.append(in_a_process("build", path))
        print(f"{options.vouchers} vouchers, {path.stat().st_size / 2**20:.1f} MB of SIE")
        base = min(bare)[0]
        for name, figures in (
            ("bare COPY", bare),
            ("ledger, first", first),
            ("ledger, unchanged", again),
            ("marts and checks", built),
        ):
            seconds, megabytes = min(figures)[0], max(figure[1] for figure in figures)
            print(f"{name:<18} {seconds:6.2f} s  {seconds / base:5.2f} x  {megabytes:6.0f} MB above idle")


if __name__ == "__main__":
    main()
