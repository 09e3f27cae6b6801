"""The task that publishes an organization's Power BI model and report, and what follows a refresh of them."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from saldo.database import Role, connect, run
from saldo.pipeline.pausing import PauseTrigger
from saldo.powerbi.errors import FiguresDifferError, NotSetUpError, PowerBIError, ThrottledError
from saldo.powerbi.fabric import Fabric
from saldo.powerbi.hook import VIEWER, PowerBIHook
from saldo.powerbi.project import render
from saldo.powerbi.publishing import (
    Progress,
    Publication,
    Target,
    Wait,
    Wanted,
    is_there,
    withdraw,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

LONGEST_WAIT = timedelta(minutes=10)
COMPARISON = """EVALUATE
ROW (
    "total_assets", [Summa tillgångar],
    "net_result", CALCULATE ( [Årets resultat], Tidsperspektiv[Tidsperspektiv] = "Ack. i år" ),
    "receivables", [Kundfordringar]
)"""
_FIGURES = {
    "total_assets": "total assets",
    "net_result": "the result of the year",
    "receivables": "receivables",
}
_ORE = Decimal("0.01")


class PublishDefinitionOperator(BaseOperator):
    """Publishes an organization's model and report into its workspace, and keeps them current.

    Green means that Power BI has the definition of this version of Saldo. Skipped means that it had it
    already, that publishing is not set up, or that the company has a dataset of its own. A try that was
    killed begins again and finds what was made. All waiting is deferral.

    Returns `{"workspace_id", "report_id"}`.

    Args:
        organization_id: the organization, from the registry.
        powerbi_conn_id: the Airflow connection of `PowerBIHook`; its extra says where the warehouse is.
    """

    ui_color = "#f2c811"

    def __init__(
        self,
        *,
        organization_id: int,
        powerbi_conn_id: str = PowerBIHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        """Keeps what it is given; nothing is looked up when a DAG is parsed."""
        super().__init__(**kwargs)
        self.organization_id = organization_id
        self.powerbi_conn_id = powerbi_conn_id

    def execute(self, context: Context) -> dict[str, str]:
        """Publishes, or begins to."""
        return self._go_on({})

    def resume(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, str]:
        """Goes on after waiting; `event` is how far it had come."""
        return self._go_on(event or {})

    def _go_on(self, event: dict[str, Any]) -> dict[str, str]:
        try:
            return self._publish(event)
        except ThrottledError as error:
            self._hold_back(error, event)
        except PowerBIError as error:
            if error.passes:
                raise
            raise AirflowFailException(str(error)) from None

    def _publish(self, event: dict[str, Any]) -> dict[str, str]:
        hook = PowerBIHook(self.powerbi_conn_id)
        known = self._read()
        if known["dataset_id"]:
            raise AirflowSkipException(
                f"The company's page names the dataset {known['dataset_id']}: it is refreshed as it is, and "
                "Saldo publishes no report of its own beside it"
            )
        if not known["built"]:
            raise AirflowSkipException("The marts are not built yet: there is nothing to publish")
        try:
            target = Target.of(hook.extra)
        except NotSetUpError as error:
            raise AirflowSkipException(str(error)) from None
        if target is None:
            raise AirflowSkipException(
                f"Publishing is not set up: give the Airflow connection {self.powerbi_conn_id} the extra "
                "warehouse_server, the warehouse's address as Power BI reaches it (docs/powerbi.md)"
            )
        wanted = Wanted(
            organization_id=self.organization_id,
            organization_name=known["organization_name"],
            given_workspace_id=known["workspace_id"],
            workspace_id=known["workspace_id"] or known["published_workspace_id"],
            connection_id=known["connection_id"],
            model_id=known["model_id"],
            report_id=known["report_id"],
        )
        is_current = known["definition"] == _digest(target, wanted) and not event
        if is_current and is_there(Fabric(hook), wanted):
            raise AirflowSkipException("Power BI has the newest definition already: nothing to send")
        progress = Progress.from_json(event.get("progress", {}))
        publication = Publication(
            hook, target, wanted, lambda: make_login(self.organization_id), self.log.info
        )
        reached = publication.go_on(progress)
        if isinstance(reached, Wait):
            self.log.info("Fabric is at it: looking again in %.0f s", reached.seconds)
            self._pause(reached.seconds, {"progress": reached.progress.as_json()})
        self._write(reached, _digest(target, _as_reached(wanted, reached)))
        self.log.info(
            "Published: workspace %s, model %s, report %s",
            reached.workspace_id,
            reached.model_id,
            reached.report_id,
        )
        return {"workspace_id": reached.workspace_id, "report_id": reached.report_id}

    def _read(self) -> dict[str, Any]:
        with connect(Role.TRANSFORMER, self.organization_id) as connection:
            return read_publication(connection)

    def _write(self, reached: Progress, definition: str) -> None:
        ids = {
            "workspace_id": reached.workspace_id,
            "connection_id": reached.connection_id,
            "model_id": reached.model_id,
            "report_id": reached.report_id,
        }
        with connect(Role.TRANSFORMER, self.organization_id) as connection:
            parameters = ids | {"definition": definition, "release_digest": render.release()}
            run(connection, "control/publication_write", parameters)

    def _hold_back(self, error: ThrottledError, event: dict[str, Any]) -> NoReturn:
        if error.retry_after <= LONGEST_WAIT.total_seconds():
            self.log.info("%s: going on then", error)
            self._pause(error.retry_after, event)
        raise AirflowSkipException(f"{error}: the first run after that publishes the report")

    def _pause(self, seconds: float, event: dict[str, Any]) -> NoReturn:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        self.defer(trigger=PauseTrigger(until.isoformat(), event), method_name="resume")


def make_login(organization_id: int) -> tuple[str, str]:
    """A database login that sees one organization alone, and its new password, which is kept nowhere here."""
    password = secrets.token_urlsafe(32)
    with connect(Role.TRANSFORMER, organization_id) as connection:
        verifier = connection.pgconn.encrypt_password(password.encode(), b"", b"scram-sha-256")
        row = run(connection, "control/report_login_make", {"verifier": verifier.decode()}).fetchone()
    assert row is not None
    return str(row[0]), password


def drop_login(organization_id: int) -> None:
    """The login of an organization's report is gone, if there was one."""
    with connect(Role.PAGE, organization_id) as connection:
        run(connection, "control/report_login_drop", {"organization_id": organization_id})


