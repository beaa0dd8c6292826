"""A movement in words: both figures, the interval, the cautious size, and what the municipality did; or why not."""

from collections.abc import Mapping
from typing import Any

from flows.present import notation
from flows.present.language import Words, say
from schemas.indicators import Indicator

NOT_TOLD = Words(
    {
        "no_recent_figure": "det nyeste tal er mere end et år ældre end andre områders",
        "plan_too_new": "planen er for ny: der skal være to år med tal, efter at den begyndte",
        "years_missing": "der mangler tal for et af de tre år før eller de to nyeste år",
        "repeated_figure": "kilden gentager et tidligere års tal",
        "overlapping_windows": "tallene er gennemsnit over flere år",
        "boundary_break": "området har fået en anden grænse",
        "definition_break": "tallet bliver gjort op på en anden måde end før",
        "other_owner": "tallene er gjort op af hver sin kilde",
        "no_interval_for_basis": "det, der tælles, har ingen beregnet usikkerhed",
        "no_counts": "antallene bag andelene er ikke leveret",
    }
)


def sentence(movement: Mapping[str, Any] | None, indicator: Indicator, municipality: str = "kommunen") -> str:
    """A row of area_movements as a sentence; only one that `is_headline` says that anything moved."""
    if indicator.kind != "share":
        return say("Om tallet har flyttet sig sikkert, ved vi ikke: reglen er kun prøvet for andele.")
    if movement is None:
        return say("Om tallet har flyttet sig, ved vi ikke: der er ingen tal for området.")
    if reason := movement["movement_missing_reason"]:
        return say("Om tallet har flyttet sig sikkert, ved vi ikke: {reason}.", reason=NOT_TOLD[reason])
    ends = _ends(movement, indicator)
    if movement["is_headline"]:
        return f"{_told(movement, ends, indicator)} {_town(movement, indicator, municipality)}"
    limits = notation.ends(movement["movement_low"], movement["movement_high"], indicator)
    if movement["no_headline_because"] == "too_few_areas":
        # A sentence of its own would stand in every row of a small country.
        few = say("for få områder til at sige, hvad tilfældet gør")
        return say(
            "{ends}, mellem {limits} procentpoint; {few}.",
            ends=notation.sentence(ends)[:-1],
            limits=limits,
            few=few,
        )
    return say(
        "Ingen sikker bevægelse {ends}: ændringen kan være mellem {limits} procentpoint.", ends=ends, limits=limits
    )


def _told(movement: Mapping[str, Any], ends: str, indicator: Indicator) -> str:
    way = say("Steget") if movement["movement"] > 0 else say("Faldet")
    sizes = sorted(abs(movement[end]) for end in ("movement_low", "movement_high"))
    between = " og ".join(notation.number(size, indicator.decimals) for size in sizes)
    cautious = notation.number(abs(movement["lasting_movement"]), indicator.decimals)
    return say(
        "{way} {ends}, mellem {between} procentpoint; forsigtigt regnet omkring {cautious}.",
        way=way,
        ends=ends,
        between=between,
        cautious=cautious,
    )


def _town(movement: Mapping[str, Any], indicator: Indicator, municipality: str) -> str:
    name = f"{municipality[:1].upper()}{municipality[1:]}"
    if movement["municipality_movement"] is None:
        return say("{name} har ikke tal for de samme år.", name=name)
    before, after = (
        notation.number(movement[f"municipality_{end}"], indicator.decimals) for end in ("before", "after")
    )
    return say("{name} gik i de samme år fra {before} til {after}.", name=name, before=before, after=after)


def _ends(movement: Mapping[str, Any], indicator: Indicator) -> str:
    """'fra 66,8 (2004–2006) til 59,6 procent (2011–2012)'."""
    before, after = (notation.number(movement[f"{end}_value"], indicator.decimals) for end in ("before", "after"))
    spans = {f"{end}_years": f"{movement[f'{end}_from']}–{movement[f'{end}_to']}" for end in ("before", "after")}
    return say("fra {before} ({before_years}) til {after} procent ({after_years})", before=before, after=after, **spans)
