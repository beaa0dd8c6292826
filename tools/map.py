"""The map: docs/map.md, a line per module, each in the module's own words.

Usage: python -m tools.map. The rooms and their order are the floors of tests/test_rooms.py; the words are the first
sentences of docstrings, and of the heads of TOML and SQL files.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "map.md"
HEAD = """# The map

A line per module, in its own words. `make map` makes this page anew; it is never edited by hand. Which file to edit for
which change is told in the [README](../README.md#where-a-line-belongs). The tests of a room lie in the folder of
`tests/` that has its name. What a map is to the modules, these are to columns and indicators, and to a single figure:

```bash
boligprofil dictionary --out dictionary.md
boligprofil trace area=vollsmose year=2012 indicator=residents
```

## Rooms and floors

From the ground up, which is about the way of the data. A room imports from itself and from rooms on floors below its
own, never from its neighbours on the same floor, and no modules import each other in a circle. What leaves the house
(`flows/release/`, `flows/extracts/`) is made without {wall},
which may hold what is not cleared or is made up; not even by way of a third room. `tests/test_rooms.py` holds all this.

| floor | room | what it is for |
|---:|---|---|
"""
SQL_FOLDERS = {
    "views": "what several marts share",
    "marts": "a file per mart, published under the same name",
    "checks": "promises about marts: each file selects the rows that break one",
    "register": "person registers to counts: each query runs over one partition, or over what the partitions gave",
    "release": "the figures of a release, from the counts that are shown; the views above run over these",
}


def page() -> str:
    """The whole page, as Markdown."""
    floors, internal = _floors()
    places = [_place(room) for floor in floors for room in floor]
    rows = [
        f"| {number} | [`{_name(place)}`](#{_anchor(place)}) | {_sentence(place)} |"
        for number, floor in enumerate(floors, start=1)
        for place in map(_place, floor)
    ]
    sections = [HEAD.format(wall=_wall(internal)) + "\n".join(rows)]
    sections.append(_section(ROOT / "flows", map(_bullet, (place for place in places if place.is_file()))))
    sections += [_section(place, _modules(place)) for place in places if place.is_dir()]
    return "\n\n".join(sections) + "\n"


def first_sentence(text: str) -> str:
    """The first sentence of a text, on one line."""
    line = " ".join(text.strip().partition("\n\n")[0].split())
    sentence = re.match(r".*?[.?!](?=\s|$)", line)
    return sentence[0] if sentence else line


def _floors() -> tuple[list[list[str]], list[str]]:
    """The rooms of each floor, from the ground up and in the order in which they are written; and the internal ones."""
    tree = ast.parse((ROOT / "tests" / "test_rooms.py").read_text(encoding="utf-8"))
    written = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    floors = [re.findall(r"'([\w.]+)'", ast.unparse(floor)) for floor in ast.iter_child_nodes(written["FLOORS"])]
    return [floor for floor in floors if floor], list(ast.literal_eval(written["INTERNAL"]))


def _wall(internal: list[str]) -> str:
    *rooms, last = [f"`{_name(_place(room))}`" for room in internal]
    return f"{', '.join(rooms)} and {last}"


def _place(room: str) -> Path:
    """The folder of a room, or its file where it is a single module."""
    folder = ROOT / room.replace(".", "/")
    return folder if folder.is_dir() else folder.with_suffix(".py")


def _name(place: Path) -> str:
    return place.relative_to(ROOT).as_posix() + ("/" if place.is_dir() else "")


def _anchor(place: Path) -> str:
    """What GitHub makes of the heading of a room's section."""
    return _name(place if place.is_dir() else place.parent).replace("/", "")


def _section(room: Path, lines: Iterator[str]) -> str:
    purpose = _words(room).partition("\n\n")[0]
    return f"## `{_name(room)}`\n\n{purpose}\n\n" + "\n".join(lines)


def _modules(folder: Path, depth: int = 0) -> Iterator[str]:
    """Bullets of the files of a folder, those of its packages set in below them, those of SQL under a heading each."""
    for path in sorted(folder.iterdir()):
        if path.suffix in (".py", ".toml", ".sql") and path.name != "__init__.py":
            yield _bullet(path, depth)
        elif (path / "__init__.py").exists():
            yield _bullet(path, depth)
            yield from _modules(path, depth + 1)
    if folder == ROOT / "sql":
        for name, purpose in SQL_FOLDERS.items():
            yield f"\n### `sql/{name}/`: {purpose}\n"
            yield from map(_bullet, sorted((folder / name).glob("*.sql")))


def _bullet(path: Path, depth: int = 0) -> str:
    name = path.name + ("/" if path.is_dir() else "")
    command = f" (`python -m {path.parent.name}`)" if path.name == "__main__.py" else ""
    return f"{'  ' * depth}- `{name}`{command}: {_sentence(path)}"


def _sentence(path: Path) -> str:
    return first_sentence(_words(path))


def _words(path: Path) -> str:
    """What a module, a package, a TOML or a SQL file says of itself at its head."""
    file = path / "__init__.py" if path.is_dir() else path
    text = file.read_text(encoding="utf-8")
    words = ast.get_docstring(ast.parse(text)) if file.suffix == ".py" else _comment(text)
    if not words:
        raise SystemExit(f"{file.relative_to(ROOT)} does not say at its head what it is for.")
    return words.removeprefix(f"{file.stem}: ")


def _comment(text: str) -> str:
    """The comment at the head of a TOML or SQL file, up to an empty line of it or to what a check declares there."""
    lines = []
    for line in text.splitlines():
        comment = re.match(r"(?:#|--) (?!mart: |severity: )(.+)", line)
        if not comment:
            break
        lines.append(comment[1])
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
