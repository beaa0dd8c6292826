"""Metrics as a text file for the collector of Prometheus' node exporter: what an alarm needs, and nobody's figure.

The file is written whole, so that it is never read half; the moment of the last run is what a watch goes by that nobody
started.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.catalogue.model import SourceStatus
from flows.core.files import write
from flows.publish.runs import Run
from flows.publish.snapshots import Snapshot

OUTCOMES = ("published", "unchanged", "refused")
STATES = ("not yet due", "due", "late", "revised", "ended", "gone", "no calendar")


@dataclass(frozen=True)
class Metric:
    """A metric: its name without the prefix, what it means, and its values by labels."""

    name: str
    help: str
    values: tuple[tuple[Mapping[str, str], float], ...]


def after_run(outcome: str, moment: datetime, snapshot: Snapshot | None, seconds: Mapping[str, float]) -> list[Metric]:
    """What is known when a run has ended."""
    found = [
        Metric("last_run_timestamp_seconds", "When the last run ended.", (({}, moment.timestamp()),)),
        Metric(
            "last_run_outcome",
            "What became of the last run: 1 at its outcome.",
            tuple(({"outcome": name}, float(name == outcome)) for name in OUTCOMES),
        ),
        Metric(
            "last_run_step_seconds",
            "How long each step of the last run took, by the clock.",
            tuple(({"step": step}, took) for step, took in seconds.items()),
        ),
    ]
    return [*found, *_of_snapshot(snapshot)] if snapshot else found


def of_sources(sources: Iterable[SourceStatus]) -> Metric:
    """The state of each source by its calendar."""
    return Metric(
        "source_state",
        "State of a source: 1 at the state that it is in.",
        tuple(
            ({"source": source.id, "state": state}, float(source.state == state))
            for source in sources
            for state in STATES
        ),
    )


def _of_snapshot(snapshot: Snapshot) -> list[Metric]:
    manifest: Mapping[str, Any] = snapshot.manifest
    run = Run.of(snapshot)
    counts = {
        "accepted": sum(entry["outcome"] == "accepted" for entry in manifest["deliveries"]),
        "refused": sum(entry["outcome"] == "refused" for entry in manifest["deliveries"]),
        "gone": len(manifest.get("gone", ())),
    }
    return [
        Metric(
            "snapshot_timestamp_seconds",
            "When the snapshot in force was published.",
            (({}, snapshot.published_at.timestamp()),),
        ),
        Metric(
            "snapshot_info", "The snapshot in force.", (({"snapshot": snapshot.id, "origin": manifest["origin"]}, 1),)
        ),
        Metric(
            "deliveries",
            "Deliveries of the snapshot in force, by what became of them.",
            tuple(({"outcome": name}, float(count)) for name, count in counts.items()),
        ),
        Metric("rows_set_aside", "Delivered rows that were set aside.", (({}, float(run.set_aside)),)),
        Metric("warnings", "Warnings of the snapshot in force.", (({}, float(run.warnings)),)),
        Metric(
            "mart_rows",
            "Rows of each mart.",
            tuple(({"mart": name}, float(entry["rows"])) for name, entry in sorted(manifest["marts"].items())),
        ),
    ]


def as_text(metrics: Iterable[Metric]) -> str:
    """The metrics in Prometheus' text format."""
    lines = []
    for metric in metrics:
        name = f"boligprofil_{metric.name}"
        lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} gauge"]
        for labels, value in metric.values:
            inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            lines.append(f"{name}{{{inner}}} {value!r}" if inner else f"{name} {value!r}")
    return "\n".join(lines) + "\n"


def put(file: Path, metrics: Iterable[Metric]) -> None:
    """Write the metrics whole, readable for the exporter, which is another user: they hold no figure about a person."""
    write(file, as_text(metrics).encode())
    file.chmod(0o644)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
