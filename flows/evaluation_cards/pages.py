"""The design cards as files: a page and a sheet per outcome, and a first page that shows where the trouble is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.core.files import write as write_file
from flows.evaluation_cards import english, plots, sentences
from flows.evaluation_cards.card import Card, compose
from flows.evaluation_cards.figures import OUTCOME_GROUPS, UNWEIGHTED, Outcome, contrasts_of, outcomes_of, read, widest
from flows.evaluation_cards.sentences import ArmNames
from flows.evaluation_cards.sheet import pdf
from flows.present.cells import TableCell
from flows.present.pages import css, templates
from flows.publish.snapshots import Snapshot
from schemas.evaluation import Contrast
from schemas.registry import Registry

Progress = Callable[[str, int, int], None]


def write(
    snapshot: Snapshot,
    registry: Registry,
    folder: Path,
    outcomes: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write `<outcome>.html` and `<outcome>.pdf` into `folder` for each outcome, then plots and an `index.html`.

    `outcomes` are identifiers of indicators, by default all outcomes of the registry. `progress` is told the outcome in
    the making, how many are done, and of how many. Every file stands alone: no script, no other file, no network.
    Returns the files, the index first. Raises ValueError for an unknown outcome, NoBaseline where the snapshot holds
    no figures of the years before the grants, and LookupError where it lacks a mart.
    """
    known = outcomes_of(registry)
    asked = known if outcomes is None else [outcome for outcome in known if outcome in outcomes]
    if unknown := sorted(set(outcomes or ()) - set(known)):
        raise ValueError(f"{', '.join(unknown)}: no outcome of areas in indicators.toml; there are {', '.join(known)}")
    files, lines = [], []
    outcomes_read = read(snapshot, registry, asked)
    for done, outcome in enumerate(outcomes_read):
        name = outcome.indicator.id
        if progress:
            progress(name, done, len(asked))
        card = compose(outcome, snapshot, registry)
        for suffix, content in (("html", page(card).encode()), ("pdf", pdf(card))):
            files.append(folder / f"{name}.{suffix}")
            write_file(files[-1], content)
        lines.append(_line(outcome, card, registry))
    files += plots.write(snapshot.read("baseline_balance"), outcomes_read, registry, folder / "plots")
    index = folder / "index.html"
    write_file(index, _index(lines, snapshot, registry).encode())
    if progress:
        progress("index", len(asked), len(asked))
    return [index, *files]


def page(card: Card) -> str:
    """The card as one HTML page."""
    return _render("card.html.j2", (card.origin, card.origin_words), card=card)


@dataclass(frozen=True)
class IndexLine:
    """An outcome on the first page."""

    outcome: str
    title: str
    group: str
    cells: tuple[TableCell, ...]


def _line(outcome: Outcome, card: Card, registry: Registry) -> IndexLine:
    cells = [_worst(outcome, contrast, registry) for contrast in contrasts_of(registry)]
    first = outcome.pairs[0]
    rejected = [pair for pair in outcome.pairs if (pair.trend or {}).get("trend_verdict") == "rejected"]
    tested = [pair for pair in outcome.pairs if (pair.trend or {}).get("joint_p") is not None]
    verdict = (first.trend or {}).get("trend_verdict", "not_defined")
    missing = max((arm.share_missing for arm in outcome.arms if arm.share_missing is not None), default=None)
    is_missing = missing is not None and missing > registry.evaluation.limits.share_missing
    return IndexLine(
        outcome.indicator.id,
        outcome.indicator.label_en,
        OUTCOME_GROUPS[str(outcome.indicator.indicator_group)],
        (
            *cells,
            TableCell(sentences.TREND_VERDICTS[verdict], is_flagged=verdict == "rejected"),
            TableCell(f"{len(rejected)} of {len(tested)}" if tested else english.ABSENT, is_flagged=bool(rejected)),
            TableCell(english.number((first.power or {}).get("mde_sd"), 2)),
            TableCell(english.flagged(english.percent(missing), is_missing), is_flagged=is_missing),
            TableCell(str(len(card.warnings))),
        ),
    )


def _worst(outcome: Outcome, contrast: Contrast, registry: Registry) -> TableCell:
    """The largest difference of a contrast: the SMD of its widest pair, or the correlation with the dose, in size."""
    window = registry.evaluation.balancing.window
    if not contrast.arms:
        doses = {dosed.id: rows for dosed, rows in outcome.doses}
        row = doses.get(contrast.id, {}).get((window, UNWEIGHTED), {})
        value = row.get("dose_correlation")
    else:
        pair = widest((pair for pair in outcome.pairs if pair.contrast == contrast), window)
        row = pair.row(window) if pair else {}
        value = row.get("smd")
    if value is None:
        return TableCell(english.ABSENT)
    verdict = row["balance_verdict"]
    mark = sentences.BALANCE_VERDICTS[verdict].split(" ")[0]
    return TableCell(f"{mark} {english.number(abs(value), 2)}", is_flagged=verdict == "unbalanced")


def _index(lines: Sequence[IndexLine], snapshot: Snapshot, registry: Registry) -> str:
    origin, origin_words = sentences.ORIGINS[snapshot.manifest["origin"]]
    evaluation = registry.evaluation
    window = evaluation.balancing.window
    first = next(contrast for contrast in contrasts_of(registry) if contrast.arms)
    names = ArmNames(registry)
    return _render(
        "index.html.j2",
        (origin, origin_words),
        groups={
            group: of_group
            for group in OUTCOME_GROUPS.values()
            if (of_group := [line for line in lines if line.group == group])
        },
        contrasts=contrasts_of(registry),
        first=f"{names.arm(first.arms[0])} against {names.arm(first.arms[1])}",
        snapshot=snapshot.id,
        caveat=snapshot.manifest.get("caveat"),
        span=english.years(evaluation.first_year(window), evaluation.baseline.last_year),
        limits=evaluation.limits,
        share_missing=english.percent(evaluation.limits.share_missing),
    )


def _render(template: str, origin: tuple[str, str], **values: Any) -> str:
    package, (mark, _) = "flows.evaluation_cards", origin
    page = templates(package).get_template(template)
    return page.render(lang="en", css=css(package, "card.css"), marks=mark, banners=[origin], **values)
