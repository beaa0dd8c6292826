"""A figure in words: its name, its size, what must be said beside it, how it stands; parts of sentences and cells."""

from collections import Counter
from collections.abc import Iterable, Sequence

from flows.extracts import words
from flows.extracts.model import Change, ClearedFigure, Extract, Other, Place
from flows.present import notation
from flows.present.language import say
from schemas import labels
from schemas.indicators import Indicator
from schemas.registry import Registry

NO_INTERVAL = "usikkerhed ukendt"  # in a cell; in a sentence:
UNKNOWN = "usikkerheden er ukendt"
NO_PUBLISHER = "ikke oplyst"

# The places that every figure is held against.
OTHERS: tuple[Other, ...] = ("municipality", "country")


def amount(value: float, indicator: Indicator) -> str:
    """A value in a sentence: '9,7 procent'; rates and counts have their unit in their name."""
    text = notation.number(value, indicator.decimals)
    match indicator.kind:
        case "share" | "relative":
            return f"{text} {say(indicator.unit_da)}"
        case "mean":
            return f"{text} {say(labels.COUNTED[indicator.count_basis][1])}"
        case _:
            return text


def between(low: float, high: float, indicator: Indicator) -> str:
    """An interval in words: 'mellem 8,1 og 12,0'."""
    return say(
        "mellem {low} og {high}",
        low=notation.number(low, indicator.decimals),
        high=notation.number(high, indicator.decimals),
    )


def uncertainty(figure: ClearedFigure, indicator: Indicator) -> str:
    """The interval in words, or that it is not known; empty for a count, which has none."""
    if figure.interval:
        return between(*figure.interval, indicator)
    return "" if indicator.kind == "count" else say(NO_INTERVAL)


def step(change: float, indicator: Indicator) -> str:
    """The size of a change or distance, without its sign: '4,1 procentpoint', '390 personer'."""
    if indicator.kind == "count":
        return notation.counted(abs(change), indicator)
    return notation.changed(abs(change), indicator).removeprefix("+")


def limits(figure: ClearedFigure) -> list[str]:
    """What limits the comparison of a figure: 'gennemsnit over 2 år', 'kilden gentager tallet fra 2010'.

    Empty where there is nothing to say, or no number to say it of.
    """
    if not figure.is_shown:
        return []
    texts = []
    if figure.is_mean:
        texts.append(say("gennemsnit over {window_years} år", window_years=figure.window_years))
    if figure.repeats_year:
        texts.append(say("kilden gentager tallet fra {repeats_year}", repeats_year=figure.repeats_year))
    if figure.broken_by is not None and figure.broken_by != "other_window":
        texts.append(say("brud: {reason}", reason=words.NO_CHANGE[figure.broken_by]))
    return texts


def break_told(figure: ClearedFigure, area_id: str | None, registry: Registry) -> str:
    """What happened at the break that the figure stands behind, in the registry's words; empty where it has none."""
    breaks = registry.breaks(figure.indicator, figure.figure_owner, area_id)
    years = [year for year in breaks if year <= figure.year]
    return say(breaks[max(years)]) if years and figure.broken_by in ("boundary_break", "definition_break") else ""


def caveats(figure: ClearedFigure) -> str:
    """The limits of a figure as one text, to stand beside it."""
    return ", ".join(limits(figure))


def all_caveats(figure: ClearedFigure) -> str:
    """The caveats, and whether the figure may still be changed: 'gennemsnit over 2 år, foreløbigt tal'."""
    unsettled = words.UNSETTLED.get(figure.status or "", "") if figure.is_shown else ""
    return ", ".join(text for text in (caveats(figure), unsettled) if text)


def heading(indicator: Indicator) -> str:
    """The indicator with its unit, above a picture of it: 'Andel dømte, pct.'."""
    label, unit = say(indicator.label_da), unit_beside(indicator)
    return f"{label}, {unit}" if unit else label


def column_head(indicator: Indicator) -> str:
    """The indicator with its unit at the head of a column: 'Dømte, pct.'."""
    name, unit = notation.short(indicator), unit_beside(indicator)
    return f"{name}, {unit}" if unit else name


def unit_beside(indicator: Indicator) -> str:
    """The unit beside an indicator's name, shares in short; empty where the name says it."""
    if indicator.kind == "relative" or indicator.label_da.endswith("procent"):
        return ""
    return say("pct.") if indicator.kind == "share" else say(indicator.unit_short_da)


def lower(text: str) -> str:
    """The text with a small letter at its beginning."""
    return text[:1].lower() + text[1:]


def movement(change: Change) -> str | None:
    """'steget' or 'faldet' where the interval of the change excludes 0, '' where it does not; None without interval."""
    if change.interval is None:
        return None
    low, high = change.interval
    return say("steget") if low > 0 else say("faldet") if high < 0 else ""


def key_figures(extract: Extract, registry: Registry) -> list[Indicator]:
    """The key figures that the extract has."""
    return [registry.indicators[name] for name in registry.extracts.key_figures if name in extract.indicators]


def marks_met(figures: Sequence[ClearedFigure], registry: Registry) -> list[tuple[str, int]]:
    """How many of the figures stand under each mark: those marks in words that any of them has."""
    counts = Counter(figure.mark for figure in figures)
    return [(say(mark.label_da), counts[name]) for name, mark in registry.extracts.mark.items() if counts[name]]


def newest(place: Place, indicator: str, extract: Extract) -> ClearedFigure | None:
    """The latest figure of a place that is shown; None where none is."""
    figures = (place.figure(indicator, year) for year in reversed(extract.years))
    return next((figure for figure in figures if figure.is_shown), None)


def publisher(figure: ClearedFigure, registry: Registry) -> str | None:
    """Who publishes the figure; None where it has a mark or names no source."""
    known = registry.sources.get(figure.source) if figure.source and not figure.mark else None
    return say(known.publisher_da) if known else None


def counts(figure: ClearedFigure, indicator: Indicator) -> str:
    """'84 af 869 boliger', where both counts are shown."""
    over, under = figure.shown_numerator, figure.shown_denominator
    if not figure.is_shown or indicator.kind != "share" or over is None or under is None:
        return ""
    return say("{over} af {counted}", over=notation.number(over), counted=notation.counted(under, indicator))


def capital(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def listed(parts: Iterable[str]) -> str:
    """Names of indicators as a list, without the comma that ends a name with a clause."""
    return notation.listed([part.removesuffix(",") for part in parts])
