"""Connects every company that a sandbox serves: `python connect_companies.py http://sandbox:8090`."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request


def main(sandbox: str) -> None:
    """Runs `saldo connect` for each; the first that fails ends it, with saldo's own sentence."""
    with urllib.request.urlopen(f"{sandbox}/sandbox/companies", timeout=30) as answer:  # noqa: S310
        companies = json.load(answer)
    for company in companies:
        subprocess.run(["saldo", "connect", "--tenant-id", company["tenant_id"]], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
