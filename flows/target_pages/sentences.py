"""A target in words: what was wanted, how it stands, what moved around it, what can be seen at all, and what cannot."""

from dataclasses import dataclass

from flows.present import goal_line, goals, notation, vocabulary
from flows.present.pictures import Picture
from flows.publish.plans_read import Row, Target
from flows.target_pages import charts
from flows.target_pages.standing import standing
from schemas.indicators import Indicator
from schemas.registry import Registry

# Why two years of an area cannot be compared.
APART = (
    "no_start_figure",
    "repeated_figure",
    "boundary_break",
    "definition_break",
    "other_window",
    "other_owner",
    "overlapping_windows",
)


@dataclass(frozen=True)
class Verdict:
    """A verdict as it is shown: a sign and a word, the year of its figure, and its kind."""

    sign: str
    word: str
    year: int
    kind: str
    meaning: str
    kind_meaning: str

    @property
    def short(self) -> str:
        """'↗ På vej (2011)'."""
        return f"{self.sign} {self.word} ({self.year})"


@dataclass(frozen=True)
class TargetArticle:
    """A target as its page shows it; `parts` stand below it, `elsewhere` are parts that stand among the shared ones."""

    number: str
    anchor: str
    goal: str
    set_by: str
    is_shared: bool
    is_withdrawn: bool
    part_of: str | None
    facts: tuple[tuple[str, str], ...]
    versions: tuple[str, ...]
    unmeasured: str
    verdict: Verdict | None
    why: str
    charts: tuple[Picture, ...]
    years: tuple[tuple[str, ...], ...]
    around: tuple[str, ...]
    visible: tuple[str, ...]
    unknown: tuple[str, ...]
    parts: tuple["TargetArticle", ...]
    elsewhere: tuple[tuple[str, str], ...]


def banners(origin: str, is_example: bool) -> list[tuple[str, str]]:
    """What must stand above everything else: a mark, and what it means."""
    shown = [vocabulary.INTERNAL]
    if origin == "synthetic":
        shown.append(vocabulary.SYNTHETIC)
    if is_example:
        shown.append(vocabulary.EXAMPLE)
    return [(mark, meaning) for mark, _, meaning in (banner.partition(": ") for banner in shown)]


def anchor(number: str) -> str:
    """Where a target stands on its page; what is no digit or letter of ASCII stands as its code point."""
    return "maal-" + "".join(
        letter if letter.isascii() and letter.isalnum() else f"-{ord(letter):x}-" for letter in number
    )


def article(target: Target, municipality: str, registry: Registry, is_first: bool = False) -> TargetArticle:
    """The target and its parts. `is_first`: it stands among the shared indicators, where its shared parts stand too."""
    row = target.row
    is_judged = target.is_measurable and not row["is_withdrawn"]
    indicator = registry.indicators[row["indicator"]] if target.is_measurable else None
    is_drawn = is_judged and any(year["value"] is not None for year in target.years)
    shared = [] if is_first else [part for part in target.parts if is_shown_first(part)]
    return TargetArticle(
        row["target_no"],
        anchor(row["target_no"]),
        row["goal"],
        f"Sat den {notation.day(_first(target)['set_on'])} af {_first(target)['set_by']}.",
        row["is_shared"],
        row["is_withdrawn"],
        row["parent_no"],
        _facts(target, indicator),
        _versions(target, registry),
        "" if target.is_measurable else vocabulary.NOT_MEASURABLE.get(row["not_measurable_because"], ""),
        verdict_of(target) if is_judged else None,
        goals.why(standing(target, municipality, registry)) if is_judged else "",
        _drawn(target, indicator, municipality, registry) if is_drawn and indicator else (),
        _years(target, indicator) if is_drawn and indicator else (),
        _around(target, indicator, municipality) if is_judged and indicator else (),
        _visible(row, indicator) if is_judged and indicator else (),
        _unknown(target) if is_judged and indicator else (),
        tuple(article(part, municipality, registry, is_first) for part in target.parts if part not in shared),
        tuple((part.row["target_no"], anchor(part.row["target_no"])) for part in shared),
    )


def is_shown_first(target: Target) -> bool:
    """The target is one on a shared indicator that is still in force: these come before all others."""
    return bool(target.row["is_shared"]) and not target.row["is_withdrawn"]


def verdict_of(target: Target) -> Verdict | None:
    """The verdict of the newest year with a figure; None where no year has one."""
    newest = target.newest
    if newest is None:
        return None
    verdict, kind = newest["target_verdict"], newest["verdict_kind"]
    return Verdict(
        vocabulary.SIGNS[verdict],
        vocabulary.VERDICTS[verdict],
        newest["year"],
        vocabulary.KINDS[kind] if kind else "",
        vocabulary.MEANINGS[verdict],
        vocabulary.KIND_MEANINGS[kind] if kind else "",
    )


