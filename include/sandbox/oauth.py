"""Fortnox's OAuth under /oauth-v1: consent, tokens by three grants, revocation and migration.

Fortnox developer pages, "Get authorization code", "Get access token", "Refresh", "Get access token using
client credentials", "Revoke" and "Migrate legacy token to JWT". A wrong refresh token and a wrong client are
answered as recorded. Those two are worded as the OAuth server library of PHP (bshaffer) words them, so the
errors that nobody recorded are worded so too; the body of a tenant without consent is chosen here.
"""

from __future__ import annotations

import base64
import binascii
import html
import time
import uuid
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox import access, answers, tokens
from sandbox.access import SCOPES
from sandbox.state import FORTNOX_CLIENT, Consent, State

_HTML = "text/html; charset=UTF-8"


class _RefusedError(Exception):
    """A request that the token endpoint refuses."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def routes(state: State) -> APIRouter:
    """All of /oauth-v1."""
    router = APIRouter(prefix="/oauth-v1")

    @router.get("/auth")
    async def authorize(request: Request) -> Response:
        return _authorize(state, request.query_params)

    @router.post("/token")
    async def token(request: Request) -> Response:
        form = await _form(request)
        tenant = _tenant_asked_for(state, form, request)
        state.requests.tokens[tenant] += 1
        if not _is_our_client(request):
            return answers.oauth_error(
                "invalid_client", "The client credentials are invalid", 401, "text/plain;charset=UTF-8"
            )
        try:
            match form.get("grant_type"):
                case "client_credentials":
                    return _client_credentials(state, tenant, form)
                case "authorization_code":
                    return _authorization_code(state, form)
                case "refresh_token":
                    return _refresh_token(state, form.get("refresh_token", ""))
        except _RefusedError as refusal:
            return answers.oauth_error(refusal.error, refusal.description, 400, _HTML)
        return answers.oauth_error(
            "unsupported_grant_type", "The given grant type is not supported", 400, _HTML
        )

    @router.post("/revoke")
    async def revoke(request: Request) -> Response:
        token = (await _form(request)).get("token", "")
        claims = tokens.claims_of(token)
        if claims is not None and "consent" in claims:
            state.grants.live_refresh_tokens[str(claims["consent"])] = None
        if token == _legacy_token(state):
            state.grants.dead_legacy_tokens.add(token)
        return answers.oauth({"revoked": True})  # also where there was nothing to revoke

    @router.post("/migrate")
    async def migrate(request: Request) -> Response:
        return _migrate(state, request, (await _form(request)).get("access_token", ""))

    @router.get("/integrations")
    async def integrations() -> Response:
        return _integrations(state)

    return router


async def _form(request: Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


def _tenant_asked_for(state: State, form: Mapping[str, str], request: Request) -> str:
    """The tenant of a token request, "" where it is not known: whose count of tokens goes up."""
    consent = state.grants.codes.get(form.get("code", ""))
    claims = tokens.claims_of(form.get("refresh_token", "")) or {}
    tenant = consent.tenant if consent else claims.get("tenantId") or request.headers.get("TenantId", "")
    tenant = str(tenant).strip()
    return tenant if tenant in state.companies else ""


def _is_our_client(request: Request) -> bool:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and (user, password) == FORTNOX_CLIENT


def _authorize(state: State, asked: Mapping[str, str]) -> Response:
    """The consent page, and with ``tenant``, which its form adds, the way back to the integration.

    A test adds ``tenant`` itself and never sees the page; an empty one is a customer who declines.
    """
    redirect_uri = asked.get("redirect_uri") or state.settings.redirect_uri
    if asked.get("client_id") != FORTNOX_CLIENT[0]:
        return answers.oauth_error("invalid_client", "The client id supplied is invalid", 400, _HTML)
    if redirect_uri is None or state.settings.redirect_uri not in {None, redirect_uri}:
        return answers.oauth_error(
            "redirect_uri_mismatch", "The redirect URI provided is missing or does not match", 400, _HTML
        )
    scopes = asked.get("scope", "").split()
    problem = _problem_of(asked, scopes)
    if problem is None and "tenant" not in asked:
        return _consent_page(state, asked, scopes)
    tenant = asked.get("tenant", "")
    if problem is None:
        problem = _problem_of_customer(state, tenant, scopes)
    if problem is not None:
        back = {"error": problem[0], "error_description": problem[1]}
    else:
        code = str(uuid.uuid4())
        approved = tuple(scope for scope in scopes if scope not in state.access(tenant).missing_scopes)
        state.grants.codes[code] = Consent(
            tenant,
            approved,
            redirect_uri,
            asked.get("access_type") == "offline",
            time.time() + state.settings.authorization_code_seconds,
        )
        if asked.get("account_type") == "service":
            state.grants.service_accounts[tenant] = approved
        back = {"code": code}
    if "state" in asked:
        back["state"] = asked["state"]
    separator = "&" if "?" in redirect_uri else "?"
    return RedirectResponse(f"{redirect_uri}{separator}{urlencode(back)}", 302)


def _problem_of(asked: Mapping[str, str], scopes: list[str]) -> tuple[str, str] | None:
    """What is wrong with the integration's request, which is said before anybody logs in."""
    if asked.get("response_type") != "code":
        return "invalid_request", "Invalid or missing response type"
    if not asked.get("state"):
        return "invalid_request", "The state parameter is required"
    if not scopes or not set(scopes) <= set(SCOPES):
        return "invalid_scope", "An unsupported scope was requested"
    return None


