"""A secretariat's page before it is set: its shared indicators, its plans against them, and which figures there are."""

from dataclasses import dataclass

from flows.present import danish, vocabulary
from flows.publish.plans_read import Plan, Row, Secretariat
from flows.target_pages import sentences
from flows.target_pages.plans import Agreement, agreement
from schemas.registry import Registry

# Counts of plan_overview that pages show, with their heads.
COUNT_HEADS = {
    "goals": "Mål",
    "goals_measurable": "Kan måles",
    **{verdict: f"{vocabulary.SIGNS[verdict]} {word}" for verdict, word in vocabulary.VERDICTS.items()},
    "without_verdict": "Intet tal endnu",
    "goals_withdrawn": "Opgivet",
    "activities": "Aktiviteter",
    "activities_without_indicator": "Uden indikator",
}


@dataclass(frozen=True)
class Against:
    """A plan held against the shared indicators: for each its targets, as number, place on its page, verdict."""

    plan: Plan
    cells: tuple[tuple[tuple[str, str, str], ...], ...]


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
    agreements: tuple[Agreement, ...]
    in_force: tuple[str, ...]
    against: tuple[Against, ...]
    counts: tuple[tuple[Plan, tuple[int, ...]], ...]
    known: tuple[IndicatorFigures, ...]
    unknown: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]


def compose(secretariat: Secretariat, registry: Registry) -> SecretariatPage:
    """The page of a secretariat."""
    in_force = [row["indicator"] for row in secretariat.shared if row["is_in_force"]]
    order = list(registry.indicators)
    data = sorted(secretariat.data, key=lambda row: (row["indicator"] not in in_force, order.index(row["indicator"])))
    of_areas = [row for row in data if row["of_areas"]]
    unknown = [registry.indicators[row["indicator"]].label_da for row in of_areas if not row["areas_with_figures"]]
    return SecretariatPage(
        secretariat,
        summary(secretariat, len(in_force)),
        tuple(agreement(row, registry) for row in secretariat.shared),
        tuple(registry.indicators[name].label_da for name in in_force),
        tuple(Against(plan, tuple(_cell(plan, name) for name in in_force)) for plan in secretariat.plans),
        tuple((plan, tuple(plan.total(column) for column in COUNT_HEADS)) for plan in secretariat.plans),
        tuple(_known(row, registry, in_force) for row in of_areas if row["areas_with_figures"]),
        tuple(unknown),
        tuple(
            (
                registry.indicators[row["indicator"]].label_da,
                danish.years(_years(row["municipality_years"])),
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
        f"Sekretariatet dækker {danish.many(len(plans), 'helhedsplan', 'helhedsplaner')} "
        f"med {danish.number(goals)} mål, hvoraf {danish.number(measurable)} kan måles.",
        f"{danish.many(in_force, 'fælles indikator', 'fælles indikatorer')} er aftalt, og {shared} mål måles "
        f"ved {'den' if in_force == 1 else 'dem'}."
        if in_force
        else "Ingen fælles indikatorer er aftalt.",
    ]
    if bare:
        paragraphs.append(f"{danish.many(bare, 'aktivitet', 'aktiviteter')} er ikke knyttet til en indikator.")
    return tuple(paragraphs)


def _cell(plan: Plan, indicator: str) -> tuple[tuple[str, str, str], ...]:
    """The plan's targets in force on an indicator."""
    targets = []
    for target in plan.walk():
        row = target.row
        if row["indicator"] == indicator and not row["is_withdrawn"]:
            verdict = sentences.verdict_of(target)
            standing = verdict.short if verdict else "intet tal endnu"
            targets.append((row["target_no"], sentences.anchor(row["target_no"]), standing))
    return tuple(targets)


def _known(row: Row, registry: Registry, in_force: list[str]) -> IndicatorFigures:
    return IndicatorFigures(
        registry.indicators[row["indicator"]].label_da,
        row["indicator"] in in_force,
        danish.years(_years(row["figure_years"])),
        owners(row["owner_sources"], registry),
        danish.sentence(gaps(row)),
        danish.years(_years(row["municipality_years"])) or "ingen",
    )


def owners(sources: str | None, registry: Registry) -> str:
    """Who publishes the figures of these sources (separated by commas), each once."""
    named = {registry.sources[source].publisher_da for source in (sources or "").split(", ") if source}
    return danish.listed(sorted(named))


def gaps(row: Row) -> str:
    """What is missing of an indicator's figures of areas: a row of data_overview in words."""
    lacking = []
    if row["gap"] == "some_areas":
        lacking.append(f"{row['areas_with_figures']} af {row['known_areas']} områder har tal")
    if row["gap_years"]:
        lacking.append(f"ingen tal for {danish.years(_years(row['gap_years']))}")
    counts = row["counts_pct"]
    if counts is not None and counts < 100:
        with_counts = f"kun {danish.number(counts)} % af tallene kom med deres antal, de andre har ukendt usikkerhed"
        lacking.append(with_counts if counts else vocabulary.GAPS["no_counts"])
    return "; ".join(lacking) or vocabulary.GAPS[row["gap"]]


def _years(text: str | None) -> list[int]:
    return [int(year) for year in (text or "").split(", ") if year]
