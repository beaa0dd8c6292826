"""A release from beginning to end: what is hidden stays hidden, what was handed out is known, nothing is half made."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from towns import ASSISTED, TOWN, town
from typer.testing import CliRunner

from flows.cli import app
from flows.publish.snapshots import Snapshot
from flows.release import approvals, ledger_entries, make, scope, store
from flows.release.approvals import ApprovalMissing
from flows.release.attack import Exhibit, Findings, Refused, attack
from flows.release.cells import Key, Tables
from flows.release.ledger import Attacked, Tampered
from flows.release.make import CannotRelease
from flows.release.store import Release, ReleaseBusy, ReleaseDamaged
from schemas.registry import Registry


def made(snapshot: Snapshot, registry: Registry, releases: Path, year: int = 2012, secret: str = 64 * "5") -> Release:
    """A release; all releases of these tests draw alike."""
    with store.lock(releases):
        (releases / store.DRAW).write_text(secret)
        return make.release_of(snapshot, registry, year, releases, store.ledger_of(releases))


def handed(release: Release, registry: Registry, releases: Path) -> None:
    at = datetime(2012, 6, 1, tzinfo=UTC)
    entries = ledger_entries.entries(release, "aarhus", release.figures, registry, at)
    attack = Attacked(**release.record["attack"], beside={}, code="c0de")
    store.hand_out(releases, entries, ledger_entries.seal(release, "aarhus", {}, [], attack, at))


def cell_of(
    release: Release, place: str, indicator: str = "social_assistance_pct", year: int = 2012
) -> tuple[object, ...]:
    (row,) = release.figures.filter(place_id=place, indicator=indicator, year=year, place_kind="area").rows(named=True)
    return row["value"], row["shown_numerator"], row["mark"]


def test_small_counts_and_small_areas_are_marked_and_the_rest_is_shown(tmp_path: Path, registry: Registry) -> None:
    release = made(town(tmp_path / "s", registry), registry, tmp_path / "r")
    assert cell_of(release, "ager") == (None, None, "hidden")
    assert cell_of(release, "dal") == (None, None, "area_too_small")
    assert cell_of(release, "dal", "residents") == (None, None, "area_too_small")
    assert cell_of(release, "bakke") == (pytest.approx(100 * 61 / 530), 61, None)
    assert cell_of(release, "eng", "move_out_pct") == (None, None, "not_delivered")
    assert "skov" not in set(release.figures["place_id"])
    hidden = {(e["cell"]["geography_id"], e["cell"]["year"], e["rule"].split(":")[0]) for e in release.record["hidden"]}
    assert {("ager", 2011, "primary"), ("ager", 2012, "primary"), ("dal", 2012, "withheld")} <= hidden
    assert release.record["attack"]["leaks"] == 0
    assert release.record["attack"]["cells"] > 0


def test_the_figures_are_a_function_of_what_is_shown(tmp_path: Path, registry: Registry) -> None:
    """Another truth behind the same shown counts gives the same release: what is hidden leaves no trace."""
    releases = []
    for number, (small, tiny) in enumerate([(3, 9), (1, 17), (4, 5)]):
        truth = {year: {"ager": (small, 420), "dal": (tiny, 40)} for year in (2011, 2012)}
        snapshot = town(tmp_path / f"s{number}", registry, truth)
        releases.append(made(snapshot, registry, tmp_path / f"r{number}"))
    first, *others = releases
    for other in others:
        assert other.figures.equals(first.figures)
        (own, same) = ((each.folder / "figures.parquet").read_bytes() for each in (first, other))
        assert own == same
        assert store_of(other) != store_of(first)  # the truth itself was another one


def store_of(release: Release) -> list[int]:
    return pl.read_parquet(release.folder / "cells.parquet", glob=False)["cell_value"].to_list()


def test_the_same_input_gives_the_same_release_and_a_draft_makes_room(tmp_path: Path, registry: Registry) -> None:
    snapshot, releases = town(tmp_path / "s", registry), tmp_path / "r"
    first = made(snapshot, registry, releases)
    stamp = (first.folder / "record.json").stat().st_mtime_ns
    assert made(snapshot, registry, releases) == first
    assert (first.folder / "record.json").stat().st_mtime_ns == stamp
    other = town(tmp_path / "t", registry, {2012: {"bakke": (70, 530)}}, name="f" * 16)
    second = made(other, registry, releases)
    assert (second.name, [release.name for release in store.kept(releases)]) == ("2012-1", ["2012-1"])
    assert cell_of(second, "bakke")[1] == 70
    anew, again = (made(snapshot, registry, tmp_path / name) for name in ("anew", "again"))
    for part in ("cells", "sums", "figures"):
        assert (anew.folder / f"{part}.parquet").read_bytes() == (again.folder / f"{part}.parquet").read_bytes()


def test_what_was_handed_out_is_known_and_a_telling_revision_is_held_back(tmp_path: Path, registry: Registry) -> None:
    releases = tmp_path / "r"
    first = made(town(tmp_path / "s", registry), registry, releases)
    handed(first, registry, releases)
    # Two more in Bakke would be a count of two; forty more in Eng the year before may be told.
    revised = {2012: {"bakke": (63, 530)}, 2011: {"eng": (84, 250)}}
    second = made(town(tmp_path / "t", registry, revised, name="a" * 16), registry, releases)
    assert second.name == "2012-2"
    assert cell_of(second, "bakke")[1] == ASSISTED["bakke"][0]
    assert cell_of(second, "eng", year=2011)[1] == 84
    assert cell_of(second, "ager") == (None, None, "hidden")
    held = {entry["cell"]["geography_id"] for entry in second.record["held_back"]}
    assert "bakke" in held
    assert not held & {"eng", "ager"}
    assert not make.attack_again(second, [first]).leaks
    handed(second, registry, releases)
    marks = {(e.geography_id, e.mark) for e in store.ledger_of(releases).entries if e.release == "2012-2 aarhus"}
    assert {("bakke", "held_back"), ("ager", "hidden"), ("dal", "area_too_small"), ("eng", None)} <= marks


def test_a_rate_of_events_is_told_as_its_shown_counts_give_it(tmp_path: Path, registry: Registry) -> None:
    """12 of 300 dwellings per 1,000, with Byar's limits, and none where there is no burglary; 3 are hidden."""
    snapshot = town(tmp_path / "s", registry, years=(2012,))
    rows = pl.read_parquet(snapshot.path("area_profile"), glob=False)
    residents = rows.filter(indicator="residents")
    events = {"bakke": 12, "eng": 0, "ager": 3, "dal": 1, "skov": 20}
    burglaries = residents.with_columns(
        indicator=pl.lit("burglary_rate"),
        source=pl.lit("area_statistics"),
        numerator=pl.col("area_id").replace_strict(events, return_dtype=pl.Int64()),
        denominator=pl.lit(300, dtype=pl.Int64()),
    ).with_columns(value=1000 * pl.col("numerator") / 300)
    pl.concat([rows, burglaries.cast(dict(rows.schema))]).write_parquet(snapshot.path("area_profile"))
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / store.DRAW).write_text("5" * 64)  # which draws none of them
    figures = made(snapshot, registry, tmp_path / "r").figures
    rows = figures.filter(indicator="burglary_rate", place_kind="area", year=2012)
    values = {row["place_id"]: (row["value"], row["mark"], row["interval_basis"]) for row in rows.iter_rows(named=True)}
    assert values["ager"] == (None, "hidden", None)
    assert values["dal"] == (None, "area_too_small", None)
    assert values["eng"] == (0.0, None, "exact_poisson")
    assert values["bakke"] == (40.0, None, "byar")
    (row,) = rows.filter(place_id="bakke").to_dicts()
    # Byar's limits of 12: 12 (1 - 1/108 - 1.96/(3 sqrt 12))^3 and 13 (1 - 1/117 + 1.96/(3 sqrt 13))^3.
    assert (round(row["ci_low"] * 0.3, 2), round(row["ci_high"] * 0.3, 2)) == (6.19, 20.96)


