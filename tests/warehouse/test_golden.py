"""The marts of made-up companies of every kind are what they were, to the last amount.

A change that is meant is written by `GOLDEN=write pytest tests/warehouse/test_golden.py`, and read in
the diff.
"""

from __future__ import annotations

import psycopg
import pytest

from tests.support import Warehouse
from tests.warehouse import golden
from tests.warehouse.golden_companies import COMPANIES, land_all
from tests.warehouse.oddities import land_oddities

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def told(module_warehouse: Warehouse) -> dict[str, list[str]]:
    landed = land_all()
    with psycopg.connect(module_warehouse.server.url(module_warehouse.name), autocommit=True) as connection:
        land_oddities(connection, len(landed) + 1)
        found = {
            each.name: golden.lines(connection, *landed[each.name], is_large=each.is_large)
            for each in COMPANIES
        }
        return found | {"relations": golden.relation_lines(connection)}


@pytest.mark.parametrize("name", [*(company.name for company in COMPANIES), "relations"])
def test_marts_are_the_golden_ones(name: str, told: dict[str, list[str]]) -> None:
    golden.compare(name, told[name])
