"""A secretariat's page before it is set: what to take up, shared indicators by area and plan, its plans, its data."""

from collections.abc import Mapping
from dataclasses import dataclass

from flows.present import movements, notation, vocabulary
from flows.present.goals import NO_FIGURE_YET, TROUBLE
from flows.present.pictures import Picture
from flows.publish.figures_read import AreaSeries
from flows.publish.plans_read import Plan, Row, Secretariat, Target
from flows.target_pages import area_line, sentences
from flows.target_pages.plans import Agreement, agreement
from flows.target_pages.standing import standing
from schemas.registry import Registry

# Counts of plan_overview that pages show, with their heads.
COUNT_HEADS = {
    "goals": "Mål",
    "goals_measurable": "Kan måles",
    **{verdict: f"{vocabulary.SIGNS[verdict]} {word}" for verdict, word in vocabulary.VERDICTS.items()},
    "without_verdict": "Intet tal endnu",
    "goals_withdrawn": "Opgivet",
    "activities": "Aktiviteter",
    "activities_without_indicator": "heraf uden indikator",
}


@dataclass(frozen=True)
class GoalsOfVerdict:
    """The goals that stand alike, by plan: number and place on its page; `meaning` is what the verdict says."""

    verdict: str
    meaning: str
    count: int
    plans: tuple[tuple[Plan, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True)
class AreaOnIndicator:
    """An area of a plan on a shared indicator: its line, newest figure, movement, and the plan's targets there."""

    plan: Plan
    area: str
    line: Picture
    figure: str
    municipality: str
    movement: str
    targets: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class SharedIndicator:
    """A shared indicator in force: rows by area and plan; `without` are areas that have no figure of it."""

    agreement: Agreement
    rows: tuple[AreaOnIndicator, ...]
    without: tuple[str, ...]
    years: str


@dataclass(frozen=True)
class IndicatorFigures:
    """Which figures there are of an indicator: the areas' years, who publishes them, gaps, the municipality's years."""

    label: str
    is_shared: bool
    years: str
    owners: str
    gaps: str
    municipality: str


@dataclass(frozen=True)
class SecretariatPage:
    """Everything that a secretariat's page says; `unknown` are the indicators of which no area has a figure."""

    secretariat: Secretariat
    summary: tuple[str, ...]
    verdicts: tuple[GoalsOfVerdict, ...]
    shared: tuple[SharedIndicator, ...]
    ended: tuple[Agreement, ...]
    counts: tuple[tuple[Plan, tuple[int, ...]], ...]
    known: tuple[IndicatorFigures, ...]
    unknown: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]


def compose(
    secretariat: Secretariat,
    registry: Registry,
    series: Mapping[tuple[str, str], AreaSeries],
    area_names: Mapping[str, str],
) -> SecretariatPage:
    """The page of a secretariat; `series` are its areas' figures on its shared indicators."""
    in_force = [row["indicator"] for row in secretariat.shared if row["is_in_force"]]
    order = list(registry.indicators)
    data = sorted(secretariat.data, key=lambda row: (row["indicator"] not in in_force, order.index(row["indicator"])))
    of_areas = [row for row in data if row["of_areas"]]
    unknown = [registry.indicators[row["indicator"]].label_da for row in of_areas if not row["areas_with_figures"]]
    return SecretariatPage(
        secretariat,
        summary(secretariat, len(in_force)),
        tuple(verdicts(secretariat, registry)),
        tuple(
            _shared(row, secretariat, registry, series, area_names) for row in secretariat.shared if row["is_in_force"]
        ),
        tuple(agreement(row, registry) for row in secretariat.shared if not row["is_in_force"]),
        tuple(
            (plan, tuple(plan.total(column) for column in COUNT_HEADS))
            for plan in sorted(secretariat.plans, key=in_trouble)
        ),
        tuple(_known(row, registry, in_force) for row in of_areas if row["areas_with_figures"]),
        tuple(unknown),
        tuple(
            (
                registry.indicators[row["indicator"]].label_da,
                notation.years(_years(row["municipality_years"])),
                owners(row["municipality_sources"], registry),
            )
            for row in data
            if not row["of_areas"] and row["municipality_years"]
        ),
    )


def summary(secretariat: Secretariat, in_force: int) -> tuple[str, ...]:
    """The secretariat in short."""
    plans = secretariat.plans
    goals = sum(plan.total("goals") for plan in plans)
    measurable = sum(plan.total("goals_measurable") for plan in plans)
    shared = sum(sentences.is_shown_first(target) for plan in plans for target in plan.walk())
    bare = sum(plan.total("activities_without_indicator") for plan in plans)
    paragraphs = [
        f"Sekretariatet dækker {notation.many(len(plans), 'helhedsplan', 'helhedsplaner')} "
        f"med {notation.number(goals)} mål, hvoraf {notation.number(measurable)} kan måles.",
        f"{notation.many(in_force, 'fælles indikator', 'fælles indikatorer')} er aftalt, og {shared} mål måles "
        f"ved {'den' if in_force == 1 else 'dem'}."
        if in_force
        else "Ingen fælles indikatorer er aftalt.",
    ]
    if bare:
        paragraphs.append(f"{notation.many(bare, 'aktivitet', 'aktiviteter')} er ikke knyttet til en indikator.")
    return tuple(paragraphs)


def in_trouble(plan: Plan) -> tuple[int, ...]:
    """A key that sorts plans by trouble: goals off the way, not to be told, without a figure; then not measured."""
    unmeasured = plan.total("goals") - plan.total("goals_measurable")
    columns = ("off_the_way", "cannot_be_told", "without_verdict")
    return (*(-plan.total(column) for column in columns), -unmeasured, -plan.total("goals"))


