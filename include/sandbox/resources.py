"""The catalogue of Fortnox resources: one entry each, with its fields, order, searches and errors.

Field names and order follow recorded answers (customers, projects) and the public API description (the
rest). To serve another resource, write its records and add an entry.
"""

from __future__ import annotations

from typing import Any

from sandbox.answers import kronor
from sandbox.articles import ARTICLES
from sandbox.books import FIRST_RESULT_ACCOUNT, Account, Company, CostCenter, Party, Project, Year, size_of
from sandbox.ledger import LEDGER
from sandbox.purchases import PURCHASES
from sandbox.resource import API, Json, Resource, View, iso_day, modified_of, text_or_null
from sandbox.sales import SALES
from sandbox.settings_resources import SETTINGS


def _listed_customer(_view: View, customer: Party) -> Json:
    return {
        "@url": f"{API}/customers/{customer.number}",
        "Address1": customer.address,
        "Address2": "",
        "City": customer.city,
        "CustomerNumber": customer.number,
        "Email": customer.email,
        "Name": customer.name,
        "OrganisationNumber": customer.organisation_number,
        "Phone": customer.phone,
        "ZipCode": customer.zip_code,
    }


_DELIVERY_TYPES = {"Invoice": "PRINT", "Order": "PRINT", "Offer": "PRINT"}
_TEMPLATES = dict.fromkeys(("Order", "Offer", "Invoice", "CashInvoice"), "DEFAULTTEMPLATE")


def _customer(_view: View, customer: Party) -> Json:
    return {
        "@url": f"{API}/customers/{customer.number}",
        "Address1": text_or_null(customer.address),
        "Address2": None,
        "City": text_or_null(customer.city),
        "Country": "Sverige",
        "Comments": None,
        "Currency": customer.currency,
        "CostCenter": None,
        "CountryCode": "SE",
        "Active": customer.active,
        "CustomerNumber": customer.number,
        "DefaultDeliveryTypes": _DELIVERY_TYPES,
        "DefaultTemplates": _TEMPLATES,
        **dict.fromkeys(
            ("DeliveryAddress1", "DeliveryAddress2", "DeliveryCity", "DeliveryCountry", "DeliveryCountryCode",
             "DeliveryFax", "DeliveryName", "DeliveryPhone1", "DeliveryPhone2", "DeliveryZipCode")
        ),
        "Email": customer.email,
        **dict.fromkeys(
            ("EmailInvoice", "EmailInvoiceBCC", "EmailInvoiceCC", "EmailOffer", "EmailOfferBCC",
             "EmailOfferCC", "EmailOrder", "EmailOrderBCC", "EmailOrderCC"), ""
        ),
        **dict.fromkeys(
            ("ExternalReference", "Fax", "GLN", "GLNDelivery", "InvoiceAdministrationFee", "InvoiceDiscount",
             "InvoiceFreight")
        ),
        "InvoiceRemark": "",
        "Name": customer.name,
        "OrganisationNumber": customer.organisation_number,
        "OurReference": "",
        "Phone1": text_or_null(customer.phone),
        "Phone2": None,
        "PriceList": "A",
        "Project": "",
        "SalesAccount": None,
        "ShowPriceVATIncluded": False,
        "TermsOfDelivery": "",
        "TermsOfPayment": "30",
        "Type": "COMPANY",
        "VATNumber": "",
        "VATType": "SEVAT",
        **dict.fromkeys(
            ("VisitingAddress", "VisitingCity", "VisitingCountry", "VisitingCountryCode", "VisitingZipCode")
        ),
        "WayOfDelivery": "",
        "WWW": "",
        "YourReference": "",
        "ZipCode": text_or_null(customer.zip_code),
    }  # fmt: skip


def _listed_supplier(_view: View, supplier: Party) -> Json:
    return {
        "@url": f"{API}/suppliers/{supplier.number}",
        "Active": supplier.active,
        "Address1": supplier.address,
        "Address2": "",
        "BankAccountNumber": "",
        "BG": "",
        "BIC": "",
        "City": supplier.city,
        "CostCenter": "",
        "CountryCode": "SE",
        "Currency": supplier.currency,
        "DisablePaymentFile": False,
        "Email": supplier.email,
        "IBAN": "",
        "Name": supplier.name,
        "OrganisationNumber": supplier.organisation_number,
        "PG": "",
        "Phone": supplier.phone,
        "PreDefinedAccount": "",
        "Project": "",
        "SupplierNumber": supplier.number,
        "TermsOfPayment": "30",
        "ZipCode": supplier.zip_code,
    }


def _supplier(view: View, supplier: Party) -> Json:
    listed = _listed_supplier(view, supplier)
    phone = listed.pop("Phone")
    return {
        **listed,
        **dict.fromkeys(
            ("Bank", "BranchCode", "ClearingNumber", "Comments", "Fax", "OurCustomerNumber", "OurReference",
             "Phone2", "VATNumber", "VisitingAddress", "VisitingCity", "VisitingCountry",
             "VisitingCountryCode", "VisitingZipCode", "WWW", "WorkPlace", "YourReference"), ""
        ),
        "Country": "Sverige",
        "Phone1": phone,
        "VATType": "NORMAL",
    }  # fmt: skip


def _listed_project(_view: View, project: Project) -> Json:
    return {
        "@url": f"{API}/projects/{project.number}",
        "Description": project.name,
        "EndDate": iso_day(project.end),
        "ProjectLeader": None,
        "ProjectNumber": project.number,
        "Status": project.status,
        "StartDate": iso_day(project.start),
    }


