"""Keeps every process that speaks for one app and company under Fortnox's limit together.

Fortnox counts 25 requests in any 5 seconds per client id and tenant (Fortnox developer pages, Rate
limits) and firing exactly 25 still met refusals, so 24 are reserved per slightly more than 5 seconds.
"""

from __future__ import annotations

import time
from collections import deque

from saldo.database import Connection, run

REQUESTS_PER_WINDOW = 24
WINDOW_SECONDS = 5.1
_RESERVED_AT_ONCE = 4
_STALE_SECONDS = 1.0


class Pace:
    """Request slots for one (client id, tenant), reserved a few at a time in the warehouse.

    Needs a connection in autocommit mode: a reservation is one statement and is never rolled back.
    """

    def __init__(self, connection: Connection, client_id: str, tenant_id: str) -> None:
        self._connection = connection
        self._parameters = {
            "client_id": client_id,
            "tenant_id": tenant_id,
            "wanted": _RESERVED_AT_ONCE,
            "requests_per_window": REQUESTS_PER_WINDOW,
            "window_seconds": WINDOW_SECONDS,
        }
        self._slots: deque[float] = deque()

    def wait(self) -> None:
        """Returns when the next request may be sent."""
        while True:
            while self._slots and self._slots[0] < time.monotonic() - _STALE_SECONDS:
                self._slots.popleft()
            if self._slots:
                break
            self._reserve()
        delay = self._slots.popleft() - time.monotonic()
        if delay > 0:
            time.sleep(delay)

    def _reserve(self) -> None:
        row = run(self._connection, "control/request_pace_reserve", self._parameters).fetchone()
        assert row is not None
        now = time.monotonic()
        self._slots.extend(now + float(seconds) for seconds in row[0])
