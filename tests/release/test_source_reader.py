"""A reader of the source is left with every value that a mark may stand for; without a draw he is not."""

from itertools import islice

from flows.release.cells import Key
from flows.release.draw import SHARE, drawn
from simulations import source_nations
from simulations.source_reader import Left, left, tables_of


def readers(secret: bytes | None) -> list[Left]:
    found = (left(tables, secret) for tables in tables_of(50_000, 3))
    return list(islice((reader for reader in found if reader), 2))


def test_a_reader_of_the_source_excludes_nothing_unless_nothing_is_drawn() -> None:
    assert {(reader.narrowed, reader.exact) for reader in readers(b"made up")} == {(0, 0)}
    assert sum(reader.narrowed for reader in readers(None)) > 0


def test_a_draw_is_the_same_for_the_same_secret_and_no_other() -> None:
    keys = [Key("area", str(number), 2012, "residents") for number in range(2_000)]
    first = drawn(keys, b"one secret")
    assert drawn(reversed(keys), b"one secret") == first
    assert drawn(keys, b"another") != first
    assert 0.7 * SHARE < len(first) / len(keys) < 1.3 * SHARE


def test_over_a_nation_no_value_that_is_tried_can_be_excluded() -> None:
    played = source_nations.play(90_004, 4, 4)
    assert played is not None
    assert (played.tried, played.without_table, played.other_marks) == (4, 0, 0)
