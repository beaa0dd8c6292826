"""Targets and activities as plans send them: each fault with its own message, nothing lost, what is set once stands."""

import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.rules import KnownException

RAW = Path(__file__).parents[2] / "data" / "raw"
HEAD = "# kilde: en prøve\n# udgivet: 2013-06-01\n# oprindelse: real\n"
TARGET = {
    "Helhedsplan": "Helhedsplan Bispehaven",
    "Kommune": "Aarhus",
    "Mål nr.": "1",
    "Delmål af nr.": "",
    "Sat den": "2010-05-01",
    "Sat af": "styregruppen",
    "Indsatsområde": "Børn og unge",
    "Mål med ord": "Flere unge er i gang",
    "Måles ved": "Andel unge uden job og uddannelse",
    "Kan ikke måles, fordi": "",
    "Målgruppe": "",
    "Boligområde": "Bispehaven",
    "Retning": "skal falde",
    "Startværdi": "22,5",
    "Startår": "2009",
    "Målværdi": "15,0",
    "Målår": "2013",
    "Udgår": "",
}
UNMEASURED = {
    **dict.fromkeys(("Måles ved", "Boligområde", "Retning", "Startværdi", "Startår", "Målværdi", "Målår"), ""),
    "Kan ikke måles, fordi": "intet register måler det",
}
ACTIVITY = {
    "Helhedsplan": "Helhedsplan Bispehaven",
    "Kommune": "Aarhus",
    "Indsatsområde": "Børn og unge",
    "Aktivitet": "Lektiecafé",
    "Boligområde": "",
    "Begynder": "01-01-2009",
    "Slutter": "",
    "År": "2009",
    "Deltagere": "40",
    "Skal flytte": "Andel unge i uddannelse | youth_neither_pct",
    "Gennem skridtet": "Flere unge kommer i gang",
}


def sheet(template: dict[str, str], *changes: dict[str, str], note: str = HEAD) -> str:
    """A delivery with a row for each set of changes to the template."""
    rows = [template, *({**template, **change} for change in changes)][1:] or [template]
    return note + "\n".join([";".join(template), *(";".join(row.values()) for row in rows)]) + "\n"


@pytest.fixture
def plans(night: Any) -> Any:
    """A night that knows the municipalities and the grants of the case areas."""
    shutil.copytree(RAW / "grants", night.raw / "grants")
    return night


def test_a_target_is_read_with_danish_words_or_identifiers(plans: Any) -> None:
    by_id = {"Mål nr.": "2", "Måles ved": "convicted_pct", "Indsatsområde": "boern-og-unge", "Målværdi": "5"}
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}, by_id, {"Mål nr.": "3", **UNMEASURED}))
    receipt = plans.run()["plan_targets/a.csv"]
    assert (receipt.used, receipt.quarantined) == (3, 0)
    rows = {row["target_no"]: row for row in plans.table("plan_targets").to_dicts()}
    assert rows["1"]["indicator"] == "youth_neither_pct"
    assert (rows["1"]["start_value"], rows["1"]["target_year"], rows["1"]["direction"]) == (22.5, 2013, "down")
    assert (rows["2"]["indicator"], rows["2"]["effort_area_id"]) == ("convicted_pct", "boern-og-unge")
    assert (rows["3"]["indicator"], rows["3"]["not_measurable_because"]) == (None, "no_register")
    assert rows["1"]["set_on"] == date(2010, 5, 1)


