"""What the semantic model is made of, read from include/powerbi/source and validated there, once."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saldo import settings

MEASURES_TABLE = ("Mått", "Measures")
DATE_TABLE = "Datum"

# what a column or a measure looks like -> Power BI's format string
FORMATS = {
    "sek": "#,0",
    "signed": "+#,0;-#,0;0",
    "ore": "#,0.00",
    "percent": "#,0.0%;-#,0.0%;#,0.0%",
    "days": "#,0.0",
    "figure": "#,0.0",
    "quantity": "#,0.##",
    "count": "#,0",
    "id": "0",
    "date": "yyyy-MM-dd",
    "text": "",
}
_TYPES = ("int", "text", "date", "time", "bool", "money")
_USES = ("key", "shown", "hidden")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a mart, as the model shows it; `type` is one of int, text, date, time, bool, money."""

    source: str
    name: str
    english: str
    type: str
    is_key: bool
    is_hidden: bool
    sort_by: str
    description: str


@dataclass(frozen=True, slots=True)
class Calculated:
    """A column that the model computes when it is refreshed."""

    name: str
    english: str
    dax: str
    sort_by: str
    description: str


@dataclass(frozen=True, slots=True)
class Table:
    """A mart as a table of the model; a reference table is the same for every organization."""

    name: str
    relation: str
    english: str
    is_reference: bool
    is_hidden: bool
    description: str
    columns: tuple[Column, ...]
    calculated: tuple[Calculated, ...]

    @property
    def key(self) -> Column | None:
        """The column that facts point at, if any."""
        return next((column for column in self.columns if column.is_key), None)


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure, with its DAX and how its number is shown."""

    name: str
    english: str
    folder: str
    english_folder: str
    dax: str
    format: str
    is_hidden: bool
    description: str


@dataclass(frozen=True, slots=True)
class TimeItem:
    """An item of the calculation group: the measure of another time."""

    name: str
    dax: str
    format: str


@dataclass(frozen=True, slots=True)
class TimeGroup:
    """The calculation group for time."""

    name: str
    english: str
    description: str
    items: tuple[TimeItem, ...]


@dataclass(frozen=True, slots=True)
class Relationship:
    """Many rows of one table to one of another, by the column that is the latter's key."""

    many: str
    one: str
    column: str


@dataclass(frozen=True, slots=True)
class Model:
    """All of the semantic model but what differs between organizations."""

    tables: tuple[Table, ...]
    measures: tuple[Measure, ...]
    time: TimeGroup
    relationships: tuple[Relationship, ...]


def folder() -> Path:
    """Where the sources are."""
    return settings.include_dir() / "powerbi" / "source"


def read_model() -> Model:
    """The semantic model's sources.

    Raises:
        ValueError: a source contradicts itself; the sentence names the file and the entry.
    """
    columns = _columns()
    calculated = _calculated()
    tables = tuple(
        Table(
            name=row["table"],
            relation=row["relation"],
            english=row["name_en"],
            is_reference=row["is_reference"] == "1",
            is_hidden=row["is_hidden"] == "1",
            description=row["description_sv"],
            columns=tuple(columns.pop(row["table"], ())),
            calculated=tuple(calculated.pop(row["table"], ())),
        )
        for row in _rows("tables.csv")
    )
    if left := sorted({*columns, *calculated}):
        raise ValueError(
            f"columns.csv or calculated.toml names tables that tables.csv lacks: {', '.join(left)}"
        )
    written = tomllib.loads((folder() / "measures.toml").read_text(encoding="utf-8"))
    return Model(tables, _measures(written), _time(written["time"]), _relationships(tables))


def _rows(name: str) -> list[dict[str, str]]:
    with (folder() / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _columns() -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    for row in _rows("columns.csv"):
        if row["type"] not in _TYPES or row["use"] not in _USES:
            raise ValueError(
                f"columns.csv: {row['table']}, {row['column']}: type is one of {', '.join(_TYPES)} "
                f"and use one of {', '.join(_USES)}"
            )
        found.setdefault(row["table"], []).append(
            Column(
                source=row["column"],
                name=row["name_sv"],
                english=row["name_en"],
                type=row["type"],
                is_key=row["use"] == "key",
                is_hidden=row["use"] != "shown",
                sort_by=row["sort_by"],
                description=row["description_sv"],
            )
        )
    return found


def _calculated() -> dict[str, list[Calculated]]:
    written = tomllib.loads((folder() / "calculated.toml").read_text(encoding="utf-8"))
    found: dict[str, list[Calculated]] = {}
    for entry in written["column"]:
        found.setdefault(entry["table"], []).append(
            Calculated(
                name=entry["name"],
                english=entry["english"],
                dax=entry["dax"].strip(),
                sort_by=entry["sort_by"],
                description=entry["description"],
            )
        )
    return found


def _measures(written: dict[str, Any]) -> tuple[Measure, ...]:
    """Measures as written, and those of a statement's line or a key figure, whose DAX is the same for all."""
    folders: dict[str, str] = written["folders"]
    found = []
    for kind, dax_of in (("measure", _own), ("line", _of_line), ("kpi", _of_kpi)):
        for entry in written[kind]:
            named = entry.get("folder", "Nyckeltal")
            found.append(
                Measure(
                    name=entry["name"],
                    english=entry["english"],
                    folder=named,
                    english_folder=folders[named],
                    dax=dax_of(entry),
                    format=FORMATS[entry.get("format", "sek")],
                    is_hidden=entry.get("hidden", False),
                    description=entry["description"],
                )
            )
    return tuple(sorted(found, key=lambda measure: (list(folders).index(measure.folder), measure.name)))


def _own(entry: dict[str, Any]) -> str:
    return str(entry["dax"]).strip()


def _of_line(entry: dict[str, Any]) -> str:
    return (
        f'CALCULATE ( [Rapportvärde], REMOVEFILTERS ( Rapportrad ), Rapportrad[Radkod] = "{entry["code"]}" )'
    )


def _of_kpi(entry: dict[str, Any]) -> str:
    of_period = (
        "CALCULATE (\n"
        "    SUM ( Nyckeltalsvärde[Värde] ),\n"
        "    REMOVEFILTERS ( Nyckeltal ),\n"
        f'    Nyckeltal[Nyckeltalskod] = "{entry["code"]}",\n'
        f'    Nyckeltalsvärde[Tidsspann] = "{entry["span"]}",\n'
        "    Period[Periodnyckel] = _period\n"
        ")"
    )
    # the marts hold per cent as such, Power BI's format wants a fraction of one
    value = f"DIVIDE ( {of_period}, 100 )" if entry["format"] == "percent" else of_period
    indented = "\n".join(f"    {line}" for line in value.splitlines())
    return f"VAR _period = [Sista period]\nRETURN\n{indented}"


def _time(written: dict[str, Any]) -> TimeGroup:
    items = tuple(
        TimeItem(item["name"], item["dax"].strip(), FORMATS[item["format"]] if "format" in item else "")
        for item in written["item"]
    )
    return TimeGroup(written["name"], written["english"], written["description"], items)


def _relationships(tables: tuple[Table, ...]) -> tuple[Relationship, ...]:
    """A column that bears the name of another table's key leads there."""
    keys = {table.key.name: table.name for table in tables if table.key}
    return tuple(
        Relationship(table.name, keys[column.name], column.name)
        for table in tables
        for column in table.columns
        if column.name in keys and not column.is_key
    )
