"""What must be read beside the figures, in words: caveats, definitions, marks, what compares with what, what changed.

The two files are plain text: mail gateways of municipalities stop pages and macros but let text through, and a double
click opens it anywhere. The mark at its beginning tells Windows the letters, its line ends suit Notepad.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from itertools import groupby
from operator import attrgetter

from flows.extracts import phrases, words
from flows.extracts.model import ChangeLine, ClearedFigure, Extract, Place
from flows.present import notation
from flows.present.language import Words, say
from schemas import labels
from schemas.indicators import Indicator
from schemas.registry import Registry

NOT_SHOWN = "Tal, der ikke er vist"
NO_AREAS = (
    "Boligprofil kender intet støttet boligområde hos sekretariatet i denne udgivelse. "
    "Derfor er der kun tal for kommunen og hele landet."
)
HELD_BACK = (
    "Nogle rettelser er holdt tilbage i denne udgivelse: tallene står, som de stod sidst, fordi forskellen kunne "
    "fortælle om enkelte personer. Hvilke tal og hvilke steder det gælder, kan ikke siges. Det kan også være tal, som "
    "I ikke får."
)
POLARITIES = Words(
    {
        "high_is_better": "Et højt tal er godt: stiger det, går det den gode vej.",
        "high_is_worse": "Et lavt tal er godt: falder det, går det den gode vej.",
        "neutral": "Hverken højt eller lavt er godt i sig selv.",
    }
)
NOT_A_MARK = (
    ("0", "nul", "Et nul er et rigtigt tal. Det er hverken skjult eller mangler."),
    (
        notation.ABSENT,
        "intet i feltet",
        "Der er intet at skrive her: tallet er ikke vist, eller det, som kolonnen hedder, findes ikke for det.",
    ),
)
READING = (
    ("Hvad tallene siger", "Tallene siger, hvordan det står til. De siger ikke hvorfor, eller hvad en plan har gjort."),
    (
        "Usikkerhed",
        "Tal for små områder svinger fra år til år ved et tilfælde. Usikkerheden er to tal. Uden tilfældets sving "
        "ville tallet efter al sandsynlighed ligge imellem dem (et 95\N{NO-BREAK SPACE}%-interval).",
    ),
    (
        "Usikkerhed ukendt",
        "Står der 'usikkerhed ukendt', ved vi ikke, hvor mange der står bag tallet, eller det kan ikke regnes ud. "
        "Så kan ingen sige, om en forskel er et tilfælde.",
    ),
    (
        "Gunstigere og ugunstigere",
        "'Gunstigere' og 'ugunstigere' siges om tal, ikke om områder, og kun når hele usikkerheden ligger på samme "
        "side af det tal, der sammenlignes med. Ellers står der 'ingen sikker forskel'.",
    ),
    (
        "Højere og lavere",
        "Når hverken højt eller lavt er godt i sig selv, står der kun 'højere' eller 'lavere'.",
    ),
    (
        "Gennemsnit over flere år",
        "Nogle tal er gennemsnit over to år eller flere. Det står ved tallet. Sammenlign dem ikke med tal for ét år. "
        "To gennemsnit, der deler år, kan heller ikke vise, hvad der skete fra det ene til det andet.",
    ),
    (
        "Gentagne tal",
        "Nogle år gentager kilden et tal fra et tidligere år. Det står ved tallet. Det er ikke målt igen, "
        "så det viser ikke, at alt er, som det var.",
    ),
    (
        "Foreløbige og skønnede tal",
        "Et foreløbigt tal kan blive rettet. Et skønnet tal er ikke talt op.",
    ),
    (
        "Kommune og land",
        "Sammenlign andele, ikke antal. En kommune har altid flere beboere end et boligområde.",
    ),
    (
        "Tvillinger",
        "Tvillinger er andre områder, der lignede området, før helhedsplanen begyndte. Tallet er andelen blandt de "
        "tvillinger, hvis tal må vises.",
    ),
    (
        "Andre afgrænsninger",
        "Nogle tal er offentliggjort for en anden afgrænsning af området. De står for sig og kan hverken lægges "
        "sammen med områdets egne tal eller sammenlignes med dem.",
    ),
    (
        "Retning",
        "'Stigende' og 'faldende' skrives kun, når fem år i træk peger samme vej, mere end et tilfælde forklarer.",
    ),
    ("Afrunding", "Tallene er rundet af, som de står i rapporten."),
)
WIDTH = 88


# Figures --------------------------------------------------------------------------------------------------------------


def shown(figure: ClearedFigure, number: float | None, indicator: Indicator) -> float | None:
    """A number of the figure in the indicator's decimals, never −0; None where the figure has a mark in its place."""
    return None if figure.mark or number is None else rounded(number, indicator)


