"""Plots beside the cards, each as SVG, PNG and the figures drawn: balance of all covariates, cohorts by own start."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from flows.core.files import write as write_file
from flows.evaluation_cards import english, sentences
from flows.evaluation_cards.charts import BELOW, DOTS, HALF, THIN, short
from flows.evaluation_cards.figures import CATEGORIES, Outcome, Row
from flows.evaluation_cards.sentences import ArmNames
from flows.present.pdf import png
from flows.present.plot import INK, SOFT, NumberLine, Plot, number_line, room_for
from schemas.evaluation import Contrast
from schemas.registry import Registry

SHADES = ("none", "entropy", "propensity", "twins")
MARKS = {"none": ("circle", "#fff"), "entropy": ("diamond", INK), "propensity": ("diamond", INK)}
MARKS |= {"twins": ("triangle", "#fff")}
WORDS = {"none": "before, 95 % interval", "entropy": "entropy weights", "propensity": "propensity weights"}
WORDS |= {"twins": "against twins"}
HEADS = {"entropy": "entropy", "propensity": "propensity", "twins": "twins"}  # of the numbers beside the plot
BANDS = (("att_low_uniform", "att_high_uniform", SOFT, 0.8), ("att_low", "att_high", INK, 2.0))
BALANCED = ("funded", "funding_band")  # contrasts of which all covariates are drawn
DRAWN = (
    *("contrast", "covariate", "level", "weighting", "areas_1", "areas_0", "ess_0"),
    *("smd", "smd_low", "smd_high", "smd_least", "smd_most", "balance_limit", "balance_verdict", "origin"),
)


def balance_rows(
    balance: pl.DataFrame, contrast: Contrast, first: str, second: str, registry: Registry
) -> pl.DataFrame:
    """What the love plot shows: every covariate of two groups of a contrast, the widest difference first."""
    rows = balance.filter(
        pl.col("weighting").is_in(SHADES),
        pl.col("level") != "overall",
        baseline_window=registry.evaluation.balancing.window,
        row_kind="pair",
        contrast=contrast.id,
        arm_1=first,
        arm_0=second,
    )
    named = rows.select(*DRAWN).with_columns(
        label=pl.struct("covariate", "level").map_elements(
            lambda row: _label(row["covariate"], row["level"], registry), return_dtype=pl.String
        )
    )
    before = named.filter(weighting="none").select("covariate", "level", before=pl.col("smd").abs())
    ordered = named.join(before, on=["covariate", "level"], how="left", maintain_order="left")
    return ordered.drop_nulls("smd").sort(
        "before", "covariate", "level", "weighting", descending=[True, False, False, False], nulls_last=True
    )


def _label(covariate: str, level: str, registry: Registry) -> str:
    """A covariate, or a level of one, in words."""
    if covariate in CATEGORIES:
        bands = {row["size_band"]: row["label_en"] for row in registry.codes["size_bands"]}
        return f"{CATEGORIES[covariate]}: {bands.get(level, level)}"
    indicator = registry.indicators.get(covariate)
    return indicator.label_en if indicator else covariate.replace("_", " ").capitalize()


def love_of_all(rows: pl.DataFrame, first: str, second: str) -> str:
    """Every covariate a row: before with its interval, weighted, against twins; grey is the row's own limit.

    What remains is written beside: in bold where it lies outside the limit.
    """
    labels = rows["label"].unique(maintain_order=True).to_list()
    shown = [name for name in SHADES if name in set(rows["weighting"])]
    left, height, head = room_for(labels, 340), 15 * len(labels), 64
    known = [(labels.index(row["label"]), row) for row in rows.to_dicts()]
    plot = Plot(left + 430 + 56 * (len(shown) - 1) + 8, head + height + BELOW)
    ends = [row[end] for _, row in known for end in ("smd", "smd_low", "smd_high") if row[end] is not None]
    x = number_line([0, *ends], left, left + 430, 8)
    y = NumberLine(-HALF, len(labels) - HALF, head, head + height)
    plot.text(2, 12, _origin(rows["origin"][0]), font_weight="bold")
    plot.text(2, 26, _counted(rows.to_dicts(), first, second))
    _key(plot, shown, left)
    for place, row in known:
        if row["weighting"] == "none" and row["balance_limit"] is not None:
            wide = x.at(row["balance_limit"]) - x.at(-row["balance_limit"])
            plot.box(x.at(-row["balance_limit"]), y.at(place) - 6, wide, 12, "#ddd")
    plot.labels(left, x.ends, [(y.at(place), label) for place, label in enumerate(labels)])
    plot.rule(x.at(0), head, x.at(0), head + height, SOFT)
    for place, row in known:
        if row["weighting"] == "none" and row["smd_low"] is not None:
            plot.rule(x.at(row["smd_low"]), y.at(place), x.at(row["smd_high"]), y.at(place), SOFT)
    plot.marks(((x.at(row["smd"]), y.at(place), *MARKS[row["weighting"]]) for place, row in known), 1.1)
    for place, row in known:
        if row["weighting"] != "none":
            is_outside = row["balance_limit"] is not None and abs(row["smd"]) > row["balance_limit"]
            column = left + 430 + 56 * shown.index(row["weighting"])
            weight = "bold" if is_outside else "normal"
            plot.text(column, y.at(place) + 3.8, english.number(row["smd"], 2), "end", font_weight=weight)
    plot.below(x, head + height, short, f"standardised mean difference, {first} minus {second} (SD)")
    return plot.svg


def _counted(rows: Sequence[Row], *names: str) -> str:
    """Of how many areas the differences are, at most, and how many the weighted ones count as."""
    areas = [max((row[side] or 0 for row in rows), default=0) for side in ("areas_1", "areas_0")]
    counted = {row["weighting"]: row["ess_0"] for row in rows if row["ess_0"]}
    ess = [f"{english.number(counted[name], 0)} ({HEADS[name]})" for name in HEADS if name in counted]
    weighted = f"; weighted, the second count as {english.joined(ess)}" if ess else ""
    groups = ", ".join(f"{name} {count:,}" for count, name in zip(areas, names, strict=True))
    return f"Areas: {groups}{weighted}. Grey: the row's own limit. Bold: outside it."


def _key(plot: Plot, shown: Sequence[str], left: float) -> None:
    """What each mark is, and the heads of the numbers beside the plot."""
    x = left
    for name in shown:
        plot.marks([(x + 5, 41, *MARKS[name])], 1.1)
        plot.text(x + 14, 45, WORDS[name])
        x += 30 + 5.6 * len(WORDS[name])
    for at_column, name in enumerate(shown[1:], 1):
        plot.text(left + 430 + 56 * at_column, 58, HEADS[name], "end", font_style="italic")


def _origin(origin: str | None) -> str:
    """Whether the figures are made up or real, which a picture must say that travels alone."""
    name, meaning = sentences.ORIGINS[origin] if origin else ("", "")
    return f"{name}: {meaning.split(':')[0].split(',')[0]}" if name else ""


def event(events: Sequence[Row], unit: str) -> str:
    """The average over cohorts by years to the own start: points with intervals, the uniform band as a thin line."""
    plot, left, head = Plot(364, 184 + BELOW), 42.0, 34
    plot.text(2, 11, _origin(events[0].get("origin")), font_weight="bold")
    plot.text(2, 25, f"Change in a year, {unit}{_no_interval(events)}")
    x, y = _event_lines(events, (left, left + 300), (head + 150, head))
    _points(plot, events, x, y)
    plot.below(x, head + 150, lambda time: english.number(time, 0), "years to the first grant")
    return plot.svg


def event_by_start(starts: Sequence[Row], unit: str) -> str:
    """The same for each starting year by itself, on one scale: a panel a year, with the number of its areas."""
    years = sorted({row["gname"] for row in starts})
    wide, high, abreast, head = 190, 128, 3, 34
    plot = Plot(abreast * wide + 10, head + -(-len(years) // abreast) * (high + 30) + 18)
    plot.text(2, 11, _origin(starts[0].get("origin")), font_weight="bold")
    plot.text(2, 25, f"Change in a year, {unit}, by years to the first grant{_no_interval(starts)}")
    for number, year in enumerate(years):
        rows = [row for row in starts if row["gname"] == year]
        left, top = number % abreast * wide + 42.0, head + number // abreast * (high + 30) + 20
        x, y = _event_lines(starts, (left, left + wide - 50), (top + high - 16, top))
        _points(plot, rows, x, y)
        areas = max(row["areas_1"] or 0 for row in rows)
        plot.text(left, top - 9, f"First grant in {year}: {areas:,} {'area' if areas == 1 else 'areas'}")
        plot.below(x, top + high - 16, lambda time: english.number(time, 0))
    return plot.svg


def _event_lines(
    rows: Sequence[Row], across: tuple[float, float], upwards: tuple[float, float]
) -> tuple[NumberLine, NumberLine]:
    """The number lines of years to the start and of changes, that hold all of the rows."""
    times = tuple(sorted({row["event_time"] for row in rows}))
    names = ("att", "att_low", "att_high", "att_low_uniform", "att_high_uniform")
    held = [row[name] for row in rows for name in names if row[name] is not None]
    return NumberLine(min(times) - HALF, max(times) + HALF, *across, times), number_line([0, *held], *upwards)


def _points(plot: Plot, rows: Sequence[Row], x: NumberLine, y: NumberLine) -> None:
    """Changes with their intervals, beside the line on which both groups move alike."""
    plot.beside(y, x.begins, x.ends, short)
    plot.rule(x.begins, y.at(0), x.ends, y.at(0), SOFT, THIN, DOTS)
    for row in rows:
        for low, high, ink, width in BANDS:
            if row[low] is not None and row[high] is not None:
                at_time = x.at(row["event_time"])
                plot.rule(at_time, y.at(row[low]), at_time, y.at(row[high]), ink, width)
    plot.marks((x.at(row["event_time"]), y.at(row["att"]), "circle", INK) for row in rows if row["att"] is not None)


def _no_interval(rows: Sequence[Row]) -> str:
    return "" if any(row["att_low"] is not None for row in rows) else "; no interval: the card says why"


def write(balance: pl.DataFrame, outcomes: Sequence[Outcome], registry: Registry, folder: Path) -> list[Path]:
    """`balance*.*`, `<outcome>-event.*` and `<outcome>-starts.*` in `folder`, those that have something to draw.

    Returns the files. Balance is that of funded against never-funded areas, and by itself that of each pair of bands.
    """
    files = []
    names = ArmNames(registry)
    for contrast in registry.evaluation.contrast.values():
        for first, second in contrast.pairs if contrast.by in BALANCED else ():
            rows = balance_rows(balance, contrast, first, second, registry)
            stem = "balance" if contrast.by == "funded" else f"balance-{first}-{second}"
            if rows.height:
                drawn = love_of_all(rows, names.arm(first), names.arm(second))
                files += _written(folder / stem, drawn, rows)
    for outcome in outcomes:
        unit = english.difference_unit(outcome.indicator)
        for name, years, draw in (("event", outcome.events, event), ("starts", outcome.starts, event_by_start)):
            if years:
                table = pl.DataFrame(list(map(dict, years)), infer_schema_length=None)
                files += _written(folder / f"{outcome.indicator.id}-{name}", draw(years, unit), table)
    return files


def _written(stem: Path, drawn: str, rows: pl.DataFrame) -> list[Path]:
    forms = {"svg": drawn.encode(), "png": png(drawn), "csv": rows.write_csv().encode()}
    files = []
    for suffix, content in forms.items():
        files.append(stem.with_name(f"{stem.name}.{suffix}"))
        write_file(files[-1], content)
    return files
