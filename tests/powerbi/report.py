"""What a report in PBIR must be like, beyond its files' shapes: fields, names, places, words and colours."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from tests.powerbi.best_practice import is_text
from tests.powerbi.tmdl import Model

VISUALS_A_PAGE = 8
MOBILE_WIDTH = 320
ALT_TEXT = 250
COLUMNS_A_TABLE = 11
TEXT_CONTRAST, SHAPE_CONTRAST = 4.5, 3.0
THEME = "StaticResources/RegisteredResources/Saldo.json"
_CHARTS = {"clusteredColumnChart", "clusteredBarChart", "lineChart"}
_LAST_YEAR = re.compile(r"föreg\. år$", re.IGNORECASE)
_PLAN = "Budget"
_NAME = re.compile(r"^[\w-]{1,50}$", re.ASCII)

Json = dict[str, Any]
Files = dict[str, Json]
Check = Callable[[Files, Model], Iterator[str]]

CHECKS: dict[str, Check] = {}


def read_folder(folder: Path) -> Files:
    """The JSON files of a report, by their paths."""
    return {
        str(path.relative_to(folder)): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _check(check: Check) -> Check:
    CHECKS[check.__name__] = check
    return check


def pages(files: Files) -> Iterator[tuple[str, Json, dict[str, Json], dict[str, Json]]]:
    """Each page's name and content, its visuals and their states on a telephone, by their folders."""
    for path, page in files.items():
        if path.endswith("/page.json"):
            folder = path.removesuffix("page.json") + "visuals/"
            found: tuple[dict[str, Json], dict[str, Json]] = ({}, {})
            for each, content in files.items():
                if each.startswith(folder):
                    name, _, kind = each.removeprefix(folder).partition("/")
                    found[kind == "mobile.json"][name] = content
            yield path.split("/")[-2], page, *found


def _visuals(files: Files) -> Iterator[tuple[str, Json]]:
    for page, _, visuals, _ in pages(files):
        for name, visual in visuals.items():
            yield f"{page}/{name}", visual


def references(content: Any, aliases: dict[str, str] | None = None) -> Iterator[tuple[str, str, str]]:
    """Every (Column or Measure, table, name) below; a filter's short names stand for its tables."""
    aliases = aliases or {}
    if isinstance(content, list):
        for each in content:
            yield from references(each, aliases)
    elif isinstance(content, dict):
        if isinstance(content.get("From"), list):
            aliases = aliases | {source["Name"]: source["Entity"] for source in content["From"]}
        for kind in ("Column", "Measure"):
            field = content.get(kind)
            if isinstance(field, dict) and "Property" in field:
                source = field["Expression"]["SourceRef"]
                yield kind, source.get("Entity") or aliases.get(source.get("Source"), "?"), field["Property"]
        for each in content.values():
            yield from references(each, aliases)


def used(files: Files) -> set[tuple[str, str]]:
    """The columns and measures that the report names."""
    return {(table, name) for _, table, name in references(list(files.values()))}


def _roles(visual: Json) -> dict[str, list[Json]]:
    state = visual["visual"].get("query", {}).get("queryState", {})
    return {role: [each["field"] for each in fields["projections"]] for role, fields in state.items()}


@_check
def fields_exist(files: Files, model: Model) -> Iterator[str]:
    for path, content in files.items():
        for kind, table, name in references(content):
            there = model.tables.get(table)
            if not there or name not in (there.columns if kind == "Column" else there.measures):
                yield f"{path}: {kind} {table}[{name}]"


@_check
def values_of_time_exist(files: Files, model: Model) -> Iterator[str]:
    """A filter on the calculation group names its items."""
    (group,) = (table for table in model.tables.values() if table.items)
    for path, visual in _visuals(files):
        for number, condition in enumerate(visual.get("filterConfig", {}).get("filters", ())):
            (tested,) = condition["filter"]["Where"]
            if ("Column", group.name, group.name) in references(condition):
                for ((value),) in tested["Condition"]["In"]["Values"]:
                    if value["Literal"]["Value"].strip("'") not in group.items:
                        yield f"{path}, filter {number}: {value['Literal']['Value']}"


@_check
def names_are_unique(files: Files, _model: Model) -> Iterator[str]:
    order = files["definition/pages/pages.json"]["pageOrder"]
    found = {name: page["name"] for name, page, _, _ in pages(files)}
    if sorted(order) != sorted(found) or any(name != folder for folder, name in found.items()):
        yield f"pages.json: {order} and the pages {found}"
    titles = Counter(page["displayName"] for _, page, _, _ in pages(files))
    yield from (f"two pages are called {title}" for title, count in titles.items() if count > 1)
    filters = Counter(
        each["name"]
        for content in files.values()
        for each in content.get("filterConfig", {}).get("filters", ())
    )
    yield from (f"filter {name} stands {count} times" for name, count in filters.items() if count > 1)
    for page, _, visuals, _ in pages(files):
        for folder, visual in visuals.items():
            if visual["name"] != folder or not _NAME.match(folder):
                yield f"{page}: {folder} is called {visual['name']}"


