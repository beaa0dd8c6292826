"""The pictures of the README: pages of the shipped sample, as a browser shows them.

Usage: python -m tools.pictures, once `make run` has published the sample. Chromium and the packages of the tests must
be there.
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from flows.extracts import assemble, pages
from flows.publish import snapshots
from flows.settings import settings
from schemas.loading import load

ROOT = Path(__file__).parents[1]
CHROMIUM = Path("/usr/bin/chromium")
AREAS, YEAR = ("vollsmose", "bispehaven", "solbakken"), 2017
# The picture, its page, and what of it: from the first of these elements to the last.
VIEWS = (
    ("overview", "index.html", ("header", "section[aria-labelledby=overblik]")),
    ("area", "omraade-vollsmose.html", ("header", ".missing")),
    ("development", "omraade-bispehaven.html", ("#udvikling", ".developments .legend")),
)
WIDTH, COLOURS = 1040, 64
BOX = "whats => whats.map(what => document.querySelector(what).getBoundingClientRect()).map(b => [b.top, b.bottom])"


def main() -> None:
    """Write docs/page-<name>.png of each view, in few colours."""
    chosen = settings()
    registry, snapshot = load(chosen.schemas), snapshots.current(chosen.marts)
    with tempfile.TemporaryDirectory(prefix="boligprofil-") as folder, sync_playwright() as playwright:
        pages.write(assemble.choice(AREAS, YEAR, snapshot, registry), registry, Path(folder))
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 2400})
        for name, file, parts in VIEWS:
            page.goto((Path(folder) / file).as_uri())
            page.evaluate("document.querySelectorAll('.save').forEach(bar => bar.remove())")
            boxes = page.evaluate(BOX, list(parts))
            top, bottom = max(0.0, boxes[0][0] - 12), boxes[-1][1] + 12
            clip = {"x": 0, "y": top, "width": WIDTH, "height": bottom - top}
            picture = Image.open(io.BytesIO(page.screenshot(clip=clip)))
            picture.convert("RGB").quantize(COLOURS).save(ROOT / "docs" / f"page-{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
