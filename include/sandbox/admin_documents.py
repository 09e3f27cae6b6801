"""/sandbox/{tenant}/...: what a test does to a company's documents while the sandbox runs.

POST    {tenant}/invoices                  write and book one, given or made up (InvoiceBody)
POST    {tenant}/supplierinvoices          the same for a supplier's (BillBody)
POST    {tenant}/orders, offers            write one (InvoiceBody; booked has no meaning)
POST    {tenant}/{invoices}/{number}/book  book one that was written with "booked": false
POST    {tenant}/{invoices}/{number}/pay   pay all that is open, or an amount (PaymentBody)
POST    {tenant}/{invoices}/{number}/credit  credit all of it (DayBody)
POST    {tenant}/{documents}/{number}/cancel  cancel one that is not booked
PATCH   {tenant}/{documents}/{number}      change the text of its first row, which the list does not show
DELETE  {tenant}/{payments}/{number}       delete a payment and its voucher; the invoice is open again
DELETE  {tenant}/{accruals}/{number}       delete an accrual, price or tax reduction, not its vouchers

{invoices} are invoices and supplierinvoices; {documents} those and orders, offers and contracts; {payments}
invoicepayments and supplierinvoicepayments. Amounts are in the document's currency.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from sandbox.bookkeeping import BookingError, Bookkeeper
from sandbox.books import Company, Shelf
from sandbox.documents import Invoice
from sandbox.state import State


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DayBody(_Body):
    """When; left out it is today, or the last day of the last financial year where that has passed."""

    date: dt.date | None = None


class InvoiceBody(DayBody):
    """One row with an article; left out, the first customer and article. ``text`` stands on the row."""

    customer: str | None = None
    article: str | None = None
    quantity: Decimal = Field(default=Decimal(1), gt=0, decimal_places=2)
    text: str | None = None
    booked: bool = True


class BillBody(DayBody):
    """One row of cost in kronor before VAT; left out, the first supplier."""

    supplier: str | None = None
    net: Decimal = Field(default=Decimal(1000), gt=0, decimal_places=2)
    account: int = Field(default=4010, ge=1000, le=9999)
    rate: int = Field(default=25, ge=0, le=25)
    booked: bool = True


class PaymentBody(DayBody):
    """What is paid, left out all that is open; a rate in kronor for invoices in another currency."""

    amount: Decimal | None = Field(default=None, gt=0, decimal_places=2)
    rate: Decimal | None = Field(default=None, gt=0, decimal_places=4)


class TextBody(_Body):
    """The text that the document's first row gets."""

    text: str


_DOCUMENTS: dict[str, Callable[[Company], Shelf[str, Any]]] = {
    "invoices": lambda company: company.invoices,
    "supplierinvoices": lambda company: company.supplier_invoices,
    "orders": lambda company: company.orders,
    "offers": lambda company: company.offers,
    "contracts": lambda company: company.contracts,
}
_PAYMENTS: dict[str, Callable[[Company], Shelf[str, Any]]] = {
    "invoicepayments": lambda company: company.invoice_payments,
    "supplierinvoicepayments": lambda company: company.supplier_payments,
}
_DELETABLE: dict[str, Callable[[Company], Shelf[str, Any]]] = {
    "invoiceaccruals": lambda company: company.invoice_accruals,
    "supplierinvoiceaccruals": lambda company: company.supplier_accruals,
    "contractaccruals": lambda company: company.contract_accruals,
    "taxreductions": lambda company: company.tax_reductions,
    "prices": lambda company: company.prices,
}


def _ore(amount: Decimal) -> int:
    return int(amount * 100)


def _keeper(state: State, tenant: str) -> Bookkeeper:
    company = state.companies.get(tenant)
    if company is None:
        raise HTTPException(404, f"No company has the tenant id {tenant}.")
    return Bookkeeper(company, state.now())


def _day(state: State, company: Company, body: DayBody | None) -> dt.date:
    if body is not None and body.date is not None:
        return body.date
    return min(max(state.today(), company.years[0].start), company.years[-1].end)


def _document(company: Company, name: str, number: str) -> Any:
    document = _DOCUMENTS[name](company).get(number)
    if document is None:
        raise HTTPException(404, f"There is nothing of the number {number} in {name}.")
    return document


def add_routes(router: APIRouter, state: State) -> None:
    """Add the routes of documents to those of /sandbox."""
    _writing(router, state)
    for name in _DOCUMENTS:
        _changing(router, state, name)
    for name in ("invoices", "supplierinvoices"):
        _booking(router, state, name)
    for name in _PAYMENTS | _DELETABLE:
        _deleting(router, state, name)


def _try(booking: Callable[[], Any]) -> Any:
    """What was booked, or why it was not as a conflict."""
    try:
        return booking()
    except BookingError as error:
        raise HTTPException(409, str(error)) from None


