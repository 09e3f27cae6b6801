"""The Fortnox API under /3: tokens, pace, lists, single records and SIE files.

Paging, sorting and filters: Fortnox developer pages, "Parameters", and recorded answers. Where neither says
what happens, the choice made here is named beside it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from sandbox import access, answers
from sandbox.books import Company, Shelf, Year
from sandbox.resource import LastModified, Resource, View
from sandbox.resources import CATALOGUE, company_information
from sandbox.settings_resources import OBJECTS
from sandbox.state import Settings, State

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
        if "Authorization-Code" in request.headers:
            return _access_token(access.exchange_api_code(state, request.headers))
        caller = access.caller_of(state, request.headers)
        if caller is None:
            return answers.gateway("unauthorized", 401)
        company = state.companies[caller.tenant]
        settings = state.settings
        window = state.windows[caller.client, caller.tenant]
        if not window.admits(time.monotonic(), settings.requests_per_window, settings.window_seconds):
            state.requests.throttled[company.tenant_id] += 1
            return answers.gateway("Too Many Requests", 429)
        await asyncio.sleep(settings.latency_ms / 1000)
        latency = settings.latency_ms
        parameters = {name.lower(): value for name, value in request.query_params.items()}
        if refusal := access.refusal(state, caller, path.strip("/").split("/")[0]):
            return answers.refused(refusal.message, refusal.code, latency, refusal.status)
        try:
            match path.strip("/").split("/"):
                case ["companyinformation"]:
                    return answers.answer(company_information(company), latency)
                case ["sie", kind] if kind in {"1", "2", "3", "4"}:
                    return await _sie(state, company, int(kind), parameters)
                case [*parts] if "/".join(parts) in OBJECTS:
                    return answers.answer(OBJECTS["/".join(parts)](state, company), latency)
                case [name, *rest] if name in by_path:
                    resource = by_path[name]
                    view = View(company, _chosen_year(state, company, parameters), state.today())
                    records = _records(resource, view, rest)
                    if records is None:
                        return _single(resource, view, "/".join(rest), latency)
                    heeded = _heeded(settings, company, resource)
                    found = _list(resource, view, records, parameters, heeded)
                    if not resource.counted:
                        del found["MetaInformation"]
                    return answers.answer(found, latency)
        except _RefusedError as refusal:
            return answers.bad_request(refusal.message, refusal.code, latency)
        return answers.not_found("Resursen finns inte.", 2000762, latency)

    return router


def _access_token(exchanged: str | access.Refusal) -> Response:
    if isinstance(exchanged, access.Refusal):
        return answers.refused(exchanged.message, exchanged.code, 0, exchanged.status)
    return answers.answer({"Authorization": {"AccessToken": exchanged}}, 0)


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


def _records(resource: Resource[Any], view: View, rest: list[str]) -> list[Any] | Shelf[Any, Any] | None:
    """What a list is made of; None where the address is that of a single record."""
    match rest:
        case []:
            return resource.records(view)
        case ["sublist", *parts] if resource.sublist is not None:
            return resource.sublist(view, "/".join(parts))
    return None


def _heeded(settings: Settings, company: Company, resource: Resource[Any]) -> LastModified:
    """What becomes of ``lastmodified``: as was set for the tenant or for all, else as is known of Fortnox."""
    chosen = settings.last_modified
    default = resource.last_modified if resource.modified else "ignored"
    return chosen.get(f"{company.tenant_id}/{resource.path}", chosen.get(resource.path, default))


def _single(resource: Resource[Any], view: View, key: str, latency: int) -> Response:
    records = resource.records(view)
    if isinstance(records, Shelf):
        record = records.get(resource.shelf_key(key))
    else:
        record = next((record for record in records if resource.key(record) == key), None)
    if record is None:
        return answers.not_found(*resource.not_found, latency)
    return answers.answer({resource.single_key: resource.single(view, record)}, latency)


def _list(
    resource: Resource[Any],
    view: View,
    found: list[Any] | Shelf[Any, Any],
    parameters: Mapping[str, str],
    heeded: LastModified,
) -> dict[str, Any]:
    records = _sorted(resource, _selected(resource, view, found, parameters, heeded), parameters)
    if not resource.limited:
        parameters = {**parameters, "limit": str(MAX_LIMIT), "page": "1", "offset": "0"}
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


def _selected(
    resource: Resource[Any],
    view: View,
    records: list[Any] | Shelf[Any, Any],
    parameters: Mapping[str, str],
    heeded: LastModified,
) -> list[Any] | Shelf[Any, Any]:
    """The records that the parameters ask for; the shelf itself where they ask for all."""
    if "lastmodified" in parameters and heeded != "ignored":
        if heeded == "refused":
            raise _RefusedError("Parametern lastmodified stöds inte.")
        records = _since(resource, records, _moment(parameters["lastmodified"]))
    for holds in _conditions(resource, view, parameters):
        if isinstance(records, Shelf):
            records = records.in_order()
        records = [record for record in records if holds(record)]
    return records


def _since(resource: Resource[Any], records: list[Any] | Shelf[Any, Any], moment: datetime) -> list[Any]:
    if isinstance(records, Shelf):
        return records.since(moment)
    modified = resource.modified
    return [record for record in records if modified is None or modified(record) >= moment]


def _conditions(
    resource: Resource[Any], view: View, parameters: Mapping[str, str]
) -> Iterator[Callable[[Any], bool]]:
    """What a record must satisfy, one condition a parameter."""
    if resource.path == "financialyears" and "date" in parameters:
        wanted = _date(parameters["date"])
        yield lambda year: year.start <= wanted <= year.end
        return
    for name, text_of in resource.searches.items():
        if name in parameters:
            yield partial(_contains, text_of, parameters[name].casefold())
    for name, one_or_several in resource.equals.items():
        if name in parameters:
            yield partial(_equals, one_or_several, parameters[name])
    if resource.filters and "filter" in parameters:
        if parameters["filter"] not in resource.filters:
            raise _RefusedError("Ett ogiltigt filter har använts.", 2000587)
        yield partial(resource.filters[parameters["filter"]], view)
    for name, day_of in resource.days.items():
        first, last = parameters.get(f"from{name}"), parameters.get(f"to{name}")
        if first or last:
            yield partial(
                _lies_between, day_of, _date(first) if first else date.min, _date(last) if last else date.max
            )


def _lies_between(day_of: Callable[[Any], date | None], first: date, last: date, record: Any) -> bool:
    day = day_of(record)
    return day is not None and first <= day <= last


def _contains(text_of: Callable[[Any], str], sought: str, record: Any) -> bool:
    return sought in text_of(record).casefold()


def _equals(one_or_several: Callable[[Any], str | set[str]], sought: str, record: Any) -> bool:
    found = one_or_several(record)
    return sought in found if isinstance(found, set) else sought == found


def _moment(text: str) -> datetime:
    """A day, or a day and a time with or without seconds, in Swedish local time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _RefusedError("Ogiltigt datum i parametern lastmodified.") from None
    return moment.replace(tzinfo=None)


def _sorted(
    resource: Resource[Any], records: list[Any] | Shelf[Any, Any], parameters: Mapping[str, str]
) -> list[Any]:
    order = parameters.get("sortorder", "ascending")
    if order not in {"ascending", "descending"}:
        raise _RefusedError("Ogiltig sorteringsordning.")
    name = parameters.get("sortby", "")
    if name and name not in resource.sorts:
        raise _RefusedError("Ogiltig sortering.")
    if isinstance(records, Shelf):
        ordered = records.sorted_by(name, resource.sorts[name]) if name else records.in_order()
    else:
        ordered = sorted(records, key=resource.sorts[name]) if name else records
    return ordered[::-1] if order == "descending" else ordered
