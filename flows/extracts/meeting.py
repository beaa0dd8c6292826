"""The meeting sheets that go out with an extract: made of cleared figures and cleared targets alone.

Where a figure behind a goal is not shown, the sheet says so and nothing that could tell it: no verdict, no line, no
change. A change is that between two shown figures that may be held against each other; its interval is Newcombe's
hybrid score interval (Newcombe 1998, method 10) from the two figures' own intervals, taken as independent.
"""

from math import hypot

from flows.extracts import standing, words
from flows.extracts.model import Area, ClearedFigure, Extract, Place, TargetLine
from flows.extracts.report import setting
from flows.present import meeting, vocabulary
from flows.present.goals import GoalStanding
from flows.present.language import say
from flows.present.meeting import BareGoal, MeetingSheet
from flows.present.pdf import Typeset
from schemas.registry import Registry


def sheets(extract: Extract, registry: Registry) -> list[MeetingSheet]:
    """A sheet for each plan that has set a goal, in the order of the areas."""
    by_plan: dict[str, list[tuple[Area, TargetLine]]] = {}
    for area in extract.areas:
        for line in area.targets:
            if not line.is_withdrawn:
                by_plan.setdefault(line.plan, []).append((area, line))
    return [_sheet(plan, lines, extract, registry) for plan, lines in by_plan.items()]


def typeset(extract: Extract, registry: Registry) -> Typeset | None:
    """All sheets as one PDF, a page of A4 each; None where no plan has set a goal. Raises CannotSet."""
    found = sheets(extract, registry)
    if not found:
        return None
    with setting("meeting sheet", extract):
        return meeting.typeset(found, words.banners(extract), extract.release)


def _sheet(plan: str, lines: list[tuple[Area, TargetLine]], extract: Extract, registry: Registry) -> MeetingSheet:
    areas = list(dict.fromkeys(area.name for area, _ in lines))
    town = extract.municipality_of(lines[0][0]).name
    measured = [_standing(area, line, len(areas) > 1, extract, registry) for area, line in lines if line.indicator]
    bare = {
        line.number: BareGoal(
            line.number,
            line.goal or say(meeting.GOAL_LEFT_OUT),
            vocabulary.NOT_MEASURABLE.get(line.not_measurable_because or "", say("planen har ikke sagt hvorfor")),
        )
        for _, line in lines
        if line.indicator is None
    }
    return meeting.compose(plan, town, areas, say("tal for {year}", year=extract.year), measured, list(bare.values()))


def _standing(area: Area, line: TargetLine, is_named: bool, extract: Extract, registry: Registry) -> GoalStanding:
    indicator = registry.indicators[line.indicator or ""]
    start, newest = (figure if figure and figure.is_shown else None for figure in (line.start, line.newest))
    hidden = _hidden(line, area, extract, registry)
    has_newest = newest is not None and line.verdict is not None and not hidden
    change, interval = _change(line.start, line.newest, area, extract) if has_newest else (None, None)
    others = ((say("kommunen"), extract.municipality_of(area)), (say("hele landet"), extract.country))
    return GoalStanding(
        number=line.number,
        goal=line.goal,
        area=area.name if is_named else None,
        indicator=indicator,
        town=say("{name} Kommune", name=extract.municipality_of(area).name),
        direction=line.direction,
        start_year=line.start_year or extract.years[0],
        target_year=line.target_year or extract.year,
        target=None if hidden else line.target_value,
        start=start.value if start and not hidden else None,
        year=newest.year if newest and has_newest else None,
        value=newest.value if newest and has_newest else None,
        interval=newest.interval if newest and has_newest else None,
        verdict=line.verdict if has_newest else None,
        kind=line.verdict_kind if has_newest else None,
        missing=tuple(vocabulary.codes(line.why)) if has_newest else (),
        expected=line.expected if has_newest else None,
        change=change,
        change_interval=interval,
        elsewhere=tuple((name, _moved(place, line, extract)) for name, place in others) if has_newest else (),
        base=newest.shown_denominator if newest and has_newest else None,
        hidden=hidden,
    )


def _hidden(line: TargetLine, area: Area, extract: Extract, registry: Registry) -> str:
    """Why a goal's figures may not be told: a mark of disclosure control, or a value that is held back."""
    for figure in (line.newest, line.start):
        if figure and figure.mark in registry.extracts.protecting:
            mark = registry.extracts.mark[figure.mark]
            return say(
                "Tallet for {year} vises ikke ({mark}), så vurderingen kan ikke vises.",
                year=figure.year,
                mark=say(mark.label_da),
            )
    for figure in (line.newest, line.start):
        if figure and figure.mark and figure.mark != "not_delivered":
            mark = registry.extracts.mark[figure.mark]
            who = standing.deliverer(registry.indicators[figure.indicator], extract.municipality_of(area), registry)
            return say(
                "Der er intet tal for {year} ({mark}). Spørg {who}, om det kan leveres.",
                year=figure.year,
                mark=say(mark.label_da),
                who=who,
            )
    if line.verdict is None and line.newest and line.newest.is_shown and line.newest.year != line.start_year:
        return say("Vurderingen vises ikke: et af de to tal bag den er ikke med i dette udtræk.")
    return ""


def _moved(place: Place, line: TargetLine, extract: Extract) -> float | None:
    """What another place has moved by between the years of a goal's two figures."""
    if line.start is None or line.newest is None:
        return None
    figures = [place.figures.get((figure.indicator, figure.year)) for figure in (line.start, line.newest)]
    return _change(figures[0], figures[1], place, extract)[0]


def _change(
    start: ClearedFigure | None, newest: ClearedFigure | None, place: Place, extract: Extract
) -> tuple[float | None, tuple[float, float] | None]:
    """What a figure has moved by, and the ends of the 95 % interval; nothing where the two may not be compared."""
    if start is None or newest is None or not start.is_shown or not newest.is_shown or start.year >= newest.year:
        return None, None
    same = (start.window_years, start.figure_owner) == (newest.window_years, newest.figure_owner)
    between = (place.figures.get((start.indicator, year)) for year in extract.years if start.year < year <= newest.year)
    is_broken = any(figure is not None and figure.is_broken for figure in between)
    if not same or is_broken or start.is_alone or newest.is_alone:
        return None, None
    by = newest.number - start.number
    if start.interval is None or newest.interval is None:
        return by, None
    (low0, high0), (low1, high1) = start.interval, newest.interval
    down = hypot(newest.number - low1, high0 - start.number)
    up = hypot(high1 - newest.number, start.number - low0)
    return by, (by - down, by + up)
