"""Made-up persons with lives: who is born, ages, moves, leaves home, immigrates and dies, household by household."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Yes = NDArray[np.bool_]
ORIGINS = ("danish", "western", "nonwestern_immigrant", "nonwestern_descendant")
# What a year brings: of those whom it may happen to.
BIRTH, LEAVE_HOME, MOVE, EMIGRATE = 0.07, 0.15, 0.14, 0.01
# Of a person's leanings (employment, education, crime, income) so much stays from year to year.
PERSISTENCE = 0.9
LEANINGS = ("work", "study", "benefit", "schooling", "income", "crime")
OLDEST = 110
NOWHERE = -1


@dataclass(frozen=True)
class Happened:
    """What happened in a year to some persons: the kind, on which day of the year, from and to which address."""

    kind: str
    persons: Whole
    day: Whole
    before: Whole
    after: Whole


@dataclass
class People:
    """The persons of one part of the nation, as they are on a 1 January; every array is over persons.

    `address` is the number of the address, NOWHERE once dead or abroad. `came` is the year in which a person last
    moved into the area that she lives in. `area_of` gives the area of each address, NOWHERE outside all areas.
    """

    chance: np.random.Generator
    area_of: Whole
    address: Whole
    age: Whole
    woman: Yes
    origin: Whole
    came: Whole
    leaning: dict[str, Real] = field(default_factory=dict)

    @property
    def here(self) -> Whole:
        """The persons who live in the country."""
        return np.flatnonzero(self.address != NOWHERE)

    def area(self, persons: Whole) -> Whole:
        """In which area some persons live."""
        return self.area_of[self.address[persons]]


def settle(chance: np.random.Generator, area_of: Whole, nonwestern: Real) -> People:
    """People in nine of ten addresses. `nonwestern` is the share of non-western origin by area, the last elsewhere."""
    homes = np.flatnonzero(chance.random(len(area_of)) < 0.9)
    adults = 1 + (chance.random(len(homes)) < 0.45)
    children = np.where(chance.random(len(homes)) < 0.35, 1 + chance.poisson(0.8, len(homes)), 0)
    address = np.concatenate([np.repeat(homes, adults), np.repeat(homes, children)]).astype(np.int64)
    grown = int(adults.sum())
    age = np.concatenate([chance.integers(18, 90, grown), chance.integers(0, 18, len(address) - grown)])
    share = nonwestern[area_of[address]]
    draw = chance.random(len(address))
    young = age < 25
    origin = np.where(draw < share, np.where(young, 3, 2), np.where(draw < share + 0.05, 1, 0))
    return People(
        chance,
        area_of,
        address,
        age.astype(np.int64),
        chance.random(len(address)) < 0.5,
        origin.astype(np.int64),
        np.zeros(len(address), dtype=np.int64),
        {name: chance.normal(size=len(address)) for name in LEANINGS},
    )


def live(people: People, year: int) -> list[Happened]:
    """Let a year pass: what happened, in an order in which it could; nobody is in two events of one year."""
    events = [
        _deaths(people),
        _emigrations(people),
        *_moves(people, year),
        _births(people, year),
        _immigration(people, year),
    ]
    people.age += 1
    for name, was in people.leaning.items():
        new = people.chance.normal(size=len(was))
        people.leaning[name] = PERSISTENCE * was + np.sqrt(1 - PERSISTENCE**2) * new
    return [event for event in events if len(event.persons)]


def _happened(people: People, kind: str, persons: Whole, before: Whole, after: Whole) -> Happened:
    return Happened(kind, persons, people.chance.integers(0, 364, len(persons)), before, after)


def _gone(people: People, kind: str, persons: Whole) -> Happened:
    before = people.address[persons]
    people.address[persons] = NOWHERE
    return _happened(people, kind, persons, before, np.full(len(persons), NOWHERE))


def _deaths(people: People) -> Happened:
    """Gompertz' law, about as in Denmark: one in 2,000 at 30 years, one in nine at 90; nobody is older than OLDEST."""
    here = people.here
    risk = np.minimum(1, 3e-5 * np.exp(0.091 * people.age[here])) + (people.age[here] >= OLDEST)
    return _gone(people, "died", here[people.chance.random(len(here)) < risk])


