"""A card as its parts: sentences, warnings, charts and tables of text, which both the page and the sheet set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.evaluation_cards import answers, charts, english, plots, sentences, warnings
from flows.evaluation_cards.figures import COMPOSITION, OUTCOME_GROUPS, UNWEIGHTED, Arm, ArmPair, Outcome, Row
from flows.evaluation_cards.sentences import ArmNames
from flows.evaluation_cards.warnings import CardWarning
from flows.present.cells import TableCell
from flows.present.pictures import Picture
from flows.publish.snapshots import Snapshot
from schemas.evaluation import Limits
from schemas.indicators import Indicator
from schemas.registry import Registry


@dataclass(frozen=True)
class CardTable:
    """A table of text: the first cell of each row is its head; the others are numbers or verdicts.

    Where the heads are long, their column takes the room that the others leave; else all columns share it.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    notes: tuple[str, ...] = ()
    has_long_heads: bool = True


@dataclass(frozen=True)
class Section:
    """A part of the card: a heading, how to read it, charts, tables."""

    title: str
    reading: str
    charts: tuple[Picture, ...]
    tables: tuple[CardTable, ...]
    on_page: tuple[Picture, ...] = ()  # for which the sheets have no room
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Card:
    """One outcome's card. `facts` are pairs of a name and a text."""

    outcome: str
    title: str
    title_da: str
    definition: str
    origin: str
    origin_words: str
    snapshot: str
    facts: tuple[tuple[str, str], ...]
    summary: tuple[str, ...]
    warnings: tuple[CardWarning, ...]
    sections: tuple[Section, ...]


def compose(outcome: Outcome, snapshot: Snapshot, registry: Registry) -> Card:
    """The card of an outcome, its charts drawn."""
    names = ArmNames(registry)
    indicator = outcome.indicator
    origin, origin_words = sentences.ORIGINS[snapshot.manifest["origin"]]
    return Card(
        outcome=indicator.id,
        title=indicator.label_en,
        title_da=indicator.label_da,
        definition=indicator.definition,
        origin=origin,
        origin_words=origin_words,
        snapshot=snapshot.id,
        facts=tuple(_facts(outcome, snapshot, registry)),
        summary=tuple(sentences.summary(outcome, registry, names)),
        warnings=tuple(warnings.of_outcome(outcome, registry, names, snapshot.manifest.get("caveat") or "")),
        sections=(
            _balance(outcome, registry, names),
            _missing(outcome, registry, names),
            _trend(outcome, registry, names),
            _power(outcome, names),
            *(composition := _composition(outcome, names)),
            _referee(outcome, registry, names, 5 + len(composition)),
        ),
    )


def _referee(outcome: Outcome, registry: Registry, names: ArmNames, number: int) -> Section:
    """What a referee asks first, of the contrast that carries the evaluation."""
    return Section(
        title=f"{number} What a referee asks",
        reading=f"{english.sentence(names.pair(outcome.pairs[0]))} In brackets: the mart that has more, and all pairs.",
        charts=(),
        tables=(),
        answers=tuple(answers.shown(answers.of_outcome(outcome, registry))),
    )


def _facts(outcome: Outcome, snapshot: Snapshot, registry: Registry) -> Iterable[tuple[str, str]]:
    indicator, evaluation = outcome.indicator, registry.evaluation
    window = evaluation.balancing.window
    yield "Indicator", f"{indicator.id} ({OUTCOME_GROUPS[str(indicator.indicator_group)].lower()})"
    yield "Unit", f"{indicator.unit}; {sentences.POLARITIES[indicator.polarity]}"
    yield "Among", indicator.population
    last = evaluation.baseline.last_year
    spans = [
        english.years(evaluation.first_year(name), last) + (" (shown)" if name == window else "")
        for name in evaluation.window
    ]
    yield "Baseline", f"{', '.join(spans)}; the first grant of the pool follows"
    yield "Snapshot", f"{snapshot.id}, {snapshot.manifest['origin']} figures"
    divisors = {
        sentences.DENOMINATORS[row["smd_denominator"]]: None
        for pair in outcome.pairs
        if (row := pair.row(window)) and row["smd_denominator"]
    }
    if divisors:
        by_divisor = [f"{divisor} ({english.joined(_contrasts_by(outcome, window, divisor))})" for divisor in divisors]
        yield "One SD is", f"{'; '.join(by_divisor)}, always of the unweighted areas"


