"""Fabric's items as publishing uses them: workspaces, connections, models and reports, and what takes long.

Fabric REST API, "Core" (workspaces, connections, long-running operations), "SemanticModel" and "Report".
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from saldo.powerbi.answers import as_json, retry_after
from saldo.powerbi.errors import OperationFailedError, RefusedError
from saldo.powerbi.hook import PowerBIHook, Service

Parts = Mapping[str, str]
PURGE_REQUIRED = "Alm_InvalidRequest_PurgeRequired"
_CONNECTION_TYPE, _CREATION_METHOD = "PostgreSQL", "PostgreSql"


class Kind(Enum):
    """The two kinds of item that are published, by their name in an address."""

    MODEL = "semanticModels"
    REPORT = "reports"


@dataclass(frozen=True, slots=True)
class Item:
    """A workspace, a connection, a model or a report."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that Fabric does in its own time; `seconds` is how long it asks to be left alone."""

    id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model reads, and through which connection; no connection is an empty text."""

    type: str
    path: str
    connection_id: str


class Fabric:
    """Fabric through a hook. What changes something is sent once: look for it before sending it again."""

    def __init__(self, hook: PowerBIHook) -> None:
        """Nothing is sent before it is asked for."""
        self._hook = hook

    def workspaces(self) -> list[Item]:
        """The workspaces that the service principal may see."""
        return _items(self._listed("/v1/workspaces"))

    def workspace(self, workspace_id: str) -> Mapping[str, Any]:
        """One workspace, with the id of its capacity where it has one.

        Raises:
            NotFoundError: there is none of that id.
        """
        return self._hook.get(Service.FABRIC, f"/v1/workspaces/{_quoted(workspace_id)}")

    def create_workspace(self, name: str, capacity_id: str | None) -> Item:
        """A new workspace, in a capacity where one is given."""
        body = {"displayName": name} | ({"capacityId": capacity_id} if capacity_id else {})
        return _item(as_json(self._hook.send(Service.FABRIC, "POST", "/v1/workspaces", body)))

    def delete_workspace(self, workspace_id: str) -> None:
        """Removes a workspace with all that is in it."""
        self._hook.send(Service.FABRIC, "DELETE", f"/v1/workspaces/{_quoted(workspace_id)}")

    def items(self, workspace_id: str, kind: Kind) -> list[Item]:
        """The workspace's models or reports."""
        return _items(self._listed(_items_path(workspace_id, kind)))

    def create_item(self, workspace_id: str, kind: Kind, name: str, parts: Parts) -> Operation | None:
        """Sends a new model or report; None where it is there at once. Its id is found by its name."""
        body = {"displayName": name, "definition": _definition(kind, parts)}
        return _operation(self._hook.send(Service.FABRIC, "POST", _items_path(workspace_id, kind), body))

    def update_item(
        self, workspace_id: str, kind: Kind, item_id: str, parts: Parts, *, may_purge: bool = False
    ) -> Operation | None:
        """Replaces the whole definition; with `may_purge` also where data that was loaded goes with it."""
        body: dict[str, Any] = {"definition": _definition(kind, parts)}
        if may_purge:
            body["options"] = {"allowPurgeData": True}
        path = f"{_items_path(workspace_id, kind)}/{_quoted(item_id)}/updateDefinition"
        return _operation(self._hook.send(Service.FABRIC, "POST", path, body))

    def delete_item(self, workspace_id: str, kind: Kind, item_id: str) -> None:
        """Removes a model or a report."""
        path = f"{_items_path(workspace_id, kind)}/{_quoted(item_id)}"
        self._hook.send(Service.FABRIC, "DELETE", path)

    def unfinished(self, operation_id: str) -> Operation | None:
        """The operation while it goes on, None when it has succeeded.

        The service names another host in `Location`; the token is for this one, so it is asked here.

        Raises:
            OperationFailedError: it failed; `code` is the service's own word.
        """
        state = self._hook.get(Service.FABRIC, f"/v1/operations/{_quoted(operation_id)}")
        status = str(state.get("status") or "")
        if status == "Succeeded":
            return None
        if status == "Failed":
            error = state.get("error") or {}
            raise OperationFailedError(
                "Fabric could not carry out the change",
                code=str(error.get("errorCode") or ""),
                reason=str(error.get("message") or ""),
            )
        return Operation(operation_id, _POLL_SECONDS)

    def connections(self) -> list[Item]:
        """The connections that the service principal may use."""
        return _items(self._listed("/v1/connections"))

    def create_connection(
        self, name: str, server: str, database: str, user: str, password: str, gateway: Gateway | None
    ) -> Item:
        """A connection to PostgreSQL; Power BI signs in to the warehouse while it answers.

        Raises:
            RefusedError: it could not sign in or not reach the warehouse, in the service's words.
        """
        credentials = {"credentialType": "Basic", "username": user, "password": password}
        body: dict[str, Any] = {
            "connectivityType": gateway.connectivity if gateway else "ShareableCloud",
            "displayName": name,
            "privacyLevel": "Organizational",
            "connectionDetails": {
                "type": _CONNECTION_TYPE,
                "creationMethod": _CREATION_METHOD,
                "parameters": [
                    {"dataType": "Text", "name": "server", "value": server},
                    {"dataType": "Text", "name": "database", "value": database},
                ],
            },
            "credentialDetails": {
                "singleSignOnType": "None",
                "connectionEncryption": "Encrypted",
                "skipTestConnection": False,
                "credentials": credentials,
            },
        }
        if gateway:
            body["gatewayId"] = gateway.id
        return _item(as_json(self._hook.send(Service.FABRIC, "POST", "/v1/connections", body)))

    def delete_connection(self, connection_id: str) -> None:
        """Removes a connection."""
        self._hook.send(Service.FABRIC, "DELETE", f"/v1/connections/{_quoted(connection_id)}")

    def supports_postgresql(self) -> bool:
        """Whether connections to PostgreSQL can be made here."""
        found = self._listed("/v1/connections/supportedConnectionTypes")
        return any(each.get("type") == _CONNECTION_TYPE for each in found)

    def sources(self, workspace_id: str, model_id: str) -> list[Source]:
        """What a model reads and through which connection."""
        path = f"/v1/workspaces/{_quoted(workspace_id)}/items/{_quoted(model_id)}/connections"
        return [
            Source(str(details.get("type") or ""), str(details.get("path") or ""), str(found.get("id") or ""))
            for found in self._listed(path)
            for details in (found.get("connectionDetails") or {},)
        ]

    def bind(
        self, workspace_id: str, model_id: str, source: Source, connection_id: str, connectivity: str
    ) -> None:
        """Lets a model read one of its sources through a connection; the caller must own the model."""
        body = {
            "connectionBinding": {
                "id": connection_id,
                "connectivityType": connectivity,
                "connectionDetails": {"type": source.type, "path": source.path},
            }
        }
        path = f"{_items_path(workspace_id, Kind.MODEL)}/{_quoted(model_id)}/bindConnection"
        self._hook.send(Service.FABRIC, "POST", path, body)

    def _listed(self, path: str) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            page = self._hook.get(Service.FABRIC, path, {"continuationToken": token} if token else None)
            yield from page.get("value") or []
            token = page.get("continuationToken")
            if not token:
                return


