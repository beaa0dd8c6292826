"""A made-up nation: its control totals, its way through intake, and its truth."""

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from profiles import seeds

from flows.marts import build, checks
from flows.synthetic.country import Nation, write
from flows.synthetic.draw import DrawnNation, draw
from flows.synthetic.lists import published
from flows.synthetic.reference import IncompleteReference
from schemas.loading import load
from schemas.registry import Registry

RAW = Path(__file__).parents[2] / "data" / "raw"
# Table 2.1 of the second interim report: dwellings, band of the grant in million DKK (from, to), period in years.
CASE_AREAS = {
    "Aalborg Øst": (2621, 15, None, 4),
    "Akacieparken": (399, 5, 15, 5),
    "Albertslund Nord": (504, 5, 15, 5),
    "Bispehaven": (869, 5, 15, 4),
    "Brønderslev": (371, 0, 5, 5),
    "Charlottekvarteret": (773, 5, 15, 5),
    "Finlandsparken": (1072, 5, 15, 5),
    "Høje Kolstrup": (985, 5, 15, 4),
    "Påskeløkken": (168, 0, 5, 4),
    "Randers Nordby": (1337, 15, None, 5),
    "Solbjerg Have og Søndermarken": (762, 5, 15, 3),
    "Viby Syd": (1674, 5, 15, 4),
    "Vollsmose": (3625, 15, None, 4),
}
SUPPORTED = {"Albertslund Nord", "Bispehaven", "Charlottekvarteret", "Viby Syd"}
MILLION = 1_000_000
NEW = {
    "share": 'unit = "percent"\nnumerator = "odd residents"\ndenominator = "all residents"\ncount_basis = "persons"\n'
    'counts = "moved_in"\namong = "residents"',
    "rate": 'unit = "events per 1,000 dwellings"\nunit_da = "pr. 1.000"\nunit_short_da = "pr. 1.000"\nper = 1000\n'
    'numerator = "odd events"\ndenominator = "all dwellings"\ncount_basis = "events"\n'
    'counts = "burglaries"\namong = "dwellings"',
    "mean": 'unit = "DKK"\nunit_da = "kroner i gennemsnit"\nunit_short_da = "kr."\ncount_basis = "money"\n'
    'no_count = "amount"',
    "relative": 'unit = "percent of the region"\nunit_da = "procent af regionens"\nunit_short_da = "% af regionens"\n'
    'count_basis = "money"\nno_count = "amount"',
    "count": 'unit = "persons"\ncount_basis = "persons"\ncounts = "residents"',
}
LEAST, MOST = {"rate": 0}, {"count": 10_000_000}


def rows_of(folder: Path, pattern: str = "*.csv") -> Iterator[dict[str, str]]:
    """Rows of a source's deliveries, read by the csv module alone."""
    for file in sorted(folder.glob(pattern)):
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        yield from csv.DictReader(lines, delimiter=";")


def amount(row: dict[str, str]) -> int:
    return int(row["Bevilget beløb (kr.)"].replace(".", ""))


