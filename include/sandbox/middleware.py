"""What every request passes first: it is counted, and a waiting fault may strike it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import tokens
from sandbox.state import Fault, State

_HTML_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


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
        tenant = self._tenant(request)
        if scope["path"].startswith("/3/"):
            self.state.requests.paths[tenant or ""][f"{request.method} {request.url.path}"] += 1
        fault = self.state.next_fault(request.method, request.url.path, tenant)
        if fault is None:
            return await self.app(scope, receive, send)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return await self.app(scope, receive, send)
        if fault.kind == "reset":
            return await _reset(receive)
        if fault.kind == "cut":
            return await self.app(scope, receive, _Cut(send))
        return await _faulty(fault)(scope, receive, send)

    def _tenant(self, request: Request) -> str | None:
        """The tenant whose token or TenantId header the request carries, if the sandbox knows it."""
        claims = tokens.read(request.headers.get("Authorization")) or {}
        tenant = str(claims.get("tenantId") or request.headers.get("TenantId", ""))
        return tenant if tenant in self.state.companies else None


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


async def _reset(receive: Receive) -> None:
    """Close the connection with a TCP reset before any answer."""
    transport = receive.__self__.transport  # type: ignore[attr-defined]  # uvicorn's cycle, which offers no other way
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.family in {socket.AF_INET, socket.AF_INET6}:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0)  # lets the server see the end, so that it writes no answer of its own
