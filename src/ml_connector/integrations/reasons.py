"""Why a document waits, is passed over, or was refused: a code, a sentence a bookkeeper understands, and the way out.

Sentences are templates; their fields are filled where the facts are known.
"""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.invoice_reasons import INVOICE_REASONS
from ml_connector.integrations.reason import Reason

_ALL = (
    # held: a value is missing
    Reason(
        "account_unmapped",
        "A GL account has no counterpart",
        "ServiceTitan account {key} is used on {lines}, and no account of the ledger is mapped to it.",
        "Fill the row '{key}' of the mapping table accounts; everything that waits for it goes on by itself.",
    ),
    Reason(
        "account_missing",
        "A line has no GL account",
        "No GL account stands in ServiceTitan on {lines}.",
        "Give it an account in ServiceTitan, or fill the row '(none)' of the mapping table accounts.",
    ),
    Reason(
        "account_inactive",
        "A mapped ledger account is inactive",
        "The ledger account {name} that the {what} names is inactive.",
        "Make it active in the ledger, or put another account into the {what}.",
    ),
    Reason(
        "account_not_postable",
        "A mapped ledger account takes no document lines",
        "The ledger does not let document lines use account {name}, which the {what} names.",
        "Put an account into the {what} that lines may use: no bank account, and none that the ledger keeps itself.",
    ),
    Reason(
        "account_unknown",
        "A mapped ledger account does not exist",
        "The {what} names ledger account {target}, which does not exist there.",
        "Correct the {what}.",
    ),
    Reason(
        "tax_unmapped",
        "Tax without a rule",
        "The bill carries tax of {amount} ({zone}), and nobody has said how tax of that zone is booked.",
        "Fill the row '{key}' of the mapping table tax: cost, account:<id>, tax:<id>, or shares such as "
        "'40% cost, 60% account:<id>'.",
    ),
    Reason(
        "tax_without_zone",
        "Tax of no zone, without a rule",
        "The bill carries tax of {amount}, ServiceTitan names no tax zone for it (receipts never have one), and nobody "
        "has said how such tax is booked.",
        "Fill the row '{key}' of the mapping table tax{other}: cost, account:<id>, tax:<id>, or shares such as "
        "'40% cost, 60% account:<id>'.",
    ),
    Reason(
        "tax_rule_unusable",
        "A tax rule cannot be applied",
        "The rule '{rule}' for {zone} cannot be applied: {why}.",
        "Correct the row '{key}' of the mapping table tax.",
    ),
    Reason(
        "freight_unmapped",
        "Freight without an account",
        "The bill carries {what} of {amount}, and no account is set for it.",
        "Set {setting} of the integration to a ledger account, or to 'lines' to spread it over the lines.",
    ),
    Reason(
        "charge_unspread",
        "A charge has no line to carry it",
        "The bill carries {what} of {amount}, which cannot be spread over its lines: {why}.",
        "Set {setting} of the integration to a ledger account.",
    ),
    Reason(
        "business_unit_unmapped",
        "A business unit has no counterpart",
        "Business unit {name} has no counterpart in the ledger.",
        "Fill the row '{key}' of the mapping table business_units (a tag or tracking option, a location, or 'none').",
    ),
    Reason(
        "dimension_inactive",
        "A mapped option or location is inactive",
        "The {what} that business unit {name} is mapped to is inactive or gone in the ledger.",
        "Make it active in the ledger, or correct the row '{key}' of the mapping table business_units.",
    ),
    Reason(
        "tag_mandatory",
        "The ledger demands a tag we have no value for",
        "The ledger demands the tag {name} on every line, and no mapping gives it a value.",
        "Map the business units to options of {name}, or make the tag optional in the ledger.",
    ),
    Reason(
        "unsuitable",
        "The ledger cannot take it as it is",
        "{why}",
        "Correct the document at its source, or the mapping or setting that is named.",
    ),
    # held: a party
    Reason(
        "vendor_pending",
        "The vendor is not in the ledger yet",
        "Vendor {name} is being brought to the ledger first.",
        "Nothing to do here: the bill follows by itself.",
        Acts.NOBODY,
    ),
    Reason(
        "vendor_flow_off",
        "The vendor is not in the ledger, and the vendors flow is off",
        "Vendor {name} has no counterpart in the ledger, and the flow that could bring it is off.",
        "Turn the vendors flow on, or fill the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "vendor_unknown",
        "The vendor cannot be read",
        "Vendor {name} ({key}) of this bill is not in ServiceTitan's list of vendors.",
        "Check the vendor in ServiceTitan; if it was merged, fill the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "vendor_ambiguous",
        "A vendor looks like one that is there already",
        "Vendor {name} looks like {candidates} in the ledger, but a name alone is no proof.",
        "Fill the row '{key}' of the mapping table vendors with the right contact's id, or with 'new'.",
    ),
    Reason(
        "vendor_taken",
        "A ledger vendor is claimed twice",
        "Vendor {name} points to the ledger's {target}, which is already linked to another ServiceTitan vendor.",
        "Decide in the mapping table vendors which of the two it is; give the other one 'new'.",
    ),
    Reason(
        "vendor_unknown_there",
        "A mapped ledger vendor does not exist",
        "The mapping table sends vendor {name} to the ledger's contact {target}, which does not exist there.",
        "Correct the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "vendor_inactive",
        "The vendor is inactive in the ledger",
        "The ledger's vendor {target} for {name} is inactive.",
        "Make it active in the ledger{other}.",
    ),
    Reason(
        "vendor_incomplete",
        "A vendor lacks a name",
        "Vendor {key} has no name in ServiceTitan.",
        "Give it a name in ServiceTitan.",
    ),
    # held: amounts
    Reason(
        "does_not_tie",
        "The parts do not give the total",
        "Lines, tax and charges come to {computed}, but the total says {stated}: {difference} apart.",
        "Correct it in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "hidden_lines",
        "Part of the bill cannot be seen",
        "The bill says {stated}, but what can be seen of it comes to {computed}: the right {scope} is missing.",
        "Let the ServiceTitan administrator accept the app's newest version with the scope {scope}: seen within an hour.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "status_unseen",
        "The bill's status cannot be seen",
        "{why}",
        "{first}; or set unseen_status to post: then every bill without a status goes, also those that are cancelled, in "
        "discrepancy or marked 'do not pay'.",
    ),
    Reason(
        "never_reconciled",
        "Whether the bill is reconciled cannot be seen",
        "Bills go when they are reconciled, and only AP bills tell. {why}",
        "{first}; or set gate to received or posted.",
    ),
    Reason(
        "lines_missing",
        "Lines are missing",
        "The total says {stated}, but what can be seen comes to {computed}. {why}",
        "Complete it in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "target_total_differs",
        "The ledger would compute another total",
        "The ledger's own arithmetic makes it {target}, ServiceTitan says {stated}.",
        "Allow a rounding line in the settings (rounding_account, up to 0.05), or correct the tax rule.",
    ),
    Reason(
        "currency_unknown",
        "The currency is not known",
        "Neither the business unit nor the company states a currency for it.",
        "Set the company's currency in the integration's settings.",
    ),
    Reason(
        "currency_differs",
        "Two currencies",
        "It is in {source}, but {what} is in {target}.",
        "Nothing is converted by guess: link the party with a ledger contact in {source}.",
    ),
    # held: identity
    Reason(
        "same_number_same_total",
        "Suspected duplicate",
        "{where} already has bill {number} of this vendor with the same total {total} ({other}).",
        "If it is the same bill, {same}. If it is another one, give it another number in the mapping table bill_numbers "
        "(row '{key}').",
    ),
    Reason(
        "same_number_other_total",
        "The vendor's invoice number is used twice",
        "{where} already has bill {number} of this vendor, with another total: {total} there, {stated} here ({other}).",
        "Two deliveries on one invoice? Give this one another number in the mapping table bill_numbers (row '{key}'), "
        "or put both into one bill.",
    ),
    Reason(
        "breaker",
        "More new documents at once than usual",
        "{count} new documents{sum} came in one reading of {flow}, which knew {known} before; more than {percent} % of "
        "that at once is asked about first, and none of them was sent.",
        "Look at the source whether they are right. 'ml-connector breaker accept {key}' lets them go on, "
        "'ml-connector breaker dismiss {key} WHY' passes them over.",
    ),
    Reason(
        "already_exported",
        "Exported before we first saw it",
        "ServiceTitan says that it was exported before it was first seen here: some ledger may have it.",
        "Look for it in the ledger. If it is not there, release it; if it is, link it.",
    ),
    Reason(
        "conflict",
        "The ledger has something else under our reference",
        "Under the reference {reference} the ledger shows {other}. To be posted was: {ours}.",
        "Compare both and decide which is right: correct the one in the ledger or void it, then replay the record; or link "
        "the record with it.",
    ),
    Reason(
        "gone_there",
        "What is to be changed is not in the ledger any more",
        "The change or removal of document {id} cannot be made: the ledger does not show the document any more.",
        "See in the ledger who removed it and why. If it is to be there again, enter it there and link the record with it; "
        "else dismiss the record with the reason.",
    ),
    Reason(
        "never_arrives",
        "Sent again and again, and never arrived",
        "It was tried {times} times; it never got a clear answer, and was provably not there afterwards. The last time: "
        "{why}.",
        "Ask the other system's support what it has against it, or correct it at the source; then replay the record.",
    ),
    Reason(
        "cut_off",
        "Cut off while it was being sent, again and again",
        "Each of the {times} times it was being sent, the worker ended before there was an answer; the document was "
        "provably not there afterwards.",
        "See in the service's log and on its machine (memory, restarts) why the worker ended; then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "changed_after_posting",
        "Changed after it was posted",
        "It was changed in ServiceTitan after it was posted: {what}.",
        "Compare both versions; correct it in the ledger or in ServiceTitan.",
    ),
    # held: permission and time
    Reason(
        "period_closed",
        "The period is closed",
        "It is dated {date}; the ledger is closed through {closed}.",
        "Open the period, then release it; or give it a later date in ServiceTitan. It keeps its date when it is "
        "released: a period that is still locked in the ledger refuses it. It never goes by itself.",
        Acts.APPROVER,
        for_version=True,
    ),
    Reason(
        "discrepancy",
        "The bill has a discrepancy",
        "ServiceTitan marks this bill as having a discrepancy.",
        "Settle it in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "do_not_pay",
        "Marked 'do not pay'",
        "ServiceTitan marks this bill 'do not pay'.",
        "Take the mark away in ServiceTitan when it is settled.",
    ),
    Reason(
        "no_date",
        "It has no date",
        "It has no {what} in ServiceTitan.",
        "Give it a date in ServiceTitan.",
    ),
    Reason(
        "preview_changed",
        "Changed since the preview was approved",
        "What would be posted now is not what the approved preview showed: {changes}.",
        "Look at it as it is now, then release it; where its flow is in preview it is shown and approved again.",
        Acts.APPROVER,
    ),
    Reason(
        "defect",
        "A defect of this product",
        "This document could not be handled ({problem}): a defect of this product.",
        "Report it with the record's number; after the correction, replay the record.",
        Acts.US,
    ),
    # skipped
    Reason(
        "not_yet",
        "Not yet at the gate",
        "The bill is {state}; it goes when it is {gate}.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("canceled", "Cancelled", "The bill is cancelled in ServiceTitan.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "has_bill",
        "The receipt has a bill of its own",
        "ServiceTitan made bill {bill} of this receipt.",
        "Nothing to do here. If the bills are to be posted, set bill_source to bills; that is possible until the first "
        "document is posted.",
        Acts.NOBODY,
    ),
    Reason(
        "dismissed",
        "Dismissed by a person",
        "A person said that nothing is to be done about it.",
        "Replay it if that was wrong.",
        Acts.NOBODY,
    ),
    Reason(
        "other_source",
        "Read before bill_source was changed",
        "It is a {kind}, and bill_source says that {source} are posted: the same delivery never goes twice.",
        "Nothing to do here. If such documents are to be posted instead, change bill_source back; that is possible until "
        "the first document is posted.",
        Acts.NOBODY,
    ),
    Reason("zero", "Nothing to post", "Its total is zero.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "before_start",
        "Before the start date",
        "It is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is never posted; it is linked where the ledger has exactly one of "
        "the same party, number and total.",
        Acts.NOBODY,
    ),
    Reason(
        "no_mark",
        "Receipts cannot be marked",
        "It was posted from a receipt, which ServiceTitan's API cannot mark as exported.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "linked_already",
        "Linked already",
        "{name} is linked; what changes in ServiceTitan afterwards is not sent.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("not_needed", "Not needed yet", "No document needs it.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "out_of_scope",
        "Not in this integration's scope",
        "Business unit {name} is not in this integration's scope.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    # payments, held: what a type is, and amounts
    Reason(
        "payment_type_unmapped",
        "A payment type nobody has decided about",
        "Nobody has said what payments of type {name} are in the ledger.",
        "Fill the row '{key}' of the mapping table payment_types: account:<id> for money on a clearing or bank account, "
        "write-off:<id> or fee:<id> for what moves no money, or none.",
    ),
    Reason(
        "payment_type_unusable",
        "The row of a payment type cannot be understood",
        "The row for payments of type {name} cannot be understood: {why}.",
        "Correct the row '{key}' of the mapping table payment_types.",
    ),
    Reason(
        "payment_does_not_tie",
        "A payment's parts do not give its amount",
        "The payment is over {stated}, but {applied} of it is on invoices and {unapplied} on none.",
        "Correct the payment in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "payment_both_signs",
        "Money in and money out in one payment",
        "One part of the payment is money received and another is money given back; the ledger books them apart.",
        "Make two payments of it in ServiceTitan, or enter it in the ledger and dismiss this record with the reason.",
    ),
    Reason(
        "account_takes_no_payments",
        "A mapped account takes no payments",
        "Account {name}, which the {what} names, is kept by the ledger itself and takes no payments.",
        "Put a bank account into the {what}, or one that the ledger is set to take payments on.",
    ),
    Reason(
        "no_money_on_bank",
        "A bank account for what moves no money",
        "Payments of type {type} move no money, but the {what} names the bank account {name}.",
        "Put the expense or write-off account into the {what}: its balance at the bank would never agree.",
    ),
    # payments, held: the invoice
    Reason(
        "invoice_pending",
        "The invoice is not in the ledger yet",
        "The payment is on invoice {number}, which is not in the ledger yet.",
        "Nothing to do here if the invoice is on its way: the payment follows by itself. If it is held, see there; if it is "
        "from before the start date, link it with the ledger's.",
    ),
    Reason(
        "invoice_flow_off",
        "The invoice is not in the ledger, and the invoices flow is off",
        "The payment is on invoice {number}, which is not in the ledger, and the flow that could bring it is off.",
        "Turn the invoices flow on, or enter the payment in the ledger and dismiss this record with the reason.",
    ),
    Reason(
        "invoice_unknown",
        "The invoice was never read",
        "The payment is on invoice {number}, which was not read from ServiceTitan.",
        "Read the invoices from an earlier date, and link this one with the ledger's; the payment follows by itself.",
    ),
    Reason(
        "invoice_not_open",
        "The ledger's invoice takes no payment",
        "Invoice {number} is {state} in the ledger, and only approved invoices take payments.",
        "Approve the invoice in the ledger, or correct the invoice that the payment is on; it goes on by itself.",
    ),
    Reason(
        "invoice_owes_less",
        "More is paid than the invoice owes",
        "Invoice {number} owes {owed} in the ledger, and the payment puts {amount} on it.",
        "Compare the payments of the invoice on both sides: was one entered in the ledger by hand? Correct the one that is "
        "wrong; it goes on by itself.",
    ),
    Reason(
        "payment_twin",
        "Suspected duplicate of a payment",
        "The ledger already shows a payment of {amount} on invoice {number}, of {date}, that was not made here (id {id}).",
        "If it is the same payment, link this record with {id}. If the customer did pay twice, release this record.",
    ),
    # payments, held: the customer, and credits
    Reason(
        "payer_missing",
        "The customer is not in the ledger",
        "Customer {name} has no counterpart in the ledger, and this money is on no invoice that would tell whose it is.",
        "It goes on when the customers flow brings it; if that is off, turn it on, or fill the row '{key}' of the mapping "
        "table customers.",
    ),
    Reason(
        "payer_inactive",
        "The customer is archived in the ledger",
        "The ledger's contact {target} for customer {name} is archived.",
        "Restore it in the ledger.",
    ),
    Reason(
        "refund_without_credit",
        "Money given back on an invoice",
        "The payment gives money back on {number}, which is an invoice in the ledger and no credit note.",
        "Enter an adjustment with a negative total in ServiceTitan and put the refund on it; or book it in the ledger and "
        "dismiss this record with the reason.",
    ),
    Reason(
        "refund_of_nothing",
        "A refund of nothing",
        "The payment gives money back, and names neither an adjustment nor the payment that it refunds.",
        "Put it on the adjustment in ServiceTitan; or book it in the ledger and dismiss this record with the reason.",
    ),
    Reason(
        "refunded_pending",
        "The refunded payment is not in the ledger yet",
        "The payment gives back payment {id}, which is not in the ledger.",
        "It goes on by itself when that payment is there; if that one is held, see there.",
    ),
    Reason(
        "refund_of_applied",
        "The refunded money is on an invoice",
        "The payment gives back payment {id}, of which nothing is left unapplied in the ledger.",
        "Enter an adjustment in ServiceTitan and put the refund on it; or take that payment off its invoice there.",
    ),
    Reason(
        "credit_used_up",
        "The credit is used up",
        "The payment gives back {amount} of the {credit} {id}, which has {left} left in the ledger.",
        "See in the ledger what the {credit} is applied to, and take back there what is wrong; it goes on by itself.",
    ),
    Reason(
        "credit_unapplied",
        "A write-off or fee on no invoice",
        "Payments of type {name} move no money, and {amount} of this one is on no invoice.",
        "Put all of it on invoices in ServiceTitan.",
    ),
    Reason(
        "credit_negative",
        "A write-off or fee that is taken back",
        "Payments of type {name} move no money, and this one is negative: the invoice would owe more again.",
        "Reverse the first one in ServiceTitan instead: its credit note is then removed. Or enter it in the ledger and "
        "dismiss this record with the reason.",
    ),
    Reason(
        "write_off_tax_unseen",
        "The tax of the written-off invoice is not known yet",
        "A write-off takes the tax of invoice {number} back in its share, and the lines of that invoice are not known yet.",
        "It goes on by itself when the invoice has been read; or set write_off_tax to none.",
    ),
    Reason(
        "write_off_tax_unclear",
        "The tax of the written-off invoice cannot be shared",
        "Invoice {number} has lines without a tax rate, or negative ones, so nobody can tell the tax in a part of it.",
        "Enter the write-off in the ledger and dismiss this record with the reason; or set write_off_tax to none.",
    ),
    # payments, held: changed after they were posted
    Reason(
        "payment_reconciled",
        "Reconciled with the bank",
        "Payment {id} over {amount} is reconciled with the bank in the ledger, and ServiceTitan changed it since: {what}.",
        "What is reconciled is never undone by itself. Undo the reconciliation in the ledger, and it goes on; or correct the "
        "payment in ServiceTitan.",
    ),
    Reason(
        "advance_stands",
        "An over- or prepayment cannot be changed",
        "The {credit} {id} over {amount} does not fit the payment any more, which was changed in ServiceTitan: {what}. The "
        "ledger lets nobody but people remove one.",
        "Remove it in the ledger, and it goes on by itself; or correct the payment in ServiceTitan.",
    ),
    Reason(
        "applied_by_hand",
        "A credit that was applied by hand",
        "People have put credit {id} on invoice {number} in the ledger, and ServiceTitan says otherwise now.",
        "Take it off that invoice in the ledger, and it goes on by itself; or correct the payment in ServiceTitan.",
    ),
    Reason(
        "removed_there",
        "Removed in the ledger",
        "Document {id} of this payment was removed in the ledger, and ServiceTitan changed the payment since: {what}.",
        "See in the ledger who removed it and why. Reverse the payment in ServiceTitan if that was right; else enter it in "
        "the ledger as it is now, and dismiss this record with the reason.",
    ),
    Reason(
        "posted_unseen",
        "A document of the ledger is not shown",
        "The ledger's document {id}, which this payment changes or gives back, is not among those that were read.",
        "It goes on by itself when the ledger shows it; if it was deleted there, dismiss this record with the reason.",
    ),
    Reason(
        "payment_not_ours",
        "A linked payment was changed",
        "The payment was changed in ServiceTitan: {what}. Its counterpart {id} in the ledger was not entered from here.",
        "Change it in the ledger as far as that is right, then dismiss this version with the reason.",
    ),
    Reason(
        "moved_before_start",
        "Moved before the start date",
        "The payment is dated {date} now, before the start date {start}, and would have to be entered anew.",
        "Correct the date in ServiceTitan; or change the payment in the ledger and dismiss this version with the reason.",
    ),
    # orders, held
    Reason(
        "order_account_unmapped",
        "Lines of orders have no account",
        "No account of the ledger is named for {lines} of the order; ServiceTitan shows none on orders.",
        "Fill the row '{key}' of the mapping table order_accounts; rows '(tax)' and '(shipping)' may name other accounts.",
    ),
    Reason(
        "order_does_not_tie",
        "The order's parts do not give its total",
        "Lines, tax and shipping come to {computed}, but the order says {stated}: {difference} apart.",
        "Correct the order in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "order_total_differs",
        "The ledger would compute another total of an order",
        "The ledger's own arithmetic makes this order {target}, ServiceTitan says {stated}.",
        "Correct its lines in ServiceTitan, or set order_lines to total.",
    ),
    Reason(
        "order_without_number",
        "An order without a number",
        "The order has no number in ServiceTitan, and the ledger knows orders by theirs.",
        "Fill the row '{key}' of the mapping table order_numbers, or give it a number in ServiceTitan.",
    ),
    Reason(
        "order_vendor_pending",
        "The order's vendor is not in the ledger yet",
        "Vendor {name} is being brought to the ledger first.",
        "Nothing to do here: the order follows by itself.",
        Acts.NOBODY,
    ),
    Reason(
        "order_vendor_unknown",
        "The order's vendor cannot be read",
        "Vendor {name} ({key}) of this order is not in ServiceTitan's list of vendors.",
        "Check the vendor in ServiceTitan, or fill the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "order_same_total",
        "Suspected duplicate of an order",
        "{where} already has order {number} of this vendor with the same total {total} ({other}).",
        "If it is the same order, {same}. If it is another one, give it another number in the mapping table order_numbers "
        "(row '{key}').",
    ),
    Reason(
        "order_other_total",
        "An order number is used twice",
        "{where} already has order {number} of this vendor, with another total: {total} there, {stated} here ({other}).",
        "Give this one another number in the mapping table order_numbers (row '{key}'), or correct one of the two.",
    ),
    Reason(
        "order_billed",
        "Changed after it was billed",
        "Order {number} is billed in the ledger, and ServiceTitan changed it since: {what}.",
        "Compare the order with its bill ({id} is the order's id); correct what is wrong, then dismiss this version with the "
        "reason.",
    ),
    Reason(
        "order_gone",
        "The order was deleted in the ledger",
        "Order {id} was deleted in the ledger, and ServiceTitan changed it since: {what}.",
        "See who deleted it and why. Cancel it in ServiceTitan if that was right; else enter it in the ledger under another "
        "number and link the record with it.",
    ),
    Reason(
        "order_not_ours",
        "A linked order was changed",
        "The order was changed in ServiceTitan: {what}. The ledger's {number} ({id}) was not entered from here.",
        "Change it in the ledger as far as that is right, then dismiss this version with the reason.",
    ),
    Reason(
        "order_lines_unpaired",
        "Lines cannot be told apart",
        "Lines of order {number} were changed in the ledger and in ServiceTitan ({what}), and nothing tells which is which.",
        "Change the order in the ledger as far as that is right, then dismiss this version with the reason.",
    ),
    # payments and orders, skipped
    Reason(
        "payment_reversed",
        "Reversed",
        "The payment is reversed in ServiceTitan, and was never posted.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("payment_zero", "No amount", "The payment's amount is zero.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "payment_by_rule",
        "Not booked, by rule",
        "The mapping table payment_types says that payments of type {name} are not booked.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_before_start",
        "Payment before the start date",
        "The payment is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is never posted.",
        Acts.NOBODY,
    ),
    Reason(
        "order_canceled", "Order cancelled", "The order is cancelled in ServiceTitan.", "Nothing to do.", Acts.NOBODY
    ),
    Reason("order_empty", "Nothing ordered", "The order has no amounts.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "order_before_start",
        "Order before the start date",
        "The order is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is never posted; it is linked where the ledger has exactly one order of "
        "the same vendor, number and total.",
        Acts.NOBODY,
    ),
)

# Refused by the other system: its own message is shown, and these words where there is none.
_REFUSED = (
    Reason(
        "rejected",
        "The other system said no",
        "It was refused: {message}",
        "Correct the record or its mapping, then replay it.",
    ),
    Reason(
        "invalid_value",
        "The ledger does not accept a value",
        "A value was refused: {message}",
        "Check the mapping of the field that is named, then replay the record.",
    ),
    Reason(
        "too_long",
        "A text is too long for the ledger",
        "A text was refused as too long: {message}",
        "Shorten it at the source; it is read again by itself.",
    ),
    Reason(
        "not_found",
        "Something it refers to is gone in the ledger",
        "An account, vendor, tax or document it refers to no longer exists: {message}",
        "Correct the mapping that names it, then replay the record.",
    ),
    Reason(
        "inactive_account",
        "Something it uses is inactive in the ledger",
        "An account or contact it uses is inactive: {message}",
        "Make it active in the ledger, or change the mapping; then replay the record.",
    ),
    Reason(
        "tag_missing",
        "The ledger demands a tag",
        "A tag that the ledger demands is missing: {message}",
        "Fill the mapping table of that tag, then replay the record.",
    ),
    Reason(
        "no_lines",
        "The ledger sees no lines",
        "It was refused as having no lines: {message}",
        "Add a line at the source; it is read again by itself.",
    ),
    Reason(
        "duplicate_number",
        "The ledger has this number already",
        "The number is used already: {message}",
        "Compare the two; link them if they are the same, else give this one another number.",
    ),
    Reason(
        "duplicate_name",
        "The ledger has this name already",
        "The name is used already: {message}",
        "Link the two, or allow duplicate names in the ledger; then replay the record.",
    ),
    Reason(
        "paid",
        "The ledger shows it as paid or not open",
        "It is paid, part-paid or not open in the ledger: {message}",
        "Compare its payments in the ledger with the source, correct what is wrong there, then replay the record.",
    ),
    Reason(
        "not_permitted",
        "The connection lacks a right",
        "The connection may not do this: {message}",
        "Correct the role of the user who consented, or connect again; then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "wrong_organisation",
        "The user who consented is not of this organisation",
        "The user who consented does not belong to this organisation: {message}",
        "Invite that user there, or connect again as somebody who belongs to it; then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "plan_expired",
        "The ledger's subscription has expired",
        "The organisation's plan or trial has expired: {message}",
        "Renew it, then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "feature_disabled",
        "A feature is turned off in the ledger",
        "A feature it needs is turned off: {message}",
        "Turn it on in the organisation, then replay the record.",
        Acts.TENANT_ADMIN,
    ),
)

REASONS = {reason.code: reason for reason in (*_ALL, *INVOICE_REASONS, *_REFUSED)}
#: Reasons whose release by a person is meant for one version.
FOR_VERSION = tuple(reason.code for reason in REASONS.values() if reason.for_version)


def sentence(code: str, fields: dict[str, str]) -> str:
    """The sentence of a reason with its fields filled. Raises KeyError on an unknown code or a missing field."""
    return REASONS[code].sentence.format(**fields)


def action(code: str, fields: dict[str, str]) -> str:
    """What to do about it, in words."""
    return REASONS[code].action.format(**fields)
