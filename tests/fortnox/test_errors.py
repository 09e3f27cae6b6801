"""Every answer that is no success becomes the exception that says what to do, whatever its shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from saldo.fortnox import errors
from saldo.fortnox.errors import (
    AccessRevokedError,
    CredentialsRejectedError,
    CredentialsUnansweredError,
    FortnoxError,
    NotAvailableError,
    NotFoundError,
    RateLimitedError,
    RejectedRequestError,
    TemporaryError,
    from_response,
)


def lower(message: str, code: object) -> bytes:
    return json.dumps({"ErrorInformation": {"error": 1, "message": message, "code": code}}).encode()


def pascal(message: str, code: int) -> bytes:
    return json.dumps({"ErrorInformation": {"Error": 1, "Message": message, "Code": code}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "message"),
    [
        # the shapes
        (400, lower("Ett ogiltigt filter har använts.", 2000587), RejectedRequestError, 2000587,
         "Ett ogiltigt filter har använts."),
        (404, pascal("Kan inte hitta kunden.", 2000433), NotFoundError, 2000433, "Kan inte hitta kunden."),
        (401, b'{"message":"unauthorized"}', AccessRevokedError, 0, "unauthorized"),
        (400, b'{"error":"invalid_grant","error_description":"Invalid refresh token"}',
         RejectedRequestError, 0, "Invalid refresh token"),
        (400, b'{"error":"invalid_request"}', RejectedRequestError, 0, "invalid_request"),
        (400, lower("som text", "2000588"), RejectedRequestError, 2000588, "som text"),
        # the code decides and not the status
        (400, lower("Har inte behörighet för scope.", 2000663), NotAvailableError, 2000663,
         "Har inte behörighet för scope."),
        (403, lower("Har inte behörighet för scope.", 2000663), NotAvailableError, 2000663,
         "Har inte behörighet för scope."),
        (500, pascal("Det finns ingen aktiv licens för önskat scope", 2001101), NotAvailableError, 2001101,
         "Det finns ingen aktiv licens för önskat scope"),
        (401, lower("Api-licens saknas", 2001103), NotAvailableError, 2001103, "Api-licens saknas"),
        (400, lower("Feature inte tillgänglig", 0), NotAvailableError, 0, "Feature inte tillgänglig"),
        (400, lower("Internal error", 1000029), TemporaryError, 1000029, "Internal error"),
        (400, lower("System exception", 1000003), TemporaryError, 1000003, "System exception"),
        (400, lower("Ogiltig inloggning", 2000310), AccessRevokedError, 2000310, "Ogiltig inloggning"),
        # the status, where there is no code that says more
        (403, b"", NotAvailableError, 0, "Fortnox answered 403"),
        (408, b"", TemporaryError, 0, "Fortnox answered 408"),
        (429, b'{"message":"Too Many Requests"}', RateLimitedError, 0, "Too Many Requests"),
        (500, b"", TemporaryError, 0, "Fortnox answered 500"),
        (502, b"<html>502 Bad Gateway</html>", TemporaryError, 0, "Fortnox answered 502"),
        # bodies that are nothing of the kind
        (400, b"\xff\xfe\x00", RejectedRequestError, 0, "Fortnox answered 400"),
        (400, b"[1, 2]", RejectedRequestError, 0, "Fortnox answered 400"),
        (400, b'{"ErrorInformation": "nej"}', RejectedRequestError, 0, "Fortnox answered 400"),
        (400, b'{"ErrorInformation": {"message": null, "code": null}}', RejectedRequestError, 0,
         "Fortnox answered 400"),
        (302, b"", RejectedRequestError, 0, "Fortnox answered 302"),
    ],
)  # fmt: skip
def test_answer_becomes_the_exception(
    status: int, body: bytes, kind: type[FortnoxError], code: int, message: str
) -> None:
    error = from_response(status, body)
    assert type(error) is kind
    assert (error.code, error.status, error.message) == (code, status, message)
    assert message.rstrip(".") in str(error)
    assert (str(code) if code else str(status)) in str(error)


@pytest.mark.parametrize(
    "kind",
    [AccessRevokedError, CredentialsRejectedError, CredentialsUnansweredError, NotAvailableError,
     NotFoundError, RejectedRequestError, TemporaryError, RateLimitedError],
)  # fmt: skip
def test_exception_says_what_happened_and_then_what_to_do(kind: type[FortnoxError]) -> None:
    error = kind("Det gick inte.", code=2000587, status=400)
    assert error.reason == "Det gick inte (Fortnox code 2000587)"
    assert str(error) == f"{error.reason}. {kind.advice}"
    assert len(kind.advice.split()) > 5


def test_every_exception_of_the_module_is_listed_in_its_tree() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FortnoxError)
    ]
    assert [kind.__name__ for kind in kinds if kind.__name__ not in (errors.__doc__ or "")] == []


def test_recorded_errors_are_classified(shared: Path) -> None:
    """Real answers of Fortnox, found by what they are and not by how Saldo reads them."""
    files = sorted((shared / "fortnox" / "recorded" / "errors").glob("*.json"))
    assert len(files) >= 20
    for path in files:
        response = json.loads(path.read_text())["response"]
        error = from_response(response["status"], response["body_raw"].encode())
        body = response["body"].get("ErrorInformation", response["body"])
        code = body.get("code", body.get("Code", 0))
        expected: type[FortnoxError] = RejectedRequestError
        if response["status"] == 404:
            expected = NotFoundError
        elif response["status"] == 401:
            expected = AccessRevokedError
        elif code == 1000029:
            expected = TemporaryError
        said = body.get("message") or body.get("Message") or body.get("error_description")
        assert (type(error), error.code, error.message) == (expected, code, said), path.name
