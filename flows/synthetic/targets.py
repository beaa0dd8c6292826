"""What the plans of the made-up nation want to reach, and the truth that is planted behind each measured target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from math import ceil, floor, sqrt
from typing import Literal

import numpy as np
import polars as pl

from flows.synthetic.counting import Counting
from flows.synthetic.efforts import SET_BY, goals, key_of, themes_of
from flows.synthetic.expected import Expected, PlantedPath
from flows.synthetic.figures import Figure, exact, generator
from flows.synthetic.parameters import DIRECTION, Level, Truth, levels, tied
from flows.synthetic.places import Places
from flows.synthetic.pool import DrawnPlan, Pool
from flows.synthetic.scale import Numbers, linked, unlinked
from schemas.indicators import Indicator
from schemas.registry import Registry

# z(0.975) + z(0.80): a change of so many standard errors is found in four cases of five.
SEEN_IN_FOUR_OF_FIVE = 2.80
VISIBLE_STEPS, SMALL_STEPS = (1.05, 1.8), (0.3, 0.8)
SPANS = (2, 3, 4, 5)
# A target leaves at least so many counted, as the smallest visible change leans on the normal distribution; sensitive
# counts must lie far above those that registers withhold.
FEWEST, FEWEST_SENSITIVE = 5, 20
Planted = Literal["no_change", "to_target"]
AS_TRUTH = {
    "plan_name": pl.String(),
    "municipality_code": pl.String(),
    "area_id": pl.String(),
    "target_no": pl.String(),
    "indicator": pl.String(),
    "start_year": pl.Int32(),
    "target_year": pl.Int32(),
    "start_expected": pl.Float64(),
    "target_value": pl.Float64(),
    "planted": pl.String(),
    "step_over_visible_change": pl.Float64(),
}


@dataclass(frozen=True)
class Ambition:
    """How many targets the plans set, how large their steps are, and what becomes of them.

    `per_plan` is the fewest and the most measured targets of a plan that sets any; the others are shares of the plans
    or of the targets. Small steps fit more areas than large ones: of `small_steps` = 0.15 comes one target in five.
    """

    plans: float = 0.85
    per_plan: tuple[int, int] = (1, 4)
    small_steps: float = 0.15
    milestones: float = 0.25
    revised: float = 0.15
    withdrawn: float = 0.1


@dataclass(frozen=True)
class TargetVersion:
    """A target as it was set on a day, revised on it, or given up."""

    set_on: date
    goal: str
    target_year: int
    is_withdrawn: bool = False


@dataclass(frozen=True)
class DrawnTarget:
    """A measured target of a plan for one of its areas (index), and the truth planted behind its first version.

    `start_value` and `target_value` are as delivered, in the indicator's unit. `start_expected` is the expected value
    of the starting year, and `end` the expected value and the year at which the planted path stays. A milestone
    (`parent`) has its parent's path.
    """

    plan: DrawnPlan
    area: int
    number: str
    parent: str | None
    indicator: str
    effort_area: str
    set_by: str
    start_year: int
    start_value: float
    target_year: int
    target_value: float
    start_expected: float
    planted: Planted
    end: tuple[float, int]
    step_over_visible_change: float
    versions: tuple[TargetVersion, ...]

    @property
    def is_upwards(self) -> bool:
        """The figure shall rise."""
        return self.target_value > self.start_value

    def expected(self, years: Sequence[int]) -> Numbers:
        """The planted expected values of the starting year and later ones."""
        value, year = self.end
        return np.interp(years, (self.start_year, year), (self.start_expected, value))


@dataclass(frozen=True)
class Setting:
    """Where the plans set their targets."""

    registry: Registry
    truth: Truth
    places: Places
    pool: Pool
    seed: int

    @cached_property
    def levels(self) -> dict[str, Level]:
        """The truth of the indicators that targets are set on."""
        known = levels(self.registry)
        return {name: known[name] for name in candidates(self.registry, self.truth)}

    @cached_property
    def bases(self) -> dict[str, tuple[str, float]]:
        """Of what a middling area's denominators of these indicators are a part, and which part."""
        middling = {name: exact(np.ones((1, 1))) for name in ("residents", "dwellings")}
        no_other = Expected(self.registry, levels(self.registry), "mean", lambda _, __: np.zeros((1, 1)))
        counting = Counting(self.registry, self.truth, middling, no_other, self.seed)
        bases = ((name, counting.base_of(self.registry.indicators[name])) for name in self.levels)
        return {name: (part_of, share.item()) for name, (part_of, share) in bases}


