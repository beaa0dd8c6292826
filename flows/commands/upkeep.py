"""Upkeep: what a run would do before it does it."""

from collections import Counter
from typing import TYPE_CHECKING

import typer

from flows.commands.options import REFUSED, doubts, registry_of, stop
from flows.commands.terminal import out, say_warnings, table_of

if TYPE_CHECKING:
    from flows.publish.forecast import Forecast
    from flows.settings import Settings
    from schemas.registry import Registry

LISTED = 20


def foretell(chosen: "Settings", again: bool = False) -> None:
    """Say what a run would read, make and publish. Exits with 1 where it would be refused; nothing is written."""
    from flows.intake import gone
    from flows.intake.ledger import DeliveryLedger, now
    from flows.intake.vintages import vintage
    from flows.publish import snapshots
    from flows.publish.forecast import forecast
    from flows.publish.last_night import last_night

    registry = registry_of(chosen.schemas)
    in_force = snapshots.in_force(chosen.marts)
    try:
        found = vintage(chosen.raw, chosen.staging_folder, registry)
    except FileNotFoundError as missing:
        stop(f"A run would be refused: {missing}", REFUSED)
    last = last_night(chosen.marts, DeliveryLedger.load(chosen.staging_folder), now())
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
