"""Where a goal stands, in plain words: sign, word and year, why, what is missing, and who can deliver it.

A goal is told by plain facts, whoever has them: the marts that stay in the house, or an extract that is cleared.
"""

from dataclasses import dataclass

from flows.present import notation, vocabulary
from flows.present.language import Words, say
from schemas.indicators import Indicator

# Reasons that a delivery of the municipality can remove, and those that only another target can.
DELIVERED = (
    "no_start_figure",
    "counts_not_delivered",
    "repeated_figure",
    "other_window",
    "other_owner",
    "overlapping_windows",
)
NEW_START = ("start_disagrees", "reached_at_start", "boundary_break", "definition_break")
NO_FIGURE_YET, NOT_TOLD = "… Intet tal endnu", "… Vises ikke"
# What is missing where a verdict cannot be given, and who can deliver it or what else would settle it.
REMEDIES = Words(
    {
        "no_start_figure": "Der er intet tal for startåret {start}; {town} kan levere det.",
        "reached_at_start": "Tallet lå allerede ved målet i {start}; kun et nyt mål kan vise en bevægelse.",
        "counts_not_delivered": "Antallene bag andelen er ikke leveret, så usikkerheden er ukendt; "
        "{town} kan levere dem.",
        "no_interval_for_basis": "Usikkerheden kan ikke regnes for det, der tælles. Ingen levering løser det; et "
        "andet tal kan.",
        "repeated_figure": "Kilden gentager et tidligere års tal; {town} kan levere tallet for {year}.",
        "other_window": "De to tal er gennemsnit over forskellige antal år og må ikke sammenlignes. Antal for hvert år "
        "løser det; {town} kan levere dem.",
        "overlapping_windows": "De to tal er gennemsnit over år, der overlapper, og må ikke sammenlignes. Antal for "
        "hvert år løser det; {town} kan levere dem.",
        "other_owner": "De to tal er gjort op af hver sin kilde og må ikke sammenlignes; {town} kan levere begge år.",
        "boundary_break": "Området har fået en anden grænse siden {start}. Ingen levering løser det; "
        "et nyt startår kan.",
        "definition_break": "Tallet gøres op på en anden måde end i {start}. Ingen levering løser det; "
        "et nyt startår kan.",
    }
)
# Worst first: what a meeting has to take up.
TROUBLE = ("off_the_way", "cannot_be_told", None, "on_the_way", "reached")


@dataclass(frozen=True, kw_only=True)
class GoalStanding:
    """A measured goal by its newest year with a figure; what is not known or may not be told is None.

    `goal` is None where its words may not be told, `area` where the goal is the whole plan's. `start` is the figure of
    the starting year, or the plan's own where there is none; `start_given` what the plan says it is. `missing` are
    reasons for a verdict that cannot be told. `elsewhere` are the changes of other places in the same years, by name.
    `hidden` says in words why the figures may not be told; then there is no verdict.
    """

    number: str
    goal: str | None
    area: str | None
    indicator: Indicator
    town: str
    direction: str | None
    start_year: int
    target_year: int
    target: float | None
    start: float | None
    start_given: float | None = None
    year: int | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None
    verdict: str | None = None
    kind: str | None = None
    missing: tuple[str, ...] = ()
    expected: float | None = None
    change: float | None = None
    change_interval: tuple[float, float] | None = None
    elsewhere: tuple[tuple[str, float | None], ...] = ()
    base: int | None = None
    visible_change: float | None = None
    hidden: str = ""

    @property
    def words(self) -> str:
        """'✗ Ikke på vej (2012)'."""
        if self.hidden:
            return say(NOT_TOLD)
        if self.year is None or self.verdict is None:
            return say(NO_FIGURE_YET)
        return f"{vocabulary.SIGNS[self.verdict]} {vocabulary.VERDICTS[self.verdict]} ({self.year})"

    @property
    def awaits_delivery(self) -> bool:
        """A delivery of the municipality can change it."""
        if self.hidden:
            return False
        return self.verdict is None or (
            self.verdict == "cannot_be_told" and bool(self.missing) and set(self.missing) <= set(DELIVERED)
        )

    @property
    def numbers(self) -> tuple[str, str, str]:
        """Start, now and goal in Danish notation, with the unit; a dash where there is none."""
        values = (self.start, self.value, self.target)
        start, now, goal = (notation.valued(value, self.indicator) for value in values)
        return start, now, goal

    @property
    def in_words(self) -> str:
        """'Start 14,7 % (2008), nu 14,8 % (2012; 12,4–17,6), mål 10,0 % (2012).'"""
        start, now, goal = self.numbers
        parts = [say("start {start} ({start_year})", start=start, start_year=self.start_year)]
        if self.year is not None:
            low, high = self.interval or (None, None)
            limits = notation.interval(low, high, self.indicator)
            parts.append(
                say(
                    "nu {now} ({year}{limits})",
                    now=now,
                    year=self.year,
                    limits="" if limits == notation.ABSENT else f"; {limits}",
                )
            )
        return notation.sentence(
            ", ".join([*parts, say("mål {goal} ({target_year})", goal=goal, target_year=self.target_year)])
        )


