"""A whole Saldo with no company connected yet, and a real Chromium to look at it with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.running import Saldo, running_saldo

# What a machine with other work takes; a page that is right shows at once.
expect.set_options(timeout=30_000)
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
WIDTHS = (390, 1280, 2560)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def saldo() -> Iterator[Saldo]:
    """What `make up` starts, with a viewer beside the administrator, and with no company connected."""
    with running_saldo() as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window; its event loop must not outlast the module."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("needs Chromium: `apt-get install chromium`, or any of " + ", ".join(PROGRAMS))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody with a browser of their own, logged in to Airflow; notes what the console complains of."""

    saldo: Saldo
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(f"{self.saldo.pages}{path}")
        return self.page

    def status(self, tenant: str) -> str:
        """The company's status in the list that is open."""
        return str(self.page.locator(f"tr[data-dag=fortnox__{tenant}] .status").inner_text())

    def faults(self) -> list[str]:
        """What axe finds on the open page, as rule and place."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]

    def is_wider_than_its_window(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def picture(self, name: str) -> None:
        """Keeps a picture for the docs when asked to (make pictures)."""
        if os.environ.get("PICTURES") == "write":
            PICTURES.mkdir(exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture
def person(saldo: Saldo, chromium: Browser) -> Iterator[Any]:
    """Makes people: `person()` is the administrator, `person("viewer")` may only look, None has no login."""
    contexts: list[BrowserContext] = []

    def make(name: str | None = "admin", **look: Any) -> Person:
        size = {"width": 1280, "height": 800}
        context = chromium.new_context(**{"viewport": size, "locale": "sv-SE"} | look)
        contexts.append(context)
        if name is not None:
            context.add_cookies([{"name": "_token", "value": saldo.token(name), "url": saldo.airflow}])
        made = Person(saldo, context, context.new_page())

        def note(message: ConsoleMessage) -> None:
            if message.type == "error" and message.location["url"].startswith(saldo.airflow):
                made.complaints.append(f"{message.text} ({message.location['url']})")

        made.page.on("console", note)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        return made

    yield make
    for context in contexts:
        context.close()
