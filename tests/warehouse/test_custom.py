"""One's own marts and checks: made, filled, guarded and described like Saldo's; a bad file breaks nothing."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from saldo.database import Role, connect
from saldo.warehouse import handbook
from saldo.warehouse.build import ChecksFailedError, build
from saldo.warehouse.custom import CustomSqlError
from saldo.warehouse.migrations import migrate
from tests.support import Warehouse
from tests.warehouse.books import Year, company, land, voucher
from tests.warehouse.test_described import COMMENTS

pytestmark = pytest.mark.database

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
YEAR = Year(
    1,
    "2025-01-01",
    "2025-12-31",
    vouchers=(
        voucher("2025-01-10", ("5810", "500"), ("1930", "-500")),
        voucher("2025-01-20", ("5890", "250.50"), ("1930", "-250.50")),
        voucher("2025-02-03", ("5800", "80"), ("5900", "20"), ("1930", "-100")),
    ),
)
MART, CHECK = "travel_cost", "checks/travel_without_project"


def examples() -> dict[str, str]:
    """The files that the page shows, by their path in the folder."""
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"`custom/(\S+)`[^`]*?:\n\n```\w+\n(.*?)```", text, re.DOTALL))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configured folder, empty."""
    (tmp_path / "own" / "checks").mkdir(parents=True)
    monkeypatch.setenv("AIRFLOW__SALDO__CUSTOM_SQL_DIR", str(tmp_path / "own"))
    return tmp_path / "own"


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(examples()[name], encoding="utf-8")


def test_the_page_s_mart_has_ten_lines() -> None:
    assert len(examples()["travel_cost.sql"].splitlines()) == 10


def test_the_page_s_files_work(warehouse: Warehouse, folder: Path) -> None:
    first, second = company(1), company(2)
    for organization_id in (first, second):
        land(organization_id, YEAR)
        build(organization_id)
    put(folder, "travel_cost.sql", "columns.csv", "checks/travel_without_project.sql")

    assert migrate() == ["custom.travel_cost"]
    results = [build(first), build(second)]

    assert all(result.built for result in results)
    assert warehouse.rows(
        "select organization_id, month_date::text, travel_amount from custom.travel_cost "
        "inner join mart.dim_fiscal_period using (organization_id, fiscal_period_key) order by 1, 2"
    ) == [
        (organization_id, month, Decimal(amount))
        for organization_id in (first, second)
        for month, amount in (("2025-01-01", "750.50"), ("2025-02-01", "80.00"))
    ]
    comments = {row[:3]: row[3:] for row in warehouse.rows(COMMENTS)}
    assert comments["custom", MART, "travel_amount"] == (
        "SEK booked on 5800-5899 in the period, debit less credit",
        "What travelling costs a month. One row: organization x fiscal period. "
        "Key: organization_id, fiscal_period_key.",
    )
    assert comments["custom", MART, "fiscal_period_key"][0].startswith("Key to dim_fiscal_period")
    assert warehouse.rows(
        "select organization_id, status, finding_count from mart.check_state "
        "where check_name = 'custom.travel_without_project' order by 1"
    ) == [(first, "warned", 3), (second, "warned", 3)]

    with connect(Role.PAGE) as connection:
        page = handbook.text(connection)
    assert "## Of your own\n\n### travel_cost" in page
    with psycopg.connect(warehouse.url("saldo_report")) as reader:
        assert reader.execute("select count(*) from custom.travel_cost").fetchone() == (4,)
    ((is_on, is_forced),) = warehouse.rows(
        "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'custom.travel_cost'::regclass"
    )
    assert (is_on, is_forced) == (True, True)

    assert migrate() == []
    (folder / "travel_cost.sql").unlink()
    migrate()
    assert warehouse.rows("select to_regclass('custom.travel_cost')") == [(None,)]
    assert build(first).built is False


def test_a_mart_may_read_another_of_one_s_own(warehouse: Warehouse, folder: Path) -> None:
    organization_id = company()
    land(organization_id, YEAR)
    put(folder, "travel_cost.sql")
    (folder / "a_total.sql").write_text(
        "-- grain: organization\n-- key: organization_id\n-- inputs: travel_cost\n"
        "create table custom.a_total (organization_id bigint primary key, total_amount numeric(18, 2));\n"
        "insert into custom.a_total select organization_id, sum(travel_amount) "
        "from custom.travel_cost group by 1;\n"
    )
    assert migrate() == ["custom.travel_cost", "custom.a_total"]
    build(organization_id)
    assert warehouse.rows("select total_amount from custom.a_total") == [(Decimal("830.50"),)]


