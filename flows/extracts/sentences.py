"""Figures in plain Danish sentences, by rules: the interval decides how strong a word may be, and no model writes.

Every sentence is made of cleared figures alone. None says why a figure is as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from flows import notation
from flows.extracts import words
from flows.extracts.content import Area, Criterion, Extract, Figure, Place, Watch
from schemas.models import Indicator
from schemas.registry import Registry

MOST = 12  # sentences of a reading
# Figures of a kind that a sentence each is given; the others of the kind share one.
MOST_STANDING, MOST_UNKNOWN, MOST_MOVED = 3, 2, 2
MOST_NAMED = 2  # figures that a sentence names where there are more

UNKNOWN = "usikkerheden er ukendt"
NO_CAUSE = "Tallene siger ikke, hvorfor det er sådan."
UNSETTLED = {"provisional": "foreløbigt tal", "estimated": "skønnet tal"}
SIGNS = {">": "over", ">=": "mindst", "<": "under", "<=": "højst"}

# The places that a figure is held against.
Other: TypeAlias = Literal["municipality", "country"]
OTHERS: tuple[Other, ...] = ("municipality", "country")


@dataclass(frozen=True)
class Weighed:
    """A sentence, and how early it gives way where there are too many: 0 never."""

    text: str
    gives_way: int


def name(indicator: Indicator) -> str:
    """The indicator as the subject of a sentence, in lower case: 'andelen på kontanthjælp', 'antallet af beboere'.

    Ends with a comma where the name holds a clause.
    """
    label = indicator.label_da[:1].lower() + indicator.label_da[1:]
    if label.startswith("andel der "):
        return f"andelen, {label.removeprefix('andel ')},"
    if label.startswith("andel "):
        return f"andelen {label.removeprefix('andel ')}"
    if label.endswith("procent"):
        return f"{label}en"
    if indicator.kind in ("count", "rate"):
        return f"antallet af {label}"
    first, _, rest = label.partition(" ")
    return f"den {first}e {rest}" if first.endswith("lig") and rest else f"tallet for {label}"


def amount(value: float, indicator: Indicator) -> str:
    """A value in a sentence: '9,7 procent'; rates and counts have their unit in their name."""
    text = notation.number(value, indicator.decimals)
    match indicator.kind:
        case "share":
            return f"{text} procent"
        case "relative":
            return f"{text} procent af regionens"
        case "mean":
            return f"{text} kroner"
        case _:
            return text


def between(low: float, high: float, indicator: Indicator) -> str:
    """An interval in words: 'mellem 8,1 og 12,0'."""
    return f"mellem {notation.number(low, indicator.decimals)} og {notation.number(high, indicator.decimals)}"


def step(change: float, indicator: Indicator) -> str:
    """The size of a change or distance, without its sign: '4,1 procentpoint', '390 personer'."""
    if indicator.kind == "count":
        return notation.counted(abs(change), indicator)
    return notation.changed(abs(change), indicator).removeprefix("+")


def caveats(figure: Figure) -> str:
    """What must be said beside a figure wherever it stands: 'gennemsnit over 2 år', 'kilden gentager tallet fra 2010'.

    Empty where there is nothing to say, or no number to say it of.
    """
    if not is_shown(figure):
        return ""
    said = []
    if (figure["window_years"] or 1) > 1:
        said.append(f"gennemsnit over {figure['window_years']} år")
    if figure["repeats_year"]:
        said.append(f"kilden gentager tallet fra {figure['repeats_year']}")
    return ", ".join(said)


def all_caveats(figure: Figure) -> str:
    """The caveats, and whether the figure may still be changed: 'gennemsnit over 2 år, foreløbigt tal'."""
    unsettled = UNSETTLED.get(figure["status"], "") if is_shown(figure) else ""
    return ", ".join(text for text in (caveats(figure), unsettled) if text)


def is_shown(figure: Figure) -> bool:
    """Whether the figure is a number that readers may see. A mark rules, whatever else a row holds."""
    return figure["mark"] is None and figure["value"] is not None


def has_interval(figure: Figure) -> bool:
    """Whether the figure's uncertainty is known."""
    return figure["ci_low"] is not None and figure["ci_high"] is not None


