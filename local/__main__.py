"""`python -m local up|down|status|doctor|explain|psql|warehouse|clean`, as the Makefile calls it."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from local import LocalError, bootstrap
from local.airflow_api import AirflowApi
from local.environment import WAREHOUSE_DATABASE, airflow_url, environment, postgres, warehouse_url
from local.follow import Failure, follow
from local.ports import ADDRESS, chosen, refuse_taken
from local.progress import Progress
from local.stack import (
    EVERYTHING,
    PROGRAMS,
    Launch,
    ensure_alive,
    ports_of,
    running,
    sandbox_companies,
    stop,
)
from local.state import ROOT, State, exclusive, load

DIRECTORY = ROOT / ".saldo"
NOT_RUNNING = "Saldo is not running here: make up starts it."


def main() -> int:
    """Runs one command and gives its exit status: 1 when it could not, with one sentence on stderr."""
    commands = {
        "up": up,
        "down": down,
        "status": status,
        "doctor": doctor,
        "explain": explain,
        "psql": psql,
        "warehouse": warehouse,
        "clean": clean,
    }
    parser = argparse.ArgumentParser("local", description="Saldo on this machine.")
    parser.add_argument("command", choices=commands)
    command = commands[parser.parse_args().command]
    try:
        return command()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        report = DIRECTORY / "logs" / "make.log"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(traceback.format_exc())
        print(f"Something unforeseen: {type(error).__name__}: {error} (more in {report})", file=sys.stderr)
        return 1


def up() -> int:
    """Starts what is missing, follows the companies' runs, and prints their table and where to look."""
    with Progress() as progress:
        with exclusive(DIRECTORY):
            state = _state_to_start()
            sie = _sie_to_serve(state)
            if state.processes and state.environment != made_from():
                progress.say("The Python environment is a new one: starting everything again.")
                stop(state)
            state.environment = made_from()
            if missing := EVERYTHING - running(state):
                everything = missing == EVERYTHING
                progress.say(
                    "Starting Saldo ..." if everything else f"Starting {', '.join(sorted(missing))} ..."
                )
            else:
                progress.say("Saldo is running.")
            Launch(state, sie, progress).run()
        failures = _follow(state, progress)
        progress.doing("the figures are read")
        table = _saldo(state, "status")
    print(table.stdout, end="")
    print(table.stderr, end="", file=sys.stderr)
    for failure in failures:
        print(
            f"{failure.company}: the task {failure.task_id} failed; its log: {failure.log}", file=sys.stderr
        )
    print(f"\nAirflow: {airflow_url(state)}  user: admin  password: {state.secrets.airflow_admin}")
    print("\n".join(f"Report: {address}" for address in report_addresses(state)))
    return 1 if failures or table.returncode else 0


def report_addresses(state: State) -> list[str]:
    """Where each connected company's report is, in the order of their DAG ids."""
    return [
        f"{airflow_url(state)}/saldo/organizations/{dag_id}/report"
        for dag_id in sorted(state.connected.values())
    ]


def down() -> int:
    """Ends what `up` started, and nothing else. The data stays for the next `up`."""
    if not DIRECTORY.exists():
        print(NOT_RUNNING)
        return 0
    with exclusive(DIRECTORY):
        state = load(DIRECTORY)
        with Progress() as progress:
            progress.doing("Airflow ends its tasks")
            progress.say("Stopping Saldo ...")
            found = stop(state) if state else set()
            progress.say(f"Stopped: {', '.join(sorted(found))}." if found else "Nothing was running.")
    return 0


def clean() -> int:
    """Ends everything and removes all state: databases, secrets, logs."""
    down()
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    return 0


def status() -> int:
    """Prints the companies' table; status 1 when not everything runs."""
    state = _running_state()
    table = _saldo(state, "status")
    print(table.stdout, end="")
    print(table.stderr, end="", file=sys.stderr)
    if missing := EVERYTHING - running(state):
        raise LocalError(f"Not running: {', '.join(sorted(missing))}. make up starts what is missing.")
    return table.returncode