@_check
def visuals_have_room(files: Files, _model: Model) -> Iterator[str]:
    """Inside the page, none over another, at most eight."""
    for name, page, visuals, _ in pages(files):
        if len(visuals) > VISUALS_A_PAGE:
            yield f"{name} has {len(visuals)} visuals"
        yield from _crowded(name, visuals, page["width"], page["height"])


@_check
def telephones_have_room(files: Files, _model: Model) -> Iterator[str]:
    for name, _, visuals, mobiles in pages(files):
        if visuals.keys() != mobiles.keys():
            yield f"{name}: mobile.json is wanting for {', '.join(visuals.keys() ^ mobiles.keys())}"
        yield from _crowded(f"{name} on a telephone", mobiles, MOBILE_WIDTH, None)


def _crowded(where: str, visuals: dict[str, Json], width: int, height: int | None) -> Iterator[str]:
    for name, visual in visuals.items():
        place = visual["position"]
        is_inside = place["x"] >= 0 and place["y"] >= 0 and place["x"] + place["width"] <= width
        if not is_inside or (height and place["y"] + place["height"] > height):
            yield f"{where}: {name} is outside"
    for (one, first), (other, second) in combinations(visuals.items(), 2):
        a, b = first["position"], second["position"]
        if (
            a["x"] < b["x"] + b["width"]
            and b["x"] < a["x"] + a["width"]
            and a["y"] < b["y"] + b["height"]
            and b["y"] < a["y"] + a["height"]
        ):
            yield f"{where}: {one} and {other} overlap"


@_check
def tabs_follow_the_eye(files: Files, _model: Model) -> Iterator[str]:
    """From top to bottom, from left to right, on a telephone too."""
    for name, _, visuals, mobiles in pages(files):
        for where, placed in ((name, visuals), (f"{name} on a telephone", mobiles)):
            by_tab = sorted(placed, key=lambda each: placed[each]["position"]["tabOrder"])
            by_eye = sorted(
                placed, key=lambda each: (placed[each]["position"]["y"], placed[each]["position"]["x"])
            )
            if by_tab != by_eye:
                yield f"{where}: {by_tab} is read {by_eye}"


@_check
def visuals_are_told(files: Files, model: Model) -> Iterator[str]:
    """An alternative text and a title, which is a text or a measure that is one; a button says its own."""
    for path, visual in _visuals(files):
        objects = visual["visual"].get("visualContainerObjects", {})
        alt = _property(objects, "general", "altText")
        if not 10 <= len(alt) <= ALT_TEXT:
            yield f"{path}: the alternative text is {alt!r}"
        if visual["visual"]["visualType"] == "actionButton":
            if not _property(visual["visual"]["objects"], "text", "text"):
                yield f"{path}: the button says nothing"
            continue
        if _property(objects, "title", "show") != "true":
            yield f"{path}: the title is not shown"
        named = list(references(objects.get("title", [])))
        for kind, _, name in named:
            measure = model.measures.get(name)
            if (
                kind != "Measure"
                or not measure
                or "formatString" in measure.properties
                or not is_text(measure.dax)
            ):
                yield f"{path}: the title {name} is no text"
        if not named and not _property(objects, "title", "text").strip("'"):
            yield f"{path}: there is no title"


def _property(objects: Json, name: str, key: str) -> str:
    for entry in objects.get(name, ()):
        value = entry["properties"].get(key, {}).get("expr", {})
        if "Literal" in value:
            return str(value["Literal"]["Value"])
    return ""


@_check
def tables_can_be_read(files: Files, _model: Model) -> Iterator[str]:
    for path, visual in _visuals(files):
        fields = _roles(visual).get("Values", [])
        if visual["visual"]["visualType"] == "tableEx" and len(fields) > COLUMNS_A_TABLE:
            yield f"{path} has {len(fields)} columns"


@_check
def interactions_lead_somewhere(files: Files, _model: Model) -> Iterator[str]:
    for name, page, visuals, _ in pages(files):
        for each in page.get("visualInteractions", ()):
            if not {each["source"], each["target"]} <= visuals.keys():
                yield f"{name}: {each['source']} to {each['target']}"
        binding = page.get("pageBinding", {})
        back = [
            _property(each["visual"]["visualContainerObjects"], "visualLink", "type")
            for each in visuals.values()
        ]
        if bool(binding) != ("'Back'" in back):
            yield f"{name}: a page that is drilled to has a way back, and no other"
        filters = {each["name"]: each["field"] for each in page.get("filterConfig", {}).get("filters", ())}
        for parameter in binding.get("parameters", ()):
            if filters.get(parameter["boundFilter"]) != parameter["fieldExpr"]:
                yield f"{name}: the drill-through is by no filter of the page"


