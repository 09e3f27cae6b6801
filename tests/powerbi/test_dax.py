"""The evaluator of DAX, on small models: what Microsoft's reference and sqlbi.com say of each rule."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dax import DaxError, Model

Rows = list[dict[str, Any]]


def _tmdl(name: str, columns: Mapping[str, str], measures: Mapping[str, str]) -> str:
    lines = [f"table {name}", ""]
    for measure, dax in measures.items():
        lines += [f"\tmeasure '{measure}' =", *(f"\t\t\t{line}" for line in dax.splitlines()), ""]
    for column, kind in columns.items():
        head, *more = kind.split("\n")
        lines += [f"\tcolumn '{column}'" + (" =" if more else "")]
        lines += [f"\t\t\t{line}" for line in more]
        lines += [f"\t\tdataType: {head}", f"\t\tsourceColumn: {column}", ""]
    return "\n".join(lines)


GROUP = """table Tid

\tcalculationGroup
\t\tprecedence: 10

\t\tcalculationItem Nu =
\t\t\t\tSELECTEDMEASURE ()
\t\t\tordinal: 0

\t\tcalculationItem Dubbelt =
\t\t\t\t2 * SELECTEDMEASURE ()
\t\t\tordinal: 1

\t\tcalculationItem 'Dubbelt och nu' =
\t\t\t\tCALCULATE ( SELECTEDMEASURE (), Tid[Tid] = "Dubbelt" )
\t\t\t\t    + CALCULATE ( SELECTEDMEASURE (), Tid[Tid] = "Nu" )
\t\t\tordinal: 2

\tcolumn Tid
\t\tdataType: string
\t\tsourceColumn: Name

