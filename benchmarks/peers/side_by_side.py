"""Saldo and dlt on one company of the sandbox: what each asks of Fortnox, and what it then gets wrong.

    .venv/bin/python -m benchmarks.peers.side_by_side [--scale 1]

The company: 2,000 vouchers with rows, 2,000 invoices with rows, 500 customers; ``--scale 0.1`` is a tenth of
it. Fortnox's limit of 25 requests in any 5 seconds is on, its latency 200 ms. At that pace 4,000 single
records take 14 minutes, so the whole takes most of an hour, and a tenth of it some minutes.

Both get customers, vouchers with rows and invoices with rows: Saldo by the tasks of its DAG one after
another (its catalogue cut to these; the time holds its marts and checks too), dlt by its REST source with
pages of 500, a request for each single record, its own retries, ``lastmodified`` where there was a run
before, and its merge by primary key. dlt asks for one record after another, which is its default, unless
--parallel is given.

Three times each: at first, with nothing changed since, and after 20 changes and 5 deletes in Fortnox.
Printed: seconds without either's start, requests, how many of them Fortnox refused with 429, rows that stand
in the tables, and what is wrong with them, held against Fortnox's own answers record by record: "missing"
counts what Fortnox has and the tables have not, or have otherwise; "too many" what only the tables have.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from benchmarks.company import TENANT, counted, sandbox_company, temporary_warehouse
from benchmarks.peers import environment
from saldo import organizations
from saldo.fortnox.resources import CATALOGUE
from tests.sandbox.callers import FORTNOX_CLIENT, Fortnox, all_of
from tests.sandbox.process import Sandbox
from tests.support import dag_of, run_until_done

VOUCHERS, INVOICES, CUSTOMERS = 2000, 2000, 500
LATENCY_MS = 200
RESOURCES = {"companyinformation", "financialyears", "sie", "vouchers", "customers", "invoices"}
STOCKHOLM = ZoneInfo("Europe/Stockholm")
WAREHOUSE, PEER = "side_by_side", "side_by_side_dlt"

Facts = dict[str, Counter[tuple[Any, ...]]]


def _number(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _facts(
    customers: Iterable[dict[str, Any]],
    vouchers: Iterable[dict[str, Any]],
    invoices: Iterable[dict[str, Any]],
) -> Facts:
    """What is compared of single records as Fortnox gives them."""
    vouchers, invoices = list(vouchers), list(invoices)
    return {
        "customers": Counter((one["CustomerNumber"], one["Name"]) for one in customers),
        "vouchers": Counter((_voucher_id(one), one["Description"]) for one in vouchers),
        "voucher rows": Counter(
            (_voucher_id(one), str(row["Account"]), _number(row["Debit"]) - _number(row["Credit"]))
            for one in vouchers
            for row in one["VoucherRows"]
            if not row["Removed"]
        ),
        "invoices": Counter(
            (one["DocumentNumber"], _number(one["Total"]), _number(one["Balance"])) for one in invoices
        ),
        "invoice rows": Counter(
            (one["DocumentNumber"], row["ArticleNumber"], row["Description"], _number(row["Total"]))
            for one in invoices
            for row in one["InvoiceRows"]
        ),
    }


def _voucher_id(voucher: dict[str, Any]) -> str:
    return f"{voucher['VoucherSeries']} {voucher['VoucherNumber']}"


class Company:
    """The company in the sandbox: made to the wished size, read as it is, changed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.settings = sandbox.admin("GET", "settings")

    def unhurried(self, *, is_on: bool) -> None:
        """Lifts Fortnox's limit and latency, for what is not measured, or puts them back."""
        slow = {"requests_per_window": self.settings["requests_per_window"], "latency_ms": LATENCY_MS}
        quick = {"requests_per_window": 1_000_000, "latency_ms": 0}
        self.sandbox.admin("POST", "settings", quick if is_on else slow)

    def _act(self, method: str, path: str, body: object = None) -> Any:
        return self.sandbox.admin(method, f"{TENANT}/{path}", body)

    def fill(self, start: date, days: int, vouchers: int, invoices: int, customers: int) -> None:
        """Adds what the made-up company has too few of, stamped as of long ago: or else everything would
        look newly changed. The invoices are not booked, so that they bring no vouchers."""
        fortnox = Fortnox.of(self.sandbox, TENANT)
        self.sandbox.admin("POST", "settings", {"now": f"{start}T08:00:00"})
        for number in range(customers - len(all_of(fortnox, "customers"))):
            self._act("POST", "customers", {"name": f"Tillagda kunden {number + 1} AB"})
        for number in range(vouchers - len(all_of(fortnox, "vouchers"))):
            day = start + timedelta(days=number % days)
            self._act("POST", "vouchers", {"date": str(day), "series": "T"})
        sold = [one["ArticleNumber"] for one in all_of(fortnox, "articles")]
        bought_by = [one["CustomerNumber"] for one in all_of(fortnox, "customers")]
        for number in range(invoices - len(all_of(fortnox, "invoices"))):
            body = {
                "date": str(start + timedelta(days=number % days)),
                "customer": bought_by[number % len(bought_by)],
                "article": sold[number % len(sold)],
                "quantity": 1 + number % 7,
                "booked": False,
            }
            self._act("POST", "invoices", body)
        self.sandbox.admin("POST", "settings", {"now": None})

    def truth(self) -> Facts:
        """Everything, as Fortnox gives it record by record."""
        fortnox = Fortnox.of(self.sandbox, TENANT)
        return _facts(
            all_of(fortnox, "customers"),
            (
                fortnox.json(f"vouchers/{one['VoucherSeries']}/{one['VoucherNumber']}?financialyear={one['Year']}")[
                    "Voucher"
                ]
                for one in all_of(fortnox, "vouchers")
            ),
            (
                fortnox.json(f"invoices/{one['DocumentNumber']}")["Invoice"]
                for one in all_of(fortnox, "invoices")
            ),
        )  # fmt: skip

    def change(self) -> None:
        """20 changes and 5 deletes, of every kind that Fortnox's users make."""
        fortnox = Fortnox.of(self.sandbox, TENANT)
        own = [one for one in all_of(fortnox, "vouchers") if one["ReferenceType"] == "MANUAL"]
        open_ones = [
            one["DocumentNumber"]
            for one in all_of(fortnox, "invoices")
            if one["Booked"] and one["Balance"] > 0 and one["Currency"] == "SEK"
        ]
        drafts = [one["DocumentNumber"] for one in all_of(fortnox, "invoices") if not one["Booked"]]
        numbers = [one["CustomerNumber"] for one in all_of(fortnox, "customers")]
        for _ in range(5):
            self._act("POST", "vouchers")
        for one in own[:3]:
            self._act("PATCH", _path(one), {"text": "Rättad text"})
        for _ in range(3):
            self._act("POST", "invoices")
        for number in open_ones[:4]:
            self._act("POST", f"invoices/{number}/pay")
        for number in drafts[:3]:
            self._act("PATCH", f"invoices/{number}", {"text": "Rättad radtext"})
        for number in numbers[1:3]:
            self._act("PATCH", f"customers/{number}", {"name": f"Omdöpta kunden {number} AB"})
        for one in own[-3:]:
            self._act("DELETE", _path(one))
        for number in numbers[-2:]:
            self._act("DELETE", f"customers/{number}")


