"""The CSV: as a Danish Excel opens it, and as any other reader does."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import office
import pytest
from by_hand import TRACE, all_planted
from office import in_libreoffice
from profiles import examples
from random_extracts import random_extract
from reading import DANISH_CSV, sheets

from flows.extracts import csv_list, figure_list
from flows.extracts.model import Extract
from schemas.registry import Registry

Rows = dict[tuple[str, str, str, str], dict[str, str]]


def written(extract: Extract, registry: Registry, folder: Path) -> bytes:
    csv_list.write(extract, figure_list.lines(extract, registry), folder / "list.csv")
    return (folder / "list.csv").read_bytes()


def read(made: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.decode("utf-8-sig"), newline=""), delimiter=";"))


@pytest.fixture
def rows(full_extract: Extract, registry: Registry, tmp_path: Path) -> Rows:
    made = read(written(full_extract, registry, tmp_path))
    return {(row["Stedtype"], row["Sted"], row["Indikator"], row["År"]): row for row in made}


def test_a_row_stands_for_every_place_year_and_indicator(rows: Rows, full_extract: Extract) -> None:
    places = 2 * 2 + 2
    assert len(rows) == places * len(full_extract.years) * len(full_extract.indicators)


def test_the_file_is_as_danish_excel_wants_it(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    made = written(full_extract, registry, tmp_path)
    assert made.startswith(b"\xef\xbb\xbfOprindelse;Udgave;Udgivelse;Sekretariat;Stedtype;Sted;")
    assert made.count(b"\r\n") == made.count(b"\n") > 1
    assert made == written(full_extract, registry, tmp_path)


def test_every_row_says_what_it_is(rows: Rows) -> None:
    origins = {(row["Oprindelse"], row["Udgave"], row["Udgivelse"]) for row in rows.values()}
    assert origins == {("syntetisk", "udkast", "udgivelse 2012-1")}


def test_a_cleared_file_of_real_figures_says_so(
    make_extract: Callable[..., Extract], registry: Registry, tmp_path: Path
) -> None:
    made = read(written(make_extract(is_cleared=True, origin="real"), registry, tmp_path))
    assert {(row["Oprindelse"], row["Udgave"]) for row in made} == {("virkelig", "godkendt")}


def test_a_figure_stands_with_its_counts_interval_and_comparisons(rows: Rows) -> None:
    row = rows["boligområde", "Bispehaven", "Fraflytningsprocent", "2012"]
    heads = ("Tal", "Enhed", "Mærke i stedet for tal", "Antal", "Ud af", "Usikkerhed fra", "Usikkerhed til")
    # Wilson's interval for 84 of 869, worked out by hand.
    assert [row[head] for head in heads] == ["9,7", "%", "", "84", "869", "7,9", "11,8"]
    assert (row["Kommunens tal"], row["Mod kommunen"]) == ("16,3", "sikkert gunstigere")
    assert row["Mod landet"] == "ikke sammenlignet: ikke leveret"
    assert (row["Ændring på et år"], row["Første år"], row["Ændring siden første år"]) == ("-0,5", "2003", "-4,1")
    assert row["Retning over fem år"] == "↘ faldende"
    assert rows["kommune", "Aarhus", "Beboere", "2012"]["Tal"] == "327000"


def test_what_a_published_figure_lacks_is_said(rows: Rows) -> None:
    row = rows["boligområde", "Bispehaven", "Andel uden for arbejdsmarkedet", "2012"]
    assert (row["Gennemsnit over år"], row["Offentliggjort"], row["Kilde"]) == (
        "2",
        "ja",
        "ministeriet med ansvar for boliger",
    )
    assert "usikkerhed ukendt" in row["Bemærk"]
    assert row["Mod kommunen"] == "usikkerhed ukendt"
    assert rows["boligområde", "Bispehaven", "Andel uden for arbejdsmarkedet", "2011"]["Gentager tallet fra"] == "2010"


def test_a_mark_stands_in_words_and_its_row_has_no_number(rows: Rows) -> None:
    row = rows["boligområde", "Bispehaven", "Andel dømte", "2012"]
    assert (row["Tal"], row["Mærke i stedet for tal"]) == ("", "skjult")
    beside = [head for head in row if re.search(r"\d", row[head] or "")]
    assert beside == ["Udgivelse", "År"]
    zero = rows["boligområde", "Bispehaven", "Andel på kontanthjælp", "2012"]
    assert (zero["Tal"], zero["Mærke i stedet for tal"], zero["Antal"]) == ("0,0", "", "0")


@pytest.mark.parametrize("seed", range(examples(25)))
def test_no_list_shows_what_marks_hide_or_starts_a_formula(seed: int, registry: Registry, tmp_path: Path) -> None:
    extract = all_planted(random_extract(Random(seed), registry))
    made = written(extract, registry, tmp_path)
    assert not re.search(TRACE, made)
    found = read(made)
    places = sum(2 + len(area.other_boundaries) for area in extract.areas) + 2
    assert len(found) == places * len(extract.years) * len(extract.indicators)
    for row in found:
        assert None not in row
        assert (row["Tal"] == "") == (row["Mærke i stedet for tal"] != "")
        for cell in row.values():
            assert not cell.startswith(("=", "+", "@"))
            assert not cell.startswith("-") or re.fullmatch(r"-\d+(,\d+)?", cell)
            assert "\n" not in cell


@office.NEEDED
def test_a_danish_spreadsheet_opens_its_numbers_as_numbers(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    made = read(written(full_extract, registry, tmp_path))
    book = in_libreoffice(tmp_path, [tmp_path / "list.csv"], f"--infilter={DANISH_CSV}") / "list.xlsx"
    heads, *below = next(iter(sheets(book.read_bytes()).values()))
    assert heads == list(made[0])
    assert len(below) == len(made)
    numbers = {"Tal", "Antal", "Ud af", "Usikkerhed fra", "Kommunens tal", "Ændring på et år", "År"}
    for row, cells in zip(made, below, strict=True):
        for head, cell in zip(heads, cells, strict=True):
            if isinstance(cell, float):
                assert cell == float(row[head].replace(",", ".")), (head, row[head])
            else:
                assert cell == row[head]
                assert not (head in numbers and cell)


def test_every_column_has_a_head_of_its_own(rows: dict[Any, dict[str, str]]) -> None:
    heads = [field.head for field in figure_list.FIELDS]
    assert len(set(heads)) == len(heads)
