"""The Airflow DAG that says once what is wrong with any organization."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from saldo.pipeline import watch

if get_parsing_context().dag_id in (None, watch.DAG_ID):
    dag = watch.build()
