"""Each benchmark runs and prints its table, at the least size: what it measures is not looked at here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.peers import environment

pytestmark = [pytest.mark.slow, pytest.mark.database]

ROOT = Path(__file__).parents[2]


def printed(tmp_path: Path, name: str, *arguments: str) -> list[str]:
    """The lines that a benchmark prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        cwd=ROOT,
        env=environment.clean_environment() | {"AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_sie_parse(tmp_path: Path) -> None:
    lines = printed(tmp_path, "sie_parse", "--vouchers", "300", "--repeat", "1")
    assert [line.split("  ")[0] for line in lines] == [
        "file", "parse", "contradictions", "content digest", "words of lines", "peak memory",
    ]  # fmt: skip


def test_ledger(tmp_path: Path) -> None:
    lines = printed(tmp_path, "ledger", "--vouchers", "100", "--repeat", "1")
    assert lines[0].startswith("100 vouchers")
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "bare COPY", "ledger, first", "ledger, unchanged", "marts and checks",
    ]  # fmt: skip


def test_builds(tmp_path: Path) -> None:
    lines = printed(
        tmp_path, "builds", "--rows", "3000", "--organizations", "2", "--organization-rows", "300"
    )
    assert "ledger rows in five financial years" in lines[0]
    assert [line.split("  ")[1] for line in lines[1:5]] == [
        "landed", "marts and checks, whole", "after one voucher", "size on disk",
    ]  # fmt: skip
    slowest = lines.index("  slowest, whole"), lines.index("  slowest, one voucher")
    assert slowest == (5, 16)
    assert all(line.endswith("%") for start in slowest for line in lines[start + 1 : start + 11])
    assert [line.split()[0] for line in lines if " organizations of " in line] == ["1", "2"]


def test_documents(tmp_path: Path) -> None:
    lines = printed(tmp_path, "documents", "--documents", "2000", "--repeat", "1")
    phases = ["bare COPY", "landing, first", "landing, unchanged", "landing, 1 % changed"]
    assert [line.split("  ")[0] for line in lines if " documents, " not in line] == 2 * phases
    assert [line.split(",")[0] for line in lines[::5]] == ["200 documents", "2000 documents"]


def test_page(tmp_path: Path) -> None:
    lines = printed(tmp_path, "page", "--organizations", "20")
    assert [line.split("  ")[1].strip() for line in lines[1:]] == [
        "the warehouse's answer", "as JSON", "shown in Chromium",
    ]  # fmt: skip


def test_first_report(tmp_path: Path) -> None:
    line = printed(tmp_path, "first_report", "--vouchers", "300")[-1]
    assert line.startswith("300 vouchers: first run after ")


def test_pace(tmp_path: Path) -> None:
    lines = printed(tmp_path, "pace", "--vouchers", "200")
    assert [line.split("  ")[0] for line in lines] == [
        "one process", "one process", "two processes and the page",
    ]  # fmt: skip


def test_side_by_side(tmp_path: Path) -> None:
    try:
        environment.python_of("dlt")
    except environment.OutOfReachError as error:
        pytest.skip(f"dlt is not installed and the package index is out of reach: {error}")
    lines = printed(tmp_path, "peers.side_by_side", "--scale", "0.02")
    saldo, dlt = lines[1::2], lines[2::2]
    assert len(saldo) == len(dlt) == 3
    assert all(line.endswith("  nothing") for line in [*saldo, *dlt[:2]]), lines
    assert dlt[2].endswith("customers: 0 missing, 2 too many; vouchers: 0 missing, 3 too many; "
                           "voucher rows: 0 missing, 9 too many"), lines  # fmt: skip
