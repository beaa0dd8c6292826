"""An area's figures through the years as a small SVG line, broken where they may not be joined; the town's dashed."""

from collections.abc import Iterable

from flows.present import danish
from flows.publish.figures_read import AreaSeries
from schemas.indicators import Indicator

WIDTH, HEIGHT, EDGE = 180, 44, 6
INK, SOFT, QUIET = "#1b1b1b", "#4d4d4d", "#bbbbbb"


def scale(several: Iterable[AreaSeries]) -> tuple[int, int, float, float]:
    """First and last year, lowest and highest figure, of all lines that stand under each other."""
    rows = [row for series in several for row in series.years if row["value"] is not None]
    values = [row[name] for row in rows for name in ("value", "municipality_value") if row[name] is not None]
    return min(r["year"] for r in rows), max(r["year"] for r in rows), min(values), max(values)


def in_words(series: AreaSeries, indicator: Indicator, area: str) -> str:
    """'Fraflytningsprocent i Vollsmose, år for år: 2005: 14,7 %; 2006: 14,8 %.'"""
    known = [
        f"{row['year']}: {danish.valued(row['value'], indicator)}" for row in series.years if row["value"] is not None
    ]
    return danish.sentence(f"{indicator.label_da} i {area}, år for år: {'; '.join(known)}")


def svg(series: AreaSeries, shared: tuple[int, int, float, float]) -> str:
    """The line on the scale that the table shares, with a point where it ends."""
    first, last, low, high = shared

    def x(year: int) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * (year - first) / max(last - first, 1), 1)

    def y(value: float) -> float:
        return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / ((high - low) or 1.0), 1)

    parts = [f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT - 1}" y2="{HEIGHT - 1}" stroke="{QUIET}"/>']
    for stretch in series.stretches:
        town = [row for row in stretch if row["municipality_value"] is not None]
        if len(town) > 1:
            points = " ".join(f"{x(row['year'])},{y(row['municipality_value'])}" for row in town)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{SOFT}" stroke-width="1.2" stroke-dasharray="4 3"/>'
            )
        points = " ".join(f"{x(row['year'])},{y(row['value'])}" for row in stretch)
        if len(stretch) > 1:
            parts.append(f'<polyline points="{points}" fill="none" stroke="{INK}" stroke-width="2.2"/>')
        else:
            cx, cy = points.split(",")
            parts.append(f'<circle cx="{cx}" cy="{cy}" r="2.4" fill="{INK}"/>')
    if newest := series.newest:
        parts.append(f'<circle cx="{x(newest["year"])}" cy="{y(newest["value"])}" r="3.6" fill="{INK}"/>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{"".join(parts)}</svg>'
