import re
from collections.abc import Callable
from dataclasses import asdict, replace
from random import Random
from typing import Any

import pytest
from by_hand import YEAR, YEARS, Figures, area, figure, place
from profiles import examples
from random_extracts import random_area

from flows.extracts import comparability, criteria, findings, phrases, sentences
from flows.extracts.model import Area, Criterion, Extract, Headline, OtherList, Place, Series, Watch
from flows.present import notation
from schemas.registry import Registry


def lix(text: str) -> float:
    """How hard a text is to read: words per sentence and the share of words of more than six letters."""
    words = [re.sub(r"\W", "", word) for word in text.split() if re.search(r"\w", word)]
    # A full stop inside 'pr. 1.000' ends nothing.
    ends = re.findall(r"[.!?](?=\s+[A-ZÆØÅÉ»]|\s*$)", text)
    return len(words) / len(ends) + 100 * sum(len(word) > 6 for word in words) / len(words)


def _texts(extract: Extract, registry: Registry) -> list[str]:
    prose: list[str] = []
    for each in extract.areas:
        prose += [finding.whole for finding in findings.of_area(each, extract, registry)]
        prose.append(findings.missing(each, extract, registry).whole)
        prose += comparability.cannot_compare(each, extract, registry)
        for row in each.figures.values():
            prose.append(sentences.of_figure(row, each, extract, registry))
    return prose


