"""Recoding as it is asked for and told: posted documents brought to what a mapping table says today. Pure."""

from __future__ import annotations

from decimal import Decimal

import msgspec

RECODED = "-recoded-"  # in the reference of a step that recodes, between our own and the job's number


class Recoding(msgspec.Struct, frozen=True):
    """A job that a person has asked for, as a planner sees it. ``keys`` of the mapping table; all of them when empty."""

    id: int
    table: str
    keys: frozenset[str] = frozenset()

    def asks(self, *keys: str) -> bool:
        """Whether it is about one of these rows."""
        return not self.keys or not self.keys.isdisjoint(keys)

    def reference(self, own: str) -> str:
        """The reference of its step on a record, which no other job's step has."""
        return f"{own}{RECODED}{self.id}"


class Coded(msgspec.Struct, frozen=True):
    """One line that gets another coding: ``what`` (account, tracking or tax type) it ``was`` and ``becomes``, in words.

    ``amount`` without tax in the document's currency, negative on a credit.
    """

    line: str
    what: str
    was: str
    becomes: str
    amount: Decimal