def standing(figure: Figure, other: Other, indicator: Indicator) -> str:
    """The verdict against a place in words that agree with the numbers: 'lavere og dermed bedre'; empty without one.

    Nothing is called better or worse where more of it is neither.
    """
    verdict = figure[f"{other}_verdict"]
    if verdict is None or not has_interval(figure) or figure[f"{other}_value"] is None:
        return ""
    if verdict == "similar":
        return words.VERDICTS["similar"]
    beside = figure[f"{other}_value"]
    way = "lavere" if figure["value"] < beside else "højere"
    # Two numbers that look the same are no contradiction to a verdict.
    is_slight = notation.number(beside, indicator.decimals) == notation.number(figure["value"], indicator.decimals)
    judged = f" og dermed {words.VERDICTS[verdict]}" if verdict in ("better", "worse") else ""
    return f"{'en anelse ' if is_slight else ''}{way}{judged}"


def of_figure(figure: Figure, area: Area, extract: Extract, registry: Registry) -> str:
    """One sentence about a figure of an area, or of a place beside it: value, uncertainty, comparison, caveats."""
    indicator = registry.indicators[figure["indicator"]]
    where = f"{_capital(name(indicator))} {_in(figure)}"
    if figure["mark"]:
        return f"{where} vises ikke for {figure['year']}: {registry.extracts.mark[figure['mark']].label_da}."
    said = f"{where} var {amount(figure['value'], indicator)} i {figure['year']}"
    beside = [text for text in (_counts(figure, indicator), all_caveats(figure)) if text]
    said += f" ({', '.join(beside)})" if beside else ""
    if has_interval(figure):
        said += f"; med usikkerhed {between(figure['ci_low'], figure['ci_high'], indicator)}"
    elif indicator.kind != "count":
        said += f"; {UNKNOWN}"
    if figure["place_kind"] == "area" and figure["place_id"] == area.id and indicator.kind != "count":
        said += "".join(f"; {text}" for text in _compared(figure, extract, indicator))
    return f"{said}."


def reading(area: Area, extract: Extract, registry: Registry) -> tuple[str, ...]:
    """How an area stands, in 5 to 12 sentences: size, comparison, movement, and what is missing, in this order."""
    said = [
        Weighed(_size(area, extract, registry), 0),
        *_standing(area, extract, registry),
        *_moved(area, extract, registry),
        *_missing(area, extract, registry),
        *_published(area, extract, registry),
        *_provisional(area, extract, registry),
        Weighed(NO_CAUSE, 0),
    ]
    return _fitted(said)


def of_place(place: Place, extract: Extract, registry: Registry) -> tuple[str, ...]:
    """A place that is no area, in sentences: for a secretariat without a known area, which is said first."""
    said = []
    if not extract.areas:
        said += [
            Weighed(f"Boligprofil kender ikke noget støttet boligområde, som {extract.name} tager sig af.", 0),
            Weighed(f"Derfor står her kun tal for {_named(place)}, ikke for et enkelt område.", 0),
        ]
    known = [
        figure
        for figure in _key_figures(place, extract, registry)
        if is_shown(figure) and figure["place_kind"] == place.kind
    ]
    for figure in known[: MOST - 4]:
        indicator = registry.indicators[figure["indicator"]]
        country = extract.country.figure(figure["indicator"], extract.year)
        beside = ""
        if is_shown(country) and place.kind != "country" and indicator.kind != "count":
            beside = (
                f" og {_with(notation.number(country['value'], indicator.decimals), caveats(country))} i hele landet"
            )
        uncertain = "" if indicator.kind == "count" or has_interval(figure) else f"; {UNKNOWN}"
        value = _with(amount(figure["value"], indicator), caveats(figure))
        said.append(Weighed(f"{_capital(name(indicator))} er {value} {_in(figure)}{beside}{uncertain}.", 1))
    if not known:
        said.append(Weighed(f"Ingen af de vigtigste tal for {_named(place)} kan vises for {extract.year}.", 0))
    return _fitted([*said, *_missing(place, extract, registry), Weighed(NO_CAUSE, 0)])


