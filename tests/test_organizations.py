"""The registry that DAGs are made from: it must not lose a company, whatever happens to the warehouse."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from saldo import organizations
from saldo.organizations import Organization, for_parsing, read, register
from tests.sandbox.process import free_port
from tests.support import Warehouse


def add(tenant: str, name: str = "Prov AB", **more: str) -> Organization:
    return register(tenant_id=tenant, name=name, organization_number="556000-0000", **more)


# Connecting


@pytest.mark.parametrize("tenant", ["", "abc", "12 3", "1" * 19, "4711; drop", "٤٧١١"])
def test_tenant_id_is_digits(tenant: str) -> None:
    with pytest.raises(ValueError, match="DatabaseNumber, digits only"):
        organizations.dag_id_of(tenant)


@pytest.mark.database
def test_connecting_twice_is_one_organization(warehouse: Warehouse) -> None:
    first = add("4711", "Före AB", workspace_id="w", dataset_id="d")
    revision = read().revision
    second = add("4711", "Efter AB")
    assert second == Organization(first.organization_id, "4711", "fortnox__4711", "Efter AB", "w", "d")
    assert read().organizations == (second,)
    assert read().revision > revision
    for table in ("version", "credential", "reader_grant"):
        assert warehouse.rows(f"select count(*) from control.{table}") == [(1,)]


@pytest.mark.database
def test_organizations_come_oldest_first_or_alone(warehouse: Warehouse) -> None:
    made = [add(tenant) for tenant in ("30", "10", "20")]
    assert read().organizations == tuple(made)
    assert read("fortnox__10").organizations == (made[1],)
    assert read("fortnox__10").revision == read().revision
    assert read("fortnox__40").organizations == ()


# Parsing


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the last good list is kept."""
    monkeypatch.setenv("AIRFLOW__SALDO__STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / "organizations.json"


@pytest.fixture
def three(warehouse: Warehouse, kept: Path) -> tuple[Organization, ...]:
    """Connected, and parsed once."""
    made = tuple(add(tenant) for tenant in ("10", "20", "30"))
    assert for_parsing(None) == made
    return made


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SALDO_WAREHOUSE", url)


def goes_away(warehouse: Warehouse, patch: pytest.MonkeyPatch) -> None:
    point_at(patch, f"postgresql://saldo_app:app-password@127.0.0.1:{free_port()}/{warehouse.name}")


def refuses_the_password(warehouse: Warehouse, patch: pytest.MonkeyPatch) -> None:
    point_at(patch, warehouse.server.url(warehouse.name, "saldo_app", "mistyped-password"))


def is_not_there(warehouse: Warehouse, patch: pytest.MonkeyPatch) -> None:
    point_at(patch, warehouse.server.url("no_such_database", "saldo_app", "app-password"))


def is_empty(warehouse: Warehouse, _patch: pytest.MonkeyPatch) -> None:
    warehouse.execute("drop schema control cascade")


def is_not_configured(_warehouse: Warehouse, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("AIRFLOW_CONN_SALDO_WAREHOUSE")


DISASTERS = pytest.mark.parametrize(
    "disaster", [goes_away, refuses_the_password, is_not_there, is_empty, is_not_configured]
)


@pytest.mark.database
@DISASTERS
def test_last_good_list_stands_when_the_warehouse_does_not(
    warehouse: Warehouse,
    three: tuple[Organization, ...],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    disaster: Callable[[Warehouse, pytest.MonkeyPatch], None],
) -> None:
    disaster(warehouse, monkeypatch)
    assert for_parsing(None) == three
    assert for_parsing("fortnox__20") == three[1:2]
    assert for_parsing("fortnox__40") == ()
    assert "using the last good list. Check the connection saldo_warehouse" in caplog.text
    assert "password@" not in caplog.text


@pytest.mark.database
@DISASTERS
def test_nothing_is_raised_where_nothing_was_kept_either(
    warehouse: Warehouse,
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
    disaster: Callable[[Warehouse, pytest.MonkeyPatch], None],
) -> None:
    disaster(warehouse, monkeypatch)
    assert for_parsing(None) == ()
    assert for_parsing("fortnox__20") == ()
    assert not kept.exists()


@pytest.mark.database
def test_empty_answer_is_believed_only_when_the_registry_moved(
    warehouse: Warehouse, three: tuple[Organization, ...], caplog: pytest.LogCaptureFixture
) -> None:
    warehouse.execute("update control.organization set disconnected_at = now()")
    assert for_parsing(None) == three
    assert for_parsing("fortnox__20") == three[1:2], "a worker in the middle of a run least of all"
    assert "Check that saldo_warehouse points at the right database" in caplog.text

    warehouse.execute("update control.registry set revision = revision + 1")
    assert for_parsing("fortnox__20") == ()
    assert for_parsing(None) == ()
    warehouse.execute("update control.registry set revision = 0")
    assert for_parsing(None) == (), "nor does the list that was left come back"


@pytest.mark.database
def test_new_warehouse_is_empty_without_complaint(
    warehouse: Warehouse, kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "saldo"):
        assert for_parsing(None) == ()
        assert for_parsing(None) == ()
    assert caplog.records == []


@pytest.mark.database
def test_worker_asks_for_its_own_row_only(
    warehouse: Warehouse, three: tuple[Organization, ...], kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    real = organizations.read

    def noting(dag_id: str | None = None, **more: int | None) -> organizations.Registry:
        asked.append(dag_id)
        found = real(dag_id, **more)
        assert len(found.organizations) == 1
        return found

    before = kept.read_text()
    monkeypatch.setattr(organizations, "read", noting)
    add("40")
    asked.clear()
    assert for_parsing("fortnox__30") == three[2:]
    assert asked == ["fortnox__30"]
    assert kept.read_text() == before, "one row is not the list"


@pytest.mark.database
@pytest.mark.parametrize(
    "content",
    ["", "not JSON", "[]", "7", '{"revision": 1}', '{"revision": "x", "organizations": []}',
     '{"revision": 1, "organizations": [{"name": "Prov AB"}]}', '{"revision": null, "organizations": null}',
     '{"revision": 1, "organizations": ["a"]}', "\ud83d"],
)  # fmt: skip
def test_damaged_list_is_no_list_and_is_mended(
    warehouse: Warehouse, kept: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    made = (add("10"),)
    kept.parent.mkdir()
    kept.write_bytes(content.encode("utf-8", "surrogatepass"))
    with monkeypatch.context() as patch:
        goes_away(warehouse, patch)
        assert for_parsing(None) == ()
    assert for_parsing(None) == made
    assert len(json.loads(kept.read_text())["organizations"]) == 1


@pytest.mark.database
def test_list_that_cannot_be_kept_is_used_all_the_same(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = (add("10"),)
    (tmp_path / "file").write_text("in the way")
    for directory in (tmp_path / "file" / "state", "~no_such_user_here/state"):
        monkeypatch.setenv("AIRFLOW__SALDO__STATE_DIR", str(directory))
        assert for_parsing(None) == made
    assert "could not be kept" in caplog.text


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in held:
            connection.close()


@pytest.mark.database
def test_wait_for_a_silent_server_is_bounded(
    three: tuple[Organization, ...], silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, f"postgresql://saldo_app:x@127.0.0.1:{silent_server}/warehouse")
    began = time.monotonic()
    assert for_parsing(None) == three
    assert time.monotonic() - began < 5


@pytest.mark.database
def test_wait_for_a_locked_registry_is_bounded(warehouse: Warehouse, three: tuple[Organization, ...]) -> None:
    with psycopg.connect(warehouse.server.url(warehouse.name)) as somebody:
        somebody.execute("lock table control.organization in access exclusive mode")
        began = time.monotonic()
        assert for_parsing(None) == three
        assert time.monotonic() - began < 5