def test_nothing_that_goes_out_is_a_sum_over_a_plan_or_a_band(tmp_path: Path, registry: Registry) -> None:
    """They are no relations of a release, since no reader has their sums: what has a plan or a band in a page of an
    extract is its name."""
    snapshot = town(tmp_path / "s", registry)
    release = made(snapshot, registry, tmp_path / "r")
    handed(release, registry, tmp_path / "r")
    kinds = {"area", "twins", "municipality", "country"}
    (kind,) = (column for column in registry.tables["cleared_figures"].columns if column.name == "place_kind")
    assert set(kind.allowed or ()) == set(release.figures["place_kind"]) == kinds
    assert {entry.geography for entry in store.ledger_of(tmp_path / "r").entries} <= kinds
    marts = {mart: pl.read_parquet(snapshot.path(mart), glob=False) for mart in make.MARTS}
    pool = pl.DataFrame({"area_id": ["ager"], "candidate_id": ["skov"]})
    assert not scope.of_secretariats({**marts, "comparison_pool": pool}, registry).groups


def test_the_ledger_notes_every_mark_that_protects_and_no_other(tmp_path: Path, registry: Registry) -> None:
    release = made(town(tmp_path / "s", registry), registry, tmp_path / "r")
    hidden = release.figures.filter(mark="hidden").head(1)
    moment = datetime(2012, 6, 1, tzinfo=UTC)
    noted = set()
    for mark in registry.extracts.mark:
        figures = hidden.with_columns(mark=pl.lit(mark))
        entries = ledger_entries.entries(release, "aarhus", figures, registry, moment)
        noted |= {entry.mark for entry in entries if entry.value is None}
    assert noted == registry.extracts.protecting == {"hidden", "area_too_small", "size_unknown", "not_checkable"}


