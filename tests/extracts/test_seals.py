"""What was handed out is known by its seal: a tampering is named, a kill is healed, nothing is done twice."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from houses import House
from towns import TOWN, town
from typer.testing import CliRunner

from flows.cli import app
from flows.commands import extracts as commands
from flows.commands import options
from flows.extracts import approve, assemble, folders, receipts, seals
from flows.extracts.model import Extract
from flows.release import approvals, ledger_entries, make, store
from flows.release.ledger import Attacked, ReleaseLedger, Tampered
from flows.release.make import CannotRelease
from flows.release.store import ReleaseDamaged
from schemas.registry import Registry

STEM = "boligprofil-aarhus-2012"


class Sealed(House):
    """A house of which one extract a year is handed out."""

    def open(self) -> ReleaseLedger:
        """What every command does first."""
        with store.lock(self.releases):
            return seals.opened(self.releases, self.extracts, self.registry)[0]

    def clear(self, year: int, *people: str) -> None:
        """The word of these people on a year's extract of Aarhus."""
        for by in people:
            found = self.release(year)
            list(approve.approve(by, found, ["aarhus"], self.snapshot, self.registry, self.releases, self.extracts))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Sealed:
    """Extracts of 2011 and 2012, both handed out. No test changes it."""
    folder = tmp_path_factory.mktemp("sealed")
    house = Sealed(folder / "house", town(folder / "s", registry), registry)
    for year in (2011, 2012):
        house.write(year=year)
        if year == 2012:
            # What an earlier day's backup would hold.
            shutil.copytree(house.releases, folder / "backup")
        house.clear(year, "Anne Jensen", "Bo Holm")
    return house


@pytest.fixture
def house(kept: Sealed, tmp_path: Path) -> Sealed:
    """A copy of it, to be changed."""
    shutil.copytree(kept.releases.parent, tmp_path / "house")
    return Sealed(tmp_path / "house", kept.snapshot, kept.registry)


def changed(file: Path, old: bytes, new: bytes) -> None:
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))


def other_byte(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def without_last_release(house: Sealed) -> None:
    file = house.releases / store.LEDGER
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(line for line in lines if b'"release":"2011-1' in line))


def rolled_back(house: Sealed) -> None:
    """Ledger and its end as on an earlier day, both whole."""
    without_last_release(house)
    (house.releases / store.HEAD).write_text(store.open_ledger(house.releases / store.LEDGER).head + "\n")


def written_anew(house: Sealed) -> None:
    """A ledger in which every hash is right, and one number is another."""
    ledger = store.ledger_of(house.releases)
    file = house.releases / store.LEDGER
    file.unlink()
    for name in ledger.releases:
        entries = [entry for entry in ledger.entries if entry.release == name]
        if name.startswith("2012"):
            number = next(place for place, entry in enumerate(entries) if entry.value == 61)
            entries[number] = entries[number].model_copy(update={"value": 62})
        made = store.add(file, entries, ledger.handout(name))
    (house.releases / store.HEAD).write_text(made.head + "\n")


def renamed_in_record(house: Sealed) -> None:
    changed(house.folder() / "INTERNT" / "kontrol.json", b"Bo Holm", b"Bo Hoim")


