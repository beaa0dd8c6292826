"""Composition over time: what an area changed by because stayers changed, and because of who came and who left."""

from pathlib import Path

import duckdb
import polars as pl

from flows.registers.counting import OF_PERSONS, Register, before, low_income, measures, populations_as_sql, query
from flows.registers.partitions import UnfitRegister
from flows.registers.pieces import Piece, count, piece
from flows.registers.workers import Each, in_turn
from schemas.registry import Registry


def decomposed(register: Register, registry: Registry, staging: Path, each: Each = in_turn) -> pl.DataFrame:
    """A row per area, year and share of persons: counts of each group and the parts of the change (see the SQL).

    The first year of a register has no row. Raises UnfitRegister where there are not two years in a row.
    """
    persons = register.partitions_of("person_years")
    low = low_income(persons, staging, each, 1)
    sql = query("movements", populations=populations_as_sql(registry, "persons", OF_PERSONS))
    asked: list[Piece] = []
    for partition in persons:
        if earlier := before(persons, partition, years=1):
            inputs = {
                "person_years": [partition.file],
                "earlier": [other.file for other in earlier],
                "addresses": [register.addresses],
                "low_income": [low],
            }
            asked.append(piece("movements", sql, inputs, {"year": partition.year}, staging))
    if not asked:
        raise UnfitRegister(f"{register.folder} holds no two years in a row: nobody can be seen to stay or to move")
    files: list[str] = each(count, asked)
    with duckdb.connect() as connection:
        connection.read_parquet(files).create_view("partials")
        there = connection.sql("from partials limit 0").columns
        shares = measures(registry, there).filter(pl.col("is_count"), pl.col("denominator").is_not_null())
        connection.from_arrow(shares.to_arrow()).create("measures")
        found: pl.DataFrame = connection.sql(query("decomposition")).pl()
    return found
