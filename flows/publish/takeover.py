"""What a night may take over from the snapshot in force, and what it did take over: entries of the manifest."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flows.marts.build import BuiltMarts
from flows.marts.unchanged import Earlier, StepRecord
from flows.publish.gate import Judgement, KeptVerdict
from flows.publish.snapshots import Snapshot


class Reusable(NamedTuple):
    """What of a snapshot may be taken over: its build, and its verdicts by mart."""

    built: Earlier
    verdicts: Mapping[str, KeptVerdict]


def standing(snapshot: Snapshot | None) -> Reusable:
    """What a snapshot's manifest says of its build and verdicts; nothing where there is none or it does not say so."""
    if snapshot is None:
        return Reusable(Earlier(), {})
    records = {name: StepRecord(**record) for name, record in snapshot.manifest.get("steps", {}).items()}
    files = {name: snapshot.path(name) for name in snapshot.manifest["marts"]}
    pages = snapshot.folder / "data_docs" / "marts"
    verdicts = {
        mart: KeptVerdict(rests_on, pages / f"{mart}.html", snapshot.id)
        for mart, rests_on in snapshot.manifest.get("verdicts", {}).items()
    }
    return Reusable(Earlier(records, files), verdicts)


def entries(built: BuiltMarts, judgement: Judgement, snapshot: Snapshot | None) -> dict[str, Any]:
    """What was made and judged tonight, what was taken over from which snapshot, and what the next night goes by.

    `steps` has of each step the hash of all that its table is made of and of what it gave, `verdicts` of each mart the
    hash of all that the verdict rests on.
    """
    return {
        "work": {
            "built": list(built.made),
            "judged": [mart for mart in built.files if mart not in judgement.standing],
            "taken_over_from": snapshot.id if snapshot else "",
            "marts_taken_over": sorted(built.taken_over),
            "verdicts_taken_over": sorted(judgement.standing),
        },
        "steps": {name: record._asdict() for name, record in built.records.items()},
        "verdicts": dict(judgement.rests_on),
    }
