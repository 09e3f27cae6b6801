"""The one place that knows Fortnox's addresses, headers, tokens, paging, pacing, retries and errors."""

from __future__ import annotations

import json
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import IO, Any, Literal, NoReturn, TypeVar
from urllib.parse import quote

import requests
import tenacity
from airflow.providers.http.hooks.http import HttpHook

from saldo.database import Connection
from saldo.fortnox import pacing, sie
from saldo.fortnox.clock import STOCKHOLM, lastmodified_since
from saldo.fortnox.credentials import Credentials
from saldo.fortnox.errors import (
    FortnoxError,
    NotFoundError,
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
# Enough for the whole pace at a latency of a second and a half.
_REQUESTS_UNDERWAY = 8
# An escape that jsonb takes (a pair of surrogates, or anything that is neither NUL nor half a pair), or not.
_ESCAPE = re.compile(
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(?!u0000|u[dD][89a-fA-F]).)|\\u.{4}"
)

Parameters = dict[str, str | int]
Verdict = Literal["honoured", "ignored", "refused"]
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a list: its JSON text as it came, and the keys of its records.

    `total` is how many records Fortnox says the whole list has, where it says so. `unheld` counts the
    characters that the warehouse cannot hold and `text` goes without: NUL and halves of surrogate pairs,
    which jsonb refuses, and bytes that are no UTF-8, in whose place a mark stands.
    """

    text: str
    keys: tuple[str, ...]
    total: int | None
    unheld: int


@dataclass(slots=True)
class Sweep:
    """A list (of one financial year, where it is kept per year), as of `asked_at` (UTC).

    The pages lie in a temporary file, so that memory does not grow with the list; `pages()` reads them.
    `total` is how many records Fortnox said that the list has, or how many came where it did not say.
    """

    asked_at: datetime
    total: int = 0
    unheld: int = 0
    _lengths: list[int] = field(default_factory=list)
    _file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def pages(self) -> Iterator[str]:
        """The JSON texts of the pages, in order."""
        self._file.seek(0)
        for length in self._lengths:
            yield self._file.read(length).decode("utf-8")

    def keep(self, page: Page) -> None:
        """Adds a page."""
        data = page.text.encode("utf-8")
        self._file.write(data)
        self._lengths.append(len(data))
        self.unheld += page.unheld

    def close(self) -> None:
        """Removes the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Detail:
    """A single record's answer; `text` is None where there is no such record any more, or where Fortnox did
    not give this one (`failure`)."""

    key: str
    text: str | None
    asked_at: datetime
    unheld: int = 0
    failure: FortnoxError | None = None


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
        self._opened: tuple[requests.Session, Credentials, Pace] | None = None
        self._guard = threading.RLock()
        self.requests_made = 0

    def _open(self) -> tuple[requests.Session, Credentials, Pace]:
        with self._guard:
            return self._opened or self._open_once()

    def _open_once(self) -> tuple[requests.Session, Credentials, Pace]:
        if self._opened is None:
            if self._warehouse is None:
                raise ValueError("FortnoxHook needs a connection to the warehouse to share tokens and pace")
            app = self.get_connection(self.http_conn_id)
            session, oauth_url = self._session(app)
            session.headers["Accept"] = "application/json"
            credentials = Credentials(
                self._warehouse,
                session,
                oauth_url=oauth_url,
                client_id=app.login or "",
                client_secret=app.password or "",
                tenant_id=self.tenant_id,
            )
            self._opened = session, credentials, Pace(self._warehouse, app.login or "", self.tenant_id)
        return self._opened

    def credentials(self) -> Credentials:
        """The company's access, and by its `login` Fortnox's login as this app sees it."""
        return self._open()[1]

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
        parameters: Parameters,
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

    def _get_once(self, path: str, parameters: Parameters) -> requests.Response:
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
        self, session: requests.Session, pace: Pace, path: str, parameters: Parameters, token: str
    ) -> requests.Response:
        pace.wait()
        with self._guard:
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

    def page(
        self, resource: Resource, offset: int = 0, choice: Parameters | None = None
    ) -> tuple[Page, datetime]:
        """A page of a list from its record number `offset` (0 is the first), or the one object, and
        Fortnox's own clock when it answered (UTC). `choice` are parameters of the list's own.

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        parameters: Parameters = {}
        if resource.shape is Shape.LIST:
            parameters |= {"limit": PAGE_SIZE, "offset": offset} | (choice or {})
            if resource.order:
                parameters |= {"sortby": resource.order, "sortorder": "ascending"}

        def read(response: requests.Response) -> tuple[Page, datetime]:
            text, answer, unheld = _json_of(response, resource.name)
            return _page(resource, text, answer, unheld), _clock_of(response)

        return self._get(resource.url_path, parameters, read)

    def sweep(
        self,
        resource: Resource,
        financial_year_id: int | None = None,
        *,
        since: datetime | None = None,
        interval: tuple[date, date] | None = None,
    ) -> Sweep:
        """A list: whole, or what was changed `since` a moment of Fortnox's clock, or what is dated in an
        `interval` (its second day is not in it any more).

        Fortnox keeps no snapshot while one pages. Each page therefore begins with the last record of the
        one before; where it does not, records moved over the border in between, and the list is read again.

        Raises:
            TemporaryError: records moved in every attempt.
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        parameters = _choice(financial_year_id, since, interval)
        for _ in range(_SWEEP_ATTEMPTS):
            sweep = self._sweep_once(resource, parameters)
            if sweep is not None:
                return sweep
            self.log.info("%s changed while it was read; reading it again", resource.name)
        raise TemporaryError(f"{resource.name} changed each time while it was read, or repeats itself")

    def _sweep_once(self, resource: Resource, parameters: Parameters) -> Sweep | None:
        page, asked_at = self.page(resource, choice=parameters)
        sweep = Sweep(asked_at)
        sweep.keep(page)
        held = len(page.keys)
        # Lists without MetaInformation exist; they come whole.
        while page.total is not None and held < page.total:
            border = page.keys[-1] if page.keys else None
            page, _ = self.page(resource, held - 1, parameters)
            news = len(page.keys) - 1
            if border is None or page.keys[:1] != (border,) or (news == 0 and page.total != held):
                sweep.close()
                return None
            sweep.keep(page)
            held += news
            if len(sweep._lengths) % _PAGES_BETWEEN_LOG_LINES == 0:
                self.log.info("%s: %d of %d", resource.name, held, page.total)
        sweep.total = held if page.total is None else page.total
        return sweep

    def count(
        self,
        resource: Resource,
        financial_year_id: int | None = None,
        *,
        since: datetime | None = None,
        interval: tuple[date, date] | None = None,
    ) -> tuple[int | None, datetime]:
        """How many records a list has, or how many of them were changed `since` or are dated in an
        `interval`, as Fortnox says (None where it does not say), and Fortnox's clock (UTC): one request, one
        record.

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        choice = _choice(financial_year_id, since, interval) | {"limit": 1}
        page, asked_at = self.page(resource, choice=choice)
        return page.total, asked_at

    def honours_lastmodified(
        self, resource: Resource, record_count: int, financial_year_id: int | None = None
    ) -> Verdict:
        """Whether this company's Fortnox gives only changes when asked for them: "honoured", "refused" (an
        error), or "ignored" (everything comes). What was changed since tomorrow is nothing, or a record that
        somebody's clock dated ahead.

        Args:
            resource: the list.
            record_count: how many records it has, one at least.
            financial_year_id: of this year, where it is kept per year.

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """
        tomorrow = (datetime.now(STOCKHOLM) + timedelta(days=1)).date()
        choice = _choice(financial_year_id, None) | {"lastmodified": tomorrow.isoformat(), "limit": 1}
        try:
            page, _ = self.page(resource, choice=choice)
        except RejectedRequestError:
            return "refused"
        return "honoured" if page.total is not None and page.total < record_count else "ignored"

    def details(self, resource: Resource, keys: Iterable[str]) -> Iterator[Detail]:
        """The single records of the keys, as they come: several requests are on their way at a time, so that
        Fortnox's latency does not bound the pace. One that Fortnox does not give keeps none of the others.

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says, unless it is about a single record; that
                one is not found is no error.
        """
        underway: set[Future[Detail]] = set()
        with ThreadPoolExecutor(_REQUESTS_UNDERWAY, thread_name_prefix=resource.name) as threads:
            try:
                for key in keys:
                    underway.add(threads.submit(self._detail_or_failure, resource, key))
                    if len(underway) == _REQUESTS_UNDERWAY:
                        done, underway = wait(underway, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in done)
                for future in underway:
                    yield future.result()
            finally:
                for future in underway:
                    future.cancel()

    def _detail_or_failure(self, resource: Resource, key: str) -> Detail:
        try:
            return self.detail(resource, key)
        except (TemporaryError, RejectedRequestError) as error:
            return Detail(key, None, datetime.now(UTC), failure=error)

    def detail(self, resource: Resource, key: str) -> Detail:
        """One single record.

        Raises:
            FortnoxError: as the tree of saldo.fortnox.errors says; a record that is not found is no error.
        """

        def read(response: requests.Response) -> Detail:
            text, answer, unheld = _json_of(response, resource.name)
            if not isinstance(answer, dict) or not isinstance(answer.get(resource.detail_key), dict):
                raise TemporaryError(f"Fortnox's answer for {resource.name} holds no {resource.detail_key}")
            return Detail(key, text, _clock_of(response), unheld)

        try:
            return self._get(f"{resource.url_path}/{quote(key, safe='')}", {}, read)
        except NotFoundError:
            return Detail(key, None, datetime.now(UTC))

    def sie(self, financial_year_id: int) -> tuple[bytes, datetime]:
        """The SIE 4 file of a financial year, as bytes (its encoding is the parser's business), and
        Fortnox's own clock when it answered (UTC).

        Raises:
            TemporaryError: what came was a web page, an error, nothing or half a file, several times.
            FortnoxError: as the tree of saldo.fortnox.errors says.
        """

        def read(response: requests.Response) -> tuple[bytes, datetime]:
            try:
                sie.refuse_torso(response.content)
            except sie.NotSie as reason:
                raise TemporaryError(f"Fortnox sent something else than a whole SIE file: {reason}") from None
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


def _choice(
    financial_year_id: int | None, since: datetime | None, interval: tuple[date, date] | None = None
) -> Parameters:
    """The parameters that choose a financial year, what was changed since a moment and what is dated in an
    interval."""
    choice: Parameters = {}
    if financial_year_id is not None:
        choice["financialyear"] = financial_year_id
    if since is not None:
        choice["lastmodified"] = lastmodified_since(since)
    if interval is not None:
        last = interval[1] - timedelta(days=1)
        choice |= {"fromdate": interval[0].isoformat(), "todate": last.isoformat()}
    return choice


def _json_of(response: requests.Response, name: str) -> tuple[str, Any, int]:
    """An answer's JSON as the text that jsonb can hold, as a value, and how much the text goes without."""
    text = response.content.decode("utf-8", errors="replace")
    try:
        answer = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise TemporaryError(f"Fortnox's answer for {name} is not JSON") from None
    holdable = _ESCAPE.sub(r"\1", text)
    left_out = (len(text) - len(holdable)) // len(r"\u0000")
    return holdable, answer, left_out + holdable.count("\N{REPLACEMENT CHARACTER}")


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity, which Python takes for JSON and PostgreSQL does not."""
    raise ValueError(name)


def _page(resource: Resource, text: str, answer: Any, unheld: int) -> Page:
    records = answer.get(resource.list_key) if isinstance(answer, dict) else None
    if isinstance(records, dict):
        records = [records]
    if not isinstance(records, list):
        raise RejectedRequestError(f"Fortnox's answer for {resource.name} holds no {resource.list_key}")
    meta = answer.get("MetaInformation")
    total = meta.get("@TotalResources") if isinstance(meta, dict) else None
    return Page(
        text=text,
        keys=tuple(_key(resource, record) for record in records),
        total=total if isinstance(total, int) else None,
        unheld=unheld,
    )


def _key(resource: Resource, record: Any) -> str:
    """What tells the record from its neighbours, whole or not: only its place in the list hangs on it."""
    if not isinstance(record, dict):
        return repr(record)
    return "/".join(str(record.get(name)) for name in resource.key_fields)


def _pause(state: tenacity.RetryCallState) -> float:
    assert state.outcome is not None
    pause = tenacity.wait_exponential_jitter(_FIRST_PAUSE_SECONDS, max=30, jitter=_FIRST_PAUSE_SECONDS)(state)
    # After too many requests the whole window must pass: Fortnox names no time.
    limited = isinstance(state.outcome.exception(), RateLimitedError)
    return pause + pacing.WINDOW_SECONDS if limited else pause


def _clock_of(response: requests.Response) -> datetime:
    header = response.headers.get("Date")
    return parsedate_to_datetime(header).astimezone(UTC) if header else datetime.now(UTC)
