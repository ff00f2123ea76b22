"""What canonical documents are made of, whatever they are: references, addresses, applied parts, the tax basis."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum

import msgspec


class Ref(msgspec.Struct, frozen=True, omit_defaults=True):
    """A vendor's reference to another of its documents or list entries; ``name`` and ``number`` as it shows them."""

    id: str = ""
    name: str = ""
    number: str = ""

    def label(self) -> str:
        """What a person calls it: number and name, else the id."""
        return " ".join(part for part in (self.number, self.name) if part) or self.id


class Allocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a payment or credit that is applied to a document; ``amount`` in that document's currency, positive."""

    id: str
    document: Ref
    amount: Decimal
    date: dt.date | None = None


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """A postal address, every part as the vendor spells it."""

    street: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""


class TaxBasis(StrEnum):
    """Whether line amounts contain tax."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"
    NONE = "none"


class Canonical(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="document"):
    """Base of the canonical documents: frozen, and told apart in their encoded form by the field ``document``."""
