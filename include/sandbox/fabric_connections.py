"""The Fabric API's connections: those to PostgreSQL, whose credentials are tried before they are taken.

Fabric REST API, "Connections". Through an on-premises gateway the credentials come encrypted with a key that
the sandbox has no other half of, so it takes cloud and virtual network connections only.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from sandbox.fabric_answers import (
    Json,
    RefusedError,
    add_role,
    answer,
    body_of,
    existing_role,
    invalid,
    moment,
    not_found,
    nothing,
    page,
    role_of,
    text_of,
)
from sandbox.fabric_items import CLOUD_GATEWAY, GATEWAYS, Connection, Fabric
from sandbox.warehouse_reading import ReadingError, try_login

TYPE = "PostgreSQL"
_CLOUD = "ShareableCloud"
_ROLES = {"Owner", "User", "UserWithReshare"}
_GATEWAY_TYPES = {"VirtualNetworkGateway": "VirtualNetwork"}
_PRIVACY = {"None", "Public", "Organizational", "Private"}
_ENCRYPTION = ["NotEncrypted", "Encrypted"]


def _kind(name: str, method: str) -> Json:
    return {
        "type": name,
        "creationMethods": [
            {
                "name": method,
                "parameters": [
                    {"name": parameter, "dataType": "Text", "required": True, "allowedValues": None}
                    for parameter in ("server", "database")
                ],
            }
        ],
        "supportedCredentialTypes": ["Basic", "OAuth2"],
        "supportedConnectionEncryptionTypes": _ENCRYPTION,
        "supportsSkipTestConnection": False,
    }


_KINDS = [_kind("PostgreSQL", "PostgreSql"), _kind("AzurePostgreSQL", "AzurePostgreSQL.Database")]


def add_routes(router: APIRouter, fabric: Fabric) -> None:
    """Those under /v1/connections."""

    @router.get("/connections/supportedConnectionTypes")
    async def kinds(request: Request) -> Response:
        return page(request, _KINDS, fabric.state.settings.page_size)

    @router.get("/connections")
    async def connections(request: Request) -> Response:
        listed = [_listed(connection) for connection in fabric.connections.values()]
        return page(request, listed, fabric.state.settings.page_size)

    @router.post("/connections")
    async def create(request: Request) -> Response:
        body = await body_of(request)
        made = _new(fabric, body)
        _check_name(fabric, made.name)
        await _try(fabric, made)
        _check_name(fabric, made.name)  # the try took a while
        fabric.connections[made.id] = made
        return answer(_told(made), 201, {"Location": f"{request.url}/{made.id}"})

    @router.get("/connections/{wanted}")
    async def get(wanted: str) -> Response:
        found = _existing(fabric, wanted)
        return answer({"gatewayId": found.gateway_id, **_told(found)})

    @router.patch("/connections/{wanted}")
    async def change(wanted: str, request: Request) -> Response:
        found, body = _existing(fabric, wanted), await body_of(request)
        if text_of(body, "connectivityType") != found.connectivity:
            raise invalid("The connectivityType of a connection cannot change.")
        name = text_of({"displayName": found.name, **body}, "displayName")
        if name != found.name:
            _check_name(fabric, name)
        privacy = _one_of(_PRIVACY, body.get("privacyLevel", found.privacy))
        if body.get("credentialDetails") is not None:
            user, password, encryption = _credentials(body)
            await _try(fabric, replace(found, user=user, password=password, encryption=encryption))
            found.user, found.password, found.encryption = user, password, encryption
        found.name, found.privacy = name, privacy
        return answer(_listed(found))

    @router.delete("/connections/{wanted}")
    async def delete(wanted: str) -> Response:
        del fabric.connections[_existing(fabric, wanted).id]
        return nothing()

    @router.post("/connections/{wanted}/testConnection")
    async def test(wanted: str) -> Response:
        try:
            await _sign_in(fabric, _existing(fabric, wanted))
        except ReadingError as error:
            failed = {"errorCode": error.code, "message": error.description}
            return answer({"status": "Offline", "errors": [failed]})
        return answer({"status": "Online", "errors": []})

    _add_role_routes(router, fabric)


def _add_role_routes(router: APIRouter, fabric: Fabric) -> None:
    path = "/connections/{wanted}/roleAssignments"

    @router.get(path)
    async def roles(wanted: str, request: Request) -> Response:
        listed = [role.as_json() for role in _existing(fabric, wanted).roles.values()]
        return page(request, listed, fabric.state.settings.page_size)

    @router.post(path)
    async def give(wanted: str, request: Request) -> Response:
        connection, body = _existing(fabric, wanted), await body_of(request)
        role = add_role(connection.roles, body, _ROLES, "PrincipalAlreadyHasConnectionRolePermissions")
        return answer(role.as_json(), 201, {"Location": f"{request.url}/{role.principal['id']}"})

    @router.patch(path + "/{role_id}")
    async def change(wanted: str, role_id: str, request: Request) -> Response:
        role = existing_role(_existing(fabric, wanted).roles, role_id)
        role.role = role_of(await body_of(request), _ROLES)
        return answer(role.as_json())

    @router.delete(path + "/{role_id}")
    async def take(wanted: str, role_id: str) -> Response:
        roles = _existing(fabric, wanted).roles
        del roles[existing_role(roles, role_id).principal["id"]]
        return nothing()


def _existing(fabric: Fabric, wanted: str) -> Connection:
    if wanted not in fabric.connections:
        raise not_found("EntityNotFound", f"The connection {wanted}")
    return fabric.connections[wanted]


def _told(connection: Connection) -> Json:
    return {
        **({"allowConnectionUsageInGateway": False} if connection.connectivity == _CLOUD else {}),
        "id": connection.id,
        "displayName": connection.name,
        "connectivityType": connection.connectivity,
        "connectionDetails": {"path": connection.path, "type": TYPE},
        "privacyLevel": connection.privacy,
        "credentialDetails": {
            "credentialType": "Basic",
            "singleSignOnType": "None",
            "connectionEncryption": connection.encryption,
            "skipTestConnection": False,
        },
    }


def _listed(connection: Connection) -> Json:
    def when(seconds: float | None) -> str | None:
        return None if seconds is None else moment(seconds)

    return {
        **_told(connection),
        **({"allowUsageInUserControlledCode": False} if connection.connectivity == _CLOUD else {}),
        "gatewayId": connection.gateway_id,
        "connectionRecency": {
            "createdDateTime": moment(connection.created),
            "lastBoundDateTime": when(connection.bound),
            "lastCredentialUsedDateTime": when(connection.used),
            "myLastBoundDateTime": when(connection.bound),
            "myLastCredentialUsedDateTime": when(connection.used),
        },
    }


def _new(fabric: Fabric, body: Json) -> Connection:
    name, connectivity = text_of(body, "displayName"), text_of(body, "connectivityType")
    user, password, encryption = _credentials(body)
    server, database = _place(body)
    return Connection(
        str(uuid.uuid4()),
        name,
        connectivity,
        _gateway(connectivity, body),
        server,
        database,
        user,
        password,
        encryption,
        _one_of(_PRIVACY, body.get("privacyLevel", "Organizational")),
    )


def _gateway(connectivity: str, body: Json) -> str:
    if connectivity == _CLOUD:
        return CLOUD_GATEWAY
    wanted = body.get("gatewayId")
    if any(
        gateway["id"] == wanted and gateway["type"] == _GATEWAY_TYPES.get(connectivity)
        for gateway in GATEWAYS
    ):
        return str(wanted)
    raise invalid(
        f"The gateway {wanted} takes no connection of the type {connectivity}.",
        "CreateGatewayConnectionFailed",
    )


def _place(body: Json) -> tuple[str, str]:
    """Server and database, as the parameters name them."""
    details = body.get("connectionDetails")
    if not isinstance(details, dict) or (details.get("type"), details.get("creationMethod")) != (
        TYPE,
        _KINDS[0]["creationMethods"][0]["name"],
    ):
        raise invalid("The connection type and its creation method do not match.", "InvalidConnectionDetails")
    sent = [one for one in details.get("parameters") or () if isinstance(one, dict)]
    values = {one.get("name"): one.get("value") for one in sent if one.get("dataType") == "Text"}
    if values.keys() != {"server", "database"} or not all(
        isinstance(value, str) and value for value in values.values()
    ):
        raise invalid("The parameters must be server and database.", "InvalidConnectionDetails")
    return str(values["server"]), str(values["database"])


def _credentials(body: Json) -> tuple[str, str, str]:
    """User, password and encryption."""
    details: Any = body.get("credentialDetails")
    credentials = details.get("credentials") if isinstance(details, dict) else None
    if not isinstance(credentials, dict) or credentials.get("credentialType") != "Basic":
        raise invalid("The credentials must be Basic.", "InvalidCredentialDetails")
    if details.get("skipTestConnection"):
        raise invalid("skipTestConnection is not supported for PostgreSQL.", "InvalidCredentialDetails")
    if details.get("connectionEncryption") not in _ENCRYPTION:
        raise invalid("The connectionEncryption is not supported.", "InvalidCredentialDetails")
    user, password = credentials.get("username"), credentials.get("password")
    if not isinstance(user, str) or not isinstance(password, str) or not user:
        raise invalid("Username or password is missing.", "InvalidCredentialDetails")
    return user, password, details["connectionEncryption"]


def _one_of(allowed: set[str], value: Any) -> str:
    if value not in allowed:
        raise invalid(f"There is no privacyLevel {value}.", "InvalidInput")
    return str(value)


def _check_name(fabric: Fabric, name: str) -> None:
    if any(connection.name == name for connection in fabric.connections.values()):
        raise RefusedError(409, "DuplicateConnectionName", "The connection name is already in use.")


async def _sign_in(fabric: Fabric, connection: Connection) -> None:
    login = connection.login(with_tls=fabric.state.settings.warehouse_tls)
    await asyncio.to_thread(try_login, login)


async def _try(fabric: Fabric, connection: Connection) -> None:
    try:
        await _sign_in(fabric, connection)
    except ReadingError as error:
        raise RefusedError(
            400,
            "IncorrectCredentials",
            "Failed to establish connection using the credentials.",
            [{"errorCode": error.code, "message": error.description}],
        ) from None
