"""`boligprofil site`: the catalogue of the snapshot in force, for people and for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import REFUSED, Marts, Schemas, opened, stopping
from flows.commands.terminal import out


def site(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder to write into; else sites/<snapshot> beside the snapshots.", show_default=False
        ),
    ] = None,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Write the catalogue: status of sources, last runs, quarantine, dictionary, lineage, differences, how to read.

    Static pages, and beside them datapackage.json, dcat.jsonld and metrics.prom. They hold counts: they stay in the
    house.
    """
    from flows.catalogue import site as pages
    from flows.catalogue.model import Catalogue, House
    from flows.intake.ledger import now
    from flows.publish import snapshots

    chosen, registry, snapshot = opened(marts=marts, schemas=schemas)
    house = House(chosen.publisher, chosen.contact)
    with stopping(REFUSED, snapshots.Busy, snapshots.Damaged), snapshots.lock(chosen.marts):
        catalogue = Catalogue(snapshot, registry, chosen.marts, chosen.quarantine_folder, now(), house)
        index = pages.write(catalogue, folder)
    out.print(f"The catalogue of snapshot {snapshot.id}: {index}", soft_wrap=True)
    if house.lacks:
        out.print(f"dcat.jsonld does not say whose it is: set {' and '.join(house.lacks)}", soft_wrap=True)
