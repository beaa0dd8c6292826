"""The guide for plans and secretariats: its tables are the registry's, and its examples are read as they stand."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from flows.intake import delivery_note
from flows.intake.templates import plans
from schemas import contracts, labels
from schemas.registry import Registry

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "planguide.md").read_text(encoding="utf-8")
FILES = ("plan_targets/maal.csv", "plan_activities/aktiviteter.csv", "secretariat_indicators/faelles.csv")
# Rules that hold a row against other rows and other deliveries, and so stand in no contract.
BETWEEN_ROWS = {"unknown_plan", "area_not_in_plan", "unknown_parent", "same_target_twice", "target_changed"}


def examples() -> list[str]:
    """The CSV examples: targets, activities, shared indicators, and the lines that revise targets."""
    found = re.findall(r"^```csv\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [example.replace("oprindelse: syntetisk", "oprindelse: real") for example in found]


def table_below(heads: str) -> list[tuple[str, ...]]:
    """Rows of the table with these heads."""
    body = PAGE.split(f"| {heads} |\n", 1)[1].split("\n\n", 1)[0]
    rows = (re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|")) for line in body.splitlines()[1:])
    return [tuple(cell.strip().replace("\\|", "|") for cell in row) for row in rows]


@pytest.fixture
def plan_night(night: Any) -> Any:
    """A night that knows the plan in Bispehaven."""
    shutil.copytree(ROOT / "data" / "raw" / "grants", night.raw / "grants")
    return night


@pytest.mark.parametrize(
    ("source", "file"), list(zip(plans.SOURCES, ("mål", "aktiviteter", "fælles tal"), strict=True)), ids=plans.SOURCES
)
def test_the_page_describes_every_column_as_the_registry_does(registry: Registry, source: str, file: str) -> None:
    heads = f"Kolonne i filen med {file} | Skal udfyldes | Hvad der skal stå | Andre navne, der også læses"
    assert table_below(heads) == [
        (column.header, column.required, column.holds, "; ".join(column.also_read))
        for column in plans.guidance(registry, source)
    ]
    assert registry.layout_of(source).formats == ("csv", "xlsx")
    assert f"`{source}`" in PAGE


def test_the_page_lists_the_words_to_choose_from(registry: Registry) -> None:
    assert table_below("Indsatsområde") == [(row["name_da"],) for row in registry.codes["effort_areas"]]
    by_group: dict[str, list[str]] = {}
    for indicator in registry.indicators.values():
        if indicator.indicator_group:
            by_group.setdefault(labels.OUTCOME_GROUPS[indicator.indicator_group], []).append(indicator.label_da)
    assert {group: labels.split("; ") for group, labels in table_below("Hører til | Tal")} == by_group


def test_the_page_explains_every_message_of_plans(registry: Registry) -> None:
    messages = {f"{message} {mend}" for message, mend in table_below("Besked | Hvad I gør")}
    tables = {table for source in plans.SOURCES for table in registry.layout_of(source).tables}
    rules = BETWEEN_ROWS | {rule for table in tables for rule in contracts.ROW_RULES[table]}
    assert messages == {registry.rules[rule].da for rule in rules}
    assert registry.sources["plan_targets"].append_only


def test_the_examples_of_the_page_are_read_as_they_stand(plan_night: Any) -> None:
    *files, revision = examples()
    for path, example in zip(FILES, files, strict=True):
        plan_night.deliver(path, example)
    receipts = plan_night.run()
    for path, rows in zip(FILES, (3, 2, 1), strict=True):
        assert (receipts[path].outcome, receipts[path].rows, receipts[path].quarantined) == ("accepted", rows, 0), path
    assert set(plan_night.table("plan_targets")["target_no"]) == {"1", "1.1", "2"}
    assert plan_night.table("plan_activities")["participants"].to_list() == [40, None]
    assert plan_night.table("activity_indicators").height == 4

    longer = files[0].replace("# rækker: 3", "# rækker: 5").replace("# udgivet: 2010", "# udgivet: 2011") + revision
    plan_night.deliver(FILES[0], longer)
    receipt = plan_night.run()[FILES[0]]
    assert (receipt.outcome, receipt.rows, receipt.quarantined) == ("accepted", 5, 0), receipt
    targets = plan_night.table("plan_targets").sort("target_no", "set_on")
    assert targets.filter(target_no="1")["target_value"].to_list() == [15.0, 17.0]
    assert targets.filter(target_no="2")["is_withdrawn"].to_list() == [None, True]

    plan_night.deliver(FILES[0], longer.replace(";22,5;2009;15,0;2013;", ";22,5;2009;16,0;2013;"))
    plan_night.run()
    assert plan_night.set_aside(FILES[0])["regel"].to_list() == ["target_changed"]
    assert plan_night.table("plan_targets").filter(target_no="1")["target_value"].to_list() == [15.0, 17.0]


def test_the_page_names_what_stands_in_a_note() -> None:
    for example in examples()[:3]:
        assert {line.split(":")[0].removeprefix("# ") for line in example.splitlines() if line.startswith("#")} >= {
            *delivery_note.REQUIRED,
            "rækker",
        }
    assert all(f"`data/raw/{source}/`" in PAGE and f"--for {source}" in PAGE for source in plans.SOURCES)
    assert "boligprofil targets check" in PAGE
