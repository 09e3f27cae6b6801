"""Roles, migrations, derived relations, and what row-level security lets through."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from psycopg import sql

from local.postgres import EmbeddedPostgres
from saldo import organizations, settings
from saldo.database import Connection, Role, connect
from saldo.warehouse import landing, migrations
from saldo.warehouse.migrations import OutdatedWarehouseError, check_version, migrate, newest, set_up
from tests.support import PASSWORDS, Warehouse
from tests.warehouse.test_landing import customer, page
from tests.warehouse.test_landing import land as land_documents
from tests.warehouse.test_ledger import FACTS, Voucher, land, land_year

pytestmark = pytest.mark.database


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of include/sql that the test may change, and that Saldo goes by."""
    copy = tmp_path / "include"
    shutil.copytree(settings.include_dir() / "sql", copy / "sql")
    monkeypatch.setenv("AIRFLOW__SALDO__INCLUDE_DIR", str(copy))
    return copy / "sql"


def relations(warehouse: Warehouse) -> dict[str, int]:
    """Every relation of staging and mart with its object id: made anew, it has another."""
    return dict(
        warehouse.rows(
            "select nspname || '.' || relname, pg_class.oid from pg_class "
            "inner join pg_namespace on relnamespace = pg_namespace.oid "
            "where nspname in ('staging', 'mart') and relkind in ('r', 'v') order by 1"
        )
    )


# Migrations


def test_setting_up_and_migrating_again_change_nothing(warehouse: Warehouse) -> None:
    before = (
        relations(warehouse),
        warehouse.dump("control"),
        warehouse.rows("select xmin, * from control.relation"),
    )
    set_up()
    assert migrate() == []
    assert migrate() == []
    after = (
        relations(warehouse),
        warehouse.dump("control"),
        warehouse.rows("select xmin, * from control.relation"),
    )
    assert after == before
    for login, password in PASSWORDS.items():
        with psycopg.connect(warehouse.server.url(warehouse.name, login, password)) as connection:
            assert connection.execute("select session_user").fetchone() == (login,)


def test_old_warehouse_is_told_what_to_run(warehouse: Warehouse) -> None:
    with connect(Role.LOADER) as connection:
        check_version(connection)
    warehouse.execute("update control.schema_version set version_num = '20200101000000'")
    with connect(Role.LOADER) as connection, pytest.raises(OutdatedWarehouseError) as raised:
        check_version(connection)
    assert str(raised.value) == (
        f"The warehouse is at version 20200101000000 and this Saldo needs {newest()}: run `saldo migrate`"
    )


