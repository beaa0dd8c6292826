"""The workbook of an extract: a front page, contents and notes, then one table on each sheet.

It follows the British Government Analysis Function's guidance on accessible spreadsheets: each sheet has its title in
A1, one named table with a head, no merged cells, no empty cells within a table, and marks in brackets that the notes
explain. Shares stand as numbers beside a unit, not as Excel's percent: a column holds indicators of many units, and
43,0 is what the reader types and compares. Numbers have the decimals that are shown everywhere else.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from flows.core import files
from flows.extracts import criteria, csv_list, findings, matrix, phrases, texts, words
from flows.extracts.matrix import MatrixColumn, MatrixRow
from flows.extracts.model import Area, ClearedFigure, Criterion, Extract, Other, Place, TargetLine, Watch
from flows.extracts.workbook_charts import SHEET as DRAWN
from flows.extracts.workbook_charts import Charts, caveats
from flows.present import danish
from flows.present.excel import FONT, Cell, ExcelColumn, ExcelTable, Formats, add_table, lines_of
from flows.present.vocabulary import KINDS, NOT_MEASURABLE, SIGNS, VERDICTS
from schemas import labels
from schemas.indicators import Indicator
from schemas.registry import Registry

OVERVIEW, FRONT, CONTENTS, NOTES = "Overblik", "Forside", "Indhold", "Noter"
# Colours of the overview's shades; each has a sign beside it.
SHADES = {"met": "#D2D2D2", "worst": "#A9C3DE", "poor": "#DBE7F2"}
KEY_FIGURES, TOGETHER, TWINS, BOUNDARIES = "Hovedtal", "Kommune og land", "Tvillinger", "Andre afgrænsninger"
CRITERIA, TARGETS = "Kriterier", "Mål"
DEFINITIONS, CHANGES, ALL = "Definitioner", "Ændringer", "Alle tal"
# Excel keeps 'History' for itself.
TAKEN = {"history"}
LONGEST_NAME = 31
# Widths that go on a page of A4 across at full size, margins left out; fonts differ from one program to another.
PAGE_WIDTH = 104


def write(extract: Extract, registry: Registry, file: Path) -> None:
    """Write the workbook of the extract; the same extract gives the same bytes.

    A figure with a mark has its code in its cell and no number anywhere; it is left out of charts, which keep a gap.
    """
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {
            "title": f"{extract.name}: tal for {extract.year}",
            "subject": f"{_marks(extract)}, udgivelse {extract.release}",
            "author": "Boligprofil",
            "status": "Godkendt" if extract.is_cleared else "Udkast",
            # No clock: the day on which the year of the figures ended.
            "created": datetime(extract.year, 12, 31, tzinfo=UTC),
        }
    )
    sheets = list(_sheets(extract))
    for place, sheet in enumerate(sheets):
        book.add_worksheet(sheet.name).set_first_sheet() if not place else book.add_worksheet(sheet.name)
    _Maker(book, extract, registry, sheets).make()
    book.close()
    files.write(file, _in_danish(content.getvalue()))


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, its title, what it holds in a sentence, and how it is written.

    `places` are those whose figures through the years it holds, each with the area beside which it stands.
    """

    name: str
    title: str
    says: str
    make: Callable[["_Maker", Any, "Sheet"], None]
    places: Sequence[tuple[Place, Area | None]] = ()


