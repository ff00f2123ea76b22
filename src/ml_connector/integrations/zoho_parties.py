"""Customers of ServiceTitan, and their locations, as contacts of Zoho Books: flows and tables."""

from __future__ import annotations

from ml_connector.integrations.customer_flow import Customers, Locations
from ml_connector.integrations.debtors import CUSTOMERS, LOCATIONS
from ml_connector.integrations.offers import Offer
from ml_connector.integrations.receivable_tables import LocationTable, PartyTable

# Read without it, the list has vendors alone, as bills need them.
BOTH_KINDS = {"parties": {"contact_type": "both"}}


class ZohoCustomers(Customers):
    """Customers that a document needs, by the rules of every ledger."""

    title = "Customers: ServiceTitan to Zoho Books"
    target_vendor = "zoho_books"
    target_options = BOTH_KINDS


class ZohoLocations(Locations):
    """Locations of customers, each a contact of its own where ``contact_per`` says so."""

    title = "Customers' locations: ServiceTitan to Zoho Books"
    target_vendor = "zoho_books"
    target_options = BOTH_KINDS


OFFER = Offer(
    flows=(ZohoCustomers(), ZohoLocations()),
    tables=(
        PartyTable(
            CUSTOMERS, "ServiceTitan customer id", "Zoho contact id, or new", "customers", "parties", ("new",)
        ),
        LocationTable(
            LOCATIONS, "ServiceTitan customer id, hyphen, location id", "Zoho contact id, or new", "locations",
            "parties", ("new",),
        ),
    ),
    skipped_by_settings=("parties_baseline",),
)  # fmt: skip
