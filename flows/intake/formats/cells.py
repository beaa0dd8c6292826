"""Typed cells of workbooks and JSON to the text that a Danish sender would have written."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from flows.intake.faults import Refusal
from flows.intake.privacy import holds_cpr_number

Cell = str | bool | int | float | date | datetime | time | timedelta | None


def written(cell: Cell) -> str:  # noqa: PLR0911 - a return for each type
    """A cell as text; numbers with a decimal comma and no thousands point, so that 5.5 can never become 55."""
    match cell:
        case None:
            return ""
        case bool():
            return "ja" if cell else "nej"
        case int():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() else f"{Decimal(repr(cell)):f}".replace(".", ",")
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case str():
            return cell
        case _:
            return str(cell)


def guard(rows: Sequence[Sequence[str]], unit: str) -> None:
    """Refuse what holds a personal number, naming the rows (counted from 1) and never the number."""
    held = [str(number) for number, row in enumerate(rows, 1) if holds_cpr_number("\n".join(row))]
    if held:
        raise Refusal("cpr_number", f"{unit} {', '.join(held[:5])}{' and others' if len(held) > 5 else ''}")
