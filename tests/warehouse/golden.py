"""The marts of an organization as lines of text, for golden files and for what is compared with them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from saldo import sql
from saldo.warehouse.build import BuildResult, CheckOutcome
from tests.support import compared

DIRECTORY = Path(__file__).parent / "golden"
# A statement has a row for every line and month: those without any amount say nothing.
_SPARSE = {"income_statement", "balance_sheet", "cash_flow", "fct_account_balance_period", "vat_return"}
# A key figure's inputs and values are kept of two months a year, the last and the fifth.
_SOME_MONTHS = {"kpi", "kpi_input"}
# Of every month the first and the two days about its middle, where a year may begin.
_SOME_DAYS = {"bridge_organization_date"}


def lines(
    connection: psycopg.Connection[Any], organization_id: int, result: BuildResult, is_large: bool = False
) -> list[str]:
    """Every mart of the organization, of a large one as a digest, and what each check found of it."""
    told = []
    for file in sql.files("marts"):
        if is_large:
            told.append(f"{file.name}\t{digest(connection, organization_id, file.name)}")
        else:
            told += mart_lines(connection, organization_id, file.name)
    return [*told, *check_lines(result.checks)]


def digest(connection: psycopg.Connection[Any], organization_id: int, mart: str) -> str:
    """How many rows a mart has of the organization, and a digest of their texts in whatever order."""
    row = connection.execute(
        f"select count(*), md5(coalesce(string_agg(mart::text, ',' order by mart::text collate \"C\"), '')) "
        f"from mart.{mart} as mart where organization_id = %s",
        [organization_id],
    ).fetchone()
    assert row is not None
    return f"{row[0]}\t{row[1]}"


def relation_lines(connection: psycopg.Connection[Any]) -> list[str]:
    """Of every view and reference table, over all organizations, how many rows it has and their digest."""
    files = [file for folder in ("staging", "reference", "explanations") for file in sql.files(folder)]
    return [f"{file.relation}\t{relation_digest(connection, file.relation)}" for file in files]


def relation_digest(connection: psycopg.Connection[Any], relation: str, query: str = "") -> str:
    """Rows and digest of a relation, or of a query in its place; of stamps only whether they are there."""
    columns = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 order by attnum",
        [relation],
    ).fetchall()
    kept = ", ".join(compared(relation, name) for (name,) in columns)
    row = connection.execute(
        "select count(*), md5(coalesce(string_agg(line::text, ',' order by line::text collate \"C\"), '')) "
        f"from (select row({kept}) from {f'({query})' if query else relation} as relation) as line"
    ).fetchone()
    assert row is not None
    return f"{row[0]}\t{row[1]}"


def mart_lines(connection: psycopg.Connection[Any], organization_id: int, mart: str) -> list[str]:
    """A mart of the organization: its name, its columns and its rows."""
    cursor = connection.execute(
        f"select * from mart.{mart} where organization_id = %s"
        + (
            " and fiscal_period_key in (select fiscal_period_key from mart.dim_fiscal_period "
            "where is_last or period_number = 5)"
            if mart in _SOME_MONTHS
            else " and date_key %% 100 in (1, 16, 17)"
            if mart in _SOME_DAYS
            else ""
        ),
        [organization_id],
    )
    names = [column.name for column in cursor.description or ()][1:]
    rows = sorted(_texts(row[1:]) for row in cursor.fetchall() if _says(mart, names, row[1:]))
    return [f"== {mart}", "\t".join(names), *("\t".join(row) for row in rows)]


def check_lines(checks: Iterable[CheckOutcome]) -> list[str]:
    """What the checks found, by name."""
    return ["== checks", *sorted(f"{check.name}\t{check.failing}" for check in checks if check.failing)]


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


def compare(name: str, told: list[str]) -> None:
    """Fails where lines are not those of the golden file; GOLDEN=write writes them instead."""
    path = DIRECTORY / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text("\n".join([*told, ""]), encoding="utf-8")
    expected = path.read_text(encoding="utf-8").splitlines()
    changed = list(difflib.unified_diff(expected, told, "golden", "built", lineterm="", n=0))
    assert changed[:40] == []
