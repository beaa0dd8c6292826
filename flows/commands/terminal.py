"""What commands print: tables and sentences for the terminal, and the progress of a run."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from flows.core.characters import visible

if TYPE_CHECKING:
    from rich.status import Status
    from rich.text import Text

    from flows.commands.plain import PlainConsole, PlainTable, Words
    from flows.intake.gone import Absence
    from flows.publish.runs import Run
    from flows.publish.snapshots import Snapshot
    from flows.publish.trace import Trace
    from schemas.registry import Registry


class Terminal:
    """A console that is made when it first prints: to load what it is made of takes as long as some commands do."""

    def __init__(self, **how: Any) -> None:
        self.how = how

    @cached_property
    def console(self) -> "PlainConsole":
        """The console itself."""
        from flows.commands.plain import PlainConsole

        return PlainConsole(**self.how)

    def print(self, *objects: Any, **how: Any) -> None:
        """Print words and tables."""
        self.console.print(*objects, **how)

    def status(self, what: str) -> "Status":
        """A line that says what is being done, for as long as it is done."""
        return self.console.status(what)


# Into a file or a pipe, lines may be as long as a table needs. Where a console prints is looked up when it prints.
out = Terminal(width=None if sys.stdout.isatty() else 140)
err = Terminal(stderr=True)


def words(*parts: "Words") -> "Text":
    """Words for the terminal; a pair is words and their style. What steers a terminal is written out, lines stay."""
    from flows.commands import plain

    return plain.words(*parts)


def table_of(*headings: str) -> "PlainTable":
    """A plain table; a heading that begins with '>' is a column of numbers."""
    from flows.commands.plain import PlainTable

    table = PlainTable(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(
            heading.removeprefix(">"), justify="right" if heading.startswith(">") else "left", overflow="fold"
        )
    return table


def table_of_pairs() -> "PlainTable":
    """A plain table without headings: names, and what is to be said of each."""
    from flows.commands.plain import PlainTable

    table = PlainTable(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    return table


def show_trace(found: "Trace", snapshot: str) -> None:
    """The mart's row with its formulas, and every delivered figure behind it."""
    table = table_of_pairs()
    formulas = dict(found.formulas)
    for name, value in found.row.items():
        if value is not None:
            table.add_row(name, str(value) + (f"   ({formulas[name]})" if name in formulas else ""))
    for name in formulas.keys() - found.row.keys():
        table.add_row(name, formulas[name])
    out.print(words((found.mart, "bold"), f" in snapshot {snapshot}"))
    out.print(table)
    out.print(words(("\ndelivered", "bold")))
    for source in found.sources:
        fact = source.fact
        counts = f"{fact['numerator']}/{fact['denominator']}, " if fact["numerator"] is not None else ""
        figure = counts + (str(fact["value"]) if fact["value"] is not None else f"none ({fact['missing_reason']})")
        place = f"{fact['geography']} {fact['geography_id']} {fact['period']}"
        out.print(f"{source.role}: {place}: {figure}", soft_wrap=True)
        out.print(f"    {fact['source_file']}, line {fact['source_line']}", soft_wrap=True)
        out.print(
            f"    published by {fact['published_at']}, received {fact['received_at']}, SHA-256 {source.fingerprint}"
        )
        for correction in source.corrections:
            out.print(f"    the delivery was corrected: schemas/corrections.toml, {correction}", soft_wrap=True)


def show_report(report: Mapping[str, Any]) -> None:
    """What became of the deliveries, the marts, and how long each step took."""
    if report["deliveries"]:
        show_deliveries(report["deliveries"])
    if report["marts"]:
        table = table_of("mart", ">rows")
        for mart, rows in report["marts"].items():
            table.add_row(mart, f"{rows:,}")
        out.print()
        out.print(table)
    if report["taken_over"]:
        share = f"{len(report['taken_over'])} of {len(report['marts'])} marts"
        out.print(f"\n{share} are those of the snapshot before: nothing in them has changed.")
    if report["seconds"]:
        out.print("\n" + ", ".join(f"{step} {seconds:.1f} s" for step, seconds in report["seconds"].items()))
    if report["outcome"] == "unchanged":
        out.print(f"Nothing changed: snapshot {report['snapshot']} is in force.")
    say_warnings(report["warnings"])


def show_deliveries(deliveries: Sequence[Mapping[str, Any]]) -> None:
    """A line per delivery: what it became, its rows, and why."""
    has_outside = any(entry.get("out_of_scope") for entry in deliveries)
    outside = [">out of scope"] if has_outside else []
    table = table_of("delivery", "became", ">rows", ">used", ">set aside", *outside, "why")
    for entry in deliveries:
        table.add_row(
            entry["path"],
            entry["outcome"] if entry["outcome"] == "accepted" else words(("refused", "red")),
            f"{entry['rows']:,}",
            f"{entry['used']:,}",
            f"{entry['quarantined'] + entry['set_aside']:,}",
            *([f"{entry.get('out_of_scope', 0):,}"] if has_outside else []),
            entry.get("rule") or ", ".join(f"{rule} ({count})" for rule, count in entry.get("rules", {}).items()),
        )
    out.print(table)
    if remarked := [entry for entry in deliveries if entry.get("remarks")]:
        out.print("\nRead all the same, and worth a look:")
        for entry in remarked:
            found = ", ".join(f"{rule} ({count})" for rule, count in entry["remarks"].items())
            out.print(f"  {entry['path']}: {found}", soft_wrap=True)
    if any("quarantine" in entry for entry in deliveries):
        out.print("\nWhat was set aside, with words for the sender:")
        for entry in deliveries:
            if "quarantine" in entry:
                out.print(f"  {entry['quarantine']}", soft_wrap=True)


