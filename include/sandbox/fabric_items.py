"""What Fabric keeps: workspaces, connections, items with their definitions, operations that take a while.

What an operation does is done when its time has come, seen from the next request: nobody can tell that from
the real thing, and no task needs to wait for it.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.datasets import CREDENTIALS_MISSING, Dataset, Refresh
from sandbox.state import (
    ENTRA_CLIENT,
    ENTRA_OBJECT,
    NAMESPACE,
    SlidingWindow,
    State,
    dataset_id,
    workspace_id,
)
from sandbox.tmdl import Model
from sandbox.warehouse_reading import Login, ReadingError, read_tables

CAPACITY: dict[str, str] = {
    "id": str(uuid.uuid5(NAMESPACE, "capacity")),
    "displayName": "Sandlådans kapacitet",
    "sku": "F2",
    "region": "Sweden Central",
    "state": "Active",
}
GATEWAYS: list[dict[str, Any]] = [
    {
        "id": str(uuid.uuid5(NAMESPACE, "on-premises gateway")),
        "type": "OnPremises",
        "displayName": "Sandlådans gateway",
        "publicKey": {"exponent": "AQAB", "modulus": "c2FuZGJveA=="},
        "version": "3000.286.11",
        "numberOfMemberGateways": 1,
        "loadBalancingSetting": "Failover",
        "allowCloudConnectionRefresh": True,
        "allowCustomConnectors": False,
    },
    {
        "id": str(uuid.uuid5(NAMESPACE, "virtual network gateway")),
        "type": "VirtualNetwork",
        "displayName": "Sandlådans VNet-gateway",
        "capacityId": CAPACITY["id"],
        "virtualNetworkAzureResource": {
            "subscriptionId": str(uuid.uuid5(NAMESPACE, "subscription")),
            "resourceGroupName": "sandlada",
            "virtualNetworkName": "sandlada",
            "subnetName": "powerbi",
        },
        "inactivityMinutesBeforeSleep": 30,
        "numberOfMemberGateways": 1,
    },
]
CLOUD_GATEWAY = str(uuid.uuid5(NAMESPACE, "cloud"))
"""What a cloud connection names as its gateway."""
HUMAN = "anna.agare@sandlada.example"
"""Who owns what the service principal does not."""

Kind = Literal["SemanticModel", "Report"]


class OperationFailedError(Exception):
    """Why an operation came to nothing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Role:
    """Who may do what with a workspace or a connection."""

    principal: dict[str, Any]
    role: str

    def as_json(self) -> dict[str, Any]:
        """As Fabric lists it."""
        return {"id": self.principal["id"], "principal": self.principal, "role": self.role}


def own_role(role: str, *, is_told_more: bool = False) -> dict[str, Role]:
    """The service principal's, who made it."""
    principal: dict[str, Any] = {"id": ENTRA_OBJECT, "type": "ServicePrincipal"}
    if is_told_more:
        principal |= {
            "displayName": ENTRA_CLIENT[0],
            "servicePrincipalDetails": {"aadAppId": ENTRA_CLIENT[0]},
        }
    return {ENTRA_OBJECT: Role(principal, role)}


@dataclass
class Item:
    """A semantic model or a report with its definition, payloads by path as they were sent."""

    id: str
    kind: Kind
    name: str
    description: str | None
    workspace_id: str
    parts: dict[str, str] = field(default_factory=dict)
    dataset_id: str = ""
    """Of a report: what it shows."""
    is_there: bool = False
    """Whether the operation that makes it has ended."""

    def as_json(self) -> dict[str, Any]:
        """As Fabric lists it."""
        return {
            "id": self.id,
            "type": self.kind,
            "displayName": self.name,
            **({} if self.description is None else {"description": self.description}),
            "workspaceId": self.workspace_id,
        }


@dataclass
class Workspace:
    """A workspace with its items."""

    id: str
    name: str
    description: str = ""
    capacity_id: str | None = None
    roles: dict[str, Role] = field(default_factory=lambda: own_role("Admin", is_told_more=True))
    items: dict[str, Item] = field(default_factory=dict)
    reserved_until: dict[tuple[Kind, str], float] = field(default_factory=dict)
    """Names of deleted items that are not free yet."""

    def of_kind(self, kind: Kind) -> list[Item]:
        """The items that are there."""
        return [item for item in self.items.values() if item.kind == kind and item.is_there]


@dataclass
class Connection:
    """A connection; its password is known here alone."""

    id: str
    name: str
    connectivity: str
    gateway_id: str
    server: str
    database: str
    user: str
    password: str = field(repr=False)
    encryption: str
    privacy: str
    roles: dict[str, Role] = field(default_factory=lambda: own_role("Owner"))
    created: float = field(default_factory=time.time)
    bound: float | None = None
    used: float | None = None

    @property
    def path(self) -> str:
        """What a model's data source must be called to be bound to it."""
        return f"{self.server};{self.database}"

    def login(self, *, with_tls: bool) -> Login:
        """Where it leads; ``with_tls`` says whether Encrypted insists on TLS."""
        return Login(
            self.server,
            self.database,
            self.user,
            self.password,
            must_encrypt=with_tls and self.encryption == "Encrypted",
        )