def _problem_of_customer(state: State, tenant: str, scopes: list[str]) -> tuple[str, str] | None:
    """Why the customer's answer is no; one scope without a licence fails them all."""
    if tenant not in state.companies or state.access(tenant).revoked:
        return "access_denied", "The user denied access to your application"
    if state.access(tenant).unlicensed_scopes & set(scopes):
        return "invalid_scope", "The requested scope is not licensed"
    return None


def _consent_page(state: State, asked: Mapping[str, str], scopes: list[str]) -> Response:
    def escaped(text: str) -> str:
        return html.escape(text, quote=True)

    hidden = "".join(
        f'<input type="hidden" name="{escaped(name)}" value="{escaped(value)}">'
        for name, value in asked.items()
    )
    companies = "".join(
        f'<option value="{company.tenant_id}">{escaped(company.name)}</option>'
        for company in state.companies.values()
    )
    return HTMLResponse(
        '<!doctype html><html lang="sv"><meta charset="utf-8"><title>Godkänn integration</title>'
        '<body style="font-family:sans-serif;max-width:32em;margin:3em auto">'
        "<h1>Godkänn integration</h1><p>Det här är sandlådan, inte Fortnox.</p>"
        f"<p><b>{escaped(asked['client_id'])}</b> vill komma åt: {escaped(', '.join(scopes))}.</p>"
        f'<form>{hidden}<p><label>Företag <select name="tenant">{companies}</select></label></p>'
        "<button>Godkänn</button></form><br>"
        f'<form>{hidden}<input type="hidden" name="tenant" value=""><button>Neka</button></form>'
    )


def _integrations(state: State) -> Response:
    """What a company sees of the app at Fortnox: its STATUS is activated once a token was given."""
    rows = "".join(
        f'<tr id="{tenant}">'
        f"<td>{html.escape(company.name)}</td><td>{html.escape(FORTNOX_CLIENT[0])}</td>"
        f"<td>{'Aktiverad' if tenant in state.grants.activated else 'Inaktiverad'}</td></tr>"
        for tenant, company in state.companies.items()
    )
    return HTMLResponse(
        '<!doctype html><html lang="sv"><meta charset="utf-8"><title>Integrationer</title>'
        '<body style="font-family:sans-serif;max-width:40em;margin:3em auto">'
        "<h1>Integrationer</h1><p>Det här är sandlådan, inte Fortnox.</p>"
        "<table><tr><th>FÖRETAG</th><th>INTEGRATION</th><th>STATUS</th></tr>" + rows + "</table>"
    )


