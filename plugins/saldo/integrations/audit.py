"""What somebody does on Saldo's pages, in Airflow's own audit log: who, what, and to which company.

Airflow's `action_logging` would keep what the address holds, and Fortnox puts its code there; here nothing of
what was given is kept.
"""

from __future__ import annotations

import json

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models import Log
from fastapi import Request
from sqlalchemy.orm import Session


def audited(request: Request, session: SessionDep, user: GetUserDep) -> None:
    """Writes the action before it begins, so that one that fails is there too; looking is none."""
    endpoint = request.scope["endpoint"].__name__
    if request.method != "GET" or endpoint in _CHANGING_GETS:
        write(request, session, f"saldo_{endpoint}", user.get_name(), request.path_params.get("dag_id"))


def write(request: Request, session: Session, event: str, owner: str, dag_id: str | None = None) -> None:
    """Writes one line."""
    line = Log(
        event=event,
        task_instance=None,
        owner=owner,
        owner_display_name=owner,
        extra=json.dumps({"method": request.method}),
        dag_id=dag_id,
    )
    session.add(line)
    session.commit()
    request.state.audit_line = line


def about(request: Request, dag_id: str) -> None:
    """Names the company of the request's line, where only the work itself tells which it is."""
    request.state.audit_line.dag_id = dag_id


# Fortnox sends the browser back by a GET.
_CHANGING_GETS = ("from_fortnox",)
