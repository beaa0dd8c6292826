"""The words of targets in Danish: verdicts, reasons, units and numbers, the same on every page, form and screen.

Nothing here says that a plan has brought a movement about: only the evaluation speaks of that.
"""

from flows.present.language import Words

INTERNAL = "INTERNT: tallene er ikke ryddet for små grupper og må ikke forlade huset."
EXAMPLE = (
    "EKSEMPEL: skrevet af Boligprofil for at vise formen. Ingen helhedsplan har sat disse mål eller indberettet disse "
    "aktiviteter, og intet sekretariat har indgået disse aftaler."
)
SYNTHETIC = "SYNTETISK: alle tal, mål og områder er opdigtede."

VERDICTS = Words(
    {
        "reached": "Nået",
        "on_the_way": "På vej",
        "off_the_way": "Ikke på vej",
        "cannot_be_told": "Kan ikke afgøres",
    }
)
UNMEASURED, WITHDRAWN, NO_FIGURE = "∅ Følges ikke med tal", "— Opgivet", "… Intet tal for året"
# A sign of its own for each verdict, so that nobody needs to see a colour.
SIGNS = {"reached": "✓", "on_the_way": "↗", "off_the_way": "✗", "cannot_be_told": "?"}
MEANINGS = Words(
    {
        "reached": "Hele usikkerheden om tallet ligger ved målet eller på den rigtige side af det.",
        "on_the_way": "Tallet har flyttet sig den rigtige vej, mere end tilfældet forklarer, og så langt som planlagt "
        "kan ikke udelukkes.",
        "off_the_way": "Selv med usikkerheden regnet med har tallet ikke flyttet sig så langt, som vejen til "
        "målet kræver.",
        "cannot_be_told": "Tallene kan ikke sige, om det går som planlagt.",
    }
)
KINDS = Words(
    {
        "interim": "foreløbig vurdering",
        "final": "slutvurdering",
        "afterwards": "målet er sat bagefter",
        "replaced": "målet var afløst af et nyt",
    }
)
KIND_MEANINGS = Words(
    {
        "interim": "Målåret er ikke nået endnu, eller dets tal er foreløbigt; vurderingen kan ændre sig.",
        "final": "Tallet er målårets, og målet var sat, før tallet blev offentliggjort.",
        "afterwards": "Målet blev sat, efter at årets tal var offentliggjort; intet var aftalt på forhånd.",
        "replaced": "Da årets tal blev offentliggjort, havde planen sat et nyt mål i stedet.",
    }
)
WHY = Words(
    {
        "starting_year": "startåret: her begynder vejen",
        "no_figure": "der er intet tal for året",
        "no_start_figure": "der er intet tal for startåret",
        "start_disagrees": "startværdien er ikke den, som tallene viser",
        "reached_at_start": "tallet lå allerede ved målet i startåret",
        "counts_not_delivered": "antallene bag andelen er ikke leveret, så usikkerheden er ukendt",
        "no_interval_for_basis": "det, der tælles, har ingen beregnet usikkerhed",
        "repeated_figure": "kilden gentager et tidligere års tal",
        "other_window": "de to tal er gennemsnit over forskellige antal år",
        "other_owner": "de to tal er gjort op af hver sin kilde",
        "boundary_break": "området har fået en anden grænse",
        "definition_break": "tallet bliver gjort op på en anden måde end før",
        "overlapping_windows": "de to tal er gennemsnit over år, der overlapper",
        "step_too_small": "vejen er endnu kortere end den mindste synlige ændring",
    }
)
START_CHECKS = Words(
    {
        "equal": "startværdien er den, som tallene viser",
        "within_interval": "startværdien ligger inden for tallets usikkerhed",
        "differs": "startværdien er ikke den, som tallene viser",
        "no_figure": "der er intet tal for startåret",
    }
)
MISSING = Words(
    {
        "not_delivered": "ikke leveret",
        "withheld_by_source": "holdt tilbage af kilden",
        "too_uncertain": "for usikkert til at blive vist",
        "not_defined_that_year": "ikke defineret det år",
        "not_published": "ikke offentliggjort",
        "withheld_or_zero": "holdt tilbage eller nul",
        "withdrawn_by_source": "trukket tilbage af kilden",
        "nobody": "ikke beregnet, for der er ingen at regne andelen af",
    }
)
STATUSES = Words({"final": "endeligt", "provisional": "foreløbigt", "estimated": "skønnet"})
NOT_MEASURABLE = Words(
    {
        "no_register": "intet register måler det",
        "not_by_area": "registret kan ikke opgøres for området",
        "too_few_persons": "der er for få personer",
        "not_supplied": "tallet leveres ikke",
        "measured_otherwise": "det måles på en anden måde",
    }
)
TWINS_MISSING = Words(
    {
        "no_twins": "området har ingen tvillinger",
        "boundary_break": "området eller en af tvillingerne har fået en anden grænse",
        "locked": "tal for disse år er låst, til analyseplanen er underskrevet",
        "no_figure": "tvillingerne mangler tal for årene",
    }
)
DIRECTIONS = Words({"up": "skal stige", "down": "skal falde"})
LINK_SOURCES = Words({"plan": "planen selv", "boligprofil proposal": "forslag fra Boligprofil"})
GAPS = Words(
    {
        "no_area": "Boligprofil kender intet område i kommunen",
        "nothing_delivered": "intet er leveret",
        "some_areas": "ikke alle områder har tal",
        "some_years": "der mangler år",
        "no_counts": "antallene bag andelene er ikke leveret, så usikkerheden er ukendt",
        "none": "ingen huller",
    }
)


def reasons(why: str | None) -> list[str]:
    """The reasons of a mart's `why` in words."""
    return [WHY[reason] for reason in codes(why)]


def codes(why: str | None) -> list[str]:
    """The reasons of a mart's `why` as codes."""
    return [reason for reason in (why or "").split("; ") if reason]
