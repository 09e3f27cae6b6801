"""The statements computed a second time, in pandas and from the same vouchers, sharing nothing with the SQL
but the table of which account belongs to which line."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pandas as pd

from tests.warehouse.books import Year

REFERENCE = Path(__file__).parents[2] / "include" / "sql" / "reference"

# What each subtotal sums, as account ranges: of the income statement, and of the two sides of the
# balance sheet (where what is no account is added by hand).
INCOME_SUBTOTALS = {
    "total_operating_income": (
        "net_sales",
        "change_inventories",
        "own_work_capitalised",
        "other_operating_income",
    ),
    "operating_result": range(3000, 8000),
    "result_after_financial": range(3000, 8800),
    "result_before_tax": range(3000, 8900),
    "net_result": range(3000, 8990),
    "total_financial_items": range(8000, 8800),
    "total_appropriations": range(8800, 8900),
}
BALANCE_SUBTOTALS = {
    "total_fixed_assets_intangible": range(1000, 1100),
    "total_fixed_assets_tangible": range(1100, 1300),
    "total_fixed_assets_financial": range(1300, 1400),
    "total_fixed_assets": range(1000, 1400),
    "total_inventories": range(1400, 1500),
    "total_short_term_investments": range(1800, 1900),
    "total_cash": range(1900, 2000),
    "total_assets": range(1000, 2000),
    "total_equity_noncorporate": range(2000, 2080),
    "total_equity_restricted": range(2080, 2090),
    "total_untaxed_reserves": range(2100, 2200),
    "total_provisions": range(2200, 2300),
    "total_non_current_liabilities": range(2300, 2400),
    "total_current_liabilities": range(2400, 3000),
}
ZERO = Decimal("0.00")


def bas_number(account: str) -> int:
    """The four digits an account counts by; 0 when it is outside the chart."""
    if account.isascii() and account.isdigit() and account[0] not in "09":
        return int(account[:4].ljust(4, "0"))
    return 0


class Mapping:
    """Which line an account is on in a year."""

    def __init__(self) -> None:
        with (REFERENCE / "statement_account_range.csv").open(encoding="utf-8") as file:
            self._ranges = [
                (range(int(row["account_from"]), int(row["account_to"]) + 1),
                 range(int(row["bas_year_from"]), int(row["bas_year_to"]) + 1), row["line_code"])
                for row in csv.DictReader(file)
            ]  # fmt: skip

    def line(self, account: str, bas_year: int) -> str:
        """The code of its line."""
        number = bas_number(account)
        return next(
            (line for accounts, years, line in self._ranges if number in accounts and bas_year in years),
            "accounts_outside_chart",
        )


def periods(year: Year) -> pd.DataFrame:
    """The year's months, cut by its limits."""
    months = pd.period_range(year.start, year.end, freq="M")
    frame = pd.DataFrame({"month": months})
    frame["period"] = range(1, len(frame) + 1)
    return frame


def _moved(year: Year) -> pd.DataFrame:
    """Account x period: what was booked; rows outside the year count in its nearest month."""
    first, last = pd.Period(year.start, "M"), pd.Period(year.end, "M")
    records = [
        (row.account, min(max(pd.Period(each.date, "M"), first), last), row.amount)
        for each in year.vouchers
        for row in each.rows
        if not row.is_struck
    ]
    accounts = sorted(
        {row.account for each in year.vouchers for row in each.rows}
        | {account for (_, account), amount in year.balances().items() if amount}
    )
    months = periods(year)["month"]
    frame = pd.DataFrame(records, columns=["account", "month", "amount"])
    table = frame.groupby(["account", "month"])["amount"].sum().unstack(fill_value=ZERO)
    return table.reindex(index=accounts, columns=months, fill_value=ZERO).fillna(ZERO)


def _in(accounts: pd.Index, wanted: range) -> pd.Series:
    return pd.Series([bas_number(account) in wanted for account in accounts], index=accounts)


