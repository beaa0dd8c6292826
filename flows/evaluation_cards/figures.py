"""What the marts of the baseline say of each outcome, by comparison; and the refusal where they say nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from flows.publish.snapshots import Snapshot
from schemas.evaluation import Contrast
from schemas.indicators import Indicator
from schemas.registry import Registry

CATEGORIES = {"size_band": "Size of the area", "region": "Region"}
OUTCOME_GROUPS = {
    "attractiveness": "Attractiveness of the area",
    "life_situation": "Life situation of the residents",
    "satisfaction": "Satisfaction of the residents",
}
UNWEIGHTED = "none"
COMPOSITION = ("stayed_pct", "share_change", "part_of_stayers", "part_of_arrivals", "part_of_departures")
YEARS_APART = 3  # between the window and the year that its difference is held against

Row = Mapping[str, Any]


class NoBaseline(ValueError):
    """A snapshot has no figures of the years before the grants; the message says why, and what to do."""


@dataclass(frozen=True)
class ArmPair:
    """Two groups held against each other for one outcome; rows are those of the marts, columns as in tables.toml.

    `balance` is by window and weighting; `trend` and `power` are None, `years` is empty, where the marts have no row.
    """

    contrast: Contrast
    arm_1: str
    arm_0: str
    balance: Mapping[tuple[str, str], Row]
    trend: Row | None
    years: tuple[Row, ...]
    power: Row | None

    def row(self, window: str, weighting: str = UNWEIGHTED) -> Row:
        """Its row of baseline_balance; an empty one where the mart has none."""
        return self.balance.get((window, weighting), {})


@dataclass(frozen=True)
class Arm:
    """An arm of a contrast: how many areas have a baseline value, and the figures of the last baseline year, sorted.

    `composition`: how its areas changed over the last span of years before the grants by who stayed, came and left, as
    means over its areas of the columns COMPOSITION, with areas, change_from and change_to; None where none has parts.
    """

    contrast: Contrast
    name: str
    areas: int
    missing: int
    values: tuple[float, ...]
    composition: Row | None = None

    @property
    def share_missing(self) -> float | None:
        """Share of the arm's areas without a value, 0 to 1; None where the arm has no area."""
        return self.missing / (self.areas + self.missing) if self.areas + self.missing else None


@dataclass(frozen=True)
class Outcome:
    """Everything that the marts say of one outcome; pairs and arms in the order in which they are shown.

    `without_twins` are the names of funded areas that have none; `rebound` is the row of baseline_selection some years
    apart, `cohorts` and `events` those of the cohorts' trends and of the average by event time, `starts` those of each
    cohort by event time; of funded against never-funded areas `changes` are the rows of group_change and `power_years`
    those of design_power_years, `exposure` those of group_exposure of the never funded.
    """

    indicator: Indicator
    pairs: tuple[ArmPair, ...]
    arms: tuple[Arm, ...]
    doses: tuple[tuple[Contrast, Mapping[tuple[str, str], Row]], ...]
    without_twins: tuple[str, ...] = ()
    rebound: Row | None = None
    cohorts: tuple[Row, ...] = ()
    events: tuple[Row, ...] = ()
    starts: tuple[Row, ...] = ()
    changes: tuple[Row, ...] = ()
    power_years: tuple[Row, ...] = ()
    exposure: tuple[Row, ...] = ()

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """The contrasts of groups, each once."""
        return tuple({pair.contrast.id: pair.contrast for pair in self.pairs}.values())


def widest(pairs: Iterable[ArmPair], window: str) -> ArmPair | None:
    """The pair whose unweighted SMD is largest in size; None where no pair has one."""
    known = [pair for pair in pairs if pair.row(window).get("smd") is not None]
    return max(known, key=lambda pair: abs(pair.row(window)["smd"]), default=None)


def outcomes_of(registry: Registry) -> list[str]:
    """Identifiers of the outcomes: the indicators of attractiveness, life situation and satisfaction, in that order."""
    indicators = registry.indicators.values()
    return [i.id for group in OUTCOME_GROUPS for i in indicators if i.indicator_group == group]


