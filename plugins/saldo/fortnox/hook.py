"""The one place that knows Fortnox's addresses, headers, tokens, paging, pacing, retries and errors."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import tenacity
from airflow.providers.http.hooks.http import HttpHook

from saldo.database import Connection
from saldo.fortnox.credentials import ClientCredentials
from saldo.fortnox.errors import (
    RateLimitedError,
    RejectedRequestError,
    TemporaryError,
    from_response,
)
from saldo.fortnox.pacing import WINDOW_SECONDS, Pace
from saldo.fortnox.resources import COMPANY_INFORMATION, Resource, Shape

# Fortnox developer pages, Parameters: limit is 1 to 500.
PAGE_SIZE = 500
API_URL = "https://api.fortnox.se"
OAUTH_URL = "https://apps.fortnox.se/oauth-v1"
_TIMEOUT_SECONDS = (10, 120)
_ATTEMPTS = 6
_SWEEP_ATTEMPTS = 4
_PAGE_NOT_FOUND = re.compile(r"sida hittades ej", re.IGNORECASE)
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a list: its JSON text as it came, and the keys of its records.

    `nul_count` counts characters that PostgreSQL's jsonb cannot hold and that were left out of `text`.
    """

    text: str
    keys: tuple[str, ...]
    total: int | None
    total_pages: int | None
    nul_count: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """A whole resource (of one financial year, where it is kept per year), as of `asked_at` (UTC)."""

    pages: tuple[Page, ...]
    asked_at: datetime

    @property
    def count(self) -> int:
        """How many different records it holds."""
        return len({key for page in self.pages for key in page.keys})


