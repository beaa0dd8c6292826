"""Areas that were chosen in bad years come back by themselves, and by as much as they had fallen."""

import numpy as np
import polars as pl
import pytest

from flows.marts.baseline.rebounds import selection_table
from flows.synthetic import expected
from flows.synthetic.draw import BEFORE_THE_POOL, draw
from schemas.registry import Registry
from simulations import rebounds
from simulations.nations import REFERENCE

SEEDS = range(4)
WINDOWS = ((2000,), BEFORE_THE_POOL, (2008,))


def worse(registry: Registry, *, transient: bool) -> list[float]:
    """By how many SDs funded areas look worse than they lastingly are, beside those never funded, in each window."""
    found = []
    for seed in SEEDS:
        nation = draw(REFERENCE, registry, seed=seed, areas=300, indicators=["outside_work_pct"], transient=transient)
        arm = nation.areas["arm"].to_numpy().astype(str)
        near = nation.places.areas["neighbourhood"].to_numpy()
        given = (registry, nation.places, nation.panel.years, nation.truth, seed)
        of_areas = [expected.bad_years(*given, window)[near] for window in WINDOWS]
        found.append([each[arm == "funded"].mean() - each[arm == "never_funded"].mean() for each in of_areas])
    return [float(mean) for mean in np.mean(found, axis=0)]


def test_chosen_in_bad_years_they_come_back_as_far_as_they_had_fallen(registry: Registry) -> None:
    before, window, after = worse(registry, transient=True)
    assert window > 0.6
    assert 0 < before < 0.6 * window, "they were not always so"
    assert after == pytest.approx(before, abs=0.2), "the rebound mirrors the dip"


def test_chosen_by_what_lasts_nothing_comes_back(registry: Registry) -> None:
    assert worse(registry, transient=False) == pytest.approx([0, 0, 0], abs=0.25)


@pytest.mark.parametrize(("transient", "gone"), [(True, (0.012, 0.04)), (False, (-0.012, 0.012))])
def test_the_expected_rebound_is_found_where_areas_were_chosen_in_bad_years(
    registry: Registry, transient: bool, gone: tuple[float, float]
) -> None:
    """Twelve nations of 300 areas are as few as tell the two selections apart: about .024 SD against none."""
    found = [each for seed in range(12) for each in rebounds.of_nation(registry, seed, 300, transient=transient)]
    true, dip = (float(np.mean([getattr(each, name) for each in found])) for name in ("true", "dip"))
    assert gone[0] < dip < gone[1]
    assert dip == pytest.approx(true, abs=0.015)
    assert np.mean([each.is_covered for each in found]) > 0.85


def test_the_mart_of_selection_says_what_the_nation_shows(registry: Registry) -> None:
    """The table behind baseline_selection, of one nation chosen in bad years, against the figures by themselves."""
    name = "outside_work_pct"
    nation = draw(REFERENCE, registry, seed=2, areas=300, indicators=[name], effects=False, transient=True)
    areas, value = nation.areas, nation.of_areas[name].value
    ids, years = areas["area_id"], list(nation.years)
    window = value[:, [years.index(year) for year in BEFORE_THE_POOL]].mean(axis=1)
    rows = areas.select("area_id", treatment="arm", cluster_municipality="municipality_code")
    tables = {
        "area_funding": rows,
        "baseline_values": pl.DataFrame({"area_id": ids, "value": window}).with_columns(
            indicator=pl.lit(name), baseline_window=pl.lit("three_years")
        ),
        "baseline_figures": pl.DataFrame({"area_id": ids, "value": value[:, years.index(2000)]}).with_columns(
            indicator=pl.lit(name), year=pl.lit(2000)
        ),
    }
    (row,) = selection_table(tables, registry).filter(indicator=name, years_apart=3).to_dicts()
    (found,) = (each for each in rebounds.of_nation(registry, 2, 300, transient=True) if each.indicator == name)
    inside = rows["treatment"].is_in(["funded", "never_funded"]).to_numpy()
    sd = float(window[inside].std(ddof=1))
    assert row["dip"] == pytest.approx(found.dip * sd)
    assert row["rebound_ceiling"] == pytest.approx(found.ceiling * sd, rel=0.1)  # of all areas, rent support too
    assert row["dip_low"] <= found.true * sd <= row["dip_high"]
