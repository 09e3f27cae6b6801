"""The statements computed a second time, in pandas and from the same vouchers, sharing nothing with the SQL
but the table of which account belongs to which line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

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
        | {account for account, _ in year.budget}
    )
    months = periods(year)["month"]
    frame = pd.DataFrame(records, columns=["account", "month", "amount"])
    table = frame.groupby(["account", "month"])["amount"].sum().unstack(fill_value=ZERO)
    return table.reindex(index=accounts, columns=months, fill_value=ZERO).fillna(ZERO)


def _in(accounts: pd.Index, wanted: range) -> pd.Series:
    return pd.Series([bas_number(account) in wanted for account in accounts], index=accounts)


def _income_lines(moved: pd.DataFrame, year: Year) -> dict[str, pd.Series]:
    """Line -> amount by month, of what moved on the accounts (or is planned to)."""
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
    return rows


def _budgeted(year: Year) -> pd.DataFrame:
    """Account x period: what is planned."""
    frame = pd.DataFrame(
        [(account, pd.Period(f"{month[:4]}-{month[4:]}", "M"), Decimal(amount))
         for (account, month), amount in year.budget.items()],
        columns=["account", "month", "amount"],
    )  # fmt: skip
    table = frame.groupby(["account", "month"])["amount"].sum().unstack(fill_value=ZERO)
    return table.reindex(columns=periods(year)["month"], fill_value=ZERO).fillna(ZERO)


# What belongs to which line of the cash flow statement, told a second time: cash is moved by the reverse of
# what moved on the first accounts, and by what moved on the second (taken back).
_INTANGIBLE_COSTS = (*range(7700, 7720), *range(7760, 7770), *range(7810, 7820))
_TANGIBLE_COSTS = (
    *range(7720, 7740), *range(7750, 7760), *range(7770, 7790), *range(7800, 7810), *range(7820, 7900),
)  # fmt: skip
_FINANCIAL_COSTS = (*range(8070, 8090), *range(8170, 8190), *range(8270, 8300))
_PLACEMENT_COSTS = (*range(8320, 8330), *range(8370, 8390))
_SALES_OF_FINANCIAL = (*range(8020, 8030), *range(8120, 8130), *range(8220, 8230))
_SALES_OF_TANGIBLE = (3970, *range(3972, 3980), 7970, *range(7972, 7980))
_RESULTS_CARRIED = (2019, 2029, 2039, 2049, 2068, 2069)
CASH_FLOW_LINES: dict[str, tuple[Iterable[int], Iterable[int]]] = {
    "cash_result_after_financial": (range(3000, 8800), ()),
    "cash_depreciation": (
        (), (*_INTANGIBLE_COSTS, *_TANGIBLE_COSTS, *_FINANCIAL_COSTS, *_PLACEMENT_COSTS)),
    "cash_disposal_results": (
        (), (3971, 7971, *_SALES_OF_TANGIBLE, *_SALES_OF_FINANCIAL, *range(8350, 8360))),
    "cash_appropriations": ((*range(2100, 2200), *range(8800, 8820), *range(8840, 8900)), ()),
    "cash_income_tax": (
        (*range(1370, 1380), *range(1640, 1650), *range(2240, 2250), *range(2500, 2520), *range(8900, 8990)),
        ()),
    "cash_inventories": (range(1400, 1500), ()),
    "cash_trade_receivables": ((*range(1500, 1560), *range(1580, 1600)), ()),
    "cash_other_receivables": (
        (*range(1560, 1580), *range(1600, 1640), *range(1650, 1690), *range(1700, 1800)), ()),
    "cash_trade_payables": (range(2440, 2450), ()),
    "cash_other_liabilities": (
        (*range(2200, 2240), *range(2250, 2300), *range(2420, 2440), *range(2450, 2480), *range(2492, 2500),
         *range(2520, 2898), *range(2899, 3000)), ()),
    "cash_intangible": ((*range(1000, 1100), *_INTANGIBLE_COSTS, 3971, 7971), ()),
    "cash_tangible": ((*range(1100, 1300), *_TANGIBLE_COSTS, *_SALES_OF_TANGIBLE), ()),
    "cash_financial_assets": (
        (*range(1300, 1370), *range(1380, 1400), *_FINANCIAL_COSTS, *_SALES_OF_FINANCIAL), ()),
    "cash_short_term_investments": ((*range(1800, 1900), *_PLACEMENT_COSTS, *range(8350, 8360)), ()),
    "cash_share_issues": ((*range(1690, 1700), *range(2080, 2090), 2097), ()),
    "cash_owner_equity": ((number for number in range(2000, 2080) if number not in _RESULTS_CARRIED), ()),
    "cash_dividends": ((*range(2090, 2097), 2098, 2099, 2898, *_RESULTS_CARRIED, *range(8990, 9000)), ()),
    "cash_group_contributions": (range(8820, 8840), ()),
    "cash_loans": ((*range(2300, 2420), *range(2480, 2492)), ()),
}  # fmt: skip
CASH_FLOW_LINES = {line: (frozenset(a), frozenset(b)) for line, (a, b) in CASH_FLOW_LINES.items()}
_OPERATIONS = (
    "cash_result_after_financial", "cash_depreciation", "cash_disposal_results", "cash_appropriations",
    "cash_income_tax",
)  # fmt: skip
_WORKING_CAPITAL = (
    "cash_inventories", "cash_trade_receivables", "cash_other_receivables", "cash_trade_payables",
    "cash_other_liabilities",
)  # fmt: skip


def _cash_flow_lines(moved: pd.DataFrame, year: Year) -> dict[str, pd.Series]:
    nothing = pd.Series(ZERO, index=moved.columns)

    def of(accounts: list[str]) -> pd.Series:
        return moved.loc[accounts].sum() if accounts else nothing

    rows = {}
    for line, (reversed_accounts, taken_back) in CASH_FLOW_LINES.items():
        down = [account for account in moved.index if bas_number(account) in reversed_accounts]
        up = [account for account in moved.index if bas_number(account) in taken_back]
        if down or up:
            rows[line] = of(up) - of(down)
    leaf = dict(rows)

    def add(lines: Iterable[str]) -> pd.Series:
        return sum((leaf[line] for line in lines if line in leaf), nothing)

    rows["cash_before_working_capital"] = add(_OPERATIONS)
    rows["cash_from_operations"] = add((*_OPERATIONS, *_WORKING_CAPITAL))
    rows["cash_from_investing"] = add(
        ("cash_intangible", "cash_tangible", "cash_financial_assets", "cash_short_term_investments")
    )
    rows["cash_from_financing"] = add(
        ("cash_share_issues", "cash_owner_equity", "cash_dividends", "cash_group_contributions", "cash_loans")
    )
    rows["cash_accounts_outside_chart"] = -of([a for a in moved.index if bas_number(a) == 0])
    rows["cash_unbalanced_vouchers"] = moved.sum() if len(moved) else nothing
    # not the sum of the lines: what the cash accounts changed by
    rows["cash_flow_total"] = of([a for a in moved.index if bas_number(a) in range(1900, 2000)])
    return rows


Cells = dict[tuple[int, int, str], tuple[Decimal | None, ...]]
"""(financial year id, period number, line) -> amounts."""


def _flow_statement(years: Sequence[Year], lines_of: Any) -> Cells:
    """amount, year to date, rolling 12, last year, last year to date."""
    by_year = {year.financial_year_id: lines_of(_moved(year), year) for year in years}
    shown = {line for lines in by_year.values() for line in lines}
    monthly: dict[tuple[str, pd.Period], Decimal] = {}
    placed: dict[tuple[str, pd.Period, pd.Timestamp], tuple[Decimal, Decimal]] = {}
    for year in years:
        lines = by_year[year.financial_year_id]
        for line in shown:
            to_date = ZERO
            for month, start in _starts(year):
                amount = lines[line][month] if line in lines else ZERO
                to_date += amount
                monthly[line, month] = monthly.get((line, month), ZERO) + amount
                placed[line, month, start] = (amount, to_date)
    months = {month for _, month in monthly}
    cells: Cells = {}
    for year in years:
        for line in shown:
            for number, (month, start) in enumerate(_starts(year), 1):
                twelve = [month - back for back in range(12)]
                rolling = (
                    sum((monthly[line, each] for each in twelve), ZERO)
                    if all(each in months for each in twelve)
                    else None
                )
                cells[year.financial_year_id, number, line] = (
                    *placed[line, month, start], rolling,
                    *_last_year(placed, line, month, start, (None, None)),
                )  # fmt: skip
    return cells


def _starts(year: Year) -> list[tuple[pd.Period, pd.Timestamp]]:
    """The year's months, each with the day on which it begins within the year."""
    return [
        (month, max(month.start_time, pd.Timestamp(year.start)))
        for month in pd.period_range(year.start, year.end, freq="M")
    ]


