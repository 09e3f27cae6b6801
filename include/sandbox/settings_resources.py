"""The small registers and the settings of a company: a few records each, which hardly ever change.

Field names and order follow recorded answers (units) and the public API description (the rest). The names of
predefined voucher series and accounts, and which lists know no ``limit``, come from public client libraries
that were tested against the real API. The records are the same in every company and count as entered before
all books, except voucher series, which follow a year's vouchers, and the locked period, which is a setting
of the sandbox (state.Settings.locked_until).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from sandbox.books import Company, LedgerYear, Year
from sandbox.resource import API, Json, Resource, View, iso_day, text_or_null
from sandbox.state import State

_ENTERED = datetime(2020, 1, 1, 12)  # noqa: DTZ001 (Swedish local time, as Fortnox compares it)

_SERIES = {
    "A": "Redovisning",
    "B": "Kundfakturor",
    "C": "Kundinbetalningar",
    "D": "Leverantörsfakturor",
    "E": "Leverantörsbetalningar",
    "F": "Kontantförsäljning",
    "I": "Bankhändelser",
    "K": "Periodiseringar",
    "L": "Kortköp",
    "M": "Momsredovisning",
}
_PREDEFINED_SERIES = {
    "ANL": "A",
    "CASHINVOICE": "F",
    "INVOICE": "B",
    "INVOICEACCRUAL": "K",
    "INVOICEPAYMENT": "C",
    "SALARY": "A",
    "SUPPLIERINVOICE": "D",
    "SUPPLIERINVOICEACCRUAL": "K",
    "SUPPLIERINVOICEPAYMENT": "E",
    "VAT": "M",
}
_CURRENCIES = (  # code, name, rates for buying and selling, units that they are for
    ("DKK", "Danska kronor", 1.49, 1.51, 1),
    ("EUR", "Euro", 11.1, 11.3, 1),
    ("GBP", "Engelska pund", 13.05, 13.25, 1),
    ("JPY", "Japanska yen", 6.8, 7, 100),
    ("NOK", "Norska kronor", 0.95, 0.97, 1),
    ("SEK", "Svenska kronor", 1, 1, 1),
    ("USD", "Amerikanska dollar", 10.2, 10.4, 1),
)


def _register(
    path: str,
    list_key: str,
    single_key: str,
    not_found: tuple[str, int],
    records: Iterable[Json],
    *,
    sorts: Iterable[str] = (),
    heeds_lastmodified: bool = False,
    limited: bool = True,
    counted: bool = True,
) -> Resource[Json]:
    """A register of unchanging records; the first field of each is its key."""

    def key(record: Json) -> str:
        return str(next(iter(record.values())))

    def written(_view: View, record: Json) -> Json:
        return {"@url": f"{API}/{path}/{quote(key(record), safe='')}", **dict(sorted(record.items()))}

    in_order = sorted(records, key=key)
    by_field = {name.lower(): itemgetter(name) for name in sorts}
    return Resource[Json](
        path,
        list_key,
        single_key,
        records=lambda _view: list(in_order),
        listed=written,
        single=written,
        key=key,
        not_found=not_found,
        sorts=by_field,
        modified=(lambda _record: _ENTERED) if heeds_lastmodified else None,
        limited=limited,
        counted=counted,
    )


def _codes(names: Mapping[str, str], **more: Mapping[str, str]) -> list[Json]:
    """Records of Code and Description, and of what else is known by code."""
    return [
        {
            "Code": code,
            "Description": name,
            **{field: known.get(code, "") for field, known in more.items()},
        }
        for code, name in names.items()
    ]


_last_numbers: WeakKeyDictionary[LedgerYear, tuple[tuple[int, ...], dict[str, int]]] = WeakKeyDictionary()


def _last_number_by_series(year: Year) -> dict[str, int]:
    """The last voucher number of each series that the year uses; looked up again after a change."""
    if not isinstance(year, LedgerYear):
        vouchers = re.findall(rb'^\s*#VER\s+"?([^\s"]+)"?\s+"?(\d+)', year.sie(4, year.end) or b"", re.M)
        return _highest((series.decode("cp437"), int(number)) for series, number in vouchers)
    known = _last_numbers.get(year)
    if known is None or known[0] != year.state:
        known = (year.state, _highest(year.vouchers))
        _last_numbers[year] = known
    return known[1]


def _highest(vouchers: Iterable[tuple[str, int]]) -> dict[str, int]:
    last: dict[str, int] = {}
    for series, number in vouchers:
        last[series] = max(number, last.get(series, 0))
    return last


def _voucher_series(view: View) -> list[str]:
    return sorted(_SERIES.keys() | _last_number_by_series(view.year))


def _listed_series(view: View, code: str) -> Json:
    return {
        "@url": f"{API}/voucherseries/{quote(code, safe='')}?financialyear={view.year.id}",
        "Approver": None,
        "Code": code,
        "Description": _SERIES.get(code, f"Verifikationsserie {code}"),
        "Manual": code == "A" or code not in _SERIES,
        "Year": view.year.id,
    }


def _series(view: View, code: str) -> Json:
    next_number = _last_number_by_series(view.year).get(code, 0) + 1
    return {**_listed_series(view, code), "NextVoucherNumber": next_number}


_LABELS = {1: "Bevaka", 2: "Export", 3: "Återkommande"}

SETTINGS: tuple[Resource[Any], ...] = (
    Resource[str](
        "voucherseries",
        "VoucherSeriesCollection",
        "VoucherSeries",
        records=_voucher_series,
        listed=_listed_series,
        single=_series,
        key=lambda code: code,
        not_found=("Kan inte hitta verifikationsserien.", 2000451),
        sorts={"code": lambda code: code},
        modified=lambda _code: _ENTERED,
    ),
    _register(
        "predefinedvoucherseries",
        "PreDefinedVoucherSeriesCollection",
        "PreDefinedVoucherSeries",
        ("Kan inte hitta den fördefinierade verifikationsserien.", 2000452),
        [{"Name": name, "VoucherSeries": code} for name, code in _PREDEFINED_SERIES.items()],
        limited=False,
    ),
    _register(
        "predefinedaccounts",
        "PreDefinedAccounts",
        "PreDefinedAccount",
        ("Kan inte hitta det fördefinierade kontot.", 2000453),
        [
            {"Name": name, "Account": account}
            for name, account in {
                "BG": 1930,
                "CONSTRUCTION_DEB": 2647,
                "PG": 1930,
                "PRODUCT_DEB": 2645,
            }.items()
        ],
        limited=False,
    ),
    _register(
        "currencies",
        "Currencies",
        "Currency",
        ("Kan inte hitta valutan.", 2000454),
        [
            {
                "Code": code,
                "BuyRate": buy,
                "Date": "2020-01-01",
                "Description": name,
                "IsAutomatic": False,
                "SellRate": sell,
                "Unit": unit,
            }
            for code, name, buy, sell, unit in _CURRENCIES
        ],
        sorts=["Code"],
    ),
    _register(
        "units",
        "Units",
        "Unit",
        ("Kan inte hitta enheten.", 2000432),
        _codes(
            {"förp": "förpackning", "h": "timmar", "km": "kilometer", "m²": "kvadratmeter", "st": "styck"},
            CodeEnglish={"förp": "pack", "h": "h", "km": "km", "st": "pcs"},
        ),
        sorts=["Code"],
        heeds_lastmodified=True,
        limited=False,
    ),
    Resource[int](
        "labels",
        "Labels",
        "Label",
        records=lambda _view: list(_LABELS),
        listed=lambda _view, number: {"Description": _LABELS[number], "Id": number},
        single=lambda _view, number: {"Description": _LABELS[number], "Id": number},
        key=lambda _number: "",  # there is no single GET of a label
        not_found=("Resursen finns inte.", 2000762),
        limited=False,
    ),
    _register(
        "modesofpayments",
        "ModesOfPayments",
        "ModeOfPayment",
        ("Kan inte hitta betalningssättet.", 2000455),
        _codes(
            {"BG": "Bankgiro", "KONTANT": "Kontant", "KORT": "Kort", "PG": "Plusgiro"},
            AccountNumber={"BG": "1930", "KONTANT": "1910", "KORT": "1930", "PG": "1930"},
        ),
        sorts=["Code"],
    ),
    _register(
        "termsofpayments",
        "TermsOfPayments",
        "TermsOfPayment",
        ("Kan inte hitta betalningsvillkoret.", 2000429),
        _codes(
            {
                "0": "Kontant",
                "10": "10 dagar",
                "14": "14 dagar",
                "20": "20 dagar",
                "30": "30 dagar",
                "60": "60 dagar",
                "90": "90 dagar",
                "FB": "Förskottsbetalning",
            }
        ),
        sorts=["Code"],
        heeds_lastmodified=True,
    ),
    _register(
        "termsofdeliveries",
        "TermsOfDeliveries",
        "TermsOfDelivery",
        ("Kan inte hitta leveransvillkoret.", 2000456),
        _codes(
            {"FK": "Fritt kund", "FVL": "Fritt vårt lager"},
            DescriptionEnglish={"FK": "Delivered", "FVL": "Ex works"},
        ),
        sorts=["Code"],
        heeds_lastmodified=True,
        limited=False,
        counted=False,
    ),
    _register(
        "wayofdeliveries",
        "WayOfDeliveries",
        "WayOfDelivery",
        ("Kan inte hitta leveranssättet.", 2000457),
        _codes(
            {"BIL": "Egen bil", "HÄMT": "Hämtas", "POST": "Post"},
            DescriptionEnglish={"BIL": "Own car", "POST": "Mail"},
        ),
        sorts=["Code"],
    ),
)
"""Their entries in the catalogue. Codes of "not found" that no recording shows are made up."""


def company_settings(_state: State, company: Company) -> Json:
    """settings/company: what companyinformation says and more, with DatabaseNumber as a text."""
    said = {
        "Address": text_or_null(company.address),
        "City": text_or_null(company.city),
        "Country": "Sverige",
        "CountryCode": "SE",
        "DatabaseNumber": company.tenant_id,
        "Name": company.name,
        "OrganizationNumber": company.organization_number,
        "TaxEnabled": True,
        "ZipCode": text_or_null(company.zip_code),
    }
    unsaid = (
        "BG", "BIC", "BranchCode", "ContactFirstName", "ContactLastName", "Domicile", "Email", "Fax", "IBAN",
        "PG", "Phone1", "Phone2", "VATNumber", "VisitAddress", "VisitCity", "VisitCountry",
        "VisitCountryCode", "VisitName", "VisitZipCode", "WWW",
    )  # fmt: skip
    return {"CompanySettings": dict(sorted({**dict.fromkeys(unsaid), **said}.items()))}


def locked_period(state: State, company: Company) -> Json:
    """settings/lockedperiod: no date is no lock."""
    return {"LockedPeriod": {"EndDate": iso_day(state.settings.locked_until.get(company.tenant_id))}}


OBJECTS: dict[str, Callable[[State, Company], Json]] = {
    "settings/company": company_settings,
    "settings/lockedperiod": locked_period,
}
"""What is one object and no list, by its path."""