def _sheets(extract: Extract) -> Iterator[Sheet]:
    """The sheets that the extract needs, in their order."""
    span = f"{extract.years[0]}–{extract.years[-1]}"
    title, says = f"{extract.name}: tal for {extract.year}", "Hvad filen er, og hvordan den bruges."
    if extract.areas:
        found = findings.title(extract)
        yield Sheet(OVERVIEW, found, f"Områderne, kommunen og landet i {extract.year}.", _Maker.overview)
    yield Sheet(FRONT, title, says, _Maker.front)
    yield Sheet(CONTENTS, "Indhold", "Alle ark. Tryk på et navn for at gå til arket.", _Maker.contents)
    says = "Hvad mærkerne betyder, hvad der må sammenlignes, og hvem tallene er fra."
    yield Sheet(NOTES, "Noter", says, _Maker.notes)
    if extract.areas:
        says = "Hovedtal for hvert område ved siden af kommunen, landet og tvillingerne."
        yield Sheet(KEY_FIGURES, f"Hovedtal for områderne, {extract.year}", says, _Maker.key_figures)
    named = sheet_names(extract.areas)
    for area in extract.areas:
        says = f"Alle tal for {area.name}, {span}, og diagrammer af hovedtallene."
        yield Sheet(named[area.id], f"{area.name}: alle tal, {span}", says, _Maker.area, ((area, None),))
    says = f"De samme tal for kommunen og for hele landet, {span}, og diagrammer af kommunens hovedtal."
    whole = tuple((place, None) for place in (*extract.municipalities, extract.country))
    yield Sheet(TOGETHER, f"Kommunen og hele landet, {span}", says, _Maker.places, whole)
    # A sheet of nothing but marks would tell no more than the word in each area's own row.
    if any(area.twins.has_any() for area in extract.areas):
        says = "Tal for hvert områdes tvillinger: områder, der lignede det, før helhedsplanen begyndte."
        twins = tuple((area.twins, area) for area in extract.areas)
        yield Sheet(TWINS, f"Områdernes tvillinger, {span}", says, _Maker.places, twins)
    if others := tuple((other, area) for area in extract.areas for other in area.other_boundaries):
        says = "Tal, der er offentliggjort for en anden afgrænsning. De kan ikke sammenlignes med områdets egne."
        yield Sheet(BOUNDARIES, f"Tal for andre afgrænsninger, {span}", says, _Maker.places, others)
    if extract.areas:
        says = "Hvor hvert område ligger ved kriterierne for ministeriets liste over udsatte områder."
        yield Sheet(CRITERIA, "Kriterierne for ministeriets liste", says, _Maker.criteria)
        says = "Helhedsplanernes mål, og hvor tallene står nu."
        yield Sheet(TARGETS, f"Mål i helhedsplanerne, {extract.year}", says, _Maker.targets)
    says = "Hvad hvert tal betyder, hvem det tæller, og hvem der udgiver det."
    yield Sheet(DEFINITIONS, "Definitioner", says, _Maker.definitions)
    says = "Tal, der ikke er, som de var i sidste udgivelse."
    yield Sheet(CHANGES, "Ændringer siden sidste udgivelse", says, _Maker.changes)
    says = "En række for hvert sted, år og tal: til filter og pivottabel."
    yield Sheet(ALL, f"Alle tal på én liste, {span}", says, _Maker.everything)
    says = "De tal, som diagrammerne er tegnet af. Flyt og sortér dem ikke."
    yield Sheet(DRAWN, "Tal bag diagrammerne", says, _Maker.drawn)


def sheet_names(areas: Iterable[Area]) -> dict[str, str]:
    """A sheet's name for each area: what Excel allows, and no name twice, however its letters are written."""
    fixed = (OVERVIEW, FRONT, CONTENTS, NOTES, KEY_FIGURES, TOGETHER, TWINS, BOUNDARIES, CRITERIA, TARGETS, DEFINITIONS)
    taken = {name.casefold() for name in (*fixed, CHANGES, ALL, DRAWN)} | TAKEN
    names: dict[str, str] = {}
    for area in areas:
        plain = " ".join(re.sub(r"[\[\]:*?/\\]", " ", area.name).split()).strip("'") or "Område"
        name, number = plain[:LONGEST_NAME].rstrip(), 1
        while name.casefold() in taken:
            number += 1
            tail = f" {number}"
            name = f"{plain[: LONGEST_NAME - len(tail)].rstrip()}{tail}"
        taken.add(name.casefold())
        names[area.id] = name
    return names


def _marks(extract: Extract) -> str:
    return " · ".join(mark for mark, _ in words.banners(extract))


# Sheets ---------------------------------------------------------------------------------------------------------------


