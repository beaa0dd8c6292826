"""The workbook that a municipality fills in: its yearly figures, with guidance and control totals, from the registry.

Sheets: 'Følgeseddel' (the delivery note, whose totals are formulas), 'Årstal' (the figures), 'Vejledning', 'Koder'.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from flows.intake.cast import NUMBERS
from flows.intake.templates import workbook
from flows.intake.templates.workbook import CODES, GUIDE, LAST, NO_PERSONS, NOTE, Book, Guidance, Rule
from schemas import labels
from schemas.indicators import Indicator
from schemas.registry import Registry
from schemas.sources import Layout, LayoutColumn, Source

SOURCE = "municipal_yearly"
FIGURES = "Årstal"
REASONS = {
    "withheld_by_source": "tallet er ukendt, eller I må ikke oplyse det (hemmeligholdt)",
    "withdrawn_by_source": "et tal, I har leveret før, var forkert og gælder ikke mere, og I har ikke et nyt",
    "not_delivered": "I leverer ikke tallet: det, I har leveret før, gælder stadig",
}
STATUSES = {
    "final": "tallet bliver ikke ændret",
    "provisional": "tallet kan blive ændret, når det er gjort endeligt op",
    "estimated": "tallet er beregnet eller anslået, ikke talt op",
}
NOTE_WORDS = {
    "kilde": "Hvor tallene kommer fra, med jeres egne ord. Nævn gerne kommunen og registeret.",
    "udgivet": "Dagen, tallene er gjort op (åååå-mm-dd). Her står dags dato; skriv over, hvis den er forkert.",
    "oprindelse": "real: virkelige tal. Skriv syntetisk, hvis tallene er opdigtede, fx til en prøve.",
    "afsender": "Forvaltning eller kontor. Skriv ikke navne på personer.",
}
HEADS = {
    "header": "Kolonne",
    "required": "Skal udfyldes",
    "holds": "Hvad der skal stå",
    "out_of": "Regnes ud af",
    "unit": "Enhed",
    "also_read": "Andre navne, der også læses",
}
WIDTHS = (44, 16, 70, 44, 22, 44)

Parts = Mapping[Literal["value", "numerator", "denominator"], str]


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

    @property
    def says(self) -> str:
        whose = f", kommune {self.municipality_code}" if self.municipality_code else ""
        return "Kommuneårstal" + (f" {self.year}" if self.year else "") + whose


def write(file: Path, registry: Registry, municipality_code: str | None = None, year: int | None = None) -> None:
    """Write the template workbook for the yearly figures of a municipality, or of any where no code is given.

    With a code, 'Årstal' begins with one row per known area of the municipality, in which `year` is filled in.
    Raises ValueError where no area of the municipality is known, or the source does not take the year.
    """
    plan = _plan(registry, municipality_code, year)
    with workbook.opened(file, plan.says, FIGURES) as book:
        lists = _write_codes(book, plan)
        workbook.write_note(book, plan.says, plan.columns, len(plan.rows), NOTE_WORDS, plan.layout.missing)
        area = next((place for place, column in enumerate(plan.columns, 1) if column.type == "area"), 0)
        headers = {column.headers[0]: column for column in plan.columns}
        rules = {
            header: rule
            for place, (header, column) in enumerate(headers.items())
            if (rule := _validation(column, xl_col_to_name(place), plan, lists))
        }
        styles = {header: "cell" for header, column in headers.items() if column.type == "municipality"}
        styles |= {header: "value" for header, column in headers.items() if column.type == "decimal"}
        workbook.write_rows(book, plan.columns, rules, plan.rows, styles, frozen=area)
        for place, column in enumerate(plan.columns):
            if column.type == "decimal":
                workbook.warn_of_percentages(book, place)
        _write_guide(book, plan)


def guidance(registry: Registry, year: int | None = None) -> list[Guidance]:
    """Guidance for every column of the template, in its order."""
    source, layout = registry.sources[SOURCE], registry.layout_of(SOURCE)
    columns = _columns(layout, year)
    return [_guidance(column, columns, source, registry) for column in columns]


def _plan(registry: Registry, municipality_code: str | None, year: int | None) -> _Plan:
    source, layout = registry.sources[SOURCE], registry.layout_of(SOURCE)
    if year is not None and source.years and year not in source.years:
        raise ValueError(f"{year} is no year of '{SOURCE}': it takes {source.years.first}-{source.years.last or ''}")
    areas = workbook.areas_of(registry, municipality_code)
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


# Guidance -------------------------------------------------------------------------------------------------------------


def _guidance(column: LayoutColumn, columns: Sequence[LayoutColumn], source: Source, registry: Registry) -> Guidance:
    indicator = registry.indicators[column.indicator] if column.indicator else None
    parts = {other.part: other.headers[0] for other in columns if indicator and other.indicator == indicator.id}
    return Guidance(
        header=column.headers[0],
        also_read=column.headers[1:],
        required=workbook.required(column, registry.layout_of(source.id), registry),
        holds=_holds_figures(column, indicator, parts) if indicator else _holds(column, source),
        out_of=_out_of(column, indicator, parts) if indicator else "",
        unit=_unit(column, indicator) if indicator else "",
    )


def _holds(column: LayoutColumn, source: Source) -> str:
    match column.type:
        case "year":
            years = f" ({source.years.first}-{source.years.last or ''})" if source.years else ""
            return f"Det år, tallene gælder, med fire cifre{years}."
        case "code":
            return f"{'; '.join(_meanings(column))}."
        case _:
            return workbook.PLACES.get(column.type, "")


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
    match column.part:
        case "denominator":
            return "antal"
        case "numerator":
            return f"antal {labels.COUNTED[indicator.count_basis][1]}"
        case _:
            return indicator.unit_da


# Sheets ---------------------------------------------------------------------------------------------------------------


def _validation(column: LayoutColumn, name: str, plan: _Plan, lists: Mapping[str, str]) -> Rule | None:
    """What Excel lets into the cells of a column; a name of a place is only warned about: others are read too."""
    if column.type in NUMBERS and column.indicator:
        low: float = 0
        high: float | None = None
        if column.part == "value":
            low, high = workbook.range_of(plan.registry.indicators[column.indicator])
        return workbook.number_rule(f"{name}2", column.type == "integer", low, high, plan.layout)
    if column.type == "year" and plan.source.years:
        return workbook.year_rule(plan.source.years.first, plan.source.years.last or 9999)
    if column.type == "code" and column.values:
        return {
            "validate": "list",
            "source": list(column.values),
            "error_title": "Status",
            "error_message": f"Skriv {' eller '.join(column.values)}.",
        }
    return workbook.place_rule(lists[column.type]) if column.type in lists else None


def _write_guide(book: Book, plan: _Plan) -> None:
    sheet, formats = book.sheets[GUIDE], book.formats
    for place, width in enumerate(WIDTHS):
        sheet.set_column(place, place, width)
    instructions, marks = list(_instructions()), list(_marks(plan.layout))
    sheet.write_string(0, 0, f"{plan.says}: sådan udfyldes skabelonen", formats["title"])
    for row, words in enumerate(instructions, 1):
        sheet.write_string(row, 0, words)
    heading = len(instructions) + 2
    sheet.write_string(heading, 0, "Tegn for tal, der mangler", formats["title"])
    for row, (mark, words) in enumerate(marks, heading + 1):
        sheet.write_string(row, 0, mark, formats["key"])
        sheet.write_string(row, 1, words)
    workbook.write_guidance(book, heading + len(marks) + 2, guidance(plan.registry, plan.year), HEADS, WIDTHS)


def _instructions() -> Iterator[str]:
    yield f"Skriv tallene på arket '{FIGURES}': en række pr. boligområde og år. Der er plads til {LAST - 1} rækker."
    yield "Slet de rækker og kolonner, I ikke leverer. De mørke kolonner skal blive. Tal skal stå på det ene ark."
    yield "Skriv helst antal (de talte og hele gruppen); så regner vi procenten ud. Skriv tal, ikke tal gemt som tekst."
    yield f"Ret arket '{NOTE}' til. Rækker og kontrolsummer regner regnearket selv ud."
    yield NO_PERSONS


def _marks(layout: Layout) -> Iterator[tuple[str, str]]:
    for mark, reason in layout.missing.items():
        yield mark or "(tomt felt)", f"{REASONS[reason]}."
    yield "0", "nul: der er talt op, og der var ingen."
    yield "-", "bruges ikke: en streg kan betyde både nul og ukendt."


def _write_codes(book: Book, plan: _Plan) -> dict[str, str]:
    """The known names and codes; returns the range of the list for each type of column that has one."""
    sheet, formats = book.sheets[CODES], book.formats
    for place, width in enumerate((16, 34, 50, 4, 16, 4, 16, 60)):
        sheet.set_column(place, place, width)
    for place, head in ((0, "Kommunekode"), (1, "Boligområde"), (2, "Læses også som"), (4, "Kommunekoder")):
        sheet.write_string(0, place, head, formats["required"])
    spellings = workbook.spellings(plan.registry)
    for row, area in enumerate(plan.areas, 1):
        sheet.write_string(row, 0, area["municipality_code"], formats["cell"])
        sheet.write_string(row, 1, area["name"])
        sheet.write_string(row, 2, spellings.get(area["area_id"], ""))
    codes = sorted({area["municipality_code"] for area in plan.areas})
    for row, code in enumerate(codes, 1):
        sheet.write_string(row, 4, code, formats["cell"])
    sheet.write_string(0, 6, "Status", formats["required"])
    sheet.write_string(0, 7, "Betyder", formats["required"])
    statuses = [item for column in plan.columns if column.to == "status" for item in column.values.items()]
    for row, (label, code) in enumerate(statuses, 1):
        sheet.write_string(row, 6, label)
        sheet.write_string(row, 7, STATUSES[code])
    sheet.freeze_panes(1, 0)
    return {
        "municipality": f"='{CODES}'!$E$2:$E${len(codes) + 1}",
        "area": f"='{CODES}'!$B$2:$B${len(plan.areas) + 1}",
    }
