"""An extract in English: every text has its words, no Danish word is left but names, and its numbers are the Danish."""

import ast
import csv
import html
import io
import json
import re
import shutil
import string
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import openpyxl
import pikepdf
import pytest
from command_line import invoke
from houses import House
from random_extracts import random_extract

from flows.extracts import folders, receipts
from flows.extracts.model import Extract
from flows.present import language, notation
from flows.present.language import NoWords, say, spoken
from flows.release import store
from schemas import labels
from schemas.registry import Registry

FLOWS = Path(language.__file__).parents[1]
WORDS = language.file("en")
# What a file says that no reader reads: styles, scripts, names of parts.
UNREAD = re.compile(r"(?s)<style>.*?</style>|<script>.*?</script>|\b(?:id|class|href|for|aria-labelledby)=\"[^\"]*\"")


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file of an extract with what a reader can read in it, also what stands in attributes and properties."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        match file.suffix:
            case ".html":
                page = UNREAD.sub("", file.read_text(encoding="utf-8"))
                spoken_of = re.findall(r"(?:aria-label|alt|title|data-head|data-name|content)=\"([^\"]*)\"", page)
                yield file.name, html.unescape(" ".join([re.sub(r"<[^>]*>", " ", page), *spoken_of]))
            case ".pdf":
                done = subprocess.run(["pdftotext", "-raw", str(file), "-"], check=True, capture_output=True, text=True)
                # A word that is broken at the end of a line is a word.
                yield file.name, re.sub(r"[\xad-]\n", "", done.stdout)
            case ".xlsx":
                yield file.name, " ".join(_in_workbook(file))
            case _:
                yield file.name, file.read_text(encoding="utf-8-sig")


def _in_workbook(file: Path) -> Iterator[str]:
    book = openpyxl.load_workbook(file)
    yield from (book.properties.title, book.properties.subject, *book.sheetnames)
    for sheet in book:
        yield from (str(sheet.oddHeader.left.text), str(sheet.oddFooter.right.text))
        yield from (str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)


