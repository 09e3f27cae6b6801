"""DAX's values: how they compare, add up and look as text. BLANK is None, a decimal number a Decimal."""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.dax_reading import DaxError

Value = Any
"""None, bool, int, Decimal, str, datetime.date or datetime.datetime."""

# The day that DAX counts from: what BLANK is where a day is wanted.
DAY_ZERO = datetime.date(1899, 12, 30)

_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(sign: str, left: Value, right: Value) -> bool:
    """BLANK compares as zero, an empty text, FALSE or day zero; texts without regard to case.

    Raises:
        DaxError: the two are not of one kind.
    """
    left, right = filled(left, right), filled(right, left)
    if left is None:
        return sign in ("=", "<=", ">=")
    if isinstance(left, str) and isinstance(right, str):
        return _COMPARES[sign](left.casefold(), right.casefold())
    if _kind(left) != _kind(right):
        raise DaxError(f"{left!r} and {right!r} cannot be compared: they are not of one kind")
    if _kind(left) == "day":
        return _COMPARES[sign](_moment(left), _moment(right))
    return _COMPARES[sign](left, right)


def is_true(value: Value) -> bool:
    """A condition's value; BLANK and 0 are false.

    Raises:
        DaxError: a text or a day is no condition.
    """
    if value is None or isinstance(value, bool | int | Decimal):
        return bool(value)
    raise DaxError(f"{value!r} is no condition")


def calculate(sign: str, left: Value, right: Value) -> Value:
    """+ - * /: BLANK counts as zero in sums and makes products and its own quotients BLANK.

    Raises:
        DaxError: one is no number, or the divisor is zero (DAX says infinity, which a report cannot show).
    """
    for value in (left, right):
        if value is not None and not isinstance(value, bool | int | Decimal):
            raise DaxError(f"{value!r} is no number to calculate with")
    if sign in "+-":
        if left is None and right is None:
            return None
        left, right = left or 0, right or 0
        return left + right if sign == "+" else left - right
    if left is None or (right is None and sign == "*"):
        return None
    if sign == "*":
        return left * right
    if not right:
        raise DaxError("Divided by zero: use DIVIDE")
    return Decimal(left) / Decimal(right)


def extreme(values: list[Value], *, largest: bool) -> Value:
    """The largest or the smallest; BLANK where there is nothing else."""
    found = [value for value in values if value is not None]
    if not found:
        return None
    for value in found[1:]:
        compare("=", found[0], value)
    # ("A" and "a" are one text to a comparison, so they are here)
    key = str.casefold if isinstance(found[0], str) else None
    return max(found, key=key) if largest else min(found, key=key)


def rounded(value: Value, digits: int) -> Value:
    """Halves away from zero; `digits` may be negative."""
    if value is None:
        return None
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def text_of(value: Value) -> str:
    """What & makes of a value, in the model's culture.

    Raises:
        DaxError: a day or a truth, whose text nobody should rely on.
    """
    if value is None:
        return ""
    if isinstance(value, bool | datetime.date):
        raise DaxError(f"The text of {value!r} is a matter of settings: use FORMAT or IF")
    if isinstance(value, Decimal):
        # the digits after the comma that matter, never an exponent
        return f"{value.normalize():f}".replace(".", ",")
    return str(value)


_DAY_PARTS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M"}
_NUMBER = re.compile(r"([-+]?)(#,0|0)(?:\.(0*)(#*))?(%?)")


def formatted(value: Value, pattern: str) -> str:
    """FORMAT in the culture sv-SE: a no-break space between thousands and a decimal comma.

    Raises:
        DaxError: a pattern that is not understood here.
    """
    if value is None:
        return ""
    if isinstance(value, datetime.date):
        return value.strftime(re.sub(r"yyyy|MM|dd|HH|mm", lambda part: _DAY_PARTS[part.group()], pattern))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise DaxError(f"{value!r} has no format {pattern!r}")
    positive, *others = pattern.split(";")
    number = Decimal(value)
    if number < 0:
        # the section for what is negative says itself what stands before it
        text = _number(-number, others[0]) if others else "-" + _number(-number, positive)
        # what is rounded to zero is shown as zero is
        return text if re.search("[1-9]", text) else _number(Decimal(), (others[1:] or [positive])[0])
    text = _number(number, positive)
    return text if re.search("[1-9]", text) or len(others) < 2 else _number(Decimal(), others[1])


def _number(value: Decimal, pattern: str) -> str:
    match = _NUMBER.fullmatch(pattern)
    if match is None:
        raise DaxError(f"The format {pattern!r} is not understood here")
    before, whole, fixed, optional, percent = match.groups(default="")
    value = rounded(value * 100 if percent else value, len(fixed + optional))
    text = f"{value:,f}" if whole == "#,0" else f"{value:f}"
    digits, _, fraction = text.partition(".")
    while len(fraction) > len(fixed) and fraction.endswith("0"):
        fraction = fraction[:-1]
    shown = before + digits.replace(",", "\N{NO-BREAK SPACE}") + ("," + fraction if fraction else "")
    return shown + percent


def filled(value: Value, other: Value) -> Value:
    """BLANK as the zero of what it stands beside."""
    if value is not None or other is None:
        return value
    match _kind(other):
        case "text":
            return ""
        case "truth":
            return False
        case "day":
            return DAY_ZERO
    return 0


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, str):
        return "text"
    return "day" if isinstance(value, datetime.date) else "number"


def _moment(value: datetime.date) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    return datetime.datetime(value.year, value.month, value.day)  # noqa: DTZ001 (DAX's days have no zone)
