"""A reader who has the list of a release, knows what its figures mean, and solves: nothing here is read from the
registry.

The definitions are those that stand in an extract: who is in the numerator, who is in the base. People are told apart
by age, origin, work and benefits as far as some figure does; a household lives in each dwelling that is let.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Figure = tuple[str, str, str]  # place, indicator, part

RESIDENTS = ("0-17", "18-29", "30-64", "65+")
ADULTS, WORKING_AGE = RESIDENTS[1:], RESIDENTS[1:3]
HOUSEHOLDS = ("alone", "single parent", "couple with children", "other household")
DWELLINGS = (*HOUSEHOLDS, "vacant")
# The count or the numerator, and the base, as sums of what a place has of each.
MEANT: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "residents": (RESIDENTS, ()),
    "age_0_17_pct": (("0-17",), RESIDENTS),
    "age_18_29_pct": (("18-29",), RESIDENTS),
    "age_65_plus_pct": (("65+",), RESIDENTS),
    "nonwestern_pct": (("immigrant", "descendant"), RESIDENTS),
    "descendant_pct": (("descendant",), RESIDENTS),
    "western_pct": (("western",), RESIDENTS),
    "low_income_pct": (("low income",), ADULTS),
    "employed_18_64_pct": (("employed",), WORKING_AGE),
    "social_assistance_pct": (("assisted",), WORKING_AGE),
    "disability_pension_pct": (("pensioned",), WORKING_AGE),
    "dwellings": (DWELLINGS, ()),
    "vacant_dwellings_pct": (("vacant",), DWELLINGS),
    "one_person_household_pct": (("alone",), HOUSEHOLDS),
    "single_parent_pct": (("single parent",), HOUSEHOLDS),
    "couple_with_children_pct": (("couple with children",), HOUSEHOLDS),
}
# What is not all of a place is no more than it: the parts, and what they lie within.
WITHIN = (
    (("immigrant", "descendant", "western"), RESIDENTS),
    (("low income",), ADULTS),
    (("employed",), WORKING_AGE),
    (("assisted", "pensioned"), WORKING_AGE),
)
KINDS = (*RESIDENTS, *DWELLINGS, *dict.fromkeys(kind for parts, _ in WITHIN for kind in parts))


def read(file: Path) -> tuple[dict[Figure, int], list[Figure]]:
    """The counts of a list, and the figures in whose place a mark stands."""
    counts: dict[Figure, int] = {}
    hidden: list[Figure] = []
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            for part in ("count",) if not MEANT[row["indicator"]][1] else ("numerator", "denominator"):
                figure = (row["place_id"], row["indicator"], part)
                if row[part]:
                    counts[figure] = int(row[part])
                else:
                    hidden.append(figure)
    return counts, hidden


class Reader:
    """What the list and the definitions leave possible; `homes` says in which municipality each area lies."""

    def __init__(self, counts: Mapping[Figure, int], homes: Mapping[str, str]) -> None:
        places = [*homes, *(f"elsewhere in {town}" for town in sorted(set(homes.values())))]
        self.inside = {place: [place] for place in homes}
        for town in set(homes.values()):
            self.inside[town] = [*(area for area in homes if homes[area] == town), f"elsewhere in {town}"]
        self.column = {name: number for number, name in enumerate((p, kind) for p in places for kind in KINDS)}
        rows = [(self._meant(figure), count, count) for figure, count in counts.items()]
        rows += [(self._less(place, *pair), 0, np.inf) for place in places for pair in WITHIN]
        self.rows = LinearConstraint(
            np.array([row for row, _, _ in rows]), [low for _, low, _ in rows], [high for _, _, high in rows]
        )

    def _sum(self, place: str, kinds: tuple[str, ...]) -> np.ndarray:
        row = np.zeros(len(self.column))
        for where in self.inside.get(place, [place]):
            row[[self.column[where, kind] for kind in kinds]] = 1
        return row

    def _meant(self, figure: Figure) -> np.ndarray:
        place, indicator, part = figure
        return self._sum(place, MEANT[indicator][part == "denominator"])

    def _less(self, place: str, parts: tuple[str, ...], whole: tuple[str, ...]) -> np.ndarray:
        return self._sum(place, whole) - self._sum(place, parts)

    def interval(self, figure: Figure) -> tuple[int, int | None]:
        """The least and the most that a figure can be, in whole numbers; None where nothing ends it."""
        ends = []
        for sign in (1, -1):
            goal = sign * self._meant(figure)
            found = milp(goal, integrality=np.ones(len(goal)), bounds=Bounds(0, np.inf), constraints=self.rows)
            assert found.status in (0, 3, 4), found.message
            ends.append(round(sign * found.fun) if found.status == 0 else None)
        least, most = ends
        assert least is not None
        return least, most

    def exact(self, hidden: list[Figure]) -> Iterator[tuple[Figure, int]]:
        """The hidden figures that can be worked out, with what they are."""
        for figure in hidden:
            least, most = self.interval(figure)
            if least == most:
                yield figure, least
