"""A plan's page before it is set: the plan in short, shared indicators, goals by effort area, activities, theory."""

from collections.abc import Iterator
from dataclasses import dataclass

from flows.present import notation, vocabulary
from flows.present.goals import NO_FIGURE_YET
from flows.publish.plans_read import Activity, Plan, Row, Target
from flows.target_pages import sentences, theory_of_change
from flows.target_pages.sentences import TargetArticle
from flows.target_pages.theory_of_change import TheoryPicture
from schemas.registry import Registry

NEVER_WHY = (
    "Siden viser, om tallene har bevæget sig, og om de har gjort det som planlagt. Hvad der har fået dem til det, kan "
    "den ikke sige."
)
PARTS = {"targets": "Mål", "figures": "Tal", "activities": "Aktiviteter", "shared": "Fælles indikatorer"}


@dataclass(frozen=True)
class GoalLine:
    """A goal in the first table: its number and words, where it stands, its indicator, its verdict."""

    number: str
    anchor: str
    goal: str
    indicator: str
    verdict: str
    is_shared: bool


@dataclass(frozen=True)
class Agreement:
    """A shared indicator: its name and definition, who agreed on it, from when, and whether it is still in force."""

    label: str
    definition: str
    agreed: str
    is_in_force: bool


@dataclass(frozen=True)
class ActivityLine:
    """An activity in words."""

    name: str
    period: str
    participants: str
    indicators: str
    steps: str


@dataclass(frozen=True)
class Effort:
    """An effort area: the goals shown below it, where its other goals stand, or that it has none; activities."""

    name: str
    goals: tuple[TargetArticle, ...]
    elsewhere: tuple[tuple[str, str], ...]
    no_goal: str
    activities: tuple[ActivityLine, ...]


@dataclass(frozen=True)
class PlanPage:
    """Everything that a plan's page says."""

    plan: Plan
    summary: tuple[str, ...]
    lines: tuple[GoalLine, ...]
    agreements: tuple[Agreement, ...]
    shared: tuple[TargetArticle, ...]
    efforts: tuple[Effort, ...]
    theory: TheoryPicture | None
    theory_rows: tuple[tuple[str, str, str, str, str], ...]
    sources: tuple[tuple[str, str], ...]


def compose(plan: Plan, registry: Registry) -> PlanPage:
    """The page of a plan."""
    place = plan.row["municipality_name"]
    first = [target for top in plan.targets for target in _shared(top)]
    shared = tuple(sentences.article(target, place, registry, is_first=True) for target in first)
    efforts = tuple(_effort(plan, row, registry) for row in registry.codes["effort_areas"])
    shown = [*shared, *(article for effort in efforts for article in effort.goals)]
    return PlanPage(
        plan,
        summary(plan),
        tuple(line for article in shown for line in _lines(article, plan, registry)),
        tuple(agreement(row, registry) for row in plan.shared),
        shared,
        efforts,
        theory_of_change.picture(plan.links, registry) if plan.links else None,
        tuple(theory_of_change.table(plan.links, registry)),
        sources(plan, registry),
    )


def summary(plan: Plan) -> tuple[str, ...]:
    """The plan in short, as plan_overview counts it: its goals, where they stand, its activities; a paragraph each."""
    paragraphs = [_goals(plan), " ".join(_standing(plan)), _activities(plan), NEVER_WHY]
    return tuple(paragraph for paragraph in paragraphs if paragraph)


def _goals(plan: Plan) -> str:
    goals, measurable = plan.total("goals"), plan.total("goals_measurable")
    withdrawn = plan.total("goals_withdrawn")
    given_up = f" {notation.number(withdrawn)} mål er opgivet undervejs." if withdrawn else ""
    if not goals:
        return f"Planen har ingen mål i Boligprofil.{given_up}"
    if measurable == goals:
        can = "Det kan måles" if goals == 1 else "Alle kan måles"
    elif not measurable:
        can = "Det kan ikke måles" if goals == 1 else "Ingen af dem kan måles"
    else:
        can = f"{notation.number(measurable)} kan måles"
    others = f", {notation.number(goals - measurable)} kan ikke" if 0 < measurable < goals else ""
    return f"Planen har {notation.number(goals)} mål. {can} med en af Boligprofils indikatorer{others}.{given_up}"


def _activities(plan: Plan) -> str:
    count, bare = plan.total("activities"), plan.total("activities_without_indicator")
    if not count:
        return "Planen har ikke indberettet aktiviteter."
    if count == 1:
        those = f"Det er {'ikke ' if bare else ''}sagt, hvilken indikator den skal flytte"
    elif bare:
        them = "ingen af dem er det sagt" if bare == count else f"{notation.number(bare)} af dem er det ikke sagt"
        those = f"For {them}, hvilken indikator {'den' if bare == 1 else 'de'} skal flytte"
    else:
        those = "For dem alle er det sagt, hvilken indikator de skal flytte"
    return f"Planen har {notation.many(count, 'aktivitet', 'aktiviteter')}. {those}."


