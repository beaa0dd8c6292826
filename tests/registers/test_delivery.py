"""What is counted enters the house as a delivery, and the night publishes it under the owner's name."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from persons import register

from flows.registers import counting, delivery, partitions
from flows.registers.partitions import UnfitRegister
from schemas.registry import Registry

KEY = "address_key | area_id | valid_from | valid_to\na1 | vollsmose | 2000-01-01 | -"
PERSONS = "person_id | year | address_key | age | convictions | social_assistance_months | income_dkk\n" + "\n".join(
    f"{person} | {year} | {'a1' if person < 8 else 'x'} | {20 + person} | {person == 1:d} | {person % 3} | 1000{person}"
    for year in (2011, 2012)
    for person in range(12)
)


@pytest.fixture(scope="module")
def delivered(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivery")
    asked = register(folder, registry, PERSONS, KEY)
    figures = counting.figures(counting.counts(asked, registry, folder / "staging"), asked, registry)
    note = partitions.note(asked.folder)
    return delivery.deliver(figures, note, registry, folder / "raw", date(2013, 2, 1))


def test_the_night_takes_in_what_was_counted(delivered: Path, night: Any) -> None:
    text = delivered.read_text(encoding="utf-8").replace("oprindelse: syntetisk", "oprindelse: real")
    night.deliver("register_counts/optaelling_2013-01-31.csv", text)
    profile = night.marts()["area_profile"].filter(area_id="vollsmose", year=2012)
    assert not list(night.quarantine.rglob("optaelling*"))
    figures = {row["indicator"]: row for row in profile.rows(named=True)}
    convicted = figures["convicted_pct"]
    assert (convicted["numerator"], convicted["denominator"], convicted["value"]) == (1, 8, 12.5)
    assert convicted["figure_owner"] == "register_count"
    # Of months 0, 1, 2, 0, 1, 2, 0, 1: 7 of 96.
    assert figures["outside_work_pct"]["value"] == pytest.approx(100 * 7 / 96, abs=0.001)
    assert figures["outside_work_pct"]["numerator"] is None
    assert figures["residents"]["value"] == 8


def test_the_delivery_says_whose_it_is_and_that_it_is_made_up(delivered: Path) -> None:
    head = delivered.read_text(encoding="utf-8").split("Geografi;")[0]
    assert "# kilde: a test: optælling af personregistre" in head
    assert "# oprindelse: syntetisk" in head
    assert "# udgivet: 2013-01-31" in head


def test_an_area_that_the_registry_lacks_is_named(registry: Registry, tmp_path: Path) -> None:
    asked = register(tmp_path, registry, PERSONS, KEY.replace("vollsmose", "nowhere"))
    figures = counting.figures(counting.counts(asked, registry, tmp_path / "staging"), asked, registry)
    with pytest.raises(UnfitRegister, match=r"1 areas that codes/areas\.csv does not have, among them nowhere"):
        delivery.deliver(figures, partitions.note(asked.folder), registry, tmp_path, date(2013, 2, 1))
