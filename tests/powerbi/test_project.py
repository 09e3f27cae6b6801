"""The Power BI project without Power BI: what its sources say, what the marts have, what a reader can read.

No program here draws a report or computes DAX. What can be known without that is held here: always by readers
of our own, and by Microsoft's own programs (check-pbip) where the reference material and node are there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from saldo import settings
from saldo.powerbi.project import pbir, render
from saldo.powerbi.project import tmdl as writer
from saldo.powerbi.project.pages import read_pages
from saldo.powerbi.project.source import folder as source_folder
from saldo.powerbi.project.source import read_model
from tests.powerbi import best_practice, dax_references, distil, report, tmdl
from tests.support import Warehouse

MODEL, REPORT = "Saldo.SemanticModel", "Saldo.Report"


def folder(name: str) -> Path:
    return settings.include_dir() / "powerbi" / name


@cache
def written() -> dict[str, str]:
    definition = folder(MODEL) / "definition"
    return {
        str(path.relative_to(definition)): path.read_text(encoding="utf-8")
        for path in sorted(definition.rglob("*.tmdl"))
    }


@cache
def model() -> tmdl.Model:
    return tmdl.read(written())


@cache
def pages() -> report.Files:
    return report.read_folder(folder(REPORT))


def changed(path: str, old: str, new: str) -> dict[str, str]:
    """The model's files with something else written in one of them."""
    assert old in written()[path], f"{path} no longer holds {old!r}: seed the fault otherwise"
    return {**written(), path: written()[path].replace(old, new, 1)}


# ------------------------------------------------------------------------------------------ what is committed


@pytest.mark.parametrize(
    ("name", "generate"),
    [(MODEL, lambda: writer.files(read_model())), (REPORT, lambda: pbir.files(read_pages()))],
)
def test_committed_is_what_the_sources_say(name: str, generate: Any) -> None:
    committed = {
        str(path.relative_to(folder(name))): path.read_bytes()
        for path in folder(name).rglob("*")
        if path.is_file()
    }
    generated = {path: content.encode() for path, content in generate().items()}
    assert sorted(committed) == sorted(generated)
    assert [path for path in committed if committed[path] != generated[path]] == [], "run make powerbi"


def test_a_parameter_that_m_would_compute_is_refused() -> None:
    with pytest.raises(ValueError, match="PgServer"):
        render.model("#(lf)", "saldo", 9000001)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "cards"', 'kind = "card"'),
        ("at = [0, 1, 12, 11]", "at = [1, 1, 12, 11]"),
        ('"[Nettoomsättning]", ', '"Nettoomsättning", '),
        ('= "Descending"', '= "Down"'),
    ],
)
def test_a_page_that_is_not_written_so_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: str, new: str
) -> None:
    text = (source_folder() / "pages.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "pages.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr("saldo.powerbi.project.pages.folder", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"pages\.toml"):
        read_pages()


def test_the_handbook_tells_of_everything() -> None:
    """docs/powerbi.md names every page, table, folder of measures and item of the calculation group."""
    text = (settings.include_dir().parent / "docs" / "powerbi.md").read_text(encoding="utf-8")
    sources = read_model()
    names = {page.title for page in read_pages()} | {measure.folder for measure in sources.measures}
    names |= {item.name for item in sources.time.items} | {table.name for table in sources.tables}
    assert sorted(name for name in names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)) == []


# --------------------------------------------------------------------------------------- Microsoft's programs


