"""What Power BI answers when it refuses, each with the service's own words and what to do about it."""

from __future__ import annotations


class PowerBIError(RuntimeError):
    """Power BI did not do what was asked.

    `code` and `reason` are the service's own words (empty where it gave none), `advice` is what to do.
    `passes` says whether the same request may succeed later without anybody doing anything.
    """

    passes = True

    def __init__(self, what: str, *, code: str = "", reason: str = "", advice: str = "") -> None:
        """Makes one text: what happened, the service's words, the advice."""
        self.code = code
        self.reason = reason
        self.advice = advice
        said = ": ".join(part.rstrip(". ") for part in (what, code, reason) if part)
        super().__init__(". ".join(part for part in (said, advice) if part))


class NotConfiguredError(PowerBIError):
    """The Airflow connection lacks something that signing in needs."""

    passes = False


class NotSetUpError(NotConfiguredError):
    """There is no Airflow connection to Power BI at all."""


class AccessDeniedError(PowerBIError):
    """The service principal may not sign in, or may not do this (401 and 403)."""

    passes = False


class NotFoundError(PowerBIError):
    """There is no such dataset in the workspace, as far as the service principal can see (404)."""

    passes = False


class UnreachableError(PowerBIError):
    """No answer, a cut one, or one that says the service itself is in trouble (5xx)."""


class UnconfirmedError(UnreachableError):
    """Something was asked for and the answer lost: Power BI may have taken the request or not."""


class RefusedError(PowerBIError):
    """Fabric refused what was asked and says that asking again will not help."""

    passes = False


class AlreadyRunningError(PowerBIError):
    """The dataset is being refreshed and takes no second refresh (400 or 409)."""


class QuotaExceededError(PowerBIError):
    """The dataset has had its refreshes of the last 24 hours."""


class ThrottledError(PowerBIError):
    """Too many requests (429); `retry_after` is in seconds from the answer."""

    def __init__(self, what: str, *, retry_after: float, code: str = "", reason: str = "") -> None:
        """The advice says when requests are taken again."""
        self.retry_after = retry_after
        super().__init__(
            what, code=code, reason=reason, advice=f"Power BI takes requests again in {retry_after:.0f} s"
        )


class RefreshFailedError(PowerBIError):
    """A refresh ended without having completed, or did not end in time, or was lost."""


class RefreshStoppedError(RefreshFailedError):
    """A refresh that will end the same way until somebody does something."""

    passes = False


class OperationFailedError(PowerBIError):
    """Fabric took a change and could not carry it out."""


class NotBoundError(PowerBIError):
    """The model does not read the warehouse through the connection that it was bound to."""

    passes = False


class FiguresDifferError(PowerBIError):
    """Power BI shows other figures than the warehouse after a refresh that completed."""

    passes = False
