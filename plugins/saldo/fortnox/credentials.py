"""Access tokens: one request for any number of processes and threads that need one at once.

Of two kinds (Fortnox developer pages, Authorization). Client credentials with the company's tenant id:
nothing rotates. A refresh token: taken once and answered with the next one, so that only a person can mend an
answer that is lost. The access token lives 3600 seconds and is kept, encrypted, until it ends.

Why an advisory lock of the session and not `select ... for update`: that the refresh token was sent
(`asked_at`) must be committed before it is sent, and a row lock ends with that commit. The session's lock
spans both and the answer's storing, and PostgreSQL gives it back when the process is killed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import requests

from saldo import encryption
from saldo.database import Connection, Role, connect, run
from saldo.fortnox.errors import AccessRevokedError, CredentialsUnansweredError, FortnoxError
from saldo.fortnox.oauth import REFRESH_LIFETIME, Grant, GrantRefusedError, Login, mask

STOCKHOLM = ZoneInfo("Europe/Stockholm")
CONNECT_AGAIN = (
    "Connect the company again: have it approve your app in Fortnox, and give `saldo connect --code` the "
    "address that the browser ends on"
)
# A token used 5 s after its nominal end was refused in practice: renew well before.
_RENEW_BEFORE = timedelta(minutes=2)
# Answers of what stands before Fortnox: nobody knows whether the request was passed on.
_GATEWAY = (502, 504)
_STORE_ATTEMPTS = 30
_STORE_PAUSE_SECONDS: float = 1


class Kind(StrEnum):
    """How the company's access is kept."""

    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 (the name of a kind)


@dataclass(frozen=True, slots=True)
class _Held:
    """A token of this process's memory, and until when (time.monotonic) it is good."""

    token: str
    good_until: float

    def is_good(self, refused: str | None) -> bool:
        return self.token != refused and time.monotonic() < self.good_until


@dataclass(frozen=True, slots=True)
class _Stored:
    """The row of control.credential."""

    kind: Kind
    access_token: bytes | None
    time_left: timedelta | None
    refresh_token: bytes | None
    refresh_expires_at: datetime | None
    asked_at: datetime | None
    lost_reason: str | None
    scopes: str


