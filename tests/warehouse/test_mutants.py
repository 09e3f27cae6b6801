"""What somebody could break in a mart is noticed by a rule, a check or a golden file.

At least 97 of 100 are, of those that change anything: `explained_mutants.csv` lists the others, which come
to the same on whatever data or are caught by a test that is named. An entry is a mart, a kind, a regular
expression of the change and the reason; one that explains no survivor is out of date.

MUTANTS is the share of all mutants that is judged (1.0 is all), MUTANTS_PART=1/2 and 2/2 judge them in two
processes, MUTANTS_ONLY=fct_open_item,kpi those of some marts; `pytest -s` shows which were not caught.
"""

from __future__ import annotations

import contextlib
import csv
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from saldo import sql
from tests.support import Warehouse
from tests.warehouse.mutants import Judge, Mutant, every_mutant, unchanged

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.timeout(7200)]

SHARE = float(os.environ.get("MUTANTS", "1"))
PART, PARTS = map(int, os.environ.get("MUTANTS_PART", "1/1").split("/"))
LEAST = 0.97
ONLY = tuple(filter(None, os.environ.get("MUTANTS_ONLY", "").split(",")))


@dataclass(frozen=True)
class Explained:
    """Mutants that change nothing or are caught elsewhere, and why."""

    mart: str
    kind: str
    change: str
    reason: str

    def explains(self, mutant: Mutant) -> bool:
        return (
            self.mart in ("*", mutant.name)
            and self.kind == mutant.kind
            and re.search(self.change, mutant.change) is not None
        )


def explanations() -> list[Explained]:
    with Path(__file__).with_name("explained_mutants.csv").open(encoding="utf-8", newline="") as lines:
        return [Explained(**row) for row in csv.DictReader(lines)]


@pytest.fixture(scope="module")
def judge(module_warehouse: Warehouse) -> Iterator[Judge]:
    logging.disable(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        yield Judge(stack)
    logging.disable(logging.NOTSET)


def test_statements_written_anew_are_not_caught(judge: Judge) -> None:
    assert [mutant.name for mutant in unchanged() if judge.judge(mutant).caught_by] == []


def test_explained_mutants_are_of_marts_that_are_there() -> None:
    listed = {entry.mart for entry in explanations()}
    assert listed <= {"*", *(file.name for file in sql.files("marts"))}
    assert all(entry.reason for entry in explanations())


def test_mutants_are_caught(judge: Judge) -> None:
    chosen = every_mutant(SHARE, seed=1, only=ONLY)[PART - 1 :: PARTS]
    caught: Counter[str] = Counter()
    explained: Counter[Explained] = Counter()
    known = explanations()
    survived = 0
    for number, mutant in enumerate(chosen, 1):
        verdict = judge.judge(mutant)
        entry = next((entry for entry in known if entry.explains(mutant)), None)
        if verdict.caught_by:
            caught[verdict.caught_by.split(":")[0]] += 1
        elif entry is not None:
            explained[entry] += 1
        else:
            survived += 1
            print(f"NOT CAUGHT {mutant.name}: {mutant.kind}: {mutant.change}", flush=True)
        if number % 100 == 0:
            print(f"{number} of {len(chosen)}: {survived} not caught", flush=True)
    print(
        f"{len(chosen)} mutants: caught by {dict(caught)}, {explained.total()} explained, "
        f"{survived} not caught: {caught.total() / (caught.total() + survived):.1%}"
    )
    judged = {mutant.name for mutant in chosen}
    for entry in known:
        if entry not in explained and entry.mart in judged and SHARE >= 1 and PARTS == 1:
            print(f"OUT OF DATE {entry}")
    if SHARE >= 1 and PARTS == 1 and not ONLY:
        assert [entry for entry in known if entry not in explained] == [], "out of date"
    assert caught.total() >= LEAST * (caught.total() + survived)
