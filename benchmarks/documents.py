"""200,000 invoices into landing, beside a bare COPY of the same JSON, and the memory that this takes.

    .venv/bin/python -m benchmarks.documents [--documents 200000] [--repeat 3]

Both run in processes of their own against one durable embedded PostgreSQL, in turn, so that their ratio
holds on a noisy machine. The bare COPY writes each record as a row of a table with one column of jsonb and no
index.
Landing gets them in pages of 500 as Fortnox gives them, reads them from a file as a sweep does, and merges
them as a whole list of a resource whose rows are wanted too: nothing there yet, then everything unchanged,
then with one record in a hundred changed.
Printed, for a tenth of the documents and for all: seconds of wall clock (the best of the repeats), the ratio
to the bare COPY, and peak memory of the process above what it stood at (the most of the repeats), which must
not grow with the documents.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.company import ROOT, TENANT, measured, temporary_warehouse
from saldo import organizations
from saldo.database import Role, connect
from saldo.fortnox.resources import CATALOGUE
from saldo.warehouse.landing import merge_documents

PAGE_SIZE = 500
ONE_IN = 100
ASKED_AT = datetime(2026, 1, 5, 8, tzinfo=UTC)

# In another process, so that it leaves no memory behind. A few hundred invoices as the sandbox lists them are
# repeated under other numbers.
_MAKE = """
import json, sys
from datetime import date
from pathlib import Path
from sandbox.made_up import CompanySpecification, make_up
from sandbox.resource import View
from sandbox.resources import CATALOGUE
count, page_size, one_in, folder = *map(int, sys.argv[1:4]), Path(sys.argv[4])
company = make_up(CompanySpecification.model_validate(
    {"name": "Mätbolaget AB", "seed": 1, "vouchers": 2000, "tenant_id": "1",
     "years": [{"from": "2025-01-01", "to": "2025-12-31"}]}
))
invoices = next(resource for resource in CATALOGUE if resource.path == "invoices")
view = View(company, company.years[0], date(2025, 12, 31))
listed = [invoices.listed(view, record) for record in invoices.records(view).in_order()]
write = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
with (folder / "records").open("w") as bare, (folder / "pages").open("w") as pages, \\
        (folder / "changed").open("w") as changed:
    for first in range(0, count, page_size):
        page = [
            {**listed[number % len(listed)], "DocumentNumber": str(number + 1), "OCR": f"{number + 1:010}",
             "@url": f"https://api.fortnox.se/3/invoices/{number + 1}"}
            for number in range(first, min(first + page_size, count))
        ]
        meta = {"@TotalResources": count, "@TotalPages": -(-count // page_size),
                "@CurrentPage": first // page_size + 1}
        bare.writelines(write(record) + "\\n" for record in page)
        pages.write(write({"MetaInformation": meta, "Invoices": page}) + "\\n")
        for record in page:
            if int(record["DocumentNumber"]) % one_in == 0:
                record["Balance"] += 1
        changed.write(write({"MetaInformation": meta, "Invoices": page}) + "\\n")
"""


def make(folder: Path, count: int) -> None:
    """Writes records, pages, and pages of which some records are changed, a line each."""
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", _MAKE, str(count), str(PAGE_SIZE), str(ONE_IN), str(folder)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "include")},
        check=True,
    )


def lines_of(path: Path) -> Iterator[str]:
    with path.open() as file:
        yield from file


def bare_copy(folder: Path) -> None:
    """What no landing can beat: as superuser, nothing compared, nothing kept apart."""
    database = conninfo_to_dict(os.environ["AIRFLOW_CONN_SALDO_WAREHOUSE"])["dbname"]
    with psycopg.connect(os.environ["SALDO_ADMIN_URL"], dbname=database) as connection:
        connection.execute("create table bare (body jsonb)")
        with connection.cursor() as cursor, cursor.copy("copy bare from stdin") as copy:
            for line in lines_of(folder / "records"):
                copy.write_row([line])


def land(name: str, hours: int, folder: Path) -> None:
    """What a task does with a whole list."""
    invoices = CATALOGUE["invoices"]
    organization_id = organizations.read().organizations[0].organization_id
    with connect(Role.LOADER, organization_id) as connection:
        merge_documents(
            connection,
            resource=invoices.name,
            list_key=invoices.list_key,
            key_fields=invoices.key_fields,
            scope="",
            pages=lines_of(folder / name),
            asked_at=ASKED_AT + timedelta(hours=hours),
            is_whole=True,
            is_detailed=True,
        )


PHASES: dict[str, Callable[[Path], None]] = {
    "bare COPY": bare_copy,
    "landing, first": partial(land, "pages", 0),
    "landing, unchanged": partial(land, "pages", 1),
    "landing, 1 % changed": partial(land, "changed", 2),
}


def measure(phase: str, folder: Path) -> None:
    """In a process of its own: prints seconds and megabytes above what it stood at."""
    with connect(Role.LOADER):
        pass
    print(json.dumps(measured(partial(PHASES[phase], folder))))


def in_a_process(phase: str, folder: Path) -> tuple[float, float]:
    """Seconds and megabytes of a phase."""
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.documents", "--phase", phase, "--folder", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=1800,
    )
    seconds, megabytes = json.loads(process.stdout.splitlines()[-1])
    return seconds, megabytes


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--phase", choices=PHASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.phase:
        measure(options.phase, options.folder)
        return
    with tempfile.TemporaryDirectory() as directory, temporary_warehouse() as warehouse:
        for count in (options.documents // 10, options.documents):
            folder = Path(directory) / str(count)
            make(folder, count)
            figures: dict[str, list[tuple[float, float]]] = {phase: [] for phase in PHASES}
            for _ in range(options.repeat):
                with warehouse(f"documents_{secrets.token_hex(4)}"):
                    organizations.register(tenant_id=TENANT, name="Mätbolaget AB", organization_number="")
                    for phase, found in figures.items():
                        found.append(in_a_process(phase, folder))
            size = (folder / "records").stat().st_size
            print(f"{count} documents, {size / 2**20:.1f} MB of JSON", flush=True)
            base = min(figures["bare COPY"])[0]
            for phase, found in figures.items():
                seconds, megabytes = min(found)[0], max(figure[1] for figure in found)
                print(
                    f"{phase:<22} {seconds:7.2f} s  {seconds / base:5.2f} x  {megabytes:6.1f} MB above idle",
                    flush=True,
                )


if __name__ == "__main__":
    main()
