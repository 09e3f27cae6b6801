"""A company's own page: how its data stand, what is decided about it, and its end.

What shows is guarded as the reading of its DAG is; what changes as the writing of connections.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from saldo.database import Role, connect, run
from saldo.fortnox import consent
from saldo.fortnox.resources import CATALOGUE
from saldo.integrations import actions, airflow_side, audit
from saldo.integrations.actions import Company
from saldo.integrations.airflow_side import base_url
from saldo.integrations.guards import may_change, may_read
from saldo.integrations.pages import language, page, texts
from saldo.organizations import Schedule, Settings, SettingsError

router = APIRouter(prefix="/organizations/{dag_id}")
DagId = Annotated[str, "the organization's DAG"]


class OpeningPolicy(StrEnum):
    """What a year opens with (docs/accounting.md, "Opening balances: as reported")."""

    REPORTED = "reported"
    ROLLED = "rolled"


def found(dag_id: str) -> Company:
    """The company of a DAG.

    Raises:
        HTTPException: 404, there is none.
    """
    try:
        return actions.company(dag_id)
    except LookupError as error:
        raise HTTPException(404, str(error)) from None


@router.get("", response_class=HTMLResponse, dependencies=may_read)
def organization(request: Request, session: SessionDep, dag_id: DagId) -> HTMLResponse:
    """The page that the tasks' button leads to; `?done` after something was changed."""
    return _page(request, session, found(dag_id), is_changed="done" in request.query_params)


@router.post("/settings", dependencies=may_change)
def change_settings(
    request: Request,
    session: SessionDep,
    dag_id: DagId,
    schedule: Annotated[Schedule, Form()],
    opening_policy: Annotated[OpeningPolicy, Form()],
    modules: Annotated[list[str] | None, Form()] = None,
    workspace_id: Annotated[str, Form(max_length=100)] = "",
    dataset_id: Annotated[str, Form(max_length=100)] = "",
    readers: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """Decides anew; a field that is wrong changes nothing."""
    of = found(dag_id)
    try:
        decided = Settings(
            schedule=schedule,
            modules_off=frozenset(consent.modules()) - set(modules or []),
            readers=tuple(readers.replace(",", " ").split()),
            workspace_id=workspace_id.strip(),
            dataset_id=dataset_id.strip(),
        )
    except SettingsError as error:
        return _page(request, session, of, refusal=texts(language(request))[f"why_{error.wrong}"])
    actions.decide(session, of, decided, opening_policy.value)
    return _back(dag_id)


@router.post("/pause", dependencies=may_change)
def pause(session: SessionDep, dag_id: DagId, is_paused: Annotated[bool, Form()]) -> Response:
    """Pauses the company's runs, or lets them go on."""
    airflow_side.pause(session, found(dag_id).dag_id, is_paused)
    return _back(dag_id)


@router.post("/end", dependencies=may_change)
def disconnect(session: SessionDep, dag_id: DagId) -> Response:
    """Disconnects the company; its data stay."""
    of = found(dag_id)
    is_ended = actions.disconnect(session, of)
    if not of.is_on_fortnox:
        return _to_list(stopped=dag_id)
    return _to_list(ended=dag_id) if is_ended else _to_list(forgotten=dag_id)


@router.post("/erase", dependencies=may_change)
def erase(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    dag_id: DagId,
    name: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """Removes all that is kept of a disconnected company, after its name was typed."""
    of = found(dag_id)
    try:
        actions.erase(session, of, name)
    except actions.NotErasedError as error:
        return _page(request, session, of, refusal=texts(language(request))[str(error)])
    audit.write(request, session, "saldo_erased", user.get_name())
    return _to_list(erased="1")


def _page(
    request: Request, session: Session, of: Company, *, refusal: str = "", is_changed: bool = False
) -> HTMLResponse:
    with connect(Role.PAGE, of.organization_id) as connection:
        resources = run(connection, "control/page_resources").fetchall()
        checks = run(connection, "control/page_checks").fetchall()
        versions = run(connection, "control/page_versions").fetchone()
    values: dict[str, Any] = {
        "company": of,
        "resources": resources,
        "checks": checks,
        "versions": versions,
        "modules": consent.modules(),
        "switched_off": {
            resource.name for resource in CATALOGUE.values() if resource.scope in of.modules_off.split()
        },
        "schedules": list(Schedule),
        "policies": list(OpeningPolicy),
        "dag": airflow_side.dag_states(session).get(of.dag_id),
        "refusal": refusal,
        "is_changed": is_changed,
    }
    return page(request, "organization.html", values, 422 if refusal else 200)


def _back(dag_id: str) -> Response:
    return RedirectResponse(f"{base_url()}/saldo/organizations/{dag_id}?done", status_code=303)


def _to_list(**said: str) -> Response:
    return RedirectResponse(f"{base_url()}/saldo/?{urlencode(said)}", status_code=303)
