"""Danish words for what the registry says in English or in codes; tests hold them against the registry."""

from schemas.models import Indicator

BASES = {
    "persons": "personer",
    "full_time_persons": "fuldtidspersoner",
    "person_years": "personår",
    "households": "husstande",
    "dwellings": "boliger",
    "events": "hændelser",
    "contacts": "kontakter",
    "money": "kroner",
}
OF_PLACE = {"municipality": "kommunens", "region": "regionens", "country": "landets"}
# Populations of the indicators of areas.
POPULATIONS = {
    "all residents": "alle beboere",
    "residents of 15-24 years": "beboere på 15-24 år",
    "residents of 16-24 years": "beboere på 16-24 år",
    "residents of 18-64 years": "beboere på 18-64 år",
    "residents of 18 years and over": "beboere på 18 år og derover",
    "residents of 30-59 years": "beboere på 30-59 år",
    "taxpayers of 15-64 years, students left out": "skattepligtige på 15-64 år uden uddannelsessøgende",
    "all households": "alle husstande",
    "all dwellings": "alle lejemål",
    "family dwellings": "familieboliger",
    "residents who answered the survey": "beboere, der svarede på spørgeskemaet",
}


def population(indicator: Indicator) -> str:
    """Whom or what the indicator counts among."""
    return POPULATIONS[indicator.population]


def unit(indicator: Indicator) -> str:
    """The unit of the indicator's values: 'procent', 'pr. 1.000', 'antal personer'."""
    basis = BASES[indicator.count_basis]
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
            return f"{basis} i gennemsnit"
        case _:
            return f"antal {basis}"
