"""What a run would read, make and publish, by the snapshot in force alone: nothing is read, dated or written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from flows.core.provenance import engine_versions
from flows.intake import plans, reconcile, versions
from flows.intake.deliveries import Delivery
from flows.marts import build
from flows.marts.unchanged import MATCHED
from flows.publish import runs, takeover
from flows.publish.runs import Run
from flows.publish.snapshots import Snapshot, code
from schemas.registry import Registry


@dataclass(frozen=True)
class ToRead:
    """A delivery that would be read, and why: it is new, it changed, or what reads it changed."""

    path: str
    why: Literal["new", "changed", "read anew"]
    bytes: int


@dataclass(frozen=True)
class Forecast:
    """What a run would do at most; `like` is a run that did as much, None where none is known.

    `makers` are those of registry, code and engines that are not what they were. `steps` of `of_steps` would be made,
    `marts` among them.
    """

    makers: tuple[str, ...]
    reads: tuple[ToRead, ...]
    of_deliveries: int
    steps: tuple[str, ...]
    of_steps: int
    marts: tuple[str, ...]
    of_marts: int
    like: Run | None

    @property
    def makes_all(self) -> bool:
        """Whether nothing may be taken over from the snapshot in force."""
        return len(self.steps) == self.of_steps


def makers(manifest: Mapping[str, Any], registry: Registry) -> tuple[str, ...]:
    """Which of registry, code and engines are not those that a snapshot was made by."""
    found = ["registry"] if manifest.get("registry_sha256") != registry.fingerprint else []
    found += ["code"] if manifest.get("code_sha256") != code() else []
    found += ["engines"] if manifest.get("versions") != engine_versions() else []
    return tuple(found)


def forecast(
    found: Iterable[Delivery],
    gone: Iterable[str],
    in_force: Snapshot | None,
    folders: tuple[Path, Path],
    registry: Registry,
) -> Forecast:
    """What a run over the deliveries `found` would do, of which those of the sources `gone` are there no more.

    `folders` are those of the snapshots and of staging. With no snapshot in force everything is made.
    """
    marts, staging = folders
    deliveries = list(found)
    every = build.every_step()
    changed = makers(in_force.manifest, registry) if in_force else ()
    reads = _to_read(deliveries, in_force, registry)
    steps = tuple(every)
    if in_force is not None and "engines" not in changed:
        moved = _moved({*(d.source for d in deliveries if d.path in {r.path for r in reads}), *gone}, registry)
        made = in_force.manifest.get("reconciled", {})
        facts = reconcile.kept(staging, made.get("folder", ""), in_force.manifest["origin"], registry)
        if facts is not None:
            steps = build.would_make(facts, registry, takeover.standing(in_force).built.records, moved)
    of_marts = [name for name in steps if name in registry.marts]
    known = runs.like(runs.last(marts), len(steps))
    return Forecast(
        changed, tuple(reads), len(deliveries), steps, len(every), tuple(of_marts), len(registry.marts), known
    )


def announcement(foreseen: Forecast) -> str:
    """What is said before a run that makes anew because of what makes it, and how long; empty where that stands."""
    if not foreseen.makers:
        return ""
    makers, anew = " and ".join(foreseen.makers), sum(read.why == "read anew" for read in foreseen.reads)
    return (
        f"{makers} changed since the last snapshot: {anew} of {foreseen.of_deliveries} deliveries may be "
        f"read anew and {len(foreseen.steps)} of {foreseen.of_steps} steps of the build made anew; "
        f"{duration(foreseen.like)}"
    )


def duration(like: Run | None) -> str:
    """How long a run may take, by one that did as much."""
    if like is None:
        return "how long that takes is not known yet"
    made = f"made {like.made} of {like.steps} steps"
    processor = f", {like.processor_seconds:,.0f} s of the processor" if like.processor_seconds else ""
    return f"the run of {like.moment:%Y-%m-%d %H:%M} UTC, which {made}, took {like.seconds:,.0f} s{processor}"


def _to_read(deliveries: list[Delivery], in_force: Snapshot | None, registry: Registry) -> list[ToRead]:
    """The deliveries of which no facts are staged yet, as far as the manifest says."""
    if in_force is None:
        return [ToRead(delivery.path, "new", _size(delivery)) for delivery in deliveries]
    before = {entry["path"]: entry for entry in in_force.manifest["deliveries"]}
    by = in_force.manifest.get("reconciled", {}).get("by")
    reads = []
    for delivery in deliveries:
        was = before.get(delivery.path)
        if was is None:
            reads.append(ToRead(delivery.path, "new", _size(delivery)))
        elif (
            was.get("sha256", "") != delivery.fingerprint or was.get("beside", dict(delivery.hashes)) != delivery.hashes
        ):
            reads.append(ToRead(delivery.path, "changed", _size(delivery)))
    changed = {read.path for read in reads}
    is_anew = by != reconcile.reconciler(registry) or any(
        delivery.source in versions.FIRST for delivery in deliveries if delivery.path in changed
    )
    if is_anew:  # what places are called decides how every delivery is read, and so do code and registry
        reads += [ToRead(d.path, "read anew", _size(d)) for d in deliveries if d.path not in changed]
    return sorted(reads, key=lambda read: read.path)


def _moved(sources: set[str | None], registry: Registry) -> frozenset[str]:
    """The fact tables that what comes from these sources may change, as the build knows them."""
    tables = {name for source in sources if source for name in registry.layout_of(source).tables}
    if tables & {*plans.TABLES, *plans.GRANTS}:
        tables |= {*plans.TABLES}
    if "figures" in tables:
        tables |= {reconcile.FIRST_FIGURES, "figures_before"}
    return frozenset({*(f"facts.{name}" for name in tables), *([MATCHED] if sources else [])})


def _size(delivery: Delivery) -> int:
    try:
        return delivery.file.stat().st_size
    except OSError:
        return 0
