"""From a figure of a mart back to its lines, on the published sample and on made-up facts."""

import csv
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke

from flows.core.provenance import file_sha256
from flows.publish import snapshots
from flows.publish.trace import NoFigure, Trace, trace

RAW = Path(__file__).parents[2] / "data" / "raw"


def traced(published: Path, registry: Any, kind: str, place: str, year: int, indicator: str) -> Trace:
    snapshot = snapshots.current(published / "data" / "marts")
    return trace(snapshot, published / "data" / "staging", registry, kind, place, year, indicator)


def line_of(path: str, number: int) -> list[str]:
    text = (RAW / path).read_text(encoding="utf-8").splitlines()[number - 1]
    return next(csv.reader([text], delimiter=";"))


def test_every_line_that_is_named_holds_the_figure(published: Path, registry: Any) -> None:
    found = traced(published, registry, "area", "vollsmose", 2012, "residents")
    roles = [source.role for source in found.sources]
    assert roles == ["the figure", "municipality_value", "region_value", "country_value"]
    for source in found.sources:
        fact = source.fact
        cells = line_of(fact["source_file"], fact["source_line"])
        assert f"{int(fact['value']):,}".replace(",", ".") in cells or str(int(fact["value"])) in cells
        assert source.fingerprint == file_sha256(RAW / fact["source_file"])
    assert found.row["value"] == found.sources[0].fact["value"]
    assert found.row["country_value"] == found.sources[3].fact["value"]


def test_a_comparator_is_traced_as_itself(published: Path, registry: Any) -> None:
    found = traced(published, registry, "municipality", "0461", 2012, "residents")
    assert (found.mart, len(found.sources)) == ("place_figures", 1)
    assert line_of(found.sources[0].fact["source_file"], found.sources[0].fact["source_line"])[1] in ("Odense", "0461")


@pytest.mark.parametrize(
    ("kind", "place", "year", "indicator", "words"),
    [
        ("area", "volsmose", 2012, "residents", "no area 'volsmose'"),
        ("area", "vollsmose", 1999, "residents", "vollsmose has residents of 2010, 2011, 2012"),
        ("area", "vollsmose", 2012, "unemployed_pct", "it has basic_education_pct, convicted_pct"),
    ],
)
def test_what_there_is_instead_is_told(
    published: Path, registry: Any, kind: str, place: str, year: int, indicator: str, words: str
) -> None:
    with pytest.raises(NoFigure, match=words):
        traced(published, registry, kind, place, year, indicator)


def test_the_command_prints_value_formula_line_and_fingerprint(published: Path) -> None:
    words = ("trace", "area=vollsmose", "year=2012", "indicator=outside_work_pct")
    done = invoke(published, *words)
    assert done.exit_code == 0
    printed = " ".join(done.stdout.split())
    assert "as delivered; the counts are not known" in printed
    assert "ministry_lists/liste_2012.csv, line 25 published by 2012-10-01, received 2026-11-22, SHA-256" in printed
    assert line_of("ministry_lists/liste_2012.csv", 25)[2] == "Vollsmose"
    wrong = invoke(published, "trace", "area=vollsmose")
    assert (wrong.exit_code, "say what to trace" in wrong.stderr) == (2, True)
