"""The yearly extract as one PDF for a secretariat: set by Typst with its own fonts, tagged (PDF/UA-1), same bytes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import typst

from flows.extracts import (
    charts,
    comparability,
    criteria,
    findings,
    matrix,
    phrases,
    sentences,
    standing,
    strips,
    texts,
    words,
)
from flows.extracts.matrix import MatrixRow
from flows.extracts.model import Area, ChangeLine, ClearedFigure, Extract, Other, Place, TargetLine
from flows.extracts.strips import StripRow
from flows.present import notation
from flows.present import pdf as pdfs
from flows.present import vocabulary as targets
from flows.present.cells import TableCell
from flows.present.language import say
from flows.present.pdf import Typeset
from flows.present.strips import LEAST
from schemas.indicators import Indicator
from schemas.registry import Registry

# What the template is given: text, lists of it, and names of charts.
Content: TypeAlias = dict[str, Any]

MOST_CHANGES = 12  # lines of the change log that the page of reading has room for
HOW_TO_READ = (
    "Tallene er opgjort for hele området. De siger intet om enkelte beboere.",
    "»Mellem 8,1 og 12,0« er tallets usikkerhed: det, som tallet kan svinge, selv om intet er ændret i området. "
    "I tegningerne er det en streg gennem tallet.",
    "En forskel er kun sikker, når hele usikkerheden ligger på samme side af det tal, vi holder den op imod.",
    "»Gunstigere« og »ugunstigere« siges om tal, ikke om områder. Om tal, der hverken er gode eller dårlige i sig "
    "selv, siges kun »højere« og »lavere«.",
    "»Usikkerhed ukendt« betyder, at vi kun har andelen og ikke antallene bag. Så kan en forskel være tilfældig.",
    "Femtedele er regnet blandt alle områder, der har tallet i denne udgivelse, og områder med offentlige tal.",
    "Tvillinger er områder, der lignede jeres område, før helhedsplanen begyndte.",
    "0 er et tal. Hvor et tal ikke vises, står der et ord i stedet, og ordet er aldrig et skjult nul.",
    "Tallene siger ikke, hvorfor noget er højt, lavt eller har flyttet sig.",
)


class CannotSet(RuntimeError):
    """The report cannot be set; the message names the secretariat, and the places and texts that may be why."""


def pdf(extract: Extract, registry: Registry) -> bytes:
    """The secretariat's report, A4: an overview, then two to four pages per area, and how all of it is read."""
    return typeset(extract, registry).pdf


def typeset(extract: Extract, registry: Registry) -> Typeset:
    """The report as `pdf` gives it, and the letters that no font has. Raises CannotSet."""
    pictures: dict[str, bytes] = {}
    content = _content(extract, registry, pictures)
    with setting("report", extract):
        return pdfs.typeset("flows.extracts", "report.typ", content, pictures)


@contextmanager
def setting(what: str, extract: Extract) -> Iterator[None]:
    """Where a document of the extract is set: what the compiler cannot set raises CannotSet."""
    try:
        yield
    except typst.TypstError as error:
        rare = [
            f"{place}: {text!r}"
            for place, text in texts.written(extract)
            if any(sign > pdfs.LATIN_ENDS for sign in text)
        ]
        where = f"; texts with letters that are not Latin: {'; '.join(rare)}" if rare else ""
        raise CannotSet(f"the {what} of {extract.name} cannot be set ({error}){where}") from error


def _content(extract: Extract, registry: Registry, files: dict[str, bytes]) -> Content:
    marks = texts.marks(extract)
    return {
        "title": f"Boligprofil {extract.year}",
        "name": extract.name,
        "years": notation.years(extract.years),
        "first_year": str(extract.years[0]),
        "year": str(extract.year),
        "municipality": extract.municipality.name,
        "banners": words.banners(extract),
        "is_real": extract.is_cleared and extract.origin == "real",
        "release": extract.release,
        "how_to_read": [
            *map(say, HOW_TO_READ),
            *([words.rounding_read(extract.rounded_to)] if extract.rounded_to else []),
        ],
        "marks": [
            (say(mark.label_da), mark.code, say(mark.meaning_da))
            for mark in registry.extracts.mark.values()
            if mark.id in marks
        ],
        "overview": _overview(extract, registry) if extract.areas else None,
        "changes": _changes(extract, registry),
        "areas": [_area(area, number, extract, registry, files) for number, area in enumerate(extract.areas)],
        "no_area": None if extract.areas else _no_area(extract, registry),
    }


