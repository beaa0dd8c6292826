"""Areas by chance, in which every kind of figure meets every other."""

from random import Random
from typing import Any

from by_hand import YEARS, area

from flows.extracts.model import Area
from schemas.registry import Registry

Told = dict[str, dict[int, dict[str, Any]]]
MARKS = ("hidden", "not_delivered", "withheld_by_source", "too_uncertain", "area_too_small", "nobody")


def random_area(rng: Random, registry: Registry, indicators: list[str]) -> Area:
    """An area with figures of every kind: counted and uncounted, marked, repeated, moved or not, compared or not."""
    told: Told = {}
    shown = rng.choice((0.0, 0.3, 0.8, 1.0))
    for i in indicators:
        indicator, told[i] = registry.indicators[i], {}
        n, x0 = rng.randint(200, 4000), rng.uniform(0.05, 0.9)
        published = rng.choice((None, None, YEARS[5], YEARS[0]))
        for year in YEARS:
            if rng.random() > shown:
                told[i][year] = {"mark": rng.choice(MARKS)}
                continue
            value = 100 * x0 if indicator.kind in ("share", "relative") else 1000 * x0
            given: dict[str, Any] = {"value": value, "source": "area_statistics"}
            if indicator.interval == "wilson" and rng.random() < 0.7:
                given = {"x": round(n * x0), "n": n}
            if published and year >= published:
                given |= {"is_published": True, "source": "ministry_lists"}
            if rng.random() < 0.1:
                given |= {"window_years": rng.choice((2, 4))}
            if rng.random() < 0.1:
                given |= {"repeats_year": year - 1}
            given |= {"status": rng.choice(("final", "provisional")) if year == YEARS[-1] else "final"}
            told[i][year] = given
    made = area(registry, "testby", told, dwellings=rng.choice((None, 869)))
    for (i, year), row in made.figures.items():
        if row["value"] is not None and i in indicators:
            _compare(rng, registry, made, i, year, row)
    return made


def _compare(rng: Random, registry: Registry, made: Area, i: str, year: int, row: Any) -> None:
    turned = registry.indicators[i].polarity
    for other in ("municipality", "country"):
        if rng.random() < 0.3:
            continue
        row[f"{other}_value"] = value = row["value"] * rng.uniform(0.6, 1.5)
        if row["ci_low"] is not None:
            above = row["ci_low"] > value
            if row["ci_low"] <= value <= row["ci_high"]:
                row[f"{other}_verdict"] = "similar"
            elif turned == "neutral":
                row[f"{other}_verdict"] = "higher" if above else "lower"
            else:
                row[f"{other}_verdict"] = "worse" if above == (turned == "high_is_worse") else "better"
    row["trend"] = rng.choice((None, "rising", "falling", "no_clear_trend"))
    known = [y for y in YEARS if y < year and made.figures[i, y]["value"] is not None]
    if not known:
        return
    row["first_year"] = known[0]
    for which, since in (("first", known[0]), ("year", year - 1)):
        if since in known:
            row[f"change_{which}"] = change = row["value"] - made.figures[i, since]["value"]
            if row["ci_low"] is not None and made.figures[i, since]["ci_low"] is not None:
                row[f"change_{which}_low"], row[f"change_{which}_high"] = change - 2, change + 2
