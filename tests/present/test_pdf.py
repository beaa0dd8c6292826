"""A letter that no font has never stops a document: it is shown as a replacement, and log and reader are told."""

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.present import pdf

TEMPLATE = """#set document(title: "prøve")
#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), lang: "da")
#let told = json("content.json")
#told.goal
#told.without_glyph
#for (name, value) in told.rows [ #name #value ]
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("packages")
    (folder / "set_by_a_test").mkdir()
    (folder / "set_by_a_test" / "__init__.py").touch()
    (folder / "set_by_a_test" / "t.typ").write_text(TEMPLATE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield "set_by_a_test"


def words(made: bytes, folder: Path) -> str:
    (folder / "a.pdf").write_bytes(made)
    shown = subprocess.run(["pdftotext", "-raw", folder / "a.pdf", "-"], capture_output=True, check=True, text=True)
    return shown.stdout


@pytest.mark.parametrize("letter", ["\uf0b7", "\uf0fc", "😀", "中", "\x01", "\u0378", "\uffff", "\U0010fffe", "\ue123"])
def test_a_letter_that_no_font_has_is_shown_as_a_replacement(
    package: str, letter: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "boligprofil"):
        made = pdf.compiled(package, "t.typ", {"goal": f"Flere{letter}i arbejde", "rows": [["ø", letter]]}, {})
    shown = words(made, tmp_path)
    if f"U+{ord(letter):04X}" in shown:
        assert "Flere\ufffdi arbejde" in shown
        assert f"U+{ord(letter):04X}" in caplog.text
    else:
        assert letter == "\ue123"  # a font's own sign stands at this code point
    assert "arbejde" in shown
    assert "Flere" not in caplog.text


def test_a_document_whose_letters_all_have_a_glyph_is_not_changed(package: str, tmp_path: Path) -> None:
    shown = words(pdf.compiled(package, "t.typ", {"goal": "Æbler → 5 ✓ ≈ “x” é", "rows": []}, {}), tmp_path)
    assert "Æbler → 5 ✓ ≈ “x” é" in shown
    assert "U+" not in shown


@settings(max_examples=examples(40), deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
@example("\u0639\u064b\u0301\u20e3")
@example("क्\u200dष\u0302\u0489")
@example("a\u0489\uf0b7\u20dd")
def test_no_text_stops_a_document(package: str, text: str) -> None:
    assert pdf.compiled(package, "t.typ", {"goal": text, "rows": [[text, "x"]]}, {}).startswith(b"%PDF")


def test_a_fault_of_the_template_is_still_raised(package: str) -> None:
    with pytest.raises(Exception, match="goal"):
        pdf.compiled(package, "t.typ", {"rows": []}, {})
