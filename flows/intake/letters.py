"""A letter in Danish to a sender: what is wrong with each file, row by row, how to mend it in Excel, and no cell of it.

What is wrong with a whole file comes first, then a point for each row, with all that is wrong there, so that it is
opened once; rows with the same faults share a point. What is read all the same has a paragraph of its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter

from flows.core.characters import visible
from flows.intake.findings import in_danish
from flows.intake.quarantine import Item
from flows.present import notation
from schemas.registry import Registry
from schemas.sources import Layout

INDENT = "      "
# Names of rows and of the places in them, by the way in which the file is opened.
SHEETS = (".xlsx", ".xlsm", ".xls")
# One fault: its column as it is shown, its rule, and what was found, in Danish.
What = tuple[str, str, str]


def letter(sender: str, items: Sequence[Item], registry: Registry, today: date) -> str:
    """The letter about everything that is open with a sender, in plain text."""
    name = _name(sender, registry)
    by_path = attrgetter("path")
    files = [list(of_file) for _, of_file in groupby(sorted(items, key=by_path), key=by_path)]
    is_fault = any(not registry.rules[item.rule].remark for item in items)
    parts = [
        f"Til {name or 'afsenderen'}",
        notation.day(today),
        f"Kære {name or 'afsender'}",
        *(_opening(files, registry) if is_fault else ["Tak for jeres levering til Boligprofil. Den er læst."]),
        *("\n".join(_about(of_file, registry)) for of_file in files),
        *_closing(is_fault),
        "Venlig hilsen\nBoligprofil",
    ]
    return "\n\n".join(parts) + "\n"


def _name(sender: str, registry: Registry) -> str:
    """The sender's name in Danish; empty where only the kind of sender is known, as 'kommunen'."""
    known = {source.publisher: source.publisher_da for source in registry.sources.values()}
    name = visible(known.get(sender, sender)).strip()
    return name if name[:1].isupper() or sender not in known else ""


def _opening(files: Sequence[Sequence[Item]], registry: Registry) -> list[str]:
    refused = [of_file for of_file in files if any(_is_of_file(item, registry) for item in of_file)]
    words = "Vi har læst jeres levering til Boligprofil og er stødt på det, der står nedenfor."
    if not refused:
        return [f"{words} Rækkerne bruges ikke, før de er rettet. Resten af leveringen er brugt."]
    if len(refused) == len(files):
        return [f"{words} {'Filen' if len(files) == 1 else 'Filerne'} er ikke brugt."]
    return [
        f"{words} {notation.many(len(refused), 'fil', 'filer')} er afvist og slet ikke brugt. Af de andre er kun de "
        "nævnte rækker lagt til side; resten er brugt."
    ]


def _closing(is_fault: bool) -> list[str]:
    never = "Send aldrig CPR-numre eller andre oplysninger om enkeltpersoner."
    if not is_fault:
        return [never]
    return [
        "Ret det hos jer selv, og send hver fil igen i sin helhed, under samme navn. Når den rettede fil er læst, "
        f"forsvinder punkterne af sig selv. {never}"
    ]


def _is_of_file(item: Item, registry: Registry) -> bool:
    return item.line == 0 and not registry.rules[item.rule].remark


def _about(items: Sequence[Item], registry: Registry) -> Iterator[str]:
    """What is to be said of one file: what is wrong with all of it, points of rows, steps, and remarks."""
    path = items[0].path
    source = registry.sources.get(path.partition("/")[0])
    layout = registry.layouts[source.layout] if source else None
    faults = [item for item in items if not registry.rules[item.rule].remark]
    yield f"Fil: {visible(path.partition('/')[2] or path)}"
    of_file = {item.rule: item for item in faults if item.line == 0}
    for item in of_file.values():
        found = in_danish(item, layout)
        yield f"  - Hele filen er afvist. {_joined(registry.rules[item.rule].da, found)} ({_since([item])})"
    yield from _points(faults, layout, registry)
    yield from _steps(faults, layout, registry)
    if remarks := [item for item in items if registry.rules[item.rule].remark]:
        yield "  Det er læst, men I bør vide:"
        yield from _remarks(remarks, layout, registry)


