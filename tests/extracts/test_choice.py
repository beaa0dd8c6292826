"""An extract of any areas, from the shipped sample: published figures alone, and all other listed areas beside them."""

from pathlib import Path

import pytest
from command_line import invoke

from flows.extracts import assemble, findings, matrix, standing
from flows.extracts.model import Extract, Series
from flows.publish import snapshots
from schemas.registry import Registry


@pytest.fixture(scope="module")
def choice(published: Path, registry: Registry) -> Extract:
    snapshot = snapshots.current(published / "data" / "marts")
    return assemble.choice(["Vollsmose", "bispehaven"], 2017, snapshot, registry)


def test_it_holds_what_the_ministry_has_published_and_nothing_else(choice: Extract) -> None:
    """The ministry's list of 1 December 2017: Vollsmose 52,5 and 57,2 percent, 27 areas with figures."""
    vollsmose, bispehaven = choice.areas
    assert (vollsmose.name, bispehaven.name) == ("Vollsmose", "Bispehaven")
    assert vollsmose.figure("outside_work_pct", 2017).value == 52.5
    assert vollsmose.figure("basic_education_pct", 2017).value == 57.2
    assert all(figure.is_published for area in choice.areas for figure in area.figures.values() if figure.is_shown)
    assert len(choice.spreads[Series("outside_work_pct", 2, "ministry")]) == 27
    assert {choice.municipality_of(area).name for area in choice.areas} == {"Odense", "Aarhus"}
    assert not {"vollsmose", "bispehaven"} & {place.id for place in choice.listed}
    # What a plan wants is not public; an example shows the form.
    assert all(target.is_example for area in choice.areas for target in area.targets)


def test_its_pages_say_where_an_area_stands_among_all_listed_ones(choice: Extract, registry: Registry) -> None:
    vollsmose = choice.areas[0]
    first = findings.of_area(vollsmose, choice, registry)[0].whole
    assert first.startswith("Vollsmose står på ministeriets liste for 2017: 4 af 5 kriterier er opfyldt, og 3 er nok.")
    rank = standing.rank(vollsmose.figure("outside_work_pct", 2017), choice, registry.indicators["outside_work_pct"])
    assert rank is not None
    assert rank.words == "nr. 4 af 27 fra højeste"
    view = matrix.matrix(choice, registry)
    assert [row.name for row in view.rows] == ["Vollsmose", "Bispehaven"]
    assert {"Gellerupparken/Toveshøj", "Solbakken"} <= {row.name for row in view.listed}


def test_an_area_that_is_not_there_is_an_error_with_those_near_it(
    published: Path, registry: Registry, tmp_path: Path
) -> None:
    snapshot = snapshots.current(published / "data" / "marts")
    with pytest.raises(assemble.NoArea, match="'volsmose'; near it: vollsmose"):
        assemble.choice(["volsmose"], 2017, snapshot, registry)
    done = invoke(
        tmp_path, "extract", "--year", "2017", "--areas", "volsmose", "--marts", str(published / "data" / "marts")
    )
    assert done.exit_code == 2
