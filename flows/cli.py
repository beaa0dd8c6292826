"""`boligprofil ...`: every command in the order of `--help`."""

from importlib import metadata
from typing import Annotated

import typer

from flows.commands import (
    backfill,
    catalogue,
    deliveries,
    doctor,
    evaluation,
    extracts,
    history,
    meaning,
    night,
    registers,
    server,
    targets,
    upkeep,
)
from flows.core import collecting
from flows.core.access import keep_in_the_house

app = typer.Typer(
    help="Profiles of Danish social-housing areas: from deliveries to published marts.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(metadata.version("boligprofil"))
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    keep_in_the_house()
    collecting.seldom()


app.command()(night.run)
app.command()(night.status)
app.command()(deliveries.fetch)
app.command()(deliveries.receive)
app.command()(deliveries.template)
app.command("quarantine")(deliveries.list_quarantine)
app.command()(night.check)
app.command()(doctor.doctor)
app.command()(server.serve)
app.command()(server.deploy)
app.command()(upkeep.prune)
app.command()(backfill.backfill)
app.command()(evaluation.baseline)
app.command("table1")(evaluation.table_one)
app.command()(evaluation.export)
app.command()(evaluation.demo)
app.add_typer(targets.app, name="targets")
app.add_typer(registers.app, name="register")
app.command()(extracts.extract)
app.command()(extracts.attack)
app.command()(extracts.clear)
app.command()(extracts.receipt)
app.command()(meaning.explain)
app.command()(meaning.trace)
app.command("snapshots")(history.list_snapshots)
app.command()(history.diff)
app.command()(catalogue.site)
app.command()(night.path)
app.command()(meaning.dictionary)

if __name__ == "__main__":
    app()
