"""Tries a whole set-up out, each step after those that it needs, and takes away what it made for that.

What it makes in Power BI is a model of its own, with a name that says so, and is deleted at the end.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from saldo import organizations
from saldo.database import Role, connect
from saldo.fortnox import connecting
from saldo.fortnox.connecting import Availability
from saldo.fortnox.errors import FortnoxError
from saldo.pipeline.publish import COMPARISON, drop_login, make_login, read_publication
from saldo.powerbi.errors import PowerBIError, RefreshFailedError
from saldo.powerbi.fabric import Fabric, Item, Kind
from saldo.powerbi.hook import PowerBIHook, Service
from saldo.powerbi.publishing import Progress, Publication, Target, Wait, Wanted

_PATIENCE = timedelta(minutes=10)
_POLL_SECONDS = 2.0
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_SETUPS = {
    "ShareableCloud": "reached directly by Power BI's cloud: a public address, a certificate of a public CA",
    "OnPremisesGateway": "through an on-premises data gateway (June 2025 or newer), which must be online",
    "VirtualNetworkGateway": "through a VNet data gateway, which needs a workspace with a capacity",
}


class Verdict(StrEnum):
    """How a step went; what is to be looked at does not stop anything."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Finding:
    """One step's result, in one sentence that says what to change where there is something to change."""

    step: str
    verdict: Verdict
    sentence: str


@dataclass
class _Toy:
    """What has been made for the trial, to be taken away again."""

    fabric: Fabric
    hook: PowerBIHook
    target: Target
    organization_id: int
    workspace_id: str = ""
    workspace_is_ours: bool = False
    connection_id: str = ""
    connection_is_ours: bool = False
    model_id: str = ""
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def name(self) -> str:
        # a name of its own each time: Fabric keeps that of something deleted from use for some minutes
        return f"Saldo doctor {self.organization_id} {self.began_at:%Y-%m-%d %H.%M.%S}"


def examine_fortnox(tenant_id: str) -> Iterator[Finding]:
    """The app, the company's access, and what its approval and licences leave out."""
    try:
        connecting.try_app()
    except FortnoxError as error:
        yield Finding("Fortnox: app", Verdict.BAD, str(error))
        yield Finding("Fortnox: company", Verdict.UNTRIED, "The app comes first")
        return
    yield Finding("Fortnox: app", Verdict.GOOD, "Fortnox knows the client id and secret of fortnox_default")
    began = time.monotonic()
    try:
        look = connecting.last_look(tenant_id)
    except (FortnoxError, LookupError) as error:
        yield Finding("Fortnox: company", Verdict.BAD, str(error))
        return
    seconds = time.monotonic() - began
    yield Finding(
        "Fortnox: company",
        Verdict.GOOD,
        f"{look.company.name} gives access; {len(look.modules)} modules asked in {seconds:.1f} s",
    )
    for availability, sentence in (
        (Availability.NOT_APPROVED, "not approved: connect the company again and choose them, if wanted"),
        (Availability.NO_LICENCE, "without a licence in Fortnox: skipped, and fetched once there is one"),
    ):
        if scopes := sorted(scope for scope, found in look.modules.items() if found is availability):
            yield Finding("Fortnox: modules", Verdict.LOOK, f"{', '.join(scopes)}: {sentence}")