def rounded(number: float, indicator: Indicator) -> float:
    """The number in the indicator's decimals, never −0: more of them could give away counts that are not shown."""
    return round(float(number), indicator.decimals) + 0.0


def uncertainty(figure: ClearedFigure, indicator: Indicator) -> str:
    """The figure's 95 % interval in words: '40,1–46,5', 'usikkerhed ukendt', or a dash where it can have none."""
    if figure.mark or indicator.kind == "count":
        return notation.ABSENT
    known = words.interval(figure, indicator)
    return say(phrases.NO_INTERVAL) if known == notation.ABSENT else known


def limits(figure: ClearedFigure) -> list[str]:
    """What limits what the figure may be compared with: years of its mean, the year it repeats, how settled it is."""
    remarks = phrases.limits(figure)
    if figure.is_shown and figure.status and figure.status in words.UNSETTLED:
        remarks.append(words.UNSETTLED[figure.status])
    return remarks


def caveats(figure: ClearedFigure, registry: Registry) -> list[str]:
    """All that a reader must know of the figure where it is shown, or its mark in words where it is not."""
    if figure.mark:
        return [say(registry.extracts.mark[figure.mark].label_da)]
    remarks = limits(figure)
    if figure.is_published:
        remarks.append(
            say("offentliggjort af {publisher}", publisher=phrases.publisher(figure, registry) or say("kilden"))
        )
    if figure.interval is None and registry.indicators[figure.indicator].kind != "count":
        remarks.append(say(phrases.NO_INTERVAL))
    return remarks


def not_marks() -> list[tuple[str, str, str]]:
    """What stands in place of nothing and is no mark: how it is written, its word, what it means."""
    return [(code, say(label), say(meaning)) for code, label, meaning in NOT_A_MARK]


def reading(extract: Extract) -> tuple[tuple[str, str], ...]:
    """How the figures of an extract are read: topics and what is said of them."""
    read = tuple((say(topic), say(text)) for topic, text in READING)
    if extract.rounded_to is None:
        return read
    return (*read, (say("Afrunding"), words.rounding_read(extract.rounded_to)))


def direction(figure: ClearedFigure) -> str:
    """The figure's recent trend in words, or why there is none; a dash where the figure has a mark."""
    if figure.mark:
        return notation.ABSENT
    if figure.trend:
        return f"{words.TREND_SIGNS[figure.trend]} {words.TRENDS[figure.trend]}"
    why = words.NO_TREND.get(figure.trend_missing_reason or "")
    return say("kan ikke siges: {why}", why=why) if why else notation.ABSENT


def places(extract: Extract) -> list[tuple[Place, Place | None]]:
    """Every place of the extract, and the area that it stands beside."""
    every: list[tuple[Place, Place | None]] = []
    for area in extract.areas:
        every += [(area, None), *((beside, area) for beside in (area.twins, *area.other_boundaries))]
    return [*every, *((place, None) for place in (*extract.municipalities, extract.country))]


def marks(extract: Extract) -> set[str]:
    """The marks that a reader of the extract meets, in any place or among its changes."""
    met = {figure.mark for place, _ in places(extract) for figure in place.figures.values()}
    met |= {mark for line in extract.changes for mark in (line.before_mark, line.now_mark)}
    return {mark for mark in met if mark}