def of_watch(watch: Watch, registry: Registry) -> tuple[str, ...]:
    """The statutory watch: the rule, how far away each criterion is, and what one household could change, both ways."""
    enough = "det har beboere nok, og " if watch.size else ""
    said = [
        f"Reglen for listen i {watch.year} har {notation.many(len(watch.criteria), 'kriterium', 'kriterier')}. "
        f"Et område opfylder reglen, når {enough}mindst {watch.needed} af dem er opfyldt."
    ]
    if watch.size:
        said.append(_of_criterion(watch.size, registry))
    said += [_of_criterion(criterion, registry) for criterion in watch.criteria]
    said.append(
        {
            True: "Efter de viste tal opfylder området reglen.",
            False: "Efter de viste tal opfylder området ikke reglen.",
            None: "De viste tal kan ikke afgøre, om området opfylder reglen.",
        }[watch.meets_rule]
    )
    said.append(
        {
            (True, True): "Én husstand mere eller færre kan være nok til, at området ikke længere opfylder reglen.",
            (True, False): "Én husstand mere eller færre kan være nok til, at området opfylder reglen.",
            (False, True): "Én husstand mere eller færre ændrer ikke, at området opfylder reglen.",
            (False, False): "Én husstand mere eller færre ændrer ikke, at området ikke opfylder reglen.",
        }[watch.could_flip, watch.meets_rule]
        if watch.could_flip is not None and watch.meets_rule is not None
        else "Vi ved ikke, om én husstand mere eller færre kan ændre det."
    )
    said.append(f"En husstand er her regnet som {notation.many(watch.household, 'person', 'personer')}.")
    said.append(
        {
            True: f"Området står på ministeriets liste for {watch.year}.",
            False: f"Området står ikke på ministeriets liste for {watch.year}.",
            None: f"Ministeriet har ikke set på området til listen for {watch.year}.",
        }[watch.on_list]
    )
    if None not in (watch.meets_rule, watch.on_list) and watch.meets_rule != watch.on_list:
        said.append("Listen og de viste tal siger ikke det samme; det er listen, der gælder.")
    return tuple(said)


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


# parts of sentences -------------------------------------------------------------------------------------------------


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with(text: str, beside: str) -> str:
    return f"{text} ({beside})" if beside else text


def _listed(parts: Iterable[str]) -> str:
    return notation.listed([part.removesuffix(",") for part in parts])


def _some(names: Sequence[str]) -> str:
    """Names in a sentence that stays short: 'andelen a, andelen b og 3 andre tal'."""
    left = len(names) - MOST_NAMED
    more = [notation.many(left, "andet tal", "andre tal")] if left > 0 else []
    return _listed([*names[:MOST_NAMED], *more]) if len(names) > 1 else names[0]


def _in(figure: Figure) -> str:
    match figure["place_kind"]:
        case "country":
            return "i hele landet"
        case "municipality":
            return "i kommunen"
        case "twins":
            return "hos tvillingerne"
        case _:
            return f"i {figure['place_name']}"


def _named(place: Place) -> str:
    return place.name if place.kind == "area" else words.PLACES[place.kind]


def _counts(figure: Figure, indicator: Indicator) -> str:
    """'84 af 869 boliger', where both counts are shown."""
    over, under = figure["shown_numerator"], figure["shown_denominator"]
    if indicator.kind != "share" or over is None or under is None:
        return ""
    return f"{notation.number(over)} af {notation.counted(under, indicator)}"


def _key_figures(place: Place, extract: Extract, registry: Registry) -> list[Figure]:
    """The key figures of the extract's year, shown or not."""
    return [place.figure(i, extract.year) for i in registry.extracts.key_figures if i in extract.indicators]


