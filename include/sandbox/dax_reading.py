"""Reads DAX: a tokenizer and a recursive descent over the part of the language that models here use.

Operators bind as in "DAX operators" (learn.microsoft.com/dax/dax-operator-reference): sign, * and /, NOT,
+ and -, &, comparisons, &&, ||.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache


class DaxError(ValueError):
    """A sentence on what is wrong with an expression, or on what is not among what is understood here."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text."""

    value: int | Decimal | str


@dataclass(frozen=True, slots=True)
class Name:
    """A name without brackets: a variable, or else a table."""

    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """`Table[Column]`; `[Name]` has no table and is a measure or a column of a table made on the way."""

    table: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function, its name in capitals, with its arguments; operators are calls too."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Let:
    """VAR ... RETURN."""

    variables: tuple[tuple[str, Expression], ...]
    result: Expression


Expression = Literal | Name | Column | Call | Let

_TOKEN = re.compile(
    r"""(?P<space>(\s|//[^\n]*|--[^\n]*|/\*.*?\*/)+)
    | (?P<text>"([^"]|"")*")
    | (?P<number>\d+(\.\d+)?)
    | (?P<quoted>'([^']|'')+')
    | (?P<bracket>\[([^\]]|\]\])+\])
    | (?P<name>[^\W\d]\w*)
    | (?P<sign><=|>=|<>|&&|\|\||[-+*/&=<>(),])""",
    re.VERBOSE | re.DOTALL,
)
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression that a text is.

    Raises:
        DaxError: it is none, or uses what is not understood here.
    """
    parser = _Parser(text)
    expression = parser.expression()
    parser.expect("")
    return expression


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise DaxError(f"This is no DAX that is understood here: {text[place : place + 30]!r}")
        if match.lastgroup != "space":
            found.append((str(match.lastgroup), match.group()))
        place = match.end()
    return [*found, ("end", "")]


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.place = 0

    def at(self, *words: str) -> bool:
        kind, token = self.tokens[self.place]
        return kind in ("sign", "name", "end") and token.upper() in words

    def take(self) -> tuple[str, str]:
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, word: str) -> None:
        if not self.at(word):
            raise DaxError(f"{word or 'The end'} is missing before {self.tokens[self.place][1]!r}")
        self.place += 1

    def expression(self) -> Expression:
        variables = []
        while self.at("VAR"):
            self.take()
            kind, name = self.take()
            if kind != "name":
                raise DaxError(f"{name!r} is no name of a variable")
            self.expect("=")
            variables.append((name, self.expression()))
        if not variables:
            return self._or()
        self.expect("RETURN")
        return Let(tuple(variables), self.expression())

    def _binary(self, operand: Callable[[], Expression], *signs: str) -> Expression:
        left = operand()
        while self.at(*signs):
            sign = self.take()[1]
            left = Call(sign, (left, operand()))
        return left

    def _or(self) -> Expression:
        return self._binary(self._and, "||")

    def _and(self) -> Expression:
        return self._binary(self._comparison, "&&")

    def _comparison(self) -> Expression:
        return self._binary(self._joined, *COMPARISONS)

    def _joined(self) -> Expression:
        return self._binary(self._sum, "&")

    def _sum(self) -> Expression:
        return self._binary(self._not, "+", "-")

    def _not(self) -> Expression:
        if self.at("NOT"):
            self.take()
            return Call("NOT", (self._not(),))
        return self._product()

    def _product(self) -> Expression:
        return self._binary(self._signed, "*", "/")

    def _signed(self) -> Expression:
        if self.at("-", "+"):
            sign = self.take()[1]
            operand = self._signed()
            return Call("*", (Literal(-1), operand)) if sign == "-" else operand
        return self._single()

    def _single(self) -> Expression:
        kind, token = self.take()
        match kind:
            case "number":
                return Literal(Decimal(token) if "." in token else int(token))
            case "text":
                return Literal(token[1:-1].replace('""', '"'))
            case "bracket":
                return Column("", _unbracketed(token))
            case "quoted":
                return self._column_or_table(token[1:-1].replace("''", "'"))
            case "name" if self.at("("):
                return Call(token.upper(), self._arguments())
            case "name":
                return self._column_or_table(token)
            case "sign" if token == "(":  # noqa: S105 (a token of DAX)
                inner = self.expression()
                self.expect(")")
                return inner
        raise DaxError(f"{token!r} is not expected there" if token else "The expression ends too early")

    def _column_or_table(self, name: str) -> Expression:
        if self.tokens[self.place][0] == "bracket":
            return Column(name, _unbracketed(self.take()[1]))
        return Name(name)

    def _arguments(self) -> tuple[Expression, ...]:
        self.expect("(")
        found: list[Expression] = []
        while not self.at(")"):
            if found:
                self.expect(",")
            found.append(self.expression())
        self.take()
        return tuple(found)


def _unbracketed(token: str) -> str:
    return token[1:-1].replace("]]", "]")
