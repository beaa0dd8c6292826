"""Disclosure control over nations drawn by seed: linked tables, three yearly releases and a revision, hidden and
attacked, or rounded and attacked.

Usage: python -m simulations.release [rounding] [nations] [first seed] [areas]. The seeds follow each other and are
never chosen by result. Each nation counts a rare trait by area, size band, funding band, both, municipality and
country, by sex and age, with its share of the residents. The joint hiding must leave nothing to the attack; hiding each
table alone shows that there was something to find. So must controlled rounding, beside every count at its nearest
multiple: what is found there under the same rule, that a count is less than a base away, is the least that can be
found, since whoever knows that it is the nearest multiple knows more.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.release.attack import Exhibit, attack
from flows.release.cells import Cell, Key, Standing, Sum, Tables
from flows.release.controlled_rounding import round_
from flows.release.revisions import as_readers_have_it, hold_back, joined_rounded, together
from flows.release.suppression import Hiding, hide, shown
from simulations.naive import hidden_share, naive, nearest

SEXES, AGES = ("f", "m"), ("0-17", "18-29", "30-64", "65+")
K, FLOOR, BASE = 5, 100, 5
WEIGHTS = {"area": 1.0, "band": 2.0, "size_band": 2.0, "funding_band": 2.0, "municipality": 4.0, "country": 20.0}
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Country:
    """Where the areas of a nation lie, and what is counted there in each year."""

    home: Counts  # (areas,) the municipality
    size: Counts  # (areas,) the size band
    funding: Counts  # (areas,) the funding band, -1 for none
    trait: Mapping[int, Counts]  # year: (areas, sexes, ages)
    residents: Mapping[int, Counts]  # year: (areas,)
    elsewhere: Mapping[int, Counts]  # year: (municipalities, sexes, ages)
    others: Mapping[int, Counts]  # year: (municipalities,) residents outside the areas


def draw(seed: int, areas: int, years: tuple[int, ...]) -> Country:
    """A nation in which many counts of areas are small, and a twentieth of the areas too small."""
    rng = np.random.default_rng(seed)
    municipalities = max(2, areas // 6)
    residents = np.where(rng.random(areas) < 0.05, rng.integers(20, FLOOR, areas), rng.integers(150, 3_000, areas))
    rate = rng.gamma(2.0, 0.05, areas)[:, None, None] * rng.dirichlet(np.full(8, 3.0), areas).reshape(areas, 2, 4)
    home = np.concatenate([np.arange(municipalities), rng.integers(0, municipalities, areas - municipalities)])
    around = rng.integers(3_000, 60_000, municipalities)
    return Country(
        home=home,
        size=rng.integers(0, 3, areas),
        funding=rng.integers(-1, 3, areas),
        trait={year: rng.poisson(rate * residents[:, None, None]) for year in years},
        residents=dict.fromkeys(years, residents),
        elsewhere={
            year: rng.poisson(around[:, None, None] * 0.01 * np.ones((1, len(SEXES), len(AGES)))) for year in years
        },
        others=dict.fromkeys(years, around),
    )


def revised(country: Country, year: int, seed: int) -> Country:
    """The nation with some counts of a year changed: by one or two at half of the places, else by many."""
    rng = np.random.default_rng([seed, 1])
    trait = country.trait[year].copy()
    for area in rng.choice(len(trait), max(2, len(trait) // 10), replace=False):
        change = int(rng.integers(1, 3)) if rng.random() < 0.5 else int(rng.integers(K, 30))
        trait[area, rng.integers(len(SEXES)), rng.integers(len(AGES))] += change
    return Country(**{**country.__dict__, "trait": {**country.trait, year: trait}})


def tables(country: Country, years: tuple[int, ...]) -> Tables:
    """All tables of these years, linked by every sum."""
    cells: dict[Key, Cell] = {}
    sums: list[Sum] = []
    for year in years:
        for kind, place, members in _places(country):
            inside = list(members)
            trait = country.trait[year][inside].sum(axis=0)
            people = int(country.residents[year][inside].sum())
            standing: Standing = "withheld" if kind == "area" and people < FLOOR else "open"
            if kind in ("municipality", "country"):
                around = [int(place)] if kind == "municipality" else list(range(len(country.others[year])))
                trait = trait + country.elsewhere[year][around].sum(axis=0)
                people += int(country.others[year][around].sum())
            _add(cells, sums, kind, place, year, trait, people, standing)
        for code, (trait, people) in enumerate(zip(country.elsewhere[year], country.others[year], strict=True)):
            _add(cells, sums, "elsewhere", str(code), year, trait, int(people), "latent")
    for year in years:
        for kind, place, members in _places(country):
            for key in [key for key in cells if (key.geography, key.geography_id, key.year) == (kind, place, year)]:
                below = [("area", str(area)) for area in members]
                if kind == "municipality":
                    below.append(("elsewhere", place))
                elif kind == "country":
                    below = [("municipality", str(code)) for code in range(len(country.others[year]))]
                if kind != "area":
                    parts = tuple(Key(*where, year, key.indicator, key.part) for where in below)
                    sums.append(Sum(f"{kind} {place} {year}: {key.indicator} {key.part}", key, parts))
    return Tables(cells, tuple(sums))


def _places(country: Country) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Kind, name and areas of each place."""
    areas = range(len(country.home))
    yield from (("area", str(area), (area,)) for area in areas)
    groups: dict[tuple[str, str], list[int]] = {}
    for area in areas:
        groups.setdefault(("municipality", str(country.home[area])), []).append(area)
        groups.setdefault(("size_band", str(country.size[area])), []).append(area)
        if country.funding[area] >= 0:
            groups.setdefault(("funding_band", str(country.funding[area])), []).append(area)
            groups.setdefault(("band", f"{country.funding[area]}|{country.size[area]}"), []).append(area)
    yield from ((kind, name, tuple(members)) for (kind, name), members in sorted(groups.items()))
    yield "country", "000", tuple(areas)


