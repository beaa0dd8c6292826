"""What the plans of the made-up nation do, and what they want that no indicator measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from flows.synthetic.figures import generator
from flows.synthetic.places import Places
from flows.synthetic.pool import DrawnPlan, Pool
from schemas.registry import Registry

MOST_GOALS, MOST_ACTIVITIES = 2, 5
SET_BY = ("styregruppen", "projektsekretariatet", "boligorganisationen og kommunen")
# Goals that no indicator measures, by effort area, and why.
GOALS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "boern-og-unge": (
        ("Flere børn har en voksen uden for hjemmet, som de kan gå til", "intet register måler det"),
        ("Flere børn klarer sig godt i skolens prøver", "registret kan ikke opgøres for området"),
    ),
    "uddannelse-og-beskaeftigelse": (
        ("Flere ved, hvem de kan spørge om job og uddannelse", "intet register måler det"),
        ("Flere unge har et fritidsjob", "tallet leveres ikke"),
    ),
    "beboernetvaerk": (
        ("Flere taler med deres naboer", "det måles på en anden måde"),
        ("Flere stiller op til afdelingsbestyrelsen", "der er for få personer"),
    ),
    "sundhed": (
        ("Flere spiser sundt i hverdagen", "intet register måler det"),
        ("Færre føler sig ensomme", "det måles på en anden måde"),
    ),
    "image-og-kommunikation": (
        ("Avisernes omtale af området bliver mere varieret", "det måles på en anden måde"),
        ("Flere i byen har besøgt området", "intet register måler det"),
    ),
    "udlejningsregler": (("Nye beboere føler sig velkomne i opgangen", "intet register måler det"),),
}
# Activities of which nobody has said what they are meant to move, and steps in a plan's own words.
WITHOUT_INDICATOR = ("Sommerfest", "Nyhedsbrev", "Åben rådgivning", "Udflugter", "Temaaftener")
OWN_STEPS = (
    "Flere tør spørge om hjælp",
    "Familierne får faste rutiner i hverdagen",
    "De unge får ansvar og voksne at regne med",
    "Flere holder fast i det, de er begyndt på",
)
NEVER_SAID, IN_OWN_WORDS, NOT_COUNTED = 0.25, 0.3, 0.1
AGREED_ON, ENDED = 3, 0.25


@dataclass(frozen=True)
class Goal:
    """A goal of a plan that no indicator measures."""

    plan: DrawnPlan
    number: str
    effort_area: str
    goal: str
    because: str
    set_by: str
    set_on: date


@dataclass(frozen=True)
class DrawnActivity:
    """An activity of a plan with its participants by year (None: not counted), and what it is meant to move."""

    plan: DrawnPlan
    effort_area: str
    name: str
    area: int | None
    begins: date
    ends: date | None
    participants: Mapping[int, int | None]
    indicators: tuple[str, ...]
    step: str


@dataclass(frozen=True)
class DrawnAgreement:
    """An indicator that an area secretariat shares with its plans."""

    secretariat: str
    indicator: str
    agreed_from: date
    agreed_until: date | None


def key_of(plan: DrawnPlan, places: Places) -> str:
    """What tells a plan from all others: its random streams are named by it."""
    return f"{places.municipalities['municipality_code'][plan.municipality]} {plan.name}"


def themes_of(pool: Pool) -> dict[DrawnPlan, list[str]]:
    """The effort areas that the grants of each plan are for."""
    themes: dict[DrawnPlan, set[str]] = {plan: set() for plan in pool.plans}
    for grant in pool.social_effort:
        if grant.plan:
            themes[grant.plan] |= set(grant.effort_areas)
    return {plan: sorted(areas) for plan, areas in themes.items()}


def goals(places: Places, pool: Pool, seed: int) -> dict[DrawnPlan, list[Goal]]:
    """The goals of every plan that no indicator measures."""
    made: dict[DrawnPlan, list[Goal]] = {}
    for plan, themes in themes_of(pool).items():
        chance = generator(seed, "goals", key_of(plan, places))
        known = [theme for theme in themes if theme in GOALS]
        made[plan] = []
        for at, theme in enumerate(chance.permutation(known)[: int(chance.integers(0, MOST_GOALS + 1))].tolist()):
            words, because = GOALS[theme][int(chance.integers(len(GOALS[theme])))]
            set_on = plan.begins + timedelta(days=int(chance.integers(60, 400)))
            made[plan].append(Goal(plan, str(at + 1), theme, words, because, str(chance.choice(SET_BY)), set_on))
    return made


def activities(registry: Registry, places: Places, pool: Pool, last_year: int, seed: int) -> list[DrawnActivity]:
    """The activities of all plans up to a year; those of plans that have not begun by then are not there."""
    made = [
        activity
        for plan, themes in themes_of(pool).items()
        for activity in _activities(
            plan, themes, registry, last_year, generator(seed, "activities", key_of(plan, places))
        )
    ]
    return [activity for activity in made if activity.participants]


def _activities(
    plan: DrawnPlan, themes: Sequence[str], registry: Registry, last_year: int, chance: np.random.Generator
) -> list[DrawnActivity]:
    steps = registry.change_theory.step.values()
    named = {name: step for step in steps if step.effort_area in themes for name in step.activities}
    made: list[DrawnActivity] = []
    for name in chance.permutation([*named, *WITHOUT_INDICATOR])[
        : int(chance.integers(1, MOST_ACTIVITIES + 1))
    ].tolist():
        step = named.get(name)
        theme, has_own = str(chance.choice(themes)), chance.random() < IN_OWN_WORDS
        own = str(chance.choice(OWN_STEPS))
        is_silent = chance.random() < NEVER_SAID or step is None
        moves = () if step is None else step.indicators[: int(chance.integers(1, len(step.indicators) + 1))]
        begins = plan.begins + timedelta(days=int(chance.integers(0, 240)))
        area = int(chance.choice(plan.areas))
        ends = plan.ends if chance.random() < 0.5 else None
        made.append(
            DrawnActivity(
                plan,
                step.effort_area if step else theme,
                name,
                area if chance.random() < 0.6 else None,
                begins,
                ends,
                _participants(range(begins.year, plan.ends.year + 1), last_year, chance),
                () if is_silent else moves,
                "" if is_silent or step is None else own if has_own else step.label_da,
            )
        )
    return made


def _participants(years: Sequence[int], last_year: int, chance: np.random.Generator) -> dict[int, int | None]:
    usual = float(np.exp(chance.normal(np.log(40), 0.8)))
    counts, gaps = chance.poisson(usual, len(years)).tolist(), chance.random(len(years)) < NOT_COUNTED
    return {
        year: None if gap else count for year, count, gap in zip(years, counts, gaps, strict=True) if year <= last_year
    }


def agreements(registry: Registry, aimed_at: Sequence[str], last_year: int, seed: int) -> list[DrawnAgreement]:
    """What the registry's area secretariats have agreed on up to a year; some of it has ended.

    Most are indicators that plans aim at, one is any other of areas with a wished direction.
    """
    others = [i.id for i in registry.indicators.values() if i.of_areas and i.polarity != "neutral"]
    others = [name for name in others if name not in aimed_at]
    made = []
    for row in registry.codes["secretariats"]:
        chance = generator(seed, "agreements", row["secretariat_id"])
        for name in [*chance.permutation(aimed_at)[:AGREED_ON], *chance.permutation(others)[:1]]:
            start = date(2006 + int(chance.integers(0, 4)), 1, 1)
            end = date(start.year + 2, 12, 31) if chance.random() < ENDED else None
            made.append(DrawnAgreement(row["name_da"], str(name), start, end))
    return [each for each in made if each.agreed_from.year <= last_year]
