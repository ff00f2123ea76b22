"""Why bills and new vendors wait whose currency is not the vendor's contact's, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.integrations.reason import Reason

VENDOR_CURRENCY_REASONS = (
    Reason(
        "vendor_other_currency",
        "The vendor's contact is kept in another currency",
        "It is in {source}, but the vendor's contact {name} in {ledger} is kept in {target}.",
        "Nothing is converted: fill the row '{key}' of the mapping table vendors with the id of a contact of theirs kept "
        "in {source}; make one in {ledger} if there is none.",
    ),
    Reason(
        "vendor_two_currencies",
        "A new vendor is wanted in two currencies",
        "Vendor {name} is not in {ledger}, and what waits for it is in {currencies}; a contact there has one currency.",
        "Make a contact of that vendor in {ledger} for the other currency, and fill the row '{key}' of the mapping table "
        "vendors with its id; then the vendor is made in the one that is left.",
    ),
)