def _add(
    cells: dict[Key, Cell],
    sums: list[Sum],
    kind: str,
    place: str,
    year: int,
    trait: Counts,
    people: int,
    standing: Standing,
) -> None:
    """The cells of one place and year, (sexes, ages) with both margins, and the share of the residents."""
    full = np.zeros((len(SEXES) + 1, len(AGES) + 1), dtype=np.int64)
    full[:-1, :-1] = trait
    full[-1] = full.sum(axis=0)
    full[:, -1] = full.sum(axis=1)
    sexes, ages = (*SEXES, "all"), (*AGES, "all")
    names = {
        (s, a): Key(kind, place, year, f"trait_{sex}_{age}")
        for s, sex in enumerate(sexes)
        for a, age in enumerate(ages)
    }
    top = names[len(SEXES), len(AGES)]
    base, rest = (Key(kind, place, year, top.indicator, part) for part in ("denominator", "complement"))
    small = standing == "withheld"
    weight = WEIGHTS.get(kind, 1.0)
    reason = "area_too_small" if small else None
    for (s, a), key in names.items():
        of_share = key == top and standing != "latent"
        cells[key] = Cell(key, int(full[s, a]), K, standing, small or of_share, weight=weight, reason=reason)
    cells[base] = Cell(base, people, K, standing, small, FLOOR - 1 if small else None, weight, reason)
    cells[rest] = Cell(rest, people - cells[top].value, K, "latent", standing != "latent")
    at = f"{kind} {place} {year}"
    sums.append(Sum(f"{at}: who has it and who has not", base, (top, rest)))
    for a, age in enumerate(ages):
        sums.append(Sum(f"{at}: sexes of {age}", names[len(SEXES), a], tuple(names[s, a] for s in range(len(SEXES)))))
    for s, sex in enumerate(sexes):
        sums.append(Sum(f"{at}: ages of {sex}", names[s, len(AGES)], tuple(names[s, a] for a in range(len(AGES)))))


@dataclass(frozen=True)
class HidingOutcome:
    """What hiding and attacking the releases of a nation gave; leaks by way of hiding."""

    cells: int
    primary: int
    hidden_pct: float
    hidden_pct_naive: float
    unprotected: int
    held: int
    leaks: int
    leaks_naive: int
    hiding_seconds: float
    attack_seconds: float


