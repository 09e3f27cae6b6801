"""Companies are connected as a person does it: in Chromium, on a running Airflow, at the sandbox's Fortnox.

The tests go on from each other, as a first day does: from the empty list to published reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from local import environment
from tests.browser.conftest import WIDTHS, Person, Saldo

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.airflow, pytest.mark.timeout(1500)]

FIRST, SECOND, THIRD = "9000001", "9000002", "9000003"
PATIENCE = 480_000
OLDER_YEAR = """#FLAGGA 0
#PROGRAM "Made for a test" 1
#FORMAT PC8
#GEN 20210115
#SIETYP 4
#FNAMN "Bolaget AB"
#ORGNR {number}
#RAR 0 20200101 20201231
#KONTO 1930 "Bank"
#KONTO 2099 "Årets resultat"
#KONTO 3001 "Försäljning"
#IB 0 1930 0.00
#UB 0 1930 1000.00
#RES 0 3001 -1000.00
#VER A 1 20200301 "Försäljning"
{{
#TRANS 1930 {{}} 1000.00
#TRANS 3001 {{}} -1000.00
}}
"""
People = Callable[..., Person]


def approve(page: Page, tenant: str) -> None:
    """What the company's administrator does at Fortnox."""
    page.get_by_label("Företag").select_option(tenant)
    page.get_by_role("button", name="Godkänn").click()


def row(page: Page, tenant: str) -> Any:
    return page.locator(f"tr[data-dag=fortnox__{tenant}]")


def name_of(saldo: Saldo, tenant: str) -> str:
    return next(str(each["name"]) for each in saldo.companies if each["tenant_id"] == tenant)


def test_an_empty_list_says_what_to_do(person: People) -> None:
    admin = person()
    page = admin.open()
    expect(page.get_by_text("Inget företag är anslutet ännu.")).to_be_visible()
    assert admin.faults() == []
    page.get_by_role("link", name="Anslut företag").click()
    expect(page.get_by_role("heading", name="Anslut ett företag")).to_be_visible()
    assert admin.faults() == []
    admin.picture("connect")
    page.get_by_text("Din Fortnox-app").click()
    page.get_by_role("button", name="Pröva appen").click()
    expect(page.get_by_role("status")).to_contain_text("Fortnox godtar appens Client-Id")
    assert admin.complaints == []


def test_connect_with_fortnox_leads_to_a_published_report(person: People, saldo: Saldo) -> None:
    """Four clicks and no paste; then the list follows by itself."""
    admin = person()
    page = admin.open("/connect")
    page.get_by_role("button", name="Till Fortnox").click()
    approve(page, FIRST)
    expect(page.get_by_role("heading", name="Är det rätt företag?")).to_be_visible()
    expect(page.get_by_text(name_of(saldo, FIRST))).to_be_visible()
    assert admin.faults() == []
    admin.picture("last-look")
    page.get_by_role("button", name="Ja, anslut").click()
    expect(page.get_by_role("status")).to_contain_text("Den första körningen startar av sig själv")
    shown = row(page, FIRST)
    expect(shown).to_contain_text(re.compile("väntar på Airflow|aktiverad|hämtar"))

    at_fortnox = person(None)
    at_fortnox.page.goto(f"{environment.sandbox_url(saldo.state)}/oauth-v1/integrations")
    integration = at_fortnox.page.get_by_role("row").filter(has_text=name_of(saldo, FIRST))
    expect(integration).to_contain_text("Aktiverad")

    # Where its report is, and then no more than waiting.
    company = next(each for each in saldo.companies if each["tenant_id"] == FIRST)
    shown.get_by_role("link", name=name_of(saldo, FIRST)).click()
    page.get_by_label("Power BI: Arbetsytans id").fill(company["workspace_id"])
    page.get_by_label("Power BI: Datamängdens id").fill(company["dataset_id"])
    page.get_by_role("button", name="Spara inställningarna").click()
    expect(page.get_by_role("status")).to_contain_text("Sparat")
    page.get_by_role("link", name="Till listan").click()
    expect(row(page, FIRST).locator(".status")).to_have_text("publicerad", timeout=PATIENCE)
    expect(row(page, FIRST)).to_contain_text("klar", timeout=PATIENCE)
    assert admin.complaints == []


