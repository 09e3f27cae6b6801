"""/sandbox/...: what a test does to what is published, and what it sees of it.

GET     workspaces                    each with its items, and what became of their connections and rows
DELETE  workspaces/{id}               as somebody with the right to does it behind the client's back
POST    operations                    arrange what befalls the next long operation (OperationBody)
DELETE  operations                    forget what was arranged
POST    connections/{id}              give it another password, which nobody tries (PasswordBody)
POST    datasets/{id}/answers         what columns of answers hold: {"name": number, text or null}
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from sandbox.fabric_items import Arranged, Fabric, Item, OperationFailedError


class OperationBody(BaseModel):
    """How the next operation ends, with an error where ``error_code`` is given, and how long it takes."""

    model_config = ConfigDict(extra="forbid")

    error_code: str | None = None
    message: str = "Arranged in the sandbox."
    seconds: float | None = Field(default=None, ge=0)


class PasswordBody(BaseModel):
    """The password that the connection holds from now on."""

    model_config = ConfigDict(extra="forbid")

    password: str


def add_routes(router: APIRouter, fabric: Fabric) -> None:
    """The routes of the docstring."""

    @router.get("/workspaces")
    async def workspaces() -> list[dict[str, Any]]:
        fabric.settle()
        return [
            {
                "id": workspace.id,
                "name": workspace.name,
                "capacity_id": workspace.capacity_id,
                "items": [_told(fabric, item) for item in workspace.items.values()],
            }
            for workspace in fabric.workspaces.values()
        ]

    @router.delete("/workspaces/{wanted}", status_code=204)
    async def delete_workspace(wanted: str) -> None:
        if wanted not in fabric.workspaces:
            raise HTTPException(404, f"There is no workspace {wanted}.")
        fabric.delete_workspace(wanted)

    @router.post("/operations", status_code=201)
    async def arrange(body: OperationBody) -> dict[str, int]:
        failure = OperationFailedError(body.error_code, body.message) if body.error_code else None
        fabric.arranged.append(Arranged(failure, body.seconds))
        return {"waiting": len(fabric.arranged)}

    @router.delete("/operations", status_code=204)
    async def forget() -> None:
        fabric.arranged.clear()

    @router.post("/connections/{wanted}", status_code=204)
    async def change_password(wanted: str, body: PasswordBody) -> None:
        if wanted not in fabric.connections:
            raise HTTPException(404, f"There is no connection {wanted}.")
        fabric.connections[wanted].password = body.password

    @router.post("/datasets/{wanted}/answers")
    async def answers(wanted: str, body: dict[str, float | str | None]) -> dict[str, Any]:
        dataset = fabric.datasets.get(wanted)
        if dataset is None:
            raise HTTPException(404, f"There is no dataset {wanted}.")
        dataset.answers |= body
        return dataset.answers


def _told(fabric: Fabric, item: Item) -> dict[str, Any]:
    dataset = fabric.datasets.get(item.id)
    imported = dataset.imported if dataset else None
    return {
        "id": item.id,
        "type": item.kind,
        "name": item.name,
        "is_there": item.is_there,
        "dataset_id": item.dataset_id or item.id,
        "owner": dataset.owner if dataset else None,
        "connection_id": dataset.connection_id if dataset else None,
        "rows": {name: table.count for name, table in imported.tables.items()} if imported else None,
    }
