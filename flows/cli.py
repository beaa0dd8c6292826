"""`boligprofil ...`: the commands of the pipeline. What a command needs is imported when it runs."""

import atexit
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from flows.shown import (
    err,
    out,
    progress,
    say_changes,
    say_warnings,
    show_deliveries,
    show_freshness,
    show_report,
    show_trace,
    table_of,
)

if TYPE_CHECKING:
    from flows.publish.snapshots import Snapshot
    from schemas.registry import Registry

app = typer.Typer(
    help="Profiles of Danish social-housing areas: from deliveries to published marts.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
REFUSED, USAGE = 1, 2

Raw = Annotated[
    Path | None,
    typer.Option("--raw", help="Folder of deliveries. [env: BOLIGPROFIL_RAW; data/raw]", show_default=False),
]
Marts = Annotated[
    Path | None,
    typer.Option("--marts", help="Folder of snapshots. [env: BOLIGPROFIL_MARTS; data/marts]", show_default=False),
]
Schemas = Annotated[
    Path | None,
    typer.Option(
        "--schemas", help="Folder of the registry. [env: BOLIGPROFIL_SCHEMAS; the installed one]", show_default=False
    ),
]


@app.command()
def run(
    raw: Raw = None,
    marts: Marts = None,
    schemas: Schemas = None,
    again: Annotated[bool, typer.Option("--again", help="Build even where nothing changed.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Rebuild the marts from what had been received at a moment (2026-11-24T03:00) or for a snapshot.",
            show_default=False,
        ),
    ] = None,
    published_by: Annotated[
        str | None,
        typer.Option(
            "--published-by",
            help="Rebuild the marts from what the sources had published by a day (2011-03-01).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Turn the deliveries into a published snapshot. Exit code 0: published or nothing to do, 1: refused, 2: usage.

    With --as-of or --published-by, a vintage is built beside the snapshots; the one in force stays.
    """
    from flows.agenda import agenda
    from flows.settings import embedded_prefect, settings

    chosen = settings(raw=raw, marts=marts, schemas=schemas)
    registry = _registry(chosen.schemas)
    moment, day = _moment(as_of, chosen.marts), _day(published_by)
    try:
        plan = agenda(chosen, registry, moment, day)
    except FileNotFoundError as error:
        _stop(str(error), USAGE)
    if plan.is_done and plan.in_force and not again:
        out.print(f"Nothing changed: snapshot {plan.in_force.id} was made of these {len(plan.deliveries)} deliveries.")
        say_warnings(plan.in_force.manifest["warnings"])
        return
    embedded_prefect(chosen)
    atexit.register(hush)
    with progress():
        from flows.nightly import nightly

        state = nightly(chosen.raw, chosen.marts, chosen.schemas, again, moment, day, return_state=True)
        report = state.result(raise_on_failure=False)
    if not isinstance(report, Mapping):
        again_with = "run it again with PREFECT_LOGGING_LEVEL=ERROR to see where"
        _stop(f"the run failed, the last snapshot stays in force: {state.message}\n{again_with}", REFUSED)
    show_report(report)
    if report["outcome"] == "refused":
        _stop(report["message"], REFUSED)
    if report["outcome"] == "rebuilt":
        out.print(f"\nRebuilt vintage [bold]{report['snapshot']}[/] in {report['folder']}", soft_wrap=True)
        for difference in report["differences"]:
            out.print(f"  {escape(difference)}", soft_wrap=True)
    if report["outcome"] == "published":
        out.print(
            f"\nPublished snapshot [bold]{report['snapshot']}[/]. Where a file lies: boligprofil path area_profile"
        )


@app.command()
def status(raw: Raw = None, marts: Marts = None, schemas: Schemas = None) -> None:
    """The snapshot in force, what became of each delivery, and whether there is work to do."""
    from flows.agenda import agenda
    from flows.settings import settings

    chosen = settings(raw=raw, marts=marts, schemas=schemas)
    snapshot = _current(chosen.marts)
    manifest = snapshot.manifest
    out.print(
        f"Snapshot {snapshot.id}, published {snapshot.published_at:%Y-%m-%d %H:%M} UTC, {manifest['origin']} figures"
    )
    if manifest["caveat"]:
        out.print(f"The areas' figures are {manifest['caveat']}.")
    show_deliveries(manifest["deliveries"])
    say_warnings(manifest["warnings"])
    registry = _registry(chosen.schemas)
    show_freshness(registry, manifest["deliveries"])
    try:
        plan = agenda(chosen, registry)
    except FileNotFoundError as error:
        _stop(str(error), USAGE)
    say_changes(snapshot, {delivery.path: delivery.fingerprint for delivery in plan.deliveries}, plan.is_done)


@app.command()
def fetch(
    origin: Annotated[str, typer.Argument(help="Where to fetch from: statbank.")],
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source; else all that declare 'fetch'.")
    ] = None,
    raw: Raw = None,
    schemas: Schemas = None,
) -> None:
    """Bring the declared tables of StatBank as deliveries. Exit code 1 where one could not be brought."""
    from flows.intake import statbank
    from flows.settings import settings

    if origin != "statbank":
        _stop(f"nothing is fetched from {origin!r}; there is statbank", USAGE)
    chosen = settings(raw=raw, schemas=schemas)
    registry = _registry(chosen.schemas)
    declared = [s for s in registry.sources.values() if s.fetch]
    if unknown := set(source or ()) - {s.id for s in declared}:
        _stop(
            f"no 'fetch' is declared for {', '.join(sorted(unknown))}; there are {', '.join(s.id for s in declared)}",
            USAGE,
        )
    failed = False
    for one in declared:
        if source and one.id not in source:
            continue
        try:
            patience = statbank.ClientSettings(pause_seconds=chosen.statbank_pause_seconds)
            stored = statbank.fetch(one, chosen.raw, chosen.statbank, settings=patience)
        except statbank.StatBankError as error:
            failed = True
            err.print(f"{one.id}: {escape(str(error))}", style="red", soft_wrap=True)
            continue
        out.print(f"{one.id}: {stored or 'nothing new'}", soft_wrap=True)
    if failed:
        raise typer.Exit(REFUSED)


@app.command()
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
    from flows.settings import settings

    chosen = settings(raw=raw, schemas=schemas)
    said = {"kilde": says, "afsender": sender, "udgivet": published, "oprindelse": origin}
    try:
        kept = receiving.receive(
            file, source, {k: v for k, v in said.items() if v}, chosen.raw, _registry(chosen.schemas)
        )
    except receiving.NotReceived as error:
        _stop(str(error), USAGE)
    out.print(f"received as {kept}", soft_wrap=True)


@app.command()
def template(
    file: Annotated[Path, typer.Argument(help="Workbook to write, such as odense_2016.xlsx.")],
    municipality: Annotated[
        str | None, typer.Option("--municipality", help="Four digits: its areas are filled in.", show_default=False)
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="The year to ask for.", show_default=False)] = None,
    schemas: Schemas = None,
) -> None:
    """Write the workbook that a municipality fills in with its yearly figures, in Danish."""
    from flows.intake.template import write
    from flows.settings import settings

    try:
        write(file, _registry(settings(schemas=schemas).schemas), municipality, year)
    except ValueError as error:
        _stop(str(error), USAGE)
    out.print(f"wrote {file}", soft_wrap=True)


@app.command("quarantine")
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
        _stop(f"nothing is open with {sender!r}; open are: {', '.join(senders) or 'none'}", USAGE)
    wanted = [sender] if sender else senders
    if letter:
        from flows.intake.letters import letter as written

        registry = _registry(chosen.schemas)
        for name in wanted:
            print(written(name, [i for i in open_items if i.sender == name], registry, now().date()))
        return
    table = table_of("sender", "delivery", "rule", ">rows", "first seen")
    groups = sorted({(i.sender, i.path, i.rule) for i in open_items if i.sender in wanted})
    for group in groups:
        of = [item for item in open_items if (item.sender, item.path, item.rule) == group]
        table.add_row(*map(escape, group), f"{len(of):,}", min(item.first_seen for item in of))
    if groups:
        out.print(table)
    out.print(f"{len(open_items)} open, {len(items) - len(open_items)} closed by a newer delivery.")


@app.command()
def check(marts: Marts = None, schemas: Schemas = None) -> None:
    """Verify the snapshot in force: every file's hash, and every SQL check. Exit code 1 where something is wrong."""
    from flows.build import checks, queries
    from flows.publish import snapshots
    from flows.settings import settings

    chosen = settings(marts=marts, schemas=schemas)
    snapshot = _current(chosen.marts)
    try:
        snapshots.verify(snapshot)
    except snapshots.Damaged as error:
        _stop(str(error), REFUSED)
    files = {mart: snapshot.path(mart) for mart in snapshot.manifest["marts"]}
    offences = checks.run(files, _registry(chosen.schemas))
    for offence in offences:
        promise = f'{offence.check.name}: {offence.count} rows break "{offence.check.promise}"'
        out.print(f"{offence.check.severity}: {escape(promise)} ({escape('; '.join(offence.where))})")
    total = len(queries.checks())
    out.print(f"Snapshot {snapshot.id}: {len(files)} files are whole, {total - len(offences)} of {total} checks hold.")
    if any(offence.check.severity == "error" for offence in offences):
        raise typer.Exit(REFUSED)


@app.command()
def explain(
    indicator: Annotated[str, typer.Argument(help="Identifier, such as outside_work_pct.")], schemas: Schemas = None
) -> None:
    """What an indicator means, how it is computed, and which deliveries carry it."""
    from flows.settings import settings
    from schemas.dictionary import indicator_lines

    registry = _registry(settings(schemas=schemas).schemas)
    if indicator not in registry.indicators:
        _stop(f"no indicator {indicator!r}; there are {', '.join(registry.indicators)}", USAGE)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, words in indicator_lines(registry.indicators[indicator]):
        table.add_row(name, escape(words))
    for name, words in _carriers(registry, indicator):
        table.add_row(name, escape(words))
    out.print(f"[bold]{indicator}[/]")
    out.print(table)


@app.command()
def trace(
    wanted: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="area=vollsmose year=2012 indicator=outside_work_pct")
    ],
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Where a figure comes from: the mart's value, its formula, and each delivered line behind it.

    Instead of area=... it takes municipality=0461, region=083 or country=000.
    """
    from flows.publish import trace as tracing
    from flows.settings import settings

    chosen = settings(marts=marts, schemas=schemas)
    registry = _registry(chosen.schemas)
    said = dict(part.partition("=")[::2] for part in wanted)
    kind = next((kind for kind in tracing.PLACES if kind in said), None)
    if kind is None or said.keys() != {kind, "year", "indicator"} or not said["year"].isdecimal():
        _stop("say what to trace: area=vollsmose year=2012 indicator=outside_work_pct", USAGE)
    if said["indicator"] not in registry.indicators:
        _stop(f"no indicator {said['indicator']!r}; there are {', '.join(registry.indicators)}", USAGE)
    snapshot = _current(chosen.marts)
    try:
        found = tracing.trace(
            snapshot, chosen.staging_folder, registry, kind, said[kind], int(said["year"]), said["indicator"]
        )
    except tracing.NoFigure as error:
        _stop(str(error.args[0]), USAGE)
    show_trace(found, snapshot.id)


@app.command("snapshots")
def list_snapshots(marts: Marts = None) -> None:
    """Every snapshot that is kept, the one in force first."""
    from flows.publish import snapshots
    from flows.settings import settings

    chosen = settings(marts=marts)
    in_force = _current(chosen.marts)
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


@app.command()
def path(
    mart: Annotated[str, typer.Argument(help="Name of a mart, such as area_profile.")], marts: Marts = None
) -> None:
    """Print the resolved file of a mart in the snapshot in force; open that, never a path through `current`."""
    from flows.settings import settings

    try:
        print(_current(settings(marts=marts).marts).path(mart))
    except LookupError as error:
        _stop(str(error.args[0]), USAGE)


@app.command()
def dictionary(
    form: Annotated[str, typer.Option("--format", help="md or csv.")] = "md",
    file: Annotated[
        Path | None, typer.Option("--out", help="File to write; else it is printed.", show_default=False)
    ] = None,
    schemas: Schemas = None,
) -> None:
    """The data dictionary: every table, column and indicator."""
    from flows.settings import settings
    from schemas import dictionary as made

    registry = _registry(settings(schemas=schemas).schemas)
    forms = {"md": made.as_markdown, "csv": made.as_csv}
    if form not in forms:
        _stop(f"no format {form!r}; there are md and csv", USAGE)
    text = forms[form](registry)
    if file is None:
        print(text, end="")
    else:
        file.write_bytes(text.encode())
        out.print(f"wrote {file}")


def _moment(said: str | None, marts: Path) -> datetime | None:
    """A moment in UTC: as written, or that of a kept snapshot."""
    from flows.publish import snapshots

    if said is None:
        return None
    named = [s for s in snapshots.kept(marts) if s.id == said and "as_of" in s.manifest]
    try:
        moment = datetime.fromisoformat(named[0].manifest["as_of"] if named else said)
    except ValueError:
        _stop(
            f"--as-of takes a moment such as 2026-11-24T03:00 (UTC) or the id of a kept snapshot, not {said!r}", USAGE
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(said: str | None) -> date | None:
    try:
        return None if said is None else date.fromisoformat(said)
    except ValueError:
        _stop(f"--published-by takes a day such as 2011-03-01, not {said!r}", USAGE)


def _registry(folder: Path | None) -> "Registry":
    from schemas.registry import RegistryError, load

    try:
        return load(folder)
    except RegistryError as error:
        _stop(str(error), REFUSED)


def _current(marts: Path) -> "Snapshot":
    from flows.publish import snapshots

    try:
        return snapshots.current(marts)
    except snapshots.NoSnapshot as error:
        _stop(str(error), REFUSED)


def _stop(message: str, code: int) -> NoReturn:
    err.print(escape(message), style="red" if code == REFUSED else "", soft_wrap=True)
    raise typer.Exit(code)


def _carriers(registry: "Registry", indicator: str) -> Iterator[tuple[str, str]]:
    for source in registry.sources.values():
        tables = registry.layout_of(source.id).tables
        for column in registry.layout_of(source.id).columns:
            if column.indicator == indicator:
                since = f", from {column.years.first}" if column.years else ""
                yield "delivered in", f"{source.title}: column '{column.headers[0]}'{since}"
            elif column.type == "indicator" and indicator in registry.indicators_of(source.id) and "figures" in tables:
                yield "may come in", f"{source.title}: rows with '{column.headers[0]}' = {indicator}"


def hush() -> None:
    """Send what native libraries print while the interpreter is taken down to nowhere.

    DuckDB lists objects that Prefect's background threads still hold at that moment. Exit functions run last in, first
    out: registered before Prefect is imported, this one comes after everything that has something to say.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


if __name__ == "__main__":
    app()
