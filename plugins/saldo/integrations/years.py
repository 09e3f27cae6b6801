"""Years of a company from before it was on Fortnox: SIE files are handed in, looked at, and taken.

What was handed in waits in the warehouse, since another process may answer the next request.
"""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from saldo.database import Role, connect, run
from saldo.integrations.actions import Company
from saldo.integrations.airflow_side import base_url
from saldo.integrations.company import DagId, found, may_change
from saldo.integrations.pages import language, page, texts
from saldo.pipeline import sie_files
from saldo.pipeline.sie_files import Fate, RefusedFilesError

router = APIRouter(prefix="/organizations/{dag_id}/years")


@router.get("", response_class=HTMLResponse, dependencies=[Depends(requires_access_dag(method="GET"))])
def look_at_files(request: Request, dag_id: DagId) -> HTMLResponse:
    """What the files hold that were handed in, and what would become of each."""
    return _page(request, found(dag_id))


@router.post("", dependencies=may_change)
def hand_files_in(request: Request, dag_id: DagId, files: Annotated[list[UploadFile], File()]) -> Response:
    """Keeps files until somebody has looked at them; they take the place of those from before."""
    of = found(dag_id)
    if sum(each.size or 0 for each in files) > sie_files.LARGEST_SUM:
        return _page(request, of, texts(language(request))["why_large"])
    with connect(Role.PAGE, of.organization_id) as connection:
        run(connection, "control/sie_upload_clear")
        for place, each in enumerate(files, 1):
            name = f"{place}. {(each.filename or '')[-120:]}".replace("\x00", "")
            run(connection, "control/sie_upload_write", {"file_name": name, "data": each.file.read()})
    return RedirectResponse(f"{base_url()}/saldo/organizations/{dag_id}/years", status_code=303)


@router.post("/take", dependencies=may_change)
def take_files(request: Request, dag_id: DagId, is_other_number: Annotated[bool, Form()] = False) -> Response:
    """Lands what was handed in beside the company's years; its next run builds them."""
    of = found(dag_id)
    try:
        sie_files.take(of.organization_id, _files(of), is_other_number=is_other_number)
    except RefusedFilesError as error:
        return _page(request, of, str(error))
    _clear(of)
    return RedirectResponse(f"{base_url()}/saldo/organizations/{dag_id}?done", status_code=303)


@router.post("/forget", dependencies=may_change)
def forget_files(dag_id: DagId) -> Response:
    """Forgets what was handed in."""
    _clear(found(dag_id))
    return RedirectResponse(f"{base_url()}/saldo/organizations/{dag_id}", status_code=303)


def _page(request: Request, of: Company, refusal: str = "") -> HTMLResponse:
    files = _files(of)
    strictly = sie_files.look(of.organization_id, files)
    summaries = sie_files.look(of.organization_id, files, is_other_number=True)
    fates = {each.fate for each in summaries}
    values = {
        "company": of,
        "summaries": summaries,
        "refusal": refusal,
        "is_taken": Fate.TAKEN in fates and Fate.REFUSED not in fates,
        "is_other_number": any(
            strict.fate is Fate.REFUSED and each.fate is not Fate.REFUSED
            for strict, each in zip(strictly, summaries, strict=True)
        ),
    }
    return page(request, "years.html", values, 422 if refusal else 200)


def _files(of: Company) -> list[sie_files.File]:
    with connect(Role.PAGE, of.organization_id) as connection:
        rows = run(connection, "control/sie_upload_read").fetchall()
    return [sie_files.File(name, bytes(data)) for name, data in rows]


def _clear(of: Company) -> None:
    with connect(Role.PAGE, of.organization_id) as connection:
        run(connection, "control/sie_upload_clear")
