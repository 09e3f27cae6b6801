"""SIE 1-4 as its readers rely on it: on files made for the tests, and on the vendors' where there are any."""

from __future__ import annotations

import datetime
import random
import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest

from saldo.fortnox import sie
from saldo.fortnox.sie import (
    Account,
    AccountType,
    AccountUnit,
    Balance,
    Contradiction,
    Dimension,
    Fault,
    Identification,
    NotSie,
    Object,
    Row,
    Sru,
    Voucher,
    Year,
)

FILES = Path(__file__).parent / "sie_files"
VENDOR_FILES = Path(__file__).resolve().parents[3] / "shared" / "finance" / "sie"
READABLE = sorted(path.name for path in FILES.glob("*.s[ei]") if path.name != "checksum_cut.se")
NONE = Decimal(0)

Kind = TypeVar("Kind")


def data_of(name: str) -> bytes:
    return (FILES / name).read_bytes()


def parsed(name: str) -> list[sie.Record]:
    return list(sie.parse(data_of(name)))


def of(kind: type[Kind], records: list[sie.Record]) -> list[Kind]:
    return [record for record in records if isinstance(record, kind)]


def identification(records: list[sie.Record]) -> dict[str, tuple[str, ...]]:
    return {record.label: record.values for record in of(Identification, records)}


def reasons(records: list[sie.Record]) -> dict[int, list[str]]:
    by_line: defaultdict[int, list[str]] = defaultdict(list)
    for fault in of(Fault, records):
        by_line[fault.line].append(fault.reason)
    return dict(by_line)


def lines_of(*lines: str, end: str = "\r\n") -> bytes:
    return end.join(["#FLAGGA 0", *lines, ""]).encode("cp437")


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def row(line: int, account: str, amount: str, **values: object) -> Row:
    plain = Row(line, account, (), Decimal(amount), None, "", None, None, is_struck=False, is_added=False)
    return plain._replace(**values)


def balance(line: int, kind: str, account: str, amount: str, **values: object) -> Balance:
    return Balance(line, kind, 0, None, account, (), Decimal(amount), None)._replace(**values)


# Fortnox


def test_a_voucher_of_fortnox_3() -> None:
    invoice = of(Voucher, parsed("fortnox_3.se"))[0]
    assert (invoice.line, invoice.series, invoice.number) == (56, "A", "1")
    assert (invoice.date, invoice.registration_date) == (day("2025-01-15"), day("2025-01-16"))
    assert (invoice.text, invoice.signature) == ('Kundfaktura 1, "Södra Åkern"', None)
    assert invoice.rows == (
        row(58, "1510", "12500", text="Kundfaktura 1", quantity=NONE),
        row(
            59,
            "3001",
            "-10000",
            objects=(("1", "10"), ("6", "P1")),
            text='Bänk "Ö"',
            quantity=Decimal("-2.5"),
        ),
        row(60, "2611", "-2500", quantity=NONE),
    )


def test_a_row_struck_and_a_row_added_count_once() -> None:
    corrected = of(Voucher, parsed("fortnox_3.se"))[2]
    assert corrected.rows == (
        row(71, "6110", "80", objects=(("1", "10"),), text="Pärmar", quantity=NONE),
        row(72, "2641", "20", text=r"C:\moms\1", quantity=NONE),
        row(73, "1930", "-100", text="Pärmar", quantity=NONE, signature="Ekonomi", is_struck=True),
        row(75, "1510", "-100", text="Kvittas", quantity=NONE, signature="Ekonomi", is_added=True),
    )


def test_a_voucher_whose_rows_are_all_struck_keeps_the_number_series_whole() -> None:
    struck = of(Voucher, parsed("fortnox_3.se"))[3]
    assert (struck.series, struck.number) == ("A", "2")
    assert struck.rows == (
        row(80, "5010", "4000", quantity=NONE, signature="Ekonomi", is_struck=True),
        row(81, "1930", "-4000", quantity=NONE, signature="Ekonomi", is_struck=True),
    )


def test_amounts_are_exact_without_trailing_zeros_and_a_negative_zero_is_zero() -> None:
    rent, zeros = of(Voucher, parsed("fortnox_3.se"))[4:]
    assert rent.text == "Hyra\N{NO-BREAK SPACE}april"
    assert rent.rows == (
        row(86, "5010", "29.8", objects=(("6", "P1"),), quantity=NONE),
        row(87, "1930", "-29.8", quantity=NONE),
    )
    assert [str(zero.amount) for zero in zeros.rows] == ["0", "0.00"]
    assert [str(zero.quantity) for zero in zeros.rows] == ["0", "0"]


def test_balances_of_fortnox_3() -> None:
    records = parsed("fortnox_3.se")
    balances = {entry.line: entry for entry in of(Balance, records)}
    assert len(balances) == 17
    assert balances[41] == balance(41, "UB", "1930", "37470.2", quantity=NONE)
    assert balances[49] == balance(49, "RES", "5010", "29.8", quantity=NONE)
    assert balances[52] == balance(52, "PSALDO", "1510", "-12600", period="202502", quantity=NONE)
    assert balances[53].amount == 0, "zero rows are kept"
    parts = balance(54, "PSALDO", "3001", "-10000", period="202501", objects=(("1", "10"),), quantity=NONE)
    assert balances[54] == parts
    assert not of(Fault, records)


