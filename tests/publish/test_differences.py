"""Two snapshots held against each other: small ones made by hand, so that what differs is known."""

import json
import math
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_line import invoke
from hypothesis import given
from hypothesis import strategies as st

from flows.core.provenance import file_sha256
from flows.publish.differences import DeliveryMoved, Differences, FigureMoved, Flip, Rewording, RowsMoved, compare
from flows.publish.snapshots import Snapshot, point_at

Rows = list[dict[str, Any]]
HEADER = "table;kind;column;type;unit;description"


def figure(area: str, year: int, indicator: str, value: float | None, verdict: str | None = None) -> dict[str, Any]:
    return {
        "area_id": area,
        "year": year,
        "indicator": indicator,
        "value": value,
        "municipality_verdict": verdict,
        "source_file": f"figures/{year}.csv",
    }


def snapshot(folder: Path, marts: dict[str, Rows], dictionary: str = "", **manifest: Any) -> Snapshot:
    """A snapshot of these marts, in a folder whose name is its identifier."""
    folder.mkdir(parents=True)
    (folder / "dictionary.csv").write_text("\n".join([HEADER, *dictionary.split("|")]), encoding="utf-8")
    entries = {}
    for name, rows in marts.items():
        file = folder / f"{name}.parquet"
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(file)
        entries[name] = {
            "file": file.name,
            "sha256": file_sha256(file),
            "rows": len(rows),
            "bytes": file.stat().st_size,
        }
    whole = {"marts": entries, "deliveries": [], "inputs_sha256": folder.name, "origin": "synthetic", "commit": "c"}
    (folder / "manifest.json").write_text(json.dumps(whole | manifest))
    return Snapshot(folder.name, folder, whole | manifest)


BEFORE = [
    figure("bispehaven", 2011, "residents", 100, "similar"),
    figure("bispehaven", 2012, "residents", 110, "similar"),
    figure("vollsmose", 2011, "residents", 300, "worse"),
    figure("vollsmose", 2011, "convicted_pct", 2.0),
    figure("vollsmose", 2012, "convicted_pct", 4.0),
    figure("vollsmose", 2013, "convicted_pct", None),
]


def test_the_same_rows_in_other_bytes_are_no_difference(tmp_path: Path, registry: Any) -> None:
    before = snapshot(tmp_path / "a", {"area_profile": BEFORE})
    after = snapshot(tmp_path / "b", {"area_profile": BEFORE[::-1]}, commit="d")
    found = compare(before, after, registry)
    assert found == Differences("a", "b", ("code",), (), (), (), (), ())
    assert found.is_none


def test_what_moved_is_told_with_the_largest_move_first(tmp_path: Path, registry: Any) -> None:
    after_rows = [
        figure("bispehaven", 2011, "residents", 101, "better"),
        BEFORE[1],
        BEFORE[2],
        figure("vollsmose", 2011, "convicted_pct", 3.0),
        figure("vollsmose", 2013, "convicted_pct", 5.0),
        figure("vollsmose", 2014, "convicted_pct", 6.0),
    ]
    entries = ({"path": "x.csv", "facts_from": "1"}, {"path": "y.csv", "facts_from": "1"})
    before = snapshot(tmp_path / "a", {"area_profile": BEFORE}, deliveries=entries)
    after = snapshot(tmp_path / "b", {"area_profile": after_rows}, deliveries=({"path": "x.csv", "facts_from": "2"},))
    found = compare(before, after, registry)
    # Over both snapshots: residents 100, 110, 300, 101, 110, 300 and convicted 2, 4, 3, 5, 6.
    mean = (100 + 101 + 2 * 110 + 2 * 300) / 6
    spread = math.sqrt(sum((x - mean) ** 2 for x in (100, 101, 110, 110, 300, 300)) / 6)
    moves = [(moved.where["area_id"], moved.where["year"], moved.before, moved.after) for moved in found.figures]
    assert moves == [
        ("vollsmose", 2011, 2.0, 3.0),
        ("bispehaven", 2011, 100, 101),
        ("vollsmose", 2012, 4.0, None),
        ("vollsmose", 2013, None, 5.0),
        ("vollsmose", 2014, None, 6.0),
    ]
    assert found.figures[0].size == pytest.approx(1 / math.sqrt(2))
    assert found.figures[1].size == pytest.approx(1 / spread)
    assert [moved.source_file for moved in found.figures][2:] == [f"figures/{year}.csv" for year in (2012, 2013, 2014)]
    assert found.flips == (
        Flip(
            "area_profile",
            {"area_id": "bispehaven", "year": 2011, "indicator": "residents"},
            "municipality_verdict",
            "similar",
            "better",
        ),
    )
    assert found.rows == (RowsMoved("area_profile", 6, 6, new=1, gone=1, changed=3),)
    assert found.deliveries == (DeliveryMoved("x.csv", "replaced"), DeliveryMoved("y.csv", "gone"))


