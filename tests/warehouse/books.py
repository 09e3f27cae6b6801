"""Made-up ledgers for tests, written straight into landing as the loader would."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from saldo import organizations
from saldo.database import Connection, Role, connect
from saldo.warehouse.landing import advance_landed, set_as_of

LANDED_AT = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
DIMENSIONS = {"cost_center": "1", "project": "6"}


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@dataclass(frozen=True)
class Row:
    """A row of a voucher; amount in SEK, debit positive."""

    account: str
    amount: Decimal
    cost_center: str = ""
    project: str = ""
    is_struck: bool = False
    is_added: bool = False
    text: str = ""


@dataclass(frozen=True)
class Voucher:
    date: datetime.date
    rows: tuple[Row, ...]
    series: str = "A"
    number: str = ""
    text: str = "made up"
    ordinal: int = 1
    registered: datetime.date | None = None


def voucher(date: str, *rows: tuple[str, str] | Row, **fields: Any) -> Voucher:
    """`voucher("2025-01-15", ("1930", "125"), ("3001", "-100"), ("2610", "-25"))`"""
    made = [row if isinstance(row, Row) else Row(row[0], Decimal(row[1])) for row in rows]
    return Voucher(day(date), tuple(made), **fields)


@dataclass(frozen=True)
class Year:
    """A year's file. It states the balances that its rows come to, unless `stated` says otherwise."""

    financial_year_id: int
    start: str
    end: str
    vouchers: tuple[Voucher, ...] = ()
    opening: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    """#KTYP by account."""
    objects: Mapping[tuple[str, str], str] = field(default_factory=dict)
    stated: Mapping[tuple[str, str], str] = field(default_factory=dict)
    budget: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Planned change by account and month (YYYYMM)."""
    states_balances: bool = True
    faults: tuple[dict[str, Any], ...] = ()
    contradictions: tuple[dict[str, Any], ...] = ()

    def numbered(self) -> list[Voucher]:
        """The vouchers, those without a number numbered within their series."""
        last: dict[str, int] = {}
        numbered = []
        for each in self.vouchers:
            number = each.number or str(last.get(each.series, 0) + 1)
            if number.isdigit():
                last[each.series] = int(number)
            numbered.append(replace(each, number=number))
        return numbered

    def rows(self) -> Iterable[Row]:
        """The rows that count."""
        return (row for each in self.vouchers for row in each.rows if not row.is_struck)

    def balances(self) -> dict[tuple[str, str], Decimal]:
        """#IB, #UB and #RES by (kind, account)."""
        opening = {account: Decimal(amount) for account, amount in self.opening.items()}
        found = {("IB", account): amount for account, amount in opening.items()}
        if self.states_balances:
            net: dict[str, Decimal] = {}
            for row in self.rows():
                net[row.account] = net.get(row.account, Decimal()) + row.amount
            for account in {*net, *opening}:
                if account[:1] in ("1", "2") or account in opening:
                    found["UB", account] = opening.get(account, Decimal()) + net.get(account, Decimal())
                else:
                    found["RES", account] = net[account]
        return found | {key: Decimal(amount) for key, amount in self.stated.items()}


def company(tenant: int = 1, name: str = "Påhittade Bolaget AB") -> int:
    """Registers a made-up organization; returns its organization_id."""
    return organizations.register(
        tenant_id=str(tenant), name=name, organization_number=f"556{tenant:03}-0000"
    ).organization_id


def land(
    organization_id: int,
    *years: Year,
    documents: Mapping[str, Iterable[Mapping[str, Any]]] | None = None,
    as_of: str = "2025-06-15",
) -> None:
    """Makes landing hold these years and documents and nothing else of the organization."""
    with connect(Role.LOADER, organization_id) as connection:
        for table in (
            "document", "ledger_year", "ledger_account", "ledger_object", "ledger_balance",
            "voucher", "voucher_row",
        ):  # fmt: skip
            connection.execute(f"delete from landing.{table}")
        for year in years:
            _land_year(connection, organization_id, year)
        for resource, records in (documents or {}).items():
            for record in records:
                _land_document(connection, organization_id, resource, record)
        if as_of:
            set_as_of(connection, day(as_of))
        advance_landed(connection)


