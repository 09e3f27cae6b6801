"""The little that `make up` asks Airflow's REST API (v2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import httpx

UNFINISHED = ("queued", "running")
# What a run needs to begin. That the API server lives is seen by its answer.
COMPONENTS = ("scheduler", "dag_processor")


# How saldo.pipeline.operators names the runs that fetch what the first report does not wait for.
LATER_RUN = "details__"


@dataclass(frozen=True)
class Run:
    """The latest run of a DAG; state as Airflow names it: queued, running, success or failed."""

    dag_id: str
    run_id: str
    state: str

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.state not in UNFINISHED


@dataclass(frozen=True)
class Task:
    """One task of a run; state as Airflow names it, empty before it is scheduled."""

    task_id: str
    state: str
    attempt: int


class AirflowApi:
    """A client that logs in as the admin when it first asks something that needs it."""

    def __init__(self, url: str, password: str) -> None:
        """Args: url: of the API server; password: of the user admin."""
        # trust_env would send what is for this machine through the shell's proxy; verify would read the
        # machine's certificates, for plain http.
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False, verify=False)  # noqa: S501
        self._password = password

    def __enter__(self) -> Self:
        """Opens nothing: connections are made when needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connections."""
        self._client.close()

    def healthy_since(self, moment: datetime) -> bool:
        """Whether the API server answers, and scheduler and dag processor have shown life since a moment."""
        try:
            answer = self._client.get("/api/v2/monitor/health")
            answer.raise_for_status()
        except httpx.HTTPError:
            return False
        found = answer.json()
        beats = [found[name][f"latest_{name}_heartbeat"] for name in COMPONENTS]
        return all(beat and datetime.fromisoformat(beat) > moment for beat in beats)

    def paused(self) -> dict[str, bool]:
        """Whether a DAG is paused, for each that the dag processor has found."""
        dags = self._pages("/api/v2/dags", "dags", {"exclude_stale": "true"})
        return {dag["dag_id"]: dag["is_paused"] for dag in dags}

    def latest_runs(self, dag_ids: Iterable[str]) -> dict[str, Run]:
        """The latest run of each of the DAGs that has one, but for those that only fetch what the first
        report did not wait for."""
        latest: dict[str, Run] = {}
        for dag_id in dag_ids:
            found = self._get(f"/api/v2/dags/{dag_id}/dagRuns", {"order_by": "-run_after", "limit": 50})
            for run in found["dag_runs"]:
                if not run["dag_run_id"].startswith(LATER_RUN):
                    latest[dag_id] = Run(dag_id, run["dag_run_id"], run["state"])
                    break
        return latest

    def tasks(self, run: Run) -> list[Task]:
        """The tasks of a run."""
        found = self._get(f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances", {"limit": 100})
        return [
            Task(task["task_id"], task["state"] or "", task["try_number"]) for task in found["task_instances"]
        ]

    def trigger(self, dag_id: str) -> None:
        """Asks for a run now."""
        self._log_in()
        answer = self._client.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None})
        answer.raise_for_status()

    def _pages(self, path: str, key: str, parameters: dict[str, Any]) -> Iterable[dict[str, Any]]:
        offset = 0
        while True:
            page = self._get(path, {**parameters, "limit": 100, "offset": offset})
            yield from page[key]
            offset += 100
            if offset >= page["total_entries"]:
                return

    def _get(self, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._log_in()
        answer = self._client.get(path, params=parameters)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _log_in(self) -> None:
        if "Authorization" not in self._client.headers:
            answer = self._client.post("/auth/token", json={"username": "admin", "password": self._password})
            answer.raise_for_status()
            self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
