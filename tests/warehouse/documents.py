"""Made-up records of Fortnox's lists of documents, with their single records where they matter."""

from __future__ import annotations

from typing import Any

from tests.warehouse.books import DETAIL

Record = dict[str, Any]


def invoice(
    number: str,
    date: str,
    due: str,
    total: str,
    *,
    balance: str = "0",
    customer: str = "1",
    paid_on: str = "",
    currency: str = "SEK",
    rate: str = "1",
    unit: int = 1,
    credited: str = "0",
    **fields: Any,
) -> Record:
    """A customer invoice: numbers are numbers, but for the rate, as Fortnox has it."""
    return {
        "DocumentNumber": number, "CustomerNumber": customer, "InvoiceDate": date, "DueDate": due,
        "Total": float(total), "Balance": float(balance), "FinalPayDate": paid_on, "Currency": currency,
        "CurrencyRate": rate, "CurrencyUnit": unit, "Booked": True, "Cancelled": False,
        "InvoiceType": "INVOICE", DETAIL: {"CreditInvoiceReference": credited},
        **fields,
    }  # fmt: skip


def supplier_invoice(
    number: str,
    date: str,
    due: str,
    total: str,
    *,
    balance: str = "0",
    supplier: str = "1",
    paid_on: str = "",
    currency: str = "SEK",
    rate: str = "1",
    unit: str = "1",
    credited: str = "",
    **fields: Any,
) -> Record:
    """A supplier invoice: amounts are texts."""
    return {
        "GivenNumber": number, "SupplierNumber": supplier, "InvoiceDate": date, "DueDate": due,
        "Total": total, "Balance": balance, "FinalPayDate": paid_on or None, "Currency": currency,
        "CurrencyRate": rate, "CurrencyUnit": unit, "Booked": True, "Cancel": False,
        "Credit": bool(credited), DETAIL: {"CreditReference": credited or None},
        **fields,
    }  # fmt: skip


def payment(
    number: str, invoice_number: str, date: str, amount: str, *, rate: str = "1", write_off: bool = False,
    **fields: Any,
) -> Record:  # fmt: skip
    """A payment of either side; amount in SEK."""
    return {
        "Number": number, "InvoiceNumber": invoice_number, "PaymentDate": date, "Amount": float(amount),
        "CurrencyRate": float(rate), "CurrencyUnit": 1, "Booked": True, "WriteOffExist": write_off,
        **fields,
    }  # fmt: skip


def listed_voucher(year: int, series: str, number: str, kind: str = "MANUAL", reference: str = "") -> Record:
    """What the voucher list says of a voucher."""
    return {
        "Year": year, "VoucherSeries": series, "VoucherNumber": number, "ReferenceType": kind,
        "ReferenceNumber": reference, "TransactionDate": "2025-01-01",
    }  # fmt: skip


def article(number: str, name: str) -> Record:
    """An article of the register."""
    return {"ArticleNumber": number, "Description": name, "Unit": "st"}


def sold(total: str, article_number: str = "", **fields: Any) -> Record:
    """A row of a customer invoice, without VAT."""
    return {
        "ArticleNumber": article_number, "TotalExcludingVAT": float(total), "Total": float(total),
        "DeliveredQuantity": "1", "Description": "en rad", "VAT": 25, **fields,
    }  # fmt: skip


def with_rows(record: Record, *rows: Record, **detail: Any) -> Record:
    """The invoice with its single record's rows; rows' sum and 25 % VAT unless told otherwise."""
    net = sum(row.get("TotalExcludingVAT") or 0 for row in rows) + detail.get("Freight", 0)
    told = {"TotalVAT": record["Total"] - net if "DocumentNumber" in record else 0, "RoundOff": 0, "Net": net}
    field = "InvoiceRows" if "DocumentNumber" in record else "SupplierInvoiceRows"
    return {**record, DETAIL: {**record[DETAIL], **told, **detail, field: list(rows)}}


def bought(account: str, debit: str = "0", credit: str = "0", **fields: Any) -> Record:
    """A row of a supplier invoice: a booking in SEK."""
    return {"Account": int(account), "Debit": float(debit), "Credit": float(credit), **fields}


def contract(number: str, net: str, interval: int, start: str, end: str, **fields: Any) -> Record:
    """An active contract that invoices `net`, without VAT, every `interval` months."""
    detail = {"ContractDate": start, "Net": float(net), "Active": True, "OurReference": "Säljaren"}
    listed = {
        "DocumentNumber": number, "CustomerNumber": "1", "InvoiceInterval": interval, "Continuous": False,
        "Currency": "SEK", "PeriodStart": start, "PeriodEnd": end,
    }  # fmt: skip
    return {
        **listed, **{name: value for name, value in fields.items() if name not in detail},
        DETAIL: {**detail, **{name: value for name, value in fields.items() if name in detail}},
    }  # fmt: skip