def test_the_head_of_fortnox_3() -> None:
    records = parsed("fortnox_3.se")
    assert identification(records) == {
        "FLAGGA": ("0",),
        "FORMAT": ("PC8",),
        "SIETYP": ("4",),
        "PROGRAM": ("Fortnox", "3.57.11"),
        "GEN": ("20260109",),
        "FNR": ("700123",),
        "FNAMN": ("Björkåsens Snickeri AB",),
        "ADRESS": ("", "Hyvelvägen 4", "123 45 Björkås", ""),
        "ORGNR": ("555555-5555",),
        "OMFATTN": ("20251231",),
        "KPTYP": ("EUBAS97",),
    }
    assert of(Year, records) == [
        Year(10, 0, day("2025-01-01"), day("2025-12-31")),
        Year(11, -1, day("2024-01-01"), day("2024-12-31")),
    ]
    assert of(Account, records)[1] == Account(18, "1930", "Företagskonto")
    assert of(Sru, records)[1] == Sru(19, "1930", "7281")
    assert of(Dimension, records) == [
        Dimension(33, "1", "Kostnadsställe", None),
        Dimension(35, "6", "Projekt", None),
    ]
    assert of(Object, records) == [Object(34, "1", "10", "Verkstad"), Object(36, "6", "P1", "Trappa i Åby")]


def test_fortnox_2_leaves_out_much_and_has_a_broken_year_and_no_last_line_end() -> None:
    records = parsed("fortnox_2.se")
    assert identification(records)["ORGNR"] == ()
    assert of(Year, records) == [Year(11, 0, day("2009-07-01"), day("2010-06-30"))], "no previous year"
    (voucher,) = of(Voucher, records)
    assert (voucher.series, voucher.number, voucher.date) == ("A", "1", day("2009-09-05"))
    assert (voucher.text, voucher.registration_date) == ("Reseutlägg", None)
    assert voucher.rows == (
        row(26, "1910", "-137.00"),
        row(27, "6071", "137.00", objects=(("1", "1"), ("6", "2"))),
    )
    assert not of(Fault, records)


# Other constructs


def test_tabs_runs_of_spaces_and_spaces_in_braces() -> None:
    records = parsed("tabs_checksum.se")
    assert identification(records) == {
        "FLAGGA": ("0",),
        "PROGRAM": ("Provbok", "7.1"),
        "FORMAT": ("PC8",),
        "GEN": ("20250104", 'ek "1"'),
        "SIETYP": ("4",),
        "FNR": (r"C:\Böcker\SIE",),
        "FNAMN": ("Åsens   Tak & Plåt AB",),
    }
    assert of(Balance, records) == [
        balance(16, "IB", "1910", "500.00"),
        balance(17, "UB", "1910", "320.00", quantity=Decimal(3)),
        balance(18, "RES", "4010", "180.00"),
    ]
    (voucher,) = of(Voucher, records)
    assert (voucher.line, voucher.series, voucher.number) == (19, "V", "17")
    assert (voucher.text, voucher.signature) == ("Plåt  och \tspik", "ek")
    own_date = day("2025-03-02")
    assert voucher.rows == (
        row(21, "1910", "-200.00", date=own_date, text="Kvitto"),
        row(
            22, "4010", "200.00", objects=(("1", "Nord"),), date=own_date, quantity=Decimal(4), signature="ek"
        ),
        row(23, "4010", "-20", objects=(("1", "Nord"), ("6", "a } b"))),
        row(24, "1910", "20"),
    )
    assert not of(Fault, records), "nor is the checksum wrong"


def test_every_other_record() -> None:
    records = parsed("objects_type3.se")
    assert identification(records) == {
        "FLAGGA": ("0",),
        "PROGRAM": ("Provbok", "1"),
        "FORMAT": ("PC8",),
        "GEN": ("20250104",),
        "SIETYP": ("3",),
        "PROSA": ("Exporterad som prov",),
        "FTYP": ("AB",),
        "FNR": ("17",),
        "ORGNR": ("555555-5555", "1", "2"),
        "BKOD": ("82300",),
        "ADRESS": ("Ekonomi", "Åkergatan 1", "123 45 Åby", "010-123 45 67"),
        "FNAMN": ("Tre Dimensioner AB",),
        "TAXAR": ("2026",),
        "OMFATTN": ("20250630",),
        "KPTYP": ("BAS95",),
        "VALUTA": ("EUR",),
    }
    assert [record for record in records if not isinstance(record, Identification | Year)] == [
        Account(19, "3001", "Försäljning"),
        AccountType(20, "3001", "I"),
        Sru(21, "3001", "7410"),
        Sru(22, "3001", "7411"),
        AccountUnit(23, "3001", "tim"),
        Dimension(24, "1", "Avdelning", None),
        Dimension(25, "21", "Grupp", "1"),
        Object(26, "1", "N", "Norr"),
        Object(27, "21", "N1", "Norr ett"),
        balance(28, "OIB", "1510", "10.00", year_index=-1, objects=(("1", "N"),)),
        balance(
            29,
            "OUB",
            "1510",
            "12345678901234567890123456789012.34",
            objects=(("1", "N"),),
            quantity=Decimal(7),
        ),
        balance(30, "PSALDO", "3001", "-150.50", period="202501", quantity=Decimal("-1.125")),
        balance(31, "PSALDO", "3001", "-100.50", period="202501", objects=(("1", "N"),)),
        balance(32, "PBUDGET", "3001", "-200", period="202512", objects=(("1", "N"), ("21", "N1"))),
    ]


def test_a_file_to_import_has_no_balances_no_numbers_and_few_quotes() -> None:
    records = parsed("import_4i.si")
    assert identification(records)["PROGRAM"] == ("Provlön",), "the version is missing"
    assert identification(records)["FNAMN"] == ("Storängens Måleri AB",)
    assert identification(records)["PROSA"] == ('Löner, "januari" 2025',)
    assert of(Account, records) == [Account(11, "7210", "Löner till tjänstemän")], (
        "1930 is used but not declared"
    )
    assert of(Dimension, records) == [Dimension(9, "1", "Kostnadsställe norr", None)]
    assert of(Object, records) == [Object(10, "1", "10", "Fasad och puts")]
    first, second = of(Voucher, records)
    assert (first.series, first.number) == (second.series, second.number) == ("", "")
    assert (first.line, second.line) == (12, 17)
    assert first.digest == second.digest
    assert second.rows == (row(19, "7210", "30000", objects=(("1", "10"),)), row(20, "1930", "-30000"))
    assert of(Year, records) == []
    unquoted = ["a name with spaces but without quotes"]
    no_year = ["a financial year without its first and last day"]
    assert reasons(records) == {6: unquoted, 7: unquoted, 8: no_year, 9: unquoted, 10: unquoted, 11: unquoted}


