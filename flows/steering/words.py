"""The words of targets in Danish: verdicts, reasons, units and numbers, the same on every page, form and screen.

Nothing here says that a plan has brought a movement about: only the evaluation speaks of that.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from flows.intake.letters import MONTHS
from schemas import danish
from schemas.models import Indicator

INTERNAL = "INTERNT: tallene er ikke ryddet for små grupper og må ikke forlade huset."
EXAMPLE = (
    "EKSEMPEL: skrevet af Boligprofil for at vise formen. Ingen helhedsplan har sat disse mål eller indberettet disse "
    "aktiviteter, og intet sekretariat har indgået disse aftaler."
)
SYNTHETIC = "SYNTETISK: alle tal, mål og områder er opdigtede."
ABSENT = "–"

VERDICTS = {
    "reached": "Nået",
    "on_the_way": "På vej",
    "off_the_way": "Ikke på vej",
    "cannot_be_told": "Kan ikke afgøres",
}
UNMEASURED, WITHDRAWN, NO_FIGURE = "∅ Følges ikke med tal", "— Opgivet", "… Intet tal for året"
# A sign of its own for each verdict, so that nobody needs to see a colour.
SIGNS = {"reached": "✓", "on_the_way": "↗", "off_the_way": "✗", "cannot_be_told": "?"}
MEANINGS = {
    "reached": "Hele usikkerheden om tallet ligger ved målet eller på den rigtige side af det.",
    "on_the_way": "Tallet har flyttet sig den rigtige vej, mere end tilfældet forklarer, og så langt som planlagt "
    "kan ikke udelukkes.",
    "off_the_way": "Selv med usikkerheden regnet med har tallet ikke flyttet sig så langt, som vejen til målet kræver.",
    "cannot_be_told": "Tallene kan ikke sige, om det går som planlagt.",
}
KINDS = {
    "interim": "foreløbig vurdering",
    "final": "slutvurdering",
    "afterwards": "målet er sat bagefter",
    "replaced": "målet var afløst af et nyt",
}
KIND_MEANINGS = {
    "interim": "Målåret er ikke nået endnu, eller dets tal er foreløbigt; vurderingen kan ændre sig.",
    "final": "Tallet er målårets, og målet var sat, før tallet blev offentliggjort.",
    "afterwards": "Målet blev sat, efter at årets tal var offentliggjort; intet var aftalt på forhånd.",
    "replaced": "Da årets tal blev offentliggjort, havde planen sat et nyt mål i stedet.",
}
WHY = {
    "starting_year": "startåret: her begynder vejen",
    "no_figure": "der er intet tal for året",
    "no_start_figure": "der er intet tal for startåret",
    "start_disagrees": "startværdien er ikke den, som tallene viser",
    "reached_at_start": "tallet lå allerede ved målet i startåret",
    "counts_not_delivered": "antallene bag andelen er ikke leveret, så usikkerheden er ukendt",
    "no_interval_for_basis": "det, der tælles, har ingen beregnet usikkerhed",
    "repeated_figure": "kilden gentager et tidligere års tal",
    "other_window": "de to tal er gennemsnit over forskellige antal år",
    "overlapping_windows": "de to tal er gennemsnit over år, der overlapper",
    "step_too_small": "vejen er endnu kortere end den mindste synlige ændring",
}
START_CHECKS = {
    "equal": "startværdien er den, som tallene viser",
    "within_interval": "startværdien ligger inden for tallets usikkerhed",
    "differs": "startværdien er ikke den, som tallene viser",
    "no_figure": "der er intet tal for startåret",
}
MISSING = {
    "not_delivered": "ikke leveret",
    "withheld_by_source": "holdt tilbage af kilden",
    "too_uncertain": "for usikkert til at blive vist",
    "not_defined_that_year": "ikke defineret det år",
    "not_published": "ikke offentliggjort",
    "withheld_or_zero": "holdt tilbage eller nul",
}
STATUSES = {"final": "endeligt", "provisional": "foreløbigt", "estimated": "skønnet"}
NOT_MEASURABLE = {
    "no_register": "intet register måler det",
    "not_by_area": "registret kan ikke opgøres for området",
    "too_few_persons": "der er for få personer",
    "not_supplied": "tallet leveres ikke",
    "measured_otherwise": "det måles på en anden måde",
}
TWINS_MISSING = {
    "no_twins": "området har ingen tvillinger",
    "locked": "tal for disse år er låst, til analyseplanen er underskrevet",
    "no_figure": "tvillingerne mangler tal for årene",
}
DIRECTIONS = {"up": "skal stige", "down": "skal falde"}
LINK_SOURCES = {"plan": "planen selv", "boligprofil proposal": "forslag fra Boligprofil"}
GAPS = {
    "no_area": "Boligprofil kender intet område i kommunen",
    "nothing_delivered": "intet er leveret",
    "some_areas": "ikke alle områder har tal",
    "some_years": "der mangler år",
    "no_counts": "antallene bag andelene er ikke leveret, så usikkerheden er ukendt",
    "none": "ingen huller",
}


def number(value: float | None, decimals: int = 0) -> str:
    """A number in Danish notation: 1.072,5; a dash where there is none. Never '−0'."""
    if value is None:
        return ABSENT
    text = f"{abs(value):,.{decimals}f}".translate(str.maketrans(",.", ".,"))
    is_zero = not text.strip("0.,")
    return text if value >= 0 or is_zero else f"−{text}"


def signed(value: float | None, decimals: int = 0) -> str:
    """A number with its sign, for changes: +1,2 or −1,2."""
    text = number(value, decimals)
    is_zero = value is None or not text.strip("0.,")
    return text if is_zero or text.startswith("−") else f"+{text}"


def unit(indicator: Indicator) -> str:
    """What stands behind a value: '%', 'pr. 1.000', 'kr.' and so on; counts have what they count."""
    match indicator.kind:
        case "share":
            return "%"
        case "relative":
            return "% af regionens"
        case "rate":
            # One contact per resident is no 'per 1'.
            if indicator.per == 1:
                return "pr. beboer"
            return f"pr. {number(indicator.per)}"
        case "mean":
            return "kr. pr. m²" if indicator.id.endswith("_m2") else "kr."
        case _:
            return danish.COUNTED[indicator.count_basis][1]


def valued(value: float | None, indicator: Indicator) -> str:
    """A figure with its unit: '43,3 %'."""
    return ABSENT if value is None else f"{number(value, indicator.decimals)} {unit(indicator)}"


def changed(value: float | None, indicator: Indicator) -> str:
    """A change with its unit: '+1,2 procentpoint'; shares change in percentage points."""
    if value is None:
        return ABSENT
    name = "procentpoint" if indicator.kind in ("share", "relative") else unit(indicator)
    return f"{signed(value, indicator.decimals)} {name}"


def interval(low: float | None, high: float | None, indicator: Indicator) -> str:
    """A 95 % interval: '40,1–46,5'; a dash where there is none."""
    if low is None or high is None:
        return ABSENT
    return f"{number(low, indicator.decimals)}–{number(high, indicator.decimals)}"


def counted(count: float | None, indicator: Indicator) -> str:
    """A number of what the indicator counts: '1 person', '12 personer'."""
    if count is None:
        return ABSENT
    one, many = danish.COUNTED[indicator.count_basis]
    return f"{number(count)} {one if round(count) == 1 else many}"


def day(on: date) -> str:
    """'3. maj 2010'."""
    return f"{on.day}. {MONTHS[on.month - 1]} {on.year}"


def reasons(why: str | None) -> list[str]:
    """The reasons of a mart's `why` in words."""
    return [WHY[reason] for reason in (why or "").split("; ") if reason]


def span(low: float | None, high: float | None, indicator: Indicator) -> str:
    """A 95 % interval of a change: '−4,1 til +0,3'; a dash where there is none."""
    if low is None or high is None:
        return ABSENT
    return f"{signed(low, indicator.decimals)} til {signed(high, indicator.decimals)}"


def many(count: int, one: str, several: str) -> str:
    """A number with its noun: '1 mål', '2 aktiviteter', '0 aktiviteter'."""
    return f"{number(count)} {one if count == 1 else several}"


def listed(parts: Sequence[str]) -> str:
    """'a, b og c'."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} og {parts[-1]}" if parts else ""


def years(found: Iterable[int]) -> str:
    """Years with their runs drawn together: '2008–2010 og 2012'."""
    runs: list[list[int]] = []
    for year in sorted(set(found)):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return listed([f"{run[0]}–{run[-1]}" if len(run) > 2 else listed([str(year) for year in run]) for run in runs])


def sentence(text: str) -> str:
    """Text with a capital at its beginning and a full stop at its end."""
    ended = text if text.endswith((".", "!", "?", "…")) else f"{text}."
    return ended[:1].upper() + ended[1:]
