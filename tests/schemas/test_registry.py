"""The registry holds together, says what is wrong where it does not, and is all that an indicator needs."""

import csv
import io
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
import sqlglot
from pandera.errors import SchemaErrors
from pydantic import ValidationError

from flows.marts import queries
from flows.marts.checks import suites
from schemas import contracts, dictionary
from schemas.indicators import Indicator
from schemas.loading import load
from schemas.registry import Registry, RegistryError
from schemas.rules import ACCEPTABLE
from schemas.tables import Column


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the registry's files."""
    made = tmp_path / "schemas"
    shutil.copytree(Path(str(resources.files("schemas"))), made, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return made


def edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def append(file: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as out:
            out.write(text)

    return change


ACCEPTED = """
[accepted]
check = "{check}"
{limits}
reason = "x"
owner = "y"
until = 2030-12-31
"""
NEW_INDICATOR = """
[ground_floor_pct]
indicator_group = "attractiveness"
drawn_from = "a register"
label_da = "Andel ledige boliger"
label_en = "Share of vacant dwellings"
definition = "Dwellings without a tenant on the day of counting."
definition_da = "Boliger uden lejer på opgørelsesdagen."
kind = "share"
numerator = "vacant dwellings"
denominator = "dwellings"
count_basis = "dwellings"
counts = "vacant_dwellings"
among = "dwellings"
population = "dwellings"
population_da = "boliger"
polarity = "high_is_worse"
minimum = 0
maximum = 100
decimals = 1
disclosure_class = "ordinary"
"""


CONTRADICTIONS = {
    "a misspelt key": (edit("indicators.toml", "polarity =", "polarty ="), r"indicators\.toml\.residents: .*polarty"),
    "a value that is none": (edit("indicators.toml", '"neutral"', '"bad"'), r"indicators\.toml\.residents: polarity"),
    "a share without a base": (
        edit("indicators.toml", 'denominator = "residents of 18-64 years"\n', ""),
        r"outside_work_pct: .*needs numerator and denominator",
    ),
    "no TOML": (append("rules.toml", "[x"), r"rules\.toml is not TOML"),
    "an unknown layout": (
        edit("sources.toml", 'layout = "grants"', 'layout = "grant"'),
        r"source\.grants: layout 'grant'",
    ),
    "an unknown indicator in a layout": (
        edit("sources.toml", 'indicator = "residents"', 'indicator = "people"'),
        r"layout\.ministry_list: indicator 'people' is not in indicators\.toml",
    ),
    "an unknown indicator of a source": (
        edit("sources.toml", 'indicators = ["residents"]', 'indicators = ["people"]'),
        r"source\.population: indicator 'people'",
    ),
    "an unknown table": (
        edit("sources.toml", 'tables = ["grants"]', 'tables = ["grant"]'),
        r"layout\.grants: 'grant' is not a fact",
    ),
    "a header twice": (
        edit("sources.toml", 'headers = ["Dømte (pct.)"]', 'headers = ["Kommune"]'),
        r"header 'Kommune' stands twice",
    ),
    "an unknown vocabulary": (edit("sources.toml", '"size_bands"', '"sizes"'), r"vocabulary 'sizes'"),
    "a column that is not described": (
        edit("tables.toml", '"area_id", "area_name", "indicator"', '"area_id", "name", "indicator"'),
        r"table\.coverage: column 'name' is not described",
    ),
    "a column that no table has": (
        append("tables.toml", '\n[column.spare]\ntype = "text"\ndescription = "x"\n'),
        r"column\.spare: no table has it",
    ),
    "a key that is no column": (
        edit("tables.toml", 'key = ["plan_id"]', 'key = ["plan"]'),
        r"key column 'plan' is not among",
    ),
    "an alias of nobody": (
        append("codes/area_aliases.csv", "nowhere,X,test\n"),
        r"area_aliases\.csv: 'nowhere' is not in codes/areas\.csv",
    ),
    "a short code": (
        append("codes/areas.csv", "x,X,101\n"),
        r"codes/areas\.csv, line 66: municipality_code: ",
    ),
    "an exception of nobody": (
        edit("exceptions.toml", '"ringparken"', '"nowhere"'),
        r"ringparken_2012: area 'nowhere'",
    ),
    "an exception of a source that nobody sends": (
        append("exceptions.toml", ACCEPTED.format(check="delivery_gone", limits='source = "nothing"')),
        r"exceptions\.toml, accepted: source 'nothing' is not in sources\.toml",
    ),
    "an exception of a mart that nobody makes": (
        append("exceptions.toml", ACCEPTED.format(check="rows_fell", limits='mart = "nothing"')),
        r"exceptions\.toml, accepted: mart 'nothing' is not in tables\.toml",
    ),
    "an exception of everything that is gone": (
        append("exceptions.toml", ACCEPTED.format(check="delivery_gone", limits="")),
        r"exceptions\.toml\.accepted: .*needs just one of 'file' and 'source'",
    ),
    "an exception of a fall that names two things": (
        append(
            "exceptions.toml", ACCEPTED.format(check="rows_fell", limits='mart = "coverage"\nsource = "population"')
        ),
        r"exceptions\.toml\.accepted: .*needs just one of 'mart' and 'source'",
    ),
    "an exception of a mart where rows are meant": (
        append(
            "exceptions.toml",
            ACCEPTED.format(check="jump", limits='mart = "coverage"\narea_id = "x"\nindicator = "residents"'),
        ),
        r"exceptions\.toml\.accepted: .*has no 'source' and no 'mart'",
    ),
    "a night without limits": (
        edit("sources.toml", "max_gone_share", "# max_gone_share"),
        r"sources\.toml, night: max_gone_share: Field required",
    ),
    "a missing file": (lambda folder: (folder / "rules.toml").unlink(), r"is no registry: rules\.toml missing"),
    "a missing list": (
        lambda folder: (folder / "codes" / "areas.csv").unlink(),
        r"is no registry: codes/areas\.csv missing",
    ),
    "an unknown section": (append("sources.toml", '\n[sorce.x]\ntitle = "x"\n'), r"sources\.toml: sorce: unknown"),
    "an unknown kind of table": (append("tables.toml", "\n[tabel.x]\n"), r"tables\.toml: tabel: unknown"),
    "a key outside every block": (
        edit("indicators.toml", "[residents]", "decimals = 1\n[residents]"),
        r"indicators\.toml\.decimals: a block of keys must stand here",
    ),
    "an id that is not the block's name": (
        edit("indicators.toml", 'label_da = "Beboere"', 'label_da = "Beboere"\nid = "people"'),
        r"indicators\.toml\.residents: .*without 'id'",
    ),
    "a table whose name is none": (
        edit("tables.toml", "[table.coverage]", '[table."Coverage 2"]'),
        r"tables\.toml, table\.Coverage 2: id: ",
    ),
    "a column that is no block": (append("tables.toml", "[column.x]\n"), r"tables\.toml, column\.x: type: "),
    "a minimum above the maximum": (
        edit("tables.toml", "minimum = 1, maximum = 5", "minimum = 6, maximum = 5"),
        r"column\.quintile: .*minimum must not lie above maximum",
    ),
    "a pattern that cannot be read": (
        edit("tables.toml", "pattern = '\\d{4}'", "pattern = '['"),
        r"column\.municipality_code: .*pattern cannot be read",
    ),
    "a vocabulary of a column": (
        edit("tables.toml", 'vocabulary = "size_bands"', 'vocabulary = "sizes"'),
        r"tables\.toml, column\.size_band: vocabulary 'sizes'",
    ),
    "a key that may be empty": (
        edit(
            "tables.toml",
            'columns = ["plan_id", "plan_name", "plan_areas"',
            'columns = ["plan_id?", "plan_name", "plan_areas"',
        ),
        r"table\.dim_plans: key column 'plan_id' must not be marked",
    ),
    "an indicator named as a column": (
        append("indicators.toml", "\n[origin]\n" + NEW_INDICATOR.split("\n", 2)[2]),
        r"table\.area_profile_wide: column 'origin' stands twice",
    ),
    "a maximum for areas below the minimum": (
        edit("indicators.toml", "area_maximum = 60_000", "area_maximum = 0"),
        r"residents: .*area_maximum must lie between",
    ),
    "an owner who publishes nothing": (
        edit("disclosure.toml", 'publishers = ["Statistics Denmark", ', 'publishers = ["Statistics Danmark", '),
        r"disclosure\.toml, owner: no source in sources\.toml has the publisher 'Statistics Danmark'",
    ),
    "an owner with two rules": (
        edit("disclosure.toml", '["the municipality that sends them"]', '["Statistics Denmark"]'),
        r"disclosure\.toml, owner: publisher 'Statistics Denmark' stands twice",
    ),
    "a rule stricter than the strictest": (
        edit("disclosure.toml", "k = 5", "k = 11"),
        r"disclosure\.toml, owner\.statistics_denmark: stricter than \[strictest\]",
    ),
    "a disclosure class without a rule": (
        edit("disclosure.toml", "[class.sensitive]", "[class.secret]"),
        r"disclosure\.toml, class\.secret: id: Input should be 'ordinary' or 'sensitive'",
    ),
    "a disclosure class that is left out": (
        edit("disclosure.toml", "[class.sensitive]", "[owner.another]\npublishers = ['Landsbyggefonden']"),
        r"indicators\.toml has the disclosure_class 'sensitive'",
    ),
    "a population that is none": (
        edit("indicators.toml", 'counts = "western"', 'counts = "easterners"'),
        r"indicators\.toml, western_pct: 'easterners' is not in populations\.toml",
    ),
    "an indicator of areas that says not whom it counts": (
        edit("indicators.toml", 'counts = "western"\n', ""),
        r"western_pct: .*needs either 'counts' or 'no_count'",
    ),
    "a share of nobody in particular": (
        edit("indicators.toml", 'counts = "western"\namong = "residents"\n', 'counts = "western"\n'),
        r"western_pct: .*'among' belongs to a share or a rate",
    ),
    "populations of which nothing says how they lie": (
        edit("populations.toml", 'free_of = ["age", "origin"]\n', 'free_of = ["age"]\n'),
        r"nonwestern and moved_in: nothing says whether the attributes origin and stay are free of each other",
    ),
    "universes of which nothing says how they lie": (
        edit("populations.toml", 'free_of = { persons = "a household', '# free_of = { persons = "a household'),
        r"residents and dwellings: nothing says whether the universes persons and homes are free",
    ),
    "a population within none": (
        edit("populations.toml", 'within = "nonwestern"', 'within = "non_western"'),
        r"population\.nonwestern_descendants: 'within' leads to 'non_western'",
    ),
    "a population within itself": (
        edit("populations.toml", 'within = "nonwestern"', 'within = "nonwestern_descendants"'),
        r"population\.nonwestern_descendants: 'within' leads to 'nonwestern_descendants'",
    ),
    "a population twice": (
        edit(
            "populations.toml", 'where = { stay = ["five_years_or_more"] }', 'where = { stay = ["moved_in_last_year"] }'
        ),
        r"moved_in and stayed_5_years are the same population",
    ),
    "a population of nobody": (
        edit("populations.toml", "where = { age = { to = 64 } }", "where = { age = { to = 17 } }"),
        r"population\.residents_18_64: nobody can be in it",
    ),
    "an attribute of others": (
        edit("populations.toml", 'where = { origin = ["western"] }', 'where = { household = ["vacant"] }'),
        r"population\.western: 'household' is no attribute of persons",
    ),
    "a value that an attribute lacks": (
        edit("populations.toml", 'where = { household = ["vacant"] }', 'where = { household = ["empty"] }'),
        r"population\.vacant_dwellings: household has no value 'empty'",
    ),
    "ages where there are none": (
        edit("populations.toml", 'where = { household = ["vacant"] }', "where = { household = { from = 3 } }"),
        r"population\.vacant_dwellings: 'household' is not asked for as its attribute is told",
    ),
    "a rest between unknown owners": (
        edit("populations.toml", 'owners = ["municipality", "municipality"]', 'owners = ["municipality", "nobody"]'),
        r"rest\.municipality: 'nobody' is not in codes/figure_owners\.csv",
    ),
    "no rest for other owners": (
        edit("populations.toml", "[rest.other]\nshare", "[rest.others]\nshare"),
        r"\[rest\.other\] is for all pairs",
    ),
    "a method that is none": (
        edit("disclosure.toml", 'method = "hiding"', 'method = "blurring"'),
        r"disclosure\.toml: method",
    ),
    "a base under a k in use": (
        edit("disclosure.toml", '"hiding"\nbase = 5', '"rounding"\nbase = 4'),
        r"disclosure\.toml, base: 4 is under the k of 5 of class\.ordinary",
    ),
    "a base under the k of unknown owners": (
        edit("disclosure.toml", 'method = "hiding"', 'method = "rounding"'),
        r"disclosure\.toml, base: 5 is under the k of 10 of strictest, which Landsbyggefonden",
    ),
    "a k that hides nothing": (edit("disclosure.toml", "k = 10", "k = 1"), r"disclosure\.toml: strictest\.k"),
    "years that end before they begin": (
        edit("sources.toml", "years = { from = 2007, to = 2040 }", "years = { from = 2007, to = 2006 }"),
        r"source\.population: years: .*'to' lies before 'from'",
    ),
    "a day that no year has": (
        edit("sources.toml", 'reference_day = "01-01"', 'reference_day = "02-30"'),
        r"source\.population: reference_day: ",
    ),
    "a column that goes nowhere": (
        edit("sources.toml", 'to = "dwellings"', 'to = "dwelings"'),
        r"layout\.case_areas: column 'dwelings' is in none of the tables case_areas",
    ),
    "what stands in a table that nothing stands in": (
        edit("sources.toml", 'layout = "case_areas"', 'layout = "case_areas"\nappend_only = true'),
        r"source\.case_areas: 'append_only' is for targets",
    ),
    "a code that the column does not know": (
        edit("sources.toml", 'land = "country"', 'land = "nation"'),
        r"layout\.figures_long: geography must be one of .*, not 'nation'",
    ),
    "a reason that the column does not know": (
        edit("sources.toml", '".." = "withheld_by_source"', '".." = "hidden"'),
        r"layout\.figures_long: missing 'hidden' is no missing_reason",
    ),
    "an area twice": (
        append("codes/areas.csv", "vollsmose,Vollsmose 2,0461\n"),
        r"codes/areas\.csv: area_id 'vollsmose' stands twice",
    ),
    "a name of two areas": (
        append("codes/areas.csv", "vollsmose-2,VOLLSMOSE,0461\n"),
        r"area_aliases\.csv: 'vollsmose' in 0461 names vollsmose and vollsmose-2",
    ),
    "two secretariats of one town": (
        append("codes/secretariats.csv", "aarhus-2,X,0751\n"),
        r"secretariats\.csv: municipality_code '0751' stands twice",
    ),
    "a row too short": (append("codes/areas.csv", "x,X\n"), r"codes/areas\.csv, line 66: not as many fields"),
    "a row too long": (append("codes/areas.csv", "x,X,0101,y\n"), r"codes/areas\.csv, line 66: not as many fields"),
    "a renamed column": (edit("codes/areas.csv", "area_id,name", "area_id,title"), r"codes/areas\.csv, line 2: name: "),
    "a list that is not UTF-8": (
        lambda folder: (folder / "codes" / "areas.csv").write_bytes("area_id\nå\n".encode("cp1252")),
        r"codes/areas\.csv is no CSV in UTF-8",
    ),
    "a boundary of an unknown source": (
        append("codes/area_relations.csv", "bispehaven,nobody,bispehaven,same,\n"),
        r"area_relations\.csv: source 'nobody'",
    ),
    "a gap between bands": (
        edit("codes/size_bands.csv", "1500 dwellings,700,1500", "1500 dwellings,701,1500"),
        r"codes/size_bands\.csv: the bands must cover every number",
    ),
    "a step towards an unknown indicator": (
        edit("change_theory.toml", '"eviction_rate"', '"evictions"'),
        r"change_theory\.toml, step\.keeps_the_home: 'evictions' is no indicator of areas",
    ),
    "a step in an unknown effort area": (
        edit("change_theory.toml", 'effort_area = "sundhed"', 'effort_area = "sport"'),
        r"step\.seeks_help_in_time: effort area 'sport' is not in codes/effort_areas\.csv",
    ),
    "an effort area without a step": (
        append("codes/effort_areas.csv", "idraet,Idræt,nowhere\n"),
        r"change_theory\.toml: effort area 'idraet' has no step",
    ),
    "a step of somebody else": (
        edit("change_theory.toml", 'source = "boligprofil proposal"', 'source = "the report"'),
        r"change_theory\.toml, step\.completes_education: source: ",
    ),
    "two indicators of one name": (
        edit("indicators.toml", 'label_da = "Lejemål"', 'label_da = "Beboere"'),
        r"indicators\.toml: label_da 'beboere' stands twice",
    ),
    "an edge in two bands": (
        edit("codes/funding_bands.csv", "5,15,true,true", "5,15,false,true"),
        r"codes/funding_bands\.csv: the bands must cover every number",
    ),
}


def test_the_reports_effort_areas_are_kept_and_every_step_is_marked_as_a_proposal(registry: Registry) -> None:
    """Five of annex 1 and the sixth of chapter 2; the steps are ours."""
    themes = {row["effort_area_id"]: row["listed_in"] for row in registry.codes["effort_areas"]}
    assert sorted(themes.values()).count("annex 1 and chapter 2") == 5
    assert themes["udlejningsregler"] == "chapter 2 only"
    steps = registry.change_theory.step.values()
    assert {step.source for step in steps} == {"boligprofil proposal"}
    assert {step.effort_area for step in steps} == themes.keys()
    groups = {registry.indicators[name].indicator_group for step in steps for name in step.indicators}
    assert groups >= {"attractiveness", "life_situation", "satisfaction"}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_named_with_file_and_entry(copy: Path, name: str) -> None:
    change, message = CONTRADICTIONS[name]
    change(copy)
    with pytest.raises(RegistryError, match=message):
        load(copy)


def test_models_are_frozen(registry: Registry) -> None:
    with pytest.raises(ValueError, match="frozen"):
        registry.indicators["residents"].unit = "people"  # type: ignore[misc]


def test_every_mart_has_its_sql_and_every_sql_its_mart(registry: Registry) -> None:
    assert queries.marts().keys() == registry.marts.keys()
    assert {check.mart for check in queries.checks().values()} <= registry.marts.keys()


def test_every_rule_that_the_code_names_is_in_the_registry(registry: Registry) -> None:
    code = "".join(path.read_text() for path in Path(str(resources.files("flows.intake"))).rglob("*.py"))
    code += Path(str(resources.files("schemas"))).joinpath("contracts.py").read_text()
    unused = [rule for rule in registry.rules if f'"{rule}"' not in code]
    assert not unused


def test_the_suites_promise_keys_and_required_columns(registry: Registry) -> None:
    made = suites(registry)
    assert made.keys() == registry.marts.keys()
    for name, table in registry.marts.items():
        (rule,) = (e for e in made[name] if e.rule.startswith("never empty: "))
        required = [column.name for column in table.columns if not column.nullable]
        assert rule.rule == f"never empty: {', '.join(required)}"
        assert rule.kwargs["unexpected_rows_query"].count(" is null") == len(required)
        unique = [e.kwargs for e in made[name] if "Unique" in e.type]
        assert unique == [{"column": table.key[0]} if len(table.key) == 1 else {"column_list": list(table.key)}]
    errors = {check.name for check in queries.checks().values() if check.severity == "error"}
    assert {e.check for suite in made.values() for e in suite} - {None} == errors


def test_a_column_per_indicator_is_judged_where_its_values_come_from(registry: Registry) -> None:
    """`residents` is an indicator, and in band_profile a column of its own: the sum over areas."""
    for mart in ("area_profile_wide", "baseline_panel", "band_profile"):
        judged = {e.kwargs.get("column") for e in suites(registry)[mart] if "Between" in e.type}
        assert not judged & registry.indicators.keys(), mart
    assert queries.checks()["values_within_range"].mart == "area_profile"


def test_every_field_of_facts_says_what_it_means_and_where_from(night: Any) -> None:
    night.given("vollsmose 2010 residents 9.100")
    night.run()
    staged = sorted(night.staging.rglob("*.parquet"))
    assert len(staged) > len(night.registry.facts)
    for file in staged:
        for field in pq.read_schema(file):
            assert field.metadata[b"description"], file
            assert field.metadata[b"source"], file


FIGURE = {
    "geography": "area",
    "geography_id": "vollsmose",
    "year": 2010,
    "period": "2010",
    "breakdown": "all",
    "indicator": "nonwestern_pct",
    "numerator": 300,
    "denominator": 1000,
    "value": 30.0,
    "status": "final",
    "window_years": 1,
    "published_in": 2010,
    "published_at": "2010-12-31",
    "received_at": "2026-01-01",
    "figure_owner": "municipality",
    "source": "municipal_figures",
    "source_file": "x.csv",
    "source_line": 6,
    "origin": "real",
}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, None),
        ({"value": 101.0, "numerator": None}, "out_of_range"),
        ({"value": None, "numerator": None}, "no_figure"),
        ({"indicator": "residents", "value": 9.1, "numerator": None}, "not_a_whole_number"),
        ({"indicator": "residents", "value": 60_001.0, "numerator": None}, "out_of_range"),
        ({"numerator": 1001, "value": 100.1}, "numerator_above_denominator"),
        ({"value": 30.2}, "share_disagrees_with_counts"),
        ({"value": 30.05}, None),
        ({"denominator": 0, "numerator": 0}, None),
        ({"status": "guessed"}, "unknown_value"),
        ({"geography": "quarter"}, "unknown_value"),
        ({"window_years": 0}, "out_of_range"),
        ({"geography_id": None}, "not_nullable"),
    ],
)
def test_the_contract_of_a_figure(registry: Registry, change: dict[str, Any], rule: str | None) -> None:
    row = {**FIGURE, **change}
    types = contracts.polars_schema(registry.tables["figures"])
    cells = [pl.Series(name, [row.get(name)]) for name in types]
    frame = pl.DataFrame(cells).with_columns(
        pl.col(name).str.to_date() if dtype == pl.Date() and row.get(name) else pl.col(name).cast(dtype)
        for name, dtype in types.items()
    )
    schema = contracts.pandera_schema(registry, registry.tables["figures"])
    if rule is None:
        schema.validate(frame, lazy=True)
        return
    with pytest.raises(SchemaErrors) as broken:
        schema.validate(frame, lazy=True)
    assert rule in broken.value.failure_cases["check"].to_list()


