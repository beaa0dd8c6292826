"""Runs as events of OpenLineage (https://openlineage.io, version 2-0-2): which deliveries went into which marts.

Appended to a file, a line per event, or posted to an address. They name files, columns and numbers of rows, no figure.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.catalogue import lineage
from flows.core.outcome import Report
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry
from schemas.tables import Table

SPEC = "https://openlineage.io/spec"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
# An identifier and no place: nothing is ever asked of it.
PRODUCER = "https://boligprofil.invalid/nightly"
NAMESPACE = "boligprofil"
SECONDS = 10.0


def events(
    report: Report, began: datetime, ended: datetime, snapshot: Snapshot | None, registry: Registry
) -> list[Any]:
    """The events of a run: its beginning and end, and between them what was read and what was built.

    `snapshot` is what it published. Reading makes facts of deliveries, building makes marts of facts.
    """
    run = _id(began, "nightly")
    start = _event("START", "nightly", began, run)
    if report.outcome == "refused":
        words = _facet("1-0-1/ErrorMessageRunFacet", message=report.message, programmingLanguage="Python")
        return [start, _event("FAIL", "nightly", ended, run, {"errorMessage": words})]
    if snapshot is None or report.outcome == "unchanged":
        return [start, _event("COMPLETE", "nightly", ended, run)]
    job = {"namespace": NAMESPACE, "name": "nightly"}
    parent = {"parent": _facet("1-2-0/ParentRunFacet", run={"runId": run}, job=job)}
    origins = lineage.of_marts(registry)
    deliveries = [_delivery(entry) for entry in snapshot.manifest["deliveries"]]
    facts = [_fact(name, sha256) for name, sha256 in sorted(snapshot.manifest.get("facts", {}).items())]
    marts = [
        _mart(registry.marts[name], snapshot, origins[name])
        for name in sorted(snapshot.manifest["marts"])
        if name in registry.marts
    ]
    read, build = _id(began, "read"), _id(began, "build")
    return [
        start,
        _event("COMPLETE", "nightly.read", ended, read, parent, inputs=deliveries, outputs=facts),
        _event("COMPLETE", "nightly.build", ended, build, parent, inputs=facts, outputs=marts),
        _event("COMPLETE", "nightly", ended, run),
    ]


def send(made: list[Any], to: str) -> None:
    """Append events to a file, or post them to an address that begins with http. Raises OSError, httpx.HTTPError."""
    if to.startswith(("http://", "https://")):
        import httpx  # noqa: PLC0415 - most houses have a file, or nothing

        with httpx.Client(timeout=SECONDS) as client:
            for event in made:
                client.post(to, json=event).raise_for_status()
        return
    file = Path(to)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.writelines(json.dumps(event, ensure_ascii=False) + "\n" for event in made)


def _id(began: datetime, job: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}:{job}:{began.isoformat()}"))


def _event(
    kind: str, job: str, at: datetime, run: str, facets: Mapping[str, Any] | None = None, **sets: Any
) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at.astimezone(UTC).isoformat(),
        "run": {"runId": run, "facets": dict(facets or {})},
        "job": {"namespace": NAMESPACE, "name": job},
        "inputs": sets.get("inputs", []),
        "outputs": sets.get("outputs", []),
        "producer": PRODUCER,
        "schemaURL": EVENT,
    }


def _delivery(entry: Mapping[str, Any]) -> dict[str, Any]:
    return _data_set(f"deliveries/{entry['path']}", entry.get("sha256", ""))


def _fact(name: str, sha256: str) -> dict[str, Any]:
    return _data_set(f"facts/{name}", sha256)


def _data_set(name: str, version: str) -> dict[str, Any]:
    facet = _facet("1-0-1/DatasetVersionDatasetFacet", datasetVersion=version)
    return {"namespace": NAMESPACE, "name": name, "facets": {"version": facet}}


def _mart(table: Table, snapshot: Snapshot, origins: lineage.Origins) -> dict[str, Any]:
    entry = snapshot.manifest["marts"][table.id]
    fields = {
        column: {
            "inputFields": [
                {"namespace": NAMESPACE, "name": origin.table.replace("facts.", "facts/"), "field": origin.column}
                for origin in sorted(made_of)
                if origin.column and origin.table.startswith("facts.")
            ]
        }
        for column, made_of in origins.items()
    }
    delivered = {name: made for name, made in fields.items() if made["inputFields"]}
    described = [{"name": c.name, "type": c.type, "description": c.description} for c in table.columns]
    made = _data_set(f"marts/{table.id}", snapshot.id)
    made["facets"] |= {
        "schema": _facet("1-2-0/SchemaDatasetFacet", fields=described),
        "columnLineage": _facet("1-2-0/ColumnLineageDatasetFacet", fields=delivered),
    }
    counts = _facet("1-0-2/OutputStatisticsOutputDatasetFacet", rowCount=entry["rows"], size=entry["bytes"])
    return {**made, "outputFacets": {"outputStatistics": counts}}


def _facet(kind: str, **values: Any) -> dict[str, Any]:
    file, name = f"{kind}.json", kind.partition("/")[2]
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{file}#/$defs/{name}", **values}
