"""What the cells of the plans' workbooks take, and their colours: yellow is missing, red does not fit, grey is unused.

The formulas speak of row 2; Excel moves them along. Lists and ranges of numbers stand on 'Koder' under defined names,
which every version of Excel lets a check of another sheet refer to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from flows.intake.templates.workbook import LAST, Book, Rule, number_rule, place_rule, year_rule
from schemas.model import Years
from schemas.sources import Layout, LayoutColumn

# Defined names: the lists, and beside the indicators' their identifiers and their lowest and highest figures.
INDICATORS, IDENTIFIERS, LOWEST, HIGHEST = "Indikatorer", "Betegnelser", "Lavest", "Højest"
EFFORTS, WHY_NOT, STEPS = "Indsatsområder", "Grunde", "Skridt"
AREAS, MUNICIPALITIES, SECRETARIATS, NOTHING = "Boligområder", "Kommuner", "Sekretariater", "Ingen"
SEPARATOR = "|"


@dataclass(frozen=True)
class Paint:
    """Cells of the columns `first` to `last` take the format (a name of FORMATS) where the formula holds."""

    first: str
    last: str
    formula: str
    format: str


@dataclass(frozen=True)
class Grid:
    """A sheet of rows: its layout, the years that its rows may speak of, and the cells of row 2 by column."""

    layout: Layout
    years: Years
    at: Mapping[str, str]

    @classmethod
    def of(cls, layout: Layout, years: Years) -> "Grid":
        """The sheet of a layout."""
        names = {column.to: f"${xl_col_to_name(place)}2" for place, column in enumerate(layout.columns) if column.to}
        return cls(layout, years, names)

    def letter(self, column: str) -> str:
        """The letter of a column."""
        return self.at[column][1:-1]

    def begun(self, first: str | None = None) -> str:
        """Something stands in the row, from column `first` on."""
        cells = list(self.at.values())
        return f"COUNTA({self.at[first] if first else cells[0]}:{cells[-1]})>0"

    def missing(self, first: str, last: str, *when: str) -> Paint:
        """The columns' empty cells are missing when all of this holds; needs every column between the two."""
        cell = self.at[first].removeprefix("$")
        return Paint(first, last, f"=AND({','.join(when)},LEN(TRIM({cell}))=0)", "missing")

    def wrong(self, column: str, *when: str, to: str | None = None) -> Paint:
        """The column's cells do not fit when all of this holds."""
        return Paint(column, to or column, f"=AND({','.join(when)})", "wrong")


def rules(source: str, grid: Grid) -> dict[str, Rule]:
    """The checks of the cells by header."""
    of_sheet, _ = CELLS[source]
    made = of_sheet(grid)
    return {column.headers[0]: made[column.to] for column in grid.layout.columns if column.to in made}


def paint(book: Book, source: str, grid: Grid) -> None:
    """Colour the cells of the rows by what is missing, does not fit or is not used; the first that holds wins."""
    _, of_sheet = CELLS[source]
    for painted in of_sheet(grid):
        first, last = grid.letter(painted.first), grid.letter(painted.last)
        rule = {"type": "formula", "criteria": painted.formula, "format": book.formats[painted.format]}
        book.sheets[book.rows].conditional_format(f"{first}2:{last}{LAST}", rule)


# Parts of rules -------------------------------------------------------------------------------------------------------


def _choice(source: str | Sequence[str], title: str, message: str, prompt: str = "", error: str = "stop") -> Rule:
    """A list to choose from; an `error` of 'information' lets in other words after saying so."""
    listed = {"validate": "list", "source": source if isinstance(source, str) else list(source)}
    return _refusing(listed, title, message, error) | _prompt(title, prompt)


def _asked(formula: str, title: str, message: str, error: str = "stop") -> Rule:
    """A formula that must hold."""
    return _refusing({"validate": "custom", "value": f"={formula}"}, title, message, error)


def _refusing(rule: Rule, title: str, message: str, error: str) -> Rule:
    """The rule with what is said where it does not hold."""
    # Excel lets anything in while a cell that the source asks for is empty, unless empty cells count.
    return rule | {"ignore_blank": False, "error_type": error, "error_title": title, "error_message": message}


def _told(title: str, prompt: str) -> Rule:
    """Words beside the cell; anything may stand in it."""
    return {"validate": "any", **_prompt(title, prompt)}


def _prompt(title: str, prompt: str) -> Rule:
    return {"input_title": title, "input_message": prompt} if prompt else {}


