"""Lays the report out as one HTML file that needs nothing else: no script, no font, no picture."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from saldo.report import figures as marts
from saldo.report import headlines
from saldo.report.drawings import Drawings
from saldo.report.figures import Account, Amount, Figures, KeyFigure, Report
from saldo.report.formats import MINUS, Formats
from saldo.report.headlines import LARGEST, Headlines
from saldo.report.tables import Tables, total
from saldo.report.texts import folder, texts

_MONTH, _TO_DATE, _ROLLING = 0, 1, 2
_NOW, _BEFORE, _CHANGE = (
    marts.INCOME_COLUMNS.index(column) for column in ("to_date", "last_year_to_date", "difference_to_date")
)
_HYPHEN_BEFORE_DIGIT = re.compile(r"(?<=[\s(])-(?=\d)")


@dataclass(frozen=True, slots=True)
class Section:
    """A page: its name in the address, its topic, what it found, and the values of its template."""

    code: str
    topic: str
    headline: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """A figure of the overview; `anchor` leads to what it is made of."""

    label: str
    value: str
    title: str
    last_year: str
    change: str
    tone: str
    to_date: str
    anchor: str


def write(organization_id: int, language: str, month: datetime.date | None = None) -> str:
    """The report of a company's month as an HTML document.

    Raises:
        LookupError: there are no marts of the company, or no ledger of the month asked for.
    """
    return render(marts.read(organization_id, language, month), language)


def render(report: Report, language: str) -> str:
    """The document of what was read, in the language that it was read in."""
    t, formats = texts(language), Formats.of(language)
    sections = _Sections(t, formats, report, report.figures).all() if report.figures else []
    sections.append(Section("quality", t["quality"], headlines.quality(t, report), {"checks": report.checks}))
    return (
        _environment()
        .get_template("document.html")
        .render(
            t=t,
            lang=language,
            report=report,
            figures=report.figures,
            sections=sections,
            formats=formats,
            number=formats.number,
            style=Markup((folder() / "style.css").read_text(encoding="utf-8")),  # noqa: S704 (our own file)
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(folder()),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class _Sections:
    """The pages of a company that has figures."""

    def __init__(self, t: dict[str, str], formats: Formats, report: Report, figures: Figures) -> None:
        self._t, self._formats, self._report, self._figures = t, formats, report, figures
        self._tables = Tables(t, formats, figures.period, report.organization.dag_id)
        self._drawings = Drawings(t, formats, figures)
        self._headlines = Headlines(t, formats, figures)

    def all(self) -> list[Section]:
        """In the order of the report."""
        pages: list[tuple[str, Callable[[], str], Callable[[], dict[str, Any]]]] = [
            ("overview", self._headlines.overview, self._overview),
            ("income", self._headlines.income, self._income),
            ("months", self._headlines.months, self._months),
            ("balance", self._headlines.balance, self._balance),
            ("cash", self._headlines.cash, self._cash),
            ("liquidity", self._headlines.liquidity, self._liquidity),
            ("receivables", self._headline_of(self._figures.receivables), self._receivables),
            ("payables", self._headline_of(self._figures.payables), self._payables),
            ("sales", self._headlines.sales, self._sales),
            ("costs", self._headlines.costs, self._costs),
            ("vat", self._headlines.vat, self._vat),
            ("key_figures", self._headlines.key_figures, self._key_figures),
            ("vouchers", self._headlines.vouchers, self._vouchers),
        ]
        return [Section(code, self._t[code], headline(), values()) for code, headline, values in pages]

    def _headline_of(self, ledger: marts.SubLedger) -> Callable[[], str]:
        return lambda: self._headlines.sub_ledger(ledger)

    def _overview(self) -> dict[str, Any]:
        return {
            "sentences": [_HYPHEN_BEFORE_DIGIT.sub(MINUS, each) for each in self._figures.sentences],
            "cards": self._cards(),
            "chart": self._drawings.rolling(),
            "checks": headlines.quality(self._t, self._report),
        }

    def _cards(self) -> list[Card]:
        receivables = self._figures.receivables
        return [
            self._line_card("net_sales"),
            self._key_card("gross_margin", has_span=True),
            self._key_card("ebitda", has_span=True),
            self._line_card("operating_result"),
            self._line_card("result_after_financial"),
            self._key_card("cash_position"),
            self._key_card("equity_ratio"),
            self._card(
                self._t["overdue_receivables"],
                receivables.overdue,
                receivables.last_year_overdue,
                "receivables",
                is_good=False,
            ),
        ]

    def _line_card(self, code: str) -> Card:
        income = self._figures.income
        return self._card(
            self._t[code],
            income.amount(code, "month") or Decimal(),
            income.amount(code, "last_year"),
            f"income_statement-{code}",
            to_date=income.amount(code, "to_date"),
        )

    def _key_card(self, code: str, *, has_span: bool = False) -> Card:
        found = self._figures.key_figure(code)
        if found is None:
            return self._card(self._t[code], None, None, "key_figures")
        return self._card(
            found.label,
            found.figures[_MONTH],
            found.last_year_figures[_MONTH],
            f"key_figure-{code}",
            unit=found.unit,
            to_date=found.figures[_TO_DATE] if has_span else None,
        )

    def _card(
        self, label: str, value: Amount, last_year: Amount, anchor: str, *, unit: str = "sek",
        to_date: Amount = None, is_good: bool = True,
    ) -> Card:  # fmt: skip
        def shown(figure: Amount) -> str:
            return self._formats.figure(figure, unit)

        change = None if value is None or last_year is None else value - last_year
        tone = "" if not change else "better" if (change > 0) == is_good else "worse"
        written = self._formats.signed(change)
        if unit == "percent":
            written = f"{self._formats.number(change, 1, signed=True)} {self._t['percentage_points']}"
        return Card(
            label,
            shown(value),
            self._formats.ore(value),
            self._t["no_last_year"]
            if last_year is None
            else self._t["against_last_year"].format(amount=shown(last_year)),
            "" if change is None else written,
            tone,
            "" if to_date is None else self._t["card_to_date"].format(amount=shown(to_date)),
            anchor,
        )

    def _income(self) -> dict[str, Any]:
        return {
            "table": self._tables.income_statement(self._figures.income),
            "chart": self._drawings.bridge(),
        }

    def _months(self) -> dict[str, Any]:
        return {
            "table": self._tables.months(self._figures.by_month.statement),
            "sales": self._drawings.months("net_sales"),
            "result": self._drawings.months("operating_result"),
        }

    def _balance(self) -> dict[str, Any]:
        sheet = self._figures.balance
        assets, rest = (
            _known(line.amounts)
            for code in ("total_assets", "total_equity_liabilities")
            for line in sheet.lines
            if line.code == code
        )
        differences = [own - other for own, other in zip(assets, rest, strict=True)]
        table = self._tables.balance_sheet(sheet)
        shown = [sheet.columns.index(column.key) for column in table.columns]
        return {
            "table": table,
            "differences": [self._tables.money(differences[at]) for at in shown],
            "is_balanced": not any(differences),
            "chart": self._drawings.balance(),
        }

    def _cash(self) -> dict[str, Any]:
        sums = total([account.amounts for account in self._figures.cash]) if self._figures.cash else None
        change = sums[1] if sums else Decimal()
        flow = self._figures.cash_flow.amount("cash_flow_total", "month") or Decimal()
        return {
            "table": self._tables.cash_flow(self._figures.cash_flow),
            "chart": self._drawings.cash(),
            "accounts": [
                (f"{each.account} {each.label}", [self._tables.money(amount) for amount in each.amounts])
                for each in self._figures.cash
            ],
            "sums": [self._tables.money(amount) for amount in sums or [Decimal()] * 3],
            "difference": self._tables.money(flow - change),
            "agrees": flow == change,
        }

    def _liquidity(self) -> dict[str, Any]:
        return {
            "chart": self._drawings.liquidity(),
            "weeks": [
                (week, [self._tables.money(amount) for amount in week.amounts])
                for week in self._figures.weeks
            ],
            "events": [(event, self._tables.money(event.amount)) for event in self._figures.events],
        }

    def _receivables(self) -> dict[str, Any]:
        return self._sub_ledger(self._figures.receivables, "dso")

    def _payables(self) -> dict[str, Any]:
        return self._sub_ledger(self._figures.payables, "dpo")

    def _sub_ledger(self, ledger: marts.SubLedger, key_figure: str) -> dict[str, Any]:
        found = self._figures.key_figure(key_figure)
        days = None if found is None else found.figures[_ROLLING]
        sums = [*(bucket.amount for bucket in ledger.buckets), ledger.total]
        parties = [party.amounts for party in ledger.parties]
        listed = total(parties) if parties else [Decimal()] * len(sums)
        others = [whole - part for whole, part in zip(sums, listed, strict=True)]
        money = self._tables.money
        return {
            "ledger": ledger,
            "chart": self._drawings.ageing(ledger),
            "key_figure": key_figure,
            "days": None if days is None else self._formats.number(days),
            "buckets": [
                (
                    bucket,
                    money(bucket.amount),
                    money(None if ledger.last_year_total is None else bucket.last_year_amount or Decimal()),
                )
                for bucket in ledger.buckets
            ],
            "total": money(ledger.total),
            "last_year_total": money(ledger.last_year_total),
            "parties": [(party.label, [money(each) for each in party.amounts]) for party in ledger.parties],
            "others": [money(each) for each in others] if any(others) else [],
            "sums": [money(each) for each in sums],
            "tie": None
            if ledger.reconciliation is None
            else [
                money(ledger.reconciliation.subledger_amount),
                money(ledger.reconciliation.ledger_amount),
                money(ledger.reconciliation.difference_amount),
            ],
        }

    def _sales(self) -> dict[str, Any]:
        return {
            "lists": [
                ("customer", self._t["customers_title"], self._parties(self._figures.customers)),
                ("article", self._t["articles_title"], self._parties(self._figures.articles)),
            ]
            if self._figures.customers
            else []
        }

    def _parties(self, parties: tuple[marts.Party, ...], *, is_good: bool | None = True) -> dict[str, Any]:
        """The largest, the others together, and their sum; with the share of the whole."""
        sums = total([party.amounts for party in parties]) if parties else [Decimal()] * 3
        others = total([party.amounts for party in parties[LARGEST:]]) if parties[LARGEST:] else None

        def cells(amounts: list[Decimal]) -> list[Any]:
            share = 100 * amounts[0] / sums[0] if sums[0] > 0 else None
            return [
                self._tables.money(amounts[2]),
                self._tables.money(amounts[0]),
                self._tables.money(amounts[1]),
                self._tables.change(amounts[0] - amounts[1], is_good=is_good),
                self._formats.percent(share),
            ]

        return {
            "chart": self._drawings.parties(parties, is_more_better=is_good),
            "rows": [(party.label, cells(list(party.amounts))) for party in parties[:LARGEST]],
            "others": cells(others) if others else None,
            "sums": cells(sums),
        }

    def _costs(self) -> dict[str, Any]:
        money, suppliers = self._tables.money, self._figures.suppliers
        has_last_year = self._has_last_year()
        return {
            "chart": self._drawings.costs(),
            "accounts": [
                (
                    each,
                    money(_turned(each.amounts[_NOW])),
                    money(_turned(each.amounts[_BEFORE]) if has_last_year else None),
                    self._tables.change(
                        _turned(each.amounts[_CHANGE]) if has_last_year else None, is_good=False
                    ),
                )
                for each in self._changed_costs(by=_CHANGE if has_last_year else _NOW)
            ],
            "suppliers": self._parties(suppliers, is_good=None) if suppliers else None,
        }

    def _has_last_year(self) -> bool:
        income = self._figures.income
        return income.amount("total_operating_costs", "last_year_to_date") is not None

    def _changed_costs(self, by: int) -> list[Account]:
        """The largest cost accounts in the column `by`.

        An account that the chart moved to another line is one account here, on the line that it has now.
        """
        income = self._figures.income
        section = next((line.section for line in income.lines if line.code == "total_operating_costs"), "")
        by_account: dict[str, Account] = {}
        for line in income.shown:
            for each in income.accounts.get(line.code, ()) if line.section == section else ():
                other = by_account.get(each.account)
                if other is None:
                    by_account[each.account] = each
                    continue
                now = each if each.amounts[_NOW] else other
                sums = total([_known(each.amounts), _known(other.amounts)])
                by_account[each.account] = Account(now.line_code, each.account, each.label, sums)
        found = [each for each in by_account.values() if each.amounts[by]]
        return sorted(found, key=lambda each: -abs(each.amounts[by] or Decimal()))[:LARGEST]

    def _vat(self) -> dict[str, Any]:
        boxes = []
        for box in self._figures.vat:
            if any(box.amounts) or box.code == "49":
                accounts = [
                    (f"{each.account} {each.label}", [self._tables.money(amount) for amount in each.amounts])
                    for each in self._figures.vat_accounts.get(box.code, ())
                ]
                cells = [self._tables.money(amount) for amount in box.amounts]
                boxes.append((box, cells, accounts))
        return {"boxes": boxes if any(any(box.amounts) for box in self._figures.vat) else []}

    def _key_figures(self) -> dict[str, Any]:
        return {"rows": [self._key_figure(each) for each in self._figures.key_figures]}

    def _key_figure(self, each: KeyFigure) -> dict[str, Any]:
        return {
            "of": each,
            "figures": [self._formats.figure(value, each.unit) for value in each.figures],
            "last_year": [self._formats.figure(value, each.unit) for value in each.last_year_figures],
            "tones": [
                _tone(each.good, now, before)
                for now, before in zip(each.figures, each.last_year_figures, strict=True)
            ],
            "numerators": [self._formats.ore(value) for value in each.numerators],
            "denominators": [self._formats.ore(value) for value in each.denominators],
        }

    def _vouchers(self) -> dict[str, Any]:
        return {
            "vouchers": [
                (
                    voucher,
                    self._tables.money(voucher.amount),
                    [(account, self._tables.money(amount)) for account, amount in voucher.rows],
                )
                for voucher in self._figures.vouchers
            ]
        }


def _tone(good: str, now: Amount, before: Amount) -> str:
    """How a key figure's change is coloured: more of it is better (high), worse (low) or neither."""
    if now is None or before is None or now == before or good == "neutral":
        return ""
    return "better" if (now > before) == (good == "high") else "worse"


def _known(amounts: Sequence[Amount]) -> list[Decimal]:
    """The amounts with zero for what cannot be known."""
    return [amount or Decimal() for amount in amounts]


def _turned(amount: Amount) -> Amount:
    """A cost as + instead of as -."""
    return None if amount is None else -amount
