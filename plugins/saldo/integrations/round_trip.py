"""The way to Fortnox's approval and back: a signed state that ends, and a cookie that is its other half.

Without the cookie a state is worth nothing to whoever sees it; without a state that was signed here a cookie
is none. What for, and for whom, the browser was sent is in the state.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from saldo.fortnox import consent
from saldo.fortnox.consent import App
from saldo.integrations.airflow_side import base_url

_SECONDS = 600
_COOKIE = "saldo_state"


@dataclass(frozen=True, slots=True)
class CameBack:
    """A browser that came from Fortnox: the whole address, and what its state says that it was sent for."""

    address: str
    purpose: str
    whom: str

    def sent_for(self, purpose: str) -> str | None:
        """For whom it was sent, where that was for this purpose."""
        return self.whom if self.purpose == purpose else None


def redirect_uri() -> str:
    """Where Fortnox sends browsers back to: an app has one such address."""
    return f"{base_url()}/saldo/connect/callback"


def sent(app: App, scopes: Iterable[str], purpose: str, whom: str) -> Response:
    """Sends the browser to Fortnox's approval."""
    nonce = secrets.token_urlsafe(24)
    state = _signer().dumps([purpose, whom, nonce])
    answer = RedirectResponse(consent.address(app, redirect_uri(), state, scopes), status_code=303)
    answer.set_cookie(
        _COOKIE,
        nonce,
        max_age=_SECONDS,
        path=_path(),
        secure=base_url().startswith("https"),
        httponly=True,
        samesite="lax",
    )
    return answer


def came_back(request: Request) -> CameBack:
    """What a browser brings back."""
    address = f"{redirect_uri()}?{request.url.query}"
    purpose, whom, nonce = _signed(request.query_params.get("state", ""))
    is_its_own = bool(nonce) and hmac.compare_digest(nonce, request.cookies.get(_COOKIE, ""))
    return CameBack(address, purpose if is_its_own else "", whom if is_its_own else "")


def ended(answer: Response) -> Response:
    """The answer that makes the state worthless: the cookie goes."""
    answer.delete_cookie(_COOKIE, path=_path())
    return answer


def _signed(state: str) -> tuple[str, str, str]:
    try:
        purpose, whom, nonce = _signer().loads(state, max_age=_SECONDS)
    except (BadData, ValueError, TypeError):
        return "", "", ""
    return str(purpose), str(whom), str(nonce)


def _signer() -> URLSafeTimedSerializer:
    from airflow.configuration import conf

    return URLSafeTimedSerializer(conf.get("api", "secret_key"), salt="saldo.connect")


def _path() -> str:
    return f"{urlsplit(base_url()).path}/saldo/connect"
