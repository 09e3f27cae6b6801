"""As much of TMDL as a refresh needs: parameters, data sources, import tables with their columns, roles.

Read line by line, in the layout that Microsoft's tools write: one tab for each level.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

EXPRESSIONS = "definition/expressions.tmdl"
_NAME = r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[^\s=:]+))"
_TABLE = re.compile(rf"table {_NAME}$")
_COLUMN = re.compile(rf"\tcolumn {_NAME}$")
_PROPERTY = re.compile(r"\t\t(?P<name>dataType|sourceColumn): (?P<value>.+)$")
_PARTITION = re.compile(rf"\tpartition {_NAME} = m$")
_EXPRESSION = re.compile(
    rf'^expression {_NAME} = (?P<value>"(?:[^"]|"")*"|\S+) meta \[(?P<meta>.*)\]', re.MULTILINE
)
_SOURCE = re.compile(r'PostgreSQL\.Database\(\s*("[^"]*"|\w+)\s*,\s*("[^"]*"|\w+)')
_NAVIGATION = re.compile(r'\[\s*Schema\s*=\s*("[^"]*"|\w+)\s*,\s*Item\s*=\s*"([^"]+)"')
_OWN = re.compile(r'\[organization_id\]\s*=\s*(?:[\w.]+\(\s*)?(\w+|"[^"]*")')


class TmdlError(Exception):
    """A file that is not the TMDL it should be."""


@dataclass(frozen=True)
class Parameter:
    """An M parameter with the value that it was published with."""

    name: str
    value: str
    type: str
    is_required: bool


@dataclass(frozen=True)
class Source:
    """A PostgreSQL that a model reads, by the literal words of its parameters."""

    server: str
    database: str

    @property
    def path(self) -> str:
        """What a connection must be called to be this source's."""
        return f"{self.server};{self.database}"


@dataclass(frozen=True)
class Partition:
    """A partition that imports a relation; ``organization`` is None where it takes every row."""

    source: Source
    schema: str
    relation: str
    organization: str | None


@dataclass
class Table:
    """A table of the model; its columns are those that are read, by name: source column and type."""

    name: str
    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    partitions: list[Partition] = field(default_factory=list)


@dataclass(frozen=True)
class Model:
    """What a definition says."""

    parameters: list[Parameter]
    tables: dict[str, Table]
    roles: list[str]
    files: Mapping[str, str]
    """The definition itself, for what computes its measures."""

    @property
    def sources(self) -> list[Source]:
        """The data sources, each once."""
        partitions = (partition for table in self.tables.values() for partition in table.partitions)
        return list(dict.fromkeys(partition.source for partition in partitions))

    def lost_in(self, newer: Model) -> list[str]:
        """Tables and columns that a newer definition leaves out or gives another type."""
        lost = []
        for table in self.tables.values():
            kept = newer.tables.get(table.name)
            if kept is None or any(
                name not in kept.columns or kept.columns[name][1] != data_type
                for name, (_, data_type) in table.columns.items()
            ):
                lost.append(table.name)
        return lost


def read_model(files: Mapping[str, str]) -> Model:
    """The model of a definition's files by their paths.

    Raises:
        TmdlError: a table's file does not begin with a table.
    """
    parameters = [_parameter(found) for found in _EXPRESSION.finditer(files.get(EXPRESSIONS, ""))]
    values = {parameter.name: parameter.value for parameter in parameters}
    tables = [
        _table(path, text, values) for path, text in files.items() if path.startswith("definition/tables/")
    ]
    roles = [path.rpartition("/")[2] for path in files if path.startswith("definition/roles/")]
    return Model(parameters, {table.name: table for table in tables}, roles, files)


def _name(found: re.Match[str]) -> str:
    return (found["quoted"] or "").replace("''", "'") or found["plain"]


def _parameter(found: re.Match[str]) -> Parameter:
    kind = re.search(r'Type\s*=\s*"(\w+)"', found["meta"])
    required = re.search(r"IsParameterQueryRequired\s*=\s*true", found["meta"])
    return Parameter(_name(found), _text(found["value"]), kind[1] if kind else "Any", bool(required))


def _text(literal: str) -> str:
    return literal[1:-1].replace('""', '"') if literal.startswith('"') else literal


def _table(path: str, text: str, values: Mapping[str, str]) -> Table:
    table: Table | None = None
    properties: dict[str, str] = {}
    column = ""
    expression: list[str] | None = None
    expressions: list[list[str]] = []
    for line in text.splitlines():
        if found := _TABLE.match(line):
            table = Table(_name(found))
        elif re.match(r"\t?[^\t]", line):
            column, properties, expression = "", {}, None
            if found := _COLUMN.match(line):
                column = _name(found)
            elif _PARTITION.match(line):
                expression = []
                expressions.append(expression)
        elif expression is not None:
            expression.append(line)
        elif column and table and (found := _PROPERTY.match(line)):
            properties[found["name"]] = found["value"].strip().strip("\"'")
            if "sourceColumn" in properties:
                table.columns[column] = (properties["sourceColumn"], properties.get("dataType", ""))
    if table is None:
        raise TmdlError(f"{path} holds no table")
    table.partitions = [
        partition for lines in expressions if (partition := _partition("\n".join(lines), values))
    ]
    return table


def _partition(expression: str, values: Mapping[str, str]) -> Partition | None:
    source, navigation = _SOURCE.search(expression), _NAVIGATION.search(expression)
    if source is None or navigation is None:
        return None

    def said(word: str) -> str:
        return _text(word) if word.startswith('"') else values.get(word, word)

    own = _OWN.search(expression)
    return Partition(
        Source(said(source[1]), said(source[2])),
        said(navigation[1]),
        navigation[2],
        said(own[1]) if own else None,
    )