def _compared(figure: Figure, extract: Extract, indicator: Indicator) -> list[str]:
    """'lavere end i kommunen (16,3) og i hele landet (15,2)', as far as they are known; two parts where they differ."""
    said: dict[str, list[str]] = {}
    for other in OTHERS:
        if figure[f"{other}_value"] is not None:
            how = standing(figure, other, indicator)
            join = "" if not how else " fra" if how == words.VERDICTS["similar"] else " end i"
            where = f"{words.PLACES[other]} ({_beside(figure, other, extract, indicator)})"
            said.setdefault(f"{how}{join}" if how else "til sammenligning", []).append(where)
    return [
        f"{how} {notation.listed([places[0], *(f'i {p}' if how.endswith(' i') else p for p in places[1:])])}"
        for how, places in said.items()
    ]


def _against(figure: Figure, other: Other, indicator: Indicator) -> str:
    """'højere end i kommunen', 'ingen sikker forskel fra hele landet'; empty without a verdict."""
    how, where = standing(figure, other, indicator), words.PLACES[other]
    if not how:
        return ""
    return f"{how} fra {where}" if how == words.VERDICTS["similar"] else f"{how} end i {where}"


def _beside(figure: Figure, other: Other, extract: Extract, indicator: Indicator) -> str:
    """The number of another place with what must be said of it: '22,4, gennemsnit over 2 år'."""
    place = extract.municipality if other == "municipality" else extract.country
    noted = caveats(place.figure(figure["indicator"], figure["year"]))
    number = notation.number(figure[f"{other}_value"], indicator.decimals)
    return f"{number}, {noted}" if noted else number


# the reading --------------------------------------------------------------------------------------------------------


def _fitted(said: Sequence[Weighed]) -> tuple[str, ...]:
    kept = list(said)
    while len(kept) > MOST and (least := max(sentence.gives_way for sentence in kept)):
        last = max(place for place, sentence in enumerate(kept) if sentence.gives_way == least)
        del kept[last]
    return tuple(sentence.text for sentence in kept)


def _size(area: Area, extract: Extract, registry: Registry) -> str:
    homes = f"{notation.number(area.dwellings)} lejemål" if area.dwellings is not None else ""
    if "residents" not in extract.indicators:
        return f"{area.name} har {homes or 'et ukendt antal lejemål'}."
    people = area.figure("residents", extract.year)
    if is_shown(people):
        count = _with(f"{notation.number(people['value'])} beboere", caveats(people))
        return f"{area.name} har {_listed([part for part in (homes, count) if part])} i {extract.year}."
    mark = registry.extracts.mark[people["mark"]].label_da
    if homes:
        return f"{area.name} har {homes}, men tallet for beboere vises ikke for {extract.year}: {mark}."
    return f"Hvor stort {area.name} er, kan ikke vises for {extract.year}: {mark}."


def _standing(area: Area, extract: Extract, registry: Registry) -> list[Weighed]:
    """What is surely different comes first, by how many widths of its interval it lies from the other place."""
    sure: list[tuple[Figure, Other]] = []
    similar: list[tuple[Figure, Other]] = []
    unknown: list[Figure] = []
    for figure in _key_figures(area, extract, registry):
        indicator = registry.indicators[figure["indicator"]]
        other = _other(figure)
        if not is_shown(figure) or other is None or indicator.kind == "count":
            continue
        how = standing(figure, other, indicator)
        if not how:
            unknown.append(figure)
        else:
            (similar if how == words.VERDICTS["similar"] else sure).append((figure, other))
    sure.sort(key=lambda found: -_strength(*found))
    said = [
        Weighed(_one_standing(figure, extract, registry.indicators[figure["indicator"]]), 1)
        for figure, _ in sure[:MOST_STANDING]
    ]
    for how, pairs in _grouped(sure[MOST_STANDING:], extract, registry).items():
        said.append(Weighed(f"Også {how}: {_some(pairs)}.", 2))
    for place, figure in enumerate(unknown[:MOST_UNKNOWN]):
        said.append(Weighed(_side_by_side(figure, extract, registry.indicators[figure["indicator"]]), 1 + 2 * place))
    if len(unknown) > MOST_UNKNOWN:
        more = _some([name(registry.indicators[figure["indicator"]]) for figure in unknown[MOST_UNKNOWN:]])
        said.append(Weighed(f"Usikkerheden er også ukendt for {more}.", 2))
    for how, pairs in _grouped(similar, extract, registry).items():
        where = how.removeprefix(words.VERDICTS["similar"]).strip()
        said.append(Weighed(f"Vi kan ikke se nogen sikker forskel {where} for {_some(pairs)}.", 1))
    return said or [Weighed("Vi kan ikke vise, hvordan området står ved siden af kommunen og hele landet.", 0)]


