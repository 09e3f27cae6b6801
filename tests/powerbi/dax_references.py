"""What a DAX expression refers to, and what is wrong with how it is written: of words, not of meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_WORD = re.compile(
    r"""
    (?P<blank>\s+|(?://|--)[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"]|"")*")
    |(?P<table>'(?:[^']|'')+')
    |(?P<bracket>\[(?:[^\]]|\]\])+\])
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>[^\W\d]\w*(?:\.\w+)*)
    |(?P<sign><=|>=|<>|&&|\|\||[-+*/^=<>&(),{};])
    |(?P<odd>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_KEYWORDS = {"VAR", "RETURN", "NOT", "IN", "ASC", "DESC"}
_UNITS = {"DAY", "MONTH", "QUARTER", "YEAR"}
FUNCTIONS = {
    "ABS", "ADDCOLUMNS", "ALL", "ALLEXCEPT", "ALLSELECTED", "AND", "AVERAGE", "AVERAGEX", "BLANK",
    "CALCULATE", "CALCULATETABLE", "COALESCE", "CONCATENATEX", "CONTAINSROW", "CONTAINSSTRING", "COUNT",
    "COUNTROWS", "COUNTX", "CROSSFILTER", "DATE", "DATEADD", "DATEDIFF", "DATESBETWEEN", "DATESINPERIOD",
    "DISTINCT", "DISTINCTCOUNT", "DIVIDE", "EDATE", "EOMONTH", "EXCEPT", "FALSE", "FILTER", "FIRSTNONBLANK",
    "FORMAT", "GENERATE", "HASONEFILTER", "HASONEVALUE", "IF", "IFERROR", "INT", "INTERSECT", "ISBLANK",
    "ISCROSSFILTERED", "ISEMPTY", "ISFILTERED", "ISINSCOPE", "ISSELECTEDMEASURE", "KEEPFILTERS", "LASTDATE",
    "LEFT", "LEN", "LOOKUPVALUE", "LOWER", "MAX", "MAXX", "MID", "MIN", "MINX", "MOD", "MONTH", "NOT", "OR",
    "RANKX", "RELATED", "REMOVEFILTERS", "REPT", "RIGHT", "ROUND", "ROUNDDOWN", "ROUNDUP", "ROW",
    "SELECTCOLUMNS", "SELECTEDMEASURE", "SELECTEDMEASUREFORMATSTRING", "SELECTEDMEASURENAME",
    "SELECTEDVALUE", "SIGN", "SUBSTITUTE", "SUM", "SUMMARIZE", "SUMX", "SWITCH", "TODAY", "TOPN", "TREATAS",
    "TRIM", "TRUE", "UNICHAR", "UNION", "UPPER", "USERELATIONSHIP", "VALUE", "VALUES", "WEEKDAY", "YEAR",
}  # fmt: skip
"""Those that measures may use without more thought: a name that is none of them is looked up, then added."""


@dataclass
class Dax:
    """An expression's words, and by name what it refers to."""

    words: list[tuple[str, str, bool]] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    measures: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def calls(self, function: str) -> list[list[list[str]]]:
        """For each call of a function, the words of each of its arguments."""
        plain = [(kind, word) for kind, word, _ in self.words]
        return [
            self._arguments(at + 2)
            for at, (kind, word) in enumerate(plain)
            if kind == "name" and word.upper() == function and plain[at + 1 : at + 2] == [("sign", "(")]
        ]

    def _arguments(self, at: int) -> list[list[str]]:
        depth, arguments = 0, [[]]  # type: int, list[list[str]]
        for kind, word, _ in self.words[at:]:
            if kind == "sign" and not depth and word == ")":
                break
            if kind == "sign" and not depth and word == ",":
                arguments.append([])
                continue
            depth += (kind == "sign") * ((word in "({") - (word in ")}"))
            arguments[-1].append(word)
        return arguments


def read(expression: str, tables: Iterable[str] = ()) -> Dax:
    """Reads an expression; `tables` are the names that may stand without quotes.

    A word's third part says whether it follows the one before without a blank.
    """
    dax, close = Dax(), False
    for found in _WORD.finditer(expression):
        kind = found.lastgroup or ""
        if kind != "blank":
            dax.words.append((kind, found.group(), close and kind == "bracket"))
        close = kind != "blank"
        if kind == "odd":
            dax.faults.append(f"{found.group()} has no place in DAX")
    _balance(dax)
    _refer(dax, {table.lower(): table for table in tables})
    return dax


def _balance(dax: Dax) -> None:
    open_signs = []
    for kind, word, _ in dax.words:
        if kind == "sign" and word in "({":
            open_signs.append(word)
        elif (
            kind == "sign"
            and word in ")}"
            and (not open_signs or open_signs.pop() + word not in ("()", "{}"))
        ):
            dax.faults.append(f"{word} closes nothing")
    if open_signs:
        dax.faults.append(f"{''.join(open_signs)} is not closed")
    if not dax.words:
        dax.faults.append("it is empty")


def _refer(dax: Dax, tables: dict[str, str]) -> None:
    words = dax.words
    variables = {
        words[at + 1][1].lower()
        for at, (kind, word, _) in enumerate(words[:-1])
        if kind == "name" and word.upper() == "VAR"
    }
    made = {word[1:-1] for kind, word, _ in words if kind == "text"}
    for at, (kind, word, close) in enumerate(words):
        before = words[at - 1] if at else ("", "", False)
        after = words[at + 1] if at + 1 < len(words) else ("", "", False)
        if kind == "bracket":
            name = word[1:-1].replace("]]", "]")
            if close and before[0] in ("table", "name"):
                dax.columns.add((_table_name(before[1], tables), name))
            elif name.startswith("@"):
                if name not in made:
                    dax.faults.append(f"[{name}] is not made in it")
            else:
                dax.measures.add(name)
        elif kind == "table":
            dax.tables.add(_table_name(word, tables))
        elif kind == "name":
            if after[:2] == ("sign", "(") and word.lower() not in variables:
                dax.functions.add(word.upper())
                if word.upper() not in FUNCTIONS and word.upper() not in _KEYWORDS:
                    dax.faults.append(f"{word} is no function that is known here")
            elif word.lower() in variables or word.upper() in _KEYWORDS | _UNITS:
                continue
            else:
                dax.tables.add(_table_name(word, tables))


def _table_name(word: str, tables: dict[str, str]) -> str:
    name = word[1:-1].replace("''", "'") if word.startswith("'") else word
    return tables.get(name.lower(), name)
