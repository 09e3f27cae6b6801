"""Who a request to /3 speaks for, and what it may ask: tokens, the older API-kod, scopes and licences.

Scopes by path: Fortnox developer pages, "Scopes". The codes of refusals come from "Errors"; HTTP 400 and 403
have both been seen for a missing scope, so a setting chooses (state.Access). What no source says, such as
the status of the older errors and the code of a missing feature, is chosen here and said beside it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox import tokens
from sandbox.state import FORTNOX_CLIENT, NAMESPACE, State

_PATHS_BY_SCOPE = {
    "article": "articles articlefileconnections",
    "assets": "assets",
    "bookkeeping": "accounts accountcharts financialyears vouchers voucherseries predefinedvoucherseries sie",
    "companyinformation": "companyinformation",
    "costcenter": "costcenters",
    "currency": "currencies",
    "customer": "customers",
    "invoice": "invoices invoiceaccruals contracts contractaccruals contracttemplates taxreductions",
    "offer": "offers",
    "order": "orders",
    "payment": "invoicepayments supplierinvoicepayments",
    "price": "prices pricelists",
    "project": "projects",
    "settings": (
        "settings predefinedaccounts labels modesofpayments termsofpayments termsofdeliveries "
        "wayofdeliveries units"
    ),
    "supplier": "suppliers",
    "supplierinvoice": "supplierinvoices supplierinvoiceaccruals",
}
SCOPES = tuple(_PATHS_BY_SCOPE)
"""All that the sandbox's integration may ask for."""

_SCOPE_OF = {path: scope for scope, paths in _PATHS_BY_SCOPE.items() for path in paths.split()}
_CONTRACTS = {"contracts", "contractaccruals"}
_FEATURE_MISSING = 2003095  # no source knows its code: a client must go by the message


@dataclass(frozen=True)
class Caller:
    """Whom a request speaks for."""

    client: str
    tenant: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Refusal:
    """Why a caller may not ask for a resource."""

    message: str
    code: int
    status: int


def caller_of(state: State, headers: Mapping[str, str]) -> Caller | None:
    """Whom the headers speak for; None where that is nobody whose access holds now."""
    if "Access-Token" in headers:
        tenant = state.settings.api_code_tenant
        good = tenant is not None and headers["Access-Token"] == legacy_token(state, tenant)
        if not good or headers.get("Client-Secret") != FORTNOX_CLIENT[1]:
            return None
        caller = Caller(FORTNOX_CLIENT[0], str(tenant), frozenset(SCOPES))
    else:
        claims = tokens.read(headers.get("Authorization"))
        if claims is None or claims.get("token_type") != "bearer" or tokens.has_expired(claims):
            return None
        scopes = frozenset(str(claims["scope"]).split())
        caller = Caller(str(claims["clientId"]), str(claims["tenantId"]), scopes)
    if caller.tenant not in state.companies or state.access(caller.tenant).revoked:
        return None
    return caller


def tenant_of(state: State, headers: Mapping[str, str]) -> str | None:
    """The tenant that a request names, whether or not it is let in: who is counted and struck by faults."""
    claims = tokens.read(headers.get("Authorization")) or {}
    tenant = str(claims.get("tenantId") or headers.get("TenantId", ""))
    if "Access-Token" in headers or "Authorization-Code" in headers:
        tenant = state.settings.api_code_tenant or ""
    return tenant if tenant in state.companies else None


def refusal(state: State, caller: Caller, name: str) -> Refusal | None:
    """Why the caller may not ask for the resource whose path begins with ``name``, if so."""
    access = state.access(caller.tenant)
    status = access.refusal_status
    scope = _SCOPE_OF.get(name)
    if not access.api_licence:
        return Refusal("Api-licens saknas.", 2001103, status)
    if scope is not None and (scope in access.missing_scopes or scope not in caller.scopes):
        return Refusal("Har inte behörighet för scope.", 2000663, status)
    if scope in access.unlicensed_scopes:
        return Refusal("Det finns ingen aktiv licens för önskat scope.", 2001101, status)
    if name in _CONTRACTS and not access.contracts:
        return Refusal("Feature inte tillgänglig.", _FEATURE_MISSING, status)
    return None


def legacy_token(state: State, tenant: str) -> str | None:
    """The access token that the tenant's API-kod was exchanged for.

    None where it was not, where the API-kod was used twice, which ends the integration (README of the npm
    package "fortnox"), and after its migration or revocation.
    """
    code = state.settings.api_code
    token = _legacy_token(tenant, code)
    used_once = state.grants.api_codes_used[tenant, code] == 1
    return token if used_once and token not in state.grants.dead_legacy_tokens else None


def exchange_api_code(state: State, headers: Mapping[str, str]) -> str | Refusal:
    """The access token for an API-kod: the older way, by two headers on a GET of any resource.

    Codes and messages: notima/fortnox4j; that the status is 400 is chosen here.
    """
    tenant, code = state.settings.api_code_tenant, state.settings.api_code
    if headers.get("Client-Secret") != FORTNOX_CLIENT[1]:
        return Refusal("Ogiltig inloggning", 2000310, 400)
    if tenant not in state.companies or headers["Authorization-Code"] != code:
        return Refusal("Ogiltig auktoriseringskod.", 2000719, 400)
    state.grants.api_codes_used[tenant, code] += 1
    if state.grants.api_codes_used[tenant, code] > 1:
        return Refusal("Auktoriseringskoden är redan förbrukad.", 2000721, 400)
    return _legacy_token(tenant, code)


def _legacy_token(tenant: str, code: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"legacy token {tenant} {code}"))
