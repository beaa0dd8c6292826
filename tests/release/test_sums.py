"""The marts become cells and sums: who is too small, what is known, what adds up to what."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.release.attack import Exhibit, attack
from flows.release.cells import Key, Tables
from flows.release.scope import Group, Scope
from flows.release.sums import Built, LeftOut, build
from flows.release.suppression import hide, marks, shown
from schemas.loading import load
from schemas.registry import Registry

AREAS = {"ager": "0461", "bakke": "0461", "dal": "0461", "eng": "0751"}
MUNICIPAL, STATBANK, UNKNOWN = "municipal_yearly", "statbank_folk1a", "housing_statistics"


def figure(
    place: str, indicator: str, x: int | None = None, n: int | None = None, **fields: object
) -> dict[str, object]:
    value = float(x) if x is not None and n is None else 100 * x / n if x is not None and n else 12.5
    counts = {"numerator": x, "denominator": n} if n is not None else {"numerator": None, "denominator": None}
    row = {"place": place, "year": 2012, "indicator": indicator, "value": value, "source": MUNICIPAL, "window_years": 1}
    return {**row, **counts, **fields}


def everything(areas: pl.DataFrame, plans: pl.DataFrame, municipalities: pl.DataFrame) -> Scope:
    """All areas and places, and every plan, size band, funding band and both; of dim_areas, dim_plans,
    dim_municipalities."""
    groups: dict[tuple[str, str], set[str]] = {
        ("plan", plan): set(members.split(", "))
        for plan, members in plans.sort("plan_id").select("plan_id", "area_ids").iter_rows()
    }
    for area, size, funding in areas.select("area_id", "size_band", "funding_band").iter_rows():
        if size is not None:
            groups.setdefault(("size_band", size), set()).add(area)
        if funding is not None:
            groups.setdefault(("funding_band", funding), set()).add(area)
        if size is not None and funding is not None:
            groups.setdefault(("band", f"{funding}|{size}"), set()).add(area)
    return Scope(
        frozenset(areas["area_id"]),
        frozenset(municipalities["municipality_code"]),
        frozenset(municipalities["region_code"]),
        tuple(Group(kind, name, frozenset(members)) for (kind, name), members in sorted(groups.items())),
    )


def built(registry: Registry, *rows: dict[str, object]) -> Built:
    bands = {"size_band": ["0-700", "0-700", "700-1500", "0-700"], "funding_band": ["5-15", "5-15", None, "15+"]}
    plans = {"plan_id": ["p"], "area_ids": ["ager, bakke"]}
    return built_of(registry, AREAS, *rows, bands=bands, plans=plans)


def built_of(
    registry: Registry,
    homes: Mapping[str, str],
    *rows: dict[str, object],
    bands: Mapping[str, list[str | None]] | None = None,
    plans: Mapping[str, list[object]] | None = None,
    dwellings: list[int | None] | None = None,
    elsewhere: tuple[dict[str, object], ...] = (),
) -> Built:
    """The tables of all areas of `homes`, which have so many dwellings on a list, and all larger places that have
    figures; others have published those `elsewhere`."""
    schema = {"numerator": pl.Int64, "denominator": pl.Int64, "value": pl.Float64}
    frame = pl.DataFrame(list(rows), schema_overrides=schema)
    of_area = pl.col("place").is_in(list(homes))
    kinds = pl.col("place").str.len_chars().replace_strict({4: "municipality", 3: "country"}, default="?")
    texts = dict.fromkeys(("area_id", "municipality_code", "size_band", "funding_band"), pl.String)
    none: list[str | None] = [None] * len(homes)
    areas = {"area_id": list(homes), "municipality_code": list(homes.values()), "dwellings": dwellings or none}
    towns = sorted(set(homes.values()))
    marts = {
        "area_profile": frame.filter(of_area).rename({"place": "area_id"}),
        "place_figures": frame.filter(~of_area).with_columns(geography=kinds).rename({"place": "geography_id"}),
        "dim_areas": pl.DataFrame(
            areas | dict(bands or {"size_band": none, "funding_band": none}),
            schema_overrides={**texts, "dwellings": pl.Int64},
        ),
        "dim_plans": pl.DataFrame(
            {"plan_id": [], "area_ids": [], "dwellings": [None] * len(plans["plan_id"]) if plans else []}
            | (plans or {}),
            schema={"plan_id": pl.String, "area_ids": pl.String, "dwellings": pl.Int64},
        ),
        "dim_municipalities": pl.DataFrame(
            {"municipality_code": towns, "region_code": [f"08{number}" for number in range(3, 3 - len(towns), -1)]}
        ),
    }
    if elsewhere:
        of_others = pl.DataFrame(list(elsewhere), schema_overrides=schema).rename({"place": "geography_id"})
        marts["other_figures"] = of_others.with_columns(geography=pl.lit("area"))
    scope = everything(marts["dim_areas"], marts["dim_plans"], marts["dim_municipalities"])
    return build(marts, registry, [2012], scope)


RESIDENTS = [figure(area, "residents", people) for area, people in zip(AREAS, (900, 700, 99, 400), strict=True)]
TOWN = figure("0461", "residents", 190_000, source=STATBANK)


def key_of(place: str, indicator: str, part: str = "count", kind: str = "area") -> Key:
    return Key(kind, place, 2012, indicator, part)  # type: ignore[arg-type]


def test_an_area_under_a_floor_is_withheld_whole_and_its_figures_are_protected(registry: Registry) -> None:
    made = built(registry, *RESIDENTS, TOWN, figure("dal", "convicted_pct", 30, 70)).tables
    assert {made.cells[key_of("dal", "convicted_pct", part)].standing for part in ("numerator", "denominator")} == {
        "withheld"
    }
    assert (made.cells[key_of("dal", "residents")].reason, made.cells[key_of("dal", "residents")].upper) == (
        "area_too_small",
        99,
    )
    hiding = hide(made)
    assert marks(made, hiding)[key_of("dal", "residents")] == "area_too_small"
    assert key_of("dal", "residents") not in shown(made, hiding)
    assert not hiding.unprotected
    assert not attack(Exhibit(made, shown(made, hiding))).leaks


def test_an_area_with_few_households_or_of_unknown_size_is_withheld(registry: Registry) -> None:
    few = figure("ager", "single_parent_pct", 12, 49)
    unknown = figure("eng", "convicted_pct", 50, 300)
    cells = built(registry, *RESIDENTS[:3], few, unknown).tables.cells
    assert cells[key_of("ager", "residents")].reason == "area_too_small"
    assert cells[key_of("bakke", "residents")].standing == "open"
    assert cells[key_of("eng", "convicted_pct", "numerator")].reason == "size_unknown"


@pytest.mark.parametrize("size", [figure("ager", "dwellings", 49), figure("ager", "move_out_pct", 12, 49)])
def test_where_households_are_not_counted_dwellings_bound_them(registry: Registry, size: dict[str, object]) -> None:
    cells = built(registry, *RESIDENTS, size).tables.cells
    assert cells[key_of("ager", "residents")].reason == "area_too_small"
    size |= {"value": 50.0, "denominator": size["denominator"] and 50}
    counted = built(registry, *RESIDENTS, size, figure("ager", "single_parent_pct", 12, 50)).tables.cells
    assert counted[key_of("ager", "residents")].reason is None


@pytest.mark.parametrize(
    ("residents", "listed", "of_plan", "reason"),
    [
        (112, 28, None, "area_too_small"),  # few dwellings, whatever the number of residents
        (112, None, 28, "area_too_small"),
        (112, 300, 28, "area_too_small"),
        (112, 50, None, None),
        (112, None, 50, None),
        (199, None, None, "size_unknown"),
        (200, None, None, None),
        (99, 300, 300, "area_too_small"),
        (None, 28, None, "area_too_small"),
        (None, 300, None, "size_unknown"),
    ],
)
def test_an_area_is_as_large_as_the_least_that_any_source_says(
    residents: int | None, listed: int | None, of_plan: int | None, reason: str | None, registry: Registry
) -> None:
    rows = [figure("ager", "convicted_pct", 30, 70)] + ([figure("ager", "residents", residents)] if residents else [])
    plans = {"plan_id": ["p"], "area_ids": ["ager, bakke"], "dwellings": [of_plan]}
    made = built_of(registry, {"ager": "0461", "bakke": "0461"}, *rows, plans=plans, dwellings=[listed, 400])
    assert made.tables.cells[key_of("ager", "convicted_pct", "numerator")].reason == reason


def homes_of_ager(registry: Registry, let: int, vacant: int) -> Tables:
    rows = [figure("ager", "dwellings", let + vacant), figure("ager", "vacant_dwellings_pct", vacant, let + vacant)]
    rows.append(figure("ager", "one_person_household_pct", let // 2, let))
    return built_of(registry, {"ager": "0461"}, figure("ager", "residents", 900), *rows).tables


def test_few_vacant_dwellings_are_told_and_cost_no_other_cell(registry: Registry) -> None:
    for vacant in (0, 1, 4):
        assert not hide(homes_of_ager(registry, 200, vacant)).hidden
    without = [figure("ager", "dwellings", 202), figure("ager", "one_person_household_pct", 90, 200)]
    made = built_of(registry, {"ager": "0461"}, figure("ager", "residents", 900), *without).tables
    assert not hide(made).hidden


def test_few_inhabited_among_vacant_dwellings_are_hidden(registry: Registry) -> None:
    """Of 60 dwellings 57 are vacant: three households, whose homes the vacant ones tell."""
    rows = [figure("ager", "dwellings", 60), figure("ager", "vacant_dwellings_pct", 57, 60)]
    made = built_of(registry, {"ager": "0461"}, figure("ager", "residents", 900), *rows).tables
    hiding = hide(made)
    assert key_of("ager", "vacant_dwellings_pct", "numerator") in hiding.hidden
    assert not attack(Exhibit(made, shown(made, hiding))).leaks


def test_the_owner_decides_k_and_a_published_figure_is_known(registry: Registry) -> None:
    strict = figure("ager", "move_out_pct", 70, 400, source=UNKNOWN)
    cells = built(registry, *RESIDENTS, TOWN, strict, figure("bakke", "convicted_pct", 2, 500)).tables.cells
    assert cells[key_of("ager", "move_out_pct", "numerator")].k == registry.disclosure.strictest.k
    assert cells[key_of("bakke", "convicted_pct", "numerator")].k == 5
    assert cells[key_of("bakke", "convicted_pct", "complement")].standing == "latent"
    assert cells[key_of("0461", "residents", kind="municipality")].standing == "known"


def test_groups_and_larger_places_are_sums(registry: Registry) -> None:
    made = built(registry, *RESIDENTS, TOWN)
    values = {(key.geography, key.geography_id.split(" (")[0]): cell.value for key, cell in made.tables.cells.items()}
    assert values["plan", "p"] == values["funding_band", "5-15"] == values["band", "5-15|0-700"] == 1600
    assert values["size_band", "0-700"] == 2000
    assert values["elsewhere", "municipality-0461"] == 190_000 - 1699
    assert {key.geography for key, cell in made.tables.cells.items() if cell.standing == "latent"} == {"elsewhere"}


def test_of_few_who_were_asked_nothing_is_told_nor_who_they_are_not(registry: Registry) -> None:
    """17 answered, which is under twice the k of 10: what 12 of them said is small like what 5 said, or else the others
    could be told to be 7 or fewer."""
    agreeing = {"satisfied_area_pct": 12, "would_recommend_pct": 9, "safe_evening_pct": 8}
    answers = {"ager": 17, "bakke": 60, "dal": 45, "0461": 9_000}
    asked = [
        figure(place, indicator, x if place == "ager" else n // 2, n, source=UNKNOWN)
        for place, n in answers.items()
        for indicator, x in agreeing.items()
    ]
    tables = built(registry, *RESIDENTS, TOWN, *asked).tables
    of_ager = [cell for key, cell in tables.cells.items() if key.geography_id == "ager" and key.indicator in agreeing]
    assert {cell.k for cell in of_ager} == {20}
    assert all(cell.is_primary for cell in of_ager)
    assert not hide(tables).unprotected
    # Where the base alone is known by twice its k, nothing can be protected.
    halved = tables.with_(replace(cell, k=10) for cell in tables.cells.values() if cell.k == 20)
    assert hide(halved).unprotected
    assert tables.cells[key_of("bakke", "satisfied_area_pct", "numerator")].k == 10
    assert tables.cells[key_of("bakke", "satisfied_area_pct", "denominator")].k == 20


@pytest.mark.parametrize(
    ("share", "bounds"),
    [
        (88.2, (1620, 1621)),  # 88.15 to 88.25 % of 1,837: 1,619.3 to 1,621.2
        (86.0, (1498, 1661)),  # 1,579 to 1,580, and 5 % of 1,621 to either side: of another day
    ],
)
def test_a_share_on_the_ministrys_list_is_known_where_ours_is_hidden(
    registry: Registry, share: float, bounds: tuple[int, int]
) -> None:
    rows = [figure("ager", "residents", 1837), figure("ager", "nonwestern_pct", 1621, 1837)]
    listed = figure("ager", "nonwestern_pct", source="ministry_lists") | {"value": share}
    tables = built_of(registry, {"ager": "0461"}, *rows, elsewhere=(listed,)).tables
    count = key_of("ager", "nonwestern_pct", "numerator")
    readers = {key: cell.value for key, cell in tables.cells.items() if cell.standing == "open" and key != count}
    reached = {reach.attacker: reach for reach in attack(Exhibit(tables, readers)).intervals if reach.key == count}
    assert (reached["outsider"].low, reached["outsider"].high) == bounds


def test_a_count_on_the_ministrys_list_is_known(registry: Registry) -> None:
    listed = figure("ager", "residents", 1837, source="ministry_lists")
    tables = built_of(registry, {"ager": "0461"}, figure("ager", "residents", 1837), elsewhere=(listed,)).tables
    (leak,) = attack(Exhibit(tables, {})).leaks
    assert (leak.key, leak.low, leak.high) == (key_of("ager", "residents"), 1837, 1837)
    other = built_of(registry, {"ager": "0461"}, figure("ager", "residents", 1836), elsewhere=(listed,))
    assert any("published as another count" in words for words in other.not_exact)


def test_a_base_in_another_has_the_k_of_what_it_counts(registry: Registry) -> None:
    """9 of 16-24 years, 10 of 15-24: were 9 small and 10 not, one of 15 years could not be as good as four."""
    ages = {"ager": (9, 10), "bakke": (90, 100), "dal": (40, 45), "0461": (20_000, 22_000)}
    asked = [
        figure(place, indicator, n // 2, n)
        for place, bases in ages.items()
        for indicator, n in zip(("youth_neither_pct", "convicted_15_24_pct"), bases, strict=True)
    ]
    tables = built(registry, *RESIDENTS, TOWN, *asked).tables
    assert tables.cells[key_of("ager", "youth_neither_pct", "denominator")].k == 5
    assert not hide(tables).unprotected


def test_what_does_not_add_up_is_said_and_not_used(registry: Registry) -> None:
    made = built(registry, *RESIDENTS, figure("0461", "residents", 1000))
    assert any("less than the sum of its parts" in words for words in made.not_exact)
    other_base = built(registry, *RESIDENTS, figure("ager", "age_0_17_pct", 200, 800))
    assert any("all residents" in words for words in other_base.not_exact)
    nearly = built(registry, *RESIDENTS, figure("ager", "age_0_17_pct", 200, 890))
    assert any("all residents" in words for words in nearly.nearly_exact)
    assert not nearly.not_exact


@pytest.mark.parametrize(
    ("indicator", "x", "n", "reason"),
    [
        ("gp_contacts_rate", 900, 400, "no_count_of_units"),
        ("burglary_rate", None, None, "counts_unknown"),
        ("gross_income_dkk", 250_000, None, "no_count_of_units"),
        ("convicted_pct", None, None, "counts_unknown"),
    ],
)
def test_what_says_nothing_of_people_is_left_out(
    registry: Registry, indicator: str, x: int | None, n: int | None, reason: str
) -> None:
    made = built(registry, *RESIDENTS, figure("ager", indicator, x, n))
    assert made.left_out == (LeftOut("area", "ager", 2012, indicator, reason),)
    assert indicator not in {key.indicator for key in made.tables.keys}


def test_a_rate_of_events_is_their_count_and_its_base(registry: Registry) -> None:
    """One burglary is hidden, and none is told. There may be more of them than dwellings, so nobody is without one."""
    rows = [figure(area, "burglary_rate", x, 400) for area, x in (("ager", 1), ("bakke", 0), ("eng", 450))]
    made = built(registry, *RESIDENTS, TOWN, *rows)
    cells = made.tables.cells
    assert not made.left_out
    assert {key.part for key in cells if key.indicator == "burglary_rate"} == {"numerator", "denominator"}
    primary = {key.geography_id for key in cells if key.indicator == "burglary_rate" and cells[key].is_primary}
    assert "ager" in primary
    assert not primary & {"bakke", "eng"}
    hiding = hide(made.tables)
    readers = shown(made.tables, hiding)
    assert (readers[key_of("bakke", "burglary_rate", "numerator")], hiding.unprotected) == (0, ())
    assert not attack(Exhibit(made.tables, readers), with_chains=False).leaks


def test_a_figure_that_repeats_another_year_is_left_out_unless_it_is_published(registry: Registry) -> None:
    """Its own year may be shown, and would tell what is hidden here."""
    repeated = figure("ager", "social_assistance_pct", 44, 250, repeats_year=2011)
    made = built(registry, *RESIDENTS, repeated)
    assert made.left_out == (LeftOut("area", "ager", 2012, "social_assistance_pct", "repeats_another_year"),)
    published = built(registry, *RESIDENTS, {**repeated, "source": STATBANK})
    assert published.tables.cells[key_of("ager", "social_assistance_pct", "numerator")].standing == "known"


SHARES = st.lists(st.sampled_from([0, 2, 3, 5, 8, 30, 60]), min_size=4, max_size=4)


@settings(max_examples=examples(15))
@given(young=SHARES, old=SHARES, descendants=SHARES)
def test_a_release_of_the_marts_holds_against_the_attack(
    young: list[int], old: list[int], descendants: list[int]
) -> None:
    registry = load()
    rows = [*RESIDENTS, TOWN]
    for position, (area, people) in enumerate(zip(AREAS, (900, 700, 99, 400), strict=True)):
        rows.append(figure(area, "age_0_17_pct", min(young[position], people), people))
        rows.append(figure(area, "age_18_29_pct", 20, people))
        rows.append(figure(area, "age_65_plus_pct", min(old[position], 19), people))
        rows.append(figure(area, "nonwestern_pct", 60, people))
        rows.append(figure(area, "descendant_pct", descendants[position], people))
    made = built(registry, *rows).tables
    hiding = hide(made)
    found = attack(Exhibit(made, shown(made, hiding)), with_chains=False)
    assert {leak.key for leak in found.leaks} <= {refused.key for refused in hiding.unprotected}
    assert not hiding.unprotected
    # Were the areas looked at one by one, with no further cells hidden, there would be something to find.
    bare = {key: made.cells[key].value for key in made.keys if made.cells[key].standing in ("open", "known")}
    bare = {key: value for key, value in bare.items() if key not in hiding.primary}
    if hiding.primary:
        assert attack(Exhibit(made, bare), with_chains=False).leaks
