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
PRODUCER = "urn:boligprofil"
NAMESPACE = "boligprofil"
SECONDS = 10.0


def events(
    report: Report, began: datetime, ended: datetime, snapshot: Snapshot | None, registry: Registry
) -> list[Any]:
    """The events of a run: its beginning, and its end with what it read and made. `snapshot` is what it published."""
    run = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}:{began.isoformat()}"))
    start = _event("START", began, run)
    if report.outcome == "refused":
        words = _facet("1-0-1/ErrorMessageRunFacet", message=report.message, programmingLanguage="Python")
        return [start, _event("FAIL", ended, run, facets={"errorMessage": words})]
    if snapshot is None or report.outcome == "unchanged":
        return [start, _event("COMPLETE", ended, run)]
    inputs = [_delivery(entry) for entry in snapshot.manifest["deliveries"]]
    origins = lineage.of_marts(registry)
    tables = _tables_of(snapshot, registry)
    outputs = [
        _mart(registry.marts[name], snapshot, origins[name], tables)
        for name in sorted(snapshot.manifest["marts"])
        if name in registry.marts
    ]
    return [start, _event("COMPLETE", ended, run, inputs=inputs, outputs=outputs)]


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


def _event(kind: str, at: datetime, run: str, facets: Mapping[str, Any] | None = None, **sets: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at.astimezone(UTC).isoformat(),
        "run": {"runId": run, "facets": dict(facets or {})},
        "job": {"namespace": NAMESPACE, "name": "nightly"},
        "inputs": sets.get("inputs", []),
        "outputs": sets.get("outputs", []),
        "producer": PRODUCER,
        "schemaURL": EVENT,
    }


def _delivery(entry: Mapping[str, Any]) -> dict[str, Any]:
    version = _facet("1-0-1/DatasetVersionDatasetFacet", datasetVersion=entry.get("sha256", ""))
    return {"namespace": NAMESPACE, "name": f"deliveries/{entry['path']}", "facets": {"version": version}}


def _tables_of(snapshot: Snapshot, registry: Registry) -> dict[str, list[str]]:
    """The deliveries that each fact table rests on, by their names."""
    found: dict[str, list[str]] = {}
    for entry in snapshot.manifest["deliveries"]:
        if entry.get("source") in registry.sources and entry.get("facts_from"):
            for table in registry.layout_of(entry["source"]).tables:
                found.setdefault(f"facts.{table}", []).append(f"deliveries/{entry['path']}")
    return found


def _mart(
    table: Table, snapshot: Snapshot, origins: lineage.Origins, deliveries: Mapping[str, list[str]]
) -> dict[str, Any]:
    entry = snapshot.manifest["marts"][table.id]
    fields = {
        column: {
            "inputFields": [
                {"namespace": NAMESPACE, "name": delivery, "field": origin.column}
                for origin in sorted(made_of)
                for delivery in deliveries.get(origin.table, ())
                if origin.column
            ]
        }
        for column, made_of in origins.items()
    }
    described = [{"name": c.name, "type": c.type, "description": c.description} for c in table.columns]
    return {
        "namespace": NAMESPACE,
        "name": f"marts/{table.id}",
        "facets": {
            "schema": _facet("1-2-0/SchemaDatasetFacet", fields=described),
            "version": _facet("1-0-1/DatasetVersionDatasetFacet", datasetVersion=snapshot.id),
            "columnLineage": _facet(
                "1-2-0/ColumnLineageDatasetFacet",
                fields={name: made for name, made in fields.items() if made["inputFields"]},
            ),
        },
        "outputFacets": {
            "outputStatistics": _facet(
                "1-0-2/OutputStatisticsOutputDatasetFacet", rowCount=entry["rows"], size=entry["bytes"]
            )
        },
    }


def _facet(kind: str, **values: Any) -> dict[str, Any]:
    file, name = f"{kind}.json", kind.partition("/")[2]
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{file}#/$defs/{name}", **values}
