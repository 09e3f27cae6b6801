"""No change slips past a cursor, whatever the clocks do: Fortnox compares in Swedish local time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saldo.fortnox.clock import OVERLAP, STOCKHOLM, lastmodified_since

SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)


def local(moment: datetime) -> datetime:
    """What Fortnox notes as the time of a change: Swedish local time without a zone."""
    return moment.astimezone(STOCKHOLM).replace(tzinfo=None)


def asked(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("turn", [SPRING, AUTUMN, datetime(2026, 7, 1, tzinfo=UTC)])
@settings(max_examples=400, deadline=None)
@given(
    cursor=st.timedeltas(timedelta(hours=-3), timedelta(hours=3)),
    later=st.timedeltas(-OVERLAP, timedelta(hours=30)),
)
def test_every_change_since_the_cursor_is_asked_for(
    turn: datetime, cursor: timedelta, later: timedelta
) -> None:
    asked_at = turn + cursor
    changed_at = asked_at + later
    assert local(changed_at) >= asked(lastmodified_since(asked_at))


@pytest.mark.parametrize("turn", [SPRING, AUTUMN])
@settings(max_examples=400, deadline=None)
@given(cursor=st.timedeltas(timedelta(hours=-3), timedelta(hours=3)))
def test_a_time_that_exists_twice_is_early_enough_either_way(turn: datetime, cursor: timedelta) -> None:
    since = asked(lastmodified_since(turn + cursor))
    meanings = [since.replace(tzinfo=STOCKHOLM, fold=fold).astimezone(UTC) for fold in (0, 1)]
    assert max(meanings) <= turn + cursor - OVERLAP, "whichever hour Fortnox takes it for, it is early enough"
    assert local(meanings[0]) == since


def test_ordinary_days_ask_for_a_quarter_of_an_hour_twice_and_no_more() -> None:
    assert lastmodified_since(datetime(2026, 11, 25, 9, 20, 59, tzinfo=UTC)) == "2026-11-25 10:05"
    assert lastmodified_since(datetime(2026, 6, 25, 9, 20, tzinfo=UTC)) == "2026-06-25 11:05"


def test_the_hour_that_comes_twice_is_asked_for_an_hour_more() -> None:
    before = AUTUMN - timedelta(minutes=10)  # 02:50 summer time
    assert lastmodified_since(before) == "2026-10-25 01:35"
    after = AUTUMN + timedelta(minutes=20)  # 02:20 winter time
    assert lastmodified_since(after) == "2026-10-25 02:05"
