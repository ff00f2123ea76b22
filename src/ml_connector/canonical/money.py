"""Money: exact decimals in a currency, rounding to the currency's digits, and splits that lose nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation

import msgspec

ZERO = Decimal(0)

# ISO 4217 minor units that are not 2. A currency that is not a known code is refused by `digits`.
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
    return amount.quantize(quantum(currency), ROUND_HALF_UP)


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


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """``amount`` in shares proportional to ``weights``, each to the smallest unit, summing to ``amount`` exactly.

    Largest remainder: leftover units go to the largest fractions, earlier ones first. ``amount`` must be exact in
    the currency; weights must not be negative and not all zero. Raises ValueError otherwise.
    """
    if not is_exact(amount, currency):
        raise ValueError(f"{amount} has digits below the smallest unit of {currency}")
    total = sum(weights, ZERO)
    if total <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("shares need weights that are not negative and not all zero")
    unit = quantum(currency)
    exact = [abs(amount) * weight / total for weight in weights]
    shares = [share.quantize(unit, ROUND_DOWN) for share in exact]
    left = int((abs(amount) - sum(shares, ZERO)) / unit)
    by_remainder = sorted(range(len(shares)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[:left]:
        shares[i] += unit
    sign = -1 if amount < 0 else 1
    return tuple(sign * share for share in shares)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, Decimal zero for nothing."""
    return sum(amounts, ZERO)
