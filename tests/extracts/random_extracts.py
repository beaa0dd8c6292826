"""Extracts as no hand would make them: every mark, odd names, and numbers planted where a mark says there is none."""

from typing import Any

from hypothesis import strategies as st

from flows.extracts.model import Area, ChangeLine, Criterion, Extract, Place, Watch
from schemas.registry import Registry

INDICATORS = ("residents", "outside_work_pct", "convicted_pct", "gross_income_dkk", "gp_contacts_rate", "move_out_pct")
# No figure may ever be this one: it is planted behind marks, where no reader may find it.
PLANTED = 987654.321
TRACE = rb"987[.,]?654"
NAMES = (
    "=1+2",
    "-1+1",
    '@SUM("A";B)',
    "History",
    "Noter",
    "A/B: [Øst]?*\\",
    "'Åen'",
    "Gellerupparken og Toveshøj ved Ringvejen",
    "Gellerupparken og Toveshøj ved Ringvej 2",
    "bispehaven",
    "Bispehaven",
    "Vest; & <Nord>",
)


def figures(registry: Registry, kind: str, name: str, years: tuple[int, ...]) -> st.SearchStrategy[dict[Any, Any]]:
    keys = [(indicator, year) for indicator in INDICATORS for year in years]
    return st.tuples(*(_figure(registry, kind, name, *key) for key in keys)).map(
        lambda found: dict(zip(keys, found, strict=True))
    )


@st.composite
def _figure(draw: Any, registry: Registry, kind: str, name: str, indicator: str, year: int) -> dict[str, Any]:
    row: dict[str, Any] = {column.name: None for column in registry.tables["cleared_figures"].columns}
    row |= {"place_kind": kind, "place_id": name, "place_name": name, "indicator": indicator, "year": year}
    row |= {"is_published": draw(st.booleans()), "origin": "synthetic", "source": "area_statistics", "status": "final"}
    row["window_years"] = draw(st.sampled_from((1, 1, 2, 4)))
    row["repeats_year"] = draw(st.sampled_from((None, None, year - 1)))
    numbers = [
        column.name for column in registry.tables["cleared_figures"].columns if column.type in ("number", "integer")
    ]
    if draw(st.booleans()):
        planted = {column: PLANTED for column in numbers if column not in ("year", "window_years")}
        return row | planted | {"mark": draw(st.sampled_from(sorted(registry.extracts.mark)))}
    row["value"] = draw(st.sampled_from((0.0, 0.04, 3.5, 12.25, 43.0, 99.96, 1234.5)))
    if draw(st.booleans()):
        row |= {"ci_low": row["value"] * 0.9, "ci_high": row["value"] * 1.1, "municipality_value": 17.0}
        row |= {"municipality_verdict": "similar", "interval_basis": "wilson"}
    if draw(st.booleans()):
        row |= {"change_year": draw(st.sampled_from((-0.04, -2.5, 0.0, 3.0)))}
    return row


@st.composite
def extracts(draw: Any, registry: Registry) -> Extract:
    years = tuple(range(2013 - draw(st.integers(1, 4)), 2013))

    def place(kind: str, name: str) -> dict[str, Any]:
        return {"kind": kind, "id": name, "name": name, "figures": draw(figures(registry, kind, name, years))}

    def area(name: str) -> Area:
        other = (Place(**place("area", f"{name} (listen)")),) if draw(st.booleans()) else ()
        met = draw(st.booleans())
        criteria = (
            Criterion("outside_work_pct", ">", 40, 43.0, None, met, 3.0, False),
            Criterion("convicted_pct", ">", 2.7, PLANTED, "hidden", None, PLANTED, None),
        )
        watch = Watch(2012, None, criteria, 1, None, met, None, 5) if draw(st.booleans()) else None
        twins = Place(**{**place("twins", name), "name": f"Tvillinger til {name}"})
        said = {"dwellings": 869, "size_band": "700-1500", "funding_band": None, "plans": (), "targets": ()}
        return Area(**place("area", name), twins=twins, other_boundaries=other, watch=watch, **said)

    names = draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True))
    areas = tuple(area(name) for name in names)
    changes = tuple(
        ChangeLine(name, "convicted_pct", 2012, draw(st.sampled_from((None, 2.0))), None, None, "hidden")
        for name in names
    )
    return Extract(
        secretariat="aarhus",
        name=draw(st.sampled_from(("Områdesekretariatet i Aarhus", "=Sekretariatet & Co"))),
        year=2012,
        years=years,
        indicators=INDICATORS,
        municipality=Place(**place("municipality", "0751")),
        country=Place(**place("country", "hele landet")),
        areas=areas,
        release="2012-1",
        snapshot="0123456789abcdef",
        origin="synthetic",
        is_cleared=draw(st.booleans()),
        previous="2011-1" if changes else None,
        changes=changes,
    )
