"""Charts in the notation of IBCS, drawn by Vega-Lite.

Actuals are dark, last year is grey, plan is an outline, what is expected is hatched, and a difference is
green where it is better and red where it is worse.

A chart is an SVG without script. Its colours are the names of roles that the report's style sheet gives the
colours of, so that one picture serves a light screen, a dark one and paper.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import vl_convert
from markupsafe import Markup, escape

from saldo.report.formats import Formats, Unit, unit_of

# The style sheet (include/report/style.css) finds these and gives the colour that the screen asks for.
ACTUAL, LAST_YEAR, TEXT, AXIS, BETTER, WORSE = (
    "#404040", "#a6a6a6", "#333333", "#888889", "#2e7d33", "#c62828",
)  # fmt: skip
EXPECTED = "url(#expected)"
_VEGA_LITE = "5.20"
_CONFIG: dict[str, Any] = {
    "mark": {"aria": False},
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {"domain": False, "grid": False, "ticks": False, "labelColor": TEXT, "title": None},
    "axisY": {"labels": False},
    "text": {"color": TEXT, "fontSize": 11},
    "concat": {"spacing": 14},
    # Screens have wider letters than those that the labels are measured by.
    "padding": {"left": 28, "right": 44, "top": 6, "bottom": 6},
}
_ROW, _COLUMN, _LABELS, _BARS, _ROOM_BESIDE = 26, 66, 240, 340, 180
_MANY = 4
_DIFFERENCE = ("better", "worse")


@dataclass(frozen=True, slots=True)
class Point:
    """A category of a chart with its amounts; what cannot be known is None."""

    label: str
    actual: Decimal
    last_year: Decimal | None = None
    plan: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of a waterfall: a total that stands on zero, or what moves it."""

    label: str
    amount: Decimal
    role: str = ""
    """ACTUAL or LAST_YEAR for a total; empty for what moves it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart, what its labels are counted in, and which scenarios its legend has to tell apart."""

    svg: Markup
    unit: str
    scenarios: tuple[str, ...]


