"""The cards as files: whole, self-contained, true to the marts, and honest where the marts say nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from page_reading import table, text

from flows.evaluation_cards import charts, pages, plots
from flows.evaluation_cards.figures import NoBaseline, outcomes_of, refuse
from schemas.registry import Registry

if TYPE_CHECKING:
    from tests.cards.conftest import Baseline

OUTCOME, OTHER = "outside_work_pct", "gross_income_dkk"
FEW = {"contrast": "organisation", "arm_0": "lokal-semiprofessionel"}
NONE = {"contrast": "bands", "arm_1": "5_15m", "arm_0": "under_5m"}
MEASURES = ("mean_1", "mean_0", "sd_1", "sd_0", "mean_difference", "smd", "smd_se", "variance_ratio", "ks", "overlap")
PRINTED = ("smd_cobalt", "smd_matchit", "smd_tableone")
TESTED = ("slope_low", "slope_high", "joint_p", "undetected_slope", "bias_bound")


def trouble(baseline: Baseline) -> Baseline:
    """The first outcome in every kind of trouble: no area in a band, few clusters, a rejected trend, areas missing."""
    for window in baseline.registry.evaluation.window:
        where = {"covariate": OUTCOME, "baseline_window": window}
        nothing = dict.fromkeys((*MEASURES, *PRINTED, "ess_1", "ess_0"))
        gone = {"areas_0": 0, "missing_0": 60, "balance_verdict": "not_defined", "why": "no_areas_in_arm_0"}
        baseline.change("baseline_balance", nothing | gone, **where, **NONE)
        baseline.change("baseline_balance", {"areas_1": 80, "missing_1": 40}, contrast="secretariat", **where)
    nothing = dict.fromkeys(("slope_difference", *TESTED))
    stopped = {"trend_verdict": "not_defined", "why": "no_areas_in_arm_0"}
    baseline.change("baseline_trend", nothing | stopped, indicator=OUTCOME, **NONE)
    few = {"trend_verdict": "too_few", "why": "too_few_clusters; several_bands: 3 areas left out"}
    baseline.change("baseline_trend", dict.fromkeys(TESTED) | few, indicator=OUTCOME, **FEW)
    baseline.change(
        "baseline_trend", {"trend_verdict": "rejected", "joint_p": 0.0123}, indicator=OUTCOME, contrast="funded"
    )
    baseline.remove("baseline_years", indicator=OUTCOME, **NONE)
    powerless = dict.fromkeys(("icc_one_way", "icc_mixed", "mde", "mde_sd", "mde_textbook_sd", "outcome_sd"))
    baseline.change("design_power", powerless | {"why": "no_areas_in_arm_0"}, indicator=OUTCOME, **NONE)
    alone = {"icc_one_way": -0.0421, "power_basis": "one_area_per_cluster", "why": "no_cluster_with_two_areas"}
    baseline.change("design_power", alone, indicator=OUTCOME, contrast="secretariat")
    return baseline


@pytest.fixture(scope="module")
def baseline(make_baseline: Callable[..., Baseline]) -> Baseline:
    return trouble(make_baseline(OUTCOME, OTHER))


@pytest.fixture(scope="module")
def folder(baseline: Baseline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cards of an outcome in trouble and of one without."""
    place = tmp_path_factory.mktemp("cards")
    pages.write(baseline.publish(place / "marts"), baseline.registry, place / "cards", (OUTCOME, OTHER))
    return place / "cards"


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chart of a card, picture or PDF is made: what is tested is words and files."""
    for chart in ("love", "course", "spread"):
        monkeypatch.setattr(charts, chart, lambda *figures: "<svg ></svg>")
    monkeypatch.setattr(plots, "png", lambda drawn: b"PNG")
    monkeypatch.setattr(pages, "pdf", lambda card: b"%PDF")


def squeezed(words: str) -> str:
    """Text without blanks and dashes, which pdftotext sets as it likes."""
    return re.sub(r"[\s–]", "", words)


def numbers(words: str) -> list[float]:
    """The numbers in a cell."""
    return [float(n) for n in re.findall(r"-?\d[\d.]*", words.replace("\N{MINUS SIGN}", "-").replace(",", ""))]


@pytest.mark.usefixtures("undrawn")
def test_every_outcome_has_a_page_and_a_sheet(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    steps: list[tuple[str, int, int]] = []
    files = pages.write(
        make_baseline().publish(tmp_path / "marts"), registry, tmp_path / "cards", progress=lambda *at: steps.append(at)
    )
    outcomes = [
        name
        for name, indicator in registry.indicators.items()
        if indicator.indicator_group in ("attractiveness", "life_situation", "satisfaction")
    ]
    assert len(outcomes) >= 27
    expected = {"index.html", *(f"{name}.{suffix}" for name in outcomes for suffix in ("html", "pdf"))}
    cards = {file.name for file in files if file.parent.name == "cards"}
    assert cards == expected == {file.name for file in (tmp_path / "cards").iterdir() if file.is_file()}
    drawn = {file.name for file in files} - cards
    kinds = ("csv", "png", "svg")
    bands = ("over_15m-5_15m", "over_15m-under_5m", "5_15m-under_5m")
    balance = ["balance", *(f"balance-{pair}" for pair in bands)]
    of_outcomes = [f"{name}-{plot}" for name in outcomes for plot in ("event", "starts")]
    assert drawn == {f"{plot}.{kind}" for plot in (*balance, *of_outcomes) for kind in kinds}
    assert drawn == {file.name for file in (tmp_path / "cards" / "plots").iterdir()}
    assert steps[0][1:] == (0, len(outcomes))
    assert steps[-1] == ("index", len(outcomes), len(outcomes))
    index = table((tmp_path / "cards" / "index.html").read_text(), "Snapshot")
    labels = {registry.indicators[name].label_en for name in outcomes}
    assert labels == {row.removesuffix(" (PDF)") for row in index}


def test_a_referee_finds_each_question_answered(folder: Path) -> None:
    page = (folder / f"{OTHER}.html").read_text()
    asked = dict(re.findall(r"<div><dt>([^<]*)</dt><dd>([^<]*)</dd></div>", page.split(" What a referee asks", 1)[1]))
    marts = {re.findall(r"\((.*)\)", question)[0] for question in asked}
    assert marts == {
        *("baseline_selection", "baseline_cohort_trends", "baseline_trend", "baseline_event", "group_change"),
        *("baseline_balance", "design_power_years", "group_exposure", "composition_change"),
    }
    answers = {question.split(" (")[0]: answer for question, answer in asked.items()}
    assert answers["Chosen in bad years"].startswith("0.80 of a difference lasts 3 years")
    assert answers["Each cohort before its own start"].startswith(
        "Drifted: 2009, of 5 tested (smallest p by Holm 0.500)"
    )
    assert answers["Breakdown"] == "Locked until the analysis plan is signed."
    assert "2006–2010: locked" in answers["Moved between two years"]
    assert answers["Who lived there"].startswith("Not delivered for these years")
    assert "organisation: not delivered" in answers["Near a funded area"]
    assert "school district: 90 of 680 never-funded areas" in answers["Near a funded area"]


def test_the_balance_table_holds_the_figures_of_the_mart(folder: Path, baseline: Baseline) -> None:
    shown = table((folder / f"{OTHER}.html").read_text(), "Unweighted")
    printed = table((folder / f"{OTHER}.html").read_text(), "The same SMD")
    rows = [
        row
        for row in baseline.rows["baseline_balance"]
        if row["covariate"] == OTHER and row["row_kind"] == "pair" and row["baseline_window"] == "three_years"
    ]
    assert len(shown) == len({(row["arm_1"], row["arm_0"]) for row in rows}) == 8
    labels = {
        "over_15m": "over 15 million DKK",
        "5_15m": "5 to 15 million DKK",
        "under_5m": "under 5 million DKK",
    }
    for row in rows:
        arms = [labels.get(row[arm], row[arm].replace("_", " ")) for arm in ("arm_1", "arm_0")]
        line, other = shown[" against ".join(arms)], printed[" against ".join(arms)]
        if row["weighting"] == "none":
            assert numbers(line["Areas"]) == [row["areas_1"], row["areas_0"]]
            assert numbers(line["Mean"]) == [round(row["mean_1"]), round(row["mean_0"])]
            assert numbers(line["SD"]) == [round(row["sd_1"]), round(row["sd_0"])]
            assert numbers(line["SMD ± SE"]) == [round(row["smd"], 2), round(row["smd_se"], 2)]
            assert [line["Variance ratio"], line["KS"], line["Overlap"]] == ["1.16", "0.14", "0.86"]
            assert line["Verdict"].endswith(row["balance_verdict"].replace("_", " "))
            for package, column in (("cobalt", "smd_cobalt"), ("MatchIt", "smd_matchit"), ("tableone", "smd_tableone")):
                assert numbers(other[package]) == [round(row[column], 2)]
        elif row["weighting"] == "residents":
            assert numbers(other["By residents"]) == [round(row["smd"], 2)]
        elif row["weighting"] == "twins":
            assert numbers(other["Twins"]) == [round(row["smd"], 2)]
        else:
            assert numbers(other["Entropy weights"]) == [round(row["smd"], 2)]
            assert numbers(other["ESS of second"]) == [round(row["ess_0"])]


def test_the_other_tables_hold_the_figures_of_the_marts(folder: Path, baseline: Baseline) -> None:
    page = (folder / f"{OUTCOME}.html").read_text()
    line = table(page, "Test of a common course")["funded against never funded"]
    trend = next(
        row for row in baseline.rows["baseline_trend"] if row["contrast"] == "funded" and row["indicator"] == OUTCOME
    )
    assert line["Joint p"] == "0.012"
    assert line["Common course"] == "✕ rejected"
    for column, names in {
        "Slope difference": ["slope_difference"],
        "95 % interval": ["slope_low", "slope_high"],
        "Unseen slope": ["undetected_slope"],
        "Bias bound": ["bias_bound"],
        "Clusters": ["clusters_1", "clusters_0"],
    }.items():
        assert numbers(line[column]) == pytest.approx([trend[name] for name in names], rel=5e-3), column
    power = table(page, "Smallest detectable effect")["with secretariat against without secretariat"]
    assert power["ICC one-way"] == "−0.04"
    assert power["ICC mixed"] == "0.18"
    assert power["MDE (SD)"] == "0.23"
    assert numbers(power["MDE"]) == pytest.approx([0.2314 * numbers(power["SD"])[0]], rel=5e-3)
    groups = table(page, "Areas of each group")
    assert groups["Without"]["with secretariat"] == "40"
    assert groups["Share"]["with secretariat"] == "✕ 33 %"
    assert "✕" not in groups["Share"]["without secretariat"]


def test_the_index_shows_trouble(folder: Path, baseline: Baseline) -> None:
    index = table((folder / "index.html").read_text(), "Snapshot")
    line = index["Share outside work and education (PDF)"]
    bands = [
        abs(row["smd"])
        for row in baseline.rows["baseline_balance"]
        if (row["contrast"], row["covariate"]) == ("bands", OUTCOME)
        and (row["baseline_window"], row["weighting"]) == ("three_years", "none")
        and row["smd"] is not None
    ]
    assert numbers(line["|SMD|, bands"]) == [round(max(bands), 2)]
    assert line["|r|, dose"] == "✕ 0.29"
    assert line["Common course, funded against never funded"] == "✕ rejected"
    assert line["Rejected"] == "1 of 5"
    assert line["Missing, worst group"] == "✕ 33 %"
    assert index["Mean gross income (PDF)"]["Common course, funded against never funded"] == "not rejected"


def test_every_reason_stands_on_the_card_in_words(folder: Path) -> None:
    words = text((folder / f"{OUTCOME}.html").read_text())
    assert "5 to 15 million DKK against under 5 million DKK: areas with under 5 million DKK have no figures." in words
    assert "fewer clusters than a test needs" in words
    assert "several bands: 3 areas left out" in words
    assert "fewer areas than a verdict needs" in words
    assert "no cluster has two areas, so likeness within clusters cannot be told" in words
    assert "No chart: areas with under 5 million DKK have no figures." in words
    assert not re.search(r"\b[a-z]+_(arm|clusters|areas|bands)\b", words)


def test_warnings_say_what_they_mean(folder: Path) -> None:
    words = text((folder / f"{OUTCOME}.html").read_text())
    warnings = words[words.index("Before you use these figures") : words.index("Indicator ")]
    for needed in (
        "Unbalanced: 5 of 8 comparisons. 4 of them differ by more than chance among clusters explains",
        "Widest: ",
        "Too few areas: 2 of 8 comparisons.",
        "No comparison: 1 of 8. 5 to 15 million DKK against under 5 million DKK: areas with under 5 million DKK",
        "Dose goes with the outcome. The grant per dwelling correlates 0.29 with the baseline (limit 0.1)",
        "Not the same course before: 1 of 8 comparisons. Funded against never funded (p = 0.012).",
        "Course not tested: 3 of 8 comparisons.",
        "33 % of areas with secretariat (40 of 120)",
        "Blind below 0.23 SD at worst.",
        "Power unknown: 1 of 8.",
    ):
        assert needed in warnings, needed
    assert "The two groups did not move alike 2000–2005 (joint test p = 0.012)." in words


def test_nothing_empty_is_printed(folder: Path) -> None:
    for file in folder.glob("*.html"):
        assert not re.search(r"\b(nan|NaN|None|null|inf|undefined)\b", text(file.read_text())), file.name
        assert not re.search(r"NaN|undefined|Infinity", file.read_text()), file.name


def test_nothing_points_outside(folder: Path) -> None:
    for file in folder.glob("*.html"):
        page = re.sub(r'xmlns(:xlink)?="[^"]*"', "", file.read_text())
        assert not re.search(r"https?:|//[\w-]+\.|@import|url\((?!#)", page), file.name
        assert not re.search(r"<(script|link|img|iframe|object|form)\b|\son\w+=", page), file.name
        for href in re.findall(r'href="([^"]*)"', page):
            assert (folder / href).is_file() or f'id="{href[1:]}"' in page, href
        ids = re.findall(r'\bid="([^"]*)"', page)
        assert len(ids) == len(set(ids)), file.name
        assert set(re.findall(r"url\(#([^)]*)\)", page)) <= set(ids), file.name


def test_only_greys_are_used(folder: Path) -> None:
    for file in folder.glob("*.html"):
        for colour in re.findall(
            r"(?:fill|stroke|color|background|--\w+)[=:]\s*\"?(#[0-9a-fA-F]{3,6})", file.read_text()
        ):
            digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
            assert digits[:2] == digits[2:4] == digits[4:], colour
        assert not re.search(r"(?:fill|stroke)=\"(?!#|none|transparent|black|white|url)", file.read_text())


def test_the_page_can_be_read_aloud(folder: Path) -> None:
    page = (folder / f"{OUTCOME}.html").read_text()
    assert '<html lang="en">' in page
    assert '<p class="danish" lang="da">Andel uden for arbejdsmarkedet</p>' in page
    drawings = re.findall(r"<svg [^>]*>", page)
    assert len(drawings) == 2 + 7 + 2
    assert all('role="img"' in drawing and re.search(r'aria-label="[^"]{20,}"', drawing) for drawing in drawings)
    assert page.count("<caption>") == page.count("<table>") == 5
    assert page.count('<th scope="row">') == 4 * 8 + 3
    assert re.findall(r"<h(\d)", page)[:3] == ["1", "2", "2"]


@pytest.mark.usefixtures("undrawn")
def test_origin_is_unmistakable(folder: Path, baseline: Baseline, tmp_path: Path) -> None:
    for file in folder.glob("*.html"):
        assert text(file.read_text()).count("SYNTHETIC") >= 2, file.name
        assert "5f0c9a1b2c3d4e5f" in file.read_text()
    baseline.origin, before = "real", baseline.origin
    try:
        pages.write(baseline.publish(tmp_path / "marts"), baseline.registry, tmp_path / "cards", (OTHER,))
    finally:
        baseline.origin = before
    for file in (tmp_path / "cards").glob("*.html"):
        words = text(file.read_text())
        assert "REAL" in words
        assert "SYNTHETIC" not in words


@pytest.fixture(scope="module")
def sheets(folder: Path) -> dict[str, list[str]]:
    """The text of each page of each PDF."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed: nobody has read the PDFs")
    return {
        file.stem: subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True)
        .stdout.rstrip("\f")
        .split("\f")
        for file in sorted(folder.glob("*.pdf"))
    }