def _path(voucher: dict[str, Any]) -> str:
    return f"vouchers/{voucher['Year']}/{voucher['VoucherSeries']}/{voucher['VoucherNumber']}"


def saldo_facts(url: str) -> Facts:
    """What stands in Saldo's landing."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        documents: dict[str, list[dict[str, Any]]] = {"customers": [], "invoices": []}
        for row in connection.execute(
            "select resource, list_record, detail_record from landing.document where deleted_at is null "
            "and resource = any(%s)", [list(documents)],
        ):  # fmt: skip
            if row["resource"] == "customers" or row["detail_record"]:
                documents[row["resource"]].append(row["detail_record"] or row["list_record"])
        vouchers = connection.execute(
            "select voucher_series as s, voucher_number as n, voucher_text as t from landing.voucher "
            "where valid_to = 'infinity'"
        ).fetchall()
        rows = connection.execute(
            "select voucher_series as s, voucher_number as n, account_number as account, amount "
            "from landing.voucher_row where valid_to = 'infinity' and not is_struck"
        ).fetchall()
    return _facts(documents["customers"], (), documents["invoices"]) | {
        "vouchers": Counter((f"{one['s']} {one['n']}", one["t"]) for one in vouchers),
        "voucher rows": Counter((f"{one['s']} {one['n']}", one["account"], one["amount"]) for one in rows),
    }


def dlt_facts(url: str) -> Facts:
    """What stands in dlt's tables. A number that came whole and with decimals is in two columns there."""
    with psycopg.connect(url) as connection:

        def read(table: str) -> list[dict[str, Any]]:
            query = f"select to_jsonb(one) from fortnox.{table} as one"
            return [
                {column.partition("__v_")[0]: value for column, value in row.items() if value is not None}
                for (row,) in connection.execute(query)
            ]

        def with_rows(table: str, rows: str, fields: dict[str, str]) -> list[dict[str, Any]]:
            found = {one["_dlt_id"]: one for one in read(table)}
            for one in found.values():
                one["rows"] = []
            for row in read(f"{table}__{rows}"):
                found[row["_dlt_parent_id"]]["rows"].append(
                    {name: row.get(column) for name, column in fields.items()}
                )
            return list(found.values())

        vouchers = with_rows(
            "voucher",
            "voucher_rows",
            {"Account": "account", "Debit": "debit", "Credit": "credit", "Removed": "removed"},
        )
        invoices = with_rows(
            "invoice",
            "invoice_rows",
            {"ArticleNumber": "article_number", "Description": "description", "Total": "total"},
        )
        customers = read("customers")
    return _facts(
        ({"CustomerNumber": one["customer_number"], "Name": one["name"]} for one in customers),
        (
            {
                "VoucherSeries": one["voucher_series"],
                "VoucherNumber": one["voucher_number"],
                "Description": one.get("description"),
                "VoucherRows": one["rows"],
            }
            for one in vouchers
        ),
        (
            {
                "DocumentNumber": one["document_number"],
                "Total": one.get("total"),
                "Balance": one.get("balance"),
                "InvoiceRows": one["rows"],
            }
            for one in invoices
        ),
    )


