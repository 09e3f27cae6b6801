"""/sandbox/...: what a test or a demo does to the sandbox while it runs. No token, no limit, no latency.

GET     companies                                   who is served; answers as soon as all are
POST    {tenant}/vouchers                           book one, given or made up (VoucherBody)
PATCH   {tenant}/vouchers/{year}/{series}/{number}  change its text (TextBody)
DELETE  {tenant}/vouchers/{year}/{series}/{number}  delete one; deleted and booked again it is changed
POST    {tenant}/{register}                         add a record (RecordBody); the registers are
PATCH   {tenant}/{register}/{number}                rename it            customers, suppliers, projects,
DELETE  {tenant}/{register}/{number}                delete it            costcenters and articles
*       {tenant}/invoices and other documents       see admin_documents
GET     requests    DELETE requests                 how often each path was asked for; forget it
DELETE  grants                                      forget who approved the app, and every code and token
GET     settings    POST   settings                 see state.Settings; POST changes those that it names
GET     faults      POST   faults    DELETE faults  see state.Fault; POST takes a list
GET     refreshes                                   every refresh of every Power BI dataset
POST    datasets/{id}                               arrange what befalls its refreshes (DatasetBody)
*       workspaces, operations and what is published    see admin_fabric
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from sandbox import admin_documents, admin_fabric
from sandbox.admin_documents import TextBody
from sandbox.books import Company, CostCenter, LedgerYear, Party, Project, Row, Shelf, Voucher
from sandbox.datasets import CREDENTIALS_MISSING, Dataset
from sandbox.documents import Article
from sandbox.fabric_items import HUMAN, Fabric
from sandbox.state import Fault, Grants, Requests, State, dataset_id, workspace_id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RowBody(_Body):
    """A row to book; ``amount`` in SEK, at most two decimals, debit positive."""

    account: int = Field(ge=1000, le=9999)
    amount: Decimal = Field(decimal_places=2)
    cost_center: str = ""
    project: str = ""
    text: str = ""


class VoucherBody(_Body):
    """A voucher to book; left out: the year of its date or the latest, series A, the next number, a made-up
    purchase. Rows need not balance and the date need not lie in the year, so that such books can be had."""

    financial_year: int | None = None
    series: str = Field(default="A", pattern=r"^[A-Z0-9]{1,4}$")
    number: int | None = Field(default=None, ge=1)
    date: dt.date | None = None
    text: str = "Bokfört i sandlådan"
    rows: list[RowBody] = Field(
        default_factory=lambda: [
            RowBody(account=6110, amount=Decimal(100)),
            RowBody(account=2641, amount=Decimal(25)),
            RowBody(account=1930, amount=Decimal(-125)),
        ]
    )


class RecordBody(_Body):
    """A customer, supplier, project, cost centre or article; ``number`` defaults to the next free one."""

    number: str | None = None
    name: str = Field(min_length=1)


class DatasetBody(_Body):
    """One thing to do to a dataset's refreshes.

    fail_next and disable_next say how the next one ends; hold keeps the running one and the next ones
    running until release; cancel ends the running one; foreign starts one that Power BI's own schedule asked
    for (``seconds`` long, default 60); advance puts the dataset's clock forward (``seconds``, default a day);
    clear_quota forgets the refreshes of the last 24 hours; foreign_owner gives the dataset to a person.
    """

    action: Literal[
        "fail_next", "disable_next", "hold", "release", "cancel", "foreign", "advance", "clear_quota",
        "foreign_owner",
    ]  # fmt: skip
    error_code: str = CREDENTIALS_MISSING
    error_description: str = "The credentials of the data source are missing."
    seconds: float | None = Field(default=None, ge=0)


def routes(state: State, fabric: Fabric) -> APIRouter:
    """All of /sandbox."""
    router = APIRouter(prefix="/sandbox")
    _company_routes(router, state)
    _voucher_routes(router, state)
    _control_routes(router, state)
    _dataset_routes(router, fabric)
    admin_fabric.add_routes(router, fabric)
    admin_documents.add_routes(router, state)
    _register_routes(router, state)  # last: its {register} would take the other names
    return router


def _company(state: State, tenant: str) -> Company:
    company = state.companies.get(tenant)
    if company is None:
        raise HTTPException(404, f"No company has the tenant id {tenant}.")
    return company


def _company_routes(router: APIRouter, state: State) -> None:
    @router.get("/companies")
    async def companies() -> list[dict[str, Any]]:
        """The companies that are served; answered means healthy."""
        return [
            {
                "tenant_id": company.tenant_id,
                "name": company.name,
                "organization_number": company.organization_number,
                "workspace_id": workspace_id(company.tenant_id),
                "dataset_id": dataset_id(company.tenant_id),
                "financial_years": [
                    {"id": year.id, "from": year.start.isoformat(), "to": year.end.isoformat()}
                    for year in company.years
                ],
            }
            for company in state.companies.values()
        ]


def _ledger_year(company: Company, year_id: int | None, day: dt.date | None) -> LedgerYear:
    if year_id is not None:
        year = company.year_by_id(year_id)
    elif day is not None:
        year = company.year_by_date(day)
    else:
        year = company.years[-1]
    if year is None:
        raise HTTPException(404, f"{company.name} has no such financial year.")
    if not isinstance(year, LedgerYear):
        raise HTTPException(409, f"{company.name} comes from a SIE file, which is served as it was given.")
    return year


def _voucher_routes(router: APIRouter, state: State) -> None:
    @router.post("/{tenant}/vouchers", status_code=201)
    async def add_voucher(tenant: str, body: VoucherBody | None = None) -> dict[str, Any]:
        body = body or VoucherBody()
        year = _ledger_year(_company(state, tenant), body.financial_year, body.date)
        number = body.number or year.next_number(body.series)
        if (body.series, number) in year.vouchers:
            raise HTTPException(409, f"Voucher {body.series} {number} exists; delete it first.")
        rows = tuple(
            Row(row.account, int(row.amount * 100), row.cost_center, row.project, row.text)
            for row in body.rows
        )
        day = body.date or min(max(state.today(), year.start), year.end)
        year.put(Voucher(body.series, number, day, state.today(), body.text, rows, changed=state.now()))
        return {"financial_year": year.id, "series": body.series, "number": number, "date": day}

    @router.patch("/{tenant}/vouchers/{financial_year}/{series}/{number}", status_code=204)
    async def retext_voucher(
        tenant: str, financial_year: int, series: str, number: int, body: TextBody
    ) -> None:
        year = _ledger_year(_company(state, tenant), financial_year, None)
        voucher = year.vouchers.get((series, number))
        if voucher is None:
            raise HTTPException(404, f"There is no voucher {series} {number} in that year.")
        year.put(voucher._replace(text=body.text, changed=state.now()))

    @router.delete("/{tenant}/vouchers/{financial_year}/{series}/{number}", status_code=204)
    async def delete_voucher(tenant: str, financial_year: int, series: str, number: int) -> None:
        year = _ledger_year(_company(state, tenant), financial_year, None)
        if not year.remove(series, number):
            raise HTTPException(404, f"There is no voucher {series} {number} in that year.")


def _register_routes(router: APIRouter, state: State) -> None:
    registers: dict[str, Callable[[Company], dict[str, Any]]] = {
        "customers": lambda company: company.customers,
        "suppliers": lambda company: company.suppliers,
        "projects": lambda company: company.projects,
        "costcenters": lambda company: company.cost_centers,
        "articles": lambda company: company.articles,
    }
    makers: dict[str, Callable[[str, str, dt.datetime], Any]] = {
        "customers": Party,
        "suppliers": Party,
        "projects": Project,
        "costcenters": CostCenter,
        "articles": Article,
    }

    def register(tenant: str, name: str) -> tuple[Company, dict[str, Any]]:
        company = _company(state, tenant)
        if name not in registers:
            raise HTTPException(404, f"The registers are {', '.join(registers)}.")
        return company, registers[name](company)

    def changed(company: Company, records: dict[str, Any]) -> None:
        company.register_changes += 1
        if isinstance(records, Shelf):
            records.touch()

    def existing(records: dict[str, Any], number: str) -> Any:
        if number not in records:
            raise HTTPException(404, f"There is no record {number}.")
        return records[number]

    @router.post("/{tenant}/{name}", status_code=201)
    async def add_record(tenant: str, name: str, body: RecordBody) -> dict[str, str]:
        company, records = register(tenant, name)
        taken = [int(number) for number in records if number.isdigit()]
        number = body.number or str(max(taken, default=0) + 1)
        if number in records:
            raise HTTPException(409, f"The number {number} is taken.")
        records[number] = makers[name](number, body.name, state.now())
        changed(company, records)
        return {"number": number}

    @router.patch("/{tenant}/{name}/{number}", status_code=204)
    async def rename_record(tenant: str, name: str, number: str, body: RecordBody) -> None:
        company, records = register(tenant, name)
        record = existing(records, number)
        record.name, record.modified = body.name, state.now()
        changed(company, records)

    @router.delete("/{tenant}/{name}/{number}", status_code=204)
    async def delete_record(tenant: str, name: str, number: str) -> None:
        company, records = register(tenant, name)
        existing(records, number)
        del records[number]
        changed(company, records)


def _control_routes(router: APIRouter, state: State) -> None:
    @router.get("/requests")
    async def requests() -> dict[str, object]:
        return state.requests.as_json()

    @router.delete("/requests", status_code=204)
    async def forget_requests() -> None:
        state.requests = Requests()

    @router.delete("/grants", status_code=204)
    async def forget_grants() -> None:
        state.grants = Grants()

    @router.get("/settings")
    async def settings() -> dict[str, Any]:
        return state.settings.model_dump(mode="json")

    @router.post("/settings")
    async def change_settings(changes: dict[str, Any]) -> dict[str, Any]:
        unknown = changes.keys() - type(state.settings).model_fields.keys()
        if unknown:
            raise HTTPException(422, f"There is no setting {', '.join(sorted(unknown))}.")
        try:
            merged = {**state.settings.model_dump(), **changes}
            state.settings = type(state.settings).model_validate(merged)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        return state.settings.model_dump(mode="json")

    @router.get("/faults")
    async def waiting_faults() -> list[dict[str, Any]]:
        return [fault.model_dump(mode="json") for fault in state.faults]

    @router.post("/faults", status_code=201)
    async def add_faults(faults: list[Fault]) -> dict[str, int]:
        state.faults += faults
        return {"waiting": len(state.faults)}

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        state.faults.clear()


def _dataset_routes(router: APIRouter, fabric: Fabric) -> None:
    @router.get("/refreshes")
    async def refreshes() -> list[dict[str, Any]]:
        """Every refresh of every dataset, oldest first, seen without history's lag."""
        return [
            {
                "dataset_id": dataset.id,
                "workspace_id": dataset.workspace_id,
                "request_id": refresh.id,
                "type": refresh.kind,
                "status": refresh.status(dataset.now()),
                "body": refresh.body,
            }
            for dataset in fabric.datasets.values()
            for refresh in dataset.refreshes
        ]

    @router.post("/datasets/{wanted}")
    async def arrange(wanted: str, body: DatasetBody) -> dict[str, Any]:
        dataset = fabric.datasets.get(wanted)
        if dataset is None:
            raise HTTPException(404, f"There is no dataset {wanted}.")
        refresh_id = _arrange(fabric, dataset, body)
        return {"dataset_id": dataset.id, "request_id": refresh_id, "counted": len(dataset.counted())}


def _arrange(fabric: Fabric, dataset: Dataset, body: DatasetBody) -> str | None:
    """Do what the body says; the id of the refresh it concerns, if any."""
    running = dataset.running()
    match body.action:
        case "fail_next":
            dataset.next_outcome = "Failed"
            dataset.next_error = {"errorCode": body.error_code, "errorDescription": body.error_description}
        case "disable_next":
            dataset.next_outcome = "Disabled"
        case "hold":
            dataset.held = True
            if running:
                running.ends = None
        case "release":
            dataset.held = False
            if running and not running.is_reading:
                dataset.end(running, running.outcome)
        case "cancel":
            if running is None:
                raise HTTPException(409, "No refresh is running.")
            dataset.end(running, "Cancelled")
        case "foreign":
            seconds = 60.0 if body.seconds is None else body.seconds
            return fabric.start_refresh(dataset, "Scheduled", seconds, 0.0).id
        case "advance":
            dataset.clock_shift += (
                dt.timedelta(hours=24).total_seconds() if body.seconds is None else body.seconds
            )
        case "clear_quota":
            dataset.quota_cleared = dataset.now()
        case "foreign_owner":
            dataset.owner = HUMAN
    return running.id if running else None
