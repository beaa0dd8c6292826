"""Plots beside the cards, each as SVG, PNG and the figures drawn: balance of all covariates, cohorts by own start."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import vl_convert

from flows.core.files import write as write_file
from flows.evaluation_cards import sentences
from flows.evaluation_cards.figures import Outcome, Row
from flows.evaluation_cards.vega import INK, SOFT, Spec, layers, marks, name, number, svg
from schemas.registry import Registry

SHADES = ("none", "entropy", "propensity", "twins")
MARKS = {"none": ("circle", "#fff"), "entropy": ("diamond", INK), "propensity": ("diamond", INK)}
MARKS |= {"twins": ("triangle-up", "#fff")}
WORDS = {"none": "before, 95 % interval", "entropy": "entropy weights", "propensity": "propensity weights"}
WORDS |= {"twins": "against twins"}
DRAWN = (
    *("contrast", "covariate", "level", "weighting", "areas_1", "areas_0", "ess_0"),
    *("smd", "smd_low", "smd_high", "smd_least", "smd_most", "balance_limit", "balance_verdict", "origin"),
)


def balance_rows(balance: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """What the love plot shows: every covariate of funded against never-funded areas, the widest difference first."""
    window = registry.evaluation.balancing.window
    rows = balance.filter(
        pl.col("weighting").is_in(SHADES), pl.col("level") != "overall", baseline_window=window, row_kind="pair"
    ).filter(
        pl.col("contrast").is_in([each.id for each in registry.evaluation.contrast.values() if each.by == "funded"])
    )
    labels = {name: indicator.label_en for name, indicator in registry.indicators.items()}
    named = rows.select(*DRAWN).with_columns(
        label=pl.col("covariate").replace(labels)
        + pl.when(pl.col("level") == "all").then(pl.lit("")).otherwise(" " + pl.col("level"))
    )
    before = named.filter(weighting="none").select("covariate", "level", before=pl.col("smd").abs())
    ordered = named.join(before, on=["covariate", "level"], how="left", maintain_order="left")
    return ordered.drop_nulls("smd").sort(
        "before", "covariate", "level", "weighting", descending=[True, False, False, False], nulls_last=True
    )


def love_of_all(rows: pl.DataFrame) -> str:
    """Every covariate a row: before with its interval, weighted, against twins; grey is the row's own limit."""
    labels, given = rows["label"].unique(maintain_order=True).to_list(), rows.to_dicts()
    axis = {"labelLimit": 340, "grid": True, "gridColor": "#eee", "ticks": False, "domain": False}
    y = name("label", sort=labels, title=None, axis=axis)
    across = "standardised mean difference, funded minus never funded (SD)"
    shown = [weighting for weighting in SHADES if weighting in set(rows["weighting"])]

    def by_weighting(part: int, legend: Spec | None) -> Spec:
        scale = {"domain": [WORDS[each] for each in shown], "range": [MARKS[each][part] for each in shown]}
        return name("shade", scale=scale, legend=legend)

    def from_to(low: str, high: str) -> Spec:
        return {"y": y, "x": number(low, title=across), "x2": {"field": high}}

    def before(words: str = "") -> list[Spec]:
        return [*calculated, {"filter": f"datum.weighting == 'none'{words}"}]

    calculated = [
        {"calculate": f"{WORDS}[datum.weighting]", "as": "shade"},
        {"calculate": "-datum.balance_limit", "as": "least"},
    ]
    legend = {"title": None, "orient": "top", "symbolFillColor": "#fff"}
    each = {"y": y, "x": number("smd", title=across), "shape": by_weighting(0, legend), "fill": by_weighting(1, None)}
    interval = before(" && datum.smd_low !== null")
    drawn = [
        marks("bar", given, from_to("least", "balance_limit"), *before(), color="#ddd", height=12),
        marks("rule", given, from_to("smd_low", "smd_high"), *interval, color=SOFT),
        marks("point", given, each, *calculated, stroke=INK, strokeWidth=1.1, size=42, opacity=1),
    ]
    return svg(layers(drawn, 430, 15 * len(labels), title=_origin(rows["origin"][0])))


def _origin(origin: str | None) -> Spec:
    """Whether the figures are made up or real, which a picture must say that travels alone."""
    title, words = sentences.ORIGINS[origin] if origin else ("", "")
    text = f"{title}: {words.split(':')[0].split(',')[0]}" if title else ""
    return {"text": text, "anchor": "start", "fontSize": 10, "font": "Libertinus Serif, DejaVu Sans, serif"}


def event(events: Sequence[Row], unit: str) -> str:
    """The average over cohorts by years to the own start: points with intervals, the uniform band as a thin line."""
    given, times = [dict(row) for row in events], [row["event_time"] for row in events]
    upwards = f"change in a year, {unit}"
    x = number(
        "event_time",
        title="years to the first grant",
        scale={"domain": [min(times) - 0.5, max(times) + 0.5], "nice": False, "zero": False},
        axis={"values": times, "format": "d", "grid": False},
    )
    y = number("att", title=upwards)

    def interval(low: str, high: str, width: float, colour: str) -> Spec:
        channels = {"x": x, "y": number(low, title=upwards), "y2": {"field": high}}
        return marks("rule", given, channels, {"filter": f"datum.{low} !== null"}, color=colour, strokeWidth=width)

    drawn = [
        marks("rule", [{"att": 0}], {"y": y}, color=SOFT, strokeDash=[1, 3]),
        interval("att_low_uniform", "att_high_uniform", 0.8, SOFT),
        interval("att_low", "att_high", 2, INK),
        marks("point", given, {"x": x, "y": y}, shape="circle", fill=INK, stroke=INK, size=40, opacity=1),
    ]
    return svg(layers(drawn, 300, 150, title=_origin(events[0].get("origin"))))


def write(balance: pl.DataFrame, outcomes: Sequence[Outcome], registry: Registry, folder: Path) -> list[Path]:
    """`balance.*` and `<outcome>-event.*` in `folder`, those that have something to draw; returns the files."""
    files = []
    rows = balance_rows(balance, registry)
    if rows.height:
        files += _written(folder / "balance", love_of_all(rows), rows)
    for outcome in outcomes:
        if outcome.events:
            drawn = event(outcome.events, outcome.indicator.unit)
            files += _written(
                folder / f"{outcome.indicator.id}-event", drawn, pl.DataFrame(list(map(dict, outcome.events)))
            )
    return files


def _written(stem: Path, drawn: str, rows: pl.DataFrame) -> list[Path]:
    forms = {"svg": drawn.encode(), "png": vl_convert.svg_to_png(drawn, scale=2), "csv": rows.write_csv().encode()}
    files = []
    for suffix, content in forms.items():
        files.append(stem.with_name(f"{stem.name}.{suffix}"))
        write_file(files[-1], content)
    return files
