"""The figures of a card in words: names of the groups, reasons, and the sentences at its head."""

from flows.evaluation_cards.english import (
    ABSENT,
    difference_unit,
    joined,
    mean,
    number,
    probability,
    sentence,
    significant,
    years,
)
from flows.evaluation_cards.figures import ArmPair, Outcome, Row, widest
from schemas.evaluation import Contrast
from schemas.indicators import Indicator
from schemas.registry import Registry

ORIGINS = {
    "synthetic": ("SYNTHETIC", "made-up figures for trials: not one of them is about a real place or real people"),
    "real": ("REAL", "figures about real places, as their sources delivered them"),
}
POLARITIES = {
    "high_is_better": "high is better",
    "high_is_worse": "high is worse",
    "neutral": "neither high nor low is better",
}
WEIGHTINGS = {
    "none": "unweighted",
    "residents": "weighted by residents",
    "entropy": "entropy weights",
    "propensity": "propensity weights",
    "twins": "twins",
}
DENOMINATORS = {
    "sd_of_arm_1": "the SD of the first group",
    "pooled_sd": "the pooled SD of both groups",
    "several_categories": "the distance of Yang and Dalton",
}
BALANCE_VERDICTS = {
    "balanced": "\N{CHECK MARK} balanced",
    "unbalanced": "\N{MULTIPLICATION X} unbalanced",
    "undecided": "? undecided",
    "too_few": "? too few",
    "not_defined": f"{ABSENT} not defined",
}
TREND_VERDICTS = {
    "not_rejected": "not rejected",
    "rejected": "\N{MULTIPLICATION X} rejected",
    "too_few": "? too few",
    "not_defined": f"{ABSENT} not defined",
}
# The statistics name their reasons by code; {1} and {0} stand for the two groups. Any other code reads well as it is.
DECIDED, LEFT_OUT = "over_limit: ", " areas left out"
REASONS = {
    "no_figures_in_window": "no figures of these years",
    "several_bands": "in several bands",
    "rent_support_only": "rent support, but no plan",
    "several_organisations": "several plans, organised differently",
    "treatment_not_known": "grants not known",
    "in_no_group": "in none of the groups",
    "no_secretariat": "without an area secretariat",
    "several_entries": "with several answers",
    "not_delivered": "not delivered",
    "not_delivered_for_the_first_grant": "delivered, but not for the day of the first grant",
    "weight_missing": "lacks what the weights need",
    "no_areas_have_weights": "no area can be weighed so",
    "clusters_in_both_groups": "clusters lie in both groups, for which the textbook formula has no answer",
    "organisation_not_known": "organisation not known",
    "secretariat_not_known": "secretariat not known",
    "amount_not_published": "amount of the grant not published",
    "dwellings_unknown": "number of dwellings not known",
    "r2_at_bound": "no variance between clusters was left to explain, so the effect is rather too small",
    "no_twins": "without twins",
    "bounds_hold_the_limit": "withheld counts of 1 or 2 leave open whether the groups are alike",
    "mostly_withheld": "most counts are withheld, so only bounds are given",
    "fewer_than_5_areas_for_bounds": "fewer than five areas, whose bounds might tell a withheld count",
    "no_weights": "no weights could be found",
    "over_limit": "decided by",
    "collinear_years": "some years repeat others, so they cannot be tested apart",
    "one_cluster_in_an_arm": "one group lies in a single cluster",
    "outside_convex_hull": "no weights of the second group reach the means of the first",
    "not_converged": "the search for weights did not end",
    "smd": "the means differ by more than the limit",
    "variance_ratio": "the spread differs by more than the limits",
    "no_areas": "no area has a figure",
    "no_areas_in_arm_1": "{1} have no figures",
    "no_areas_in_arm_0": "{0} have no figures",
    "one_area_in_arm_1": "of {1} only one has a figure, and one area has no spread",
    "one_area_in_arm_0": "of {0} only one has a figure, and one area has no spread",
    "constant": "every area has the same figure, so there is no SD to divide by",
    "constant_in_arm_1": "{1} all have the same figure, so there is no SD to divide by",
    "constant_in_arm_0": "{0} all have the same figure, so there is no SD to divide by",
    "constant_in_each_arm": "within each group all areas have the same figure, so there is no SD to divide by",
    "too_few_areas": "fewer areas than a verdict needs",
    "too_few_clusters": "fewer clusters than a test needs",
    "too_few_years": "fewer years with figures than a trend needs",
    "too_few_degrees_of_freedom": "the clusters are too few or too unequal for the test",
    "no_cluster_with_two_areas": "no cluster has two areas, so likeness within clusters cannot be told",
    "dose_correlation": "the correlation is above the limit",
}


