"""The way with Docker: as far as it can be held without an engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.docker import connect_companies, write_env
from local.environment import environment, setup_environment
from local.ports import Ports
from local.state import Secrets, State

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yaml"

# What docker-compose.yaml leaves to the image or to Airflow's defaults, and what tunes one small machine.
ONLY_WITHOUT_DOCKER = {
    "AIRFLOW_HOME",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__CORE__PARALLELISM",
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__PORT",
    "AIRFLOW__API__WORKERS",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL",
}
ONLY_WITH_DOCKER = {"AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def saldo_and_airflow(variables: dict[str, str]) -> set[str]:
    return {name for name in variables if name.startswith(("AIRFLOW", "SALDO"))}


def test_it_fits_the_compose_specification() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(COMPOSE),
    ]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
def test_docker_compose_understands_it(tmp_path: Path) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("needs docker-compose (Debian: apt install docker-compose)")
    shutil.copy(COMPOSE, tmp_path)
    command = [program, "--profile", "sandbox", "config"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    without = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert without.returncode != 0
    assert "run make env first" in without.stderr
    secrets = Secrets()
    (tmp_path / ".env").write_text(write_env.content(secrets))
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    settings = yaml.safe_load(result.stdout)["services"]["scheduler"]["environment"]
    assert json.loads(settings["AIRFLOW_CONN_FORTNOX_DEFAULT"])["host"] == "http://sandbox:8090"
    assert (
        settings["AIRFLOW_CONN_SALDO_WAREHOUSE"]
        == f"postgresql://saldo_app:{secrets.saldo_app}@postgres/saldo"
    )
    assert settings["AIRFLOW__CORE__FERNET_KEY"] == secrets.airflow_fernet_key


def test_every_airflow_service_gets_what_make_up_gives(services: dict[str, Any], tmp_path: Path) -> None:
    state = State(tmp_path, Ports())
    running = saldo_and_airflow(environment(state)) - ONLY_WITHOUT_DOCKER | ONLY_WITH_DOCKER
    for name in ("scheduler", "dag-processor", "triggerer", "connect-companies"):
        assert saldo_and_airflow(services[name]["environment"]) == running, name
    assert saldo_and_airflow(services["api-server"]["environment"]) == running | {"AIRFLOW_ADMIN_PASSWORD"}
    setting_up = saldo_and_airflow(setup_environment(state)) - saldo_and_airflow(environment(state))
    assert saldo_and_airflow(services["init"]["environment"]) == running | setting_up


def test_no_password_is_in_the_file(services: dict[str, Any]) -> None:
    secret = re.compile("PASSWORD|SECRET|KEY|CONN|URL")
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if secret.search(variable) and not variable.endswith(("_FILE", "BASE_URL", "SERVER_URL")):
                assert re.search(r"\$\{[A-Z_]+:\?run make env first\}", value), f"{name}: {variable}"


def test_everything_is_watched_over(services: dict[str, Any]) -> None:
    ending = {"init", "connect-companies"}
    assert {name for name, service in services.items() if "healthcheck" not in service} == ending
    assert all(services[name]["restart"] == "no" for name in ending)


def test_the_warehouse_and_the_ui_are_for_this_machine_alone(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_sandbox_is_only_there_when_asked_for(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "profiles" in service} == {
        "sandbox",
        "connect-companies",
    }
    needed = [service.get("depends_on", {}) for service in services.values() if "profiles" not in service]
    assert not [needs for needs in needed if "sandbox" in needs]


def test_the_image_is_of_the_airflow_that_is_pinned() -> None:
    pinned = re.search(r"^apache-airflow==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == [f"apache/airflow:{pinned[1]}-python3.12"]


def test_the_image_takes_nothing_but_what_it_needs() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    copied = set()
    for line in re.findall(r"^COPY (?:--\S+ )?(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        copied |= set(line.split())
    assert copied == allowed
    assert all((ROOT / path).exists() for path in copied)


def test_every_mounted_file_is_there(services: dict[str, Any]) -> None:
    mounted = [
        volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]
    assert mounted
    assert all((ROOT / path).exists() for path in mounted)
    # Sourced instead of run, its `set -e` would reach into the image's own script.
    assert os.access(ROOT / "local" / "docker" / "airflow-database.sh", os.X_OK)


def test_make_env_writes_new_secrets_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(write_env, "ROOT", tmp_path)
    path = tmp_path / ".env"
    assert write_env.main() == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_text()
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE.read_text()))
    assert asked == {line.split("=")[0] for line in first.splitlines()}
    assert write_env.main() == 1
    assert path.read_text() == first
    assert "stays as it is" in capsys.readouterr().err
    path.unlink()
    write_env.main()
    assert path.read_text() != first


def test_every_company_of_the_sandbox_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.sandbox.process import running_sandbox

    ran: list[list[str]] = []
    monkeypatch.setattr(connect_companies.subprocess, "run", lambda command, check: ran.append(command))
    with running_sandbox("--companies", "demo") as sandbox:
        connect_companies.main(sandbox.base_url)
        companies = sandbox.companies()
    assert ran == [["saldo", "connect", "--tenant-id", company["tenant_id"]] for company in companies]
