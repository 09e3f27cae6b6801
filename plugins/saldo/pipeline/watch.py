"""The DAG that watches over all organizations: a first report that is late, an access that ends.

Airflow's own deadlines belong to a run, and alert for every run that is late; what matters here belongs to an
organization, also to one whose runs never start, and is told once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable, timezone

from saldo.pipeline.dag import START_DATE, TIMEZONE

if TYPE_CHECKING:
    from airflow.sdk import Context

DAG_ID = "saldo__watch"
RUNBOOK = """
### What this does
Every ten minutes, in one look at the warehouse, for every connected organization: is its first report there
two hours after it was connected, does its access end within seven days or is it lost, does Fortnox no longer
give what it gave, is its report a day old. Each is said once, as a warning in this log and by the notifiers
of `[saldo] alert_notifiers`; that it has ended is said in the log.

### When it failed
Everything that is wrong stands in the log. A notifier could not be reached: the last line says which, and
what it did not tell is told by the next run.
"""


class WatchOperator(BaseOperator):
    """Raises what is wrong with any organization, once."""

    def execute(self, context: Context) -> None:
        """Looks, logs and tells.

        Raises:
            AlertsNotToldError: a notifier failed; the text says which.
        """
        from saldo.pipeline import alerts

        open_now = alerts.watch(timezone.utcnow())
        self.log.info("%d things are wrong now; those that are new stand above as warnings", len(open_now))


def build() -> DAG:
    """The DAG. It knows no organization when it is parsed: nothing is read for it."""
    with DAG(
        DAG_ID,
        dag_display_name="Saldo: watch",
        description="Says once what is wrong with any organization",
        doc_md=RUNBOOK,
        schedule=CronDataIntervalTimetable("*/10 * * * *", timezone=TIMEZONE),
        start_date=START_DATE,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["saldo"],
        default_args={"owner": "saldo", "retries": 0},
    ) as dag:
        WatchOperator(task_id="watch", max_active_tis_per_dag=1)
    return dag