def test_a_shortened_first_year_without_vouchers_is_no_fault() -> None:
    records = parsed("no_vouchers.se")
    assert of(Year, records) == [Year(7, 0, day("2020-05-08"), day("2020-12-31"))]
    assert [(entry.kind, entry.amount) for entry in of(Balance, records)] == [
        ("IB", 25000),
        ("IB", -25000),
        ("UB", 25000),
        ("UB", -25000),
    ]
    assert not of(Voucher, records)
    assert not of(Fault, records)
    assert sie.contradictions(data_of("no_vouchers.se")) == []


def test_account_numbers_are_text() -> None:
    records = parsed("odd_accounts.se")
    numbers = ["0027", "19301", "193010", "30011234", "KASSA", "9100"]
    assert [account.number for account in of(Account, records)] == numbers
    (voucher,) = of(Voucher, records)
    assert [entry.account for entry in voucher.rows] == ["0027", "193010", "30011234", "KASSA", "9100"]
    assert not of(Fault, records)


# Encodings and line ends


@pytest.mark.parametrize(
    ("name", "encoding", "company", "account"),
    [
        ("letters_cp437.se", "cp437", "Höstängens Café på Ön", "Växelkassa Åre"),
        ("letters_latin1.se", "latin-1", "Höstängens Café på Ön", "Växelkassa Åre"),
        ("letters_utf8.se", "utf-8", "Höstängens Café på Ön", "Växelkassa Åre"),
        ("letters_utf8_mark.se", "utf-8-sig", "Höstängens Café på Ön", "Växelkassa Åre"),
        ("letters_return.se", "cp437", "Höstängens Café på Ön", "Växelkassa Åre"),
        ("letters_none.se", "ascii", "Bruket", "Kassa"),
        # CP437 once read as Mac Roman: it is UTF-8 by now, and what it was is nothing to guess at.
        ("letters_mojibake.se", "utf-8", "HîstÑngens CafÇ pÜ ôn", "VÑxelkassa ère"),
    ],
)
def test_the_encoding_is_found_whatever_format_says(
    name: str, encoding: str, company: str, account: str
) -> None:
    assert sie.detect_encoding(data_of(name)) == encoding
    records = parsed(name)
    assert identification(records)["FORMAT"] == ("PC8",)
    assert identification(records)["FNAMN"] == (company,)
    assert of(Account, records) == [Account(8, "1910", account)]
    assert not of(Fault, records)


def test_the_files_end_their_lines_as_they_are_said_to() -> None:
    assert b"\r" not in data_of("letters_utf8.se")
    assert b"\n" not in data_of("letters_return.se")
    assert data_of("letters_none.se").endswith(b"\r\n\x1a")
    assert data_of("fortnox_2.se").endswith(b"}")
    assert data_of("fortnox_3.se").count(b"\r\n") == data_of("fortnox_3.se").count(b"\n") == 94


def test_utf_8_is_found_although_a_letter_lies_across_the_piece_it_is_read_by() -> None:
    data = lines_of() + b"\r" * ((1 << 20) - len(lines_of()) - 1) + "ö".encode()
    assert sie.detect_encoding(data) == "utf-8"
    assert sie.detect_encoding(data[:-1]) == "cp437"


def test_a_single_letter_of_another_code_page_does_not_change_the_others() -> None:
    data = lines_of('#FNAMN "Öårna"', '#KONTO 1910 "Kassa på ön"') + b'#KONTO 1930 "L\xe5n"\r\n'
    assert [account.name for account in of(Account, list(sie.parse(data)))] == ["Kassa på ön", "Lσn"]


def test_letters_lost_before_are_a_fault() -> None:
    data = lines_of().replace(b"\r\n", b"\n") + '#FNAMN "H\ufffdst"\n'.encode()
    records = list(sie.parse(data))
    assert identification(records)["FNAMN"] == ("H\ufffdst",)
    assert reasons(records) == {2: ["a letter that is lost (U+FFFD)"]}


# Defects


