"""Statements as tables: which columns there are something in, and what stands in each cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from saldo.report.figures import Amount, Line, Period, Statement
from saldo.report.formats import Formats

Values = Sequence[Amount]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows, what it shows when it is pointed at, and how it is coloured."""

    text: str
    title: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `scenario` says what stands in it (actual, last-year, plan, difference or share)."""

    key: str
    heading: str
    scenario: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A row below a line: an account that it is made of."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its cells and what it is made of; `heading` is that of the section it begins."""

    code: str
    label: str
    kind: str
    level: int
    heading: str
    cells: tuple[Cell, ...]
    accounts: tuple[Part, ...]
    parts: tuple[tuple[str, str], ...]
    command: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A statement, ready to be laid out."""

    code: str
    columns: tuple[Column, ...]
    groups: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Maker:
    """A column with how its cell comes of a line's amounts."""

    column: Column
    cell: Callable[[Values], Cell]
    is_shown: bool = True


class Tables:
    """Makes tables of statements for readers of one language."""

    def __init__(self, t: dict[str, str], formats: Formats, period: Period, dag_id: str) -> None:
        self._t, self._formats, self._period, self._dag_id = t, formats, period, dag_id

    def income_statement(self, statement: Statement) -> Table:
        """The month, the year to date and twelve months, with last year and the budget."""
        t, period = self._t, self._period
        sales = next((line.amounts for line in statement.lines if line.code == "net_sales"), None)
        to_date = f"{t['to_date']} {period.year_label}"
        makers = [
            self._money(statement, "month", t["actual"], "actual", period.label),
            self._money(statement, "last_year", t["last_year"], "last-year", period.label),
            self._change(statement, "difference", t["difference"], period.label),
            self._change_percent(statement, "difference", "last_year", period.label),
            self._share(statement, sales, period.label),
            self._money(statement, "budget", t["budget"], "plan", period.label),
            self._change(statement, "deviation", t["deviation"], period.label),
            self._money(statement, "to_date", t["actual"], "actual", to_date),
            self._money(statement, "last_year_to_date", t["last_year"], "last-year", to_date),
            self._change(statement, "difference_to_date", t["difference"], to_date),
            self._money(statement, "budget_to_date", t["budget"], "plan", to_date),
            self._change(statement, "deviation_to_date", t["deviation"], to_date),
            self._money(statement, "rolling_12", t["actual"], "actual", t["rolling_12"]),
        ]
        return self._table(statement, makers)

    def months(self, statement: Statement) -> Table:
        """A column a month."""
        return self._table(
            statement,
            [self._money(statement, label, label, "actual") for label in statement.columns],
            is_explained=False,
        )

    def balance_sheet(self, statement: Statement) -> Table:
        """What the year and the month opened with, what changed, and what there is beside last year."""
        t, period = self._t, self._period
        last_year = period.last_year_label or t["last_year"]
        makers = [
            self._money(statement, "opening_of_year", t["opening_of_year"], "actual"),
            self._money(statement, "opening", t["opening"], "actual"),
            self._change(statement, "change", t["change"], is_good=None),
            self._money(statement, "closing", f"{t['closing']} {period.label}", "actual"),
            self._money(statement, "last_year", f"{t['closing']} {last_year}", "last-year"),
            self._change(statement, "difference", t["difference"], is_good=None),
        ]
        return self._table(statement, makers)

    def cash_flow(self, statement: Statement) -> Table:
        """The month, the year to date and twelve months, with last year."""
        t, period = self._t, self._period
        to_date = f"{t['to_date']} {period.year_label}"
        makers = [
            self._money(statement, "month", t["actual"], "actual", period.label),
            self._money(statement, "last_year", t["last_year"], "last-year", period.label),
            self._change(statement, "difference", t["difference"], period.label),
            self._money(statement, "to_date", t["actual"], "actual", to_date),
            self._money(statement, "last_year_to_date", t["last_year"], "last-year", to_date),
            self._change(statement, "difference_to_date", t["difference"], to_date),
            self._money(statement, "rolling_12", t["actual"], "actual", t["rolling_12"]),
        ]
        return self._table(statement, makers)

    def money(self, amount: Amount) -> Cell:
        """Whole kronor, the öre when pointed at."""
        if amount is None:
            return Cell(self._formats.number(None))
        return Cell(self._formats.number(amount), self._formats.ore(amount), "" if amount else "zero")

    def change(self, amount: Amount, *, is_good: bool | None = True) -> Cell:
        """A difference with its sign; `is_good` says whether more is better, None that it is neither."""
        if not amount:
            tone = "" if amount is None else "zero"
        elif is_good is None:
            tone = ""
        else:
            tone = "better" if (amount > 0) == is_good else "worse"
        title = "" if amount is None else self._formats.number(amount, 2, signed=True)
        return Cell(self._formats.signed(amount), title, tone)

    def _money(self, statement: Statement, key: str, heading: str, scenario: str, group: str = "") -> _Maker:
        at = statement.columns.index(key)
        return _Maker(
            Column(key, heading, scenario, group),
            lambda amounts: self.money(amounts[at]),
            _is_known(statement, at),
        )

    def _change(
        self, statement: Statement, key: str, heading: str, group: str = "", *, is_good: bool | None = True
    ) -> _Maker:
        at = statement.columns.index(key)
        return _Maker(
            Column(key, heading, "difference", group),
            lambda amounts: self.change(amounts[at], is_good=is_good),
            _is_known(statement, at),
        )

    def _change_percent(self, statement: Statement, key: str, base_key: str, group: str) -> _Maker:
        at, base_at = statement.columns.index(key), statement.columns.index(base_key)

        def cell(amounts: Values) -> Cell:
            amount, base = amounts[at], amounts[base_at]
            if amount is None or not base:
                return Cell(self._formats.percent(None))
            tone = "better" if amount > 0 else "worse" if amount < 0 else ""
            return Cell(self._formats.percent(100 * amount / abs(base), signed=True), "", tone)

        column = Column(f"{key}_percent", self._t["difference_percent"], "difference", group)
        return _Maker(column, cell, _is_known(statement, at))

    def _share(self, statement: Statement, sales: Values | None, group: str) -> _Maker:
        at = statement.columns.index("month")
        base = sales[at] if sales else None

        def cell(amounts: Values) -> Cell:
            amount = amounts[at]
            return Cell(self._formats.percent(100 * amount / base if amount is not None and base else None))

        return _Maker(Column("share", self._t["share"], "share", group), cell, bool(base))

    def _table(self, statement: Statement, makers: Sequence[_Maker], *, is_explained: bool = True) -> Table:
        shown = [maker for maker in makers if maker.is_shown]
        groups: list[tuple[str, int]] = []
        for maker in shown:
            if groups and groups[-1][0] == maker.column.group:
                groups[-1] = (maker.column.group, groups[-1][1] + 1)
            else:
                groups.append((maker.column.group, 1))
        names = {line.code: line.label for line in statement.shown}
        # A section of which nothing but its sums is left needs no heading.
        with_lines = {line.section for line in statement.shown if line.kind != "subtotal"}
        rows, section = [], ""
        for line in statement.shown:
            heading = line.section if line.section != section and line.section in with_lines else ""
            section = line.section
            rows.append(self._row(statement, line, heading, shown, names, is_explained=is_explained))
        return Table(
            statement.code,
            tuple(maker.column for maker in shown),
            tuple(groups) if any(name for name, _ in groups) else (),
            tuple(rows),
        )

    def _row(
        self, statement: Statement, line: Line, heading: str, makers: Sequence[_Maker],
        names: dict[str, str], *, is_explained: bool,
    ) -> Row:  # fmt: skip
        def cells(amounts: Values) -> tuple[Cell, ...]:
            known = [
                None if of_line is None else own for of_line, own in zip(line.amounts, amounts, strict=True)
            ]
            return tuple(maker.cell(known) for maker in makers)

        cell = f"{statement.code}/{line.code}/{self._period.month}"
        return Row(
            line.code,
            line.label,
            line.kind,
            line.level,
            heading,
            cells(line.amounts),
            tuple(
                Part(f"{each.account} {each.label}".strip(), cells(each.amounts))
                for each in statement.accounts.get(line.code, ())
            ),
            tuple((part, names[part]) for part in statement.parts.get(line.code, ()) if part in names),
            f"saldo explain {self._dag_id} {cell}" if is_explained else "",
        )


def _is_known(statement: Statement, at: int) -> bool:
    return any(line.amounts[at] is not None for line in statement.lines)


def total(amounts: Sequence[Sequence[Decimal]]) -> list[Decimal]:
    """The sum of each column."""
    return [sum(column, Decimal()) for column in zip(*amounts, strict=True)]
