"""Customers and vendors of ServiceTitan and contacts of Zoho Books, both ways: flows and tables."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ml_connector.integrations.customer_flow import Customers, Locations
from ml_connector.integrations.debtors import CUSTOMERS, LOCATIONS
from ml_connector.integrations.decisions import Decision, skip
from ml_connector.integrations.further_contacts import ADD, SETTING
from ml_connector.integrations.offers import Offer
from ml_connector.integrations.party_back import PartiesBack
from ml_connector.integrations.receivable_tables import LocationTable, PartyTable
from ml_connector.integrations.views import View

# Read without it, the list has vendors alone, as bills need them.
BOTH_KINDS = {"parties": {"contact_type": "both"}}


class ZohoCustomers(Customers):
    """Customers that a document needs, by the rules of every ledger."""

    title = "Customers: ServiceTitan to Zoho Books"
    target_vendor = "zoho_books"
    target_options = BOTH_KINDS

    def reading_options(self, settings: Any) -> dict[str, str]:
        return {SETTING: ADD} if settings.further_contacts == ADD else {}

    def _further(self, view: View) -> bool:
        return bool(view.settings.further_contacts == ADD)


class ZohoLocations(Locations):
    """Locations of customers, each a contact of its own where ``contact_per`` says so."""

    title = "Customers' locations: ServiceTitan to Zoho Books"
    target_vendor = "zoho_books"
    target_options = BOTH_KINDS


class _Back(PartiesBack):
    """Contacts of one type, which each has for good, so no document is needed to know it.

    Each that has changed is read in full, a call each: no list shows addresses. What was deleted is looked for; what was
    merged is not there any more either, see ``sync.vanished``.
    """

    source_vendor = "zoho_books"
    begins_anew = False
    tells_deleted = False

    def reading_options(self, settings: Any) -> dict[str, str]:
        return {"contact_type": self.party_kind, "details": "yes"}

    def not_live(self, settings: Any, scopes: Collection[str]) -> str:
        if settings.parties_back == "yes":
            return ""
        return (
            "This integration writes nothing back to ServiceTitan: set parties_back=yes first, in the one integration whose "
            "ledger may change customers and vendors there."
        )

    def plan(self, view: View) -> Decision:
        if view.settings.parties_back == "no":
            return skip("not_written_back", name=getattr(view.document, "name", ""))
        return super().plan(view)


class ZohoCustomersBack(_Back):
    """Contacts of type customer."""

    name = "customers_back"
    title = "Customers: Zoho Books to ServiceTitan"
    mirrors = parties = "customers"
    party_kind = "customer"


class ZohoVendorsBack(_Back):
    """Contacts of type vendor."""

    name = "vendors_back"
    title = "Vendors: Zoho Books to ServiceTitan"
    mirrors = parties = "vendors"
    party_kind = "vendor"


OFFER = Offer(
    flows=(ZohoCustomers(), ZohoLocations(), ZohoCustomersBack(), ZohoVendorsBack()),
    tables=(
        PartyTable(
            CUSTOMERS, "ServiceTitan customer id", "Zoho contact id, or new", "customers", "parties", ("new",)
        ),
        LocationTable(
            LOCATIONS, "ServiceTitan customer id, hyphen, location id", "Zoho contact id, or new", "locations",
            "parties", ("new",),
        ),
    ),
    skipped_by_settings=("parties_baseline", "contact_not_wanted", "party_gives_way", "not_written_back", "party_status_left",
                         "contact_archived"),
    held_by_settings=("status_refused",),
    not_possible=(
        "A customer without a whole address cannot be created in ServiceTitan, which demands one: it waits.",
        "Zoho Books does not tell into which contact another was merged: a customer's link goes over where all its documents "
        "name one that is like it and that no other party of ours has, and a vendor's waits for a person.",
        "Zoho Books does not tell what was deleted: a whole reading finds what is gone. What was posted, or is linked, is "
        "then asked for by its id, twenty in each round after what is due was sent, and counts as gone only if that says so "
        "too; without such a reading it is asked for twice.",
    ),
)  # fmt: skip
