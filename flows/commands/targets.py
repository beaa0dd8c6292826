"""Plans' targets: check them before they are decided, and show where they stand."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import REFUSED, USAGE, Marts, Schemas, opened, stop, stopping
from flows.commands.terminal import bar, out, words

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
    from flows.target_pages import check as checking

    _, registry, snapshot = opened(marts=marts, schemas=schemas)
    try:
        result = checking.check(file, snapshot, registry)
    except checking.NotChecked as refusal:
        stop(str(refusal), REFUSED)
    except LookupError as error:
        stop(f"{error.args[0]}; run 'boligprofil run' first", REFUSED)
    out.print(
        f"{file.name}, holdt op mod tallene i {snapshot.id} ({checking.ORIGINS[snapshot.manifest['origin']]} tal)"
    )
    for target in result.targets:
        out.print(words((f"\n{target.plan}, mål {target.number}:", "bold"), f" {target.goal}"), soft_wrap=True)
        for answer in target.answers:
            out.print(f"  {'✓' if answer.is_fine else '!'} {answer.sentence}", soft_wrap=True)
    if result.unusable:
        out.print(words(("\nRækker, der skal rettes, før de kan bruges:", "bold")))
    for row in result.unusable:
        where = f"linje {row.line}" + (f", kolonnen '{row.column}'" if row.column else "")
        out.print(
            f"  ✗ {where}: {row.reason}{f' ({row.hint})' if row.hint else ''}",
            soft_wrap=True,
        )
    doubts = sum(not answer.is_fine for target in result.targets for answer in target.answers)
    out.print(
        f"\n{len(result.targets)} mål kan læses, {len(result.unusable)} fejl. "
        + (f"{doubts} svar giver grund til at se på målet igen (!)." if doubts else "Ingen svar giver grund til tvivl.")
    )
    if result.unusable:
        raise typer.Exit(REFUSED)


@app.command()
def show(
    plan: Annotated[str, typer.Argument(help="Identifier of a plan (mart dim_plans), such as helhedsplan-vollsmose.")],
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Where a plan's targets stand in the newest year with a figure, in Danish."""
    from flows.present import notation, vocabulary
    from flows.publish.plans_read import read
    from flows.target_pages import sentences

    _, registry, snapshot = opened(marts=marts, schemas=schemas)
    try:
        plans = {entry.id: entry for entry in read(snapshot).plans}
    except LookupError as error:
        stop(f"{error.args[0]}; run 'boligprofil run' first", REFUSED)
    if plan not in plans:
        known = ", ".join(list(plans)[:20]) + (" ..." if len(plans) > 20 else "")
        stop(f"no plan {plan!r}; there are {known}", USAGE)
    targets = sorted(plans[plan].walk(), key=lambda target: not target.row["is_shared"])
    for mark, meaning in sentences.banners(snapshot.manifest["origin"], plans[plan].is_example):
        out.print(f"{mark}: {meaning}")
    for target in targets:
        row = target.row
        out.print(words((f"\nmål {row['target_no']}:", "bold"), f" {row['goal']}"), soft_wrap=True)
        if row["is_withdrawn"]:
            out.print("  opgivet")
        elif row["indicator"] is None:
            out.print(f"  følges ikke med tal: {vocabulary.NOT_MEASURABLE[row['not_measurable_because']]}")
        else:
            indicator, newest = registry.indicators[row["indicator"]], target.newest or {}
            start = f"{notation.valued(row['start_value'], indicator)} ({row['start_year']})"
            goal = f"mål {notation.valued(row['target_value'], indicator)} ({row['target_year']})"
            now = f"nu {notation.valued(newest.get('value'), indicator)} ({newest.get('year', notation.ABSENT)})"
            path = f"på vejen {notation.valued(newest.get('expected_value'), indicator)}"
            out.print(f"  {indicator.label_da}: start {start}, {now}, {path}, {goal}", soft_wrap=True)
            if verdict := sentences.verdict_of(target):
                why = "; ".join(vocabulary.reasons(newest.get("why")))
                kind = vocabulary.KINDS[newest["verdict_kind"]]
                out.print(f"  {verdict.short}, {kind}{': ' + why if why else ''}", soft_wrap=True)
    if not targets:
        out.print("Planen har ingen mål.")


@app.command()
def pages(
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder of the pages. [steering, beside the marts]", show_default=False)
    ] = None,
    plan: Annotated[
        list[str] | None, typer.Option("--plan", help="Only this plan; else all.", show_default=False)
    ] = None,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Write a page per plan and per secretariat for steering groups, in Danish. They are internal: not cleared."""
    from flows.target_pages import pages as making

    chosen, registry, snapshot = opened(marts=marts, schemas=schemas)
    with stopping(USAGE, ValueError, LookupError), bar("pages") as shown:
        files = making.write(snapshot, registry, folder or chosen.marts.parent / "steering", plan, progress=shown)
    out.print(f"{len(files)} pages; begin with {files[0]}", soft_wrap=True)


@app.command()
def form(
    plan: Annotated[str, typer.Argument(help="Identifier of a plan (mart dim_plans), such as helhedsplan-vollsmose.")],
    year: Annotated[int, typer.Option("--year", help="The year that the form is about.")],
    file: Annotated[
        Path | None, typer.Option("--out", help="Workbook to write. [<plan>_<year>.xlsx]", show_default=False)
    ] = None,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Write a plan's yearly form of goal attainment as a workbook, filled in as far as the figures go, in Danish."""
    from flows.target_pages import form as making

    _, registry, snapshot = opened(marts=marts, schemas=schemas)
    written = file or Path(f"{plan}_{year}.xlsx")
    with stopping(USAGE, ValueError, LookupError):
        making.write(written, snapshot, registry, plan, year)
    out.print(f"wrote {written}", soft_wrap=True)
