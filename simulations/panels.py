"""How often the trend tests reject where nothing diverges, on nations whose figures are drawn and never delivered.

The whole pipeline takes seconds a nation, these draws a tenth of that, so that a size can be told from chance: outcomes
of one nation share their areas, and its three pairs of bands share their figures, so that a single nation rejects seven
of 32 now and then.

    python -m simulations.panels --nations 150 --areas 200
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from flows.marts.statistics import trend
from flows.synthetic import draw
from flows.synthetic.draw import DrawnNation
from schemas.loading import load
from schemas.registry import Registry
from simulations.evaluation import trendless
from simulations.nations import REFERENCE

YEARS = range(2000, 2006)
FIRST_SEED = 9000


def main(nations: int, areas: int) -> None:
    """Print how many of the tests rejected at 5 %, by contrast, and the nation with the most rejections."""
    registry, counted, most = load(), Counter[tuple[str, str]](), 0
    still = trendless(registry)
    for seed in range(FIRST_SEED, FIRST_SEED + nations):
        rejected = 0
        for contrast, found in tests_of(registry, seed, areas, still):
            for test, p in (("joint", found.joint.p), ("slope", found.slopes.p)):
                if p is not None:
                    counted[contrast, f"{test} tests"] += 1
                    counted[contrast, f"{test} rejections"] += p < trend.ALPHA
                    rejected += test == "joint" and p < trend.ALPHA
        most = max(most, rejected)
    print(f"{nations} nations of {areas:,} areas from seed {FIRST_SEED} on, {', '.join(still)}")
    for (contrast, what), count in sorted(counted.items()):
        if what.endswith("rejections"):
            tests = counted[contrast, what.replace("rejections", "tests")]
            print(f"{contrast:<8} {what:<18}{count:>6} of {tests:>6}   {100 * count / tests:.1f} %")
    print(f"most joint rejections in one nation: {most} of {4 * len(still)}")


def tests_of(registry: Registry, seed: int, areas: int, indicators: list[str]) -> Iterator[tuple[str, trend.Trend]]:
    """The trends of funded against never-funded areas, by municipality, and of each pair of bands, by plan."""
    nation = draw.draw(REFERENCE, registry, seed=seed, areas=areas, years=YEARS, indicators=indicators)
    figures = nation.of_areas
    for contrast, arm, cluster in _pairs(nation):
        used = arm >= 0
        for name in indicators:
            yield contrast, trend.trend(figures[name].value[used], [*YEARS], arm[used], cluster[used])


def _pairs(nation: DrawnNation) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.str_]]]:
    """Each pair of arms, -1 for areas in neither; a plan is named by the first of an area's plans."""
    areas = nation.areas
    treatment, band, municipality = (
        areas[name].to_numpy().astype(str) for name in ("arm", "funding_bands", "municipality_code")
    )
    plan = np.array([names.split("; ")[0] for names in areas["plan_names"]])
    yield "funded", _arm(treatment, "funded", "never_funded"), municipality
    for first, second in combinations(("over_15m", "5_15m", "under_5m"), 2):
        yield "bands", _arm(band, first, second), plan


def _arm(group: NDArray[np.str_], first: str, second: str) -> NDArray[np.int64]:
    return np.where(group == first, 1, np.where(group == second, 0, -1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nations", type=int, default=150)
    parser.add_argument("--areas", type=int, default=200)
    chosen = parser.parse_args()
    main(chosen.nations, chosen.areas)
