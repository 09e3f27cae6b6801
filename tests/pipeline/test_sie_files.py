"""Years of a company from before it was on Fortnox, taken from SIE files."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from saldo.cli import main
from saldo.database import Connection, Role, connect
from saldo.pipeline.sie_files import LARGEST_FILE, Fate, File, RefusedFilesError, look, summarize, take
from saldo.warehouse import landing
from saldo.warehouse.build import build
from saldo.warehouse.landing import FinancialYear
from tests.pipeline.conftest import Company
from tests.support import Warehouse
from tests.warehouse.books import Year, day, land, voucher
from tests.warehouse.books import company as made_up

pytestmark = pytest.mark.database

OWN_FILES = Path(__file__).parents[1] / "fortnox" / "sie_files"
_tenants = itertools.count(100)


@pytest.fixture
def tenant(module_warehouse: Warehouse) -> int:
    return next(_tenants)


@pytest.fixture
def organization_id(tenant: int) -> int:
    return made_up(tenant)


def books(
    tenant: int,
    start: str = "20230101",
    end: str = "20231231",
    *,
    opening: int = 0,
    sales: int = 1000,
    name: str = "Påhittade Bolaget AB",
    more: str = "",
    encoding: str = "cp437",
) -> bytes:
    """A year with one sale that is paid into the bank."""
    return f"""#FLAGGA 0