def income_statement(year: Year) -> dict[tuple[int, str], tuple[Decimal, Decimal]]:
    """(period number, line) -> amount, year to date."""
    moved = _moved(year)
    mapping, bas_year = Mapping(), int(year.start[:4])
    lines = {}
    for account in moved.index:
        if bas_number(account) in range(3000, 8990):
            lines.setdefault(mapping.line(account, bas_year), []).append(account)
    rows = {line: -moved.loc[accounts].sum() for line, accounts in lines.items()}
    leaf = dict(rows)
    nothing = pd.Series(ZERO, index=moved.columns)
    for subtotal, wanted in INCOME_SUBTOTALS.items():
        if isinstance(wanted, range):
            rows[subtotal] = -moved[_in(moved.index, wanted)].sum() if len(moved) else nothing
        else:
            rows[subtotal] = sum((leaf[line] for line in wanted if line in leaf), nothing)
    rows["total_operating_costs"] = rows["operating_result"] - rows["total_operating_income"]
    return {
        (number, line): (amount, to_date)
        for line, amounts in rows.items()
        for number, amount, to_date in zip(
            range(1, len(amounts) + 1), amounts, amounts.cumsum() if len(amounts) else [], strict=True
        )
    }


def balance_sheet(year: Year) -> dict[tuple[int, str], tuple[Decimal, Decimal, Decimal, Decimal]]:
    """(period number, line) -> opening of the year, opening, change, closing."""
    moved = _moved(year)
    opening = pd.Series(
        [Decimal(year.opening.get(account, "0")) for account in moved.index], index=moved.index, dtype=object
    )
    mapping, bas_year = Mapping(), int(year.start[:4])
    lines: dict[str, list[str]] = {}
    for account in moved.index:
        number = bas_number(account)
        line = "calculated_result" if number >= 3000 else mapping.line(account, bas_year)
        lines.setdefault(line, []).append(account)
    start, change = {}, {}

    def put(line: str, accounts: list[str], sign: int) -> None:
        start[line] = sign * sum(opening[accounts], ZERO)
        change[line] = sign * (
            moved.loc[accounts].sum() if accounts else pd.Series(ZERO, index=moved.columns)
        )

    for line, accounts in lines.items():
        put(line, accounts, 1 if bas_number(accounts[0]) in range(1000, 2000) else -1)
    for line in ("calculated_result", "accounts_outside_chart"):
        put(line, lines.get(line, []), -1)
    for line, wanted in BALANCE_SUBTOTALS.items():
        accounts = [account for account in moved.index if bas_number(account) in wanted]
        put(line, accounts, 1 if wanted.stop <= 2000 else -1)
    nothing = pd.Series(ZERO, index=moved.columns)
    start["prior_result_not_carried_forward"] = sum(
        (Decimal(amount) for amount in year.opening.values()), ZERO
    )
    change["prior_result_not_carried_forward"] = nothing
    start["unbalanced_vouchers"] = ZERO
    change["unbalanced_vouchers"] = moved.sum() if len(moved) else nothing

    def add(total: str, *parts: str) -> None:
        start[total] = sum((start[part] for part in parts), ZERO)
        change[total] = sum((change[part] for part in parts), nothing)

    put("booked_unrestricted", [a for a in moved.index if bas_number(a) in range(2090, 2100)], -1)
    put("unpaid_capital", [a for a in moved.index if bas_number(a) in range(1690, 1700)], 1)
    add(
        "total_equity_unrestricted",
        "booked_unrestricted",
        "calculated_result",
        "prior_result_not_carried_forward",
    )
    add("total_equity", "total_equity_noncorporate", "total_equity_restricted", "total_equity_unrestricted")
    add(
        "total_equity_liabilities", "total_equity", "total_untaxed_reserves", "total_provisions",
        "total_non_current_liabilities", "total_current_liabilities", "accounts_outside_chart",
        "unbalanced_vouchers",
    )  # fmt: skip
    put("total_current_receivables", [
        a for a in moved.index if bas_number(a) in (*range(1500, 1690), *range(1700, 1800))
    ], 1)  # fmt: skip
    add(
        "total_current_assets", "total_inventories", "total_current_receivables",
        "total_short_term_investments", "total_cash",
    )  # fmt: skip
    del start["booked_unrestricted"], start["unpaid_capital"]

    cells = {}
    for line, first in start.items():
        at = first
        for number, moved_amount in enumerate(change[line], 1):
            cells[number, line] = (first, at, moved_amount, at + moved_amount)
            at += moved_amount
    return cells
