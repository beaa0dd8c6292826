"""The words that every output of an extract shares: a figure or its mark, what is said above everything else, codes."""

from typing import Literal

from flows.extracts.model import ClearedFigure, Extract
from flows.present import notation
from flows.present.language import Words, say
from flows.present.vocabulary import WHY
from schemas.indicators import Indicator
from schemas.registry import Registry

DRAFT = ("UDKAST", "ikke godkendt af to personer og må ikke forlade huset.")
SYNTHETIC = ("SYNTETISK", "alle tal er opdigtede; nogle områders navne er virkelige.")
EXAMPLE = ("EKSEMPEL", "mål, der er mærket sådan, er skrevet af Boligprofil. Ingen helhedsplan har sat dem.")
ROUNDED = "antal er rundet af til hele {base}, op eller ned; andele er regnet af de afrundede antal."
REAL = ("VIRKELIGE TAL", "om virkelige områder.")
CHOICE = ("OFFENTLIGE TAL", "kun tal, som deres kilder selv har offentliggjort, er med.")

VERDICTS = Words(
    {
        "better": "sikkert gunstigere",
        "similar": "ingen sikker forskel",
        "worse": "sikkert ugunstigere",
        "higher": "sikkert højere",
        "lower": "sikkert lavere",
    }
)
TRENDS = Words({"rising": "stigende", "falling": "faldende", "no_clear_trend": "ingen klar retning"})
TREND_SIGNS = {"rising": "↗", "falling": "↘", "no_clear_trend": "→"}
NO_TREND = Words(
    {
        "no_value": "der er intet tal for året",
        "fewer_than_five_years": "der er ikke tal for fem år i træk",
        "no_interval": "usikkerheden er ukendt",
        "repeated_or_overlapping_figures": "tallene gentager eller overlapper hinanden",
        "other_owner": "tallene er gjort op af flere kilder",
        "boundary_break": WHY.danish["boundary_break"],
        "definition_break": WHY.danish["definition_break"],
    }
)
# The reasons that a target's verdict shares are said in the same words.
NO_CHANGE = Words(
    {
        **WHY.danish,
        "no_value": "der er intet tal for året",
        "no_earlier_value": "der er intet tal for året før",
        "is_first_value": "det er det første tal",
    }
)
UNSETTLED = Words({"provisional": "foreløbigt tal", "estimated": "skønnet tal"})
PLACES = Words({"area": "området", "municipality": "kommunen", "country": "hele landet", "twins": "tvillingerne"})


def banners(extract: Extract) -> list[tuple[str, str]]:
    """What stands above everything else in every output: a mark, and what it means."""
    marks = [] if extract.is_cleared else [DRAFT]
    marks.append(SYNTHETIC if extract.origin == "synthetic" else REAL)
    if extract.is_choice:
        marks.append(CHOICE)
    if extract.rounded_to is not None:
        marks.append(("AFRUNDET", ROUNDED))
    if any(target.is_example for area in extract.areas for target in area.targets):
        marks.append(EXAMPLE)
    return [(say(mark), say(meaning, base=extract.rounded_to)) for mark, meaning in marks]


def rounding_read(base: int) -> str:
    """How rounded counts are read, and what their intervals hold."""
    return say(
        "Det rigtige antal ligger højst {off} fra det, der står. Står der {base}, er det fra "
        "0 til {most}. Står der 0, er det fra 0 til {off}. Usikkerheden om en andel rummer også "
        "afrundingen. Om en ændring eller en retning er sikker, kan vi ikke sige. Tal, som en "
        "myndighed har offentliggjort, er ikke rundet af.",
        off=base - 1,
        base=base,
        most=2 * base - 1,
    )


def band(kind: Literal["size_band", "funding_band"], code: str, registry: Registry) -> str:
    """A band of sizes or grants as its list of codes has it."""
    return say(next(row["label_da"] for row in registry.codes[f"{kind}s"] if row[kind] == code))


def is_rounded(figure: ClearedFigure) -> bool:
    """Whether the figure is shown, and made of rounded counts."""
    return figure.mark is None and figure.rounded_to is not None


def shown(figure: ClearedFigure, registry: Registry) -> str:
    """The figure with its unit, or the mark in its place in words: '43,0 %', 'skjult'."""
    if figure.mark:
        return say(registry.extracts.mark[figure.mark].label_da)
    return notation.valued(figure.value, registry.indicators[figure.indicator])


def interval(figure: ClearedFigure, indicator: Indicator) -> str:
    """The 95 % interval of a figure: '40,1–46,5'; a dash where there is none."""
    return notation.interval(figure.ci_low, figure.ci_high, indicator)
