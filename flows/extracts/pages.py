"""The extract as web pages: an overview of the secretariat and a page for each area.

Every page stands alone: style and script are part of it, it asks for no other file, and its security policy forbids
that. All that a page says is in it without the script, which only chooses among it and sorts it.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows import notation
from flows.extracts import charts, comparability, criteria, phrases, sentences, texts, words
from flows.extracts.content import Area, Criterion, Extract, Figure, Place, TargetLine
from flows.files import write as write_file
from flows.pages import style, templates
from flows.steering import words as steering
from schemas import danish
from schemas.registry import Registry

PACKAGE = "flows.extracts"
ABREAST = 5  # areas beside each other, so that a table fits a sheet of paper


@dataclass(frozen=True)
class Cell:
    """A cell of a table: a number or a mark, and what must be read with it."""

    text: str
    more: tuple[str, ...] = ()
    is_mark: bool = False


@dataclass(frozen=True)
class Row:
    """A row that can be chosen by indicator and year. `years` are several where all of them lack the same figures."""

    label: str
    link: str | None
    key: str
    years: tuple[int, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Chooser:
    """What a table may be narrowed to: indicators by group, years, and what is chosen at first (empty: all)."""

    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    years: tuple[int, ...]
    key: str
    year: str


@dataclass(frozen=True)
class Glance:
    """Areas side by side: heads with the pages they lead to, and per indicator a cell for each."""

    caption: str
    heads: tuple[tuple[str, str | None], ...]
    rows: tuple[tuple[str, list[Cell]], ...]


@dataclass(frozen=True)
class Chart:
    """An indicator's drawing, and its newest figure in a sentence."""

    key: str
    label: str
    said: str
    drawing: str


@dataclass(frozen=True)
class Told:
    """A target: its heading, its verdict as sign and words, and facts with their names."""

    heading: str
    plan: str
    is_example: bool
    sign: str
    verdict: str
    facts: tuple[tuple[str, str], ...]


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
    css = f"{style('flows.steering', 'steering.css')}{style(PACKAGE, 'extract.css')}{paper}"
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
            chooser=_chooser(extract, registry, indicators, "", str(extract.year)),
            heads=("Tal", "År", "Kommunen", "Usikkerhed", "Hele landet"),
            said=(),
            rows=_rows_of(place, (extract.country,), indicators, extract, registry),
            definitions=_definitions(indicators, extract, registry),
            sources=_sources((place, extract.country), extract, registry),
        )
    keys = _key_figures(extract, registry)
    beside = (extract.municipality, extract.country)
    return _render(
        "overview.html.j2",
        extract,
        registry,
        reading=_summary(extract, registry),
        municipality=sentences.of_place(extract.municipality, extract, registry),
        glances=_glances(keys, extract, registry),
        chooser=_chooser(extract, registry, keys, _first(keys), str(extract.year)),
        heads=("Sted", "Tal", "År", "Værdi", "Usikkerhed", "Mod kommunen", "Mod hele landet"),
        said=("Tal", "Mod kommunen", "Mod hele landet"),
        rows=[
            row for key in keys for place in (*extract.areas, *beside) for row in _beside(place, key, extract, registry)
        ],
        coverage=[(area, _file(area), _coverage(area, extract, registry)) for area in extract.areas],
        since=texts.since(extract),
        changes=_changes(extract, registry),
        definitions=_definitions(keys, extract, registry),
        sources=_sources((*extract.areas, *beside), extract, registry),
    )


def _key_figures(extract: Extract, registry: Registry) -> list[str]:
    return [key for key in registry.extracts.key_figures if key in extract.indicators]


def _summary(extract: Extract, registry: Registry) -> list[str]:
    bare = [area.name for area in extract.areas if not area.has_any()]
    count = notation.many(len(extract.areas), "boligområde", "boligområder")
    said = [f"{extract.name} tager sig af {count}: {notation.listed([area.name for area in extract.areas])}."]
    if bare:
        said.append(f"Der vises ingen tal for {notation.listed(bare)}. Hvorfor, står i tabellen over tal, der mangler.")
    said.append(f"Tallene går til og med {extract.year}, og de begynder i {extract.years[0]}.")
    return [*said, sentences.NO_CAUSE]


