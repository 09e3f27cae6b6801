"""The registry of connected organizations: what DAGs are made from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from saldo.database import Role, connect, run

SHARED_READER = "saldo_report"


@dataclass(frozen=True, slots=True)
class Organization:
    """One connected company. `tenant_id` is Fortnox's DatabaseNumber."""

    organization_id: int
    tenant_id: str
    dag_id: str
    name: str
    workspace_id: str | None
    dataset_id: str | None


def dag_id_of(tenant_id: str) -> str:
    """The id of a tenant's DAG: never changes and names nobody.

    Raises:
        ValueError: the tenant id is not Fortnox's DatabaseNumber.
    """
    if not re.fullmatch(r"[0-9]{1,18}", tenant_id):
        raise ValueError(
            f"{tenant_id!r} is no Fortnox tenant id: it is the DatabaseNumber, digits only, "
            "that Fortnox shows under company information"
        )
    return f"fortnox__{tenant_id}"


def connected(dag_id: str | None = None) -> list[Organization]:
    """The connected organizations, oldest first; with `dag_id` that one alone."""
    with connect(Role.PAGE) as connection:
        rows = run(connection, "control/organization_list", {"dag_id": dag_id}).fetchall()
    return [Organization(*row) for row in rows]


def register(
    *,
    tenant_id: str,
    name: str,
    organization_number: str,
    workspace_id: str | None = None,
    dataset_id: str | None = None,
) -> Organization:
    """Connects a company or, when it is connected already, brings its name up to date."""
    dag_id = dag_id_of(tenant_id)
    with connect(Role.PAGE) as connection:
        row = run(
            connection,
            "control/organization_connect",
            {
                "tenant_id": tenant_id,
                "dag_id": dag_id,
                "organization_name": name,
                "organization_number": organization_number,
                "workspace_id": workspace_id,
                "dataset_id": dataset_id,
            },
        ).fetchone()
        assert row is not None
        organization_id = int(row[0])
        parameters = {"organization_id": organization_id, "role_name": SHARED_READER}
        run(connection, "control/organization_versions", parameters)
        run(connection, "control/organization_credential", parameters)
        run(connection, "control/organization_reader", parameters)
    return connected(dag_id)[0]
