"""Links for a company's administrator, who has no login: made, opened, used once; how often anybody asks."""

from pathlib import Path

from alembic import op

revision = "20261127150000"
down_revision = "20261127140000"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
