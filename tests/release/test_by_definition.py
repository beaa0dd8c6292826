"""What any reader can work out: lists are read back with the definitions of the figures, and nothing must be exact."""

from pathlib import Path

import numpy as np
import pytest
from test_sums import built_of
from test_sums import figure as delivered

from flows.release.attack import Exhibit, attack
from flows.release.cells import Cell, Key, Tables
from flows.release.suppression import hide, shown
from schemas.registry import Registry
from simulations.definitions import handed_out, tables_of, without_populations
from simulations.definitions import worked_out as read_back
from simulations.list_reader import MEANT, Figure, Reader, read
from simulations.years import play

YEAR = 2012
TOWNS = ("0461", "0751", "0851")
SOURCES = {"dwellings": "housing_statistics", "vacant_dwellings_pct": "housing_statistics"}
PUBLISHED = {"residents": "population", "age_0_17_pct": "population_by_age"}
PUBLISHED |= {"age_18_29_pct": "population_by_age", "age_65_plus_pct": "population_by_age"}


def people(rng: np.random.Generator, size: int) -> dict[str, int]:
    """How many of each kind live in a place, counted from persons and dwellings drawn one by one."""
    age = rng.choice(4, size, p=rng.dirichlet((2, 6, 8, 3)))
    origin = rng.choice(4, size, p=(0.8, 0.05, 0.1, 0.05))
    works, poor = rng.random(size) < 0.6, rng.random(size) < 0.2
    benefit = rng.choice(3, size, p=(0.8, 0.1, 0.1))
    adult, working = age > 0, (age == 1) | (age == 2)
    counts = {name: int((age == place).sum()) for place, name in enumerate(("0-17", "18-29", "30-64", "65+"))}
    counts |= {
        name: int((origin == n).sum()) for n, name in enumerate(("danish", "western", "immigrant", "descendant"))
    }
    counts["low income"] = int((poor & adult).sum())
    counts["employed"] = int((works & working).sum())
    counts["assisted"] = int(((benefit == 1) & working).sum())
    counts["pensioned"] = int(((benefit == 2) & working).sum())
    homes = rng.choice(5, size // 2, p=rng.dirichlet((20, 3, 4, 20, 1)))
    names = ("alone", "single parent", "couple with children", "other household", "vacant")
    return counts | {name: int((homes == n).sum()) for n, name in enumerate(names)}


def nation(seed: int, registry: Registry) -> tuple[Tables, dict[str, str]]:
    """The tables of thirteen areas in three municipalities, and where they lie."""
    rng = np.random.default_rng(seed)
    homes = {f"area{number:02}": TOWNS[number % 3] for number in range(13)}
    there = {area: people(rng, int(rng.integers(130, 420))) for area in homes}
    for town in TOWNS:
        around = people(rng, 3_000)
        inside = [around, *(there[area] for area in homes if homes[area] == town)]
        there[town] = {kind: sum(counts[kind] for counts in inside) for kind in around}
    rows = []
    for place, counts in there.items():
        for indicator, (parts, whole) in MEANT.items():
            x = sum(counts[kind] for kind in parts)
            n = sum(counts[kind] for kind in whole) if whole else None
            published = PUBLISHED.get(indicator) if place in TOWNS else None
            source = published or SOURCES.get(indicator, "municipal_yearly")
            rows.append(delivered(place, indicator, x, n, source=source))
    return built_of(registry, homes, *rows).tables, homes


def worked_out(tables: Tables, homes: dict[str, str], file: Path) -> tuple[dict[Figure, int], int]:
    """The hidden figures that a reader of the list works out, and how many are hidden."""
    handed_out(tables, file)
    figures, hidden = read(file)
    return dict(Reader(figures, homes).exact(hidden)), len(hidden)


def cell_of(tables: Tables, figure: Figure) -> Cell:
    place, indicator, part = figure
    kind = "municipality" if place in TOWNS else "area"
    return tables.cells[Key(kind, place, YEAR, indicator, part)]  # type: ignore[arg-type]


def test_a_reader_who_knows_the_definitions_works_out_no_hidden_figure(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables, homes = nation(1, registry)
    before, hidden_before = worked_out(without_populations(tables, registry), homes, tmp_path / "before.csv")
    after, hidden_after = worked_out(tables, homes, tmp_path / "after.csv")
    with capsys.disabled():
        print(
            f" exact: {len(before)} of {hidden_before} hidden by declared sums, {len(after)} of {hidden_after} now",
            end="",
        )
    assert before  # the reader is able to find something
    assert {figure: cell_of(tables, figure).value for figure in before} == before
    assert not after
    # Nor is a small one narrowed: each of 1 to k-1 is as possible as the others, and k.
    figures, hidden = read(tmp_path / "after.csv")
    reader = Reader(figures, homes)
    for figure in hidden:
        cell = cell_of(tables, figure)
        least, most = reader.interval(figure)
        assert not cell.is_primary or (least <= 1 and (most is None or most >= cell.k))


def test_of_a_made_up_nation_the_reader_works_out_nothing_either(registry: Registry, tmp_path: Path) -> None:
    """A smaller `python -m simulations.definitions`: its areas lie in municipalities, and all of it is counted."""
    tables, homes = tables_of(60_000, 3, registry)
    handed_out(without_populations(tables, registry), tmp_path / "before.csv")
    handed_out(tables, tmp_path / "after.csv")
    before, after = (read_back(tables, homes, tmp_path / name) for name in ("before.csv", "after.csv"))
    assert after.hidden >= before.hidden > 0
    assert (after.exact, after.narrowed) == (0, 0)


@pytest.mark.parametrize("part", ["the child", "the old"])
def test_a_base_gives_away_what_it_leaves_out(part: str, registry: Registry, tmp_path: Path) -> None:
    """Residents 345, low income out of 344: one child, hidden in vain."""
    rows = {
        "the child": [("residents", 345, None), ("age_0_17_pct", 1, 345), ("low_income_pct", 60, 344)],
        "the old": [("low_income_pct", 60, 344), ("employed_18_64_pct", 200, 341), ("age_65_plus_pct", 3, 345)],
    }[part]
    rows = [("residents", 345, None), *(row for row in rows if row[0] != "residents")]
    small = next((indicator, x) for indicator, x, _ in rows if x < 5)
    homes = {"ager": "0461", "bakke": "0461"}
    made = built_of(
        registry, homes, *(delivered(area, indicator, x, n) for area in homes for indicator, x, n in rows)
    ).tables
    found, _ = worked_out(without_populations(made, registry), homes, tmp_path / "before.csv")
    assert found["ager", small[0], "numerator"] == small[1]
    found, _ = worked_out(made, homes, tmp_path / "after.csv")
    assert not found
    hiding = hide(made)
    assert not attack(Exhibit(made, shown(made, hiding))).leaks


def test_a_published_share_of_known_residents_is_a_count(registry: Registry) -> None:
    """15.3 % of 705 are 108, the only count that rounds to it; with 106 descendants shown two are immigrants."""
    listed = {"source": "ministry_lists"}
    rows = [
        delivered("ager", "residents", 705, **listed),
        {**delivered("ager", "nonwestern_pct", **listed), "value": 15.3},
        delivered("ager", "descendant_pct", 106, 705),
    ]
    made = built_of(registry, {"ager": "0461"}, *rows).tables
    (immigrants,) = (key for key in made.keys if key.indicator.endswith("origin nonwestern_immigrant"))
    assert (made.cells[immigrants].value, made.cells[immigrants].is_primary) == (2, True)
    everything = {key: cell.value for key, cell in made.cells.items() if cell.standing in ("open", "known")}
    (leak, *_) = [leak for leak in attack(Exhibit(made, everything)).leaks if leak.key == immigrants]
    assert (leak.low, leak.high) == (2, 2)
    hiding = hide(made)
    assert Key("area", "ager", YEAR, "descendant_pct", "numerator") in hiding.hidden
    assert not attack(Exhibit(made, shown(made, hiding))).leaks


def test_a_share_that_several_counts_round_to_leaves_them_all_open(registry: Registry) -> None:
    """15.3 % of 7,050 are 1,076 to 1,082."""
    listed = {"source": "ministry_lists"}
    rows = [
        delivered("ager", "residents", 7_050, **listed),
        {**delivered("ager", "nonwestern_pct", **listed), "value": 15.3},
        delivered("ager", "descendant_pct", 1_000, 7_050),
    ]
    made = built_of(registry, {"ager": "0461"}, *rows)
    own, others = (
        next(cell for key, cell in made.tables.cells.items() if key.indicator.endswith(end))
        for end in ("by its share", "(the others)")
    )
    assert (7_050 - (others.upper or 0), own.upper) == (1_076, 1_082)
    assert 1_076 <= own.value <= 1_082
    assert not made.not_exact


def test_three_years_and_a_revision_tell_such_a_reader_nothing(registry: Registry, tmp_path: Path) -> None:
    played = play(80_002, 3, registry, tmp_path / "list.csv")
    assert len(played.lists) == 4
    assert sum(each.hidden for each in played.lists) > 0
    assert (sum(each.exact + each.narrowed for each in played.lists), played.leaks) == (0, 0)
