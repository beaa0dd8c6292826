"""What is true of each area in a made-up register: counted person by person from what was drawn, not from the files."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.synthetic.life_records import YearOfLives
from flows.synthetic.lives import Real, Whole

Mask = NDArray[np.bool_]
Define = Callable[[YearOfLives], tuple[NDArray[np.generic], Mask]]


def _between(year: YearOfLives, low: int, high: int) -> Mask:
    return np.asarray((year.age >= low) & (year.age <= high))


def _every(year: YearOfLives) -> Mask:
    return np.ones(len(year.age), dtype=np.bool_)


def _outside(year: YearOfLives) -> Whole:
    """Months on benefits that count as outside work."""
    benefits = ("social_assistance", "disability_pension", "unemployment_benefit")
    whole: Whole = np.stack([year.months[name] for name in benefits]).sum(axis=0)
    return whole


# By indicator: what each person adds to the numerator, and who is in the denominator, in the words of indicators.toml.
DEFINITIONS: dict[str, Define] = {
    "age_0_17_pct": lambda y: (_between(y, 0, 17), _every(y)),
    "age_18_29_pct": lambda y: (_between(y, 18, 29), _every(y)),
    "age_65_plus_pct": lambda y: (_between(y, 65, 120), _every(y)),
    "western_pct": lambda y: (y.origin == 1, _every(y)),
    "nonwestern_pct": lambda y: (y.origin >= 2, _every(y)),
    "descendant_pct": lambda y: (y.origin == 3, _every(y)),
    "employed_18_64_pct": lambda y: (y.activity == "employed", _between(y, 18, 64)),
    "youth_neither_pct": lambda y: (y.activity == "neither", _between(y, 16, 24)),
    "youth_in_education_pct": lambda y: (y.enrolled, _between(y, 16, 24)),
    "social_assistance_pct": lambda y: (y.benefit == "social_assistance", _between(y, 18, 64)),
    "disability_pension_pct": lambda y: (y.benefit == "disability_pension", _between(y, 18, 64)),
    "basic_education_pct": lambda y: (y.education == "basic_or_unknown", _between(y, 30, 59)),
    "vocational_education_pct": lambda y: (y.education == "vocational", _between(y, 30, 59)),
    "higher_education_pct": lambda y: (y.education == "higher", _between(y, 30, 59)),
    "convicted_pct": lambda y: (y.convictions > 0, _between(y, 18, 120)),
    "convicted_15_24_pct": lambda y: (y.convictions > 0, _between(y, 15, 24)),
    "gp_contacts_rate": lambda y: (y.gp_contacts, _every(y)),
    "hospital_admissions_rate": lambda y: (y.admissions, _every(y)),
    "new_residents_pct": lambda y: (y.moved_in, _every(y)),
    "outside_work_pct": lambda y: (_outside(y), _between(y, 18, 64)),
    "gross_income_dkk": lambda y: (y.income, _between(y, 15, 64) & ~y.enrolled),
}
# Counts that only a register of the years before can tell.
NOT_AT_FIRST = ("new_residents_pct",)


def counted(record: YearOfLives, areas: int, year: int, first: int) -> pl.DataFrame:
    """Numerator and denominator of each indicator in each area: area (its number), year, indicator, over, under."""
    inside = record.area < areas
    rows = [_rows("residents", _every(record), inside, record, areas, year)]
    for name, define in DEFINITIONS.items():
        if name in NOT_AT_FIRST and year == first:
            continue
        adds, among = define(record)
        weights = np.where(among, adds, 0).astype(np.float64)
        over: Real = np.bincount(record.area, weights=weights, minlength=areas + 1).astype(np.float64)
        rows.append(_rows(name, among, inside, record, areas, year, over))
    return pl.concat(rows)


def _rows(
    name: str, among: Mask, inside: Mask, record: YearOfLives, areas: int, year: int, over: Real | None = None
) -> pl.DataFrame:
    under = np.bincount(record.area[among & inside], minlength=areas)[:areas].astype(np.int64)
    return pl.DataFrame(
        {
            "area": np.arange(areas),
            "year": np.full(areas, year, dtype=np.int32),
            "indicator": [name] * areas,
            "over": under if over is None else np.rint(over[:areas]).astype(np.int64),
            "under": under,
        }
    )