def show_freshness(registry: "Registry", deliveries: Sequence[Mapping[str, Any]]) -> None:
    """A line per source that has delivered: whether its newest release is here."""
    from flows.intake.freshness import freshness, late
    from flows.intake.ledger import now

    moment = now()
    table = table_of("source", "state", "released", "next release", "newest here")
    found = freshness(registry, deliveries, moment)
    never = [source.source for source in found if source.newest is None]
    for source in found:
        if source.newest is None:
            continue
        state = words((source.state, "red" if source.state == "late" else ""))
        moments = [f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (source.released_at, source.next_at)]
        table.add_row(source.source, state, *moments, str(source.newest or "none"))
    out.print()
    out.print(table)
    say_warnings([*late(registry, deliveries, moment).values()])
    if never:
        out.print(f"Nothing has ever come from: {', '.join(never)}.", soft_wrap=True)


def say_warnings(warnings: Sequence[str]) -> None:
    """Each warning on a line of its own."""
    for warning in warnings:
        out.print(words(("warning:", "yellow"), f" {warning}"), soft_wrap=True)


def show_runs(runs: Sequence["Run"]) -> None:
    """A line per run that published or was refused: what became of it, what it made, how long it took."""
    table = table_of("run (UTC)", "became", ">steps made", ">seconds", ">processor s", ">rows", ">warnings", "why")
    for run in runs:
        became = words((run.outcome, "red")) if run.outcome == "refused" else f"published {run.snapshot}"
        made = f"{run.made} of {run.steps}" if run.steps else ""
        spent = (f"{run.seconds:,.1f}", f"{run.processor_seconds:,.1f}" if run.processor_seconds else "")
        why = run.words.partition("\n")[0]
        table.add_row(f"{run.moment:%Y-%m-%d %H:%M}", became, made, *spent, f"{run.rows:,}", str(run.warnings), why)
    out.print()
    out.print(table)


def show_gone(gone: Sequence[Mapping[str, Any]]) -> None:
    """A line per delivery that was there once and is not, since when, and the exception that accepts it."""
    if gone:
        table = table_of("gone", "source", "since", ">rows that rested on it", "accepted by")
        for entry in gone:
            rows = "not known" if entry["rows"] is None else f"{entry['rows']:,}"
            table.add_row(entry["path"], entry["source"], entry["since"], rows, entry["accepted_by"])
        out.print()
        out.print(table)


def say_changes(snapshot: "Snapshot", found: Mapping[str, str], is_done: bool, absent: "Absence") -> None:
    """What a run would have to do."""
    before = {entry["path"]: entry["sha256"] for entry in snapshot.manifest["deliveries"]}
    moved_here = {moved.path for moved in absent.moved}
    changes = [f"new: {name}" for name in sorted(found.keys() - before.keys() - moved_here)]
    changes += [f"gone: {gone.path} ({gone.rests})" for gone in absent.gone if gone.path in absent.new]
    changes += [f"moved: {moved.was} to {moved.path}" for moved in absent.moved]
    changes += [f"changed: {name}" for name in sorted(found.keys() & before.keys()) if found[name] != before[name]]
    if is_done:
        out.print("\nNothing to do: the deliveries are those of the snapshot.")
    elif changes:
        out.print("\nTo do ('boligprofil run'):")
        for change in changes:
            out.print(f"  {change}", soft_wrap=True)
    else:
        out.print("\nTo do ('boligprofil run'): the registry, the code or the engines have changed.")


@contextmanager
def bar(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr; the function given takes what is done now, how much is done, and of how much."""
    from flows.commands.plain import bar_on

    with bar_on(err.console) as shown:
        task = shown.add_task(title, total=None)

        def step(now: str, done: int, total: int) -> None:
            shown.update(task, description=visible(f"{title}: {now}"), completed=done, total=total)

        yield step


@contextmanager
def progress() -> Iterator[None]:
    """Show what the run is doing, from its own log."""
    log = logging.getLogger("boligprofil")
    with err.status("starting ...") as shown:

        class Shown(logging.Handler):
            @override
            def emit(self, record: logging.LogRecord) -> None:
                message = record.getMessage()
                if message.endswith("..."):
                    shown.update(words(message))
                elif record.levelno == logging.INFO:
                    err.print(f"  {message}")

        handler = Shown()
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
        try:
            yield
        finally:
            log.removeHandler(handler)
            log.propagate = True