def _last_year(placed: dict[Any, Any], line: str, month: pd.Period, start: pd.Timestamp, unknown: Any) -> Any:
    """What is placed in the same month a year before; of two parts of it, in the one that began nearest."""
    before = [key for key in placed if key[0] == line and key[1] == month - 12]
    if not before:
        return unknown
    return placed[min(before, key=lambda key: abs(key[2] - (start - pd.DateOffset(years=1))))]


def income_statement(years: Sequence[Year]) -> Cells:
    """amount, to date, rolling 12, last year, last year to date, budget, budget to date."""
    cells = _flow_statement(years, _income_lines)
    budgets = {year.financial_year_id: _income_lines(_budgeted(year), year) for year in years if year.budget}
    for (year_id, number, line), amounts in cells.items():
        if year_id not in budgets:
            cells[year_id, number, line] = (*amounts, None, None)
            continue
        planned = budgets[year_id].get(line)
        so_far = [ZERO] * number if planned is None else list(planned)[:number]
        cells[year_id, number, line] = (*amounts, so_far[-1], sum(so_far, ZERO))
    return cells


def cash_flow(years: Sequence[Year]) -> Cells:
    """amount, to date, rolling 12, last year, last year to date."""
    return _flow_statement(years, _cash_flow_lines)


def balance_sheet(years: Sequence[Year]) -> Cells:
    """opening of the year, opening, change, closing, last year's closing."""
    by_year = {year.financial_year_id: _balance_sheet_of(year) for year in years}
    shown = {line for cells in by_year.values() for _, line in cells}
    placed: dict[Any, tuple[Decimal, ...]] = {}
    for year in years:
        for line in shown:
            for number, (month, start) in enumerate(_starts(year), 1):
                placed[line, month, start] = by_year[year.financial_year_id].get((number, line), (ZERO,) * 4)
    return {
        (year.financial_year_id, number, line): (
            *placed[line, month, start],
            _last_year(placed, line, month, start, (None,))[-1],
        )
        for year in years
        for line in shown
        for number, (month, start) in enumerate(_starts(year), 1)
    }


def _balance_sheet_of(year: Year) -> dict[tuple[int, str], tuple[Decimal, Decimal, Decimal, Decimal]]:
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
