"""The Power BI API: asking for a refresh of a dataset, its history, and cancelling it.

Power BI REST API, "Datasets - Refresh Dataset In Group", "Get Refresh History In Group", "Get Refresh
Execution Details In Group" and "Cancel Refresh In Group". The quota's error is as users report it; which
status a refresh gets while another runs is reported both as 400 and as 409, so it is a setting.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox import powerbi_models
from sandbox.datasets import Dataset, Refresh
from sandbox.fabric_items import Fabric
from sandbox.powerbi_answers import body_of, error, refused, unauthorized
from sandbox.state import DAILY_QUOTA, Settings


def routes(fabric: Fabric) -> APIRouter:
    """The routes under /v1.0/myorg."""
    datasets = fabric.datasets
    router = APIRouter(prefix="/v1.0/myorg/groups")
    of_dataset = "/{workspace}/datasets/{dataset}"

    @router.get("")
    async def workspaces(request: Request) -> Response:
        if answer := unauthorized(fabric, request):
            return answer
        # as many refreshes as a test allows are what a capacity gives
        is_unlimited = fabric.state.settings.quota > DAILY_QUOTA
        listed = [
            {
                "id": workspace.id,
                "name": workspace.name,
                "type": "Workspace",
                "isOnDedicatedCapacity": is_unlimited or workspace.capacity_id is not None,
                **({"capacityId": workspace.capacity_id} if workspace.capacity_id else {}),
            }
            for workspace in fabric.workspaces.values()
        ]
        top = request.query_params.get("$top", "5000")
        return JSONResponse({"value": listed[: int(top)] if top.isdigit() else listed})

    @router.post(of_dataset + "/refreshes")
    async def post_refresh(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        body = await body_of(request)
        if body is None:
            return error(400, "BadRequest", "The request body is not valid JSON")
        found, settings = datasets[dataset], fabric.state.settings
        on_capacity = fabric.workspaces[workspace].capacity_id is not None
        enhanced = bool(body.keys() - {"notifyOption"})
        if enhanced and found.model is not None:
            if not on_capacity:
                return error(
                    400,
                    "InvalidRequest",
                    "Invalid dataset refresh request. Only notifyOption can be specified in the request body "
                    "of a dataset in a shared capacity",
                )
            if "notifyOption" in body:
                return error(
                    400, "InvalidRequest", "Invalid dataset refresh request. notifyOption must be excluded"
                )
        if answer := _no_room(found, settings, is_limited=not on_capacity):
            return answer
        refresh = fabric.start_refresh(
            found,
            "ViaEnhancedApi" if enhanced else "ViaApi",
            settings.refresh_seconds,
            settings.history_lag_seconds,
            body,
        )
        headers = {"RequestId": refresh.id}
        if enhanced:
            headers |= {"x-ms-request-id": refresh.id, "Location": f"{request.url}/{refresh.id}"}
        return Response(None, 202, headers)

    @router.get(of_dataset + "/refreshes")
    async def history(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        top = request.query_params.get("$top", "60")
        if not top.isdigit() or int(top) < 1:
            return error(400, "BadRequest", "$top must be a positive number")
        found = datasets[dataset]
        shown = [_entry(refresh, found.now()) for refresh in found.newest_first()]
        return JSONResponse({"value": shown[: int(top)]})

    @router.get(of_dataset + "/refreshes/{refresh_id}")
    async def details(workspace: str, dataset: str, refresh_id: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        found = datasets[dataset]
        refresh = _enhanced(found, refresh_id)
        if refresh is None:
            return error(404, "PowerBIEntityNotFound", f"Refresh {refresh_id} is not found")
        status = refresh.status(found.now())
        entry = {
            **_entry(refresh, found.now()),
            "extendedStatus": "InProgress" if status == "Unknown" else status,
        }
        return JSONResponse(entry, 202 if status == "Unknown" else 200)

    @router.delete(of_dataset + "/refreshes/{refresh_id}")
    async def cancel(workspace: str, dataset: str, refresh_id: str, request: Request) -> Response:
        if answer := refused(fabric, request, workspace, dataset):
            return answer
        found = datasets[dataset]
        refresh = _enhanced(found, refresh_id)
        if refresh is None:
            return error(404, "PowerBIEntityNotFound", f"Refresh {refresh_id} is not found")
        if refresh.status(found.now()) == "Unknown":
            found.end(refresh, "Cancelled")
        return Response(None, 200)

    powerbi_models.add_routes(router, fabric)
    return router


def _no_room(dataset: Dataset, settings: Settings, *, is_limited: bool) -> Response | None:
    """What a request for a refresh gets while one runs or when the day's quota is used up."""
    if dataset.running():
        return error(
            settings.busy_status,
            "InvalidRequest",
            "Invalid dataset refresh request. Another refresh request is already executing",
        )
    if is_limited and len(dataset.counted()) >= settings.quota:
        answer = error(
            settings.quota_status,
            "Request Throttled",
            "Invalid dataset refresh request. Number of refresh requests in last 24 hours exceeded limit",
        )
        if settings.quota_status == 429:
            answer.headers["Retry-After"] = str(dataset.seconds_until_room())
        return answer
    return None


def _enhanced(dataset: Dataset, refresh_id: str) -> Refresh | None:
    """Only refreshes asked for by the enhanced API can be looked at or cancelled one by one."""
    return next(
        (one for one in dataset.refreshes if one.id == refresh_id and one.kind == "ViaEnhancedApi"), None
    )


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _entry(refresh: Refresh, now: float) -> dict[str, Any]:
    status = refresh.status(now)
    entry: dict[str, Any] = {
        "requestId": refresh.id,
        "refreshType": refresh.kind,
        "startTime": _utc(refresh.started),
        "status": status,
    }
    if status != "Unknown" and refresh.ends is not None:
        entry["endTime"] = _utc(refresh.ends)
    if status == "Failed" and refresh.error:
        entry["serviceExceptionJson"] = json.dumps(refresh.error)
    return entry
