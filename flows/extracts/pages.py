"""The extract as web pages: an overview of the secretariat and a page for each area.

Every page stands alone: style and script are part of it, it asks for no other file, and its security policy forbids
that. All that a page says is in it without the script, which only chooses among it and sorts it.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from flows.core.files import write as write_file
from flows.extracts import (
    charts,
    comparability,
    criteria,
    findings,
    matrix,
    news,
    phrases,
    sentences,
    standing,
    strips,
    tables,
    texts,
    words,
)
from flows.extracts.model import Area, ClearedFigure, Criterion, Extract, ListedPlace, Place, TargetLine
from flows.extracts.texts import Definition
from flows.present import language, notation
from flows.present import vocabulary as targets
from flows.present.cells import TableCell
from flows.present.language import grammar, say
from flows.present.pages import css as page_css
from flows.present.pages import style, templates
from schemas.indicators import Indicator
from schemas.registry import Registry

PACKAGE = "flows.extracts"
BESIDE_COUNTRY = ("Tal", "År", "Kommunen", "Usikkerhed", "Hele landet")
OVERVIEW, COMPARE, NEWS, GLOSSARY = "index.html", "sammenlign.html", "nyt.html", "begreber.html"


def write(extract: Extract, registry: Registry, folder: Path) -> list[Path]:
    """Write `index.html`, an `omraade-<id>.html` per area, `sammenlign.html` where there are areas, `nyt.html` and
    `begreber.html` into `folder`; returns the files.

    The names are in the extract's language. The pages link to each other by name alone, so the folder can be moved, and
    read from a disk as from a server.
    """
    # Once for all pages: each definition looks at every place.
    defined = texts.define(extract, registry)
    pages = {OVERVIEW: _overview(extract, registry, defined)}
    pages |= {_file(area): _area(area, extract, registry, defined) for area in extract.areas}
    if extract.areas:
        pages[say(COMPARE)] = _compared(extract, registry, defined)
    pages[say(NEWS)] = _news(extract, registry)
    pages[say(GLOSSARY)] = _glossary(extract, registry, defined)
    for name, page in pages.items():
        write_file(folder / name, page.encode())
    return [folder / name for name in pages]


def _file(area: Area) -> str:
    return f"{say('omraade')}-{area.id}.html"


def _menu(extract: Extract) -> list[tuple[str, str]]:
    """Every page of the extract, by name and file."""
    new = (say("Nyt siden {year}", year=extract.year - 1), say(NEWS))
    if not extract.areas:
        return [(say("Kommunens tal"), OVERVIEW), new, (say("Begreber"), say(GLOSSARY))]
    others = [new, (say("Sammenlign steder"), say(COMPARE)), (say("Begreber"), say(GLOSSARY))]
    return [(say("Oversigt"), OVERVIEW), *((area.name, _file(area)) for area in extract.areas), *others]


def _render(template: str, page: str, extract: Extract, **values: Any) -> str:
    banners = words.banners(extract)
    marks = " · ".join(mark for mark, _ in banners)
    css = page_css(PACKAGE, "extract.css", marks, f"Boligprofil {extract.release}")
    script = style(PACKAGE, "extract.js").replace("const words = {};", f"const words = {_script_words()};")
    return (
        templates(PACKAGE)
        .get_template(template)
        .render(
            extract=extract,
            banners=banners,
            marks=marks,
            css=css,
            script=script,
            policy=f"default-src 'none'; img-src data:; style-src {_hash(css)}; script-src {_hash(script)}; "
            "base-uri 'none'; form-action 'none'",
            lang=grammar().code,
            menu=_menu(extract),
            page=page,
            link_of=_file,
            glossary=say(GLOSSARY),
            soft=notation.soft,
            files=_beside(extract),
            no_cause=say(sentences.NO_CAUSE),
            **values,
        )
    )


def _script_words() -> str:
    """The words that the script of the pages asks for: none in Danish."""
    script, known = style(PACKAGE, "extract.js"), language.words()
    return json.dumps({text: known[text] for text in known if f'"{text}"' in script}, ensure_ascii=False)


def _beside(extract: Extract) -> list[tuple[str, str]]:
    """The other files of the extract, which lie in the folder above the pages."""
    stem = f"../boligprofil-{extract.secretariat}-{extract.year}"
    has_goals = any(not target.is_withdrawn for area in extract.areas for target in area.targets)
    return [
        (say("Rapporten (PDF)"), f"{stem}.pdf"),
        *([(say("Mødeark for hver plan (PDF)"), f"{stem}-{say('moedeark')}.pdf")] if has_goals else []),
        (say("Regnearket (Excel)"), f"{stem}.xlsx"),
        (say("Alle tal (CSV)"), f"{stem}.csv"),
        (say("Definitioner"), f"../{say('definitioner')}.txt"),
        (say("Ændringer siden sidst"), f"../{say('aendringer')}.txt"),
    ]


def _hash(text: str) -> str:
    """A part of the page as a security policy names it: no other style or script may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# the overview -------------------------------------------------------------------------------------------------------


