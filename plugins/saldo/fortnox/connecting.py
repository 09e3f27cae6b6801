"""The ways in which a company is connected: what the command line and the Integrations page call.

    connect_with_tenant_id   it approved the app with a service account: client credentials
    connect_with_code        the approval's code, or the whole address that the browser ended on
    connect_with_legacy_token  an access token of the kind that never ended, migrated once

What Fortnox gives once is stored before anything else is done with it; only then the company is asked who
it is, client credentials are tried in the place of a refresh token, and the company is registered. Where a
person is there to see which company it is, `let_in_...` ends before that: `last_look` tells of the company
and `confirm` registers it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NoReturn
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

import tenacity

from saldo import organizations, settings
from saldo.database import Role, connect, run
from saldo.fortnox import consent
from saldo.fortnox.credentials import Kind
from saldo.fortnox.errors import (
    AccessRevokedError,
    CredentialsUnansweredError,
    FortnoxError,
    NotAvailableError,
    NotConnectedError,
    TemporaryError,
)
from saldo.fortnox.hook import FortnoxHook
from saldo.fortnox.oauth import Grant, GrantRefusedError, Login
from saldo.fortnox.resources import CATALOGUE
from saldo.organizations import Organization

_APPROVE_ANEW = "have the company approve your app in Fortnox once more"
_ATTEMPTS = 3
_PAUSE_SECONDS: float = 2
# The code is none, and it was used before (as the public library notima/fortnox4j lists them).
_API_CODE_UNKNOWN, _API_CODE_USED = 2000719, 2000721
_ADDRESS = re.compile(r"://|(^|[?&#])(code|state|error)=")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Connected:
    """A connected company, how its access is kept, and what the operator should know about that."""

    organization: Organization
    kind: Kind
    note: str


@dataclass(frozen=True, slots=True)
class LetIn:
    """A company that let Saldo in: who it is, and how its access is kept; `is_new` where it was neither
    connected before nor waiting for its last look."""

    tenant_id: str
    name: str
    organization_number: str
    kind: Kind
    note: str
    is_new: bool = False


class Availability(StrEnum):
    """Whether a module's records can be had."""

    GOOD = "good"
    NOT_APPROVED = "not_approved"
    NO_LICENCE = "no_licence"


@dataclass(frozen=True, slots=True)
class LastLook:
    """What a person sees of a company before it is connected: by module, whether Fortnox gives it."""

    company: LetIn
    modules: dict[str, Availability]


@dataclass(frozen=True, slots=True)
class PowerBI:
    """Where the company's dataset is; empty leaves what is known already."""

    workspace_id: str | None = None
    dataset_id: str | None = None


_KNOWN_ALREADY = PowerBI()


def connect_with_tenant_id(tenant_id: str, power_bi: PowerBI = _KNOWN_ALREADY) -> Connected:
    """Connects by client credentials; an access that is there already and works is kept where Fortnox
    gives none.

    Raises:
        ValueError: the tenant id is not Fortnox's DatabaseNumber.
        FortnoxError: the text says what to do; nothing was changed.
    """
    return _registered(_let_in_with_tenant_id(tenant_id), power_bi)


def connect_with_code(
    code_or_address: str,
    redirect_uri: str | None = None,
    *,
    tenant_id: str | None = None,
    power_bi: PowerBI = _KNOWN_ALREADY,
) -> Connected:
    """Connects by the code of an approval in Fortnox, as let_in_with_code says."""
    return _registered(let_in_with_code(code_or_address, redirect_uri, tenant_id=tenant_id), power_bi)


def connect_with_legacy_token(
    legacy_token: str, *, tenant_id: str | None = None, power_bi: PowerBI = _KNOWN_ALREADY
) -> Connected:
    """Connects by an access token of the kind that never ended, as let_in_with_legacy_token says."""
    return _registered(let_in_with_legacy_token(legacy_token, tenant_id=tenant_id), power_bi)


