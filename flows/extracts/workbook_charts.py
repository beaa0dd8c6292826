"""The native charts of a workbook: key figures of a place through the years, drawn from cells of one sheet.

Excel draws text as zero. So a line is made of a series for each run of years that may be joined, as on the pages, and
no cell with a mark is ever in one: a gap stays a gap, in Excel as in LibreOffice. The sheet that charts are drawn from
is no reader's to sort, so the tables that are made to be sorted stay apart from it.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from xlsxwriter.utility import xl_range_abs  # type: ignore[import-untyped]

from flows.extracts import charts, phrases, texts, words
from flows.extracts.figure_list import ListLine
from flows.extracts.model import Area, ClearedFigure, Extract, Place, PlaceKind
from flows.present import notation, year_chart
from flows.present.excel import ExcelColumn
from flows.present.language import say
from flows.present.workbook import Workbook
from schemas.indicators import Indicator
from schemas.registry import Registry

SHEET = "Diagramtal"
# Columns of the sheet, counted from 0.
PLACE, YEAR, DOWN, UP, LIMIT = 0, 3, 9, 10, 11
COLUMNS: Mapping[str, int] = {"area": 4, "municipality": 7, "country": 8}
# Pixels of a unit of a column's width and of what it has besides; a chart's height, its rows, and such rows on a page.
UNIT, BESIDE = 7, 5
HEIGHT, CHART_ROWS, ON_PAGE = 192, 10, 3
AREA, INK, LAW = "#12395B", "#1B1B1B", "#8A3B12"
LINES = {
    "area": (AREA, "solid", 2.25, "circle"),
    "municipality": (INK, "dash", 1.25, "square"),
    "country": (INK, "round_dot", 1.25, "triangle"),
}
Figures: TypeAlias = Sequence[ClearedFigure]


class Charts:
    """The charts of one workbook. `lines` are the rows of the sheet that they are drawn from, below the head's.

    `every` has the figures by kind and identifier of their place, indicator and year.
    """

    def __init__(
        self,
        book: Workbook,
        extract: Extract,
        registry: Registry,
        every: Mapping[tuple[str, str, str, int], ListLine],
    ) -> None:
        self.book, self.extract, self.registry, self.years = book, extract, registry, extract.years
        self.lines: list[ListLine] = []
        # The row of a chart's first year.
        self.first: dict[tuple[str, str, str], int] = {}
        for place in (*extract.areas, *extract.municipalities):
            for indicator in phrases.key_figures(extract, registry):
                through_years = [every[place.kind, place.id, indicator.id, year] for year in extract.years]
                if sum(line.figure.is_shown for line in through_years) < 2:
                    continue
                self.first[place.kind, place.id, indicator.id] = book.top + 1 + len(self.lines)
                self.lines += through_years

    def limit(self, line: ListLine) -> float | None:
        """The threshold of the law in the year of a line; None where there is none."""
        return self._limits(line.indicator).get(line.figure.year)

    def _limits(self, indicator: Indicator) -> dict[int, float]:
        if indicator.kind == "count":
            return {}
        limits = charts.thresholds(self.extract, indicator.id)
        return {year: limit for limit, years, _ in limits for year in years}

    def whisker(self, line: ListLine) -> tuple[float | str, float | str]:
        """How far the interval reaches below and above the figure; a dash where it is not known."""
        value, low, high = (
            line.shown(number) for number in (line.figure.value, line.figure.ci_low, line.figure.ci_high)
        )
        if value is None or low is None or high is None:
            return notation.ABSENT, notation.ABSENT
        return texts.rounded(value - low, line.indicator), texts.rounded(high - value, line.indicator)

    def insert(self, written: Any, place: Place, below: int, columns: Sequence[ExcelColumn]) -> None:
        """Charts of the place's key figures below its table, two beside each other as wide as what is printed."""
        keys = [name for name in self.registry.extracts.key_figures if (place.kind, place.id, name) in self.first]
        if not keys:
            none = [say("Der er ingen diagrammer: intet hovedtal er vist for to år eller flere.")]
            self.book.page(written, self.book.notes(written, below, none, columns) - 1, columns)
            return
        legend = say(
            "Diagrammer af hovedtallene, tegnet af tallene på arket '{sheet}'. En linje går kun "
            "mellem tal, der må sammenlignes. Lodret streg: usikkerhed (95 %); uden streg er den "
            "ukendt. Hult tegn: gennemsnit over flere år (rude) eller gentaget tal. Samme akser som "
            "på siderne og i rapporten.",
            sheet=say(SHEET),
        )
        top = self.book.notes(written, below, [legend], columns)
        side = int(sum(column.width * UNIT + BESIDE for column in columns if column.is_on_paper)) // 2
        rows = -(-len(keys) // 2)
        # No chart is cut by the end of a page.
        breaks = [below, *(top + row * CHART_ROWS for row in range(ON_PAGE, rows, ON_PAGE))]
        self.book.page(written, top + rows * CHART_ROWS - 1, columns, breaks)
        for at, name in enumerate(keys):
            chart, described = self._chart(place, self.registry.indicators[name])
            chart.set_size({"width": side - 10, "height": HEIGHT})
            options = {"x_offset": at % 2 * side, "y_offset": 4, "object_position": 2, "description": described}
            written.insert_chart(top + at // 2 * CHART_ROWS, 0, chart, options)

    def _chart(self, place: Place, indicator: Indicator) -> tuple[Any, str]:
        """A chart of an indicator at a place, and what it shows in words."""
        start = self.first[place.kind, place.id, indicator.id]
        chart = self.book.book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        drawn = charts.drawn(place, self.extract, indicator)
        named: list[str] = []

        def rows_of(years: Sequence[int]) -> tuple[int, int]:
            return start + self.years.index(years[0]), start + self.years.index(years[-1])

        def add(column: int, name: str, rows: tuple[int, int], style: dict[str, Any]) -> None:
            chart.add_series(
                {
                    # The place's name is a cell, too: one that begins with '=' would be taken for a formula.
                    "name": [say(SHEET), start, PLACE] if name == place.name else name,
                    "categories": [say(SHEET), rows[0], YEAR, rows[1], YEAR],
                    "values": [say(SHEET), rows[0], column, rows[1], column],
                    **style,
                }
            )
            named.append(name)

        for limit, years in _stretches(self._limits(indicator)):
            look = {"color": LAW, "width": 1.5, "dash_type": "dash"}
            marker = {"type": "none"} if len(years) > 1 else {"type": "long_dash", "size": 9, "border": {"color": LAW}}
            law = say("Lovens grænse {limit}", limit=notation.number(limit, indicator.decimals))
            add(LIMIT, law, rows_of(years), {"line": look, "marker": marker})
        names = {"area": place.name, "municipality": say("Kommunen"), "country": say("Hele landet")}
        for kind, shown in reversed(drawn.items()):
            role = "area" if kind == place.kind else kind
            name = place.name if kind == place.kind else names[kind]
            for run in year_chart.runs(shown):
                rows = rows_of([figure.year for figure in run])
                add(COLUMNS[role], name, rows, self._style(role, run, rows))
        unnamed = [at for at, name in enumerate(named) if name in named[:at]]
        self._dress(chart, place, indicator, drawn, unnamed)
        return chart, self._described(place, indicator, drawn)

    def _style(self, role: str, run: Figures, rows: tuple[int, int]) -> dict[str, Any]:
        """How a run is drawn: hollow where it is no measurement of its year, and with the area's intervals."""
        color, dash, thick, sign = LINES[role]
        alone = run[0].is_alone
        shape = "diamond" if role == "area" and run[0].is_mean else sign
        fill = {"color": "#FFFFFF" if alone or role != "area" else color}
        style: dict[str, Any] = {
            "line": {"color": color, "width": thick, "dash_type": dash},
            "marker": {"type": shape, "size": 7 if role == "area" else 5, "fill": fill, "border": {"color": color}},
        }
        if role == "area" and any(figure.interval for figure in run):
            down, up = (f"={say(SHEET)}!{xl_range_abs(rows[0], column, rows[1], column)}" for column in (DOWN, UP))
            whiskers = {"type": "custom", "minus_values": down, "plus_values": up, "end_style": 0}
            style["y_error_bars"] = {**whiskers, "line": {"color": color, "width": 1}}
        return style

    def _dress(
        self,
        chart: Any,
        place: Place,
        indicator: Indicator,
        drawn: Mapping[PlaceKind, Figures],
        unnamed: list[int],
    ) -> None:
        """Title, axes and legend; series at `unnamed` have their name in the legend already."""
        title = f"{phrases.heading(indicator)}: {place.name}"
        chart.set_title({"name": title, "name_font": {"size": 10, "bold": True}, "overlay": False})
        years, small, axis = self.years, {"size": 9}, charts.axis_of(drawn, self.extract, indicator)
        # Marks go with the chart into whatever it is pasted into.
        notes = " ".join([f"{self.book.facts.mark}.", *self._notes(place, indicator, drawn)])
        chart.set_x_axis(
            {
                "min": years[0],
                "max": max(years[-1], years[0] + 1),
                "major_unit": _step(years[-1] - years[0]),
                "num_format": "0",
                "num_font": small,
                "major_gridlines": {"visible": False},
                "name": notes,
                "name_font": {"size": 8, "bold": False},
            }
        )
        digits = "#,##0" + (f".{'0' * axis.decimals}" if axis.decimals else "")
        grid = {"visible": True, "line": {"color": "#E3E3E3", "width": 0.75}}
        ends = {"min": axis.low, "max": axis.high, "major_unit": axis.step}
        chart.set_y_axis({**ends, "num_format": digits, "num_font": small, "major_gridlines": grid})
        chart.set_legend({"position": "right", "font": small, **({"delete_series": unnamed} if unnamed else {})})
        # Rows that a reader hides on the sheet of the numbers stay drawn.
        chart.show_hidden_data()

    def _notes(self, place: Place, indicator: Indicator, drawn: Mapping[PlaceKind, Figures]) -> list[str]:
        """The notes of the same picture on the pages, and when the area's plans run, which no native chart shades."""
        notes = [
            # No native chart draws an upright line for a break.
            phrases.capital(note.removeprefix(say(year_chart.BREAK_SIGN)).removeprefix(": "))
            for note in charts.notes(place, drawn, indicator.id, self.extract, self.registry)
        ]
        period = place.period if isinstance(place, Area) else None
        return [
            *notes,
            *([say("Planperiode: {first}–{last}.", first=period.begins.year, last=period.ends.year)] if period else []),
        ]

    def _described(self, place: Place, indicator: Indicator, drawn: Mapping[PlaceKind, Figures]) -> str:
        """The chart in words, for those who do not see it."""
        shown = drawn[place.kind]
        span = f"{self.years[0]}–{self.years[-1]}"
        sentences = [
            say(
                "{mark}. Diagram: {label}, {place}, {span}.",
                mark=self.book.facts.mark,
                label=say(indicator.label_da),
                place=place.name,
                span=span,
            )
        ]
        for figure in (shown[0], shown[-1]):
            limits = texts.limits(figure)
            also = f" ({', '.join(limits)})" if limits else ""
            sentences.append(f"{figure.year}: {words.shown(figure, self.registry)}{also}.")
        return " ".join(
            [
                *sentences,
                *self._notes(place, indicator, drawn),
                say("Alle tal står på arket {sheet}.", sheet=say(SHEET)),
            ]
        )


def _step(span: int) -> int:
    """From year to year that is written out: the first and the last are, and no more than five run into each other."""
    return next((step for step in range(1, span) if span % step == 0 and span // step <= 4), max(span, 1))


def _stretches(limits: Mapping[int, float]) -> list[tuple[float, list[int]]]:
    """Each threshold with the years in a row in which it was law."""
    found = groupby(sorted(limits), lambda year: (limits[year], year - sorted(limits).index(year)))
    return [(limit, list(years)) for (limit, _), years in found]


def caveats(line: ListLine) -> list[str]:
    """What must be known of the figure and of those beside it."""
    remarks = texts.caveats(line.figure, line.registry)
    for name in line.compared:
        other = line.beside(name)
        if other and name != "twins" and line.indicator.kind != "count":
            remarks += [f"{words.PLACES[name]}: {caveat}" for caveat in texts.limits(other)]
    return remarks
