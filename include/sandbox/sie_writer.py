"""A made-up financial year as a SIE file, in the layout that Fortnox 3.57 writes.

CP437 with CRLF; series, number and dates unquoted; a registration date on every voucher; an empty
transaction date, a text and quantity 0 on every row; amounts without padding ("180", "-3.7"). Which
records a type holds: SIE 4B, section 4. Struck and added rows: SIE 4B, sections 11.8 and 11.9.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sandbox.books import FIRST_RESULT_ACCOUNT, Row, Voucher
from sandbox.resource import digits

if TYPE_CHECKING:
    from sandbox.books import LedgerYear

PROGRAM = '"Fortnox" 3.57.11'


def write_sie(year: LedgerYear, kind: int, generated: date) -> bytes:
    """The file of type ``kind``: 1 year balances, 2 months too, 3 objects too, 4 months and vouchers."""
    lines = [*_head(year, kind, generated), "", *_chart(year), "", *_objects(year), "", *_balances(year), ""]
    if kind >= 2:
        lines += [*_months(year, with_objects=kind == 3), "", *_budget(year), ""]
    if kind == 3:
        lines += [*_object_balances(year), ""]
    if kind == 4:
        for voucher in _in_order(year):
            lines += _voucher(voucher)
        lines.append("")
    return "\r\n".join([*lines, ""]).encode("cp437", errors="replace")


def quoted(text: str) -> str:
    """A field in quotes, the quotes inside it escaped."""
    return '"' + text.replace('"', '\\"') + '"'


def _day(day: date) -> str:
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _head(year: LedgerYear, kind: int, generated: date) -> list[str]:
    company = year.company
    former = year.previous
    return [
        "#FLAGGA 0",
        "#FORMAT PC8",
        f"#SIETYP {kind}",
        f"#PROGRAM {PROGRAM}",
        f"#GEN {_day(generated)}",
        f"#FNR {company.tenant_id}",
        f"#FNAMN {quoted(company.name)}",
        f'#ADRESS "" {quoted(company.address)} {quoted(f"{company.zip_code} {company.city}")} "" ',
        f"#RAR 0 {_day(year.start)} {_day(year.end)}",
        *([f"#RAR -1 {_day(former.start)} {_day(former.end)}"] if former else []),
        f"#ORGNR {company.organization_number}",
        f"#OMFATTN {_day(year.end)}",
        "#KPTYP EUBAS97",
    ]


def _used_accounts(year: LedgerYear) -> list[int]:
    return sorted(year.opening().keys() | year.movements().by_account.keys())


def _chart(year: LedgerYear) -> list[str]:
    used = set(_used_accounts(year))
    lines = []
    for account in year.accounts:
        if account.number in used:
            lines.append(f"#KONTO {account.number} {quoted(account.name)}")
            if account.sru is not None:
                lines.append(f"#SRU {account.number} {account.sru}")
    return lines


def _objects(year: LedgerYear) -> list[str]:
    company = year.company
    lines = ['#DIM 1 "Kostnadsställe"', '#DIM 6 "Projekt"']
    for dimension, register in (("1", company.cost_centers), ("6", company.projects)):
        lines += [f"#OBJEKT {dimension} {quoted(one.number)} {quoted(one.name)}" for one in register.values()]
    return lines


def _balances(year: LedgerYear) -> list[str]:
    opening, closing = year.opening(), year.closing()
    lines = []
    for account in _used_accounts(year):
        if account < FIRST_RESULT_ACCOUNT:
            lines.append(f"#IB 0 {account} {digits(opening.get(account, 0))} 0")
            lines.append(f"#UB 0 {account} {digits(closing[account])} 0")
        else:
            lines.append(f"#RES 0 {account} {digits(closing[account])} 0")
    return lines


def _months(year: LedgerYear, *, with_objects: bool) -> list[str]:
    sums = year.movements()
    lines = [
        f"#PSALDO 0 {month} {account} {{}} {digits(total)} 0"
        for (account, month), total in sorted(sums.by_month.items())
    ]
    if with_objects:
        lines += [
            f"#PSALDO 0 {month} {account} {{{quoted(dimension)} {quoted(code)}}} {digits(total)} 0"
            for (account, month, dimension, code), total in sorted(sums.by_month_and_object.items())
        ]
    return lines


def _budget(year: LedgerYear) -> list[str]:
    """A budget of months, laid out like the balances of months: no file of Fortnox's with one is known."""
    return [
        f"#PBUDGET 0 {month} {account} {{}} {digits(planned)} 0"
        for (account, month), planned in sorted(year.budget.items())
    ]


def _object_balances(year: LedgerYear) -> list[str]:
    return [
        f"#OUB 0 {account} {{{quoted(dimension)} {quoted(code)}}} {digits(total)} 0"
        for (account, dimension, code), total in sorted(year.movements().by_object.items())
        if account < FIRST_RESULT_ACCOUNT
    ]


def _in_order(year: LedgerYear) -> list[Voucher]:
    return year.vouchers.in_order()


def _voucher(voucher: Voucher) -> list[str]:
    return [
        f"#VER {voucher.series} {voucher.number} {_day(voucher.day)} {quoted(voucher.text)} "
        f"{_day(voucher.registered)}",
        "{",
        *(line for row in voucher.rows for line in _row(row)),
        "}",
    ]


def _row(row: Row) -> list[str]:
    objects = " ".join(
        f'"{dimension}" {quoted(code)}'
        for dimension, code in (("1", row.cost_center), ("6", row.project))
        if code
    )
    fields = f'{row.account} {{{objects}}} {digits(row.amount)} "" {quoted(row.text)} 0'
    if row.mark == "struck":
        return [f"#BTRANS {fields} {quoted(row.sign)}"]
    if row.mark == "added":  # the twin for readers that know no #RTRANS; Fortnox leaves its sign out
        return [f"#RTRANS {fields} {quoted(row.sign)}", f"#TRANS {fields}"]
    return [f"#TRANS {fields}"]
