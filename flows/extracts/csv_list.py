"""All figures in one long list: a row per place, indicator and year, as a CSV file for Danish Excel.

The columns are those of the workbook's sheet of all figures, too.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from flows.core import files
from flows.extracts import phrases, standing, texts, words
from flows.extracts.model import ClearedFigure, Extract, Other, Place, Since
from flows.extracts.standing import Beside
from flows.present import danish
from flows.present.vocabulary import STATUSES
from schemas import labels
from schemas.indicators import Indicator
from schemas.registry import Registry

Value: TypeAlias = str | int | float | None
T = TypeVar("T")
ORIGINS = {"synthetic": "syntetisk", "real": "virkelig"}
INTERVALS = {"wilson": "Wilson", "byar": "Byar", "exact_poisson": "Poisson, eksakt"}
OTHER_BOUNDARY = "anden afgrænsning"
KINDS = {"area": "boligområde", "municipality": "kommune", "country": "hele landet", "twins": "tvillinger"}
# The first sign of a text that a spreadsheet may take for a formula.
FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class ListLine:
    """A figure with all that stands beside it. `belongs_to` is the area beside which its place stands."""

    place: Place
    belongs_to: Place | None
    figure: ClearedFigure
    indicator: Indicator
    registry: Registry
    compared: tuple[tuple[Other, Place], ...]

    def shown(self, number: float | None) -> float | None:
        """A number of the figure in the indicator's decimals; None where there is none or the figure has a mark."""
        return texts.shown(self.figure, number, self.indicator)

    def kept(self, value: T | None) -> T | None:
        """A value of the figure, None where the figure has a mark."""
        return None if self.figure.mark else value

    def beside(self, other: Other) -> ClearedFigure | None:
        """The figure that is compared with; None where there is none."""
        place = dict(self.compared).get(other)
        return place.figure(self.indicator.id, self.figure.year) if place else None


@dataclass(frozen=True)
class Field:
    """A column of the list. `kind` is text, value, change (both in the indicator's decimals), count or year.

    `in_book` says whether the workbook has it, too: there a long list of many places would grow too large to open.
    """

    head: str
    content: Callable[[ListLine], Value]
    kind: Literal["text", "value", "change", "count", "year"] = "text"
    width: float = 12
    in_book: bool = True


def write(extract: Extract, registry: Registry, file: Path) -> None:
    """Write all figures of the extract as a CSV file: ';', decimal comma, UTF-8 with its mark, CRLF.

    Every row says where its figure comes from and whether it is cleared. Where a figure is not shown, its value is
    empty and its mark stands in words in a column of its own. The same extract gives the same bytes.
    """
    content = io.StringIO(newline="")
    rows = csv.writer(content, delimiter=";", lineterminator="\r\n")
    edition = "godkendt" if extract.is_cleared else "udkast"
    # A bare '2012-1' would be opened as a date.
    same = [ORIGINS[extract.origin], edition, f"udgivelse {extract.release}", _text(extract.name)]
    rows.writerow(["Oprindelse", "Udgave", "Udgivelse", "Sekretariat", *(field.head for field in FIELDS)])
    for line in lines(extract, registry):
        rows.writerow([*same, *(_cell(field, line) for field in FIELDS)])
    files.write(file, content.getvalue().encode("utf-8-sig"))


def lines(extract: Extract, registry: Registry, with_twins: bool = True) -> Iterator[ListLine]:
    """Every figure of the extract, by place, indicator and year."""
    twins = {area.id: area.twins for area in extract.areas}
    for place, beside in texts.places(extract):
        if place.kind == "twins" and not with_twins:
            continue
        home = extract.municipality_of(beside or place)
        whole: tuple[tuple[Other, Place], ...] = (("municipality", home), ("country", extract.country))
        compared = tuple(pair for pair in whole if pair[0] != place.kind != "country")
        if place.kind == "area" and beside is None:
            compared = (*compared, ("twins", twins[place.id]))
        for name in extract.indicators:
            for year in extract.years:
                figure = place.figure(name, year)
                yield ListLine(place, beside, figure, registry.indicators[name], registry, compared)


# Columns --------------------------------------------------------------------------------------------------------------


def place_kind(line: ListLine) -> str:
    """What kind of place it is: an area's published figures within other boundaries are a kind of their own."""
    is_other = line.belongs_to is not None and line.place.kind != "twins"
    return OTHER_BOUNDARY if is_other else KINDS[line.place.kind]


def mark(figure: ClearedFigure, registry: Registry) -> str | None:
    """The mark in words, None where the figure is shown."""
    return registry.extracts.mark[figure.mark].label_da if figure.mark else None


def answer(line: ListLine, other: Other) -> Beside | None:
    """How the figure stands against another place; None where the line is not compared with it."""
    beside = line.beside(other)
    return standing.against(line.figure, beside, other, line.registry) if beside else None


def beside_value(line: ListLine, other: Other) -> float | None:
    """The other place's number in the indicator's decimals; None where there is none."""
    found = answer(line, other)
    return None if found is None or found.value is None else texts.rounded(found.value, line.indicator)


def against(line: ListLine, other: Other) -> str | None:
    """The verdict in words, or why there is none; None where the figure itself is not shown, or not compared."""
    found = answer(line, other)
    if found is None or line.figure.mark:
        return None
    return f"ikke sammenlignet: {line.registry.extracts.mark[found.mark].label_da}" if found.mark else found.words