def _overview(extract: Extract, registry: Registry, defined: Sequence[Definition]) -> str:
    if not extract.areas:
        place, indicators = extract.municipality, extract.indicators
        rows = tables.rows_of(place, (extract.country,), indicators, extract, registry)
        heads = tuple(map(say, BESIDE_COUNTRY))
        asked = [indicator.id for indicator in phrases.key_figures(extract, registry)]
        return _render(
            "no_area.html.j2",
            OVERVIEW,
            extract,
            reading=sentences.of_place(place, extract, registry),
            developments=[chart for chart in _charts(place, extract, registry) if chart["key"] in asked],
            chooser=tables.chooser(extract, registry, indicators, "", str(extract.year)),
            heads=heads,
            text_heads=(),
            rows=tables.html(rows, heads, ()),
            definitions=_definitions(indicators, registry, defined),
            sources=_sources((place, extract.country), extract, registry),
        )
    keys = [indicator.id for indicator in phrases.key_figures(extract, registry)]
    beside = (*extract.municipalities, extract.country)
    heads = (
        say("Sted"),
        say("Tal"),
        say("År"),
        say("Værdi"),
        say("Usikkerhed"),
        say("Mod kommunen"),
        say("Mod hele landet"),
    )
    texts_under = (say("Tal"), say("Mod kommunen"), say("Mod hele landet"))
    in_order = (
        row for key in keys for place in (*extract.areas, *beside) for row in _rows(place, key, extract, registry)
    )
    return _render(
        "overview.html.j2",
        OVERVIEW,
        extract,
        title=findings.title(extract),
        reading=findings.of_secretariat(extract, registry),
        matrix=matrix.matrix(extract, registry),
        chooser=tables.chooser(extract, registry, keys, tables.first(_shown_of(keys, extract)), str(extract.year)),
        heads=heads,
        text_heads=texts_under,
        rows=tables.html(in_order, heads, texts_under),
        coverage=[_coverage(area, extract, registry) for area in extract.areas],
        since=texts.since(extract),
        news=say(NEWS),
        new=news.title(extract),
        definitions=_definitions([i.id for i in matrix.indicators(extract, registry)], registry, defined),
        sources=_sources((*extract.areas, *beside), extract, registry),
    )


def _shown_of(keys: Sequence[str], extract: Extract) -> list[str]:
    """The indicators that any area has a figure of in the year; all of them where none has."""
    known = [key for key in keys if any(area.figure(key, extract.year).is_shown for area in extract.areas)]
    return known or list(keys)


def _rows(place: Place, key: str, extract: Extract, registry: Registry) -> list[tables.Row]:
    """A place's rows of one key figure among the other places."""
    indicator, is_area = registry.indicators[key], place.kind == "area"
    is_alone = place.kind == "country" or len(extract.municipalities) == 1
    name = words.PLACES[place.kind].capitalize() if is_alone and not is_area else place.name

    def cells(year: int) -> tuple[TableCell, ...]:
        figure = place.figure(key, year)
        against = [
            TableCell(_against(figure, other, registry) if is_area else notation.ABSENT)
            for other in (extract.municipality_of(place), extract.country)
        ]
        return (
            TableCell(say(indicator.label_da)),
            tables.cell(figure, registry),
            tables.uncertainty(figure, registry),
            *against,
        )

    link = _file(place) if isinstance(place, Area) else None
    return tables.merged(name, link, key, extract.years, (place,), cells)


def _against(figure: ClearedFigure, other: Place, registry: Registry) -> str:
    """How an area stands against another place, or why that is not said; a dash where there are no two numbers."""
    beside = other.figure(figure.indicator, figure.year)
    return standing.against(figure, beside, tables.other_of(other), registry).words or notation.ABSENT


