"""A build takes only the financial years that changed, and comes to what a build of everything comes to."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from saldo.database import Role, connect, run
from saldo.warehouse.build import build
from saldo.warehouse.landing import advance_landed
from tests.support import Warehouse
from tests.warehouse.books import Voucher, Year, company, land, voucher
from tests.warehouse.made import busy_year

pytestmark = pytest.mark.database

YEARS = (
    busy_year(1, "2023-01-01", "2023-12-31", vouchers=40),
    busy_year(2, "2024-01-01", "2024-12-31", seed=2, vouchers=40),
    busy_year(3, "2025-01-01", "2025-12-31", seed=3, vouchers=40),
)
OWN_VOUCHER = voucher("2025-05-05", ("5410", "120"), ("1930", "-120"))


def everything_anew(organization_id: int) -> None:
    """Builds as if nothing had been built before."""
    with connect(Role.TRANSFORMER, organization_id) as connection:
        run(connection, "control/ledger_year_forget")
    with connect(Role.LOADER, organization_id) as connection:
        advance_landed(connection)
    assert build(organization_id).built


def written_in(warehouse: Warehouse, organization_id: int) -> dict[str, set[str]]:
    """The transactions that wrote each year's rows of the ledger."""
    found: dict[str, set[str]] = {}
    for label, transaction in warehouse.rows(
        "select financial_year_label, fct_ledger_row.xmin::text from mart.fct_ledger_row "
        "inner join mart.dim_financial_year using (organization_id, financial_year_key) "
        "where organization_id = %s group by 1, 2",
        [organization_id],
    ):
        found.setdefault(label, set()).add(transaction)
    return found


def test_one_voucher_more_writes_its_year_alone(warehouse: Warehouse) -> None:
    organization_id = company()
    land(organization_id, *YEARS)
    build(organization_id)
    before = written_in(warehouse, organization_id)

    land(organization_id, *YEARS[:2], replace(YEARS[2], vouchers=(*YEARS[2].vouchers, OWN_VOUCHER)))
    build(organization_id)

    after = written_in(warehouse, organization_id)
    assert before.keys() == after.keys() == {"2023", "2024", "2025"}
    assert {label for label in after if after[label] != before[label]} == {"2025"}
    assert warehouse.rows(
        "select count(*) from mart.fct_ledger_row where debit_amount = 120 and voucher_date = '2025-05-05'"
    ) == [(1,)]


def test_year_that_is_gone_leaves_nothing(warehouse: Warehouse) -> None:
    organization_id = company()
    land(organization_id, *YEARS)
    build(organization_id)
    land(organization_id, *YEARS[1:])
    build(organization_id)
    assert written_in(warehouse, organization_id).keys() == {"2024", "2025"}


def test_failed_build_forgets_no_change(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    organization_id = company()
    land(organization_id, *YEARS)
    build(organization_id)
    land(organization_id, *YEARS[:2], replace(YEARS[2], vouchers=(*YEARS[2].vouchers, OWN_VOUCHER)))
    with monkeypatch.context() as patch:
        patch.setattr("saldo.warehouse.build._check", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build(organization_id)
    build(organization_id)
    assert warehouse.rows("select count(*) from mart.fct_ledger_row where debit_amount = 120") == [(1,)]


def edited(year: Year, chance: random.Random) -> Year:
    """The year after somebody booked, changed, struck or took away something, or named a new object."""
    vouchers = list(year.vouchers)
    place = chance.randrange(len(vouchers))
    one = vouchers[place]
    what = chance.choice(("booked", "changed", "struck", "taken away", "new object", "opening", "moved"))
    if what == "booked":
        vouchers.append(Voucher(one.date, one.rows, one.series))
    elif what == "changed":
        twice = tuple(replace(row, amount=row.amount * 2) for row in one.rows)
        vouchers[place] = replace(one, rows=twice)
    elif what == "struck":
        struck = tuple(replace(row, is_struck=True) for row in one.rows)
        vouchers[place] = replace(one, rows=(*struck, *one.rows))
    elif what == "taken away":
        del vouchers[place]
    elif what == "new object":
        rows = tuple(
            replace(row, cost_center=f"C{chance.randrange(9)}", project=f"P{chance.randrange(9)}")
            for row in one.rows
        )
        vouchers[place] = replace(one, rows=rows)
    elif what == "opening":
        return replace(year, opening={**year.opening, "1930": str(chance.randrange(9999)), "2081": "-1"})
    else:
        vouchers[place] = replace(one, date=f"{year.start[:4]}-{chance.randrange(1, 13):02}-11")
    return replace(year, vouchers=tuple(vouchers))


@pytest.mark.parametrize("seed", range(6))
def test_build_after_build_comes_to_what_one_build_comes_to(warehouse: Warehouse, seed: int) -> None:
    chance = random.Random(seed)
    organization_id = company()
    years = list(YEARS)
    land(organization_id, *years)
    build(organization_id)
    for _ in range(5):
        place = chance.randrange(len(years))
        years[place] = edited(years[place], chance)
        land(organization_id, *years)
        if chance.random() < 0.2:
            warehouse.execute("delete from control.arrangement")
            warehouse.execute(
                "insert into control.arrangement values (%s, %s, 5999, 'personnel_cost')",
                [organization_id, chance.randrange(5000, 5999)],
            )
        if chance.random() < 0.2:
            warehouse.execute(
                "insert into control.statement_policy values (%s, %s) on conflict (organization_id) "
                "do update set opening_policy = excluded.opening_policy",
                [organization_id, chance.choice(("reported", "rolled"))],
            )
        assert build(organization_id).built
    step_by_step = warehouse.dump("mart")

    everything_anew(organization_id)

    assert warehouse.dump("mart") == step_by_step
    assert sum(Decimal(row[0]) for row in warehouse.rows("select amount from mart.fct_ledger_row")) == 0