def test_every_defect_is_a_fault_with_its_line_and_reason() -> None:
    records = parsed("defects.se")
    assert reasons(records) == {
        7: ["20230229 is no day, read as the last of its month"],
        9: ["20240230 is no day, read as the last of its month"],
        10: ["'20241301' is no date", "a financial year without its first and last day"],
        11: ["'ett' is no year (0, -1, ...)"],
        12: ["a financial year without its first and last day"],
        13: ["a quote inside quotes without a backslash"],
        14: ["a quote inside quotes without a backslash", "a quote inside a field without quotes"],
        15: ["a quote inside a field without quotes"],
        16: ["a quote that is never closed"],
        17: ["a name is missing"],
        18: ["a field that must be there is missing"],
        19: ["'X' is no account type (T, S, K or I)"],
        20: ["a field that must be there is missing"],
        21: ["no record, the line does not begin with #"],
        22: ["'tio' is no amount"],
        23: ["'noll' is no year (0, -1, ...)"],
        24: ["a number with a decimal comma or a plus sign"],
        25: ["a number with a decimal comma or a plus sign"],
        26: ["an amount with more than two decimals"],
        27: ["an amount is missing"],
        28: ["'202513' is no period (YYYYMM)"],
        29: ["an object list is missing"],
        30: ["an object list that is not pairs of dimension and object"],
        31: ["an object list that is not pairs of dimension and object"],
        32: ["a date with hyphens", "a date with hyphens"],
        34: ["an amount with more than two decimals"],
        35: ["an amount with more than two decimals"],
        37: ["a voucher without a date"],
        42: ["'2O230304' is no date", "'20230231' is no date"],
        44: ["an object list that is not pairs of dimension and object"],
        45: ["an object list is missing"],
        46: ["an object list that is never closed", "an amount is missing"],
        47: ["'hundra' is no amount"],
        48: ["an amount is missing"],
        49: ["a field that must be there is missing"],
        50: ["a field that must be there is missing"],
        51: ["'20230230' is no date", "'många' is no quantity"],
        52: ["a quote that is never closed"],
        53: ["an object list where another field belongs"],
        57: ["a closing brace without an opening one"],
        60: ["a } that closes no voucher"],
        61: ["a { that opens no voucher"],
        62: ["a row outside a voucher"],
        64: ["a row before the { of its voucher"],
        67: ["an object list that is never closed"],
        68: ["a row before the { of its voucher"],
        70: ["a brace that does not stand alone on its line", "a voucher without its closing }"],
        71: ["a brace that does not stand alone on its line"],
        73: ["control characters, read as spaces", "a voucher without its closing }"],
        75: ["a voucher without its closing }"],
    }
    assert next(fault.source for fault in of(Fault, records) if fault.line == 47) == "#TRANS 2440 {} hundra"


def test_what_can_be_read_of_defect_records_is_kept() -> None:
    records = parsed("defects.se")
    assert of(Year, records) == [
        Year(7, 0, day("2022-03-01"), day("2023-02-28")),
        Year(8, -1, day("2021-03-01"), day("2022-02-28")),
        Year(9, 1, day("2023-03-01"), day("2024-02-29")),
    ]
    assert of(Account, records) == [
        Account(13, "1480", 'F"rskott till leverant"rer'),
        Account(14, "1288", 'F"rskott till Lind" Park'),
        Account(15, "2440", 'Leverant"rsskulder'),
        Account(16, "2910", "Upplupna l"),
        Account(17, "3001", ""),
    ]
    assert of(Balance, records) == [
        balance(24, "UB", "1480", "10.50"),
        balance(25, "UB", "2440", "7"),
        balance(26, "RES", "3001", "0.125"),
        balance(29, "PSALDO", "3001", "1", period="202502"),
        balance(30, "OIB", "1480", "5"),
        balance(31, "OUB", "1480", "5", objects=(("1", "a"), ("6", '"b'))),
        balance(74, "UB", "2910", "0"),
    ]
    assert not of(AccountType, records)
    assert not of(Sru, records)


def test_no_voucher_and_no_readable_row_is_lost_to_defects() -> None:
    vouchers = of(Voucher, parsed("defects.se"))
    heads = [
        (voucher.line, voucher.series, voucher.number, voucher.date, voucher.text) for voucher in vouchers
    ]
    assert heads == [
        (32, "A", "2", day("2023-03-02"), "Datum med streck"),
        (37, "A", "1", None, "Datum saknas"),
        (42, "A", "1", None, "Bokstav i datum"),
        (63, "A", "4", day("2023-03-05"), "Utan början"),
        (67, "A", "5", day("2023-03-06"), "Öppning på raden"),
        (70, "A", "6", day("2023-03-07"), "Aldrig stängd"),
        (73, "A", "7", day("2023-03-08"), "Tom  !"),
        (75, "A", "8", day("2023-03-09"), "Avbruten"),
    ]
    assert [voucher.registration_date for voucher in vouchers[:3]] == [day("2023-03-03"), None, None]
    iso, undated, odd, unopened, opened_late, unclosed, empty, cut = (voucher.rows for voucher in vouchers)
    assert iso == (row(34, "1480", "1.005"), row(35, "2440", "-1.005")), "three decimals, but exact"
    assert undated == (row(39, "1480", "10"), row(40, "3001", "-9.99")), "unbalanced is for others to judge"
    twin_date = day("2023-03-04")
    assert odd == (
        row(44, "1480", "1", objects=(("1", "a"),)),
        row(45, "2440", "-1"),
        row(51, "1480", "3", text="text", signature="ek"),
        row(52, "1480", "-3", date=twin_date, text="utan slut"),
        row(53, "1480", "0"),
        row(54, "1480", "8", text="ensam", quantity=NONE, signature="ek", is_added=True),
        row(56, "1480", "-8.00", date=twin_date, text="tvilling", signature="ek", is_added=True),
        row(57, "1480", "11"),
        row(58, "1480", "8"),
    )
    assert unopened == (row(64, "1480", "2"), row(65, "2440", "-2"))
    assert opened_late == (row(68, "1480", "4"), row(69, "2440", "-4"))
    assert unclosed == (row(71, "1480", "6"), row(72, "2440", "-6"))
    assert empty == ()
    assert cut == (row(77, "1480", "9"), row(78, "2440", "-9"))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["R 1510 5", "T 1510 5"], [("1510", 5, True)]),
        (["R 1510 5", "R 1930 -5", "T 1510 5", "T 1930 -5"], [("1510", 5, True), ("1930", -5, True)]),
        (["R 1510 5", "B 1930 7", "T 1510 5"], [("1930", 7, False), ("1510", 5, True)]),
        (["R 1510 5", "T 1510 5", "T 1510 5"], [("1510", 5, True), ("1510", 5, False)]),
        (["R 1510 5", "T 1510 6"], [("1510", 5, True), ("1510", 6, False)]),
        (["R 1510 5"], [("1510", 5, True)]),
        (["T 1510 5", "R 1510 5"], [("1510", 5, False), ("1510", 5, True)]),
    ],
)
def test_an_added_row_and_its_twin_are_one_row(
    rows: list[str], expected: list[tuple[str, int, bool]]
) -> None:
    labels = {"T": "#TRANS", "R": "#RTRANS", "B": "#BTRANS"}
    written = [f"{labels[label]} {account} {{}} {amount}" for label, account, amount in map(str.split, rows)]
    (voucher,) = of(Voucher, list(sie.parse(lines_of("#VER A 1 20250101", "{", *written, "}"))))
    assert [(entry.account, int(entry.amount), entry.is_added) for entry in voucher.rows] == expected