class Drawing:
    """Draws charts for readers of one language."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats

    def columns(self, points: Sequence[Point], description: str) -> Chart:
        """Months beside each other, with the differences to last year above, all on one scale."""
        unit, width = unit_of(_amounts(points)), _COLUMN * len(points)
        rows = [self._row(position, point, unit) for position, point in enumerate(points)]
        x_axis = {
            "field": "position",
            "type": "ordinal",
            "axis": {
                "labelAngle": 0,
                "labelExpr": _names_of(points),
                "labelPadding": 16,
            },
        }
        low, high = _span(_amounts(points))
        per_krona = 190 / (high - low)
        value = {"scale": {"domain": [low, high], "zero": False, "nice": False}}
        x = {**x_axis, "scale": _places(points)}
        layers = [
            *_column(rows, x, value, "last_year", LAST_YEAR, offset=-5),
            *_column(rows, x, value, "plan", "none", stroke=ACTUAL, offset=5),
            *_column(rows, x, value, "actual", ACTUAL, offset=0),
            _zero(value),
            *_column_labels(rows, x, value, "actual"),
        ]
        panels = [{"height": per_krona * (high - low), "width": width, "layer": layers}]
        if any(point.last_year is not None for point in points):
            panels.insert(0, self._differences_above(rows, points, per_krona, width))
        return self._drawn({"vconcat": panels}, unit, description, _scenarios(points))

    def _differences_above(
        self, rows: list[dict[str, Any]], points: Sequence[Point], per_krona: float, width: int
    ) -> dict[str, Any]:
        low, high = _span(_differences(points))
        value = {"scale": {"domain": [low, high], "zero": False, "nice": False}}
        x = {
            "field": "position",
            "type": "ordinal",
            "axis": None,
            "scale": _places(points),
        }
        known = [row for row in rows if row["difference"] is not None]
        return {
            "height": max(24.0, per_krona * (high - low)),
            "width": width,
            "layer": [
                *_column(known, x, value, "difference", _color("difference"), size=0.35),
                _zero(value),
                *_column_labels(known, x, value, "difference"),
            ],
        }

    def rolling(self, lines: Sequence[tuple[str, Sequence[Point]]], description: str) -> Chart:
        """Lines over the same months below each other, a krona equally high in each, with last year's."""
        amounts = [amount for _, points in lines for amount in _amounts(points)]
        unit, width = unit_of(amounts), _COLUMN * max(len(points) for _, points in lines)
        spans = [_span(_amounts(points)) for _, points in lines]
        per_krona = 230 / sum(high - low for low, high in spans)
        panels = [
            self._line(name, points, span, per_krona, unit, width, is_last=place == len(lines))
            for place, ((name, points), span) in enumerate(zip(lines, spans, strict=True), 1)
        ]
        every = [point for _, points in lines for point in points]
        return self._drawn({"vconcat": panels}, unit, description, _scenarios(every, is_colored=False))

    def _line(
        self, name: str, points: Sequence[Point], span: tuple[float, float], per_krona: float, unit: Unit,
        width: int, *, is_last: bool,
    ) -> dict[str, Any]:  # fmt: skip
        rows = [self._row(position, point, unit) for position, point in enumerate(points)]
        low, high = span
        axis = {"labelAngle": 0, "labelExpr": _names_of(points), "labelPadding": 16} if is_last else None
        scale = {"type": "point", "padding": 0.5, "domain": list(range(len(points)))}
        x = {"field": "position", "type": "ordinal", "axis": axis, "scale": scale}
        value = {"scale": {"domain": [low, high], "zero": False, "nice": False}}
        known = [row for row in rows if row["last_year"] is not None]

        def layer(mark: dict[str, Any], field: str, data: list[dict[str, Any]], **more: Any) -> Any:
            y = {"field": field, "type": "quantitative", "axis": None, **value}
            return {"data": {"values": data}, "mark": mark, "encoding": {"x": x, "y": y, **more}}

        label = {"type": "text", "align": "left", "dx": 8, "fontWeight": 600}
        return {
            "height": max(40.0, per_krona * (high - low)),
            "width": width,
            "title": {
                "text": name,
                "anchor": "start",
                "color": TEXT,
                "fontSize": 12,
                "fontWeight": 600,
                "offset": 14,
            },
            "layer": [
                layer({"type": "line", "stroke": LAST_YEAR, "strokeWidth": 2}, "last_year", known),
                layer({"type": "line", "stroke": ACTUAL, "strokeWidth": 2.5}, "actual", rows),
                layer({"type": "point", "fill": ACTUAL, "stroke": None, "size": 36}, "actual", rows[-1:]),
                layer(label, "actual", rows[-1:], text={"field": "actual_label"}),
                layer(
                    {"type": "text", "dy": -12},
                    "actual",
                    _extremes(rows[:-1]),
                    text={"field": "actual_label"},
                ),
                _zero(value),
            ],
        }

    def bars(
        self,
        points: Sequence[Point],
        description: str,
        *,
        is_more_better: bool | None = True,
        domain: Sequence[Decimal] = (),
    ) -> Chart:
        """Categories below each other, with the differences to last year beside, all on one scale.

        `domain` holds amounts of other charts that this one is compared with. Whether more is better
        colours the differences; None leaves them without.
        """
        amounts = [*_amounts(points), *domain]
        unit = unit_of(amounts)
        rows = [self._row(position, point, unit) for position, point in enumerate(points)]
        low, high = _span(amounts)
        per_krona = _BARS / (high - low)
        value = {"scale": {"domain": [low, high], "zero": False, "nice": False}}
        y = _rows_axis(points)
        layers = [
            *_bar(rows, y, value, "last_year", LAST_YEAR, offset=-4),
            *_bar(rows, y, value, "plan", "none", stroke=ACTUAL, offset=4),
            *_bar(rows, y, value, "actual", ACTUAL, offset=0),
            _zero(value, is_across=True),
            *_bar_labels(rows, y, value, "actual"),
        ]
        panels = [{"width": _BARS, "height": _ROW * len(points), "layer": layers}]
        known = [row for row in rows if row["difference"] is not None]
        if known:
            low, high = _span(_differences(points))
            value = {"scale": {"domain": [low, high], "zero": False, "nice": False}}
            y = {**y, "axis": None}
            panels.append(
                {
                    "width": max(90.0, per_krona * (high - low)),
                    "height": _ROW * len(points),
                    "layer": [
                        *_bar(known, y, value, "difference", _color("difference", is_more_better), size=9),
                        _zero(value, is_across=True),
                        *_bar_labels(known, y, value, "difference"),
                    ],
                }
            )
        scenarios = _scenarios(points, is_colored=is_more_better is not None)
        return self._drawn({"hconcat": panels, "spacing": 44}, unit, description, scenarios)

    def waterfall(self, steps: Sequence[Step], description: str) -> Chart:
        """From one total to another, step by step downwards."""
        unit = unit_of([step.amount for step in steps])
        rows: list[dict[str, Any]] = []
        ends: list[Decimal] = []
        reached = Decimal()
        for position, step in enumerate(steps):
            start = Decimal() if step.role else reached
            reached = start + step.amount
            ends += [start, reached]
            rows.append(
                {
                    "position": position,
                    "start": float(start),
                    "end": float(reached),
                    "high": float(max(start, reached)),
                    "fill": step.role or (BETTER if step.amount >= 0 else WORSE),
                    "label": self._formats.label(step.amount, unit, signed=not step.role),
                }
            )
        low, high = _span(ends)
        value = {"scale": {"domain": [low, high], "zero": False, "nice": False}}
        points = [Point(step.label, step.amount) for step in steps]
        y = _rows_axis(points)
        spec = {
            "width": _BARS + _ROOM_BESIDE,
            "height": _ROW * len(steps),
            "layer": [
                {
                    "data": {"values": rows},
                    "mark": {"type": "bar", "size": 15},
                    "encoding": {
                        "y": y,
                        "x": {"field": "start", "type": "quantitative", "axis": None, **value},
                        "x2": {"field": "end"},
                        "color": {"field": "fill", "type": "nominal", "scale": None},
                    },
                },
                _zero(value, is_across=True),
                {
                    "data": {"values": rows},
                    "mark": {"type": "text", "align": "left", "dx": 6},
                    "encoding": {
                        "y": y,
                        "x": {"field": "high", "type": "quantitative", "axis": None, **value},
                        "text": {"field": "label"},
                    },
                },
            ],
        }
        totals = ("actual", "last_year") if steps[0].role == LAST_YEAR else ("actual",)
        return self._drawn(spec, unit, description, (*totals, *_DIFFERENCE))

    def expected(self, points: Sequence[Point], description: str) -> Chart:
        """What is there, and after it what is expected."""
        unit = unit_of(_amounts(points))
        rows = [self._row(position, point, unit) for position, point in enumerate(points)]
        low, high = _span(_amounts(points))
        value = {"scale": {"domain": [low, high], "zero": False, "nice": False}}
        x = {
            "field": "position",
            "type": "ordinal",
            "axis": {"labelAngle": 0, "labelExpr": _names_of(points), "labelPadding": 16},
            "scale": _places(points),
        }
        spec = {
            "width": _COLUMN * len(points),
            "height": 200,
            "layer": [
                *_column(rows[:1], x, value, "actual", ACTUAL),
                *_column(rows[1:], x, value, "actual", EXPECTED, stroke=ACTUAL),
                _zero(value),
                *_column_labels(rows, x, value, "actual"),
            ],
        }
        return self._drawn(spec, unit, description, ("actual", "expected"))

    def _row(self, position: int, point: Point, unit: Unit) -> dict[str, Any]:
        difference = None if point.last_year is None else point.actual - point.last_year
        return {
            "position": position,
            "actual": float(point.actual),
            "last_year": None if point.last_year is None else float(point.last_year),
            "plan": None if point.plan is None else float(point.plan),
            "difference": None if difference is None else float(difference),
            "actual_label": self._formats.label(point.actual, unit),
            "difference_label": ""
            if difference is None
            else self._formats.label(difference, unit, signed=True),
        }

    def _drawn(self, spec: dict[str, Any], unit: Unit, description: str, scenarios: tuple[str, ...]) -> Chart:
        svg = vl_convert.vegalite_to_svg({**spec, "config": _CONFIG}, vl_version=_VEGA_LITE)
        head, _, body = svg.partition(">")
        named = f'{head} role="img" aria-label="{escape(description)}">{body}'
        return Chart(Markup(named), unit.name, scenarios)  # noqa: S704 (Vega escapes every text of the data)


