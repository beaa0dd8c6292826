"""Exports: what a reader of Stata, SPSS, SAS and CSV gets back is what the mart holds, with labels and reasons."""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.io.stata import StataMissingValue, StataReader
from polars.testing import assert_frame_equal
from profiles import examples

from flows.core.parquet import write_parquet
from flows.marts import build
from flows.publish import exports
from flows.publish.exports import ExportError
from schemas import contracts
from schemas.registry import Registry
from schemas.tables import Table, TableColumn

MOMENT = datetime(2026, 11, 24, 3, 5, 7, tzinfo=UTC)
PACKAGES = ("dta", "sav", "xpt")
READERS: dict[str, Callable[..., tuple[pl.DataFrame, Any]]] = {
    "dta": pyreadstat.read_dta,
    "sav": pyreadstat.read_sav,
    "xpt": pyreadstat.read_xport,
}
REASONS = ("not_delivered", "withheld_by_source", "too_uncertain")


def column(name: str, kind: str = "number", **meaning: Any) -> TableColumn:
    return TableColumn.model_validate({"name": name, "type": kind, "description": name, "nullable": True, **meaning})


def table(*columns: TableColumn, name: str = "demo", description: str = "A table to try things on.") -> Table:
    return Table(
        id=name,
        kind="mart",
        description=description,
        grain="one row per key",
        key=(columns[0].name,),
        columns=columns,
    )


def written(folder: Path, mart: Table, cells: dict[str, list[Any]], notes: dict[str, str] | None = None) -> Path:
    """A mart's parquet file as the build writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{mart.id}.parquet"
    rows = pl.DataFrame(cells, schema=contracts.polars_schema(mart)).to_arrow().cast(contracts.arrow_schema(mart))
    write_parquet(file, rows, mart, {"origin": "synthetic"} if notes is None else notes)
    return file


def read(file: Path, **options: Any) -> tuple[pl.DataFrame, Any]:
    return READERS[file.suffix[1:]](file, output_format="polars", **options)


def plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as every package holds them: no text is empty text, booleans are 0 and 1, every number is a double."""
    numbers = pl.selectors.numeric() | pl.selectors.boolean()
    return rows.with_columns(numbers.cast(pl.Float64), pl.selectors.string().fill_null(""))


