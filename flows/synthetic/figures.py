"""Figures of places and years: what was counted, beside what was expected."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.synthetic.scale import Numbers
from schemas.indicators import Indicator

Counts = NDArray[np.int64]
LONG = {
    "place": pl.Int64(),
    "year": pl.Int32(),
    "indicator": pl.String(),
    "numerator": pl.Int64(),
    "denominator": pl.Int64(),
    "value": pl.Float64(),
    "expected": pl.Float64(),
    "spread": pl.Float64(),
}


@dataclass(frozen=True)
class Figure:
    """One indicator over places (rows) and years (columns).

    `expected` and `value` are in the indicator's unit; `spread` is the SD of `value` around `expected`, given the
    denominators. Where nothing is counted, `numerator` is None, and `denominator` the number of those whom an amount is
    a mean of, or None.
    """

    expected: Numbers
    value: Numbers
    spread: Numbers
    numerator: Counts | None = None
    denominator: Counts | None = None


def generator(seed: int, *parts: str) -> np.random.Generator:
    """A stream of its own for each name, so that one more indicator or one fewer changes no other figure."""
    return np.random.default_rng([seed, *(zlib.crc32(part.encode()) for part in parts)])


def exact(value: Numbers) -> Figure:
    """A figure that is what it is expected to be."""
    return Figure(value, value, np.zeros(value.shape))


def counted(indicator: Indicator, share: Numbers, numerator: Counts, denominator: Counts) -> Figure:
    """A share or a rate: how many of how many, around a part of them that is expected."""
    variance = share * (1 - share) if indicator.kind == "share" else share
    is_anybody = denominator > 0
    value = np.full(share.shape, np.nan)
    np.divide(indicator.factor * numerator, denominator, out=value, where=is_anybody)
    spread = indicator.factor * np.sqrt(variance / np.maximum(denominator, 1)) * is_anybody
    return Figure(share * indicator.factor, value, spread, numerator, denominator)


def added(figure: Figure, groups: Sequence[NDArray[np.intp]], indicator: Indicator, is_sum: bool) -> Figure:
    """Larger places as what their parts give together: counts and sums added up, amounts as means over all persons.

    `groups` has the places of each larger one; `is_sum` says that values add up.
    """

    def total(values: NDArray[Any]) -> NDArray[Any]:
        return np.stack([values[rows].sum(axis=0) for rows in groups])

    if is_sum or figure.denominator is None:
        return exact(total(figure.value))
    people = total(figure.denominator)
    if figure.numerator is None:
        mean = total(figure.value * figure.denominator) / people
        return Figure(mean, mean, mean * 0, None, people)
    numerator = total(figure.numerator)
    value = np.divide(indicator.factor * numerator, people, out=np.full(people.shape, np.nan), where=people > 0)
    return Figure(value, value, value * 0, numerator, people)


def joined(first: Figure, second: Figure) -> Figure:
    """The places of one figure above those of another."""
    pairs = zip(vars(first).values(), vars(second).values(), strict=True)
    parts: list[Any] = [
        None if above is None or below is None else np.concatenate([above, below]) for above, below in pairs
    ]
    return Figure(*parts)


def years_of(figure: Figure, columns: Sequence[int]) -> Figure:
    """The chosen years of a figure."""
    parts: list[Any] = [None if part is None else part[:, list(columns)] for part in vars(figure).values()]
    return Figure(*parts)


def long(figures: Mapping[str, Figure], places: int, years: Sequence[int]) -> pl.DataFrame:
    """Figures of `places` places as rows: place (its number), year, indicator, numerator, denominator, value, expected,
    spread; no denominator without a numerator. Ordered by indicator as given, then place and year.
    """
    size = places * len(years)
    none = pl.Series(values=[None] * size, dtype=pl.Int64())
    parts = [
        pl.DataFrame(
            {
                "place": np.repeat(np.arange(places), len(years)),
                "year": np.tile(np.asarray(years, dtype=np.int32), places),
                "indicator": pl.repeat(indicator, size, dtype=pl.String(), eager=True),
                "numerator": none if figure.numerator is None else figure.numerator.ravel(),
                "denominator": none
                if figure.numerator is None or figure.denominator is None
                else figure.denominator.ravel(),
            }
            | {name: vars(figure)[name].ravel() for name in [*LONG][5:]}
        )
        for indicator, figure in figures.items()
    ]
    return pl.concat([pl.DataFrame(schema=LONG), *parts])