class ArmNames:
    """What arms are called, from the registry's coded lists."""

    def __init__(self, registry: Registry) -> None:
        self._bands = {row["funding_band"]: row["label_en"] for row in registry.codes["funding_bands"]}
        self._organisations = {
            row["project_organisation"]: row["name_da"] for row in registry.codes["project_organisations"]
        }
        self._answers = {row["answer"]: row["name_da"] for row in registry.codes["implementation_answers"]}
        self._staffing = {row["project_secretariat"]: row["name_da"] for row in registry.codes["project_secretariats"]}

    def arm(self, arm: str) -> str:
        """Short name, for the heads of charts and tables."""
        return self._bands.get(arm, arm.replace("_", " "))

    def group(self, contrast: Contrast, arm: str) -> str:
        """The arm's areas, for sentences: 'never funded areas', 'areas with over 15 million DKK'."""
        name = self.arm(arm)
        if contrast.by == "funding_band":
            return f"areas with {name}"
        if contrast.by == "organisation":
            return f"areas organised as {name}"
        return f"areas {name}" if contrast.by == "secretariat" else f"{name} areas"

    def pair(self, pair: ArmPair) -> str:
        """Both arms: 'funded against never funded'."""
        return f"{self.arm(pair.arm_1)} against {self.arm(pair.arm_0)}"

    def notes(self, contrast: Contrast) -> list[str]:
        """What the arms' names stand for, where the name alone does not say it."""
        attribute, _ = contrast.attribute
        known = self._organisations | self._staffing
        if contrast.is_brief:
            answers = {arm: f"{attribute}:{arm}" for arm in contrast.arms}
            known = known | {arm: self._answers[answer] for arm, answer in answers.items() if answer in self._answers}
        return [f"{arm}: {known[arm]}" for arm in contrast.arms if arm in known]

    def reasons(self, why: str | None, pair: ArmPair | None = None) -> list[str]:
        """Each reason of a `why` in words; a code that has no words here is shown as it is, in plain letters."""
        groups = ("the first group", "the second group")
        if pair:
            groups = (self.group(pair.contrast, pair.arm_1), self.group(pair.contrast, pair.arm_0))
        return [_in_words(reason, groups) for reason in (why or "").split("; ") if reason]


def _in_words(reason: str, groups: tuple[str, str]) -> str:
    """A code in words, or a code with what is added to it after a colon; what holds blanks is words already."""
    code, colon, detail = reason.partition(": ")
    if " " in code:
        return reason
    known = REASONS.get(code)
    if known is None and all(part in REASONS for part in code.split("_and_")):
        known = " and ".join(REASONS[part] for part in code.split("_and_"))
    if known is None:
        known = code.replace("in_arm_1", "among {1}").replace("in_arm_0", "among {0}").replace("_", " ")
    return known.replace("{1}", groups[0]).replace("{0}", groups[1]) + colon + detail


def summary(outcome: Outcome, registry: Registry, names: ArmNames) -> list[str]:
    """What the card says, in a few sentences: balance, what weighting leaves, trend, power."""
    pair = outcome.pairs[0]
    window = registry.evaluation.balancing.window
    sentences = [
        _difference(pair, outcome.indicator, window, names),
        _weighted(pair, window),
        _rebound(outcome),
        _trend(pair, names),
        _cohorts(outcome),
        _power(pair, outcome.indicator, names),
    ]
    others = [
        text for contrast in outcome.contrasts[1:] if (text := _widest_of(outcome, contrast, window, names)) is not None
    ]
    if others:
        sentences.append(f"The widest difference {joined(others)}.")
    return [text for text in sentences if text]


def _difference(pair: ArmPair, indicator: Indicator, window: str, names: ArmNames) -> str:
    row = pair.row(window)
    groups = f"{names.group(pair.contrast, pair.arm_1)} and {names.group(pair.contrast, pair.arm_0)}"
    if row.get("smd") is None:
        why = joined(names.reasons(row.get("why"), pair) or ["the mart has no figures of them"])
        return sentence(f"whether {groups} differed before the grants cannot be said: {why}")
    verdict = {
        "too_few": "with so few areas no verdict is given",
        "undecided": f"withheld counts leave open whether this is within the limit of {row['balance_limit']:g}",
        "balanced": f"this is within the limit of {row['balance_limit']:g}",
        "unbalanced": f"this is more than the data bear without adjustment (limit {row['balance_limit']:g})",
    }.get(row["balance_verdict"], "no verdict is given")
    if row["balance_verdict"] == "unbalanced" and abs(row["smd"]) <= row["balance_limit"]:
        verdict = "their means are alike, but their spread is not"
    unit = indicator.unit
    return sentence(
        f"{groups} differ by {number(abs(row['smd']), 2)} SD before the grants{_chance(row)}: on average "
        f"{mean(row['mean_1'], indicator)} against "
        f"{mean(row['mean_0'], indicator)} {unit}; {verdict}"
    )