def _glances(keys: Sequence[str], extract: Extract, registry: Registry) -> list[Glance]:
    """The key figures of the year in every area, as many areas to a table as a sheet of paper holds."""
    parts = [extract.areas[first : first + ABREAST] for first in range(0, len(extract.areas), ABREAST)]
    beside = (("Kommunen", None), ("Hele landet", None))
    return [
        Glance(
            f"De vigtigste tal i {extract.year}" + (f" ({number} af {len(parts)})" if len(parts) > 1 else ""),
            (*((area.name, _file(area)) for area in areas), *beside),
            tuple((registry.indicators[key].label_da, _glance(key, areas, extract, registry)) for key in keys),
        )
        for number, areas in enumerate(parts, 1)
    ]


def _glance(key: str, areas: Sequence[Area], extract: Extract, registry: Registry) -> list[Cell]:
    """A key figure of the year in areas, with their verdicts against the municipality, and in the places beside."""
    cells = []
    for area in areas:
        said = _against(figure := area.figure(key, extract.year), extract.municipality, registry)
        cells.append(_cell(figure, registry, [said] if said != notation.ABSENT else []))
    return cells + [
        _cell(place.figure(key, extract.year), registry) for place in (extract.municipality, extract.country)
    ]


def _beside(place: Place, key: str, extract: Extract, registry: Registry) -> list[Row]:
    """A place's rows of one key figure among the other places."""
    of, is_area = registry.indicators[key], place.kind == "area"
    name = place.name if is_area else words.PLACES[place.kind].capitalize()

    def cells(year: int) -> tuple[Cell, ...]:
        figure = place.figure(key, year)
        against = [
            Cell(_against(figure, other, registry) if is_area else notation.ABSENT)
            for other in (extract.municipality, extract.country)
        ]
        return (Cell(of.label_da), _cell(figure, registry), _uncertainty(figure, registry), *against)

    link = _file(place) if isinstance(place, Area) else None
    return _merged(name, link, key, extract.years, lambda year: (place.figure(key, year),), cells)


def _against(figure: Figure, other: Place, registry: Registry) -> str:
    """How an area stands against another place, or why that is not said; a dash where there are no two numbers."""
    beside = other.figure(figure["indicator"], figure["year"])
    is_count = registry.indicators[figure["indicator"]].kind == "count"
    if figure["mark"] or beside["mark"] or is_count:
        return notation.ABSENT
    why = "" if phrases.has_interval(figure) else f", {phrases.NO_INTERVAL}"
    return _stands(figure, other, registry) or f"ikke vurderet{why}"


def _coverage(area: Area, extract: Extract, registry: Registry) -> Cell:
    """How many figures of the year are shown, and how many stand under each mark."""
    figures = [area.figure(indicator, extract.year) for indicator in extract.indicators]
    shown = sum(figure["mark"] is None for figure in figures)
    marks = [(mark.label_da, sum(f["mark"] == name for f in figures)) for name, mark in registry.extracts.mark.items()]
    return Cell(f"{shown} af {len(figures)}", tuple(f"{label}: {count}" for label, count in marks if count))


def _changes(extract: Extract, registry: Registry) -> list[tuple[str, str, int, str, Cell, Cell]]:
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


def _side(value: float | None, mark: str | None, indicator: str, registry: Registry) -> Cell:
    return Cell(texts.one_side(value, mark, registry.indicators[indicator], registry), is_mark=value is None)


# an area ------------------------------------------------------------------------------------------------------------


def _area(area: Area, extract: Extract, registry: Registry) -> str:
    beside = (extract.municipality, extract.country, area.twins)
    drawn = _charts(area, extract, registry)
    with_charts = [chart.key for chart in drawn]
    keys = _key_figures(extract, registry)
    first = _first([key for key in (*keys, *with_charts) if key in with_charts])
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
        chooser=_chooser(extract, registry, extract.indicators, first, "" if first else str(extract.year)),
        heads=("Tal", "År", "Området", "Usikkerhed", "Kommunen", "Hele landet", "Tvillingerne"),
        said=(),
        rows=_rows_of(area, beside, extract.indicators, extract, registry),
        watch=area.watch,
        watch_said=criteria.of_watch(area.watch, registry) if area.watch else (),
        criteria=_criteria(area, registry),
        targets=[_target(target, registry) for target in area.targets],
        boundaries=[(place, *_boundary(place, extract, registry)) for place in area.other_boundaries],
        cannot_compare=comparability.cannot_compare(area, extract, registry),
        definitions=_definitions(extract.indicators, extract, registry),
        sources=_sources((area, *beside, *area.other_boundaries), extract, registry),
    )


