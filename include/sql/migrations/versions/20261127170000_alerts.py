"""What was raised about a company, and which notifiers have told it."""

from pathlib import Path

from alembic import op

revision = "20261127170000"
down_revision = "20261127160000"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
