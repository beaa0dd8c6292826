"""Texts of workbooks: escapes, rich text, readings in other letters that belong to no text."""

import re

from flows.intake.apart.answers import LONGEST_TEXT, MOST_CHARACTERS, too_large
from flows.intake.apart.package import Package
from flows.intake.cpr import BETWEEN

ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_", re.ASCII)


class TextOfRuns:
    """One text while its runs are read: `t` elements, but those of phonetic runs, which are kept apart."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.phonetic: list[str] = []
        self.length = 0
        self.in_text = False
        self.in_phonetic = False

    def start(self, tag: str) -> None:
        """An element of the text begins."""
        if tag == "t":
            self.in_text = True
        elif tag == "rPh":
            self.in_phonetic = True

    def end(self, tag: str) -> None:
        """An element of the text ends."""
        if tag == "t":
            self.in_text = False
        elif tag == "rPh":
            self.in_phonetic = False
            self.phonetic.append(BETWEEN)

    def add(self, text: str) -> None:
        """Characters. Raises Unreadable where they are more than a cell can hold."""
        if not self.in_text:
            return
        self.length += len(text)
        # An escape is seven characters for one.
        if self.length > 7 * LONGEST_TEXT:
            raise too_large("a cell holds more text than a cell of a workbook can")
        (self.phonetic if self.in_phonetic else self.pieces).append(text)

    def taken(self) -> str:
        """The text so far, which then begins anew."""
        text = unescaped("".join(self.pieces))
        if len(text) > LONGEST_TEXT:
            raise too_large("a cell holds more text than a cell of a workbook can")
        self.pieces.clear()
        self.length = 0
        return text


def unescaped(text: str) -> str:
    """A text in which '_x000D_' is the character that it stands for."""
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def shared_strings(package: Package, part: str | None) -> tuple[list[str], str]:
    """The texts that cells share, in their order, and all readings in other letters beside them."""
    if part is None:
        return [], ""
    texts: list[str] = []
    runs = TextOfRuns()
    total = 0

    def ended(tag: str) -> None:
        nonlocal total
        runs.end(tag)
        if tag == "si":
            texts.append(runs.taken())
            total += len(texts[-1])
            if total > MOST_CHARACTERS:
                raise too_large(f"over {MOST_CHARACTERS} characters of text")

    package.parse(part, lambda tag, _: runs.start(tag), ended, runs.add)
    return texts, "".join(runs.phonetic)