def in_trouble_first(standings: list[GoalStanding]) -> list[GoalStanding]:
    """Not on the way, cannot be told, no figure yet, on the way, reached; in the plan's order within each."""
    return sorted(standings, key=lambda each: TROUBLE.index(each.verdict))


def why(each: GoalStanding) -> str:
    """Why it stands so; where that cannot be told, what is missing and whether a delivery would settle it."""
    if each.hidden:
        return each.hidden
    if each.year is None:
        first, last = each.start_year + 1, each.target_year
        asked = str(first) if first >= last else f"{first}-{last}"
        return say(
            "Der er intet tal efter startåret {first}. {town} kan levere tallene for {asked}.",
            first=first - 1,
            town=each.town,
            asked=asked,
        )
    match each.verdict:
        case "reached":
            low, high = each.interval or (None, None)
            limits = notation.interval(low, high, each.indicator)
            reason = say(
                "Hele usikkerheden ({limits}) ligger ved målet eller på den rigtige side af det.", limits=limits
            )
        case "on_the_way":
            if each.direction == "up":
                reason = say("Stigningen er sikker, og den kan godt være så stor, som vejen til målet kræver.")
            else:
                reason = say("Faldet er sikkert, og det kan godt være så stort, som vejen til målet kræver.")
        case "off_the_way":
            reason = _off_the_way(each)
        case _:
            reason = " ".join(what_is_missing(name, each) for name in each.missing[:2]) or (
                say(
                    "Usikkerheden rummer både stilstand og den ændring, som vejen til målet kræver. Kun "
                    "flere år eller flere områder tilsammen kan afgøre det."
                )
            )
    late = say(" Målet blev sat, efter at tallet var kendt.") if each.kind == "afterwards" else ""
    return reason + late


def _off_the_way(each: GoalStanding) -> str:
    low, high = each.change_interval or (None, None)
    still = low is not None and high is not None and low <= 0 <= high
    unmoved = say("Ingen sikker ændring siden {start_year}. ", start_year=each.start_year) if still else ""
    needed = ""
    if each.expected is not None and each.start is not None:
        needed = f": {notation.changed(each.expected - each.start, each.indicator)}"
    reached = say(
        "Selv med usikkerheden regnet med er der ikke nået, hvad vejen til målet kræver i {year}{needed}.",
        year=each.year,
        needed=needed,
    )
    return unmoved + reached


def what_is_missing(reason: str, each: GoalStanding) -> str:
    """One reason of a year's `why`, what is missing, and who can deliver it or what else would settle it."""
    if reason == "start_disagrees":
        found = notation.valued(each.start, each.indicator)
        if each.start_given is None:
            return say(
                "Planens startværdi er ikke den, tallene viser ({found}); planen kan rette sin startværdi.", found=found
            )
        given = notation.valued(each.start_given, each.indicator)
        return say(
            "Planen skriver {given} i startåret, tallene viser {found}; planen kan rette sin startværdi.",
            given=given,
            found=found,
        )
    if reason == "step_too_small":
        if each.base is None or each.visible_change is None:
            return say("Vejen er for kort til at kunne ses med så få. Flere områder tilsammen kan vise mindre.")
        base = notation.counted(each.base, each.indicator)
        least = notation.changed(each.visible_change, each.indicator).removeprefix("+")
        return say(
            "Vejen er for kort til at kunne ses: med {base} ses kun ændringer på mindst {least}. "
            "Flere områder tilsammen kan vise mindre.",
            base=base,
            least=least,
        )
    if reason not in REMEDIES:
        return notation.sentence(vocabulary.WHY[reason])
    return REMEDIES[reason].format(town=each.town, start=each.start_year, year=each.year)


def elsewhere(each: GoalStanding) -> str:
    """What the municipality, the country and the area did in the same years."""
    if each.hidden:
        return say("Områdets ændring vises ikke, så den er ikke holdt op mod andres.")
    if each.year is None:
        return say("Intet at holde op mod endnu.")
    if each.change is None:
        return say("Områdets ændring kan ikke opgøres, så den er ikke holdt op mod andres.")
    indicator = each.indicator
    others = [
        f"{place} {notation.signed(change, indicator.decimals)}"
        for place, change in each.elsewhere
        if change is not None
    ]
    unit = notation.point(indicator)
    low, high = each.change_interval or (None, None)
    limits = notation.span(low, high, indicator)
    known = "" if limits == notation.ABSENT else say(" (mellem {ends})", ends=notation.ends(low, high, indicator))
    own = say("Området {change}{known}", change=notation.signed(each.change, indicator.decimals), known=known)
    beside = ", ".join(others) or say("kommunens tal er ikke leveret")
    return f"{own}; {beside} ({unit})."
