"""SIE 1 to 4: the bytes of a file in, typed records with line numbers out, one at a time.

The facts are those of "SIE file format, edition 4B" (sections in parentheses); what is said to occur in life
was seen in files of the programs named. The file must come as bytes: a text layer that guessed the code page
has already ruined it.

One bad line never loses the file: what cannot be read becomes a `Fault` in place of the record, what can be
read although it breaks the format becomes a `Fault` and the record. Only what is no SIE 1-4 file is refused.

Amounts are `Decimal`, exactly as written, debit positive, in the file's currency (#VALUTA; absent = SEK).
Accounts, series, voucher numbers, dimensions and objects are text, since `0027` and letters occur.
"""

from __future__ import annotations

import codecs
import datetime
import decimal
import hashlib
import io
import re
import zlib
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeAlias

Objects: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of dimension number and object number, in the order of the file."""


class NotSie(ValueError):  # noqa: N818 (a verdict on the file, and read as one: "except NotSie")
    """The bytes are no SIE 1-4 file, or one cut short; the message is one sentence that says why."""


class Identification(NamedTuple):
    """What the file says about itself.

    `label` is FLAGGA, PROGRAM, FORMAT, GEN, SIETYP, PROSA, FTYP, FNR, ORGNR, BKOD, ADRESS, FNAMN, TAXAR,
    OMFATTN, KPTYP or VALUTA; `values` are the fields as written, none when the record is empty.
    """

    line: int
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Year:  # no NamedTuple, whose own `index` would be in the way
    """#RAR: a financial year. `index` 0 is the file's own year, -1 the one before; `end` is its last day."""

    line: int
    index: int
    start: datetime.date
    end: datetime.date


class Account(NamedTuple):
    """#KONTO."""

    line: int
    number: str
    name: str


class AccountType(NamedTuple):
    """#KTYP: `kind` T (asset), S (equity or debt), K (cost) or I (income)."""

    line: int
    number: str
    kind: str


class AccountUnit(NamedTuple):
    """#ENHET: the unit that quantities on the account are counted in."""

    line: int
    number: str
    unit: str


class Sru(NamedTuple):
    """#SRU: a code of the tax declaration; an account may have several."""

    line: int
    account: str
    code: str


class Dimension(NamedTuple):
    """#DIM, or #UNDERDIM when `parent` is the number of the dimension above."""

    line: int
    number: str
    name: str
    parent: str | None


class Object(NamedTuple):
    """#OBJEKT; its key is dimension and number together."""

    line: int
    dimension: str
    number: str
    name: str


class Balance(NamedTuple):
    """#IB, #UB, #RES, #OIB, #OUB, #PSALDO or #PBUDGET, by `kind`.

    `period` (YYYYMM) is set for PSALDO and PBUDGET, whose amount is the change within the month. A row with
    `objects` is a part of the row without, never to be added to it.
    """

    line: int
    kind: str
    year_index: int
    period: str | None
    account: str
    objects: Objects
    amount: Decimal
    quantity: Decimal | None


class Row(NamedTuple):
    """A row of a voucher. `date` None = the voucher's date.

    `is_struck`: the row was removed again (#BTRANS) and counts nowhere; a voucher's sum is that of the other
    rows. `is_added`: the row came after the voucher was first registered (#RTRANS); the #TRANS that follows
    it, for readers that do not know that label, is this same row and where the values are taken from.
    """

    line: int
    account: str
    objects: Objects
    amount: Decimal
    date: datetime.date | None
    text: str
    quantity: Decimal | None
    signature: str | None
    is_struck: bool
    is_added: bool


class Voucher(NamedTuple):
    """#VER with its rows, of which there may be none. `line` is that of #VER.

    `series` and `number` may be empty (4I) and need not be unique. `date` is None when it is absent or
    unreadable, which a `Fault` on the same line tells: no voucher is lost for its date. `digest` (16 bytes)
    is equal for equal bytes from `#VER` to `}`.
    """

    line: int
    series: str
    number: str
    date: datetime.date | None
    text: str
    registration_date: datetime.date | None
    signature: str | None
    rows: tuple[Row, ...]
    digest: bytes


