"""The report's own words, in the languages that it has."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from saldo import settings

LANGUAGES = ("sv", "en")


def folder() -> Path:
    """Where the templates, the style sheet and the words are."""
    return settings.include_dir() / "report"


@cache
def texts(language: str) -> dict[str, str]:
    """The words of one language, by key."""
    with (folder() / "texts.csv").open(encoding="utf-8", newline="") as lines:
        return {row["key"]: row[language] for row in csv.DictReader(lines)}
