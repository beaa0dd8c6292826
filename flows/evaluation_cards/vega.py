"""What Altair draws for the cards, as SVG in greys, shapes and dashes: a black-and-white copy says the same."""

from typing import Any

import altair as alt
import vl_convert

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


def svg(chart: alt.TopLevelMixin) -> str:
    """A chart as SVG; it holds no ids, so that several can stand on a page."""
    # Validation by Altair takes a third of the time and holds nothing that depends on the figures.
    return str(vl_convert.vegalite_to_svg(chart.to_dict(validate=False), config=_CONFIG))