def _day(grid: Grid) -> Rule:
    last = grid.years.last or 9999
    return {
        "validate": "date",
        "criteria": "between",
        "minimum": date(grid.years.first, 1, 1),
        "maximum": date(last, 12, 31),
        "error_title": "Dato",
        "error_message": f"Skriv datoen som 01-05-2010, mellem {grid.years.first} og {last}.",
    }


def _not_before(cell: str, first: str, grid: Grid) -> Rule:
    """A day that does not lie before another one."""
    last = grid.years.last or 9999
    return _asked(
        f'OR({cell}="",AND(ISNUMBER({cell}),{cell}>={first},{cell}<=DATE({last},12,31)))',
        "Slutdato",
        "Skriv datoen som 31-12-2012. Slutdatoen må ikke ligge før begyndelsen. Lad feltet stå tomt, hvis den ikke "
        "er kendt.",
    )


def _inside(cell: str, indicator: str) -> str:
    """The figure lies within the indicator's range; without a known indicator any figure does."""
    low, high = (f"IFERROR(INDEX({name},MATCH({indicator},{INDICATORS},0)),{cell})" for name in (LOWEST, HIGHEST))
    return f"{cell}>={low},{cell}<={high}"


def _beyond(target: str, start: str, direction: str, ways: Mapping[str, str]) -> str:
    """The target lies on the side of the start that the direction names."""
    return f'OR({start}="",IF({direction}="{ways["up"]}",{target}>{start},OR({direction}="",{target}<{start})))'


def _unknown(indicator: str) -> str:
    """Neither the Danish name nor the identifier of an indicator of areas; both are read."""
    return f"ISNA(MATCH({indicator},{INDICATORS},0)),ISNA(MATCH({indicator},{IDENTIFIERS},0))"


def _each_known(cell: str) -> str:
    """Every part of the cell is an indicator of areas."""
    bar = f'"{SEPARATOR}"'
    tight = f'SUBSTITUTE(SUBSTITUTE(TRIM({cell})," "&{bar},{bar}),{bar}&" ",{bar})'
    parts = f"LOWER({bar}&{tight}&{bar})"
    found = "+".join(
        f"SUMPRODUCT(--ISNUMBER(FIND(LOWER({bar}&{name}&{bar}),{parts})))" for name in (INDICATORS, IDENTIFIERS)
    )
    return f'{found}=LEN({cell})-LEN(SUBSTITUTE({cell},{bar},""))+1'


# Targets --------------------------------------------------------------------------------------------------------------


def _ways(layout: Layout) -> dict[str, str]:
    """Danish words of the directions by their codes."""
    return {code: label for c in layout.columns if c.to == "direction" for label, code in c.values.items()}


def _of_targets(grid: Grid) -> dict[str, Rule]:
    return _of_goals(grid) | _of_measures(grid) | _of_figures(grid)


def _of_goals(grid: Grid) -> dict[str, Rule]:
    """What the target is, who set it, and what it is part of."""
    number, parent = grid.at["target_no"], grid.at["parent_no"]
    numbers = grid.letter("target_no")
    others = f'SUMPRODUCT(--(${numbers}$2:${numbers}${LAST}&""={parent}&""))>0'
    return {
        "municipality_code": place_rule(f"={MUNICIPALITIES}"),
        "target_no": _told(
            "Mål nr.", "Fx 1 eller 1.2. Et ændret mål beholder sit nummer og får en ny række med en ny dato."
        ),
        "parent_no": _asked(
            f'OR({parent}="",AND({parent}&""<>{number}&"",{others}))',
            "Delmål af nr.",
            "Intet andet mål på arket har det nummer. Skriv nummeret på det mål, som dette er en del af. Står det i "
            "en anden fil, så fortsæt.",
            error="warning",
        ),
        "set_on": _day(grid),
        "set_by": _told("Sat af", "Styregruppe, bestyrelse eller sekretariat. Aldrig navnet på en person."),
        "effort_area_id": _choice(f"={EFFORTS}", "Indsatsområde", "Vælg et af indsatsområderne på listen."),
        "goal": _told(
            "Mål med ord",
            "Hvad skal være anderledes for beboerne? Det, planen selv gør, er en aktivitet og hører til i et andet "
            "skema.",
        ),
        "is_withdrawn": _choice(
            ["ja", "nej"],
            "Udgår",
            "Skriv ja, når målet opgives; ellers lad feltet stå tomt.",
            "Kun når et mål opgives: skriv målet i en ny række med samme nummer og ny dato, og skriv ja her. Den "
            "gamle række bliver stående.",
        ),
    }


