"""The range strips of an area: each key figure among those of all areas, with what it is held against, in one row."""

from dataclasses import dataclass
from statistics import quantiles

from flows.extracts import phrases, standing, words
from flows.extracts.model import Area, ClearedFigure, Criterion, Extract, Other
from flows.extracts.standing import Beside
from flows.present import notation, strips
from flows.present.language import say
from flows.present.strips import Strip
from schemas.indicators import Indicator
from schemas.registry import Registry


@dataclass(frozen=True)
class StripRow:
    """A row: the figure's name and caveats, its drawing, and in words how it stands. `key` is its indicator."""

    key: str
    label: str
    notes: tuple[str, ...]
    drawing: str
    alternative: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class StripTable:
    """The rows whose numbers are judged and those that only describe, each in order; how they are ordered, and how
    many areas the spreads hold at most."""

    judged: tuple[StripRow, ...]
    described: tuple[StripRow, ...]
    order: str
    areas: int
    has_bars: bool


def indicators(area: Area, extract: Extract, registry: Registry) -> list[Indicator]:
    """What is drawn of an area: the shared indicators, the key figures and the criteria of its lists, no numbers."""
    ruled = [criterion.indicator for watch in area.watches for criterion in watch.every_criterion()]
    asked = dict.fromkeys([*extract.shared, *registry.extracts.key_figures, *ruled])
    known = [registry.indicators[name] for name in asked if name in extract.indicators]
    return [indicator for indicator in known if indicator.kind != "count"]


def table(area: Area, extract: Extract, registry: Registry) -> StripTable:
    """The strips of an area's year: of the figures that are shown, the one that stands out most first."""
    shown = [
        (figure, indicator)
        for indicator in indicators(area, extract, registry)
        if (figure := area.figure(indicator.id, extract.year)).is_shown
    ]
    municipality = extract.municipality_of(area)
    # Where the spread is too small to measure by, no area is told to be far from its municipality.
    away: dict[str, float] = {}
    for figure, indicator in shown:
        answer = _answer(figure, "municipality", area, extract, registry)
        measured = distance(figure, answer.value, extract)
        if measured is not None and not answer.is_refused:
            away[indicator.id] = measured
    is_compared = bool(away) and any(_answer(f, "municipality", area, extract, registry).verdict for f, _ in shown)

    def sort(pair: tuple[ClearedFigure, Indicator]) -> tuple[float, float]:
        _, indicator = pair
        criterion = criterion_of(area, indicator.id)
        near = standing.nearness(criterion) if criterion else None
        far = away.get(indicator.id) if is_compared else None
        return (-far if far is not None else 1.0, near if near is not None else float("inf"))

    shown.sort(key=sort)
    rows = [(indicator, _row(figure, area, extract, registry)) for figure, indicator in shown]
    spreads = [extract.series(figure) for figure, _ in shown]
    return StripTable(
        tuple(row for indicator, row in rows if indicator.polarity != "neutral"),
        tuple(row for indicator, row in rows if indicator.polarity == "neutral"),
        say("sorteret efter afstand til {name}, målt mod spredningen", name=municipality.name)
        if is_compared
        else say("nærmest en grænse først, i procent af grænsen"),
        max(map(len, spreads), default=0),
        any(len(spread) > strips.STROKES for spread in spreads),
    )


def criterion_of(area: Area, indicator: str) -> Criterion | None:
    """The criterion of an area's lists that an indicator is held against: that of the first list that has one."""
    every = (criterion for watch in area.watches for criterion in watch.every_criterion())
    return next((criterion for criterion in every if criterion.indicator == indicator), None)


def distance(figure: ClearedFigure, other: float | None, extract: Extract) -> float | None:
    """How far a figure lies from another one, in units of the middle half of all areas; None where there is none."""
    spread = extract.series(figure)
    if other is None or len(spread) < standing.FIFTHS:
        return None
    first, _, third = quantiles(spread, n=4)
    return abs(figure.number - other) / (third - first) if third > first else None


def _answer(figure: ClearedFigure, other: Other, area: Area, extract: Extract, registry: Registry) -> Beside:
    place = extract.municipality_of(area) if other == "municipality" else extract.country
    return standing.against(figure, place.figure(figure.indicator, figure.year), other, registry)