def let_in_with_code(
    code_or_address: str, redirect_uri: str | None = None, *, tenant_id: str | None = None
) -> LetIn:
    """Lets Saldo in by the code of an approval in Fortnox, or by the whole address that the browser ended on.

    Args:
        code_or_address: taken from the address, the code also brings its redirect_uri along. An API-kod
            of the older kind is recognized: see the setting [saldo] legacy_api_code.
        redirect_uri: the one that the approval was asked with, where the address does not show it.
        tenant_id: the company that this should be, where that is known.

    Raises:
        NotConnectedError: the text says what the approval lacks.
        FortnoxError: the text says what to do.
    """
    text = code_or_address.strip()
    if _UUID.fullmatch(text) and redirect_uri is None:
        return _let_in_with_api_code(text, tenant_id)
    code, found_uri = _code_of(text)
    redirect_uri = redirect_uri or found_uri

    def exchange(hook: FortnoxHook) -> Grant:
        try:
            return _patiently(lambda: hook.credentials().login.exchange(code, redirect_uri))
        except AccessRevokedError as error:
            raise NotConnectedError(
                f"{error.reason}. Fortnox takes the code of an approval once, within ten minutes and with "
                f"the redirect_uri that it was asked with: {_APPROVE_ANEW}",
                cause="code_refused",
            ) from None
        except CredentialsUnansweredError as error:
            raise NotConnectedError(
                f"{error.reason}, and it takes the code of an approval once: {_APPROVE_ANEW}",
                cause="code_refused",
            ) from None

    return _let_in(exchange, tenant_id)


def let_in_with_legacy_token(legacy_token: str, *, tenant_id: str | None = None) -> LetIn:
    """Lets Saldo in by an access token of the kind that never ended: Fortnox changes it for new ones, once.

    Fortnox developer pages, "Migrate legacy token to JWT".

    Raises:
        NotConnectedError: the text says why Fortnox did not change it.
        FortnoxError: the text says what to do.
    """

    def exchange(hook: FortnoxHook) -> Grant:
        return _migrated(hook.credentials().login, legacy_token.strip())

    return _let_in(exchange, tenant_id)


def last_look(tenant_id: str) -> LastLook:
    """Asks a company that let Saldo in who it is, and a record of each module, to see what it has.

    Raises:
        LookupError: no such company let Saldo in.
        FortnoxError: the text says what to do.
    """
    with _let_in_before(tenant_id) as hook:
        credentials = hook.credentials()
        company = _company(hook, credentials.kind() or Kind.CLIENT_CREDENTIALS, "")
        granted = credentials.scopes()
        return LastLook(company, {scope: _availability(hook, scope, granted) for scope in consent.modules()})


def confirm(tenant_id: str) -> Connected:
    """Connects a company that let Saldo in.

    Raises:
        LookupError: no such company let Saldo in.
        FortnoxError: the text says what to do.
    """
    with _let_in_before(tenant_id) as hook:
        company = _company(hook, hook.credentials().kind() or Kind.CLIENT_CREDENTIALS, "")
    return _registered(company, _KNOWN_ALREADY)


def try_app() -> None:
    """Has Fortnox's login look at the client id and secret of fortnox_default, by a token it never gave.

    An app that is right is answered that the token is none (developer pages, "Refresh Access-Token"; as
    recorded), and nothing else happens.

    Raises:
        CredentialsRejectedError: the client id or secret is wrong.
        FortnoxError: Fortnox's login was not reached or is busy.
    """
    with connect(Role.PAGE, autocommit=True) as connection:
        login = FortnoxHook("", connection).credentials().login
        with suppress(GrantRefusedError):
            login.refresh(secrets.token_hex(20))


def disconnect(tenant_id: str) -> bool:
    """Stops a company's runs and forgets its access; its data stay, and a new connection goes on with them.

    Returns whether Fortnox ended the access. Where not, as with client credentials, the approval stands until
    somebody removes it in Fortnox.

    Raises:
        LookupError: the company was never connected.
    """
    organization_id = organizations.find(tenant_id)
    if organization_id is None:
        raise LookupError(f"No company was ever connected with tenant id {tenant_id}")
    organizations.disconnect(organization_id)
    if not organizations.is_on_fortnox(tenant_id):
        return False
    with connect(Role.PAGE, organization_id, autocommit=True) as connection:
        if consent.app() is None:
            run(connection, "control/credential_forget")
            return False
        return FortnoxHook(tenant_id, connection).credentials().forget()


def _let_in_with_tenant_id(tenant_id: str) -> LetIn:
    organizations.dag_id_of(tenant_id)
    kind, note = Kind.CLIENT_CREDENTIALS, ""
    known = organizations.find(tenant_id)
    with connect(Role.PAGE, known, autocommit=True) as connection:
        hook = FortnoxHook(tenant_id, connection)
        if known is not None:
            kind, note = _by_client_credentials(hook)
        return _company(hook, kind, note)


