"""A secret that does not show itself by accident."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn


class Secret:
    """Secret bytes. Printing, formatting, logging and pickling never show them; only `reveal` does."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value: Final = value

    def reveal(self) -> bytes:
        """The bytes themselves. Call it where they are used, and keep the result in no structure."""
        return self._value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(redacted)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")
