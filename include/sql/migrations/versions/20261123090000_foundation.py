"""Schemas, the registry, versions, landing with history, row-level security."""

from pathlib import Path

from alembic import op

revision = "20261123090000"
down_revision = None


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
