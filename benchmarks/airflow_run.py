"""What a run costs through Airflow itself, on the stack that `make up` keeps running.

    .venv/bin/python -m benchmarks.airflow_run [--full-reload]

For each company: triggers a run through the REST API and waits for its end. Printed are seconds from trigger
to end, tasks executed (those that had a process), requests to Fortnox, and CPU seconds of all processes of
the stack during the run, less what they take in an equal time at rest.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

import httpx
import psutil
import psycopg

from local.environment import airflow_url, sandbox_url, warehouse_url
from local.state import ROOT, State, load

TASKS = ["extract.changes", "extract.ledger", "extract.registers", "transform.build", "publish.refresh"]


def cpu_seconds(folder: str) -> float:
    """CPU seconds so far of every process that works for the stack, those of ended children included."""
    total = 0.0
    for process in psutil.process_iter(["cmdline", "cwd", "cpu_times"]):
        times = process.info["cpu_times"]
        command = " ".join(process.info["cmdline"] or ())
        if times and (
            folder in command or folder in str(process.info["cwd"]) or command.startswith("airflow")
        ):
            total += sum((times.user, times.system, times.children_user, times.children_system))
    return total


def main() -> None:
    """Measures every connected company in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full-reload", action="store_true", help="read everything anew")
    options = parser.parse_args()
    state = load(ROOT / ".saldo")
    if state is None:
        raise SystemExit("Nothing runs here: make up starts it")
    companies = httpx.get(f"{sandbox_url(state)}/sandbox/companies").json()
    with httpx.Client(base_url=airflow_url(state), timeout=30) as airflow:
        login = {"username": "admin", "password": state.secrets.airflow_admin}
        token = airflow.post("/auth/token", json=login).raise_for_status().json()["access_token"]
        airflow.headers["Authorization"] = f"Bearer {token}"
        for company in companies:
            measure(state, airflow, company, {"full_reload": options.full_reload})


def measure(state: State, airflow: httpx.Client, company: dict[str, str], conf: dict[str, bool]) -> None:
    """One run of one company."""
    runs = f"/api/v2/dags/fortnox__{company['tenant_id']}/dagRuns"
    httpx.delete(f"{sandbox_url(state)}/sandbox/requests")
    folder = str(ROOT)
    before, began = cpu_seconds(folder), time.monotonic()
    run = airflow.post(runs, json={"logical_date": None, "conf": conf}).raise_for_status().json()
    while run["state"] not in ("success", "failed"):
        time.sleep(0.2)
        run = airflow.get(f"{runs}/{run['dag_run_id']}").json()
    seconds, during = time.monotonic() - began, cpu_seconds(folder)
    time.sleep(seconds)
    at_rest = cpu_seconds(folder) - during
    tasks = airflow.get(f"{runs}/{run['dag_run_id']}/taskInstances").json()["task_instances"]
    executed = [task["task_id"] for task in tasks if task["start_date"] and task["duration"]]
    counted = httpx.get(f"{sandbox_url(state)}/sandbox/requests").json()["fortnox"][company["tenant_id"]]
    with psycopg.connect(warehouse_url(state, "saldo_report", state.secrets.saldo_report)) as connection:
        rows = connection.execute(
            "select count(*) from mart.fct_ledger_row join mart.dim_organization using (organization_id) "
            "where organization_name = %s", [company["name"]],
        ).fetchone()  # fmt: skip
    assert rows is not None
    print(
        f"{company['name']}: {run['state']} at {datetime.now(UTC):%H:%M} with {rows[0]} ledger rows: "
        f"{seconds:.1f} s, {len(executed)} of {len(TASKS)} tasks, {counted['requests']} requests, "
        f"{during - before - at_rest:.1f} CPU seconds above rest"
    )


if __name__ == "__main__":
    main()
