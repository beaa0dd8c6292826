"""Rows of an Excel table are as high as their text needs."""

import pytest

from flows.present.excel import PER_UNIT, Cell, lines_of

WIDTH = 20
ROOM = int(WIDTH * PER_UNIT)


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        ("a" * ROOM, 1),
        # Words that fill a line to its last letter are not broken, and one letter more is.
        (" ".join(["a" * ROOM] * 3), 3),
        (" ".join(["a" * (ROOM + 1)] * 3), 6),
        (" ".join(["a" * (2 * ROOM)] * 3), 6),
        ("a" * (ROOM - 2) + " b c", 2),
        ("a" * (ROOM - 1) + " b c", 2),
        ("a" * (ROOM - 2) + " b " + "c" * (ROOM - 1), 2),
        (1234567890123456789012345, 1),
        (None, 1),
    ],
)
def test_lines_of_wrapped_text(cell: Cell, lines: int) -> None:
    assert lines_of(cell, WIDTH) == lines
