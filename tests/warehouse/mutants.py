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
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import sqlglot
from sqlglot import exp

from saldo import sql
from saldo.database import Role, connect
from saldo.warehouse import build as building
from saldo.warehouse.landing import advance_landed
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
        yield "number", lambda twin: _swap(twin, exp.Literal.number(int(float(twin.this)) + 1))
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


class Judge:
    """Builds the golden companies with a mutant in place, in the warehouse that the environment points at."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._organizations: list[tuple[str, int]] = []
        self._golden: dict[str, list[str]] = {}
        for number, company in enumerate(COMPANIES, 1):
            organization_id, _ = land_and_build(number, company)
            self._organizations.append((company.name, organization_id))
            self._golden[company.name] = golden.path(company.name).read_text(encoding="utf-8").splitlines()

    def judge(self, mutant: Mutant) -> Verdict:
        """Whether anything notices."""
        if rules := broken_rules(mutant.text):
            return Verdict(mutant, f"rule: {rules[0]}")
        return Verdict(mutant, self.build_with(mutant))

    def build_with(self, *texts: Mutant) -> str:
        """Builds the companies with these statements in place; what noticed first, or nothing."""
        with self._in_place({text.name: text.text for text in texts}):
            found = (self._caught(name, organization_id) for name, organization_id in self._organizations)
            return next((caught for caught in found if caught), "")

    def _caught(self, name: str, organization_id: int) -> str:
        with connect(Role.LOADER, organization_id) as connection:
            advance_landed(connection)
        try:
            result = building.build(organization_id)
        except building.ChecksFailedError as error:
            return f"check: {error.failed[0].name}"
        except psycopg.Error as error:
            return f"error: {type(error).__name__}"
        told = golden.lines(self._connection, organization_id, result)
        return "" if told == self._golden[name] else f"golden: {name}"

    @contextlib.contextmanager
    def _in_place(self, texts: dict[str, str]) -> Iterator[None]:
        files = sql.files

        def with_mutant(folder: str) -> list[sql.SqlFile]:
            return [
                replace(file, text=f"select 1;\n{texts[file.name]};")
                if folder == "marts" and file.name in texts
                else file
                for file in files(folder)
            ]

        building.sql.files = with_mutant  # type: ignore[assignment]
        try:
            yield
        finally:
            building.sql.files = files


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
