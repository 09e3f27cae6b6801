"""What happens to a company, at random but from a seed: changes at Fortnox, time, faults and kills."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from saldo.fortnox.resources import CATALOGUE, FINANCIAL_YEARS, SIE, VOUCHERS, Resource, Shape
from tests.crash import crashing
from tests.pipeline.company import TODAY, Company
from tests.sandbox.callers import Fortnox, all_of
from tests.sandbox.faults import ANSWERS
from tests.support import Run, dag_of, run_until_done

LISTS = [
    resource
    for resource in CATALOGUE.values()
    if resource.shape is Shape.LIST and not resource.is_off and resource is not FINANCIAL_YEARS
]
WITH_DETAILS = [resource for resource in LISTS if resource.detail_key]
REGISTERS = ("customers", "suppliers", "projects", "costcenters", "articles")
DOCUMENTS = ("invoices", "orders", "offers", "supplierinvoices")
RETOLD = ("invoices", "orders", "offers")
# This list tells nobody what was changed, and none of its rows: until it is read whole it may be behind.
UNTOLD = "supplierinvoices"
SERIES = "S"
_WORDS = ("Räksmörgås", "Ö & Å", 'Kabel 3" \\ 5')
_MOST_CHANGES = 6
_MOST_FAULTS = 4
# More than the requests that the hook makes of one.
_MOST_TIMES = 8
_LAST_DIFFERENCE = 60
_A_DAY = 0.2
_DETAILS_COMPARED = 5


@dataclass
class History:
    """A company's, one schedule after another."""

    company: Company
    random: random.Random
    said: list[str] = field(default_factory=list)
    _schedules: int = 0
    _added: dict[str, list[str]] = field(default_factory=dict)

    def schedule(self) -> None:
        """Something changes, and a run goes through faults and may be killed in it; the next one is spared,
        and must make up for all of it."""
        self.said = []
        for _ in range(self.random.randint(0, _MOST_CHANGES)):
            self._change()
        faults = [self._fault() for _ in range(self.random.randint(0, _MOST_FAULTS))]
        self.company.sandbox.admin("POST", "faults", faults)
        at = self.random.randint(1, _LAST_DIFFERENCE)
        self.said += [*map(json.dumps, faults), f"killed at {at}"]
        with crashing(self.company.warehouse, at):
            self.run()
        self.company.sandbox.admin("DELETE", "faults")
        # What a company's first runs were refused waits for the next day.
        if passes_a_day := not self._schedules or self.random.random() < _A_DAY:
            self.said.append("a day passes")
            self.company.time_passes()
        for run in self.run():
            assert run.errors == {}, self.story()
        found = self.differences(is_swept=passes_a_day)
        assert found == [], self.story(*found)
        self._schedules += 1

    def run(self) -> list[Run]:
        """The DAG, and the runs that it asks for."""
        return run_until_done(dag_of(self.company.organization))

    def year(self) -> int:
        """The id of the year that is open."""
        [company] = [
            company
            for company in self.company.sandbox.companies()
            if company["tenant_id"] == self.company.organization.tenant_id
        ]
        return int(company["financial_years"][-1]["id"])

    def story(self, *ends: str) -> str:
        """What happened last, and what came of it."""
        return "\n".join(["", *self.said, *ends])

    def _fault(self) -> dict[str, Any]:
        resource = self.random.choice([*LISTS, SIE, *WITH_DETAILS])
        path = f"/3/{resource.url_path}" + ("?" if resource is SIE or self.random.random() < 0.7 else "/")
        if self.random.random() < 0.05:
            path = "/oauth-v1/token"
        return {
            **ANSWERS[self.random.choice(list(ANSWERS))],
            "tenant": self.company.organization.tenant_id,
            "path_contains": path,
            "times": self.random.randint(1, _MOST_TIMES),
            "after": self.random.randint(0, 2),
        }

    def _change(self) -> None:
        change = self.random.choice(_CHANGES)
        self.said.append(f"{change.__name__}: {change(self)}")

    def _change(self) -> None:
        change = self.random.choice(_CHANGES)
        self.said.append(f"{change.__name__.strip('_')} {change(self)}")

    def add(self, path: str, body: object = None) -> str:
        """Books something new."""
        number = str(self.company.book("POST", path, body)["number"])
        self.remember(path, number)
        return number

    def remember(self, path: str, number: str) -> None:
        """Says that it was added."""
        self._added.setdefault(path, []).append(number)

    def one_of(self, path: str) -> str | None:
        """One that this history added."""
        added = self._added.get(path)
        return self.random.choice(added) if added else None

    def last_of(self, path: str) -> str | None:
        """The last that this history added, which it is not to be asked for again."""
        added = self._added.get(path)
        return added.pop() if added else None

    def word(self) -> str:
        """A text that tells one change from another."""
        return f"{self.random.choice(_WORDS)} {self.random.randint(1, 10**6)}"

    def differences(self, *, is_swept: bool) -> list[str]:
        """What the warehouse lacks or holds wrong, beside what Fortnox says; unless it was swept it may hold
        records that are gone, and the lists that are read daily may be a day old."""
        fortnox = Fortnox.of(self.company.sandbox, self.company.organization.tenant_id)
        landed: dict[str, list[tuple[str, Any, Any]]] = {}
        for resource_name, *document in self.company.warehouse.rows(
            "select resource, document_key, list_record, detail_record from landing.document "
            "where deleted_at is null"
        ):
            landed.setdefault(resource_name, []).append((document[0], document[1], document[2]))
        found: list[str] = []
        for resource in LISTS:
            if not (is_swept or _is_current(resource)):
                continue
            documents = landed.get(resource.name, [])
            right, held = _as_texts(self._records(fortnox, resource)), _as_texts(doc[1] for doc in documents)
            found += [f"{resource.name} lacks {record}" for record in right - held]
            found += [f"{resource.name} has {record}" for record in held - right if is_swept]
            if resource.detail_key:
                details = {key: detail for key, _, detail in documents}
                found += self._differing_details(fortnox, resource, details)
        return found + self._differing_vouchers(fortnox)

    def _differing_details(
        self, fortnox: Fortnox, resource: Resource, details: dict[str, Any]
    ) -> Iterator[str]:
        for key in self._added.get(resource.url_path, [])[-_DETAILS_COMPARED:]:
            right = fortnox.json(f"{resource.url_path}/{key}")[resource.detail_key]
            if details.get(key) != right:
                yield f"{resource.name} {key} is {details.get(key)} and not {right}"

    def _differing_vouchers(self, fortnox: Fortnox) -> list[str]:
        right = {
            (voucher["VoucherSeries"], str(voucher["VoucherNumber"]), voucher["Description"])
            for voucher in self._records(fortnox, VOUCHERS)
        }
        held = set(
            self.company.warehouse.rows(
                "select voucher_series, voucher_number, voucher_text from staging.ledger_voucher"
            )
        )
        return [f"the ledger differs in {voucher}" for voucher in right ^ held]

    def _records(self, fortnox: Fortnox, resource: Resource) -> Iterator[dict[str, Any]]:
        if not resource.is_per_year:
            yield from all_of(fortnox, resource.url_path)
            return
        for year in all_of(fortnox, "financialyears"):
            yield from all_of(fortnox, resource.url_path, f"financialyear={year['Id']}")


