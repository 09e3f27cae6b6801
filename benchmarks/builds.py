"""Marts built and checked: of a large company, of one voucher more, and of one company among a thousand.

    .venv/bin/python -m benchmarks.builds [--rows 300000] [--organizations 50] [--organization-rows 3000]

One durable embedded PostgreSQL. First a company of five financial years with about --rows ledger rows: its
files landed, its marts built whole, again after one voucher changed in the newest year, and the ten slowest
marts and checks of either build. Then --organizations companies of about --organization-rows each, landed
and built one after the other: how long the first ones took and the last ones, beside which the others lie,
one voucher more for the last, and the size on disk.
Printed: seconds of wall clock and their ratios; machines are noisy, so a ratio says more.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.company import ROOT, temporary_warehouse
from saldo import organizations
from saldo.database import Role, connect
from saldo.pipeline.year_facts import YearReader
from saldo.warehouse import build as building
from saldo.warehouse import landing
from saldo.warehouse.landing import FinancialYear
from saldo.warehouse.ledger import land_facts, land_vouchers

ROWS_A_VOUCHER = 2.95
SHOWN = 10

_MAKE = """
import sys
from datetime import date
from sandbox.made_up import CompanySpecification, make_up
vouchers, folder, *years = sys.argv[1:]
company = make_up(CompanySpecification.model_validate(
    {"name": "Mätbolaget AB", "seed": 1, "vouchers": int(vouchers), "tenant_id": "1",
     "years": [{"from": f"{year}-01-01", "to": f"{year}-12-31"} for year in years]}
))
for year, made in zip(years, company.years):
    open(f"{folder}/{year}.se", "wb").write(made.sie(4, date(2026, 1, 5)))
"""


def made_up_years(folder: Path, rows: int, years: range) -> None:
    """Writes the SIE 4 file of each year, together about `rows` ledger rows."""
    vouchers = round(rows / len(years) / ROWS_A_VOUCHER)
    subprocess.run(
        [sys.executable, "-c", _MAKE, str(vouchers), str(folder), *map(str, years)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "include")},
        check=True,
    )


def land(organization_id: int, folder: Path) -> None:
    """What the tasks of a first run leave of these files."""
    with connect(Role.LOADER, organization_id) as connection:
        for number, path in enumerate(sorted(folder.glob("*.se")), 1):
            year = FinancialYear(number, date(int(path.stem), 1, 1), date(int(path.stem), 12, 31))
            reader = YearReader(path.read_bytes(), year)
            land_vouchers(
                connection, year.financial_year_id, reader.vouchers(), fallback_date=year.start_date
            )
            land_facts(connection, year.financial_year_id, reader.facts())
        landing.set_as_of(connection, date(2025, 12, 31))


def change_a_voucher(organization_id: int) -> None:
    """One voucher of the newest year has another text, as its next file would land it."""
    with connect(Role.LOADER, organization_id) as connection:
        changed = connection.execute(
            "update landing.voucher set voucher_text = 'rättad', digest = digest || '\\x01' "
            "where voucher_series = 'A' and voucher_number = '7' and financial_year_id = "
            "(select max(financial_year_id) from landing.voucher)"
        )
        if changed.rowcount != 1:
            raise SystemExit("There is no voucher A 7 to change")
        landing.advance_landed(connection)


def seconds(work: Callable[[], object]) -> float:
    """Wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class _Statements(logging.Handler):
    """Collects what a build says of each mart and check."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.took: list[tuple[float, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and len(record.args) == 3 and isinstance(record.args[2], float):
            self.took.append((record.args[2], str(record.args[0])))


def one_large(folder: Path, rows: int) -> None:
    """Measures the company of five years and prints."""
    made_up_years(folder, rows, range(2021, 2026))
    organization_id = organizations.register(
        tenant_id="1", name="Mätbolaget AB", organization_number=""
    ).organization_id
    building.log.setLevel(logging.DEBUG)
    landed = seconds(lambda: land(organization_id, folder))
    whole, of_whole = _built(organization_id)
    change_a_voucher(organization_id)
    one_more, of_one_more = _built(organization_id)
    with connect(Role.TRANSFORMER, organization_id) as connection:
        found = connection.execute("select count(*) from mart.fct_ledger_row").fetchone()
    count = found[0] if found else 0
    print(f"{count} ledger rows in five financial years")
    print(f"  landed                    {landed:7.2f} s")
    print(
        f"  marts and checks, whole   {whole:7.2f} s   {landed + whole:.2f} s from landing to checked marts"
    )
    print(f"  after one voucher         {one_more:7.2f} s   {one_more / whole:.2f} of whole")
    print(f"  size on disk              {size_on_disk() / 2**20:7.0f} MB")
    for title, total, statements in (("whole", whole, of_whole), ("one voucher", one_more, of_one_more)):
        print(f"  slowest, {title}")
        for took, name in sorted(statements, reverse=True)[:SHOWN]:
            print(f"    {name:<32} {took:6.2f} s  {took / total:5.1%}")


def _built(organization_id: int) -> tuple[float, list[tuple[float, str]]]:
    """How long a build took, and each of its statements."""
    statements = _Statements()
    building.log.addHandler(statements)
    took = seconds(lambda: building.build(organization_id))
    building.log.removeHandler(statements)
    return took, statements.took


def many(folder: Path, count: int, rows: int) -> None:
    """Measures the companies one after the other and prints."""
    made_up_years(folder, rows, range(2025, 2026))
    took: list[float] = []
    organization_id = 0
    for number in range(1, count + 1):
        organization_id = organizations.register(
            tenant_id=str(number), name=f"Mätbolaget {number} AB", organization_number=""
        ).organization_id
        land(organization_id, folder)
        took.append(seconds(lambda: building.build(organization_id)))  # noqa: B023
        if number in (1, 50, count):
            some = took[-min(number, 20) :]
            change_a_voucher(organization_id)
            one_more = seconds(lambda: building.build(organization_id))  # noqa: B023
            print(
                f"{number:>5} organizations of {rows} rows: built in {sum(took):7.1f} s together, the last "
                f"{len(some)} in {statistics.median(some):.2f} s each, after one voucher {one_more:.2f} s, "
                f"{size_on_disk() / 2**20 / number:.1f} MB an organization",
                flush=True,
            )


def size_on_disk() -> int:
    """Bytes of the warehouse's database."""
    database = conninfo_to_dict(os.environ["AIRFLOW_CONN_SALDO_WAREHOUSE"])["dbname"]
    with psycopg.connect(os.environ["SALDO_ADMIN_URL"]) as connection:
        found = connection.execute("select pg_database_size(%s)", [database]).fetchone()
    return int(found[0]) if found else 0


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--organizations", type=int, default=50)
    parser.add_argument("--organization-rows", type=int, default=3_000)
    options = parser.parse_args()
    # What the checks find would stand between the figures.
    building.log.propagate = False
    building.log.addHandler(logging.NullHandler())
    with temporary_warehouse() as warehouse:
        if options.rows:
            with tempfile.TemporaryDirectory() as directory, warehouse(secrets.token_hex(4)):
                one_large(Path(directory), options.rows)
        if options.organizations:
            with tempfile.TemporaryDirectory() as directory, warehouse(secrets.token_hex(4)):
                many(Path(directory), options.organizations, options.organization_rows)


if __name__ == "__main__":
    main()
