"""Every measure, computed in DAX over the imported marts, against the marts' own figures."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from saldo.warehouse.build import build
from sandbox.dax import Model
from sandbox.dax_values import formatted, rounded
from tests.powerbi.model import Imports, read
from tests.support import Warehouse
from tests.warehouse.books import company, land
from tests.warehouse.golden_companies import COMPANIES, Company
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

TWINS = list(csv.DictReader(Path(__file__).with_name("twins.csv").open(encoding="utf-8", newline="")))
CUT = Company(
    "cut_within_months",
    (
        busy_year(1, "2022-07-17", "2023-07-16", seed=1, vouchers=120),
        busy_year(2, "2023-07-17", "2024-07-16", seed=2, vouchers=120),
        busy_year(3, "2024-07-17", "2025-07-16", seed=3, vouchers=120),
    ),
    as_of="2025-05-20",
)
TOLD = {each.name: each for each in (*COMPANIES, CUT)}
NAMES = (
    "everything", "short_first_and_eighteen_months", "overlapping", "listed_years", "subledgers",
    "trade", "crowd_1", "cut_within_months",
)  # fmt: skip
PERIOD, LINE, TIME = "Period[Periodnyckel]", "Rapportrad[Radnyckel]", "Tidsperspektiv[Tidsperspektiv]"


@dataclass(frozen=True)
class Period:
    """A period that has begun by today, and the day that its sub-ledgers are read at."""

    key: int
    end: datetime.date
    day: datetime.date
    year: int
    last_year: int | None
    is_alone: bool
    """No other period ends in its month."""


@dataclass(frozen=True)
class Imported:
    organization_id: int
    connection: psycopg.Connection[Any]
    model: Model
    periods: tuple[Period, ...]

    def rows(self, query: str, parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()


# Years that overlap or are of other lengths, sub-ledgers and trade; the rest takes long.
QUICK = {"short_first_and_eighteen_months", "overlapping", "trade"}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES],
)
def imported(request: pytest.FixtureRequest, module_warehouse: Warehouse) -> Iterator[Imported]:
    told = TOLD[request.param]
    organization_id = company(7000 + NAMES.index(told.name), told.name)
    land(organization_id, *told.years, documents=told.documents, as_of=told.as_of)
    build(organization_id)
    rows = module_warehouse.rows(
        "select every.fiscal_period_key, every.end_date, least(every.end_date, as_of_date), "
        "every.financial_year_key, every.last_year_period_key, month_count = 1 "
        "from (select *, count(*) over (partition by month_order) as month_count from mart.dim_fiscal_period "
        "where organization_id = %s) as every join mart.as_of using (organization_id) "
        "join mart.dim_fiscal_period as present on present.organization_id = every.organization_id "
        "and present.fiscal_period_key = as_of.fiscal_period_key "
        "where every.end_date <= present.end_date order by every.fiscal_period_key",
        [organization_id],
    )
    model = Imports(module_warehouse).model_of(organization_id)
    with psycopg.connect(module_warehouse.server.url(module_warehouse.name)) as connection:
        yield Imported(organization_id, connection, model, tuple(Period(*row) for row in rows))


_CELLS = (
    "select fiscal_period_key, statement_line_key, {} from mart.{} as cell "
    "join mart.dim_fiscal_period as period using (organization_id, fiscal_period_key) "
    "where organization_id = %s"
)
_FLOWS = "amount, year_to_date_amount, rolling_12_amount, last_year_amount, last_year_to_date_amount"
# (a balance is the same for any time that ends with the period; twelve months must be there all the same)
_STOCKS = (
    "closing_amount, closing_amount, case when period.has_twelve_months then closing_amount end, "
    "last_year_closing_amount, last_year_closing_amount"
)


@pytest.mark.parametrize("mart", ["income_statement", "balance_sheet", "cash_flow"])
def test_statements_are_the_marts_over_every_time(imported: Imported, mart: str) -> None:
    columns = _STOCKS if mart == "balance_sheet" else _FLOWS
    rows = imported.rows(_CELLS.format(columns, mart), [imported.organization_id])
    cells = {row[:2]: row[2:] for row in rows}
    begun = {period.key: period for period in imported.periods}
    unlike = []
    for (key, line), (amount, to_date, twelve, last_year, last_year_to_date) in cells.items():
        if key not in begun:
            continue
        expected = {
            "Period": amount,
            "Ack. i år": to_date,
            "Föreg. år": last_year,
            "Ack. föreg. år": last_year_to_date,
            "Förändring": None if last_year is None else amount - last_year,
            "Ack. förändring": None if last_year_to_date is None else to_date - last_year_to_date,
        }
        # twelve months are calendar months, so a balance is that of the month's end, not the period's
        if mart != "balance_sheet" or begun[key].is_alone:
            expected["R12"] = twelve
            expected["R12 föreg. år"] = cells.get((begun[key].last_year, line), (None,) * 5)[2]
        for time, figure in expected.items():
            found = imported.model.value("Rapportvärde", {PERIOD: [key], LINE: [line], TIME: [time]})
            if found != figure:
                unlike.append((key, line, time, found, figure))
    assert unlike == []
    assert cells


def _asked(imported: Imported, twin: dict[str, str], period: Period) -> Iterator[tuple[Any, Any]]:
    """What the measure says and what the SQL says, for each row of what the twin goes over."""
    rows = imported.rows(twin["sql"], {
        "organization": imported.organization_id, "period": period.key, "day": period.day,
        "year": period.year, "last_year": period.last_year,
    })  # fmt: skip
    chosen = {PERIOD: [period.key]} | ({TIME: [twin["time"]]} if twin["time"] else {})
    if not twin["over"]:
        yield imported.model.value(twin["measure"], chosen), rows[0][0] if rows else None
        return
    figures = dict(rows)
    known = imported.model.query(f"EVALUATE VALUES ( {twin['over']} )")
    for member in (row[twin["over"]] for row in known):
        # (what the SQL leaves out of lines and accounts it says nothing of, unless it says it of none)
        if member in figures or not twin["shown"]:
            yield (
                imported.model.value(twin["measure"], chosen | {twin["over"]: [member]}),
                figures.get(member),
            )


def _agree(found: Any, figure: Any, shown: str) -> bool:
    """`shown` says how the two are compared: BLANK may be zero, a ratio is cut, a title holds the figure."""
    match shown:
        case "":
            return bool(found == figure)
        case "zero":
            return (found or 0) == (figure or 0)
        case "ratio":
            return _cut(found, 6) == _cut(figure, 6)
        case "percent":
            # a key figure holds per cent as such, with four digits
            return _cut(None if found is None else found * 100, 4) == figure
    if figure is None:
        return isinstance(found, str) and "  " not in found
    texts = {
        "tkr": lambda: formatted(Decimal(figure) / 1000, "#,0") + " tkr",
        "kr": lambda: formatted(figure, "#,0") + " kr",
        "percent in words": lambda: formatted(figure / 100, "0.0%"),
        "words": lambda: figure,
    }
    return texts[shown]() in found


def _cut(value: Decimal | None, digits: int) -> Decimal | None:
    return None if value is None else rounded(value, digits)


def test_measures_are_their_twins_in_sql(imported: Imported) -> None:
    # the newest periods, and one now and then before them
    periods = {*imported.periods[-2:], *imported.periods[::5]}
    unlike = [
        (twin["measure"], twin["time"], period.end, found, figure)
        for twin in TWINS
        for period in sorted(periods, key=lambda each: each.key)
        for found, figure in _asked(imported, twin, period)
        if not _agree(found, figure, twin["shown"])
    ]
    assert unlike == []


def test_every_measure_a_reader_sees_has_a_twin() -> None:
    model = read()
    titles = {name for name in model.measures(hidden=True) if name.startswith("Rubrik: ")}
    assert len(titles) >= 12
    assert {twin["measure"] for twin in TWINS} == {*model.measures(), *titles}


def test_financial_year_sums_flows_and_ends_with_its_last_balance(imported: Imported) -> None:
    by_year: dict[int, Period] = {}
    for period in sorted(imported.periods, key=lambda each: each.end):
        by_year[period.year] = period
    for year, last in by_year.items():
        whole = {"Period[Räkenskapsårsnyckel]": [year]}
        of_last = {PERIOD: [last.key]}
        for measure in ("Nettoomsättning", "Årets resultat", "Periodens kassaflöde"):
            to_date = imported.model.value(measure, of_last | {TIME: ["Ack. i år"]})
            assert imported.model.value(measure, whole | {TIME: ["Ack. i år"]}) == to_date
        for measure in ("Summa tillgångar", "Kundfordringar", "Soliditet", "Nyckeltal R12"):
            assert imported.model.value(measure, whole) == imported.model.value(measure, of_last)


def test_current_period_has_a_name_of_its_own(imported: Imported) -> None:
    current = {"Period[Periodval]": ["Aktuell period"]}
    ((key,),) = imported.rows(
        "select fiscal_period_key from mart.as_of where organization_id = %s", [imported.organization_id]
    )
    for measure in ("Nettoomsättning", "Summa tillgångar", "Moms att betala", "Kundfordringar"):
        assert imported.model.value(measure, current) == imported.model.value(measure, {PERIOD: [key]})


def test_balance_of_a_time_still_to_come_is_blank(imported: Imported) -> None:
    coming = imported.rows(
        "select fiscal_period_key from mart.dim_fiscal_period where organization_id = %s and start_date > %s",
        [imported.organization_id, max(period.end for period in imported.periods)],
    )
    for (key,) in coming:
        assert imported.model.value("Summa tillgångar", {PERIOD: [key]}) is None


def test_lines_of_one_name_are_told_apart(imported: Imported) -> None:
    lines = imported.model.query("EVALUATE SUMMARIZE ( Rapportrad, Rapportrad[Rad], Rapportrad[Radordning] )")
    assert len({line["Rapportrad[Rad]"] for line in lines}) == len(lines)
