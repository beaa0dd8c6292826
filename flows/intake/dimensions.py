"""What a row of a table with dimensions is a figure of: its indicator and, where parts stay apart, which part."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.intake.coded import Coded, Codes, combine
from flows.intake.faults import FaultGroup
from flows.intake.names import normal
from schemas.models import FigureRule, Layout, Source

TOTAL = "*total"


@dataclass(frozen=True)
class Meant:
    """Per row a code into `indicator` and `breakdown` (null: nobody asks for it); rows that nobody asks for; faults."""

    codes: Codes
    indicator: pl.Series
    breakdown: pl.Series
    outside: NDArray[np.bool_]
    groups: list[FaultGroup]


def meant(dimensions: Mapping[str, Coded], layout: Layout, source: Source, rows: int) -> Meant:
    """Say of each row what it is a figure of. A value of a dimension that nobody declared is a fault."""
    clean = {
        name: coded.spelled(lambda text: text.str.normalize("NFC").str.strip_chars())
        for name, coded in dimensions.items()
    }
    codes, parts = combine(*clean.values()) if clean else (np.zeros(rows, dtype=np.int32), [])
    totals = {normal(label) for label in layout.totals}
    if clean:
        labels = [column.spellings.gather(part) for column, part in zip(clean.values(), parts, strict=True)]
        figures = [
            _figure_of(dict(zip(clean, values, strict=True)), source, totals) for values in zip(*labels, strict=True)
        ]
    else:
        figures = [_figure_of({}, source, totals)]
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
    return Meant(codes, indicator, breakdown, outside, groups)


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