def test_an_added_row_takes_date_and_text_from_its_twin_and_the_signature_from_either() -> None:
    data = lines_of(
        "#VER A 1 20250101",
        "{",
        '#RTRANS 1930 {} 500 20250326 "rättelse" 1 "first"',
        '#TRANS 1930 {} 500.00 20250122 "" 2',
        '#RTRANS 1510 {} -500 20250326 "" 0 "first"',
        '#TRANS 1510 {} -500 20250122 "" 0 "second"',
        "}",
    )
    (voucher,) = of(Voucher, list(sie.parse(data)))
    date = day("2025-01-22")
    assert voucher.rows == (
        row(5, "1930", "500.00", date=date, quantity=Decimal(2), signature="first", is_added=True),
        row(7, "1510", "-500", date=date, quantity=NONE, signature="second", is_added=True),
    )


@pytest.mark.parametrize(
    ("amount", "value"),
    [("5.", "5"), (".5", "0.5"), ("-0.00", "0.00"), ("0027", "27"), ('"-7.5"', "-7.5"), ("-,5", "-0.5")],
)
def test_amounts_that_can_be_read(amount: str, value: str) -> None:
    (entry,) = of(Balance, list(sie.parse(lines_of(f"#IB 0 1510 {amount}"))))
    assert str(entry.amount) == value


@pytest.mark.parametrize(
    "amount", ["1e5", "NaN", "Infinity", "1_000", "--5", "-", ".", "0x1", "5-", "٣", "1.2.3"]
)
def test_amounts_that_cannot_be_read(amount: str) -> None:
    data = "\n".join(["#FLAGGA 0", f"#IB 0 1510 {amount}"]).encode()
    records = list(sie.parse(data))
    assert not of(Balance, records)
    assert reasons(records) == {2: [f"{amount!r} is no amount"]}


@pytest.mark.parametrize(
    ("plain", "damaged", "reason", "text"),
    [
        (b'"Hyra"', b'"Hy\x00ra"', "control characters, read as spaces", "Hy ra"),
        (b'"juli"', b'"\x7f"', "control characters, read as spaces", "Hyra"),
        (b'"10"', b'"\r0"', "control characters, read as spaces", "Hyra"),
        (b'"Hyra"', b'"Hy"ra"', "a quote inside quotes without a backslash", 'Hy"ra'),
        (b" 20250703\r", b" 20250732\r", "'20250732' is no date", "Hyra"),
        (b" 4000 ", b" 4000.001 ", "an amount with more than two decimals", "Hyra"),
        (b"}\r", b"} x\r", "a brace that does not stand alone on its line", "Hyra"),
    ],
)
def test_the_layout_of_fortnox_hides_no_fault(plain: bytes, damaged: bytes, reason: str, text: str) -> None:
    data = lines_of('#VER A 1 20250702 "Hyra" 20250703', "{", '#TRANS 5010 {1 "10"} 4000 "" "juli" 0', "}")
    assert not of(Fault, list(sie.parse(data)))
    records = list(sie.parse(data.replace(plain, damaged)))
    assert reason in [fault.reason for fault in of(Fault, records)]
    assert [(voucher.text, len(voucher.rows)) for voucher in of(Voucher, records)] == [(text, 1)]


def test_a_long_line_is_shortened_in_its_fault() -> None:
    (fault,) = of(Fault, list(sie.parse(lines_of("x" * 200))))
    assert fault.source == "x" * 99 + "…"


def test_a_file_without_its_flag_is_read_with_a_fault() -> None:
    records = list(sie.parse(b"#SIETYP 4\r\n#FNAMN Foretaget\r\n"))
    assert identification(records) == {"SIETYP": ("4",), "FNAMN": ("Foretaget",)}
    assert reasons(records) == {1: ["no #FLAGGA at the beginning of the file"]}


# Refusals


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (b" \r\n\x1a", "The file is empty."),
        (
            data_of("page.html"),
            "The file is an HTML page, not SIE: the server sent a page in place of the export.",
        ),
        (data_of("sie5.sie"), "The file is XML, which SIE 1-4 is not (SIE 5 is): export the books as SIE 4."),
        (
            b'{"ErrorInformation":{"error":1}}',
            "The file is not SIE: none of its first lines is a record such as #FLAGGA, the first is "
            '\'{"ErrorInformation":{"error":1}}\'.',
        ),
        (
            b"\x00\x01PK\n" * 500 + b"#FLAGGA 0\n",
            "The file is not SIE: none of its first lines is a record such as #FLAGGA, the first is 'PK'.",
        ),
        (
            data_of("checksum_cut.se"),
            "The file is cut short: it announces a checksum (#KSUMMA) but ends without one.",
        ),
    ],
)
def test_what_is_not_sie_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    records = sie.parse(data)
    with pytest.raises(NotSie) as refusal:
        next(records)
    assert str(refusal.value) == reason


def test_records_come_one_at_a_time() -> None:
    records = sie.parse(data_of("fortnox_3.se") + b"\x00" * 100)
    assert next(records) == Identification(1, "FLAGGA", ("0",))
    voucher = next(record for record in records if isinstance(record, Voucher))
    assert voucher.line == 56
    assert isinstance(next(records), Voucher), "what follows the first voucher is still to be read"


# Checksum and digests


