"""Data Docs: pages that read well with no network and no script, name rows by key and hold no other values."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.publish import gate
from flows.publish.gate import Judgement
from schemas.contracts import Expectation

TITLE = "Boligprofil: real figures & <their> promises"
NOTICES = ["This snapshot holds real figures, and no baseline.", "Figures of <2010> & 2011 repeat each other."]
SQL = "-- a share {of all} has :both counts\nselect area_id, year, value from area_profile where value > 100;\n"
RULE = "0 to 100 percent"


def judge(folder: Path, value: float, page: str = "page", extra: tuple[Expectation, ...] = ()) -> Judgement:
    """Judge two small marts; a `value` above 100 breaks two promises of area_profile."""
    marts = {
        "area_profile": pl.DataFrame(
            {"area_id": ["vollsmose", "<b>ellekonebakken"], "year": 2012, "value": [value, 31.25]}
        ),
        "dim_areas": pl.DataFrame({"area_id": ["vollsmose"], "name": ["Vollsmose"]}),
    }
    files = {mart: folder / f"{mart}.parquet" for mart in marts}
    for mart, rows in marts.items():
        rows.write_parquet(files[mart])
    suites = {
        "area_profile": [
            Expectation("ExpectTableRowCountToBeBetween", {"min_value": 1}, "holds rows"),
            Expectation("ExpectColumnValuesToBeBetween", {"column": "value", "min_value": 0, "max_value": 100}, RULE),
            Expectation(
                "UnexpectedRowsExpectation", {"unexpected_rows_query": SQL}, "shares <= 100", "shares_in_range"
            ),
            *extra,
        ],
        "dim_areas": [Expectation("ExpectColumnValuesToBeUnique", {"column": "area_id"}, "one row per area")],
    }
    keys = {"area_profile": ["area_id", "year"], "dim_areas": ["area_id"]}
    return gate.judge(files, keys, suites, folder / page, TITLE, NOTICES)


@pytest.fixture(scope="module")
def passing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    judgement = judge(tmp_path_factory.mktemp("passing"), 40.0)
    assert judgement.ok
    return judgement.page


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fault = Expectation("UnexpectedRowsExpectation", {"unexpected_rows_query": "select 1 from gone"}, "no fault")
    judgement = judge(tmp_path_factory.mktemp("failing"), 131.5, extra=(fault,))
    assert len(judgement.findings) == 3
    return judgement.page


@pytest.fixture(params=["passing", "failing"])
def index(request: pytest.FixtureRequest) -> Path:
    page: Path = request.getfixturevalue(request.param)
    return page


def pages(index: Path) -> dict[str, str]:
    files = [path for path in index.parent.rglob("*") if path.is_file()]
    assert len(files) == 3
    return {str(path.relative_to(index.parent)): path.read_text() for path in files}


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)).split())


def test_there_is_a_page_per_mart(index: Path) -> None:
    assert sorted(pages(index)) == ["index.html", "marts/area_profile.html", "marts/dim_areas.html"]


def test_nothing_points_outside(index: Path) -> None:
    for name, page in pages(index).items():
        assert not re.search(r"https?:|//[\w-]+\.|url\(|@import", page, re.IGNORECASE), name
        assert not re.search(r"<(script|link|img|iframe|object|form|button|svg)\b|\son\w+=", page), name


def test_links_lead_somewhere(index: Path) -> None:
    for name, page in pages(index).items():
        hrefs = re.findall(r'href="([^"]*)"', page)
        assert hrefs, name
        for href in hrefs:
            path, _, anchor = href.partition("#")
            target = ((index.parent / name).parent / path).resolve() if path else index.parent / name
            assert target.is_file(), href
            assert not anchor or f'id="{anchor}"' in target.read_text(), href


def test_a_passing_run_says_so(passing: Path) -> None:
    words = text(passing.read_text())
    assert "Passed. All 4 promises about 2 marts are kept." in words
    assert "dim_areas ✓ passed 1 of 1 promises kept." in words
    assert "broken" not in words.replace("Broken No verdict", "")


def test_a_failing_run_says_what_is_broken_and_where(failing: Path) -> None:
    words = text(failing.read_text())
    assert "Refused. 2 of 5 promises are broken. 1 of 5 could not be judged." in words
    assert f"✕ broken area_profile.value {RULE} 1 row breaks it, namely: area_id=vollsmose, year=2012" in words
    assert "area_profile ✕ failed 1 of 4 promises kept." in words
    assert "dim_areas ✓ passed 1 of 1 promises kept." in words
    assert "? no verdict area_profile no fault The engine failed, so this says nothing about the data: Catalog" in words


def test_title_and_notices_are_shown_as_written(index: Path) -> None:
    page = index.read_text()
    assert "<h1>Boligprofil: real figures &amp; &lt;their&gt; promises</h1>" in page
    assert "Figures of &lt;2010&gt; &amp; 2011 repeat each other." in page
    assert NOTICES[0] in page


def test_great_expectations_draws_the_record_of_a_mart(failing: Path) -> None:
    page = (failing.parent / "marts" / "area_profile.html").read_text()
    words = text(page)
    assert f"✕ broken {RULE} values must be greater than or equal to 0.0 and less than or equal to 100.0" in words
    assert "1 unexpected values found. 50% of 2 total rows." in words
    assert "Evaluated Expectations 4 Successful Expectations 1" in words
    assert "✕ broken shares &lt;= 100 sql/checks/shares_in_range.sql" in words
    assert "? no verdict no fault select 1 from gone unexpected_rows_expectation raised an exception: Catalog" in words


def test_sql_is_shown_as_written(failing: Path) -> None:
    page = (failing.parent / "marts" / "area_profile.html").read_text()
    assert (
        "-- a share {of all} has :both counts\nselect area_id, year, value from area_profile where value &gt; 100;"
        in page
    )


def test_values_stay_out(index: Path) -> None:
    for name, page in pages(index).items():
        assert not re.search(r"131[.,]5|31[.,]25|ellekonebakken|Vollsmose", page), name


def test_the_same_input_gives_the_same_bytes(failing: Path, tmp_path: Path) -> None:
    fault = Expectation("UnexpectedRowsExpectation", {"unexpected_rows_query": "select 1 from gone"}, "no fault")
    assert pages(judge(tmp_path, 131.5, extra=(fault,)).page) == pages(failing)


def test_pages_of_marts_that_are_gone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "page" / "marts").mkdir(parents=True)
    (tmp_path / "page" / "marts" / "gone.html").write_text("old")
    assert "marts/gone.html" not in pages(judge(tmp_path, 40.0).page)


def test_pages_need_no_network_and_no_script(browser: Any, failing: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(failing.as_uri())
    assert page.get_by_role("heading", name=TITLE).is_visible()
    assert page.get_by_text(NOTICES[0]).is_visible()
    assert page.get_by_text(RULE).first.is_visible()
    page.get_by_role("link", name="Record by Great Expectations").first.click()
    assert page.get_by_role("heading", name="area_profile").is_visible()
    assert page.get_by_text("values must be greater than or equal to").is_visible()
    assert page.get_by_text(RULE).is_visible()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == 2
    context.close()


CONTRASTS = """() => {
  const light = c => {
    const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (c !== 'rgba(0, 0, 0, 0)') return c;
    }
    return 'rgb(255, 255, 255)';
  };
  const written = [...document.body.querySelectorAll('*')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  return written.map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), e.textContent.trim()];
  });
}"""


@pytest.mark.parametrize("name", ["index.html", "marts/area_profile.html"])
def test_pages_are_legible(browser: Any, index: Path, name: str) -> None:
    """Nothing is cut off or runs over at the width of a phone or a desk, and every text has WCAG AA contrast."""
    for width in (400, 1400):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto((index.parent / name).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        texts = page.evaluate(CONTRASTS)
        assert len(texts) > 10
        assert [words for contrast, words in texts if contrast < 4.5] == []
        page.close()
