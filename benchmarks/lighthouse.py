"""Lighthouse's scores of the pages, on a running Saldo in the machine's own Chromium.

    .venv/bin/python -m benchmarks.lighthouse

Needs Node.js with npx, which fetches Lighthouse once, and Chromium. A company is connected first. Printed for
each page: performance, accessibility, best practices and SEO, of 100.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

from tests.browser.running import Saldo, running_saldo

_PACKAGE = "lighthouse@12"
_CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def scores(saldo: Saldo, path: str) -> dict[str, int]:
    """By category, of 100."""
    done = subprocess.run(
        [
            "npx", "--yes", _PACKAGE, f"{saldo.pages}{path}", "--quiet", "--output=json", "--preset=desktop",
            f"--only-categories={','.join(_CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox",
            "--extra-headers", json.dumps({"Cookie": f"_token={saldo.token()}"}),
        ],
        env=os.environ | {"CHROME_PATH": str(shutil.which("chromium"))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"Lighthouse could not be run: {done.stderr.strip().splitlines()[-1:]}")
    report = json.loads(done.stdout)
    for audit in report["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9:
            print(f"    {path}: {audit['title']} {audit.get('displayValue', '')}", file=sys.stderr)
    return {name: round(100 * report["categories"][name]["score"]) for name in _CATEGORIES}


def main() -> None:
    """Connects a company, scores, prints."""
    for program in ("npx", "chromium"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not on this machine")
    with running_saldo() as saldo:
        tenant = saldo.companies[0]["tenant_id"]
        saldo.ask("POST", "saldo/api/v1/connections", json={"tenant_id": tenant}).raise_for_status()
        for path in ("/", "/connect", f"/organizations/fortnox__{tenant}"):
            found = scores(saldo, path)
            print(f"{path:32}" + "  ".join(f"{name} {score}" for name, score in found.items()))


if __name__ == "__main__":
    main()
