"""The marts as a data package (https://datapackage.org, version 2): each column with type, limits, codes, its unit."""

from typing import Any

from flows.catalogue.model import Catalogue, sentence
from schemas.registry import Registry
from schemas.tables import Table, TableColumn

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TYPES = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "year": "integer",
    "date": "date",
}
# What the file itself has where there is no value; a column of reasons says why there is none.
NO_VALUE = "no value; where the table has a column of reasons (..._missing_reason) it says why"


def data_package(catalogue: Catalogue) -> dict[str, Any]:
    """The descriptor; the files lie in `data/` beside it."""
    snapshot, registry = catalogue.snapshot, catalogue.registry
    used = {entry["source"] for entry in snapshot.manifest["deliveries"] if entry.get("source")}
    sources = [registry.sources[name] for name in sorted(used) if name in registry.sources]
    return {
        "$schema": PROFILE,
        "name": "boligprofil",
        "id": f"urn:boligprofil:snapshot:{snapshot.id}",
        "title": "Boligprofil: profiles of Danish social-housing areas",
        "description": (
            f"Snapshot {snapshot.id}, {snapshot.manifest['origin']} figures. It holds counts of few people: it "
            "stays in the house."
        ),
        "version": snapshot.id,
        "created": snapshot.published_at.isoformat(),
        "keywords": ["social housing", "housing areas", "Denmark"],
        "sources": [{"title": f"{source.title} ({source.publisher})"} for source in sources],
        "resources": [_resource(catalogue, registry.marts[name]) for name in catalogue.marts],
    }


def _resource(catalogue: Catalogue, table: Table) -> dict[str, Any]:
    entry = catalogue.snapshot.manifest["marts"][table.id]
    return {
        "name": table.id.replace("_", "-"),
        "type": "table",
        "path": f"data/{entry['file']}",
        "title": table.id,
        "description": f"{table.description} {sentence(table.grain)}",
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": entry["bytes"],
        "hash": f"sha256:{entry['sha256']}",
        "schema": schema(table, catalogue.registry),
    }


def schema(table: Table, registry: Registry) -> dict[str, Any]:
    """The schema of a mart: its fields, its key, and what stands for no value."""
    return {
        "fields": [_field(column, registry) for column in table.columns],
        "primaryKey": list(table.key),
        "missingValues": [{"value": "", "label": NO_VALUE}],
    }


def _field(column: TableColumn, registry: Registry) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.nullable else {"required": True}
    allowed = registry.allowed(column)
    if allowed and column.type == "text":
        constraints["enum"] = list(allowed)
    if column.pattern:
        constraints["pattern"] = column.pattern
    if column.type in ("integer", "number", "year"):
        limits = (("minimum", column.minimum), ("maximum", column.maximum))
        constraints |= {name: limit for name, limit in limits if limit is not None}
    unit = {"unit": column.unit} if column.unit else {}
    labels: dict[str, str] = {}
    for label, code in registry.vocabularies.get(column.vocabulary or "", {}).items():
        if label != code:
            labels.setdefault(code, label)
    categories = [{"value": code, "label": labels.get(code, code)} for code in allowed] if column.type == "text" else []
    return {
        "name": column.name,
        "type": TYPES[column.type],
        "description": column.description,
        **unit,
        **({"categories": categories} if categories else {}),
        **({"constraints": constraints} if constraints else {}),
    }
