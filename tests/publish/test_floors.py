"""The floor on rows: by mart and by source, with what may shrink and what is accepted."""

from datetime import date

import pytest

from flows.intake.gone import Absence, Gone
from flows.publish import floors
from flows.publish.floors import Fall
from flows.publish.last_night import LastNight
from schemas.registry import Registry
from schemas.rules import KnownException

LIST = {"path": "ministry_lists/a.csv", "source": "ministry_lists", "in_force": 100}
OTHER = {"path": "ministry_lists/b.csv", "source": "ministry_lists", "in_force": 500}
POPULATION = {"path": "population/a.csv", "source": "population", "in_force": 900}
LAST = LastNight(
    "s", (LIST, OTHER, POPULATION), marts={"area_profile": 1000, "revisions": 500, "dim_secretariats": 4, "lost": 9}
)
READS = {"area_profile": ["figures"], "revisions": ["figures"], "dim_secretariats": ["case_areas"]}


def with_exception(registry: Registry, **limits: str) -> Registry:
    entry = KnownException(id="meant", check="rows_fell", reason="x", owner="y", until=date(2030, 1, 1), **limits)
    return registry.model_copy(update={"exceptions": {"meant": entry}})


def absent(accepted_by: str = "", is_new: bool = True) -> Absence:
    lost = Gone(LIST["path"], "ministry_lists", "x", 100, "2026-12-01", accepted_by)
    return Absence(3, (lost,), new=frozenset([lost.path] if is_new else []))


@pytest.mark.parametrize(
    ("before", "now", "is_fall"),
    [
        (1000, 1000, False),
        (1000, 1200, False),
        (1000, 900, False),
        (1000, 899, True),
        (10, 5, False),
        (10, 4, True),
        (5, 1, False),
        (5, 0, True),
        (1, 0, True),
        (0, 0, False),
        (0, 7, False),
    ],
)
def test_far_fewer_rows_are_a_fall_and_so_is_none_left(
    before: int, now: int, is_fall: bool, registry: Registry
) -> None:
    assert (registry.night.min_rows_share, registry.night.few_rows) == (0.9, 5)
    assert floors.has_fallen(before, now, registry) == is_fall


def test_a_source_falls_by_what_rests_on_all_its_deliveries(registry: Registry) -> None:
    falls = floors.of_sources(LAST, Absence(), {"ministry_lists": 500, "population": 900}, registry)
    assert falls == [Fall("source", "ministry_lists", 600, 500)]
    assert floors.of_sources(LAST, Absence(), {"ministry_lists": 600, "population": 810}, registry) == []
    assert [fall.name for fall in floors.of_sources(LAST, Absence(), {"ministry_lists": 600}, registry)] == [
        "population"
    ]


def test_what_rested_on_a_delivery_that_is_accepted_as_gone_is_not_missed(registry: Registry) -> None:
    tonight = {"ministry_lists": 500, "population": 900}
    assert floors.of_sources(LAST, absent("meant"), tonight, registry) == []
    assert floors.of_sources(LAST, absent(), tonight, registry) != []
    less = {**tonight, "ministry_lists": 440}
    assert floors.of_sources(LAST, absent("meant"), less, registry) == [Fall("source", "ministry_lists", 500, 440)]


def test_where_nobody_knows_what_rested_on_a_source_nothing_is_held_against_it(registry: Registry) -> None:
    old = LastNight("s", ({"path": "a", "source": "population"},), marts={})
    assert floors.of_sources(old, Absence(), {}, registry) == []
    assert floors.of_marts(LastNight(), Absence(), {"area_profile": 1}, READS, registry) == []


def test_a_mart_falls_unless_it_may_shrink_or_is_small(registry: Registry) -> None:
    tonight = {"area_profile": 800, "revisions": 0, "dim_secretariats": 3}
    assert floors.of_marts(LAST, Absence(), tonight, READS, registry) == [Fall("mart", "area_profile", 1000, 800)]
    tonight = {"area_profile": 1000, "revisions": 0, "dim_secretariats": 0}
    assert [fall.name for fall in floors.of_marts(LAST, Absence(), tonight, READS, registry)] == ["dim_secretariats"]


def test_a_mart_made_of_what_is_accepted_as_gone_is_expected_to_fall(registry: Registry) -> None:
    tonight = {"area_profile": 800, "revisions": 0, "dim_secretariats": 0}
    falls = {fall.name: fall.accepted_by for fall in floors.of_marts(LAST, absent("meant"), tonight, READS, registry)}
    assert falls == {"area_profile": "deliveries that are accepted as gone", "dim_secretariats": ""}
    # It went some nights ago: tonight's fall is another one.
    for other in (absent("meant", is_new=False), absent()):
        assert floors.of_marts(LAST, other, tonight, READS, registry)[0].accepted_by == ""


def test_a_refusal_names_mart_source_before_now_and_what_is_gone(registry: Registry) -> None:
    falls = [Fall("source", "ministry_lists", 6000, 500), Fall("mart", "area_profile", 1000, 800, "meant")]
    words = floors.refusal(falls, LAST, absent(), registry)
    assert "far fewer rows than snapshot s has (at least 90% must be there)" in words
    assert "source ministry_lists: 6,000 rows last night, 500 tonight" in words
    assert "area_profile" not in words
    assert "gone: ministry_lists/a.csv; 100 rows of facts rested on it" in words
    assert "rows_fell (mart or source)" in words
    assert floors.refusal(falls[1:], LAST, absent(), registry) == ""


@pytest.mark.parametrize("limits", [{"mart": "area_profile"}, {"source": "ministry_lists"}])
def test_an_exception_accepts_the_fall_of_a_mart_or_source_and_says_when_it_can_go(
    limits: dict[str, str], registry: Registry
) -> None:
    accepting = with_exception(registry, **limits)
    falls = floors.of_sources(LAST, Absence(), {"ministry_lists": 500, "population": 900}, accepting)
    falls += floors.of_marts(LAST, Absence(), {"area_profile": 800}, READS, accepting)
    accepted = {fall.what: fall.accepted_by for fall in falls}
    assert accepted == {"source": "meant" if "source" in limits else "", "mart": "meant" if "mart" in limits else ""}
    assert "can go" not in "".join(floors.sentences(falls, accepting))
    assert "accepted by meant" in floors.sentences(falls, accepting)[0]
    assert floors.sentences([], accepting) == ("exceptions.toml, meant: no rows fell that need it; it can go",)


def test_rows_of_deliveries_are_added_up_by_source() -> None:
    rows = {LIST["path"]: 3, OTHER["path"]: 4}
    assert floors.by_source([LIST, OTHER, POPULATION, {"path": "x"}], rows) == {"ministry_lists": 7, "population": 0}
