"""A movement in words: both figures, the interval, the cautious size, and what the municipality did; or why not."""

from collections.abc import Mapping
from typing import Any

from flows.present import danish
from schemas.indicators import Indicator

NOT_TOLD = {
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


def sentence(movement: Mapping[str, Any] | None, indicator: Indicator, municipality: str = "kommunen") -> str:
    """A row of area_movements as a sentence; only one that `is_headline` says that anything moved."""
    if indicator.kind != "share":
        return "Om tallet har flyttet sig sikkert, ved vi ikke: reglen er kun prøvet for andele."
    if movement is None:
        return "Om tallet har flyttet sig, ved vi ikke: der er ingen tal for området."
    if reason := movement["movement_missing_reason"]:
        return f"Om tallet har flyttet sig sikkert, ved vi ikke: {NOT_TOLD[reason]}."
    ends = _ends(movement, indicator)
    if movement["is_headline"]:
        return f"{_told(movement, ends, indicator)} {_town(movement, indicator, municipality)}"
    limits = danish.span(movement["movement_low"], movement["movement_high"], indicator).replace(" til ", " og ")
    if movement["no_headline_because"] == "too_few_areas":
        # A sentence of its own would stand in every row of a small country.
        few = "for få områder til at sige, hvad tilfældet gør"
        return f"{danish.sentence(ends)[:-1]}, mellem {limits} procentpoint; {few}."
    return f"Ingen sikker bevægelse {ends}: ændringen kan være mellem {limits} procentpoint."


def _told(movement: Mapping[str, Any], ends: str, indicator: Indicator) -> str:
    way = "Steget" if movement["movement"] > 0 else "Faldet"
    sizes = sorted(abs(movement[end]) for end in ("movement_low", "movement_high"))
    between = " og ".join(danish.number(size, indicator.decimals) for size in sizes)
    cautious = danish.number(abs(movement["lasting_movement"]), indicator.decimals)
    return f"{way} {ends}, mellem {between} procentpoint; forsigtigt regnet omkring {cautious}."


def _town(movement: Mapping[str, Any], indicator: Indicator, municipality: str) -> str:
    name = f"{municipality[:1].upper()}{municipality[1:]}"
    if movement["municipality_movement"] is None:
        return f"{name} har ikke tal for de samme år."
    before, after = (danish.number(movement[f"municipality_{end}"], indicator.decimals) for end in ("before", "after"))
    return f"{name} gik i de samme år fra {before} til {after}."


def _ends(movement: Mapping[str, Any], indicator: Indicator) -> str:
    """'fra 66,8 (2004–2006) til 59,6 procent (2011–2012)'."""
    before, after = (danish.number(movement[f"{end}_value"], indicator.decimals) for end in ("before", "after"))
    return (
        f"fra {before} ({movement['before_from']}–{movement['before_to']}) "
        f"til {after} procent ({movement['after_from']}–{movement['after_to']})"
    )