class Fault(NamedTuple):
    """A breach of the format on a line: the reason, and the line's text, shortened."""

    line: int
    reason: str
    source: str


Record: TypeAlias = (
    Identification
    | Year
    | Account
    | AccountType
    | AccountUnit
    | Sru
    | Dimension
    | Object
    | Balance
    | Voucher
    | Fault
)


class Contradiction(NamedTuple):
    """An account of year 0 whose #UB or #RES (`kind`) is not what its opening balance and rows come to."""

    account: str
    kind: str
    stated: Decimal
    computed: Decimal


def parse(data: bytes) -> Iterator[Record]:
    """Read a SIE 1-4 file, in the order of the file; a voucher comes when its `}` is reached.

    Raises `NotSie` at the first `next()`, before any record. Labels that the format does not know are passed
    over, as are fields after the last known one (7.1-7.4).
    """
    data = _with_newlines(data)
    encoding = detect_encoding(data)
    first_lines = _first_lines(data, encoding)
    reason = _reason_to_refuse(data, first_lines)
    if reason:
        raise NotSie(reason)
    if not any(_label(line) == "#FLAGGA" for line in first_lines):
        yield Fault(1, "no #FLAGGA at the beginning of the file", _shortened(first_lines[0]))
    yield from _Reader(data, encoding).records()


def detect_encoding(data: bytes) -> str:
    """Tell 'ascii', 'utf-8-sig', 'utf-8', 'cp437' or 'latin-1'.

    #FORMAT is no help: files in any code page say PC8. So: a byte order mark; no byte above 127; valid UTF-8;
    else whichever code page gives more of å, ä, ö and é, and CP437, the only legal one (5.6), when they tie.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if data.isascii():
        return "ascii"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), 1 << 20):  # in pieces, not to hold all the text beside the bytes
            decoder.decode(data[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        letters = "åäöÅÄÖé"
        as_cp437, as_latin_1 = (
            sum(data.count(byte.to_bytes(1, "big")) for byte in letters.encode(code_page))
            for code_page in ("cp437", "latin-1")
        )
        return "latin-1" if as_latin_1 > as_cp437 else "cp437"
    return "utf-8"


def refuse_torso(data: bytes) -> None:
    """Raise `NotSie` for bytes that are no SIE 1-4 file, or one whose last voucher does not end.

    Meant for what comes over a network, where asking again may bring the whole file.
    """
    next(parse(data), None)
    position = len(data)
    while (position := data.rfind(b"#VER", 0, position)) >= 0:
        line = max(data.rfind(end, 0, position) for end in (b"\n", b"\r")) + 1
        if not data[line:position].strip(b" \t"):
            if _CLOSING.search(data, position) is None:
                raise NotSie("The file is cut short: its last voucher does not end.")
            return


def content_digest(data: bytes) -> bytes:
    """SHA-256 of the file without its #GEN and #PROGRAM lines: equal when an export holds nothing new."""
    data = _with_newlines(data)
    digest = hashlib.sha256()
    view = memoryview(data)
    position = 0
    for start, end in sorted([*_record_spans(data, b"#GEN"), *_record_spans(data, b"#PROGRAM")]):
        digest.update(view[position:start])
        position = end
    digest.update(view[position:])
    return digest.digest()