def aim(row: Row, indicator: Indicator) -> str:
    """'Skal falde fra 43,1 % i 2008 til 38,0 % i 2013.' The starting value is the one that the plan states.

    Empty where a line that gives a target up leaves out what it was.
    """
    if row["direction"] is None or row["target_value"] is None or row["target_year"] is None:
        return ""
    way = vocabulary.DIRECTIONS[row["direction"]].capitalize()
    start = (
        ""
        if row["start_value"] is None
        else f" fra {notation.valued(row['start_value'], indicator)} i {row['start_year']}"
    )
    return f"{way}{start} til {notation.valued(row['target_value'], indicator)} i {row['target_year']}."


def _first(target: Target) -> Row:
    return target.earlier[0].row if target.earlier else target.row


def _facts(target: Target, indicator: Indicator | None) -> tuple[tuple[str, str], ...]:
    row = target.row
    facts = []
    if indicator:
        facts += [("Måles ved", f"{indicator.label_da}: {indicator.definition_da}")]
    if row["area_name"]:
        facts += [("Område", row["area_name"])]
    if row["target_population"]:
        facts += [("Planens målgruppe", row["target_population"])]
    if indicator and (wanted := aim(row, indicator)):
        facts += [("Mål", wanted)]
    if indicator and not row["is_withdrawn"]:
        facts += [("Startværdi", _start(row, indicator))]
    if target.earlier:
        facts += [("Ændret", f"Den {notation.day(row['set_on'])} af {row['set_by']}.")]
    return tuple(facts)


def _start(row: Row, indicator: Indicator) -> str:
    """Whether the starting value that the plan states is what the figures show, and what the path begins from."""
    agreement = notation.sentence(vocabulary.START_CHECKS[row["start_check"]])
    if row["start_check"] == "no_figure":
        return f"{agreement} Vejen er regnet fra planens eget tal."
    if row["start_check"] == "equal":
        return agreement
    return f"{agreement} Tallene viser {notation.valued(row['start_figure'], indicator)}, og vejen er regnet derfra."


def _versions(target: Target, registry: Registry) -> tuple[str, ...]:
    """What the target was before, and how it would have stood, so that a revision hides nothing."""
    versions = []
    for place, version in enumerate(target.earlier):
        row = version.row
        name = "Oprindeligt mål" if place == 0 else f"{place}. ændring"
        wanted = aim(row, registry.indicators[row["indicator"]]) if version.is_measurable else f"»{row['goal']}«."
        if row["is_withdrawn"]:
            wanted = "opgivet."
        dated = f"Sat den {notation.day(row['set_on'])}, afløst den {notation.day(row['replaced_on'])}."
        verdict = verdict_of(version)
        measured = f" Målt mod det: {verdict.sign} {verdict.word.lower()} i {verdict.year}." if verdict else ""
        versions.append(f"{name}: {wanted} {dated}{measured}")
    return tuple(versions)


def _drawn(target: Target, indicator: Indicator, municipality: str, registry: Registry) -> tuple[Picture, ...]:
    """The newest figure against the target, and the course; only the course where no figure is newer than the start."""
    row, newest = target.row, target.newest
    drawings = []
    if newest:
        found, planned = standing(target, municipality, registry), charts.planned(row, newest)
        caption = _line_caption(row, newest, indicator)
        heading = f"Nyeste tal mod målet, {newest['year']} ({indicator.unit_short_da})"
        drawings.append(Picture((heading,), goal_line.svg(found, planned), found.in_words, caption))
    drawings.append(
        Picture(
            (f"Forløbet {row['start_year']}–{row['target_year']} ({indicator.unit_short_da})",),
            charts.course(row, target.years, indicator),
            _course_in_words(target, indicator),
            _course_caption(target),
        )
    )
    return tuple(drawings)


def _line_caption(row: Row, newest: Row, indicator: Indicator) -> str:
    """The numbers on the line, each behind its sign."""
    start = row["start_figure"] if row["start_figure"] is not None else row["start_value"]
    parts = [f"○ start {row['start_year']}: {notation.valued(start, indicator)}"] if start is not None else []
    parts.append(f"◆ tal {newest['year']}: {notation.valued(newest['value'], indicator)}")
    if newest["ci_low"] is not None:
        parts.append("streg: tallets usikkerhed (95 %-interval)")
    if (planned := charts.planned(row, newest)) is not None:
        parts.append(f"stiplet: planlagt {newest['year']}: {notation.valued(planned, indicator)}")
    parts.append(f"| mål {row['target_year']}: {notation.valued(row['target_value'], indicator)}")
    broken = "" if charts.break_before([newest]) is None else " Mellem startårets tal og det nyeste er der et brud."
    return notation.sentence("; ".join(parts)) + broken + _no_whisker([newest])