def verdicts(secretariat: Secretariat, registry: Registry) -> list[GoalsOfVerdict]:
    """The measured goals of all plans by verdict, what is in trouble first; no verdict that no goal has."""
    town = secretariat.row["municipality_name"]
    found: dict[str | None, dict[str, tuple[Plan, list[tuple[str, str]]]]] = {verdict: {} for verdict in TROUBLE}
    for plan in secretariat.plans:
        for target in plan.walk():
            if target.is_measurable and not target.row["is_withdrawn"]:
                verdict, number = standing(target, town, registry).verdict, target.row["target_no"]
                found[verdict].setdefault(plan.id, (plan, []))[1].append((number, sentences.anchor(number)))
    return [
        GoalsOfVerdict(
            f"{vocabulary.SIGNS[verdict]} {vocabulary.VERDICTS[verdict]}" if verdict else NO_FIGURE_YET,
            vocabulary.MEANINGS[verdict] if verdict else "Der er intet tal efter startåret.",
            sum(len(goals) for _, goals in plans.values()),
            tuple((plan, tuple(goals)) for plan, goals in plans.values()),
        )
        for verdict, plans in found.items()
        if plans
    ]


def _shared(
    row: Row,
    secretariat: Secretariat,
    registry: Registry,
    series: Mapping[tuple[str, str], AreaSeries],
    area_names: Mapping[str, str],
) -> SharedIndicator:
    """One row for each area of each plan that has a figure, the plans with targets in trouble first."""
    name = row["indicator"]
    held = [(plan, area) for plan in secretariat.plans for area in plan.row["area_ids"].split(", ")]
    known = [(plan, area, found) for plan, area in held if (found := series.get((area, name))) and found.newest]
    scale = area_line.scale(each for _, _, each in known) if known else None
    town = secretariat.row["municipality_name"]
    rows = [
        AreaOnIndicator(
            plan,
            area_names.get(area, area),
            Picture(
                (),
                area_line.svg(each, scale),
                area_line.in_words(each, registry.indicators[name], area_names.get(area, area)),
            ),
            _figure(each, registry, name),
            _municipality(each, registry, name),
            movements.sentence(each.movement, registry.indicators[name], f"{town} Kommune"),
            _targets(plan, name, area),
        )
        for plan, area, each in known
        if scale
    ]
    without = [
        area_names.get(area, area) for _, area in held if not ((found := series.get((area, name))) and found.newest)
    ]
    years = f"{scale[0]}–{scale[1]}" if scale else ""
    return SharedIndicator(agreement(row, registry), tuple(rows), tuple(dict.fromkeys(without)), years)


def _figure(each: AreaSeries, registry: Registry, name: str) -> str:
    """The newest figure, its year and its interval."""
    newest, indicator = each.newest, registry.indicators[name]
    if newest is None:
        return notation.ABSENT
    limits = notation.interval(newest["ci_low"], newest["ci_high"], indicator)
    window = f", gennemsnit af {newest['window_years']} år" if newest["window_years"] > 1 else ""
    known = "" if limits == notation.ABSENT else f"; {limits}"
    return f"{notation.valued(newest['value'], indicator)} ({newest['year']}{window}{known})"


def _municipality(each: AreaSeries, registry: Registry, name: str) -> str:
    newest = each.newest
    value = newest["municipality_value"] if newest else None
    return "ikke leveret" if value is None else notation.valued(value, registry.indicators[name])


def _targets(plan: Plan, indicator: str, area: str) -> tuple[tuple[str, str, str], ...]:
    """The plan's targets in force on an indicator for an area: number, place on its page, verdict."""

    def goal(target: Target) -> tuple[str, str, str]:
        verdict = sentences.verdict_of(target)
        number = target.row["target_no"]
        return number, sentences.anchor(number), verdict.short if verdict else NO_FIGURE_YET

    return tuple(
        goal(target)
        for target in plan.walk()
        if target.row["indicator"] == indicator and target.row["area_id"] == area and not target.row["is_withdrawn"]
    )


def _known(row: Row, registry: Registry, in_force: list[str]) -> IndicatorFigures:
    return IndicatorFigures(
        registry.indicators[row["indicator"]].label_da,
        row["indicator"] in in_force,
        notation.years(_years(row["figure_years"])),
        owners(row["owner_sources"], registry),
        notation.sentence(gaps(row)),
        notation.years(_years(row["municipality_years"])) or "ingen",
    )


def owners(sources: str | None, registry: Registry) -> str:
    """Who publishes the figures of these sources (separated by commas), each once."""
    named = {registry.sources[source].publisher_da for source in (sources or "").split(", ") if source}
    return notation.listed(sorted(named))


def gaps(row: Row) -> str:
    """What is missing of an indicator's figures of areas: a row of data_overview in words."""
    lacking = []
    if row["gap"] == "some_areas":
        lacking.append(f"{row['areas_with_figures']} af {row['known_areas']} områder har tal")
    if row["gap_years"]:
        lacking.append(f"ingen tal for {notation.years(_years(row['gap_years']))}")
    counts = row["counts_pct"]
    if counts is not None and counts < 100:
        with_counts = f"kun {notation.number(counts)} % af tallene kom med deres antal, de andre har ukendt usikkerhed"
        lacking.append(with_counts if counts else vocabulary.GAPS["no_counts"])
    return "; ".join(lacking) or vocabulary.GAPS[row["gap"]]


def _years(text: str | None) -> list[int]:
    return [int(year) for year in (text or "").split(", ") if year]
