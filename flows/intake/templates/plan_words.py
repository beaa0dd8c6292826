"""What the plans' workbooks tell those who fill them in: each column, how to go about it, what the colours mean."""

from collections.abc import Mapping, Sequence

from flows.intake.templates.workbook import LAST, NO_PERSONS, NOTE, PLACES

TARGETS, ACTIVITIES, SHARED = SOURCES = ("plan_targets", "plan_activities", "secretariat_indicators")
NOTE_WORDS = {
    "kilde": "Hvor oplysningerne kommer fra, med jeres egne ord. Nævn gerne planen og mødet, de blev besluttet på.",
    "udgivet": "Dagen, I sender filen (åååå-mm-dd). Her står dags dato; skriv over, hvis den er forkert.",
    "oprindelse": "real: virkelige mål og aktiviteter. Skriv syntetisk, hvis de er opdigtede, fx til en prøve.",
    "afsender": "Helhedsplanens eller sekretariatets navn. Skriv ikke navne på personer.",
}

# What must stand in each column of each delivery.
HOLDS: Mapping[str, Mapping[str, str]] = {
    TARGETS: {
        "plan_name": "Helhedsplanens navn, som det står i bevillingen.",
        "municipality_code": PLACES["municipality"],
        "target_no": "Målets nummer i planen, fx 1 eller 1.2. Et mål beholder sit nummer, også når det ændres.",
        "parent_no": "Kun for delmål og milepæle: nummeret på det mål, som dette er en del af.",
        "set_on": "Den dag, målet blev besluttet, fx 01-05-2010. Et ændret mål får den dag, det blev ændret.",
        "set_by": "Hvem der besluttede det: styregruppe, bestyrelse eller sekretariat. Aldrig navnet på en person.",
        "effort_area_id": "Et af indsatsområderne på skabelonens ark 'Koder'.",
        "goal": "Hvad der skal være anderledes for beboerne. Det, planen selv gør, er en aktivitet.",
        "indicator": "Det tal, der skal vise, om målet nås: et navn fra skabelonens ark 'Koder'.",
        "not_measurable_because": "Grunden, når intet tal kan vise, om målet nås.",
        "target_population": "Hvem målet er tænkt for, fx unge mødre. Tallet gælder alle, som indikatoren tæller.",
        "area_id": PLACES["area"],
        "direction": "Den vej, tallet skal.",
        "start_value": "Det offentliggjorte tal i startåret, med decimalkomma og uden enhed, fx 22,5.",
        "start_year": "Det år, startværdien gælder, med fire cifre.",
        "target_value": "Det tal, der skal nås, skrevet som startværdien.",
        "target_year": "Det år, tallet skal være nået. Det skal ligge efter startåret.",
        "is_withdrawn": "ja, når målet opgives, i en ny række med samme nummer og ny dato. Ellers tom.",
    },
    ACTIVITIES: {
        "plan_name": "Helhedsplanens navn, som det står i bevillingen.",
        "municipality_code": PLACES["municipality"],
        "effort_area_id": "Et af indsatsområderne på skabelonens ark 'Koder'.",
        "activity": "Aktivitetens navn, det samme hvert år, fx Lektiecafé. Aldrig navnet på en person.",
        "area_id": f"Kun hvis aktiviteten hører til ét af planens områder. {PLACES['area']}",
        "begins": "Aktivitetens første dag, fx 01-08-2009. Den samme i alle aktivitetens rækker.",
        "ends": "Aktivitetens sidste dag. Tom, så længe den ikke er kendt.",
        "year": "Det år, rækken gælder, med fire cifre{years}. En aktivitet, der varer tre år, har tre rækker.",
        "participants": "Antal forskellige deltagere i året. 0: ingen kom. Tom: ikke talt. ..: må ikke oplyses.",
        "indicator": "De tal, aktiviteten skal flytte: navne fra arket 'Koder', med {separator} mellem flere.",
        "step": "Hvad der først skal ske hos beboerne: et forslag fra arket 'Koder' eller jeres egne ord.",
    },
    SHARED: {
        "secretariat_id": "Sekretariatets navn, som det står på skabelonens ark 'Koder'.",
        "indicator": "Det tal, sekretariatet og planerne er enige om at følge: et navn fra skabelonens ark 'Koder'.",
        "agreed_by": "Hvem der aftalte det, fx projektlederne eller styregruppen. Aldrig navnet på en person.",
        "agreed_from": "Den dag, aftalen gælder fra, fx 01-01-2010.",
        "agreed_until": "Den sidste dag, aftalen gælder. Tom, så længe den gælder.",
    },
}
# When a cell must be filled in although its column may be left out.
REQUIRED = {
    "indicator": "ja, eller en grund i 'Kan ikke måles, fordi'",
    "not_measurable_because": "ja, hvis 'Måles ved' er tom",
    **dict.fromkeys(
        ("area_id", "direction", "start_value", "start_year", "target_value", "target_year"), "ja, når målet måles"
    ),
}
SECTIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    TARGETS: {
        "Sådan udfyldes skabelonen": (
            f"Skriv ét mål pr. række på arket 'Mål'. Flere planer må stå i samme fil, op til {LAST - 1} rækker.",
            "Vælg enten et tal i 'Måles ved' eller en grund i 'Kan ikke måles, fordi': altid det ene, aldrig begge.",
            "Et mål, som intet tal måler, er også et mål. Det vises for sig og tælles aldrig som nået eller ikke nået.",
            "Når målet måles, skal også område, retning, startværdi, startår, målværdi og målår udfyldes.",
            "Et delmål eller en milepæl er et mål med sit eget nummer og med det store måls nummer i 'Delmål af nr.'.",
            f"Ret arket '{NOTE}' til. Antallet af rækker regner regnearket selv ud.",
            NO_PERSONS,
        ),
        "Er det et mål eller en aktivitet?": (
            "Et mål siger, hvad der skal være anderledes for beboerne: 'Flere unge er i gang med en uddannelse'.",
            "En aktivitet siger, hvad planen gør: 'Afholde lektiecafé'. Den skrives i skabelonen for aktiviteter.",
            "Står en aktivitet som mål, får I rækken tilbage.",
        ),
        "Når et mål ændres eller opgives": (
            "Et mål, der er sendt, bliver stående, som det blev sat. Skriv en ny række under, og send hele filen igen.",
            "Ændres målet: samme 'Mål nr.', ny dato i 'Sat den', og det nye mål. Det gamle bliver også vist.",
            "Opgives målet: samme 'Mål nr.', ny dato i 'Sat den', og ja i 'Udgår'.",
            "Rettes eller slettes en gammel række, gælder målet stadig, som det blev sat første gang.",
        ),
    },
    ACTIVITIES: {
        "Sådan udfyldes skabelonen": (
            f"Skriv én række pr. aktivitet og år på arket 'Aktiviteter'. Der er plads til {LAST - 1} rækker.",
            "Skriv, hvad planen gør. Hvad der skal være anderledes for beboerne, skrives i skabelonen for mål.",
            "'Skal flytte' siger, hvilke tal aktiviteten er tænkt at flytte. Tomt er også et svar.",
            "'Gennem skridtet' siger, hvad der først skal ske. Forslagene på arket 'Koder' er Boligprofils egne.",
            "Rettelser skrives i rækken selv: ret den, og send hele filen igen under samme navn.",
            f"Ret arket '{NOTE}' til. Rækker og kontrolsum regner regnearket selv ud.",
            NO_PERSONS,
        ),
    },
    SHARED: {
        "Sådan udfyldes skabelonen": (
            "Skriv én række pr. tal, som sekretariatet har aftalt med planerne at følge sammen.",
            "Vælg få tal. De vises først på hver plans side, og alle planer måles på dem med samme definition.",
            "Ophører en aftale, så skriv dagen i 'Gælder til', lad rækken stå, og send hele filen igen.",
            f"Ret arket '{NOTE}' til. Antallet af rækker regner regnearket selv ud.",
            NO_PERSONS,
        ),
    },
}
COLOURS = {
    "missing": ("gul", "Feltet mangler at blive udfyldt."),
    "wrong": ("rød", "Indholdet passer ikke med resten af rækken eller med listerne på arket 'Koder'."),
    "unused": ("grå", "Feltet bruges ikke, fordi målet ikke måles med et tal."),
}