def contradictions(data: bytes) -> list[Contradiction]:
    """Tell where a type 4 file contradicts itself in year 0, by account, in the file's currency.

    IB + rows must be UB for accounts of class 1-2 and those with #IB or #UB; the rows must be RES for those
    with #RES and all others. A figure left out is a zero, but a kind never stated at all is not asked for.

    Meant as an oracle: it shares no code with `parse`, and reads just these lines.
    """
    data = _with_newlines(data)
    encoding = detect_encoding(data)
    stated: dict[bytes, dict[str, Decimal]] = {b"IB": {}, b"UB": {}, b"RES": {}}
    moved: defaultdict[bytes, Decimal] = defaultdict(Decimal)
    awaiting_twin: list[tuple[bytes, Decimal]] = []
    is_type_4 = False
    balance = re.compile(rb'\s*#(IB|UB|RES)[\s"]+0[\s"]+([^\s"]+)[\s"]+([-+]?[\d.,]*\d)(?![^\s"])')
    row = re.compile(
        rb'\s*#([RB]?TRANS)[\s"]+([^\s"{]++)(?:[\s"]*+\{(?:[^}"]++|"[^"]*+")*+\}[\s"]*+|[\s"]++)'
        rb'([-+]?[\d.,]*\d)(?![^\s"])'
    )
    with decimal.localcontext(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN):
        for line in io.BytesIO(data):
            is_type_4 = is_type_4 or re.match(rb'\s*#SIETYP[\s"]+4', line) is not None
            if match := row.match(line) or balance.match(line):
                label, account, number = match.groups()
                try:
                    amount = Decimal(number.decode().replace(",", "."))
                except decimal.InvalidOperation:
                    continue
                if label in stated:
                    stated[label][account.decode(encoding, "replace")] = amount
                elif label == b"TRANS" and (account, amount) in awaiting_twin:
                    awaiting_twin.remove((account, amount))
                elif label != b"BTRANS":
                    moved[account] += amount
                    awaiting_twin = [*awaiting_twin, (account, amount)] if label == b"RTRANS" else []
            elif b"}" in line:
                awaiting_twin = []
        found = []
        opening, closing, results = stated.values()
        rows = {account.decode(encoding, "replace"): amount for account, amount in moved.items()}
        for account in sorted({*opening, *closing, *results, *rows} if is_type_4 else ()):
            row_sum = rows.get(account, Decimal())
            has_balance = account[0] in "12" or account in opening or account in closing
            if closing and has_balance:
                computed = opening.get(account, Decimal()) + row_sum
                found.append(Contradiction(account, "UB", closing.get(account, Decimal()), computed))
            if results and (account in results or not has_balance):
                found.append(Contradiction(account, "RES", results.get(account, Decimal()), row_sum))
        return [contradiction for contradiction in found if contradiction.stated != contradiction.computed]


_Field: TypeAlias = str | Objects
_FIRST_LINES = 20
_ZERO = Decimal()
_BLANK = " \t\r\x1a"

# The layout of Fortnox 3: a voucher that keeps to it is read by two expressions instead of field by field.
# Whatever they do not match exactly goes the careful way, so they must never match what holds a fault.
_TEXT = r'[^"\\\x00-\x1f\x7f\ufffd]*'
_WORD = r'[^\s"\\{}\x00-\x1f\x7f\ufffd]+'
_NUMBER = r"(?:-(?!0[.0]*\s))?[0-9]+"
_PLAIN_HEAD = re.compile(rf'#VER ({_WORD}) ({_WORD}) ([0-9]{{8}}) "({_TEXT})" ([0-9]{{8}})\r?\n\{{\r?\n')
_PLAIN_ROW = re.compile(
    rf'^#TRANS ([0-9]+) \{{((?:(?:[0-9]+|"[0-9]+") "{_TEXT}" ?)*)\}} ({_NUMBER}(?:\.[0-9][0-9]?)?)'
    rf' "" "({_TEXT})" ({_NUMBER}(?:\.[0-9]+)?)\r?\n',
    re.MULTILINE,
)

# A quote ends its field only before a blank or the line's end: raw quotes within quotes occur (SoftOne XE).
_TOKEN = re.compile(
    r'[ \t]*(?:([^ \t"{}][^ \t{}]*)'  # bare
    r'|(")((?:[^"\\]++|\\"?|"(?=[^ \t]))*+)("?)'  # opening quote, text, closing quote
    r'|(\{(?:[^"{}]++|"(?:[^"\\]++|\\"?)*+")*+\}|\{[^}]*\})'  # object list
    r"|(\{.*|\}))"  # brace without its other; what follows { cannot be told from the list
)
_OBJECT_FIELD = re.compile(r'[ \t]*(?:"((?:[^"\\]++|\\"?)*+)"|([^ \t]+))')
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_CLOSING = re.compile(rb"[\r\n][ \t]*\}")
_SIGNED = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)")
_YEAR_INDEX = re.compile("-?[0-9]{1,4}")
_ISO_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CHECKED = re.compile(rb'"((?:[^"\\\r\n]++|\\"?)*+)"|([^\s"{}]+)')


