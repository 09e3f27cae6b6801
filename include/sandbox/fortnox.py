"""The Fortnox API under /3: tokens, pace, lists, single records and SIE files.

Paging, sorting and filters: Fortnox developer pages, "Parameters", and recorded answers. Where neither says
what happens, the choice made here is named beside it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from sandbox import answers, tokens
from sandbox.books import Company, Year
from sandbox.resource import Resource, View
from sandbox.resources import CATALOGUE, company_information
from sandbox.state import State

MAX_LIMIT = 500
_BAD_PARAMETER = 2000588
_UNKNOWN_YEAR = ("Räkenskapsåret finns inte.", 2000588)


class _RefusedError(Exception):
    """A request that is answered by 400 with a message and a code."""

    def __init__(self, message: str, code: int = _BAD_PARAMETER) -> None:
        super().__init__(message)
        self.message, self.code = message, code


def routes(state: State) -> APIRouter:
    """All of /3 as one route: a slash may follow, and unknown paths have an answer of their own."""
    router = APIRouter()
    by_path = {resource.path: resource for resource in CATALOGUE}

    @router.get("/3/{path:path}")
    async def fortnox(path: str, request: Request) -> Response:
        claims = tokens.read(request.headers.get("Authorization"))
        company = state.companies.get(str((claims or {}).get("tenantId")))
        if claims is None or company is None or tokens.has_expired(claims):
            return answers.gateway("unauthorized", 401)
        settings = state.settings
        window = state.windows[str(claims["clientId"]), company.tenant_id]
        if not window.admits(time.monotonic(), settings.requests_per_window, settings.window_seconds):
            state.requests.throttled[company.tenant_id] += 1
            return answers.gateway("Too Many Requests", 429)
        await asyncio.sleep(settings.latency_ms / 1000)
        latency = settings.latency_ms
        parameters = {name.lower(): value for name, value in request.query_params.items()}
        try:
            match path.strip("/").split("/"):
                case ["companyinformation"]:
                    return answers.answer(company_information(company), latency)
                case ["sie", kind] if kind in {"1", "2", "3", "4"}:
                    return await _sie(state, company, int(kind), parameters)
                case [name] if name in by_path:
                    view = View(company, _chosen_year(state, company, parameters))
                    return answers.answer(_list(by_path[name], view, parameters), latency)
                case [name, key] if name in by_path:
                    view = View(company, _chosen_year(state, company, parameters))
                    return _single(by_path[name], view, key, latency)
        except _RefusedError as refusal:
            return answers.bad_request(refusal.message, refusal.code, latency)
        return answers.not_found("Resursen finns inte.", 2000762, latency)

    return router


async def _sie(state: State, company: Company, kind: int, parameters: Mapping[str, str]) -> Response:
    year = _chosen_year(state, company, parameters)
    content = await asyncio.to_thread(year.sie, kind, state.today())
    if content is None:
        raise _RefusedError(f"SIE typ {kind} finns inte för ett företag som kommer ur en given SIE 4-fil.")
    return answers.file(content, state.settings.latency_ms)


def _chosen_year(state: State, company: Company, parameters: Mapping[str, str]) -> Year:
    """The year named by ``financialyear`` (its id) or ``financialyeardate``, else the current one."""
    if wanted := parameters.get("financialyear"):
        year = company.year_by_id(int(wanted)) if wanted.isdigit() else None
    elif wanted := parameters.get("financialyeardate"):
        year = company.year_by_date(_date(wanted))
    else:
        year = company.current_year(state.today())
    if year is None:
        raise _RefusedError(*_UNKNOWN_YEAR)
    return year


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _RefusedError("Ogiltigt datum.") from None


def _single(resource: Resource[Any], view: View, key: str, latency: int) -> Response:
    for record in resource.records(view):
        if resource.key(record) == key:
            return answers.answer({resource.single_key: resource.single(view, record)}, latency)
    return answers.not_found(*resource.not_found, latency)


def _list(resource: Resource[Any], view: View, parameters: Mapping[str, str]) -> dict[str, Any]:
    records = _sorted(resource, _selected(resource, view, parameters), parameters)
    limit = _number(parameters, "limit", 100)
    if not 1 <= limit <= MAX_LIMIT:  # not documented: refused, so that no client counts pages of 1,000
        raise _RefusedError(f"Parametern limit måste vara mellan 1 och {MAX_LIMIT}.")
    page, offset = _number(parameters, "page", 1), _number(parameters, "offset", 0)
    total = len(records)
    if total <= offset:
        total, records = 0, []
    start = offset + (page - 1) * limit
    if page < 1 or (page > 1 and start >= total):
        raise _RefusedError("Angiven sida hittades ej (24).")
    return {
        "MetaInformation": {
            "@TotalResources": total,
            "@TotalPages": -(-total // limit),
            "@CurrentPage": page,
        },
        resource.list_key: [resource.listed(view, record) for record in records[start : start + limit]],
    }


def _number(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name, str(default))
    if not text.isdigit():
        raise _RefusedError(f"Parametern {name} måste vara ett heltal.")
    return int(text)


def _selected(resource: Resource[Any], view: View, parameters: Mapping[str, str]) -> list[Any]:
    records = resource.records(view)
    if resource.path == "financialyears" and "date" in parameters:
        day = _date(parameters["date"])
        return [year for year in records if year.start <= day <= year.end]
    for name, text_of in resource.searches.items():
        if name in parameters:
            sought = parameters[name].casefold()
            records = [record for record in records if sought in text_of(record).casefold()]
    if resource.filters and "filter" in parameters:
        if parameters["filter"] not in resource.filters:
            raise _RefusedError("Ett ogiltigt filter har använts.", 2000587)
        records = [record for record in records if resource.filters[parameters["filter"]](record)]
    if resource.modified is not None and "lastmodified" in parameters:
        since = _moment(parameters["lastmodified"])
        records = [record for record in records if resource.modified(record) >= since]
    return records


def _moment(text: str) -> datetime:
    """A day, or a day and a time with or without seconds, in Swedish local time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _RefusedError("Ogiltigt datum i parametern lastmodified.") from None
    return moment.replace(tzinfo=None)


def _sorted(resource: Resource[Any], records: list[Any], parameters: Mapping[str, str]) -> list[Any]:
    order = parameters.get("sortorder", "ascending")
    if order not in {"ascending", "descending"}:
        raise _RefusedError("Ogiltig sorteringsordning.")
    if "sortby" not in parameters:
        return records[::-1] if order == "descending" else records
    if parameters["sortby"] not in resource.sorts:
        raise _RefusedError("Ogiltig sortering.")
    return sorted(records, key=resource.sorts[parameters["sortby"]], reverse=order == "descending")
