"""Real files of real vendors: through Airflow itself, and every one of them to an explained end."""

from __future__ import annotations

import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.made_up import CompanySpecification, make_up
from tests.oracle import start_of_year, stated_closing
from tests.sandbox.process import free_port, running_sandbox, start
from tests.support import (
    Warehouse,
    connect_companies,
    dag_of,
    point_at_sandbox,
    run_dag,
    without_pace,
)

pytestmark = pytest.mark.database

MADE_UP = "made-up.se"

COMPLETE = {
    "fortnox2_type4.se": "Fortnox",
    "BL0001_typ4.SE": "BL Administration",
    "SIE4.se": "Visma Compact",
    "SIE_exempelfil.se": "Specter",
    "Test4.SE": "Briljant",
    "typ4.se": "Edison",
}


def closing_of(warehouse: Warehouse, organization_id: int, path: Path) -> dict[str, Decimal]:
    """Closing balance or result by account as trial_balance has it for the file's year, zeros left out."""
    return dict(
        warehouse.rows(
            "select dim_account.account_number, trial_balance.closing_balance from mart.trial_balance "
            "join mart.dim_account using (organization_id, account_key) "
            "join mart.dim_financial_year using (organization_id, financial_year_key) "
            "where organization_id = %s and dim_financial_year.start_date = %s "
            "and trial_balance.closing_balance <> 0",
            [organization_id, start_of_year(path)],
        )
    )


@pytest.fixture
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A vendor's file from beside the checkout, or one made up here, which every clone has."""
    if request.param != MADE_UP:
        shared: Path = request.getfixturevalue("shared")
        return shared / "finance" / "sie" / str(request.param)
    year = {"from": "2024-07-01", "to": "2025-06-30"}
    company = {"name": "Provbolaget AB", "tenant_id": "1", "seed": 7, "vouchers": 300, "years": [year]}
    made_up = make_up(CompanySpecification.model_validate(company)).years[0].sie(4, date(2025, 8, 1))
    assert made_up is not None
    (tmp_path / MADE_UP).write_bytes(made_up)
    return tmp_path / MADE_UP


@pytest.mark.airflow
@pytest.mark.parametrize(
    "books", [MADE_UP, *(pytest.param(name, marks=pytest.mark.slow) for name in COMPLETE)], indirect=True
)
def test_closing_balances_through_airflow_are_those_the_file_states(
    books: Path, warehouse: Warehouse, airflow_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    with running_sandbox("--sie", str(books)) as sandbox:
        point_at_sandbox(sandbox, monkeypatch, published_from=warehouse)
        organization = connect_companies(sandbox)[0]
        warehouse.execute("update control.organization set workspace_id = null, dataset_id = null")
        dag = DagBag().dags[organization.dag_id]
        # Within one process Airflow cannot start another run while this one holds its SQLite.
        run = dag.test(mark_success_pattern="transform.next")

    assert run.state == "success"
    assert {ti.task_id: ti.state for ti in run.get_task_instances()} == dict.fromkeys(dag.task_ids, "success")
    stated = stated_closing(books)
    assert len(stated) > 20
    assert closing_of(warehouse, organization.organization_id, books) == stated
    assert warehouse.rows(
        "select refreshed = built from control.version join control.version_built using (organization_id)"
    ) == [(True,)]
    assert warehouse.rows("select compared_at is not null from control.publication") == [(True,)], (
        "Power BI's figures are the warehouse's, to the öre"
    )


def refusal(path: Path, directory: Path) -> str | None:
    """The sandbox's one sentence when it does not take the file, or None when it does."""
    process = start("--sie", str(path), port=free_port(), token_port=free_port(), directory=directory)
    try:
        _, complaint = process.communicate(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    assert process.returncode == 2
    return str(complaint).strip()


def verdict(path: Path, directory: Path, warehouse: Warehouse, patch: pytest.MonkeyPatch) -> str:
    """How a file ends: refused, loaded or loaded with warnings; anything else fails the test."""
    if complaint := refusal(path, directory):
        assert "\n" not in complaint
        assert path.name in complaint
        return "refused"
    with running_sandbox("--sie", str(path)) as sandbox:
        point_at_sandbox(sandbox, patch)
        without_pace(sandbox, patch)
        organization = connect_companies(sandbox)[0]
        run = run_dag(dag_of(organization), params={"full_reload": True})
    assert run.errors == {}, f"{path.name}: {run.errors}"
    warnings = warehouse.rows(
        "select check_name from control.check_result "
        "where organization_id = %s and severity = 'warn' and failing > 0",
        [organization.organization_id],
    )
    stated = stated_closing(path)
    if stated and not warehouse.rows(
        "select 1 from landing.ledger_year where organization_id = %s and contradictions <> '[]'",
        [organization.organization_id],
    ):
        assert closing_of(warehouse, organization.organization_id, path) == stated, path.name
    return "loaded with warnings" if warnings else "loaded"


def is_type_4_of_a_year(path: Path) -> bool:
    """By a look at two records."""
    lines = [line.split() for line in path.read_bytes().splitlines()]
    return [b"#SIETYP", b"4"] in lines and any(
        line[:2] == [b"#RAR", b"0"] and len(line) == 4 for line in lines
    )


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_every_file_comes_to_an_explained_end(
    shared: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = sorted(
        path for path in (shared / "finance" / "sie").iterdir() if path.suffix.lower() in (".se", ".si")
    )

    verdicts = {path.name: verdict(path, tmp_path, warehouse, monkeypatch) for path in files}

    assert len(verdicts) == 60
    assert {name for name, found in verdicts.items() if found == "refused"} == {
        path.name for path in files if not is_type_4_of_a_year(path)
    }
    assert {verdicts[name] for name in COMPLETE} <= {"loaded", "loaded with warnings"}
