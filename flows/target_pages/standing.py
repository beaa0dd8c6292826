"""Where a target stands by the newest figures of the marts: the facts that its words are made of."""

from flows.present import vocabulary
from flows.present.goals import GoalStanding
from flows.publish.plans_read import Row, Target
from schemas.indicators import Indicator
from schemas.registry import Registry


def standing(target: Target, municipality: str, registry: Registry, until: int | None = None) -> GoalStanding:
    """A measured target by its newest year with a figure, of those up to `until`. `municipality` is its name."""
    judged = [
        year
        for year in target.years
        if year["value"] is not None and year["target_verdict"] is not None and (until is None or year["year"] <= until)
    ]
    indicator = registry.indicators[target.row["indicator"]]
    return of_year(target.row, judged[-1] if judged else None, indicator, f"{municipality} Kommune")


def of_year(row: Row, year: Row | None, indicator: Indicator, town: str) -> GoalStanding:
    """A row of dim_targets in a year, a row of target_progress; None where no year has a figure."""
    found: Row = year or {}

    def pair(low: str, high: str) -> tuple[float, float] | None:
        ends = found.get(low), found.get(high)
        return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])

    return GoalStanding(
        number=row["target_no"],
        goal=row["goal"],
        area=row["area_name"],
        indicator=indicator,
        town=town,
        direction=row["direction"],
        start_year=row["start_year"],
        target_year=row["target_year"],
        target=row["target_value"],
        start=row["start_figure"] if row["start_figure"] is not None else row["start_value"],
        start_given=row["start_value"],
        year=found.get("year"),
        value=found.get("value"),
        interval=pair("ci_low", "ci_high"),
        verdict=found.get("target_verdict"),
        kind=found.get("verdict_kind"),
        missing=tuple(vocabulary.codes(found.get("why"))),
        expected=found.get("expected_value"),
        change=found.get("change_start"),
        change_interval=pair("change_start_low", "change_start_high"),
        elsewhere=(("kommunen", found.get("municipality_change")), ("hele landet", found.get("country_change"))),
        base=found.get("denominator"),
        visible_change=found.get("visible_change"),
    )