def _facts(area: Area, extract: Extract, registry: Registry) -> list[tuple[str, str]]:
    codes = registry.codes
    sizes = {row["size_band"]: row["label_da"] for row in codes["size_bands"]}
    grants = {row["funding_band"]: row["label_da"] for row in codes["funding_bands"]}
    facts = [("Kommune", extract.municipality.name)]
    if area.plans:
        facts.append(("Helhedsplan" if len(area.plans) == 1 else "Helhedsplaner", notation.listed(area.plans)))
    facts.append(("Lejemål", "ikke oplyst" if area.dwellings is None else notation.number(area.dwellings)))
    if area.size_band:
        facts.append(("Størrelse", f"{sizes[area.size_band].replace('-', '–')} lejemål"))
    if area.funding_band:
        facts.append(("Bevilling", grants[area.funding_band].replace("-", "–")))
    return facts


def _key_row(area: Area, key: str, extract: Extract, registry: Registry) -> tuple[str, list[Cell]]:
    """A key figure of the year: the area, how sure it is, the places beside it with their verdicts, what has moved."""
    figure, of = area.figure(key, extract.year), registry.indicators[key]
    cells = [_cell(figure, registry, [phrases.counts(figure, of)]), _uncertainty(figure, registry)]
    cells += _compared(area, (extract.municipality, extract.country, area.twins), key, extract.year, registry)
    return of.label_da, [*cells, _moved(figure, registry)]


def _moved(figure: Figure, registry: Registry) -> Cell:
    """What has changed since the year before and since the first figure, and the direction of the last five years."""
    if figure["mark"]:
        return Cell(notation.ABSENT)
    said = [_change(figure, "year", figure["year"] - 1, registry)]
    if figure["first_year"] is not None and figure["first_year"] < figure["year"] - 1:
        said.append(_change(figure, "first", figure["first_year"], registry))
    if figure["trend"]:
        said.append(f"fem år: {words.TREND_SIGNS[figure['trend']]} {words.TRENDS[figure['trend']]}")
    elif figure["trend_missing_reason"]:
        said.append(f"fem år: kan ikke siges, {words.NO_TREND[figure['trend_missing_reason']]}")
    told = [text for text in said if text]
    return Cell("" if told else notation.ABSENT, tuple(told))


def _change(figure: Figure, since: Any, year: int, registry: Registry) -> str:
    of, change = registry.indicators[figure["indicator"]], figure[f"change_{since}"]
    if change is None:
        reason = figure[f"change_{since}_missing_reason"]
        return f"siden {year}: kan ikke siges, {words.NO_CHANGE[reason]}" if reason else ""
    moved = phrases.movement(figure, since)
    unknown = "" if of.kind == "count" else f" ({phrases.NO_INTERVAL})"
    sure = unknown if moved is None else f" ({moved or 'kan være tilfældigt'})"
    return f"siden {year}: {notation.changed(change, of)}{sure}"


def _charts(area: Area, extract: Extract, registry: Registry) -> list[Chart]:
    found = []
    for key in extract.indicators:
        drawing = charts.development(area, extract, registry, key)
        if drawing:
            said = sentences.of_figure(area.figure(key, extract.year), area, extract, registry)
            found.append(Chart(key, registry.indicators[key].label_da, said, " ".join(drawing.split("\n"))))
    return found


def _criteria(area: Area, registry: Registry) -> list[tuple[str, str, Cell, str]]:
    """The criteria of the year's list: name, threshold, figure, met or not."""
    watch = area.watch
    if watch is None:
        return []
    return [_criterion(criterion, registry) for criterion in (*([watch.size] if watch.size else []), *watch.criteria)]


def _criterion(criterion: Criterion, registry: Registry) -> tuple[str, str, Cell, str]:
    of = registry.indicators[criterion.indicator]
    limit = f"{criteria.SIGNS[criterion.sign]} {notation.valued(criterion.threshold, of)}"
    met = {True: "✓ opfyldt", False: "✗ ikke opfyldt", None: "? kan ikke afgøres"}[criterion.is_met]
    if criterion.mark:
        return of.label_da, limit, Cell(registry.extracts.mark[criterion.mark].label_da, is_mark=True), met
    return of.label_da, limit, Cell(notation.valued(criterion.value, of)), met


