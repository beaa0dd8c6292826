"""What must not be held against each other, and why, in plain Danish."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from flows.extracts import words
from flows.extracts.model import Area, ClearedFigure, Extract
from flows.extracts.phrases import NO_PUBLISHER, listed, lower, publisher
from flows.present import notation
from flows.present.language import say
from schemas.registry import Registry

# What a figure tells, by which figures are grouped.
Column: TypeAlias = Callable[[ClearedFigure], Any]
YEARS = "{years}"


def cannot_compare(area: Area, extract: Extract, registry: Registry) -> tuple[str, ...]:
    """What must not be held against each other, and why, grouped by the reason. Empty where all may be compared."""
    shown = [figure for figure in _figures(area, extract) if figure.is_shown]

    def grouped(figures: Iterable[ClearedFigure], column: Column, detail: str = YEARS) -> list[str]:
        return _grouped(figures, registry, column, detail)

    apart = {
        say("Et gennemsnit må ikke holdes op mod tal for et andet antal år"): grouped(
            shown, lambda f: f.window_years if f.is_mean else None, "over {value} år i {years}"
        ),
        say("Et gentaget tal er ingen ny måling"): grouped(shown, lambda f: f.repeats_year, "{years} gentager {value}"),
        say("Tal fra flere kilder er måske ikke gjort op på samme måde"): grouped(
            _of_several_sources(shown, registry),
            lambda f: publisher(f, registry) or say(NO_PUBLISHER),
            "{value} for {years}",
        ),
        say("Nogle år er ikke gjort op og kan ikke være med"): grouped(
            _figures(area, extract), lambda f: f.mark == "not_defined_that_year"
        ),
        say("Hvor usikkerheden er ukendt, kan en forskel være tilfældig"): _without_interval(shown, extract, registry),
        say("Nogle tal kan blive ændret"): grouped(
            shown, lambda f: words.UNSETTLED.get(f.status or ""), "{value} i {years}"
        ),
    }
    reasons = (f"{reason}: {'; '.join(indicators)}." for reason, indicators in apart.items() if indicators)
    return (*reasons, *_boundaries(area), *_twins(area, extract, registry))


def _figures(area: Area, extract: Extract) -> Iterable[ClearedFigure]:
    """The figures of the extract, indicator by indicator."""
    return (area.figure(indicator, year) for indicator in extract.indicators for year in extract.years)


def _grouped(figures: Iterable[ClearedFigure], registry: Registry, column: Column, detail: str) -> list[str]:
    """Indicators with years, grouped by what `column` tells of their figures unless it is empty.

    `detail` says it in brackets, with {value} and {years}: 'andelen dømte og andelen på kontanthjælp (4 år i 2010)'.
    """
    years_of: dict[str, dict[Any, list[int]]] = {}
    for figure in figures:
        if value := column(figure):
            years_of.setdefault(figure.indicator, {}).setdefault(value, []).append(figure.year)
    alike: dict[str, list[str]] = {}
    for indicator, by_value in years_of.items():
        details = "; ".join(say(detail, value=value, years=notation.years(years)) for value, years in by_value.items())
        alike.setdefault(details, []).append(notation.subject(registry.indicators[indicator]))
    return [f"{listed(names)} ({details})" for details, names in alike.items()]


def _of_several_sources(shown: Sequence[ClearedFigure], registry: Registry) -> list[ClearedFigure]:
    """The figures of indicators that have more than one publisher."""
    publishers: dict[str, set[str | None]] = {}
    for figure in shown:
        publishers.setdefault(figure.indicator, set()).add(publisher(figure, registry))
    return [figure for figure in shown if len(publishers[figure.indicator]) > 1]


def _without_interval(shown: Iterable[ClearedFigure], extract: Extract, registry: Registry) -> list[str]:
    bare = (figure for figure in shown if figure.year == extract.year and not figure.interval)
    indicators = [registry.indicators[figure.indicator] for figure in bare]
    names = [notation.subject(indicator) for indicator in indicators if indicator.kind != "count"]
    return [listed(names)] if names else []


def _boundaries(area: Area) -> Iterable[str]:
    for place in area.other_boundaries:
        yield say(
            "{place} har en anden grænse end {area}: tallene må ikke bruges i stedet for hinanden.",
            place=place.name,
            area=area.name,
        )


def _twins(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    marks = {year: {area.twins.figure(i, year).mark for i in extract.indicators} for year in extract.years}
    if locked := [year for year, marks_of_year in marks.items() if "locked" in marks_of_year]:
        meaning = say(registry.extracts.mark["locked"].meaning_da)
        yield say("Tvillingerne, {years}: {meaning}", years=notation.years(locked), meaning=lower(meaning))