def _row(figure: ClearedFigure, area: Area, extract: Extract, registry: Registry) -> StripRow:
    indicator = registry.indicators[figure.indicator]
    beside: dict[Other, Beside] = {
        other: _answer(figure, other, area, extract, registry) for other in ("municipality", "country")
    }
    criterion = criterion_of(area, indicator.id)
    limit = criterion.threshold if criterion else None
    place = standing.rank(figure, extract, indicator)
    notes = tuple(phrases.limits(figure)) + (
        (words.UNSETTLED[figure.status],) if figure.status and figure.status in words.UNSETTLED else ()
    )
    lines = (*_criterion(criterion, indicator), *_comparison(figure, beside, indicator))
    if not any(answer.verdict for answer in beside.values()) and place:
        lines = (*lines, place.words)
    spread = extract.series(figure)
    drawn = Strip(
        own=figure.number,
        interval=figure.interval,
        municipality=_comparable(beside["municipality"]),
        country=_comparable(beside["country"]),
        spread=spread,
        threshold=None
        if limit is None
        else (limit, say("grænse {threshold}", threshold=standing.threshold(limit, indicator))),
        is_turned=indicator.polarity == "high_is_better",
        texts=(notation.number(figure.number, indicator.decimals), "", ""),
        alternative="",
    )
    low, high = strips.ends(strips.held(drawn))
    ends = (notation.number(low, indicator.decimals), notation.number(high, indicator.decimals))
    alternative = _alternative(figure, indicator, beside, spread, lines)
    made = Strip(**{**vars(drawn), "texts": (drawn.texts[0], *ends), "alternative": alternative})
    return StripRow(indicator.id, say(indicator.label_da), notes, strips.draw(made), alternative, lines)


def _comparable(answer: Beside) -> float | None:
    return None if answer.is_refused else answer.value


def _criterion(criterion: Criterion | None, indicator: Indicator) -> tuple[str, ...]:
    if criterion is None or standing.beyond(criterion) is None:
        return ()
    sign, met = ("●", say("opfyldt")) if criterion.is_met else ("○", say("ikke opfyldt"))
    away = standing.over_or_under(criterion, indicator)
    return (say("{sign} {away} grænsen: {met}", sign=sign, away=away, met=met),)


def _comparison(figure: ClearedFigure, beside: dict[Other, Beside], indicator: Indicator) -> tuple[str, ...]:
    own, country = beside["municipality"], beside["country"]
    if own.is_refused:
        return (f"≠ {own.why}",)
    known = [
        f"{name} {notation.number(answer.value, indicator.decimals)}"
        for name, answer in ((say("kommunen"), own), (say("landet"), country))
        if answer.value is not None and not answer.is_refused
    ]
    first = own if own.value is not None else country
    if first.value is None or first.is_refused:
        return ()
    # The difference of the numbers as they are printed: a reader who subtracts gets the same, and learns no more.
    own_number, other_number = (round(number, indicator.decimals) for number in (figure.number, first.value))
    away = notation.signed(own_number - other_number, indicator.decimals)
    # The column says that it is the municipality.
    whose = "" if own.value is not None else say(", mod hele landet")
    verdict = f"{away} {first.words}" if first.verdict else f"{away}, {first.words}"
    return (f"{verdict}{whose}", " · ".join(known))


def _alternative(
    figure: ClearedFigure,
    indicator: Indicator,
    beside: dict[Other, Beside],
    spread: tuple[float, ...],
    lines: tuple[str, ...],
) -> str:
    """The strip in words, in the order in which it is read."""
    own = f"{say(indicator.label_da)}: {notation.valued(figure.number, indicator)}"
    if figure.interval:
        own += f", {phrases.between(*figure.interval, indicator)}"
    parts = [own]
    parts += [
        f"{words.PLACES[other]} {notation.valued(answer.value, indicator)}"
        for other, answer in beside.items()
        if _comparable(answer) is not None
    ]
    if len(spread) >= strips.LEAST:
        ends = say(
            "fra {low} til {high}",
            low=notation.number(spread[0], indicator.decimals),
            high=notation.number(spread[-1], indicator.decimals),
        )
        parts.append(say("alle {areas} områder {ends}", areas=len(spread), ends=ends))
    return f"{'; '.join(parts)}. {'; '.join(line.lstrip('●○≠ ') for line in lines)}."