BAD = {
    "no year": ({"Målår": ""}, "target_without_year", "Målår"),
    "no such indicator": ({"Måles ved": "Andel glade"}, "unknown_indicator", "Måles ved"),
    "an indicator of municipalities only": (
        {"Måles ved": "Huspris pr. kvadratmeter"},
        "not_measured_by_area",
        "Måles ved",
    ),
    "reached at the start": ({"Målværdi": "23"}, "target_reached_at_start", "Målværdi"),
    "at the target already": ({"Målværdi": "22,5"}, "target_reached_at_start", "Målværdi"),
    "below 0": ({"Målværdi": "-1"}, "target_outside_range", "Målværdi"),
    "above 100": ({"Retning": "skal stige", "Målværdi": "101"}, "target_outside_range", "Målværdi"),
    "a start above 100": ({"Startværdi": "225"}, "target_outside_range", "Målværdi"),
    "a year before the start": ({"Målår": "2008"}, "target_year_before_start", "Målår"),
    "the year of the start": ({"Målår": "2009"}, "target_year_before_start", "Målår"),
    "a plan without an area": ({"Helhedsplan": "Helhedsplan Nyby"}, "unknown_plan", "Helhedsplan"),
    "a plan of another municipality": (
        {"Kommune": "Odense", "Boligområde": "Vollsmose"},
        "unknown_plan",
        "Helhedsplan",
    ),
    "an area of another plan": ({"Boligområde": "Viby Syd"}, "area_not_in_plan", "Boligområde"),
    "no area": ({"Boligområde": ""}, "target_without_area", "Boligområde"),
    "no start": ({"Startværdi": ""}, "target_without_start", "Startværdi"),
    "no starting year": ({"Startår": ""}, "target_without_start", "Startværdi"),
    "no value": ({"Målværdi": ""}, "target_without_value", "Målværdi"),
    "no direction": ({"Retning": ""}, "target_without_value", "Målværdi"),
    "no measure and no reason": ({**UNMEASURED, "Kan ikke måles, fordi": ""}, "goal_without_measure", "Måles ved"),
    "measured and not": (
        {"Kan ikke måles, fordi": "intet register måler det"},
        "goal_measured_twice",
        "Kan ikke måles, fordi",
    ),
    "only an activity": ({**UNMEASURED, "Mål med ord": "Vi vil afholde ti fester"}, "goal_is_activity", "Mål med ord"),
    "part of nothing": ({"Delmål af nr.": "7"}, "unknown_parent", "Delmål af nr."),
    "part of itself": ({"Delmål af nr.": "1"}, "unknown_parent", "Delmål af nr."),
    "set after the file was made": ({"Sat den": "2013-06-02"}, "set_after_delivery", "Sat den"),
    "a number that begins with 0": ({"Mål nr.": "01"}, "not_a_target_number", "Mål nr."),
    "a number that ends with a point": ({"Mål nr.": "1."}, "not_a_target_number", "Mål nr."),
    "no day": ({"Sat den": "i foråret"}, "not_a_date", "Sat den"),
    "no effort area": ({"Indsatsområde": "Alt muligt"}, "unknown_value", "Indsatsområde"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_with_a_target_is_said_and_the_others_are_used(plans: Any, name: str) -> None:
    change, rule, column = BAD[name]
    good = {"Mål nr.": "9", "Målår": "2012", "Måles ved": "convicted_pct", "Målværdi": "5"}
    plans.deliver("plan_targets/a.csv", sheet(TARGET, change, good))
    plans.run()
    assert plans.table("plan_targets")["target_no"].to_list() == ["9"]
    aside = plans.set_aside("plan_targets/a.csv")
    assert (aside["regel"].to_list(), aside["kolonne"].to_list(), aside["linje"].to_list()) == ([rule], [column], ["5"])
    assert aside["til afsenderen"].to_list() == [plans.registry.rules[rule].da]
    # Nothing is lost: the row stands in quarantine as it came.
    assert aside["række"].to_list()[0] == ";".join({**TARGET, **change}.values())


@pytest.mark.parametrize(
    "goal",
    [
        "Gennemførelsesprocenten på erhvervsuddannelser stiger",
        "Ansættelsen af unge stiger",
        "Nedsættelse af huslejerestancer",
        "Opretholde trygheden",
        "Afholdenhed fra alkohol blandt unge",
        "Færre unge holder op i skolen",
    ],
)
def test_a_goal_that_only_begins_like_an_activity_is_read(plans: Any, goal: str) -> None:
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {**UNMEASURED, "Mål med ord": goal}))
    plans.run()
    assert plans.table("plan_targets")["goal"].to_list() == [goal]


