"""What a run costs through Airflow itself, on the stack that `make up` keeps running.

    .venv/bin/python -m benchmarks.airflow_run [--full-reload | --first]

For each company: triggers a run through the REST API and waits for its end. Printed are seconds from trigger
to end, tasks executed (those that had a process), requests to Fortnox, and CPU seconds of all processes of
the stack during the run, less what they take in an equal time at rest. With --first the warehouse forgets
the company before, so that the run is its first, from the trigger to the refreshed dataset.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

import httpx
import psutil
import psycopg

from local.environment import WAREHOUSE_DATABASE, airflow_url, postgres, sandbox_url, warehouse_url
from local.state import ROOT, State, load

# What a company's first run starts from: nothing landed, nothing built.
_FORGET = """
do $$
declare relation text;
begin
    for relation in
        select format('%I.%I', table_schema, table_name) from information_schema.tables
        where table_type = 'BASE TABLE' and (
            table_schema = 'landing'
            or (table_schema = 'control' and table_name in (
                'sync_cursor', 'sync_status', 'version_built', 'refresh', 'check_result'
            ))
        )
    loop
        execute format('truncate %s', relation);
    end loop;
    update control.version set landed = 0, refreshed = 0, as_of_date = null;
end
$$
"""


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
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--full-reload", action="store_true", help="read everything anew")
    ways.add_argument("--first", action="store_true", help="forget all companies, then load them")
    options = parser.parse_args()
    state = load(ROOT / ".saldo")
    if state is None:
        raise SystemExit("Nothing runs here: make up starts it")
    if options.first:
        with psycopg.connect(postgres(state).url(WAREHOUSE_DATABASE)) as connection:
            connection.execute(_FORGET)
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
        f"{seconds:.1f} s, {len(executed)} of {len(tasks)} tasks, {counted['requests']} requests, "
        f"{during - before - at_rest:.1f} CPU seconds above rest"
    )


if __name__ == "__main__":
    main()