# Definitions ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Definition:
    """What an indicator means, each in words for a reader."""

    theme: str
    label: str
    definition: str
    counted: str
    unit: str
    good: str
    uncertainty: str
    publisher: str
    comparable: str


# The facts of a definition behind its label, as the file of definitions calls them.
TERMS = ("Betyder", "Tæller", "Enhed", "God vej", "Usikkerhed", "Udgiver", "Sammenlign")


def by_theme(extract: Extract, registry: Registry) -> list[Indicator]:
    """The extract's indicators by theme, in the registry's order within each."""
    themes = list(labels.OUTCOME_GROUPS)
    indicators = [registry.indicators[name] for name in extract.indicators]
    return sorted(indicators, key=lambda indicator: themes.index(indicator.indicator_group or "background"))


def define(extract: Extract, registry: Registry) -> list[Definition]:
    """The definitions of the indicators that any place has a figure of, by theme, in the registry's order in each."""
    shown: dict[str, list[ClearedFigure]] = {}
    for place, _ in places(extract):
        for (key, _), figure in place.figures.items():
            if figure.is_shown:
                shown.setdefault(key, []).append(figure)
    return [
        Definition(
            say(labels.OUTCOME_GROUPS[indicator.indicator_group or "background"]),
            say(indicator.label_da),
            say(indicator.definition_da),
            notation.sentence(say(indicator.population_da)),
            notation.sentence(say(indicator.unit_da)),
            POLARITIES[indicator.polarity],
            _how_uncertain(indicator),
            notation.sentence(_publishers(shown[indicator.id], registry)),
            _comparable(shown[indicator.id], indicator),
        )
        for indicator in by_theme(extract, registry)
        if indicator.id in shown
    ]


def _how_uncertain(indicator: Indicator) -> str:
    if indicator.kind == "count":
        return say("Alle er talt med, så tallet har ingen usikkerhed.")
    if indicator.interval is None:
        return say("Kan ikke regnes ud for det, som tallet tæller.")
    return say("Regnes ud, hvor antallene bag tallet er leveret.")


def _publishers(figures: Iterable[ClearedFigure], registry: Registry) -> str:
    named = {name for figure in figures if (name := phrases.publisher(figure, registry))}
    return notation.listed(sorted(named)) if named else say(phrases.NO_PUBLISHER)


def _comparable(figures: Iterable[ClearedFigure], indicator: Indicator) -> str:
    """Years whose figures do not compare with the others, at one place at least."""
    means: dict[int, set[int]] = {}
    repeated = set()
    for figure in figures:
        if figure.window_years and figure.is_mean:
            means.setdefault(figure.window_years, set()).add(figure.year)
        if figure.repeats_year:
            repeated.add(figure.year)
    sentences = [
        say("Gennemsnit over {window} år, mindst ét sted: {means}.", window=window, means=notation.years(means[window]))
        for window in sorted(means)
    ]
    if repeated:
        sentences.append(
            say("Kilden gentager et tidligere års tal, mindst ét sted: {repeated}.", repeated=notation.years(repeated))
        )
    if indicator.kind == "count":
        sentences.append(say("Antal kan følges fra år til år, men ikke sammenlignes mellem store og små steder."))
    return " ".join(sentences) or say("Årene kan sammenlignes, når usikkerheden regnes med.")


# Changes --------------------------------------------------------------------------------------------------------------

CORRECTED, HIDDEN, SHOWN, NEW, OTHER_MARK, GONE = (
    "rettet",
    "vises ikke længere",
    "vises nu",
    "nyt",
    "mangler af en anden grund",
    "er taget ud",
)
HAPPENED = Words(
    {
        CORRECTED: "Tal, der er rettet",
        HIDDEN: "Tal, der ikke vises længere",
        GONE: "Tal, der er taget ud",
        SHOWN: "Tal, der vises nu",
        OTHER_MARK: "Tal, der mangler af en anden grund end før",
        NEW: "Nyt siden sidst",
    }
)


