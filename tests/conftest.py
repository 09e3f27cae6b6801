"""What all tests stand on: Airflow's home, an embedded PostgreSQL, a migrated warehouse each."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "plugins"), str(ROOT / "include")]

# Airflow reads its settings when it is first imported, so they stand here and not in a fixture. Nothing
# of the caller's own Airflow may reach the tests.
for name in [name for name in os.environ if name.startswith(("AIRFLOW", "SALDO"))]:
    del os.environ[name]
from tests.leaks import ENCRYPTION_KEY, LEAKS  # noqa: E402 (the path comes first)

_home = tempfile.TemporaryDirectory(prefix="saldo-tests-")
os.environ |= {
    "AIRFLOW_HOME": _home.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_home.name}/airflow.db",
    "AIRFLOW__SALDO__ENCRYPTION_KEYS": ENCRYPTION_KEY,
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
}

from local.postgres import EmbeddedPostgres  # noqa: E402
from tests.sandbox.process import Sandbox, free_port, running_sandbox  # noqa: E402
from tests.support import Warehouse  # noqa: E402 (the environment comes first)

SHARED = ROOT.parent / "shared"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """No secret in what a test's code prints and logs."""
    for title, text in report.sections:
        LEAKS.look_through(text, f"{report.nodeid} ({title})")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Nor in what Airflow keeps. A run that shows one has failed."""
    LEAKS.look_through_files(Path(_home.name))
    if LEAKS.found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["leaks"] = LEAKS.found


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Where the tests run in several processes, each tells what it saw."""
    LEAKS.found += getattr(node, "workeroutput", {}).get("leaks", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where secrets were seen."""
    for place in sorted(set(LEAKS.found)):
        terminalreporter.write_line(f"SECRET SHOWN {place}", red=True)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real files to hold the code against, where they lie beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs the reference material in ../shared, which this checkout does not have beside it")
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL for the whole test run."""
    with (
        tempfile.TemporaryDirectory(prefix="saldo-postgres-", ignore_cleanup_errors=True) as directory,
        EmbeddedPostgres(Path(directory), free_port(), secrets.token_urlsafe(12), durable=False) as server,
    ):
        os.environ["SALDO_ADMIN_URL"] = server.url("postgres")
        LEAKS.add(server.password)
        yield server


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated, empty warehouse that others are copied from."""
    name = "warehouse_template"
    with pytest.MonkeyPatch.context() as patch:
        Warehouse(postgres, name).point_at(patch)
        from saldo.warehouse.migrations import migrate, set_up

        set_up()
        migrate()
    return name


@pytest.fixture
def warehouse(
    postgres: EmbeddedPostgres, template: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """A migrated, empty warehouse; Airflow's connections point at it."""
    yield from _copy(postgres, template, monkeypatch)


@pytest.fixture(scope="module")
def module_warehouse(postgres: EmbeddedPostgres, template: str) -> Iterator[Warehouse]:
    """The same, shared by the tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        yield from _copy(postgres, template, patch)


def _copy(server: EmbeddedPostgres, template: str, patch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    made = Warehouse(server, f"warehouse_{secrets.token_hex(4)}")
    made.create(template)
    made.point_at(patch)
    yield made
    made.drop()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The sandbox with its three demo companies; tests that change it start one of their own."""
    with running_sandbox("--companies", "demo") as running:
        yield running


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's own metadata database, for tests that go through Airflow itself."""
    from airflow.utils.db import initdb

    initdb()
