"""Plans' targets: check them before they are decided, and show where they stand."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.commands.options import REFUSED, Marts, Schemas, current_of, registry_of, stop
from flows.shown import out

app = typer.Typer(
    help="Plans' targets: check a file of them, and write pages and forms for steering groups. Answers in Danish.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="File of targets, as a plan would send it.", exists=True, dir_okay=False)
    ],
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Check targets before they are decided, in plain Danish. Exit code 1: the file or one of its rows cannot be used.

    Is the indicator measured for the area, is the starting value what the figures say, is the step larger than chance
    alone could make it, did any area ever move so far, and will there be a figure for the target year?
    """
    from flows.settings import settings
    from flows.steering import check as checking

    chosen = settings(marts=marts, schemas=schemas)
    snapshot = current_of(chosen.marts)
    try:
        found = checking.check(file, snapshot, registry_of(chosen.schemas))
    except checking.NotChecked as refusal:
        stop(str(refusal), REFUSED)
    out.print(
        f"{file.name}, holdt op mod tallene i {snapshot.id} ({checking.ORIGINS[snapshot.manifest['origin']]} tal)"
    )
    for target in found.targets:
        out.print(
            f"\n[bold]{escape(target.plan)}, mål {escape(target.number)}:[/] {escape(target.goal)}", soft_wrap=True
        )
        for finding in target.findings:
            out.print(f"  {'✓' if finding.is_fine else '!'} {escape(finding.words)}", soft_wrap=True)
    if found.faults:
        out.print("\n[bold]Rækker, der skal rettes, før de kan bruges:[/]")
    for fault in found.faults:
        where = f"linje {fault.line}" + (f", kolonnen '{fault.column}'" if fault.column else "")
        out.print(f"  ✗ {escape(where)}: {escape(fault.words)}", soft_wrap=True)
    doubts = sum(not finding.is_fine for target in found.targets for finding in target.findings)
    out.print(
        f"\n{len(found.targets)} mål kan læses, {len(found.faults)} fejl. "
        + (f"{doubts} svar giver grund til at se på målet igen (!)." if doubts else "Ingen svar giver grund til tvivl.")
    )
    if found.faults:
        raise typer.Exit(REFUSED)
