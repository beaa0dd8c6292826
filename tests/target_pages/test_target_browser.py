"""The pages for steering groups in a real browser: on a telephone, on paper, and with a keyboard alone."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from flows.target_pages import pages
from schemas.registry import Registry

# Text and what lies behind it, as WCAG 2.1 reckons contrast: the smallest that a page holds, with its text.
CONTRAST = """() => {
  const part = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = rgb => 0.2126 * part(rgb[0]) + 0.7152 * part(rgb[1]) + 0.0722 * part(rgb[2]);
  const read = css => (css.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = read(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
    return [255, 255, 255]; };
  let worst = [99, ""];
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const e = words.currentNode.parentElement, said = words.currentNode.textContent.trim();
    if (!said || e.closest("style")) continue;
    const ink = getComputedStyle(e), a = light(read(e.closest("svg") ? ink.fill : ink.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, said];
  }
  return worst;
}"""
# What of the page sticks out to the right, but for what lies in a part that scrolls by itself.
OUTSIDE = """width => [...document.querySelectorAll("body *")]
  .filter(e => !e.closest(".wide") && !e.closest(".skip") && e.getBoundingClientRect().right > width + 0.5)
  .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page of the width of a telephone; whatever it asks for or complains of is kept in `asked` and `said`."""
    page = browser.new_context(viewport={"width": 320, "height": 800}).new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    yield page
    page.context.close()


@pytest.mark.parametrize(("width", "media"), [(1280, "screen"), (320, "screen"), (703, "print")])
def test_pages_fit_and_ask_for_nothing(page: Any, folder: Path, width: int, media: str) -> None:
    """At 1280 px, at 320 px (tables scroll by themselves), and on A4 between its margins (186 mm at 96 dpi)."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(media=media)
    for file in sorted(folder.glob("*.html")):
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file.name
        assert page.evaluate(OUTSIDE, width) == [], file.name
        if media == "print":
            wide = "[...document.querySelectorAll('.wide')].map(e => e.scrollWidth - e.clientWidth)"
            assert max(page.evaluate(wide), default=0) <= 1, file.name
    assert len(page.asked) == 5
    assert all(url.startswith("file:") for url in page.asked)
    assert page.said == []


def test_text_can_be_told_from_its_ground(page: Any, folder: Path) -> None:
    for file in sorted(folder.glob("*.html")):
        page.goto(file.as_uri())
        ratio, label = page.evaluate(CONTRAST)
        assert 4.5 <= ratio < 99, (file.name, label)


def test_text_of_charts_is_readable_on_a_telephone(page: Any, folder: Path) -> None:
    page.goto((folder / "plan-vollsmose.html").as_uri())
    sizes = page.evaluate(
        """[...document.querySelectorAll("figure svg text")].map(text => { const svg = text.closest("svg");
        return parseFloat(getComputedStyle(text).fontSize) * svg.clientWidth / svg.viewBox.baseVal.width; })"""
    )
    assert len(sizes) > 5
    assert min(sizes) >= 9


def test_the_keyboard_reaches_everything(page: Any, folder: Path) -> None:
    page.goto((folder / "plan-vollsmose.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "indhold"
    reached = set()
    stops = "a[href], summary, [role=region]"
    total = page.evaluate(f"document.querySelectorAll('main {stops.replace(', ', ', main ')}').length")
    for _ in range(total + 1):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            f"""() => {{ const e = document.activeElement, all = [...document.querySelectorAll('{stops}')];
            return [all.indexOf(e), getComputedStyle(e).outlineStyle, e.tagName] }}"""
        )
        if seen[0] >= 0:
            reached.add(seen[0])
            assert seen[1] == "solid", seen
    # Regions within closed details are not there to be reached.
    hidden = page.evaluate("document.querySelectorAll('main details:not([open]) [role=region]').length")
    assert hidden > 0
    assert len(reached) >= total - hidden


def test_details_open_with_the_keyboard(page: Any, folder: Path) -> None:
    page.goto((folder / "plan-vollsmose.html").as_uri())
    first = page.locator("summary").first
    shown = page.locator("details .wide").first
    assert not shown.is_visible()
    first.focus()
    page.keyboard.press("Enter")
    assert shown.is_visible()
    assert "Mål 1, år for år" in shown.inner_text()


def test_regions_that_scroll_are_named_and_can_be_scrolled(page: Any, folder: Path) -> None:
    """Not every browser lets the keyboard into whatever scrolls, as this one does; hence the tabindex."""
    for file in sorted(folder.glob("*.html")):
        page.goto(file.as_uri())
        asked = "e => [e.getAttribute('role'), e.getAttribute('tabindex'), e.getAttribute('aria-label')]"
        regions = page.evaluate(f"[...document.querySelectorAll('.wide')].map({asked})")
        assert all((role, stop) == ("region", "0") and len(label) > 10 for role, stop, label in regions), file.name
        assert len({label for _, _, label in regions}) == len(regions), file.name
    page.goto((folder / "plan-vollsmose.html").as_uri())
    picture = page.locator(".theory .wide")
    assert picture.get_attribute("aria-label").startswith("Figur: sådan er det tænkt")
    assert picture.evaluate("e => e.scrollWidth > e.clientWidth")
    picture.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.theory .wide').scrollLeft > 0", timeout=5000)


def test_headings_skip_no_level_and_drawings_have_words(page: Any, folder: Path) -> None:
    for file in sorted(folder.glob("*.html")):
        page.goto(file.as_uri())
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => Number(e.tagName[1]))")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), file.name
        drawings = page.evaluate(
            "[...document.querySelectorAll('svg')].map(e => [e.getAttribute('role'), e.getAttribute('aria-label')])"
        )
        assert all(role == "img" and len(label) > 40 for role, label in drawings), file.name
        tables = page.evaluate("[...document.querySelectorAll('table')].map(e => e.caption && e.caption.textContent)")
        assert all(tables), file.name
        assert page.evaluate("document.querySelectorAll('th:not([scope])').length") == 0
        assert page.evaluate("document.documentElement.lang") == "da"


def test_charts_say_the_numbers_that_they_draw(page: Any, folder: Path) -> None:
    page.goto((folder / "plan-vollsmose.html").as_uri())
    line, course = page.evaluate(
        "[...document.querySelectorAll('#maal-1 > .charts svg')].map(e => e.getAttribute('aria-label'))"
    )
    assert line == "Start 44,1 % (2008), nu 48,2 % (2011; 46,2–50,2), mål 52,0 % (2012)."
    caption = page.inner_text("#maal-1 > .charts figcaption >> nth=0")
    assert "stiplet: planlagt 2011: 50,0 %" in caption
    assert "2009: intet tal; 2010: 46,0 % (44,0–48,0); 2011: 48,2 % (46,2–50,2)" in course
    assert "Stiplet vej fra 44,1 % i 2008 til målet 52,0 % i 2012." in course


def test_paper_has_the_marks_on_every_sheet_and_the_tables_that_are_open(
    page: Any, folder: Path, tmp_path: Path
) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed: nobody has read the printed pages")
    page.goto((folder / "plan-vollsmose.html").as_uri())

    def printed() -> list[str]:
        page.pdf(path=str(tmp_path / "plan.pdf"), prefer_css_page_size=True, print_background=False)
        command = ["pdftotext", "-layout", tmp_path / "plan.pdf", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.rstrip("\f").split("\f")

    tables = ("Mål 1, år for år", "Koblinger fra indsatsområde til indikator")
    folded = printed()
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
    unfolded = printed()
    for sheet in (*folded, *unfolded):
        assert sheet.lstrip().startswith("INTERNT")
        assert "Boligprofil, udgave 5f0c9a1b2c3d4e5f" in sheet
    short, long = (" ".join(" ".join(sheets).split()) for sheets in (folded, unfolded))
    assert "tallene er ikke ryddet for små grupper" in short
    assert all(table in long and table not in short for table in tables)
    assert "Gå til indholdet" not in long
    assert len(folded) < len(unfolded)


def test_the_largest_picture_stands_on_one_sheet_with_its_heading(
    page: Any, make_town: Callable[[], Any], registry: Registry, tmp_path: Path
) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed: nobody has read the printed pages")
    town = make_town()
    town.rows["plan_change_theory"].clear()
    steps = [(step, name) for step in registry.change_theory.step.values() for name in step.indicators[:2]]
    for number, (step, indicator) in enumerate(steps, 1):
        link = {"plan_id": "vollsmose", "link_no": number, "effort_area_id": step.effort_area, "step": step.label_da}
        done = {"activity": step.activities[0], "indicator": indicator, "link_source": "plan"}
        town.add("plan_change_theory", link | done)
    assert len(steps) >= 19
    pages.write(town.publish(tmp_path / "marts"), registry, tmp_path, ["vollsmose"])
    page.goto((tmp_path / "plan-vollsmose.html").as_uri())
    page.pdf(path=str(tmp_path / "plan.pdf"), prefer_css_page_size=True)
    read = ["pdftotext", "-layout", tmp_path / "plan.pdf", "-"]
    sheets = subprocess.run(read, capture_output=True, text=True, check=True).stdout.split("\f")
    (sheet,) = (sheet for sheet in sheets if "Sådan er det tænkt" in sheet)
    for label in ("Aktivitet", "Forsøg med", "planens egne ord", "Kursiv i en indikators felt"):
        assert label in sheet


def test_charts_are_not_cut_by_the_edge_of_a_sheet(page: Any, folder: Path) -> None:
    page.emulate_media(media="print")
    page.goto((folder / "plan-vollsmose.html").as_uri())
    kept = page.evaluate("[...document.querySelectorAll('figure')].map(e => getComputedStyle(e).breakInside)")
    assert len(kept) > 5
    assert set(kept) == {"avoid"}
    tall = page.evaluate(
        "Math.max(...[...document.querySelectorAll('figure')].map(e => e.getBoundingClientRect().height))"
    )
    assert 0 < tall < 1000  # a sheet holds 267 mm, 1009 px


def test_signs_are_not_colours(page: Any, folder: Path) -> None:
    page.goto((folder / "plan-vollsmose.html").as_uri())
    verdicts = page.evaluate("[...document.querySelectorAll('p.verdict')].map(e => e.innerText)")
    assert len(verdicts) == 7
    assert len({re.split(r"\s", label)[0] for label in verdicts}) == 7


def test_the_index_is_narrowed_and_ordered_by_keyboard(page: Any, folder: Path) -> None:
    page.goto((folder / "index.html").as_uri())
    shown = (
        "[...document.querySelectorAll('#planer tbody tr')].filter(e => e.checkVisibility()).map(e => e.dataset.name)"
    )
    every = page.evaluate(shown)
    assert len(every) > 1
    page.focus("[name=ord]")
    page.keyboard.type("HELHEDSPLAN VOLL")
    assert page.evaluate(shown) == [name for name in every if name.startswith("Helhedsplan Vollsmose")]
    assert page.inner_text("#vist") == f"1 af {len(every)} helhedsplaner vises."
    page.fill("[name=ord]", "")
    page.select_option("[name=vurdering]", "off_the_way")
    kept = page.evaluate(shown)
    assert 0 < len(kept) < len(every)
    assert all("off_the_way" in page.get_attribute(f"tr[data-name='{name}']", "data-verdicts") for name in kept)
    page.select_option("[name=vurdering]", "")
    page.select_option("[name=orden]", "navn")
    assert page.evaluate(shown) == sorted(every)
    page.select_option("[name=orden]", "uro")
    assert page.evaluate(shown) == every
