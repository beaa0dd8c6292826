"""The pages of a fetch and of a year, as they stand in Prefect."""

from typing import Any

from flows import fetch_statbank, yearly


def table(source: str, stored: str = "", fault: str = "") -> dict[str, str]:
    return {"source": source, "title": "A | table", "stored": stored, "fault": fault}


def test_a_fetch_tells_each_table_and_shows_the_words_of_the_world_as_they_are() -> None:
    tables = [table("folk1a", stored="raw/folk1a/x.csv"), table("straf11"), table("straf42", fault="500 <b>no</b>")]
    message = "1 new of 3 tables; not brought:\n  straf42: 500"
    page = fetch_statbank._page("2012-03-01", {"message": message, "tables": tables}).splitlines()
    assert page[0] == "# 2012-03-01: 1 new of 3 tables; not brought:"
    assert page[-3:] == [
        r"| folk1a | A \| table | raw/folk1a/x.csv |",
        r"| straf11 | A \| table | nothing new |",
        r"| straf42 | A \| table | **not brought**: 500 \<b\>no\</b\> |",
    ]


def test_a_year_tells_its_drafts_and_that_two_people_clear_them() -> None:
    extract: dict[str, Any] = {"secretariat": "Aarhus", "is_new": True, "folder": "data/extracts/2012/aarhus"}
    page = yearly._page(2012, {"message": "extracts of 2012-1 for 1 secretariats", "extracts": [extract]})
    assert "| Aarhus | new | `data/extracts/2012/aarhus` |" in page
    assert "cleared them: `boligprofil clear`" in page
    refused = yearly._page(2012, {"message": "no snapshot"})
    assert refused.startswith("# Extracts of 2012\n\nno snapshot")
    assert "Drafts" not in refused
