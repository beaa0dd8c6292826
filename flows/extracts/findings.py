"""What a page begins with: three to five sentences on an area, a title and as many on a secretariat, all by rules.

The order is fixed: the ministry's lists and the nearest threshold, what is surely different, what has surely moved,
the goals. A change is told by the measured rule or not at all. Nothing here says why a figure is as it is.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from flows.extracts import criteria, phrases, standing, strips, words
from flows.extracts.model import Area, ClearedFigure, Criterion, Extract, Headline, TargetLine, Watch
from flows.present import notation
from flows.present import vocabulary as targets
from flows.present.language import grammar, say
from schemas.indicators import Indicator
from schemas.registry import Registry

MOST_REASONS = 3
OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


class LeadSentence(NamedTuple):
    """A sentence with its beginning, which is printed bold."""

    begins: str
    text: str

    @property
    def whole(self) -> str:
        """Both as one text."""
        return f"{self.begins} {self.text}".strip()


# An area --------------------------------------------------------------------------------------------------------------


def facts(area: Area, extract: Extract, registry: Registry) -> list[str]:
    """What stands below the name: size, grant, plans, the year."""
    people = area.figure("residents", extract.year) if "residents" in extract.indicators else None
    facts = [say("{value} beboere", value=notation.number(people.value))] if people and people.is_shown else []
    facts.append(
        say("lejemål ikke oplyst")
        if area.dwellings is None
        else say("{dwellings} lejemål", dwellings=notation.number(area.dwellings))
    )
    if area.funding_band:
        facts.append(
            say("{band} i støtte", band=words.band("funding_band", area.funding_band, registry).replace("-", "–"))
        )
    return [*facts, *area.plans, say("tal for {year}", year=extract.year)]


def of_area(area: Area, extract: Extract, registry: Registry) -> tuple[LeadSentence, ...]:
    """Three to five sentences on an area that has a figure of the year; one on an area without."""
    if not any(area.figure(key, extract.year).is_shown for key in extract.indicators):
        return (*_list(area, extract, registry), *_nothing(area, extract, registry), *_goals(area.targets, registry))
    return (
        *_list(area, extract, registry),
        *since_last_list(area, registry),
        *_stands_out(area, extract, registry),
        *_moved(area, extract, registry),
        *_goals(area.targets, registry),
    )


def first_watch(area: Area) -> Watch | None:
    """The list that an area is told about: the first that was delivered, else the first that has a rule."""
    return next((watch for watch in area.watches if watch.is_delivered), next(iter(area.watches), None))


def list_name(watch: Watch, area: Area) -> str:
    """'ministeriets liste for 2015', by name where the year has several."""
    named = f"»{watch.list_name}« " if len(area.watches) > 1 else ""
    return say("ministeriets liste {named}for {year}", named=named, year=watch.year)


def _list(area: Area, extract: Extract, registry: Registry) -> Iterator[LeadSentence]:
    watch = first_watch(area)
    if watch is None:
        yield LeadSentence(say("Ministeriets liste:"), say("der er ingen regel for {year}.", year=extract.year))
        return
    name = list_name(watch, area)
    begins = {
        True: say("{name} står på {listed}:", name=area.name, listed=name),
        False: say("{name} er nævnt, men står ikke på {listed}:", name=area.name, listed=name),
        None: say("{name} er ikke nævnt i den afskrift af {listed}, vi har:", name=area.name, listed=name),
    }[watch.on_list]
    if not watch.is_delivered:
        begins = say("{listed} er ikke leveret:", listed=notation.sentence(name)[:-1])
    yield LeadSentence(begins, " ".join([counted(watch), *_nearest(watch, registry)]))


def counted(watch: Watch) -> str:
    """How many criteria are met, and how many it takes: '3 af 5 kriterier er opfyldt, og 3 er nok.'."""
    known = [criterion for criterion in watch.criteria if criterion.is_met is not None]
    unknown = len(watch.criteria) - len(known)
    if not known:
        return say("om kriterierne er opfyldt, kan ikke afgøres.")
    met = sum(bool(criterion.is_met) for criterion in known)
    open_ones = say(", {unknown} kan ikke afgøres", unknown=unknown) if unknown else ""
    few = ""
    if watch.size and watch.size.is_met is False and watch.size.value is not None:
        needed = notation.number(watch.size.threshold or 0)
        few = say(
            " Området har {value} beboere; loven kræver {needed}.",
            value=notation.number(watch.size.value),
            needed=needed,
        )
    return say(
        "{met} af {criteria} kriterier er opfyldt{open_ones}, og {needed} er nok.{few}",
        met=met,
        criteria=len(watch.criteria),
        open_ones=open_ones,
        needed=watch.needed,
        few=few,
    )


def nearest(watch: Watch) -> Criterion | None:
    """The counted criterion whose threshold is nearest, in per cent of the threshold."""
    near = [(away, criterion) for criterion in watch.criteria if (away := standing.nearness(criterion)) is not None]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _nearest(watch: Watch, registry: Registry) -> Iterator[str]:
    if criterion := nearest(watch):
        indicator = registry.indicators[criterion.indicator]
        limit = standing.threshold(criterion.threshold or 0, indicator)
        away = standing.over_or_under(criterion, indicator)
        yield say(
            "Nærmest en grænse: {name}, {away} {limit}.",
            name=phrases.lower(notation.short(indicator)),
            away=away,
            limit=limit,
        )


def since_last_list(area: Area, registry: Registry) -> Iterator[LeadSentence]:
    """The criteria that have come to be met, or are met no longer, since the list of the year before."""
    watch = first_watch(area)
    before = next((w for w in area.earlier_watches if watch and w.list_name == watch.list_name), None)
    if watch is None or before is None:
        return
    rules = [{(c.indicator, c.sign, c.threshold) for c in each.criteria} for each in (before, watch)]
    if rules[0] != rules[1]:
        return
    then = {criterion.indicator: criterion for criterion in before.criteria}
    turned: dict[bool, list[str]] = {False: [], True: []}
    for criterion in watch.criteria:
        earlier = then[criterion.indicator]
        if None in (criterion.is_met, earlier.is_met) or criterion.is_met == earlier.is_met:
            continue
        indicator = registry.indicators[criterion.indicator]
        numbers = [notation.number(each.value, indicator.decimals) for each in (earlier, criterion)]
        limit = standing.threshold(criterion.threshold or 0, indicator)
        moved = say(
            "{name} fra {then} til {now} (grænse {limit})",
            name=phrases.lower(notation.short(indicator)),
            then=numbers[0],
            now=numbers[1],
            limit=limit,
        )
        turned[bool(criterion.is_met)].append(moved)
    if not any(turned.values()):
        return
    parts = [
        say(
            "er {number} {criteria} {way}",
            number=_number(len(moved)),
            criteria=say("kriterium") if len(moved) == 1 else say("kriterier"),
            way=way,
        )
        for way, moved in ((say("ikke opfyldt længere"), turned[False]), (say("blevet opfyldt"), turned[True]))
        if moved
    ]
    yield LeadSentence(
        say("Siden {year} {parts}:", year=before.year, parts=notation.listed(parts)),
        f"{notation.listed([*turned[False], *turned[True]])}.",
    )


def _stands_out(area: Area, extract: Extract, registry: Registry) -> Iterator[LeadSentence]:
    """The largest sure difference from the municipality; where nothing is held against it, from a threshold."""
    sure = []
    for figure, indicator in shown(area, extract, registry):
        beside = extract.municipality_of(area).figure(indicator.id, extract.year)
        answer = standing.against(figure, beside, "municipality", registry)
        if answer.verdict in ("better", "worse") and answer.value is not None:
            away = strips.distance(figure, answer.value, extract)
            far = away if away is not None else abs(figure.number - answer.value) / 100
            sure.append((far, figure, indicator, answer.value))
    if sure:
        _, figure, indicator, other = max(sure, key=lambda each: each[0])
        value = phrases.amount(figure.number, indicator)
        beside_it = notation.number(other, indicator.decimals)
        interval = f" ({phrases.uncertainty(figure, indicator)})" if figure.interval else ""
        yield LeadSentence(
            say("Størst sikker forskel fra kommunen:"),
            say(
                "{name} er {value}{interval}; i {place} {beside_it}.",
                name=notation.subject(indicator),
                value=value,
                interval=interval,
                place=extract.municipality_of(area).name,
                beside_it=beside_it,
            ),
        )
        return
    yield from _past_a_threshold(area, extract, registry)


def _past_a_threshold(area: Area, extract: Extract, registry: Registry) -> Iterator[LeadSentence]:
    watch = first_watch(area)
    met = [
        (near, criterion)
        for criterion in (watch.criteria if watch else ())
        if criterion.is_met
        and registry.indicators[criterion.indicator].polarity != "neutral"
        and area.figure(criterion.indicator, extract.year).is_shown
        and (near := standing.nearness(criterion)) is not None
    ]
    if not met:
        return
    _, criterion = max(met, key=lambda pair: pair[0])
    indicator = registry.indicators[criterion.indicator]
    figure = area.figure(indicator.id, extract.year)
    rank = standing.rank(figure, extract, indicator)
    noted = phrases.caveats(figure)
    place = say(" Det er {rank} af de områder, der har tallet.", rank=rank.words) if rank else ""
    away = standing.over_or_under(criterion, indicator)
    value = phrases.amount(figure.number, indicator) + (f" ({noted})" if noted else "")
    yield LeadSentence(
        say("Længst fra en grænse, der er overskredet:"),
        say("{name} er {value}, {away}.{place}", name=notation.subject(indicator), value=value, away=away, place=place),
    )


def _moved(area: Area, extract: Extract, registry: Registry) -> Iterator[LeadSentence]:
    """The largest movement that may be told, beside the municipality's; else why none is told."""
    own = {key: headline for (place, key), headline in extract.headlines.items() if place == area.id}
    if own:
        key = max(own, key=lambda name: abs(own[name].lasting))
        headline, indicator = own[key], registry.indicators[key]
        begins = say("Størst sikker ændring siden {before_years}:", before_years=notation.years(headline.before_years))
        yield LeadSentence(begins, movement(headline, indicator))
        return
    figures = [figure for figure, _ in shown(area, extract, registry)]
    if area.id in extract.measured:
        yield LeadSentence(say("Siden årene før planen"), say("har intet hovedtal flyttet sig sikkert."))
    elif figures and not any(figure.interval for figure in figures):
        who = notation.listed(list(dict.fromkeys(_deliverers(area, extract, registry))))
        yield LeadSentence(
            say("Om tallene har flyttet sig sikkert, ved vi ikke:"),
            say("antallene bag andelene er ikke leveret. {who} kan levere dem.", who=who),
        )


