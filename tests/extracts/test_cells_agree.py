"""One answer per question, cell by cell, in the files as they are sent: the list is held against page, report and book.

For every figure of an area: its number or the mark in its place, its uncertainty, what limits it, and beside the
municipality, the country and the twins the other's number, the verdict, or why there is none.
"""

import csv
import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pikepdf
import pytest
from page_reading import Tables, text
from profiles import examples
from random_extracts import random_extract
from reading import sheets, table

from flows.extracts import folders, news, strips, workbook
from flows.extracts.model import Area, Extract
from schemas.indicators import Indicator
from schemas.registry import Registry

SIGNS = str.maketrans({"−": "-", ".": "", ",": "."})
NUMBER = re.compile(r"^[−-]?\d[\d.]*(?:,\d+)?")
LIMITS = re.compile(r"gennemsnit over \d+ år|kilden gentager tallet fra \d{4}|brud: .+|foreløbigt tal|skønnet tal")
BESIDE = (
    ("Kommunens tal", "Mod kommunen", "kommunen", "Kommunen"),
    ("Landets tal", "Mod landet", "hele landet", "Hele landet"),
    ("Tvillingernes tal", "Mod tvillingerne", "tvillingerne", "Tvillingerne"),
)
VERDICTS = ("sikkert gunstigere", "sikkert ugunstigere", "sikkert højere", "sikkert lavere")
# What stands beside the area's own number, and is not said again under another place's.
OWN_MATTERS = ("antal vurderes ikke", "usikkerhed ukendt")
Row = dict[str, str]
MADE: dict[object, "Files"] = {}


class Files:
    """What a secretariat gets, read as its readers do."""

    def __init__(self, extract: Extract, registry: Registry, folder: Path) -> None:
        folders.outputs(extract, registry, folder)
        self.extract, self.registry, self.folder = extract, registry, folder
        stem = f"boligprofil-{extract.secretariat}-{extract.year}"
        prose = (folder / f"{stem}.csv").read_text(encoding="utf-8-sig")
        self.list: dict[tuple[str, str, int], Row] = {
            (row["Stednøgle"], row["Indikator"], int(row["År"])): row
            for row in csv.DictReader(io.StringIO(prose), delimiter=";")
        }
        self.book = (folder / f"{stem}.xlsx").read_bytes()
        self.sheets = sheets(self.book)
        read = subprocess.run(["pdftotext", "-raw", folder / f"{stem}.pdf", "-"], capture_output=True, check=True)
        self.report = read.stdout.decode()
        with pikepdf.open(folder / f"{stem}.pdf") as pdf, pdf.open_outline() as outline:
            pages = {page.obj.objgen: at for at, page in enumerate(pdf.pages)}
            aims = [(item.title, item.destination or item.action["/D"]) for item in outline.root]
            self.begins = {title: pages[aim[0].objgen] for title, aim in aims}

    def row(self, area: Area, label: str, year: int) -> Row:
        return self.list[f"boligområde {area.id}", label, year]

    def drawn(self, area: Area) -> list[Indicator]:
        return strips.indicators(area, self.extract, self.registry)

    def pages_of(self, area: Area) -> str:
        """The text of the report's pages about an area, squashed."""
        begins = self.begins[f"{area.name}, {self.extract.municipality_of(area).name}"]
        ends = min((at for at in self.begins.values() if at > begins), default=None)
        return squashed(" ".join(self.report.split("\f")[begins:ends]))

    def rows_of(self, area: Area) -> Iterator[tuple[str, int, Row]]:
        for key in self.extract.indicators:
            label = self.registry.indicators[key].label_da
            for year in self.extract.years:
                yield label, year, self.row(area, label, year)


