"""Two organizations that share every number: nothing crosses, for any role, table or view."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql as composed

from saldo.database import Role, connect
from saldo.warehouse.build import build
from tests.support import Warehouse
from tests.warehouse.books import Row, Voucher, Year, company, land, voucher
from tests.warehouse.documents import bought, contract, invoice, payment, sold, supplier_invoice, with_rows
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

ONE_READER = "reader_of_one"


@dataclass(frozen=True)
class Pair:
    """Two organizations with the same accounts, customers and voucher numbers, and other amounts."""

    warehouse: Warehouse
    first: int
    second: int


def doubled(year: Year) -> Year:
    vouchers = tuple(
        Voucher(
            each.date,
            tuple(
                Row(row.account, row.amount * 2, row.cost_center, row.project, row.is_struck)
                for row in each.rows
            ),
            each.series,
            each.number,
        )
        for each in year.vouchers
    )
    opening = {account: str(Decimal(amount) * 2) for account, amount in year.opening.items()}
    return replace(year, vouchers=vouchers, opening=opening)


@pytest.fixture(scope="module")
def pair(module_warehouse: Warehouse) -> Pair:
    busy = busy_year(1, "2025-01-01", "2025-12-31")
    unbalanced = voucher("2025-03-03", ("1930", "7"), ("3001", "-6"))
    settlement = voucher("2025-03-31", ("2640", "-7"), ("2650", "7"))
    year = replace(
        busy, vouchers=(*busy.vouchers, unbalanced, settlement), budget={("3001", "202503"): "-500"}
    )
    documents = {
        "companyinformation": [{"DatabaseNumber": 1, "CompanyName": "Samma namn"}],
        "financialyears": [{"Id": 1, "FromDate": "2025-01-01", "ToDate": "2025-12-31"}],
        "accounts": [{"Year": 1, "Number": 1930, "Description": "Bank", "Active": True}],
        "customers": [{"CustomerNumber": "1", "Name": "Kund"}],
        "suppliers": [{"SupplierNumber": "1", "Name": "Leverantör"}],
        "projects": [{"ProjectNumber": "P1", "Description": "Bryggan"}],
        "costcenters": [{"Code": "10", "Description": "Verkstad"}],
        "invoices": [with_rows(invoice("1", "2025-01-10", "2025-02-10", "100", balance="40"), sold("80"))],
        "invoicepayments": [payment("1", "1", "2025-03-10", "60")],
        "supplierinvoices": [
            with_rows(
                supplier_invoice("1", "2025-06-10", "2025-07-10", "100", balance="100"), bought("4010", "80")
            )
        ],
        "contracts": [contract("1", "300", 3, "2025-01-15", "2025-04-14")],
    }
    first, second = company(1), company(2)
    before = busy_year(2, "2024-01-01", "2024-12-31", seed=2)
    land(first, year, before, documents=documents)
    land(second, doubled(year), doubled(before), documents=documents)
    build(first)
    build(second)
    for organization_id in (first, second):
        module_warehouse.execute(
            "insert into control.sync_status values (%s, 'a', '', 'run', 'done', 0, 0, 0, 0, 0, '', now())",
            [organization_id],
        )
    server = module_warehouse.server
    with psycopg.connect(server.url(module_warehouse.name), autocommit=True) as connection:
        connection.execute(f"create role {ONE_READER} login password 'one' in role saldo_reader")
        connection.execute("insert into control.reader_grant values (%s, %s)", [ONE_READER, first])
    return Pair(module_warehouse, first, second)


@pytest.fixture(scope="module", autouse=True)
def _no_role_left_behind(module_warehouse: Warehouse) -> Iterator[None]:
    yield
    with psycopg.connect(module_warehouse.server.url(module_warehouse.name), autocommit=True) as connection:
        connection.execute(f"drop role if exists {ONE_READER}")


def relations(warehouse: Warehouse, *schemas: str) -> list[tuple[str, str, str]]:
    """Every table and view that has an organization_id: schema, name, kind of relation."""
    return warehouse.rows(
        "select nspname, relname, relkind::text from pg_class "
        "join pg_namespace on relnamespace = pg_namespace.oid "
        "where relkind in ('r', 'p', 'v') and nspname = any(%s) and exists ("
        "select from pg_attribute where attrelid = pg_class.oid and attname = 'organization_id') "
        "order by 1, 2",
        [list(schemas)],
    )


def seen(connection: psycopg.Connection, schema: str, name: str) -> set[int]:
    query = composed.SQL("select distinct organization_id from {}").format(composed.Identifier(schema, name))
    return {row[0] for row in connection.execute(query)}


@pytest.mark.parametrize("role", [Role.LOADER, Role.TRANSFORMER])
def test_session_of_one_organization_sees_it_alone(role: Role, pair: Pair) -> None:
    readable = [
        (schema, name)
        for schema, name, _ in relations(pair.warehouse, "landing", "staging", "mart")
        # the loader has no business in the marts and the keys, which these two views read
        if not (role is Role.LOADER and (schema == "mart" or name in ("account_line", "member_key")))
    ]
    assert len(readable) > 25
    held = set()
    for organization_id in (pair.first, pair.second):
        with connect(role, organization_id) as connection:
            for schema, name in readable:
                found = seen(connection, schema, name)
                assert found <= {organization_id}, (schema, name)
                held |= {(schema, name)} if found else set()
    with connect(role) as connection:
        for schema, name in readable:
            assert seen(connection, schema, name) == set(), (schema, name)
    assert {("staging", "ledger_row"), ("landing", "voucher_row"), ("staging", "fortnox_customers")} <= held


def test_loader_has_no_business_in_the_marts(pair: Pair) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        connect(Role.LOADER, pair.first) as connection,
    ):
        connection.execute("select from mart.fct_ledger_row")


def test_transformer_cannot_write_for_another(pair: Pair) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
        connect(Role.TRANSFORMER, pair.first) as connection,
    ):
        connection.execute("insert into mart.as_of (organization_id) values (%s)", [pair.second + 1])


@contextmanager
def reading_as(pair: Pair, login: str, password: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(pair.warehouse.server.url(pair.warehouse.name, login, password)) as connection:
        yield connection


def test_shared_reader_sees_both_and_nothing_but_marts(pair: Pair) -> None:
    with psycopg.connect(pair.warehouse.url("saldo_report")) as connection:
        for schema, name, _ in relations(pair.warehouse, "mart"):
            assert seen(connection, schema, name) == {pair.first, pair.second}, name
        for statement in (
            "select from landing.voucher",
            "select from staging.ledger_row",
            "select from control.organization",
            "delete from mart.as_of",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)


def test_reader_of_one_organization_sees_it_alone(pair: Pair) -> None:
    with reading_as(pair, ONE_READER, "one") as connection:
        for schema, name, _ in relations(pair.warehouse, "mart"):
            assert seen(connection, schema, name) == {pair.first}, name
        assert connection.execute("select count(*) from mart.dim_statement_line").fetchone() != (0,)
        # what a session says of itself is not what a reader may see
        connection.execute("select set_config('saldo.organization_id', %s, false)", [str(pair.second)])
        assert seen(connection, "mart", "fct_ledger_row") == {pair.first}


def test_amounts_are_each_organization_s_own(pair: Pair) -> None:
    for table, amount in (
        ("fct_ledger_row", "debit_amount"),
        ("fct_account_balance_period", "abs(closing_balance)"),
        ("trial_balance", "abs(closing_balance)"),
        ("income_statement", "abs(year_to_date_amount)"),
        ("balance_sheet", "abs(closing_amount)"),
    ):
        totals = dict(
            pair.warehouse.rows(
                f"select organization_id, sum({amount}) from mart.{table} group by organization_id"
            )
        )
        assert totals[pair.second] == pytest.approx(totals[pair.first] * 2, abs=Decimal("0.00")), table
        assert totals[pair.first] > 0


def test_keys_of_organizations_never_meet(pair: Pair) -> None:
    tables = pair.warehouse.rows(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'mart' and data_type = 'bigint' and column_name like '%%\\_key'"
    )
    assert len(tables) > 10
    for table, column in tables:
        assert (
            pair.warehouse.rows(
                f"select {column} from mart.{table} where {column} / 10000000 <> organization_id"
            )
            == []
        ), (table, column)


def test_every_relation_of_organizations_is_guarded(pair: Pair) -> None:
    for schema, name, kind in relations(pair.warehouse, "control", "landing", "mart"):
        if kind == "v" and schema == "mart":
            continue  # test_every_view_asks_as_its_reader
        assert kind in ("r", "p"), name
        ((is_on, is_forced),) = pair.warehouse.rows(
            "select relrowsecurity, relforcerowsecurity from pg_class where oid = %s::regclass",
            [f"{schema}.{name}"],
        )
        assert (is_on, is_forced) == (True, True), (schema, name)


def test_every_view_asks_as_its_reader(pair: Pair) -> None:
    views = pair.warehouse.rows(
        "select nspname, relname, coalesce(reloptions::text, '') from pg_class "
        "join pg_namespace on relnamespace = pg_namespace.oid "
        "where relkind in ('v', 'm') and nspname in ('control', 'landing', 'staging', 'mart')"
    )
    assert len(views) > 15
    assert [view for view in views if "security_invoker=true" not in view[2]] == []


def test_saldo_s_roles_cannot_pass_row_level_security_by(pair: Pair) -> None:
    assert (
        pair.warehouse.rows(
            "select rolname from pg_roles where rolname like 'saldo%%' and (rolsuper or rolbypassrls)"
        )
        == []
    )
