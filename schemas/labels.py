"""The registry's codes in Danish, for every page, form and workbook that a Danish reader meets."""

from schemas.models import Indicator

# One and many of what an indicator counts.
COUNTED = {
    "persons": ("person", "personer"),
    "full_time_persons": ("fuldtidsperson", "fuldtidspersoner"),
    "person_years": ("personår", "personår"),
    "households": ("husstand", "husstande"),
    "dwellings": ("bolig", "boliger"),
    "events": ("hændelse", "hændelser"),
    "contacts": ("kontakt", "kontakter"),
    "money": ("krone", "kroner"),
}
OUTCOME_GROUPS = {
    "background": "Baggrund",
    "attractiveness": "Områdets tiltrækning",
    "life_situation": "Beboernes livssituation",
    "satisfaction": "Beboernes tilfredshed",
}
OF_PLACE = {"municipality": "kommunens", "region": "regionens", "country": "landets"}


def unit_in_words(indicator: Indicator) -> str:
    """The unit of the indicator's values, spelled out: 'procent', 'pr. 1.000', 'antal personer'."""
    counted = COUNTED[indicator.count_basis][1]
    match indicator.kind:
        case "share":
            return "procent"
        case "rate":
            # One contact per resident is no 'per 1'.
            return "pr. beboer" if indicator.per == 1 else f"pr. {indicator.per:,}".replace(",", ".")
        case "relative":
            known = indicator.comparator_by_definition
            return f"procent af {OF_PLACE[known.geography]}" if known else "procent"
        case "mean":
            return f"{counted} i gennemsnit"
        case _:
            return f"antal {counted}"