@pytest.mark.parametrize(
    "goal", ["Afholde ti fester", "Der afholdes kurser", "at etablere en café", "Vi tilbyder hjælp"]
)
def test_a_goal_that_says_what_the_plan_does_is_an_activity(plans: Any, goal: str) -> None:
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {**UNMEASURED, "Mål med ord": goal}))
    plans.run()
    assert plans.set_aside("plan_targets/a.csv")["regel"].to_list() == ["goal_is_activity"]


def test_two_targets_for_the_same_thing_are_both_set_aside(plans: Any) -> None:
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}, {"Mål nr.": "3", "Målår": "2012"}))
    plans.deliver("plan_targets/b.csv", sheet(TARGET, {"Mål nr.": "2", "Målværdi": "12"}))
    plans.run()
    assert plans.table("plan_targets")["target_no"].to_list() == ["3"]
    for path in ("plan_targets/a.csv", "plan_targets/b.csv"):
        aside = plans.set_aside(path)
        assert aside["regel"].to_list() == ["same_target_twice"]
        assert aside["hjælp"].to_list() == ["mål 1 (plan_targets/a.csv), 2 (plan_targets/b.csv)"]


def test_a_later_target_for_the_same_thing_leaves_the_first_one_alone(plans: Any) -> None:
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}, {"Mål nr.": "2", "Målår": "2012"}))
    plans.run()
    collides = {"Mål nr.": "2", "Sat den": "2011-05-01"}
    plans.deliver("plan_targets/b.csv", sheet(TARGET, {"Mål nr.": "9"}, collides))
    plans.run()
    assert plans.table("plan_targets").select("target_no", "target_year").rows() == [("1", 2013), ("2", 2012)]
    assert plans.set_aside("plan_targets/b.csv")["regel"].to_list() == ["same_target_twice"] * 2


def test_a_revision_and_a_withdrawal_are_no_second_target(plans: Any) -> None:
    revised = {"Sat den": "2011-05-01", "Målværdi": "17"}
    gone = {"Sat den": "2012-05-01", "Udgår": "ja"}
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}, revised, gone, {"Mål nr.": "2"}))
    plans.run()
    assert plans.table("plan_targets")["target_no"].to_list() == ["1", "1", "1", "2"]


def test_parts_hang_together_or_none_of_them_is_used(plans: Any) -> None:
    milestone = {"Mål nr.": "1.1", "Delmål af nr.": "1", "Målår": "2011", "Målværdi": "19"}
    step = {"Mål nr.": "1.1.1", "Delmål af nr.": "1.1", "Målår": "2010", "Målværdi": "21"}
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {"Målår": "2009"}, milestone, step))
    plans.run()
    # The parent falls for its own fault, its parts for want of a parent.
    assert plans.table("plan_targets").is_empty()
    assert sorted(plans.set_aside("plan_targets/a.csv")["regel"]) == [
        "target_year_before_start",
        "unknown_parent",
        "unknown_parent",
    ]
    circle = sheet(TARGET, {"Delmål af nr.": "2"}, {"Mål nr.": "2", "Delmål af nr.": "1", "Målår": "2012"})
    plans.deliver("plan_targets/a.csv", circle)
    plans.run()
    assert plans.table("plan_targets").is_empty()


def test_a_goal_that_is_an_activity_of_the_plan_is_no_goal(plans: Any) -> None:
    plans.deliver("plan_activities/a.csv", sheet(ACTIVITY))
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {**UNMEASURED, "Mål med ord": "lektiecafé"}))
    plans.run()
    assert plans.table("plan_targets").is_empty()
    assert plans.set_aside("plan_targets/a.csv")["regel"].to_list() == ["goal_is_activity"]


