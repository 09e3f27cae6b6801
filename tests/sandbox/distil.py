"""Distils contracts.json from the reference material: key names, JSON types, error shapes, no values.

    python -m tests.sandbox.distil ../shared

recorded   every kind of record in recorded answers to GET, keys in their order; ``A.B`` is the object B of an
           A, ``A.B[]`` a row of the list B. "absent" among the types: not in every answer. A field that only
           ever was null has the described types too, and a number that only ever was whole may have decimals.
written    the same for answers to POST and PUT, whose types differ from those to GET
described  by path, from the public description (ENDPOINTS.md), which knows no order: for what nobody recorded
errors     by status (and "token" for the token endpoint): the shape, and the codes seen with it
headers    by status: the names that every recorded answer of the API has
fabric     by request and status, ids as {id}: the headers that every recorded answer has, and its body: "" is
           the body itself, ``value[]`` a record of its list; none of them is null or no body at all
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).parent / "contracts.json"

_NOT_TOLD = "REDACTED"
_TRANSPORT = {"transfer-encoding", "content-length", "connection", "content-encoding"}
_DESCRIBED_TYPES = {"boolean": "boolean", "integer": "integer|null", "number": "integer|null|number"}
_NEVER_NULL = {"Id", "Number", "Year", "DatabaseNumber"}
_DESCRIBED = {
    "accounts", "articles", "companyinformation", "contractaccruals", "contracts", "costcenters",
    "currencies", "customers", "financialyears", "invoiceaccruals", "invoicepayments", "invoices", "labels",
    "modesofpayments", "offers", "orders", "predefinedaccounts", "predefinedvoucherseries", "pricelists",
    "prices", "projects", "settings/company", "settings/lockedperiod", "supplierinvoiceaccruals",
    "supplierinvoicepayments", "supplierinvoices", "suppliers", "taxreductions", "termsofdeliveries",
    "termsofpayments", "units", "vouchers", "voucherseries", "wayofdeliveries",
}  # fmt: skip
"""What the sandbox serves or is to serve."""

Fields = dict[str, str]


def json_type(value: object) -> str:
    """The name that JSON has for the value's type, whole numbers apart."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]


def recordings(fortnox: Path) -> Iterator[dict[str, Any]]:
    """The recorded answers of the real API, newest first; samples of other origin are none."""
    found = []
    for path in sorted((fortnox / "recorded").rglob("*.json")):
        recording = json.loads(path.read_text())
        if "request" in recording and "status" in recording["response"]:
            found.append(recording)
    yield from sorted(found, key=_moment, reverse=True)


def _moment(recording: dict[str, Any]) -> datetime:
    return parsedate_to_datetime(recording["response"]["headers"]["Date"][0])


class _Kinds:
    """What has been seen of each kind of record."""

    def __init__(self) -> None:
        self.keys: dict[str, list[str]] = defaultdict(list)
        self.types: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.seen: dict[str, int] = defaultdict(int)
        self.seen_with: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def see(self, kind: str, record: dict[str, Any]) -> None:
        """Note the keys and types of the record and of what it holds."""
        self.seen[kind] += 1
        keys, place = self.keys[kind], 0
        for key, value in record.items():
            if key not in keys:
                keys.insert(place, key)
            place = keys.index(key) + 1
            self.seen_with[kind][key] += 1
            if value != _NOT_TOLD:
                self.types[kind][key].add(json_type(value))
            if isinstance(value, dict):
                self.see(f"{kind}.{key}", value)
            for row in value if isinstance(value, list) else ():
                if isinstance(row, dict):
                    self.see(f"{kind}.{key}[]", row)

    def contracts(self) -> dict[str, Fields]:
        """The keys of each kind in their order, with their types."""
        return {
            kind: {
                key: "|".join(
                    sorted(
                        (self.types[kind][key] or {"null", "string"})
                        | ({"absent"} if self.seen_with[kind][key] < self.seen[kind] else set())
                    )
                )
                for key in keys
            }
            for kind, keys in sorted(self.keys.items())
        }


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SECRETS = {"mocked_credential_details": {}, "mock_request_connection_details": {}}


