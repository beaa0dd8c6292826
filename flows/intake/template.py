"""The workbook that a municipality fills in: its yearly figures, with guidance and control totals, from the registry.

Sheets: 'Følgeseddel' (the delivery note, whose totals are formulas), 'Årstal' (the figures), 'Vejledning', 'Koder'.
"""

import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from flows import files
from flows.intake.casting import NUMBERS
from schemas.models import Indicator, Layout, LayoutColumn, Source
from schemas.registry import Registry

SOURCE = "municipal_yearly"
NOTE, FIGURES, GUIDE, CODES = "Følgeseddel", "Årstal", "Vejledning", "Koder"
# Last row of 'Årstal' that the formulas count and the cells are checked in.
LAST = 5001
# Decimals to which Excel's binary sums are rounded; a figure with more of them has no exact control total.
EXACT = 6
DAY_ZERO = datetime(1899, 12, 30)

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
REASONS = {
    "withheld_by_source": "tallet er ukendt, eller I må ikke oplyse det (hemmeligholdt)",
    "not_delivered": "I leverer ikke tallet",
}
STATUSES = {
    "final": "tallet bliver ikke ændret",
    "provisional": "tallet kan blive ændret, når det er gjort endeligt op",
    "estimated": "tallet er beregnet eller anslået, ikke talt op",
}
PLACES = {
    "municipality": "Kommunens navn eller firecifrede kode, fx 0461.",
    "area": "Boligområdets aftalte navn, som det står på skabelonens ark 'Koder'.",
}


Parts = Mapping[Literal["value", "numerator", "denominator"], str]


@dataclass(frozen=True)
class Guidance:
    """What a sender must know of one column, in Danish; `out_of` is what a share is taken of, and empty for others."""

    header: str
    also_read: tuple[str, ...]
    required: str
    holds: str
    out_of: str
    unit: str


@dataclass(frozen=True)
class _Plan:
    """What the workbook is made of: columns with their guidance, rows to begin with (cells by header), known areas."""

    registry: Registry
    source: Source
    layout: Layout
    columns: Sequence[LayoutColumn]
    areas: Sequence[Mapping[str, str]]
    municipality_code: str | None
    year: int | None
    rows: Sequence[Mapping[str, str | int]]
    formats: dict[str, Any] = field(default_factory=dict)

    def place(self, kind: str) -> int | None:
        """Number of the first column of this type, from 0; None where there is none."""
        return next((place for place, column in enumerate(self.columns) if column.type == kind), None)


def write(file: Path, registry: Registry, municipality_code: str | None = None, year: int | None = None) -> None:
    """Write the template workbook for the yearly figures of a municipality, or of any where no code is given.

    With a code, 'Årstal' begins with one row per known area of the municipality, in which `year` is filled in.
    Raises ValueError where no area of the municipality is known, or the source does not take the year.
    """
    plan = _plan(registry, municipality_code, year)
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    today = datetime.combine(date.today(), time())
    book.set_properties({"title": _says(plan), "created": today})
    for name, words in _FORMATS.items():
        plan.formats[name] = book.add_format(words)
    sheets = {name: book.add_worksheet(name) for name in (NOTE, FIGURES, GUIDE, CODES)}
    lists = _write_codes(sheets[CODES], plan)
    _write_note(sheets[NOTE], plan, today)
    _write_figures(sheets[FIGURES], plan, lists)
    _write_guide(sheets[GUIDE], plan)
    for sheet in sheets.values():
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
    book.close()
    files.write(file, content.getvalue())


def guidance(registry: Registry, year: int | None = None) -> list[Guidance]:
    """Guidance for every column of the template, in its order."""
    source, layout = registry.sources[SOURCE], registry.layout_of(SOURCE)
    columns = _columns(layout, year)
    return [_guidance(column, columns, source, registry) for column in columns]


_FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "text": {"text_wrap": True, "valign": "top"},
    "cell": {"num_format": "@"},
    "key": {"bold": True, "valign": "top", "text_wrap": True},
    "answer": {"bg_color": "#FFF8DC", "border": 1, "border_color": "#BFBFBF", "valign": "top", "align": "left"},
    "day": {
        "bg_color": "#FFF8DC",
        "border": 1,
        "border_color": "#BFBFBF",
        "valign": "top",
        "align": "left",
        "num_format": "yyyy-mm-dd",
    },
    "sum": {"border": 1, "border_color": "#BFBFBF", "valign": "top", "align": "left"},
    "help": {"italic": True, "font_color": "#595959", "text_wrap": True, "valign": "top"},
    "required": {
        "bold": True,
        "bg_color": "#1F4E79",
        "font_color": "#FFFFFF",
        "border": 1,
        "text_wrap": True,
        "valign": "top",
    },
    "optional": {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "top"},
}


