"""The extract as web pages: an overview of the secretariat and a page for each area.

Every page stands alone: style and script are part of it, it asks for no other file, and its security policy forbids
that. All that a page says is in it without the script, which only chooses among it and sorts it.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from flows.core.files import write as write_file
from flows.extracts import charts, comparability, criteria, phrases, sentences, tables, texts, words
from flows.extracts.model import Area, ClearedFigure, Criterion, Extract, Place, Since, TargetLine
from flows.present import danish
from flows.present import vocabulary as targets
from flows.present.pages import style, templates
from schemas.registry import Registry

PACKAGE = "flows.extracts"
ABREAST = 5  # areas beside each other, so that a table fits a sheet of paper


def write(extract: Extract, registry: Registry, folder: Path) -> list[Path]:
    """Write `index.html` and an `omraade-<id>.html` per area into `folder`; returns the files, the overview first.

    The pages link to each other by name alone, so the folder can be moved, and read from a disk as from a server.
    """
    pages = {"index.html": _overview(extract, registry)}
    pages |= {_file(area): _area(area, extract, registry) for area in extract.areas}
    for name, page in pages.items():
        write_file(folder / name, page.encode())
    return [folder / name for name in pages]


def _file(area: Area) -> str:
    return f"omraade-{area.id}.html"


def _render(template: str, extract: Extract, registry: Registry, **values: Any) -> str:
    banners = words.banners(extract)
    marks = " · ".join(mark for mark, _ in banners)
    paper = (
        f'@page {{ @top-left {{ content: "{marks}"; }} @bottom-left {{ content: "Boligprofil {extract.release}"; }} }}'
    )
    css = f"{style('flows.present', 'page.css')}{style(PACKAGE, 'extract.css')}{paper}"
    script = style(PACKAGE, "extract.js")
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
            links=[(area.name, _file(area)) for area in extract.areas],
            met_marks=_met_marks(extract, registry),
            no_cause=sentences.NO_CAUSE,
            how_to_read=texts.reading(extract),
            **values,
        )
    )


def _hash(text: str) -> str:
    """A part of the page as a security policy names it: no other style or script may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# the overview -------------------------------------------------------------------------------------------------------


def _overview(extract: Extract, registry: Registry) -> str:
    if not extract.areas:
        place, indicators = extract.municipality, extract.indicators
        return _render(
            "no_area.html.j2",
            extract,
            registry,
            reading=sentences.of_place(place, extract, registry),
            chooser=tables.chooser(extract, registry, indicators, "", str(extract.year)),
            heads=("Tal", "År", "Kommunen", "Usikkerhed", "Hele landet"),
            text_heads=(),
            rows=tables.rows_of(place, (extract.country,), indicators, extract, registry),
            definitions=_definitions(indicators, extract, registry),
            sources=_sources((place, extract.country), extract, registry),
        )
    keys = [indicator.id for indicator in phrases.key_figures(extract, registry)]
    beside = (extract.municipality, extract.country)
    return _render(
        "overview.html.j2",
        extract,
        registry,
        reading=_summary(extract),
        municipality=sentences.of_place(extract.municipality, extract, registry),
        glances=_glances(keys, extract, registry),
        chooser=tables.chooser(extract, registry, keys, tables.first(keys), str(extract.year)),
        heads=("Sted", "Tal", "År", "Værdi", "Usikkerhed", "Mod kommunen", "Mod hele landet"),
        text_heads=("Tal", "Mod kommunen", "Mod hele landet"),
        rows=[
            row for key in keys for place in (*extract.areas, *beside) for row in _beside(place, key, extract, registry)
        ],
        coverage=[(area, _file(area), _coverage(area, extract, registry)) for area in extract.areas],
        since=texts.since(extract),
        changes=_changes(extract, registry),
        definitions=_definitions(keys, extract, registry),
        sources=_sources((*extract.areas, *beside), extract, registry),
    )


def _summary(extract: Extract) -> list[str]:
    bare = [area.name for area in extract.areas if not area.has_any()]
    count = danish.many(len(extract.areas), "boligområde", "boligområder")
    why = f"Der vises ingen tal for {danish.listed(bare)}. Hvorfor, står i tabellen over tal, der mangler."
    return [
        f"{extract.name} tager sig af {count}: {danish.listed([area.name for area in extract.areas])}.",
        *([why] if bare else []),
        f"Tallene går til og med {extract.year}, og de begynder i {extract.years[0]}.",
        sentences.NO_CAUSE,
    ]


