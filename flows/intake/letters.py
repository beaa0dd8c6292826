"""A letter in Danish to a sender: which lines break which rule, how to correct them, and never what stood in a cell."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter

from flows.intake.quarantine import Item
from flows.present import danish
from schemas.registry import Registry


def letter(sender: str, items: Sequence[Item], registry: Registry, today: date) -> str:
    """The letter about everything that is open with a sender, in plain text."""
    by_file = groupby(sorted(items, key=attrgetter("path", "rule", "column", "line")), key=lambda item: item.path)
    parts = [
        f"Til {sender}",
        danish.day(today),
        "Vi har læst jeres levering til Boligprofil og er stødt på det, der står nedenfor. Rækkerne bruges ikke, før "
        "de er rettet. Resten af leveringen er brugt, medmindre der står, at hele filen er afvist.",
        *("\n".join(_about(path, list(of_file), registry)) for path, of_file in by_file),
        "Ret tallene hos jer selv, og send hele filen igen. Når den rettede fil er læst, forsvinder punkterne af sig "
        "selv. Send aldrig CPR-numre eller andre oplysninger om enkeltpersoner.",
        "Venlig hilsen\nBoligprofil",
    ]
    return "\n\n".join(parts) + "\n"


def _about(path: str, items: Sequence[Item], registry: Registry) -> Iterable[str]:
    """A heading and a point for each rule and column of one delivery."""
    headers = {
        header.casefold()
        for source in registry.sources.values()
        for column in registry.layouts[source.layout].columns
        for header in column.headers
    }
    yield f"Fil: {path.split('/', 1)[-1]}"
    for (rule, column), broken in groupby(items, key=lambda item: (item.rule, item.column)):
        group = list(broken)
        words = registry.rules[rule].da
        if group[0].line == 0:
            yield f"  - Hele filen er afvist. {words} (set første gang {_day(group)})"
            continue
        # A header that nobody declared may hold anything.
        where = f", kolonnen '{column}'" if column.casefold() in headers else ""
        lines = sorted({item.line for item in group})
        number = "Linje" if len(lines) == 1 else f"{len(lines)} linjer:"
        yield f"  - {number} {_ranges(lines)}{where}. {words} (set første gang {_day(group)})"


def _day(items: Sequence[Item]) -> str:
    first = date.fromisoformat(min(item.first_seen for item in items))
    return danish.day(first)


def _ranges(lines: Sequence[int]) -> str:
    """'3, 7-9' for 3, 7, 8, 9."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