def words_in(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{2,}", text.casefold()))


def danish_words(registry: Registry) -> set[str]:
    """The words of the Danish texts that occur in no English one."""
    danish, english = set(), set()
    with spoken("en", registry):
        for text, english_text in language.words().items():
            danish |= words_in(re.sub(r"\{\w+\}", " ", text))
            english |= words_in(re.sub(r"\{\w+\}", " ", english_text))
    return danish - english


def names_of(extract: Extract) -> list[str]:
    """What is a name, or a plan's own words: longest first, since one may hold another."""
    named = {extract.name, extract.municipality.name, extract.release}
    for area in extract.areas:
        named |= {area.name, *area.plans, *(place.name for place in (area.twins, *area.other_boundaries))}
        named |= {watch.list_name for watch in area.watches}
        named |= {text for target in area.targets for text in (target.goal, target.plan) if text}
    return sorted((name for name in named if name), key=len, reverse=True)


def without_names(text: str, extract: Extract) -> str:
    text = " ".join(text.split())
    for name in names_of(extract):
        text = re.sub(r"\s+".join(map(re.escape, name.split())), " ", text, flags=re.IGNORECASE)
    return text


def in_english(extract: Extract, registry: Registry, folder: Path) -> Path:
    country = replace(extract.country, id="000", name="The country")
    folders.outputs(replace(extract, language="en", country=country), registry, folder)
    return folder


def test_no_danish_word_is_left_but_names(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    danish = danish_words(registry)
    assert {"og", "ikke", "området", "usikkerhed", "beboere"} <= danish
    read = dict(texts_of(in_english(full_extract, registry, tmp_path)))
    assert {"index.html", "glossary.html", "compare.html", "new.html", "definitions.txt", "changes.txt"} < read.keys()
    left = {name: sorted(words_in(without_names(text, full_extract)) & danish) for name, text in read.items()}
    assert {name: words for name, words in left.items() if words} == {}


@pytest.mark.parametrize("seed", range(6))
def test_any_extract_has_its_words(seed: int, registry: Registry, tmp_path: Path) -> None:
    extract = random_extract(Random(seed), registry)
    areas, base = extract.areas if seed else (), 3 if seed % 2 else None
    in_english(replace(extract, rounded_to=base, areas=areas), registry, tmp_path)
    assert any((tmp_path / "pages").iterdir())


def test_the_numbers_are_those_of_the_danish_list(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    folders.outputs(full_extract, registry, tmp_path / "da")
    in_english(full_extract, registry, tmp_path / "en")
    rows = {}
    for code, delimiter, decimal in (("da", ";", ","), ("en", ",", ".")):
        (file,) = (tmp_path / code).glob("*.csv")
        content = io.StringIO(file.read_text(encoding="utf-8-sig"))
        rows[code] = [
            [cell.replace(decimal, ".") if re.fullmatch(rf"-?\d+(?:\{decimal}\d+)?", cell) else "" for cell in row]
            for row in csv.reader(content, delimiter=delimiter)
        ]
    assert sum(bool(cell) for row in rows["da"] for cell in row) > 1000
    assert rows["en"] == rows["da"]


def test_programs_are_told_the_language(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    in_english(full_extract, registry, tmp_path)
    assert '<html lang="en">' in (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    (book,) = tmp_path.glob("*.xlsx")
    assert openpyxl.load_workbook(book).properties.language == "en-GB"
    for file in tmp_path.glob("*.pdf"):
        with pikepdf.open(file) as document:
            assert str(document.Root.Lang) == "en-GB"


def test_the_script_has_the_words_that_it_says(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    in_english(full_extract, registry, tmp_path)
    page = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    (line,) = re.findall(r"const words = (\{.*\});", page)
    given = json.loads(line)
    script = (FLOWS / "extracts" / "extract.js").read_text(encoding="utf-8")
    asked = {
        text for text in re.findall(r'"([^"\n]+)"', script) if text.startswith(("Viser ", "Sorteret", "Gem ", "Print"))
    }
    asked |= {"Skjulte og manglende tal står sidst.", "stigende", "faldende"}
    assert len(asked) >= 10
    assert asked <= given.keys()


def test_a_text_without_words_is_an_error_and_what_is_spoken_ends(registry: Registry) -> None:
    assert say("skjult") == "skjult"
    with spoken("en", registry):
        assert (say("skjult"), notation.number(1072.5, 1)) == ("hidden", "1,072.5")
        with pytest.raises(NoWords, match=r"english\.toml has nothing for 'ukendt ord'"):
            say("ukendt ord")
    assert (say("skjult"), notation.number(1072.5, 1)) == ("skjult", "1.072,5")


def test_each_text_puts_in_what_the_other_does() -> None:
    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}

    assert {text for text, english_text in WORDS.items() if names(text) != names(english_text)} == set()


def test_no_words_are_kept_that_nothing_says(registry: Registry) -> None:
    """Every Danish text of the file stands in the code, in a template, or in the registry."""
    files = [*(FLOWS / "extracts").glob("*.py"), *(FLOWS / "present").glob("*.py")]
    constants = {
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    templates = " ".join(
        file.read_text(encoding="utf-8")
        for room in ("extracts", "present")
        for file in (FLOWS / room).iterdir()
        if file.suffix in (".j2", ".typ", ".js")
    )
    known = {*_of_registry(registry), *(word for pair in labels.COUNTED.values() for word in pair)}
    known |= set(labels.OUTCOME_GROUPS.values())
    left = {text for text in WORDS if text not in constants | known and f'"{text}"' not in templates}
    assert left == set()


def _of_registry(registry: Registry) -> Iterator[str]:
    for mark in registry.extracts.mark.values():
        yield from (mark.label_da, mark.meaning_da)
    yield from registry.extracts.deliverer.values()
    yield from (source.publisher_da for source in registry.sources.values())
    yield from (indicator.unit_short_da for indicator in registry.indicators.values())
    for codes in ("definition_breaks", "boundary_breaks"):
        yield from (row["happened_da"] for row in registry.codes[codes])
    yield from (row["called_before"] for row in registry.codes["list_types"])


def test_all_that_the_registry_says_has_words(registry: Registry) -> None:
    with spoken("en", registry):
        known = language.words()
        assert {text for text in _of_registry(registry) if text} <= known.keys()


def test_a_draft_in_english_is_cleared_and_handed_out_in_english(tmp_path: Path, registry: Registry) -> None:
    house = House.drafted(tmp_path, registry)
    assert house.write(language="en").is_new
    assert not house.write(language="en").is_new
    house.approve("Anne Jensen")
    house.approve("Bo Holm")
    cleared = house.files()
    assert {"definitions.txt", "pages/index.html", "boligprofil-aarhus-2012-receipt.txt"} < cleared.keys()
    assert b"DRAFT" not in cleared["pages/index.html"]
    file = house.folder() / "boligprofil-aarhus-2012-receipt.txt"
    assert "Link of the chain:" in file.read_text(encoding="utf-8-sig")
    assert "cleared by Anne Jensen" in receipts.held_against(
        file, receipts.head_on(file), store.ledger_of(house.releases)
    )
    # What left the house is written again as it left, whatever language is asked for.
    (house.folder() / "definitions.txt").unlink()
    assert _again(house)["definitions.txt"] == cleared["definitions.txt"]


def _again(house: House) -> Mapping[str, bytes]:
    shutil.rmtree(house.folder())
    house.write()
    return house.files()


def test_an_extract_of_a_choice_is_asked_for_by_language(published: Path, tmp_path: Path) -> None:
    asked = ("extract", "--year", "2017", "--areas", "vollsmose", "--marts", str(published / "data" / "marts"))
    done = invoke(tmp_path, *asked, "--extracts", str(tmp_path / "e"), "--language", "en")
    assert done.exit_code == 0
    page = (tmp_path / "e" / "2017" / "omraader-vollsmose" / "pages" / "index.html").read_text(encoding="utf-8")
    assert "Vollsmose" in page
    assert "figures for 2017" in page
    refused = invoke(tmp_path, *asked, "--extracts", str(tmp_path / "e"), "--language", "sv")
    assert refused.exit_code == 2
