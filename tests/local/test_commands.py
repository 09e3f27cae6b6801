"""What make passes on, and what is refused before anything starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import local.__main__ as commands
from local import LocalError
from local.ports import Ports
from local.state import State, load
from tests.sandbox.process import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setattr(commands, "DIRECTORY", folder / ".saldo")
    for variable in ("SIE", "ARGS", "AIRFLOW_PORT", "SANDBOX_PORT", "WAREHOUSE_PORT"):
        monkeypatch.delenv(variable, raising=False)
    return State(folder / ".saldo", Ports(free_port(), free_port(), free_port()))


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the repository's Makefile with a recipe that shows what programs get to see."""
    shows = 'environment:\n\nshow:\n\t@printf "%s|%s|%s" "$$ARGS" "$$SIE" "$$AIRFLOW_PORT"\n'
    return subprocess.run(
        ["make", "--no-print-directory", "--file", str(ROOT / "Makefile"), "--file", "-", *arguments],
        input=shows, capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


def test_make_passes_arguments_on_as_they_are() -> None:
    said = make(
        "show", r"""ARGS=-c "select '$1', \"a\" as x" --csv""", "SIE=a b.se", "AIRFLOW_PORT=9080"
    ).stdout
    assert said == r"""-c "select '$1', \"a\" as x" --csv|a b.se|9080"""


def test_arguments_are_split_as_a_shell_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGS", """-c "select 'two words' as x" --csv""")
    assert commands.arguments() == ["-c", "select 'two words' as x", "--csv"]
    monkeypatch.setenv("ARGS", "")
    assert commands.arguments() == []
    monkeypatch.setenv("ARGS", '-c "select 1')
    with pytest.raises(LocalError, match="ARGS cannot be read as words of a shell: No closing quotation"):
        commands.arguments()


def test_psql_connects_as_the_reader_whatever_the_shell_says(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PGOPTIONS", "-c role=postgres")
    given = {
        name: value for name, value in commands.reader_environment(state).items() if name.startswith("PG")
    }
    assert given == {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(state.ports.warehouse),
        "PGDATABASE": "saldo",
        "PGUSER": "saldo_report",
        "PGPASSWORD": state.secrets.saldo_report,
    }


@pytest.mark.parametrize("command", ["status", "explain", "psql", "warehouse"])
def test_what_needs_a_running_saldo_says_so(
    state: State, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state.save()
    monkeypatch.setattr(sys, "argv", ["local", command])
    assert commands.main() == 1
    assert capsys.readouterr().err == "Saldo is not running here: make up starts it.\n"


def test_a_taken_port_is_refused_before_anything_starts(
    state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["local", "up"])
    for variable, port in zip(
        ("AIRFLOW_PORT", "SANDBOX_PORT", "WAREHOUSE_PORT"),
        (state.ports.airflow, state.ports.sandbox, state.ports.warehouse),
        strict=True,
    ):
        monkeypatch.setenv(variable, str(port))
    with socket.create_server(("127.0.0.1", state.ports.airflow)):
        assert commands.main() == 1
    said = capsys.readouterr()
    assert said.err.startswith(
        f"Port {state.ports.airflow} (AIRFLOW_PORT) for Airflow is taken by another program"
    )
    assert said.err.count("\n") == 1
    assert load(state.directory) is None
    assert [path.name for path in state.directory.iterdir()] == ["lock"]


@pytest.mark.database
def test_a_file_that_is_no_sie_file_leaves_nothing_running(
    folder: Path, state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sandbox's own sentence reaches whoever ran make up."""
    not_sie = folder / "holiday.se"
    not_sie.write_bytes(b"\xff\xd8\xff\xe0 a photograph")
    state.save()
    monkeypatch.setenv("SIE", str(not_sie))
    monkeypatch.setattr(sys, "argv", ["local", "up"])
    assert commands.main() == 1
    error = capsys.readouterr().err
    assert "holiday.se" in error
    assert "The sandbox cannot start" in error
    left = load(state.directory)
    assert left is not None
    assert (left.sie, left.processes) == ([], {})
    assert commands.running(left) == set()


def test_paths_of_sie_files(state: State, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books = folder / "my books"
    books.mkdir()
    one, two = folder / "one.se", folder / "two.se"

    def serve(given: str) -> list[str]:
        monkeypatch.setenv("SIE", given)
        return commands._sie_to_serve(state)

    assert serve("") == []
    assert serve(str(books)) == [str(books)], "one path with a space in it needs no quotes"
    assert serve(f"'{books}' {one}") == [str(books), str(one)]
    state.sie = [str(one)]
    state.connected = {"1": "fortnox__1"}
    assert serve("") == [str(one)], "what was served last time is served again"
    assert serve(f"{two} {one}") == [str(one), str(two)], "more files come beside those"
    state.sie = []
    with pytest.raises(LocalError, match="The three made-up companies live here already: make clean"):
        serve(str(one))


def test_each_connected_companys_report_has_an_address(state: State) -> None:
    assert commands.report_addresses(state) == []
    state.connected = {"9000002": "fortnox__9000002", "9000001": "fortnox__9000001"}
    assert commands.report_addresses(state) == [
        f"http://127.0.0.1:{state.ports.airflow}/saldo/organizations/fortnox__900000{number}/report"
        for number in (1, 2)
    ]