@dataclass(frozen=True)
class _Wish:
    """What a plan would like: all that is drawn of a target before any figure is known."""

    plan: DrawnPlan
    area: int
    indicator: str
    effort_area: str
    times: float
    start: float
    span: float
    planted: Planted
    set_by: str
    days: tuple[int, int]
    fates: Mapping[str, bool]


def candidates(registry: Registry, truth: Truth) -> tuple[str, ...]:
    """The indicators that targets are set on: of areas, with an interval and a wished direction, known every year.

    Not those of surveys, nor those that are first provisional, nor those that the ministry's lists print as means over
    years, nor those drawn within or beside others: a changed one would no longer fit with them.
    """
    known = levels(registry)
    bound = {name for level in known.values() for name in tied(level)} | {
        n for n, level in known.items() if tied(level)
    }
    listed = {column.indicator for column in registry.layouts["ministry_list"].columns}
    left_out = bound | listed | {*registry.sources["resident_survey"].indicators, *truth.delivery.provisional}
    return tuple(
        i.id
        for i in registry.indicators.values()
        if i.of_areas and i.interval and i.polarity != "neutral" and i.id not in left_out
    )


def visible_change(indicator: Indicator, before: float, n_before: float, after: float, n_after: float) -> float:
    """The smallest visible change, in the indicator's unit: found in four cases of five at 5 %.

    2.80 sqrt(p0 q0 / n0 + p1 q1 / n1) for shares in percent, 2.80 sqrt(per (r0 / n0 + r1 / n1)) for rates.
    """
    spread = _unit_variance(indicator, before) / n_before + _unit_variance(indicator, after) / n_after
    return SEEN_IN_FOUR_OF_FIVE * sqrt(max(spread, 0))


def _unit_variance(indicator: Indicator, value: float) -> float:
    return value * (100 - value) if indicator.kind == "share" else value * indicator.factor


def step_of(indicator: Indicator, times: float, before: float, n_before: float, n_after: float) -> float:
    """The step in the wished direction that is `times` the smallest visible change; that depends on where it ends.

    Both sides squared: s^2 = K^2 (v0 / n0 + (v0 + s d (f - 2 q p0) - q s^2) / n1), with K = 2.80 times, v0 = f p0 -
    q p0^2 the variance of one unit, d = 1 or -1 the direction, f the factor, q = 1 for shares and 0 for rates.
    """
    sign, curved = -DIRECTION[indicator.polarity], float(indicator.kind == "share")
    k2, v0 = (SEEN_IN_FOUR_OF_FIVE * times) ** 2, _unit_variance(indicator, before)
    a = 1 + k2 * curved / n_after
    b = -k2 * sign * (indicator.factor - 2 * curved * before) / n_after
    c = -k2 * v0 * (1 / n_before + 1 / n_after)
    return sign * (-b + sqrt(b * b - 4 * a * c)) / (2 * a)


def chosen(
    setting: Setting, of_areas: Mapping[str, Figure], years: Sequence[int], ambition: Ambition
) -> tuple[DrawnTarget, ...]:
    """The measured targets of all plans; none where the years or the figures are too few.

    What is wished is drawn for every indicator of the registry, so that an indicator's targets are the same whichever
    others are in `of_areas`. Where two plans share an area, the first one's target of an indicator stands.
    """
    made: dict[tuple[int, str], list[DrawnTarget]] = {}
    unmeasured, themes = goals(setting.places, setting.pool, setting.seed), themes_of(setting.pool)
    for plan in setting.pool.plans:
        for at, wish in enumerate(_wishes(plan, themes[plan], setting, ambition)):
            if wish.indicator not in of_areas or (wish.area, wish.indicator) in made:
                continue
            number = str(len(unmeasured[plan]) + at + 1)
            if targets := _targets(wish, number, setting, of_areas[wish.indicator], years):
                made[wish.area, wish.indicator] = targets
    return tuple(target for targets in made.values() for target in targets)


def _wishes(plan: DrawnPlan, themes: Sequence[str], setting: Setting, ambition: Ambition) -> list[_Wish]:
    """What the plan wants measured: its own effort areas' things first, nothing that its areas are too small for."""
    key = key_of(plan, setting.places)
    chance = generator(setting.seed, "targets", key)
    fewest, most = ambition.per_plan
    sets_any, many = chance.random() < ambition.plans, int(chance.integers(fewest, most + 1))
    wishes, is_own = [], []
    for area in plan.areas if sets_any else ():
        place = setting.places.areas.row(area, named=True)
        for name, level in setting.levels.items():
            steps = setting.registry.change_theory.step.values()
            own = [step.effort_area for step in steps if name in step.indicators and step.effort_area in themes]
            stream = generator(setting.seed, "targets", key, place["area_id"], name)
            wish = _wish(plan, area, name, own or themes, stream, ambition)
            indicator = setting.registry.indicators[name]
            typical = linked(indicator, level.mean) + level.loading * place["deprivation"]
            part_of, share = setting.bases[name]
            size = share * place[part_of]
            if _leaves_enough(indicator, wish.times, float(unlinked(indicator, typical)), size, size):
                wishes.append(wish)
                is_own.append(bool(own))
    order = sorted(chance.permutation(len(wishes)).tolist(), key=lambda at: not is_own[at])
    return [wishes[at] for at in order[:many]]