def _overview(extract: Extract, registry: Registry) -> Content:
    """The first page: the finding, sentences, and the areas by criteria and key figures."""
    table = matrix.matrix(extract, registry)
    labels = {area.id: f"omraade-{number}" for number, area in enumerate(extract.areas)}
    return {
        "finding": findings.title(extract),
        "under": say("{name} · tal for {year} · {order}", name=extract.name, year=extract.year, order=table.order),
        "reading": [tuple(finding) for finding in findings.of_secretariat(extract, registry)],
        "columns": [{"head": column.head, "demand": column.demand} for column in table.columns],
        "criteria": table.criteria,
        "has_goals": table.has_goals,
        "rows": [_matrix_row(row, labels) for row in table.rows],
        "wholes": [_matrix_row(row, labels) for row in table.wholes],
        "listed": [_matrix_row(row, labels) for row in table.listed],
        "key": table.key,
        "has_moved": bool(extract.headlines),
    }


def _matrix_row(row: MatrixRow, labels: Mapping[str, str]) -> Content:
    cells = [vars(cell) for cell in row.cells]
    own = {"name": row.name, "label": labels[row.area.id] if row.area else None, "cells": cells}
    return {**own, "status": row.status, "goals": row.goals, "nothing": row.nothing, "is_own": row.area is not None}


def _changes(extract: Extract, registry: Registry) -> Content | None:
    if extract.previous is None:
        return None

    def line(change: ChangeLine) -> tuple[str, ...]:
        indicator = registry.indicators[change.indicator]
        return (
            change.place,
            say(indicator.label_da),
            str(change.year),
            texts.one_side(change.before, change.before_mark, indicator, registry),
            texts.one_side(change.now, change.now_mark, indicator, registry),
        )

    left = len(extract.changes) - MOST_CHANGES
    return {
        "since": extract.previous,
        "rows": [line(change) for change in extract.changes[:MOST_CHANGES]],
        "left": say("{changes} mere står i regnearket.", changes=notation.many(left, "ændring", "ændringer"))
        if left > 0
        else "",
    }


def _area(area: Area, number: int, extract: Extract, registry: Registry, files: dict[str, bytes]) -> Content:
    drawn = strips.indicators(area, extract, registry)
    drawings = [
        (indicator, _drawing(area, indicator, f"chart-{number}-{indicator.id}.svg", extract, registry, files))
        for indicator in drawn
    ]
    table = strips.table(area, extract, registry)
    # A report tells the key figures; whatever else may not be compared stands with the other figures, in the workbook.
    key_extract = replace(extract, indicators=tuple(indicator.id for indicator in drawn))
    return {
        "label": f"omraade-{number}",
        "name": f"{area.name}, {extract.municipality_of(area).name}",
        "facts": " · ".join([*findings.facts(area, extract, registry), table.order]),
        "reading": [tuple(finding) for finding in findings.of_area(area, extract, registry)],
        "strips": [
            {"heading": heading, "left": left, "right": right, "rows": [_strip(row, number, files) for row in rows]}
            for heading, left, right, rows in (
                (say("Hovedtal"), say("gunstigere"), say("ugunstigere"), table.judged),
                (say("Beskriver, vurderes ikke"), say("lavere"), say("højere"), table.described),
            )
            if rows
        ],
        "spread": table.areas if table.areas >= LEAST else 0,
        "has_bars": table.has_bars,
        "missing": tuple(findings.missing(area, extract, registry)),
        **behind(area, drawn, extract, registry),
        "charts": [drawing for _, drawing in drawings if drawing],
        "undrawn": notation.listed(
            [
                notation.subject(indicator).removesuffix(",")
                for indicator, drawing in drawings
                if not drawing and any(area.figure(indicator.id, year).is_shown for year in extract.years)
            ]
        ),
        "has_period": area.period is not None,
        "watches": [
            {"year": str(watch.year), "list": watch.list_name, "sentences": criteria.of_watch(watch, registry)}
            for watch in area.watches
        ],
        "targets": [_target(target, registry) for target in area.targets],
        "boundaries": [_boundary(place, area, key_extract, registry) for place in area.other_boundaries],
        "apart": comparability.cannot_compare(area, key_extract, registry),
        "definitions": _definitions(area, drawn, extract, registry),
    }