def examine_power_bi(
    organization_id: int, powerbi_conn_id: str = PowerBIHook.default_conn_name
) -> Iterator[Finding]:
    """Signing in, rights, reaching the warehouse, a model that is made, refreshed, asked and deleted."""
    hook = PowerBIHook(powerbi_conn_id)
    steps: tuple[tuple[str, Callable[[_Toy], Finding | str]], ...] = (
        ("Power BI: tenant settings", _tenant_settings),
        ("Power BI: connection types", _connection_types),
        ("Power BI: reach", _reach),
        ("Power BI: isolation", _isolation),
        ("Power BI: workspace", _workspace),
        ("Power BI: connection, model, binding", _model),
        ("Power BI: refresh", _refresh),
        ("Power BI: query", _query),
    )
    names = [name for name, _ in steps]
    try:
        hook.get(Service.POWER_BI, "/v1.0/myorg/groups", {"$top": 1})
        target = Target.of(hook.extra)
    except PowerBIError as error:
        yield Finding("Power BI: token", Verdict.BAD, str(error))
        yield from (Finding(name, Verdict.UNTRIED, "Signing in comes first") for name in names)
        return
    yield Finding("Power BI: token", Verdict.GOOD, f"{powerbi_conn_id} signs in")
    if target is None:
        yield Finding(
            "Power BI: reach",
            Verdict.BAD,
            f"The extra of {powerbi_conn_id} has no warehouse_server: give the warehouse's address as Power "
            "BI reaches it, with its port",
        )
        return
    toy = _Toy(Fabric(hook), hook, target, organization_id)
    failed = ""
    try:
        for name, step in steps:
            if failed:
                yield Finding(name, Verdict.UNTRIED, f"{failed} comes first")
                continue
            try:
                found = step(toy)
            except PowerBIError as error:
                failed = name
                yield Finding(name, Verdict.BAD, str(error))
                continue
            yield Finding(name, Verdict.GOOD, found) if isinstance(found, str) else replace(found, step=name)
    finally:
        left = _take_away(toy)
    yield Finding(
        "Power BI: delete",
        Verdict.LOOK if left else Verdict.GOOD,
        f"Could not delete {'; '.join(left)}" if left else "What was made for the trial is gone again",
    )


def _tenant_settings(toy: _Toy) -> str:
    seen = toy.fabric.workspaces()
    return f"Service principals may call Fabric's API; this one sees {len(seen)} workspaces"


def _connection_types(toy: _Toy) -> Finding | str:
    if toy.target.connection_id:
        return f"The connection {toy.target.connection_id} was made by hand"
    if toy.fabric.supports_postgresql():
        return "Connections to PostgreSQL can be made by the API"
    return Finding(
        "",
        Verdict.LOOK,
        "This tenant makes no connections to PostgreSQL by the API: make one in Power BI (Manage connections "
        "and gateways) and give its id as warehouse_connection_id",
    )


def _reach(toy: _Toy) -> Finding | str:
    """What can be seen from here; Power BI's own word comes with the connection."""
    said = f"{toy.target.server}, {_SETUPS[toy.target.connectivity]}"
    if toy.target.gateway is not None:
        return said
    host, _, port = toy.target.server.partition(":")
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, int(port or 5432))}
    except (OSError, ValueError):
        return Finding("", Verdict.LOOK, f"{host} is not found from here: check the name. {said}")
    private = sorted(address for address in addresses if ipaddress.ip_address(address).is_private)
    if private:
        return Finding(
            "",
            Verdict.LOOK,
            f"{host} leads to {private[0]}, a private address, which Power BI's cloud cannot reach: give a "
            "public one, or a gateway (gateway_id and connectivity)",
        )
    trouble = _certificate_trouble(host, int(port or 5432))
    return Finding("", Verdict.LOOK, f"{trouble}. {said}") if trouble else said


def _certificate_trouble(host: str, port: int) -> str:
    """What is wrong with the warehouse's certificate, as this machine sees it; empty if nothing."""
    try:
        with socket.create_connection((host, port), timeout=10) as plain:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) != b"S":
                return f"{host} speaks no TLS, which Power BI's cloud demands"
            with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
                return ""
    except ssl.SSLCertVerificationError as error:
        return f"The certificate of {host} is not one of a public CA for that name ({error.verify_message})"
    except OSError as error:
        return f"{host}:{port} does not answer from here ({type(error).__name__})"


def _isolation(toy: _Toy) -> Finding | str:
    if not toy.target.connection_id:
        return "Each company's report reads as a database role of its own, which sees that company alone"
    return Finding(
        "",
        Verdict.LOOK,
        "All reports read through one connection: whoever may use it can read every company that its login "
        "may. Take warehouse_connection_id away unless all readers may see all",
    )


def _workspace(toy: _Toy) -> str:
    with connect(Role.TRANSFORMER, toy.organization_id) as connection:
        known = read_publication(connection)
    given = known["workspace_id"] or known["published_workspace_id"]
    if given:
        toy.workspace_id = given
        capacity = toy.fabric.workspace(given).get("capacityId")
        return f"The company's workspace is there, {_refreshes(bool(capacity))}"
    made = toy.fabric.create_workspace(toy.name, toy.target.capacity_id or None)
    toy.workspace_id, toy.workspace_is_ours = made.id, True
    return f"Workspaces can be made, {_refreshes(bool(toy.target.capacity_id))}"


