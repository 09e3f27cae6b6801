"""The Power BI API for what is published: ownership, parameters, users, schedules, queries, reports.

Power BI REST API, "Datasets" and "Reports". dax.py computes a query over the rows of the newest refresh.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from time import monotonic
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox.datasets import Dataset
from sandbox.dax import DaxError
from sandbox.dax import Model as DaxModel
from sandbox.fabric_items import Fabric, Item, Role
from sandbox.powerbi_answers import body_of, error, refused, told_error, unowned, without_workspace
from sandbox.tmdl import Model
from sandbox.warehouse_reading import ImportedModel

_QUERY_FAILED = "DatasetExecuteQueriesError"
_QUERY_SECONDS = 60.0
_RIGHTS = ("Admin", "Member", "Contributor", "Viewer")


def add_routes(router: APIRouter, fabric: Fabric) -> None:
    """Those under /v1.0/myorg/groups."""
    of_dataset = "/{workspace}/datasets/{dataset}"

    @router.get("/{workspace}/datasets")
    async def datasets(workspace: str, request: Request) -> Response:
        if answer := without_workspace(fabric, request, workspace):
            return answer
        found = [one for one in fabric.datasets.values() if one.workspace_id == workspace]
        return JSONResponse({"value": [_told(dataset) for dataset in found]})

    @router.get(of_dataset)
    async def get_dataset(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        return JSONResponse(_told(fabric.datasets[dataset]))

    @router.post(of_dataset + "/Default.TakeOver")
    async def take_over(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        found = fabric.datasets[dataset]
        if found.owner != request.state.caller:
            # the new owner's credentials are not the old one's
            found.owner, found.connection_id = request.state.caller, None
        return Response(None, 200)

    @router.get(of_dataset + "/parameters")
    async def parameters(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        model = fabric.datasets[dataset].model
        listed = [
            {
                "name": parameter.name,
                "type": parameter.type,
                "isRequired": parameter.is_required,
                "currentValue": parameter.value,
            }
            for parameter in (model.parameters if model else ())
        ]
        return JSONResponse({"value": listed})

    _schedule_routes(router, fabric, of_dataset)
    _user_routes(router, fabric, of_dataset)
    _report_routes(router, fabric)

    @router.post(of_dataset + "/executeQueries")
    async def execute_queries(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        return _queried(fabric, fabric.datasets[dataset], request.state.caller, await body_of(request))


def _told(dataset: Dataset) -> dict[str, Any]:
    has_roles = bool(dataset.model and dataset.model.roles)
    return {
        "id": dataset.id,
        "name": dataset.name,
        "addRowsAPIEnabled": False,
        "configuredBy": dataset.owner,
        "isRefreshable": True,
        "isEffectiveIdentityRequired": has_roles,
        "isEffectiveIdentityRolesRequired": has_roles,
        "isOnPremGatewayRequired": False,
        "targetStorageMode": "Abf",
    }


def _schedule_routes(router: APIRouter, fabric: Fabric, of_dataset: str) -> None:
    @router.get(of_dataset + "/refreshSchedule")
    async def schedule(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        return JSONResponse(fabric.datasets[dataset].schedule)

    @router.patch(of_dataset + "/refreshSchedule")
    async def change(workspace: str, dataset: str, request: Request) -> Response:
        if answer := unowned(fabric, request, workspace, dataset):
            return answer
        changes, found = (await body_of(request) or {}).get("value"), fabric.datasets[dataset]
        if not isinstance(changes, dict) or changes.keys() - found.schedule.keys():
            return error(400, "BadRequest", "The request must hold a value with changes of the schedule")
        if changes.get("enabled") is False and len(changes) > 1:
            return error(
                400, "InvalidRequest", "A request that disables the schedule must change nothing else"
            )
        found.schedule |= changes
        return Response(None, 200)


def _user_routes(router: APIRouter, fabric: Fabric, of_dataset: str) -> None:
    @router.get("/{workspace}/users")
    async def members(workspace: str, request: Request) -> Response:
        if answer := without_workspace(fabric, request, workspace):
            return answer
        kinds = {"ServicePrincipal": "App"}
        listed = [
            {
                "identifier": role.principal["id"],
                **({"emailAddress": role.principal["id"]} if "@" in role.principal["id"] else {}),
                "groupUserAccessRight": role.role,
                "principalType": kinds.get(role.principal["type"], role.principal["type"]),
            }
            for role in fabric.workspaces[workspace].roles.values()
        ]
        return JSONResponse({"value": listed})

    @router.post("/{workspace}/users")
    async def add_member(workspace: str, request: Request) -> Response:
        if answer := without_workspace(fabric, request, workspace):
            return answer
        body = await body_of(request) or {}
        identifier, right = str(body.get("identifier") or ""), str(body.get("groupUserAccessRight") or "")
        if not identifier or right not in _RIGHTS:
            return error(400, "BadRequest", "identifier and groupUserAccessRight are required")
        roles = fabric.workspaces[workspace].roles
        if identifier in roles:
            return error(400, "AddingAlreadyExistsGroupUserNotSupportedError", "Group user already exists")
        roles[identifier] = Role({"id": identifier, "type": "User"}, right)
        return Response(None, 200)

    @router.delete("/{workspace}/users/{member}")
    async def remove_member(workspace: str, member: str, request: Request) -> Response:
        if answer := without_workspace(fabric, request, workspace):
            return answer
        if fabric.workspaces[workspace].roles.pop(member, None) is None:
            return error(404, "PowerBIEntityNotFound", f"User {member} is not found in this workspace")
        return Response(None, 200)

    @router.get(of_dataset + "/users")
    async def users(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        found = fabric.datasets[dataset]
        owner = {
            "identifier": found.owner,
            "principalType": "User" if "@" in found.owner else "App",
            "datasetUserAccessRight": "ReadWriteReshareExplore",
        }
        return JSONResponse({"value": [owner, *found.users.values()]})

    @router.post(of_dataset + "/users")
    async def add_user(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        body = await body_of(request) or {}
        user = {
            name: str(body.get(name) or "")
            for name in ("identifier", "principalType", "datasetUserAccessRight")
        }
        if not all(user.values()):
            return error(
                400, "BadRequest", "identifier, principalType and datasetUserAccessRight are required"
            )
        if user["principalType"] == "App" or "Write" in user["datasetUserAccessRight"]:
            return error(400, "InvalidRequest", "Neither an app nor the right to write can be given here")
        fabric.datasets[dataset].users[user["identifier"]] = user
        return Response(None, 200)


def _report_routes(router: APIRouter, fabric: Fabric) -> None:
    def told(report: Item) -> dict[str, Any]:
        place = f"https://app.powerbi.com/groups/{report.workspace_id}/reports/{report.id}"
        embedded = f"reportId={report.id}&groupId={report.workspace_id}"
        return {
            "id": report.id,
            "reportType": "PowerBIReport",
            "name": report.name,
            "webUrl": place,
            "embedUrl": f"https://app.powerbi.com/reportEmbed?{embedded}",
            "datasetId": report.dataset_id,
        }

    @router.get("/{workspace}/reports")
    async def reports(workspace: str, request: Request) -> Response:
        if answer := without_workspace(fabric, request, workspace):
            return answer
        return JSONResponse(
            {"value": [told(report) for report in fabric.workspaces[workspace].of_kind("Report")]}
        )

    @router.get("/{workspace}/reports/{wanted}")
    async def report(workspace: str, wanted: str, request: Request) -> Response:
        if answer := without_workspace(fabric, request, workspace):
            return answer
        for found in fabric.workspaces[workspace].of_kind("Report"):
            if found.id == wanted:
                return JSONResponse(told(found))
        return error(404, "PowerBIEntityNotFound", f"Report {wanted} is not found in this workspace")


def _queried(fabric: Fabric, dataset: Dataset, caller: str, body: dict[str, Any] | None) -> Response:
    if dataset.model and dataset.model.roles:
        return told_error(401, "PowerBINotAuthorizedException", {})
    settings = fabric.state.settings
    if not fabric.queries[caller].admits(monotonic(), settings.queries_per_minute, _QUERY_SECONDS):
        answer = error(429, "TooManyRequests", "More queries than a user may ask in a minute")
        answer.headers["Retry-After"] = str(int(_QUERY_SECONDS))
        return answer
    queries = (body or {}).get("queries")
    if not isinstance(queries, list) or len(queries) != 1 or not isinstance(queries[0], dict):
        return error(400, "BadRequest", "Exactly one query is required")
    try:
        row = _row(dataset, str(queries[0].get("query")))
    except DaxError as failure:
        details = {"DetailsMessage": str(failure), "AnalysisServicesErrorCode": "3239575574"}
        return told_error(400, _QUERY_FAILED, details)
    serializer = (body or {}).get("serializerSettings") or {}
    if not serializer.get("includeNulls"):
        row = {name: value for name, value in row.items() if value is not None}
    answered = json.dumps({"results": [{"tables": [{"rows": [row]}]}]}, ensure_ascii=False)
    # clients report this mark before queries' answers, and before no others
    return Response(answered.encode("utf-8-sig"), media_type="application/json; charset=utf-8")


def _row(dataset: Dataset, query: str) -> dict[str, Any]:
    """The first row of what the model answers; a test may have arranged what some of its columns hold."""
    if dataset.model is None:
        raise DaxError("The dataset has no model")
    asked = DaxModel.read(dataset.model.files)
    asked.load(_rows(dataset.model, dataset.imported or ImportedModel()))
    found = asked.query(query)
    row = {name: _plain(value) for name, value in (found[0] if found else {}).items()}
    return row | {f"[{name}]": value for name, value in dataset.answers.items() if f"[{name}]" in row}


def _rows(model: Model, imported: ImportedModel) -> dict[str, list[dict[str, Any]]]:
    """What was imported, by the model's names of tables and columns."""
    return {
        name: [
            {column: row.get(source) for column, (source, _) in table.columns.items()}
            for row in imported.by_table.get(name, ())
        ]
        for name, table in model.tables.items()
    }


def _plain(value: Any) -> Any:
    """As JSON holds it: a decimal number is a number there."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value