def _writing(router: APIRouter, state: State) -> None:
    @router.post("/{tenant}/invoices", status_code=201)
    async def write_invoice(tenant: str, body: InvoiceBody | None = None) -> dict[str, str]:
        body, keeper = body or InvoiceBody(), _keeper(state, tenant)
        day = _day(state, keeper.company, body)
        customer, rows = _customer(keeper, body), _rows(keeper, body)
        invoice = _try(lambda: keeper.invoice(customer, day, rows, booked=body.booked))
        return {"number": str(invoice.number)}

    @router.post("/{tenant}/supplierinvoices", status_code=201)
    async def enter_bill(tenant: str, body: BillBody | None = None) -> dict[str, str]:
        body, keeper = body or BillBody(), _keeper(state, tenant)
        day = _day(state, keeper.company, body)
        supplier = body.supplier or next(iter(keeper.company.suppliers))
        bill = _try(
            lambda: keeper.bill(
                supplier, day, _ore(body.net), body.account, body.rate, booked=body.booked
            )
        )  # fmt: skip
        return {"number": str(bill.number)}

    for name in ("orders", "offers"):

        @router.post(f"/{{tenant}}/{name}", status_code=201)
        async def write_order(
            tenant: str, body: InvoiceBody | None = None, name: str = name
        ) -> dict[str, str]:
            body, keeper = body or InvoiceBody(), _keeper(state, tenant)
            day, shelf = _day(state, keeper.company, body), _DOCUMENTS[name](keeper.company)
            order = keeper.order(shelf, _customer(keeper, body), day, _rows(keeper, body))
            return {"number": str(order.number)}


def _customer(keeper: Bookkeeper, body: InvoiceBody) -> str:
    return body.customer or next(iter(keeper.company.customers))


def _rows(keeper: Bookkeeper, body: InvoiceBody) -> Any:
    article = body.article or next(iter(keeper.company.articles))
    return _try(lambda: keeper.sales_rows(article, _ore(body.quantity), body.text))


def _booking(router: APIRouter, state: State, name: str) -> None:
    @router.post(f"/{{tenant}}/{name}/{{number}}/book", status_code=204)
    async def book(tenant: str, number: str) -> None:
        keeper = _keeper(state, tenant)
        document = _document(keeper.company, name, number)
        if document.booked or document.cancelled:
            raise HTTPException(409, f"{number} is booked or cancelled already.")
        book = keeper.book if isinstance(document, Invoice) else keeper.book_bill
        _try(lambda: book(document))

    @router.post(f"/{{tenant}}/{name}/{{number}}/pay", status_code=201)
    async def pay(tenant: str, number: str, body: PaymentBody | None = None) -> dict[str, str]:
        body, keeper = body or PaymentBody(), _keeper(state, tenant)
        document, day = _document(keeper.company, name, number), _day(state, keeper.company, body)
        amount = None if body.amount is None else _ore(body.amount)
        rate = None if body.rate is None else int(body.rate * 10_000)
        payment = _try(lambda: keeper.pay(document, day, amount, rate))
        return {"number": str(payment.number)}

    @router.post(f"/{{tenant}}/{name}/{{number}}/credit", status_code=201)
    async def credit(tenant: str, number: str, body: DayBody | None = None) -> dict[str, str]:
        keeper = _keeper(state, tenant)
        document, day = _document(keeper.company, name, number), _day(state, keeper.company, body)
        credit = keeper.credit if isinstance(document, Invoice) else keeper.credit_bill
        return {"number": str(_try(lambda: credit(document, day)).number)}


def _changing(router: APIRouter, state: State, name: str) -> None:
    @router.post(f"/{{tenant}}/{name}/{{number}}/cancel", status_code=204)
    async def cancel(tenant: str, number: str) -> None:
        keeper = _keeper(state, tenant)
        _try(lambda: keeper.cancel(_document(keeper.company, name, number)))

    @router.patch(f"/{{tenant}}/{name}/{{number}}", status_code=204)
    async def retext(tenant: str, number: str, body: TextBody) -> None:
        keeper = _keeper(state, tenant)
        keeper.retext(_document(keeper.company, name, number), body.text)


def _deleting(router: APIRouter, state: State, name: str) -> None:
    @router.delete(f"/{{tenant}}/{name}/{{number:path}}", status_code=204)
    async def delete(tenant: str, number: str) -> None:
        keeper = _keeper(state, tenant)
        if name in _PAYMENTS:
            _try(lambda: keeper.delete_payment(_PAYMENTS[name](keeper.company), number))
        elif not _DELETABLE[name](keeper.company).drop(number):
            raise HTTPException(404, f"There is nothing of the number {number} in {name}.")
