"""What each page found, in a sentence with its number."""

from __future__ import annotations

from decimal import Decimal

from saldo.report.figures import Amount, Figures, Report, SubLedger
from saldo.report.formats import Formats

LARGEST = 10


class Headlines:
    """Writes the headline of each page; an empty text where there is nothing to say."""

    def __init__(self, t: dict[str, str], formats: Formats, figures: Figures) -> None:
        self._t, self._formats, self._figures = t, formats, figures

    def overview(self) -> str:
        """Sales and operating result of the month."""
        income = self._figures.income
        return self._t["overview_headline"].format(
            period=self._figures.period.label,
            sales=self._number(income.amount("net_sales", "month") or Decimal()),
            sales_change=self._change(income.amount("net_sales", "difference")),
            result=self._number(income.amount("operating_result", "month")),
            result_change=self._change(income.amount("operating_result", "difference")),
        )

    def income(self) -> str:
        """The operating result of the year to date."""
        income = self._figures.income
        return self._t["income_headline"].format(
            year=self._figures.period.year_label,
            amount=self._number(income.amount("operating_result", "to_date")),
            change=self._change(income.amount("operating_result", "difference_to_date")),
        )

    def months(self) -> str:
        """The best and the worst month."""
        statement = self._figures.by_month.statement
        line = next(line for line in statement.lines if line.code == "operating_result")
        found = [
            (amount, label)
            for amount, label in zip(line.amounts, statement.columns, strict=True)
            if amount is not None
        ]
        best, worst = max(found, key=lambda each: each[0]), min(found, key=lambda each: each[0])
        return self._t["months_headline" if len(found) > 1 else "months_headline_one"].format(
            best=best[1],
            best_amount=self._number(best[0]),
            worst=worst[1],
            worst_amount=self._number(worst[0]),
        )

    def balance(self) -> str:
        """Total assets and the equity ratio."""
        return self._t["balance_headline"].format(
            assets=self._number(self._figures.balance.amount("total_assets", "closing")),
            ratio=self._key_figure("equity_ratio", 0),
        )

    def cash(self) -> str:
        """What cash changed by."""
        change = self._figures.cash_flow.amount("cash_flow_total", "month") or Decimal()
        key = (
            "cash_headline_same" if not change else "cash_headline_up" if change > 0 else "cash_headline_down"
        )
        closing = sum((account.amounts[2] for account in self._figures.cash), Decimal())
        return self._t[key].format(amount=self._number(abs(change)), closing=self._number(closing))

    def liquidity(self) -> str:
        """The week in which cash is lowest."""
        if not self._figures.weeks:
            return self._t["liquidity_none"]
        lowest = min(self._figures.weeks, key=lambda week: week.amounts[-1])
        return self._t["liquidity_headline" if lowest.amounts[-1] >= 0 else "liquidity_negative"].format(
            amount=self._number(lowest.amounts[-1]),
            week=lowest.week_start_date.isocalendar().week,
            day=lowest.week_end_date,
        )

    def sub_ledger(self, ledger: SubLedger) -> str:
        """How much of it is overdue."""
        name = "receivables" if ledger.side == "receivable" else "payables"
        if not ledger.has_any:
            return self._t[f"no_{name}"]
        share = 100 * ledger.overdue / ledger.total if ledger.total > 0 else None
        return self._t[f"{name}_headline"].format(
            overdue=self._number(ledger.overdue),
            total=self._number(ledger.total),
            share=self._formats.percent(share),
        )

    def sales(self) -> str:
        """How much of what was sold went to the largest customers."""
        sold = [party.amounts[0] for party in self._figures.customers]
        whole = sum(sold, Decimal())
        if whole <= 0:
            return self._t["no_sales"]
        return self._t["sales_headline"].format(
            first=self._formats.percent(100 * sold[0] / whole),
            ten=self._formats.percent(100 * sum(sold[:LARGEST], Decimal()) / whole),
        )

    def costs(self) -> str:
        """Operating costs of the year to date; a cost is told as +."""
        income = self._figures.income
        amount = income.amount("total_operating_costs", "to_date")
        if not amount:
            return self._t["no_costs"]
        difference = income.amount("total_operating_costs", "difference_to_date")
        return self._t["costs_headline"].format(
            year=self._figures.period.year_label,
            amount=self._number(-amount),
            change=self._change(None if difference is None else -difference),
        )

    def vat(self) -> str:
        """What box 49 says."""
        if not any(any(box.amounts) for box in self._figures.vat):
            return self._t["no_vat"]
        amount = next(box.amounts[0] for box in self._figures.vat if box.code == "49") or Decimal()
        return self._t["vat_headline_pay" if amount >= 0 else "vat_headline_receive"].format(
            period=self._figures.period.label, amount=self._number(abs(amount))
        )

    def key_figures(self) -> str:
        """Whether the company is solid, liquid and profitable."""
        if not self._figures.key_figures:
            return self._t["no_key_figures"]
        return self._t["key_figures_headline"].format(
            equity=self._key_figure("equity_ratio", 0),
            quick=self._key_figure("quick_ratio", 0),
            margin=self._key_figure("operating_margin", 2),
        )

    def vouchers(self) -> str:
        """How many there are."""
        count, shown = self._figures.voucher_count, len(self._figures.vouchers)
        if not count:
            return self._t["no_vouchers"]
        return self._t["vouchers_headline_some" if shown < count else "vouchers_headline_all"].format(
            count=self._number(Decimal(count)), shown=shown, period=self._figures.period.label
        )

    def _number(self, amount: Amount) -> str:
        return self._formats.number(amount)

    def _change(self, amount: Amount) -> str:
        if amount is None:
            return ""
        return self._t["change_to_last_year"].format(change=self._formats.signed(amount))

    def _key_figure(self, code: str, span: int) -> str:
        found = self._figures.key_figure(code)
        return (
            self._formats.figure(found.figures[span], found.unit) if found else self._formats.figure(None, "")
        )


def quality(t: dict[str, str], report: Report) -> str:
    """What the checks say."""
    if not report.checks:
        return t["checks_none"]
    found = sum(check.status != "passed" for check in report.checks)
    return t["checks_found" if found else "checks_good"].format(found=found, count=len(report.checks))
