"""All figures in one long list: a row per place, indicator and year, as a CSV file for Danish Excel.

The columns are those of the workbook's sheet of all figures, too.
"""

from collections.abc import Iterable
from pathlib import Path

from flows.core import files
from flows.extracts.figure_list import FIELDS, ListLine
from flows.extracts.model import Extract
from flows.present.language import Words, grammar, say

ORIGINS = Words({"synthetic": "syntetisk", "real": "virkelig"})
# The first sign of a text that a spreadsheet may take for a formula.
FORMULA = ("=", "+", "-", "@")


def write(extract: Extract, lines: Iterable[ListLine], file: Path) -> None:
    """Write all figures of the extract as a CSV file: in Danish ';' and a decimal comma; UTF-8 with its mark, CRLF.

    Every row says where its figure comes from and whether it is cleared. Where a figure is not shown, its value is
    empty and its mark stands in words in a column of its own. The same extract gives the same bytes.
    """
    edition = say("godkendt") if extract.is_cleared else say("udkast")
    plain = _PlainTexts()
    # A bare '2012-1' would be opened as a date.
    same = [ORIGINS[extract.origin], edition, say("udgivelse {release}", release=extract.release), plain[extract.name]]
    rows = [
        [say("Oprindelse"), say("Udgave"), say("Udgivelse"), say("Sekretariat"), *(say(field.head) for field in FIELDS)]
    ]
    _, decimal = grammar().separators
    rows += [[*same, *_cells(line, plain, decimal)] for line in lines]
    files.write(file, "".join(f"{grammar().cells.join(row)}\r\n" for row in rows).encode("utf-8-sig"))


def _cells(line: ListLine, plain: "_PlainTexts", decimal: str) -> list[str]:
    digits = line.indicator.decimals
    return [
        ""
        if value is None
        else plain[value]
        if isinstance(value, str)
        else _number(value, digits if is_measured else int(value != round(value)), decimal)
        for value, is_measured in zip(line.values, _MEASURED, strict=True)
    ]


# The columns whose numbers have the indicator's decimals. A mean of several years may have counted half a person.
_MEASURED = tuple(field.kind in ("value", "change") for field in FIELDS)


def _number(value: float, decimals: int, decimal: str) -> str:
    # A number with its thousands apart would be opened as text, one with a typographic minus, too.
    return f"{value:.{decimals}f}".replace(".", decimal)


class _PlainTexts(dict[str, str]):
    """Texts as cells, each made once: on one line, and none that a spreadsheet takes for a formula: an apostrophe says
    that it is text.
    """

    def __missing__(self, text: str) -> str:
        line = " ".join(text.split())
        line = f"'{line}" if line.startswith(FORMULA) else line
        quoted = line.replace('"', '""')
        self[text] = f'"{quoted}"' if grammar().cells in line or '"' in line else line
        return self[text]
