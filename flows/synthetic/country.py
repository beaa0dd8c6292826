"""A whole made-up country, written as deliveries with a registry that knows its areas and the truth beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import numpy as np

from flows.synthetic import (
    counted_lives,
    deliveries,
    efforts,
    figure_deliveries,
    larger,
    lists,
    registers,
    targets,
    truth_files,
)
from flows.synthetic.draw import DrawnNation, Wanted, draw
from flows.synthetic.figures import generator
from flows.synthetic.targets import Ambition, DrawnTarget, Setting
from flows.synthetic.writer import DeliveryWriter
from schemas.registry import Registry

STEPS = (
    "draw areas and figures",
    "registry",
    "reference",
    "grants",
    "plans",
    "figures",
    "municipalities",
    "lists",
    "truth",
    "done",
)
# Told after the first where a register is written.
REGISTER = "register"
Progress = Callable[[str, int, int], None]


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


def write(
    folder: Path,
    reference: Path,
    registry: Registry,
    schemas: Path | None = None,
    progress: Progress | None = None,
    ambition: Ambition | None = None,
    with_register: bool = False,
    **wanted: Unpack[Wanted],
) -> Nation:
    """Write a nation below `folder`: raw/ (deliveries), schemas/ (a registry that knows its areas), truth/.

    `reference` and what is `wanted` are as for `draw`. `schemas` is the folder that `registry` was read from, None for
    the installed one; `progress` is told each step's name, its number and how many there are. `ambition` says how many
    targets the plans set (None: as in the demo); behind each measured one a truth is planted, in place of what was
    drawn for the years after its start. `with_register`: persons with lives are written below
    `folder` / register, and the figures of areas that a register holds are counted from it. The same arguments give
    the same bytes.
    Raises what `draw` raises, ValueError where `schemas` holds another registry, and FileExistsError where one of the
    three folders is there already.
    """
    raw, register, beside = (folder / name for name in ("raw", "schemas", "truth"))
    if there := [path.name for path in (raw, register, beside) if path.exists()]:
        raise FileExistsError(f"{folder} holds {', '.join(there)}/ already: choose an empty folder for the nation")

    steps = (STEPS[0], REGISTER, *STEPS[1:]) if with_register else STEPS

    def begin(step: str) -> None:
        if progress:
            progress(step, steps.index(step), len(steps) - 1)

    begin("draw areas and figures")
    drawn = draw(reference, registry, **wanted)
    setting = Setting(registry, drawn.truth, drawn.places, drawn.pool, drawn.seed)
    set_targets = targets.chosen(setting, drawn.of_areas, drawn.years, ambition or Ambition())
    drawn = replace(drawn, counting=targets.planted(set_targets, drawn.counting, drawn.panel.years))
    if with_register:
        begin(REGISTER)
        drawn = counted_lives.counted(drawn, registry, folder)
    begin("registry")
    registers.copy(registry, schemas, drawn.places, register)
    writer = DeliveryWriter(raw, registry, drawn.seed)
    if with_register:
        counted_lives.deliver(writer, drawn, folder)
    _deliveries(writer, drawn, set_targets, wanted.get("indicators"), begin)
    begin("truth")
    truth_files.write(beside, registry, drawn, set_targets)
    begin("done")
    return Nation(
        raw=raw,
        schemas=register,
        truth=beside,
        areas=drawn.places.areas.height,
        plans=len(drawn.pool.plans),
        grants=len(drawn.pool.social_effort),
        rent_support_estates=len(np.unique([grant.estate_id for grant in drawn.pool.rent_support])),
        amount_dkk=sum(grant.amount_dkk for grant in drawn.pool.grants),
        rows=dict(sorted(writer.rows.items())),
    )


def _deliveries(
    writer: DeliveryWriter,
    drawn: DrawnNation,
    set_targets: Sequence[DrawnTarget],
    indicators: Sequence[str] | None,
    begin: Callable[[str], None],
) -> None:
    """Every delivery, source by source."""
    places, years, post = drawn.places, drawn.years, drawn.truth.delivery
    begin("reference")
    deliveries.reference(writer, drawn.reference, drawn.pool.totals)
    begin("grants")
    deliveries.grants(writer, places, drawn.pool)
    deliveries.implementation(writer, places, drawn.pool, drawn.implementation(writer.registry))
    begin("plans")
    _plans(writer, drawn, set_targets)
    begin("figures")
    figure_deliveries.area_figures(writer, post, places, drawn.of_areas, years, generator(drawn.seed, "post"))
    begin("municipalities")
    figure_deliveries.larger_places(writer, larger.add_up(drawn, indicators), years)
    begin("lists")
    for each in lists.published(drawn.reference, writer.registry, drawn.of_areas, years, post.list_years):
        deliveries.ministry_list(writer, places, each)


def _plans(writer: DeliveryWriter, drawn: DrawnNation, measured: Sequence[DrawnTarget]) -> None:
    """What the plans want and do, up to the nation's last year."""
    last = drawn.years[-1]
    unmeasured = [
        goal
        for of_plan in efforts.goals(drawn.places, drawn.pool, drawn.seed).values()
        for goal in of_plan
        if goal.set_on.year <= last
    ]
    deliveries.targets(writer, drawn.places, measured, unmeasured)
    did = efforts.activities(writer.registry, drawn.places, drawn.pool, last, drawn.seed)
    deliveries.activities(writer, drawn.places, did)
    aimed_at = targets.candidates(writer.registry, drawn.truth)
    deliveries.agreements(writer, efforts.agreements(writer.registry, aimed_at, last, drawn.seed))
