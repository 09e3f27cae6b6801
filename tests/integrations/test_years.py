"""SIE files are handed in on a company's page, looked at, and taken, through Airflow's API server."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from saldo import organizations
from saldo.database import Role, connect
from saldo.fortnox import upkeep
from saldo.warehouse import landing
from saldo.warehouse.build import build
from tests.integrations.conftest import ADDRESS, Browsing
from tests.pipeline.test_sie_files import FORTNOX_YEAR, LISTED, books
from tests.support import Warehouse, dag_of, run_dag
from tests.warehouse.books import company, land

pytestmark = [pytest.mark.database, pytest.mark.airflow]

TENANT = 7
CONNECT = "/saldo/connect"
PAGE = f"/saldo/organizations/fortnox__{TENANT}"


@pytest.fixture
def organization_id(warehouse: Warehouse) -> int:
    found = company(TENANT)
    land(found, FORTNOX_YEAR, documents=LISTED)
    return found


def hand_in(browser: TestClient, *files: bytes, name: str = "books.se") -> Any:
    handed = [("files", (name, each)) for each in files]
    answer = browser.post(f"{PAGE}/years", files=handed)
    assert answer.headers["location"] == f"{ADDRESS}{PAGE}/years"
    return browser.get(answer.headers["location"])


def years(organization_id: int) -> list[str]:
    with connect(Role.LOADER, organization_id) as connection:
        return sorted(str(year.start_date) for year in landing.ledger_years(connection))


def test_files_are_looked_at_and_then_taken(
    browse: Browsing, organization_id: int, warehouse: Warehouse
) -> None:
    admin = browse("admin")
    looked = hand_in(admin, books(TENANT), books(TENANT, "20220101", "20221231")).text
    assert looked.count("tas in</") + looked.count("tas in<br>") == 2
    assert "2022-01-01 – 2022-12-31" in looked
    assert years(organization_id) == ["2024-01-01"], "nothing is taken by looking"

    answer = admin.post(f"{PAGE}/years/take")

    assert answer.headers["location"] == f"{ADDRESS}{PAGE}?done"
    assert years(organization_id) == ["2022-01-01", "2023-01-01", "2024-01-01"]
    assert warehouse.rows("select count(*) from control.sie_upload") == [(0,)]
    assert {check.name for check in build(organization_id).checks if check.failing} <= {
        "opening_unlike_closing"
    }


def test_a_year_that_fortnox_has_is_not_needed(browse: Browsing, organization_id: int) -> None:
    admin = browse("admin")
    looked = hand_in(admin, books(TENANT, "20240101", "20241231")).text
    assert "behövs inte" in looked
    assert "Ta in dem" not in looked


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"%PDF-1.7", "is not SIE"),
        (b"", "is empty"),
        (books(TENANT).replace(b"#SIETYP 4", b"#SIETYP 1"), "holds no vouchers"),
        (books(TENANT, "20240601", "20250531"), "overlaps"),
    ],
)
def test_what_cannot_be_taken_says_why_and_holds_the_others_back(
    browse: Browsing, organization_id: int, data: bytes, sentence: str
) -> None:
    admin = browse("admin")
    looked = hand_in(admin, books(TENANT), data).text
    assert re.search(sentence, looked), looked
    assert "Ta in dem" not in looked
    refused = admin.post(f"{PAGE}/years/take")
    assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
    assert years(organization_id) == ["2024-01-01"]
    admin.post(f"{PAGE}/years/forget")
    assert "books.se" not in admin.get(f"{PAGE}/years").text


def test_another_companys_file_is_taken_only_when_somebody_says_that_it_is_the_right_one(
    browse: Browsing, organization_id: int
) -> None:
    admin = browse("admin")
    looked = hand_in(admin, books(TENANT + 1, name="<b>Ett annat</b> AB")).text
    assert "annat organisationsnummer" in looked
    assert "<b>Ett" not in looked
    assert admin.post(f"{PAGE}/years/take").status_code == 422
    assert admin.post(f"{PAGE}/years/take", data={"is_other_number": "true"}).status_code == 303
    assert years(organization_id) == ["2023-01-01", "2024-01-01"]


def test_who_may_only_look_hands_nothing_in(browse: Browsing, organization_id: int) -> None:
    viewer = browse("viewer")
    assert viewer.post(f"{PAGE}/years", files=[("files", ("a.se", b"x"))]).status_code == 403
    assert viewer.post(f"{PAGE}/years/take").status_code == 403
    assert viewer.get(f"{PAGE}/years").status_code == 200


def test_what_nobody_takes_is_gone_a_day_later(
    browse: Browsing, organization_id: int, warehouse: Warehouse
) -> None:
    hand_in(browse("admin"), books(TENANT))
    warehouse.execute("update control.sie_upload set uploaded_at = now() - interval '2 days'")
    company(8)
    browse("admin").post("/saldo/organizations/fortnox__8/years", files=[("files", ("a.se", b"x"))])
    assert warehouse.rows("select file_name from control.sie_upload") == [("1. a.se",)]


# A company that is not on Fortnox


def begun(browser: TestClient, *files: bytes) -> str:
    """The page of a new company's files."""
    answer = browser.post(f"{CONNECT}/files", files=[("files", ("books.se", each)) for each in files])
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removeprefix(ADDRESS)


