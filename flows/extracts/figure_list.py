"""Every figure of an extract with all that stands beside it, worked out once: the list, the workbook's sheet of it and
its other sheets say what stands here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from flows.extracts import phrases, standing, texts, words
from flows.extracts.model import ClearedFigure, Extract, Other, Place, Since
from flows.extracts.standing import Beside
from flows.present import notation
from flows.present.language import Words, say
from flows.present.vocabulary import STATUSES
from schemas import labels
from schemas.indicators import Indicator
from schemas.registry import Registry

Value: TypeAlias = str | int | float | None
INTERVALS = Words({"wilson": "Wilson", "byar": "Byar", "exact_poisson": "Poisson, eksakt"})
OTHER_BOUNDARY = "anden afgrænsning"
KINDS = Words({"area": "boligområde", "municipality": "kommune", "country": "hele landet", "twins": "tvillinger"})


@dataclass(frozen=True)
class ListLine:
    """A figure with all that stands beside it. `belongs_to` is the area beside which its place stands."""

    place: Place
    belongs_to: Place | None
    figure: ClearedFigure
    indicator: Indicator
    registry: Registry
    compared: Mapping[Other, Place]

    def shown(self, number: float | None) -> float | None:
        """A number of the figure in the indicator's decimals; None where there is none or the figure has a mark."""
        return texts.shown(self.figure, number, self.indicator)

    def beside(self, other: Other) -> ClearedFigure | None:
        """The figure that is compared with; None where there is none."""
        place = self.compared.get(other)
        return place.figure(self.indicator.id, self.figure.year) if place else None

    @cached_property
    def answers(self) -> dict[Other, Beside]:
        """How the figure stands against each place that it is compared with."""
        key = (self.indicator.id, self.figure.year)
        return {
            other: standing.against(self.figure, place.figures[key], other, self.registry)
            for other, place in self.compared.items()
        }

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """What stands in each of FIELDS: a figure with a mark has nothing in those that tell of a figure shown."""
        if self.figure.mark:
            return tuple([field.content(self) if field.is_of_mark else None for field in FIELDS])
        return tuple([field.content(self) for field in FIELDS])


@dataclass(frozen=True)
class Field:
    """A column of the list. `kind` is text, value, change (both in the indicator's decimals), count or year.

    `is_of_mark`: it stands beside a mark, too, because it tells nothing of the figure behind it. `in_book` says whether
    the workbook has it, too: there a long list of many places would grow too large to open.
    """

    head: str
    content: Callable[[ListLine], Value]
    kind: Literal["text", "value", "change", "count", "year"] = "text"
    width: float = 12
    is_of_mark: bool = False
    in_book: bool = True


def lines(extract: Extract, registry: Registry) -> Iterator[ListLine]:
    """Every figure of the extract, by place, indicator and year."""
    twins = {area.id: area.twins for area in extract.areas}
    for place, beside in texts.places(extract):
        whole: dict[Other, Place] = {
            "municipality": extract.municipality_of(beside or place),
            "country": extract.country,
        }
        compared = {other: its for other, its in whole.items() if other != place.kind != "country"}
        if place.kind == "area" and beside is None:
            compared["twins"] = twins[place.id]
        for name in extract.indicators:
            indicator = registry.indicators[name]
            for year in extract.years:
                yield ListLine(place, beside, place.figures[name, year], indicator, registry, compared)


# Columns --------------------------------------------------------------------------------------------------------------


def place_kind(line: ListLine) -> str:
    """What kind of place it is: an area's published figures within other boundaries are a kind of their own."""
    is_other = line.belongs_to is not None and line.place.kind != "twins"
    return say(OTHER_BOUNDARY) if is_other else KINDS[line.place.kind]


def mark(figure: ClearedFigure, registry: Registry) -> str | None:
    """The mark in words, None where the figure is shown."""
    return say(registry.extracts.mark[figure.mark].label_da) if figure.mark else None


def beside_value(line: ListLine, other: Other) -> float | None:
    """The other place's number in the indicator's decimals; None where there is none."""
    found = line.answers.get(other)
    return None if found is None or found.value is None else texts.rounded(found.value, line.indicator)


def against(line: ListLine, other: Other) -> str | None:
    """The verdict in words, or why there is none; None where the figure itself is not shown, or not compared."""
    found = line.answers.get(other)
    if found is None or line.figure.mark:
        return None
    return (
        say("ikke sammenlignet: {mark}", mark=say(line.registry.extracts.mark[found.mark].label_da))
        if found.mark
        else found.words
    )


