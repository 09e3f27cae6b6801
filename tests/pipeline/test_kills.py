"""A run that is killed, at any moment, and run again leaves what one that was never killed leaves."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.postgres import EmbeddedPostgres
from tests.sandbox.callers import companies_file
from tests.sandbox.process import running_sandbox
from tests.support import Warehouse, connect_companies, point_at_sandbox

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.timeout(2400)]

MOMENTS = 20


@contextmanager
def fresh_warehouse(
    server: EmbeddedPostgres, template: str, patch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    made = Warehouse(server, f"warehouse_{secrets.token_hex(4)}")
    made.create(template)
    made.point_at(patch)
    yield made
    made.drop()


def start_run(dag_id: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.one_run", dag_id],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(root / part) for part in ("", "plugins", "include")),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish_run(dag_id: str) -> None:
    process = start_run(dag_id)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output[-3000:]


def test_killed_at_twenty_moments_and_run_again_is_as_if_never_killed(
    postgres: EmbeddedPostgres, template: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    companies = companies_file(
        tmp_path,
        {
            "name": "Avbrottet AB",
            "tenant_id": "4711",
            "seed": 4711,
            "vouchers": 300,
            "years": [{"from": "2025-01-01", "to": "2025-12-31"}, {"from": "2026-01-01", "to": "2026-12-31"}],
        },
    )
    with running_sandbox("--companies", str(companies), "--latency-ms", "5") as sandbox:
        sandbox.admin("POST", "settings", {"quota": 1000, "requests_per_window": 1_000_000})
        point_at_sandbox(sandbox, monkeypatch)
        with fresh_warehouse(postgres, template, monkeypatch) as warehouse:
            dag_id = connect_companies(sandbox)[0].dag_id
            finish_run(dag_id)  # warms caches, so that the next one tells how long a run takes
        with fresh_warehouse(postgres, template, monkeypatch) as warehouse:
            connect_companies(sandbox)
            began = time.monotonic()
            finish_run(dag_id)
            seconds = time.monotonic() - began
            never_killed = warehouse.dump()
        assert never_killed["mart.fct_ledger_row"]

        killed = 0
        for moment in range(MOMENTS):
            with fresh_warehouse(postgres, template, monkeypatch) as warehouse:
                connect_companies(sandbox)
                process = start_run(dag_id)
                time.sleep(seconds * (moment + 0.5) / MOMENTS)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    killed += 1
                process.communicate()
                finish_run(dag_id)
                assert warehouse.dump() == never_killed, f"killed at {moment + 0.5} of {MOMENTS}"
                assert warehouse.rows(
                    "select refreshed = landed and built = landed "
                    "from control.version join control.version_built using (organization_id)"
                ) == [(True,)]
        # A run that was faster than the one measured escapes the last moments.
        assert killed >= MOMENTS // 2
