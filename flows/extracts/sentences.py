"""How an area stands, in plain Danish sentences, by rules: the interval decides how strong a word may be.

Every sentence is made of cleared figures alone, and no model writes it. None says why a figure is as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.extracts import words
from flows.extracts.model import Area, Change, ClearedFigure, Extract, Other, Place
from flows.extracts.phrases import (
    NO_PUBLISHER,
    OTHERS,
    UNKNOWN,
    UNSETTLED,
    all_caveats,
    amount,
    between,
    capital,
    caveats,
    counts,
    key_figures,
    listed,
    marks_met,
    movement,
    name,
    newest,
    publisher,
    standing,
    step,
)
from flows.present import danish
from schemas.indicators import Indicator
from schemas.registry import Registry

MOST = 12  # sentences of a reading
# Figures of a kind that a sentence each is given; the others of the kind share one.
MOST_STANDING, MOST_UNKNOWN, MOST_MOVED = 3, 2, 2
MOST_NAMED = 2  # figures that a sentence names where there are more

NO_CAUSE = "Tallene siger ikke, hvorfor det er sådan."


@dataclass(frozen=True)
class Weighed:
    """A sentence, and how early it gives way where there are too many: 0 never."""

    text: str
    gives_way: int


def of_figure(figure: ClearedFigure, area: Area, extract: Extract, registry: Registry) -> str:
    """One sentence about a figure of an area, or of a place beside it: value, uncertainty, comparison, caveats."""
    indicator = registry.indicators[figure.indicator]
    where = f"{capital(name(indicator))} {_in(figure)}"
    if figure.mark:
        return f"{where} vises ikke for {figure.year}: {registry.extracts.mark[figure.mark].label_da}."
    sentence = f"{where} var {amount(figure.number, indicator)} i {figure.year}"
    beside = [text for text in (counts(figure, indicator), all_caveats(figure)) if text]
    sentence += f" ({', '.join(beside)})" if beside else ""
    if figure.interval:
        sentence += f"; med usikkerhed {between(*figure.interval, indicator)}"
    elif indicator.kind != "count":
        sentence += f"; {UNKNOWN}"
    if figure.place_kind == "area" and figure.place_id == area.id and indicator.kind != "count":
        sentence += "".join(f"; {text}" for text in _compared(figure, extract, indicator))
    return f"{sentence}."


def reading(area: Area, extract: Extract, registry: Registry) -> tuple[str, ...]:
    """How an area stands, in 5 to 12 sentences: size, comparison, movement, and what is missing, in this order."""
    sentences = [
        Weighed(_size(area, extract, registry), 0),
        *_standing(area, extract, registry),
        *_moved(area, extract, registry),
        *_missing(area, extract, registry),
        *_published(area, extract, registry),
        *_provisional(area, extract, registry),
        Weighed(NO_CAUSE, 0),
    ]
    return _fitted(sentences)


def of_place(place: Place, extract: Extract, registry: Registry) -> tuple[str, ...]:
    """A place that is no area, in sentences: for a secretariat without a known area, which is said first."""
    sentences = []
    if not extract.areas:
        sentences = [
            Weighed(f"Boligprofil kender ikke noget støttet boligområde, som {extract.name} tager sig af.", 0),
            Weighed(f"Derfor står her kun tal for {_named(place)}, ikke for et enkelt område.", 0),
        ]
    known = _shown(place, extract, registry)
    for figure, indicator in known[: MOST - 4]:
        country = extract.country.figure(figure.indicator, extract.year)
        beside = ""
        if country.is_shown and place.kind != "country" and indicator.kind != "count":
            beside = f" og {_with(danish.number(country.value, indicator.decimals), caveats(country))} i hele landet"
        uncertain = "" if indicator.kind == "count" or figure.interval else f"; {UNKNOWN}"
        value = _with(amount(figure.number, indicator), caveats(figure))
        sentences.append(Weighed(f"{capital(name(indicator))} er {value} {_in(figure)}{beside}{uncertain}.", 1))
    if not known:
        sentences.append(Weighed(f"Ingen af de vigtigste tal for {_named(place)} kan vises for {extract.year}.", 0))
    return _fitted([*sentences, *_missing(place, extract, registry), Weighed(NO_CAUSE, 0)])


def _with(text: str, beside: str) -> str:
    return f"{text} ({beside})" if beside else text


def _some(names: Sequence[str]) -> str:
    """Names in a sentence that stays short: 'andelen a, andelen b og 3 andre tal'."""
    left = len(names) - MOST_NAMED
    more = [danish.many(left, "andet tal", "andre tal")] if left > 0 else []
    return listed([*names[:MOST_NAMED], *more]) if len(names) > 1 else names[0]


def _in(figure: ClearedFigure) -> str:
    if figure.place_kind == "twins":
        return "hos tvillingerne"
    return f"i {figure.place_name if figure.place_kind == 'area' else words.PLACES[figure.place_kind]}"


def _named(place: Place) -> str:
    return place.name if place.kind == "area" else words.PLACES[place.kind]


def _shown(place: Place, extract: Extract, registry: Registry) -> list[tuple[ClearedFigure, Indicator]]:
    """The key figures of the extract's year that are shown."""
    figures = ((place.figure(indicator.id, extract.year), indicator) for indicator in key_figures(extract, registry))
    return [(figure, indicator) for figure, indicator in figures if figure.is_shown]