def contrasts_of(registry: Registry) -> list[Contrast]:
    """The contrasts that cards show, those of funded against never funded areas first: they carry the evaluation."""
    return sorted(registry.evaluation.full_contrasts, key=lambda contrast: contrast.by != "funded")


def read(snapshot: Snapshot, registry: Registry, outcomes: Sequence[str]) -> list[Outcome]:
    """The figures of `outcomes`, in their order. Raises NoBaseline, and LookupError where a mart is not there."""
    balance = snapshot.read("baseline_balance")
    refuse(snapshot, registry, balance)
    trend, years, power, panel = (
        snapshot.read(mart) for mart in ("baseline_trend", "baseline_years", "design_power", "baseline_panel")
    )
    last_year = registry.evaluation.baseline.last_year
    last = panel.filter(pl.col("year") == last_year)
    parted = snapshot.read("composition_change").filter(
        pl.col("change_to") <= last_year, pl.col("composition_missing_reason").is_null()
    )
    lost = snapshot.read("comparison_support").filter(treatment="funded", twins=0).select("area_id")
    without_twins = tuple(last.join(lost, on="area_id")["area_name"].sort())
    selection, cohorts, events, starts = (
        snapshot.read(mart)
        for mart in ("baseline_selection", "baseline_cohort_trends", "baseline_event", "baseline_cohorts")
    )
    funded = [contrast.id for contrast in contrasts_of(registry) if contrast.by == "funded"][:1]
    changes, spans = (
        snapshot.read(mart).filter(pl.col("contrast").is_in(funded)) for mart in ("group_change", "design_power_years")
    )
    exposure = snapshot.read("group_exposure").filter(pl.col("contrast").is_in(funded), arm="never_funded").sort("tie")
    return [
        replace(
            outcome,
            changes=tuple(_of(changes.sort("change_from"), outcome)),
            power_years=tuple(_of(spans.filter(estimator="did").sort("post_years"), outcome)),
            exposure=tuple(exposure.rows(named=True)),
            without_twins=without_twins,
            rebound=next(iter(_of(selection.filter(years_apart=YEARS_APART), outcome)), None),
            cohorts=tuple(_of(cohorts.sort("gname"), outcome)),
            events=tuple(_of(events.sort("event_time"), outcome)),
            starts=tuple(_of(starts.sort("gname", "event_time"), outcome)),
        )
        for outcome in _outcomes(registry, outcomes, balance, trend, years, power, last, parted)
    ]


def _of(mart: pl.DataFrame, outcome: Outcome) -> Sequence[Row]:
    return mart.filter(indicator=outcome.indicator.id).rows(named=True)


def _outcomes(
    registry: Registry,
    outcomes: Sequence[str],
    balance: pl.DataFrame,
    trend: pl.DataFrame,
    years: pl.DataFrame,
    power: pl.DataFrame,
    last: pl.DataFrame,
    parted: pl.DataFrame,
) -> Iterator[Outcome]:
    for outcome in outcomes:
        yield _outcome(
            registry,
            registry.indicators[outcome],
            balance.filter(pl.col("covariate") == outcome),
            trend.filter(pl.col("indicator") == outcome),
            years.filter(pl.col("indicator") == outcome),
            power.filter(pl.col("indicator") == outcome),
            last,
            parted.filter(pl.col("indicator") == outcome),
        )


def refuse(snapshot: Snapshot, registry: Registry, balance: pl.DataFrame | None = None) -> None:
    """Raise NoBaseline where no outcome has a figure in any baseline window. `balance`: the mart, once it is read."""
    rows = snapshot.read("baseline_balance") if balance is None else balance
    of_outcomes = rows.filter(pl.col("covariate").is_in(outcomes_of(registry)))
    if of_outcomes["mean_1"].count() or of_outcomes["mean_0"].count() or of_outcomes["dose_correlation"].count():
        return
    last_year = registry.evaluation.baseline.last_year
    caveat = snapshot.manifest.get("caveat") or f"no area has a figure of an outcome for {last_year} or before"
    raise NoBaseline(
        f"snapshot {snapshot.id} has no baseline, and design cards of it are refused. The areas' figures: {caveat}. "
        f"Deliver figures of the outcomes by area for the years up to {last_year} and run 'boligprofil run'; "
        f"'boligprofil demo' shows the cards on a made-up nation"
    )


