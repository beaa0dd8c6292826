"""What Vega-Lite draws for the cards, as SVG in greys, shapes and dashes: a black-and-white copy says the same.

A chart is said as its specification (vega.github.io/vega-lite/docs), in plain dicts. A library that writes these would
take as long as the drawing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert

Spec = dict[str, Any]

INK, SOFT = "#111", "#666"
_FONT = "Libertinus Serif, DejaVu Sans, serif"
_CONFIG: dict[str, Any] = {
    "aria": False,
    "background": "transparent",
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelFont": _FONT,
        "titleFont": _FONT,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": SOFT,
        "tickColor": SOFT,
        "gridColor": "#e6e6e6",
    },
    "text": {"font": _FONT, "fontSize": 11},
}


def number(field: str, **how: Any) -> Spec:
    """A channel that shows a column of numbers."""
    return {"field": field, "type": "quantitative", **how}


def name(field: str, **how: Any) -> Spec:
    """A channel that tells values of a column apart."""
    return {"field": field, "type": "nominal", **how}


def marks(kind: str, rows: Sequence[Mapping[str, Any]], channels: Spec, *transforms: Spec, **look: Any) -> Spec:
    """A layer: a mark of one kind and look for each row, after the transforms."""
    spec = {"data": {"values": list(rows)}, "mark": {"type": kind, **look}, "encoding": channels}
    return {**spec, "transform": list(transforms)} if transforms else spec


def layers(drawn: Sequence[Spec], width: int, height: int, **more: Any) -> Spec:
    """Layers over each other, the first at the bottom; size in pixels."""
    return {"layer": list(drawn), "width": width, "height": height, **more}


def svg(chart: Spec) -> str:
    """A chart as SVG; it holds no ids, so that several can stand on a page."""
    return str(vl_convert.vegalite_to_svg(chart, config=_CONFIG))
