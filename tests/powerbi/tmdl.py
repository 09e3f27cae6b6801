"""A strict reader of the TMDL that Saldo writes: what it does not know it refuses.

Microsoft's own reader says nothing of a table without a ref, without a partition, or named twice by it; Power
BI Desktop and the service do. This one is held against Microsoft's where that is there (test_project.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_NAME = r"(?:'(?:[^']|'')+'|[\w-]+)"
_OBJECT = re.compile(rf"^(?P<kind>(?:ref )?[a-zA-Z]+) (?P<name>{_NAME})(?: =(?: (?P<value>.+))?)?$")
_PROPERTY = re.compile(r"^(?P<name>[a-zA-Z]+): (?P<value>.+)$")
_EXPRESSION = re.compile(r"^(?P<name>[a-zA-Z]+) =(?: (?P<value>.+))?$")
_COLUMN = re.compile(rf"^({_NAME})\.({_NAME})$")
_CALCULATION_GROUP = "calculationGroup"

# kind -> what may stand in it: objects, properties, expressions, flags
_GRAMMAR: dict[str, tuple[set[str], set[str], set[str], set[str]]] = {
    "": (
        {
            "database",
            "model",
            "table",
            "relationship",
            "expression",
            "cultureInfo",
            "annotation",
            "ref table",
            "ref cultureInfo",
        },
        set(),
        set(),
        set(),
    ),
    "database": (set(), {"compatibilityLevel"}, set(), set()),
    "model": (
        {"dataAccessOptions"},
        {"culture", "defaultPowerBIDataSourceVersion", "sourceQueryCulture"},
        set(),
        {"discourageImplicitMeasures"},
    ),
    "dataAccessOptions": (set(), set(), set(), {"legacyRedirects", "returnErrorValuesAsNull"}),
    "table": (
        {"measure", "column", "partition", _CALCULATION_GROUP},
        {"dataCategory"},
        set(),
        {"isHidden"},
    ),
    "measure": (set(), {"formatString", "displayFolder"}, {"formatStringDefinition"}, {"isHidden"}),
    "column": (
        set(),
        {"dataType", "formatString", "summarizeBy", "sourceColumn", "sortByColumn", "isAvailableInMdx"},
        set(),
        {"isHidden", "isKey"},
    ),
    "partition": (set(), {"mode"}, {"source"}, set()),
    _CALCULATION_GROUP: ({"calculationItem"}, {"precedence"}, set(), set()),
    "calculationItem": (set(), {"ordinal"}, {"formatStringDefinition"}, set()),
    "relationship": (
        set(),
        {"fromColumn", "toColumn", "fromCardinality", "toCardinality", "crossFilteringBehavior"},
        set(),
        set(),
    ),
    "expression": ({"annotation"}, set(), set(), set()),
    "cultureInfo": ({"translations"}, set(), set(), set()),
    "translations": ({"model in culture"}, set(), set(), set()),
    "model in culture": ({"table in culture"}, set(), set(), set()),
    "table in culture": ({"column in culture", "measure in culture"}, {"caption"}, set(), set()),
    "column in culture": (set(), {"caption"}, set(), set()),
    "measure in culture": (set(), {"caption", "displayFolder"}, set(), set()),
    "ref table": (set(), set(), set(), set()),
    "ref cultureInfo": (set(), set(), set(), set()),
    "annotation": (set(), set(), set(), set()),
}
_NAMELESS = {"database", "dataAccessOptions", _CALCULATION_GROUP, "translations"}
_DESCRIBED = {"table", "measure", "column"}


class TmdlError(ValueError):
    """What is written is not the TMDL that Saldo writes; the sentence says where."""


@dataclass
class Node:
    """An object as it is written, with what stands in it."""

    kind: str
    name: str
    where: str
    description: str = ""
    expression: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    children: list[Node] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Node]:
        """Its objects of a kind, by names that stand once."""
        found = [child for child in self.children if child.kind == kind]
        names = [child.name.lower() for child in found]
        if twice := {name for name in names if names.count(name) > 1}:
            raise TmdlError(f"{self.where}: {kind} {', '.join(sorted(twice))} stands more than once")
        return found


@dataclass
class Column:
    """A column, of the source or calculated."""

    table: str
    name: str
    description: str
    dax: str
    properties: dict[str, str]
    flags: set[str]

    @property
    def is_hidden(self) -> bool:
        return "isHidden" in self.flags

    @property
    def sort_by(self) -> str:
        return unquoted(self.properties.get("sortByColumn", ""))


@dataclass
class Measure:
    """A measure; a calculation item is one too, without a folder."""

    table: str
    name: str
    description: str
    dax: str
    properties: dict[str, str]
    is_hidden: bool


@dataclass
class Table:
    """A table with its one partition."""

    name: str
    description: str
    is_hidden: bool
    is_date: bool
    columns: dict[str, Column]
    measures: dict[str, Measure]
    items: dict[str, Measure]
    partition: str
    partition_kind: str
    source: str


@dataclass
class Relationship:
    """Many rows of one table to one of another."""

    many: tuple[str, str]
    one: tuple[str, str]
    properties: dict[str, str]


@dataclass
class Model:
    """A semantic model as it was read."""

    tables: dict[str, Table]
    relationships: dict[str, Relationship]
    expressions: dict[str, str]
    captions: dict[tuple[str, ...], str]
    folders: dict[tuple[str, ...], str]

    @property
    def columns(self) -> dict[tuple[str, str], Column]:
        return {
            (table.name, name): column
            for table in self.tables.values()
            for name, column in table.columns.items()
        }

    @property
    def measures(self) -> dict[str, Measure]:
        return {name: measure for table in self.tables.values() for name, measure in table.measures.items()}

    def expressions_in_dax(self) -> Iterator[tuple[str, str, str]]:
        """Where it stands, the table it is of (for a calculated column), and the DAX."""
        for table in self.tables.values():
            for measure in (*table.measures.values(), *table.items.values()):
                yield f"{table.name}[{measure.name}]", "", measure.dax
                if shown := measure.properties.get("formatStringDefinition"):
                    yield f"{table.name}[{measure.name}], format", "", shown
            for column in table.columns.values():
                if column.dax:
                    yield f"{table.name}[{column.name}]", table.name, column.dax
            if table.partition_kind == "calculated":
                yield table.name, "", table.source


def read_folder(definition: Path) -> Model:
    """The model in a folder `definition`."""
    return read({
        str(path.relative_to(definition)): path.read_text(encoding="utf-8")
        for path in sorted(definition.rglob("*.tmdl"))
    })  # fmt: skip


def read(files: dict[str, str]) -> Model:
    """The model in files, by their paths below `definition`.

    Raises:
        TmdlError: something is not written as Saldo writes it.
    """
    root = Node("", "", "definition")
    for path, text in files.items():
        written = _Lines(path, text).objects("", 0)
        root.children += written
        if path.startswith("tables/") and [f"tables/{each.name}.tmdl" for each in written] != [path]:
            raise TmdlError(f"{path}: a file of tables is one table's, and bears its name")
    if [len(root.of_kind(kind)) for kind in ("database", "model")] != [1, 1]:
        raise TmdlError("definition: there is one database and one model")
    tables = {node.name: _table(node) for node in root.of_kind("table")}
    _refs(root, tables)
    measures = [name.lower() for table in tables.values() for name in table.measures]
    if len(set(measures)) != len(measures):
        raise TmdlError("definition: a measure's name stands more than once in the model")
    relationships = {node.name: _relationship(node) for node in root.of_kind("relationship")}
    for name, relationship in relationships.items():
        for table, column in (relationship.many, relationship.one):
            if column not in getattr(tables.get(table), "columns", ()):
                raise TmdlError(f"relationship {name}: there is no {table}[{column}]")
    captions, folders = _captions(root, tables)
    expressions = {node.name: node.expression for node in root.of_kind("expression")}
    return Model(tables, relationships, expressions, captions, folders)


def unquoted(name: str) -> str:
    """A name without the quotes that TMDL puts around it."""
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


class _Lines:
    """The lines of a file, read once from top to bottom."""

    def __init__(self, path: str, text: str) -> None:
        self._path, self._lines, self._at = path, text.split("\n"), 0
        if self._lines[-1] or "\r" in text:
            raise TmdlError(f"{path}: lines end with a line feed, the last one too")

    def objects(self, within: str, level: int) -> list[Node]:
        """The objects of a level, and of those below them."""
        holder = Node(within, "", self._path)
        self._fill(holder, level)
        return holder.children

    def _fill(self, holder: Node, level: int) -> None:
        objects, properties, expressions, flags = _GRAMMAR[holder.kind]
        description = ""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            text = line.lstrip("\t")
            depth = len(line) - len(text)
            if not text:
                self._at += 1
                continue
            if depth < level:
                break
            where = f"{self._path}, line {self._at + 1}"
            if depth > level or text != text.strip():
                raise TmdlError(f"{where}: it is indented by {depth} tabs, not {level}, or by blanks")
            self._at += 1
            if text.startswith("/// "):
                description = text[4:]
                continue
            if text in flags:
                _once(holder.flags, text, where)
                holder.flags.add(text)
            elif (found := _PROPERTY.match(text)) and found["name"] in properties:
                _once(holder.properties, found["name"], where)
                holder.properties[found["name"]] = found["value"]
            elif (found := _EXPRESSION.match(text)) and found["name"] in expressions:
                _once(holder.properties, found["name"], where)
                holder.properties[found["name"]] = found["value"] or self._expression(level, where)
            else:
                holder.children.append(self._object(text, objects, level, where, description))
                description = ""
            if description:
                raise TmdlError(f"{where}: a description stands before an object")
        if description:
            raise TmdlError(f"{self._path}: a description stands before an object")

    def _object(self, text: str, objects: set[str], level: int, where: str, description: str) -> Node:
        found = _OBJECT.match(text)
        word = found["kind"] if found else text
        kind = word if word in objects else f"{word} in culture"
        if kind not in objects or (found is None) != (kind in _NAMELESS):
            raise TmdlError(f"{where}: {text} cannot stand here")
        if description and kind not in _DESCRIBED:
            raise TmdlError(f"{where}: {kind} has no description")
        node = Node(kind, unquoted(found["name"]) if found else "", where, description)
        if found and text.endswith(" ="):
            node.expression = self._expression(level, where)
        elif found:
            node.expression = found["value"] or ""
        self._fill(node, level + 1)
        return node

    def _expression(self, level: int, where: str) -> str:
        """The lines two levels in."""
        deep = "\t" * (level + 2)
        lines: list[str] = []
        while self._at < len(self._lines) and (
            self._lines[self._at].startswith(deep) or not self._lines[self._at]
        ):
            lines.append(self._lines[self._at].removeprefix(deep))
            self._at += 1
        text = "\n".join(lines).strip("\n")
        if not text:
            raise TmdlError(f"{where}: an expression is missing, or is not two levels in")
        return text


def _once(there: Iterable[str], name: str, where: str) -> None:
    if name in there:
        raise TmdlError(f"{where}: {name} stands twice")


def _table(node: Node) -> Table:
    partitions = node.of_kind("partition")
    if len(partitions) != 1:
        raise TmdlError(f"{node.where}: a table has one partition")
    groups = node.of_kind(_CALCULATION_GROUP)
    table = Table(
        name=node.name,
        description=node.description,
        is_hidden="isHidden" in node.flags,
        is_date=node.properties.get("dataCategory") == "Time",
        columns={each.name: _column(node.name, each) for each in node.of_kind("column")},
        measures={each.name: _measure(node.name, each) for each in node.of_kind("measure")},
        items={
            each.name: _measure(node.name, each)
            for group in groups
            for each in group.of_kind("calculationItem")
        },
        partition=partitions[0].name,
        partition_kind=partitions[0].expression,
        source=partitions[0].properties.get("source", ""),
    )
    if shared := {name.lower() for name in table.columns} & {name.lower() for name in table.measures}:
        raise TmdlError(f"{node.where}: {', '.join(shared)} is a column and a measure")
    for column in table.columns.values():
        if column.sort_by and column.sort_by not in table.columns:
            raise TmdlError(f"{node.where}: {column.name} is sorted by {column.sort_by}, which is no column")
    if table.partition_kind not in ("m", "calculated", _CALCULATION_GROUP) or bool(table.source) != (
        table.partition_kind != _CALCULATION_GROUP
    ):
        raise TmdlError(f"{node.where}: a partition is m or calculated with a source, or calculationGroup")
    return table


def _column(table: str, node: Node) -> Column:
    if not {"dataType", "summarizeBy"} <= node.properties.keys():
        raise TmdlError(f"{node.where}: column {node.name} says its dataType and summarizeBy")
    if bool(node.expression) == ("sourceColumn" in node.properties):
        raise TmdlError(f"{node.where}: column {node.name} comes of the source or is calculated")
    return Column(table, node.name, node.description, node.expression, node.properties, node.flags)


def _measure(table: str, node: Node) -> Measure:
    if not node.expression:
        raise TmdlError(f"{node.where}: {node.kind} {node.name} has no expression")
    hidden = "isHidden" in node.flags
    return Measure(table, node.name, node.description, node.expression, node.properties, hidden)


def _relationship(node: Node) -> Relationship:
    ends = []
    for end in ("fromColumn", "toColumn"):
        found = _COLUMN.match(node.properties.get(end, ""))
        if not found:
            raise TmdlError(f"{node.where}: {end} is Table.Column")
        ends.append((unquoted(found[1]), unquoted(found[2])))
    return Relationship(ends[0], ends[1], node.properties)


def _refs(root: Node, tables: dict[str, Table]) -> None:
    refs = [child.name for child in root.children if child.kind == "ref table"]
    if sorted(refs) != sorted(tables):
        odd = sorted(set(refs) ^ set(tables)) or sorted({name for name in refs if refs.count(name) > 1})
        raise TmdlError(f"model.tmdl: ref table and the tables differ: {', '.join(odd)}")
    cultures = [child.name for child in root.children if child.kind == "ref cultureInfo"]
    if sorted(cultures) != sorted(node.name for node in root.of_kind("cultureInfo")):
        raise TmdlError("model.tmdl: ref cultureInfo and the cultures differ")


def _captions(
    root: Node, tables: dict[str, Table]
) -> tuple[dict[tuple[str, ...], str], dict[tuple[str, ...], str]]:
    captions: dict[tuple[str, ...], str] = {}
    folders: dict[tuple[str, ...], str] = {}
    for culture in root.of_kind("cultureInfo"):
        (translations,) = culture.of_kind("translations")
        (model,) = translations.of_kind("model in culture")
        for of_table in model.of_kind("table in culture"):
            table = tables.get(of_table.name)
            captions[(of_table.name,)] = of_table.properties.get("caption", "")
            for node in (*of_table.of_kind("column in culture"), *of_table.of_kind("measure in culture")):
                there = table and (table.columns if node.kind.startswith("column") else table.measures)
                if not there or node.name not in there:
                    raise TmdlError(f"{node.where}: there is no {of_table.name}[{node.name}] to translate")
                captions[of_table.name, node.name] = node.properties.get("caption", "")
                if "displayFolder" in node.properties:
                    folders[of_table.name, node.name] = node.properties["displayFolder"]
    return captions, folders
