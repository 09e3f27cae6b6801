"""How a page is made: a template of include/pages, and its texts in the reader's language."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from saldo import settings
from saldo.integrations.airflow_side import base_url

LANGUAGES = ("sv", "en")
# Nothing of another host is loaded, and no other page may show this one but Airflow itself. No other site is
# told an address; this one must be, for with no-referrer browsers send a form's Origin as null.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@cache
def texts(language: str) -> dict[str, str]:
    """The texts of one language, by key."""
    path = settings.include_dir() / "pages" / "texts.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["key"]: row[language] for row in csv.DictReader(lines)}


def language(request: Request) -> str:
    """The one asked for by ?lang=, else the first of the browser's that the pages have, else Swedish."""
    asked = [request.query_params.get("lang", "")]
    asked += [
        part.split(";")[0].split("-")[0].strip()
        for part in request.headers.get("accept-language", "").split(",")
    ]
    return next((each for each in asked if each in LANGUAGES), LANGUAGES[0])


def render(template: str, **values: Any) -> str:
    """A template with its values, every one of them escaped."""
    folder = FileSystemLoader(settings.include_dir() / "pages")
    return Environment(loader=folder, autoescape=select_autoescape()).get_template(template).render(**values)


def page(
    request: Request,
    template: str,
    values: Mapping[str, Any] | None = None,
    status_code: int = 200,
    *,
    spoken: str | None = None,
) -> HTMLResponse:
    """The page; templates know `t` (the texts), `lang` and `root` (the address of Saldo's pages)."""
    spoken = spoken or language(request)
    html = render(
        template,
        t=texts(spoken),
        lang=spoken,
        root=f"{base_url()}/saldo",
        airflow=base_url(),
        **(values or {}),
    )
    return HTMLResponse(html, status_code, _HEADERS)
