"""A whole made-up country: drawn in memory, or written as deliveries with a registry that knows its areas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from flows.synthetic import (
    deliveries,
    efforts,
    figure_deliveries,
    figures,
    lists,
    places,
    pool,
    registers,
    targets,
    truth_files,
)
from flows.synthetic.figures import Figure, generator
from flows.synthetic.parameters import Truth, levels, needed, truth
from flows.synthetic.places import Places
from flows.synthetic.pool import Pool
from flows.synthetic.reference import Frame
from flows.synthetic.reference import read as read_reference
from flows.synthetic.targets import Ambition, Setting, Target
from flows.synthetic.writer import Desk
from schemas.registry import Registry

YEARS = tuple(range(2000, 2013))
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Draw:
    """A nation in memory.

    `figures` has a row per area, year and indicator: area_id, year, indicator, numerator, denominator, value, expected
    (the truth in the indicator's unit) and spread (the SD of `value` around it). Areas are in the order of
    `places.areas`.
    """

    seed: int
    years: tuple[int, ...]
    parallel: bool
    truth: Truth
    frame: Frame
    places: Places
    pool: Pool
    of_areas: dict[str, Figure]

    @property
    def figures(self) -> pl.DataFrame:
        """Expected and drawn figures of all areas."""
        return truth_files.by_area(self.of_areas, self.places, self.years)

    @property
    def areas(self) -> pl.DataFrame:
        """What is true of each area; see the README that is written beside a nation."""
        return truth_files.areas(self.places, self.pool)


@dataclass(frozen=True)
class Nation:
    """What was written: its folders, and control totals."""

    raw: Path
    schemas: Path
    truth: Path
    areas: int
    plans: int
    grants: int
    rent_support_estates: int
    amount_dkk: int
    rows: dict[str, int]


def draw(
    reference: Path,
    registry: Registry,
    seed: int,
    areas: int = 1000,
    years: Sequence[int] = YEARS,
    indicators: Sequence[str] | None = None,
    parallel: bool = True,
    effects: bool = True,
) -> Draw:
    """Draw a nation of the case areas and `areas` made-up ones, for `years` and `indicators` of areas (None: all).

    `reference` is the folder of real reference deliveries (data/raw). An indicator's figures are the same whichever
    others are drawn. With `parallel=False` funded areas drift from the others before and after their plans;
    with `effects=False` nothing happens after a plan's start, all else alike.
    Raises FrameError where the reference lacks something, ValueError for an unknown indicator or years with a gap.
    """
    chosen = tuple(sorted(set(years)))
    if not chosen or len(chosen) != chosen[-1] - chosen[0] + 1:
        raise ValueError("years must be one or more, without a gap")
    known = [name for name, indicator in registry.indicators.items() if indicator.of_areas]
    if unknown := sorted(set(indicators or ()) - set(known)):
        raise ValueError(f"no indicators of areas: {', '.join(unknown)}; there are {', '.join(known)}")
    said, of = truth(), read_reference(reference, registry)
    settled = places.settle(of, registry, said, areas, generator(seed, "places"))
    shared = pool.share_out(of, registry, said, settled, pool.totals_of(of, areas), generator(seed, "pool"))
    settled = pool.with_twins_alike(settled, shared)
    # Every nation is drawn over all years, so that a year's figures do not depend on which others are asked for.
    span = tuple(range(min(YEARS[0], chosen[0]), max(YEARS[-1], chosen[-1]) + 1))
    bases = figures.sizes(settled, shared.treatment, span, said, seed)
    wanted = [name for name in known if indicators is None or name in indicators]
    said_of = levels(registry)
    made: dict[str, Figure] = dict(bases)
    for name in needed(wanted, said_of):
        if name not in made:
            made[name] = figures.of_areas(
                registry.indicators[name],
                said_of[name],
                said.base_of(registry.indicators[name]),
                settled,
                shared.treatment,
                bases,
                span,
                said,
                seed,
                parallel,
                effects,
                figures.among(said_of[name], said_of, made),
            )
    kept = [span.index(year) for year in chosen]
    of_areas = {name: figures.years_of(made[name], kept) for name in wanted}
    return Draw(seed, chosen, parallel, said, of, settled, shared, of_areas)


def write(
    folder: Path,
    reference: Path,
    registry: Registry,
    seed: int,
    areas: int = 1000,
    years: Sequence[int] = YEARS,
    indicators: Sequence[str] | None = None,
    parallel: bool = True,
    schemas: Path | None = None,
    progress: Progress | None = None,
    ambition: Ambition | None = None,
) -> Nation:
    """Write a nation below `folder`: raw/ (deliveries), schemas/ (a registry that knows its areas), truth/.

    Parameters as for `draw`. `schemas` is the folder that `registry` was read from, None for the installed one;
    `progress` is told each step's name, its number and how many there are. `ambition` says how many targets the plans
    set (None: as in the demo); behind each measured one a truth is planted, in place of what was drawn for the years
    after its start. The same arguments give the same bytes.
    Raises what `draw` raises, ValueError where `schemas` holds another registry, and FileExistsError where one of the
    three folders is there already.
    """
    told = progress or (lambda step, done, of: None)
    raw, register, beside = (folder / name for name in ("raw", "schemas", "truth"))
    if there := [path.name for path in (raw, register, beside) if path.exists()]:
        raise FileExistsError(f"{folder} holds {', '.join(there)}/ already: choose an empty folder for the nation")
    steps = (
        "draw areas and figures",
        "registry",
        "reference",
        "grants",
        "plans",
        "figures",
        "municipalities",
        "lists",
        "truth",
    )
    told(steps[0], 0, len(steps))
    drawn = draw(reference, registry, seed, areas, years, indicators, parallel)
    setting = Setting(registry, drawn.truth, drawn.places, drawn.pool, seed)
    set_targets = targets.chosen(setting, drawn.of_areas, drawn.years, ambition or Ambition())
    drawn = replace(drawn, of_areas=targets.planted(set_targets, setting, drawn.of_areas, drawn.years))
    told(steps[1], 1, len(steps))
    registers.copy(registry, schemas, drawn.places, register)
    told(steps[2], 2, len(steps))
    desk = Desk(raw, registry, seed)
    deliveries.reference(desk, drawn.frame, drawn.pool.totals)
    told(steps[3], 3, len(steps))
    deliveries.grants(desk, drawn.places, drawn.pool)
    told(steps[4], 4, len(steps))
    _plans(desk, drawn, set_targets)
    told(steps[5], 5, len(steps))
    figure_deliveries.area_figures(
        desk, drawn.truth.delivery, drawn.places, drawn.of_areas, drawn.years, generator(seed, "post")
    )
    told(steps[6], 6, len(steps))
    figure_deliveries.larger_places(desk, drawn.truth, drawn.places, drawn.years, indicators)
    told(steps[7], 7, len(steps))
    for each in lists.published(drawn.frame, registry, drawn.of_areas, drawn.years, drawn.truth.delivery.list_years):
        deliveries.ministry_list(desk, drawn.places, each)
    told(steps[8], 8, len(steps))
    truth_files.write(
        beside,
        registry,
        drawn.seed,
        drawn.years,
        drawn.parallel,
        drawn.truth,
        drawn.places,
        drawn.pool,
        drawn.of_areas,
        set_targets,
    )
    told("done", len(steps), len(steps))
    amount = sum(grant.amount_dkk for grant in drawn.pool.grants)
    return Nation(
        raw=raw,
        schemas=register,
        truth=beside,
        areas=drawn.places.areas.height,
        plans=len(drawn.pool.plans),
        grants=len(drawn.pool.social_effort),
        rent_support_estates=len(np.unique([grant.estate_id for grant in drawn.pool.rent_support])),
        amount_dkk=amount,
        rows=dict(sorted(desk.rows.items())),
    )


def _plans(desk: Desk, drawn: Draw, measured: Sequence[Target]) -> None:
    """What the plans want and do, up to the nation's last year."""
    last = drawn.years[-1]
    unmeasured = [
        goal
        for of_plan in efforts.goals(drawn.places, drawn.pool, drawn.seed).values()
        for goal in of_plan
        if goal.set_on.year <= last
    ]
    deliveries.targets(desk, drawn.places, measured, unmeasured)
    did = efforts.activities(desk.registry, drawn.places, drawn.pool, last, drawn.seed)
    deliveries.activities(desk, drawn.places, did)
    aimed_at = targets.candidates(desk.registry, drawn.truth)
    deliveries.agreements(desk, efforts.agreements(desk.registry, aimed_at, last, drawn.seed))
