"""How long the list of companies takes with a thousand of them.

    .venv/bin/python -m benchmarks.page [--organizations 1000]

Each company has 370 lines of trial balance (74 accounts in five years), 34 checks and 30 resources. Printed:
the warehouse's answer as the page asks it, the answer as JSON, and where Chromium is there the time from
opening the page to the last row shown, with the answer ready. Airflow's own part, one query of its DAGs and
runs, is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from urllib.parse import urlsplit

import psycopg

from benchmarks.company import temporary_warehouse
from saldo import settings
from saldo.integrations.overview import lines

ADDRESS = "http://saldo.invalid/saldo"
_FILL = (
    "insert into control.organization "
    "(tenant_id, dag_id, organization_name, organization_number, connected_at) "
    "select n::text, 'fortnox__' || n, 'Bolag ' || n || ' AB', '', now() "
    "from generate_series(1, %(count)s) as n",
    "insert into control.version (organization_id, landed, refreshed) "
    "select organization_id, 5, 5 from control.organization",
    "insert into control.credential (organization_id) select organization_id from control.organization",
    "insert into control.check_result select organization_id, 'check ' || n, 'warn', n % 2, '[]', 5, now() "
    "from control.organization, generate_series(1, 34) as n",
    "insert into control.sync_status (organization_id, resource, run_id, status, fetched, changed, deleted, "
    "requests, seconds, swept_at, mode) select organization_id, 'resource ' || n, 'r', 'ok', 1, 1, 0, 1, 1, "
    "now(), 'whole' from control.organization, generate_series(1, 30) as n",
    "insert into mart.trial_balance select organization_id, year, account, 1, null, 0, 0, 0, 0, 0, 0, null, "
    "null, 8 from control.organization, generate_series(1, 5) as year, generate_series(1, 74) as account",
    "analyze",
)


def best_of(times: int, work: object) -> float:
    """The least seconds of so many tries."""
    assert callable(work)
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def seconds_in_chromium(answer: str, count: int) -> float | None:
    """From opening the page to its last row; None without Chromium."""
    program = shutil.which("chromium")
    if program is None:
        return None
    from playwright.sync_api import Route, sync_playwright

    from saldo.integrations.pages import render, texts

    html = render("integrations.html", t=texts("sv"), lang="sv", root=ADDRESS, airflow=ADDRESS, notice=None)

    def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.endswith(".js"):
            name = path.rsplit("/", 1)[1]
            body = (settings.include_dir() / "pages" / name).read_text(encoding="utf-8")
            route.fulfill(body=body, content_type="text/javascript")
        elif path.endswith("/organizations"):
            route.fulfill(body=answer, content_type="application/json")
        else:
            route.fulfill(body=html, content_type="text/html")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", serve)

        def look() -> None:
            page.goto(f"{ADDRESS}/")
            page.wait_for_function(f"document.querySelectorAll('tbody tr').length === {count}")

        seconds = best_of(5, look)
        browser.close()
    return seconds


def main() -> None:
    """Fills a warehouse, measures, prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--organizations", type=int, default=1000)
    count = parser.parse_args().organizations
    with temporary_warehouse() as warehouse, warehouse("page"):
        admin = urlsplit(os.environ["SALDO_ADMIN_URL"])._replace(path="/page").geturl()
        with psycopg.connect(admin, autocommit=True) as connection:
            for statement in _FILL:
                connection.execute(statement, {"count": count} if "%(count)s" in statement else None)
        found = lines({})
        assert len(found) == count
        asking = best_of(5, lambda: lines({}))
        answer = json.dumps(found)
        print(f"{count} organizations, {count * 370:,} lines of trial balance")
        print(f"  the warehouse's answer   {asking:6.3f} s")
        print(f"  as JSON                  {len(answer) / 1024:6.0f} kB")
        shown = seconds_in_chromium(answer, count)
        print("  shown in Chromium        " + ("-" if shown is None else f"{shown:6.3f} s"))


if __name__ == "__main__":
    main()
