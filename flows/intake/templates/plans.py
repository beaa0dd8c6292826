"""The workbooks that plans and area secretariats fill in: targets, activities, and the indicators that they share.

Sheets: 'Følgeseddel', the rows ('Mål', 'Aktiviteter' or 'Fælles indikatorer'), 'Vejledning', 'Koder' with every list.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from flows.intake.templates import plan_cells, plan_words, workbook
from flows.intake.templates.plan_cells import Grid
from flows.intake.templates.workbook import CODES, GUIDE, LAST, Book, Guidance
from schemas import labels
from schemas.indicators import Indicator
from schemas.model import Years
from schemas.registry import Registry
from schemas.sources import LayoutColumn

TARGETS, ACTIVITIES, SHARED = SOURCES = ("plan_targets", "plan_activities", "secretariat_indicators")
TITLES = {
    TARGETS: "Helhedsplaners mål",
    ACTIVITIES: "Helhedsplaners aktiviteter",
    SHARED: "Områdesekretariaters fælles indikatorer",
}
ROWS = {TARGETS: "Mål", ACTIVITIES: "Aktiviteter", SHARED: "Fælles indikatorer"}
# A column that stays in sight with those before it, so that a row keeps its name.
FROZEN = {TARGETS: "target_no", ACTIVITIES: "activity"}
WIDTHS = {
    "plan_name": 26,
    "municipality_code": 12,
    "target_no": 8,
    "parent_no": 10,
    "set_by": 20,
    "effort_area_id": 28,
    "goal": 44,
    "indicator": 40,
    "not_measurable_because": 28,
    "target_population": 26,
    "area_id": 22,
    "is_withdrawn": 9,
    "activity": 28,
    "step": 40,
    "secretariat_id": 34,
}
# Rows in which the secretariat fills itself in.
AGREEMENTS = 30

HEADS = {
    "header": "Kolonne",
    "required": "Skal udfyldes",
    "holds": "Hvad der skal stå",
    "also_read": "Andre navne, der også læses",
}
GUIDE_WIDTHS = (28, 30, 100, 30)

# Title, defined names by column, heads and rows of a list on 'Koder'.
List = tuple[str, Mapping[int, str], Sequence[str], Sequence[Sequence[str | float]]]
CODE_WIDTHS = (62, 30, 46, 84, 24, 10, 12, 28)


def write(file: Path, registry: Registry, source: str, municipality_code: str | None = None) -> None:
    """Write the workbook of one of SOURCES; with a municipality, its lists hold only that one's places.

    For shared indicators the municipality's secretariat is filled in. Raises ValueError where nothing of the
    municipality is known: no area, or no area secretariat.
    """
    layout = registry.layout_of(source)
    whose = f", kommune {municipality_code}" if municipality_code else ""
    secretariats = _secretariats(registry, municipality_code) if source == SHARED else []
    areas = [] if source == SHARED else workbook.areas_of(registry, municipality_code)
    years = registry.sources[source].years
    assert years is not None, "the sources of plans have their years"
    grid = Grid.of(layout, years)
    titled = TITLES[source] + whose
    with workbook.opened(file, titled, ROWS[source]) as book:
        _write_codes(book, registry, source, areas, secretariats)
        workbook.write_note(book, titled, layout.columns, 0, plan_words.NOTE_WORDS, layout.missing)
        names = [column.to for column in layout.columns]
        workbook.write_rows(
            book,
            layout.columns,
            plan_cells.rules(source, grid),
            styles=plan_cells.styles(layout.columns),
            widths={c.headers[0]: width for c in layout.columns if (width := WIDTHS.get(c.to or ""))},
            head=32,
            frozen=names.index(FROZEN[source]) + 1 if source in FROZEN else 0,
        )
        for letter in (grid.letter(name) for name in ("target_no", "parent_no") if name in grid.at):
            book.sheets[book.rows].ignore_errors({"number_stored_as_text": f"{letter}2:{letter}{LAST}"})
        plan_cells.paint(book, source, grid)
        if municipality_code and secretariats:
            _fill_in(book, secretariats[0]["name_da"])
        _write_guide(book, titled, source, guidance(registry, source))


def guidance(registry: Registry, source: str) -> list[Guidance]:
    """Guidance for every column of one of SOURCES, in its order."""
    layout, span = registry.layout_of(source), registry.sources[source].years
    return [
        Guidance(
            header=column.headers[0],
            also_read=column.headers[1:],
            required=(plan_words.REQUIRED if source == TARGETS else {}).get(
                column.to or "", workbook.required(column, layout, registry)
            ),
            holds=_holds(column, plan_words.HOLDS[source][column.to or ""], span),
        )
        for column in layout.columns
    ]


def _holds(column: LayoutColumn, holds: str, span: Years | None) -> str:
    years = f" ({span.first}-{span.last or ''})" if span else ""
    chosen = f" Et af: {'; '.join(column.values)}." if column.values else ""
    return holds.format(years=years, separator=column.separator) + chosen


def _secretariats(registry: Registry, municipality_code: str | None) -> list[dict[str, str]]:
    known = registry.codes["secretariats"]
    found = [row for row in known if municipality_code in (None, row["municipality_code"])]
    if not found:
        codes = ", ".join(row["municipality_code"] for row in known)
        raise ValueError(
            f"no area secretariat of municipality {municipality_code!r} is in codes/secretariats.csv; there are "
            f"those of {codes}"
        )
    return found


# Sheets ---------------------------------------------------------------------------------------------------------------


def _fill_in(book: Book, secretariat: str) -> None:
    """The secretariat's name in every row that has something beside it."""
    sheet = book.sheets[book.rows]
    for row in range(2, AGREEMENTS + 2):
        sheet.write_formula(f"A{row}", f'=IF(COUNTA(B{row}:E{row})>0,"{secretariat}","")', book.formats["text"], "")


