"""Writes the semantic model as TMDL: the files of Saldo.SemanticModel, but for the organization's parameters.

TMDL as Microsoft's Tabular Object Model reads it ("Tabular Model Definition Language (TMDL)"): one tab a
level, descriptions as ///, an expression of several lines two levels in.
"""

from __future__ import annotations

import json
import re

from saldo.powerbi.project.pbir import as_text, platform
from saldo.powerbi.project.source import (
    DATE_TABLE,
    FORMATS,
    MEASURES_TABLE,
    Calculated,
    Column,
    Measure,
    Model,
    Relationship,
    Table,
    TimeGroup,
)

PARAMETERS = ("PgServer", "PgDatabase", "OrganizationId")
# What an organization's own value takes the place of (render.py).
PLACEHOLDERS = {"PgServer": "localhost:5432", "PgDatabase": "saldo", "OrganizationId": "0"}
CULTURE, TRANSLATION = "sv-SE", "en-US"

_DATA_TYPES = {
    "int": "int64",
    "text": "string",
    "date": "dateTime",
    "time": "dateTime",
    "bool": "boolean",
    "money": "decimal",
}
_COLUMN_FORMATS = {"int": "0", "date": "yyyy-MM-dd", "time": "yyyy-MM-dd HH:mm", "money": "#,0.00"}
_PLAIN_NAME = re.compile(r"^\w+$")


def files(model: Model) -> dict[str, str]:
    """The definition's files by their paths below Saldo.SemanticModel."""
    written = {
        ".platform": as_text(platform("SemanticModel")),
        "definition.pbism": _pbism(),
        "definition/database.tmdl": "database\n\tcompatibilityLevel: 1606\n",
        "definition/model.tmdl": _model(model),
        "definition/expressions.tmdl": expressions(PLACEHOLDERS),
        "definition/relationships.tmdl": "\n".join(map(_relationship, model.relationships)),
        f"definition/cultures/{TRANSLATION}.tmdl": _culture(model),
        f"definition/tables/{MEASURES_TABLE[0]}.tmdl": _measures(model.measures),
        f"definition/tables/{model.time.name}.tmdl": _time(model.time),
    }
    for table in model.tables:
        written[f"definition/tables/{table.name}.tmdl"] = _table(model, table)
    return written


def expressions(values: dict[str, str]) -> str:
    """The M parameters with their values, each a text.

    Raises:
        ValueError: a value holds what M would not read as plain text.
    """
    return "\n".join(_parameter(name, values[name]) for name in PARAMETERS)


def _parameter(name: str, value: str) -> str:
    if "#(" in value or "\n" in value:
        raise ValueError(f"The Power BI parameter {name} cannot be {value!r}: leave out #( and line breaks")
    quoted = value.replace('"', '""')
    return (
        f'expression {name} = "{quoted}" '
        'meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]\n\n'
        "\tannotation PBI_ResultType = Text\n"
    )


def _pbism() -> str:
    schema = (
        "https://developer.microsoft.com/json-schemas/fabric/item/semanticModel/definitionProperties/1.0.0"
    )
    content = {"$schema": f"{schema}/schema.json", "version": "4.2", "settings": {"qnaEnabled": False}}
    return as_text(content)


def _model(model: Model) -> str:
    tables = [MEASURES_TABLE[0], *(table.name for table in model.tables), model.time.name]
    return "\n".join(
        [
            "model Model",
            f"\tculture: {CULTURE}",
            "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
            "\tdiscourageImplicitMeasures",
            f"\tsourceQueryCulture: {CULTURE}",
            "\tdataAccessOptions",
            "\t\tlegacyRedirects",
            "\t\treturnErrorValuesAsNull",
            "",
            "annotation __PBI_TimeIntelligenceEnabled = 0",
            "",
            f"annotation PBI_QueryOrder = {json.dumps(PARAMETERS)}",
            "",
            *(f"ref table {_name(table)}" for table in tables),
            "",
            f"ref cultureInfo {TRANSLATION}",
            "",
        ]
    )