def movement(headline: Headline, indicator: Indicator) -> str:
    """From what to what, between which ends, the cautious size, and the municipality in the same years."""
    way = say("faldet") if headline.after < headline.before else say("steget")
    then, now = (notation.number(number, indicator.decimals) for number in (headline.before, headline.after))
    least, most = sorted(map(abs, headline.interval))
    text = say(
        "{name} er {way} fra {then} til {now} procent ({after_years}), {between} procentpoint; "
        "forsigtigt regnet omkring {lasting}.",
        name=notation.subject(indicator),
        way=way,
        then=then,
        now=now,
        after_years=notation.years(headline.after_years),
        between=phrases.between(least, most, indicator),
        lasting=notation.number(abs(headline.lasting)),
    )
    if headline.municipality:
        numbers = [notation.number(number, indicator.decimals) for number in headline.municipality]
        text += say(" Kommunen: fra {then} til {now}.", then=numbers[0], now=numbers[1])
    return text


def _deliverers(area: Area, extract: Extract, registry: Registry) -> Iterator[str]:
    for _, indicator in shown(area, extract, registry):
        yield standing.deliverer(indicator, extract.municipality_of(area), registry)


def _nothing(area: Area, extract: Extract, registry: Registry) -> Iterator[LeadSentence]:
    figures = [area.figure(key, extract.year) for key in extract.indicators]
    municipality = extract.municipality_of(area)
    if all(figure.mark == "not_delivered" for figure in figures):
        yield LeadSentence(
            say("Alle tal for {year} mangler.", year=extract.year),
            say("{name} Kommune kan levere dem.", name=municipality.name),
        )
    else:
        yield LeadSentence(say("Intet tal for {year} kan vises:", year=extract.year), f"{reasons(figures, registry)}.")