def test_activities_come_with_their_indicators_and_participants(plans: Any) -> None:
    later = {"År": "2010", "Deltagere": "..", "Skal flytte": "", "Gennem skridtet": ""}
    plans.deliver("plan_activities/a.csv", sheet(ACTIVITY, {}, later))
    plans.run()
    rows = plans.table("plan_activities").select("year", "participants", "begins").rows()
    assert rows == [(2009, 40, date(2009, 1, 1)), (2010, None, date(2009, 1, 1))]
    links = plans.table("activity_indicators").select("year", "indicator", "step").rows()
    assert links == [
        (2009, "youth_in_education_pct", "Flere unge kommer i gang"),
        (2009, "youth_neither_pct", "Flere unge kommer i gang"),
    ]


def test_an_activity_that_is_set_aside_takes_its_links_along(plans: Any) -> None:
    plans.deliver("plan_activities/a.csv", sheet(ACTIVITY, {"Helhedsplan": "Ukendt"}, {"Slutter": "2008-01-01"}))
    plans.run()
    assert plans.table("plan_activities").is_empty()
    assert sorted(plans.set_aside("plan_activities/a.csv")["regel"]) == ["ends_before_it_begins", "unknown_plan"]
    assert plans.table("activity_indicators").filter(pl.col("plan_name") == "Ukendt").is_empty()


def test_shared_indicators_belong_to_a_known_secretariat(plans: Any) -> None:
    shared = {
        "Områdesekretariat": "Områdesekretariatet i Aarhus",
        "Indikator": "Andel dømte",
        "Aftalt af": "projektlederne",
        "Gælder fra": "2010-01-01",
        "Gælder til": "",
    }
    other = {"Områdesekretariat": "Sekretariatet i Nyby"}
    backwards = {"Indikator": "residents", "Gælder til": "2009-01-01"}
    plans.deliver("secretariat_indicators/a.csv", sheet(shared, {}, other, backwards))
    plans.run()
    assert plans.table("secretariat_indicators").select("secretariat_id", "indicator").rows() == [
        ("aarhus", "convicted_pct")
    ]
    aside = plans.set_aside("secretariat_indicators/a.csv")
    assert sorted(aside["regel"]) == ["ends_before_it_begins", "unknown_value"]


def test_how_it_is_carried_out_is_one_answer_of_its_attribute_and_unit(night: Any) -> None:
    answer = {
        "Enhed": "områdesekretariat",
        "Helhedsplan": "",
        "Kommune": "Aarhus",
        "Forhold": "Organisationsform",
        "Svar": "Integreret organisering",
        "Indsatsområde": "",
        "Indikator": "",
        "Gælder fra": "2008-01-01",
        "Gælder til": "",
        "Passer": "mest",
        "Vurderet af": "evalueringen",
        "Vurderet den": "2012-03-01",
    }
    need = {"Enhed": "helhedsplan", "Helhedsplan": "Helhedsplan Bispehaven", "Forhold": "stated_need", "Svar": ""}
    wrong = {
        "answer_does_not_fit": [
            {"Svar": "Direktionsniveau"},  # of another attribute
            {"Svar": ""},
            {"Svar": "", "Indsatsområde": "Sundhed"},  # no theme answers it
            need | {"Indsatsområde": "Sundhed", "Indikator": "Andel dømte"},
            need | {"Forhold": "Projektsekretariat", "Indsatsområde": "Sundhed"},  # told by plan_organisation
        ],
        "attribute_of_another_unit": [need | {"Forhold": "integration", "Svar": "Adskilt organisering"}],
        "required_empty": [need | {"Helhedsplan": "", "Indsatsområde": "Sundhed"}],
        "unknown_value": [{"Svar": "Halvt integreret"}, {"Forhold": "Stemning"}, {"Passer": "måske"}],
        "ends_before_it_begins": [{"Gælder til": "2007-12-31"}],
    }
    every = [change for changes in wrong.values() for change in changes]
    night.deliver("implementation/a.csv", sheet(answer, {}, need | {"Indikator": "Andel dømte"}, *every))
    night.run()
    rows = night.table("implementation").select("unit_kind", "attribute", "answer", "indicator", "fit").rows()
    assert rows == [
        ("plan", "stated_need", None, "convicted_pct", "mostly"),
        ("secretariat", "integration", "integration:integreret", None, "mostly"),
    ]
    found = Counter(night.set_aside("implementation/a.csv")["regel"])
    assert found == Counter({rule: len(changes) for rule, changes in wrong.items()})


