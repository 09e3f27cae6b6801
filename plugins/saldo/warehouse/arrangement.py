"""What an operator decides about a company's statements: lines of accounts, opening balances, group."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path

from saldo.database import Connection, Role, connect, run
from saldo.warehouse.landing import advance_landed

COLUMNS = ("account_from", "account_to", "line_code")
_FIRST, _LAST = 1000, 8989


def arrange(organization_id: int, file: Path) -> int:
    """Replaces the company's own arrangement by that of a CSV file; returns its number of ranges.

    The columns are account_from, account_to and line_code (a line of mart.dim_statement_line). Only the
    header takes the arrangement away. The marts follow with the company's next run.

    Raises:
        ValueError: a row is no range of 1000-8989, overlaps another, or names no line of the same side
            (assets 1000-1999, equity and liabilities 2000-2999, income and costs 3000-8989); the former
            arrangement stays.
    """
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{file.name}: the first line must be {','.join(COLUMNS)}")
        rows = list(reader)
    with connect(Role.TRANSFORMER, organization_id) as connection:
        lines = _lines(connection)
        ranges = [_range(lines, row) for row in rows]
        _refuse_overlaps(ranges)
        run(connection, "control/arrangement_clear")
        for first, last, line in ranges:
            run(
                connection,
                "control/arrangement_write",
                {"account_from": first, "account_to": last, "line_code": line},
            )
        advance_landed(connection)
    return len(ranges)


def set_policy(
    organization_id: int,
    *,
    opening_policy: str | None = None,
    group_code: str | None = None,
    group_name: str | None = None,
) -> None:
    """Changes what is given: how opening balances are taken (reported, rolled), and the company's group.

    An empty group code takes it out of its group. The marts follow with the company's next run.

    Raises:
        ValueError: a group has a code and no name, or the reverse.
    """
    if bool(group_code) != bool(group_name) or (group_code is None) != (group_name is None):
        raise ValueError("A group has a code and a name: give both, or both empty to leave it")
    with connect(Role.TRANSFORMER, organization_id) as connection:
        run(
            connection,
            "control/statement_policy_write",
            {"opening_policy": opening_policy, "group_code": group_code, "group_name": group_name},
        )
        advance_landed(connection)


def _lines(connection: Connection) -> dict[str, tuple[str, int]]:
    """Statement and sign of each line that accounts can be on."""
    return {row[0]: (row[1], row[2]) for row in run(connection, "control/arrangement_lines").fetchall()}


def _range(lines: Mapping[str, tuple[str, int]], row: Mapping[str, str]) -> tuple[int, int, str]:
    told = ",".join(str(row[name]) for name in COLUMNS)
    try:
        first, last = int(row["account_from"]), int(row["account_to"])
    except (TypeError, ValueError):
        raise ValueError(f"{told}: accounts are numbers of four digits") from None
    if not _FIRST <= first <= last <= _LAST:
        raise ValueError(f"{told}: a range lies within {_FIRST}-{_LAST} and begins before it ends")
    sides = {_side(first), _side(last)}
    if len(sides) > 1:
        raise ValueError(f"{told}: a range must not reach over assets (1), equity and debts (2) and 3-8")
    if row["line_code"] not in lines:
        raise ValueError(f"{told}: there is no line {row['line_code']!r}: mart.dim_statement_line lists them")
    if lines[row["line_code"]] not in sides:
        raise ValueError(f"{told}: the line is of another side than the accounts")
    return first, last, row["line_code"]


def _side(account: int) -> tuple[str, int]:
    if account < 2000:
        return "balance_sheet", 1
    return ("balance_sheet", -1) if account < 3000 else ("income_statement", -1)


def _refuse_overlaps(ranges: Iterable[tuple[int, int, str]]) -> None:
    ordered = sorted(ranges)
    for (_, last, line), (first, _, next_line) in itertools.pairwise(ordered):
        if first <= last:
            raise ValueError(f"the ranges of {line} and {next_line} overlap at {first}")