#PROGRAM "Provbok" 1
#FORMAT PC8
#GEN 20240101
#SIETYP 4
#FNAMN "{name}"
#ORGNR 556{tenant:03}-0000
#RAR 0 {start} {end}
#KONTO 1930 "Företagskonto"
#KONTO 2099 "Årets resultat"
#KONTO 3004 "Försäljning"
#IB 0 1930 {opening}
#IB 0 2099 {-opening}
#UB 0 1930 {opening + sales}
#UB 0 2099 {-opening}
#RES 0 3004 {-sales}
{more}
#VER A 1 {start} "Kontantförsäljning å"
{{
#TRANS 1930 {{}} {sales}
#TRANS 3004 {{}} {-sales}
}}
""".encode(encoding)


def file_years(connection: Connection) -> list[FinancialYear]:
    return [year for year in landing.ledger_years(connection) if year.financial_year_id < 0]


def landed(organization_id: int) -> int:
    with connect(Role.LOADER, organization_id) as connection:
        return landing.versions(connection).landed


def failing(organization_id: int) -> set[str]:
    return {check.name for check in build(organization_id).checks if check.failing}


def sales_by_year(warehouse: Warehouse, organization_id: int) -> dict[str, Decimal]:
    return dict(
        warehouse.rows(
            "select y.start_date::text, -sum(r.amount) from mart.fct_ledger_row as r "
            "join mart.dim_financial_year as y using (organization_id, financial_year_key) "
            "join mart.dim_account as a using (organization_id, account_key) "
            "where r.organization_id = %s and a.account_number = '3004' group by 1",
            [organization_id],
        )
    )


FORTNOX_YEAR = Year(
    7,
    "2024-01-01",
    "2024-12-31",
    (voucher("2024-02-01", ("1930", "50"), ("3004", "-50")),),
    opening={"1930": "1000", "2099": "-1000"},
)
LISTED = {"financialyears": [{"Id": 7, "FromDate": "2024-01-01", "ToDate": "2024-12-31"}]}


def test_a_year_of_a_file_stands_beside_those_of_fortnox(
    module_warehouse: Warehouse, tenant: int, organization_id: int
) -> None:
    land(organization_id, FORTNOX_YEAR, documents=LISTED)
    before = landed(organization_id)
    (summary,) = take(organization_id, [File("2023.se", books(tenant))])

    assert (summary.fate, summary.company, summary.encoding) == (
        Fate.TAKEN,
        "Påhittade Bolaget AB",
        "cp437",
    )
    assert (summary.vouchers, summary.rows, summary.debit, summary.credit) == (1, 2, 1000, 1000)
    assert landed(organization_id) > before
    # that 2024 opens with what 2023 closed with is a check, and it holds across the two
    assert failing(organization_id) == set()
    assert sales_by_year(module_warehouse, organization_id) == {"2023-01-01": 1000, "2024-01-01": 50}


def test_an_opening_unlike_the_closing_of_the_file_is_found(tenant: int, organization_id: int) -> None:
    land(organization_id, FORTNOX_YEAR, documents=LISTED)
    take(organization_id, [File("2023.se", books(tenant))])
    fine = failing(organization_id)
    take(organization_id, [File("2023.se", books(tenant, sales=999))])
    assert failing(organization_id) - fine == {"opening_unlike_closing"}


def test_looking_takes_nothing(tenant: int, organization_id: int) -> None:
    before = landed(organization_id)
    assert [each.fate for each in look(organization_id, [File("a.se", books(tenant))])] == [Fate.TAKEN]
    assert landed(organization_id) == before
    with connect(Role.LOADER, organization_id) as connection:
        assert file_years(connection) == []


def test_the_same_file_again_changes_nothing(tenant: int, organization_id: int) -> None:
    take(organization_id, [File("a.se", books(tenant))])
    before = landed(organization_id)
    take(organization_id, [File("renamed.se", books(tenant).replace(b"#GEN 20240101", b"#GEN 20240202"))])
    assert landed(organization_id) == before


def test_a_corrected_file_replaces_the_year_and_keeps_what_it_was(
    module_warehouse: Warehouse, tenant: int, organization_id: int
) -> None:
    take(organization_id, [File("a.se", books(tenant))])
    take(organization_id, [File("b.se", books(tenant, sales=1200))])
    build(organization_id)
    assert sales_by_year(module_warehouse, organization_id) == {"2023-01-01": 1200}
    kept = module_warehouse.rows(
        "select amount, valid_to = 'infinity' from landing.voucher_row "
        "where organization_id = %s and account_number = '1930' order by 1",
        [organization_id],
    )
    assert kept == [(1000, False), (1200, True)]


@pytest.mark.parametrize("documents", [LISTED, {}], ids=["listed", "listed no more"])
def test_a_year_that_fortnox_has_stays_fortnoxs(
    tenant: int, organization_id: int, documents: dict[str, list[dict[str, Any]]]
) -> None:
    land(organization_id, FORTNOX_YEAR, documents=documents)
    before = landed(organization_id)
    (summary,) = take(organization_id, [File("a.se", books(tenant, "20240101", "20241231"))])
    assert summary.fate is Fate.FORTNOX
    assert landed(organization_id) == before


def test_fortnox_having_the_year_later_ends_that_of_the_file(
    module_warehouse: Warehouse, tenant: int, organization_id: int
) -> None:
    take(organization_id, [File("2022.se", books(tenant, "20220101", "20221231"))])
    take(organization_id, [File("2023.se", books(tenant))])
    with connect(Role.LOADER, organization_id) as connection:
        year = FinancialYear(3, day("2023-01-01"), day("2023-12-31"))
        assert landing.close_file_years(connection, year) == 1
        assert landing.close_file_years(connection, year) == 0
        landing.advance_landed(connection)
        assert [each.start_date for each in file_years(connection)] == [day("2022-01-01")]
    build(organization_id)
    assert sales_by_year(module_warehouse, organization_id) == {"2022-01-01": 1000}
    # what it was can still be read
    assert module_warehouse.rows(
        "select count(*) from landing.voucher where organization_id = %s and valid_to < 'infinity'",
        [organization_id],
    ) == [(1,)]


def test_runs_leave_a_year_of_a_file_alone_until_fortnox_gives_that_year(company: Company) -> None:
    organization_id = company.organization.organization_id
    given = [
        File(f"{year}.se", books(1, f"{year}0101", f"{year}1231", opening=opening))
        for year, opening in ((2022, 0), (2023, 1000))
    ]
    take(organization_id, given, is_other_number=True)
    for run_id in ("first", "next"):
        for run in company.run(run_id):
            assert run.errors == {}
        years = company.warehouse.rows(
            "select start_date::text, financial_year_id from mart.dim_financial_year order by 1"
        )
        assert years == [
            ("2022-01-01", -20220101),
            ("2023-01-01", 3),
            ("2024-01-01", 1),
            ("2025-01-01", 2),
            ("2026-01-01", 7),
        ]
        company.a_day_later()
    (late,) = take(organization_id, given[1:], is_other_number=True)
    assert late.fate is Fate.FORTNOX


def refusals(organization_id: int, *files: bytes) -> list[str]:
    given = [File(f"{number}.se", data) for number, data in enumerate(files)]
    with pytest.raises(RefusedFilesError):
        take(organization_id, given)
    with connect(Role.LOADER, organization_id) as connection:
        assert file_years(connection) == []
    return [each.reason for each in look(organization_id, given) if each.fate is Fate.REFUSED]


def test_years_that_overlap_are_refused(tenant: int, organization_id: int) -> None:
    land(organization_id, FORTNOX_YEAR, documents=LISTED)
    (reason,) = refusals(organization_id, books(tenant, "20230701", "20240630"))
    assert "2024-01-01 to 2024-12-31, which Fortnox has" in reason
    one, other = refusals(organization_id, books(tenant), books(tenant, "20230701", "20231231"))
    assert one == other == "The file's year overlaps that of another of the files: years do not overlap"
    assert len(refusals(organization_id, books(tenant), books(tenant, sales=7))) == 2


def test_a_broken_year_overlapping_a_file_taken_before_is_refused(tenant: int, organization_id: int) -> None:
    take(organization_id, [File("a.se", books(tenant, "20220701", "20230630"))])
    (summary,) = look(organization_id, [File("b.se", books(tenant, "20220701", "20221231"))])
    assert "which a file taken before has" in summary.reason


def test_one_bad_file_keeps_the_good_ones_out(tenant: int, organization_id: int) -> None:
    assert len(refusals(organization_id, books(tenant), b"%PDF-1.7")) == 1


def test_a_file_of_another_company_needs_a_decision(tenant: int, organization_id: int) -> None:
    for other in (books(tenant + 500), books(tenant).replace(f"556{tenant}-0000".encode(), b"")):
        (reason,) = refusals(organization_id, other)
        assert "another organization number" in reason
        assert "556" not in reason
    take(organization_id, [File("a.se", books(tenant + 500))], is_other_number=True)


def test_a_number_with_its_century_is_the_same_number(tenant: int, organization_id: int) -> None:
    long = books(tenant).replace(f"556{tenant}-0000".encode(), f"16556{tenant}0000".encode())
    assert [each.fate for each in look(organization_id, [File("a.se", long)])] == [Fate.TAKEN]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n", "not SIE"),
        (b"PK\x03\x04\x00\x00", "not SIE"),
        (b"<!doctype html><html><body>Not found</body></html>", "HTML"),
        (books(1).replace(b"#SIETYP 4", b"#SIETYP 1"), "type 1"),
        (books(1).replace(b"#RAR 0", b"#RAR -1"), "which financial year"),
        (books(1, more="#VALUTA EUR"), "another currency"),
        ((OWN_FILES / "import_4i.si").read_bytes(), ""),
    ],
)
def test_what_cannot_be_taken_is_told_in_a_sentence(data: bytes, reason: str) -> None:
    summary = summarize(File("x", data))
    assert summary.fate is Fate.REFUSED
    assert reason in summary.reason
    assert summary.reason


def test_too_large_a_file_is_not_read() -> None:
    assert "100 MB" in summarize(File("x", b"#FLAGGA 0\n" + bytes(LARGEST_FILE))).reason


@pytest.mark.parametrize("encoding", ["cp437", "latin-1", "utf-8"])
def test_letters_are_right_in_any_code_page(encoding: str) -> None:
    summary = summarize(File("x", books(1, encoding=encoding)))
    assert (summary.company, summary.encoding) == ("Påhittade Bolaget AB", encoding)


def test_what_is_odd_is_counted() -> None:
    odd = summarize(File("x", (OWN_FILES / "contradicting.se").read_bytes()))
    assert odd.contradictions
    struck = summarize(File("x", (OWN_FILES / "fortnox_3.se").read_bytes()))
    assert (struck.vouchers, struck.struck_rows, struck.unbalanced) == (6, 3, 0)
    lame = summarize(File("x", books(1).replace(b"#TRANS 3004 {} -1000", b"#TRANS 3004 {} -900")))
    assert lame.unbalanced == 1


def test_a_terminal_obeys_nothing_in_a_name() -> None:
    assert "\x1b" not in summarize(File("x", books(1, name="A\x1b[2JB"))).company


def test_on_the_command_line(
    tenant: int, organization_id: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "2023.se"
    file.write_bytes(books(tenant))
    assert main(["sie", "look", f"fortnox__{tenant}", str(file)]) == 0
    with connect(Role.LOADER, organization_id) as connection:
        assert file_years(connection) == []
    assert main(["sie", "take", f"fortnox__{tenant}", str(file)]) == 0
    assert "Påhittade Bolaget AB" in capsys.readouterr().out
    with connect(Role.LOADER, organization_id) as connection:
        assert [each.financial_year_id for each in file_years(connection)] == [-20230101]
    file.write_bytes(b"%PDF-1.7")
    assert main(["sie", "take", str(tenant), str(file)]) == 1
    assert "2023.se: The file is not SIE" in capsys.readouterr().err


@pytest.mark.slow
def test_every_real_file_is_taken_and_balances_or_is_refused(
    module_warehouse: Warehouse, shared: Path
) -> None:
    fates = []
    for path in sorted((shared / "finance" / "sie").glob("*.[sS][eEiI]")):
        organization_id = made_up(next(_tenants) + 300)
        file = File(path.name, path.read_bytes())
        (summary,) = look(organization_id, [file], is_other_number=True)
        fates.append(summary.fate)
        if summary.fate is Fate.REFUSED:
            assert summary.reason
            continue
        take(organization_id, [file], is_other_number=True)
        # raises where a stop check fails, and assets less equity, debts and result is one
        build(organization_id)
    assert fates.count(Fate.TAKEN) > 10
    assert fates.count(Fate.REFUSED) > 10