def given_back(file: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """What stands in a file, in the types of `plain(rows)`; a column without a value comes back without a type."""
    types = plain(rows).schema
    back = read(file)[0]
    return back.with_columns(pl.col(name).cast(kind) for name, kind in types.items() if back[name].dtype != kind)


def read_csv(file: Path, mart: Table) -> pl.DataFrame:
    """A CSV file by DuckDB, in the table's types; only a field without quotes is null."""
    kinds = {"text": "varchar", "integer": "bigint", "number": "double", "year": "integer"}
    columns = {column.name: kinds.get(column.type, column.type) for column in mart.columns}
    options = "header = true, auto_detect = false, new_line = '\\r\\n', nullstr = '', allow_quoted_nulls = false"
    with duckdb.connect() as connection:
        return connection.sql(f"from read_csv(?, columns = {columns}, {options})", params=[str(file)]).pl()


@pytest.fixture
def demo() -> Table:
    return table(
        column("area_id", "text", nullable=False, description="Område: Ærøs egen nøgle, med æøå og ÆØÅ."),
        column("year", "year", description="Year of the figure."),
        column("grant_dkk", "integer", unit="DKK", description="Amount granted."),
        column("value", description="The figure."),
        column("missing_reason", "text", allowed=REASONS, description="Why there is no value."),
        column("on_list", "boolean", description="On the list."),
        column("received_at", "date", description="Day of receipt."),
        description="Områder æøå.",
    )


CELLS: dict[str, list[Any]] = {
    "area_id": ["Askerød", "Blåkildegård", "Ærø", "søndermarken, 'nord' \"syd\"", "e"],
    "year": [2010, None, 1899, 2024, 2011],
    "grant_dkk": [2**31 + 7, None, -5, 2**53, 0],
    "value": [0.1 + 0.2, None, None, None, -1 / 3],
    "missing_reason": [None, "withheld_by_source", "not_delivered", None, None],
    "on_list": [True, False, None, True, None],
    "received_at": [date(2010, 12, 31), None, date(1899, 2, 28), date(2024, 2, 29), date(1960, 1, 1)],
}


@pytest.fixture
def exported(tmp_path: Path, demo: Table, registry: Registry) -> Path:
    """A folder with the demo table in every format."""
    exports.export(written(tmp_path, demo, CELLS), demo, registry, tmp_path / "out", MOMENT)
    return tmp_path / "out"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_gives_back_the_values(package: str, exported: Path, demo: Table) -> None:
    rows = pl.DataFrame(CELLS, schema=contracts.polars_schema(demo))
    assert_frame_equal(given_back(exported / f"demo.{package}", rows), plain(rows), check_exact=True)


def test_pandas_reads_the_stata_file_by_its_own_code(exported: Path) -> None:
    read_by_pandas = pd.read_stata(
        exported / "demo.dta", convert_missing=True, convert_dates=False, convert_categoricals=False
    )
    assert read_by_pandas["area_id"].tolist() == CELLS["area_id"]
    assert read_by_pandas["grant_dkk"].tolist()[0] == 2**31 + 7
    assert read_by_pandas["grant_dkk"].tolist()[3] == 2**53
    values = [cell.string if isinstance(cell, StataMissingValue) else cell for cell in read_by_pandas["value"]]
    assert values == [0.1 + 0.2, ".b", ".a", ".", -1 / 3]
    dates = pd.read_stata(exported / "demo.dta")["received_at"]
    assert [None if pd.isna(day) else day.date() for day in dates] == CELLS["received_at"]
    with StataReader(exported / "demo.dta") as reader:
        labels = reader.value_labels()
        assert reader.data_label == "synthetic data: demo: Områder æøå."
        assert reader.variable_labels()["area_id"] == "Område: Ærøs egen nøgle, med æøå og ÆØÅ."
    assert {0: "no", 1: "yes"} in labels.values()
    # Stata's manual, [P] dta: as a long, .a is 2147483622 and .z 2147483647.
    assert {2147483622 + at: reason for at, reason in enumerate(REASONS)} in labels.values()


def test_stata_14_reads_the_file_and_shows_whole_numbers(exported: Path) -> None:
    assert b"<release>118</release>" in (exported / "demo.dta").read_bytes()[:100]
    shown = read(exported / "demo.dta")[1].original_variable_types
    assert (shown["grant_dkk"], shown["year"], shown["received_at"]) == ("%14.0f", "%8.0f", "%td")


def test_spss_knows_what_is_a_scale_and_shows_whole_numbers(exported: Path) -> None:
    about = read(exported / "demo.sav")[1]
    kinds = {"area_id": "nominal", "missing_reason": "nominal", "on_list": "nominal"}
    scales = dict.fromkeys(("year", "grant_dkk", "value", "received_at"), "scale")
    assert about.variable_measure == kinds | scales
    shown = about.original_variable_types
    assert (shown["grant_dkk"], shown["value"], shown["year"]) == ("F14.0", "F14.4", "F8.0")
    assert (shown["on_list"], shown["received_at"]) == ("F1.0", "DATE11")


@pytest.mark.parametrize("package", ["dta", "sav"])
def test_a_figure_with_a_reason_beside_it_stays(package: str, tmp_path: Path, registry: Registry) -> None:
    mart = table(column("value"), column("missing_reason", "text", allowed=REASONS))
    file = written(tmp_path, mart, {"value": [5.5, 6.5], "missing_reason": [REASONS[0], None]})
    exports.export(file, mart, registry, tmp_path, MOMENT, [package])
    assert read(tmp_path / f"demo.{package}", user_missing=True)[0]["value"].to_list() == [5.5, 6.5]


def test_stata_tells_the_reasons_apart(exported: Path) -> None:
    rows, about = read(exported / "demo.dta", user_missing=True)
    assert rows["value"].to_list() == [0.1 + 0.2, "b", "a", None, -1 / 3]
    assert about.variable_value_labels["value"] == dict(zip("abc", REASONS, strict=True))
    assert rows["missing_reason"].to_list()[1:3] == ["withheld_by_source", "not_delivered"]


def test_spss_tells_the_reasons_apart(exported: Path) -> None:
    rows, about = read(exported / "demo.sav", user_missing=True)
    assert rows["value"].to_list() == [0.1 + 0.2, -9000002, -9000001, None, -1 / 3]
    assert about.missing_ranges == {"value": [{"lo": -9000003, "hi": -9000001}]}
    assert about.variable_value_labels["value"] == dict(zip((-9000001, -9000002, -9000003), REASONS, strict=True))
    assert rows["missing_reason"].to_list()[1:3] == ["withheld_by_source", "not_delivered"]


def test_sas_has_the_reason_in_its_column(exported: Path) -> None:
    rows, about = read(exported / "demo.xpt")
    assert rows["value"].is_null().to_list() == [False, True, True, True, False]
    assert rows["missing_reason"].to_list()[1:3] == ["withheld_by_source", "not_delivered"]
    assert about.table_name == "demo"
    assert about.original_variable_types["received_at"] == "DATE9"


@pytest.mark.parametrize("number", [1.0, -118.625, 0.1 + 0.2, 2.0**31 + 7, 1e-70, -1e74])
def test_sas_holds_numbers_as_its_format_says(number: float, tmp_path: Path, registry: Registry) -> None:
    """SAS's TS-140: sign and power of 16 (excess 64) in a byte, then 56 bits of fraction; records of 80 bytes."""
    mart = table(column("x"))
    exports.export(written(tmp_path, mart, {"x": [number]}), mart, registry, tmp_path, MOMENT, ["xpt"])
    cell = (tmp_path / "demo.xpt").read_bytes()[-80:-72]
    fraction = Fraction(int.from_bytes(cell[1:]), 2**56)
    power = Fraction(16) ** (cell[0] % 128 - 64)
    assert (-1 if cell[0] >= 128 else 1) * fraction * power == Fraction(number)


@pytest.mark.parametrize("package", PACKAGES)
def test_labels_and_origin_stand_in_every_file(package: str, exported: Path) -> None:
    about = read(exported / f"demo.{package}")[1]
    assert about.file_label == "synthetic data: demo: Områder æøå."
    assert about.column_names_to_labels["area_id"] == "Område: Ærøs egen nøgle, med æøå og ÆØÅ."
    assert about.column_names_to_labels["value"] == "The figure."
    if package != "xpt":
        assert about.variable_value_labels["on_list"] == {0: "no", 1: "yes"}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_origin_outlives_a_long_title(package: str, tmp_path: Path, registry: Registry) -> None:
    mart = table(column("x"), name="a_mart_with_quite_a_long_name", description="Blåbærgrød æøå " * 30)
    exports.export(written(tmp_path, mart, {"x": [1.0]}), mart, registry, tmp_path, MOMENT, [package])
    label = read(tmp_path / f"{mart.id}.{package}")[1].file_label
    assert label.startswith("synthetic data:")
    assert label.endswith("...")
    assert len(label.encode()) <= {"dta": 80, "sav": 64, "xpt": 40}[package]


def test_csv_is_rfc_4180(exported: Path) -> None:
    text = (exported / "demo.csv").read_bytes().decode("utf-8")
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert lines[0] == list(CELLS)
    assert lines[1] == ["Askerød", "2010", "2147483655", repr(0.1 + 0.2), "", "true", "2010-12-31"]
    assert lines[2] == ["Blåkildegård", "", "", "", "withheld_by_source", "false", ""]
    assert lines[4][0] == "søndermarken, 'nord' \"syd\""
    assert text.count("\r\n") == text.count("\n") == len(CELLS["year"]) + 1
    assert not text.startswith("\ufeff")


def test_empty_text_is_no_text_but_in_csv(tmp_path: Path, registry: Registry) -> None:
    mart = table(column("a", "text"), column("b", "text"))
    exports.export(
        written(tmp_path, mart, {"a": ["x", "", None], "b": ["", None, "y"]}), mart, registry, tmp_path, MOMENT
    )
    assert (tmp_path / "demo.csv").read_text().splitlines() == ["a,b", 'x,""', '"",', ",y"]
    for package in PACKAGES:
        back = read(tmp_path / f"demo.{package}")[0]
        assert back.to_dict(as_series=False) == {"a": ["x", "", ""], "b": ["", "", "y"]}


@pytest.mark.parametrize("length", [255, 256, 2044, 2045, 2046, 9000])
def test_long_text_stays_whole(length: int, tmp_path: Path, registry: Registry) -> None:
    """SPSS parts text beyond 255 bytes, Stata keeps text beyond 2045 bytes apart from the rows."""
    mart = table(column("a", "text"), column("b", "text"))
    cells = {"a": ["æ" + "x" * (length - 3) + "y", None, ""], "b": ["last", "", "æ" * 3]}
    exports.export(written(tmp_path, mart, cells), mart, registry, tmp_path, MOMENT, PACKAGES)
    for package in PACKAGES:
        back = read(tmp_path / f"demo.{package}")[0]
        assert back["a"].to_list() == [cells["a"][0], "", ""], package
        assert back["b"].to_list() == cells["b"], package
    assert pd.read_stata(tmp_path / "demo.dta")["a"].tolist() == [cells["a"][0], "", ""]


@pytest.mark.parametrize("rows", [0, 1, 79, 80, 81])
def test_no_row_is_lost_or_made_up(rows: int, tmp_path: Path, registry: Registry) -> None:
    """SAS transport pads its last record of 80 bytes with blanks, which look like rows of empty text."""
    mart = table(column("a", "text"))
    exports.export(written(tmp_path, mart, {"a": [None] * rows}), mart, registry, tmp_path, MOMENT, PACKAGES)
    for package in PACKAGES:
        assert read(tmp_path / f"demo.{package}")[0]["a"].to_list() == [""] * rows, package


@pytest.mark.parametrize("package", PACKAGES)
def test_figures_that_are_all_missing_keep_their_reasons(package: str, tmp_path: Path, registry: Registry) -> None:
    mart = table(column("grant_dkk", "integer"), column("grant_dkk_missing_reason", "text", allowed=REASONS))
    cells = {"grant_dkk": [None, None], "grant_dkk_missing_reason": ["too_uncertain", "not_delivered"]}
    exports.export(written(tmp_path, mart, cells), mart, registry, tmp_path, MOMENT, [package])
    options = {} if package == "xpt" else {"user_missing": True}
    found = read(tmp_path / f"demo.{package}", **options)[0]["grant_dkk"].to_list()
    assert found == {"dta": ["c", "a"], "sav": [-9000003, -9000001], "xpt": [None, None]}[package]


def test_a_figure_among_the_codes_of_spss_is_refused(tmp_path: Path, registry: Registry) -> None:
    mart = table(column("value"), column("missing_reason", "text", allowed=REASONS))
    file = written(tmp_path, mart, {"value": [-9000002.5, 1.0], "missing_reason": [None, None]})
    with pytest.raises(ExportError, match="value: 1 figures lie from -9000003 to -9000001"):
        exports.export(file, mart, registry, tmp_path, MOMENT, ["sav"])
    assert exports.export(file, mart, registry, tmp_path, MOMENT, ["dta", "xpt", "csv"])


def test_which_column_each_reason_speaks_of() -> None:
    text = ("missing_reason", "missing_reason_before", "change_missing_reason", "dose_missing_reason")
    mart = table(
        *(column(name) for name in ("value", "value_before", "value_of_twin", "change", "change_low", "dose_dkk")),
        *(column(name, "text") for name in (*text, "verdict_missing_reason", "verdict", "band", "band_missing_reason")),
        column("band_edge"),
    )
    assert exports.missing_reasons(mart) == {
        "value": "missing_reason",
        "value_before": "missing_reason_before",
        "change": "change_missing_reason",
        "dose_dkk": "dose_missing_reason",
    }


def test_a_reason_keeps_its_code_whatever_the_rows_say(tmp_path: Path, registry: Registry) -> None:
    mart = table(column("value"), column("missing_reason", "text", allowed=REASONS))
    for reason in REASONS:
        file = written(tmp_path, mart, {"value": [None], "missing_reason": [reason]})
        exports.export(file, mart, registry, tmp_path, MOMENT, ["dta"])
        rows, about = read(tmp_path / "demo.dta", user_missing=True)
        assert about.variable_value_labels["value"][rows["value"][0]] == reason
        assert about.variable_value_labels["value"] == dict(zip("abc", REASONS, strict=True))


def test_reasons_that_no_list_allows_have_codes_too(tmp_path: Path, registry: Registry) -> None:
    mart = table(column("value"), column("missing_reason", "text"))
    file = written(tmp_path, mart, {"value": [None, None], "missing_reason": ["z", "y"]})
    exports.export(file, mart, registry, tmp_path, MOMENT, ["dta"])
    assert read(tmp_path / "demo.dta", user_missing=True)[0]["value"].to_list() == ["b", "a"]
    many = written(tmp_path, mart, {"value": [None] * 27, "missing_reason": [f"r{at}" for at in range(27)]})
    with pytest.raises(ExportError, match="missing_reason has 27 reasons, and Stata tells no more than 26 apart"):
        exports.export(many, mart, registry, tmp_path, MOMENT, ["dta"])


NUMBERS = st.floats(-1e74, 1e74).filter(lambda number: number == 0 or abs(number) > 1e-78)
TEXTS = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=400).map(str.strip)


