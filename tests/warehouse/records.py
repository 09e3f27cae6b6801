"""Records as Fortnox could give them, made from the views that read them: every typed field filled."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from saldo import sql
from saldo.database import Role, connect

FIELD = re.compile(
    r"staging\.as_(?P<cast>numeric|date|integer|boolean)\(\s*"
    r"(?P<values>(?:coalesce\()?(?:nullif\(scope, ''\), )?[\w ]+ ->>? '[^)]+)\)?\s*\) as (?P<column>\w+)"
)
PART = re.compile(r"(?P<part>list_record|detail_record|row_record) ->>? '(?P<field>\w+)'")
KEYS = {
    "voucherseries": {"Code": "A"},
    "vouchers": {"VoucherSeries": "A", "VoucherNumber": 7},
    "accounts": {"Number": 1930},
    "prices": {"PriceList": "A", "ArticleNumber": "1"},
}
GOOD = {"numeric": "12.50", "date": "2025-03-01", "integer": "3", "boolean": "true"}
READ = {"numeric": Decimal("12.50"), "date": date(2025, 3, 1), "integer": 3, "boolean": True}
FILES = {
    file.name.removeprefix("fortnox_"): re.sub(r"--.*", "", file.text)
    for file in sql.files("staging")
    if file.name.startswith("fortnox_")
}
TYPED = {name: text for name, text in FILES.items() if "uncastable" in text}


def resource_of(name: str) -> str:
    [resource] = set(re.findall(r"resource = '(\w+)'", FILES[name]))
    return str(resource)


def filled(name: str, value: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A record whose every typed field holds the value of its type: of the list, and alone with its rows."""
    resource, text = resource_of(name), FILES[name]
    parts: dict[str, dict[str, Any]] = {"list_record": {}, "detail_record": {}, "row_record": {}}
    for match in FIELD.finditer(text):
        for part, field in PART.findall(match["values"]):
            parts[part][field] = value[match["cast"]]
    key = re.search(r"list_record ->> '(\w+)' <> ''", text)
    parts["list_record"] |= KEYS.get(resource, {key[1]: "1"} if key else {})
    if rows := re.search(r"'\$\.(\w+)\[\*\]", text):
        parts["detail_record"][rows[1]] = [parts["row_record"]]
    return parts["list_record"], parts["detail_record"] or None


def put(
    organization: int,
    resource: str,
    list_record: Any,
    detail_record: Any = None,
    key: str = "1",
    *,
    is_deleted: bool = False,
) -> None:
    with connect(Role.LOADER, organization) as connection:
        connection.execute(
            "insert into landing.document (organization_id, resource, document_key, list_record, "
            "detail_record, changed_at, detail_changed_at, deleted_at) "
            "values (%s, %s, %s, %s, %s, now(), now(), case when %s then now() end)",
            [
                organization,
                resource,
                key,
                Jsonb(list_record),
                None if detail_record is None else Jsonb(detail_record),
                is_deleted,
            ],
        )
