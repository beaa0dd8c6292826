"""Areas and extracts by chance: every kind of figure meets every other, under names that no hand would give."""

from collections.abc import Sequence
from dataclasses import fields, replace
from random import Random
from typing import Any

from by_hand import PLANTED, YEAR, YEARS, Figures, area, place

from flows.extracts.model import Area, ChangeLine, ClearedFigure, Criterion, Extract, Place, TargetLine, Watch
from flows.present import vocabulary
from schemas.indicators import Indicator
from schemas.registry import Registry

INDICATORS = ("residents", "outside_work_pct", "convicted_pct", "gross_income_dkk", "gp_contacts_rate", "move_out_pct")
# Nothing, next to nothing, and anything.
SHARES = ((0.0, 0.0), (0.0, 0.001), (0.05, 0.9))
NAMES = (
    "=1+2",
    "-1+1",
    '@SUM("A";B)',
    "History",
    "Noter",
    "A/B: [Øst]?*\\",
    "'Åen'",
    "Gellerupparken og Toveshøj ved Ringvejen",
    "Gellerupparken og Toveshøj ved Ringvej 2",
    "bispehaven",
    "Bispehaven",
    "Vest; & <Nord>",
)


def random_area(rng: Random, registry: Registry, indicators: Sequence[str]) -> Area:
    """An area with figures of every kind: counted and uncounted, marked, repeated, moved or not, compared or not."""
    plain = area(registry, "testby", _figures(rng, registry, indicators), dwellings=rng.choice((None, 869)))
    figures = dict(plain.figures)
    for key, figure in plain.figures.items():
        if figure.is_shown and figure.indicator in indicators:
            figures[key] = _compared(rng, registry.indicators[figure.indicator], plain, figure)
    return replace(plain, figures=figures)


def random_extract(rng: Random, registry: Registry) -> Extract:
    """An extract of a few indicators and years, with up to three areas of odd names."""

    def other(kind: Any, name: str) -> Place:
        figures = _figures(rng, registry, INDICATORS, rng.choice(SHARES))
        return Place(**{**place(registry, kind, name, **figures), "name": name})

    def odd(number: int, name: str) -> Area:
        met = rng.random() < 0.5
        criteria = (
            Criterion("outside_work_pct", ">", 40, 43.0, None, met, 3.0, False),
            Criterion("convicted_pct", ">", 2.7, PLANTED, "hidden", None, PLANTED, None),
        )
        return replace(
            random_area(rng, registry, INDICATORS),
            id=f"nr-{number}",
            name=name,
            twins=other("twins", f"Tvillinger til {name}"),
            other_boundaries=(other("area", f"{name} (listen)"),) if rng.random() < 0.5 else (),
            watches=(Watch(YEAR, None, criteria, 1, None, met, None, 5, "Ghettoområde"),) if rng.random() < 0.5 else (),
        )

    names = rng.sample(NAMES, rng.randint(0, 3))
    years = YEARS[-rng.randint(1, 4) :]
    changes = tuple(
        ChangeLine(name, "convicted_pct", YEAR, rng.choice((None, 2.0)), None, None, "hidden") for name in names
    )
    made = Extract(
        secretariat="aarhus",
        name=rng.choice(("Områdesekretariatet i Aarhus", "=Sekretariatet & Co")),
        year=YEAR,
        years=years,
        indicators=INDICATORS,
        municipality=other("municipality", "0751"),
        country=other("country", "hele landet"),
        areas=tuple(odd(number, name) for number, name in enumerate(names)),
        release="2012-1",
        origin="synthetic",
        is_cleared=rng.random() < 0.5,
        previous="2011-1" if changes else None,
        changes=changes,
    )
    return replace(made, areas=tuple(replace(area, targets=_targets(rng, area, made, registry)) for area in made.areas))


