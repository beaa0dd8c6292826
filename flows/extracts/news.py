"""What is new since the year before: places on the ministry's lists, criteria, figures that moved, came or went.

A change over one year is told in a table with its interval and in no sentence: chance moves the figures of small areas
from year to year. Only cleared figures are in it, and a gap in a line is a year without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.extracts import charts, findings, phrases, strips, tables
from flows.extracts.findings import LeadSentence
from flows.extracts.model import Area, ClearedFigure, Extract, Place, Watch
from flows.extracts.words import NO_CHANGE
from flows.present import notation, sparkline, year_chart
from flows.present.cells import TableCell
from flows.present.language import say
from schemas.indicators import Indicator
from schemas.registry import Registry


@dataclass(frozen=True)
class MovedRow:
    """A figure of the year and of the year before: its line through the years, both numbers, and the change."""

    key: str
    label: str
    drawing: str
    before: TableCell
    now: TableCell
    change: TableCell
    since_plan: str


@dataclass(frozen=True)
class PlaceNews:
    """What is new at a place: sentences on the lists, figures that moved, and the names of those that came or went.

    `nothing` is why there is none of that, where there is none. `is_by_size`: of a change at least it is known how far
    chance moves it, so that the largest beside that stands first.
    """

    place: Place
    lists: tuple[LeadSentence, ...]
    rows: tuple[MovedRow, ...]
    came: str
    went: str
    nothing: str
    is_by_size: bool

    @property
    def has_change(self) -> bool:
        """Whether a change over one year is measured, as it is of areas alone."""
        return self.place.kind == "area"

    @property
    def has_since_plan(self) -> bool:
        """Whether any figure has moved since the years before the plan, as far as may be told."""
        return any(row.since_plan != notation.ABSENT for row in self.rows)


def of_places(extract: Extract, registry: Registry) -> list[PlaceNews]:
    """What is new in each area of the extract, in its order; where it has none, in its municipality."""
    if not extract.areas:
        keys = [indicator for indicator in phrases.key_figures(extract, registry) if indicator.kind != "count"]
        return [_of_place(extract.municipality, keys, (), extract, registry)]
    return [
        _of_place(area, strips.indicators(area, extract, registry), _on_lists(area, registry), extract, registry)
        for area in extract.areas
    ]


def title(extract: Extract) -> str:
    """The finding: who came to or left the ministry's list, else how many criteria turned, else that nothing did."""
    came, left, turned, known = [], [], 0, 0
    for area in extract.areas:
        now, before = _watches(area)
        if now is None or before is None:
            continue
        if now.on_list is not None and before.on_list is not None:
            known += 1
            came += [area.name] if now.on_list and not before.on_list else []
            left += [area.name] if before.on_list and not now.on_list else []
        then = {criterion.indicator: criterion.is_met for criterion in before.criteria}
        turned += sum(
            criterion.is_met is not None and then.get(criterion.indicator) == (not criterion.is_met)
            for criterion in now.criteria
        )
    parts = [say("{came} er kommet på ministeriets liste", came=notation.listed(came))] if came else []
    parts += [say("{left} er ikke længere på ministeriets liste", left=notation.listed(left))] if left else []
    if not parts and known:
        parts = [say("Ingen har skiftet plads på ministeriets liste")]
    if not parts:
        return say("Nyt siden {year}", year=extract.year - 1)
    kinds = (
        say("; {criteria} har skiftet side", criteria=notation.many(turned, "kriterium", "kriterier")) if turned else ""
    )
    return say("{parts} siden {year}{kinds}", parts=notation.listed(parts), year=extract.year - 1, kinds=kinds)


def _watches(area: Area) -> tuple[Watch | None, Watch | None]:
    """The list that an area is told about and the same of the year before, where both were delivered."""
    now = findings.first_watch(area)
    before = next((watch for watch in area.earlier_watches if now and watch.list_name == now.list_name), None)
    return (now, before) if now and before and now.is_delivered and before.is_delivered else (None, None)


