"""Power BI's way of answering, and who may ask."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import tokens
from sandbox.entra import POWER_BI
from sandbox.fabric_items import Fabric


def error(status: int, code: str, message: str) -> JSONResponse:
    """An error in Power BI's shape, which is not Fabric's."""
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def told_error(status: int, code: str, details: dict[str, str]) -> JSONResponse:
    """The other shape: what there is to know stands under pbi.error."""
    told = [{"code": name, "detail": {"type": 1, "value": value}} for name, value in details.items()]
    return JSONResponse(
        {"error": {"code": code, "pbi.error": {"code": code, "parameters": {}, "details": told}}}, status
    )


def unauthorized(fabric: Fabric, request: Request) -> Response | None:
    """What a caller without a good token gets; the request is counted."""
    fabric.state.requests.power_bi_paths[f"{request.method} {request.url.path}"] += 1
    claims = tokens.read(request.headers.get("Authorization"))
    if claims is None or claims.get("aud") != POWER_BI:
        return Response(None, 401, {"WWW-Authenticate": "Bearer"})
    if tokens.has_expired(claims):
        return error(403, "TokenExpired", "Access token has expired, resubmit with a new access token")
    request.state.caller = claims["appid"]
    fabric.settle()
    return None


def without_workspace(fabric: Fabric, request: Request, workspace: str) -> Response | None:
    """The same, and what a workspace gets that is not there."""
    if answer := unauthorized(fabric, request):
        return answer
    if workspace not in fabric.workspaces:
        return error(404, "PowerBIEntityNotFound", f"Workspace {workspace} is not found")
    return None


def refused(fabric: Fabric, request: Request, workspace: str, wanted: str) -> Response | None:
    """The same, and what a dataset gets that is not in the workspace."""
    if answer := unauthorized(fabric, request):
        return answer
    dataset = fabric.datasets.get(wanted)
    if dataset is None or dataset.workspace_id != workspace:
        return error(404, "PowerBIEntityNotFound", f"Dataset {wanted} is not found in this workspace")
    return None


def unowned(fabric: Fabric, request: Request, workspace: str, wanted: str) -> Response | None:
    """The same, and what a caller gets who does not own the dataset."""
    if answer := refused(fabric, request, workspace, wanted):
        return answer
    if fabric.datasets[wanted].owner != request.state.caller:
        return error(403, "DatasetOwnerRequired", "Only the owner of the dataset may do this")
    return None


async def body_of(request: Request) -> dict[str, Any] | None:
    """The JSON object that was sent, {} for none, None for anything else."""
    sent = await request.body()
    if not sent:
        return {}
    try:
        body = json.loads(sent)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
