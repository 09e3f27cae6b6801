"""The only module that Airflow loads as a plugin; every process imports it, so it stays light."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from saldo.pipeline.links import ReportLink, SyncStatusLink


class _Pages:
    """Saldo's web pages, imported with the first request, that is: in the API server alone."""

    _app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hands the request on, and keeps what its address holds out of the access log.

        Keys, codes and states stand behind the question mark. Airflow writes its access log when the answer
        has gone, whatever became of the request.
        """
        if self._app is None:
            from saldo.integrations.web import app

            type(self)._app = app
        try:
            await self._app(scope, receive, send)
        finally:
            scope["query_string"] = b""


class SaldoPlugin(AirflowPlugin):
    """Pages below /saldo and the buttons on the tasks that lead to them."""

    name = "saldo"
    fastapi_apps: ClassVar[list[Any]] = [{"app": _Pages(), "url_prefix": "/saldo", "name": "Saldo"}]
    # With a url_route the page shows inside Airflow; the way to Fortnox must be able to leave it.
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "Integrations",
            "href": "/saldo/",
            "destination": "nav",
            "category": "browse",
            "url_route": "integrations",
        },
        {"name": "Connect Fortnox", "href": "/saldo/connect", "destination": "nav", "category": "admin"},
    ]
    operator_extra_links: ClassVar[list[Any]] = [SyncStatusLink(), ReportLink()]