@pytest.fixture(scope="session")
def check_pbip(shared: Path) -> Path:
    """The script that runs Microsoft's programs; it installs them once, from the npm registry."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("needs node and npm, which Microsoft's checkers run on")
    return (shared / "powerbi" / "check-pbip").resolve()


def rendered(target: Path) -> tuple[Path, Path]:
    """The project as it is sent for an organization, with odd signs in its parameters."""
    sent = {
        MODEL: render.model("db.example.com:5432", 'the "books"', 9000001),
        REPORT: render.report("0f5e3f0c-0000-4000-8000-000000000001"),
    }
    for name, files in sent.items():
        # Microsoft's linter reads folders, whose name the upload does not send
        platform = (folder(name) / ".platform").read_text(encoding="utf-8")
        for path, content in {**files, ".platform": platform}.items():
            (target / name / path).parent.mkdir(parents=True, exist_ok=True)
            (target / name / path).write_text(content, encoding="utf-8")
    return target / MODEL, target / REPORT


@pytest.mark.slow
@pytest.mark.parametrize("of", ["committed", "rendered"])
def test_microsofts_programs_find_nothing(check_pbip: Path, tmp_path: Path, of: str) -> None:
    checked = (folder(MODEL), folder(REPORT)) if of == "committed" else rendered(tmp_path)
    done = subprocess.run(
        [check_pbip, *checked],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    counts = re.findall(r"(?:bad|findings|errors|noschema) (\d+)", done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TOM loads the model" in done.stdout
    assert len(counts) == 8, done.stdout
    assert set(counts) == {"0"}, done.stdout


@pytest.mark.slow
def test_microsofts_reader_sees_the_model_that_ours_sees(check_pbip: Path, tmp_path: Path) -> None:
    tools = Path(os.environ.get("PBIP_TOOLS", Path.home() / ".cache" / "pbip-tools"))
    if not tools.is_dir():
        pytest.skip("needs Microsoft's programs, which check-pbip installs")
    bim = tmp_path / "model.bim"
    subprocess.run(
        [sys.executable, check_pbip.parent / "tools" / "tom_load.py", folder(MODEL), bim],
        env={**os.environ, "PBIP_TOOLS": str(tools), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        timeout=300,
        check=True,
    )
    theirs = json.loads(bim.read_text(encoding="utf-8-sig"))["model"]
    assert sorted(objects_of_bim(theirs)) == sorted(objects(model()))


def objects(read: tmdl.Model) -> Iterator[tuple[Any, ...]]:
    for table in read.tables.values():
        yield "table", table.name, table.description, table.is_hidden, table.partition, table.partition_kind
        for column in table.columns.values():
            sorted_by = column.sort_by
            yield "column", table.name, column.name, column.is_hidden, sorted_by, "".join(column.dax.split())
        for measure in table.measures.values():
            shown = measure.properties.get("formatString", "")
            folder_name = measure.properties.get("displayFolder", "")
            words = "".join(measure.dax.split())
            yield "measure", table.name, measure.name, measure.is_hidden, shown, folder_name, words
        for item in table.items.values():
            yield "item", item.name, "".join(item.dax.split())
    for relationship in read.relationships.values():
        yield "relationship", *relationship.many, *relationship.one
    yield from (("expression", name) for name in read.expressions)


def objects_of_bim(theirs: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    def text(value: str | list[str]) -> str:
        return value if isinstance(value, str) else "\n".join(value)

    def words(value: str | list[str]) -> str:
        return "".join(text(value).split())

    for table in theirs["tables"]:
        hidden = table.get("isHidden", False)
        (partition,) = table["partitions"]
        kind = {"calculationGroup": "calculationGroup"}.get(
            partition["source"]["type"], partition["source"]["type"]
        )
        yield "table", table["name"], text(table["description"]), hidden, partition["name"], kind
        for column in table["columns"]:
            hidden = column.get("isHidden", False)
            dax = words(column.get("expression", ""))
            yield "column", table["name"], column["name"], hidden, column.get("sortByColumn", ""), dax
        for measure in table.get("measures", ()):
            hidden = measure.get("isHidden", False)
            shown, folder_name = measure.get("formatString", ""), measure.get("displayFolder", "")
            dax = words(measure["expression"])
            yield "measure", table["name"], measure["name"], hidden, shown, folder_name, dax
        for item in table.get("calculationGroup", {}).get("calculationItems", ()):
            yield "item", item["name"], words(item["expression"])
    for each in theirs["relationships"]:
        yield "relationship", each["fromTable"], each["fromColumn"], each["toTable"], each["toColumn"]
    yield from (("expression", each["name"]) for each in theirs["expressions"])


# ------------------------------------------------------------------------------------------------- the shapes


@cache
def shapes() -> Any:
    return json.loads(distil.SHAPES.read_text(encoding="utf-8"))


def misshapen(files: dict[str, Any]) -> list[str]:
    """What is not as Microsoft's schemas and catalogue of visuals have it."""
    found = []
    for path, content in files.items():
        kind = {"$ref": f"#/definitions/{shapes()['kinds'].get(content['$schema'])}"}
        validator = Draft7Validator({**kind, "definitions": shapes()["definitions"]})
        found += [
            f"{path}: {'/'.join(map(str, error.path))}: {error.message}"
            for error in validator.iter_errors(content)
        ]
        if "visual" in content:
            found += [f"{path}: {fault}" for fault in odd_parts(content["visual"])]
    return found


def odd_parts(visual: dict[str, Any]) -> Iterator[str]:
    known = shapes()["visuals"].get(visual["visualType"])
    if not known:
        yield f"no visual is a {visual['visualType']}"
        return
    state = visual.get("query", {}).get("queryState", {})
    yield from (f"role {role}" for role in state if role not in known["roles"])
    for described, objects_there in (
        (known, visual.get("objects", {})),
        (shapes()["visuals"][""], visual["visualContainerObjects"]),
    ):
        for name, entries in objects_there.items():
            keys = {key for entry in entries for key in entry["properties"]}
            yield from (f"{name}.{key}" for key in sorted(keys - set(described["objects"].get(name, ()))))


def test_every_file_has_its_shape() -> None:
    assert misshapen(distil.written_files()) == []


def test_the_shapes_are_microsofts(shared: Path) -> None:
    """Committed is what ``python -m tests.powerbi.distil ../shared/powerbi/specs`` writes."""
    made = distil.as_text(distil.distil(shared / "powerbi" / "specs", distil.written_files()))
    assert distil.SHAPES.read_text(encoding="utf-8") == made


