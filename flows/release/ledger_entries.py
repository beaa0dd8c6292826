"""What the ledger notes when an extract is handed out: each number and mark of disclosure control, and its seal."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from flows.release.approvals import Approval
from flows.release.cells import Part
from flows.release.ledger import Attacked, Entry, HandOut
from flows.release.store import Release
from schemas.registry import Registry


def name_of(release: Release, secretariat: str) -> str:
    """What the ledger calls a release to one secretariat."""
    return f"{release.name} {secretariat}"


def entries(
    release: Release, secretariat: str, figures: pl.DataFrame, registry: Registry, at: datetime
) -> Iterator[Entry]:
    """Ledger entries of an extract: `figures` are rows of cleared_figures, all that the secretariat gets."""
    whys = {_place(entry["cell"]): entry["rule"] for entry in release.record["hidden"]}
    held = {(*_place(entry["cell"]), entry["cell"]["part"]): entry["reason"] for entry in release.record["held_back"]}
    for row in figures.iter_rows(named=True):
        indicator = registry.indicators[row["indicator"]]
        place = (row["place_kind"], row["place_id"], row["year"], row["indicator"])
        fields: dict[str, Any] = {
            "release": name_of(release, secretariat),
            "released_at": at,
            "geography_set": f"{row['place_kind']} of {release.name}",
            "category_set": indicator.denominator or indicator.population,
            "geography": row["place_kind"],
            "geography_id": row["place_id"],
            "year": row["year"],
            "indicator": row["indicator"],
            "vintage": release.record["snapshot"],
            "seal": release.seal,
            "to": (secretariat,),
            "rounded_to": row["rounded_to"],
        }
        for part, value in _numbers(row, indicator.kind):
            reason = held.get((*place, part))
            yield Entry(**fields, part=part, value=value, mark="held_back" if reason else None, why=reason)
        if row["mark"] in registry.extracts.protecting:
            part = "count" if indicator.kind == "count" else "numerator"
            yield Entry(**fields, part=part, mark=row["mark"], why=whys.get(place, row["mark"]))


def seal(
    release: Release,
    secretariat: str,
    files: Mapping[str, str],
    approvals: Sequence[Approval],
    attack: Attacked,
    at: datetime,
) -> HandOut:
    """What closes a release to a secretariat: `files` are hashes of what leaves the house, by path."""
    return HandOut(
        release=name_of(release, secretariat),
        released_at=at,
        seal=release.seal,
        to=(secretariat,),
        files=dict(files),
        approvals=tuple(approval.signature for approval in approvals),
        attack=attack,
        blind=secrets.token_hex(32),
    )


def _numbers(row: Mapping[str, Any], kind: str) -> Iterator[tuple[Part, float]]:
    """The numbers of a figure that readers get, by part."""
    over, under = row["shown_numerator"], row["shown_denominator"]
    if over is None and under is None:
        if row["value"] is not None:
            yield "value", row["value"]
        return
    if over is not None:
        yield ("count" if kind == "count" else "numerator"), over
    if under is not None:
        yield "denominator", under


def _place(cell: Mapping[str, Any]) -> tuple[str, str, int, str]:
    return cell["geography"], cell["geography_id"], cell["year"], cell["indicator"]
