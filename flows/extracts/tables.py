"""Tables of the web pages: cells with what must be read beside them, and rows that can be chosen and sorted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import escape

from flows.extracts import phrases, standing, words
from flows.extracts.model import ClearedFigure, Extract, Other, Place
from flows.present import notation
from flows.present.cells import TableCell, td
from flows.present.language import say
from schemas import labels
from schemas.registry import Registry


@dataclass(frozen=True)
class Row:
    """A row that can be chosen by indicator and year. `years` are several where all of them lack the same figures."""

    label: str
    link: str | None
    key: str
    years: tuple[int, ...]
    cells: tuple[TableCell, ...]


@dataclass(frozen=True)
class Chooser:
    """What a table may be narrowed to: indicators by group, years, and what is chosen at first (empty: all)."""

    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    years: tuple[int, ...]
    key: str
    year: str


def cell(figure: ClearedFigure, registry: Registry, more: Iterable[str] = ()) -> TableCell:
    """A figure with its caveats and `more` below it, or its mark alone."""
    if figure.mark:
        return TableCell(words.shown(figure, registry), is_mark=True)
    return TableCell(
        words.shown(figure, registry), tuple(text for text in (phrases.all_caveats(figure), *more) if text)
    )


def uncertainty(figure: ClearedFigure, registry: Registry) -> TableCell:
    """The interval of a figure in words, or why it has none; a dash where there is no figure."""
    if figure.mark:
        return TableCell(notation.ABSENT)
    counted = (
        say("rundet af til hele {rounded_to}", rounded_to=figure.rounded_to)
        if words.is_rounded(figure)
        else say("talt op")
    )
    return TableCell(phrases.uncertainty(figure, registry.indicators[figure.indicator]) or counted)


def other_of(place: Place) -> Other:
    """What a place is to an area that stands beside it. Raises ValueError of another area."""
    if place.kind == "area":
        raise ValueError(f"{place.id} is an area, and areas are not judged against each other")
    return place.kind


def compared(place: Place, beside: Sequence[Place], key: str, year: int, registry: Registry) -> list[TableCell]:
    """The same figure of the places beside it, with how the area stands against each."""
    figure = place.figure(key, year)
    cells = []
    for other in beside:
        its = other.figure(key, year)
        answer = standing.against(figure, its, other_of(other), registry) if place.kind == "area" else None
        cells.append(cell(its, registry, [answer.under] if answer else []))
    return cells


def rows_of(
    place: Place, beside: Sequence[Place], indicators: Sequence[str], extract: Extract, registry: Registry
) -> list[Row]:
    """A row per indicator and year: the place, how sure its figure is, and the places beside it."""
    rows = []
    for key in indicators:

        def cells(year: int, key: str = key) -> tuple[TableCell, ...]:
            figure = place.figure(key, year)
            own = cell(figure, registry, [phrases.counts(figure, registry.indicators[key])])
            return (own, uncertainty(figure, registry), *compared(place, beside, key, year, registry))

        rows += merged(say(registry.indicators[key].label_da), None, key, extract.years, (place, *beside), cells)
    return rows


def merged(
    label: str,
    link: str | None,
    key: str,
    years: Sequence[int],
    places: Sequence[Place],
    cells: Callable[[int], tuple[TableCell, ...]],
) -> list[Row]:
    """Rows from the newest year back; years in a row that have no figure at all, for the same reasons, share one."""
    rows: list[Row] = []
    before: tuple[str | None, ...] = ()
    for year in reversed(years):
        marks = tuple(place.figure(key, year).mark for place in places)
        if all(marks) and marks == before:
            rows[-1] = Row(label, link, key, (year, *rows[-1].years), rows[-1].cells)
        else:
            rows.append(Row(label, link, key, (year,), cells(year)))
        before = marks
    return rows


def html(rows: Iterable[Row], heads: Sequence[str], text_heads: Sequence[str]) -> str:
    """The rows of a table with these heads: the row's own label, its years in the column 'År', and its cells."""
    at = heads.index(say("År")) - 1
    is_text = [head in text_heads for head in (*heads[1 : at + 1], *heads[at + 2 :])]
    lines = []
    for row in rows:
        years = f"{row.years[0]}–{row.years[-1]}" if len(row.years) > 1 else str(row.years[0])
        label = f'<a href="{escape(row.link)}">{escape(row.label)}</a>' if row.link else escape(row.label)
        cells: list[str] = [td(cell, is_said) for cell, is_said in zip(row.cells, is_text, strict=True)]
        cells.insert(at, f'<td class="year">{years}</td>')
        lines.append(f'<tr data-key="{row.key}"><th scope="row">{label}</th>{"".join(cells)}</tr>\n')
    return "".join(lines)


def chooser(extract: Extract, registry: Registry, indicators: Sequence[str], key: str, year: str) -> Chooser:
    """What a table of these indicators may be narrowed to, with `key` and `year` chosen at first."""
    known = [registry.indicators[name] for name in indicators]
    groups = (
        (
            say(label),
            tuple((indicator.id, say(indicator.label_da)) for indicator in known if indicator.indicator_group == group),
        )
        for group, label in labels.OUTCOME_GROUPS.items()
    )
    return Chooser(tuple(group for group in groups if group[1]), extract.years[::-1], key, year)


def first(indicators: Sequence[str]) -> str:
    """What is chosen at first: the size of an area stands elsewhere already."""
    return next((key for key in indicators if key != "residents"), "")
