"""The environment of every process of a stack: the settings that docker-compose.yaml gives by other means."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from local.connections import fortnox_connection, powerbi_connection
from local.ports import ADDRESS
from local.postgres import EmbeddedPostgres
from local.state import ROOT, State

AIRFLOW_DATABASE = "airflow"
WAREHOUSE_DATABASE = "saldo"

# Another Airflow's or PostgreSQL's settings, or another Python's, in the shell must not reach this stack;
# with bytecode switched off every process would compile Airflow anew.
FOREIGN = ("AIRFLOW_", "SALDO_", "PG", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS")


def postgres(state: State) -> EmbeddedPostgres:
    """The stack's PostgreSQL: Airflow's own database and the warehouse."""
    return EmbeddedPostgres(state.directory / "postgres", state.ports.warehouse, state.secrets.postgres)


def airflow_url(state: State) -> str:
    """Where the Airflow UI and its REST API answer."""
    return f"http://{ADDRESS}:{state.ports.airflow}"


def sandbox_url(state: State) -> str:
    """Where the sandbox's Fortnox and Power BI answer."""
    return f"http://{ADDRESS}:{state.ports.sandbox}"


def warehouse_url(state: State, user: str, password: str) -> str:
    """The warehouse as one of its login roles."""
    return postgres(state).url(WAREHOUSE_DATABASE, user, password)


def environment(state: State) -> dict[str, str]:
    """What every Airflow process and `saldo connect|status` get."""
    secrets, home = state.secrets, state.airflow_home
    metadata = postgres(state).url(AIRFLOW_DATABASE, "airflow", secrets.airflow_database)
    settings = {
        # This checkout's package, wherever its Python environment came from.
        "PYTHONPATH": str(ROOT / "plugins"),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": secrets.airflow_fernet_key,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{airflow_url(state)}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(state.passwords_file),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.replace("postgresql:", "postgresql+psycopg2:", 1),
        "AIRFLOW__API__HOST": ADDRESS,
        "AIRFLOW__API__PORT": str(state.ports.airflow),
        "AIRFLOW__API__BASE_URL": airflow_url(state),
        "AIRFLOW__API__SECRET_KEY": secrets.airflow_api,
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.airflow_jwt,
        "AIRFLOW__SALDO__ENCRYPTION_KEYS": secrets.saldo_encryption_keys,
        "AIRFLOW_CONN_SALDO_WAREHOUSE": warehouse_url(state, "saldo_app", secrets.saldo_app),
        "AIRFLOW_CONN_SALDO_REPORT": warehouse_url(state, "saldo_report", secrets.saldo_report),
        "AIRFLOW_CONN_FORTNOX_DEFAULT": json.dumps(fortnox_connection(sandbox_url(state))),
        "AIRFLOW_CONN_POWERBI_DEFAULT": json.dumps(
            powerbi_connection(
                sandbox_url(state),
                f"https://{ADDRESS}:{state.ports.sandbox_token}",
                str(state.sandbox / "powerbi-ca.pem"),
                f"{ADDRESS}:{state.ports.warehouse}",
                WAREHOUSE_DATABASE,
            )
        ),
        **_ONE_MACHINE,
    }
    return {**_inherited(), **settings}


def setup_environment(state: State) -> dict[str, str]:
    """What `saldo setup` and `saldo migrate` get beside it: the superuser and the owner of the warehouse."""
    return {
        **environment(state),
        "SALDO_ADMIN_URL": postgres(state).url("postgres"),
        "AIRFLOW_CONN_SALDO_MIGRATION": warehouse_url(state, "saldo_migrator", state.secrets.saldo_migrator),
    }


def sandbox_environment() -> dict[str, str]:
    """What the sandbox gets: nothing of Saldo's, as the real Fortnox would not either."""
    return {**_inherited(), "PYTHONPATH": str(ROOT / "include")}


# Airflow as one small machine needs it. Each of these is about speed at rest or at start, none about meaning.
_ONE_MACHINE = {
    # LocalExecutor forks all its workers at start; the default of 32 is for bigger machines.
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "8",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    # A newly connected company is a DAG after this many seconds at the latest.
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
    # A worker looks whether its task has ended when this has passed, though the task may have ended at once.
    # Until then its slot is taken; and when a deferred task is resumed meanwhile, the scheduler takes the
    # late news of the first end for that of the second and tries the task again (apache/airflow#67287).
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # A task whose worker was killed (make down, a crash) is tried again after a minute instead of five.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
}


def _inherited() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    programs = str(Path(sys.executable).parent)
    kept["PATH"] = os.pathsep.join([programs, kept.get("PATH", os.defpath)])
    # Everything speaks to this machine alone, whatever proxy the shell has.
    for name in ("no_proxy", "NO_PROXY"):
        kept[name] = ",".join(filter(None, [kept.get(name), ADDRESS, "localhost"]))
    return kept
