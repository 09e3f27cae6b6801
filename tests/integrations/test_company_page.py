"""A company's own page: how it stands, what is decided about it, its end and its erasure."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from saldo import organizations
from saldo.pipeline.dag import build as dag_of
from saldo.warehouse.build import build
from saldo.warehouse.migrations import migrate
from tests.integrations.conftest import ADDRESS, Browsing
from tests.sandbox.process import Sandbox
from tests.support import Warehouse, connect_companies, point_at_sandbox
from tests.warehouse.books import Year, company, land, voucher

pytestmark = [pytest.mark.database, pytest.mark.airflow]

OWN_MART = """-- grain:  organization x fiscal period
-- key:    organization_id, fiscal_period_key
-- inputs: fct_ledger_row
-- why:    what was booked
create table custom.booked (organization_id bigint, fiscal_period_key bigint, amount numeric(18, 2),
    primary key (organization_id, fiscal_period_key));
insert into custom.booked
select organization_id, fiscal_period_key, sum(amount) from mart.fct_ledger_row group by 1, 2;
"""
YEAR = Year(1, "2025-01-01", "2025-12-31", (voucher("2025-05-05", ("1930", "10"), ("3041", "-10")),))
SETTINGS: dict[str, Any] = {
    "schedule": "daily",
    "opening_policy": "rolled",
    "modules": ["invoice", "customer"],
}


@pytest.fixture
def organization_id(warehouse: Warehouse) -> int:
    """A company with a year of books."""
    found = company(7, "Bolaget & Söner AB")
    land(found, YEAR)
    build(found)
    return found


def page_of(tenant: int | str = 7) -> str:
    return f"/saldo/organizations/fortnox__{tenant}"


def decided() -> Any:
    return organizations.read("fortnox__7").organizations[0]


# How it stands


def test_the_page_shows_how_a_company_stands_in_both_languages(
    browse: Browsing, organization_id: int
) -> None:
    viewer = browse("viewer")
    swedish, english = viewer.get(page_of()).text, viewer.get(f"{page_of()}?lang=en").text
    for text in ("<h1>Bolaget &amp; Söner AB</h1>", "Kontroller", "voucher_unbalanced"):
        assert text in swedish
    assert "Checks" in english
    assert "Kontroller" not in english
    assert viewer.get(page_of(404)).status_code == 404


# What is decided


def test_what_is_decided_is_kept_shown_and_gone_by(
    browse: Browsing, organization_id: int, warehouse: Warehouse
) -> None:
    admin = browse("admin")
    form = SETTINGS | {
        "workspace_id": "11111111-1111-1111-1111-111111111111",
        "dataset_id": "22222222-2222-2222-2222-222222222222",
        "readers": "vd@bolaget.example\nekonomi@bolaget.example",
    }

    answer = admin.post(f"{page_of()}/settings", data=form)

    assert answer.headers["location"] == f"{ADDRESS}{page_of()}?done"
    shown = admin.get(f"{page_of()}?done").text
    assert "Sparat" in shown
    assert '<option value="daily" selected>' in shown
    assert '<option value="rolled" selected>' in shown
    assert 'value="invoice" checked' in shown
    assert 'value="order" checked' not in shown
    assert "vd@bolaget.example\nekonomi@bolaget.example" in shown
    assert decided().workspace_id == form["workspace_id"]
    assert decided().fetches("invoice")
    assert decided().fetches("bookkeeping")
    assert not decided().fetches("order")
    assert warehouse.rows("select opening_policy from control.statement_policy") == [("rolled",)]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"readers": "not an address"}, "är ingen e-postadress"),
        ({"workspace_id": "the one"}, "Arbetsytans id är inget sådant"),
        ({"dataset_id": "22222222-2222-2222-2222-222222222222"}, "ligger i en arbetsyta"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    browse: Browsing, organization_id: int, wrong: dict[str, str], sentence: str
) -> None:
    before = organizations.read()
    answer = browse("admin").post(f"{page_of()}/settings", data=SETTINGS | wrong)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert organizations.read() == before


def test_a_schedule_that_is_none_is_refused(browse: Browsing, organization_id: int) -> None:
    answer = browse("admin").post(f"{page_of()}/settings", data=SETTINGS | {"schedule": "* * * * *"})
    assert answer.status_code == 422
    assert decided().schedule == "hourly"


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [("hourly", "*"), ("every_3_hours", "*/3"), ("every_6_hours", "*/6"), ("daily", "5")],
)
def test_the_dag_runs_at_the_hours_that_are_decided(
    browse: Browsing, organization_id: int, schedule: str, hours: str
) -> None:
    browse("admin").post(f"{page_of()}/settings", data=SETTINGS | {"schedule": schedule})
    cron = dag_of(decided()).schedule.expression
    assert cron.split()[1:] == [hours, "*", "*", "*"]


def test_a_dag_that_runs_by_hand_has_no_schedule(browse: Browsing, organization_id: int) -> None:
    browse("admin").post(f"{page_of()}/settings", data=SETTINGS | {"schedule": "manual"})
    assert dag_of(decided()).schedule is None


def test_runs_are_paused_and_go_on(browse: Browsing, organization_id: int, dag_model: Any) -> None:
    admin = browse("admin")
    for is_paused in (True, False):
        assert ("Låt körningarna gå igen" in admin.get(page_of()).text) is not is_paused
        admin.post(f"{page_of()}/pause", data={"is_paused": str(is_paused).lower()})
        assert dag_model() is is_paused


@pytest.fixture
def dag_model(airflow_database: None) -> Iterator[Any]:
    """The DAG as Airflow has read it; tells whether it is paused."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    with create_session() as session:
        session.merge(DagBundleModel(name="dags-folder"))
        session.flush()
        session.merge(
            DagModel(dag_id="fortnox__7", bundle_name="dags-folder", is_paused=False, is_stale=False)
        )

    def is_paused() -> bool:
        with create_session() as session:
            return bool(session.scalar(select(DagModel.is_paused).where(DagModel.dag_id == "fortnox__7")))

    yield is_paused
    with create_session() as session:
        session.execute(delete(DagModel).where(DagModel.dag_id == "fortnox__7"))


