"""The checker's record of an extract: what was hidden and by which rule, what the attack reached, who cleared it.

It tells primary cells from secondary ones, so it stays in the house. No true count stands in it.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from flows.extracts import texts
from flows.extracts.model import Extract
from flows.present import notation
from flows.present.pages import style, templates
from flows.release.approvals import NEEDED, Approval
from flows.release.store import Release
from schemas.registry import Registry

PACKAGE = "flows.extracts"
PARTS = {"count": "antal", "numerator": "tæller", "denominator": "nævner", "value": "beløb"}
# The first word of a rule, in Danish.
RULES = {
    "primary": "primær: for få bag tallet",
    "secondary": "sekundær: ellers kunne et andet skjult tal regnes ud, eller udtrukket ved lodtrækning",
    "hidden": "skjult i en tidligere udlevering",
    "amount": "beløb: for få bag det, to af dem har næsten det hele, eller et andet sådant beløb kunne regnes ud",
    "withheld": "holdt tilbage: området er for lille, eller dets størrelse er ukendt",
}
LEFT_OUT = {
    "counts_unknown": "antallene bag er ikke leveret",
    "repeats_another_year": "kilden gentager tallet fra et andet år",
    "no_count_of_units": (
        "kilden siger ikke, hvor mange beløbet eller kontakterne er regnet af, og hvad de to største bidrag er"
    ),
}
WHOLE = ("cells", "cells_that_could_be_shown", "sums", "earlier")


def of_extract(
    extract: Extract,
    registry: Registry,
    release: Release,
    approvals: Sequence[Approval],
    letters: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """The record as plain values, without the digests of the files that it is about; `letters` as of `where`."""
    places = {(place.kind, place.id): place.name for place in (*extract.municipalities, extract.country)}
    for area in extract.areas:
        places |= {("area", area.id): area.name, ("twins", area.id): area.twins.name}
    figures = [
        figure
        for place in (*extract.municipalities, extract.country, *extract.areas, *(area.twins for area in extract.areas))
        for figure in place.figures.values()
    ]
    shown = [figure for figure in figures if figure.is_shown]
    labels = {indicator.id: indicator.label_da for indicator in registry.indicators.values()}

    def listed(part: str, *facts: str) -> list[dict[str, Any]]:
        """Cells of a part of the release's record that are of the extract's places, in words, with these facts."""
        return [
            {
                "place": places[cell["geography"], cell["geography_id"]],
                "year": cell["year"],
                "indicator": labels.get(cell["indicator"], cell["indicator"]),
                "part": cell["part"],
                **{fact: entry[fact] for fact in facts},
            }
            for entry, cell in _of_places(release, part, places)
        ]

    return {
        "secretariat": extract.secretariat,
        "name": extract.name,
        "year": extract.year,
        "release": release.name,
        "inputs_sha256": release.record["inputs_sha256"],
        "snapshot": release.record["snapshot"],
        "origin": extract.origin,
        "is_cleared": extract.is_cleared,
        "method": release.record["method"],
        "base": release.record["base"],
        "approvals": [approval.signature.model_dump() for approval in approvals],
        "approvals_needed": NEEDED,
        "areas": len(extract.areas),
        "figures": len(figures),
        "shown": len(shown),
        "already_published": sum(figure.is_published for figure in shown),
        "marks": dict(sorted(Counter(figure.mark for figure in figures if figure.mark).items())),
        "hidden": listed("hidden", "rule", "k", "reached"),
        "rounded": listed("rounded", "k", "reached"),
        "sums_off": len(release.record["not_additive"]),
        "held_back": listed("held_back", "reason"),
        "letters": [dict(letter) for letter in letters],
        "left_out": release.record["left_out"],
        "sums_not_exact": len(release.record["not_exact"]),
        "attack": release.record["attack"],
        "whole_release": {name: release.record[name] for name in WHOLE},
    }


def _of_places(
    release: Release, part: str, places: Container[tuple[str, str]]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Entries of a part of the release's record that are of these places, each with its cell.

    Without what only follows from others, such as those who have it not: that is in no table.
    """
    for entry in release.record[part]:
        cell = entry["cell"]
        if (cell["geography"], cell["geography_id"]) in places and cell["part"] in PARTS:
            yield entry, cell


def where(extract: Extract, letters: Iterable[str]) -> list[dict[str, str]]:
    """Each letter that no font of the PDF has, with the place and the text that it stands in."""
    lost = sorted(letters)
    found = [
        {"letter": f"U+{ord(letter):04X}", "place": place, "text": text}
        for letter in lost
        for place, text in texts.written(extract)
        if letter in text
    ]
    known = {entry["letter"] for entry in found}
    points = [f"U+{ord(letter):04X}" for letter in lost]
    return found + [{"letter": point, "place": "", "text": ""} for point in points if point not in known]


def page(record: Mapping[str, Any], registry: Registry) -> str:
    """The record as a page for the two who clear it, in Danish."""
    template = templates(PACKAGE).get_template("audit.html.j2")
    return template.render(
        record=record,
        css=style(PACKAGE, "audit.css"),
        marks={name: mark.label_da for name, mark in registry.extracts.mark.items()},
        parts=PARTS,
        rules=RULES,
        indicators={name: indicator.label_da for name, indicator in registry.indicators.items()},
        left_out=[tuple(entry.split(": ")) for entry in record["left_out"]],
        reasons=LEFT_OUT,
        number=notation.number,
    )
