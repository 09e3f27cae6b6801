"""One run of an organization's DAG in a process that can be killed: python -m tests.one_run DAG_ID."""

from __future__ import annotations

import sys

from saldo import organizations
from tests.support import dag_of, run_dag

if __name__ == "__main__":
    run = run_dag(dag_of(organizations.read(sys.argv[1]).organizations[0]), run_id=sys.argv[1])
    print(run.states, {task: repr(error) for task, error in run.errors.items()})
    sys.exit(1 if run.errors else 0)