def _wish(
    plan: DrawnPlan, area: int, name: str, themes: Sequence[str], chance: np.random.Generator, ambition: Ambition
) -> _Wish:
    is_small = chance.random() < ambition.small_steps
    fates = {fate: chance.random() < getattr(ambition, fate) for fate in ("milestones", "revised", "withdrawn")}
    return _Wish(
        plan,
        area,
        name,
        str(chance.choice(themes)),
        float(chance.uniform(*(SMALL_STEPS if is_small else VISIBLE_STEPS))),
        float(chance.random()),
        float(chance.random()),
        "to_target" if chance.random() < 0.5 else "no_change",
        str(chance.choice(SET_BY)),
        (int(chance.integers(0, 120)), int(chance.integers(200, 330))),
        fates,
    )


def _leaves_enough(indicator: Indicator, times: float, before: float, n_before: float, n_after: float) -> bool:
    """Whether the target is one that counts so small can be judged by, and none that is withheld."""
    fewest = FEWEST_SENSITIVE if indicator.disclosure_class == "sensitive" else FEWEST
    after = before + step_of(indicator, times, before, n_before, n_after)
    counted = min(before, after) * min(n_before, n_after) / indicator.factor
    others = (100 - max(before, after)) * min(n_before, n_after) / 100
    return counted >= fewest and (indicator.kind == "rate" or others >= fewest)


def _targets(wish: _Wish, number: str, setting: Setting, figure: Figure, years: Sequence[int]) -> list[DrawnTarget]:
    """The wish as a target and its milestone, if any, with what becomes of them; nothing where it cannot be set."""
    sent = _sent(wish.indicator, setting.truth, years)
    target = _target(wish, number, setting, figure, years, sent)
    if target is None:
        return []
    first, targets = target.versions[0], [target]
    later = first.set_on + timedelta(days=wish.days[1])
    if wish.fates["milestones"] and (milestone := _milestone(target, setting, figure, years, sent)):
        targets.append(milestone)
    if wish.fates["withdrawn"]:
        return [_later(each, later, is_withdrawn=True) for each in targets]
    if wish.fates["revised"]:
        # A year more, or the same in other words: what is planted stays true of the new version.
        year = target.target_year + int(target.target_year + 1 in sent)
        targets[0] = _later(target, later, goal=f"{first.goal}, senest i {year}", target_year=year)
    return targets


def _target(
    wish: _Wish, number: str, setting: Setting, figure: Figure, years: Sequence[int], sent: Sequence[int]
) -> DrawnTarget | None:
    """The wish as it was first set; None where the years do not reach or it leaves the indicator's range.

    Whether an area is large enough is judged by what is expected of it, never by the figure that chance gave: else the
    areas with targets would be those whose starting figures chance had raised.
    """
    indicator = setting.registry.indicators[wish.indicator]
    begun = wish.plan.begins.year
    window = [(year, _window(wish.plan, year, setting.truth)) for year in range(begun, begun + 3)]
    starts = [
        (year, days) for year, days in window if year in sent and days and any(year + span in sent for span in SPANS)
    ]
    if not starts or figure.denominator is None:
        return None
    start_year, (first_day, last_day) = starts[int(wish.start * len(starts))]
    spans = [span for span in SPANS if start_year + span in sent]
    target_year = start_year + spans[int(wish.span * len(spans))]
    at, end = years.index(start_year), years.index(target_year)
    before, expected = float(figure.value[wish.area, at]), float(figure.expected[wish.area, at])
    n = figure.denominator[wish.area]
    if not _leaves_enough(indicator, wish.times, expected, n[at], n[end]):
        return None
    sign = -DIRECTION[indicator.polarity]
    value = _outwards(before + step_of(indicator, wish.times, before, n[at], n[end]), sign, indicator.decimals)
    most = indicator.maximum if indicator.area_maximum is None else indicator.area_maximum
    times = abs(value - before) / (visible_change(indicator, before, n[at], value, n[end]) or np.inf)
    if not indicator.minimum < value < most or (times > 1) != (wish.times > 1):
        return None
    name = setting.places.areas["area_name"][wish.area]
    goal = f"{indicator.label_da} i {name} skal {'stige' if sign > 0 else 'falde'}"
    return DrawnTarget(
        plan=wish.plan,
        area=wish.area,
        number=number,
        parent=None,
        indicator=indicator.id,
        effort_area=wish.effort_area,
        set_by=wish.set_by,
        start_year=start_year,
        start_value=round(before, indicator.decimals),
        target_year=target_year,
        target_value=value,
        start_expected=expected,
        planted=wish.planted,
        end=(value if wish.planted == "to_target" else expected, target_year),
        step_over_visible_change=times,
        versions=(TargetVersion(min(first_day + timedelta(days=wish.days[0]), last_day), goal, target_year),),
    )


