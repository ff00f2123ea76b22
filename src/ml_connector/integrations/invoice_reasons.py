"""Why customers and invoices wait or are passed over, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

INVOICE_REASONS = (
    # held: whose it is
    Reason(
        "customer_pending",
        "The customer is not in the ledger yet",
        "Customer {name} is not in the ledger yet.",
        "Nothing to do here: the customer is brought there first, and the invoice follows by itself.",
        Acts.NOBODY,
    ),
    Reason(
        "customer_flow_off",
        "The customer is not in the ledger, and the flow that brings it is off",
        "Customer {name} has no counterpart in the ledger, and the flow that could bring it is off.",
        "Turn the flow {table} on, or fill the row '{key}' of the mapping table {table}.",
    ),
    Reason(
        "customer_unknown",
        "The customer cannot be read",
        "Customer {name} ({key}) is not in ServiceTitan's list of customers.",
        "Check the customer in ServiceTitan; if it was merged, fill the row '{key}' of the mapping table {table}.",
    ),
    Reason(
        "location_unknown",
        "The location is not this customer's",
        "ServiceTitan's list of locations does not show {name} ({key}): the location has become another customer's, or "
        "somebody else is billed for it.",
        "Nothing is billed to a contact of somebody else. Correct customer or location in ServiceTitan, or fill the row "
        "'{key}' of the mapping table {table} with the id of the contact that owes it. A location that is new there comes "
        "by itself.",
    ),
    Reason(
        "customer_ambiguous",
        "A customer looks like one that is there already",
        "Customer {name} looks like {candidates} in the ledger, but that alone is no proof.",
        "Fill the row '{key}' of the mapping table {table} with the right contact's id, or with 'new'.",
    ),
    Reason(
        "customer_taken",
        "A ledger contact is claimed by two customers",
        "Customer {name} points to the ledger's {target}, which is already linked to another ServiceTitan customer "
        "or location{holder}.",
        "Decide in the mapping table {table} which of the two it is; give the other one 'new'. If they are one, merge "
        "them in ServiceTitan.",
    ),
    Reason(
        "customer_unknown_there",
        "A mapped ledger contact does not exist",
        "The mapping table sends customer {name} to the ledger's contact {target}, which does not exist there.",
        "Correct the row '{key}' of the mapping table {table}.",
    ),
    Reason(
        "customer_inactive",
        "The customer is archived in the ledger",
        "The ledger's contact {target} for {name} is archived.",
        "Restore it in the ledger (that cannot be done from here){other}.",
    ),
    Reason(
        "customer_incomplete",
        "A customer lacks a name",
        "Customer {key} has no name in ServiceTitan.",
        "Give it a name in ServiceTitan.",
    ),
    Reason(
        "location_incomplete",
        "A location lacks a name",
        "Location {key} has neither a name nor a street in ServiceTitan, or its customer has no name.",
        "Give it a name in ServiceTitan.",
    ),
    Reason(
        "customer_merged",
        "A customer was merged into one that is not in the ledger yet",
        "ServiceTitan has merged {name} into {survivor}, who has no counterpart in the ledger yet.",
        "Nothing to do here: documents that still name {name} go to the contact of {survivor} as soon as there is one.",
        Acts.NOBODY,
    ),
    # held: amounts and tax
    Reason(
        "sales_tax_unmapped",
        "A tax zone has no tax in the ledger",
        "It carries tax of {amount} of the zone {zone}, and nobody has said which tax of the ledger that is.",
        "Fill the row '{key}' of the mapping table {table} with the ledger's tax.",
    ),
    Reason(
        "sales_tax_without_zone",
        "Tax of no zone",
        "It carries tax of {amount}, and ServiceTitan names no tax zone for it.",
        "Give it a tax zone in ServiceTitan, or fill the row '{key}' of the mapping table {table} with the ledger's tax.",
    ),
    Reason(
        "exempt_unmapped",
        "The tax type of what is not taxed is not named",
        "It has lines without tax, and nobody has said which tax type of the ledger stands for that.{known}",
        "Fill the row '{key}' of the mapping table {table} with a tax type of no rate.",
    ),
    Reason(
        "tax_type_unusable",
        "A mapped tax cannot be used",
        "The mapping table sends {zone} to the tax {target}, which cannot be used: {why}.",
        "Correct the row '{key}' of the mapping table {table}, or the tax in the ledger.",
    ),
    Reason(
        "tax_without_line",
        "Tax without a line that is taxed",
        "It carries tax of {amount} ({zone}), and no line that is charged is taxed by that zone.",
        "Mark the taxed lines in ServiceTitan, or take the tax away there; it is read again by itself.",
    ),
    Reason(
        "discount_unspread",
        "A discount has no line to be taken off",
        "It has a discount of {amount}, which cannot be taken off its lines: {why}.",
        "Make the discount a line in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "no_due_date",
        "It has no due date",
        "It has no due date, which {ledger} is to be given, and {why}.",
        "Give it a due date or payment terms in ServiceTitan; it is read again by itself.",
    ),
    # held: identity
    Reason(
        "invoice_twice",
        "Suspected duplicate invoice",
        "{where} already has {number} of this customer with the same total {total} ({other}).",
        "If it is the same document, {same}. If it is another one, give it another number in the mapping table "
        "{table} (row '{key}').",
    ),
    Reason(
        "invoice_number_taken",
        "An invoice number is used twice",
        "{where} already has {number} of this customer, with another total: {total} there, {stated} here ({other}).",
        "Find out which of the two is right; if both are, give this one another number in the mapping table "
        "{table} (row '{key}').",
    ),
    Reason(
        "invoice_number_elsewhere",
        "Suspected duplicate: the number is taken",
        "{where} has number {number} on {taken} over {total} ({other}). This one is over {stated}, and the ledger takes each "
        "number once.",
        "Give this one another number in the mapping table {table} (row '{key}'){instead}.",
    ),
    # held: what it follows
    Reason(
        "adjusted_pending",
        "The invoice that a credit corrects is not in the ledger yet",
        "It corrects invoice {key} of ServiceTitan, which is not in the ledger yet; the credit is to be applied to it.",
        "Nothing to do if that invoice is on its way. If it is not to be posted, link it with what stands for it, or release "
        "this one: then the credit is posted and stays open.",
    ),
    Reason(
        "kept_back_posted",
        "Posted in ServiceTitan, and kept back by a reviewer",
        "Its batch is posted in ServiceTitan, and its review keeps it back ({words}).",
        "Finish the review in ServiceTitan; it is read again by itself.",
    ),
    # held: changes
    Reason(
        "left_scope",
        "Posted, and of another business unit now",
        "It was posted, and belongs to business unit {name} in ServiceTitan now, which is not in this integration's "
        "scope. It stands in the ledger as it was, with what is paid on it.",
        "Give it its business unit back in ServiceTitan, or add the new one to the setting business_units; or release "
        "it, and it stays in these books and follows as before; or take it back in the ledger, payments first, and "
        "dismiss it.",
    ),
    Reason(
        "change_when_paid",
        "Changed after something of it was paid",
        "It was changed in ServiceTitan after it was posted: {what}. The ledger shows {there}, of which {settled} is paid, "
        "credited or applied; so no amount of it is changed in {ledger}, nor is the document voided there.",
        "Take the payment or credit off it in the ledger, and it goes on by itself; or correct it in ServiceTitan by an "
        "adjustment.",
    ),
    Reason(
        "change_not_sent",
        "A change that is not made in the ledger",
        "It was changed in ServiceTitan after it was posted: {what}. The ledger shows {there}. {why}.",
        "Compare both versions; correct it in the ledger or in ServiceTitan, then replay the record or dismiss it.",
    ),
    Reason(
        "void_there",
        "Changed, and void in the ledger",
        "It was changed in ServiceTitan after it was posted: {what}. The ledger shows {there}, and {ledger} uses no number "
        "a second time.",
        "If it is to be posted again, give it another number in the mapping table {table} (row '{key}'); else "
        "dismiss the record.",
    ),
    # skipped
    Reason(
        "invoice_not_yet",
        "Not yet at the gate",
        "It is {state}; it goes when it is {gate}.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "kept_back",
        "Kept back by a reviewer",
        "A reviewer keeps it back in ServiceTitan ({words}).",
        "Nothing to do here: it goes when its review is finished and it has come to the gate.",
        Acts.NOBODY,
    ),
    Reason(
        "invoice_inactive",
        "Inactive or deleted",
        "It is inactive in ServiceTitan and was never posted.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("empty", "Nothing is charged", "No line of it charges anything.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "customer_merged_away",
        "Merged into another customer",
        "ServiceTitan has merged {name} into {survivor}; its documents go to the contact of that one.",
        "Nothing to do; where both have contacts with documents in the ledger, merge these there, too.",
        Acts.NOBODY,
    ),
    Reason(
        "not_batched",
        "Not posted in ServiceTitan when it went",
        "It was {state} in ServiceTitan when it went to the ledger, and only a posted batch is marked as exported.",
        "Nothing to do: it is looked at again when ServiceTitan shows it posted, and marked then.",
        Acts.NOBODY,
    ),
)
