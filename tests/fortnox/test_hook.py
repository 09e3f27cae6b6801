"""Lists, files and retries over HTTP, against the sandbox and, for what it cannot do, a scripted server."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tenacity
from structlog.testing import capture_logs

from saldo import encryption
from saldo.fortnox import hook as hook_module
from saldo.fortnox import pacing
from saldo.fortnox.errors import (
    NotAvailableError,
    NotFoundError,
    RateLimitedError,
    RejectedRequestError,
    TemporaryError,
)
from saldo.fortnox.hook import FortnoxHook, Page, Sweep
from saldo.fortnox.resources import CATALOGUE, COMPANY_INFORMATION, FINANCIAL_YEARS, Resource
from tests.fortnox.conftest import OTHER_TENANT, TENANT, Fortnox
from tests.fortnox.test_credentials import app
from tests.sandbox.process import free_port

pytestmark = pytest.mark.database

CUSTOMERS, PROJECTS, ACCOUNTS = CATALOGUE["customers"], CATALOGUE["projects"], CATALOGUE["accounts"]
PATH = "/3/customers"


def keys(sweep: Sweep, resource: Resource = CUSTOMERS) -> list[str]:
    return [
        "/".join(str(record[field]) for field in resource.key_fields)
        for page in sweep.pages()
        for records in [json.loads(page)[resource.list_key]]
        for record in (records if isinstance(records, list) else [records])
    ]


def numbers(fortnox: Fortnox) -> list[str]:
    """The customers that the sandbox holds now, by its own list in one piece."""
    with fortnox.hook() as hook:
        return list(hook.page(CUSTOMERS)[0].keys)


def customer_list(*customers: str, total: int | None = None, **more: Any) -> dict[str, Any]:
    records = [{"CustomerNumber": number, **more} for number in customers]
    meta = {} if total is None else {"MetaInformation": {"@TotalResources": total}}
    return meta | {"Customers": records}


# Lists


def test_list_of_several_pages_comes_whole(fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = numbers(fortnox)
    assert everyone == [str(number) for number in range(1, 9)], "sorted by number, not as text"
    for size, requests in ((1000, 1), (8, 1), (7, 2), (3, 4), (2, 7)):
        monkeypatch.setattr(hook_module, "PAGE_SIZE", min(size, 500))
        fortnox.admin("DELETE", "requests")
        with fortnox.hook() as hook:
            sweep = hook.sweep(CUSTOMERS)
            assert sorted(set(keys(sweep)), key=int) == everyone
            assert hook.requests_made == fortnox.asked()["requests"] == requests


def test_list_says_when_it_was_asked_for_in_fortnox_own_time(fortnox: Fortnox) -> None:
    with fortnox.hook() as hook:
        asked_at = hook.sweep(CUSTOMERS).asked_at
    assert asked_at.tzinfo is UTC
    assert abs(asked_at - datetime.now(UTC)) < timedelta(seconds=30)


def test_list_of_a_financial_year(fortnox: Fortnox) -> None:
    with fortnox.hook() as hook:
        assert keys(hook.sweep(FINANCIAL_YEARS), FINANCIAL_YEARS) == ["4"]
        accounts = keys(hook.sweep(ACCOUNTS, 4), ACCOUNTS)
        assert "4/1930" in accounts
        with pytest.raises(RejectedRequestError, match="Räkenskapsåret finns inte"):
            hook.sweep(ACCOUNTS, 5)


class Interrupted(FortnoxHook):
    """Somebody works in Fortnox while the list is read: `events` happen one after each page."""

    events: Iterator[Callable[[], None]]

    def page(self, *arguments: Any, **parameters: Any) -> tuple[Page, datetime]:
        found = super().page(*arguments, **parameters)
        next(self.events, lambda: None)()
        return found


@contextmanager
def interrupted(fortnox: Fortnox, *events: Callable[[], None]) -> Iterator[FortnoxHook]:
    with fortnox.hook(kind=Interrupted) as hook:
        assert isinstance(hook, Interrupted)
        hook.events = iter(events)
        yield hook


@pytest.fixture
def ten(fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fortnox]:
    """Customers 10 to 19 and no others, in pages of 4."""
    monkeypatch.setattr(hook_module, "PAGE_SIZE", 500)
    wanted = [str(number) for number in range(10, 20)]
    for number in set(numbers(fortnox)) - set(wanted):
        remove(fortnox, number)()
    for number in set(wanted) - set(numbers(fortnox)):
        add(fortnox, number)()
    fortnox.admin("DELETE", "requests")
    monkeypatch.setattr(hook_module, "PAGE_SIZE", 4)
    return fortnox


def add(fortnox: Fortnox, *added: str) -> Callable[[], None]:
    def happen() -> None:
        for number in added:
            fortnox.admin("POST", f"{TENANT}/customers", {"number": number, "name": "Nykund AB"})

    return happen


def remove(fortnox: Fortnox, *removed: str) -> Callable[[], None]:
    def happen() -> None:
        for number in removed:
            fortnox.admin("DELETE", f"{TENANT}/customers/{number}")

    return happen


@pytest.mark.parametrize(
    ("added", "removed"),
    [
        ([], ["11"]),
        (["99"], ["11"]),
        (["5"], []),
        (["5", "6"], ["19"]),
        ([], ["13"]),
        ([], ["13", "14"]),
        (["131"], ["13"]),
        (["5"], ["11"]),
        (["99"], []),
        ([], ["18"]),
        ([], ["14", "15", "16", "17", "18", "19"]),
        ([], ["12", "13", "14", "15", "16", "17", "18", "19"]),
    ],
    ids=["one before goes", "one before goes and one comes last: the count stays", "one comes first",
         "two come first and the last goes", "the last of the page goes", "both at the border go",
         "the last of the page is replaced", "as many come as go before the border", "one comes last",
         "one of the rest goes", "all the rest goes", "nothing is left but half a page"],
)  # fmt: skip
def test_list_that_shifts_while_it_is_read_neither_loses_nor_doubles(
    ten: Fortnox, monkeypatch: pytest.MonkeyPatch, added: list[str], removed: list[str]
) -> None:
    def happens() -> None:
        add(ten, *added)()
        remove(ten, *removed)()

    before = {str(number) for number in range(10, 20)}
    with interrupted(ten, happens) as hook:
        sweep = hook.sweep(CUSTOMERS)

    found = set(keys(sweep))
    assert before - set(removed) <= found, "what was there all the time is there"
    assert found <= before | set(added)
    assert len(keys(sweep)) == len(found) + len(list(sweep.pages())) - 1, (
        "nothing comes twice but the borders"
    )


def test_list_that_never_rests_is_given_up(ten: Fortnox) -> None:
    def busy() -> Iterator[Callable[[], None]]:
        while True:
            yield add(ten, "5")
            yield remove(ten, "5")

    with ten.hook(kind=Interrupted) as hook:
        assert isinstance(hook, Interrupted)
        hook.events = busy()
        with pytest.raises(TemporaryError, match="customers changed each time"):
            hook.sweep(CUSTOMERS)
        assert hook.requests_made == 8


def test_list_that_repeats_itself_is_given_up(ten: Fortnox) -> None:
    """One that takes no notice of where it was asked to begin."""
    ten.fault("json", PATH, times=100, body=customer_list("1", "2", "3", "4", total=10))
    with ten.hook() as hook, pytest.raises(TemporaryError, match="repeats itself"):
        hook.sweep(CUSTOMERS)
    assert ten.faults_left() == 92


def test_list_that_counts_records_it_never_gives_is_given_up(ten: Fortnox) -> None:
    ten.fault("json", PATH, times=100, body=customer_list("4", total=10))
    with ten.hook() as hook, pytest.raises(TemporaryError):
        hook.sweep(CUSTOMERS)
    assert ten.faults_left() == 92


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (customer_list("1", "2", "3", "4", "5"), ["1", "2", "3", "4", "5"]),
        (customer_list("1", "2", "3", "4", "5", total=5), ["1", "2", "3", "4", "5"]),
        (customer_list(total=0), []),
        (customer_list("1", "1", total=2), ["1", "1"]),
    ],
    ids=["without MetaInformation", "limit not heeded", "empty", "the same record twice"],
)
def test_list_that_comes_in_one_answer(ten: Fortnox, body: dict[str, Any], expected: list[str]) -> None:
    ten.fault("json", PATH, body=body)
    with ten.hook() as hook:
        assert keys(hook.sweep(CUSTOMERS)) == expected
        assert hook.requests_made == 1


@pytest.mark.parametrize(
    "body",
    [{"Kunder": []}, {"Customers": None}, {"Customers": "inga"}, [], ["Customers"], "text", 7, None],
    ids=str,
)  # fmt: skip
def test_answer_without_records_is_refused_at_the_border(fortnox: Fortnox, body: Any) -> None:
    fortnox.fault("json", PATH, body=json.dumps(body), times=2)
    with fortnox.hook() as hook, pytest.raises(RejectedRequestError, match="holds no Customers"):
        hook.sweep(CUSTOMERS)
    assert fortnox.faults_left() == 1, "asking again would not make it another"


@pytest.mark.parametrize(
    ("name", "held", "left_out"),
    [
        (r"a\u0000b\u0000\u0000c", r"abc", 3),
        (r"a\\u0000b", r"a\\u0000b", 0),
        (r"a\\\u0000b", r"a\\b", 1),
        (r"a\\\\u0000b\\\\\u0000", r"a\\\\u0000b\\\\", 1),
        (r"\ud83d\ude00 \u00e5 \/ \"", r"\ud83d\ude00 \u00e5 \/ \"", 0),
        (r"cut \ud83d", "cut ", 1),
        (r"\ude00\ud83d\ud83d\ude00", r"\ud83d\ude00", 2),
        (r"\\ud83d \u00000", r"\\ud83d 0", 1),
    ],
)
def test_what_jsonb_cannot_hold_is_left_out_and_counted(
    fortnox: Fortnox, name: str, held: str, left_out: int
) -> None:
    fortnox.fault("json", PATH, body=f'{{"Customers": [{{"CustomerNumber": "1", "Name": "{name}"}}]}}')
    with fortnox.hook() as hook:
        page, _ = hook.page(CUSTOMERS)
    assert page.text == f'{{"Customers": [{{"CustomerNumber": "1", "Name": "{held}"}}]}}'
    assert page.unheld == left_out
    assert fortnox.warehouse.rows("select %s::jsonb #>> '{Customers,0,CustomerNumber}'", [page.text]) == [
        ("1",)
    ]


# One record, and files


def test_company_information_is_the_company_itself(fortnox: Fortnox) -> None:
    for tenant in (TENANT, OTHER_TENANT):
        with fortnox.hook(tenant) as hook:
            information = hook.company_information()
            assert information["DatabaseNumber"] == int(tenant)
            assert information["CompanyName"] == f"Provbolaget {tenant} AB"
            assert keys(hook.sweep(COMPANY_INFORMATION), COMPANY_INFORMATION) == [tenant]


def test_sie_file_comes_as_bytes(fortnox: Fortnox) -> None:
    with fortnox.hook() as hook:
        data, asked_at = hook.sie(4)
    assert data.startswith(b"#FLAGGA 0\r\n")
    assert "Verktyg".encode("cp437") in data or b"#VER" in data
    assert abs(asked_at - datetime.now(UTC)) < timedelta(seconds=30)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "html"}, {"kind": "json", "body": {"message": "nej"}}, {"kind": "json", "body": ""},
     {"kind": "cut"}],
    ids=["web page", "JSON", "nothing", "cut"],
)  # fmt: skip
def test_what_is_no_sie_file_is_asked_for_again(fortnox: Fortnox, fault: dict[str, Any]) -> None:
    fortnox.fault(path="/3/sie", times=2, **fault)
    with fortnox.hook() as hook:
        data, _ = hook.sie(4)
        assert hook.requests_made == 3
    assert data.startswith(b"#FLAGGA")

    fortnox.fault(path="/3/sie", times=100, **fault)
    with fortnox.hook() as hook, pytest.raises(TemporaryError):
        hook.sie(4)
    assert fortnox.faults_left() == 94


# Retries

FAULTS: list[Any] = [
    pytest.param({"kind": "status", "status": 429}, "429", id="too many"),
    pytest.param({"kind": "status", "status": 500}, "500", id="500"),
    pytest.param({"kind": "html", "status": 502}, "502", id="502 as a web page"),
    pytest.param({"kind": "status", "status": 503}, "503", id="503"),
    pytest.param(
        {"kind": "json", "status": 400,
         "body": {"ErrorInformation": {"error": 1, "message": "Internal error", "code": 1000029}}},
        "Internal error (Fortnox code 1000029)", id="internal error as 400",
    ),
    pytest.param({"kind": "html"}, "is not JSON", id="web page as 200"),
    pytest.param({"kind": "json", "body": '{"Customers": [{"Cus'}, "is not JSON", id="half of it"),
    pytest.param({"kind": "cut"}, "was cut off", id="cut"),
    pytest.param({"kind": "reset"}, "was cut off", id="reset"),
    pytest.param({"kind": "slow", "seconds": 0.6}, "was cut off (ReadTimeout)", id="timeout"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_fault_on_the_way_is_met_by_another_try(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], reason: str
) -> None:
    everyone = numbers(fortnox)
    if fault["kind"] == "slow":
        monkeypatch.setattr(hook_module, "_TIMEOUT_SECONDS", (5, 0.4))
    fortnox.fault(path=PATH, times=2, **fault)
    with fortnox.hook() as hook, capture_logs() as logged:
        assert keys(hook.sweep(CUSTOMERS)) == everyone
        assert hook.requests_made == 3
    assert len(logged) == 2
    assert all(reason in entry["event"] and "trying again" in entry["event"] for entry in logged)


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_fault_that_stays_ends_after_six_tries_and_is_named(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], reason: str
) -> None:
    if fault["kind"] == "slow":
        monkeypatch.setattr(hook_module, "_TIMEOUT_SECONDS", (5, 0.1))
    fortnox.fault(path=PATH, times=100, **fault)
    with fortnox.hook() as hook, pytest.raises(TemporaryError) as raised:
        hook.sweep(CUSTOMERS)
    assert reason in str(raised.value)
    assert "the next run goes on" in str(raised.value)
    assert isinstance(raised.value, RateLimitedError) == (fault.get("status") == 429)
    assert fortnox.faults_left() == 94


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 2000587, RejectedRequestError),
        (404, 2000433, NotFoundError),
        (400, 2000663, NotAvailableError),
        (403, 2001101, NotAvailableError),
    ],
)
def test_refusal_is_not_asked_for_twice(
    fortnox: Fortnox, status: int, code: int, kind: type[Exception]
) -> None:
    body = {"ErrorInformation": {"Error": 1, "Message": "Det går inte.", "Code": code}}
    fortnox.fault("json", PATH, times=2, status=status, body=body)
    with fortnox.hook() as hook, pytest.raises(kind):
        hook.sweep(CUSTOMERS)
    assert fortnox.faults_left() == 1


@pytest.mark.parametrize("status", [500, 429])
def test_pauses_grow_and_leave_room_for_the_whole_window(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=naps.append))
    monkeypatch.setattr(hook_module, "_FIRST_PAUSE_SECONDS", 0.5)
    fortnox.fault("status", PATH, times=6, status=status)
    with fortnox.hook() as hook:
        monkeypatch.setattr(pacing, "WINDOW_SECONDS", 5.2)
        with pytest.raises(TemporaryError):
            hook.sweep(CUSTOMERS)
    window = 5.2 if status == 429 else 0
    for nap, expected in zip(naps, (0.5, 1, 2, 4, 8), strict=True):
        assert expected <= nap - window <= expected + 0.5


def test_burst_of_three_processes_meets_no_refusal(fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than Fortnox's here, since a busy machine delays requests by more than the real slack; and a
    # company of which no other test has just asked something.
    monkeypatch.setattr(pacing, "WINDOW_SECONDS", 1.2)
    fortnox.settings(requests_per_window=25, window_seconds=0.5)

    def ask(_process: int) -> None:
        with fortnox.hook(OTHER_TENANT) as hook:
            for _ in range(20):
                hook.page(CUSTOMERS)

    with ThreadPoolExecutor(3) as processes:
        list(processes.map(ask, range(3)))

    asked = fortnox.asked(OTHER_TENANT)
    assert asked["requests"] == 60
    assert asked["throttled"] == 0
    assert asked["tokens"] == 1


# What goes over the wire


class ScriptedServer:
    """Sends the given bytes, one answer a connection, and notes what it was asked."""

    def __init__(self, *answers: bytes) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._answers = answers
        self.requests: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        for answer in self._answers:
            connection, _ = self._socket.accept()
            with connection:
                received = b""
                while b"\r\n\r\n" not in received and (piece := connection.recv(65536)):
                    received += piece
                self.requests.append(received.decode())
                connection.sendall(answer)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._thread.join(5)


def answer(body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Date: {format_datetime(datetime.now(UTC), usegmt=True)}", *headers]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@pytest.fixture
def known_token(fortnox: Fortnox) -> str:
    fortnox.warehouse.execute(
        "update control.credential set access_token = %s, expires_at = now() + interval '1 hour'",
        [encryption.encrypt("a-known-token")],
    )
    return "a-known-token"


def test_cut_compressed_bodies_are_asked_for_again(
    fortnox: Fortnox, known_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json.dumps(customer_list(*map(str, range(500)), total=500)).encode()
    packed = gzip.compress(whole)
    encoded = "Content-Encoding: gzip"
    with (
        ScriptedServer(
            answer(packed[: len(packed) // 2], encoded, length=len(packed)),
            answer(packed[: len(packed) // 2], encoded),  # nothing says that more should come
            answer(b"%x\r\n%s\r\n" % (100, packed[:100]), encoded, "Transfer-Encoding: chunked"),
            answer(b"not compressed at all", encoded),
            answer(packed, encoded, length=len(packed)),
        ) as server
    ):
        monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(server.url))
        with fortnox.hook() as hook:
            assert len(keys(hook.sweep(CUSTOMERS))) == 500
            assert hook.requests_made == 5


def test_request_says_what_fortnox_needs_and_nothing_else(
    fortnox: Fortnox, known_token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    whole = json.dumps(customer_list("1", total=1)).encode()
    projects = json.dumps({"Projects": [{"ProjectNumber": "1"}]}).encode()
    accounts = json.dumps({"Accounts": []}).encode()
    with ScriptedServer(*(answer(body, length=len(body)) for body in (whole, projects, accounts))) as server:
        monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(server.url + "/"))
        with fortnox.hook() as hook:
            hook.sweep(CUSTOMERS)
            hook.sweep(PROJECTS)
            hook.sweep(ACCOUNTS, 4)
    lines = [request.splitlines() for request in server.requests]
    assert [line[0] for line in lines] == [
        "GET /3/customers?limit=500&offset=0&sortby=customernumber&sortorder=ascending HTTP/1.1",
        "GET /3/projects?limit=500&offset=0 HTTP/1.1",  # Fortnox has no sortby for projects
        "GET /3/accounts?limit=500&offset=0&financialyear=4&sortby=number&sortorder=ascending HTTP/1.1",
    ]
    for line in lines:
        assert f"Authorization: Bearer {known_token}" in line
        assert "Accept: application/json" in line
        assert not [header for header in line if header.lower().startswith("oauth")]


def test_address_without_scheme_is_taken_for_https(fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the token would go in clear text."""
    for host, expected in (
        ("api.fortnox.se", "https://api.fortnox.se"),
        ("", "https://api.fortnox.se"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    ):
        connection = {"conn_type": "fortnox", "login": "id", "password": "secret", "host": host}
        monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", json.dumps(connection))
        with fortnox.hook() as hook:
            hook._open()
            assert hook.base_url == expected


# Airflow's Test button


def test_connection_test_tells_the_app_from_the_network(
    fortnox: Fortnox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FortnoxHook().test_connection() == (True, "Fortnox knows this app")

    fortnox.fault("status", "/oauth-v1/token", status=503)
    good, message = FortnoxHook().test_connection()
    assert (good, "503" in message) == (False, True)

    monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(fortnox.sandbox.base_url, "mistyped"))
    good, message = FortnoxHook().test_connection()
    assert (good, "client id and secret" in message) == (False, True)

    monkeypatch.setenv("AIRFLOW_CONN_FORTNOX_DEFAULT", app(f"http://127.0.0.1:{free_port()}"))
    good, message = FortnoxHook().test_connection()
    assert (good, "check the network" in message) == (False, True)


def test_hook_without_a_warehouse_says_what_it_needs() -> None:
    with pytest.raises(ValueError, match="needs a connection to the warehouse"):
        FortnoxHook(TENANT).company_information()