def _on_lists(area: Area, registry: Registry) -> tuple[LeadSentence, ...]:
    """Whether the area came to or left the list, and which of its criteria turned."""
    now, before = _watches(area)
    lists = list(findings.since_last_list(area, registry))
    if now and before and None not in (now.on_list, before.on_list) and now.on_list != before.on_list:
        way = say("er kommet på") if now.on_list else say("er ikke længere på")
        lists.insert(
            0, LeadSentence(say("{name} {way} ministeriets liste:", name=area.name, way=way), findings.counted(now))
        )
    return tuple(lists)


def _of_place(
    place: Place, asked: Sequence[Indicator], lists: tuple[LeadSentence, ...], extract: Extract, registry: Registry
) -> PlaceNews:
    came, went, moved, gone = [], [], [], []
    for indicator in asked:
        new, old = (place.figure(indicator.id, year) for year in (extract.year, extract.year - 1))
        if new.is_shown and old.is_shown:
            moved.append((_size(new), _moved(place, indicator, new, old, extract, registry)))
        elif new.is_shown:
            came.append(notation.short(indicator))
        elif old.is_shown:
            went.append(f"{notation.short(indicator)} ({tables.cell(new, registry).text})")
        else:
            gone.append(new)
    moved.sort(key=lambda pair: -pair[0])
    nothing = ""
    if not (lists or moved or came or went):
        nothing = say(
            "Ingen tal vises for {before} eller {year}: {reasons}.",
            before=extract.year - 1,
            year=extract.year,
            reasons=findings.reasons(gone, registry),
        )
    is_by_size = any(size >= 0 for size, _ in moved)
    rows = tuple(row for _, row in moved)
    return PlaceNews(place, lists, rows, "; ".join(came), "; ".join(went), nothing, is_by_size)


def _size(figure: ClearedFigure) -> float:
    """A change in units of what chance moves it by, to order by; those of unknown uncertainty come last."""
    change = figure.change("year")
    if change is None:
        return -2.0
    if change.interval is None:
        return -1.0
    low, high = change.interval
    return abs(change.by) / ((high - low) or 1.0)


def _moved(
    place: Place, indicator: Indicator, new: ClearedFigure, old: ClearedFigure, extract: Extract, registry: Registry
) -> MovedRow:
    headline = extract.headlines.get((place.id, indicator.id))
    since = ""
    if headline:
        sign = "↘" if headline.after < headline.before else "↗"
        then, now = (notation.number(number, indicator.decimals) for number in (headline.before, headline.after))
        since = say("{sign} fra {then} til {now}", sign=sign, then=then, now=now)
    return MovedRow(
        indicator.id,
        phrases.heading(indicator),
        _line(place, indicator, extract, registry),
        tables.cell(old, registry),
        tables.cell(new, registry),
        _change(new, indicator),
        since or notation.ABSENT,
    )


def _change(figure: ClearedFigure, indicator: Indicator) -> TableCell:
    change = figure.change("year")
    if change is None:
        why = NO_CHANGE.get(figure.no_change_because("year") or "", say("kan ikke opgøres"))
        return TableCell(notation.ABSENT, (why,), is_mark=True)
    number = notation.signed(change.by, indicator.decimals)
    if change.interval is None:
        return TableCell(number, () if indicator.kind == "count" else (say(phrases.NO_INTERVAL),))
    return TableCell(number, (say("mellem {ends}", ends=notation.ends(*change.interval, indicator)),))


def _line(place: Place, indicator: Indicator, extract: Extract, registry: Registry) -> str:
    drawn = charts.drawn(place, extract, indicator)
    axis = charts.axis_of(drawn, extract, indicator)
    runs = {
        kind: [[(figure.year, figure.number) for figure in run] for run in year_chart.runs(shown)]
        for kind, shown in drawn.items()
    }
    return sparkline.draw(
        runs.get(place.kind, []),
        runs.get("municipality" if place.kind == "area" else "country", []),
        (extract.years[0], extract.year),
        (axis.low, axis.high),
        charts.alternative(place, extract, registry, indicator.id),
    )
