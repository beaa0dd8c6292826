"""What earlier releases mean for the next one: what is known stays known, and a revision must not tell a difference.

Whoever has two vintages of a table has a third: their difference. Where counts are hidden, all vintages stand in one
system: each value that a cell had is a cell of its own, in the sums of its releases, and so is each difference. A
difference that is itself a small count is looked after like one, so that of the new figures the fewest are hidden that
this takes; where a new figure is hidden, readers keep the old one. Where counts are rounded, cells that changed and
hang together by sums are one revision, released or held back whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from flows.release.attack import Exhibit
from flows.release.cells import Cell, Key, Standing, Sum, SumDoesNotHold, Tables

OF_FIGURE = ("count", "numerator", "denominator")


class OtherSums(ValueError):
    """A sum that was released has other parts now: the difference would be the figures of what came or went."""


@dataclass(frozen=True)
class Held:
    """A cell that keeps the value it had, because its revision would tell too much."""

    key: Key
    reason: str


def together(earlier: Sequence[Exhibit], after: Tables) -> Tables:
    """All vintages in one system; those of `after` have the names that they have there, `earlier` is oldest first.

    What readers have is known and cannot be hidden any more. What was hidden stays hidden, by the largest k that it
    ever had, and still must not be worked out where `after` does not have it. Raises OtherSums where a sum that stands
    in two releases has other parts.
    """
    for exhibit in earlier:
        _same_sums(exhibit.tables, after)
    vintages = _Vintages(earlier, after)
    cells = vintages.cells()
    sums: dict[tuple[str, Key, tuple[Key, ...]], Sum] = {}
    for tables in (*(exhibit.tables for exhibit in earlier), after):
        for total in tables.sums:
            named = vintages.named(total, tables.cells)
            sums[named.name, named.total, named.parts] = named
    for difference, total in vintages.differences(cells, list(sums.values())):
        cells[difference.key] = difference
        sums[total.name, total.total, total.parts] = total
    return Tables(cells, tuple(sums.values()))


class _Vintages:
    """Every value that a cell had in any release."""

    def __init__(self, earlier: Sequence[Exhibit], after: Tables) -> None:
        self.earlier, self.after = earlier, after
        self.newest: dict[Key, Cell] = {}
        self.values: dict[Key, list[int]] = {}
        for tables in (*(exhibit.tables for exhibit in earlier), after):
            for key, cell in tables.cells.items():
                before = self.newest.get(key, cell)
                self.newest[key] = cell if cell.k >= before.k else replace(cell, k=before.k)
                if cell.value not in self.values.setdefault(key, []):
                    self.values[key].append(cell.value)
        self.shown = {(key, value) for exhibit in earlier for key, value in exhibit.shown.items()}
        self.ever_shown = {key for key, _ in self.shown}

    def name(self, key: Key, value: int) -> Key:
        """What a cell of this value is called: the newest as it is, an older one by its number."""
        if value == self.newest[key].value:
            return key
        return key._replace(indicator=f"{key.indicator} (vintage {1 + self.values[key].index(value)})")

    def named(self, total: Sum, cells: Mapping[Key, Cell]) -> Sum:
        """A sum over the cells as they are called; the same sum of other vintages is another one."""
        keys = (total.total, *total.parts)
        if all(cells[key].value == self.newest[key].value for key in keys):
            return total
        whole, *parts = (self.name(key, cells[key].value) for key in keys)
        return Sum(f"{total.name}, earlier", whole, tuple(parts))

    def cells(self) -> dict[Key, Cell]:
        """All of them, each as it is to be looked after now."""
        found: dict[Key, Cell] = {}
        for exhibit in self.earlier:
            for key, cell in exhibit.tables.cells.items():
                name = self.name(key, cell.value)
                found[name] = self._as_it_stood(cell, name)
        for key, cell in self.after.cells.items():
            k = self.newest[key].k
            found[key] = self._as_now(cell if cell.k == k else replace(cell, k=k), found.get(key))
        return found

    def _as_it_stood(self, cell: Cell, name: Key) -> Cell:
        """A cell of an earlier release: what readers have is known, what was hidden is withheld."""
        stood: Standing = "withheld" if cell.standing in ("open", "withheld") else cell.standing
        hides_zero = cell.hides_zero or (stood == "withheld" and cell.value == 0)
        standing: Standing = "known" if (cell.key, cell.value) in self.shown else stood
        reason = "hidden" if standing == "withheld" else None
        k = self.newest[cell.key].k
        was = (cell.key, cell.k, cell.standing, cell.hides_zero, cell.reason)
        if (name, k, standing, hides_zero, reason) == was:
            return cell
        return Cell(name, cell.value, k, standing, hides_zero, cell.upper, cell.weight, reason)

    def _as_now(self, cell: Cell, same: Cell | None) -> Cell:
        """A cell of the newest release; `same` is what an earlier one makes of the same value."""
        if (cell.key, cell.value) in self.shown:
            return cell if cell.standing == "known" else replace(cell, standing="known")
        if cell.standing != "open":
            return cell
        stood = any(
            cell.key in exhibit.tables.cells and exhibit.tables.cells[cell.key].standing != "latent"
            for exhibit in self.earlier
        )
        if stood and (cell.key not in self.ever_shown or same is not None):
            return replace(cell, standing="withheld", hides_zero=cell.hides_zero or cell.value == 0, reason="hidden")
        return cell

    def differences(self, cells: Mapping[Key, Cell], sums: Sequence[Sum]) -> Iterator[tuple[Cell, Sum]]:
        """What the newest value of each cell that changed lies from each older one, unless both are told already."""
        changed = [(key, cell) for key, cell in self.newest.items() if len(self.values[key]) > 1]
        determined = _determined(cells, sums) if changed else set[Key]()
        for key, cell in changed:
            if cells[key].standing == "known" or cell.k == 1 or (cell.standing == "latent" and key in determined):
                continue
            for value in self.values[key]:
                if value != cell.value:
                    older = self.name(key, value)
                    change = key._replace(indicator=f"{older.indicator}, change since")
                    more, less = (key, older) if cell.value > value else (older, key)
                    size = abs(cell.value - value)
                    yield Cell(change, size, cell.k, "latent"), Sum(f"change of {older}", more, (less, change))


def _determined(cells: Mapping[Key, Cell], sums: Sequence[Sum]) -> set[Key]:
    """The cells that some sum tells whoever knows what is known: all others of it are."""
    found = set[Key]()
    for total in sums:
        keys = (total.total, *total.parts)
        unknown = [key for key in keys if cells[key].standing != "known"]
        if len(unknown) < 2:
            found.update(unknown or keys)
    return found


def as_readers_have_it(
    earlier: Sequence[Exhibit], after: Tables, shown: Mapping[Key, int]
) -> tuple[dict[Key, int], tuple[Held, ...]]:
    """The counts that readers are given, and those that are held back among them: a figure is of one vintage.

    `shown` are those of `after` that may be told. Of a figure of which one may not readers keep what they have.
    """
    given = {key: value for key, value in shown.items() if key in after.cells}
    held: list[Held] = []
    figures: dict[Key, list[Key]] = {}
    for key in after.keys:
        if key.part in OF_FIGURE:
            figures.setdefault(key._replace(part="count"), []).append(key)
    for parts in figures.values():
        before = next((e.shown for e in reversed(earlier) if all(key in e.shown for key in parts)), None)
        if before is not None and not all(key in given for key in parts):
            changed = [key for key in parts if before[key] != after.cells[key].value]
            given.update((key, before[key]) for key in parts)
            held += [
                Held(key, "with its change, or that of another figure, a small count could be told") for key in changed
            ]
    return given, tuple(sorted(held, key=lambda entry: entry.key))


def hold_back(before: Tables, shown: Mapping[Key, int], after: Tables) -> tuple[Tables, tuple[Held, ...]]:
    """`after` with the old values of the revisions that are held back, and the cells concerned with the reason.

    `before` are the tables as the last release had them, `shown` what readers have of them. Raises OtherSums where a
    sum that stands in both has other parts, or where cells that came or went keep the old values from adding up.
    """
    _same_sums(before, after)
    changed = {
        key: after.cells[key].value - before.cells[key].value
        for key in after.keys
        if key in before.cells and after.cells[key].value != before.cells[key].value
    }
    held: list[Held] = []
    for revision in _revisions(changed, (*before.sums, *after.sums)):
        reason = _reason(revision, before, shown, after)
        if reason is not None:
            held += [Held(key, reason) for key in revision]
    old = [
        replace(after.cells[entry.key], value=before.cells[entry.key].value, upper=before.cells[entry.key].upper)
        for entry in held
    ]
    try:
        return after.with_(old), tuple(sorted(held, key=lambda entry: entry.key))
    except SumDoesNotHold as error:
        raise OtherSums(
            f"a revision cannot be held back: {error}; release the years that it concerns as they were"
        ) from error


def joined_rounded(before: Tables, shown: Mapping[Key, int], after: Tables) -> tuple[Tables, dict[Key, int]]:
    """The cells and sums of both where counts are rounded, and the rounded counts that stay as readers have them.

    `after` goes before. No cell becomes known: a reader knows of it what its rounding leaves open. A count that was
    revised is rounded anew. What was shown stays in the tables as an open cell, also where `after` would withhold it.
    Raises OtherSums where a sum that stands in both has other parts.
    """
    _same_sums(before, after)
    cells: dict[Key, Cell] = {}
    stay: dict[Key, int] = {}
    for key, cell in {**before.cells, **after.cells}.items():
        is_as_it_was = key in before.cells and before.cells[key].value == cell.value
        if key in shown and is_as_it_was and before.cells[key].standing == "open":
            cells[key] = replace(before.cells[key], upper=cell.upper)
            stay[key] = shown[key]
        else:
            cells[key] = cell
    return Tables(cells, _sums(before, after, cells)), stay


def _sums(before: Tables, after: Tables, cells: Mapping[Key, Cell]) -> tuple[Sum, ...]:
    """The sums of both that hold for the values of `cells`.

    Of a sum that stands in `before` alone and was revised, only the attack can still speak: it has both vintages.
    """
    sums = {(total.name, total.total): total for total in after.sums}
    for total in before.sums:
        if sum(cells[part].value for part in total.parts) == cells[total.total].value:
            sums.setdefault((total.name, total.total), total)
    return tuple(sums.values())


def _same_sums(before: Tables, after: Tables) -> None:
    parts = {(total.name, total.total): total.parts for total in before.sums}
    for total in after.sums:
        had = parts.get((total.name, total.total), total.parts)
        if had != total.parts and set(had) != set(total.parts):
            raise OtherSums(f"{total.name}: {total.total} has other parts than when it was released")


def _revisions(changed: Mapping[Key, int], sums: tuple[Sum, ...]) -> list[list[Key]]:
    """Changed cells that hang together by sums."""
    group: dict[Key, Key] = {key: key for key in changed}

    def head(key: Key) -> Key:
        while group[key] != key:
            group[key] = group[group[key]]
            key = group[key]
        return key

    for total in sums:
        linked = [key for key in (total.total, *total.parts) if key in changed]
        for key in linked[1:]:
            group[max(head(linked[0]), head(key))] = min(head(linked[0]), head(key))
    found: dict[Key, list[Key]] = {}
    for key in sorted(changed):
        found.setdefault(head(key), []).append(key)
    return list(found.values())


def _reason(revision: list[Key], before: Tables, shown: Mapping[Key, int], after: Tables) -> str | None:
    """Why a revision is held back; None where it may be released."""
    for key in revision:
        cell, was = after.cells[key], before.cells[key]
        if cell.is_primary or was.is_primary or (key not in shown and was.standing in ("open", "withheld")):
            return f"a cell of the revision is hidden ({key}), and the others would tell how it changed"
        if cell.standing == "withheld":
            return f"a cell of the revision is withheld ({key}), and the others would tell how it changed"
        if 0 < abs(cell.value - was.value) < cell.k:
            return f"the difference of a cell ({key}) would be a count under {cell.k}"
    return None
