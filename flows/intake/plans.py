"""What plans deliver, held against their grants and against each other: what no row can be judged by alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from flows.intake.facts import STAMPED
from flows.intake.faults import Fault
from flows.intake.names import normal, slug
from schemas import contracts
from schemas.registry import Registry

TARGETS = "plan_targets"
TABLES = (TARGETS, "plan_activities", "activity_indicators")
GRANTS = ("grants", "listed_grants", "grant_areas")
PLAN = ("plan_name", "municipality_code")
TARGET = (*PLAN, "target_no")
SAME = (*PLAN, "area_id", "indicator", "target_year")
ROW = ("source_file", "source_line")


@dataclass(frozen=True)
class GrantedPlan:
    """A plan that grants were given to: its name as they write it, and its areas."""

    name: str
    areas: frozenset[str]


KnownPlans = Mapping[tuple[str, str], GrantedPlan]


@dataclass(frozen=True)
class Version:
    """A version of a delivery of targets: its rows, when it was received, and whether it is what lies there today."""

    rows: pl.DataFrame
    received: date
    number: int
    is_current: bool


@dataclass(frozen=True)
class Standing:
    """The targets that stand, what is set aside of today's deliveries (path and fault), and the exceptions needed."""

    rows: pl.DataFrame
    set_aside: list[tuple[str, Fault]]
    accepted: Counter[str]


def known_plans(tables: Mapping[str, pl.DataFrame]) -> KnownPlans:
    """The plans that grants name, by the slug of the name and the municipality; `tables` are those of GRANTS."""
    listed = tables["listed_grants"].filter(pl.col("grant_kind") == "social_effort").select("grant_id", *PLAN)
    areas = tables["grant_areas"].select("grant_id", "area_id")
    printed = tables["grants"].select(*PLAN, "area_id")
    named = pl.concat([printed, listed.join(areas, on="grant_id").select(*PLAN, "area_id")])
    return known((name, code, [area]) for name, code, area in named.sort(*PLAN, "area_id").rows())


def known(named: Iterable[tuple[str, str, Iterable[str]]]) -> KnownPlans:
    """Plans by the slug of their name and their municipality; several rows may be one plan."""
    found: dict[tuple[str, str], GrantedPlan] = {}
    for name, code, areas in named:
        before = found.get((slug(name), code), GrantedPlan(name, frozenset()))
        found[slug(name), code] = GrantedPlan(before.name, before.areas | frozenset(areas))
    return found


def as_granted(rows: pl.DataFrame, plans: KnownPlans) -> pl.DataFrame:
    """Rows in which each known plan is spelled as its grants spell it."""
    names = [
        plans[key].name if (key := (slug(name), code)) in plans else name for name, code in rows.select(PLAN).rows()
    ]
    return rows.with_columns(pl.Series("plan_name", names, dtype=pl.String()))


def activities(
    rows: pl.DataFrame, plans: KnownPlans, registry: Registry
) -> tuple[pl.DataFrame, list[tuple[str, Fault]]]:
    """The activities of known plans in areas of theirs, and the faults of the others."""
    found = pl.concat([pl.DataFrame(schema=FOUND), *_out_of_place(rows, plans)])
    return rows.join(found, on=ROW, how="anti"), _faults(found, "plan_activities", registry)


def stand(versions: Sequence[Version], done: pl.DataFrame, plans: KnownPlans, registry: Registry) -> Standing:
    """The targets that stand after every version of every delivery, in the order in which they were received.

    `done` are the plans' activities; those that were received later turn no target into an activity. Only the faults of
    what lies there today are told.
    """
    empty = pl.DataFrame(schema=contracts.polars_schema(registry.tables[TARGETS]))
    standing = Standing(empty, [], Counter())
    for moment in sorted({(version.received, version.number) for version in versions}):
        together = [version for version in versions if (version.received, version.number) == moment]
        before = done.filter(pl.col("received_at") <= moment[0])
        rows = pl.concat([version.rows for version in together])
        step = added(standing.rows, rows, before, plans, registry)
        today = {file for version in together if version.is_current for file in version.rows["source_file"]}
        set_aside = [*standing.set_aside, *((path, fault) for path, fault in step.set_aside if path in today)]
        standing = Standing(step.rows, set_aside, standing.accepted + step.accepted)
    return standing


def added(
    standing: pl.DataFrame, rows: pl.DataFrame, done: pl.DataFrame, plans: KnownPlans, registry: Registry
) -> Standing:
    """What stands once these rows have come: what stood stays, and new rows are added that fit it and each other.

    A row that says otherwise than what an append-only source said is set aside; where an exception accepts its file, it
    stands instead. What another source said gives way to a row that fits.
    """
    table = registry.tables[TARGETS]
    key, content = list(table.key), [column.name for column in table.columns if column.name not in STAMPED]
    rows = as_granted(rows, plans).unique(subset=content, keep="first", maintain_order=True)
    again = rows.join(standing.select(key), on=key, how="semi")
    changed = again.join(standing.select(content), on=content, how="anti", nulls_equal=True)
    append_only = [source.id for source in registry.sources.values() if source.append_only]
    gives_way = changed.join(standing.filter(~pl.col("source").is_in(append_only)), on=key, how="semi")
    changed = changed.join(gives_way, on=ROW, how="anti")
    excuses = [registry.excuse("target_changed", file) for file in changed["source_file"]]
    is_excused = pl.Series(values=[excuse is not None for excuse in excuses], dtype=pl.Boolean())
    excused = changed.filter(is_excused)
    left = standing.join(pl.concat([excused, gives_way]), on=key, how="anti")
    new = pl.concat([rows.join(again, on=ROW, how="anti"), gives_way])
    new, found = _fitting(pl.concat([left, excused]), new, done, plans, key)
    found = pl.concat([found, _faulty(changed, ~is_excused, "target_changed", "target_no")])
    accepted = Counter(excuse for excuse in excuses if excuse)
    taken = pl.concat([excused, new])
    stays = standing.join(taken, on=key, how="anti")
    return Standing(pl.concat([stays, taken]), _faults(found, TARGETS, registry), accepted)


