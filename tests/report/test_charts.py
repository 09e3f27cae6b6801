"""Charts as IBCS has them: scenarios told apart, differences with their sign, one scale where compared."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from saldo.report import charts
from saldo.report.charts import Drawing, Point, Step
from saldo.report.formats import Formats, unit_of

DRAW = Drawing(Formats.of("sv"))


def point(label: str, *amounts: int | None) -> Point:
    return Point(label, *(None if amount is None else Decimal(amount) for amount in amounts))  # type: ignore[arg-type]


def fills(svg: str) -> list[str]:
    return re.findall(r'<path aria-hidden="true" d="[^"]*" fill="([^"]+)"', svg)


def lengths(svg: str, fill: str) -> list[float]:
    """How long the bars of a colour are."""
    bar = rf'd="M[-\d.]+,[-\d.]+h([-\d.]+)v[^"]*" fill="{re.escape(fill)}"'
    return [abs(float(found)) for found in re.findall(bar, svg)]


def test_actuals_last_year_plan_and_differences_look_different() -> None:
    svg = str(DRAW.columns([point("jan", 10, 8, 12), point("feb", 5, 9, 4)], "a").svg)
    assert fills(svg).count(charts.ACTUAL) == 2
    assert fills(svg).count(charts.LAST_YEAR) == 2
    assert len(re.findall(rf'fill="none" stroke="{charts.ACTUAL}"', svg)) == 2
    assert fills(svg).count(charts.BETTER) == fills(svg).count(charts.WORSE) == 1
    assert ">+2<" in svg
    assert ">−4<" in svg


def test_a_cost_that_rose_is_worse() -> None:
    svg = str(DRAW.bars([point("Hyra", 10, 8)], "a", is_more_better=False).svg)
    assert charts.WORSE in fills(svg)
    assert charts.BETTER not in fills(svg)


def test_what_is_expected_is_hatched() -> None:
    svg = str(DRAW.expected([point("idag", 5), point("v. 1", 7), point("v. 2", -2)], "a").svg)
    assert fills(svg).count(charts.ACTUAL) == 1
    assert fills(svg).count(charts.EXPECTED) == 2


def test_charts_that_are_compared_have_one_scale() -> None:
    large, small = [point("a", 1000), point("b", 100)], [point("a", 100), point("b", 50)]
    of_all = [each.actual for each in large + small]
    first, second = (
        lengths(str(DRAW.bars(points, "a", domain=of_all).svg), charts.ACTUAL) for points in (large, small)
    )
    assert first[1] == pytest.approx(second[0])
    assert first[0] == pytest.approx(10 * second[0])


def test_differences_have_the_scale_of_what_they_are_of() -> None:
    svg = str(DRAW.bars([point("a", 1000, 400)], "a").svg)
    (actual,), (difference,) = lengths(svg, charts.ACTUAL), lengths(svg, charts.BETTER)
    assert difference / actual == pytest.approx(0.6)


def test_a_waterfall_leads_from_one_total_to_the_other() -> None:
    steps = [
        Step("i fjol", Decimal(100), charts.LAST_YEAR),
        Step("mer", Decimal(50)),
        Step("mindre", Decimal(-30)),
        Step("nu", Decimal(120), charts.ACTUAL),
    ]
    svg = str(DRAW.waterfall(steps, "a").svg)
    assert fills(svg)[:4] == [charts.LAST_YEAR, charts.BETTER, charts.WORSE, charts.ACTUAL]
    whole = lengths(svg, charts.ACTUAL)[0]
    assert lengths(svg, charts.BETTER)[0] / whole == pytest.approx(50 / 120)


def test_two_that_are_called_alike_are_two_bars() -> None:
    svg = str(DRAW.bars([point("Lika AB", 3), point("Lika AB", 2)], "a").svg)
    assert len(lengths(svg, charts.ACTUAL)) == 2


@pytest.mark.parametrize("amounts", [[], [0], [0, 0]])
def test_nothing_to_draw_does_not_break(amounts: list[int]) -> None:
    points = [point(str(amount), amount) for amount in amounts]
    for draw in (DRAW.columns, DRAW.bars):
        assert "<svg" in draw(points, "a").svg  # type: ignore[operator]


@pytest.mark.parametrize(
    ("largest", "unit"), [(9_999, "kr"), (10_000, "tkr"), (9_999_999, "tkr"), (10_000_000, "mkr")]
)
def test_labels_are_counted_in_what_has_few_digits(largest: int, unit: str) -> None:
    assert unit_of([Decimal(-largest), Decimal(1)]).name == unit
