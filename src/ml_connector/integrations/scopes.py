"""Which documents an integration is about: all, or those of some business units. No document may be in two."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.base import IntegrationType

BACK = "parties_back"  # the setting of an integration whose ledger may change the parties of its source


def documents_of(kind: IntegrationType) -> frozenset[str]:
    """The names of its flows that post documents of its source; parties and what is only tracked may be in several."""
    flows = (one for one in kind.flows if one.dated and not one.tracks and not one.follows)
    return frozenset(one.name for one in flows if one.source_vendor == kind.source_vendor)


def units_of(settings: Any) -> frozenset[str]:
    """The business units it is limited to; empty for all. ``settings`` may be as they are stored."""
    stated = settings.get("business_units") if isinstance(settings, dict) else getattr(settings, "business_units", ())
    return frozenset(stated or ())


def writes_back(kind: IntegrationType, settings: Any, live: Collection[str]) -> bool:
    """Whether the ledger's customers and vendors change those of the source. ``settings`` may be as they are stored.

    An integration without a setting for that writes them back where one of its ``live`` flows does.
    """
    if BACK not in kind.settings.__struct_fields__:
        return not parties_back(kind).isdisjoint(live)
    stated = settings.get(BACK) if isinstance(settings, dict) else getattr(settings, BACK, None)
    return stated == "yes"


def parties_back(kind: IntegrationType) -> frozenset[str]:
    """The names of its flows that take the ledger's customers and vendors to the source."""
    return frozenset(one.name for one in kind.flows if one.mirrors and one.mirrored == "parties")


def overlap(one: Collection[str], other: Collection[str]) -> bool:
    """Whether a document may be in both scopes, given as business units; none stands for all."""
    return not one or not other or not set(one).isdisjoint(other)


def is_in(document: Document, units: Collection[str]) -> bool:
    """Whether a document is in a scope by its own business unit. A payment or credit memo goes with the invoices it is on."""
    if isinstance(document, Payment) and document.splits:
        return False
    if isinstance(document, Invoice) and document.kind == "credit note" and document.allocations:
        return False
    unit = getattr(document, "business_unit", None)
    return not units or (unit is not None and unit.id in units)
