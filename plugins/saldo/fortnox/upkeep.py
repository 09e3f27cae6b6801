"""What keeps access alive whether or not an organization's DAG runs: renewal, and newest encryption keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from saldo import encryption
from saldo.database import Connection, Role, connect, run
from saldo.fortnox.credentials import CONNECT_AGAIN, Kind
from saldo.fortnox.errors import AccessRevokedError, FortnoxError
from saldo.fortnox.hook import FortnoxHook

# Of the 45 days that a refresh token lives: two weeks in which the schedule may be down unnoticed.
RENEW_WITHIN_DAYS = 30


class UpkeepError(RuntimeError):
    """The access of some organizations could not be kept up; the text names them and what to do."""


@dataclass(frozen=True, slots=True)
class Access:
    """How one organization's access stands.

    Attributes:
        days_left: until the refresh token ends; None where nothing ends.
        renewed_at: Swedish time of the last token, None before the first.
        is_unanswered: a refresh token was sent and the answer has not come; the next use tells.
        lost_reason: why only a person can bring it back, where that is so.
    """

    kind: Kind
    organization_id: int
    tenant_id: str
    dag_id: str
    name: str
    is_connected: bool
    days_left: int | None
    renewed_at: str | None
    is_unanswered: bool
    lost_reason: str | None

    @property
    def state(self) -> str:
        """In a few words."""
        if self.lost_reason is not None:
            return f"lost: {self.lost_reason}. {CONNECT_AGAIN}"
        if self.is_unanswered:
            return "the last renewal has no answer yet: the next use tells"
        if self.renewed_at is None:
            return "not used yet"
        return "good"

    @property
    def is_due(self) -> bool:
        """Whether it is to be renewed now."""
        if not self.is_connected or self.kind is not Kind.REFRESH_TOKEN:
            return False
        return self.is_unanswered or self.days_left is None or self.days_left < RENEW_WITHIN_DAYS


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was done for one organization, or why not; `needs_person` when only a person can mend it."""

    access: Access
    done: str
    failure: str = ""
    needs_person: bool = False


def overview() -> list[Access]:
    """Every organization that has been connected, oldest first."""
    with connect(Role.PAGE) as connection:
        rows = run(connection, "control/credential_list").fetchall()
    return [Access(Kind(row[0]), *row[1:]) for row in rows]


def reencrypt() -> int:
    """Brings every stored secret under the newest encryption key; returns how many were not.

    Raises:
        UnreadableSecretError: one of them has none of the configured keys; the others are done.
    """
    changed, unreadable = 0, None
    with connect(Role.PAGE, autocommit=True) as connection:
        for access in overview():
            try:
                changed += _reencrypt(connection, access.organization_id)
            except encryption.UnreadableSecretError as error:
                unreadable = error
    if unreadable is not None:
        raise unreadable
    return changed


def keep_up() -> list[Upkeep]:
    """Renews what is due and re-encrypts what is not under the newest key; one organization's failure
    does not stop the others.
    """
    return [_kept_up(access) for access in overview() if access.is_connected or access.renewed_at is not None]


def _kept_up(access: Access) -> Upkeep:
    done: list[str] = []
    try:
        with connect(Role.PAGE, access.organization_id, autocommit=True) as connection:
            if _reencrypt(connection, access.organization_id):
                done.append("encrypted anew")
            if access.is_connected and access.lost_reason is not None:
                raise AccessRevokedError(access.lost_reason, advice=CONNECT_AGAIN)
            if access.is_due:
                FortnoxHook(access.tenant_id, connection).credentials().renew()
                done.append("renewed")
    except Exception as error:
        # Others' texts may hold anything: of those only the kind is shown.
        is_own = isinstance(error, FortnoxError | encryption.UnreadableSecretError)
        failure = str(error) if is_own else type(error).__name__
        return Upkeep(access, ", ".join(done), failure, isinstance(error, AccessRevokedError))
    return Upkeep(access, ", ".join(done) or "nothing to do")


def _reencrypt(connection: Connection, organization_id: int) -> int:
    row = run(connection, "control/credential_secrets", {"organization_id": organization_id}).fetchone()
    secrets = [None if secret is None else bytes(secret) for secret in row or (None, None)]
    anew = [None if secret is None else encryption.rotated(secret) for secret in secrets]
    if not any(anew):
        return 0
    run(
        connection,
        "control/credential_reencrypt",
        {
            "organization_id": organization_id,
            "access_token": secrets[0],
            "refresh_token": secrets[1],
            "new_access_token": anew[0],
            "new_refresh_token": anew[1],
        },
    )
    return sum(secret is not None for secret in anew)


def check(upkeep: Sequence[Upkeep]) -> None:
    """Fails when something failed, after everything else was done.

    Raises:
        UpkeepError: names the organizations by their DAGs, those that must be connected again first.
    """
    failures = sorted((item for item in upkeep if item.failure), key=lambda item: not item.needs_person)
    if failures:
        raise UpkeepError(
            f"Of {len(upkeep)} organizations {len(failures)} could not be kept up:\n"
            + "\n".join(
                f"  {item.access.dag_id} (organization {item.access.organization_id}): {item.failure}"
                for item in failures
            )
        )