def _glances(keys: Sequence[str], extract: Extract, registry: Registry) -> list[dict[str, Any]]:
    """The key figures of the year in every area, as many areas to a table as a sheet of paper holds.

    Each has a caption, heads with the pages that they lead to, and per indicator a cell for each head.
    """
    parts = [extract.areas[first : first + ABREAST] for first in range(0, len(extract.areas), ABREAST)]
    beside = (("Kommunen", None), ("Hele landet", None))
    return [
        {
            "caption": f"De vigtigste tal i {extract.year}"
            + (f" ({number} af {len(parts)})" if len(parts) > 1 else ""),
            "heads": [*((area.name, _file(area)) for area in areas), *beside],
            "rows": [(registry.indicators[key].label_da, _glance(key, areas, extract, registry)) for key in keys],
        }
        for number, areas in enumerate(parts, 1)
    ]


def _glance(key: str, areas: Sequence[Area], extract: Extract, registry: Registry) -> list[tables.PageCell]:
    """A key figure of the year in areas, with their verdicts against the municipality, and in the places beside."""
    cells = []
    for place in (*areas, extract.municipality, extract.country):
        figure = place.figure(key, extract.year)
        verdict = _against(figure, extract.municipality, registry) if isinstance(place, Area) else danish.ABSENT
        cells.append(tables.cell(figure, registry, [verdict] if verdict != danish.ABSENT else []))
    return cells


def _beside(place: Place, key: str, extract: Extract, registry: Registry) -> list[tables.Row]:
    """A place's rows of one key figure among the other places."""
    indicator, is_area = registry.indicators[key], place.kind == "area"
    name = place.name if is_area else words.PLACES[place.kind].capitalize()

    def cells(year: int) -> tuple[tables.PageCell, ...]:
        figure = place.figure(key, year)
        against = [
            tables.PageCell(_against(figure, other, registry) if is_area else danish.ABSENT)
            for other in (extract.municipality, extract.country)
        ]
        return (
            tables.PageCell(indicator.label_da),
            tables.cell(figure, registry),
            tables.uncertainty(figure, registry),
            *against,
        )

    link = _file(place) if isinstance(place, Area) else None
    return tables.merged(name, link, key, extract.years, (place,), cells)


def _against(figure: ClearedFigure, other: Place, registry: Registry) -> str:
    """How an area stands against another place, or why that is not said; a dash where there are no two numbers."""
    beside = other.figure(figure.indicator, figure.year)
    is_count = registry.indicators[figure.indicator].kind == "count"
    if figure.mark or beside.mark or is_count:
        return danish.ABSENT
    why = "" if figure.interval else f", {phrases.NO_INTERVAL}"
    return tables.stands(figure, other, registry) or f"ikke vurderet{why}"


def _coverage(area: Area, extract: Extract, registry: Registry) -> tables.PageCell:
    """How many figures of the year are shown, and how many stand under each mark."""
    figures = [area.figure(indicator, extract.year) for indicator in extract.indicators]
    shown = sum(figure.mark is None for figure in figures)
    marks = tuple(f"{label}: {count}" for label, count in phrases.marks_met(figures, registry))
    return tables.PageCell(f"{shown} af {len(figures)}", marks)


def _changes(extract: Extract, registry: Registry) -> list[tuple[str, str, int, str, tables.PageCell, tables.PageCell]]:
    """What readers of the last release had otherwise: place, figure, year, what happened, before, now."""
    return [
        (
            line.place,
            registry.indicators[line.indicator].label_da,
            line.year,
            texts.happened(line),
            _side(line.before, line.before_mark, line.indicator, registry),
            _side(line.now, line.now_mark, line.indicator, registry),
        )
        for line in texts.in_order(extract, registry)
    ]


def _side(value: float | None, mark: str | None, indicator: str, registry: Registry) -> tables.PageCell:
    return tables.PageCell(texts.one_side(value, mark, registry.indicators[indicator], registry), is_mark=value is None)


# an area ------------------------------------------------------------------------------------------------------------


def _area(area: Area, extract: Extract, registry: Registry) -> str:
    beside = (extract.municipality, extract.country, area.twins)
    drawn = _charts(area, extract, registry)
    with_charts = [chart["key"] for chart in drawn]
    keys = [indicator.id for indicator in phrases.key_figures(extract, registry)]
    first = tables.first([key for key in (*keys, *with_charts) if key in with_charts])
    return _render(
        "area.html.j2",
        extract,
        registry,
        area=area,
        file=_file(area),
        facts=_facts(area, extract, registry),
        reading=sentences.reading(area, extract, registry),
        key_figures=[_key_row(area, key, extract, registry) for key in keys],
        charts=drawn,
        chooser=tables.chooser(extract, registry, extract.indicators, first, "" if first else str(extract.year)),
        heads=("Tal", "År", "Området", "Usikkerhed", "Kommunen", "Hele landet", "Tvillingerne"),
        text_heads=(),
        rows=tables.rows_of(area, beside, extract.indicators, extract, registry),
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
        definitions=_definitions(extract.indicators, extract, registry),
        sources=_sources((area, *beside, *area.other_boundaries), extract, registry),
    )


