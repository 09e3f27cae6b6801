"""Keeps every process that speaks for one app and company under Fortnox's limit together.

Fortnox counts 25 requests in any 5 seconds per client id and tenant (Fortnox developer pages, Rate
limits) and firing exactly 25 still met refusals, so 24 are reserved per slightly more than 5 seconds.
"""

from __future__ import annotations

import time

from saldo.database import Connection, run

REQUESTS_PER_WINDOW = 24
WINDOW_SECONDS = 5.1
# Requests at least this part of a window apart: a little delay on the way then moves none of them into the
# window of 25 others, which a volley of 24 every 5 seconds would not bear.
_SPACING = 1 / 50
# A slot used later than this would fall into the window of the slots reserved after it.
_STALE_SECONDS = 0.1


class Pace:
    """Request slots for one (client id, tenant), reserved one by one in the warehouse.

    Needs a connection in autocommit mode: a reservation is one statement and is never rolled back.
    Threads may share one.
    """

    def __init__(self, connection: Connection, client_id: str, tenant_id: str) -> None:
        self._connection = connection
        self._parameters = {
            "client_id": client_id,
            "tenant_id": tenant_id,
            "requests_per_window": REQUESTS_PER_WINDOW,
            "window_seconds": WINDOW_SECONDS,
            "spacing_seconds": WINDOW_SECONDS * _SPACING,
        }

    def wait(self) -> None:
        """Returns when the next request may be sent."""
        while True:
            seconds = self._reserve()
            slot = time.monotonic() + seconds
            time.sleep(seconds)
            if time.monotonic() - slot < _STALE_SECONDS:
                return

    def _reserve(self) -> float:
        """Seconds from now to the slot."""
        row = run(self._connection, "control/request_pace_reserve", self._parameters).fetchone()
        assert row is not None
        return float(row[0])
