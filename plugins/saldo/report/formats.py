"""Numbers and days as a reader of the language writes them; rounded for display alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MINUS, NO_BREAK_SPACE, NOTHING = "\u2212", "\u00a0", "\u2013"
_DECIMALS = {"percent": 1, "ratio": 2, "days": 0, "months": 1}
_MARKS = {"percent": f"{NO_BREAK_SPACE}%"}


@dataclass(frozen=True, slots=True)
class Unit:
    """What a chart's numbers are counted in: `kr`, `tkr` or `mkr`."""

    name: str
    divisor: int
    decimals: int


def unit_of(amounts: Iterable[Decimal]) -> Unit:
    """The unit in which the largest of the amounts has few digits."""
    largest = max(map(abs, amounts), default=Decimal())
    if largest >= 10_000_000:
        return Unit("mkr", 1_000_000, 1)
    return Unit("tkr", 1000, 0) if largest >= 10_000 else Unit("kr", 1, 0)


@dataclass(frozen=True, slots=True)
class Formats:
    """How one language writes numbers."""

    thousands: str
    decimal: str

    @classmethod
    def of(cls, language: str) -> Formats:
        """Swedish: 1 234,50; English: 1,234.50."""
        return cls(",", ".") if language == "en" else cls(NO_BREAK_SPACE, ",")

    def number(self, value: Decimal | int | None, decimals: int = 0, *, signed: bool = False) -> str:
        """A number with a real minus sign; a dash where it is not known."""
        if value is None:
            return NOTHING
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        digits = f"{abs(rounded):,.{decimals}f}"
        written = digits.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)
        if rounded < 0:
            return MINUS + written
        return f"+{written}" if signed and rounded else written

    def ore(self, value: Decimal | None) -> str:
        """An amount to the öre."""
        return self.number(value, 2)

    def signed(self, value: Decimal | None) -> str:
        """Whole kronor with their sign."""
        return self.number(value, signed=True)

    def percent(self, value: Decimal | None, *, signed: bool = False) -> str:
        """A share of a hundred, with one decimal."""
        return NOTHING if value is None else self.number(value, 1, signed=signed) + _MARKS["percent"]

    def figure(self, value: Decimal | None, unit: str) -> str:
        """A key figure in its unit."""
        if value is None:
            return NOTHING
        return self.number(value, _DECIMALS.get(unit, 0)) + _MARKS.get(unit, "")

    def label(self, value: Decimal, unit: Unit, *, signed: bool = False) -> str:
        """An amount as a chart's label has it."""
        return self.number(value / unit.divisor, unit.decimals, signed=signed)
