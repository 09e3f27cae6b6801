"""The product's semantic model, filled from the marts of a test's warehouse as Power BI would import them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg import connect, sql
from psycopg.rows import dict_row

from sandbox.dax import Model
from sandbox.tmdl import read_model
from tests.support import Warehouse

DEFINITION = Path(__file__).parents[2] / "include" / "powerbi" / "Saldo.SemanticModel"


def read() -> Model:
    """The model that `make powerbi` wrote."""
    return Model.read(_files())


def _files() -> dict[str, str]:
    return {str(path.relative_to(DEFINITION)): path.read_text("utf-8") for path in DEFINITION.rglob("*.tmdl")}


class Imports:
    """Reads what the model's partitions name; what is the same for every organization only once."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.references: dict[str, list[dict[str, Any]]] = {}

    def model_of(self, organization_id: int) -> Model:
        """The model with the rows of one organization."""
        model = read()
        rows = {}
        for name, table in read_model(_files()).tables.items():
            for partition in table.partitions:
                columns = sql.SQL(", ").join(
                    sql.SQL("{} as {}").format(sql.Identifier(source), sql.Identifier(column))
                    for column, (source, _) in table.columns.items()
                )
                query = sql.SQL("select {} from mart.{}").format(columns, sql.Identifier(partition.relation))
                if partition.organization is not None:
                    query += sql.SQL(" where organization_id = {}").format(organization_id)
                    rows[name] = self._read(query)
                else:
                    rows[name] = self.references.setdefault(name, []) or self._read(query)
                    self.references[name] = rows[name]
        model.load(rows)
        return model

    def _read(self, query: sql.Composable) -> list[dict[str, Any]]:
        with connect(self.warehouse.server.url(self.warehouse.name), row_factory=dict_row) as connection:
            return connection.execute(query).fetchall()
