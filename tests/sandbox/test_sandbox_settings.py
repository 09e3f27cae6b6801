"""The small registers: which page, which say when they changed, and what follows a company's books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.callers import Fortnox
from tests.sandbox.process import Sandbox, running_sandbox

KEYS = {
    "currencies": ("Currencies", "Code"),
    "modesofpayments": ("ModesOfPayments", "Code"),
    "termsofpayments": ("TermsOfPayments", "Code"),
    "termsofdeliveries": ("TermsOfDeliveries", "Code"),
    "wayofdeliveries": ("WayOfDeliveries", "Code"),
    "units": ("Units", "Code"),
    "predefinedaccounts": ("PreDefinedAccounts", "Name"),
    "predefinedvoucherseries": ("PreDefinedVoucherSeriesCollection", "Name"),
    "labels": ("Labels", "Id"),
}
UNLIMITED = {"units", "predefinedaccounts", "predefinedvoucherseries", "labels", "termsofdeliveries"}
HEEDING = {"units", "termsofpayments", "termsofdeliveries", "voucherseries"}


def listed(fortnox: Fortnox, path: str, query: str = "") -> list[Any]:
    found: list[Any] = fortnox.json(f"{path}{query}")[KEYS[path][0]]
    return found


@pytest.mark.parametrize("path", KEYS)
def test_a_small_register_is_listed_in_order_and_read_one_by_one(twin: Fortnox, path: str) -> None:
    key = KEYS[path][1]
    records = listed(twin, path)
    assert [record[key] for record in records] == sorted(record[key] for record in records)
    if path == "labels":
        assert twin.get("labels/1").status_code == 404
        return
    for record in records:
        assert next(iter(twin.json(f"{path}/{record[key]}").values())) == record
        assert record["@url"].startswith(f"https://api.fortnox.se/3/{path}/")
    assert twin.get(f"{path}/finns inte").status_code == 404


@pytest.mark.parametrize("path", KEYS)
def test_some_lists_know_no_limit_and_repeat_themselves(twin: Fortnox, path: str) -> None:
    whole = twin.json(path)
    second = twin.get(f"{path}?limit=1&page=2")
    if path in UNLIMITED:
        assert second.json() == whole
    else:
        assert second.json()[KEYS[path][0]] == whole[KEYS[path][0]][1:2]
        assert second.json()["MetaInformation"]["@CurrentPage"] == 2
    assert ("MetaInformation" in whole) == (path != "termsofdeliveries")


@pytest.mark.parametrize("path", [*KEYS, "voucherseries"])
def test_lastmodified_is_heeded_where_it_is_known_to_be(twin: Fortnox, path: str) -> None:
    def count(query: str = "") -> int:
        return len(next(value for value in twin.json(f"{path}{query}").values() if isinstance(value, list)))

    assert count("?lastmodified=2000-01-01") == count() > 0
    assert count("?lastmodified=2100-01-01") == (0 if path in HEEDING else count())


def test_voucher_series_belong_to_a_year_and_follow_its_vouchers(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    fortnox = Fortnox.of(sandbox, tenant)
    series = fortnox.json("voucherseries?financialyear=1")["VoucherSeriesCollection"]
    assert [one["Code"] for one in series] == ["A", "B", "C", "D", "E", "F", "I", "K", "L", "M"]
    assert {one["Year"] for one in series} == {1}
    booked = sandbox.admin("POST", f"{tenant}/vouchers", {"series": "A"})["number"]
    assert fortnox.json("voucherseries/A")["VoucherSeries"]["NextVoucherNumber"] == booked + 1
    sandbox.admin("POST", f"{tenant}/vouchers", {"series": "Z", "number": 7})
    other = fortnox.json("voucherseries/Z")["VoucherSeries"]
    assert (other["NextVoucherNumber"], other["Manual"]) == (8, True)
    assert fortnox.get("voucherseries/Y").status_code == 404
    assert fortnox.get("voucherseries?financialyear=4711").status_code == 400


def test_a_given_file_has_the_series_of_its_vouchers(tmp_path: Path) -> None:
    (tmp_path / "given.se").write_bytes(
        b"#FLAGGA 0\r\n#FORMAT PC8\r\n#SIETYP 4\r\n#FNAMN \"Given AB\"\r\n#ORGNR 499900-0001\r\n"
        b"#RAR 0 20250101 20251231\r\n#KONTO 1930 \"Bank\"\r\n#KONTO 6110 \"Papper\"\r\n"
        b"#VER X 4 20250301 \"Papper\"\r\n{\r\n#TRANS 6110 {} 100\r\n#TRANS 1930 {} -100\r\n}\r\n"
    )  # fmt: skip
    with running_sandbox("--sie", str(tmp_path / "given.se")) as sandbox:
        tenant = sandbox.companies()[0]["tenant_id"]
        series = Fortnox.of(sandbox, tenant).json("voucherseries/X")["VoucherSeries"]
        assert (series["NextVoucherNumber"], series["Manual"]) == (5, True)


def test_settings_of_a_company_are_objects(spare: tuple[Sandbox, str]) -> None:
    sandbox, tenant = spare
    fortnox = Fortnox.of(sandbox, tenant)
    assert fortnox.json("settings/company")["CompanySettings"]["DatabaseNumber"] == tenant
    assert fortnox.json("settings/lockedperiod") == {"LockedPeriod": {"EndDate": None}}
    sandbox.admin("POST", "settings", {"locked_until": {tenant: "2025-06-30"}})
    assert fortnox.json("settings/lockedperiod/") == {"LockedPeriod": {"EndDate": "2025-06-30"}}
    assert fortnox.get("settings").status_code == 404
    assert fortnox.get("settings/colour").status_code == 404
