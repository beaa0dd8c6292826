"""Danish notation, the same on every page, form and screen: numbers with their units, intervals, changes, years."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from schemas import labels
from schemas.indicators import Indicator

ABSENT = "–"
# Where long words of the indicators' names are broken.
COMPOUNDS = {
    "arbejdsmarkedet": "arbejds-markedet",
    "beskæftigelse": "beskæf-tigelse",
    "kontanthjælp": "kontant-hjælp",
    "efterkommere": "efter-kommere",
    "ndvandrere": "nd-vandrere",
    "raflytningsprocent": "ra-flytnings-procent",
    "ruttoindkomst": "rutto-indkomst",
    "grundskole": "grund-skole",
    "uddannelse": "uddan-nelse",
    "regionens": "regio-nens",
}
MONTHS = (
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
)


_SWAPPED = str.maketrans(",.", ".,")


# The same numbers stand on pages, in lists and in words of charts.
@lru_cache(1 << 14)
def number(value: float | None, decimals: int = 0) -> str:
    """A number in Danish notation: 1.072,5; a dash where there is none. Never '−0'."""
    if value is None:
        return ABSENT
    text = f"{abs(value):,.{decimals}f}".translate(_SWAPPED)
    is_zero = not text.strip("0.,")
    return text if value >= 0 or is_zero else f"−{text}"


def signed(value: float | None, decimals: int = 0) -> str:
    """A number with its sign, for changes: +1,2 or −1,2."""
    text = number(value, decimals)
    is_zero = value is None or not text.strip("0.,")
    return text if is_zero or text.startswith("−") else f"+{text}"


def valued(value: float | None, indicator: Indicator) -> str:
    """A figure with its unit: '43,3 %'."""
    return ABSENT if value is None else f"{number(value, indicator.decimals)} {indicator.unit_short_da}"


def changed(value: float | None, indicator: Indicator) -> str:
    """A change with its unit: '+1,2 procentpoint'; shares change in percentage points."""
    if value is None:
        return ABSENT
    name = "procentpoint" if indicator.kind in ("share", "relative") else indicator.unit_short_da
    return f"{signed(value, indicator.decimals)} {name}"


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
    return f"{number(count)} {singular if round(count) == 1 else plural}"


def day(on: date) -> str:
    """'3. maj 2010'."""
    return f"{on.day}. {MONTHS[on.month - 1]} {on.year}"


def span(low: float | None, high: float | None, indicator: Indicator) -> str:
    """A 95 % interval of a change: '−4,1 til +0,3'; a dash where there is none."""
    if low is None or high is None:
        return ABSENT
    return f"{signed(low, indicator.decimals)} til {signed(high, indicator.decimals)}"


def many(count: int, singular: str, plural: str) -> str:
    """A number with its noun: '1 mål', '2 aktiviteter', '0 aktiviteter'."""
    return f"{number(count)} {singular if count == 1 else plural}"


def listed(parts: Sequence[str]) -> str:
    """'a, b og c'."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} og {parts[-1]}" if parts else ""


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
    """Text whose long compounds may be broken where Danes break them, for heads of narrow columns."""
    for whole, parts in COMPOUNDS.items():
        text = text.replace(whole, parts.replace("-", "\N{SOFT HYPHEN}"))
    return text


def sentence(text: str) -> str:
    """Text with a capital at its beginning and a full stop at its end."""
    ended = text if text.endswith((".", "!", "?", "…")) else f"{text}."
    return ended[:1].upper() + ended[1:]