def _other(figure: Figure) -> Other | None:
    """The place that a figure is held against first."""
    if figure["municipality_value"] is not None:
        return "municipality"
    return "country" if figure["country_value"] is not None else None


def _strength(figure: Figure, other: Other) -> float:
    """How far a figure lies from another place, in widths of its own interval."""
    width = figure["ci_high"] - figure["ci_low"]
    return float(abs(figure["value"] - figure[f"{other}_value"]) / width) if width else float("inf")


def _one_standing(figure: Figure, extract: Extract, indicator: Indicator) -> str:
    value = _with(amount(figure["value"], indicator), caveats(figure))
    return f"{_capital(name(indicator))} er {value}: {', '.join(_compared(figure, extract, indicator))}."


def _grouped(figures: Iterable[tuple[Figure, Other]], extract: Extract, registry: Registry) -> dict[str, list[str]]:
    """Per verdict and place, 'højere end i kommunen', the figures with both numbers: 'andelen dømte (2,7 mod 1,8)'."""
    groups: dict[str, list[str]] = {}
    for figure, other in figures:
        indicator = registry.indicators[figure["indicator"]]
        own = notation.number(figure["value"], indicator.decimals)
        noted = f", {caveats(figure)}," if caveats(figure) else ""
        pair = f"{name(indicator)} ({own}{noted} mod {_beside(figure, other, extract, indicator)})"
        groups.setdefault(_against(figure, other, indicator), []).append(pair)
    return groups


def _side_by_side(figure: Figure, extract: Extract, indicator: Indicator) -> str:
    parts = [f"{_with(amount(figure['value'], indicator), caveats(figure))} her"]
    for other in OTHERS:
        if figure[f"{other}_value"] is not None:
            parts.append(f"{_beside(figure, other, extract, indicator)} i {words.PLACES[other]}")
    why = "de er ikke vurderet mod hinanden" if has_interval(figure) else UNKNOWN
    return f"{_capital(name(indicator))} er {_listed(parts)}; {why}."


def _moved(place: Place, extract: Extract, registry: Registry) -> list[Weighed]:
    sure: list[str] = []
    still: dict[int, list[str]] = {}
    unknown: list[str] = []
    said: list[Weighed] = []
    for figure in _key_figures(place, extract, registry):
        indicator, since = registry.indicators[figure["indicator"]], figure["first_year"]
        if not is_shown(figure) or figure["change_first"] is None or since is None:
            continue
        if indicator.kind == "count":
            said.append(Weighed(_gone(figure, since, place, indicator), 4))
            continue
        verb = movement(figure, "first")
        if verb is None:
            unknown.append(_gone(figure, since, place, indicator))
        elif not verb:
            still.setdefault(since, []).append(name(indicator))
        else:
            sure.append(_gone(figure, since, place, indicator, verb))
    said += [Weighed(text, 1) for text in sure[:MOST_MOVED]] + [Weighed(text, 3) for text in sure[MOST_MOVED:]]
    said += [
        Weighed(f"Siden {since} har {_some(names)} ikke flyttet sig sikkert.", 2)
        for since, names in sorted(still.items())
    ]
    said += [Weighed(text, 3) for text in unknown[:1]]
    said += [*_last_year(place, extract, registry), *_trends(place, extract, registry)]
    return said or [Weighed("Vi kan ikke vise, om tallene har flyttet sig.", 0)]


