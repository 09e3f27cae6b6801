"""What a run asks Fortnox for: decided from what is known of a list, before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from saldo.fortnox.hook import PAGE_SIZE
from saldo.fortnox.resources import Declared, Resource, Shape
from saldo.warehouse.landing import Cursor

# A cold resource, an older financial year and the sweep that finds what was deleted: once a day. A little
# less than a day, so that the hour does not wander.
DAILY = timedelta(hours=20)
# A list that knows no increments and is a few pages long is still cheap at every run, as long as a run in
# which nothing changed asks no more than so much.
CHEAP_PAGES = 4
HOT_REQUESTS = 12
_ASK_AGAIN_AFTER = timedelta(days=30)
HONOURED = "honoured"


class Mode(StrEnum):
    """How a list is read. An increment names what was changed, a whole list shows what is gone, and a count
    leads to the whole list where it differs."""

    WHOLE = "whole"
    INCREMENT = "increment"
    COUNT = "count"
    BOTH = "both"
    INTERVAL = "interval"
    DETAILS = "details"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Step:
    """How one list is read, and about how many requests that takes."""

    mode: Mode
    requests: int


def step(
    resource: Resource,
    cursor: Cursor | None,
    lastmodified: str | None,
    now: datetime,
    *,
    anew: bool,
    allowance: int = CHEAP_PAGES,
) -> Step | None:
    """What to do about a list that `cursor` is known of, or None when nothing is due yet.

    `lastmodified` is what this company's Fortnox does with that parameter; `anew` asks for everything;
    `allowance` is how many requests a run has for it that finds nothing changed.

    A list of one page is read whole: that is one request, as an increment is, and shows what was deleted.
    Only where rows are wanted too an increment says more: it names documents of which nothing but a row was
    changed. Longer lists are read by increments, and whole once a day for what was deleted. Where increments
    do not work, a list of a few pages is read whole as long as the run can afford it, and else counted; a
    longer one waits for the next day.
    """
    if anew or cursor is None or cursor.read_at is None:
        return Step(Mode.WHOLE, _pages(cursor))
    if not resource.is_hot and cursor.read_at > now - DAILY:
        return None
    if cursor.swept_at is None or resource.shape is Shape.OBJECT:
        return Step(Mode.WHOLE, _pages(cursor))
    length = _pages(cursor)
    sweep_is_due = cursor.swept_at <= now - DAILY
    if lastmodified == HONOURED and (length > 1 or resource.detail_key):
        return Step(Mode.BOTH, 1 + length) if sweep_is_due else Step(Mode.INCREMENT, 1)
    if sweep_is_due or length <= max(1, min(allowance, CHEAP_PAGES)):
        return Step(Mode.WHOLE, length)
    return Step(Mode.COUNT, 1) if length <= CHEAP_PAGES else None


def asks_for_changes(resource: Resource, cursor: Cursor | None, known: Cursor | None, now: datetime) -> bool:
    """Whether to find out what this company's Fortnox does with `lastmodified` (`known` holds the answer)."""
    if resource.lastmodified is Declared.NO or cursor is None or not cursor.record_count:
        return False
    if _pages(cursor) == 1 and not resource.detail_key and not resource.is_wanted_later:
        return False
    if known is None or known.lastmodified is None or known.probed_at is None:
        return True
    return known.lastmodified != HONOURED and known.probed_at < now - _ASK_AGAIN_AFTER


def pages(count: int) -> int:
    """How many requests a list of so many records takes: a page after the first begins with the last record
    of the one before."""
    return 1 + max(0, ceil((count - PAGE_SIZE) / (PAGE_SIZE - 1)))


def _pages(cursor: Cursor | None) -> int:
    return pages((cursor and cursor.record_count) or 0)
