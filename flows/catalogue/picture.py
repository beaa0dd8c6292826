"""The lineage of a mart as a picture: sources, delivered columns, columns of the mart, from left to right, as SVG.

Columns of the mart that are made of the same stand together. What the picture says stands as a table beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from flows.catalogue.lineage import Origin, facts_behind

ROW, PAD, WIDTH = 20, 8, 940
LEFT, MIDDLE, RIGHT = (0, 210), (300, 260), (650, 290)
SHOWN = 42
REGISTRY = "the registry (schemas/)"


@dataclass(frozen=True)
class SameOrigins:
    """Columns of a mart whose values are made of the same."""

    columns: tuple[str, ...]
    origins: frozenset[Origin]


def groups(columns: Mapping[str, frozenset[Origin]]) -> list[SameOrigins]:
    """The columns of a mart by what they are made of, in the order of their first."""
    found: dict[frozenset[Origin], list[str]] = {}
    for column, origins in columns.items():
        found.setdefault(origins, []).append(column)
    return [SameOrigins(tuple(names), origins) for origins, names in found.items()]


def shown(origin: Origin) -> Origin:
    """An origin as the picture shows it: lists of the registry as a whole, facts by their column."""
    return origin if origin.table.startswith("facts.") else Origin(origin.table)


def picture(mart: str, columns: Mapping[str, frozenset[Origin]], feeds: Mapping[str, Sequence[str]]) -> str:
    """The picture of a mart; `feeds` are the sources that deliver each fact table."""
    by_made = groups(columns)
    middle = sorted({shown(origin) for group in by_made for origin in group.origins})
    if len(middle) > SHOWN:
        middle = sorted({Origin(origin.table) for origin in middle})
    whole = {origin.table for origin in middle if not origin.column}
    sources = sorted({source for origin in middle for source in _sources(origin, feeds)})
    left = _places([[source] for source in sources])
    centre = _places([[_words(origin)] for origin in middle])
    right = _places([_lines(group.columns) for group in by_made])
    height = max((place + size for places in (left, centre, right) for place, size in places), default=ROW) + PAD
    parts: list[str] = []
    for number, origin in enumerate(middle):
        starts = (left[sources.index(source)] for source in _sources(origin, feeds))
        parts += [_edge(LEFT, start, MIDDLE, centre[number]) for start in starts]
    for number, group in enumerate(by_made):
        ends = {Origin(o.table) if o.table in whole else shown(o) for o in group.origins}
        parts += [_edge(MIDDLE, centre[middle.index(end)], RIGHT, right[number]) for end in sorted(ends)]
    boxes = [
        *(_box(LEFT, left[number], [source], "source") for number, source in enumerate(sources)),
        *(_box(MIDDLE, centre[number], [_words(origin)], "fact") for number, origin in enumerate(middle)),
        *(_box(RIGHT, right[number], _lines(group.columns), "mart") for number, group in enumerate(by_made)),
    ]
    title = (
        f"From deliveries to the columns of {mart}: {len(sources)} sources, {len(middle)} delivered columns or lists"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(parts)}{"".join(boxes)}</svg>'
    )


def _sources(origin: Origin, feeds: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The sources behind an origin, or the registry."""
    behind = facts_behind(origin)
    return sorted({source for table in behind for source in feeds.get(table, ())}) if behind else [REGISTRY]


def _words(origin: Origin) -> str:
    table = origin.table.removeprefix("facts.")
    return f"{table}.{origin.column}" if origin.column else table


def _lines(names: Sequence[str], most: int = 38) -> list[str]:
    """Names over as many lines as they need."""
    lines = [""]
    for name in names:
        if lines[-1] and len(lines[-1]) + len(name) + 2 > most:
            lines.append("")
        lines[-1] += (", " if lines[-1] else "") + name
    return lines


def _places(boxes: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """Where each box begins, and its height, from above."""
    places, here = [], PAD
    for lines in boxes:
        height = ROW * len(lines) + 4
        places.append((here, height))
        here += height + 6
    return places


def _edge(start: tuple[int, int], first: tuple[int, int], end: tuple[int, int], second: tuple[int, int]) -> str:
    x1, y1, x2, y2 = start[0] + start[1], first[0] + first[1] // 2, end[0], second[0] + second[1] // 2
    bend = (x1 + x2) // 2
    return f'<path class="edge" d="M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}"/>'


def _box(band: tuple[int, int], place: tuple[int, int], lines: Sequence[str], kind: str) -> str:
    x, width = band
    y, height = place
    texts = "".join(
        f'<text x="{x + 8}" y="{y + 16 + ROW * number}">{escape(line)}</text>' for number, line in enumerate(lines)
    )
    return f'<g class="{kind}"><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3"/>{texts}</g>'
