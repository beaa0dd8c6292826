"""What the registers hold of made-up persons in a year: columns of person_years, drawn about what is planted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from flows.synthetic.lives import People, Real, Whole

Text = NDArray[np.str_]
Share = Callable[[str], Real]
# What is planted, by name (areas + 1, years): shares, and a mean income in DKK; the last row is elsewhere.
SHARES = (
    "employed", "study", "outside", "social_assistance", "disability_pension", "basic", "vocational", "higher", "crime",
    "income",
)  # fmt: skip
INCOME_SD, GP, ADMISSIONS = 0.5, 4.0, 0.15
# Of a planted share outside work four fifths are so for the whole year, and as many again for a quarter of it.
WHOLE_YEAR = 0.8


@dataclass(frozen=True)
class Planted:
    """What is planted of each area (the last row is elsewhere) in each year: shares, and by how much those who moved in
    during the last year are likelier to be employed (`newcomers`, in points of a share).
    """

    years: tuple[int, ...]
    shares: Mapping[str, Real]
    newcomers: float = 0.0

    def share(self, name: str, area: Whole, year: int) -> Real:
        """A share for each person."""
        column: Real = self.shares[name][:, self.years.index(year)][area]
        return column


@dataclass(frozen=True)
class YearOfLives:
    """The persons of one 1 January and what the year holds of them; every array is over `persons`.

    Where a register lacks a person the text is '' and the number negative.
    """

    persons: Whole
    area: Whole
    age: Whole
    origin: Whole
    moved_in: NDArray[np.bool_]
    activity: Text
    enrolled: NDArray[np.bool_]
    benefit: Text
    education: Text
    income: Whole
    convictions: Whole
    gp_contacts: Whole
    admissions: Whole
    months: Mapping[str, Whole]


def recorded(people: People, planted: Planted, year: int) -> YearOfLives:
    """What a year's registers hold of those who live in the country."""
    here = people.here
    area, age = people.area(here), people.age[here]
    rank = {name: ndtr(leaning[here]) for name, leaning in people.leaning.items()}
    moved_in = (people.came[here] == year) & (age >= 1)

    def share(name: str) -> Real:
        return planted.share(name, area, year)

    employed = (
        (age >= 16) & (age < 67) & (rank["work"] < np.clip(share("employed") + planted.newcomers * moved_in, 0, 1))
    )
    enrolled = ((age >= 6) & (age < 16)) | ((age >= 16) & (age < 30) & (rank["study"] < share("study")))
    activity = np.where(employed, "employed", np.where(enrolled & (age >= 16), "in_education", "neither"))
    assistance, pension = share("social_assistance"), share("disability_pension")
    working_age = (age >= 18) & (age < 65)
    on_assistance = working_age & (rank["benefit"] < assistance)
    on_pension = working_age & ~on_assistance & (rank["benefit"] < assistance + pension)
    benefit = np.where(on_assistance, "social_assistance", np.where(on_pension, "disability_pension", ""))
    return YearOfLives(
        here,
        area,
        age,
        people.origin[here],
        moved_in,
        np.where(age < 16, "", activity),
        enrolled,
        benefit,
        np.where(age < 16, "", _education(rank["schooling"], share)),
        _income(people.leaning["income"][here], share("income"), age),
        np.where((age >= 15) & (rank["crime"] < share("crime")), 1 + people.chance.poisson(0.3, len(here)), 0),
        people.chance.poisson(GP, len(here)),
        people.chance.poisson(ADMISSIONS, len(here)),
        _months(rank["benefit"], share, working_age, employed, enrolled & (age >= 18)),
    )


def _education(rank: Real, share: Share) -> Text:
    basic, vocational, higher = (share(name) for name in ("basic", "vocational", "higher"))
    names = ["basic_or_unknown", "vocational", "higher"]
    return np.select(
        [rank < basic, rank < basic + vocational, rank < basic + vocational + higher], names, "upper_secondary"
    )


def _income(leaning: Real, mean: Real, age: Whole) -> Whole:
    """Lognormal about its mean, in whole hundreds; -1 for those under 15, who are not liable to tax."""
    hundreds = np.rint(mean * np.exp(INCOME_SD * leaning - INCOME_SD**2 / 2) / 100).astype(np.int64)
    return np.where(age < 15, -1, 100 * hundreds)


def _months(
    rank: Real, share: Share, working_age: NDArray[np.bool_], employed: NDArray[np.bool_], studies: NDArray[np.bool_]
) -> dict[str, Whole]:
    """Full-time months by attachment: on which benefit somebody is outside work follows from the same rank."""
    outside, assistance = share("outside"), share("social_assistance")
    pension = assistance + share("disability_pension")
    long, short = rank < WHOLE_YEAR * outside, rank < 2 * WHOLE_YEAR * outside
    months = np.where(working_age & long, 12, np.where(working_age & short, 3, 0))
    left = 12 - months
    by_rank = [rank < assistance, rank < pension]
    benefit = np.select(by_rank, ["social_assistance", "disability_pension"], "unemployment_benefit")
    of_benefit = {
        name: np.where(benefit == name, months, 0)
        for name in ("social_assistance", "disability_pension", "unemployment_benefit")
    }
    return of_benefit | {
        "employment": np.where(employed, left, 0),
        "education": np.where(~employed & studies, left, 0),
        "student_grant": np.where(~employed & studies, left, 0),
    }