def movement(figure: Figure, since: Literal["year", "first"]) -> str | None:
    """'steget' or 'faldet' where the interval of the change excludes 0, '' where it does not; None without interval."""
    low, high = figure[f"change_{since}_low"], figure[f"change_{since}_high"]
    if low is None or high is None:
        return None
    return "steget" if low > 0 else "faldet" if high < 0 else ""


def _gone(figure: Figure, since: int, place: Place, indicator: Indicator, verb: str | None = None) -> str:
    """What a figure moved from and to. `verb` is given where it surely moved; without it nothing is said of the way."""
    year, before = figure["year"], place.figures.get((figure["indicator"], since))
    now = _with(amount(figure["value"], indicator), caveats(figure))
    if before is None or not is_shown(before):
        size = step(figure["change_first" if since == figure["first_year"] else "change_year"], indicator)
        told = f"er {name(indicator)} {verb} med {size}" if verb else f"har {name(indicator)} ændret sig med {size}"
        return f"Fra {since} til {year} {told}{'' if verb or indicator.kind == 'count' else f'; {UNKNOWN}'}."
    then = _with(notation.number(before["value"], indicator.decimals), caveats(before))
    if verb:
        return f"Fra {since} til {year} er {name(indicator)} {verb} fra {then} til {now}."
    if indicator.kind == "count":
        return f"{_capital(name(indicator))} var {then} i {since} og er {now} i {year}."
    return f"{_capital(name(indicator))} var {then} i {since} og {now} i {year}; {UNKNOWN}."


def _last_year(place: Place, extract: Extract, registry: Registry) -> list[Weighed]:
    """What moved since the year before."""
    last = extract.year - 1
    measured = [
        (figure, verb)
        for figure in _key_figures(place, extract, registry)
        if is_shown(figure)
        and figure["change_year"] is not None
        and (verb := movement(figure, "year")) is not None
        and figure["first_year"] != last  # said already
    ]
    moved = [
        _gone(figure, last, place, registry.indicators[figure["indicator"]], verb) for figure, verb in measured if verb
    ]
    said = [Weighed(text, 1 + 2 * (order > 0)) for order, text in enumerate(moved)]
    if measured and not moved:
        which = (
            f"har {name(registry.indicators[measured[0][0]['indicator']])} ikke flyttet sig sikkert"
            if len(measured) == 1
            else f"har ingen af de {len(measured)} tal, vi kan måle på, flyttet sig sikkert"
        )
        said.append(Weighed(f"Siden {last} {which}.", 2))
    return said


def _trends(place: Place, extract: Extract, registry: Registry) -> list[Weighed]:
    """The direction of the last five years, where one is marked."""
    ways: dict[str, list[str]] = {}
    for figure in _key_figures(place, extract, registry):
        if is_shown(figure) and figure["trend"] in ("rising", "falling"):
            ways.setdefault(figure["trend"], []).append(name(registry.indicators[figure["indicator"]]))
    return [
        Weighed(f"I de sidste fem år er {_some(names)} {words.TRENDS[way]}.", 3) for way, names in sorted(ways.items())
    ]


def _missing(place: Place, extract: Extract, registry: Registry) -> list[Weighed]:
    """How many figures of the year are shown and how many stand under each mark, and the newest that is shown."""
    figures = [place.figure(i, extract.year) for i in extract.indicators]
    marks = [(mark.label_da, sum(f["mark"] == mark.id for f in figures)) for mark in registry.extracts.mark.values()]
    told = [(label, count) for label, count in marks if count]
    if not told:
        return [Weighed(f"Alle {len(figures)} tal for {extract.year} vises.", 0)]
    (label, count), *others = told
    parts = [f"{count} tal er mærket »{label}«", *(f"{count} »{label}«" for label, count in others)]
    shown = len(figures) - sum(count for _, count in told)
    said = [
        Weighed(f"For {extract.year} vises {shown} af {len(figures)} tal: {notation.listed(parts)}.", 0),
        Weighed("Et mærke er ikke det samme som nul.", 1),
    ]
    for figure in _key_figures(place, extract, registry):
        earlier = newest(place, figure["indicator"], extract) if figure["mark"] else None
        if earlier:
            indicator = registry.indicators[figure["indicator"]]
            value = _with(amount(earlier["value"], indicator), caveats(earlier))
            said.append(Weighed(f"{_capital(name(indicator))} kan sidst vises for {earlier['year']}: {value}.", 3))
    return said