def _standing(plan: Plan) -> Iterator[str]:
    counts = {verdict: plan.total(verdict) for verdict in vocabulary.VERDICTS}
    known = [
        f"{notation.number(count)} {vocabulary.VERDICTS[verdict].lower()}"
        for verdict, count in counts.items()
        if count and verdict != "cannot_be_told"
    ]
    if known:
        first, *others = known
        yield f"Efter det nyeste år med tal er {notation.listed([first.replace(' ', ' mål ', 1), *others])}."
    if unclear := counts["cannot_be_told"]:
        it = "det" if unclear == 1 else "de"
        yield f"Om {notation.number(unclear)} mål kan tallene ikke afgøre, om {it} er på vej."
    if waiting := plan.total("without_verdict"):
        yield f"For {notation.number(waiting)} mål er der endnu intet tal efter startåret."


def agreement(row: Row, registry: Registry) -> Agreement:
    """A row of shared_indicators in words."""
    indicator = registry.indicators[row["indicator"]]
    until = None if row["is_in_force"] else row["agreed_until"]
    ended = f", ophørt den {notation.day(until)}" if until else ""
    agreed = f"Aftalt af {row['agreed_by']}, gælder fra den {notation.day(row['agreed_from'])}{ended}."
    return Agreement(indicator.label_da, indicator.definition_da, agreed, bool(row["is_in_force"]))


def sources(plan: Plan, registry: Registry) -> tuple[tuple[str, str], ...]:
    """What the page is made of: the part and who delivered it, and in which files."""
    by_origin: dict[str, list[str]] = {}
    for part, source, file in plan.sources:
        by_origin.setdefault(f"{PARTS[part]} fra {registry.sources[source].publisher_da}", []).append(file)
    return tuple((origin, ", ".join(files)) for origin, files in by_origin.items())


def _shared(target: Target) -> Iterator[Target]:
    """The target, or those of its parts, that come before all others."""
    if sentences.is_shown_first(target):
        yield target
    else:
        for part in target.parts:
            yield from _shared(part)


def _walk(article: TargetArticle) -> Iterator[TargetArticle]:
    yield article
    for part in article.parts:
        yield from _walk(part)


def _effort(plan: Plan, row: dict[str, str], registry: Registry) -> Effort:
    theme, place = row["effort_area_id"], plan.row["municipality_name"]
    here = [top for top in plan.targets if top.row["effort_area_id"] == theme and not sentences.is_shown_first(top)]
    here.sort(key=lambda target: bool(target.row["is_withdrawn"]))
    goals = tuple(sentences.article(target, place, registry) for target in here)
    shown = {article.number for goal in goals for article in _walk(goal)}
    elsewhere = [
        target.row["target_no"]
        for target in plan.walk()
        if target.row["effort_area_id"] == theme and target.row["target_no"] not in shown
    ]
    overview = plan.overview.get(theme)
    granted = ", selv om en bevilling til planen nævner indsatsområdet" if overview and overview["was_granted"] else ""
    return Effort(
        row["name_da"],
        goals,
        tuple((number, sentences.anchor(number)) for number in elsewhere),
        "" if goals or elsewhere else f"Ingen mål{granted}.",
        tuple(_activity_line(activity, registry) for activity in plan.activities if activity.effort_area == theme),
    )


def _activity_line(activity: Activity, registry: Registry) -> ActivityLine:
    begins = notation.day(activity.begins)
    name = f"{activity.name} ({activity.area})" if activity.area else activity.name
    labels = [registry.indicators[indicator].label_da for indicator in activity.indicators]
    return ActivityLine(
        name,
        f"{begins} – {notation.day(activity.ends)}" if activity.ends else f"siden {begins}",
        "; ".join(
            f"{year}: {notation.number(count) if count is not None else 'ikke talt'}"
            for year, count in activity.participants
        ),
        notation.listed(labels),
        "; ".join(activity.steps) or notation.ABSENT,
    )


def _lines(top: TargetArticle, plan: Plan, registry: Registry) -> Iterator[GoalLine]:
    rows = {target.row["target_no"]: target.row for target in plan.walk()}
    for article in _walk(top):
        row = rows[article.number]
        if article.is_withdrawn:
            verdict = vocabulary.WITHDRAWN
        elif article.unmeasured:
            verdict = vocabulary.UNMEASURED
        else:
            verdict = article.verdict.short if article.verdict else NO_FIGURE_YET
        label = registry.indicators[row["indicator"]].label_da if row["indicator"] else notation.ABSENT
        yield GoalLine(article.number, article.anchor, article.goal, label, verdict, article.is_shared)
