"""The last runs, by what snapshots and refusals say of them: when, what became of it, what was made, how long it took.

Each manifest carries the runs before it (`runs`), so that they are known when their snapshots are forgotten; a refused
run leaves its words in `marts/refused.json` until the next snapshot carries them. A run that found nothing new leaves
nothing behind.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from flows.core.files import write
from flows.core.outcome import Report
from flows.publish import snapshots
from flows.publish.snapshots import Snapshot

REFUSED = "refused.json"
# Runs that a manifest carries; the last that made everything stays beyond them.
CARRIED = 60
WORDS = 2000


@dataclass(frozen=True)
class Run:
    """One run that published or was refused; what an older version did not note is 0 or empty.

    `made` of `steps` steps of the build were made, and `judged` marts judged; `rows` are those of all marts. `seconds`
    are by the clock, `processor_seconds` of the processor, both without the publication itself.
    """

    at: str
    outcome: Literal["published", "refused"]
    snapshot: str = ""
    words: str = ""
    deliveries: int = 0
    set_aside: int = 0
    made: int = 0
    steps: int = 0
    judged: int = 0
    rows: int = 0
    warnings: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0

    @property
    def made_all(self) -> bool:
        """Whether it took nothing over from a snapshot before, as far as that is known."""
        return self.outcome == "published" and self.steps > 0 and self.made >= self.steps

    @property
    def moment(self) -> datetime:
        """When it looked at the deliveries."""
        return datetime.fromisoformat(self.at)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """The run that published a snapshot."""
        manifest = snapshot.manifest
        work = manifest.get("work", {})
        return cls(
            at=manifest.get("as_of") or snapshot.published_at.isoformat(),
            outcome="published",
            snapshot=snapshot.id,
            deliveries=len(manifest["deliveries"]),
            set_aside=sum(e.get("quarantined", 0) + e.get("set_aside", 0) for e in manifest["deliveries"]),
            made=len(work.get("built", ())),
            steps=len(manifest.get("steps", {})),
            judged=len(work.get("judged", ())),
            rows=sum(entry["rows"] for entry in manifest["marts"].values()),
            warnings=len(manifest.get("warnings", ())),
            seconds=round(sum(manifest.get("seconds", {}).values()), 2),
            processor_seconds=round(sum(manifest.get("processor_seconds", {}).values()), 2),
        )


def last(marts: Path) -> list[Run]:
    """The runs that are known, the newest first: of kept snapshots, those they carry, and refusals since."""
    known: dict[tuple[str, str], Run] = {}
    for snapshot in snapshots.kept(marts):
        for run in (Run.of(snapshot), *_read(snapshot.manifest.get("runs"))):
            known.setdefault((run.at, run.outcome), run)
    for run in refused(marts):
        known.setdefault((run.at, run.outcome), run)
    return sorted(known.values(), key=lambda run: run.moment, reverse=True)


def refused(marts: Path) -> list[Run]:
    """The refusals that no manifest carries yet; none where their file is not there or cannot be read."""
    try:
        return _read(json.loads((marts / REFUSED).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def carried(marts: Path) -> list[dict[str, Any]]:
    """What the next manifest carries: the last runs, and the last that made everything."""
    found = last(marts)
    whole = next((run for run in found if run.made_all), None)
    kept = found[:CARRIED] + ([whole] if whole and whole not in found[:CARRIED] else [])
    return [asdict(run) for run in kept]


def note_refusal(marts: Path, report: Report) -> None:
    """Keep the words of a refused run for the next manifest; a disk that takes nothing more keeps nothing."""
    work = sum(report.seconds.values())
    at = datetime.now(UTC).isoformat()
    run = Run(
        at,
        "refused",
        words=report.message[:WORDS],
        deliveries=len(report.deliveries),
        warnings=len(report.warnings),
        seconds=round(work, 2),
    )
    known = [*refused(marts), run][-CARRIED:]
    with suppress(OSError):
        write(marts / REFUSED, json.dumps([asdict(run) for run in known], ensure_ascii=False, indent=1).encode())


def carry_on(marts: Path) -> None:
    """Take away the refusals that a manifest carries now."""
    with suppress(OSError):
        (marts / REFUSED).unlink(missing_ok=True)


def like(runs: Sequence[Run], made: int) -> Run | None:
    """Of runs that published, the one whose work was nearest to making this many steps: at least as much, if there is.

    None where no run is known that made anything.
    """
    done = [run for run in runs if run.outcome == "published" and run.made and run.seconds]
    enough = [run for run in done if run.made >= made]
    return min(enough, key=lambda run: run.made, default=None) or max(done, key=lambda run: run.made, default=None)


def _read(entries: object) -> list[Run]:
    """Runs as they were written; what another version noted beside is passed over."""
    names = {field.name for field in fields(Run)}
    found = []
    for entry in entries if isinstance(entries, list) else ():
        with suppress(TypeError, ValueError):
            if isinstance(entry, Mapping):
                run = Run(**{name: value for name, value in entry.items() if name in names})
                if run.moment.tzinfo is not None:
                    found.append(run)
    return found
