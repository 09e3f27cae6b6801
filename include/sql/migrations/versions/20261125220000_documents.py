"""Increments and single records of documents: cursors, a backlog, history of both parts."""

from pathlib import Path

from alembic import op

revision = "20261125220000"
down_revision = "20261123090000"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