def test_warehouse_that_was_never_migrated_is_told_what_to_run(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Warehouse(postgres, "never_migrated")
    empty.point_at(monkeypatch)
    set_up()
    try:
        with (
            connect(Role.LOADER) as connection,
            pytest.raises(OutdatedWarehouseError, match="version empty"),
        ):
            check_version(connection)
    finally:
        empty.drop()


def test_marts_of_other_files_are_told_what_to_run(warehouse: Warehouse, files: Path) -> None:
    mart = files / "marts" / "as_of.sql"
    mart.write_text(mart.read_text() + "\n-- another version of Saldo\n")
    with (
        connect(Role.LOADER) as connection,
        pytest.raises(OutdatedWarehouseError, match="run `saldo migrate`"),
    ):
        check_version(connection)
    migrate()
    with connect(Role.LOADER) as connection:
        check_version(connection)


def test_setting_up_needs_the_superusers_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALDO_ADMIN_URL", raising=False)
    with pytest.raises(ValueError, match="Set SALDO_ADMIN_URL to a PostgreSQL URL"):
        set_up()


def test_changed_mart_is_made_anew_and_everyone_builds_with_the_next_run(
    warehouse: Warehouse, files: Path
) -> None:
    seen, unseen = (
        organizations.register(tenant_id=tenant, name="Prov AB", organization_number="").organization_id
        for tenant in ("8300001", "8300002")
    )
    land_documents(seen, page(customer("1")))
    before = relations(warehouse)
    mart = files / "marts" / "trial_balance.sql"
    mart.write_text(mart.read_text() + "\n-- another way to say it\n")

    assert migrate() == ["mart.trial_balance"]

    after = relations(warehouse)
    assert {name for name in before if before[name] != after.get(name)} == {"mart.trial_balance"}
    for organization, landed in ((seen, 2), (unseen, 0)):
        with connect(Role.LOADER, organization) as connection:
            assert landing.versions(connection).landed == landed
    assert migrate() == []


def test_changed_view_is_made_anew_with_all_that_read_it(warehouse: Warehouse, files: Path) -> None:
    before = relations(warehouse)
    view = files / "staging" / "ledger_row.sql"
    view.write_text(view.read_text() + "\n-- another way to say it\n")

    made = migrate()

    after = relations(warehouse)
    assert "staging.ledger_row" in made
    assert after.keys() == before.keys(), "what was dropped with it is there again"
    assert {name for name in before if before[name] != after[name]} == set(made)


def test_changed_reference_data_is_loaded_anew(warehouse: Warehouse, files: Path) -> None:
    data = files / "reference" / "dim_statement_line.csv"
    data.write_text(data.read_text().replace("Nettoomsättning", "Omsättningen"))
    renamed = "select count(*) from mart.dim_statement_line where name_sv = 'Omsättningen'"
    assert "mart.dim_statement_line" in migrate()
    assert warehouse.rows(renamed) == [(1,)]


def test_removed_file_drops_its_relation(warehouse: Warehouse, files: Path) -> None:
    (files / "marts" / "trial_balance.sql").unlink()
    (files / "staging" / "zz_leaf.sql").write_text("create view staging.zz_leaf as select 1 as one;\n")
    assert migrate() == ["staging.zz_leaf"]
    assert "staging.zz_leaf" in relations(warehouse)
    assert "mart.trial_balance" not in relations(warehouse)

    (files / "staging" / "zz_leaf.sql").unlink()
    assert migrate() == []
    assert "staging.zz_leaf" not in relations(warehouse)
    known = {
        f"{schema}.{name}"
        for schema, name in warehouse.rows("select relation_schema, relation_name from control.relation")
    }
    assert known == relations(warehouse).keys()


def test_migration_that_fails_leaves_the_relations_as_they_were(warehouse: Warehouse, files: Path) -> None:
    before = relations(warehouse)
    (files / "marts" / "trial_balance.sql").unlink()
    (files / "staging" / "zz_broken.sql").write_text("create view staging.zz_broken as select nothing;\n")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        migrate()
    assert relations(warehouse) == before


def test_warehouse_of_the_first_version_goes_on(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents stay with their history, and what was swept need not be swept again."""
    old = Warehouse(postgres, "first_version")
    old.point_at(monkeypatch)
    set_up()
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    try:
        migrate_to("20261123090000")
        old.execute(
            "insert into control.organization (tenant_id, dag_id, organization_name, organization_number) "
            "values ('1', 'fortnox__1', 'Prov AB', '')"
        )
        old.execute("insert into control.version values (1, 5)")
        for resource, key, deleted_at in (
            ("customers", "1", None), ("invoices", "7", None), ("vouchers", "1/A/1", "2026-01-03"),
            ("units", "st", None),
        ):  # fmt: skip
            old.execute(
                "insert into landing.document (organization_id, resource, document_key, list_record, "
                "list_digest, changed_at, deleted_at) values (1, %s, %s, %s, 'a', %s, %s)",
                [resource, key, json.dumps(customer(key)), moment, deleted_at],
            )
        old.execute(
            "insert into landing.document_version values "
            "(1, 'customers', '1', 'list', '{}', '2026-01-01', %s)",
            [moment],
        )
        for resource, scope, status, fetched in (
            ("customers", "", "ok", 1), ("sie", "3", "ok", 500), ("projects", "", "skipped", 0),
        ):  # fmt: skip
            old.execute(
                "insert into control.sync_status values (1, %s, %s, 'run', %s, %s, 0, 0, 1, 0.5, '', %s)",
                [resource, scope, status, fetched, moment],
            )

        migrate()

        assert old.rows("select tableoid::regclass::text, document_key from landing.document order by 1") == [
            ("landing.document_customers", "1"), ("landing.document_invoices", "7"),
            ("landing.document_other", "st"), ("landing.document_vouchers", "1/A/1"),
        ]  # fmt: skip
        assert old.rows(
            "select document_key, valid_to = 'infinity' from staging.document_history "
            "where resource in ('customers', 'vouchers') order by valid_from, document_key"
        ) == [("1", False), ("1", True), ("1/A/1", False)]
        with connect(Role.LOADER, 1) as connection:
            check_version(connection)
            assert landing.cursors(connection) == {
                ("customers", ""): landing.Cursor(moment, moment, record_count=1),
                ("sie", "3"): landing.Cursor(moment, moment),
            }
        assert land_documents(1, page(customer("1"))) == landing.Merged(1, 0, 0), "and it is as it was"
    finally:
        old.drop()


def migrate_to(revision: str) -> None:
    """Only the migrations up to a revision, as the owner."""
    config = migrations._alembic()
    with migrations._as_owner() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


# Roles


def test_no_role_of_saldo_may_more_than_it_needs(module_warehouse: Warehouse) -> None:
    roles = {
        row[0]: row[1:]
        for row in module_warehouse.rows(
            "select rolname, rolcanlogin, rolinherit, "
            "rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication "
            "from pg_roles where rolname like 'saldo\\_%'"
        )
    }
    assert {name for name, (can_login, _, _) in roles.items() if can_login} == set(PASSWORDS)
    # It makes the logins of reports, and nobody signs in as it
    assert {name for name, (_, _, is_mighty) in roles.items() if is_mighty} == {"saldo_owner"}
    assert roles["saldo_app"][1] is False
    assert roles["saldo_migrator"][1] is False
    memberships = module_warehouse.rows(
        "select member::regrole::text, roleid::regrole::text, inherit_option, set_option "
        "from pg_auth_members where member::regrole::text like 'saldo\\_%' order by 1, 2"
    )
    assert memberships == [
        ("saldo_app", "saldo_loader", False, True),
        ("saldo_app", "saldo_page", False, True),
        ("saldo_app", "saldo_transformer", False, True),
        ("saldo_migrator", "saldo_owner", False, True),
        ("saldo_owner", "saldo_reader", False, False),
        ("saldo_report", "saldo_reader", True, False),
    ]


@pytest.mark.parametrize(
    ("login", "forbidden"),
    [
        ("saldo_app", ["select * from landing.document", "select * from control.organization",
                       "select * from mart.dim_date", "set role saldo_owner", "set role saldo_reader"]),
        ("saldo_migrator", ["select * from landing.document", "set role saldo_loader"]),
        ("saldo_report", ["select * from landing.document", "select * from staging.ledger_row",
                          "select * from control.organization", "select * from control.credential",
                          "delete from mart.fct_ledger_row", "set role saldo_page"]),
    ],
)  # fmt: skip
def test_login_alone_may_nothing(module_warehouse: Warehouse, login: str, forbidden: list[str]) -> None:
    with psycopg.connect(module_warehouse.url(login), autocommit=True) as connection:
        for statement in forbidden:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_only_setting_up_uses_the_superuser(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else works where the superuser's address is wrong, as a login that is none."""
    monkeypatch.setenv(migrations.ADMIN_URL_VARIABLE, "postgresql://postgres:wrong@127.0.0.1:1/postgres")
    migrate()
    organization = organizations.register(tenant_id="8300003", name="Prov AB", organization_number="")
    land_documents(organization.organization_id, page(customer("1")))
    for role in Role:
        with connect(role, organization.organization_id) as connection:
            found = connection.execute("select session_user, current_user, current_setting('is_superuser')")
            assert found.fetchone() == ("saldo_app", role.value, "off")
    with pytest.raises(psycopg.OperationalError):
        set_up()


# Row-level security

Tables = list[tuple[str, list[str]]]

# The resources that have a partition of their own; every other one is in landing.document_other.
PARTITIONS = (
    "accounts", "articles", "customers", "invoicepayments", "invoices", "offers", "orders", "prices",
    "supplierinvoicepayments", "supplierinvoices", "suppliers", "vouchers",
)  # fmt: skip

_TABLES = """
select format('%%I.%%I', nspname, relname), array_agg(attname::text order by attnum) from pg_class
inner join pg_namespace on relnamespace = pg_namespace.oid
inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
where nspname = any(%s) and relkind in ('r', 'p') and relispartition = %s
group by 1 having 'organization_id' = any(array_agg(attname::text)) order by 1
"""


def of_organizations(warehouse: Warehouse, kind: str) -> Tables:
    """Every table of landing and control that has organization_id, or every partition, with its columns."""
    found: Tables = warehouse.rows(_TABLES, [["landing", "control"], kind == "partitions"])
    return found


both_kinds = pytest.mark.parametrize("kind", ["tables", "partitions"])


@pytest.fixture(scope="module")
def two(module_warehouse: Warehouse) -> tuple[int, int]:
    """Two organizations that share every number, with something in every table."""
    mine, theirs = (
        organizations.register(tenant_id=tenant, name=tenant, organization_number="").organization_id
        for tenant in ("8300011", "8300012")
    )
    for organization in (mine, theirs):
        for name in ("before", "after"):
            land_documents(organization, page(customer("1", name)))
        for resource in (*PARTITIONS, "projects"):
            land_documents(organization, page({"Number": "1"}), resource=resource, key_fields=["Number"])
        land(organization, [Voucher()])
        land_year(organization, FACTS)
        with connect(Role.LOADER, organization) as connection:
            landing.store_sie(connection, 1, b"#FLAGGA 0", hashlib.sha256(b"1").digest(), datetime.now(UTC))
            landing.write_status(
                connection,
                landing.SyncStatus("customers", "", "run", "ok", 1, 1, 0, 1, 0.1, "", datetime.now(UTC)),
            )
            landing.move_cursor(
                connection, "customers", "", asked_at=datetime.now(UTC), record_count=1, is_whole=True
            )
        for statement in (
            "insert into control.version_built values (%s, 1, now())",
            "insert into control.refresh values (%s, 1, now())",
            "insert into control.check_result values (%s, 'a', 'warn', 0, '[]', 1, now())",
            "insert into control.key_map values (%s, 'account', '1930', 1)",
            "insert into control.arrangement values (%s, 4000, 4299, 'goods_for_resale_cost')",
            "insert into control.statement_policy values (%s)",
            "insert into control.ledger_year_built values (%s, 10000001, 'a', false)",
            "insert into control.alert values (%s, 'access_lost', now())",
            "insert into control.sie_upload values (%s, '1. a.se', 'x')",
            "insert into control.publication values (%s, 'w', 'c', 'm', 'r', 'd', 'v', now())",
        ):
            module_warehouse.execute(statement, [organization])
    return mine, theirs


def attempt(connection: Connection, statement: str, *names: Any) -> int | None:
    """Rows that the statement reached, or None where it may not be; undone in any case."""
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(sql.SQL(statement).format(*names)).rowcount
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.GeneratedAlways):
        return None
    except psycopg.errors.UniqueViolation:
        return 1


@both_kinds
@pytest.mark.parametrize("role", [Role.LOADER, Role.TRANSFORMER])
def test_nothing_of_another_organization_can_be_read_or_written(
    module_warehouse: Warehouse, two: tuple[int, int], role: Role, kind: str
) -> None:
    mine, theirs = two
    tables = of_organizations(module_warehouse, kind)
    assert len(tables) > (15 if kind == "tables" else len(PARTITIONS))
    leaks: list[str] = []
    with connect(role, mine, autocommit=True) as connection:
        for name, columns in tables:
            table = sql.SQL(name)
            others = [column for column in columns if column != "organization_id"]
            rest = sql.SQL(", ").join(map(sql.Identifier, others))
            [(held,)] = module_warehouse.rows(f"select count(*) from {name} where organization_id = {theirs}")
            assert held, f"{name} holds nothing to be kept from anybody: fill it in the fixture"
            where = sql.SQL("where organization_id = {}").format(theirs)
            reached = {
                "read": attempt(connection, "select from {} {}", table, where),
                "update": attempt(
                    connection, "update {} set organization_id = organization_id {}", table, where
                ),
                "delete": attempt(connection, "delete from {} {}", table, where),
                "give away": attempt(connection, "update {} set organization_id = {}", table, theirs),
                "insert": attempt(
                    connection,
                    "insert into {} (organization_id, {}) select {}, {} from {} on conflict do nothing",
                    *(table, rest, theirs, rest, table),
                ),
            }
            leaks += [f"{way} {name}" for way, rows in reached.items() if rows]
    assert leaks == []


def test_own_rows_can_be_read(module_warehouse: Warehouse, two: tuple[int, int]) -> None:
    """Else the test above would pass where nothing can be read at all."""
    with connect(Role.LOADER, two[0], autocommit=True) as connection:
        for name in ("landing.document", "landing.voucher", "landing.sie_file", "control.sync_status"):
            assert attempt(connection, "select from {}", sql.SQL(name))


@both_kinds
def test_without_an_organization_there_is_nothing_to_see(
    module_warehouse: Warehouse, two: tuple[int, int], kind: str
) -> None:
    for role in (Role.LOADER, Role.TRANSFORMER):
        with connect(role, autocommit=True) as connection:
            seen = {
                name: attempt(connection, "select from {}", sql.SQL(name))
                for name, _ in of_organizations(module_warehouse, kind)
            }
        assert [name for name, rows in seen.items() if rows] == []


@both_kinds
def test_row_level_security_is_forced_on_every_table_of_an_organization(
    module_warehouse: Warehouse, kind: str
) -> None:
    """Marts too, and not even the owner is exempt."""
    protected = {
        row[0]
        for row in module_warehouse.rows(
            "select format('%I.%I', nspname, relname) from pg_class "
            "inner join pg_namespace on relnamespace = pg_namespace.oid "
            "where relrowsecurity and relforcerowsecurity"
        )
    }
    schemas = ["landing", "control", "mart"]
    tables = {row[0] for row in module_warehouse.rows(_TABLES, [schemas, kind == "partitions"])}
    assert tables - protected == set()


def test_every_view_looks_with_the_eyes_of_who_asks(module_warehouse: Warehouse) -> None:
    assert (
        module_warehouse.rows(
            "select relname from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid "
            "where nspname in ('landing', 'control', 'staging', 'mart') and relkind = 'v' "
            "and not coalesce(reloptions @> array['security_invoker=true'], false)"
        )
        == []
    )
