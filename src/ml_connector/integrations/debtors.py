"""Whose contact a sales document is in the ledger: its bill-to customer's, or that of the customer's location. Pure.

A location is a contact only as one customer's: where it becomes another customer's, what was sold before stays on the
contact of the former one, and what is sold then goes to one more.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.canonical.master_data import location_id
from ml_connector.canonical.sales import Invoice
from ml_connector.integrations.drafts import followed
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import View

CUSTOMERS, LOCATIONS = "customers", "locations"


@dataclass(frozen=True, slots=True)
class Debtor:
    """``flow``: the one that brings the contact, which has a mapping table of its name; ``id`` is that of its record."""

    flow: str
    id: str
    name: str

    @property
    def pair(self) -> tuple[str, str]:
        """As links and asked records are named."""
        return self.flow, self.id

    @property
    def key(self) -> str:
        """As documents wait for it."""
        return f"{self.flow}:{self.id}"


def debtor(invoice: Invoice, settings: Settings) -> Debtor:
    """Whose contact it is by the setting. A document without a location is its customer's all the same."""
    customer, place = invoice.customer, invoice.location
    name = customer.name or customer.id
    if settings.contact_per == "location" and place.id:
        return Debtor(LOCATIONS, location_id(customer.id, place.id), f"{name}, {place.name or place.id}")
    return Debtor(CUSTOMERS, customer.id, name)


def contact_of(invoice: Invoice, view: View) -> str:
    """The ledger's contact of a document: linked, else the one a person named; merged contacts are followed."""
    whose = debtor(invoice, view.settings)
    chosen = view.mappings[whose.flow].get(whose.id) or ""
    linked = view.links.get(whose.pair, "")
    return followed(linked or (chosen if chosen in view.ledger.parties else ""), view.ledger.parties)
