"""The night: deliveries to facts to marts to checks to a snapshot, step by step, whoever runs the steps."""

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flows.core.outcome import Report
from flows.core.provenance import commit, engine_versions, file_sha256
from flows.intake import quarantine, reconcile, versions, vintages
from flows.intake.receipts import Receipt
from flows.intake.reconcile import Facts, MixedOrigin
from flows.intake.vintages import Vintage
from flows.marts import build, checks, queries
from flows.marts.build import BuildError, caveat, every_step
from flows.marts.queries import QueryError
from flows.publish import gate, snapshots, warnings
from flows.publish.snapshots import Busy, Damaged, Snapshot
from flows.settings import Settings
from flows.steps import FlowStep, Runner
from schemas import contracts, dictionary
from schemas.registry import Registry, RegistryError, load

log = logging.getLogger("boligprofil")
REFUSALS = (Busy, Damaged, MixedOrigin, QueryError, BuildError, RegistryError, FileNotFoundError)


READ_NAMES = FlowStep("read the municipalities", versions.known_names)
STAGE_DELIVERY = FlowStep("stage a delivery", versions.stage, label="stage {delivery.path}", tries=3)
RECONCILE_FACTS = FlowStep("reconcile the deliveries", reconcile.reconcile)
LAY_OUT_QUARANTINE = FlowStep("lay out the quarantine", quarantine.lay_out)
BUILD_MARTS = FlowStep("build the marts", build.build)
JUDGE_MARTS = FlowStep("judge the marts", gate.judge)
PUBLISH_SNAPSHOT = FlowStep("publish the snapshot", snapshots.publish)


class Stopwatch:
    """Seconds of each step, told to the log as they begin and end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        log.info("%s ...", name)
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)
        log.info("%s: %.1f s", name, self.seconds[name])


def run(chosen: Settings, again: bool, as_of: datetime | None, published_by: date | None, runner: Runner) -> Report:
    """Publish a snapshot of the deliveries, or say why not.

    `again` builds even where nothing changed. With `as_of` (a moment: what had been received) or `published_by` (a
    day: what the sources had published), the marts of that vintage are built beside the snapshots and the one in force
    stays.
    """
    try:
        with snapshots.lock(chosen.marts):
            report = _night(chosen, again, as_of, published_by, runner)
    except REFUSALS as refusal:
        report = Report("refused", str(refusal))
    log.log(logging.ERROR if report.outcome == "refused" else logging.INFO, report.message)
    return report


def _night(chosen: Settings, again: bool, as_of: datetime | None, published_by: date | None, runner: Runner) -> Report:
    registry = load(chosen.schemas)
    vintage = vintages.vintage(chosen.raw, chosen.staging_folder, registry, as_of, published_by)
    in_force = snapshots.in_force(chosen.marts)
    is_past = as_of is not None or published_by is not None
    inputs_sha256 = snapshots.inputs_sha256(vintage.deliveries, registry.fingerprint, published_by)
    if expired := registry.expired(vintage.moment.date()):
        words = "publication refused: what was accepted for a time must be looked at again"
        return Report("refused", "\n  ".join([words, *expired]))
    if in_force and not is_past and not again and in_force.is_made_of(inputs_sha256):
        return Report("unchanged", "nothing changed", snapshot=in_force.id)
    watch = Stopwatch()
    vintage = vintage if is_past else _recorded(vintage, in_force)
    receipts, facts, before, quarantined = _staged(chosen, vintage, registry, watch, is_past, runner)
    work = snapshots.work_folder(chosen.marts)
    with watch.step("build marts"):
        files = runner(BUILD_MARTS, facts, work, registry, before)
    with watch.step("judge marts"):
        judgement = runner(
            JUDGE_MARTS,
            files,
            {name: table.key for name, table in registry.marts.items()},
            suites(registry, may_be_empty=published_by is not None),
            work / "data_docs",
            f"Boligprofil: {_figures(facts.origin)}",
            notices(facts.origin, caveat(facts, registry)),
        )
    deliveries = tuple(
        receipt.entry(len(facts.set_aside.get(receipt.path, ())), quarantined.get(receipt.path)) for receipt in receipts
    )
    offences = checks.run(files, registry, severity="warning")
    warned = warnings.warnings(receipts, facts.set_aside, offences, registry)
    if not judgement.ok:
        page = _keep_refused(work, chosen.marts)
        message = warnings.with_labels(gate.refusal(judgement), registry).replace(str(judgement.page), str(page))
        return Report("refused", message, seconds=watch.seconds, deliveries=deliveries, warnings=warned)
    manifest = _manifest(vintage, inputs_sha256, registry, receipts, facts) | {
        "deliveries": list(deliveries),
        "superseded": facts.superseded,
        "marts": snapshots.describe_marts(files, _reads(files)),
        "gate": {"expectations": judgement.expectations, "marts": judgement.marts, "broken": 0},
        "warnings": list(warned),
        "seconds": watch.seconds,
    }
    snapshot = _publish(chosen, work, manifest, vintage, registry, watch, is_past, runner)
    return Report(
        "rebuilt" if is_past else "published",
        f"{'rebuilt vintage' if is_past else 'published snapshot'} {snapshot.id}",
        snapshot=snapshot.id,
        folder=snapshot.folder.as_posix(),
        seconds=watch.seconds,
        deliveries=deliveries,
        marts={name: entry["rows"] for name, entry in manifest["marts"].items()},
        warnings=warned,
        differences=tuple(snapshots.differences(snapshot, chosen.marts)) if is_past else (),
    )


def _staged(
    chosen: Settings, vintage: Vintage, registry: Registry, watch: Stopwatch, is_past: bool, runner: Runner
) -> tuple[list[Receipt], Facts, Facts | None, dict[str, Path]]:
    """Every delivery's receipt, the facts in force, those of the last snapshot, and the quarantine of each delivery."""
    staging = chosen.staging_folder
    with watch.step("read deliveries"):
        names = runner(READ_NAMES, vintage, staging, registry)
        staged = runner.each(STAGE_DELIVERY, vintage.deliveries, vintage, staging, registry, names)
        receipts = [receipt for receipt in staged if receipt]
    with watch.step("reconcile them"):
        facts = runner(RECONCILE_FACTS, receipts, staging, registry)
        before = _facts_before(vintage, staging, registry)
        quarantined = (
            {}
            if is_past
            else runner(
                LAY_OUT_QUARANTINE,
                receipts,
                facts.set_aside,
                staging,
                chosen.quarantine_folder,
                registry,
                vintage.moment.date(),
            )
        )
    return receipts, facts, before, quarantined


