"""Changes the SQL of the marts in small ways and sees whether a rule, a check or a golden file notices.

    MUTANTS=1.0 pytest -s tests/warehouse/test_mutants.py

Each mutant is one change of one file: a join condition dropped, a join made outer or inner, a sign or an
operator turned, a filter dropped, a boundary moved, an aggregate or a coalesce replaced, a number changed, a
branch of a union or of a case left out, an order turned. It is caught when the text breaks a rule of
test_style, when the statement fails, when a stop check fails, or when a company's marts or warnings are not
the golden ones.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlglot
from sqlglot import exp

from saldo import sql
from saldo.database import Connection, Role, connect, run
from saldo.warehouse import build as building
from saldo.warehouse.migrations import definition_and_build
from tests.warehouse import golden
from tests.warehouse.golden_companies import COMPANIES, land_and_build
from tests.warehouse.rules import broken_rules


@dataclass(frozen=True)
class Mutant:
    """One change of the statement that fills a mart."""

    name: str
    kind: str
    change: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """What caught a mutant; `caught_by` is empty where nothing did."""

    mutant: Mutant
    caught_by: str


_AGGREGATES: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.Sum: exp.Max, exp.Max: exp.Min, exp.Min: exp.Max, exp.LogicalOr: exp.LogicalAnd,
    exp.LogicalAnd: exp.LogicalOr,
}  # fmt: skip
_BOUNDARIES: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT,
}  # fmt: skip
_OPERATORS: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Mul: exp.Div, exp.And: exp.Or, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ,
}  # fmt: skip


def mutants(name: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a statement."""
    tree = sqlglot.parse_one(text, dialect="postgres")
    original = tree.sql(dialect="postgres")
    seen = {original}
    for place, node in enumerate(tree.walk()):
        for kind, change in _changes(node):
            copy = tree.copy()
            twin = next(each for at, each in enumerate(copy.walk()) if at == place)
            told = change(twin)
            changed = copy.sql(dialect="postgres")
            if changed not in seen:
                seen.add(changed)
                yield Mutant(name, kind, told, changed)


def _changes(node: exp.Expression) -> Iterator[tuple[str, Any]]:
    if isinstance(node, exp.And):
        yield "condition dropped", lambda twin: _swap(twin, twin.left)
        yield "condition dropped", lambda twin: _swap(twin, twin.right)
    if isinstance(node, exp.Where | exp.Having) and not isinstance(node.this, exp.And):
        yield "filter dropped", lambda twin: _swap(twin.this, exp.true())
    if isinstance(node, exp.Join) and node.side in ("", "LEFT") and node.kind != "CROSS":
        yield "join turned", _turn_join
    if isinstance(node, exp.Neg):
        yield "sign dropped", lambda twin: _swap(twin, twin.this)
    if isinstance(node, exp.Coalesce):
        yield "coalesce dropped", lambda twin: _swap(twin, twin.this)
    if isinstance(node, exp.Filter):
        yield "filter dropped", lambda twin: _swap(twin, twin.this)
    if isinstance(node, exp.Not):
        yield "not dropped", lambda twin: _swap(twin, twin.this)
    for kind, table in (("aggregate", _AGGREGATES), ("boundary", _BOUNDARIES), ("operator", _OPERATORS)):
        if type(node) in table:
            yield kind, lambda twin, table=table: _swap(twin, table[type(twin)](**twin.args))
    if isinstance(node, exp.Between):
        yield "boundary", lambda twin: _swap(twin, exp.GTE(this=twin.this, expression=twin.args["low"]))
        yield "boundary", lambda twin: _swap(twin, exp.LTE(this=twin.this, expression=twin.args["high"]))
    if (
        isinstance(node, exp.Literal)
        and not node.is_string
        and not isinstance(node.parent, exp.DataTypeParam)
    ):
        yield "number", _next_number
    if isinstance(node, exp.Union):
        yield "branch dropped", lambda twin: _swap(twin, twin.this)
    if isinstance(node, exp.Case) and len(node.args["ifs"]) > 1:
        for number in range(len(node.args["ifs"])):
            yield "case dropped", lambda twin, number=number: _drop_case(twin, number)
    if isinstance(node, exp.Ordered):
        yield "order", _turn_order
    if isinstance(node, exp.Abs):
        yield "abs dropped", lambda twin: _swap(twin, twin.this)
    if isinstance(node, exp.WindowSpec) and node.args.get("start") == "UNBOUNDED":
        yield "window", _shorten_window


def _swap(twin: exp.Expression, other: exp.Expression) -> str:
    before, copy = twin.sql(dialect="postgres"), other.copy()
    twin.replace(copy)
    return f"{_short(before)}  ->  {_short(copy.sql(dialect='postgres'))}"


def _next_number(twin: exp.Literal) -> str:
    around = _short(twin.parent.sql(dialect="postgres")) if twin.parent else ""
    return f"{_swap(twin, exp.Literal.number(int(float(twin.this)) + 1))}  in  {around}"


def _turn_join(twin: exp.Join) -> str:
    was = twin.side or "INNER"
    twin.set("side", None if twin.side else "LEFT")
    twin.set("kind", "INNER" if was == "LEFT" else None)
    return f"{was} join of {twin.this.sql(dialect='postgres')} turned"