def _plan(registry: Registry, municipality_code: str | None, year: int | None) -> _Plan:
    source, layout = registry.sources[SOURCE], registry.layout_of(SOURCE)
    if year is not None and source.years and year not in source.years:
        raise ValueError(f"{year} is no year of '{SOURCE}': it takes {source.years.first}-{source.years.last or ''}")
    areas = [row for row in registry.codes["areas"] if municipality_code in (None, row["municipality_code"])]
    if not areas:
        raise ValueError(
            f"no area of municipality {municipality_code!r} is in codes/areas.csv; codes have four digits, such as 0461"
        )
    columns = _columns(layout, year)
    rows = [_row(area, columns, year) for area in areas] if municipality_code else []
    return _Plan(registry, source, layout, columns, areas, municipality_code, year, rows)


def _columns(layout: Layout, year: int | None) -> list[LayoutColumn]:
    return [
        column
        for column in layout.columns
        if not column.unused and (year is None or column.years is None or year in column.years)
    ]


def _row(area: Mapping[str, str], columns: Iterable[LayoutColumn], year: int | None) -> dict[str, str | int]:
    """The cells of an area that are known before anything is typed."""
    known: dict[str, str | int] = {"municipality": area["municipality_code"], "area": area["name"]}
    if year is not None:
        known["year"] = year
    row = {column.headers[0]: known[column.type] for column in columns if column.type in known}
    return row | {column.headers[0]: next(iter(column.values)) for column in columns if column.to == "status"}


def _says(plan: _Plan) -> str:
    whose = f", kommune {plan.municipality_code}" if plan.municipality_code else ""
    return "Kommuneårstal" + (f" {plan.year}" if plan.year else "") + whose


# Guidance -------------------------------------------------------------------------------------------------------------


def _guidance(column: LayoutColumn, columns: Sequence[LayoutColumn], source: Source, registry: Registry) -> Guidance:
    indicator = registry.indicators[column.indicator] if column.indicator else None
    parts = {other.part: other.headers[0] for other in columns if indicator and other.indicator == indicator.id}
    return Guidance(
        header=column.headers[0],
        also_read=column.headers[1:],
        required=_required(column, registry.layout_of(source.id), registry),
        holds=_holds_figures(column, indicator, parts) if indicator else _holds(column, source),
        out_of=_out_of(column, indicator, parts) if indicator else "",
        unit=_unit(column, indicator) if indicator else "",
    )


def _required(column: LayoutColumn, layout: Layout, registry: Registry) -> str:
    """Whether a cell must be filled in; a column may be optional and its facts not."""
    if not column.optional:
        return "ja"
    held = [of for name in layout.tables for of in registry.tables[name].columns if of.name == column.to]
    return "ja, hvis kolonnen er med" if any(not of.nullable for of in held) else "nej"


def _holds(column: LayoutColumn, source: Source) -> str:
    match column.type:
        case "year":
            years = f" ({source.years.first}-{source.years.last or ''})" if source.years else ""
            return f"Det år, tallene gælder, med fire cifre{years}."
        case "code":
            return f"{'; '.join(_meanings(column))}."
        case _:
            return PLACES.get(column.type, "")


def _meanings(column: LayoutColumn) -> Iterator[str]:
    return (f"{label} = {STATUSES[code]}" for label, code in column.values.items() if code in STATUSES)


def _holds_figures(column: LayoutColumn, indicator: Indicator, parts: Parts) -> str:
    window = column.window_years[-1].window if column.window_years else 1
    meant = f"{indicator.definition_da}{_window(window) if 'vindue' in indicator.definition_da else ''}"
    if column.part == "denominator":
        beside = f" Hører til '{parts['numerator']}'." if "numerator" in parts else ""
        return f"Alle i den gruppe, som '{indicator.label_da}' regnes ud af.{beside}"
    if column.part == "numerator":
        return f"Antallet bag '{indicator.label_da}': {meant}"
    return meant


def _window(years: int) -> str:
    """The definitions' word for years that are taken together, in plain words."""
    return " Vinduets år er her kun det år, rækken gælder." if years == 1 else f" Vinduet er her {years} år."


