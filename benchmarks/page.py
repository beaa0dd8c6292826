"""What was measured as a page: docs/speed.md with its plot, docs/speed.svg."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from math import log
from pathlib import Path

from benchmarks.growth import Grown
from benchmarks.measuring import Compared, Unmeasured
from flows.core.memory import machine_bytes
from flows.core.provenance import engine_versions

ENGINES = ("duckdb", "polars", "pyarrow", "great-expectations")
LINE, LEFT, WIDTH = 26, 430, 900
HEAD = """# Speed

Made by `make bench`, never edited by hand. Two ways to do the same work ran in turn, {rounds} times each, in one run on
one machine; told are medians in seconds of the processor (user and system, over all cores and processes), and the
ratio of each round's pair with the least and the largest. A ratio below 1 is less than the other way takes. Seconds
depend on the machine and, less, on who else uses it; a pair ran in the same minutes, so its ratio holds better.

Machine: {machine}. Load when the page was written: {load} ({idle}). {day}. Versions: {versions}.
A made-up nation of {areas:,} areas, where nothing else is said.

![Ratios to the other way, on a logarithmic scale](speed.svg)

| work | seconds | the other way | ratio | asked | peak MB | its peak MB | the other way is |
|---|---:|---:|---:|---:|---:|---:|---|
"""
SHORT = """
## What falls short

"""
GROWTH = """
## Growth

A made-up nation of several sizes: each step in a process of its own, imports included. `release`: so many of the
areas of the smallest nation, with their municipalities and the country, hidden and attacked year by year, and once more
beside that after a revision. What queries hold in memory is `memory_megabytes` in `[night]` of `schemas/sources.toml`;
a query that cannot be run in it gets more.

| areas | delivered rows | step | seconds | peak MB |
|---:|---:|---|---:|---:|
"""


def write(
    folder: Path, rounds: int, areas: int, pairs: Sequence[Compared | Unmeasured], grown: Sequence[Grown]
) -> None:
    """Write `speed.md` and `speed.svg` into a folder."""
    versions, load, cores = engine_versions(), os.getloadavg()[0], os.cpu_count() or 1
    text = HEAD.format(
        rounds=rounds,
        areas=areas,
        machine=f"{_processor()}, {cores} cores, {machine_bytes() / 1e9:.0f} GB",
        load=f"{load:.0f}",
        idle="others used it too: seconds are higher than on an idle one" if load > cores else "nobody else used it",
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        versions=", ".join([f"Python {platform.python_version()}", *(f"{name} {versions[name]}" for name in ENGINES)]),
    )
    text += "".join(_row(pair) for pair in pairs)
    if short := [_shortfall(pair) for pair in pairs if isinstance(pair, Unmeasured) or pair.falls_short]:
        text += SHORT + "".join(short)
    if grown:
        text += GROWTH + "".join(
            f"| {g.areas:,} | {g.rows:,} | {g.step} | {g.cost.seconds:.1f} | {g.cost.megabytes:.0f} |\n" for g in grown
        )
    (folder / "speed.md").write_text(text, encoding="utf-8")
    measured = [pair for pair in pairs if isinstance(pair, Compared)]
    (folder / "speed.svg").write_text(_plot(measured), encoding="utf-8")


def _row(pair: Compared | Unmeasured) -> str:
    if isinstance(pair, Unmeasured):
        return f"| {pair.what} | not measured: {pair.why} | | | | | | {pair.against} |\n"
    ours, other = statistics.median(pair.ours), statistics.median(pair.other)
    spread = f"{min(pair.ratios):.2f}-{max(pair.ratios):.2f}"
    peaks = " | ".join(f"{peak:.0f}" if peak else "" for peak in (pair.megabytes, pair.other_megabytes))
    asked = f"at most {pair.asked:.2f}" if pair.asked else ""
    measured = f"{ours:.2f} | {other:.2f} | {pair.ratio:.2f} ({spread}) | {asked} | {peaks}"
    return f"| {pair.what} | {measured} | {pair.against} |\n"


def _shortfall(pair: Compared | Unmeasured) -> str:
    if isinstance(pair, Unmeasured):
        return f"- {pair.what}: not measured, {pair.why}.\n"
    why = f" {pair.why}" if pair.why else ""
    return f"- {pair.what}: {pair.ratio:.2f} of the other way's time, asked was at most {pair.asked:.2f}.{why}\n"


def _plot(pairs: Sequence[Compared]) -> str:
    """Each ratio as a dot with its spread as a line; a rule stands at 1."""
    most = max([2.0, *(max(pair.ratios) for pair in pairs)])
    least = min([0.5, *(min(pair.ratios) for pair in pairs)])

    def at(ratio: float) -> float:
        return LEFT + (WIDTH - LEFT - 60) * _share(ratio, least, most)

    height = LINE * (len(pairs) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="sans-serif" font-size="13">',
        "<title>Ratios of processor seconds to the other way</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<line x1="{at(1):.1f}" x2="{at(1):.1f}" y1="4" y2="{height - LINE}" stroke="#767676"/>',
        f'<text x="{at(1):.1f}" y="{height - 8}" text-anchor="middle">1: the same</text>',
    ]
    for number, pair in enumerate(pairs):
        y = LINE * number + LINE // 2 + 2
        parts += [
            f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(pair.what)}</text>',
            f'<line x1="{at(min(pair.ratios)):.1f}" x2="{at(max(pair.ratios)):.1f}" y1="{y}" y2="{y}" stroke="#333"/>',
            f'<circle cx="{at(pair.ratio):.1f}" cy="{y}" r="4" fill="#333"/>',
            f'<text x="{at(max(pair.ratios)) + 8:.1f}" y="{y + 4}">{pair.ratio:.2f}</text>',
        ]
    return "\n".join([*parts, "</svg>\n"])


def _share(ratio: float, least: float, most: float) -> float:
    """Where a ratio lies between two others on a logarithmic scale, from 0 to 1."""
    return log(ratio / least) / log(most / least)


def _processor() -> str:
    """The processor by its name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())
