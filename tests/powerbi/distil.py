"""Distils shapes.json from Microsoft's published schemas: what the files that Saldo writes may and must hold.

    python -m tests.powerbi.distil ../shared/powerbi/specs

kinds        a file's $schema -> the definition that it follows
definitions  of those schemas, the ones that Saldo's files reach, without their descriptions; what they do not
             reach may hold anything
visuals      by visual type, from Microsoft's catalogue of core visuals: its roles, and the properties of the
             formatting objects that Saldo sets

Run it after a change in which kinds of object the report writes.
"""

from __future__ import annotations

import json
import posixpath
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from saldo import settings

SHAPES = Path(__file__).with_name("shapes.json")
BASE = "https://developer.microsoft.com/json-schemas/"

Json = dict[str, Any]


def written_files() -> dict[str, Json]:
    """The committed JSON files that name a schema, by their paths."""
    folder = settings.include_dir() / "powerbi"
    found = {}
    for path in sorted(folder.glob("Saldo.*/**/*")):
        if path.is_file() and path.suffix not in (".tmdl", ".md") and "StaticResources" not in path.parts:
            found[str(path.relative_to(folder))] = json.loads(path.read_text(encoding="utf-8"))
    return found


def visuals_of(files: dict[str, Json]) -> Iterator[Json]:
    """What a visual.json holds."""
    for content in files.values():
        if "visual" in content:
            yield content["visual"]


def distil(specs: Path, files: dict[str, Json]) -> Json:
    """The contract for files like these."""
    schemas = _Schemas(specs / "json-schemas")
    kinds = {content["$schema"]: schemas.name(content["$schema"], "") for content in files.values()}
    for content in files.values():
        schemas.reach(kinds[content["$schema"]], content)
    return {
        "kinds": {schema: _short(kinds[schema]) for schema in sorted(kinds)},
        "definitions": {_short(name): schemas.pruned(name) for name in sorted(schemas.reached)},
        "visuals": _visuals(specs / "core-visual-schema" / "data", files),
    }


def as_text(shapes: Json) -> str:
    """As it is committed: a line for each entry."""
    parts = []
    for part, entries in shapes.items():
        lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
        parts.append(f"{json.dumps(part)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


class _Schemas:
    """Microsoft's schemas, read when something leads to them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.reached: set[str] = set()
        self._read = cache(lambda path: json.loads((folder / path).read_text(encoding="utf-8-sig")))

    def name(self, reference: str, of: str) -> str:
        """A definition's name for a $ref that stands in the definition `of`: path#definition."""
        path, _, pointer = reference.removeprefix(BASE).partition("#")
        here = of.partition("#")[0]
        if path and path != reference.partition("#")[0]:
            here = ""
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(here), path)) if path else here
        return joined + (f"#{pointer.rpartition('/')[2]}" if pointer.strip("/") else "")

    def definition(self, name: str) -> Json:
        """A definition as Microsoft wrote it."""
        path, _, pointer = name.partition("#")
        schema: Json = self._read(path)
        return schema["definitions"][pointer] if pointer else schema

    def reach(self, name: str, value: Any) -> None:
        """Marks the definitions that a value of this one is held against."""
        self.reached.add(name)
        self._walk(self.definition(name), name, value)

    def _walk(self, schema: Any, of: str, value: Any) -> None:
        if not isinstance(schema, dict):
            return
        if "$ref" in schema:
            self.reach(self.name(schema["$ref"], of), value)
        for branch in ("anyOf", "oneOf", "allOf"):
            for each in schema.get(branch, ()):
                self._walk(each, of, value)
        if isinstance(value, dict):
            for key, below in value.items():
                self._walk(
                    schema.get("properties", {}).get(key, schema.get("additionalProperties")), of, below
                )
        elif isinstance(value, list):
            items = schema.get("items", {})
            for number, below in enumerate(value):
                self._walk(items[number] if isinstance(items, list) else items, of, below)

    def pruned(self, name: str) -> Json:
        """A definition that leads to reached ones only."""
        left_out = ("definitions", "$id", "$schema")
        kept = {key: part for key, part in self.definition(name).items() if key not in left_out}
        return self._prune(kept, name)

    def _prune(self, schema: Any, of: str) -> Any:
        if isinstance(schema, list):
            return [self._prune(each, of) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = self.name(schema["$ref"], of)
            return {"$ref": f"#/definitions/{_short(name)}"} if name in self.reached else {}
        pruned = {}
        for key, part in schema.items():
            if key == "properties":
                pruned[key] = {each: self._prune(below, of) for each, below in part.items()}
            elif key not in ("description", "title", "default", "examples") or not isinstance(part, str):
                pruned[key] = self._prune(part, of)
        return pruned


def _short(name: str) -> str:
    return name.replace("/schema", "").replace(".json", "").replace("/", ".").replace("#", ".")


def _visuals(catalogue: Path, files: dict[str, Json]) -> Json:
    capabilities = json.loads((catalogue / "capabilities.json").read_text(encoding="utf-8"))
    containers = json.loads((catalogue / "vco-capabilities.json").read_text(encoding="utf-8"))
    found: Json = {}
    for visual in visuals_of(files):
        kind = visual["visualType"]
        entry = found.setdefault(
            kind, {"roles": [role["name"] for role in capabilities[kind].get("dataRoles", ())], "objects": {}}
        )
        for name in visual.get("objects", {}):
            entry["objects"][name] = sorted(capabilities[kind]["objects"][name]["properties"])
    container = {"roles": [], "objects": {}}
    for visual in visuals_of(files):
        for name in visual["visualContainerObjects"]:
            container["objects"][name] = sorted(containers[name]["properties"])
    return {**{kind: found[kind] for kind in sorted(found)}, "": container}


if __name__ == "__main__":
    SHAPES.write_text(as_text(distil(Path(sys.argv[1]), written_files())), encoding="utf-8")
