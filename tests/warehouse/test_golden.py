"""The marts of made-up companies of every kind are what they were, to the last amount.

A change that is meant is written by `GOLDEN=write pytest tests/warehouse/test_golden.py`, and read in
the diff.
"""

from __future__ import annotations

import difflib
import os

import psycopg
import pytest

from tests.support import Warehouse
from tests.warehouse import golden
from tests.warehouse.golden_companies import COMPANIES, land_and_build

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def told(module_warehouse: Warehouse) -> dict[str, list[str]]:
    found = {}
    with psycopg.connect(module_warehouse.server.url(module_warehouse.name), autocommit=True) as connection:
        for number, company in enumerate(COMPANIES, 1):
            organization_id, result = land_and_build(number, company)
            assert result.built
            found[company.name] = golden.lines(connection, organization_id, result, company.is_large)
    return found


@pytest.mark.parametrize("name", [company.name for company in COMPANIES])
def test_marts_are_the_golden_ones(name: str, told: dict[str, list[str]]) -> None:
    path = golden.path(name)
    if os.environ.get("GOLDEN") == "write":
        path.write_text("\n".join([*told[name], ""]), encoding="utf-8")
    expected = path.read_text(encoding="utf-8").splitlines()
    changed = list(difflib.unified_diff(expected, told[name], "golden", "built", lineterm="", n=0))
    assert changed[:40] == []