def _out_of(column: LayoutColumn, indicator: Indicator, parts: Parts) -> str:
    if "numerator" not in parts or "denominator" not in parts or column.part == "denominator":
        return ""
    if column.part == "numerator":
        return f"'{parts['denominator']}'"
    formula = f"{indicator.factor} × '{parts['numerator']}' / '{parts['denominator']}'"
    return f"{formula}. Kan stå tom, når begge antal er udfyldt."


def _unit(column: LayoutColumn, indicator: Indicator) -> str:
    basis = BASES[indicator.count_basis]
    if column.part == "denominator":
        return "antal"
    if column.part == "numerator":
        return f"antal {basis}"
    match indicator.kind:
        case "share":
            return "procent"
        case "rate":
            return f"pr. {indicator.per}"
        case "relative":
            known = indicator.comparator_by_definition
            return f"procent af {OF_PLACE[known.geography]}" if known else "procent"
        case "mean":
            return f"{basis} i gennemsnit"
        case _:
            return f"antal {basis}"


# Sheets ---------------------------------------------------------------------------------------------------------------


def _cells(column: str, to: str | None = None) -> str:
    """The cells below the header of a column, or of several, as a formula names them."""
    return f"'{FIGURES}'!{column}2:{to or column}{LAST}"


def _write_note(sheet: Any, plan: _Plan, today: datetime) -> None:
    """The delivery note. A column that is deleted or renamed takes its control total with it."""
    sheet.set_column(0, 0, 54)
    sheet.set_column(1, 1, 42)
    sheet.set_column(2, 2, 84)
    formats = plan.formats
    said = (
        ("kilde", _says(plan), "Hvor tallene kommer fra, med jeres egne ord. Nævn gerne kommunen og registeret."),
        (
            "udgivet",
            "",
            "Dagen, tallene er gjort op (åååå-mm-dd). Her står dags dato; skriv over, hvis den er forkert.",
        ),
        ("oprindelse", "real", "real: virkelige tal. Skriv syntetisk, hvis tallene er opdigtede, fx til en prøve."),
        ("afsender", "", "Forvaltning eller kontor. Skriv ikke navne på personer."),
    )
    for row, (key, value, words) in enumerate(said):
        sheet.write_string(row, 0, key, formats["key"])
        sheet.write(row, 1, value, formats["answer"])
        sheet.write_string(row, 2, words, formats["help"])
        if key == "udgivet":
            sheet.write_formula(row, 1, "=TODAY()", formats["day"], (today - DAY_ZERO).days)
    start = len(said)
    sheet.write_string(start, 0, "rækker", formats["key"])
    sheet.write_array_formula(start, 1, start, 1, _rows_formula(plan), formats["sum"], len(plan.rows))
    sheet.write_string(start, 2, f"Regnes ud for jer: antallet af rækker på arket '{FIGURES}'.", formats["help"])
    numbers = [(place, column) for place, column in enumerate(plan.columns) if column.type in NUMBERS]
    for row, (place, column) in enumerate(numbers, start + 1):
        key, total, words = _total_formulas(column, xl_col_to_name(place))
        sheet.write_array_formula(row, 0, row, 0, key, formats["key"], f"kontrolsum {column.headers[0]}")
        sheet.write_formula(row, 1, total, formats["sum"], 0)
        sheet.write_string(row, 2, words, formats["help"])
        sheet.set_row(row, _height(words, 84))


def _rows_formula(plan: _Plan) -> str:
    """Rows as the reader counts them: with something beside the first column, in which a remark may stand alone."""
    second, last = xl_col_to_name(1), xl_col_to_name(len(plan.columns) - 1)
    filled = f"--(LEN(TRIM({_cells(second, last)}))>0)"
    ones = f"TRANSPOSE(COLUMN('{FIGURES}'!{second}1:{last}1)^0)"
    return f'{{=IFERROR(SUM(--(MMULT({filled},{ones})>0)),"")}}'


