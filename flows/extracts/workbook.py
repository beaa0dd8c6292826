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
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from flows.core import files
from flows.extracts import csv_list, phrases, texts, words
from flows.extracts.model import Area, ChangeLine, Criterion, Extract, Figure, Place, TargetLine, Watch
from flows.extracts.workbook_charts import SHEET as DRAWN
from flows.extracts.workbook_charts import Charts, Point, caveats
from flows.present import danish
from flows.present.excel import Cell, ExcelTable, Formats, add_table, lines_of
from flows.present.excel import ExcelColumn as Column
from flows.present.vocabulary import KINDS, NOT_MEASURABLE, SIGNS, VERDICTS
from schemas import labels
from schemas.models import Indicator
from schemas.registry import Registry

FRONT, CONTENTS, NOTES = "Forside", "Indhold", "Noter"
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
            "created": datetime(extract.year, 12, 31),
        }
    )
    sheets = _sheets(extract, registry)
    for place, sheet in enumerate(sheets):
        book.add_worksheet(sheet.name).set_first_sheet() if not place else book.add_worksheet(sheet.name)
    _Maker(book, extract, registry, sheets).make()
    book.close()
    files.write(file, _in_danish(content.getvalue()))


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, its title, what it holds in a sentence, and how it is written."""

    name: str
    title: str
    says: str
    make: Callable[["_Maker", Any, "Sheet"], None]
    place: Place | None = None


@dataclass(frozen=True)
class Row:
    """An indicator at a place through the years; `belongs_to` is the area beside which the place stands."""

    place: Place
    belongs_to: Place | None
    indicator: Indicator
    newest: csv_list.Line


def _sheets(extract: Extract, registry: Registry) -> list[Sheet]:
    """The sheets that the extract needs, in their order."""
    first, last = extract.years[0], extract.years[-1]
    span = f"{first}–{last}"
    front = Sheet(
        FRONT, f"{extract.name}: tal for {extract.year}", "Hvad filen er, og hvordan den bruges.", _Maker.front
    )
    found = [
        front,
        Sheet(CONTENTS, "Indhold", "Alle ark. Tryk på et navn for at gå til arket.", _Maker.contents),
        Sheet(NOTES, "Noter", "Hvad mærkerne betyder, hvad der må sammenlignes, og hvem tallene er fra.", _Maker.notes),
    ]
    if extract.areas:
        said = "De vigtigste tal for hvert område ved siden af kommunen, landet og tvillingerne."
        found.append(Sheet(KEY_FIGURES, f"Hovedtal for områderne, {extract.year}", said, _Maker.key_figures))
    names = _names(extract.areas)
    for area in extract.areas:
        said = f"Alle tal for {area.name}, {span}, og diagrammer af hovedtallene."
        found.append(Sheet(names[area.id], f"{area.name}: alle tal, {span}", said, _Maker.area, area))
    said = f"De samme tal for kommunen og for hele landet, {span}, og diagrammer af kommunens hovedtal."
    found.append(Sheet(TOGETHER, f"Kommunen og hele landet, {span}", said, _Maker.together, extract.municipality))
    if extract.areas:
        said = "Tal for hvert områdes tvillinger: områder, der lignede det, før helhedsplanen begyndte."
        found.append(Sheet(TWINS, f"Områdernes tvillinger, {span}", said, _Maker.twins))
    if any(area.other_boundaries for area in extract.areas):
        said = "Tal, der er offentliggjort for en anden afgrænsning. De kan ikke sammenlignes med områdets egne."
        found.append(Sheet(BOUNDARIES, f"Tal for andre afgrænsninger, {span}", said, _Maker.boundaries))
    if extract.areas:
        said = "Hvor hvert område ligger ved kriterierne for ministeriets liste over udsatte områder."
        found.append(Sheet(CRITERIA, "Kriterierne for ministeriets liste", said, _Maker.criteria))
        said = "Helhedsplanernes mål, og hvor tallene står nu."
        found.append(Sheet(TARGETS, f"Mål i helhedsplanerne, {extract.year}", said, _Maker.targets))
    return [
        *found,
        Sheet(
            DEFINITIONS,
            "Definitioner",
            "Hvad hvert tal betyder, hvem det tæller, og hvem der udgiver det.",
            _Maker.definitions,
        ),
        Sheet(
            CHANGES,
            "Ændringer siden sidste udgivelse",
            "Tal, der ikke er, som de var i sidste udgivelse.",
            _Maker.changes,
        ),
        Sheet(
            ALL,
            f"Alle tal på én liste, {span}",
            "En række for hvert sted, år og tal: til filter og pivottabel.",
            _Maker.everything,
        ),
        Sheet(
            DRAWN,
            "Tal bag diagrammerne",
            "De tal, som diagrammerne er tegnet af. Flyt og sortér dem ikke.",
            _Maker.drawn,
        ),
    ]


def _names(areas: Iterable[Area]) -> dict[str, str]:
    """A sheet's name for each area: what Excel allows, and no name twice, however its letters are written."""
    fixed = (FRONT, CONTENTS, NOTES, KEY_FIGURES, TOGETHER, TWINS, BOUNDARIES, CRITERIA, TARGETS, DEFINITIONS)
    taken = {name.casefold() for name in (*fixed, CHANGES, ALL, DRAWN)} | TAKEN
    found: dict[str, str] = {}
    for area in areas:
        plain = " ".join(re.sub(r"[\[\]:*?/\\]", " ", area.name).split()).strip("'") or "Område"
        name, number = plain[:LONGEST_NAME].rstrip(), 1
        while name.casefold() in taken:
            number += 1
            tail = f" {number}"
            name = f"{plain[: LONGEST_NAME - len(tail)].rstrip()}{tail}"
        taken.add(name.casefold())
        found[area.id] = name
    return found


