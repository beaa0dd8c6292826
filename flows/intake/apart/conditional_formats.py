"""Conditional formats of a sheet, as far as they change what a number shows: its format, or that it is shown at all.

Source: ECMA-376, part 1, 18.3.1.10 (cfRule) and 18.8.14 (dxf), and the same elements of Excel's extension list (x14).
Whether a rule holds is worked out where it compares a cell with numbers; of any other rule it is not known, and a cell
that would be shown otherwise by it is set aside.
"""

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from flows.intake.apart.answers import too_large
from flows.intake.apart.marks import SHOWN_OTHERWISE
from flows.intake.apart.number_formats import NumberFormat, number_format
from flows.intake.apart.numbers import stored
from flows.intake.apart.references import Area, area

TRUE, FALSE = ("1", "true"), ("0", "false")
MOST_AREAS = 2_000
COMPARED: dict[str, Callable[..., bool]] = {
    "lessThan": operator.lt,
    "lessThanOrEqual": operator.le,
    "equal": operator.eq,
    "notEqual": operator.ne,
    "greaterThanOrEqual": operator.ge,
    "greaterThan": operator.gt,
    "between": lambda number, low, high: min(low, high) <= number <= max(low, high),
    "notBetween": lambda number, low, high: not min(low, high) <= number <= max(low, high),
}
# Rules of which a number alone says whether they hold.
OF_NUMBERS = {
    "colorScale": True,
    "dataBar": True,
    "iconSet": True,
    "notContainsBlanks": True,
    "notContainsErrors": True,
    "containsBlanks": False,
    "containsErrors": False,
}
CONSTANTS = {"TRUE": True, "TRUE()": True, "1": True, "FALSE": False, "FALSE()": False, "0": False}


class ConditionalFormat(NamedTuple):
    """One rule: the areas that it is for, what it asks, and the number format that it gives, if any.

    It `hides` the number, or `stops` those that come after it.
    """

    areas: tuple[Area, ...]
    priority: int
    kind: str
    operator: str
    formulas: tuple[str, ...]
    shows: NumberFormat | None
    hides: bool
    stops: bool

    def holds(self, number: Decimal | None) -> bool | None:
        """Whether the rule holds of a cell's number; None where that is not known, as of a text."""
        if number is None:
            return None
        formulas = [formula.strip().removeprefix("=").strip() for formula in self.formulas]
        if self.kind == "expression" and len(formulas) == 1:
            return CONSTANTS.get(formulas[0].upper())
        if self.kind == "cellIs" and self.operator in COMPARED:
            numbers = [stored(formula) for formula in formulas]
            wanted = 2 if "etween" in self.operator else 1
            if len(numbers) != wanted or None in numbers:
                return None
            return COMPARED[self.operator](number, *numbers)
        return OF_NUMBERS.get(self.kind)


class ConditionalFormats:
    """The rules of a sheet, in the order in which Excel asks them, from the handlers of the sheet's part.

    `differing` are the number formats of the workbook's differing styles, by their place.
    """

    def __init__(self, differing: Sequence[NumberFormat | None]) -> None:
        self.differing = differing
        self.rules: list[ConditionalFormat] = []
        self._areas: tuple[Area, ...] = ()
        self._since = 0
        self._rule: dict[str, str] | None = None
        self._shows: NumberFormat | None = None
        self._hides = False
        self._formulas: list[str] = []
        self._inside = ""
        self._is_within = False

    def started(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag == "conditionalFormatting":
            self._is_within = True
            self._since = len(self.rules)
            self._areas = _areas(attributes.get("sqref", ""))
        elif not self._is_within:
            return
        elif tag == "cfRule":
            self._rule, self._formulas, self._hides = attributes, [], False
            place = attributes.get("dxfId", "")
            is_known = place.isdecimal() and int(place) < len(self.differing)
            self._shows = self.differing[int(place)] if is_known else None
        elif self._rule is not None and tag == "numFmt":
            self._shows = number_format(attributes.get("formatCode") or "General")
        elif self._rule is not None and tag in ("dataBar", "iconSet"):
            self._hides = attributes.get("showValue") in FALSE
        elif tag in ("formula", "f", "sqref"):
            self._inside = tag
            self._formulas.append("")

    def text(self, text: str) -> None:
        """Characters."""
        if self._inside:
            self._formulas[-1] += text

    def ended(self, tag: str) -> None:
        """An element ends."""
        if tag == self._inside:
            self._inside = ""
        if tag == "sqref" and self._is_within:
            # In the extension list the areas come after their rules.
            areas = _areas(self._formulas.pop())
            self.rules[self._since :] = [rule._replace(areas=areas) for rule in self.rules[self._since :]]
        elif tag == "cfRule" and self._rule is not None:
            self._add(self._rule)
            self._rule = None
        elif tag == "conditionalFormatting":
            self._is_within = False
            self.rules.sort(key=lambda rule: rule.priority)
            if sum(len(rule.areas) for rule in self.rules) > MOST_AREAS:
                raise too_large(f"conditional formats of numbers for over {MOST_AREAS} areas")

    def _add(self, attributes: dict[str, str]) -> None:
        stops = attributes.get("stopIfTrue") in TRUE
        priority = attributes.get("priority", "")
        if self._shows or self._hides or stops:
            rule = ConditionalFormat(
                self._areas,
                int(priority) if priority.isdecimal() else 0,
                attributes.get("type", ""),
                attributes.get("operator", ""),
                tuple(self._formulas),
                self._shows,
                self._hides,
                stops,
            )
            self.rules.append(rule)

    @property
    def change_numbers(self) -> bool:
        """Whether any rule changes what a number shows."""
        return any(rule.shows or rule.hides for rule in self.rules)

    def shown(self, row: int, column: int, number: Decimal | None, text: str, is_1904: bool) -> str:
        """What a cell shows that shows `text` without its conditional formats; `number` is None of a text."""
        is_doubtful = False
        for rule in self.rules:
            if not any(t <= row <= b and left <= column <= right for t, left, b, right in rule.areas):
                continue
            holds = rule.holds(number)
            if holds is False:
                continue
            if not (rule.shows or rule.hides):
                if holds:
                    return text
                is_doubtful = True
                continue
            shown = _shown_by(rule, number, text, is_1904)
            if shown != text and (holds is None or is_doubtful):
                return SHOWN_OTHERWISE
            if holds:
                return shown
        return text


def _shown_by(rule: ConditionalFormat, number: Decimal | None, text: str, is_1904: bool) -> str:
    if rule.hides or rule.shows is None:
        return SHOWN_OTHERWISE if number is not None else text
    if number is None:
        return text if rule.shows.shows_text() else SHOWN_OTHERWISE
    return rule.shows.shown(number, is_1904)


def _areas(references: str) -> tuple[Area, ...]:
    return tuple(map(area, references.split()))
