"""Opens the warehouse as one of Saldo's roles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import psycopg
from psycopg import sql as composed
from psycopg.rows import TupleRow

from saldo import settings
from saldo.sql import statement

Connection = psycopg.Connection[TupleRow]


class Role(StrEnum):
    """What a connection may do. Each is a database role without login that `saldo_app` may take on."""

    LOADER = "saldo_loader"
    TRANSFORMER = "saldo_transformer"
    PAGE = "saldo_page"


@contextmanager
def connect(
    role: Role,
    organization_id: int | None = None,
    *,
    autocommit: bool = False,
    patience_seconds: int | None = None,
) -> Iterator[Connection]:
    """A connection to the warehouse as `role`, seeing the rows of one organization and no other.

    Row-level security reads the session setting `saldo.organization_id`; without an organization the
    loader and the transformer see nothing, while the page sees the registry.
    One transaction: committed when the block ends, rolled back when it raises. With `autocommit` each
    statement is its own. `patience_seconds` bounds the wait for the server and for each statement.
    """
    connection = _hook(patience_seconds).get_conn()
    try:
        connection.autocommit = True
        enter(connection, role, organization_id)
        connection.autocommit = autocommit
        with connection:
            yield connection
    finally:
        connection.close()


def _hook(patience_seconds: int | None) -> Any:
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    if patience_seconds is None:
        return PostgresHook(settings.WAREHOUSE_CONNECTION)
    warehouse = PostgresHook.get_connection(settings.WAREHOUSE_CONNECTION)
    warehouse.extra = json.dumps(warehouse.extra_dejson | {"connect_timeout": patience_seconds})
    return PostgresHook(connection=warehouse, options=f"-c statement_timeout={patience_seconds}s")


def enter(connection: Connection, role: Role, organization_id: int | None) -> None:
    """Takes on the role and the organization for the rest of the session."""
    connection.execute(composed.SQL("set role {}").format(composed.Identifier(role.value)))
    connection.execute(
        "select set_config('saldo.organization_id', %s, false)",
        ["" if organization_id is None else str(organization_id)],
    )


def run(
    connection: Connection, name: str, parameters: dict[str, Any] | None = None
) -> psycopg.Cursor[TupleRow]:
    """Executes include/sql/<name>.sql with its parameters."""
    return connection.execute(statement(name), parameters or {})
