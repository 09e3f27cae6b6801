"""A company that is not on Fortnox: its years come from SIE files, and its id is made up here."""

from pathlib import Path

from alembic import op

revision = "20261127190000"
down_revision = "20261127180000"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
