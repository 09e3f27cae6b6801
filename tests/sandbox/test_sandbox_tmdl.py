"""What the sandbox reads of TMDL, on a model that Microsoft's own tools read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.tmdl import Model, Parameter, Partition, Source, TmdlError, read_model


@pytest.fixture
def example(shared: Path) -> Model:
    folder = shared / "powerbi" / "example" / "Fortnox Ekonomi.SemanticModel"
    files = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.tmdl")}
    return read_model(files)


def test_parameters_sources_and_roles_of_a_real_model(example: Model) -> None:
    by_name = {parameter.name: parameter for parameter in example.parameters}
    assert by_name["PgServer"] == Parameter("PgServer", "localhost:5432", "Text", is_required=True)
    assert example.sources == [Source("localhost:5432", "warehouse")]
    assert example.sources[0].path == "localhost:5432;warehouse"
    assert example.roles == ["Läsare.tmdl"]


def test_tables_of_a_real_model(example: Model) -> None:
    assert set(example.tables) == {"Datum", "Konto", "Huvudbok", "Mått", "Tidsperspektiv"}
    assert example.tables["Datum"].columns == {
        "Datum": ("date", "dateTime"),
        "År": ("year", "int64"),
        "Månad": ("month_label", "string"),
        "Månadsnr": ("month_no", "int64"),
    }
    source = example.sources[0]
    assert example.tables["Huvudbok"].partitions == [Partition(source, "mart", "fact_gl", None)]
    assert example.tables["Mått"].partitions == []


_TABLE = """\
/// What it is
table 'Bo''s tabell'

	column Sist
		sourceColumn: last
		dataType: string

	column 'Med mellanslag'
		dataType: int64
		sourceColumn: "a b"

	partition 'Bo''s tabell-1' = m
		source =
				let
					Source = PostgreSQL.Database("db", Name),

					View = Source{[Schema="mart",Item="dim_x"]}[Data],
					Own = Table.SelectRows(View, each [organization_id] = OWN)
				in
					Own

	annotation X = Item
"""


@pytest.mark.parametrize(
    "own", ["Organization", "Number.From(Organization)", "Int64.From( Organization )", '"9"']
)
def test_quotes_and_other_ways_to_write_it(own: str) -> None:
    parameters = (
        'expression Organization = "9" meta [IsParameterQuery=true, Type="Text"]\n'
        'expression Name = "a ""b""" meta [IsParameterQuery=true]\n'
    )
    files = {
        "definition/expressions.tmdl": parameters,
        "definition/tables/x.tmdl": _TABLE.replace("OWN", own),
    }
    model = read_model(files)
    assert model.parameters[1] == Parameter("Name", 'a "b"', "Any", is_required=False)
    table = model.tables["Bo's tabell"]
    assert table.columns == {"Sist": ("last", "string"), "Med mellanslag": ("a b", "int64")}
    assert table.partitions == [Partition(Source("db", 'a "b"'), "mart", "dim_x", "9")]


def test_what_a_newer_model_loses() -> None:
    def model(text: str) -> Model:
        return read_model({"definition/tables/x.tmdl": text})

    before = model(_TABLE)
    assert before.lost_in(before) == []
    assert before.lost_in(model(_TABLE.replace("dataType: int64", "dataType: string"))) == ["Bo's tabell"]
    assert before.lost_in(model(_TABLE.replace("column Sist", "column Först"))) == ["Bo's tabell"]
    assert before.lost_in(Model([], {}, [], {})) == ["Bo's tabell"]
    with pytest.raises(TmdlError, match=r"x\.tmdl holds no table"):
        model("tabel X\n")