class FortnoxHook(HttpHook):
    """Speaks to Fortnox for one company.

    Args:
        tenant_id: the company, Fortnox's DatabaseNumber.
        connection: a connection to the warehouse in autocommit mode, as loader or page, in which tokens
            and request slots are shared with every other process of this company.
        fortnox_conn_id: Airflow's connection with client id (login) and client secret (password) of the
            operator's own app; `host` and the extra `oauth_url` only for another Fortnox than the real one.
    """

    conn_name_attr = "fortnox_conn_id"
    default_conn_name = "fortnox_default"
    conn_type = "fortnox"
    hook_name = "Fortnox"
    default_host = API_URL

    def __init__(
        self,
        tenant_id: str = "",
        connection: Connection | None = None,
        fortnox_conn_id: str = default_conn_name,
    ) -> None:
        super().__init__(method="GET", http_conn_id=fortnox_conn_id)
        self.tenant_id = tenant_id
        self._warehouse = connection
        self._opened: tuple[requests.Session, ClientCredentials, Pace] | None = None
        self.requests_made = 0

    def _open(self) -> tuple[requests.Session, ClientCredentials, Pace]:
        if self._opened is None:
            if self._warehouse is None:
                raise ValueError("FortnoxHook needs a connection to the warehouse to share tokens and pace")
            app = self.get_connection(self.http_conn_id)
            session = self.get_conn({"Accept": "application/json"})
            session.auth = None
            oauth_url = session.headers.pop("oauth_url", None) or OAUTH_URL
            credentials = ClientCredentials(
                self._warehouse,
                session,
                oauth_url=str(oauth_url),
                client_id=app.login or "",
                client_secret=app.password or "",
                tenant_id=self.tenant_id,
            )
            self._opened = session, credentials, Pace(self._warehouse, app.login or "", self.tenant_id)
        return self._opened

    def _get(self, path: str, parameters: dict[str, str | int]) -> requests.Response:
        """GET with pacing; repeated with growing pauses while Fortnox or the network is at fault."""
        for attempt in tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TemporaryError),
            wait=_pause,
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            before_sleep=self._say_retry,
            reraise=True,
        ):
            with attempt:
                return self._get_once(path, parameters)
        raise AssertionError("tenacity either returns or raises")

    def _say_retry(self, state: tenacity.RetryCallState) -> None:
        assert state.outcome is not None
        assert state.next_action is not None
        self.log.warning(
            "%s; trying again in %.0f s (%d of %d)",
            str(state.outcome.exception()).split(". ")[0],
            state.next_action.sleep,
            state.attempt_number + 1,
            _ATTEMPTS,
        )

    def _get_once(self, path: str, parameters: dict[str, str | int]) -> requests.Response:
        session, credentials, pace = self._open()
        token = credentials.access_token()
        response = self._send(session, pace, path, parameters, token)
        if response.status_code == 401:
            # The token may have ended early: one new one, then the answer counts.
            token = credentials.access_token(refused=token)
            response = self._send(session, pace, path, parameters, token)
        if response.status_code != 200:
            raise from_response(response.status_code, response.content)
        return response

    def _send(
        self, session: requests.Session, pace: Pace, path: str, parameters: dict[str, str | int], token: str
    ) -> requests.Response:
        pace.wait()
        self.requests_made += 1
        try:
            return session.get(
                f"{self.base_url}/3/{path}",
                params=parameters,
                headers={"Authorization": f"Bearer {token}"},
                timeout=_TIMEOUT_SECONDS,
            )
        except requests.exceptions.RequestException as error:
            # The exception's own text may hold the address; its kind says enough.
            raise TemporaryError(f"The request for {path} was cut off ({type(error).__name__})") from None

    def _get_json(self, path: str, parameters: dict[str, str | int]) -> tuple[str, Any, requests.Response]:
        for attempt in tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_NotJsonError),
            wait=_pause,
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            before_sleep=self._say_retry,
            reraise=True,
        ):
            with attempt:
                response = self._get(path, parameters)
                text = response.content.decode("utf-8", errors="replace")
                try:
                    return text, json.loads(text), response
                except ValueError:
                    raise _NotJsonError(f"Fortnox's answer for {path} is not JSON") from None
        raise AssertionError("tenacity either returns or raises")

    def page(self, resource: Resource, number: int = 1, **parameters: str | int) -> tuple[Page, datetime]:
        """One page of a list, or the one object, and Fortnox's own clock when it answered (UTC).

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        if resource.shape is Shape.LIST:
            parameters |= {"limit": PAGE_SIZE, "page": number}
            if resource.order:
                parameters |= {"sortby": resource.order, "sortorder": "ascending"}
        text, answer, response = self._get_json(resource.name, parameters)
        if not isinstance(answer, dict) or resource.list_key not in answer:
            raise RejectedRequestError(f"Fortnox's answer for {resource.name} has no {resource.list_key}")
        records = answer[resource.list_key]
        if isinstance(records, dict):
            records = [records]
        meta = answer.get("MetaInformation") or {}
        text, nul_count = _ESCAPED_NUL.subn(r"\1", text)
        page = Page(
            text=text,
            keys=tuple(
                "/".join(str(record.get(field, "")) for field in resource.key_fields) for record in records
            ),
            total=meta.get("@TotalResources"),
            total_pages=meta.get("@TotalPages"),
            nul_count=nul_count,
        )
        return page, _clock_of(response)

    def sweep(self, resource: Resource, financial_year_id: int | None = None) -> Sweep:
        """The whole resource.

        Fortnox keeps no snapshot while one pages: a list that shifted (a page that is gone, or another
        number of different records than Fortnox counts) is read again.

        Raises:
            TemporaryError: the list shifted in every attempt.
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        parameters: dict[str, str | int] = {}
        if financial_year_id is not None:
            parameters["financialyear"] = financial_year_id
        for _ in range(_SWEEP_ATTEMPTS):
            sweep = self._sweep_once(resource, parameters)
            if sweep is not None:
                return sweep
            self.log.info("%s changed while it was read; reading it again", resource.name)
        raise TemporaryError(f"{resource.name} changed each time while it was read")

    def _sweep_once(self, resource: Resource, parameters: dict[str, str | int]) -> Sweep | None:
        first, asked_at = self.page(resource, 1, **parameters)
        pages = [first]
        while len(pages) < (first.total_pages or 1):
            try:
                page, _ = self.page(resource, len(pages) + 1, **parameters)
            except RejectedRequestError as error:
                if _PAGE_NOT_FOUND.search(str(error)):
                    return None
                raise
            if page.total != first.total:
                return None
            pages.append(page)
        sweep = Sweep(tuple(pages), asked_at)
        # Lists without MetaInformation exist: nothing to hold them against.
        return sweep if first.total in (None, sweep.count) else None

    def sie(self, financial_year_id: int) -> tuple[bytes, datetime]:
        """The SIE 4 file of a financial year, as bytes (its encoding is the parser's business), and
        Fortnox's own clock when it answered (UTC).

        Raises:
            TemporaryError: what came was a page or a piece, several times.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            response = self._get("sie/4", {"financialyear": financial_year_id})
            if response.content.lstrip()[:1] not in (b"<", b"{"):
                return response.content, _clock_of(response)
            self.log.warning("Fortnox sent something else than a SIE file; trying again (%d)", attempt)
            time.sleep(attempt)
        raise TemporaryError("Fortnox sent something else than a SIE file each time")

    def company_information(self) -> dict[str, Any]:
        """Who the company is: CompanyName, OrganizationNumber, DatabaseNumber and address."""
        page, _ = self.page(COMPANY_INFORMATION)
        information: dict[str, Any] = json.loads(page.text)[COMPANY_INFORMATION.list_key]
        return information

    def test_connection(self) -> tuple[bool, str]:
        """Airflow's Test button: is this app known to Fortnox? No company is needed for that."""
        app = self.get_connection(self.http_conn_id)
        session = self.get_conn()
        oauth_url = str(session.headers.pop("oauth_url", None) or OAUTH_URL)
        session.auth = (app.login or "", app.password or "")
        try:
            response = session.post(
                f"{oauth_url.rstrip('/')}/token", data={"grant_type": "client_credentials"}, timeout=30
            )
        except requests.exceptions.RequestException as error:
            return False, f"Fortnox's login did not answer ({type(error).__name__}): check the network"
        if response.status_code == 401:
            return False, "Fortnox does not know this client id and secret: compare them with your app there"
        return True, "Fortnox knows this app"


class _NotJsonError(TemporaryError):
    pass


def _pause(state: tenacity.RetryCallState) -> float:
    assert state.outcome is not None
    pause = tenacity.wait_exponential_jitter(initial=0.5, max=30)(state)
    # After too many requests the whole window must pass: Fortnox names no time.
    limited = isinstance(state.outcome.exception(), RateLimitedError)
    return pause + WINDOW_SECONDS if limited else pause


def _clock_of(response: requests.Response) -> datetime:
    header = response.headers.get("Date")
    return parsedate_to_datetime(header).astimezone(UTC) if header else datetime.now(UTC)