def test_any_number_and_any_text_come_back(tmp_path: Path, registry: Registry) -> None:
    mart = table(column("number"), column("words", "text"))

    @settings(max_examples=examples(40))
    @given(cells=st.lists(st.tuples(st.none() | NUMBERS, st.none() | TEXTS), max_size=12))
    def come_back(cells: list[tuple[float | None, str | None]]) -> None:
        numbers, texts = [number for number, _ in cells], [text for _, text in cells]
        file = written(tmp_path, mart, {"number": numbers, "words": texts})
        exports.export(file, mart, registry, tmp_path, MOMENT)
        for package in PACKAGES:
            back = read(tmp_path / f"demo.{package}")[0]
            assert back["number"].to_list() == numbers, package
            assert back["words"].to_list() == [text or "" for text in texts], package
        assert_frame_equal(read_csv(tmp_path / "demo.csv", mart), pl.read_parquet(file), check_exact=True)

    come_back()


@pytest.mark.parametrize("package", PACKAGES)
def test_names_that_a_package_does_not_take(package: str, tmp_path: Path, registry: Registry) -> None:
    long = "secretariat_municipality_code_of_the_year_"
    names = ["long", "to", "Kommune", "kommune", "str12", "boligområde", "1st", f"{long}2010", f"{long}2011", "fits"]
    mart = table(*(column(name, description=f"What {name} means.") for name in names))
    exports.export(written(tmp_path, mart, {name: [1.5] for name in names}), mart, registry, tmp_path, MOMENT)
    labels = read(tmp_path / f"demo.{package}")[1].column_names_to_labels
    assert list(labels.values()) == [f"What {name} means." for name in names]
    assert list(labels)[3] == "kommune"
    assert list(labels)[-1] == "fits"
    listed = list(csv.DictReader((tmp_path / "demo.codebook.csv").open(encoding="utf-8", newline="")))
    assert [(row["column"], row["name"]) for row in listed] == list(zip(names, labels, strict=True))
    assert (tmp_path / "demo.csv").read_text().splitlines()[0] == ",".join(names)


