"""An oracle that shares nothing with hiding or attack: every table of whole numbers that agrees with what is shown."""

from collections.abc import Iterator, Mapping

from flows.release.cells import Key, Tables


def agreeing(tables: Tables, shown: Mapping[Key, int], is_insider: bool, most: int) -> Iterator[dict[Key, int]]:
    """The tables an attacker must reckon with, by going through all values of the cells not shown, up to `most`.

    An insider knows the cells whose value itself is hidden to be below their k, and the others to be k or more.
    """
    hidden = [key for key in tables.keys if key not in shown]
    floors, ceilings = dict.fromkeys(hidden, 0), dict.fromkeys(hidden, most)
    for key in hidden if is_insider else ():
        cell = tables.cells[key]
        if cell.value < cell.k and (cell.value > 0 or cell.hides_zero or cell.standing == "open"):
            ceilings[key] = cell.k - 1
        elif cell.k > 1:
            floors[key], ceilings[key] = (cell.k, most) if cell.value else (0, 0)
    table = dict(shown)

    def go(position: int) -> Iterator[dict[Key, int]]:
        if position == len(hidden):
            yield dict(table)
            return
        for value in range(floors[hidden[position]], ceilings[hidden[position]] + 1):
            table[hidden[position]] = value
            if _fits(tables, table):
                yield from go(position + 1)
            del table[hidden[position]]

    if _fits(tables, table):
        yield from go(0)


def _fits(tables: Tables, table: Mapping[Key, int]) -> bool:
    """Whether the cells that have a value so far leave every sum possible."""
    for total in tables.sums:
        known = sum(table[part] for part in total.parts if part in table)
        is_whole = all(part in table for part in total.parts)
        if total.total in table and (known != table[total.total] if is_whole else known > table[total.total]):
            return False
    return True


def seen(tables: Tables, shown: Mapping[Key, int], is_insider: bool, most: int) -> dict[Key, set[int]]:
    """The values that each cell not shown takes in any of those tables."""
    found: dict[Key, set[int]] = {key: set() for key in tables.keys if key not in shown}
    for table in agreeing(tables, shown, is_insider, most):
        for key, values in found.items():
            values.add(table[key])
    return found