def test_a_wrong_checksum_is_a_fault_and_nothing_more() -> None:
    right, wrong = parsed("tabs_checksum.se"), parsed("checksum_wrong.se")
    assert len(wrong) == len(right) + 1
    (fault,) = of(Fault, wrong)
    assert fault.line == 26
    assert fault.reason == "the checksum of the content is 3111009152: the file was changed or damaged"


def test_a_checksum_is_not_judged_in_another_encoding() -> None:
    data = data_of("checksum_wrong.se").decode("cp437").encode("utf-8")
    assert not of(Fault, list(sie.parse(data)))


def test_a_voucher_keeps_its_digest_until_its_own_bytes_change() -> None:
    data = data_of("fortnox_3.se")

    def digests(of_data: bytes) -> list[bytes]:
        return [voucher.digest for voucher in of(Voucher, list(sie.parse(of_data)))]

    before = digests(data)
    assert len(set(before)) == 6
    assert {len(digest) for digest in before} == {16}
    moved = data.replace(b"#VER B 1", b"#KONTO 2099 Resultat\r\n\r\n#VER B 1")
    assert digests(moved) == before
    assert digests(data.replace(b"#VER B 1", b"\t#VER B 1")) == before
    changed = digests(
        data.replace(b'{} 12500 "" "Kundfaktura 1" 0\r\n#TRANS 1510', b'{} 12500 "" "" 0\r\n#TRANS 1510')
    )
    assert [index for index in range(6) if changed[index] != before[index]] == [1]


def test_the_content_digest_leaves_out_when_and_by_what_the_file_was_made() -> None:
    data = data_of("fortnox_3.se")
    digest = sie.content_digest(data)
    assert len(digest) == 32
    later = data.replace(b"#GEN 20260109", b'#GEN 20260110 "ek"').replace(b"3.57.11", b"3.58.0")
    assert later != data
    assert sie.content_digest(later) == digest
    for changed in (
        data.replace(b"#FNR 700123", b"#FNR 700124"),
        data.replace(b"29.8", b"29.9"),
    ):
        assert sie.content_digest(changed) != digest
    for one, other in ((b'"#GEN 1"', b'"#GEN 2"'), (b'""\r\n#GENERATION 1', b'""\r\n#GENERATION 2')):
        in_place_of_text = [data.replace(b'"Inbetalning"', text) for text in (one, other)]
        assert len({sie.content_digest(changed) for changed in in_place_of_text}) == 2
    assert sie.content_digest(data_of("letters_return.se")) != sie.content_digest(b"#FLAGGA 0\r#GEN 1\r")


# Contradictions


def test_where_a_file_contradicts_itself() -> None:
    assert sie.contradictions(data_of("contradicting.se")) == [
        Contradiction("1510", "UB", Decimal(150), Decimal(160)),
        Contradiction("2081", "UB", Decimal(0), Decimal(-70)),
        Contradiction("2440", "UB", Decimal("-0.01"), Decimal(0)),
        Contradiction("2650", "UB", Decimal(0), Decimal(25)),
        Contradiction("3740", "UB", Decimal(10), Decimal(0)),
        Contradiction("3740", "RES", Decimal(7), Decimal(0)),
        Contradiction("5010", "RES", Decimal(1), Decimal(0)),
        Contradiction("6110", "RES", Decimal(0), Decimal(5)),
        Contradiction("9999", "RES", Decimal(0), Decimal(-30)),
    ]


def test_contradictions_are_exact_however_large_the_amounts() -> None:
    large = "9" * 40
    data = lines_of("#SIETYP 4", f"#IB 0 1510 {large}.01", f"#UB 0 1510 {large}.02", "#RES 0 3001 0")
    assert sie.contradictions(data) == [
        Contradiction("1510", "UB", Decimal(f"{large}.02"), Decimal(f"{large}.01"))
    ]
    moved = data + b"#VER A 1 20250101\r\n{\r\n#TRANS 1510 {} 0.01\r\n}\r\n"
    assert sie.contradictions(moved) == []


def test_accounts_outside_the_classes_go_by_what_the_file_states_of_them() -> None:
    assert sie.contradictions(data_of("odd_accounts.se")) == [
        Contradiction("KASSA", "RES", Decimal(0), Decimal(10))
    ]


@pytest.mark.parametrize("name", ["fortnox_2.se", "fortnox_3.se", "tabs_checksum.se", "import_4i.si"])
def test_complete_files_and_files_that_state_nothing_do_not_contradict_themselves(name: str) -> None:
    assert sie.contradictions(data_of(name)) == []


def test_a_file_without_vouchers_by_its_type_does_not_contradict_itself() -> None:
    data = data_of("no_vouchers.se").replace(b"#UB 0 1930 25000.00", b"#UB 0 1930 24000.00")
    assert sie.contradictions(data) == [Contradiction("1930", "UB", Decimal(24000), Decimal(25000))]
    assert sie.contradictions(data.replace(b"#SIETYP 4", b"#SIETYP 1")) == []


# Properties


def made_up_file(seed: int) -> bytes:
    """Vouchers that keep to Fortnox's layout, and some that leave it in one way."""
    generator = random.Random(seed)
    lines = []
    for number in range(200):
        text = generator.choice(["Kundfaktura", "Årsavgift", "", r"C:\fil", r"\"citat\"", "å" * 60])
        date = f"2025{generator.randint(1, 12):02}{generator.randint(1, 28):02}"
        lines += [f'#VER {generator.choice("ABI")} {number} {date} "{text}" {date}', "{"]
        for _ in range(generator.randint(0, 5)):
            label = generator.choice(["#TRANS", "#TRANS", "#TRANS", "#BTRANS"])
            objects = generator.choice(["", "", '1 "10"', '1 "10" 6 "P 1"', '"6" "47"'])
            ore = generator.choice([0, 1, -50, generator.randint(-(10**9), 10**9)])
            amount = f"{ore / 100:.2f}".rstrip("0").rstrip(".")
            quantity = generator.choice(["0", "0", "-2", "1.125"])
            lines.append(
                f'{label} {generator.randint(1000, 8999)} {{{objects}}} {amount} "" "{text}" {quantity}'
            )
        lines += ["}"] if generator.random() < 0.5 else ["}", ""]
    return lines_of(*lines)


