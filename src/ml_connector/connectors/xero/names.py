"""Names of contacts as Xero takes them."""

from __future__ import annotations

_BRACKETS = str.maketrans("<>", "()")


def spelled(name: str) -> str:
    """The name without angle brackets, and without spaces in front, behind or doubled."""
    return " ".join(name.translate(_BRACKETS).split())