def test_a_plan_is_spelled_as_its_grants_spell_it(plans: Any) -> None:
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {"Helhedsplan": "helhedsplan  bispehaven"}))
    plans.run()
    assert plans.table("plan_targets")["plan_name"].to_list() == ["Helhedsplan Bispehaven"]


# What is set once stands ----------------------------------------------------------------------------------------------

LATER = {
    "one more target": ([{}, {"Mål nr.": "2", "Målår": "2012"}], [("1", 15.0), ("2", 15.0)], []),
    "a revision beside it": ([{}, {"Sat den": "2011-05-01", "Målværdi": "17"}], [("1", 15.0), ("1", 17.0)], []),
    "a target left out": ([{"Mål nr.": "2", "Målår": "2012"}], [("1", 15.0), ("2", 15.0)], []),
    "another target value": ([{"Målværdi": "19"}], [("1", 15.0)], ["target_changed"]),
    "other words": ([{"Mål med ord": "Flere unge klarer sig"}], [("1", 15.0)], ["target_changed"]),
    "the plan spelled otherwise": ([{"Helhedsplan": "HELHEDSPLAN BISPEHAVEN"}], [("1", 15.0)], []),
}


@pytest.mark.parametrize("path", ["plan_targets/a.csv", "plan_targets/2011/b.csv"])
@pytest.mark.parametrize("name", LATER)
def test_a_target_that_stands_stays_as_it_was_set(plans: Any, name: str, path: str) -> None:
    """In a newer version of its file and in another file."""
    changes, standing, rules = LATER[name]
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}))
    plans.run()
    plans.deliver(path, sheet(TARGET, *changes))
    for _ in range(2):
        assert plans.run()[path].outcome == "accepted"
        found = plans.table("plan_targets")
        assert found.select("target_no", "target_value").rows() == standing
        assert found["goal"].unique().to_list() == ["Flere unge er i gang"]
        assert (plans.set_aside(path)["regel"].to_list() if rules else []) == rules


def test_the_first_one_stands_also_when_its_file_is_sent_again(plans: Any) -> None:
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}))
    plans.run()
    plans.deliver("plan_targets/b.csv", sheet(TARGET, {"Målværdi": "20"}))
    plans.run()
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}, {"Mål nr.": "2", "Målår": "2012"}))
    plans.run()
    assert plans.table("plan_targets")["target_value"].to_list() == [15.0, 15.0]
    assert plans.set_aside("plan_targets/b.csv")["regel"].to_list() == ["target_changed"]


SAID_OTHERWISE = {
    "in a newer version": ("plan_targets/a.csv", [{"Målværdi": "19"}], [("1", 19.0)]),
    "in another file": ("plan_targets/b.csv", [{"Målværdi": "19"}], [("1", 19.0), ("2", 15.0)]),
}


@pytest.mark.parametrize("append_only", [True, False])
@pytest.mark.parametrize("name", SAID_OTHERWISE)
def test_what_is_said_once_stands_where_the_source_is_append_only(plans: Any, name: str, append_only: bool) -> None:
    path, changes, newest = SAID_OTHERWISE[name]
    source = plans.registry.sources["plan_targets"].model_copy(update={"append_only": append_only})
    plans.registry = plans.registry.model_copy(update={"sources": {**plans.registry.sources, source.id: source}})
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}, {"Mål nr.": "2", "Målår": "2012"}))
    plans.run()
    plans.deliver(path, sheet(TARGET, *changes))
    plans.run()
    standing = plans.table("plan_targets").select("target_no", "target_value").rows()
    assert standing == ([("1", 15.0), ("2", 15.0)] if append_only else newest)
    aside = plans.set_aside(path)["regel"].to_list() if (plans.quarantine / path).exists() else []
    assert aside == (["target_changed"] if append_only else [])


