"""What can go wrong with Fortnox, and what to do about it.

FortnoxError
├── AccessRevokedError        the company must be connected again
├── CredentialsRejectedError  the operator's own app is not set up right
├── CredentialsUnansweredError  a token was asked for and the answer lost
├── NotConnectedError         a company could not be connected: what its approval or old token lacks
├── NotAvailableError         a scope or a licence is missing: this resource is skipped
├── NotFoundError             there is no such record
├── RejectedRequestError      Fortnox understood and said no
└── TemporaryError            worth another try later
    └── RateLimitedError
"""

from __future__ import annotations

import json
from typing import Any

# Fortnox developer pages "Errors" and recorded answers: the code decides, never the status or the text.
_NO_SCOPE = {2000663}
_NO_LICENCE = {2001101, 2001103}
_INTERNAL = {1000003, 1000029}
_NO_LOGIN = {2000310, 2000311}


class FortnoxError(RuntimeError):
    """Fortnox did not do as asked; the text says why and what to do about it.

    `code` is Fortnox's own, 0 where the answer held none; `reason` is the text without the advice, which is
    the kind's unless this one has its own; `cause` names what a page says of it in its reader's language.
    """

    advice = ""
    cause = "rejected"

    def __init__(self, message: str, *, code: int = 0, status: int = 0, advice: str | None = None) -> None:
        self.message = message
        self.code = code
        self.status = status
        parts = [message.rstrip(".")]
        if code:
            parts.append(f"(Fortnox code {code})")
        elif status:
            parts.append(f"(HTTP {status})")
        self.reason = " ".join(parts)
        if advice is not None:
            self.advice = advice
        super().__init__(f"{self.reason}. {self.advice}" if self.advice else self.reason)


class AccessRevokedError(FortnoxError):
    """The access that the company gave is gone; retrying will not bring it back."""

    advice = "Connect the company again: its access in Fortnox was revoked, has lapsed or lacks the licence"
    cause = "revoked"


class CredentialsRejectedError(FortnoxError):
    """Fortnox does not know the operator's own client id and secret, or does not let them do this."""

    advice = "Check client id and client secret in the connection fortnox_default against your app at Fortnox"
    cause = "app"


class CredentialsUnansweredError(FortnoxError):
    """A token request was sent and its answer lost or unreadable: never repeated blindly in the same try."""

    advice = "Check that Fortnox's login can be reached; the task tries again by itself"
    cause = "unanswered"


class NotConnectedError(FortnoxError):
    """A company could not be connected; the text says what the person who does it can do."""

    def __init__(self, message: str, *, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class NotAvailableError(FortnoxError):
    """A scope or licence is missing; other resources are not touched by that."""

    advice = "This resource is skipped until the company has the scope and the licence for it"
    cause = "unavailable"


class NotFoundError(FortnoxError):
    """There is no such record."""

    advice = "It may have been deleted in Fortnox meanwhile; the next run goes by the new list"


class RejectedRequestError(FortnoxError):
    """Fortnox understood the request and refused it."""

    advice = "Trying again will not help: look the code up in Fortnox's developer pages under Errors"


class TemporaryError(FortnoxError):
    """Too busy, broken for the moment, or cut off on the way."""

    advice = (
        "Fortnox or the network failed several times in a row; the next run goes on where this one stopped"
    )
    cause = "busy"


class RateLimitedError(TemporaryError):
    """More than 25 requests in 5 seconds for this app and company (Fortnox developer pages, Rate limits)."""


def from_response(status: int, body: bytes) -> FortnoxError:
    """The exception for an answer that is no success: whatever its shape, JSON or not, by trying."""
    message, code = _message_and_code(body)
    message = message or f"Fortnox answered {status}"
    kind: type[FortnoxError] = RejectedRequestError
    if status == 429:
        kind = RateLimitedError
    elif code in _NO_SCOPE | _NO_LICENCE or "Feature inte tillgänglig" in message:
        kind = NotAvailableError
    elif status == 401 or code in _NO_LOGIN:
        kind = AccessRevokedError
    elif status >= 500 or status == 408 or code in _INTERNAL:
        kind = TemporaryError
    elif status == 404:
        kind = NotFoundError
    elif status == 403:
        kind = NotAvailableError
    return kind(message, code=code, status=status)


def oauth_error(body: bytes) -> str:
    """The `error` of an answer of Fortnox's login (RFC 6749, section 5.2), empty where it holds none."""
    error = _object(body).get("error")
    return error if isinstance(error, str) else ""


def _message_and_code(body: bytes) -> tuple[str, int]:
    answer = _object(body)
    information = answer.get("ErrorInformation")
    if isinstance(information, dict):
        lower = {str(key).lower(): value for key, value in information.items()}
        code = str(lower.get("code"))
        return str(lower.get("message") or ""), int(code) if code.isdecimal() else 0
    for key in ("error_description", "message", "error"):
        if isinstance(answer.get(key), str):
            return answer[key], 0
    return "", 0


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object that the bytes are, or an empty one: Fortnox's media types cannot be trusted."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
