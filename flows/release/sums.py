"""The cells and sums of a release, out of the marts: areas, plans, bands, municipalities, regions, country, categories.

What is not in the sums is not protected by them. Left out, each with the reason, are figures that say nothing of how
many people stand behind them: amounts, rates of events, shares without their counts.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from flows.release.bases import shares_of_lone_bases, with_bases
from flows.release.boundaries import Boundaries, Overlaid
from flows.release.cells import Cell, Key, Part, Standing, Sum, Tables
from flows.release.counted import Published, ToldShare, relate
from flows.release.floors import Reasons, reasons
from flows.release.scope import COUNTRY, Group, Scope
from schemas.indicators import Indicator
from schemas.registry import Registry
from schemas.sources import Source

WEIGHTS = {"area": 1.0, "plan": 2.0, "size_band": 2.0, "funding_band": 2.0, "band": 2.0, "municipality": 4.0}
LARGER = 20.0  # regions and the country


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
    """The tables of a release.

    `not_exact` names relations that the numbers do not bear out: nobody can use them; `nearly_exact` those that are
    kept with an unknown rest.
    """

    tables: Tables
    left_out: tuple[LeftOut, ...]
    not_exact: tuple[str, ...]
    nearly_exact: tuple[str, ...] = ()


def build(marts: Mapping[str, pl.DataFrame], registry: Registry, years: Collection[int], scope: Scope) -> Built:
    """The cells of the places of a scope in `years`, and the sums between them.

    `marts` are area_profile, place_figures, other_figures, dim_areas, dim_plans and dim_municipalities. An area under
    the floors of disclosure.toml, or of unknown size, is withheld whole; figures of a source that publishes them itself
    are known. Areas beyond the scope stand in the sums as latent cells, drawn together where they are in no group.
    """
    homes = dict(marts["dim_areas"].select("area_id", "municipality_code").iter_rows())
    regions = dict(marts["dim_municipalities"].select("municipality_code", "region_code").iter_rows())
    making = _Making(registry, scope, homes)
    # A share of nobody has no value, but counts that readers are told.
    is_figure = pl.col("value").is_not_null() | (pl.col("denominator") == 0)
    valued = pl.col("year").is_in(list(years)) & is_figure
    profile = marts["area_profile"].filter(valued)
    sizes = reasons(marts, profile, registry)
    shown = {"municipality": scope.municipalities, "region": scope.regions, "country": {COUNTRY}}
    larger = marts["place_figures"].filter(valued).sort("geography", "geography_id", "year", "indicator")
    for row in larger.iter_rows(named=True):
        kind, place = row["geography"], row["geography_id"]
        making.figure(kind, place, row, None, place in shown[kind])
    published = pl.col("source").is_in([source.id for source in registry.sources.values() if source.already_published])
    cleared = {year: scope.cleared(year) for year in years}
    is_cleared = pl.any_horizontal(
        (pl.col("year") == year) & pl.col("area_id").is_in(sorted(areas)) for year, areas in cleared.items()
    )
    is_told = published | is_cleared
    for row in profile.filter(is_told).sort("area_id", "year", "indicator").iter_rows(named=True):
        area, year = row["area_id"], row["year"]
        making.figure("area", area, row, sizes.get((area, year), "size_unknown"), area in cleared[year])
    making.beyond(profile.filter(~is_told), sizes)
    if "other_figures" in marts:
        making.published_elsewhere(marts["other_figures"].filter(pl.col("value").is_not_null() & published), years)
    making.relate_boundaries()
    for number, group in enumerate(scope.groups):
        making.group(group, ("beyond group", str(number)))
    for code in sorted(set(homes.values())):
        members = [("area", area) for area, home in homes.items() if home == code]
        making.larger(("municipality", code), [*members, ("beyond municipality", code)])
    inside: dict[str, list[tuple[str, str]]] = {}
    for code, region in sorted(regions.items()):
        inside.setdefault(region, []).append(("municipality", code))
    for region, members in sorted(inside.items()):
        making.larger(("region", region), members, is_whole=True)
    untold = [*(("area", area) for area in homes), ("beyond municipality", "")]
    making.larger(("country", COUNTRY), [*(("municipality", code) for code in regions), *untold], is_whole=True)
    making.within_places()
    cells = making.cells
    if registry.disclosure.method == "hiding":
        cells = with_bases(cells, making.sums, shares_of_lone_bases(registry.indicators, registry.populations))
    return Built(
        Tables(cells, tuple(making.sums)),
        tuple(sorted(making.left_out)),
        tuple(making.not_exact),
        tuple(making.nearly_exact),
    )


@dataclass
class _Making:
    """The tables while they are making."""

    registry: Registry
    scope: Scope
    homes: Mapping[str, str]
    cells: dict[Key, Cell] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    not_exact: list[str] = field(default_factory=list)
    nearly_exact: list[str] = field(default_factory=list)
    averaged: set[Key] = field(default_factory=set)  # means over several years
    owners: dict[Key, str | None] = field(default_factory=dict)  # whose figure a cell is
    published: dict[tuple[str, str, int], list[ToldShare]] = field(default_factory=dict)  # without counts
    published_counts: dict[tuple[str, str, int], dict[str, int]] = field(default_factory=dict)  # by population
    of_place: dict[tuple[str, str], list[Key]] = field(default_factory=dict)
    boundaries: Boundaries = field(default_factory=Boundaries)  # of areas that overlap

    def figure(self, kind: str, place: str, row: Mapping[str, Any], withheld: str | None, is_shown: bool) -> None:
        """The cells of one figure of a place of the scope (`is_shown`), or of one that is published.

        `withheld` is the reason why an area gets none.
        """
        indicator = self.registry.indicators[row["indicator"]]
        source = self.registry.sources[row["source"]]
        counts = _counts(indicator, row)
        # Amounts and means, too: no source says how many units make them up, nor what the largest of them hold.
        if indicator.count_basis not in self.registry.disclosure.counted.basis or counts is None:
            is_counted = indicator.count_basis in self.registry.disclosure.counted.basis
            reason = "counts_unknown" if is_counted and indicator.kind != "mean" else "no_count_of_units"
            if source.already_published:
                self._published(kind, place, row, indicator)
            elif is_shown:
                self.left_out.append(LeftOut(kind, place, row["year"], indicator.id, reason))
            return
        if row.get("repeats_year") is not None and not source.already_published:
            # The years are cleared one by one: the year that it repeats would tell what is hidden here.
            if is_shown:
                self.left_out.append(LeftOut(kind, place, row["year"], indicator.id, "repeats_another_year"))
            return
        k = self._k(source, indicator)
        standing: Standing = "known" if source.already_published else "withheld" if withheld else "open"
        for part, value in counts.items():
            key = Key(kind, place, row["year"], indicator.id, part)
            self.owners[key] = source.figure_owner
            if (row["window_years"] or 1) > 1:
                self.averaged.add(key)
            if is_shown or source.already_published:
                self._put(
                    key, value, self._k_of(indicator, part, k, withheld), standing, withheld is not None, withheld
                )

    def _published(self, kind: str, place: str, row: Mapping[str, Any], indicator: Indicator) -> None:
        """Keep a share that is published without its counts."""
        is_share = indicator.kind == "share" and row["value"] is not None and (row["window_years"] or 1) == 1
        if is_share and indicator.counts and indicator.among:
            share = ToldShare(indicator.id, indicator.counts, indicator.among, row["value"], indicator.decimals)
            self.published.setdefault((kind, place, row["year"]), []).append(share)

    def published_elsewhere(self, figures: pl.DataFrame, years: Collection[int]) -> None:
        """Keep what somebody has published of places of which a release has another owner's figures.

        `figures` are rows of other_figures, such as those of the ministry's lists.
        """
        of_years = figures.filter(pl.col("year").is_in(list(years))).sort(figures.columns)
        for row in of_years.iter_rows(named=True):
            indicator = self.registry.indicators[row["indicator"]]
            if (row["window_years"] or 1) == 1 and indicator.counts:
                place = row["geography"], row["geography_id"], row["year"]
                if indicator.kind == "count" and row["value"].is_integer():
                    self.published_counts.setdefault(place, {})[indicator.counts] = int(row["value"])
                elif indicator.kind == "share" and indicator.among:
                    decimals = max(indicator.decimals, len(repr(row["value"]).partition(".")[2]))
                    share = ToldShare(indicator.id, indicator.counts, indicator.among, row["value"], decimals)
                    self.published.setdefault(place, []).append(share)

    def beyond(self, figures: pl.DataFrame, sizes: Reasons) -> None:
        """Areas beyond the scope become latent cells: each that a group holds, and one for all others of a place.

        Another release may have a group of other areas, of which the difference tells the figures of those that came or
        went: so each of them has its cell, the same one in every release. The others are told of by nothing but a
        place's rest, which nobody knows; their cell is named by its areas. `figures` are rows of area_profile, `sizes`
        as `floors.reasons` gives them.
        """
        by_area_and_year = {"area_id": pl.String(), "year": figures.schema["year"]}
        withheld = pl.DataFrame(
            [(area, year, reason or "") for (area, year), reason in sizes.items()],
            schema={**by_area_and_year, "reason": pl.String()},
            orient="row",
        )
        groups = pl.DataFrame(
            [
                (area, year, str(number))
                for number, group in enumerate(self.scope.groups)
                for year in sorted(figures["year"].unique())
                for area in sorted(group.members)
            ],
            schema={**by_area_and_year, "group": pl.String()},
            orient="row",
        )
        atoms = (
            self._counted(figures)
            .join(self._told_homes(figures.schema["year"]), on=["home", "year", "indicator"], how="left")
            .join(groups.group_by("area_id", "year").agg("group"), on=["area_id", "year"], how="left")
            .join(withheld, on=["area_id", "year"], how="left")
            .with_columns(
                pl.col("told").fill_null(""),
                pl.col("group").fill_null([]).cast(pl.List(pl.String())).list.join(" "),
                alone=pl.when(pl.col("group").is_not_null()).then("area_id").otherwise(pl.lit("")),
            )
            .group_by("year", "indicator", "kind", "told", "group", "alone")
            .agg(
                pl.col("area_id").sort(),
                pl.col("value").sum().cast(pl.Int64()),
                pl.col("numerator", "denominator").sum(),
                pl.col("k", "window_years").max(),
                pl.col("reason").fill_null("size_unknown").first(),
            )
            .sort("year", "indicator", "told", "group", "alone")
        )
        for row in atoms.iter_rows(named=True):
            self._beyond(row)

    def _counted(self, figures: pl.DataFrame) -> pl.DataFrame:
        """The figures of areas that are counts of units, with their kind, their k and their area's home."""
        counted = self.registry.disclosure.counted.basis
        kinds = {i.id: i.kind for i in self.registry.indicators.values() if i.count_basis in counted}
        pairs = figures.select("source", "indicator").unique().sort("source", "indicator")
        k = [
            self._k(self.registry.sources[source], self.registry.indicators[indicator])
            for source, indicator in pairs.iter_rows()
        ]
        value, over, under = pl.col("value"), pl.col("numerator"), pl.col("denominator")
        is_count = (pl.col("kind") == "count") & (value == value.round())
        is_share = (pl.col("kind") == "share") & (over >= 0) & (over <= under)
        is_rate = (pl.col("kind") == "rate") & (over >= 0) & ((under > 0) | (over == under))
        return (
            figures.with_columns(
                kind=pl.col("indicator").replace_strict(kinds, default=None, return_dtype=pl.String()),
                home=pl.col("area_id").replace_strict(self.homes, return_dtype=pl.String()),
            )
            .filter(is_count | is_share | is_rate)
            .join(pairs.with_columns(k=pl.Series(k, dtype=pl.Int64())), on=["source", "indicator"], how="left")
        )

    def _told_homes(self, year: pl.DataType) -> pl.DataFrame:
        """The municipalities that have a figure of their own in the tables, by year and indicator."""
        cells = {(key.geography_id, key.year, key.indicator) for key in self.cells if key.geography == "municipality"}
        kinds = {"home": pl.String(), "year": year, "indicator": pl.String()}
        return pl.DataFrame(sorted(cells), schema=kinds, orient="row").with_columns(told=pl.col("home"))

    def _beyond(self, row: Mapping[str, Any]) -> None:
        members = row["area_id"]
        is_one = len(members) == 1
        kind, name = ("area", members[0]) if is_one else ("areas", _digest(members))
        reason = (row["reason"] or None) if is_one else None
        indicator = self.registry.indicators[row["indicator"]]
        for part, value in (_counts(indicator, row) or {}).items():
            key = Key(kind, name, row["year"], row["indicator"], part)
            standing: Standing = "withheld" if reason else "latent"
            closed = reason is not None or (indicator.kind == "share" and part in ("numerator", "complement"))
            if (row["window_years"] or 1) > 1:
                self.averaged.add(key)
            k = self._k_of(indicator, part, row["k"], reason)
            self.cells[key] = Cell(key, value, k, standing, closed and k > 1, reason=reason)
            for place in (("municipality", row["told"]), *(("group", number) for number in row["group"].split())):
                self.of_place.setdefault((f"beyond {place[0]}", place[1]), []).append(key)

    def _k(self, source: Source, indicator: Indicator) -> int:
        return self.registry.disclosure.k(source.publisher, indicator.disclosure_class)

    def _k_of(self, indicator: Indicator, part: Part, k: int, withheld: str | None) -> int:
        """The k of a count, 1 where it counts what nobody lives in, unless nothing is told of the place at all."""
        is_free = part in ("count", "numerator") and indicator.counts in self.registry.populations.of_nobody
        return 1 if is_free and not withheld else k

    def _put(self, key: Key, value: int, k: int, standing: Standing, is_closed: bool, reason: str | None) -> None:
        of_share = key.part in ("numerator", "complement")
        is_share = self.registry.indicators[key.indicator].kind == "share"
        base = self.cells.get(key._replace(part="denominator"))
        if of_share and standing == "open" and base and base.value == 0:
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
            hides_zero=(of_share and is_share and k > 1) or is_closed,
            upper=upper,
            weight=WEIGHTS.get(key.geography, LARGER),
            reason=reason if standing == "withheld" else None,
        )

    def group(self, group: Group, beyond: tuple[str, str]) -> None:
        """The cells of a group of areas: the sums over those that have the figure, and named by them.

        `beyond` names its areas beyond the scope.
        """
        listed = [*(("area", area) for area in sorted(group.members)), beyond]
        for (year, indicator, part), inside in self._figures(listed).items():
            key = Key(group.kind, f"{group.id} ({_digest(k.geography_id for k in inside)})", year, indicator, part)
            cells = [self.cells[member] for member in inside]
            if not self.averaged.isdisjoint(inside):
                self.averaged.add(key)
            standing: Standing = "known" if all(cell.standing == "known" for cell in cells) else "open"
            self._put(key, sum(cell.value for cell in cells), max(cell.k for cell in cells), standing, False, None)
            self.sums.append(Sum(f"{_words(key)}: sum of its areas", key, tuple(inside)))

    def larger(self, place: tuple[str, str], members: Iterable[tuple[str, str]], is_whole: bool = False) -> None:
        """A place as the sum of others and of what lies elsewhere; `is_whole`: with all figures there, nothing does.

        Of members, areas whose municipality is one are left out.
        """
        listed = list(members)
        covered = {name for kind, name in listed if kind == "municipality"}
        for (year, indicator, part), held in self._figures(listed, covered).items():
            key = Key(*place, year, indicator, part)
            if key not in self.cells:
                continue
            inside = self.boundaries.each_once(held)
            expected = (len(covered) or len(listed)) - len(held) + len(inside)
            rest = self.cells[key].value - sum(self.cells[member].value for member in inside)
            if rest < 0:
                self.not_exact.append(f"{_words(key)} is less than the sum of its parts")
                continue
            parts = tuple(inside)
            if rest or not is_whole or len(inside) < expected:
                elsewhere = Key("elsewhere", f"{'-'.join(place)} ({_digest(map(str, inside))})", year, indicator, part)
                self.cells[elsewhere] = Cell(elsewhere, rest, self.cells[key].k, "latent")
                parts = (*parts, elsewhere)
            # Another choice of parts is another sum, whose parts another release may have shown.
            name = f"{_words(key)}: sum of its {len(parts)} parts ({_digest(map(str, parts))})"
            self.sums.append(Sum(name, key, parts))

    def relate_boundaries(self) -> None:
        """The relations of areas that overlap or lie within each other."""
        populations = self.registry.populations

        def apart(own: Key, other: Key) -> int:
            rest = populations.rest_between(self.owners.get(own), self.owners.get(other))
            return rest.bound(max(self.cells[own].value, self.cells[other].value))

        relations = [(r["area_id"], r["listed_as"], r["relation"]) for r in self.registry.codes["area_relations"]]
        figures = Overlaid(self.cells, self.registry.disclosure.floors.residents, apart)
        self.boundaries = figures.relate(relations)
        self.cells.update(self.boundaries.cells)
        self.sums += self.boundaries.sums
        self.not_exact += self.boundaries.not_exact
        self.nearly_exact += self.boundaries.nearly_exact

    def _figures(
        self, places: Iterable[tuple[str, str]], covered: Collection[str] = ()
    ) -> dict[tuple[int, str, Part], list[Key]]:
        """The cells that places have or are part of, by year, indicator and part; no areas of municipalities `covered`
        that have the figure themselves."""
        cells: dict[tuple[int, str, Part], list[Key]] = {}
        for place in places:
            for key in self.of_place.get(place, ()):
                if not (covered and place[0] == "area" and self._has_told_home(key)):
                    cells.setdefault((key.year, key.indicator, key.part), []).append(key)
        # The base of a share before its parts, which are told by it where there is nobody.
        return {
            name: list(cells[name]) for name in sorted(cells, key=lambda n: (n[0], n[1], n[2] != "denominator", n[2]))
        }

    def _has_told_home(self, area: Key) -> bool:
        """Whether the figure of the area's municipality is in the tables."""
        return area._replace(geography="municipality", geography_id=self.homes[area.geography_id]) in self.cells

    def within_places(self) -> None:
        """The sums within each place: a share and its base, and all that follows from whom the figures count."""
        places: dict[tuple[str, str, int], dict[tuple[str, Part], Key]] = {}
        for key in sorted(self.cells):
            places.setdefault((key.geography, key.geography_id, key.year), {})[key.indicator, key.part] = key
        for place, held in places.items():
            shares = set()
            for (name, part), key in held.items():
                if part == "denominator" and (name, "numerator") in held and (name, "complement") in held:
                    parts = held[name, "numerator"], held[name, "complement"]
                    self._exact(Sum(f"{_words(key)}: with and without", key, parts))
                    indicator = self.registry.indicators[name]
                    if indicator.counts and indicator.among and key not in self.averaged:
                        shares.add((indicator.counts, indicator.among))
            counting = self._counting(held.values())
            published = Published(tuple(self.published.get(place, ())), self.published_counts.get(place, {}))
            within = relate(counting, self.cells, self.owners, self.registry.populations, shares, published)
            self.cells.update((cell.key, cell) for cell in within.rests)
            self.sums += within.sums
            self.not_exact += within.not_exact
            self.nearly_exact += within.nearly_exact

    def _counting(self, keys: Iterable[Key]) -> dict[str, list[Key]]:
        """The cells that count each population, without means over several years, which count none."""
        found: dict[str, list[Key]] = {}
        for key in keys:
            indicator = self.registry.indicators.get(key.indicator)
            if indicator is not None and key not in self.averaged:
                among = {"denominator": indicator.among, "complement": None}
                population = among.get(key.part, indicator.counts)
                if population is not None:
                    found.setdefault(population, []).append(key)
        return found

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
    if over is None or under is None or over < 0:
        return None
    if indicator.kind == "share" and over <= under:
        return {"denominator": under, "numerator": over, "complement": under - over}
    # Events are no part of their base: there may be more, but none where nobody is.
    return {"denominator": under, "numerator": over} if indicator.kind == "rate" and (under or not over) else None


def _digest(names: Iterable[str]) -> str:
    """A short name for a set of names."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:8]


def _words(key: Key) -> str:
    return f"{key.indicator}, {key.part}, {key.geography} {key.geography_id} {key.year}"
