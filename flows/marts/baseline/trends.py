"""How the arms of each contrast moved before the grants, year by year: the marts baseline_trend and baseline_years."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.marts.baseline.areas import Areas, Codes, Floats, Tables, in_words, made
from flows.marts.statistics import clusters, equivalence, multiplicity, trend
from flows.marts.statistics.clusters import Sample
from schemas import contracts
from schemas.registry import Registry


@dataclass(frozen=True)
class Panel:
    """One indicator before the grants: (areas, years) values of the years in which it was collected.

    `withheld` is 1 where a count was withheld as too small and its midpoint stands in.
    """

    name: str
    years: list[int]
    values: Floats
    withheld: Floats

    def of_areas(self, areas: NDArray[np.bool_]) -> "Panel":
        """The same of some areas."""
        return Panel(self.name, self.years, self.values[areas], self.withheld[areas])

    @property
    def filled(self) -> int:
        """Withheld counts of areas that have a figure every year."""
        complete = np.isfinite(self.values).all(axis=1)
        return int(self.withheld[complete].sum()) if self.years else 0

    def collected(self, sides: list[NDArray[np.bool_]]) -> "Panel":
        """The years in which at least half of each arm's areas with figures have one; an empty arm has no say."""
        here = [~np.isnan(self.values[side]) for side in sides]
        counts = [side.any(axis=1).sum() for side in here]
        here, counts = [side for side in here if side.any()], [count for count in counts if count]
        kept = [
            at
            for at in range(len(self.years))
            if here and all(2 * side[:, at].sum() >= count for side, count in zip(here, counts, strict=True))
        ]
        return Panel(self.name, [self.years[at] for at in kept], self.values[:, kept], self.withheld[:, kept])


def _panels(areas: Areas, tables: Tables) -> list[Panel]:
    evaluation = areas.registry.evaluation
    last = evaluation.baseline.last_year
    years = list(range(last - evaluation.baseline.trend_years + 1, last + 1))
    values, withheld = areas.cubes(tables["baseline_figures"], years, "value", "is_withheld")
    each = zip(areas.indicators, values, np.nan_to_num(withheld), strict=True)
    return [Panel(name, years, of_name, filled) for name, of_name, filled in each]


def comparisons(tables: Tables, registry: Registry) -> Iterator[tuple[dict[str, Any], Panel, Codes, Codes, str]]:
    """Every pair of arms by indicator: the head of its row, figures, arm and cluster of its areas, who is left out."""
    areas = Areas.from_tables(tables, registry)
    panels = _panels(areas, tables)
    for contrast in registry.evaluation.full_contrasts:
        arm, left_out = areas.arms(contrast)
        cluster = areas.clusters(contrast)
        for pair in contrast.pairs:
            each = [arm == name for name in pair]
            sides = each[0] | each[1]
            for whole in panels:
                panel = whole.collected(each)
                head = {
                    "contrast": contrast.id,
                    "arm_1": pair[0],
                    "arm_0": pair[1],
                    "indicator": panel.name,
                    "clustered_by": contrast.cluster,
                }
                yield head, panel.of_areas(sides), (arm[sides] == pair[0]).astype(np.int64), cluster[sides], left_out


def counts(sample: Sample) -> dict[str, int]:
    """Areas and clusters behind a row."""
    return {
        "areas_1": sample.areas_1,
        "areas_0": sample.areas_0,
        "missing_1": sample.left_out_1,
        "missing_0": sample.left_out_0,
        "clusters": sample.clusters,
        "clusters_1": sample.clusters_1,
        "clusters_0": sample.clusters_0,
    }


