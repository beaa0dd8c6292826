"""The page of a night: what a stranger reads of it, with words of the world shown as they are and no figure in it."""

from pathlib import Path
from typing import Any

import pytest

from flows.core.outcome import Report
from flows.operation import night_page
from flows.publish import differences
from flows.publish.differences import DeliveryMoved, Differences, FigureMoved, Flip, RowsMoved
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry


def delivery(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "outcome": "accepted", "rows": 10, "used": 10, "quarantined": 0, "set_aside": 0} | more


OLD = [delivery("a.csv"), delivery("b.csv")]
NEW = [
    delivery("a.csv", used=7, quarantined=2, set_aside=1, rules={"not_a_year": 2, "jump": 1}),
    delivery("b.csv", outcome="refused", rows=9, used=0, rule="missing_column"),
    delivery("c|<b>.csv", rows=1200, used=1200),
]
GONE = {"path": "old.csv", "source": "grants", "since": "2012-02-27", "rows": 31, "accepted_by": ""}
FOUND = Differences(
    before="88d538",
    after="4f2a9c",
    made_by=("code",),
    deliveries=(DeliveryMoved("c|<b>.csv", "new"),),
    rows=(RowsMoved("area_profile", 1000, 1012, new=12, changed=4),),
    figures=(
        FigureMoved(
            "area_profile", {"area_id": "vollsmose", "indicator": "residents"}, 731911.0, 731915.0, 2.0, "c.csv"
        ),
        FigureMoved("area_profile", {"area_id": "vollsmose", "indicator": "convicted_pct"}, 3.25, 3.75, 1.0, "c.csv"),
    ),
    flips=(Flip("statutory_criteria", {"area_id": "vollsmose"}, "verdict", "met", "not_met"),),
    definitions=(),
)


def snapshot(marts: Path, name: str, deliveries: list[dict[str, Any]], **more: Any) -> Snapshot:
    folder = marts / "versions" / name
    (folder / "data_docs").mkdir(parents=True)
    (folder / "data_docs" / "index.html").write_text("")
    site = marts / "sites" / name / "index.html"
    site.parent.mkdir(parents=True)
    site.write_text("")
    return Snapshot(name, folder, {"deliveries": deliveries, "marts": {"area_profile": {}}, "origin": "real"} | more)


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    return tmp_path / "marts"


@pytest.fixture
def published(marts: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> str:
    before = snapshot(marts, "88d538", OLD)
    after = snapshot(marts, "4f2a9c", NEW, gone=[GONE])
    monkeypatch.setattr(differences, "compare", lambda *_: FOUND)
    warnings = tuple(f"warning {number}" for number in range(25))
    report = Report("published", "published", "4f2a9c", deliveries=tuple(NEW), warnings=warnings, marts={"a": 1})
    return night_page.page(report, "2012-03-01", before, after, registry, "http://house/marts/", marts)


@pytest.mark.parametrize(
    "line",
    [
        "# 2012-03-01: published 4f2a9c",
        "Snapshot `4f2a9c` is in force, **real** figures. Before it: `88d538`.",
        "| deliveries that are used | 2 | 2 |",
        "| deliveries that are refused | 1 | 0 |",
        "| rows that are used | 1,207 | 20 |",
        "| rows that are set aside | 3 | 0 |",
        r"| a.csv | set aside | 3 of 10 | not\_a\_year (2), jump (1) |",
        r"| b.csv | **refused whole** | 0 of 9 | missing\_column |",
        "| old.csv | grants | 2012-02-27 | 31 |  |",
        r"- new: c\|\<b\>.csv",
        r"- **2 figures moved**: residents 1, convicted\_pct 1",
        r"- **1 flipped**: verdict in statutory\_criteria",
        r"| area\_profile | 1,000 | 1,012 | 12 | 0 | 4 |",
        "In full: `boligprofil diff 88d538 4f2a9c`",
        "- [Data Docs](http://house/marts/versions/4f2a9c/data_docs/index.html)",
        "- [The site](http://house/marts/sites/4f2a9c/index.html)",
        "And 5 more; `boligprofil status` names them all.",
    ],
)
def test_a_published_night_is_told(published: str, line: str) -> None:
    assert any(shown.startswith(line) for shown in published.splitlines())


def test_no_figure_and_no_place_stands_on_the_page(published: str) -> None:
    for figure in ("731911", "731,911", "731915", "3.25", "3.75", "vollsmose"):
        assert figure not in published


def test_a_refusal_is_told_with_its_words_and_what_stays(marts: Path, registry: Registry) -> None:
    before = snapshot(marts, "88d538", OLD)
    (marts / "refused").mkdir()
    (marts / "refused" / "index.html").write_text("")
    message = f"a promise is broken: area_id ```\n  see {marts}/refused/index.html"
    page = night_page.page(Report("refused", message), "2012-03-01", before, before, registry, marts=marts)
    assert page.startswith("# 2012-03-01: refused\n\n**Nothing was published.** Snapshot `88d538` is in force")
    assert f"```text\na promise is broken: area_id '''\n  see {marts}/refused/index.html\n```" in page
    assert f"- The promises that were broken: `{marts}/refused/index.html`" in page


def test_with_nothing_in_force_a_refusal_says_so(registry: Registry) -> None:
    page = night_page.page(Report("refused", "no deliveries"), "2012-03-01", None, None, registry)
    assert "**Nothing was published.** Nothing is in force" in page