\tcolumn Ordning
\t\tdataType: int64
\t\tsourceColumn: Ordinal
"""
MEASURES = {
    "Belopp": "SUM ( Sales[Amount] )",
    "Röda": 'CALCULATE ( [Belopp], Product[Colour] = "Red" )',
    "Röda bland valda": 'CALCULATE ( [Belopp], KEEPFILTERS ( Product[Colour] = "Red" ) )',
    "Alla": "CALCULATE ( [Belopp], REMOVEFILTERS ( Product ) )",
    "Snitt": "DIVIDE ( [Belopp], [Antal] )",
    "Antal": "COUNTROWS ( Sales )",
}
PRODUCTS: Rows = [
    {"Key": 1, "Colour": "Red", "Name": "A"},
    {"Key": 2, "Colour": "Red", "Name": "B"},
    {"Key": 3, "Colour": "Blue", "Name": "C"},
    {"Key": 4, "Colour": None, "Name": "D"},
]
SALES: Rows = [
    {"Key": 1, "Amount": "10.10", "Day": datetime.date(2025, 1, 31)},
    {"Key": 1, "Amount": "5", "Day": datetime.date(2025, 2, 28)},
    {"Key": 2, "Amount": "7", "Day": datetime.date(2025, 2, 28)},
    {"Key": 3, "Amount": "100", "Day": None},
]
DAYS: Rows = [
    {"Day": datetime.date(2025, 1, 1) + datetime.timedelta(days=n), "Month": 1 if n < 31 else 2}
    for n in range(59)
]


def _model(sales: Rows = SALES) -> Model:
    model = Model.read({
        "definition/tables/Sales.tmdl": _tmdl(
            "Sales", {"Key": "int64", "Amount": "decimal", "Day": "dateTime"}, MEASURES
        ),
        "definition/tables/Product.tmdl": _tmdl(
            "Product",
            {
                "Key": "int64", "Colour": "string", "Name": "string",
                "Label": 'string\nProduct[Name] & "/" '
                         "& COUNTROWS ( FILTER ( Sales, Sales[Key] = Product[Key] ) )",
            },
            {},
        ),
        "definition/tables/Calendar.tmdl": _tmdl("Calendar", {"Day": "dateTime", "Month": "int64"}, {})
        .replace("table Calendar\n", "table Calendar\n\tdataCategory: Time\n")
        .replace("sourceColumn: Day", "isKey\n\t\tsourceColumn: Day"),
        "definition/tables/Tid.tmdl": GROUP,
        "definition/relationships.tmdl": (
            "relationship a\n\tfromColumn: Sales.Key\n\ttoColumn: Product.Key\n\n"
            "relationship 'b c'\n\tfromColumn: Sales.Day\n\ttoColumn: Calendar.'Day'\n"
        ),
    })  # fmt: skip
    model.load({"Sales": sales, "Product": PRODUCTS, "Calendar": DAYS})
    return model


@pytest.fixture(scope="module")
def model() -> Model:
    return _model()


def _says(model: Model, dax: str) -> Any:
    ((answer,),) = [list(row.values()) for row in model.query(f'EVALUATE ROW ( "a", {dax} )')]
    return answer


@pytest.mark.parametrize(
    ("dax", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", Decimal(5)),
        ("-2 * -(1 + 2)", 6),
        ("2 - 1 - 1", 0),
        ('"a" & 1 + 1 & "b"', "a2b"),
        ("NOT ISBLANK ( 1 ) && TRUE ()", True),
        ("FALSE () && FALSE () || TRUE ()", True),
        ("1 < 2", True),
        ('"A" = "a"', True),
        ("VAR x = 2 VAR y = x * 2 RETURN VAR x = 5 RETURN x + y", 9),
        ('"say ""hi"""', 'say "hi"'),
        ("1 // a comment\n + 1 /* another */", 2),
        # what BLANK is: the article "BLANK handling in DAX" of sqlbi.com
        ("BLANK () + 4", 4),
        ("BLANK () - 4", -4),
        ("BLANK () + BLANK ()", None),
        ("BLANK () * 4", None),
        ("BLANK () / 4", None),
        ("BLANK () = 0", True),
        ('BLANK () = ""', True),
        ("BLANK () = FALSE ()", True),
        ("BLANK () <> 0", False),
        ("BLANK () < 1", True),
        ("BLANK () && TRUE ()", False),
        ("BLANK () || TRUE ()", True),
        ("ISBLANK ( BLANK () + 0 )", False),
        ('BLANK () & "x"', "x"),
        ("IF ( BLANK (), 1 )", None),
        ("COALESCE ( BLANK (), BLANK (), 3 )", 3),
        ("MAX ( 1, BLANK () )", 1),
        ("MAX ( -1, BLANK () )", 0),
        ("MIN ( 1, BLANK () )", 0),
        ("MIN ( BLANK (), BLANK () )", None),
        ("DIVIDE ( 1, 0 )", None),
        ("DIVIDE ( 1, BLANK (), 7 )", 7),
        ("DIVIDE ( BLANK (), 3 )", None),
        ("ABS ( -3 )", 3),
        ("ROUND ( 2.345, 2 )", Decimal("2.35")),
        ("ROUND ( -2.5, 0 )", -3),
        ('SWITCH ( 2, 1, "a", 2, "b", "c" )', "b"),
        ('SWITCH ( 3, 1, "a", 2, "b", "c" )', "c"),
        ('SWITCH ( 3, 1, "a" )', None),
        ("REPT ( UNICHAR ( 160 ), 2 )", "\N{NO-BREAK SPACE}" * 2),
        ('FORMAT ( 1234567.5, "#,0", "sv-SE" )', "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}568"),
        ('FORMAT ( -1234.5, "#,0.00", "sv-SE" )', "-1\N{NO-BREAK SPACE}234,50"),
        ('FORMAT ( 0.1234, "0.0%", "sv-SE" )', "12,3%"),
        ('FORMAT ( 0.05, "+0.0%;-0.0%;0.0%", "sv-SE" )', "+5,0%"),
        ('FORMAT ( -0.05, "+0.0%;-0.0%;0.0%", "sv-SE" )', "-5,0%"),
        ('FORMAT ( -0.0001, "+0.0%;-0.0%;0.0%", "sv-SE" )', "0,0%"),
        ('FORMAT ( -0.4, "#,0", "sv-SE" )', "0"),
        ('FORMAT ( BLANK (), "#,0", "sv-SE" )', ""),
        ('FORMAT ( EOMONTH ( MAX ( Calendar[Day] ), -12 ), "yyyy-MM-dd" )', "2024-02-29"),
        ("DATEDIFF ( MIN ( Calendar[Day] ), MAX ( Calendar[Day] ), DAY )", 58),
        ("DATEDIFF ( BLANK (), MAX ( Calendar[Day] ), DAY )", None),
    ],
)
def test_values(model: Model, dax: str, expected: Any) -> None:
    found = _says(model, dax)
    assert (found, type(found) is bool) == (expected, type(expected) is bool)


