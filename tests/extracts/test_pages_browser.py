"""The web pages of an extract in a real browser: by keyboard alone, on a telephone, on paper, without scripts."""

import functools
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from by_hand import Years, first_area_with

from flows.extracts import pages
from flows.extracts.model import Extract
from flows.present.language import spoken
from schemas.registry import Registry

AREA, OVERVIEW, COMPARE = "omraade-bispehaven.html", "index.html", "sammenlign.html"
NEWS, GLOSSARY = "nyt.html", "begreber.html"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
SHOWN = """([...document.querySelectorAll(".sortable tbody tr")].filter(e => e.checkVisibility())
  .map(e => [...e.cells].map(cell => cell.innerText)))"""
OUTSIDE = """width => [...document.querySelectorAll("body *")]
  .filter(e => !e.closest(".wide") && !e.closest(".skip") && e.getBoundingClientRect().right > width + 0.5)
  .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def folder(full_extract: Extract, registry: Registry, tmp_path: Path) -> Path:
    """A folder, with a name as people give them, that holds the pages, and in `uden` those of no area."""
    folder = tmp_path / "Udtræk 2012, æøå"
    pages.write(full_extract, registry, folder)
    pages.write(replace(full_extract, areas=()), registry, folder / "uden")
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing: a test's log is its failure."""


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """The address of the folder on a server of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page; whatever it asks for or complains of is kept in `asked` and `said`."""
    known: dict[Any, Any] = {}

    def open_page(address: Path | str, width: int = 1280, **settings: Any) -> Any:
        sort = (width, *sorted(settings.items()))
        if sort not in known:
            known[sort] = browser.new_context(viewport={"width": width, "height": 800}, **settings).new_page()
            known[sort].on("request", lambda request: known[sort].asked.append(request.url))
            known[sort].on("console", lambda message: known[sort].said.append(message.text))
            known[sort].on("pageerror", lambda error: known[sort].said.append(str(error)))
        page = known[sort]
        page.asked, page.said = [], []
        page.goto(address.as_uri() if isinstance(address, Path) else address)
        return page

    yield open_page
    for page in known.values():
        page.context.close()


def rows(page: Any) -> list[list[str]]:
    """The rows that are seen of the table that is chosen from."""
    return list(page.evaluate(SHOWN))


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """The rules that axe finds broken, each with where."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [(rule["id"], [node["html"][:90] for node in rule["nodes"]]) for rule in found]


def tab_to(page: Any, what: str) -> None:
    """Go on with the tabulator until this element has the focus, which must be seen."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline in ("solid", "auto"), what
            return
    raise AssertionError(f"the keyboard does not reach {what}")


@pytest.mark.parametrize("way", ["file", "served"])
def test_pages_ask_for_nothing_and_complain_of_nothing(
    opened: Callable[..., Any], folder: Path, served: str, way: str
) -> None:
    for name in (OVERVIEW, AREA, "omraade-viby-syd.html", COMPARE, NEWS, GLOSSARY, "uden/index.html"):
        page = opened(folder / name if way == "file" else served + name)
        if name not in (NEWS, GLOSSARY):
            assert page.locator(".pick" if name == COMPARE else ".choose").is_visible()
        assert page.locator("#filer button").inner_text() == "Print siden"
        assert page.said == []
        assert [url for url in page.asked if not url.startswith("data:")] == [page.url]


def test_nothing_but_the_pages_own_script_runs(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / AREA)
    page.evaluate("""() => { const e = document.createElement("script"); e.textContent = "window.alien = 1";
        document.body.append(e); document.body.setAttribute("style", "color: red"); }""")
    assert page.evaluate("window.alien") is None
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 27, 27)"
    assert any("Content Security Policy" in line for line in page.said)


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        (OVERVIEW, 1280, "light"),
        (OVERVIEW, 1280, "dark"),
        (AREA, 1280, "dark"),
        (AREA, 320, "light"),
        (COMPARE, 1280, "light"),
        (OVERVIEW, 320, "dark"),
        (COMPARE, 320, "dark"),
        (GLOSSARY, 320, "light"),
        (NEWS, 1280, "dark"),
        (NEWS, 320, "light"),
        (GLOSSARY, 1280, "dark"),
        ("uden/index.html", 1280, "light"),
        ("uden/nyt.html", 320, "dark"),
    ],
)
def test_axe_finds_nothing(opened: Callable[..., Any], folder: Path, name: str, width: int, scheme: str) -> None:
    assert violations(opened(folder / name, width, color_scheme=scheme)) == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_axe_finds_nothing_on_english_pages(
    opened: Callable[..., Any], full_extract: Extract, registry: Registry, tmp_path: Path, width: int, scheme: str
) -> None:
    with spoken("en", registry):
        pages.write(replace(full_extract, language="en"), registry, tmp_path)
    made = sorted(tmp_path.glob("*.html"))
    assert len(made) == 4 + len(full_extract.areas)
    for file in made:
        page = opened(file, width, color_scheme=scheme)
        assert page.evaluate("document.documentElement.lang") == "en", file.name
        assert violations(page) == [], file.name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file.name