def _amounts(points: Sequence[Point]) -> list[Decimal]:
    return [
        amount
        for point in points
        for amount in (point.actual, point.last_year, point.plan)
        if amount is not None
    ]


def _scenarios(points: Sequence[Point], *, is_colored: bool = True) -> tuple[str, ...]:
    has_last_year = any(point.last_year is not None for point in points)
    return (
        "actual",
        *(["last_year"] if has_last_year else []),
        *(["plan"] if any(point.plan is not None for point in points) else []),
        *(_DIFFERENCE if has_last_year and is_colored else []),
    )


def _differences(points: Sequence[Point]) -> list[Decimal]:
    return [point.actual - point.last_year for point in points if point.last_year is not None]


def _span(amounts: Sequence[Decimal]) -> tuple[float, float]:
    """From the lowest to the highest, zero among them, with room for labels."""
    low, high = min([Decimal(), *amounts]), max([Decimal(), *amounts])
    if low == high:
        high = Decimal(1)
    return float(low), float(high)


def _extremes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The highest and the lowest, where there are enough to tell them apart."""
    if len(rows) < _MANY:
        return []
    return [max(rows, key=lambda row: row["actual"]), min(rows, key=lambda row: row["actual"])]


def _names_of(points: Sequence[Point]) -> str:
    """Vega's expression for the names: positions are drawn by, for two categories may be called alike."""
    return f"({json.dumps([point.label for point in points])})[datum.value]"


