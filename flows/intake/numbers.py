"""How a number is written: what is one in a notation, what of it may mean two things, and what shows a share."""

import polars as pl

from schemas.indicators import Indicator

# A first group that begins with 0 is an English decimal: 0.259 never means 259.
PATTERNS = {
    ("integer", "danish"): r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)$",
    ("decimal", "danish"): r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?$",
    ("integer", "plain"): r"^-?[0-9]+$",
    ("decimal", "plain"): r"^-?[0-9]+(?:[.,][0-9]+)?$",
}
# A sign and three digits: a decimal here, a thousand there. In Danish notation the point has one meaning.
IN_DOUBT = {"danish": r"^-?[1-9][0-9]{0,2},[0-9]{3}(?:\s?%)?$", "plain": r"^-?[1-9][0-9]{0,2}[.,][0-9]{3}(?:\s?%)?$"}
THOUSAND = 1000
SHARE = r"\s?%$"


def machine_notation(text: pl.Expr, kind: str, notation: str) -> pl.Expr:
    """Numbers as a machine writes them; null where the text is no number in the notation."""
    fits = pl.when(text.str.contains(PATTERNS[kind, notation])).then(text)
    made = fits.str.replace_all(".", "", literal=True) if notation == "danish" else fits
    return made.str.replace(",", ".", literal=True)


def number_text(text: pl.Series, kind: str, notation: str) -> pl.Series:
    """Numbers as a machine writes them; null where the text is no number in the notation."""
    return pl.select(machine_notation(pl.lit(text), kind, notation)).to_series()


def may_be_a_thousand(indicator: Indicator | None) -> bool:
    """Whether a figure of an indicator can be as large as a thousand; what is not known can."""
    return indicator is None or indicator.maximum >= THOUSAND


def is_in_percent(indicator: Indicator | None) -> bool:
    """Whether the figures of an indicator are hundredths, so that '54,4 %' is such a figure."""
    return indicator is not None and indicator.kind in ("share", "relative")
