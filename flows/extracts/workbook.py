"""What each sheet of an extract's workbook tells: the matrix first, then figures through the years, goals, words.

Shares stand as numbers beside a unit, not as Excel's percent: a column holds indicators of many units, and 43,0 is what
the reader types and compares. Numbers have the decimals that are shown everywhere else.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flows.extracts import criteria, findings, matrix, phrases, texts, words
from flows.extracts.figure_list import FIELDS, ListLine, against, beside_value, limits_beside
from flows.extracts.matrix import MatrixColumn, MatrixRow
from flows.extracts.model import Area, ClearedFigure, Criterion, Extract, Other, Place, TargetLine, Watch
from flows.extracts.workbook_charts import SHEET as DRAWN
from flows.extracts.workbook_charts import Charts, caveats
from flows.present import notation, workbook
from flows.present.excel import Cell, ExcelColumn, SignedNumber
from flows.present.language import say
from flows.present.vocabulary import DIRECTIONS, KINDS, NOT_MEASURABLE, SIGNS, VERDICTS
from flows.present.workbook import BookFacts, Sheet, Workbook
from schemas import labels
from schemas.indicators import Indicator
from schemas.registry import Registry

OVERVIEW, FRONT, CONTENTS, NOTES = "Overblik", "Forside", "Indhold", "Noter"
KEY_FIGURES, TOGETHER, TWINS, BOUNDARIES = "Hovedtal", "Kommune og land", "Tvillinger", "Andre afgrænsninger"
CRITERIA, TARGETS = "Kriterier", "Mål"
DEFINITIONS, CHANGES, ALL = "Definitioner", "Ændringer", "Alle tal"
FIXED = (
    *(OVERVIEW, FRONT, CONTENTS, NOTES, KEY_FIGURES, TOGETHER, TWINS, BOUNDARIES, CRITERIA, TARGETS),
    *(DEFINITIONS, CHANGES, ALL, DRAWN),
)
STAR = "*"
STARRED = (
    "* Tallet er ikke en måling af året alene, er brudt fra tidligere år eller kan blive rettet: se Bemærk til højre."
)
# A number's column, the room that a head needs beside its letters, and letters of a word that Danes would break.
NARROWEST, HEAD_ROOM, LONGEST_WORD = 9.0, 1.5, 11


def write(extract: Extract, registry: Registry, lines: Sequence[ListLine], file: Path) -> None:
    """Write the workbook of the extract, whose `lines` are all its figures; the same extract gives the same bytes.

    A figure with a mark has its code in its cell and no number anywhere; it is left out of charts, which keep a gap.
    """
    marks = words.banners(extract)
    facts = BookFacts(
        say("{name}: tal for {year}", name=extract.name, year=extract.year),
        say("{marks}, udgivelse {release}", marks=" · ".join(mark for mark, _ in marks), release=extract.release),
        say("Godkendt") if extract.is_cleared else say("Udkast"),
        # No clock: the day on which the year of the figures ended.
        datetime(extract.year, 12, 31, tzinfo=UTC),
        say("{name}, {year}, udgivelse {release}", name=extract.name, year=extract.year, release=extract.release),
        marks,
    )
    maker = _Maker(extract, registry, lines)
    maker.write(Workbook(facts, list(maker.sheets())), file)


def sheet_names(areas: Iterable[Area]) -> dict[str, str]:
    """The name of each area's sheet."""
    return workbook.sheet_names(((area.id, area.name) for area in areas), map(say, FIXED))


# Sheets ---------------------------------------------------------------------------------------------------------------


