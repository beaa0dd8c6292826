"""Extracts from a snapshot to the folders that secretariats get: the shipped sample, and a town written by hand."""

import csv
import errno
import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import typst
from houses import House
from towns import TOWN, town
from typer.testing import CliRunner

from flows import year
from flows.cli import app
from flows.extracts import approve, folders, report, workbook
from flows.extracts.model import Extract
from flows.extracts.report import CannotSet
from flows.publish import snapshots
from flows.release import store
from flows.release.approvals import ApprovalMissing
from flows.release.make import CannotRelease
from flows.settings import settings
from flows.steps import Plain
from schemas.registry import Registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample(published: Path, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The extracts of 2012 of all secretariats, from the shipped deliveries."""
    house = House(tmp_path_factory.mktemp("sample"), snapshots.current(published / "data" / "marts"), registry)
    for secretariat in ("aarhus", "albertslund", "hoeje-taastrup", "vejle"):
        house.write(secretariat)
    return house


@pytest.fixture(scope="module")
def drafted(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house whose draft of 2012 is written. No test changes it."""
    return House.drafted(tmp_path_factory.mktemp("drafted"), registry)


@pytest.fixture
def house(drafted: House, tmp_path: Path) -> House:
    """A copy of it, to be changed."""
    return House.copied(drafted, tmp_path / "house")


def listed(files: dict[str, bytes]) -> list[dict[str, str]]:
    (content,) = (content for name, content in files.items() if name.endswith(".csv"))
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def words_in(files: dict[str, bytes]) -> str:
    """All that can be read as text: pages, lists, texts, and the parts of the workbook."""
    parts = [content for name, content in files.items() if not name.endswith((".xlsx", ".pdf", ".zip"))]
    for name, content in files.items():
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                parts += [book.read(part) for part in book.namelist()]
    return "\n".join(part.decode() for part in parts)


def test_bispehaven_has_the_figures_that_the_ministry_published(sample: House) -> None:
    """Held against the delivered list, which is transcribed from the ministry's."""
    delivered = (ROOT / "data" / "raw" / "ministry_lists" / "liste_2012.csv").read_text(encoding="utf-8")
    (line,) = (line for line in delivered.splitlines() if line.startswith("2012;Aarhus;Bispehaven;"))
    published = [float(figure.replace(".", "").replace(",", ".")) for figure in line.split(";")[3:7]]
    rows = [row for row in listed(sample.files()) if row["Sted"] == "Bispehaven" and row["År"] == "2012"]
    shown = {row["Indikator"]: float(row["Tal"].replace(",", ".")) for row in rows if row["Tal"]}
    names = ("residents", "outside_work_pct", "nonwestern_pct", "convicted_pct")
    labels = [sample.registry.indicators[name].label_da for name in names]
    assert shown == dict(zip(labels, published, strict=True))
    record = folders.recorded(sample.folder())
    assert record is not None
    assert record["already_published"] == record["shown"] > 0


@pytest.mark.parametrize(
    ("secretariat", "area"),
    [("aarhus", "Viby Syd"), ("albertslund", "Albertslund Nord"), ("hoeje-taastrup", "Charlottekvarteret")],
)
def test_an_area_of_which_nothing_came_says_so(sample: House, secretariat: str, area: str) -> None:
    rows = [row for row in listed(sample.files(secretariat)) if row["Sted"] == area]
    assert rows
    assert {row["Tal"] for row in rows} == {""}
    assert {row["Mærke i stedet for tal"] for row in rows} == {"ikke leveret"}
    (page,) = (c.decode() for n, c in sample.files(secretariat).items() if area.lower().replace(" ", "-") in n)
    assert "ikke leveret" in page


def test_charlotteager_stands_beside_and_never_for_charlottekvarteret(sample: House) -> None:
    page = sample.files("hoeje-taastrup")["sider/omraade-charlottekvarteret.html"].decode()
    assert "Charlotteager" in page
    assert "anden" in page[page.index("Charlotteager") - 400 : page.index("Charlotteager") + 800]
    rows = [row for row in listed(sample.files("hoeje-taastrup")) if row["Sted"] == "Charlotteager"]
    assert {row["Tal"] for row in rows} - {""}


def test_vejle_has_no_area_and_finlandsparken_is_not_attached(sample: House) -> None:
    files = sample.files("vejle")
    assert [name for name in files if "omraade" in name] == []
    text = words_in(files)
    assert "Finlandsparken" not in text
    assert "kender ikke noget støttet boligområde" in text
    assert any(row["Sted"] == "Vejle" and row["Tal"] for row in listed(files))


def test_every_file_says_that_it_is_a_draft_of_real_figures(sample: House) -> None:
    files = sample.files()
    assert {Path(name).suffix for name in files} == {".html", ".txt", ".xlsx", ".csv", ".pdf"}
    for name, content in files.items():
        if name.endswith(".csv"):
            assert {(row["Oprindelse"], row["Udgave"]) for row in listed(files)} == {("virkelig", "udkast")}
        elif name.endswith(".xlsx"):
            for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
                assert [sheet[cell].value.partition(":")[0] for cell in ("A2", "A3")] == ["UDKAST", "VIRKELIGE TAL"]
        elif name.endswith(".pdf"):
            read = subprocess.run(
                ["pdftotext", "-", "-"], input=content, capture_output=True, check=True
            ).stdout.decode()
            pages = read.rstrip("\f").split("\f")
            assert all("UDKAST" in page and "VIRKELIGE TAL" in page for page in pages)
        else:
            assert "UDKAST" in content.decode(), name
            assert "VIRKELIGE TAL" in content.decode(), name


def test_another_truth_behind_the_marks_changes_no_byte(tmp_path: Path, registry: Registry) -> None:
    """No hidden value is in any output, alt text, chart, cache or embedded data: they are the same without it."""
    kept: list[dict[str, str]] = []
    for number, (small, tiny) in enumerate([(3, 9), (1, 23), (4, 31)]):
        truth = {year: {"ager": (small, 420), "dal": (tiny, 40)} for year in (2011, 2012)}
        house = House(
            tmp_path / str(number),
            town(tmp_path / f"town{number}", registry, truth, people={"dal": 60 + number}),
            registry,
        )
        house.write()
        files = house.files()
        assert "skjult" in words_in(files)
        assert "området er for lille" in words_in(files)
        assert "300" in files["sider/omraade-bakke.html"].decode()
        assert "300" not in files["sider/omraade-dal.html"].decode()
        kept.append({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})
    assert kept[0] == kept[1] == kept[2]
    assert {Path(name).suffix for name in kept[0]} == {".xlsx", ".pdf", ".csv", ".txt", ".html"}


def test_a_second_run_changes_nothing_and_a_changed_file_is_written_anew(house: House) -> None:
    first = house.files()
    shutil.rmtree(house.extracts)
    assert house.write().is_new
    assert house.files() == first
    assert not house.write().is_new
    page = house.folder() / "sider" / "index.html"
    page.write_bytes(b"changed")
    assert house.write().is_new
    assert house.files() == first


def test_two_people_clear_an_extract_and_it_stays(house: House, registry: Registry) -> None:
    house.write()
    draft = house.files()
    assert len(house.approve("Anne Jensen")) == 1
    with pytest.raises(ApprovalMissing, match="another one must look"):
        house.approve("ANNE JENSEN")
    assert not store.ledger_of(house.releases).entries
    assert house.files() == draft
    assert len(house.approve("Bo Holm")) == 2
    cleared = house.files()
    assert "UDKAST" not in words_in(cleared)
    with zipfile.ZipFile(io.BytesIO(cleared["boligprofil-aarhus-2012.zip"])) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {
            name: content for name, content in cleared.items() if not name.endswith((".zip", "-kvittering.txt"))
        }
    record = folders.recorded(house.folder())
    assert record is not None
    assert (record["is_cleared"], [entry["name"] for entry in record["approvals"]]) == (
        True,
        ["Anne Jensen", "Bo Holm"],
    )
    handed = {(e.geography_id, e.indicator, e.part, e.value) for e in store.ledger_of(house.releases).entries}
    assert ("bakke", "social_assistance_pct", "numerator", 61) in handed
    assert not house.write().is_new
    with pytest.raises(CannotRelease, match="handed out to aarhus already"):
        house.approve("Carl Berg")
    # Another snapshot gives another release; what was handed out is kept beside its draft.
    house.snapshot = town(house.releases.parent / "later", registry, {2012: {"eng": (90, 250)}}, name="f" * 16)
    house.write()
    kept = house.extracts / "2012" / "tidligere" / "aarhus-2012-1"
    assert {name: (kept / name).read_bytes() for name in cleared} == cleared
    assert "UDKAST" in words_in(house.files())
    changes = house.files()["aendringer.txt"].decode().casefold()
    assert "eng" in changes.split()
    assert "bakke" not in changes.split()


def test_what_was_changed_after_the_draft_is_not_cleared(house: House) -> None:
    house.write()
    house.approve("Anne Jensen")
    file = house.folder() / "definitioner.txt"
    file.write_bytes(file.read_bytes() + b"!")
    with pytest.raises(CannotRelease, match="is not what would be handed out"):
        house.approve("Bo Holm")
    house.write()
    assert len(house.approve("Bo Holm")) == 2


def test_a_draft_of_another_snapshot_is_not_cleared(house: House, registry: Registry) -> None:
    release = house.release()
    house.write()
    later = town(house.releases.parent / "later", registry, {2012: {"eng": (90, 250)}}, name="f" * 16)
    with pytest.raises(CannotRelease, match="made of another snapshot"):
        list(approve.approve("Anne Jensen", release, ["aarhus"], later, registry, house.releases, house.extracts))


def test_a_full_disk_leaves_what_was_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write()
    before = house.files()
    (house.folder() / "sider" / "index.html").write_bytes(b"changed")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "x.xlsx")

    monkeypatch.setattr(workbook, "write", full)
    with pytest.raises(OSError, match="No space left"):
        house.write()
    assert (house.folder() / "sider" / "index.html").read_bytes() == b"changed"
    assert [path.name for path in (house.extracts / "2012").iterdir()] == ["aarhus"]
    monkeypatch.undo()
    house.write()
    assert house.files() == before


