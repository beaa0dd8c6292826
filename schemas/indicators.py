"""What a block of indicators.toml may say: what one indicator means, in which unit, and within which limits."""

import re
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from schemas.labels import COUNTED
from schemas.model import Identifier, Model, Text

# How the units of an indicator are written, by its kind: a rate of 1 has no 'per 1', and a mean need not be money.
UNITS = {
    "share": {"unit": "percent", "unit_da": "procent", "unit_short_da": "%"},
    "relative": {"unit": "percent of .+", "unit_da": "procent af .+", "unit_short_da": "% af .+"},
    "rate": {"unit": ".+ per {per} .+", "unit_da": r"pr\. {per_da}( .+)?", "unit_short_da": r"pr\. {per_da}( .+)?"},
    "rate of 1": {"unit": ".+ per [a-z].*", "unit_da": r"pr\. [a-zæøå].*", "unit_short_da": r"pr\. [a-zæøå].*"},
    "count": {"unit": "(?!percent|.* per ).+", "unit_da": "antal {several}", "unit_short_da": "{several}"},
    "mean": {"unit": "(?!percent|DKK).+", "unit_da": "{several}.*", "unit_short_da": "{several}"},
    "mean of money": {"unit": "DKK.*", "unit_da": "kroner.*", "unit_short_da": r"kr\..*"},
}


class KnownComparator(Model):
    """A comparator that follows from the definition (the region is 100 percent of itself)."""

    geography: Literal["municipality", "region", "country"]
    value: float


class Indicator(Model):
    """What one indicator means; see the head of indicators.toml."""

    id: Identifier
    label_da: str
    label_en: str
    definition: str
    definition_da: str
    kind: Literal["share", "rate", "relative", "count", "mean"]
    unit: Text
    unit_da: Text
    unit_short_da: Text
    per: int | None = None
    numerator: str | None = None
    denominator: str | None = None
    indicator_group: Literal["background", "attractiveness", "life_situation", "satisfaction"] | None = None
    drawn_from: Text | None = None
    count_basis: Literal[
        "persons", "full_time_persons", "person_years", "households", "dwellings", "events", "contacts", "money"
    ]
    counts: Identifier | None = None
    among: Identifier | None = None
    no_count: Literal["full_time_persons", "amount"] | None = None
    population: str
    population_da: Text
    polarity: Literal["high_is_better", "high_is_worse", "neutral"]
    minimum: float
    maximum: float
    area_maximum: float | None = None
    jump_factor: float | None = Field(default=None, gt=1)
    decimals: int = Field(ge=0, le=4)
    disclosure_class: Literal["ordinary", "sensitive"]
    of_year: Literal["first", "sum", "mean"] = "first"
    precedence: tuple[Identifier, ...] = ()
    of_areas: bool = True
    comparator_by_definition: KnownComparator | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_the_units_of_its_kind(cls, entry: Any) -> Any:
        """A share is in percent, and a count in what it counts, so neither writes what its kind says."""
        match entry:
            case {"kind": "share"}:
                return UNITS["share"] | entry
            case {"kind": "count", "count_basis": str(basis)} if basis in COUNTED:
                several = COUNTED[basis][1]
                return {"unit_da": f"antal {several}", "unit_short_da": several} | entry
            case _:
                return entry

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind in ("share", "rate") and not (self.numerator and self.denominator):
            raise ValueError(f"a {self.kind} needs numerator and denominator in words")
        if (self.kind == "rate") != (self.per is not None):
            raise ValueError("'per' belongs to a rate, and a rate needs it")
        if {self.of_areas} != {self.indicator_group is not None, self.drawn_from is not None}:
            raise ValueError("an indicator of areas needs 'indicator_group' and 'drawn_from', and no other has them")
        if self.of_areas and (self.counts is None) == (self.no_count is None):
            raise ValueError("an indicator of areas needs either 'counts' or 'no_count'")
        has_base = self.kind in ("share", "rate")
        if (self.among is not None) != has_base and (self.of_areas or self.among is not None):
            raise ValueError("'among' belongs to a share or a rate, and one of areas needs it")
        if self.minimum >= self.maximum:
            raise ValueError("minimum must lie below maximum")
        if self.area_maximum is not None and not self.minimum < self.area_maximum <= self.maximum:
            raise ValueError("area_maximum must lie between minimum and maximum")
        return self

    @model_validator(mode="after")
    def _has_no_unit_of_another_kind(self) -> Self:
        variant = f"{self.kind} of 1" if self.per == 1 else self.kind
        if self.kind == "mean" and self.count_basis == "money":
            variant = "mean of money"
        per, several = f"{self.per or 0:,}", COUNTED[self.count_basis][1]
        for name, pattern in UNITS[variant].items():
            written = pattern.format(per=per, per_da=per.replace(",", "[.]"), several=several)
            if not re.fullmatch(written, getattr(self, name)):
                raise ValueError(f"{name} {getattr(self, name)!r} is no unit of a {self.kind} of {self.count_basis}")
        return self

    @property
    def interval(self) -> Literal["wilson", "poisson"] | None:
        """The interval that its counts allow: Wilson's for a share of units, Poisson limits for single events.

        Contacts and full-time persons are no such units.
        """
        units = ("persons", "households", "dwellings")
        if self.kind == "share" and self.count_basis in units:
            return "wilson"
        return "poisson" if self.kind == "rate" and self.count_basis in (*units, "person_years", "events") else None

    @property
    def factor(self) -> int:
        """What numerator / denominator is multiplied by: 100 for a share, `per` for a rate."""
        return self.per or 100
