"""Ends what runs in this process between two of its steps, as SIGKILL would end a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest
import requests

from tests.support import Warehouse

_WAIT = psycopg.Connection.wait


class CrashedError(BaseException):
    """No handler of what runs sees the end of its process."""


class _Watcher(psycopg.Connection[Any]):
    wait = _WAIT


@dataclass
class Crash:
    """The moment at which the process ends: after the step that makes the world differ for the `at`th time.

    A step is an exchange with PostgreSQL or an answer over HTTP. Between two that make a difference a
    killed process leaves the same behind wherever it ends: reading Fortnox changes nothing there, and an
    open transaction is rolled back. `steps` counts all of them.
    """

    watcher: _Watcher
    at: int
    steps: int = 0
    differences: int = 0
    has_happened: bool = False
    _committed: str = ""
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._committed = self._last_committed()

    def before_step(self) -> None:
        """What is dead takes no step."""
        if self.has_happened:
            raise CrashedError

    def after_step(self, *, may_differ: bool) -> None:
        """Counts, and dies where it is to."""
        with self._lock:
            self.before_step()
            self.steps += 1
            if not may_differ:
                return
            self.differences += 1
            self.has_happened = self.differences == self.at
            self.before_step()

    def has_committed(self) -> bool:
        """Whether any transaction that wrote was committed since this was last asked."""
        with self._lock:
            before, self._committed = self._committed, self._last_committed()
            return before != self._committed

    def _last_committed(self) -> str:
        row = self.watcher.execute("select pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row is not None
        return str(row[0])


@contextmanager
def crashing(warehouse: Warehouse, at: int) -> Iterator[Crash]:
    """Runs the block until the crash, if it lives that long; what it leaves is the warehouse alone."""
    with (
        _Watcher.connect(warehouse.server.url("postgres"), autocommit=True) as watcher,
        pytest.MonkeyPatch.context() as patch,
    ):
        crash = Crash(watcher, at)

        def wait(connection: psycopg.Connection[Any], *arguments: Any, **more: Any) -> Any:
            crash.before_step()
            answer = _WAIT(connection, *arguments, **more)
            is_open = connection.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE
            crash.after_step(may_differ=not is_open and crash.has_committed())
            return answer

        patch.setattr(psycopg.Connection, "wait", wait)
        for client in (requests.Session, httpx.Client):
            patch.setattr(client, "send", _sending(crash, client.send))
        try:
            yield crash
        except CrashedError:
            assert crash.has_happened
        finally:
            watcher.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s",
                [warehouse.name],
            )


def _sending(crash: Crash, send: Any) -> Any:
    def sent(client: Any, request: Any, *arguments: Any, **more: Any) -> Any:
        crash.before_step()
        answer = send(client, request, *arguments, **more)
        crash.after_step(may_differ=request.method != "GET")
        return answer

    return sent