def shown(area: Area, extract: Extract, registry: Registry) -> list[tuple[ClearedFigure, Indicator]]:
    """The figures of the year that an area's page draws and that are shown."""
    figures = ((area.figure(i.id, extract.year), i) for i in strips.indicators(area, extract, registry))
    return [(figure, indicator) for figure, indicator in figures if figure.is_shown]


def goals(lines: Sequence[TargetLine]) -> list[str]:
    """How many goals stand how: '✗ 1 ikke på vej', '✓ 2 nået'; what goes wrong first."""
    open_ones = [line for line in lines if not line.is_withdrawn]
    verdicts = Counter(line.verdict for line in open_ones if line.verdict)
    parts = [
        f"{targets.SIGNS[verdict]} {verdicts[verdict]} {phrases.lower(targets.VERDICTS[verdict])}"
        for verdict in ("off_the_way", "cannot_be_told", "on_the_way", "reached")
        if verdicts[verdict]
    ]
    unmeasured = sum(line.not_measurable_because is not None for line in open_ones)
    untold = len(open_ones) - unmeasured - sum(verdicts.values())
    parts += [say("∅ {unmeasured} følges ikke med tal", unmeasured=unmeasured)] if unmeasured else []
    return [*parts, *([say("… {untold} vises ikke", untold=untold)] if untold else [])]


