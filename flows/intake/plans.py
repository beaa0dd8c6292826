"""What plans deliver, held against their grants and against each other: what no row can be judged by alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from flows.intake.faults import Fault
from flows.intake.names import normal
from schemas.registry import Registry

TABLES = ("plan_targets", "plan_activities", "activity_indicators")
GRANTS = ("grants", "listed_grants", "grant_areas")
PLAN = ("plan_name", "municipality_code")
TARGET = (*PLAN, "target_no")
SAME = (*PLAN, "area_id", "indicator", "target_year")
ROW = ("source_file", "source_line")


@dataclass(frozen=True)
class Known:
    """A plan that grants were given to: its name as they write it, and its areas."""

    name: str
    areas: frozenset[str]


KnownPlans = Mapping[tuple[str, str], Known]


@dataclass(frozen=True)
class Plans:
    """The plans' deliveries that hold together, by fact table, and what was set aside: path and fault."""

    tables: dict[str, pl.DataFrame]
    set_aside: list[tuple[str, Fault]]


def known_plans(tables: Mapping[str, pl.DataFrame]) -> KnownPlans:
    """The plans that grants name, by normalised name and municipality; `tables` are those of GRANTS."""
    listed = tables["listed_grants"].filter(pl.col("grant_kind") == "social_effort").select("grant_id", *PLAN)
    areas = tables["grant_areas"].select("grant_id", "area_id")
    printed = tables["grants"].select(*PLAN, "area_id")
    named = pl.concat([printed, listed.join(areas, on="grant_id").select(*PLAN, "area_id")])
    return known((name, code, [area]) for name, code, area in named.sort(*PLAN, "area_id").rows())


def known(named: Iterable[tuple[str, str, Iterable[str]]]) -> KnownPlans:
    """Plans by normalised name and municipality, of names, municipalities and areas; several rows may be one plan."""
    found: dict[tuple[str, str], Known] = {}
    for name, code, areas in named:
        before = found.get((normal(name), code), Known(name, frozenset()))
        found[normal(name), code] = Known(before.name, before.areas | frozenset(areas))
    return found


def as_granted(rows: pl.DataFrame, plans: KnownPlans) -> pl.DataFrame:
    """Rows in which each known plan is spelled as its grants spell it."""
    names = [
        plans[key].name if (key := (normal(name), code)) in plans else name for name, code in rows.select(PLAN).rows()
    ]
    return rows.with_columns(pl.Series("plan_name", names, dtype=pl.String()))


def judge(tables: Mapping[str, pl.DataFrame], plans: KnownPlans, registry: Registry) -> Plans:
    """Set aside the rows of TABLES that do not fit the plans' areas or each other; nothing else is changed.

    A row that is set aside may leave another one alone, so the rules are asked until all that is left keeps them.
    """
    kept, set_aside = {name: tables[name] for name in TABLES}, list[tuple[str, Fault]]()
    while True:
        found = [
            *_out_of_place(kept["plan_targets"], plans),
            *_out_of_place(kept["plan_activities"], plans),
            *_against_each_other(kept["plan_targets"], kept["plan_activities"]),
        ]
        broken = pl.concat([pl.DataFrame(schema=FOUND), *found]).unique(maintain_order=True)
        if broken.is_empty():
            return Plans(kept, set_aside)
        headers = {c.to: c.headers[0] for name in TABLES[1::-1] for c in registry.layouts[name].columns}
        for file, line, rule, column in broken.rows():
            set_aside.append((file, Fault(line, headers[column], rule)))
        kept = {name: rows.join(broken, on=ROW, how="anti") for name, rows in kept.items()}


FOUND = {"source_file": pl.String(), "source_line": pl.Int64(), "rule": pl.String(), "column": pl.String()}


def _faulty(rows: pl.DataFrame, mask: pl.Series | pl.Expr, rule: str, column: str) -> pl.DataFrame:
    return rows.filter(mask).select(*ROW, pl.lit(rule).alias("rule"), pl.lit(column).alias("column"))


def _out_of_place(rows: pl.DataFrame, plans: KnownPlans) -> Iterable[pl.DataFrame]:
    """Rows of plans without an area, and rows of areas that are none of the plan's."""
    named = [plans.get((normal(name), code)) for name, code in rows.select(PLAN).rows()]
    strays = [
        of is not None and area is not None and area not in of.areas
        for of, area in zip(named, rows["area_id"], strict=True)
    ]
    yield _faulty(rows, pl.Series(values=[of is None for of in named], dtype=pl.Boolean()), "unknown_plan", "plan_name")
    yield _faulty(rows, pl.Series(values=strays, dtype=pl.Boolean()), "area_not_in_plan", "area_id")


def _against_each_other(targets: pl.DataFrame, activities: pl.DataFrame) -> Iterable[pl.DataFrame]:
    """Parts of what is not there, two targets for the same thing, goals that are an activity of the plan."""
    done = {(plan, code, normal(name)) for plan, code, name in activities.select(*PLAN, "activity").rows()}
    is_activity = [
        indicator is None and (plan, code, normal(goal)) in done
        for plan, code, goal, indicator in targets.select(*PLAN, "goal", "indicator").rows()
    ]
    yield _faulty(targets, pl.Series(values=is_activity, dtype=pl.Boolean()), "goal_is_activity", "goal")
    yield _faulty(targets, _orphans(targets), "unknown_parent", "parent_no")
    newest = targets.filter(pl.col("set_on") == pl.col("set_on").max().over(TARGET))
    in_force = newest.filter(pl.col("indicator").is_not_null(), ~pl.col("is_withdrawn").fill_null(False))
    twins = in_force.filter(pl.len().over(SAME) > 1)
    yield _faulty(twins, pl.lit(True), "same_target_twice", "indicator")


def _orphans(targets: pl.DataFrame) -> pl.Series:
    """Which targets are parts of one that is not there, of themselves, or of each other in a circle."""
    parents = {tuple(key): parent for *key, parent in targets.sort("set_on").select(*TARGET, "parent_no").rows()}

    def is_orphan(plan: str, code: str, parent: str | None) -> bool:
        met = set[str]()
        while parent is not None:
            if parent in met or (plan, code, parent) not in parents:
                return True
            met.add(parent)
            parent = parents[plan, code, parent]
        return False

    return pl.Series(values=[is_orphan(*row) for row in targets.select(*PLAN, "parent_no").rows()], dtype=pl.Boolean())
