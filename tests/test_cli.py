"""The command `saldo` as people type it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from saldo.cli import main
from tests.fortnox.test_credentials import BASIC, app
from tests.sandbox.process import Sandbox, free_port, running_sandbox
from tests.support import PASSWORDS, Warehouse, dag_of, point_at_sandbox, run_dag

TENANT, NAME = "7100001", "Bageriet på Hörnet AB"


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    company = {
        "name": NAME,
        "tenant_id": TENANT,
        "seed": 7,
        "vouchers": 60,
        "years": [{"from": "2025-01-01", "to": "2025-12-31"}],
    }
    file = tmp_path_factory.mktemp("sandbox") / "companies.json"
    file.write_text(json.dumps([company]))
    with running_sandbox("--companies", str(file)) as running:
        yield running


@pytest.fixture
def sandbox(bakery: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    point_at_sandbox(bakery, monkeypatch)
    return bakery


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints."""
    capsys.readouterr()
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence of a command that fails."""
    capsys.readouterr()
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("saldo: ")
    assert printed.err.count("\n") == 1
    for secret in ("sandbox-secret", BASIC, "mistyped", *PASSWORDS.values()):
        assert secret not in printed.err
    return printed.err.removeprefix("saldo: ").strip()


# status


@pytest.mark.database
def test_status_without_a_company_says_how_to_connect_one(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "status") == "No company is connected yet: `saldo connect --tenant-id ...`\n"
    assert json.loads(said(capsys, "status", "--json")) == []


@pytest.mark.database
def test_status_is_a_line_a_company(
    warehouse: Warehouse, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    from saldo import organizations

    [bakery] = sandbox.companies()
    main(["connect", "--tenant-id", TENANT, "--workspace-id", bakery["workspace_id"], "--dataset-id",
          bakery["dataset_id"]])  # fmt: skip
    organizations.register(tenant_id="7100002", name="Nyansluten AB", organization_number="")
    assert run_dag(dag_of(organizations.read().organizations[0])).errors == {}

    full, new = json.loads(said(capsys, "status", "--json"))
    [(vouchers, ledger_rows)] = warehouse.rows(
        "select (select count(*) from landing.voucher), (select count(*) from landing.voucher_row)"
    )
    assert (full["organization_name"], full["dag_id"]) == (NAME, f"fortnox__{TENANT}")
    assert (full["vouchers"], full["ledger_rows"]) == (vouchers, ledger_rows)
    assert vouchers >= 60
    assert re.fullmatch(r"[0-9]+ of [0-9]+", full["checks"])
    assert new["vouchers"] is None
    assert new["refreshed_at"] is None

    heading, first, second = said(capsys, "status").splitlines()
    assert heading.split()[:4] == ["company", "DAG", "vouchers", "ledger"]
    assert first.startswith(f"{NAME}  fortnox__{TENANT}")
    assert f"{float(full['net_sales']):,.2f}".replace(",", " ") in first
    assert first.endswith(full["refreshed_at"])
    assert second.split() == ["Nyansluten", "AB", "fortnox__7100002", *"-------"]
    assert len(heading) == len(first) == len(second), "columns stand under each other"


# connect


@pytest.mark.database
def test_connecting_prints_the_dag_and_nothing_else(
    warehouse: Warehouse, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("connect", "--tenant-id", TENANT, "--workspace-id", "w", "--dataset-id", "d")
    for _ in range(2):
        assert said(capsys, *command) == f"fortnox__{TENANT}\n"
    found = warehouse.rows(
        "select tenant_id, organization_name, organization_number, workspace_id, dataset_id "
        "from control.organization"
    )
    [company] = sandbox.companies()
    assert found == [(TENANT, NAME, company["organization_number"], "w", "d")]


@pytest.mark.database
def test_connecting_what_fortnox_does_not_know_leaves_nothing(
    warehouse: Warehouse,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "Connect the company again" in refused(capsys, "connect", "--tenant-id", "4711")
    assert "digits only" in refused(capsys, "connect", "--tenant-id", "556000-0000")
    monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(sandbox.base_url, "mistyped"))
    assert "Check client id and client secret" in refused(capsys, "connect", "--tenant-id", TENANT)
    monkeypatch.delenv("AIRFLOW_CONN_FORTNOX_DEFAULT")
    assert "fortnox_default" in refused(capsys, "connect", "--tenant-id", TENANT)
    assert warehouse.rows("select count(*) from control.organization") == [(0,)]


# setup and migrate


@pytest.mark.database
def test_setting_up_and_migrating_can_be_repeated(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    from saldo.warehouse.migrations import newest

    for _ in range(2):
        assert said(capsys, "setup") == "The roles and the database are there\n"
        assert (
            said(capsys, "migrate") == f"The warehouse is at {newest()}; 0 views and tables were made anew\n"
        )


@pytest.mark.database
def test_what_is_missing_is_named_in_one_sentence(
    warehouse: Warehouse,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands = (("status",), ("connect", "--tenant-id", TENANT))
    monkeypatch.delenv("SALDO_ADMIN_URL")
    assert "Set SALDO_ADMIN_URL" in refused(capsys, "setup")

    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW__SALDO__INCLUDE_DIR", "/no/such/folder")
        assert "set [saldo] include_dir" in refused(capsys, "migrate")

    warehouse.execute("drop schema control cascade")
    for command in commands:
        assert "run `saldo migrate`" in refused(capsys, *command)

    nowhere = f"postgresql://saldo_app:{PASSWORDS['saldo_app']}@127.0.0.1:{free_port()}/warehouse"
    monkeypatch.setenv("AIRFLOW_CONN_SALDO_WAREHOUSE", nowhere)
    monkeypatch.setenv("AIRFLOW_CONN_SALDO_MIGRATION", nowhere)
    for command in (*commands, ("migrate",)):
        assert "PostgreSQL cannot be reached" in refused(capsys, *command)


def test_command_line_tells_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["connect"], ["no-such-command"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert "usage: saldo" in capsys.readouterr().err


def test_program_itself_ends_as_the_function_does() -> None:
    program = str(Path(sys.executable).with_name("saldo"))

    nowhere = f"postgresql://saldo_app:app-password@127.0.0.1:{free_port()}/warehouse"
    ended = subprocess.run(
        [program, "status"],
        env={**os.environ, "AIRFLOW_CONN_SALDO_WAREHOUSE": nowhere},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("saldo: PostgreSQL cannot be reached")
    assert ended.stderr.count("\n") == 1
