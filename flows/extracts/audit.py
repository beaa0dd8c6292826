"""The checker's record of an extract: what was hidden and by which rule, what the attack reached, who cleared it.

It tells primary cells from secondary ones, so it stays in the house. No true count stands in it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from flows.extracts.model import Extract
from flows.present import danish
from flows.present.pages import style, templates
from flows.release.approvals import NEEDED, Approval
from flows.release.store import Release
from schemas.registry import Registry

PACKAGE = "flows.extracts"
PARTS = {"count": "antal", "numerator": "tæller", "denominator": "nævner"}
# The first word of a rule, in Danish.
RULES = {
    "primary": "primær: for få bag tallet",
    "secondary": "sekundær: ellers kunne et andet skjult tal regnes ud",
    "hidden": "skjult i en tidligere udlevering",
    "withheld": "holdt tilbage: området er for lille, eller dets størrelse er ukendt",
}
LEFT_OUT = {
    "counts_unknown": "antallene bag er ikke leveret",
    "repeats_another_year": "kilden gentager tallet fra et andet år",
    "no_count_of_units": "tallet siger ikke, hvor mange der står bag",
}
WHOLE = ("cells", "cells_that_could_be_shown", "sums", "earlier")


def of_extract(
    extract: Extract,
    registry: Registry,
    release: Release,
    approvals: Sequence[Approval],
) -> dict[str, Any]:
    """The record as plain values, without the digests of the files that it is about."""
    places = {(place.kind, place.id): place.name for place in (extract.municipality, extract.country)}
    for area in extract.areas:
        places |= {("area", area.id): area.name, ("twins", area.id): area.twins.name}

    def of_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "place": places[cell["geography"], cell["geography_id"]],
            "year": cell["year"],
            "indicator": registry.indicators[cell["indicator"]].label_da,
            "part": cell["part"],
        }

    hidden = [
        {
            **of_cell(cell),
            "rule": entry["rule"],
            "k": entry["k"],
            "reached": entry["reached"],
        }
        for entry in release.record["hidden"]
        if (cell := entry["cell"]) and (cell["geography"], cell["geography_id"]) in places
    ]
    held = [
        {
            **entry["cell"],
            "place": places[entry["cell"]["geography"], entry["cell"]["geography_id"]],
            "reason": entry["reason"],
        }
        for entry in release.record["held_back"]
        if (entry["cell"]["geography"], entry["cell"]["geography_id"]) in places
    ]
    figures = [
        figure
        for place in (extract.municipality, extract.country, *extract.areas, *(area.twins for area in extract.areas))
        for figure in place.figures.values()
    ]
    shown = [figure for figure in figures if figure.value is not None]
    return {
        "secretariat": extract.secretariat,
        "name": extract.name,
        "year": extract.year,
        "release": release.name,
        "inputs_sha256": release.record["inputs_sha256"],
        "snapshot": extract.snapshot,
        "origin": extract.origin,
        "is_cleared": extract.is_cleared,
        "method": release.record["method"],
        "base": release.record["base"],
        "approvals": [asdict(approval) for approval in approvals],
        "approvals_needed": NEEDED,
        "areas": len(extract.areas),
        "figures": len(figures),
        "shown": len(shown),
        "already_published": sum(figure.is_published for figure in shown),
        "marks": dict(sorted(Counter(f.mark for f in figures if f.mark).items())),
        "hidden": hidden,
        "rounded": [
            {**of_cell(entry["cell"]), "k": entry["k"], "reached": entry["reached"]}
            for entry in release.record["rounded"]
            if (entry["cell"]["geography"], entry["cell"]["geography_id"]) in places
            and entry["cell"]["part"] != "complement"
        ],
        "sums_off": len(release.record["not_additive"]),
        "held_back": held,
        "left_out": release.record["left_out"],
        "sums_not_exact": len(release.record["not_exact"]),
        "attack": release.record["attack"],
        "whole_release": {name: release.record[name] for name in WHOLE},
    }


def page(said: Mapping[str, Any], registry: Registry) -> str:
    """The record as a page for the two who clear it, in Danish."""
    template = templates(PACKAGE).get_template("audit.html.j2")
    left_out = [tuple(entry.split(": ")) for entry in said["left_out"]]
    return template.render(
        said=said,
        css=style(PACKAGE, "audit.css"),
        marks={mark: of.label_da for mark, of in registry.extracts.mark.items()},
        parts=PARTS,
        rules=RULES,
        indicators={name: of.label_da for name, of in registry.indicators.items()},
        left_out=left_out,
        reasons=LEFT_OUT,
        number=danish.number,
    )
