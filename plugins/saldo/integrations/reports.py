"""A company's report as a page: read from the marts when it is asked for, and kept nowhere."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from saldo.integrations.company import DagId, found
from saldo.integrations.guards import may_read
from saldo.integrations.pages import language

router = APIRouter(prefix="/organizations/{dag_id}/report")
# No script and nothing of elsewhere; the document says the same of itself, for where it is kept as a file.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@router.get("", response_class=HTMLResponse, dependencies=may_read)
def report(request: Request, dag_id: DagId, month: str = "") -> HTMLResponse:
    """The report in the reader's language, of the newest month or of `?month=2025-03`."""
    # The libraries that draw it are loaded with the first report.
    from saldo.report import document, figures

    of = found(dag_id)
    try:
        asked = figures.month_of(month)
        html = document.write(of.organization_id, language(request), asked)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    return HTMLResponse(html, headers=_HEADERS)
