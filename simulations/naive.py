"""What joint disclosure control is measured against: every table, or every count, by itself. Neither protects."""

from collections.abc import Collection

from flows.release.cells import Key, Tables
from flows.release.controlled_rounding import Rounded, not_additive
from flows.release.suppression import Hiding


def primary(tables: Tables) -> tuple[Key, ...]:
    """The cells whose value itself must not be shown, in the order of their keys."""
    return tuple(key for key in tables.keys if tables.cells[key].is_primary)


def naive(tables: Tables) -> Hiding:
    """What hiding each table alone would do: per sum with one hidden cell, the smallest other one is hidden as well."""
    cells = tables.cells
    by_rule = frozenset(key for key in primary(tables) if cells[key].standing == "open")
    hidden = {*primary(tables), *(key for key in tables.keys if cells[key].standing in ("withheld", "latent"))}
    secondary: set[Key] = set()
    for total in tables.sums:
        inside = sorted((total.total, *total.parts))
        free = [key for key in inside if cells[key].standing == "open" and key not in hidden]
        if free and sum(key in hidden for key in inside) == 1:
            smallest = min(free, key=lambda key: cells[key].value)
            hidden.add(smallest)
            secondary.add(smallest)
    return Hiding(by_rule, frozenset(secondary), ())


def nearest(tables: Tables, base: int) -> Rounded:
    """Every open cell at its nearest multiple, with no regard for sums or small counts; one half goes down."""
    shown = {
        key: cell.value if cell.standing == "known" else base * ((2 * cell.value + base - 1) // (2 * base))
        for key, cell in ((key, tables.cells[key]) for key in tables.keys)
        if cell.standing in ("known", "open")
    }
    return Rounded(base, shown, not_additive(tables.sums, shown), ())


def hidden_share(tables: Tables, hidden: Collection[Key]) -> float:
    """Share of the cells that could be shown which are hidden."""
    return len(hidden) / max(1, sum(cell.standing == "open" for cell in tables.cells.values()))