def _total_formulas(column: LayoutColumn, name: str) -> tuple[str, str, str]:
    """Formulas of a control total's key and value, and words for the sender.

    Both are empty where the column was deleted. The key is empty, and so nothing is promised, where a figure has more
    decimals than a sum in binary is exact to.
    """
    key, cells = f"\"kontrolsum \"&'{FIGURES}'!{name}1", _cells(name)
    words = f"Regnes ud for jer: summen af kolonnen på arket '{FIGURES}'."
    if column.type == "integer":
        return f'{{=IFERROR({key},"")}}', f'=IFERROR(SUM({cells}),"")', words
    finer = f"SUM(IF(ISNUMBER({cells}),ABS(ROUND({cells},{EXACT})-{cells}),0))>0"
    return (
        f'{{=IFERROR(IF({finer},"",{key}),"")}}',
        f'=IFERROR(ROUND(SUM({cells}),{EXACT}),"")',
        f"{words} Navnet forsvinder, hvis et tal har over {EXACT} decimaler; det gør ikke noget.",
    )


def _write_figures(sheet: Any, plan: _Plan, lists: Mapping[str, str]) -> None:
    area = plan.place("area")
    sheet.freeze_panes(1, 0 if area is None else area + 1)
    sheet.set_row(0, 62)
    for place, column in enumerate(plan.columns):
        header = column.headers[0]
        longest = max((len(str(row.get(header, ""))) for row in plan.rows), default=0)
        word = max(map(len, header.split()))
        width = max(14, word + 3, min(30, longest + 2))
        sheet.set_column(place, place, width, plan.formats["cell"] if column.type == "municipality" else None)
        sheet.write_string(0, place, header, plan.formats["optional" if column.optional else "required"])
        if rule := _validation(column, xl_col_to_name(place), plan, lists):
            sheet.data_validation(1, place, LAST - 1, place, rule)
        for line, row in enumerate(plan.rows, 1):
            match row.get(header):
                case str(text):
                    sheet.write_string(line, place, text, plan.formats["cell"])
                case int(number):
                    sheet.write_number(line, place, number)


def _validation(column: LayoutColumn, name: str, plan: _Plan, lists: Mapping[str, str]) -> dict[str, Any] | None:
    """What Excel lets into the cells of a column; a name of a place is only warned about: others are read too."""
    if column.type in NUMBERS and column.indicator:
        return _number_validation(column, name, plan.registry.indicators[column.indicator], plan.layout)
    if column.type == "year" and plan.source.years:
        first, last = plan.source.years.first, plan.source.years.last or 9999
        return {
            "validate": "integer",
            "criteria": "between",
            "minimum": first,
            "maximum": last,
            "error_title": "Årstal",
            "error_message": f"Skriv årstallet med fire cifre, mellem {first} og {last}.",
        }
    if column.type == "code" and column.values:
        return {
            "validate": "list",
            "source": list(column.values),
            "error_title": "Status",
            "error_message": f"Skriv {' eller '.join(column.values)}.",
        }
    if column.type in lists:
        return {
            "validate": "list",
            "source": lists[column.type],
            "error_type": "warning",
            "error_title": "Ukendt navn eller kode",
            "error_message": f"Navnet står ikke på arket '{CODES}'. Er det rigtigt, så fortsæt; ellers ret det.",
        }
    return None


def _number_validation(column: LayoutColumn, name: str, indicator: Indicator, layout: Layout) -> dict[str, Any]:
    """A number within the indicator's range for one area, or a mark; counts are whole and never below 0."""
    low, high = 0.0, None
    if column.part == "value":
        low = indicator.minimum
        high = indicator.maximum if indicator.area_maximum is None else indicator.area_maximum
    tests, cell = [f"{name}2>={low:.10g}"], f"{name}2"
    if high is not None:
        tests.append(f"{cell}<={high:.10g}")
    if column.type == "integer":
        tests.append(f"{cell}=INT({cell})")
    marks = [mark for mark in layout.missing if mark]
    otherwise = "OR(" + ",".join(f'{cell}="{mark}"' for mark in marks) + ")" if marks else "FALSE"
    kind = "et helt tal" if column.type == "integer" else "et tal"
    span = f"fra {_danish(low)} til {_danish(high)}" if high is not None else f"på {_danish(low)} eller derover"
    mark = f" Skriv {' eller '.join(marks)} for et ukendt eller hemmeligholdt tal." if marks else ""
    return {
        "validate": "custom",
        "value": f"=IF(ISNUMBER({cell}),AND({','.join(tests)}),{otherwise})",
        "error_title": "Tallet passer ikke",
        "error_message": f"Skriv {kind} {span}.{mark} Lad feltet stå tomt, hvis I ikke leverer tallet.",
    }


def _danish(number: float) -> str:
    return f"{number:,.10g}".translate(str.maketrans(",.", ".,"))


