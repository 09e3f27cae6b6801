"""The whole of it as a newcomer does it: from a clean clone to three companies, and nothing left after."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from local import bootstrap
from local.airflow_api import LATER_RUN
from tests.sandbox.process import free_port

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.airflow, pytest.mark.timeout(1500)]

TRIED_TENANT = "9000001"
TRIED = f"fortnox__{TRIED_TENANT}"
BOOKS = """#FLAGGA 0
#PROGRAM "Made for a test" 1
#FORMAT PC8
#GEN 20250115
#SIETYP 4
#ORGNR 556000-0167
#FNAMN "Provbolaget AB"
#RAR 0 20240101 20241231
#KPTYP EUBAS97
#KONTO 1930 "Bank"
#KONTO 2081 "Aktiekapital"
#KONTO 3001 "Sales"
#IB 0 1930 25000.00
#IB 0 2081 -25000.00
#UB 0 1930 26000.00
#UB 0 2081 -25000.00
#RES 0 3001 -1000.00
#VER A 1 20240301 "Sale"
{
#TRANS 1930 {} 1000.00
#TRANS 3001 {} -1000.00
}
"""


@dataclass
class Checkout:
    """A clone with ports of its own. It uses the built Python environment of the checkout it came from."""

    path: Path
    airflow: int = field(default_factory=free_port)
    sandbox: int = field(default_factory=lambda: free_port() // 2 * 2)
    warehouse: int = field(default_factory=free_port)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        ports = {"AIRFLOW_PORT": self.airflow, "SANDBOX_PORT": self.sandbox, "WAREHOUSE_PORT": self.warehouse}
        # Tests often run under make themselves: a make inside must not take itself for a part of that one.
        foreign = ("AIRFLOW", "SALDO", "MAKE", "MFLAGS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=self.path,
            env=kept | {name: str(port) for name, port in ports.items()},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def processes(self) -> list[str]:
        """What runs from this checkout: by where it works, or by what it was called with."""
        found = []
        for process in psutil.process_iter(["cwd", "cmdline", "status"]):
            words = [process.info["cwd"] or "", *(process.info["cmdline"] or [])]
            if process.info["status"] != psutil.STATUS_ZOMBIE and any(
                str(self.path) in word for word in words
            ):
                found.append(" ".join(words))
        return found

    def taken_ports(self) -> list[int]:
        taken = []
        for port in (self.airflow, self.sandbox, self.sandbox + 1, self.warehouse):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    taken.append(port)
        return taken

    def is_gone(self) -> bool:
        return not self.processes() and not self.taken_ports()


@dataclass
class Airflow:
    """Airflow's REST API, with the login that `make up` printed."""

    client: httpx.Client

    @classmethod
    def of(cls, printed: str) -> Airflow:
        login = re.search(r"^Airflow: (\S+)  user: (\S+)  password: (\S+)$", printed, re.MULTILINE)
        assert login is not None, printed
        client = httpx.Client(base_url=login[1], timeout=30, trust_env=False)
        answer = client.post("/auth/token", json={"username": login[2], "password": login[3]})
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return cls(client)

    def get(self, path: str, key: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.client.get(f"/api/v2/{path}", params=query)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()[key]
        return found

    def runs_once_ended(self, dag_id: str) -> list[dict[str, Any]]:
        """The DAG's runs as soon as none is under way."""
        end = time.monotonic() + 900
        while time.monotonic() < end:
            runs = self.get(f"dags/{dag_id}/dagRuns", "dag_runs", limit=100)
            if all(run["state"] in ("success", "failed") for run in runs):
                return runs
            time.sleep(2)
        raise AssertionError(f"{dag_id} does not come to rest: {[run['state'] for run in runs]}")


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    # As root PostgreSQL runs as another user, who must reach the folder.
    with tempfile.TemporaryDirectory(prefix="saldo-clone-") as folder:
        path = Path(folder) / "saldo"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(path)], check=True)
        for name in bootstrap.SOURCES:
            if (path / name).read_bytes() != (ROOT / name).read_bytes():
                pytest.fail(f"{name} is changed and not committed: the clone would make an environment anew")
        assert bootstrap.is_current(), "run make test-all, which makes the environment first"
        (path / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)
        clone = Checkout(path)
        yield clone
        clone.make("clean")
        assert clone.is_gone()


