"""What a Fortnox resource is in the sandbox: how its records are listed, found, sorted and searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sandbox.books import Company, Year

API = "https://api.fortnox.se/3"  # the real host, so that what lands does not depend on a port

Record = TypeVar("Record")
Json = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What a request looks at: the company, and the financial year it chose or the current one."""

    company: Company
    year: Year


@dataclass(frozen=True)
class Resource(Generic[Record]):
    """How one kind of record is listed, found and written."""

    path: str
    list_key: str
    single_key: str
    records: Callable[[View], list[Record]]
    """The records in Fortnox's default order."""
    listed: Callable[[View, Record], Json]
    single: Callable[[View, Record], Json]
    key: Callable[[Record], str]
    not_found: tuple[str, int]
    sorts: Mapping[str, Callable[[Record], Any]] = field(default_factory=dict)
    searches: Mapping[str, Callable[[Record], str]] = field(default_factory=dict)
    """Text searches: case-insensitive substrings, all of which must match."""
    filters: Mapping[str, Callable[[Record], bool]] = field(default_factory=dict)
    """Values of ``filter``; a resource without any ignores the parameter."""
    modified: Callable[[Record], datetime] | None = None
    """What ``lastmodified`` compares; None where the parameter is ignored."""


def text_or_null(text: str) -> str | None:
    """An empty text as Fortnox writes it in most single records."""
    return text or None


def iso_day(day: date | None) -> str | None:
    """A date as Fortnox writes it."""
    return day.isoformat() if day else None
