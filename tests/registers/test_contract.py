"""Partitions against their contract: what breaks it is named by file, column, rule and count, and nobody is."""

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from persons import REGIONS, rows, write

from flows.registers import partitions, references
from flows.registers.partitions import UnfitRegister
from schemas.registry import Registry

GOOD = """
person_id | year | address_key | household_id | income_dkk | social_assistance_months
1         | 2010 | a1          | 1            | 1000       | 3.25
2         | 2010 | a1          | 1            | -          | -
3         | 2010 | -           | -            | -200       | 12
"""
HOMES = "household_id | year | address_key | household_type\n1 | 2010 | a1 | other"


def told(folder: Path, registry: Registry) -> list[str]:
    """What the register in a folder breaks, as lines."""
    others = [*partitions.find(folder, "households"), *partitions.find(folder, "moves")]
    return [
        str(breach) for breach in references.check(partitions.find(folder, "person_years"), others, registry, REGIONS)
    ]


def test_a_register_that_fits_breaks_nothing(registry: Registry, tmp_path: Path) -> None:
    write(tmp_path, registry, "person_years", rows(GOOD), buckets=2)
    write(tmp_path, registry, "households", rows(HOMES))
    moves = """
    person_id | year | moved_on   | move_kind | from_address_key | to_address_key
    1         | 2010 | 2010-03-01 | moved     | a1               | b1
    1         | 2010 | 2010-03-09 | moved     | b1               | a1
    9         | 2010 | 2010-12-31 | born      | -                | a1
    """
    write(tmp_path, registry, "moves", rows(moves))
    assert told(tmp_path, registry) == []


# A change of the first row, the column and rule that it breaks, and how many rows do.
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "age": ({"age": 121}, "age: 1 rows: above 120"),
    "sex": ({"sex": "x"}, "sex: 1 rows: must be one of man, woman"),
    "origin that lacks": ({"person_origin": None}, "person_origin: 1 rows: empty, and must not be"),
    "municipality before 2007": ({"municipality_code": "9999"}, "municipality_code: 1 rows: no municipality of 2007"),
    "year of another folder": ({"year": 2011}, "year: 1 rows: must be 2010, as the folder says"),
    "months beyond the year": ({"employment_months": 12.5}, "employment_months: 1 rows: above 12"),
    "months of a third": (
        {"employment_months": 1 / 3}, "employment_months: 1 rows: no number, or more than two decimals",
    ),
    "months that add up to more": (
        {"disability_pension_months": 9.0}, "*_months: 1 rows: more than 12 months outside work in one year",
    ),
    "a benefit before its time": (
        {"education_assistance_months": 1.0},
        "education_assistance_months: 1 rows: the benefit did not exist in the year",
    ),
    "a person twice": ({"person_id": 2}, "person_id: 1 rows: person_id, year stand more than once"),
    "a household that is none": ({"household_id": 7}, "household_id: 1 rows: no household of 2010 has the number"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_breach_names_file_column_rule_and_count(case: str, registry: Registry, tmp_path: Path) -> None:
    change, expected = BROKEN[case]
    given = rows(GOOD)
    write(tmp_path, registry, "person_years", given)
    write(tmp_path, registry, "households", rows(HOMES))
    (partition,) = partitions.find(tmp_path, "person_years")
    frame = pl.read_parquet(partition.file)
    first = frame.head(1).with_columns(**{name: pl.lit(v, dtype=frame.schema[name]) for name, v in change.items()})
    pl.concat([first, frame.tail(-1)]).write_parquet(partition.file)
    (line,) = told(tmp_path, registry)
    assert line.startswith(f"person_years/year=2010/part.parquet: {expected}")


def test_columns_are_those_of_the_contract(registry: Registry, tmp_path: Path) -> None:
    write(tmp_path, registry, "person_years", rows(GOOD))
    (partition,) = partitions.find(tmp_path, "person_years")
    frame = pl.read_parquet(partition.file)
    frame.drop("sex").with_columns(pl.col("age").cast(pl.String), name=pl.lit("Jensen")).write_parquet(partition.file)
    lines = told(tmp_path, registry)
    assert [line.split(": ", 1)[1].split(";")[0] for line in lines] == [
        "age: must be integer, not large_string",
        "name: no column of the contract",
        "sex: the column is missing",
    ]
    assert "Jensen" not in " ".join(lines)


def test_a_row_in_the_wrong_bucket_is_found(registry: Registry, tmp_path: Path) -> None:
    """Else a person could stand in two files of a year, and be counted twice."""
    write(tmp_path, registry, "person_years", rows(GOOD), buckets=2)
    first, second = (partition.file for partition in partitions.find(tmp_path, "person_years"))
    pl.concat([pl.read_parquet(first), pl.read_parquet(second).head(1)]).write_parquet(first)
    (line,) = told(tmp_path, registry)
    assert "person_id: 1 rows: belongs into another bucket than 0 of 2" in line


def test_moves_come_from_somewhere_and_lead_somewhere(registry: Registry, tmp_path: Path) -> None:
    moves = """
    person_id | year | moved_on   | move_kind  | from_address_key | to_address_key
    1         | 2010 | 2010-03-01 | died       | a1               | b1
    2         | 2010 | 2009-03-01 | immigrated | -                | a1
    3         | 2010 | 2010-03-01 | moved      | -                | a1
    """
    write(tmp_path, registry, "person_years", rows(GOOD))
    write(tmp_path, registry, "moves", rows(moves))
    assert [line.split(": ", 1)[1] for line in told(tmp_path, registry)] == [
        "moved_on: 1 rows: lies in another year",
        "from_address_key: 1 rows: empty, or filled against move_kind",
        "to_address_key: 1 rows: empty, or filled against move_kind",
    ]


def test_numbers_that_read_as_cpr_numbers_are_refused(registry: Registry, tmp_path: Path) -> None:
    given = [row | {"person_id": 101_900_000 + at} for at, row in enumerate(rows(GOOD))]
    write(tmp_path, registry, "person_years", given)
    lines = told(tmp_path, registry)
    assert lines
    assert "read as CPR numbers" in lines[0]
    assert "1019" not in lines[0]


def test_statistics_are_believed_and_what_they_leave_open_is_scanned(registry: Registry, tmp_path: Path) -> None:
    """Without statistics the same breaches are found by a scan."""
    write(tmp_path, registry, "person_years", [row | {"age": 130} for row in rows(GOOD)])
    (partition,) = partitions.find(tmp_path, "person_years")
    table = pq.read_table(partition.file)
    found = told(tmp_path, registry)
    pq.write_table(table, partition.file, write_statistics=False)
    assert told(tmp_path, registry) == found == ["person_years/year=2010/part.parquet: age: 3 rows: above 120"]


def test_a_year_has_one_file_or_every_bucket(registry: Registry, tmp_path: Path) -> None:
    write(tmp_path, registry, "person_years", rows(GOOD), buckets=2)
    partitions.find(tmp_path, "person_years")[0].file.unlink()
    with pytest.raises(UnfitRegister, match="year=2010: 1 files; there must be one, or each of bucket"):
        partitions.find(tmp_path, "person_years")


def test_a_register_says_whose_it_is(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(UnfitRegister, match="is missing; it says: holder"):
        partitions.note(tmp_path)
    write(tmp_path, registry, "person_years", rows(GOOD))
    assert partitions.note(tmp_path).origin == "synthetic"
