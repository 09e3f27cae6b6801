"""Fabric's way of answering: headers, errors, pages, operations; and who may ask at all.

As recorded by Microsoft's fabric-cli and fabric-cicd; the statuses of errors that nobody recorded are
assumptions.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from sandbox import tokens
from sandbox.entra import FABRIC
from sandbox.fabric_items import Fabric, Operation, Role

Json = dict[str, Any]
_JSON = "application/json; charset=utf-8"
_PRINCIPALS = {"User", "Group", "ServicePrincipal", "ServicePrincipalProfile"}


class RefusedError(Exception):
    """A request that Fabric refuses, and how it says so."""

    def __init__(self, status: int, code: str, message: str, details: Iterable[Json] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.details = status, code, message, list(details)

    def answer(self) -> Response:
        """The error as Fabric writes it."""
        body: Json = {
            "requestId": str(uuid.uuid4()),
            "errorCode": self.code,
            "message": self.message,
            "moreDetails": self.details,
            "isRetriable": self.code == "ItemDisplayNameNotAvailableYet",
        }
        response = answer(body, self.status, {"x-ms-public-api-error-code": self.code})
        response.headers["RequestId"] = body["requestId"]
        return response


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer, which ``null`` is too."""
    return Response(json.dumps(value), status, headers, _JSON)


def nothing() -> Response:
    """What a deletion or a bind gets."""
    return Response(b"", media_type="application/octet-stream")


def not_found(code: str, what: str) -> RefusedError:
    """Something that is not there, or not for this caller."""
    return RefusedError(404, code, f"{what} could not be found.")


def invalid(message: str, code: str = "InvalidRequest") -> RefusedError:
    """A request that does not say what it must."""
    return RefusedError(400, code, message)


def moment(seconds: float) -> str:
    """As most of Fabric writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def route_class(fabric: Fabric) -> type[APIRoute]:
    """Routes that count, ask for a token of Fabric's own, and answer with its headers."""

    class Route(APIRoute):
        """One of them."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """What stands around each route."""
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                fabric.state.requests.fabric_paths[f"{request.method} {request.url.path}"] += 1
                try:
                    _authenticate(request)
                    fabric.settle()
                    response = await handle(request)
                except RefusedError as error:
                    response = error.answer()
                return _with_headers(request, response)

            return answered

    return Route


def _authenticate(request: Request) -> None:
    claims = tokens.read(request.headers.get("Authorization"))
    if claims is None or claims.get("aud") != FABRIC:
        raise RefusedError(401, "InvalidToken", "Access token is invalid")
    if tokens.has_expired(claims):
        raise RefusedError(401, "TokenExpired", "Access token has expired, resubmit with a new access token")
    request.state.caller = claims["appid"]


def _with_headers(request: Request, response: Response) -> Response:
    told = [
        name
        for name in ("Location", "Retry-After", "ETag", "x-ms-operation-id", "x-ms-public-api-error-code")
        if name in response.headers
    ]
    headers = {
        "Cache-Control": "no-store, must-revalidate, no-cache",
        "Pragma": "no-cache",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
        "RequestId": str(uuid.uuid4()),
        "Access-Control-Expose-Headers": ",".join(["RequestId", *told]),
    }
    if "/operations/" not in request.url.path:
        # the host that operations live on has no other in front of it
        headers |= {
            "home-cluster-uri": "https://wabi-sandbox-redirect.analysis.windows.net/",
            "request-redirected": "true",
        }
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response


async def body_of(request: Request) -> Json:
    """The JSON object that was sent, {} for none.

    Raises:
        RefusedError: something else was sent.
    """
    sent = await request.body()
    try:
        body = json.loads(sent) if sent else {}
    except ValueError:
        raise invalid("The request body is not valid JSON.", "InvalidInput") from None
    if not isinstance(body, dict):
        raise invalid("The request body is no JSON object.", "InvalidInput")
    return body


def text_of(body: Json, name: str) -> str:
    """A field that must be there.

    Raises:
        RefusedError: it is not, or is no text.
    """
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"The {name} field is required.", "InvalidInput")
    return value


def page(request: Request, records: list[Json], size: int) -> Response:
    """The page of a list that the request's continuationToken asks for, the first one without it."""
    token = request.query_params.get("continuationToken", "")
    try:
        start = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        raise invalid("The continuationToken is not valid.", "InvalidContinuationToken") from None
    body: Json = {"value": records[start : start + size]}
    if start + size < len(records):
        following = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        body["continuationToken"] = following
        body["continuationUri"] = str(request.url.include_query_params(continuationToken=following))
    return answer(body)


def operation_url(request: Request, fabric: Fabric, operation: Operation) -> str:
    """Where an operation is looked at: absolute, and in life on another host."""
    url = request.url.replace(path=f"/v1/operations/{operation.id}", query="")
    host = fabric.state.settings.operation_host
    return str(url.replace(hostname=host) if host else url)


def accepted_or_done(request: Request, fabric: Fabric, operation: Operation, status: int) -> Response:
    """202 and where to look, or what came of an operation that was done at once.

    Raises:
        RefusedError: it was done at once and failed.
    """
    if operation.id not in fabric.operations:
        if operation.failure:
            raise RefusedError(400, operation.failure.code, operation.failure.message)
        return answer(operation.result, status) if operation.has_result else nothing()
    return answer(
        None,
        202,
        {
            "Location": operation_url(request, fabric, operation),
            "Retry-After": str(fabric.state.settings.retry_after),
            "x-ms-operation-id": operation.id,
        },
    )


def operation_state(operation: Operation) -> Json:
    """The body of an operation: times without a zone, and null for what is not known."""
    failure = operation.failure if operation.is_done else None
    status = ("Failed" if failure else "Succeeded") if operation.is_done else "Running"
    updated = operation.ends if operation.is_done else operation.created
    return {
        "status": status,
        "createdTimeUtc": _ticks(operation.created),
        "lastUpdatedTimeUtc": _ticks(min(updated, time.time())),
        "percentComplete": 100 if status == "Succeeded" else None,
        "error": {"errorCode": failure.code, "message": failure.message} if failure else None,
    }


def _ticks(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0")


def add_role(roles: dict[str, Role], body: Json, allowed: set[str], taken: str) -> Role:
    """Give somebody a role who has none.

    Raises:
        RefusedError: the body names nobody or no role, or they have one; ``taken`` is its code then.
    """
    principal, role = body.get("principal"), role_of(body, allowed)
    if not isinstance(principal, dict) or principal.get("type") not in _PRINCIPALS:
        raise invalid("The principal is missing or of an unknown type.", "InvalidInput")
    if principal["type"] == "ServicePrincipalProfile":
        raise invalid("The principal type is not supported.", "PrincipalTypeNotSupported")
    wanted = text_of(principal, "id")
    if wanted in roles:
        raise RefusedError(409, taken, "The principal already has a role.")
    roles[wanted] = Role({"id": wanted, "type": principal["type"]}, role)
    return roles[wanted]


def role_of(body: Json, allowed: set[str]) -> str:
    """The role that the body names.

    Raises:
        RefusedError: there is no such role.
    """
    role = text_of(body, "role")
    if role not in allowed:
        raise invalid(f"There is no role {role}.", "InvalidInput")
    return role


def existing_role(roles: dict[str, Role], wanted: str) -> Role:
    """The role with that id.

    Raises:
        RefusedError: there is none.
    """
    if wanted not in roles:
        raise not_found("EntityNotFound", f"The role assignment {wanted}")
    return roles[wanted]
