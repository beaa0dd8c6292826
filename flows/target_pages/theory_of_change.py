"""How a plan means its efforts to work, as a picture of four columns and as a table that says the same.

The picture is drawn by theory.svg.j2 and not by a library of charts: every place is known, and measuring a hundred
lines of text took such a library a quarter of a second a plan.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flows.present import notation, vocabulary
from flows.publish.plans_read import Row
from schemas import labels
from schemas.registry import Registry

COLUMNS = ("Indsatsområde", "Aktivitet", "Skridt", "Indikator")
NO_ACTIVITY = "Ingen aktivitet nævnt"
NO_STEP = "Skridtet er ikke nævnt"
NO_INDICATOR = "Ingen indikator nævnt"
NOTHING = "Hverken skridt eller indikator nævnt"
OWN = "plan"

# Sized for the width of an A4 sheet between its margins, so that paper shows the letters at their full size.
BOX, GUTTER, PADDING, APART = 152, 30, 6, 6
TEXT, LEADING, HEAD, FOOT = 11.5, 13, 24, 30
WIDTH = len(COLUMNS) * BOX + (len(COLUMNS) - 1) * GUTTER
LONGEST = 5  # lines of a box; the table says the rest

Key = tuple[int, str, str, str]


@dataclass
class Node:
    """A box: its column, the effort area whose band it stands in, its lines, how it is meant, where its middle lies."""

    key: Key
    theme: str
    lines: list[str]
    notes: Sequence[str] = ()
    is_hole: bool = False
    is_own: bool = False
    middle: float = 0.0

    @property
    def height(self) -> float:
        """Height of the box in pixels."""
        return 2 * PADDING + LEADING * (len(self.lines) + len(self.notes)) - 3

    @property
    def left(self) -> int:
        """Where the box begins."""
        return _left(self.key[0])

    @property
    def top(self) -> float:
        """Where the box begins, from above."""
        return self.middle - self.height / 2


@dataclass(frozen=True)
class Edge:
    """A line from the right side of a box to the left side of the next."""

    x1: float
    y1: float
    x2: float
    y2: float
    is_own: bool


@dataclass(frozen=True)
class TheoryPicture:
    """The boxes and lines of a picture, its height, what it shows in words, and whether there are proposals in it."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    height: float
    alt: str
    has_proposals: bool


def table(links: Sequence[Row], registry: Registry) -> list[tuple[str, str, str, str, str]]:
    """A row per link: effort area, activity, step, indicator with its outcome group, and who says so."""
    themes = _themes(registry)
    rows = []
    for link in _sorted(links, registry):
        group = _group(link["indicator"], registry) if link["indicator"] else ""
        rows.append(
            (
                themes[link["effort_area_id"]],
                link["activity"] or NO_ACTIVITY,
                link["step"] or NO_STEP,
                f"{registry.indicators[link['indicator']].label_da} ({group})" if link["indicator"] else NO_INDICATOR,
                notation.sentence(vocabulary.LINK_SOURCES[link["link_source"]]).removesuffix("."),
            )
        )
    return rows


def picture(links: Sequence[Row], registry: Registry) -> TheoryPicture:
    """The picture of the links; `links` are rows of plan_change_theory, at least one."""
    nodes, edges = _graph(_sorted(links, registry), registry)
    height = _place(nodes)
    own = sum(link["link_source"] == OWN for link in links)
    kinds = [
        notation.many(count, "kobling er", "koblinger er") + f" {whose}"
        for count, whose in ((own, "planens egne"), (len(links) - own, "forslag fra Boligprofil"))
        if count
    ]
    lines = [
        Edge(_left(start[0]) + BOX, nodes[start].middle, _left(end[0]), nodes[end].middle, is_own)
        for (start, end), is_own in edges.items()
    ]
    alt = (
        "Fire kolonner fra indsatsområde over aktivitet og skridt til indikator. "
        f"{notation.listed(kinds)}. Koblingerne står i tabellen under figuren."
    )
    return TheoryPicture(tuple(nodes.values()), tuple(lines), height + FOOT, alt, own < len(links))


def _themes(registry: Registry) -> dict[str, str]:
    return {row["effort_area_id"]: row["name_da"] for row in registry.codes["effort_areas"]}


def _group(indicator: str, registry: Registry) -> str:
    return labels.OUTCOME_GROUPS[str(registry.indicators[indicator].indicator_group)]


