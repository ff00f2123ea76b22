"""Money: exact decimals in a currency, rounding to the currency's digits, and splits that lose nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction

import msgspec

ZERO = Decimal(0)
# Python's own context keeps 28 digits; a vendor's quantity times its cost may need more.
_EXACT = Context(prec=100)

# ISO 4217 minor units that are not 2.
_NO_MINOR_UNIT = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE_DIGITS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_CODE_LENGTH = 3


class Money(msgspec.Struct, frozen=True, order=False):
    """An amount and its ISO 4217 currency. Sums of two currencies are refused."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.amount + other.amount, self.currency)


def digits(currency: str) -> int:
    """Decimal places of a currency's smallest unit (0, 2 or 3). Raises ValueError unless it is a three-letter code."""
    if len(currency) != _CODE_LENGTH or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code such as USD")
    if currency in _NO_MINOR_UNIT:
        return 0
    return 3 if currency in _THREE_DIGITS else 2


def quantum(currency: str) -> Decimal:
    """The smallest unit of a currency, e.g. 0.01."""
    return Decimal(1).scaleb(-digits(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """``amount`` to the currency's smallest unit, halves away from zero, as ledgers round a line."""
    return amount.quantize(quantum(currency), ROUND_HALF_UP, _EXACT)


def is_exact(amount: Decimal, currency: str) -> bool:
    """Whether ``amount`` has no digits beyond the currency's smallest unit."""
    return amount == rounded(amount, currency)


def decimal(text: str | int | Decimal) -> Decimal:
    """A finite Decimal of a vendor's number. Raises ValueError on NaN, infinities and text that is no number."""
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not value.is_finite():
        raise ValueError(f"{text!r} is not an amount")
    return value


def plain(value: Decimal) -> Decimal:
    """The same number in one spelling: 20.00 and 2E+1 are 20, and -0 is 0. Raises ValueError unless it is finite."""
    if not value.is_finite():
        raise ValueError(f"{value} is not an amount")
    short = _EXACT.plus(value.normalize(_EXACT))  # plus turns -0 into 0
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1), context=_EXACT) if isinstance(exponent, int) and exponent > 0 else short


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """``amount`` in shares proportional to ``weights``, each to the smallest unit, summing to ``amount`` exactly.

    Largest remainder: leftover units go to the largest fractions, earlier ones first. ``amount`` must be exact in
    the currency; weights must not be negative and not all zero. Raises ValueError otherwise.
    """
    if not is_exact(amount, currency):
        raise ValueError(f"{amount} has digits below the smallest unit of {currency}")
    total_weight = sum(map(Fraction, weights), Fraction(0))
    if total_weight <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("shares need weights that are not negative and not all zero")
    unit = quantum(currency)
    units = int(abs(Fraction(amount)) / Fraction(unit))
    exact = [units * Fraction(weight) / total_weight for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(shares)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[: units - sum(shares)]:
        shares[i] += 1
    return tuple(_EXACT.multiply(unit, -share if amount < 0 else share) for share in shares)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, no digit lost; Decimal zero for nothing."""
    found = ZERO
    for amount in amounts:
        found = _EXACT.add(found, amount)
    return found