def _write_guide(sheet: Any, plan: _Plan) -> None:
    formats = plan.formats
    widths = (44, 16, 70, 44, 22, 44)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    instructions, marks = list(_instructions()), list(_marks(plan.layout))
    sheet.write_string(0, 0, f"{_says(plan)}: sådan udfyldes skabelonen", formats["title"])
    for row, words in enumerate(instructions, 1):
        sheet.write_string(row, 0, words)
    heading = len(instructions) + 2
    sheet.write_string(heading, 0, "Tegn for tal, der mangler", formats["title"])
    for row, (mark, words) in enumerate(marks, heading + 1):
        sheet.write_string(row, 0, mark, formats["key"])
        sheet.write_string(row, 1, words)
    heads = ("Kolonne", "Skal udfyldes", "Hvad der skal stå", "Regnes ud af", "Enhed", "Andre navne, der også læses")
    header = heading + len(marks) + 2
    for place, head in enumerate(heads):
        sheet.write_string(header, place, head, formats["required"])
    for row, of in enumerate(guidance(plan.registry, plan.year), header + 1):
        texts = (of.header, of.required, of.holds, of.out_of, of.unit, "; ".join(of.also_read))
        sheet.set_row(row, max(map(_height, texts, widths)))
        for place, text in enumerate(texts):
            sheet.write_string(row, place, text, formats["key" if place == 0 else "text"])


def _height(text: str, width: int) -> float:
    """Points that wrapped text takes in a column of this width; not every program measures it by itself."""
    return 15 * max(1, math.ceil(1.15 * len(text) / width))


def _instructions() -> Iterator[str]:
    yield f"Skriv tallene på arket '{FIGURES}': en række pr. boligområde og år. Der er plads til {LAST - 1} rækker."
    yield "Slet de rækker og kolonner, I ikke leverer. De mørke kolonner skal blive. Tal skal stå på det ene ark."
    yield "Skriv helst antal (de talte og hele gruppen); så regner vi procenten ud. Skriv tal, ikke tal gemt som tekst."
    yield f"Ret arket '{NOTE}' til. Rækker og kontrolsummer regner regnearket selv ud."
    yield "Skriv aldrig personnumre, navne eller andet om enkelte personer. En fil med et personnummer afvises helt."


def _marks(layout: Layout) -> Iterator[tuple[str, str]]:
    for mark, reason in layout.missing.items():
        yield mark or "(tomt felt)", f"{REASONS[reason]}."
    yield "0", "nul: der er talt op, og der var ingen."
    yield "-", "bruges ikke: en streg kan betyde både nul og ukendt."


def _write_codes(sheet: Any, plan: _Plan) -> dict[str, str]:
    """The known names and codes; returns the range of the list for each type of column that has one."""
    formats = plan.formats
    for place, width in enumerate((16, 34, 50, 4, 16, 4, 16, 60)):
        sheet.set_column(place, place, width)
    for place, head in ((0, "Kommunekode"), (1, "Boligområde"), (2, "Læses også som"), (4, "Kommunekoder")):
        sheet.write_string(0, place, head, formats["required"])
    spellings: dict[str, list[str]] = {}
    for alias in plan.registry.codes["area_aliases"]:
        spellings.setdefault(alias["area_id"], []).append(alias["alias"])
    for row, area in enumerate(plan.areas, 1):
        sheet.write_string(row, 0, area["municipality_code"], formats["cell"])
        sheet.write_string(row, 1, area["name"])
        sheet.write_string(row, 2, "; ".join(spellings.get(area["area_id"], [])))
    codes = sorted({area["municipality_code"] for area in plan.areas})
    for row, code in enumerate(codes, 1):
        sheet.write_string(row, 4, code, formats["cell"])
    sheet.write_string(0, 6, "Status", formats["required"])
    sheet.write_string(0, 7, "Betyder", formats["required"])
    statuses = [(label, of) for c in plan.columns if c.to == "status" for label, of in c.values.items()]
    for row, (label, code) in enumerate(statuses, 1):
        sheet.write_string(row, 6, label)
        sheet.write_string(row, 7, STATUSES[code])
    sheet.freeze_panes(1, 0)
    return {
        "municipality": f"='{CODES}'!$E$2:$E${len(codes) + 1}",
        "area": f"='{CODES}'!$B$2:$B${len(plan.areas) + 1}",
    }