def happened(change: ChangeLine) -> str:
    """What happened to a figure since the last release: one of HAPPENED."""
    if change.now is None and change.now_mark is None:
        return GONE
    if change.before is None and change.before_mark is None:
        return NEW
    if change.before_mark:
        return OTHER_MARK if change.now_mark else SHOWN
    return HIDDEN if change.now_mark else CORRECTED


def one_side(number: float | None, mark: str | None, indicator: Indicator, registry: Registry) -> str:
    """A figure before or after a change: '43,0 %', 'skjult', or 'ikke med'."""
    if mark:
        return say(registry.extracts.mark[mark].label_da)
    return say("ikke med") if number is None else notation.valued(number, indicator)


def in_order(extract: Extract, registry: Registry) -> list[ChangeLine]:
    """The changes by place, what happened, indicator and year, in the extract's order of places and indicators."""
    known = list(dict.fromkeys(place.name for place, _ in places(extract)))
    kinds, indicators = list(HAPPENED), list(registry.indicators)

    def place(change: ChangeLine) -> tuple[int, str, int, int, int]:
        at = known.index(change.place) if change.place in known else len(known)
        return at, change.place, kinds.index(happened(change)), indicators.index(change.indicator), change.year

    return sorted(extract.changes, key=place)


def written(extract: Extract) -> Iterator[tuple[str, str]]:
    """Texts that came with deliveries: the place that each is about, and the text."""
    yield extract.name, extract.name
    for place in (*extract.municipalities, extract.country):
        yield place.name, place.name
    for area in extract.areas:
        words_of = [area.name, *area.plans, *(place.name for place in (area.twins, *area.other_boundaries))]
        words_of += [text for target in area.targets for text in (target.plan, target.goal) if text]
        yield from ((area.name, text) for text in dict.fromkeys(words_of))


def since(extract: Extract) -> str:
    """What the changes are counted from, and how many there are."""
    if extract.previous is None:
        return say("Dette er den første udgivelse. Der er intet at sammenligne med.")
    if not extract.changes:
        return say("Ingen tal er ændret siden udgivelse {previous}.", previous=extract.previous)
    counts = Counter(happened(change) for change in extract.changes)
    parts = [f"{HAPPENED[kind].lower()}: {notation.number(counts[kind])}" for kind in HAPPENED if counts[kind]]
    many = notation.many(len(extract.changes), "ændring", "ændringer")
    return say(
        "{changes} siden udgivelse {previous}. {parts}",
        changes=many,
        previous=extract.previous,
        parts=notation.sentence("; ".join(parts)),
    )


# Files ----------------------------------------------------------------------------------------------------------------


def definitions(extract: Extract, registry: Registry) -> str:
    """The file of definitions and marks: text to be encoded as UTF-8, its byte order mark and line ends included."""
    return _file(_definition_lines(extract, registry))


def change_log(extract: Extract, registry: Registry) -> str:
    """The file of changes since the last release: text to be encoded as UTF-8, with byte order mark and line ends."""
    return _file(_change_lines(extract, registry))


def _file(lines: Iterable[str]) -> str:
    return "\N{BYTE ORDER MARK}" + "".join(f"{line}\r\n" for line in lines)