def _points(faults: Sequence[Item], layout: Layout | None, registry: Registry) -> Iterator[str]:
    """A point for the rows that have the same faults, in the order of their first row."""
    by_line: dict[int, list[Item]] = {}
    order = {header: place for place, header in enumerate(_headers(layout))} if layout else {}
    places = {item.column: order.get(item.column.casefold(), len(order)) for item in faults}
    for item in sorted(faults, key=lambda item: (item.line, places[item.column], item.column, item.rule)):
        if item.line:
            by_line.setdefault(item.line, []).append(item)
    alike: dict[tuple[What, ...], list[Item]] = {}
    for of_line in by_line.values():
        alike.setdefault(tuple(dict.fromkeys(_what(item, layout, registry) for item in of_line)), []).extend(of_line)
    for faulty, rows in alike.items():
        where, since = _rows(rows), _since(rows)
        if len(faulty) == 1:
            ((column, rule, found),) = faulty
            yield f"  - {where}{f', {column}' if column else ''}. {_joined(registry.rules[rule].da, found)} ({since})"
            continue
        yield f"  - {where} har {len(faulty)} fejl{' hver' if len({row.line for row in rows}) > 1 else ''} ({since}):"
        for column, rule, found in faulty:
            words = _joined(registry.rules[rule].da, found)
            yield f"{INDENT}{f'{notation.sentence(column)[:-1]}: ' if column else ''}{words}"


def _steps(faults: Sequence[Item], layout: Layout | None, registry: Registry) -> Iterator[str]:
    """What to do in Excel, each way once, with the columns that it is for."""
    columns: dict[str, list[str]] = {}
    for item in faults:
        if how := registry.rules[item.rule].how:
            columns.setdefault(how, []).append(_column(item.column, layout, registry))
    if columns:
        yield "  Sådan gør I i Excel:"
    for how, named in columns.items():
        known = notation.listed([column for column in dict.fromkeys(named) if column])
        yield f"    - {f'{notation.sentence(known)[:-1]}: ' if known else ''}{how}"


def _remarks(remarks: Sequence[Item], layout: Layout | None, registry: Registry) -> Iterator[str]:
    by_what: dict[What, list[Item]] = {}
    for item in remarks:
        by_what.setdefault(_what(item, layout, registry), []).append(item)
    for (column, rule, found), of_rule in by_what.items():
        rows = [item for item in of_rule if item.line]
        place = ", ".join(part for part in (_rows(rows) if rows else "", column) if part)
        yield f"  - {f'{notation.sentence(place)[:-1]}: ' if place else ''}{_joined(registry.rules[rule].da, found)}"


def _what(item: Item, layout: Layout | None, registry: Registry) -> What:
    return _column(item.column, layout, registry), item.rule, in_danish(item, layout)


def _column(column: str, layout: Layout | None, registry: Registry) -> str:
    """A column in the sender's words: by its header, or by the label of the indicator; empty where it may be a cell.

    A header that nobody declared may hold anything.
    """
    if column in registry.indicators:
        return f"tallet '{registry.indicators[column].label_da}'"
    known = _headers(layout) if layout else {}
    names = [column] if column.casefold() in known else column.split(", ")
    if not all(name.casefold() in known for name in names):
        return ""
    shown = [f"'{known[name.casefold()] or name}'" for name in names]
    return f"{'kolonnen' if len(shown) == 1 else 'kolonnerne'} {notation.listed(shown)}"


def _headers(layout: Layout) -> Mapping[str, str]:
    """Declared headers in lower case, and columns of the fact tables with the header that they come from."""
    headers = {header.casefold(): "" for column in layout.columns for header in column.headers}
    named = {column.to.casefold(): column.headers[0] for column in layout.columns if column.to and column.headers}
    return headers | {to: header for to, header in named.items() if to not in headers}


def _joined(words: str, found: str) -> str:
    return f"{words} {found}" if found else words


def _since(items: Sequence[Item]) -> str:
    first = date.fromisoformat(min(item.first_seen for item in items))
    return f"set første gang {notation.day(first)}"


def _rows(items: Sequence[Item]) -> str:
    """'Linje 3', or '4 linjer: 3, 7-9'; in a workbook they are rows of the sheet."""
    singular, plural = ("Række", "rækker") if items[0].path.casefold().endswith(SHEETS) else ("Linje", "linjer")
    lines = sorted({item.line for item in items})
    return f"{singular} {lines[0]}" if len(lines) == 1 else f"{len(lines)} {plural}: {_ranges(lines)}"


def _ranges(lines: Iterable[int]) -> str:
    """'3, 7-9' for 3, 7, 8, 9."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
