"""What stands between a model and PostgreSQL: a login that is really tried, rows that are really read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql

from sandbox.tmdl import Model, Partition, Table

WRONG_CREDENTIALS = "DM_GWPipeline_Gateway_InvalidConnectionCredentials"
UNREACHABLE = "DM_GWPipeline_Gateway_MashupDataAccessError"
WRONG_MODEL = "ModelRefresh_ShortMessage_ProcessingError"
_CONNECT_SECONDS = 5
_ROWS_AT_A_TIME = 10_000


class ReadingError(Exception):
    """Why PostgreSQL could not be read, as Power BI says it."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@dataclass(frozen=True)
class Login:
    """Where a connection leads and as whom; ``server`` may name a port."""

    server: str
    database: str
    user: str
    password: str = field(repr=False)
    must_encrypt: bool = False


@dataclass
class ImportedTable:
    """A table's rows in the order of ``columns``, which are source columns; the first ones only are kept."""

    relation: str
    columns: list[str]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    count: int = 0


@dataclass
class ImportedModel:
    """What a refresh read."""

    tables: dict[str, ImportedTable] = field(default_factory=dict)
    """By the names that the model gives them."""

    @cached_property
    def by_table(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of each table, by source column."""
        return {
            name: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            for name, table in self.tables.items()
        }


def connect(login: Login) -> psycopg.Connection[tuple[Any, ...]]:
    """A session that only reads.

    Raises:
        ReadingError: the server does not answer, or not to this login.
    """
    host, _, port = login.server.rpartition(":") if ":" in login.server else (login.server, "", "5432")
    try:
        connection = psycopg.connect(
            host=host,
            port=port,
            dbname=login.database,
            user=login.user,
            password=login.password,
            sslmode="require" if login.must_encrypt else "prefer",
            connect_timeout=_CONNECT_SECONDS,
        )
    except psycopg.Error as error:
        said = str(error).strip()
        # a failed sign-in has no SQLSTATE here, only its words
        refused = "authentication failed" in said or "no password supplied" in said
        raise ReadingError(WRONG_CREDENTIALS if refused else UNREACHABLE, said) from None
    connection.read_only = True
    return connection


def try_login(login: Login) -> None:
    """Sign in and leave.

    Raises:
        ReadingError: it does not work.
    """
    connect(login).close()


def read_tables(model: Model, login: Login, rows_kept: int) -> ImportedModel:
    """Read every partition of every table.

    Raises:
        ReadingError: one of them cannot be read; nothing is imported then.
    """
    imported = ImportedModel()
    with connect(login) as connection:
        for table in model.tables.values():
            for partition in table.partitions:
                try:
                    _read(connection, table, partition, imported, rows_kept)
                except psycopg.Error as error:
                    raise _explained(error, table, partition) from None
    return imported


def _read(
    connection: psycopg.Connection[tuple[Any, ...]],
    table: Table,
    partition: Partition,
    imported: ImportedModel,
    rows_kept: int,
) -> None:
    columns = list(dict.fromkeys(source for source, _ in table.columns.values()))
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(partition.schema, partition.relation),
    )
    parameters: list[int] = []
    if partition.organization is not None:
        query += sql.SQL(" where organization_id = %s")
        parameters.append(_number(partition.organization))
    kept = imported.tables.setdefault(table.name, ImportedTable(partition.relation, columns))
    with connection.cursor("import") as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
            kept.count += len(rows)
            kept.rows += rows[: rows_kept - len(kept.rows)]


def _number(organization: str) -> int:
    try:
        return int(organization)
    except ValueError:
        raise ReadingError(WRONG_MODEL, f"We couldn't convert {organization!r} to Number.") from None


def _explained(error: psycopg.Error, table: Table, partition: Partition) -> ReadingError:
    said = error.diag.message_primary or str(error).strip()
    missing = (
        psycopg.errors.UndefinedColumn,
        psycopg.errors.UndefinedTable,
        psycopg.errors.InvalidSchemaName,
    )
    code = WRONG_MODEL if isinstance(error, missing) else UNREACHABLE
    return ReadingError(code, f"{table.name} ({partition.schema}.{partition.relation}): {said}")