def _with_newlines(data: bytes) -> bytes:
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def _first_lines(data: bytes, encoding: str) -> list[str]:
    lines = (line.strip() for line in data[:65536].decode(encoding, "replace").split("\n"))
    return [line for line in lines if line.strip("\x00\x1a")][:_FIRST_LINES]


def _label(line: str) -> str:
    return line.split(None, 1)[0]


def _reason_to_refuse(data: bytes, first_lines: list[str]) -> str | None:
    if not first_lines:
        return "The file is empty."
    if first_lines[0].startswith("<"):
        if re.search(r"<(!doctype\s+html|html|head|body)\b", "\n".join(first_lines), re.IGNORECASE):
            return "The file is an HTML page, not SIE: the server sent a page in place of the export."
        return "The file is XML, which SIE 1-4 is not (SIE 5 is): export the books as SIE 4."
    if not any(_label(line) in _LABELS for line in first_lines):
        return (
            f"The file is not SIE: none of its first lines is a record such as #FLAGGA, the first is "
            f"{_shortened(first_lines[0])!r}."
        )
    checksums = [data[start:end].split() for start, end in _record_spans(data, b"#KSUMMA")]
    if len(checksums) == 1 and len(checksums[0]) == 1:
        return "The file is cut short: it announces a checksum (#KSUMMA) but ends without one."
    return None