def _course_in_words(target: Target, indicator: Indicator) -> str:
    row = target.row
    begin = row["start_figure"] if row["start_figure"] is not None else row["start_value"]
    parts = []
    for year in target.years:
        if year["value"] is None:
            parts.append(f"{year['year']}: intet tal")
            continue
        limits = notation.interval(year["ci_low"], year["ci_high"], indicator)
        known = "" if limits == notation.ABSENT else f" ({limits})"
        parts.append(f"{year['year']}: {notation.valued(year['value'], indicator)}{known}")
    path = (
        f" Stiplet vej fra {notation.valued(begin, indicator)} i {row['start_year']} til målet"
        f" {notation.valued(row['target_value'], indicator)} i {row['target_year']}."
    )
    return f"Tal år for år med 95 %-interval. {'; '.join(parts)}.{path if begin is not None else ''}"


def _course_caption(target: Target) -> str:
    known = [year for year in target.years if year["value"] is not None]
    parts = ["● tallet år for år"]
    if any((year["window_years"] or 1) > 1 for year in known):
        parts.append("hul rude: gennemsnit over flere år")
    if any("repeated_figure" in (year["why"] or "") for year in known):
        parts.append("hul prik: kilden gentager startårets tal")
    if (broken := charts.break_before(known)) is not None:
        year = next(year for year in known if year["year"] == broken)
        why = next(reason for reason in (year["why"] or "").split("; ") if reason in charts.BREAKS)
        parts.append(f"lodret stiplet linje: brud fra {broken}, {vocabulary.WHY[why]}")
    if any(year["ci_low"] is not None for year in known):
        parts.append("lodret streg: 95 %-interval")
    shapes = notation.sentence("; ".join([*parts, "stiplet: lige vej til målet"]))
    missing = [year for year in target.years if year["value"] is None and year["year"] < known[-1]["year"]]
    gaps = "".join(
        f" × {year['year']}: tallet er {vocabulary.MISSING.get(year['missing_reason'], 'ikke leveret')}."
        for year in missing
    )
    return shapes + _no_whisker(known) + gaps


def _no_whisker(rows: list[Row]) -> str:
    """Why there is no interval, where there is none."""
    bare = [row for row in rows if row["ci_low"] is None or row["ci_high"] is None]
    if not bare:
        return ""
    whole = len(bare) == len(rows)
    why = {reason for row in bare for reason in (row["why"] or "").split("; ")} & {
        "no_interval_for_basis",
        "counts_not_delivered",
    }
    because = "; ".join(vocabulary.WHY[reason] for reason in sorted(why)) or vocabulary.WHY["counts_not_delivered"]
    which = "Ingen usikkerhed er vist" if whole else f"Ingen usikkerhed for {notation.years(r['year'] for r in bare)}"
    return f" {which}: {because}."


def _years(target: Target, indicator: Indicator) -> tuple[tuple[str, ...], ...]:
    """A row per year: year, figure, interval, planned, change, its interval, verdict, why."""
    rows = []
    for year in target.years:
        missing = vocabulary.MISSING.get(year["missing_reason"], "ikke leveret")
        verdict = year["target_verdict"] if year["value"] is not None else None
        reasons = vocabulary.reasons(year["why"]) if year["value"] is not None else []
        settled = vocabulary.STATUSES[year["status"]] if year["status"] in ("provisional", "estimated") else ""
        kind = vocabulary.KINDS[year["verdict_kind"]] if verdict and year["verdict_kind"] else ""
        rows.append(
            (
                str(year["year"]),
                notation.valued(year["value"], indicator) if year["value"] is not None else f"({missing})",
                notation.interval(year["ci_low"], year["ci_high"], indicator),
                notation.valued(year["expected_value"], indicator),
                notation.changed(year["change_start"], indicator),
                notation.span(year["change_start_low"], year["change_start_high"], indicator),
                f"{vocabulary.SIGNS[verdict]} {vocabulary.VERDICTS[verdict]}" if verdict else notation.ABSENT,
                "; ".join(part for part in (*reasons, settled, kind) if part) or notation.ABSENT,
            )
        )
    return tuple(rows)