def fabric_recordings(powerbi: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The recorded answers of the real Fabric API, each named "GET /v1/workspaces/{id} 200".

    One of the two recorders wrote several answers beside the requests of others: an operation's that is no
    state of one is left out, and so is a result that is.
    """
    for path in sorted((powerbi / "specs" / "recorded").glob("*.json")):
        for recording in json.loads(path.read_text()):
            request, response = recording["request"], recording["response"]
            body = response["body"]
            place = re.sub(r"^https://[^/]+|\?.*$", "", request["url"])
            if "/operations/" in place and ("percentComplete" in body) == place.endswith("/result"):
                continue
            status = response.get("status") or response["status_code"]
            yield f"{request['method']} {_ID.sub('{id}', place)} {status}", response


def distil_fabric(powerbi: Path) -> dict[str, Any]:
    """What is recorded of the Fabric API, by request and status."""
    kinds: dict[str, _Kinds] = defaultdict(_Kinds)
    headers: dict[str, set[str]] = {}
    for name, response in fabric_recordings(powerbi):
        names = {header.lower() for header in response["headers"]} - _TRANSPORT
        headers[name] = headers.get(name, names) & names
        if isinstance(response["body"], dict):
            kinds[name].see(
                "", {key: _SECRETS.get(str(value), value) for key, value in response["body"].items()}
            )
    return {
        name: {
            "headers": sorted(headers[name]),
            "body": {kind.removeprefix("."): fields for kind, fields in kinds[name].contracts().items()},
        }
        for name in sorted(headers)
    }


def distil(shared: Path) -> dict[str, Any]:
    """All of contracts.json, from the folder of the reference material."""
    fortnox = shared / "fortnox"
    recorded, written, errors = _Kinds(), _Kinds(), _Kinds()
    codes: dict[str, set[int]] = defaultdict(set)
    headers: dict[str, set[str]] = {}
    for recording in recordings(fortnox):
        request, response = recording["request"], recording["response"]
        body, status = response["body"], str(response["status"])
        is_token = "oauth-v1" in request["uri"]
        if response["status"] >= 400:
            name = "token" if is_token else status
            errors.see(name, body)
            codes[name] |= {
                value for key, value in body.get("ErrorInformation", {}).items() if key.lower() == "code"
            }
        elif is_token:
            written.see("token", body)
        else:
            for kind, content in body.items():
                for record in content if isinstance(content, list) else [content]:
                    (recorded if request["method"] == "GET" else written).see(kind, record)
        if not is_token and request["method"] == "GET":
            names = {name.lower() for name in response["headers"]} - _TRANSPORT
            headers[status] = headers.get(status, names) & names
    described = describe((fortnox / "ENDPOINTS.md").read_text())
    return {
        "headers": {status: sorted(names) for status, names in sorted(headers.items())},
        "errors": {
            name: {"shape": shape, **({"codes": sorted(codes[name])} if codes[name] else {})}
            for name, shape in errors.contracts().items()
        },
        "recorded": _widened(recorded.contracts(), described),
        "written": written.contracts(),
        "described": described,
        "fabric": distil_fabric(shared / "powerbi"),
    }


def _widened(recorded: dict[str, Fields], described: dict[str, Fields]) -> dict[str, Fields]:
    """The recorded types, and the described ones where the recordings are too poor to tell."""
    described_by_keys = {frozenset(fields): fields for fields in described.values()}
    for kind, fields in recorded.items():
        known = _most_alike(fields, described_by_keys.values())
        for key, types in fields.items():
            seen, said = set(types.split("|")), set(known.get(key, "null|string").split("|"))
            if seen <= {"null", "absent"}:
                seen |= said
            if "integer" in seen and "number" in said:
                seen.add("number")
            fields[key] = "|".join(sorted(seen))
        recorded[kind] = fields
    return recorded


def _most_alike(fields: Fields, candidates: Iterable[Fields]) -> Fields:
    """The description with the most keys in common and the fewest others: that of the same record."""
    return max(candidates, key=lambda one: 2 * len(one.keys() & fields.keys()) - len(one.keys()))


def describe(endpoints: str) -> dict[str, Fields]:
    """The described fields of "path list", "path single" and the rows in them, "path single.Field[]"."""
    rows = {
        name: _fields(fields)
        for name, fields in re.findall(r"^- \*\*fortnox_(\w+)\*\*: (.*)$", endpoints, re.M)
    }
    described: dict[str, Fields] = {}

    def put(name: str, text: str, others: str = "") -> None:
        fields = _fields(", ".join(part for part in (text, others) if part))
        described[name] = fields
        for key, reference in _references(", ".join((text, others))):
            if reference.strip("[]") in rows:
                suffix = "[]" if reference.startswith("[") else ""
                described[f"{name}.{key}{suffix}"] = rows[reference.strip("[]")]

    for section in re.split(r"^##? ", endpoints, flags=re.M):
        path, _, text = section.partition("\n")
        path = path.removeprefix("/3/")
        name = "prices" if path.startswith("prices/sublist") else path.strip()
        if name not in _DESCRIBED:
            continue
        lines = dict(re.findall(r"^- ([\w-]+(?: \w+)?): (.*)$", text, re.M))
        if "list" in lines:
            put(f"{name} list", lines["list"])
            if "detail-only" in lines:
                only = {key.strip() for key in lines.get("list-only", "").split(",")}
                kept = ", ".join(
                    part for part in lines["list"].split(", ") if part.partition(":")[0] not in only
                )
                others = ", ".join((lines["detail-only"].replace("(none)", ""), *_differing(lines)))
                put(f"{name} single", kept, others)
        elif (found := re.search(r"^  - (.*)$", text, re.M)) and f"{name} single" not in described:
            put(f"{name} single", found[1])
    return dict(sorted(described.items()))


def _differing(lines: dict[str, str]) -> list[str]:
    """Fields that a single record gives another type than the list does, as ``Name:type``."""
    return [
        f"{key}:{kind}"
        for key, kind in re.findall(r"(\w+) list \S+ / detail ([\w/\[\]]+)", lines.get("type differs", ""))
    ]


def _references(text: str) -> list[tuple[str, str]]:
    return re.findall(r"(@?\w+):(\[?\w+\]?)", text)


def _fields(text: str) -> Fields:
    """``Name:type, Name:type`` as JSON types; all but flags and record numbers may be null."""
    fields = {}
    for part in filter(None, text.split(", ")):
        key, _, kind = part.partition(":")
        plain = re.split(r"[/{]", kind)[0]
        if plain == "string":
            fields[key] = "null|string"
        elif plain.startswith("["):
            fields[key] = "array|null"
        else:
            fields[key] = _DESCRIBED_TYPES.get(plain, "null|object")
        if key in _NEVER_NULL:
            fields[key] = "|".join(sorted(set(fields[key].split("|")) - {"null"}))
    return fields


def as_text(contracts: dict[str, Any]) -> str:
    """As the committed file is written."""
    return json.dumps(contracts, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.sandbox.distil <the folder of the reference material>")
    CONTRACTS.write_text(as_text(distil(Path(sys.argv[1]))))
