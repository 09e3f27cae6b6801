"""The Power BI API: asking for a refresh of a dataset, its history, and cancelling it.

Power BI REST API, "Datasets - Refresh Dataset In Group", "Get Refresh History In Group", "Get Refresh
Execution Details In Group" and "Cancel Refresh In Group". The quota's error is as users report it; which
status a refresh gets while another runs is reported both as 400 and as 409, so it is a setting.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox import tokens
from sandbox.state import Settings, State, dataset_id, workspace_id

AUDIENCE = "https://analysis.windows.net/powerbi/api"
QUOTA_SECONDS = 24 * 3600
CREDENTIALS_MISSING = "ModelRefreshFailed_CredentialsNotSpecified"


@dataclass
class Refresh:
    """One refresh; times are seconds of the dataset's own clock, ``ends`` is None while it is held."""

    id: str
    kind: str
    started: float
    visible: float
    ends: float | None
    outcome: str = "Completed"
    error: dict[str, str] | None = None
    body: dict[str, Any] = field(default_factory=dict)

    def status(self, now: float) -> str:
        """Unknown while it runs, else how it ended."""
        return self.outcome if self.ends is not None and self.ends <= now else "Unknown"


@dataclass
class Dataset:
    """A dataset with its refreshes, oldest first, and what has been arranged for the next one."""

    id: str
    workspace_id: str
    name: str
    refreshes: list[Refresh] = field(default_factory=list)
    held: bool = False
    next_outcome: str = "Completed"
    next_error: dict[str, str] | None = None
    quota_cleared: float = 0.0
    clock_shift: float = 0.0

    def now(self) -> float:
        """The dataset's clock: a test may put it forward."""
        return time.time() + self.clock_shift

    def running(self) -> Refresh | None:
        """The refresh that runs now."""
        now = self.now()
        return next((refresh for refresh in self.refreshes if refresh.status(now) == "Unknown"), None)

    def counted(self) -> list[Refresh]:
        """Refreshes of the last 24 hours, of every origin, as the quota counts them."""
        since = max(self.now() - QUOTA_SECONDS, self.quota_cleared)
        return [refresh for refresh in self.refreshes if refresh.started > since]

    def seconds_until_room(self) -> int:
        """Whole seconds until the oldest refresh that counts is a day old."""
        oldest = min((refresh.started for refresh in self.counted()), default=self.now())
        return max(1, int(oldest + QUOTA_SECONDS - self.now()) + 1)

    def start(self, kind: str, seconds: float, lag: float, body: dict[str, Any] | None = None) -> Refresh:
        """Start a refresh; what was arranged for the next one is used up by it."""
        now = self.now()
        refresh = Refresh(
            str(uuid.uuid4()),
            kind,
            now,
            now + lag,
            None if self.held else now + seconds,
            self.next_outcome,
            self.next_error,
            body or {},
        )
        self.next_outcome, self.next_error = "Completed", None
        self.refreshes.append(refresh)
        return refresh

    def end(self, refresh: Refresh, outcome: str) -> None:
        """End a running refresh now."""
        refresh.ends, refresh.outcome = self.now(), outcome

    def newest_first(self) -> Iterator[Refresh]:
        """What history shows, which is not yet the refresh of a moment ago."""
        now = self.now()
        return (refresh for refresh in reversed(self.refreshes) if refresh.visible <= now)


def datasets_of(state: State) -> dict[str, Dataset]:
    """The datasets by id: one for each company."""
    return {
        dataset_id(tenant): Dataset(dataset_id(tenant), workspace_id(tenant), f"Saldo {company.name}")
        for tenant, company in state.companies.items()
    }


