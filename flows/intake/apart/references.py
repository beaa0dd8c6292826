"""References to cells of a sheet: letters of columns, and ranges such as 'B2:C5'."""

import re
from functools import cache

from flows.intake.apart.answers import Unreadable

RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?", re.ASCII)
COLUMNS = re.compile(r"\$?([A-Z]{1,3}):\$?([A-Z]{1,3})", re.ASCII)
ROWS = re.compile(r"\$?([0-9]{1,7}):\$?([0-9]{1,7})", re.ASCII)
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

Area = tuple[int, int, int, int]


@cache
def column_number(letters: str) -> int:
    """The number of a column, from 1, of its letters."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def area(reference: str) -> Area:
    """First row, first column, last row, last column of a range. Raises Unreadable where it is none."""
    if found := RANGE.fullmatch(reference):
        left, top, right, bottom = found.groups()
        return int(top), column_number(left), int(bottom or top), column_number(right or left)
    if found := COLUMNS.fullmatch(reference):
        return 1, column_number(found[1]), LAST_ROW, column_number(found[2])
    if found := ROWS.fullmatch(reference):
        return int(found[1]), 1, int(found[2]), LAST_COLUMN
    raise Unreadable("damaged_file", "a range of cells that is none")
