"""Every relation and column of schema mart is described, in the database and in docs/marts.md.

`make docs` (DOCS=write) writes the page anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from saldo import settings, sql
from saldo.database import Role, connect
from saldo.warehouse import descriptions, handbook
from saldo.warehouse.migrations import migrate
from tests.support import Warehouse
from tests.warehouse.test_migrations import files, relations

__all__ = ["files"]
PAGE = Path(__file__).parents[2] / "docs" / "marts.md"
COMMENTS = """
select
    nspname::text,
    relname::text,
    attname::text,
    coalesce(col_description(pg_class.oid, attnum), '') as column_comment,
    coalesce(obj_description(pg_class.oid, 'pg_class'), '') as relation_comment
from pg_class
inner join pg_namespace on relnamespace = pg_namespace.oid
inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
where nspname in ('mart', 'staging', 'custom') and relkind in ('r', 'v')
order by nspname, relname, attnum
"""


@pytest.mark.database
def test_every_relation_and_every_column_of_mart_has_its_comment(module_warehouse: Warehouse) -> None:
    found = module_warehouse.rows(COMMENTS)
    assert [row[:2] for row in found if not row[4]] == []
    lacking = [f"{row[1]},{row[2]}" for row in found if row[0] == "mart" and not row[3]]
    assert lacking == [], "describe in include/sql/columns.csv: " + "; ".join(lacking)
    assert {row[1]: row[4] for row in found if row[0] == "mart"} == {
        file.name: descriptions.of_relation(file)
        for folder in ("reference", "marts", "explanations")
        for file in sql.files(folder)
    }


@pytest.mark.database
def test_no_column_is_described_that_is_not_there(module_warehouse: Warehouse) -> None:
    there = {row[1:3] for row in module_warehouse.rows(COMMENTS) if row[0] == "mart"}
    names = {name for _, name in there}
    gone = [
        f"{relation},{name}"
        for relation, name in descriptions.dictionary(settings.include_dir() / "sql" / "columns.csv")
        if not (name in names if relation == descriptions.EVERYWHERE else (relation, name) in there)
    ]
    assert gone == [], "take out of include/sql/columns.csv: " + "; ".join(gone)


@pytest.mark.parametrize(
    "text",
    [
        "relation,column,text\n",
        "relation,column_name,description_en\n*,amount\n",
        "relation,column_name,description_en\n*,amount,\n",
        "relation,column_name,description_en\n*,amount,One\n*,amount,Two\n",
    ],
)
def test_odd_dictionary_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "columns.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"columns\.csv"):
        descriptions.dictionary(path)


@pytest.mark.database
def test_handbook_is_current(module_warehouse: Warehouse) -> None:
    with connect(Role.PAGE) as connection:
        text = handbook.text(connection)
    if os.environ.get("DOCS") == "write":
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "run `make docs`"


@pytest.mark.database
def test_changed_description_is_written_without_making_anything_anew(
    warehouse: Warehouse, files: Path
) -> None:
    before = relations(warehouse)
    path = files / "columns.csv"
    own = "fct_budget,budget_amount,"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(own) for line in lines) == 1
    lines = [f"{own}Another way to say it: 100 %" if line.startswith(own) else line for line in lines]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    assert migrate() == [], "nobody has to build for a word"

    assert relations(warehouse) == before
    comments = {row[1:3]: row[3] for row in warehouse.rows(COMMENTS)}
    assert comments["fct_budget", "budget_amount"] == "Another way to say it: 100 %"
