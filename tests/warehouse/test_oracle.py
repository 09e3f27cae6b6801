"""The demo companies through the whole pipeline, held against the vouchers that they were made of.

The vouchers are the sandbox's own objects: what is between them and the statements (SIE writer and reader,
landing, staging, marts) is all under test.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from saldo.database import Role, connect
from saldo.pipeline.explain import as_text, explain
from saldo.warehouse.landing import stored_sie
from sandbox.books import LedgerYear
from sandbox.demo import demo_companies
from sandbox.made_up import CompanySpecification, make_up
from tests.sandbox.process import running_sandbox
from tests.support import Warehouse, connect_companies, dag_of, point_at_sandbox, run_until_done, without_pace
from tests.warehouse.books import Row, Voucher, Year
from tests.warehouse.test_marts import assert_statements_are_the_oracle_s

pytestmark = pytest.mark.database

COMPANIES = demo_companies(datetime.now(ZoneInfo("Europe/Stockholm")).date())


def kronor(ore: int) -> Decimal:
    return Decimal(ore) / 100


def told(year: LedgerYear) -> Year:
    """The year as the oracle reads it, from the sandbox's vouchers."""
    vouchers = tuple(
        Voucher(
            voucher.day,
            tuple(
                Row(str(row.account), kronor(row.amount), is_struck=row.mark == "struck")
                for row in voucher.rows
            ),
            voucher.series,
            str(voucher.number),
        )
        for voucher in year.vouchers.values()
    )
    opening = {str(account): str(kronor(amount)) for account, amount in year.opening().items()}
    budget = {(str(account), month): str(kronor(amount)) for (account, month), amount in year.budget.items()}
    return Year(year.id, str(year.start), str(year.end), vouchers, opening=opening, budget=budget)


@pytest.fixture(scope="module")
def landed(module_warehouse: Warehouse) -> dict[str, int]:
    """Tenant -> organization_id, each fetched whole, with every single record, and built."""
    with running_sandbox("--companies", "demo") as sandbox, pytest.MonkeyPatch.context() as patch:
        point_at_sandbox(sandbox, patch)
        without_pace(sandbox, patch)
        organizations = connect_companies(sandbox)
        for organization in organizations:
            assert run_until_done(dag_of(organization))[-1].errors == {}
    return {organization.tenant_id: organization.organization_id for organization in organizations}


@pytest.mark.parametrize("specification", COMPANIES, ids=lambda company: company.tenant_id)
def test_every_cell_of_every_year_is_the_oracle_s(
    specification: CompanySpecification, landed: dict[str, int], module_warehouse: Warehouse
) -> None:
    company = make_up(specification)
    years = [year for year in company.years if isinstance(year, LedgerYear)]
    assert len(years) == len(specification.years)

    told_years = [told(year) for year in years]
    assert_statements_are_the_oracle_s(module_warehouse, landed[specification.tenant_id], *told_years)


def test_checks_name_just_the_oddities_that_the_demo_companies_have(
    landed: dict[str, int], module_warehouse: Warehouse
) -> None:
    failing = module_warehouse.rows(
        "select distinct check_name, severity from control.check_result where failing > 0 order by 1"
    )
    # income spread over months while its VAT is of the first, and a voucher whose rows are all struck
    assert failing == [("vat_unlike_base", "warn"), ("voucher_empty", "warn")]


@pytest.mark.parametrize(
    "cell", ["income_statement/net_sales", "balance_sheet/trade_receivables", "cash_flow/cash_loans"]
)
def test_number_is_explained_down_to_the_lines_of_its_file_and_its_documents(
    cell: str, landed: dict[str, int], module_warehouse: Warehouse
) -> None:
    organization_id = landed["9000003"]
    with connect(Role.TRANSFORMER, organization_id) as connection:
        (year_id,) = connection.execute(
            "select financial_year_id from mart.dim_financial_year where end_date = '2025-12-31'"
        ).fetchone() or (None,)
        assert year_id is not None
        lines = stored_sie(connection, year_id).decode("cp437").splitlines()

    explanation = explain(organization_id, f"{cell}/2025-06")

    assert explanation.sources
    assert sum(source.amount for source in explanation.sources) == explanation.amount
    assert sum(explanation.by_account.values()) == explanation.amount
    for source in explanation.sources:
        assert source.sie_line is not None
        line = lines[source.sie_line - 1].strip()
        number = source.account.split()[0]
        if source.voucher:
            assert re.match(rf"#[BR]?TRANS {number} ", line), line
            assert f"{abs(source.amount):.2f}".rstrip("0").rstrip(".") in line
        else:
            assert line.startswith(f"#IB 0 {number} "), line
    if cell != "cash_flow/cash_loans":
        assert any(source.document.startswith("invoices ") for source in explanation.sources)
    assert as_text(explanation).startswith(f"{explanation.name}, jun 2025: ")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("balance_sheet/cash_bank", "is no cell"),
        ("balance/cash_bank/2025-03", "is no cell"),
        ("balance_sheet/cash_bank/2025-13", "is no cell"),
        ("balance_sheet/net_sales/2025-03", "There is no"),
        ("balance_sheet/cash_bank/1999-03", "There is no"),
    ],
)
def test_cell_that_is_none_is_refused_in_words(cell: str, reason: str, landed: dict[str, int]) -> None:
    with pytest.raises((ValueError, LookupError), match=reason):
        explain(landed["9000003"], cell)