def remarks(line: ListLine) -> str | None:
    """All that must be known of the figure and of those that it is compared with; None where there is nothing."""
    rounding = (
        [say("rundet af til hele {rounded_to}", rounded_to=line.figure.rounded_to)]
        if words.is_rounded(line.figure)
        else []
    )
    return "; ".join((*texts.caveats(line.figure, line.registry), *rounding, *limits_beside(line))) or None


def limits_beside(line: ListLine) -> list[str]:
    """What limits the figures that the figure is compared with: 'kommunen: gennemsnit over 2 år'."""
    key = (line.indicator.id, line.figure.year)
    return [
        f"{words.PLACES[other]}: {limit}"
        for other, found in line.answers.items()
        if found.value is not None
        for limit in texts.limits(line.compared[other].figures[key])
    ]


def why_no_change(line: ListLine, since: Since) -> str | None:
    """Why the change of a figure that is shown is not known, in words; None where it is."""
    return None if line.figure.change(since) else words.NO_CHANGE.get(line.figure.no_change_because(since) or "")


def _status(line: ListLine) -> str | None:
    return STATUSES[line.figure.status] if line.figure.status else None


def _direction(line: ListLine) -> str | None:
    direction = texts.direction(line.figure)
    return None if direction == notation.ABSENT else direction


def _theme(line: ListLine) -> str:
    return say(labels.OUTCOME_GROUPS[line.indicator.indicator_group or "background"])


def _of_place(line: ListLine) -> str:
    # A bare code of digits would lose its zeros.
    return f"{place_kind(line)} {line.place.id}"


FIELDS = (
    Field("Stedtype", place_kind, width=15, is_of_mark=True),
    Field("Sted", lambda line: line.place.name, width=24, is_of_mark=True),
    Field("Stednøgle", _of_place, width=24, in_book=False, is_of_mark=True),
    Field("Hører til", lambda line: line.belongs_to.name if line.belongs_to else None, width=18, is_of_mark=True),
    Field("År", lambda line: line.figure.year, "year", 7, is_of_mark=True),
    Field("Emne", _theme, width=23, is_of_mark=True),
    Field("Indikator", lambda line: say(line.indicator.label_da), width=42, is_of_mark=True),
    Field("Enhed", lambda line: say(line.indicator.unit_short_da), width=14, is_of_mark=True),
    Field("Tal", lambda line: line.shown(line.figure.value), "value", 11),
    Field("Mærke i stedet for tal", lambda line: mark(line.figure, line.registry), width=25, is_of_mark=True),
    Field("Antal", lambda line: line.figure.shown_numerator, "count", 9),
    Field("Ud af", lambda line: line.figure.shown_denominator, "count", 9),
    Field("Usikkerhed fra", lambda line: line.shown(line.figure.ci_low), "value", 12),
    Field("Usikkerhed til", lambda line: line.shown(line.figure.ci_high), "value", 12),
    Field(
        "Usikkerhed regnet efter",
        lambda line: INTERVALS.get(line.figure.interval_basis or ""),
        width=16,
        in_book=False,
    ),
    Field("Status", _status, width=12),
    Field("Kilde", lambda line: phrases.publisher(line.figure, line.registry), width=32),
    Field("Offentliggjort", lambda line: say("ja") if line.figure.is_published else None, width=15, in_book=False),
    Field("Gennemsnit over år", lambda line: line.figure.window_years, "count", 13),
    Field("Gentager tallet fra", lambda line: line.figure.repeats_year, "year", 13),
    Field("Kommunens tal", lambda line: beside_value(line, "municipality"), "value", 12, is_of_mark=True),
    Field("Mod kommunen", lambda line: against(line, "municipality"), width=32),
    Field("Landets tal", lambda line: beside_value(line, "country"), "value", 12, is_of_mark=True),
    Field("Mod landet", lambda line: against(line, "country"), width=32),
    Field("Tvillingernes tal", lambda line: beside_value(line, "twins"), "value", 13, is_of_mark=True),
    Field("Mod tvillingerne", lambda line: against(line, "twins"), width=32),
    Field("Ændring på et år", lambda line: line.shown(line.figure.change_year), "change", 12),
    Field("Ændring på et år fra", lambda line: line.shown(line.figure.change_year_low), "change", 12, in_book=False),
    Field("Ændring på et år til", lambda line: line.shown(line.figure.change_year_high), "change", 12, in_book=False),
    Field("Hvorfor ingen ændring på et år", lambda line: why_no_change(line, "year"), width=34, in_book=False),
    Field("Første år", lambda line: line.figure.first_year, "year", 9),
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
    Field("Bemærk", remarks, width=70, is_of_mark=True),
)
