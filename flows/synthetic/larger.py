"""Municipalities, regions and the country: what their areas have and what others have elsewhere, added up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flows.synthetic import expected, figures
from flows.synthetic.counting import Counting
from flows.synthetic.draw import DrawnNation
from flows.synthetic.expected import Expected
from flows.synthetic.figures import Counts, Figure


@dataclass(frozen=True)
class LargerPlaces:
    """Municipalities, then regions, then the country: names, kinds as deliveries write them, residents and figures.

    `residents` and each figure have a row per place and a column per year of the nation.
    """

    names: list[str]
    kinds: list[str]
    residents: Counts
    figures: dict[str, Figure]


def add_up(drawn: DrawnNation, indicators: Sequence[str] | None) -> LargerPlaces:
    """The larger places of a nation: of `indicators` (None: all) those of areas, and all of larger places alone.

    A municipality's figure is that of its areas and of what lies elsewhere in it, which is drawn like them. What areas
    have no figure of is drawn for the municipality as a whole.
    """
    counting, panel = drawn.counting, drawn.panel
    registry, truth = counting.registry, counting.truth
    towns = drawn.places.municipalities
    regions = towns.select("region_code", "region_name").unique().sort("region_code")
    lies_in = np.concatenate([drawn.places.areas["municipality"].to_numpy(), np.arange(towns.height)])
    region_of = np.searchsorted(regions["region_code"].to_numpy(), towns["region_code"].to_numpy())
    whole = [
        *(np.array([town]) for town in range(towns.height)),
        *(np.flatnonzero(region_of == region) for region in range(regions.height)),
        np.arange(towns.height),
    ]
    parts = [np.flatnonzero(np.isin(lies_in, inside)) for inside in whole]
    drawn_for = Expected(registry, counting.expected.levels, "municipality_mean", expected.eta_of_municipalities(panel))
    around = Counting(registry, truth, expected.sizes_elsewhere(panel), drawn_for, drawn.seed, ("elsewhere",))
    sizes = {
        name: figures.added(
            figures.joined(size, around.sizes[name]), parts[: towns.height], registry.indicators[name], True
        )
        for name, size in counting.sizes.items()
    }
    alone = Counting(registry, truth, sizes, drawn_for, drawn.seed, ("municipalities",))
    kept = [panel.years.index(year) for year in drawn.years]
    made: dict[str, Figure] = {}
    for name, indicator in registry.indicators.items():
        if indicator.of_areas and indicators is not None and name not in indicators:
            continue
        figure = (
            figures.joined(counting.figure(name), around.figure(name)) if indicator.of_areas else alone.figure(name)
        )
        is_sum = indicator.kind == "count" or counting.expected.levels[name].sum
        added = figures.added(figure, parts if indicator.of_areas else whole, indicator, is_sum)
        made[name] = figures.years_of(added, kept)
    return LargerPlaces(
        names=[*towns["municipality_name"], *regions["region_name"], "Hele landet"],
        kinds=["kommune"] * towns.height + ["region"] * regions.height + ["land"],
        residents=np.stack([sizes["residents"].value[rows].sum(axis=0)[kept] for rows in whole]).astype(np.int64),
        figures=made,
    )
