"""Composition over time: who stayed in an area, came and left from year to year, and how many of them shares count."""

from pathlib import Path

import polars as pl

from flows.registers import members
from flows.registers.counting import OF_PERSONS, Register, before, low_income, measures, query, views
from flows.registers.pieces import Piece, count, piece
from flows.registers.workers import Each, in_turn
from schemas.registry import Registry

SCHEMA = {
    "area_id": pl.String(),
    "year": pl.Int32(),
    "indicator": pl.String(),
    "flow": pl.String(),
    "denominator": pl.Int64(),
    "numerator_from": pl.Int64(),
    "numerator_to": pl.Int64(),
}
# What a struct of movements.sql holds of an indicator: whom it is of on both days, on the second alone, on the first.
SHARE = """{{
        'indicator': '{indicator}',
        'remained': count(*) filter (where before.{of} and after.{of}),
        'remained_from': count(*) filter (where before.{counted} and after.{of}),
        'remained_to': count(*) filter (where before.{of} and after.{counted}),
        'came': count(*) filter (where after.{of} and before.{of} is not true),
        'came_to': count(*) filter (where after.{counted} and before.{of} is not true),
        'went': count(*) filter (where before.{of} and after.{of} is not true),
        'went_from': count(*) filter (where before.{counted} and after.{of} is not true)
    }}"""


def flows(register: Register, registry: Registry, staging: Path, each: Each = in_turn) -> pl.DataFrame:
    """A row per area, year (the second of two), indicator and flow: denominator, numerator_from, numerator_to.

    A pair of years has rows where the register holds the persons of both and the moves between: without these nobody
    knows who died. The numbers are those of the delivery `composition` (schemas/sources.toml).
    """
    persons, moves = register.partitions_of("person_years"), register.partitions_of("moves")
    low = low_income(persons, staging, each)
    sql = movements_query(registry)
    asked: list[Piece] = []
    for partition in persons:
        earlier = before(persons, partition, years=1)
        between = [move.file for move in moves if move.year == partition.year - 1]
        if earlier and between:
            inputs = {
                "person_years": [partition.file, *(other.file for other in earlier)],
                "moves": between,
                "addresses": [register.addresses],
                "low_income": [low],
            }
            variables = {"year": partition.year, "bucket": partition.bucket, "buckets": partition.buckets}
            seen = views(registry, partition.year, "dated", "residents")
            asked.append(piece("movements", sql, inputs, variables, staging, seen))
    if not asked:
        return pl.DataFrame(schema=SCHEMA)
    files = [Path(file) for file in each(count, asked)]
    return pl.read_parquet(count(piece("flows", query("flows"), {"partials": files}, {}, staging)))


def movements_query(registry: Registry) -> str:
    """movements.sql with every share of persons that the registry has."""
    conditions = members.conditions(registry.populations, "persons", OF_PERSONS)
    shares = measures(registry, conditions).filter(pl.col("is_count"), pl.col("denominator").is_not_null())
    named = dict.fromkeys([*shares["denominator"], *shares["numerator"]])
    return query(
        "movements",
        members=", ".join(f"({conditions[name]}) as {name}" for name in named),
        shares=", ".join(
            SHARE.format(indicator=row["indicator"], of=row["denominator"], counted=row["numerator"])
            for row in shares.rows(named=True)
        ),
    )
