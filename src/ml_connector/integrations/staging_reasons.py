"""Why what is staged for approval waits or is passed over, in a bookkeeper's words. Both systems are named by the pair."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.cost_center_reasons import COST_CENTER_REASONS
from ml_connector.integrations.reason import Reason

_BY_ITSELF = "it goes on by itself."

STAGING_REASONS = (
    *COST_CENTER_REASONS,
    # held: suppliers
    Reason(
        "supplier_pending",
        "The supplier is not in the target yet",
        "Vendor {name} is not a supplier in {target} yet.",
        "Nothing to do here: the supplier is brought there first, and this follows by itself. If the vendor's own record is "
        "held, see there.",
        Acts.NOBODY,
    ),
    Reason(
        "supplier_flow_off",
        "The vendor is no supplier yet, and the vendors flow is off",
        "Vendor {name} has no supplier in {target}, and the flow that could bring it is off.",
        "Turn the vendors flow on, or fill the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "supplier_unread",
        "The vendor was not read",
        "Vendor {name} ({key}) is not in {source}'s list of vendors.",
        "See in {source} whether it was merged or deleted; or fill the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "supplier_gone",
        "The supplier is not there any more",
        "The supplier {id} of vendor {name} is not shown by {target} any more.",
        "Have the {target} administrator restore it; " + _BY_ITSELF,
    ),
    Reason(
        "supplier_inactive",
        "The supplier is inactive",
        "Supplier {name} is inactive in {target}.",
        "Have it made active in {target}; " + _BY_ITSELF,
    ),
    Reason(
        "supplier_without_code",
        "A supplier has no ERP supplier code",
        "Supplier {name} has no ERP supplier code in {target}, by which documents name it.",
        "Have the {target} administrator enter {number} as its code for this ledger; " + _BY_ITSELF,
    ),
    Reason(
        "supplier_without_name",
        "A vendor lacks a name",
        "Vendor {key} has no name in {source}.",
        "Give it a name in {source}; it is read again by itself.",
    ),
    Reason(
        "supplier_ambiguous",
        "A vendor looks like a supplier that is there",
        "Vendor {name} looks like {candidates} in {target}, which is no proof.",
        "Fill the row '{key}' of the mapping table vendors with the right supplier's id, or with 'new'.",
    ),
    Reason(
        "supplier_taken",
        "A supplier is claimed twice",
        "Vendor {name} points to supplier {other} of {target}, which is linked to another vendor of {source} already.",
        "Decide in the mapping table vendors which of the two it is; give the other one 'new'.",
    ),
    Reason(
        "supplier_row_unknown",
        "A mapped supplier does not exist",
        "The mapping table sends vendor {name} to supplier {id}, which {target} does not show.",
        "Correct the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "supplier_row_inactive",
        "A vendor's supplier is inactive",
        "Supplier {other} of {target}, which vendor {name} is matched with, is inactive.",
        "Have it made active in {target}, or fill the row '{key}' of the mapping table vendors with another one's id.",
    ),
    Reason(
        "supplier_changed",
        "A vendor was changed after its supplier was linked",
        "Vendor {name} was changed in {source}: {what}. Suppliers are not changed from here, lest a payment is diverted.",
        "Ask the vendor on a number you know whether it is right; have it entered in {target}, or correct it in {source}; "
        "then dismiss this record with the reason.",
    ),
    Reason(
        "remit_to_differs",
        "The vendor is paid somewhere else there",
        "Vendor {name} is paid at {mine} by {source}, and at {theirs} by {target}.",
        "Ask the vendor on a number you know which is right, and correct the other one; an approver may release the "
        "document where both are.",
    ),
    Reason(
        "remit_to_missing",
        "The vendor's address is incomplete",
        "{target} demands the whole remit-to address of a payment, and vendor {name} lacks in {source}: {missing}.",
        "Complete the vendor's address in {source}; it goes on by itself as soon as the vendor is read again.",
    ),
    Reason(
        "remit_to_unread",
        "The vendor was not read",
        "{target} demands the whole remit-to address of a payment, and vendor {name} ({key}) was not read from {source}.",
        "It goes on by itself as soon as the vendor is read; see in {source} whether it was merged or deleted. If it was, "
        "enter the payment in {target} by hand and dismiss this record.",
    ),
    Reason(
        "remit_to_erased",
        "The vendor was erased here",
        "{target} demands the whole remit-to address of a payment, and vendor {name} was erased here with its address.",
        "Enter the payment in {target} by hand, then dismiss this record.",
    ),
    # held: bills
    Reason(
        "gl_account_unmapped",
        "A ledger account has no GL account there",
        "Account {account} stands in {source} on {lines}, and no GL account of {target} is mapped to it.",
        "Fill the row '{key}' of the mapping table accounts; everything that waits for it goes on by itself.",
    ),
    Reason(
        "gl_account_unknown",
        "A mapped GL account does not exist",
        "The {what} names GL account {id}, which {target} does not show.",
        "Correct it, or have the {target} administrator load the account; " + _BY_ITSELF,
    ),
    Reason(
        "gl_account_unusable",
        "A mapped GL account cannot be used",
        "GL account {name}, which the {what} names, {why} in {target}.",
        "Have the {target} administrator correct the account, or name another one; " + _BY_ITSELF,
    ),
    Reason(
        "gl_account_of_other_entity",
        "A GL account belongs to another legal entity",
        "GL account {name} is of legal entity {theirs} in {target}, and the bill goes to legal entity {ours}.",
        "Name another account in the mapping table accounts or another entity in legal_entities, or have the account opened "
        "to the bill's entity in {target}; " + _BY_ITSELF,
    ),
    Reason(
        "legal_entity_unmapped",
        "The bill's legal entity is not known",
        "The bill has {place} in {source}, and no legal entity of {target} is mapped to it.",
        "Fill the row {row}, which counts for every bill without a row of its own.",
    ),
    Reason(
        "legal_entity_unknown",
        "A mapped legal entity cannot be used",
        "The {what} names legal entity {id}, which {target} does not show as active with a company code.",
        "Correct the row, or have the {target} administrator correct the entity; " + _BY_ITSELF,
    ),
    Reason(
        "terms_unknown",
        "Mapped payment terms cannot be used",
        "The {what} names payment terms {id}, which {target} does not show as active.",
        "Correct the row, or take it away: the bill then goes with its due date alone.",
    ),
    Reason(
        "line_tax_unknown",
        "The tax in a line is not known",
        "The amounts of the bill contain tax, and {source} does not tell how much of it is in {lines}.",
        "Enter the bill without tax in its amounts in {source}, or open and save it there; it is read again by itself.",
    ),
    Reason(
        "staged_currency_unknown",
        "The currency is not known",
        "{source} shows {currency}, and {target} takes ISO 4217 codes alone, such as USD.",
        "Correct the currency in {source}, where it is read again by itself; where it shows none at all, set the "
        "integration's currency to the company's.",
    ),
    Reason(
        "bill_without_date",
        "The bill has no date",
        "The bill has no date in {source}.",
        "Give it one there; it is read again by itself.",
    ),
    Reason(
        "bill_incomplete",
        "The bill's lines are missing",
        "The bill says {stated}, but not all of it can be seen in {source}: {why}.",
        "See that the connection may read bills in full detail, then replay this record.",
    ),
    Reason(
        "bill_does_not_tie",
        "The bill's parts do not give its total",
        "Lines, tax and charges come to {computed}, but the total says {stated}: {apart} apart.",
        "Correct the bill in {source}; it is read again by itself.",
    ),
    Reason(
        "staged_total_differs",
        "The rows of a bill come to another total",
        "The rows for {target} come to {computed}, {source} says {stated}.",
        "Report it with the record's number: the connector's arithmetic is at fault.",
        Acts.US,
    ),
    Reason(
        "changed_after_staging",
        "Changed after it was staged",
        "It was changed in {source} after it was staged in {target}, where it is {state} now: {what}.",
        "Have the invoice corrected in {target}, or take the change back in {source}. Where header, lines and tax lines "
        "coalesce in {target}, set edits to send: then such changes are staged again until the invoice is approved.",
    ),
    Reason(
        "changed_after_decision",
        "Changed after it was decided there",
        "It was changed in {source}, and in {target} it is {state} already: {what}. Such an invoice is never touched.",
        "Compare both. Correct the difference in {source} with a bill or credit of its own, or have the invoice cancelled "
        "in {target}; then dismiss this record with the reason.",
    ),
    Reason(
        "staged_gone",
        "What was staged is not there any more",
        "It was changed in {source}, and {target} does not show its invoice {id} any more: {what}.",
        "See in {target} who removed it and why; it goes on by itself once it is shown again. If nothing is to be there, "
        "dismiss this record with the reason.",
    ),
    Reason(
        "staged_not_ours",
        "Changed, and the invoice there was not made here",
        "It was changed in {source}: {what}. The invoice {id} in {target} that it is linked with was not made from here.",
        "Have it corrected in {target}, then dismiss this record with the reason.",
    ),
    Reason(
        "staged_lines_lost",
        "Changed, and it has fewer lines or taxes than were staged",
        "It was changed in {source}, and lacks a line or a tax now that was staged: {what}. What is not sent again stays in "
        "{target}.",
        "Have the invoice corrected in {target}, then dismiss this record with the reason.",
    ),
    Reason(
        "void_after_staging",
        "Void or deleted in the ledger, and still there",
        "It was {what} in {source} after it was staged; in {target} invoice {number} is {state}.",
        "Have it cancelled in {target}: as soon as it shows so, this record is settled by itself. If it was approved or paid "
        "there, enter it again in {source}.",
    ),
    # held: payments
    Reason(
        "staged_bill_pending",
        "The bill is not staged yet",
        "It pays bill {number}, which is not in {target} yet.",
        "Nothing to do if the bill is on its way: this follows by itself. If that is held, see there.",
    ),
    Reason(
        "staged_bill_flow_off",
        "The bill is not staged, and the bills flow is off",
        "It pays bill {number}, which is not in {target}, and the flow that could bring it is off.",
        "Turn the bills flow on; it goes on by itself.",
    ),
    Reason(
        "staged_bill_unread",
        "The bill was never read",
        "It pays bill {number}, which {source} did not list from the start date on.",
        "Nothing to do at first: the bill is asked for alone, and what pays one from before the start date is left out. If "
        "this stays, see in {source} whether the bill was deleted, and correct the payment there; or dismiss this record "
        "with the reason.",
    ),
    Reason(
        "payment_method_unmapped",
        "A payment mode has no method there",
        "Nobody has said which method of {target} payments by {name} are made by.",
        "Fill the row '{key}' of the mapping table payment_methods with one of {choices}.",
    ),
    Reason(
        "payment_without_date",
        "The payment has no date",
        "The payment has no date in {source}.",
        "Give it one there; it is read again by itself.",
    ),
    Reason(
        "vendor_payment_does_not_tie",
        "A payment's parts do not give its amount",
        "The payment is over {stated} in {source}, but {applied} of it is on bills and {unapplied} on none.",
        "Correct the payment in {source}; it is read again by itself.",
    ),
    Reason(
        "payment_total_differs",
        "The rows of a payment come to another sum",
        "The rows for {target} come to {computed}, and {stated} is to be staged.",
        "Report it with the record's number: the connector's arithmetic is at fault.",
        Acts.US,
    ),
    Reason(
        "payment_changed_after_staging",
        "A payment was changed after it was staged",
        "It was changed in {source} after its rows were staged in {target}: {what}. Nothing that is staged is taken back.",
        "Have the payment details of the invoice corrected in {target}, or take the change back in {source}; then dismiss "
        "this record with the reason.",
    ),
    Reason(
        "payment_left_in_part",
        "Taken back in the ledger, and a part of it still there",
        "It was {what} in {source} after {target} had taken in a part: payment detail {number} of {date} over {amount}.",
        "Have that detail cancelled or removed in {target}: as soon as it shows so, this record is settled by itself. "
        "If it was paid after all, enter the payment again in {source}.",
    ),
    # passed over
    Reason(
        "not_a_cost_center",
        "No cost centre",
        "{name} is none of the dimensions that are cost centres by the setting cost_center_from.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "cost_center_by_row",
        "The mapping table says it",
        "Bills on {name} go by the row '{key}' of the mapping table cost_centers.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("no_vendor", "No vendor", "{name} is a customer.", "Nothing to do.", Acts.NOBODY),
    Reason("void_in_ledger", "Void", "It was {what} in {source}.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "not_in_books_yet",
        "Not in the ledger's books yet",
        "It is {state} in {source}; it is staged once it is in the books there.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "staged_before_start",
        "Before the start date",
        "It is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is never staged; a bill is linked where there is exactly one of the same "
        "vendor, number and total.",
        Acts.NOBODY,
    ),
    Reason(
        "staged_payment_twin",
        "Suspected duplicate of a payment",
        "{target} already shows a payment of {amount} on the invoice of bill {number}, of {date}, that was not made here "
        "(id {id}).",
        "If it is the same payment, link this record with {id}. If the vendor was paid twice, release this record.",
    ),
    Reason(
        "vendor_refund",
        "Money back from a vendor",
        "It is over {amount}: money that a vendor gave back, and {target} takes payments alone.",
        "Nothing to do here; the vendor's credit is staged as a credit memo.",
        Acts.NOBODY,
    ),
    Reason(
        "not_applied_yet",
        "Not applied yet",
        "Its {amount} are on no bill.",
        "Nothing to do: it is staged as soon as it is applied to a bill.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_of_older_bills",
        "It pays bills from before the start date",
        "It pays {bills}, older than the start date {start} and not in {target}.",
        "Nothing to do: what was before the start is never staged.",
        Acts.NOBODY,
    ),
    Reason(
        "credit_listed",
        "A credit applied to bills",
        "Of the vendor's credit {amount} are applied to bills in {source}; in {target} the credit memo shows it alone.",
        "Nothing to do. To have it staged as a payment of these bills, set applied_credits to a payment method.",
        Acts.NOBODY,
    ),
)
