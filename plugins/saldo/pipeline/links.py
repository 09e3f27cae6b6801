"""The buttons on tasks that lead to what they fetched or made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey


class SyncStatusLink(BaseOperatorLink):
    """Leads to the page with the organization's rows by resource, checks and versions."""

    name = "Rows by resource"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """The page's address below Airflow's own."""
        return f"/saldo/organizations/{ti_key.dag_id}"


class ReportLink(BaseOperatorLink):
    """Leads to the organization's report."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """The report's address below Airflow's own."""
        return f"/saldo/organizations/{ti_key.dag_id}/report"