@dataclass(frozen=True, slots=True)
class Gateway:
    """What stands between Power BI and a warehouse that it cannot reach by itself."""

    id: str
    connectivity: str


_POLL_SECONDS = 5.0


def _items_path(workspace_id: str, kind: Kind) -> str:
    return f"/v1/workspaces/{_quoted(workspace_id)}/{kind.value}"


def _definition(kind: Kind, parts: Parts) -> dict[str, Any]:
    content = [
        {
            "path": path,
            "payload": base64.b64encode(text.encode()).decode(),
            "payloadType": "InlineBase64",
        }
        for path, text in sorted(parts.items())
    ]
    return {"parts": content} | ({"format": "TMDL"} if kind is Kind.MODEL else {})


def _operation(response: Any) -> Operation | None:
    """The service says where its operation is twice, and both may point elsewhere: only the id is taken."""
    if response.status_code != HTTPStatus.ACCEPTED:
        return None
    location: str = response.headers.get("Location", "")
    found = response.headers.get("x-ms-operation-id") or location.rstrip("/").rsplit("/", 1)[-1]
    if not found:
        raise RefusedError("Fabric took a change and did not say how to follow it")
    return Operation(found, retry_after(response))


def _items(found: Iterator[dict[str, Any]]) -> list[Item]:
    return [_item(each) for each in found]


def _item(found: Mapping[str, Any]) -> Item:
    return Item(str(found.get("id") or ""), str(found.get("displayName") or ""))


def _quoted(part: str) -> str:
    return quote(part, safe="")
