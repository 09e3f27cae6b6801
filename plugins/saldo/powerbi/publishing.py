"""Publishes an organization's model and report, one step after the other, each found before it is made.

What takes Fabric longer than an answer is not waited for here: `Publication.go_on` says how long Fabric wants
to be left alone, and then goes on with the same progress. A try that was lost begins again and finds what it
had made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from saldo.powerbi.errors import (
    NotBoundError,
    NotConfiguredError,
    NotFoundError,
    OperationFailedError,
    PowerBIError,
)
from saldo.powerbi.fabric import PURGE_REQUIRED, Fabric, Gateway, Item, Kind, Operation, Parts
from saldo.powerbi.hook import PowerBIHook
from saldo.powerbi.project import render

_PURGING = "The change takes loaded data with it: sent again so, and refreshed right after"
_KINDS = {"model": Kind.MODEL, "report": Kind.REPORT}
_CONNECTIVITIES = ("ShareableCloud", "OnPremisesGateway", "VirtualNetworkGateway")


@dataclass(frozen=True, slots=True)
class Target:
    """How Power BI reaches the warehouse and where reports go, from the connection's extra.

    `warehouse_server` (with its port) and `warehouse_database` are the warehouse's address as Power BI sees
    it. `warehouse_connection_id` is a connection made by hand, for all organizations; else each organization
    gets one with a database role of its own. `gateway_id` and `connectivity` (OnPremisesGateway or
    VirtualNetworkGateway) where Power BI comes through a gateway. `capacity_id` for workspaces that are made.
    """

    server: str
    database: str
    connection_id: str
    gateway_id: str
    connectivity: str
    capacity_id: str

    @classmethod
    def of(cls, extra: dict[str, Any]) -> Self | None:
        """What the extra says, or None where it says nothing of publishing.

        Raises:
            NotConfiguredError: it contradicts itself.
        """
        server = str(extra.get("warehouse_server") or "")
        if not server:
            return None
        gateway_id = str(extra.get("gateway_id") or "")
        connectivity = str(
            extra.get("connectivity") or ("OnPremisesGateway" if gateway_id else "ShareableCloud")
        )
        if connectivity not in _CONNECTIVITIES or bool(gateway_id) != (connectivity != "ShareableCloud"):
            raise NotConfiguredError(
                f"The Power BI connection's extra says connectivity {connectivity}"
                + ("" if gateway_id else " and no gateway_id"),
                advice=f"Leave both out, or give gateway_id and one of {', '.join(_CONNECTIVITIES[1:])}",
            )
        return cls(
            server=server,
            database=str(extra.get("warehouse_database") or "saldo"),
            connection_id=str(extra.get("warehouse_connection_id") or ""),
            gateway_id=gateway_id,
            connectivity=connectivity,
            capacity_id=str(extra.get("capacity_id") or ""),
        )

    @property
    def gateway(self) -> Gateway | None:
        """The gateway, if there is one."""
        return Gateway(self.gateway_id, self.connectivity) if self.gateway_id else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which organization, and what is known of where it was published before; empty where nothing is.

    `given_workspace_id` is the one that the company's page names; what Saldo made itself it makes again.
    """

    organization_id: int
    organization_name: str
    given_workspace_id: str
    workspace_id: str
    connection_id: str
    model_id: str
    report_id: str

    @property
    def name(self) -> str:
        """What its workspace, model and report are called; of two companies of one name each its own."""
        return f"{self.organization_name} – Saldo {self.organization_id}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a publication has come; plain texts, to be stored while Fabric works.

    `operation` is what Fabric is at; `done` the steps that this publication has behind it.
    """

    workspace_id: str = ""
    connection_id: str = ""
    model_id: str = ""
    report_id: str = ""
    operation: str = ""
    done: tuple[str, ...] = ()
    may_purge: bool = False

    def as_json(self) -> dict[str, Any]:
        """For a trigger to keep."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**(stored | {"done": tuple(stored.get("done", ()))}))


@dataclass(frozen=True, slots=True)
class Wait:
    """Fabric wants to be left alone for `seconds`; then go on with `progress`."""

    seconds: float
    progress: Progress