def _goals(lines: Sequence[TargetLine], registry: Registry) -> Iterator[LeadSentence]:
    if not lines:
        return
    example = say(" (eksempler)") if any(line.is_example for line in lines) else ""
    names: dict[str, list[str]] = {}
    for line in lines:
        if line.verdict and line.indicator and not line.is_withdrawn:
            names.setdefault(line.verdict, []).append(
                phrases.lower(notation.short(registry.indicators[line.indicator]))
            )
    parts = [
        f"{phrases.lower(targets.VERDICTS[verdict])}: {notation.listed(list(dict.fromkeys(names[verdict])))}"
        for verdict in ("off_the_way", "cannot_be_told", "on_the_way", "reached")
        if verdict in names
    ]
    parts += [part[2:] for part in goals(lines) if part[0] in "∅…"]
    why = Counter(reason for line in lines if line.verdict == "cannot_be_told" for reason in targets.reasons(line.why))
    because = say(" Den hyppigste grund: {reason}.", reason=why.most_common(1)[0][0]) if why else ""
    yield LeadSentence(say("Målene{example}:", example=example), f"{'; '.join(parts)}.{because}")


# What is missing ------------------------------------------------------------------------------------------------------


def missing(area: Area, extract: Extract, registry: Registry) -> LeadSentence:
    """One line on the figures of the year that are not there: how many, why, and who can deliver them."""
    figures = [area.figure(key, extract.year) for key in extract.indicators]
    gone = [figure for figure in figures if figure.mark == "not_delivered"]
    protected = [figure for figure in figures if figure.mark in registry.extracts.protecting]
    who: dict[str, None] = {}
    for figure in gone:
        who |= {
            standing.deliverer(registry.indicators[figure.indicator], extract.municipality_of(area), registry): None
        }
    parts = []
    if gone:
        parts.append(
            say("{who} kan levere dem i Boligprofils skabelon.", who=phrases.capital(notation.listed(list(who))))
        )
    left = [figure for figure in figures if figure.mark != "not_delivered"]
    others = reasons(left, registry)
    if others:
        begins = say("Andre tal mangler af en anden grund") if gone else say("Tal, der ikke vises")
        parts.append(f"{begins}: {others}.")
    if not protected:
        parts.append(say("Intet tal er skjult."))
    begins = say("Alle {figures} tal er leveret.", figures=len(figures))
    if gone:
        begins = say("{gone} af {figures} tal er ikke leveret.", gone=len(gone), figures=len(figures))
    elif not any(figure.is_shown for figure in figures):
        begins = say("Intet af tallene kan vises.")
    elif others:
        begins = say("Intet tal mangler at blive leveret.")
    return LeadSentence(begins, " ".join(parts))