def _outcome(
    registry: Registry,
    indicator: Indicator,
    balance: pl.DataFrame,
    trend: pl.DataFrame,
    years: pl.DataFrame,
    power: pl.DataFrame,
    panel: pl.DataFrame,
    parted: pl.DataFrame,
) -> Outcome:
    pairs, arms, doses = [], [], []
    main = registry.evaluation.balancing.window
    compared = _by_pair(balance.filter(pl.col("row_kind") == "pair"))
    trends, powers = _by_pair(trend), _by_pair(power)
    yearly = _by_pair(years.sort("year"))
    for contrast in contrasts_of(registry):
        if not contrast.arms:
            dose = balance.filter((pl.col("row_kind") == "dose") & (pl.col("contrast") == contrast.id))
            doses.append((contrast, _by_window(dose.rows(named=True))))
        of_contrast = [
            ArmPair(
                contrast,
                *sides,
                balance=_by_window(compared.get((contrast.id, *sides), [])),
                trend=next(iter(trends.get((contrast.id, *sides), [])), None),
                years=tuple(yearly.get((contrast.id, *sides), [])),
                power=next(iter(powers.get((contrast.id, *sides), [])), None),
            )
            for sides in contrast.pairs
        ]
        pairs += of_contrast
        arms += [
            replace(
                _arm(contrast, arm, of_contrast, main, indicator.id, panel),
                composition=_composition(parted, panel.filter(_in_arm(contrast, arm))),
            )
            for arm in contrast.arms
        ]
    return Outcome(indicator, tuple(pairs), tuple(arms), tuple(doses))


def _by_pair(frame: pl.DataFrame) -> dict[tuple[str, str, str], list[Row]]:
    pairs: dict[tuple[str, str, str], list[Row]] = {}
    for row in frame.rows(named=True):
        pairs.setdefault((row["contrast"], row["arm_1"], row["arm_0"]), []).append(row)
    return pairs


def _by_window(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    return {(row["baseline_window"], row["weighting"]): row for row in rows}


def _arm(
    contrast: Contrast, name: str, pairs: Sequence[ArmPair], window: str, outcome: str, panel: pl.DataFrame
) -> Arm:
    """An arm with its counts as its first pair has them: they are the same in every pair."""
    pair = next(pair for pair in pairs if name in (pair.arm_1, pair.arm_0))
    row = pair.row(window)
    side = "1" if pair.arm_1 == name else "0"
    values = panel.filter(_in_arm(contrast, name))[outcome].drop_nulls().sort()
    return Arm(contrast, name, row.get(f"areas_{side}", 0), row.get(f"missing_{side}", 0), tuple(values))


def _composition(parted: pl.DataFrame, areas: pl.DataFrame) -> Row | None:
    """Means over some areas of how the last span was parted; of spans that end alike the longest."""
    spans = parted.join(areas.select("area_id"), on="area_id").group_by("change_from", "change_to")
    means = spans.agg(pl.len().alias("areas"), *(pl.col(name).mean() for name in COMPOSITION))
    return next(iter(means.sort("change_to", "change_from", descending=[True, False]).rows(named=True)), None)


def _in_arm(contrast: Contrast, arm: str) -> pl.Expr:
    """Which rows of baseline_panel belong to an arm."""
    if contrast.by == "funded":
        return pl.col("treatment") == arm
    column = {"funding_band": "funding_band", "organisation": "project_organisation"}.get(contrast.by)
    belongs = pl.col(column) == arm if column else pl.col("has_secretariat") == (arm == contrast.arms[0])
    return (pl.col("treatment") == "funded") & belongs
