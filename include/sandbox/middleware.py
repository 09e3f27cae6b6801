"""What every request passes first: it is counted, a waiting fault may strike it, its answer is compressed."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import access
from sandbox.answers import write_json
from sandbox.state import Fault, State

_HTML_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_WORTH_COMPRESSING = 1_000
_PLACE = "the field that is another"

Change = Callable[[MutableHeaders, bytes], bytes]
"""Gives the body that is sent instead, and sets headers that say so."""


@dataclass(frozen=True)
class CountAndFault:
    """ASGI middleware around one of the sandbox's two applications."""

    app: ASGIApp
    state: State

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, let the next fault that matches strike, else pass it on."""
        if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
            return await self.app(scope, receive, send)
        request = Request(scope)
        tenant = access.tenant_of(self.state, request.headers)
        is_fortnox = scope["path"].startswith("/3/")
        if is_fortnox:
            self.state.requests.paths[tenant or ""][f"{request.method} {request.url.path}"] += 1
        path = f"{request.url.path}?{request.url.query}"
        fault = self.state.next_fault(request.method, path, tenant)
        if fault is not None and fault.kind in {"cut", "reset_midway"}:
            send = _Cut(send)
        if is_fortnox and self.state.settings.gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
            send = _Changed(send, _compressed)
        match fault:
            case None | Fault(kind="cut"):
                return await self.app(scope, receive, send)
            case Fault(kind="slow"):
                await asyncio.sleep(fault.seconds)
                return await self.app(scope, receive, send)
            case Fault(kind="short"):
                return await self.app(scope, receive, _Changed(send, _first_half))
            case Fault(kind="cut_gzip"):
                return await self.app(scope, receive, _Changed(send, _half_of_gzip))
            case Fault(kind="content"):
                change = _WithField(fault.record, fault.field.split("."), fault.raw)
                return await self.app(scope, receive, _Changed(send, change))
            case Fault(kind="reset_midway"):
                await self.app(scope, receive, send)
                await asyncio.sleep(0.05)  # what was sent must arrive before the reset overtakes it
                return await _reset(receive)
            case Fault(kind="reset"):
                return await _reset(receive)
            case Fault(kind="lost"):
                await self.app(scope, receive, _nowhere)
                return await _reset(receive)
        return await _faulty(fault)(scope, receive, send)


def _faulty(fault: Fault) -> Response:
    body = fault.body
    if fault.kind == "html":
        content, media_type = (body if isinstance(body, str) else _HTML_PAGE), "text/html"
    else:
        content = body if isinstance(body, str) else json.dumps({} if body is None else body)
        media_type = "application/json"
    status = fault.status or (200 if fault.kind in {"html", "json"} else 500)
    return Response(content, status, fault.headers, media_type)


@dataclass
class _Changed:
    """Waits for the whole answer and sends it changed."""

    send: Send
    change: Change
    start: Message | None = None
    body: list[bytes] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        self.body.append(message.get("body", b""))
        if message.get("more_body"):
            return
        assert self.start is not None
        headers = MutableHeaders(raw=list(self.start["headers"]))
        body = self.change(headers, b"".join(self.body))
        headers["Content-Length"] = str(len(body))
        await self.send({**self.start, "headers": headers.raw})
        await self.send({"type": "http.response.body", "body": body})


def _compressed(headers: MutableHeaders, body: bytes) -> bytes:
    """The body as gzip, at the level that costs least; SIE files and short answers go as they are."""
    if (
        len(body) < _WORTH_COMPRESSING
        or headers.get("Content-Type") != "application/json"
        or "Content-Encoding" in headers
    ):
        return body
    headers["Content-Encoding"] = "gzip"
    return gzip.compress(body, 1, mtime=0)


def _first_half(_headers: MutableHeaders, body: bytes) -> bytes:
    return body[: len(body) // 2]


def _half_of_gzip(headers: MutableHeaders, body: bytes) -> bytes:
    headers["Content-Encoding"] = "gzip"
    whole = gzip.compress(body, mtime=0)
    return whole[: len(whole) // 2]


@dataclass(frozen=True)
class _WithField:
    """One field of one record becomes ``raw``, or goes; an answer without that record stays as it is."""

    record: int
    way: list[str]
    raw: str | None

    def __call__(self, headers: MutableHeaders, body: bytes) -> bytes:
        if headers.get("Content-Type") != "application/json":
            return body
        answer = json.loads(body)
        holder = self._holder(answer)
        if holder is None:
            return body
        if self.raw is None:
            holder.pop(self.way[-1], None)
            return write_json(answer)
        holder[self.way[-1]] = _PLACE
        return write_json(answer).replace(f'"{_PLACE}"'.encode(), self.raw.encode("latin-1"))

    def _holder(self, answer: Any) -> dict[str, Any] | None:
        """What holds the field: the record or a part of it. A token's answer is itself the record."""
        if not isinstance(answer, dict):
            return None
        place: Any = next((value for value in answer.values() if isinstance(value, list)), None)
        if place is None:
            place = next((value for value in answer.values() if isinstance(value, dict)), answer)
        try:
            if isinstance(place, list):
                place = place[self.record]
            for step in self.way[:-1]:
                place = place[int(step) if isinstance(place, list) else step]
        except (IndexError, KeyError, TypeError, ValueError):
            return None
        return place if isinstance(place, dict) else None


@dataclass
class _Cut:
    """Promises the whole body, sends half of it and closes."""

    send: Send
    done: bool = False

    async def __call__(self, message: Message) -> None:
        if self.done:
            return
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            self.done = True
            # The server closes the connection when an answer ends before its Content-Length.
            await self.send({**message, "body": body[: len(body) // 2], "more_body": True})
            return
        await self.send(message)


async def _nowhere(_message: Message) -> None:
    """Send nothing."""


async def _reset(receive: Receive) -> None:
    """Close the connection with a TCP reset."""
    transport = receive.__self__.transport  # type: ignore[attr-defined]  # uvicorn's cycle, which offers no other way
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.family in {socket.AF_INET, socket.AF_INET6}:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0)  # lets the server see the end, so that it writes no answer of its own
