"""Who may look and who may change: the guards of every page and of the API."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import requires_access_connection, requires_access_dag
from fastapi import Depends, HTTPException, Request

from saldo.integrations.airflow_side import base_url
from saldo.integrations.audit import audited
from saldo.integrations.pages import texts


def same_origin(request: Request) -> None:
    """A form is taken from Airflow's own address alone: a second lock behind the `Lax` login cookie.

    Raises:
        HTTPException: 403, it came from elsewhere.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin != "{0.scheme}://{0.netloc}".format(urlsplit(base_url())):
        raise HTTPException(403, texts("en")["why_origin"])


# What shows is guarded as the reading of DAGs is, what changes as the writing of connections.
may_read = [Depends(requires_access_dag(method="GET"))]
may_change = [Depends(requires_access_connection(method="POST")), Depends(audited), Depends(same_origin)]