TAMPERINGS: dict[str, tuple[Callable[[Sealed], object], type[Exception], str]] = {
    "a number of the ledger": (
        lambda h: changed(h.releases / store.LEDGER, b'"value":61', b'"value":62'),
        Tampered,
        r"ledger\.jsonl, line \d+ is not as it was written",
    ),
    "the zip's hash in the ledger": (
        lambda h: changed(h.releases / store.LEDGER, b'.zip":"', b'.zip":"0'),
        Tampered,
        r"ledger\.jsonl, line \d+ is not as it was written",
    ),
    "a line taken out of the ledger": (
        lambda h: (h.releases / store.LEDGER).write_bytes(
            b"".join((h.releases / store.LEDGER).read_bytes().splitlines(keepends=True)[1:])
        ),
        Tampered,
        r"ledger\.jsonl.* (missing|does not follow)",
    ),
    "the last release cut off": (without_last_release, Tampered, "lines were cut off"),
    "the ledger lost": (lambda h: (h.releases / store.LEDGER).unlink(), Tampered, "replaced or lost"),
    "the ledger's end lost": (lambda h: (h.releases / store.HEAD).unlink(), Tampered, "replaced or lost"),
    "another end": (
        lambda h: (h.releases / store.HEAD).write_text("0" * 64 + "\n"),
        Tampered,
        r"ledger\.head names is not in it",
    ),
    "ledger and end put back to an earlier day": (rolled_back, Tampered, r"kontrol\.json says that 2012-1"),
    "a ledger written anew": (written_anew, Tampered, r"kvittering\.txt names a link .* written anew"),
    "a release's folder lost": (
        lambda h: shutil.rmtree(h.releases / "2011-1"),
        ReleaseDamaged,
        "2011-1 was handed out, and its folder is not there",
    ),
    "a release's record": (
        lambda h: changed(h.releases / "2011-1" / store.RECORD, b'"leaks": 0', b'"leaks": 1'),
        ReleaseDamaged,
        r"record\.json of 2011-1 is not the one",
    ),
    "a release's cells": (
        lambda h: other_byte(h.releases / "2011-1" / "cells.parquet"),
        ReleaseDamaged,
        r"cells\.parquet is not the file",
    ),
    "a release's figures": (
        lambda h: other_byte(h.releases / "2012-1" / "figures.parquet"),
        ReleaseDamaged,
        r"figures\.parquet is not the file",
    ),
    "a name among the approvals": (
        lambda h: changed(h.releases / "2012-1" / approvals.FILE, b"Bo Holm", b"Bo Hoim"),
        Tampered,
        r"approvals\.jsonl, line 2 \(the approval of aarhus\): it was changed",
    ),
    "an approval taken out": (
        lambda h: (h.releases / "2012-1" / approvals.FILE).write_bytes(
            (h.releases / "2012-1" / approvals.FILE).read_bytes().splitlines(keepends=True)[0]
        ),
        Tampered,
        "does not have the approval of aarhus by Bo Holm",
    ),
    "the approvals lost": (
        lambda h: (h.releases / "2012-1" / approvals.FILE).unlink(),
        Tampered,
        "does not have the approval of aarhus by Anne Jensen and Bo Holm",
    ),
    "the zip": (lambda h: other_byte(h.folder() / f"{STEM}.zip"), Tampered, r"2012\.zip \(it was changed\)"),
    "the list": (lambda h: other_byte(h.folder() / f"{STEM}.csv"), Tampered, r"2012\.csv \(it was changed\)"),
    "a page lost": (
        lambda h: (h.folder() / "sider" / "index.html").unlink(),
        Tampered,
        r"sider/index\.html \(it is gone\)",
    ),
    "a file put in": (
        lambda h: (h.folder() / "nyt.txt").write_text("x"),
        Tampered,
        r"nyt\.txt \(it was added\)",
    ),
    "the receipt": (
        lambda h: changed(h.folder() / f"{STEM}-kvittering.txt", b"Udleveret", b"Udlevered"),
        Tampered,
        r"2012-kvittering\.txt",
    ),
    "the receipt lost": (
        lambda h: (h.folder() / f"{STEM}-kvittering.txt").unlink(),
        Tampered,
        r"kvittering\.txt \(it is gone\)",
    ),
    "a name in the checker's record": (renamed_in_record, Tampered, r"INTERNT/kontrol\.json"),
    "the checker's record lost": (
        lambda h: (h.folder() / "INTERNT" / "kontrol.json").unlink(),
        Tampered,
        r"INTERNT/kontrol\.json \(it is gone",
    ),
}


def test_what_is_whole_is_opened(house: Sealed) -> None:
    assert house.open().releases == ("2011-1 aarhus", "2012-1 aarhus")


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampering_is_named(house: Sealed, name: str) -> None:
    tamper, kind, words = TAMPERINGS[name]
    tamper(house)
    with pytest.raises(kind, match=words):
        house.open()


