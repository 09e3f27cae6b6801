"""One run of an organization's DAG in a process that can be killed: python -m tests.one_run DAG_ID."""

from __future__ import annotations

import sys
from datetime import timedelta

from saldo import organizations
from tests.support import dag_of, run_dag

if __name__ == "__main__":
    dag = dag_of(organizations.read(sys.argv[1]).organizations[0])
    # The sandbox's history lags less than Power BI's: a killed try need not be looked for that long.
    dag.get_task("publish.refresh").history_lag = timedelta(seconds=5)
    run = run_dag(dag, run_id=sys.argv[1])
    print(run.states, {task: repr(error) for task, error in run.errors.items()})
    sys.exit(1 if run.errors else 0)
