"""The Python environment: refused in one sentence where it cannot be made, left alone where it is whole."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import bootstrap

SCRIPT = Path(bootstrap.__file__)


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 13), (3, 15, 0), (4, 0, 0)])
def test_a_python_outside_the_range_is_refused_in_one_sentence(version: tuple[int, ...]) -> None:
    problem = bootstrap.version_problem(version)
    assert problem is not None
    assert problem.startswith(f"Saldo needs Python 3.11 to 3.14, and this is {version[0]}.{version[1]}: ")
    assert "\n" not in problem


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 13, 0), (3, 14, 9)])
def test_a_python_within_the_range_is_fine(version: tuple[int, ...]) -> None:
    assert bootstrap.version_problem(version) is None


def test_a_python_too_old_prints_the_sentence_and_ends_with_status_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    # A version manager's names, which it then refuses to run, must not be taken for a Python.
    for minor in range(11, 15):
        shim = tmp_path / f"python3.{minor}"
        shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
        shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.main() == 2
    assert capsys.readouterr().err == f"{bootstrap.version_problem((3, 9))}\n"


def test_another_python_on_the_path_is_taken_when_the_first_is_too_old(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in = tmp_path / "python3.13"
    stand_in.write_text("#!/bin/sh\nexit 0\n")
    stand_in.chmod(0o755)
    ran: list[list[str]] = []
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setattr(os, "execv", lambda _program, arguments: ran.append(arguments))
    monkeypatch.setenv("PATH", str(tmp_path))
    bootstrap.main()
    assert ran == [[str(stand_in), str(SCRIPT)]]


def test_missing_venv_is_one_sentence_that_names_the_package(tmp_path: Path) -> None:
    # As on Debian without python3-venv: the module ensurepip is not there.
    (tmp_path / "ensurepip.py").write_text("raise ImportError('No module named ensurepip')\n")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(SCRIPT.parent)!r}]; "
        "import bootstrap; print(bootstrap.venv_problem())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.count("\n") == 1
    assert "apt install python3-venv" in said
    assert bootstrap.venv_problem() is None


def test_any_python_can_read_the_script_as_far_as_its_sentence() -> None:
    """Nothing that Python 2.7 or 3.4 does not know, like f-strings, annotations, walruses or *-unpacking."""
    tree = ast.parse(SCRIPT.read_text())
    for node in ast.walk(tree):
        assert not isinstance(node, (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred, ast.Match)), (
            f"line {getattr(node, 'lineno', '?')}"
        )
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None
            assert not [argument for argument in node.args.args if argument.annotation]
            assert not node.args.kwonlyargs
    assert SCRIPT.read_text().isascii()


def test_a_whole_environment_is_left_alone_and_another_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in bootstrap.SOURCES:
        (tmp_path / name).write_text(f"first {name}")
    python = tmp_path / "python"
    mark = tmp_path / "mark"
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap, "PYTHON", str(python))
    monkeypatch.setattr(bootstrap, "MARK", str(mark))
    assert not bootstrap.is_current(), "half made: no mark"
    mark.write_text(bootstrap.sources_hash())
    assert not bootstrap.is_current(), "its Python is gone"
    python.touch()
    assert bootstrap.is_current()
    bootstrap.make_unless_current()
    for name in bootstrap.SOURCES:
        before = (tmp_path / name).read_text()
        (tmp_path / name).write_text("changed")
        assert not bootstrap.is_current(), name
        (tmp_path / name).write_text(before)


def test_a_step_that_fails_says_which_and_why(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        bootstrap.RefusalError, match=r"(?s)^no such thing\nThis step failed: pinned requirements"
    ):
        bootstrap._step("pinned requirements", ["/bin/sh", "-c", "echo no such thing; exit 1"])
    assert capfd.readouterr().out == "  pinned requirements ...\n"
