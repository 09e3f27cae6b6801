"""Starts and ends what a stack consists of: PostgreSQL, the sandbox and Airflow's four components."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
from psycopg import sql

from local import LocalError, processes
from local.airflow_api import AirflowApi
from local.environment import (
    AIRFLOW_DATABASE,
    airflow_url,
    environment,
    postgres,
    sandbox_environment,
    sandbox_url,
    setup_environment,
)
from local.ports import Ports
from local.progress import Progress
from local.saldo_commands import THEN
from local.state import ROOT, State

Answer = TypeVar("Answer")

PROGRAMS = Path(sys.executable).parent

POSTGRES = "PostgreSQL"
SANDBOX = "sandbox"
# Task logs lie on this machine, where the API server reads them itself. The servers that would hand them
# to another machine are left out: they listen on every address of this one.
AIRFLOW: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
EVERYTHING = frozenset({POSTGRES, SANDBOX, *AIRFLOW})

# How the sandbox ends when what it was given will not do; its sentence says everything.
REFUSED = 2
# Cold, on a slow disk; a start takes a tenth of it.
PATIENCE = 300


@dataclass(frozen=True)
class Company:
    """A company of the sandbox, as GET /sandbox/companies lists it."""

    tenant_id: str
    name: str


def running(state: State) -> set[str]:
    """Which parts of the stack run."""
    alive = {name for name, pid in state.processes.items() if processes.is_running(pid, state.logs)}
    if postgres(state).is_running():
        alive.add(POSTGRES)
    return alive


def ensure_alive(state: State) -> None:
    """Makes sure that everything still runs.

    Raises:
        LocalError: something has ended; the sentence carries its last words.
    """
    for name in sorted(EVERYTHING - running(state)):
        log = postgres(state).log if name == POSTGRES else state.logs / f"{name}.log"
        said = last_words(log) if log.exists() else "it said nothing"
        raise LocalError(f"{name} has ended: {said} (log: {log}). make up starts it again.")


def ports_of(state: State, parts: set[str]) -> frozenset[int]:
    """The ports that these running parts of the stack hold."""
    ports: Ports = state.ports
    held: set[int] = set()
    if POSTGRES in parts:
        held |= {ports.warehouse}
    if SANDBOX in parts:
        held |= {ports.sandbox, ports.sandbox_token}
    if "api-server" in parts:
        held |= {ports.airflow}
    return frozenset(held)


def stop(state: State) -> set[str]:
    """Ends what runs of the stack, all of it and nothing else; returns what that was. The data stays."""
    found = running(state)
    # Sessions are searched even where their leader has died: it may have left children behind.
    processes.stop(state.processes.values(), state.logs)
    postgres(state).stop()
    state.processes.clear()
    state.save()
    return found


class Launch:
    """One attempt to bring up what is missing of a stack: it succeeds, or ends again what it has started."""

    def __init__(self, state: State, sie: list[str], progress: Progress) -> None:
        """Args: sie: the paths to serve; a sandbox that serves others is started again with these."""
        self._state = state
        self._sie = sie
        self._progress = progress
        self._before = running(state)
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self._cancelled = False
        self._lock = threading.Lock()

    def run(self) -> None:
        """Starts what is missing, brings both databases up to date, and connects the sandbox's companies.

        Raises:
            LocalError: something did not start; what this call started is ended again.
        """
        with ThreadPoolExecutor() as threads:
            try:
                self._run(threads)
            except BaseException:
                with _uninterrupted():
                    self._undo(threads)
                raise

    def _run(self, threads: ThreadPoolExecutor) -> None:
        # Three strands that wait for each other only where they must; starting Airflow is the longest.
        sandbox = threads.submit(self._sandbox)
        server = threads.submit(self._postgres)
        airflow = threads.submit(self._airflow, server)
        companies = threads.submit(self._warehouse, server, sandbox)
        strands: list[Future[Any]] = [sandbox, server, airflow, companies]
        done, _ = wait(strands, return_when=FIRST_EXCEPTION)
        for strand in done:
            strand.result()
        # Not before now, so that its first look at the DAG file finds every company.
        self._start_airflow("dag-processor")
        self._until_healthy()
        # Needed when a first run comes to its refresh; until then the others have the cores.
        self._start_airflow("triggerer")

    def _sandbox(self) -> list[Company]:
        state, progress = self._state, self._progress
        progress.doing("the sandbox makes its companies ready")
        if SANDBOX not in self._before:
            self._start_sandbox(self._sie)
        elif self._sie != state.sie:
            self._replace_sandbox()
        found = self._until(SANDBOX, lambda: sandbox_companies(state))
        state.sie = self._sie
        progress.doing()
        progress.say(f"Sandbox: Fortnox and Power BI with {_count(len(found), 'company', 'companies')}")
        return found

    def _start_sandbox(self, sie: list[str]) -> None:
        whose = [argument for path in sie for argument in ("--sie", path)] or ["--companies", "demo"]
        command = [
            sys.executable, "-m", "sandbox",
            "--port", str(self._state.ports.sandbox),
            "--token-port", str(self._state.ports.sandbox_token),
            "--directory", str(self._state.sandbox),
            *whose,
        ]  # fmt: skip
        self._start(SANDBOX, command, sandbox_environment())

    def _replace_sandbox(self) -> None:
        """Serves other files; when they are refused, the running stack keeps those it had."""
        state = self._state
        processes.stop([state.processes[SANDBOX]], state.logs)
        self._start_sandbox(self._sie)
        try:
            self._until(SANDBOX, lambda: sandbox_companies(state))
        except LocalError:
            self._start_sandbox(state.sie)
            self._until(SANDBOX, lambda: sandbox_companies(state))
            del self._started[SANDBOX]
            raise

    def _postgres(self) -> None:
        state = self._state
        if POSTGRES in self._before:
            return
        self._progress.doing("PostgreSQL starts")
        server = postgres(state)
        server.start()
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            _airflow_database(connection, state.secrets.airflow_database)
        self._progress.doing()
        self._progress.say(f"PostgreSQL on port {state.ports.warehouse}")

    def _airflow(self, server: Future[None]) -> None:
        server.result()
        # Its database is only looked at when something of Airflow is about to start.
        if not self._before.issuperset(AIRFLOW):
            self._progress.doing("Airflow's database is brought up to date")
            self._help(
                "airflow-db-migrate", [str(PROGRAMS / "airflow"), "db", "migrate"], environment(self._state)
            )
            self._progress.doing()
            self._progress.say("Airflow's database is up to date")
        self._start_airflow("api-server")
        self._start_airflow("scheduler")

    def _warehouse(self, server: Future[None], sandbox: Future[list[Company]]) -> None:
        server.result()
        state, progress = self._state, self._progress
        new = [company for company in sandbox.result() if company.tenant_id not in state.connected]
        progress.doing("the warehouse is brought up to date and companies are connected")
        commands = ["setup", THEN, "migrate"]
        for company in new:
            commands += [THEN, "connect", "--tenant-id", company.tenant_id]
        said = self._help(
            "saldo-setup",
            [sys.executable, str(ROOT / "local" / "saldo_commands.py"), *commands],
            setup_environment(state),
        )
        dag_ids = re.findall(r"^fortnox__[0-9]+$", said, re.MULTILINE)
        state.connected |= {company.tenant_id: dag_id for company, dag_id in zip(new, dag_ids, strict=True)}
        with self._lock:
            state.save()
        progress.doing()
        progress.say("Warehouse: roles, tables and reference data are up to date")
        for company in new:
            progress.say(f"Connected: {company.name}")

    def _start_airflow(self, name: str) -> None:
        if name not in self._before:
            self._start(name, [str(PROGRAMS / "airflow"), *AIRFLOW[name]], environment(self._state))

    def _until_healthy(self) -> None:
        self._progress.doing("Airflow starts")
        # Right after a crash the heartbeats of those that died would still look like health.
        began = datetime.now(UTC) - timedelta(seconds=self._progress.seconds)
        if self._before.issuperset(AIRFLOW):
            began = datetime.min.replace(tzinfo=UTC)
        with AirflowApi(airflow_url(self._state), self._state.secrets.airflow_admin) as api:
            self._until("api-server", lambda: api.healthy_since(began))
        self._progress.doing()
        self._progress.say(f"Airflow answers on {airflow_url(self._state)}")

    def _start(self, name: str, command: Sequence[str], variables: Mapping[str, str]) -> None:
        with self._lock:
            if self._cancelled:
                raise LocalError("Stopped.")
            process = processes.start(
                command, variables, folder=self._state.logs, log=self._state.logs / f"{name}.log"
            )
            self._started[name] = process
            self._state.processes[name] = process.pid
            self._state.save()

    def _help(self, name: str, command: Sequence[str], variables: Mapping[str, str]) -> str:
        """Runs a command to its end and returns what it said."""
        log = self._state.logs / f"{name}.log"
        with self._lock:
            if self._cancelled:
                raise LocalError("Stopped.")
            process = processes.start(command, variables, folder=self._state.logs, log=log)
            self._started[name] = process
        status = process.wait()
        if self._cancelled:
            raise LocalError("Stopped.")
        if status:
            raise LocalError(f"{last_words(log)} (log: {log})")
        return log.read_text(errors="replace")

    def _until(self, name: str, ask: Callable[[], Answer]) -> Answer:
        """Asks until there is an answer, as long as everything that was started to keep running does so."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := ask()):
            for started, process in list(self._started.items()):
                if started in self._state.processes and process.poll() is not None:
                    log = self._state.logs / f"{started}.log"
                    where = "" if process.returncode == REFUSED else f" (log: {log})"
                    raise LocalError(f"{last_words(log)}{where}")
            if time.monotonic() > deadline:
                log = self._state.logs / f"{name}.log"
                raise LocalError(f"{name} does not answer after {PATIENCE} s (log: {log})")
            if self._cancelled:
                raise LocalError("Stopped.")
            time.sleep(0.2)
        return answer

    def _undo(self, threads: ThreadPoolExecutor) -> None:
        state = self._state
        with self._lock:
            self._cancelled = True
        self._progress.say("Stopping what was started ...")
        processes.stop([process.pid for process in self._started.values()], state.logs)
        threads.shutdown(wait=True, cancel_futures=True)
        if POSTGRES not in self._before:
            postgres(state).stop()
        state.processes = {name: pid for name, pid in state.processes.items() if name not in self._started}
        state.save()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second ^C must not cut short what cleans up after the first."""
    before = {
        number: signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def sandbox_companies(state: State) -> list[Company]:
    """The companies that the sandbox serves; empty while it does not answer."""
    try:
        # As in AirflowApi: no proxy, and no certificates for plain http.
        answer = httpx.get(
            f"{sandbox_url(state)}/sandbox/companies",
            timeout=10,
            trust_env=False,
            verify=False,  # noqa: S501
        )
        answer.raise_for_status()
    except httpx.HTTPError:
        return []
    return [Company(found["tenant_id"], found["name"]) for found in answer.json()]


def last_words(log: Path) -> str:
    """What a log ends with: Saldo's own sentence, else the last line (of a traceback: the exception)."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    sentences = [line for line in lines if line.startswith("saldo: ")]
    return (sentences or lines or ["it said nothing"])[-1]


def _airflow_database(connection: psycopg.Connection, password: str) -> None:
    """Airflow's own role and database; not the superuser, and none of the warehouse's roles comes in."""
    role = sql.Identifier("airflow")
    database = sql.Identifier(AIRFLOW_DATABASE)
    if not connection.execute("select 1 from pg_roles where rolname = 'airflow'").fetchone():
        connection.execute(sql.SQL("create role {} login").format(role))
    connection.execute(sql.SQL("alter role {} password {}").format(role, sql.Literal(password)))
    if not connection.execute("select 1 from pg_database where datname = %s", [AIRFLOW_DATABASE]).fetchone():
        connection.execute(sql.SQL("create database {} owner {}").format(database, role))
    connection.execute(sql.SQL("revoke connect on database {} from public").format(database))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