def test_a_run_that_dies_after_the_ledger_is_finished_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write()
    house.approve("Anne Jensen")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(folders, "settle", dies)
    with pytest.raises(KeyboardInterrupt):
        house.approve("Bo Holm")
    monkeypatch.undo()
    assert "UDKAST" in words_in(house.files())
    assert house.write().is_cleared
    assert "UDKAST" not in words_in(house.files())
    record = folders.recorded(house.folder())
    assert record is not None
    assert [entry["name"] for entry in record["approvals"]] == ["Anne Jensen", "Bo Holm"]


@pytest.fixture
def ask(published: Path, sample: House) -> Iterator[Any]:
    marts = published / "data" / "marts"
    folders = ["--marts", str(marts), "--releases", str(sample.releases)]

    def asked(*arguments: str, extracts: bool = True) -> tuple[int, str]:
        more = ["--extracts", str(sample.extracts)] if extracts else []
        done = CliRunner().invoke(app, [*arguments, *folders, *more])
        return done.exit_code, done.output

    return asked


def test_the_commands_say_what_is_wrong(ask: Any, sample: House) -> None:
    code, words = ask("extract", "--year", "1999")
    assert (code, "figures of 2007 to 2017" in words) == (2, True)
    code, words = ask("extract", "--year", "2012", "--secretariat", "odense")
    assert (code, "there are aarhus, albertslund, hoeje-taastrup, vejle" in words) == (2, True)
    code, words = ask("extract", "--year", "2012")
    assert (code, "Nothing changed" in words) == (0, True)
    code, words = ask("attack", "2012", extracts=False)
    assert (code, "0 can be worked out" in words) == (0, True)
    code, words = ask("attack", "1999-1", extracts=False)
    assert (code, "no release '1999-1'; there are: 2012-1" in words) == (2, True)
    code, words = ask("clear", "2012", "--by", " ")
    assert (code, "name of the person" in words) == (1, True)
    with store.lock(sample.releases):
        code, words = ask("clear", "2012", "--by", "Anne Jensen")
    assert (code, "wait for it to end" in words) == (1, True)
    (sample.releases / "ledger.jsonl").write_bytes(b"{}\n")
    try:
        code, words = ask("extract", "--year", "2012")
        assert (code, "was changed after it was written" in words) == (1, True)
    finally:
        (sample.releases / "ledger.jsonl").unlink()


