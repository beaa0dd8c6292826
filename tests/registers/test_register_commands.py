"""`boligprofil register check` and `count`, as a person gives them: what they print, write and refuse."""

import shutil
from pathlib import Path

import pytest
from command_line import invoke
from persons import placed, register, rows, write

from flows.registers.counting import Register
from schemas.registry import Registry

KEY = "address_key | area_id | valid_from | valid_to\na1 | vollsmose | 2000-01-01 | -"
PERSONS = "person_id | year | address_key | age | convictions\n" + "\n".join(
    f"{person} | {year} | {'a1' if person < 8 else 'x'} | {20 + person} | {person == 1:d}"
    for year in (2011, 2012)
    for person in range(12)
)
MOVES = """
person_id | year | moved_on   | move_kind | from_address_key | to_address_key
1         | 2011 | 2011-02-01 | moved     | a1               | x
1         | 2011 | 2011-03-01 | moved     | x                | a1
"""


@pytest.fixture
def house(tmp_path: Path, published: Path, registry: Registry) -> tuple[Path, Register]:
    """A house with a published snapshot, and a register of real persons beside it."""
    shutil.copytree(published / "data" / "marts", tmp_path / "data" / "marts", symlinks=True)
    asked = register(tmp_path, registry, PERSONS, KEY)
    write(asked.folder, registry, "moves", rows(MOVES))
    note = asked.folder / "register.toml"
    note.write_text(note.read_text().replace("synthetic", "real"))
    return tmp_path, asked


def given(house: tuple[Path, Register], verb: str) -> tuple[str, ...]:
    return "register", verb, str(house[1].folder), "--key", str(house[1].addresses)


def test_a_register_that_fits_is_checked_counted_and_delivered(house: tuple[Path, Register]) -> None:
    folder, _ = house
    checked = invoke(folder, *given(house, "check"))
    assert (checked.exit_code, checked.stdout.strip()[-17:]) == (0, "fits its contract")
    counted = invoke(folder, *given(house, "count"))
    assert counted.exit_code == 0
    figures = (folder / "data/raw/register_counts/optaelling_2013-01-31.csv").read_text(encoding="utf-8")
    assert "boligområde;vollsmose;0461;2012;convicted_pct;1;8;;endelig;1" in figures.splitlines()
    flows = (folder / "data/raw/composition/optaelling_2013-01-31.csv").read_text(encoding="utf-8")
    assert "vollsmose;0461;2011;2012;convicted_pct;blev boende;8;1;1" in flows.splitlines()
    assert f"{len(figures.splitlines()) - 7:,} figures in" in counted.stdout.replace("\n", " ")


def test_breaches_are_told_and_nothing_is_counted(house: tuple[Path, Register], registry: Registry) -> None:
    folder, asked = house
    broken = [row | {"age": 130 if row["person_id"] == 3 else row["age"]} for row in rows(PERSONS)]
    write(asked.folder, registry, "person_years", broken)
    note = asked.folder / "register.toml"
    note.write_text(note.read_text().replace("synthetic", "real"))
    for verb in ("check", "count"):
        refused = invoke(folder, *given(house, verb))
        assert refused.exit_code == 1
        assert "person_years/year=2012/part.parquet: age: 1 rows: above 120" in refused.stderr
        assert "Ask its holder for these files again" in refused.stderr
    assert not (folder / "data" / "raw").exists()


@pytest.mark.parametrize(
    ("break_it", "variables", "code", "says"),
    [
        ("origin", {}, 1, "real and synthetic never meet"),
        ("key", {}, 1, "it places 1 addresses in areas, and person_years has residents at 0 of them"),
        ("", {"BOLIGPROFIL_WORKERS": "tcp://127.0.0.1:1"}, 2, "no Dask scheduler answers at tcp://127.0.0.1:1"),
    ],
)
def test_what_a_register_is_refused_for(
    house: tuple[Path, Register],
    monkeypatch: pytest.MonkeyPatch,
    break_it: str,
    variables: dict[str, str],
    code: int,
    says: str,
) -> None:
    monkeypatch.setattr("flows.registers.workers.PATIENCE_SECONDS", 0.5)
    folder, asked = house
    if break_it == "origin":
        note = asked.folder / "register.toml"
        note.write_text(note.read_text().replace("real", "synthetic"))
    if break_it == "key":
        placed(folder, KEY.replace("a1", "other"))
    refused = invoke(folder, *given(house, "check"), **variables)
    assert refused.exit_code == code
    assert says in refused.stderr.replace("\n", " ")
