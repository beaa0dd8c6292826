"""Person registers: check them against their contract, and count them to a delivery of the house."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import REFUSED, USAGE, Marts, Raw, Schemas, opened, stop, stop_where_in_a_bucket, stopping
from flows.commands.terminal import out

if TYPE_CHECKING:
    from flows.publish.snapshots import Snapshot
    from flows.registers.counting import Register
    from flows.registers.workers import Each
    from schemas.registry import Registry

app = typer.Typer(
    help="Person registers: check them where they lie, and count them to figures of areas.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Folder = Annotated[Path, typer.Argument(help="Folder of the register: register.toml and a folder per table.")]
Key = Annotated[
    Path | None,
    typer.Option("--key", help="Dated key as parquet. [mart dim_addresses of the snapshot in force]"),
]


@app.command()
def check(folder: Folder, key: Key = None, marts: Marts = None, schemas: Schemas = None) -> None:
    """Check a register against its contract, without reading it into memory. Exit code 1: it does not fit."""
    from flows.registers.workers import NoWorkers, each_by

    chosen, registry, snapshot = opened(marts=marts, schemas=schemas)
    with stopping(USAGE, NoWorkers), each_by(chosen.workers) as each:
        _checked(folder, key, registry, snapshot, each)
    out.print(f"{folder} fits its contract", soft_wrap=True)


@app.command()
def count(folder: Folder, key: Key = None, raw: Raw = None, marts: Marts = None, schemas: Schemas = None) -> None:
    """Check and count a register, and put the figures among the deliveries. Exit code 1: it does not fit.

    BOLIGPROFIL_WORKERS says who counts: threads, processes, or tcp://host:port of a Dask scheduler.
    """
    from flows.intake.ledger import now
    from flows.registers import composition, counting, delivery, partitions
    from flows.registers.pieces import CountingFailed
    from flows.registers.workers import NoWorkers, each_by

    chosen, registry, snapshot = opened(raw=raw, marts=marts, schemas=schemas)
    stop_where_in_a_bucket(chosen)
    with (
        stopping(REFUSED, partitions.UnfitRegister, CountingFailed),
        stopping(USAGE, NoWorkers),
        each_by(chosen.workers) as each,
    ):
        register = _checked(folder, key, registry, snapshot, each)
        staging, note, today = chosen.staging_folder / "registers", partitions.note(folder), now().date()
        figures = counting.figures(counting.counts(register, registry, staging, each), register, registry)
        flows = composition.flows(register, registry, staging, each)
        file = delivery.deliver(figures, note, registry, chosen.raw, today)
        out.print(f"{figures.height:,} figures in {file}", soft_wrap=True)
        if flows.is_empty():
            out.print("no composition: it takes persons of two years in a row and the moves between", soft_wrap=True)
        else:
            file = delivery.deliver_flows(flows, note, registry, chosen.raw, today)
            out.print(f"{flows.height:,} flows of who stayed, came and left in {file}", soft_wrap=True)
    out.print("'boligprofil run' publishes them", soft_wrap=True)


def _checked(folder: Path, key: Path | None, registry: "Registry", snapshot: "Snapshot", each: "Each") -> "Register":
    """The register with what places its persons; exits with 1 where it, or the key, does not fit."""
    import polars as pl

    from flows.registers import contract, partitions, references
    from flows.registers.counting import Register

    register = Register(folder, key or snapshot.path("dim_addresses"), snapshot.path("dim_municipalities"))
    with stopping(REFUSED, partitions.UnfitRegister):
        note = partitions.note(folder)
        if note.origin != snapshot.manifest["origin"]:
            stop(
                f"{folder / partitions.NOTE} says {note.origin}, the snapshot in force {snapshot.manifest['origin']}: "
                "real and synthetic never meet",
                REFUSED,
            )
        persons = register.partitions_of("person_years")
        others = [*register.partitions_of("households"), *register.partitions_of("moves")]
        codes = pl.read_parquet(register.municipalities)["municipality_code"].to_list()
        contract.require(references.check(persons, others, registry, codes, each), str(folder))
        references.require_key(register.addresses, persons)
    return register
