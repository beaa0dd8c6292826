"""What one table of a register says of another, and of the dated key: named by file, column, rule and count."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from persons import REGIONS, rows, write

from flows.registers import partitions, references
from flows.registers.partitions import UnfitRegister
from flows.registers.references import NumbersKnown
from schemas.registry import Registry

PERSONS = """
person_id | year | address_key | household_id
11        | 2010 | a1          | 901
12        | 2010 | a1          | 901
13        | 2010 | a2          | 902
11        | 2011 | a1          | 901
14        | 2011 | a1          | 901
"""
HOMES = """
household_id | year | address_key | household_type
901          | 2010 | a1          | other
902          | 2010 | a2          | one_person
901          | 2011 | a1          | other
"""
MOVES = """
person_id | year | moved_on   | move_kind  | from_address_key | to_address_key
12        | 2010 | 2010-02-01 | died       | a1               | -
13        | 2010 | 2010-03-01 | emigrated  | a2               | -
14        | 2010 | 2010-04-01 | born       | -                | a1
15        | 2010 | 2010-05-01 | immigrated | -                | a2
15        | 2010 | 2010-06-01 | died       | a2               | -
16        | 2011 | 2011-07-01 | born       | -                | a1
"""
# A line more in a table, and what it breaks. 15 came and died within a year; who came in the last is not yet known.
MORE = {
    "nothing": ("moves", "", []),
    "a person of a household that is none": (
        "person_years",
        "17 | 2011 | a1 | 909",
        ["person_years/year=2011/part.parquet: household_id: 1 rows: no household of 2011 has the number"],
    ),
    "a household that nobody is in": (
        "households",
        "903 | 2010 | a3 | other",
        ["households/year=2010/part.parquet: household_id: 1 rows: nobody of 2010 is in it"],
    ),
    "a move of nobody": (
        "moves",
        "18 | 2010 | 2010-08-01 | moved | a1 | a2",
        ["moves/year=2010/part.parquet: person_id: 1 rows: in no person_years of 2010 or 2011"],
    ),
    "who came and is not there a year later": (
        "moves",
        "18 | 2010 | 2010-08-01 | immigrated | - | a2",
        ["moves/year=2010/part.parquet: person_id: 1 rows: in no person_years of 2010 or 2011"],
    ),
    "a death in the last year of somebody who never was": (
        "moves",
        "18 | 2011 | 2011-08-01 | died | a1 | -",
        ["moves/year=2011/part.parquet: person_id: 1 rows: in no person_years of 2011 or 2012"],
    ),
}


@pytest.mark.parametrize("buckets", [1, 2])
@pytest.mark.parametrize("case", MORE)
def test_what_one_table_names_stands_in_the_other(case: str, buckets: int, registry: Registry, tmp_path: Path) -> None:
    more, line, expected = MORE[case]
    for table, text in {"person_years": PERSONS, "households": HOMES, "moves": MOVES}.items():
        given = rows(text.strip() + "\n" + line) if table == more else rows(text)
        write(tmp_path, registry, table, given, buckets if table == "person_years" else 1)
    others = [*partitions.find(tmp_path, "households"), *partitions.find(tmp_path, "moves")]
    found = references.check(partitions.find(tmp_path, "person_years"), others, registry, REGIONS)
    lines = [str(breach).replace("bucket-1-of-2", "part") for breach in found]
    assert len(lines) == len(expected)
    assert all(shown.startswith(start) for shown, start in zip(lines, expected, strict=True)), lines
    assert not any(number in shown for shown in lines for number in (" 18", "903", "909"))


@pytest.mark.parametrize("spread", [1, 10**12])
def test_numbers_are_known_however_far_apart_they_lie(spread: int) -> None:
    known = NumbersKnown(np.array([7, 3, 5]) * spread)
    assert known.among(np.array([2, 3, 4, 5, 7, 8]) * spread).tolist() == [False, True, False, True, True, False]
    assert known.among(np.array([3, 7]) * spread).all()


def key(folder: Path, text: str) -> Path:
    head = "address_key | area_id | valid_from | valid_to\n"
    schema = {"address_key": pl.String(), "area_id": pl.String(), "valid_from": pl.Date(), "valid_to": pl.Date()}
    pl.DataFrame(rows(head + text), schema=schema).write_parquet(folder / "key.parquet")
    return folder / "key.parquet"


def test_periods_of_an_address_do_not_overlap(registry: Registry, tmp_path: Path) -> None:
    write(tmp_path, registry, "person_years", rows(PERSONS))
    persons = partitions.find(tmp_path, "person_years")
    apart = "a1 | x | 2000-01-01 | 2005-01-01\na1 | y | 2005-01-01 | -\n"
    references.require_key(key(tmp_path, apart), persons)
    over = key(tmp_path, apart + "a2 | x | 2000-01-01 | 2005-01-02\na2 | y | 2005-01-01 | -")
    with pytest.raises(UnfitRegister, match="valid_from: 1 periods of an address begin before"):
        references.require_key(over, persons)


def test_a_key_whose_addresses_are_not_the_registers_is_refused(registry: Registry, tmp_path: Path) -> None:
    """Else every area would be empty. In the last year one is lived in: of two that is enough, of three it is not."""
    write(tmp_path, registry, "person_years", rows(PERSONS))
    persons = partitions.find(tmp_path, "person_years")
    half = "a1 | x | 2000-01-01 | -\nb1 | x | 2000-01-01 | -\nb2 | x | 2000-01-01 | 2011-01-01\n"
    references.require_key(key(tmp_path, half), persons)
    with pytest.raises(
        UnfitRegister, match="2011 it places 3 addresses in areas, and person_years has residents at 1 "
    ):
        references.require_key(key(tmp_path, half + "b3 | x | 2000-01-01 | -"), persons)
