"""A company's report as a page: who sees it, in which language, of which month, and how one gets there."""

from __future__ import annotations

import sys

import pytest

from saldo.warehouse.build import build
from tests.integrations.conftest import Browsing
from tests.support import Warehouse
from tests.warehouse.books import Year, company, land, voucher

pytestmark = [pytest.mark.database, pytest.mark.airflow]

PAGE = "/saldo/organizations/fortnox__7/report"
YEAR = Year(
    1,
    "2025-01-01",
    "2025-12-31",
    (
        voucher("2025-04-04", ("1930", "10"), ("3041", "-10")),
        voucher("2025-05-05", ("1930", "10"), ("3041", "-10")),
    ),
)


@pytest.fixture
def organization_id(warehouse: Warehouse) -> int:
    """A company with a year of books."""
    found = company(7, "Bolaget & Söner AB")
    land(found, YEAR)
    build(found)
    return found


def test_who_may_look_sees_the_report_in_the_language_asked_for(
    browse: Browsing, organization_id: int
) -> None:
    viewer = browse("viewer")
    swedish, english = viewer.get(PAGE), viewer.get(f"{PAGE}?lang=en")
    assert swedish.status_code == english.status_code == 200
    assert "<h1>Bolaget &amp; Söner AB</h1>" in swedish.text
    assert "Omsättningen i maj 2025 är 10 kr" in swedish.text.replace("\u00a0", " ")
    assert "Sales of May 2025 are 10 kr" in english.text
    assert browse("anonymous").get(PAGE).status_code == 401


def test_nothing_of_elsewhere_may_be_asked_for_and_nothing_is_kept(
    browse: Browsing, organization_id: int
) -> None:
    headers = browse("viewer").get(PAGE).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    assert "script-src" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_an_earlier_month_is_asked_for(browse: Browsing, organization_id: int) -> None:
    viewer = browse("viewer")
    assert "apr 2025" in viewer.get(f"{PAGE}?month=2025-04").text
    assert viewer.get(f"{PAGE}?month=2024-04").status_code == 404
    answer = viewer.get(f"{PAGE}?month=april")
    assert answer.status_code == 422
    assert "write it like 2025-03" in answer.json()["detail"]


def test_it_is_always_of_the_newest_marts(browse: Browsing, organization_id: int) -> None:
    viewer = browse("viewer")
    assert "maj 2025 är 10 kr" in viewer.get(PAGE).text.replace("\u00a0", " ")
    more = voucher("2025-05-06", ("1930", "32"), ("3041", "-32"))
    land(organization_id, Year(1, "2025-01-01", "2025-12-31", (*YEAR.vouchers, more)))
    build(organization_id)
    assert "maj 2025 är 42 kr" in viewer.get(PAGE).text.replace("\u00a0", " ")


def test_a_company_that_is_none_or_was_never_built_is_said(browse: Browsing, warehouse: Warehouse) -> None:
    company(7, "Nya bolaget AB")
    viewer = browse("viewer")
    answer = viewer.get(PAGE)
    assert answer.status_code == 404
    assert "its first run builds them" in answer.json()["detail"]
    assert viewer.get(PAGE.replace("__7", "__404")).status_code == 404


def test_the_companys_page_leads_there(browse: Browsing, organization_id: int) -> None:
    page = browse("viewer").get("/saldo/organizations/fortnox__7").text
    assert f'{PAGE}" target="_top">Rapport</a>' in page


def test_the_build_and_the_refresh_have_a_button_that_leads_there(
    browse: Browsing, organization_id: int
) -> None:
    from saldo import organizations
    from saldo.pipeline.dag import build as dag_of
    from saldo.pipeline.links import ReportLink

    dag = dag_of(organizations.read("fortnox__7").organizations[0])
    buttons = {
        task.task_id: [type(link) for link in task.operator_extra_links]
        for task in dag.tasks
        if task.operator_extra_links
    }
    assert {task for task, links in buttons.items() if ReportLink in links} == {
        "transform.build",
        "publish.refresh",
    }


def test_what_draws_is_not_loaded_with_the_pages() -> None:
    import subprocess

    code = (
        "import sys, saldo_plugin, saldo.integrations.web; "
        "sys.exit(bool({'vl_convert', 'saldo.report.document'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
