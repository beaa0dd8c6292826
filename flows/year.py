"""The year: a snapshot to cleared figures to each secretariat's extract, step by step, whoever runs the steps."""

import logging
from dataclasses import asdict
from typing import Any

from flows.extracts import approve
from flows.extracts.assemble import NoSecretariat, secretariats
from flows.publish import snapshots
from flows.publish.snapshots import CutManifest, NoMart, NoSnapshot
from flows.release import make, store
from flows.release.attack import Refused, Undecided
from flows.release.ledger import LedgerBusy, Tampered
from flows.release.make import CannotRelease
from flows.release.revisions import OtherSums
from flows.release.store import ReleaseBusy, ReleaseDamaged
from flows.settings import Settings
from flows.steps import FlowStep, Runner
from schemas.registry import RegistryError, load

log = logging.getLogger("boligprofil")
REFUSALS = (
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


def run(chosen: Settings, year: int, secretariat: str | None, runner: Runner) -> dict[str, Any]:
    """Write the extracts of a year as drafts for two people to clear, or say why not.

    Of all secretariats unless one is named. What was written as plain values; `outcome` is refused where nothing may
    leave the house.
    """
    try:
        report = _year(chosen, year, secretariat, runner)
    except REFUSALS as refusal:
        report = {"outcome": "refused", "message": in_words(refusal)}
    log.log(logging.ERROR if report["outcome"] == "refused" else logging.INFO, report["message"])
    return report


def in_words(refusal: BaseException) -> str:
    """Why nothing was made, for the person who asked for it."""
    if isinstance(refusal, OSError):
        where = f" ({refusal.filename})" if refusal.filename else ""
        return f"{refusal.strerror or refusal}{where}: the run stopped, and what was there before stays as it was"
    if isinstance(refusal, NoMart):
        return f"{refusal.args[0]}. The snapshot was made by an earlier version: run 'boligprofil run' first"
    return str(refusal.args[0] if refusal.args else refusal)


def _year(chosen: Settings, year: int, secretariat: str | None, runner: Runner) -> dict[str, Any]:
    registry = load(chosen.schemas)
    snapshot = snapshots.current(chosen.marts)
    names = secretariats(snapshot, secretariat)
    releases = chosen.releases_folder
    with store.lock(releases):
        ledger = store.ledger_of(releases)
        approve.require_noted(ledger, chosen.extracts_folder)
        log.info("clear figures ...")
        release = runner(MAKE_RELEASE, snapshot, registry, year, releases, ledger)
        written = []
        for name in names:
            log.info("extract of %s ...", name)
            made = runner(WRITE_EXTRACT, release, name, snapshot, registry, ledger, chosen.extracts_folder)
            written.append({**asdict(made), "folder": made.folder.as_posix()})
    return {
        "outcome": "written" if any(extract["is_new"] for extract in written) else "unchanged",
        "message": f"extracts of {release.name} for {len(written)} secretariats",
        "release": release.name,
        "origin": release.record["origin"],
        "extracts": written,
    }