def routes(state: State, datasets: dict[str, Dataset]) -> APIRouter:
    """The routes under /v1.0/myorg."""
    router = APIRouter(prefix="/v1.0/myorg/groups")
    of_dataset = "/{workspace}/datasets/{dataset}"

    def unauthorized(request: Request) -> Response | None:
        state.requests.power_bi_paths[f"{request.method} {request.url.path}"] += 1
        claims = tokens.read(request.headers.get("Authorization"))
        if claims is None or claims.get("aud") != AUDIENCE:
            return Response(None, 401, {"WWW-Authenticate": "Bearer"})
        if tokens.has_expired(claims):
            return _error(403, "TokenExpired", "Access token has expired, resubmit with a new access token")
        return None

    def refused(request: Request, workspace: str, wanted: str) -> Response | None:
        if answer := unauthorized(request):
            return answer
        dataset = datasets.get(wanted)
        if dataset is None or dataset.workspace_id != workspace:
            return _error(404, "PowerBIEntityNotFound", f"Dataset {wanted} is not found in this workspace")
        return None

    @router.get("")
    async def workspaces(request: Request) -> Response:
        if answer := unauthorized(request):
            return answer
        found = {dataset.workspace_id: dataset.name for dataset in datasets.values()}
        listed = [{"id": workspace, "name": name, "type": "Workspace"} for workspace, name in found.items()]
        top = request.query_params.get("$top", "5000")
        return JSONResponse({"value": listed[: int(top)] if top.isdigit() else listed})

    @router.get(of_dataset)
    async def get_dataset(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(request, workspace, dataset):
            return answer
        found = datasets[dataset]
        return JSONResponse({"id": found.id, "name": found.name, "isRefreshable": True})

    @router.post(of_dataset + "/refreshes")
    async def post_refresh(workspace: str, dataset: str, request: Request) -> Response:
        if answer := refused(request, workspace, dataset):
            return answer
        body = await _body(request)
        if body is None:
            return _error(400, "BadRequest", "The request body is not valid JSON")
        found, settings = datasets[dataset], state.settings
        if answer := _no_room(found, settings):
            return answer
        enhanced = bool(body.keys() - {"notifyOption"})
        refresh = found.start(
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
        if answer := refused(request, workspace, dataset):
            return answer
        top = request.query_params.get("$top", "60")
        if not top.isdigit() or int(top) < 1:
            return _error(400, "BadRequest", "$top must be a positive number")
        found = datasets[dataset]
        shown = [_entry(refresh, found.now()) for refresh in found.newest_first()]
        return JSONResponse({"value": shown[: int(top)]})

    @router.get(of_dataset + "/refreshes/{refresh_id}")
    async def details(workspace: str, dataset: str, refresh_id: str, request: Request) -> Response:
        if answer := refused(request, workspace, dataset):
            return answer
        found = datasets[dataset]
        refresh = _enhanced(found, refresh_id)
        if refresh is None:
            return _error(404, "PowerBIEntityNotFound", f"Refresh {refresh_id} is not found")
        status = refresh.status(found.now())
        entry = {
            **_entry(refresh, found.now()),
            "extendedStatus": "InProgress" if status == "Unknown" else status,
        }
        return JSONResponse(entry, 202 if status == "Unknown" else 200)

    @router.delete(of_dataset + "/refreshes/{refresh_id}")
    async def cancel(workspace: str, dataset: str, refresh_id: str, request: Request) -> Response:
        if answer := refused(request, workspace, dataset):
            return answer
        found = datasets[dataset]
        refresh = _enhanced(found, refresh_id)
        if refresh is None:
            return _error(404, "PowerBIEntityNotFound", f"Refresh {refresh_id} is not found")
        if refresh.status(found.now()) == "Unknown":
            found.end(refresh, "Cancelled")
        return Response(None, 200)

    return router


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def _no_room(dataset: Dataset, settings: Settings) -> Response | None:
    """What a request for a refresh gets while one runs or when the day's quota is used up."""
    if dataset.running():
        return _error(
            settings.busy_status,
            "InvalidRequest",
            "Invalid dataset refresh request. Another refresh request is already executing",
        )
    if len(dataset.counted()) >= settings.quota:
        answer = _error(
            settings.quota_status,
            "Request Throttled",
            "Invalid dataset refresh request. Number of refresh requests in last 24 hours exceeded limit",
        )
        if settings.quota_status == 429:
            answer.headers["Retry-After"] = str(dataset.seconds_until_room())
        return answer
    return None


async def _body(request: Request) -> dict[str, Any] | None:
    """The JSON object that was sent, {} for none, None for anything else."""
    sent = await request.body()
    if not sent:
        return {}
    try:
        body = json.loads(sent)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


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
