"""Access tokens: one request for any number of processes that need one at once.

Client credentials with the company's tenant id (Fortnox developer pages, "Get access token using client
credentials"): nothing rotates; the token lives 3600 seconds and is kept, encrypted, until it ends.
"""

from __future__ import annotations

import base64
from datetime import timedelta

import requests
from airflow.sdk.log import mask_secret
from urllib3.exceptions import NewConnectionError

from saldo import encryption
from saldo.database import Connection, run
from saldo.fortnox.errors import (
    AccessRevokedError,
    CredentialsRejectedError,
    CredentialsUnansweredError,
    TemporaryError,
    from_response,
    oauth_error,
)

# A token used 5 s after its nominal end was refused in practice: renew well before.
_RENEW_BEFORE = timedelta(minutes=2)
_TIMEOUT_SECONDS: float = 30
# RFC 6749, section 5.2: what is wrong with the app, whichever company it asks for.
_APP_IS_WRONG = {"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}


class ClientCredentials:
    """The access token of one organization, shared by all processes through the warehouse."""

    def __init__(
        self,
        connection: Connection,
        session: requests.Session,
        *,
        oauth_url: str,
        client_id: str,
        client_secret: str,
        tenant_id: str,
    ) -> None:
        self._connection = connection
        self._session = session
        self._token_url = f"{oauth_url.rstrip('/')}/token"
        basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        mask_secret(basic)
        self._headers = {"Authorization": f"Basic {basic}", "TenantId": tenant_id}
        self._token: str | None = None
        self.requests_made = 0

    def access_token(self, *, refused: str | None = None) -> str:
        """A token that is good for at least two minutes; `refused` is one that Fortnox no longer takes.

        Raises:
            AccessRevokedError: the company has withdrawn its consent, or the tenant id is wrong.
            CredentialsRejectedError: client id or secret are wrong.
            TemporaryError: Fortnox's login was not reached or said that it is busy or broken: ask again.
            CredentialsUnansweredError: the answer was lost on the way.
        """
        if self._token is not None and self._token != refused:
            return self._token
        with self._connection.transaction():
            row = run(self._connection, "control/credential_lock", {"margin": _RENEW_BEFORE}).fetchone()
            token = encryption.decrypt(bytes(row[0])) if row and row[0] and row[1] else None
            if token is None or token == refused:
                token, lifetime = self._ask()
                run(
                    self._connection,
                    "control/credential_write",
                    {"access_token": encryption.encrypt(token), "lifetime": lifetime},
                )
        mask_secret(token)
        self._token = token
        return token

    def _ask(self) -> tuple[str, timedelta]:
        self.requests_made += 1
        try:
            response = self._session.post(
                self._token_url,
                data={"grant_type": "client_credentials"},
                headers=self._headers,
                timeout=_TIMEOUT_SECONDS,
            )
        except requests.exceptions.RequestException as error:
            kind = TemporaryError if _was_not_reached(error) else CredentialsUnansweredError
            raise kind(f"Fortnox's login did not answer ({type(error).__name__})") from None
        if response.status_code != 200:
            refusal = from_response(response.status_code, response.content)
            if isinstance(refusal, TemporaryError):
                raise refusal
            is_app = response.status_code == 401 or oauth_error(response.content) in _APP_IS_WRONG
            rejection = CredentialsRejectedError if is_app else AccessRevokedError
            raise rejection(refusal.message, status=response.status_code)
        try:
            answer = response.json()
            return str(answer["access_token"]), timedelta(seconds=int(answer["expires_in"]))
        except (ValueError, TypeError, KeyError):
            # The exception's own text may hold a piece of the token.
            raise CredentialsUnansweredError("Fortnox's login answered something else than a token") from None


def _was_not_reached(error: requests.exceptions.RequestException) -> bool:
    """Whether no connection came about, so that nothing was asked yet."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, NewConnectionError)
