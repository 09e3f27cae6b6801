"""Programs of others read the sandbox unchanged, so that it is not merely what our own client expects.

dlt's REST source brings its own client credentials, paging, retries and decompression. It is installed from
the package index into an environment of its own; where neither is to be had, this says so and skips.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import environment
from tests.sandbox.callers import FORTNOX_CLIENT, Fortnox
from tests.sandbox.process import Sandbox

pytestmark = pytest.mark.slow

SCRIPT = Path(environment.__file__).with_name("dlt_fortnox.py")

RESOURCES: list[dict[str, Any]] = [
    {"name": "customers", "endpoint": {"path": "customers", "data_selector": "Customers"}},
    {"name": "suppliers", "endpoint": {"path": "suppliers", "data_selector": "Suppliers"}},
    {"name": "projects", "endpoint": {"path": "projects", "data_selector": "Projects"}},
    {
        "name": "project_details",
        "endpoint": {"path": "projects/{resources.projects.ProjectNumber}", "paginator": "single_page"},
    },
    {
        "name": "financialyears",
        "endpoint": {"path": "financialyears", "data_selector": "FinancialYears"},
    },
    {
        "name": "accounts",
        "endpoint": {
            "path": "accounts",
            "data_selector": "Accounts",
            "params": {"financialyear": "{resources.financialyears.Id}"},
        },
    },
    {
        "name": "termsofdeliveries",  # which has no MetaInformation, and page 2 is page 1
        "endpoint": {
            "path": "termsofdeliveries",
            "data_selector": "TermsOfDeliveries",
            "paginator": "single_page",
        },
    },
    {
        "name": "company",
        "endpoint": {
            "path": "settings/company",
            "data_selector": "CompanySettings",
            "paginator": "single_page",
        },
    },
]


@pytest.fixture(scope="module")
def dlt_python() -> Path:
    try:
        return environment.python_of("dlt")
    except environment.OutOfReachError as error:
        pytest.skip(f"dlt is not installed and the package index is out of reach: {error}")


def read_by_dlt(python: Path, sandbox: Sandbox, directory: Path, **config: Any) -> dict[str, list[Any]]:
    """What dlt reads of the first twin, by the name of its resource."""
    config_file, out = directory / "config.json", directory / "out.json"
    config_file.write_text(
        json.dumps(
            {
                "api": f"{sandbox.base_url}/3",
                "oauth": f"{sandbox.base_url}/oauth-v1",
                "client_id": FORTNOX_CLIENT[0],
                "client_secret": FORTNOX_CLIENT[1],
                "tenant": "101",
                "limit": 50,
                "resources": RESOURCES,
                **config,
            }
        )
    )
    done = subprocess.run(
        [python, SCRIPT, config_file, out],
        cwd=directory,
        env={
            **environment.clean_environment(),
            "DLT_DATA_DIR": str(directory),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    records: dict[str, list[Any]] = json.loads(out.read_text())["records"]
    return records


def test_dlt_reads_what_is_there(dlt_python: Path, twins: Sandbox, twin: Fortnox, tmp_path: Path) -> None:
    before = twins.admin("GET", "requests")["fortnox"]["101"]["paths"].get("GET /3/customers", 0)
    read = read_by_dlt(dlt_python, twins, tmp_path)
    after = twins.admin("GET", "requests")["fortnox"]["101"]["paths"]["GET /3/customers"]
    assert after - before == 3, "125 customers are three pages of 50"
    for path, key in (("customers", "Customers"), ("suppliers", "Suppliers"), ("projects", "Projects")):
        assert read[path] == twin.json(f"{path}?limit=500")[key]
    details = [twin.json(f"projects/{one['ProjectNumber']}")["Project"] for one in read["projects"]]
    assert [one["Project"] for one in read["project_details"]] == details
    for year in (2, 5, 9):
        accounts = twin.json(f"accounts?financialyear={year}&limit=500")["Accounts"]
        assert [one for one in read["accounts"] if one["Year"] == year] == accounts
    assert read["termsofdeliveries"] == twin.json("termsofdeliveries")["TermsOfDeliveries"]
    assert read["company"] == [twin.json("settings/company")["CompanySettings"]]


def test_dlt_outlasts_the_faults_that_it_knows(
    dlt_python: Path, twins: Sandbox, twin: Fortnox, tmp_path: Path
) -> None:
    """Its own retries take a 429 without Retry-After and a reset for what they are."""
    here = {"tenant": "101", "path_contains": "/3/customers"}
    twins.admin(
        "POST",
        "faults",
        [{**here, "kind": "status", "status": 429, "body": ""}, {**here, "kind": "reset"}],
    )
    read = read_by_dlt(dlt_python, twins, tmp_path, resources=RESOURCES[:1])
    assert twins.admin("GET", "faults") == []
    assert read["customers"] == twin.json("customers?limit=500")["Customers"]
