"""The map says of each module what the module says of itself."""

import re

import pytest
from test_rooms import MODULES, ROOT

from tools import map as modules_map


def test_the_map_is_what_the_modules_say_today() -> None:
    drawn, kept = modules_map.page().splitlines(), modules_map.PAGE.read_text(encoding="utf-8").splitlines()
    changed = sorted(set(drawn) ^ set(kept))
    assert not changed, "docs/map.md is not true any more; run: make map (python -m tools.map)"
    assert drawn == kept, "docs/map.md has another order; run: make map (python -m tools.map)"


def test_every_file_has_a_line() -> None:
    page = modules_map.PAGE.read_text(encoding="utf-8")
    tops = sorted({module.partition(".")[0] for module in MODULES})
    files = [
        file.name for top in tops for suffix in ("py", "sql", "toml") for file in ROOT.glob(f"{top}/**/*.{suffix}")
    ]
    lines = re.findall(r"^ *- `([\w.]+)`.*: .+[.?!]$", page, re.MULTILINE)
    assert sorted(lines) == sorted(name for name in files if name != "__init__.py")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Facts to marts.\n\nMore of it.", "Facts to marts."),
        ("Each of 3.5 million rows: read\nonce. Then written.", "Each of 3.5 million rows: read once."),
        ("`boligprofil ...`: every command.", "`boligprofil ...`: every command."),
        ("Does it find what was planted? No more.", "Does it find what was planted?"),
        ("No full stop", "No full stop"),
    ],
)
def test_a_sentence_ends_where_it_ends(text: str, sentence: str) -> None:
    assert modules_map.first_sentence(text) == sentence
