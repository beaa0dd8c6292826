"""A figure in one plain Danish sentence, of which the interval decides every word; and what is said where no area is.

Every sentence is made of cleared figures alone, and no model writes it. None says why a figure is as it is.
"""

from flows.extracts import phrases, standing, words
from flows.extracts.model import ClearedFigure, Extract, Place
from flows.extracts.phrases import OTHERS, UNKNOWN, all_caveats, amount, between, capital, caveats, counts
from flows.present import notation
from flows.present.language import say
from schemas.indicators import Indicator
from schemas.registry import Registry

NO_CAUSE = "Tallene siger ikke, hvorfor det er sådan."


def of_figure(figure: ClearedFigure, area: Place, extract: Extract, registry: Registry) -> str:
    """One sentence about a figure of an area, or of a place beside it: value, uncertainty, comparison, caveats."""
    indicator = registry.indicators[figure.indicator]
    where = f"{capital(notation.subject(indicator))} {_in(figure)}"
    if figure.mark:
        return say(
            "{where} vises ikke for {year}: {mark}.",
            where=where,
            year=figure.year,
            mark=say(registry.extracts.mark[figure.mark].label_da),
        )
    sentence = say(
        "{where} var {amount} i {year}", where=where, amount=amount(figure.number, indicator), year=figure.year
    )
    beside = [text for text in (counts(figure, indicator), all_caveats(figure)) if text]
    sentence += f" ({', '.join(beside)})" if beside else ""
    if figure.interval:
        sentence += say("; med usikkerhed {between}", between=between(*figure.interval, indicator))
    elif indicator.kind != "count":
        sentence += f"; {say(UNKNOWN)}"
    if figure.place_kind == "area" and figure.place_id == area.id and indicator.kind != "count":
        sentence += "".join(f"; {text}" for text in _compared(figure, area, extract, registry))
    return f"{sentence}."


def _compared(figure: ClearedFigure, area: Place, extract: Extract, registry: Registry) -> list[str]:
    """'sikkert lavere end i kommunen (16,3) og i hele landet (15,2)', as far as known; two parts where they differ."""
    by_verdict: dict[tuple[str, bool], list[str]] = {}
    for other in OTHERS:
        place = extract.municipality_of(area) if other == "municipality" else extract.country
        answer = standing.against(figure, place.figure(figure.indicator, figure.year), other, registry)
        if answer.value is not None and not answer.is_refused:
            how = _how(answer)
            where = f"{words.PLACES[other]} ({_beside(answer.value, figure, place, registry)})"
            by_verdict.setdefault((how, answer.verdict not in (None, "similar")), []).append(where)
    return [
        f"{how} {notation.listed([places[0], *(say('i {place}', place=p) if is_in else p for p in places[1:])])}"
        for (how, is_in), places in by_verdict.items()
    ]


def _how(answer: standing.Beside) -> str:
    """The verdict, to be followed by the place: 'sikkert højere end i', 'ingen sikker forskel fra'."""
    if answer.verdict is None:
        return say("til sammenligning")
    return (
        say("{verdict} fra", verdict=answer.words)
        if answer.verdict == "similar"
        else say("{verdict} end i", verdict=answer.words)
    )


def _beside(value: float, figure: ClearedFigure, place: Place, registry: Registry) -> str:
    """The number of another place with what must be said of it: '22,4, gennemsnit over 2 år'."""
    indicator = registry.indicators[figure.indicator]
    noted = caveats(place.figure(figure.indicator, figure.year))
    number = notation.number(value, indicator.decimals)
    return f"{number}, {noted}" if noted else number


def _in(figure: ClearedFigure) -> str:
    if figure.place_kind == "twins":
        return say("hos tvillingerne")
    place = figure.place_name if figure.place_kind == "area" else words.PLACES[figure.place_kind]
    return say("i {place}", place=place)


def of_place(place: Place, extract: Extract, registry: Registry) -> tuple[str, ...]:
    """What a secretariat without a known area is given instead, and how much of it is there."""
    known = [figure for i in phrases.key_figures(extract, registry) if (figure := _of_year(place, i, extract)).is_shown]
    return (
        say("Boligprofil kender ikke noget støttet boligområde, som {name} tager sig af.", name=extract.name),
        say("Derfor står her kun tal for {place}, ikke for et enkelt område.", place=words.PLACES[place.kind]),
        *(
            []
            if known
            else [
                say(
                    "Ingen af hovedtallene for {place} kan vises for {year}.",
                    place=words.PLACES[place.kind],
                    year=extract.year,
                )
            ]
        ),
        _missing(place, extract, registry),
        say(NO_CAUSE),
    )


def _of_year(place: Place, indicator: Indicator, extract: Extract) -> ClearedFigure:
    return place.figure(indicator.id, extract.year)


def _missing(place: Place, extract: Extract, registry: Registry) -> str:
    """How many figures of the year are shown, and how many stand under each mark."""
    figures = [place.figure(i, extract.year) for i in extract.indicators]
    met = phrases.marks_met(figures, registry)
    if not met:
        return say("Alle {figures} tal for {year} vises.", figures=len(figures), year=extract.year)
    shown = len(figures) - sum(count for _, count in met)
    parts = notation.listed([f"{count} {label}" for label, count in met])
    return say(
        "For {year} vises {shown} af {figures} tal; de andre: {parts}.",
        year=extract.year,
        shown=shown,
        figures=len(figures),
        parts=parts,
    )
