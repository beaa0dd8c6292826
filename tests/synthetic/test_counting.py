"""The made-up nation is counted: what follows from whom the figures count is true in it, and what is planted holds."""

import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from scipy.linalg import null_space
from scipy.stats import chi2_contingency

from flows.release.counted import fit
from flows.synthetic import larger
from flows.synthetic.draw import DrawnNation, draw
from flows.synthetic.expected import sizes_elsewhere
from flows.synthetic.figures import Figure
from flows.synthetic.raking import Portion, rake
from schemas.loading import load
from schemas.registry import Registry
from schemas.relations import Relations

RAW = Path(__file__).parents[2] / "data" / "raw"
YEARS = (2004, 2011, 2012)


@pytest.fixture(scope="module")
def drawn(registry: Registry) -> DrawnNation:
    return draw(RAW, registry, seed=7, areas=60, years=range(YEARS[0], YEARS[-1] + 1))


@pytest.fixture(scope="module")
def places(drawn: DrawnNation, registry: Registry) -> list[dict[str, np.ndarray]]:
    """The counts of populations of the areas, and of the municipalities, regions and the country."""
    return [counts_of(drawn.of_areas, registry), counts_of(larger.add_up(drawn, None).figures, registry)]


def counts_of(figures: Mapping[str, Figure], registry: Registry) -> dict[str, np.ndarray]:
    """(places, years) per population; figures that count the same one have the same count."""
    counts: dict[str, np.ndarray] = {}
    for name, figure in figures.items():
        indicator = registry.indicators[name]
        numerator = figure.value if indicator.kind == "count" else figure.numerator
        for population, count in ((indicator.counts, numerator), (indicator.among, figure.denominator)):
            if population is not None:
                assert count is not None
                assert (counts.setdefault(population, count) == count).all(), (name, population)
    return {population: np.asarray(count, dtype=np.int64) for population, count in counts.items()}


def off(relations: Relations, counts: Mapping[str, np.ndarray]) -> np.ndarray:
    """How far counts are from the sums that follow from the relations whatever their rests are."""
    names = sorted({name for row in relations.rows for name in (row.whole, *row.parts)} - set(relations.rests))
    rests, known = (
        np.array([[row.parts.count(name) - (row.whole == name) for name in of_them] for row in relations.rows], float)
        for of_them in (relations.rests, names)
    )
    free_of_rests = null_space(rests.T) if rests.size else np.eye(len(known))
    return np.abs(free_of_rests.T @ known @ np.stack([counts[name].ravel() for name in names]))


def test_every_sum_that_follows_is_true_everywhere(places: list[dict[str, np.ndarray]], registry: Registry) -> None:
    for counts in places:
        universes = [each for each in registry.populations.relations(counts) if each.rows]
        assert len(universes) == 3
        for relations in universes:
            assert off(relations, counts).max(initial=0) < 1e-4
    wrong = {name: count + (name == "residents_0_17") for name, count in places[0].items()}
    assert max(off(each, wrong).max(initial=0) for each in registry.populations.relations(wrong) if each.rows) > 0.1


def test_there_are_people_of_whom_these_are_the_counts(places: list[dict[str, np.ndarray]], registry: Registry) -> None:
    """No more than the whole in any part: whole numbers, none below 0, in cells that add up to all counts."""
    chance = np.random.default_rng(1)
    for counts in places:
        rows, years = counts["residents"].shape
        for relations in registry.populations.relations(counts):
            names = {name for row in relations.rows for name in (row.whole, *row.parts)} - set(relations.rests)
            for place in [*chance.choice(rows - 1, 12, replace=False), rows - 1] if names else ():
                year = int(chance.integers(years))
                there = {name: int(counts[name][place, year]) for name in names}
                assert fit(relations, there)[1] == there, (place, year)


def test_what_anybody_can_add_up(places: list[dict[str, np.ndarray]]) -> None:
    """By hand, from the definitions of the registers."""
    for n in places:
        assert (n["residents"] == n["residents_0_17"] + n["residents_18_plus"]).all()
        assert (n["residents_18_plus"] == n["residents_18_64"] + n["residents_65_plus"]).all()
        assert (n["dwellings"] == n["households"] + n["vacant_dwellings"]).all()
        assert (n["residents_18_64"] >= n["residents_18_29"] + n["residents_30_59"]).all()
        assert (n["residents_18_64"] >= n["employed_18_64"]).all()
        assert (n["residents_18_64"] >= n["social_assistance_18_64"] + n["disability_pension_18_64"]).all()
        # Whoever is 16-17 and in neither work nor education is no adult, and nobody is both employed and in neither.
        young_adults = n["residents_16_24"] - n["residents_0_17"]
        assert (n["neither_16_24"] + n["employed_18_64"] <= n["residents_18_64"] + n["residents_16_24"]).all()
        assert (young_adults <= n["residents_18_29"]).all()
        assert (n["residents_15_24"] >= n["residents_16_24"]).all()
        assert (n["residents"] >= n["nonwestern"] + n["western"]).all()
        assert (n["nonwestern"] >= n["nonwestern_descendants"]).all()
        assert (n["residents"] >= n["moved_in"] + n["stayed_5_years"]).all()
        assert (n["residents_30_59"] >= n["basic_education_30_59"] + n["vocational_30_59"] + n["higher_30_59"]).all()
        kinds = n["one_person_households"] + n["single_parents"] + n["couples_with_children"]
        assert (n["households"] >= kinds).all()
        # Of the convicted of 15-24 years those of 18 and over are among all convicted of 18 and over.
        assert (n["convicted_15_24"] <= n["convicted_18_plus"] + n["residents_0_17"]).all()


