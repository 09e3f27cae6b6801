"""The catalogue of what Saldo takes from Fortnox: data, one entry a resource.

Adding a resource is one entry here and one view in include/sql/staging. Paths, keys, orders and scopes:
Fortnox developer pages (Scopes, Parameters) and its public API description.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How Fortnox answers."""

    OBJECT = "one object"
    LIST = "pages of a list"
    FILE = "a SIE file"


class Group(StrEnum):
    """The task that lands a resource."""

    LEDGER = "ledger"
    REGISTERS = "registers"
    SALES = "sales"
    PURCHASES = "purchases"


class Declared(StrEnum):
    """What is known of `lastmodified` before a company's own Fortnox was asked.

    YES: Fortnox's own description names it. SEEN: others were seen to use it. UNKNOWN: no evidence either
    way. NO: it was tried and does not work, or the list is so small that it is always read whole.
    """

    YES = "declared"
    SEEN = "seen in use"
    UNKNOWN = "unknown"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of Fortnox's API.

    Attributes:
        name: its name in landing, and in the trigger form.
        list_key: the key of the answer that holds the records.
        key_fields: the fields that tell one record from all others of the organization; none for the one
            object that there is.
        scope: the scope and licence that Fortnox asks for.
        group: the task that lands it.
        path: its path below /3/, where it differs from the name.
        shape: how Fortnox answers.
        order: the `sortby` value that gives a stable order, where Fortnox has one.
        lastmodified: what is known of asking for changes alone; each company's Fortnox is asked itself.
        date_field: the field that `fromdate` and `todate` compare, where the list knows them.
        detail_key: the key of a single record's answer, where the records' rows are wanted too, which
            costs a request a record.
        is_per_year: asked for once per financial year.
        is_hot: asked for at every run, and once a day otherwise.
        is_wanted_later: not needed for the first report, so the first run leaves it to the next.
        is_off: taken only where the setting [saldo] resources_on names it.
        holds_personal_data: names, addresses or numbers of people may stand in it.
    """

    name: str
    list_key: str
    key_fields: tuple[str, ...]
    scope: str
    group: Group = Group.REGISTERS
    path: str = ""
    shape: Shape = Shape.LIST
    order: str | None = None
    lastmodified: Declared = Declared.NO
    date_field: str | None = None
    detail_key: str | None = None
    is_per_year: bool = False
    is_hot: bool = False
    is_wanted_later: bool = False
    is_off: bool = False
    holds_personal_data: bool = False

    @property
    def url_path(self) -> str:
        """Where it is below /3/."""
        return self.path or self.name


_NUMBER = ("DocumentNumber",)
_CODE = ("Code",)

COMPANY_INFORMATION = Resource(
    "companyinformation", "CompanyInformation", ("DatabaseNumber",), "companyinformation",
    shape=Shape.OBJECT,
)  # fmt: skip
FINANCIAL_YEARS = Resource("financialyears", "FinancialYears", ("Id",), "bookkeeping", order="id")
SIE = Resource("sie", "", (), "bookkeeping", Group.LEDGER, "sie/4", Shape.FILE, is_per_year=True, is_hot=True)
VOUCHERS = Resource(
    "vouchers", "Vouchers", ("Year", "VoucherSeries", "VoucherNumber"), "bookkeeping", Group.REGISTERS,
    lastmodified=Declared.YES, date_field="TransactionDate", is_per_year=True, is_hot=True,
    is_wanted_later=True,
)  # fmt: skip

_REGISTERS = (
    Resource("accounts", "Accounts", ("Year", "Number"), "bookkeeping", order="number",
             lastmodified=Declared.YES, is_per_year=True),
    Resource("voucherseries", "VoucherSeriesCollection", ("Year", "Code"), "bookkeeping", order="code",
             lastmodified=Declared.YES, is_per_year=True),
    Resource("predefinedvoucherseries", "PreDefinedVoucherSeriesCollection", ("Name",), "bookkeeping"),
    Resource("predefinedaccounts", "PreDefinedAccounts", ("Name",), "settings"),
    Resource("companysettings", "CompanySettings", (), "settings", path="settings/company",
             shape=Shape.OBJECT, holds_personal_data=True),
    Resource("lockedperiod", "LockedPeriod", (), "settings", path="settings/lockedperiod",
             shape=Shape.OBJECT),
    Resource("customers", "Customers", ("CustomerNumber",), "customer", order="customernumber",
             lastmodified=Declared.YES, is_hot=True, holds_personal_data=True),
    Resource("suppliers", "Suppliers", ("SupplierNumber",), "supplier", order="suppliernumber",
             lastmodified=Declared.UNKNOWN, is_hot=True, holds_personal_data=True),
    Resource("projects", "Projects", ("ProjectNumber",), "project", lastmodified=Declared.SEEN),
    Resource("costcenters", "CostCenters", _CODE, "costcenter", order="code", lastmodified=Declared.YES),
    Resource("currencies", "Currencies", _CODE, "currency", order="code"),
    Resource("units", "Units", _CODE, "settings", order="code", lastmodified=Declared.SEEN),
    Resource("labels", "Labels", ("Id",), "settings"),
    Resource("modesofpayments", "ModesOfPayments", _CODE, "settings"),
    Resource("termsofpayments", "TermsOfPayments", _CODE, "settings", lastmodified=Declared.SEEN),
    Resource("termsofdeliveries", "TermsOfDeliveries", _CODE, "settings", lastmodified=Declared.SEEN),
    Resource("wayofdeliveries", "WayOfDeliveries", _CODE, "settings"),
)  # fmt: skip

_SALES = (
    Resource("articles", "Articles", ("ArticleNumber",), "article", Group.SALES, order="articlenumber",
             lastmodified=Declared.YES),
    Resource("pricelists", "PriceLists", _CODE, "price", Group.SALES, lastmodified=Declared.UNKNOWN),
    Resource("prices", "Prices", ("PriceList", "ArticleNumber", "FromQuantity"), "price", Group.SALES,
             lastmodified=Declared.SEEN),
    Resource("invoices", "Invoices", _NUMBER, "invoice", Group.SALES, order="documentnumber",
             lastmodified=Declared.YES, date_field="InvoiceDate", detail_key="Invoice", is_hot=True,
             holds_personal_data=True),
    Resource("invoicepayments", "InvoicePayments", ("Number",), "payment", Group.SALES,
             order="paymentdate", lastmodified=Declared.YES, is_hot=True),
    Resource("invoiceaccruals", "InvoiceAccruals", ("InvoiceNumber",), "invoice", Group.SALES,
             detail_key="InvoiceAccrual"),
    Resource("orders", "Orders", _NUMBER, "order", Group.SALES, order="documentnumber",
             lastmodified=Declared.YES, date_field="OrderDate", detail_key="Order",
             holds_personal_data=True),
    Resource("offers", "Offers", _NUMBER, "offer", Group.SALES, order="documentnumber",
             lastmodified=Declared.YES, date_field="OfferDate", detail_key="Offer",
             holds_personal_data=True),
    Resource("contracts", "Contracts", _NUMBER, "invoice", Group.SALES, order="documentnumber",
             lastmodified=Declared.UNKNOWN, detail_key="Contract", holds_personal_data=True),
    Resource("contractaccruals", "ContractAccruals", _NUMBER, "invoice", Group.SALES,
             detail_key="ContractAccrual"),
    Resource("taxreductions", "TaxReductions", ("Id",), "invoice", Group.SALES, order="id",
             lastmodified=Declared.UNKNOWN, is_off=True, holds_personal_data=True),
)  # fmt: skip

_PURCHASES = (
    Resource("supplierinvoices", "SupplierInvoices", ("GivenNumber",), "supplierinvoice", Group.PURCHASES,
             lastmodified=Declared.UNKNOWN, detail_key="SupplierInvoice", is_hot=True,
             holds_personal_data=True),
    Resource("supplierinvoicepayments", "SupplierInvoicePayments", ("Number",), "payment",
             Group.PURCHASES, lastmodified=Declared.YES, is_hot=True),
    Resource("supplierinvoiceaccruals", "SupplierInvoiceAccruals", ("SupplierInvoiceNumber",),
             "supplierinvoice", Group.PURCHASES, detail_key="SupplierInvoiceAccrual"),
)  # fmt: skip

CATALOGUE = {
    resource.name: resource
    for resource in (
        COMPANY_INFORMATION, FINANCIAL_YEARS, SIE, VOUCHERS, *_REGISTERS, *_SALES, *_PURCHASES
    )
}  # fmt: skip


def of_group(group: Group) -> tuple[Resource, ...]:
    """The lists and objects of a group that a run sweeps, in the catalogue's order."""
    return tuple(
        resource
        for resource in CATALOGUE.values()
        if resource.group is group
        and resource.shape is not Shape.FILE
        and resource not in (COMPANY_INFORMATION, FINANCIAL_YEARS)
    )