def reasons(figures: Sequence[ClearedFigure], registry: Registry) -> str:
    """Why figures are not shown, the commonest reasons by name: 'skjult (3), ikke opgjort det år (2) og andet (1)'."""
    met = sorted(phrases.marks_met(figures, registry), key=lambda pair: -pair[1])
    left = sum(count for _, count in met[MOST_REASONS:])
    named = [*met[:MOST_REASONS], *([(say("andet"), left)] if left else [])]
    return notation.listed([f"{label} ({count})" for label, count in named])


# A secretariat --------------------------------------------------------------------------------------------------------


def title(extract: Extract) -> str:
    """The finding of a secretariat's page: how many of its areas are on the list, and of which there is nothing."""
    bare = [area.name for area in extract.areas if not _has_figures(area, extract)]
    watched = [(area, watch) for area in extract.areas if (watch := first_watch(area)) and watch.is_delivered]
    on_list = [area.name for area, watch in watched if watch.on_list]
    # Figures that are kept back are there: we only may not show them.
    how = (
        say("har vi ingen tal")
        if all(_is_undelivered(a, extract) for a in extract.areas if a.name in bare)
        else (say("vises ingen tal"))
    )
    nothing = (
        say(
            "om {bare} {how}",
            bare=notation.listed(bare) if len(bare) < 4 else say("{bare} områder", bare=len(bare)),
            how=how,
        )
        if bare
        else ""
    )
    if not watched:
        return (
            phrases.capital(nothing) if nothing else say("{name}: tal for {year}", name=extract.name, year=extract.year)
        )
    if not on_list:
        known = (
            say("Området er ikke")
            if len(extract.areas) == 1
            else say("Ingen af de {number} områder er", number=_number(len(extract.areas)))
        )
        head = say("{known} på ministeriets liste", known=known)
    elif len(on_list) <= 2:
        head = say("{on_list} er på ministeriets liste", on_list=notation.listed(on_list))
    else:
        several = say(
            "{count} af {areas} områder",
            count=phrases.capital(_number(len(on_list))),
            areas=_number(len(extract.areas)),
        )
        if len(on_list) == len(extract.areas):
            several = say("Alle {number} områder", number=_number(len(on_list)))
        head = say("{several} er på ministeriets liste", several=several)
    return f"{head}; {nothing}" if nothing else head


def _number(count: int) -> str:
    numerals = grammar().numerals
    return numerals[count] if count < len(numerals) else notation.number(count)


def _has_figures(area: Area, extract: Extract) -> bool:
    return any(area.figure(key, extract.year).is_shown for key in extract.indicators)


def _is_undelivered(area: Area, extract: Extract) -> bool:
    return all(area.figure(key, extract.year).mark == "not_delivered" for key in extract.indicators)


def of_secretariat(extract: Extract, registry: Registry) -> tuple[LeadSentence, ...]:
    """Up to five sentences on all areas: on the list, nearest to leaving or joining it, without figures, goals."""
    watched = [(area, watch) for area in extract.areas if (watch := first_watch(area))]
    return (
        *_on_lists(watched),
        *_next_to_turn(watched, registry),
        *_without_figures(extract),
        *_goals_of_all(extract),
    )


