"""The warnings of a card: what a reader must know before using its figures, and what to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flows.evaluation_cards.english import difference_unit, joined, number, percent, probability, sentence, significant
from flows.evaluation_cards.figures import UNWEIGHTED, Arm, ArmPair, Outcome, Row
from flows.evaluation_cards.sentences import WEIGHTINGS, ArmNames
from schemas.registry import Registry

ALPHA = 0.05
_MOST_NAMES = 10


@dataclass(frozen=True)
class CardWarning:
    """Something that a reader must know before using the figures: its name, and what it means or what to do."""

    title: str
    text: str


def of_outcome(outcome: Outcome, registry: Registry, names: ArmNames, caveat: str) -> list[CardWarning]:
    """Everything on a card that asks for care, the gravest first."""
    limits, window = registry.evaluation.limits, registry.evaluation.balancing.window
    found = [
        *_balance_warnings(outcome, window, limits.areas_per_arm, names),
        *_weight_warnings(outcome, window, names),
        *_twin_warnings(outcome, window, names),
        *_dose_warnings(outcome, window, names),
        *_trend_warnings(outcome, names),
        *_missing_warnings(outcome.arms, limits.share_missing, names),
        *_partial_warnings(outcome, window, names),
        *_power_warnings(outcome, names),
    ]
    if caveat:
        found.append(
            CardWarning(
                "Some deliveries are no baseline", sentence(f"their figures are left out of this card: {caveat}")
            )
        )
    return found


def _with(pairs: Iterable[ArmPair], rows: Mapping[int, Row], key: str, value: str) -> list[ArmPair]:
    return [pair for pair in pairs if rows[id(pair)].get(key) == value]


def _balance_warnings(outcome: Outcome, window: str, areas_per_arm: int, names: ArmNames) -> list[CardWarning]:
    rows = {id(pair): pair.row(window) for pair in outcome.pairs}
    found = []
    if unbalanced := _with(outcome.pairs, rows, "balance_verdict", "unbalanced"):
        beyond = [pair for pair in unbalanced if _is_beyond_chance(rows[id(pair)])]
        worst = max(unbalanced, key=lambda pair: abs(_least(rows[id(pair)])))
        widest_pair = f"{names.pair(worst)} ({_unlike(rows[id(worst)])})"
        found.append(
            CardWarning(
                f"Unbalanced: {len(unbalanced)} of {len(outcome.pairs)} comparisons",
                f"{len(beyond)} of them {'differs' if len(beyond) == 1 else 'differ'} by more than chance among "
                f"clusters explains; the others may be the luck of a small sample, which still is a difference of this "
                f"sample. Widest: {sentence(widest_pair)} A raw comparison afterwards would mix this head start with "
                f"the effect: adjust for the baseline value, "
                f"weight, or compare with twins (mart comparison_pool).",
            )
        )
    if few := _with(outcome.pairs, rows, "balance_verdict", "too_few"):
        found.append(
            CardWarning(
                f"Too few areas: {len(few)} of {len(outcome.pairs)} comparisons",
                f"{sentence('; '.join(names.pair(pair) for pair in few))} Each side needs {areas_per_arm} areas "
                f"for a verdict: read the figures as a description, or merge groups in evaluation.toml.",
            )
        )
    lacking = (None, "not_defined")
    if undefined := [pair for pair in outcome.pairs if rows[id(pair)].get("balance_verdict") in lacking]:
        reasons = [_because(names, pair, rows[id(pair)].get("why")) for pair in undefined]
        found.append(
            CardWarning(f"No comparison: {len(undefined)} of {len(outcome.pairs)}", sentence("; ".join(reasons)))
        )
    return found


def _is_beyond_chance(row: Row) -> bool:
    return row["smd_low"] is not None and (row["smd_low"] > 0 or row["smd_high"] < 0)


def _least(row: Row) -> float:
    """The SMD, or where too much is withheld for one the end of its bounds that is nearer to zero."""
    ends = [row["smd"]] if row["smd"] is not None else [row["smd_least"] or 0.0, row["smd_most"] or 0.0]
    return float(min(ends, key=abs))


def _unlike(row: Row) -> str:
    """What is unbalanced: the means, or only the spread."""
    if row["smd"] is None:
        return f"{number(row['smd_least'], 2)} to {number(row['smd_most'], 2)} SD, by what is withheld"
    smd = f"{number(row['smd'], 2)} SD"
    if abs(row["smd"]) > row["balance_limit"]:
        return smd
    return f"{smd}, but variances in the ratio {number(row['variance_ratio'], 2)}"


def _because(names: ArmNames, pair: ArmPair, why: str | None) -> str:
    return f"{names.pair(pair)}: {joined(names.reasons(why, pair) or ['the mart has no row'])}"


def _weight_warnings(outcome: Outcome, window: str, names: ArmNames) -> list[CardWarning]:
    found = []
    for pair in outcome.pairs:
        weighting = pair.contrast.weighting
        row = pair.row(window, weighting) if weighting else {}
        if not row or row["balance_verdict"] in ("balanced", "too_few"):
            continue
        if row["balance_verdict"] == "unbalanced":
            trouble = f"{number(row['smd'], 2)} SD remain"
            if row["smd"] is not None and abs(row["smd"]) <= row["balance_limit"]:
                trouble = "the means are alike after weighting, but the spread is not"
            advice = "the weights balance other indicators than this one; adjust for its baseline value as well"
        else:
            trouble, advice = joined(names.reasons(row["why"], pair) or ["no reason given"]), "use the twins instead"
        found.append(
            CardWarning(
                f"{sentence(WEIGHTINGS[str(weighting)])[:-1]} do not mend it",
                f"{sentence(f'{names.pair(pair)}: {trouble}')} {sentence(advice)}",
            )
        )
    return found


def _twin_warnings(outcome: Outcome, window: str, names: ArmNames) -> list[CardWarning]:
    """Where funded areas and their twins differ on this outcome, and who has no twins."""
    found = []
    for pair in outcome.pairs:
        row = pair.row(window, "twins")
        if row.get("balance_verdict") == "unbalanced":
            found.append(
                CardWarning(
                    "Twins are not alike here",
                    f"{sentence(names.pair(pair))[:-1]}, matched: {_unlike(row)} (limit {row['balance_limit']:g}). "
                    f"An area beside its twins mixes this difference with the effect: adjust for the baseline value.",
                )
            )
    if outcome.without_twins:
        shown = ", ".join(outcome.without_twins[:_MOST_NAMES])
        more = len(outcome.without_twins) - _MOST_NAMES
        found.append(
            CardWarning(
                f"Without twins: {len(outcome.without_twins)} funded areas",
                f"{sentence(f'{shown} and {more:,} more' if more > 0 else shown)} No never-funded area resembles "
                f"them: what twins say is said of the others (mart comparison_support has the reasons).",
            )
        )
    return found


def _dose_warnings(outcome: Outcome, window: str, names: ArmNames) -> list[CardWarning]:
    found = []
    for _, rows in outcome.doses:
        row = rows.get((window, UNWEIGHTED), {})
        if row.get("balance_verdict") == "unbalanced":
            found.append(
                CardWarning(
                    "Dose goes with the outcome",
                    f"The grant per dwelling correlates {number(row['dose_correlation'], 2)} with the baseline "
                    f"(limit {row['balance_limit']:g}): a dose-response comparison needs the baseline value in it.",
                )
            )
        elif row.get("why") and row["dose_correlation"] is None:
            found.append(CardWarning("No correlation with the dose", sentence(joined(names.reasons(row["why"])))))
    return found


def _trend_warnings(outcome: Outcome, names: ArmNames) -> list[CardWarning]:
    rows = {id(pair): pair.trend or {} for pair in outcome.pairs}
    found = []
    if rejected := _with(outcome.pairs, rows, "trend_verdict", "rejected"):
        pairs = [f"{names.pair(pair)} (p = {probability(rows[id(pair)]['joint_p'])})" for pair in rejected]
        found.append(
            CardWarning(
                f"Not the same course before: {len(rejected)} of {len(outcome.pairs)} comparisons",
                f"{sentence('; '.join(pairs))} A difference in differences would take the old divergence for an "
                f"effect: weigh the result against the bias bound below, or model the trend.",
            )
        )
    steady = [
        pair
        for pair in _with(outcome.pairs, rows, "trend_verdict", "not_rejected")
        if (rows[id(pair)].get("slope_p") or 1) < ALPHA
    ]
    if steady:
        pairs = [f"{names.pair(pair)} (slope p = {probability(rows[id(pair)]['slope_p'])})" for pair in steady]
        found.append(
            CardWarning(
                f"Slopes differ: {len(steady)} of {len(outcome.pairs)} comparisons",
                f"{sentence('; '.join(pairs))} The joint test does not reject, but a steady divergence is there: the "
                f"slope test is the sharper one for it.",
            )
        )
    untested: dict[str, list[str]] = {}
    for pair in outcome.pairs:
        row = rows[id(pair)]
        if row.get("trend_verdict") not in ("rejected", "not_rejected"):
            why = joined(names.reasons(row.get("why"), pair) or ["the mart has no row"])
            untested.setdefault(why, []).append(names.pair(pair))
    if untested:
        pairs = [f"{'; '.join(alike)} ({why})" for why, alike in untested.items()]
        count = sum(len(alike) for alike in untested.values())
        found.append(
            CardWarning(
                f"Course not tested: {count} of {len(outcome.pairs)} comparisons",
                f"{sentence('; '.join(pairs))} Nothing speaks for a common course here but the eye.",
            )
        )
    return found


def _missing_warnings(arms: Iterable[Arm], limit: float, names: ArmNames) -> list[CardWarning]:
    above = [arm for arm in arms if arm.share_missing is not None and arm.share_missing > limit]
    if not above:
        return []
    shares = [
        f"{percent(arm.share_missing)} of {names.group(arm.contrast, arm.name)} "
        f"({arm.missing:,} of {arm.areas + arm.missing:,})"
        for arm in above
    ]
    return [
        CardWarning(
            f"Missing: {len(above)} {'group' if len(above) == 1 else 'groups'} above {percent(limit)}",
            f"{sentence('; '.join(shares))} The areas without a figure may differ from the rest: see mart coverage for "
            f"why they lack it, and compare both kinds on other indicators.",
        )
    ]


def _partial_warnings(outcome: Outcome, window: str, names: ArmNames) -> list[CardWarning]:
    incomplete = [
        f"{names.pair(pair)} ({row['incomplete']:,} of {row['areas_1'] + row['areas_0']:,} areas)"
        for pair in outcome.pairs
        if (row := pair.row(window)) and row["incomplete"]
    ]
    if not incomplete:
        return []
    text = f"values that rest on a part of the window's years: {'; '.join(incomplete)}"
    return [CardWarning("Not every year delivered", sentence(text))]


def _power_warnings(outcome: Outcome, names: ArmNames) -> list[CardWarning]:
    known = [(pair.power, pair) for pair in outcome.pairs if pair.power and pair.power["mde_sd"] is not None]
    found = []
    if known:
        row, pair = max(known, key=lambda both: both[0]["mde_sd"])
        found.append(
            CardWarning(
                f"Blind below {number(row['mde_sd'], 2)} SD at worst",
                f"{sentence(names.pair(pair))[:-1]} would show effects from {significant(row['mde'])} "
                f"{difference_unit(outcome.indicator)} up only; a smaller effect that is not found is not absent.",
            )
        )
    lacking = [pair for pair in outcome.pairs if not pair.power or pair.power["mde_sd"] is None]
    if lacking:
        reasons = [_because(names, pair, (pair.power or {}).get("why")) for pair in lacking]
        found.append(
            CardWarning(f"Power unknown: {len(lacking)} of {len(outcome.pairs)}", sentence("; ".join(reasons)))
        )
    return found