def _table(model: Model, table: Table) -> str:
    sorted_by = {column.sort_by for column in table.columns}
    sorted_by |= {column.sort_by for column in table.calculated}
    marks = ["\tdataCategory: Time"] if table.name == DATE_TABLE else []
    marks += ["\tisHidden"] if table.is_hidden else []
    used = {relationship.column for relationship in model.relationships if relationship.one == table.name}
    blocks = [
        *(_column(table, column, is_browsed=column.name in sorted_by | used) for column in table.columns),
        *map(_calculated, table.calculated),
        _partition(table),
    ]
    return "\n".join(
        [f"/// {table.description}", f"table {_name(table.name)}", *marks, "", "\n".join(blocks)]
    )


def _column(table: Table, column: Column, *, is_browsed: bool) -> str:
    is_date = table.name == DATE_TABLE and column.type == "date"
    lines = _described(column.description, f"\tcolumn {_name(column.name)}")
    lines.append(f"\t\tdataType: {_DATA_TYPES[column.type]}")
    if column.is_hidden:
        lines.append("\t\tisHidden")
    # the key of a marked date table is the day itself; facts point at the number beside it
    if is_date or (column.is_key and table.name != DATE_TABLE):
        lines.append("\t\tisKey")
    # what nobody browses needs no hierarchy of its own
    if column.is_hidden and not is_browsed:
        lines.append("\t\tisAvailableInMdx: false")
    if shown := _COLUMN_FORMATS.get(column.type):
        lines.append(f"\t\tformatString: {shown}")
    lines.append("\t\tsummarizeBy: none")
    lines.append(f"\t\tsourceColumn: {column.source}")
    if column.sort_by:
        lines.append(f"\t\tsortByColumn: {_name(column.sort_by)}")
    return "\n".join([*lines, ""])


def _calculated(column: Calculated) -> str:
    lines = _described(column.description, f"\tcolumn {_name(column.name)} =")
    lines += [_deep(column.dax, 3), "\t\tdataType: string", "\t\tsummarizeBy: none"]
    if column.sort_by:
        lines.append(f"\t\tsortByColumn: {_name(column.sort_by)}")
    return "\n".join([*lines, ""])


def _partition(table: Table) -> str:
    columns = ", ".join(f'"{column.source}"' for column in table.columns)
    view = f'Source{{[Schema = "mart", Item = "{table.relation}"]}}[Data]'
    steps = [
        "Source = PostgreSQL.Database(PgServer, PgDatabase, [CreateNavigationProperties = false])",
        f"View = {view}",
    ]
    if table.is_reference:
        rows = "View"
    else:
        rows = "Own"
        steps.append("Own = Table.SelectRows(View, each [organization_id] = Number.From(OrganizationId))")
    steps.append(f"Columns = Table.SelectColumns({rows}, {{{columns}}})")
    return "\n".join(
        [
            f"\tpartition {_name(table.name)} = m",
            "\t\tmode: import",
            "\t\tsource =",
            "\t\t\t\tlet",
            ",\n".join(f"\t\t\t\t    {step}" for step in steps),
            "\t\t\t\tin",
            "\t\t\t\t    Columns",
            "",
        ]
    )


