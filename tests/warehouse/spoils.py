"""What can go wrong in the tables that a check reads: one row changed, one gone, all gone.

For each column of a table a few small changes of one row, in the middle of the organization's rows and the
last of them; then that row gone, a line of a statement, and all rows. A check is run on each, in a
transaction that is rolled back.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from saldo import sql
from saldo.database import Connection, Role, enter, run

_CHANGES = {
    "numeric": ("{column} + 0.01", "-{column} - 1"),
    "integer": ("{column} + 1", "{column} - 1"),
    "bigint": ("{column} + 1000003",),
    "date": ("{column} + 1", "({column} - interval '1 year')::date"),
    "boolean": ("not {column}",),
    "text": ("{column} || '0'", "''"),
    "jsonb": ("'[]'",),
    "timestamp with time zone": ("now()",),
}


@dataclass(frozen=True)
class Spoil:
    """One fault of a table: what is told of it, and the statement that brings it about."""

    table: str
    told: str
    statement: str


def tables_of(check: sql.SqlFile) -> list[str]:
    """The tables that a check reads, those under the staging views that it reads among them."""
    views = {file.relation: file for file in sql.files("staging")}
    waiting, seen, tables = _relations(check), set(), []
    while waiting:
        relation = waiting.pop()
        if relation in seen:
            continue
        seen.add(relation)
        if relation in views:
            waiting += _relations(views[relation])
        else:
            tables.append(relation)
    return sorted(tables)


def _relations(file: sql.SqlFile) -> list[str]:
    return [name for name in file.head.get("inputs", "").replace(",", " ").split() if name]


def spoils(connection: psycopg.Connection[Any], table: str, organization_id: int) -> Iterator[Spoil]:
    """The faults of the organization's rows in a table."""
    columns = connection.execute(
        "select attname, format_type(atttypid, null), attnotnull from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' "
        "order by attnum",
        [table],
    ).fetchall()
    names = [name for name, _, _ in columns]
    if "organization_id" not in names:
        return
    own = f"organization_id = {organization_id}"
    listed = ", ".join(f'"{name}"::text collate "C"' for name in names)
    for place in ("middle", "last"):
        back = "count(*) / 2" if place == "middle" else "0"
        row = (
            f"ctid = (select ctid from {table} where {own} order by {listed} "
            f"offset (select greatest(count(*) - 1 - {back}, 0) from {table} where {own}) limit 1)"
        )
        for name, kind, is_required in columns:
            if name == "organization_id":
                continue
            changes = [change.format(column=f'"{name}"') for change in _CHANGES.get(kind, ())]
            if not is_required:
                changes.append("null")
            for change in changes:
                yield Spoil(
                    table,
                    f"{name} = {change} in the {place} row",
                    f'update {table} set "{name}" = {change} where {row}',
                )
        yield Spoil(table, f"the {place} row is gone", f"delete from {table} where {row}")
    if {"statement_line_key", "fiscal_period_key"} <= set(names):
        lines = connection.execute(
            f"select distinct statement_line_key from {table} where {own} order by 1"
        ).fetchall()
        period = f"(select max(fiscal_period_key) from {table} where {own} and statement_line_key = {{}})"
        for (line,) in lines:
            row = f"{own} and statement_line_key = {line} and fiscal_period_key = {period.format(line)}"
            yield Spoil(table, f"line {line} is gone in its last period", f"delete from {table} where {row}")
    yield Spoil(table, "all rows are gone", f"delete from {table} where {own}")


def found(connection: Connection, check: str) -> str:
    """How many rows a check's text finds, and a digest of them; the kind of error where it cannot be run."""
    try:
        with connection.transaction():
            rows = connection.execute(check.strip().rstrip(";")).fetchall()
    except psycopg.Error as error:
        return type(error).__name__
    told = sorted(repr(row) for row in rows)
    return f"{len(told)}\t{hashlib.md5(chr(10).join(told).encode(), usedforsecurity=False).hexdigest()[:8]}"


@contextlib.contextmanager
def spoiled(connection: Connection, organization_id: int, spoil: Spoil | None) -> Iterator[bool]:
    """The organization's data with a fault in them, seen as a check sees them; whether there is the fault.

    `connection` is the superuser's, whom neither foreign keys nor triggers hold.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("set local session_replication_role = replica")
        run(connection, "control/settings_before_statistics")
        is_spoiled = spoil is None
        if spoil is not None:
            with contextlib.suppress(psycopg.Error), connection.transaction():
                is_spoiled = connection.execute(spoil.statement.encode()).rowcount > 0
        enter(connection, Role.TRANSFORMER, organization_id)
        yield is_spoiled