def test_the_address_that_the_browser_ended_on_is_pasted(person: People, saldo: Saldo) -> None:
    """For an Airflow that Fortnox cannot send a browser back to: that browser ends on a page of its own."""
    elsewhere = person(None)
    asking = person()
    page = asking.open("/connect")
    with page.expect_request(re.compile("/oauth-v1/auth")) as sent:
        page.get_by_role("button", name="Till Fortnox").click()
    elsewhere.page.goto(sent.value.url)
    approve(elsewhere.page, SECOND)
    expect(elsewhere.page.get_by_role("status")).to_contain_text("Öppna länken igen")
    came_to = elsewhere.page.url
    assert urlsplit(came_to).path == "/saldo/connect/callback"

    page = asking.open("/connect")
    page.get_by_label("Kod eller adress").fill("nothing-like-a-code")
    page.get_by_role("button", name="Spara").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Fortnox")
    assert asking.faults() == []
    page.get_by_label("Kod eller adress").fill(came_to)
    page.get_by_role("button", name="Spara").first.click()
    button = page.get_by_role("button", name="Ja, anslut")
    button.dblclick()
    expect(row(page, SECOND)).to_be_visible()
    assert len(saldo.get("saldo/organizations")) == 2


def test_two_people_at_once_connect_one_company(person: People, saldo: Saldo) -> None:
    people = person(), person()
    for each in people:
        page = each.open("/connect")
        page.get_by_role("button", name="Till Fortnox").click()
        approve(page, THIRD)
    for each in people:
        each.page.get_by_role("button", name="Ja, anslut").click()
        expect(row(each.page, THIRD)).to_be_visible()
    expect(people[0].page.get_by_role("status")).to_contain_text("är anslutet. Den första")
    expect(people[1].page.get_by_role("status")).to_contain_text("är anslutet sedan")
    people[1].page.reload()
    listed = [each["dag_id"] for each in saldo.get("saldo/organizations")]
    assert listed == [f"fortnox__{tenant}" for tenant in (FIRST, SECOND, THIRD)]
    expect(row(people[1].page, THIRD).locator(".status")).to_have_text(
        re.compile("aktiverad|hämtar|behöver"), timeout=PATIENCE
    )
    first_runs = saldo.get(f"api/v2/dags/fortnox__{THIRD}/dagRuns?run_type=scheduled")
    assert first_runs["total_entries"] <= 1


def test_an_administrator_without_a_login_follows_a_link(person: People, saldo: Saldo) -> None:
    admin, client = person(), person(None)
    page = admin.open("/connect")
    page.get_by_label("Till vem").fill("Kundens ekonomichef")
    page.get_by_role("button", name="Gör en länk").click()
    link = page.get_by_role("status").locator("code").inner_text()
    assert admin.faults() == []

    client.page.goto(link)
    expect(client.page.get_by_role("heading", name="Godkännande i Fortnox")).to_be_visible()
    assert client.faults() == []
    client.picture("approve")
    client.page.get_by_role("button", name="Godkänn i Fortnox").click()
    approve(client.page, FIRST)
    expect(client.page.get_by_role("status")).to_contain_text("Tack! Det är klart.")
    client.page.goto(link)
    expect(client.page.get_by_role("status")).to_contain_text("Länken går inte att använda")
    assert client.faults() == []
    expect(admin.open("/connect").get_by_role("cell", name="använd")).to_be_visible()
    assert len(saldo.get("saldo/organizations")) == 3


def test_who_may_only_look_sees_the_list_and_changes_nothing(person: People, saldo: Saldo) -> None:
    viewer = person("viewer")
    page = viewer.open()
    expect(row(page, FIRST)).to_be_visible()
    answer = page.goto(f"{saldo.pages}/connect")
    assert answer is not None
    assert answer.status == 403