def _contrasts_by(outcome: Outcome, window: str, divisor: str) -> list[str]:
    contrasts = [
        pair.contrast.id
        for pair in outcome.pairs
        if (row := pair.row(window)) and sentences.DENOMINATORS[row["smd_denominator"]] == divisor
    ]
    return list(dict.fromkeys(contrasts))


def _verdict(row: Row, key: str, verdicts: dict[str, str], bad: str) -> TableCell:
    verdict = row.get(key, "not_defined")
    return TableCell(verdicts[verdict], is_flagged=verdict == bad)


def _whys(
    names: ArmNames, pairs: Sequence[ArmPair], rows: Iterable[Row | None], with_left_out: bool = False
) -> tuple[str, ...]:
    """Notes of a table: the reasons that its rows give, each once with the comparisons that it holds for.

    What decided a verdict stands in the table itself. Who is left out is the same in every section, so it is said
    `with_left_out` only, for the contrast as a whole.
    """
    compared: dict[str, list[str]] = {}
    for pair, row in zip(pairs, rows, strict=True):
        if not row:
            compared.setdefault("the mart has no row", []).append(names.pair(pair))
            continue
        for code in (row["why"] or "").split("; "):
            is_left_out = code.endswith(sentences.LEFT_OUT)
            if code and not code.startswith(sentences.DECIDED) and (with_left_out or not is_left_out):
                (reason,) = names.reasons(code, pair)
                compared.setdefault(reason, []).append(pair.contrast.label_en if is_left_out else names.pair(pair))
    return tuple(f"{'; '.join(dict.fromkeys(held))}: {reason}." for reason, held in compared.items())


def _balance(outcome: Outcome, registry: Registry, names: ArmNames) -> Section:
    window = registry.evaluation.balancing.window
    limits = registry.evaluation.limits
    drawn = [
        (
            f"{names.arm(pair.arm_1)}|against {names.arm(pair.arm_0)}",
            {weighting: row for (span, weighting), row in pair.balance.items() if span == window},
        )
        for pair in outcome.pairs
    ]
    smds = [f"{names.pair(pair)} {english.number(pair.row(window).get('smd'), 2)}" for pair in outcome.pairs]
    chart = Picture(
        heading=("Balance: difference of the groups' means in SD",),
        svg=charts.love(drawn),
        alt=f"Love plot. Unweighted standardised mean differences: {'; '.join(smds)}.",
        caption=f"{_legend(drawn)}. Dotted: the limits of {limits.smd_outcome:g}, for an outcome, and {limits.smd:g}.",
    )
    organisation = [note for contrast in outcome.contrasts for note in names.notes(contrast)]
    span = english.years(registry.evaluation.first_year(window), registry.evaluation.baseline.last_year)
    return Section(
        title="1 Balance before the grants",
        reading=(
            "A mark between the dotted lines: the groups began alike. To the right of zero the first-named group lies "
            "higher. No p-values: balance is a property of these areas, and more areas would not improve it."
        ),
        charts=(chart, _spread(outcome, registry, names)),
        tables=(
            _means(outcome, limits, names, window, span),
            _otherwise(outcome, registry, names, window, organisation),
        ),
    )


def _legend(drawn: Sequence[tuple[str, dict[str, Row]]]) -> str:
    marks = {
        "none": "\N{BLACK CIRCLE} unweighted, with 95 % interval",
        "residents": "\N{WHITE SQUARE} by residents",
        "entropy": "\N{WHITE DIAMOND} entropy weights",
        "propensity": "\N{WHITE DIAMOND} propensity weights",
        "twins": "\N{WHITE UP-POINTING TRIANGLE} against twins",
    }
    used = {weighting for _, rows in drawn for weighting, row in rows.items() if row["smd"] is not None}
    return ", ".join(marks[weighting] for weighting in marks if weighting in used) or "No figures"


