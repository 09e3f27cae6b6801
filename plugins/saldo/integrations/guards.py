"""A lock that forms have beside Airflow's own."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from saldo.integrations.airflow_side import base_url
from saldo.integrations.pages import texts


def same_origin(request: Request) -> None:
    """A form is taken from Airflow's own address alone: a second lock behind the `Lax` login cookie.

    Raises:
        HTTPException: 403, it came from elsewhere.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin != "{0.scheme}://{0.netloc}".format(urlsplit(base_url())):
        raise HTTPException(403, texts("en")["why_origin"])
