"""The cells and sums of a release, out of the marts: areas, plans, bands, municipalities, regions, country, categories.

What is not in the sums is not protected by them. Left out, each with the reason, are figures that say nothing of how
many people stand behind them: amounts, rates of events, shares without their counts.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from flows.release.cells import Cell, Key, Part, Standing, Sum, Tables
from schemas.models import Indicator
from schemas.registry import Registry

WEIGHTS = {"area": 1.0, "plan": 2.0, "size_band": 2.0, "funding_band": 2.0, "band": 2.0, "municipality": 4.0}
LARGER = 20.0  # regions and the country
BASES = {"all residents": "residents", "all dwellings": "dwellings"}  # counts that are the base of shares


@dataclass(frozen=True, order=True)
class LeftOut:
    """A figure that is in no cell, so that it must not be shown."""

    geography: str
    geography_id: str
    year: int
    indicator: str
    reason: str


@dataclass(frozen=True)
class Built:
    """The tables of a release; `not_exact` names relations that the numbers do not bear out: nobody can use them."""

    tables: Tables
    left_out: tuple[LeftOut, ...]
    not_exact: tuple[str, ...]


def build(
    marts: Mapping[str, pl.DataFrame],
    registry: Registry,
    years: Collection[int],
    indicators: Collection[str] | None = None,
) -> Built:
    """The cells of every area, group of areas and larger place in `years`, and the sums between them.

    `marts` are area_profile, place_figures, dim_areas, dim_plans and dim_municipalities. An area under the floors of
    disclosure.toml, or of unknown size, is withheld whole; figures of a source that publishes them itself are known.
    """
    made = _Making(registry)
    chosen = set(registry.indicators if indicators is None else indicators)
    profile = marts["area_profile"].filter(pl.col("year").is_in(list(years)), pl.col("value").is_not_null())
    sizes = _sizes(profile, registry)
    figures = profile.filter(pl.col("indicator").is_in(chosen)).sort("area_id", "year", "indicator")
    for row in figures.iter_rows(named=True):
        reason = sizes.get((row["area_id"], row["year"]), "size_unknown")
        made.figure("area", row["area_id"], row, reason)
    places = marts["place_figures"].filter(
        pl.col("year").is_in(list(years)), pl.col("value").is_not_null(), pl.col("indicator").is_in(chosen)
    )
    for row in places.sort("geography", "geography_id", "year", "indicator").iter_rows(named=True):
        made.figure(row["geography"], row["geography_id"], row, None)
    for group, members in _groups(marts["dim_areas"], marts["dim_plans"]):
        made.group(group, [("area", area) for area in members])
    homes: dict[str, list[tuple[str, str]]] = {}
    for area, home in marts["dim_areas"].sort("area_id").select("area_id", "municipality_code").iter_rows():
        homes.setdefault(home, []).append(("area", area))
    for code, inside in sorted(homes.items()):
        made.larger(("municipality", code), inside, is_whole=False)
    regions: dict[str, list[tuple[str, str]]] = {}
    for code, region in (
        marts["dim_municipalities"].sort("municipality_code").select("municipality_code", "region_code").iter_rows()
    ):
        regions.setdefault(region, []).append(("municipality", code))
    for region, inside in sorted(regions.items()):
        made.larger(("region", region), inside, is_whole=True)
    made.larger(("country", "000"), [place for inside in regions.values() for place in inside], is_whole=True)
    made.within_places()
    return Built(Tables(made.cells, tuple(made.sums)), tuple(sorted(made.left_out)), tuple(made.not_exact))


def _sizes(profile: pl.DataFrame, registry: Registry) -> dict[tuple[str, int], str | None]:
    """Per area and year of known size the reason why it is withheld, None where it is not."""
    floors = registry.disclosure.floors
    households = [i.id for i in registry.indicators.values() if i.denominator == "all households"]
    found = {}
    for area, year, residents, homes in (
        profile.group_by("area_id", "year")
        .agg(
            pl.col("value").filter(pl.col("indicator") == "residents").min(),
            pl.col("denominator").filter(pl.col("indicator").is_in(households)).min(),
        )
        .iter_rows()
    ):
        if residents is not None:
            is_small = residents < floors.residents or (homes is not None and homes < floors.households)
            found[area, year] = "area_too_small" if is_small else None
        elif homes is not None and homes < floors.households:
            found[area, year] = "area_too_small"
    return found


def _groups(areas: pl.DataFrame, plans: pl.DataFrame) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Plans, size bands, funding bands and both, with their areas."""
    for plan, members in plans.sort("plan_id").select("plan_id", "area_ids").iter_rows():
        yield ("plan", plan), sorted(members.split(", "))
    groups: dict[tuple[str, str], list[str]] = {}
    for area, size, funding in areas.sort("area_id").select("area_id", "size_band", "funding_band").iter_rows():
        if size is not None:
            groups.setdefault(("size_band", size), []).append(area)
        if funding is not None:
            groups.setdefault(("funding_band", funding), []).append(area)
        if size is not None and funding is not None:
            groups.setdefault(("band", f"{funding}|{size}"), []).append(area)
    yield from sorted(groups.items())