def _project(_view: View, project: Project) -> Json:
    return {
        "@url": f"{API}/projects/{project.number}",
        "Comments": "",
        "ContactPerson": None,
        "Description": project.name,
        "EndDate": iso_day(project.end),
        "ProjectLeader": None,
        "ProjectNumber": project.number,
        "Status": project.status,
        "StartDate": iso_day(project.start),
    }


def _cost_center(_view: View, cost_center: CostCenter) -> Json:
    return {
        "@url": f"{API}/costcenters/{cost_center.number}",
        "Active": cost_center.active,
        "Code": cost_center.number,
        "Description": cost_center.name,
        "Note": "",
    }


def _financial_year(_view: View, year: Year) -> Json:
    return {
        "@url": f"{API}/financialyears/{year.id}",
        "Id": year.id,
        "FromDate": year.start.isoformat(),
        "ToDate": year.end.isoformat(),
        "AccountChartType": "BAS 2024",
        "AccountingMethod": "ACCRUAL",
    }


def _listed_account(view: View, account: Account) -> Json:
    return {
        "@url": f"{API}/accounts/{account.number}?financialyear={view.year.id}",
        "Active": account.active,
        "BalanceBroughtForward": kronor(view.year.opening().get(account.number, 0)),
        "CostCenter": None,
        "CostCenterSettings": "ALLOWED",
        "Description": account.name,
        "Number": account.number,
        "Project": "",
        "ProjectSettings": "ALLOWED",
        "SRU": account.sru or 0,
        "Year": view.year.id,
        "VATCode": account.vat_code,
    }


def _account(view: View, account: Account) -> Json:
    carried = view.year.closing().get(account.number, 0) if account.number < FIRST_RESULT_ACCOUNT else 0
    return {
        **_listed_account(view, account),
        "BalanceCarriedForward": kronor(carried),
        "OpeningQuantities": None,
        "QuantitySettings": "ALLOWED",
        "QuantityUnit": "",
        "TransactionInformation": None,
        "TransactionInformationSettings": "ALLOWED",
    }


CATALOGUE: tuple[Resource[Any], ...] = (
    Resource[Year](
        "financialyears",
        "FinancialYears",
        "FinancialYear",
        records=lambda view: view.company.years[::-1],
        listed=_financial_year,
        single=_financial_year,
        key=lambda year: str(year.id),
        not_found=("Kan inte hitta räkenskapsåret.", 2000430),
        sorts={
            "id": lambda year: year.id,
            "fromdate": lambda year: year.start,
            "todate": lambda year: year.end,
        },
    ),
    Resource[Account](
        "accounts",
        "Accounts",
        "Account",
        records=lambda view: view.year.accounts,
        listed=_listed_account,
        single=_account,
        not_found=("Kan inte hitta kontot.", 2000423),
        sorts={"number": lambda account: account.number},
        searches={"sru": lambda account: str(account.sru or "")},
        modified=modified_of,
    ),
    Resource[Party](
        "customers",
        "Customers",
        "Customer",
        records=lambda view: sorted(view.company.customers.values(), key=size_of),
        listed=_listed_customer,
        single=_customer,
        not_found=("Kan inte hitta kunden.", 2000433),
        sorts={"customernumber": size_of, "name": lambda customer: customer.name},
        searches={
            "customernumber": lambda customer: customer.number,
            "name": lambda customer: customer.name,
            "zipcode": lambda customer: customer.zip_code,
            "city": lambda customer: customer.city,
            "email": lambda customer: customer.email,
            "phone": lambda customer: customer.phone,
            "organisationnumber": lambda customer: customer.organisation_number,
        },
        filters={
            "active": lambda _view, customer: customer.active,
            "inactive": lambda _view, customer: not customer.active,
        },
        modified=modified_of,
    ),
    Resource[Party](
        "suppliers",
        "Suppliers",
        "Supplier",
        records=lambda view: sorted(view.company.suppliers.values(), key=size_of),
        listed=_listed_supplier,
        single=_supplier,
        not_found=("Kan inte hitta leverantören.", 2000435),
        sorts={"suppliernumber": size_of, "name": lambda supplier: supplier.name},
        modified=modified_of,
        last_modified="ignored",  # nothing but the guesses of clients says that it is heeded
    ),
    Resource[Project](
        "projects",
        "Projects",
        "Project",
        records=lambda view: sorted(view.company.projects.values(), key=lambda project: project.number),
        listed=_listed_project,
        single=_project,
        not_found=("Kan inte hitta projektet.", 2001161),
        modified=modified_of,
    ),
    Resource[CostCenter](
        "costcenters",
        "CostCenters",
        "CostCenter",
        records=lambda view: sorted(view.company.cost_centers.values(), key=lambda center: center.number),
        listed=_cost_center,
        single=_cost_center,
        not_found=("Kan inte hitta kostnadsstället.", 2000436),
        sorts={"code": lambda center: center.number},
        modified=modified_of,
    ),
    *SETTINGS,
    *LEDGER,
    *SALES,
    *PURCHASES,
    *ARTICLES,
)


def company_information(company: Company) -> Json:
    """The single record of companyinformation; the tenant id is its DatabaseNumber."""
    return {
        "CompanyInformation": {
            "Address": text_or_null(company.address),
            "City": text_or_null(company.city),
            "CountryCode": "SE",
            "CompanyName": company.name,
            "DatabaseNumber": int(company.tenant_id),
            "OrganizationNumber": company.organization_number,
            "VisitAddress": None,
            "VisitCity": None,
            "VisitCountryCode": None,
            "VisitZipCode": None,
            "ZipCode": text_or_null(company.zip_code),
        }
    }
