"""Plots beside the cards, each as SVG, PNG and the figures drawn: balance of all covariates, cohorts by own start."""

from collections.abc import Sequence
from pathlib import Path

import altair as alt
import polars as pl
import vl_convert

from flows.core.files import write as write_file
from flows.evaluation_cards import sentences
from flows.evaluation_cards.figures import Outcome, Row
from flows.evaluation_cards.vega import INK, SOFT, svg
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
    labels = rows["label"].unique(maintain_order=True).to_list()
    chart = alt.Chart(alt.InlineData(values=rows.to_dicts()))
    y = alt.Y(
        "label:N",
        sort=labels,
        title=None,
        axis=alt.Axis(labelLimit=340, grid=True, gridColor="#eee", ticks=False, domain=False),
    )
    across = "standardised mean difference, funded minus never funded (SD)"
    x = alt.X("smd:Q", title=across)
    shown = [name for name in SHADES if name in set(rows["weighting"])]

    def scale(part: int) -> alt.Scale:
        return alt.Scale(domain=[WORDS[name] for name in shown], range=[MARKS[name][part] for name in shown])

    words = chart.transform_calculate(shade=f"{WORDS}[datum.weighting]", least="-datum.balance_limit")
    layers = [
        words.transform_filter("datum.weighting == 'none'")
        .mark_bar(color="#ddd", height=12)
        .encode(y=y, x=alt.X("least:Q", title=across), x2="balance_limit:Q"),
        words.transform_filter("datum.weighting == 'none' && datum.smd_low !== null")
        .mark_rule(color=SOFT)
        .encode(y=y, x=alt.X("smd_low:Q", title=across), x2="smd_high:Q"),
        words.mark_point(stroke=INK, strokeWidth=1.1, size=42, opacity=1).encode(
            y=y,
            x=x,
            shape=alt.Shape(
                "shade:N", scale=scale(0), legend=alt.Legend(title=None, orient="top", symbolFillColor="#fff")
            ),
            fill=alt.Fill("shade:N", scale=scale(1), legend=None),
        ),
    ]
    return svg(alt.layer(*layers).properties(width=430, height=15 * len(labels), title=_origin(rows["origin"][0])))


def _origin(origin: str | None) -> alt.TitleParams:
    """Whether the figures are made up or real, which a picture must say that travels alone."""
    name, words = sentences.ORIGINS[origin] if origin else ("", "")
    text = f"{name}: {words.split(':')[0].split(',')[0]}" if name else ""
    return alt.TitleParams(text, anchor="start", fontSize=10, font="Libertinus Serif, DejaVu Sans, serif")


def event(events: Sequence[Row], unit: str) -> str:
    """The average over cohorts by years to the own start: points with intervals, the uniform band as a thin line."""
    chart = alt.Chart(alt.InlineData(values=[dict(row) for row in events]))
    times = [row["event_time"] for row in events]
    x = alt.X(
        "event_time:Q",
        title="years to the first grant",
        scale=alt.Scale(domain=[min(times) - 0.5, max(times) + 0.5], nice=False, zero=False),
        axis=alt.Axis(values=times, format="d", grid=False),
    )
    upwards = f"change in a year, {unit}"
    y = alt.Y("att:Q", title=upwards)
    layers = [
        alt.Chart(alt.InlineData(values=[{"att": 0}])).mark_rule(color=SOFT, strokeDash=[1, 3]).encode(y=y),
        chart.transform_filter("datum.att_low_uniform !== null")
        .mark_rule(color=SOFT, strokeWidth=0.8)
        .encode(x=x, y=alt.Y("att_low_uniform:Q", title=upwards), y2="att_high_uniform:Q"),
        chart.transform_filter("datum.att_low !== null")
        .mark_rule(color=INK, strokeWidth=2)
        .encode(x=x, y=alt.Y("att_low:Q", title=upwards), y2="att_high:Q"),
        chart.mark_point(shape="circle", fill=INK, stroke=INK, size=40, opacity=1).encode(x=x, y=y),
    ]
    return svg(alt.layer(*layers).properties(width=300, height=150, title=_origin(events[0].get("origin"))))


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
