"""Stop checks stop what is not the books; warn checks name the source's faults and stop nothing."""

from __future__ import annotations

import csv
import itertools
import shutil
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from saldo import settings, sql
from saldo.database import Role, connect
from saldo.warehouse import build as building
from saldo.warehouse.build import BuildResult, CheckOutcome, ChecksFailedError, build
from saldo.warehouse.landing import advance_landed
from tests.support import Warehouse
from tests.warehouse.books import Row, Year, company, land, voucher
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

_tenants = itertools.count(2000)


@pytest.fixture
def organization_id(module_warehouse: Warehouse) -> int:
    return company(next(_tenants))


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the SQL files that a test may spoil."""
    copied = tmp_path / "include"
    shutil.copytree(settings.include_dir() / "sql", copied / "sql")
    monkeypatch.setenv("AIRFLOW__SALDO__INCLUDE_DIR", str(copied))
    return copied


YEARS = (
    busy_year(1, "2024-01-01", "2024-12-31", vouchers=60),
    busy_year(2, "2025-01-01", "2025-12-31", seed=2, vouchers=60),
)


def spoil(include: Path, mart: str, good: str, bad: str) -> None:
    path = include / "sql" / "marts" / f"{mart}.sql"
    text = path.read_text(encoding="utf-8")
    assert good in text
    path.write_text(text.replace(good, bad), encoding="utf-8")


# What somebody could break in a mart, and the check that must notice.
SPOILED = {
    "a row is lost": (
        "fct_ledger_row",
        "from staging.ledger_row as ledger_row\n",
        "from (select * from staging.ledger_row where voucher_number <> '1') as ledger_row\n",
        "ledger_rows_are_landed",
    ),
    "an amount changes": (
        "fct_ledger_row",
        "        ledger_row.amount,\n        ledger_row.struck_amount,",
        "        ledger_row.amount + 0.01,\n        ledger_row.struck_amount,",
        "ledger_rows_are_landed",
    ),
    "a cost centre is lost": (
        "dim_cost_center",
        "where member_key.entity = 'cost_center'",
        "where member_key.entity = 'cost_center' and member_key.natural_key <> '20'",
        "ledger_rows_are_landed",
    ),
    "vouchers get the day they were registered": (
        "fct_ledger_row",
        "        ledger_voucher.voucher_date,\n        ledger_voucher.registration_date,",
        "        ledger_voucher.registration_date - 1 as voucher_date,\n"
        "        ledger_voucher.registration_date,",
        "ledger_rows_are_landed",
    ),
    "struck rows count": (
        "fct_ledger_row",
        "        ledger_row.amount,\n        ledger_row.struck_amount,",
        "        ledger_row.amount + ledger_row.struck_amount,\n        0,",
        "ledger_rows_are_landed",
    ),
    "rows go to the period of another day": (
        "fct_ledger_row",
        "date_trunc('month', dated_voucher.accounting_date::timestamp)::date",
        "date_trunc('quarter', dated_voucher.accounting_date::timestamp)::date",
        "ledger_row_in_one_period",
    ),
    "periods leave a day out": (
        "dim_fiscal_period",
        "        keyed.start_date,\n        keyed.end_date,\n\n",
        "        keyed.start_date,\n        keyed.end_date - 1,\n\n",
        "ledger_row_in_one_period",
    ),
    "a year opens without its #IB": (
        "fct_account_balance_period",
        "        opening_balance.amount\n    from",
        "        opening_balance.amount * 0 as amount\n    from",
        "balances_roll_forward",
    ),
    "balances run on into the next year": (
        "fct_account_balance_period",
        "            account_line.financial_year_key,\n            account_line.account_key\n",
        "            account_line.account_key\n",
        "balances_roll_forward",
    ),
    "a period counts twice": (
        "fct_account_balance_period",
        "rows between unbounded preceding and 1 preceding",
        "rows between unbounded preceding and current row",
        "balances_roll_forward",
    ),
    "a period is left out of a year": (
        "fct_account_balance_period",
        "    window previous_periods",
        "    where fiscal_period.period_number <> 6\n    window previous_periods",
        "balances_roll_forward",
    ),
    "movement forgets the credits": (
        "fct_account_balance_period",
        "sum(amount) as net_amount",
        "sum(debit_amount) as net_amount",
        "balances_are_ledger_rows",
    ),
    "the trial balance takes another closing": (
        "trial_balance",
        "sum(balance.closing_balance) filter (where fiscal_period.is_last)",
        "sum(balance.closing_balance) filter (where fiscal_period.is_first)",
        "trial_balance_is_balances",
    ),
    "the result is left out of equity": (
        "balance_sheet",
        "component.statement_line_key = bridge.component_line_key",
        "component.statement_line_key = bridge.component_line_key and component.statement_line_key > 2000",
        "balance_sheet_balances",
    ),
    "opening balances off are left out": (
        "balance_sheet",
        "        -sum(opening_balance.amount) as opening_balance",
        "        0 as opening_balance",
        "balance_sheet_balances",
    ),
    "unbalanced vouchers are left out": (
        "unbalanced_voucher",
        "    having sum(ledger_row.amount) <> 0",
        "    having sum(ledger_row.amount) > 1000000",
        "balance_sheet_balances",
    ),
    "both sides of the balance sheet lose the same": (
        "balance_sheet",
        "        sum(net_amount) as net_amount\n    from mart.fct_account_balance_period",
        "        sum(net_amount) * 2 as net_amount\n    from mart.fct_account_balance_period",
        "balance_sheet_is_balances",
    ),
    "the income statement loses a line": (
        "income_statement",
        "            and statement_line.statement_code = 'income_statement'\n    group by",
        "            and statement_line.statement_code = 'income_statement'\n"
        "            and statement_line.line_code <> 'personnel_costs'\n    group by",
        "income_statement_is_result",
    ),
    "year to date forgets to start again": (
        "income_statement",
        "                fiscal_period.financial_year_key,\n                shown.statement_line_key\n",
        "                shown.statement_line_key\n",
        "income_statement_is_result",
    ),
    "costs lose their sign": (
        "income_statement",
        "statement_line.sign * sum(component.net_amount)",
        "abs(sum(component.net_amount))",
        "income_statement_is_result",
    ),
    "what is no payment counts as one": (
        "bridge_account_cash_flow_line",
        "coalesce(account_range.weight, 1)",
        "coalesce(abs(account_range.weight), 1)",
        "cash_flow_is_cash_change",
    ),
    "cash flow to date runs on into the next year": (
        "cash_flow",
        "                fiscal_period.financial_year_key,\n                shown.statement_line_key\n",
        "                shown.statement_line_key\n",
        "cash_flow_is_cash_change",
    ),
    "a fact points at no member": (
        "fct_ledger_row",
        "        project.project_key,\n",
        "        project.project_key + 1000 as project_key,\n",
        "keys_are_known",
    ),
    "a customer is lost": (
        "dim_customer",
        "where member_key.entity = 'customer'",
        "where member_key.entity = 'customer' and member_key.natural_key > '1'",
        "registers_are_landed",
    ),
    "the member none is lost": (
        "dim_supplier",
        "    from control.organization\n",
        "    from control.organization\n    where organization_id < 0\n",
        "registers_are_landed",
    ),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_stop_check_notices_a_fault_of_ours(
    fault: str, module_warehouse: Warehouse, organization_id: int, include: Path
) -> None:
    mart, good, bad, check = SPOILED[fault]
    unbalanced = voucher("2025-05-05", ("1930", "10"), ("3001", "-9"))
    land(
        organization_id,
        YEARS[0],
        Year(2, "2025-01-01", "2025-12-31", (*YEARS[1].vouchers, unbalanced), opening={"1930": "100"}),
        documents={"customers": [{"CustomerNumber": "1", "Name": "Ett"}]},
    )
    spoil(include, mart, good, bad)

    with pytest.raises(ChecksFailedError) as failure:
        build(organization_id)

    assert check in {outcome.name for outcome in failure.value.failed}


def test_ledger_that_is_not_what_its_file_states_stops(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    vouchers = (voucher("2025-02-01", ("1930", "100"), ("3001", "-100")),)
    wrong = {("UB", "1930"): "90", ("RES", "3001"): "-100.01", ("UB", "2440"): "-5"}
    land(organization_id, Year(1, "2025-01-01", "2025-12-31", vouchers, stated=wrong))

    with pytest.raises(ChecksFailedError) as failure:
        build(organization_id)

    (outcome,) = failure.value.failed
    assert outcome.name == "closing_as_file_states"
    assert {row["detail"]["account"]: row["detail"]["stated"] for row in outcome.sample} == {
        "1930": "90.00",
        "3001": "-100.01",
        "2440": "-5.00",
    }
    for told in ("closing_as_file_states: 3 rows", "account 1930", "stated 90.00", "computed 100.00"):
        assert told in str(failure.value)


def test_what_the_file_itself_contradicts_is_a_warning(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    vouchers = (voucher("2025-02-01", ("1930", "100"), ("3001", "-100")),)
    contradiction = {"account": "1930", "kind": "UB", "stated": "90.00", "computed": "100"}
    year = Year(
        1,
        "2025-01-01",
        "2025-12-31",
        vouchers,
        stated={("UB", "1930"): "90"},
        contradictions=(contradiction,),
    )
    land(organization_id, year)

    result = build(organization_id)

    found = outcome(result, "file_contradicts_itself")
    assert found.severity == "warn"
    assert found.sample[0]["detail"] == {"financial_year_id": 1} | contradiction
    assert outcome(result, "closing_as_file_states").failing == 0
    assert module_warehouse.rows(
        "select account_number, stated_kind, closing_balance, stated_amount, difference_amount "
        "from mart.trial_balance join mart.dim_account using (organization_id, account_key) "
        "where organization_id = %s order by 1",
        [organization_id],
    ) == [("1930", "UB", 100, 90, 10), ("3001", "RES", -100, -100, 0)]


def test_contradiction_excuses_only_what_was_counted(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    vouchers = (voucher("2025-02-01", ("1930", "100"), ("3001", "-100")),)
    counted_otherwise = {"account": "1930", "kind": "UB", "stated": "90", "computed": "80"}
    year = Year(
        1,
        "2025-01-01",
        "2025-12-31",
        vouchers,
        stated={("UB", "1930"): "90"},
        contradictions=(counted_otherwise,),
    )
    land(organization_id, year)

    with pytest.raises(ChecksFailedError, match="closing_as_file_states"):
        build(organization_id)


def test_file_that_states_no_balances_is_not_asked_for_them(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    land(organization_id, Year(1, "2025-01-01", "2025-12-31", YEARS[1].vouchers, states_balances=False))

    result = build(organization_id)

    assert result.built
    assert module_warehouse.rows(
        "select count(*) from mart.trial_balance where organization_id = %s and stated_kind is not null",
        [organization_id],
    ) == [(0,)]


def outcome(result: BuildResult, name: str) -> CheckOutcome:
    return next(check for check in result.checks if check.name == name)


def warned(result: BuildResult) -> set[str]:
    return {check.name for check in result.checks if check.failing}


WARNED: dict[str, tuple[dict[str, Any], str, int]] = {
    "numbers missing in a series": (
        {"vouchers": (
            voucher("2025-02-01", ("1930", "1"), ("3001", "-1"), number="8"),
            voucher("2025-02-01", ("1930", "1"), ("3001", "-1"), number="12"),
        )},
        "voucher_number_missing", 1,
    ),
    "an account that the file does not declare": (
        {"vouchers": (voucher("2025-02-01", ("1930", "1"), ("3001", "-1")),), "accounts": {"1930": "Bank"}},
        "account_undeclared", 1,
    ),
    "opening balances that do not sum to zero": (
        {"opening": {"1930": "1", "2091": "-3"}},
        "opening_not_in_balance", 1,
    ),
    "a line that breaks the format": (
        {"faults": ({"line": 7, "reason": "no amount", "source": "#TRANS 1930 {}"},)},
        "file_faulty", 1,
    ),
    "an amount with three decimals": (
        {
            "vouchers": (voucher("2025-02-01", ("1930", "1.004"), ("3001", "-1.004")),),
            "states_balances": False,
        },
        "amount_rounded", 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", WARNED)
def test_warn_check_names_a_fault_of_the_source(
    fault: str, module_warehouse: Warehouse, organization_id: int
) -> None:
    fields, check, failing = WARNED[fault]
    land(organization_id, Year(1, "2025-01-01", "2025-12-31", **fields))

    result = build(organization_id)

    assert warned(result) == {check}
    assert outcome(result, check).failing == failing


def test_opening_unlike_last_year_s_closing(module_warehouse: Warehouse, organization_id: int) -> None:
    first = Year(5, "2024-01-01", "2024-12-31", (
        voucher("2024-02-01", ("1930", "100"), ("3041", "-100")),
        voucher("2024-03-01", ("1510", "50"), ("2440", "-50")),
    ))  # fmt: skip
    carried = {"1930": "100", "2099": "-100", "1510": "45", "2440": "-45"}
    land(organization_id, first, Year(2, "2025-01-01", "2025-12-31", opening=carried))

    result = build(organization_id)

    assert warned(result) == {"opening_unlike_closing"}
    assert {
        row["detail"]["account"]: row["detail"]["difference"]
        for row in outcome(result, "opening_unlike_closing").sample
    } == {"1510 Konto 1510": "-5.00", "2440 Konto 2440": "5.00"}


def test_value_that_cannot_be_read_is_listed_and_its_record_kept(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    documents = {
        "projects": [
            {"ProjectNumber": "1", "StartDate": "2025-13-01", "EndDate": "today", "Description": "Bryggan"},
            {"ProjectNumber": "2", "StartDate": "", "EndDate": None},
        ],
        "costcenters": [{"Code": "1", "Active": "kanske"}],
    }
    land(organization_id, documents=documents)

    result = build(organization_id)

    found = outcome(result, "value_uncastable")
    assert [row["detail"] for row in found.sample] == [
        {"key": "1", "fields": {"Active": "kanske"}, "resource": "costcenters"},
        {"key": "1", "fields": {"EndDate": "today", "StartDate": "2025-13-01"}, "resource": "projects"},
    ]
    assert module_warehouse.rows(
        "select project_name, start_date from mart.dim_project "
        "where organization_id = %s and project_number = '1'",
        [organization_id],
    ) == [("Bryggan", None)]


def test_record_without_its_number_stops_no_build(module_warehouse: Warehouse, organization_id: int) -> None:
    documents = {
        "customers": [{"CustomerNumber": None, "Name": "Inget"}, {"CustomerNumber": "", "Name": "Tomt"}],
        "costcenters": [{"Code": None}],
    }
    land(organization_id, documents=documents)
    assert outcome(build(organization_id), "registers_are_landed").failing == 0


def test_failed_build_leaves_the_last_good_marts_and_its_results(
    module_warehouse: Warehouse, organization_id: int, include: Path
) -> None:
    land(organization_id, YEARS[0])
    good = build(organization_id)
    before = marts(module_warehouse)
    keys = module_warehouse.rows("select * from control.key_map order by 1, 2, 3")
    land(organization_id, *YEARS)
    spoil(
        include,
        "dim_supplier",
        "    from control.organization\n",
        "    from control.organization\n    where 1 = 0\n",
    )

    with pytest.raises(ChecksFailedError):
        build(organization_id)

    assert marts(module_warehouse) == before
    assert module_warehouse.rows("select * from control.key_map order by 1, 2, 3") == keys
    assert module_warehouse.rows(
        "select built from control.version_built where organization_id = %s", [organization_id]
    ) == [(good.landed,)]
    results = module_warehouse.rows(
        "select check_name, failing, landed, sample -> 0 -> 'detail' ->> 'register' "
        "from control.check_result "
        "where organization_id = %s and failing > 0 and severity = 'stop'",
        [organization_id],
    )
    assert len(results) == 1
    assert results[0][:2] == ("registers_are_landed", 1)
    assert results[0][2] > good.landed
    assert results[0][3] == "suppliers"
    assert module_warehouse.rows(
        "select status, is_shown, finding_count, reason, state.name_sv from mart.check_state as state "
        "inner join mart.check_finding using (organization_id, check_name) "
        "where organization_id = %s and status = 'stopped'",
        [organization_id],
    ) == [("stopped", False, 1, "record is not in its dimension", "Alla register är med")]


def marts(warehouse: Warehouse) -> dict[str, list[tuple[str, ...]]]:
    """The marts without what the newest checks found, which is told also when the marts are held back."""
    found = warehouse.dump("mart")
    return {relation: rows for relation, rows in found.items() if not relation.startswith("mart.check_")}


def test_every_check_has_its_name_and_meaning() -> None:
    path = settings.include_dir() / "sql" / "reference" / "dim_check.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        described = [row["check_name"] for row in csv.DictReader(lines)]
    assert described == [file.name for file in sql.files("checks")]


def test_every_check_leaves_its_result(module_warehouse: Warehouse, organization_id: int) -> None:
    land(organization_id, *YEARS)

    result = build(organization_id)

    files = {file.name: file.head["severity"] for file in sql.files("checks")}
    assert {check.name: check.severity for check in result.checks} == files
    assert (
        dict(
            module_warehouse.rows(
                "select check_name, severity from control.check_result where organization_id = %s",
                [organization_id],
            )
        )
        == files
    )


def test_what_lands_during_a_build_is_the_next_one_s(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    land(organization_id, YEARS[0])
    fill = building._fill

    def fill_while_more_lands(connection: Any) -> None:
        with connect(Role.LOADER, organization_id) as loader:
            loader.execute("delete from landing.voucher_row where voucher_number = '1'")
            advance_landed(loader)
        fill(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "_fill", fill_while_more_lands)
        first = build(organization_id)

    def row_count() -> int:
        (row,) = module_warehouse.rows(
            "select count(*) from mart.fct_ledger_row where organization_id = %s", [organization_id]
        )
        return int(row[0])

    whole = sum(len(each.rows) for each in YEARS[0].vouchers)
    assert first.built
    assert row_count() == whole
    with pytest.raises(ChecksFailedError, match="ledger_rows_are_landed"):
        build(organization_id)
    assert row_count() == whole
    with pytest.raises(ChecksFailedError, match="closing_as_file_states"):  # every year made anew
        build(organization_id)
    assert row_count() == whole


def test_two_builds_at_once_are_one_build(module_warehouse: Warehouse, organization_id: int) -> None:
    land(organization_id, *YEARS)
    results: list[BuildResult] = []
    threads = [threading.Thread(target=lambda: results.append(build(organization_id))) for _ in range(3)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(result.built for result in results) == [False, False, True]


def test_struck_and_unbalanced_are_named_by_voucher(
    module_warehouse: Warehouse, organization_id: int
) -> None:
    land(organization_id, Year(1, "2025-01-01", "2025-12-31", (
        voucher("2025-02-01", Row("1930", Decimal(3), is_struck=True), series="B"),
        voucher("2025-02-01", ("1930", "3"), series="C"),
    )))  # fmt: skip

    result = build(organization_id)

    assert outcome(result, "voucher_empty").sample[0]["detail"]["voucher"] == "B 1"
    assert outcome(result, "voucher_unbalanced").sample[0]["detail"] == {
        "financial_year": "2025", "voucher": "C 1", "date": "2025-02-01", "difference": "3.00",
    }  # fmt: skip