class _Maker:
    """Writes the sheets of one workbook."""

    book: Workbook
    charts: Charts

    def __init__(self, extract: Extract, registry: Registry, lines: Sequence[ListLine]) -> None:
        self.extract, self.registry, self.every = extract, registry, lines
        self.lines: dict[tuple[str, str, str, int], ListLine] = {
            (line.place.kind, line.place.id, line.indicator.id, line.figure.year): line
            for line in lines
            if line.belongs_to is None or line.place.kind == "twins"
        }

    def write(self, book: Workbook, file: Path) -> None:
        """Write all sheets, and the file."""
        self.book = book
        self.charts = Charts(book, self.extract, self.registry, self.lines)
        book.save(file)

    def sheets(self) -> Iterator[Sheet]:
        """The sheets that the extract needs, in their order."""
        extract = self.extract
        span = f"{extract.years[0]}–{extract.years[-1]}"
        if extract.areas:
            says = say("Områderne, kommunen og landet i {year}.", year=extract.year)
            yield Sheet(say(OVERVIEW), findings.title(extract), says, self.overview, say(CONTENTS))
        title, says = (
            say("{name}: tal for {year}", name=extract.name, year=extract.year),
            say("Hvad filen er, og hvordan den bruges."),
        )
        yield Sheet(say(FRONT), title, says, self.front, say(CONTENTS))
        says = say("Alle ark. Tryk på et navn for at gå til arket.")
        yield Sheet(say(CONTENTS), say("Indhold"), says, self.contents, say(FRONT))
        says = say("Hvad mærkerne betyder, hvad der må sammenlignes, og hvem tallene er fra.")
        yield Sheet(say(NOTES), say("Noter"), says, self.notes, say(CONTENTS))
        if extract.areas:
            says = say(
                "Hovedtal for hvert område, år for år, med kommunen og landet under. Vælg år eller sted i hovedet."
            )
            yield Sheet(
                say(KEY_FIGURES),
                say("Hovedtal for områderne, {span}", span=span),
                says,
                self.key_figures,
                say(CONTENTS),
            )
        named = sheet_names(extract.areas)
        for area in extract.areas:
            # A sheet of nothing but marks would tell no more than the front, where it is said who can deliver.
            if self._has_any(area):
                says = say("Tal for {name}, {span}, og diagrammer af hovedtallene.", name=area.name, span=span)
                title, facts = say("{name}: alle tal, {span}", name=area.name, span=span), " ".join(self._facts(area))
                yield Sheet(named[area.id], title, says, partial(self.area, area=area), say(CONTENTS), facts)
        yield from self._sheets_of_others(span)
        yield from self._sheets_of_words(span)

    def _sheets_of_others(self, span: str) -> Iterator[Sheet]:
        """Sheets of places beside the areas."""
        extract = self.extract
        says = say(
            "De samme tal for kommunen og for hele landet, {span}, og diagrammer af kommunens hovedtal.", span=span
        )
        whole = tuple((place, None) for place in (*extract.municipalities, extract.country))
        make = partial(self.places, places=whole)
        yield Sheet(say(TOGETHER), say("Kommunen og hele landet, {span}", span=span), says, make, say(CONTENTS))
        if twins := tuple((area.twins, area) for area in extract.areas if self._has_any(area.twins)):
            says = say("Tal for hvert områdes tvillinger: områder, der lignede det, før helhedsplanen begyndte.")
            make = partial(self.places, places=twins)
            yield Sheet(say(TWINS), say("Områdernes tvillinger, {span}", span=span), says, make, say(CONTENTS))
        others = tuple((o, area) for area in extract.areas for o in area.other_boundaries if self._has_any(o))
        if others:
            says = say(
                "Tal, der er offentliggjort for en anden afgrænsning. De kan ikke sammenlignes med områdets egne."
            )
            make = partial(self.places, places=others)
            yield Sheet(
                say(BOUNDARIES), say("Tal for andre afgrænsninger, {span}", span=span), says, make, say(CONTENTS)
            )
        if extract.areas:
            says = say("Hvor hvert område ligger ved kriterierne for ministeriets liste over udsatte områder.")
            yield Sheet(say(CRITERIA), say("Kriterierne for ministeriets liste"), says, self.criteria, say(CONTENTS))
            says = say("Helhedsplanernes mål, og hvor tallene står nu.")
            yield Sheet(
                say(TARGETS), say("Mål i helhedsplanerne, {year}", year=extract.year), says, self.targets, say(CONTENTS)
            )

    def _sheets_of_words(self, span: str) -> Iterator[Sheet]:
        """Definitions and changes, and the lists that pivot tables and charts are made of."""
        says = say("Hvad hvert tal, der er vist, betyder, hvem det tæller, og hvem der udgiver det.")
        yield Sheet(say(DEFINITIONS), say("Definitioner"), says, self.definitions, say(CONTENTS))
        says, since = say("Tal, der ikke er, som de var i sidste udgivelse."), texts.since(self.extract)
        yield Sheet(say(CHANGES), say("Ændringer siden sidste udgivelse"), says, self.changes, say(CONTENTS), since)
        says = say("En række for hvert sted, år og tal: til filter og pivottabel.")
        yield Sheet(
            say(ALL), say("Alle tal på én liste, {span}", span=span), says, self.everything, say(CONTENTS), is_list=True
        )
        says = say("De tal, som diagrammerne er tegnet af. Flyt og sortér dem ikke.")
        yield Sheet(say(DRAWN), say("Tal bag diagrammerne"), says, self.drawn, say(CONTENTS), is_list=True)

    # Overview, front, notes

    def overview(self, written: Any, sheet: Sheet) -> None:
        """The areas by criteria and key figures: numbers to count with, each with its sign and its shade."""
        view = matrix.matrix(self.extract, self.registry)
        rows = [*view.rows, *view.wholes, *view.listed]
        columns = [
            ExcelColumn(say("Sted"), 20, lambda row: row.name),
            ExcelColumn(say("Ministeriets liste"), 24, lambda row: "; ".join(row.status) or notation.ABSENT),
            *(
                ExcelColumn(
                    _head(column), _width(_head(column)), partial(self._of_matrix, column=column, at=at), "value"
                )
                for at, column in enumerate(view.columns)
            ),
            *(
                [ExcelColumn(say("Målene"), 18, lambda row: "; ".join(row.goals) or notation.ABSENT, "beside")]
                * view.has_goals
            ),
        ]
        below = self.book.table(written, sheet, columns, rows, frozen=1)
        key = [" · ".join(f"{sign} {meaning}" for _, sign, meaning in view.key), f"{say(STARRED).partition(':')[0]}."]
        key.append(say("En plads siger, hvor området ligger, ikke hvorfor."))
        end = self.book.notes(written, below, [note for note in key if note], columns)
        self.book.page(written, end - 1, columns)
        written.activate()

    def _of_matrix(self, row: MatrixRow, column: MatrixColumn, at: int) -> Cell:
        if not row.cells:
            figure = row.area.figure(column.indicator.id, self.extract.year) if row.area else None
            return self._shown(figure)
        cell = row.cells[at]
        if cell.value is None:
            return self._shown(row.area.figure(column.indicator.id, self.extract.year)) if row.area else cell.text
        number = texts.rounded(cell.value, column.indicator)
        star = STAR if cell.is_limited else ""
        return SignedNumber(number, cell.sign, star, cell.shade, column.indicator.decimals)

    def front(self, written: Any, sheet: Sheet) -> None:  # noqa: ARG002 - as every sheet is made
        """What the file is, and how it is used."""
        self.book.front(written, self._front_lines())
        if not self.extract.areas:
            written.activate()

    def contents(self, written: Any, sheet: Sheet) -> None:
        """All other sheets, each with a link."""
        self.book.contents(written, sheet)

    def _front_lines(self) -> Iterator[tuple[str, str]]:
        extract = self.extract
        first, last = extract.years[0], extract.years[-1]
        yield (
            say("Hvad det er"),
            say(
                "Tal om de støttede boligområder, år for år fra {first} til {last}, samlet af Boligprofil.",
                first=first,
                last=last,
            ),
        )
        yield say("For hvem"), say("{name} og de helhedsplaner, som sekretariatet samler.", name=extract.name)
        if extract.areas:
            yield say("Boligområder"), notation.sentence(notation.listed([area.name for area in extract.areas]))
            for area in extract.areas:
                if not self._has_any(area):
                    yield say("Uden tal: {name}", name=area.name), findings.missing(area, extract, self.registry).whole
        else:
            yield say("Boligområder"), say(texts.NO_AREAS)
        yield say("Udgivelse"), notation.sentence(extract.release)
        yield say("Ændringer"), texts.since(extract)
        if extract.areas:
            yield (
                say("Begynd her"),
                say(
                    "Se '{overview}' og '{key_figures}' for at sammenligne områderne. Gå så til et områdes "
                    "eget ark: der står alle tal, år for år, og diagrammer.",
                    overview=say(OVERVIEW),
                    key_figures=say(KEY_FIGURES),
                ),
            )
        yield (
            say("Regn selv"),
            say(
                "Arket '{all}' har én række for hvert sted, år og tal. Vælg med knapperne i hovedet, "
                "eller lav en pivottabel: sæt gennemsnit i stedet for sum, og vælg ét tal ad gangen. "
                "CSV-filen har flere kolonner.",
                all=say(ALL),
            ),
        )
        yield (
            say("Når der intet tal står"),
            say(
                "Et mærke i kantet parentes, for eksempel [s], står i stedet for et tal. Det er aldrig "
                "et nul. Hvad hvert mærke betyder, står på arket '{notes}'.",
                notes=say(NOTES),
            ),
        )
        yield (
            say("Procent"),
            say("Andele står som tal med enheden ved siden af: 43,0 og %. I Excels egen procent ville de hedde 0,43."),
        )
        yield (
            say("Pas på"),
            say(
                "{reading} Læs '{notes}', før I sammenligner år eller steder.",
                reading=say(texts.READING[0][1]),
                notes=say(NOTES),
            ),
        )

    def notes(self, written: Any, sheet: Sheet) -> None:
        met = texts.marks(self.extract)
        marks = [
            (m.code, say(m.label_da), say(m.meaning_da)) for m in self.registry.extracts.mark.values() if m.id in met
        ]
        rows = [(say("Mærke"), f"{code} {label}", meaning) for code, label, meaning in (*marks, *texts.not_marks())]
        rows += [(say("Sådan læses tallene"), topic, text) for topic, text in texts.reading(self.extract)]
        counted: dict[str, list[str]] = {}
        for definition in texts.define(self.extract, self.registry):
            counted.setdefault(definition.publisher, []).append(definition.label)
        rows += [
            (say("Hvem tallene er fra"), who.rstrip("."), notation.sentence("; ".join(labels)))
            for who, labels in counted.items()
        ]
        columns = [
            ExcelColumn(say("Emne"), 19, lambda note: note[0]),
            ExcelColumn(say("Mærke eller ord"), 29, lambda note: note[1]),
            ExcelColumn(say("Betyder"), 90, lambda note: note[2]),
        ]
        self.book.table(written, sheet, columns, rows)

    # Figures

    def key_figures(self, written: Any, sheet: Sheet) -> None:
        """A row for each place and year, a column for each key figure: the newest year first, and in it the areas."""
        shown = [
            indicator
            for indicator in phrases.key_figures(self.extract, self.registry)
            if any(self._has(area, indicator) for area in self.extract.areas)
        ]
        areas = sorted(self.extract.areas, key=lambda area: area.name)
        rows = [
            (place, year)
            for year in reversed(self.extract.years)
            for place in (*areas, *self.extract.municipalities, self.extract.country)
            if any(place.figure(indicator.id, year).is_shown for indicator in shown)
        ]
        columns = [
            ExcelColumn(say("Sted"), 20, lambda row: row[0].name),
            ExcelColumn(say("År"), 7, lambda row: row[1], "year"),
            *(
                ExcelColumn(head, _width(head), partial(self._of_year, indicator=indicator), "value")
                for indicator in shown
                for head in [_broken(phrases.column_head(indicator))]
            ),
            ExcelColumn(say("Bemærk"), 90, partial(self._year_remarks, shown=shown), "line", is_on_paper=False),
        ]
        below = self.book.table(written, sheet, columns, rows, frozen=2, nothing=say("Intet tal er vist."))
        self.book.page(written, self.book.notes(written, below, [say(STARRED)], columns) - 1, columns)

    def _of_year(self, row: tuple[Place, int], indicator: Indicator) -> Cell:
        return self._starred(row[0].figure(indicator.id, row[1]))

    def _year_remarks(self, row: tuple[Place, int], shown: Sequence[Indicator]) -> str:
        """The caveats and marks of a place's year, figures of the same drawn together."""
        names: dict[str, list[str]] = {}
        for indicator in shown:
            for caveat in texts.caveats(row[0].figure(indicator.id, row[1]), self.registry):
                names.setdefault(caveat, []).append(notation.short(indicator))
        return "; ".join(f"{caveat}: {', '.join(named)}" for caveat, named in names.items()) or notation.ABSENT

    def _moved(self, line: ListLine) -> str:
        """A movement that may be told: from what to what, and between which ends."""
        headline = self.extract.headlines.get((line.place.id, line.indicator.id))
        return notation.ABSENT if headline is None else findings.movement(headline, line.indicator)

    def area(self, written: Any, sheet: Sheet, area: Area) -> None:
        """An area's figures through the years, those of which nothing is known on a line, and charts."""
        self.places(written, sheet, ((area, None),))

    def places(self, written: Any, sheet: Sheet, places: Sequence[tuple[Place, Area | None]]) -> None:
        """Every indicator of the places, one place after the other, and charts of the first where it stands alone."""
        rows = [
            self._newest(place, beside, indicator)
            for place, beside in places
            for indicator in texts.by_theme(self.extract, self.registry)
            if self._has(place, indicator)
        ]
        is_area = places[0][0].kind == "area" and places[0][1] is None
        named = [] if is_area else [ExcelColumn(say("Sted"), 22, lambda line: line.place.name)]
        columns = [
            *named,
            ExcelColumn(say("Indikator"), 32, lambda line: say(line.indicator.label_da)),
            ExcelColumn(say("Enhed"), 9, lambda line: say(line.indicator.unit_short_da)),
            *self._years(7 if is_area else 9.2),
            *(
                [ExcelColumn(say("Mod kommunen"), 20, partial(_against, other="municipality"), "beside")]
                if is_area
                else []
            ),
            *(replace(c, is_on_paper=False) for c in self._newest_columns(is_area) if c.head != say("Mod kommunen")),
            *([ExcelColumn(say("Siden årene før planen"), 42, self._moved, is_on_paper=False)] if is_area else []),
            ExcelColumn(
                say("Emne"),
                22,
                lambda line: say(labels.OUTCOME_GROUPS[line.indicator.indicator_group]),
                is_on_paper=False,
            ),
            ExcelColumn(say("Bemærk"), 90, self._remarks, "line", is_on_paper=False),
        ]
        below = self._print(written, sheet, columns, rows, len(named) + 2, self._without(places))
        if places[0][1] is None:
            self.charts.insert(written, places[0][0], below, columns)

    def _print(
        self,
        written: Any,
        sheet: Sheet,
        columns: Sequence[ExcelColumn],
        rows: Sequence[ListLine],
        frozen: int,
        notes: Iterable[str] = (),
    ) -> int:
        """A table of figures, and below it what a star means and the notes. Returns the row below."""
        below = self.book.table(
            written,
            sheet,
            columns,
            rows,
            lambda line: line.indicator.decimals,
            frozen,
            nothing=say("Intet tal er vist."),
        )
        end = self.book.notes(written, below, [say(STARRED), *notes], columns)
        self.book.page(written, end - 1, columns)
        return end

    def _has_any(self, place: Place) -> bool:
        return any(self._has(place, self.registry.indicators[key]) for key in self.extract.indicators)

    def _has(self, place: Place, indicator: Indicator) -> bool:
        return any(place.figure(indicator.id, year).is_shown for year in self.extract.years)

    def _without(self, places: Sequence[tuple[Place, Area | None]]) -> Iterator[str]:
        """The indicators of a place that have no figure in any year, by why the newest one is not there."""
        for place, _ in places:
            named: dict[str, list[str]] = {}
            for indicator in texts.by_theme(self.extract, self.registry):
                if not self._has(place, indicator):
                    mark = place.figure(indicator.id, self.extract.year).mark or ""
                    named.setdefault(mark, []).append(say(indicator.label_da))
            for mark, labels_of in named.items():
                entry = self.registry.extracts.mark[mark]
                who = place.name if len(places) > 1 else say("Uden tal i alle år")
                yield f"{who}, {entry.code} {say(entry.label_da)} i {self.extract.year}: {'; '.join(labels_of)}."

    def _newest(self, place: Place, beside: Place | None, indicator: Indicator) -> ListLine:
        """The newest figure; one within other boundaries is compared with nothing."""
        known = self.lines.get((place.kind, place.id, indicator.id, self.extract.year))
        if known is not None and known.place is place:
            return known
        figure = place.figure(indicator.id, self.extract.year)
        return ListLine(place, beside, figure, indicator, self.registry, {})

    def _years(self, width: float) -> list[ExcelColumn]:
        """A figure through the years, each with a star where it is no measurement of its year alone."""

        def shown_of(year: int) -> Callable[[ListLine], Cell]:
            return lambda line: self._starred(line.place.figure(line.indicator.id, year))

        return [ExcelColumn(str(year), width, shown_of(year), "value") for year in self.extract.years]

    def _starred(self, figure: ClearedFigure) -> Cell:
        if not figure.is_shown:
            return self._shown(figure)
        indicator = self.registry.indicators[figure.indicator]
        star = STAR if texts.limits(figure) else ""
        return SignedNumber(texts.rounded(figure.number, indicator), after=star, decimals=indicator.decimals)

    def _newest_columns(self, is_area: bool = True) -> list[ExcelColumn]:
        """The newest figure's uncertainty, direction and neighbours, with the verdicts."""
        uncertainty = say("Usikkerhed {year}", year=self.extract.year)
        columns = [
            ExcelColumn(uncertainty, 17, lambda line: texts.uncertainty(line.figure, line.indicator), "beside"),
            ExcelColumn(say("Retning over fem år"), 50, lambda line: texts.direction(line.figure)),
        ]
        heads: tuple[tuple[Other, str, str], ...] = (
            ("municipality", say("Kommunen"), say("kommunen")),
            ("country", say("Hele landet"), say("landet")),
            ("twins", say("Tvillingerne"), say("tvillingerne")),
        )
        for other, head, place in heads if is_area else ():
            columns.append(ExcelColumn(head, 14, partial(self._beside, other=other), "value"))
            columns.append(ExcelColumn(say("Mod {place}", place=place), 30, partial(_against, other=other), "beside"))
        return columns

    def _remarks(self, line: ListLine) -> str:
        """The caveats and marks of the row's years, years of the same drawn together, and those of the comparisons."""
        years: dict[str, list[int]] = {}
        for year in self.extract.years:
            for caveat in texts.caveats(line.place.figure(line.indicator.id, year), self.registry):
                years.setdefault(caveat, []).append(year)
        remarks = [f"{notation.years(noted)}: {caveat}" for caveat, noted in years.items()]
        return "; ".join((*remarks, *limits_beside(line))) or notation.ABSENT

    def _shown(self, figure: ClearedFigure | None) -> Cell:
        """The number, or the code of the mark in its place; a dash where there is no figure."""
        if figure is None:
            return notation.ABSENT
        return self._number(figure.value, figure.mark, self.registry.indicators[figure.indicator])

    def _number(self, number: float | None, mark: str | None, indicator: Indicator | None) -> Cell:
        """A number, the code of the mark in its place, or a dash where there is neither."""
        if mark:
            return self.registry.extracts.mark[mark].code
        return notation.ABSENT if number is None or indicator is None else texts.rounded(number, indicator)

    def _beside(self, line: ListLine, other: Other) -> Cell:
        """The number compared with; where there is none, its mark, or a dash where it does not compare."""
        number, beside = beside_value(line, other), line.beside(other)
        if number is not None:
            return number
        return self._shown(beside) if beside and beside.mark else notation.ABSENT

    def _facts(self, area: Area) -> Iterator[str]:
        if area.dwellings is not None:
            size = (
                say(" (størrelse: {band})", band=words.band("size_band", area.size_band, self.registry))
                if area.size_band
                else ""
            )
            yield say("Lejemål: {dwellings}{size}.", dwellings=notation.number(area.dwellings), size=size)
        if area.funding_band:
            yield say("Bevilling: {band}", band=words.band("funding_band", area.funding_band, self.registry))
        if area.plans:
            head = say("Plan") if len(area.plans) == 1 else say("Planer")
            yield f"{head}: {notation.listed(area.plans)}."
        yield say("Diagrammer står under tabellen. Sammenligninger og bemærkninger står til højre.")

    # Criteria and targets

    def criteria(self, written: Any, sheet: Sheet) -> None:
        rows = [
            (area, watch, criterion, self.registry.indicators[criterion.indicator])
            for area in self.extract.areas
            for watch in area.watches
            for criterion in watch.every_criterion()
        ]
        off = partial(ExcelColumn, is_on_paper=False)
        columns = [
            ExcelColumn(say("Område"), 18, lambda row: row[0].name),
            ExcelColumn(say("Kriterium"), 28, lambda row: say(row[3].label_da)),
            ExcelColumn(say("Liste"), 17, lambda row: f"{row[1].list_name} {row[1].year}"),
            ExcelColumn(say("Krav"), 18, lambda row: _demand(row[2], row[3]), "beside"),
            ExcelColumn(say("Områdets tal"), 9, lambda row: self._number(row[2].value, row[2].mark, row[3]), "value"),
            ExcelColumn(say("Opfyldt"), 11, lambda row: _yes_or_no(row[2].is_met), "beside"),
            ExcelColumn(
                say("Afstand til grænsen"), 9, lambda row: self._number(row[2].distance, row[2].mark, row[3]), "change"
            ),
            ExcelColumn(say("Kan én husstand flytte det"), 12, lambda row: _yes_or_no(row[2].is_near), "beside"),
            ExcelColumn(
                say("På ministeriets liste"),
                14,
                lambda row: _yes_or_no(row[1].on_list, "ikke nævnt i afskriften"),
                "beside",
            ),
            off(say("Enhed"), 10, lambda row: say(row[3].unit_short_da)),
            off(say("Samlet krav"), 60, lambda row: _rule(row[1])),
            off(say("Opfylder reglen"), 13, lambda row: _yes_or_no(row[1].meets_rule)),
            off(say("Kan én husstand vende svaret"), 15, lambda row: _yes_or_no(row[1].could_flip)),
            off(say("Bemærk"), 60, lambda row: self._on_criterion(*row[:3]), "line"),
        ]
        nothing = say("Intet område er sammenlignet med kriterierne i denne udgivelse.")
        self.book.table(written, sheet, columns, rows, lambda row: row[3].decimals, 2, nothing=nothing)

    def _on_criterion(self, area: Area, watch: Watch, criterion: Criterion) -> str:
        remarks = [say(self.registry.extracts.mark[criterion.mark].label_da)] if criterion.mark else []
        own = area.figures.get((criterion.indicator, watch.year))
        if own and not own.mark and not criterion.mark:
            remarks += texts.caveats(own, self.registry)
        remarks.append(
            say("en husstand er regnet som {persons}", persons=notation.many(watch.household, "person", "personer"))
        )
        return "; ".join(remarks)

    def targets(self, written: Any, sheet: Sheet) -> None:
        rows = [
            (area, target, self.registry.indicators[target.indicator] if target.indicator else None)
            for area in self.extract.areas
            for target in area.targets
        ]
        off = partial(ExcelColumn, is_on_paper=False)
        columns = [
            ExcelColumn(say("Område"), 17, lambda row: row[0].name),
            ExcelColumn(say("Nr."), 5, lambda row: row[1].number),
            ExcelColumn(say("Mål"), 34, lambda row: row[1].goal or say(GOAL_LEFT_OUT)),
            ExcelColumn(say("Måles ved"), 25, lambda row: _measure(row[2])),
            ExcelColumn(say("Tal i startåret"), 8, lambda row: self._shown(row[1].start), "value"),
            ExcelColumn(say("Nyeste tal"), 8, lambda row: self._shown(row[1].newest), "value"),
            ExcelColumn(say("Nyeste tals år"), 7, lambda row: _or_dash(row[1].newest and row[1].newest.year), "year"),
            ExcelColumn(say("Målværdi"), 8, lambda row: self._number(row[1].target_value, None, row[2]), "value"),
            ExcelColumn(say("Målår"), 7, lambda row: _or_dash(row[1].target_year), "year"),
            ExcelColumn(say("Vurdering"), 18, lambda row: _verdict(row[1]), "beside"),
            off(say("Slags vurdering"), 18, lambda row: KINDS.get(row[1].verdict_kind, notation.ABSENT)),
            off(say("Helhedsplan"), 26, lambda row: row[1].plan),
            off(say("Vej"), 11, lambda row: DIRECTIONS.get(row[1].direction, notation.ABSENT)),
            off(say("Startår"), 8, lambda row: _or_dash(row[1].start_year), "year"),
            off(say("Ventet på vejen"), 10, lambda row: self._number(row[1].expected, None, row[2]), "value"),
            off(say("Bemærk"), 60, lambda row: self._on_target(row[1]), "line"),
        ]

        def decimals(row: tuple[Area, TargetLine, Indicator | None]) -> int:
            return row[2].decimals if row[2] else 0

        nothing = say("Ingen helhedsplan i områderne har sendt mål.")
        below = self.book.table(written, sheet, columns, rows, decimals, 3, nothing=nothing)
        if any(target.is_example for _, target, _ in rows):
            self.book.notes(
                written, below, [say("Mål, der er mærket EKSEMPEL i Bemærk, er skrevet af Boligprofil.")], columns
            )

    def _on_target(self, target: TargetLine) -> str:
        remarks = [say("EKSEMPEL, skrevet af Boligprofil")] if target.is_example else []
        if target.not_measurable_because:
            remarks.append(NOT_MEASURABLE.get(target.not_measurable_because, target.not_measurable_because))
        for figure in (target.start, target.newest):
            if figure is not None:
                remarks += [f"{figure.year}: {caveat}" for caveat in texts.caveats(figure, self.registry)]
        return "; ".join(dict.fromkeys(remarks)) or notation.ABSENT

    # Words

    def definitions(self, written: Any, sheet: Sheet) -> None:
        off = partial(ExcelColumn, is_on_paper=False)
        columns = [
            ExcelColumn(say("Indikator"), 28, lambda definition: definition.label),
            ExcelColumn(say("Betyder"), 52, lambda definition: definition.definition),
            ExcelColumn(say("Hvem der tælles"), 22, lambda definition: definition.counted),
            ExcelColumn(say("Enhed"), 14, lambda definition: definition.unit),
            ExcelColumn(say("God vej"), 22, lambda definition: definition.good),
            off(say("Emne"), 18, lambda definition: definition.theme),
            off(say("Usikkerhed"), 30, lambda definition: definition.uncertainty),
            off(say("Udgiver"), 36, lambda definition: definition.publisher),
            off(say("Kan årene sammenlignes"), 52, lambda definition: definition.comparable),
        ]
        defined = texts.define(self.extract, self.registry)
        self.book.table(written, sheet, columns, defined, frozen=1, nothing=say("Intet tal er vist."))

    def changes(self, written: Any, sheet: Sheet) -> None:
        changes = texts.in_order(self.extract, self.registry)
        rows = [(change, self.registry.indicators[change.indicator]) for change in changes]
        columns = [
            ExcelColumn(say("Sted"), 26, lambda row: row[0].place),
            ExcelColumn(say("Hvad der skete"), 28, lambda row: say(texts.happened(row[0]))),
            ExcelColumn(say("Indikator"), 44, lambda row: say(row[1].label_da)),
            ExcelColumn(say("Enhed"), 10, lambda row: say(row[1].unit_short_da)),
            ExcelColumn(say("År"), 8, lambda row: row[0].year, "year"),
            ExcelColumn(say("Før"), 11, lambda row: self._number(row[0].before, row[0].before_mark, row[1]), "value"),
            ExcelColumn(say("Nu"), 11, lambda row: self._number(row[0].now, row[0].now_mark, row[1]), "value"),
        ]
        self.book.table(written, sheet, columns, rows, lambda row: row[1].decimals, nothing=say("Ingen ændringer."))

    def everything(self, written: Any, sheet: Sheet) -> None:
        """All figures on one list. Twins stand beside each figure there, and on a sheet of their own."""
        marks = {key: mark.code for key, mark in self.registry.extracts.mark.items()}
        number = [field.head for field in FIELDS].index("Tal")

        def cells(line: ListLine) -> list[str | float]:
            values = [notation.ABSENT if value is None else value for value in line.values]
            values[number] = marks[line.figure.mark] if line.figure.mark else values[number]
            return [values[at] for at in in_book]

        in_book = [at for at, field in enumerate(FIELDS) if field.in_book]
        columns = [ExcelColumn(say(FIELDS[at].head), FIELDS[at].width, shown=FIELDS[at].kind) for at in in_book]
        rows = ((cells(line), line.indicator.decimals) for line in self.every if line.place.kind != "twins")
        self.book.long_list(written, sheet, columns, rows, 2)

    def drawn(self, written: Any, sheet: Sheet) -> None:
        columns = [
            ExcelColumn(say("Sted"), 26, lambda line: line.place.name),
            ExcelColumn(say("Hovedtal"), 36, lambda line: say(line.indicator.label_da)),
            ExcelColumn(say("Enhed"), 12, lambda line: say(line.indicator.unit_short_da)),
            ExcelColumn(say("År"), 8, lambda line: line.figure.year, "year"),
            ExcelColumn(say("Stedets tal"), 12, lambda line: self._shown(line.figure), "value"),
            ExcelColumn(say("Usikkerhed fra"), 12, lambda line: _or_dash(line.shown(line.figure.ci_low)), "value"),
            ExcelColumn(say("Usikkerhed til"), 12, lambda line: _or_dash(line.shown(line.figure.ci_high)), "value"),
            ExcelColumn(say("Kommunen"), 12, lambda line: self._drawn_beside(line, "municipality"), "value"),
            ExcelColumn(say("Hele landet"), 12, lambda line: self._drawn_beside(line, "country"), "value"),
            ExcelColumn(say("Streg ned"), 12, lambda line: self.charts.whisker(line)[0], "value"),
            ExcelColumn(say("Streg op"), 12, lambda line: self.charts.whisker(line)[1], "value"),
            ExcelColumn(say("Lovens grænse"), 12, lambda line: _or_dash(self.charts.limit(line)), "value"),
            ExcelColumn(say("Bemærk"), 60, lambda line: "; ".join(caveats(line)) or notation.ABSENT),
        ]
        nothing = say("Der er ingen diagrammer.")
        self.book.table(
            *(written, sheet, columns, self.charts.lines, lambda line: line.indicator.decimals),
            is_filtered=False,
            nothing=nothing,
        )

    def _drawn_beside(self, line: ListLine, other: Other) -> Cell:
        """The figure of the municipality or country; the number of people in a country is no measure for an area."""
        return self._shown(line.beside(other)) if line.indicator.kind != "count" else notation.ABSENT