def _facts(area: Area, extract: Extract, registry: Registry) -> list[tuple[str, str]]:
    facts = [("Kommune", extract.municipality.name)]
    if area.plans:
        facts.append(("Helhedsplan" if len(area.plans) == 1 else "Helhedsplaner", danish.listed(area.plans)))
    facts.append(("Lejemål", "ikke oplyst" if area.dwellings is None else danish.number(area.dwellings)))
    if area.size_band:
        facts.append(("Størrelse", f"{words.band('size_band', area.size_band, registry).replace('-', '–')} lejemål"))
    if area.funding_band:
        facts.append(("Bevilling", words.band("funding_band", area.funding_band, registry).replace("-", "–")))
    return facts


def _key_row(area: Area, key: str, extract: Extract, registry: Registry) -> tuple[str, list[tables.PageCell]]:
    """A key figure of the year: the area, how sure it is, the places beside it with their verdicts, what has moved."""
    figure, indicator = area.figure(key, extract.year), registry.indicators[key]
    cells = [tables.cell(figure, registry, [phrases.counts(figure, indicator)]), tables.uncertainty(figure, registry)]
    cells += tables.compared(area, (extract.municipality, extract.country, area.twins), key, extract.year, registry)
    return indicator.label_da, [*cells, _moved(figure, registry)]


def _moved(figure: ClearedFigure, registry: Registry) -> tables.PageCell:
    """What has changed since the year before and since the first figure, and the direction of the last five years."""
    if figure.mark:
        return tables.PageCell(danish.ABSENT)
    movements = [_change(figure, "year", figure.year - 1, registry)]
    if figure.first_year is not None and figure.first_year < figure.year - 1:
        movements.append(_change(figure, "first", figure.first_year, registry))
    if figure.trend:
        movements.append(f"fem år: {words.TREND_SIGNS[figure.trend]} {words.TRENDS[figure.trend]}")
    elif figure.trend_missing_reason:
        movements.append(f"fem år: kan ikke siges, {words.NO_TREND[figure.trend_missing_reason]}")
    known = [text for text in movements if text]
    return tables.PageCell("" if known else danish.ABSENT, tuple(known))


def _change(figure: ClearedFigure, since: Since, year: int, registry: Registry) -> str:
    indicator, change = registry.indicators[figure.indicator], figure.change(since)
    if change is None:
        reason = figure.no_change_because(since)
        return f"siden {year}: kan ikke siges, {words.NO_CHANGE[reason]}" if reason else ""
    moved = phrases.movement(change)
    unknown = "" if indicator.kind == "count" else f" ({phrases.NO_INTERVAL})"
    sure = unknown if moved is None else f" ({moved or 'kan være tilfældigt'})"
    return f"siden {year}: {danish.changed(change.by, indicator)}{sure}"


def _charts(area: Area, extract: Extract, registry: Registry) -> list[dict[str, str]]:
    """The drawings of indicators, each with its newest figure in a sentence."""
    return [
        {
            "key": key,
            "label": registry.indicators[key].label_da,
            "sentence": sentences.of_figure(area.figure(key, extract.year), area, extract, registry),
            "drawing": " ".join(drawing.split("\n")),
        }
        for key in extract.indicators
        if (drawing := charts.development(area, extract, registry, key))
    ]


def _criterion(criterion: Criterion, registry: Registry) -> tuple[str, str, tables.PageCell, str]:
    """A criterion of a list: name, threshold, figure, met or not."""
    indicator = registry.indicators[criterion.indicator]
    limit = criteria.limit(criterion, danish.valued(criterion.threshold, indicator))
    met = {True: "✓ opfyldt", False: "✗ ikke opfyldt", None: "? kan ikke afgøres"}[criterion.is_met]
    value, mark = danish.valued(criterion.value, indicator), criterion.mark
    cell = tables.PageCell(registry.extracts.mark[mark].label_da if mark else value, is_mark=mark is not None)
    return indicator.label_da, limit, cell, met


