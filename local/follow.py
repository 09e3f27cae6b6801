"""Follows the runs of the connected companies until each has one that ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from local import LocalError
from local.airflow_api import AirflowApi, Run, Task
from local.progress import Progress

# How long the scheduler may take to begin a first run by itself before it is asked to.
SECONDS_UNTIL_ASKED = 30
PATIENCE = 3600
LOOK_EVERY = 2.0
# More companies than this in one line help nobody.
SHOWN = 4


@dataclass(frozen=True)
class Failure:
    """A run that ended red: whose, at which task, and where that task's log is."""

    company: str
    task_id: str
    log: Path


def follow(
    api: AirflowApi,
    companies: dict[str, str],
    task_logs: Path,
    progress: Progress,
    ensure_alive: Callable[[], None],
) -> list[Failure]:
    """Waits until the latest run of each company has ended, and says what goes on meanwhile.

    A first run starts by itself. One is asked for where none comes, or where the latest had failed before
    this began, so that a company whose fault is mended gets another try.

    Args:
        api: Airflow.
        companies: {DAG id: the company's name}; DAGs that somebody has paused are left out.
        task_logs: Airflow's folder of task logs.
        progress: takes a line for everything that changes.
        ensure_alive: raises when something that runs depend on has ended.

    Raises:
        LocalError: Airflow stopped answering, or it took more than an hour.
    """
    try:
        return _Watch(api, companies, task_logs, progress).until_all_ended(ensure_alive)
    except httpx.HTTPError as error:
        ensure_alive()
        raise LocalError(f"Airflow does not answer any more: {error}. make up starts it again.") from error


class _Watch:
    def __init__(
        self, api: AirflowApi, companies: dict[str, str], task_logs: Path, progress: Progress
    ) -> None:
        self._api = api
        self._companies = companies
        self._task_logs = task_logs
        self._progress = progress
        self._asked: set[str] = set()
        self._told: set[Path] = set()
        self._ended: dict[str, Run] = {}
        self._began = time.monotonic()

    def until_all_ended(self, ensure_alive: Callable[[], None]) -> list[Failure]:
        self._progress.doing("Airflow looks for the companies")
        in_sight = self._api.paused()
        open_companies = self._without_paused(in_sight)
        # Failed before this call: that run is not what is waited for.
        before = self._api.latest_runs(dag_id for dag_id in open_companies if dag_id in in_sight)
        old = {run.run_id for run in before.values() if run.state == "failed"}
        while waiting := [dag_id for dag_id in open_companies if dag_id not in self._ended]:
            if time.monotonic() - self._began > PATIENCE:
                names = ", ".join(self._companies[dag_id] for dag_id in waiting)
                raise LocalError(f"These companies' runs have not ended within an hour: {names}.")
            ensure_alive()
            if any(dag_id not in in_sight for dag_id in waiting):
                in_sight = self._api.paused()
            latest = self._api.latest_runs(dag_id for dag_id in waiting if dag_id in in_sight)
            for dag_id in waiting:
                run = latest.get(dag_id)
                if run is None or run.run_id in old:
                    self._ask(dag_id, in_sight=dag_id in in_sight, failed_before=run is not None)
                elif run.finished:
                    self._ended[dag_id] = run
                    outcome = "done" if run.state == "success" else "FAILED"
                    self._progress.say(f"{self._companies[dag_id]}: {outcome}")
            running = [run for run in latest.values() if not run.finished]
            self._progress.doing(self._describe(running, len(open_companies)))
            time.sleep(LOOK_EVERY)
        self._progress.doing()
        return [self._failure(run) for run in self._ended.values() if run.state != "success"]

    def _without_paused(self, in_sight: dict[str, bool]) -> list[str]:
        paused = [dag_id for dag_id, is_paused in in_sight.items() if is_paused]
        for dag_id in paused:
            if dag_id in self._companies:
                self._progress.say(f"{self._companies[dag_id]}: paused in Airflow, left alone")
        return [dag_id for dag_id in self._companies if dag_id not in paused]

    def _ask(self, dag_id: str, *, in_sight: bool, failed_before: bool) -> None:
        late = time.monotonic() - self._began > SECONDS_UNTIL_ASKED
        if in_sight and dag_id not in self._asked and (failed_before or late):
            self._api.trigger(dag_id)
            self._asked.add(dag_id)
            self._progress.say(f"{self._companies[dag_id]}: asked for a run")

    def _describe(self, running: list[Run], total: int) -> str:
        at = []
        for run in running[:SHOWN]:
            tasks = self._api.tasks(run)
            for task in tasks:
                if task.state == "up_for_retry":
                    self._tell_retry(run, task)
            at.append(f"{self._companies[run.dag_id]}: {_current(tasks)}")
        more = [f"{len(running) - SHOWN} more"] if len(running) > SHOWN else []
        return "; ".join([f"{len(self._ended)} of {total} done", *at, *more])

    def _tell_retry(self, run: Run, task: Task) -> None:
        log = self._log(run, task)
        if log not in self._told:
            self._told.add(log)
            self._progress.say(
                f"{self._companies[run.dag_id]}: {task.task_id} fails, to be tried again; its log: {log}"
            )

    def _failure(self, run: Run) -> Failure:
        failed = [task for task in self._api.tasks(run) if task.state == "failed"]
        if not failed:
            return Failure(self._companies[run.dag_id], "(none)", self._folder(run))
        return Failure(self._companies[run.dag_id], failed[0].task_id, self._log(run, failed[0]))

    def _log(self, run: Run, task: Task) -> Path:
        return self._folder(run) / f"task_id={task.task_id}" / f"attempt={task.attempt}.log"

    def _folder(self, run: Run) -> Path:
        # "[logging] log_filename_template" in Airflow's configuration reference, left as it is.
        return self._task_logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"


def _current(tasks: list[Task]) -> str:
    active = [task.task_id for task in tasks if task.state in ("running", "deferred")]
    waiting = [f"{task.task_id} waits to be tried again" for task in tasks if task.state == "up_for_retry"]
    done = sum(task.state in ("success", "skipped") for task in tasks)
    return ", ".join([*active, *waiting]) or f"{done} of {len(tasks)} tasks"