def explain() -> int:
    """Prints what a number is made of: the variables ORG (a DAG id or tenant id) and CELL say which."""
    state = _running_state()
    asked = [os.environ.get("ORG", ""), os.environ.get("CELL", "")]
    if not all(asked):
        raise LocalError("Say which number: make explain ORG=9000001 CELL=balance_sheet/cash_bank/2025-12")
    return _saldo(state, "explain", *asked, captured=False).returncode


def doctor() -> int:
    """Tries the whole set-up out, for the company that the variable ORG names or for all."""
    asked = os.environ.get("ORG", "")
    return _saldo(_running_state(), "doctor", *([asked] if asked else []), captured=False).returncode


def psql() -> NoReturn:
    """Opens the warehouse as the reader; the variable ARGS holds more arguments, quoted as in a shell."""
    state = _running_state()
    program = postgres(state).program("psql")
    os.execve(program, ["psql", *arguments()], reader_environment(state))  # noqa: S606


def warehouse() -> int:
    """Prints the address of the warehouse as the reader, for any other program."""
    state = _running_state()
    print(warehouse_url(state, "saldo_report", state.secrets.saldo_report))
    return 0


def arguments() -> list[str]:
    """The words of the variable ARGS, as a shell would split them.

    Raises:
        LocalError: a quotation mark is missing.
    """
    try:
        return shlex.split(os.environ.get("ARGS", ""))
    except ValueError as error:
        raise LocalError(f"ARGS cannot be read as words of a shell: {error}.") from None


def reader_environment(state: State) -> dict[str, str]:
    """How libpq's programs find the warehouse as the reader: no password on a command line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {
        **kept,
        "PGHOST": ADDRESS,
        "PGPORT": str(state.ports.warehouse),
        "PGDATABASE": WAREHOUSE_DATABASE,
        "PGUSER": "saldo_report",
        "PGPASSWORD": state.secrets.saldo_report,
    }


def made_from() -> str:
    """What the Python environment was made from (local/bootstrap.py), to see that it was made anew."""
    mark = Path(bootstrap.MARK)
    return mark.read_text() if mark.exists() else ""


def _state_to_start() -> State:
    remembered = load(DIRECTORY)
    ports = chosen(os.environ, remembered.ports if remembered else None)
    state = remembered or State(DIRECTORY)
    parts = running(state)
    if parts and ports != state.ports:
        raise LocalError("Saldo is running on other ports: make down first, then make up with the new ones.")
    refuse_taken(ports, ports_of(state, parts))
    state.ports = ports
    state.save()
    return state


def _sie_to_serve(state: State) -> list[str]:
    """What the sandbox shall serve: what SIE names, added to what this stack serves already."""
    given = os.environ.get("SIE", "").strip()
    # A path with a space in it needs no quotes when it is the only one.
    paths = [given] if given and Path(given).exists() else shlex.split(given)
    added = [str(Path(path).expanduser().resolve()) for path in paths]
    if added and state.connected and not state.sie:
        raise LocalError(
            "The three made-up companies live here already: make clean removes them and all state, "
            "then make up SIE=... serves your files instead."
        )
    return [*state.sie, *(path for path in added if path not in state.sie)]


def _follow(state: State, progress: Progress) -> list[Failure]:
    names = {
        state.connected[company.tenant_id]: company.name
        for company in sandbox_companies(state)
        if company.tenant_id in state.connected
    }
    try:
        with AirflowApi(airflow_url(state), state.secrets.airflow_admin) as api:
            return follow(api, names, state.airflow_home / "logs", progress, lambda: ensure_alive(state))
    except KeyboardInterrupt:
        print("\nThe runs go on: make status shows how far they are, make down ends everything.")
        raise


def _running_state() -> State:
    state = load(DIRECTORY)
    if state is None or not postgres(state).is_running():
        raise LocalError(NOT_RUNNING)
    return state


def _saldo(state: State, *words: str, captured: bool = True) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAMS / "saldo"), *words]
    return subprocess.run(command, env=environment(state), capture_output=captured, text=True, check=False)


if __name__ == "__main__":
    # A closed terminal or a kill must leave as little behind as ^C does.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    sys.exit(main())
