"""What earlier releases mean for the next one: what is known stays known, and a revision must not tell a difference.

Whoever has two vintages of a table has a third: their difference, whose sums hold like those of the tables. Cells that
changed and hang together by sums are one revision; it is released whole, or held back whole, so that every sum still
holds among the figures that readers have. It is held back where one of its differences is itself a small count, and
where a cell of it was hidden or would be: what was shown of the rest would give its change away.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from flows.release.cells import Cell, Key, Sum, SumDoesNotHold, Tables


class OtherSums(ValueError):
    """A sum that was released has other parts now: the difference would be the figures of what came or went."""


@dataclass(frozen=True)
class Held:
    """A cell that keeps the value it had, because its revision would tell too much."""

    key: Key
    reason: str


def hold_back(
    before: Tables, shown: Mapping[Key, int], after: Tables, ever: Mapping[Key, Collection[int]] | None = None
) -> tuple[Tables, tuple[Held, ...]]:
    """`after` with the old values of the revisions that are held back, and the cells concerned with the reason.

    `before` are the tables as the last release had them, `shown` what readers have of them, `ever` all that readers
    ever had of a cell: two steps that may be told can lead back to where the difference is a small one. Raises
    OtherSums where a sum that stands in both has other parts, or where cells that came or went keep the old values
    from adding up.
    """
    _same_sums(before, after)
    changed = {
        key: after.cells[key].value - before.cells[key].value
        for key in after.keys
        if key in before.cells and after.cells[key].value != before.cells[key].value
    }
    held: list[Held] = []
    for revision in _revisions(changed, (*before.sums, *after.sums)):
        reason = _reason(revision, before, shown, after, ever or {})
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


def joined(before: Tables, shown: Mapping[Key, int], after: Tables) -> Tables:
    """The cells and sums of both; `after` goes before, and what readers have cannot be hidden any more.

    `before` and `shown` as for `hold_back`, whose result is `after`. What was hidden stays hidden, by the larger of two
    k, and still must not be worked out where `after` does not have it. Raises OtherSums where a sum that stands in both
    has other parts.
    """
    _same_sums(before, after)
    cells: dict[Key, Cell] = {}
    for key, newest in {**before.cells, **after.cells}.items():
        was = before.cells.get(key, newest)
        cell = replace(newest, k=max(was.k, newest.k))
        if key in shown:
            cells[key] = replace(cell, standing="known")
        elif cell.standing == "open" and key in before.cells and was.standing != "latent":
            hides_zero = cell.hides_zero or cell.value == 0
            cells[key] = replace(cell, standing="withheld", hides_zero=hides_zero, reason="hidden")
        else:
            cells[key] = cell
    return Tables(cells, _sums(before, after, cells))


def joined_rounded(before: Tables, shown: Mapping[Key, int], after: Tables) -> tuple[Tables, dict[Key, int]]:
    """The cells and sums of both where counts are rounded, and the rounded counts that stay as readers have them.

    As `joined`, but no cell becomes known: a reader knows of it what its rounding leaves open. A count that was revised
    is rounded anew. What was shown stays in the tables as an open cell, also where `after` would withhold it.
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
    parts = {(total.name, total.total): set(total.parts) for total in before.sums}
    for total in after.sums:
        if parts.get((total.name, total.total), set(total.parts)) != set(total.parts):
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


def _reason(
    revision: list[Key],
    before: Tables,
    shown: Mapping[Key, int],
    after: Tables,
    ever: Mapping[Key, Collection[int]],
) -> str | None:
    """Why a revision is held back; None where it may be released."""
    for key in revision:
        cell, was = after.cells[key], before.cells[key]
        if cell.is_primary or was.is_primary or (key not in shown and was.standing in ("open", "withheld")):
            return f"a cell of the revision is hidden ({key}), and the others would tell how it changed"
        if cell.standing == "withheld":
            return f"a cell of the revision is withheld ({key}), and the others would tell how it changed"
        if any(0 < abs(cell.value - vintage) < cell.k for vintage in (was.value, *ever.get(key, ()))):
            return f"the difference of a cell ({key}) would be a count under {cell.k}"
    return None