def _of_measures(grid: Grid) -> dict[str, Rule]:
    """What it is measured by and where, or why it is not."""
    indicator, why = grid.at["indicator"], grid.at["not_measurable_because"]
    ways = list(_ways(grid.layout).values())
    return {
        "indicator": _choice(
            f'=IF({why}="",{INDICATORS},{NOTHING})',
            "Måles ved",
            "Vælg et tal på listen; de står forklaret på arket 'Koder'. Står der en grund i 'Kan ikke måles, fordi', "
            "så fjern den først: det er enten det ene eller det andet.",
        ),
        "not_measurable_because": _choice(
            f'=IF({indicator}="",{WHY_NOT},{NOTHING})',
            "Kan ikke måles, fordi",
            "Vælg en grund på listen. Står der et tal i 'Måles ved', så fjern det først: det er enten det ene eller "
            "det andet.",
        ),
        "area_id": place_rule(f"={AREAS}"),
        "direction": _choice(ways, "Retning", f"Vælg {' eller '.join(ways)}."),
    }


def _of_figures(grid: Grid) -> dict[str, Rule]:
    """From which figure in which year to which."""
    at, first, last = grid.at, grid.years.first, grid.years.last or 9999
    indicator, start, target = at["indicator"], at["start_value"], at["target_value"]
    from_year, by_year = at["start_year"], at["target_year"]
    beyond = _beyond(target, start, at["direction"], _ways(grid.layout))
    whole = f"{{0}}=INT({{0}}),{{0}}>={first},{{0}}<={last}"
    return {
        "start_value": _asked(
            f'OR({start}="",AND(ISNUMBER({start}),{_inside(start, indicator)}))',
            "Startværdi",
            "Skriv et tal uden enhed og procenttegn, fx 22,5. Det skal ligge mellem 'Lavest' og 'Højest' for tallet "
            "på arket 'Koder'; procenter mellem 0 og 100.",
        ),
        "start_year": _asked(
            f'OR({from_year}="",AND(ISNUMBER({from_year}),{whole.format(from_year)},OR({by_year}="",{from_year}<{by_year})))',
            "Startår",
            f"Skriv årstallet med fire cifre, mellem {first} og {last}. Startåret skal ligge før målåret.",
        ),
        "target_value": _asked(
            f'OR({target}="",AND(ISNUMBER({target}),{_inside(target, indicator)},{beyond}))',
            "Målværdi",
            "Skriv et tal uden enhed, inden for det mulige (arket 'Koder'; procenter mellem 0 og 100). Skal tallet "
            "stige, skal målet ligge over startværdien; skal det falde, under den.",
        ),
        "target_year": _asked(
            f'OR({by_year}="",AND(ISNUMBER({by_year}),{whole.format(by_year)},OR({from_year}="",{by_year}>{from_year})))',
            "Målår",
            f"Skriv årstallet med fire cifre, mellem {first} og {last}. Målåret skal ligge efter startåret.",
        ),
    }


def _paints_of_targets(grid: Grid) -> Iterator[Paint]:
    at, begun = grid.at, grid.begun()
    indicator, why, start, target = (
        at[name] for name in ("indicator", "not_measurable_because", "start_value", "target_value")
    )
    stays = f'LOWER({at["is_withdrawn"]})<>"ja"'
    yield grid.wrong("indicator", f'{indicator}<>""', f'{why}<>""', to="not_measurable_because")
    yield grid.wrong("indicator", f'{indicator}<>""', _unknown(indicator))
    yield grid.wrong("parent_no", f'{at["parent_no"]}<>""', f'{at["parent_no"]}&""={at["target_no"]}&""')
    for value in (start, target):
        column = "start_value" if value == start else "target_value"
        yield grid.wrong(column, f'{value}<>""', f"NOT(AND(ISNUMBER({value}),{_inside(value, indicator)}))")
    yield grid.wrong(
        "target_value", f'{target}<>""', f"NOT({_beyond(target, start, at['direction'], _ways(grid.layout))})"
    )
    years = at["start_year"], at["target_year"]
    yield grid.wrong("target_year", *(f'{year}<>""' for year in years), f"{years[1]}<={years[0]}")
    yield grid.missing("plan_name", "target_no", begun)
    yield grid.missing("set_on", "goal", begun)
    yield grid.missing("indicator", "not_measurable_because", begun, f'{indicator}=""', f'{why}=""', stays)
    yield grid.missing("area_id", "target_year", f'{indicator}<>""', stays)
    yield Paint("area_id", "target_year", f'=AND({why}<>"",{indicator}="")', "unused")


