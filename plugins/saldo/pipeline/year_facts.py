"""Sorts the records of a SIE file into what the ledger takes: vouchers one by one, and the year's facts."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from saldo.fortnox import sie
from saldo.warehouse.landing import FinancialYear
from saldo.warehouse.ledger import YearFacts

_FAULTS_KEPT = 1000
_VOUCHERS_BETWEEN_LOG_LINES = 25_000

log = logging.getLogger(__name__)


class UnfitFileError(ValueError):
    """A SIE file that is well-formed enough, but is not the ledger of the financial year in question."""


class YearReader:
    """Reads one file once: exhaust `vouchers()` first, then ask for the rest.

    Raises (from `vouchers()`):
        NotSie: the bytes are no SIE file.
        UnfitFileError: the file is of another type or another year.
    """

    def __init__(self, data: bytes, year: FinancialYear) -> None:
        self._data = data
        self._year = year
        self._contradictions: Sequence[sie.Contradiction] = ()
        self._moved: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._accounts: dict[str, dict[str, Any]] = {}
        self._objects: list[dict[str, Any]] = []
        self._balances: list[dict[str, Any]] = []
        self._faults: list[sie.Fault] = []
        self._identification: dict[str, tuple[str, ...]] = {}
        self._period: sie.Year | None = None
        self._voucher_count = 0
        self._row_count = 0

    def vouchers(self) -> Iterator[sie.Voucher]:
        """The vouchers in the order of the file, while everything else is noted."""
        for record in sie.parse(self._data):
            if isinstance(record, sie.Voucher):
                self._voucher_count += 1
                self._row_count += len(record.rows)
                if self._voucher_count % _VOUCHERS_BETWEEN_LOG_LINES == 0:
                    log.info("%d vouchers read, up to line %d", self._voucher_count, record.line)
                for row in record.rows:
                    if not row.is_struck:
                        self._moved[row.account] += row.amount
                yield record
            else:
                self._note(record)
        self._refuse_unfit()

    def _note(self, record: sie.Record) -> None:
        match record:
            case sie.Balance():
                self._balances.append(
                    {
                        "kind": record.kind,
                        "year_index": record.year_index,
                        "period": record.period or "",
                        "account": record.account,
                        "objects": " ".join(f"{dimension}:{number}" for dimension, number in record.objects),
                        "amount": record.amount,
                        "quantity": record.quantity,
                    }
                )
            case sie.Account():
                self._account(record.number)["name"] = record.name
            case sie.AccountType():
                self._account(record.number)["kind"] = record.kind
            case sie.Sru():
                self._account(record.account)["sru"] = record.code
            case sie.Object():
                self._objects.append(
                    {"dimension": record.dimension, "number": record.number, "name": record.name}
                )
            case sie.Fault():
                self._faults.append(record)
            case sie.Year(index=0):
                self._period = record
            case sie.Identification():
                self._identification[record.label] = record.values

    def _account(self, number: str) -> dict[str, Any]:
        return self._accounts.setdefault(number, {"number": number, "name": "", "kind": None, "sru": None})

    def _refuse_unfit(self) -> None:
        kind = (*self._identification.get("SIETYP", ()), "1")[0]
        if kind != "4":
            raise UnfitFileError(
                f"The file is SIE type {kind}, which holds no vouchers: export type 4 instead"
            )
        if self._period is None:
            raise UnfitFileError("The file does not say which financial year it is of (no #RAR 0)")
        if (self._period.start, self._period.end) != (self._year.start_date, self._year.end_date):
            raise UnfitFileError(
                f"The file is of {self._period.start} to {self._period.end}, while Fortnox lists the "
                f"financial year as {self._year.start_date} to {self._year.end_date}"
            )

    def contradictions(self) -> Sequence[sie.Contradiction]:
        """The accounts on which the file contradicts itself, by an oracle apart from the parser.

        It is asked only where what was just read does not come to what the file states.
        """
        stated: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
        for balance in self._balances:
            if balance["year_index"] == 0 and not balance["objects"] and not balance["period"]:
                stated[balance["kind"]][balance["account"]] = balance["amount"]
        opening, closing, result = stated["IB"], stated["UB"], stated["RES"]
        is_proven = all(
            closing[account] == opening.get(account, 0) + self._moved.get(account, 0)
            if account in closing
            else result.get(account) == self._moved.get(account, 0)
            for account in {*opening, *closing, *result, *self._moved}
        )
        self._contradictions = () if is_proven else sie.contradictions(self._data)
        return self._contradictions

    def facts(self) -> YearFacts:
        """What the file says beside its vouchers."""
        return YearFacts(
            content_digest=sie.content_digest(self._data),
            start_date=self._year.start_date,
            end_date=self._year.end_date,
            program=" ".join(self._identification.get("PROGRAM", ())),
            accounts=list(self._accounts.values()),
            objects=self._objects,
            balances=self._balances,
            faults=[fault._asdict() for fault in self._faults[:_FAULTS_KEPT]],
            contradictions=[
                {
                    "account": item.account,
                    "kind": item.kind,
                    "stated": str(item.stated),
                    "computed": str(item.computed),
                }
                for item in self._contradictions
            ],
        )

    def summary(self) -> str:
        """One line for the log and for control.sync_status."""
        parts = [f"{self._voucher_count} vouchers, {self._row_count} rows"]
        if self._faults:
            parts.append(f"{len(self._faults)} faults in the file, first on line {self._faults[0].line}")
        if self._contradictions:
            parts.append(f"the file contradicts itself on {len(self._contradictions)} accounts")
        return "; ".join(parts)
