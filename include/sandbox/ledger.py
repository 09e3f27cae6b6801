"""Vouchers as Fortnox lists and shows them: the list has no amounts, the single record has the rows.

Fields: public API description, "Vouchers"; ``Removed`` marks struck rows, which client libraries leave out of
sums. The year of a voucher is the id of its financial year, not a calendar year.
"""

from __future__ import annotations

from typing import Any

from sandbox.answers import kronor
from sandbox.books import Row, Voucher
from sandbox.resource import API, Json, Resource, View, modified_of


def _of_series(view: View, series: str) -> list[Voucher]:
    return [voucher for voucher in view.year.vouchers.in_order() if series in {"", voucher.series}]


def _key(voucher: Voucher) -> str:
    return f"{voucher.series}/{voucher.number}"


def _shelf_key(key: str) -> tuple[str, int]:
    series, _, number = key.partition("/")
    return series, int(number) if number.isdigit() else 0


def _listed(view: View, voucher: Voucher) -> Json:
    return {
        "@url": f"{API}/vouchers/{_key(voucher)}?financialyear={view.year.id}",
        "Comments": None,
        "Description": voucher.text,
        "ReferenceNumber": voucher.reference,
        "ReferenceType": voucher.reference_type,
        "TransactionDate": voucher.day.isoformat(),
        "VoucherNumber": voucher.number,
        "VoucherSeries": voucher.series,
        "Year": view.year.id,
        "ApprovalState": 3 if voucher.series == "K" else 0,  # accruals are approved, the rest needs none
    }


def _single(view: View, voucher: Voucher) -> Json:
    listed = _listed(view, voucher)
    names = {account.number: account.name for account in view.year.accounts}
    return {
        **listed,
        "CostCenter": None,
        "Project": None,
        "VoucherRows": [_row(row, names.get(row.account, "")) for row in voucher.rows],
    }


def _row(row: Row, account_name: str) -> Json:
    return {
        "Account": row.account,
        "CostCenter": row.cost_center,
        "Credit": kronor(max(0, -row.amount)),
        "Debit": kronor(max(0, row.amount)),
        "Description": account_name,
        "Project": row.project,
        "Quantity": 0,
        "Removed": row.mark == "struck",
        "TransactionInformation": row.text,
    }


LEDGER: tuple[Resource[Any], ...] = (
    Resource[Voucher](
        "vouchers",
        "Vouchers",
        "Voucher",
        records=lambda view: view.year.vouchers,
        listed=_listed,
        single=_single,
        not_found=("Kan inte hitta verifikationen.", 2000437),
        key=_key,
        shelf_key=_shelf_key,
        sorts={
            "voucherseries": lambda voucher: voucher.series,
            "vouchernumber": lambda voucher: voucher.number,
            "referencenumber": lambda voucher: voucher.reference,
            "referencetype": lambda voucher: voucher.reference_type,
        },
        equals={
            "voucherseries": lambda voucher: voucher.series,
            "costcenter": lambda voucher: {row.cost_center for row in voucher.rows},
        },
        days={"date": lambda voucher: voucher.day},
        modified=modified_of,
        sublist=_of_series,
    ),
)
