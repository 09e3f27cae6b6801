"""Saldo's pages inside the Airflow UI: the companies, a page for each, and how one is connected.

What shows is guarded as the reading of DAGs is, what changes as the writing of connections; the app is
mounted beside Airflow's own, which inherits no guard.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse

from saldo import organizations, settings
from saldo.database import Role, connect, run
from saldo.integrations import approving
from saldo.integrations import connect as connecting_pages
from saldo.integrations.airflow_side import base_url, dag_states
from saldo.integrations.overview import lines
from saldo.integrations.pages import language, page, render, texts

app = FastAPI(title="Saldo", docs_url=None, redoc_url=None, openapi_url=None)
app.include_router(approving.router)
app.include_router(connecting_pages.router)
# What the list is told in its address, and the text that says so.
_NOTICES = {
    "now": "connected_now",
    "before": "connected_before",
    "ended": "disconnected_ended",
    "forgotten": "disconnected_forgotten",
}
_may_read = [Depends(requires_access_dag(method="GET"))]


@app.get("/", response_class=HTMLResponse, dependencies=_may_read)
def integrations(request: Request) -> HTMLResponse:
    """The list of companies; a parameter of _NOTICES names the DAG of one to which that just happened."""
    happened = next((key for key in _NOTICES if key in request.query_params), "")
    dag_id = request.query_params.get(happened, "")
    found = [line for line in lines({}) if line["dag_id"] == dag_id] if happened else []
    text = texts(language(request))[_NOTICES[happened]] if happened else ""
    notice = {"name": found[0]["name"], "text": text.format(**found[0])} if found else None
    return page(request, "integrations.html", {"notice": notice})


@app.get("/organizations", dependencies=_may_read)
def organizations_list(session: SessionDep) -> list[dict[str, Any]]:
    """The list as data, which the page asks for every few seconds."""
    return lines(dag_states(session))


@app.get("/{name}.js", dependencies=_may_read)
def script(name: Literal["integrations", "copy"]) -> FileResponse:
    """The script of the list, or the one of what is there to be copied."""
    return FileResponse(settings.include_dir() / "pages" / f"{name}.js", media_type="text/javascript")


@app.get("/organizations/{dag_id}", response_class=HTMLResponse, dependencies=_may_read)
def organization(dag_id: Annotated[str, "the organization's DAG"]) -> str:
    """The page that the tasks' button leads to."""
    found = organizations.read(dag_id).organizations
    if not found:
        raise HTTPException(404, "No connected company has this DAG")
    with connect(Role.PAGE, found[0].organization_id) as connection:
        resources = run(connection, "control/page_resources").fetchall()
        checks = run(connection, "control/page_checks").fetchall()
        versions = run(connection, "control/page_versions").fetchone()
    return render(
        "organization.html",
        organization=found[0],
        resources=resources,
        checks=checks,
        versions=versions,
        root=f"{base_url()}/saldo",
    )
