"""Documents and ledger of a made-up company agree to the öre: any day, any document, any payment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from sandbox.bookkeeping import BookingError, Bookkeeper
from sandbox.books import Company, LedgerYear, Voucher, VoucherId
from sandbox.documents import Invoice, Payment, SupplierInvoice
from sandbox.made_up import CompanySpecification, make_up
from tests.sandbox.callers import Fortnox, all_of
from tests.sandbox.conftest import YEARS
from tests.sandbox.test_sandbox_books import Read

ONE_YEAR = [{"from": "2025-01-01", "to": "2025-12-31"}]
LONG_YEAR = [{"from": "2023-07-01", "to": "2025-12-31"}]
BOOKS = [
    pytest.param(seed, vouchers, years, until, id=f"{seed}-{vouchers}-{len(years)}-{until}")
    for seed, vouchers, years, until in (
        *((seed, 25, ONE_YEAR, None) for seed in range(5)),
        *((seed, 25, LONG_YEAR, None) for seed in range(2)),
        *((seed, size, YEARS, None) for seed in (1, 2) for size in (31, 40, 100, 333, 900)),
        *((seed, size, YEARS, "2025-09-17") for seed in (3, 4) for size in (60, 400)),
        (5, 4_000, ONE_YEAR, None),
    )
]


def made(seed: int, vouchers: int, years: list[dict[str, Any]], until: str | None) -> Company:
    return make_up(
        CompanySpecification.model_validate(
            {
                "name": "Provbolaget AB", "tenant_id": "5", "seed": seed, "vouchers": vouchers,
                "years": years, "booked_until": until,
            }
        )
    )  # fmt: skip


def vouchers_of(company: Company) -> dict[VoucherId, Voucher]:
    return {
        VoucherId(year.id, voucher.series, voucher.number): voucher
        for year in company.years
        if isinstance(year, LedgerYear)
        for voucher in year.vouchers.values()
    }


def on_account(voucher: Voucher, account: int) -> int:
    return sum(row.amount for row in voucher.rows if row.account == account and row.mark != "struck")


@pytest.mark.parametrize(("seed", "vouchers", "years", "until"), BOOKS)
def test_every_document_names_a_voucher_that_says_the_same(
    seed: int, vouchers: int, years: list[dict[str, Any]], until: str | None
) -> None:
    company = made(seed, vouchers, years, until)
    ledger = vouchers_of(company)
    for voucher in ledger.values():
        assert sum(row.amount for row in voucher.rows if row.mark != "struck") == 0
    if until is None:
        assert Counter(identity.year for identity in ledger) == {year.id: vouchers for year in company.years}
    else:
        assert max(voucher.day for voucher in ledger.values()) <= date.fromisoformat(until)
    named: Counter[VoucherId] = Counter()
    documents: list[tuple[Any, int, int, set[str]]] = [
        *((one, 1510, one.total_sek, {"INVOICE", "CASHINVOICE"}) for one in company.invoices.values()),
        *((one, 2440, -one.total_sek, {"SUPPLIERINVOICE"}) for one in company.supplier_invoices.values()),
        *((one, 1510, -one.settled, {"INVOICEPAYMENT"}) for one in company.invoice_payments.values()),
        *((one, 2440, one.settled, {"SUPPLIERPAYMENT"}) for one in company.supplier_payments.values()),
    ]
    for document, account, amount, types in documents:
        if document.voucher is None:
            began_open = getattr(document, "booked", False) and document.day < company.years[0].start
            assert began_open or not document.booked
            continue
        voucher = ledger[document.voucher]
        named[document.voucher] += 1
        assert voucher.reference_type in types
        assert voucher.reference == str(document.number)
        assert voucher.day == document.day
        cash = getattr(document, "kind", "") == "CASHINVOICE"
        assert on_account(voucher, 1930 if cash else account) == amount
        if isinstance(document, Payment):
            assert abs(on_account(voucher, 1930)) == document.sek
    assert set(named.values()) <= {1}
    booked = {key for key, voucher in ledger.items() if voucher.reference_type not in {"MANUAL", "ACCRUAL"}}
    assert booked == set(named), "and every such voucher is named by its document"


def open_on(day: date, invoices: Iterable[Invoice | SupplierInvoice], payments: Iterable[Payment]) -> int:
    """What is owed on a day, from the documents alone."""
    booked = [one for one in invoices if one.booked and not one.cancelled and one.day <= day]
    owed = sum(one.total_sek for one in booked if getattr(one, "kind", "") != "CASHINVOICE")
    return owed - sum(payment.settled for payment in payments if payment.day <= day)


@pytest.mark.parametrize(("seed", "vouchers", "years", "until"), BOOKS)
def test_open_invoices_are_the_balance_of_their_account_on_any_day(
    seed: int, vouchers: int, years: list[dict[str, Any]], until: str | None
) -> None:
    company = made(seed, vouchers, years, until)
    ledger = vouchers_of(company)
    first, last = company.years[0], company.years[-1]
    days = [first.start + timedelta(days=place) for place in range(-1, (last.end - first.start).days + 1, 13)]
    for account, sign, invoices, payments in (
        (1510, 1, company.invoices, company.invoice_payments),
        (2440, -1, company.supplier_invoices, company.supplier_payments),
    ):
        changes: dict[date, int] = defaultdict(int)
        for voucher in ledger.values():
            changes[voucher.day] += on_account(voucher, account)
        for day in (*days, last.end):
            balance = first.opening()[account] + sum(
                amount for when, amount in changes.items() if when <= day
            )
            assert open_on(day, invoices.values(), payments.values()) == sign * balance, (account, day)  # type: ignore[arg-type]
        still_open = [one for one in invoices.values() if one.booked and not one.cancelled]
        assert sum(
            one.total_sek if one.balance == one.total else one.balance for one in still_open
        ) == sign * last.closing().get(account, 0)
        assert all((one.paid_on is not None) == (one.balance == 0) for one in still_open)
        assert all(one.balance * one.total >= 0 for one in still_open)


def test_what_credits_and_is_credited_is_settled() -> None:
    company = made(7, 2_000, ONE_YEAR, None)
    crediting = [one for one in company.invoices.values() if one.credits]
    assert len(crediting) > 10
    for credit in crediting:
        credited = company.invoices[str(credit.credits)]
        assert credited.credited_by == credit.number
        assert 0 < -credit.total <= credited.total
        assert credit.balance == 0
    assert any(-one.total < company.invoices[str(one.credits)].total for one in crediting), "in part"
    assert any(one.credits for one in company.supplier_invoices.values())


def test_a_company_has_every_kind_of_document() -> None:
    company = made(7, 2_000, YEARS, "2025-10-31")
    invoices = [*company.invoices.values()]
    assert {one.kind for one in invoices} == {"INVOICE", "CASHINVOICE", "AGREEMENTINVOICE"}
    assert {one.currency for one in invoices} == {"SEK", "EUR"}
    assert {row.rate for one in invoices for row in one.rows} == {0, 6, 12, 25}
    assert any(one.vat_included and one.kind == "INVOICE" for one in invoices)
    assert any(one.cancelled for one in invoices)
    assert any(not one.booked and not one.cancelled for one in invoices), "written, not yet booked"
    assert any(0 < one.balance < one.total for one in invoices), "paid in part"
    assert any(one.paid_on and one.paid_on > one.due + timedelta(days=20) for one in invoices)
    assert any(one.written_off for one in company.invoice_payments.values())
    assert any(one.sek != one.settled for one in company.invoice_payments.values()), "another rate"
    for name in ("orders", "offers", "contracts", "invoice_accruals", "supplier_accruals", "tax_reductions"):
        assert getattr(company, name), name
    for order in company.orders.values():
        if order.next:
            assert company.invoices[str(order.next)].order == order.number
            assert company.invoices[str(order.next)].rows == order.rows
    for offer in company.offers.values():
        assert not offer.next or company.orders[str(offer.next)].former == offer.number


def test_a_closed_year_has_its_result_on_2099_and_an_open_one_has_not() -> None:
    for closes in (True, False):
        company = make_up(
            CompanySpecification.model_validate(
                {"name": "B", "tenant_id": "5", "seed": 1, "vouchers": 300, "years": YEARS, "closes": closes}
            )
        )
        for year in company.years:
            closing = year.closing()
            result = sum(amount for account, amount in closing.items() if 3000 <= account < 8990)
            assert closing.get(8999, 0) == (-result if closes else 0)
            assert (closing[2099] == result) is closes
            assert len(year.vouchers) == 300  # type: ignore[attr-defined]


def test_accruals_end_where_they_began() -> None:
    company = made(7, 2_000, ONE_YEAR, None)
    year = company.years[0]
    assert len(company.invoice_accruals) == len(company.supplier_accruals) == 5
    assert (year.closing()[1790], year.closing()[2970]) == (0, 0)
    assert isinstance(year, LedgerYear)
    accrued = Counter(voucher.text for voucher in year.vouchers.values() if voucher.series == "K")
    assert len(accrued) == 10 * 4


def test_a_shelf_keeps_its_order_until_something_changes() -> None:
    company = made(7, 300, ONE_YEAR, None)
    shelf, moment = company.invoice_payments, datetime.combine(date(2025, 8, 1), time())
    shelf.put(replace(shelf["1"], number=900, day=date(2025, 7, 1), modified=moment))
    ordered = shelf.in_order()
    assert shelf.in_order() is ordered
    assert [one.day for one in ordered] == sorted(one.day for one in shelf.values())
    assert shelf.since(moment) == [one for one in ordered if one.modified >= moment]
    assert shelf["900"] in shelf.since(moment)
    assert shelf.since(moment + timedelta(microseconds=1)) != shelf.since(moment), "the moment itself counts"
    by_amount = shelf.sorted_by("amount", lambda one: one.amount)
    assert by_amount is shelf.sorted_by("amount", lambda one: one.amount)
    assert by_amount == sorted(ordered, key=lambda one: one.amount)
    assert shelf.drop("900")
    assert not shelf.drop("900")
    assert shelf.in_order() == [one for one in ordered if one.number != 900]


ORE = Decimal("0.01")


def test_lists_and_sie_file_agree_without_the_code_that_made_them(twin: Fortnox) -> None:
    """The lists say what was open at the end of each year, and the SIE files say it too."""
    invoices = all_of(twin, "invoices")
    payments = all_of(twin, "invoicepayments")
    rates = {one["DocumentNumber"]: Decimal(one["CurrencyRate"]) for one in invoices}
    totals = {one["DocumentNumber"]: Decimal(str(one["Total"])) for one in invoices}
    for year, last in ((5, "2024-06-30"), (2, "2025-06-30"), (9, "2025-12-31")):
        owed = Decimal(0)
        for one in invoices:
            if one["InvoiceDate"] <= last and one["Booked"] and one["InvoiceType"] != "CASHINVOICE":
                owed += (totals[one["DocumentNumber"]] * rates[one["DocumentNumber"]]).quantize(
                    ORE, ROUND_HALF_UP
                )
        for one in payments:
            if one["PaymentDate"] > last:
                continue
            number = str(one["InvoiceNumber"])
            amount = Decimal(str(one["Amount"]))
            if one["WriteOffExist"]:
                single = twin.json(f"invoicepayments/{one['Number']}")["InvoicePayment"]
                amount += sum(Decimal(str(each["Amount"])) for each in single["WriteOffs"])
            if one["Currency"] != "SEK":  # relieved at the invoice's rate, and always whole
                amount = (totals[number] * rates[number]).quantize(ORE, ROUND_HALF_UP)
            owed -= amount
        assert owed == Read(twin.sie(year)).balances["#UB", "1510"]
    still = sum(
        (Decimal(str(one["Balance"])) * Decimal(one["CurrencyRate"])).quantize(ORE, ROUND_HALF_UP)
        for one in invoices
        if one["Booked"]
    )
    assert still == Read(twin.sie(9)).balances["#UB", "1510"]


def test_an_invoice_in_euro_is_paid_in_parts_at_other_rates_and_nothing_is_left() -> None:
    company = made(7, 2_000, ONE_YEAR, None)
    keeper = Bookkeeper(company, datetime.combine(date(2026, 1, 15), time(9)))
    day = date(2025, 12, 31)
    for shelf, account in ((company.invoices, 1510), (company.supplier_invoices, 2440)):
        document = next(
            one for one in shelf.values() if one.currency == "EUR" and one.balance == one.total > 0
        )
        before = sum(company.years[0].closing()[one] for one in (3960, 7960))
        payments = [
            keeper.pay(document, day, document.total // 3, 11_9000),
            keeper.pay(document, day, rate=10_1234),
        ]
        assert document.balance == 0
        assert document.paid_on == day
        assert sum(payment.settled for payment in payments) == document.total_sek
        ledger = vouchers_of(company)
        for payment in payments:
            voucher = ledger[payment.voucher]  # type: ignore[index]
            assert sum(row.amount for row in voucher.rows) == 0
            assert abs(on_account(voucher, account)) == payment.settled
            assert abs(on_account(voucher, 1930)) == payment.sek
        gained = sum(payment.sek - payment.settled for payment in payments)
        after = sum(company.years[0].closing()[one] for one in (3960, 7960))
        assert before - after == (gained if account == 1510 else -gained)
    with pytest.raises(BookingError, match="no financial year"):
        keeper.invoice("1", date(2031, 1, 1), keeper.sales_rows("100", 100))
    with pytest.raises(BookingError, match="no article"):
        keeper.sales_rows("nothing", 100)
