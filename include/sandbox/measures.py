"""What the sandbox answers for a measure: there is no DAX here, so each is worked out in Python.

To add one, put a function of what was imported into MEASURES under the measure's name. It reads relations
and source columns as they are called in the warehouse, whatever the model calls its tables.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.warehouse_reading import ImportedModel

Measure = Callable[[ImportedModel], Decimal | None]


def newest_line(relation: str, amount: str, line_code: str, period_of: str = "") -> Measure:
    """A line of a statement in the newest period of ``period_of``, which is the statement's own unless said.

    None where the statement has no such line in that period.
    """

    def measure(model: ImportedModel) -> Decimal | None:
        lines = {
            record["statement_line_key"]
            for record in model.records("dim_statement_line")
            if record["line_code"] == line_code
        }

        def is_line(record: dict[str, Any]) -> bool:
            return record.get("line_code") == line_code or record.get("statement_line_key") in lines

        newest = max((record["date_key"] for record in model.records(period_of or relation)), default=None)
        found = [
            record[amount]
            for record in model.records(relation)
            if record["date_key"] == newest and is_line(record)
        ]
        return sum(found, Decimal(0)) if found else None

    return measure


def open_today(side: str) -> Measure:
    """What is open today on a side of the sub-ledger; None where nothing is."""

    def measure(model: ImportedModel) -> Decimal | None:
        found = [
            record["open_amount"]
            for record in model.records("fct_open_item")
            if record["side"] == side and record["is_today"]
        ]
        return sum(found, Decimal(0)) if found else None

    return measure


MEASURES: dict[str, Measure] = {
    "Summa tillgångar": newest_line("balance_sheet", "closing_amount", "total_assets"),
    "Årets resultat": newest_line(
        "income_statement", "year_to_date_amount", "net_result", period_of="balance_sheet"
    ),
    "Kundfordringar": open_today("receivable"),
}
