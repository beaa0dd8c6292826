"""Deliveries: bring them, take them in, ask for them, and say what is wrong with them."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import (
    REFUSED,
    USAGE,
    Marts,
    Raw,
    Schemas,
    check_clock,
    registry_of,
    settings_of,
    stop,
    stop_where_in_a_bucket,
    stopping,
)
from flows.commands.terminal import err, out, progress, table_of


def fetch(
    origin: Annotated[str, typer.Argument(help="Where to fetch from: statbank.")],
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source; else all that declare 'fetch'.")
    ] = None,
    raw: Raw = None,
    schemas: Schemas = None,
) -> None:
    """Bring the declared tables of StatBank as deliveries. Exit code 1 where one could not be brought."""
    from flows import fetch as steps_of_fetch
    from flows.settings import settings
    from flows.steps import Plain

    if origin != "statbank":
        stop(f"nothing is fetched from {origin!r}; there is statbank", USAGE)
    with progress(), stopping(USAGE, steps_of_fetch.NotDeclared):
        report = steps_of_fetch.run(settings(raw=raw, schemas=schemas), source or (), Plain())
    for table in report["tables"]:
        if table["fault"]:
            err.print(f"{table['source']} ({table['title']}): {table['fault']}", style="red", soft_wrap=True)
        else:
            out.print(f"{table['source']}: {table['stored'] or 'nothing new'}", soft_wrap=True)
    if report["outcome"] == "refused":
        if not report["tables"]:
            stop(report["message"], REFUSED)
        raise typer.Exit(REFUSED)


def receive(
    file: Annotated[Path, typer.Argument(help="File as the sender sent it.", exists=True, dir_okay=False)],
    source: Annotated[str, typer.Argument(help="Source that it belongs to (schemas/sources.toml).")],
    says: Annotated[str | None, typer.Option("--says", help="What it is and who made it.", show_default=False)] = None,
    sender: Annotated[str | None, typer.Option("--sender", help="Who sent it.", show_default=False)] = None,
    published: Annotated[
        str | None, typer.Option("--published", help="Day or year of publication.", show_default=False)
    ] = None,
    origin: Annotated[str | None, typer.Option("--origin", help="real or syntetisk.", show_default=False)] = None,
    raw: Raw = None,
    schemas: Schemas = None,
) -> None:
    """Put a file into the folder of deliveries under today's date, with a note; nothing is ever overwritten.

    --says, --published and --origin are needed where the file carries no note of its own.
    """
    from flows.intake import receiving

    chosen = settings_of(raw=raw, schemas=schemas)
    stop_where_in_a_bucket(chosen)
    registry = registry_of(chosen.schemas)
    check_clock(chosen, registry)
    note = {"kilde": says, "afsender": sender, "udgivet": published, "oprindelse": origin}
    with stopping(USAGE, receiving.NotReceived):
        kept = receiving.receive(file, source, {k: v for k, v in note.items() if v}, chosen.raw, registry)
    out.print(f"received as {kept}", soft_wrap=True)


def template(
    file: Annotated[Path, typer.Argument(help="Workbook to write, such as odense_2016.xlsx.")],
    source: Annotated[
        str,
        typer.Option(
            "--for",
            help="municipal_yearly, plan_targets, plan_activities, secretariat_indicators or implementation.",
            metavar="SOURCE",
        ),
    ] = "municipal_yearly",
    municipality: Annotated[
        str | None,
        typer.Option(
            "--municipality", help="Four digits: only its places; what is known of it is filled in.", show_default=False
        ),
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", help="The year to ask for; of yearly figures only.", show_default=False)
    ] = None,
    schemas: Schemas = None,
) -> None:
    """Write a workbook for a sender to fill in, in Danish: yearly figures, plans, how they are carried out."""
    from flows.intake import templates
    from flows.settings import settings

    with stopping(USAGE, ValueError):
        templates.write(file, registry_of(settings(schemas=schemas).schemas), source, municipality, year)
    out.print(f"wrote {file}", soft_wrap=True)


def list_quarantine(
    sender: Annotated[str | None, typer.Option("--sender", help="Only this sender.", show_default=False)] = None,
    letter: Annotated[bool, typer.Option("--letter", help="Write the letter to the sender, in Danish.")] = False,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """What is set aside, by sender and delivery, since when; or a letter in Danish to a sender."""
    from flows.intake.ledger import now
    from flows.intake.quarantine import register
    from flows.settings import settings

    chosen = settings(marts=marts, schemas=schemas)
    items = register(chosen.quarantine_folder)
    open_items = [item for item in items if not item.closed]
    senders = sorted({item.sender for item in open_items})
    if sender is not None and sender not in senders:
        stop(f"nothing is open with {sender!r}; open are: {', '.join(senders) or 'none'}", USAGE)
    wanted = [sender] if sender else senders
    if letter:
        from flows.intake.letters import letter as written

        registry = registry_of(chosen.schemas)
        for name in wanted:
            print(written(name, [i for i in open_items if i.sender == name], registry, now().date()))
        return
    table = table_of("sender", "delivery", "rule", ">rows", "first seen")
    groups = sorted({(i.sender, i.path, i.rule) for i in open_items if i.sender in wanted})
    for group in groups:
        rows = [item for item in open_items if (item.sender, item.path, item.rule) == group]
        table.add_row(*group, f"{len(rows):,}", min(row.first_seen for row in rows))
    if groups:
        out.print(table)
    out.print(f"{len(open_items)} open, {len(items) - len(open_items)} closed by a newer delivery.")
