"""Names of the world are shown as they are: no bracket vanishes or ends a command, nothing steers the terminal."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke
from hypothesis import given
from hypothesis import strategies as st

from flows.commands import plain, terminal
from flows.core.characters import visible
from flows.intake.deliveries import find
from flows.present.pages import templates
from schemas.registry import Registry

ODD = {
    "a copy": "beboere [kopi].csv",
    "a closing tag": "beboere [/b].csv",
    "a style": "[red]beboere[/red].csv",
    "a link": "[link=example.org]beboere.csv",
    "a backslash before a bracket": "beboere \\[1].csv",
    "an emoji's name": "beboere :smile:.csv",
    "HTML": "<b>beboere</b> & co.csv",
    "Danish letters": "Årstal for Højstrup æøå.csv",
    "a double bracket": "[[beboere]].csv",
}
STEERING = {
    "a colour": ("\x1b[31mrød.csv", "(U+001B)[31mrød.csv"),
    "a cleared screen": ("\x1b[2J\x1b[Hvæk.csv", "(U+001B)[2J(U+001B)[Hvæk.csv"),
    "a title of the window": ("\x1b]0;ejet\x07.csv", "(U+001B)]0;ejet(U+0007).csv"),
    "eight-bit escapes": ("\x9b31mrød.csv", "(U+009B)31mrød.csv"),
    "a second line": ("a\nb.csv", "a(U+000A)b.csv"),
    "back to the line's begin": ("fejl\rfin.csv", "fejl(U+000D)fin.csv"),
    "turned about": ("tal\u202evsc.exe", "tal(U+202E)vsc.exe"),
    "nothing to see": ("be\u200bboere.csv", "be(U+200B)boere.csv"),
    "a line of its own": ("a\u2028b.csv", "a(U+2028)b.csv"),
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Folders with a snapshot in force that was made of nothing."""
    (tmp_path / "raw" / "municipal_figures").mkdir(parents=True)
    return tmp_path


def publish(folder: Path, *names: str, quarantine: str = "") -> None:
    """A snapshot whose manifest tells of deliveries of these names: one refused, the others accepted."""
    entry = {"source": "municipal_figures", "rows": 1, "used": 1, "quarantined": 0, "set_aside": 0, "rules": {}}
    deliveries: list[dict[str, Any]] = [
        {**entry, "path": f"municipal_figures/{name}", "outcome": "accepted" if number else "refused"}
        for number, name in enumerate(names)
    ]
    deliveries[0] |= {"rule": "missing_column"} | ({"quarantine": quarantine} if quarantine else {})
    manifest = {
        "origin": "real",
        "caveat": "",
        "deliveries": [{"sha256": "0", **entry} for entry in deliveries],
        "warnings": [f"{entry['path']} was refused" for entry in deliveries],
        "inputs_sha256": "",
        "marts": {"area_profile": {"file": "area_profile.parquet", "bytes": 0, "rows": 0}},
        "commit": "",
    }
    version = folder / "marts" / "versions" / "v"
    version.mkdir(parents=True)
    (version / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "marts" / "CURRENT.txt").write_text("v", encoding="utf-8")


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_status_shows_a_name_as_it_is(house: Path, name: str) -> None:
    publish(house, name, name, quarantine=f"quarantine/{name}")
    done = invoke(house, "status", "--raw", "raw", "--marts", "marts")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert sum(f"municipal_figures/{name}" in line for line in lines) == 5  # two rows, two warnings, once gone
    assert f"  quarantine/{name}" in lines
    assert f"warning: municipal_figures/{name} was refused" in lines


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_what_is_new_is_named_as_it_is(house: Path, name: str) -> None:
    publish(house, "a.csv")
    file = house / "raw" / "municipal_figures" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("x")
    done = invoke(house, "status", "--raw", "raw", "--marts", "marts")
    assert f"  new: municipal_figures/{name}" in done.stdout.splitlines()


