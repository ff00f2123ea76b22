"""Invoice numbers and firm names as keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.numbers import name_key, number_key


@pytest.mark.parametrize(
    "same",
    [
        ("INV-00123", "inv 123", "Inv123", "INV/123", "inv_0123"),
        ("000123", "123", " 1-2-3 ", "00-123"),
        ("24-00123", "2400123", "24 00123"),
        ("A0", "a-00"),
        ("Ⅳ-7", "iv7"),
        ("０1２", "12"),
    ],
)
def test_numbers_that_a_bookkeeper_calls_the_same(same: tuple[str, ...]) -> None:
    assert len({number_key(one) for one in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("100", "1"), ("10", "1"), ("A1", "B1"), ("12-01", "121"), ("0", ""), ("INV-10", "INV-1")]
)
def test_numbers_that_are_two(one: str, other: str) -> None:
    assert number_key(one) != number_key(other)


@given(st.text())
def test_a_number_key_is_its_own_key(number: str) -> None:
    assert number_key(number_key(number)) == number_key(number)


@given(st.from_regex(r"[A-Z]{0,4}[0-9]{1,9}", fullmatch=True), st.data())
def test_dashes_spaces_and_leading_zeros_change_nothing(number: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(number)))
    mark = data.draw(st.sampled_from(["-", " ", "--", "/", "_", " - "]))
    assert number_key(number[:at] + mark + number[at:]) == number_key(number)
    letters = number.rstrip("0123456789")
    assert number_key(letters + "00" + number[len(letters) :]) == number_key(number)
    assert number_key(number.lower()) == number_key(number)


@pytest.mark.parametrize(
    "same",
    [
        ("Johnstone Supply, Inc.", "JOHNSTONE SUPPLY", "Johnstone  Supply LLC", "The Johnstone Supply Co."),
        ("Müller & Söhne GmbH", "Muller and Sohne"),
        ("The Company", "the company"),
    ],
)
def test_names_of_one_firm(same: tuple[str, ...]) -> None:
    assert len({name_key(one) for one in same}) == 1


def test_names_of_two_firms() -> None:
    assert name_key("Johnstone Supply") != name_key("Johnson Supply")
    assert name_key("Co") != ""


@given(st.text())
def test_a_name_key_is_never_empty_where_the_name_has_a_letter_or_digit(name: str) -> None:
    assert name_key(name) or not any(c.isascii() and c.isalnum() for c in name)
