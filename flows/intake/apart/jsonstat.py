"""JSON-stat, versions 1 and 2. Source of the format: https://json-stat.org/full/."""

from collections.abc import Iterator
from typing import Any

from flows.intake.apart import cubes
from flows.intake.apart.answers import Unreadable
from flows.intake.apart.json_text import Spelled, parsed, text_of, texts_within
from flows.intake.apart.marks import SHOWN_OTHERWISE
from flows.intake.cpr import holds_cpr_number

METRIC = "ContentsCode"
MISSING = ".."
# Marks that StatBank shows in place of a figure. Any other ('p', 'e') says something that no layout knows.
MARKS = (".", "..", "...", "-")


def read(content: bytes) -> dict[str, Any]:
    """The cube of a file. Raises Unreadable where it is none, is too large, or holds a CPR number."""
    document = parsed(content)
    if any(map(holds_cpr_number, texts_within(document))):
        raise Unreadable("cpr_number", "a text, a name or a value")
    try:
        cube = document.get("dataset", document)
        dimensions = cube["dimension"]
        names = [str(name) for name in cube.get("id") or dimensions["id"]]
        sizes = [int(size) for size in cube.get("size") or dimensions["size"]]
        if min(sizes, default=0) < 0:
            raise ValueError
        cells = cubes.cells_of(sizes)
        members = [_members(dimensions[name]["category"], size) for name, size in zip(names, sizes, strict=True)]
        values = _values(cube["value"], cells)
        values = _marked(values, cube.get("status"))
        titles = list(_titles(cube, dimensions))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Unreadable("damaged_file", "not a JSON-stat cube") from None
    if len(set(names)) != len(names):
        raise Unreadable("duplicate_column", "a dimension stands twice")
    if METRIC in names and len(members[names.index(METRIC)]) != 1:
        raise Unreadable("unknown_column", f"several measures in '{METRIC}'")
    kept = [(name.upper(), codes) for name, codes in zip(names, members, strict=True) if name != METRIC]
    return cubes.answer([name for name, _ in kept], [codes for _, codes in kept], values, titles)


def _members(category: Any, size: int) -> list[str]:
    """Codes of a dimension's members in their order. Raises ValueError where the order or the number is none."""
    index = category.get("index")
    if index is None:
        codes = list(category["label"])
    elif isinstance(index, dict):
        places = {code: int(place) for code, place in index.items()}
        codes = sorted(places, key=places.__getitem__)
        if sorted(places.values()) != list(range(size)):
            raise ValueError
    else:
        codes = list(index)
    if len(codes) != size or len(set(codes)) != size or not all(isinstance(code, str) for code in codes):
        raise ValueError
    return codes


def _values(values: Any, cells: int) -> list[str]:
    """Values as text, missing ones as '..'; a sparse object leaves cells out."""
    if isinstance(values, dict):
        made = [MISSING] * cells
        for place, value in values.items():
            made[_place(place, cells)] = _text(value)
        return made
    if len(values) != cells:
        raise Unreadable("damaged_file", f"{len(values)} values for {cells} cells")
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        raise ValueError
    return MISSING if value is None else text_of(value)


def _place(place: str, cells: int) -> int:
    if not place.isascii() or not place.isdigit() or str(int(place)) != place or int(place) >= cells:
        raise ValueError
    return int(place)


def _marked(values: list[str], status: Any) -> list[str]:
    """Values with the mark of their status in their place: a 0 that is marked '.' is no figure."""
    match status:
        case None:
            return values
        case str():
            marks = dict.fromkeys(range(len(values)), status)
        case dict():
            marks = {_place(place, len(values)): mark for place, mark in status.items()}
        case list() if len(status) == len(values):
            marks = dict(enumerate(status))
        case _:
            raise ValueError
    for place, mark in marks.items():
        if mark is None or mark == "":
            continue
        is_known = isinstance(mark, str) and not isinstance(mark, Spelled) and mark in MARKS
        values[place] = mark if is_known else SHOWN_OTHERWISE
    return values


def _titles(cube: Any, dimensions: Any) -> Iterator[str]:
    """The words in which a cube says what it is: its label, the table's id, and its one measure."""
    extension: Any = cube.get("extension") if isinstance(cube.get("extension"), dict) else {}
    px: Any = extension.get("px") if isinstance(extension.get("px"), dict) else {}
    metric = dimensions.get(METRIC, {}).get("category", {})
    named = [cube.get("label"), px.get("tableid"), px.get("matrix"), extension.get("id")]
    for part in ("index", "label"):
        known = metric.get(part) or {}
        named += [*known, *(known.values() if isinstance(known, dict) else ())]
    yield from (text for text in named if isinstance(text, str) and not isinstance(text, Spelled))