@pytest.fixture(params=["by hand", *range(examples(3))])
def files(request: Any, full_extract: Extract, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Files:
    if request.param not in MADE:
        is_by_hand = request.param == "by hand"
        extract = full_extract if is_by_hand else random_extract(Random(40 + request.param), registry)
        MADE[request.param] = Files(extract, registry, tmp_path_factory.mktemp("sent") / "out")
    return MADE[request.param]


def number(prose: str) -> float | None:
    """The number that a text begins with, in Danish notation; None where it begins with none."""
    found = NUMBER.match(prose)
    return float(found[0].translate(SIGNS)) if found else None


def limits(row: Row, whose: str = "") -> list[str]:
    """What limits the row's figure, or that of another place, by the list's remarks."""
    parts = row["Bemærk"].split("; ")
    own = [part.removeprefix(f"{whose}: ") for part in parts if part.startswith(f"{whose}: ")] if whose else parts
    return [part for part in own if LIMITS.fullmatch(part)]


def under(row: Row, against: str) -> str:
    """What stands under another place's number: the verdict on the area, or why there is none."""
    verdict = row[against]
    if verdict in VERDICTS:
        return f"området er {verdict}"
    return "" if verdict in OWN_MATTERS or verdict.startswith("ikke sammenlignet") else verdict


def squashed(prose: str) -> str:
    """Text without what a line's end may add, spaces and hyphens, and without what sets thousands apart."""
    return re.sub(r"[\s\N{SOFT HYPHEN}‐.-]", "", prose)


def test_the_page_says_what_the_list_says(files: Files) -> None:
    for area in files.extract.areas:
        page = (files.folder / "sider" / f"omraade-{area.id}.html").read_text(encoding="utf-8")
        page = page.replace("<small>", " | ")
        found = next(rows for title, rows in Tables(page).tables.items() if title.startswith("Alle tal for"))
        web: dict[tuple[str, int], list[str]] = {}
        for label, years, *cells in found[1:]:
            first, _, last = years.partition("–")
            web |= {(label, year): cells for year in range(int(first), int(last or first) + 1)}
        seen = 0
        for label, year, row in files.rows_of(area):
            own, uncertainty, *beside = web[label, year]
            shown, *noted = [part.strip() for part in own.split("|")]
            if row["Mærke i stedet for tal"]:
                assert (shown, noted, uncertainty) == (row["Mærke i stedet for tal"], [], "–")
            else:
                assert number(shown) == number(row["Tal"])
                assert [part for note in noted for part in note.split(", ") if LIMITS.fullmatch(part)] == limits(row)
                ends = [number(end) for end in re.findall(r"[\d.,−]*\d", uncertainty)]
                assert ends == [number(row[end]) for end in ("Usikkerhed fra", "Usikkerhed til") if row[end]] or (
                    "rundet af" in uncertainty
                )
            for cell, (its, against, whose, _) in zip(beside, BESIDE, strict=True):
                shown, *noted = [part.strip() for part in cell.split("|")]
                if row[its]:
                    assert number(shown) == number(row[its])
                    expected = [under(row, against)] if under(row, against) and row["Tal"] else []
                    expected = [", ".join(limits(row, whose))] * bool(limits(row, whose)) + expected
                    assert noted == expected, (label, year, cell, row[against])
                else:
                    assert number(shown) is None
                    if row[against]:
                        assert row[against] == f"ikke sammenlignet: {shown}"
            seen += 1
        assert seen == len(files.extract.indicators) * len(files.extract.years)


def test_the_book_says_what_the_list_says(files: Files) -> None:
    opened, names = openpyxl.load_workbook(io.BytesIO(files.book)), workbook.sheet_names(files.extract.areas)
    codes = {mark.label_da: mark.code for mark in files.registry.extracts.mark.values()}
    everything = {
        (line["Stedtype"], line["Sted"], line["Hører til"], line["Indikator"], int(line["År"])): line
        for line in table(files.sheets["Alle tal"], "Stedtype")
    }
    for area in files.extract.areas:
        lines = table(files.sheets.get(names[area.id], [["Indikator"]]), "Indikator")
        by_label = {line["Indikator"]: line for line in lines}
        formats = stars(opened[names[area.id]]) if lines else {}
        for label, year, row in files.rows_of(area):
            expected = codes.get(row["Mærke i stedet for tal"]) or number(row["Tal"])
            listed = everything["boligområde", area.name, "–", label, year]
            assert listed["Tal"] == expected
            assert listed["Mærke i stedet for tal"] == (row["Mærke i stedet for tal"] or "–")
            assert (listed["Mod kommunen"], listed["Mod landet"]) == (
                row["Mod kommunen"] or "–",
                row["Mod landet"] or "–",
            )
            assert str(listed["Bemærk"]) == (row["Bemærk"] or "–")
            if label not in by_label:
                continue
            assert by_label[label][str(year)] == expected
            assert formats[label, str(year)] == bool(limits(row)), (label, year)
            if year != files.extract.year:
                continue
            for its, against, _, head in BESIDE:
                verdict = row[against]
                assert by_label[label][against] == ("–" if not verdict or ":" in verdict[:18] else verdict)
                if row[its]:
                    assert by_label[label][head] == number(row[its])
                else:
                    assert not isinstance(by_label[label][head], float)


def stars(sheet: Any) -> dict[tuple[str, str], bool]:
    """Whether the number of an indicator and year has a star after it."""
    rows = list(sheet[next(iter(sheet.tables.values())).ref])
    heads = [cell.value for cell in rows[0]]
    return {
        (str(row[heads.index("Indikator")].value), str(head)): '"*"' in cell.number_format
        for row in rows[1:]
        for head, cell in zip(heads, row, strict=True)
    }


def test_the_report_says_what_the_list_says(files: Files) -> None:
    seen = 0
    for area in files.extract.areas:
        prose = files.pages_of(area)
        begins = squashed(f"Tallene for {files.extract.year} Tal Området")
        if begins not in prose:
            assert not any(area.figure(i.id, y).is_shown for i in files.drawn(area) for y in files.extract.years)
            continue
        prose = prose.split(begins, 1)[1]
        heads = [head for _, _, _, head in BESIDE if squashed(head) in prose[:60]]
        for indicator in files.drawn(area):
            if any(area.figure(indicator.id, year).is_shown for year in files.extract.years):
                row = files.row(area, indicator.label_da, files.extract.year)
                expected = squashed(" ".join(printed(row, indicator, heads)))
                assert expected in prose, (area.name, indicator.label_da, expected, prose[:900])
                seen += 1
    assert seen or not any(figure.is_shown for area in files.extract.areas for figure in area.figures.values())


def test_ten_questions_of_a_leader_are_answered_where_the_page_says(
    full_extract: Extract, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On the first page, on one that it links to, or in a file that it does."""
    sent = MADE.setdefault("by hand", Files(full_extract, registry, tmp_path_factory.mktemp("sent") / "out"))
    guide = (Path(__file__).parents[2] / "docs" / "sekretariater.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+)\. [^|]*\| `([^`]*)` \| »([^«]*)« \|", guide, flags=re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 11))
    first = (sent.folder / "sider" / "index.html").read_text(encoding="utf-8")
    for _, file, section in rows:
        assert file == "index.html" or f'{file}"' in first, file
        if file.endswith(".pdf"):
            read = subprocess.run(["pdftotext", sent.folder / file, "-"], capture_output=True, check=True)
            assert section in read.stdout.decode()
        else:
            assert section in text((sent.folder / "sider" / file).read_text(encoding="utf-8")), (file, section)


def test_the_strips_and_the_new_page_say_what_the_list_says(files: Files) -> None:
    year = files.extract.year
    for area in files.extract.areas:
        drawn = strips.table(area, files.extract, files.registry)
        for each in (*drawn.judged, *drawn.described):
            indicator = files.registry.indicators[each.key]
            row = files.row(area, indicator.label_da, year)
            assert each.alternative.startswith(f"{indicator.label_da}: {row['Tal']} ")
            verdicts = [(word, line) for word in VERDICTS for line in each.lines if word in line]
            for word, line in verdicts:
                assert word == row["Mod landet" if line.endswith(", mod hele landet") else "Mod kommunen"]
            assert bool(verdicts) or row["Mod kommunen"] not in VERDICTS
        for moved in news.of_places(files.extract, files.registry)[files.extract.areas.index(area)].rows:
            label = files.registry.indicators[moved.key].label_da
            row = files.row(area, label, year)
            assert number(moved.now.text) == number(row["Tal"])
            assert number(moved.before.text) == number(files.row(area, label, year - 1)["Tal"])
            change = row["Ændring på et år"]
            assert moved.change.text.lstrip("+").replace("−", "-") == (change or "–")
            ends = [row[f"Ændring på et år {end}"] for end in ("fra", "til")]
            shown = re.findall(r"[+−]?\d[\d,]*", " ".join(moved.change.below)) if ends[0] else ["", ""]
            assert [end.lstrip("+").replace("−", "-") for end in shown] == ends


def printed(row: Row, indicator: Indicator, heads: list[str]) -> Iterator[str]:
    """The words of a figure's row in the report, as far as the list knows them."""
    unit = "" if indicator.kind == "count" else indicator.unit_short_da
    yield row["Indikator"]
    if row["Mærke i stedet for tal"]:
        yield row["Mærke i stedet for tal"]
        return
    yield f"{row['Tal']} {unit}"
    if row["Usikkerhed fra"]:
        yield f"mellem {row['Usikkerhed fra']} og {row['Usikkerhed til']}"
    elif indicator.kind != "count":
        yield "usikkerhed ukendt"
    yield ", ".join(limits(row))
    for its, against, whose, head in BESIDE:
        if head not in heads:
            continue
        if row[its]:
            yield f"{row[its]} {unit} {under(row, against)} {', '.join(limits(row, whose))}"
        else:
            yield row[against].removeprefix("ikke sammenlignet: ")