def _spread(outcome: Outcome, registry: Registry, names: ArmNames) -> Picture:
    year = registry.evaluation.baseline.last_year
    drawn = [(f"{names.arm(arm.name)} ({len(arm.values):,})", arm.values) for arm in outcome.arms]
    middle = [
        f"{names.arm(arm.name)} {english.mean(_median(arm), outcome.indicator)}" for arm in outcome.arms if arm.values
    ]
    medians = f"Areas of each group in {year}, medians: {'; '.join(middle)}." if middle else f"No figure of {year}."
    return Picture(
        heading=(f"Where the areas lie, {year}",),
        svg=charts.spread(drawn, outcome.indicator.unit) if middle else None,
        alt=medians,
        caption="In brackets: areas. Stroke: median; grey: middle half; line: middle 90 percent; rings: single areas.",
    )


def _median(arm: Arm) -> float:
    ordered, half = arm.values, len(arm.values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _means(outcome: Outcome, limits: Limits, names: ArmNames, window: str, span: str) -> CardTable:
    low, high = limits.variance_ratio
    rows = []
    for pair in outcome.pairs:
        row = pair.row(window)
        shown = {key: english.mean(row.get(key), outcome.indicator) for key in ("mean_1", "mean_0", "sd_1", "sd_0")}
        smd = english.number(row.get("smd"), 2)
        if row.get("smd_se") is not None:
            smd += f" ± {english.number(row['smd_se'], 2)}"
        is_bad = row.get("balance_verdict") == "unbalanced"
        rows.append(
            (
                TableCell(names.pair(pair)),
                TableCell(f"{row['areas_1']:,} / {row['areas_0']:,}" if row else english.ABSENT),
                TableCell(f"{shown['mean_1']} / {shown['mean_0']}"),
                TableCell(f"{shown['sd_1']} / {shown['sd_0']}"),
                TableCell(smd, is_flagged=is_bad),
                _ratio(row, limits),
                *(TableCell(english.number(row.get(key), 2)) for key in ("ks", "overlap")),
                _verdict(row, "balance_verdict", sentences.BALANCE_VERDICTS, "unbalanced"),
            )
        )
    return CardTable(
        caption=f"Unweighted, {span} ({outcome.indicator.unit}): every area counts once",
        columns=(
            "First against second group",
            "Areas",
            "Mean",
            "SD",
            "SMD ± SE",
            "Variance ratio",
            "KS",
            "Overlap",
            "Verdict",
        ),
        rows=tuple(rows),
        notes=(
            *_whys(names, outcome.pairs, [pair.row(window) for pair in outcome.pairs], with_left_out=True),
            *_bounds(outcome, names, window),
            f"The verdict rests on the SMD and on the variance ratio ({low:g} to {high:g}). KS, the distance of "
            f"the two distributions, is shown and does not decide (usual limit {limits.ks:g}); overlap is the area "
            "that their densities have in common, 0 to 1.",
        ),
    )


def _bounds(outcome: Outcome, names: ArmNames, window: str) -> tuple[str, ...]:
    """What withheld counts leave open, where they leave something open."""
    left_open = [
        f"{names.pair(pair)} {english.number(row['smd_least'], 2)} to {english.number(row['smd_most'], 2)} SD "
        f"({row['withheld_1'] + row['withheld_0']:,} counts)"
        for pair in outcome.pairs
        if (row := pair.row(window)) and row["smd_least"] is not None
    ]
    return (
        (f"Withheld counts are 1 or 2; the figures take 1.5, and they can be: {'; '.join(left_open)}.",)
        if left_open
        else ()
    )


def _ratio(row: Row, limits: Limits) -> TableCell:
    ratio, (low, high) = row.get("variance_ratio"), limits.variance_ratio
    return TableCell(english.number(ratio, 2), is_flagged=ratio is not None and not low <= ratio <= high)


def _otherwise(
    outcome: Outcome, registry: Registry, names: ArmNames, window: str, organisation: Sequence[str]
) -> CardTable:
    """The same difference with weights, over the other windows, and as other packages print it."""
    evaluation = registry.evaluation
    others = [name for name in evaluation.window if name != window]
    rows = []
    for pair in outcome.pairs:
        row = pair.row(window)
        weighted = pair.row(window, pair.contrast.weighting) if pair.contrast.weighting else {}
        rows.append(
            (
                TableCell(names.pair(pair)),
                _smd(pair.row(window, "residents")),
                _smd(weighted),
                TableCell(english.number(weighted.get("ess_0"), 0)),
                _smd(pair.row(window, "twins")),
                *(_smd(pair.row(name)) for name in others),
                *(TableCell(english.number(row.get(key), 2)) for key in ("smd_cobalt", "smd_matchit", "smd_tableone")),
            )
        )
    doses = [_dose(contrast.label_en, by_window.get((window, UNWEIGHTED))) for contrast, by_window in outcome.doses]
    weights = {pair.contrast.weighting for pair in outcome.pairs if pair.contrast.weighting}
    used = [pair.row(window, pair.contrast.weighting or UNWEIGHTED) for pair in outcome.pairs]
    return CardTable(
        caption="The same SMD by weights, over other baseline years, and as other packages print it",
        columns=(
            "First against second group",
            "By residents",
            english.joined([sentences.WEIGHTINGS[weight].capitalize() for weight in sorted(weights)]) or "Weights",
            "ESS of second",
            "Twins",
            *(english.years(evaluation.first_year(name), evaluation.baseline.last_year) for name in others),
            "cobalt",
            "MatchIt",
            "tableone",
        ),
        rows=tuple(rows),
        notes=(
            *_weight_whys(names, outcome.pairs, used),
            *(note for note in doses if note),
            "ESS: as many equally weighted areas say as much (Kish). tableone prints the size without the sign.",
            *([f"{'; '.join(organisation)}."] if organisation else []),
        ),
    )


def _weight_whys(names: ArmNames, pairs: Sequence[ArmPair], rows: Iterable[Row]) -> tuple[str, ...]:
    weighted = [(pair, row) for pair, row in zip(pairs, rows, strict=True) if pair.contrast.weighting]
    return _whys(names, [pair for pair, _ in weighted], [row for _, row in weighted])


def _smd(row: Row) -> TableCell:
    is_bad = row.get("balance_verdict") == "unbalanced"
    return TableCell(english.flagged(english.number(row.get("smd"), 2), is_bad), is_flagged=is_bad)


def _dose(label: str, row: Row | None) -> str | None:
    if row is None:
        return None
    if row["dose_correlation"] is None:
        return f"{label}: no correlation."
    verdict = sentences.BALANCE_VERDICTS[row["balance_verdict"]]
    return (
        f"{label}: correlation {english.number(row['dose_correlation'], 2)} over {row['areas_1']:,} areas "
        f"(limit {row['balance_limit']:g}), {verdict}."
    )


def _missing(outcome: Outcome, registry: Registry, names: ArmNames) -> Section:
    """Which groups lack figures."""
    limit = registry.evaluation.limits.share_missing
    shares = [arm.share_missing for arm in outcome.arms]
    above = [share is not None and share > limit for share in shares]
    return Section(
        title="2 Areas without a figure",
        reading=(
            f"Flagged (\N{MULTIPLICATION X}) where more than {english.percent(limit)} of a group's areas have no value "
            f"over the baseline years shown."
        ),
        charts=(),
        tables=(
            CardTable(
                "Areas of each group",
                ("Group", *(names.arm(arm.name) for arm in outcome.arms)),
                (
                    (TableCell("Areas"), *(TableCell(f"{arm.areas + arm.missing:,}") for arm in outcome.arms)),
                    (TableCell("Without"), *(TableCell(f"{arm.missing:,}") for arm in outcome.arms)),
                    (
                        TableCell("Share"),
                        *(
                            TableCell(english.flagged(english.percent(share), is_above), is_flagged=is_above)
                            for share, is_above in zip(shares, above, strict=True)
                        ),
                    ),
                ),
                has_long_heads=False,
            ),
        ),
    )


def _trend(outcome: Outcome, registry: Registry, names: ArmNames) -> Section:
    unit, base = english.difference_unit(outcome.indicator), registry.evaluation.baseline.last_year
    return Section(
        title="3 The course before the grants",
        reading=(
            f"Above: yearly means ({outcome.indicator.unit}), \N{BLACK CIRCLE} solid and \N{WHITE SQUARE} dashed, with "
            f"95 % intervals. Below (\N{BLACK DIAMOND}): first minus second group, less what it was in {base} "
            f"({unit}), with 95 % intervals; on the dotted line the groups moved alike."
        ),
        charts=tuple(_course(pair, outcome.indicator, names) for pair in outcome.pairs),
        tables=(
            CardTable(
                caption=f"Test of a common course ({unit} per year)",
                columns=(
                    "First against second group",
                    "Areas",
                    "Clusters",
                    "Slope difference",
                    "95 % interval",
                    "Slope p",
                    "Joint p",
                    "Common course",
                    "Unseen slope",
                    "Bias bound",
                ),
                rows=tuple(_trend_row(pair, names) for pair in outcome.pairs),
                notes=(
                    *_whys(names, outcome.pairs, [pair.trend for pair in outcome.pairs]),
                    "Slope p asks for a steady divergence, joint p for any. Not rejected is no proof that the groups "
                    "moved alike: a steady divergence as large as the unseen slope escapes the slope test one time in "
                    "five, the joint test more often (Roth 2022).",
                    f"Bias bound: by so much ({unit}) an effect in {base + 1} may be wrong if the groups then diverge "
                    f"as much in a year as they did at most before; h years after {base} it is h times as large. An "
                    "estimate, no confidence limit (Rambachan and Roth 2023).",
                ),
            ),
        ),
        on_page=_by_own_start(outcome),
    )


def _by_own_start(outcome: Outcome) -> tuple[Picture, ...]:
    """The average over cohorts by the years to their own start, and each cohort by itself."""
    unit = english.difference_unit(outcome.indicator)
    pictures = []
    if outcome.events:
        points = [f"{row['event_time']} {english.significant(row['att'])}" for row in outcome.events]
        pictures.append(
            Picture(
                heading=("By years to each area's own first grant, average over cohorts",),
                svg=plots.event(outcome.events, unit),
                alt=f"Change in a year beyond never-funded areas, by years to the first grant: {'; '.join(points)}.",
                caption="Thick: 95 % intervals; thin: the band that holds all of them at once in 95 of 100 draws. On "
                "the dotted line both moved alike. Marts baseline_event and baseline_cohorts.",
            )
        )
    if outcome.starts:
        cells = [f"{row['gname']}, {row['event_time']} {english.significant(row['att'])}" for row in outcome.starts]
        pictures.append(
            Picture(
                heading=("The same for each starting year",),
                svg=plots.event_by_start(outcome.starts, unit),
                alt=f"Change in a year beyond never-funded areas, by start and years to it: {'; '.join(cells)}.",
                caption="All panels have one scale. Mart baseline_cohorts.",
            )
        )
    return tuple(pictures)


def _trend_row(pair: ArmPair, names: ArmNames) -> tuple[TableCell, ...]:
    row = pair.trend or {}
    interval = english.ABSENT
    if row.get("slope_low") is not None:
        interval = f"{english.significant(row['slope_low'])} to {english.significant(row['slope_high'])}"
    return (
        TableCell(names.pair(pair)),
        *(
            TableCell(f"{row[f'{counted}_1']:,} / {row[f'{counted}_0']:,}" if row else english.ABSENT)
            for counted in ("areas", "clusters")
        ),
        TableCell(english.significant(row.get("slope_difference"))),
        TableCell(interval),
        TableCell(english.probability(row.get("slope_p"))),
        TableCell(english.probability(row.get("joint_p")), is_flagged=row.get("trend_verdict") == "rejected"),
        _verdict(row, "trend_verdict", sentences.TREND_VERDICTS, "rejected"),
        TableCell(english.significant(row.get("undetected_slope"))),
        TableCell(english.significant(row.get("bias_bound"))),
    )


def _course(pair: ArmPair, indicator: Indicator, names: ArmNames) -> Picture:
    heading = (f"\N{BLACK CIRCLE} {names.arm(pair.arm_1)}", f"\N{WHITE SQUARE} {names.arm(pair.arm_0)}")
    if not pair.years:
        why = english.joined(names.reasons((pair.trend or {}).get("why"), pair) or ["the marts have no yearly figures"])
        return Picture(heading, None, english.sentence(f"no chart: {why}"))
    first, last = pair.years[0], pair.years[-1]
    courses = [
        f"{names.arm(arm)} from {english.mean(first[key], indicator)} in {first['year']} to "
        f"{english.mean(last[key], indicator)} in {last['year']}"
        for arm, key in ((pair.arm_1, "mean_1"), (pair.arm_0, "mean_0"))
    ]
    verdict = sentences.TREND_VERDICTS[(pair.trend or {}).get("trend_verdict", "not_defined")].lstrip("\u2715?\u2013 ")
    return Picture(
        heading,
        charts.course(pair.years, indicator.unit),
        f"Yearly means: {'; '.join(courses)}. Common course: {verdict}.",
    )


def _power(outcome: Outcome, names: ArmNames) -> Section:
    rows = []
    for pair in outcome.pairs:
        row = pair.power or {}
        shares = (row.get(key) for key in ("icc_one_way", "icc_mixed", "r2_between", "r2_within"))
        rows.append(
            (
                TableCell(names.pair(pair)),
                TableCell(f"{row['clusters']:,} by {row['clustered_by']}" if row else english.ABSENT),
                *(TableCell(english.number(share, 2)) for share in shares),
                TableCell(english.mean(row.get("outcome_sd"), outcome.indicator)),
                TableCell(english.significant(row.get("mde"))),
                TableCell(english.number(row.get("mde_sd"), 2)),
                TableCell(english.number(row.get("mde_textbook_sd"), 2)),
            )
        )
    single = [
        names.pair(pair) for pair in outcome.pairs if pair.power and pair.power["power_basis"] == "one_area_per_cluster"
    ]
    unit = english.difference_unit(outcome.indicator)
    return Section(
        title="4 What an evaluation of this size can see",
        reading=(
            "The smallest effect that is found with 80 % power at 5 %, two-sided, given how alike areas of a cluster "
            "are (ICC) and how much the baseline explains (R²)."
        ),
        charts=(),
        tables=(
            CardTable(
                caption=f"Smallest detectable effect (MDE; {unit}, and SD between areas)",
                columns=(
                    "First against second group",
                    "Clusters",
                    "ICC one-way",
                    "ICC mixed",
                    "R² between",
                    "R² within",
                    "SD",
                    "MDE",
                    "MDE (SD)",
                    "Textbook (SD)",
                ),
                rows=tuple(rows),
                notes=(
                    *_whys(names, outcome.pairs, [pair.power for pair in outcome.pairs]),
                    *([f"{'; '.join(single)}: ICC taken as 0, because no cluster has two areas."] if single else []),
                    "A negative one-way ICC is shown as it is and used as 0. Textbook: equal clusters (Bloom 2005).",
                ),
            ),
        ),
    )


def _composition(outcome: Outcome, names: ArmNames) -> tuple[Section, ...]:
    """What the groups' change before the grants was made of, where somebody delivered who stayed, came and left."""
    rows = [
        (
            TableCell(names.arm(arm.name)),
            TableCell(english.years(found["change_from"], found["change_to"])),
            TableCell(f"{found['areas']:,}"),
            *(TableCell(english.number(found[name], 2)) for name in COMPOSITION),
        )
        for arm in outcome.arms
        if (found := arm.composition)
    ]
    if not rows:
        return ()
    table = CardTable(
        caption=f"Change of the share and its parts ({english.difference_unit(outcome.indicator)}), mean over areas",
        columns=("Group", "Years", "Areas", "Stayed, %", "Change", "Of stayers", "Of arrivals", "Of departures"),
        rows=tuple(rows),
        notes=(
            "Stayed: of those whom the figure is of in the second year. Areas with fewer than 10 persons in a group or "
            "with withheld counts have no parts. Who stays is an outcome itself: no part is an effect. Mart "
            "composition_change.",
        ),
    )
    return (
        Section(
            title="5 Who lived there",
            reading=(
                "A share moves because those who stay change, and because others come than left. The three parts add "
                "up to the change; groups that differ in arrivals and departures may drift apart by these alone."
            ),
            charts=(),
            tables=(table,),
        ),
    )