def _marks(extract: Extract) -> str:
    return " · ".join(mark for mark, _ in words.banners(extract))


# Sheets ---------------------------------------------------------------------------------------------------------------


class _Maker:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Any, extract: Extract, registry: Registry, sheets: Sequence[Sheet]) -> None:
        self.book, self.extract, self.registry, self.sheets = book, extract, registry, sheets
        self.formats = Formats(book)
        self.lines: dict[tuple[str, str, str, int], csv_list.Line] = {
            (line.place.kind, line.place.id, line.indicator.id, line.figure["year"]): line
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
        for row, said in enumerate(self._above(sheet)):
            loud = {"bold": True, "font_color": "#7F0000"} if row < banners else {}
            written.write_string(row + 1, 0, said, self.formats.of(font_size=10, **loud))
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
        said = [f"{mark}: {meaning}" for mark, meaning in words.banners(self.extract)]
        area = next((area for area in self.extract.areas if area is sheet.place), None)
        # Few rows: all of them stay in sight with the head when a reader scrolls.
        if area:
            return [*said, " ".join(self._facts(area))]
        return [*said, texts.since(self.extract) if sheet.name == CHANGES else sheet.says]

    def _table(
        self,
        written: Any,
        sheet: Sheet,
        columns: Sequence[Column],
        rows: Sequence[Any],
        decimals: Callable[[Any], int] = lambda row: 0,
        frozen: int = 0,
        pages: Sequence[int] = (),
        **said: Any,
    ) -> int:
        """Write the sheet's table; its first `frozen` columns stand on every printed page, a page begins at each of
        `pages`. Returns the first row below the table."""
        name = "t_" + re.sub(r"\W", "_", sheet.name)
        table = ExcelTable(name, columns, decimals, frozen, **said)
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

    # Front, contents, notes

    def front(self, written: Any, sheet: Sheet) -> None:
        bold = self.formats.of(bold=True, valign="top", font_size=11)
        text = self.formats.of(text_wrap=True, valign="top", align="left", font_size=11)
        loud = self.formats.of(bold=True, bg_color="#7F0000", font_color="#FFFFFF", valign="top", font_size=11)
        written.set_column(0, 0, 28)
        written.set_column(1, 1, 100)
        written.set_row(0, 24)
        row = 1
        for mark, meaning in words.banners(self.extract):
            written.write_string(row, 0, mark, loud)
            written.write_string(row, 1, danish.sentence(meaning), self.formats.of(**_FRONT_TEXT, bold=True))
            row += 1
        for name, said in self._front_lines():
            written.write_string(row, 0, name, bold)
            written.write_string(row, 1, said, text)
            written.set_row(row, 15.5 * lines_of(said, 94) + 5)
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
        yield "Udgivelse", f"{extract.release}, lavet af tallenes udgave {extract.snapshot}."
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
        columns = [Column("Ark", 34, lambda other: other.name), Column("Hvad der står", 110, lambda other: other.says)]
        self._table(written, sheet, columns, rows)
        link = self.formats.of(font_size=10, valign="top", font_color="#0563C1", underline=1)
        for row, other in enumerate(rows, self.tops[sheet.name] + 1):
            target = other.name.replace("'", "''")
            written.write_url(row, 0, f"internal:'{target}'!A1", link, other.name, f"Gå til arket {other.name}")

    def notes(self, written: Any, sheet: Sheet) -> None:
        marks = [(mark.code, mark.label_da, mark.meaning_da) for mark in self.registry.extracts.mark.values()]
        rows = [("Mærke", f"{code} {label}", meaning) for code, label, meaning in (*marks, *texts.NOT_A_MARK)]
        rows += [("Sådan læses tallene", topic, said) for topic, said in texts.reading(self.extract)]
        counted: dict[str, list[str]] = {}
        for one in texts.define(self.extract, self.registry):
            counted.setdefault(one.publisher, []).append(one.label)
        rows += [
            ("Hvem tallene er fra", who.rstrip("."), danish.sentence("; ".join(labels)))
            for who, labels in counted.items()
        ]
        columns = [
            Column("Emne", 22, lambda note: note[0]),
            Column("Mærke eller ord", 34, lambda note: note[1]),
            Column("Betyder", 90, lambda note: note[2]),
        ]
        self._table(written, sheet, columns, rows)

    # Figures

    def key_figures(self, written: Any, sheet: Sheet) -> None:
        year = self.extract.year
        rows = [
            self.lines["area", area.id, name, year]
            for name in self.registry.extracts.key_figures
            if name in self.extract.indicators
            for area in sorted(self.extract.areas, key=lambda area: area.name)
        ]
        columns = [
            Column("Hovedtal", 34, lambda line: line.indicator.label_da),
            Column("Enhed", 10, lambda line: danish.unit(line.indicator)),
            Column("Område", 22, lambda line: line.place.name),
            Column(f"Tal {year}", 10, lambda line: self._shown(line.figure, line.indicator), "value"),
            Column("Usikkerhed", 18, lambda line: texts.uncertainty(line.figure, line.indicator), "beside"),
            *self._comparisons(lambda line: line),
            Column(f"Ændring siden {year - 1}", 11, lambda line: _or_dash(line.value("change_year")), "change"),
            Column("Ændringens usikkerhed", 17, _change_interval, "beside"),
            Column("Retning over fem år", 20, lambda line: texts.direction(line.figure)),
            Column("Bemærk", 40, lambda line: csv_list.remarks(line) or danish.ABSENT),
        ]
        self._table(written, sheet, columns, rows, lambda line: line.indicator.decimals, frozen=3, pages=[9])

    def area(self, written: Any, sheet: Sheet) -> None:
        area = next(area for area in self.extract.areas if area is sheet.place)
        rows = self._rows([(area, None)])
        columns = [*self._years(), *self._comparisons(lambda row: row.newest), self._remark()]
        below = self._table(written, sheet, columns, rows, _of_row, frozen=3, pages=[len(self.extract.years) + 5])
        self.charts.insert(written, area, below)

    def together(self, written: Any, sheet: Sheet) -> None:
        municipality, country = self.extract.municipality, self.extract.country
        self._places(written, sheet, [(municipality, None), (country, None)])

    def twins(self, written: Any, sheet: Sheet) -> None:
        self._places(written, sheet, [(area.twins, area) for area in self.extract.areas])

    def boundaries(self, written: Any, sheet: Sheet) -> None:
        self._places(written, sheet, [(other, area) for area in self.extract.areas for other in area.other_boundaries])

    def _places(self, written: Any, sheet: Sheet, places: Sequence[tuple[Place, Place | None]]) -> None:
        """Every indicator and year of places, one place after the other."""
        area = [Column("Hører til", 18, lambda row: row.belongs_to.name)] if places[0][1] else []
        named = [*area, Column("Sted", 24, lambda row: row.place.name)]
        columns = [*named, *self._years(), self._remark()]
        frozen = len(named) + 3
        pages = [frozen + len(self.extract.years) + 2]
        below = self._table(written, sheet, columns, self._rows(places), _of_row, frozen=frozen, pages=pages)
        if sheet.place:
            self.charts.insert(written, sheet.place, below)

    def _rows(self, places: Iterable[tuple[Place, Place | None]]) -> list[Row]:
        """The extract's indicators at places, by theme."""
        themes = list(labels.OUTCOME_GROUPS)
        found = [self.registry.indicators[name] for name in self.extract.indicators]
        found.sort(key=lambda indicator: themes.index(indicator.indicator_group or "background"))
        return [
            Row(place, beside, indicator, self._line(place, beside, indicator))
            for place, beside in places
            for indicator in found
        ]

    def _line(self, place: Place, beside: Place | None, indicator: Indicator) -> csv_list.Line:
        """The newest figure; one within other boundaries is compared with nothing."""
        known = self.lines.get((place.kind, place.id, indicator.id, self.extract.year))
        if known is not None and known.place is place:
            return known
        figure = place.figure(indicator.id, self.extract.year)
        return csv_list.Line(place, beside, figure, indicator, self.registry, ())

    def _years(self) -> list[Column]:
        """What an indicator is, its figures through the years, and the newest one's uncertainty and direction."""

        def of(year: int) -> Callable[[Row], Cell]:
            return lambda row: self._shown(row.place.figure(row.indicator.id, year), row.indicator)

        return [
            Column("Emne", 22, lambda row: labels.OUTCOME_GROUPS[row.indicator.indicator_group]),
            Column("Indikator", 32, lambda row: row.indicator.label_da),
            Column("Enhed", 12, lambda row: danish.unit(row.indicator)),
            *(Column(str(year), 9, of(year), "value") for year in self.extract.years),
            Column(
                f"Usikkerhed {self.extract.year}",
                17,
                lambda row: texts.uncertainty(row.newest.figure, row.indicator),
                "beside",
            ),
            Column("Retning over fem år", 20, lambda row: texts.direction(row.newest.figure)),
        ]

    def _comparisons(self, line: Callable[[Any], csv_list.Line]) -> list[Column]:
        """The newest figure's neighbours: the municipality's, the country's and the twins' figure, and the verdicts."""
        heads = (
            ("municipality", "Kommunen", "kommunen"),
            ("country", "Hele landet", "landet"),
            ("twins", "Tvillingerne", "tvillingerne"),
        )

        def number(name: str) -> Callable[[Any], Cell]:
            return lambda row: self._beside(line(row), name)

        def verdict(name: str) -> Callable[[Any], Cell]:
            return lambda row: _against(line(row), name)

        found = []
        for name, head, against in heads:
            found.append(Column(head, 11, number(name), "value"))
            found.append(Column(f"Mod {against}", 17, verdict(name), "beside"))
        return found

    def _remark(self) -> Column:
        return Column("Bemærk", 60, self._remarks)

    def _remarks(self, row: Row) -> str:
        """The caveats and marks of the row's years, years of the same drawn together, and those of the comparisons."""
        years: dict[str, list[int]] = {}
        for year in self.extract.years:
            for caveat in texts.caveats(row.place.figure(row.indicator.id, year), self.registry):
                years.setdefault(caveat, []).append(year)
        said = [f"{danish.years(found)}: {caveat}" for caveat, found in years.items()]
        return "; ".join((*said, *csv_list.limits_beside(row.newest))) or danish.ABSENT

    def _shown(self, figure: Figure, indicator: Indicator) -> Cell:
        """The number, or the code of the mark in its place."""
        if figure["mark"]:
            return self.registry.extracts.mark[figure["mark"]].code
        return texts.rounded(figure["value"], indicator)

    def _beside(self, line: csv_list.Line, name: str) -> Cell:
        """The number compared with; where there is none, its mark, or a dash where it does not compare."""
        number, other = csv_list.beside_value(line, name), line.beside(name)
        if number is not None:
            return number
        return self._shown(other, line.indicator) if other and other["mark"] else danish.ABSENT

    def _facts(self, area: Area) -> Iterator[str]:
        bands = {row["size_band"]: row["label_da"] for row in self.registry.codes["size_bands"]}
        grants = {row["funding_band"]: row["label_da"] for row in self.registry.codes["funding_bands"]}
        if area.dwellings is not None:
            size = f" (størrelse: {bands[area.size_band]})" if area.size_band else ""
            yield f"Lejemål: {danish.number(area.dwellings)}{size}."
        if area.funding_band:
            yield f"Bevilling: {grants[area.funding_band]}"
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
            (area, area.watch, criterion)
            for area in self.extract.areas
            if area.watch
            for criterion in (*((area.watch.size,) if area.watch.size else ()), *area.watch.criteria)
        ]
        columns = [
            Column("Område", 22, lambda row: row[0].name),
            Column("Kriterium", 34, lambda row: self.registry.indicators[row[2].indicator].label_da),
            Column("Enhed", 10, lambda row: danish.unit(self.registry.indicators[row[2].indicator])),
            Column("Listens år", 8, lambda row: row[1].year, "year"),
            Column("Krav", 22, self._demand, "beside"),
            Column("Områdets tal", 11, lambda row: self._of_criterion(row[2], row[2].value), "value"),
            Column("Opfyldt", 14, lambda row: _yes_or_no(row[2].is_met), "beside"),
            Column("Afstand til grænsen", 11, lambda row: self._of_criterion(row[2], row[2].distance), "change"),
            Column("Kan én husstand flytte det", 15, lambda row: _yes_or_no(row[2].is_near), "beside"),
            Column("Samlet krav", 34, lambda row: _rule(row[1])),
            Column("Opfylder reglen", 13, lambda row: _yes_or_no(row[1].meets_rule)),
            Column("Kan én husstand vende svaret", 15, lambda row: _yes_or_no(row[1].could_flip)),
            Column("På ministeriets liste", 15, lambda row: _yes_or_no(row[1].on_list, "ikke set på")),
            Column("Bemærk", 44, self._on_criterion),
        ]

        def decimals(row: tuple[Area, Watch, Criterion]) -> int:
            return self.registry.indicators[row[2].indicator].decimals

        nothing = "Intet område er sammenlignet med kriterierne i denne udgivelse."
        self._table(written, sheet, columns, rows, decimals, frozen=3, pages=[9], nothing=nothing)

    def _demand(self, row: tuple[Area, Watch, Criterion]) -> str:
        criterion, indicator = row[2], self.registry.indicators[row[2].indicator]
        # The threshold is the law's own number: its decimals, not the indicator's.
        digits = len(f"{criterion.threshold:g}".partition(".")[2])
        return f"{_SIGNS[criterion.sign]} {danish.number(criterion.threshold, digits)} {danish.unit(indicator)}"

    def _of_criterion(self, criterion: Criterion, number: float | None) -> Cell:
        if criterion.mark:
            return self.registry.extracts.mark[criterion.mark].code
        return _or_dash(
            None if number is None else texts.rounded(number, self.registry.indicators[criterion.indicator])
        )

    def _on_criterion(self, row: tuple[Area, Watch, Criterion]) -> str:
        area, watch, criterion = row
        said = [self.registry.extracts.mark[criterion.mark].label_da] if criterion.mark else []
        own = area.figures.get((criterion.indicator, watch.year))
        if own and not own["mark"] and not criterion.mark:
            said += texts.caveats(own, self.registry)
        said.append(f"en husstand er regnet som {danish.many(watch.household, 'person', 'personer')}")
        return "; ".join(said)

    def targets(self, written: Any, sheet: Sheet) -> None:
        rows = [(area, target) for area in self.extract.areas for target in area.targets]
        columns = [
            Column("Område", 20, lambda row: row[0].name),
            Column("Helhedsplan", 22, lambda row: row[1].plan),
            Column("Nr.", 6, lambda row: row[1].number),
            Column("Mål", 30, _goal),
            Column("Måles ved", 26, self._measure),
            Column("Vej", 11, lambda row: _WAYS.get(row[1].direction, danish.ABSENT)),
            Column("Startår", 8, lambda row: _or_dash(row[1].start_year), "year"),
            Column("Tal i startåret", 10, lambda row: self._of_target(row[1], "start"), "value"),
            Column("Målår", 8, lambda row: _or_dash(row[1].target_year), "year"),
            Column("Målværdi", 10, lambda row: self._of_goal(row[1], row[1].target_value), "value"),
            Column("Nyeste tal", 10, lambda row: self._of_target(row[1], "newest"), "value"),
            Column("Nyeste tals år", 8, lambda row: _or_dash(row[1].newest and row[1].newest["year"]), "year"),
            Column("Ventet på vejen", 10, lambda row: self._of_goal(row[1], row[1].expected), "value"),
            Column("Vurdering", 18, _verdict, "beside"),
            Column("Slags vurdering", 18, lambda row: KINDS.get(row[1].verdict_kind, danish.ABSENT)),
            Column("Bemærk", 50, self._on_target),
        ]

        def decimals(row: tuple[Area, TargetLine]) -> int:
            return self.registry.indicators[row[1].indicator].decimals if row[1].indicator else 0

        nothing = "Ingen helhedsplan i områderne har sendt mål."
        self._table(written, sheet, columns, rows, decimals, frozen=3, pages=[7], nothing=nothing)

    def _measure(self, row: tuple[Area, TargetLine]) -> str:
        target = row[1]
        if not target.indicator:
            return "intet tal"
        indicator = self.registry.indicators[target.indicator]
        return f"{indicator.label_da} ({danish.unit(indicator)})"

    def _of_target(self, target: TargetLine, side: str) -> Cell:
        figure = getattr(target, side)
        if figure is None or not target.indicator:
            return danish.ABSENT
        return self._shown(figure, self.registry.indicators[target.indicator])

    def _of_goal(self, target: TargetLine, number: float | None) -> Cell:
        if number is None or not target.indicator:
            return danish.ABSENT
        return texts.rounded(number, self.registry.indicators[target.indicator])

    def _on_target(self, row: tuple[Area, TargetLine]) -> str:
        target = row[1]
        said = ["EKSEMPEL, skrevet af Boligprofil"] if target.is_example else []
        if target.not_measurable_because:
            said.append(NOT_MEASURABLE.get(target.not_measurable_because, target.not_measurable_because))
        for figure in (target.start, target.newest):
            if figure is not None:
                said += [f"{figure['year']}: {caveat}" for caveat in texts.caveats(figure, self.registry)]
        return "; ".join(dict.fromkeys(said)) or danish.ABSENT

    # Words

    def definitions(self, written: Any, sheet: Sheet) -> None:
        columns = [
            Column("Emne", 18, lambda one: one.theme),
            Column("Indikator", 30, lambda one: one.label),
            Column("Betyder", 46, lambda one: one.definition),
            Column("Hvem der tælles", 24, lambda one: one.counted),
            Column("Enhed", 16, lambda one: one.unit),
            Column("God vej", 26, lambda one: one.good),
            Column("Usikkerhed", 24, lambda one: one.uncertainty),
            Column("Udgiver", 26, lambda one: one.publisher),
            Column("Kan årene sammenlignes", 36, lambda one: one.comparable),
        ]
        self._table(written, sheet, columns, texts.define(self.extract, self.registry), frozen=2)

    def changes(self, written: Any, sheet: Sheet) -> None:
        columns = [
            Column("Sted", 28, lambda change: change.place),
            Column("Hvad der skete", 28, lambda change: texts.happened(change)),
            Column("Indikator", 44, lambda change: self.registry.indicators[change.indicator].label_da),
            Column("Enhed", 14, lambda change: danish.unit(self.registry.indicators[change.indicator])),
            Column("År", 8, lambda change: change.year, "year"),
            Column("Før", 14, lambda change: self._side(change.before, change.before_mark, change.indicator), "value"),
            Column("Nu", 14, lambda change: self._side(change.now, change.now_mark, change.indicator), "value"),
        ]
        rows = texts.in_order(self.extract, self.registry)
        self._table(written, sheet, columns, rows, self._decimals_of, nothing="Ingen ændringer.")

    def _decimals_of(self, change: ChangeLine) -> int:
        return self.registry.indicators[change.indicator].decimals

    def _side(self, number: float | None, mark: str | None, name: str) -> Cell:
        if mark:
            return self.registry.extracts.mark[mark].code
        return _or_dash(None if number is None else texts.rounded(number, self.registry.indicators[name]))

    def everything(self, written: Any, sheet: Sheet) -> None:
        """All figures on one list. Twins stand beside each figure there, and on a sheet of their own."""

        def of(field: csv_list.Field) -> Callable[[csv_list.Line], Cell]:
            if field.head == "Tal":
                return lambda line: self._shown(line.figure, line.indicator)
            return lambda line: _or_dash(field.of(line))

        columns = [Column(field.head, field.width, of(field), field.kind) for field in csv_list.FIELDS if field.in_book]
        rows = list(csv_list.lines(self.extract, self.registry, with_twins=False))
        self._table(written, sheet, columns, rows, lambda line: line.indicator.decimals, frozen=2)

    def drawn(self, written: Any, sheet: Sheet) -> None:
        columns = [
            Column("Sted", 26, lambda point: point.place.name),
            Column("Hovedtal", 36, lambda point: point.indicator.label_da),
            Column("Enhed", 12, lambda point: danish.unit(point.indicator)),
            Column("År", 8, lambda point: point.year, "year"),
            Column("Stedets tal", 12, lambda point: self._shown(point.line.figure, point.indicator), "value"),
            Column("Usikkerhed fra", 12, lambda point: _or_dash(point.line.value("ci_low")), "value"),
            Column("Usikkerhed til", 12, lambda point: _or_dash(point.line.value("ci_high")), "value"),
            Column("Kommunen", 12, lambda point: self._drawn_beside(point, "municipality"), "value"),
            Column("Hele landet", 12, lambda point: self._drawn_beside(point, "country"), "value"),
            Column("Bemærk", 60, lambda point: "; ".join(caveats(point)) or danish.ABSENT),
        ]
        nothing = "Der er ingen diagrammer."
        self._table(
            written,
            sheet,
            columns,
            self.charts.points,
            lambda point: point.indicator.decimals,
            is_filtered=False,
            nothing=nothing,
        )

    def _drawn_beside(self, point: Point, name: str) -> Cell:
        """The figure of the municipality or country; the number of people in a country is no measure for an area."""
        other = point.line.beside(name)
        return self._shown(other, point.indicator) if other and point.indicator.kind != "count" else danish.ABSENT


