"""One Airflow DAG per organization connected to Saldo."""

from __future__ import annotations

import logging

from airflow.sdk import get_parsing_context

from saldo import organizations
from saldo.pipeline.dag import build

for organization in organizations.for_parsing(get_parsing_context().dag_id):
    try:
        globals()[organization.dag_id] = build(organization)
    except Exception:
        # One organization that cannot be built must not hide the others.
        logging.getLogger(__name__).exception("The DAG %s cannot be built", organization.dag_id)
