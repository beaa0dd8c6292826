"""What a row of a table with dimensions is a figure of: its indicator and, where parts stay apart, which part."""

import re
from collections.abc import Mapping

import numpy as np
import polars as pl

from flows.intake.coded import Coded, combine
from flows.intake.faults import FaultGroup
from flows.intake.geocode import Resolved
from flows.intake.names import normal
from schemas.models import FigureRule, Layout, Source

TOTAL = "*total"


def meant(dimensions: Mapping[str, Coded], layout: Layout, source: Source, rows: int) -> Resolved:
    """Indicator and breakdown of each row, null where nobody asks for it. An undeclared label is a fault."""
    clean = {name: coded.tidied() for name, coded in dimensions.items()}
    codes, parts = combine(rows, *clean.values())
    totals = {normal(label) for label in layout.totals}
    gathered = [column.spellings.gather(part) for column, part in zip(clean.values(), parts, strict=True)]
    labels = zip(*gathered, strict=True) if clean else [()]
    figures = [_figure_of(dict(zip(clean, values, strict=True)), source, totals) for values in labels]
    indicator, breakdown = (
        pl.Series(values=[figure[place] for figure in figures], dtype=pl.String()) for place in (0, 1)
    )
    outside = indicator.is_null().to_numpy()[codes]
    groups = []
    for name, column in clean.items():
        labels_known = [_is_known(name, label, source, totals) for label in column.spellings]
        known = pl.Series(values=labels_known, dtype=pl.Boolean())
        if not known.all():
            groups.append(FaultGroup(np.flatnonzero(column.where(~known)), name, "unknown_value"))
            outside[groups[-1].rows] = False
    return Resolved({"indicator": (codes, indicator), "breakdown": (codes, breakdown)}, outside, groups)


def _figure_of(labels: Mapping[str, str], source: Source, totals: set[str]) -> tuple[str | None, str | None]:
    """Indicator and breakdown of a combination of labels; a dimension that the file lacks is at its total."""
    for rule in source.figures:
        if all(_fits(rule, name, labels.get(name), totals) for name in {*source.dimensions, *labels}):
            apart = (f"{name}={labels[name]}" for name in rule.breakdown if name in labels)
            return rule.indicator, ";".join(apart) or "all"
    return None, None


def _fits(rule: FigureRule, name: str, label: str | None, totals: set[str]) -> bool:
    is_total = label is None or normal(label) in totals
    if name in rule.breakdown:
        return label is not None and re.fullmatch(rule.breakdown[name], label) is not None
    if name in rule.where:
        wanted = {normal(value) for value in rule.where[name]}
        return (is_total and TOTAL in rule.where[name]) or (label is not None and normal(label) in wanted)
    return is_total


def _is_known(name: str, label: str, source: Source, totals: set[str]) -> bool:
    """Whether a label of a dimension is declared: as a total, by a rule, or as one that nobody asks for."""
    patterns = [rule.breakdown[name] for rule in source.figures if name in rule.breakdown]
    patterns += [source.outside[name]] if name in source.outside else []
    named = {normal(value) for rule in source.figures for value in rule.where.get(name, ())}
    return normal(label) in totals | named or any(re.fullmatch(pattern, label) for pattern in patterns)
