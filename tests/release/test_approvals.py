"""From a draft to two people's word: what changed on the way, or was lost, is never handed out."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from houses import House
from test_make import handed, made
from towns import town

from flows.core.provenance import file_sha256
from flows.extracts import folders, seals
from flows.release import approvals, store
from flows.release.approvals import ApprovalMissing
from flows.release.ledger import Tampered
from flows.release.store import Release, ReleaseDamaged
from schemas.registry import Registry


class Kept(House):
    """A house whose release is taken as it lies there, changed or not."""

    def release(self, year: int = 2012) -> Release:
        (release,) = store.kept(self.releases)
        return release

    def is_handed_out(self) -> bool:
        written = folders.recorded(self.folder())
        known = store.ledger_of(self.releases).releases
        return bool(written and written["is_cleared"]) and known == ("2012-1 aarhus",)

    def change(self, part: str, how: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Change a file of the release, and its digest in the record, so that they agree."""
        file = self.release().folder / f"{part}.parquet"
        how(pl.read_parquet(file, glob=False)).write_parquet(file)
        self.record(lambda written: written["files"].update({part: file_sha256(file)}))

    def record(self, how: Callable[[dict[str, dict[str, str]]], None]) -> None:
        file = self.release().folder / store.RECORD
        written = json.loads(file.read_text(encoding="utf-8"))
        how(written)
        file.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")


