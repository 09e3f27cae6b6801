"""The Airflow DAG that keeps the access of all organizations to Fortnox alive."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from saldo.pipeline import credentials

if get_parsing_context().dag_id in (None, credentials.DAG_ID):
    dag = credentials.build()
