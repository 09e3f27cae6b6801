"""How what went wrong is answered, where it is nobody's single page's business."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

log = logging.getLogger(__name__)


def add_to(app: FastAPI) -> None:
    """Has the app answer a wrong field without what stood in it, and a warehouse that is away with 503."""
    app.add_exception_handler(RequestValidationError, _wrong_field)
    app.add_exception_handler(psycopg.OperationalError, _warehouse_away)
    app.add_exception_handler(psycopg.errors.UndefinedTable, _warehouse_away)


def _wrong_field(_request: Request, error: Any) -> JSONResponse:
    # FastAPI's own answer holds the input, which may be a key.
    fields = [{name: each[name] for name in ("type", "loc", "msg")} for each in error.errors()]
    return JSONResponse({"detail": fields}, 422)


def _warehouse_away(_request: Request, error: Any) -> JSONResponse:
    log.warning("The warehouse cannot be asked: %s", type(error).__name__)
    return JSONResponse(
        {
            "detail": "The warehouse cannot be reached, or is of another version: check the connection "
            "saldo_warehouse, and run saldo migrate after an upgrade"
        },
        503,
    )
