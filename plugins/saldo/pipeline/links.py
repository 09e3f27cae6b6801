"""The button on a task that leads to what it fetched, resource by resource."""

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
