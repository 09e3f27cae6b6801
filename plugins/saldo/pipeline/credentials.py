"""The DAG that keeps the access of all organizations alive, also of those whose own DAG is paused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable

from saldo.pipeline.dag import START_DATE, TIMEZONE
from saldo.table import lay_out

if TYPE_CHECKING:
    from airflow.sdk import Context

DAG_ID = "saldo__credentials"
RUNBOOK = """
### What this does
Once a day, for every organization, whether its own DAG runs or is paused: renews refresh tokens that end
within 30 days, and encrypts anew what is not under the newest of Saldo's encryption keys. Client credentials
need no renewal. The log holds a line an organization.

### When it failed
Everything that could be done was done. The log's last lines name the DAG of each organization that failed,
and what to do: *connect the company again* needs a person who may approve your app in Fortnox. The task goes
on failing until the company is connected again or disconnected.
"""


class KeepCredentialsOperator(BaseOperator):
    """Keeps every organization's access alive; one that fails does not stop the others."""

    def execute(self, context: Context) -> None:
        """Renews and re-encrypts what is due.

        Raises:
            UpkeepError: some organizations failed; the text names them and what to do.
        """
        from saldo.fortnox import upkeep

        done = upkeep.keep_up()
        cells = [["organization", "DAG", "kind", "days left", "done"]]
        for item in done:
            access = item.access
            days = "-" if access.days_left is None else str(access.days_left)
            result = "; ".join(text for text in (item.done, item.failure) if text)
            cells.append([str(access.organization_id), access.dag_id, access.kind, days, result])
        self.log.info(
            "%d organizations; days left as found:\n%s", len(done), "\n".join(lay_out(cells, right=(0, 3)))
        )
        upkeep.check(done)


def build() -> DAG:
    """The DAG. It knows no organization when it is parsed: nothing is read for it."""
    with DAG(
        DAG_ID,
        dag_display_name="Saldo: credentials",
        description="Keeps every organization's access to Fortnox alive",
        doc_md=RUNBOOK,
        schedule=CronDataIntervalTimetable("40 3 * * *", timezone=TIMEZONE),
        start_date=START_DATE,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["saldo"],
        default_args={"owner": "saldo", "retries": 2, "retry_delay": timedelta(minutes=15)},
    ) as dag:
        KeepCredentialsOperator(task_id="keep", max_active_tis_per_dag=1)
    return dag