def _reals(extract: Extract, registry: Registry) -> set[str]:
    """Every number that may be said of the areas, as it is written with 0 to 2 decimals."""
    found: set[str] = set()
    rows = [row for p in (*extract.areas, extract.municipality, extract.country) for row in p.figures.values()]
    for row in rows:
        decimals = registry.indicators[row.indicator].decimals
        found |= {
            notation.number(abs(value), 0 if column.startswith("shown") else decimals)
            for column, value in asdict(row).items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
    found |= {str(year) for year in range(YEARS[0] - 1, YEAR + 1)}
    found |= {str(count) for count in range(len(extract.indicators) + 1)}  # counts of figures, lengths of windows
    for i in registry.indicators.values():  # numbers of names: 18-29 år, pr. 1.000
        found |= set(re.findall(r"\d[\d.,]*\d|\d", f"{i.label_da}"))
    return found | {notation.number(each.dwellings) for each in extract.areas if each.dwellings is not None}


@pytest.fixture
def random_extracts(registry: Registry, make_extract: Callable[..., Extract]) -> Callable[[int], Extract]:
    def make(seed: int) -> Extract:
        rng = Random(seed)
        return make_extract(random_area(rng, registry, [i.id for i in registry.indicators.values() if i.of_areas]))

    return make


def test_what_a_page_begins_with_is_short_and_easy_to_read(
    random_extracts: Callable[[int], Extract], registry: Registry
) -> None:
    for seed in range(examples(50)):
        extract = random_extracts(seed)
        prose = [finding.whole for finding in findings.of_area(extract.areas[0], extract, registry)]
        assert 1 <= len(prose) <= 5, (seed, prose)
        # Three kinds of marks by name are no easy sentence, and all that is said where nothing is shown.
        assert len(prose) < 3 or lix(" ".join(prose)) < 50, (seed, lix(" ".join(prose)), prose)
        assert all(re.match(r"[A-ZÆØÅ\d].*[^ ]\.$", text) and "  " not in text for text in prose), (seed, prose)


def test_every_number_is_one_that_is_shown(random_extracts: Callable[[int], Extract], registry: Registry) -> None:
    for seed in range(examples(25)):
        extract = random_extracts(seed)
        known = _reals(extract, registry)
        for text in _texts(extract, registry):
            for number in re.findall(r"\d[\d.,]*\d|\d", text):
                assert number in known, (seed, number, text)


def test_a_marked_figure_is_told_without_a_number(
    random_extracts: Callable[[int], Extract], registry: Registry
) -> None:
    extract = random_extracts(1)
    marked = [row for row in extract.areas[0].figures.values() if row.mark]
    assert marked
    for row in marked:
        text = sentences.of_figure(row, extract.areas[0], extract, registry)
        assert registry.extracts.mark[row.mark].label_da in text
        label = registry.indicators[row.indicator].label_da
        series = re.findall(r"\d[\d.,]*\d|\d", text)
        assert sorted(series) == sorted([str(row.year), *re.findall(r"\d[\d.,]*\d|\d", label)]), text


def test_sentences_depend_on_shown_figures_alone(random_extracts: Callable[[int], Extract], registry: Registry) -> None:
    assert _texts(random_extracts(7), registry) == _texts(random_extracts(7), registry)


def _one(
    registry: Registry, make_extract: Callable[..., Extract], indicator: str, **prose: Any
) -> tuple[Area, Extract]:
    """An area with one figure in the extract's year; `then` is that of 2003."""
    years = {YEAR: {k: v for k, v in prose.items() if k != "then"}}
    if "then" in prose:
        years[2003] = prose["then"]
    made = area(registry, "testby", {indicator: years})
    return made, make_extract(made)


def _begins(made: Area, extract: Extract, registry: Registry) -> dict[str, str]:
    """The sentences of an area's page by their beginnings."""
    return {finding.begins: finding.text for finding in findings.of_area(made, extract, registry)}


@pytest.mark.parametrize(
    ("indicator", "verdict", "words"),
    [
        ("move_out_pct", "better", "fraflytningsprocenten er 10,0 procent (mellem 8,3 og 12,0); i Aarhus 16,3."),
        ("move_out_pct", "worse", "fraflytningsprocenten er 10,0 procent (mellem 8,3 og 12,0); i Aarhus 16,3."),
        ("nonwestern_pct", "lower", None),
        ("move_out_pct", "similar", None),
        ("move_out_pct", None, None),
    ],
)
def test_a_sure_difference_is_said_with_both_numbers_and_its_interval(
    registry: Registry, make_extract: Callable[..., Extract], indicator: str, verdict: str, words: str | None
) -> None:
    """Wilson's interval for 100 of 1,000. What is neither good nor bad, or not sure, is no largest difference."""
    series = {"x": 100, "n": 1000, "municipality_value": 16.3, "municipality_verdict": verdict}
    made, extract = _one(registry, make_extract, indicator, **series)
    assert _begins(made, extract, registry).get("Størst sikker forskel fra kommunen:") == words


def test_the_largest_difference_is_measured_by_the_spread_of_all_areas(
    registry: Registry, make_extract: Callable[..., Extract]
) -> None:
    """Four points where areas hardly differ are more than ten where they differ by forty."""
    beside = {"municipality_value": 20.0, "municipality_verdict": "worse"}
    given: Figures = {
        "move_out_pct": {YEAR: {"x": 300, "n": 1000, **beside}},
        "social_assistance_pct": {YEAR: {"x": 240, "n": 1000, **beside}},
    }
    made = area(registry, "testby", given)
    spreads = {
        Series("move_out_pct", 1, None): tuple(float(number) for number in range(0, 80, 4)),
        Series("social_assistance_pct", 1, None): tuple(20 + number / 10 for number in range(20)),
    }
    towns = {name: {YEAR: {"value": 20.0}} for name in given}
    town = Place(**place(registry, "municipality", "aarhus", **towns))
    extract = make_extract(made, spreads=spreads, municipality=town)
    text = _begins(made, extract, registry)["Størst sikker forskel fra kommunen:"]
    assert text.startswith("andelen på kontanthjælp er 24,0 procent")


def test_lists_come_first_with_the_criteria_met_and_the_nearest_threshold(
    registry: Registry, make_extract: Callable[..., Extract]
) -> None:
    """1.3 points from 40 is 3 per cent of it, .69 from 2.7 is 26: the nearer one is not that of fewer points."""
    watch = _watch(
        Criterion("outside_work_pct", ">", 40, 41.3, None, True, 1.3, False),
        Criterion("convicted_pct", ">", 2.7, 3.39, None, True, 0.69, False),
        Criterion("nonwestern_pct", ">", 50, 36.4, None, False, -13.6, False),
        on_list=True,
    )
    made = area(registry, "testby", {"outside_work_pct": {YEAR: {"value": 41.3}}}, watches=(watch,))
    first = findings.of_area(made, make_extract(made), registry)[0]
    assert first.begins == "Testby står på ministeriets liste for 2012:"
    assert "2 af 3 kriterier er opfyldt, og 2 er nok." in first.text
    assert "Nærmest en grænse: uden for arbejdsmarkedet, 1,3 over 40." in first.text
    unnamed = replace(made, watches=(replace(watch, on_list=None),))
    begins = findings.of_area(unnamed, make_extract(unnamed), registry)[0].begins
    assert begins == "Testby er ikke nævnt i den afskrift af ministeriets liste for 2012, vi har:"


def test_criteria_that_have_turned_since_the_last_list_are_named(
    registry: Registry, make_extract: Callable[..., Extract]
) -> None:
    then = _watch(
        Criterion("convicted_pct", ">", 2.7, 2.89, None, True, 0.19, False),
        Criterion("basic_education_pct", ">", 50, 47.7, None, False, -2.3, False),
    )
    now = _watch(
        Criterion("convicted_pct", ">", 2.7, 2.5, None, False, -0.2, False),
        Criterion("basic_education_pct", ">", 50, 51.4, None, True, 1.4, False),
    )
    earlier = replace(then, year=2011)
    given: Figures = {"convicted_pct": {YEAR: {"value": 2.5}}}
    made = area(registry, "testby", given, watches=(now,), earlier_watches=(earlier,))
    prose = _begins(made, make_extract(made), registry)
    begins = "Siden 2011 er ét kriterium ikke opfyldt længere og er ét kriterium blevet opfyldt:"
    assert prose[begins] == "dømte fra 2,89 til 2,50 (grænse 2,70) og kun grundskole fra 47,7 til 51,4 (grænse 50)."


def test_a_headline_has_both_figures_the_interval_the_cautious_size_and_the_municipality(
    registry: Registry, make_extract: Callable[..., Extract]
) -> None:
    made = area(registry, "testby", {"basic_education_pct": {YEAR: {"x": 596, "n": 1000}}})
    series = Headline((2004, 2005, 2006), (2011, 2012), 66.8, 59.6, (-10.0, -4.3), -5.2, (26.4, 24.5))
    extract = make_extract(made, headlines={("testby", "basic_education_pct"): series}, measured=frozenset(["testby"]))
    assert _begins(made, extract, registry)["Størst sikker ændring siden 2004–2006:"] == (
        "andelen med kun grundskole er faldet fra 66,8 til 59,6 procent (2011 og 2012), mellem 4,3 og 10,0 "
        "procentpoint; forsigtigt regnet omkring 5. Kommunen: fra 26,4 til 24,5."
    )
    still = replace(extract, headlines={})
    assert _begins(made, still, registry)["Siden årene før planen"] == "har intet hovedtal flyttet sig sikkert."


def test_no_change_is_told_and_where_counts_lack_the_reader_hears_who_has_them(
    registry: Registry, make_extract: Callable[..., Extract]
) -> None:
    series = {"first_year": 2003, "change_first": -5.0, "change_first_low": -9.0, "change_first_high": -1.0}
    then: dict[str, Any] = {"x": 150, "n": 1000}
    made, extract = _one(registry, make_extract, "move_out_pct", x=100, n=1000, then=then, **series)
    prose = " ".join(_texts(extract, registry))
    assert not re.search("steget|faldet", prose)
    made, extract = _one(registry, make_extract, "outside_work_pct", value=43.0)
    text = _begins(made, extract, registry)["Om tallene har flyttet sig sikkert, ved vi ikke:"]
    assert text == "antallene bag andelene er ikke leveret. Aarhus Kommune kan levere dem."


def test_changes_are_in_percentage_points(registry: Registry) -> None:
    share, income, count = (registry.indicators[i] for i in ("move_out_pct", "income_region_pct", "residents"))
    assert phrases.step(-4.14, share) == "4,1 procentpoint"
    assert phrases.step(2.0, income) == "2,0 procentpoint"
    assert [phrases.step(n, count) for n in (1, -12)] == ["1 person", "12 personer"]
    assert phrases.amount(61.2, income) == "61,2 procent af regionens"


def test_repeats_and_unsettled_figures_are_said_wherever_a_number_is_compared(
    registry: Registry, make_extract: Callable[..., Extract]
) -> None:
    series = {"x": 100, "n": 1000, "repeats_year": 2011, "status": "provisional", "window_years": 4}
    made, extract = _one(
        registry, make_extract, "convicted_pct", **series, municipality_value=14.0, municipality_verdict="better"
    )
    beside = "gennemsnit over 4 år, kilden gentager tallet fra 2011"
    row = made.figure("convicted_pct", YEAR)
    assert f"{beside}, foreløbigt tal)" in sentences.of_figure(row, made, extract, registry)
    apart = " ".join(comparability.cannot_compare(made, extract, registry))
    assert "andelen dømte (over 4 år i 2012)" in apart
    assert "andelen dømte (2012 gentager 2011)" in apart
    assert "andelen dømte (foreløbigt tal i 2012)" in apart


def test_what_is_missing_is_one_line_that_says_who_can_deliver_it(full_extract: Extract, registry: Registry) -> None:
    each = full_extract.areas[0]
    marks = [each.figure(i, YEAR).mark for i in full_extract.indicators]
    prose = findings.missing(each, full_extract, registry)
    assert prose.begins == f"{marks.count('not_delivered')} af {len(marks)} tal er ikke leveret."
    assert "Aarhus Kommune og boligorganisationen kan levere dem" in prose.text
    assert "skjult (1)" in prose.text
    assert "Intet tal er skjult" not in prose.text
    bare = findings.missing(full_extract.areas[1], full_extract, registry)
    assert bare.begins == f"{len(marks)} af {len(marks)} tal er ikke leveret."
    assert "Intet tal er skjult." in bare.text


def _watch(*criteria: Criterion, **prose: Any) -> Watch:
    given = {
        "needed": 2,
        "meets_rule": None,
        "on_list": None,
        "could_flip": None,
        "household": 5,
        "list_name": "Ghettoområde",
        **prose,
    }
    return Watch(2012, Criterion("residents", ">=", 1000, 990, None, False, -10, True), criteria, **given)


def test_the_watch_says_how_far_and_what_a_household_could_change_both_ways(registry: Registry) -> None:
    watch = _watch(
        Criterion("outside_work_pct", ">", 40, 40.2, None, True, 0.2, True),
        Criterion("nonwestern_pct", ">", 50, 49.9, None, False, -0.1, True),
        Criterion("convicted_pct", ">", 2.7, None, "hidden", None, None, None),
    )
    size, work, origin, convicted = criteria.of_watch(watch, registry)[1:5]
    assert "990" in size
    assert "mindst 1.000: ikke opfyldt, og der mangler 10 personer" in size
    assert "over 40 procent: opfyldt med 0,2 procentpoint" in work
    assert "nok til, at det ikke længere er opfyldt" in work
    assert "ikke opfyldt, og der mangler 0,1 procentpoint" in origin
    assert "nok til, at det bliver opfyldt" in origin
    assert "over 2,7 procent" in convicted
    assert "ikke afgøres" in convicted
    assert "(skjult)" in convicted


@pytest.mark.parametrize(
    ("meets", "flips", "listed", "words"),
    [
        (True, True, True, ("opfylder området reglen", "nok til, at området ikke længere opfylder", "står på")),
        (False, True, False, ("opfylder området ikke reglen", "nok til, at området opfylder", "står ikke på")),
        (True, False, False, ("opfylder området reglen", "ændrer ikke, at området opfylder", "det er listen")),
        (None, None, None, ("kan ikke afgøre", "Vi ved ikke", "ikke nævnt i den afskrift")),
    ],
)
def test_the_watch_says_what_the_figures_and_the_list_say(
    registry: Registry, meets: bool | None, flips: bool | None, listed: bool | None, words: tuple[str, ...]
) -> None:
    prose = " ".join(criteria.of_watch(_watch(meets_rule=meets, could_flip=flips, on_list=listed), registry))
    assert all(word in prose for word in words), prose


def test_the_watch_says_what_a_list_asks_for_beside_a_number_of_criteria(registry: Registry) -> None:
    udsat = OtherList("Udsat boligområde", 1, True)
    origin = Criterion("nonwestern_pct", ">", 50, 60.0, None, True, 10.0, False)
    watch = _watch(always=(origin,), requirement=udsat, needed=0, list_name="Parallelsamfund")
    assert criteria.of_watch(watch, registry)[0] == (
        "Reglen for listen »Parallelsamfund« i 2012 er opfyldt, når det har beboere nok, kriteriet for andelen "
        "indvandrere og efterkommere fra ikke-vestlige lande er opfyldt, og det også står på listen "
        "»Udsat boligområde« det år."
    )
    rows = replace(watch, always=(), requirement=OtherList("Parallelsamfund", 5, None), list_name="Omdannelsesområde")
    assert (
        "når det har beboere nok, og det har stået på listen »Parallelsamfund« 5 år i træk."
        in (criteria.of_watch(rows, registry)[0])
    )
    several = replace(watch, criteria=(origin,) * 4, needed=2, requirement=None)
    assert "og mindst 2 af de andre 4 kriterier er opfyldt." in criteria.of_watch(several, registry)[0]


def test_a_threshold_by_the_nation_that_is_not_known_is_said_as_what_it_is(registry: Registry) -> None:
    convicted = Criterion("convicted_pct", ">=", None, 2.2, None, None, None, None, 2, 3.0)
    prose = criteria.of_watch(_watch(convicted, is_delivered=False), registry)
    assert "er 2,20 procent; kriteriet er mindst 3 gange landsgennemsnittet; det kan ikke afgøres her" in prose[2]
    assert any("er ikke leveret, så vi ved ikke, om området står på den" in sentence for sentence in prose)


def test_a_secretariat_without_areas_is_told_so(registry: Registry, make_extract: Callable[..., Extract]) -> None:
    extract = make_extract()
    prose = sentences.of_place(extract.municipality, extract, registry)
    assert "kender ikke noget støttet boligområde" in prose[0]
    assert len(prose) <= 5
    assert lix(" ".join(prose)) < 45


def test_what_cannot_be_compared_names_boundaries_twins_sources_and_definitions(
    registry: Registry, make_extract: Callable[..., Extract]
) -> None:
    series: Figures = {
        "convicted_pct": {
            2010: {"value": 2.1, "source": "ministry_lists"},
            2012: {"x": 40, "n": 1500, "source": "area_statistics"},
        },
        "basic_education_pct": {year: {"mark": "not_defined_that_year"} for year in (2003, 2004, 2005)},
    }
    other = Place(**place(registry, "area", "nabogaarden"))
    twins = place(registry, "twins", "testby", convicted_pct={2011: {"mark": "locked"}, 2012: {"mark": "locked"}})
    made = area(registry, "testby", series, other_boundaries=(other,), twins=Place(**twins))
    prose = " ".join(comparability.cannot_compare(made, make_extract(made), registry))
    assert "andelen dømte (ministeriet med ansvar for boliger for 2010; Danmarks Statistik for Lands" in prose
    assert "ikke gjort op og kan ikke være med: andelen med kun grundskole (2003–2005)" in prose
    assert "Nabogaarden har en anden grænse end Testby" in prose
    assert "Tvillingerne, 2011 og 2012: tallet for tvillingerne er låst" in prose


def test_nothing_is_said_to_have_brought_anything_about(
    random_extracts: Callable[[int], Extract], registry: Registry
) -> None:
    for seed in range(10):
        prose = " ".join(_texts(random_extracts(seed), registry)).lower()
        assert not re.search(r"fordi|skyldes|på grund af|takket være|virkning|effekt|helhedsplan", prose)


def test_a_figure_of_another_place_is_not_compared_again(
    registry: Registry, make_extract: Callable[..., Extract]
) -> None:
    made, extract = _one(registry, make_extract, "move_out_pct", x=100, n=1000)
    row = figure("area", "nabogaarden", YEAR, "move_out_pct", x=10, n=100, municipality_value=5.0)
    prose = sentences.of_figure(row, replace(made), extract, registry)
    assert "i Nabogaarden" in prose
    assert "kommunen" not in prose