@pytest.fixture(scope="module")
def drafted(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house whose draft of 2012 is written. No test changes it."""
    return House.drafted(tmp_path_factory.mktemp("drafted"), registry)


@pytest.fixture
def house(drafted: House, tmp_path: Path) -> Kept:
    """A copy of it, to be changed."""
    return Kept.copied(drafted, tmp_path / "house")


IS_HIDDEN = (pl.col("place_id") == "ager") & (pl.col("indicator") == "social_assistance_pct") & (pl.col("year") == 2012)


def shown_all_the_same(figures: pl.DataFrame) -> pl.DataFrame:
    """The three in Ager, put into the figures by hand."""
    figure: dict[str, object] = {"value": 100 * 3 / 420, "shown_numerator": 3, "shown_denominator": 420, "mark": None}
    return figures.with_columns(
        pl.when(IS_HIDDEN & (pl.col("place_kind") == "area")).then(pl.lit(value)).otherwise(column).alias(column)
        for column, value in figure.items()
    )


def test_two_people_hand_out_what_they_have_seen(house: Kept) -> None:
    house.approve("Anne Jensen")
    assert not house.is_handed_out()
    house.approve("Bo Holm")
    assert house.is_handed_out()


def test_a_draft_changed_by_hand_with_its_record_is_not_handed_out(house: Kept) -> None:
    house.change("figures", shown_all_the_same)
    shutil.rmtree(house.folder())
    house.write()
    (listed,) = house.folder().glob("*.csv")
    assert ";3;420;" in listed.read_text(encoding="utf-8-sig")
    house.approve("Anne Jensen")
    with pytest.raises(ReleaseDamaged, match="is not what 2012-1 was made with"):
        house.approve("Bo Holm")
    assert not house.is_handed_out()
    assert store.ledger_of(house.releases).releases == ()


def test_a_draft_with_another_k_is_not_handed_out(house: Kept) -> None:
    house.change("cells", lambda cells: cells.with_columns(k=pl.lit(1, pl.Int64())))
    house.approve("Anne Jensen")
    with pytest.raises(ReleaseDamaged, match="is not what 2012-1 was made with"):
        house.approve("Bo Holm")


def test_a_record_changed_after_it_was_handed_out_stops_the_next_release(tmp_path: Path, registry: Registry) -> None:
    """Its number says beside what a release is attacked; its digests, of what the cells were."""
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    first = made(snapshot, registry, releases, 2011)
    handed(first, registry, releases)
    file = first.folder / store.RECORD
    written = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**written, "number": 7}, ensure_ascii=False, indent=1), encoding="utf-8")
    with pytest.raises(ReleaseDamaged, match=r"record\.json of 2011-1 is not the one"):
        made(snapshot, registry, releases, 2012)


def test_a_lost_ledger_or_end_of_it_is_missed(tmp_path: Path, registry: Registry) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    handed(made(snapshot, registry, releases, 2011), registry, releases)
    handed(made(snapshot, registry, releases, 2012), registry, releases)
    head = releases / store.HEAD
    kept = head.read_bytes()
    head.unlink()
    with pytest.raises(Tampered, match="replaced or lost"):
        store.ledger_of(releases)
    (releases / store.LEDGER).unlink()
    with pytest.raises(Tampered, match="does not know of it"):
        made(snapshot, registry, releases, 2012)
    head.write_bytes(kept)
    with pytest.raises(Tampered, match="replaced or lost"):
        made(snapshot, registry, releases, 2012)


def test_a_release_ledger_that_is_cut_anywhere_is_refused_and_never_mended(tmp_path: Path, registry: Registry) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    handed(made(snapshot, registry, releases, 2011), registry, releases)
    handed(made(snapshot, registry, releases, 2012), registry, releases)
    ledger, head = releases / store.LEDGER, releases / store.HEAD
    content, kept = ledger.read_bytes(), head.read_bytes()
    ends = [at + 1 for at, byte in enumerate(content) if byte == ord("\n")]
    for at in {0, 1, *range(0, len(content), 97), *(end - 1 for end in ends), *ends[:-1]}:
        ledger.write_bytes(content[:at])
        with pytest.raises(Tampered):
            store.ledger_of(releases)
        assert ledger.read_bytes() == content[:at]
    # Nor where the note of its end was lost as well, and half of the last release.
    ledger.write_bytes(content[:-1])
    head.unlink()
    with pytest.raises(Tampered, match="replaced or lost"):
        store.ledger_of(releases)
    ledger.write_bytes(content)
    for at in range(len(kept) - 1):
        head.write_bytes(kept[:at])
        with pytest.raises(Tampered, match="replaced or lost"):
            store.ledger_of(releases)
    head.write_bytes(kept)
    assert len(store.ledger_of(releases).releases) == 2


def test_a_record_of_a_release_that_is_cut_is_named(tmp_path: Path, registry: Registry) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    file = made(snapshot, registry, releases, 2011).folder / store.RECORD
    content = file.read_bytes()
    for at in (0, 1, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:at])
        with pytest.raises(ReleaseDamaged, match=r"record\.json is cut or empty: bring"):
            store.kept(releases)


def test_a_ledger_that_lacks_what_a_folder_says_was_handed_out_stops_everything(house: Kept) -> None:
    house.approve("Anne Jensen")
    house.approve("Bo Holm")
    seals.require_whole(store.ledger_of(house.releases), house.releases, house.extracts)
    for name in (store.LEDGER, store.HEAD):
        (house.releases / name).unlink()
    with pytest.raises(Tampered, match=r"says that 2012-1 was handed out to aarhus"):
        seals.require_whole(store.ledger_of(house.releases), house.releases, house.extracts)
    with pytest.raises(Tampered, match="says that"):
        house.approve("Cia Lund")


def test_what_a_killed_run_left_or_somebody_copied_is_no_release(tmp_path: Path, registry: Registry) -> None:
    releases, snapshot = tmp_path / "r", town(tmp_path / "s", registry)
    release = made(snapshot, registry, releases)
    for name in (".2012-1.new", "2012-1-old", "2012-1 (kopi)", "2012-9"):
        shutil.copytree(release.folder, releases / name)
    assert [release_kept.name for release_kept in store.kept(releases)] == ["2012-1"]
    assert made(snapshot, registry, releases).folder == release.folder
    made(town(tmp_path / "t", registry, {2012: {"bakke": (70, 530)}}, name="f" * 16), registry, releases)
    assert not (releases / ".2012-1.new").exists()


def test_a_run_killed_between_the_second_word_and_the_ledger_goes_on(
    house: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.approve("Anne Jensen")
    with monkeypatch.context() as patched:
        patched.setattr(store, "hand_out", killed)
        with pytest.raises(KeyboardInterrupt):
            house.approve("Bo Holm")
    assert not house.is_handed_out()
    house.approve("Bo Holm")
    assert house.is_handed_out()


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_one_person_is_one_however_the_name_is_typed(tmp_path: Path, registry: Registry) -> None:
    release = made(town(tmp_path / "s", registry), registry, tmp_path / "r")
    approvals.add(release, "aarhus", "x" * 64, "P\u00e5l \u00d8sterg\u00e5rd")
    with pytest.raises(ApprovalMissing):
        approvals.add(release, "aarhus", "x" * 64, "Pa\u030al \u00d8sterga\u030ard")
