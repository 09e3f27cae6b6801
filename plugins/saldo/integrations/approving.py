"""The pages without a login: where the link leads that a company's administrator was sent.

They say who asks, and for which rights, and nothing else; a link that leads nowhere any more, or never did,
is always answered alike. What asks is counted (saldo.fortnox.invitations.is_asked_too_often). The key stands
in the address, which saldo_plugin keeps out of the access log, and the pages send no address on.
"""

from __future__ import annotations

import logging
from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadData, URLSafeSerializer

from saldo import organizations, settings
from saldo.fortnox import connecting, consent, invitations
from saldo.fortnox.errors import FortnoxError, NotConnectedError
from saldo.fortnox.invitations import Invitation, UsedUpError, WrongCompanyError
from saldo.integrations import audit, round_trip
from saldo.integrations.airflow_side import base_url, read_dags_now
from saldo.integrations.pages import language, page, texts

log = logging.getLogger(__name__)
_INVITED = "invited"


def _counted(request: Request) -> None:
    if invitations.is_asked_too_often(request.client.host if request.client else ""):
        raise HTTPException(429, texts(language(request))["why_often"], {"Retry-After": "60"})


router = APIRouter(dependencies=[Depends(_counted)])


def link(key: str) -> str:
    """The address that is sent to a company's administrator."""
    return f"{base_url()}/saldo/approve?key={_signer().dumps(key)}"


@router.get("/approve", response_class=HTMLResponse)
def asked(request: Request, session: SessionDep, key: str = "") -> HTMLResponse:
    """Who asks, for which rights, and the button to Fortnox."""
    invitation = _opened(key)
    spoken = language(request)
    if invitation is None:
        return _said(request, "approve_closed", 404)
    audit.write(request, session, "saldo_invitation_opened", f"invitation {invitation.invitation_id}")
    rights = [texts(spoken)[f"scope_{scope}"] for scope in invitation.scopes]
    return page(request, "approve.html", {"asks": _who_asks(), "rights": rights, "key": key}, spoken=spoken)


@router.post("/approve")
def to_fortnox(request: Request, key: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Sends the administrator's browser to Fortnox's approval."""
    invitation, app = _opened(key), consent.app()
    if invitation is None or app is None:
        return _said(request, "approve_closed", 404)
    return round_trip.sent(app, invitation.scopes, _INVITED, str(invitation.invitation_id))


@router.get("/connect/callback")
def from_fortnox(request: Request, session: SessionDep) -> Response:
    """Where Fortnox sends every browser back to: an administrator's is done here, that of a person who is
    logged in goes on."""
    query = request.url.query
    came = round_trip.came_back(request)
    invitation_id = came.sent_for(_INVITED)
    if invitation_id is None and COOKIE_NAME_JWT_TOKEN not in request.cookies:
        return _said(request, "approve_again", 422)
    if invitation_id is None:
        return RedirectResponse(f"{base_url()}/saldo/connect/back?{query}", status_code=303)
    audit.write(request, session, "saldo_invitation_answered", f"invitation {invitation_id}")
    return round_trip.ended(_used(request, session, int(invitation_id), came.address))


def _used(request: Request, session: SessionDep, invitation_id: int, address: str) -> Response:
    try:
        company = invitations.use(invitation_id, lambda: connecting.let_in_with_code(address))
    except UsedUpError:
        return _said(request, "approve_closed", 404)
    except WrongCompanyError:
        return _said(request, "approve_other_company", 422)
    except FortnoxError as error:
        log.warning("Invitation %d let nobody in, and is good still: %s", invitation_id, error)
        is_answered = isinstance(error, NotConnectedError)
        return _said(request, "approve_not" if is_answered else "approve_later", 422)
    audit.about(request, organizations.dag_id_of(company.tenant_id))
    read_dags_now(session)
    return _said(request, "approve_done", 200)


def _opened(key: str) -> Invitation | None:
    try:
        return invitations.opened(str(_signer().loads(key)))
    except BadData:
        return None


def _said(request: Request, text: str, status_code: int) -> HTMLResponse:
    return page(request, "approve_end.html", {"text": text}, status_code)


def _who_asks() -> str:
    return settings.get("operator_name", "") or str(urlsplit(base_url()).hostname)


def _signer() -> URLSafeSerializer:
    from airflow.configuration import conf

    return URLSafeSerializer(conf.get("api", "secret_key"), salt="saldo.invitation")