def test_a_company_that_is_not_on_fortnox_lives_by_its_files(browse: Browsing, warehouse: Warehouse) -> None:
    admin = browse("admin")
    page = begun(
        admin, books(9, name="Utan Fortnox AB"), books(9, "20220101", "20221231", name="Utan Fortnox AB")
    )
    dag_id = page.split("/")[3]
    assert re.fullmatch("sie__f[0-9a-f]{12}", dag_id), "no number of anybody's"
    assert "Utan Fortnox AB" in admin.get(page).text
    assert organizations.read().organizations == ()
    assert admin.get("/saldo/organizations").json() == []

    answer = admin.post(f"{page}/take")

    assert answer.headers["location"] == f"{ADDRESS}/saldo/?now={dag_id}"
    (connected,) = organizations.read().organizations
    assert (connected.name, connected.is_on_fortnox) == ("Utan Fortnox AB", False)
    dag = dag_of(connected)
    assert sorted(dag.task_ids) == ["publish.definition", "publish.refresh", "transform.build"]
    assert dag.params.dump() == {}
    run = run_dag(dag)
    assert (run.errors, run.states["transform.build"]) == ({}, "success")
    assert run_dag(dag).states["transform.build"] == "skipped"
    (line,) = admin.get("/saldo/organizations").json()
    assert (line["credential_kind"], line["ledger_rows"], line["attention"]) == ("files", 4, "no_report")
    assert upkeep.keep_up() == []
    shown = admin.get(f"/saldo/organizations/{dag_id}").text
    assert "Moduler som hämtas" not in shown
    assert "SIE-filer ·" in shown

    admin.post(f"/saldo/organizations/{dag_id}/years", files=[("files", ("b.se", books(9, sales=2000)))])
    admin.post(f"{page}/take")
    assert run_dag(dag).states["transform.build"] == "success"
    assert warehouse.rows("select max(credit_amount) from mart.trial_balance") == [(2000,)]

    ended = admin.post(f"/saldo/organizations/{dag_id}/end")
    assert ended.headers["location"] == f"{ADDRESS}/saldo/?stopped={dag_id}"
    erased = admin.post(f"/saldo/organizations/{dag_id}/erase", data={"name": "Utan Fortnox AB"})
    assert erased.headers["location"] == f"{ADDRESS}/saldo/?erased=1"
    assert warehouse.rows("select count(*) from control.organization") == [(0,)]


def test_what_is_not_taken_makes_no_company(browse: Browsing, warehouse: Warehouse) -> None:
    admin = browse("admin")
    page = begun(admin, books(9))
    assert admin.post(f"{page}/forget").headers["location"] == f"{ADDRESS}{CONNECT}"
    assert warehouse.rows("select count(*) from control.organization") == [(0,)]
    answer = admin.post(f"{CONNECT}/files", files=[("files", ("books.pdf", b"%PDF-1.7"))])
    assert (answer.status_code, "vilket företag" in answer.text) == (422, True)
    assert warehouse.rows("select count(*) from control.organization") == [(0,)]
