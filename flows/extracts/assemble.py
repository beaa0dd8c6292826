"""Each secretariat's extract, put together from a release's cleared figures and what the marts say beside figures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import polars as pl

from flows.extracts import peers
from flows.extracts.model import (
    Area,
    ChangeLine,
    ClearedFigure,
    Extract,
    ListedPlace,
    Period,
    Place,
    PlaceKind,
    TargetLine,
)
from flows.extracts.watch import Lists, watches
from flows.present import notation
from flows.present.language import grammar, say
from flows.publish import plans_read
from flows.publish.snapshots import Snapshot
from flows.release import figures as release_figures
from flows.release.make import MARTS, check, other_boundaries
from flows.release.scope import COUNTRY, Scope
from flows.release.store import Release
from schemas.registry import Registry

MOST_NAMED = 3  # areas that name a choice
TWINS_OF = "Tvillinger til "  # before the area's name, as a release names them


class NoSecretariat(LookupError):
    """There is no such secretariat."""


class NoArea(LookupError):
    """There is no such area, or nothing about it was published."""


def secretariats(snapshot: Snapshot, only: str | None = None) -> list[str]:
    """Identifiers of the secretariats, or the one that is asked for. Raises NoSecretariat."""
    there = sorted(_mart(snapshot, "dim_secretariats")["secretariat_id"])
    if only is None:
        return there
    if only not in there:
        raise NoSecretariat(f"no secretariat {only!r}; there are {', '.join(there) or 'none'}")
    return [only]


def extract(
    release: Release,
    secretariat: str,
    snapshot: Snapshot,
    registry: Registry,
    previous: Release | None,
    is_cleared: bool,
) -> Extract:
    """What a secretariat gets of a release, in the language that is spoken.

    `previous` is the last release of which it was handed something.
    """
    (own,) = _mart(snapshot, "dim_secretariats").filter(secretariat_id=secretariat).rows(named=True)
    areas = _areas_of(secretariat, snapshot)
    wanted = _wanted(areas, own["municipality_code"])
    places = _places(_figures(release, wanted))
    years = _years(release.year, registry)
    open_to_all = _drawn(peers.published(snapshot, years, registry), snapshot, registry)
    moved = release.movements.filter(pl.col("area_id").is_in(areas["area_id"].implode()))
    return Extract(
        secretariat=secretariat,
        name=own["secretariat_name"],
        year=release.year,
        years=years,
        indicators=_indicators(registry),
        municipality=places["municipality", own["municipality_code"]],
        country=places["country", COUNTRY],
        areas=tuple(_areas(areas, places, release.year, snapshot, registry)),
        spreads=peers.spreads(_drawn(peers.decided(release), snapshot, registry), open_to_all, release.year),
        listed=_listed(snapshot, open_to_all, release.year, wanted["area"]),
        limits=_limits(years, snapshot),
        headlines=peers.headlines(moved),
        measured=frozenset(moved.drop_nulls("movement")["area_id"]),
        shared=_shared(secretariat, snapshot),
        release=release.name,
        origin=release.record["origin"],
        is_cleared=is_cleared,
        previous=previous.name if previous else None,
        changes=_changes(_figures(previous, wanted), _figures(release, wanted)) if previous else (),
        rounded_to=release.record["base"],
        # Of the whole release: of one secretariat's places it would tell where to look.
        holds_back=bool(release.record["held_back"]),
        language=grammar().code,
    )


def choice(asked: Sequence[str], year: int, snapshot: Snapshot, registry: Registry) -> Extract:
    """An extract of any areas, by identifier or name: of what was published already, so that nobody has to clear it.

    Each area stands beside its own municipality. Raises NoArea, CannotRelease.
    """
    check(snapshot, year)
    areas = _asked(asked, snapshot)
    years = _years(year, registry)
    open_to_all = _drawn(peers.published(snapshot, years, registry), snapshot, registry)
    own = set(areas["area_id"])
    if bare := sorted(own - set(open_to_all["area_id"])):
        raise NoArea(
            f"{', '.join(bare)}: no figure of {notation.years(years)} was published, so there is nothing to show"
        )
    codes = list(dict.fromkeys(areas["municipality_code"]))
    scope = Scope(frozenset(own), frozenset(codes), frozenset(), ())
    files = {mart: snapshot.path(mart) for mart in MARTS}
    origin = snapshot.manifest["origin"]
    beside = sorted(set(other_boundaries(areas).values()))
    cleared = release_figures.figures(
        release_figures.counts({}, {}), scope, beside, files, years, registry, str(origin)
    )["cleared_figures"]
    places = _places(cleared)
    names = list(areas["area_name"])
    of_areas = _areas(areas, places, year, snapshot, registry)
    return Extract(
        secretariat=f"omraader-{'-'.join(areas['area_id'])}"[:60].rstrip("-"),
        name=notation.listed(names) if len(names) <= MOST_NAMED else notation.many(len(names), "område", "områder"),
        year=year,
        years=years,
        indicators=_indicators(registry),
        municipality=places["municipality", codes[0]],
        country=places["country", COUNTRY],
        # What a plan wants to reach is no public figure; an example shows the form.
        areas=tuple(replace(area, targets=tuple(t for t in area.targets if t.is_example)) for area in of_areas),
        release=say("offentlige tal {year}", year=year),
        origin=origin,
        is_cleared=True,
        previous=None,
        changes=(),
        spreads=peers.spreads(cleared.clear(), open_to_all, year),
        listed=_listed(snapshot, open_to_all, year, own),
        limits=_limits(years, snapshot),
        is_choice=True,
        language=grammar().code,
    )


def _asked(asked: Sequence[str], snapshot: Snapshot) -> pl.DataFrame:
    """Rows of dim_areas that are asked for, in the order asked. Raises NoArea."""
    areas = _mart(snapshot, "dim_areas")
    by_name: dict[str, str] = {}
    for area, name in areas.select("area_id", "area_name").iter_rows():
        by_name |= {area.casefold(): area, (name or area).casefold(): area}
    unknown = [name for name in asked if name.strip().casefold() not in by_name]
    if unknown or not asked:
        near = [close for name in unknown for close in get_close_matches(name.casefold(), by_name, 3)]
        hint = f"; near it: {', '.join(dict.fromkeys(by_name[name] for name in near))}" if near else ""
        raise NoArea(f"no area {', '.join(map(repr, unknown))}{hint}. Names stand in schemas/codes/areas.csv")
    order = list(dict.fromkeys(by_name[name.strip().casefold()] for name in asked))
    return areas.filter(pl.col("area_id").is_in(order)).sort(pl.col("area_id").replace_strict(order, range(len(order))))


def _years(year: int, registry: Registry) -> tuple[int, ...]:
    return tuple(range(year - registry.extracts.years + 1, year + 1))


def _indicators(registry: Registry) -> tuple[str, ...]:
    return tuple(indicator.id for indicator in registry.indicators.values() if indicator.of_areas)


def _drawn(figures: pl.DataFrame, snapshot: Snapshot, registry: Registry) -> pl.DataFrame:
    """Of figures those of indicators whose spread is drawn: the key figures, and the criteria of lists."""
    ruled = _mart(snapshot, "dim_criteria")["indicator_or_none"]
    return figures.filter(pl.col("indicator").is_in([*registry.extracts.key_figures, *ruled]))


def _listed(snapshot: Snapshot, open_to_all: pl.DataFrame, year: int, own: Iterable[str]) -> tuple[ListedPlace, ...]:
    standing = _lists(snapshot, year)
    first = next(iter(standing.types()), None)
    on_list = {area: row["on_list"] for (area, named), row in standing.standing.items() if named == first}
    return peers.listed(_mart(snapshot, "dim_areas"), open_to_all, on_list, own)


def _limits(years: Sequence[int], snapshot: Snapshot) -> dict[str, tuple[tuple[float, tuple[int, ...]], ...]]:
    """The thresholds of the ministry's lists that are numbers of the law, by indicator, with the years of each."""
    rules = _mart(snapshot, "dim_criteria").rows(named=True)
    found: dict[str, dict[float, list[int]]] = {}
    for year in years:
        for rule in Lists(year, rules, {}).of_year():
            if rule["threshold"] is not None and rule["threshold_times_national"] is None:
                known = found.setdefault(rule["indicator_or_none"], {}).setdefault(float(rule["threshold"]), [])
                known += [] if year in known else [year]
    return {key: tuple((limit, tuple(known)) for limit, known in by.items()) for key, by in found.items()}


