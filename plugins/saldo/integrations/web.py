"""Saldo's pages inside the Airflow UI: the companies, a page for each, and how one is connected.

What shows is guarded as the reading of DAGs is, what changes as the writing of connections; the app is
mounted beside Airflow's own, which inherits no guard.
"""

from __future__ import annotations

from typing import Any, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse

from saldo import settings
from saldo.integrations import api, approving, company, failures, reports, years
from saldo.integrations import connect as connecting_pages
from saldo.integrations.airflow_side import dag_states
from saldo.integrations.guards import may_read
from saldo.integrations.overview import lines
from saldo.integrations.pages import language, page, texts

app = FastAPI(title="Saldo", docs_url=None, redoc_url=None, openapi_url=None)
app.include_router(approving.router)
app.include_router(connecting_pages.router)
app.include_router(company.router)
app.include_router(reports.router)
app.include_router(years.router)
app.include_router(years.new_company)
api.add_to(app)
failures.add_to(app)
# What the list is told in its address, and the text that says so.
_NOTICES = {
    "now": "connected_now",
    "before": "connected_before",
    "ended": "disconnected_ended",
    "forgotten": "disconnected_forgotten",
    "stopped": "disconnected_files",
}
_ERASED = "erased"


@app.get("/", response_class=HTMLResponse, dependencies=may_read)
def integrations(request: Request) -> HTMLResponse:
    """The list of companies; a parameter of _NOTICES names the DAG of one to which that just happened."""
    happened = next((key for key in _NOTICES if key in request.query_params), "")
    dag_id = request.query_params.get(happened, "")
    found = [line for line in lines({}) if line["dag_id"] == dag_id] if happened else []
    text = texts(language(request))[_NOTICES[happened]] if happened else ""
    notice = {"name": found[0]["name"], "text": text.format(**found[0])} if found else None
    if _ERASED in request.query_params:
        notice = {"name": "", "text": texts(language(request))[_ERASED]}
    return page(request, "integrations.html", {"notice": notice})


@app.get("/organizations", dependencies=may_read)
def organizations_list(session: SessionDep) -> list[dict[str, Any]]:
    """The list as data, which the page asks for every few seconds."""
    return lines(dag_states(session))


@app.get("/{name}.js", dependencies=may_read)
def script(name: Literal["integrations", "copy", "frame"]) -> FileResponse:
    """The script of the list, of what is there to be copied, or of links that leave Airflow's frame."""
    return FileResponse(settings.include_dir() / "pages" / f"{name}.js", media_type="text/javascript")
