"""An area's figures through the years as a small line, broken where they may not be joined; the town's dashed."""

from collections.abc import Iterable

from flows.present import notation, sparkline
from flows.publish.figures_read import AreaSeries
from schemas.indicators import Indicator


def scale(several: Iterable[AreaSeries]) -> tuple[int, int, float, float]:
    """First and last year, lowest and highest figure, of all lines that stand under each other."""
    rows = [row for series in several for row in series.years if row["value"] is not None]
    values = [row[name] for row in rows for name in ("value", "municipality_value") if row[name] is not None]
    return min(r["year"] for r in rows), max(r["year"] for r in rows), min(values), max(values)


def in_words(series: AreaSeries, indicator: Indicator, area: str) -> str:
    """'Fraflytningsprocent i Vollsmose, år for år: 2005: 14,7 %; 2006: 14,8 %.'"""
    known = [
        f"{row['year']}: {notation.valued(row['value'], indicator)}" for row in series.years if row["value"] is not None
    ]
    return notation.sentence(f"{indicator.label_da} i {area}, år for år: {'; '.join(known)}")


def svg(series: AreaSeries, shared: tuple[int, int, float, float]) -> str:
    """The line on the scale that the table shares, with a point where it ends."""
    first, last, low, high = shared
    runs = {
        name: [[(row["year"], row[name]) for row in stretch if row[name] is not None] for stretch in series.stretches]
        for name in ("value", "municipality_value")
    }
    return sparkline.draw(runs["value"], runs["municipality_value"], (first, last), (low, high))