def play(seed: int, areas: int, years: tuple[int, ...] = (2010, 2011, 2012)) -> HidingOutcome:
    """Release a nation year by year, each time with all years so far, the last time with the first year revised."""
    country = draw(seed, areas, years)
    handed: list[Exhibit] = []
    naively: list[Exhibit] = []
    hiding = Hiding(frozenset(), frozenset(), ())
    held = unprotected = 0
    took_hiding = took_attack = 0.0
    leaks: set[tuple[Key, str]] = set()
    share = 0.0
    for number, _ in enumerate(years, start=1):
        last = number == len(years)
        after = tables(revised(country, years[0], seed) if last else country, years[:number])
        start = time.perf_counter()
        everything = together(handed, after)
        hiding = hide(everything)
        took_hiding += time.perf_counter() - start
        unprotected += len(hiding.unprotected)
        readers = {key: value for key, value in shown(everything, hiding).items() if key in after.cells}
        held += len(as_readers_have_it(handed, after, readers)[1])
        release = Exhibit(after, readers)
        start = time.perf_counter()
        found = attack(release, handed, with_chains=False)
        took_attack += time.perf_counter() - start
        leaks |= {(leak.key, leak.attacker) for leak in found.leaks}
        handed.append(release)
        naively.append(Exhibit(after, shown(after, naive(after))))
        not_shown = [key for key in after.keys if after.cells[key].standing == "open" and key not in readers]
        share = hidden_share(after, not_shown)
    final = naively[-1].tables
    return HidingOutcome(
        cells=len(final.cells),
        primary=sum(cell.is_primary for cell in final.cells.values()),
        hidden_pct=100 * share,
        hidden_pct_naive=100 * hidden_share(final, naive(final).hidden),
        unprotected=unprotected,
        held=held,
        leaks=len(leaks),
        leaks_naive=len({(leak.key, leak.attacker) for leak in attack(naively[-1], with_chains=False).leaks}),
        hiding_seconds=took_hiding,
        attack_seconds=took_attack,
    )


@dataclass(frozen=True)
class RoundedOutcome:
    """What rounding and attacking the releases of a nation gave; sums that do not hold and leaks by way of rounding.

    A release with `unprotected` cells is refused; `leaks` are those at any other cell, which nothing told of.
    """

    cells: int
    primary: int
    moved: float  # how far a shown count lies from the true one, in the mean
    moved_nearest: float
    not_additive: int
    not_additive_nearest: int
    unprotected: int
    held: int
    leaks: int
    leaks_nearest: int
    rounding_seconds: float
    attack_seconds: float


def play_rounded(seed: int, areas: int, years: tuple[int, ...] = (2010, 2011, 2012)) -> RoundedOutcome:
    """As `play`, with every count rounded instead of hidden; it ends with a release that is refused."""
    country = draw(seed, areas, years)
    handed: list[Exhibit] = []
    before: Tables | None = None
    readers: dict[Key, int] = {}
    held = unprotected = broken = 0
    took_rounding = took_attack = 0.0
    leaks: set[tuple[Key, str]] = set()
    for number, _ in enumerate(years, start=1):
        last = number == len(years)
        everything = tables(revised(country, years[0], seed) if last else country, years[:number])
        after, stay = everything, dict[Key, int]()
        start = time.perf_counter()
        if before is not None:
            after, back = hold_back(before, readers, everything)
            everything, stay = joined_rounded(before, readers, after)
            held += len(back)
        rounded = round_(everything, BASE, stay)
        took_rounding += time.perf_counter() - start
        unprotected += len(rounded.unprotected)
        broken = len(rounded.not_additive)
        readers = dict(rounded.shown)
        release = Exhibit(after, {key: value for key, value in readers.items() if key in after.cells}, BASE)
        start = time.perf_counter()
        refused = {cell.key for cell in rounded.unprotected}
        found = attack(release, handed, with_chains=False).leaks
        leaks |= {(leak.key, leak.attacker) for leak in found if leak.key not in refused}
        took_attack += time.perf_counter() - start
        handed.append(release)
        before = everything
        if rounded.unprotected:
            break
    final = handed[-1]
    naively = nearest(final.tables, BASE)
    naive_leaks = attack(Exhibit(final.tables, naively.shown, BASE), with_chains=False).leaks
    return RoundedOutcome(
        cells=len(final.tables.cells),
        primary=sum(cell.is_primary for cell in final.tables.cells.values()),
        moved=_moved(final.tables, final.shown),
        moved_nearest=_moved(final.tables, naively.shown),
        not_additive=broken,
        not_additive_nearest=len(naively.not_additive),
        unprotected=unprotected,
        held=held,
        leaks=len(leaks),
        leaks_nearest=len({(leak.key, leak.attacker) for leak in naive_leaks}),
        rounding_seconds=took_rounding,
        attack_seconds=took_attack,
    )