def trends_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """Every pair of arms by indicator before the grants, its years as a list; see baseline_trend and baseline_years."""
    baseline = registry.evaluation.baseline
    yearly = [column for column in registry.marts["baseline_years"].columns if column.name in YEARLY]
    rows = []
    for head, panel, arm, cluster, left_out in comparisons(tables, registry):
        found = trend.trend(panel.values, panel.years, arm, cluster)
        slopes, joint = found.slopes, found.joint
        verdicts = {"rejected": "rejected", "not_rejected": "not_rejected"}
        few = "too_few" in found.verdict or found.verdict == "one_cluster_in_an_arm"
        reasons = [found.verdict if found.verdict not in verdicts else None, joint.reason, slopes.reason, left_out]
        if not panel.years:
            reasons = ["no_figures_in_window", left_out]
        rows.append(
            {
                **head,
                "trend_from": panel.years[0] if panel.years else baseline.last_year - baseline.trend_years + 1,
                "trend_to": panel.years[-1] if panel.years else baseline.last_year,
                "trend_years": len(panel.years),
                **counts(found.sample),
                "withheld_filled": panel.filled,
                "slope_1": slopes.arm_1,
                "slope_0": slopes.arm_0,
                "slope_difference": slopes.difference,
                "slope_se": slopes.se,
                "slope_df": slopes.df,
                "slope_low": slopes.low,
                "slope_high": slopes.high,
                "slope_p": slopes.p,
                "joint_f": joint.f,
                "joint_restrictions": joint.restrictions,
                "joint_df": joint.df,
                "joint_p": joint.p,
                "joint_p_conventional": joint.p_conventional,
                "trend_verdict": verdicts.get(found.verdict, "too_few" if few else "not_defined"),
                "undetected_slope": slopes.undetected,
                **_still_allowed(found, panel, arm, registry.evaluation.equivalence.level),
                "largest_violation": found.largest_change,
                "bias_bound": found.largest_change,
                "why": in_words(*reasons),
                "yearly": [_year(year) for year in found.yearly],
            }
        )
    _adjust(rows, Areas.from_tables(tables, registry))
    struct = pl.Struct({column.name: contracts.POLARS_TYPES[column.type] for column in yearly})
    return made(rows, "baseline_trend", registry, yearly=pl.List(struct))


def _still_allowed(found: trend.Trend, panel: Panel, arm: NDArray[np.int64], level: float) -> dict[str, Any]:
    """How large a divergence the data still allow: of the slopes, and of any year from the last; in unit and in SD."""
    slopes = found.slopes
    of_slope = equivalence.bound(slopes.difference, slopes.se, slopes.df, level)
    bounds = [_bound_of_year(year.difference, found, level) for year in found.yearly[:-1]]
    known = [each for each in bounds if each is not None]
    of_years = max(known) if known and len(known) == len(bounds) else None
    complete = np.isfinite(panel.values).all(axis=1) & (arm == 1)
    last = panel.values[complete, -1] if panel.years else np.zeros(0)
    sd = float(last.std(ddof=1)) if len(last) > 1 else 0.0
    return {
        "equivalence_level": level,
        "slope_equivalence": of_slope,
        "slope_equivalence_sd": of_slope / sd if of_slope is not None and sd > 0 else None,
        "pre_equivalence": of_years,
        "pre_equivalence_sd": of_years / sd if of_years is not None and sd > 0 else None,
    }


def _bound_of_year(change: trend.Interval, found: trend.Trend, level: float) -> float | None:
    """The bound of a year's change; every year has the degrees of freedom of the slope."""
    df = found.slopes.df
    if change.high is None or df is None:
        return None
    se = (change.high - change.value) / clusters.t_quantile(df, 1 - trend.ALPHA / 2)
    return equivalence.bound(change.value, se, df, level)


def _adjust(rows: list[dict[str, Any]], areas: Areas) -> None:
    """Add what each p-value is among those of its family: a pair's primary outcomes, or all its other outcomes.

    Background indicators are in no family. A row without a number costs the others nothing.
    """
    primary = areas.registry.evaluation.primary.outcomes
    families: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        name = row["indicator"]
        family = "primary" if name in primary else "other" if name in areas.outcomes else None
        row |= {"family": family, "slope_p_adjusted": None, "joint_p_adjusted": None}
        if family:
            families.setdefault((row["contrast"], row["arm_1"], row["arm_0"], family), []).append(row)
    for (*_, family), members in families.items():
        adjust = multiplicity.holm if family == "primary" else multiplicity.benjamini_hochberg
        for test in ("slope_p", "joint_p"):
            values = adjust([np.nan if row[test] is None else row[test] for row in members])
            for row, value in zip(members, values.tolist(), strict=True):
                row[f"{test}_adjusted"] = None if np.isnan(value) else value


YEARLY = (
    "year",
    "mean_1",
    "mean_1_low",
    "mean_1_high",
    "mean_0",
    "mean_0_low",
    "mean_0_high",
    "difference_change",
    "difference_low",
    "difference_high",
)


def _year(year: trend.Year) -> dict[str, Any]:
    row: dict[str, Any] = {"year": year.year}
    for name, interval in (("mean_1", year.mean_1), ("mean_0", year.mean_0)):
        row |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    change = year.difference
    return row | {"difference_change": change.value, "difference_low": change.low, "difference_high": change.high}