def remarks(line: ListLine) -> str | None:
    """All that must be known of the figure and of those that it is compared with; None where there is nothing."""
    rounding = [f"rundet af til hele {line.figure.rounded_to}"] if words.is_rounded(line.figure) else []
    return "; ".join((*texts.caveats(line.figure, line.registry), *rounding, *limits_beside(line))) or None


def limits_beside(line: ListLine) -> list[str]:
    """What limits the figures that the figure is compared with: 'kommunen: gennemsnit over 2 år'."""
    compared = [(name, place) for name, place in line.compared if beside_value(line, name) is not None]
    return [
        f"{words.PLACES[name]}: {limit}"
        for name, place in compared
        for limit in texts.limits(place.figure(line.indicator.id, line.figure.year))
    ]


def why_no_change(line: ListLine, since: Since) -> str | None:
    """Why the change is not known, in words; None where it is, or the figure has a mark."""
    if line.figure.mark or line.figure.change(since):
        return None
    return words.NO_CHANGE.get(line.figure.no_change_because(since) or "")


def _status(line: ListLine) -> str | None:
    status = line.kept(line.figure.status)
    return STATUSES[status] if status else None


def _direction(line: ListLine) -> str | None:
    direction = texts.direction(line.figure)
    return None if direction == danish.ABSENT else direction


def _of_place(line: ListLine) -> str:
    # A bare code of digits would lose its zeros.
    return f"{place_kind(line)} {line.place.id}"


FIELDS = (
    Field("Stedtype", place_kind, width=15),
    Field("Sted", lambda line: line.place.name, width=24),
    Field("Stednøgle", _of_place, width=24, in_book=False),
    Field("Hører til", lambda line: line.belongs_to.name if line.belongs_to else None, width=18),
    Field("År", lambda line: line.figure.year, "year", 7),
    Field("Emne", lambda line: labels.OUTCOME_GROUPS[line.indicator.indicator_group or "background"], width=23),
    Field("Indikator", lambda line: line.indicator.label_da, width=42),
    Field("Enhed", lambda line: line.indicator.unit_short_da, width=14),
    Field("Tal", lambda line: line.shown(line.figure.value), "value", 11),
    Field("Mærke i stedet for tal", lambda line: mark(line.figure, line.registry), width=25),
    Field("Antal", lambda line: line.kept(line.figure.shown_numerator), "count", 9),
    Field("Ud af", lambda line: line.kept(line.figure.shown_denominator), "count", 9),
    Field("Usikkerhed fra", lambda line: line.shown(line.figure.ci_low), "value", 12),
    Field("Usikkerhed til", lambda line: line.shown(line.figure.ci_high), "value", 12),
    Field(
        "Usikkerhed regnet efter",
        lambda line: INTERVALS.get(line.kept(line.figure.interval_basis) or ""),
        width=16,
        in_book=False,
    ),
    Field("Status", _status, width=12),
    Field("Kilde", lambda line: phrases.publisher(line.figure, line.registry), width=32),
    Field(
        "Offentliggjort", lambda line: "ja" if line.kept(line.figure.is_published) else None, width=15, in_book=False
    ),
    Field("Gennemsnit over år", lambda line: line.kept(line.figure.window_years), "count", 13),
    Field("Gentager tallet fra", lambda line: line.kept(line.figure.repeats_year), "year", 13),
    Field("Kommunens tal", lambda line: beside_value(line, "municipality"), "value", 12),
    Field("Mod kommunen", lambda line: against(line, "municipality"), width=32),
    Field("Landets tal", lambda line: beside_value(line, "country"), "value", 12),
    Field("Mod landet", lambda line: against(line, "country"), width=32),
    Field("Tvillingernes tal", lambda line: beside_value(line, "twins"), "value", 13),
    Field("Mod tvillingerne", lambda line: against(line, "twins"), width=32),
    Field("Ændring på et år", lambda line: line.shown(line.figure.change_year), "change", 12),
    Field("Ændring på et år fra", lambda line: line.shown(line.figure.change_year_low), "change", 12, in_book=False),
    Field("Ændring på et år til", lambda line: line.shown(line.figure.change_year_high), "change", 12, in_book=False),
    Field("Hvorfor ingen ændring på et år", lambda line: why_no_change(line, "year"), width=34, in_book=False),
    Field("Første år", lambda line: line.kept(line.figure.first_year), "year", 9),
    Field("Ændring siden første år", lambda line: line.shown(line.figure.change_first), "change", 13),
    Field(
        "Ændring siden første år fra",
        lambda line: line.shown(line.figure.change_first_low),
        "change",
        13,
        in_book=False,
    ),
    Field(
        "Ændring siden første år til",
        lambda line: line.shown(line.figure.change_first_high),
        "change",
        13,
        in_book=False,
    ),
    Field(
        "Hvorfor ingen ændring siden første år",
        lambda line: why_no_change(line, "first"),
        width=34,
        in_book=False,
    ),
    Field("Retning over fem år", _direction, width=34),
    Field("Bemærk", remarks, width=70),
)


# CSV ------------------------------------------------------------------------------------------------------------------


def _cell(field: Field, line: ListLine) -> str:
    content = field.content(line)
    if content is None:
        return ""
    if isinstance(content, str):
        return _text(content)
    # A mean of several years may have counted half a person.
    decimals = line.indicator.decimals if field.kind in ("value", "change") else int(content != round(content))
    # A number with its thousands apart would be opened as text, one with a typographic minus, too.
    return f"{content:.{decimals}f}".replace(".", ",")


def _text(text: str) -> str:
    """Text on one line that no spreadsheet takes for a formula: an apostrophe says that it is text."""
    plain = " ".join(text.split())
    return f"'{plain}" if plain.startswith(FORMULA) else plain
