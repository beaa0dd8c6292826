"""Snapshots that are kept, and what differs between two of them."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import REFUSED, USAGE, Marts, Schemas, chosen_of, current_of, opened, stop, stopping
from flows.commands.terminal import out, say_warnings, table_of, words

if TYPE_CHECKING:
    from flows.publish.differences import Differences, FigureMoved
    from flows.publish.snapshots import Snapshot


def list_snapshots(marts: Marts = None) -> None:
    """Every snapshot that is kept, the one in force first."""
    from flows.publish import snapshots

    chosen = chosen_of(marts=marts)
    in_force = current_of(chosen.marts)
    table = table_of("snapshot", "in force", "published (UTC)", "figures", ">rows", ">deliveries", "commit")
    for snapshot in snapshots.kept(chosen.marts):
        manifest = snapshot.manifest
        table.add_row(
            snapshot.id,
            "yes" if snapshot.id == in_force.id else "",
            f"{snapshot.published_at:%Y-%m-%d %H:%M}",
            manifest["origin"],
            f"{sum(entry['rows'] for entry in manifest['marts'].values()):,}",
            str(len(manifest["deliveries"])),
            manifest["commit"][:12],
        )
    out.print(table)
    say_warnings(snapshots.cut(chosen.marts))


def diff(
    first: Annotated[str | None, typer.Argument(help="A snapshot; else the last before the other one.")] = None,
    second: Annotated[str | None, typer.Argument(help="Another snapshot; else the one in force.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Lines shown of each kind.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Everything that differs, as JSON.")] = False,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """What differs between two snapshots: deliveries, figures, verdicts, definitions, rows; largest moves first."""
    from flows.publish.differences import compare
    from flows.publish.snapshots import Damaged

    chosen, registry, in_force = opened(marts=marts, schemas=schemas)
    after = in_force if second is None else _named(chosen.marts, second)
    before = _before(chosen.marts, after) if first is None else _named(chosen.marts, first)
    with stopping(REFUSED, Damaged):
        found = compare(before, after, registry)
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False, indent=1, default=str))
    else:
        _show(found, most)


def _named(marts: Path, name: str) -> "Snapshot":
    """The kept snapshot whose identifier begins like this; rebuilt vintages among them."""
    from flows.publish import snapshots

    kept = [*snapshots.kept(marts), *snapshots.kept(marts, "vintages")]
    found = {snapshot.id: snapshot for snapshot in kept if name and snapshot.id.startswith(name)}
    if len(found) != 1:
        names = ", ".join(dict.fromkeys(snapshot.id for snapshot in kept))
        stop(f"{len(found) or 'no'} kept snapshots begin with {name!r}; there are {names}", USAGE)
    return next(iter(found.values()))


def _before(marts: Path, after: "Snapshot") -> "Snapshot":
    """The one that was in force last before this one."""
    from flows.publish import snapshots

    earlier = [snapshot for snapshot in snapshots.kept(marts) if snapshot.published_at < after.published_at]
    if not earlier:
        stop(f"no snapshot from before {after.id} is kept, so there is nothing to hold it against", USAGE)
    return earlier[0]


def _show(found: "Differences", most: int) -> None:
    out.print(words(("from ", ""), (found.before, "bold"), (" to ", ""), (found.after, "bold")))
    if found.made_by:
        out.print(f"They were made by another {', another '.join(found.made_by)}.")
    if found.is_none:
        out.print("Nothing differs: the same rows, figures, verdicts and definitions.")
        return
    _list("deliveries", ("delivery", "since then"), [(moved.path, moved.how) for moved in found.deliveries], most)
    figures = [
        (_place(figure.where), figure.before, figure.after, _size(figure), figure.source_file or "")
        for figure in found.figures
    ]
    headings = ("figure", ">before", ">after", ">move (SD)", "delivered in")
    _list("figures that moved, the largest move first", headings, figures, most)
    flips = [(flip.mart, _place(flip.where), flip.column, flip.before, flip.after) for flip in found.flips]
    _list("verdicts and states that flipped", ("mart", "row", "column", "before", "after"), flips, most)
    definitions = [(changed.entry, changed.what, changed.before, changed.after) for changed in found.definitions]
    _list("definitions and rules", ("entry", "what", "before", "after"), definitions, most)
    rows = [(moved.mart, moved.before, moved.after, moved.new, moved.gone, moved.changed) for moved in found.rows]
    _list("rows", ("mart", ">before", ">after", ">new", ">gone", ">changed"), rows, len(rows))


def _list(title: str, headings: tuple[str, ...], rows: list[tuple[Any, ...]], most: int) -> None:
    if not rows:
        return
    table = table_of(*headings)
    for row in rows[:most]:
        table.add_row(*("-" if cell is None else f"{cell:,}" if type(cell) is int else str(cell) for cell in row))
    out.print(words((f"\n{title}", "bold"), f" ({len(rows):,})"))
    out.print(table)
    if len(rows) > most:
        out.print(f"and {len(rows) - most:,} more: --most {len(rows)}, or --json for all")


def _place(where: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in where.values())


def _size(figure: "FigureMoved") -> str:
    if figure.before is None or figure.after is None:
        return "new" if figure.before is None else "gone"
    return "" if figure.size is None else f"{figure.size:.2f}"
