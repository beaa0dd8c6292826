"""What was delivered last night and is not there tonight: gone, or only moved; and when that ends the night."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from flows.intake.deliveries import Delivery
from schemas.registry import Registry

CHECK = "delivery_gone"
SHOWN = 5


@dataclass(frozen=True)
class Gone:
    """A delivery that is not there any more: `rows` of the facts rested on it, `since` the first night without it.

    `rows` is None where that is not known. `accepted_by` is the exception that says that it is meant to be gone.
    """

    path: str
    source: str
    sha256: str
    rows: int | None
    since: str
    accepted_by: str = ""

    @property
    def rests(self) -> str:
        """In words, what rested on it."""
        return "what rested on it is not known" if self.rows is None else f"{self.rows:,} rows of facts rested on it"


@dataclass(frozen=True)
class Moved:
    """A delivery whose bytes lie under another path now."""

    path: str
    was: str
    source: str


@dataclass(frozen=True)
class Absence:
    """What is gone and what moved, out of `before` deliveries; `new` are those of the gone that were there last night.

    The others have been gone for longer and count until they are put back or accepted.
    """

    before: int = 0
    gone: tuple[Gone, ...] = ()
    moved: tuple[Moved, ...] = ()
    new: frozenset[str] = field(default_factory=frozenset)

    @property
    def unaccepted(self) -> list[Gone]:
        """What is gone and no exception accepts."""
        return [gone for gone in self.gone if not gone.accepted_by]

    def entries(self) -> dict[str, list[dict[str, Any]]]:
        """What is gone and what moved as plain values, for the manifest."""
        return {"gone": [asdict(gone) for gone in self.gone], "moved": [asdict(moved) for moved in self.moved]}


def absence(
    deliveries: Sequence[Mapping[str, Any]],
    gone_before: Sequence[Mapping[str, Any]],
    found: Sequence[Delivery],
    registry: Registry,
    today: date,
) -> Absence:
    """What is not among the deliveries `found` tonight.

    `deliveries` and `gone_before` are the entries of last night's manifest: what was there, and what was gone already.
    """
    here = {delivery.path for delivery in found}
    was_here = {entry["path"] for entry in deliveries}
    since = today.isoformat()
    by_path = {entry["path"]: Gone(**entry) for entry in gone_before} | {
        e["path"]: Gone(e["path"], e.get("source") or "", e.get("sha256", ""), e.get("in_force"), since)
        for e in deliveries
    }
    came = sorted(((d.path, d.fingerprint) for d in found if d.path not in was_here), reverse=True)
    gone, moved = [], []
    for lost in (by_path[path] for path in sorted(by_path.keys() - here)):
        place = next((arrival for arrival in came if lost.sha256 and arrival[1] == lost.sha256), None)
        if place is not None:
            came.remove(place)
            moved.append(Moved(place[0], lost.path, lost.source))
            continue
        accepted = registry.accepting(CHECK, file=lost.path, source=lost.source)
        gone.append(Gone(lost.path, lost.source, lost.sha256, lost.rows, lost.since, accepted))
    new = frozenset(lost.path for lost in gone if lost.path in was_here)
    return Absence(len(by_path), tuple(gone), tuple(moved), new)


def refusal(absent: Absence, found: Sequence[Delivery], registry: Registry) -> str:
    """Why nothing may be built of the deliveries `found`; empty where it may."""
    lost = absent.unaccepted
    if not found:
        what = f"all {absent.before} deliveries are gone" if absent.before else "there are no deliveries"
    elif absent.before and len(lost) > registry.night.max_gone_share * absent.before:
        share = f"{len(lost) / absent.before:.0%}, at most {registry.night.max_gone_share:.0%} may be"
        what = f"{len(lost)} of {absent.before} deliveries are gone ({share})"
    else:
        return ""
    return "\n".join([f"refused before anything was built: {what}", *_by_source(absent.gone if not found else lost)])


def sentences(absent: Absence) -> tuple[str, ...]:
    """A sentence for each delivery that is gone and not accepted, and for each that moved."""
    return (
        *(
            f"{gone.path} is gone since {gone.since}; {gone.rests}. "
            f"Put it back, or accept it in exceptions.toml ({CHECK})"
            for gone in absent.unaccepted
        ),
        *(f"{moved.was} moved to {moved.path}: the same bytes" for moved in absent.moved),
    )


def accepted(absent: Sequence[Delivery], found: Sequence[Delivery], registry: Registry) -> dict[str, int]:
    """How many deliveries each exception of this kind accepts; `absent` are those that the ledger knows as gone."""
    bytes_here = {delivery.fingerprint for delivery in found}
    lost = [delivery for delivery in absent if delivery.fingerprint not in bytes_here]
    counts: dict[str, int] = {}
    for delivery in lost:
        if name := registry.accepting(CHECK, file=delivery.path, source=delivery.source or ""):
            counts[name] = counts.get(name, 0) + 1
    return counts


def _by_source(lost: Iterable[Gone]) -> Iterable[str]:
    by_source = sorted(lost, key=lambda gone: (gone.source, gone.path))
    for source, group in groupby(by_source, key=lambda gone: gone.source):
        of_source = list(group)
        names = ", ".join(gone.path for gone in of_source[:SHOWN])
        more = f" and {len(of_source) - SHOWN} more" if len(of_source) > SHOWN else ""
        known = [gone.rows for gone in of_source if gone.rows is not None]
        rows = f"; {sum(known):,} rows of facts rested on them" if known else ""
        yield f"  {source or 'no source'}: {len(of_source)} gone ({names}{more}){rows}"
