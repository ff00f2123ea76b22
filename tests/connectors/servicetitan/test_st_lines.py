"""Line amounts tie to the cent wherever only rounding parts them, and never hide a real difference."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.money import plain, total
from ml_connector.connectors.servicetitan.lines import CENT, cents, line_amounts, product

quantities = st.decimals(-50, 500, places=3)
costs = st.decimals(-20, 900, places=10)
lines = st.lists(st.builds(product, quantities, costs), min_size=1, max_size=12)


@given(lines)
def test_lines_tie_to_the_rounded_sum(exact: list[Decimal]) -> None:
    stated = cents(total(exact))
    amounts = line_amounts(exact, stated)
    assert sum(amounts) == stated
    assert all(amount == cents(amount) for amount in amounts)
    assert all(abs(amount - value) < CENT for amount, value in zip(amounts, exact, strict=True))


@given(lines)
def test_lines_tie_to_the_sum_of_rounded_lines(exact: list[Decimal]) -> None:
    rounded = tuple(cents(value) for value in exact)
    assert line_amounts(exact, total(rounded)) == rounded


@given(lines, st.decimals("0.03", 100, places=2))
def test_a_real_difference_stays(exact: list[Decimal], more: Decimal) -> None:
    rounded = tuple(cents(value) for value in exact)
    stated = max(cents(total(exact)), total(rounded)) + more
    assert line_amounts(exact, stated) == rounded
    assert sum(rounded) != stated


@given(lines)
def test_a_line_of_nothing_gets_no_cent(exact: list[Decimal]) -> None:
    amounts = line_amounts([*exact, Decimal(0)], cents(total(exact)))
    assert amounts[-1] == 0


def test_thirds() -> None:
    third = Decimal("3.3333333333")
    assert line_amounts([third, third, third], Decimal("10.00")) == (Decimal("3.34"), Decimal("3.33"), Decimal("3.33"))


def test_products_lose_no_digit() -> None:
    exact = product(Decimal("1.0000000000000000001"), Decimal("12345678.1234567891"))
    assert str(exact) == "12345678.12345678910123456781234567891"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("20.0000000000", "20"),
        ("1E+3", "1000"),
        ("0.0000", "0"),
        ("-3.10", "-3.1"),
        ("-0.00", "0"),
        ("19.9999999999", "19.9999999999"),
    ],
)
def test_one_number_has_one_spelling(said: str, kept: str) -> None:
    assert str(plain(Decimal(said))) == kept