# Its end


def test_a_company_is_disconnected_and_its_page_and_data_stay(
    browse: Browsing, organization_id: int, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at_sandbox(sandbox, monkeypatch)
    admin = browse("admin")
    assert browse("viewer").post(f"{page_of()}/end").status_code == 403
    assert len(organizations.read().organizations) == 1

    answer = admin.post(f"{page_of()}/end")

    assert answer.headers["location"] == f"{ADDRESS}/saldo/?forgotten=fortnox__7"
    assert "Godkännandet gäller hos Fortnox" in admin.get(answer.headers["location"]).text
    (line,) = admin.get("/saldo/organizations").json()
    assert (line["status"], line["attention"], line["ledger_rows"]) == ("disconnected", "", 2)
    assert "frånkopplad" in admin.get(page_of()).text
    assert admin.post(f"{page_of(404)}/end").status_code == 404


def test_a_company_is_disconnected_where_the_app_is_gone(
    browse: Browsing, organization_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_FORTNOX_DEFAULT", raising=False)
    answer = browse("admin").post(f"{page_of()}/end")
    assert answer.headers["location"] == f"{ADDRESS}/saldo/?forgotten=fortnox__7"


def count_of(warehouse: Warehouse, organization_id: int) -> dict[str, int]:
    """Rows of an organization, by table of any schema that has a column for it."""
    tables = warehouse.rows(
        "select table_schema || '.' || table_name from information_schema.columns "
        "inner join information_schema.tables using (table_schema, table_name) "
        "where column_name = 'organization_id' and table_type = 'BASE TABLE' order by 1"
    )
    return {
        table: int(
            warehouse.rows(f"select count(*) from {table} where organization_id = %s", [organization_id])[0][
                0
            ]
        )
        for (table,) in tables
    }


def test_what_is_erased_is_gone_from_every_table_and_nothing_else_is(
    browse: Browsing, organization_id: int, warehouse: Warehouse, sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    point_at_sandbox(sandbox, monkeypatch)
    other = company(8, "Grannen AB")
    land(other, YEAR)
    build(other)
    others_rows = count_of(warehouse, other)
    admin = browse("admin")
    assert "är anslutet" in admin.post(f"{page_of()}/erase", data={"name": "Bolaget & Söner AB"}).text
    admin.post(f"{page_of()}/end")
    mistyped = admin.post(f"{page_of()}/erase", data={"name": "Bolaget"})
    assert (mistyped.status_code, "Namnet stämmer inte" in mistyped.text) == (422, True)
    rows = count_of(warehouse, organization_id)
    assert sum(rows.values()) > 100
    assert rows["landing.voucher"] == 1

    answer = admin.post(f"{page_of()}/erase", data={"name": "Bolaget & Söner AB"})

    assert answer.headers["location"] == f"{ADDRESS}/saldo/?erased=1"
    assert sum(count_of(warehouse, organization_id).values()) == 0
    assert count_of(warehouse, other) == others_rows
    assert "Söner" not in str(warehouse.dump("control", "landing", "staging", "mart"))
    assert admin.get(page_of()).status_code == 404
    assert "är raderat" in admin.get(answer.headers["location"]).text


def publish(warehouse: Warehouse, organization_id: int) -> None:
    warehouse.execute(
        "insert into control.publication values (%s, 'w', 'c', 'm', 'r', 'd', 'v', now())", [organization_id]
    )


def test_the_page_leads_to_the_published_report(
    browse: Browsing, organization_id: int, warehouse: Warehouse
) -> None:
    publish(warehouse, organization_id)
    assert 'href="https://app.powerbi.com/groups/w/reports/r"' in browse("admin").get(page_of()).text


def test_nothing_is_erased_while_power_bi_keeps_what_was_published(
    browse: Browsing, organization_id: int, warehouse: Warehouse, sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    point_at_sandbox(sandbox, monkeypatch)
    publish(warehouse, organization_id)
    admin = browse("admin")
    admin.post(f"{page_of()}/end")
    monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", json.dumps({"conn_type": "powerbi_saldo"}))
    refused = admin.post(f"{page_of()}/erase", data={"name": "Bolaget & Söner AB"})
    assert "Power BI tar inte bort rapporten just nu" in refused.text
    assert count_of(warehouse, organization_id)["landing.voucher"] == 1


def test_only_a_disconnected_organization_can_be_erased(organization_id: int, warehouse: Warehouse) -> None:
    import psycopg

    with pytest.raises(psycopg.errors.RaiseException, match="disconnect it first"):
        organizations.erase(organization_id)
    assert count_of(warehouse, organization_id)["landing.voucher"] == 1


def test_nothing_of_an_erased_company_is_left_in_airflow(
    browse: Browsing, sandbox: Sandbox, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.configuration import conf
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models import Log
    from airflow.settings import engine
    from sqlalchemy import MetaData, select

    point_at_sandbox(sandbox, monkeypatch)
    erased, kept = connect_companies(sandbox)[:2]
    bag = DagBag()
    for each in (erased, kept):
        bag.dags[each.dag_id].test(mark_success_pattern="extract.registers|extract.sales|transform|publish")
    logs = Path(conf.get("logging", "base_log_folder")) / f"dag_id={erased.dag_id}"
    logs.mkdir(parents=True, exist_ok=True)

    def mentions(tenant_id: str) -> dict[str, int]:
        """Rows of Airflow's own database that hold the tenant id, by table."""
        metadata = MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            found = {
                table.name: sum(tenant_id in str(row) for row in connection.execute(select(table)))
                for table in metadata.tables.values()
            }
        return {name: count for name, count in found.items() if count}

    assert {"dag", "dag_run", "task_instance", "xcom", "asset", "asset_event"} <= set(
        mentions(erased.tenant_id)
    )
    of_kept = mentions(kept.tenant_id)
    page, admin = f"/saldo/organizations/{erased.dag_id}", browse("admin")
    admin.post(f"{page}/end")

    answer = admin.post(f"{page}/erase", data={"name": erased.name})

    assert answer.headers["location"] == f"{ADDRESS}/saldo/?erased=1"
    assert mentions(erased.tenant_id) == {}
    assert mentions(kept.tenant_id) == of_kept
    assert not logs.exists()
    with engine.connect() as connection:
        assert ("saldo_erased", "admin") in [
            tuple(row) for row in connection.execute(select(Log.event, Log.owner))
        ]


def test_ones_own_marts_of_an_erased_company_are_erased_too(
    browse: Browsing, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(Path(__file__).parents[2] / "include" / "sql" / "custom", tmp_path / "custom")
    (tmp_path / "custom" / "booked.sql").write_text(OWN_MART)
    monkeypatch.setenv("AIRFLOW__SALDO__CUSTOM_SQL_DIR", str(tmp_path / "custom"))
    migrate()
    found = company(7, "Bolaget & Söner AB")
    land(found, YEAR)
    build(found)
    assert count_of(warehouse, found)["custom.booked"] > 0
    organizations.disconnect(found)
    assert browse("admin").post(f"{page_of()}/erase", data={"name": "Bolaget & Söner AB"}).status_code == 303
    assert sum(count_of(warehouse, found).values()) == 0
