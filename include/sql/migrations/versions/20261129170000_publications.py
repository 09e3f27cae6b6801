"""Where each organization's report is published, and a login of its own for Power BI."""

from pathlib import Path

from alembic import op

revision = "20261129170000"
down_revision = "20261127190000"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
