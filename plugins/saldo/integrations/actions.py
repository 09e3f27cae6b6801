"""What can be done to a company, for its page and for the API alike; each has the DAG file read at once."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from sqlalchemy.orm import Session

from saldo import organizations
from saldo.database import Role, connect, run
from saldo.fortnox import connecting
from saldo.integrations import airflow_side
from saldo.integrations.airflow_side import RunsStillError, read_dags_now
from saldo.organizations import Settings
from saldo.pipeline.publish import take_down
from saldo.powerbi.errors import PowerBIError
from saldo.warehouse.arrangement import set_policy


@dataclass(frozen=True, slots=True)
class Company:
    """A company that is or was connected, and what is decided about it; lists have blanks between their
    items."""

    organization_id: int
    name: str
    tenant_id: str
    dag_id: str
    is_connected: bool
    schedule: str
    modules_off: str
    readers: str
    workspace_id: str
    dataset_id: str
    opening_policy: str
    scopes: str
    is_unconfirmed: bool
    published_workspace_id: str
    report_id: str

    @property
    def report_url(self) -> str:
        """The report's address in Power BI; empty where Saldo has published none."""
        if not self.report_id:
            return ""
        return f"https://app.powerbi.com/groups/{self.published_workspace_id}/reports/{self.report_id}"

    @property
    def is_on_fortnox(self) -> bool:
        """Whether there is a Fortnox to ask."""
        return organizations.is_on_fortnox(self.tenant_id)


class NotErasedError(RuntimeError):
    """Nothing was erased; the argument is the key of the page's text that says why."""


def company(dag_id: str) -> Company:
    """The company of a DAG.

    Raises:
        LookupError: there is none.
    """
    with connect(Role.PAGE) as connection:
        row = run(connection, "control/page_settings", {"dag_id": dag_id}).fetchone()
    if row is None:
        raise LookupError(f"No company has the DAG {dag_id}")
    return Company(*row)


def confirm(session: Session, dag_id: str) -> bool:
    """Connects a company that let Saldo in; whether it was not connected before.

    Raises:
        LookupError: none did.
        FortnoxError: the text says what to do.
    """
    is_new = not organizations.read(dag_id).organizations
    connecting.confirm(organizations.tenant_of(dag_id))
    read_dags_now(session)
    return is_new


def decide(session: Session, of: Company, decided: Settings, opening_policy: str) -> None:
    """Decides anew; the next run goes by it."""
    organizations.change(of.organization_id, decided)
    if opening_policy != of.opening_policy:
        set_policy(of.organization_id, opening_policy=opening_policy)
    read_dags_now(session)


def disconnect(session: Session, of: Company) -> bool:
    """Disconnects a company; whether Fortnox ended its access."""
    is_ended = connecting.disconnect(of.tenant_id)
    read_dags_now(session)
    return is_ended


def erase(session: Session, of: Company, typed_name: str) -> None:
    """Removes all that is kept of a disconnected company, whose name was typed.

    Raises:
        NotErasedError: its argument says why, as a key of the page's texts.
    """
    if typed_name.strip() != of.name.strip():
        raise NotErasedError("why_name")
    if of.is_connected:
        raise NotErasedError("why_connected")
    try:
        airflow_side.forget(session, of.dag_id)
        take_down(of.organization_id)
        organizations.erase(of.organization_id)
    except PowerBIError:
        raise NotErasedError("why_power_bi") from None
    except RunsStillError:
        raise NotErasedError("why_running") from None
    except psycopg.errors.RaiseException:
        # connected again meanwhile by somebody else
        raise NotErasedError("why_connected") from None
    read_dags_now(session)
