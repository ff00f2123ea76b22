"""How tracked inventory bills and the ledger's payable bills agree, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

TRACKING_REASONS = (
    Reason(
        "matched",
        "Received and billed",
        "Bill {there} of {name} over {billed} is in the ledger: {evidence}.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "received_not_billed",
        "Received, not billed",
        "Goods for {amount} came from {name} on {date}, and {missing}.",
        "Enter the vendor's bill in the ledger when it comes, under the number that ServiceTitan shows; until then it is "
        "owed and not in the books.",
    ),
    Reason(
        "billed_not_received",
        "Billed, not received",
        "The ledger has bill {there} of {name} over {billed}, and ServiceTitan has no inventory bill for it.",
        "Receive the goods in ServiceTitan if they came; else dispute the bill, or correct its number or vendor.",
    ),
    Reason(
        "price_difference",
        "Billed at another price",
        "{name} bills {billed} under number {there}, and ServiceTitan shows {amount} as received: {difference}.",
        "Compare the lines with the vendor's paper, and correct whichever is wrong: the bill in the ledger, or cost and "
        "quantity in ServiceTitan. A bill for several deliveries shows its difference at the first.",
    ),
    Reason(
        "currencies_differ",
        "Billed in another currency",
        "{name} bills {billed} under number {there}, and ServiceTitan shows {amount} as received: the currencies differ, so "
        "the two sums are not compared.",
        "Compare both with the vendor's paper: correct the currency of the bill in the ledger, or of the business unit in "
        "ServiceTitan. If both are right, check the amount at the day's rate.",
    ),
    Reason(
        "match_suggested",
        "Probably billed under another number",
        "Bill {there} of {name} in the ledger has the same total, {billed}, and names order {order}; ServiceTitan has "
        "number {number}.",
        "If it is the same, link this record with {id}, or give one of the two the other's number.",
    ),
    Reason(
        "several_candidates",
        "Several bills may be meant",
        "The ledger has several bills of {name} that may be this one: {candidates}.",
        "Link this record with the one that is meant, or correct the numbers; void the others if they are the same bill.",
    ),
    Reason(
        "tracking_credit",
        "A credit is not tracked",
        "Its total is {amount}: goods went back to the vendor, and credits of vendors are not read from the ledger.",
        "Nothing to do here; look for the vendor's credit note in the ledger.",
        Acts.NOBODY,
    ),
    Reason(
        "tracking_zero",
        "Nothing to bill",
        "Its total is zero, so no bill is expected.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
)