def test_axe_finds_what_is_wrong(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / AREA)
    page.evaluate("document.documentElement.removeAttribute('lang')")
    page.evaluate("document.querySelector('.choose label').before(document.createElement('select'))")
    assert {"html-has-lang", "select-name"} <= {
        rule["id"] for rule in Axe().run(page, options=RULES).response["violations"]
    }


def test_the_skip_link_comes_first_and_leads_to_the_content(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / AREA)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "indhold"


def test_an_indicator_and_a_year_are_chosen_by_keyboard(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / AREA)
    assert {row[0] for row in rows(page)} == {"Fraflytningsprocent"}
    assert len(rows(page)) == 10
    tab_to(page, "select[name=key]")
    page.keyboard.type("Andel dømte")
    assert page.locator(".status").inner_text() == "Viser 10 rækker: Andel dømte, alle år."
    assert {row[0] for row in rows(page)} == {"Andel dømte"}
    assert [row[2].split("\n")[0] for row in rows(page)][:4] == ["skjult", "2,73 %", "2,73 %", "skjult"]
    assert page.locator("#alle ~ .charts figure:visible").count() == 0
    tab_to(page, "select[name=year]")
    page.keyboard.type("2009")
    assert page.locator(".status").inner_text() == "Viser 1 række: Andel dømte, 2009."
    assert [row[1:3] for row in rows(page)] == [["2009", "skjult"]]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Home")
    assert {row[1] for row in rows(page)} >= {"2009"}
    assert len({row[0] for row in rows(page)}) == 40
    assert page.locator("#alle ~ .charts figure:visible").count() == 0


def test_a_year_is_found_in_rows_of_several_years(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / AREA)
    page.select_option("[name=key]", label="Andel med kun grundskole")
    page.select_option("[name=year]", "2007")
    assert [row[:3] for row in rows(page)] == [["Andel med kun grundskole", "2003–2012", "ikke opgjort det år"]]


def test_rows_are_sorted_by_keyboard_with_words_last(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / OVERVIEW)
    page.select_option("[name=key]", label="Beboere")
    tab_to(page, ".sortable th:nth-child(4) button")
    heads = page.locator(".sortable thead th")
    page.keyboard.press("Enter")
    values = [row[3].split(" personer")[0] for row in rows(page)]
    assert values == ["2.390", "327.000", "5.580.516", "ikke leveret"]
    assert heads.nth(3).get_attribute("aria-sort") == "ascending"
    assert "Sorteret efter værdi, stigende." in page.locator(".status").inner_text()
    page.keyboard.press("Space")
    values = [row[3].split(" personer")[0] for row in rows(page)]
    assert values == ["5.580.516", "327.000", "2.390", "ikke leveret"]
    assert heads.nth(3).get_attribute("aria-sort") == "descending"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert [heads.nth(at).get_attribute("aria-sort") for at in (2, 3)] == ["ascending", None]
    assert page.evaluate("document.querySelector('.status').getAttribute('role')") == "status"


def test_words_are_sorted_as_danes_do(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / AREA)
    page.select_option("[name=key]", "")
    page.select_option("[name=year]", "2012")
    page.locator(".sortable th button").first.click()
    labels = [row[0] for row in rows(page)]
    assert labels[-1] == "Årlig husleje pr. kvadratmeter"
    assert labels[0].startswith("Andel")


def test_an_area_is_visited_and_left_by_keyboard(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / OVERVIEW)
    page.select_option("[name=key]", label="Andel dømte")
    tab_to(page, f"a[href='{AREA}']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/omraade-bispehaven.html")
    assert page.locator("h1").inner_text() == "Bispehaven, Aarhus"
    tab_to(page, "a[href='index.html']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html")
    page.go_back()
    page.go_back()
    # What was chosen is still chosen, and the table agrees with it.
    chosen = page.evaluate("(e => e.options[e.selectedIndex].textContent)(document.querySelector('[name=key]'))")
    assert {row[1] for row in rows(page)} == {chosen}