def test_a_new_indicator_is_one_block(night: Any, copy: Path) -> None:
    append("indicators.toml", NEW_INDICATOR)(copy)
    night.registry = load(copy)
    night.given(
        """
        vollsmose  2010 ground_floor_pct 15/148
        vollsmose  2011 ground_floor_pct 12/148
        bispehaven 2010 ground_floor_pct 2,5
        """
    )
    built = night.marts()

    rows = {(row["area_id"], row["year"]): row for row in built["area_profile"].iter_rows(named=True)}
    first = rows["vollsmose", 2010]
    assert first["indicator"] == "ground_floor_pct"
    assert (first["ci_low"], first["ci_high"]) == pytest.approx((6.24, 16.05), abs=5e-3)  # Newcombe 1998
    assert rows["vollsmose", 2011]["change_year"] == pytest.approx(-100 * 3 / 148)
    assert rows["bispehaven", 2010]["value"] == 2.5
    assert "ground_floor_pct" in built["area_profile_wide"].columns
    assert "ground_floor_pct" in built["dim_indicators"]["indicator"].to_list()
    assert built["coverage"].filter(area_id="bispehaven", indicator="ground_floor_pct")["delivered_in"].to_list() == [
        "2010"
    ]
    field = pq.read_schema(night.folder / "marts" / "area_profile_wide.parquet").field("ground_floor_pct")
    assert field.metadata[b"unit"] == b"percent"
    assert b"Dwellings without a tenant" in field.metadata[b"description"]
    assert "### ground_floor_pct" in dictionary.as_markdown(night.registry)
    assert "ground_floor_pct" in dictionary.as_csv(night.registry)
    (described,) = built["dim_indicators"].filter(indicator="ground_floor_pct").to_dicts()
    assert (described["range_low"], described["range_high"]) == (0, 100)


