"""A dataset's refreshes as Power BI tells of them, and what to do about one that failed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from saldo.powerbi.answers import LONGEST_REASON, as_json, clock
from saldo.powerbi.errors import RefreshFailedError, RefreshStoppedError, UnreachableError

QUOTA = 8
RESERVE = 1
QUOTA_PERIOD = timedelta(hours=24)

_IN_PROGRESS = {"Unknown", "NotStarted", "InProgress"}

# how a refresh ended, or the service's words for why -> what to do; then whether it may pass by itself
_ADVICE_BY_STATUS = {
    "Cancelled": (
        "Somebody cancelled it in Power BI: clear this task, or wait for the next run, to ask for a new one",
        False,
    ),
    "Disabled": ("Enable refreshes of the semantic model again in its settings in Power BI", False),
}
_ADVICE_BY_WORDS = (
    (
        "CredentialsNotSpecified|HasNoCredential",
        "Give the semantic model credentials: in Power BI open its settings, Gateway and cloud connections, "
        "and bind a connection with a user and password of the warehouse",
        False,
    ),
    (
        "InvalidConnectionCredentials|InvalidCredential|AccessUnauthorized",
        "The warehouse refused the user or password: renew them in the connection that the semantic model "
        "is bound to",
        False,
    ),
    (
        "MashupDataAccess|Gateway",
        "Power BI could not read the warehouse: check that its address can be reached from Power BI "
        "(firewall, gateway online, certificate) and that the reader may read the schema mart",
        True,
    ),
    (
        "ProcessingError",
        "A table of the semantic model could not be loaded, the reason names it: compare it with the "
        "warehouse's schema mart, which `saldo migrate` brings up to date",
        True,
    ),
    (
        "Attempts_?Exhausted|Time(d_?)?out",
        "Power BI tried several times: each attempt is in the semantic model's refresh history",
        True,
    ),
)
_ADVICE_ELSE = ("See the semantic model's refresh history in Power BI", True)


@dataclass(frozen=True, slots=True)
class Refresh:
    """One entry of a dataset's refresh history; times in UTC.

    `status` is the service's own word (Completed, Failed, Cancelled, Disabled, Unknown while it runs ...),
    `code` and `reason` are its own words for a failure, or empty.
    """

    request_id: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    code: str = ""
    reason: str = ""

    @property
    def is_running(self) -> bool:
        """The service says Unknown of a refresh in progress, and of one that ended it knows not how."""
        return self.status in _IN_PROGRESS and self.ended_at is None

    @property
    def is_completed(self) -> bool:
        """Whether the dataset now shows what the warehouse held when the refresh started."""
        return self.status == "Completed"

    def failure(self) -> RefreshFailedError:
        """The service's own reason for a refresh that ended without completing, and what to do about it."""
        advice, may_pass = _ADVICE_BY_STATUS.get(self.status) or next(
            (
                (advice, may_pass)
                for pattern, advice, may_pass in _ADVICE_BY_WORDS
                if re.search(pattern, f"{self.code} {self.reason} {self.status}", re.IGNORECASE)
            ),
            _ADVICE_ELSE,
        )
        kind = RefreshFailedError if may_pass else RefreshStoppedError
        return kind(
            f"Power BI ended refresh {self.request_id} as {self.status}",
            code=self.code,
            reason=self.reason,
            advice=advice,
        )


@dataclass(frozen=True, slots=True)
class History:
    """A dataset's latest refreshes, newest first, and the service's own clock when it answered."""

    refreshes: tuple[Refresh, ...]
    as_of: datetime

    def find(self, request_id: str) -> Refresh | None:
        """The refresh of that id; None as long as the history lags behind the request."""
        return next((each for each in self.refreshes if each.request_id == request_id), None)

    def first_since(self, moment: datetime) -> Refresh | None:
        """The earliest refresh that started at `moment` or later."""
        started = [each for each in self.refreshes if each.started_at and each.started_at >= moment]
        return min(started, key=lambda each: each.started_at or moment, default=None)

    def running(self) -> Refresh | None:
        """The refresh in progress, whoever asked for it."""
        return next((each for each in self.refreshes if each.is_running), None)

    def quota_frees_at(self) -> datetime:
        """When a dataset without capacity takes a refresh again, as far as its history tells.

        Eight refreshes in any 24 hours (Power BI REST API, "Refresh Dataset In Group", Limitations): the
        oldest of the latest eight, plus 24 hours. In an hour where the history does not explain it.
        """
        return self._frees_at(QUOTA) or self.as_of + timedelta(hours=1)

    def reserve_frees_at(self) -> datetime | None:
        """When more than the last refresh of the quota is free again; None while that is so now."""
        return self._frees_at(QUOTA - RESERVE)

    def _frees_at(self, count: int) -> datetime | None:
        starts = sorted(
            each.started_at
            for each in self.refreshes
            if each.started_at and each.started_at > self.as_of - QUOTA_PERIOD
        )
        return starts[-count] + QUOTA_PERIOD if len(starts) >= count else None


def history_of(response: httpx.Response) -> History:
    """What an answer of "Get Refresh History In Group" says.

    Raises:
        UnreachableError: it is not such an answer.
    """
    entries = as_json(response).get("value")
    if not isinstance(entries, list):
        raise UnreachableError("Power BI's refresh history lacks its list", reason=response.text[:200])
    return History(tuple(map(_refresh, entries)), clock(response))


def _refresh(entry: dict[str, Any]) -> Refresh:
    attempts = entry.get("refreshAttempts") or []
    explanations = [entry, *reversed(attempts)]
    explained = next((text for each in explanations if (text := each.get("serviceExceptionJson"))), "")
    code, reason = _failure(explained)
    return Refresh(
        request_id=str(entry.get("requestId") or ""),
        # only enhanced refreshes have the longer word, which then says more
        status=str(entry.get("extendedStatus") or entry.get("status") or "Unknown"),
        started_at=_time(entry.get("startTime")),
        ended_at=_time(entry.get("endTime")),
        code=code,
        reason=reason,
    )


def _failure(text: str) -> tuple[str, str]:
    try:
        said = json.loads(text)
        return str(said["errorCode"]), str(said.get("errorDescription") or "")[:LONGEST_REASON]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", text[:LONGEST_REASON]


def _time(text: str | None) -> datetime | None:
    """The service leaves out the zone at times; it is UTC."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
