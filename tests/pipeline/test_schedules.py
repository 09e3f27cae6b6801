"""Companies at which much changes while runs meet faults and are killed: nothing is lost by it."""

from __future__ import annotations

import multiprocessing
import os
import random
import secrets
from collections.abc import Iterable
from pathlib import Path

import pytest

from local.postgres import EmbeddedPostgres
from saldo.fortnox import hook
from tests.leaks import LEAKS
from tests.pipeline.company import TODAY, Company, calendar_year, companies, with_small_pages
from tests.pipeline.history import History
from tests.sandbox.process import Sandbox
from tests.support import Warehouse

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.timeout(1200)]

SCHEDULES = 25
ALL = 40
HISTORIES = range(int(os.environ.get("SCHEDULE_HISTORIES", ALL)))
TOGETHER = 2
AT_A_TIME = 4
SEED = int(os.environ.get("SCHEDULE_SEED", "1"))
YEARS = [calendar_year(TODAY.year - 1), calendar_year(TODAY.year)]
OWN = ("staging.document_history", "staging.member_key")
_BRANCH = multiprocessing.get_context("fork")


@pytest.mark.parametrize("first", HISTORIES[::AT_A_TIME])
def test_what_changed_comes_through_faults_and_kills(
    postgres: EmbeddedPostgres, template: str, tmp_path: Path, first: int
) -> None:
    """A thousand schedules in all. SCHEDULE_SEED=n makes other histories than the usual ones,
    SCHEDULE_HISTORIES=n fewer. Two processes, since each runs alone most of its time."""
    numbers = HISTORIES[first : first + AT_A_TIME]
    branches = [
        _BRANCH.Process(
            target=live_through, args=(numbers[place::TOGETHER], postgres, template, tmp_path / str(place))
        )
        for place in range(TOGETHER)
    ]
    for branch in branches:
        branch.start()
    for branch in branches:
        branch.join()
    assert [branch.exitcode for branch in branches] == [0] * TOGETHER, "what went wrong stands on stderr"


def live_through(numbers: Iterable[int], server: EmbeddedPostgres, template: str, directory: Path) -> None:
    """The histories of these numbers, in a sandbox of their own."""
    directory.mkdir()
    kinds = [{"years": YEARS, "vouchers": 200, "seed": SEED * ALL + number} for number in numbers]
    with (
        pytest.MonkeyPatch.context() as patch,
        companies(directory, patch, *kinds) as sandbox,
    ):
        patch.setattr(hook, "_FIRST_PAUSE_SECONDS", 0.001)
        with_small_pages(patch, 20)
        for kind, served in zip(kinds, sandbox.companies(), strict=True):
            _live(sandbox, server, template, patch, served["tenant_id"], random.Random(kind["seed"]))
    assert LEAKS.found == []


def _live(
    sandbox: Sandbox,
    server: EmbeddedPostgres,
    template: str,
    patch: pytest.MonkeyPatch,
    tenant: str,
    chance: random.Random,
) -> None:
    eventful, from_nothing = (Warehouse(server, f"warehouse_{secrets.token_hex(4)}") for _ in range(2))
    for warehouse in (eventful, from_nothing):
        warehouse.create(template)
        warehouse.point_at(patch)
        history = History(Company.connect(sandbox, warehouse, tenant), chance)
        warehouse.execute("update control.organization set workspace_id = null, dataset_id = null")
        if warehouse is eventful:
            for _ in range(SCHEDULES):
                history.schedule()
            history.company.time_passes()
        history.run()
    held, right = (warehouse.dump("staging") for warehouse in (eventful, from_nothing))
    different = {name: set(rows) ^ set(held[name]) for name, rows in right.items() if rows != held[name]}
    # What was before, and keys that are given in order of arrival, are those of the eventful one alone.
    assert {name: rows for name, rows in different.items() if name not in OWN} == {}
    for warehouse in (eventful, from_nothing):
        warehouse.drop()
