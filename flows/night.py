"""The night: deliveries to facts to marts to checks to a snapshot, step by step, whoever runs the steps."""

import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flows.core import logs
from flows.core.buckets import BucketError, Overtaken
from flows.core.clock import WrongClock, doubt, later
from flows.core.outcome import Report, of_disk
from flows.intake import brought, gone, quarantine, reconcile, versions, vintages
from flows.intake.gone import Absence
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.receipts import Receipt
from flows.intake.reconcile import Facts, MixedOrigin
from flows.intake.vintages import NothingPublished, Vintage
from flows.marts import build, checks
from flows.marts.build import BuildError, caveat
from flows.marts.checks import Offence
from flows.marts.queries import QueryError
from flows.operation import notice
from flows.publish import (
    data_docs,
    differences,
    floors,
    forecast,
    gate,
    manifest,
    moments,
    runs,
    snapshots,
    storage,
    takeover,
    warnings,
)
from flows.publish.last_night import LastNight, last_night, manifests
from flows.publish.mirror import Mirror, opened
from flows.publish.snapshots import Busy, Damaged, Snapshot
from flows.settings import Settings
from flows.steps import FlowStep, Runner
from schemas import dictionary
from schemas.loading import load
from schemas.registry import Registry, RegistryError

log = logging.getLogger("boligprofil")
REFUSALS = (
    *(BucketError, Overtaken),
    *(Damaged, WrongClock, NothingPublished, MixedOrigin),
    *(QueryError, BuildError, RegistryError, FileNotFoundError),
)


READ_NAMES = FlowStep("read the municipalities", versions.known_names)
STAGE_DELIVERY = FlowStep("stage a delivery", versions.stage, label="stage {delivery.path}", tries=3)
RECONCILE_FACTS = FlowStep("reconcile the deliveries", reconcile.reconcile)
LAY_OUT_QUARANTINE = FlowStep("lay out the quarantine", quarantine.lay_out)
BUILD_MARTS = FlowStep("build the marts", build.build_changed)
JUDGE_MARTS = FlowStep("judge the marts", gate.judge)
PUBLISH_SNAPSHOT = FlowStep("publish the snapshot", snapshots.publish)