def _client_credentials(state: State, tenant: str, form: Mapping[str, str]) -> Response:
    granted = state.access(tenant)
    consented = granted.service_account or tenant in state.grants.service_accounts
    if not tenant or granted.revoked or not consented:
        raise _RefusedError(
            "invalid_request", "The TenantId header names no tenant that has given its consent"
        )
    approved = state.grants.service_accounts.get(tenant, SCOPES)
    allowed = [scope for scope in approved if scope not in granted.missing_scopes]
    scopes = form["scope"].split() if "scope" in form else allowed
    if not set(scopes) <= set(allowed):
        raise _RefusedError("invalid_scope", "The requested scope is invalid")
    return answers.oauth(_token(state, tenant, scopes))


def _authorization_code(state: State, form: Mapping[str, str]) -> Response:
    consent = state.grants.codes.get(form.get("code", ""))
    if consent is None:
        raise _RefusedError("invalid_grant", "Authorization code doesn't exist or is invalid for the client")
    if form.get("redirect_uri") != consent.redirect_uri:
        raise _RefusedError("redirect_uri_mismatch", "The redirect URI is missing or do not match")
    del state.grants.codes[form["code"]]
    if time.time() >= consent.expires or state.access(consent.tenant).revoked:
        raise _RefusedError("invalid_grant", "The authorization code has expired")
    settings = state.settings
    seconds = settings.refresh_token_seconds if consent.offline else settings.token_seconds
    return answers.oauth(_token_pair(state, consent.tenant, consent.scopes, seconds))


def _refresh_token(state: State, token: str) -> Response:
    """A new pair; the refresh token is dead from now on, also where the answer never arrives."""
    claims = tokens.claims_of(token)
    if claims is None or "consent" not in claims or tokens.has_expired(claims):
        raise _RefusedError("invalid_grant", "Invalid refresh token")
    consent, tenant = str(claims["consent"]), str(claims["tenantId"])
    live = state.grants.live_refresh_tokens.get(consent, token)
    if live != token or tenant not in state.companies or state.access(tenant).revoked:
        raise _RefusedError("invalid_grant", "Invalid refresh token")
    scopes = tuple(str(claims["scope"]).split())
    seconds = int(str(claims["seconds"]))
    return answers.oauth(_token_pair(state, tenant, scopes, seconds, consent))


def _migrate(state: State, request: Request, token: str) -> Response:
    """OAuth tokens for a legacy one, once. Statuses and texts are documented; the names of the errors and
    their media type are not."""
    if not _is_our_client(request):
        return answers.oauth_error("unauthorized", "Invalid authorization", 401, _HTML)
    tenant = state.settings.api_code_tenant
    if tenant is None or token != _legacy_token(state):
        return answers.oauth_error("not_found", "Access-token not found", 404, _HTML)
    if not state.access(tenant).api_licence:
        return answers.oauth_error(
            "forbidden",
            "Not allowed to create JWT for given access-token due to missing license",
            403,
            _HTML,
        )
    if state.access(tenant).revoked:
        return answers.oauth_error(
            "forbidden", "Not allowed to create JWT for given access-token", 403, _HTML
        )
    state.grants.dead_legacy_tokens.add(token)
    return answers.oauth(_token_pair(state, tenant, SCOPES, state.settings.refresh_token_seconds))


def _legacy_token(state: State) -> str | None:
    tenant = state.settings.api_code_tenant
    return access.legacy_token(state, tenant) if tenant else None


def _token_pair(
    state: State, tenant: str, scopes: tuple[str, ...], refresh_seconds: int, consent: str | None = None
) -> dict[str, object]:
    consent = consent or str(uuid.uuid4())
    claims: dict[str, object] = {
        "consent": consent,
        "tenantId": int(tenant),
        "scope": " ".join(scopes),
        "seconds": refresh_seconds,
    }
    refresh_token = tokens.issue(claims, refresh_seconds)
    state.grants.live_refresh_tokens[consent] = refresh_token
    return {**_token(state, tenant, scopes), "refresh_token": refresh_token}


def _token(state: State, tenant: str, scopes: list[str] | tuple[str, ...]) -> dict[str, object]:
    seconds = state.settings.token_seconds
    state.grants.activated.add(tenant)
    return {
        "access_token": tokens.issue(_claims(tenant, list(scopes)), seconds),
        "expires_in": seconds,
        "token_type": "bearer",
        "scope": " ".join(scopes),
    }


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