@pytest.mark.parametrize(("name", "shown"), STEERING.values(), ids=STEERING)
def test_nothing_that_steers_a_terminal_reaches_it(house: Path, registry: Registry, name: str, shown: str) -> None:
    """Neither from a manifest of an earlier version, nor from the folder, where the name is written out at the door."""
    publish(house, name)
    (house / "raw" / "municipal_figures" / name).write_text("x")
    assert [delivery.path for delivery in find(house / "raw", registry)] == [f"municipal_figures/{shown}"]
    done = invoke(house, "status", "--raw", "raw", "--marts", "marts")
    assert done.exit_code == 0
    assert f"municipal_figures/{shown} " in done.stdout
    assert f"  new: municipal_figures/{shown}" in done.stdout.splitlines()
    assert not set(done.stdout) & set(name) - set(shown) - {"\n"}


@pytest.mark.parametrize("name", [*ODD.values(), *(name for name, _ in STEERING.values())])
def test_pages_escape_a_name(name: str) -> None:
    page = templates("flows.extracts").from_string("{{ name }}").render(name=name)
    assert "<b>" not in page


@pytest.mark.parametrize("name", ["marts [kopi]", "[red]marts", "marts :smile:"])
def test_path_prints_the_path_that_a_program_can_open(house: Path, name: str) -> None:
    publish(house, "a.csv")
    (house / "marts").rename(house / name)
    done = invoke(house, "path", "area_profile", "--marts", name)
    assert done.stdout == f"{house / name}/versions/v/area_profile.parquet\n"


@pytest.mark.parametrize("sender", ["[/b] Kommune", "[red]Kommune", "Odense \x1b[31mKommune"])
def test_quarantine_names_senders_and_files_as_they_are(house: Path, sender: str) -> None:
    path = "municipal_figures/beboere [kopi].csv"
    item = {"key": "k", "sender": sender, "path": path, "line": 3, "column": "Værdi", "rule": "not_a_number"}
    folder = house / "quarantine"
    folder.mkdir()
    register = {"files": [], "items": [{**item, "first_seen": "2026-11-01"}]}
    (folder / "register.json").write_text(json.dumps(register), encoding="utf-8")
    for options in ([], ["--letter"]):
        done = invoke(house, "quarantine", *options, "--marts", "marts")
        assert done.exit_code == 0
        assert visible(sender) in done.stdout
        assert "beboere [kopi].csv" in done.stdout
        assert "\x1b" not in done.stdout
    done = invoke(house, "quarantine", "--sender", "[/i]", "--marts", "marts")
    assert done.exit_code == 2
    assert "'[/i]'" in done.stderr
    assert visible(sender) in done.stderr


def test_status_tells_remarks_and_says_of_a_late_source_what_to_do(house: Path) -> None:
    publish(house, "a [kopi].csv")
    file = house / "marts" / "versions" / "v" / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["deliveries"][0] |= {"remarks": {"hidden_row": 2}, "published_at": "2009-05-01"}
    fetched = {**manifest["deliveries"][0], "path": "statbank_folk1a/b.csv", "source": "statbank_folk1a"}
    manifest["deliveries"].append(fetched)
    file.write_text(json.dumps(manifest))
    lines = invoke(house, "status", "--raw", "raw", "--marts", "marts").stdout.splitlines()
    assert "  municipal_figures/a [kopi].csv: hidden_row (2)" in lines
    of_town, of_statbank = (line for line in lines if " is late: released " in line)
    assert of_town.startswith("warning: Municipal yearly figures (kommuneårstal) (municipal_figures) is late")
    assert of_town.endswith("newest here 2009-05-01; ask the municipality that sends them")
    assert of_statbank.endswith("; boligprofil fetch statbank --source statbank_folk1a")


def printed(*objects: Any) -> str:
    shown = io.StringIO()
    plain.PlainConsole(file=shown, width=200, force_terminal=True, color_system="truecolor").print(*objects)
    return shown.getvalue()


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_no_text_at_all_reaches_a_terminal_with_an_unseen_character(text: str) -> None:
    table = terminal.table_of("name")
    table.add_row(text)
    unseen = {c for c in text if visible(c) != c} - {"\n"}
    assert not unseen & set(printed(text).replace("\x1b[1m", "").replace("\x1b[0m", ""))
    assert not unseen & set(printed(table).replace("\x1b[1m", "").replace("\x1b[0m", ""))


def test_what_the_house_itself_marks_has_its_style() -> None:
    assert printed(terminal.words(("[b]", "bold"), " [/b]")) == "\x1b[1m[b]\x1b[0m [/b]\n"


@given(st.text())
def test_visible_changes_only_what_is_unseen_and_nothing_twice(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    assert visible(text, keep=text) == text
