"""Money: rounding, splits and sums that never gain or lose a unit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ml_connector.canonical.money import Money, decimal, digits, is_exact, plain, quantum, rounded, split, total

CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
WEIGHTS = st.lists(st.decimals(0, 10**6, places=10), min_size=1, max_size=30)


@st.composite
def amounts(draw: st.DrawFn) -> tuple[Decimal, str]:
    currency = draw(CURRENCIES)
    return draw(st.integers(-(10**12), 10**12)) * quantum(currency), currency


@given(amounts(), WEIGHTS)
def test_a_split_sums_exactly_keeps_the_sign_and_is_proportional_within_one_unit(
    amount_in: tuple[Decimal, str], weights: list[Decimal]
) -> None:
    amount, currency = amount_in
    assume(any(weights))
    shares = split(amount, weights, currency)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert is_exact(share, currency)
        assert share == 0 or (share < 0) == (amount < 0)
        assert abs(share - amount * weight / sum(weights)) < quantum(currency) + Decimal("1e-9")
        assert weight or not share


def test_a_split_with_weights_of_very_different_size_sums_exactly() -> None:
    tiny = Decimal("1e-40")
    assert [*split(Decimal("0.02"), [1 - tiny, tiny, 1 - tiny], "USD")] == [Decimal("0.01"), 0, Decimal("0.01")]


def test_left_over_units_go_to_the_largest_remainders_earlier_ones_first() -> None:
    third = split(Decimal("10.00"), [Decimal(1)] * 3, "USD")
    assert third == (Decimal("3.34"), Decimal("3.33"), Decimal("3.33"))
    assert [*split(Decimal(-1), [Decimal(1), Decimal(2)], "JPY")] == [0, -1]


@pytest.mark.parametrize(
    ("amount", "weights"), [("0.001", ["1"]), ("1", ["0", "0"]), ("1", ["2", "-1"]), ("1", []), ("1", ["-1"])]
)
def test_a_split_that_has_no_meaning_is_refused(amount: str, weights: list[str]) -> None:
    with pytest.raises(ValueError, match=r"digits below|need weights"):
        split(Decimal(amount), [Decimal(one) for one in weights], "USD")


@given(st.decimals(-(10**14), 10**14, places=12), CURRENCIES)
def test_rounding_moves_by_half_a_unit_at_most_and_halves_go_away_from_zero(amount: Decimal, currency: str) -> None:
    near = rounded(amount, currency)
    assert is_exact(near, currency)
    assert abs(total([near, -amount])) <= quantum(currency) / 2
    assert rounded(-amount, currency) == -near


def test_halves_are_rounded_away_from_zero() -> None:
    assert rounded(Decimal("0.005"), "USD") == Decimal("0.01")
    assert rounded(Decimal("-2.5"), "JPY") == -3


@pytest.mark.parametrize(("currency", "places"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("EUR", 2), ("UGX", 0)])
def test_the_digits_of_a_currency(currency: str, places: int) -> None:
    assert digits(currency) == places


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDX", "U$D", "US1", "ÄBC"])
def test_what_is_no_currency_code_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        digits(currency)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "", "12,50", "$5", "sNaN"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a"):
        decimal(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25))
def test_the_plain_spelling_is_the_same_number_and_one_text(value: Decimal) -> None:
    short = plain(value)
    assert short == value
    assert str(plain(value + Decimal("0.000000000000")))[:60] == str(short) or len(value.as_tuple().digits) > 16
    assert "E+" not in str(short)
    assert str(plain(short)) == str(short)


def test_the_plain_spelling_refuses_what_is_no_number() -> None:
    assert [str(plain(Decimal(one))) for one in ("1E+2", "-0.00", "1.10", "100")] == ["100", "0", "1.1", "100"]
    with pytest.raises(ValueError, match="not an amount"):
        plain(Decimal("NaN"))


def test_a_sum_loses_no_digit() -> None:
    assert total([Decimal(10**30), Decimal("0.01")]) == Decimal("1000000000000000000000000000000.01")
    assert total([]) == 0


def test_two_currencies_are_never_added() -> None:
    assert Money(Decimal(1), "USD") + Money(Decimal(2), "USD") == Money(Decimal(3), "USD")
    with pytest.raises(ValueError, match="USD and EUR"):
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")