def newest(place: Place, indicator: str, extract: Extract) -> Figure | None:
    """The latest figure of a place that is shown; None where none is."""
    figures = (place.figure(indicator, year) for year in reversed(extract.years))
    return next((figure for figure in figures if is_shown(figure)), None)


def _published(area: Area, extract: Extract, registry: Registry) -> list[Weighed]:
    """Who has published figures that readers meet here."""
    by: dict[str, list[str]] = {}
    for figure in _key_figures(area, extract, registry):
        if is_shown(figure) and figure["is_published"]:
            by.setdefault(publisher(figure, registry), []).append(name(registry.indicators[figure["indicator"]]))
    said = []
    for who, names in by.items():
        which = (
            f"{_capital(names[0])} er et offentligt tal"
            if len(names) == 1
            else f"{len(names)} af tallene er offentlige"
        )
        said.append(Weighed(f"{which} (kilde: {who}).", 1))
    return said


def _provisional(area: Area, extract: Extract, registry: Registry) -> list[Weighed]:
    """Which figures of the year may still be changed by their source."""
    names = [
        name(registry.indicators[figure["indicator"]])
        for figure in _key_figures(area, extract, registry)
        if is_shown(figure) and figure["status"] in UNSETTLED
    ]
    if not names:
        return []
    which = f"{_capital(names[0])} kan" if len(names) == 1 else f"{len(names)} af tallene kan"
    return [Weighed(f"{which} endnu blive rettet af kilden.", 1)]


def publisher(figure: Figure, registry: Registry) -> str:
    """Who the figure comes from, in Danish."""
    return registry.sources[figure["source"]].publisher_da if figure["source"] else "ikke oplyst"


# the statutory watch ------------------------------------------------------------------------------------------------


def _limit(criterion: Criterion, indicator: Indicator) -> str:
    """'mindst 1.000', 'over 2,7 procent': a threshold with no more decimals than it has."""
    text = notation.number(criterion.threshold, indicator.decimals)
    if "," in text:
        text = text.rstrip("0").rstrip(",")
    return f"{SIGNS[criterion.sign]} {text}{' procent' if indicator.kind in ('share', 'relative') else ''}"


def _of_criterion(criterion: Criterion, registry: Registry) -> str:
    indicator = registry.indicators[criterion.indicator]
    subject = _capital(name(indicator))
    limit = _limit(criterion, indicator)
    if criterion.value is None or criterion.distance is None:
        mark = registry.extracts.mark[criterion.mark].label_da if criterion.mark else "ikke oplyst"
        return f"{subject}: kriteriet er {limit}; det kan ikke afgøres her, for tallet vises ikke ({mark})."
    away = step(criterion.distance, indicator)
    how = f"opfyldt med {away}" if criterion.is_met else f"ikke opfyldt, og der mangler {away}"
    if criterion.distance == 0:
        how = f"{'opfyldt' if criterion.is_met else 'ikke opfyldt'}, og tallet ligger lige på grænsen"
    return f"{subject} er {amount(criterion.value, indicator)}; kriteriet er {limit}: {how}. {_near(criterion)}."


def _near(criterion: Criterion) -> str:
    """What one household more or fewer could do to a criterion, both ways."""
    if criterion.is_near is None:
        return "Vi ved ikke, om én husstand kan ændre det"
    if not criterion.is_near:
        return "Én husstand mere eller færre ændrer det ikke"
    turn = "ikke længere er opfyldt" if criterion.is_met else "bliver opfyldt"
    return f"Én husstand mere eller færre kan være nok til, at det {turn}"


