"""The fetch: declared tables of StatBank to deliveries, table by table, whoever runs the steps."""

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

from flows.core.buckets import BucketError
from flows.core.clock import WrongClock
from flows.intake import statbank
from flows.intake.statbank import ClientSettings, StatBankError
from flows.publish import moments
from flows.settings import Settings
from flows.steps import FlowStep, Runner
from schemas.loading import load
from schemas.registry import RegistryError
from schemas.sources import Source

log = logging.getLogger("boligprofil")


class NotDeclared(ValueError):
    """A source that declares no 'fetch'."""


def _table(source: Source, raw: Path, address: str, patience: ClientSettings) -> Path | None:
    return statbank.fetch(source, raw, address, settings=patience)


# The client itself tries again, and waits as long as it is asked to: a second round would only ask the more.
FETCH_TABLE = FlowStep("fetch a table", _table, label="fetch {source.id}")


def run(chosen: Settings, sources: Collection[str], runner: Runner) -> dict[str, Any]:
    """Bring the tables of these sources, of all that declare 'fetch' where none is named; what came as plain values.

    `outcome` is new, unchanged, or refused where one could not be brought; the others are there all the same. Raises
    NotDeclared.
    """
    try:
        report = _fetched(chosen, sources, runner)
    except (BucketError, WrongClock, RegistryError) as refusal:
        report = {"outcome": "refused", "message": str(refusal), "tables": []}
    log.log(logging.ERROR if report["outcome"] == "refused" else logging.INFO, report["message"])
    return report


def _fetched(chosen: Settings, sources: Collection[str], runner: Runner) -> dict[str, Any]:
    registry = load(chosen.schemas)
    if chosen.raw_address:
        raise BucketError(f"the deliveries lie in {chosen.raw_address}: put them there, or name a folder with --raw")
    moments.check(chosen.marts, chosen.staging_folder, chosen.releases_folder, registry.night)
    declared = {source.id: source for source in registry.sources.values() if source.fetch}
    if unknown := set(sources) - declared.keys():
        raise NotDeclared(f"no 'fetch' is declared for {', '.join(sorted(unknown))}; there are {', '.join(declared)}")
    patience = ClientSettings(pause_seconds=chosen.statbank_pause_seconds)
    tables: list[dict[str, str]] = []
    for source in (source for source in declared.values() if not sources or source.id in sources):
        log.info("fetch %s ...", source.id)
        entry = {"source": source.id, "title": source.title, "stored": "", "fault": ""}
        try:
            entry["stored"] = str(runner(FETCH_TABLE, source, chosen.raw, chosen.statbank, patience) or "")
        except StatBankError as error:
            entry["fault"] = str(error)
        tables.append(entry)
    return {**_became(tables), "tables": tables}


def _became(tables: list[dict[str, str]]) -> dict[str, str]:
    stored = [entry["stored"] for entry in tables if entry["stored"]]
    faults = [f"{entry['source']} ({entry['title']}): {entry['fault']}" for entry in tables if entry["fault"]]
    message = f"{len(stored)} new of {len(tables)} tables" if stored else f"nothing new in {len(tables)} tables"
    if faults:
        return {"outcome": "refused", "message": "\n  ".join([f"{message}; not brought:", *faults])}
    return {"outcome": "new" if stored else "unchanged", "message": message}
