"""Typed cells of workbooks and JSON to the text that a Danish sender would have written."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from flows.intake.cpr import holds_cpr_number
from flows.intake.faults import Refusal

Cell = str | bool | int | float | date | datetime | time | timedelta | None


def written(cell: Cell) -> str:
    """A cell as text; numbers with a decimal comma and no thousands point, so that 5.5 can never become 55."""
    match cell:
        case None:
            return ""
        case bool():
            return "ja" if cell else "nej"
        case float():
            return str(int(cell)) if cell.is_integer() else f"{Decimal(repr(cell)):f}".replace(".", ",")
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


def guard(rows: Sequence[Sequence[str]], unit: str) -> None:
    """Refuse what holds a personal number, naming the rows (counted from 1) and never the number."""
    refuse_personal([number for number, row in enumerate(rows, 1) if holds_cpr_number("\n".join(row))], unit)


def refuse_personal(held: Sequence[int], unit: str) -> None:
    """Raises Refusal where there are rows or lines that hold a personal number."""
    if held:
        shown = ", ".join(map(str, held[:5]))
        raise Refusal("cpr_number", f"{unit} {shown}{' and others' if len(held) > 5 else ''}")


def refuse_repeated(header: Sequence[str]) -> None:
    """Raises Refusal where a name of a column stands twice."""
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise Refusal("duplicate_column", ", ".join(map(repr, twice)))


PERHAPS_MARKED = r"^\s*[#=]"


def broken_rule(text: str) -> str:
    return ""