def _around(target: Target, indicator: Indicator, municipality: str) -> tuple[str, ...]:
    """The area's own change, and what the municipality, the country and the twins did in the same years."""
    newest, row = target.newest, target.row
    if newest is None:
        return ()
    span = f"Fra {row['start_year']} til {newest['year']}"
    if newest["change_start"] is None:
        apart = [reason for reason in (newest["why"] or "").split("; ") if reason in APART]
        why = f": {'; '.join(vocabulary.WHY[reason] for reason in apart)}" if apart else ""
        return (f"{span} kan områdets ændring ikke opgøres{why}. Derfor er den heller ikke holdt op mod andres.",)
    limits = notation.span(newest["change_start_low"], newest["change_start_high"], indicator)
    known = "usikkerheden er ukendt" if limits == notation.ABSENT else f"95 %-interval {limits}"
    sentences = [
        f"{span} ændrede områdets tal sig med {notation.changed(newest['change_start'], indicator)} ({known})."
    ]
    for name, place in (("municipality", f"kommunens tal ({municipality})"), ("country", "hele landets tal")):
        change = newest[f"{name}_change"]
        sentences.append(
            f"I de samme år mangler {place} for mindst ét af årene."
            if change is None
            else f"I de samme år ændrede {place} sig med {notation.changed(change, indicator)}."
        )
    if newest["twin_change"] is not None:
        change = notation.changed(newest["twin_change"], indicator)
        sentences.append(f"I de samme år ændrede tvillingernes gennemsnit sig med {change}.")
    else:
        why = vocabulary.TWINS_MISSING.get(newest["twin_change_missing_reason"], vocabulary.TWINS_MISSING["no_figure"])
        sentences.append(f"Ingen sammenligning med tvillinger: {why}.")
    return tuple(sentences)


def _visible(row: Row, indicator: Indicator) -> tuple[str, ...]:
    """What the figures could show at all: the smallest visible change against the step, and how often it was taken."""
    step, least, moved, compared = row["step_size"], row["visible_change"], row["moved_areas"], row["moved_of_areas"]
    years = notation.many(row["target_year"] - row["start_year"], "år", "år")
    sentences = []
    if least is not None:
        count = row["visible_count"]
        people = f", altså omkring {notation.counted(count, indicator)}," if count is not None else ""
        sentences.append(
            f"I et område af denne størrelse skal tallet flytte sig mindst {_size(least, indicator)}{people} før det "
            f"nogenlunde sikkert kan ses (i fire af fem tilfælde)."
        )
    if step is not None and least is not None:
        is_long = "Det er langt nok til at kunne ses" if row["step_is_visible"] else "Det er for kort til at kunne ses"
        sentences.append(f"Fra start til mål er der {_size(step, indicator)}. {is_long}.")
    elif step is not None:
        size, why = _size(step, indicator), _why_unseen(row, indicator)
        sentences.append(f"Fra start til mål er der {size}. Om det kan ses, ved vi ikke: {why}.")
    if compared:
        sentences.append(
            f"{notation.many(moved, 'område', 'områder')} af {notation.number(compared)} har nogensinde flyttet sig "
            f"mindst så langt den vej på {years}, også dem, der gjorde det ved et tilfælde."
        )
    elif compared == 0:
        sentences.append(
            f"Om noget område har flyttet sig så langt på {years}, ved vi ikke: ingen har to tal med {years} imellem, "
            f"der kan sammenlignes."
        )
    return tuple(sentences)


def _size(change: float, indicator: Indicator) -> str:
    """A change without its sign: '4,2 procentpoint'."""
    return notation.changed(abs(change), indicator).removeprefix("+")


def _why_unseen(row: Row, indicator: Indicator) -> str:
    """Why there is no smallest visible change."""
    if indicator.interval is None:
        return vocabulary.WHY["no_interval_for_basis"]
    return vocabulary.WHY["no_start_figure" if row["has_counts"] is None else "counts_not_delivered"]


def _unknown(target: Target) -> tuple[str, ...]:
    """What the reader might believe the figures to say, and they do not."""
    row, newest = target.row, target.newest
    limits = ["Hvad der har flyttet tallet, hvis det har flyttet sig. Alt, hvad der sker i området, er med i tallet."]
    if newest is None:
        limits.append("Om målet er på vej: der er endnu intet tal efter startåret.")
    elif newest["year"] < row["target_year"]:
        limits.append(f"Om målet bliver nået i {row['target_year']}: det nyeste tal er fra {newest['year']}.")
    if row["target_population"]:
        limits.append("Om planens målgruppe har flyttet sig på samme måde: tallet er for alle, som indikatoren tæller.")
    if newest and newest["status"] in ("provisional", "estimated"):
        limits.append(f"Om tallet for {newest['year']} bliver stående: det er {vocabulary.STATUSES[newest['status']]}.")
    if newest and (newest["window_years"] or 1) > 1:
        limits.append(
            f"Hvad der skete i {newest['year']} alene: tallet er et gennemsnit over {newest['window_years']} år."
        )
    return tuple(limits)
