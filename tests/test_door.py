"""What a newcomer reads first is true: rooms, terms, commands of make, links."""

import re

import pytest
from test_rooms import FLOORS, MODULES, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")),
]


def test_the_readme_names_every_room() -> None:
    tree = README.partition("```\nflows/ ")[2].partition("```")[0]
    rooms = [room.rpartition(".")[2] for floor in FLOORS for room in floor if (ROOT / room.replace(".", "/")).is_dir()]
    missing = [room for room in rooms if not re.search(rf"\b{room}/", f"flows/ {tree}")]
    assert len(rooms) > 10
    assert not missing


def test_the_readme_names_no_room_that_is_gone() -> None:
    tree = README.partition("```\nflows/ ")[2].partition("```")[0]
    rooms = re.findall(r"^  (\w+)/ ", tree, re.MULTILINE)
    assert sorted(rooms) == sorted({module.split(".")[1] for module in MODULES if re.match(r"flows\.\w+\.", module)})


def test_terms_have_the_names_that_stand_in_the_code() -> None:
    table = README.partition("## Danish terms")[2].partition("## Commands")[0]
    names = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\|.+?\|(.+?)\|", table, re.MULTILINE)))
    registry = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.glob("schemas/*.toml"))
    assert len(names) > 15
    assert [name for name in names if not re.search(rf"\b{name}s?\b", registry)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_make_is_a_target(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) <= set(targets)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_to_headings(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target, _, heading in re.findall(r"\]\((?!http)([^)#]*)(#?)([^)]*)\)", text):
        file = (ROOT / page).parent / target if target else ROOT / page
        assert file.exists(), f"{page} links to {target}"
        if heading:
            assert heading in _anchors(file.read_text(encoding="utf-8")), f"{page} links to {target}#{heading}"


def _anchors(text: str) -> set[str]:
    """What GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