def test_a_figure_does_not_come_back_to_a_small_difference_by_two_large_steps(
    tmp_path: Path, registry: Registry
) -> None:
    releases = tmp_path / "r"
    for name, assisted, shown in (("a", 61, 61), ("b", 70, 70), ("c", 62, 70), ("d", 61, 61)):
        release = made(
            town(tmp_path / name, registry, {2012: {"bakke": (assisted, 530)}}, name * 16), registry, releases
        )
        assert cell_of(release, "bakke")[1] == shown
        handed(release, registry, releases)


def test_another_version_of_the_code_makes_a_draft_anew_and_leaves_what_was_handed_out(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    draft = made(snapshot, registry, releases)
    monkeypatch.setattr(make, "code_sha256", lambda *_: "another version")
    anew = made(snapshot, registry, releases)
    assert (anew.name, anew.record["inputs_sha256"]) != (draft.name, draft.record["inputs_sha256"])
    handed(anew, registry, releases)
    monkeypatch.setattr(make, "code_sha256", lambda *_: "a third version")
    assert made(snapshot, registry, releases) == anew


def test_the_next_year_goes_beside_the_last_one(tmp_path: Path, registry: Registry) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    first = made(snapshot, registry, releases, 2011)
    handed(first, registry, releases)
    second = made(snapshot, registry, releases, 2012)
    assert (second.name, second.record["earlier"]) == ("2012-1", ["2011-1"])
    assert cell_of(second, "bakke", year=2011) == cell_of(first, "bakke", year=2011)
    assert cell_of(second, "ager", year=2011) == (None, None, "hidden")
    assert not make.attack_again(second, [first]).leaks


def test_a_count_that_became_large_stays_hidden_where_it_was_hidden(tmp_path: Path, registry: Registry) -> None:
    releases = tmp_path / "r"
    handed(made(town(tmp_path / "s", registry), registry, releases), registry, releases)
    second = made(town(tmp_path / "t", registry, {2012: {"ager": (90, 420)}}, name="b" * 16), registry, releases)
    assert cell_of(second, "ager") == (None, None, "hidden")


def closed_town(folder: Path, registry: Registry) -> Snapshot:
    """The areas make up the municipality, so that one hidden count is what is left of the total."""
    total = (sum(x for x, _ in ASSISTED.values()), sum(n for _, n in ASSISTED.values()))
    return town(folder, registry, {2012: {TOWN: total}}, people={"dal": 600}, supported=tuple(ASSISTED))


def by_rule_alone(tables: Tables) -> dict[Key, int]:
    """What would be shown if only small counts were hidden."""
    cells = tables.cells.items()
    return {key: c.value for key, c in cells if c.standing in ("open", "known") and not c.is_primary}


def test_a_small_count_that_a_total_gives_away_takes_others_along(tmp_path: Path, registry: Registry) -> None:
    release = made(closed_town(tmp_path / "s", registry), registry, tmp_path / "r")
    exhibit = release.exhibit(2012)
    alone = by_rule_alone(exhibit.tables)
    assert {leak.key.geography_id for leak in attack(Exhibit(exhibit.tables, alone)).leaks} >= {"ager"}
    assert not attack(exhibit).leaks
    assert len(exhibit.shown) < len(alone)
    assert {cell_of(release, area)[2] for area in ("ager", "bakke", "eng")} >= {"hidden"}
    assert "secondary" in {entry["rule"].split(":")[0] for entry in release.record["hidden"]}


def test_a_release_from_which_a_figure_can_be_worked_out_is_refused(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "shown", lambda tables, _: by_rule_alone(tables))
    with pytest.raises(Refused, match=r"area ager, 2012, social_assistance_pct, numerator: .* by .*sum of its"):
        made(closed_town(tmp_path / "s", registry), registry, tmp_path / "r")
    assert not store.kept(tmp_path / "r")
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == [".lock", store.DRAW]


def test_the_command_attacks_a_kept_release_and_names_the_sums_that_leak(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "shown", lambda tables, _: by_rule_alone(tables))
    monkeypatch.setattr(Findings, "require_safe", lambda _: None)
    made(closed_town(tmp_path / "s", registry), registry, tmp_path / "r")
    done = CliRunner().invoke(app, ["attack", "2012-1", "--releases", str(tmp_path / "r")])
    assert done.exit_code == 1
    assert "area ager, 2012, social_assistance_pct, numerator: an outsider can tell" in done.output
    assert "municipality 0751 2012: sum of its" in done.output


def test_a_twin_that_is_delivered_later_is_not_the_difference_of_two_sums(tmp_path: Path, registry: Registry) -> None:
    """Eng and Skov have no secretariat, so neither stands in a table of its own; three in Skov must not be told."""
    releases, years = tmp_path / "r", (2004, 2005)
    twins = [{"area_id": "ager", "candidate_id": twin, "twin_rank": n} for n, twin in enumerate(("eng", "skov"), 1)]
    assisted = {2004: {"ager": (60, 420), "skov": (3, 470)}}

    def release(name: str, undelivered: tuple[str, ...]) -> Release:
        given = {"supported": ("ager",), "years": years, "undelivered": undelivered, "comparison_pool": twins}
        return made(town(tmp_path / name, registry, assisted, name * 16, **given), registry, releases, 2005)  # type: ignore[arg-type]

    of_twins = {"place_kind": "twins", "place_id": "ager", "indicator": "social_assistance_pct", "year": 2004}
    first = release("a", ("skov",))
    assert first.figures.filter(**of_twins)["shown_numerator"].to_list() == [44]
    handed(first, registry, releases)
    second = release("b", ())
    (told_now,) = second.figures.filter(**of_twins).rows(named=True)
    assert (told_now["shown_numerator"], told_now["shown_denominator"], told_now["mark"]) == (44, 250, None)
    assert not make.attack_again(second, [first]).leaks
    # What stands for the twins is made of cells that may be told by themselves.
    exhibit = second.exhibit(2004)
    key = Key("area", "skov", 2004, "social_assistance_pct", "numerator")
    assert key in exhibit.tables.cells
    assert key not in exhibit.shown
    assert exhibit.shown[key._replace(geography_id="eng")] == 44


@pytest.mark.parametrize(
    ("assisted", "expected"),
    [
        ({"ager": (30, 420)}, (61 + 44 + 50, 530 + 250 + 470, None)),  # all are shown
        ({"skov": (3, 470)}, (61 + 44, 530 + 250, None)),  # the others have so many that it is left out
        ({"skov": (3, 470), "bakke": (22, 530), "eng": (17, 250)}, (None, None, "hidden")),  # 19.5 on average
        ({"skov": (3, 470), "bakke": (22, 530), "eng": (18, 250)}, (40, 780, None)),  # 20
        ({"skov": (3, 470), "bakke": (520, 530), "eng": (230, 250)}, (None, None, "hidden")),  # few have it not
        ({"skov": (3, 470), "eng": (2, 250)}, (None, None, "hidden")),  # fewer than half are shown
    ],
)
def test_what_stands_for_twins_is_made_of_those_that_may_be_shown(
    tmp_path: Path, registry: Registry, assisted: dict[str, tuple[int, int]], expected: tuple[int | None, ...]
) -> None:
    twins = [
        {"area_id": "ager", "candidate_id": twin, "twin_rank": n} for n, twin in enumerate(("bakke", "eng", "skov"), 1)
    ]
    # Where Skov is shown, nothing of Dal may need protection.
    people = {} if "skov" in assisted else {"dal": 300}
    given = {"supported": ("ager",), "years": (2004, 2005), "comparison_pool": twins, "people": people}
    snapshot = town(tmp_path / "s", registry, {2004: assisted}, **given)  # type: ignore[arg-type]
    release = made(snapshot, registry, tmp_path / "r", 2005, secret=64 * "6")  # which draws none of them
    of_twins = {"place_kind": "twins", "place_id": "ager", "indicator": "social_assistance_pct", "year": 2004}
    (row,) = release.figures.filter(**of_twins).rows(named=True)
    assert (row["shown_numerator"], row["shown_denominator"], row["mark"]) == expected
    # The twins have no secretariat: none of them stands in a table.
    assert set(release.figures.filter(place_kind="area")["place_id"]) == {"ager"}


def test_a_draft_from_before_another_release_was_handed_out_is_made_anew(tmp_path: Path, registry: Registry) -> None:
    """Two drafts may wait at once, of two snapshots; the second one to be handed out goes beside the first."""
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    draft = made(snapshot, registry, releases, 2012)
    other = made(town(tmp_path / "t", registry, {2011: {"bakke": (63, 530)}}, name="a" * 16), registry, releases, 2011)
    assert make.is_up_to_date(draft, snapshot, registry, releases, store.ledger_of(releases))
    handed(other, registry, releases)
    assert not make.is_up_to_date(draft, snapshot, registry, releases, store.ledger_of(releases))
    anew = made(snapshot, registry, releases, 2012)
    assert (anew.name, anew.record["earlier"], anew.record["number"]) == ("2012-1", ["2011-1"], 2)
    assert cell_of(anew, "bakke", year=2011) == cell_of(other, "bakke", year=2011)


@pytest.mark.parametrize(("year", "words"), [(1999, "no figure of 1999"), (2013, "figures of 2011 to 2012")])
def test_a_year_without_figures_is_refused(tmp_path: Path, registry: Registry, year: int, words: str) -> None:
    with pytest.raises(CannotRelease, match=words):
        made(town(tmp_path / "s", registry), registry, tmp_path / "r", year)
    assert not store.kept(tmp_path / "r")


def test_an_area_without_a_name_is_refused(tmp_path: Path, registry: Registry) -> None:
    snapshot = town(tmp_path / "s", registry)
    areas = pl.read_parquet(snapshot.path("dim_areas"), glob=False)
    blank = areas.with_columns(area_name=pl.when(pl.col("area_id") == "eng").then(pl.lit(" ")).otherwise("area_name"))
    blank.write_parquet(snapshot.path("dim_areas"))
    with pytest.raises(CannotRelease, match=r"eng: no name in schemas/codes/areas\.csv"):
        made(snapshot, registry, tmp_path / "r")


def test_a_ledger_that_was_changed_or_cut_off_stops_everything(tmp_path: Path, registry: Registry) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    handed(made(snapshot, registry, releases, 2011), registry, releases)
    once = (releases / "ledger.jsonl").read_bytes()
    handed(made(snapshot, registry, releases, 2012), registry, releases)
    twice = (releases / "ledger.jsonl").read_bytes()
    for content, words in (
        (twice.replace(b'"mark":"hidden"', b'"mark":"hiddem"', 1), "cannot be read|not as it was"),
        (once, "lines were cut off"),
        (b"", "lines were cut off"),
    ):
        (releases / "ledger.jsonl").write_bytes(content)
        with pytest.raises(Tampered, match=words):
            made(snapshot, registry, releases, 2012)
    (releases / "ledger.jsonl").write_bytes(twice)
    made(snapshot, registry, releases, 2012)


def test_a_run_that_was_killed_after_the_ledger_and_before_its_end_was_noted_goes_on(
    tmp_path: Path, registry: Registry
) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    handed(made(snapshot, registry, releases, 2011), registry, releases)
    head = (releases / "ledger.head").read_bytes()
    handed(made(snapshot, registry, releases, 2012), registry, releases)
    (releases / "ledger.head").write_bytes(head)
    assert store.ledger_of(releases).releases == ("2011-1 aarhus", "2012-1 aarhus")


def test_a_release_that_is_gone_or_changed_stops_the_next(tmp_path: Path, registry: Registry) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    first = made(snapshot, registry, releases, 2011)
    handed(first, registry, releases)
    cells = first.folder / "cells.parquet"
    kept = cells.read_bytes()
    cells.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(ReleaseDamaged, match="not the file that release 2011-1 was made with"):
        made(snapshot, registry, releases, 2012)
    shutil.rmtree(first.folder)
    with pytest.raises(ReleaseDamaged, match="2011-1 was handed out, and its folder is not there"):
        made(snapshot, registry, releases, 2012)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with store.lock(tmp_path / "r"), pytest.raises(ReleaseBusy, match="wait for it to end"), store.lock(tmp_path / "r"):
        pass


def test_two_different_people_approve_the_same_bytes(tmp_path: Path, registry: Registry) -> None:
    release = made(town(tmp_path / "s", registry), registry, tmp_path / "r")
    each = approvals.add(release, "aarhus", "x" * 64, "Anne  Jensen ")
    assert not approvals.are_enough(each)
    for name in ("anne jensen", " ", "7"):
        with pytest.raises(ApprovalMissing):
            approvals.add(release, "aarhus", "x" * 64, name)
    assert not approvals.are_enough(approvals.add(release, "aarhus", "y" * 64, "Bo Holm"))
    assert not approvals.are_enough(approvals.add(release, "vejle", "x" * 64, "Bo Holm"))
    assert approvals.are_enough(approvals.add(release, "aarhus", "x" * 64, "Bo Holm"))