def _places(points: Sequence[Point]) -> dict[str, Any]:
    """A place for each category, also in a layer that shows some of them."""
    return {"domain": list(range(len(points))), "paddingInner": 0.3, "paddingOuter": 0.1}


def _rows_axis(points: Sequence[Point]) -> dict[str, Any]:
    return {
        "field": "position",
        "type": "ordinal",
        "scale": _places(points),
        "axis": {
            "labels": True,
            "labelExpr": _names_of(points),
            "labelLimit": _LABELS,
            "labelPadding": 8,
            "labelFontSize": 12,
        },
    }


def _color(field: str, is_more_better: bool | None = True) -> dict[str, Any] | str:
    if is_more_better is None:
        return ACTUAL
    better, worse = (BETTER, WORSE) if is_more_better else (WORSE, BETTER)
    return {"condition": {"test": f"datum.{field} >= 0", "value": better}, "value": worse}


def _column(
    rows: list[dict[str, Any]], x: Any, value: Any, field: str, fill: Any, *, stroke: str | None = None,
    offset: int = 0, size: float = 0.55,
) -> list[dict[str, Any]]:  # fmt: skip
    return _mark(rows, x, value, field, fill, stroke, {"xOffset": offset, "width": {"band": size}}, "x", "y")


def _bar(
    rows: list[dict[str, Any]], y: Any, value: Any, field: str, fill: Any, *, stroke: str | None = None,
    offset: int = 0, size: int = 12,
) -> list[dict[str, Any]]:  # fmt: skip
    return _mark(rows, y, value, field, fill, stroke, {"yOffset": offset, "height": size}, "y", "x")


def _mark(
    rows: list[dict[str, Any]], category: Any, value: Any, field: str, fill: Any, stroke: str | None,
    look: dict[str, Any], along: str, across: str,
) -> list[dict[str, Any]]:  # fmt: skip
    known = [row for row in rows if row[field] is not None]
    if not known:
        return []
    mark = {"type": "bar", "stroke": stroke, "strokeWidth": 1.2, **look}
    if isinstance(fill, str):
        mark["fill"] = fill
    return [
        {
            "data": {"values": known},
            "mark": mark,
            "encoding": {
                along: category,
                across: {"field": field, "type": "quantitative", "axis": None, **value},
                **({} if isinstance(fill, str) else {"fill": fill}),
            },
        }
    ]


def _column_labels(rows: list[dict[str, Any]], x: Any, value: Any, field: str) -> list[dict[str, Any]]:
    return [
        {
            "data": {"values": [row for row in rows if (row[field] >= 0) == is_above]},
            "mark": {"type": "text", "dy": -8 if is_above else 9, "fontSize": 11},
            "encoding": {
                "x": x,
                "y": {"field": field, "type": "quantitative", "axis": None, **value},
                "text": {"field": f"{field}_label"},
            },
        }
        for is_above in (True, False)
    ]


def _bar_labels(rows: list[dict[str, Any]], y: Any, value: Any, field: str) -> list[dict[str, Any]]:
    return [
        {
            "data": {"values": [row for row in rows if (row[field] >= 0) == is_right]},
            "mark": {"type": "text", "align": "left" if is_right else "right", "dx": 5 if is_right else -5},
            "encoding": {
                "y": y,
                "x": {"field": field, "type": "quantitative", "axis": None, **value},
                "text": {"field": f"{field}_label"},
            },
        }
        for is_right in (True, False)
    ]


def _zero(value: Any, *, is_across: bool = False) -> dict[str, Any]:
    """The line that columns and bars stand on."""
    return {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "stroke": AXIS, "strokeWidth": 1},
        "encoding": {
            "x" if is_across else "y": {"field": "zero", "type": "quantitative", "axis": None, **value}
        },
    }
