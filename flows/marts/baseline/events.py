"""The cohorts of funded areas by the years to their own start: the marts baseline_cohorts, _event and those beside."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Codes, Mask, Tables, in_words
from flows.marts.baseline.trends import counts
from flows.marts.statistics import cohorts, equivalence
from flows.marts.statistics.cohorts import CohortPanel, CohortTrend, CohortYear, EventRule, EventStudy, EventTime
from schemas.contracts import polars_schema
from schemas.evaluation import Contrast
from schemas.registry import Registry

# Each list of the table, and the mart that unfolds it.
LISTS = {
    "cells": "baseline_cohorts",
    "cohorts": "baseline_cohort_trends",
    "events": "baseline_event",
    "covariances": "baseline_event_covariance",
}
HEAD = ("contrast", "arm_1", "arm_0", "indicator", "clustered_by")
VERDICTS = ("rejected", "not_rejected")


def events_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """A row per contrast of funded against never-funded areas and indicator, its cohorts and event times as lists."""
    areas, declared = Areas.from_tables(tables, registry), registry.evaluation.event
    rule = EventRule(declared.comparison, declared.anticipation, declared.cohort_least, declared.years)
    years = sorted(tables["open_figures"]["year"].unique())
    (values,) = areas.cubes(tables["open_figures"], years, "value")
    rows = []
    for contrast in registry.evaluation.full_contrasts:
        if contrast.by == "funded":
            chosen, start = _starts(areas, contrast)
            cluster = areas.clusters(contrast)[chosen]
            for indicator, figures in zip(areas.indicators, values, strict=True):
                panel = CohortPanel(figures[chosen], years, start, cluster)
                rows.append(_row(contrast, indicator, panel, rule, registry.evaluation.equivalence.level))
    return pl.DataFrame(rows, schema=_schema(registry), orient="row")


def _starts(areas: Areas, contrast: Contrast) -> tuple[Mask, Codes]:
    """The areas in either arm whose start is known, and their start; an area that never starts has the year 0."""
    arm, _ = areas.arms(contrast)
    start = np.where(arm == contrast.arms[1], cohorts.NEVER, areas.values(areas.rows, "first_grant_year"))
    chosen = (arm != "") & ~np.isnan(start)
    return chosen, start[chosen].astype(np.int64)


def _row(contrast: Contrast, indicator: str, panel: CohortPanel, rule: EventRule, level: float) -> dict[str, Any]:
    study = cohorts.event_study(panel, rule)
    universal = cohorts.event_study(panel, rule, universal=True)
    against_last = {event.event_time: event.att for event in universal.events}
    base = -1 - rule.anticipation
    before = {time: att for time, att in against_last.items() if time < base} | {base: 0.0}
    breakdowns = {
        time: equivalence.breakdown(att, time - base, before) for time, att in against_last.items() if time >= 0
    }
    head = (contrast.id, *contrast.arms, indicator, contrast.cluster)
    return {
        **dict(zip(HEAD, head, strict=True)),
        "cells": [_cell(cell) for cell in study.cells],
        "cohorts": [_cohort(each, level) for each in study.cohorts],
        "events": [
            _event(event, against_last.get(event.event_time), breakdowns.get(event.event_time))
            for event in study.events
        ],
        "covariances": _covariances(universal),
    }


def _cell(cell: CohortYear) -> dict[str, Any]:
    return {
        "gname": cell.cohort,
        "year": cell.year,
        "event_time": cell.event_time,
        "base_year": cell.base_year,
        **_estimate(cell),
        "areas_1": cell.areas_1,
        "areas_0": cell.areas_0,
        "clusters_1": cell.clusters_1,
        "clusters_0": cell.clusters_0,
        "why": cell.reason,
    }


def _estimate(found: CohortYear | EventTime) -> dict[str, float | None]:
    return {
        "att": found.att,
        "att_se": found.se,
        "att_df": found.df,
        "att_low": found.low,
        "att_high": found.high,
        "att_low_uniform": found.low_uniform,
        "att_high_uniform": found.high_uniform,
    }


def _cohort(each: CohortTrend, level: float) -> dict[str, Any]:
    found = each.trend
    slopes, joint, sample = found.slopes, found.joint, found.sample
    p = each.slope_p_holm
    verdict = "no_test" if p is None else VERDICTS[0] if p < cohorts.ALPHA else VERDICTS[1]
    return {
        "gname": each.cohort,
        "trend_from": each.years[0] if each.years else None,
        "trend_to": each.years[-1] if each.years else None,
        "trend_years": len(each.years),
        **counts(sample),
        "slope_difference": slopes.difference,
        "slope_se": slopes.se,
        "slope_df": slopes.df,
        "slope_low": slopes.low,
        "slope_high": slopes.high,
        "slope_p": slopes.p,
        "slope_p_holm": p,
        "equivalence_level": level,
        "slope_equivalence": equivalence.bound(slopes.difference, slopes.se, slopes.df, level),
        "joint_p": joint.p,
        "joint_p_holm": each.joint_p_holm,
        "cohort_verdict": verdict,
        "why": in_words(slopes.reason, joint.reason),
    }


def _event(event: EventTime, att_universal: float | None, breakdown: float | None) -> dict[str, Any]:
    return {
        "event_time": event.event_time,
        "cohorts": event.cohorts,
        "areas_1": event.areas_1,
        **_estimate(event),
        "att_universal": att_universal,
        "breakdown_point": breakdown,
    }


def _covariances(study: EventStudy) -> list[dict[str, Any]]:
    times = [event.event_time for event in study.events]
    return [
        {"event_time": first, "other_event_time": second, "covariance": float(study.covariance[row, column])}
        for row, first in enumerate(times)
        for column, second in enumerate(times)
    ]


def _schema(registry: Registry) -> Mapping[str, pl.DataType]:
    schema: dict[str, pl.DataType] = dict.fromkeys(HEAD, pl.String())
    for name, mart in LISTS.items():
        columns = {column: kind for column, kind in polars_schema(registry.marts[mart]).items() if column not in HEAD}
        columns.pop("origin")
        schema[name] = pl.List(pl.Struct(columns))
    return schema