@pytest.mark.parametrize(
    ("dax", "expected"),
    [
        ("[Belopp]", Decimal("122.10")),
        # a filter reaches the many side and not the one
        ('CALCULATE ( COUNTROWS ( Product ), Sales[Amount] = 7 )', 4),
        ('CALCULATE ( [Belopp], Product[Colour] = "red" )', Decimal("22.10")),
        # a filter on a column replaces the one that is there, KEEPFILTERS adds to it
        ('CALCULATE ( [Röda], Product[Colour] = "Blue" )', Decimal("22.10")),
        ('CALCULATE ( [Röda bland valda], Product[Colour] = "Blue" )', None),
        ('CALCULATE ( [Röda], Product[Name] = "B" )', 7),
        ('CALCULATE ( [Alla], Product[Colour] = "Blue" )', Decimal("122.10")),
        ('CALCULATE ( [Belopp], REMOVEFILTERS ( Product[Name] ), Product[Name] = "B" )', 7),
        ("CALCULATE ( [Belopp], Sales[Amount] > 5, Sales[Amount] < 100 )", Decimal("17.10")),
        # filters are evaluated outside: the variable's value and the row are those of there
        ("VAR x = [Belopp] RETURN CALCULATE ( x, Product[Key] = 1 )", Decimal("122.10")),
        ("SUMX ( VALUES ( Product[Key] ), "
         "VAR k = Product[Key] RETURN CALCULATE ( [Antal], Product[Key] = k + 1 ) )", 2),
        # a row is a filter only where CALCULATE or a measure makes it one
        ("SUMX ( VALUES ( Product[Colour] ), SUM ( Sales[Amount] ) )", Decimal("366.30")),
        ("SUMX ( VALUES ( Product[Colour] ), CALCULATE ( SUM ( Sales[Amount] ) ) )", Decimal("122.10")),
        ("MAXX ( VALUES ( Product[Colour] ), [Belopp] )", 100),
        ("MINX ( Product, [Belopp] )", 7),
        # (the row of a table on the many side is one of the other side too)
        ('SUMX ( Sales, CALCULATE ( COUNTROWS ( Product ) ) )', 4),
        ('VAR t = ADDCOLUMNS ( SUMMARIZE ( Sales, Sales[Key] ), "@n", CALCULATE ( COUNTROWS ( Sales ) ) ) '
         "RETURN SUMX ( FILTER ( t, [@n] > 1 ), [@n] * Sales[Key] )", 2),
        ("COUNTROWS ( SUMMARIZE ( Sales, Product[Colour] ) )", 2),
        # TREATAS filters by values of another column; what that column does not have is left out
        ("CALCULATE ( [Belopp], TREATAS ( VALUES ( Calendar[Month] ), Product[Key] ) )", Decimal("22.10")),
        ('CALCULATE ( [Röda], TREATAS ( VALUES ( Calendar[Month] ), Product[Colour] ) )', Decimal("22.10")),
        ("COUNTROWS ( TREATAS ( VALUES ( Calendar[Day] ), Product[Key] ) )", None),
        # what is chosen
        ('CALCULATE ( SELECTEDVALUE ( Product[Key] ), Product[Name] = "C" )', 3),
        ("SELECTEDVALUE ( Product[Key], 0 )", 0),
        ('CALCULATE ( HASONEVALUE ( Product[Colour] ), Product[Key] <= 2 )', True),
        ("HASONEVALUE ( Product[Colour] )", False),
        ("ISFILTERED ( Product )", False),
        ('CALCULATE ( ISFILTERED ( Product ), Product[Key] = 1 )', True),
        ('CALCULATE ( ISFILTERED ( Product[Colour] ), Product[Key] = 1 )', False),
        ('CALCULATE ( LOOKUPVALUE ( Product[Name], Product[Key], 3 ), Product[Key] = 1 )', "C"),
        ('LOOKUPVALUE ( Product[Key], Product[Colour], "Red", Product[Name], "B" )', 2),
        ("LOOKUPVALUE ( Product[Name], Product[Key], 9 )", None),
        # the blank row of Calendar, which a sale without a day leads to
        ("COUNTROWS ( Calendar )", 59),
        ("COUNTROWS ( VALUES ( Calendar[Day] ) )", 60),
        ("COUNTROWS ( ALL ( Calendar ) )", 60),
        ("COUNTROWS ( VALUES ( Product ) )", 4),
        ("CALCULATE ( [Belopp], ISBLANK ( Calendar[Day] ) )", 100),
        # a day of the marked calendar replaces what is filtered on its other columns
        ("VAR days = DATESBETWEEN ( Calendar[Day], BLANK (), MAX ( Calendar[Day] ) ) "
         "RETURN CALCULATE ( CALCULATE ( [Belopp], days ), Calendar[Month] = 2 )", Decimal("22.10")),
        ("VAR days = DATESBETWEEN ( Calendar[Day], BLANK (), BLANK () ) "
         "RETURN CALCULATE ( CALCULATE ( [Belopp], KEEPFILTERS ( days ) ), Calendar[Month] = 2 )", 12),
        # a filter table of two columns, one of which is replaced
        ('CALCULATE ( CALCULATE ( [Belopp], Product[Colour] = "Blue" ), '
         'FILTER ( ALL ( Product ), Product[Name] = "C" ) )', 100),
        ("CALCULATETABLE ( ROW ( \"x\", [Antal] ), Product[Key] = 1 )", 2),
        ('CALCULATE ( MAX ( Product[Label] ), Product[Key] = 1 )', "A/2"),
        # a calculation item replaces the measure that is asked for, once
        ('CALCULATE ( [Belopp], Tid[Tid] = "Dubbelt" )', Decimal("244.20")),
        ('CALCULATE ( [Snitt], Tid[Tid] = "Dubbelt" )', Decimal("61.05")),
        ('CALCULATE ( [Belopp], Tid[Tid] = "Dubbelt och nu" )', Decimal("366.30")),
        ('CALCULATE ( [Belopp], Tid[Ordning] = 1 )', Decimal("244.20")),
        ('CALCULATE ( [Belopp], Tid[Ordning] >= 1 )', Decimal("122.10")),
        ('CALCULATE ( SUM ( Sales[Amount] ), Tid[Tid] = "Dubbelt" )', Decimal("122.10")),
    ],
)  # fmt: skip
def test_contexts(model: Model, dax: str, expected: Any) -> None:
    assert _says(model, dax) == expected