def _drop_case(twin: exp.Case, number: int) -> str:
    branch = twin.args["ifs"].pop(number)
    return f"case {_short(branch.sql(dialect='postgres'))} dropped"


def _turn_order(twin: exp.Ordered) -> str:
    twin.set("desc", not twin.args.get("desc"))
    return f"order of {_short(twin.this.sql(dialect='postgres'))} turned"


def _shorten_window(twin: exp.WindowSpec) -> str:
    twin.set("start", "CURRENT ROW")
    twin.set("start_side", None)
    if twin.args.get("end") != "UNBOUNDED":
        twin.set("end", "CURRENT ROW")
        twin.set("end_side", None)
    return "window begins with its row"


def _short(text: str) -> str:
    return text if len(text) < 70 else text[:67] + "..."


@dataclass(frozen=True)
class _Company:
    """A golden company as it stands: its marts' golden lines and digests, and what the checks found."""

    name: str
    organization_id: int
    connection: Connection
    lines: dict[str, list[str]]
    digests: dict[str, str]
    is_large: bool
    checks: list[str]


class Judge:
    """Tries mutants on the golden companies, in the warehouse that the environment points at.

    Nothing of a mutant is kept: it fills its mart in a transaction that is rolled back. Only where the mart's
    rows then differ, and its golden lines (which leave some rows out) do not, the marts made from it and all
    checks are run as well: with the rows unchanged, nothing behind them can differ.
    """

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._marts = sql.in_order(sql.files("marts"))
        self._companies = []
        for number, company in enumerate(COMPANIES, 1):
            organization_id, result = land_and_build(number, company)
            connection = stack.enter_context(connect(Role.TRANSFORMER, organization_id, autocommit=True))
            connection.execute("update control.ledger_year_built set is_stale = true")
            names = [mart.name for mart in self._marts]
            self._companies.append(
                _Company(
                    company.name,
                    organization_id,
                    connection,
                    {name: golden.mart_lines(connection, organization_id, name) for name in names},
                    {name: golden.digest(connection, organization_id, name) for name in names},
                    company.is_large,
                    golden.check_lines(result.checks),
                )
            )

    def judge(self, mutant: Mutant) -> Verdict:
        """Whether anything notices."""
        if rules := broken_rules(mutant.text):
            return Verdict(mutant, f"rule: {rules[0]}")
        found = (self._caught(company, mutant) for company in self._companies)
        return Verdict(mutant, next((caught for caught in found if caught), ""))

    def _caught(self, company: _Company, mutant: Mutant) -> str:
        connection = company.connection
        with connection.transaction(force_rollback=True):
            run(connection, "control/build_settings")
            try:
                _fill(connection, mutant.name, mutant.text)
            except psycopg.Error as error:
                return f"error: {type(error).__name__}"
            now = golden.digest(connection, company.organization_id, mutant.name)
            if now == company.digests[mutant.name]:
                return ""
            if company.is_large or self._differ(company, [mutant.name]):
                return f"golden: {company.name}"
            behind = self._made_from(mutant.name)
            try:
                for mart in behind:
                    _fill(connection, mart.name, definition_and_build(mart)[1])
                outcomes = [building._check(connection, file) for file in sql.files("checks")]
            except psycopg.Error as error:
                return f"error: {type(error).__name__}"
            stopped = [each.name for each in outcomes if each.failing and each.severity == building.STOP]
            if stopped:
                return f"check: {stopped[0]}"
            if self._differ(company, [mart.name for mart in behind]):
                return f"golden: {company.name}"
            return "" if golden.check_lines(outcomes) == company.checks else f"golden: {company.name}"

    def _differ(self, company: _Company, marts: list[str]) -> bool:
        return any(
            golden.mart_lines(company.connection, company.organization_id, name) != company.lines[name]
            for name in marts
        )

    def _made_from(self, name: str) -> list[sql.SqlFile]:
        """The marts that read this one, or one that does, in the order in which they are made."""
        names, found = {name}, []
        for mart in self._marts:
            if mart.name != name and names & set(mart.inputs):
                names.add(mart.name)
                found.append(mart)
        return found


def _fill(connection: Connection, mart: str, text: str) -> None:
    connection.execute(f"delete from mart.{mart}")
    connection.execute(text)


def every_mutant(share: float = 1.0, seed: int = 1, only: tuple[str, ...] = ()) -> list[Mutant]:
    """The mutants of every mart (or of those in `only`), or a share of them drawn by the seed."""
    chance = random.Random(seed)
    found = []
    for file in sql.files("marts"):
        if only and file.name not in only:
            continue
        _, filling = definition_and_build(file)
        found += list(mutants(file.name, filling))
    return found if share >= 1 else chance.sample(found, round(len(found) * share))


def unchanged() -> list[Mutant]:
    """Every mart's statement as the mutants are written, with nothing changed: none of them may be caught."""
    found = []
    for file in sql.files("marts"):
        _, filling = definition_and_build(file)
        text = sqlglot.parse_one(filling, dialect="postgres").sql(dialect="postgres")
        found.append(Mutant(file.name, "unchanged", "", text))
    return found