@pytest.mark.parametrize("seed", range(5))
def test_how_a_voucher_is_laid_out_does_not_change_what_is_read(seed: int) -> None:
    """Fortnox's layout is read another way than others; a blank more in the head leaves that way."""

    def vouchers(data: bytes) -> list[Voucher]:
        records = list(sie.parse(data))
        assert not of(Fault, records)
        return [voucher._replace(digest=b"") for voucher in of(Voucher, records)]

    plain = made_up_file(seed)
    expected = vouchers(plain)
    assert len(expected) == 200
    assert expected == vouchers(plain.replace(b"#VER ", b"#VER  "))
    assert expected == vouchers(plain.replace(b"\r\n", b"\n"))
    assert expected == vouchers(plain.decode("cp437").encode("utf-8"))
    assert expected == vouchers(plain.decode("cp437").encode("latin-1"))


@pytest.mark.parametrize(
    "junk", [b"", b"junk", b"#TRANS x", b'#KONTO "', b"#IB 0 1510 {", b"\x00\xff", b"#NEW 1"]
)
def test_one_bad_line_loses_no_other_line(junk: bytes) -> None:
    lines = data_of("fortnox_3.se").split(b"\r\n")
    records = list(sie.parse(b"\r\n".join(lines)))
    others = [record for record in records if not isinstance(record, Voucher)]
    rows = [entry for voucher in of(Voucher, records) for entry in voucher.rows]
    for index in range(1, len(lines)):
        damaged = list(sie.parse(b"\r\n".join([*lines[:index], junk, *lines[index + 1 :]])))
        kept = [record for record in damaged if not isinstance(record, Voucher | Fault)]
        assert kept == [record for record in others if record.line != index + 1]
        if lines[index].startswith(b"#VER"):  # without its head a voucher's rows belong nowhere, and are told
            told = {fault.line for fault in of(Fault, damaged) if fault.reason == "a row outside a voucher"}
            assert told - {index + 1} == set(range(index + 3, lines.index(b"}", index) + 1))
            continue
        kept_rows = [entry for voucher in of(Voucher, damaged) for entry in voucher.rows]
        lost = {entry.line for entry in rows} - {entry.line for entry in kept_rows}
        assert lost <= {index + 1, index + 2}  # the twin's own line, or that of its #RTRANS in its place
        assert len(of(Voucher, damaged)) == 6


@pytest.mark.parametrize("name", READABLE)
def test_no_damage_to_a_file_raises_anything_but_not_sie(name: str) -> None:
    generator = random.Random(name)
    original = data_of(name)
    tokens = [
        b'"',
        b"{",
        b"}",
        b"\\",
        b"#",
        b"\n",
        b"\r",
        b"\x00",
        b"\x1a",
        b"\xff",
        b"\xef\xbb\xbf",
        b"-",
        b".",
        b" ",
    ]
    tokens += [b"#VER ", b"#TRANS ", b"#RTRANS ", b"#KSUMMA\n", b"#RAR 0 ", b"9" * 5000]
    for _ in range(300):
        data = bytearray(original)
        for _ in range(generator.randint(1, 8)):
            start = generator.randrange(len(data) + 1)
            end = start + generator.choice([0, 0, 1, 1, 5, 100])
            patch = generator.choice(
                [*tokens, bytes(generator.randrange(256) for _ in range(3)), data[end : end + 40]]
            )
            data[start:end] = patch
        damaged = bytes(data)
        last_line = damaged.count(b"\n") + damaged.count(b"\r") + 1
        try:
            for record in sie.parse(damaged):
                assert 1 <= record.line <= last_line
        except NotSie:
            pass
        sie.contradictions(damaged)
        assert len(sie.content_digest(damaged)) == 32


# The vendors' own files


def index_rows() -> list[dict[str, str]]:
    """Read the table of the index, a row a file; nothing where the files are not at hand."""
    if not VENDOR_FILES.is_dir():
        return []
    lines = [line for line in (VENDOR_FILES / "INDEX.md").read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], values, strict=True)) for values in cells[2:]]


INDEX = {entry["file"]: entry for entry in index_rows()}
each_vendor_file = pytest.mark.parametrize("name", [*INDEX] or ["the vendors' files"])
EXCERPT = "fortnox2_type4i.si"

# Faults that the files do hold, and how often; every other file has none.
UNQUOTED = {"a name with spaces but without quotes": 1}
# 46 lines are the index's "text directly after closing quote"; its two other counts are what a reader that
# ends the field at that quote makes of the rest of the line. Of the 17 bare quotes 16 lie in names without
# quotes around them, and one behind a space in such a line (Lind" Park").
MANGLED = {"a quote inside quotes without a backslash": 46, "a quote inside a field without quotes": 17}
VENDOR_FAULTS = {
    "BL0001_typ4I.SI": {"a financial year without its first and last day": 1},
    "SIE-fil_från_Visma_Enskild_Firma_2010.se": {"a field that must be there is missing": 4},
    **{f"magenta_bokföring_{kind}.se": UNQUOTED for kind in ("SIE1", "SIE2", "SIE3", "SIE4E", "SIE4I")},
    "XE_SIE_1_20151125094750.SE": MANGLED,
    "XE_SIE_2_20151125094903.SE": MANGLED,
    "XE_SIE_3_20151125094952.SE": MANGLED,
    "XE_SIE_4_20151125095119.SE": MANGLED,
}


