"""What to ask `lastmodified` for, so that neither clock nor summer time lets a change slip through.

Fortnox compares in Swedish local time, and no record says when it was changed (Fortnox developer pages,
Parameters; that it is local time was seen by clients of the real API). So a cursor is a moment of Fortnox's
own clock, kept in UTC, and becomes local time only here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
# What was changed a moment before an answer is sometimes missing from it.
OVERLAP = timedelta(minutes=15)
_HOUR = timedelta(hours=1)


def lastmodified_since(asked_at: datetime) -> str:
    """The parameter that misses nothing changed since `asked_at` (aware, any zone), as `2026-03-29 01:45`.

    In the hour before clocks are set back, the local time of what comes after it starts over: an hour more
    is asked for then.
    """
    since = asked_at - OVERLAP
    local = since.astimezone(STOCKHOLM)
    an_hour_on = (since + _HOUR).astimezone(STOCKHOLM)
    if an_hour_on.utcoffset() != local.utcoffset() and an_hour_on.replace(tzinfo=None) <= local.replace(
        tzinfo=None
    ):
        local = (since - _HOUR).astimezone(STOCKHOLM)
    return local.strftime("%Y-%m-%d %H:%M")
