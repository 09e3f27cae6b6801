"""The product's semantic model, filled from the marts of a test's warehouse as Power BI would import them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg import connect, sql
from psycopg.rows import dict_row

from sandbox.dax import Model
from tests.support import Warehouse

DEFINITION = Path(__file__).parents[2] / "include" / "powerbi" / "Saldo.SemanticModel"


def read() -> Model:
    """The model that `make powerbi` wrote."""
    return Model.read(
        {str(path.relative_to(DEFINITION)): path.read_text("utf-8") for path in DEFINITION.rglob("*.tmdl")}
    )


class Imports:
    """Reads what the model's partitions name; what is the same for every organization only once."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.references: dict[str, list[dict[str, Any]]] = {}

    def model_of(self, organization_id: int) -> Model:
        """The model with the rows of one organization."""
        model = read()
        rows = {}
        for table, partition in model.partitions().items():
            columns = sql.SQL(", ").join(
                sql.SQL("{} as {}").format(sql.Identifier(source), sql.Identifier(name))
                for name, source in partition.columns.items()
            )
            query = sql.SQL("select {} from mart.{}").format(columns, sql.Identifier(partition.relation))
            if partition.is_per_organization:
                query += sql.SQL(" where organization_id = {}").format(organization_id)
                rows[table] = self._read(query)
            else:
                rows[table] = self.references.setdefault(table, []) or self._read(query)
                self.references[table] = rows[table]
        model.load(rows)
        return model

    def _read(self, query: sql.Composable) -> list[dict[str, Any]]:
        with connect(self.warehouse.server.url(self.warehouse.name), row_factory=dict_row) as connection:
            return connection.execute(query).fetchall()