def test_the_dictionary_has_every_column_once(registry: Registry) -> None:
    rows = list(csv.DictReader(io.StringIO(dictionary.as_csv(registry).removeprefix("\ufeff")), delimiter=";"))
    assert [(row["table"], row["column"]) for row in rows if row["kind"] == "mart"] == [
        (table.id, column.name) for table in registry.marts.values() for column in table.columns
    ]
    assert all(row["description"] for row in rows)
    text = dictionary.as_markdown(registry)
    for table in registry.tables.values():
        assert f"### {table.id}\n" in text


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select 1", "the first line must be '-- x: "),
        ("-- x: two.\nselect 1;\nselect 2", "not one query"),
        ("-- x: broken.\nselect from where", "not one query"),
    ],
)
def test_a_sql_file_without_promise_or_with_two_queries_is_refused(sql: str, message: str) -> None:
    with pytest.raises(queries.QueryError, match=message):
        queries.query("x", sql)


def test_a_severity_is_error_or_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "-- x: a promise.\n-- mart: coverage\n-- severity: warn\nselect 1 from coverage"
    monkeypatch.setattr(queries, "_queries", lambda folder: {"x": queries.query("x", sql)})
    with pytest.raises(queries.QueryError, match=r"x\.sql: the severity is error or warning, not 'warn'"):
        queries.checks()
    monkeypatch.setattr(queries, "_queries", lambda folder: {"x": queries.query("x", "-- x: y.\nselect 1 from z")})
    with pytest.raises(queries.QueryError, match="needs a line '-- mart"):
        queries.checks()


