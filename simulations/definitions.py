"""A reader of lists who knows whom the figures count: what does he work out of made-up nations, and by which hiding?

Usage: python -m simulations.definitions [nations] [first seed] [areas]. The seeds follow each other and are never
chosen by result. Of each nation the smallest areas are released, with their municipalities, hidden once by sums
such as are declared by hand, and once by all that follows from whom the figures count. The reader knows neither, but
what the figures mean.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows.release import figures
from flows.release.cells import Key, Sum, Tables
from flows.release.scope import Scope
from flows.release.sums import build
from flows.release.suppression import hide, marks, shown
from flows.synthetic import larger
from flows.synthetic.draw import draw
from flows.synthetic.figures import Figure
from schemas.loading import load
from schemas.registry import Registry
from simulations.list_reader import MEANT, Reader, read
from simulations.nations import REFERENCE

YEAR = 2011
MADE_UP = 50
REVISED = "employed_18_64_pct"
# Declared by hand: the indicators of each group add up, and so do a share and its base, and places.
DECLARED = (
    {"residents", "age_0_17_pct", "age_18_29_pct", "age_65_plus_pct"},
    {"residents", "nonwestern_pct", "western_pct", "descendant_pct"},
    {"one_person_household_pct", "single_parent_pct", "couple_with_children_pct"},
)
SCHEMA = {"numerator": pl.Int64, "denominator": pl.Int64, "value": pl.Float64}


@dataclass(frozen=True)
class WorkedOut:
    """What the reader of a list got: hidden figures, those of which he knows the value, small ones that he narrowed."""

    hidden: int
    exact: int
    narrowed: int


def tables_of(seed: int, areas: int, registry: Registry) -> tuple[Tables, dict[str, str]]:
    """The tables of the smallest areas of a nation and of their municipalities, and where the areas lie."""
    (tables, *_), homes = years_of(seed, areas, registry, [YEAR])
    return tables, homes


def years_of(
    seed: int, areas: int, registry: Registry, years: Sequence[int], revised: Mapping[str, int] | None = None
) -> tuple[list[Tables], dict[str, str]]:
    """The same for several years; in the last of them `revised` areas have so many more employed."""
    drawn = draw(REFERENCE, registry, seed, areas=MADE_UP, years=list(years), indicators=list(MEANT))
    towns = drawn.places.municipalities["municipality_code"].to_list()
    smallest = np.argsort(drawn.of_areas["residents"].value[:, 0], kind="stable")[:areas].tolist()
    ids, lies_in = (drawn.places.areas[name].to_list() for name in ("area_id", "municipality"))
    homes = {ids[area]: towns[lies_in[area]] for area in smallest}
    inside = sorted({lies_in[area] for area in smallest})
    codes = [towns[town] for town in inside]
    around = larger.add_up(drawn, list(MEANT)).figures
    more = {**(revised or {})}
    for area, added in (revised or {}).items():
        more[homes[area]] = more.get(homes[area], 0) + added
    profile, places = (
        pl.DataFrame(
            [
                row
                for place, year in enumerate(years)
                for row in _rows(held, *where, registry, (place, year), more if year == years[-1] else {})
            ],
            schema_overrides=SCHEMA,
        )
        for held, where in ((drawn.of_areas, (smallest, list(homes))), (around, (inside, codes)))
    )
    marts = {
        "area_profile": profile.rename({"place": "area_id"}),
        "place_figures": places.rename({"place": "geography_id"}).with_columns(geography=pl.lit("municipality")),
        "dim_areas": pl.DataFrame({"area_id": list(homes), "municipality_code": list(homes.values())}).with_columns(
            dwellings=pl.lit(None, pl.Int64())
        ),
        "dim_plans": pl.DataFrame(schema={"area_ids": pl.String(), "dwellings": pl.Int64()}),
        "dim_municipalities": drawn.places.municipalities.select("municipality_code", "region_code"),
    }
    scope = Scope(frozenset(homes), frozenset(codes), frozenset(), ())
    of_years = [build(marts, registry, [year], scope) for year in years]
    if wrong := [words for built in of_years for words in (*built.not_exact, *built.nearly_exact)]:
        raise AssertionError(f"seed {seed}: a nation in which not everything adds up: {wrong[:3]}")
    return [built.tables for built in of_years], homes


def _rows(
    indicators: dict[str, Figure],
    numbers: list[int],
    places: list[str],
    registry: Registry,
    when: tuple[int, int],
    more: Mapping[str, int],
) -> Iterator[dict[str, Any]]:
    """The figures of some places in one of the years that were drawn, as marts have them; places that have `more`
    employed than were drawn."""
    column, year = when
    housing = registry.sources["housing_statistics"].indicators
    for name in MEANT:
        counts = {part: vars(indicators[name])[part] for part in ("numerator", "denominator")}
        for number, place in zip(numbers, places, strict=True):
            parts = {part: None if held is None else int(held[number, column]) for part, held in counts.items()}
            if name == REVISED and parts["numerator"] is not None:
                parts["numerator"] += more.get(place, 0)
            yield {
                "place": place,
                "year": year,
                "indicator": name,
                "value": float(indicators[name].value[number, column]),
                **parts,
                "source": "housing_statistics" if name in housing else "area_statistics",
                "window_years": 1,
            }


def without_populations(tables: Tables, registry: Registry) -> Tables:
    """The same cells, and the sums such as are declared by hand."""

    def is_declared(total: Sum) -> bool:
        keys = (total.total, *total.parts)
        inside = {key.indicator for key in keys if key.indicator in registry.indicators}
        places = {(key.geography, key.geography_id) for key in keys}
        of_declared = any(inside <= group for group in DECLARED)
        return len(places) > 1 or len(inside) == 1 or len(total.parts) == 1 or of_declared

    return Tables(tables.cells, tuple(total for total in tables.sums if is_declared(total)))


def handed_out(tables: Tables, file: Path) -> None:
    """Write the list of the figures as readers get them. Raises ValueError for a figure that cannot be protected."""
    hiding = hide(tables)
    if hiding.unprotected:
        raise ValueError(f"{len(hiding.unprotected)} figures cannot be protected")
    figures.counts(shown(tables, hiding), marks(tables, hiding)).write_csv(file)


def worked_out(tables: Tables, homes: dict[str, str], file: Path) -> WorkedOut:
    """What the reader of the list works out; a small figure is narrowed where one of 1 to k - 1, or k, is excluded.

    Raises ValueError where he is wrong, so that he says nothing of the list.
    """
    counts, hidden = read(file)
    reader = Reader(counts, homes)
    exact = narrowed = 0
    for figure in hidden:
        place, indicator, part = figure
        kind = "area" if place in homes else "municipality"
        cell = tables.cells[Key(kind, place, tables.keys[0].year, indicator, part)]  # type: ignore[arg-type]
        least, most = reader.interval(figure)
        if not least <= cell.value <= (cell.value if most is None else most):
            raise ValueError(f"{cell.key}: not in {least}-{most}")
        exact += least == most
        narrowed += cell.is_primary and (least > 1 or (most is not None and most < cell.k))
    return WorkedOut(len(hidden), exact, narrowed)


def main(nations: int = 20, first_seed: int = 60_000, areas: int = 13) -> int:
    """Print what the reader worked out, nation by nation; returns how many hidden figures he got from all sums."""
    registry = load()
    print(
        "   seed   cells   by declared sums: hidden  exact  narrowed   by all that follows: hidden  exact  narrowed  s"
    )
    found: list[tuple[WorkedOut, WorkedOut]] = []
    for seed in range(first_seed, first_seed + nations):
        started = time.perf_counter()
        tables, homes = tables_of(seed, areas, registry)
        with tempfile.TemporaryDirectory(prefix="boligprofil-lists-") as name:
            file, both = Path(name) / "list.csv", []
            for hidden_by in (without_populations(tables, registry), tables):
                handed_out(hidden_by, file)
                both.append(worked_out(tables, homes, file))
        found.append((both[0], both[1]))
        print(f"{seed:>7}{len(tables.cells):>8,}" + "".join(_columns(each) for each in both), end="")
        print(f"{time.perf_counter() - started:>8.1f}", flush=True)
    declared, following = ([pair[at] for pair in found] for at in (0, 1))
    for words, outcomes in (("declared sums", declared), ("all that follows", following)):
        total = [sum(getattr(each, part) for each in outcomes) for part in ("hidden", "exact", "narrowed")]
        print(f"hidden by {words}: {total[0]:,} figures, of which {total[1]:,} exact and {total[2]:,} narrowed")
    return sum(each.exact + each.narrowed for each in following)


def _columns(outcome: WorkedOut) -> str:
    return f"{outcome.hidden:>26,}{outcome.exact:>7,}{outcome.narrowed:>10,}"


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])) > 0)