def test_the_list_shows_inside_airflow_and_connecting_leaves_the_frame(person: People, saldo: Saldo) -> None:
    admin = person()
    page = admin.page
    page.goto(f"{saldo.airflow}/plugin/integrations")
    frame = page.frame_locator("iframe")
    expect(frame.locator(f"tr[data-dag=fortnox__{FIRST}]")).to_be_visible(timeout=30_000)
    frame.get_by_role("link", name="Anslut företag").click()
    expect(page.get_by_role("heading", name="Anslut ett företag")).to_be_visible()
    assert page.url == f"{saldo.pages}/connect"


def test_the_list_sorts_filters_and_is_worked_by_keyboard(person: People, saldo: Saldo) -> None:
    admin = person()
    page = admin.open()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Företag", exact=True).focus()
    page.keyboard.press("Enter")
    names = page.locator("tbody tr td:first-child").all_inner_texts()
    assert names == sorted(names, key=str.lower)
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    page.get_by_label("Filtrera").fill(name_of(saldo, SECOND)[:6])
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Filtrera").fill("")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Anslut företag")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_each_page_fits_its_window_and_axe_finds_nothing(
    person: People, saldo: Saldo, scheme: str, width: int
) -> None:
    admin = person(viewport={"width": width, "height": 900}, color_scheme=scheme)
    own = f"/organizations/fortnox__{FIRST}"
    for path in ("/", "/connect", own, f"{own}/years", f"{own}/report"):
        page = admin.open(path)
        if path == "/":
            expect(row(page, FIRST)).to_be_visible()
        assert admin.faults() == [], path
        assert not admin.is_wider_than_its_window(), path
        if path == "/" and width == 1280:
            admin.picture(f"integrations-{scheme}")
        if path == own and width == 1280 and scheme == "light":
            admin.picture("company")
    assert admin.complaints == []


def test_an_older_year_is_taken_from_a_file(person: People, saldo: Saldo, tmp_path: Path) -> None:
    number = next(each["organization_number"] for each in saldo.companies if each["tenant_id"] == SECOND)
    file = tmp_path / "2020.se"
    file.write_text(OLDER_YEAR.format(number=number), encoding="cp437")
    admin = person()
    page = admin.open(f"/organizations/fortnox__{SECOND}/years")
    page.get_by_label("Välj SIE-filer").set_input_files(file)
    page.get_by_role("button", name="Se vad de innehåller").click()
    expect(page.get_by_role("cell", name="2020-01-01 – 2020-12-31")).to_be_visible()
    assert admin.faults() == []
    admin.picture("years")
    page.get_by_role("button", name="Ta in dem").click()
    expect(page.get_by_role("status")).to_contain_text("Sparat")
    assert admin.complaints == []


def test_a_company_ends_and_is_erased(person: People, saldo: Saldo) -> None:
    admin = person()
    page = admin.open(f"/organizations/fortnox__{THIRD}")
    name = name_of(saldo, THIRD)
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.get_by_role("button", name="Pausa körningarna").click()
    expect(page.get_by_role("button", name="Låt körningarna gå igen")).to_be_visible()
    page.get_by_role("button", name=f"Koppla från {name}").click()
    expect(page.locator(f"tr[data-dag=fortnox__{THIRD}] .status")).to_have_text("frånkopplad")

    admin.open(f"/organizations/fortnox__{THIRD}")
    page.get_by_label("Skriv företagets namn för att radera").fill("ett annat")
    page.get_by_role("button", name="Radera").click()
    expect(page.get_by_role("alert")).to_contain_text("Namnet stämmer inte")
    assert admin.faults() == []
    for _ in range(300):  # a task that runs is waited for
        page.get_by_label("Skriv företagets namn för att radera").fill(name)
        with page.expect_navigation():
            page.get_by_role("button", name="Radera").click()
        if not page.get_by_role("alert").count():
            break
        expect(page.get_by_role("alert")).to_contain_text("En körning pågår")
        page.wait_for_timeout(2000)
    expect(page.get_by_role("status")).to_contain_text("är raderat")
    listed = [each["dag_id"] for each in saldo.get("saldo/organizations")]
    assert listed == [f"fortnox__{FIRST}", f"fortnox__{SECOND}"]
