"""The design cards of a snapshot, beside typst setting sheets whose contents are at hand."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Unmeasured
from flows.evaluation_cards import pages, sheet
from flows.evaluation_cards.card import compose
from flows.evaluation_cards.figures import NoBaseline, outcomes_of, read
from flows.publish import snapshots
from schemas.loading import load

AGAINST = "typst sets the sheets, with their figures, sentences and charts at hand; no pages"


def measure(compare: Callable[..., None], folder: Path, schemas: Path) -> list[Unmeasured]:
    """Compare both over the snapshot in `folder`; returned is what could not be compared."""
    snapshot, registry = snapshots.current(folder / "marts"), load(schemas)
    outcomes = outcomes_of(registry)
    what = f"cards: {len(outcomes)} outcomes, a page and a sheet each"
    try:
        cards = [compose(outcome, snapshot, registry) for outcome in read(snapshot, registry, outcomes)]
    except NoBaseline:
        return [Unmeasured(what, AGAINST, "the nation has no figures of years before the grants")]
    compare(
        what,
        lambda: pages.write(snapshot, registry, folder / "cards"),
        lambda: [sheet.pdf(card) for card in cards],
        AGAINST,
    )
    return []