def _target(target: TargetLine, registry: Registry) -> Told:
    """A target as far as it may be told."""
    of = registry.indicators[target.indicator] if target.indicator else None
    facts = [("Tal", of.label_da)] if of else []
    if target.direction:
        facts.append(("Retning", steering.DIRECTIONS[target.direction]))
    is_hidden = False
    for name, year, figure in (
        ("Start", target.start_year, target.start),
        ("Nyeste tal", target.newest["year"] if target.newest else None, target.newest),
    ):
        if figure is not None:
            facts.append((f"{name} {year or figure['year']}", charts.figure_told(figure, registry)))
            is_hidden = is_hidden or figure["mark"] is not None
    if of and target.expected is not None and target.newest:
        facts.append((f"Planlagt {target.newest['year']}", notation.valued(target.expected, of)))
    if of and target.target_value is not None:
        facts.append((f"Mål {target.target_year or ''}".strip(), notation.valued(target.target_value, of)))
    elif of and is_hidden:
        facts.append((f"Mål {target.target_year or ''}".strip(), "vises ikke, fordi et tal bag målet ikke vises"))
    goal = target.goal or "målets ord vises ikke, fordi de kan røbe et tal, der ikke vises"
    if target.is_withdrawn:
        sign, verdict = "—", "Opgivet: planen har opgivet målet."
    elif target.not_measurable_because:
        why = steering.NOT_MEASURABLE.get(target.not_measurable_because, target.not_measurable_because)
        sign, verdict = "∅", f"Følges ikke med tal: {why}."
    elif target.verdict:
        kind = f" ({steering.KINDS[target.verdict_kind]})" if target.verdict_kind else ""
        sign = steering.SIGNS[target.verdict]
        verdict = f"{steering.VERDICTS[target.verdict]}{kind}. {steering.MEANINGS[target.verdict]}"
    else:
        sign, verdict = "…", "Ingen vurdering vises."
    return Told(f"Mål {target.number}: {goal}", target.plan, target.is_example, sign, verdict, tuple(facts))


def _boundary(place: Place, extract: Extract, registry: Registry) -> tuple[list[int], list[tuple[str, list[Cell]]]]:
    """The figures of another boundary: the years that have any, and per indicator that has any a cell for each."""
    shown = {key for key, figure in place.figures.items() if figure["mark"] is None}
    years = [year for year in extract.years if any(at == year for _, at in shown)]
    rows = [
        (registry.indicators[key].label_da, [_cell(place.figure(key, year), registry) for year in years])
        for key in extract.indicators
        if any(indicator == key for indicator, _ in shown)
    ]
    return years, rows


# what several pages share -------------------------------------------------------------------------------------------


def _cell(figure: Figure, registry: Registry, more: Iterable[str] = ()) -> Cell:
    if figure["mark"]:
        return Cell(words.shown(figure, registry), is_mark=True)
    return Cell(words.shown(figure, registry), tuple(text for text in (phrases.caveats(figure), *more) if text))


def _uncertainty(figure: Figure, registry: Registry) -> Cell:
    of = registry.indicators[figure["indicator"]]
    if figure["mark"]:
        return Cell(notation.ABSENT)
    if phrases.has_interval(figure):
        return Cell(phrases.between(figure["ci_low"], figure["ci_high"], of))
    if of.kind == "count":
        return Cell(f"rundet af til hele {figure['rounded_to']}" if words.is_rounded(figure) else "talt op")
    return Cell(phrases.NO_INTERVAL)


def _compared(place: Place, beside: Sequence[Place], key: str, year: int, registry: Registry) -> list[Cell]:
    """The same figure of the places beside it, with how the area stands against each."""
    figure = place.figure(key, year)
    cells = []
    for other in beside:
        said = _stands(figure, other, registry) if place.kind == "area" else ""
        # Under the other place's number a bare 'lower' would seem to be said of that place.
        told = said if said in ("", words.VERDICTS["similar"]) else f"området er {said}"
        cells.append(_cell(other.figure(key, year), registry, [told] if told else []))
    return cells


