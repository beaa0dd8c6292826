"""Whether the expected rebound is found in made-up nations whose areas were chosen in bad years.

What the difference of funded and never-funded areas loses by itself from the window to three years after it is known:
the nation's expected figures without effects. The dip since as many years before the window is what the mart
baseline_selection says of it.

    python -m simulations.rebounds --nations 20 --areas 300
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flows.marts.statistics import selection
from flows.synthetic.draw import BEFORE_THE_POOL, draw
from schemas.loading import load
from schemas.registry import Registry
from simulations.estimates import band
from simulations.nations import REFERENCE

FIRST_SEED = 9500
APART = 3


@dataclass(frozen=True)
class FoundRebound:
    """One outcome of a nation, in SDs of its areas: what goes by itself, and what the statistics say of it."""

    indicator: str
    true: float
    dip: float
    ceiling: float
    is_covered: bool


def main(nations: int, areas: int) -> int:
    """Print truth, dip and ceiling on average over nations, and how often the interval held the truth."""
    registry = load()
    outside = 0
    for transient in (True, False):
        found = [
            each
            for seed in range(FIRST_SEED, FIRST_SEED + nations)
            for each in of_nation(registry, seed, areas, transient=transient)
        ]
        means = {name: float(np.mean([getattr(each, name) for each in found])) for name in ("true", "dip", "ceiling")}
        covered = float(np.mean([each.is_covered for each in found]))
        low, high = band(len(found), 0.95)
        outside += not low <= covered <= high
        how = "chosen in bad years" if transient else "chosen by what lasts"
        print(
            f"{how:<22} true {means['true']:+.3f} SD, dip "
            f"{means['dip']:+.3f}, ceiling {means['ceiling']:+.3f}; interval holds the truth in "
            f"{100 * covered:.1f} % of {len(found)} (band {100 * low:.1f}-{100 * high:.1f})"
        )
    return outside


def of_nation(registry: Registry, seed: int, areas: int, *, transient: bool) -> Iterator[FoundRebound]:
    """The primary outcomes that are counted every year, positive where funded areas looked worse."""
    outcomes = [name for name in registry.evaluation.primary.outcomes if registry.indicators[name].denominator]
    counted = [name for name in outcomes if registry.indicators[name].indicator_group != "satisfaction"]
    nation = draw(REFERENCE, registry, seed=seed, areas=areas, indicators=counted, effects=False, transient=transient)
    years = list(nation.years)
    window = [years.index(year) for year in BEFORE_THE_POOL]
    earlier, later = years.index(BEFORE_THE_POOL[0] - APART), years.index(BEFORE_THE_POOL[-1] + APART)
    rows = nation.areas
    arm, town = (rows[name].to_numpy().astype(str) for name in ("arm", "municipality_code"))
    inside = np.isin(arm, ("funded", "never_funded"))
    side = (arm[inside] == "funded").astype(np.int64)
    for name in counted:
        figure = nation.of_areas[name]
        now, then = figure.value[:, window].mean(axis=1), figure.value[:, earlier]
        lasting = selection.reliability(now, then)
        found = selection.rebound(now[inside], then[inside], side, town[inside], lasting)
        gone = (figure.expected[:, window].mean(axis=1) - figure.expected[:, later])[inside]
        true = float(gone[side == 1].mean() - gone[side == 0].mean())
        if found.dip is None or found.ceiling is None or found.low is None or found.high is None:
            continue
        sd = float(now[inside].std(ddof=1))
        is_covered = found.low <= true <= found.high
        yield FoundRebound(name, true / sd, found.dip / sd, found.ceiling / sd, is_covered)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nations", type=int, default=20)
    parser.add_argument("--areas", type=int, default=300)
    chosen = parser.parse_args()
    raise SystemExit(main(chosen.nations, chosen.areas))