def run_saldo(_since: datetime | None) -> float:
    """Runs of the DAG until none asks for the next, in a process of their own; its seconds."""
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers.side_by_side", "--saldo", secrets.token_hex(4)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(process.stdout.splitlines()[-1])


def saldo_in_this_process(run_id: str) -> None:
    for name in CATALOGUE.keys() - RESOURCES:
        del CATALOGUE[name]
    dag = dag_of(organizations.read().organizations[0])
    began = time.perf_counter()
    for run in run_until_done(dag, run_id):
        if run.errors:
            raise SystemExit(f"Saldo failed: {run.errors}")
    print(time.perf_counter() - began)


@dataclass(frozen=True)
class Dlt:
    """dlt in its own environment."""

    python: Path
    directory: Path
    sandbox: Sandbox
    postgres: str
    is_parallel: bool

    def run(self, since: datetime | None) -> float:
        """One run of its pipeline; its seconds."""
        config = self.directory / "config.json"
        config.write_text(
            json.dumps(
                {
                    "api": f"{self.sandbox.base_url}/3",
                    "oauth": f"{self.sandbox.base_url}/oauth-v1",
                    "client_id": FORTNOX_CLIENT[0],
                    "client_secret": FORTNOX_CLIENT[1],
                    "tenant": TENANT,
                    "limit": 500,
                    "postgres": self.postgres,
                    "directory": str(self.directory / "pipelines"),
                    "since": since and since.strftime("%Y-%m-%d %H:%M"),
                    "parallel": self.is_parallel,
                }
            )
        )
        process = subprocess.run(
            [self.python, Path(__file__).with_name("dlt_load.py"), config],
            cwd=self.directory,
            env={
                **environment.clean_environment(),
                "DLT_DATA_DIR": str(self.directory),
                "RUNTIME__DLTHUB_TELEMETRY": "false",
                "RUNTIME__LOG_LEVEL": "ERROR",
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return float(json.loads(process.stdout.splitlines()[-1])["seconds"])


def wrong(truth: Facts, found: Facts) -> str:
    """What of each kind is missing or too many."""
    said = []
    for kind, right in truth.items():
        missing, extra = (right - found[kind]).total(), (found[kind] - right).total()
        said += [f"{kind}: {missing} missing, {extra} too many"] if missing or extra else []
    return "; ".join(said) or "nothing"


def compare(
    company: Company, peers: dict[str, tuple[Callable[[datetime | None], float], Callable[[], Facts]]]
) -> None:
    """Prints the table."""
    last: dict[str, datetime] = {}
    print(f"{'':<36} {'seconds':>8} {'requests':>8} {'429':>5} {'rows':>7}  wrong", flush=True)
    for step in ("first", "nothing changed", "20 changes and 5 deletes"):
        company.unhurried(is_on=True)
        if step.startswith("20"):
            company.change()
        truth = company.truth()
        company.unhurried(is_on=False)
        for who, (run, facts) in peers.items():
            time.sleep(company.settings["window_seconds"])
            counted(company.sandbox)
            now = datetime.now(STOCKHOLM)
            seconds = run(last.get(who))
            last[who] = now
            requests, refused = counted(company.sandbox)
            found = facts()
            rows = sum(counter.total() for counter in found.values())
            print(
                f"{step:<28} {who:<7} {seconds:>8.1f} {requests:>8} {refused:>5} {rows:>7}  "
                f"{wrong(truth, found)}",
                flush=True,
            )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--parallel", action="store_true", help="dlt asks for several records at a time")
    parser.add_argument("--saldo", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.saldo:
        saldo_in_this_process(options.saldo)
        return
    try:
        python = environment.python_of("dlt")
    except environment.OutOfReachError as error:
        raise SystemExit(f"dlt is not installed and the package index is out of reach: {error}") from None
    vouchers, invoices, customers = (
        max(25, int(size * options.scale)) for size in (VOUCHERS, INVOICES, CUSTOMERS)
    )
    today = datetime.now(STOCKHOLM).date()
    start = (today.replace(day=1) - timedelta(days=330)).replace(day=1)
    end = today.replace(day=monthrange(today.year, today.month)[1])
    yesterday = today - timedelta(days=1)
    with (
        tempfile.TemporaryDirectory() as directory,
        temporary_warehouse() as warehouse,
        sandbox_company(vouchers, start, end, booked_until=yesterday) as sandbox,
        warehouse(WAREHOUSE),
    ):
        admin = os.environ["SALDO_ADMIN_URL"]
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"create database {PEER}")
        organizations.register(tenant_id=TENANT, name="Mätbolaget AB", organization_number="")
        company = Company(sandbox)
        company.unhurried(is_on=True)
        company.fill(start, (yesterday - start).days, vouchers, invoices, customers)
        url = make_conninfo(admin, dbname=WAREHOUSE)
        peer_url = admin.rpartition("/")[0] + f"/{PEER}"
        dlt = Dlt(python, Path(directory), sandbox, peer_url, options.parallel)
        compare(
            company,
            {
                "Saldo": (run_saldo, lambda: saldo_facts(url)),
                "dlt": (dlt.run, lambda: dlt_facts(peer_url)),
            },
        )


if __name__ == "__main__":
    main()
