"""What somebody could break in an SQL file is noticed by a rule, a check, a golden file or a named test.

At least 97 of 100 changes are, of those that change anything: `explained_mutants.csv` lists the others, which
come to the same on whatever data or are caught by a test that is named. An entry is a file, a kind, a regular
expression of the change and the reason; one that explains no survivor is out of date. What each check notices
of faults in the data it reads is kept in golden/noticed.txt.

MUTANTS is the share of all mutants that is judged (1.0 is all), MUTANTS_ONLY=fct_open_item,kpi those of some
files; `pytest -s` shows which were not caught.
"""

from __future__ import annotations

import contextlib
import csv
import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from saldo import sql
from saldo.warehouse.build import BuildResult
from tests.support import Warehouse
from tests.warehouse import golden
from tests.warehouse.golden_companies import land_all
from tests.warehouse.judges import CheckJudge, MartJudge, RelationJudge, Verdict
from tests.warehouse.mutants import Mutant, every_mutant, unchanged
from tests.warehouse.oddities import land_oddities

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.timeout(7200)]

SHARE = float(os.environ.get("MUTANTS", "1"))
LEAST = 0.97
RELATIONS = ("staging", "reference", "explanations")
ONLY = tuple(filter(None, os.environ.get("MUTANTS_ONLY", "").split(",")))


@dataclass(frozen=True)
class Explained:
    """Mutants that change nothing or are caught elsewhere, and why."""

    file: str
    kind: str
    change: str
    reason: str

    def explains(self, mutant: Mutant) -> bool:
        return (
            self.file in ("*", mutant.name)
            and self.kind == mutant.kind
            and re.search(self.change, mutant.change) is not None
        )


def explanations() -> list[Explained]:
    with Path(__file__).with_name("explained_mutants.csv").open(encoding="utf-8", newline="") as lines:
        return [Explained(**row) for row in csv.DictReader(lines)]


def every_file() -> set[str]:
    return {file.name for folder in ("marts", *RELATIONS, "checks") for file in sql.files(folder)}


@pytest.fixture(scope="module")
def landed(module_warehouse: Warehouse) -> Iterator[dict[str, tuple[int, BuildResult]]]:
    logging.disable(logging.CRITICAL)
    yield land_all()
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def used() -> set[Explained]:
    """The explanations that some mutant needed, of all tests of this module."""
    return set()


@pytest.fixture(scope="module")
def organizations(
    superuser: psycopg.Connection[Any], landed: dict[str, tuple[int, BuildResult]]
) -> dict[str, int]:
    golden_ones = {name: organization_id for name, (organization_id, _) in landed.items()}
    return golden_ones | land_oddities(superuser, len(landed) + 1)


@pytest.fixture(scope="module")
def superuser(module_warehouse: Warehouse) -> Iterator[psycopg.Connection[Any]]:
    url = module_warehouse.server.url(module_warehouse.name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set statement_timeout = '60s'")
        yield connection


@pytest.fixture(scope="module")
def marts(landed: dict[str, tuple[int, BuildResult]]) -> Iterator[MartJudge]:
    with contextlib.ExitStack() as stack:
        yield MartJudge(landed, stack)


@pytest.fixture(scope="module")
def relations(superuser: psycopg.Connection[Any], organizations: object) -> RelationJudge:
    return RelationJudge(superuser)


@pytest.fixture(scope="module")
def checks(superuser: psycopg.Connection[Any], organizations: dict[str, int]) -> CheckJudge:
    return CheckJudge(superuser, organizations)


def test_explained_mutants_are_of_files_that_are_there() -> None:
    assert {entry.file for entry in explanations()} <= {"*", *every_file()}
    assert all(entry.reason for entry in explanations())


def test_marts_written_anew_are_not_caught(marts: MartJudge) -> None:
    assert [verdict for verdict in marts.verdicts(unchanged(("marts",))) if verdict.caught_by] == []


def test_mutants_of_marts_are_caught(marts: MartJudge, used: set[Explained]) -> None:
    are_caught(marts.verdicts(every_mutant(("marts",), SHARE, ONLY)), used)


def test_relations_written_anew_are_not_caught(relations: RelationJudge) -> None:
    assert [verdict for verdict in relations.verdicts(unchanged(RELATIONS)) if verdict.caught_by] == []


def test_mutants_of_views_and_tables_are_caught(relations: RelationJudge, used: set[Explained]) -> None:
    are_caught(relations.verdicts(every_mutant(RELATIONS, SHARE, ONLY)), used)


def test_mutants_of_checks_are_caught_and_faults_noticed(checks: CheckJudge, used: set[Explained]) -> None:
    chosen = dict.fromkeys(every_mutant(("checks",), SHARE, ONLY))
    same = {mutant.name: mutant for mutant in unchanged(("checks",))}
    verdicts = []
    for file in sql.files("checks"):
        if not ONLY or file.name in ONLY:
            mine = [mutant for mutant in chosen if mutant.name == file.name]
            verdicts += checks.verdicts(file, [same[file.name], *mine])
            print(f"{file.name}: {len(mine)} mutants", flush=True)
    assert [verdict for verdict in verdicts if verdict.caught_by and verdict.mutant not in chosen] == []
    if not ONLY:
        golden.compare("noticed", [line for name in sorted(checks.noticed) for line in checks.noticed[name]])
    are_caught((verdict for verdict in verdicts if verdict.mutant in chosen), used)


def are_caught(verdicts: Iterable[Verdict], used: set[Explained]) -> None:
    caught: Counter[str] = Counter()
    explained: Counter[Explained] = Counter()
    survived = 0
    judged = set()
    known = explanations()
    for number, verdict in enumerate(verdicts, 1):
        mutant = verdict.mutant
        judged.add(mutant.name)
        entry = next((entry for entry in known if entry.explains(mutant)), None)
        if verdict.caught_by:
            caught[verdict.caught_by.split(":")[0]] += 1
        elif entry is not None:
            explained[entry] += 1
        else:
            survived += 1
            print(f"NOT CAUGHT {mutant.name}: {mutant.kind}: {mutant.change}", flush=True)
        if number % 100 == 0:
            print(f"{number}: {survived} not caught", flush=True)
    share = caught.total() / max(caught.total() + survived, 1)
    print(
        f"{caught.total() + explained.total() + survived} mutants: caught by {dict(caught)}, "
        f"{explained.total()} explained, {survived} not caught: {share:.1%}"
    )
    used.update(explained)
    if SHARE >= 1:
        idle = [entry for entry in known if entry.file in judged and entry not in explained]
        assert idle == [], "out of date"
    assert share >= LEAST


@pytest.mark.skipif(SHARE < 1 or bool(ONLY), reason="whether an explanation is used is known of all mutants")
def test_no_explanation_is_out_of_date(used: set[Explained]) -> None:
    assert [entry for entry in explanations() if entry not in used] == []
