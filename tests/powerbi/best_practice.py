"""The rules of the Best Practice Analyzer that apply to an import model like Saldo's, by its own rule names.

microsoft/Analysis-Services, BestPracticeRules/BPARules.json, holds them for Tabular Editor, which runs on
Windows only; here they are said anew over tmdl.Model. Where Saldo is stricter the rule's docstring says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from tests.powerbi import dax_references
from tests.powerbi.dax_references import Dax
from tests.powerbi.tmdl import Column, Model

PERCENT = "#,0.0%;-#,0.0%;#,0.0%"
NUMBERS = {"#,0", "#,0.0", "#,0.00", "#,0.##", "+#,0;-#,0;0"}
CALCULATED_COLUMNS = 5
_NUMERIC = {"int64", "decimal", "double"}
_MONTH_LIKE = re.compile(r"månad|kvartal|vecka|month|quarter|week|^period$", re.IGNORECASE)

Rule = Callable[[Model, set[tuple[str, str]]], Iterator[str]]
"""What a rule finds in a model whose report names these columns and measures."""

RULES: dict[str, Rule] = {}


def _named(name: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        RULES[name] = rule
        return rule

    return register


def _of(column: Column) -> str:
    return f"{column.table}[{column.name}]"


def dax(model: Model) -> Iterator[tuple[str, Dax]]:
    """Every expression, and where it stands."""
    for where, _, expression in model.expressions_in_dax():
        yield where, dax_references.read(expression, model.tables)


def _related(model: Model, end: str) -> set[tuple[str, str]]:
    return {getattr(relationship, end) for relationship in model.relationships.values()}


def _sorting(model: Model) -> set[tuple[str, str]]:
    return {(column.table, column.sort_by) for column in model.columns.values() if column.sort_by}


def _is_hidden(model: Model, column: Column) -> bool:
    return column.is_hidden or model.tables[column.table].is_hidden


@_named("HIDE_FOREIGN_KEYS")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (
        _of(model.columns[key]) for key in _related(model, "many") if not model.columns[key].is_hidden
    )


@_named("NUMERIC_COLUMN_SUMMARIZE_BY")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (
        _of(column) for column in model.columns.values() if column.properties["summarizeBy"] != "none"
    )


@_named("MARK_PRIMARY_KEYS")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    for table, name in _related(model, "one"):
        if not model.tables[table].is_date and "isKey" not in model.columns[table, name].flags:
            yield f"{table}[{name}]"


@_named("AVOID_FLOATING_POINT_DATA_TYPES")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (_of(column) for column in model.columns.values() if column.properties["dataType"] == "double")


@_named("PROVIDE_FORMAT_STRING_FOR_MEASURES")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """Hidden ones too, but for those that are a text."""
    for measure in model.measures.values():
        if not measure.properties.keys() & {"formatString", "formatStringDefinition"} and not is_text(
            measure.dax
        ):
            yield measure.name


@_named("OBJECTS_WITH_NO_DESCRIPTION")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """Hidden tables and hidden measures too."""
    for table in model.tables.values():
        if not table.description:
            yield table.name
        yield from (measure.name for measure in table.measures.values() if not measure.description)
        for column in table.columns.values():
            if not column.description and not _is_hidden(model, column):
                yield _of(column)


@_named("PERCENTAGE_FORMATTING")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    for table in model.tables.values():
        for measure in (*table.measures.values(), *table.items.values()):
            shown = measure.properties.get("formatString", "")
            shown += measure.properties.get("formatStringDefinition", "").strip('"')
            if "%" in shown and shown != PERCENT:
                yield measure.name


@_named("INTEGER_FORMATTING")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """Without thousands separators only keys, which nobody sees, and days."""
    for measure in model.measures.values():
        shown = measure.properties.get("formatString", "")
        if (
            shown
            and shown not in {*NUMBERS, PERCENT, "yyyy-MM-dd"}
            and not (measure.is_hidden and shown == "0")
        ):
            yield measure.name


@_named("DATECOLUMN_FORMATSTRING")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """As Swedes write a day, and not mm/dd/yyyy."""
    for column in model.columns.values():
        is_day = column.properties["dataType"] == "dateTime"
        if is_day and not column.properties.get("formatString", "").startswith("yyyy-MM-dd"):
            yield _of(column)


@_named("MONTH_(AS_A_STRING)_MUST_BE_SORTED")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    for column in model.columns.values():
        if (
            _MONTH_LIKE.search(column.name)
            and column.properties["dataType"] == "string"
            and not column.sort_by
        ):
            yield _of(column)


@_named("PARTITION_NAME_SHOULD_MATCH_TABLE_NAME_FOR_SINGLE_PARTITION_TABLES")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (table.name for table in model.tables.values() if table.partition != table.name)


@_named("USE_THE_DIVIDE_FUNCTION_FOR_DIVISION")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (where for where, found in dax(model) if any(word == "/" for _, word, _ in found.words))


@_named("AVOID_USING_THE_IFERROR_FUNCTION")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (where for where, found in dax(model) if "IFERROR" in found.functions)


@_named("USE_THE_TREATAS_FUNCTION_INSTEAD_OF_INTERSECT")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (where for where, found in dax(model) if "INTERSECT" in found.functions)


@_named("DAX_COLUMNS_FULLY_QUALIFIED")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    names = {column.name for column in model.columns.values()}
    for where, found in dax(model):
        yield from (f"{where}: [{name}]" for name in found.measures - model.measures.keys() if name in names)


@_named("DAX_MEASURES_UNQUALIFIED")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    for where, found in dax(model):
        for table, name in found.columns:
            if name in model.measures and (table, name) not in model.columns:
                yield f"{where}: {table}[{name}]"


@_named("RELATIONSHIP_COLUMNS_SHOULD_BE_OF_INTEGER_DATA_TYPE")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    for key in _related(model, "many") | _related(model, "one"):
        if model.columns[key].properties["dataType"] != "int64":
            yield _of(model.columns[key])


@_named("CHECK_IF_BI-DIRECTIONAL_AND_MANY-TO-MANY_RELATIONSHIPS_ARE_VALID")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """There are none."""
    for name, relationship in model.relationships.items():
        both = relationship.properties.get("crossFilteringBehavior") == "bothDirections"
        if both or relationship.properties.get("toCardinality") == "many":
            yield name


@_named("ISAVAILABLEINMDX_FALSE_NONATTRIBUTE_COLUMNS")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    needed = _sorting(model) | _related(model, "one")
    for key, column in model.columns.items():
        if _is_hidden(model, column) and key not in needed and "isAvailableInMdx" not in column.properties:
            yield _of(column)


@_named("ISAVAILABLEINMDX_TRUE_ATTRIBUTE_COLUMNS")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    needed = _sorting(model) | _related(model, "one")
    for key, column in model.columns.items():
        if "isAvailableInMdx" in column.properties and (not _is_hidden(model, column) or key in needed):
            yield _of(column)


@_named("MODEL_SHOULD_HAVE_A_DATE_TABLE")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """One, of the type Time, whose key is a day."""
    marked = [
        table.name
        for table in model.tables.values()
        if table.is_date
        and any(
            "isKey" in column.flags and column.properties["dataType"] == "dateTime"
            for column in table.columns.values()
        )
    ]
    if len(marked) != 1:
        yield f"marked date tables: {', '.join(marked) or 'none'}"


@_named("SNOWFLAKE_SCHEMA_ARCHITECTURE")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from {table for table, _ in _related(model, "one")} & {
        table for table, _ in _related(model, "many")
    }


@_named("MEASURES_SHOULD_NOT_BE_DIRECT_REFERENCES_OF_OTHER_MEASURES")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    for measure in model.measures.values():
        found = dax_references.read(measure.dax, model.tables)
        if len(found.words) == 1 and found.measures:
            yield measure.name


@_named("AVOID_DUPLICATE_MEASURES")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    count = Counter("".join(measure.dax.split()) for measure in model.measures.values())
    for measure in model.measures.values():
        if count["".join(measure.dax.split())] > 1:
            yield measure.name


@_named("OBJECTS_SHOULD_NOT_START_OR_END_WITH_A_SPACE")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (repr(name) for name in _names(model) if name != name.strip())


@_named("SPECIAL_CHARS_IN_OBJECT_NAMES")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    yield from (repr(name) for name in _names(model) if not name.isprintable())


@_named("FILTER_COLUMN_VALUES")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """Nor FILTER_MEASURE_VALUES_BY_COLUMNS: no filter of CALCULATE runs through a whole table."""
    for where, found in dax(model):
        for call in (*found.calls("CALCULATE"), *found.calls("CALCULATETABLE")):
            for argument in call[1:]:
                is_filter = [word.upper() for word in argument[:2]] == ["FILTER", "("] and argument[3] == ","
                if is_filter and argument[2].strip("'") in model.tables:
                    yield f"{where}: FILTER ( {argument[2]}, ... )"


@_named("REDUCE_NUMBER_OF_CALCULATED_COLUMNS")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    found = [_of(column) for column in model.columns.values() if column.dax]
    if len(found) > CALCULATED_COLUMNS:
        yield ", ".join(found)


@_named("REDUCE_USAGE_OF_CALCULATED_COLUMNS_THAT_USE_THE_RELATED_FUNCTION")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    for column in model.columns.values():
        if column.dax and "RELATED" in dax_references.read(column.dax, model.tables).functions:
            yield _of(column)


@_named("REDUCE_USAGE_OF_CALCULATED_TABLES")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """The measures' own empty table is one."""
    for table in model.tables.values():
        if table.partition_kind == "calculated" and not table.measures:
            yield table.name


