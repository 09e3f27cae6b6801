"""Writes the report as PBIR: the files of Saldo.Report, but for the model that it is bound to.

Power BI's enhanced report format, by its published JSON schemas; authored on older ones, since newer programs
read older files and not the reverse. IBCS: actual is solid dark, the year before grey, a plan an outline,
variances signed and coloured.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from saldo.powerbi.project.pages import BACK, GRID, PERIOD, YEAR, Field, Page, Visual

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report"
_WIDTH, _HEIGHT, _MARGIN, _GAP = 1280, 720, 16, 8
_MOBILE_WIDTH = 320
# the name ends like a file's, or the service leaves the theme out
_THEME = "Saldo.json"
# what has a meaning stands out from the paper by 3:1, and text by 4.5:1
_ACTUAL, _BEFORE, _INK, _PAPER = "#404040", "#8C8C8C", "#252423", "#FFFFFF"
_GOOD, _BAD = "#1A7F37", "#B3261E"
_LAST_YEAR = ("Föreg. år", "Ack. föreg. år", "R12 föreg. år")
# more is better in each of these; a balance sheet's lines are neither
_VARIANCES = ("Budgetavvikelse", "Budgetavvikelse %", "Bryggskillnad")
_PLAN = "Budget"

_TYPES = {
    "cards": "cardVisual",
    "table": "tableEx",
    "matrix": "pivotTable",
    "columns": "clusteredColumnChart",
    "bars": "clusteredBarChart",
    "line": "lineChart",
    "waterfall": "waterfallChart",
    "slicer": "slicer",
    "back": "actionButton",
}
_MOBILE_HEIGHTS = {"back": 48, "slicer": 80, "cards": 280, "table": 320, "matrix": 420}

Json = dict[str, Any]


def files(pages: tuple[Page, ...]) -> dict[str, str]:
    """The definition's files by their paths below Saldo.Report."""
    written: dict[str, Json] = {
        ".platform": platform("Report"),
        "definition.pbir": {
            "$schema": f"{_SCHEMAS}/definitionProperties/2.0.0/schema.json",
            "version": "4.0",
            "datasetReference": {"byPath": {"path": "../Saldo.SemanticModel"}},
        },
        "definition/version.json": {
            "$schema": f"{_SCHEMAS}/definition/versionMetadata/1.0.0/schema.json",
            "version": "2.0.0",
        },
        "definition/report.json": _report(),
        "definition/pages/pages.json": {
            "$schema": f"{_SCHEMAS}/definition/pagesMetadata/1.0.0/schema.json",
            "pageOrder": [page.name for page in pages],
            "activePageName": pages[0].name,
        },
        f"StaticResources/RegisteredResources/{_THEME}": _theme(),
    }
    for page in pages:
        folder = f"definition/pages/{page.name}"
        written[f"{folder}/page.json"] = _page(page)
        top = 0
        # as one reads: keyboards and screen readers go by this order
        for order, visual in enumerate(sorted(page.visuals, key=lambda each: (each.at[1], each.at[0]))):
            height = _MOBILE_HEIGHTS.get(visual.kind, 300)
            written[f"{folder}/visuals/{visual.name}/visual.json"] = _container(page, visual, order)
            written[f"{folder}/visuals/{visual.name}/mobile.json"] = _mobile(order, top, height)
            top += height + _GAP
    return {path: as_text(content) for path, content in written.items()}


