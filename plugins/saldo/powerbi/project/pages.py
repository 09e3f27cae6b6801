"""The report's pages, read from include/powerbi/source/pages.toml and validated there, once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from saldo.powerbi.project.source import MEASURES_TABLE, folder

KINDS = ("cards", "table", "matrix", "columns", "bars", "line", "waterfall", "slicer")
GRID = 12
# The choices that a page may have, by the names of their visuals.
PERIOD, YEAR = "period", "rakenskapsar"
BACK = "tillbaka"
_DIRECTIONS = ("Ascending", "Descending")

_FIELD = re.compile(r"^(?P<table>[^\[\]]*)\[(?P<name>[^\[\]]+)\]$")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table, or a measure."""

    table: str
    name: str
    is_measure: bool


@dataclass(frozen=True, slots=True)
class Visual:
    """One visual of a page; `roles` are its fields by the role that Power BI gives them."""

    name: str
    kind: str
    title: str | Field
    alt: str
    at: tuple[int, int, int, int]
    roles: tuple[tuple[str, tuple[Field, ...]], ...] = ()
    filters: tuple[tuple[Field, tuple[str, ...]], ...] = ()
    sort: tuple[tuple[Field, str], ...] = ()
    ignores_period: bool = False
    has_total: bool = False
    is_plan: bool = False
    is_expanded: bool = False
    start: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page; one with `drill_through` is reached from a value of that field."""

    name: str
    title: str
    visuals: tuple[Visual, ...]
    drill_through: Field | None


_BACK_BUTTON = Visual(
    name=BACK,
    kind="back",
    title="Tillbaka",
    alt="Tillbaka till sidan som ledde hit",
    at=(0, 0, 2, 1),
)


def read_pages() -> tuple[Page, ...]:
    """The report's pages, in their order; one that is drilled to has a button that leads back.

    Raises:
        ValueError: a field or a visual is not written as it should be; the sentence names it.
    """
    written = tomllib.loads((folder() / "pages.toml").read_text(encoding="utf-8"))
    choices = {name: _choice(name, written[name]) for name in (PERIOD, YEAR)}
    return tuple(_page(entry, choices) for entry in written["page"])


def _choice(name: str, entry: dict[str, Any]) -> Visual:
    return Visual(
        name=name,
        kind="slicer",
        title=entry["title"],
        alt=entry["alt"],
        at=tuple(entry["at"]),
        roles=(("Values", (_field(entry["field"]),)),),
        start=entry.get("start", ""),
    )


def _page(entry: dict[str, Any], choices: dict[str, Visual]) -> Page:
    drilled = entry.get("drill_through")
    return Page(
        name=entry["name"],
        title=entry["title"],
        visuals=(
            *([_BACK_BUTTON] if drilled else ()),
            *(choices[name] for name in entry.get("choices", [PERIOD])),
            *(_visual(entry["name"], visual) for visual in entry["visual"]),
        ),
        drill_through=_field(drilled) if drilled else None,
    )


def _visual(page: str, entry: dict[str, Any]) -> Visual:
    where = f"pages.toml: {page}, {entry['name']}"
    column, row, width, height = entry["at"]
    if entry["kind"] not in KINDS or column + width > GRID or row + height > GRID:
        raise ValueError(f"{where}: kind is one of {', '.join(KINDS)}, and `at` stays on the grid of {GRID}")
    title, sort = entry["title"], entry.get("sort", {})
    if set(sort.values()) - set(_DIRECTIONS):
        raise ValueError(f"{where}: sort is {' or '.join(_DIRECTIONS)}")
    return Visual(
        name=entry["name"],
        kind=entry["kind"],
        title=_field(title) if title.startswith("[") else title,
        alt=entry["alt"],
        at=(column, row, width, height),
        roles=tuple(_roles(entry)),
        filters=tuple((_field(field), tuple(values)) for field, values in entry.get("filters", {}).items()),
        sort=tuple((_field(field), direction) for field, direction in sort.items()),
        ignores_period=entry.get("all_periods", False),
        has_total=entry.get("total", False),
        is_plan=entry.get("plan", False),
        is_expanded=entry.get("expanded", False),
    )


def _roles(entry: dict[str, Any]) -> list[tuple[str, tuple[Field, ...]]]:
    """The fields by the roles of Power BI's visuals (its catalogue of core visuals, `dataRoles`)."""
    match entry["kind"]:
        case "cards":
            named = [("Data", entry["fields"])]
        case "table":
            named = [("Values", entry["fields"])]
        case "matrix":
            named = [
                ("Rows", entry.get("rows", [])),
                ("Columns", entry.get("columns", [])),
                ("Values", entry["values"]),
            ]
        case _:
            series = [entry["series"]] if "series" in entry else []
            named = [("Category", [entry["category"]]), ("Series", series), ("Y", entry["values"])]
    return [(role, tuple(map(_field, fields))) for role, fields in named if fields]


def _field(written: str) -> Field:
    found = _FIELD.match(written)
    if not found:
        raise ValueError(f"pages.toml: {written} is no field: write Table[Column] or [Measure]")
    return Field(found["table"] or MEASURES_TABLE[0], found["name"], is_measure=not found["table"])