def test_areas_lie_in_municipalities_and_these_make_up_the_country(
    drawn: DrawnNation, places: list[dict[str, np.ndarray]]
) -> None:
    home = drawn.places.areas["municipality"].to_numpy()
    towns = drawn.places.municipalities.height
    for population, of_areas in places[0].items():
        of_larger = places[1][population]
        inside = np.zeros((towns, of_areas.shape[1]), dtype=np.int64)
        np.add.at(inside, home, of_areas)
        assert (of_larger[:towns] >= inside).all(), population
        assert (of_larger[:towns].sum(axis=0) == of_larger[-1]).all(), population
        assert (of_larger[towns:-1].sum(axis=0) == of_larger[-1]).all(), population


def test_people_live_elsewhere_in_every_municipality(registry: Registry) -> None:
    """Also in a small town with large estates."""
    drawn = draw(RAW, registry, seed=3, indicators=[])
    towns, home = drawn.places.municipalities, drawn.places.areas["municipality"].to_numpy()
    inside = np.bincount(home, drawn.places.areas["residents"].to_numpy(), minlength=towns.height)
    assert (inside > 0.5 * towns["residents"].to_numpy()).any()
    around = sizes_elsewhere(drawn.panel)
    assert (around["residents"].value[:, 0] > 0.45 * towns["residents"].to_numpy()).all()
    assert (around["dwellings"].value > 1_000).all()


def test_full_time_persons_leave_room_for_the_employed(drawn: DrawnNation) -> None:
    outside, employed = (drawn.of_areas[name] for name in ("outside_work_pct", "employed_18_64_pct"))
    assert outside.numerator is not None
    assert (outside.denominator == employed.denominator).all()
    assert (outside.numerator + employed.numerator <= outside.denominator).all()


def test_attributes_that_are_free_of_each_other_are_drawn_so(registry: Registry) -> None:
    """Nothing of a nation's origins tells its incomes: counts above and below what is expected are unrelated."""
    drawn = draw(
        RAW, registry, seed=11, areas=400, indicators=["nonwestern_pct", "low_income_pct", "new_residents_pct"]
    )
    above = [(figure.value > figure.expected).ravel() for figure in drawn.of_areas.values()]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        table = np.histogram2d(above[first], above[second], bins=2)[0]
        assert chi2_contingency(table).pvalue > 0.001


def with_entries(folder: Path, populations: str, indicators: str) -> Registry:
    """The registry of a folder, with more populations and indicators."""
    shutil.copytree(str(resources.files("schemas")), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name, text in (("populations.toml", populations), ("indicators.toml", indicators)):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)
    return load(folder)


def share(name: str, counts: str, among: str, base: str) -> str:
    return (
        f'\n[{name}]\nindicator_group = "background"\ndrawn_from = "a register"\nkind = "share"\nunit = "percent"\n'
        f'numerator = "some"\ndenominator = "{base}"\ncount_basis = "persons"\ncounts = "{counts}"\namong = "{among}"\n'
        f'polarity = "neutral"\nlabel_da = "{name}"\nlabel_en = "{name}"\ndefinition = "Odd."\n'
        'definition_da = "Sær."\npopulation = "some"\npopulation_da = "nogle"\nminimum = 0\nmaximum = 100\n'
        'decimals = 1\ndisclosure_class = "ordinary"\n'
    )