def _later(target: DrawnTarget, set_on: date, **changed: object) -> DrawnTarget:
    again = replace(target.versions[-1], set_on=set_on, **changed)  # type: ignore[arg-type]
    return replace(target, versions=(*target.versions, again))


def _milestone(
    target: DrawnTarget, setting: Setting, figure: Figure, years: Sequence[int], sent: Sequence[int]
) -> DrawnTarget | None:
    """Half the years on the way that would be planted, where that lies between start and target."""
    indicator = setting.registry.indicators[target.indicator]
    year = target.start_year + (target.target_year - target.start_year + 1) // 2
    on_the_way = np.interp(year, (target.start_year, target.target_year), (target.start_expected, target.target_value))
    value = round(float(on_the_way), indicator.decimals)
    low, high = sorted((target.start_value, target.target_value))
    is_between = low < value < high and year != target.target_year
    if year - target.start_year < SPANS[0] or year not in sent or not is_between or figure.denominator is None:
        return None
    at, end = years.index(target.start_year), years.index(year)
    before, n = float(figure.value[target.area, at]), figure.denominator[target.area]
    first = target.versions[0]
    return replace(
        target,
        number=f"{target.number}.1",
        parent=target.number,
        target_year=year,
        target_value=value,
        step_over_visible_change=abs(value - before) / visible_change(indicator, before, n[at], value, n[end]),
        versions=(replace(first, goal=f"På vejen: {first.goal}", target_year=year),),
    )


def _outwards(value: float, sign: float, decimals: int) -> float:
    """Rounded away from where it began, so that a step that can be seen stays one."""
    scaled = value * 10**decimals
    return float((ceil(scaled - 1e-9) if sign > 0 else floor(scaled + 1e-9)) / 10**decimals)


def _sent(name: str, truth: Truth, years: Sequence[int]) -> tuple[int, ...]:
    """The years of which every area has the indicator's figure."""
    delivery = truth.delivery
    never = delivery.not_collected
    missing = {delivery.never_sent_year} | ({never.year} if name == never.indicator else set())
    return tuple(year for year in years if year not in missing)


def _window(plan: DrawnPlan, start_year: int, truth: Truth) -> tuple[date, date] | None:
    """First and last day on which a target of this starting year can be set.

    The starting figure must be known, the target year's must not, and the plan must still run.
    """
    first = date(start_year + 1, 12, 1)
    if start_year == truth.delivery.late_year:
        first = date(start_year + 2, 3, 6)
    last = min(date(start_year + 2, 3, 31), plan.ends)
    return (first, last) if first <= last else None


def planted(targets: Sequence[DrawnTarget], counting: Counting, years: Sequence[int]) -> Counting:
    """The counting with what is planted: after a target's starting year the expected values follow its path.

    `years` are those of the counting. What hangs on a target's figure is drawn anew around the path, place by place;
    all other figures stay what they are.
    """
    paths = []
    for target in targets:
        column = years.index(target.start_year) + 1
        if target.parent is None:
            path = target.expected(years[column:])
            paths.append(PlantedPath(target.indicator, target.area, column, path))
    return counting.along(paths)


def as_truth(targets: Sequence[DrawnTarget], places: Places) -> pl.DataFrame:
    """A row per measured target: what was planted behind its first version; see the README beside it."""
    codes, names = places.municipalities["municipality_code"], places.areas["area_id"]
    as_drawn = [*AS_TRUTH][4:]
    rows = [
        (t.plan.name, codes[t.plan.municipality], names[t.area], t.number, *(getattr(t, name) for name in as_drawn))
        for t in targets
    ]
    return pl.DataFrame(rows, schema=AS_TRUTH, orient="row")