class _Maker:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Any, extract: Extract, registry: Registry, sheets: Sequence[Sheet]) -> None:
        self.book, self.extract, self.registry, self.sheets = book, extract, registry, sheets
        self.formats = Formats(book)
        self.lines: dict[tuple[str, str, str, int], csv_list.ListLine] = {
            (line.place.kind, line.place.id, line.indicator.id, line.figure.year): line
            for line in csv_list.lines(extract, registry)
            if line.belongs_to is None or line.place.kind == "twins"
        }
        # The row of a sheet's table head, counted from 0.
        self.tops = {sheet.name: len(self._above(sheet)) + 2 for sheet in sheets}
        self.charts = Charts(
            book, extract, registry, self.lines, self.tops[DRAWN], _marks(extract), self.formats.of(font_size=10)
        )

    def make(self) -> None:
        for sheet in self.sheets:
            written = self.book.get_worksheet_by_name(sheet.name)
            self._head(written, sheet)
            sheet.make(self, written, sheet)

    def _head(self, written: Any, sheet: Sheet) -> None:
        """The title with the marks of the file, what the marks mean, what the sheet holds, and the way back."""
        large = self.formats.of(bold=True, font_size=14, font_color="#1F4E79")
        loud = self.formats.of(bold=True, font_size=14, font_color="#7F0000")
        marks = _marks(self.extract)
        written.write_rich_string(0, 0, loud, f"{marks}  ", large, sheet.title)
        written.set_row(0, 21)
        if sheet.name == FRONT:
            return
        banners = len(words.banners(self.extract))
        for row, line in enumerate(self._above(sheet)):
            loud = {"bold": True, "font_color": "#7F0000"} if row < banners else {}
            written.write_string(row + 1, 0, line, self.formats.of(font_size=10, **loud))
        link = self.formats.of(font_size=10, font_color="#0563C1", underline=1)
        target = FRONT if sheet.name == CONTENTS else CONTENTS
        row = self.tops[sheet.name] - 1
        written.write_url(row, 0, f"internal:'{target}'!A1", link, f"Til arket {target}", f"Gå til arket {target}")
        written.set_row(row, 18)
        written.set_landscape()
        written.set_paper(9)
        written.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        name = self.extract.name.replace("&", "&&")
        written.set_header(f"&L&8 {name}, {self.extract.year}, udgivelse {self.extract.release}&R&8 {marks}")
        written.set_footer("&L&8 &A&R&8 Side &P af &N")

    def _above(self, sheet: Sheet) -> list[str]:
        """What stands between a sheet's title and the way back: the banners, what it holds, facts of its area."""
        lines = [f"{mark}: {meaning}" for mark, meaning in words.banners(self.extract)]
        # Few rows: all of them stay in sight with the head when a reader scrolls.
        if sheet.places and isinstance(area := sheet.places[0][0], Area):
            return [*lines, " ".join(self._facts(area))]
        return [*lines, texts.since(self.extract) if sheet.name == CHANGES else sheet.says]

    def _table(
        self,
        written: Any,
        sheet: Sheet,
        columns: Sequence[ExcelColumn],
        rows: Sequence[Any],
        decimals: Callable[[Any], int] = lambda row: row.indicator.decimals,
        frozen: int = 0,
        pages: Sequence[int] = (),
        **options: Any,
    ) -> int:
        """Write the sheet's table; its first `frozen` columns stand on every printed page, a page begins at each of
        `pages`. Returns the first row below the table."""
        name = "t_" + re.sub(r"\W", "_", sheet.name)
        table = ExcelTable(name, columns, decimals, frozen, **options)
        add_table(written, self.formats, table, rows, self.tops[sheet.name])
        widths = [column.width for column in columns]
        if pages:
            # The frozen columns are repeated on every page.
            left, edges = sum(widths[:frozen]), (*pages, len(widths))
            parts = [sum(widths[: edges[0]])]
            parts += [left + sum(widths[begin:end]) for begin, end in pairwise(edges)]
            written.set_print_scale(max(10, min(100, int(100 * PAGE_WIDTH / max(parts)))))
            written.set_v_pagebreaks(list(pages))
            written.repeat_columns(0, frozen - 1)
        else:
            written.fit_to_pages(1, 0)
        return self.tops[sheet.name] + max(len(rows), 1) + 1

    # Overview, front, contents, notes

    def overview(self, written: Any, sheet: Sheet) -> None:
        """The areas by criteria and key figures: numbers to count with, each with its sign and its shade."""
        view = matrix.matrix(self.extract, self.registry)
        rows = [*view.rows, *view.wholes, *view.listed]
        columns = [
            ExcelColumn("Sted", 26, lambda row: row.name),
            ExcelColumn("Ministeriets liste", 30, lambda row: "; ".join(row.status) or danish.ABSENT),
            *(
                ExcelColumn(_head(column), 12, partial(self._matrix_value, column=column, at=at), "value")
                for at, column in enumerate(view.columns)
            ),
            *([ExcelColumn("Målene", 26, lambda row: "; ".join(row.goals) or danish.ABSENT)] if view.has_goals else []),
        ]
        below = self._table(written, sheet, columns, rows, _no_decimals, frozen=1)
        for line, row in enumerate(rows, self.tops[sheet.name] + 1):
            for at, (cell, column) in enumerate(zip(row.cells, view.columns, strict=False), 2):
                if cell.value is not None:
                    number = texts.rounded(cell.value, column.indicator)
                    written.write_number(line, at, number, self._shaded(cell.shade, cell.sign, column.indicator))
        text = self.formats.of(font_size=10)
        key = [f"{sign} {meaning}" for _, sign, meaning in view.key]
        for line, note in enumerate([*key, "En plads siger, hvor området ligger, ikke hvorfor."], below + 1):
            written.write_string(line, 0, note, text)
        written.activate()

    def _matrix_value(self, row: MatrixRow, column: MatrixColumn, at: int) -> Cell:
        if row.area:
            return self._shown(row.area.figure(column.indicator.id, self.extract.year))
        return row.cells[at].text if row.cells[at].value is None else row.cells[at].value

    def _shaded(self, shade: str, sign: str, indicator: Indicator) -> Any:
        """The format of a number with its sign before it, which leaves it a number."""
        digits = "#,##0" + (f".{'0' * indicator.decimals}" if indicator.decimals else "")
        look: dict[str, Any] = {"num_format": f'"{sign}  "{digits}' if sign else digits}
        look |= {"bg_color": SHADES[shade]} if shade in SHADES else {}
        look |= {"border": 2, "border_color": "#12395B"} if shade == "best" else {}
        return self.formats.of(**{**FONT, **look})

    # Front, contents, notes

    def front(self, written: Any, sheet: Sheet) -> None:  # noqa: ARG002 - as every sheet is made
        bold = self.formats.of(bold=True, valign="top", font_size=11)
        text = self.formats.of(**_FRONT_TEXT)
        loud = self.formats.of(bold=True, bg_color="#7F0000", font_color="#FFFFFF", valign="top", font_size=11)
        written.set_column(0, 0, 28)
        written.set_column(1, 1, 100)
        written.set_row(0, 24)
        row = 1
        for mark, meaning in words.banners(self.extract):
            written.write_string(row, 0, mark, loud)
            written.write_string(row, 1, danish.sentence(meaning), self.formats.of(**_FRONT_TEXT, bold=True))
            row += 1
        for name, meaning in self._front_lines():
            written.write_string(row, 0, name, bold)
            written.write_string(row, 1, meaning, text)
            written.set_row(row, 15.5 * lines_of(meaning, 94) + 5)
            row += 1
        link = self.formats.of(font_color="#0563C1", underline=1, font_size=11)
        written.write_string(row, 0, "Videre", bold)
        written.write_url(
            row, 1, f"internal:'{CONTENTS}'!A1", link, f"Til arket {CONTENTS}", f"Gå til arket {CONTENTS}"
        )
        written.set_portrait()
        written.set_paper(9)
        written.fit_to_pages(1, 0)
        written.hide_gridlines(2)
        if not self.extract.areas:
            written.activate()

    def _front_lines(self) -> Iterator[tuple[str, str]]:
        extract = self.extract
        first, last = extract.years[0], extract.years[-1]
        yield (
            "Hvad det er",
            f"Tal om de støttede boligområder, år for år fra {first} til {last}, samlet af Boligprofil.",
        )
        yield "For hvem", f"{extract.name} og de helhedsplaner, som sekretariatet samler."
        if extract.areas:
            yield "Boligområder", danish.sentence(danish.listed([area.name for area in extract.areas]))
            if bare := [area.name for area in extract.areas if not area.has_any()]:
                yield "Områder uden tal", f"{danish.sentence(danish.listed(bare))} Hvorfor står på områdets ark."
        else:
            yield "Boligområder", texts.NO_AREAS
        yield "Udgivelse", danish.sentence(extract.release)
        yield "Ændringer", texts.since(extract)
        if extract.areas:
            yield (
                "Begynd her",
                f"Se '{KEY_FIGURES}' for at sammenligne områderne. Gå så til et områdes eget ark: der står alle tal, "
                "år for år, og diagrammer.",
            )
        yield (
            "Regn selv",
            f"Arket '{ALL}' har én række for hvert sted, år og tal. Vælg med knapperne i hovedet, eller lav en "
            "pivottabel: sæt gennemsnit i stedet for sum, og vælg ét tal ad gangen. CSV-filen har flere kolonner.",
        )
        yield (
            "Når der intet tal står",
            "Et mærke i kantet parentes, for eksempel [s], står i stedet for et tal. Det er aldrig et nul. Hvad hvert "
            f"mærke betyder, står på arket '{NOTES}'.",
        )
        yield (
            "Procent",
            "Andele står som tal med enheden ved siden af: 43,0 og %. I Excels egen procent ville de hedde 0,43.",
        )
        yield "Pas på", f"{texts.READING[0][1]} Læs '{NOTES}', før I sammenligner år eller steder."

    def contents(self, written: Any, sheet: Sheet) -> None:
        rows = [other for other in self.sheets if other.name != CONTENTS]
        columns = [
            ExcelColumn("Ark", 34, lambda other: other.name),
            ExcelColumn("Hvad der står", 110, lambda other: other.says),
        ]
        self._table(written, sheet, columns, rows, _no_decimals)
        link = self.formats.of(font_size=10, valign="top", font_color="#0563C1", underline=1)
        for row, other in enumerate(rows, self.tops[sheet.name] + 1):
            target = other.name.replace("'", "''")
            written.write_url(row, 0, f"internal:'{target}'!A1", link, other.name, f"Gå til arket {other.name}")

    def notes(self, written: Any, sheet: Sheet) -> None:
        marks = [(mark.code, mark.label_da, mark.meaning_da) for mark in self.registry.extracts.mark.values()]
        rows = [("Mærke", f"{code} {label}", meaning) for code, label, meaning in (*marks, *texts.NOT_A_MARK)]
        rows += [("Sådan læses tallene", topic, text) for topic, text in texts.reading(self.extract)]
        counted: dict[str, list[str]] = {}
        for definition in texts.define(self.extract, self.registry):
            counted.setdefault(definition.publisher, []).append(definition.label)
        rows += [
            ("Hvem tallene er fra", who.rstrip("."), danish.sentence("; ".join(labels)))
            for who, labels in counted.items()
        ]
        columns = [
            ExcelColumn("Emne", 22, lambda note: note[0]),
            ExcelColumn("Mærke eller ord", 34, lambda note: note[1]),
            ExcelColumn("Betyder", 90, lambda note: note[2]),
        ]
        self._table(written, sheet, columns, rows, _no_decimals)

    # Figures

    def key_figures(self, written: Any, sheet: Sheet) -> None:
        year = self.extract.year
        rows = [
            self.lines["area", area.id, indicator.id, year]
            for indicator in phrases.key_figures(self.extract, self.registry)
            for area in sorted(self.extract.areas, key=lambda area: area.name)
        ]
        columns = [
            ExcelColumn("Hovedtal", 34, lambda line: line.indicator.label_da),
            ExcelColumn("Enhed", 10, lambda line: line.indicator.unit_short_da),
            ExcelColumn("Område", 22, lambda line: line.place.name),
            ExcelColumn(f"Tal {year}", 10, lambda line: self._shown(line.figure), "value"),
            ExcelColumn("Usikkerhed", 18, lambda line: texts.uncertainty(line.figure, line.indicator), "beside"),
            *self._comparisons(),
            ExcelColumn(
                f"Ændring siden {year - 1}", 11, lambda line: _or_dash(line.shown(line.figure.change_year)), "change"
            ),
            ExcelColumn("Ændringens usikkerhed", 17, _change_interval, "beside"),
            ExcelColumn("Retning over fem år", 20, lambda line: texts.direction(line.figure)),
            ExcelColumn("Bemærk", 40, lambda line: csv_list.remarks(line) or danish.ABSENT),
        ]
        self._table(written, sheet, columns, rows, frozen=3, pages=[9])

    def area(self, written: Any, sheet: Sheet) -> None:
        columns = [*self._years(), *self._comparisons(), ExcelColumn("Bemærk", 60, self._remarks)]
        self._through_years(written, sheet, columns, 3, len(self.extract.years) + 5)

    def places(self, written: Any, sheet: Sheet) -> None:
        area = [ExcelColumn("Hører til", 18, lambda line: line.belongs_to.name)] if sheet.places[0][1] else []
        named = [*area, ExcelColumn("Sted", 24, lambda line: line.place.name)]
        frozen = len(named) + 3
        columns = [*named, *self._years(), ExcelColumn("Bemærk", 60, self._remarks)]
        self._through_years(written, sheet, columns, frozen, frozen + len(self.extract.years) + 2)

    def _through_years(
        self, written: Any, sheet: Sheet, columns: Sequence[ExcelColumn], frozen: int, page: int
    ) -> None:
        """Every indicator of the sheet's places, one place after the other, and charts of the first."""
        rows = [
            self._newest(place, beside, indicator)
            for place, beside in sheet.places
            for indicator in texts.by_theme(self.extract, self.registry)
        ]
        below = self._table(written, sheet, columns, rows, frozen=frozen, pages=[page])
        place, beside = sheet.places[0]
        if beside is None:
            self.charts.insert(written, place, below)

    def _newest(self, place: Place, beside: Place | None, indicator: Indicator) -> csv_list.ListLine:
        """The newest figure; one within other boundaries is compared with nothing."""
        known = self.lines.get((place.kind, place.id, indicator.id, self.extract.year))
        if known is not None and known.place is place:
            return known
        figure = place.figure(indicator.id, self.extract.year)
        return csv_list.ListLine(place, beside, figure, indicator, self.registry, ())

    def _years(self) -> list[ExcelColumn]:
        """What an indicator is, its figures through the years, and the newest one's uncertainty and direction."""

        def shown_of(year: int) -> Callable[[csv_list.ListLine], Cell]:
            return lambda line: self._shown(line.place.figure(line.indicator.id, year))

        uncertainty = f"Usikkerhed {self.extract.year}"
        return [
            ExcelColumn("Emne", 22, lambda line: labels.OUTCOME_GROUPS[line.indicator.indicator_group]),
            ExcelColumn("Indikator", 32, lambda line: line.indicator.label_da),
            ExcelColumn("Enhed", 12, lambda line: line.indicator.unit_short_da),
            *(ExcelColumn(str(year), 9, shown_of(year), "value") for year in self.extract.years),
            ExcelColumn(uncertainty, 17, lambda line: texts.uncertainty(line.figure, line.indicator), "beside"),
            ExcelColumn("Retning over fem år", 20, lambda line: texts.direction(line.figure)),
        ]

    def _comparisons(self) -> list[ExcelColumn]:
        """The newest figure's neighbours: the municipality's, the country's and the twins' figure, and the verdicts."""
        heads: tuple[tuple[Other, str, str], ...] = (
            ("municipality", "Kommunen", "kommunen"),
            ("country", "Hele landet", "landet"),
            ("twins", "Tvillingerne", "tvillingerne"),
        )
        columns = []
        for other, head, against in heads:
            columns.append(ExcelColumn(head, 11, partial(self._beside, other=other), "value"))
            columns.append(ExcelColumn(f"Mod {against}", 17, partial(_against, other=other), "beside"))
        return columns

    def _remarks(self, line: csv_list.ListLine) -> str:
        """The caveats and marks of the row's years, years of the same drawn together, and those of the comparisons."""
        years: dict[str, list[int]] = {}
        for year in self.extract.years:
            for caveat in texts.caveats(line.place.figure(line.indicator.id, year), self.registry):
                years.setdefault(caveat, []).append(year)
        remarks = [f"{danish.years(noted)}: {caveat}" for caveat, noted in years.items()]
        return "; ".join((*remarks, *csv_list.limits_beside(line))) or danish.ABSENT

    def _shown(self, figure: ClearedFigure | None) -> Cell:
        """The number, or the code of the mark in its place; a dash where there is no figure."""
        if figure is None:
            return danish.ABSENT
        return self._number(figure.value, figure.mark, self.registry.indicators[figure.indicator])

    def _number(self, number: float | None, mark: str | None, indicator: Indicator | None) -> Cell:
        """A number, the code of the mark in its place, or a dash where there is neither."""
        if mark:
            return self.registry.extracts.mark[mark].code
        return danish.ABSENT if number is None or indicator is None else texts.rounded(number, indicator)

    def _beside(self, line: csv_list.ListLine, other: Other) -> Cell:
        """The number compared with; where there is none, its mark, or a dash where it does not compare."""
        number, beside = csv_list.beside_value(line, other), line.beside(other)
        if number is not None:
            return number
        return self._shown(beside) if beside and beside.mark else danish.ABSENT

    def _facts(self, area: Area) -> Iterator[str]:
        if area.dwellings is not None:
            size = f" (størrelse: {words.band('size_band', area.size_band, self.registry)})" if area.size_band else ""
            yield f"Lejemål: {danish.number(area.dwellings)}{size}."
        if area.funding_band:
            yield f"Bevilling: {words.band('funding_band', area.funding_band, self.registry)}"
        if area.plans:
            yield f"{'Plan' if len(area.plans) == 1 else 'Planer'}: {danish.listed(area.plans)}."
        yield (
            "Diagrammer står under tabellen."
            if area.has_any()
            else "Ingen tal om området kan vises; hvorfor står i hver række."
        )

    # Criteria and targets

    def criteria(self, written: Any, sheet: Sheet) -> None:
        rows = [
            (area, watch, criterion, self.registry.indicators[criterion.indicator])
            for area in self.extract.areas
            for watch in area.watches
            for criterion in watch.every_criterion()
        ]
        columns = [
            ExcelColumn("Område", 22, lambda row: row[0].name),
            ExcelColumn("Kriterium", 34, lambda row: row[3].label_da),
            ExcelColumn("Enhed", 10, lambda row: row[3].unit_short_da),
            ExcelColumn("Listens år", 8, lambda row: row[1].year, "year"),
            ExcelColumn("Liste", 18, lambda row: row[1].list_name),
            ExcelColumn("Krav", 22, lambda row: _demand(row[2], row[3]), "beside"),
            ExcelColumn("Områdets tal", 11, lambda row: self._number(row[2].value, row[2].mark, row[3]), "value"),
            ExcelColumn("Opfyldt", 14, lambda row: _yes_or_no(row[2].is_met), "beside"),
            ExcelColumn(
                "Afstand til grænsen", 11, lambda row: self._number(row[2].distance, row[2].mark, row[3]), "change"
            ),
            ExcelColumn("Kan én husstand flytte det", 15, lambda row: _yes_or_no(row[2].is_near), "beside"),
            ExcelColumn("Samlet krav", 34, lambda row: _rule(row[1])),
            ExcelColumn("Opfylder reglen", 13, lambda row: _yes_or_no(row[1].meets_rule)),
            ExcelColumn("Kan én husstand vende svaret", 15, lambda row: _yes_or_no(row[1].could_flip)),
            ExcelColumn("På ministeriets liste", 15, lambda row: _yes_or_no(row[1].on_list, "ikke nævnt i afskriften")),
            ExcelColumn("Bemærk", 44, lambda row: self._on_criterion(*row[:3])),
        ]
        nothing = "Intet område er sammenlignet med kriterierne i denne udgivelse."
        self._table(written, sheet, columns, rows, lambda row: row[3].decimals, frozen=3, pages=[9], nothing=nothing)

    def _on_criterion(self, area: Area, watch: Watch, criterion: Criterion) -> str:
        remarks = [self.registry.extracts.mark[criterion.mark].label_da] if criterion.mark else []
        own = area.figures.get((criterion.indicator, watch.year))
        if own and not own.mark and not criterion.mark:
            remarks += texts.caveats(own, self.registry)
        remarks.append(f"en husstand er regnet som {danish.many(watch.household, 'person', 'personer')}")
        return "; ".join(remarks)

    def targets(self, written: Any, sheet: Sheet) -> None:
        rows = [
            (area, target, self.registry.indicators[target.indicator] if target.indicator else None)
            for area in self.extract.areas
            for target in area.targets
        ]
        columns = [
            ExcelColumn("Område", 20, lambda row: row[0].name),
            ExcelColumn("Helhedsplan", 22, lambda row: row[1].plan),
            ExcelColumn("Nr.", 6, lambda row: row[1].number),
            ExcelColumn("Mål", 30, lambda row: row[1].goal or GOAL_LEFT_OUT),
            ExcelColumn("Måles ved", 26, lambda row: _measure(row[2])),
            ExcelColumn("Vej", 11, lambda row: _WAYS.get(row[1].direction, danish.ABSENT)),
            ExcelColumn("Startår", 8, lambda row: _or_dash(row[1].start_year), "year"),
            ExcelColumn("Tal i startåret", 10, lambda row: self._shown(row[1].start), "value"),
            ExcelColumn("Målår", 8, lambda row: _or_dash(row[1].target_year), "year"),
            ExcelColumn("Målværdi", 10, lambda row: self._number(row[1].target_value, None, row[2]), "value"),
            ExcelColumn("Nyeste tal", 10, lambda row: self._shown(row[1].newest), "value"),
            ExcelColumn("Nyeste tals år", 8, lambda row: _or_dash(row[1].newest and row[1].newest.year), "year"),
            ExcelColumn("Ventet på vejen", 10, lambda row: self._number(row[1].expected, None, row[2]), "value"),
            ExcelColumn("Vurdering", 18, lambda row: _verdict(row[1]), "beside"),
            ExcelColumn("Slags vurdering", 18, lambda row: KINDS.get(row[1].verdict_kind, danish.ABSENT)),
            ExcelColumn("Bemærk", 50, lambda row: self._on_target(row[1])),
        ]

        def decimals(row: tuple[Area, TargetLine, Indicator | None]) -> int:
            return row[2].decimals if row[2] else 0

        nothing = "Ingen helhedsplan i områderne har sendt mål."
        self._table(written, sheet, columns, rows, decimals, frozen=3, pages=[7], nothing=nothing)

    def _on_target(self, target: TargetLine) -> str:
        remarks = ["EKSEMPEL, skrevet af Boligprofil"] if target.is_example else []
        if target.not_measurable_because:
            remarks.append(NOT_MEASURABLE.get(target.not_measurable_because, target.not_measurable_because))
        for figure in (target.start, target.newest):
            if figure is not None:
                remarks += [f"{figure.year}: {caveat}" for caveat in texts.caveats(figure, self.registry)]
        return "; ".join(dict.fromkeys(remarks)) or danish.ABSENT

    # Words

    def definitions(self, written: Any, sheet: Sheet) -> None:
        columns = [
            ExcelColumn("Emne", 18, lambda definition: definition.theme),
            ExcelColumn("Indikator", 30, lambda definition: definition.label),
            ExcelColumn("Betyder", 46, lambda definition: definition.definition),
            ExcelColumn("Hvem der tælles", 24, lambda definition: definition.counted),
            ExcelColumn("Enhed", 16, lambda definition: definition.unit),
            ExcelColumn("God vej", 26, lambda definition: definition.good),
            ExcelColumn("Usikkerhed", 24, lambda definition: definition.uncertainty),
            ExcelColumn("Udgiver", 26, lambda definition: definition.publisher),
            ExcelColumn("Kan årene sammenlignes", 36, lambda definition: definition.comparable),
        ]
        self._table(written, sheet, columns, texts.define(self.extract, self.registry), _no_decimals, frozen=2)

    def changes(self, written: Any, sheet: Sheet) -> None:
        changes = texts.in_order(self.extract, self.registry)
        rows = [(change, self.registry.indicators[change.indicator]) for change in changes]
        columns = [
            ExcelColumn("Sted", 28, lambda row: row[0].place),
            ExcelColumn("Hvad der skete", 28, lambda row: texts.happened(row[0])),
            ExcelColumn("Indikator", 44, lambda row: row[1].label_da),
            ExcelColumn("Enhed", 14, lambda row: row[1].unit_short_da),
            ExcelColumn("År", 8, lambda row: row[0].year, "year"),
            ExcelColumn("Før", 14, lambda row: self._number(row[0].before, row[0].before_mark, row[1]), "value"),
            ExcelColumn("Nu", 14, lambda row: self._number(row[0].now, row[0].now_mark, row[1]), "value"),
        ]
        self._table(written, sheet, columns, rows, lambda row: row[1].decimals, nothing="Ingen ændringer.")

    def everything(self, written: Any, sheet: Sheet) -> None:
        """All figures on one list. Twins stand beside each figure there, and on a sheet of their own."""

        def content(field: csv_list.Field) -> Callable[[csv_list.ListLine], Cell]:
            if field.head == "Tal":
                return lambda line: self._shown(line.figure)
            return lambda line: _or_dash(field.content(line))

        columns = [
            ExcelColumn(field.head, field.width, content(field), field.kind)
            for field in csv_list.FIELDS
            if field.in_book
        ]
        rows = list(csv_list.lines(self.extract, self.registry, with_twins=False))
        self._table(written, sheet, columns, rows, frozen=2)

    def drawn(self, written: Any, sheet: Sheet) -> None:
        columns = [
            ExcelColumn("Sted", 26, lambda line: line.place.name),
            ExcelColumn("Hovedtal", 36, lambda line: line.indicator.label_da),
            ExcelColumn("Enhed", 12, lambda line: line.indicator.unit_short_da),
            ExcelColumn("År", 8, lambda line: line.figure.year, "year"),
            ExcelColumn("Stedets tal", 12, lambda line: self._shown(line.figure), "value"),
            ExcelColumn("Usikkerhed fra", 12, lambda line: _or_dash(line.shown(line.figure.ci_low)), "value"),
            ExcelColumn("Usikkerhed til", 12, lambda line: _or_dash(line.shown(line.figure.ci_high)), "value"),
            ExcelColumn("Kommunen", 12, lambda line: self._drawn_beside(line, "municipality"), "value"),
            ExcelColumn("Hele landet", 12, lambda line: self._drawn_beside(line, "country"), "value"),
            ExcelColumn("Bemærk", 60, lambda line: "; ".join(caveats(line)) or danish.ABSENT),
        ]
        nothing = "Der er ingen diagrammer."
        self._table(written, sheet, columns, self.charts.lines, is_filtered=False, nothing=nothing)

    def _drawn_beside(self, line: csv_list.ListLine, other: Other) -> Cell:
        """The figure of the municipality or country; the number of people in a country is no measure for an area."""
        return self._shown(line.beside(other)) if line.indicator.kind != "count" else danish.ABSENT


