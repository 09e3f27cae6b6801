"""Power BI's and Fabric's answers: what they say when they refuse, and how long to wait."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from saldo.powerbi.errors import (
    AccessDeniedError,
    AlreadyRunningError,
    NotFoundError,
    PowerBIError,
    QuotaExceededError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)

LONGEST_REASON = 2000

_RETRY_AFTER_WHEN_UNSAID = 60.0
_RUNNING_WORDS = re.compile(
    r"another refresh|already (executing|running|in progress)|RefreshInProgress", re.IGNORECASE
)
# the name of something deleted is kept from use for some minutes
_PASSING_CODES = {"ItemDisplayNameNotAvailableYet"}
_QUOTA_WORDS = re.compile(r"refresh requests in (the )?last 24 hours", re.IGNORECASE)


def check(response: httpx.Response) -> None:
    """Nothing, for an answer that does what was asked.

    Raises:
        PowerBIError: it does not; which kind says what may be done about it.
    """
    if response.is_success:
        return
    code, reason = said(response)
    status = response.status_code
    words = f"{code} {reason}"
    if _QUOTA_WORDS.search(words):
        raise QuotaExceededError(
            "Power BI takes no more refreshes of the dataset for now",
            code=code,
            reason=reason,
            advice="Without a capacity it takes 8 in 24 hours, its own schedule included: "
            "switch that schedule off, or let Saldo run less often",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ThrottledError(
            "Too many requests to Power BI", retry_after=retry_after(response), code=code, reason=reason
        )
    # which of the two the service answers is not documented for plain refreshes; both are seen in life
    is_refresh = response.url.path.endswith("/refreshes")
    if (is_refresh and status == HTTPStatus.CONFLICT) or (
        status == HTTPStatus.BAD_REQUEST and _RUNNING_WORDS.search(words)
    ):
        raise AlreadyRunningError(
            "The dataset is being refreshed already",
            code=code,
            reason=reason,
            advice="Let that refresh end, or cancel it in the dataset's refresh history",
        )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccessDeniedError(
            f"Power BI denied access ({status})",
            code=code,
            reason=reason,
            advice="In the Fabric admin portal, Developer settings, allow service principals to call Fabric "
            "public APIs, for a group that this one is in, and make it Contributor of the workspace",
        )
    if status == HTTPStatus.NOT_FOUND:
        raise NotFoundError(
            f"Power BI finds nothing at {response.url.path}",
            code=code,
            reason=reason,
            advice="Correct the ids of workspace and dataset with `saldo connect`, or make the service "
            "principal Contributor of the workspace",
        )
    if _is_final(response, code):
        raise RefusedError(f"Power BI refused {response.url.path} ({status})", code=code, reason=reason)
    raise PowerBIError(f"Power BI refused the request ({status})", code=code, reason=reason)


def _is_final(response: httpx.Response, code: str) -> bool:
    """Fabric says of most refusals whether asking again may help."""
    if code in _PASSING_CODES:
        return False
    try:
        return response.json().get("isRetriable") is False
    except (ValueError, AttributeError):
        return False


def name_of(error: Exception) -> str:
    """What happened to a connection, in the library's words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def as_json(response: httpx.Response) -> dict[str, Any]:
    """The object that an answer holds.

    Raises:
        UnreachableError: it holds none.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UnreachableError("Power BI's answer is cut or no JSON", reason=response.text[:200])
    return body


def said(response: httpx.Response) -> tuple[str, str]:
    """Code and message of an error answer: Power BI's `{"error": {"code", "message"}}`, Fabric's
    `{"errorCode", "message", "moreDetails"}`, or whatever it is."""
    try:
        body = response.json()
        if "errorCode" in body:
            more = "; ".join(str(each.get("message") or "") for each in body.get("moreDetails") or ())
            words = ": ".join(part for part in (str(body.get("message") or ""), more) if part)
            return str(body["errorCode"]), words[:LONGEST_REASON]
        error = body["error"]
        code, reason = str(error.get("code") or ""), error.get("message") or ""
        if not reason:
            details = error.get("pbi.error") or {}
            reason = details.get("message") or "; ".join(
                str(each["detail"]["value"]) for each in details.get("details") or ()
            )
    except (ValueError, KeyError, TypeError, AttributeError):
        code, reason = "", response.text
    return code, str(reason).strip()[:LONGEST_REASON]


def retry_after(response: httpx.Response) -> float:
    """Seconds to wait before asking again; a minute where the answer does not say."""
    value = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - clock(response)).total_seconds())
    except (ValueError, TypeError):
        return _RETRY_AFTER_WHEN_UNSAID


def clock(response: httpx.Response) -> datetime:
    """The service's own time when it answered, UTC."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return datetime.now(UTC)
