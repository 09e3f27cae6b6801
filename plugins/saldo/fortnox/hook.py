"""The one place that knows Fortnox's addresses, headers, tokens, paging, pacing, retries and errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
import tenacity
from airflow.providers.http.hooks.http import HttpHook

from saldo.database import Connection
from saldo.fortnox import pacing
from saldo.fortnox.credentials import ClientCredentials
from saldo.fortnox.errors import (
    RateLimitedError,
    RejectedRequestError,
    TemporaryError,
    from_response,
)
from saldo.fortnox.pacing import Pace
from saldo.fortnox.resources import COMPANY_INFORMATION, Resource, Shape

# Fortnox developer pages, Parameters: limit is 1 to 500.
PAGE_SIZE = 500
_PAGES_BETWEEN_LOG_LINES = 10
API_URL = "https://api.fortnox.se"
OAUTH_URL = "https://apps.fortnox.se/oauth-v1"
_TIMEOUT_SECONDS: tuple[float, float] = (10, 120)
_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.5
_SWEEP_ATTEMPTS = 4
# An escape that jsonb takes (a pair of surrogates, or anything that is neither NUL nor half a pair), or not.
_ESCAPE = re.compile(
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(?!u0000|u[dD][89a-fA-F]).)|\\u.{4}"
)

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a list: its JSON text as it came, and the keys of its records.

    `total` is how many records Fortnox says the whole list has, where it says so. `nul_count` counts the
    characters that PostgreSQL's jsonb cannot hold (NUL, half a surrogate pair) and `text` goes without.
    """

    text: str
    keys: tuple[str, ...]
    total: int | None
    nul_count: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """A whole resource (of one financial year, where it is kept per year), as of `asked_at` (UTC)."""

    pages: tuple[Page, ...]
    asked_at: datetime


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
            session, oauth_url = self._session(app)
            session.headers["Accept"] = "application/json"
            credentials = ClientCredentials(
                self._warehouse,
                session,
                oauth_url=oauth_url,
                client_id=app.login or "",
                client_secret=app.password or "",
                tenant_id=self.tenant_id,
            )
            self._opened = session, credentials, Pace(self._warehouse, app.login or "", self.tenant_id)
        return self._opened

    def _session(self, app: Any) -> tuple[requests.Session, str]:
        """A session that sends no credentials of its own accord, and the address of Fortnox's login."""
        session = self.get_conn()
        session.auth = _no_credentials
        if app.host and "://" not in app.host and not app.schema:
            # The provider's hook takes a bare host for http, which would show tokens to anybody listening.
            self.base_url = self.base_url.replace("http://", "https://", 1)
        self.base_url = self.base_url.rstrip("/")
        return session, str(session.headers.pop("oauth_url", None) or OAUTH_URL).rstrip("/")

    def _get(
        self,
        path: str,
        parameters: dict[str, str | int],
        read: Callable[[requests.Response], _Answer],
    ) -> _Answer:
        """GET with pacing; repeated with growing pauses while Fortnox or the network is at fault.

        `read` turns an answer of status 200 into what it means and raises TemporaryError when it is not
        what was asked for.
        """
        for attempt in tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TemporaryError),
            wait=_pause,
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            before_sleep=self._say_retry,
            reraise=True,
        ):
            with attempt:
                return read(self._get_once(path, parameters))
        raise AssertionError("tenacity either returns or raises")

    def _say_retry(self, state: tenacity.RetryCallState) -> None:
        assert state.outcome is not None
        assert state.next_action is not None
        error = state.outcome.exception()
        assert isinstance(error, TemporaryError)
        self.log.warning(
            "%s; trying again in %.0f s (%d of %d)",
            error.reason,
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

    def page(self, resource: Resource, offset: int = 0, **parameters: str | int) -> tuple[Page, datetime]:
        """A page of a list from its record number `offset` (0 is the first), or the one object, and
        Fortnox's own clock when it answered (UTC).

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        if resource.shape is Shape.LIST:
            parameters |= {"limit": PAGE_SIZE, "offset": offset}
            if resource.order:
                parameters |= {"sortby": resource.order, "sortorder": "ascending"}

        def read(response: requests.Response) -> tuple[Page, datetime]:
            text = response.content.decode("utf-8", errors="replace")
            try:
                answer = json.loads(text)
            except ValueError:
                raise TemporaryError(f"Fortnox's answer for {resource.name} is not JSON") from None
            return _page(resource, text, answer), _clock_of(response)

        return self._get(resource.name, parameters, read)

    def sweep(self, resource: Resource, financial_year_id: int | None = None) -> Sweep:
        """The whole resource.

        Fortnox keeps no snapshot while one pages. Each page therefore begins with the last record of the
        one before; where it does not, records moved over the border in between, and the list is read again.

        Raises:
            TemporaryError: records moved in every attempt.
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        year = {} if financial_year_id is None else {"financialyear": financial_year_id}
        for _ in range(_SWEEP_ATTEMPTS):
            sweep = self._sweep_once(resource, year)
            if sweep is not None:
                return sweep
            self.log.info("%s changed while it was read; reading it again", resource.name)
        raise TemporaryError(f"{resource.name} changed each time while it was read, or repeats itself")

    def _sweep_once(self, resource: Resource, parameters: dict[str, int]) -> Sweep | None:
        page, asked_at = self.page(resource, **parameters)
        pages = [page]
        held = len(page.keys)
        # Lists without MetaInformation exist; they come whole.
        while page.total is not None and held < page.total:
            if not page.keys:
                return None
            border = page.keys[-1]
            page, _ = self.page(resource, held - 1, **parameters)
            news = len(page.keys) - 1
            if page.keys[:1] != (border,) or (news == 0 and page.total != held):
                return None
            pages.append(page)
            held += news
            if len(pages) % _PAGES_BETWEEN_LOG_LINES == 0:
                self.log.info("%s: %d of %d", resource.name, held, page.total)
        return Sweep(tuple(pages), asked_at)

    def sie(self, financial_year_id: int) -> tuple[bytes, datetime]:
        """The SIE 4 file of a financial year, as bytes (its encoding is the parser's business), and
        Fortnox's own clock when it answered (UTC).

        Raises:
            TemporaryError: what came was a web page, an error or nothing, several times.
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """

        def read(response: requests.Response) -> tuple[bytes, datetime]:
            if response.content.lstrip()[:1] in (b"", b"<", b"{"):
                raise TemporaryError("Fortnox sent something else than a SIE file")
            return response.content, _clock_of(response)

        return self._get("sie/4", {"financialyear": financial_year_id}, read)

    def company_information(self) -> dict[str, Any]:
        """Who the company is: CompanyName, OrganizationNumber, DatabaseNumber and address.

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        page, _ = self.page(COMPANY_INFORMATION)
        information: dict[str, Any] = json.loads(page.text)[COMPANY_INFORMATION.list_key]
        return information

    def test_connection(self) -> tuple[bool, str]:
        """Airflow's Test button: is this app known to Fortnox? No company is needed for that."""
        app = self.get_connection(self.http_conn_id)
        session, oauth_url = self._session(app)
        try:
            response = session.post(
                f"{oauth_url}/token",
                data={"grant_type": "client_credentials"},
                auth=(app.login or "", app.password or ""),
                timeout=30,
            )
        except requests.exceptions.RequestException as error:
            return False, f"Fortnox's login did not answer ({type(error).__name__}): check the network"
        if response.status_code == 401:
            return False, "Fortnox does not know this client id and secret: compare them with your app there"
        # Fortnox asks for a tenant only of an app that it knows.
        if response.status_code not in (200, 400):
            return False, f"Fortnox's login answered HTTP {response.status_code}: try again in a while"
        return True, "Fortnox knows this app"


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from putting what a ~/.netrc holds in the place of the token."""
    return request


def _page(resource: Resource, text: str, answer: Any) -> Page:
    records = answer.get(resource.list_key) if isinstance(answer, dict) else None
    if isinstance(records, dict):
        records = [records]
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise RejectedRequestError(f"Fortnox's answer for {resource.name} holds no {resource.list_key}")
    meta = answer.get("MetaInformation")
    total = meta.get("@TotalResources") if isinstance(meta, dict) else None
    holdable = _ESCAPE.sub(r"\1", text)
    return Page(
        text=holdable,
        keys=tuple("/".join(str(record.get(field)) for field in resource.key_fields) for record in records),
        total=total if isinstance(total, int) else None,
        nul_count=(len(text) - len(holdable)) // len(r"\u0000"),
    )


def _pause(state: tenacity.RetryCallState) -> float:
    assert state.outcome is not None
    pause = tenacity.wait_exponential_jitter(_FIRST_PAUSE_SECONDS, max=30, jitter=_FIRST_PAUSE_SECONDS)(state)
    # After too many requests the whole window must pass: Fortnox names no time.
    limited = isinstance(state.outcome.exception(), RateLimitedError)
    return pause + pacing.WINDOW_SECONDS if limited else pause


def _clock_of(response: requests.Response) -> datetime:
    header = response.headers.get("Date")
    return parsedate_to_datetime(header).astimezone(UTC) if header else datetime.now(UTC)
