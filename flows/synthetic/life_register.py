"""A made-up person register in files: lives written year by year and bucket by bucket, with the truth beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from flows.core.files import write as write_file
from flows.registers.partitions import NOTE
from flows.synthetic import life_truth, lives
from flows.synthetic.figures import generator
from flows.synthetic.life_records import Planted, YearOfLives, recorded
from flows.synthetic.lives import NOWHERE, ORIGINS, Happened, People, Whole
from schemas import contracts
from schemas.registry import Registry

# The dated key begins before any register does.
KEY_FROM = date(1980, 1, 1)


@dataclass(frozen=True)
class Homes:
    """Where a made-up register's persons live: areas with their municipality and number of addresses, and elsewhere.

    `elsewhere` addresses lie in the municipality `elsewhere_in`.
    """

    area_ids: Sequence[str]
    municipalities: Sequence[str]
    addresses: Sequence[int]
    elsewhere: int
    elsewhere_in: str

    def area_of(self, bucket: int, buckets: int) -> Whole:
        """The area of each address of a bucket, by number; those elsewhere have the number after the last area."""
        whole = np.repeat(np.arange(len(self.area_ids) + 1), [*self.addresses, self.elsewhere])
        return whole[bucket::buckets].astype(np.int64)


def write(
    folder: Path,
    homes: Homes,
    planted: Planted,
    nonwestern: Sequence[float],
    registry: Registry,
    seed: int,
    buckets: int,
) -> pl.DataFrame:
    """Write register.toml, person_years/, households/ and moves/ below `folder`; the truth that was planted and drawn.

    Each bucket is a people of its own in the same areas, drawn and held in memory alone, so that a register grows by
    buckets. The truth has a row per area (its number), year and indicator: over, under. The same arguments, the same
    bytes.
    """
    says = [
        'holder = "Syntetisk nation (opdigtede personer)"',
        'origin = "synthetic"',
        f"drawn_on = {drawn_on(planted.years)}",
    ]
    write_file(folder / NOTE, ("\n".join(says) + "\n").encode())
    found = [
        _bucket(folder, homes, planted, np.asarray(nonwestern), registry, generator(seed, "lives", str(b)), b, buckets)
        for b in range(buckets)
    ]
    return (
        pl.concat(found)
        .group_by("area", "year", "indicator")
        .agg(pl.col("over").sum(), pl.col("under").sum())
        .sort("area", "year", "indicator")
    )


def drawn_on(years: Sequence[int]) -> date:
    """The day on which a register of these years is drawn."""
    return date(years[-1] + 1, 3, 1)


def key(homes: Homes, buckets: int) -> pl.DataFrame:
    """The dated key of the addresses in areas: address_key, area_id, valid_from, valid_to."""
    parts = []
    for bucket in range(buckets):
        area = homes.area_of(bucket, buckets)
        inside = np.flatnonzero(area < len(homes.area_ids))
        ids = np.array([*homes.area_ids, ""])[area[inside]]
        parts.append(pl.DataFrame({"address_key": _keys(inside, bucket), "area_id": ids}))
    return pl.concat(parts).with_columns(valid_from=pl.lit(KEY_FROM), valid_to=pl.lit(None, dtype=pl.Date()))


def _bucket(
    folder: Path,
    homes: Homes,
    planted: Planted,
    nonwestern: np.ndarray[tuple[int], np.dtype[np.float64]],
    registry: Registry,
    chance: np.random.Generator,
    bucket: int,
    buckets: int,
) -> pl.DataFrame:
    people = lives.settle(chance, homes.area_of(bucket, buckets), nonwestern)
    first, last = planted.years[0], planted.years[-1]
    truth = []
    for year, before in lives.years(people, first, last):
        record = recorded(people, planted, year)
        truth.append(life_truth.counted(record, len(homes.area_ids), year, first))
        tables = {
            "person_years": _person_years(people, record, homes, year, bucket, buckets),
            "households": _households(people, record, homes, year, bucket, buckets),
        }
        if before:
            tables["moves"] = _moves(before, year - 1, bucket, buckets)
        for table, rows in tables.items():
            _write(folder, table, rows, registry, year - 1 if table == "moves" else year, bucket, buckets)
    return pl.concat(truth)


def _write(
    folder: Path, table: str, rows: pl.DataFrame, registry: Registry, year: int, bucket: int, buckets: int
) -> None:
    schema = contracts.polars_schema(registry.registers[table])
    empty = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in rows.columns]
    shaped = rows.with_columns(empty).select(pl.col(name).cast(kind) for name, kind in schema.items())
    name = "part.parquet" if buckets == 1 else f"bucket-{bucket}-of-{buckets}.parquet"
    file = folder / table / f"year={year}" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    shaped.write_parquet(file, compression="zstd", compression_level=3)


def _keys(addresses: Whole, bucket: int) -> pl.Series:
    return pl.Series(addresses).cast(pl.String).str.zfill(7) + f"-{bucket}"


def _person_years(
    people: People, record: YearOfLives, homes: Homes, year: int, bucket: int, buckets: int
) -> pl.DataFrame:
    address = people.address[record.persons]
    towns = np.array([*homes.municipalities, homes.elsewhere_in])
    months: Mapping[str, Whole] = record.months
    return pl.DataFrame(
        {
            "person_id": record.persons * buckets + bucket,
            "year": np.full(len(address), year),
            "municipality_code": towns[record.area],
            "address_key": _keys(address, bucket),
            "household_id": address * buckets + bucket,
            "age": record.age,
            "sex": np.where(people.woman[record.persons], "woman", "man"),
            "person_origin": np.array(ORIGINS)[record.origin],
            "november_activity": record.activity,
            "october_enrolled": record.enrolled,
            "december_benefit": record.benefit,
            "highest_education": record.education,
            "income_dkk": record.income,
            "convictions": record.convictions,
            "gp_contacts": record.gp_contacts,
            "admissions": record.admissions,
        }
        | {f"{name}_months": count for name, count in months.items()}
    ).with_columns(
        # A register of events holds nobody without any, and one of benefits nobody without any.
        pl.col("november_activity", "december_benefit", "highest_education").replace("", None),
        pl.when(pl.col("income_dkk") >= 0).then("income_dkk").alias("income_dkk"),
        pl.when(pl.col("convictions") > 0).then("convictions").alias("convictions"),
    )


def _households(
    people: People, record: YearOfLives, homes: Homes, year: int, bucket: int, buckets: int
) -> pl.DataFrame:
    address = people.address[record.persons]
    grown = record.age >= 18
    size = len(people.area_of)
    adults, children = (np.bincount(address[mask], minlength=size) for mask in (grown, ~grown))
    lived_in = np.flatnonzero(adults + children)
    adults, children = adults[lived_in], children[lived_in]
    kind = np.select(
        [adults + children == 1, (adults == 1) & (children > 0), (adults == 2) & (children > 0)],
        ["one_person", "single_parent", "couple_with_children"],
        "other",
    )
    towns = np.array([*homes.municipalities, homes.elsewhere_in])
    return pl.DataFrame(
        {
            "household_id": lived_in * buckets + bucket,
            "year": np.full(len(lived_in), year),
            "municipality_code": towns[people.area_of[lived_in]],
            "address_key": _keys(lived_in, bucket),
            "household_type": kind,
        }
    )


def _moves(events: Sequence[Happened], year: int, bucket: int, buckets: int) -> pl.DataFrame:
    first = date(year, 1, 1) + timedelta(days=1)
    parts = [
        pl.DataFrame(
            {
                "person_id": event.persons * buckets + bucket,
                "year": np.full(len(event.persons), year),
                "moved_on": pl.Series(event.day),
                "move_kind": [event.kind] * len(event.persons),
                "before": event.before,
                "after": event.after,
            }
        )
        for event in events
    ]
    rows = pl.concat(parts)
    return rows.with_columns(
        moved_on=pl.lit(first) + pl.duration(days=pl.col("moved_on")),
        from_address_key=pl.when(pl.col("before") != NOWHERE).then(_keys_of("before", bucket)),
        to_address_key=pl.when(pl.col("after") != NOWHERE).then(_keys_of("after", bucket)),
    ).sort("person_id", "moved_on")


def _keys_of(column: str, bucket: int) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.zfill(7) + f"-{bucket}"