def _fitting(
    standing: pl.DataFrame, new: pl.DataFrame, done: pl.DataFrame, plans: KnownPlans, key: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The new rows that fit what stands and each other, and what is wrong with the others.

    A row that is set aside may leave another one alone, so the rules are asked until all that is left keeps them.
    """
    faults = pl.DataFrame(schema=FOUND)
    while True:
        found = [
            _faulty(new, pl.struct(key).is_duplicated(), "conflicting_deliveries", "target_no"),
            *_out_of_place(new, plans),
            *_against_each_other(standing, new, done),
        ]
        broken = pl.concat([faults.clear(), *found]).unique(maintain_order=True)
        if broken.is_empty():
            return new, faults
        faults = pl.concat([faults, broken])
        new = new.join(broken, on=ROW, how="anti")


FOUND = {
    "source_file": pl.String(),
    "source_line": pl.Int64(),
    "rule": pl.String(),
    "column": pl.String(),
    "detail": pl.String(),
}


def _faults(found: pl.DataFrame, layout: str, registry: Registry) -> list[tuple[str, Fault]]:
    headers = {column.to: column.headers[0] for column in registry.layouts[layout].columns}
    return [(file, Fault(line, headers[column], rule, detail)) for file, line, rule, column, detail in found.rows()]


def _faulty(
    rows: pl.DataFrame, mask: pl.Series | pl.Expr, rule: str, column: str, detail: pl.Expr | None = None
) -> pl.DataFrame:
    fault = {"rule": pl.lit(rule), "column": pl.lit(column), "detail": pl.lit("") if detail is None else detail}
    return rows.filter(mask).select(*ROW, **fault)


def _out_of_place(rows: pl.DataFrame, plans: KnownPlans) -> Iterable[pl.DataFrame]:
    """Rows of plans without an area, and rows of areas that are none of the plan's."""
    named = [plans.get((slug(name), code)) for name, code in rows.select(PLAN).rows()]
    strays = [
        plan is not None and area is not None and area not in plan.areas
        for plan, area in zip(named, rows["area_id"], strict=True)
    ]
    yield _faulty(
        rows, pl.Series(values=[plan is None for plan in named], dtype=pl.Boolean()), "unknown_plan", "plan_name"
    )
    yield _faulty(rows, pl.Series(values=strays, dtype=pl.Boolean()), "area_not_in_plan", "area_id")


def _against_each_other(standing: pl.DataFrame, new: pl.DataFrame, done: pl.DataFrame) -> Iterable[pl.DataFrame]:
    """New rows that are part of what is not there, stand for what another target stands for, or are an activity."""
    names = {(plan, code, normal(name)) for plan, code, name in done.select(*PLAN, "activity").rows()}
    is_activity = [
        indicator is None and (plan, code, normal(goal)) in names
        for plan, code, goal, indicator in new.select(*PLAN, "goal", "indicator").rows()
    ]
    yield _faulty(new, pl.Series(values=is_activity, dtype=pl.Boolean()), "goal_is_activity", "goal")
    every = pl.concat([standing.with_columns(is_new=pl.lit(False)), new.with_columns(is_new=pl.lit(True))])
    yield _faulty(new, _orphans(every, new), "unknown_parent", "parent_no")
    newest = every.filter(pl.col("set_on") == pl.col("set_on").max().over(TARGET))
    in_force = newest.filter(pl.col("indicator").is_not_null(), ~pl.col("is_withdrawn").fill_null(False))
    named = pl.format("{} ({})", "target_no", "source_file")
    twins = in_force.with_columns(alike=named.implode().over(SAME)).filter(pl.len().over(SAME) > 1, pl.col("is_new"))
    alike = pl.format("mål {}", pl.col("alike").list.sort().list.join(", "))
    yield _faulty(twins, pl.lit(True), "same_target_twice", "indicator", alike)


def _orphans(every: pl.DataFrame, new: pl.DataFrame) -> pl.Series:
    """Which new targets are parts of one that is not there, of themselves, or of each other in a circle."""
    parents = {tuple(key): parent for *key, parent in every.sort("set_on").select(*TARGET, "parent_no").rows()}

    def is_orphan(plan: str, code: str, parent: str | None) -> bool:
        met = set[str]()
        while parent is not None:
            if parent in met or (plan, code, parent) not in parents:
                return True
            met.add(parent)
            parent = parents[plan, code, parent]
        return False

    return pl.Series(values=[is_orphan(*row) for row in new.select(*PLAN, "parent_no").rows()], dtype=pl.Boolean())