def _sorted(links: Iterable[Row], registry: Registry) -> list[Row]:
    """Links in the order of the effort areas, then as they are numbered."""
    order = list(_themes(registry))
    return sorted(links, key=lambda link: (order.index(link["effort_area_id"]), link["link_no"]))


def _graph(links: Sequence[Row], registry: Registry) -> tuple[dict[Key, Node], dict[tuple[Key, Key], bool]]:
    """Boxes and lines between them; a line is the plan's own where one of its links is."""
    themes = _themes(registry)
    nodes: dict[Key, Node] = {}
    edges: dict[tuple[Key, Key], bool] = {}
    for link in links:
        theme, activity, step, indicator = (
            link[part] or "" for part in ("effort_area_id", "activity", "step", "indicator")
        )
        way = [
            Node((0, theme, "", ""), theme, wrapped(themes[theme], is_bold=True)),
            Node((1, theme, activity, ""), theme, wrapped(activity or NO_ACTIVITY), is_hole=not activity),
        ]
        if step or indicator:
            key = (2, theme, step, "" if step else activity)
            way.append(Node(key, theme, wrapped(step or NO_STEP), is_hole=not step))
        else:
            way.append(Node((2, theme, "", f"{activity} "), theme, wrapped(NOTHING), is_hole=True))
        if indicator:
            label = registry.indicators[indicator].label_da
            is_above = any(node.key[:2] == (3, indicator) and node.theme != theme for node in nodes.values())
            notes = [*wrapped(_group(indicator, registry)), *(["også ovenfor"] if is_above else [])]
            way.append(Node((3, indicator, theme, ""), theme, wrapped(label), notes=notes))
        elif step:
            way.append(Node((3, theme, step, activity), theme, wrapped(NO_INDICATOR), is_hole=True))
        is_own = link["link_source"] == OWN
        for node in way:
            kept = nodes.setdefault(node.key, node)
            kept.is_own |= is_own
        for start, end in pairwise(way):
            edges[start.key, end.key] = edges.get((start.key, end.key), False) or is_own
    return nodes, edges


def _place(nodes: Mapping[Key, Node]) -> float:
    """Set the middle of every box; returns the height of them all.

    Each effort area has a band of its own. An indicator that several of them lead to stands in each, so that no line
    crosses the others.
    """
    top = float(HEAD)
    for theme in dict.fromkeys(node.theme for node in nodes.values()):
        columns = [
            [node for node in nodes.values() if node.theme == theme and node.key[0] == column]
            for column in range(len(COLUMNS))
        ]
        tall = max(_stacked(column) for column in columns)
        for column in columns:
            at = top + (tall - _stacked(column)) / 2
            for node in column:
                node.middle = at + node.height / 2
                at += node.height + APART
        top += tall + 2 * APART
    return top - 2 * APART


def _left(column: int) -> int:
    return column * (BOX + GUTTER)


def _stacked(nodes: Sequence[Node]) -> float:
    return sum(node.height for node in nodes) + APART * max(0, len(nodes) - 1)


def wrapped(text: str, is_bold: bool = False) -> list[str]:
    """Text in lines that fit a box; a word that is too long is parted with a hyphen, a text that is ends in '…'."""
    room = (BOX - 2 * PADDING) / (1.1 if is_bold else 1.0)
    lines = [""]
    for word in text.split():
        *starts, end = _parted(word, room)
        lines += starts
        longer = f"{lines[-1]} {end}" if lines[-1] else end
        if wide(longer) <= room and not lines[-1].endswith("-"):
            lines[-1] = longer
        else:
            lines.append(end)
    lines = [line for line in lines if line]
    if len(lines) > LONGEST:
        lines = [*lines[: LONGEST - 1], f"{lines[LONGEST - 1]} …"]
    return lines


def _parted(word: str, room: float) -> list[str]:
    """A word in parts that fit, a hyphen behind each but the last."""
    if wide(word) <= room:
        return [word]
    cut = next(end for end in range(len(word) - 4, 0, -1) if wide(word[:end] + "-") <= room)
    return [word[:cut] + "-", *_parted(word[cut:], room)]


def wide(text: str) -> float:
    """About how wide text is, in pixels: as in DejaVu Sans, by kinds of letters; most other fonts are narrower."""
    return TEXT * sum(_wide(letter) for letter in text)


def _wide(letter: str) -> float:
    if letter in "iljI.,:;'|()[]-/ ":
        return 0.34
    if letter in "tfr":
        return 0.41
    if letter in "mwMW%æÆ@":
        return 0.95
    return 0.7 if letter.isupper() or letter.isdigit() else 0.6
