"""Customer invoices with payments, accruals and tax reductions, orders, offers and contracts.

Invoices: recorded answers; orders: the types of recorded answers; the rest: public API description. What
looks odd is as Fortnox has it: ``Credit`` is text, ``CurrencyRate`` text in the list and a number in the
single record, references are text, a contract's interval is spelled in two ways, unset dates are "" or null.
Assumed: ``Total`` and ``Balance`` are in the invoice's currency, a payment's ``Amount`` is in kronor and its
``AmountCurrency`` in the invoice's; a cash invoice has no payment; what was open as the books began is booked
and names no voucher; the part of an invoice that a tax reduction pays is on 1510 until it is paid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.answers import kronor
from sandbox.books import Party, size_of
from sandbox.documents import (
    ONE_TO_ONE,
    Accrual,
    Contract,
    Invoice,
    Order,
    Payment,
    Sale,
    SalesRow,
    TaxReduction,
)
from sandbox.made_up_year import ROUNDING
from sandbox.purchases import accrual_rows, rate_text
from sandbox.resource import API, Json, Resource, View, digits, iso_day, modified_of

_NOBODY = Party("", "", modified=None)  # type: ignore[arg-type]  # stands in for a customer who was deleted


def _customer(view: View, sale: Sale) -> Party:
    return view.company.customers.get(sale.customer, _NOBODY)


def _rate(rate: int) -> int | float:
    return rate // ONE_TO_ONE if rate % ONE_TO_ONE == 0 else rate / ONE_TO_ONE


def ocr(number: int) -> str:
    """Number, a digit for the length of the whole, and a check digit, as recorded answers have it."""
    body = f"{number}{(len(str(number)) + 2) % 10}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
    return body + str(-sum(one // 10 + one % 10 for one in doubled) % 10)


def _listed_invoice(_view: View, invoice: Invoice) -> Json:
    voucher = invoice.voucher
    return {
        "@url": f"{API}/invoices/{invoice.number}",
        "Balance": kronor(invoice.balance),
        "Booked": invoice.booked,
        "Cancelled": invoice.cancelled,
        "CostCenter": invoice.cost_center,
        "Currency": invoice.currency,
        "CurrencyRate": rate_text(invoice.rate),
        "CurrencyUnit": 1,
        "CustomerName": invoice.customer_name,
        "CustomerNumber": invoice.customer,
        "DocumentNumber": str(invoice.number),
        "DueDate": invoice.due.isoformat(),
        "ExternalInvoiceReference1": "",
        "ExternalInvoiceReference2": "",
        "InvoiceDate": invoice.day.isoformat(),
        "InvoiceType": invoice.kind,
        "NoxFinans": False,
        "OCR": ocr(invoice.number),
        "VoucherNumber": voucher.number if voucher else None,
        "VoucherSeries": voucher.series if voucher else None,
        "VoucherYear": voucher.year if voucher else None,
        "WayOfDelivery": "",
        "TermsOfPayment": invoice.terms,
        "Project": invoice.project,
        "Sent": invoice.booked,
        "Total": kronor(invoice.total),
        "FinalPayDate": iso_day(invoice.paid_on),
    }


_EDI = {
    **dict.fromkeys(
        ("EDIGlobalLocationNumber", "EDIGlobalLocationNumberDelivery", "EDIInvoiceExtra1", "EDIInvoiceExtra2",
         "EDIOurElectronicReference", "EDIYourElectronicReference")
    ),
    "EDIStatus": "",
}  # fmt: skip


def _email(address: str, subject: str) -> Json:
    return {
        "EmailAddressFrom": None,
        "EmailAddressTo": address,
        "EmailAddressCC": None,
        "EmailAddressBCC": None,
        "EmailSubject": subject,
        "EmailBody": " ",
    }


_NO_DELIVERY = dict.fromkeys(("DeliveryAddress1", "DeliveryAddress2", "DeliveryCity", "DeliveryCountry"), "")


def contribution(sale: Sale) -> tuple[int, int]:
    """What the sale leaves over its articles' cost, in its currency, and in hundredths of a per cent."""
    value = sale.net - sum(row.cost * row.quantity // 100 for row in sale.rows)
    return value, (value * 10_000 // sale.net if sale.net else 0)


def _invoice(view: View, invoice: Invoice) -> Json:
    customer, voucher = _customer(view, invoice), invoice.voucher
    value, percent = contribution(invoice)
    gross = sum(row.total for row in invoice.rows)
    return {
        "@url": f"{API}/invoices/{invoice.number}",
        "@urlTaxReductionList": f"{API}/taxreductions?filter=invoices&referencenumber={invoice.number}",
        "AdministrationFee": 0,
        "AdministrationFeeVAT": 0,
        "Address1": customer.address,
        "Address2": "",
        "Balance": kronor(invoice.balance),
        "BasisTaxReduction": kronor(invoice.tax_reduction),
        "Booked": invoice.booked,
        "Cancelled": invoice.cancelled,
        "City": customer.city,
        "Comments": invoice.comments,
        "ContractReference": invoice.contract,
        "ContributionPercent": kronor(percent),
        "ContributionValue": kronor(value),
        "Country": "Sverige",
        "CostCenter": invoice.cost_center,
        "Credit": "true" if invoice.credits else "false",
        "CreditInvoiceReference": str(invoice.credits or invoice.credited_by),
        "Currency": invoice.currency,
        "CurrencyRate": _rate(invoice.rate),
        "CurrencyUnit": 1,
        "CustomerName": invoice.customer_name,
        "CustomerNumber": invoice.customer,
        **_NO_DELIVERY,
        "DeliveryDate": None,
        "DeliveryName": "",
        "DeliveryZipCode": "",
        "DocumentNumber": str(invoice.number),
        "DueDate": invoice.due.isoformat(),
        "EDIInformation": _EDI,
        "EmailInformation": _email(customer.email, "Faktura {no} bifogas"),
        "EUQuarterlyReport": invoice.currency != "SEK",
        "ExternalInvoiceReference1": "",
        "ExternalInvoiceReference2": "",
        "Freight": 0,
        "FreightVAT": 0,
        "Gross": kronor(gross),
        "HouseWork": bool(invoice.tax_reduction),
        "InvoiceDate": invoice.day.isoformat(),
        "InvoicePeriodStart": "",
        "InvoicePeriodEnd": "",
        "InvoiceReference": "0",
        "InvoiceRows": [_invoice_row(row, place) for place, row in enumerate(invoice.rows, 1)],
        "InvoiceType": invoice.kind,
        "Labels": [],
        "Language": "SV",
        "LastRemindDate": None,
        "Net": kronor(invoice.net),
        "NotCompleted": False,
        "NoxFinans": False,
        "OCR": ocr(invoice.number),
        "OfferReference": "0",
        "OrderReference": str(invoice.order),
        "OrganisationNumber": customer.organisation_number,
        "OurReference": "",
        "PaymentWay": "CASH" if invoice.kind == "CASHINVOICE" else "",
        "Phone1": customer.phone,
        "Phone2": "",
        "PriceList": "A",
        "PrintTemplate": "st",
        "Project": invoice.project,
        "WarehouseReady": True,
        "OutboundDate": invoice.day.isoformat(),
        "Remarks": "",
        "Reminders": 0,
        "RoundOff": kronor(invoice.round_off),
        "Sent": invoice.booked,
        "TaxReduction": kronor(invoice.tax_reduction) if invoice.tax_reduction else None,
        "TermsOfDelivery": "",
        "TermsOfPayment": invoice.terms,
        "TimeBasisReference": None,
        "Total": kronor(invoice.total),
        "TotalToPay": kronor(invoice.total - invoice.tax_reduction),
        "TotalVAT": kronor(invoice.vat),
        "VATIncluded": invoice.vat_included,
        "VoucherNumber": voucher.number if voucher else None,
        "VoucherSeries": voucher.series if voucher else None,
        "VoucherYear": voucher.year if voucher else None,
        "WayOfDelivery": "",
        "YourOrderNumber": "",
        "YourReference": "",
        "ZipCode": customer.zip_code,
        "AccountingMethod": "ACCRUAL",
        "FinalPayDate": iso_day(invoice.paid_on),
        "TaxReductionType": "rot" if invoice.tax_reduction else "none",
    }


def _row_contribution(row: SalesRow) -> Json:
    value = row.net - row.cost * row.quantity // 100
    percent = value * 10_000 // row.net if row.net else 0
    return {"ContributionPercent": digits(percent), "ContributionValue": digits(value)}


def _excluding_vat(row: SalesRow) -> int:
    """A row's price without VAT, to the öre."""
    return row.price if row.net == row.total else row.price * row.net // row.total


def _invoice_row(row: SalesRow, place: int) -> Json:
    return {
        "AccountNumber": row.account,
        "ArticleNumber": row.article,
        **_row_contribution(row),
        "Cost": kronor(row.cost),
        "CostCenter": row.cost_center,
        "DeliveredQuantity": digits(row.quantity),
        "Description": row.text,
        "Discount": row.discount,
        "DiscountType": "PERCENT",
        "HouseWork": False,
        "HouseWorkHoursToReport": None,
        "HouseWorkType": None,
        "Price": kronor(row.price),
        "PriceExcludingVAT": kronor(_excluding_vat(row)),
        "Project": row.project,
        "RowId": place,
        "StockPointCode": None,
        "Total": kronor(row.total),
        "TotalExcludingVAT": kronor(row.net),
        "Unit": row.unit,
        "VAT": row.rate,
        "VATCode": None,
    }


def _listed_payment(_view: View, payment: Payment) -> Json:
    return {
        "@url": f"{API}/invoicepayments/{payment.number}",
        "Amount": kronor(payment.sek),
        "Booked": payment.voucher is not None,
        "Currency": payment.currency,
        "CurrencyRate": _rate(payment.rate),
        "CurrencyUnit": 1,
        "InvoiceNumber": payment.invoice,
        "Number": str(payment.number),
        "PaymentDate": payment.day.isoformat(),
        "Source": "manual",
        "WriteOffExist": bool(payment.written_off),
    }


def _payment(view: View, payment: Payment) -> Json:
    listed = _listed_payment(view, payment)
    del listed["WriteOffExist"]
    invoice = view.company.invoices.get(str(payment.invoice))
    voucher = payment.voucher
    return {
        **listed,
        "AmountCurrency": kronor(payment.amount),
        "ExternalInvoiceReference1": "",
        "ExternalInvoiceReference2": "",
        "InvoiceCustomerName": invoice.customer_name if invoice else "",
        "InvoiceCustomerNumber": invoice.customer if invoice else "",
        "InvoiceDueDate": iso_day(invoice.due) if invoice else None,
        "InvoiceOCR": ocr(payment.invoice),
        "InvoiceTotal": digits(invoice.total) if invoice else "0",
        "ModeOfPayment": "BG",
        "ModeOfPaymentAccount": 1930,
        "VoucherNumber": voucher.number if voucher else None,
        "VoucherSeries": voucher.series if voucher else None,
        "VoucherYear": voucher.year if voucher else None,
        "WriteOffs": _write_offs(payment),
    }


def _write_offs(payment: Payment) -> list[Json]:
    if not payment.written_off:
        return []
    return [
        {
            "AccountNumber": ROUNDING,
            "Amount": kronor(payment.written_off),
            "CostCenter": "",
            "Currency": payment.currency,
            "Description": "Öresutjämning",
            "Project": "",
            "TransactionInformation": "",
        }
    ]


def _listed_accrual(_view: View, accrual: Accrual) -> Json:
    return {
        "@url": f"{API}/invoiceaccruals/{accrual.number}",
        "Description": accrual.text,
        "InvoiceNumber": accrual.number,
        "Period": accrual.period,
    }


def _accrual(view: View, accrual: Accrual) -> Json:
    return {
        **_listed_accrual(view, accrual),
        "AccrualAccount": accrual.accrual_account,
        "EndDate": accrual.end.isoformat(),
        "InvoiceAccrualRows": accrual_rows(accrual, debit=accrual.account),
        "RevenueAccount": accrual.account,
        "StartDate": accrual.start.isoformat(),
        "Times": accrual.times,
        "Total": kronor(accrual.total),
        "VATIncluded": False,
    }


def _listed_contract_accrual(_view: View, accrual: Accrual) -> Json:
    return {
        "@url": f"{API}/contractaccruals/{accrual.number}",
        "Description": accrual.text,
        "DocumentNumber": accrual.number,
        "Period": accrual.period,
    }


def _contract_accrual(view: View, accrual: Accrual) -> Json:
    return {
        **_listed_contract_accrual(view, accrual),
        "AccrualAccount": accrual.accrual_account,
        "AccrualRows": accrual_rows(accrual, debit=accrual.account),
        "CostAccount": accrual.account,
        "Times": accrual.times,
        "Total": kronor(accrual.total),
        "VATIncluded": False,
    }


def _listed_order(_view: View, order: Order) -> Json:
    return {
        "@url": f"{API}/orders/{order.number}",
        "Cancelled": order.cancelled,
        "Currency": order.currency,
        "CustomerName": order.customer_name,
        "CustomerNumber": order.customer,
        "DeliveryDate": iso_day(order.until),
        "DocumentNumber": str(order.number),
        "ExternalInvoiceReference1": "",
        "ExternalInvoiceReference2": "",
        "OrderDate": order.day.isoformat(),
        "OrderType": "Order",
        "Project": order.project,
        "Sent": bool(order.next),
        "Total": kronor(order.total),
    }


def _priced(view: View, sale: Sale) -> Json:
    """What the single records of orders and offers have in common."""
    customer = _customer(view, sale)
    value, percent = contribution(sale)
    return {
        "AdministrationFee": 0,
        "AdministrationFeeVAT": 0,
        "Address1": customer.address,
        "Address2": "",
        "BasisTaxReduction": 0,
        "City": customer.city,
        "Comments": sale.comments,
        "ContributionPercent": kronor(percent),
        "ContributionValue": kronor(value),
        "CopyRemarks": False,
        "Country": "Sverige",
        "CostCenter": sale.cost_center,
        "CurrencyRate": _rate(sale.rate),
        "CurrencyUnit": 1,
        **_NO_DELIVERY,
        "DeliveryName": "",
        "DeliveryZipCode": "",
        "Freight": 0,
        "FreightVAT": 0,
        "Gross": kronor(sum(row.total for row in sale.rows)),
        "HouseWork": False,
        "Labels": [],
        "Language": "SV",
        "Net": kronor(sale.net),
        "NotCompleted": False,
        "OrganisationNumber": customer.organisation_number,
        "OurReference": "",
        "Phone1": customer.phone,
        "Phone2": "",
        "PriceList": "A",
        "PrintTemplate": "st",
        "Remarks": "",
        "RoundOff": kronor(sale.round_off),
        "TaxReduction": None,
        "TaxReductionType": "none",
        "TermsOfDelivery": "",
        "TermsOfPayment": sale.terms,
        "TotalToPay": kronor(sale.total),
        "TotalVAT": kronor(sale.vat),
        "VATIncluded": sale.vat_included,
        "WayOfDelivery": "",
        "YourReference": "",
        "ZipCode": customer.zip_code,
    }


def _order(view: View, order: Order) -> Json:
    return {
        **_listed_order(view, order),
        "@urlTaxReductionList": f"{API}/taxreductions?filter=orders&referencenumber={order.number}",
        **_priced(view, order),
        "DeliveryState": "delivery" if order.next else "registration",
        "EmailInformation": _email(_customer(view, order).email, "Order {no} bifogas"),
        "InvoiceReference": str(order.next),
        "OfferReference": str(order.former),
        "OrderRows": [_order_row(row, place) for place, row in enumerate(order.rows, 1)],
        "OutboundDate": order.day.isoformat(),
        "StockPointCode": None,
        "StockPointId": None,
        "TimeBasisReference": None,
        "WarehouseReady": True,
        "YourOrderNumber": "",
    }


def _row_of_order(row: SalesRow, place: int) -> Json:
    """What the rows of orders and offers have in common."""
    return {
        "AccountNumber": row.account,
        "ArticleNumber": row.article,
        **_row_contribution(row),
        "CostCenter": row.cost_center,
        "Description": row.text,
        "Discount": row.discount,
        "DiscountType": "PERCENT",
        "HouseWork": False,
        "HouseWorkHoursToReport": None,
        "HouseWorkType": "",
        "Price": kronor(row.price),
        "Project": row.project,
        "RowId": place,
        "Total": kronor(row.total),
        "Unit": row.unit,
        "VAT": row.rate,
        "VATCode": None,
    }


def _order_row(row: SalesRow, place: int) -> Json:
    return {
        **_row_of_order(row, place),
        "DeliveredQuantity": digits(row.quantity),
        "OrderedQuantity": digits(row.quantity),
        "ReservedQuantity": "0",
        "StockPointCode": None,
        "StockPointId": None,
    }


def _listed_offer(_view: View, offer: Order) -> Json:
    return {
        "@url": f"{API}/offers/{offer.number}",
        "Cancelled": offer.cancelled,
        "Currency": offer.currency,
        "CustomerName": offer.customer_name,
        "CustomerNumber": offer.customer,
        "DocumentNumber": str(offer.number),
        "OfferDate": offer.day.isoformat(),
        "Project": offer.project,
        "Sent": True,
        "Total": kronor(offer.total),
    }


def _offer(view: View, offer: Order) -> Json:
    return {
        **_listed_offer(view, offer),
        "@urlTaxReductionList": f"{API}/taxreductions?filter=offers&referencenumber={offer.number}",
        **_priced(view, offer),
        "DeliveryDate": None,
        "EmailInformation": _email(_customer(view, offer).email, "Offert {no} bifogas"),
        "ExpireDate": iso_day(offer.until),
        "InvoiceReference": "0",
        "OfferRows": [
            {**_row_of_order(row, place), "Quantity": digits(row.quantity)}
            for place, row in enumerate(offer.rows, 1)
        ],
        "OrderReference": str(offer.next),
        "YourReferenceNumber": "",
    }


def _listed_contract(_view: View, contract: Contract) -> Json:
    return {
        "@url": f"{API}/contracts/{contract.number}",
        "Continuous": contract.continuous,
        "ContractLength": contract.length,
        "Currency": contract.currency,
        "CustomerName": contract.customer_name,
        "CustomerNumber": contract.customer,
        "DocumentNumber": str(contract.number),
        "Invoiceinterval": contract.interval,
        "InvoicesRemaining": contract.length // contract.interval,
        "LastInvoiceDate": iso_day(contract.last_invoice) or "",
        "PeriodEnd": contract.end.isoformat(),
        "PeriodStart": contract.day.isoformat(),
        "Status": contract.status,
        "TemplateNumber": 0,
        "Total": kronor(contract.total),
    }


def _contract(view: View, contract: Contract) -> Json:
    listed = _listed_contract(view, contract)
    interval = listed.pop("Invoiceinterval")
    del listed["Status"]
    value, percent = contribution(contract)
    return {
        **listed,
        "@urlTaxReductionList": f"{API}/taxreductions?filter=contracts&referencenumber={contract.number}",
        "Active": contract.status == "ACTIVE",
        "AdministrationFee": 0,
        "BasisTaxReduction": 0,
        "Comments": contract.comments,
        "ContractDate": contract.day.isoformat(),
        "ContributionPercent": kronor(percent),
        "ContributionValue": kronor(value),
        "CostCenter": contract.cost_center,
        "EmailInformation": _email(_customer(view, contract).email, "Faktura {no} bifogas"),
        "ExternalInvoiceReference1": "",
        "ExternalInvoiceReference2": "",
        "Freight": 0,
        "Gross": kronor(contract.net),
        "HouseWork": False,
        "InvoiceDiscount": 0,
        "InvoiceInterval": interval,
        "InvoiceRows": [_contract_row(row, place) for place, row in enumerate(contract.rows, 1)],
        "InvoicesRemaining": str(listed["InvoicesRemaining"]),
        "Language": "SV",
        "Net": kronor(contract.net),
        "OurReference": "",
        "PriceList": "A",
        "PrintTemplate": "st",
        "Project": contract.project,
        "Remarks": "",
        "RoundOff": kronor(contract.round_off),
        "TaxReduction": None,
        "TaxReductionType": "none",
        "TemplateName": "",
        "TermsOfDelivery": "",
        "TermsOfPayment": contract.terms,
        "TotalToPay": kronor(contract.total),
        "TotalVAT": kronor(contract.vat),
        "VatIncluded": contract.vat_included,
        "WayOfDelivery": "",
        "YourOrderNumber": "",
        "YourReference": "",
    }


def _contract_row(row: SalesRow, place: int) -> Json:
    invoice_row = _invoice_row(row, place)
    for key in ("Cost", "StockPointCode", "VATCode"):
        del invoice_row[key]
    return invoice_row


def _listed_reduction(_view: View, reduction: TaxReduction) -> Json:
    return {
        "@url": f"{API}/taxreductions/{reduction.number}",
        "ApprovedAmount": kronor(reduction.approved),
        "CustomerName": reduction.customer_name,
        "Id": reduction.number,
        "ReferenceDocumentType": "INVOICE",
        "ReferenceNumber": reduction.document,
        "SocialSecurityNumber": reduction.personal_number,
    }


def _reduction(view: View, reduction: TaxReduction) -> Json:
    voucher = reduction.voucher
    return {
        **_listed_reduction(view, reduction),
        "AskedAmount": kronor(reduction.asked),
        "BilledAmount": kronor(reduction.asked),
        "PropertyDesignation": "",
        "ReferenceNumber": str(reduction.document),
        "RequestSent": voucher is not None,
        "ResidenceAssociationOrganisationNumber": "",
        "TaxReductionAmounts": [],
        "VoucherNumber": voucher.number if voucher else None,
        "VoucherSeries": voucher.series if voucher else None,
        "VoucherYear": voucher.year if voucher else None,
    }


_SALE_SEARCHES: dict[str, Callable[[Any], str]] = {
    "customername": lambda sale: sale.customer_name,
    **dict.fromkeys(
        ("ourreference", "yourreference", "externalinvoicereference1", "externalinvoicereference2", "label",
         "yourordernumber"), lambda _sale: ""
    ),
}  # fmt: skip

SALES: tuple[Resource[Any], ...] = (
    Resource[Invoice](
        "invoices",
        "Invoices",
        "Invoice",
        records=lambda view: view.company.invoices,
        listed=_listed_invoice,
        single=_invoice,
        not_found=("Kan inte hitta fakturan.", 2000434),
        sorts={
            "documentnumber": size_of,
            "customernumber": lambda invoice: (len(invoice.customer), invoice.customer),
            "customername": lambda invoice: invoice.customer_name,
            "invoicedate": lambda invoice: invoice.day,
            "ocr": lambda invoice: ocr(invoice.number),
            "total": lambda invoice: invoice.total,
        },
        searches={
            "documentnumber": lambda invoice: str(invoice.number),
            "customernumber": lambda invoice: invoice.customer,
            **_SALE_SEARCHES,
            "ocr": lambda invoice: ocr(invoice.number),
            "articlenumber": lambda invoice: "\n".join(row.article for row in invoice.rows),
            "articledescription": lambda invoice: "\n".join(row.text for row in invoice.rows),
        },
        equals={
            "costcenter": lambda invoice: invoice.cost_center,
            "project": lambda invoice: invoice.project,
            "currency": lambda invoice: invoice.currency,
            "invoicetype": lambda invoice: invoice.kind,
            "credit": lambda invoice: "true" if invoice.credits else "false",
            "sent": lambda invoice: "true" if invoice.booked else "false",
            "notcompleted": lambda _invoice: "false",
        },
        filters={
            "cancelled": lambda _view, invoice: invoice.cancelled,
            "fullypaid": lambda _view, invoice: invoice.booked and not invoice.balance,
            "unpaid": lambda _view, invoice: invoice.booked and bool(invoice.balance),
            "unpaidoverdue": lambda view, invoice: (
                invoice.booked and bool(invoice.balance) and invoice.due < view.today
            ),
            "unbooked": lambda _view, invoice: not invoice.booked and not invoice.cancelled,
        },
        days={"date": lambda invoice: invoice.day, "finalpaydate": lambda invoice: invoice.paid_on},
        modified=modified_of,
    ),
    Resource[Payment](
        "invoicepayments",
        "InvoicePayments",
        "InvoicePayment",
        records=lambda view: view.company.invoice_payments,
        listed=_listed_payment,
        single=_payment,
        not_found=("Kan inte hitta betalningen.", 2000441),
        sorts={"paymentdate": lambda payment: payment.day},
        equals={"invoicenumber": lambda payment: str(payment.invoice)},
        modified=modified_of,
    ),
    Resource[Accrual](
        "invoiceaccruals",
        "InvoiceAccruals",
        "InvoiceAccrual",
        records=lambda view: view.company.invoice_accruals,
        listed=_listed_accrual,
        single=_accrual,
        not_found=("Kan inte hitta periodiseringen.", 2000442),
        modified=modified_of,
        last_modified="ignored",  # nothing is known
    ),
    Resource[Order](
        "orders",
        "Orders",
        "Order",
        records=lambda view: view.company.orders,
        listed=_listed_order,
        single=_order,
        not_found=("Kan inte hitta ordern.", 2000439),
        sorts={
            "documentnumber": size_of,
            "customernumber": lambda order: (len(order.customer), order.customer),
            "customername": lambda order: order.customer_name,
            "orderdate": lambda order: order.day,
            "total": lambda order: order.total,
        },
        searches={
            "documentnumber": lambda order: str(order.number),
            "customernumber": lambda order: order.customer,
            **_SALE_SEARCHES,
        },
        equals={
            "costcenter": lambda order: order.cost_center,
            "project": lambda order: order.project,
        },
        filters={
            "cancelled": lambda _view, order: order.cancelled,
            "expired": lambda _view, _order: False,
            "invoicecreated": lambda _view, order: bool(order.next),
            "invoicenotcreated": lambda _view, order: not order.next and not order.cancelled,
        },
        days={"date": lambda order: order.day},
        modified=modified_of,
    ),
    Resource[Order](
        "offers",
        "Offers",
        "Offer",
        records=lambda view: view.company.offers,
        listed=_listed_offer,
        single=_offer,
        not_found=("Kan inte hitta offerten.", 2000443),
        sorts={
            "id": size_of,
            "documentnumber": size_of,
            "customername": lambda offer: offer.customer_name,
            "transactiondate": lambda offer: offer.day,
            "total": lambda offer: offer.total,
        },
        searches={
            "documentnumber": lambda offer: str(offer.number),
            "customernumber": lambda offer: offer.customer,
            **_SALE_SEARCHES,
        },
        equals={
            "costcenter": lambda offer: offer.cost_center,
            "project": lambda offer: offer.project,
        },
        filters={
            "cancelled": lambda _view, offer: offer.cancelled,
            "expired": lambda view, offer: (
                not offer.next and offer.until is not None and offer.until < view.today
            ),
            "completed": lambda _view, offer: bool(offer.next),
            "notcompleted": lambda _view, offer: not offer.next,
            "ordercreated": lambda _view, offer: bool(offer.next),
            "ordernotcreated": lambda _view, offer: not offer.next,
        },
        days={"date": lambda offer: offer.day},
        modified=modified_of,
    ),
    Resource[Contract](
        "contracts",
        "Contracts",
        "Contract",
        records=lambda view: view.company.contracts,
        listed=_listed_contract,
        single=_contract,
        not_found=("Kan inte hitta avtalet.", 2000444),
        sorts={"documentnumber": size_of, "periodstart": lambda contract: contract.day},
        filters={
            "active": lambda _view, contract: contract.status == "ACTIVE",
            "inactive": lambda _view, contract: contract.status == "INACTIVE",
            "finished": lambda _view, contract: contract.status == "FINISHED",
        },
        modified=modified_of,
        last_modified="ignored",  # nothing is known
    ),
    Resource[Accrual](
        "contractaccruals",
        "ContractAccruals",
        "ContractAccrual",
        records=lambda view: view.company.contract_accruals,
        listed=_listed_contract_accrual,
        single=_contract_accrual,
        not_found=("Kan inte hitta periodiseringen.", 2000442),
        modified=modified_of,
        last_modified="ignored",  # nothing is known
    ),
    Resource[TaxReduction](
        "taxreductions",
        "TaxReductions",
        "TaxReduction",
        records=lambda view: view.company.tax_reductions,
        listed=_listed_reduction,
        single=_reduction,
        not_found=("Kan inte hitta skattereduktionen.", 2000445),
        sorts={"id": size_of, "customername": lambda reduction: reduction.customer_name},
        equals={"referencenumber": lambda reduction: str(reduction.document)},
        filters={
            "invoices": lambda _view, _reduction: True,
            "orders": lambda _view, _reduction: False,
            "offers": lambda _view, _reduction: False,
        },
        modified=modified_of,
        last_modified="ignored",  # nothing is known
    ),
)
