"""The yearly flow: a snapshot to cleared figures to each secretariat's extract."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.utilities.annotations import quote

from flows import tasks
from flows.extracts import approve
from flows.extracts.assemble import NoSecretariat, secretariats
from flows.publish import snapshots
from flows.publish.snapshots import NoMart, NoSnapshot
from flows.release import store
from flows.release.attack import Refused, Undecided
from flows.release.ledger import LedgerBusy, Tampered
from flows.release.make import CannotRelease
from flows.release.revisions import OtherSums
from flows.release.store import ReleaseBusy, ReleaseDamaged
from flows.settings import Settings, settings
from schemas.registry import RegistryError, load

log = logging.getLogger("boligprofil")
REFUSALS = (
    CannotRelease,
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


@flow(name="yearly", persist_result=False)
def yearly(
    year: int,
    secretariat: str | None = None,
    marts: Path | None = None,
    releases: Path | None = None,
    extracts: Path | None = None,
    schemas: Path | None = None,
) -> State[dict[str, Any]]:
    """Write the extracts of a year as drafts for two people to clear, or say why not.

    Of all secretariats unless one is named; folders that are not given come from the settings. The state carries what
    was written as plain values: Completed, or Failed where nothing may leave the house.
    """
    chosen = settings(marts=marts, releases=releases, extracts=extracts, schemas=schemas)
    try:
        report = _year(chosen, year, secretariat)
    except REFUSALS as refusal:
        words = in_words(refusal)
        log.error(words)
        return Failed(message=words, data={"outcome": "refused", "message": words})
    log.info(report["message"])
    return Completed(message=report["message"], data=report)


def _as_is(given: Any) -> Any:
    """A parameter that Prefect hands on without walking through it: that took five seconds a task."""
    return quote(given)


def in_words(refusal: BaseException) -> str:
    """Why nothing was made, for the person who asked for it."""
    if isinstance(refusal, OSError):
        where = f" ({refusal.filename})" if refusal.filename else ""
        return f"{refusal.strerror or refusal}{where}: the run stopped, and what was there before stays as it was"
    if isinstance(refusal, NoMart):
        return f"{refusal.args[0]}. The snapshot was made by an earlier version: run 'boligprofil run' first"
    return str(refusal.args[0] if refusal.args else refusal)


def _year(chosen: Settings, year: int, secretariat: str | None) -> dict[str, Any]:
    registry = load(chosen.schemas)
    snapshot = snapshots.current(chosen.marts)
    names = secretariats(snapshot, secretariat)
    releases = chosen.releases_folder
    with store.lock(releases):
        ledger = store.ledger_of(releases)
        approve.require_noted(ledger, chosen.extracts_folder)
        log.info("clear figures ...")
        source, rules, known = _as_is(snapshot), _as_is(registry), _as_is(ledger)
        release = tasks.make_release(source, rules, year, releases, known)
        written = []
        for name in names:
            log.info("extract of %s ...", name)
            made = tasks.write_extract(_as_is(release), name, source, rules, known, chosen.extracts_folder)
            written.append({**asdict(made), "folder": made.folder.as_posix()})
    return {
        "outcome": "written" if any(extract["is_new"] for extract in written) else "unchanged",
        "message": f"extracts of {release.name} for {len(written)} secretariats",
        "release": release.name,
        "origin": release.record["origin"],
        "extracts": written,
    }