def _chance(row: Row) -> str:
    """The interval of a difference by size, in brackets, and what withheld counts alone leave open."""
    if row["smd_low"] is None:
        return ""
    sign = 1 if row["smd"] >= 0 else -1
    ends = sorted(sign * row[end] for end in ("smd_low", "smd_high"))
    open_ends = ""
    if row["smd_least"] is not None and number(row["smd_least"], 2) != number(row["smd_most"], 2):
        bounds = sorted(sign * row[end] for end in ("smd_least", "smd_most"))
        open_ends = f"; withheld counts leave {number(bounds[0], 2)} to {number(bounds[1], 2)} open"
    return f" (95 % interval {number(ends[0], 2)} to {number(ends[1], 2)}{open_ends})"


def _weighted(pair: ArmPair, window: str) -> str | None:
    weighting = pair.contrast.weighting
    row = pair.row(window, weighting) if weighting else {}
    if row.get("smd") is None:
        return None
    areas, effective = row["areas_0"], row.get("ess_0")
    worth = f", at the price that {areas:,} areas count as {number(effective, 0)}" if effective is not None else ""
    return f"{sentence(WEIGHTINGS[str(weighting)])[:-1]} leave {number(abs(row['smd']), 2)} SD{worth}."


def _widest_of(outcome: Outcome, contrast: Contrast, window: str, names: ArmNames) -> str | None:
    pair = widest((pair for pair in outcome.pairs if pair.contrast == contrast), window)
    if pair is None:
        return None
    what = {
        "funding_band": "between funding bands",
        "secretariat": "by secretariat",
        "organisation": "between types of organisation",
    }.get(contrast.by, f"of the contrast '{contrast.id}'")
    several = f" ({names.pair(pair)})" if len(contrast.pairs) > 1 else ""
    return f"{what} is {number(abs(pair.row(window)['smd']), 2)} SD{several}"


def _rebound(outcome: Outcome) -> str | None:
    """How far the difference may go by itself; no figure tells a dip from groups that drift apart."""
    row = outcome.rebound
    if row is None or row["rebound_ceiling"] is None:
        return None
    unit = difference_unit(outcome.indicator)
    text = (
        f"Had areas been chosen by this very figure, {significant(row['rebound_ceiling'])} {unit} of the difference "
        f"would go by itself in {row['years_apart']} years"
    )
    if row["dip_low"] is None:
        return f"{text}."
    return (
        f"{text}; since {row['earlier_year']} it has moved by {significant(row['dip'])} (95 % interval "
        f"{significant(row['dip_low'])} to {significant(row['dip_high'])}), which may come back, or be the groups "
        f"drifting apart."
    )


def _cohorts(outcome: Outcome) -> str | None:
    """How many cohorts drifted from their comparison before their own start."""
    tested = [row for row in outcome.cohorts if row["slope_p_holm"] is not None]
    if not tested:
        return None
    drifted = [str(row["gname"]) for row in tested if row["cohort_verdict"] == "rejected"]
    which = f": {joined(drifted)}" if drifted else ""
    return (
        f"Before their own start {len(drifted)} of {len(tested)} cohorts drifted from areas never funded{which} "
        f"(slopes, Holm)."
    )


def _trend(pair: ArmPair, names: ArmNames) -> str:
    row = pair.trend or {}
    span = years(row["trend_from"], row["trend_to"]) if row else "before the grants"
    if row.get("trend_verdict") == "rejected":
        return f"The two groups did not move alike {span} (joint test p = {probability(row['joint_p'])})."
    if row.get("trend_verdict") == "not_rejected":
        return (
            f"That the two groups moved alike {span} is not rejected (joint test p = {probability(row['joint_p'])}); "
            f"not rejected is no proof."
        )
    why = joined(names.reasons(row.get("why"), pair) or ["the mart has no trend of them"])
    return sentence(f"whether the two groups moved alike {span} cannot be tested: {why}")


def _power(pair: ArmPair, indicator: Indicator, names: ArmNames) -> str:
    row = pair.power or {}
    if row.get("mde_sd") is None:
        why = joined(names.reasons(row.get("why"), pair) or ["the mart has no figures of them"])
        return sentence(f"the smallest effect that would be found cannot be given: {why}")
    return (
        f"Effects smaller than {significant(row['mde'])} {difference_unit(indicator)} "
        f"({number(row['mde_sd'], 2)} SD) would probably be missed."
    )
