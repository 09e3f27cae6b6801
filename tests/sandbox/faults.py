"""Every fault that a Fortnox client has to survive, by name, as POST /sandbox/faults takes it.

Tests add where it strikes (``path_contains``, ``tenant``, ``method``) and how often (``times``). CONTENT
holds the faults that leave an answer whole and change one value in it; tests add ``record`` and ``field``.
"""

from __future__ import annotations

from typing import Any

_PAGE = "<!doctype html><title>Underhåll</title><h1>Vi är snart tillbaka</h1>"

ANSWERS: dict[str, dict[str, Any]] = {
    "429 with a body": {"kind": "status", "status": 429, "body": {"message": "Too Many Requests"}},
    "429 without a body": {"kind": "status", "status": 429, "body": ""},
    "429 with Retry-After": {"kind": "status", "status": 429, "body": "", "headers": {"Retry-After": "1"}},
    "500": {"kind": "status", "status": 500},
    "500 system exception": {
        "kind": "status",
        "status": 500,
        "body": {"ErrorInformation": {"error": 1, "message": "system exception", "code": 1000003}},
    },
    "502 in HTML": {"kind": "html", "status": 502},
    "503 without a body": {"kind": "status", "status": 503, "body": ""},
    "504 in HTML": {"kind": "html", "status": 504},
    "HTML with 200": {"kind": "html", "body": _PAGE},
    "internal error with 400": {
        "kind": "status",
        "status": 400,
        "body": {"ErrorInformation": {"error": 1, "message": "Internal error", "code": 1000029}},
    },
    "an empty body with 200": {"kind": "json", "body": ""},
    "JSON of another shape": {"kind": "json", "body": {"Something": {"else": [1, 2]}}},
    "a JSON list": {"kind": "json", "body": []},
    "half of it, said to be all": {"kind": "short"},
    "half of its gzip": {"kind": "cut_gzip"},
    "cut off": {"kind": "cut"},
    "reset before it": {"kind": "reset"},
    "reset in the middle": {"kind": "reset_midway"},
}
"""The client gets no right answer."""


def timeout(seconds: float) -> dict[str, Any]:
    """A right answer that comes after the client has stopped waiting."""
    return {"kind": "slow", "seconds": seconds}


CONTENT: dict[str, str | None] = {
    "API_NORIGHT": '"API_NORIGHT"',
    "a text for a number": '"tolv komma fem"',
    "a number for a text": "12.5",
    "null": "null",
    "an object": '{"Value":{"Deep":[1,2]}}',
    "gone": None,
    "an amount with forty digits": "1234567890123456789012345678901234567890.5",
    "2 MB of text": '"' + "x" * 2_000_000 + '"',
    "invalid UTF-8": '"\xc3\x28 \xff"',
    "NUL": r'"a\u0000b"',
    "half a surrogate pair": r'"a\ud83d"',
    "a control character": '"a\x01b"',
    "not a JSON value": "NaN",
}
"""What stands for the value: ``raw``."""


def content(name: str, field: str, record: int = 0) -> dict[str, Any]:
    """One of CONTENT, in that field of that record; a field with a new name is an unknown one."""
    return {"kind": "content", "field": field, "record": record, "raw": CONTENT[name]}
