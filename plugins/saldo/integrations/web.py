"""One page an organization: what was fetched resource by resource, the checks, and how far each step is.

Guarded as the reading of that DAG is; the app is mounted beside Airflow's own, which inherits no guard.
"""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from saldo import organizations, settings
from saldo.database import Role, connect, run

app = FastAPI(title="Saldo", docs_url=None, redoc_url=None, openapi_url=None)


@app.get(
    "/organizations/{dag_id}",
    response_class=HTMLResponse,
    dependencies=[Depends(requires_access_dag(method="GET"))],
)
def organization(dag_id: Annotated[str, "the organization's DAG"]) -> str:
    """The page that the tasks' button leads to."""
    found = organizations.read(dag_id).organizations
    if not found:
        raise HTTPException(404, "No connected company has this DAG")
    with connect(Role.PAGE, found[0].organization_id) as connection:
        resources = run(connection, "control/page_resources").fetchall()
        checks = run(connection, "control/page_checks").fetchall()
        versions = run(connection, "control/page_versions").fetchone()
    templates = Environment(
        loader=FileSystemLoader(settings.include_dir() / "pages"), autoescape=select_autoescape()
    )
    return templates.get_template("organization.html").render(
        organization=found[0], resources=resources, checks=checks, versions=versions
    )