def _targets(rng: Random, area: Area, extract: Extract, registry: Registry) -> tuple[TargetLine, ...]:
    """Up to nine targets of the area as they are cleared: what could tell a figure that is not shown is not there."""
    lines = []
    for number in range(rng.choice((0, 0, 1, 3, 9))):
        indicator = rng.choice((None, *INDICATORS[1:]))
        line: dict[str, Any] = {field.name: None for field in fields(TargetLine)}
        line |= {"plan": rng.choice(("=Plan & Øst", "Helhedsplan Vest")), "number": str(number), "indicator": indicator}
        line |= {"goal": "Færre #flytter [fra] *området*", "is_withdrawn": rng.random() < 0.1, "is_example": False}
        if indicator is None:
            lines.append(TargetLine(**{**line, "not_measurable_because": rng.choice(("no_register", "not_by_area"))}))
            continue
        start, newest = area.figure(indicator, extract.years[0]), area.figure(indicator, extract.year)
        line |= {"start": start, "start_year": start.year, "newest": newest, "target_year": extract.year + 1}
        line |= {"direction": rng.choice(("up", "down")), "target_value": 12.5}
        marks = {figure.mark for figure in area.figures.values() if figure.indicator == indicator}
        if not marks.isdisjoint(registry.extracts.protecting):
            line |= {"goal": None, "target_value": None}
        if start.is_shown and newest.is_shown:
            verdict = rng.choice(("reached", "on_the_way", "off_the_way", "cannot_be_told"))
            why = rng.choice(sorted(vocabulary.WHY)) if verdict == "cannot_be_told" else None
            line |= {"verdict": verdict, "verdict_kind": rng.choice(("interim", "afterwards")), "why": why}
        lines.append(TargetLine(**line))
    return tuple(lines)


def _figures(
    rng: Random, registry: Registry, indicators: Sequence[str], shares: tuple[float, float] = (0.05, 0.9)
) -> Figures:
    figures: Figures = {}
    shown = rng.choice((0.0, 0.3, 0.8, 1.0))
    for name in indicators:
        indicator, figures[name] = registry.indicators[name], {}
        n, share = rng.randint(200, 4000), rng.uniform(*shares)
        published = rng.choice((None, None, YEARS[5], YEARS[0]))
        for year in YEARS:
            if rng.random() > shown:
                figures[name][year] = {"mark": rng.choice(sorted(registry.extracts.mark))}
                continue
            value = 100 * share if indicator.kind in ("share", "relative") else 1000 * share
            columns: dict[str, Any] = {"value": value, "source": "area_statistics"}
            if indicator.interval == "wilson" and rng.random() < 0.7:
                columns = {"x": round(n * share), "n": n}
            if published and year >= published:
                columns |= {"is_published": True, "source": "ministry_lists"}
            if rng.random() < 0.1:
                columns |= {"window_years": rng.choice((2, 4))}
            if rng.random() < 0.1:
                columns |= {"repeats_year": year - 1}
            columns |= {"status": rng.choice(("final", "provisional")) if year == YEARS[-1] else "final"}
            figures[name][year] = columns
    return figures


def _compared(rng: Random, indicator: Indicator, plain: Area, figure: ClearedFigure) -> ClearedFigure:
    """The figure with places beside it, a direction, and what it has moved by."""
    columns: dict[str, Any] = {}
    for other in ("municipality", "country"):
        if rng.random() < 0.3:
            continue
        columns[f"{other}_value"] = value = figure.number * rng.uniform(0.6, 1.5)
        if figure.interval:
            low, high = figure.interval
            if low <= value <= high:
                columns[f"{other}_verdict"] = "similar"
            elif indicator.polarity == "neutral":
                columns[f"{other}_verdict"] = "higher" if low > value else "lower"
            else:
                is_worse = (low > value) == (indicator.polarity == "high_is_worse")
                columns[f"{other}_verdict"] = "worse" if is_worse else "better"
    columns["trend"] = rng.choice((None, "rising", "falling", "no_clear_trend"))
    years = [year for year in YEARS if year < figure.year and plain.figure(indicator.id, year).is_shown]
    if not years:
        return replace(figure, **columns)
    columns["first_year"] = years[0]
    for which, since in (("first", years[0]), ("year", figure.year - 1)):
        if since in years:
            before = plain.figure(indicator.id, since)
            columns[f"change_{which}"] = change = figure.number - before.number
            if figure.interval and before.interval:
                columns |= {f"change_{which}_low": change - 2, f"change_{which}_high": change + 2}
    return replace(figure, **columns)