def _emigrations(people: People) -> Happened:
    here = people.here
    return _gone(people, "emigrated", here[(people.age[here] >= 18) & (people.chance.random(len(here)) < EMIGRATE)])


def _moved(people: People, kind: str, persons: Whole, after: Whole, year: int) -> Happened:
    before = people.address[persons]
    was = people.area_of[before]
    people.address[persons] = after
    elsewhere = people.area_of[after] != was
    people.came[persons[elsewhere]] = year + 1
    stays = before != after
    return _happened(people, kind, persons[stays], before[stays], after[stays])


def _vacant(people: People) -> Whole:
    """Addresses without anybody, in a drawn order."""
    lived_in = np.zeros(len(people.area_of), dtype=np.bool_)
    lived_in[people.address[people.here]] = True
    return people.chance.permutation(np.flatnonzero(~lived_in))


def _leaving_home(people: People, year: int) -> Happened:
    """Of those of 18-25 years some take a vacant address."""
    here = people.here
    young = here[(people.age[here] >= 18) & (people.age[here] <= 25)]
    young = young[people.chance.random(len(young)) < LEAVE_HOME]
    vacant = _vacant(people)[: len(young) // 2]
    return _moved(people, "moved", young[: len(vacant)], vacant, year)


def _moves(people: People, year: int) -> tuple[Happened, Happened]:
    """Some leave home; whole households change addresses among themselves, so that each is vacant when they come."""
    left = _leaving_home(people, year)
    lived_in = np.unique(people.address[people.here])
    leaving = lived_in[people.chance.random(len(lived_in)) < MOVE]
    to = np.arange(len(people.area_of))
    to[leaving] = people.chance.permutation(leaving)
    here = people.here
    movers = here[to[people.address[here]] != people.address[here]]
    movers = np.setdiff1d(movers, left.persons)  # who left home has moved
    return left, _moved(people, "moved", movers, to[people.address[movers]], year)


def _births(people: People, year: int) -> Happened:
    here = people.here
    mothers = here[people.woman[here] & (people.age[here] >= 20) & (people.age[here] <= 40)]
    mothers = mothers[people.chance.random(len(mothers)) < BIRTH]
    origin = np.where(people.origin[mothers] == 2, 3, people.origin[mothers])
    persons = _new(people, people.address[mothers], np.full(len(mothers), -1), origin, year)
    return _happened(people, "born", persons, np.full(len(persons), NOWHERE), people.address[persons])


def _immigration(people: People, year: int) -> Happened:
    """Some of the vacant addresses get a person from abroad."""
    vacant = _vacant(people)
    vacant = vacant[: len(vacant) // 4]
    age = people.chance.integers(18, 50, len(vacant))
    origin = np.where(people.chance.random(len(vacant)) < 0.6, 2, 1)
    persons = _new(people, vacant, age, origin, year)
    return _happened(people, "immigrated", persons, np.full(len(persons), NOWHERE), vacant)


def _new(people: People, address: Whole, age: Whole, origin: Whole, year: int) -> Whole:
    """New persons; their numbers follow those of all before them."""
    first, count = len(people.address), len(address)
    people.address = np.concatenate([people.address, address])
    people.age = np.concatenate([people.age, age.astype(np.int64)])
    people.woman = np.concatenate([people.woman, people.chance.random(count) < 0.5])
    people.origin = np.concatenate([people.origin, origin.astype(np.int64)])
    people.came = np.concatenate([people.came, np.full(count, year + 1)])
    for name, was in people.leaning.items():
        people.leaning[name] = np.concatenate([was, people.chance.normal(size=count)])
    return np.arange(first, first + count)


def years(people: People, first: int, last: int) -> Iterator[tuple[int, list[Happened]]]:
    """Each year with what happens in it; the people are as on its 1 January until the next is asked for."""
    pending: list[Any] = []
    for year in range(first, last + 1):
        yield year, pending
        pending = live(people, year)
