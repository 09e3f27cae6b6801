"""The Fabric API: workspaces, capacities, gateways, items with their definitions, operations.

Fabric REST API, "Core" and "SemanticModel"; connections are in fabric_connections. What the sandbox begins
with, a dataset in a workspace for each company, is Power BI's alone: no definition of it was published here.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from sandbox import fabric_connections
from sandbox.fabric_answers import (
    Json,
    RefusedError,
    accepted_or_done,
    add_role,
    answer,
    body_of,
    existing_role,
    invalid,
    not_found,
    nothing,
    operation_state,
    operation_url,
    page,
    role_of,
    route_class,
    text_of,
)
from sandbox.fabric_definitions import as_parts, dataset_of, model_of, parts_of
from sandbox.fabric_items import (
    CAPACITY,
    GATEWAYS,
    Connection,
    Fabric,
    Item,
    Kind,
    OperationFailedError,
    Workspace,
)
from sandbox.tmdl import TmdlError

_WORKSPACE_ROLES = {"Admin", "Member", "Contributor", "Viewer"}
_COLLECTIONS: dict[str, Kind] = {"semanticModels": "SemanticModel", "reports": "Report"}
_PURGE_REQUIRED = "Alm_InvalidRequest_PurgeRequired"


def routes(fabric: Fabric) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1", route_class=route_class(fabric))
    _tenant_routes(router, fabric)
    _workspace_routes(router, fabric)
    for collection, kind in _COLLECTIONS.items():
        _item_routes(router, fabric, collection, kind)
    _binding_routes(router, fabric)
    fabric_connections.add_routes(router, fabric)
    return router


def _tenant_routes(router: APIRouter, fabric: Fabric) -> None:
    @router.get("/capacities")
    async def capacities(request: Request) -> Response:
        return page(request, [CAPACITY], fabric.state.settings.page_size)

    @router.get("/gateways")
    async def gateways(request: Request) -> Response:
        return page(request, GATEWAYS, fabric.state.settings.page_size)

    @router.get("/operations/{wanted}")
    async def operation(wanted: str, request: Request) -> Response:
        found = fabric.operations.get(wanted)
        if found is None:
            raise not_found("OperationNotFound", f"The operation {wanted}")
        url, headers = operation_url(request, fabric, found), {"x-ms-operation-id": found.id}
        if not found.is_done:
            headers |= {"Location": url, "Retry-After": str(fabric.state.settings.retry_after)}
        elif found.has_result and not found.failure:
            headers["Location"] = f"{url}/result"
        return answer(operation_state(found), headers=headers)

    @router.get("/operations/{wanted}/result")
    async def result(wanted: str) -> Response:
        found = fabric.operations.get(wanted)
        if found is None:
            raise not_found("OperationNotFound", f"The operation {wanted}")
        if not found.is_done or not found.has_result or found.failure:
            raise invalid("The operation has no result.", "OperationHasNoResult")
        return answer(found.result)


def _workspace(fabric: Fabric, wanted: str) -> Workspace:
    workspace = fabric.workspaces.get(wanted)
    if workspace is None:
        raise not_found("WorkspaceNotFound", f"The workspace {wanted}")
    return workspace


def _listed(workspace: Workspace) -> Json:
    capacity = (
        {}
        if workspace.capacity_id is None
        else {"capacityId": workspace.capacity_id, "capacityRegion": CAPACITY["region"]}
    )
    return {
        "id": workspace.id,
        "displayName": workspace.name,
        "description": workspace.description,
        "type": "Workspace",
        **capacity,
    }


def _whole(workspace: Workspace) -> Json:
    host = "https://swedencentral-onelake.{}.fabric.microsoft.com"
    return {
        **_listed(workspace),
        "oneLakeEndpoints": {"blobEndpoint": host.format("blob"), "dfsEndpoint": host.format("dfs")},
        **({} if workspace.capacity_id is None else {"capacityAssignmentProgress": "Completed"}),
    }


def _known_capacity(wanted: object) -> str:
    if wanted != CAPACITY["id"]:
        raise not_found("CapacityNotFound", f"The capacity {wanted}")
    return CAPACITY["id"]


def _workspace_routes(router: APIRouter, fabric: Fabric) -> None:
    roles_path = "/workspaces/{wanted}/roleAssignments"

    @router.get("/workspaces")
    async def workspaces(request: Request) -> Response:
        listed = [_listed(workspace) for workspace in fabric.workspaces.values()]
        return page(request, listed, fabric.state.settings.page_size)

    @router.post("/workspaces")
    async def create(request: Request) -> Response:
        body = await body_of(request)
        name = text_of(body, "displayName")
        if any(workspace.name == name for workspace in fabric.workspaces.values()):
            raise RefusedError(409, "WorkspaceNameAlreadyExists", "The workspace name already exists.")
        made = Workspace(str(uuid.uuid4()), name, str(body.get("description") or ""))
        if body.get("capacityId") is not None:
            made.capacity_id = _known_capacity(body["capacityId"])
        fabric.workspaces[made.id] = made
        return answer(_listed(made), 201, {"Location": f"{request.url}/{made.id}"})

    @router.get("/workspaces/{wanted}")
    async def get(wanted: str) -> Response:
        return answer(_whole(_workspace(fabric, wanted)))

    @router.delete("/workspaces/{wanted}")
    async def delete(wanted: str) -> Response:
        fabric.delete_workspace(_workspace(fabric, wanted).id)
        return nothing()

    @router.post("/workspaces/{wanted}/assignToCapacity")
    async def assign(wanted: str, request: Request) -> Response:
        workspace, body = _workspace(fabric, wanted), await body_of(request)
        workspace.capacity_id = _known_capacity(body.get("capacityId"))
        return answer(None, 202)

    @router.get(roles_path)
    async def roles(wanted: str, request: Request) -> Response:
        listed = [role.as_json() for role in _workspace(fabric, wanted).roles.values()]
        return page(request, listed, fabric.state.settings.page_size)

    @router.post(roles_path)
    async def give(wanted: str, request: Request) -> Response:
        workspace, body = _workspace(fabric, wanted), await body_of(request)
        taken = "PrincipalAlreadyHasWorkspaceRolePermissions"
        role = add_role(workspace.roles, body, _WORKSPACE_ROLES, taken)
        return answer(role.as_json(), 201, {"Location": f"{request.url}/{role.principal['id']}"})

    @router.patch(roles_path + "/{role_id}")
    async def change(wanted: str, role_id: str, request: Request) -> Response:
        role = existing_role(_workspace(fabric, wanted).roles, role_id)
        role.role = role_of(await body_of(request), _WORKSPACE_ROLES)
        return answer(role.as_json())

    @router.delete(roles_path + "/{role_id}")
    async def take(wanted: str, role_id: str) -> Response:
        roles = _workspace(fabric, wanted).roles
        del roles[existing_role(roles, role_id).principal["id"]]
        return nothing()


def _item(fabric: Fabric, workspace_id: str, wanted: str, kind: Kind | None = None) -> Item:
    item = _workspace(fabric, workspace_id).items.get(wanted)
    if item is None or not item.is_there or kind not in {None, item.kind}:
        raise not_found("ItemNotFound", f"The requested item {wanted}")
    return item


def _check_name(workspace: Workspace, kind: Kind, name: str) -> None:
    if any((item.kind, item.name) == (kind, name) for item in workspace.items.values()):
        raise RefusedError(400, "ItemDisplayNameAlreadyInUse", f"Requested '{name}' is already in use")
    if workspace.reserved_until.get((kind, name), 0) > time.time():
        raise RefusedError(
            400,
            "ItemDisplayNameNotAvailableYet",
            f"Requested '{name}' is not available yet and is expected to become available in the "
            "upcoming minutes.",
        )


def _put(fabric: Fabric, item: Item, parts: dict[str, str], caller: str) -> None:
    """Give an item the definition and what follows from it."""
    place = fabric.workspaces.get(item.workspace_id)
    if place is None or item.id not in place.items:
        raise OperationFailedError("ItemNotFound", "The item was deleted meanwhile.")
    if item.kind == "SemanticModel":
        try:
            fabric.put_model(item, model_of(parts), caller)
        except TmdlError as error:
            raise OperationFailedError("Workload_FailedToParseFile", f"{error}.") from None
    item.parts = parts


def _purge(fabric: Fabric, item: Item, parts: dict[str, str], *, is_allowed: bool) -> None:
    """Let go of rows whose table or column is no more, where that is allowed."""
    dataset = fabric.datasets.get(item.id)
    if dataset is None or dataset.model is None or dataset.imported is None:
        return
    try:
        lost = dataset.model.lost_in(model_of(parts))
    except TmdlError:
        return  # said when the definition is put
    if lost and not is_allowed:
        raise OperationFailedError(
            _PURGE_REQUIRED,
            f"Dataset changes will cause data deletion, which is not allowed: {', '.join(lost)}.",
        )
    for name in lost:
        dataset.imported.tables.pop(name, None)


def _item_routes(router: APIRouter, fabric: Fabric, collection: str, kind: Kind) -> None:
    all_path = f"/workspaces/{{workspace}}/{collection}"
    one_path = f"{all_path}/{{wanted}}"

    @router.get(all_path)
    async def items(workspace: str, request: Request) -> Response:
        listed = [item.as_json() for item in _workspace(fabric, workspace).of_kind(kind)]
        return page(request, listed, fabric.state.settings.page_size)

    @router.post(all_path)
    async def create(workspace: str, request: Request) -> Response:
        place, body = _workspace(fabric, workspace), await body_of(request)
        name, caller = text_of(body, "displayName"), request.state.caller
        parts = parts_of(body, kind)
        # a report's description is left out where there is none
        description = body.get("description") or ("" if kind == "SemanticModel" else None)
        item = Item(str(uuid.uuid4()), kind, name, description, workspace)
        if kind == "Report":
            item.dataset_id = dataset_of(parts, fabric)
        _check_name(place, kind, name)
        place.items[item.id] = item

        def effect() -> Json:
            _put(fabric, item, parts, caller)
            item.is_there = True
            return item.as_json()

        def undo() -> None:
            place.items.pop(item.id, None)

        operation = fabric.begin(effect, undo, has_result=True)
        return accepted_or_done(request, fabric, operation, 201)

    @router.get(one_path)
    async def get(workspace: str, wanted: str) -> Response:
        return answer(_item(fabric, workspace, wanted, kind).as_json(), headers={"ETag": '""'})

    @router.delete(one_path)
    async def delete(workspace: str, wanted: str) -> Response:
        item = _item(fabric, workspace, wanted, kind)
        fabric.delete_item(_workspace(fabric, workspace), item)
        return nothing()

    @router.post(one_path + "/updateDefinition")
    async def update(workspace: str, wanted: str, request: Request) -> Response:
        item, body = _item(fabric, workspace, wanted, kind), await body_of(request)
        parts, caller = parts_of(body, kind), request.state.caller
        shown = dataset_of(parts, fabric) if kind == "Report" else ""
        options: dict[str, Any] = body.get("options") or {}

        def effect() -> None:
            if kind == "SemanticModel":
                _purge(fabric, item, parts, is_allowed=options.get("allowPurgeData") is True)
            _put(fabric, item, parts, caller)
            item.dataset_id = shown

        operation = fabric.begin(effect, has_result=False)
        return accepted_or_done(request, fabric, operation, 200)

    @router.post(one_path + "/getDefinition")
    async def definition(workspace: str, wanted: str, request: Request) -> Response:
        item = _item(fabric, workspace, wanted, kind)
        operation = fabric.begin(lambda: as_parts(item.parts), has_result=True)
        return accepted_or_done(request, fabric, operation, 200)


def _bound_to(fabric: Fabric, item: Item) -> Connection | None:
    dataset = fabric.datasets.get(item.id)
    return fabric.connections.get((dataset and dataset.connection_id) or "")


def _binding_routes(router: APIRouter, fabric: Fabric) -> None:
    @router.get("/workspaces/{workspace}/items/{wanted}/connections")
    async def connections(workspace: str, wanted: str, request: Request) -> Response:
        item = _item(fabric, workspace, wanted)
        dataset = fabric.datasets.get(item.id)
        bound = _bound_to(fabric, item)
        listed: list[Json] = []
        for source in dataset.model.sources if dataset and dataset.model else ():
            details = {"path": source.path, "type": fabric_connections.TYPE}
            if bound is None:
                listed.append({"connectivityType": "None", "connectionDetails": details})
            else:
                listed.append(
                    {
                        "id": bound.id,
                        "displayName": bound.name,
                        "gatewayId": bound.gateway_id,
                        "connectivityType": bound.connectivity,
                        "connectionDetails": details,
                    }
                )
        return page(request, listed, fabric.state.settings.page_size)

    @router.post("/workspaces/{workspace}/semanticModels/{wanted}/bindConnection")
    async def bind(workspace: str, wanted: str, request: Request) -> Response:
        item, body = _item(fabric, workspace, wanted, "SemanticModel"), await body_of(request)
        dataset = fabric.datasets[item.id]
        if dataset.owner != request.state.caller:
            raise RefusedError(
                403,
                "InsufficientPrivileges",
                "You cannot configure the data connection bindings because you are not the owner of the "
                "semantic model. Please contact the semantic model owner or take over ownership and try "
                "again.",
            )
        binding = body.get("connectionBinding")
        details = binding.get("connectionDetails") if isinstance(binding, dict) else None
        if not isinstance(binding, dict) or not isinstance(details, dict):
            raise invalid("The connectionBinding must hold connectionDetails.")
        named = (details.get("type"), details.get("path"))
        sources = dataset.model.sources if dataset.model else []
        if named not in [(fabric_connections.TYPE, source.path) for source in sources]:
            raise invalid(f"The semantic model has no data source {named[1]} of the type {named[0]}.")
        if binding.get("connectivityType") == "None":
            dataset.connection_id = None
            return nothing()
        connection = fabric.connections.get(str(binding.get("id")))
        if connection is None or connection.path != named[1]:
            raise invalid(f"No connection {binding.get('id')} leads to {named[1]}.")
        if binding.get("connectivityType") != connection.connectivity:
            raise invalid(f"The connection's connectivityType is {connection.connectivity}.")
        dataset.connection_id, connection.bound = connection.id, time.time()
        return nothing()
