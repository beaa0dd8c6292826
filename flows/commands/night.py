"""The night: run it, and look at what it published."""

import atexit
import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import (
    REFUSED,
    USAGE,
    Marts,
    Raw,
    Schemas,
    bring,
    chosen_of,
    current_of,
    doubts,
    registry_of,
    settings_of,
    stop,
    stopping,
)
from flows.commands.terminal import (
    out,
    progress,
    say_changes,
    say_warnings,
    show_deliveries,
    show_freshness,
    show_gone,
    show_report,
    show_runs,
    words,
)
from flows.core.outcome import Report

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from flows.intake.vintages import Vintage
    from flows.publish.snapshots import Snapshot
    from flows.settings import Settings
    from schemas.registry import Registry

# Of the last runs, so many are shown by 'status'.
RUNS = 7


def run(
    raw: Raw = None,
    marts: Marts = None,
    schemas: Schemas = None,
    again: Annotated[bool, typer.Option("--again", help="Build even where nothing changed.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Rebuild the marts from what had been received at a moment (2026-11-24T03:00) or for a snapshot.",
            show_default=False,
        ),
    ] = None,
    published_by: Annotated[
        str | None,
        typer.Option(
            "--published-by",
            help="Rebuild the marts from what the sources had published by a day (2011-03-01).",
            show_default=False,
        ),
    ] = None,
    clock_is_right: Annotated[
        bool,
        typer.Option(
            "--clock-is-right", help="The clock is right; what was dated later was dated by a clock that was wrong."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what a run would read, make and publish, and do nothing.")
    ] = False,
) -> None:
    """Turn the deliveries into a published snapshot. Exit code 0: published or nothing to do, 1: refused, 2: usage.

    With --as-of or --published-by, a vintage is built beside the snapshots; the one in force stays.
    """
    if dry_run:
        if as_of or published_by:
            stop("--dry-run is of a run that publishes: without --as-of and --published-by", USAGE)
        from flows.commands import upkeep

        upkeep.foretell(chosen_of(raw=raw, marts=marts, schemas=schemas), again)
        return
    chosen = settings_of(raw=raw, marts=marts, schemas=schemas)
    is_named = raw is not None and not chosen.raw_address and not raw.is_dir()
    publish(
        chosen, again, _moment(as_of, chosen.marts), _day(published_by), clock_is_right, USAGE if is_named else REFUSED
    )


def publish(
    chosen: "Settings",
    again: bool = False,
    moment: datetime | None = None,
    day: date | None = None,
    clock_is_right: bool = False,
    refused: int = REFUSED,
) -> None:
    """Run the night in these folders and print what became of it; exits with `refused` where it was refused."""
    from flows.publish import snapshots

    registry = _registry(chosen)
    is_there = _is_there(chosen)
    in_force = None if moment or day else snapshots.in_force(chosen.marts)
    found, is_done = (
        _to_do(chosen, registry, in_force, moment, day)
        if is_there and (in_force is None or chosen.raw.is_dir())
        else (None, False)  # the night says what is gone, or cannot be reached
    )
    if found and is_done and in_force and not again and not clock_is_right and _is_sound(chosen, registry):
        typer.echo(f"Nothing changed: snapshot {in_force.id} was made of these {len(found.deliveries)} deliveries.")
        say_warnings([*found.passed_over, *in_force.manifest["warnings"]])
        _tell(chosen, Report("unchanged", "nothing changed", snapshot=in_force.id), registry)
        _nothing_new(chosen, in_force)
        return

    def plainly() -> dict[str, Any]:
        from dataclasses import asdict

        from flows import night
        from flows.steps import Plain

        return asdict(night.run(chosen, again, moment, day, Plain(), clock_is_right))

    def watched() -> "State[Any]":
        from flows.nightly import nightly

        return nightly(
            chosen.raw_place, chosen.marts_place, chosen.schemas, again, moment, day, clock_is_right, return_state=True
        )

    report = run_steps(plainly, watched, "the last snapshot stays in force")
    show_report(report)
    if report["outcome"] == "refused":
        stop(report["message"], refused)
    if report["outcome"] == "rebuilt":
        out.print(words("\nRebuilt vintage ", (report["snapshot"], "bold"), f" in {report['folder']}"), soft_wrap=True)
        for difference in report["differences"]:
            out.print(f"  {difference}", soft_wrap=True)
    if report["outcome"] == "published":
        out.print(
            words(
                "\nPublished snapshot ",
                (report["snapshot"], "bold"),
                ". Where a file lies: boligprofil path area_profile",
            )
        )


def _is_there(chosen: "Settings") -> bool:
    """Whether what lies in buckets, where anything does, could be brought."""
    from flows.core.buckets import BucketError

    try:
        bring(chosen, with_raw=True)
    except BucketError:
        return False
    return True


def _registry(chosen: "Settings") -> "Registry":
    """The registry; where it contradicts itself the night is refused, which somebody is told."""
    from schemas.loading import load
    from schemas.registry import RegistryError

    try:
        return load(chosen.schemas)
    except RegistryError as error:
        _tell(chosen, Report("refused", str(error)), None)
        stop(str(error), REFUSED)


def _tell(chosen: "Settings", report: Report, registry: "Registry | None") -> None:
    """Tell whoever is to be told, by the command of the settings, of a night that did not get as far as its steps."""
    if chosen.notify:
        from flows.intake.ledger import now
        from flows.operation import notice

        notice.after_night(chosen.notify, report, chosen.marts, registry, now())


def _nothing_new(chosen: "Settings", in_force: "Snapshot") -> None:
    """Log a run that found nothing new, and tell it outside, where somebody asked to be; loads nothing else."""
    if chosen.log or chosen.metrics or chosen.openlineage:
        from flows import night
        from flows.core import logs
        from flows.core.outcome import Report
        from flows.intake.ledger import now

        with logs.kept(chosen.log):
            night.ended(Report("unchanged", "nothing changed", snapshot=in_force.id), chosen, now())


def run_steps(
    plainly: Callable[[], Mapping[str, Any]], watched: Callable[[], "State[Any]"] | None, stays: str
) -> Mapping[str, Any]:
    """Run the steps of a flow, their way on stderr; what they did.

    Plainly, or where a Prefect server is named as a flow that is `watched` there. Exits with 1, saying what `stays`,
    where an error ended it.
    """
    from flows.settings import is_watched

    atexit.register(hush)
    with progress():
        if watched is None or not is_watched():
            try:
                return plainly()
            except Exception as error:
                logging.getLogger("boligprofil").debug("the run ended", exc_info=error)
                stop(f"the run failed, {stays}: {type(error).__name__}: {error}", REFUSED)
        try:
            state = watched()
        except Exception as error:
            logging.getLogger("boligprofil").debug("the run ended", exc_info=error)
            stop(
                f"{_server(error)} {stays[:1].upper()}{stays[1:]}, unless the run says above that it published", REFUSED
            )
        from flows.operation.prefect_runs import report_of

        report = report_of(state)
    if report is None:
        stop(f"the run failed, {stays}: {state.message}; see the run in Prefect", REFUSED)
    return report


def _server(error: Exception) -> str:
    """What is wrong with Prefect's server, and what to do: a flow's own errors end in its state."""
    return (
        f"Prefect's server, which PREFECT_API_URL names, was not there to the end: {type(error).__name__}: {error}. "
        "Is it running, and are its address and PREFECT_API_AUTH_STRING right? Run again; without PREFECT_API_URL no "
        "server is needed."
    )


def status(raw: Raw = None, marts: Marts = None, schemas: Schemas = None) -> None:
    """The snapshot in force, what became of each delivery, what is gone, and whether there is work to do."""
    from flows.intake import gone
    from flows.publish import runs, snapshots

    chosen = chosen_of(raw=raw, marts=marts, schemas=schemas)
    snapshot = current_of(chosen.marts)
    manifest = snapshot.manifest
    out.print(
        f"Snapshot {snapshot.id}, published {snapshot.published_at:%Y-%m-%d %H:%M} UTC, {manifest['origin']} figures"
    )
    if manifest["caveat"]:
        out.print(f"The areas' figures are {manifest['caveat']}.")
    show_deliveries(manifest["deliveries"])
    show_gone(manifest.get("gone", ()))
    say_warnings(manifest["warnings"])
    show_runs(runs.last(chosen.marts)[:RUNS])
    registry = registry_of(chosen.schemas)
    show_freshness(registry, manifest["deliveries"])
    say_warnings([*doubts(chosen, registry), *snapshots.cut(chosen.marts)])
    if not chosen.raw.is_dir():
        say_warnings([f"{chosen.raw} is no folder of deliveries: the next night will be refused. Mount or put it back"])
        return
    found, is_done = _to_do(chosen, registry, snapshot)
    absent = gone.absence(
        manifest["deliveries"], manifest.get("gone", ()), found.deliveries, registry, found.moment.date()
    )
    say_changes(snapshot, found.fingerprints, is_done, absent)
    say_warnings([*found.passed_over, *gone.refusal(absent, found.deliveries, registry).splitlines()[:1]])


def _to_do(
    chosen: "Settings",
    registry: "Registry",
    in_force: "Snapshot | None",
    moment: datetime | None = None,
    day: date | None = None,
) -> "tuple[Vintage, bool]":
    """The deliveries, and whether the snapshot in force was made of just these."""
    from flows.intake.ledger import DeliveryLedger
    from flows.intake.vintages import vintage
    from flows.publish.snapshots import inputs_sha256

    with stopping(USAGE, FileNotFoundError):
        found = vintage(chosen.raw, DeliveryLedger.load(chosen.staging_folder), registry, moment, day)
    inputs = inputs_sha256(found.deliveries, registry.fingerprint)
    return found, in_force is not None and in_force.is_made_of(inputs)


def _is_sound(chosen: "Settings", registry: "Registry") -> bool:
    """Whether the clock can be right, and nothing of the ledger was lost."""
    from flows.intake.ledger import DeliveryLedger, now
    from flows.publish.last_night import is_to_be_mended

    ledger = DeliveryLedger.load(chosen.staging_folder)
    return not doubts(chosen, registry) and not is_to_be_mended(chosen.marts, ledger, now())


def check(marts: Marts = None, schemas: Schemas = None) -> None:
    """Verify the snapshot in force: every file's hash, and every SQL check. Exit code 1 where something is wrong."""
    from flows.marts import checks, queries
    from flows.publish import snapshots
    from flows.publish.warnings import with_labels

    chosen = chosen_of(marts=marts, schemas=schemas)
    snapshot = current_of(chosen.marts)
    with stopping(REFUSED, snapshots.Damaged):
        snapshots.verify(snapshot)
    files = {mart: snapshot.path(mart) for mart in snapshot.manifest["marts"]}
    registry = registry_of(chosen.schemas)
    offences = checks.run(files, registry)
    for offence in offences:
        promise = f'{offence.check.name}: {offence.count} rows break "{offence.check.promise}"'
        out.print(with_labels(f"{offence.check.severity}: {promise} ({'; '.join(offence.where)})", registry))
    total = len(queries.checks())
    out.print(f"Snapshot {snapshot.id}: {len(files)} files are whole, {total - len(offences)} of {total} checks hold.")
    if any(offence.check.severity == "error" for offence in offences):
        raise typer.Exit(REFUSED)


def path(
    mart: Annotated[str, typer.Argument(help="Name of a mart, such as area_profile.")], marts: Marts = None
) -> None:
    """Print the resolved file of a mart in the snapshot in force; open that, never a path through `current`."""
    with stopping(USAGE, LookupError):
        print(current_of(chosen_of(marts=marts).marts).path(mart))


def _moment(written: str | None, marts: Path) -> datetime | None:
    """A moment in UTC: as written, or that of a kept snapshot."""
    from flows.publish import snapshots

    if written is None:
        return None
    named = [s for s in snapshots.kept(marts) if s.id == written and "as_of" in s.manifest]
    try:
        moment = datetime.fromisoformat(named[0].manifest["as_of"] if named else written)
    except ValueError:
        stop(
            f"--as-of takes a moment such as 2026-11-24T03:00 (UTC) or the id of a kept snapshot, not {written!r}",
            USAGE,
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(written: str | None) -> date | None:
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError:
        stop(f"--published-by takes a day such as 2011-03-01, not {written!r}", USAGE)


def hush() -> None:
    """Send what native libraries print while the interpreter is taken down to nowhere.

    DuckDB lists objects that are still held at that moment. Exit functions run last in, first out: registered before
    anything else is imported, this one comes after everything that has something to say.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
