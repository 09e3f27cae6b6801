"""The project as it is sent for one organization: its parameters put in, its report bound to its model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache

from saldo import settings
from saldo.powerbi.project import tmdl

_EXPRESSIONS = "definition/expressions.tmdl"
_BINDING = "definition.pbir"
# names an item for other tools; an upload names it itself
_LEFT_OUT = {".platform"}


def model(server: str, database: str, organization_id: int) -> dict[str, str]:
    """The model's files by path, reading one organization from one warehouse.

    Raises:
        ValueError: server or database hold what cannot be written into the model.
    """
    values = {"PgServer": server, "PgDatabase": database, "OrganizationId": str(organization_id)}
    return _committed("Saldo.SemanticModel") | {_EXPRESSIONS: tmdl.expressions(values)}


def report(model_id: str) -> dict[str, str]:
    """The report's files by path, bound to a published model."""
    committed = _committed("Saldo.Report")
    binding = json.loads(committed[_BINDING])
    binding["datasetReference"] = {"byConnection": {"connectionString": f"semanticmodelid={model_id}"}}
    return committed | {_BINDING: json.dumps(binding)}


def digest(*definitions: Mapping[str, str]) -> str:
    """One word for what was rendered: equal for equal content."""
    hashed = hashlib.sha256()
    for definition in definitions:
        hashed.update(json.dumps(sorted(definition.items())).encode())
    return hashed.hexdigest()


@cache
def release() -> str:
    """One word for what this version of Saldo publishes, whatever the organization."""
    return digest(_committed("Saldo.SemanticModel"), _committed("Saldo.Report"))


def _committed(name: str) -> dict[str, str]:
    folder = settings.include_dir() / "powerbi" / name
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in _LEFT_OUT
    }