def _measures(measures: tuple[Measure, ...]) -> str:
    blocks = []
    for measure in measures:
        lines = _described(measure.description, f"\tmeasure {_name(measure.name)} =")
        lines.append(_deep(measure.dax, 3))
        if measure.format:
            lines.append(f"\t\tformatString: {measure.format}")
        if measure.is_hidden:
            lines.append("\t\tisHidden")
        lines.append(f"\t\tdisplayFolder: {measure.folder}")
        blocks.append("\n".join([*lines, ""]))
    return "\n".join(
        [
            "/// Rapportens mått, i mappar efter vad de handlar om",
            f"table {MEASURES_TABLE[0]}",
            "",
            *blocks,
            "\tcolumn Tom",
            "\t\tdataType: string",
            "\t\tisHidden",
            "\t\tisAvailableInMdx: false",
            "\t\tsummarizeBy: none",
            "\t\tsourceColumn: [Tom]",
            "",
            f"\tpartition {MEASURES_TABLE[0]} = calculated",
            "\t\tmode: import",
            '\t\tsource = ROW ( "Tom", BLANK () )',
            "",
        ]
    )


def _time(group: TimeGroup) -> str:
    items = []
    for ordinal, item in enumerate(group.items):
        lines = [f"\t\tcalculationItem {_name(item.name)} =", _deep(item.dax, 4), f"\t\t\tordinal: {ordinal}"]
        if item.format:
            lines.append(f'\t\t\tformatStringDefinition = "{item.format}"')
        items.append("\n".join([*lines, ""]))
    return "\n".join(
        [
            f"/// {group.description}",
            f"table {_name(group.name)}",
            "",
            "\tcalculationGroup",
            "\t\tprecedence: 10",
            "",
            *items,
            "\t/// Vilken tid måtten visas för",
            f"\tcolumn {_name(group.name)}",
            "\t\tdataType: string",
            "\t\tsummarizeBy: none",
            "\t\tsourceColumn: Name",
            "\t\tsortByColumn: Ordning",
            "",
            "\tcolumn Ordning",
            "\t\tdataType: int64",
            "\t\tisHidden",
            f"\t\tformatString: {FORMATS['id']}",
            "\t\tsummarizeBy: none",
            "\t\tsourceColumn: Ordinal",
            "",
            f"\tpartition {_name(group.name)} = calculationGroup",
            "\t\tmode: import",
            "",
        ]
    )


def _relationship(relationship: Relationship) -> str:
    many, one, column = map(_name, (relationship.many, relationship.one, relationship.column))
    name = _name(f"{relationship.many} till {relationship.one}")
    return f"relationship {name}\n\tfromColumn: {many}.{column}\n\ttoColumn: {one}.{column}\n"


def _culture(model: Model) -> str:
    lines = [f"cultureInfo {TRANSLATION}", "\ttranslations", "\t\tmodel Model"]
    for table in model.tables:
        lines += [f"\t\t\ttable {_name(table.name)}", f"\t\t\t\tcaption: {table.english}"]
        captions = [(column.name, column.english) for column in table.columns]
        captions += [(column.name, column.english) for column in table.calculated]
        for name, english in captions:
            lines += [f"\t\t\t\tcolumn {_name(name)}", f"\t\t\t\t\tcaption: {english}"]
    lines += [f"\t\t\ttable {_name(model.time.name)}", f"\t\t\t\tcaption: {model.time.english}"]
    lines += [f"\t\t\t\tcolumn {_name(model.time.name)}", f"\t\t\t\t\tcaption: {model.time.english}"]
    lines += [f"\t\t\ttable {MEASURES_TABLE[0]}", f"\t\t\t\tcaption: {MEASURES_TABLE[1]}"]
    for measure in model.measures:
        lines += [
            f"\t\t\t\tmeasure {_name(measure.name)}",
            f"\t\t\t\t\tcaption: {measure.english}",
            f"\t\t\t\t\tdisplayFolder: {measure.english_folder}",
        ]
    return "\n".join([*lines, ""])


def _described(description: str, line: str) -> list[str]:
    return [f"\t/// {description}", line] if description else [line]


def _deep(dax: str, level: int) -> str:
    return "\n".join("\t" * level + line if line else "" for line in dax.splitlines())


def _name(name: str) -> str:
    """Quoted where TMDL needs it."""
    return name if _PLAIN_NAME.match(name) else "'" + name.replace("'", "''") + "'"