@pytest.mark.parametrize(
    ("dax", "sentence"),
    [
        ("NOSUCH ( 1 )", "The function NOSUCH is not understood here"),
        ("1 +", "is not expected there"),
        ("1 ; 2", "no DAX that is understood"),
        ("( 1", "is missing before"),
        ("[Nothing]", r"no measure or column \[Nothing\]"),
        ("SUM ( Sales[Nothing] )", r"no column Sales\[Nothing\]"),
        ("SUM ( Nothing[Key] )", "no table or variable Nothing"),
        ("Sales[Key] + 1", "has no row to be read from"),
        ('1 = "a"', "not of one kind"),
        ('1 + "a"', "no number"),
        ("1 / 0", "Divided by zero"),
        ("DIVIDE ( 1 )", "does not take 1 arguments"),
        ("Sales", "A table stands where a value is expected"),
        ("COUNTROWS ( 1 )", "A value stands where a table is expected"),
        ("SELECTEDMEASURE ()", "only in a calculation item"),
        ("LOOKUPVALUE ( Product[Name], Product[Colour], \"Red\" )", "found several values"),
        ("CALCULATE ( 1, Product[Key] = 1 || Product[Name] = \"C\" )", "a single column"),
        ('FORMAT ( 1, "0.0E+0" )', "is not understood here"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said(model: Model, dax: str, sentence: str) -> None:
    with pytest.raises(DaxError, match=sentence):
        _says(model, dax)


def test_query_names_columns_as_power_bi_does(model: Model) -> None:
    assert model.query('evaluate ROW ( "a b", [Antal], "c", BLANK () )') == [{"[a b]": 4, "[c]": None}]
    assert model.query("EVALUATE VALUES ( Calendar[Month] )") == [
        {"Calendar[Month]": month} for month in (1, 2, None)
    ]
    with pytest.raises(DaxError, match="begins with EVALUATE"):
        model.query("[Antal]")


def test_value_takes_filters_by_column(model: Model) -> None:
    assert model.value("Belopp", {"Product[Key]": [1, 3]}) == Decimal("115.10")
    assert model.value("Belopp", {"Product[Key]": [1], "Tid[Tid]": ["Dubbelt"]}) == Decimal("30.20")
    with pytest.raises(DaxError, match=r"no column Product\[Nothing\]"):
        model.value("Belopp", {"Product[Nothing]": [1]})


def test_one_side_of_a_relationship_has_a_key_once() -> None:
    model = _model()
    with pytest.raises(DaxError, match="no value twice"):
        model.load({"Product": [{"Key": 1}, {"Key": 1}]})


def test_measure_over_fifty_thousand_rows_takes_well_under_a_second() -> None:
    many = [{"Key": n % 3 + 1, "Amount": Decimal(n), "Day": DAYS[n % 59]["Day"]} for n in range(50_000)]
    model = _model(many[:0])
    model.load({"Sales": many, "Product": PRODUCTS, "Calendar": DAYS})
    began = time.process_time()
    assert model.value("Röda", {"Calendar[Month]": [1]}) > 0
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("table A\n\n\tmeasure X =\n\t\t\t1 +\n", "The measure X: .*ends too early"),
        ("table A\n\n\tcolumn X\n\t\tsourceColumn: x\n", "The column X lacks dataType"),
        ("relationship a\n\tfromColumn: A.X\n", "The relationship a lacks toColumn"),
        ("relationship a\n\tfromColumn: A.X\n\ttoColumn: B.X\n", "a table that is not there: A, B"),
    ],
)
def test_definition_that_lacks_something_is_told_so(file: str, sentence: str) -> None:
    with pytest.raises(DaxError, match=sentence):
        Model.read({"definition/a.tmdl": file}).load({"A": [{"X": 1}]})
