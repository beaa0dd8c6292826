"""The line of a goal as SVG: the figure of the start, the figure now with its interval, and the goal, on one scale."""

from flows.present.goals import GoalStanding

WIDTH, HEIGHT, EDGE = 230, 30, 10
INK, AREA, GOAL, QUIET = "#1b1b1b", "#12395b", "#8a3b12", "#bbbbbb"


def svg(standing: GoalStanding, planned: float | None = None) -> str:
    """The line; the scale reaches from the lowest to the highest of what stands on it. `planned` is where the straight
    way to the goal expects the figure now."""
    start, now, goal = standing.start, standing.value, standing.target
    low, high = standing.interval or (None, None)
    held = [value for value in (start, now, low, high, goal, planned) if value is not None]
    least: float = min(held, default=0.0)
    width: float = (max(held, default=0.0) - least) or 1.0

    def x(value: float) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * (value - least) / width, 1)

    middle = HEIGHT / 2
    parts = [f'<line x1="2" x2="{WIDTH - 2}" y1="{middle:g}" y2="{middle:g}" stroke="{QUIET}"/>']
    if low is not None and high is not None:
        parts.append(
            f'<line x1="{x(low)}" x2="{x(high)}" y1="{middle:g}" y2="{middle:g}" stroke="{AREA}" stroke-width="3"/>'
        )
    if planned is not None:
        x_1, top, end = x(planned), 5, HEIGHT - 5
        parts.append(f'<path d="M{x_1} {top}V{end}" stroke="{INK}" stroke-width="2" stroke-dasharray="4 2"/>')
    if goal is not None:
        parts.append(f'<line x1="{x(goal)}" x2="{x(goal)}" y1="3" y2="{HEIGHT - 3}" stroke="{GOAL}" stroke-width="3"/>')
    if start is not None:
        parts.append(
            f'<circle cx="{x(start)}" cy="{middle:g}" r="5" fill="#ffffff" stroke="{INK}" stroke-width="1.7"/>'
        )
    if now is not None:
        parts.append(f'<path d="M{x(now)} {middle - 8:g}l7 8l-7 8l-7 -8z" fill="{AREA}" stroke="#ffffff"/>')
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
