"""What the marts say of each plan and each area secretariat, put together as their pages tell it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from flows.publish.snapshots import Snapshot

MARTS = (
    "dim_plans",
    "dim_areas",
    "dim_secretariats",
    "dim_targets",
    "target_progress",
    "plan_overview",
    "plan_activity_years",
    "plan_change_theory",
    "shared_indicators",
    "data_overview",
)

# A row of a mart; its columns are described in schemas/tables.toml.
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """A target as it stands now: its newest version, that version's years, the versions before it, and its parts.

    `row` is of dim_targets, `years` are of target_progress in their order, `earlier` begins with the oldest version.
    """

    row: Row
    years: tuple[Row, ...] = ()
    earlier: tuple["Target", ...] = ()
    parts: tuple["Target", ...] = ()

    @property
    def is_measurable(self) -> bool:
        """An indicator measures it."""
        return self.row["indicator"] is not None

    @property
    def newest(self) -> Row | None:
        """The newest year after the starting year that has a figure; what the target is judged by."""
        judged = [year for year in self.years if year["value"] is not None and year["target_verdict"] is not None]
        return judged[-1] if judged else None

    @property
    def verdict(self) -> str | None:
        """The verdict of the newest year; None where no year has one."""
        return self.newest["target_verdict"] if self.newest else None

    def walk(self) -> Iterator["Target"]:
        """The target, then its parts and theirs."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Activity:
    """An activity of a plan over all its years; participants are None in a year that nobody counted."""

    name: str
    effort_area: str
    area: str | None
    begins: date
    ends: date | None
    participants: tuple[tuple[int, int | None], ...]
    steps: tuple[str, ...]
    indicators: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A development plan: `row` of dim_plans, `overview` of plan_overview by effort area, `links` of its change theory.

    `targets` are those that are no part of another, in the order of their numbers. `sources` say what was delivered
    (targets, figures, activities, shared), by which source, in which file.
    """

    row: Row
    areas: tuple[str, ...]
    secretariat: Row | None
    targets: tuple[Target, ...]
    overview: Mapping[str, Row]
    activities: tuple[Activity, ...]
    links: tuple[Row, ...]
    shared: tuple[Row, ...]
    sources: tuple[tuple[str, str, str], ...]
    is_example: bool

    @property
    def id(self) -> str:
        """Identifier of the plan."""
        return str(self.row["plan_id"])

    def walk(self) -> Iterator[Target]:
        """Every target of the plan, parts and targets that were given up included."""
        for target in self.targets:
            yield from target.walk()

    def total(self, column: str) -> int:
        """A count of plan_overview over all effort areas."""
        return sum(row[column] for row in self.overview.values())


@dataclass(frozen=True)
class Secretariat:
    """An area secretariat: what it has agreed on, its plans, and which figures its municipality has."""

    row: Row
    shared: tuple[Row, ...]
    plans: tuple[Plan, ...]
    data: tuple[Row, ...]

    @property
    def id(self) -> str:
        """Identifier of the secretariat."""
        return str(self.row["secretariat_id"])

    @property
    def is_example(self) -> bool:
        """Something on its page was written as an example."""
        return any(row["is_example"] for row in self.shared) or any(plan.is_example for plan in self.plans)


@dataclass(frozen=True)
class PlansAndSecretariats:
    """Everything that the pages tell: plans and secretariats in the order of their names."""

    plans: tuple[Plan, ...]
    secretariats: tuple[Secretariat, ...]


def read(snapshot: Snapshot) -> PlansAndSecretariats:
    """The plans and secretariats of a snapshot. Raises LookupError naming the mart that it lacks."""
    marts = {mart: snapshot.read(mart).rows(named=True) for mart in MARTS}
    area_names = {row["area_id"]: row["area_name"] for row in marts["dim_areas"]}
    by_secretariat = {row["secretariat_id"]: row for row in marts["dim_secretariats"]}
    shared = _by(marts["shared_indicators"], "secretariat_id")
    of_plan = {
        mart: _by(marts[mart], "plan_id")
        for mart in ("dim_targets", "target_progress", "plan_overview", "plan_activity_years", "plan_change_theory")
    }
    plans = [
        _plan(
            row,
            {mart: tuple(rows.get(row["plan_id"], ())) for mart, rows in of_plan.items()},
            by_secretariat.get(row["secretariat_id"]),
            tuple(shared.get(row["secretariat_id"], ())),
            area_names,
        )
        for row in sorted(marts["dim_plans"], key=lambda row: (row["plan_name"].casefold(), row["plan_id"]))
    ]
    data = _by(marts["data_overview"], "municipality_code")
    secretariats = [
        Secretariat(
            row,
            tuple(shared.get(row["secretariat_id"], ())),
            tuple(plan for plan in plans if plan.row["secretariat_id"] == row["secretariat_id"]),
            tuple(data.get(row["municipality_code"], ())),
        )
        for row in sorted(marts["dim_secretariats"], key=lambda row: row["secretariat_name"].casefold())
    ]
    return PlansAndSecretariats(tuple(plans), tuple(secretariats))


def in_order(number: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts numbers of targets as people count: 2 before 10, 1.9 before 1.10."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in re.findall(r"\d+|[^\d.\s]+", number))


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _plan(
    row: Row,
    of_plan: Mapping[str, Sequence[Row]],
    secretariat: Row | None,
    shared: tuple[Row, ...],
    area_names: Mapping[str, str],
) -> Plan:
    activity_years = of_plan["plan_activity_years"]
    statements = [*of_plan["dim_targets"], *activity_years, *shared]
    links = sorted(of_plan["plan_change_theory"], key=lambda link: link["link_no"])
    return Plan(
        row,
        tuple(area_names.get(area, area) for area in row["area_ids"].split(", ")),
        secretariat,
        _targets(of_plan["dim_targets"], of_plan["target_progress"]),
        {line["effort_area_id"]: line for line in of_plan["plan_overview"]},
        _activities(activity_years, area_names),
        tuple(links),
        shared,
        _sources(of_plan, shared),
        any(line["is_example"] for line in (*statements, *links)),
    )


def _sources(of_plan: Mapping[str, Sequence[Row]], shared: Sequence[Row]) -> tuple[tuple[str, str, str], ...]:
    """What was delivered, by which source, in which file; each once."""
    parts = {
        "targets": of_plan["dim_targets"],
        "figures": of_plan["target_progress"],
        "activities": of_plan["plan_activity_years"],
        "shared": shared,
    }
    return tuple(
        (part, *origin)
        for part, rows in parts.items()
        for origin in sorted({(row["source"], row["source_file"]) for row in rows if row["source_file"]})
    )


def _targets(rows: Sequence[Row], progress: Sequence[Row]) -> tuple[Target, ...]:
    """The targets that are no part of another, each with its parts; a parent that is not there is no parent."""
    years: dict[tuple[str, int], list[Row]] = {}
    for row in sorted(progress, key=lambda row: row["year"]):
        years.setdefault((row["target_no"], row["target_version"]), []).append(row)
    newest: dict[str, Target] = {}
    for number, versions in groupby(sorted(rows, key=_number_and_version), key=lambda row: row["target_no"]):
        made = [Target(row, tuple(years.get((number, row["target_version"]), ()))) for row in versions]
        newest[number] = replace(made[-1], earlier=tuple(made[:-1]))
    parents = {number: _parent(number, newest) for number in newest}

    def whole(number: str) -> Target:
        return replace(newest[number], parts=tuple(whole(part) for part in newest if parents[part] == number))

    return tuple(whole(number) for number in newest if parents[number] is None)


def _number_and_version(row: Row) -> tuple[tuple[tuple[int, str], ...], str, int]:
    return in_order(row["target_no"]), row["target_no"], row["target_version"]


def _parent(number: str, targets: Mapping[str, Target]) -> str | None:
    """The target that a target is a part of; None where it stands alone, or where its parents run in a ring."""
    parent = targets[number].row["parent_no"]
    seen, above = {number}, parent
    while above in targets:
        if above in seen:
            return None
        seen.add(above)
        above = targets[above].row["parent_no"]
    return parent if parent in targets else None


def _activities(rows: Sequence[Row], area_names: Mapping[str, str]) -> tuple[Activity, ...]:
    """Activities in the order in which they began; what changed from year to year is as the newest year has it."""
    by_name = _by(sorted(rows, key=lambda row: row["year"]), "activity")
    made = [
        Activity(
            name,
            of_years[-1]["effort_area_id"],
            area_names.get(of_years[-1]["area_id"], of_years[-1]["area_id"]),
            min(row["begins"] for row in of_years),
            of_years[-1]["ends"],
            tuple((row["year"], row["participants"]) for row in of_years),
            tuple(dict.fromkeys(row["step"] for row in of_years if row["step"])),
            tuple(dict.fromkeys(name for row in of_years for name in (row["indicators"] or "").split(", ") if name)),
        )
        for name, of_years in by_name.items()
    ]
    return tuple(sorted(made, key=lambda activity: (activity.begins, activity.name)))