def test_sheets_say_what_pages_say(sheets: dict[str, list[str]], folder: Path) -> None:
    assert set(sheets) == {OUTCOME, OTHER}
    for name, sheet in sheets.items():
        assert len(sheet) <= 2, name
        for leaf in sheet:
            assert leaf.count("SYNTHETIC") >= 2, name
            assert "5f0c9a1b2c3d4e5f" in leaf
        needed = " ".join("".join(sheet).split())
        assert not re.search(r"\b(nan|NaN|None|null)\b", needed)
        for caption in ("Unweighted", "The same SMD", "Areas of each", "Test of a common", "Smallest detectable"):
            for row in table((folder / f"{name}.html").read_text(), caption).values():
                assert squeezed("".join(row.values())) in squeezed(needed)


def test_sheets_are_tagged_and_carry_their_fonts(folder: Path) -> None:
    content = (folder / f"{OUTCOME}.pdf").read_bytes()
    assert b"/StructTreeRoot" in content
    assert b"/Lang (en" in content or b"/Lang(en" in content
    assert b"pdfuaid" in content
    assert b"CreationDate" not in content


def test_the_same_marts_give_the_same_bytes(folder: Path, baseline: Baseline, tmp_path: Path) -> None:
    again = pages.write(
        baseline.publish(tmp_path / "marts"), baseline.registry, tmp_path / "cards", [OTHER, OUTCOME, OTHER]
    )
    assert [file.name for file in again if file.parent.name == "cards"] == [
        "index.html",
        *(f"{n}.{s}" for n in (OUTCOME, OTHER) for s in ("html", "pdf")),
    ]
    for file in again:
        assert file.read_bytes() == (folder / file.relative_to(tmp_path / "cards")).read_bytes(), file.name


