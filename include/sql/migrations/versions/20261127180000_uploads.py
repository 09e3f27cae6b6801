"""SIE files that were handed in on a company's page, until somebody has looked at what they hold."""

from pathlib import Path

from alembic import op

revision = "20261127180000"
down_revision = "20261127170000"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