def _on_lists(watched: Sequence[tuple[Area, Watch]]) -> Iterator[LeadSentence]:
    delivered = [(area, watch) for area, watch in watched if watch.is_delivered]
    on_list = [(area, watch) for area, watch in delivered if watch.on_list]
    if not on_list:
        if watched and not delivered:
            yield LeadSentence(
                say("Ministeriets liste:"), say("listen for {year} er ikke leveret.", year=watched[0][1].year)
            )
        return
    parts = [
        say(
            "{name} ({met} af {criteria} kriterier)",
            name=area.name,
            met=sum(bool(c.is_met) for c in watch.criteria),
            criteria=len(watch.criteria),
        )
        for area, watch in on_list
    ]
    needed = on_list[0][1].needed
    yield LeadSentence(
        say("På listen for {year}:", year=on_list[0][1].year),
        say("{parts}; {needed} er nok.", parts=notation.listed(parts), needed=needed),
    )


def _next_to_turn(watched: Sequence[tuple[Area, Watch]], registry: Registry) -> Iterator[LeadSentence]:
    """The area whose standing on the list hangs on the nearest threshold, on either side."""
    near: dict[bool, list[tuple[float, Area, Criterion, int]]] = {True: [], False: []}
    for area, watch in watched:
        met = sum(bool(criterion.is_met) for criterion in watch.criteria)
        if not watch.on_list and (watch.size is None or not watch.size.is_met):
            continue
        is_on = bool(watch.on_list)
        if met != (watch.needed if is_on else watch.needed - 1):
            continue
        for criterion in watch.criteria:
            away = standing.nearness(criterion)
            if criterion.is_met is is_on and away is not None:
                near[is_on].append((away, area, criterion, met - 1 if is_on else met + 1))
    for is_on, found in near.items():
        if not found:
            continue
        _, area, criterion, left = min(found, key=lambda each: each[0])
        indicator = registry.indicators[criterion.indicator]
        value = notation.number(criterion.value, indicator.decimals)
        # What is asked to stay on the list must come not to hold, what is asked to come to it must come to.
        turned = replace(criterion, sign=OPPOSITE[criterion.sign]) if is_on else criterion
        limit = criteria.limit(turned, standing.threshold(criterion.threshold or 0, indicator))
        yield LeadSentence(
            say("Nærmest ved at komme af listen:") if is_on else say("Nærmest ved at komme på listen:"),
            say(
                "{area}. Kommer {name} fra {value} til {limit}, og er resten uændret, er {left} opfyldt.",
                area=area.name,
                name=notation.subject(indicator).rstrip(","),
                value=value,
                limit=limit,
                left=say("kun {left}", left=left) if is_on else left,
            ),
        )


def _without_figures(extract: Extract) -> Iterator[LeadSentence]:
    every = [area for area in extract.areas if not _has_figures(area, extract)]
    if kept := [area.name for area in every if not _is_undelivered(area, extract)]:
        yield LeadSentence(
            f"{notation.listed(kept)}:",
            say("intet tal for {year} kan vises; hvorfor står på siden.", year=extract.year),
        )
    bare = [area for area in every if _is_undelivered(area, extract)]
    if bare:
        who = list(dict.fromkeys(say("{name} Kommune", name=extract.municipality_of(area).name) for area in bare))
        shown_names = [area.name for area in bare[:5]]
        names = shown_names + ([say("{bare} andre", bare=len(bare) - 5)] if len(bare) > 5 else [])
        can = say("{who} kan levere dem.", who=notation.listed(who))
        yield LeadSentence(
            f"{notation.listed(names)}:", say("alle tal for {year} mangler. {can}", year=extract.year, can=can)
        )


def _goals_of_all(extract: Extract) -> Iterator[LeadSentence]:
    lines = [line for area in extract.areas for line in area.targets]
    if not lines:
        return
    example = say(" (eksempler)") if any(line.is_example for line in lines) else ""
    yield LeadSentence(
        say("Målene{example}:", example=example), f"{notation.listed([part[2:] for part in goals(lines)])}."
    )
