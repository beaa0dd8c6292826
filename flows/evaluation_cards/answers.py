"""What a referee asks of an outcome, answered in a line each: of funded areas against areas that never got a grant."""

from collections.abc import Iterator, Sequence

from flows.evaluation_cards import english
from flows.evaluation_cards.english import ABSENT, difference_unit, joined, number, probability, significant
from flows.evaluation_cards.figures import ArmPair, Outcome, Row
from schemas.registry import Registry

LOCKED = "locked until the analysis plan is signed"


def of_outcome(outcome: Outcome, registry: Registry) -> tuple[tuple[str, str], ...]:
    """Pairs of a question, with the mart that has more of it, and its answer."""
    pair = outcome.pairs[0]
    return (
        ("Chosen in bad years (baseline_selection)", _selection(outcome)),
        ("Each cohort before its own start (baseline_cohort_trends)", _cohorts(outcome)),
        ("Divergence still allowed (baseline_trend)", _equivalence(pair, outcome)),
        ("Breakdown (baseline_event)", _breakdown(outcome)),
        ("Moved between two years (group_change)", _changes(outcome)),
        ("Withheld counts (baseline_balance)", _bounds(pair, registry.evaluation.balancing.window)),
        ("Power over several years (design_power_years)", _power(outcome)),
        ("Who lived there (composition_change)", _composition(outcome)),
        ("Near a funded area (group_exposure)", _exposure(outcome)),
        ("Many tests (baseline_trend)", _family(pair)),
    )


def _interval(low: float | None, high: float | None) -> str:
    return "no interval" if low is None or high is None else f"{significant(low)} to {significant(high)}"


def _selection(outcome: Outcome) -> str:
    row = outcome.rebound
    if row is None or row["reliability"] is None:
        return "not known: too few areas have figures so far apart"
    clipped = " (clipped)" if row["reliability_is_clipped"] else ""
    return (
        f"{number(row['reliability'], 2)}{clipped} of a difference lasts {row['years_apart']} years; of itself goes "
        f"{significant(row['rebound_ceiling'])} if this figure chose the areas, {significant(row['dip'])} "
        f"({_interval(row['dip_low'], row['dip_high'])}) if the dip since {row['earlier_year']} comes back"
    )


def _cohorts(outcome: Outcome) -> str:
    tested = [row for row in outcome.cohorts if row["slope_p_holm"] is not None]
    if not tested:
        return "no cohort has enough areas and clusters for a test"
    least = min(row["slope_p_holm"] for row in tested)
    drifted = [str(row["gname"]) for row in tested if row["cohort_verdict"] == "rejected"]
    which = f"drifted: {joined(drifted)}" if drifted else "no cohort drifted"
    untested = len(outcome.cohorts) - len(tested)
    return f"{which}, of {len(tested)} tested (smallest p by Holm {probability(least)}); {untested} too small to test"


def _equivalence(pair: ArmPair, outcome: Outcome) -> str:
    row = pair.trend or {}
    if row.get("slope_equivalence") is None:
        return "not known: there is no error of the slopes"
    unit, sd = difference_unit(outcome.indicator), row["pre_equivalence_sd"]
    years = row["pre_equivalence"]
    of_years = "" if years is None else f"; in any year up to {significant(years)} ({number(sd, 2)} SD)"
    drift = significant(row["slope_equivalence"])
    return f"a drift of up to {drift} {unit} a year{of_years}, at {row['equivalence_level']:g}"


def _breakdown(outcome: Outcome) -> str:
    known = [
        (row["event_time"], row["breakdown_point"]) for row in outcome.events if row["breakdown_point"] is not None
    ]
    if not known:
        return LOCKED
    return "; ".join(f"year {time}: {number(point, 2)} times the largest change before" for time, point in known)


def _changes(outcome: Outcome) -> str:
    if not outcome.changes:
        return "no span is declared"
    return "; ".join(_change(row) for row in outcome.changes)


def _change(row: Row) -> str:
    span = english.years(row["change_from"], row["change_to"])
    if row["change_difference"] is None:
        return f"{span}: {'locked' if 'locked' in (row['why'] or '') else 'no figure'}"
    ends = _interval(row["change_difference_low"], row["change_difference_high"])
    return f"{span}: funded areas by {significant(row['change_difference'])} ({ends}) more, descriptive"


def _bounds(pair: ArmPair, window: str) -> str:
    row = pair.row(window)
    counts = (row.get("withheld_1") or 0) + (row.get("withheld_0") or 0)
    if not counts:
        return "no count behind these figures is withheld"
    if row.get("smd_least") is None:
        return f"{counts:,} counts; no bounds can be given"
    ends = f"{number(row['smd_least'], 2)} to {number(row['smd_most'], 2)}"
    return f"{counts:,} counts leave {ends} SD open, {_interval(row['smd_low'], row['smd_high'])} with chance"


def _power(outcome: Outcome) -> str:
    known = [row for row in outcome.power_years if row["mde"] is not None]
    if not known:
        return "not known"
    rho = known[0]["rho"]
    parts = [f"{row['post_years']}: {significant(row['mde'])}" for row in known]
    assumed = "assumed" if known[0]["rho_is_assumed"] else "fitted"
    likeness = ABSENT if rho is None else f"{number(rho, 2)}, {assumed}"
    unit = difference_unit(outcome.indicator)
    return f"smallest effect on the mean of so many years: {'; '.join(parts)} {unit} (likeness of years {likeness})"


def _composition(outcome: Outcome) -> str:
    known = [arm for arm in outcome.arms if arm.composition]
    if not known:
        return "not delivered for these years: who stayed, came and left is not known"
    return f"parts of the change of {len(known)} of {len(outcome.arms)} groups above"


def _exposure(outcome: Outcome) -> str:
    return "; ".join(map(_tie, outcome.exposure)) or "not known"


def _tie(row: Row) -> str:
    known = row["areas"] - row["exposure_not_known"]
    by = row["tie"].replace("_", " ")
    share = f"{row['exposed']:,} of {known:,} never-funded areas" if known else "not delivered"
    return f"{by}: {share}{', left out' if row['is_left_out'] else ''}"


def _family(pair: ArmPair) -> str:
    row = pair.trend or {}
    if row.get("family") is None or row.get("slope_p_adjusted") is None:
        return "no test that counts in a family"
    how = "Holm" if row["family"] == "primary" else "Benjamini and Hochberg"
    among = f"of {row['family_size']} " if row.get("family_size") else ""
    adjusted = probability(row["slope_p_adjusted"])
    return f"slope p {probability(row['slope_p'])}, {adjusted} {among}by {how} ({row['family']} outcomes)"


def shown(answers: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Answers as sentences."""
    for question, answer in answers:
        yield question, english.sentence(answer)
