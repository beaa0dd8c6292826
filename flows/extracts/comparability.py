"""What must not be held against each other, and why, in plain Danish."""

from collections.abc import Callable, Iterable
from typing import Any

from flows.extracts.model import Area, ClearedFigure, Extract
from flows.extracts.phrases import NO_PUBLISHER, UNKNOWN, UNSETTLED, listed, name, publisher
from flows.present import danish
from schemas.registry import Registry


def cannot_compare(area: Area, extract: Extract, registry: Registry) -> tuple[str, ...]:
    """What must not be held against each other, and why, grouped by the reason. Empty where all may be compared."""
    return (
        *_windows(area, extract, registry),
        *_repeats(area, extract, registry),
        *_sources(area, extract, registry),
        *_undefined(area, extract, registry),
        *_no_interval(area, extract, registry),
        *_unsettled(area, extract, registry),
        *_boundaries(area),
        *_twins(area, extract, registry),
    )


def _figures(area: Area, extract: Extract) -> Iterable[ClearedFigure]:
    """The figures of the extract that have a value, indicator by indicator."""
    return (
        figure
        for indicator in extract.indicators
        for year in extract.years
        if (figure := area.figure(indicator, year)).is_shown
    )


def _grouped(
    figures: Iterable[ClearedFigure],
    registry: Registry,
    column: Callable[[ClearedFigure], Any],
    detail: str = "{years}",
) -> list[str]:
    """Indicators with years, grouped by what `column` tells of their figures unless it is empty.

    `detail` says it in brackets, with {value} and {years}: 'andelen dømte og andelen på kontanthjælp (4 år i 2010)'.
    """
    years_of: dict[str, dict[Any, list[int]]] = {}
    for figure in figures:
        if value := column(figure):
            years_of.setdefault(figure.indicator, {}).setdefault(value, []).append(figure.year)
    alike: dict[str, list[str]] = {}
    for indicator, by_value in years_of.items():
        details = "; ".join(detail.format(value=value, years=danish.years(years)) for value, years in by_value.items())
        alike.setdefault(details, []).append(name(registry.indicators[indicator]))
    return [f"{listed(names)} ({details})" for details, names in alike.items()]


def _windows(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    def window(figure: ClearedFigure) -> int | None:
        return figure.window_years if figure.is_mean else None

    if means := _grouped(_figures(area, extract), registry, window, "over {value} år i {years}"):
        yield f"Et gennemsnit må ikke holdes op mod tal for et andet antal år: {'; '.join(means)}."


def _repeats(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    repeats = _grouped(_figures(area, extract), registry, lambda f: f.repeats_year, "{years} gentager {value}")
    if repeats:
        yield f"Et gentaget tal er ingen ny måling: {'; '.join(repeats)}."


def _sources(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    several = [
        [figure for figure in _figures(area, extract) if figure.indicator == indicator]
        for indicator in extract.indicators
    ]
    changed = [figure for own in several if len({publisher(figure, registry) for figure in own}) > 1 for figure in own]
    if sources := _grouped(changed, registry, lambda f: publisher(f, registry) or NO_PUBLISHER, "{value} for {years}"):
        yield f"Tal fra flere kilder er måske ikke gjort op på samme måde: {'; '.join(sources)}."


def _undefined(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    figures = (area.figure(indicator, year) for indicator in extract.indicators for year in extract.years)
    if undefined := _grouped(figures, registry, lambda f: f.mark == "not_defined_that_year"):
        yield f"Nogle år er ikke gjort op og kan ikke være med: {'; '.join(undefined)}."


def _no_interval(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    names = [
        name(registry.indicators[figure.indicator])
        for figure in _figures(area, extract)
        if figure.year == extract.year and not figure.interval and registry.indicators[figure.indicator].kind != "count"
    ]
    if names:
        yield f"Hvor {UNKNOWN}, kan en forskel være tilfældig: {listed(names)}."


def _unsettled(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    unsettled = _grouped(
        _figures(area, extract), registry, lambda f: UNSETTLED.get(f.status or ""), "{value} i {years}"
    )
    if unsettled:
        yield f"Nogle tal kan blive ændret: {'; '.join(unsettled)}."


def _boundaries(area: Area) -> Iterable[str]:
    for place in area.other_boundaries:
        yield f"{place.name} har en anden grænse end {area.name}: tallene må ikke bruges i stedet for hinanden."


def _twins(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    marks = {year: {area.twins.figure(i, year).mark for i in extract.indicators} for year in extract.years}
    if locked := [year for year, marks_of_year in marks.items() if "locked" in marks_of_year]:
        meaning = registry.extracts.mark["locked"].meaning_da
        yield f"Tvillingerne, {danish.years(locked)}: {meaning[:1].lower()}{meaning[1:]}"
    if any("no_twins" in marks_of_year for marks_of_year in marks.values()):
        yield registry.extracts.mark["no_twins"].meaning_da
