"""The catalogue of what Saldo takes from Fortnox: data, one entry a resource."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How Fortnox answers."""

    OBJECT = "one object"
    LIST = "pages of a list"
    FILE = "a SIE file"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of Fortnox's API.

    Attributes:
        name: its path below /3/ and its name in landing.
        list_key: the key of the answer that holds the records.
        key_fields: the fields that tell one record from all others of the organization.
        scope: the scope and licence that Fortnox asks for (Fortnox developer pages, Scopes).
        shape: how Fortnox answers.
        order: the `sortby` value that gives a stable order, where Fortnox has one.
        is_per_year: asked for once per financial year.
        holds_personal_data: names or addresses of people may stand in it.
    """

    name: str
    list_key: str
    key_fields: tuple[str, ...]
    scope: str
    shape: Shape = Shape.LIST
    order: str | None = None
    is_per_year: bool = False
    holds_personal_data: bool = False


COMPANY_INFORMATION = Resource(
    "companyinformation", "CompanyInformation", ("DatabaseNumber",), "companyinformation", Shape.OBJECT
)
FINANCIAL_YEARS = Resource("financialyears", "FinancialYears", ("Id",), "bookkeeping", order="id")
SIE = Resource("sie", "", (), "bookkeeping", Shape.FILE, is_per_year=True)

REGISTERS = (
    Resource("accounts", "Accounts", ("Year", "Number"), "bookkeeping", order="number", is_per_year=True),
    Resource("customers", "Customers", ("CustomerNumber",), "customer", order="customernumber",
             holds_personal_data=True),
    Resource("suppliers", "Suppliers", ("SupplierNumber",), "supplier", order="suppliernumber",
             holds_personal_data=True),
    Resource("projects", "Projects", ("ProjectNumber",), "project"),
    Resource("costcenters", "CostCenters", ("Code",), "costcenter", order="code"),
)  # fmt: skip

CATALOGUE = {resource.name: resource for resource in (COMPANY_INFORMATION, FINANCIAL_YEARS, SIE, *REGISTERS)}