def test_what_does_not_fit_takes_no_place(plans: Any) -> None:
    source = plans.registry.sources["plan_targets"].model_copy(update={"append_only": False})
    plans.registry = plans.registry.model_copy(update={"sources": {**plans.registry.sources, source.id: source}})
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}))
    plans.run()
    plans.deliver("plan_targets/b.csv", sheet(TARGET, {"Målværdi": "19"}))
    plans.deliver("plan_targets/c.csv", sheet(TARGET, {"Målværdi": "18"}))
    plans.run()
    assert plans.table("plan_targets")["target_value"].to_list() == [15.0]
    assert set(plans.set_aside("plan_targets/b.csv")["regel"]) == {"conflicting_deliveries", "same_target_twice"}


CORRECTED = {
    "two for the same thing": ([{}, {"Mål nr.": "2"}], [{}]),
    "a plan that nobody knows": ([{"Helhedsplan": "Helhedsplan Bispe"}], [{}]),
    "an area of another plan": ([{"Boligområde": "Viby Syd"}], [{}]),
    "part of nothing": ([{"Delmål af nr.": "7"}], [{}]),
    "no year": ([{"Målår": ""}], [{}]),
}


@pytest.mark.parametrize("name", CORRECTED)
def test_what_never_stood_may_be_put_right(plans: Any, name: str) -> None:
    wrong, right = CORRECTED[name]
    plans.deliver("plan_targets/a.csv", sheet(TARGET, *wrong))
    plans.run()
    assert plans.table("plan_targets").is_empty()
    plans.deliver("plan_targets/a.csv", sheet(TARGET, *right))
    plans.run()
    assert plans.table("plan_targets").select("target_no", "area_id", "target_year").rows() == [
        ("1", "bispehaven", 2013)
    ]
    assert not (plans.quarantine / "plan_targets" / "a.csv").exists()


def test_a_later_activity_of_the_same_name_takes_no_goal_away(plans: Any) -> None:
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {**UNMEASURED, "Mål med ord": "Lektiecafé"}))
    plans.run()
    plans.deliver("plan_activities/a.csv", sheet(ACTIVITY))
    plans.run()
    assert plans.table("plan_targets")["goal"].to_list() == ["Lektiecafé"]


def test_a_changed_target_that_is_accepted_by_exception_stands(plans: Any) -> None:
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}))
    plans.run()
    exception = KnownException(
        id="typo",
        check="target_changed",
        file="plan_targets/a.csv",
        reason="a typing error, seen the same day",
        owner="a test",
        until=date(2030, 1, 1),
    )
    plans.registry = plans.registry.model_copy(update={"exceptions": {"typo": exception}})
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {"Målværdi": "19"}))
    plans.run()
    assert plans.table("plan_targets")["target_value"].to_list() == [19.0]
    assert plans.facts.accepted == {"typo": 1}


def test_activities_may_be_corrected(plans: Any) -> None:
    plans.deliver("plan_activities/a.csv", sheet(ACTIVITY))
    plans.run()
    plans.deliver("plan_activities/a.csv", sheet(ACTIVITY, {"Deltagere": "41"}))
    assert plans.run()["plan_activities/a.csv"].outcome == "accepted"
    assert plans.table("plan_activities")["participants"].to_list() == [41]


def test_an_old_vintage_has_the_targets_of_its_day(plans: Any, registry: Any) -> None:
    """What had been received then, whatever came later."""
    from flows.intake import reconcile, versions
    from flows.intake.ledger import DeliveryLedger
    from flows.intake.vintages import Vintage

    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}))
    plans.run()
    then = plans.moment
    plans.deliver("plan_targets/a.csv", sheet(TARGET, {}, {"Sat den": "2011-05-01", "Målværdi": "17"}))
    plans.run()
    vintage = Vintage.received(DeliveryLedger.load(plans.staging), then)
    known = versions.known_names(vintage, plans.staging, registry)
    facts = reconcile.reconcile(versions.receipts_of(vintage, plans.staging, registry, known), plans.staging, registry)
    assert pl.read_parquet(facts.tables["plan_targets"])["target_value"].to_list() == [15.0]
