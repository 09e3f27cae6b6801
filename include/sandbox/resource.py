"""What a Fortnox resource is in the sandbox: how its records are listed, found, sorted and searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

from sandbox.books import Company, Shelf, Year, number_of

API = "https://api.fortnox.se/3"  # the real host, so that what lands does not depend on a port

Record = TypeVar("Record")
Json = dict[str, Any]
LastModified = Literal["honoured", "ignored", "refused"]


@dataclass(frozen=True)
class View:
    """What a request looks at: the company, the financial year it chose or the current one, and today."""

    company: Company
    year: Year
    today: date


@dataclass(frozen=True)
class Resource(Generic[Record]):
    """How one kind of record is listed, found and written."""

    path: str
    list_key: str
    single_key: str
    records: Callable[[View], list[Record] | Shelf[Any, Record]]
    """The records in Fortnox's default order, or the shelf that keeps them so."""
    listed: Callable[[View, Record], Json]
    single: Callable[[View, Record], Json]
    not_found: tuple[str, int]
    key: Callable[[Record], str] = number_of
    """What stands in the address of a single record, parts divided by a slash."""
    shelf_key: Callable[[str], Any] = str
    """The same as the key of a shelf."""
    sorts: Mapping[str, Callable[[Record], Any]] = field(default_factory=dict)
    searches: Mapping[str, Callable[[Record], str]] = field(default_factory=dict)
    """Text searches: case-insensitive substrings, all of which must match."""
    equals: Mapping[str, Callable[[Record], str | set[str]]] = field(default_factory=dict)
    """Parameters that must equal a field as text, or one of several."""
    filters: Mapping[str, Callable[[View, Record], bool]] = field(default_factory=dict)
    """Values of ``filter``; a resource without any ignores the parameter."""
    days: Mapping[str, Callable[[Record], date | None]] = field(default_factory=dict)
    """What ``from`` and ``to`` with such a name compare: "date" is that of the document."""
    modified: Callable[[Record], datetime] | None = None
    """What ``lastmodified`` compares."""
    last_modified: LastModified = "honoured"
    """What becomes of ``lastmodified`` unless a setting says otherwise; ignored without ``modified``."""
    sublist: Callable[[View, str], list[Record]] | None = None
    """The records under ``sublist/`` and what follows it."""
    limited: bool = True
    """Whether ``limit``, ``page`` and ``offset`` work; where not, all of it comes whatever they say."""
    counted: bool = True
    """Whether the list comes with MetaInformation."""


def text_or_null(text: str) -> str | None:
    """An empty text as Fortnox writes it in most single records."""
    return text or None


def iso_day(day: date | None) -> str | None:
    """A date as Fortnox writes it."""
    return day.isoformat() if day else None


def digits(ore: int) -> str:
    """A number that Fortnox writes as text: "-41772", "29.8", "0.05"."""
    kronor, rest = divmod(abs(ore), 100)
    sign = "-" if ore < 0 else ""
    return f"{sign}{kronor}.{rest:02d}".rstrip("0") if rest else f"{sign}{kronor}"


def modified_of(record: Any) -> datetime:
    """When a record was changed."""
    moment: datetime = record.modified
    return moment
