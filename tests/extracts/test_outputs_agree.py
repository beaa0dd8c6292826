"""One answer per question: page, workbook, list and report say the same of every figure beside every place."""

from pathlib import Path
from random import Random

import pytest
from page_reading import Tables
from profiles import examples
from random_extracts import random_extract
from reading import sheets, table

from flows.extracts import csv_list, pages, report, standing, strips, words, workbook
from flows.extracts.model import Extract, Other
from flows.present import danish
from schemas.registry import Registry

BESIDE: tuple[tuple[Other, int, str], ...] = (
    ("municipality", 4, "kommunen"),
    ("country", 5, "landet"),
    ("twins", 6, "tvillingerne"),
)
JUDGED = set(words.VERDICTS.values())


def _lines(extract: Extract, registry: Registry) -> dict[tuple[str, str], csv_list.ListLine]:
    return {
        (line.place.id, line.indicator.id): line
        for line in csv_list.lines(extract, registry)
        if line.place.kind == "area" and line.belongs_to is None and line.figure.year == extract.year
    }


def _web(page: str, extract: Extract) -> dict[str, list[str]]:
    """The rows of the year in the table of all figures of an area's page, by label."""
    rows = next(rows for caption, rows in Tables(page).tables.items() if caption.startswith("Alle tal for"))
    return {row[0]: row for row in rows if row[1].endswith(str(extract.year))}


@pytest.mark.parametrize("seed", range(examples(6)))
def test_every_comparison_is_the_same_in_every_output(seed: int, registry: Registry, tmp_path: Path) -> None:
    extract = random_extract(Random(seed), registry)
    files = {file.name: file.read_text(encoding="utf-8") for file in pages.write(extract, registry, tmp_path / "web")}
    workbook.write(extract, registry, tmp_path / "book.xlsx")
    book = sheets((tmp_path / "book.xlsx").read_bytes())
    lines, names = _lines(extract, registry), workbook.sheet_names(extract.areas)
    for area in extract.areas:
        web = _web(files[f"omraade-{area.id}.html"], extract)
        in_book = {row["Indikator"]: row for row in table(book.get(names[area.id], [["Indikator"]]), "Indikator")}
        for key in extract.indicators:
            indicator, line = registry.indicators[key], lines[area.id, key]
            for other, at, name in BESIDE:
                number, verdict = csv_list.beside_value(line, other), csv_list.against(line, other)
                cell = web[indicator.label_da][at]
                if number is not None:
                    assert cell.startswith(danish.valued(number, indicator)), (area.name, key, other)
                has_verdict = verdict in JUDGED or bool(verdict and verdict.startswith("ikke holdt op mod"))
                assert bool(verdict and verdict in cell) == has_verdict, (cell, verdict)
                assert has_verdict or not any(word in cell for word in JUDGED)
                if indicator.label_da not in in_book:
                    assert not any(area.figure(key, year).is_shown for year in extract.years)
                    continue
                shown = in_book[indicator.label_da][f"Mod {name}"]
                assert shown == (verdict if verdict and not verdict.startswith("ikke sammenlignet") else "–")


@pytest.mark.parametrize("seed", range(examples(6)))
def test_the_report_and_the_strips_say_what_the_list_says(seed: int, registry: Registry) -> None:
    extract = random_extract(Random(seed), registry)
    lines = _lines(extract, registry)
    for area in extract.areas:
        behind = report.behind(area, strips.indicators(area, extract, registry), extract, registry)
        for row in behind["figures"]:
            (line,) = [
                each
                for (place, _), each in lines.items()
                if place == area.id and each.indicator.label_da == row["name"]
            ]
            for head, cell in zip(behind["heads"][2:], row["cells"][1:], strict=True):
                other = _other(head)
                number, verdict = csv_list.beside_value(line, other), csv_list.against(line, other)
                if number is not None:
                    assert cell["first"].startswith(danish.number(number, line.indicator.decimals))
                verdicts = [text.removeprefix("området er ") for text in cell["below"]]
                if verdict and number is not None and verdict != standing.COUNT_NOT_JUDGED:
                    assert verdict in verdicts, (cell, verdict)
        for drawn in (*strips.table(area, extract, registry).judged,):
            verdict = csv_list.against(lines[area.id, drawn.key], "municipality")
            judged = [word for word in JUDGED if any(word in text for text in drawn.lines)]
            if verdict in JUDGED:
                assert judged == [verdict]


def _other(head: str) -> Other:
    return "municipality" if head.startswith("Kommunen") else "country" if head == "Hele landet" else "twins"