def _target(target: TargetLine, registry: Registry) -> dict[str, Any]:
    """A target as far as it may be told: its heading, its verdict as sign and words, and facts with their names."""
    indicator = registry.indicators[target.indicator] if target.indicator else None
    facts = [("Tal", indicator.label_da)] if indicator else []
    if target.direction:
        facts.append(("Retning", targets.DIRECTIONS[target.direction]))
    is_hidden = False
    for name, year, figure in (("Start", target.start_year, target.start), ("Nyeste tal", None, target.newest)):
        if figure is not None:
            facts.append((f"{name} {year or figure.year}", charts.in_words(figure, registry)))
            is_hidden = is_hidden or figure.mark is not None
    if indicator and target.expected is not None and target.newest:
        facts.append((f"Planlagt {target.newest.year}", danish.valued(target.expected, indicator)))
    aim = f"Mål {target.target_year or ''}".strip()
    if indicator and target.target_value is not None:
        facts.append((aim, danish.valued(target.target_value, indicator)))
    elif indicator and is_hidden:
        facts.append((aim, "vises ikke, fordi et tal bag målet ikke vises"))
    goal = target.goal or "målets ord vises ikke, fordi de kan røbe et tal, der ikke vises"
    if target.is_withdrawn:
        sign, verdict = "—", "Opgivet: planen har opgivet målet."
    elif target.not_measurable_because:
        why = targets.NOT_MEASURABLE.get(target.not_measurable_because, target.not_measurable_because)
        sign, verdict = "∅", f"Følges ikke med tal: {why}."
    elif target.verdict:
        kind = f" ({targets.KINDS[target.verdict_kind]})" if target.verdict_kind else ""
        sign = targets.SIGNS[target.verdict]
        verdict = f"{targets.VERDICTS[target.verdict]}{kind}. {targets.MEANINGS[target.verdict]}"
    else:
        sign, verdict = "…", "Ingen vurdering vises."
    own = {"heading": f"Mål {target.number}: {goal}", "plan": target.plan, "is_example": target.is_example}
    return {**own, "sign": sign, "verdict": verdict, "facts": facts}


def _boundary(
    place: Place, extract: Extract, registry: Registry
) -> tuple[list[int], list[tuple[str, list[tables.PageCell]]]]:
    """The figures of another boundary: the years that have any, and per indicator that has any a cell for each."""
    shown = {key for key, figure in place.figures.items() if figure.mark is None}
    years = [year for year in extract.years if any(at == year for _, at in shown)]
    rows = [
        (registry.indicators[key].label_da, [tables.cell(place.figure(key, year), registry) for year in years])
        for key in extract.indicators
        if any(indicator == key for indicator, _ in shown)
    ]
    return years, rows


# what several pages share -------------------------------------------------------------------------------------------


def _met_marks(extract: Extract, registry: Registry) -> list[tuple[str, str]]:
    """The marks that occur anywhere in the extract, with what they mean."""
    met = {figure.mark for place, _ in texts.places(extract) for figure in place.figures.values()}
    met |= {mark for line in extract.changes for mark in (line.before_mark, line.now_mark)}
    return [(mark.label_da, mark.meaning_da) for name, mark in registry.extracts.mark.items() if name in met]


def _definitions(indicators: Sequence[str], extract: Extract, registry: Registry) -> list[tuple[str, str]]:
    """What each figure is, of whom, in which unit, which way is good, and which years compare."""
    return [
        (
            definition.label,
            f"{definition.definition} Regnet af: {definition.counted} Enhed: {definition.unit} "
            f"{definition.good} {definition.comparable}",
        )
        for definition in texts.define(replace(extract, indicators=tuple(indicators)), registry)
    ]


def _sources(places: Iterable[Place], extract: Extract, registry: Registry) -> list[tuple[str, list[str]]]:
    """Who the shown figures come from: per publisher the indicators with their years."""
    publishers: dict[str, dict[str, set[int]]] = {}
    for place, key, year in product(places, extract.indicators, extract.years):
        figure = place.figure(key, year)
        if figure.mark is None:
            who = phrases.publisher(figure, registry) or phrases.NO_PUBLISHER
            publishers.setdefault(who, {}).setdefault(key, set()).add(year)
    return [
        (
            danish.sentence(who)[:-1] if who != phrases.NO_PUBLISHER else "Kilden er ikke oplyst",
            [
                f"{registry.indicators[key].label_da} ({danish.years(by[key])})"
                for key in extract.indicators
                if key in by
            ],
        )
        for who, by in sorted(publishers.items())
    ]