def _shared(secretariat: str, snapshot: Snapshot) -> tuple[str, ...]:
    """The indicators in force that a secretariat has agreed on; those of an example order nothing."""
    agreed = _mart(snapshot, "shared_indicators").filter(
        pl.col("secretariat_id").eq(secretariat) & pl.col("is_in_force") & ~pl.col("is_example")
    )
    return tuple(agreed["indicator"].unique(maintain_order=True))


def _periods(snapshot: Snapshot) -> dict[str, Period]:
    """When the plans of an area run, from their first grant to their last, where both days were delivered."""
    grants = _mart(snapshot, "grant_summary").drop_nulls(["granted_from", "granted_to"])
    found: dict[str, Period] = {}
    for areas, begins, ends in grants.select("area_ids", "granted_from", "granted_to").iter_rows():
        for area in areas.split(", "):
            before = found.get(area, Period(begins, ends))
            found[area] = Period(min(begins, before.begins), max(ends, before.ends))
    return found


def _areas(
    areas: pl.DataFrame,
    places: Mapping[tuple[PlaceKind, str], Place],
    year: int,
    snapshot: Snapshot,
    registry: Registry,
) -> Iterator[Area]:
    """The areas of a secretariat, with what the marts say beside their figures."""
    names = set(areas["area_id"])
    others = other_boundaries(areas)
    plans, targets = _plans(snapshot), _targets(snapshot, names)
    lists, earlier = _lists(snapshot, year), _lists(snapshot, year - 1)
    periods = _periods(snapshot)
    for row in areas.iter_rows(named=True):
        place = places["area", row["area_id"]]
        yield Area(
            "area",
            place.id,
            place.name,
            place.figures,
            dwellings=None if _is_protected(place, "dwellings", year, registry) else row["dwellings"],
            size_band=row["size_band"],
            funding_band=row["funding_band"],
            plans=tuple(plans.get(place.id, ())),
            twins=places["twins", place.id],
            other_boundaries=(places["area", others[place.id]],) if place.id in others else (),
            watches=watches(place, lists, registry),
            targets=tuple(_target(plan, target, place, year, registry) for plan, target in targets.get(place.id, ())),
            earlier_watches=watches(place, earlier, registry),
            municipality=places["municipality", row["municipality_code"]],
            period=periods.get(place.id),
        )


