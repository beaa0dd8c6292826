"""What the process answers: plain values as JSON, columns as codes into the different texts, refusals by rule."""

import json
from array import array
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

# Cells of one table, and characters of its different texts: what they become must fit beside the rest of a night.
MOST_CELLS = 5_000_000
MOST_CHARACTERS = 20_000_000
MOST_TEXTS = 1_500_000
# Characters that a cell of a workbook can hold (Excel's own limit); nothing longer is a figure or a name.
LONGEST_TEXT = 32_767


class Unreadable(Exception):
    """A delivery that is refused: a rule of rules.toml, and what was found, without any cell of it."""

    def __init__(self, rule: str, detail: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.detail = detail


class Texts:
    """Different texts, each with a code; 0 is the empty text."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {"": 0}
        self.characters = 0

    def code(self, text: str) -> int:
        """The code of a text. Raises Unreadable where the texts grow beyond all use."""
        found = self.codes.get(text)
        if found is None:
            if len(text) > LONGEST_TEXT:
                raise too_large(f"a cell holds {len(text)} characters")
            self.characters += len(text)
            if self.characters > MOST_CHARACTERS or len(self.codes) > MOST_TEXTS:
                raise too_large(f"over {MOST_CHARACTERS} characters in different texts, or {MOST_TEXTS} of these")
            found = self.codes[text] = len(self.codes)
        return found

    def listed(self) -> list[str]:
        """The texts in the order of their codes; half a letter (a lone surrogate) is shown as a letter that is lost."""
        return [text.encode("utf-8", "replace").decode() if _is_torn(text) else text for text in self.codes]


def too_large(found: str) -> Unreadable:
    """The refusal of what would take more time or memory than a delivery may."""
    return Unreadable("too_large_to_read", found)


def packed(codes: Iterable[int]) -> str:
    """Whole numbers of 32 bits as base64, in the machine's own order of bytes: both sides run on it."""
    return b64encode(codes if isinstance(codes, array) else array("i", codes)).decode()


def in_few(numbers: Sequence[int]) -> str:
    """The first of many numbers in words."""
    return ", ".join(map(str, numbers[:5])) + (" and others" if len(numbers) > 5 else "")


def _is_torn(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)


def refusal(unreadable: Unreadable) -> dict[str, Any]:
    """A refusal as plain values."""
    return {"refused": [unreadable.rule, unreadable.detail]}


def encoded(answer: dict[str, Any]) -> bytes:
    """An answer as bytes."""
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