def _coverage(area: Area, extract: Extract, registry: Registry) -> tuple[Area, str, TableCell, str]:
    """How many figures of the year are shown, how many stand under each mark, and who can deliver what is not there."""
    figures = [area.figure(indicator, extract.year) for indicator in extract.indicators]
    shown = sum(figure.mark is None for figure in figures)
    marks = tuple(f"{label}: {count}" for label, count in phrases.marks_met(figures, registry))
    municipality = extract.municipality_of(area)
    who = dict.fromkeys(
        standing.deliverer(registry.indicators[figure.indicator], municipality, registry)
        for figure in figures
        if figure.mark == "not_delivered"
    )
    return (
        area,
        _file(area),
        TableCell(say("{shown} af {figures}", shown=shown, figures=len(figures)), marks),
        notation.listed(list(who)),
    )


def _changes(extract: Extract, registry: Registry) -> list[tuple[str, str, int, str, TableCell, TableCell]]:
    """What readers of the last release had otherwise: place, figure, year, what happened, before, now."""
    return [
        (
            line.place,
            say(registry.indicators[line.indicator].label_da),
            line.year,
            say(texts.happened(line)),
            _side(line.before, line.before_mark, line.indicator, registry),
            _side(line.now, line.now_mark, line.indicator, registry),
        )
        for line in texts.in_order(extract, registry)
    ]


def _side(value: float | None, mark: str | None, indicator: str, registry: Registry) -> TableCell:
    return TableCell(texts.one_side(value, mark, registry.indicators[indicator], registry), is_mark=value is None)


# an area ------------------------------------------------------------------------------------------------------------


def _area(area: Area, extract: Extract, registry: Registry, defined: Sequence[Definition]) -> str:
    municipality = extract.municipality_of(area)
    beside = (municipality, extract.country, area.twins)
    drawn = _charts(area, extract, registry)
    own = {indicator.id for indicator in strips.indicators(area, extract, registry)}
    keys = [indicator.id for indicator in phrases.key_figures(extract, registry)]
    with_figures = [key for key in keys if any(area.figure(key, year).is_shown for year in extract.years)]
    first = tables.first(with_figures)
    heads = (
        say("Tal"),
        say("År"),
        say("Området"),
        say("Usikkerhed"),
        say("Kommunen"),
        say("Hele landet"),
        say("Tvillingerne"),
    )
    shown = [
        key
        for key in extract.indicators
        if any(place.figure(key, y).is_shown for place in (area, *beside) for y in extract.years)
    ]
    return _render(
        "area.html.j2",
        _file(area),
        extract,
        area=area,
        municipality=municipality,
        facts=findings.facts(area, extract, registry),
        reading=findings.of_area(area, extract, registry),
        strips=strips.table(area, extract, registry),
        missing=findings.missing(area, extract, registry),
        developments=[chart for chart in drawn if chart["key"] in own],
        charts=[chart for chart in drawn if chart["key"] not in own],
        chooser=tables.chooser(extract, registry, extract.indicators, first, "" if first else str(extract.year)),
        heads=heads,
        text_heads=(),
        rows=tables.html(tables.rows_of(area, beside, extract.indicators, extract, registry), heads, ()),
        watches=[
            (
                watch,
                [_criterion(each, registry) for each in watch.every_criterion()],
                criteria.of_watch(watch, registry),
            )
            for watch in area.watches
        ],
        targets=[_target(target, registry) for target in area.targets],
        boundaries=[(place, *_boundary(place, extract, registry)) for place in area.other_boundaries],
        cannot_compare=comparability.cannot_compare(area, extract, registry),
        definitions=_definitions(shown, registry, defined),
        sources=_sources((area, *beside, *area.other_boundaries), extract, registry),
    )


def _charts(area: Place, extract: Extract, registry: Registry) -> list[dict[str, str]]:
    """The drawings of indicators of which the place has two figures, each with its newest one in a sentence."""
    return [
        {
            "key": key,
            "label": say(registry.indicators[key].label_da),
            "heading": phrases.heading(registry.indicators[key]),
            "sentence": sentences.of_figure(area.figure(key, extract.year), area, extract, registry),
            "drawing": drawing,
        }
        for key in extract.indicators
        if sum(area.figure(key, year).is_shown for year in extract.years) > 1
        and (drawing := charts.development(area, extract, registry, key))
    ]