def test_a_new_population_is_counted_without_code(tmp_path: Path) -> None:
    """Two that cut the others anew: by age, and by age, origin and work together."""
    new = (
        '\n[population.residents_60_plus]\nwithin = "residents"\nlabel = "old"\nwhere = { age = { from = 60 } }\n'
        '\n[population.nonwestern_employed_18_64]\nwithin = "employed_18_64"\nlabel = "both"\n'
        'where = { origin = ["nonwestern_immigrant", "nonwestern_descendant"] }\n'
    )
    shares = share("old_pct", "residents_60_plus", "residents", "all residents") + share(
        "working_pct", "nonwestern_employed_18_64", "employed_18_64", "employed residents"
    )
    registry = with_entries(tmp_path / "registry", new, shares)
    drawn = draw(RAW, registry, seed=7, areas=60, years=YEARS[1:])
    counts = counts_of(drawn.of_areas, registry)
    for relations in registry.populations.relations(counts):
        assert not relations.rows or off(relations, counts).max(initial=0) < 1e-4
    assert (counts["residents_60_plus"] >= counts["residents_65_plus"]).all()
    assert (counts["nonwestern_employed_18_64"] <= counts["nonwestern"]).all()
    planted = {name: drawn.counting.expected[name][:, -2:] / 100 for name in drawn.of_areas}
    for name in ("nonwestern_pct", "employed_18_64_pct", "age_65_plus_pct"):
        assert drawn.of_areas[name].expected / 100 == pytest.approx(planted[name]), name
    # Where fewer are planted to be 60 and over than 65 and over, or more at work than there are, the older ones stand.
    there = {"old_pct": planted["old_pct"] > 1.1 * planted["age_65_plus_pct"]}
    working = planted["working_pct"] * planted["employed_18_64_pct"] * 0.6
    there["working_pct"] = working < 0.5 * planted["nonwestern_pct"]
    for name, possible in there.items():
        assert 0.3 < possible.mean() < 1, name
        assert drawn.of_areas[name].expected[possible] / 100 == pytest.approx(planted[name][possible]), name


def test_shares_that_contradict_each_other_give_way_to_the_first(tmp_path: Path) -> None:
    """Whoever is neither non-western nor western is Danish: what is planted for them cannot be true."""
    danish = '\n[population.danish]\nwithin = "residents"\nlabel = "danish"\nwhere = { origin = ["danish"] }\n'
    registry = with_entries(tmp_path / "registry", danish, share("danish_pct", "danish", "residents", "all residents"))
    figures = draw(RAW, registry, seed=7, areas=60, years=YEARS[:1]).of_areas
    rest = 100 - figures["nonwestern_pct"].expected - figures["western_pct"].expected
    assert figures["danish_pct"].expected == pytest.approx(rest)
    assert figures["nonwestern_pct"].expected.mean() == pytest.approx(23, abs=8)
    origins = (figures["nonwestern_pct"].numerator, figures["western_pct"].numerator, figures["danish_pct"].numerator)
    assert (sum(origins) == figures["danish_pct"].denominator).all()


def test_a_share_of_what_it_is_no_part_of_is_refused(tmp_path: Path) -> None:
    registry = with_entries(
        tmp_path / "registry", "", share("odd_pct", "nonwestern", "residents_18_plus", "residents of 18 years and over")
    )
    with pytest.raises(ValueError, match="odd_pct: nonwestern is no part of residents_18_plus, but free"):
        draw(RAW, registry, seed=7, areas=60, indicators=["odd_pct"]).of_areas  # noqa: B018


@st.composite
def tables(draw_: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Shares of cells in classes, and sets of cells."""
    sizes = draw_(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    cells = sum(sizes)
    weights = draw_(st.lists(st.floats(0.05, 1), min_size=cells, max_size=cells))
    sets = draw_(st.lists(st.sets(st.integers(0, cells - 1), min_size=1), min_size=1, max_size=3))
    return (
        np.array(weights) / sum(weights),
        np.repeat(np.arange(len(sizes)), sizes),
        [np.array(sorted(cells)) for cells in sets],
    )


@settings(max_examples=examples(60), deadline=None)
@given(table=tables())
def test_raking_finds_shares_that_bear_out_what_some_shares_do(
    table: tuple[np.ndarray, np.ndarray, list[np.ndarray]],
) -> None:
    """Shares of a table that there is are borne out, whatever the start; classes keep what they have."""
    true, class_of, sets = table
    classes = np.array([[true[class_of == number].sum()] for number in range(class_of.max() + 1)])
    everybody = np.arange(len(true))
    portions = [Portion(everybody, [(cells, np.array([true[cells].sum()]))], None) for cells in sets]
    start = np.ones((len(true), 1))
    found = rake(start, class_of, classes, portions)
    assert (found >= 0).all()
    for number, whole in enumerate(classes):
        assert found[class_of == number].sum(axis=0) == pytest.approx(whole)
    for cells in sets:
        assert found[cells].sum() == pytest.approx(true[cells].sum(), abs=2e-3)


def test_raking_by_hand() -> None:
    """Of four cells in two classes of .4 and .6, the first of each make up .3 together: half and half of each class
    become .4 * x and .6 * x, with x = .3."""
    found = rake(
        np.ones((4, 1)),
        np.array([0, 0, 1, 1]),
        np.array([[0.4], [0.6]]),
        [Portion(np.arange(4), [(np.array([0, 2]), np.array([0.3]))], None)],
    )
    assert found.ravel() == pytest.approx([0.12, 0.28, 0.18, 0.42])
