"""The baseline of the evaluation: a made-up nation to try it on, the design cards, and files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.night import publish
from flows.commands.options import REFUSED, USAGE, Marts, Raw, Schemas, opened, registry_of, stop, stopping
from flows.commands.targets import pages
from flows.commands.terminal import bar, out


def demo(
    folder: Annotated[Path, typer.Argument(help="Folder of the made-up nation; made where it is not there.")] = Path(
        "data/demo"
    ),
    seed: Annotated[int, typer.Option("--seed", help="Another seed is another nation.")] = 1,
    areas: Annotated[int, typer.Option("--areas", min=200, help="Housing areas beside the 13 case areas.")] = 1000,
    register: Annotated[
        bool, typer.Option("--register", help="Count its areas from a made-up person register, written beside.")
    ] = False,
    selection: Annotated[
        str, typer.Option("--selection", help="lasting: by what lasts; transient: areas with bad years before it, too.")
    ] = "lasting",
    raw: Raw = None,
) -> None:
    """Make a synthetic nation with a known truth, publish it, write its design cards and plans' pages; in one folder.

    Its municipalities, bands and totals are the real ones, from the folder of deliveries; every figure is made up.
    """
    from flows.settings import Settings, settings
    from flows.synthetic import country
    from flows.synthetic.reference import IncompleteReference

    if selection not in ("lasting", "transient"):
        stop(f"no selection {selection}; there are lasting and transient", USAGE)
    if (folder / "truth").is_dir():
        out.print(f"The nation in {folder} is there already; it is published as it is.", soft_wrap=True)
    else:
        with stopping(USAGE, IncompleteReference, FileExistsError), bar("made-up nation") as shown:
            country.write(
                folder,
                settings(raw=raw).raw,
                registry_of(None),
                seed=seed,
                areas=areas,
                transient=selection == "transient",
                progress=shown,
                with_register=register,
            )
    chosen = Settings(raw=folder / "raw", marts=folder / "marts", schemas=folder / "schemas")
    publish(chosen)
    baseline(folder / "baseline", marts=chosen.marts, schemas=chosen.schemas)
    pages(folder / "steering", marts=chosen.marts, schemas=chosen.schemas)
    out.print(f"The truth that was planted: {folder / 'truth'}", soft_wrap=True)


def baseline(
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder of the cards. [baseline, beside the marts]", show_default=False)
    ] = None,
    outcome: Annotated[
        list[str] | None, typer.Option("--outcome", help="Only this outcome; else all.", show_default=False)
    ] = None,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Write the design cards of the snapshot in force: a page and a PDF per outcome. Exit code 1: it is no baseline."""
    from flows.evaluation_cards import pages as cards
    from flows.evaluation_cards.figures import NoBaseline

    chosen, registry, snapshot = opened(marts=marts, schemas=schemas)
    folder = folder or chosen.marts.parent / "baseline"
    with stopping(USAGE, ValueError, LookupError), stopping(REFUSED, NoBaseline), bar("design cards") as shown:
        files = cards.write(snapshot, registry, folder, outcome, progress=shown)
    out.print(f"{len(files)} files in {folder}; begin with {folder / 'index.html'}", soft_wrap=True)


def table_one(
    contrast: Annotated[
        list[str] | None, typer.Option("--contrast", help="Only this contrast of groups; else all.", show_default=False)
    ] = None,
    form: Annotated[
        list[str] | None, typer.Option("--format", help="docx, tex or md; several times for several. [all]")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to. [table1, beside the marts]", show_default=False)
    ] = None,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Write Table 1, how the groups looked before the grants, as Word, LaTeX and Markdown. Exit code 1: no baseline."""
    from flows.evaluation_cards import table_one as tables
    from flows.evaluation_cards.figures import NoBaseline

    chosen, registry, snapshot = opened(marts=marts, schemas=schemas)
    with stopping(USAGE, ValueError, LookupError), stopping(REFUSED, NoBaseline):
        files = tables.write(snapshot, registry, folder or chosen.marts.parent / "table1", contrast, form)
    for file in files:
        out.print(str(file), soft_wrap=True)


def export(
    mart: Annotated[list[str], typer.Argument(help="Marts, such as baseline_panel.")],
    form: Annotated[
        list[str] | None, typer.Option("--format", help="dta, sav, xpt or csv; several times for several. [all]")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("data/exports"),
    through: Annotated[
        int | None, typer.Option("--through", help="Only years up to this one; fails where outcomes are locked.")
    ] = None,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Write marts for Stata, SPSS, SAS and CSV, with labels, definitions and the reasons why figures are missing."""
    from flows.publish import exports
    from schemas.evaluation import Locked

    _, registry, snapshot = opened(marts=marts, schemas=schemas)
    if unknown := sorted(set(mart) - registry.marts.keys()):
        stop(f"no mart {', '.join(unknown)}; there are {', '.join(registry.marts)}", USAGE)
    for name in mart:
        with stopping(USAGE, exports.ExportError), stopping(REFUSED, Locked):
            table, moment = registry.marts[name], snapshot.published_at
            written = exports.export(snapshot.path(name), table, registry, folder, moment, form, through)
        for file in written:
            out.print(str(file), soft_wrap=True)