def take_down(organization_id: int, powerbi_conn_id: str = PowerBIHook.default_conn_name) -> None:
    """Deletes from Power BI what Saldo published of an organization, and the login that it read with.

    A workspace that the company's page names is somebody else's and stays, without what was published.

    Raises:
        PowerBIError: Power BI refused or did not answer; what is left can be taken down again.
    """
    with connect(Role.PAGE, organization_id) as connection:
        known = read_publication(connection)
    if known["model_id"]:
        hook = PowerBIHook(powerbi_conn_id)
        target = Target.of(hook.extra)
        withdraw(
            Fabric(hook),
            workspace_id=known["published_workspace_id"],
            is_given=bool(known["workspace_id"]),
            report_id=known["report_id"],
            model_id=known["model_id"],
            connection_id="" if target and target.connection_id else known["connection_id"],
        )
    drop_login(organization_id)


def read_publication(connection: Any) -> dict[str, Any]:
    """What control knows of the organization's publication, by name.

    Raises:
        AirflowFailException: no such organization is registered.
    """
    cursor = run(connection, "control/publication_read")
    row = cursor.fetchone()
    if row is None:
        raise AirflowFailException("This organization is not registered: connect it with `saldo connect`")
    return {column.name: value for column, value in zip(cursor.description or (), row, strict=True)}


def _as_reached(wanted: Wanted, reached: Progress) -> Wanted:
    return replace(
        wanted,
        workspace_id=reached.workspace_id,
        connection_id=reached.connection_id,
        model_id=reached.model_id,
        report_id=reached.report_id,
    )


def _digest(target: Target, wanted: Wanted) -> str:
    """One word for all that would be sent, and where to."""
    model = render.model(target.server, target.database, wanted.organization_id)
    return render.digest(
        model,
        render.report(wanted.model_id),
        {name: str(value) for name, value in asdict(target).items()},
        {"workspace_id": wanted.workspace_id, "name": wanted.name},
    )


def compare(hook: PowerBIHook, organization_id: int, workspace_id: str, dataset_id: str) -> None:
    """Holds what Power BI shows against the warehouse, and then lets readers in.

    Raises:
        FiguresDifferError: a figure is another; the sentence holds both numbers.
        PowerBIError: Power BI does not answer the question.
    """
    with connect(Role.TRANSFORMER, organization_id) as connection:
        cursor = run(connection, "control/compared_figures")
        row = cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
    if row is None:
        return
    warehouse = dict(zip(names, row, strict=True))
    answered = hook.query(workspace_id, dataset_id, COMPARISON)
    shown = {name.strip("[]"): value for name, value in (answered[0] if answered else {}).items()}
    wrong = [
        f"{label} is {_text(shown.get(name))} in Power BI and {_text(warehouse[name])} in the warehouse"
        for name, label in _FIGURES.items()
        if _ore(shown.get(name)) != _ore(warehouse[name])
    ]
    if wrong:
        raise FiguresDifferError(
            "After the refresh Power BI shows other figures than the warehouse",
            reason="; ".join(wrong),
            advice="No new reader is let in. Clear this task to refresh and compare again; if it stays, see "
            "whether somebody has edited the model",
        )
    with connect(Role.TRANSFORMER, organization_id) as connection:
        known = read_publication(connection)
    let_in = _let_in(hook, workspace_id, known["readers"].split(), known["let_in"].split())
    with connect(Role.TRANSFORMER, organization_id) as connection:
        run(connection, "control/publication_compared", {"let_in": " ".join(let_in)})


def _let_in(hook: PowerBIHook, workspace_id: str, wanted: list[str], before: list[str]) -> list[str]:
    """Lets in whom the company's page names, and out whom it named before; whoever got in otherwise stays.

    Returns those who are in by the page.
    """
    if wanted or before:
        there = hook.readers(workspace_id)
        for address in wanted:
            if address.lower() not in there:
                hook.add_reader(workspace_id, address)
        kept = {address.lower() for address in wanted}
        for address in before:
            if address.lower() not in kept and there.get(address.lower()) == VIEWER:
                hook.remove_reader(workspace_id, address)
    return wanted


def _ore(value: Any) -> Decimal:
    """To the öre; nothing is zero, as Power BI has it."""
    return Decimal(str(value or 0)).quantize(_ORE)


def _text(value: Any) -> str:
    return f"{_ore(value):,.2f}"
