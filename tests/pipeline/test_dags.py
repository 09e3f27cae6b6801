"""The DAGs themselves: Airflow's traps, one by one, and what keeps two parses equal."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support import Warehouse

pytestmark = [pytest.mark.database, pytest.mark.airflow]

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins"


@pytest.fixture(scope="module")
def registered(module_warehouse: Warehouse) -> list[str]:
    """Three organizations without a Fortnox behind them: parsing must not need one."""
    from saldo import organizations

    return [
        organizations.register(
            tenant_id=tenant, name=f"Bolaget {tenant} Åäö AB", organization_number=""
        ).dag_id
        for tenant in ("1001", "1002", "1003")
    ]


def parse() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag()
    assert bag.import_errors == {}
    # That of no organization is there whatever the registry says; tests/pipeline/test_credentials_dag.py.
    return {dag_id: dag for dag_id, dag in bag.dags.items() if not dag_id.startswith("saldo__")}


@pytest.fixture
def dags(registered: list[str]) -> Any:
    found = parse()
    assert sorted(found) == sorted(registered)
    return found


def serialized(dags: Any) -> dict[str, Any]:
    from airflow.serialization.serialized_objects import DagSerialization

    return {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in dags.items()}


def test_two_parses_give_the_same_serialized_dags(dags: Any) -> None:
    assert serialized(parse()) == serialized(dags)


def test_the_refresh_is_the_only_leaf(dags: Any) -> None:
    assert {tuple(leaf.task_id for leaf in dag.leaves) for dag in dags.values()} == {("publish.refresh",)}


def test_no_task_overtakes_the_build_when_the_first_task_skips_what_stands_between(dags: Any) -> None:
    """A skipped task is done at once, so that what waits for it alone waits for nothing."""
    for dag in dags.values():
        assert dag.get_task("publish.refresh").upstream_task_ids == {"publish.definition"}
        assert dag.get_task("publish.definition").upstream_task_ids == {"transform.build", "transform.next"}
        assert dag.get_task("transform.next").upstream_task_ids == {"transform.build"}
        assert dag.get_task("transform.build").upstream_task_ids == {
            "extract.ledger", "extract.registers", "extract.sales", "extract.purchases",
        }  # fmt: skip


def test_assets_lead_from_fortnox_to_power_bi_and_to_no_other_company(dags: Any) -> None:
    for dag_id, dag in dags.items():
        tenant = dag_id.removeprefix("fortnox__")
        made_of: dict[str, set[str]] = {}
        for task in dag.tasks:
            for outlet in task.outlets:
                assert outlet.uri not in made_of, "one task makes an asset"
                made_of[outlet.uri] = {inlet.uri for inlet in task.inlets}
        landed = {
            f"saldo://{tenant}/landing/{name}"
            for name in ("changes", "ledger", "registers", "sales", "purchases")
        }
        assert made_of == {
            **{landing: {f"fortnox://{tenant}/api"} for landing in landed},
            f"saldo://{tenant}/mart": landed,
            f"powerbi://{tenant}/dataset": {f"saldo://{tenant}/mart"},
        }


def test_ids_name_nobody_and_the_display_name_is_the_company(dags: Any) -> None:
    assert all(re.fullmatch(r"fortnox__[0-9]+", dag_id) for dag_id in dags)
    assert dags["fortnox__1001"].dag_display_name == "Bolaget 1001 Åäö AB"
    assert "Bolaget" not in " ".join(tag for dag in dags.values() for tag in dag.tags)


def test_trap_1_every_data_interval_has_a_length(dags: Any) -> None:
    from airflow.sdk import CronDataIntervalTimetable

    assert {type(dag.timetable) for dag in dags.values()} == {CronDataIntervalTimetable}


@pytest.mark.parametrize("run_type", ["manual", "scheduled"])
def test_traps_2_and_3_only_a_backfill_goes_by_its_interval(run_type: str) -> None:
    """A manual run has no interval, and hours lost by catchup=False would be lost for ever."""
    from saldo.pipeline.operators import request_of
    from tests.support import _DagRun

    interval = (None, None) if run_type == "manual" else (datetime(2026, 1, 1, tzinfo=UTC),) * 2
    context: Any = {"dag_run": _DagRun("r", run_type, *interval), "params": {}}

    assert request_of(context).interval is None


def test_trap_3_catchup_is_off_because_runs_go_by_what_landed(dags: Any) -> None:
    assert not any(dag.catchup for dag in dags.values())
    assert {dag.max_active_runs for dag in dags.values()} == {1}


def test_trap_4_a_registry_that_is_down_hides_no_organization(
    dags: Any, registered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SALDO_WAREHOUSE", "postgresql://nobody:nothing@127.0.0.1:9/nowhere")

    assert sorted(parse()) == sorted(registered)


def test_trap_4_an_empty_answer_is_not_believed_while_the_revision_stands(
    dags: Any, registered: list[str], module_warehouse: Warehouse
) -> None:
    module_warehouse.execute("update control.organization set disconnected_at = now()")
    try:
        assert sorted(parse()) == sorted(registered)
        module_warehouse.execute("update control.registry set revision = revision + 1")
        assert parse() == {}
    finally:
        module_warehouse.execute("update control.organization set disconnected_at = null")
        module_warehouse.execute("update control.registry set revision = revision + 1")
    assert sorted(parse()) == sorted(registered)


def test_trap_4_one_organization_that_cannot_be_built_hides_no_other(
    dags: Any, registered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import saldo.pipeline.dag

    build = saldo.pipeline.dag.build

    def build_or_fail(organization: Any) -> Any:
        if organization.dag_id == registered[1]:
            raise ValueError("cannot be built")
        return build(organization)

    monkeypatch.setattr(saldo.pipeline.dag, "build", build_or_fail)

    assert sorted(parse()) == [registered[0], registered[2]]


def test_a_worker_builds_its_own_dag_alone(registered: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", registered[1])

    assert list(parse()) == [registered[1]]


def in_a_new_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment()
    )
    return done.stdout.strip().splitlines()[-1]


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(PLUGINS)}


def test_trap_5_plugins_shadow_no_other_module() -> None:
    """Airflow imports every file of plugins/ by its bare name, were it not for .airflowignore."""
    stems = sorted({path.stem for path in (PLUGINS / "saldo").rglob("*.py")} - {"__init__"})

    loaded = in_a_new_process(
        "import sys, secrets; before = secrets.__file__\n"
        "from airflow.plugins_manager import ensure_plugins_loaded; ensure_plugins_loaded()\n"
        f"print([s for s in {stems} if getattr(sys.modules.get(s), '__file__', '') "
        f"and sys.modules[s].__file__.startswith({str(PLUGINS)!r})], "
        "sys.modules['secrets'].__file__ == before)"
    )

    assert loaded == "[] True"


def test_trap_6_the_plugin_is_light() -> None:
    """It is imported by each task's process; the web framework must not come with it."""
    before_and_after = in_a_new_process(
        "import sys, airflow.plugins_manager; before = set(sys.modules)\n"
        "import saldo_plugin\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new & {'fastapi', 'pandas', 'httpx', 'azure', 'alembic', 'psycopg', 'requests'}),"
        " 'saldo.integrations.web' in sys.modules)"
    )

    assert before_and_after == "[] False"


