"""Reads a report as a browser would: sections, tables, cells and what they show when pointed at."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser

VOID = {"meta", "input", "br", "link", "img", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return re.sub(r"[^\S\u00a0]+", " ", "".join(parts)).strip()

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def all(self, tag: str) -> list[Element]:
        """The elements below, in order."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child] if child.tag == tag else []
                found += child.all(tag)
        return found

    def every(self) -> list[Element]:
        return [
            each for child in self.children if isinstance(child, Element) for each in [child, *child.every()]
        ]

    def by_id(self, name: str) -> Element:
        return next(each for each in self.every() if each.attributes.get("id") == name)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document", {})]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attributes})
        self.open[-1].children.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attributes}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(html: str) -> Element:
    """The document; every element that is opened has to be closed in its turn."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert len(parser.open) == 1, [each.tag for each in parser.open]
    return parser.open[0]


def number(text: str) -> Decimal | None:
    """What a number in Swedish says; None for the dash of what is not known."""
    if text == "–":
        return None
    return Decimal(text.replace("\u00a0", "").replace("−", "-").replace(",", ".").lstrip("+"))


def columns(section: Element) -> list[str]:
    """The keys of the columns of a section's statement."""
    return [th.attributes["data-column"] for th in section.all("th") if "data-column" in th.attributes]


def cells(section: Element, statement: str) -> dict[str, dict[str, Element]]:
    """The cells of a statement by line and column."""
    keys = columns(section)
    return {
        row.attributes["id"].removeprefix(f"{statement}-"): dict(zip(keys, row.all("td"), strict=True))
        for row in section.all("tr")
        if row.attributes.get("id", "").startswith(f"{statement}-")
    }


def exactly(cell: Element) -> Decimal | None:
    """The amount of a cell to the öre, by its title."""
    return number(cell.attributes["title"]) if "title" in cell.attributes else number(cell.text)
