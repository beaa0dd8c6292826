"""Upkeep: what a run would do before it does it, and what lies on the disk and may go."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import REFUSED, Marts, chosen_of, doubts, registry_of, stop, stopping
from flows.commands.terminal import out, say_warnings, table_of

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient

    from flows.publish.forecast import Forecast
    from flows.settings import Settings
    from schemas.registry import Registry

LISTED = 20
# The flows whose runs a Prefect server remembers for us; what other people run there is theirs.
OUR_FLOWS = ["nightly", "yearly", "fetch-statbank"]
AT_ONCE = 200


def foretell(chosen: "Settings", again: bool = False) -> None:
    """Say what a run would read, make and publish. Exits with 1 where it would be refused; nothing is written."""
    from flows.intake import gone
    from flows.intake.ledger import DeliveryLedger
    from flows.intake.vintages import vintage
    from flows.publish import snapshots
    from flows.publish.forecast import forecast
    from flows.publish.last_night import last_night

    registry = registry_of(chosen.schemas)
    in_force = snapshots.in_force(chosen.marts)
    try:
        found = vintage(chosen.raw, DeliveryLedger.load(chosen.staging_folder), registry)
    except FileNotFoundError as missing:
        stop(f"A run would be refused: {missing}", REFUSED)
    last = last_night(chosen.marts, found.ledger, found.moment)
    absent = gone.absence(last.deliveries, last.gone, found.deliveries, registry, found.moment.date())
    say_warnings([*found.passed_over, *last.notes, *gone.sentences(absent)])
    if refusals := _refusals(chosen, registry, gone.refusal(absent, found.deliveries, registry)):
        out.print("A run would be refused before anything is read:")
        for refusal in refusals:
            out.print(f"  {refusal}", soft_wrap=True)
        raise typer.Exit(REFUSED)
    inputs = snapshots.inputs_sha256(found.deliveries, registry.fingerprint)
    if in_force and not again and in_force.is_made_of(inputs):
        out.print(
            f"Nothing would be done: snapshot {in_force.id} was made of these {len(found.deliveries)} deliveries."
        )
        return
    lost = (each.source for each in absent.gone if each.path in absent.new)
    basis = None if again else in_force
    _show(forecast(found.deliveries, lost, basis, (chosen.marts, chosen.staging_folder), registry))
    if again and in_force:
        out.print("With --again nothing is taken over, but what is read from deliveries that did not change.")
    stays = f"snapshot {in_force.id} would stay beside it" if in_force else "it would be the first snapshot"
    out.print(f"If all promises hold it would be published, and {stays}; what breaks one is known once it is made.")


def _refusals(chosen: "Settings", registry: "Registry", gone: str) -> list[str]:
    """Why a run would stop before it reads anything."""
    from flows.intake.ledger import now

    found = [*doubts(chosen, registry), *registry.expired(now().date())]
    return [*found, *gone.splitlines()]


def _show(foreseen: "Forecast") -> None:
    """What would be read and made, and how long a run took that did as much."""
    from flows.publish.forecast import announcement, duration

    if words := announcement(foreseen):
        out.print(words[0].upper() + words[1:] + ".", soft_wrap=True)
    size = sum(read.bytes for read in foreseen.reads) / 1e6
    why = Counter(read.why for read in foreseen.reads)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(why.items()))
    number = len(foreseen.reads) or "none"
    out.print(
        f"\nIt would read {number} of {foreseen.of_deliveries} deliveries ({kinds or 'all are staged'}; {size:,.1f} MB)"
    )
    _table([(read.path, read.why, f"{read.bytes:,}") for read in foreseen.reads], "delivery", "why", ">bytes")
    out.print(
        f"\nIt would make at most {len(foreseen.steps)} of {foreseen.of_steps} steps, {len(foreseen.marts)} of "
        f"{foreseen.of_marts} marts among them, and again the tables between that these read"
    )
    if foreseen.marts and len(foreseen.marts) < foreseen.of_marts:
        out.print(f"  {', '.join(foreseen.marts)}", soft_wrap=True)
    out.print(f"\nHow long: {duration(foreseen.like)}.", soft_wrap=True)


def _table(rows: list[tuple[str, ...]], *headings: str) -> None:
    if not rows:
        return
    table = table_of(*headings)
    for row in rows[:LISTED]:
        table.add_row(*row)
    out.print(table)
    if len(rows) > LISTED:
        out.print(f"and {len(rows) - LISTED:,} more")


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what lies there and what keeps it; no more.")] = False,
    vintages_days: Annotated[
        int, typer.Option("--vintages-days", min=0, help="Rebuilt vintages stay for so many days.")
    ] = 30,
    prefect_days: Annotated[
        int, typer.Option("--prefect-days", min=1, help="Ended runs stay in a Prefect server for so many days.")
    ] = 90,
    marts: Marts = None,
) -> None:
    """Remove what nothing keeps; say of everything how large it is and what keeps it.

    Never removed: the snapshot in force, one that a release was made of, a delivery as it was received. Exit code 1
    where nothing is in force, or a run is at work.
    """
    from flows.publish import snapshots, storage
    from flows.publish.snapshots import Busy, CutManifest, NoSnapshot
    from flows.settings import is_watched

    chosen = chosen_of(marts=marts)
    kept_for = timedelta(days=vintages_days)
    retention = storage.Retention(chosen.keep_snapshots, chosen.keep_for, kept_for)
    with (
        stopping(REFUSED, Busy, NoSnapshot, CutManifest, storage.UnknownRelease),
        snapshots.lock(chosen.marts),
    ):
        found = storage.holdings(chosen.marts, chosen.staging_folder, chosen.releases_folder, retention)
        table = table_of("what", "name", ">MB", "stays because")
        for holding in found:
            why = "; ".join(holding.kept_by) or ("nothing keeps it: it would go" if dry_run else "it went")
            table.add_row(holding.kind, holding.name, f"{holding.bytes / 1e6:,.1f}", why)
        if not dry_run:
            storage.remove(found, chosen.marts)
            _prune_bucket(chosen, [holding.name for holding in storage.going(found) if holding.kind == "snapshot"])
    out.print(table)
    freed = f"{storage.freed(found) / 1e6:,.1f} MB {'would be free' if dry_run else 'are free'}"
    out.print(f"\n{freed}: snapshots share the files of marts that did not change.")
    if is_watched():
        _prune_prefect(prefect_days, dry_run)


def _prune_bucket(chosen: "Settings", names: list[str]) -> None:
    """Let the bucket, where the snapshots stand in one, forget what the folder has forgotten."""
    from flows.core.buckets import BucketError
    from flows.publish.mirror import Mirror

    if chosen.marts_address:
        with stopping(REFUSED, BucketError):
            mirror = Mirror(chosen.marts_address, chosen.marts)
            mirror.bring()
            mirror.forget(names, datetime.now(UTC) - chosen.keep_for)


def _prune_prefect(days: int, dry_run: bool) -> None:
    """Say how many ended runs of ours a Prefect server remembers for longer, and let it forget them."""
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectException

    with stopping(REFUSED, httpx.HTTPError, PrefectException), get_client(sync_client=True) as client:
        number = 0
        for old in ended_runs(client, datetime.now(UTC) - timedelta(days=days)):
            number += 1
            if not dry_run:
                client.delete_flow_run(old)
    what = f"{number:,} runs that ended more than {days} days ago"
    out.print(f"Prefect's tables hold {what}" if dry_run else f"Prefect's tables held {what}: gone")


def ended_runs(client: "SyncPrefectClient", before: datetime) -> "Iterator[UUID]":
    """The runs of our flows that ended before a moment."""
    from prefect.client.schemas.filters import (
        FlowFilter,
        FlowFilterName,
        FlowRunFilter,
        FlowRunFilterEndTime,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import TERMINAL_STATES

    ended = FlowRunFilterState(type=FlowRunFilterStateType(any_=sorted(TERMINAL_STATES, key=str)))
    moment = FlowRunFilterEndTime.model_validate({"before_": before})
    asked = FlowRunFilter(end_time=moment, state=ended)
    ours = FlowFilter(name=FlowFilterName(any_=OUR_FLOWS))
    seen: set[UUID] = set()
    while True:
        page = client.read_flow_runs(flow_filter=ours, flow_run_filter=asked, limit=AT_ONCE)
        page = [run for run in page if run.id not in seen]
        if not page:
            return
        for run in page:
            seen.add(run.id)
            yield run.id