def test_an_unknown_outcome_is_named(baseline: Baseline, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"residents: no outcome of areas in indicators.toml; there are move_out_pct"):
        pages.write(baseline.publish(tmp_path / "marts"), baseline.registry, tmp_path / "cards", [OTHER, "residents"])
    assert not (tmp_path / "cards").exists()


def test_a_snapshot_without_a_baseline_is_refused(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    baseline = make_baseline(OTHER)
    nothing = {**dict.fromkeys((*MEASURES, *PRINTED)), "areas_1": 0, "areas_0": 0, "balance_verdict": "not_defined"}
    baseline.change("baseline_balance", {**nothing, "why": "no_areas_in_arm_1"}, covariate=OTHER)
    baseline.change("baseline_balance", {"dose_correlation": None}, contrast="dose")
    baseline.caveat = "no baseline: published after the grants of 2006-2010, and the areas were chosen by the criteria"
    snapshot = baseline.publish(tmp_path / "marts")
    with pytest.raises(NoBaseline) as refused:
        pages.write(snapshot, registry, tmp_path / "cards")
    for words in (
        "snapshot 5f0c9a1b2c3d4e5f has no baseline",
        "published after the grants of 2006-2010, and the areas were chosen by the criteria",
        "the years up to 2005",
        "boligprofil demo",
    ):
        assert words in str(refused.value)
    assert not (tmp_path / "cards").exists()
    baseline.caveat = ""
    with pytest.raises(NoBaseline, match="no area has a figure of an outcome for 2005 or before"):
        refuse(baseline.publish(tmp_path / "again"), registry)


@pytest.mark.usefixtures("undrawn")
def test_a_caveat_on_some_deliveries_is_shown_but_refuses_nothing(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    baseline = make_baseline(OTHER)
    baseline.caveat = "no baseline: published after the grants (this holds for: The ministry's yearly lists)"
    pages.write(baseline.publish(tmp_path / "marts"), registry, tmp_path / "cards", [OTHER])
    for page in (f"{OTHER}.html", "index.html"):
        assert "this holds for: The ministry's yearly lists)" in text((tmp_path / "cards" / page).read_text())


def test_a_card_stands_where_the_marts_have_no_row_at_all(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    baseline = make_baseline(OTHER)
    pages.write(baseline.publish(tmp_path / "marts"), registry, tmp_path / "cards", [OUTCOME])
    words = text((tmp_path / "cards" / f"{OUTCOME}.html").read_text())
    assert "Whether funded areas and never funded areas differed before the grants cannot be said" in words
    assert "No comparison: 8 of 8." in words
    assert not re.search(r"\b(nan|None|null)\b", words)


@pytest.mark.usefixtures("undrawn")
def test_groups_that_are_alike_give_no_warning_of_balance(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    baseline = make_baseline(OTHER)
    baseline.change("baseline_balance", {"balance_verdict": "balanced", "smd": 0.01, "why": None}, covariate=OTHER)
    pages.write(baseline.publish(tmp_path / "marts"), registry, tmp_path / "cards", [OTHER])
    words = text((tmp_path / "cards" / f"{OTHER}.html").read_text())
    assert "differ by 0.01 SD before the grants" in words
    assert "this is within the limit of 0.05" in words
    assert "Unbalanced:" not in words
    assert "✕" not in words[: words.index("2 Areas without")]


@pytest.mark.usefixtures("undrawn")
def test_means_that_are_alike_with_another_spread_are_told_apart(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    baseline = make_baseline(OTHER)
    unlike = {"balance_verdict": "unbalanced", "smd": 0.01, "variance_ratio": 3.5, "why": "variance_ratio"}
    baseline.change("baseline_balance", unlike, covariate=OTHER, contrast="funded")
    pages.write(baseline.publish(tmp_path / "marts"), registry, tmp_path / "cards", [OTHER])
    page = (tmp_path / "cards" / f"{OTHER}.html").read_text()
    assert "their means are alike, but their spread is not" in text(page)
    assert "3.50" in text(page)
    assert "Entropy weights do not mend it." in text(page)
    assert "<strong>3.50</strong>" in page


@pytest.mark.usefixtures("undrawn")
def test_areas_without_twins_are_named_and_twins_that_differ_are_told(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    baseline = make_baseline(OTHER)
    apart = {"balance_verdict": "unbalanced", "smd": 0.12, "why": "over_limit: smd"}
    baseline.change("baseline_balance", apart, covariate=OTHER, contrast="funded", weighting="twins")
    pages.write(baseline.publish(tmp_path / "marts"), registry, tmp_path / "cards", [OTHER])
    words = text((tmp_path / "cards" / f"{OTHER}.html").read_text())
    assert "Without twins: 3 funded areas. Område 0, Område 4, Område 8." in words
    assert "Twins are not alike here. Funded against never funded, matched: 0.12 SD (limit 0.05)." in words


@pytest.mark.usefixtures("undrawn")
def test_what_withheld_counts_leave_open_is_told(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    baseline = make_baseline(OTHER)
    between = {"smd": 0.06, "smd_least": 0.02, "smd_most": 0.11, "smd_low": -0.1, "smd_high": 0.24, "withheld_1": 12}
    undecided = {"balance_verdict": "undecided", "why": "bounds_hold_the_limit"}
    baseline.change("baseline_balance", between | undecided, covariate=OTHER, contrast="funded", weighting="none")
    pages.write(baseline.publish(tmp_path / "marts"), registry, tmp_path / "cards", [OTHER])
    words = text((tmp_path / "cards" / f"{OTHER}.html").read_text())
    assert "(95 % interval \N{MINUS SIGN}0.10 to 0.24; withheld counts leave 0.02 to 0.11 open)" in words
    assert "withheld counts leave open whether this is within the limit of 0.05" in words
    assert "they can be: funded against never funded 0.02 to 0.11 SD (12 counts)" in words
    assert "? undecided" in words


def test_a_difference_that_only_its_bounds_show_is_warned_of(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    """Where most counts are withheld there is no SMD, and yet both ends of what it can be may be over the limit."""
    baseline = make_baseline(OTHER)
    baseline.change("baseline_balance", {"balance_verdict": "balanced", "smd": 0.01}, covariate=OTHER)
    hidden = {"smd": None, "mean_1": None, "mean_0": None, "smd_least": 0.08, "smd_most": 1.11}
    verdict = {"balance_verdict": "unbalanced", "why": "over_limit: smd; mostly_withheld"}
    baseline.change("baseline_balance", hidden | verdict, covariate=OTHER, contrast="bands", arm_1="5_15m")
    pages.write(baseline.publish(tmp_path / "marts"), registry, tmp_path / "cards", [OTHER])
    words = text((tmp_path / "cards" / f"{OTHER}.html").read_text())
    assert "Unbalanced: 1 of 8 comparisons" in words
    assert "(0.08 to 1.11 SD, by what is withheld)" in words


def test_who_stayed_came_and_left_before_the_grants_is_told_by_group(
    make_baseline: Callable[..., Baseline], registry: Registry, tmp_path: Path
) -> None:
    """Means over the areas that have parts, of the last span before the grants; later years stay unseen."""
    baseline = make_baseline(OUTCOME)
    last = registry.evaluation.baseline.last_year
    # Area, from, to, stayed of all, change and its parts; areas 0 and 4 are funded, 1 is not.
    given = [
        (0, last - 1, last, 80.0, 1.0, 2.0, -0.5, -0.5, None),
        (4, last - 1, last, 70.0, 3.0, 1.0, 1.5, 0.5, None),
        (8, last - 1, last, 10.0, None, None, None, None, "fewer_than_10_in_a_flow"),
        (0, last - 2, last - 1, 50.0, 9.0, 9.0, 0.0, 0.0, None),
        (0, last, last + 1, 60.0, 7.0, 7.0, 0.0, 0.0, None),
        (1, last - 1, last, 90.0, 0.25, 0.25, 0.0, 0.0, None),
    ]
    columns = ("stayed_pct", "share_change", "part_of_stayers", "part_of_arrivals", "part_of_departures")
    for place, since, until, *found, why in given:
        baseline.rows["composition_change"].append(
            {"area_id": f"omraade-{place}", "indicator": OUTCOME, "change_from": since, "change_to": until}
            | {"came": 20, "went": 20, "sources": "composition", "composition_missing_reason": why}
            | dict(zip(columns, found, strict=True))
        )
    pages.write(baseline.publish(tmp_path / "marts"), registry, tmp_path / "cards", [OUTCOME])
    rows = table((tmp_path / "cards" / f"{OUTCOME}.html").read_text(), "Change of the share and its parts")
    span = f"{last - 1}\N{EN DASH}{last}"
    shown = {group: list(row.values())[1:] for group, row in rows.items()}
    assert shown["funded"] == [span, "2", "75.00", "2.00", "1.50", "0.50", "0.00"]
    assert shown["never funded"] == [span, "1", "90.00", "0.25", "0.25", "0.00", "0.00"]


def test_what_may_come_back_by_itself_and_who_drifted_is_told(folder: Path) -> None:
    words = text((folder / f"{OTHER}.html").read_text())
    assert "Had areas been chosen by this very figure," in words
    assert "would go by itself in 3 years; since 2000 it has moved by" in words
    assert "Before their own start 1 of 5 cohorts drifted from areas never funded: 2009 (slopes, Holm)." in words


def test_outcomes_stand_in_the_order_of_their_groups(registry: Registry) -> None:
    groups = [registry.indicators[name].indicator_group for name in outcomes_of(registry)]
    assert groups == sorted(groups, key=["attractiveness", "life_situation", "satisfaction"].index)


@pytest.mark.parametrize(("width", "media"), [(1280, "screen"), (390, "screen"), (703, "print")])
def test_pages_fit(browser: Any, folder: Path, width: int, media: str) -> None:
    """At 1280 px, on a telephone (tables scroll by themselves), and on A4 between its margins (186 mm at 96 dpi)."""
    page = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=True).new_page()
    page.emulate_media(media=media)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for file in sorted(folder.glob("*.html")):
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file.name
        if media == "print" or width == 1280:
            widest = page.evaluate(
                "Math.max(...[...document.querySelectorAll('.wide')].map(e => e.scrollWidth - e.clientWidth))"
            )
            assert widest <= 0, file.name
    assert all(url.startswith("file:") for url in asked)
    page.context.close()
