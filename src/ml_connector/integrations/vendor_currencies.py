"""The currency of a vendor's contact in the ledger: a contact has one, which it keeps once anything stands on it.

A vendor who is owed in two has a contact for each; which one takes the other currency a person says, by a row of the mapping
table vendors whose key is the vendor's id, a space and the currency.
"""

from __future__ import annotations

from typing import Any

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.purchases import Bill
from ml_connector.integrations.checks import check_currency
from ml_connector.integrations.decisions import Hold, waiting
from ml_connector.integrations.drafts import Draft, followed, is_code
from ml_connector.integrations.views import View

DOCUMENT = "document"  # of the setting new_vendor_currency


def currency_key(vendor_id: str, currency: str) -> str:
    """The row of the mapping table vendors for what is owed in that currency."""
    return f"{vendor_id} {currency}"


def as_documents(settings: Any) -> bool:
    """Whether new vendors are made in the currency of what waits for them."""
    return getattr(settings, "new_vendor_currency", "") == DOCUMENT


def contact_in(vendor_id: str, currency: str, view: View) -> str:
    """The ledger's contact that a person has chosen for a vendor's documents in that currency; empty for none."""
    chosen = view.mappings["vendors"].get(currency_key(vendor_id, currency)) or ""
    return chosen if chosen in view.ledger.parties else ""


def check_vendor_currency(bill: Bill, contact: str, view: View, draft: Draft) -> None:
    """The bill's currency is known, and its vendor's contact is kept in it, or may be made in it."""
    known = view.ledger.parties.get(followed(contact, view.ledger.parties))
    foreign = is_code(draft.currency) and draft.currency != view.ledger.organisation.currency
    if known is not None and known.currency and is_code(draft.currency) and known.currency != draft.currency:
        _other_currency(bill, known, view, draft)
    elif not (foreign and not contact and as_documents(view.settings)):
        check_currency(contact, "vendor", view, draft)


def _other_currency(bill: Bill, known: Party, view: View, draft: Draft) -> None:
    key = currency_key(bill.vendor.id, draft.currency)
    told = {"source": draft.currency, "target": known.currency, "name": known.name, "ledger": view.ways.title}
    draft.wait(waiting("vendor_other_currency", "mapping", f"vendors:{key}", **told))


def currency_of_new(vendor: Party, view: View) -> str | Hold:
    """The currency in which a new contact is made, empty for the ledger's own; held where what waits for it is in several.

    What a person has chosen another contact for does not count.
    """
    if not as_documents(view.settings):
        return ""
    home = view.ledger.organisation.currency
    wanted = [one for one in view.asked_in if not contact_in(vendor.id, one, view)]
    if len(wanted) < 2:
        return wanted[0] if wanted and wanted[0] != home else ""
    told = {"name": vendor.name, "currencies": " and ".join(wanted), "ledger": view.ways.title}
    others = [one for one in wanted if one != home] if home in wanted else wanted[1:]
    waits = (f"vendors:{currency_key(vendor.id, one)}" for one in others)
    return Hold(tuple(waiting("vendor_two_currencies", "mapping", key, **told) for key in waits))
