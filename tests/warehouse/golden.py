"""The marts of an organization as lines of text, for golden files and for what is compared with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from saldo import sql
from saldo.warehouse.build import BuildResult

DIRECTORY = Path(__file__).parent / "golden"
# A statement has a row for every line and month: those without any amount say nothing.
_SPARSE = {"income_statement", "balance_sheet", "cash_flow", "fct_account_balance_period", "vat_return"}
# A key figure's inputs and values are kept of two months a year, the last and the fifth.
_SOME_MONTHS = {"kpi", "kpi_input"}


def lines(connection: psycopg.Connection[Any], organization_id: int, result: BuildResult) -> list[str]:
    """Every mart of the organization, and what each check found of it."""
    told = []
    for relation in sql.files("marts"):
        cursor = connection.execute(
            f"select * from mart.{relation.name} where organization_id = %s"
            + (
                " and fiscal_period_key in (select fiscal_period_key from mart.dim_fiscal_period "
                "where is_last or period_number = 5)"
                if relation.name in _SOME_MONTHS
                else ""
            ),
            [organization_id],
        )
        names = [column.name for column in cursor.description or ()][1:]
        rows = sorted(_texts(row[1:]) for row in cursor.fetchall() if _says(relation.name, names, row[1:]))
        told += [f"== {relation.name}", "\t".join(names), *("\t".join(row) for row in rows)]
    found = sorted(f"{check.name}\t{check.failing}" for check in result.checks if check.failing)
    return [*told, "== checks", *found]


def _texts(row: Iterable[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in row]


def _says(relation: str, names: list[str], row: tuple[Any, ...]) -> bool:
    if relation in _SPARSE:
        measures = [
            value for name, value in zip(names, row, strict=True) if name.endswith(("amount", "balance"))
        ]
        return any(measures)
    if relation == "kpi":
        return row[names.index("value")] is not None
    if relation == "kpi_input":
        return bool(row[names.index("input_value")])
    return True


def path(name: str) -> Path:
    """Where a company's golden file is."""
    return DIRECTORY / f"{name}.txt"
