"""Given SIE 4 files as companies: served byte for byte, read only for what the REST lists need.

Files with the same #ORGNR, or the same #FNR or #FNAMN where one of them has no #ORGNR, are years of one
company. Of two files for the same year the one with closing balances and the later #GEN is served; where
neither differs the files are refused, since nothing tells which of them is right.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from sandbox.books import Account, Company, CostCenter, Project, Row, Shelf, Voucher, voucher_shelf

_SUFFIXES = {".se", ".si", ".sie"}
_FIELDS = re.compile(r'"((?:\\"|[^"])*)"|(\{[^}]*\})|(\S+)')


class SieFileError(Exception):
    """A file that cannot be served; the message names it and says why."""


@dataclass
class GivenYear:
    """A financial year that is a file; the protocol ``Year`` of the books."""

    path: Path
    content: bytes
    start: date
    end: date
    generated: str
    number: str
    organization_number: str
    name: str
    accounts: list[Account]
    objects: dict[tuple[str, str], str]
    _opening: dict[int, int]
    _closing: dict[int, int]

    @property
    def id(self) -> int:
        """Year and month of the start: the same whichever other years are served beside it."""
        return self.start.year * 100 + self.start.month

    @property
    def preference(self) -> tuple[bool, str]:
        """Of two files for one year the larger is served: balances before none, then the later #GEN."""
        return bool(self._closing), self.generated

    @cached_property
    def vouchers(self) -> Shelf[tuple[str, int], Voucher]:
        """Its vouchers, read when they are first asked for; of two with the same number the latter."""
        shelf = voucher_shelf()
        shelf.fill(_vouchers(_text(self.content)))
        return shelf

    def opening(self) -> dict[int, int]:
        """#IB of the year, in öre."""
        return self._opening

    def closing(self) -> dict[int, int]:
        """#UB and #RES of the year, in öre."""
        return self._closing

    def sie(self, kind: int, generated: date) -> bytes | None:
        """The file as it was given, which is type 4 and no other."""
        return self.content if kind == 4 else None


def read_companies(paths: list[Path]) -> list[Company]:
    """The companies in the files and folders; raises SieFileError for what cannot be served."""
    groups: list[list[GivenYear]] = []
    # Files that say who they are come first, so that the order of the arguments decides nothing.
    for year in sorted(_given(paths), key=lambda one: (not one.organization_number, one.start, one.path)):
        matching = [group for group in groups if any(_same_company(year, known) for known in group)]
        joined = [known for group in matching for known in group]
        named = {known.organization_number: known.name for known in joined if known.organization_number}
        if len(named) > 1:
            raise SieFileError(
                f"{year.path} could be a year of {' or of '.join(named.values())}; give it alone."
            )
        groups = [*(group for group in groups if group not in matching), [*joined, year]]
    companies: list[Company] = []
    for group in groups:
        companies.append(_company(group, {company.tenant_id for company in companies}))
    return companies


def _same_company(one: GivenYear, other: GivenYear) -> bool:
    """By #ORGNR where both have it, else by #FNR or #FNAMN."""
    if one.organization_number and other.organization_number:
        return one.organization_number == other.organization_number
    return bool(one.number and one.number == other.number) or one.name == other.name


def _given(paths: list[Path]) -> list[GivenYear]:
    """The files themselves, and of a folder those that are SIE 4; its other SIE files are named and left."""
    years: list[GivenYear] = []
    for path in paths:
        if not path.is_dir():
            years.append(_read(path))
            continue
        found = []
        for inside in sorted(path.iterdir()):
            if inside.is_file() and inside.suffix.lower() in _SUFFIXES:
                try:
                    found.append(_read(inside))
                except SieFileError as error:
                    print(f"Left out: {error}", file=sys.stderr)
        if not found:
            raise SieFileError(f"{path} holds no SIE 4 file (.se, .si or .sie).")
        years += found
    return years


