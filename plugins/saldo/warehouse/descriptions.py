"""What the relations and their columns are, in words: read from the files, written to the database.

A relation is described by the head of its file, its columns by `columns.csv`: the relation `*` says what a
column is wherever it occurs, a named relation what it is there. One's own SQL may have a `columns.csv` beside
it, which comes before Saldo's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from psycopg import sql as composed

from saldo import settings, sql
from saldo.database import Connection, run

EVERYWHERE = "*"
DICTIONARY = "columns.csv"
_HEADER = ["relation", "column_name", "description_en"]
Dictionary = dict[tuple[str, str], str]


def dictionary(path: Path) -> Dictionary:
    """What a file of descriptions says of (relation, column); nothing where there is no such file.

    Raises:
        ValueError: it has other columns, or describes one twice or not at all.
    """
    if not path.exists():
        return {}
    found: Dictionary = {}
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        if next(reader, None) != _HEADER:
            raise ValueError(f"{path} should begin with the line {','.join(_HEADER)}")
        for row in reader:
            if len(row) != len(_HEADER) or not all(row) or (row[0], row[1]) in found:
                raise ValueError(
                    f"{path}, line {reader.line_num}: {', '.join(row)}: each line is a relation (or *), a "
                    "column and its description, and describes what no line before it does"
                )
            found[row[0], row[1]] = row[2]
    return found


def of_relation(file: sql.SqlFile) -> str:
    """One text of the file's head: why the relation is there, what a row is, what tells rows apart."""
    why = file.head.get("why", "")
    texts = [
        why[:1].upper() + why[1:],
        f"One row: {file.head['grain']}" if "grain" in file.head else "",
        f"Key: {file.head['key']}" if "key" in file.head else "",
    ]
    return " ".join(f"{text}." for text in texts if text)


def of_column(relation: str, column: str, *dictionaries: Dictionary) -> str:
    """What the first dictionary that knows the column says of it; an empty text where none does."""
    names = ((relation, column), (EVERYWHERE, column))
    return next((known[name] for known in dictionaries for name in names if name in known), "")


def comment(connection: Connection, files: Iterable[sql.SqlFile]) -> None:
    """Writes what is said of the files' relations and columns to the database, and takes away what is not."""
    saldos = dictionary(settings.include_dir() / "sql" / DICTIONARY)
    own = dictionary(settings.custom_dir() / DICTIONARY)
    columns: dict[str, list[str]] = {}
    for relation, column in run(connection, "control/relation_columns").fetchall():
        columns.setdefault(relation, []).append(column)
    statements: list[composed.Composed] = []
    for file in files:
        known = (own, saldos) if file.folder == "custom" else (saldos,)
        name = composed.Identifier(file.schema, file.name)
        kind = composed.SQL("view" if file.folder in ("staging", "explanations") else "table")
        statements.append(
            composed.SQL("comment on {} {} is {}").format(kind, name, composed.Literal(of_relation(file)))
        )
        statements += [
            composed.SQL("comment on column {}.{} is {}").format(
                name,
                composed.Identifier(column),
                composed.Literal(of_column(file.name, column, *known) or None),
            )
            for column in columns[file.relation]
        ]
    connection.execute(composed.SQL("; ").join(statements))
