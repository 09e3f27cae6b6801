"""Fortnox's login: every way in which it gives tokens, and what its refusals mean.

Fortnox developer pages, Authorization: "Get Authorization-Code", "Get Access-Token", "Refresh Access-Token",
"Get access token using client credentials", "Migrate legacy token to JWT". The shapes of refusals are as
recorded: JSON under whatever media type.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from airflow.sdk.log import mask_secret
from urllib3.exceptions import NewConnectionError

from saldo.fortnox.errors import (
    AccessRevokedError,
    CredentialsRejectedError,
    CredentialsUnansweredError,
    TemporaryError,
    from_response,
    oauth_error,
)

# Fortnox developer pages, "Refresh Access-Token": a refresh token that is not used lives 45 days.
REFRESH_LIFETIME = timedelta(days=45)
_TIMEOUT_SECONDS: float = 30
# RFC 6749, section 5.2: what is wrong with the app, whichever company it asks for.
_APP_IS_WRONG = {"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}


class GrantRefusedError(AccessRevokedError):
    """The code or token that was sent is no good, or was used before (RFC 6749: invalid_grant)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What Fortnox gave. Client credentials come without a refresh token."""

    access_token: str = field(repr=False)
    lifetime: timedelta
    refresh_token: str | None = field(repr=False)
    scopes: str

    @property
    def tenant_id(self) -> str | None:
        """The company that the access token says it is for (the claim tenantId), where it says so.

        Its signature is Fortnox's own business: the token came from there and goes back there.
        """
        parts = self.access_token.split(".")
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
            return str(int(claims["tenantId"]))
        except (IndexError, KeyError, TypeError, ValueError):
            return None


class Login:
    """Fortnox's login as the operator's own app sees it.

    Every method makes one request and raises:
        AccessRevokedError: Fortnox does not give this company's token; as GrantRefusedError because of
            what was sent.
        CredentialsRejectedError: client id or secret are wrong, or the app may not do this.
        TemporaryError: the login was not reached or said that it is busy or broken.
        CredentialsUnansweredError: the request was sent and its answer lost or unreadable.
    """

    def __init__(
        self, session: requests.Session, *, oauth_url: str, client_id: str, client_secret: str
    ) -> None:
        self._session = session
        self._url = oauth_url.rstrip("/")
        self._client_secret = client_secret
        basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        mask(basic)
        self._authorization = f"Basic {basic}"
        self.requests_made = 0

    def client_credentials(self, tenant_id: str) -> Grant:
        """A token for a company that approved the app with `account_type=service`."""
        return self._grant("token", {"grant_type": "client_credentials"}, {"TenantId": tenant_id})

    def refresh(self, refresh_token: str) -> Grant:
        """New tokens for a refresh token, which is dead from then on."""
        return self._grant("token", {"grant_type": "refresh_token", "refresh_token": refresh_token})

    def exchange(self, code: str, redirect_uri: str | None) -> Grant:
        """The first tokens for the code of an approval, which lives ten minutes and is taken once."""
        mask(code)
        form = {"grant_type": "authorization_code", "code": code}
        return self._grant("token", form | ({"redirect_uri": redirect_uri} if redirect_uri else {}))

    def migrate(self, legacy_token: str) -> Grant:
        """Tokens for an access token of the kind that never ended, which is dead from then on."""
        mask(legacy_token)
        return self._grant("migrate", {"access_token": legacy_token})

    def revoke(self, refresh_token: str) -> None:
        """Ends a refresh token (developer pages, "Revoke"); one that Fortnox never gave is answered alike."""
        mask(refresh_token)
        response = self._send(
            "POST",
            f"{self._url}/revoke",
            data={"token_type_hint": "refresh_token", "token": refresh_token},
            headers={"Authorization": self._authorization},
        )
        if response.status_code != 200:
            raise _refusal(response)

    def legacy_token(self, api_url: str, api_code: str) -> str:
        """The access token of the older kind for an API-kod, which is taken once: any first request
        with it is answered with the token. A second one would end the customer's integration.
        """
        mask(api_code)
        headers = {"Authorization-Code": api_code, "Client-Secret": self._client_secret}
        response = self._send("GET", f"{api_url.rstrip('/')}/3/customers", headers=headers)
        if response.status_code != 200:
            raise from_response(response.status_code, response.content)
        try:
            token = str(response.json()["Authorization"]["AccessToken"])
        except (ValueError, TypeError, KeyError):
            raise CredentialsUnansweredError(
                "Fortnox answered the API-kod with something else than a token"
            ) from None
        mask(token)
        return token

    def _grant(self, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> Grant:
        response = self._send(
            "POST",
            f"{self._url}/{path}",
            data=form,
            headers={"Authorization": self._authorization, **(headers or {})},
        )
        if response.status_code != 200:
            raise _refusal(response)
        try:
            answer = response.json()
            grant = Grant(
                access_token=str(answer["access_token"]),
                lifetime=timedelta(seconds=int(answer["expires_in"])),
                refresh_token=str(answer["refresh_token"]) if answer.get("refresh_token") else None,
                scopes=str(answer.get("scope") or ""),
            )
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            # The exception's own text may hold a piece of the token.
            raise CredentialsUnansweredError("Fortnox's login answered something else than a token") from None
        mask(grant.access_token)
        mask(grant.refresh_token)
        return grant

    def _send(self, method: str, url: str, **request: Any) -> requests.Response:
        self.requests_made += 1
        try:
            # Never on to another address: some redirects would send it the secret.
            response = self._session.request(
                method, url, timeout=_TIMEOUT_SECONDS, allow_redirects=False, **request
            )
        except requests.exceptions.RequestException as error:
            kind = TemporaryError if _was_not_reached(error) else CredentialsUnansweredError
            raise kind(f"Fortnox's login did not answer ({type(error).__name__})") from None
        if response.status_code // 100 == 3:
            raise CredentialsUnansweredError("Fortnox's login sent us elsewhere instead of answering")
        return response


def mask(secret: str | None) -> None:
    """Has Airflow show asterisks for the secret in every log of this process."""
    if secret:
        mask_secret(secret)


def _refusal(response: requests.Response) -> Exception:
    refusal = from_response(response.status_code, response.content)
    if isinstance(refusal, TemporaryError):
        return refusal
    error = oauth_error(response.content)
    kind: type[AccessRevokedError | CredentialsRejectedError] = AccessRevokedError
    if response.status_code == 401 or error in _APP_IS_WRONG:
        kind = CredentialsRejectedError
    elif error == "invalid_grant":
        kind = GrantRefusedError
    return kind(refusal.message, status=response.status_code)


def _was_not_reached(error: requests.exceptions.RequestException) -> bool:
    """Whether no connection came about, so that nothing was asked yet."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, NewConnectionError)
