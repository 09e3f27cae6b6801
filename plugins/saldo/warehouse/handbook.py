"""The marts as a page to read (docs/marts.md), made of what the database says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from saldo.database import Connection, run

_TITLE = """# The marts

Every relation of schema `mart`: what a row is, what tells rows apart, and what each column means. The same
words are the comments in PostgreSQL, where `\\d+ mart.fct_ledger_row` and most programs show them. How the
figures come about is in [accounting.md](accounting.md), how to add a mart of your own in
[extending.md](extending.md).

This page is made by `make docs` from a migrated warehouse: change the head of a file in `include/sql`, or
`include/sql/columns.csv`, and not the page.

## How they join

A line names the column that leads there, together with `organization_id` where both relations have it. Every
relation with `organization_id` joins `dim_organization` by it, which is left out here."""
_KINDS = {
    "Facts": ("fct_",),
    "Dimensions and bridges": ("dim_", "bridge_"),
    "Statements and lists": ("",),
}


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    data_type: str
    description: str
    is_last_of_key: bool


@dataclass(frozen=True, slots=True)
class _Relation:
    schema: str
    name: str
    description: str
    columns: list[_Column]


def text(connection: Connection) -> str:
    """The whole page: Saldo's relations, and one's own where there are some."""
    rows = run(connection, "control/described_columns").fetchall()
    relations = [
        _Relation(schema, name, description, [_Column(*row[3:]) for row in of_relation])
        for (schema, name, description), of_relation in groupby(rows, key=lambda row: row[:3])
    ]
    parts = [_TITLE]
    dimensions = _dimensions(relations)
    left = relations
    for kind, prefixes in _KINDS.items():
        drawn = [relation for relation in left if relation.name.startswith(prefixes)]
        left = [relation for relation in left if relation not in drawn]
        parts += [f"### {kind}", _diagram(drawn, dimensions)]
    for title, schema in (("## The relations", "mart"), ("## Of your own", "custom")):
        of_schema = [_section(relation) for relation in relations if relation.schema == schema]
        parts += [title, *of_schema] if of_schema else []
    return "\n\n".join(parts) + "\n"


def _dimensions(relations: list[_Relation]) -> dict[str, str]:
    """The dimension that each key leads to: the last column of the dimension's own key."""
    return {
        column.name: relation.name
        for relation in relations
        for column in relation.columns
        if column.is_last_of_key and relation.name.startswith("dim_") and relation.name != "dim_organization"
    }


def _diagram(relations: list[_Relation], dimensions: dict[str, str]) -> str:
    lines = [f"    {line}" for relation in relations for line in _joins(relation, dimensions)]
    return "\n".join(["```mermaid", "erDiagram", *lines, "```"])


def _joins(relation: _Relation, dimensions: dict[str, str]) -> Iterator[str]:
    for column in relation.columns:
        target = dimensions.get(column.name, relation.name)
        if target != relation.name:
            yield f"{relation.name} }}o--|| {target} : {column.name}"


def _section(relation: _Relation) -> str:
    rows = [
        f"| `{column.name}` | {column.data_type} | {_cell(column.description)} |"
        for column in relation.columns
    ]
    lines = [f"### {relation.name}", "", relation.description, "", "| column | type | |", "|---|---|---|"]
    return "\n".join([*lines, *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
