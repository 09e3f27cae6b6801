"""The functions and operators of DAX that models here use, as its reference describes each."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sandbox.dax_evaluating import Context, Evaluator, Reference, Rows, function
from sandbox.dax_reading import COMPARISONS, Column, DaxError, Expression, Name
from sandbox.dax_values import (
    DAY_ZERO,
    Value,
    calculate,
    compare,
    extreme,
    filled,
    formatted,
    rounded,
    text_of,
)


def _column(expression: Expression, function: str) -> Reference:
    if not isinstance(expression, Column) or not expression.table:
        raise DaxError(f"{function} takes a column with its table")
    return expression.table, expression.name


def _text(model: Evaluator, context: Context, expression: Expression) -> str:
    found = model.value(expression, context)
    if not isinstance(found, str):
        raise DaxError(f"{found!r} stands where a text is expected")
    return found


def _two_values(sign: str, body: Callable[[str, Value, Value], Value]) -> None:
    def apply(model: Evaluator, context: Context, left: Expression, right: Expression) -> Value:
        return body(sign, model.value(left, context), model.value(right, context))

    function(sign)(apply)


for _sign in COMPARISONS:
    _two_values(_sign, compare)
for _sign in "+-*/":
    _two_values(_sign, calculate)
_two_values("&", lambda _, left, right: text_of(left) + text_of(right))


@function("&&", "AND")
def _and(model: Evaluator, context: Context, left: Expression, right: Expression) -> bool:
    return model.holds(left, context) and model.holds(right, context)


@function("||", "OR")
def _or(model: Evaluator, context: Context, left: Expression, right: Expression) -> bool:
    return model.holds(left, context) or model.holds(right, context)


@function("NOT")
def _not(model: Evaluator, context: Context, condition: Expression) -> bool:
    return not model.holds(condition, context)


@function("TRUE")
def _true(model: Evaluator, context: Context) -> bool:
    return True


@function("FALSE")
def _false(model: Evaluator, context: Context) -> bool:
    return False


@function("BLANK")
def _blank(model: Evaluator, context: Context) -> None:
    return None


@function("ISBLANK")
def _isblank(model: Evaluator, context: Context, value: Expression) -> bool:
    return model.value(value, context) is None


@function("IF")
def _if(
    model: Evaluator,
    context: Context,
    condition: Expression,
    then: Expression,
    otherwise: Expression | None = None,
) -> Any:
    if model.holds(condition, context):
        return model.evaluate(then, context)
    return None if otherwise is None else model.evaluate(otherwise, context)


@function("SWITCH")
def _switch(model: Evaluator, context: Context, value: Expression, *told: Expression) -> Any:
    wanted = model.value(value, context)
    for case, result in zip(told[::2], told[1::2], strict=False):
        if compare("=", wanted, model.value(case, context)):
            return model.evaluate(result, context)
    return model.evaluate(told[-1], context) if len(told) % 2 else None


@function("COALESCE")
def _coalesce(model: Evaluator, context: Context, *values: Expression) -> Value:
    found = (model.value(value, context) for value in values)
    return next((value for value in found if value is not None), None)


@function("DIVIDE")
def _divide(
    model: Evaluator,
    context: Context,
    above: Expression,
    below: Expression,
    otherwise: Expression | None = None,
) -> Value:
    divisor = model.value(below, context)
    if not divisor:
        return None if otherwise is None else model.value(otherwise, context)
    return calculate("/", model.value(above, context), divisor)


@function("ABS")
def _abs(model: Evaluator, context: Context, value: Expression) -> Value:
    # BLANK stays BLANK, as INT does ("BLANK handling in DAX", sqlbi.com)
    found = model.value(value, context)
    return None if found is None else abs(calculate("+", found, 0))


@function("ROUND")
def _round(model: Evaluator, context: Context, value: Expression, digits: Expression) -> Value:
    return rounded(calculate("*", model.value(value, context), 1), model.value(digits, context))


@function("FORMAT")
def _format(
    model: Evaluator,
    context: Context,
    value: Expression,
    pattern: Expression,
    culture: Expression | None = None,
) -> str:
    if culture is not None and _text(model, context, culture) != "sv-SE":
        raise DaxError("Only the culture sv-SE is understood here")
    return formatted(model.value(value, context), _text(model, context, pattern))


@function("REPT")
def _rept(model: Evaluator, context: Context, text: Expression, times: Expression) -> str:
    return text_of(model.value(text, context)) * int(model.value(times, context) or 0)


@function("UNICHAR")
def _unichar(model: Evaluator, context: Context, number: Expression) -> str:
    return chr(model.value(number, context))


@function("EOMONTH")
def _eomonth(model: Evaluator, context: Context, day: Expression, months: Expression) -> datetime.date:
    start = filled(model.value(day, context), DAY_ZERO)
    year, month = divmod(start.year * 12 + start.month - 1 + model.value(months, context), 12)
    return datetime.date(year, month + 1, calendar.monthrange(year, month + 1)[1])


@function("DATEDIFF")
def _datediff(
    model: Evaluator, context: Context, start: Expression, end: Expression, unit: Expression
) -> Value:
    if unit != Name("DAY"):
        raise DaxError("DATEDIFF counts only DAY here")
    first, last = model.value(start, context), model.value(end, context)
    return None if first is None or last is None else (last - first).days


@function("SUM")
def _sum(model: Evaluator, context: Context, column: Expression) -> Value:
    return _total(model.present(_column(column, "SUM"), context.filters))


@function("SUMX")
def _sumx(model: Evaluator, context: Context, table: Expression, value: Expression) -> Value:
    return _total(model.value(value, each) for each in model.over(table, context))


def _total(values: Iterable[Value]) -> Value:
    found = None
    for value in values:
        found = value if found is None else calculate("+", found, value)
    return found


def _extreme(name: str, *, largest: bool) -> None:
    def apply(
        model: Evaluator, context: Context, first: Expression, second: Expression | None = None
    ) -> Value:
        if second is None:
            column = _column(first, name)
            return extreme(list(model.present(column, context.filters)), largest=largest)
        # of two values BLANK is a zero ("MAX", learn.microsoft.com/dax/max-function-dax)
        left, right = model.value(first, context), model.value(second, context)
        return extreme([filled(left, right), filled(right, left)], largest=largest)

    def over(model: Evaluator, context: Context, table: Expression, value: Expression) -> Value:
        return extreme([model.value(value, each) for each in model.over(table, context)], largest=largest)

    function(name)(apply)
    function(f"{name}X")(over)


_extreme("MAX", largest=True)
_extreme("MIN", largest=False)


@function("COUNTROWS")
def _countrows(model: Evaluator, context: Context, table: Expression) -> Value:
    if isinstance(table, Name) and table.name not in context.variables:
        own = model.table(table.name)
        # (the blank row is the last and no row of the table's own)
        return sum(row < own.count for row in model.visible(own.name, context.filters)) or None
    # of no rows BLANK
    return len(model.rows(table, context).rows) or None


@function("SELECTEDVALUE")
def _selectedvalue(
    model: Evaluator, context: Context, column: Expression, otherwise: Expression | None = None
) -> Value:
    found = model.values(_column(column, "SELECTEDVALUE"), context.filters)
    if len(found) == 1:
        return found[0]
    return None if otherwise is None else model.value(otherwise, context)


@function("HASONEVALUE")
def _hasonevalue(model: Evaluator, context: Context, column: Expression) -> bool:
    return len(model.values(_column(column, "HASONEVALUE"), context.filters)) == 1


@function("ISFILTERED")
def _isfiltered(model: Evaluator, context: Context, target: Expression) -> bool:
    if isinstance(target, Name):
        return any(each.table == model.table(target.name).name for each in context.filters)
    table, name = _column(target, "ISFILTERED")
    return any(each.table == table and name in each.columns for each in context.filters)


@function("LOOKUPVALUE")
def _lookupvalue(model: Evaluator, context: Context, result: Expression, *pairs: Expression) -> Value:
    # whatever is filtered does not matter: LOOKUPVALUE looks through the whole table
    table, name = _column(result, "LOOKUPVALUE")
    found = set(range(model.table(table).count))
    for searched, wanted in zip(pairs[::2], pairs[1::2], strict=True):
        own, key = _column(searched, "LOOKUPVALUE")
        if own != table:
            raise DaxError("LOOKUPVALUE searches in the table of its result")
        found &= set(model.table(table).places(key).get(model.value(wanted, context), ()))
    values = {model.table(table).column(name)[row] for row in found}
    if len(values) > 1:
        raise DaxError(f"LOOKUPVALUE found several values of {table}[{name}]")
    return values.pop() if values else None


@function("VALUES")
def _values(model: Evaluator, context: Context, target: Expression) -> Rows:
    if isinstance(target, Name):
        return model.whole(target.name, context.filters, blank_row=True)
    column = _column(target, "VALUES")
    return Rows((column,), [(value,) for value in model.values(column, context.filters)])


@function("ALL")
def _all(model: Evaluator, context: Context, target: Expression) -> Rows:
    return _values(model, Context(), target)


@function("DATESBETWEEN")
def _datesbetween(
    model: Evaluator, context: Context, days: Expression, start: Expression, end: Expression
) -> Rows:
    # of all days, whatever is filtered; BLANK is the first or the last of them
    column = _column(days, "DATESBETWEEN")
    first, last = model.value(start, context), model.value(end, context)
    told = [day for day in model.values(column, frozenset()) if day is not None]
    return Rows(
        (column,),
        [(day,) for day in told if (first is None or first <= day) and (last is None or day <= last)],
    )


@function("TREATAS")
def _treatas(model: Evaluator, context: Context, table: Expression, *targets: Expression) -> Rows:
    columns = tuple(_column(target, "TREATAS") for target in targets)
    told = model.rows(table, context)
    if len(told.columns) != len(columns):
        raise DaxError("TREATAS takes as many columns as its table has")
    # a value that the target column has not is no value of it
    known = [set(model.values(column, frozenset())) for column in columns]
    rows = [row for row in told.rows if all(value in has for value, has in zip(row, known, strict=True))]
    return Rows(columns, rows)


@function("SUMMARIZE")
def _summarize(model: Evaluator, context: Context, table: Expression, *columns: Expression) -> Rows:
    if not isinstance(table, Name) or table.name in context.variables:
        raise DaxError("SUMMARIZE takes a table of the model here")
    own = model.table(table.name)
    visible = [row for row in model.visible(own.name, context.filters) if row < own.count]
    told = model.taken([_column(column, "SUMMARIZE") for column in columns], own.name, visible)
    return Rows(told.columns, list(dict.fromkeys(told.rows)))


@function("ADDCOLUMNS")
def _addcolumns(model: Evaluator, context: Context, table: Expression, *told: Expression) -> Rows:
    base = model.rows(table, context)
    names = tuple(("", _text(model, context, name)) for name in told[::2])
    contexts = [replace(context, rows=(*context.rows, row)) for row in base.each()]
    added = [tuple(model.value(value, each) for value in told[1::2]) for each in contexts]
    return Rows(base.columns + names, [row + more for row, more in zip(base.rows, added, strict=True)])


@function("FILTER")
def _filter(model: Evaluator, context: Context, table: Expression, condition: Expression) -> Rows:
    base = model.rows(table, context)
    kept = [
        row
        for row, told in zip(base.rows, base.each(), strict=True)
        if model.holds(condition, replace(context, rows=(*context.rows, told)))
    ]
    return Rows(base.columns, kept)


@function("ROW")
def _row(model: Evaluator, context: Context, *told: Expression) -> Rows:
    names = tuple(("", _text(model, context, name)) for name in told[::2])
    return Rows(names, [tuple(model.value(value, context) for value in told[1::2])])


@function("CALCULATE")
def _calculate(model: Evaluator, context: Context, value: Expression, *filters: Expression) -> Value:
    return model.value(value, model.changed(context, filters))


@function("CALCULATETABLE")
def _calculatetable(model: Evaluator, context: Context, table: Expression, *filters: Expression) -> Rows:
    return model.rows(table, model.changed(context, filters))


@function("SELECTEDMEASURE")
def _selectedmeasure(model: Evaluator, context: Context) -> Value:
    if not context.measure:
        raise DaxError("SELECTEDMEASURE stands only in a calculation item")
    return model.measure(context.measure, model.transition(context))
