"""The report as a person reads it: on a telephone, on a screen, in the dark and on paper, from a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from saldo.report import document
from tests.browser.conftest import PICTURES
from tests.sandbox.process import running_sandbox
from tests.support import (
    Warehouse,
    connect_companies,
    dag_of,
    point_at_sandbox,
    run_until_done,
    without_pace,
)

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.timeout(900)]

SECTIONS = (
    "overview", "income", "months", "balance", "cash", "liquidity", "receivables", "payables", "sales",
    "costs", "vat", "key_figures", "vouchers", "quality",
)  # fmt: skip
LANGUAGES = ("sv", "en")
LARGEST_COMPANY = 2
Opening = Callable[..., Page]


@pytest.fixture(scope="module")
def files(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of the sandbox's largest company in each language, after a first run of its DAG."""
    folder = tmp_path_factory.mktemp("report")
    with (
        pytest.MonkeyPatch.context() as patch,
        running_sandbox("--companies", "demo", "--latency-ms", "0") as sandbox,
    ):
        point_at_sandbox(sandbox, patch)
        without_pace(sandbox, patch)
        organization = connect_companies(sandbox)[LARGEST_COMPANY]
        assert run_until_done(dag_of(organization))[-1].errors == {}
    made = {}
    for language in LANGUAGES:
        made[language] = folder / f"{language}.html"
        made[language].write_text(document.write(organization.organization_id, language), encoding="utf-8")
    return made


@pytest.fixture
def open_report(files: dict[str, Path], chromium: Browser) -> Iterator[Opening]:
    """Opens the report; what the console says, or asks elsewhere for, fails the test.

    The files come first: the run that makes them has an event loop of its own, which Chromium's would bar.
    """
    complaints: list[str] = []
    asked: list[str] = []
    contexts = []

    def opened(language: str = "sv", width: int = 1280, scheme: str = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(files[language].as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert {url for url in asked if not url.startswith("file:")} == set()


def picture(page: Page, name: str) -> None:
    """Keeps a picture for the docs when asked to (make pictures)."""
    if os.environ.get("PICTURES") == "write":
        page.screenshot(path=PICTURES / f"{name}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_every_section_shows_and_axe_finds_nothing(open_report: Opening, width: int, scheme: str) -> None:
    page = open_report(width=width, scheme=scheme)
    for section in SECTIONS:
        expect(page.locator(f"#{section} h2")).to_be_visible()
        box = page.locator(f"#{section}").bounding_box()
        assert box is not None
        assert box["height"] > 60, section
    found = Axe().run(page).response["violations"]
    assert [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]] == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    if (width, scheme) in ((390, "light"), (1280, "dark")):
        picture(page, f"report-{width}-{scheme}")


def test_the_report_is_english_too(open_report: Opening) -> None:
    page = open_report("en")
    expect(page.get_by_role("heading", level=2)).to_have_count(len(SECTIONS))
    expect(page.get_by_role("link", name="Income statement", exact=True)).to_be_visible()


def test_a_line_opens_to_its_accounts_by_mouse_and_by_keyboard(open_report: Opening) -> None:
    page = open_report()
    account = page.locator("#income tbody:has(#income_statement-personnel_costs) tr.part").first
    expect(account).to_be_hidden()
    page.locator("#income_statement-personnel_costs label").click()
    expect(account).to_be_visible()
    page.locator("#income_statement-personnel_costs-more").focus()
    page.keyboard.press("Space")
    expect(account).to_be_hidden()
    page.get_by_label("Visa konton").first.check()
    expect(account).to_be_visible()
    assert page.locator("#income tr.part:not(.made) >> visible=true").count() > 10


def test_a_card_leads_to_what_it_is_made_of(open_report: Opening) -> None:
    page = open_report()
    page.get_by_role("link", name="Soliditet", exact=False).first.click()
    expect(page.locator("#key_figure-equity_ratio")).to_be_in_viewport()
    page.locator("#key_figure-equity_ratio label").click()
    formula = page.locator("tbody:has(#key_figure-equity_ratio) .made")
    expect(formula).to_contain_text("Justerat eget kapital / summa tillgångar")


def test_charts_are_drawn_in_the_colours_of_the_screen(open_report: Opening) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = open_report(scheme=scheme)
        charts = page.locator("main svg[role=img]")
        assert charts.count() >= 12
        assert all(each.get_attribute("aria-label") for each in charts.all())
        bar = page.locator('main svg [fill="#404040"]').first
        colours[scheme] = bar.evaluate("node => getComputedStyle(node).fill")
    assert colours["light"] != colours["dark"]


def test_on_paper_each_section_begins_a_page(open_report: Opening) -> None:
    page = open_report()
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Type /Page\n") >= len(SECTIONS)
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()


def test_pictures_for_the_docs(open_report: Opening) -> None:
    page = open_report()
    picture(page, "report")
    for section in ("income", "months"):
        page.locator(f"#{section}").scroll_into_view_if_needed()
        page.evaluate("name => document.getElementById(name).scrollIntoView()", section)
        picture(page, f"report-{section}")