_FRONT_TEXT = {"text_wrap": True, "valign": "top", "align": "left", "font_size": 11}
_SIGNS = {">": "over", ">=": "mindst", "<": "under", "<=": "højst"}
_WAYS = {"up": "skal stige", "down": "skal falde"}


def _or_dash(found: Any) -> Cell:
    return danish.ABSENT if found is None else found


def _of_row(row: Row) -> int:
    return row.indicator.decimals


def _change_interval(line: csv_list.Line) -> str:
    if line.value("change_year") is None:
        return csv_list.why_no_change(line, "change_year") or danish.ABSENT
    known = danish.span(line.value("change_year_low"), line.value("change_year_high"), line.indicator)
    return phrases.NO_INTERVAL if known == danish.ABSENT else known


def _against(line: csv_list.Line, name: str) -> str:
    """How the figure compares; a dash where the mark beside it says why it does not."""
    other = line.beside(name)
    is_marked = other is not None and bool(other["mark"])
    return danish.ABSENT if is_marked else csv_list.against(line, name) or danish.ABSENT


def _yes_or_no(said: bool | None, unknown: str = "kan ikke siges") -> str:
    return unknown if said is None else "ja" if said else "nej"


def _rule(watch: Watch) -> str:
    of = f"mindst {watch.needed} af {len(watch.criteria)} kriterier"
    return f"{of}, og nok beboere" if watch.size else of


def _goal(row: tuple[Area, TargetLine]) -> str:
    return row[1].goal or "udeladt: målets ord kunne røbe et tal, der ikke er vist"


def _verdict(row: tuple[Area, TargetLine]) -> str:
    target = row[1]
    if target.is_withdrawn:
        return "opgivet af planen"
    if target.verdict:
        return f"{SIGNS[target.verdict]} {VERDICTS[target.verdict]}"
    return "følges ikke med tal" if target.indicator is None else "ingen vurdering"


# The file -------------------------------------------------------------------------------------------------------------


def _in_danish(content: bytes) -> bytes:
    """The workbook with Danish named as its language, which XlsxWriter has no way to say."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as danish_file:
        for part in given.infolist():
            said = given.read(part)
            if part.filename == "docProps/core.xml":
                said = said.replace(b"</cp:coreProperties>", b"<dc:language>da-DK</dc:language></cp:coreProperties>")
            elif part.filename.startswith(("xl/charts/", "xl/drawings/")):
                said = re.sub(rb'(<c:lang val|lang)="en-US"', rb'\1="da-DK"', said)
            danish_file.writestr(part, said)
    return made.getvalue()
