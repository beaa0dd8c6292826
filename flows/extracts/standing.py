"""How a figure stands: the one answer of every output to what it is held against, with which verdict, or why not."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from flows.extracts import phrases, words
from flows.extracts.model import ClearedFigure, Criterion, Extract, Other, Place
from flows.extracts.watch import COMPARE
from flows.present import notation
from flows.present.language import say
from schemas.indicators import Indicator
from schemas.registry import Registry

FIFTHS = 10  # areas from which on fifths are told
COUNT_NOT_JUDGED = "antal vurderes ikke"
NOT_JUDGED = "ikke vurderet"


class Beside(NamedTuple):
    """A figure beside that of another place: the other's number, the verdict, and why there is none, in words.

    `is_refused`: the two may not be held against each other, and `why` says what keeps them apart.
    """

    value: float | None
    mark: str | None
    verdict: str | None
    why: str
    is_refused: bool = False

    @property
    def words(self) -> str:
        """The verdict, or why there is none; empty where the figure or the other one has a mark."""
        return words.VERDICTS[self.verdict] if self.verdict else self.why

    @property
    def under(self) -> str:
        """What stands under the other place's number; empty for what is a matter of the figure itself.

        Under another place's number a bare verdict would seem to be said of that place.
        """
        if self.verdict not in (None, "similar"):
            return say("området er {verdict}", verdict=self.words)
        return "" if self.words in (say(COUNT_NOT_JUDGED), say(phrases.NO_INTERVAL)) else self.words


def against(figure: ClearedFigure, beside: ClearedFigure, other: Other, registry: Registry) -> Beside:
    """How a figure stands against that of another place in the same year."""
    indicator = registry.indicators[figure.indicator]
    if not beside.is_shown:
        return Beside(None, beside.mark, None, "")
    value = beside.number
    if not figure.is_shown:
        return Beside(value, None, None, "")
    compared = figure.compared(other)
    if indicator.kind == "count":
        return Beside(value, None, None, say(COUNT_NOT_JUDGED))
    if compared.value is None:
        apart = kept_apart(figure, beside)
        return Beside(
            value,
            None,
            None,
            say("ikke holdt op mod {place}{apart}", place=words.PLACES[other], apart=apart and f": {apart}"),
            True,
        )
    if figure.interval is None:
        return Beside(value, None, None, say(phrases.NO_INTERVAL))
    return Beside(value, None, compared.verdict, "" if compared.verdict else say(NOT_JUDGED))


def kept_apart(figure: ClearedFigure, beside: ClearedFigure) -> str:
    """What keeps two figures of a year apart: 'gns. af 4 år mod 1 år'; empty if that is not known."""
    own, its = figure.window_years or 1, beside.window_years or 1
    if own != its:
        return say("{own} mod {other}", own=_window(own), other=_window(its))
    for repeated, whose in ((figure, say("tallet")), (beside, say("det andet tal"))):
        if repeated.repeats_year:
            return say("{whose} gentager {repeats_year}", whose=whose, repeats_year=repeated.repeats_year)
    return words.NO_CHANGE["other_owner"] if figure.figure_owner != beside.figure_owner else ""


def _window(years: int) -> str:
    return say("1 år") if years == 1 else say("gns. af {years} år", years=years)


class Rank(NamedTuple):
    """The place of a figure among those of all areas, from the unfavourable end; from the highest if there is none."""

    place: int
    among: int
    from_end: str

    @property
    def words(self) -> str:
        """'nr. 12 af 34 fra højeste'."""
        return say("nr. {place} af {among} fra {from_end}", place=self.place, among=self.among, from_end=self.from_end)


def rank(figure: ClearedFigure, extract: Extract, indicator: Indicator) -> Rank | None:
    """The figure's place among all areas that have it; None where it is not shown, or fewer than three have it."""
    spread = extract.series(figure) if figure.is_shown and figure.year == extract.year else ()
    if len(spread) < 3:
        return None
    before = _less_favourable(figure.number, spread, indicator)
    return Rank(before + 1, len(spread), say("laveste") if indicator.polarity == "high_is_better" else say("højeste"))


def fifth(figure: ClearedFigure, extract: Extract, indicator: Indicator) -> int | None:
    """Which fifth of all areas the figure lies in, 1 the least favourable; None where nothing of it is favourable."""
    spread = extract.series(figure) if figure.is_shown and figure.year == extract.year else ()
    if len(spread) < FIFTHS or indicator.polarity == "neutral":
        return None
    return 1 + min(4, 5 * _less_favourable(figure.number, spread, indicator) // len(spread))


def _less_favourable(number: float, spread: Sequence[float], indicator: Indicator) -> int:
    if indicator.polarity == "high_is_better":
        return bisect_left(spread, number)
    return len(spread) - bisect_right(spread, number)


def beyond(criterion: Criterion) -> float | None:
    """How far the figure lies over its threshold, below 0 under it; None where that is not known."""
    if criterion.value is None or criterion.threshold is None:
        return None
    return criterion.value - criterion.threshold


def nearness(criterion: Criterion) -> float | None:
    """How far the figure lies from its threshold, in per cent of the threshold; None where that is not known.

    In points a small share would always seem near.
    """
    away = beyond(criterion)
    return None if away is None or not criterion.threshold else 100 * abs(away) / criterion.threshold


def over_or_under(criterion: Criterion, indicator: Indicator) -> str:
    """'1,4 over', '0,20 under', 'lige på'."""
    away = beyond(criterion)
    return "" if away is None else distance_in_words(away, indicator)


def distance_in_words(away: float, indicator: Indicator) -> str:
    """A distance from a threshold: '1,4 over', '0,20 under', 'lige på'."""
    text = notation.number(abs(away), indicator.decimals)
    if not text.strip("0.,"):
        return say("lige på")
    return say("{distance} over", distance=text) if away > 0 else say("{distance} under", distance=text)


def is_met(value: float, criterion: Criterion) -> bool:
    """Whether a figure meets a criterion whose threshold is known. Raises ValueError where it is not."""
    if criterion.threshold is None:
        raise ValueError(f"the threshold of {criterion.indicator} is not known")
    return COMPARE[criterion.sign](value, criterion.threshold)


def threshold(number: float, indicator: Indicator) -> str:
    """A threshold of a law with no more decimals than it has: '40', '2,70'."""
    return notation.number(number, 0 if number == round(number) else indicator.decimals)


def deliverer(indicator: Indicator, municipality: Place, registry: Registry) -> str:
    """Who can deliver an indicator of areas that is missing: 'Aarhus Kommune', 'boligorganisationen'."""
    named = registry.extracts.deliverer.get(indicator.indicator_group or "")
    return say(named) if named else say("{name} Kommune", name=municipality.name)
