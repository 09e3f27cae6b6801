"""Evaluates DAX over tables in memory: filter context, row context and the transition from one to the other.

A filter is a set of tuples of values that columns of one table may have. The filter context is a set of such
filters, all of which hold; it reaches from the one side of a relationship to the many, as a model's
single-direction relationships do. A table on the one side gets a blank row where rows of the many side have
no partner, and that row takes part in VALUES, ALL and filters, and not in a plain reference to the table.
"""

from __future__ import annotations

import inspect
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sandbox.dax_reading import COMPARISONS, Call, Column, DaxError, Expression, Let, Literal, Name
from sandbox.dax_values import Value, compare, is_true

FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {}
"""What evaluates a function or an operator, its fewest and its most arguments (dax_functions.py)."""
TRUTHS = (*COMPARISONS, "&&", "||", "NOT", "ISBLANK")
"""What is a condition where CALCULATE takes a filter."""
_ANY_NUMBER = 1000

# a column by its table and name; one made on the way has no table
Reference = tuple[str, str]


class Filter(NamedTuple):
    """The tuples of values that columns of a table may have."""

    table: str
    columns: tuple[str, ...]
    values: frozenset[tuple[Value, ...]]


class Rows(NamedTuple):
    """A table as a value."""

    columns: tuple[Reference, ...]
    rows: list[tuple[Value, ...]]

    def each(self) -> Iterator[dict[Reference, Value]]:
        """Its rows as a row context has them."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Context:
    """What an expression is evaluated in; `measure` is what SELECTEDMEASURE stands for."""

    filters: frozenset[Filter] = frozenset()
    rows: tuple[Mapping[Reference, Value], ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    measure: str = ""


class Relation:
    """A many-to-one relationship: where each row leads, and what leads to a row."""

    def __init__(self, many: Table, column: str, one: Table, key: str) -> None:
        places = {value: place for place, value in enumerate(one.columns[key][: one.count])}
        if len(places) < one.count or None in places:
            raise DaxError(f"{one.name}[{key}] is the one side of a relationship: no value twice, none blank")
        self.one, self.column, self.key = one, column, key
        self.leads = [places.get(value, one.count) for value in many.columns[column]]
        if one.count in self.leads:
            one.add_blank_row()
        self.back: dict[int, list[int]] = defaultdict(list)
        for place, target in enumerate(self.leads):
            self.back[target].append(place)


class Table:
    """A table's columns, its relationships to tables on the one side, and an index of each column."""

    def __init__(self, name: str, columns: Mapping[str, list[Value]], date_column: str = "") -> None:
        self.name = name
        self.columns = dict(columns)
        self.date_column = date_column
        self.count = len(next(iter(self.columns.values()), []))
        self.size = self.count
        self.relations: list[Relation] = []
        self._places: dict[str, dict[Value, list[int]]] = {}

    def add_blank_row(self) -> None:
        """The row that rows of another table without a partner lead to, last of all."""
        if self.size == self.count:
            self.size += 1
            for values in self.columns.values():
                values.append(None)

    def column(self, name: str) -> list[Value]:
        """A column's values.

        Raises:
            DaxError: there is no such column.
        """
        if name not in self.columns:
            raise DaxError(f"There is no column {self.name}[{name}]")
        return self.columns[name]

    def places(self, column: str) -> dict[Value, list[int]]:
        """The rows by the column's value."""
        if column not in self._places:
            found: dict[Value, list[int]] = defaultdict(list)
            for place, value in enumerate(self.column(column)):
                found[value].append(place)
            self._places[column] = found
        return self._places[column]

    def expanded(self) -> set[str]:
        """The tables whose filters reach it: itself, and those on the one side, however far."""
        return {self.name}.union(*(relation.one.expanded() for relation in self.relations))