def _compared(figure: ClearedFigure, extract: Extract, indicator: Indicator) -> list[str]:
    """'lavere end i kommunen (16,3) og i hele landet (15,2)', as far as they are known; two parts where they differ."""
    by_verdict: dict[str, list[str]] = {}
    for other in OTHERS:
        if figure.compared(other).value is not None:
            how = _against(figure, other, indicator) or "til sammenligning"
            where = f"{words.PLACES[other]} ({_beside(figure, other, extract, indicator)})"
            by_verdict.setdefault(how, []).append(where)
    return [
        f"{how} {danish.listed([places[0], *(f'i {p}' if how.endswith(' i') else p for p in places[1:])])}"
        for how, places in by_verdict.items()
    ]


def _against(figure: ClearedFigure, other: Other, indicator: Indicator) -> str:
    """The verdict, to be followed by the place: 'højere end i', 'ingen sikker forskel fra'; empty without one."""
    how = standing(figure, other, indicator)
    return how and f"{how} {'fra' if how == words.VERDICTS['similar'] else 'end i'}"


def _beside(figure: ClearedFigure, other: Other, extract: Extract, indicator: Indicator) -> str:
    """The number of another place with what must be said of it: '22,4, gennemsnit over 2 år'."""
    place = extract.municipality if other == "municipality" else extract.country
    noted = caveats(place.figure(figure.indicator, figure.year))
    number = danish.number(figure.compared(other).value, indicator.decimals)
    return f"{number}, {noted}" if noted else number


def _fitted(weighed: Sequence[Weighed]) -> tuple[str, ...]:
    kept = list(weighed)
    while len(kept) > MOST and (least := max(sentence.gives_way for sentence in kept)):
        last = max(place for place, sentence in enumerate(kept) if sentence.gives_way == least)
        del kept[last]
    return tuple(sentence.text for sentence in kept)


def _size(area: Area, extract: Extract, registry: Registry) -> str:
    homes = f"{danish.number(area.dwellings)} lejemål" if area.dwellings is not None else ""
    if "residents" not in extract.indicators:
        return f"{area.name} har {homes or 'et ukendt antal lejemål'}."
    people = area.figure("residents", extract.year)
    if people.is_shown:
        count = _with(f"{danish.number(people.value)} beboere", caveats(people))
        return f"{area.name} har {listed([part for part in (homes, count) if part])} i {extract.year}."
    mark = words.shown(people, registry)
    if homes:
        return f"{area.name} har {homes}, men tallet for beboere vises ikke for {extract.year}: {mark}."
    return f"Hvor stort {area.name} er, kan ikke vises for {extract.year}: {mark}."


def _standing(area: Area, extract: Extract, registry: Registry) -> list[Weighed]:
    """What is surely different comes first, by how many widths of its interval it lies from the other place."""
    sure: list[tuple[ClearedFigure, Indicator, Other]] = []
    similar: list[tuple[ClearedFigure, Indicator, Other]] = []
    unknown: list[tuple[ClearedFigure, Indicator]] = []
    for figure, indicator in _shown(area, extract, registry):
        other = _other(figure)
        if other is None or indicator.kind == "count":
            continue
        how = standing(figure, other, indicator)
        if not how:
            unknown.append((figure, indicator))
        else:
            (similar if how == words.VERDICTS["similar"] else sure).append((figure, indicator, other))
    sure.sort(key=lambda compared: -_strength(compared[0], compared[2]))
    sentences = [Weighed(_one_standing(figure, extract, indicator), 1) for figure, indicator, _ in sure[:MOST_STANDING]]
    for how, pairs in _grouped(sure[MOST_STANDING:], extract).items():
        sentences.append(Weighed(f"Også {how}: {_some(pairs)}.", 2))
    for place, (figure, indicator) in enumerate(unknown[:MOST_UNKNOWN]):
        sentences.append(Weighed(_side_by_side(figure, extract, indicator), 1 + 2 * place))
    if len(unknown) > MOST_UNKNOWN:
        more = _some([name(indicator) for _, indicator in unknown[MOST_UNKNOWN:]])
        sentences.append(Weighed(f"Usikkerheden er også ukendt for {more}.", 2))
    for how, pairs in _grouped(similar, extract).items():
        where = how.removeprefix(words.VERDICTS["similar"]).strip()
        sentences.append(Weighed(f"Vi kan ikke se nogen sikker forskel {where} for {_some(pairs)}.", 1))
    return sentences or [Weighed("Vi kan ikke vise, hvordan området står ved siden af kommunen og hele landet.", 0)]


