"""The command `saldo` as people type it."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

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


OLD_TOKEN = "an-old-access-token"


@pytest.fixture
def personal(bakery: Sandbox, sandbox: Sandbox) -> Iterator[None]:
    """The company approves as a person until the end of the test."""
    bakery.admin("POST", "settings", {"access": {TENANT: {"service_account": False}}})
    yield
    bakery.admin("POST", "settings", {"access": {}, "api_code_tenant": None})


def approval(bakery: Sandbox) -> str:
    """The address that the browser ends on."""
    asked = {
        "client_id": "sandbox-client", "scope": "companyinformation bookkeeping", "state": "s",
        "access_type": "offline", "response_type": "code", "redirect_uri": "https://saldo.example/back",
        "tenant": TENANT,
    }  # fmt: skip
    return httpx.get(f"{bakery.base_url}/oauth-v1/auth", params=asked).headers["location"]


@pytest.mark.database
@pytest.mark.parametrize("from_stdin", [False, True])
def test_connecting_by_the_address_after_an_approval(
    warehouse: Warehouse,
    sandbox: Sandbox,
    personal: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    from_stdin: bool,
) -> None:
    address = approval(sandbox)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{address}\n"))
    assert main(["connect", "--code", "-" if from_stdin else address, "--workspace-id", "w"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"fortnox__{TENANT}\n"
    assert printed.err.startswith("saldo: Connected by a refresh token")
    assert printed.err.count("\n") == 1
    assert warehouse.rows("select workspace_id from control.organization") == [("w",)]

    assert "takes the code of an approval once" in refused(capsys, "connect", "--code", address)
    other = refused(capsys, "connect", "--code", approval(sandbox), "--tenant-id", "7100002")
    assert "and not of 7100002: nothing was changed" in other
    assert "closed on 2025-04-30" in refused(
        capsys, "connect", "--code", "0f9619ff-8b86-d011-b42d-00cf4fc964ff"
    )


@pytest.mark.database
def test_an_old_access_token_never_stands_among_the_arguments(
    warehouse: Warehouse,
    sandbox: Sandbox,
    personal: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SALDO_LEGACY_TOKEN", OLD_TOKEN)
    sentence = refused(capsys, "connect", "--legacy-token")
    assert "does not know this access token" in sentence
    assert OLD_TOKEN not in sentence
    monkeypatch.delenv("SALDO_LEGACY_TOKEN")
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert "SALDO_LEGACY_TOKEN or on stdin" in refused(capsys, "connect", "--legacy-token")

    sandbox.admin("POST", "settings", {"api_code_tenant": TENANT})
    exchanged = httpx.get(
        f"{sandbox.base_url}/3/customers",
        headers={"Authorization-Code": "sandbox-api-kod", "Client-Secret": "sandbox-secret"},
    )
    token = exchanged.json()["Authorization"]["AccessToken"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{token}\n"))
    assert main(["connect", "--legacy-token"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"fortnox__{TENANT}\n"
    assert token not in printed.err


# disconnect


@pytest.mark.database
def test_disconnected_is_told_whether_fortnox_ended_it(
    warehouse: Warehouse, sandbox: Sandbox, personal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["connect", "--code", approval(sandbox)])
    (dag_id,) = capsys.readouterr().out.split()

    assert main(["disconnect", dag_id]) == 0
    assert capsys.readouterr() == ("Disconnected: its access is forgotten, its data stay\n", "")

    assert main(["disconnect", dag_id]) == 0
    assert "until the company removes it there" in capsys.readouterr().err
    assert "ever connected" in refused(capsys, "disconnect", "404404")


# credentials


@pytest.mark.database
def test_credentials_are_a_line_a_company(
    warehouse: Warehouse, sandbox: Sandbox, personal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    from saldo import organizations

    assert said(capsys, "credentials") == "No company is connected yet: `saldo connect --tenant-id ...`\n"
    main(["connect", "--code", approval(sandbox)])
    organizations.register(tenant_id="7100002", name="Nyansluten AB", organization_number="")
    heading, first, second = said(capsys, "credentials").splitlines()
    assert heading.split() == ["company", "DAG", "kind", "days", "left", "renewed", "state"]
    pattern = rf"{NAME}  fortnox__{TENANT}  refresh_token +44  20\d\d-\d\d-\d\d \d\d:\d\d  good"
    assert re.fullmatch(pattern, first)
    assert second.split() == [
        "Nyansluten", "AB", "fortnox__7100002", "client_credentials", "-", "-", "not", "used", "yet",
    ]  # fmt: skip

    warehouse.execute(
        "update control.credential set lost_at = now(), lost_reason = 'It is gone' "
        "where refresh_token is not null"
    )
    assert "lost: It is gone. Connect the company again" in said(capsys, "credentials").splitlines()[1]
    full, new = json.loads(said(capsys, "credentials", "--json"))
    assert (full["kind"], full["days_left"], full["lost_reason"]) == ("refresh_token", 44, "It is gone")
    assert new["state"] == "not used yet"


@pytest.mark.database
def test_a_new_encryption_key_is_taken_into_use_by_one_command(
    warehouse: Warehouse,
    sandbox: Sandbox,
    personal: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main(["connect", "--code", approval(sandbox)])
    old, new = os.environ["AIRFLOW__SALDO__ENCRYPTION_KEYS"], Fernet.generate_key().decode()
    monkeypatch.setenv("AIRFLOW__SALDO__ENCRYPTION_KEYS", f"{new},{old}")
    assert said(capsys, "credentials", "--rotate").startswith("2 secrets were encrypted anew. ")
    assert said(capsys, "credentials", "--rotate").startswith("0 secrets were encrypted anew. ")
    monkeypatch.setenv("AIRFLOW__SALDO__ENCRYPTION_KEYS", old)
    sentence = refused(capsys, "credentials", "--rotate")
    assert "put the key that was used before back" in sentence
    assert old not in sentence


# resources


def test_the_catalogue_is_a_line_a_resource(capsys: pytest.CaptureFixture[str]) -> None:
    from saldo.fortnox.resources import CATALOGUE

    heading, *lines = said(capsys, "resources").splitlines()
    rows = {row["resource"]: row for row in json.loads(said(capsys, "resources", "--json"))}

    assert [line.split()[0] for line in lines] == [*rows] == [*CATALOGUE]
    assert rows["vouchers"] == {
        "resource": "vouchers", "path": "vouchers", "list_key": "Vouchers",
        "key": "Year+VoucherSeries+VoucherNumber", "scope": "bookkeeping", "order": "",
        "lastmodified": "declared", "dates": "TransactionDate", "read": "list a year", "when": "each run",
        "personal": "",
    }  # fmt: skip
    assert rows["sie"]["path"] == "sie/4"
    assert rows["invoices"]["read"] == "list + detail"
    assert (rows["taxreductions"]["when"], rows["taxreductions"]["personal"]) == ("off", "yes")
    assert rows["modesofpayments"]["lastmodified"] == ""
    column = heading.index("when")
    assert {line[column:][:8].strip() for line in lines} == {"each run", "daily", "off"}


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
    both = ["connect", "--code", "c", "--legacy-token"]
    for arguments in ([], ["connect"], ["connect", "--workspace-id", "w"], both, ["no-such-command"]):
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


# The report


def test_the_report_is_written_as_a_file(
    bakery: Sandbox,
    sandbox: Sandbox,
    warehouse: Warehouse,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saldo.warehouse.build import build
    from tests.warehouse.books import Year, company, land, voucher

    monkeypatch.chdir(tmp_path)
    assert "No company is connected as 404" in refused(capsys, "report", "404")
    organization_id = company(int(TENANT), NAME)
    assert "its first run builds them" in refused(capsys, "report", TENANT)
    land(organization_id)
    build(organization_id)
    assert "no ledger of a month that has begun" in refused(capsys, "report", TENANT)
    assert list(tmp_path.iterdir()) == []

    year = Year(1, "2025-01-01", "2025-12-31", (voucher("2025-05-05", ("1930", "10"), ("3041", "-10")),))
    land(organization_id, year)
    build(organization_id)
    assert said(capsys, "report", TENANT) == f"fortnox__{TENANT}.html\n"
    assert "Resultaträkning" in (tmp_path / f"fortnox__{TENANT}.html").read_text(encoding="utf-8")
    file = tmp_path / "april.html"
    said(capsys, "report", f"fortnox__{TENANT}", "--lang", "en", "--month", "2025-04", "--out", str(file))
    assert "Income statement" in file.read_text(encoding="utf-8")
    assert "write it like 2025-03" in refused(capsys, "report", TENANT, "--month", "may")
