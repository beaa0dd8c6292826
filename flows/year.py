"""The year: a snapshot to cleared figures to each secretariat's extract, step by step, whoever runs the steps."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from flows.core.buckets import BucketError
from flows.core.outcome import of_disk
from flows.extracts import approve, seals
from flows.extracts.assemble import NoSecretariat, secretariats
from flows.publish import mirror, snapshots
from flows.publish.snapshots import CutManifest, NoMart, NoSnapshot
from flows.release import make, store
from flows.release.attack import Refused
from flows.release.ledger import LedgerBusy, Tampered
from flows.release.make import CannotRelease
from flows.release.programs import Undecided
from flows.release.revisions import OtherSums
from flows.release.store import Release, ReleaseBusy, ReleaseDamaged
from flows.settings import Settings
from flows.steps import FlowStep, Runner
from schemas.loading import load
from schemas.registry import RegistryError

log = logging.getLogger("boligprofil")
REFUSALS = (
    BucketError,
    CannotRelease,
    CutManifest,
    LedgerBusy,
    NoMart,
    NoSecretariat,
    NoSnapshot,
    OtherSums,
    OSError,
    Refused,
    RegistryError,
    ReleaseBusy,
    ReleaseDamaged,
    Tampered,
    Undecided,
)


MAKE_RELEASE = FlowStep("clear the year's figures", make.release_of)
WRITE_EXTRACT = FlowStep("write an extract", approve.write_extract, label="write the extract of {secretariat}")


def run(chosen: Settings, year: int, secretariat: str | None, runner: Runner, language: str = "da") -> dict[str, Any]:
    """Write the extracts of a year as drafts for two people to clear, or say why not.

    Of all secretariats unless one is named, in Danish unless another language is. What was written as plain values;
    `outcome` is refused where nothing may leave the house.
    """
    try:
        report = _year(chosen, year, secretariat, runner, language)
    except REFUSALS as refusal:
        report = {"outcome": "refused", "message": in_words(refusal)}
    log.log(logging.ERROR if report["outcome"] == "refused" else logging.INFO, report["message"])
    return report


def in_words(refusal: BaseException) -> str:
    """Why nothing was made, for the person who asked for it."""
    if words := of_disk(refusal):
        return words
    if isinstance(refusal, NoMart):
        return f"{refusal.args[0]}. The snapshot was made by an earlier version: run 'boligprofil run' first"
    return str(refusal.args[0] if refusal.args else refusal)


def _year(chosen: Settings, year: int, secretariat: str | None, runner: Runner, language: str) -> dict[str, Any]:
    registry = load(chosen.schemas)
    mirror.refresh(chosen.marts_address, chosen.marts, chosen.releases_folder)
    snapshot = snapshots.current(chosen.marts)
    names = secretariats(snapshot, secretariat)
    releases = chosen.releases_folder
    with store.lock(releases):
        ledger, finished = seals.opened(releases, chosen.extracts_folder, registry)
        for folder in finished:
            log.warning("%s was handed out before a run was stopped; it is in its place now", folder)
        log.info("clear figures ...")
        release = runner(MAKE_RELEASE, snapshot, registry, year, releases, ledger)
        written, faults = [], []
        for name in names:
            log.info("extract of %s ...", name)
            try:
                made = runner(
                    WRITE_EXTRACT, release, name, snapshot, registry, ledger, chosen.extracts_folder, language
                )
            except Exception as fault:  # one secretariat's fault is no other one's
                faults.append(f"the extract of {name}: {in_words(fault)}")
                continue
            written.append({**asdict(made), "folder": made.folder.as_posix()})
    return {**_outcome(release, written, faults), "release": release.name, "extracts": written}


def _outcome(release: Release, written: Sequence[Mapping[str, Any]], faults: Sequence[str]) -> dict[str, Any]:
    """What became of the year, in plain values; refused where the extract of one secretariat could not be written."""
    outcome = "written" if any(extract["is_new"] for extract in written) else "unchanged"
    message = f"extracts of {release.name} for {len(written)} secretariats"
    if faults:
        outcome = "refused"
        message = f"{message}; not written, and what was there stays: {'; '.join(faults)}"
    return {"outcome": outcome, "message": message, "origin": release.record["origin"]}