def _definition_lines(extract: Extract, registry: Registry) -> Iterator[str]:
    defined = define(extract, registry)
    themes = list(dict.fromkeys(definition.theme for definition in defined))
    yield from _head(say("Definitioner: hvad tallene betyder"), extract)
    yield from _wrapped(
        say(
            "Her står, hvad hvert tal betyder, hvem det tæller, og hvad der må sammenlignes. Filen "
            "hører til regnearket, rapporten og siderne fra samme udgivelse."
        )
    )
    yield from ("", say("Indhold"))
    parts = [say("Når der intet tal står"), say("Sådan læses tallene"), *themes]
    yield from (f"  {number}. {part}" for number, part in enumerate(parts, 1))
    yield from _part(1, parts[0])
    yield from _wrapped(say("I stedet for et tal kan der stå et mærke. Et mærke er aldrig et nul."))
    marks = [(mark.code, say(mark.label_da), say(mark.meaning_da)) for mark in registry.extracts.mark.values()]
    for code, label, meaning in (*marks, *not_marks()):
        yield ""
        yield f"{code:<5}{label}"
        yield from _wrapped(meaning, 5)
    yield from _part(2, parts[1])
    for at, (topic, text) in enumerate(reading(extract)):
        if at:
            yield ""
        yield topic
        yield from _wrapped(text, 5)
    for number, theme in enumerate(themes, 3):
        yield from _part(number, theme)
        for at, definition in enumerate(definition for definition in defined if definition.theme == theme):
            if at:
                yield ""
            yield definition.label
            for term, text in zip(TERMS, astuple(definition)[2:], strict=True):
                yield from _wrapped(text, 19, f"     {say(term) + ':':<14}")
    labels_of = {definition.label for definition in defined}
    left = [
        say(indicator.label_da) for indicator in by_theme(extract, registry) if say(indicator.label_da) not in labels_of
    ]
    if left:
        yield from _part(len(themes) + 3, say(NOT_SHOWN))
        yield from _wrapped(say("Tal, der ikke er vist noget sted i denne udgivelse: {names}.", names="; ".join(left)))


def _change_lines(extract: Extract, registry: Registry) -> Iterator[str]:
    yield from _head(say("Ændringer siden sidste udgivelse"), extract)
    yield from _wrapped(since(extract))
    if extract.holds_back:
        yield ""
        yield from _wrapped(say(HELD_BACK))
    if not extract.changes:
        return
    yield ""
    yield from _wrapped(
        say(
            "Brug altid tallene fra den nyeste udgivelse. Har I brugt et tal, der er rettet, så "
            "skift det ud. Et tal, der ikke vises længere, må heller ikke bruges længere."
        )
    )
    for number, (place, of_place) in enumerate(groupby(in_order(extract, registry), attrgetter("place")), 1):
        yield from _part(number, place)
        for at, (kind, changes) in enumerate(groupby(of_place, happened)):
            yield from ([""] if at else [])
            yield f"{HAPPENED[kind]}:"
            for change in changes:
                yield from _wrapped(_change(change, kind, registry), 7, "     - ")


def _change(change: ChangeLine, kind: str, registry: Registry) -> str:
    indicator = registry.indicators[change.indicator]
    before = one_side(change.before, change.before_mark, indicator, registry)
    now = one_side(change.now, change.now_mark, indicator, registry)
    name = f"{say(indicator.label_da)}, {change.year}"
    return f"{name}: {now}" if kind == NEW else say("{name}: før {before}, nu {now}", name=name, before=before, now=now)


def _head(title: str, extract: Extract) -> Iterator[str]:
    for mark, meaning in words.banners(extract):
        yield from _wrapped(f"{mark}: {meaning}")
    yield ""
    yield title.upper()
    yield say(
        "{name}, tal for {year}, udgivelse {release}", name=extract.name, year=extract.year, release=extract.release
    )
    yield "=" * WIDTH
    yield ""
    if not extract.areas:
        yield from _wrapped(say(NO_AREAS))
        yield ""


def _part(number: int, title: str) -> Iterator[str]:
    yield from ("", "", f"{number}. {title.upper()}", "-" * WIDTH)


def _wrapped(text: str, indent: int = 0, first: str | None = None) -> list[str]:
    """The text in lines of WIDTH, indented; `first` stands before the first of them."""
    begins = " " * indent if first is None else first
    return textwrap.wrap(
        text, WIDTH, initial_indent=begins, subsequent_indent=" " * indent, break_on_hyphens=False
    ) or [begins.rstrip()]