def test_another_threshold_or_wording_is_a_definition_that_changed(tmp_path: Path, registry: Any) -> None:
    rule = {"list_type_or_all": "all", "from_year": 2010, "indicator_or_none": "convicted_pct", "threshold": 2.7}
    before = snapshot(tmp_path / "a", {"dim_criteria": [rule]}, "dim_areas;mart;area_id;text;;The area.")
    after = snapshot(
        tmp_path / "b",
        {"dim_criteria": [rule | {"threshold": 2.03}, rule | {"from_year": 2014}]},
        "dim_areas;mart;area_id;text;;Which area.|dim_areas;mart;area_name;text;;Its name.",
    )
    place = "list_type_or_all all, from_year {}, indicator_or_none convicted_pct"
    assert compare(before, after, registry).definitions == (
        Rewording(place.format(2014), "dim_criteria", None, "there"),
        Rewording(place.format(2010), "threshold", "2.7", "2.03"),
        Rewording("dim_areas.area_id", "description", "The area.", "Which area."),
        Rewording("dim_areas.area_name", "column", None, "there"),
    )


def test_a_mart_that_only_one_has_is_named(tmp_path: Path, registry: Any) -> None:
    before = snapshot(tmp_path / "a", {"area_profile": BEFORE})
    after = snapshot(tmp_path / "b", {"area_profile": BEFORE, "dim_areas": [{"area_id": "x"}]})
    assert compare(before, after, registry).rows == (RowsMoved("dim_areas", None, 1),)


@given(
    st.lists(
        st.dictionaries(
            st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(2010, 2012), st.sampled_from(["residents", "x"])),
            st.one_of(st.none(), st.integers(0, 9).map(float)),
            min_size=1,
        ),
        min_size=2,
        max_size=2,
    )
)
def test_figures_and_rows_are_those_of_two_dictionaries(
    tmp_path_factory: pytest.TempPathFactory, registry: Any, tables: list[dict[tuple[str, int, str], float | None]]
) -> None:
    folder = tmp_path_factory.mktemp("pair")
    before, after = (
        snapshot(folder / name, {"area_profile": [figure(*key, value) for key, value in table.items()]})
        for name, table in zip(("before", "after"), tables, strict=True)
    )
    found = compare(before, after, registry)
    b, a = tables
    expected = {key: (b.get(key), a.get(key)) for key in b.keys() | a.keys() if b.get(key) != a.get(key)}
    assert {tuple(moved.where.values()): (moved.before, moved.after) for moved in found.figures} == expected
    counts = (len(a.keys() - b.keys()), len(b.keys() - a.keys()), sum(a[key] != b[key] for key in a.keys() & b.keys()))
    assert [(moved.new, moved.gone, moved.changed) for moved in found.rows] == ([counts] if any(counts) else [])
    assert found.is_none == (a == b)
    assert all(isinstance(moved, FigureMoved) and moved.size != 0 for moved in found.figures)


def test_the_command_tells_the_last_two_and_names_what_is_kept(tmp_path: Path) -> None:
    marts = tmp_path / "data" / "marts"
    older = snapshot(marts / "versions" / ("a" * 16), {"area_profile": BEFORE})
    newer = snapshot(marts / "versions" / ("b" * 16), {"area_profile": [*BEFORE[1:], figure("x", 2011, "y", 1)]})
    os.utime(older.folder, (1, 1))
    point_at(marts, newer.id)
    printed = invoke(tmp_path, "diff")
    assert printed.exit_code == 0
    assert f"from {older.id} to {newer.id}" in printed.stdout
    assert "bispehaven 2011 residents" in printed.stdout
    assert invoke(tmp_path, "diff", "bbbb", "aaaa").stdout.startswith(f"from {newer.id} to {older.id}")
    assert "Nothing differs" in invoke(tmp_path, "diff", "a", "a").stdout
    answer = json.loads(invoke(tmp_path, "diff", "--json").stdout)
    assert answer["rows"] == [{"mart": "area_profile", "before": 6, "after": 6, "new": 1, "gone": 1, "changed": 0}]
    wrong = invoke(tmp_path, "diff", "c")
    assert wrong.exit_code == 2
    assert f"no kept snapshots begin with 'c'; there are {newer.id}, {older.id}" in wrong.stderr
    assert invoke(tmp_path, "diff", "a" * 16, "--most", "1").exit_code == 0
