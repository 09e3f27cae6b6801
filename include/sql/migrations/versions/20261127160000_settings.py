"""What is decided about a company after it was connected: schedule, modules, readers; and its erasure."""

from pathlib import Path

from alembic import op

revision = "20261127160000"
down_revision = "20261127150000"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