def _read(path: Path) -> GivenYear:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise SieFileError(f"{path} does not exist.") from None
    except OSError as error:
        raise SieFileError(f"{path} cannot be read: {error.strerror}.") from None
    if not content.strip():
        raise SieFileError(f"{path} is empty.")
    records = _records(_text(content))
    labels = {record[0] for record in records}
    if not labels & {"#FLAGGA", "#SIETYP", "#FNAMN", "#PROGRAM"}:
        raise SieFileError(f"{path} is not a SIE file.")
    kind = _first(records, "#SIETYP", 1) or "1"
    if kind != "4":
        raise SieFileError(f"{path} is a SIE file of type {kind}; export type 4, which holds the vouchers.")
    span = next((record for record in records if record[:2] == ["#RAR", "0"] and len(record) > 3), None)
    if span is None:
        raise SieFileError(f"{path} names no financial year (#RAR 0): it is an import file, not an export.")
    try:
        start, end = (datetime.strptime(text, "%Y%m%d").date() for text in span[2:4])  # noqa: DTZ007
    except ValueError:
        raise SieFileError(
            f"{path} has a financial year that is no date: #RAR 0 {span[2]} {span[3]}."
        ) from None
    return GivenYear(
        path,
        content,
        start,
        end,
        generated=_first(records, "#GEN", 1),
        number=_first(records, "#FNR", 1),
        organization_number=_organization_number(_first(records, "#ORGNR", 1)),
        name=_name(records) or path.stem,
        accounts=_accounts(records),
        objects={
            (record[1], record[2]): record[3]
            for record in records
            if record[0] == "#OBJEKT" and len(record) > 3
        },
        _opening=_balances(records, {"#IB"}),
        _closing=_balances(records, {"#UB", "#RES"}),
    )


def _text(content: bytes) -> str:
    """UTF-8 where it is, which some programs write against the standard, else the standard's CP437."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp437")


def _records(text: str) -> list[list[str]]:
    """The records outside vouchers, split into fields."""
    wanted = {"#FLAGGA", "#SIETYP", "#PROGRAM", "#FNAMN", "#FNR", "#ORGNR", "#GEN", "#RAR", "#KONTO", "#SRU"}
    wanted |= {"#OBJEKT", "#IB", "#UB", "#RES"}
    records = []
    for line in text.splitlines():
        label, _, rest = line.strip().partition(" ")
        label, _, more = label.partition("\t")
        if label.upper() in wanted:
            found = _FIELDS.findall(f"{more} {rest}")
            fields = [(quoted or braces or bare).replace('\\"', '"') for quoted, braces, bare in found]
            records.append([label.upper(), *fields])
    return records


def _vouchers(text: str) -> Iterator[Voucher]:
    """The vouchers that have what Fortnox finds them by: a series, a number and a date.

    Rows put in afterwards stand in a file twice, as #RTRANS and #TRANS, and here once.
    """
    voucher: Voucher | None = None
    rows: list[Row] = []
    for line in text.splitlines():
        label, *fields = _fields(line)
        if label == "#VER":
            if voucher is not None:
                yield voucher._replace(rows=tuple(rows))
            voucher, rows = _voucher(fields), []
        elif label in {"#TRANS", "#BTRANS"} and (row := _row(fields, struck=label == "#BTRANS")):
            rows.append(row)
    if voucher is not None:
        yield voucher._replace(rows=tuple(rows))


def _fields(line: str) -> list[str]:
    """A line's label, in capitals, and its fields; a label alone where the line is none of a voucher's."""
    start = line.lstrip()[:7].upper()
    if not start.startswith(("#VER", "#TRANS", "#BTRANS")):
        return [""]
    found = [(quoted or braces or bare).replace('\\"', '"') for quoted, braces, bare in _FIELDS.findall(line)]
    return [found[0].upper(), *found[1:]]


def _voucher(fields: list[str]) -> Voucher | None:
    series, number, day, text, registered = [*fields, "", "", "", "", ""][:5]
    if not (series and number.isdecimal() and (booked := _day(day))):
        return None
    return Voucher(series, int(number), booked, _day(registered) or booked, text, ())


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        return None


def _row(fields: list[str], *, struck: bool) -> Row | None:
    account, objects, amount, _, text = [*fields, "", "", "", "", ""][:5]
    codes = [quoted or bare for quoted, _, bare in _FIELDS.findall(objects.strip("{}"))]
    by_dimension = dict(zip(codes[::2], codes[1::2], strict=False))
    try:
        ore = _ore(amount)
        number = int(account)
    except ValueError:
        return None
    mark = "struck" if struck else ""
    return Row(number, ore, by_dimension.get("1", ""), by_dimension.get("6", ""), text, mark)


def _first(records: list[list[str]], label: str, place: int) -> str:
    return next(
        (record[place].strip() for record in records if record[0] == label and len(record) > place), ""
    )


def _organization_number(text: str) -> str:
    """With its hyphen, which some programs leave out; nothing for the zeros that others write for nothing."""
    digits = re.sub(r"\D", "", text)
    if not digits.strip("0"):
        return ""
    return f"{digits[-10:-4]}-{digits[-4:]}" if len(digits) in {10, 12} else text


def _name(records: list[list[str]]) -> str:
    """All of #FNAMN: some programs leave a name with spaces unquoted."""
    return next((" ".join(record[1:]).strip() for record in records if record[0] == "#FNAMN"), "")