@_named("UNNECESSARY_COLUMNS")
def _(model: Model, used: set[tuple[str, str]]) -> Iterator[str]:
    """A filter of the report is a use too; a table cannot be without a column."""
    needed = _sorting(model) | _related(model, "one") | _related(model, "many") | used
    for _, found in dax(model):
        needed |= found.columns
    for key, column in model.columns.items():
        only = len(model.tables[column.table].columns) == 1
        if _is_hidden(model, column) and key not in needed and not only:
            yield _of(column)


@_named("UNNECESSARY_MEASURES")
def _(model: Model, used: set[tuple[str, str]]) -> Iterator[str]:
    """What the report shows is used."""
    needed = {name for _, name in used}
    for _, found in dax(model):
        needed |= found.measures
    for measure in model.measures.values():
        if measure.is_hidden and measure.name not in needed:
            yield measure.name


@_named("HIDE_FACT_TABLE_COLUMNS")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """Those that a measure sums."""
    for where, found in dax(model):
        for call in found.calls("SUM"):
            table, name = call[0][0].strip("'"), call[0][1][1:-1]
            column = model.columns.get((table, name))
            if column and not column.is_hidden and column.properties["dataType"] in _NUMERIC:
                yield f"{where}: {_of(column)}"


@_named("MINIMIZE_POWER_QUERY_TRANSFORMATIONS")
def _(model: Model, _used: set[tuple[str, str]]) -> Iterator[str]:
    """A partition picks rows and columns, which PostgreSQL does for it, and no more."""
    for table in model.tables.values():
        steps = set(re.findall(r"\b(?:[A-Z]\w+)\.[A-Z]\w+(?=\()", table.source)) - {
            "PostgreSQL.Database", "Table.SelectRows", "Table.SelectColumns", "Number.From",
        }  # fmt: skip
        if table.partition_kind == "m" and steps:
            yield f"{table.name}: {', '.join(sorted(steps))}"


def _names(model: Model) -> Iterator[str]:
    for table in model.tables.values():
        yield from (table.name, table.partition, *table.columns, *table.measures, *table.items)


def is_text(expression: str) -> bool:
    """Whether a measure is a sentence: it joins texts."""
    return any(word == "&" for _, word, _ in dax_references.read(expression).words)