def as_text(content: Json) -> str:
    """A file's content as it is committed."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def platform(item_type: str) -> Json:
    """What names an item for Microsoft's tools (Git integration, fabric-cicd); publishing leaves it out."""
    schemas = "https://developer.microsoft.com/json-schemas/fabric/gitIntegration/platformProperties"
    return {
        "$schema": f"{schemas}/2.0.0/schema.json",
        "metadata": {"type": item_type, "displayName": "Saldo"},
        "config": {"version": "2.0", "logicalId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"Saldo.{item_type}"))},
    }


def _report() -> Json:
    base, versions = "CY24SU10", {"visual": "1.8.44", "report": "2.0.44", "page": "1.3.44"}
    return {
        "$schema": f"{_SCHEMAS}/definition/report/3.0.0/schema.json",
        "themeCollection": {
            "baseTheme": {"name": base, "reportVersionAtImport": versions, "type": "SharedResources"},
            "customTheme": {
                "name": _THEME,
                "reportVersionAtImport": versions,
                "type": "RegisteredResources",
            },
        },
        "resourcePackages": [
            {
                "name": "SharedResources",
                "type": "SharedResources",
                "items": [{"name": base, "path": f"BaseThemes/{base}.json", "type": "BaseTheme"}],
            },
            {
                "name": "RegisteredResources",
                "type": "RegisteredResources",
                "items": [{"name": _THEME, "path": _THEME, "type": "CustomTheme"}],
            },
        ],
        "settings": {
            "useStylableVisualContainerHeader": True,
            "defaultDrillFilterOtherVisuals": True,
            "allowChangeFilterTypes": True,
            "useEnhancedTooltips": True,
        },
    }


def _theme() -> Json:
    return {
        "name": _THEME,
        "dataColors": [_ACTUAL, _BEFORE, "#0B57D0", "#5B8DEF", "#7A5C00", "#A8842C", "#5F6368", "#80868B"],
        "good": _GOOD,
        "neutral": _BEFORE,
        "bad": _BAD,
        "foreground": _INK,
        "background": _PAPER,
        "tableAccent": _ACTUAL,
        "textClasses": {
            "title": {"fontFace": "Segoe UI Semibold", "fontSize": 12, "color": _INK},
            "label": {"fontFace": "Segoe UI", "fontSize": 10, "color": _INK},
            "callout": {"fontFace": "Segoe UI Semibold", "fontSize": 22, "color": _INK},
        },
    }


def _page(page: Page) -> Json:
    written: Json = {
        "$schema": f"{_SCHEMAS}/definition/page/2.0.0/schema.json",
        "name": page.name,
        "displayName": page.title,
        "displayOption": "FitToPage",
        "height": _HEIGHT,
        "width": _WIDTH,
    }
    if page.drill_through:
        drilled = f"drill_{page.name}"
        written |= {
            "filterConfig": {
                "filters": [
                    {
                        "name": drilled,
                        "field": _expression(page.drill_through),
                        "type": "Categorical",
                        "howCreated": "Drillthrough",
                    }
                ]
            },
            "pageBinding": {
                "name": f"from_{page.name}",
                "type": "Drillthrough",
                "parameters": [
                    {
                        "name": f"by_{page.name}",
                        "boundFilter": drilled,
                        "fieldExpr": _expression(page.drill_through),
                    }
                ],
            },
            "type": "Drillthrough",
            # without the value that leads there it shows nothing
            "visibility": "HiddenInViewMode",
        }
    if unmoved := list(_unmoved(page)):
        written["visualInteractions"] = [
            {"source": source, "target": target, "type": "NoFilter"} for source, target in unmoved
        ]
    return written


def _unmoved(page: Page) -> Iterator[tuple[str, str]]:
    """Which choice leaves which visual alone: every period's visuals go by the year, others by the period."""
    choices = {visual.name for visual in page.visuals} & {PERIOD, YEAR}
    for choice in sorted(choices):
        for visual in page.visuals:
            follows = YEAR if visual.ignores_period else PERIOD
            if visual.name not in (choice, BACK) and (visual.kind == "slicer" or follows != choice):
                yield choice, visual.name


def _container(page: Page, visual: Visual, order: int) -> Json:
    column, row, width, height = visual.at
    cell_width = (_WIDTH - 2 * _MARGIN + _GAP) / GRID
    cell_height = (_HEIGHT - 2 * _MARGIN + _GAP) / GRID
    written: Json = {
        "$schema": f"{_SCHEMAS}/definition/visualContainer/2.4.0/schema.json",
        "name": visual.name,
        "position": {
            "x": round(_MARGIN + column * cell_width),
            "y": round(_MARGIN + row * cell_height),
            "z": 1000 + order,
            "width": round(width * cell_width - _GAP),
            "height": round(height * cell_height - _GAP),
            "tabOrder": order,
        },
        "visual": {
            "visualType": _TYPES[visual.kind],
            **_query(visual),
            "objects": _objects(visual),
            "visualContainerObjects": _frame(visual),
            "drillFilterOtherVisuals": True,
        },
    }
    if visual.kind == "slicer":
        written["visual"]["syncGroup"] = {
            "groupName": visual.name,
            "fieldChanges": True,
            "filterChanges": True,
        }
    if visual.filters:
        written["filterConfig"] = {
            "filters": [
                {
                    "name": f"{page.name}_{visual.name}_{number}",
                    "field": _expression(field),
                    "type": "Categorical",
                    "filter": _filter(field, values),
                }
                for number, (field, values) in enumerate(visual.filters, 1)
            ]
        }
    return written


def _frame(visual: Visual) -> Json:
    """The title and what a screen reader says; a button says its title itself."""
    frame: Json = {"general": [{"properties": {"altText": _text(visual.alt)}}]}
    if visual.kind == "back":
        frame["visualLink"] = [{"properties": {"show": _literal("true"), "type": _text("Back")}}]
        return frame
    frame["title"] = [
        {
            "properties": {
                "show": _literal("true"),
                "heading": _text("Heading2"),
                "text": {"expr": _expression(visual.title)}
                if isinstance(visual.title, Field)
                else _text(visual.title),
                "titleWrap": _literal("true"),
            }
        }
    ]
    return frame


def _query(visual: Visual) -> Json:
    if not visual.roles:
        return {}
    state = {role: _projections(visual, role, fields) for role, fields in visual.roles}
    return {"query": {"queryState": state, **_order(visual)}}


def _projections(visual: Visual, role: str, fields: tuple[Field, ...]) -> Json:
    # the innermost level of a category or a row is what is drawn; a table has no levels
    is_level = role in ("Category", "Rows", "Columns")
    projections = []
    for number, field in enumerate(fields):
        projection: Json = {
            "field": _expression(field),
            "queryRef": f"{field.table}.{field.name}",
            "nativeQueryRef": field.name,
        }
        if is_level and (number == 0 or visual.is_expanded or role == "Columns"):
            projection["active"] = True
        projections.append(projection)
    return {"projections": projections}


def _order(visual: Visual) -> Json:
    if not visual.sort:
        return {}
    sorting = [{"field": _expression(field), "direction": direction} for field, direction in visual.sort]
    return {"sortDefinition": {"sort": sorting, "isDefaultSort": False}}


def _objects(visual: Visual) -> Json:
    objects: Json = {}
    match visual.kind:
        case "back":
            normally = {"selector": {"id": "default"}}
            objects["icon"] = [{"properties": {"shapeType": _text("back")}} | normally]
            objects["text"] = [
                {"properties": {"show": _literal("true")}},
                {"properties": {"text": _text(str(visual.title)), "fontColor": _colour(_INK)}} | normally,
            ]
        case "slicer":
            field = visual.roles[0][1][0]
            objects["data"] = [{"properties": {"mode": _literal("'Dropdown'")}}]
            # what starts with no choice shows all of them until there is one
            is_single = _literal("true" if visual.start else "false")
            objects["selection"] = [{"properties": {"singleSelect": is_single}}]
            objects["header"] = [{"properties": {"show": _literal("false")}}]
            if visual.start:
                chosen = {"filter": _filter(field, (visual.start,))}
                objects["general"] = [{"properties": {"filter": chosen}}]
        case "matrix":
            shown = _literal("true" if visual.has_total else "false")
            objects["subTotals"] = [{"properties": {"rowSubtotals": shown, "columnSubtotals": shown}}]
        case "columns" | "bars" | "line":
            objects["dataPoint"] = [*_series_colours(visual)]
            is_line = visual.kind == "line"
            objects["valueAxis"] = [_value_axis(is_shown=is_line)]
            objects["categoryAxis"] = [{"properties": {"showAxisTitle": _literal("false")}}]
            objects["labels"] = [_labels(is_shown=not is_line)]
        case "cards":
            objects["value"] = [
                {"properties": {"labelDisplayUnits": _literal("1D")}, "selector": {"id": "default"}}
            ]
        case "waterfall":
            objects["valueAxis"] = [_value_axis(is_shown=False)]
            objects["labels"] = [_labels(is_shown=True)]
            objects["sentimentColors"] = [
                {
                    "properties": {
                        "increaseFill": _colour(_GOOD),
                        "decreaseFill": _colour(_BAD),
                        "totalFill": _colour(_ACTUAL),
                    }
                }
            ]
    variances = [
        field
        for _, fields in visual.roles
        for field in fields
        if field.is_measure and field.name in _VARIANCES
    ]
    if visual.kind in ("table", "matrix") and variances:
        objects["values"] = [_signed(field) for field in variances]
    if visual.kind == "matrix" and "Rows" not in dict(visual.roles):
        objects["values"] = [{"properties": {"valuesOnRow": _literal("true")}}, *objects.get("values", [])]
    return objects


def _value_axis(*, is_shown: bool) -> Json:
    """Thousands of kronor everywhere; bars say their numbers and need no axis, a line starts at nothing."""
    shown = _literal("true" if is_shown else "false")
    properties = {
        "show": shown,
        "gridlineShow": shown,
        "showAxisTitle": _literal("false"),
        "labelDisplayUnits": _literal("1000D"),
    }
    return {"properties": properties | ({"start": _literal("0D")} if is_shown else {})}


def _labels(*, is_shown: bool) -> Json:
    shown = _literal("true" if is_shown else "false")
    return {"properties": {"show": shown, "labelDisplayUnits": _literal("1000D")}}


def _series_colours(visual: Visual) -> list[Json]:
    """Each series' colour by what it is: the year before, a plan, or what was booked."""
    roles = dict(visual.roles)
    if "Series" not in roles:
        return [
            _coloured(
                {"metadata": f"{field.table}.{field.name}"}, is_plan=visual.is_plan or field.name == _PLAN
            )
            for field in roles["Y"]
        ]
    series = roles["Series"][0]
    values = next(values for field, values in visual.filters if field == series)
    return [
        _coloured({"data": [{"scopeId": _equals(series, value)}]}, is_before=value in _LAST_YEAR)
        for value in values
    ]


def _coloured(selector: Json, *, is_before: bool = False, is_plan: bool = False) -> Json:
    properties = {"fill": _colour(_BEFORE if is_before else _PAPER if is_plan else _ACTUAL)}
    if is_plan:
        properties |= {"borderShow": _literal("true"), "borderColor": _colour(_ACTUAL)}
    return {"properties": properties, "selector": selector}


def _signed(field: Field) -> Json:
    """Worse than nothing is red, better green."""
    cases = [
        {
            "Condition": {
                "Comparison": {"ComparisonKind": kind, "Left": _expression(field), "Right": _value("0D")}
            },
            "Value": _value(f"'{colour}'"),
        }
        for kind, colour in ((3, _BAD), (1, _GOOD))
    ]
    return {
        "properties": {"fontColor": {"solid": {"color": {"expr": {"Conditional": {"Cases": cases}}}}}},
        "selector": {
            "data": [{"dataViewWildcard": {"matchingOption": 1}}],
            "metadata": f"{field.table}.{field.name}",
        },
    }


def _mobile(order: int, top: int, height: int) -> Json:
    return {
        "$schema": f"{_SCHEMAS}/definition/visualContainerMobileState/2.0.0/schema.json",
        "position": {
            "x": 0,
            "y": top,
            "z": 1000 + order,
            "width": _MOBILE_WIDTH,
            "height": height,
            "tabOrder": order,
        },
    }


def _filter(field: Field, values: tuple[str, ...]) -> Json:
    of_source = {"Column": {"Expression": {"SourceRef": {"Source": "t"}}, "Property": field.name}}
    return {
        "Version": 2,
        "From": [{"Name": "t", "Entity": field.table, "Type": 0}],
        "Where": [
            {
                "Condition": {
                    "In": {
                        "Expressions": [of_source],
                        "Values": [[_value(f"'{value}'")] for value in values],
                    }
                }
            }
        ],
    }


def _equals(field: Field, value: str) -> Json:
    return {"Comparison": {"ComparisonKind": 0, "Left": _expression(field), "Right": _value(f"'{value}'")}}


def _expression(field: Field) -> Json:
    kind = "Measure" if field.is_measure else "Column"
    return {kind: {"Expression": {"SourceRef": {"Entity": field.table}}, "Property": field.name}}


def _value(literal: str) -> Json:
    return {"Literal": {"Value": literal}}


def _literal(literal: str) -> Json:
    return {"expr": _value(literal)}


def _text(text: str) -> Json:
    return _literal("'" + text.replace("'", "''") + "'")


def _colour(colour: str) -> Json:
    return {"solid": {"color": _text(colour)}}
