"""The page that connects a company: by an approval in Fortnox, by a pasted key, by an older access token.

Guarded as the writing of Airflow's connections is. What was asked for at Fortnox comes back with a state that
is signed, ends after ten minutes, belongs to the user, and is good once: its other half is a cookie.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_connection
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from saldo import organizations
from saldo.fortnox import connecting, consent
from saldo.fortnox.connecting import LetIn
from saldo.fortnox.errors import FortnoxError
from saldo.integrations.airflow_side import base_url, read_dags_now
from saldo.integrations.audit import about, audited
from saldo.integrations.pages import language, page, texts

_STATE_SECONDS = 600
_COOKIE = "saldo_state"


def _same_origin(request: Request) -> None:
    """A form is taken from Airflow's own address alone: a second lock behind the `Lax` login cookie."""
    origin = request.headers.get("origin")
    if origin is not None and origin != "{0.scheme}://{0.netloc}".format(urlsplit(base_url())):
        raise HTTPException(403, texts("en")["why_origin"])


router = APIRouter(
    prefix="/connect",
    dependencies=[Depends(requires_access_connection(method="POST")), Depends(audited)],
)
_form = [Depends(_same_origin)]


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
    nonce = secrets.token_urlsafe(24)
    state = _signer().dumps([str(user.get_id()), nonce])
    answer = RedirectResponse(
        consent.address(app, _redirect_uri(), state, consent.scopes(modules or [])), status_code=303
    )
    answer.set_cookie(
        _COOKIE,
        nonce,
        max_age=_STATE_SECONDS,
        path=f"{urlsplit(base_url()).path}/saldo/connect",
        secure=base_url().startswith("https"),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/callback")
def from_fortnox(
    request: Request,
    user: GetUserDep,
    session: SessionDep,
    state: Annotated[str, Query()] = "",
) -> Response:
    """Where Fortnox sends the browser back to, with a code or with why there is none."""
    came = f"{_redirect_uri()}?{request.url.query}"
    request.scope["query_string"] = b""  # the access logs show the address when the answer has gone
    if not _is_asked_by(str(user.get_id()), state, request.cookies.get(_COOKIE, "")):
        answer: Response = _ways(request, texts(language(request))["why_state"])
    else:
        answer = _let_in(request, session, lambda: connecting.let_in_with_code(came))
    answer.delete_cookie(_COOKIE, path=f"{urlsplit(base_url()).path}/saldo/connect")
    return answer


@router.post("/paste", dependencies=_form)
def paste(request: Request, session: SessionDep, key: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """Connects by a code, or by the whole address that a browser ended on."""
    redirect_uri = None if "://" in key else _redirect_uri()
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
        return _ways(request, str(error))
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
        return _ways(request, str(error))


@router.post("/app", dependencies=_form)
def try_app(request: Request) -> HTMLResponse:
    """Tries the app's client id and secret."""
    if consent.app() is None:
        return _ways(request, texts(language(request))["no_app"])
    try:
        connecting.try_app()
    except FortnoxError as error:
        return _ways(request, str(error))
    return _ways(request, notice=texts(language(request))["app_good"])


@router.post("/end", dependencies=_form)
def disconnect(request: Request, session: SessionDep, dag_id: Annotated[str, Form()] = "") -> Response:
    """Disconnects a company; its data stay."""
    about(request, dag_id)
    try:
        is_ended = connecting.disconnect(organizations.tenant_of(dag_id))
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    read_dags_now(session)
    said = {"ended" if is_ended else "forgotten": dag_id}
    return RedirectResponse(f"{base_url()}/saldo/?{urlencode(said)}", status_code=303)


def _let_in(request: Request, session: SessionDep, work: Callable[[], LetIn]) -> Response:
    try:
        dag_id = organizations.dag_id_of(work().tenant_id)
        about(request, dag_id)
        if organizations.read(dag_id).organizations:
            return _connected(session, dag_id)
    except (FortnoxError, ValueError) as error:
        return _ways(request, str(error))
    return RedirectResponse(f"{base_url()}/saldo/connect/look/{dag_id}", status_code=303)


def _connected(session: SessionDep, dag_id: str) -> Response:
    was_connected = bool(organizations.read(dag_id).organizations)
    connecting.confirm(organizations.tenant_of(dag_id))
    read_dags_now(session)
    said = {"before" if was_connected else "now": dag_id}
    return RedirectResponse(f"{base_url()}/saldo/?{urlencode(said)}", status_code=303)


def _ways(request: Request, refusal: str = "", notice: str = "") -> HTMLResponse:
    app = consent.app()
    return page(
        request,
        "connect.html",
        {
            "refusal": refusal,
            "notice": notice,
            "client_id": app.client_id if app else "",
            "redirect_uri": _redirect_uri(),
            "modules": consent.modules(),
            "scopes": consent.scopes(consent.modules()),
        },
        422 if refusal else 200,
    )


def _redirect_uri() -> str:
    return f"{base_url()}/saldo/connect/callback"


def _signer() -> URLSafeTimedSerializer:
    from airflow.configuration import conf

    return URLSafeTimedSerializer(conf.get("api", "secret_key"), salt="saldo.connect")


def _is_asked_by(user_id: str, state: str, nonce: str) -> bool:
    try:
        signed_for, signed_nonce = _signer().loads(state, max_age=_STATE_SECONDS)
    except (BadData, ValueError, TypeError):
        return False
    return hmac.compare_digest(str(signed_for), user_id) and hmac.compare_digest(str(signed_nonce), nonce)
