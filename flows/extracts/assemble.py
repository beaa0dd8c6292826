"""Each secretariat's extract, put together from a release's cleared figures and what the marts say beside figures."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import polars as pl

from flows.extracts.model import Area, ChangeLine, ClearedFigure, Extract, Place, PlaceKind, TargetLine
from flows.extracts.watch import watch
from flows.publish import plans_read
from flows.publish.snapshots import Snapshot
from flows.release.make import other_boundaries
from flows.release.scope import COUNTRY
from flows.release.store import Release
from schemas.registry import Registry


class NoSecretariat(LookupError):
    """There is no such secretariat."""


def secretariats(snapshot: Snapshot, only: str | None = None) -> list[str]:
    """Identifiers of the secretariats, or the one that is asked for. Raises NoSecretariat."""
    there = sorted(pl.read_parquet(snapshot.path("dim_secretariats"), glob=False)["secretariat_id"])
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
    """What a secretariat gets of a release; `previous` is the last one of which it was handed something."""
    frames = {
        mart: pl.read_parquet(snapshot.path(mart), glob=False)
        for mart in ("dim_areas", "dim_secretariats", "dim_criteria", "dim_plans")
    }
    (own,) = frames["dim_secretariats"].filter(secretariat_id=secretariat).rows(named=True)
    areas = frames["dim_areas"].filter(secretariat_id=secretariat).sort("area_name", "area_id")
    others = other_boundaries(areas)
    municipality = own["municipality_code"]
    wanted = _wanted(areas, municipality)
    held = _places(_of(release, wanted))
    years = tuple(range(release.year - registry.extracts.years + 1, release.year + 1))
    plans = {row["plan_id"]: row["plan_name"] for row in frames["dim_plans"].iter_rows(named=True)}
    covering = _covering(frames["dim_plans"])
    targets = _targets(snapshot, set(areas["area_id"]))
    criteria = frames["dim_criteria"].rows(named=True)
    on_lists = _on_lists(snapshot, set(areas["area_id"]), release.year)
    made = []
    for row in areas.iter_rows(named=True):
        place = held["area", row["area_id"]]
        made.append(
            Area(
                "area",
                place.id,
                place.name,
                place.figures,
                dwellings=None if _is_protected(place, "dwellings", release.year, registry) else row["dwellings"],
                size_band=row["size_band"],
                funding_band=row["funding_band"],
                plans=tuple(plans[plan] for plan in covering.get(place.id, ())),
                twins=held["twins", place.id],
                other_boundaries=(held["area", others[place.id]],) if place.id in others else (),
                watch=watch(place, release.year, criteria, on_lists.get(place.id), registry),
                targets=tuple(
                    _target(plan, target, place, release.year, registry) for plan, target in targets.get(place.id, ())
                ),
            )
        )
    return Extract(
        secretariat=secretariat,
        name=own["secretariat_name"],
        year=release.year,
        years=years,
        indicators=tuple(i.id for i in registry.indicators.values() if i.of_areas),
        municipality=held["municipality", municipality],
        country=held["country", COUNTRY],
        areas=tuple(made),
        release=release.name,
        snapshot=str(release.record["snapshot"]),
        origin=release.record["origin"],
        is_cleared=is_cleared,
        previous=previous.name if previous else None,
        changes=tuple(_changes(_of(previous, wanted), _of(release, wanted))) if previous else (),
        rounded_to=release.record["base"],
    )


def figures_of(release: Release, secretariat: str, snapshot: Snapshot) -> pl.DataFrame:
    """Rows of cleared_figures that a secretariat gets."""
    areas = pl.read_parquet(snapshot.path("dim_areas"), glob=False).filter(secretariat_id=secretariat)
    own = pl.read_parquet(snapshot.path("dim_secretariats"), glob=False).filter(secretariat_id=secretariat)
    return _of(release, _wanted(areas, own["municipality_code"][0]))


def _wanted(areas: pl.DataFrame, municipality: str) -> dict[str, set[str]]:
    """Places of which a secretariat with these areas gets figures, by kind."""
    return {
        "area": {*areas["area_id"], *other_boundaries(areas).values()},
        "twins": set(areas["area_id"]),
        "municipality": {municipality},
        "country": {COUNTRY},
    }


def _of(release: Release, wanted: Mapping[str, set[str]]) -> pl.DataFrame:
    """The figures of these places; of other boundaries only what was published."""
    asked = [pl.col("place_kind").eq(kind) & pl.col("place_id").is_in(sorted(ids)) for kind, ids in wanted.items()]
    return release.figures_where(pl.any_horizontal(asked))


def _places(figures: pl.DataFrame) -> dict[tuple[PlaceKind, str], Place]:
    held: dict[tuple[PlaceKind, str, str], dict[tuple[str, int], ClearedFigure]] = {}
    for row in figures.iter_rows(named=True):
        figure = ClearedFigure(**row | {"place_kind": _kind(row["place_kind"])})
        place = figure.place_kind, figure.place_id, figure.place_name
        held.setdefault(place, {})[figure.indicator, figure.year] = figure
    return {(kind, id): Place(kind, id, name, figures) for (kind, id, name), figures in held.items()}


def _kind(said: str) -> PlaceKind:
    """A kind of place as the contract of cleared_figures writes it. Raises ValueError for any other word."""
    for kind in get_args(PlaceKind):
        if said == kind:
            return kind  # type: ignore[no-any-return]
    raise ValueError(f"{said!r} is no kind of place")


def _is_protected(place: Place, indicator: str, year: int, registry: Registry) -> bool:
    """Whether disclosure control keeps a figure from readers, or all of its place."""
    marks = {place.figure(name, year).mark for name in (indicator, "residents")}
    return not marks.isdisjoint(registry.extracts.protecting)


def _covering(plans: pl.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for plan, areas in plans.sort("plan_name").select("plan_id", "area_ids").iter_rows():
        for area in areas.split(", "):
            found.setdefault(area, []).append(plan)
    return found


def _on_lists(snapshot: Snapshot, areas: set[str], year: int) -> dict[str, bool]:
    rows = pl.read_parquet(snapshot.path("statutory_criteria"), columns=["area_id", "year", "on_list"], glob=False)
    asked = rows.filter(pl.col("year") == year, pl.col("area_id").is_in(sorted(areas)))
    return dict(asked.select("area_id", "on_list").iter_rows())


def _targets(snapshot: Snapshot, areas: set[str]) -> dict[str, list[tuple[str, plans_read.Target]]]:
    """The targets in force and those given up, by area, with the name of their plan."""
    found: dict[str, list[tuple[str, plans_read.Target]]] = {}
    for plan in plans_read.read(snapshot).plans:
        own = [area for area in plan.row["area_ids"].split(", ") if area in areas]
        for target in plan.walk():
            # A goal that nothing measures belongs to the plan as a whole.
            for area in own if target.row["area_id"] is None else [target.row["area_id"]]:
                if area in areas:
                    found.setdefault(area, []).append((plan.row["plan_name"], target))
    return found


def _target(plan: str, target: plans_read.Target, area: Place, year: int, registry: Registry) -> TargetLine:
    """A target with only what may be told of it; see TargetLine."""
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
    judged = [of for of in target.years if of["year"] <= year and (indicator, of["year"]) in area.figures]
    told = [of for of in judged if _is_told(area.figure(indicator, of["year"]), of["value"])]
    newest = told[-1] if told else judged[-1] if judged else None
    line |= {
        "direction": row["direction"],
        "start": start,
        "start_year": row["start_year"],
        "target_value": row["target_value"],
        "target_year": row["target_year"],
        "newest": area.figure(indicator, newest["year"]) if newest else None,
    }
    marks = {figure.mark for (name, _), figure in area.figures.items() if name == indicator}
    protected = not marks.isdisjoint(registry.extracts.protecting)
    if protected:
        line |= {"goal": None, "target_value": None}
    if start and newest and _is_told(start, row["start_figure"]) and _is_told(line["newest"], newest["value"]):
        # The path leads to the target: whoever has two points of it has the target, too.
        line |= {"expected": None if protected else newest["expected_value"]}
        line |= {"verdict": newest["target_verdict"], "verdict_kind": newest["verdict_kind"]}
    return TargetLine(**line)


def _is_told(figure: ClearedFigure, value: float | None) -> bool:
    """Whether readers have just this value: it is shown, and no revision of it is held back."""
    return value is not None and figure.value is not None and abs(figure.value - value) < 1e-6


def _changes(before: pl.DataFrame, now: pl.DataFrame) -> Iterator[ChangeLine]:
    """Figures of the years of both releases that are other than they were; new areas are no changes."""
    name = ["place_kind", "place_id", "year", "indicator"]
    both = now.join(before, on=name, suffix="_before").sort(name)
    other = both.filter(
        pl.col("value").round(9).ne_missing(pl.col("value_before").round(9))
        | pl.col("mark").ne_missing(pl.col("mark_before")),
        pl.col("place_kind").ne("twins"),
    )
    for row in other.iter_rows(named=True):
        yield ChangeLine(
            row["place_name"],
            row["indicator"],
            row["year"],
            row["value_before"],
            row["mark_before"],
            row["value"],
            row["mark"],
        )
