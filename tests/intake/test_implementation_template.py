"""The workbook about how plans and secretariats are carried out: its lists, and rows that intake takes."""

import re
from pathlib import Path
from typing import Any

import pytest
from workbooks import NS, letters, sheet, sheet_names, typed, validations

from flows.intake.templates import implementation, write
from flows.intake.templates.workbook import LAST
from schemas.registry import Registry

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "planguide.md").read_text(encoding="utf-8")


def book_of(folder: Path, registry: Registry, municipality: str | None = None) -> bytes:
    """The workbook as it is written."""
    file = folder / "organisering.xlsx"
    write(file, registry, implementation.SOURCE, municipality)
    return file.read_bytes()


def table_below(head: str) -> list[tuple[str, ...]]:
    """Rows of the table of the page with this head."""
    body = PAGE.split(f"| {head} |\n", 1)[1].split("\n\n", 1)[0]
    return [tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in body.splitlines()[1:]]


def test_a_secretariat_finds_its_attributes_begun(tmp_path: Path, registry: Registry) -> None:
    book = book_of(tmp_path, registry, "0751")
    assert sheet_names(book) == ["Følgeseddel", "Svar", "Vejledning", "Koder"]
    head, *rows = sheet(book, "Svar")
    assert head == [column.headers[0] for column in registry.layout_of("implementation").columns]
    of_secretariats = [
        row["name_da"] for row in registry.codes["implementation_attributes"] if row["unit_kind"] == "secretariat"
    ]
    assert [row[3] for row in rows] == of_secretariats
    assert {(row[0], row[2]) for row in rows} == {("områdesekretariat", "0751")}
    with pytest.raises(ValueError, match="no area of municipality '0101x'"):
        book_of(tmp_path, registry, "0101x")


def test_every_answer_is_offered_below_its_attribute(tmp_path: Path, registry: Registry) -> None:
    book = book_of(tmp_path, registry)
    codes = sheet(book, "Koder")
    listed = {(row[0], row[1]) for row in codes}
    names = {row["attribute"]: row["name_da"] for row in registry.codes["implementation_attributes"]}
    for row in registry.codes["implementation_answers"]:
        assert (names[row["answer"].split(":")[0]], row["name_da"]) in listed, row["answer"]
    at = [column.to for column in registry.layout_of("implementation").columns].index("answer")
    rule = validations(book)[f"{letters(at)}2:{letters(at)}{LAST}"].findtext("x:formula1", "", NS)
    first, last = (int(number) for number in re.findall(r"\$A\$(\d+):\$A\$(\d+)", rule)[0])
    below = [(row[0], row[1]) for row in codes[first - 1 : last]]
    # The offered answers are those in a row beside their attribute, so an attribute must stand in one piece.
    assert len(below) == len(registry.codes["implementation_answers"])
    order = [attribute for attribute, _ in below]
    assert sorted(order, key=order.index) == order


def test_what_is_typed_is_taken(tmp_path: Path, registry: Registry, night: Any) -> None:
    answers = {"Passer": "helt", "Vurderet af": "sekretariatet", "Gælder fra": 39083, "Vurderet den": 40483}
    rows = [
        {"Enhed": "områdesekretariat", "Kommune": "0751", "Forhold": forhold, "Svar": svar, **answers}
        for forhold, svar in implementation.answers(registry)
        if forhold != "Tidligere indsats"
    ]
    head = [column.headers[0] for column in registry.layout_of("implementation").columns]
    cells = {
        f"{letters(head.index(name))}{line}": value for line, row in enumerate(rows, 2) for name, value in row.items()
    }
    file = night.raw / "implementation" / "organisering_2010.xlsx"
    file.parent.mkdir(parents=True)
    file.write_bytes(typed(book_of(tmp_path, registry), cells))
    receipt = night.run()["implementation/organisering_2010.xlsx"]
    assert (receipt.outcome, receipt.rows, receipt.quarantined) == ("accepted", len(rows), 0), receipt
    known = {row["answer"] for row in registry.codes["implementation_answers"] if "earlier_effort" not in row["answer"]}
    assert set(night.table("implementation")["answer"]) == known


def test_the_page_describes_columns_attributes_and_answers(registry: Registry) -> None:
    assert table_below("Kolonne i filen om organisering | Skal udfyldes | Hvad der skal stå") == [
        (column.header, column.required, column.holds) for column in implementation.guidance(registry)
    ]
    answers: dict[str, list[str]] = {}
    for attribute, answer in implementation.answers(registry):
        answers.setdefault(attribute, []).append(answer)
    assert table_below("Forhold | Gælder | Besvares med | Svar") == [
        (*each, "; ".join(answers.get(each[0], ["et indsatsområde eller en indikator"])))
        for each in implementation.attributes(registry)
    ]
    assert "--for implementation" in PAGE
    assert "`data/raw/implementation/`" in PAGE