def test_a_backup_put_back_whole_is_seen_by_a_receipt_outside(house: Sealed, kept: Sealed, tmp_path: Path) -> None:
    """Ledger, end, releases and extracts of an earlier day agree with each other; only what went out does not."""
    receipt = tmp_path / "received" / f"{STEM}-kvittering.txt"
    receipt.parent.mkdir()
    for name in (receipt.name, f"{STEM}.zip"):
        shutil.copyfile(house.folder() / name, receipt.parent / name)
    head = receipts.head_on(receipt)
    words = receipts.held_against(receipt, head, house.open())
    assert re.search(r"2012-1 aarhus: .* Anne Jensen \(.+\) and Bo Holm \(.+\); the ledger has it", words)
    shutil.rmtree(house.releases)
    shutil.copytree(kept.releases.parents[1] / "backup", house.releases)
    shutil.rmtree(house.extracts / "2012")
    before = house.open()
    assert before.releases == ("2011-1 aarhus",)
    with pytest.raises(Tampered, match="put back to an earlier day"):
        receipts.held_against(receipt, head, before)
    other_byte(receipt.parent / f"{STEM}.zip")
    with pytest.raises(Tampered, match=r"2012\.zip is not the file that was handed out"):
        receipts.held_against(receipt, head, kept.open())
    receipt.write_text("Kædens led: 12")
    with pytest.raises(receipts.NoReceipt, match="is no receipt"):
        receipts.head_on(receipt)


def test_the_command_tells_of_a_receipt_whether_the_ledger_has_it(house: Sealed, tmp_path: Path) -> None:
    def asked(file: Path) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["receipt", str(file), "--releases", str(house.releases)])
        return done.exit_code, " ".join(done.output.split())

    receipt = house.folder() / f"{STEM}-kvittering.txt"
    code, words = asked(receipt)
    assert (code, "2012-1 aarhus: handed out" in words) == (0, True)
    other_byte(house.folder() / f"{STEM}.zip")
    code, words = asked(receipt)
    assert (code, "is not the file that was handed out" in words) == (1, True)
    rolled_back(house)
    code, words = asked(receipt)
    assert (code, "put back to an earlier day" in words) == (1, True)
    code, words = asked(house.folder() / "definitioner.txt")
    assert (code, "is no receipt" in words) == (2, True)
    assert asked(tmp_path / "none.txt")[0] == 2


