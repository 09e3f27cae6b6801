"""Which chart a page has: the figures as a chart's points, and what it says in words."""

from __future__ import annotations

from decimal import Decimal

from saldo.report import charts
from saldo.report.charts import Chart, Drawing, Point, Step
from saldo.report.figures import Development, Figures, Party, SubLedger
from saldo.report.formats import Formats

_MONTHS, _LARGEST = 13, 10
_CASH_STEPS = ("cash_from_operations", "cash_from_investing", "cash_from_financing")
_BALANCE_GROUPS = (
    "total_fixed_assets", "total_inventories", "total_current_receivables", "total_short_term_investments",
    "total_cash", "total_equity", "total_untaxed_reserves", "total_provisions",
    "total_non_current_liabilities", "total_current_liabilities",
)  # fmt: skip


class Drawings:
    """Draws what the figures show; None or nothing where there is too little to draw."""

    def __init__(self, t: dict[str, str], formats: Formats, figures: Figures) -> None:
        self._t, self._formats, self._figures = t, formats, figures
        self._draw = Drawing(formats)

    def rolling(self) -> Chart | None:
        """Net sales and operating result over rolling twelve months, with those of a year before."""
        lines = []
        for code in ("net_sales", "operating_result"):
            months = [each for each in self._figures.development if each.code == code]
            known = {(each.month_name, each.year): each.rolling_12_amount for each in months}
            points = [
                Point(_month(each), each.rolling_12_amount, known.get((each.month_name, each.year - 1)))
                for each in months[-_MONTHS:]
                if each.rolling_12_amount is not None
            ]
            if len(points) > 1:
                lines.append((months[-1].label, points))
        if not lines:
            return None
        parts = ", ".join(
            self._t["rolling_part"].format(
                name=name, amount=self._number(points[-1].actual), change=self._change(points[-1])
            )
            for name, points in lines
        )
        return self._draw.rolling(lines, self._t["rolling_description"].format(lines=parts))

    def bridge(self) -> Chart | None:
        """From last year's operating result of the month to this year's."""
        income, period = self._figures.income, self._figures.period
        before, now = (income.amount("operating_result", column) for column in ("last_year", "month"))
        if before is None or now is None or period.last_year_label is None:
            return None
        moves = [Step(step.label, step.amount) for step in self._figures.bridge]
        return self._waterfall(
            Step(period.last_year_label, before, charts.LAST_YEAR),
            moves,
            Step(period.label, now, charts.ACTUAL),
            "bridge_description",
        )

    def cash(self) -> Chart:
        """From the month's opening cash to its closing."""
        flow = self._figures.cash_flow
        names = {line.code: line.label for line in flow.lines}
        moves = [Step(names[code], flow.amount(code, "month") or Decimal()) for code in _CASH_STEPS]
        opening, change, closing = (
            sum((account.amounts[at] for account in self._figures.cash), Decimal()) for at in range(3)
        )
        rest = change - sum((move.amount for move in moves), Decimal())
        if rest:
            differences = next(line.section for line in flow.lines if line.code == "cash_flow_total")
            moves.append(Step(differences, rest))
        return self._waterfall(
            Step(self._t["cash_opening"], opening, charts.ACTUAL),
            moves,
            Step(self._t["cash_closing"], closing, charts.ACTUAL),
            "cash_description",
        )

    def months(self, code: str) -> Chart | None:
        """A line month by month, with last year and the budget."""
        months = [each for each in self._figures.development if each.code == code][-_MONTHS:]
        if not months:
            return None
        points = [
            Point(_month(each), each.amount, each.last_year_amount, each.budget_amount) for each in months
        ]
        return self._draw.columns(
            points,
            self._t["months_description"].format(name=months[0].label, values=self._values(points)),
        )

    def balance(self) -> Chart:
        """The large groups of assets and of what finances them."""
        sheet = self._figures.balance
        lines = {line.code: line for line in sheet.shown}
        points = [
            Point(
                _without_sum(lines[code].label),
                sheet.amount(code, "closing") or Decimal(),
                sheet.amount(code, "last_year"),
            )
            for code in _BALANCE_GROUPS
            if code in lines
        ]
        return self._draw.bars(points, self._values(points), is_more_better=None)

    def ageing(self, ledger: SubLedger) -> Chart | None:
        """Open amounts by days overdue; customers and suppliers are drawn on one scale."""
        if not ledger.has_any:
            return None
        sides = (self._figures.receivables, self._figures.payables)
        points = [
            Point(
                bucket.label,
                bucket.amount,
                None if ledger.last_year_total is None else bucket.last_year_amount or Decimal(),
            )
            for bucket in ledger.buckets
        ]
        return self._draw.bars(
            points,
            self._t["ageing_description"].format(day=ledger.as_of_date, values=self._values(points)),
            is_more_better=None,
            domain=[bucket.amount for side in sides for bucket in side.buckets],
        )

    def parties(self, parties: tuple[Party, ...], *, is_more_better: bool | None = True) -> Chart | None:
        """The largest of twelve months, with the twelve before."""
        largest = [party for party in parties if party.amounts[0] > 0][:_LARGEST]
        if not largest:
            return None
        points = [Point(party.label, party.amounts[0], party.amounts[1]) for party in largest]
        return self._draw.bars(
            points,
            self._t["parties_description"].format(values=self._values(points)),
            is_more_better=is_more_better,
        )

    def costs(self) -> Chart | None:
        """Operating costs of the year to date, line by line; a cost is drawn as +."""
        income = self._figures.income
        total = next((line for line in income.lines if line.code == "total_operating_costs"), None)
        if total is None or not income.amount("total_operating_costs", "to_date"):
            return None
        points = []
        for line in income.shown:
            if line.section != total.section or line.kind != "line":
                continue
            actual, last_year, plan = (
                income.amount(line.code, column)
                for column in ("to_date", "last_year_to_date", "budget_to_date")
            )
            points.append(
                Point(
                    line.label,
                    -(actual or Decimal()),
                    None if last_year is None else -last_year,
                    None if plan is None else -plan,
                )
            )
        return self._draw.bars(points, self._values(points), is_more_better=False)

    def liquidity(self) -> Chart | None:
        """Cash today, and what is expected at the end of each week."""
        weeks = self._figures.weeks
        if not weeks:
            return None
        points = [Point(self._t["today"], weeks[0].amounts[0])]
        points += [
            Point(f"{self._t['week_short']} {week.week_start_date.isocalendar().week}", week.amounts[-1])
            for week in weeks
        ]
        return self._draw.expected(
            points,
            self._t["liquidity_description"].format(
                today=self._number(points[0].actual), last=self._number(points[-1].actual)
            ),
        )

    def _waterfall(self, first: Step, moves: list[Step], last: Step, text: str) -> Chart:
        steps = ", ".join(f"{move.label} {self._formats.signed(move.amount)}" for move in moves)
        return self._draw.waterfall(
            [first, *moves, last],
            self._t[text].format(
                from_amount=self._number(first.amount), to_amount=self._number(last.amount), steps=steps
            ),
        )

    def _values(self, points: list[Point]) -> str:
        return ", ".join(f"{point.label} {self._number(point.actual)}" for point in points)

    def _number(self, amount: Decimal) -> str:
        return self._formats.number(amount)

    def _change(self, point: Point) -> str:
        if point.last_year is None:
            return ""
        change = self._formats.signed(point.actual - point.last_year)
        return self._t["change_to_last_year"].format(change=change)


def _month(each: Development) -> str:
    return f"{each.month_name} {each.year % 100:02}"


def _without_sum(label: str) -> str:
    """A subtotal's name without its first word: "Summa eget kapital" is "Eget kapital"."""
    rest = label.split(" ", maxsplit=1)[-1]
    return rest[:1].upper() + rest[1:]