def _strip(row: StripRow, number: int, files: dict[str, bytes]) -> Content:
    name = f"strip-{number}-{row.key}.svg"
    files[name] = row.drawing.encode()
    return {"label": row.label, "notes": row.notes, "file": name, "alt": row.alternative, "lines": row.lines}


def behind(area: Area, drawn: Sequence[Indicator], extract: Extract, registry: Registry) -> Content:
    """The numbers behind the pictures: the area's figures and those beside them; columns that hold any number."""
    beside: tuple[tuple[str, Other, Place], ...] = (
        (
            say("Kommunen ({name})", name=extract.municipality_of(area).name),
            "municipality",
            extract.municipality_of(area),
        ),
        (say("Hele landet"), "country", extract.country),
        (say("Tvillingerne"), "twins", area.twins),
    )
    rows = [
        (indicator, [_own(area.figure(indicator.id, extract.year), area, indicator, extract, registry)])
        for indicator in drawn
        if any(area.figure(indicator.id, year).is_shown for year in extract.years)
    ]
    heads = [say("Tal"), say("Området")]
    for head, other, place in beside:
        if any(place.figure(indicator.id, extract.year).is_shown for indicator, _ in rows):
            heads.append(head)
            for indicator, cells in rows:
                figure = area.figure(indicator.id, extract.year)
                cells.append(_other(figure, place.figure(indicator.id, extract.year), other, registry))
    return {
        "heads": heads,
        "figures": [{"name": say(i.label_da), "cells": list(map(vars, cells))} for i, cells in rows],
    }


def _own(figure: ClearedFigure, place: Place, indicator: Indicator, extract: Extract, registry: Registry) -> TableCell:
    if figure.mark:
        earlier = phrases.newest(place, indicator.id, extract)
        last_shown = (
            say("senest {year}: {figure}", year=earlier.year, figure=_with_caveats(earlier, registry))
            if earlier
            else ""
        )
        return _cell(words.shown(figure, registry), last_shown, is_mark=True)
    return _cell(_number(figure.number, indicator), phrases.uncertainty(figure, indicator), phrases.all_caveats(figure))


def _number(value: float, indicator: Indicator) -> str:
    """A value in a row that says what it counts."""
    return notation.number(value) if indicator.kind == "count" else notation.valued(value, indicator)


def _with_caveats(figure: ClearedFigure, registry: Registry) -> str:
    noted = phrases.all_caveats(figure)
    return f"{words.shown(figure, registry)} ({noted})" if noted else words.shown(figure, registry)


def _other(figure: ClearedFigure, beside: ClearedFigure, other: Other, registry: Registry) -> TableCell:
    """A place that the area is held against: its figure, and the verdict on the area."""
    answer = standing.against(figure, beside, other, registry)
    if answer.value is None:
        return _cell(words.shown(beside, registry), is_mark=True)
    indicator = registry.indicators[figure.indicator]
    return _cell(_number(answer.value, indicator), answer.under, phrases.all_caveats(beside))


def _cell(text: str, *below: str, is_mark: bool = False) -> TableCell:
    return TableCell(text, tuple(line for line in below if line), is_mark)