@dataclass
class _Making:
    """The tables while they are made."""

    registry: Registry
    cells: dict[Key, Cell] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    not_exact: list[str] = field(default_factory=list)
    of_place: dict[tuple[str, str], list[Key]] = field(default_factory=dict)

    def figure(self, kind: str, place: str, row: Mapping[str, Any], withheld: str | None) -> None:
        """The cells of one figure of a mart; `withheld` is the reason why its place gets none."""
        indicator = self.registry.indicators[row["indicator"]]
        source = self.registry.sources[row["source"]]
        counts = _counts(indicator, row)
        if indicator.count_basis not in self.registry.disclosure.counted.basis or counts is None:
            is_counted = indicator.count_basis in self.registry.disclosure.counted.basis
            reason = "counts_unknown" if is_counted and indicator.kind in ("share", "count") else "no_count_of_units"
            if not source.already_published:
                self.left_out.append(LeftOut(kind, place, row["year"], indicator.id, reason))
            return
        k = self.registry.disclosure.protection(source.publisher, indicator.disclosure_class).k
        standing: Standing = "known" if source.already_published else "withheld" if withheld else "open"
        for part, value in counts.items():
            key = Key(kind, place, row["year"], indicator.id, part)
            self._put(key, value, k, standing, withheld is not None, withheld)

    def _put(self, key: Key, value: int, k: int, standing: Standing, is_closed: bool, reason: str | None) -> None:
        of_share = key.part in ("numerator", "complement")
        if of_share and standing == "open" and self._is_empty(key):
            standing = "known"  # of nobody, nobody has it
        elif key.part == "complement" and standing == "open":
            standing = "latent"
        floor = self.registry.disclosure.floors.residents
        upper = None
        if reason == "area_too_small" and key.indicator == "residents" and standing == "withheld" and value < floor:
            upper = floor - 1
        self.of_place.setdefault((key.geography, key.geography_id), []).append(key)
        self.cells[key] = Cell(
            key,
            value,
            k,
            standing,
            hides_zero=of_share or is_closed,
            upper=upper,
            weight=WEIGHTS.get(key.geography, LARGER),
            reason=reason if standing == "withheld" else None,
        )

    def _is_empty(self, key: Key) -> bool:
        base = self.cells.get(Key(key.geography, key.geography_id, key.year, key.indicator, "denominator"))
        return base is not None and base.value == 0

    def group(self, group: tuple[str, str], members: Iterable[tuple[str, str]]) -> None:
        """The cells of a group of areas: the sums over those that have the figure."""
        for (year, indicator, part), inside in self._figures(members).items():
            key = Key(*group, year, indicator, part)
            cells = [self.cells[member] for member in inside]
            standing: Standing = "known" if all(cell.standing == "known" for cell in cells) else "open"
            self._put(key, sum(cell.value for cell in cells), max(cell.k for cell in cells), standing, False, None)
            self.sums.append(Sum(f"{_words(key)}: sum of its areas", key, tuple(inside)))

    def larger(self, place: tuple[str, str], members: Iterable[tuple[str, str]], is_whole: bool) -> None:
        """A place as the sum of others and of what lies elsewhere; `is_whole`: with all figures there, nothing does."""
        listed = list(members)
        for (year, indicator, part), inside in self._figures(listed).items():
            key = Key(*place, year, indicator, part)
            if key not in self.cells:
                continue
            rest = self.cells[key].value - sum(self.cells[member].value for member in inside)
            if rest < 0:
                self.not_exact.append(f"{_words(key)} is less than the sum of its parts")
                continue
            parts = tuple(inside)
            if rest or not is_whole or len(inside) < len(listed):
                elsewhere = Key("elsewhere", "-".join(place), year, indicator, part)
                self.cells[elsewhere] = Cell(elsewhere, rest, self.cells[key].k, "latent")
                parts = (*parts, elsewhere)
            self.sums.append(Sum(f"{_words(key)}: sum of its parts", key, parts))

    def _figures(self, places: Iterable[tuple[str, str]]) -> dict[tuple[int, str, Part], list[Key]]:
        """The cells that places have, by year, indicator and part."""
        found: dict[tuple[int, str, Part], list[Key]] = {}
        for place in places:
            for key in self.of_place.get(place, ()):
                found.setdefault((key.year, key.indicator, key.part), []).append(key)
        # The base of a share before its parts, which are told by it where there is nobody.
        return {name: found[name] for name in sorted(found, key=lambda n: (n[0], n[1], n[2] != "denominator", n[2]))}

    def within_places(self) -> None:
        """The sums within each place: a share and its base, shares with the same base, categories of a whole."""
        places: dict[tuple[str, str, int], dict[tuple[str, Part], Key]] = {}
        for key in sorted(self.cells):
            places.setdefault((key.geography, key.geography_id, key.year), {})[key.indicator, key.part] = key
        for held in places.values():
            for (indicator, part), key in held.items():
                if part == "denominator" and (indicator, "numerator") in held and (indicator, "complement") in held:
                    parts = held[indicator, "numerator"], held[indicator, "complement"]
                    self._exact(Sum(f"{_words(key)}: with and without", key, parts))
            self._same_bases(held)
            for total in self.registry.disclosure.sum.values():
                whole = held.get((total.whole, total.whole_part))
                parts_of = [
                    held.get((name, "count" if self.registry.indicators[name].kind == "count" else "numerator"))
                    for name in total.parts
                ]
                if whole is None or None in parts_of:
                    continue
                present = tuple(key for key in parts_of if key is not None)
                rest = self.cells[whole].value - sum(self.cells[key].value for key in present)
                if rest < 0:
                    self.not_exact.append(f"{_words(whole)} is less than its parts ({total.id})")
                    continue
                if total.rest:
                    other = Key(whole.geography, whole.geography_id, whole.year, f"rest_of_{total.id}", "count")
                    self.cells[other] = Cell(other, rest, self.cells[whole].k, "latent")
                    present = (*present, other)
                self._exact(Sum(f"{_words(whole)}: {total.id}", whole, present))

    def _same_bases(self, held: Mapping[tuple[str, Part], Key]) -> None:
        bases: dict[str, list[Key]] = {}
        for (name, part), key in held.items():
            indicator = self.registry.indicators.get(name)
            if indicator is not None and part == "denominator" and indicator.denominator:
                bases.setdefault(indicator.denominator, []).append(key)
        for words, keys in bases.items():
            counted = held.get((BASES.get(words, ""), "count"))
            first, *others = [counted, *keys] if counted is not None else keys
            for other in others:
                self._exact(Sum(f"{_words(first)} is {_words(other)}: {words}", first, (other,)))

    def _exact(self, total: Sum) -> None:
        """A sum, unless the numbers do not bear it out."""
        if self.cells[total.total].value == sum(self.cells[part].value for part in total.parts):
            self.sums.append(total)
        else:
            self.not_exact.append(total.name)


def _counts(indicator: Indicator, row: Mapping[str, Any]) -> dict[Part, int] | None:
    """The counts of a figure by part, the base first; None where they are not known."""
    if indicator.kind == "count" and float(row["value"]).is_integer():
        return {"count": int(row["value"])}
    over, under = row["numerator"], row["denominator"]
    if indicator.kind == "share" and over is not None and under is not None and 0 <= over <= under:
        return {"denominator": under, "numerator": over, "complement": under - over}
    return None


def _words(key: Key) -> str:
    return f"{key.indicator}, {key.part}, {key.geography} {key.geography_id} {key.year}"
