"""Reading a list while people work in it: a property over any moments and any changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from saldo.fortnox import hook as hook_module
from saldo.fortnox.errors import TemporaryError
from saldo.fortnox.hook import FortnoxHook, Page, Parameters, Sweep
from saldo.fortnox.resources import CATALOGUE, Resource

CUSTOMERS = CATALOGUE["customers"]
PAGE = 3

Change = tuple[str, int]


@dataclass
class BusyList:
    """Fortnox's list of customers, in which one change or more happens after each answer."""

    numbers: set[int]
    changes: list[list[Change]]
    ever: set[int] = field(default_factory=set)
    always: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ever, self.always = set(self.numbers), set(self.numbers)

    def answer(self, offset: int) -> Page:
        """A page from the offset; then somebody works on."""
        listed = sorted(self.numbers)
        records = [{"CustomerNumber": str(number)} for number in listed[offset : offset + PAGE]]
        # Past the end Fortnox says that there is nothing at all.
        total = len(listed) if offset < len(listed) else 0
        text = json.dumps({"Customers": records})
        keys = tuple(record["CustomerNumber"] for record in records)
        for kind, number in self.changes.pop(0) if self.changes else []:
            if kind == "insert":
                self.numbers.add(number)
                self.ever.add(number)
            else:
                self.numbers.discard(number)
                self.always.discard(number)
        return Page(text, keys, total, 0)


class Reader(FortnoxHook):
    """The hook's own paging over a list that lies in memory."""

    def __init__(self, listed: BusyList) -> None:
        super().__init__("1")
        self.listed = listed

    def page(
        self, resource: Resource, offset: int = 0, choice: Parameters | None = None
    ) -> tuple[Page, datetime]:
        return self.listed.answer(offset), datetime(2026, 1, 1, tzinfo=UTC)


def keys(sweep: Sweep) -> list[int]:
    return [
        int(record["CustomerNumber"]) for page in sweep.pages() for record in json.loads(page)["Customers"]
    ]


changes = st.lists(
    st.lists(st.tuples(st.sampled_from(["insert", "delete"]), st.integers(0, 40)), max_size=3), max_size=12
)


@settings(max_examples=600, deadline=None)
@given(numbers=st.sets(st.integers(0, 40), max_size=20), changes=changes)
def test_what_was_there_all_the_time_comes_and_nothing_comes_that_never_was(
    numbers: set[int], changes: list[list[Change]]
) -> None:
    listed = BusyList(numbers, changes)
    with patch.object(hook_module, "PAGE_SIZE", PAGE):
        try:
            sweep = Reader(listed).sweep(CUSTOMERS)
        except TemporaryError:
            return  # said so, and the task asks again later
    found = keys(sweep)
    pages = len(list(sweep.pages()))
    assert listed.always <= set(found) <= listed.ever
    assert len(found) - len(set(found)) <= pages - 1, "nothing comes twice but the borders"


@settings(max_examples=100, deadline=None)
@given(numbers=st.sets(st.integers(0, 100), max_size=40))
def test_list_at_rest_comes_whole_and_once(numbers: set[int]) -> None:
    with patch.object(hook_module, "PAGE_SIZE", PAGE):
        sweep = Reader(BusyList(numbers, [])).sweep(CUSTOMERS)
    assert sorted(set(keys(sweep))) == sorted(numbers)
    assert sweep.total == len(numbers)