class Evaluator:
    """Measures and calculation groups over tables that do not change: what it has worked out it keeps.

    `items` are a calculation group's items by its column; groups come in the order they are applied in.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        measures: Mapping[str, Expression],
        items: Mapping[Reference, Mapping[str, Expression]],
    ) -> None:
        self.tables = tables
        self.measures = measures
        self.items = items
        self._expanded = {name: table.expanded() for name, table in tables.items()}
        self._wide: dict[str, dict[Reference, list[Value]]] = {}
        self._visible: dict[tuple[str, frozenset[Filter]], Collection[int]] = {}
        self._matching: dict[Filter, set[int]] = {}
        self._compared: dict[tuple[Any, ...], Filter] = {}
        self._measured: dict[tuple[str, frozenset[Filter]], Value] = {}

    # ------------------------------------------------------------------------------------ what is visible

    def table(self, name: str) -> Table:
        """A table by its name.

        Raises:
            DaxError: there is none.
        """
        if name not in self.tables:
            raise DaxError(f"There is no table or variable {name}")
        return self.tables[name]

    def visible(self, name: str, filters: frozenset[Filter]) -> Collection[int]:
        """The rows of a table, its blank one included, that the filter context leaves."""
        reaching = frozenset(each for each in filters if each.table in self._expanded[name])
        if (name, reaching) not in self._visible:
            self._visible[name, reaching] = self._look(self.tables[name], reaching)
        return self._visible[name, reaching]

    def _look(self, table: Table, filters: frozenset[Filter]) -> Collection[int]:
        found: set[int] | None = None
        for each in filters:
            if each.table == table.name:
                rows = self._rows_of(each)
                found = rows if found is None else found & rows
        for relation in table.relations:
            if all(each.table not in self._expanded[relation.one.name] for each in filters):
                continue
            ones = self.visible(relation.one.name, filters)
            if found is None:
                found = set(itertools.chain.from_iterable(relation.back.get(one, ()) for one in ones))
            else:
                found = {row for row in found if relation.leads[row] in ones}
        return range(table.size) if found is None else found

    def _rows_of(self, each: Filter) -> set[int]:
        if each not in self._matching:
            table = self.table(each.table)
            if len(each.columns) == 1:
                places = table.places(each.columns[0])
                found = {row for (value,) in each.values for row in places.get(value, ())}
            else:
                told = zip(*(table.column(name) for name in each.columns), strict=True)
                found = {row for row, values in enumerate(told) if values in each.values}
            self._matching[each] = found
        return self._matching[each]

    def values(self, column: Reference, filters: frozenset[Filter]) -> list[Value]:
        """A column's distinct values in the filter context."""
        table = self.table(column[0])
        all_values = table.column(column[1])
        return list(dict.fromkeys(all_values[row] for row in sorted(self.visible(table.name, filters))))

    def present(self, column: Reference, filters: frozenset[Filter]) -> Iterator[Value]:
        """A column's values that are not BLANK, one for each row in the filter context."""
        table = self.table(column[0])
        values = table.column(column[1])
        visible = self.visible(table.name, filters)
        return (values[row] for row in visible if values[row] is not None)

    def wide(self, name: str) -> dict[Reference, list[Value]]:
        """All columns of the expanded table, those of the one side as each row leads to them."""
        if name not in self._wide:
            table = self.table(name)
            found = {(name, column): values for column, values in table.columns.items()}
            for relation in table.relations:
                for reference, values in self.wide(relation.one.name).items():
                    told = [values[target] for target in relation.leads]
                    found[reference] = told + [None] * (table.size - len(told))
            self._wide[name] = found
        return self._wide[name]

    def taken(self, columns: Sequence[Reference], name: str, rows: Iterable[int]) -> Rows:
        """Columns of an expanded table, of some of its rows.

        Raises:
            DaxError: the table has no such column.
        """
        wide = self.wide(name)
        if unknown := [column for column in columns if column not in wide]:
            raise DaxError(f"{unknown[0][0]}[{unknown[0][1]}] is no column of {name}")
        told = [wide[column] for column in columns]
        return Rows(tuple(columns), [tuple(values[row] for values in told) for row in sorted(rows)])

    def whole(self, name: str, filters: frozenset[Filter], *, blank_row: bool) -> Rows:
        """A table in the filter context, as iterating over it has it."""
        rows = self.visible(self.table(name).name, filters)
        kept = rows if blank_row else [row for row in rows if row < self.tables[name].count]
        return self.taken([(name, column) for column in self.tables[name].columns], name, kept)

    # --------------------------------------------------------------------------------------- expressions

    def value(self, expression: Expression, context: Context) -> Value:
        """What an expression comes to, one value.

        Raises:
            DaxError: it cannot be evaluated, or is a table of more or less than one value.
        """
        found = self.evaluate(expression, context)
        if isinstance(found, Rows):
            if len(found.rows) == 1 and len(found.columns) == 1:
                return found.rows[0][0]
            raise DaxError("A table stands where a value is expected")
        return found

    def rows(self, expression: Expression, context: Context) -> Rows:
        """What an expression comes to, a table.

        Raises:
            DaxError: it cannot be evaluated, or is no table.
        """
        found = self.evaluate(expression, context)
        if not isinstance(found, Rows):
            raise DaxError("A value stands where a table is expected")
        return found

    def evaluate(self, expression: Expression, context: Context) -> Any:
        """What an expression comes to: a value, or Rows.

        Raises:
            DaxError: it cannot be evaluated.
        """
        match expression:
            case Literal(value):
                return value
            case Name(name):
                if name in context.variables:
                    return context.variables[name]
                return self.whole(name, context.filters, blank_row=False)
            case Column(table, name):
                for row in reversed(context.rows):
                    if (table, name) in row:
                        return row[table, name]
                if table:
                    raise DaxError(f"{table}[{name}] has no row to be read from: aggregate it")
                return self.measure(name, self.transition(context))
            case Let(variables, result):
                known = dict(context.variables)
                context = replace(context, variables=known)
                for name, told in variables:
                    known[name] = self.evaluate(told, context)
                return self.evaluate(result, context)
            case Call(name, arguments):
                if name not in FUNCTIONS:
                    raise DaxError(f"The function {name} is not understood here")
                body, fewest, most = FUNCTIONS[name]
                if not fewest <= len(arguments) <= most:
                    raise DaxError(f"{name} does not take {len(arguments)} arguments")
                return body(self, context, *arguments)

    def measure(self, name: str, filters: frozenset[Filter]) -> Value:
        """A measure in a filter context, as the calculation item chosen there has it.

        An item replaces the measure that is asked for, and not those that it is made of: its filter is used
        up ("Using calculation groups to selectively replace measures", sqlbi.com). No choice or several
        leave the measure as it is ("Calculation groups", learn.microsoft.com/analysis-services).

        Raises:
            DaxError: there is no such measure, or it cannot be evaluated.
        """
        if name not in self.measures:
            raise DaxError(f"There is no measure or column [{name}]")
        if (name, filters) not in self._measured:
            self._measured[name, filters] = self._measure(name, filters)
        return self._measured[name, filters]

    def _measure(self, name: str, filters: frozenset[Filter]) -> Value:
        for column, items in self.items.items():
            own = frozenset(each for each in filters if each.table == column[0])
            chosen = self.values(column, own) if own else ()
            if len(chosen) == 1:
                return self.value(items[chosen[0]], Context(filters - own, measure=name))
        return self.value(self.measures[name], Context(filters))

    def transition(self, context: Context) -> frozenset[Filter]:
        """The filter context with what the row context says of columns that are a table's."""
        filters = context.filters
        for row in context.rows:
            own = {column: value for column, value in row.items() if column[0]}
            for name in {table for table, _ in own}:
                own |= self._led_to(self.table(name), own)
            told = [Filter(table, (column,), frozenset([(value,)])) for (table, column), value in own.items()]
            filters = frozenset(_without(filters, set(own)) + told)
        return filters

    def _led_to(self, table: Table, row: Mapping[Reference, Value]) -> dict[Reference, Value]:
        """What a whole row says of the tables on the one side: it is a row of the expanded table."""
        if any((table.name, column) not in row for column in table.columns):
            return {}
        found = {}
        for relation in table.relations:
            value = row[table.name, relation.column]
            known = relation.one.places(relation.key)
            found[relation.one.name, relation.key] = value if value in known else None
        return found

    def changed(self, context: Context, arguments: Sequence[Expression]) -> Context:
        """The context within CALCULATE: arguments are evaluated outside, modifiers come before filters."""
        removed: set[Reference] = set()
        replacing, kept = [], []
        for argument in arguments:
            match argument:
                case Call("REMOVEFILTERS" | "ALL", columns):
                    removed |= self._columns_of(columns)
                case Call("KEEPFILTERS", (inner,)):
                    kept.append(self._filter(inner, context))
                case _:
                    replacing.append(self._filter(argument, context))
        for each in replacing:
            removed |= {(each.table, name) for name in each.columns}
            # "Mark as date table": a filter on its day replaces those on its other columns. KEEPFILTERS is
            # there to keep what is filtered, so it is taken not to.
            if each.columns == (self.table(each.table).date_column,):
                removed |= {(each.table, name) for name in self.table(each.table).columns}
        filters = frozenset([*_without(self.transition(context), removed), *replacing, *kept])
        return replace(context, filters=filters, rows=())

    def _columns_of(self, arguments: Sequence[Expression]) -> set[Reference]:
        found: set[Reference] = set()
        names = tuple(self.tables) if not arguments else ()
        for argument in arguments:
            match argument:
                case Column(table, name) if table:
                    self.table(table).column(name)
                    found.add((table, name))
                case Name(name):
                    self.table(name)
                    names += (*self._expanded[name],)
                case _:
                    raise DaxError("REMOVEFILTERS and ALL take tables and columns")
        return found | {(name, column) for name in names for column in self.tables[name].columns}

    def _filter(self, argument: Expression, context: Context) -> Filter:
        if isinstance(argument, Call) and argument.function in TRUTHS:
            return self._predicate(argument, context)
        found = self.rows(argument, context)
        tables = {table for table, _ in found.columns}
        if len(tables) != 1 or "" in tables:
            raise DaxError("A table that filters has columns of one table of the model")
        return Filter(tables.pop(), tuple(name for _, name in found.columns), frozenset(found.rows))

    def _predicate(self, condition: Call, context: Context) -> Filter:
        """The values that meet a condition, of all of a column: FILTER over ALL of it."""
        columns = set(_columns_in(condition))
        if len(columns) != 1:
            raise DaxError("A condition that filters is one on a single column")
        column = columns.pop()
        sides = condition.arguments
        if condition.function in COMPARISONS and sides[0] == Column(*column) and not [*_columns_in(sides[1])]:
            told = self.value(sides[1], context)
            key = (column, condition.function, type(told), told)
            if key not in self._compared:
                kept = (
                    (value,)
                    for value in self.values(column, frozenset())
                    if compare(condition.function, value, told)
                )
                self._compared[key] = Filter(column[0], (column[1],), frozenset(kept))
            return self._compared[key]
        inside = [
            (value,)
            for value in self.values(column, frozenset())
            if self.holds(condition, replace(context, rows=(*context.rows, {column: value})))
        ]
        return Filter(column[0], (column[1],), frozenset(inside))

    def holds(self, condition: Expression, context: Context) -> bool:
        """Whether a condition is true."""
        return is_true(self.value(condition, context))

    def over(self, table: Expression, context: Context) -> Iterator[Context]:
        """The context of each of a table's rows."""
        for row in self.rows(table, context).each():
            yield replace(context, rows=(*context.rows, row))


