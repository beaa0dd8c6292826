"""The meeting sheet of a plan as it stays in the house: by the newest figures of the marts."""

from flows.present import meeting, vocabulary
from flows.present.meeting import BareGoal, MeetingSheet
from flows.publish.plans_read import Plan, Row
from flows.publish.snapshots import Snapshot
from flows.target_pages import sentences
from flows.target_pages.standing import standing
from schemas.registry import Registry


def compose(plan: Plan, registry: Registry, until: int | None = None) -> MeetingSheet:
    """The sheet of a plan by the newest figures, of those up to the year `until`."""
    town = plan.row["municipality_name"]
    current = [target for target in plan.walk() if not target.row["is_withdrawn"]]
    measured = [standing(target, town, registry, until) for target in current if target.is_measurable]
    bare = [
        BareGoal(target.row["target_no"], target.row["goal"], _unmeasured(target.row))
        for target in current
        if not target.is_measurable
    ]
    when = f"tal til og med {until}" if until else "seneste vurdering"
    return meeting.compose(plan.row["plan_name"], town, list(plan.areas), when, measured, bare)


def pdf(sheet: MeetingSheet, snapshot: Snapshot, is_example: bool) -> bytes:
    """The sheet as one A4 landscape."""
    marks = sentences.banners(snapshot.manifest["origin"], is_example)
    return meeting.typeset([sheet], marks, snapshot.id).pdf


def _unmeasured(row: Row) -> str:
    return vocabulary.NOT_MEASURABLE.get(row["not_measurable_because"], "planen har ikke sagt hvorfor")
