"""A publisher by plain HTTP: nothing of the product stands between test and answer."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
from psycopg import sql

from local.postgres import EmbeddedPostgres
from tests.sandbox.process import Sandbox

FABRIC = "https://api.fabric.microsoft.com"
POWER_BI = "https://analysis.windows.net/powerbi/api"
PASSWORD = "tiny-reader-password"
PATIENCE = 20.0

_MART = """
create schema mart;
create table mart.dim_statement_line (statement_line_key integer, line_code text);
insert into mart.dim_statement_line values (1, 'total_assets'), (2, 'net_result'), (3, 'other');
create table mart.balance_sheet (
    organization_id bigint, date_key integer, statement_line_key integer, closing_amount numeric(18, 2)
);
insert into mart.balance_sheet values
    (7, 20251130, 1, 100), (7, 20251231, 1, 250.75), (7, 20251231, 3, 9), (8, 20260131, 1, 99999);
create table mart.income_statement (
    organization_id bigint, date_key integer, statement_line_key integer, year_to_date_amount numeric(18, 2)
);
insert into mart.income_statement values (7, 20251231, 2, -12.5), (7, 20251130, 2, 3);
create table mart.fct_open_item (
    organization_id bigint, side text, is_today boolean, open_amount numeric(18, 2)
);
insert into mart.fct_open_item values
    (7, 'receivable', true, 10.10), (7, 'receivable', true, 20.20), (7, 'receivable', false, 5),
    (7, 'payable', true, 7), (8, 'receivable', true, 1000);
"""

_TYPES = {"side": "string", "line_code": "string", "is_today": "boolean"}
_MEASURES = """table Mått
    measure Kundfordringar =
            CALCULATE (
                SUM ( Reskontra[open_amount i Saldo] ),
                Reskontra[side i Saldo] = "receivable",
                Reskontra[is_today i Saldo] = TRUE ()
            )

    measure 'Summa tillgångar' =
            VAR _dag = MAX ( Balans[date_key i Saldo] )
            RETURN
                CALCULATE (
                    SUM ( Balans[closing_amount i Saldo] ),
                    Balans[date_key i Saldo] = _dag,
                    Balans[statement_line_key i Saldo] = 1
                )

    measure 'Årets resultat' =
            VAR _dag = MAX ( Balans[date_key i Saldo] )
            RETURN
                CALCULATE (
                    SUM ( Resultat[year_to_date_amount i Saldo] ),
                    Resultat[date_key i Saldo] = _dag,
                    Resultat[statement_line_key i Saldo] = 2
                )

    partition Mått = calculated
        source = ROW("Dummy", BLANK())
