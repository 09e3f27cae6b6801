"""Alembic's entry: Saldo's migrations are SQL files, run by the owner of the warehouse in one transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table="schema_version",
    version_table_schema="control",
    transaction_per_migration=False,
)
with context.begin_transaction():
    connection.execute(text("create schema if not exists control"))
    context.run_migrations()