def _other(figure: ClearedFigure) -> Other | None:
    """The place that a figure is held against first."""
    return next((other for other in OTHERS if figure.compared(other).value is not None), None)


def _strength(figure: ClearedFigure, other: Other) -> float:
    """How far a figure lies from another place, in widths of its own interval."""
    beside = figure.compared(other).value
    if beside is None or figure.interval is None or not (width := figure.interval[1] - figure.interval[0]):
        return float("inf")
    return abs(figure.number - beside) / width


def _one_standing(figure: ClearedFigure, extract: Extract, indicator: Indicator) -> str:
    value = _with(amount(figure.number, indicator), caveats(figure))
    return f"{capital(name(indicator))} er {value}: {', '.join(_compared(figure, extract, indicator))}."


def _grouped(figures: Iterable[tuple[ClearedFigure, Indicator, Other]], extract: Extract) -> dict[str, list[str]]:
    """Per verdict and place, 'højere end i kommunen', the figures with both numbers: 'andelen dømte (2,7 mod 1,8)'."""
    groups: dict[str, list[str]] = {}
    for figure, indicator, other in figures:
        own = danish.number(figure.value, indicator.decimals)
        noted = f", {caveats(figure)}," if caveats(figure) else ""
        pair = f"{name(indicator)} ({own}{noted} mod {_beside(figure, other, extract, indicator)})"
        groups.setdefault(f"{_against(figure, other, indicator)} {words.PLACES[other]}", []).append(pair)
    return groups


def _side_by_side(figure: ClearedFigure, extract: Extract, indicator: Indicator) -> str:
    parts = [f"{_with(amount(figure.number, indicator), caveats(figure))} her"]
    parts += [
        f"{_beside(figure, other, extract, indicator)} i {words.PLACES[other]}"
        for other in OTHERS
        if figure.compared(other).value is not None
    ]
    why = "de er ikke vurderet mod hinanden" if figure.interval else UNKNOWN
    return f"{capital(name(indicator))} er {listed(parts)}; {why}."


def _moved(place: Place, extract: Extract, registry: Registry) -> list[Weighed]:
    sure: list[str] = []
    still: dict[int, list[str]] = {}
    unknown: list[str] = []
    sentences: list[Weighed] = []
    for figure, indicator in _shown(place, extract, registry):
        change, since = figure.change("first"), figure.first_year
        if change is None or since is None:
            continue
        if indicator.kind == "count":
            sentences.append(Weighed(_gone(figure, change, since, place, indicator), 4))
            continue
        verb = movement(change)
        if verb is None:
            unknown.append(_gone(figure, change, since, place, indicator))
        elif not verb:
            still.setdefault(since, []).append(name(indicator))
        else:
            sure.append(_gone(figure, change, since, place, indicator, verb))
    sentences += [Weighed(text, 1) for text in sure[:MOST_MOVED]] + [Weighed(text, 3) for text in sure[MOST_MOVED:]]
    sentences += [
        Weighed(f"Siden {since} har {_some(names)} ikke flyttet sig sikkert.", 2)
        for since, names in sorted(still.items())
    ]
    sentences += [Weighed(text, 3) for text in unknown[:1]]
    sentences += [*_last_year(place, extract, registry), *_trends(place, extract, registry)]
    return sentences or [Weighed("Vi kan ikke vise, om tallene har flyttet sig.", 0)]