def _let_in_with_api_code(api_code: str, tenant_id: str | None) -> LetIn:
    if not settings.is_on("legacy_api_code"):
        raise NotConnectedError(
            "This is an API-kod, the older way in, which Fortnox closed on 2025-04-30: have the company "
            "approve your app in Fortnox instead, and give the whole address that the browser ends on (also "
            "where this is the code of such an approval)",
            cause="api_code_closed",
        )

    def exchange(hook: FortnoxHook) -> Grant:
        login = hook.credentials().login
        try:
            legacy_token = login.legacy_token(hook.base_url, api_code)
        except FortnoxError as error:
            _say_api_code_refused(error)
        return _migrated(login, legacy_token)

    return _let_in(exchange, tenant_id)


def _say_api_code_refused(error: FortnoxError) -> NoReturn:
    if isinstance(error, TemporaryError) and error.status in (0, 429):
        raise error  # nothing was taken
    if isinstance(error, TemporaryError | CredentialsUnansweredError) or error.code == _API_CODE_USED:
        # Using it twice would end the integration at the customer (npm package fortnox, README).
        raise NotConnectedError(
            f"{error.reason}. An API-kod is taken once: have the company make a new one in Fortnox",
            cause="api_code_used",
        ) from None
    if error.code == _API_CODE_UNKNOWN:
        raise NotConnectedError(
            f"{error.reason}. An API-kod lives seven days and belongs to one app: have the company make a "
            "new one with your client id",
            cause="api_code_unknown",
        ) from None
    raise NotConnectedError(
        f"{error.reason}. Fortnox does not take this API-kod: {_APPROVE_ANEW}", cause="api_code_unknown"
    ) from None


def _migrated(login: Login, legacy_token: str) -> Grant:
    try:
        return _patiently(lambda: login.migrate(legacy_token))
    except CredentialsUnansweredError as error:
        raise NotConnectedError(
            f"{error.reason}, and Fortnox changes an old access token once: try again, and if it does not "
            f"know the token any more, {_APPROVE_ANEW}",
            cause="unanswered",
        ) from None
    except AccessRevokedError as error:
        cause = "token_of_other_app"
        if error.status == 404:
            cause = "token_unknown"
            what = f"Fortnox does not know this access token, or has changed it before: {_APPROVE_ANEW}"
        elif error.status == 400:
            cause = "app_not_oauth2"
            what = (
                "Fortnox could not change the access token: set your app to OAuth2 in Fortnox's developer "
                "portal, under the same client id, and try again"
            )
        elif error.status == 403 and "license" in error.message.lower():
            cause = "no_licence"
            what = "The company lacks the licence for integrations: have it bought in Fortnox, and try again"
        elif error.status == 403:
            what = (
                "Fortnox does not change this access token for your app: check that it was made for the "
                "client id in fortnox_default"
            )
        else:
            raise
        raise NotConnectedError(f"{error.reason}. {what}", cause=cause) from None


def _patiently(obtain: Callable[[], Grant]) -> Grant:
    """Again a few times while Fortnox says that it is busy: nothing of what was sent was taken."""
    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TemporaryError),
        wait=tenacity.wait_fixed(_PAUSE_SECONDS),
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        reraise=True,
    )
    return attempts(obtain)


def _let_in(obtain: Callable[[FortnoxHook], Grant], expected: str | None) -> LetIn:
    if expected is not None:
        organizations.dag_id_of(expected)
    with connect(Role.PAGE, autocommit=True) as connection:
        grant = obtain(FortnoxHook("", connection))
    tenant_id = grant.tenant_id or expected
    if tenant_id is None:
        raise NotConnectedError(
            f"Fortnox's token does not say which company it is for: {_APPROVE_ANEW}, and name its tenant id",
            cause="company_unknown",
        )
    if expected not in (None, tenant_id):
        raise NotConnectedError(
            f"This is an approval of the company with tenant id {tenant_id} and not of {expected}: "
            f"nothing was changed; {_APPROVE_ANEW}, logged in to the right company",
            cause="other_company",
        )
    if grant.refresh_token is None:
        # Without access_type=offline nothing came that lasts, but the approval may serve all the same.
        return _let_in_with_tenant_id(tenant_id)
    organization_id = organizations.reserve(tenant_id)
    with connect(Role.PAGE, organization_id, autocommit=True) as connection:
        hook = FortnoxHook(tenant_id, connection)
        is_connected = bool(organizations.read(organizations.dag_id_of(tenant_id)).organizations)
        is_new = not is_connected and not hook.credentials().scopes()
        hook.credentials().replace(grant)
        company = _company(hook, Kind.REFRESH_TOKEN, "")
        organizations.name(organization_id, company.name, company.organization_number)
        kind, note = _by_client_credentials(hook)
    return replace(company, kind=kind, note=note, is_new=is_new)


