"""Notation of the language that is spoken, on every page, form and screen: numbers with units, intervals, years."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from flows.present.language import grammar, say
from schemas import labels
from schemas.indicators import Indicator

ABSENT = "–"


def number(value: float | None, decimals: int = 0) -> str:
    """A number as the language writes it: 1.072,5; a dash where there is none. Never '−0'."""
    return ABSENT if value is None else _number(value, decimals, grammar().separators)


# The same numbers stand on pages, in lists and in words of charts.
@lru_cache(1 << 14)
def _number(value: float, decimals: int, separators: tuple[str, str]) -> str:
    text = f"{abs(value):,.{decimals}f}"
    is_zero = not text.strip("0.,")
    if separators != (",", "."):
        text = text.translate(str.maketrans(",.", "".join(separators)))
    return text if value >= 0 or is_zero else f"−{text}"


def signed(value: float | None, decimals: int = 0) -> str:
    """A number with its sign, for changes: +1,2 or −1,2."""
    text = number(value, decimals)
    is_zero = value is None or not text.strip("0.,")
    return text if is_zero or text.startswith("−") else f"+{text}"


def valued(value: float | None, indicator: Indicator) -> str:
    """A figure with its unit: '43,3 %'."""
    if value is None:
        return ABSENT
    return grammar().quantity(number(value, indicator.decimals), say(indicator.unit_short_da))


def changed(value: float | None, indicator: Indicator) -> str:
    """A change with its unit: '+1,2 procentpoint'; shares change in percentage points."""
    if value is None:
        return ABSENT
    return f"{signed(value, indicator.decimals)} {point(indicator)}"


def point(indicator: Indicator) -> str:
    """The unit of a change: shares change in percentage points."""
    return say("procentpoint") if indicator.kind in ("share", "relative") else say(indicator.unit_short_da)


def interval(low: float | None, high: float | None, indicator: Indicator) -> str:
    """A 95 % interval: '40,1–46,5'; a dash where there is none."""
    if low is None or high is None:
        return ABSENT
    return f"{number(low, indicator.decimals)}–{number(high, indicator.decimals)}"


def counted(count: float | None, indicator: Indicator) -> str:
    """A number of what the indicator counts: '1 person', '12 personer'."""
    if count is None:
        return ABSENT
    singular, plural = labels.COUNTED[indicator.count_basis]
    return f"{number(count)} {say(singular if round(count) == 1 else plural)}"


def day(on: date) -> str:
    """'3. maj 2010'."""
    return grammar().day(on)


def span(low: float | None, high: float | None, indicator: Indicator) -> str:
    """A 95 % interval of a change: '−4,1 til +0,3'; a dash where there is none."""
    if low is None or high is None:
        return ABSENT
    return say("{low} til {high}", low=signed(low, indicator.decimals), high=signed(high, indicator.decimals))


def ends(low: float | None, high: float | None, indicator: Indicator) -> str:
    """The ends of an interval of a change, after 'mellem': '−4,1 og +0,3'; a dash where there is none."""
    if low is None or high is None:
        return ABSENT
    return say("{low} og {high}", low=signed(low, indicator.decimals), high=signed(high, indicator.decimals))


def many(count: int, singular: str, plural: str) -> str:
    """A number with its noun: '1 mål', '2 aktiviteter', '0 aktiviteter'."""
    return f"{number(count)} {say(singular if count == 1 else plural)}"


def listed(parts: Sequence[str]) -> str:
    """'a, b og c'."""
    return grammar().last.join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def years(found: Iterable[int]) -> str:
    """Years with their runs drawn together: '2008–2010 og 2012'."""
    runs: list[list[int]] = []
    for year in sorted(set(found)):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return listed([word for run in runs for word in ([f"{run[0]}–{run[-1]}"] if len(run) > 2 else map(str, run))])


def soft(text: str) -> str:
    """Text whose long compounds may be broken where its readers break them, for heads of narrow columns."""
    for whole, parts in grammar().compounds.items():
        text = text.replace(whole, parts.replace("-", "\N{SOFT HYPHEN}"))
    return text


def sentence(text: str) -> str:
    """Text with a capital at its beginning and a full stop at its end."""
    ended = text if text.endswith((".", "!", "?", "…")) else f"{text}."
    return ended[:1].upper() + ended[1:]


def subject(indicator: Indicator) -> str:
    """The indicator as the subject of a sentence, in lower case: 'andelen på kontanthjælp', 'antallet af beboere'.

    Ends with a comma where the name holds a clause.
    """
    return grammar().subject(indicator, say(indicator.label_da))


def short(indicator: Indicator) -> str:
    """The indicator's name at the head of a column or in a list: 'Kun grundskole', 'Uden for arbejdsmarkedet'."""
    return grammar().short(indicator, say(indicator.label_da))