def _drawing(
    place: Place, indicator: Indicator, file: str, extract: Extract, registry: Registry, files: dict[str, bytes]
) -> Content | None:
    """A chart of a figure that has at least two numbers, as a file of the document."""
    shown = [year for year in extract.years if place.figure(indicator.id, year).is_shown]
    svg = charts.development(place, extract, registry, indicator.id)
    if svg is None or len(shown) < 2:
        return None
    files[file] = svg.encode()
    alternative = charts.alternative(place, extract, registry, indicator.id)
    return {"heading": phrases.heading(indicator), "file": file, "alt": alternative}


def _target(target: TargetLine, registry: Registry) -> Content:
    indicator = registry.indicators[target.indicator] if target.indicator else None
    aim = ""
    if indicator and target.target_value is not None:
        aim = f"{notation.valued(target.target_value, indicator)} i {target.target_year}"
    elif indicator and target.target_year is not None:
        aim = say("udeladt (målår {target_year})", target_year=target.target_year)
    return {
        "plan": target.plan,
        "number": target.number,
        "goal": target.goal or say("Målets ord er udeladt: de kunne røbe et tal, der ikke må vises."),
        "has_goal": target.goal is not None,
        "measured": say(indicator.label_da) if indicator else "",
        "start": _at(target.start, registry),
        "newest": _at(target.newest, registry),
        "aim": aim,
        "verdict": _target_verdict(target),
        "is_example": target.is_example,
    }


def _at(figure: ClearedFigure | None, registry: Registry) -> str:
    return f"{figure.year}: {_with_caveats(figure, registry)}" if figure else notation.ABSENT


def _target_verdict(target: TargetLine) -> str:
    if target.is_withdrawn:
        return say(targets.WITHDRAWN)
    if target.not_measurable_because:
        return f"{say(targets.UNMEASURED)}: {targets.NOT_MEASURABLE[target.not_measurable_because]}"
    if target.verdict is None:
        return say("vises ikke")
    kind = f" ({targets.KINDS[target.verdict_kind]})" if target.verdict_kind else ""
    return f"{targets.SIGNS[target.verdict]} {targets.VERDICTS[target.verdict].lower()}{kind}"


def _boundary(place: Place, area: Area, extract: Extract, registry: Registry) -> Content:
    """Published figures of another boundary: each key figure's newest."""
    figures = [phrases.newest(place, indicator, extract) for indicator in extract.indicators]
    return {
        "name": place.name,
        "warning": say(
            "{place} har en anden grænse end {area}. Tallene her er ikke tal for {area}.",
            place=place.name,
            area=area.name,
        ),
        "rows": [
            (
                say(registry.indicators[figure.indicator].label_da),
                str(figure.year),
                _with_caveats(figure, registry),
                phrases.publisher(figure, registry) or say(phrases.NO_PUBLISHER),
            )
            for figure in figures
            if figure is not None
        ],
    }


def _no_area(extract: Extract, registry: Registry) -> Content:
    places = (extract.municipality, extract.country)
    rows = [
        {
            "name": say(indicator.label_da),
            "cells": [
                vars(_own(place.figure(indicator.id, extract.year), place, indicator, extract, registry))
                for place in places
            ],
        }
        for indicator in phrases.key_figures(extract, registry)
    ]
    return {
        "name": extract.municipality.name,
        "reading": sentences.of_place(extract.municipality, extract, registry),
        "figures": rows,
        "definitions": _definitions(extract.municipality, phrases.key_figures(extract, registry), extract, registry),
    }


def _definitions(
    place: Place, drawn: Sequence[Indicator], extract: Extract, registry: Registry
) -> list[tuple[str, str, str]]:
    """Each shown figure's name, definition and where the place's figures come from."""
    return [
        (say(indicator.label_da), say(indicator.definition_da), _publishers(place, indicator.id, extract, registry))
        for indicator in drawn
        if any(place.figure(indicator.id, year).is_shown for year in extract.years)
    ]


def _publishers(place: Place, indicator: str, extract: Extract, registry: Registry) -> str:
    figures = [place.figure(indicator, year) for year in extract.years]
    known = [phrases.publisher(figure, registry) for figure in figures if figure.is_shown]
    return notation.listed(list(dict.fromkeys(who or say(phrases.NO_PUBLISHER) for who in known)))