_FRONT_TEXT = {"text_wrap": True, "valign": "top", "align": "left", "font_size": 11}
GOAL_LEFT_OUT = "udeladt: målets ord kunne røbe et tal, der ikke er vist"
_WAYS = {"up": "skal stige", "down": "skal falde"}


def _or_dash(content: Any) -> Cell:
    return danish.ABSENT if content is None else content


def _no_decimals(_: Any) -> int:
    return 0


def _change_interval(line: csv_list.ListLine) -> str:
    change = line.figure.change("year")
    if line.figure.mark or change is None:
        return csv_list.why_no_change(line, "year") or danish.ABSENT
    low, high = change.interval or (None, None)
    known = danish.span(line.shown(low), line.shown(high), line.indicator)
    return phrases.NO_INTERVAL if known == danish.ABSENT else known


def _against(line: csv_list.ListLine, other: Other) -> str:
    """How the figure compares; a dash where the mark beside it says why it does not."""
    beside = line.beside(other)
    is_marked = beside is not None and bool(beside.mark)
    return danish.ABSENT if is_marked else csv_list.against(line, other) or danish.ABSENT


def _yes_or_no(answer: bool | None, unknown: str = "kan ikke siges") -> str:
    return unknown if answer is None else "ja" if answer else "nej"


def _demand(criterion: Criterion, indicator: Indicator) -> str:
    # The threshold is the law's own number: its decimals, not the indicator's.
    digits = len(f"{criterion.threshold or 0:g}".partition(".")[2])
    return criteria.limit(criterion, f"{danish.number(criterion.threshold, digits)} {indicator.unit_short_da}")


