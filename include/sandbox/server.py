"""The sandbox's two servers in one process: http for the APIs, https for Entra's token endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from sandbox import admin, entra, fortnox, oauth, powerbi
from sandbox.middleware import CountAndFault
from sandbox.state import State


class _Server(uvicorn.Server):
    """Leaves signals to ``serve``, which has two servers to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def api_app(state: State) -> ASGIApp:
    """Fortnox, Power BI and the sandbox's own routes."""
    datasets = powerbi.datasets_of(state)
    return _app(
        state,
        oauth.routes(state),
        fortnox.routes(state),
        powerbi.routes(state, datasets),
        admin.routes(state, datasets),
    )


def token_app(state: State) -> ASGIApp:
    """Entra."""
    return _app(state, entra.routes(state))


def _app(state: State, *routers: object) -> ASGIApp:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for router in routers:
        app.include_router(router)  # type: ignore[arg-type]
    return CountAndFault(app, state)


def serve(state: State, api: socket.socket, token: socket.socket, certificate: Path) -> None:
    """Serve on the two bound sockets until SIGTERM or SIGINT; open requests are cut off."""
    asyncio.run(_serve(state, api, token, certificate))


async def _serve(state: State, api: socket.socket, token: socket.socket, certificate: Path) -> None:
    common = {"log_level": "critical", "server_header": False, "http": "h11", "ws": "none", "lifespan": "off"}
    servers = [
        _Server(uvicorn.Config(api_app(state), **common)),  # type: ignore[arg-type]
        _Server(uvicorn.Config(token_app(state), ssl_certfile=str(certificate), **common)),  # type: ignore[arg-type]
    ]

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