class Stopwatch:
    """Seconds of each step by the clock and of the processor, told to the log as they begin and end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        log.info("%s ...", name)
        started, busy = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)
        self.processor[name] = round(time.process_time() - busy, 2)
        spent = {"seconds": self.seconds[name], "processor_seconds": self.processor[name]}
        log.info("%s: %.1f s", name, self.seconds[name], extra={"step": name, **spent})


@dataclass(frozen=True)
class Eve:
    """What is known before anything is read: the deliveries, what was there last night, and what of it is gone.

    `notes` are sentences on what was mended, set right or passed over. `in_force` is the snapshot from which marts and
    verdicts may be taken over, None where all is made anew. `mirror` is of the bucket that the snapshots stand in.
    """

    registry: Registry
    vintage: Vintage
    last: LastNight
    absent: Absence
    notes: tuple[str, ...]
    in_force: Snapshot | None = None
    mirror: Mirror | None = None


def run(
    chosen: Settings,
    again: bool,
    as_of: datetime | None,
    published_by: date | None,
    runner: Runner,
    clock_is_right: bool = False,
) -> Report:
    """Publish a snapshot of the deliveries, or say why not.

    `again` builds even where nothing changed. With `as_of` (a moment: what had been received) or `published_by` (a
    day: what the sources had published), the marts of that vintage are built beside the snapshots and the one in force
    stays. `clock_is_right`: what was dated later than now was dated by a clock that was wrong.
    """
    is_counted, is_dated, began = as_of is None and published_by is None, True, now()
    with logs.kept(chosen.log):
        try:
            with snapshots.lock(chosen.marts):
                report = _night(chosen, again, as_of, published_by, runner, clock_is_right)
                if chosen.site and report.outcome == "published":
                    _write_site(chosen)
        except Busy as busy:
            report, is_counted = Report("refused", str(busy)), False  # the other run is the one that counts
        except REFUSALS as refusal:
            report, is_dated = Report("refused", of_disk(refusal) or str(refusal)), not isinstance(refusal, WrongClock)
        except Exception as fault:
            if words := of_disk(fault):
                report = Report("refused", words)
            else:
                log.error("the run failed: %s", type(fault).__name__)  # an engine's words may quote a cell
                if chosen.notify:
                    notice.tell(chosen.notify, notice.of_fault(fault, snapshots.in_force(chosen.marts), chosen.marts))
                raise
        if report.outcome == "refused" and is_counted and is_dated:
            runs.note_refusal(chosen.marts, report)
        if is_counted:
            tell(chosen, report)
        ended(report, chosen, began if is_counted else None)
    return report


def _write_site(chosen: Settings) -> None:
    """Write the catalogue of the snapshot in force; what goes wrong is a warning, for the night has published."""
    from flows.catalogue import site  # noqa: PLC0415 - most houses do not ask for it
    from flows.catalogue.model import Catalogue, House  # noqa: PLC0415

    house = House(chosen.publisher, chosen.contact)
    try:
        snapshot, registry = snapshots.current(chosen.marts), load(chosen.schemas)
        index = site.write(Catalogue(snapshot, registry, chosen.marts, chosen.quarantine_folder, now(), house))
    except Exception as fault:
        log.warning(
            "the site of the snapshot was not written (%s); write it with: boligprofil site",
            of_disk(fault) or type(fault).__name__,
        )
    else:
        log.info("the catalogue: %s", index)


def tell(chosen: Settings, report: Report) -> None:
    """Tell whoever is to be told what became of a night, by the command of the settings."""
    if not chosen.notify:
        return
    try:
        registry = load(chosen.schemas)
    except RegistryError:
        registry = None  # the report says so
    notice.after_night(chosen.notify, report, chosen.marts, registry, now())


def ended(report: Report, chosen: Settings, began: datetime | None) -> None:
    """Log what became of a run and what it warns of; tell it outside where somebody asked to be and it `began`."""
    for warning in report.warnings if log.hasHandlers() else ():  # else they would go to the terminal a second time
        log.warning("%s", warning)
    became = {"outcome": report.outcome, "snapshot": report.snapshot}
    log.log(logging.ERROR if report.outcome == "refused" else logging.INFO, "%s", report.message, extra=became)
    if began and (chosen.metrics or chosen.openlineage):
        from flows.catalogue import telling  # noqa: PLC0415 - most nights tell no program

        telling.tell(report, began, chosen.marts, chosen.schemas, chosen.metrics, chosen.openlineage)


def _night(
    chosen: Settings,
    again: bool,
    as_of: datetime | None,
    published_by: date | None,
    runner: Runner,
    clock_is_right: bool,
) -> Report:
    registry = load(chosen.schemas)
    snapshots.clear(chosen.marts, chosen.staging_folder, chosen.quarantine_folder)
    mirror = _brought(chosen)
    ledger, notes = _mended(chosen, registry, clock_is_right)
    if mirror and (lost := mirror.has_lost):
        mirror.publish(chosen.marts / "versions" / lost, lost)
        notes = (*notes, f"{chosen.marts_address} had lost snapshot {lost}; it is in force there again")
    eve = _eve(chosen, registry, ledger, as_of, published_by, notes)
    vintage, is_past = eve.vintage, as_of is not None or published_by is not None
    in_force = snapshots.in_force(chosen.marts)
    inputs_sha256 = snapshots.inputs_sha256(vintage.deliveries, registry.fingerprint, published_by)
    if expired := registry.expired(vintage.moment.date()):
        words = "publication refused: what was accepted for a time must be looked at again"
        return Report("refused", "\n  ".join([words, *expired]))
    if in_force and not is_past and not again and in_force.is_made_of(inputs_sha256):
        return Report("unchanged", "nothing changed", snapshot=in_force.id, warnings=eve.notes)
    if as_of is None and (refusal := gone.refusal(eve.absent, vintage.deliveries, registry)):
        return Report("refused", _stays(refusal, eve, chosen.raw), warnings=eve.notes)
    if not is_past:
        ledger = vintage.ledger.record(vintage.deliveries, vintage.moment)
        taken = None if again else in_force
        eve = replace(eve, vintage=replace(vintage, ledger=ledger), in_force=taken, mirror=mirror)
    _announce(chosen, eve)
    return _made(chosen, eve, inputs_sha256, is_past, runner)


def _brought(chosen: Settings) -> Mirror | None:
    """Bring what lies in buckets: the snapshots, where they stand in one, and the deliveries. Raises BucketError."""
    mirror = opened(chosen.marts_address, chosen.marts, chosen.releases_folder)
    if chosen.raw_address:
        brought.bring(chosen.raw_address, chosen.raw)
    return mirror


def _mended(chosen: Settings, registry: Registry, clock_is_right: bool) -> tuple[DeliveryLedger, tuple[str, ...]]:
    """Set right what has to be before anything is dated or compared: the clock, the pointer, the ledger.

    The ledger, read once for the night, and sentences on what was not as it should be. Raises WrongClock.
    """
    ledger, moment = DeliveryLedger.load(chosen.staging_folder), now()
    recorded = moments.dated(chosen.marts, ledger, chosen.releases_folder)
    notes = []
    if not clock_is_right:
        moments.require(moment, recorded, registry.night)
    elif doubt(moment, recorded, registry.night):
        dated = later(moment, recorded)
        ledger = ledger.set_right(moment, dated)
        notes.append(moments.set_right(moment, dated))
    published = [event["snapshot"] for event in ledger.events if event["event"] == "published"]
    notes.append(snapshots.find_again(chosen.marts, published))
    ledger, healed = ledger.healed(manifests(chosen.marts), moment)
    return ledger, (*filter(None, notes), *healed)


def _eve(
    chosen: Settings,
    registry: Registry,
    ledger: DeliveryLedger,
    as_of: datetime | None,
    published_by: date | None,
    notes: tuple[str, ...],
) -> Eve:
    """What is known before anything is read. Raises FileNotFoundError, naming what is gone, where raw is no folder."""
    is_past = as_of is not None or published_by is not None
    try:
        vintage = vintages.vintage(chosen.raw, ledger, registry, as_of, published_by)
    except FileNotFoundError as missing:
        last = last_night(chosen.marts, ledger, now())
        if not last.deliveries:
            raise
        absent = gone.absence(last.deliveries, last.gone, (), registry, now().date())
        eve = Eve(registry, Vintage((), ledger, now()), last, absent, notes)
        raise FileNotFoundError(f"{missing}\n{_stays(gone.refusal(absent, (), registry), eve, chosen.raw)}") from None
    last = LastNight() if is_past else last_night(chosen.marts, vintage.ledger, vintage.moment)
    absent = gone.absence(last.deliveries, last.gone, vintage.deliveries, registry, vintage.moment.date())
    return Eve(registry, vintage, last, absent, (*notes, *last.notes, *vintage.passed_over))


def _stays(refusal: str, eve: Eve, raw: Path) -> str:
    """A refusal before anything was built, with what stays in force and what to do."""
    stays = f"Snapshot {eve.last.snapshot} stays in force." if eve.last.snapshot else "Nothing is in force."
    how = f"Mount or put back the folder of deliveries, {raw}, and run again"
    if eve.vintage.deliveries:
        meant = f"what is meant to be gone is declared in exceptions.toml ({gone.CHECK}, with file or source)"
        how = f"Put back the deliveries and run again; {meant}"
    return "\n  ".join([refusal, *eve.vintage.passed_over, f"{stays} {how}"])


def _made(chosen: Settings, eve: Eve, inputs_sha256: str, is_past: bool, runner: Runner) -> Report:
    """Read, build, judge and publish."""
    registry, vintage, watch = eve.registry, eve.vintage, Stopwatch()
    receipts, facts, before, quarantined = _staged(chosen, vintage, registry, watch, is_past, runner)
    standing = takeover.standing(eve.in_force)
    rows = floors.rows_by_delivery(facts)
    deliveries = manifest.entries(vintage, receipts, facts, quarantined, rows)
    last = _counted(eve.last, before)
    falls = floors.of_sources(last, eve.absent, floors.by_source(deliveries, rows), registry)
    fell = floors.refusal(falls, last, eve.absent, registry)
    if fell and {lost.source for lost in eve.absent.unaccepted} & {fall.name for fall in falls if fall.now == 0}:
        # A source that is gone whole is reason enough: without it marts break in words of their own.
        return _refused(fell, eve, receipts, facts, deliveries, watch)
    work = snapshots.work_folder(chosen.marts)
    try:
        with watch.step("build marts"):
            figures_before = before.tables["figures"] if before else None
            built = runner(BUILD_MARTS, facts, work, registry, figures_before, standing.built)
    except BuildError as error:
        if fell:
            return _refused(f"{fell}\n{error}", eve, receipts, facts, deliveries, watch)
        raise
    files = built.files
    falls += floors.of_marts(last, eve.absent, floors.rows_by_mart(files), manifest.reads(files), registry)
    with watch.step("judge marts"):
        judgement = runner(
            JUDGE_MARTS,
            files,
            {name: table.key for name, table in registry.marts.items()},
            checks.suites(registry, may_be_empty=vintage.published_by is not None),
            work / "data_docs",
            f"Boligprofil: {data_docs.figures(facts.origin)}",
            data_docs.notices(facts.origin, caveat(facts, registry)),
            standing.verdicts,
        )
    offences = tuple(checks.run(files, registry, severity="warning"))
    fell = floors.refusal(falls, last, eve.absent, registry)
    if fell or not judgement.ok:
        page = _keep_refused(work, chosen.marts)
        broken = "" if judgement.ok else warnings.with_labels(gate.refusal(judgement), registry)
        message = "\n".join(filter(None, [fell, broken])).replace(str(judgement.page), str(page))
        return _refused(message, eve, receipts, facts, deliveries, watch, offences)
    written = manifest.head(vintage, inputs_sha256, registry, receipts, facts) | {
        "deliveries": list(deliveries),
        **eve.absent.entries(),
        "passed_over": list(vintage.passed_over),
        "superseded": facts.superseded,
        "marts": snapshots.describe_marts(files, manifest.reads(files)),
        "gate": {"expectations": judgement.expectations, "marts": judgement.marts, "broken": 0},
        **takeover.entries(built, judgement, eve.in_force),
        "warnings": [
            *([] if is_past else floors.sentences(falls, registry)),
            *_warnings(eve, receipts, facts, offences),
        ],
        "seconds": watch.seconds,
        "processor_seconds": watch.processor,
        "runs": [] if is_past else runs.carried(chosen.marts),
    }
    snapshot = _publish(chosen, work, written, eve, watch, is_past, runner)
    return _report(snapshot, written, chosen.marts, is_past)


def _announce(chosen: Settings, eve: Eve) -> None:
    """Say it before everything is made anew because of what makes it, and how long that may take."""
    if eve.in_force and forecast.makers(eve.in_force.manifest, eve.registry):
        lost = (each.source for each in eve.absent.gone if each.path in eve.absent.new)
        folders = chosen.marts, chosen.staging_folder
        foreseen = forecast.forecast(eve.vintage.deliveries, lost, eve.in_force, folders, eve.registry)
        log.info(forecast.announcement(foreseen))


def _refused(
    message: str,
    eve: Eve,
    receipts: list[Receipt],
    facts: Facts,
    deliveries: tuple[dict[str, Any], ...],
    watch: Stopwatch,
    offences: tuple[Offence, ...] = (),
) -> Report:
    warned = _warnings(eve, receipts, facts, offences)
    return Report("refused", message, seconds=watch.seconds, deliveries=deliveries, warnings=warned)


def _warnings(eve: Eve, receipts: list[Receipt], facts: Facts, offences: tuple[Offence, ...]) -> tuple[str, ...]:
    """What was mended and passed over, what is gone, and what is wrong with the deliveries and the marts."""
    found = warnings.warnings(receipts, facts.set_aside, offences, eve.registry)
    return (*eve.notes, *gone.sentences(eve.absent), *found)


def _counted(last: LastNight, before: Facts | None) -> LastNight:
    """Last night with the rows of facts that rested on each delivery, where its manifest does not say it."""
    if before is None or all("in_force" in entry for entry in last.deliveries):
        return last
    rows = floors.rows_by_delivery(before)
    return replace(last, deliveries=tuple({**entry, "in_force": rows[entry["path"]]} for entry in last.deliveries))


def _report(snapshot: Snapshot, manifest: Mapping[str, Any], marts: Path, is_past: bool) -> Report:
    return Report(
        "rebuilt" if is_past else "published",
        f"{'rebuilt vintage' if is_past else 'published snapshot'} {snapshot.id}",
        snapshot=snapshot.id,
        folder=snapshot.folder.as_posix(),
        seconds=manifest["seconds"],
        deliveries=tuple(manifest["deliveries"]),
        marts={name: entry["rows"] for name, entry in manifest["marts"].items()},
        warnings=tuple(manifest["warnings"]),
        differences=tuple(differences.of_vintage(snapshot, marts)) if is_past else (),
        taken_over=tuple(manifest["work"]["marts_taken_over"]),
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
        if vintage.deliveries and not receipts:
            raise NothingPublished(f"no source had published anything by {vintage.published_by}")
    with watch.step("reconcile them"):
        facts = _accepting(runner(RECONCILE_FACTS, receipts, staging, registry), vintage, registry)
        before = _facts_before(vintage, chosen, registry)
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


def _accepting(facts: Facts, vintage: Vintage, registry: Registry) -> Facts:
    """The facts with the exceptions that are about no row of theirs: what is gone, as ledger and folder say it.

    Whether rows fell is known once the marts are built: the night says which of those exceptions can go.
    """
    of_gone = gone.accepted(vintage.ledger.gone(vintage.moment), vintage.deliveries, registry)
    of_rows = {name: 0 for name, entry in registry.exceptions.items() if entry.check == floors.CHECK}
    return replace(facts, accepted={**facts.accepted, **of_gone, **of_rows})


def _publish(
    chosen: Settings,
    work: Path,
    manifest: dict[str, Any],
    eve: Eve,
    watch: Stopwatch,
    is_past: bool,
    runner: Runner,
) -> Snapshot:
    """Publish the work folder with its dictionary; a vintage of the past leaves ledger and older snapshots alone."""
    (work / "dictionary.md").write_text(dictionary.as_markdown(eve.registry), encoding="utf-8")
    (work / "dictionary.csv").write_text(dictionary.as_csv(eve.registry), encoding="utf-8")
    with watch.step("publish"):
        snapshot: Snapshot = runner(PUBLISH_SNAPSHOT, work, manifest, chosen.marts, is_past, eve.mirror)
        if not is_past:
            eve.vintage.ledger.published(snapshot.id, eve.vintage.moment)
            runs.carry_on(chosen.marts)
            _forget(chosen, eve.mirror)
    return snapshot


def _forget(chosen: Settings, mirror: Mirror | None) -> None:
    """Remove what no snapshot needs; where a release cannot say what it rests on, nothing of the kind."""
    try:
        releases = storage.releases_made_of(chosen.releases_folder)
    except storage.UnknownRelease as unknown:
        log.warning(str(unknown))
        return
    removed = snapshots.forget(chosen.marts, chosen.staging_folder, chosen.keep_snapshots, chosen.keep_for, releases)
    if mirror:
        try:
            mirror.forget(removed, now() - chosen.keep_for)
        except BucketError as error:  # it is published, and the next night forgets
            log.warning(str(error))


def _facts_before(vintage: Vintage, chosen: Settings, registry: Registry) -> Facts | None:
    """The facts of the last snapshot before this vintage, read by today's code; None before the first one.

    Those that this code and registry reconciled when it was made are not reconciled again.
    """
    moment = vintage.ledger.last_published(vintage.moment)
    if moment is None:
        return None
    for snapshot in snapshots.kept(chosen.marts):
        made = snapshot.manifest.get("reconciled", {})
        is_that = snapshot.manifest.get("as_of") == moment.isoformat() and "published_by" not in snapshot.manifest
        if vintage.published_by is None and is_that and made.get("by") == reconcile.reconciler(registry):
            there = reconcile.kept(chosen.staging_folder, made["folder"], snapshot.manifest["origin"], registry)
            if there is not None:
                return there
    then = Vintage.received(vintage.ledger, moment, vintage.published_by)
    known = versions.known_names(then, chosen.staging_folder, registry)
    receipts = versions.receipts_of(then, chosen.staging_folder, registry, known)
    return reconcile.reconcile(receipts, chosen.staging_folder, registry)


def _keep_refused(work: Path, marts: Path) -> Path:
    """Keep the pages of a refused snapshot where the engineer finds them; its marts are not kept."""
    pages = marts / "refused"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.move(work / "data_docs", pages)
    shutil.rmtree(work)
    return pages / "index.html"