def _refreshes(has_capacity: bool) -> str:
    return (
        "in a capacity, where refreshes are as many as it bears"
        if has_capacity
        else "without a capacity: eight refreshes in 24 hours"
    )


def _model(toy: _Toy) -> str:
    """The same steps as publishing takes, under a name of the doctor's own."""
    with connect(Role.TRANSFORMER, toy.organization_id) as connection:
        known = read_publication(connection)
    # another password for the company's login would shut its own connection out
    target = replace(toy.target, connection_id=toy.target.connection_id or known["connection_id"])
    toy.connection_is_ours = not target.connection_id
    wanted = Wanted(
        organization_id=toy.organization_id,
        organization_name=toy.name,
        given_workspace_id=toy.workspace_id,
        workspace_id=toy.workspace_id,
        connection_id="",
        model_id="",
        report_id="",
    )
    publication = Publication(
        toy.hook, target, wanted, lambda: make_login(toy.organization_id), lambda _: None
    )
    progress = Progress(workspace_id=toy.workspace_id, done=("workspace", "report"))
    while True:
        reached = publication.go_on(progress)
        progress = reached.progress if isinstance(reached, Wait) else reached
        toy.connection_id, toy.model_id = progress.connection_id, progress.model_id
        if not isinstance(reached, Wait):
            return "Power BI signed in to the warehouse, took the model and reads through the connection"
        _wait(toy, reached.seconds)


def _refresh(toy: _Toy) -> str:
    request_id = toy.hook.start_refresh(toy.workspace_id, toy.model_id)
    while True:
        history = toy.hook.refreshes(toy.workspace_id, toy.model_id)
        refresh = history.find(request_id) if request_id else next(iter(history.refreshes), None)
        if refresh is not None and not refresh.is_running:
            break
        _wait(toy, _POLL_SECONDS)
    if not refresh.is_completed:
        raise refresh.failure()
    return "Power BI read the company's marts"


def _query(toy: _Toy) -> str:
    rows = toy.hook.query(toy.workspace_id, toy.model_id, COMPARISON)
    return f"The model answers: {len(rows[0]) if rows else 0} figures"


def _wait(toy: _Toy, seconds: float) -> None:
    if datetime.now(UTC) - toy.began_at > _PATIENCE:
        raise RefreshFailedError(
            f"Power BI has not come to an end in {_PATIENCE.seconds // 60} minutes",
            advice="Look at the workspace in Power BI, and run the doctor again",
        )
    time.sleep(seconds)


def _take_away(toy: _Toy) -> list[str]:
    """Deletes what the trial made, by name too, should an answer have been lost; what stays is named."""
    left = []
    if toy.workspace_is_ours:
        left += _delete("the workspace " + toy.name, lambda: toy.fabric.delete_workspace(toy.workspace_id))
    elif toy.workspace_id:
        for model in _of_trial(toy):
            left += _delete(
                f"the model {model.name}",
                lambda model=model: toy.fabric.delete_item(toy.workspace_id, Kind.MODEL, model.id),  # type: ignore[misc]
            )
    if toy.connection_is_ours:
        if toy.connection_id:
            left += _delete(
                f"the connection {toy.connection_id}",
                lambda: toy.fabric.delete_connection(toy.connection_id),
            )
        drop_login(toy.organization_id)
    return left


def _of_trial(toy: _Toy) -> list[Item]:
    with contextlib.suppress(PowerBIError):
        return [
            each for each in toy.fabric.items(toy.workspace_id, Kind.MODEL) if each.name.startswith(toy.name)
        ]
    return []


def _delete(what: str, delete: Callable[[], None]) -> list[str]:
    try:
        delete()
    except PowerBIError as error:
        return [f"{what} ({error})"]
    return []


def organizations_to_examine(names: list[str]) -> list[organizations.Organization]:
    """Those named, by DAG id or tenant id; else every connected one.

    Raises:
        LookupError: one is not connected.
    """
    connected = {each.dag_id: each for each in organizations.read().organizations}
    if not names:
        return list(connected.values())
    found = [connected.get(organizations.dag_id_of(organizations.tenant_of(name))) for name in names]
    missing = [name for name, each in zip(names, found, strict=True) if each is None]
    if missing:
        raise LookupError(f"No such company is connected: {', '.join(missing)}. `saldo status` lists them")
    return [each for each in found if each is not None]