def _is_current(resource: Resource) -> bool:
    return resource.is_hot and resource.name != UNTOLD


def _as_texts(records: Iterable[Any]) -> set[str]:
    return {json.dumps(record, sort_keys=True, ensure_ascii=False) for record in records}


def _new_voucher(history: History) -> str:
    return history.add("vouchers", {"series": SERIES, "text": history.word()})


def _voucher_in_the_last_year(history: History) -> str:
    return str(
        history.company.book("POST", "vouchers", {"date": f"{TODAY.year - 1}-05-05", "text": history.word()})
    )


def _voucher_retold(history: History) -> str | None:
    number = history.one_of("vouchers")
    if number:
        history.company.book(
            "PATCH", f"vouchers/{history.year()}/{SERIES}/{number}", {"text": history.word()}
        )
    return number


def _voucher_gone(history: History) -> str | None:
    number = history.last_of("vouchers")
    if number:
        history.company.book("DELETE", f"vouchers/{history.year()}/{SERIES}/{number}")
    return number


def _new_record(history: History) -> str:
    register = history.random.choice(REGISTERS)
    return f"{register} {history.add(register, {'name': history.word()})}"


def _record_renamed(history: History) -> str:
    register = history.random.choice(REGISTERS)
    number = history.one_of(register)
    if number:
        history.company.book("PATCH", f"{register}/{number}", {"name": history.word()})
    return f"{register} {number}"


def _record_gone(history: History) -> str:
    register = history.random.choice(REGISTERS)
    number = history.last_of(register)
    if number:
        history.company.book("DELETE", f"{register}/{number}")
    return f"{register} {number}"


def _new_document(history: History) -> str:
    documents = history.random.choice(DOCUMENTS)
    return f"{documents} {history.add(documents)}"


def _document_retold(history: History) -> str:
    documents = history.random.choice(RETOLD)
    number = history.one_of(documents)
    if number:
        history.company.book("PATCH", f"{documents}/{number}", {"text": history.word()})
    return f"{documents} {number}"


def _document_settled(history: History) -> str:
    documents, payments = history.random.choice(
        (("invoices", "invoicepayments"), ("supplierinvoices", "supplierinvoicepayments"))
    )
    number = history.add(documents)
    if history.random.random() < 0.3:
        history.company.book("POST", f"{documents}/{number}/credit")
        return f"{documents} {number} credited"
    payment = str(history.company.book("POST", f"{documents}/{number}/pay")["number"])
    history.remember(payments, payment)
    return f"{documents} {number} paid by {payment}"


def _payment_gone(history: History) -> str:
    payments = history.random.choice(("invoicepayments", "supplierinvoicepayments"))
    number = history.last_of(payments)
    if number:
        history.company.book("DELETE", f"{payments}/{number}")
    return f"{payments} {number}"


_CHANGES = (
    _new_voucher,
    _voucher_in_the_last_year,
    _voucher_retold,
    _voucher_gone,
    _new_record,
    _record_renamed,
    _record_gone,
    _new_document,
    _document_retold,
    _document_settled,
    _payment_gone,
)
