"""The native charts of a workbook: key figures of a place through the years, drawn from cells of one sheet.

Excel draws text as zero. So a line is made of a series for each unbroken run of years with a figure, and no cell with a
mark is ever in one: a gap stays a gap, in Excel as in LibreOffice. The sheet that charts are drawn from is no reader's
to sort, so the tables that are made to be sorted stay apart from it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from typing import Any, TypeAlias

from flows.extracts import csv_list, phrases, texts, words
from flows.extracts.model import ClearedFigure, Extract, Place
from flows.present import danish, scales
from schemas.indicators import Indicator
from schemas.registry import Registry

SHEET = "Diagramtal"
# Columns of the sheet, counted from 0.
PLACE, YEAR, OWN, LOW, HIGH, MUNICIPALITY, COUNTRY = 0, 3, 4, 5, 6, 7, 8
# Pixels of a chart, and the rows that it covers: four charts go on a page.
CHART_SIZE, CHART_ROWS = (620, 330), 17
# Colours that differ in lightness, too; each line has a dash and a sign of its own besides.
INK, MUTED, PALE = "#1F4E79", "#B45F06", "#767676"
# A line of a chart: the column of its numbers, its name, its figures and how it looks.
Figures: TypeAlias = Sequence[ClearedFigure | None]
Drawn: TypeAlias = tuple[int, str, Figures, dict[str, Any]]
# Signs on top of a line's own, for figures that are no measurement of their year alone.
_BLACK = {"size": 9, "border": {"color": "#000000"}, "fill": {"color": "#000000"}}
_LIMITED: tuple[tuple[str, Callable[[ClearedFigure], bool], dict[str, Any]], ...] = (
    ("Gennemsnit over flere år", lambda figure: figure.is_mean, {"type": "diamond", **_BLACK}),
    ("Kilden gentager et tidligere års tal", lambda figure: bool(figure.repeats_year), {"type": "x", **_BLACK}),
)


class Charts:
    """The charts of one workbook. `lines` are the rows of the sheet that they are drawn from, below its row `top`.

    `every` has the figures by kind and identifier of their place, indicator and year; `marks` stand in every title, and
    `text` is the format of what is written beside charts.
    """

    def __init__(
        self,
        book: Any,
        extract: Extract,
        registry: Registry,
        every: Mapping[tuple[str, str, str, int], csv_list.ListLine],
        top: int,
        marks: str,
        text: Any,
    ) -> None:
        self.book, self.registry, self.years = book, registry, extract.years
        self.top, self.marks, self.text = top, marks, text
        self.lines: list[csv_list.ListLine] = []
        # The row of a chart's first year.
        self.first: dict[tuple[str, str, str], int] = {}
        for place in (*extract.areas, extract.municipality):
            for indicator in phrases.key_figures(extract, registry):
                through_years = [every[place.kind, place.id, indicator.id, year] for year in extract.years]
                if sum(not line.figure.mark for line in through_years) < 2:
                    continue
                self.first[place.kind, place.id, indicator.id] = top + 1 + len(self.lines)
                self.lines += through_years

    def insert(self, written: Any, place: Place, below: int) -> None:
        """Charts of the place's key figures, two beside each other, below its table."""
        charts = [name for name in self.registry.extracts.key_figures if (place.kind, place.id, name) in self.first]
        if not charts:
            text = "Der er ingen diagrammer: intet hovedtal er vist for to år eller flere."
            written.write_string(below, 0, text, self.text)
            return
        text = (
            f"Diagrammer af hovedtallene. De er tegnet af tallene på arket '{SHEET}'. En linje er brudt, hvor et år "
            "intet tal har, og hvor tallene bliver gjort op på en anden måde eller af en anden. Hovedtal, der er vist "
            "for færre end to år, er ikke tegnet."
        )
        written.write_string(below, 0, text, self.text)
        width, height = CHART_SIZE
        # No chart is cut by the end of a page.
        rows = below + 1 + -(-len(charts) // 2) * CHART_ROWS
        written.set_h_pagebreaks([below, *range(below + 1 + 2 * CHART_ROWS, rows, 2 * CHART_ROWS)])
        for at, name in enumerate(charts):
            chart, described = self._chart(place, self.registry.indicators[name])
            chart.set_size({"width": width - 10, "height": height - 10})
            row = below + 1 + (at // 2) * CHART_ROWS
            offset = (at % 2) * width
            options = {"x_offset": offset, "y_offset": 4, "object_position": 2, "description": described}
            written.insert_chart(row, 0, chart, options)

    def _chart(self, place: Place, indicator: Indicator) -> tuple[Any, str]:
        """A chart of an indicator at a place, and what it shows in words.

        Excel draws text as zero. So each unbroken run of years with a figure is a series of its own, and no cell with
        a mark is ever in one.
        """
        start = self.first[place.kind, place.id, indicator.id]
        lines = self.lines[start - self.top - 1 :][: len(self.years)]
        chart = self.book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        named: list[str] = []

        def add(column: int, name: str, is_drawn: Sequence[bool], style: dict[str, Any], shown: Figures) -> None:
            for first, last in _runs(is_drawn, [each is not None and each.broken_by is not None for each in shown]):
                rows = (start + first, start + last)
                chart.add_series(
                    {
                        # The place's name is a cell, too: one that begins with '=' would be taken for a formula.
                        "name": [SHEET, start, PLACE] if name == place.name else name,
                        "categories": [SHEET, rows[0], YEAR, rows[1], YEAR],
                        "values": [SHEET, rows[0], column, rows[1], column],
                        **style,
                    }
                )
                named.append(name)

        figures = [line.figure for line in lines]
        drawn: list[Drawn] = [(OWN, place.name, [*figures], _line(INK, "solid", "circle"))]
        if indicator.kind != "count":
            municipality = [line.beside("municipality") for line in lines]
            country = [line.beside("country") for line in lines]
            drawn.append((MUNICIPALITY, "Kommunen", municipality, _line(MUTED, "dash", "square")))
            drawn.append((COUNTRY, "Hele landet", country, _line(PALE, "square_dot", "triangle")))
        known = [not each.mark and None not in (each.ci_low, each.ci_high) for each in figures]
        thin = {"line": {"color": INK, "width": 0.75, "dash_type": "round_dot"}, "marker": {"type": "none"}}
        for column in (LOW, HIGH):
            add(column, "Usikkerhed (95 %), nederst og øverst", known, thin, figures)
        for column, name, shown, style in drawn:
            add(column, name, [each is not None and not each.mark for each in shown], style, shown)
        for name, limit, sign in _LIMITED:
            for column, _, shown, _style in drawn:
                limited = [each is not None and not each.mark and limit(each) for each in shown]
                add(column, name, limited, {"line": {"none": True}, "marker": sign}, shown)
        every = [figure for _, _, shown, _ in drawn for figure in shown if figure is not None]
        ends = self._y_axis(every, indicator)
        self._dress(chart, place, indicator, figures, [at for at, name in enumerate(named) if name in named[:at]], ends)
        return chart, self._described(place, indicator, figures)

    def _y_axis(self, figures: Sequence[ClearedFigure], indicator: Indicator) -> dict[str, float]:
        """Ends and rungs of the upright axis, by the rule of every picture."""
        shown = [figure for figure in figures if figure.is_shown]
        held = [n for figure in shown for n in (figure.value, figure.ci_low, figure.ci_high) if n is not None]
        axis = scales.axis(held, indicator)
        return {"min": axis.low, "max": axis.high, "major_unit": axis.step}

    def _dress(
        self,
        chart: Any,
        place: Place,
        indicator: Indicator,
        figures: Sequence[ClearedFigure],
        unnamed: list[int],
        ends: Mapping[str, float],
    ) -> None:
        """Title, axes and legend; series at `unnamed` have their name in the legend already."""
        title = f"{indicator.label_da} ({indicator.unit_short_da}): {place.name}"
        # Marks go with the chart into whatever it is pasted into.
        chart.set_title({"name": f"{self.marks} · {title}", "name_font": {"size": 10, "bold": True}})
        years = self.years
        small = {"size": 9}
        notes = self._notes(figures)
        chart.set_x_axis(
            {
                "min": years[0],
                "max": max(years[-1], years[0] + 1),
                "major_unit": 1 if len(years) <= 12 else 5,
                "num_format": "0",
                "num_font": small,
                "major_gridlines": {"visible": False},
                **({"name": notes, "name_font": {"size": 9, "bold": False, "italic": True}} if notes else {}),
            }
        )
        digits = "#,##0.0" if indicator.decimals > 1 else "#,##0"
        grid = {"visible": True, "line": {"color": "#E3E3E3", "width": 0.75}}
        chart.set_y_axis({**ends, "num_format": digits, "num_font": small, "major_gridlines": grid})
        chart.set_legend({"position": "bottom", "font": small, **({"delete_series": unnamed} if unnamed else {})})
        # Rows that a reader hides on the sheet of the numbers stay drawn.
        chart.show_hidden_data()

    def _notes(self, figures: Sequence[ClearedFigure]) -> str:
        """Years of the place without a figure, and why; years whose figure has no known uncertainty."""
        years: dict[str, list[int]] = {}
        for figure in figures:
            if figure.mark:
                why = f"Intet tal {{}}: {csv_list.mark(figure, self.registry)}"
            elif texts.uncertainty(figure, self.registry.indicators[figure.indicator]) == phrases.NO_INTERVAL:
                why = "Usikkerhed ukendt {}"
            else:
                continue
            years.setdefault(why, []).append(figure.year)
        return "; ".join(why.format(danish.years(noted)) for why, noted in years.items())

    def _described(self, place: Place, indicator: Indicator, figures: Sequence[ClearedFigure]) -> str:
        """The chart in words, for those who do not see it."""
        shown = [figure for figure in figures if not figure.mark]
        span = f"{figures[0].year}–{figures[-1].year}"
        sentences = [f"{self.marks}. Diagram: {indicator.label_da}, {place.name}, {span}."]
        for figure in (shown[0], shown[-1]):
            limits = texts.limits(figure)
            also = f" ({', '.join(limits)})" if limits else ""
            sentences.append(f"{figure.year}: {words.shown(figure, self.registry)}{also}.")
        if notes := self._notes(figures):
            sentences.append(f"{notes}.")
        sentences.append(f"Alle tal står på arket {SHEET}.")
        return " ".join(sentences)


def _line(color: str, dash: str, sign: str) -> dict[str, Any]:
    return {
        "line": {"color": color, "width": 2, "dash_type": dash},
        "marker": {"type": sign, "size": 6, "fill": {"color": color}, "border": {"color": color}},
    }


def _runs(is_drawn: Sequence[bool], is_break: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and last place of each run that neither a gap nor a break ends; at a break the next one begins."""
    series = list(accumulate(is_break))
    for (drawn, _), run in groupby(range(len(is_drawn)), lambda place: (is_drawn[place], series[place])):
        if drawn:
            places = list(run)
            yield places[0], places[-1]


def caveats(line: csv_list.ListLine) -> list[str]:
    """What must be known of the figure and of those beside it."""
    remarks = texts.caveats(line.figure, line.registry)
    for name, _ in line.compared:
        other = line.beside(name)
        if other and name != "twins" and line.indicator.kind != "count":
            remarks += [f"{words.PLACES[name]}: {caveat}" for caveat in texts.limits(other)]
    return remarks
