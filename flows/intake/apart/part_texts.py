"""Texts in a workbook that no table shows (comments, properties, charts, caches), searched for CPR numbers."""

import re
from collections.abc import Mapping

from flows.intake.apart.answers import Unreadable
from flows.intake.apart.package import Package
from flows.intake.cpr import BETWEEN, holds_cpr_number

XML = (".xml", ".rels", ".vml")
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".tif", ".tiff", ".bmp", ".svg", ".wdp")
EMBEDDED = (".xlsx", ".xlsm", ".docx", ".pptx")
# What people write stands in these attributes; the others are sizes, times and identifiers.
SPOKEN = {
    "name", "descr", "title", "displayName", "prompt", "promptTitle", "error", "errorTitle", "tooltip", "display",
    "location", "Target", "comment", "author", "caption", "uniqueName", "formula", "v", "href", "alt",
    "formatCode", "totalsRowLabel", "userName", "text",
}  # fmt: skip
# Elements within one text; the end of any other ends the text.
RUNS = {"r", "t", "rPr", "fld", "phoneticPr"}
BLOCK = 1 << 20
TAG = re.compile(r"<[^>]*>")
# What people see of parts, by the beginning of their names.
WORDS = {
    "docprops/": "the document properties",
    "xl/comments": "comments",
    "xl/threadedcomments": "comments",
    "xl/persons": "the names of those who comment",
    "xl/drawings": "text boxes, drawings or comments",
    "xl/charts": "a chart",
    "xl/externallinks": "values kept of another workbook",
    "xl/pivot": "a pivot table or its cache",
    "xl/tables": "a table",
    "xl/workbook": "names of sheets, or defined names",
    "xl/sharedstrings": "texts that cells share",
    "xl/embeddings": "an embedded file",
    "customxml": "custom data",
}
ELSEWHERE = "a part of the workbook"


class _Text:
    """The texts of one part, searched piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.properties = 0
        self.is_held = False

    def started(self, tag: str, attributes: dict[str, str]) -> None:
        self.properties += tag == "rPr"
        for name, text in attributes.items():
            if name.rpartition(" ")[2] in SPOKEN:
                self.add(text + BETWEEN)

    def ended(self, tag: str) -> None:
        self.properties -= tag == "rPr"
        if tag not in RUNS and not self.properties:
            self.add(BETWEEN)
            if self.length > BLOCK:
                self.search()

    def add(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)
        if self.length > 4 * BLOCK:
            self.search()

    def search(self) -> None:
        self.is_held = self.is_held or holds_cpr_number("".join(self.pieces))
        self.pieces, self.length = [], 0


def search(package: Package, passed: Mapping[str, int], sheets: Mapping[str, int], is_within: bool = False) -> None:
    """Raises Unreadable where a part holds a CPR number.

    `passed` are parts that were searched already, `sheets` the number of the sheet that a part belongs to.
    """
    for part in package.parts:
        if part in passed or part.endswith(PICTURES):
            continue
        if part.endswith(EMBEDDED):
            if not is_within:
                _search_embedded(package, part)
            continue
        if _holds(package, part):
            raise Unreadable("cpr_number", _where(part, sheets))


def _search_embedded(package: Package, part: str) -> None:
    try:
        search(Package(b"".join(package.chunks(part))), {}, {}, is_within=True)
    except Unreadable as unreadable:
        if unreadable.rule == "cpr_number":
            raise Unreadable("cpr_number", "an embedded file") from None


def _holds(package: Package, part: str) -> bool:
    if part.endswith(XML):
        text = _Text()
        try:
            package.parse(part, text.started, text.ended, text.add)
        except Unreadable:
            # Old drawings (.vml) are no good XML, and nothing of them is read.
            return _holds_as_bytes(package, part)
        text.search()
        return text.is_held
    return _holds_as_bytes(package, part)


def _holds_as_bytes(package: Package, part: str) -> bool:
    content = b"".join(package.chunks(part))
    return any(
        holds_cpr_number(TAG.sub("", content.decode(encoding, "replace")).replace("\n", BETWEEN))
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
    )


def _where(part: str, sheets: Mapping[str, int]) -> str:
    words = next((words for start, words in WORDS.items() if part.startswith(start)), ELSEWHERE)
    return words + (f" of sheet {sheets[part]}" if part in sheets else "")