def edit(content: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy with one value set, or removed where it is None."""
    copied = json.loads(json.dumps(content))
    at = copied
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return copied


CARDS = "definition/pages/kassaflodesanalys/visuals/kontroll/visual.json"
CARDS_MOBILE = CARDS.replace("visual.json", "mobile.json")
LINE = "definition/pages/oversikt/visuals/tolv_manader/visual.json"
PAGE = "definition/pages/oversikt/page.json"
ACCOUNTS = "definition/pages/konton/page.json"
BACK = "definition/pages/konton/visuals/tillbaka/visual.json"
TITLE = ("visual", "visualContainerObjects", "title", 0, "properties")


@pytest.mark.parametrize(
    ("file", "path", "value"),
    [
        (CARDS, ("visual", "colour"), "red"),
        (CARDS, ("position", "x"), "16"),
        (CARDS, ("name",), None),
        (CARDS, ("visual", "visualType"), "cardVisuals"),
        (CARDS, ("visual", "query", "queryState", "Values"), {"projections": []}),
        (CARDS, ("visual", "query", "queryState", "Data", "projections", 0, "queryRef"), None),
        (CARDS, ("visual", "objects", "values"), [{"properties": {"labelDisplayUnits": {}}}]),
        (CARDS, (*TITLE, "heightWrap"), {}),
        (CARDS_MOBILE, ("position", "width"), None),
        (PAGE, ("displayOption",), "FitToMoon"),
        (PAGE, ("displayName",), None),
        ("definition/report.json", ("themeCollection", "customTheme", "type"), "Registered"),
        ("definition.pbir", ("datasetReference", "byPath", "way"), "x"),
    ],
)
def test_a_file_of_another_shape_is_found(file: str, path: tuple[str | int, ...], value: Any) -> None:
    assert misshapen({file: edit(pages()[file], path, value)}) != []


# ------------------------------------------------------------------------------------------------- the report


@pytest.mark.parametrize("check", report.CHECKS)
def test_report(check: str) -> None:
    assert list(report.CHECKS[check](pages(), model())) == []


def first_filter(*path: str | int) -> tuple[str | int, ...]:
    return ("filterConfig", "filters", 0, *path)


OBJECTS = ("visual", "objects")
FIRST_CARD = ("visual", "query", "queryState", "Data", "projections", 0)
FIRST_VALUE = ("filter", "Where", 0, "Condition", "In", "Values", 0, 0, "Literal", "Value")
SEEDED: list[tuple[str, str, tuple[str | int, ...], Any]] = [
    ("fields_exist", CARDS, (*FIRST_CARD, "field", "Measure", "Property"), "Netto"),
    ("fields_exist", LINE, first_filter("filter", "From", 0, "Entity"), "Tid"),
    ("fields_exist", LINE, (*TITLE, "text", "expr", "Measure", "Property"), "Rubrik"),
    ("fields_exist", ACCOUNTS, first_filter("field", "Column", "Property"), "Raden"),
    ("values_of_time_exist", LINE, first_filter(*FIRST_VALUE), "'R13'"),
    ("names_are_unique", PAGE, ("name",), "konton"),
    ("names_are_unique", PAGE, ("displayName",), "Resultaträkning"),
    ("names_are_unique", CARDS, ("name",), "tolv_manader"),
    ("names_are_unique", LINE, first_filter("name"), "resultatrakning_rapport_1"),
    ("names_are_unique", "definition/pages/pages.json", ("pageOrder",), ["oversikt"]),
    ("visuals_have_room", CARDS, ("position", "width"), 1270),
    ("visuals_have_room", CARDS, ("position", "height"), 300),
    ("telephones_have_room", CARDS_MOBILE, ("position", "width"), 321),
    ("telephones_have_room", CARDS_MOBILE, ("position", "y"), 0),
    ("tabs_follow_the_eye", CARDS, ("position", "tabOrder"), 99),
    ("tabs_follow_the_eye", CARDS_MOBILE, ("position", "tabOrder"), 99),
    ("visuals_are_told", CARDS, ("visual", "visualContainerObjects", "general"), None),
    ("visuals_are_told", CARDS, (*TITLE, "show", "expr", "Literal", "Value"), "false"),
    ("visuals_are_told", LINE, (*TITLE, "text", "expr", "Measure", "Property"), "Nettoomsättning"),
    ("visuals_are_told", LINE, (*TITLE, "text"), None),
    ("visuals_are_told", BACK, ("visual", "objects", "text"), []),
    ("interactions_lead_somewhere", BACK, ("visual", "visualContainerObjects", "visualLink"), []),
    ("interactions_lead_somewhere", PAGE, ("visualInteractions", 0, "target"), "linje"),
    ("interactions_lead_somewhere", ACCOUNTS, ("pageBinding", "parameters", 0, "boundFilter"), "drill"),
    ("theme_can_be_seen", report.THEME, ("textClasses", "label", "color"), "#777777"),
    ("theme_can_be_seen", report.THEME, ("dataColors", 3), "#B0B0B0"),
    ("theme_can_be_seen", report.THEME, ("good",), "#2EA043"),
    ("series_are_actual_or_last_year", LINE, (*OBJECTS, "dataPoint", 1, "properties", "fill"), "#404040"),
    ("series_are_actual_or_last_year", LINE, (*OBJECTS, "dataPoint"), []),
    ("scales_can_be_compared", LINE, (*OBJECTS, "valueAxis", 0, "properties", "start"), None),
    ("scales_can_be_compared", LINE, (*OBJECTS, "labels", 0, "properties", "labelDisplayUnits"), None),
    ("scales_can_be_compared", CARDS, ("visual", "objects", "value"), []),
]  # fmt: skip


@pytest.mark.parametrize(("check", "file", "path", "value"), SEEDED)
def test_a_fault_of_the_report_is_found(
    check: str, file: str, path: tuple[str | int, ...], value: Any
) -> None:
    broken = {**pages(), file: edit(pages()[file], path, value)}
    assert list(report.CHECKS[check](broken, model())) != []


def test_a_visual_too_many_and_a_telephone_too_few_are_found() -> None:
    """And a table that is too wide, a field that stands twice, and a number without a measure."""
    many = {CARDS.replace("kontroll", f"kort_{number}"): pages()[CARDS] for number in range(8)}
    assert any("13 visuals" in each for each in report.visuals_have_room({**pages(), **many}, model()))
    few = {path: content for path, content in pages().items() if path != CARDS_MOBILE}
    assert list(report.telephones_have_room(few, model()))
    table = "definition/pages/verifikationer/visuals/rader/visual.json"
    projections = pages()[table]["visual"]["query"]["queryState"]["Values"]["projections"]
    twice = edit(pages()[table], ("visual", "query", "queryState", "Values", "projections"), projections * 2)
    assert list(report.tables_can_be_read({**pages(), table: twice}, model()))
    assert list(report.fields_have_their_role_once({**pages(), table: twice}, model()))
    column = edit(pages()[CARDS], ("visual", "query", "queryState", "Data", "projections"), projections[:1])
    assert list(report.fields_have_their_role_once({**pages(), CARDS: column}, model()))


def test_each_check_of_the_report_has_been_seen_to_fail() -> None:
    above = {"tables_can_be_read", "fields_have_their_role_once"}
    assert {check for check, *_ in SEEDED} | above == set(report.CHECKS)


# -------------------------------------------------------------------------------- the model, as it is written


def test_every_sentence_of_the_model_is_read() -> None:
    sources = read_model()
    assert set(model().tables) == {*(table.name for table in sources.tables), sources.time.name, "Mått"}
    assert set(model().measures) == {measure.name for measure in sources.measures}
    assert len(model().relationships) == len(sources.relationships)
    assert list(model().expressions) == list(writer.PARAMETERS)


PERIOD, MEASURES, TIME = "tables/Period.tmdl", "tables/Mått.tmdl", "tables/Tidsperspektiv.tmdl"
A_PARTITION = "\tpartition Period = m\n"
NET_SALES = "\tmeasure Nettoomsättning =\n"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (PERIOD, "\tcolumn Periodnyckel\n", "\tcolumn Periodnyckel i dag\n"),
        (PERIOD, "\t\tisKey\n", "\t\t\tisKey\n"),
        (PERIOD, "\t\tisKey\n", "    isKey\n"),
        (PERIOD, "\t\tisKey\n", "\t\tisKeys\n"),
        (PERIOD, "\t\tisKey\n", "\t\tisKey\n\t\tisKey\n"),
        (PERIOD, "dataType: int64", "datatype: int64"),
        (PERIOD, "\t\tdataType: int64\n", ""),
        (PERIOD, "column Periodordning", "column Periodnyckel"),
        (PERIOD, "sortByColumn: Periodordning", "sortByColumn: Ordning"),
        (PERIOD, "\t\tsourceColumn: fiscal_period_key\n", ""),
        (PERIOD, A_PARTITION, "\tpartition Period = x\n"),
        (PERIOD, A_PARTITION, f"\tpartition Andra = m\n\t\tsource = x\n\n{A_PARTITION}"),
        (PERIOD, "\t\tsource =\n", "\t\tsource = let\n"),
        (PERIOD, "table Period", "table Perioden"),
        (MEASURES, NET_SALES, "\tmeasure Nettoomsättning\n"),
        (MEASURES, NET_SALES, "\tmeasure EBITDA =\n"),
        (MEASURES, "\tcolumn Tom\n", "\tcolumn EBITDA\n"),
        (MEASURES, "\t/// Rörelseresultat (3000-7999).\n", "\t/// Ett\n\t\t/// Två\n"),
        (TIME, "partition Tidsperspektiv = calculationGroup", "partition Tidsperspektiv = calculated"),
        ("model.tmdl", "ref table Period\n", ""),
        ("model.tmdl", "ref table Period\n", "ref table Period\nref table Period\n"),
        ("model.tmdl", "ref table Period\n", "ref table Period\nref table Ingen\n"),
        ("model.tmdl", "ref cultureInfo en-US\n", ""),
        ("model.tmdl", "model Model", "model"),
        ("relationships.tmdl", "toColumn: Rapportrad.Radnyckel", "toColumn: Rapportrad.Nyckel"),
        ("relationships.tmdl", "toColumn: Rapportrad.Radnyckel", "toColumn: Radnyckel"),
        ("relationships.tmdl", "relationship 'Resultat till Period'", "relationship 'Balans till Period'"),
        ("cultures/en-US.tmdl", "column Kalenderår", "column Kalendar"),
        ("cultures/en-US.tmdl", "\t\t\ttable Period\n", "\t\ttable Period\n"),
        ("database.tmdl", "database\n", "databas\n"),
    ],
)  # fmt: skip
def test_what_is_no_tmdl_of_ours_is_refused(path: str, old: str, new: str) -> None:
    with pytest.raises(tmdl.TmdlError):
        tmdl.read(changed(path, old, new))


def untold(read: tmdl.Model) -> list[str]:
    """What has no format, no description, no folder, or no English where a reader sees it."""
    found = []
    for measure in read.measures.values():
        is_sentence = best_practice.is_text(measure.dax)
        if is_sentence == bool(measure.properties.keys() & {"formatString", "formatStringDefinition"}):
            found.append(f"{measure.name}: a format, unless it is a text")
        if not measure.description or not measure.properties.get("displayFolder"):
            found.append(f"{measure.name}: a description and a folder")
        english = read.folders.get((measure.table, measure.name))
        if not read.captions.get((measure.table, measure.name)) or not english:
            found.append(f"{measure.name}: no English")
    for table in read.tables.values():
        shown = [column for column in table.columns.values() if not column.is_hidden]
        names = [(table.name,)] if not table.is_hidden else []
        names += [(table.name, column.name) for column in shown]
        found += [f"{'.'.join(name)}: no English" for name in names if not read.captions.get(name)]
    folders = {}
    for measure in read.measures.values():
        folders.setdefault(measure.properties.get("displayFolder"), set()).add(
            read.folders.get((measure.table, measure.name))
        )
    found += [f"folder {name}: {english}" for name, english in folders.items() if len(english) > 1]
    return found


def test_everything_is_told_in_both_languages() -> None:
    assert untold(model()) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (MEASURES, "\t\tformatString: #,0\n", ""),
        (MEASURES, "\t\tdisplayFolder: Resultat\n", ""),
        (MEASURES, "\t/// Rörelseresultat (3000-7999).\n", ""),
        ("cultures/en-US.tmdl", "\t\t\t\t\tcaption: Calendar year\n", ""),
        ("cultures/en-US.tmdl", "\t\t\t\tcaption: Period\n", ""),
        ("cultures/en-US.tmdl", "displayFolder: Result\n", "displayFolder: Results\n"),
    ],
)
def test_what_is_not_told_is_found(path: str, old: str, new: str) -> None:
    assert untold(tmdl.read(changed(path, old, new))) != []


# ---------------------------------------------------------------------------------------------------- the DAX


def astray(read: tmdl.Model) -> list[str]:
    """What an expression names that is not there, and what is not balanced."""
    found = []
    for where, of, expression in read.expressions_in_dax():
        dax = dax_references.read(expression, read.tables)
        found += [f"{where}: {fault}" for fault in dax.faults]
        found += [f"{where}: table {table}" for table in dax.tables - read.tables.keys()]
        found += [f"{where}: {table}[{name}]" for table, name in dax.columns - read.columns.keys()]
        found += [f"{where}: [{name}]" for name in dax.measures - read.measures.keys()]
        if of and dax.measures:
            found.append(f"{where}: a calculated column of a measure is computed once, and never again")
    return found


def test_every_expression_names_what_is_there() -> None:
    assert astray(model()) == []


@pytest.mark.parametrize(
    "dax",
    [
        "SUM ( Saldo[Belopp] )",
        "SUM ( Salden[Nettoförändring] )",
        "SUM ( 'Saldot'[Nettoförändring] )",
        "[Nettoomsättningen]",
        "SUM ( Saldo[Nettoförändring]",
        "SUM ( Saldo[Nettoförändring] ) )",
        "{ 1 )",
        "COUNTROWS ( Salden )",
        "SUMS ( Saldo[Nettoförändring] )",
        "VAR _a = 1 RETURN _b",
        "SUMX ( FILTER ( Saldo, [@a] > 0 ), 1 )",
        '"öppen',
        "1 ~ 2",
        "[Nettoförändring]",
        "Mått[EBITDA]",
    ],
)
def test_an_expression_that_leads_astray_is_found(dax: str) -> None:
    before = 'CALCULATE ( [Rapportvärde], REMOVEFILTERS ( Rapportrad ), Rapportrad[Radkod] = "net_sales" )'
    assert astray(tmdl.read(changed(MEASURES, before, dax))) != []


# ------------------------------------------------------------------------------------- Best Practice Analyzer


@pytest.mark.parametrize("rule", best_practice.RULES)
def test_best_practice(rule: str) -> None:
    assert list(best_practice.RULES[rule](model(), report.used(pages()))) == []


def in_measure(dax: str) -> tuple[str, str, str]:
    """A fault in the DAX of a measure."""
    return MEASURES, "\t\t\tSUM ( Resultatbrygga[Skillnadsbelopp] )\n", f"\t\t\t{dax}\n"


CUSTOMER, LEDGER = "tables/Kund.tmdl", "tables/Huvudbok.tmdl"
HIDDEN_KEY = "\tcolumn Kontonyckel\n\t\tdataType: int64\n\t\tisHidden\n"
OF_TEXT = "\t\tdataType: string\n\t\tsummarizeBy: none\n"
A_COLUMN = "\tcolumn Periodordning\n\t\tdataType: int64\n"
A_RELATIONSHIP = "relationship 'Resultat till Period'\n"
FAULTS: dict[str, tuple[str, str, str]] = {
    "HIDE_FOREIGN_KEYS": (LEDGER, HIDDEN_KEY, HIDDEN_KEY.replace("\t\tisHidden\n", "")),
    "NUMERIC_COLUMN_SUMMARIZE_BY": (PERIOD, "summarizeBy: none", "summarizeBy: sum"),
    "MARK_PRIMARY_KEYS": (CUSTOMER, "\t\tisKey\n", ""),
    "AVOID_FLOATING_POINT_DATA_TYPES": (LEDGER, "dataType: decimal", "dataType: double"),
    "PROVIDE_FORMAT_STRING_FOR_MEASURES": (MEASURES, "\t\tformatString: #,0\n", ""),
    "OBJECTS_WITH_NO_DESCRIPTION": (PERIOD, "\t/// Periodens sista dag\n", ""),
    "PERCENTAGE_FORMATTING": (MEASURES, best_practice.PERCENT, "0%"),
    "INTEGER_FORMATTING": (MEASURES, "formatString: #,0\n", "formatString: 0\n"),
    "DATECOLUMN_FORMATSTRING": (PERIOD, "yyyy-MM-dd", "d/M yyyy"),
    "MONTH_(AS_A_STRING)_MUST_BE_SORTED": ("tables/Datum.tmdl", "\t\tsortByColumn: Månadsordning\n", ""),
    "PARTITION_NAME_SHOULD_MATCH_TABLE_NAME_FOR_SINGLE_PARTITION_TABLES": (
        PERIOD, "partition Period = m", "partition Perioder = m",
    ),
    "USE_THE_DIVIDE_FUNCTION_FOR_DIVISION": in_measure("SUM ( Resultatbrygga[Skillnadsbelopp] ) / 2"),
    "AVOID_USING_THE_IFERROR_FUNCTION": in_measure("IFERROR ( 1, 2 )"),
    "USE_THE_TREATAS_FUNCTION_INSTEAD_OF_INTERSECT": in_measure("COUNTROWS ( INTERSECT ( Period, Period ) )"),
    "DAX_COLUMNS_FULLY_QUALIFIED": in_measure("SUM ( [Skillnadsbelopp] )"),
    "DAX_MEASURES_UNQUALIFIED": in_measure("Mått[EBITDA]"),
    "RELATIONSHIP_COLUMNS_SHOULD_BE_OF_INTEGER_DATA_TYPE": (
        "relationships.tmdl", "toColumn: Period.Periodnyckel", "toColumn: Period.Period",
    ),
    "CHECK_IF_BI-DIRECTIONAL_AND_MANY-TO-MANY_RELATIONSHIPS_ARE_VALID": (
        "relationships.tmdl", A_RELATIONSHIP, f"{A_RELATIONSHIP}\tcrossFilteringBehavior: bothDirections\n",
    ),
    "ISAVAILABLEINMDX_FALSE_NONATTRIBUTE_COLUMNS": (PERIOD, "\t\tisAvailableInMdx: false\n", ""),
    "ISAVAILABLEINMDX_TRUE_ATTRIBUTE_COLUMNS": (
        PERIOD, "\t\tisHidden\n\t\tisKey\n", "\t\tisHidden\n\t\tisKey\n\t\tisAvailableInMdx: false\n",
    ),
    "MODEL_SHOULD_HAVE_A_DATE_TABLE": ("tables/Datum.tmdl", "\tdataCategory: Time\n", ""),
    "SNOWFLAKE_SCHEMA_ARCHITECTURE": (
        "relationships.tmdl", "fromColumn: Resultat.Periodnyckel", "fromColumn: Konto.Kontonyckel",
    ),
    "MEASURES_SHOULD_NOT_BE_DIRECT_REFERENCES_OF_OTHER_MEASURES": in_measure("[EBITDA]"),
    "AVOID_DUPLICATE_MEASURES": in_measure("COUNTROWS ( Kontroll )"),
    "OBJECTS_SHOULD_NOT_START_OR_END_WITH_A_SPACE": (TIME, "calculationItem R12 ", "calculationItem 'R12 ' "),
    "SPECIAL_CHARS_IN_OBJECT_NAMES": (TIME, "calculationItem R12 ", "calculationItem 'R\t12' "),
    "FILTER_COLUMN_VALUES": in_measure("CALCULATE ( [EBITDA], FILTER ( Period, Period[Periodnummer] = 1 ) )"),
    "REDUCE_NUMBER_OF_CALCULATED_COLUMNS": (
        PERIOD,
        A_PARTITION,
        "".join(f"\tcolumn Ny{number} =\n\t\t\t1\n{OF_TEXT}\n" for number in range(5)) + A_PARTITION,
    ),
    "REDUCE_USAGE_OF_CALCULATED_COLUMNS_THAT_USE_THE_RELATED_FUNCTION": (
        PERIOD, '"Aktuell period",', "RELATED ( Datum[Månad] ),",
    ),
    "REDUCE_USAGE_OF_CALCULATED_TABLES": (
        "tables/Radkomponent.tmdl", "partition Radkomponent = m", "partition Radkomponent = calculated",
    ),
    "UNNECESSARY_COLUMNS": (
        PERIOD,
        A_PARTITION,
        f"\tcolumn Ny\n{OF_TEXT}\t\tisHidden\n\t\tsourceColumn: x\n\n{A_PARTITION}",
    ),
    "UNNECESSARY_MEASURES": (MEASURES, NET_SALES, "\tmeasure Ny =\n\t\t\t1\n\t\tisHidden\n\n" + NET_SALES),
    "HIDE_FACT_TABLE_COLUMNS": (
        "tables/Resultatbrygga.tmdl",
        "\tcolumn Skillnadsbelopp\n\t\tdataType: decimal\n\t\tisHidden\n",
        "\tcolumn Skillnadsbelopp\n\t\tdataType: decimal\n",
    ),
    "MINIMIZE_POWER_QUERY_TRANSFORMATIONS": (PERIOD, "Table.SelectColumns(", "Table.Distinct("),
}  # fmt: skip


@pytest.mark.parametrize("rule", best_practice.RULES)
def test_a_broken_rule_is_found(rule: str) -> None:
    path, old, new = FAULTS[rule]
    broken = tmdl.read(changed(path, old, new))
    assert list(best_practice.RULES[rule](broken, report.used(pages()))) != []


# -------------------------------------------------------------------------------- the model and the warehouse

FITTING = {
    "int64": {"int2", "int4", "int8"},
    "string": {"text"},
    "dateTime": {"date", "timestamptz"},
    "boolean": {"bool"},
    "decimal": {"numeric"},
}
STORED = """
select relname::text, attname::text, typname::text
from pg_class
inner join pg_namespace on relnamespace = pg_namespace.oid and nspname = 'mart'
inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
inner join pg_type on atttypid = pg_type.oid
where relkind in ('r', 'v', 'm')
"""
KEYS = """
select relname::text, array_agg(attname::text)
from pg_index
inner join pg_class on indrelid = pg_class.oid
inner join pg_namespace on relnamespace = pg_namespace.oid and nspname = 'mart'
inner join pg_attribute on attrelid = pg_class.oid and attnum = any(indkey)
where indisprimary
group by relname
"""
_SOURCE = re.compile(r'Source\{\[Schema = "mart", Item = "(\w+)"\]\}')
_OWN = "Table.SelectRows(View, each [organization_id] = Number.From(OrganizationId))"
_PICKED = re.compile(r"Table\.SelectColumns\((View|Own), \{(.*)\}\)")


@pytest.fixture(scope="module")
def stored(module_warehouse: Warehouse) -> dict[str, dict[str, str]]:
    """Every relation of schema mart with the types of its columns."""
    found: dict[str, dict[str, str]] = {}
    for relation, column, kind in module_warehouse.rows(STORED):
        found.setdefault(relation, {})[column] = kind
    return found


def unlike_the_marts(
    read: tmdl.Model, marts: dict[str, dict[str, str]], keys: dict[str, set[str]]
) -> Iterator[str]:
    """What the model reads of the warehouse that is not there so."""
    for table in read.tables.values():
        if table.partition_kind != "m":
            continue
        source, picked = _SOURCE.search(table.source), _PICKED.search(table.source)
        columns = marts.get(source[1]) if source else None
        if not source or not picked or columns is None:
            yield f"{table.name}: reads no relation of schema mart"
            continue
        is_own = "organization_id" in columns
        if is_own != (_OWN in table.source) or is_own != (picked[1] == "Own"):
            yield f"{table.name}: is filtered by organization_id only where {source[1]} has it"
        of_source = {column.properties.get("sourceColumn") for column in table.columns.values()} - {None}
        if set(re.findall(r'"(\w+)"', picked[2])) != of_source:
            yield f"{table.name}: picks other columns than it has"
        for column in table.columns.values():
            name = column.properties.get("sourceColumn")
            if name and columns.get(name) not in FITTING[column.properties["dataType"]]:
                yield f"{table.name}[{column.name}]: {source[1]}.{name} is {columns.get(name)}"
            key = keys.get(source[1], set()) - {"organization_id"}
            if "isKey" in column.flags and not table.is_date and key != {name}:
                yield f"{table.name}[{column.name}]: the key of {source[1]} is {key}"
    for name, relationship in read.relationships.items():
        many, one = (
            read.columns[end].properties["dataType"] for end in (relationship.many, relationship.one)
        )
        if many != one:
            yield f"relationship {name}: {many} and {one}"


@pytest.fixture(scope="module")
def keys(module_warehouse: Warehouse) -> dict[str, set[str]]:
    """The primary key of every relation of schema mart."""
    return {relation: set(columns) for relation, columns in module_warehouse.rows(KEYS)}


@pytest.mark.database
def test_the_model_reads_what_the_marts_have(
    stored: dict[str, dict[str, str]], keys: dict[str, set[str]]
) -> None:
    assert list(unlike_the_marts(model(), stored, keys)) == []


@pytest.mark.database
def test_the_days_of_the_date_table_are_all_different(module_warehouse: Warehouse) -> None:
    """Power BI refuses a date table with a day twice or a day left out."""
    ((days, first, last),) = module_warehouse.rows(
        "select count(distinct calendar_date), min(calendar_date), max(calendar_date) from mart.dim_date"
    )
    assert days == module_warehouse.rows("select count(*) from mart.dim_date")[0][0]
    assert days == (last - first).days + 1


def unsortable(read: tmdl.Model, warehouse: Warehouse) -> Iterator[str]:
    """A text that stands with two numbers to be sorted by: Power BI refuses to refresh its table."""
    for column in read.columns.values():
        source = _SOURCE.search(read.tables[column.table].source)
        if not column.sort_by or not source or column.dax:
            continue
        text, number = (
            read.columns[column.table, name].properties["sourceColumn"]
            for name in (column.name, column.sort_by)
        )
        twice = warehouse.rows(
            f"select {text} from mart.{source[1]} group by 1 having count(distinct {number}) > 1 limit 1"
        )
        if twice:
            yield f"{column.table}[{column.name}]: {twice[0][0]} has several {column.sort_by}"


@pytest.mark.database
def test_what_is_sorted_by_another_column_can_be(module_warehouse: Warehouse) -> None:
    """Of what every company has; a company's own rows are sorted by what their marts compute them from."""
    assert list(unsortable(model(), module_warehouse)) == []


@pytest.mark.database
def test_what_cannot_be_sorted_is_found(module_warehouse: Warehouse) -> None:
    by_week = changed("tables/Datum.tmdl", "sortByColumn: Månadsordning", "sortByColumn: Veckoordning")
    assert list(unsortable(tmdl.read(by_week), module_warehouse)) != []


@pytest.mark.database
@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (PERIOD, 'Item = "dim_fiscal_period"', 'Item = "dim_period"'),
        (PERIOD, 'Schema = "mart"', 'Schema = "landing"'),
        (PERIOD, f"Own = {_OWN},\n", "\n"),
        (PERIOD, "Table.SelectColumns(Own", "Table.SelectColumns(View"),
        (
            "tables/Rapportrad.tmdl",
            "Columns = Table.SelectColumns(View",
            f"Own = {_OWN},\nColumns = Table.SelectColumns(Own".replace("\n", "\n\t\t\t\t    "),
        ),
        (PERIOD, "sourceColumn: end_date", "sourceColumn: last_date"),
        (PERIOD, '"end_date", ', ""),
        (PERIOD, "dataType: dateTime", "dataType: int64"),
        (LEDGER, "dataType: decimal", "dataType: int64"),
        ("tables/Kontroll.tmdl", "dataType: dateTime", "dataType: string"),
        (PERIOD, "dataType: boolean", "dataType: string"),
        (PERIOD, A_COLUMN, f"{A_COLUMN}\t\tisKey\n"),
        ("relationships.tmdl", "fromColumn: Huvudbok.Periodnyckel", "fromColumn: Huvudbok.Serie"),
    ],
)  # fmt: skip
def test_what_the_marts_do_not_have_is_found(
    stored: dict[str, dict[str, str]], keys: dict[str, set[str]], path: str, old: str, new: str
) -> None:
    assert list(unlike_the_marts(tmdl.read(changed(path, old, new)), stored, keys)) != []
