"""Supplier invoices, their payments and accruals as Fortnox lists and shows them.

Fields: public API description. Amounts of supplier invoices are text in list and single record, which a
client's authors found against the real API; the list says ``Cancel``, the single record ``Cancelled``. A
payment's number is a number here and its invoice's text: of customers' payments it is the other way round.
"""

from __future__ import annotations

from typing import Any

from sandbox.answers import kronor
from sandbox.books import Row
from sandbox.documents import ONE_TO_ONE, Accrual, Payment, SupplierInvoice, part_of
from sandbox.made_up_year import INCOMING_VAT, PAYABLES
from sandbox.resource import API, Json, Resource, View, digits, iso_day, modified_of


def rate_text(rate: int) -> str:
    """A rate as Fortnox writes it in lists: "1", "11.2345"."""
    return str(rate // ONE_TO_ONE) if rate % ONE_TO_ONE == 0 else str(rate / ONE_TO_ONE)


def _vouchers(invoice: SupplierInvoice) -> list[Json]:
    if invoice.voucher is None:
        return []
    year, series, number = invoice.voucher
    return [{"Number": number, "Year": year, "Series": series, "ReferenceType": "SUPPLIERINVOICE"}]


def _listed(_view: View, invoice: SupplierInvoice) -> Json:
    return {
        "@url": f"{API}/supplierinvoices/{invoice.number}",
        "Balance": digits(invoice.balance),
        "Booked": invoice.booked,
        "Cancel": invoice.cancelled,
        "CostCenter": invoice.cost_center,
        "Credit": bool(invoice.credits),
        "Currency": invoice.currency,
        "CurrencyRate": rate_text(invoice.rate),
        "CurrencyUnit": 1,
        "DueDate": invoice.due.isoformat(),
        "ExternalInvoiceNumber": "",
        "ExternalInvoiceSeries": "",
        "GivenNumber": str(invoice.number),
        "InvoiceDate": invoice.day.isoformat(),
        "InvoiceNumber": invoice.reference,
        "Project": invoice.project,
        "SupplierNumber": invoice.supplier,
        "SupplierName": invoice.supplier_name,
        "Total": digits(invoice.total),
        "AuthorizerName": "",
        "Vouchers": _vouchers(invoice),
        "FinalPayDate": iso_day(invoice.paid_on),
    }


def _single(view: View, invoice: SupplierInvoice) -> Json:
    listed = _listed(view, invoice)
    del listed["Cancel"], listed["AuthorizerName"]
    voucher = invoice.voucher
    names = {account.number: account.name for account in view.year.accounts}
    return {
        **listed,
        "AccountingMethod": "ACCRUAL",
        "AdministrationFee": "0",
        "Cancelled": invoice.cancelled,
        "Comments": invoice.comments,
        "CreditReference": invoice.credits,
        "DisablePaymentFile": False,
        "Freight": "0",
        "OCR": "",
        "OurReference": "",
        "PaymentPending": False,
        "RoundOffValue": "0",
        "SalesType": "STOCK",
        "SupplierInvoiceRows": [_row(invoice, row, names.get(row.account, "")) for row in invoice.rows],
        "VAT": digits(invoice.vat),
        "VATType": "NORMAL" if invoice.currency == "SEK" else "EUINTERNAL",
        "VoucherNumber": voucher.number if voucher else None,
        "VoucherSeries": voucher.series if voucher else None,
        "VoucherYear": voucher.year if voucher else None,
        "YourReference": "",
    }


_CODES = {PAYABLES: "TOT", INCOMING_VAT: "VAT"}


def _row(invoice: SupplierInvoice, row: Row, account_name: str) -> Json:
    currency = row.amount if invoice.rate == ONE_TO_ONE else part_of(row.amount, ONE_TO_ONE, invoice.rate)
    return {
        "Account": row.account,
        "AccountDescription": account_name,
        "ArticleNumber": "",
        "Code": _CODES.get(row.account),
        "CostCenter": row.cost_center,
        "Credit": kronor(max(0, -row.amount)),
        "CreditCurrency": kronor(max(0, -currency)),
        "Debit": kronor(max(0, row.amount)),
        "DebitCurrency": kronor(max(0, currency)),
        "ItemDescription": row.text,
        "Price": 0,
        "Project": row.project,
        "Quantity": 0,
        "StockLocationCode": None,
        "StockPointCode": None,
        "Total": kronor(row.amount),
        "TransactionInformation": row.text,
        "Unit": "",
    }


def _listed_payment(_view: View, payment: Payment) -> Json:
    return {
        "@url": f"{API}/supplierinvoicepayments/{payment.number}",
        "Amount": kronor(payment.sek),
        "Booked": payment.voucher is not None,
        "Currency": payment.currency,
        "CurrencyRate": payment.rate / ONE_TO_ONE if payment.rate != ONE_TO_ONE else 1,
        "CurrencyUnit": 1,
        "InvoiceNumber": str(payment.invoice),
        "Number": payment.number,
        "PaymentDate": payment.day.isoformat(),
        "Source": "manual",
        "WriteOffExist": bool(payment.written_off),
    }


def _payment(view: View, payment: Payment) -> Json:
    listed = _listed_payment(view, payment)
    del listed["WriteOffExist"]
    invoice = view.company.supplier_invoices.get(str(payment.invoice))
    voucher = payment.voucher
    return {
        **listed,
        "AmountCurrency": kronor(payment.amount),
        "Information": "",
        "InvoiceDueDate": iso_day(invoice.due) if invoice else None,
        "InvoiceOCR": "",
        "InvoiceSupplierName": invoice.supplier_name if invoice else "",
        "InvoiceSupplierNumber": invoice.supplier if invoice else "",
        "InvoiceTotal": digits(invoice.total) if invoice else "0",
        "ModeOfPayment": "BG",
        "VoucherNumber": voucher.number if voucher else None,
        "VoucherSeries": voucher.series if voucher else None,
        "VoucherYear": voucher.year if voucher else None,
        "WriteOffs": [],
    }


def _listed_accrual(_view: View, accrual: Accrual) -> Json:
    return {
        "@url": f"{API}/supplierinvoiceaccruals/{accrual.number}",
        "Description": accrual.text,
        "SupplierInvoiceNumber": accrual.number,
        "Period": accrual.period,
    }


def _accrual(view: View, accrual: Accrual) -> Json:
    return {
        **_listed_accrual(view, accrual),
        "AccrualAccount": accrual.accrual_account,
        "CostAccount": accrual.account,
        "EndDate": accrual.end.isoformat(),
        "StartDate": accrual.start.isoformat(),
        "SupplierInvoiceAccrualRows": accrual_rows(accrual, debit=accrual.accrual_account),
        "Times": accrual.times,
        "Total": kronor(accrual.total),
        "VATIncluded": False,
    }


def accrual_rows(accrual: Accrual, debit: int) -> list[Json]:
    """The two rows that move the amount out of its month, ``debit`` naming the account debited."""
    credit = accrual.account if debit == accrual.accrual_account else accrual.accrual_account
    return [
        {
            "Account": account,
            "CostCenter": accrual.cost_center,
            "Credit": kronor(accrual.total) if account == credit else 0,
            "Debit": kronor(accrual.total) if account == debit else 0,
            "Project": accrual.project,
            "TransactionInformation": "",
        }
        for account in (debit, credit)
    ]


PURCHASES: tuple[Resource[Any], ...] = (
    Resource[SupplierInvoice](
        "supplierinvoices",
        "SupplierInvoices",
        "SupplierInvoice",
        records=lambda view: view.company.supplier_invoices,
        listed=_listed,
        single=_single,
        not_found=("Kan inte hitta leverantörsfakturan.", 2000440),
        filters={
            "cancelled": lambda _view, invoice: invoice.cancelled,
            "fullypaid": lambda _view, invoice: invoice.booked and not invoice.balance,
            "unpaid": lambda _view, invoice: invoice.booked and bool(invoice.balance),
            "unpaidoverdue": lambda view, invoice: (
                invoice.booked and bool(invoice.balance) and invoice.due < view.today
            ),
            "unbooked": lambda _view, invoice: not invoice.booked and not invoice.cancelled,
            "pendingpayment": lambda _view, _invoice: False,
            "authorizepending": lambda _view, _invoice: False,
        },
        modified=modified_of,
        last_modified="ignored",  # only assumed by clients
    ),
    Resource[Payment](
        "supplierinvoicepayments",
        "SupplierInvoicePayments",
        "SupplierInvoicePayment",
        records=lambda view: view.company.supplier_payments,
        listed=_listed_payment,
        single=_payment,
        not_found=("Kan inte hitta betalningen.", 2000441),
        equals={"invoicenumber": lambda payment: str(payment.invoice)},
        modified=modified_of,
    ),
    Resource[Accrual](
        "supplierinvoiceaccruals",
        "SupplierInvoiceAccruals",
        "SupplierInvoiceAccrual",
        records=lambda view: view.company.supplier_accruals,
        listed=_listed_accrual,
        single=_accrual,
        not_found=("Kan inte hitta periodiseringen.", 2000442),
        modified=modified_of,
        last_modified="ignored",  # nothing is known
    ),
)