Body = Callable[..., Any]


def function(*names: str) -> Callable[[Body], Body]:
    """Registers what evaluates a function: it gets the evaluator, the context and unevaluated arguments."""

    def register(body: Body) -> Body:
        told = [*inspect.signature(body).parameters.values()][2:]
        most = _ANY_NUMBER if any(each.kind is each.VAR_POSITIONAL for each in told) else len(told)
        fewest = sum(each.default is each.empty and each.kind is not each.VAR_POSITIONAL for each in told)
        for name in names:
            FUNCTIONS[name] = (body, fewest, most)
        return body

    return register


def _without(filters: Iterable[Filter], removed: set[Reference]) -> list[Filter]:
    """Filters with columns taken out of them; what a filter says of its other columns stays."""
    found = []
    for each in filters:
        left = [place for place, name in enumerate(each.columns) if (each.table, name) not in removed]
        if len(left) == len(each.columns):
            found.append(each)
        elif left:
            values = frozenset(tuple(row[place] for place in left) for row in each.values)
            found.append(Filter(each.table, tuple(each.columns[place] for place in left), values))
    return found


def _columns_in(expression: Expression) -> Iterator[Reference]:
    """The columns that a condition reads from a row, and not those within functions that aggregate."""
    match expression:
        case Column(table, name) if table:
            yield table, name
        case Call(function, arguments) if function in TRUTHS or not function.isalpha():
            for argument in arguments:
                yield from _columns_in(argument)
