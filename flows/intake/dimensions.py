"""What a row of a table with dimensions is a figure of: its indicator and, where parts stay apart, which part."""

import re
from collections.abc import Mapping

import numpy as np
import polars as pl

from flows.intake.coded import Coded, combine, tidied
from flows.intake.faults import FaultGroup
from flows.intake.names import Resolved, normal
from flows.intake.reading import Reading
from schemas.registry import Registry
from schemas.sources import FigureRule

TOTAL = "*total"


def meant(dimensions: Mapping[str, Coded], reading: Reading, rows: int) -> Resolved:
    """Indicator and breakdown of each row, null where nobody asks for it. An undeclared label is a fault."""
    clean = tidied(dimensions)
    codes, parts = combine(rows, *clean.values())
    totals = {normal(label) for label in reading.layout.totals}
    gathered = [column.spellings.gather(part) for column, part in zip(clean.values(), parts, strict=True)]
    labels = zip(*gathered, strict=True) if clean else [()]
    figures = [_figure_of(dict(zip(clean, values, strict=True)), reading, totals) for values in labels]
    indicator, breakdown = (
        pl.Series(values=[figure[place] for figure in figures], dtype=pl.String()) for place in (0, 1)
    )
    outside = indicator.is_null().to_numpy()[codes]
    groups = []
    for name, column in clean.items():
        labels_known = [_is_known(name, label, reading, totals) for label in column.spellings]
        known = pl.Series(values=labels_known, dtype=pl.Boolean())
        if not known.all():
            groups.append(FaultGroup(np.flatnonzero(column.where(~known)), name, "unknown_value"))
            outside[groups[-1].rows] = False
    return Resolved({"indicator": (codes, indicator), "breakdown": (codes, breakdown)}, outside, groups)


def _figure_of(labels: Mapping[str, str], reading: Reading, totals: set[str]) -> tuple[str | None, str | None]:
    """Indicator and breakdown of a combination of labels; a dimension that the file lacks is at its total."""
    names = {*reading.source.dimensions, *labels}
    for rule in reading.source.figures:
        if all(_fits(rule, name, labels.get(name), reading.registry, totals) for name in names):
            parts = ((part, reading.registry.part(part, labels[name])) for name, part in rule.breakdown.items())
            return rule.indicator, ";".join(f"{dimension}={part}" for dimension, part in parts) or "all"
    return None, None


def _fits(rule: FigureRule, name: str, label: str | None, registry: Registry, totals: set[str]) -> bool:
    is_total = label is None or normal(label) in totals
    if name in rule.breakdown:
        return label is not None and registry.part(rule.breakdown[name], label) is not None
    if name in rule.where:
        wanted = {normal(value) for value in rule.where[name]}
        return (is_total and TOTAL in rule.where[name]) or (label is not None and normal(label) in wanted)
    return is_total


def _is_known(name: str, label: str, reading: Reading, totals: set[str]) -> bool:
    """Whether a label of a dimension is declared: as a total, by a rule, or as one that nobody asks for."""
    source = reading.source
    is_part = any(
        reading.registry.part(rule.breakdown[name], label) for rule in source.figures if name in rule.breakdown
    )
    is_outside = name in source.outside and re.fullmatch(source.outside[name], label) is not None
    named = {normal(value) for rule in source.figures for value in rule.where.get(name, ())}
    return is_part or is_outside or normal(label) in totals | named
