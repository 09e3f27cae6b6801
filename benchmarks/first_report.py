"""Seconds from saving a company's key to its first run, and to its published report.

    .venv/bin/python -m benchmarks.first_report [--vouchers 1000 100000]

On a whole stack as `make up` starts it, at the sandbox's Fortnox with its limits and its Power BI. Printed
for each company: from the answer of the saving to the first run's start (Airflow reads the DAG file and
schedules), to the end of the first build (Fortnox's requests and Saldo's work), and to the end of the refresh
(the sandbox's Power BI takes some seconds for it; the real one takes longer).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from local import environment
from tests.browser.running import Saldo, running_saldo

_YEARS = [{"from": "2025-01-01", "to": "2025-12-31"}]


def seconds_until(began: datetime, ended: Any) -> float:
    """Between two moments."""
    return float((ended - began).total_seconds())


def asked(saldo: Saldo, query: str, tenant: str) -> Any:
    """One value of the warehouse's control tables; None where there is none yet."""
    url = environment.postgres(saldo.state).url(environment.WAREHOUSE_DATABASE)
    with psycopg.connect(url) as connection:
        row = connection.execute(query, [tenant]).fetchone()
    return row[0] if row else None


def followed(saldo: Saldo, company: dict[str, Any]) -> tuple[float, float, float]:
    """Connects a company by script; seconds to its first run, its first build and its refresh."""
    tenant = str(company["tenant_id"])
    answer = saldo.ask("POST", "saldo/api/v1/connections", json={"tenant_id": tenant})
    answer.raise_for_status()
    saved_at = datetime.now(UTC)
    where = {name: company[name] for name in ("workspace_id", "dataset_id")}
    saldo.ask("PATCH", f"saldo/api/v1/companies/fortnox__{tenant}", json=where).raise_for_status()
    of_tenant = "from control.organization join {} using (organization_id) where tenant_id = %s"
    built = refreshed = None
    while refreshed is None:
        time.sleep(1)
        built = built or asked(saldo, f"select built_at {of_tenant.format('control.version_built')}", tenant)
        refreshed = asked(saldo, f"select refreshed_at {of_tenant.format('control.version')}", tenant)
    runs = saldo.get(f"api/v2/dags/fortnox__{tenant}/dagRuns?order_by=start_date&limit=1")["dag_runs"]
    started = datetime.fromisoformat(runs[0]["start_date"])
    return (
        seconds_until(saved_at, started),
        seconds_until(saved_at, built),
        seconds_until(saved_at, refreshed),
    )


def main() -> None:
    """Makes the companies up, connects one after the other, prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--vouchers", type=int, nargs="+", default=[1000, 100_000])
    sizes = parser.parse_args().vouchers
    made = [
        {
            "name": f"Mätbolaget {size} AB",
            "seed": size,
            "vouchers": size,
            "tenant_id": str(place),
            "years": _YEARS,
        }
        for place, size in enumerate(sizes, 1)
    ]
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "companies.json"
        file.write_text(json.dumps(made))
        with running_saldo(file) as saldo:
            for size, company in zip(sizes, saldo.companies, strict=True):
                first_run, built, published = followed(saldo, company)
                print(
                    f"{size:,} vouchers: first run after {first_run:.1f} s, built after {built:.1f} s, "
                    f"published after {published:.1f} s"
                )


if __name__ == "__main__":
    main()
