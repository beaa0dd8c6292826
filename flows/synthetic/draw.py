"""A whole made-up country, drawn in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Required, TypedDict

import numpy as np
import polars as pl

from flows.synthetic import expected, figures, implementation, places, pool
from flows.synthetic.counting import Counting
from flows.synthetic.expected import DrawnPanel, Expected
from flows.synthetic.figures import Figure, generator
from flows.synthetic.implementation import ImplementationEntry
from flows.synthetic.parameters import Truth, levels, truth
from flows.synthetic.places import Places
from flows.synthetic.pool import NEVER, Pool
from flows.synthetic.reference import ReferenceData, read
from schemas.registry import Registry

YEARS = tuple(range(2000, 2013))
ORIGIN = "synthetic"
BEFORE_THE_POOL = (2003, 2004, 2005)


class Wanted(TypedDict, total=False):
    """What `draw` can be asked for by those who draw a nation to write it."""

    seed: Required[int]
    areas: int
    years: Sequence[int]
    indicators: Sequence[str] | None
    parallel: bool
    transient: bool


@dataclass(frozen=True)
class DrawnNation:
    """A nation in memory.

    `figures` has a row per area, year and indicator: area_id, year, indicator, numerator, denominator, value, expected
    (the truth in the indicator's unit) and spread (the SD of `value` around it). Areas are in the order of
    `places.areas`. `panel` and `counting` hold the areas over all years that were drawn, of which `years` are some.
    """

    seed: int
    years: tuple[int, ...]
    parallel: bool
    truth: Truth
    reference: ReferenceData
    places: Places
    pool: Pool
    panel: DrawnPanel
    counting: Counting
    indicators: tuple[str, ...]
    transient: bool = False

    @cached_property
    def of_areas(self) -> dict[str, Figure]:
        """The figures of areas, by indicator."""
        kept = [self.panel.years.index(year) for year in self.years]
        return {name: figures.years_of(self.counting.figure(name), kept) for name in self.indicators}

    @property
    def figures(self) -> pl.DataFrame:
        """Expected and drawn figures of all areas."""
        rows = figures.long(self.of_areas, self.places.areas.height, self.years)
        ids = self.places.areas["area_id"].gather(rows["place"])
        return rows.drop("place").insert_column(0, ids.alias("area_id"))

    def implementation(self, registry: Registry) -> list[ImplementationEntry]:
        """How its plans and area secretariats are carried out."""
        return implementation.drawn(registry, self.truth, self.places, self.pool, self.seed)

    @property
    def areas(self) -> pl.DataFrame:
        """What is true of each area: what decides its figures and what it got; see the README beside a nation."""
        places, pool = self.places, self.pool
        towns = places.municipalities["municipality_code"].to_numpy()
        plans: dict[int, list[int]] = {}
        for at, plan in enumerate(pool.plans):
            for area in plan.areas:
                plans.setdefault(area, []).append(at)
        held = [plans.get(area, []) for area in range(places.areas.height)]
        names = ["; ".join(pool.plans[at].name for at in each) for each in held]
        bands = ["; ".join(sorted({pool.plans[at].funding_band for at in each})) for each in held]
        ids = places.areas["area_id"].to_list()
        likeness = pool.treatment.likeness.tolist()
        first = np.where(pool.treatment.funded, pool.treatment.effect_from - 1, NEVER)
        return places.areas.select(
            "area_id",
            "area_name",
            pl.Series("municipality_code", towns[places.areas["municipality"].to_numpy()]),
            "neighbourhood",
            "is_case_area",
            "dwellings",
            "residents",
            "deprivation",
            pl.Series("arm", pool.arms),
            pl.Series("plan_names", names),
            pl.Series("funding_bands", bands),
            pl.Series("begins_year", [None if year == NEVER else int(year) for year in first], dtype=pl.Int32()),
            pl.Series("twin_group", [None if at < 0 else int(at) for at in pool.twin_group], dtype=pl.Int32()),
            pl.Series(
                "is_twin_of", [None if like == at else ids[like] for at, like in enumerate(likeness)], dtype=pl.String()
            ),
            pl.lit(ORIGIN).alias("origin"),
        )


def draw(  # noqa: PLR0913 - what a nation can be asked for
    reference: Path,
    registry: Registry,
    seed: int,
    areas: int = 1000,
    years: Sequence[int] = YEARS,
    indicators: Sequence[str] | None = None,
    *,
    parallel: bool = True,
    effects: bool = True,
    transient: bool = False,
) -> DrawnNation:
    """Draw a nation of the case areas and `areas` made-up ones, for `years` and `indicators` of areas (None: all).

    `reference` is the folder of real reference deliveries (data/raw). An indicator's figures are the same whichever
    others are drawn. With `parallel=False` funded areas drift from the others before and after their plans;
    with `effects=False` nothing happens after a plan's start, all else alike; with `transient=True` areas that had bad
    years before the pool are more likely to be in it, and would come back by themselves.
    Raises IncompleteReference where the reference lacks something, ValueError for an unknown indicator or years with
    a gap.
    """
    chosen = tuple(sorted(set(years)))
    if not chosen or len(chosen) != chosen[-1] - chosen[0] + 1:
        raise ValueError("years must be one or more, without a gap")
    known = [name for name, indicator in registry.indicators.items() if indicator.of_areas]
    if unknown := sorted(set(indicators or ()) - set(known)):
        raise ValueError(f"no indicators of areas: {', '.join(unknown)}; there are {', '.join(known)}")
    parameters, given = truth(), read(reference, registry)
    settled = places.settle(given, registry, parameters, areas, generator(seed, "places"))
    totals = pool.totals_of(given, areas)
    # Every nation is drawn over all years, so that a year's figures do not depend on which others are asked for.
    span = tuple(range(min(YEARS[0], chosen[0]), max(YEARS[-1], chosen[-1]) + 1))
    bad_years = expected.bad_years(registry, settled, span, parameters, seed, BEFORE_THE_POOL) if transient else None
    shared = pool.share_out(given, registry, parameters, settled, totals, generator(seed, "pool"), bad_years)
    settled = pool.with_twins_alike(settled, shared)
    panel = DrawnPanel(settled, shared.treatment, span, parameters, seed, parallel, effects)
    level_of = levels(registry)
    of_areas = Expected(registry, level_of, "mean", expected.eta_of_areas(panel))
    return DrawnNation(
        seed=seed,
        years=chosen,
        parallel=parallel,
        truth=parameters,
        reference=given,
        places=settled,
        pool=shared,
        panel=panel,
        counting=Counting(registry, parameters, expected.sizes_of_areas(panel), of_areas, seed),
        indicators=tuple(name for name in known if indicators is None or name in indicators),
        transient=transient,
    )
