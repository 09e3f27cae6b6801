"""A run of an organization's DAG, and those that it asks for, in a process that can be killed:
python -m tests.one_run DAG_ID."""

from __future__ import annotations

import sys
from datetime import timedelta

from saldo import organizations
from saldo.fortnox import pacing
from tests.support import dag_of, run_until_done

if __name__ == "__main__":
    pacing.WINDOW_SECONDS = 0.001
    dag = dag_of(organizations.read(sys.argv[1]).organizations[0])
    # The sandbox's history lags less than Power BI's: a killed try need not be looked for that long.
    dag.get_task("publish.refresh").history_lag = timedelta(seconds=5)
    runs = run_until_done(dag, sys.argv[1])
    for run in runs:
        print(run.states, {task: repr(error) for task, error in run.errors.items()})
    sys.exit(1 if any(run.errors for run in runs) else 0)