def _compared(extract: Extract, registry: Registry, defined: Sequence[Definition]) -> str:
    """The page on which up to four places are chosen: every place of the extract, and areas with published figures."""
    shown = [i for i in matrix.indicators(extract, registry) if i.kind != "count"]
    residents = [registry.indicators["residents"]] if "residents" in extract.indicators else []
    places = (*extract.areas, *extract.municipalities, extract.country)
    known = {i.id for i in (*residents, *shown) if any(place.figure(i.id, extract.year).is_shown for place in places)}
    known |= {name for place in extract.listed for name, year in place.figures if year == extract.year}
    indicators = [i for i in (*residents, *shown) if i.id in known]
    untold = [say(i.label_da) for i in shown if i.id not in known]

    def own(place: Place, name: str, link: str | None = None) -> dict[str, Any]:
        cells = [tables.cell(place.figure(i.id, extract.year), registry) for i in indicators]
        return {"key": f"{place.kind}-{place.id}", "name": name, "link": link, "cells": cells}

    wholes = [own(place, say("{name} (kommunen)", name=place.name)) for place in extract.municipalities]
    listed = [
        {
            "key": f"listed-{place.id}",
            "name": f"{place.name} ({place.municipality})",
            "link": None,
            "cells": [_published(place, i, extract.year) for i in indicators],
        }
        for place in extract.listed
        if any(year == extract.year for _, year in place.figures)
    ]
    groups = [
        (say("Områder"), [own(area, area.name, _file(area)) for area in extract.areas]),
        (say("Kommune og land"), [*wholes, own(extract.country, say("Hele landet"))]),
        (say("Andre områder med offentlige tal"), listed),
    ]
    return _render(
        "compare.html.j2",
        say(COMPARE),
        extract,
        groups=[group for group in groups if group[1]],
        indicators=[phrases.heading(indicator) for indicator in indicators],
        untold=notation.listed(untold),
        definitions=_definitions([i.id for i in indicators], registry, defined),
        sources=_sources(places, extract, registry),
    )


def _published(place: ListedPlace, indicator: Indicator, year: int) -> TableCell:
    value, window = place.figures.get((indicator.id, year), (None, 1))
    if value is None:
        return TableCell(say("intet offentligt tal"), is_mark=True)
    noted = (say("gennemsnit over {window} år", window=window),) if window > 1 else ()
    return TableCell(notation.valued(value, indicator), noted)


def _criterion(criterion: Criterion, registry: Registry) -> tuple[str, str, TableCell, str, str]:
    """A criterion of a list: name, threshold, figure, distance from the threshold, met or not."""
    indicator = registry.indicators[criterion.indicator]
    limit = criteria.limit(criterion, standing.threshold(criterion.threshold or 0, indicator))
    met = {True: say("✓ opfyldt"), False: say("✗ ikke opfyldt"), None: say("? kan ikke afgøres")}[criterion.is_met]
    value, mark = notation.valued(criterion.value, indicator), criterion.mark
    cell = TableCell(say(registry.extracts.mark[mark].label_da) if mark else value, is_mark=mark is not None)
    return say(indicator.label_da), limit, cell, standing.over_or_under(criterion, indicator) or notation.ABSENT, met


def _target(target: TargetLine, registry: Registry) -> dict[str, Any]:
    """A target as far as it may be told: its heading, its verdict as sign and words, and facts with their names."""
    indicator = registry.indicators[target.indicator] if target.indicator else None
    facts = [(say("Måles ved"), say(indicator.label_da))] if indicator else []
    if target.direction:
        facts.append((say("Retning"), targets.DIRECTIONS[target.direction]))
    is_hidden = False
    for name, year, figure in (
        (say("Start"), target.start_year, target.start),
        (say("Nyeste tal"), None, target.newest),
    ):
        if figure is not None:
            facts.append((f"{name} {year or figure.year}", charts.in_words(figure, registry)))
            is_hidden = is_hidden or figure.mark is not None
    if indicator and target.expected is not None and target.newest:
        facts.append((say("Planlagt {year}", year=target.newest.year), notation.valued(target.expected, indicator)))
    aim = say("Mål {year}", year=target.target_year or "").strip()
    if indicator and target.target_value is not None:
        facts.append((aim, notation.valued(target.target_value, indicator)))
    elif indicator and is_hidden:
        facts.append((aim, say("vises ikke, fordi et tal bag målet ikke vises")))
    goal = target.goal or say("målets ord vises ikke, fordi de kan røbe et tal, der ikke vises")
    if target.is_withdrawn:
        sign, verdict = "—", say("Opgivet: planen har opgivet målet.")
    elif target.not_measurable_because:
        why = targets.NOT_MEASURABLE.get(target.not_measurable_because, target.not_measurable_because)
        sign, verdict = "∅", say("Følges ikke med tal: {why}.", why=why)
    elif target.verdict:
        kind = f" ({targets.KINDS[target.verdict_kind]})" if target.verdict_kind else ""
        sign = targets.SIGNS[target.verdict]
        verdict = f"{targets.VERDICTS[target.verdict]}{kind}. {targets.MEANINGS[target.verdict]}"
    else:
        sign, verdict = "…", say("Ingen vurdering vises.")
    own = {
        "heading": say("Mål {number}: {goal}", number=target.number, goal=goal),
        "plan": target.plan,
        "is_example": target.is_example,
    }
    return {**own, "sign": sign, "verdict": verdict, "facts": facts}