def figures_of(release: Release, secretariat: str, snapshot: Snapshot, registry: Registry) -> pl.DataFrame:
    """Rows of cleared_figures that a secretariat gets, by name or, of other areas, as strokes of a spread."""
    areas = _areas_of(secretariat, snapshot)
    own = _mart(snapshot, "dim_secretariats").filter(secretariat_id=secretariat)
    named = _figures(release, _wanted(areas, own["municipality_code"][0]))
    spread = _drawn(peers.decided(release).filter(peers.IS_SHOWN), snapshot, registry)
    return pl.concat([named, spread.join(named, on=["place_kind", "place_id", "year", "indicator"], how="anti")])


def _mart(snapshot: Snapshot, name: str) -> pl.DataFrame:
    return pl.read_parquet(snapshot.path(name), glob=False)


def _areas_of(secretariat: str, snapshot: Snapshot) -> pl.DataFrame:
    """Rows of dim_areas, in the order in which the areas stand in an extract."""
    return _mart(snapshot, "dim_areas").filter(secretariat_id=secretariat).sort("area_name", "area_id")


def _wanted(areas: pl.DataFrame, municipality: str) -> dict[str, set[str]]:
    """Places of which a secretariat with these areas gets figures, by kind."""
    return {
        "area": {*areas["area_id"], *other_boundaries(areas).values()},
        "twins": set(areas["area_id"]),
        "municipality": {municipality},
        "country": {COUNTRY},
    }


def _figures(release: Release, wanted: Mapping[str, set[str]]) -> pl.DataFrame:
    """The figures of these places; of other boundaries only what was published."""
    asked = [pl.col("place_kind").eq(kind) & pl.col("place_id").is_in(sorted(ids)) for kind, ids in wanted.items()]
    return release.figures_where(pl.any_horizontal(asked))


def _places(figures: pl.DataFrame) -> dict[tuple[PlaceKind, str], Place]:
    places: dict[tuple[PlaceKind, str, str], dict[tuple[str, int], ClearedFigure]] = {}
    for row in figures.iter_rows(named=True):
        figure = ClearedFigure(**row)
        place = figure.place_kind, figure.place_id, _named(figure)
        places.setdefault(place, {})[figure.indicator, figure.year] = figure
    return {place[:2]: Place(*place, figures) for place, figures in places.items()}


def _named(figure: ClearedFigure) -> str:
    """The name of a figure's place; the country and twins have no name of their own."""
    match figure.place_kind:
        case "country":
            return say("Hele landet")
        case "twins":
            return say("Tvillinger til {name}", name=figure.place_name.removeprefix(TWINS_OF))
        case _:
            return figure.place_name


def _is_protected(place: Place, indicator: str, year: int, registry: Registry) -> bool:
    """Whether disclosure control keeps a figure from readers, or all of its place."""
    marks = {place.figure(name, year).mark for name in (indicator, "residents")}
    return not marks.isdisjoint(registry.extracts.protecting)