@given(st.lists(st.text(min_size=1, max_size=60), unique=True, min_size=1, max_size=20))
def test_short_names_are_taken_by_all_and_stay_what_they_are(names: list[str]) -> None:
    made = exports.short_names(names)
    assert len(set(made.values())) == len(names)
    for name, short in made.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,28}", short, re.ASCII)
        assert exports.short_names([name]) == {name: short}
        assert exports.short_names([short]) == {short: short}


def test_the_names_of_value_labels_fit_stata(tmp_path: Path, registry: Registry) -> None:
    mart = table(*(column("x" * length, "boolean") for length in range(28, 34)))
    exports.export(
        written(tmp_path, mart, {c.name: [True] for c in mart.columns}), mart, registry, tmp_path, MOMENT, ["dta"]
    )
    with StataReader(tmp_path / "demo.dta") as reader:
        names = list(reader.value_labels())
    assert len(names) == 6
    assert max(map(len, names)) <= 32


def test_two_columns_with_one_name_are_refused() -> None:
    long = "x" * 40
    with pytest.raises(ExportError, match="have one name in Stata, SPSS and SAS; rename one"):
        exports.short_names([long, exports.short_names([long])[long]])


def test_no_name_of_the_registry_is_changed(registry: Registry) -> None:
    for mart in registry.marts.values():
        names = [column.name for column in mart.columns]
        assert exports.short_names(names) == dict(zip(names, names, strict=True))