def share(matches: list[bool]) -> str:
    return f"{sum(matches)}/{len(matches)}"


def figures(data: bytes) -> dict[str, str]:
    """Compute the columns of the index from the records."""
    records = list(sie.parse(data))
    labels = identification(records)
    balances, vouchers = of(Balance, records), of(Voucher, records)

    def amounts(kind: str, year_index: int) -> dict[str, Decimal]:
        return {
            entry.account: entry.amount
            for entry in balances
            if (entry.kind, entry.year_index) == (kind, year_index)
        }

    opening, closing, results, former = (
        amounts("IB", 0),
        amounts("UB", 0),
        amounts("RES", 0),
        amounts("UB", -1),
    )
    counting = [(voucher, entry) for voucher in vouchers for entry in voucher.rows if not entry.is_struck]
    moved: defaultdict[str, Decimal] = defaultdict(Decimal)
    moved_in_month: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    of_voucher: Counter[int] = Counter()
    for voucher, entry in counting:
        assert voucher.date is not None
        moved[entry.account] += entry.amount
        moved_in_month[f"{voucher.date:%Y%m}", entry.account] += entry.amount
        of_voucher[voucher.line] += entry.amount  # type: ignore[assignment]  # a Counter sums Decimals as well
    balanced = [of_voucher[voucher.line] == 0 for voucher in vouchers]
    stated_months = {
        (str(entry.period), entry.account): entry.amount
        for entry in balances
        if entry.kind == "PSALDO" and entry.year_index == 0 and not entry.objects
    }
    # Cells of the index: every #PSALDO without objects, and every month that moved, stated or not. (XE states
    # objects only, so all that moved there is unstated: 0/60.)
    cells = {*stated_months, *(cell for cell, amount in moved_in_month.items() if amount)}
    has_months = any(entry.kind == "PSALDO" for entry in balances)
    kind = labels["SIETYP"][0]
    declared = {account.number for account in of(Account, records)}
    numbered = [(voucher.series, voucher.number) for voucher in vouchers if voucher.number]
    by_account = {account: opening.get(account, NONE) + moved[account] for account in {*opening, *closing}}
    return {
        "type": kind if kind != "4" else "4E" if results else "4I",
        "#PROGRAM": " ".join(labels["PROGRAM"]).strip(),
        "#GEN": labels["GEN"][0],
        "konto": str(len(of(Account, records))),
        "ver": str(len(vouchers)),
        "rows": str(len(counting)),
        "bal": "-" if not vouchers else "all" if all(balanced) else share(balanced),
        "enc": sie.detect_encoding(data),
        "IB+T=UB": "-"
        if not (vouchers and closing)
        else share([amount == closing.get(account, NONE) for account, amount in by_account.items()]),
        "RES=T": "-"
        if not (vouchers and closing)
        else share([moved[account] == amount for account, amount in results.items()]),
        "PS=T": "-"
        if not (vouchers and has_months)
        else share([moved_in_month[cell] == stated_months.get(cell, NONE) for cell in cells]),
        "cont": "-"
        if not former
        else share(
            [former.get(account, NONE) == opening.get(account, NONE) for account in {*former, *opening}]
        ),
        "dim/obj": f"{len(of(Dimension, records))}/{len(of(Object, records))}",
        "PBUDGET": str(sum(entry.kind == "PBUDGET" for entry in balances)),
        "added": str(sum(entry.is_added for _, entry in counting)),
        "struck": str(sum(entry.is_struck for voucher in vouchers for entry in voucher.rows)),
        "several objects": str(sum(len(entry.objects) > 1 for _, entry in counting)),
        "undeclared": str(len({entry.account for _, entry in counting} - declared)) if vouchers else "0",
        "without rows": str(sum(all(entry.is_struck for entry in voucher.rows) for voucher in vouchers)),
        "duplicates": str(len(numbered) != len(set(numbered))),
    }


@each_vendor_file
def test_the_figures_of_the_index_come_out(shared: Path, name: str) -> None:
    expected = dict(INDEX[name])
    odd = expected.pop("odd things")
    del expected["file"]
    corrections = re.search(r"R(\d+)/B(\d+)", odd)
    expected["added"], expected["struck"] = corrections.groups() if corrections else ("0", "0")
    for figure, text in (
        ("several objects", r"(\d+) rows with >1 object"),
        ("undeclared", r"(\d+) undeclared accounts used"),
        ("without rows", r"(\d+) voucher\(s\) without active rows"),
    ):
        stated = re.search(text, odd)
        expected[figure] = stated[1] if stated else "0"
    expected["duplicates"] = str("duplicate voucher ids" in odd)
    assert figures((VENDOR_FILES / name).read_bytes()) == expected


@each_vendor_file
def test_the_faults_of_the_vendors_are_the_ones_known(shared: Path, name: str) -> None:
    found = Counter(fault.reason for fault in of(Fault, list(sie.parse((VENDOR_FILES / name).read_bytes()))))
    assert found == VENDOR_FAULTS.get(name, {}), "a checksum that does not match would be one too"


@each_vendor_file
def test_no_vendor_file_contradicts_itself_but_the_excerpt(shared: Path, name: str) -> None:
    found = sie.contradictions((VENDOR_FILES / name).read_bytes())
    if name == EXCERPT:
        # Holds all #UB, but 165 of 194 vouchers. The index counts the accounts with #IB or #UB, 29 of 48 off;
        # six more have rows that no #IB or #UB speaks of.
        assert len(found) == 29 + 6
        assert {contradiction.kind for contradiction in found} == {"UB"}
    else:
        assert found == []


def test_the_index_speaks_of_every_vendor_file(shared: Path) -> None:
    assert len(INDEX) == 60
    assert {path.name for path in VENDOR_FILES.iterdir()} - {"INDEX.md"} == set(INDEX)