HEAD = "-- grain: organization\n-- key: organization_id\n"
TABLE = "create table custom.odd (organization_id bigint primary key);\n"
INSERT = "insert into custom.odd select organization_id from mart.dim_organization;\n"
REFUSED_BY_MIGRATE = {
    "no head": ("odd.sql", TABLE + INSERT, "grain"),
    "no key": ("odd.sql", "-- grain: organization\n" + TABLE + INSERT, "key"),
    "another key": ("odd.sql", HEAD.replace("organization_id", "account_key") + TABLE + INSERT, "begin with"),
    "no insert": ("odd.sql", HEAD + TABLE, "two statements"),
    "another table": ("odd.sql", HEAD + TABLE.replace("odd", "even") + INSERT, "two statements"),
    "in Saldo's schema": ("odd.sql", HEAD + TABLE.replace("custom", "mart") + INSERT, "two statements"),
    "three statements": ("odd.sql", HEAD + TABLE + INSERT + "drop table mart.as_of;", "two statements"),
    "no name of a table": ("Odd name.sql", HEAD + TABLE + INSERT, "no name"),
    "no SQL": ("odd.sql", HEAD + TABLE.replace("bigint", "bigly") + INSERT, "bigly"),
    "without organization": (
        "odd.sql",
        HEAD + TABLE.replace("organization_id", "account_key") + INSERT,
        "organization_id",
    ),
}


@pytest.mark.parametrize("case", REFUSED_BY_MIGRATE)
def test_a_bad_mart_is_refused_and_changes_nothing(warehouse: Warehouse, folder: Path, case: str) -> None:
    organization_id = company()
    land(organization_id, YEAR)
    build(organization_id)
    name, text, reason = REFUSED_BY_MIGRATE[case]
    (folder / name).write_text(text)
    before = warehouse.dump("mart", "custom")

    with pytest.raises(CustomSqlError, match=reason) as refusal:
        migrate()

    assert str(folder / name) in str(refusal.value)
    assert "take it away" in str(refusal.value)
    assert warehouse.dump("mart", "custom") == before


REFUSED_BY_BUILD = {
    "a mart that cannot be filled": (
        "odd.sql",
        HEAD + TABLE + INSERT.replace("mart.dim_organization", "mart.no_such"),
        "no_such",
    ),
    "a mart with a key twice": (
        "odd.sql",
        HEAD + TABLE + INSERT.replace("dim_organization", "dim_account"),
        "duplicate key",
    ),
    "a mart that divides by zero": (
        "odd.sql",
        HEAD + TABLE + INSERT.replace("organization_id from", "organization_id / 0 from"),
        "division by zero",
    ),
    "a check without severity": ("checks/odd.sql", "select 1", "severity"),
    "a check of two statements": ("checks/odd.sql", "-- severity: warn\nselect 1; select 2", "one select"),
    "a check of another form": ("checks/odd.sql", "-- severity: warn\nselect 1 as one", "reason"),
}


@pytest.mark.parametrize("case", REFUSED_BY_BUILD)
def test_a_build_that_cannot_run_a_file_keeps_the_marts(
    warehouse: Warehouse, folder: Path, case: str
) -> None:
    organization_id = company()
    land(organization_id, YEAR)
    build(organization_id)
    name, text, reason = REFUSED_BY_BUILD[case]
    (folder / name).write_text(text)
    before = warehouse.dump("mart")
    migrate()
    land(organization_id, YEAR)

    with pytest.raises(CustomSqlError, match=reason) as refusal:
        build(organization_id)

    assert str(folder / name) in str(refusal.value)
    assert warehouse.dump("mart") == before
    (folder / name).unlink()
    migrate()
    assert build(organization_id).built


def test_a_stop_check_of_one_s_own_holds_the_marts_back(warehouse: Warehouse, folder: Path) -> None:
    organization_id = company()
    land(organization_id, YEAR)
    text = examples()["checks/travel_without_project.sql"]
    (folder / "checks" / "travel.sql").write_text(text.replace("severity: warn", "severity: stop"))
    with pytest.raises(ChecksFailedError, match=r"custom\.travel: 3 rows"):
        build(organization_id)
    assert warehouse.rows("select count(*) from mart.fct_ledger_row") == [(0,)]


def test_a_folder_that_is_not_there_is_named(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__SALDO__CUSTOM_SQL_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="custom_sql_dir"):
        migrate()
