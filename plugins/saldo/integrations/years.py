"""Years of a company that is not on Fortnox, or from before it was: handed in as SIE files, looked at, taken.

What was handed in waits in the warehouse, since another process may answer the next request.
"""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from saldo import organizations
from saldo.database import Role, connect, run
from saldo.integrations.actions import Company
from saldo.integrations.airflow_side import base_url, read_dags_now
from saldo.integrations.audit import about
from saldo.integrations.company import DagId, found
from saldo.integrations.connect import refused
from saldo.integrations.guards import may_change, may_read
from saldo.integrations.pages import language, page, texts
from saldo.pipeline import sie_files
from saldo.pipeline.sie_files import Fate, RefusedFilesError

router = APIRouter(prefix="/organizations/{dag_id}/years")
new_company = APIRouter(prefix="/connect/files", dependencies=may_change)


@new_company.post("")
def hand_in_of_new_company(request: Request, files: Annotated[list[UploadFile], File()]) -> Response:
    """Keeps the files of a company that is not on Fortnox, by the name that the first of them states."""
    if _size(files) > sie_files.LARGEST_SUM:
        return refused(request, texts(language(request))["why_large"])
    given = [sie_files.File(each.filename or "", each.file.read()) for each in files]
    company = next((each for each in map(sie_files.summarize, given) if each.company), None)
    if company is None:
        return refused(request, texts(language(request))["why_no_company"])
    dag_id = organizations.reserve_for_files(company.company, company.organization_number)
    about(request, dag_id)
    _keep(found(dag_id), given)
    return RedirectResponse(f"{base_url()}/saldo/organizations/{dag_id}/years", status_code=303)


@router.get("", response_class=HTMLResponse, dependencies=may_read)
def look_at_files(request: Request, dag_id: DagId) -> HTMLResponse:
    """What the files hold that were handed in, and what would become of each."""
    return _page(request, found(dag_id))


@router.post("", dependencies=may_change)
def hand_files_in(request: Request, dag_id: DagId, files: Annotated[list[UploadFile], File()]) -> Response:
    """Keeps files until somebody has looked at them; they take the place of those from before."""
    of = found(dag_id)
    if _size(files) > sie_files.LARGEST_SUM:
        return _page(request, of, texts(language(request))["why_large"])
    _keep(of, [sie_files.File(each.filename or "", each.file.read()) for each in files])
    return RedirectResponse(f"{base_url()}/saldo/organizations/{dag_id}/years", status_code=303)


@router.post("/take", dependencies=may_change)
def take_files(
    request: Request, session: SessionDep, dag_id: DagId, is_other_number: Annotated[bool, Form()] = False
) -> Response:
    """Lands what was handed in beside the company's years; its next run builds them."""
    of = found(dag_id)
    try:
        sie_files.take(of.organization_id, _files(of), is_other_number=is_other_number)
    except RefusedFilesError as error:
        return _page(request, of, str(error))
    _clear(of)
    if of.is_connected or of.is_on_fortnox:
        return RedirectResponse(f"{base_url()}/saldo/organizations/{dag_id}?done", status_code=303)
    organizations.register(
        tenant_id=of.tenant_id, name=of.name, organization_number=organizations.number(of.organization_id)
    )
    read_dags_now(session)
    return RedirectResponse(f"{base_url()}/saldo/?now={dag_id}", status_code=303)


@router.post("/forget", dependencies=may_change)
def forget_files(dag_id: DagId) -> Response:
    """Forgets what was handed in, and a company that was to be made of it."""
    of = found(dag_id)
    _clear(of)
    if of.is_unconfirmed and not of.is_on_fortnox:
        organizations.erase(of.organization_id)
        return RedirectResponse(f"{base_url()}/saldo/connect", status_code=303)
    return RedirectResponse(f"{base_url()}/saldo/organizations/{dag_id}", status_code=303)


def _page(request: Request, of: Company, refusal: str = "") -> HTMLResponse:
    files = _files(of)
    summaries = sie_files.look(of.organization_id, files, is_other_number=True)
    fates = {each.fate for each in summaries}
    values = {
        "company": of,
        "summaries": summaries,
        "refusal": refusal,
        "is_taken": Fate.TAKEN in fates and Fate.REFUSED not in fates,
        "is_other_number": any(each.states_other_number for each in summaries),
    }
    return page(request, "years.html", values, 422 if refusal else 200)


def _size(files: list[UploadFile]) -> int:
    return sum(each.size or 0 for each in files)


def _keep(of: Company, files: list[sie_files.File]) -> None:
    with connect(Role.PAGE, of.organization_id) as connection:
        run(connection, "control/sie_upload_clear")
        for place, each in enumerate(files, 1):
            name = f"{place}. {each.name[-120:]}".replace("\x00", "")
            run(connection, "control/sie_upload_write", {"file_name": name, "data": each.data})


def _files(of: Company) -> list[sie_files.File]:
    with connect(Role.PAGE, of.organization_id) as connection:
        rows = run(connection, "control/sie_upload_read").fetchall()
    return [sie_files.File(name, bytes(data)) for name, data in rows]


def _clear(of: Company) -> None:
    with connect(Role.PAGE, of.organization_id) as connection:
        run(connection, "control/sie_upload_clear")
