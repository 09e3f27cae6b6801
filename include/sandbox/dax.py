"""A semantic model that answers: read from TMDL, filled with rows, asked in DAX.

There is no engine for DAX outside Power BI. This is one for the part of the language that the models here
use, exact to the öre; what it does not understand it says, and never guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from sandbox import dax_functions  # noqa: F401 (importing it registers the functions)
from sandbox.dax_evaluating import Context, Evaluator, Filter, Reference, Relation, Table
from sandbox.dax_reading import DaxError, Expression, parse
from sandbox.dax_values import Value

__all__ = ["DaxError", "Model"]

# a fixed decimal number of Power BI has four digits after the point
_FIXED = Decimal("0.0001")
_QUERY = re.compile(r"\s*EVALUATE\b(.*)", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"(.+)\[(.+)\]")


@dataclass
class _Object:
    """An object of TMDL: a table, a column, a measure, with its expression, properties and parts."""

    kind: str
    name: str
    expression: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    parts: list[_Object] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[_Object]:
        return [part for part in self.parts if part.kind == kind]

    def says(self, name: str) -> str:
        if name not in self.properties:
            raise DaxError(f"The {self.kind} {self.name} lacks {name}")
        return self.properties[name]

    def dax(self) -> Expression:
        try:
            return parse(self.expression)
        except DaxError as error:
            raise DaxError(f"The {self.kind} {self.name}: {error}") from error


class Model:
    """A semantic model. `load` gives it rows; then `query` and `value` answer."""

    def __init__(self, tables: Iterable[_Object], relationships: Iterable[_Object]) -> None:
        self._tables = {table.name: table for table in tables}
        self._relationships = [
            (*_two_names(each.says("fromColumn")), *_two_names(each.says("toColumn")))
            for each in relationships
        ]
        for many, _, one, _ in self._relationships:
            if missing := {many, one} - self._tables.keys():
                raise DaxError(
                    f"A relationship names a table that is not there: {', '.join(sorted(missing))}"
                )
        self._evaluator: Evaluator | None = None

    @classmethod
    def read(cls, files: Mapping[str, str]) -> Model:
        """A model from its definition: the texts of its .tmdl files by their paths.

        Raises:
            DaxError: a table or a relationship lacks what it needs.
        """
        found = [part for path, text in files.items() if path.endswith(".tmdl") for part in _read(text)]
        tables = [each for each in found if each.kind == "table"]
        return cls(tables, [each for each in found if each.kind == "relationship"])

    def measures(self, *, hidden: bool = False) -> list[str]:
        """The names of the measures that a reader sees, or of those hidden from one."""
        return [
            measure.name
            for table in self._tables.values()
            for measure in table.of_kind("measure")
            if ("isHidden" in measure.properties) is hidden
        ]

    def load(self, rows: Mapping[str, Iterable[Mapping[str, Value]]]) -> None:
        """Takes the rows of each table, by the model's names of tables and columns, and computes the rest.

        Raises:
            DaxError: a relationship's one side has a key twice, or a computed column cannot be evaluated.
        """
        self._evaluator = None
        tables = {
            name: Table(name, self._columns(table, list(rows.get(name, ()))), _date_column(table))
            for name, table in self._tables.items()
        }
        for many, column, one, key in self._relationships:
            tables[many].relations.append(Relation(tables[many], column, tables[one], key))
        measures = {
            measure.name: measure.dax()
            for table in self._tables.values()
            for measure in table.of_kind("measure")
        }
        items = self._items()
        for name, table in self._tables.items():
            for column in table.of_kind("column"):
                if column.expression:
                    # one of its own each: what an evaluator keeps knows nothing of columns that come later
                    _compute(Evaluator(tables, measures, items), tables[name], column)
        self._evaluator = Evaluator(tables, measures, items)

    def query(self, text: str) -> list[dict[str, Value]]:
        """The rows of `EVALUATE <table>`, by their columns as Power BI names them: `[a]`, `Table[Column]`.

        Raises:
            DaxError: the query is not understood here or cannot be evaluated.
        """
        match = _QUERY.fullmatch(text)
        if match is None:
            raise DaxError("A query begins with EVALUATE")
        found = self._loaded().rows(parse(match[1]), Context())
        names = [f"{table}[{name}]" for table, name in found.columns]
        return [dict(zip(names, row, strict=True)) for row in found.rows]

    def value(self, measure: str, filters: Mapping[str, Sequence[Value]] | None = None) -> Value:
        """A measure where columns have some values: `{"Period[Periodnyckel]": [7], ...}`.

        Raises:
            DaxError: there is no such measure or column, or it cannot be evaluated.
        """
        told = []
        for name, values in (filters or {}).items():
            match = _COLUMN.fullmatch(name)
            if match is None:
                raise DaxError(f"{name!r} is no column, as in Table[Column]")
            told.append(Filter(match[1], (match[2],), frozenset((value,) for value in values)))
        for each in told:
            self._loaded().table(each.table).column(each.columns[0])
        return self._loaded().measure(measure, frozenset(told))

    def _loaded(self) -> Evaluator:
        if self._evaluator is None:
            raise DaxError("The model has no rows yet: load it first")
        return self._evaluator

    def _columns(self, table: _Object, rows: list[Mapping[str, Value]]) -> dict[str, list[Value]]:
        if table.of_kind("calculationGroup"):
            items = [each.name for each in table.parts[0].of_kind("calculationItem")]
            columns = {part.says("sourceColumn"): part.name for part in table.of_kind("column")}
            return {columns["Name"]: items, columns["Ordinal"]: list(range(len(items)))}
        return {
            column.name: [_imported(row.get(column.name), column.says("dataType")) for row in rows]
            for column in table.of_kind("column")
            if not column.expression
        }

    def _items(self) -> dict[Reference, dict[str, Expression]]:
        """The items of each calculation group by its column, the group of highest precedence first."""
        groups = [
            (int(group.properties.get("precedence", 0)), table, group)
            for table in self._tables.values()
            for group in table.of_kind("calculationGroup")
        ]
        return {
            (table.name, column.name): {item.name: item.dax() for item in group.of_kind("calculationItem")}
            for _, table, group in sorted(groups, key=lambda each: -each[0])
            for column in table.of_kind("column")
            if column.says("sourceColumn") == "Name"
        }


def _compute(evaluator: Evaluator, table: Table, column: _Object) -> None:
    expression = column.dax()
    told = evaluator.taken([(table.name, own) for own in table.columns], table.name, range(table.count))
    values = [evaluator.value(expression, Context(rows=(row,))) for row in told.each()]
    table.columns[column.name] = values + [None] * (table.size - table.count)


def _imported(value: Value, data_type: str) -> Value:
    if value is None or data_type != "decimal":
        return value
    return Decimal(value).quantize(_FIXED, rounding=ROUND_HALF_EVEN)


def _date_column(table: _Object) -> str:
    """The day of a table that is marked as the calendar."""
    if table.properties.get("dataCategory") != "Time":
        return ""
    return next(column.name for column in table.of_kind("column") if "isKey" in column.properties)


def _read(text: str) -> list[_Object]:
    """The objects of a file: one tab a level, an expression of several lines two levels in."""
    root = _Object("file", "")
    # the objects that are open, by the level of their parts
    opened = [root]
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        level = len(line) - len(line.lstrip("\t"))
        told = line.strip()
        if not told or told.startswith("///"):
            continue
        del opened[level + 1 :]
        expression, place = _expression(lines, place, level) if told.endswith("=") else ("", place)
        owner = opened[-1]
        if match := _PROPERTY.fullmatch(told):
            owner.properties[match[1]] = match[2] or ""
        elif match := _HEADER.fullmatch(told):
            name = (match[2] or match[3] or "").replace("''", "'")
            made = _Object(match[1] or "calculationGroup", name, expression or (match[4] or "").strip())
            owner.parts.append(made)
            opened.append(made)
        elif told == "source =":
            owner.expression = expression
    return root.parts


_HEADER = re.compile(r"(\w+)(?: (?:'((?:[^']|'')+)'|([\w-]+)))(?: =(.*))?|calculationGroup")
_PROPERTY = re.compile(r"(?!calculationGroup$)(\w+)(?:: (.*))?")


def _expression(lines: Sequence[str], place: int, level: int) -> tuple[str, int]:
    """The lines of an expression that begins at `place`, and where the next line is."""
    found = []
    while place < len(lines) and (not lines[place].strip() or lines[place].startswith("\t" * (level + 2))):
        found.append(lines[place][level + 2 :])
        place += 1
    return "\n".join(found).strip(), place


def _two_names(text: str) -> tuple[str, str]:
    """`Table.Column` with either in quotes where it needs them."""
    match = re.fullmatch(r"(?:'((?:[^']|'')+)'|(\w+))\.(?:'((?:[^']|'')+)'|(\w+))", text)
    if match is None:
        raise DaxError(f"{text!r} names no column of a relationship")
    return (match[1] or match[2]).replace("''", "'"), (match[3] or match[4]).replace("''", "'")
