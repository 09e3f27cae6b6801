"""Given SIE files: served as they are, joined to companies, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.made_up import CompanySpecification, make_up
from sandbox.sie_files import SieFileError, read_companies
from tests.sandbox.callers import Fortnox
from tests.sandbox.conftest import TWIN
from tests.sandbox.process import free_port, running_sandbox, start


def sie(
    directory: Path,
    name: str,
    *,
    fnr: str = "4711",
    orgnr: str = "499900-0013",
    fnamn: str = "Åtta Öar AB",
    rar: str = "20240101 20241231",
    gen: str = "20250101",
    encoding: str = "cp437",
    extra: str = "",
) -> Path:
    """A small export of type 4."""
    text = f"""#FLAGGA 0
#FORMAT PC8
#SIETYP 4
#PROGRAM "Handskrivet"
#GEN {gen}
#FNR {fnr}
#ORGNR {orgnr}
#FNAMN "{fnamn}"
#RAR 0 {rar}
#KONTO 1930 "Företagskonto"
#SRU 1930 7281
#KONTO 0027 "Inget nummer i REST"
#KONTO\t3001\t"Försäljning \\"inom\\" landet"
#OBJEKT 1 "N" "Norr"
#OBJEKT 6 "7" "Bryggan"
#IB 0 1930 10.5
#IB -1 1930 5.00
#UB 0 1930 -89.51
#RES 0 3001 100.01
{extra}
#VER A 1 {rar[:8]} "Köp"
{{
#TRANS 1930 {{}} -100.01
#TRANS 3001 {{"1" "N"}} 100.01
}}
"""
    path = directory / name
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return path


def test_a_given_file_comes_back_byte_for_byte_with_its_lists(tmp_path: Path) -> None:
    first = sie(tmp_path, "first.se", encoding="latin-1", extra="#BTRANS trasig rad \x00\x1a")
    second = sie(tmp_path, "second.SI", rar="20250101 20250831", fnr="")
    with running_sandbox("--sie", str(first), "--sie", str(second)) as sandbox:
        (company,) = sandbox.companies()
        assert company["tenant_id"] == "4711"
        assert company["name"] == "Åtta Öar AB"
        assert company["organization_number"] == "499900-0013"
        assert company["financial_years"] == [
            {"id": 202401, "from": "2024-01-01", "to": "2024-12-31"},
            {"id": 202501, "from": "2025-01-01", "to": "2025-08-31"},
        ]
        fortnox = Fortnox.of(sandbox, "4711")
        assert fortnox.get("sie/4?financialyear=202401").content == first.read_bytes()
        assert fortnox.get("sie/4?financialyear=202501").content == second.read_bytes()
        assert fortnox.get("sie/4").content == second.read_bytes()
        refused = fortnox.get("sie/2")
        assert refused.status_code == 400
        assert "SIE 4-fil" in refused.json()["ErrorInformation"]["message"]
        accounts = fortnox.json("accounts")["Accounts"]
        shown = ("Number", "Description", "SRU", "BalanceBroughtForward")
        assert [tuple(account[key] for key in shown) for account in accounts] == [
            (1930, "Företagskonto", 7281, 10.5),
            (3001, 'Försäljning "inom" landet', 0, 0),
        ]
        assert fortnox.json("accounts/1930")["Account"]["BalanceCarriedForward"] == -89.51
        assert [one["Code"] for one in fortnox.json("costcenters")["CostCenters"]] == ["N"]
        (voucher,) = fortnox.json("vouchers?financialyear=202501")["Vouchers"]
        assert (voucher["VoucherSeries"], voucher["VoucherNumber"], voucher["Description"]) == ("A", 1, "Köp")
        rows = fortnox.json("vouchers/A/1")["Voucher"]["VoucherRows"]
        assert [(row["Account"], row["Debit"], row["Credit"], row["CostCenter"]) for row in rows] == [
            (1930, 0, 100.01, ""),
            (3001, 100.01, 0, "N"),
        ]
        assert [one["Description"] for one in fortnox.json("projects")["Projects"]] == ["Bryggan"]
        assert fortnox.json("customers")["MetaInformation"]["@TotalResources"] == 0
        information = fortnox.json("companyinformation")["CompanyInformation"]
        assert (information["CompanyName"], information["DatabaseNumber"]) == ("Åtta Öar AB", 4711)
        with pytest.raises(Exception, match="409"):
            sandbox.admin("POST", "4711/vouchers")


def test_files_are_one_company_by_number_registration_or_name(tmp_path: Path) -> None:
    paths = [
        sie(tmp_path, "a.se", rar="20220101 20221231", fnr="7", orgnr="", fnamn="Gamla namnet AB"),
        sie(tmp_path, "b.se", rar="20230101 20231231", fnr="7", orgnr="", fnamn="Nya namnet AB"),
        sie(tmp_path, "c.se", rar="20240101 20241231", fnr="", orgnr="4999000013", fnamn="Nya namnet AB"),
        sie(tmp_path, "d.se", rar="20250101 20251231", fnr="", orgnr="499900-0013", fnamn="Nyaste namnet AB"),
        sie(tmp_path, "e.se", rar="20240101 20241231", fnr="8", orgnr="499900-0021", fnamn="Helt annat AB"),
    ]
    for order in (paths, paths[::-1]):
        several, alone = sorted(read_companies(order), key=lambda company: -len(company.years))
        assert [year.id for year in several.years] == [202201, 202301, 202401, 202501]
        assert (several.name, several.tenant_id) == ("Nyaste namnet AB", "7")
        assert (alone.name, alone.tenant_id) == ("Helt annat AB", "8")


def test_two_registrations_are_two_companies_whatever_else_they_share(tmp_path: Path) -> None:
    one = sie(tmp_path, "one.se", orgnr="499900-0013")
    other = sie(tmp_path, "other.se", orgnr="499900-0021")
    unknown = sie(tmp_path, "unknown.se", rar="20250101 20251231", orgnr="")
    companies = read_companies([one, other])
    assert len({company.tenant_id for company in companies}) == 2
    with pytest.raises(SieFileError, match=r"unknown\.se could be a year of Åtta Öar AB or of Åtta Öar AB"):
        read_companies([unknown, one, other])


def test_a_company_without_a_number_gets_one_that_stays(tmp_path: Path) -> None:
    path = sie(tmp_path, "a.se", fnr=r"C:\Program\SPCS", orgnr="000000-0000")
    later = sie(tmp_path, "b.se", rar="20250101 20251231", fnr="", orgnr="")
    (alone,), (together,) = read_companies([path]), read_companies([later, path])
    assert alone.tenant_id == together.tenant_id
    assert alone.tenant_id.isdigit()


def test_of_two_exports_of_a_year_the_later_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = sie(tmp_path, "older.se", gen="20250101")
    newer = sie(tmp_path, "newer.se", gen="20250601")
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "page.se").write_text("<html>404</html>")
    (company,) = read_companies([tmp_path, older])
    assert [year.sie(4, year.start) for year in company.years] == [newer.read_bytes()]
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"Left out: {tmp_path / 'page.se'} is not a SIE file.",
        f"Left out: {older} is older or holds less than {newer}.",
    ]


def test_what_cannot_be_served_is_refused_by_name_and_reason(tmp_path: Path) -> None:
    empty_folder = tmp_path / "empty"
    empty_folder.mkdir()
    files = {
        "type1.se": b"#FLAGGA 0\r\n#SIETYP 1\r\n#RAR 0 20240101 20241231\r\n",
        "untyped.se": b"#FLAGGA 0\r\n#RAR 0 20240101 20241231\r\n",
        "import.si": b'#FLAGGA 0\r\n#SIETYP 4\r\n#FNAMN "X"\r\n#VER A 1 20240101\r\n{\r\n}\r\n',
        "leap.se": b"#FLAGGA 0\r\n#SIETYP 4\r\n#RAR 0 20240101 20230229\r\n",
        "page.html": b"<!DOCTYPE html><html><title>404</title></html>",
        "empty.se": b"\r\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    year = sie(tmp_path, "year.se")
    same = sie(tmp_path, "same.se", extra='#KONTO 1940 "Annat"')
    overlapping = sie(tmp_path, "overlapping.se", rar="20240701 20250630")
    reasons = {
        (tmp_path / "type1.se",): "is a SIE file of type 1; export type 4, which holds the vouchers.",
        (tmp_path / "untyped.se",): "is a SIE file of type 1; export type 4, which holds the vouchers.",
        (tmp_path / "import.si",): "names no financial year (#RAR 0): it is an import file, not an export.",
        (tmp_path / "leap.se",): "has a financial year that is no date: #RAR 0 20240101 20230229.",
        (tmp_path / "page.html",): "is not a SIE file.",
        (tmp_path / "empty.se",): "is empty.",
        (tmp_path / "nowhere.se",): "does not exist.",
        (empty_folder,): "holds no SIE 4 file (.se, .si or .sie).",
        (same, year): "are the same year of Åtta Öar AB and made on the same day; give only one of them.",
        (year, overlapping): "but their financial years overlap; give only one of them.",
    }
    for paths, reason in reasons.items():
        with pytest.raises(SieFileError) as refusal:
            read_companies([*paths])
        assert str(refusal.value).startswith(str(paths[0]))
        assert str(refusal.value).endswith(reason)
        assert "\n" not in str(refusal.value)


def test_a_refused_file_ends_the_process_with_its_sentence_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html></html>")
    process = start(
        "--sie", str(page), port=free_port(), token_port=free_port(), directory=tmp_path / "state"
    )
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said == f"The sandbox cannot start: {page} is not a SIE file.\n"
    assert not (tmp_path / "state").exists()


def test_real_files_of_many_vendors_are_served_untouched(shared: Path) -> None:
    """Complete exports of five vendors and Fortnox's own, all at once."""
    names = [
        "fortnox2_type4.se", "BL0001_typ4.SE", "Bokslut_Norstedts_SIE_4E.se", "SIE4.se", "Test4.SE",
        "XE_SIE_4_20151125095119.SE", "magenta_bokföring_SIE4E.se",
    ]  # fmt: skip
    paths = [shared / "finance" / "sie" / name for name in names]
    companies = read_companies(paths)
    assert len(companies) == len(paths)
    served = {year.sie(4, year.start) for company in companies for year in company.years}
    assert served == {path.read_bytes() for path in paths}
    for company in companies:
        for year in company.years:
            listed = [voucher for voucher in year.vouchers.in_order() if voucher.rows]
            assert len(listed) > 3, company.name


def test_output_of_a_made_up_company_can_be_given_back(twin: Fortnox, tmp_path: Path) -> None:
    path = tmp_path / "given.se"
    path.write_bytes(twin.get("sie/4?financialyear=2").content)
    (company,) = read_companies([path])
    accounts = twin.json("accounts?financialyear=2")["Accounts"]
    (year,) = company.years
    opening = {account: amount / 100 for account, amount in year.opening().items() if amount}
    assert opening == {
        one["Number"]: one["BalanceBroughtForward"] for one in accounts if one["BalanceBroughtForward"]
    }
    assert company.name == "Tvilling Åkeri AB"
    assert len(company.projects) == 12
    twins = make_up(CompanySpecification.model_validate({**TWIN, "tenant_id": "101", "name": company.name}))
    (made,) = (one for one in twins.years if one.id == 2)
    assert year.vouchers.keys() == made.vouchers.keys()
    for key, voucher in made.vouchers.items():
        given = year.vouchers[key]
        rows = tuple(
            row._replace(sign="", mark="struck" if row.mark == "struck" else "") for row in voucher.rows
        )
        assert (given.day, given.registered, given.text, given.rows) == (
            voucher.day,
            voucher.registered,
            voucher.text,
            rows,
        )