def _record_spans(data: bytes, label: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the lines with the label begin and end, line end included."""
    position = data.find(label)
    while position >= 0:
        start = data.rfind(b"\n", 0, position) + 1
        end = data.find(b"\n", position) + 1 or len(data)
        after = position + len(label)
        if not data[start:position].strip(b" \t\xef\xbb\xbf") and not data[after : after + 1].strip():
            yield start, end
        position = data.find(label, end)


def _shortened(source: str) -> str:
    source = _CONTROL.sub(" ", source).strip()
    return source if len(source) <= 100 else source[:99] + "…"


@lru_cache(maxsize=4096)
def _date(text: str) -> datetime.date | None:
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _objects(content: str) -> tuple[Objects, bool]:
    """Read what stands between the braces, and tell whether it is pairs with sound quotes."""
    fields = [(quoted.replace('\\"', '"') or bare) for quoted, bare in _OBJECT_FIELD.findall(content)]
    is_sound = len(fields) % 2 == 0 and not any('"' in bare for _, bare in _OBJECT_FIELD.findall(content))
    return tuple(zip(fields[::2], fields[1::2], strict=False)), is_sound


def _voucher_digest(block: bytes) -> bytes:
    return hashlib.blake2b(block, digest_size=16).digest()


@dataclass(slots=True)
class _Draft:
    """A voucher whose `}` is not reached yet; `head` is what `Voucher` has between its line and its rows."""

    line: int
    position: int
    source: str
    head: tuple[str, str, datetime.date | None, str, datetime.date | None, str | None]
    rows: list[Row] = field(default_factory=list)
    awaiting_twin: list[Row] = field(default_factory=list)
    is_braced: bool = False


class _Reader:
    """Reads one file: where it is, the voucher it is in, and the records of this line not yet handed on."""

    def __init__(self, data: bytes, encoding: str) -> None:
        self.data = data
        self.start = 3 if encoding == "utf-8-sig" else 0
        self.encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self.decode = codecs.getdecoder(self.encoding)
        self.line = 1
        self.source = ""
        self.draft: _Draft | None = None
        self.checked_from: int | None = None
        self.ready: list[Record] = []

    def records(self) -> Iterator[Record]:
        data, ready = self.data, self.ready
        while self.start < len(data):
            if self.draft is None and data.startswith(b"#VER ", self.start):
                plain = self.plain_voucher()
                if plain is not None:
                    yield plain
                    continue
            end = data.find(b"\n", self.start)
            if end < 0:
                end = len(data)
            source = data[self.start : end]
            if source not in (b"\r", b""):
                self.read_line(source)
                if ready:
                    yield from ready
                    ready.clear()
            self.start = end + 1
            self.line += 1
        self.abandon_voucher()
        yield from ready

    def plain_voucher(self) -> Voucher | None:
        """Read a whole voucher of the plainest layout and step past it, or do nothing."""
        data, start, line = self.data, self.start, self.line
        # Bounded by the next voucher: looking for a brace that never comes must not read all the rest.
        next_voucher = data.find(b"\n#VER", start)
        closing = data.find(b"\n}", start, next_voucher if next_voucher >= 0 else len(data))
        if closing < 0:
            return None
        end = data.find(b"\n", closing + 2)
        if end < 0:
            end = len(data)
        if data[closing + 2 : end] not in (b"\r", b""):
            return None
        block = data[start : closing + 2]
        try:
            source = self.decode(block)[0]
        except UnicodeDecodeError:
            return None
        head = _PLAIN_HEAD.match(source)
        if head is None:
            return None
        series, number, date_text, text, registration_text = head.groups()
        date, registration_date = _date(date_text), _date(registration_text)
        found = _PLAIN_ROW.findall(source, head.end())
        if len(found) + 2 != source.count("\n") or date is None or registration_date is None:
            return None
        # The constructor of Row would take twice as long.
        rows = [
            tuple.__new__(
                Row,
                (
                    row_line,
                    account,
                    _objects(objects)[0] if objects else (),
                    Decimal(amount),
                    None,
                    row_text,
                    _ZERO if quantity == "0" else Decimal(quantity),
                    None,
                    False,
                    False,
                ),
            )
            for row_line, (account, objects, amount, row_text, quantity) in enumerate(found, line + 2)
        ]
        self.start = end + 1
        self.line = line + len(found) + 3
        return Voucher(
            line, series, number, date, text, registration_date, None, tuple(rows), _voucher_digest(block)
        )

    def read_line(self, raw: bytes) -> None:
        source = self.decode(raw, "replace")[0].strip(_BLANK)
        if not source:
            return
        self.source = source
        if _CONTROL.search(source):
            self.fault("control characters, read as spaces")
            source = _CONTROL.sub(" ", source).strip(_BLANK)
        if "\ufffd" in source:
            self.fault("a letter that is lost (U+FFFD)")
        while source and source[0] in "{}":
            if source[0] == "{":
                self.open_brace()
            else:
                self.close_brace()
            source = source[1:].strip(_BLANK)
            if source:
                self.fault("a brace that does not stand alone on its line")
        if source:
            self.source = source
            self.read_record(source)

    def read_record(self, source: str) -> None:
        fields = self.fields(source)
        label = fields[0]
        if not isinstance(label, str) or not label.startswith("#"):
            self.fault("no record, the line does not begin with #")
            return
        handler = _LABELS.get(label)
        if handler is None:
            return
        if label == "#VER":
            self.abandon_voucher()
        handler(self, label, fields[1:])

    def fields(self, source: str) -> list[_Field]:
        fields: list[_Field] = []
        for bare, quote, text, closing_quote, object_list, brace in _TOKEN.findall(source):
            if bare:
                if '"' in bare:
                    self.fault("a quote inside a field without quotes")
                fields.append(bare)
            elif quote:
                if not closing_quote:
                    self.fault("a quote that is never closed")
                if '"' in text:
                    if '"' in text.replace('\\"', ""):
                        self.fault("a quote inside quotes without a backslash")
                    text = text.replace('\\"', '"')
                fields.append(text)
            elif object_list:
                objects, is_sound = _objects(object_list[1:-1])
                if not is_sound:
                    self.fault("an object list that is not pairs of dimension and object")
                fields.append(objects)
            elif brace == "}":
                self.fault("a closing brace without an opening one")
            else:
                self.fault("an object list that is never closed")
        return fields

    # Records

    def identification(self, label: str, fields: list[_Field]) -> None:
        if label in ("#FNAMN", "#PROSA") and fields:
            values: tuple[str, ...] = (self.name(fields, 0),)
        else:
            values = tuple(self.text(fields, index) for index in range(len(fields)))
        self.ready.append(Identification(self.line, label[1:], values))

    def year(self, label: str, fields: list[_Field]) -> None:
        index = self.year_index(fields)
        start, end = (self.date(self.text(fields, place), is_year=True) for place in (1, 2))
        if start is None or end is None or end < start:
            self.fault("a financial year without its first and last day")
        elif index is not None:
            self.ready.append(Year(self.line, index, start, end))

    def account(self, label: str, fields: list[_Field]) -> None:
        if self.has(fields, 1):
            self.ready.append(Account(self.line, self.text(fields, 0), self.name(fields, 1)))

    def account_type(self, label: str, fields: list[_Field]) -> None:
        if self.has(fields, 2):
            kind = self.text(fields, 1)
            if kind in ("T", "S", "K", "I"):
                self.ready.append(AccountType(self.line, self.text(fields, 0), kind))
            else:
                self.fault(f"{_shortened(kind)!r} is no account type (T, S, K or I)")

    def account_unit(self, label: str, fields: list[_Field]) -> None:
        if self.has(fields, 1):
            self.ready.append(AccountUnit(self.line, self.text(fields, 0), self.text(fields, 1)))

    def sru(self, label: str, fields: list[_Field]) -> None:
        if self.has(fields, 2):
            self.ready.append(Sru(self.line, self.text(fields, 0), self.text(fields, 1)))

    def dimension(self, label: str, fields: list[_Field]) -> None:
        if label == "#DIM" and self.has(fields, 1):
            self.ready.append(Dimension(self.line, self.text(fields, 0), self.name(fields, 1), None))
        elif label == "#UNDERDIM" and self.has(fields, 3):
            number, name, parent = (self.text(fields, place) for place in range(3))
            self.ready.append(Dimension(self.line, number, name, parent))

    def object(self, label: str, fields: list[_Field]) -> None:
        if self.has(fields, 2):
            dimension, number = self.text(fields, 0), self.text(fields, 1)
            self.ready.append(Object(self.line, dimension, number, self.name(fields, 2)))

    def balance(self, label: str, fields: list[_Field]) -> None:
        kind = label[1:]
        index = self.year_index(fields)
        period = None
        rest = fields[1:]
        if kind in ("PSALDO", "PBUDGET"):
            period = self.text(rest, 0)
            if _date(period + "01") is None:
                self.fault(f"{_shortened(period)!r} is no period (YYYYMM)")
                return
            rest = rest[1:]
        if index is None or not self.has(rest, 1):
            return
        account = self.text(rest, 0)
        rest = rest[1:]
        objects: Objects = ()
        if kind not in ("IB", "UB", "RES"):
            objects, rest = self.leading_objects(rest)
        amount = self.amount(rest)
        if amount is not None:
            quantity = self.quantity(self.text(rest, 1))
            self.ready.append(Balance(self.line, kind, index, period, account, objects, amount, quantity))

    def voucher(self, label: str, fields: list[_Field]) -> None:
        series, number, date_text, text, registration_text, signature = (
            self.text(fields, place) for place in range(6)
        )
        if not date_text:
            self.fault("a voucher without a date")
        head = series, number, self.date(date_text), text, self.date(registration_text), signature or None
        self.draft = _Draft(self.line, self.data.index(b"#VER", self.start), self.source, head)

    def row(self, label: str, fields: list[_Field]) -> None:
        draft = self.draft
        if draft is None:
            self.fault("a row outside a voucher")
            return
        if not draft.is_braced:
            self.fault("a row before the { of its voucher")
            draft.is_braced = True
        if not self.has(fields, 1):
            return
        objects, rest = self.leading_objects(fields[1:])
        amount = self.amount(rest)
        if amount is None:
            return
        row = Row(
            self.line,
            self.text(fields, 0),
            objects,
            amount,
            self.date(self.text(rest, 1)),
            self.text(rest, 2),
            self.quantity(self.text(rest, 3)),
            self.text(rest, 4) or None,
            is_struck=label == "#BTRANS",
            is_added=label == "#RTRANS",
        )
        if row.is_struck:
            draft.rows.append(row)
        elif row.is_added:
            draft.awaiting_twin.append(row)
        else:
            self.unstruck_row(draft, row)

    def unstruck_row(self, draft: _Draft, row: Row) -> None:
        """Take a #TRANS: the twin of an #RTRANS just before it, or a row of its own.

        Twins agree in account and amount alone: BL gives them another date, Fortnox leaves out the signature.
        """
        for added in draft.awaiting_twin:
            if (added.account, added.amount) == (row.account, row.amount):
                draft.awaiting_twin.remove(added)
                draft.rows.append(row._replace(is_added=True, signature=row.signature or added.signature))
                return
        draft.rows.extend(draft.awaiting_twin)
        draft.awaiting_twin.clear()
        draft.rows.append(row)

    def open_brace(self) -> None:
        if self.draft is None or self.draft.is_braced:
            self.fault("a { that opens no voucher")
        else:
            self.draft.is_braced = True

    def close_brace(self) -> None:
        if self.draft is None:
            self.fault("a } that closes no voucher")
            return
        if not self.draft.is_braced:
            self.fault("a } without the { of its voucher")
        self.finish_voucher(self.draft, self.data.index(b"}", self.start) + 1)

    def abandon_voucher(self) -> None:
        if self.draft is not None:
            reason = "a voucher without its closing }"
            self.ready.append(Fault(self.draft.line, reason, _shortened(self.draft.source)))
            self.finish_voucher(self.draft, self.start)

    def finish_voucher(self, draft: _Draft, end: int) -> None:
        rows = tuple(sorted((*draft.rows, *draft.awaiting_twin)))  # in the order of their lines
        block = self.data[draft.position : end].rstrip(b" \t\r\n\x1a")
        self.ready.append(Voucher(draft.line, *draft.head, rows, _voucher_digest(block)))
        self.draft = None

    def checksum(self, label: str, fields: list[_Field]) -> None:
        """Check #KSUMMA (10): CRC-32 over labels and field contents between the two, in CP437."""
        if self.checked_from is None:
            if fields:
                self.fault("a checksum that was not announced")
            self.checked_from = self.data.find(b"\n", self.start) + 1 or len(self.data)
        elif self.encoding in ("cp437", "ascii"):
            computed = 0
            for content in _CHECKED.finditer(self.data, self.checked_from, self.start):
                computed = zlib.crc32((content[1] or content[2] or b"").replace(b'\\"', b'"'), computed)
            if self.text(fields, 0) != str(computed):
                self.fault(f"the checksum of the content is {computed}: the file was changed or damaged")

    # Fields

    def fault(self, reason: str) -> None:
        self.ready.append(Fault(self.line, reason, _shortened(self.source)))

    def has(self, fields: list[_Field], count: int) -> bool:
        """Tell whether the first fields are there and not empty."""
        is_there = all(isinstance(value, str) and value for value in fields[:count]) and len(fields) >= count
        if not is_there:
            self.fault("a field that must be there is missing")
        return is_there

    def text(self, fields: list[_Field], place: int) -> str:
        value = fields[place] if place < len(fields) else ""
        if isinstance(value, str):
            return value
        self.fault("an object list where another field belongs")
        return ""

    def name(self, fields: list[_Field], place: int) -> str:
        """Read the name that ends a record; it may lack the quotes around it, or hold some."""
        if len(fields) <= place:
            self.fault("a name is missing")
        elif len(fields) > place + 1:
            before = list(_TOKEN.finditer(self.source))[place]
            written = self.source[before.end() :].strip(_BLANK)
            last = fields[-1]
            if not written.startswith('"'):
                self.fault("a name with spaces but without quotes")
                return written
            if isinstance(last, str) and last.endswith('"') and written.endswith(last):
                return written[1:-1].replace('\\"', '"')
        return self.text(fields, place)

    def year_index(self, fields: list[_Field]) -> int | None:
        text = self.text(fields, 0)
        if _YEAR_INDEX.fullmatch(text):
            return int(text)
        self.fault(f"{_shortened(text)!r} is no year (0, -1, ...)")
        return None

    def leading_objects(self, fields: list[_Field]) -> tuple[Objects, list[_Field]]:
        if fields and not isinstance(fields[0], str):
            return fields[0], fields[1:]
        if fields:
            self.fault("an object list is missing")
        return (), fields

    def amount(self, fields: list[_Field]) -> Decimal | None:
        text = self.text(fields, 0)
        amount = self.number(text)
        if not text:
            self.fault("an amount is missing")
        elif amount is None:
            self.fault(f"{_shortened(text)!r} is no amount")
        elif int(amount.as_tuple().exponent) < -2:
            self.fault("an amount with more than two decimals")
        return amount

    def quantity(self, text: str) -> Decimal | None:
        quantity = self.number(text) if text else None
        if text and quantity is None:
            self.fault(f"{_shortened(text)!r} is no quantity")
        return quantity

    def number(self, text: str) -> Decimal | None:
        if not _SIGNED.fullmatch(text):
            return None
        if "," in text or text[0] == "+":
            self.fault("a number with a decimal comma or a plus sign")
        number = Decimal(text.replace(",", "."))
        return number if number else number.copy_abs()

    def date(self, text: str, *, is_year: bool = False) -> datetime.date | None:
        """Read a date; an unreadable one is a fault and None, an empty one just None.

        A financial year without its last day would lose every balance, so there a day that its month does not
        have (20230229) is read as the month's last.
        """
        date = _date(text)
        if date is None and _ISO_DATE.fullmatch(text):
            self.fault("a date with hyphens")
            text = text.replace("-", "")
            date = _date(text)
        if date is None and is_year and (first := _date(text[:6] + "01")) and text[6:] in ("29", "30", "31"):
            self.fault(f"{text} is no day, read as the last of its month")
            return first.replace(day=monthrange(first.year, first.month)[1])
        if date is None and text:
            self.fault(f"{_shortened(text)!r} is no date")
        return date


_LABELS: dict[str, Callable[[_Reader, str, list[_Field]], None]] = {
    "#FLAGGA": _Reader.identification,
    "#PROGRAM": _Reader.identification,
    "#FORMAT": _Reader.identification,
    "#GEN": _Reader.identification,
    "#SIETYP": _Reader.identification,
    "#PROSA": _Reader.identification,
    "#FTYP": _Reader.identification,
    "#FNR": _Reader.identification,
    "#ORGNR": _Reader.identification,
    "#BKOD": _Reader.identification,
    "#ADRESS": _Reader.identification,
    "#FNAMN": _Reader.identification,
    "#TAXAR": _Reader.identification,
    "#OMFATTN": _Reader.identification,
    "#KPTYP": _Reader.identification,
    "#VALUTA": _Reader.identification,
    "#RAR": _Reader.year,
    "#KONTO": _Reader.account,
    "#KTYP": _Reader.account_type,
    "#ENHET": _Reader.account_unit,
    "#SRU": _Reader.sru,
    "#DIM": _Reader.dimension,
    "#UNDERDIM": _Reader.dimension,
    "#OBJEKT": _Reader.object,
    "#IB": _Reader.balance,
    "#UB": _Reader.balance,
    "#RES": _Reader.balance,
    "#OIB": _Reader.balance,
    "#OUB": _Reader.balance,
    "#PSALDO": _Reader.balance,
    "#PBUDGET": _Reader.balance,
    "#VER": _Reader.voucher,
    "#TRANS": _Reader.row,
    "#RTRANS": _Reader.row,
    "#BTRANS": _Reader.row,
    "#KSUMMA": _Reader.checksum,
}
