"""Following the first runs: each company's, to its end, failures named with the log to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from local import LocalError
from local import follow as following
from local.airflow_api import AirflowApi, Run, Task
from local.follow import Failure, follow
from local.progress import Progress

LOGS = Path("/logs")
COMPANIES = {"fortnox__1": "Bageriet", "fortnox__2": "Kafét"}


class Airflow:
    """Answers as Airflow's API would, one moment after the other."""

    def __init__(self, moments: Callable[[int], dict[str, str]], *, unseen_until: int = 0) -> None:
        self.moments = moments
        self.unseen_until = unseen_until
        self.moment = 0
        self.asked: list[str] = []
        self.dies_at = 1000
        self.is_paused: set[str] = set()

    def paused(self) -> dict[str, bool]:
        return {} if self.moment < self.unseen_until else {dag: dag in self.is_paused for dag in COMPANIES}

    def latest_runs(self, dag_ids: Iterator[str]) -> dict[str, Run]:
        states = self.moments(self.moment)
        return {dag: Run(dag, f"{states[dag]}-run", states[dag]) for dag in dag_ids if dag in states}

    def tasks(self, run: Run) -> list[Task]:
        middle = {"failed": "failed", "running": "running"}.get(run.state, "success")
        return [Task("extract.changes", "success", 1), Task("transform.build", middle, 3)]

    def trigger(self, dag_id: str) -> None:
        self.asked.append(dag_id)

    def ensure_alive(self) -> None:
        if self.moment >= self.dies_at:
            raise LocalError("scheduler has ended: out of memory")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SECONDS_UNTIL_ASKED", 0)


def run(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> list[Failure]:
    def next_moment(_seconds: float) -> None:
        airflow.moment += 1
        assert airflow.moment < 50, "it waits for ever"

    monkeypatch.setattr(following.time, "sleep", next_moment)
    return follow(cast("AirflowApi", airflow), COMPANIES, LOGS, Progress(), lambda: airflow.ensure_alive())


def test_it_waits_for_every_company(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    airflow = Airflow(
        lambda moment: {
            "fortnox__1": "success" if moment > 3 else "running",
            "fortnox__2": "success" if moment > 6 else "queued",
        }
    )
    assert run(airflow, monkeypatch) == []
    assert airflow.asked == []
    said = capsys.readouterr().out
    assert "Bageriet: done" in said
    assert said.index("Bageriet: done") < said.index("Kafét: done")


def test_a_failure_names_the_task_and_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(
        lambda moment: {"fortnox__1": "success", "fortnox__2": "failed" if moment else "running"}
    )
    log = LOGS / "dag_id=fortnox__2" / "run_id=failed-run" / "task_id=transform.build" / "attempt=3.log"
    assert run(airflow, monkeypatch) == [Failure("Kafét", "transform.build", log)]


def test_a_run_that_nobody_started_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(
        lambda moment: {"fortnox__1": "success"} | ({"fortnox__2": "success"} if moment > 9 else {}),
        unseen_until=3,
    )
    assert run(airflow, monkeypatch) == []
    assert airflow.asked == ["fortnox__2"]


def test_a_company_that_failed_before_gets_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(
        lambda moment: {"fortnox__1": "success", "fortnox__2": "success" if moment > 3 else "failed"}
    )
    assert run(airflow, monkeypatch) == []
    assert airflow.asked == ["fortnox__2"]


def test_a_paused_company_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(lambda _moment: {"fortnox__1": "success"})
    airflow.is_paused = {"fortnox__2"}
    assert run(airflow, monkeypatch) == []
    assert airflow.asked == []


def test_nobody_waits_for_what_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(lambda _moment: {"fortnox__1": "running", "fortnox__2": "running"})
    airflow.dies_at = 5
    with pytest.raises(LocalError, match="scheduler has ended: out of memory"):
        run(airflow, monkeypatch)
