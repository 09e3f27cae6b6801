"""Tokens as signed JWTs (HS256), so that they outlive a restart of the sandbox as real ones do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid

_KEY = b"a sandbox guards nothing"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _sign(text: str) -> str:
    return _encode(hmac.new(_KEY, text.encode(), hashlib.sha256).digest())


def issue(claims: dict[str, object], seconds: int) -> str:
    """A token with the claims that lives ``seconds`` from now."""
    now = int(time.time())
    body = {**claims, "jti": str(uuid.uuid4()), "iat": now, "exp": now + seconds}
    head = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    text = f"{head}.{_encode(json.dumps(body).encode())}"
    return f"{text}.{_sign(text)}"


def read(authorization: str | None) -> dict[str, object] | None:
    """The claims behind an Authorization header, expired or not; None where it holds no token of ours."""
    scheme, _, token = (authorization or "").partition(" ")
    return claims_of(token.strip()) if scheme.lower() == "bearer" else None


def claims_of(token: str) -> dict[str, object] | None:
    """The claims of a token, expired or not; None where it is none of ours."""
    text, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _sign(text).encode()):
        return None
    body = text.partition(".")[2]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims if isinstance(claims, dict) else None


def has_expired(claims: dict[str, object]) -> bool:
    """Whether the token behind the claims is past its time."""
    expires = claims.get("exp")
    return not isinstance(expires, int) or time.time() >= expires
