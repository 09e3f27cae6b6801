"""Rules that keep organizations apart and amounts exact, read from the SQL files and the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlparse

from saldo import settings, sql
from tests.support import Warehouse
from tests.warehouse.rules import broken_rules

FOLDERS = ("reference", "staging", "marts", "checks", "control")


def texts() -> list[tuple[str, str]]:
    directory = settings.include_dir() / "sql"
    return [
        (str(path.relative_to(directory)), re.sub(r"--.*", "", path.read_text(encoding="utf-8")))
        for folder in FOLDERS
        for path in sorted((directory / folder).glob("*.sql"))
    ]


def test_every_window_is_within_an_organization() -> None:
    windows = 0
    for name, text in texts():
        for match in re.finditer(r"\bover\s*\(|\bwindow\s+\w+\s+as\s*\(", text):
            windows += 1
            inside = text[match.end() :].lstrip()
            assert re.match(r"partition\s+by\s+(\w+\.)?organization_id\b", inside), f"{name}: {inside[:60]}"
    assert windows > 10


def test_no_file_knows_floats_or_the_clock() -> None:
    for name, text in texts():
        assert not re.search(r"\b(float\d?|real|double\s+precision|money)\b", text), name
        if not name.startswith("control/"):
            assert not re.search(
                r"\b(now\s*\(|current_date|current_timestamp|clock_timestamp|localtime)", text
            ), name


@pytest.mark.parametrize("folder", ["reference", "staging", "marts", "checks"])
def test_every_relation_says_its_grain_and_inputs(folder: str) -> None:
    for file in sql.files(folder):
        assert folder == "checks" or {"grain", "key"} <= file.head.keys(), file.name
        text = re.sub(r"--.*", "", file.text)
        read = set(re.findall(r"\b(?:from|join)\s+(?:mart|staging|landing|control)\.(\w+)", text)) - {
            file.name
        }
        inputs = set(file.inputs) - {file.name}
        assert read <= inputs if folder == "reference" else read == inputs, file.name


def test_every_check_says_its_severity_and_why() -> None:
    severities = {file.name: file.head.get("severity") for file in sql.files("checks")}
    assert set(severities.values()) == {"stop", "warn"}
    assert [file.name for file in sql.files("checks") if not file.head.get("why")] == []


@pytest.mark.database
def test_no_column_is_a_float(module_warehouse: Warehouse) -> None:
    assert (
        module_warehouse.rows(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_schema in ('control', 'landing', 'staging', 'mart') "
            "and data_type in ('real', 'double precision', 'money')"
        )
        == []
    )


@pytest.mark.database
def test_organization_comes_first_in_every_key(module_warehouse: Warehouse) -> None:
    keys = module_warehouse.rows(
        "select nspname || '.' || relname, (select attname::text from pg_attribute "
        "where attrelid = pg_class.oid and attnum = (select indkey[0] from pg_index "
        "where indrelid = pg_class.oid and indisprimary)) from pg_class "
        "join pg_namespace on relnamespace = pg_namespace.oid where relkind in ('r', 'p') "
        "and nspname in ('control', 'landing', 'mart') and exists (select from pg_attribute "
        "where attrelid = pg_class.oid and attname = 'organization_id')"
    )
    assert len(keys) > 25
    assert [name for name, first in keys if first != "organization_id"] == []


@pytest.mark.database
def test_amounts_are_kept_to_the_ore(module_warehouse: Warehouse) -> None:
    odd = module_warehouse.rows(
        "select table_name, column_name, data_type, numeric_precision, numeric_scale "
        "from information_schema.columns where table_schema = 'mart' "
        "and (column_name like '%%amount' or column_name like '%%balance') "
        "and (data_type, numeric_precision, numeric_scale) is distinct from ('numeric', 18, 2)"
    )
    assert odd == []


def test_reference_files_are_utf_8_and_end_their_lines() -> None:
    for path in (Path(settings.include_dir()) / "sql" / "reference").glob("*.csv"):
        data = path.read_bytes()
        assert data.endswith(b"\n"), path.name
        assert b"\r" not in data, path.name
        data.decode("utf-8")


def test_every_join_and_window_of_a_mart_is_within_an_organization() -> None:
    for folder in ("marts", "checks"):
        for file in sql.files(folder):
            for statement in sqlparse.split(file.text):
                if re.search(r"\bselect\b", statement):
                    assert broken_rules(statement) == [], file.name