@_check
def fields_have_their_role_once(files: Files, _model: Model) -> Iterator[str]:
    """A field stands once in a visual, and what is counted or summed is a measure."""
    for path, visual in _visuals(files):
        roles = _roles(visual)
        for field, count in Counter(json.dumps(each) for fields in roles.values() for each in fields).items():
            if count > 1:
                yield f"{path}: {field} stands {count} times"
        for role in ("Y", "Data"):
            yield from (
                f"{path}: {role} is no measure" for each in roles.get(role, ()) if "Measure" not in each
            )
        for role in ("Category", "Series", "Rows", "Columns"):
            yield from (
                f"{path}: {role} is no column" for each in roles.get(role, ()) if "Column" not in each
            )


@_check
def theme_can_be_seen(files: Files, _model: Model) -> Iterator[str]:
    theme = files[THEME]
    paper = theme["background"]
    texts = [theme["foreground"], *(each["color"] for each in theme["textClasses"].values())]
    yield from (f"text {ink}" for ink in texts if contrast(ink, paper) < TEXT_CONTRAST)
    # what a table's numbers are coloured by is text too
    yield from (
        f"{key} {theme[key]}" for key in ("good", "bad") if contrast(theme[key], paper) < TEXT_CONTRAST
    )
    shapes = [*theme["dataColors"], theme["neutral"], theme["tableAccent"]]
    yield from (f"shape {ink}" for ink in shapes if contrast(ink, paper) < SHAPE_CONTRAST)
    for path, visual in _visuals(files):
        for ink in re.findall(r"#[0-9A-F]{6}", json.dumps(visual.get("visual", {}).get("objects", {}))):
            if ink != paper and contrast(ink, paper) < SHAPE_CONTRAST:
                yield f"{path}: {ink}"


@_check
def series_are_actual_or_last_year(files: Files, _model: Model) -> Iterator[str]:
    """IBCS: actual is dark, the year before grey, a plan an outline, and so everywhere."""
    theme = files[THEME]
    actual, before, paper = *theme["dataColors"][:2], theme["background"]
    for path, visual in _visuals(files):
        if visual["visual"]["visualType"] not in _CHARTS:
            continue
        coloured = {name: (fill, edge) for name, fill, edge in _series(visual)}
        for name in _shown_series(visual):
            if _LAST_YEAR.search(name):
                expected = {(before, "")}
            elif name == _PLAN:
                expected = {(paper, actual)}
            else:
                # what is expected only, such as a forecast of cash, is an outline too
                expected = {(actual, "")} if len(coloured) > 1 else {(actual, ""), (paper, actual)}
            if coloured.get(name) not in expected:
                yield f"{path}: {name} is {coloured.get(name)}"


def _shown_series(visual: Json) -> list[str]:
    roles = _roles(visual)
    if "Series" not in roles:
        return [field["Measure"]["Property"] for field in roles["Y"]]
    (series,) = roles["Series"]
    return [
        value["Literal"]["Value"].strip("'")
        for each in visual.get("filterConfig", {}).get("filters", ())
        if each["field"] == series
        for (value,) in each["filter"]["Where"][0]["Condition"]["In"]["Values"]
    ]


def _series(visual: Json) -> Iterator[tuple[str, str, str]]:
    for point in visual["visual"]["objects"].get("dataPoint", ()):
        if selected := point["selector"].get("metadata"):
            name = selected.partition(".")[2]
        else:
            name = point["selector"]["data"][0]["scopeId"]["Comparison"]["Right"]["Literal"]["Value"].strip(
                "'"
            )
        colours = [
            re.findall(r"#[0-9A-F]{6}", json.dumps(point["properties"].get(key, "")))
            for key in ("fill", "borderColor")
        ]
        yield name, *("".join(colour) for colour in colours)


@_check
def scales_can_be_compared(files: Files, _model: Model) -> Iterator[str]:
    """Bars start at nothing, and all charts and cards say their unit: thousands, or kronor."""
    for path, visual in _visuals(files):
        kind, objects = visual["visual"]["visualType"], visual["visual"].get("objects", {})
        if kind in _CHARTS | {"waterfallChart"}:
            for name in ("valueAxis", "labels"):
                if _property(objects, name, "labelDisplayUnits") != "1000D":
                    yield f"{path}: {name} has a unit of its own"
            if _property(objects, "valueAxis", "start") not in ({"0D"} if kind == "lineChart" else {""}):
                yield f"{path}: the axis does not start at nothing"
        if kind == "cardVisual" and _property(objects, "value", "labelDisplayUnits") != "1D":
            yield f"{path}: its numbers have a unit of their own"


def contrast(one: str, other: str) -> float:
    """How well one colour stands out from another, 1 to 21 (WCAG 2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