# Activities -----------------------------------------------------------------------------------------------------------


def _of_activities(grid: Grid) -> dict[str, Rule]:
    at = grid.at
    return {
        "municipality_code": place_rule(f"={MUNICIPALITIES}"),
        "effort_area_id": _choice(f"={EFFORTS}", "Indsatsområde", "Vælg et af indsatsområderne på listen."),
        "activity": _told("Aktivitet", "Det samme navn hvert år. Skriv aldrig navne på personer."),
        "area_id": place_rule(f"={AREAS}"),
        "begins": _day(grid),
        "ends": _not_before(at["ends"], at["begins"], grid),
        "year": year_rule(grid.years.first, grid.years.last or 9999),
        "participants": number_rule(at["participants"], True, 0, None, grid.layout),
        "indicator": _choice(
            f"={INDICATORS}",
            "Skal flytte",
            f"Er der flere tal, så adskil dem med {SEPARATOR}, og skriv hvert af dem, som det står på arket 'Koder'. "
            f"Bliver feltet rødt, kendes et af dem ikke.",
            f"Vælg et tal på listen. Flere skrives i samme felt med {SEPARATOR} imellem. Tom, hvis aktiviteten ikke "
            f"skal flytte et tal.",
            error="information",
        ),
        "step": _choice(
            f"={STEPS}",
            "Gennem skridtet",
            "Det er jeres egne ord, ikke et af forslagene. Det må det gerne være.",
            "Hvad skal der ske hos beboerne, før tallet kan flytte sig? Vælg et forslag, eller skriv jeres egne ord.",
            error="information",
        ),
    }


def _paints_of_activities(grid: Grid) -> Iterator[Paint]:
    at, begun = grid.at, grid.begun()
    yield grid.wrong("indicator", f'{at["indicator"]}<>""', f"NOT({_each_known(at['indicator'])})")
    yield grid.wrong("ends", f'{at["ends"]}<>""', f'{at["begins"]}<>""', f"{at['ends']}<{at['begins']}")
    yield grid.missing("plan_name", "activity", begun)
    yield grid.missing("begins", "begins", begun)
    yield grid.missing("year", "year", begun)


# Shared indicators ----------------------------------------------------------------------------------------------------


def _of_shared(grid: Grid) -> dict[str, Rule]:
    at = grid.at
    return {
        "secretariat_id": _choice(f"={SECRETARIATS}", "Områdesekretariat", "Vælg sekretariatet på listen."),
        "indicator": _choice(
            f"={INDICATORS}", "Indikator", "Vælg et tal på listen; de står forklaret på arket 'Koder'."
        ),
        "agreed_by": _told("Aftalt af", "Fx projektlederne eller styregruppen. Aldrig navnet på en person."),
        "agreed_from": _day(grid),
        "agreed_until": _not_before(at["agreed_until"], at["agreed_from"], grid),
    }


def _paints_of_shared(grid: Grid) -> Iterator[Paint]:
    # The secretariat may fill itself in: a formula counts as something even where it shows nothing.
    at, begun = grid.at, grid.begun("indicator")
    yield grid.wrong("indicator", f'{at["indicator"]}<>""', _unknown(at["indicator"]))
    yield grid.wrong(
        "agreed_until",
        *(f'{at[name]}<>""' for name in ("agreed_from", "agreed_until")),
        f"{at['agreed_until']}<{at['agreed_from']}",
    )
    yield grid.missing("secretariat_id", "agreed_from", begun)


# The rules and the colours of each delivery's cells.
CELLS: Mapping[str, tuple[Callable[[Grid], dict[str, Rule]], Callable[[Grid], Iterator[Paint]]]] = {
    "plan_targets": (_of_targets, _paints_of_targets),
    "plan_activities": (_of_activities, _paints_of_activities),
    "secretariat_indicators": (_of_shared, _paints_of_shared),
}


def styles(columns: Sequence[LayoutColumn]) -> dict[str, str]:
    """How the cells of each column are shown, by header: numbers of targets are text, or 1.10 would become 1.1."""
    by_type = {"date": "date", "decimal": "value", "year": "count", "integer": "count"}
    coded = ("target_no", "parent_no", "municipality_code")
    return {column.headers[0]: "code" if column.to in coded else by_type.get(column.type, "text") for column in columns}
