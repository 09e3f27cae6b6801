"""The page that connects a company: by an approval in Fortnox, by a pasted key, by an older access token.

Guarded as the writing of Airflow's connections is. What was asked for at Fortnox comes back with a state that
is signed, ends after ten minutes, belongs to the user, and is good once (saldo.integrations.round_trip).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_connection
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from saldo import organizations
from saldo.fortnox import connecting, consent, invitations
from saldo.fortnox.connecting import LetIn
from saldo.fortnox.errors import FortnoxError
from saldo.integrations import actions, approving, round_trip
from saldo.integrations.airflow_side import base_url
from saldo.integrations.audit import about, audited
from saldo.integrations.guards import same_origin
from saldo.integrations.pages import language, page, texts

_USER = "user"


router = APIRouter(
    prefix="/connect",
    dependencies=[Depends(requires_access_connection(method="POST")), Depends(audited)],
)
_form = [Depends(same_origin)]


@router.get("", response_class=HTMLResponse)
def ways(request: Request) -> HTMLResponse:
    """The ways to connect."""
    return _ways(request)


@router.post("/fortnox", dependencies=_form)
def to_fortnox(
    request: Request, user: GetUserDep, modules: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Sends the browser to Fortnox's approval."""
    app = consent.app()
    if app is None:
        return _ways(request, texts(language(request))["no_app"])
    return round_trip.sent(app, consent.scopes(modules or []), _USER, str(user.get_id()))


@router.get("/back")
def from_fortnox(request: Request, user: GetUserDep, session: SessionDep) -> Response:
    """Where a person who is logged in comes back to, with a code or with why there is none."""
    came = round_trip.came_back(request)
    if came.sent_for(_USER) != str(user.get_id()):
        answer: Response = _ways(request, texts(language(request))["why_state"])
    else:
        answer = _let_in(request, session, lambda: connecting.let_in_with_code(came.address))
    return round_trip.ended(answer)


@router.post("/paste", dependencies=_form)
def paste(request: Request, session: SessionDep, key: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """Connects by a code, or by the whole address that a browser ended on."""
    redirect_uri = None if "://" in key else round_trip.redirect_uri()
    return _let_in(request, session, lambda: connecting.let_in_with_code(key, redirect_uri))


@router.post("/token", dependencies=_form)
def change_token(
    request: Request, session: SessionDep, token: Annotated[str, Form(max_length=4000)] = ""
) -> Response:
    """Connects by an access token of the kind that never ended."""
    return _let_in(request, session, lambda: connecting.let_in_with_legacy_token(token))


@router.get("/look/{dag_id}")
def look(request: Request, dag_id: Annotated[str, "the organization's DAG"]) -> Response:
    """Who let Saldo in, and what it may fetch: before it is connected, a person says that it is right."""
    try:
        found = connecting.last_look(organizations.tenant_of(dag_id))
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    except FortnoxError as error:
        return _failed(request, error)
    return page(request, "look.html", {"company": found.company, "modules": found.modules, "dag_id": dag_id})


@router.post("/take", dependencies=_form)
def take(request: Request, session: SessionDep, dag_id: Annotated[str, Form()] = "") -> Response:
    """Connects the company that was looked at."""
    about(request, dag_id)
    try:
        return _connected(session, dag_id)
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    except FortnoxError as error:
        return _failed(request, error)


@router.post("/app", dependencies=_form)
def try_app(request: Request) -> HTMLResponse:
    """Tries the app's client id and secret."""
    if consent.app() is None:
        return _ways(request, texts(language(request))["no_app"])
    try:
        connecting.try_app()
    except FortnoxError as error:
        return _failed(request, error)
    return _ways(request, notice=texts(language(request))["app_good"])


@router.post("/forget", dependencies=_form)
def forget(request: Request, dag_id: Annotated[str, Form()] = "") -> Response:
    """Forgets a company that let Saldo in and was not connected."""
    about(request, dag_id)
    try:
        is_ended = connecting.disconnect(organizations.tenant_of(dag_id))
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    notice = "look_ended" if is_ended else "look_forgotten"
    return _ways(request, notice=texts(language(request))[notice])


@router.post("/links", dependencies=_form)
def make_link(
    request: Request,
    user: GetUserDep,
    addressee: Annotated[str, Form()] = "",
    organization_number: Annotated[str, Form()] = "",
    modules: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:
    """Makes a link for a company's administrator, and shows it once."""
    if consent.app() is None:
        return _ways(request, texts(language(request))["no_app"])
    try:
        key = invitations.make(addressee, organization_number, consent.scopes(modules or []), user.get_name())
    except ValueError:
        return _ways(request, texts(language(request))["why_link"])
    return _ways(request, link=approving.link(key))


@router.post("/links/end", dependencies=_form)
def revoke_link(request: Request, invitation_id: Annotated[int, Form()]) -> HTMLResponse:
    """Ends a link that was not used."""
    spoken = texts(language(request))
    if invitations.revoke(invitation_id):
        return _ways(request, notice=spoken["link_ended_now"])
    return _ways(request, spoken["why_not_revoked"])


def _let_in(request: Request, session: SessionDep, work: Callable[[], LetIn]) -> Response:
    try:
        dag_id = organizations.dag_id_of(work().tenant_id)
        about(request, dag_id)
        if organizations.read(dag_id).organizations:
            return _connected(session, dag_id)
    except FortnoxError as error:
        return _failed(request, error)
    return RedirectResponse(f"{base_url()}/saldo/connect/look/{dag_id}", status_code=303)


def _connected(session: SessionDep, dag_id: str) -> Response:
    said = {"now" if actions.confirm(session, dag_id) else "before": dag_id}
    return RedirectResponse(f"{base_url()}/saldo/?{urlencode(said)}", status_code=303)


def refused(request: Request, sentence: str) -> HTMLResponse:
    """The page of all ways, with why one did not lead on."""
    return _ways(request, sentence)


def _failed(request: Request, error: FortnoxError) -> HTMLResponse:
    """What went wrong and what to do, in the reader's language; Fortnox's own words beside it."""
    return _ways(request, texts(language(request))[f"error_{error.cause}"], said=str(error))


def _ways(
    request: Request, refusal: str = "", notice: str = "", link: str = "", said: str = ""
) -> HTMLResponse:
    app = consent.app()
    return page(
        request,
        "connect.html",
        {
            "refusal": refusal,
            "said": said,
            "notice": notice,
            "client_id": app.client_id if app else "",
            "redirect_uri": round_trip.redirect_uri(),
            "invitations": invitations.overview(),
            "link": link,
            "modules": consent.modules(),
            "scopes": consent.scopes(consent.modules()),
        },
        422 if refusal else 200,
    )
