"""The line of a goal as SVG: the figure of the start, the figure now with its interval, and the goal, on one scale."""

from flows.present import danish
from flows.target_pages.standing import TargetStanding

WIDTH, HEIGHT, EDGE = 230, 30, 10
INK, AREA, GOAL, QUIET = "#1b1b1b", "#12395b", "#8a3b12", "#bbbbbb"


def numbers(standing: TargetStanding) -> tuple[str, str, str]:
    """The three figures in Danish notation, with the unit; a dash where there is none."""
    row, of_year, indicator = standing.row, standing.of_year, standing.indicator
    start = row["start_figure"] if row["start_figure"] is not None else row["start_value"]
    now = of_year["value"] if of_year else None
    return danish.valued(start, indicator), danish.valued(now, indicator), danish.valued(row["target_value"], indicator)


def in_words(standing: TargetStanding) -> str:
    """What the line shows: 'Start 14,7 % (2008), nu 14,8 % (2012; 12,4–17,6), mål 10,0 % (2012).'"""
    row, of_year = standing.row, standing.of_year
    start, now, goal = numbers(standing)
    parts = [f"start {start} ({row['start_year']})"]
    if of_year:
        limits = danish.interval(of_year["ci_low"], of_year["ci_high"], standing.indicator)
        parts.append(f"nu {now} ({of_year['year']}{'' if limits == danish.ABSENT else f'; {limits}'})")
    return danish.sentence(", ".join([*parts, f"mål {goal} ({row['target_year']})"]))


def svg(standing: TargetStanding) -> str:
    """The line; the scale reaches from the lowest to the highest of what stands on it."""
    row, of_year = standing.row, standing.of_year
    start = row["start_figure"] if row["start_figure"] is not None else row["start_value"]
    now = of_year["value"] if of_year else None
    low, high = (of_year["ci_low"], of_year["ci_high"]) if of_year else (None, None)
    held = [value for value in (start, now, low, high, row["target_value"]) if value is not None]
    least: float = min(held)
    width: float = (max(held) - least) or 1.0

    def x(value: float) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * (value - least) / width, 1)

    middle = HEIGHT / 2
    parts = [f'<line x1="2" x2="{WIDTH - 2}" y1="{middle:g}" y2="{middle:g}" stroke="{QUIET}"/>']
    if low is not None and high is not None:
        parts.append(
            f'<line x1="{x(low)}" x2="{x(high)}" y1="{middle:g}" y2="{middle:g}" stroke="{AREA}" stroke-width="3"/>'
        )
    goal = x(row["target_value"])
    parts.append(f'<line x1="{goal}" x2="{goal}" y1="3" y2="{HEIGHT - 3}" stroke="{GOAL}" stroke-width="3"/>')
    if start is not None:
        parts.append(
            f'<circle cx="{x(start)}" cy="{middle:g}" r="5" fill="#ffffff" stroke="{INK}" stroke-width="1.7"/>'
        )
    if now is not None:
        parts.append(f'<path d="M{x(now)} {middle - 8:g}l7 8l-7 8l-7 -8z" fill="{AREA}" stroke="#ffffff"/>')
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