def test_checks_read_marts_only(registry: Registry) -> None:
    """They run over published files, where views, facts and codes are not."""
    for check in queries.checks().values():
        assert check.reads <= registry.marts.keys(), check.name


def test_what_a_query_reads_is_what_another_parser_finds_in_it() -> None:
    """DuckDB's parser against sqlglot, over every file of sql/ that is ordered by what it reads."""
    made = {**queries.views(), **queries.marts(), **queries.checks(), **queries.release()}
    for name, query in made.items():
        tree = sqlglot.parse_one(query.sql, dialect="duckdb")
        ctes = {cte.alias for cte in tree.find_all(sqlglot.exp.CTE)}
        tables = [table for table in tree.find_all(sqlglot.exp.Table) if table.name]
        found = {f"{table.db}.{table.name}" if table.db else table.name for table in tables}
        assert query.reads == found - ctes, name


def test_no_cte_hides_a_table_that_another_file_makes() -> None:
    """The order of the build would not see that the table is read."""
    made = {**queries.views(), **queries.marts()}
    for name, query in made.items():
        ctes = {cte.alias for cte in sqlglot.parse_one(query.sql, dialect="duckdb").find_all(sqlglot.exp.CTE)}
        assert not ctes & made.keys(), name


def test_every_exception_names_a_check_that_heeds_exceptions(registry: Registry) -> None:
    of_checks = {e.check for e in registry.exceptions.values()} - ACCEPTABLE.keys()
    assert of_checks <= queries.checks().keys()
    known = queries.marts()["known_exceptions"].sql
    assert all(f"'{check}'" in known for check in of_checks)