def _stands(figure: Figure, other: Place, registry: Registry) -> str:
    """The verdict of an area's figure against another place in words; empty where none is given."""
    of = registry.indicators[figure["indicator"]]
    if figure["mark"] or figure["value"] is None or of.kind == "count":
        return ""
    if other.kind == "municipality" or other.kind == "country":
        return phrases.standing(figure, other.kind, of)
    return words.VERDICTS[figure["twin_verdict"]] if figure["twin_verdict"] else ""


def _rows_of(
    place: Place, beside: Sequence[Place], indicators: Sequence[str], extract: Extract, registry: Registry
) -> list[Row]:
    """A row per indicator and year: the place, how sure its figure is, and the places beside it."""
    rows = []
    for key in indicators:

        def cells(year: int, key: str = key) -> tuple[Cell, ...]:
            figure = place.figure(key, year)
            own = _cell(figure, registry, [phrases.counts(figure, registry.indicators[key])])
            return (own, _uncertainty(figure, registry), *_compared(place, beside, key, year, registry))

        def figures(year: int, key: str = key) -> tuple[Figure, ...]:
            return tuple(each.figure(key, year) for each in (place, *beside))

        rows += _merged(registry.indicators[key].label_da, None, key, extract.years, figures, cells)
    return rows


def _merged(label: str, link: str | None, key: str, years: Sequence[int], figures: Any, cells: Any) -> list[Row]:
    """Rows from the newest year back; years in a row that have no figure at all, for the same reasons, share one."""
    rows: list[Row] = []
    before: tuple[str, ...] | None = None
    for year in reversed(years):
        marks = tuple(figure["mark"] for figure in figures(year))
        if all(marks) and marks == before:
            rows[-1] = Row(label, link, key, (year, *rows[-1].years), rows[-1].cells)
        else:
            rows.append(Row(label, link, key, (year,), cells(year)))
        before = marks
    return rows


def _chooser(extract: Extract, registry: Registry, indicators: Sequence[str], key: str, year: str) -> Chooser:
    groups = [
        (
            name,
            tuple(
                (i, registry.indicators[i].label_da) for i in indicators if registry.indicators[i].indicator_group == g
            ),
        )
        for g, name in danish.OUTCOME_GROUPS.items()
    ]
    return Chooser(tuple(group for group in groups if group[1]), extract.years[::-1], key, year)


def _first(indicators: Sequence[str]) -> str:
    """What is chosen at first: the size of an area stands elsewhere already."""
    return next((key for key in indicators if key != "residents"), "")


def _met_marks(extract: Extract, registry: Registry) -> list[tuple[str, str]]:
    """The marks that occur anywhere in the extract, with what they mean."""
    met = {figure["mark"] for place, _ in texts.places(extract) for figure in place.figures.values()}
    met |= {mark for line in extract.changes for mark in (line.before_mark, line.now_mark)}
    return [(mark.label_da, mark.meaning_da) for name, mark in registry.extracts.mark.items() if name in met]


def _definitions(indicators: Sequence[str], extract: Extract, registry: Registry) -> list[tuple[str, str]]:
    """What each figure is, of whom, in which unit, which way is good, and which years compare."""
    return [
        (one.label, f"{one.definition} Regnet af: {one.counted} Enhed: {one.unit} {one.good} {one.comparable}")
        for one in texts.define(replace(extract, indicators=tuple(indicators)), registry)
    ]


def _sources(places: Iterable[Place], extract: Extract, registry: Registry) -> list[tuple[str, list[str]]]:
    """Who the shown figures come from: per publisher the indicators with their years."""
    found: dict[str, dict[str, set[int]]] = {}
    for place in places:
        for key in extract.indicators:
            for year in extract.years:
                figure = place.figure(key, year)
                if figure["mark"] is None:
                    who = phrases.publisher(figure, registry) or phrases.NO_PUBLISHER
                    found.setdefault(who, {}).setdefault(key, set()).add(year)
    return [
        (
            notation.sentence(who)[:-1] if who != phrases.NO_PUBLISHER else "Kilden er ikke oplyst",
            [
                f"{registry.indicators[key].label_da} ({notation.years(by[key])})"
                for key in extract.indicators
                if key in by
            ],
        )
        for who, by in sorted(found.items())
    ]