@dataclass
class Operation:
    """Something that is accepted and takes a while; ``effect`` is what it does in the end."""

    id: str
    effect: Callable[[], dict[str, Any] | None]
    undo: Callable[[], None]
    has_result: bool
    created: float
    ends: float
    failure: OperationFailedError | None = None
    result: dict[str, Any] | None = None
    is_done: bool = False

    def settle(self) -> None:
        """Do what it does, once."""
        self.is_done = True
        try:
            if self.failure:
                raise self.failure
            self.result = self.effect()
        except OperationFailedError as error:
            self.failure = error
            self.undo()


@dataclass
class Arranged:
    """What befalls the next operation."""

    failure: OperationFailedError | None = None
    seconds: float | None = None


@dataclass
class Fabric:
    """One tenant."""

    state: State
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    arranged: list[Arranged] = field(default_factory=list)
    queries: dict[str, SlidingWindow] = field(default_factory=lambda: defaultdict(SlidingWindow))
    """What each caller has asked of models."""
    _readings: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def of_companies(cls, state: State) -> Fabric:
        """A workspace with a dataset for each company, which nobody published and no capacity carries."""
        fabric = cls(state)
        for tenant, company in state.companies.items():
            workspace, dataset, name = workspace_id(tenant), dataset_id(tenant), f"Saldo {company.name}"
            fabric.workspaces[workspace] = Workspace(workspace, name)
            fabric.datasets[dataset] = Dataset(dataset, workspace, name)
        return fabric

    def settle(self) -> None:
        """Do what the operations whose time has come do."""
        now = time.time()
        for operation in list(self.operations.values()):
            if not operation.is_done and operation.ends <= now:
                operation.settle()

    def begin(
        self,
        effect: Callable[[], dict[str, Any] | None],
        undo: Callable[[], None] = lambda: None,
        *,
        has_result: bool,
    ) -> Operation:
        """Start an operation, which is done at once where the settings want no long ones."""
        arranged = self.arranged.pop(0) if self.arranged else Arranged()
        settings, now = self.state.settings, time.time()
        seconds = settings.operation_seconds if arranged.seconds is None else arranged.seconds
        operation = Operation(
            str(uuid.uuid4()), effect, undo, has_result, now, now + seconds, arranged.failure
        )
        if not settings.long_running:
            operation.ends = now
            operation.settle()
        else:
            self.operations[operation.id] = operation
            self.settle()
        return operation

    def delete_workspace(self, wanted: str) -> None:
        """With all that is in it."""
        del self.workspaces[wanted]
        for dataset in [one for one in self.datasets.values() if one.workspace_id == wanted]:
            del self.datasets[dataset.id]

    def delete_item(self, workspace: Workspace, item: Item) -> None:
        """A model with its dataset; the name stays taken for a while."""
        del workspace.items[item.id]
        self.datasets.pop(item.id, None)
        until = time.time() + self.state.settings.reserved_seconds
        workspace.reserved_until[item.kind, item.name] = until

    def put_model(self, item: Item, model: Model, owner: str) -> None:
        """Make the dataset of a semantic model, or give it a newer definition."""
        dataset = self.datasets.get(item.id)
        if dataset is None:
            self.datasets[item.id] = Dataset(item.id, item.workspace_id, item.name, owner, model)
            return
        before, dataset.model = dataset.model, model
        if before and (before.sources != model.sources or self.state.settings.updates_unbind):
            dataset.connection_id = None

    def start_refresh(
        self, dataset: Dataset, kind: str, seconds: float, lag: float, body: dict[str, Any] | None = None
    ) -> Refresh:
        """Start a refresh; one of a published model reads its tables meanwhile."""
        refresh = dataset.start(kind, seconds, lag, body)
        if dataset.model is not None and refresh.outcome == "Completed":
            dataset.forget_superseded()
            refresh.ends, refresh.is_reading = None, True
            reading = asyncio.create_task(self._read(dataset, dataset.model, refresh, seconds))
            self._readings.add(reading)
            reading.add_done_callback(self._readings.discard)
        return refresh

    async def _read(self, dataset: Dataset, model: Model, refresh: Refresh, seconds: float) -> None:
        connection = self.connections.get(dataset.connection_id or "")
        settings = self.state.settings
        try:
            if connection is None and model.sources:
                raise ReadingError(CREDENTIALS_MISSING, "The credentials of the data source are missing.")
            if connection is not None:
                connection.used = time.time()
                login = connection.login(with_tls=settings.warehouse_tls)
                refresh.imported = await asyncio.to_thread(read_tables, model, login, settings.rows_kept)
        except ReadingError as error:
            refresh.outcome = "Failed"
            refresh.error = {"errorCode": error.code, "errorDescription": error.description}
        finally:
            refresh.is_reading = False
        if refresh.ends is not None:
            refresh.imported = None  # cancelled meanwhile
        elif not dataset.held:
            refresh.ends = max(dataset.now(), refresh.started + seconds)
