"""Links for a company's system administrator who has no login here: each lets one company in, once.

The key in a link is random and kept as a digest alone: whoever reads the warehouse cannot make a link of it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from saldo import organizations
from saldo.database import Role, connect, run
from saldo.fortnox import connecting
from saldo.fortnox.connecting import LetIn
from saldo.fortnox.errors import FortnoxError
from saldo.organizations import organization_digits

LIFETIME = timedelta(days=7)
# What a person needs is five requests; a minute's worth of guessing at 2**192 keys is nothing.
REQUESTS_A_MINUTE, REQUESTS_A_MINUTE_OF_ALL = 30, 600
_ADDRESSEE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Invitation:
    """An open invitation; `organization_number` is the company's that it is for, empty where any may use
    it, which then waits for somebody's last look."""

    invitation_id: int
    organization_number: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """An invitation as its maker sees it. `state` is sent, opened, used, revoked or ended; `ends_at`
    Swedish time; `organization_name` the company that used it."""

    invitation_id: int
    addressee: str
    made_by: str
    ends_at: str
    state: str
    organization_name: str


class UsedUpError(RuntimeError):
    """The link is used, revoked or at its end, or another browser is using it now."""


class WrongCompanyError(RuntimeError):
    """The approval is another company's than the one that the link is for: that one is as it was before,
    connected, waiting, or forgotten."""


def make(addressee: str, organization_number: str, scopes: Iterable[str], made_by: str) -> str:
    """The key of a new invitation, which is shown once.

    Raises:
        ValueError: the addressee is empty or too long, or the organization number has not ten digits.
    """
    addressee, number = addressee.strip(), organization_digits(organization_number)
    if not addressee or len(addressee) > _ADDRESSEE_LENGTH:
        raise ValueError(f"Say whom the link is for, in at most {_ADDRESSEE_LENGTH} letters")
    if organization_number.strip() and len(number) != 10:
        raise ValueError("An organization number has ten digits: leave it out, or mend it")
    key = secrets.token_urlsafe(24)
    parameters = {
        "key_digest": _digest(key),
        "addressee": addressee,
        "organization_number": number,
        "scopes": " ".join(scopes),
        "made_by": made_by,
        "lifetime": LIFETIME,
    }
    with connect(Role.PAGE) as connection:
        run(connection, "control/invitation_make", parameters)
    return key


def overview() -> list[Listed]:
    """The newest hundred invitations, newest first."""
    with connect(Role.PAGE) as connection:
        return [Listed(*row) for row in run(connection, "control/invitation_list").fetchall()]


def opened(key: str) -> Invitation | None:
    """The open invitation of a key, noted as seen; None where the key opens nothing any more."""
    with connect(Role.PAGE) as connection:
        row = run(connection, "control/invitation_open", {"key_digest": _digest(key)}).fetchone()
    return None if row is None else Invitation(row[0], row[1], tuple(row[2].split()))


def revoke(invitation_id: int) -> bool:
    """Ends a link; False where there is none that could still be used."""
    with connect(Role.PAGE) as connection:
        row = run(connection, "control/invitation_revoke", {"invitation_id": invitation_id}).fetchone()
    return row is not None


def use(invitation_id: int, let_in: Callable[[], LetIn]) -> LetIn:
    """Uses an invitation for the company that `let_in` lets in: once, whoever else tries at the same time.

    A company that has the invitation's organization number is connected; one that need have none waits for
    the last look of whoever made the link.

    Raises:
        UsedUpError: the link lets nobody in any more.
        WrongCompanyError: it is for another company.
        FortnoxError: nobody was let in, and the link is good still.
    """
    with connect(Role.PAGE) as connection:
        row = run(connection, "control/invitation_claim", {"invitation_id": invitation_id}).fetchone()
    if row is None:
        raise UsedUpError("The link lets nobody in any more")
    wanted = str(row[1])
    try:
        company = let_in()
        if wanted and organization_digits(company.organization_number) != wanted:
            if company.is_new:
                connecting.disconnect(company.tenant_id)
            raise WrongCompanyError("The link is for another company")
        if wanted:
            connecting.confirm(company.tenant_id)
    except (FortnoxError, WrongCompanyError):
        with connect(Role.PAGE) as connection:
            run(connection, "control/invitation_release", {"invitation_id": invitation_id})
        raise
    parameters = {
        "invitation_id": invitation_id,
        "organization_id": organizations.find(company.tenant_id),
    }
    with connect(Role.PAGE) as connection:
        run(connection, "control/invitation_use", parameters)
    return company


def is_asked_too_often(caller: str) -> bool:
    """Counts a request of a caller's address, of which a digest is kept for an hour; whether it is one too
    many, of that caller or of all."""
    with connect(Role.PAGE) as connection:
        row = run(
            connection, "control/anonymous_request_count", {"caller_digest": _digest(caller)}
        ).fetchone()
    assert row is not None
    return bool(row[0] > REQUESTS_A_MINUTE or row[1] > REQUESTS_A_MINUTE_OF_ALL)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
