"""What was there last night and is not tonight: gone, moved, accepted, and when it ends the night."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.intake import gone
from flows.intake.deliveries import Delivery
from flows.intake.gone import Absence, Gone
from schemas.registry import Registry
from schemas.rules import KnownException

TODAY = date(2026, 12, 1)


def entries(*names: str) -> list[dict[str, Any]]:
    """Deliveries of last night; the bytes of each are its name, ten rows rest on it."""
    return [
        {"path": f"ministry_lists/{name}", "source": "ministry_lists", "sha256": name, "in_force": 10} for name in names
    ]


def found(**bytes_by_name: str) -> list[Delivery]:
    return [
        Delivery(f"ministry_lists/{name}", Path(), "ministry_lists", bytes_)
        for name, bytes_ in sorted(bytes_by_name.items())
    ]


def absent(before: Iterable[dict[str, Any]], here: list[Delivery], registry: Registry, **how: Any) -> Absence:
    return gone.absence(list(before), how.get("gone_before", []), here, registry, how.get("today", TODAY))


def with_exception(registry: Registry, **limits: str) -> Registry:
    entry = KnownException(id="meant", check="delivery_gone", reason="x", owner="y", until=date(2030, 1, 1), **limits)
    return registry.model_copy(update={"exceptions": {"meant": entry}})


def test_what_is_not_there_is_gone_with_what_rested_on_it(registry: Registry) -> None:
    lost = absent(entries("a", "b"), found(a="a"), registry)
    assert lost.gone == (Gone("ministry_lists/b", "ministry_lists", "b", 10, "2026-12-01"),)
    assert (lost.before, lost.new, lost.moved) == (2, {"ministry_lists/b"}, ())
    assert gone.sentences(lost) == (
        "ministry_lists/b is gone since 2026-12-01; 10 rows of facts rested on it. "
        "Put it back, or accept it in exceptions.toml (delivery_gone)",
    )


def test_a_file_that_moved_is_not_gone_and_counts_once(registry: Registry) -> None:
    lost = absent(entries("a", "b"), found(c="b", a="a"), registry)
    assert (lost.gone, [(moved.was, moved.path) for moved in lost.moved]) == (
        (),
        [("ministry_lists/b", "ministry_lists/c")],
    )
    twins = [{**entry, "sha256": "same"} for entry in entries("a", "b")]
    lost = absent(twins, found(c="same"), registry)
    assert [(moved.was, moved.path) for moved in lost.moved] == [("ministry_lists/a", "ministry_lists/c")]
    assert [lost.path for lost in lost.gone] == ["ministry_lists/b"]


def test_the_same_bytes_that_lay_elsewhere_already_are_no_move(registry: Registry) -> None:
    twins = [{**entry, "sha256": "same"} for entry in entries("a", "b")]
    lost = absent(twins, found(a="same"), registry)
    assert ([g.path for g in lost.gone], lost.moved) == (["ministry_lists/b"], ())


def test_what_is_gone_stays_told_since_its_first_night_until_it_is_back(registry: Registry) -> None:
    first = absent(entries("a", "b"), found(a="a"), registry)
    carried = first.entries()["gone"]
    second = absent(entries("a"), found(a="a"), registry, gone_before=carried, today=date(2026, 12, 5))
    assert second.gone == first.gone
    assert (second.before, second.new) == (2, frozenset())
    assert absent(entries("a"), found(a="a", b="other"), registry, gone_before=carried).gone == ()


@pytest.mark.parametrize(
    ("lost", "is_refused"), [(0, False), (1, False), (4, False), (5, True), (19, True), (20, True)]
)
def test_above_the_declared_share_the_night_is_refused(lost: int, is_refused: bool, registry: Registry) -> None:
    assert registry.night.max_gone_share == 0.2
    names = [f"{number:02}" for number in range(20)]
    here = found(**{name: name for name in names[lost:]})
    words = gone.refusal(absent(entries(*names), here, registry), here, registry)
    assert bool(words) == is_refused
    if 0 < lost < 20 and is_refused:
        assert f"{lost} of 20 deliveries are gone ({lost / 20:.0%}, at most 20% may be)" in words
        assert f"ministry_lists: {lost} gone (ministry_lists/00, " in words
        assert f"{lost * 10} rows of facts rested on them" in words


def test_what_was_lost_night_by_night_is_counted_together(registry: Registry) -> None:
    names = [f"{number:02}" for number in range(20)]
    carried = absent(entries(*names), found(**{n: n for n in names[4:]}), registry).entries()["gone"]
    here = found(**{n: n for n in names[5:]})
    words = gone.refusal(absent(entries(*names[4:]), here, registry, gone_before=carried), here, registry)
    assert "5 of 20 deliveries are gone" in words


def test_an_empty_folder_is_always_refused(registry: Registry) -> None:
    accepting = with_exception(registry, source="ministry_lists")
    for known in (registry, accepting):
        assert "all 2 deliveries are gone" in gone.refusal(absent(entries("a", "b"), [], known), [], known)
    assert "there are no deliveries" in gone.refusal(Absence(), [], registry)


@pytest.mark.parametrize("limits", [{"file": "ministry_lists/b"}, {"source": "ministry_lists"}])
def test_an_exception_accepts_a_delivery_or_a_source(limits: dict[str, str], registry: Registry) -> None:
    accepting = with_exception(registry, **limits)
    here = found(a="a")
    lost = absent(entries("a", "b"), here, accepting)
    assert [g.accepted_by for g in lost.gone] == ["meant"]
    assert (gone.sentences(lost), gone.refusal(lost, here, accepting)) == ((), "")
    assert lost.entries()["gone"][0]["accepted_by"] == "meant"
    left = Delivery("ministry_lists/b", Path(), "ministry_lists", "b")
    assert gone.accepted([left], here, accepting) == {"meant": 1}
    assert gone.accepted([left], found(c="b"), accepting) == {}
    assert gone.accepted([], here, accepting) == {}


def test_an_exception_of_another_delivery_accepts_nothing(registry: Registry) -> None:
    accepting = with_exception(registry, file="ministry_lists/c")
    assert absent(entries("a", "b"), found(a="a"), accepting).gone[0].accepted_by == ""