def test_the_flow_writes_the_extract_of_one_secretariat(published: Path, tmp_path: Path) -> None:
    """The command as a user gives it: through Prefect, on its embedded default."""
    shutil.copytree(published / "data", tmp_path / "data", symlinks=True)
    command = [Path(sys.executable).with_name("boligprofil"), "extract", "--year", "2013", "--secretariat", "aarhus"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BOLIGPROFIL_")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "They are drafts" in done.stdout
    written = tmp_path / "data" / "extracts" / "2013"
    assert [folder.name for folder in written.iterdir()] == ["aarhus"]
    assert (written / "aarhus" / "boligprofil-aarhus-2013.pdf").read_bytes().startswith(b"%PDF")


def test_a_release_that_holds_a_revision_back_is_written_and_says_so_without_saying_what(
    house: House, registry: Registry
) -> None:
    house.write()
    for by in ("Anne Jensen", "Bo Holm"):
        house.approve(by)
    assert "holdt tilbage" not in house.files()["aendringer.txt"].decode()
    # Two more in Bakke would be a count of two; forty more in Eng the year before may be told.
    revised = {2012: {"bakke": (63, 530)}, 2011: {"eng": (84, 250)}}
    house.snapshot = town(house.releases.parent / "later", registry, revised, name="f" * 16)
    assert house.write().is_new
    changes = " ".join(house.files()["aendringer.txt"].decode().split())
    assert "Nogle rettelser er holdt tilbage i denne udgivelse" in changes
    assert "eng" in changes.casefold().split()
    assert "bakke" not in changes.casefold()
    # The checker is told which: Bakke's numerator, in the registry's words.
    page = (house.folder() / "INTERNT" / "kontrol.html").read_text(encoding="utf-8")
    label = registry.indicators["social_assistance_pct"].label_da
    assert f"<li>Bakke, {label}, 2012 (tæller)</li>" in page
    for by in ("Anne Jensen", "Bo Holm"):
        house.approve(by)
    assert "Nogle rettelser er holdt tilbage" in " ".join(house.files()["aendringer.txt"].decode().split())


@pytest.mark.parametrize(("letter", "point"), [("\U0001f600", "U+1F600"), ("\u4e2d", "U+4E2D"), ("\x01", "U+0001")])
def test_a_letter_that_no_font_has_is_told_to_the_checker_and_stops_nothing(
    tmp_path: Path, registry: Registry, letter: str, point: str
) -> None:
    plan = {"plan_id": "plan-ager", "plan_name": f"Plan {letter} Ager", "area_ids": "ager", "plan_areas": 1}
    house = House(tmp_path, town(tmp_path / "snapshot", registry, dim_plans=[plan]), registry)
    house.write()
    record = folders.recorded(house.folder())
    assert record is not None
    assert record["letters"] == [{"letter": point, "place": "Ager", "text": f"Plan {letter} Ager"}]
    page = (house.folder() / "INTERNT" / "kontrol.html").read_text(encoding="utf-8")
    assert f"{point}: Ager, »Plan" in page
    read = subprocess.run(
        ["pdftotext", "-", "-"], input=house.files()["boligprofil-aarhus-2012.pdf"], capture_output=True, check=True
    ).stdout.decode()
    assert f"({point})" in read
    house.approve("Anne Jensen")
    assert (folders.recorded(house.folder()) or {})["letters"] == record["letters"]


def test_a_report_that_cannot_be_set_names_secretariat_place_and_text(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = {"plan_id": "plan-ager", "plan_name": "Plan \u4e2d", "area_ids": "ager", "plan_areas": 1}
    house = House(tmp_path, town(tmp_path / "snapshot", registry, dim_plans=[plan]), registry)

    def broken(*_: object) -> None:
        raise typst.TypstError("could not be displayed")

    monkeypatch.setattr(report.pdfs, "typeset", broken)
    with pytest.raises(CannotSet, match=r"report of Sekretariatet i Aarhus cannot be set .*: Ager: 'Plan "):
        house.write()


def test_the_fault_of_one_secretariat_does_not_stop_the_others(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("aarhus", "odense", "vejle")
    rows = [{"secretariat_id": name, "secretariat_name": f"I {name}", "municipality_code": TOWN} for name in names]
    snapshot = town(tmp_path / "s", registry, dim_secretariats=rows)
    outputs = folders.outputs

    def faulty(extract: Extract, *given: Any) -> frozenset[str]:
        if extract.secretariat == "odense":
            raise CannotSet("the report of I odense cannot be set")
        return outputs(extract, *given)

    monkeypatch.setattr(folders, "outputs", faulty)
    monkeypatch.setattr(year.snapshots, "current", lambda _: snapshot)
    chosen = settings(marts=tmp_path / "marts", releases=tmp_path / "r", extracts=tmp_path / "e")
    report_of = year.run(chosen, 2012, None, Plain())
    assert [written["secretariat"] for written in report_of["extracts"]] == ["aarhus", "vejle"]
    assert report_of["outcome"] == "refused"
    assert "the extract of odense: the report of I odense cannot be set" in report_of["message"]
    assert sorted(path.name for path in (tmp_path / "e" / "2012").iterdir()) == ["aarhus", "vejle"]