def _moved(tables: Tables, readers: Mapping[Key, int]) -> float:
    return float(np.mean([abs(value - tables.cells[key].value) for key, value in readers.items()]))


def main_rounded(nations: int = 100, first_seed: int = 40_000, areas: int = 6) -> int:
    """Print what was found with rounding, nation by nation; returns in how many there was a leak that nothing told."""
    print(
        "   seed   cells  primary  off by  nearest  sums off  nearest  held back  unprotected  leaks  nearest leaks"
        "  rounding s  attack s"
    )
    outcomes = []
    for seed in range(first_seed, first_seed + nations):
        nation = play_rounded(seed, areas)
        outcomes.append(nation)
        print(
            f"{seed:>7}{nation.cells:>8,}{nation.primary:>9,}{nation.moved:>8.2f}{nation.moved_nearest:>9.2f}"
            f"{nation.not_additive:>10}{nation.not_additive_nearest:>9}{nation.held:>11}{nation.unprotected:>13}"
            f"{nation.leaks:>7}{nation.leaks_nearest:>15}{nation.rounding_seconds:>12.1f}{nation.attack_seconds:>10.1f}",
            flush=True,
        )
    missed = sum(bool(nation.leaks) for nation in outcomes)
    refused = sum(bool(nation.unprotected) for nation in outcomes)
    leaks, nearest_leaks = (sum(getattr(nation, f"leaks{way}") for nation in outcomes) for way in ("", "_nearest"))
    broken, nearest_broken = (
        sum(getattr(nation, f"not_additive{way}") for nation in outcomes) for way in ("", "_nearest")
    )
    seconds = np.mean([nation.rounding_seconds + nation.attack_seconds for nation in outcomes])
    print(
        f"{nations} nations of {areas} areas, three releases and a revision each: {leaks} leaks after controlled "
        f"rounding to base {BASE}, {nearest_leaks:,} after rounding to the nearest multiple; sums that do not hold "
        f"{broken:,} and {nearest_broken:,}; {refused} nations refused; {seconds:.1f} s a nation"
    )
    return missed


def main(nations: int = 100, first_seed: int = 40_000, areas: int = 12) -> int:
    """Print what was found, nation by nation; returns how many nations were not protected."""
    print("   seed   cells  primary  hidden %  naive %  held back  unprotected  leaks  naive leaks  hiding s  attack s")
    missed = 0
    outcomes = []
    for seed in range(first_seed, first_seed + nations):
        nation = play(seed, areas)
        outcomes.append(nation)
        missed += bool(nation.leaks or nation.unprotected)
        print(
            f"{seed:>7}{nation.cells:>8,}{nation.primary:>9,}{nation.hidden_pct:>10.1f}{nation.hidden_pct_naive:>9.1f}"
            f"{nation.held:>11}{nation.unprotected:>13}{nation.leaks:>7}{nation.leaks_naive:>13}"
            f"{nation.hiding_seconds:>10.1f}{nation.attack_seconds:>10.1f}",
            flush=True,
        )
    leaks, naively = sum(nation.leaks for nation in outcomes), sum(nation.leaks_naive for nation in outcomes)
    seconds = np.mean([nation.hiding_seconds + nation.attack_seconds for nation in outcomes])
    print(
        f"{nations} nations of {areas} areas, three releases and a revision each: {leaks} leaks after joint hiding, "
        f"{naively:,} after hiding each table alone; {missed} nations not protected; {seconds:.1f} s a nation"
    )
    return missed


if __name__ == "__main__":
    asked = sys.argv[1:]
    chosen = main_rounded if asked[:1] == ["rounding"] else main
    sys.exit(chosen(*(int(argument) for argument in asked if argument != "rounding")))