def test_trap_7_every_page_asks_who_is_there() -> None:
    from fastapi.routing import APIRoute

    from saldo.integrations.web import app

    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    assert routes
    assert len(routes) == len(app.routes)
    for route in routes:
        guards = [str(dependant.call) for dependant in route.dependant.dependencies]
        # The pages without a login (tests/integrations/test_invitations.py) count their callers.
        is_open = route.path in ("/approve", "/connect/callback")
        guard = "_counted" if is_open else "requires_access"
        assert any(guard in each for each in guards), route.path


def test_trap_8_nothing_is_kept_in_airflows_state_stores() -> None:
    code = "\n".join(path.read_text() for path in (PLUGINS / "saldo").rglob("*.py"))

    assert "state_store" not in code
    assert "ResumableJobMixin" not in code


def test_trap_9_one_extract_at_a_time_also_in_backfills(dags: Any) -> None:
    assert {
        task.max_active_tis_per_dag
        for dag in dags.values()
        for task in dag.tasks
        if task.task_id.startswith(("extract.", "transform.", "publish."))
    } == {1}


def test_trap_10_a_thousand_organizations_do_not_start_in_one_minute() -> None:
    from saldo.pipeline.dag import minute_of

    minutes = Counter(minute_of(f"fortnox__{tenant}") for tenant in range(1_000_000, 1_001_000))

    assert len(minutes) == 60
    assert max(minutes.values()) < 40


def test_the_form_refuses_what_is_no_year(dags: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dags["fortnox__1001"].params["financial_years"] = ["last year"]


def test_no_secret_and_nothing_volatile_stands_in_a_dag(dags: Any) -> None:
    from tests.support import PASSWORDS

    text = str(serialized(dags))

    assert not any(password in text for password in PASSWORDS.values())
    assert str(datetime.now(UTC).year) + "-" + f"{datetime.now(UTC):%m-%d}" not in text