@pytest.mark.parametrize(("width", "media"), [(1280, "screen"), (320, "screen"), (703, "print")])
def test_pages_fit_their_width(opened: Callable[..., Any], folder: Path, width: int, media: str) -> None:
    """At 320 px tables scroll by themselves; on A4 between its margins (186 mm at 96 dpi) nothing does."""
    for name in (OVERVIEW, AREA, NEWS, GLOSSARY, "uden/index.html"):
        page = opened(folder / name, width)
        has_choice = name not in (NEWS, GLOSSARY)
        for key in ("move_out_pct", "") if has_choice else ("",):
            # On paper there is nothing to choose with.
            page.emulate_media(media="screen")
            if has_choice:
                page.select_option("[name=key]", key)
            page.emulate_media(media=media)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert page.evaluate(OUTSIDE, width) == [], name
            if media == "print":
                wide = "[...document.querySelectorAll('.wide')].map(e => e.scrollWidth - e.clientWidth)"
                assert max(page.evaluate(wide)) <= 1, name


def test_many_areas_with_long_names_fit_a_sheet(
    opened: Callable[..., Any], full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    area = full_extract.areas[0]
    names = (
        "Gellerupparken/Toveshøj",
        "Solbjerg Have og Søndermarken",
        "Rønnebærparken/Æblehaven",
        "Korsløkkeparken Øst",
    )
    areas = tuple(replace(area, id=f"nr-{at}", name=f"{names[at % 4]} {at}") for at in range(7))
    pages.write(replace(full_extract, areas=areas), registry, tmp_path)
    page = opened(tmp_path / OVERVIEW, 703)
    page.emulate_media(media="print")
    assert max(page.evaluate("[...document.querySelectorAll('.wide')].map(e => e.scrollWidth - e.clientWidth)")) <= 1
    assert page.locator(".matrix tbody.areas tr").count() == 7


def test_a_table_that_scrolls_is_scrolled_by_keyboard(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / AREA, 320)
    region = page.locator(".wide").last
    assert region.evaluate("e => e.scrollWidth > e.clientWidth")
    assert region.get_attribute("role") == "region"
    assert region.get_attribute("aria-label").startswith("Tabel: Alle tal for Bispehaven")
    region.focus()
    page.keyboard.press("ArrowRight")
    for _ in range(40):
        # The pages' policy forbids what waits for a condition inside of them.
        page.wait_for_timeout(50)
        if region.evaluate("e => e.scrollLeft"):
            return
    raise AssertionError("the table did not scroll")


def test_charts_keep_their_words_inside(
    opened: Callable[..., Any], full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    """The longest of them: a mean, a repeated figure, marks, a last figure of an earlier year, large numbers."""
    series: Years = {year: {"value": 123_456.0} for year in range(2003, 2008)}
    series |= {2007: {"mark": "size_unknown"}, 2008: {"mark": "withheld_or_zero"}}
    series |= {2009: {"value": 9_999.0, "window_years": 2, "repeats_year": 2008}, 2010: {"mark": "hidden"}}
    extract = first_area_with(
        first_area_with(full_extract, "gross_income_dkk", series), "hospital_admissions_rate", series
    )
    pages.write(extract, registry, tmp_path)
    page = opened(tmp_path / AREA, java_script_enabled=False)
    outside = page.evaluate("""() => [...document.querySelectorAll("svg")].flatMap(svg => {
        const all = svg.getBoundingClientRect();
        return [...svg.querySelectorAll("text")].filter(e => { const box = e.getBoundingClientRect();
          return box.left < all.left - 1 || box.right > all.right + 1 || box.bottom > all.bottom + 1; })
          .map(e => e.textContent) })""")
    assert page.locator("svg.development").count() > 5
    assert page.locator("svg.strip").count() == 4
    assert outside == []


def test_letters_of_charts_are_readable_on_a_telephone(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / AREA, 320)
    for kind in ("development", "strip"):
        size = page.evaluate(
            """kind => { const svg = document.querySelector(`svg.${kind}`), text = svg.querySelector("text");
            return parseFloat(getComputedStyle(text).fontSize) * svg.clientWidth / svg.viewBox.baseVal.width; }""",
            kind,
        )
        assert size >= 9, kind


def test_without_scripts_everything_is_there(opened: Callable[..., Any], folder: Path, full_extract: Extract) -> None:
    page = opened(folder / AREA, java_script_enabled=False)
    text = page.locator("body").inner_text()
    assert page.locator(".choose").is_hidden()
    assert page.locator("figure:visible").count() > 4
    assert page.locator(".save").count() == 0
    assert page.locator(".sortable tbody tr:visible").count() > 60
    assert page.locator("th button").count() == 0
    for phrase in (
        "Mål 1: Færre flytter fra området",
        "84 af 869 boliger",
        "120 af 869 boliger",
        "gennemsnit over 2 år",
    ):
        assert phrase in text
    page = opened(folder / OVERVIEW, java_script_enabled=False)
    assert page.locator(".sortable tbody tr:visible").count() > 40
    assert "Viby-Syd" in page.locator("body").inner_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_has_the_banners_and_what_was_chosen(
    opened: Callable[..., Any], folder: Path, tmp_path: Path, scripts: bool
) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed: nobody has read the printed pages")
    page = opened(folder / AREA, java_script_enabled=scripts)
    if scripts:
        page.select_option("[name=key]", label="Andel dømte")
    page.pdf(path=str(tmp_path / "area.pdf"), prefer_css_page_size=True)
    read = ["pdftotext", "-layout", tmp_path / "area.pdf", "-"]
    sheets = subprocess.run(read, capture_output=True, text=True, check=True).stdout.rstrip("\f").split("\f")
    for sheet in sheets:
        assert sheet.lstrip().startswith("UDKAST · SYNTETISK · EKSEMPEL")
    first, whole = (" ".join(text.split()) for text in (sheets[0], " ".join(sheets)))
    for banner in ("UDKAST: ikke godkendt af to personer", "SYNTETISK: alle tal", "EKSEMPEL: mål, der er mærket"):
        assert banner in first
    assert "2,73 %" in whole
    assert "Gå til indholdet" not in whole
    # Moves out of 2003 stand only in the table of all figures.
    assert ("120 af 869" in whole) is not scripts


def test_places_are_compared_by_keyboard_and_kept_in_the_address(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / COMPARE)
    seen = "[...document.querySelectorAll('.compared tbody tr')].filter(e => !e.hidden).map(e => e.cells[0].innerText)"
    everything = page.evaluate(seen)
    assert len(everything) == 4
    tab_to(page, "select[name=sted1]")
    page.keyboard.type("Hele")
    tab_to(page, "select[name=sted2]")
    page.keyboard.type("Bisp")
    # In the order in which they were chosen.
    assert page.evaluate(seen) == ["Hele landet", "Bispehaven"]
    assert page.locator(".status").inner_text() == "Viser 2 steder."
    address = page.url
    assert address.endswith("#country-hele%20landet,area-bispehaven")
    opened(folder / OVERVIEW)
    page = opened(address)
    assert page.evaluate(seen) == ["Hele landet", "Bispehaven"]
    page = opened(folder / COMPARE, java_script_enabled=False)
    assert page.locator(".compared tbody tr:visible").count() == len(everything)


def test_areas_are_sorted_and_brought_back_to_the_order_of_trouble(opened: Callable[..., Any], folder: Path) -> None:
    page = opened(folder / OVERVIEW)
    names = "[...document.querySelectorAll('.areas tr')].map(e => e.cells[0].innerText)"
    given = page.evaluate(names)
    assert given == ["Bispehaven", "Viby-Syd"]
    tab_to(page, ".matrix thead tr:last-child th:first-child button")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate(names) == given[::-1]
    page.keyboard.press("Enter")
    assert page.evaluate(names) == given


@pytest.mark.parametrize(("way", "begins"), [("SVG", b"<svg "), ("PNG", b"\x89PNG"), ("CSV", b"\xef\xbb\xbf")])
def test_a_chart_is_saved_with_its_place_and_source(
    opened: Callable[..., Any], folder: Path, tmp_path: Path, way: str, begins: bytes
) -> None:
    page = opened(folder / AREA)
    with page.expect_download() as download:
        page.get_by_label(f"Gem Fraflytningsprocent som {way}").click()
    saved = tmp_path / "saved"
    download.value.save_as(saved)
    content = saved.read_bytes()
    assert content.startswith(begins)
    if way != "PNG":
        text = content.decode()
        assert "Boligprofil, udgivelse 2012-1. UDKAST · SYNTETISK" in text
        assert "Bispehaven, Aarhus" in text or "84 af 869 boliger" in text
    assert page.said == []


def test_pages_have_names_and_landmarks(opened: Callable[..., Any], folder: Path) -> None:
    titles = set()
    for name in (OVERVIEW, AREA, "omraade-viby-syd.html", "uden/index.html"):
        page = opened(folder / name)
        titles.add(page.title())
        assert page.title().endswith("(UDKAST · SYNTETISK · EKSEMPEL)") or name.startswith("uden")
        assert page.evaluate("document.documentElement.lang") == "da"
        for landmark in ("header", "main", "footer"):
            assert page.locator(landmark).count() == 1
        tables = page.evaluate("[...document.querySelectorAll('.wide')].map(e => e.getAttribute('aria-label'))")
        assert len(set(tables)) == len(tables) > 0
    assert len(titles) == 3 + 1
