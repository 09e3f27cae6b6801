"""Rules of a statement's text that keep organizations apart: every window and every join is within one."""

from __future__ import annotations

import logging

import sqlglot
from sqlglot import exp

logging.getLogger("sqlglot").setLevel(logging.WARNING)

# Tables that are the same for every organization.
_FOR_ALL = {
    "dim_date", "dim_statement_line", "bridge_statement_line", "statement_subtotal", "account_class",
    "statement_account_range", "cash_flow_account_range", "dim_ageing_bucket", "subledger_control_account",
    "dim_vat_box", "vat_box_account", "vat_code_box", "dim_kpi", "kpi_component", "corporate_tax_rate",
    "intra_group_account", "dim_check",
}  # fmt: skip


def broken_rules(text: str) -> list[str]:
    """What a statement does that could mix two organizations."""
    tree = sqlglot.parse_one(text, dialect="postgres")
    shared = _FOR_ALL | _without_organization(tree)
    found = []
    for window in tree.find_all(exp.Window):
        if window.args.get("alias"):
            continue
        first = (window.args.get("partition_by") or [None])[0]
        if not isinstance(first, exp.Column) or first.name != "organization_id":
            found.append("window without organization")
    for join in tree.find_all(exp.Join):
        table = join.this
        if not isinstance(table, exp.Table) or not table.name or table.name in shared:
            continue
        source = join.parent.args.get("from_") or join.parent.args.get("from") if join.parent else None
        others = [source.this, *(each.this for each in join.parent.args["joins"])] if source else []
        known = [
            each for each in others
            if each is not table and isinstance(each, exp.Table) and each.name not in shared
        ]  # fmt: skip
        condition = join.args.get("on")
        if known and not _names_organization(condition):
            found.append(f"join of {table.name} without organization")
    return found


def _names_organization(condition: exp.Expression | None) -> bool:
    if condition is None:
        return False
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return any(
        isinstance(part, exp.EQ)
        and {side.name for side in (part.left, part.right) if isinstance(side, exp.Column)}
        == {"organization_id"}
        for part in parts
    )


def _without_organization(tree: exp.Expression) -> set[str]:
    """The names of the statement's own relations that have no organization_id."""
    return {
        cte.alias for cte in tree.find_all(exp.CTE)
        if isinstance(cte.this, exp.Select) and "organization_id" not in cte.this.named_selects
    }  # fmt: skip