@pytest.fixture(scope="module")
def first_up(checkout: Checkout) -> subprocess.CompletedProcess[str]:
    return checkout.make("up")


def test_a_file_that_is_no_sie_file_starts_nothing(checkout: Checkout) -> None:
    photograph = checkout.path.parent / "photograph.se"
    photograph.write_bytes(b"\xff\xd8\xff\xe0")
    refused = checkout.make("up", f"SIE={photograph}")
    assert refused.returncode != 0
    sentences = [line for line in refused.stderr.splitlines() if not line.startswith("make:")]
    assert len(sentences) == 1
    assert "photograph.se" in sentences[0]
    assert checkout.is_gone()


def test_a_taken_port_starts_nothing(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", checkout.sandbox + 1)):
        refused = checkout.make("up")
        assert refused.returncode != 0
        assert f"Port {checkout.sandbox + 1} (SANDBOX_PORT)" in refused.stderr
        assert not checkout.processes()


def test_make_up_ends_with_three_companies_and_where_airflow_is(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    assert first_up.returncode == 0, first_up.stdout + first_up.stderr
    status = json.loads(_saldo_status(checkout))
    assert len(status) == 3
    for company in status:
        assert company["organization_name"] in first_up.stdout
        assert company["vouchers"] > 0
        assert company["refreshed_at"] is not None
        report = rf"^Report: \S+/saldo/organizations/{company['dag_id']}/report$"
        assert re.search(report, first_up.stdout, re.MULTILINE)


def test_three_runs_are_green_through_airflows_api(first_up: subprocess.CompletedProcess[str]) -> None:
    airflow = Airflow.of(first_up.stdout)
    assert airflow.get("importErrors", "import_errors") == []
    dags = [dag for dag in airflow.get("dags", "dags") if dag["dag_id"].startswith("fortnox__")]
    assert len(dags) == 3
    for dag in dags:
        runs = airflow.get(f"dags/{dag['dag_id']}/dagRuns", "dag_runs")
        # What the report does not wait for may be on its way still.
        runs = [run for run in runs if not run["dag_run_id"].startswith(LATER_RUN)]
        assert {run["state"] for run in runs} == {"success"}, dag["dag_id"]
        assert runs[0]["run_type"] == "scheduled", "the first run starts by itself"
        tasks = airflow.get(
            f"dags/{dag['dag_id']}/dagRuns/{runs[0]['dag_run_id']}/taskInstances", "task_instances"
        )
        assert {task["state"] for task in tasks} <= {"success", "skipped"}
        published = {
            task["task_id"]: task["state"] for task in tasks if task["task_id"].startswith("publish")
        }
        assert published == {"publish.definition": "success", "publish.refresh": "success"}


def test_the_asset_graph_tells_what_went_from_fortnox_to_power_bi(
    first_up: subprocess.CompletedProcess[str],
) -> None:
    airflow = Airflow.of(first_up.stdout)
    events = airflow.get("assets/events", "asset_events", source_dag_id=TRIED, limit=100)
    told = {event["uri"].removeprefix(f"saldo://{TRIED_TENANT}/"): event["extra"] for event in events}
    for name in ("changes", "ledger", "registers", "sales", "purchases"):
        assert told[f"landing/{name}"].keys() >= {"fetched", "changed", "deleted", "requests"}
    assert told["mart"].keys() >= {"version", "checks", "checks_passed"}
    assert told[f"powerbi://{TRIED_TENANT}/dataset"]["version"] >= 1


def test_thirty_backfill_runs_hold_one_worker_and_the_next_run_refreshes_once(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    airflow = Airflow.of(first_up.stdout)
    sandbox = httpx.Client(base_url=f"http://127.0.0.1:{checkout.sandbox}/sandbox", trust_env=False)
    airflow.runs_once_ended(TRIED)
    refreshes = _refreshes(sandbox)
    sandbox.post(f"{TRIED_TENANT}/invoices", json={"date": "2025-03-01", "booked": False}).raise_for_status()

    _in_the_stack(
        checkout,
        *("airflow", "backfill", "create", "--dag-id", TRIED, "--max-active-runs", "30"),
        *("--from-date", "2025-03-01T00:00:00+00:00", "--to-date", "2025-03-02T05:59:00+00:00"),
    )
    runs = airflow.runs_once_ended(TRIED)

    backfills = {run["dag_run_id"] for run in runs if run["run_type"] == "backfill"}
    assert len(backfills) == 30
    assert {run["state"] for run in runs} == {"success"}
    executed = [
        task
        for run_id in backfills
        for task in airflow.get(f"dags/{TRIED}/dagRuns/{run_id}/taskInstances", "task_instances")
        if task["state"] != "skipped"
    ]
    assert {task["task_id"] for task in executed} == {"extract.changes"}
    # From being given to a worker until it gives the worker back.
    held = sorted((_moment(task["queued_when"]), _moment(task["end_date"])) for task in executed)
    assert len(held) == 30
    assert all(former[1] <= latter[0] for former, latter in pairwise(held))

    airflow.client.post(f"/api/v2/dags/{TRIED}/dagRuns", json={"logical_date": None}).raise_for_status()
    airflow.runs_once_ended(TRIED)
    assert _refreshes(sandbox) == refreshes + 1


def _refreshes(sandbox: httpx.Client) -> int:
    """How often the tried company's published model was refreshed."""
    [name] = [
        company["name"] for company in sandbox.get("companies").json() if company["tenant_id"] == TRIED_TENANT
    ]
    [model] = [
        item["id"]
        for workspace in sandbox.get("workspaces").json()
        for item in workspace["items"]
        if item["type"] == "SemanticModel" and item["name"].startswith(f"{name} – Saldo")
    ]
    return sum(refresh["dataset_id"] == model for refresh in sandbox.get("refreshes").json())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_only_this_machine_can_reach_it(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    assert first_up.returncode == 0
    ours = {
        process.pid
        for process in psutil.process_iter(["cwd"])
        if str(checkout.path) in (process.info["cwd"] or "")
    }
    listening = [
        connection.laddr
        for connection in psutil.net_connections("inet")
        if connection.pid in ours and connection.status == psutil.CONN_LISTEN
    ]
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert {address.port for address in listening} == {
        checkout.airflow, checkout.sandbox, checkout.sandbox + 1, checkout.warehouse,
    }  # fmt: skip


def test_the_warehouse_opens_as_the_reader(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    assert first_up.returncode == 0
    asked = checkout.make("psql", 'ARGS=-At -c "select current_user, count(*) from mart.dim_organization"')
    assert asked.stdout == "saldo_report|3\n", asked.stderr
    with psycopg.connect(checkout.make("warehouse").stdout.strip()) as connection:
        assert connection.execute("select count(*) from mart.fct_ledger_row").fetchone() != (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from mart.fct_ledger_row")


def test_a_number_is_explained_down_to_the_line_of_its_file(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    assert first_up.returncode == 0
    explained = checkout.make("explain", "ORG=9000001", "CELL=balance_sheet/cash_bank/2025-12")
    assert explained.stdout.startswith("Kassa och bank, dec 2025: "), explained.stderr
    assert "opening balance" in explained.stdout
    wrong = checkout.make("explain", "ORG=9000001", "CELL=cash")
    assert "write <statement>/<line>/<YYYY-MM>" in wrong.stderr


def test_a_second_make_up_finds_it_running(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    before = sorted(checkout.processes())
    again = checkout.make("up")
    assert again.returncode == 0, again.stderr
    assert "Saldo is running." in again.stdout
    assert _figures(again.stdout) == _figures(first_up.stdout)
    assert _leaders(before) == _leaders(checkout.processes())


def test_another_make_up_beside_it_is_told_which_port_is_taken(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    assert first_up.returncode == 0
    moved = Checkout(checkout.path, free_port(), checkout.sandbox, checkout.warehouse).make("up")
    assert moved.returncode != 0
    assert "running on other ports: make down first" in moved.stderr


def test_down_leaves_no_process_and_no_port_and_up_has_lost_nothing(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    down = checkout.make("down")
    assert down.returncode == 0, down.stderr
    assert checkout.is_gone(), checkout.processes()
    assert checkout.make("status").returncode != 0
    again = checkout.make("up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert _figures(again.stdout) == _figures(first_up.stdout)


def test_what_a_crash_took_is_started_again(
    first_up: subprocess.CompletedProcess[str], checkout: Checkout
) -> None:
    for process in psutil.process_iter(["cwd"]):
        if str(checkout.path) in (process.info["cwd"] or ""):
            process.kill()
    again = checkout.make("up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(_table(again.stdout)) == len(_table(first_up.stdout)) == 3


def test_the_books_of_a_sie_file_come_through_after_clean(checkout: Checkout) -> None:
    assert checkout.make("clean").returncode == 0
    assert checkout.is_gone()
    assert not (checkout.path / ".saldo").exists()
    books = checkout.path.parent / "my books"
    books.mkdir()
    (books / "provbolaget.se").write_bytes(BOOKS.encode("cp437"))
    up = checkout.make("up", f"SIE={books}")
    assert up.returncode == 0, up.stdout + up.stderr
    (company,) = json.loads(_saldo_status(checkout))
    assert company["organization_name"] == "Provbolaget AB"
    assert (company["vouchers"], company["ledger_rows"]) == (1, 2)
    assert (float(company["net_sales"]), float(company["balance_total"])) == (1000.0, 26000.0)


def test_no_secret_is_in_a_log(checkout: Checkout) -> None:
    state = json.loads((checkout.path / ".saldo" / "state.json").read_text())
    logs = [path for path in (checkout.path / ".saldo").rglob("*.log") if path.is_file()]
    assert logs
    for path in logs:
        text = path.read_text(errors="replace")
        for name, secret in state["secrets"].items():
            assert secret not in text, f"{name} is in {path}"


def _saldo_status(checkout: Checkout) -> str:
    """What `saldo status --json` says of the stack."""
    return _in_the_stack(checkout, "saldo", "status", "--json")


def _in_the_stack(checkout: Checkout, *command: str) -> str:
    """What a command prints with the stack's own environment."""
    code = (
        "import os, sys; from local.state import ROOT, load; from local.environment import environment; "
        "os.execvpe(sys.argv[1], sys.argv[1:], environment(load(ROOT / '.saldo')))"
    )
    python = str(checkout.path / ".venv" / "bin" / "python")
    return subprocess.run(
        [python, "-c", code, *command], cwd=checkout.path, capture_output=True, text=True, check=True
    ).stdout


def _table(printed: str) -> list[str]:
    """The table's lines, and none of those that say how a run goes, which may name a DAG too."""
    return [line for line in printed.splitlines() if re.search(r"  fortnox__\d+ +[\d-]", line)]


def _figures(printed: str) -> list[str]:
    """The table's lines without the time of the last refresh, which single records may have moved on."""
    return [line.split("fortnox__")[1].rsplit("  ", 1)[0] for line in _table(printed)]


def _leaders(processes: list[str]) -> set[str]:
    """The long-lived programs; workers and connections come and go."""
    return {words for words in processes if re.search(r"-m sandbox|airflow (scheduler|triggerer)", words)}