def _accounts(records: list[list[str]]) -> list[Account]:
    """The chart; only numbers that are numbers in REST too, which "0027" is not."""
    codes = {
        record[1]: int(record[2])
        for record in records
        if record[0] == "#SRU" and len(record) > 2 and record[2].isdigit()
    }
    accounts = {
        int(record[1]): Account(int(record[1]), record[2], codes.get(record[1]))
        for record in records
        if record[0] == "#KONTO" and len(record) > 2 and re.fullmatch(r"[1-9][0-9]*", record[1])
    }
    return [accounts[number] for number in sorted(accounts)]


def _balances(records: list[list[str]], labels: set[str]) -> dict[int, int]:
    return {
        int(record[2]): _ore(record[3])
        for record in records
        if record[0] in labels and len(record) > 3 and record[1] == "0" and record[2].isdigit()
    }


def _ore(text: str) -> int:
    """An amount of the file in öre."""
    kronor, _, rest = text.lstrip("-").partition(".")
    ore = int(kronor or "0") * 100 + int((rest + "00")[:2])
    return -ore if text.startswith("-") else ore


def _company(group: list[GivenYear], taken: set[str]) -> Company:
    years = _one_file_a_year(group)
    newest = years[-1]
    company = Company(_tenant_id(group, taken), newest.name, newest.organization_number, years=[*years])
    modified = datetime(newest.start.year, newest.start.month, newest.start.day, 8)  # noqa: DTZ001
    for year in years:
        for (dimension, code), name in year.objects.items():
            if dimension == "1":
                company.cost_centers[code] = CostCenter(code, name, modified)
            elif dimension == "6":
                company.projects[code] = Project(code, name, modified)
    return company


def _one_file_a_year(given: list[GivenYear]) -> list[GivenYear]:
    years: list[GivenYear] = []
    for year in sorted(given, key=lambda one: (one.start, one.end, *one.preference)):
        former = years[-1] if years else None
        if former is None or former.end < year.start:
            years.append(year)
        elif (former.start, former.end) != (year.start, year.end):
            raise SieFileError(
                f"{former.path} and {year.path} are of the same company, {year.name}, but their financial "
                "years overlap; give only one of them."
            )
        elif former.content == year.content:
            continue
        elif former.preference == year.preference:
            raise SieFileError(
                f"{former.path} and {year.path} are the same year of {year.name} and made on the same day; "
                "give only one of them."
            )
        else:
            print(f"Left out: {former.path} is older or holds less than {year.path}.", file=sys.stderr)
            years[-1] = year
    return years


def _tenant_id(years: list[GivenYear], taken: set[str]) -> str:
    """The company's #FNR where it is a number, as Fortnox's is; else a number made from who it is."""
    numbers = sorted(
        {str(int(year.number)) for year in years if re.fullmatch(r"0*[1-9][0-9]{0,17}", year.number)}
    )
    if numbers and numbers[0] not in taken:
        return numbers[0]
    registered = min((year.organization_number for year in years if year.organization_number), default="")
    identity = registered or min(year.name for year in years)
    return str(zlib.crc32(identity.encode()))
