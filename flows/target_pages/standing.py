"""Where a target stands, in plain words: sign, word and year, why, what is missing, and who can deliver it."""

from dataclasses import dataclass

from flows.present import danish, vocabulary
from flows.publish.plans_read import Row, Target
from schemas.indicators import Indicator
from schemas.registry import Registry

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
NO_FIGURE_YET = "… Intet tal endnu"
# What is missing where a verdict cannot be given, and who can deliver it or what else would settle it.
REMEDIES = {
    "no_start_figure": "Der er intet tal for startåret {start}; {town} kan levere det.",
    "reached_at_start": "Tallet lå allerede ved målet i {start}; kun et nyt mål kan vise en bevægelse.",
    "counts_not_delivered": "Antallene bag andelen er ikke leveret, så usikkerheden er ukendt; {town} kan levere dem.",
    "no_interval_for_basis": "Usikkerheden kan ikke regnes for det, der tælles. Ingen levering løser det; et "
    "andet tal kan.",
    "repeated_figure": "Kilden gentager et tidligere års tal; {town} kan levere tallet for {year}.",
    "other_window": "De to tal er gennemsnit over forskellige antal år og må ikke sammenlignes. Antal for hvert år "
    "løser det; {town} kan levere dem.",
    "overlapping_windows": "De to tal er gennemsnit over år, der overlapper, og må ikke sammenlignes. Antal for "
    "hvert år løser det; {town} kan levere dem.",
    "other_owner": "De to tal er gjort op af hver sin kilde og må ikke sammenlignes; {town} kan levere begge år.",
    "boundary_break": "Området har fået en anden grænse siden {start}. Ingen levering løser det; et nyt startår kan.",
    "definition_break": "Tallet gøres op på en anden måde end i {start}. Ingen levering løser det; et nyt startår kan.",
}
# Worst first: what a meeting has to take up.
TROUBLE = ("off_the_way", "cannot_be_told", None, "on_the_way", "reached")


@dataclass(frozen=True)
class TargetStanding:
    """A target in a year: `verdict` is None where no year has one; `missing` are reasons for that or for a `?`."""

    target: Target
    indicator: Indicator
    of_year: Row | None
    why: str
    missing: tuple[str, ...]

    @property
    def row(self) -> Row:
        """Its row of dim_targets."""
        return self.target.row

    @property
    def verdict(self) -> str | None:
        """Its verdict."""
        return self.of_year["target_verdict"] if self.of_year else None

    @property
    def words(self) -> str:
        """'✗ Ikke på vej (2012)'."""
        if self.of_year is None or self.verdict is None:
            return NO_FIGURE_YET
        return f"{vocabulary.SIGNS[self.verdict]} {vocabulary.VERDICTS[self.verdict]} ({self.of_year['year']})"

    @property
    def awaits_delivery(self) -> bool:
        """A delivery of the municipality can change it."""
        return self.verdict is None or (
            self.verdict == "cannot_be_told" and bool(self.missing) and set(self.missing) <= set(DELIVERED)
        )


def standing(target: Target, municipality: str, registry: Registry, until: int | None = None) -> TargetStanding:
    """A measured target by its newest year with a figure, of those up to `until`. `municipality` is its name."""
    indicator = registry.indicators[target.row["indicator"]]
    judged = [
        year
        for year in target.years
        if year["value"] is not None and year["target_verdict"] is not None and (until is None or year["year"] <= until)
    ]
    of_year = judged[-1] if judged else None
    missing = tuple(reason for reason in ((of_year["why"] if of_year else None) or "").split("; ") if reason)
    why = _why(target, indicator, of_year, missing, f"{municipality} Kommune")
    return TargetStanding(target, indicator, of_year, why, missing)


def in_trouble_first(standings: list[TargetStanding]) -> list[TargetStanding]:
    """Not on the way, cannot be told, no figure yet, on the way, reached; in the plan's order within each."""
    return sorted(standings, key=lambda each: TROUBLE.index(each.verdict))


def _why(target: Target, indicator: Indicator, of_year: Row | None, missing: tuple[str, ...], town: str) -> str:
    if of_year is None:
        first, last = target.row["start_year"] + 1, target.row["target_year"]
        asked = str(first) if first >= last else f"{first}-{last}"
        return f"Der er intet tal efter startåret {first - 1}. {town} kan levere tallene for {asked}."
    match of_year["target_verdict"]:
        case "reached":
            limits = danish.interval(of_year["ci_low"], of_year["ci_high"], indicator)
            why = f"Hele usikkerheden ({limits}) ligger ved målet eller på den rigtige side af det."
        case "on_the_way":
            if of_year["direction"] == "up":
                why = "Stigningen er sikker, og den kan godt være så stor, som vejen til målet kræver."
            else:
                why = "Faldet er sikkert, og det kan godt være så stort, som vejen til målet kræver."
        case "off_the_way":
            why = _off_the_way(of_year, indicator)
        case _:
            why = " ".join(what_is_missing(reason, target.row, of_year, indicator, town) for reason in missing[:2]) or (
                "Usikkerheden rummer både stilstand og den ændring, som vejen til målet kræver. Kun flere år eller "
                "flere områder tilsammen kan afgøre det."
            )
    late = " Målet blev sat, efter at tallet var kendt." if of_year["verdict_kind"] == "afterwards" else ""
    return why + late


def _off_the_way(of_year: Row, indicator: Indicator) -> str:
    low, high, start = of_year["change_start_low"], of_year["change_start_high"], of_year["start_year"]
    still = f"Ingen sikker ændring siden {start}. " if low is not None and low <= 0 <= high else ""
    needed = danish.changed(of_year["expected_value"] - of_year["start_figure"], indicator)
    year = of_year["year"]
    return f"{still}Selv med usikkerheden regnet med er der ikke nået, hvad vejen til målet kræver i {year}: {needed}."


def what_is_missing(reason: str, row: Row, of_year: Row, indicator: Indicator, town: str) -> str:
    """One reason of a year's `why`, what is missing, and who can deliver it or what else would settle it."""
    if reason == "start_disagrees":
        given, found = danish.valued(row["start_value"], indicator), danish.valued(row["start_figure"], indicator)
        return f"Planen skriver {given} i startåret, tallene viser {found}; planen kan rette sin startværdi."
    if reason == "step_too_small":
        base = danish.counted(of_year["denominator"], indicator)
        least = danish.changed(of_year["visible_change"], indicator).removeprefix("+")
        return (
            f"Vejen er for kort til at kunne ses: med {base} ses kun ændringer på mindst {least}. Flere områder "
            "tilsammen kan vise mindre."
        )
    words = REMEDIES.get(reason)
    if words is None:
        return danish.sentence(vocabulary.WHY[reason])
    return words.format(town=town, start=row["start_year"], year=of_year["year"])