def test_what_lies_behind_a_table() -> None:
    made = {
        "a": queries.query("a", "-- a: x.\nselect * from b"),
        "b": queries.query("b", "-- b: x.\nselect * from facts.figures join codes.areas using (x)"),
        "c": queries.query("c", "-- c: x.\nselect * from facts.grants"),
    }
    assert queries.behind(["a"], made) == {"a", "b", "facts.figures", "codes.areas"}
    assert queries.facts_behind("a", made) == ["figures"]


def test_a_cte_with_the_name_of_a_fact_table_hides_no_fact() -> None:
    sql = "-- a: x.\nwith figures as (select * from facts.figures), grants as (select 1) select * from figures, grants"
    query = queries.query("a", sql)
    assert query.reads == {"facts.figures"}
    assert queries.facts_behind("a", {"a": query}) == ["figures"]


@pytest.mark.parametrize("maximum", [0, -1])
def test_an_indicator_has_room_between_its_limits(registry: Registry, maximum: float) -> None:
    written = registry.indicators["outside_work_pct"].model_dump() | {"minimum": 0}
    assert Indicator.model_validate(written | {"maximum": 0.1})
    with pytest.raises(ValidationError, match="minimum must lie below maximum"):
        Indicator.model_validate(written | {"maximum": maximum})


def test_a_column_may_hold_one_value_alone() -> None:
    column = {"type": "integer", "description": "x", "minimum": 1}
    assert Column.model_validate(column | {"maximum": 1}).maximum == 1
    with pytest.raises(ValidationError, match="minimum must not lie above maximum"):
        Column.model_validate(column | {"maximum": 0})


def test_the_order_follows_what_the_sql_reads() -> None:
    made = {
        "a": queries.query("a", "-- a: x.\nwith c as (select * from b) select * from c"),
        "b": queries.query("b", "-- b: x.\nselect * from facts.figures"),
        "c": queries.query("c", "-- c: x.\nselect * from a join b using (x)"),
    }
    assert made["a"].reads == {"b"}
    assert queries.order(made, ["facts.figures"]) == ["b", "a", "c"]
    with pytest.raises(queries.QueryError, match=r"sql b reads facts\.figures"):
        queries.order(made, [])
    circle = {**made, "b": queries.query("b", "-- b: x.\nselect * from c")}
    with pytest.raises(queries.QueryError, match="circle"):
        queries.order(circle, [])
