"""What cubes of JSON-stat and PX have in common: bounds before anything is made of them, and their answer."""

from array import array
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from flows.intake.apart.answers import MOST_CELLS, Texts, Unreadable, packed, too_large
from flows.intake.cpr import holds_cpr_number
from flows.intake.cpr_tables import rows_with_cpr_numbers

MOST_DIMENSIONS = 60
# Cells times dimensions: every row of the table says its place in each of them.
MOST_PLACES = 6 * MOST_CELLS
LONGEST_TITLE, MOST_TITLES = 500, 20


def cells_of(sizes: Sequence[int]) -> int:
    """Cells of a cube. Raises Unreadable where they are more than may be read, however few of them are filled."""
    cells = prod(sizes)
    if cells > MOST_CELLS or cells * len(sizes) > MOST_PLACES or len(sizes) > MOST_DIMENSIONS:
        raise too_large(f"a cube of {cells} cells in {len(sizes)} dimensions")
    return cells


def answer(
    names: Sequence[str], members: Sequence[Sequence[str]], values: Iterable[str], titles: Iterable[str]
) -> dict[str, Any]:
    """A cube as plain values: dimensions, their members, and a code for every value, the last dimension fastest."""
    texts = Texts()
    codes = array("i", map(texts.code, values))
    if len(codes) != (cells := cells_of(list(map(len, members)))):
        raise Unreadable("damaged_file", f"{len(codes)} values for {cells} cells")
    listed = texts.listed()
    if any(map(holds_cpr_number, listed)) or _column_holds(listed):
        raise Unreadable("cpr_number", "a value")
    if any(map(holds_cpr_number, [*names, *(code for codes in members for code in codes)])):
        raise Unreadable("cpr_number", "a name of a dimension or of its members")
    short = [" ".join(title.split()) for title in titles if 0 < len(title) <= LONGEST_TITLE][:MOST_TITLES]
    return {
        "names": list(names),
        "members": [list(codes) for codes in members],
        "texts": listed,
        "codes": packed(codes),
        "titles": list(dict.fromkeys(short)),
    }


def _column_holds(values: Sequence[str]) -> bool:
    return any(len(value) >= 9 for value in values) and bool(rows_with_cpr_numbers([[value] for value in values]))
