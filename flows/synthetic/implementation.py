"""How the made-up nation's plans and area secretariats are carried out, by the dimensions of the report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.synthetic.figures import generator
from flows.synthetic.parameters import Truth
from flows.synthetic.places import Places
from flows.synthetic.pool import Pool
from schemas.registry import Registry

NONE_EARLIER = "earlier_effort:ingen"
FITS, FIT_SHARES = ("exact", "mostly", "mixed"), (0.6, 0.3, 0.1)
# Secretariats are told of from this day on; what some of them change, they change when all grants have begun.
FOUNDED, CHANGED = date(2005, 1, 1), date(2012, 1, 1)
TIED_TO = {"stated_need": "nothing", "earlier_effort": "size"}
ASSESSED = {"assessed_by": "evalueringen", "assessed_on": date(2010, 11, 1)}


@dataclass(frozen=True)
class ImplementationEntry:
    """An entry of an attribute; `plan` is the plan's place in the pool, None for the secretariat of a municipality.

    `entry` is an answer, or an effort area. `tied_to` says what was planted behind it.
    """

    plan: int | None
    municipality: int
    attribute: str
    entry: str
    holds_from: date
    holds_until: date | None
    fit: str
    tied_to: str


def drawn(registry: Registry, truth: Truth, places: Places, pool: Pool, seed: int) -> list[ImplementationEntry]:
    """What plans and secretariats deliver of themselves, by draws of their own; of some attributes nothing."""
    return [*_of_plans(registry, truth, places, pool, seed), *_of_secretariats(registry, truth, pool, seed)]


def _of_plans(registry: Registry, truth: Truth, places: Places, pool: Pool, seed: int) -> Iterator[ImplementationEntry]:
    """Needs by nothing but luck; earlier efforts more often in larger plans."""
    chance = generator(seed, "implementation", "plans")
    dwellings = places.areas["dwellings"].to_numpy()
    log_size = np.log([dwellings[list(plan.areas)].sum() for plan in pool.plans])
    z = (log_size - log_size.mean()) / log_size.std()
    themes = [row["effort_area_id"] for row in registry.codes["effort_areas"]]
    for at, plan in enumerate(pool.plans):
        had_earlier = chance.random() < 1 / (1 + np.exp(-truth.implementation.earlier_effort_size * z[at]))
        before = [date(2001 + int(chance.integers(3)), 1, 1), date(2004 + int(chance.integers(2)), 12, 31)]
        spans: dict[str, tuple[date, date | None]] = {
            "stated_need": (date(plan.begins.year - 1, 9, 1), None),
            "earlier_effort": (before[0], before[1]),
        }
        entries = {
            "stated_need": _some(themes, chance),
            "earlier_effort": _some(themes, chance) if had_earlier else [NONE_EARLIER],
        }
        for attribute, (first, last) in spans.items():
            if chance.random() >= truth.implementation.unknown_share:
                for entry in entries[attribute]:
                    tied_to = TIED_TO[attribute]
                    fit = _fit(chance)
                    yield ImplementationEntry(at, plan.municipality, attribute, entry, first, last, fit, tied_to)


def _of_secretariats(registry: Registry, truth: Truth, pool: Pool, seed: int) -> Iterator[ImplementationEntry]:
    """The dimensions of tables 5.1 and 5.2, by nothing but luck; some secretariats change one of them later."""
    chance = generator(seed, "implementation", "secretariats")
    seats = sorted({plan.municipality for plan in pool.plans if plan.supported_by_secretariat})
    for seat in seats:
        for row in registry.codes["implementation_attributes"]:
            if row["unit_kind"] != "secretariat":
                continue
            attribute = row["attribute"]
            answers = answers_of(registry, attribute)
            entries = _some(answers, chance) if row["holds"] == "answers" else [str(chance.choice(answers))]
            planted, luck = truth.implementation, chance.random(2)
            if luck[0] < planted.unknown_share:
                continue
            is_changed = row["holds"] == "answer" and luck[1] < planted.changed_share
            last = date(2011, 12, 31) if is_changed else None
            later = [answer for answer in answers if answer not in entries][:1] if is_changed else []
            spans = [(entry, FOUNDED, last) for entry in entries] + [(entry, CHANGED, None) for entry in later]
            for entry, first, until in spans:
                yield ImplementationEntry(None, seat, attribute, entry, first, until, _fit(chance), "nothing")


def answers_of(registry: Registry, attribute: str) -> list[str]:
    """The answers that an attribute takes, with the attribute before the colon."""
    every = (row["answer"] for row in registry.codes["implementation_answers"])
    return [answer for answer in every if answer.partition(":")[0] == attribute]


def _some(entries: Sequence[str], chance: np.random.Generator) -> list[str]:
    """One or two of them."""
    many = min(1 + int(chance.integers(2)), len(entries))
    chosen: NDArray[np.str_] = chance.choice(entries, size=many, replace=False)
    return sorted(chosen.tolist())


def _fit(chance: np.random.Generator) -> str:
    return str(chance.choice(FITS, p=FIT_SHARES))


def as_delivered(
    registry: Registry, places: Places, pool: Pool, entries: Sequence[ImplementationEntry]
) -> pl.DataFrame:
    """The lines of a delivery, under the layout's headers."""
    columns = registry.layouts["implementation"].columns
    written = {column.name: {code: label for label, code in column.values.items()} for column in columns}
    names: dict[str, str] = {row["answer"]: row["name_da"] for row in registry.codes["implementation_answers"]}
    themes = {row["effort_area_id"]: row["name_da"] for row in registry.codes["effort_areas"]}
    attributes = {row["attribute"]: row["name_da"] for row in registry.codes["implementation_attributes"]}
    towns = places.municipalities["municipality_name"].to_list()
    rows: list[Mapping[str, str]] = [
        {
            "unit_kind": written["unit_kind"]["secretariat" if each.plan is None else "plan"],
            "plan_name": "" if each.plan is None else pool.plans[each.plan].name,
            "municipality_code": towns[each.municipality],
            "attribute": attributes[each.attribute],
            "answer": names.get(each.entry, ""),
            "effort_area_id": themes.get(each.entry, ""),
            "holds_from": each.holds_from.isoformat(),
            "holds_until": each.holds_until.isoformat() if each.holds_until else "",
            "fit": written["fit"][each.fit],
            **{name: str(value) for name, value in ASSESSED.items()},
        }
        for each in entries
    ]
    return pl.DataFrame(
        [tuple(row.get(column.name, "") for column in columns) for row in rows],
        schema={column.headers[0]: pl.String() for column in columns},
        orient="row",
    )


def as_truth(places: Places, pool: Pool, entries: Sequence[ImplementationEntry]) -> pl.DataFrame:
    """A row per entry, with what was planted behind its attribute."""
    codes = places.municipalities["municipality_code"].to_list()
    return pl.DataFrame(
        [
            {
                "plan_name": None if each.plan is None else pool.plans[each.plan].name,
                "municipality_code": codes[each.municipality],
                "attribute": each.attribute,
                "entry": each.entry,
                "holds_from": each.holds_from,
                "holds_until": each.holds_until,
                "tied_to": each.tied_to,
            }
            for each in entries
        ],
        schema_overrides={"plan_name": pl.String(), "holds_until": pl.Date()},
    )