class Credentials:
    """The access of one organization, shared by all processes through the warehouse.

    Threads of one process may share an object. What an object is used with is stored under the
    organization that `connection` was opened for; without one nothing is stored.

    Args:
        connection: to the warehouse, in autocommit mode, as loader or page.
        tenant_id: the company, Fortnox's DatabaseNumber.

    Raises:
        ValueError: the connection is not in autocommit mode.
    """

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
        if not connection.autocommit:
            raise ValueError("Tokens need a connection in autocommit mode: connect(..., autocommit=True)")
        self.login = Login(session, oauth_url=oauth_url, client_id=client_id, client_secret=client_secret)
        self._connection = connection
        self._tenant_id = tenant_id
        self._held: _Held | None = None
        # The session's lock lets the same session in again: threads need one of their own before it.
        self._turn = threading.Lock()

    @property
    def requests_made(self) -> int:
        """How often Fortnox's login was asked."""
        return self.login.requests_made

    def kind(self) -> Kind | None:
        """How the stored access is kept; None where there is no organization."""
        stored = self._read()
        return None if stored is None else stored.kind

    def scopes(self) -> list[str]:
        """What the company approved, as its newest token says."""
        stored = self._read()
        return [] if stored is None else stored.scopes.split()

    def access_token(self, *, refused: str | None = None) -> str:
        """A token that is good for at least two minutes; `refused` is one that Fortnox no longer takes.

        Raises:
            AccessRevokedError: the company must be connected again; once that is known of a refresh
                token, Fortnox is not asked any more.
            CredentialsRejectedError: client id or secret are wrong.
            TemporaryError: Fortnox's login was not reached or said that it is busy or broken: ask again.
            CredentialsUnansweredError: the answer was lost on the way.
        """
        held = self._held
        if held is not None and held.is_good(refused):
            return held.token
        with self._turn:
            held = self._held
            if held is not None and held.is_good(refused):
                return held.token
            with self._alone() as stored:
                return self._stored_token(stored, refused) or self._renewed(stored)

    def renew(self) -> None:
        """Renews whatever there is to renew, however long it would still last.

        Raises:
            FortnoxError: as access_token.
        """
        with self._turn, self._alone() as stored:
            self._renewed(stored)

    def replace(self, grant: Grant) -> None:
        """Puts in place what a new approval gave, before anything else is done with it."""
        with self._turn, self._alone():
            self._store(grant)

    def take_client_credentials(self) -> None:
        """From now on by client credentials; where Fortnox gives none, all stays as it was.

        Raises:
            FortnoxError: as access_token.
        """
        with self._turn, self._alone():
            self._store(self.login.client_credentials(self._tenant_id))

    def forget(self) -> bool:
        """Keeps nothing of the access; whether Fortnox ended it as well, which it does of a refresh token.

        Without an answer of Fortnox's, or where no key opens it any more, a refresh token ends by itself
        (REFRESH_LIFETIME), since nobody has it.
        """
        is_ended = False
        with self._turn, self._alone() as stored:
            if stored is not None and stored.refresh_token is not None:
                with suppress(FortnoxError, encryption.UnreadableSecretError):
                    self.login.revoke(encryption.decrypt(stored.refresh_token))
                    is_ended = True
            run(self._connection, "control/credential_forget")
            self._held = None
        return is_ended

    @contextmanager
    def _alone(self) -> Iterator[_Stored | None]:
        """The organization's row, while no other process asks for its tokens."""
        run(self._connection, "control/credential_lock")
        try:
            yield self._read()
        finally:
            if not self._connection.closed:
                run(self._connection, "control/credential_unlock")

    def _read(self) -> _Stored | None:
        row = run(self._connection, "control/credential_read").fetchone()
        return None if row is None else _Stored(Kind(row[0]), *row[1:])

    def _stored_token(self, stored: _Stored | None, refused: str | None) -> str | None:
        """The token that some process left for all, where it still serves."""
        if stored is None or stored.access_token is None or stored.time_left is None:
            return None
        left = (stored.time_left - _RENEW_BEFORE).total_seconds()
        if left <= 0:
            return None
        token = encryption.decrypt(stored.access_token)
        if token == refused:
            return None
        mask(token)
        self._held = _Held(token, time.monotonic() + left)
        return token

    def _renewed(self, stored: _Stored | None) -> str:
        if stored is not None and stored.lost_reason is not None:
            raise AccessRevokedError(stored.lost_reason, advice=CONNECT_AGAIN)
        if stored is not None and stored.kind is Kind.REFRESH_TOKEN:
            return self._rotated(stored)
        return self._store(self.login.client_credentials(self._tenant_id))

    def _rotated(self, stored: _Stored) -> str:
        """A new access token for the refresh token, and the next refresh token in its place."""
        assert stored.refresh_token is not None
        refresh_token = encryption.decrypt(stored.refresh_token)
        mask(refresh_token)
        organization = run(self._connection, "control/credential_ask").fetchone()
        assert organization is not None
        try:
            grant = self.login.refresh(refresh_token)
        except GrantRefusedError as refusal:
            now = self._read()
            if now is not None and now.refresh_token is not None and now.lost_reason is None:
                written = encryption.decrypt(now.refresh_token)
                if written != refresh_token:
                    # Written meanwhile without the lock, as by somebody who restored a backup.
                    return self._rotated(replace(now, asked_at=stored.asked_at))
            reason = _why_lost(stored)
            run(self._connection, "control/credential_lose", {"reason": reason})
            self._held = None
            raise AccessRevokedError(reason, status=refusal.status, advice=CONNECT_AGAIN) from None
        except FortnoxError as error:
            is_open = isinstance(error, CredentialsUnansweredError) or error.status in _GATEWAY
            if stored.asked_at is None and not is_open:
                run(self._connection, "control/credential_not_taken")
            raise
        # Where none came with it, the old one stays good (RFC 6749, section 6).
        parameters = _row_of(grant, grant.refresh_token or refresh_token)
        try:
            run(self._connection, "control/credential_write", parameters)
        except psycopg.OperationalError:
            _write_anew(int(organization[0]), parameters)
        return self._hold(grant)

    def _store(self, grant: Grant) -> str:
        run(self._connection, "control/credential_write", _row_of(grant, grant.refresh_token))
        return self._hold(grant)

    def _hold(self, grant: Grant) -> str:
        """Keeps the token for this process; one that lives very short at least for half its life."""
        lifetime = grant.lifetime.total_seconds()
        good_for = max(lifetime - _RENEW_BEFORE.total_seconds(), lifetime / 2)
        self._held = _Held(grant.access_token, time.monotonic() + good_for)
        return grant.access_token


def _row_of(grant: Grant, refresh_token: str | None) -> dict[str, Any]:
    return {
        "credential_kind": Kind.REFRESH_TOKEN if refresh_token else Kind.CLIENT_CREDENTIALS,
        "access_token": encryption.encrypt(grant.access_token),
        "lifetime": grant.lifetime,
        "refresh_token": encryption.encrypt(refresh_token) if refresh_token else None,
        "refresh_lifetime": REFRESH_LIFETIME if refresh_token else None,
        "scopes": grant.scopes,
    }


def _write_anew(organization_id: int, parameters: dict[str, Any]) -> None:
    """PostgreSQL went away between Fortnox's answer and here: waits for it, since Fortnox answers once."""
    for attempt in range(1, _STORE_ATTEMPTS + 1):
        try:
            with connect(Role.LOADER, organization_id, autocommit=True) as connection:
                run(connection, "control/credential_write", parameters)
                return
        except psycopg.OperationalError:
            if attempt == _STORE_ATTEMPTS:
                raise
            time.sleep(_STORE_PAUSE_SECONDS)


def _why_lost(stored: _Stored) -> str:
    if stored.asked_at is not None:
        return (
            f"Fortnox's answer to the renewal of {_shown(stored.asked_at)} was lost on the way, and it takes "
            "a refresh token once"
        )
    if stored.refresh_expires_at is not None and stored.refresh_expires_at < datetime.now(STOCKHOLM):
        return (
            f"The refresh token ended on {_shown(stored.refresh_expires_at)}: it lives "
            f"{REFRESH_LIFETIME.days} days and was not renewed"
        )
    return (
        "Fortnox no longer takes the refresh token: the company withdrew its approval, or the person who "
        "gave it approved this app once more elsewhere, which ends the first"
    )


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