# makes a login for the organization and gives its name and password: nobody keeps the password but Power BI
MakeLogin = Callable[[], tuple[str, str]]
Say = Callable[[str], None]


class Publication:
    """One organization's publication; `go_on` until it is whole."""

    def __init__(
        self, hook: PowerBIHook, target: Target, wanted: Wanted, make_login: MakeLogin, say: Say
    ) -> None:
        """Nothing is sent before `go_on`."""
        self._hook = hook
        self._fabric = Fabric(hook)
        self._target = target
        self._wanted = wanted
        self._make_login = make_login
        self._say = say

    def go_on(self, progress: Progress) -> Progress | Wait:
        """Goes as far as Fabric's answers allow: to the end, or to something that takes its time.

        Raises:
            PowerBIError: a step was refused; the sentence says which and what to do.
        """
        settled = self._settled(progress)
        if isinstance(settled, Wait):
            return settled
        progress = settled
        for name, step in (
            ("workspace", self._workspace),
            ("connection", self._connection),
            ("model", self._model),
            ("binding", self._binding),
            ("report", self._report),
        ):
            if name in progress.done:
                continue
            progress, operation = step(progress)
            if operation is not None:
                return Wait(operation.seconds, replace(progress, operation=f"{name} {operation.id}"))
            progress = replace(progress, done=(*progress.done, name))
        return progress

    def _settled(self, progress: Progress) -> Progress | Wait:
        """What became of the operation that was waited for."""
        if not progress.operation:
            return progress
        name, operation_id = progress.operation.split(" ", maxsplit=1)
        try:
            operation = self._fabric.unfinished(operation_id)
        except OperationFailedError as error:
            if error.code == PURGE_REQUIRED and not progress.may_purge:
                self._say(_PURGING)
                return replace(progress, operation="", may_purge=True)
            raise
        if operation is not None:
            return Wait(operation.seconds, progress)
        progress = self._found(_KINDS[name], progress)
        return replace(progress, operation="", done=(*progress.done, name))

    def _found(self, kind: Kind, progress: Progress) -> Progress:
        """With the id of what Fabric has made or changed, by its name."""
        item = self._item(kind, progress)
        if item is None:
            raise OperationFailedError(
                f"Fabric says that it made {self._wanted.name}, and the workspace does not show it",
                advice="The next try looks again",
            )
        if kind is Kind.MODEL:
            return replace(progress, model_id=item.id)
        return replace(progress, report_id=item.id)

    def _workspace(self, progress: Progress) -> tuple[Progress, Operation | None]:
        given = self._wanted.given_workspace_id
        if given:
            try:
                self._fabric.workspace(given)
            except NotFoundError:
                raise NotFoundError(
                    f"The workspace {given} is gone, or the service principal may not see it",
                    advice="Empty the workspace on the company's page, and a new one is made; or make the "
                    "service principal Admin or Member of the workspace",
                ) from None
            return replace(progress, workspace_id=given), None
        there = self._fabric.workspaces()
        made = next((each for each in there if each.id == self._wanted.workspace_id), None) or next(
            (each for each in there if each.name == self._wanted.name), None
        )
        if made is None:
            made = self._fabric.create_workspace(self._wanted.name, self._target.capacity_id or None)
            self._say(f"Made the workspace {made.name}")
        return replace(progress, workspace_id=made.id), None

    def _connection(self, progress: Progress) -> tuple[Progress, Operation | None]:
        if self._target.connection_id:
            return replace(progress, connection_id=self._target.connection_id), None
        name = f"Saldo {self._wanted.organization_id} {self._target.server} {self._target.database}"
        there = self._fabric.connections()
        known = next(
            (each for each in there if each.id == self._wanted.connection_id and each.name == name), None
        )
        if known is not None:
            return replace(progress, connection_id=known.id), None
        # one whose password nobody has stored, from a try that was lost, is made anew
        for left in (each for each in there if each.name == name):
            self._fabric.delete_connection(left.id)
        user, password = self._make_login()
        made = self._fabric.create_connection(
            name, self._target.server, self._target.database, user, password, self._target.gateway
        )
        self._say(f"Made the connection {name}: Power BI signs in to the warehouse as {user}")
        return replace(progress, connection_id=made.id), None

    def _model(self, progress: Progress) -> tuple[Progress, Operation | None]:
        parts = render.model(self._target.server, self._target.database, self._wanted.organization_id)
        return self._upsert(Kind.MODEL, progress, parts)

    def _report(self, progress: Progress) -> tuple[Progress, Operation | None]:
        return self._upsert(Kind.REPORT, progress, render.report(progress.model_id))

    def _upsert(self, kind: Kind, progress: Progress, parts: Parts) -> tuple[Progress, Operation | None]:
        item = self._item(kind, progress)
        if item is None:
            self._say(f"Sending {kind.value}: {self._wanted.name}")
            operation = self._fabric.create_item(progress.workspace_id, kind, self._wanted.name, parts)
        else:
            self._say(f"Sending a new definition to {kind.value}: {item.name}")
            operation = self._update(kind, progress, item, parts)
        return (self._found(kind, progress), None) if operation is None else (progress, operation)

    def _update(self, kind: Kind, progress: Progress, item: Item, parts: Parts) -> Operation | None:
        where = (progress.workspace_id, kind, item.id, parts)
        try:
            return self._fabric.update_item(*where, may_purge=progress.may_purge)
        except PowerBIError as error:
            if error.code != PURGE_REQUIRED or progress.may_purge:
                raise
        self._say(_PURGING)
        return self._fabric.update_item(*where, may_purge=True)

    def _binding(self, progress: Progress) -> tuple[Progress, Operation | None]:
        self._bind(progress)
        sources = self._fabric.sources(progress.workspace_id, progress.model_id)
        wrong = [source for source in sources if source.connection_id != progress.connection_id]
        if wrong or not sources:
            described = ", ".join(source.path for source in wrong) or "nothing"
            raise NotBoundError(
                f"The model reads {described} through another connection than {progress.connection_id}",
                advice="warehouse_server and warehouse_database in the Power BI connection's extra must be "
                "written as in the connection that is bound, the port included",
            )
        return progress, None

    def _bind(self, progress: Progress) -> None:
        """Binds what is not bound; a model that somebody has edited is theirs, so it is taken over first."""
        if self._wanted.model_id:
            self._hook.take_over(progress.workspace_id, progress.model_id)
        for source in self._fabric.sources(progress.workspace_id, progress.model_id):
            if source.connection_id != progress.connection_id:
                self._fabric.bind(
                    progress.workspace_id,
                    progress.model_id,
                    source,
                    progress.connection_id,
                    self._target.connectivity,
                )

    def _item(self, kind: Kind, progress: Progress) -> Item | None:
        """By the id that is known, else by name: an answer that was lost left it there."""
        known = self._wanted.model_id if kind is Kind.MODEL else self._wanted.report_id
        items = self._fabric.items(progress.workspace_id, kind)
        return next((each for each in items if each.id == known), None) or next(
            (each for each in items if each.name == self._wanted.name), None
        )


def is_there(fabric: Fabric, wanted: Wanted) -> bool:
    """Whether Power BI has still what was published before.

    Raises:
        PowerBIError: Power BI does not say.
    """
    try:
        return all(
            any(item.id == known for item in fabric.items(wanted.workspace_id, kind))
            for kind, known in ((Kind.MODEL, wanted.model_id), (Kind.REPORT, wanted.report_id))
        )
    except NotFoundError:
        return False


def withdraw(
    fabric: Fabric, *, workspace_id: str, is_given: bool, report_id: str, model_id: str, connection_id: str
) -> None:
    """Deletes what a publication made; what is gone already is no trouble.

    Raises:
        PowerBIError: something could not be deleted.
    """
    deletions: list[Callable[[], None]] = (
        [
            lambda: fabric.delete_item(workspace_id, Kind.REPORT, report_id),
            lambda: fabric.delete_item(workspace_id, Kind.MODEL, model_id),
        ]
        if is_given
        else [lambda: fabric.delete_workspace(workspace_id)]
    )
    if connection_id:
        deletions.append(lambda: fabric.delete_connection(connection_id))
    for delete in deletions:
        with contextlib.suppress(NotFoundError):
            delete()
