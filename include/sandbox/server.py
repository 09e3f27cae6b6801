"""The sandbox's two servers in one process: http for the APIs, https for Entra's token endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from sandbox import admin, entra, fabric, fortnox, oauth, powerbi
from sandbox.fabric_items import Fabric
from sandbox.middleware import CountAndFault
from sandbox.state import State


class _Server(uvicorn.Server):
    """Leaves signals to ``serve``, which has two servers to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def api_app(state: State) -> ASGIApp:
    """Fortnox, Power BI, Fabric and the sandbox's own routes."""
    tenant = Fabric.of_companies(state)
    return _app(
        state,
        oauth.routes(state),
        fortnox.routes(state),
        powerbi.routes(tenant),
        fabric.routes(tenant),
        admin.routes(state, tenant),
    )


def token_app(state: State) -> ASGIApp:
    """Entra."""
    return _app(state, entra.routes(state))


def _app(state: State, *routers: APIRouter) -> ASGIApp:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for router in routers:
        app.include_router(router)
    return CountAndFault(app, state)


def serve(state: State, api: socket.socket, token: socket.socket, certificate: Path) -> None:
    """Serve on the two bound sockets until SIGTERM or SIGINT; open requests are cut off."""
    asyncio.run(_serve(state, api, token, certificate))


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Errors of the sandbox are; answers that a fault broke off and requests that its end cut are not."""
    cut = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cut and not record.getMessage().startswith("ASGI callable returned without")


async def _serve(state: State, api: socket.socket, token: socket.socket, certificate: Path) -> None:
    common: dict[str, Any] = {
        "http": "h11",
        "ws": "none",
        "lifespan": "off",
        "log_level": "error",
        "server_header": False,
        "timeout_keep_alive": 75,  # longer than any client of ours rests between two requests
    }
    servers = [
        _Server(uvicorn.Config(api_app(state), **common)),
        _Server(uvicorn.Config(token_app(state), ssl_certfile=str(certificate), **common)),
    ]
    logging.getLogger("uvicorn.error").addFilter(_is_worth_a_line)

    def stop() -> None:
        for server in servers:
            server.should_exit = server.force_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await asyncio.gather(servers[0].serve([api]), servers[1].serve([token]))
    for server in servers:
        for connection in list(server.server_state.connections):
            connection.transport.abort()  # else the end of the loop would answer them with an error of ours
