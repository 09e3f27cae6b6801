"""Definitions of items as they are sent: parts in base64, what must be among them, what they say."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from sandbox.fabric_answers import Json, RefusedError
from sandbox.fabric_items import Fabric, Kind
from sandbox.tmdl import Model, read_model

_REQUIRED: dict[Kind, tuple[str, ...]] = {
    "SemanticModel": ("definition.pbism", "definition/database.tmdl", "definition/model.tmdl"),
    "Report": (
        "definition.pbir",
        "definition/report.json",
        "definition/version.json",
        "definition/pages/pages.json",
    ),
}
_MODEL_ID = re.compile(r"(?:^|;)\s*semanticmodelid=([0-9a-f-]{36})\s*(?:;|$)", re.IGNORECASE)


def parts_of(body: Json, kind: Kind) -> dict[str, str]:
    """The payloads by path, held to be whole.

    Raises:
        RefusedError: they are not.
    """
    definition = body.get("definition")
    sent = definition.get("parts") if isinstance(definition, dict) else None
    if not isinstance(sent, list) or not sent:
        raise _corrupted("The definition holds no parts.")
    parts: dict[str, str] = {}
    for part in sent:
        path, payload = _part(part)
        if path in parts:
            raise _corrupted(f"The part {path} is there twice.")
        parts[path] = payload
    missing = [path for path in _REQUIRED[kind] if path not in parts]
    if kind == "SemanticModel" and not any(_is_table(path) for path in parts):
        missing.append("definition/tables/*.tmdl")
    if missing:
        raise _corrupted(f"Required parts are missing: {', '.join(missing)}.")
    for path in parts:
        if path.endswith((".tmdl", ".json", ".pbir", ".pbism", ".platform")):
            _check_text(path, parts[path])
    return parts


def model_of(parts: dict[str, str]) -> Model:
    """What the parts of a semantic model say.

    Raises:
        TmdlError: one of them is no TMDL.
    """
    return read_model({path: _text(payload) for path, payload in parts.items() if path.endswith(".tmdl")})


def dataset_of(parts: dict[str, str], fabric: Fabric) -> str:
    """The id of the model that a report shows.

    Raises:
        RefusedError: it is named by path, or not at all, or is not there.
    """
    reference = json.loads(_text(parts["definition.pbir"])).get("datasetReference") or {}
    by_connection = reference.get("byConnection")
    if not isinstance(by_connection, dict):
        raise _corrupted("definition.pbir must refer to its semantic model byConnection.")
    found = _MODEL_ID.search(str(by_connection.get("connectionString", "")))
    if found is None:
        raise _corrupted("The connectionString of definition.pbir names no semanticmodelid.")
    if found[1].lower() not in fabric.datasets:
        raise _corrupted(f"The semantic model {found[1]} of definition.pbir does not exist.")
    return found[1].lower()


def as_parts(parts: dict[str, str]) -> Json:
    """The definition as getDefinition gives it."""
    return {
        "definition": {
            "parts": [
                {"path": path, "payload": payload, "payloadType": "InlineBase64"}
                for path, payload in parts.items()
            ]
        }
    }


def _corrupted(message: str) -> RefusedError:
    return RefusedError(400, "CorruptedPayload", message)


def _is_table(path: str) -> bool:
    return path.startswith("definition/tables/") and path.endswith(".tmdl")


def _part(part: Any) -> tuple[str, str]:
    if not isinstance(part, dict) or not isinstance(part.get("path"), str) or not part["path"]:
        raise _corrupted("A part has no path.")
    path, payload = part["path"], part.get("payload")
    if part.get("payloadType") != "InlineBase64":
        raise _corrupted(f"The payloadType of {path} is not InlineBase64.")
    if not isinstance(payload, str) or not _is_base64(payload):
        raise _corrupted(f"The payload of {path} is not base64.")
    return path, payload


def _is_base64(payload: str) -> bool:
    try:
        base64.b64decode(payload, validate=True)
    except ValueError:
        return False
    return True


def _check_text(path: str, payload: str) -> None:
    try:
        text = _text(payload)
    except UnicodeDecodeError:
        raise _corrupted(f"{path} is not UTF-8.") from None
    if path.endswith(".tmdl"):
        return
    try:
        is_object = isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise _corrupted(f"{path} is no JSON object.")


def _text(payload: str) -> str:
    return base64.b64decode(payload).decode("utf-8-sig")