def _plans(snapshot: Snapshot) -> dict[str, list[str]]:
    """Names of the plans that cover an area, by area."""
    covering: dict[str, list[str]] = {}
    for plan, areas in _mart(snapshot, "dim_plans").sort("plan_name").select("plan_name", "area_ids").iter_rows():
        for area in areas.split(", "):
            covering.setdefault(area, []).append(plan)
    return covering


def _lists(snapshot: Snapshot, year: int) -> Lists:
    of_year = _mart(snapshot, "statutory_criteria").filter(year=year).rows(named=True)
    standing = {(row["area_id"], row["list_type"]): row for row in of_year}
    return Lists(year, _mart(snapshot, "dim_criteria").rows(named=True), standing)


def _targets(snapshot: Snapshot, areas: set[str]) -> dict[str, list[tuple[str, plans_read.Target]]]:
    """The targets in force and those given up, by area, with the name of their plan."""
    targets: dict[str, list[tuple[str, plans_read.Target]]] = {}
    for plan in plans_read.read(snapshot).plans:
        own = [area for area in plan.row["area_ids"].split(", ") if area in areas]
        for target in plan.walk():
            # A goal that nothing measures belongs to the plan as a whole.
            for area in own if target.row["area_id"] is None else [target.row["area_id"]]:
                if area in areas:
                    targets.setdefault(area, []).append((plan.row["plan_name"], target))
    return targets


def _target(plan: str, target: plans_read.Target, area: Place, year: int, registry: Registry) -> TargetLine:
    """A target with only what may be cleared of it; see TargetLine."""
    row = target.row
    indicator = row["indicator"]
    line: dict[str, Any] = {
        "plan": plan,
        "number": row["target_no"],
        "goal": row["goal"],
        "indicator": indicator,
        "not_measurable_because": row["not_measurable_because"],
        "is_withdrawn": row["is_withdrawn"],
        "is_example": row["is_example"],
        **dict.fromkeys(("direction", "start", "start_year", "target_value", "target_year", "newest", "expected")),
        **dict.fromkeys(("verdict", "verdict_kind")),
    }
    if indicator is None:
        return TargetLine(**line)
    start = area.figures.get((indicator, row["start_year"]))
    judged = [at for at in target.years if at["year"] <= year and (indicator, at["year"]) in area.figures]
    shown = [at for at in judged if _is_told(area.figure(indicator, at["year"]), at["value"])]
    newest = shown[-1] if shown else judged[-1] if judged else None
    line |= {
        "direction": row["direction"],
        "start": start,
        "start_year": row["start_year"],
        "target_value": row["target_value"],
        "target_year": row["target_year"],
        "newest": area.figure(indicator, newest["year"]) if newest else None,
    }
    marks = {figure.mark for figure in area.figures.values() if figure.indicator == indicator}
    protected = not marks.isdisjoint(registry.extracts.protecting)
    if protected:
        line |= {"goal": None, "target_value": None}
    # Where all may know that nobody delivered a figure of the starting year, they may know what follows from that.
    is_bare = start is not None and start.mark == "not_delivered" and row["start_figure"] is None
    is_start_told = is_bare or (start is not None and _is_told(start, row["start_figure"]))
    if newest and is_start_told and _is_told(line["newest"], newest["value"]):
        # The path leads to the target: whoever has two points of it has the target, too.
        line |= {"expected": None if protected else newest["expected_value"]}
        line |= {"verdict": newest["target_verdict"], "verdict_kind": newest["verdict_kind"], "why": newest.get("why")}
    return TargetLine(**line)


def _is_told(figure: ClearedFigure, value: float | None) -> bool:
    """Whether readers have just this value: it is shown, and no revision of it is held back."""
    return value is not None and figure.value is not None and abs(figure.value - value) < 1e-6


def _changes(before: pl.DataFrame, now: pl.DataFrame) -> tuple[ChangeLine, ...]:
    """Figures of the years of both releases that are other than they were; new areas are no changes."""
    name = ["place_kind", "place_id", "year", "indicator"]
    both = now.join(before, on=name, suffix="_before").sort(name)
    other = both.filter(
        pl.col("value").round(9).ne_missing(pl.col("value_before").round(9))
        | pl.col("mark").ne_missing(pl.col("mark_before")),
        pl.col("place_kind").ne("twins"),
    )
    columns = ("place_name", "indicator", "year", "value_before", "mark_before", "value", "mark")
    return tuple(ChangeLine(*row) for row in other.select(columns).iter_rows())
