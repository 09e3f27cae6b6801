"""What an operator decides about a company's statements: arrangement, opening balances, group."""

from pathlib import Path

from alembic import op

revision = "20261127010000"
down_revision = "20261125223000"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    )