def _rule(watch: Watch) -> str:
    parts = [f"mindst {watch.needed} af {len(watch.criteria)} kriterier"] if watch.criteria else []
    parts += ["de kriterier, der altid skal være opfyldt"] if watch.always else []
    if watch.requirement:
        parts.append(f"på listen »{watch.requirement.list_name}« i {danish.many(watch.requirement.years, 'år', 'år')}")
    return ", og ".join([*parts, *(["nok beboere"] if watch.size else [])])


def _measure(indicator: Indicator | None) -> str:
    return f"{indicator.label_da} ({indicator.unit_short_da})" if indicator else "intet tal"


def _verdict(target: TargetLine) -> str:
    if target.is_withdrawn:
        return "opgivet af planen"
    if target.verdict:
        return f"{SIGNS[target.verdict]} {VERDICTS[target.verdict]}"
    return "følges ikke med tal" if target.indicator is None else "ingen vurdering"


def _head(column: MatrixColumn) -> str:
    return f"{column.head} ({column.demand})" if column.demand else column.head


# The file -------------------------------------------------------------------------------------------------------------


def _in_danish(content: bytes) -> bytes:
    """The workbook with Danish named as its language, which XlsxWriter has no way to say."""
    danish_content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(danish_content, "w", zipfile.ZIP_DEFLATED) as danish_file,
    ):
        for part in given.infolist():
            xml = given.read(part)
            if part.filename == "docProps/core.xml":
                xml = xml.replace(b"</cp:coreProperties>", b"<dc:language>da-DK</dc:language></cp:coreProperties>")
            elif part.filename.startswith(("xl/charts/", "xl/drawings/")):
                xml = re.sub(rb'(<c:lang val|lang)="en-US"', rb'\1="da-DK"', xml)
            danish_file.writestr(part, xml)
    return danish_content.getvalue()
