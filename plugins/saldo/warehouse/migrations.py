"""Brings the warehouse to the state of the files in include/sql.

Three layers, in this order and in one transaction each: the superuser's roles (`set_up`), the migrations
of control and landing (Alembic; history that must be carried along), and what is derived from them:
reference tables, views of staging, tables of mart, the views that explain them and one's own tables of
custom. Derived relations are made anew when their file changed; every organization then rebuilds with its
next run. What is said of them in words is written each time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import psycopg
import sqlalchemy
import sqlparse
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql as composed

from saldo import settings, sql
from saldo.database import Connection, run
from saldo.warehouse import custom, descriptions

ADMIN_URL_VARIABLE = "SALDO_ADMIN_URL"


class OutdatedWarehouseError(RuntimeError):
    """The warehouse is behind the files of this version of Saldo."""


def set_up() -> None:
    """Roles, their passwords and the warehouse's database; idempotent.

    Connects as the superuser of the environment variable SALDO_ADMIN_URL and takes names and passwords
    from Airflow's connections saldo_warehouse, saldo_migration and saldo_report.

    Raises:
        ValueError: the variable is not set.
    """
    from airflow.sdk import BaseHook

    admin_url = os.environ.get(ADMIN_URL_VARIABLE)
    if not admin_url:
        raise ValueError(
            f"Set {ADMIN_URL_VARIABLE} to a PostgreSQL URL that may create roles and databases, "
            "for example postgresql://postgres:password@localhost:5432/postgres"
        )
    connections = [
        BaseHook.get_connection(name)
        for name in (
            settings.WAREHOUSE_CONNECTION,
            settings.MIGRATION_CONNECTION,
            settings.REPORT_CONNECTION,
        )
    ]
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for login in connections:
            connection.execute(
                "select set_config(%s, %s, false)", [f"saldo.password_{login.login}", login.password]
            )
        connection.execute(sql.statement("setup/roles"))
        database = connections[0].schema
        if run(connection, "setup/database_exists", {"database": database}).fetchone() is None:
            connection.execute(
                composed.SQL("create database {} owner saldo_owner").format(
                    composed.Identifier(database or "")
                )
            )


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(settings.include_dir() / "sql" / "migrations"))
    return config


def newest() -> str:
    """The revision that the files of this version of Saldo lead to."""
    return str(ScriptDirectory.from_config(_alembic()).get_current_head())


@contextmanager
def _as_owner() -> Iterator[sqlalchemy.Connection]:
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    def open_as_owner() -> Connection:
        connection = cast("Connection", PostgresHook(settings.MIGRATION_CONNECTION).get_conn())
        connection.execute("set role saldo_owner")
        connection.commit()
        return connection

    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=open_as_owner, poolclass=sqlalchemy.pool.NullPool
    )
    with engine.connect() as connection:
        yield connection


def migrate() -> list[str]:
    """Runs what is missing, as the owner; returns the names of the derived relations made anew."""
    config = _alembic()
    with _as_owner() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        native = cast("Connection", connection.connection.driver_connection)
        with native.transaction():
            return _derive(native)


def check_version(connection: Connection) -> None:
    """Stops with the command to run when the warehouse is behind the files: one cheap comparison.

    Raises:
        OutdatedWarehouseError: it is.
    """
    try:
        row = run(connection, "control/schema_version_read").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        row = None
    if row is None or row[0] != newest():
        found = "empty" if row is None else row[0]
        raise OutdatedWarehouseError(
            f"The warehouse is at version {found} and this Saldo needs {newest()}: run `saldo migrate`"
        )
    if row[1] != _fingerprint(_files_and_digests()):
        raise OutdatedWarehouseError(
            "The views and marts of the warehouse were made from other files than this Saldo has: "
            "run `saldo migrate`"
        )


def _derive(connection: Connection) -> list[str]:
    known = {(row[0], row[1]): row[2] for row in run(connection, "control/relation_read").fetchall()}
    made: list[str] = []
    derived = _files_and_digests()
    for file, digest in derived:
        if known.pop((file.schema, file.name), None) == digest:
            continue
        with custom.blamed(file):
            _make(connection, file)
        run(
            connection,
            "control/relation_write",
            {"relation_schema": file.schema, "relation_name": file.name, "digest": digest},
        )
        made.append(file.relation)
    for schema, name in known:
        _drop(connection, schema, name)
        run(connection, "control/relation_forget", {"relation_schema": schema, "relation_name": name})
    descriptions.comment(connection, (file for file, _ in derived))
    if made:
        run(connection, "control/version_rebuild_all")
        run(connection, "control/ledger_year_forget")
    return made


def _files_and_digests() -> list[tuple[sql.SqlFile, str]]:
    """File and digest of every derived relation, in the order in which they are made."""
    digests: dict[str, str] = {}
    folders = ("reference", "staging", "marts", "explanations")
    saldos = [file for folder in folders for file in sql.in_order(sql.files(folder))]
    return [(file, _digest(file, digests)) for file in [*saldos, *custom.marts()]]


def _fingerprint(derived: list[tuple[sql.SqlFile, str]]) -> str:
    """One digest of all of them, as control/schema_version_read.sql makes it of those in the warehouse."""
    lines = sorted(f"{file.relation}.{digest}" for file, digest in derived)
    return hashlib.sha256(" ".join(lines).encode()).hexdigest()


def _digest(file: sql.SqlFile, digests: dict[str, str]) -> str:
    """Changes when the file does; for views and reference tables also when one they are made from does,
    since dropping that one drops them."""
    if file.folder == "custom":
        return file.digest
    if file.folder == "marts":
        digests[file.name] = file.digest
        return file.digest
    parts = [file.digest, *(digests[name] for name in file.inputs if name in digests)]
    path = _data_path(file.name)
    if file.folder == "reference" and path.exists():
        parts.append(hashlib.sha256(path.read_bytes()).hexdigest())
    digests[file.name] = hashlib.sha256("".join(parts).encode()).hexdigest()
    return digests[file.name]


def _drop(connection: Connection, schema: str, name: str) -> None:
    found = connection.execute(
        "select relkind = 'v' from pg_class where oid = to_regclass(%s)", [f"{schema}.{name}"]
    ).fetchone()
    if found:
        kind = "view" if found[0] else "table"
        connection.execute(
            composed.SQL(f"drop {kind} {{}} cascade").format(composed.Identifier(schema, name))
        )


def _make(connection: Connection, file: sql.SqlFile) -> None:
    _drop(connection, file.schema, file.name)
    definition, *fillings = definition_and_build(file)
    connection.execute(definition)
    if file.folder in ("marts", "custom"):
        connection.execute("call control.protect(%s)", [file.relation])
        return
    grantees = "saldo_loader, saldo_transformer, saldo_page"
    if file.folder != "staging":
        _load_reference(connection, file.name)
        for filling in fillings:
            connection.execute(filling)
        grantees = "saldo_transformer, saldo_page, saldo_reader"
    connection.execute(
        composed.SQL(f"grant select on {{}} to {grantees}").format(
            composed.Identifier(file.schema, file.name)
        )
    )


def definition_and_build(file: sql.SqlFile) -> list[str]:
    """The statements of an SQL file: its definition first and, where it has one, the insert that fills it."""
    return [text for text in sqlparse.split(file.text) if text.strip()]


def _data_path(name: str) -> Path:
    return settings.include_dir() / "sql" / "reference" / f"{name}.csv"


def _load_reference(connection: Connection, name: str) -> None:
    path = _data_path(name)
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    header = next(csv.reader(io.StringIO(text)))
    statement = composed.SQL("copy {} ({}) from stdin (format csv, header true)").format(
        composed.Identifier("mart", name), composed.SQL(", ").join(map(composed.Identifier, header))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text)
