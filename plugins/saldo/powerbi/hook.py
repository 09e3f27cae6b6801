"""The one place that knows Power BI's addresses, sign-in, answers and errors."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx
import tenacity
from airflow.sdk import BaseHook

from saldo.powerbi.errors import (
    AccessDeniedError,
    AlreadyRunningError,
    NotConfiguredError,
    NotFoundError,
    PowerBIError,
    QuotaExceededError,
    RefreshFailedError,
    RefreshStoppedError,
    ThrottledError,
    UnconfirmedError,
    UnreachableError,
)

if TYPE_CHECKING:
    from azure.identity import ClientSecretCredential

API = "https://api.powerbi.com"
LOGIN = "https://login.microsoftonline.com"
SCOPE = "https://analysis.windows.net/powerbi/api/.default"
QUOTA = 8
QUOTA_PERIOD = timedelta(hours=24)

_TIMEOUT = httpx.Timeout(30, connect=10)
_HISTORY_LENGTH = 30
_RETRY_AFTER_WHEN_UNSAID = 60.0
_LONGEST_REASON = 2000
_IN_PROGRESS = {"Unknown", "NotStarted", "InProgress"}
_RUNNING_WORDS = re.compile(
    r"another refresh|already (executing|running|in progress)|RefreshInProgress", re.IGNORECASE
)
_QUOTA_WORDS = re.compile(r"refresh requests in (the )?last 24 hours", re.IGNORECASE)

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

_Answer = TypeVar("_Answer")


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
        starts = sorted(
            each.started_at
            for each in self.refreshes
            if each.started_at and each.started_at > self.as_of - QUOTA_PERIOD
        )
        if len(starts) < QUOTA:
            return self.as_of + timedelta(hours=1)
        return starts[-QUOTA] + QUOTA_PERIOD


class PowerBIHook(BaseHook):
    """Asks Power BI to refresh a dataset and how its refreshes went, as a service principal.

    The connection: login and password are the application's client id and secret; extra has `tenant_id` and,
    away from the public cloud, `base_url`, `authority` (https) and `verify` (the CA file of the authority).
    Reading is retried `read_attempts` times; what changes something is sent once.
    """

    conn_name_attr = "powerbi_conn_id"
    default_conn_name = "powerbi_default"
    conn_type = "powerbi_saldo"
    hook_name = "Power BI (Saldo)"

    def __init__(self, powerbi_conn_id: str = default_conn_name, *, read_attempts: int = 4) -> None:
        """Reads the connection at first use, not here."""
        super().__init__()
        self.powerbi_conn_id = powerbi_conn_id
        self.read_attempts = read_attempts

    def start_refresh(self, workspace_id: str, dataset_id: str) -> str | None:
        """Asks for a refresh, once; returns its request id where the answer names it.

        Raises:
            AlreadyRunningError: the dataset is being refreshed; nothing was asked for.
            QuotaExceededError: it has had its refreshes of the last 24 hours.
            ThrottledError: too many requests; `retry_after` says how long to wait.
            UnconfirmedError: the answer was lost; the history will tell.
            PowerBIError: any other refusal.
        """
        headers = self._headers()
        try:
            response = httpx.post(
                self._refreshes_url(workspace_id, dataset_id),
                json={"notifyOption": "NoNotification"},
                headers=headers,
                timeout=_TIMEOUT,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(error) from None
        except httpx.TransportError as error:
            raise UnconfirmedError(
                "The answer of Power BI to a refresh request was lost", reason=_name_of(error)
            ) from None
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnconfirmedError(
                f"Power BI answered a refresh request with {response.status_code}",
                reason=_said(response)[1],
            )
        _check(response)
        # a plain refresh is named by RequestId alone, an enhanced one by the other two
        location: str = response.headers.get("Location", "")
        request_id: str | None = response.headers.get("x-ms-request-id")
        return request_id or location.rstrip("/").rsplit("/", 1)[-1] or response.headers.get("RequestId")

    def refreshes(self, workspace_id: str, dataset_id: str, *, top: int = _HISTORY_LENGTH) -> History:
        """The dataset's latest refreshes, newest first. A fresh one may be missing for some minutes.

        Raises:
            PowerBIError: the history could not be read.
        """

        def read() -> History:
            return _history(self._get(self._refreshes_url(workspace_id, dataset_id), {"$top": top}))

        return self._reading(read)

    def test_connection(self) -> tuple[bool, str]:
        """Signs in and lists workspaces; for the button of Airflow's connection form."""
        try:
            groups = f"{self._base_url}/v1.0/myorg/groups"
            found = self._reading(lambda: _json(self._get(groups, {"$top": 1}))).get("value")
        except PowerBIError as error:
            return False, str(error)
        if not found:
            return True, (
                "Signed in, but the service principal sees no workspace: add it to the workspaces it works in"
            )
        return True, "Signed in, and the service principal sees at least one workspace"

    def _reading(self, read: Callable[[], _Answer]) -> _Answer:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.read_attempts),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=8),
            retry=tenacity.retry_if_exception_type(UnreachableError),
            reraise=True,
        )
        return retrying(read)

    def _get(self, url: str, parameters: dict[str, Any]) -> httpx.Response:
        headers = self._headers()
        try:
            response = httpx.get(url, params=parameters, headers=headers, timeout=_TIMEOUT)
        except httpx.TransportError as error:
            raise self._unreachable(error) from None
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnreachableError(
                f"Power BI answered with {response.status_code}",
                reason=_said(response)[1],
                advice="The next try goes on from here",
            )
        _check(response)
        return response

    def _unreachable(self, error: httpx.TransportError) -> UnreachableError:
        return UnreachableError(
            f"Power BI at {self._base_url} does not answer",
            reason=_name_of(error),
            advice="Check the network from Airflow's workers to it; the next try goes on from here",
        )

    def _refreshes_url(self, workspace_id: str, dataset_id: str) -> str:
        # a service principal may use no path without the workspace
        workspace, dataset = quote(workspace_id, safe=""), quote(dataset_id, safe="")
        return f"{self._base_url}/v1.0/myorg/groups/{workspace}/datasets/{dataset}/refreshes"

    @cached_property
    def _connection(self) -> Any:
        return self.get_connection(self.powerbi_conn_id)

    @cached_property
    def _base_url(self) -> str:
        return str(self._connection.extra_dejson.get("base_url") or API).rstrip("/")

    @cached_property
    def _credential(self) -> ClientSecretCredential:
        from azure.identity import ClientSecretCredential

        # these libraries tell of each request at INFO: noise in a task's log, and the client id with it
        for name in ("azure", "msal"):
            if (logger := logging.getLogger(name)).level == logging.NOTSET:
                logger.setLevel(logging.WARNING)
        extra = self._connection.extra_dejson
        needed = {
            "login (client id)": self._connection.login,
            "password (client secret)": self._connection.password,
            "extra tenant_id": extra.get("tenant_id"),
        }
        if missing := [name for name, value in needed.items() if not value]:
            raise NotConfiguredError(
                f"The Airflow connection {self.powerbi_conn_id} lacks {' and '.join(missing)}",
                advice="Fill it in from the app registration in Entra",
            )
        options: dict[str, Any] = {"retry_total": 1, "connection_timeout": 10, "read_timeout": 30}
        if authority := extra.get("authority"):
            options |= {"authority": authority, "disable_instance_discovery": authority.rstrip("/") != LOGIN}
        if verify := extra.get("verify"):
            if not Path(verify).is_file():
                raise NotConfiguredError(
                    f"The CA file {verify} of the Airflow connection {self.powerbi_conn_id} is not there",
                    advice="Correct `verify` in its extra, or take it away",
                )
            options["connection_verify"] = verify
        return ClientSecretCredential(
            str(extra["tenant_id"]), str(self._connection.login), str(self._connection.password), **options
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token()}"}

    def _token(self) -> str:
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        credential = self._credential
        refused = False
        try:
            return credential.get_token(SCOPE).token
        except ClientAuthenticationError as error:
            refused, reason = True, error.message
        except AzureError as error:
            reason = error.message
        # outside the handlers: the library's exceptions hold the request, and the request the secret
        code = found[0] if (found := re.search(r"AADSTS\d+", reason)) else ""
        if refused and code:
            raise AccessDeniedError(
                f"Microsoft Entra refused to sign in the service principal of {self.powerbi_conn_id}",
                reason=reason[:_LONGEST_REASON],
                advice="Check client id, client secret (has it expired?) and tenant id of the connection "
                "against the app registration",
            )
        raise UnreachableError(
            "Microsoft Entra, where Power BI's service principals sign in, does not answer as it should",
            reason=reason[:_LONGEST_REASON],
            advice="Check the network from Airflow's workers to it; the next try goes on from here",
        )


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    code, reason = _said(response)
    status = response.status_code
    words = f"{code} {reason}"
    if _QUOTA_WORDS.search(words):
        raise QuotaExceededError(
            "Power BI takes no more refreshes of the dataset for now",
            code=code,
            reason=reason,
            advice=f"Without a capacity it takes {QUOTA} in 24 hours, its own schedule included: "
            "switch that schedule off, or let Saldo run less often",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ThrottledError(
            "Too many requests to Power BI", retry_after=_retry_after(response), code=code, reason=reason
        )
    # which of the two the service answers is not documented for plain refreshes; both are seen in life
    if status == HTTPStatus.CONFLICT or (status == HTTPStatus.BAD_REQUEST and _RUNNING_WORDS.search(words)):
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
    raise PowerBIError(f"Power BI refused the request ({status})", code=code, reason=reason)


def _name_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UnreachableError("Power BI's answer is cut or no JSON", reason=response.text[:200])
    return body


def _said(response: httpx.Response) -> tuple[str, str]:
    """Code and message of an error answer: `{"error": {"code", "message"}}`, or whatever it is."""
    try:
        error = response.json()["error"]
        code, reason = str(error.get("code") or ""), error.get("message") or ""
        if not reason:
            details = error.get("pbi.error") or {}
            reason = details.get("message") or "; ".join(
                str(each["detail"]["value"]) for each in details.get("details") or ()
            )
    except (ValueError, KeyError, TypeError, AttributeError):
        code, reason = "", response.text
    return code, str(reason).strip()[:_LONGEST_REASON]


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - _clock(response)).total_seconds())
    except (ValueError, TypeError):
        return _RETRY_AFTER_WHEN_UNSAID


def _clock(response: httpx.Response) -> datetime:
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return datetime.now(UTC)


def _history(response: httpx.Response) -> History:
    entries = _json(response).get("value")
    if not isinstance(entries, list):
        raise UnreachableError("Power BI's refresh history lacks its list", reason=response.text[:200])
    return History(tuple(map(_refresh, entries)), _clock(response))


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
        return str(said["errorCode"]), str(said.get("errorDescription") or "")[:_LONGEST_REASON]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", text[:_LONGEST_REASON]


def _time(text: str | None) -> datetime | None:
    """The service leaves out the zone at times; it is UTC."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