""".replace("    ", "\t")


@dataclass(frozen=True)
class TinyWarehouse:
    """A database with a small mart and a login that may read it."""

    server: EmbeddedPostgres
    database: str
    user: str

    @property
    def address(self) -> str:
        """As a connection's parameter ``server`` names it."""
        return f"127.0.0.1:{self.server.port}"

    @property
    def path(self) -> str:
        """As a connection's details name it."""
        return f"{self.address};{self.database}"

    def execute(self, *statements: str) -> None:
        """As the superuser."""
        with psycopg.connect(self.server.url(self.database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(sql.SQL(statement))


@contextmanager
def tiny_warehouse(server: EmbeddedPostgres) -> Iterator[TinyWarehouse]:
    """One of its own, gone afterwards."""
    name = f"tiny_{secrets.token_hex(4)}"
    made = TinyWarehouse(server, name, f"reader_{name}")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create role {made.user} login password '{PASSWORD}'")
        connection.execute(f"create database {name}")
        made.execute(
            *_MART.split(";\n")[:-1],
            f"grant usage on schema mart to {made.user}",
            f"grant select on all tables in schema mart to {made.user}",
        )
        yield made
        connection.execute(f"drop database {name} with (force)")
        connection.execute(f"drop role {made.user}")


def table(name: str, relation: str, *columns: str, own: bool = True, data_type: str = "decimal") -> str:
    """The TMDL of a table that imports a relation."""
    lines = [f"table {name}", "\tlineageTag: 1", ""]
    for column in columns:
        lines += [
            f"\tcolumn '{column} i Saldo'",
            f"\t\tdataType: {_TYPES.get(column, data_type)}",
            f"\t\tsourceColumn: {column}",
            "",
        ]
    lines += [
        "\tcolumn Beräknad = 1 + 1",
        "\t\tdataType: int64",
        "",
        f"\tpartition {name} = m",
        "\t\tmode: import",
        "\t\tsource =",
        "\t\t\t\tlet",
        "\t\t\t\t    Source = PostgreSQL.Database(",
        "\t\t\t\t        PgServer, PgDatabase, [CreateNavigationProperties = false]),",
        f'\t\t\t\t    View = Source{{[Schema = "mart", Item = "{relation}"]}}[Data]' + ("," if own else ""),
        *(
            ["\t\t\t\t    Own = Table.SelectRows(View, each [organization_id] = Number.From(OrganizationId))"]
            if own
            else []
        ),
        "\t\t\t\tin",
        f"\t\t\t\t    {'Own' if own else 'View'}",
        "",
    ]
    return "\n".join(lines)


def model_files(
    warehouse: TinyWarehouse, organization: int | str = 7, **changed: str | None
) -> dict[str, str]:
    """The definition of a model; ``changed`` replaces tables by name, or takes them away."""
    required = 'meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'
    tables: dict[str, str | None] = {
        "Balans": table("Balans", "balance_sheet", "date_key", "statement_line_key", "closing_amount"),
        "Resultat": table(
            "Resultat", "income_statement", "date_key", "statement_line_key", "year_to_date_amount"
        ),
        "Reskontra": table("Reskontra", "fct_open_item", "side", "is_today", "open_amount"),
        "Rader": table("Rader", "dim_statement_line", "statement_line_key", "line_code", own=False),
        "Mått": _MEASURES,
        **changed,
    }
    return {
        "definition.pbism": '{"version": "4.2"}',
        "definition/database.tmdl": "database\n\tcompatibilityLevel: 1600\n",
        "definition/model.tmdl": "model Model\n\tculture: sv-SE\n",
        "definition/expressions.tmdl": "\n".join(
            f'expression {name} = "{value}" {required}\n\tlineageTag: 2\n'
            for name, value in {
                "PgServer": warehouse.address,
                "PgDatabase": warehouse.database,
                "OrganizationId": organization,
            }.items()
        ),
        **{f"definition/tables/{name}.tmdl": text for name, text in tables.items() if text is not None},
    }


def report_files(model_id: str) -> dict[str, str]:
    """The definition of a report on the model."""
    reference = {"byConnection": {"connectionString": f"semanticmodelid={model_id}"}}
    return {
        "definition.pbir": json.dumps({"version": "4.0", "datasetReference": reference}),
        "definition/report.json": "{}",
        "definition/version.json": "{}",
        "definition/pages/pages.json": "{}",
    }


def definition(files: dict[str, str]) -> dict[str, Any]:
    """The files as a request holds them."""
    return {
        "parts": [
            {"path": path, "payload": base64.b64encode(text.encode()).decode(), "payloadType": "InlineBase64"}
            for path, text in files.items()
        ]
    }


@dataclass
class Publisher:
    """The service principal with both its tokens."""

    sandbox: Sandbox
    fabric: httpx.Client = field(init=False)
    powerbi: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.fabric = httpx.Client(
            base_url=f"{self.sandbox.base_url}/v1", headers=self.bearer(FABRIC), verify=False, timeout=30
        )
        self.powerbi = httpx.Client(
            base_url=f"{self.sandbox.base_url}/v1.0/myorg/groups",
            headers=self.bearer(POWER_BI),
            verify=False,
            timeout=30,
        )

    def bearer(self, audience: str) -> dict[str, str]:
        """The header of a fresh token."""
        answer = httpx.post(
            f"{self.sandbox.token_url}/sandbox-tenant/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": "sandbox-powerbi",
                "client_secret": "sandbox-powerbi-secret",
                "scope": f"{audience}/.default",
            },
            verify=str(self.sandbox.ca_path),
        )
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def ended(self, accepted: httpx.Response) -> dict[str, Any]:
        """The state of an operation when it has ended."""
        assert (accepted.status_code, accepted.json()) == (202, None), accepted.text
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            state: dict[str, Any] = self.fabric.get(accepted.headers["Location"]).json()
            if state["status"] != "Running":
                return state
            time.sleep(0.02)
        raise AssertionError("the operation does not end")

    def result(self, answer: httpx.Response) -> Any:
        """What came of a request, at once or by an operation."""
        if answer.status_code == 202:
            state = self.ended(answer)
            assert state["status"] == "Succeeded", state
            answer = self.fabric.get(f"{answer.headers['Location']}/result")
        assert answer.is_success, answer.text
        return answer.json()

    def workspace(self, **more: Any) -> str:
        """A new one."""
        body = {"displayName": f"Arbetsyta {secrets.token_hex(4)}", **more}
        found: str = self.result(self.fabric.post("/workspaces", json=body))["id"]
        return found

    def connection_body(self, warehouse: TinyWarehouse, **more: Any) -> dict[str, Any]:
        """What asks for a connection to it."""
        return {
            "connectivityType": "ShareableCloud",
            "displayName": f"Koppling {secrets.token_hex(4)}",
            "privacyLevel": "Organizational",
            "connectionDetails": {
                "type": "PostgreSQL",
                "creationMethod": "PostgreSql",
                "parameters": [
                    {"dataType": "Text", "name": "server", "value": warehouse.address},
                    {"dataType": "Text", "name": "database", "value": warehouse.database},
                ],
            },
            "credentialDetails": credentials(warehouse.user),
            **more,
        }

    def connection(self, warehouse: TinyWarehouse, **more: Any) -> str:
        """A new one."""
        answer = self.fabric.post("/connections", json=self.connection_body(warehouse, **more))
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found

    def model(self, workspace: str, files: dict[str, str], name: str = "Saldo") -> str:
        """A newly published one."""
        body = {"displayName": name, "definition": definition(files)}
        found: str = self.result(self.fabric.post(f"/workspaces/{workspace}/semanticModels", json=body))["id"]
        return found

    def bind(
        self, workspace: str, model: str, path: str, connection: str | None, **more: Any
    ) -> httpx.Response:
        """Binds the model, or unbinds it."""
        binding = {
            "connectivityType": "ShareableCloud" if connection else "None",
            "connectionDetails": {"type": "PostgreSQL", "path": path},
            **({"id": connection} if connection else {}),
            **more,
        }
        return self.fabric.post(
            f"/workspaces/{workspace}/semanticModels/{model}/bindConnection",
            json={"connectionBinding": binding},
        )

    def refreshed(self, workspace: str, model: str) -> dict[str, Any]:
        """The refresh that was asked for, when it has ended."""
        place = f"/{workspace}/datasets/{model}/refreshes"
        answer = self.powerbi.post(place, json={"notifyOption": "NoNotification"})
        assert answer.status_code == 202, answer.text
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            history: list[dict[str, Any]] = self.powerbi.get(place).json()["value"]
            for entry in history:
                if entry["requestId"] == answer.headers["RequestId"] and entry["status"] != "Unknown":
                    return entry
            time.sleep(0.02)
        raise AssertionError("the refresh does not end")

    def query(self, workspace: str, model: str, query: str, **serializer: bool) -> httpx.Response:
        """Asks the model."""
        body = {"queries": [{"query": query}], "serializerSettings": serializer}
        return self.powerbi.post(f"/{workspace}/datasets/{model}/executeQueries", json=body)


def credentials(user: str, password: str = PASSWORD) -> dict[str, Any]:
    """The credentialDetails of a connection."""
    return {
        "singleSignOnType": "None",
        "connectionEncryption": "Encrypted",
        "skipTestConnection": False,
        "credentials": {"credentialType": "Basic", "username": user, "password": password},
    }