def _write_guide(book: Book, title: str, source: str, columns: Sequence[Guidance]) -> None:
    sheet, formats = book.sheets[GUIDE], book.formats
    for place, width in enumerate(GUIDE_WIDTHS):
        sheet.set_column(place, place, width)
    sheet.write_string(0, 0, title, formats["title"])
    row = 2
    for heading, lines in plan_words.SECTIONS[source].items():
        sheet.write_string(row, 0, heading, formats["heading"])
        for below, line in enumerate(lines, row + 1):
            sheet.write_string(below, 0, line)
        row += len(lines) + 2
    sheet.write_string(row, 0, f"Farver på arket '{book.rows}'", formats["heading"])
    colours = [name for name in plan_words.COLOURS if name != "unused" or source == TARGETS]
    for below, name in enumerate(colours, row + 1):
        for place, text in enumerate(plan_words.COLOURS[name]):
            sheet.write_string(below, place, text, None if place else formats[name])
    row += len(colours)
    sheet.write_string(row + 2, 0, "Kolonnerne", formats["heading"])
    workbook.write_guidance(book, row + 3, columns, HEADS, GUIDE_WIDTHS)


def _write_codes(
    book: Book,
    registry: Registry,
    source: str,
    areas: Sequence[Mapping[str, str]],
    secretariats: Sequence[Mapping[str, str]],
) -> None:
    """Every list of the workbook, one below the other, each under the name by which the checks of cells know it."""
    sheet, row = book.sheets[CODES], 0
    for place, width in enumerate(CODE_WIDTHS):
        sheet.set_column(place, place, width)
    for title, names, heads, rows in _lists(registry, source, areas, secretariats):
        sheet.write_string(row, 0, title, book.formats["heading"])
        below = workbook.write_table(book, CODES, row + 1, heads, rows, CODE_WIDTHS)
        for place, name in names.items():
            column = xl_col_to_name(place)
            book.book.define_name(name, f"='{CODES}'!${column}${row + 3}:${column}${below}")
        row = below + 1
    # Offered where a cell must stay empty.
    book.book.define_name(plan_cells.NOTHING, f"='{CODES}'!${xl_col_to_name(len(CODE_WIDTHS) + 1)}$1")


def _lists(
    registry: Registry,
    source: str,
    areas: Sequence[Mapping[str, str]],
    secretariats: Sequence[Mapping[str, str]],
) -> Iterator[List]:
    """Title, defined names by column, heads and rows of each list."""
    if source == SHARED:
        named = [(row["name_da"], row["municipality_code"]) for row in secretariats]
        yield "Områdesekretariater", {0: plan_cells.SECRETARIATS}, ("Sekretariat", "Kommunekode"), named
    else:
        themes = [(row["name_da"],) for row in registry.codes["effort_areas"]]
        yield "Indsatsområder", {0: plan_cells.EFFORTS}, ("Indsatsområde",), themes
    if source == TARGETS:
        reasons = [
            (label,)
            for c in registry.layout_of(source).columns
            if c.to == "not_measurable_because"
            for label in c.values
        ]
        yield "Hvorfor et mål ikke kan måles", {0: plan_cells.WHY_NOT}, ("Grund",), reasons
    yield (
        "Tal at vælge imellem",
        {0: plan_cells.INDICATORS, 5: plan_cells.LOWEST, 6: plan_cells.HIGHEST, 7: plan_cells.IDENTIFIERS},
        ("Tal (indikator)", "Hører til", "Tæller blandt", "Hvad det er", "Enhed", "Lavest", "Højest", "Betegnelse"),
        [
            (
                indicator.label_da,
                labels.OUTCOME_GROUPS[indicator.indicator_group or "background"],
                indicator.population_da,
                indicator.definition_da,
                indicator.unit_da,
                *workbook.range_of(indicator),
                indicator.id,
            )
            for indicator in _indicators(registry)
        ],
    )
    if source == ACTIVITIES:
        yield (
            "Skridt: Boligprofils forslag til, hvad der skal ske først",
            {0: plan_cells.STEPS},
            ("Skridt", "Indsatsområde", "Aktiviteter kan fx være", "Tal, som skridtet er tænkt at flytte"),
            list(_steps(registry)),
        )
    if areas:
        others = workbook.spellings(registry)
        codes = sorted({area["municipality_code"] for area in areas})
        yield "Kommuner", {0: plan_cells.MUNICIPALITIES}, ("Kommunekode",), [(code,) for code in codes]
        yield (
            "Boligområder",
            {0: plan_cells.AREAS},
            ("Boligområde", "Kommunekode", "Læses også som"),
            [(area["name"], area["municipality_code"], others.get(area["area_id"], "")) for area in areas],
        )


def _steps(registry: Registry) -> Iterator[tuple[str, ...]]:
    themes = {row["effort_area_id"]: row["name_da"] for row in registry.codes["effort_areas"]}
    for step in registry.change_theory.step.values():
        labels = (registry.indicators[indicator].label_da for indicator in step.indicators)
        yield step.label_da, themes[step.effort_area], "; ".join(step.activities), "; ".join(labels)


def _indicators(registry: Registry) -> list[Indicator]:
    """The indicators of areas by outcome group, background last."""
    order = list(labels.OUTCOME_GROUPS)
    return sorted(
        (indicator for indicator in registry.indicators.values() if indicator.of_areas),
        key=lambda i: (i.indicator_group == "background", order.index(i.indicator_group or "background")),
    )