def _land_year(connection: Connection, organization_id: int, year: Year) -> None:
    key = (organization_id, year.financial_year_id)
    connection.execute(
        "insert into landing.ledger_year values (%s, %s, '', %s, %s, %s, 'made up', %s, %s)",
        [*key, LANDED_AT, year.start, year.end, Jsonb(year.faults), Jsonb(year.contradictions)],
    )
    accounts = year.accounts
    if accounts is None:
        used = {row.account for each in year.vouchers for row in each.rows} | set(year.opening)
        accounts = {account: f"Konto {account}" for account in sorted(used)}
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into landing.ledger_account values (%s, %s, %s, %s, %s, null)",
            [(*key, number, name, year.kinds.get(number)) for number, name in accounts.items()],
        )
        cursor.executemany(
            "insert into landing.ledger_object values (%s, %s, %s, %s, %s)",
            [(*key, DIMENSIONS[kind], number, name) for (kind, number), name in year.objects.items()],
        )
        cursor.executemany(
            "insert into landing.ledger_balance values (%s, %s, %s, 0, '', %s, '', %s, null)",
            [(*key, kind, account, amount) for (kind, account), amount in year.balances().items()],
        )
        cursor.executemany(
            "insert into landing.ledger_balance values (%s, %s, 'PBUDGET', 0, %s, %s, '', %s, null)",
            [(*key, month, account, amount) for (account, month), amount in year.budget.items()],
        )
        vouchers = year.numbered()
        cursor.executemany(
            "insert into landing.voucher values (%s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s)",
            [
                (
                    *key, each.series, each.number, each.ordinal, each.date, each.text,
                    each.registered or each.date, hashlib.md5(repr(each).encode()).digest(), LANDED_AT,
                )
                for each in vouchers
            ],
        )  # fmt: skip
        cursor.executemany(
            "insert into landing.voucher_row values "
            "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', null, %s, null, '', %s, %s, %s)",
            [
                (
                    *key, each.series, each.number, each.ordinal, position, row.account, row.amount,
                    row.cost_center, row.project, row.text, row.is_struck, row.is_added, LANDED_AT,
                )
                for each in vouchers
                for position, row in enumerate(each.rows, 1)
            ],
        )  # fmt: skip


DETAIL = "its single record"
KEYS = {
    "companyinformation": ("DatabaseNumber",),
    "financialyears": ("Id",),
    "accounts": ("Year", "Number"),
    "customers": ("CustomerNumber",),
    "suppliers": ("SupplierNumber",),
    "projects": ("ProjectNumber",),
    "costcenters": ("Code",),
    "invoices": ("DocumentNumber",),
    "invoicepayments": ("Number",),
    "supplierinvoices": ("GivenNumber",),
    "supplierinvoicepayments": ("Number",),
    "vouchers": ("Year", "VoucherSeries", "VoucherNumber"),
    "contracts": ("DocumentNumber",),
    "articles": ("ArticleNumber",),
    "currencies": ("Code",),
    "voucherseries": ("Code", "Year"),
    "predefinedvoucherseries": ("Name",),
    "lockedperiod": (),
}


def _land_document(
    connection: Connection, organization_id: int, resource: str, record: Mapping[str, Any]
) -> None:
    listed = dict(record)
    detail = listed.pop(DETAIL, None)
    connection.execute(
        "insert into landing.document "
        "(organization_id, resource, document_key, scope, list_record, detail_record, changed_at) "
        "values (%s, %s, %s, %s, %s, %s, %s)",
        [
            organization_id,
            resource,
            "/".join(str(record[field]) for field in KEYS[resource]),
            str(record["Year"]) if resource in ("accounts", "vouchers") else "",
            Jsonb(listed),
            None if detail is None else Jsonb(detail),
            LANDED_AT,
        ],
    )
