"""SQL lives in files under include/sql; this module reads them and knows nothing of databases."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from saldo import settings

_HEAD_LINE = re.compile(r"^-- (?P<key>[a-z]+):\s+(?P<value>.*)$")
_HEAD_CONTINUED = re.compile(r"^--\s{2,}(?P<value>\S.*)$")


@cache
def statement(name: str) -> str:
    """The text of include/sql/<name>.sql, for example `statement("control/version_read")`."""
    return (settings.include_dir() / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One file of a relation or a check: its folder in include/sql, its name, head comment and text."""

    folder: str
    name: str
    head: dict[str, str]
    text: str

    @property
    def schema(self) -> str:
        """The schema of the relation that the file makes."""
        return self.folder if self.folder in ("staging", "custom") else "mart"

    @property
    def is_by_year(self) -> bool:
        """Whether a build makes only the rows of financial years whose ledger changed (`increment`)."""
        return "increment" in self.head

    @property
    def relation(self) -> str:
        """The relation that the file makes, with its schema."""
        return f"{self.schema}.{self.name}"

    @property
    def path(self) -> Path:
        """Where the file is."""
        return _directory(self.folder) / f"{self.name}.sql"

    @property
    def digest(self) -> str:
        """Changes when the file does."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The relations named in the head's `inputs`, without their schema."""
        return tuple(
            word.rsplit(".", 1)[-1] for word in re.split(r"[,\s]+", self.head.get("inputs", "")) if word
        )


def head_of(text: str) -> dict[str, str]:
    """The head comment of an SQL file: `-- key: value` lines up to the first line that is no comment."""
    head: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if match := _HEAD_LINE.match(line):
            key = match["key"]
            head[key] = match["value"].strip()
        elif key and (match := _HEAD_CONTINUED.match(line)):
            head[key] += " " + match["value"].strip()
        elif not line.startswith("--"):
            break
    return head


def files(folder: str) -> list[SqlFile]:
    """Every file of include/sql/<folder>, by name; `custom` may be a folder elsewhere."""
    found = []
    for path in sorted(_directory(folder).glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        found.append(SqlFile(folder, path.stem, head_of(text), text))
    return found


def _directory(folder: str) -> Path:
    top, _, below = folder.partition("/")
    return (settings.custom_dir() if top == "custom" else settings.include_dir() / "sql" / top) / below


def in_order(relations: list[SqlFile]) -> list[SqlFile]:
    """The files so that each comes after those it reads, by the `inputs` of their heads.

    Raises:
        ValueError: relations read each other in a circle.
    """
    waiting = {relation.name: relation for relation in relations}
    ordered: list[SqlFile] = []
    while waiting:
        ready = [
            relation
            for relation in waiting.values()
            if not any(name in waiting for name in relation.inputs if name != relation.name)
        ]
        if not ready:
            raise ValueError(f"these SQL files read each other in a circle: {', '.join(waiting)}")
        for relation in ready:
            ordered.append(relation)
            del waiting[relation.name]
    return ordered