def _publish(
    chosen: Settings,
    work: Path,
    manifest: dict[str, Any],
    vintage: Vintage,
    registry: Registry,
    watch: Stopwatch,
    is_past: bool,
    runner: Runner,
) -> Snapshot:
    """Publish the work folder with its dictionary; a vintage of the past leaves ledger and older snapshots alone."""
    (work / "dictionary.md").write_text(dictionary.as_markdown(registry), encoding="utf-8")
    (work / "dictionary.csv").write_text(dictionary.as_csv(registry), encoding="utf-8")
    with watch.step("publish"):
        snapshot: Snapshot = runner(PUBLISH_SNAPSHOT, work, manifest, chosen.marts, is_past)
        if not is_past:
            vintage.ledger.published(snapshot.id, vintage.moment)
            snapshots.forget(chosen.marts, chosen.staging_folder, chosen.keep_snapshots, chosen.keep_for)
    return snapshot


def _recorded(vintage: Vintage, in_force: Snapshot | None) -> Vintage:
    """The vintage with everything new in the ledger, and what a run published that was killed before noting it."""
    ledger = vintage.ledger
    if in_force and (published_of := in_force.manifest.get("as_of")):
        ledger = ledger.published(in_force.id, datetime.fromisoformat(published_of))
    return replace(vintage, ledger=ledger.record(vintage.deliveries, vintage.moment))


def _facts_before(vintage: Vintage, staging: Path, registry: Registry) -> Facts | None:
    """The facts of the last snapshot before this vintage, read by today's code; None before the first one."""
    moment = vintage.ledger.last_published(vintage.moment)
    if moment is None:
        return None
    then = Vintage.received(vintage.ledger, moment, vintage.published_by)
    known = versions.known_names(then, staging, registry)
    return reconcile.reconcile(versions.receipts_of(then, staging, registry, known), staging, registry)


def suites(registry: Registry, may_be_empty: bool = False) -> dict[str, list[contracts.Expectation]]:
    """The promises of every mart: those of the registry and the SQL checks that are errors.

    A vintage of what was published by a day may lack whole sources, so its marts `may_be_empty`.
    """
    made = {
        name: contracts.expectations(
            registry, table.model_copy(update={"may_be_empty": True}) if may_be_empty else table
        )
        for name, table in registry.marts.items()
    }
    for check in queries.checks().values():
        if check.severity == "error":
            query = {"unexpected_rows_query": check.sql}
            made[check.mart].append(
                contracts.Expectation("UnexpectedRowsExpectation", query, check.promise, check.name)
            )
    return made


def notices(origin: str, caveats: str) -> list[str]:
    """What stands at the head of every page about a snapshot."""
    return [f"This snapshot holds {_figures(origin)}.", *([f"The areas' figures are {caveats}."] if caveats else [])]


def _figures(origin: str) -> str:
    return "real figures" if origin == "real" else "synthetic figures, made up for trials"


def _reads(marts: dict[str, Path]) -> dict[str, list[str]]:
    steps = every_step()
    return {name: queries.facts_behind(name, steps) for name in marts}


def _manifest(
    vintage: Vintage,
    inputs_sha256: str,
    registry: Registry,
    receipts: list[Receipt],
    facts: Facts,
) -> dict[str, Any]:
    folder = next(iter(facts.tables.values())).parent
    current = [*(file.name for file in facts.tables.values()), reconcile.VERDICT]
    staged = {f"current/{folder.name}/{name}" for name in current}
    for receipt in receipts:
        staged |= {*receipt.tables.values(), *([receipt.faults] if receipt.faults else [])}
        staged |= {f"receipts/{Path(file).stem}.json" for file in receipt.tables.values()}
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": vintage.moment.isoformat(),
        **({"published_by": by.isoformat()} if (by := vintage.published_by) else {}),
        "origin": facts.origin,
        "caveat": caveat(facts, registry),
        "commit": commit(),
        "versions": engine_versions(),
        "inputs_sha256": inputs_sha256,
        "registry_sha256": registry.fingerprint,
        "facts": {name: file_sha256(file) for name, file in sorted(facts.tables.items())},
        "staged": sorted(staged),
    }


def _keep_refused(work: Path, marts: Path) -> Path:
    """Keep the pages of a refused snapshot where the engineer finds them; its marts are not kept."""
    pages = marts / "refused"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.move(work / "data_docs", pages)
    shutil.rmtree(work)
    return pages / "index.html"