# what may not be compared -------------------------------------------------------------------------------------------


def _figures(area: Area, extract: Extract) -> Iterable[Figure]:
    """The figures of the extract that have a value, indicator by indicator."""
    return (
        figure
        for indicator in extract.indicators
        for year in extract.years
        if is_shown(figure := area.figure(indicator, year))
    )


def _told(
    figures: Iterable[Figure], registry: Registry, column: Callable[[Figure], Any], detail: str = "{years}"
) -> list[str]:
    """Indicators with years, grouped by what `column` tells of their figures unless it is empty.

    `detail` says it in brackets, with {told} and {years}: 'andelen dømte og andelen på kontanthjælp (4 år i 2010)'.
    """
    years: dict[str, dict[Any, list[int]]] = {}
    for figure in figures:
        if told := column(figure):
            years.setdefault(figure["indicator"], {}).setdefault(told, []).append(figure["year"])
    alike: dict[str, list[str]] = {}
    for indicator, found in years.items():
        details = "; ".join(detail.format(told=told, years=notation.years(of)) for told, of in found.items())
        alike.setdefault(details, []).append(name(registry.indicators[indicator]))
    return [f"{_listed(names)} ({details})" for details, names in alike.items()]


def _windows(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    def window(figure: Figure) -> int | None:
        return figure["window_years"] if (figure["window_years"] or 1) > 1 else None

    if found := _told(_figures(area, extract), registry, window, "over {told} år i {years}"):
        yield f"Et gennemsnit må ikke holdes op mod tal for et andet antal år: {'; '.join(found)}."


def _repeats(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    found = _told(_figures(area, extract), registry, lambda f: f["repeats_year"], "{years} gentager {told}")
    if found:
        yield f"Et gentaget tal er ingen ny måling: {'; '.join(found)}."


def _sources(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    several = [
        [figure for figure in _figures(area, extract) if figure["indicator"] == indicator]
        for indicator in extract.indicators
    ]
    changed = [figure for own in several if len({publisher(figure, registry) for figure in own}) > 1 for figure in own]
    if found := _told(changed, registry, lambda f: publisher(f, registry), "{told} for {years}"):
        yield f"Tal fra flere kilder er måske ikke gjort op på samme måde: {'; '.join(found)}."


def _undefined(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    figures = (area.figure(indicator, year) for indicator in extract.indicators for year in extract.years)
    if found := _told(figures, registry, lambda f: f["mark"] == "not_defined_that_year"):
        yield f"Nogle år er ikke gjort op og kan ikke være med: {'; '.join(found)}."


def _no_interval(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    names = [
        name(registry.indicators[figure["indicator"]])
        for figure in _figures(area, extract)
        if figure["year"] == extract.year
        and not has_interval(figure)
        and registry.indicators[figure["indicator"]].kind != "count"
    ]
    if names:
        yield f"Hvor {UNKNOWN}, kan en forskel være tilfældig: {_listed(names)}."


def _unsettled(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    found = _told(_figures(area, extract), registry, lambda f: UNSETTLED.get(f["status"]), "{told} i {years}")
    if found:
        yield f"Nogle tal kan blive ændret: {'; '.join(found)}."


def _boundaries(area: Area) -> Iterable[str]:
    for place in area.other_boundaries:
        yield f"{place.name} har en anden grænse end {area.name}: tallene må ikke bruges i stedet for hinanden."


def _twins(area: Area, extract: Extract, registry: Registry) -> Iterable[str]:
    marks = {year: {area.twins.figure(i, year)["mark"] for i in extract.indicators} for year in extract.years}
    if locked := [year for year, found in marks.items() if "locked" in found]:
        meaning = registry.extracts.mark["locked"].meaning_da
        yield f"Tvillingerne, {notation.years(locked)}: {meaning[:1].lower()}{meaning[1:]}"
    if any("no_twins" in found for found in marks.values()):
        yield registry.extracts.mark["no_twins"].meaning_da
