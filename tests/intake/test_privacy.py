"""The guard against personal numbers. The numbers here are published samples, or made up on the spot."""

import random
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.intake.faults import Refusal
from flows.intake.formats import read
from flows.intake.privacy import WEIGHTS, holds_cpr_number, lines_with_cpr_numbers
from schemas.registry import Registry

PUBLISHED_SAMPLE = "070761-4285"  # the CPR office's own example of the check by modulus 11


def valid(born: date, start: int) -> str:
    """A number of this date of birth that passes modulus 11, by trying serial numbers from `start`."""
    for serial in range(start, start + 1000):
        digits = [int(digit) for digit in f"{born:%d%m%y}{serial:04d}"]
        if sum(w * d for w, d in zip(WEIGHTS, digits, strict=True)) % 11 == 0:
            return "".join(map(str, digits))
    raise AssertionError("one in eleven passes")


@pytest.mark.parametrize("mark", ["-", "", " "])
@pytest.mark.parametrize("around", ["{}", "Boligområde;{};12", 'navn "{}"', "({})", "cpr:{}."])
def test_a_number_is_found_in_every_writing(mark: str, around: str) -> None:
    assert holds_cpr_number(around.format(PUBLISHED_SAMPLE.replace("-", mark)))


@given(st.dates(date(1937, 1, 1), date(1999, 12, 31)), st.sampled_from((0, 1000, 2000, 3000, 4000, 9000)))
def test_every_number_with_the_check_is_found(born: date, start: int) -> None:
    number = valid(born, start)
    assert holds_cpr_number(number)
    assert holds_cpr_number(f"{number[:6]}-{number[6:]}")


CENTURIES = {
    0: {0: 1900, 36: 1900, 37: 1900, 57: 1900, 58: 1900, 99: 1900},
    3: {0: 1900, 36: 1900, 37: 1900, 57: 1900, 58: 1900, 99: 1900},
    4: {0: 2000, 36: 2000, 37: 1900, 57: 1900, 58: 1900, 99: 1900},
    5: {0: 2000, 36: 2000, 37: 2000, 57: 2000, 58: 1800, 99: 1800},
    8: {0: 2000, 36: 2000, 37: 2000, 57: 2000, 58: 1800, 99: 1800},
    9: {0: 2000, 36: 2000, 37: 1900, 57: 1900, 58: 1900, 99: 1900},
}


@pytest.mark.parametrize("seventh", CENTURIES)
def test_the_seventh_digit_and_the_year_give_the_century(seventh: int) -> None:
    """The CPR office's table, at the edges of its ranges. Births that lie ahead are of nobody."""
    for year, century in CENTURIES[seventh].items():
        number = valid(date(century + year, 6, 15), 1000 * seventh)
        assert number[6] == str(seventh)
        assert holds_cpr_number(number) == (date(century + year, 6, 15) < datetime.now(UTC).date()), (seventh, year)


@given(st.dates(date(2008, 1, 1), date(2020, 12, 31)), st.integers(4000, 8999))
def test_numbers_given_after_the_check_was_given_up_are_found(born: date, serial: int) -> None:
    assert holds_cpr_number(f"{born:%d%m%y}{serial:04d}")


@pytest.mark.parametrize(
    "text", ["2.200.000.000", "310299-1234", "000000-0000", "2010;9.259;54,4", "12345678901", "0101;101"]
)
def test_ordinary_figures_pass(text: str) -> None:
    assert not holds_cpr_number(text)


def test_ordinary_numbers_of_ten_digits_pass_at_the_stated_rate() -> None:
    chance = random.Random(7)
    tries = 60_000
    alarms = sum(holds_cpr_number(f"{chance.randrange(10**10):010d}") for _ in range(tries))
    assert 1 / 200 < alarms / tries < 1 / 120


def test_a_delivery_with_one_is_refused_with_its_line_and_without_the_number(registry: Registry) -> None:
    content = f"# kilde: prøve\n# udgivet: 2012\nMåltal;Værdi\nx;{PUBLISHED_SAMPLE}\n".encode()
    with pytest.raises(Refusal) as refused:
        read(content, registry.layouts["pool_totals"], registry.sources["pool_totals"])
    assert refused.value.rule == "cpr_number"
    assert refused.value.detail == "line 4"


def test_only_the_lines_are_named() -> None:
    assert lines_with_cpr_numbers(["a", PUBLISHED_SAMPLE, "b", PUBLISHED_SAMPLE]) == [2, 4]