def test_the_command_to_clear_finishes_what_a_kill_left(
    house: Sealed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger has it, and the cleared extract lies beside its place, which a draft still holds."""
    monkeypatch.setattr(options, "current_of", lambda _: house.snapshot)
    monkeypatch.setattr(commands, "check_clock", lambda *_: None)
    places = ["--marts", str(tmp_path / "m"), "--releases", str(house.releases), "--extracts", str(house.extracts)]

    def asked(*more: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["clear", "2012", "--by", "Bo Holm", *places, *more])
        return done.exit_code, " ".join(done.output.split())

    staged = folders.staged_beside(house.folder())
    before = house.files()
    shutil.copytree(house.folder(), staged)
    (staged / f"{STEM}-kvittering.txt").unlink()
    (house.folder() / f"{STEM}.zip").unlink()
    changed(house.folder() / "INTERNT" / "kontrol.json", b'"is_cleared": true', b'"is_cleared": false')
    code, words = asked()
    assert (code, "is in its place now" in words, "has been handed out" in words) == (0, True, True)
    assert house.files() == before
    code, words = asked("--secretariat", "aarhus")
    assert (code, "handed out to aarhus already" in words) == (1, True)
    shutil.rmtree(house.folder())
    code, words = asked()
    assert (code, "run 'boligprofil extract --year 2012'" in words) == (1, True)


def test_the_seal_has_what_left_who_cleared_it_and_what_the_attack_reached(kept: Sealed) -> None:
    ledger = kept.open()
    seal = ledger.handout("2012-1 aarhus")
    assert seal is not None
    there = folders.hashes(kept.folder())
    assert seal.files == {name: there[name] for name in there if not name.endswith("kvittering.txt")}
    assert [(signature.name, signature.user) for signature in seal.approvals] == [
        (name, subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip())
        for name in ("Anne Jensen", "Bo Holm")
    ]
    release = kept.release()
    assert (seal.attack.leaks, seal.attack.cells) == (0, release.record["attack"]["cells"])
    assert seal.attack.beside == {"2011-1": store.find(kept.releases, "2011-1").seal}
    assert f"{ledger.head}\r\n".encode() in (kept.folder() / f"{STEM}-kvittering.txt").read_bytes()


def test_a_second_seal_of_the_same_is_another(kept: Sealed) -> None:
    """Else the hash on the receipt could be tried out with each count that might be hidden."""
    attack, at = Attacked(cells=1, intervals=2, leaks=0, beside={}, code="c"), datetime(2012, 6, 1, tzinfo=UTC)
    first, second = (ledger_entries.seal(kept.release(), "aarhus", {}, [], attack, at) for _ in range(2))
    assert first.model_copy(update={"blind": second.blind}) == second
    assert first.blind != second.blind
    assert len(first.blind) == 64


def test_no_file_that_leaves_the_house_has_a_hash_of_true_counts(kept: Sealed) -> None:
    release = kept.release()
    inside = [
        release.seal,
        release.record["snapshot"],
        release.record["inputs_sha256"],
        *release.record["files"].values(),
    ]
    for name, content in kept.files().items():
        parts = [content]
        if name.endswith((".xlsx", ".zip")):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                parts += [packed.read(part) for part in packed.namelist()]
        if name.endswith(".pdf"):
            parts.append(subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout)
        for part in parts:
            assert not [digest for digest in inside if digest.encode() in part], name


def test_an_extract_that_was_handed_out_and_is_gone_is_written_as_it_left(house: Sealed) -> None:
    before = house.files()
    shutil.rmtree(house.folder())
    with pytest.raises(CannotRelease, match="run 'boligprofil extract --year 2012'"):
        approve.waiting(house.release(), ["aarhus"], house.releases, house.extracts)
    assert house.write().is_cleared
    assert house.files() == before
    house.open()


def test_a_version_that_would_write_something_else_says_so(house: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(house.folder())
    monkeypatch.setattr(folders.texts, "definitions", lambda *_: "another version")
    with pytest.raises(ReleaseDamaged, match=r"definitioner\.txt \(it was changed\).*has the SHA-256 [0-9a-f]{64}"):
        house.write()
    assert not house.folder().exists()
    assert not seals.is_unfinished(house.extracts)


def test_what_was_handed_out_before_there_were_seals_is_read(house: Sealed) -> None:
    """A ledger, approvals and folder of the form of 2026.11.29, and a sealed release behind them."""
    ledger = house.open()
    file = house.releases / store.LEDGER
    file.unlink()
    for name in ledger.releases:
        seal = ledger.handout(name) if name.startswith("2012") else None
        made = store.add(file, [entry for entry in ledger.entries if entry.release == name], seal)
    (house.releases / store.HEAD).write_text(made.head + "\n")
    old = house.releases / "2011-1" / approvals.FILE
    lines = [json.loads(line) for line in old.read_text().splitlines()]
    plain = [{name: line[name] for name in ("secretariat", "content", "name", "at")} for line in lines]
    old.write_text("".join(json.dumps(line) + "\n" for line in plain))
    folder = house.folder(year=2011)
    (folder / "boligprofil-aarhus-2011-kvittering.txt").unlink()
    record = json.loads((folder / "INTERNT" / "kontrol.json").read_text())
    (folder / "INTERNT" / "kontrol.json").write_text(json.dumps({**record, "files": folders.hashes(folder)}))
    shutil.rmtree(house.folder())
    house.write()
    assert house.open().handout("2011-1 aarhus") is None
    assert [approval.user for approval in approvals.all_of(store.find(house.releases, "2011-1"))] == ["", ""]


# Kills ----------------------------------------------------------------------------------------------------------------

FILE_CALLS = ((os, "replace"), (os, "fsync"), (os, "unlink"), (os, "rmdir"), (os, "mkdir"), (shutil, "copytree"))


class Killed(BaseException):
    """What a killed process does not catch."""


class Kill:
    """Raises at the n-th call of the file functions, and at every later one: a killed process tidies nothing."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.at, self.calls = at, 0
        for module, name in FILE_CALLS:
            patch.setattr(module, name, self._counted(getattr(module, name)))

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls >= self.at:
                raise Killed
            return function(*given, **named)

        return call


def once(patch: pytest.MonkeyPatch, module: Any, name: str, key: Callable[..., Any]) -> None:
    """Let a function that only computes do so once for what `key` gives of its arguments, however often it is asked."""
    function, known = getattr(module, name), dict[Any, Any]()

    def call(*given: Any) -> Any:
        if (question := key(*given)) not in known:
            known[question] = function(*given)
        return known[question]

    patch.setattr(module, name, call)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two small files in place of all outputs, and no attack: what is tested is what lies where.

    An extract of the same release is put together once for all kills.
    """

    def outputs(extract: Extract, _: Registry, folder: Path) -> frozenset[str]:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("boligprofil.csv", "definitioner.txt"):
            (folder / name).write_text(f"{extract.release} {'cleared' if extract.is_cleared else 'draft'}")
        return frozenset()

    monkeypatch.setattr(folders, "outputs", outputs)
    attack = Attacked(cells=1, intervals=2, leaks=0, beside={}, code="c")
    monkeypatch.setattr(make, "attacked", lambda *_: attack)
    once(monkeypatch, assemble, "extract", lambda release, name, *others: (release.seal, name, others[-1]))


def hidden(folder: Path) -> list[Path]:
    """What lies beside its place."""
    return [path for path in folder.rglob(".*") if not path.name.endswith(".lock")]


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("step", ["extract", "clear"])
def test_after_a_kill_at_any_file_operation_the_next_run_finishes(
    step: str, tmp_path: Path, registry: Registry
) -> None:
    begun = Sealed(tmp_path / "begun", town(tmp_path / "s", registry, years=(2012,)), registry)
    begun.release()
    if step == "clear":
        begun.write()
        begun.clear(2012, "Anne Jensen")
    at, is_over, found = 0, False, set()
    while not is_over:
        at += 1
        house = Sealed(tmp_path / str(at), begun.snapshot, registry)
        shutil.copytree(tmp_path / "begun", tmp_path / str(at))
        with pytest.MonkeyPatch.context() as patch:
            Kill(patch, at)
            try:
                house.write() if step == "extract" else house.clear(2012, "Bo Holm")
                is_over = True
            except Killed:
                pass
        ledger = house.open()
        is_out = "2012-1 aarhus" in ledger.releases
        found.add(is_out)
        assert house.write().is_cleared is is_out
        if not is_out:
            house.clear(2012, *([] if step == "clear" else ["Anne Jensen"]), "Bo Holm")
        assert house.open().releases == ("2012-1 aarhus",)
        assert (house.folder() / "boligprofil.csv").read_text() == "2012-1 cleared"
        assert (house.folder() / f"{STEM}.zip").is_file()
        assert not hidden(tmp_path / str(at))
        shutil.rmtree(tmp_path / str(at))
    assert at > (10 if step == "extract" else 30)
    assert found == ({False} if step == "extract" else {False, True})


@pytest.mark.slow
def test_after_a_kill_while_a_release_is_made_it_is_made(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is computed of the same counts is computed once: only what is written can be cut.
    once(monkeypatch, make, "_clear", lambda marts, registry, year, *others: (year, others[-1]))
    once(monkeypatch, make.figures, "figures", lambda counts, *_: counts.write_json())
    snapshot = town(tmp_path / "s", registry, years=(2012,))
    whole = Sealed(tmp_path / "whole", snapshot, registry).release()
    at, is_over = 0, False
    while not is_over:
        at += 1
        house = Sealed(tmp_path / str(at), snapshot, registry)
        with pytest.MonkeyPatch.context() as patch:
            Kill(patch, at)
            try:
                house.release()
                is_over = True
            except Killed:
                pass
        # The folders themselves may not have been made yet.
        house.releases.mkdir(parents=True, exist_ok=True)
        house.open()
        release = house.release()
        assert release.seal == whole.seal
        release.require_whole()
        assert not hidden(house.releases)
    assert at > 5


def test_what_a_killed_process_left_the_next_one_finishes(tmp_path: Path) -> None:
    """SIGKILL before the first file operation of clearing, one in the middle, and the last. Before each of all:
    `python tests/killed_house.py FOLDER STEP 0`."""
    command = [sys.executable, str(Path(__file__).parents[1] / "killed_house.py"), str(tmp_path), "clear", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"clear: \d{2,3} operations, 3 kills, 1 handed out by then\n", done.stdout), done.stdout


# Once, not once per reader --------------------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path: Path, registry: Registry) -> Sealed:
    """A town with three secretariats."""
    names = ("aarhus", "odense", "vejle")
    rows = [{"secretariat_id": name, "secretariat_name": f"I {name}", "municipality_code": TOWN} for name in names]
    snapshot = town(tmp_path / "s", registry, dim_secretariats=rows)
    areas = pl.read_parquet(snapshot.path("dim_areas"), glob=False)
    whose = {"ager": "aarhus", "bakke": "odense", "dal": "vejle", "eng": "vejle"}
    owned = pl.col("area_id").replace_strict(whose, default=None, return_dtype=pl.String)
    areas.with_columns(secretariat_id=owned).write_parquet(snapshot.path("dim_areas"))
    return Sealed(tmp_path / "house", snapshot, registry)


def test_three_secretariats_cost_one_attack_and_an_approval_one_rendering(
    three: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(module: Any, name: str, word: str) -> None:
        function = getattr(module, name)

        def call(*given: Any) -> Any:
            calls.append(word)
            return function(*given)

        monkeypatch.setattr(module, name, call)

    names = ("aarhus", "odense", "vejle")
    for name in names:
        three.write(name)
    counted(folders, "outputs", "rendered")
    counted(make, "attack", "attacked a year")
    three.approve("Anne Jensen", *names)
    assert calls == ["rendered"] * 3
    calls.clear()
    years = len(three.release().years_of_cells)
    for name in names:
        three.approve("Bo Holm", name)
    assert calls.count("rendered") == 3
    # The years without a figure are attacked as well, and have no cells.
    assert years <= calls.count("attacked a year") <= three.registry.extracts.years
    first, *others = (seal.attack for seal in three.open().handouts)
    assert others == [first, first]


def test_the_word_for_all_is_given_to_those_that_can_be_cleared(three: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("aarhus", "odense", "vejle")
    for name in names:
        three.write(name)
    (three.folder("odense") / "definitioner.txt").write_text("changed")
    monkeypatch.setattr(options, "current_of", lambda _: three.snapshot)
    monkeypatch.setattr(commands, "check_clock", lambda *_: None)
    places = ["--marts", str(three.releases), "--releases", str(three.releases), "--extracts", str(three.extracts)]
    done = CliRunner().invoke(app, ["clear", "2012", "--by", "Anne Jensen", *places])
    words = " ".join(done.output.split())
    assert done.exit_code == 1
    assert re.findall(r"2012-1, (\w+): looked at by Anne Jensen", words) == ["aarhus", "vejle"]
    assert re.search(r"odense is not what would be handed out .* --secretariat odense'", words)


def test_an_attack_of_other_bytes_or_of_another_version_is_not_taken(
    house: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, release = house.open(), house.release()
    seen: list[str] = []
    findings = make.attack_again

    def again(*given: Any) -> Any:
        seen.append("attacked")
        return findings(*given)

    monkeypatch.setattr(make, "attack_again", again)
    kept = make.attacked(release, house.snapshot, house.registry, ledger)
    assert not seen
    monkeypatch.setattr(make, "code_sha256", lambda *_: "another version")
    anew = make.attacked(release, house.snapshot, house.registry, ledger)
    assert seen == ["attacked"]
    assert anew.model_copy(update={"code": kept.code}) == kept
