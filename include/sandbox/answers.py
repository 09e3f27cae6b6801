"""Fortnox's way of writing answers: escaping, headers and its three shapes of error."""

from __future__ import annotations

import json
import secrets
from typing import Any

from starlette.responses import Response

BUILD = "5a1d05a4d0"


def kronor(ore: int) -> int | float:
    """Öre as the JSON number Fortnox writes. A quotient by 100 prints with at most two decimals again."""
    return ore // 100 if ore % 100 == 0 else ore / 100


def write_json(value: Any) -> bytes:
    r"""JSON with non-ASCII as ``\u00e4`` and slashes as ``\/``, without spaces."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def _headers(latency_ms: int, *, varies: bool) -> dict[str, str]:
    return {
        "Server": "Fortnox",
        "X-Uid": secrets.token_hex(4),
        "X-Build": BUILD,
        "X-Rack-Responsetime": str(latency_ms),
        **({"Vary": "Accept-Encoding"} if varies else {}),
    }


def answer(value: Any, latency_ms: int, status: int = 200) -> Response:
    """A JSON answer of the API."""
    return Response(
        write_json(value),
        status,
        {"Content-Type": "application/json", **_headers(latency_ms, varies=status != 400)},
    )


def file(content: bytes, latency_ms: int) -> Response:
    """A SIE file: bytes, and no word about their encoding."""
    return Response(content, headers={"Content-Type": "text/plain", **_headers(latency_ms, varies=True)})


def bad_request(message: str, code: int, latency_ms: int) -> Response:
    """400 in its lower-case shape."""
    return refused(message, code, latency_ms, 400)


def refused(message: str, code: int, latency_ms: int, status: int) -> Response:
    """What may not be asked, in the shape of a 400; that a 403 has it too is an assumption."""
    return answer({"ErrorInformation": {"error": 1, "message": message, "code": code}}, latency_ms, status)


def not_found(message: str, code: int, latency_ms: int) -> Response:
    """404 in its capitalised shape."""
    return answer({"ErrorInformation": {"Error": 1, "Message": message, "Code": code}}, latency_ms, 404)


def gateway(message: str, status: int) -> Response:
    """What stands before the API answers: 401 as recorded, and 429, whose body is an assumption."""
    return Response(
        json.dumps({"message": message}, separators=(",", ":")),
        status,
        {"Content-Type": "application/json", "Server": "Fortnox"},
    )


def oauth_error(error: str, description: str, status: int, media_type: str) -> Response:
    """The token endpoint's errors, which call their JSON anything but JSON."""
    return _oauth({"error": error, "error_description": description}, status, {"Content-Type": media_type})


def oauth(value: Any) -> Response:
    """A good answer of the token endpoint."""
    return _oauth(
        value, 200, {"Content-Type": "application/json", "Pragma": "no-cache", "Vary": "Accept-Encoding"}
    )


def _oauth(value: Any, status: int, headers: dict[str, str]) -> Response:
    common = {"Cache-Control": "no-store", "Server": "Fortnox", "X-Uid": secrets.token_hex(4)}
    return Response(json.dumps(value, separators=(",", ":")), status, {**headers, **common})
