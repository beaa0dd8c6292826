"""A made-up nation counted from its register: lives drawn about what is planted, written, counted, and delivered."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows.registers import composition, delivery
from flows.registers import counting as register_counting
from flows.registers.counting import Register
from flows.synthetic import life_register
from flows.synthetic.draw import DrawnNation
from flows.synthetic.figures import Figure
from flows.synthetic.life_records import Planted
from flows.synthetic.life_register import Homes
from flows.synthetic.writer import DeliveryWriter
from schemas.registry import Registry

# What is planted in lives, by the indicator that it is planted for.
PLANTED = {
    "employed": "employed_18_64_pct",
    "study": "youth_in_education_pct",
    "outside": "outside_work_pct",
    "social_assistance": "social_assistance_pct",
    "disability_pension": "disability_pension_pct",
    "basic": "basic_education_pct",
    "vocational": "vocational_education_pct",
    "higher": "higher_education_pct",
    "crime": "convicted_pct",
    "income": "gross_income_dkk",
}
# Against a region that the register holds the areas of alone nothing can be told.
NOT_COUNTED = ("income_region_pct",)
# So many addresses lie in no area, for each that lies in one; so many years the register begins before the figures.
ELSEWHERE, BEFORE = 0.5, 5
BUCKETS = 2


def counted(drawn: DrawnNation, registry: Registry, folder: Path) -> DrawnNation:
    """The nation with the figures of its areas counted from a register, which is written below `folder`.

    What is planted stays the expected value of its indicator; what follows from lives (ages, moves) is what it is.
    """
    homes, planted = _homes(drawn), _planted(drawn)
    nonwestern = drawn.counting.figure("nonwestern_pct").expected[:, 0] / 100
    given = [*nonwestern.tolist(), 0.08]
    truth = life_register.write(folder / "register", homes, planted, given, registry, drawn.seed, BUCKETS)
    names = pl.Series([*homes.area_ids])
    truth = truth.with_columns(area_id=names.gather(truth["area"]), origin=pl.lit("synthetic"))
    truth.drop("area").write_parquet(folder / "register" / "truth.parquet")
    life_register.key(homes, BUCKETS).write_parquet(folder / "register" / "key.parquet")
    towns = drawn.places.municipalities.select("municipality_code", "region_code")
    towns.write_parquet(folder / "register" / "municipalities.parquet")
    register = _register(folder)
    files = register_counting.counts(register, registry, folder / "register" / "counts")
    rows = register_counting.figures(files, register, registry).filter(geography="area", window_years=1)
    return _with_figures(drawn, rows.filter(~pl.col("indicator").is_in(NOT_COUNTED)))


def _register(folder: Path) -> Register:
    files = folder / "register"
    return Register(files, files / "key.parquet", files / "municipalities.parquet")


def deliver(writer: DeliveryWriter, drawn: DrawnNation, folder: Path) -> None:
    """What only a register tells as deliveries: the dated key of the nation's addresses, and who stayed, came and left.

    `writer` knows the nation's areas; `folder` is the one of `counted`.
    """
    homes = _homes(drawn)
    towns = dict(zip(homes.area_ids, homes.municipalities, strict=True))
    _deliver_key(writer, drawn, homes, towns)
    flows = composition.flows(_register(folder), writer.registry, folder / "register" / "counts")
    flows = flows.filter(pl.col("year").is_in(drawn.years[1:]), pl.col("indicator").is_in(drawn.indicators))
    writer.send(
        "composition/tilflyttere.csv",
        "hvem der blev boende, kom og gik fra år til år",
        f"{drawn.years[-1] + 1}-02-01",
        life_register.drawn_on(drawn.years),
        delivery.composition_lines(flows, writer.registry, towns),
    )


def _deliver_key(writer: DeliveryWriter, drawn: DrawnNation, homes: Homes, towns: Mapping[str, str]) -> None:
    rows = life_register.key(homes, BUCKETS)
    writer.send(
        "addresses/adressenoegle.csv",
        "adresser og de boligområder, de ligger i",
        f"{drawn.years[-1] + 1}-02-01",
        life_register.drawn_on(drawn.years),
        rows.select(
            pl.col("address_key").alias("Adressenøgle"),
            pl.col("area_id").alias("Boligområde"),
            pl.col("area_id").replace_strict(towns, return_dtype=pl.String()).alias("Kommune"),
            pl.col("valid_from").cast(pl.String).alias("Gælder fra"),
            pl.col("valid_to").cast(pl.String).alias("Gælder til"),
        ),
    )


def _homes(drawn: DrawnNation) -> Homes:
    areas = drawn.places.areas
    codes = drawn.places.municipalities["municipality_code"].to_list()
    addresses = areas["dwellings"].to_list()
    return Homes(
        areas["area_id"].to_list(),
        [codes[home] for home in areas["municipality"].to_list()],
        addresses,
        int(ELSEWHERE * sum(addresses)),
        codes[0],
    )


def _planted(drawn: DrawnNation) -> Planted:
    """What is expected of the areas, and of what lies elsewhere their mean; the first year's in the years before."""
    columns = [drawn.panel.years.index(year) for year in drawn.years]
    shares = {}
    for name, indicator in PLANTED.items():
        expected = drawn.counting.figure(indicator).expected[:, columns]
        whole = np.vstack([expected, expected.mean(axis=0)])
        before = np.repeat(whole[:, :1], BEFORE, axis=1)
        shares[name] = np.hstack([before, whole]) / (1 if name == "income" else 100)
    return Planted(tuple(range(drawn.years[0] - BEFORE, drawn.years[-1] + 1)), shares)


def _with_figures(drawn: DrawnNation, rows: pl.DataFrame) -> DrawnNation:
    """The nation with these figures in place of those that were drawn, in its own years."""
    counting, years = drawn.counting, drawn.panel.years
    place = {area: at for at, area in enumerate(drawn.places.areas["area_id"])}
    known, sizes = dict(counting.known), dict(counting.sizes)
    planted = set(PLANTED.values())
    for (name,), group in rows.filter(pl.col("year").is_in(drawn.years)).group_by("indicator"):
        was = counting.figure(str(name))
        at = (
            np.array([place[area] for area in group["geography_id"]]),
            np.array([years.index(y) for y in group["year"]]),
        )
        figure = _replaced(was, at, group, is_planted=name in planted)
        known[str(name)] = figure
        if name == "residents":
            sizes["residents"] = figure
    return replace(drawn, counting=replace(counting, known=known, sizes=sizes))


def _replaced(
    was: Figure, at: tuple[np.ndarray[tuple[int], np.dtype[np.intp]], ...], rows: pl.DataFrame, is_planted: bool
) -> Figure:
    """A figure with the cells `at` taken from rows; what was expected stays where it was planted."""
    parts: dict[str, Any] = {name: None if part is None else part.copy() for name, part in vars(was).items()}
    parts["value"][at] = rows["value"].to_numpy()
    for name in ("numerator", "denominator"):
        if parts[name] is not None and rows[name].null_count() == 0:
            parts[name][at] = rows[name].to_numpy()
    if not is_planted:
        parts["expected"][at], parts["spread"][at] = rows["value"].to_numpy(), 0
    return Figure(**parts)