GOAL_LEFT_OUT = "udeladt: målets ord kunne røbe et tal, der ikke er vist"


def _or_dash(content: Any) -> Cell:
    return notation.ABSENT if content is None else content


def _against(line: ListLine, other: Other) -> str:
    """How the figure compares; a dash where the mark beside it says why it does not."""
    beside = line.beside(other)
    is_marked = beside is not None and bool(beside.mark)
    return notation.ABSENT if is_marked else against(line, other) or notation.ABSENT


def _yes_or_no(answer: bool | None, unknown: str = "kan ikke siges") -> str:
    return say(unknown) if answer is None else say("ja") if answer else say("nej")


def _demand(criterion: Criterion, indicator: Indicator) -> str:
    # The threshold is the law's own number: its decimals, not the indicator's.
    digits = len(f"{criterion.threshold or 0:g}".partition(".")[2])
    return criteria.limit(criterion, f"{notation.number(criterion.threshold, digits)} {say(indicator.unit_short_da)}")


def _rule(watch: Watch) -> str:
    parts = (
        [say("mindst {needed} af {criteria} kriterier", needed=watch.needed, criteria=len(watch.criteria))]
        if watch.criteria
        else []
    )
    parts += [say("de kriterier, der altid skal være opfyldt")] if watch.always else []
    if asked := watch.requirement:
        single, several = "på listen »{list_name}« i 1 år", "på listen »{list_name}« i {years} år"
        parts.append(say(single if asked.years == 1 else several, list_name=asked.list_name, years=asked.years))
    return say(", og ").join([*parts, *([say("nok beboere")] if watch.size else [])])


def _measure(indicator: Indicator | None) -> str:
    return f"{say(indicator.label_da)} ({say(indicator.unit_short_da)})" if indicator else say("intet tal")


def _verdict(target: TargetLine) -> str:
    if target.is_withdrawn:
        return say("opgivet af planen")
    if target.verdict:
        return f"{SIGNS[target.verdict]} {VERDICTS[target.verdict]}"
    return say("følges ikke med tal") if target.indicator is None else say("ingen vurdering")


def _width(head: str) -> float:
    """As wide as the longest word of the head."""
    return max(NARROWEST, *(len(word) + HEAD_ROOM for word in head.split()))


def _head(column: MatrixColumn) -> str:
    return _broken(f"{column.head} ({column.demand})" if column.demand else column.head)


def _broken(head: str) -> str:
    """The head with its long words broken, for no program breaks a word where its readers would."""
    parts = (notation.soft(word) if len(word) > LONGEST_WORD else word for word in head.split())
    return " ".join(parts).replace("\N{SOFT HYPHEN}", "-\n")
