"""Why payments wait or are passed over, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

PAYMENT_REASONS = (
    # held: what a type is, and amounts
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
        "Account {name}, which the {what} names, takes no payments in the ledger.",
        "Put a bank account into the {what}, or enable payments to that account in the ledger; it goes on by itself.",
    ),
    Reason(
        "advance_not_on_bank",
        "Money on no invoice needs a bank account",
        "Of the payment {amount} is on no invoice, which the ledger books on accounts of type BANK alone; the {what} names "
        "{name}, which is none.",
        "Put an account of type BANK into the {what} (a clearing account may be one), or apply the money to an invoice in "
        "ServiceTitan; it goes on by itself.",
    ),
    Reason(
        "no_money_on_bank",
        "A bank account for what moves no money",
        "Payments of type {type} move no money, but the {what} names the bank account {name}.",
        "Put the expense or write-off account into the {what}: its balance at the bank would never agree.",
    ),
    # held: the invoice
    Reason(
        "invoice_pending",
        "The invoice is not in the ledger yet",
        "It is on invoice {number}, which is not in the ledger yet.",
        "Nothing to do here if the invoice is on its way: it follows by itself. If that is held, see there; if it is "
        "from before the start date, link it with the ledger's.",
    ),
    Reason(
        "invoice_changing",
        "Its invoice is being changed in the ledger",
        "It was taken off invoice {number} in the ledger, so that the invoice could be changed, and goes back onto it.",
        "Nothing to do: it goes on as soon as the change is over, whatever became of it.",
        Acts.NOBODY,
    ),
    Reason(
        "invoice_flow_off",
        "The invoice is not in the ledger, and the invoices flow is off",
        "It is on invoice {number}, which is not in the ledger, and the flow that could bring it is off.",
        "Turn the invoices flow on, or enter it in the ledger and dismiss this record with the reason.",
    ),
    Reason(
        "invoice_unknown",
        "The invoice was never read",
        "It is on invoice {number}, which was not read from ServiceTitan.",
        "Have it read by an earlier start_date, which an approver sets: what that takes up is planned, and posted only as "
        "far as it is approved. Then link this invoice with the ledger's, and this follows by itself. Or enter it "
        "in the ledger and dismiss this record with the reason.",
    ),
    Reason(
        "invoice_not_open",
        "The ledger's invoice takes no payment",
        "Invoice {number} is {state} in the ledger, and only approved invoices take payments.",
        "Approve the invoice in the ledger, or correct the invoice that it is on; it goes on by itself.",
    ),
    Reason(
        "invoice_owes_less",
        "More is settled than the invoice owes",
        "Invoice {number} owes {owed} in the ledger, and {amount} of this is to go onto it.",
        "Compare the payments and credits of the invoice on both sides: was one entered in the ledger by hand? Correct the "
        "one that is wrong; it goes on by itself.",
    ),
    Reason(
        "payment_twin",
        "Suspected duplicate of a payment",
        "The ledger already shows a payment of {amount} on invoice {number}, of {date}, that was not made here (id {id}).",
        "If it is the same payment, link this record with {id}. If the customer did pay twice, release this record.",
    ),
    Reason(
        "whole_payment_twin",
        "Suspected duplicate of a payment",
        "The ledger already shows a payment of this customer over {amount}, of {date}, that was not made here (id {id}).",
        "If it is the same payment, link this record with {id}. If the customer did pay twice, release this record.",
    ),
    Reason(
        "credit_twin",
        "Suspected duplicate of a credit",
        "The ledger already shows credit note {number} over {amount} of {date} for this customer, that was not made here "
        "(id {id}).",
        "If it is the same, link this record with {id}. If both are right, release this record.",
    ),
    # held: the customer, and credits
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
        "credit_other_contact",
        "A credit for another contact's invoice",
        "It is on invoice {number}, which is another contact's in the ledger; {ledger} applies a credit to invoices of its "
        "own contact alone. Where each location is a contact (setting contact_per), money on no invoice is the customer's.",
        "Give both the same customer in ServiceTitan, or merge the two contacts in the ledger; it goes on by itself. Or "
        "settle it in the ledger and dismiss this record with the reason.",
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
        "Invoice {number} has lines without a tax rate, or taxed ones below zero, so nobody can tell the tax of a part.",
        "Enter the write-off in the ledger and dismiss this record with the reason; or set write_off_tax to none.",
    ),
    # held: from before the start, or of several scopes
    Reason(
        "payment_before_start_applied",
        "From before the start, on an invoice from after it",
        "It is dated {date}, before the start date {start}, and {amount} of it is on {numbers}, from after it. It "
        "is in the opening balances and is never posted again, so the ledger shows the invoice as open.",
        "Link this record with the {stands} that the opening balances brought into the ledger{then}. If there "
        "is none, enter it in the ledger and dismiss this record with the reason.",
    ),
    Reason(
        "payment_before_start_open",
        "From before the start, and not used up",
        "It is dated {date}, before the start date {start}, and {amount} of it is on no invoice: an invoice from "
        "after the start may be paid with it.",
        "Link this record with the {stands} that the opening balances brought into the ledger{then}. If it is to be applied "
        "by hand, dismiss this record with the reason.",
    ),
    Reason(
        "payment_before_start_unread",
        "From before the start, on an invoice not read yet",
        "It is dated {date}, before the start date {start}, and it is on invoice {number}, which was not read yet.",
        "It goes on by itself when the invoice is read; if the invoices flow is off, turn it on. If the invoice is from "
        "before the start, too, dismiss this record with the reason.",
    ),
    Reason(
        "carried_used_up",
        "The credit in the ledger is used up",
        "The {credit} {id}, which this record is linked with, has {left} left, {short} less than "
        "ServiceTitan puts on invoices.",
        "See in the ledger what it is applied to, and take back there what is wrong; or correct the payment in "
        "ServiceTitan. It goes on by itself.",
    ),
    Reason(
        "payment_in_two_scopes",
        "On invoices in this integration's scope and outside it",
        "It is on {inside}, and also on {outside} of business unit {units}, which is not in this integration's scope.",
        "Split it in ServiceTitan, so that each part is in one scope; or add the business unit to the setting "
        "business_units; or enter it in the ledger and dismiss this record with the reason.",
    ),
    # held: changed after they were posted
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
        "Take it off that invoice in the ledger, and it goes on by itself; or correct what it is on in ServiceTitan.",
    ),
    Reason(
        "payment_applied_by_hand",
        "Unused money that was applied by hand",
        "People have put payment {id} on {number} in the ledger, and {why}.",
        "Take it off what it should not be on in the ledger, and it goes on by itself; or correct what it is on in "
        "ServiceTitan.",
    ),
    Reason(
        "payment_given_back",
        "A payment of which money was given back",
        "Of payment {id} {amount} was given back in the ledger, and ServiceTitan changed the payment so that it would be "
        "removed there: {what}.",
        "Where the money was not given back, delete the refund in the ledger, and it goes on by itself within the hour; else "
        "correct the payment in ServiceTitan.",
    ),
    Reason(
        "payment_taken_off",
        "Taken off an invoice in the ledger",
        "People have taken payment {id} off {number} in the ledger, and ServiceTitan, which changed it since, still has it "
        "there: {what}.",
        "Put it back on in the ledger, and it goes on by itself; or take it off in ServiceTitan as well.",
    ),
    Reason(
        "payment_of_contacts",
        "A payment on invoices of several contacts",
        "It is on invoice {number} and on others, which are not one contact's in the ledger; a payment in {ledger} is one "
        "contact's alone.",
        "Give the invoices one customer in ServiceTitan, or merge the contacts in the ledger, and it goes on by itself; or "
        "enter it in the ledger in parts and dismiss this record with the reason.",
    ),
    Reason(
        "removed_there",
        "Removed in the ledger",
        "Document {id} of it was removed in the ledger, and ServiceTitan changed it since: {what}.",
        "See in the ledger who removed it and why. Reverse it in ServiceTitan if that was right; else enter it in "
        "the ledger as it is now, and dismiss this record with the reason.",
    ),
    Reason(
        "posted_unseen",
        "A document of the ledger is not shown",
        "The ledger's document {id}, which this record changes or gives back, is not among those that were read.",
        "It goes on by itself when the ledger shows it; if it was deleted there, dismiss this record with the reason.",
    ),
    Reason(
        "counterpart_unread",
        "A change waits for the ledger's document",
        "It was changed in ServiceTitan after it was posted: {what}. The ledger's document {id} is known by its row in a "
        "list alone, and a change is laid against lines and against what is applied.",
        "Nothing to do: it is read by itself, and the change goes on.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_not_ours",
        "A linked payment was changed",
        "The payment was changed in ServiceTitan: {what}. Its counterpart {id} in the ledger was not entered from here.",
        "Change it in the ledger as far as that is right: once both agree it goes on by itself. Where the ledger is right as "
        "it is, dismiss this version with the reason.",
    ),
    Reason(
        "payment_from_ledger",
        "It was entered in ServiceTitan from the ledger",
        "The payment bears {reference} in its memo: it was entered in ServiceTitan from a payment of the ledger, with which "
        "it is not linked.",
        "It is linked by itself once the flow that entered it knows that it has come; or link it with the ledger's payment. "
        "Release it only if the ledger does not have it.",
        for_version=True,
    ),
    Reason(
        "moved_before_start",
        "Moved before the start date",
        "The payment is dated {date} now, before the start date {start}, and would have to be entered anew.",
        "Correct the date in ServiceTitan; or change the payment in the ledger and dismiss this version with the reason.",
    ),
    # passed over
    Reason(
        "payment_reversed",
        "Reversed",
        "The payment is reversed in ServiceTitan, and was never posted.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("payment_zero", "No amount", "The payment's amount is zero.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "payment_not_batched",
        "Not batched in ServiceTitan when it went",
        "It was {state} in ServiceTitan when it went to the ledger, and only a payment of a posted batch is marked as "
        "exported.",
        "Nothing to do: it is marked when its batch is posted.",
        Acts.NOBODY,
    ),
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
        "It is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is never posted.",
        Acts.NOBODY,
    ),
)
