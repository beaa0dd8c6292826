"""`boligprofil backfill`: the marts of past years, each of what the sources had published by its last day."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.night import run_steps
from flows.commands.options import REFUSED, USAGE, Marts, Schemas, chosen_of, registry_of, stop
from flows.commands.terminal import out

if TYPE_CHECKING:
    from flows.settings import Settings
    from schemas.registry import Registry


def backfill(
    years: Annotated[str, typer.Option("--years", help="A year, or the first and the last one: 2006-2010.")],
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Build the marts of past years: for each, what the sources had published by its last day.

    From stored deliveries alone (staging/deliveries): nothing is fetched, data/raw is not looked at. A year whose
    vintage stands is not built again, so a run that was stopped goes on where it ended. Exit code 1 where a year was
    refused; the others are there.
    """
    from flows.intake.ledger import now

    chosen = chosen_of(marts=marts, schemas=schemas)
    registry = registry_of(chosen.schemas)
    moment, refused = now(), []
    for year in _years(years, moment.date()):
        day = date(year, 12, 31)
        made, message = _vintage_of(chosen, registry, moment, day)
        out.print(f"{year}, published by {day}: {message}", soft_wrap=True)
        if not made:
            refused.append(year)
    if refused:
        stop(f"{len(refused)} years were refused: {', '.join(map(str, refused))}; the others are there", REFUSED)


def _vintage_of(chosen: "Settings", registry: "Registry", moment: datetime, day: date) -> tuple[bool, str]:
    """Whether the vintage of a day is there now, and where it lies or why not."""
    from flows.intake.ledger import DeliveryLedger
    from flows.intake.vintages import vintage
    from flows.publish import snapshots

    found = vintage(chosen.raw, DeliveryLedger.load(chosen.staging_folder), registry, moment, day)
    if not found.deliveries:
        stop(f"no delivery is stored in {chosen.staging_folder}; 'boligprofil run' stores what it reads", USAGE)
    inputs = snapshots.inputs_sha256(found.deliveries, registry.fingerprint, day)
    for known in snapshots.kept(chosen.marts, "vintages"):
        if known.manifest.get("published_by") == day.isoformat() and known.is_made_of(inputs):
            return True, f"stands in {known.folder}"

    def plainly() -> "dict[str, object]":
        from dataclasses import asdict

        from flows import night
        from flows.steps import Plain

        return asdict(night.run(chosen, False, moment, day, Plain()))

    report = run_steps(plainly, None, "what was built before stands")
    if report["outcome"] == "refused":
        return False, f"refused: {report['message']}"
    rows = sum(report["marts"].values())
    used = sum(entry["outcome"] == "accepted" for entry in report["deliveries"])
    return True, f"built from {used} deliveries, {rows:,} rows, in {report['folder']}"


def _years(written: str, today: date) -> Iterable[int]:
    """The years of '2006' or '2006-2010'; exits with 2 where they are none, or not over yet."""
    first, _, last = written.partition("-")
    try:
        years = range(int(first), int(last or first) + 1)
    except ValueError:
        years = range(0)
    if not years or not 1900 < years[0] <= years[-1] < today.year:
        stop(f"--years takes years that are over, such as 2006-2010, not {written!r}", USAGE)
    return years