def _boundary(
    place: Place, extract: Extract, registry: Registry
) -> tuple[list[int], list[tuple[str, list[TableCell]]]]:
    """The figures of another boundary: the years that have any, and per indicator that has any a cell for each."""
    shown = {key for key, figure in place.figures.items() if figure.mark is None}
    years = [year for year in extract.years if any(at == year for _, at in shown)]
    rows = [
        (say(registry.indicators[key].label_da), [tables.cell(place.figure(key, year), registry) for year in years])
        for key in extract.indicators
        if any(indicator == key for indicator, _ in shown)
    ]
    return years, rows


# new, and what words mean ------------------------------------------------------------------------------------------


def _news(extract: Extract, registry: Registry) -> str:
    """What is new since the year before, and what was corrected since the last release."""
    return _render(
        "news.html.j2",
        say(NEWS),
        extract,
        title=news.title(extract),
        places=news.of_places(extract, registry),
        since=texts.since(extract),
        changes=_changes(extract, registry),
    )


def _glossary(extract: Extract, registry: Registry, defined: Sequence[Definition]) -> str:
    """The figures that are shown, the marks that occur, and how both are read."""
    keys = {say(indicator.label_da): indicator.id for indicator in registry.indicators.values()}
    entries = [(d.theme, (keys[d.label], d.label, _meaning(d))) for d in defined]
    met = texts.marks(extract)
    has_goals = any(area.targets for area in extract.areas)
    return _render(
        "glossary.html.j2",
        say(GLOSSARY),
        extract,
        how_to_read=texts.reading(extract),
        themes=[(theme, [entry for _, entry in found]) for theme, found in groupby(entries, lambda pair: pair[0])],
        holes=[
            (mark.code, say(mark.label_da), say(mark.meaning_da), name in registry.extracts.protecting)
            for name, mark in registry.extracts.mark.items()
            if name in met
        ],
        verdicts=[
            *(
                (f"{targets.SIGNS[verdict]} {word}", targets.MEANINGS[verdict])
                for verdict, word in targets.VERDICTS.items()
            ),
            *((phrases.capital(targets.KINDS[kind]), meaning) for kind, meaning in targets.KIND_MEANINGS.items()),
        ]
        if has_goals
        else [],
        sources=_sources([place for place, _ in texts.places(extract)], extract, registry),
    )


# what several pages share -------------------------------------------------------------------------------------------


def _definitions(indicators: Sequence[str], registry: Registry, defined: Sequence[Definition]) -> list[tuple[str, str]]:
    """What each figure is, of whom, in which unit, which way is good, and which years compare."""
    labels = {say(registry.indicators[key].label_da) for key in indicators}
    return [(definition.label, _meaning(definition)) for definition in defined if definition.label in labels]


def _meaning(definition: Definition) -> str:
    return say("{definition} Regnet af: {counted} Enhed: {unit} {good} {comparable}", **vars(definition))


def _sources(places: Iterable[Place], extract: Extract, registry: Registry) -> list[tuple[str, list[str]]]:
    """Who the shown figures come from: per publisher the indicators with their years."""
    publishers: dict[str, dict[str, set[int]]] = {}
    for figure in (figure for place in places for figure in place.figures.values()):
        if figure.mark is None:
            who = phrases.publisher(figure, registry) or say(phrases.NO_PUBLISHER)
            publishers.setdefault(who, {}).setdefault(figure.indicator, set()).add(figure.year)
    return [
        (
            notation.sentence(who)[:-1] if who != say(phrases.NO_PUBLISHER) else say("Kilden er ikke oplyst"),
            [
                f"{say(registry.indicators[key].label_da)} ({notation.years(by[key])})"
                for key in extract.indicators
                if key in by
            ],
        )
        for who, by in sorted(publishers.items())
    ]
