"""Changes the SQL files in small ways, to see whether a rule, a check or a golden file notices.

    MUTANTS=1.0 pytest -s tests/warehouse/test_mutants.py

Each mutant is one change of one file: a join condition dropped, a join made outer or inner, a sign or an
operator turned, a filter dropped, a boundary moved, an aggregate or a coalesce replaced, a number changed, a
branch of a union or of a case left out, an order turned.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from saldo import sql
from saldo.warehouse.migrations import definition_and_build


@dataclass(frozen=True)
class Mutant:
    """One change of the statement of a file."""

    schema: str
    name: str
    kind: str
    change: str
    text: str


_VIEW = " with (security_invoker = true) as\n"
_INSERTED = re.compile(r"^insert into [^(]*\([^)]*\)\n")
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


def mutants(file: sql.SqlFile, text: str) -> Iterator[Mutant]:
    """Every mutant of a file's statement."""
    tree = _parsed(text)
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
                yield Mutant(file.schema, file.name, kind, told, changed)


def _parsed(text: str) -> exp.Expression:
    return sqlglot.parse_one(text, dialect="postgres")


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
        yield "branch dropped", _drop_branch
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


def _drop_branch(twin: exp.Union) -> str:
    dropped = twin.expression.sql(dialect="postgres")
    twin.replace(twin.this.copy())
    return f"{dropped[-100:]} dropped"


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


def query_of(file: sql.SqlFile) -> str:
    """What is mutated of a file: a check whole, a mart's insert, the query of a view or of what fills a
    reference table; nothing where a file has none."""
    if file.folder == "checks":
        return file.text.strip().rstrip(";")
    definition, *others = definition_and_build(file)
    if file.folder == "marts":
        return others[0]
    if file.folder == "reference":
        return _INSERTED.sub("", others[0]).rstrip(";") if others else ""
    return definition[definition.index(_VIEW) + len(_VIEW) :].rstrip(";")


def every_mutant(folders: tuple[str, ...], share: float = 1.0, only: tuple[str, ...] = ()) -> list[Mutant]:
    """The mutants of every file of the folders (or of those in `only`), or a share drawn by a seed."""
    found = []
    for file in _files(folders):
        if not only or file.name in only:
            found += list(mutants(file, query_of(file)))
    return found if share >= 1 else random.Random(1).sample(found, round(len(found) * share))


def unchanged(folders: tuple[str, ...]) -> list[Mutant]:
    """Every file's statement as the mutants are written, with nothing changed: none of them may be caught."""
    return [
        Mutant(file.schema, file.name, "unchanged", "", _parsed(query_of(file)).sql(dialect="postgres"))
        for file in _files(folders)
    ]


def _files(folders: tuple[str, ...]) -> list[sql.SqlFile]:
    return [file for folder in folders for file in sql.files(folder) if query_of(file)]