def _gone(
    figure: ClearedFigure, change: Change, since: int, place: Place, indicator: Indicator, verb: str | None = None
) -> str:
    """What a figure moved from and to. `verb` is given where it surely moved; without it nothing is said of the way."""
    year, before = figure.year, place.figures.get((figure.indicator, since))
    now = _with(amount(figure.number, indicator), caveats(figure))
    if before is None or not before.is_shown:
        size = step(change.by, indicator)
        moved = f"er {name(indicator)} {verb} med {size}" if verb else f"har {name(indicator)} ændret sig med {size}"
        return f"Fra {since} til {year} {moved}{'' if verb or indicator.kind == 'count' else f'; {UNKNOWN}'}."
    then = _with(danish.number(before.value, indicator.decimals), caveats(before))
    if verb:
        return f"Fra {since} til {year} er {name(indicator)} {verb} fra {then} til {now}."
    if indicator.kind == "count":
        return f"{capital(name(indicator))} var {then} i {since} og er {now} i {year}."
    return f"{capital(name(indicator))} var {then} i {since} og {now} i {year}; {UNKNOWN}."


def _last_year(place: Place, extract: Extract, registry: Registry) -> list[Weighed]:
    """What moved since the year before."""
    last = extract.year - 1
    measured = [
        (figure, indicator, change, verb)
        for figure, indicator in _shown(place, extract, registry)
        if (change := figure.change("year"))
        and (verb := movement(change)) is not None
        and figure.first_year != last  # said already
    ]
    moved = [
        _gone(figure, change, last, place, indicator, verb) for figure, indicator, change, verb in measured if verb
    ]
    sentences = [Weighed(text, 1 + 2 * (order > 0)) for order, text in enumerate(moved)]
    if measured and not moved:
        which = (
            f"har {name(measured[0][1])} ikke flyttet sig sikkert"
            if len(measured) == 1
            else f"har ingen af de {len(measured)} tal, vi kan måle på, flyttet sig sikkert"
        )
        sentences.append(Weighed(f"Siden {last} {which}.", 2))
    return sentences


def _trends(place: Place, extract: Extract, registry: Registry) -> list[Weighed]:
    """The direction of the last five years, where one is marked."""
    ways: dict[str, list[str]] = {}
    for figure, indicator in _shown(place, extract, registry):
        if figure.trend in ("rising", "falling"):
            ways.setdefault(figure.trend, []).append(name(indicator))
    return [
        Weighed(f"I de sidste fem år er {_some(names)} {words.TRENDS[way]}.", 3) for way, names in sorted(ways.items())
    ]


def _missing(place: Place, extract: Extract, registry: Registry) -> list[Weighed]:
    """How many figures of the year are shown and how many stand under each mark, and the newest that is shown."""
    figures = [place.figure(i, extract.year) for i in extract.indicators]
    met = marks_met(figures, registry)
    if not met:
        return [Weighed(f"Alle {len(figures)} tal for {extract.year} vises.", 0)]
    (label, count), *others = met
    parts = [f"{count} tal er mærket »{label}«", *(f"{count} »{label}«" for label, count in others)]
    shown = len(figures) - sum(count for _, count in met)
    sentences = [
        Weighed(f"For {extract.year} vises {shown} af {len(figures)} tal: {danish.listed(parts)}.", 0),
        Weighed("Et mærke er ikke det samme som nul.", 1),
    ]
    for indicator in key_figures(extract, registry):
        earlier = newest(place, indicator.id, extract)
        if earlier and earlier.year < extract.year:
            value = _with(amount(earlier.number, indicator), caveats(earlier))
            sentences.append(Weighed(f"{capital(name(indicator))} kan sidst vises for {earlier.year}: {value}.", 3))
    return sentences


def _published(area: Area, extract: Extract, registry: Registry) -> list[Weighed]:
    """Who has published figures that readers meet here."""
    by: dict[str, list[str]] = {}
    for figure, indicator in _shown(area, extract, registry):
        if figure.is_published:
            by.setdefault(publisher(figure, registry) or NO_PUBLISHER, []).append(name(indicator))
    sentences = []
    for who, names in by.items():
        which = (
            f"{capital(names[0])} er et offentligt tal" if len(names) == 1 else f"{len(names)} af tallene er offentlige"
        )
        sentences.append(Weighed(f"{which} (kilde: {who}).", 1))
    return sentences


def _provisional(area: Area, extract: Extract, registry: Registry) -> list[Weighed]:
    """Which figures of the year may still be changed by their source."""
    names = [name(indicator) for figure, indicator in _shown(area, extract, registry) if figure.status in UNSETTLED]
    if not names:
        return []
    which = f"{capital(names[0])} kan" if len(names) == 1 else f"{len(names)} af tallene kan"
    return [Weighed(f"{which} endnu blive rettet af kilden.", 1)]