@given(st.text(max_size=200), st.integers(10, 100))
def test_a_shortened_text_fits(text: str, room: int) -> None:
    short = exports.shortened(text, room)
    assert len(short.encode(errors="surrogatepass")) <= room
    if short != text:
        assert short.endswith("...")
        words = short[:-3].split()
        assert text.split()[: len(words)] == words


def test_a_long_description_is_cut_after_a_word_and_whole_in_the_codebook(tmp_path: Path, registry: Registry) -> None:
    words = "Andelen af beboere på 18-64 år uden tilknytning til arbejdsmarkedet, målt over de seneste to hele år."
    mart = table(column("value", description=words))
    exports.export(written(tmp_path, mart, {"value": [1.0]}), mart, registry, tmp_path, MOMENT)
    for package in PACKAGES:
        label = read(tmp_path / f"demo.{package}")[1].column_names_to_labels["value"]
        assert label == "Andelen af beboere på 18-64 år uden tilknytning til arbejdsmarkedet, målt..."
    assert words in (tmp_path / "demo.codebook.csv").read_text(encoding="utf-8")
    assert words in (tmp_path / "demo.codebook.md").read_text(encoding="utf-8")


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Moves the clock that the library reads, by hours, to another zone."""

    def moved(to: str) -> None:
        monkeypatch.setenv("TZ", to)
        time.tzset()

    yield moved
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_same_mart_is_the_same_bytes_at_any_time(
    package: str, tmp_path: Path, demo: Table, registry: Registry, zone: Callable[[str], None]
) -> None:
    file, of_clock, made = written(tmp_path, demo, CELLS), [], []
    writer = {"dta": pyreadstat.write_dta, "sav": pyreadstat.write_sav, "xpt": pyreadstat.write_xport}[package]
    for at in ("UTC", "Asia/Tokyo"):
        zone(at)
        writer(pl.DataFrame({"x": [1.0]}), tmp_path / "bare")  # type: ignore[operator]
        of_clock.append((tmp_path / "bare").read_bytes())
        exports.export(file, demo, registry, tmp_path / at, MOMENT, [package])
        made.append([path.read_bytes() for path in sorted((tmp_path / at).iterdir())])
    assert of_clock[0] != of_clock[1]
    assert made[0] == made[1]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_moment_of_the_snapshot_stands_in_the_head(
    package: str, tmp_path: Path, demo: Table, registry: Registry
) -> None:
    summer = MOMENT.astimezone(timezone(timedelta(hours=2)))
    exports.export(written(tmp_path, demo, CELLS), demo, registry, tmp_path, summer, [package])
    about = read(tmp_path / f"demo.{package}")[1]
    written_at = MOMENT.replace(tzinfo=None, second=0 if package == "dta" else MOMENT.second)
    assert (about.creation_time, about.modification_time) == (written_at, written_at)


def test_a_head_that_looks_otherwise_is_refused(
    tmp_path: Path, demo: Table, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(exports.FORMATS, "sav", lambda part, mart: part.write_bytes(b"no time here"))
    with pytest.raises(ExportError, match="0 times stand in the head of a sav file, not 1"):
        exports.export(written(tmp_path, demo, CELLS), demo, registry, tmp_path / "out", MOMENT, ["sav"])
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failed_export_leaves_the_old_file(
    exported: Path, tmp_path: Path, demo: Table, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (exported / "demo.xpt").read_bytes()

    def broken(part: Path, mart: exports.Mart) -> None:
        part.write_bytes(b"half a file")
        raise pyreadstat.ReadstatError("Unable to write data")

    monkeypatch.setitem(exports.FORMATS, "xpt", broken)
    with pytest.raises(ExportError, match=r"demo\.parquet cannot be written as xpt: Unable to write data"):
        exports.export(tmp_path / "demo.parquet", demo, registry, exported, MOMENT, ["xpt"])
    assert (exported / "demo.xpt").read_bytes() == before
    assert not list(exported.glob(".*"))


def test_what_cannot_be_exported_is_said(tmp_path: Path, demo: Table, registry: Registry) -> None:
    file = written(tmp_path, demo, CELLS)
    with pytest.raises(ExportError, match="no format 'sas7bdat', 'xls'; there are dta, sav, xpt, csv"):
        exports.export(file, demo, registry, tmp_path, MOMENT, ["csv", "sas7bdat", "xls"])
    fewer = demo.model_copy(update={"columns": demo.columns[:-1]})
    with pytest.raises(ExportError, match=r"does not have the columns that tables\.toml gives demo"):
        exports.export(file, fewer, registry, tmp_path, MOMENT)
    unnamed = written(tmp_path, demo, CELLS, notes={})
    with pytest.raises(ExportError, match="does not say whether its figures are real or synthetic"):
        exports.export(unnamed, demo, registry, tmp_path, MOMENT)
    assert {path.name for path in tmp_path.iterdir()} == {"demo.parquet"}


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("integer", [2**53, None, 2**53 + 1]),
        ("integer", [-(2**53), None, -(2**63)]),
        ("number", [1e74, None, float("nan")]),
        ("number", [-1e74, None, float("inf")]),
        ("number", [0.0, None, -1.1e74]),
        ("text", ["æ" * 16_383, None, "æ" * 16_384]),
    ],
)
def test_what_a_package_would_change_in_silence_is_refused(
    kind: str, cells: list[Any], tmp_path: Path, registry: Registry
) -> None:
    mart = table(column("cell", kind))
    with pytest.raises(ExportError, match=r"demo\.parquet: cell: 1 rows break '(whole|finite|at most)"):
        exports.export(written(tmp_path, mart, {"cell": cells}), mart, registry, tmp_path, MOMENT, ["csv"])
    file = written(tmp_path, mart, {"cell": cells[:2]})
    exports.export(file, mart, registry, tmp_path, MOMENT, PACKAGES)
    for package in PACKAGES:
        assert given_back(tmp_path / f"demo.{package}", pl.read_parquet(file))["cell"][0] == cells[0]


def test_the_codebook_says_everything_of_a_column(exported: Path) -> None:
    with (exported / "demo.codebook.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["column"]: row for row in csv.DictReader(file)}
    assert list(listed) == list(CELLS)
    assert listed["value"] == {
        "column": "value",
        "name": "value",
        "type": "number",
        "unit": "",
        "in_key": "no",
        "may_be_empty": "yes",
        "allowed_values": "",
        "missing_reason_in": "missing_reason",
        "missing_stata": ".a = not_delivered; .b = withheld_by_source; .c = too_uncertain",
        "missing_spss": "-9000001 = not_delivered; -9000002 = withheld_by_source; -9000003 = too_uncertain",
        "description": "The figure.",
    }
    assert listed["area_id"]["in_key"] == "yes"
    assert listed["area_id"]["may_be_empty"] == "no"
    assert listed["missing_reason"]["allowed_values"] == ", ".join(REASONS)
    assert listed["grant_dkk"]["unit"] == "DKK"
    text = (exported / "demo.codebook.md").read_text(encoding="utf-8")
    assert "- data: synthetic, as of 2026-11-24 03:05 UTC" in text
    assert "| value | too_uncertain | .c | -9000003 | missing_reason |" in text
    assert not (exported / "demo.indicators.csv").exists()


def test_a_count_that_has_the_name_of_an_indicator_is_not_one(tmp_path: Path, registry: Registry) -> None:
    mart = table(column("residents", "integer"), column("covariate", "text"))
    file = written(tmp_path, mart, {"residents": [1, 2], "covariate": ["region", "outside_work_pct"]})
    exports.export(file, mart, registry, tmp_path, MOMENT, [])
    with (tmp_path / "demo.indicators.csv").open(encoding="utf-8", newline="") as listed:
        assert [row["indicator"] for row in csv.DictReader(listed)] == ["outside_work_pct"]


# the marts of the shipped deliveries ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(shipped: Any, tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> dict[str, Path]:
    """Every mart of the shipped deliveries."""
    return build.build(shipped.facts, tmp_path_factory.mktemp("marts"), registry)


@pytest.mark.slow
def test_every_mart_comes_back_from_every_format(built: dict[str, Path], tmp_path: Path, registry: Registry) -> None:
    for name, file in built.items():
        rows = pl.read_parquet(file)
        made = exports.export(file, registry.marts[name], registry, tmp_path, MOMENT)
        assert [path.name for path in made[:4]] == [f"{name}.{kind}" for kind in ("dta", "sav", "xpt", "csv")]
        for path in made[:3]:
            assert_frame_equal(given_back(path, rows), plain(rows), check_exact=True)
            assert read(path)[1].file_label.startswith(f"real data: {name}")
        assert_frame_equal(read_csv(made[3], registry.marts[name]), rows, check_exact=True)


def test_every_mart_may_be_empty(tmp_path: Path, registry: Registry) -> None:
    for name, mart in registry.marts.items():
        file = written(tmp_path, mart, {column.name: [] for column in mart.columns})
        made = exports.export(file, mart, registry, tmp_path, MOMENT)
        for path in made[:3]:
            rows, about = read(path)
            assert rows.shape == (0, len(mart.columns)), path.name
            assert None not in about.column_labels
        assert made[3].read_text() == ",".join(column.name for column in mart.columns) + "\r\n" or name


def test_the_reasons_of_the_area_profile_are_kept(built: dict[str, Path], tmp_path: Path, registry: Registry) -> None:
    exports.export(built["area_profile"], registry.marts["area_profile"], registry, tmp_path, MOMENT, ["dta", "sav"])
    rows = pl.read_parquet(built["area_profile"])
    reasons = {change: f"{change}_missing_reason" for change in ("change_year", "change_first")}
    for package in ("dta", "sav"):
        back, about = read(tmp_path / f"area_profile.{package}", user_missing=True)
        for figure, reason in reasons.items():
            labels = about.variable_value_labels[figure]
            labelled = [labels.get(cell) if cell is not None else None for cell in back[figure]]
            expected = rows.select(pl.when(pl.col(figure).is_null()).then(reason)).to_series()
            assert expected.n_unique() > 2
            assert labelled == expected.to_list(), (package, figure)


def test_the_codebook_explains_the_indicators_in_both_languages(
    built: dict[str, Path], tmp_path: Path, registry: Registry
) -> None:
    outside = registry.indicators["outside_work_pct"]
    for name in ("area_profile", "area_profile_wide"):
        exports.export(built[name], registry.marts[name], registry, tmp_path, MOMENT, [])
        text = (tmp_path / f"{name}.codebook.md").read_text(encoding="utf-8")
        meaning = (outside.label_en, outside.label_da, outside.definition, outside.definition_da, outside.population)
        assert all(words in text for words in meaning)
        with (tmp_path / f"{name}.indicators.csv").open(encoding="utf-8", newline="") as file:
            listed = {row["indicator"]: row for row in csv.DictReader(file)}
        assert listed["outside_work_pct"]["label_da"] == "Andel uden for arbejdsmarkedet"
        assert listed["outside_work_pct"]["polarity"] == "high_is_worse"
        assert listed["outside_work_pct"]["unit"] == "percent"
    long = set(pl.read_parquet(built["area_profile"])["indicator"])
    with (tmp_path / "area_profile.indicators.csv").open(encoding="utf-8", newline="") as file:
        assert {row["indicator"] for row in csv.DictReader(file)} == long
    of_areas = {name for name, indicator in registry.indicators.items() if indicator.of_areas}
    assert set(listed) == of_areas


def test_a_caveat_of_the_mart_stands_in_the_codebook(
    built: dict[str, Path], tmp_path: Path, registry: Registry
) -> None:
    caveat = pq.read_schema(built["area_profile"]).metadata[b"caveat"].decode()
    exports.export(built["area_profile"], registry.marts["area_profile"], registry, tmp_path, MOMENT, [])
    assert f"- caveat: {caveat}" in (tmp_path / "area_profile.codebook.md").read_text(encoding="utf-8")
