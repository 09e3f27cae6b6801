"""Fortnox's token endpoint: client credentials with the TenantId header.

Fortnox developer pages, "Get access token using client credentials"; the error bodies and their media types
are as recorded for the refresh token grant, those of a wrong tenant are not known and chosen here.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import uuid
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import Response

from sandbox import answers, tokens
from sandbox.state import FORTNOX_CLIENT, State

SCOPES = "companyinformation bookkeeping settings customer supplier project costcenter"
_HTML = "text/html; charset=UTF-8"


def routes(state: State) -> APIRouter:
    """The token route."""
    router = APIRouter()

    @router.post("/oauth-v1/token")
    async def token(request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        tenant = request.headers.get("TenantId", "").strip()
        known = tenant in state.companies
        state.requests.tokens[tenant if known else ""] += 1
        if _basic(request.headers.get("Authorization", "")) != FORTNOX_CLIENT:
            return answers.oauth_error(
                "invalid_client", "The client credentials are invalid", 401, "text/plain;charset=UTF-8"
            )
        grant = form.get("grant_type", "")
        if grant == "refresh_token":
            return answers.oauth_error("invalid_grant", "Invalid refresh token", 400, _HTML)
        if grant != "client_credentials":
            return answers.oauth_error(
                "unsupported_grant_type", "The given grant type is not supported", 400, _HTML
            )
        if not known:
            return answers.oauth_error(
                "invalid_request",
                "The TenantId header names no tenant that has given its consent",
                400,
                _HTML,
            )
        scopes = form.get("scope", SCOPES).split()
        if not set(scopes) <= set(SCOPES.split()):
            return answers.oauth_error("invalid_scope", "The requested scope is invalid", 400, _HTML)
        seconds = state.settings.token_seconds
        return Response(
            answers.write_json(
                {
                    "access_token": tokens.issue(_claims(tenant, scopes), seconds),
                    "expires_in": seconds,
                    "token_type": "bearer",
                    "scope": " ".join(scopes),
                }
            ),
            headers={
                "Content-Type": "application/json",
                "Cache-Control": "no-store",
                "Pragma": "no-cache",
                "Vary": "Accept-Encoding",
                "Server": "Fortnox",
                "X-Uid": secrets.token_hex(4),
            },
        )

    return router


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if scheme.lower() == "basic" else None


def _claims(tenant: str, scopes: list[str]) -> dict[str, object]:
    client = FORTNOX_CLIENT[0]
    return {
        "userId": 1,
        "tenantId": int(tenant),
        "clientId": client,
        "rightsAsJson": "",
        "scopes": scopes,
        "authsource": "OAUTH2",
        "id": str(uuid.uuid4()),
        "iss": "https://api.fortnox.se/oauth2",
        "aud": client,
        "sub": f"1@{tenant}",
        "token_type": "bearer",
        "scope": " ".join(scopes),
    }