@contextmanager
def _let_in_before(tenant_id: str) -> Iterator[FortnoxHook]:
    organization_id = organizations.find(tenant_id)
    if organization_id is None:
        raise LookupError(f"No company with tenant id {tenant_id} has let Saldo in")
    with connect(Role.PAGE, organization_id, autocommit=True) as connection:
        yield FortnoxHook(tenant_id, connection)


def _availability(hook: FortnoxHook, scope: str, granted: Collection[str]) -> Availability:
    if scope not in granted:
        return Availability.NOT_APPROVED
    asked = next(resource for resource in CATALOGUE.values() if resource.scope == scope)
    try:
        hook.count(asked)
    except NotAvailableError:
        return Availability.NO_LICENCE
    return Availability.GOOD


def _by_client_credentials(hook: FortnoxHook) -> tuple[Kind, str]:
    """Takes client credentials, which nothing rotates and no person's leaving ends, where Fortnox gives
    them; else goes on with what is stored, where that works.
    """
    credentials = hook.credentials()
    try:
        credentials.take_client_credentials()
    except FortnoxError as error:
        if credentials.kind() is not Kind.REFRESH_TOKEN:
            raise
        # Is it good still? What is lost says so itself.
        credentials.access_token()
        return Kind.REFRESH_TOKEN, (
            f"Connected by a refresh token, since Fortnox gives no client credentials ({error.reason}). It "
            "ends when the person who approved leaves or loses rights: better let an administrator approve "
            "with account_type=service"
        )
    return Kind.CLIENT_CREDENTIALS, ""


def _company(hook: FortnoxHook, kind: Kind, note: str) -> LetIn:
    """Who the company is; that it is the right one.

    Fortnox developer pages: the token's claim tenantId and company information's DatabaseNumber are one.
    """
    information = hook.company_information()
    if str(information.get("DatabaseNumber")) != hook.tenant_id:
        raise NotConnectedError(
            f"Fortnox's company information is of tenant {information.get('DatabaseNumber')} and the token "
            f"of {hook.tenant_id}: the company was not connected; ask Fortnox's support",
            cause="company_unknown",
        )
    return LetIn(
        hook.tenant_id,
        str(information.get("CompanyName") or hook.tenant_id),
        str(information.get("OrganizationNumber") or ""),
        kind,
        note,
    )


def _registered(company: LetIn, power_bi: PowerBI) -> Connected:
    organization = organizations.register(
        tenant_id=company.tenant_id,
        name=company.name,
        organization_number=company.organization_number,
        workspace_id=power_bi.workspace_id,
        dataset_id=power_bi.dataset_id,
    )
    return Connected(organization, company.kind, company.note)


def _code_of(text: str) -> tuple[str, str | None]:
    """The code, and the redirect_uri that stands before it where `text` is an address."""
    if not _ADDRESS.search(text):
        if not text:
            raise NotConnectedError(
                "There is no code: give the whole address that the browser ended on", cause="no_code"
            )
        return text, None
    address = urlsplit(text)
    answer = parse_qs(address.query or address.fragment or address.path)
    error = answer.get("error", [""])[0]
    if error:
        raise _not_approved(error, answer.get("error_description", [""])[0])
    code = answer.get("code", [""])[0]
    if not code:
        raise NotConnectedError(
            "The address holds no code: Fortnox sends the browser back without one when the approval was not "
            "finished or the person's Fortnox account is locked; log in to Fortnox itself once, and then "
            f"{_APPROVE_ANEW}",
            cause="not_finished",
        )
    uri = urlunsplit(SplitResult(address.scheme, address.netloc, address.path, "", ""))
    return code, uri if address.netloc else None


def _not_approved(error: str, description: str) -> NotConnectedError:
    said = f"{description} ({error})" if description else error
    if error == "access_denied":
        return NotConnectedError(f"The company did not approve your app: {said}", cause="declined")
    if "service account" in description.lower():
        return NotConnectedError(
            f"{said}. Allow service accounts for your app in Fortnox's developer portal, and try again",
            cause="no_service_account",
        )
    if error == "invalid_scope":
        return NotConnectedError(
            f"{said}. Give your app the scopes that Saldo asks for in Fortnox's developer portal, and see "
            "that the company has the licences for them",
            cause="scope",
        )
    return NotConnectedError(f"Fortnox did not approve: {said}; {_APPROVE_ANEW}", cause="not_finished")