def bytes_of(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def logit(percent: np.ndarray) -> np.ndarray:
    return np.log(percent / (100 - percent))


def received(nation: Nation, make_night: Callable[[Path], Any]) -> Any:
    """A night that has read a nation's deliveries with the nation's registry."""
    made = make_night(nation.raw.parent)
    made.registry = load(nation.schemas)
    made.run()
    return made


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Nation:
    """A nation of few areas and years with every indicator."""
    return write(tmp_path_factory.mktemp("small"), RAW, registry, seed=5, areas=120, years=range(2003, 2012))


@pytest.fixture(scope="module")
def night(small: Nation, make_night: Callable[[Path], Any]) -> Any:
    """What became of the small nation's deliveries."""
    return received(small, make_night)


@pytest.fixture(scope="module", params=seeds(1, 2, 3))
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Nation:
    """A nation of full size, of one year and no figures of areas."""
    folder = tmp_path_factory.mktemp("whole")
    return write(folder, RAW, registry, seed=request.param, years=[2005], indicators=[])


@pytest.fixture(scope="module")
def drawn(registry: Registry) -> DrawnNation:
    return draw(RAW, registry, seed=4)


def test_the_pool_is_given_away_to_the_last_krone(whole: Nation) -> None:
    grants = list(rows_of(whole.raw / "grant_list"))
    social = [row for row in grants if row["Art"] == "boligsocial indsats"]
    support = [row for row in grants if row["Art"] == "huslejestøtte"]
    assert len(social) == 216
    assert len({(row["Helhedsplan"], row["Kommune"]) for row in social}) == 162
    assert len({row["Afdelingsnr."] for row in support}) == len(support) == 114
    assert sum(map(amount, grants)) == 2_200_000_000
    assert len({row["Bevillingsnr."] for row in grants}) == len(grants)
    assert all(amount(row) > 0 for row in grants)


def test_case_areas_have_their_true_dwellings_bands_and_periods(whole: Nation) -> None:
    dwellings: Counter[str] = Counter()
    for row in rows_of(whole.raw / "estates"):
        dwellings[row["Boligområde"]] += int(row["Antal lejemål"])
        assert int(row["Antal lejemål"]) > 0
    plans = defaultdict(list)
    for row in rows_of(whole.raw / "grant_list"):
        if row["Art"] == "boligsocial indsats":
            plans[row["Helhedsplan"]].append(row)
    for area, (printed, low, high, years) in CASE_AREAS.items():
        grants = plans[f"Helhedsplan {area}"]
        total = sum(map(amount, grants))
        assert {row["Boligområder"] for row in grants} == {area}
        assert dwellings[area] == printed
        # Under 5, 5 to 15, over 15: the edges belong to the band between.
        assert (total >= 5 * MILLION) == (low >= 5), area
        assert (total > 15 * MILLION) == (high is None), area
        begins = min(date.fromisoformat(row["Bevilget fra"]) for row in grants)
        ends = max(date.fromisoformat(row["Bevilget til"]) for row in grants)
        assert round((ends - begins).days / 365.25) == years, area


def test_the_bands_are_all_well_filled(whole: Nation) -> None:
    totals: Counter[tuple[str, str]] = Counter()
    for row in rows_of(whole.raw / "grant_list"):
        if row["Art"] == "boligsocial indsats":
            totals[row["Helhedsplan"], row["Kommune"]] += amount(row)
    under = sum(total < 5 * MILLION for total in totals.values())
    over = sum(total > 15 * MILLION for total in totals.values())
    assert min(under, over, 162 - under - over) >= 30


def test_plans_and_areas_are_many_to_many(whole: Nation) -> None:
    plans = defaultdict(set)
    for row in rows_of(whole.raw / "grant_list"):
        if row["Art"] == "boligsocial indsats":
            for area in row["Boligområder"].split(", "):
                plans[area, row["Kommune"]].add(row["Helhedsplan"])
    assert sum(len(years) > 1 for years in plans.values()) >= 3
    assert len(plans) > 162


def test_the_organisation_agrees_with_the_report(whole: Nation) -> None:
    rows = list(rows_of(whole.raw / "plan_organisation"))
    supported = {row["Helhedsplan"]: row["Støttet af områdesekretariat"] for row in rows}
    assert {area for area in CASE_AREAS if supported[f"Helhedsplan {area}"] == "ja"} == SUPPORTED
    assert len({row["Kommune"] for row in rows if row["Støttet af områdesekretariat"] == "ja"}) >= 10
    unknown = sum(not row["Projektorganisering"] for row in rows)
    assert 0 < unknown < 40


def test_the_municipalities_are_the_98_true_ones(whole: Nation) -> None:
    true = {row["Kommunekode"] for row in rows_of(RAW / "municipalities")}
    areas = load(whole.schemas).codes["areas"]
    assert len(true) == 98
    assert {row["Kommunekode"] for row in rows_of(whole.raw / "municipalities")} == true
    assert {row["municipality_code"] for row in areas} <= true
    assert len(areas) == 1013
    assert len({(row["name"], row["municipality_code"]) for row in areas}) == 1013


def test_made_up_names_are_those_of_no_real_area(whole: Nation, registry: Registry) -> None:
    real = {row["name"].casefold() for row in registry.codes["areas"]} | {
        row["alias"].casefold() for row in registry.codes["area_aliases"]
    }
    names = {row["name"] for row in load(whole.schemas).codes["areas"]}
    assert {name for name in names if name.casefold() in real} == set(CASE_AREAS)


def test_every_delivery_says_that_it_is_synthetic(small: Nation) -> None:
    files = [path for path in small.raw.rglob("*") if path.is_file() and path.name != "folk1a.csv"]
    assert len(files) > 40
    for file in files:
        head = file.read_text(encoding="utf-8").splitlines()[:6]
        notes = [line.lstrip("# ") for line in head]
        assert "oprindelse: syntetisk" in notes, file
        assert notes[0].startswith("kilde: Syntetisk nation"), file
    for file in small.truth.iterdir():
        if file.suffix == ".csv":
            assert pl.read_csv(file)["origin"].unique().to_list() == ["synthetic"]
    assert "Origin: synthetic" in (small.truth / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def of_2010(small: Nation) -> dict[tuple[str, str, str], dict[str, tuple[int, int]]]:
    """Counts and bases as delivered in their final form, by kind, municipality and name of the place."""
    delivered: dict[tuple[str, str, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    for source in ("area_statistics", "housing_statistics", "municipal_figures"):
        for row in rows_of(small.raw / source, "*_2010*.csv"):
            if row["Status"] == "endelig" and row["Tæller"].isdigit():
                place = row["Geografi"], row["Kommune"], row["Område"]
                delivered[place][row["Indikator"]] = int(row["Tæller"]), int(row["Nævner"])
    return delivered


def test_what_is_delivered_of_a_place_adds_up(
    of_2010: dict[tuple[str, str, str], dict[str, tuple[int, int]]],
) -> None:
    """By the definitions alone, in areas, municipalities, regions and the country."""
    tried = Counter[tuple[str, str]]()
    for place, figures in of_2010.items():
        if {"age_0_17_pct", "low_income_pct", "age_65_plus_pct", "disability_pension_pct"} <= figures.keys():
            children, everybody = figures["age_0_17_pct"]
            adults, of_working_age = (figures[name][1] for name in ("low_income_pct", "disability_pension_pct"))
            assert everybody == children + adults == children + of_working_age + figures["age_65_plus_pct"][0], place
            tried["ages", place[0]] += 1
        if {"vacant_dwellings_pct", "one_person_household_pct"} <= figures.keys():
            vacant, dwellings = figures["vacant_dwellings_pct"]
            assert dwellings == vacant + figures["one_person_household_pct"][1], place
            tried["homes", place[0]] += 1
        if {"nonwestern_pct", "western_pct", "descendant_pct"} <= figures.keys():
            nonwestern, everybody = figures["nonwestern_pct"]
            assert figures["descendant_pct"][0] <= nonwestern <= everybody - figures["western_pct"][0], place
            tried["origins", place[0]] += 1
    assert set(tried) == {
        (kind, place) for kind in ("ages", "homes", "origins") for place in {key[0] for key in of_2010}
    }
    assert min(tried[kind, "boligområde"] for kind in ("ages", "homes", "origins")) > 100


def test_what_is_delivered_of_places_adds_up(of_2010: dict[tuple[str, str, str], dict[str, tuple[int, int]]]) -> None:
    """Areas are no more than their municipality, and municipalities are the country."""
    inside: dict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    for (kind, town, _), figures in of_2010.items():
        larger = {"boligområde": ("kommune", "", town), "kommune": ("land", "", "Hele landet")}.get(kind)
        for indicator, (counted, base) in figures.items() if larger else ():
            inside[*larger, indicator].update(counted=counted, base=base)  # type: ignore[misc]
    assert len(inside) > 1_000
    for (kind, town, name, indicator), parts in inside.items():
        counted, base = of_2010[kind, town, name][indicator]
        assert parts["counted"] <= counted, (name, indicator)
        assert parts["base"] <= base, (name, indicator)
        if kind == "land":
            assert (parts["counted"], parts["base"]) == (counted, base), indicator


@pytest.mark.slow
def test_every_delivery_passes_intake(night: Any) -> None:
    assert {path: (r.rule, r.rules) for path, r in night.receipts.items() if r.outcome != "accepted" or r.rules} == {}
    assert night.facts is not None
    assert night.facts.set_aside == {}
    assert night.facts.origin == "synthetic"


@pytest.mark.slow
def test_every_promise_of_the_marts_holds(night: Any, tmp_path: Path) -> None:
    assert night.facts is not None
    files = build.build(night.facts, tmp_path / "marts", night.registry)
    assert checks.run(files, night.registry) == []
    made = {name: pl.read_parquet(file) for name, file in files.items()}
    assert made["known_exceptions"]["still_matches"].to_list() == [True]
    criteria = made["statutory_criteria"]
    assert criteria.height > 0
    assert criteria["agrees"].all()
    covered = made["pool_coverage"].drop_nulls("delivered_total")
    assert (covered["total"] == covered["delivered_total"]).all()


def test_every_indicator_is_delivered(night: Any, registry: Registry) -> None:
    figures = night.table("figures")
    for geography, of_areas in (("area", True), ("municipality", None), ("region", None), ("country", None)):
        wanted = {i.id for i in registry.indicators.values() if of_areas is None or i.of_areas}
        there = figures.filter(pl.col("geography") == geography, pl.col("value").is_not_null())
        assert set(there["indicator"]) == wanted, geography


def test_figures_come_late_twice_and_never(night: Any, small: Nation) -> None:
    """Each fault of real deliveries is there: withheld, revised, delivered late, and never sent."""
    figures = night.table("figures").filter(pl.col("geography") == "area")
    assert set(figures["missing_reason"].drop_nulls()) == {"withheld_by_source"}
    assert figures.filter(source="municipal_yearly").height > 0
    last = figures["year"].max()
    provisional = figures.filter(pl.col("status") == "provisional")
    assert set(provisional["year"]) == {last}
    late = {row["Kommune"] for row in rows_of(small.raw / "area_statistics") if row["Tæller"] == ".."}
    assert late
    sent = figures.filter(year=2004, source="area_statistics")["geography_id"].n_unique()
    assert sent < figures.filter(year=2005, source="area_statistics")["geography_id"].n_unique()
    revised = night.facts.superseded["figures"] if night.facts else 0
    assert revised > 0


def test_same_seed_same_bytes(tmp_path: Path, registry: Registry) -> None:
    kwargs = {"areas": 80, "years": range(2005, 2008)}
    first, again, other = (
        write(tmp_path / name, RAW, registry, seed=seed, **kwargs) for name, seed in (("a", 8), ("b", 8), ("c", 9))
    )
    assert bytes_of(first.raw.parent) == bytes_of(again.raw.parent)
    assert bytes_of(first.raw)["estates/afdelinger.csv"] != bytes_of(other.raw)["estates/afdelinger.csv"]


@pytest.mark.parametrize("kind", sorted(NEW))
def test_a_new_indicator_is_delivered_without_code(
    kind: str, tmp_path: Path, make_night: Callable[[Path], Any]
) -> None:
    folder = tmp_path / "registry"
    shutil.copytree(str(resources.files("schemas")), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with (folder / "indicators.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'\n[odd_figure]\nindicator_group = "background"\ndrawn_from = "a register"\nkind = "{kind}"\n{NEW[kind]}\n'
            'polarity = "high_is_worse"\n'
            'label_da = "Sært tal"\nlabel_en = "Odd figure"\ndefinition = "Odd."\ndefinition_da = "Sær."\n'
            'population = "all residents"\npopulation_da = "alle beboere"\n'
            f"minimum = {LEAST.get(kind, 2)}\nmaximum = {MOST.get(kind, 90)}\n"
            'decimals = 1\ndisclosure_class = "ordinary"\n'
        )
    registry = load(folder)
    nation = write(
        tmp_path / "nation",
        RAW,
        registry,
        seed=3,
        areas=60,
        years=[2005, 2006],
        indicators=["odd_figure"],
        schemas=folder,
    )
    made = received(nation, make_night)
    assert {r.path: r.rules for r in made.receipts.values() if r.rules or r.outcome != "accepted"} == {}
    figures = made.table("figures").filter(indicator="odd_figure")
    assert figures.filter(geography="area", source="area_statistics")["geography_id"].n_unique() == 73
    assert set(figures["geography"]) == {"area", "municipality", "region", "country"}


def test_drawn_figures_lie_around_the_truth(drawn: DrawnNation) -> None:
    """z-scores have mean 0 and variance 1 over all, and no indicator stands out."""
    z = drawn.figures.filter(pl.col("spread") > 0).select(
        "indicator", z=(pl.col("value") - pl.col("expected")) / pl.col("spread")
    )
    assert abs(z["z"].mean()) < 0.01  # type: ignore[arg-type, operator]
    assert z["z"].std() == pytest.approx(1, abs=0.01)
    assert (z["z"].abs() > 1.959964).mean() == pytest.approx(0.05, abs=0.003)
    by = z.group_by("indicator").agg(pl.col("z").mean().alias("mean"), pl.col("z").std().alias("sd"))
    assert by["mean"].abs().max() < 0.06  # type: ignore[operator]
    assert (by["sd"] - 1).abs().max() < 0.05  # type: ignore[operator]
    assert drawn.figures["expected"].is_finite().all()


def test_parts_never_exceed_their_whole(drawn: DrawnNation) -> None:
    figures = drawn.of_areas
    persons = {name: figure.numerator for name, figure in figures.items() if figure.numerator is not None}
    assert (persons["descendant_pct"] <= persons["nonwestern_pct"]).all()
    apart = ("basic_education_pct", "vocational_education_pct", "higher_education_pct")
    assert (sum(persons[name] for name in apart) <= figures[apart[0]].denominator).all()
    working = persons["outside_work_pct"] + persons["employed_18_64_pct"]
    assert (working <= figures["outside_work_pct"].denominator).all()


def test_figures_do_not_depend_on_which_others_are_drawn(drawn: DrawnNation, registry: Registry) -> None:
    alone = draw(RAW, registry, seed=4, years=[2004, 2005], indicators=["employed_18_64_pct"])
    both = drawn.figures.filter(pl.col("indicator") == "employed_18_64_pct", pl.col("year").is_in([2004, 2005]))
    assert alone.figures.equals(both)


def test_effects_begin_after_the_plans_and_only_there(drawn: DrawnNation, registry: Registry) -> None:
    """The effect on the logit scale is that of truth.toml in every later year of funded areas, and 0 elsewhere."""
    without = draw(RAW, registry, seed=4, effects=False)
    effect = logit(drawn.of_areas["move_out_pct"].expected) - logit(without.of_areas["move_out_pct"].expected)
    areas = drawn.areas
    begins = np.full(areas.height, 9999)
    for plan in drawn.pool.plans:
        begins[list(plan.areas)] = np.minimum(begins[list(plan.areas)], plan.begins.year)
    assert areas["begins_year"].fill_null(9999).to_list() == begins.tolist()
    after = np.array(drawn.years)[None, :] > begins[:, None]
    assert after.any()
    assert effect[after] == pytest.approx(-0.12)
    assert effect[~after] == pytest.approx(0)
    assert (areas["arm"] == "funded").to_numpy().tolist() == (begins < 9999).tolist()


def test_trends_are_parallel_unless_asked_otherwise(drawn: DrawnNation, registry: Registry) -> None:
    """A yearly drift of 0.03 on the logit scale, of funded areas alone, upwards where high is worse."""
    apart = draw(RAW, registry, seed=4, indicators=["move_out_pct", "safe_evening_pct"], parallel=False)
    funded = (drawn.areas["arm"] == "funded").to_numpy()
    steps = np.array(drawn.years) - 2005
    for name, sign in (("move_out_pct", 1), ("safe_evening_pct", -1)):
        drift = logit(apart.of_areas[name].expected) - logit(drawn.of_areas[name].expected)
        assert drift[funded] == pytest.approx(np.tile(sign * 0.03 * steps, (funded.sum(), 1)))
        assert drift[~funded] == pytest.approx(0)
    years = [drawn.years.index(year) for year in (2000, 2005)]
    own = logit(drawn.of_areas["move_out_pct"].expected)[:, years]
    change = own[:, 1] - own[:, 0]
    # Noise of areas and neighbourhoods: SD 0.09 a change over some 200 areas.
    assert abs(change[funded].mean() - change[~funded].mean()) < 0.03


def test_deprived_areas_are_funded_and_get_more(drawn: DrawnNation) -> None:
    areas = drawn.areas
    funded = areas.filter(arm="funded")
    assert funded["deprivation"].mean() > areas.filter(arm="never_funded")["deprivation"].mean() + 0.4  # type: ignore[operator]
    by_band = {row[0]: row[1] for row in funded.group_by("funding_bands").agg(pl.col("dwellings").mean()).rows()}
    assert by_band["under_5m"] < by_band["5_15m"] < by_band["over_15m"]


def test_planted_twins_are_the_nearest_of_all(drawn: DrawnNation, registry: Registry) -> None:
    """Mahalanobis distance of drawn figures over the declared window finds most of the five planted twins."""
    window = [drawn.years.index(year) for year in (2003, 2004, 2005)]
    x = np.stack(
        [drawn.of_areas[name].value[:, window].mean(axis=1) for name in registry.evaluation.twins.indicators], 1
    )
    funded, groups = drawn.pool.treatment.funded, drawn.pool.twin_group
    never = np.flatnonzero(~funded)
    inverse = np.linalg.inv(np.cov(x[never].T))
    found = []
    for group in range(20):
        members = np.flatnonzero(groups == group)
        (leader,) = members[funded[members]]
        assert len(members) == 6
        apart = x[never] - x[leader]
        nearest = never[np.argsort(np.einsum("ij,jk,ik->i", apart, inverse, apart))[:5]]
        found.append(len(set(nearest.tolist()) & set(members.tolist())))
    assert np.mean(found) > 3.5


def test_lists_follow_the_rules_of_2010(drawn: DrawnNation) -> None:
    """At least 1,000 residents and two of three: outside work over 40, non-western over 50, convicted over 2.7 percent.

    Outside work and convictions are those of the four years before, together.
    """
    at, before = drawn.years.index(2010), [drawn.years.index(year) for year in range(2006, 2010)]
    figures = drawn.of_areas
    shares = {}
    for name, years in (("outside_work_pct", before), ("nonwestern_pct", [at]), ("convicted_pct", before)):
        counts, bases = figures[name].numerator, figures[name].denominator
        assert counts is not None
        assert bases is not None
        shares[name] = 100 * counts[:, years].sum(axis=1) / bases[:, years].sum(axis=1)
    met = (
        (shares["outside_work_pct"].round(1) > 40).astype(int)
        + (shares["nonwestern_pct"].round(1) > 50)
        + (shares["convicted_pct"].round(2) > 2.7)
    )
    expected = np.flatnonzero((met >= 2) & (figures["residents"].value[:, at] >= 1000))
    (made,) = published(drawn.reference, load(), figures, drawn.years, [2010])
    assert expected.size > 10
    assert made.areas == tuple(expected.tolist())
    assert made.on_list.all()


def test_the_planted_intraclass_correlation_is_there(drawn: DrawnNation) -> None:
    """Two areas of one neighbourhood: loading^2 * 0.6 + sd^2 * 0.5 of loading^2 + sd^2, by truth.toml."""
    areas = drawn.areas
    alike = areas["is_twin_of"].is_not_null().to_numpy() | areas["is_case_area"].to_numpy()
    value = logit(drawn.of_areas["outside_work_pct"].expected).mean(axis=1)
    near = areas["neighbourhood"].to_numpy()
    centred = value - value[~alike].mean()
    pairs = [
        (centred[i], centred[j])
        for i in np.flatnonzero(~alike)
        for j in range(i + 1, min(i + 4, len(near)))
        if near[i] == near[j] and not alike[j]
    ]
    found = np.mean([a * b for a, b in pairs]) / centred[~alike].var()
    assert found == pytest.approx((0.34**2 * 0.6 + 0.18**2 * 0.5) / (0.34**2 + 0.18**2), abs=0.12)


def test_earlier_efforts_go_with_size_and_stated_needs_with_nothing(drawn: DrawnNation, registry: Registry) -> None:
    """Odds of exp(1.5 z) by truth.toml: an SD of log size apart are about four times as likely to have had one."""
    entries = pl.DataFrame(drawn.implementation(registry))
    dwellings = drawn.places.areas["dwellings"].to_numpy()
    sizes = np.log([dwellings[list(plan.areas)].sum() for plan in drawn.pool.plans])
    z = (sizes - sizes.mean()) / sizes.std()

    def having(attribute: str, entry: str) -> tuple[np.ndarray, np.ndarray]:
        rows = (
            entries.filter(attribute=attribute).group_by("plan").agg(has=(pl.col("entry") == entry).any()).sort("plan")
        )
        return rows["has"].to_numpy().astype(float), z[rows["plan"].to_numpy()]

    none, size = having("earlier_effort", "earlier_effort:ingen")
    assert 130 < len(none) < 162, "some delivered nothing of it"
    # E of z (1 - 2 P) over a normal z; the SD of the mean over 150 plans is .08.
    assert size[none == 0].mean() - size[none == 1].mean() == pytest.approx(1.0, abs=0.35)
    need, size = having("stated_need", "boern-og-unge")
    assert size[need == 1].mean() - size[need == 0].mean() == pytest.approx(0, abs=0.45)
    assert set(entries.filter(pl.col("tied_to") == "size")["attribute"]) == {"earlier_effort"}


def test_how_plans_and_secretariats_are_carried_out_is_delivered_as_it_is_true(small: Nation, night: Any) -> None:
    true = pl.read_csv(small.truth / "implementation.csv", try_parse_dates=True)
    read = night.table("implementation")
    assert read.height == true.height > 100
    same = read.with_columns(entry=pl.coalesce("answer", "effort_area_id")).join(
        true.with_columns(pl.col("municipality_code").cast(pl.String).str.zfill(4)),
        on=["municipality_code", "attribute", "entry", "holds_from"],
        how="semi",
    )
    assert same.height == read.height
    assert set(read["unit_kind"]) == {"plan", "secretariat"}
    districts = (
        night.table("estates").group_by("municipality_code", "school_district").agg(pl.col("area_id").n_unique())
    )
    assert districts["school_district"].null_count() == 0
    assert 1 < districts["area_id"].mean() < 6


def test_a_small_nation_has_a_smaller_pool(small: Nation) -> None:
    """120 areas of the 500 that the whole pool needs: 24 percent of 162, 216, 114 and 2.2 bn."""
    totals = {row["Måltal"]: int(row["Værdi"].replace(".", "")) for row in rows_of(small.raw / "pool_totals")}
    assert (totals["plans"], totals["grants"], totals["rent_support_estates"]) == (39, 52, 27)
    assert totals["pool_amount_dkk"] == 528_000_000 == small.amount_dkk
    assert (small.plans, small.grants, small.rent_support_estates) == (39, 52, 27)


def test_progress_is_told_in_order(tmp_path: Path, registry: Registry) -> None:
    steps: list[tuple[int, int]] = []
    write(
        tmp_path,
        RAW,
        registry,
        seed=1,
        areas=60,
        years=[2005],
        indicators=[],
        progress=lambda _, at, last: steps.append((at, last)),
    )
    assert [at for at, _ in steps] == list(range(steps[0][1] + 1))


def test_what_is_asked_wrongly_is_said(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(IncompleteReference, match=r"no CSV delivery in municipalities/"):
        draw(tmp_path, registry, 1)
    with pytest.raises(ValueError, match="no indicators of areas: convictions"):
        draw(RAW, registry, 1, indicators=["convictions"])
    with pytest.raises(ValueError, match="without a gap"):
        draw(RAW, registry, 1, years=[2001, 2003])
    (tmp_path / "raw").mkdir()
    with pytest.raises(ValueError, match="50 made-up areas or more"):
        draw(RAW, registry, 1, areas=10)
    with pytest.raises(FileExistsError, match="raw/ already"):
        write(tmp_path, RAW, registry, seed=1)
