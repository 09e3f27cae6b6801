"""What a bookkeeper does to a made-up company while the sandbox runs: document and voucher at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.books import Company, LedgerYear, Row, Shelf, Voucher, VoucherId
from sandbox.documents import ONE_TO_ONE, Invoice, Order, Payment, SalesRow, SupplierInvoice, in_sek, part_of
from sandbox.made_up_year import (
    INCOMING_VAT,
    PAYABLES,
    RECEIVABLES,
    credit_of,
    payment_entries,
    sales_entries,
    settle,
    sums_of,
)


class BookingError(Exception):
    """Why something cannot be booked, in one sentence."""


def _next_number(shelf: Shelf[str, Any]) -> int:
    return max((int(number) for number in shelf), default=0) + 1


@dataclass(frozen=True)
class Bookkeeper:
    """Books into one company at one moment of Swedish local time."""

    company: Company
    now: datetime

    def post(
        self, day: date, series: str, text: str, rows: tuple[Row, ...], kind: str, number: int
    ) -> VoucherId:
        """Book a voucher for a document, with the next number of its series in the year of the day."""
        year = self.company.year_by_date(day)
        if not isinstance(year, LedgerYear):
            raise BookingError(f"{self.company.name} has no financial year to book in on {day}.")
        voucher = Voucher(
            series, year.next_number(series), day, self.now.date(), text, rows, kind, str(number), self.now
        )
        year.put(voucher)
        return VoucherId(year.id, series, voucher.number)

    def sales_rows(self, article: str, quantity: int, text: str | None = None) -> tuple[SalesRow, ...]:
        """One row with an article at its price; ``quantity`` in hundredths."""
        found = self.company.articles.get(article)
        if found is None:
            raise BookingError(f"There is no article {article}.")
        total = part_of(found.price * quantity, 1, 100)
        row = SalesRow(
            found.number, text or found.name, found.account, quantity, found.price, found.rate, total, total,
            unit=found.unit, cost=found.cost,
        )  # fmt: skip
        return (row,)

    def invoice(
        self, customer: str, day: date, rows: tuple[SalesRow, ...], *, booked: bool = True
    ) -> Invoice:
        """Write an invoice in kronor, and book it."""
        net, vat, round_off = sums_of(rows, vat_included=False, rounded=True)
        name = self._name(self.company.customers, customer)
        invoice = Invoice(
            _next_number(self.company.invoices), customer, name, day, rows, net, vat, round_off, self.now,
            due=day + timedelta(days=30), balance=net + vat + round_off,
        )  # fmt: skip
        if booked:
            self.book(invoice)
        self.company.invoices.put(invoice)
        return invoice

    def book(self, invoice: Invoice) -> None:
        """Book an invoice that is written."""
        kind = "Kreditfaktura" if invoice.credits else "Kundfaktura"
        text = f"{kind} {invoice.number} {invoice.customer_name}"
        rows = sales_entries(invoice)
        invoice.voucher = self.post(invoice.day, "B", text, rows, "INVOICE", invoice.number)
        invoice.booked, invoice.modified = True, self.now
        self.company.invoices.touch()

    def credit(self, invoice: Invoice, day: date) -> Invoice:
        """Credit all of an invoice that nothing has been paid of."""
        if not invoice.booked or invoice.balance != invoice.total or invoice.credits:
            raise BookingError(f"Invoice {invoice.number} is not open in full.")
        credit = credit_of(invoice, _next_number(self.company.invoices), day, self.now)
        self.book(credit)
        self.company.invoices.put(credit)
        invoice.credited_by = credit.number
        settle(invoice, invoice.balance, self.now)
        settle(credit, credit.balance, self.now)
        return credit

    def bill(
        self, supplier: str, day: date, net: int, account: int, rate: int, *, booked: bool = True
    ) -> SupplierInvoice:
        """Enter a supplier's invoice in kronor with one row of cost, and book it."""
        vat = part_of(net, rate, 100)
        rows = (Row(PAYABLES, -net - vat), Row(account, net), *([Row(INCOMING_VAT, vat)] if vat else []))
        number = _next_number(self.company.supplier_invoices)
        bill = SupplierInvoice(
            number, supplier, self._name(self.company.suppliers, supplier), str(10_000 + number), day,
            day + timedelta(days=30), rows, net + vat, vat, self.now, balance=net + vat,
        )  # fmt: skip
        if booked:
            self.book_bill(bill)
        self.company.supplier_invoices.put(bill)
        return bill

    def book_bill(self, bill: SupplierInvoice) -> None:
        """Book a supplier's invoice that is entered."""
        kind = "Leverantörskredit" if bill.credits else "Leverantörsfaktura"
        text = f"{kind} {bill.number} {bill.supplier_name}"
        bill.voucher = self.post(bill.day, "D", text, bill.rows, "SUPPLIERINVOICE", bill.number)
        bill.booked, bill.modified = True, self.now
        self.company.supplier_invoices.touch()

    def credit_bill(self, bill: SupplierInvoice, day: date) -> SupplierInvoice:
        """Credit all of a supplier's invoice that nothing has been paid of."""
        if not bill.booked or bill.balance != bill.total or bill.credits:
            raise BookingError(f"Supplier invoice {bill.number} is not open in full.")
        credit = replace(
            bill, number=_next_number(self.company.supplier_invoices), day=day, due=day, total=-bill.total,
            vat=-bill.vat, rows=tuple(row._replace(amount=-row.amount) for row in bill.rows),
            credits=bill.number, balance=-bill.total,
        )  # fmt: skip
        self.book_bill(credit)
        self.company.supplier_invoices.put(credit)
        settle(bill, bill.balance, self.now)
        settle(credit, credit.balance, self.now)
        return credit

    def pay(
        self,
        document: Invoice | SupplierInvoice,
        day: date,
        amount: int | None = None,
        rate: int | None = None,
    ) -> Payment:
        """Pay all that is open of an invoice, or an amount of it, at a rate or its own."""
        amount = document.balance if amount is None else amount
        if not document.booked or not 0 < amount <= document.balance:
            raise BookingError(f"{amount / 100} cannot be paid on {document.number}.")
        rate = rate or document.rate
        if document.currency == "SEK" and rate != ONE_TO_ONE:
            raise BookingError("Kronor have no rate.")
        is_sale = isinstance(document, Invoice)
        payments = self.company.invoice_payments if is_sale else self.company.supplier_payments
        number = _next_number(payments)
        # What is left of the invoice in kronor is what its last payment relieves.
        before = sum(one.settled for one in payments.values() if one.invoice == document.number)
        last = (
            amount == document.balance and document.balance + self._paid(payments, document) == document.total
        )
        settled = document.total_sek - before if last else in_sek(amount, document.rate)
        payment = Payment(
            number, document.number, day, amount, in_sek(amount, rate), settled, self.now, document.currency,
            rate,
        )  # fmt: skip
        if is_sale:
            text, series, kind = f"Inbetalning kundfaktura {document.number}", "C", "INVOICEPAYMENT"
        else:
            text, series, kind = f"Betalning leverantörsfaktura {document.number}", "E", "SUPPLIERPAYMENT"
        entries = payment_entries(payment, RECEIVABLES if is_sale else PAYABLES)
        payment.voucher = self.post(day, series, text, entries, kind, number)
        payments.put(payment)
        settle(document, amount, self.now)
        document.paid_on = document.paid_on and day
        self._touch(document)
        return payment

    def delete_payment(self, payments: Shelf[str, Payment], number: str) -> None:
        """Delete a payment with its voucher; its invoice is open again."""
        payment = payments.get(number)
        if payment is None:
            raise BookingError(f"There is no payment {number}.")
        is_sale = payments is self.company.invoice_payments
        documents: Shelf[str, Any] = self.company.invoices if is_sale else self.company.supplier_invoices
        payments.drop(number)
        if payment.voucher is not None:
            year = self.company.year_by_id(payment.voucher.year)
            if isinstance(year, LedgerYear):
                year.remove(payment.voucher.series, payment.voucher.number)
        document = documents[str(payment.invoice)]
        settle(document, -payment.amount - payment.written_off, self.now)
        self._touch(document)

    def cancel(self, document: Invoice | SupplierInvoice | Order) -> None:
        """Cancel an order or an offer, or an invoice that is not booked: one that is can only be credited."""
        if getattr(document, "booked", False):
            raise BookingError(f"{document.number} is booked; credit it.")
        document.cancelled, document.modified = True, self.now
        if isinstance(document, Invoice | SupplierInvoice):
            document.balance = 0
        self._touch(document)

    def retext(self, document: Any, text: str) -> None:
        """Change the text of a document's first row, which no list shows, and no amount."""
        rows = list(document.rows)
        place = 1 if isinstance(document, SupplierInvoice) else 0
        rows[place] = rows[place]._replace(text=text)
        document.rows, document.modified = tuple(rows), self.now
        self._touch(document)

    def order(self, shelf: Shelf[str, Order], customer: str, day: date, rows: tuple[SalesRow, ...]) -> Order:
        """Write an order or an offer."""
        net, vat, round_off = sums_of(rows, vat_included=False, rounded=True)
        order = Order(
            _next_number(shelf), customer, self._name(self.company.customers, customer), day, rows, net, vat,
            round_off, self.now, until=day + timedelta(days=21),
        )  # fmt: skip
        shelf.put(order)
        return order

    @staticmethod
    def _name(register: dict[str, Any], number: str) -> str:
        if number not in register:
            raise BookingError(f"There is nobody with the number {number}.")
        return str(register[number].name)

    @staticmethod
    def _paid(payments: Shelf[str, Payment], document: Invoice | SupplierInvoice) -> int:
        """What has been paid of a document, in its currency; credits are no payments."""
        mine = [one for one in payments.values() if one.invoice == document.number]
        return sum(one.amount + one.written_off for one in mine)

    def _touch(self, document: Any) -> None:
        """The shelf that holds the document has one that changed."""
        for shelf in (self.company.invoices, self.company.supplier_invoices, self.company.orders,
                      self.company.offers, self.company.contracts):  # fmt: skip
            if shelf.get(str(document.number)) is document:
                shelf.touch()
