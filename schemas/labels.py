"""The registry's codes in Danish, for every page, form and workbook that a Danish reader meets."""

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
