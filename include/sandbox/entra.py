"""Entra ID's token endpoint with the discovery documents that azure-identity asks for; served over TLS.

Microsoft identity platform, "OAuth 2.0 client credentials flow". Tokens are for Power BI or for Fabric, and
each API takes its own alone.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox import tokens
from sandbox.state import ENTRA_CLIENT, ENTRA_OBJECT, ENTRA_TENANT, State

POWER_BI = "https://analysis.windows.net/powerbi/api"
FABRIC = "https://api.fabric.microsoft.com"
AUDIENCES = (POWER_BI, FABRIC)
"""What a token may be for; each API takes only its own."""


def routes(state: State) -> APIRouter:
    """The routes under /{tenant}."""
    router = APIRouter()

    @router.get("/{tenant}/v2.0/.well-known/openid-configuration")
    async def discovery(tenant: str, request: Request) -> Response:
        if tenant != ENTRA_TENANT:
            return _error(400, "invalid_tenant", f"AADSTS90002: Tenant '{tenant}' not found.")
        base = f"{str(request.base_url).rstrip('/')}/{tenant}"
        return JSONResponse(
            {
                "issuer": f"{base}/v2.0",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "response_types_supported": ["token"],
            }
        )

    @router.get("/common/discovery/instance")
    async def instance(request: Request) -> Response:
        host = request.url.netloc
        return JSONResponse(
            {
                "tenant_discovery_endpoint": (
                    f"{request.base_url}{ENTRA_TENANT}/v2.0/.well-known/openid-configuration"
                ),
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    @router.post("/{tenant}/oauth2/v2.0/token")
    async def token(tenant: str, request: Request) -> Response:
        state.requests.power_bi_tokens += 1
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if tenant != ENTRA_TENANT:
            return _error(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _error(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
        if (form.get("client_id"), form.get("client_secret")) != ENTRA_CLIENT:
            return _error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        audience, _, default = form.get("scope", "").rpartition("/")
        if default != ".default":
            return _error(400, "invalid_scope", "AADSTS1002012: The scope must end in /.default.")
        seconds = state.settings.power_bi_token_seconds
        if audience not in AUDIENCES:
            return _error(
                400,
                "invalid_resource",
                f"AADSTS500011: The resource principal named {audience} was not found.",
            )
        claims: dict[str, object] = {
            "aud": audience,
            "appid": ENTRA_CLIENT[0],
            "oid": ENTRA_OBJECT,
            "tid": ENTRA_TENANT,
        }
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": seconds,
                "ext_expires_in": seconds,
                "access_token": tokens.issue(claims, seconds),
            }
        )

    return router


def _error(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status)
