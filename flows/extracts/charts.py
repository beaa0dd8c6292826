"""The chart of one indicator over the years of an extract: what of it is shown, and in words what must be known of it.

Only figures that are shown are drawn. A year without one has the code of its mark at the axis, and the word below.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from flows.extracts import phrases, words
from flows.extracts.model import Area, ClearedFigure, Extract, Place, PlaceKind
from flows.extracts.phrases import NO_INTERVAL, caveats
from flows.present import notation, scales, year_chart
from flows.present.language import say
from flows.present.year_chart import BREAK_SIGN, YearChart
from schemas.indicators import Indicator
from schemas.registry import Registry


def development(area: Place, extract: Extract, registry: Registry, key: str) -> str | None:
    """The indicator in the area, with municipality and country beside it; None where no figure can be drawn.

    Numbers of people or dwellings are drawn of the area only: a town's would leave no room for it.
    """
    drawing = (id(area), key)
    if drawing not in extract.drawings:
        extract.drawings[drawing] = _development(area, extract, registry, key)
    return extract.drawings[drawing]


def _development(area: Place, extract: Extract, registry: Registry, key: str) -> str | None:
    indicator = registry.indicators[key]
    figures = drawn(area, extract, indicator)
    if not figures:
        return None
    marks = ((year, area.figure(key, year).mark) for year in extract.years)
    period = area.period if isinstance(area, Area) else None
    return year_chart.draw(
        YearChart(
            years=extract.years,
            lines={kind: (words.PLACES[kind], shown) for kind, shown in figures.items()},
            axis=axis_of(figures, extract, indicator),
            decimals=indicator.decimals,
            alternative=alternative(area, extract, registry, key),
            limits=thresholds(extract, key) if indicator.kind != "count" else (),
            gaps=[(year, registry.extracts.mark[mark].code) for year, mark in marks if mark],
            period=(period.begins, period.ends) if period else None,
            notes=notes(area, figures, key, extract, registry),
        )
    )


def drawn(area: Place, extract: Extract, indicator: Indicator) -> dict[PlaceKind, list[ClearedFigure]]:
    """The shown figures of the area, its municipality and the country, of those places that have any."""
    every = {place.kind: _shown(place, indicator.id, extract) for place in _places(area, extract, indicator)}
    return {kind: shown for kind, shown in every.items() if shown}


def axis_of(
    figures: Mapping[PlaceKind, Sequence[ClearedFigure]], extract: Extract, indicator: Indicator
) -> scales.Axis:
    """The axis that holds all figures of a chart, the ends of their intervals, and the thresholds of the law."""
    every = [figure for shown in figures.values() for figure in shown]
    numbers = [n for f in every for n in (f.value, f.ci_low, f.ci_high) if n is not None]
    limits = thresholds(extract, indicator.id) if indicator.kind != "count" else []
    return scales.axis([*numbers, *(limit for limit, _, _ in limits)], indicator)


def thresholds(extract: Extract, key: str) -> list[tuple[float, tuple[int, ...], str]]:
    """The thresholds of the ministry's lists: each with the years in which it was law, and its text."""
    return [
        (limit, years, say("grænse {limit}", limit=notation.number(limit, 0 if limit == round(limit) else 2)))
        for limit, years in extract.limits.get(key, ())
    ]


def alternative(area: Place, extract: Extract, registry: Registry, key: str) -> str:
    """The chart in words: every year of the area, and the first and last shown figure of municipality and country."""
    indicator = registry.indicators[key]
    runs = groupby(extract.years, lambda year: in_words(area.figure(key, year), registry))
    listed = "; ".join(f"{notation.years(list(years))}: {text}" for text, years in runs)
    sentences = [
        say(
            "{label}, {place}, {years}. Området: {listed}.",
            label=say(indicator.label_da),
            place=area.name,
            years=notation.years(extract.years),
            listed=listed,
        )
    ]
    for place in _places(area, extract, indicator)[1:]:
        shown = _shown(place, key, extract)
        ends = [shown[0], shown[-1]] if len(shown) > 1 else shown
        text = "; ".join(f"{figure.year}: {in_words(figure, registry)}" for figure in ends) or say("intet tal vises")
        sentences.append(f"{_named(place.kind)}: {text or say('intet tal vises')}.")
    return " ".join(sentences)


def in_words(figure: ClearedFigure, registry: Registry) -> str:
    """A figure with its interval and what must be said of it, or its mark: '9,7 % (95 %-interval 7,9–11,8)'."""
    if figure.mark:
        return words.shown(figure, registry)
    indicator = registry.indicators[figure.indicator]
    uncertainty = "" if indicator.kind == "count" else say(NO_INTERVAL)
    if figure.interval:
        uncertainty = say("95 %-interval {interval}", interval=words.interval(figure, indicator))
    remarks = [text for text in (uncertainty, caveats(figure)) if text]
    return words.shown(figure, registry) + (f" ({', '.join(remarks)})" if remarks else "")


def _places(area: Place, extract: Extract, indicator: Indicator) -> list[Place]:
    return [area] if indicator.kind == "count" else [area, extract.municipality_of(area), extract.country]


def _named(kind: str) -> str:
    return words.PLACES[kind].capitalize()


def _shown(place: Place, indicator: str, extract: Extract) -> list[ClearedFigure]:
    """The figures that are shown, in order of years."""
    every = (place.figure(indicator, year) for year in extract.years)
    return [figure for figure in every if figure.is_shown]


def _breaks(figures: Sequence[ClearedFigure]) -> dict[int, str]:
    """Years from which on figures are of another series, and why."""
    return {f.year: f.broken_by for f in figures if f.broken_by is not None}


def _told_breaks(
    figures: Mapping[PlaceKind, Sequence[ClearedFigure]], area: Place, registry: Registry
) -> Iterator[str]:
    """What happened at each break of a line."""
    for kind, shown in figures.items():
        for year, why in _breaks(shown).items():
            figure = next(f for f in shown if f.year == year)
            happened = phrases.break_told(figure, area.id if kind == "area" else None, registry)
            sign = say(BREAK_SIGN) if kind == "area" else _named(kind)
            yield say("{sign}: brud fra {year}: {why}.", sign=sign, year=year, why=happened or words.NO_CHANGE[why])


def notes(
    area: Place,
    figures: Mapping[PlaceKind, Sequence[ClearedFigure]],
    key: str,
    extract: Extract,
    registry: Registry,
) -> list[str]:
    """What the signs of this chart mean, what broke its lines, and what a reader must know before comparing."""
    notes = []
    for name, mark in registry.extracts.mark.items():
        if years := [year for year in extract.years if area.figure(key, year).mark == name]:
            notes.append(f"{mark.code} {say(mark.label_da)}: {notation.years(years)}.")
    for kind, shown in figures.items():
        is_area = kind == "area"
        for window in sorted({figure.window_years for figure in shown if figure.window_years and figure.is_mean}):
            years = [figure.year for figure in shown if figure.window_years == window]
            sign = say("Hul rude") if is_area else _named(kind)
            notes.append(
                say(
                    "{sign}: gennemsnit over {window} år ({years}).",
                    sign=sign,
                    window=window,
                    years=notation.years(years),
                )
            )
        for figure in shown:
            if figure.repeats_year is not None:
                sign = _named(kind) if not is_area else say("Hul rude") if figure.is_mean else say("Hul prik")
                notes.append(
                    say(
                        "{sign}: kilden gentager i {year} tallet for {repeats_year}.",
                        sign=sign,
                        year=figure.year,
                        repeats_year=figure.repeats_year,
                    )
                )
    return [*notes, *_told_breaks(figures, area, registry)]
